//! Unquoted keys: which characters they are made of.
//!
//! Says of every character what the gateway's reader says of it.
//!
//! This module never looks at a whole text.

use super::letters::{LETTERS, MARKS};

/// Whether an unquoted key may start with `character`.
pub(super) fn is_start(character: char) -> bool {
    match character {
        'a'..='z' | 'A'..='Z' | '$' | '_' => true,
        '\0'..='\x7F' => false,
        _ => contains(&LETTERS, character),
    }
}

/// Whether `character` may stand in an unquoted key behind its start.
pub(super) fn is_part(character: char) -> bool {
    match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '$' | '_' | '\u{200C}' | '\u{200D}' => true,
        '\0'..='\x7F' => false,
        _ => contains(&LETTERS, character) || contains(&MARKS, character),
    }
}

/// Whether `byte` is an ASCII character of unquoted keys behind their start.
pub(super) const fn is_ascii_part(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'$' | b'_')
}

/// Whether `name` can be written without quotes so that every reader of JSON5 takes it.
///
/// ASCII only: readers differ in the age of their Unicode tables.
pub(super) fn is_plain_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.first().is_some_and(|first| !first.is_ascii_digit())
        && bytes.iter().all(|byte| is_ascii_part(*byte))
}

fn contains(runs: &[(u32, u32)], character: char) -> bool {
    let code = u32::from(character);
    let place = runs.partition_point(|(_, last)| *last < code);
    runs.get(place).is_some_and(|(first, _)| *first <= code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_those_of_unicode_10() {
        for letter in ['ª', 'é', 'ж', '中', 'ꯀ', 'ﺀ', '𝐀', '𠀀', '\u{2160}', '\u{37A}', '\u{2E2F}']
        {
            assert!(is_start(letter) && is_part(letter), "U+{:04X}", u32::from(letter));
        }
        for mark in ['\u{300}', '٣', '‿', '\u{200C}', '\u{200D}', '\u{E01EF}'] {
            assert!(!is_start(mark) && is_part(mark), "U+{:04X}", u32::from(mark));
        }
        // U+00B7 and U+2118 count in newer definitions, U+A7C0 and U+30000 are newer letters.
        for other in ['\u{B7}', '\u{2118}', '\u{A7C0}', '\u{30000}', '€', '\u{A0}', '😀', '-'] {
            assert!(!is_start(other) && !is_part(other), "U+{:04X}", u32::from(other));
        }
    }

    #[test]
    fn tables_are_sorted_runs_that_do_not_touch() {
        for runs in [LETTERS.as_slice(), MARKS.as_slice()] {
            assert!(runs.iter().all(|(first, last)| first <= last));
            assert!(runs.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
        }
    }

    #[test]
    fn plain_names_are_ascii() {
        assert!(is_plain_name("$schema") && is_plain_name("a1") && is_plain_name("null"));
        for name in ["", "1a", "a-b", "a.b", "é", "a b"] {
            assert!(!is_plain_name(name), "{name}");
        }
    }
}
