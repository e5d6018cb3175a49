//! Strings as JSON5 has them: Unicode text that may hold lone surrogates.
//!
//! JSON5 strings are sequences of UTF-16 units, so `"\ud800"` is legal and has no UTF-8 form. The
//! text is kept as WTF-8, where it is UTF-8 whenever no lone surrogate stands in it.

use std::borrow::Cow;
use std::fmt;

use smallvec::SmallVec;

/// A string that may hold lone surrogates, stored as WTF-8.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Wtf8String {
    /// Sixteen bytes take no more room than the pointer and length of more.
    bytes: SmallVec<[u8; 16]>,
}

impl Wtf8String {
    /// The empty string.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The text, unless a lone surrogate stands in it.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    /// The text for people: U+FFFD in place of each byte of a lone surrogate.
    #[must_use]
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    /// The WTF-8 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Length in bytes of WTF-8.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is no character.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Appends UTF-8 text.
    pub fn push_str(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Appends one UTF-16 code unit; a low surrogate joins the high one right before it.
    pub fn push_unit(&mut self, unit: u16) {
        let mut code = u32::from(unit);
        if (0xDC00..0xE000).contains(&code)
            && let Some(high) = self.trailing_high_surrogate()
        {
            self.bytes.truncate(self.bytes.len() - 3);
            code = 0x1_0000 + ((high - 0xD800) << 10) + (code - 0xDC00);
        }
        if let Some(character) = char::from_u32(code) {
            self.push_str(character.encode_utf8(&mut [0; 4]));
        } else {
            // A lone surrogate: three bytes by the scheme of UTF-8.
            let [.., third, fourth] = code.to_be_bytes();
            self.bytes.push(0xE0 | (third >> 4));
            self.bytes.push(0x80 | ((third & 0x0F) << 2) | (fourth >> 6));
            self.bytes.push(0x80 | (fourth & 0x3F));
        }
    }

    /// The code points, lone surrogates included.
    pub fn code_points(&self) -> impl Iterator<Item = u32> + '_ {
        let mut rest = self.bytes.as_slice();
        std::iter::from_fn(move || {
            let first = *rest.first()?;
            let (length, mask) = match first {
                0..0x80 => (1, 0x7F),
                0x80..0xE0 => (2, 0x1F),
                0xE0..0xF0 => (3, 0x0F),
                _ => (4, 0x07),
            };
            let (character, tail) = rest.split_at(length);
            rest = tail;
            let tail = character[1..].iter();
            Some(
                tail.fold(u32::from(first & mask), |code, byte| {
                    (code << 6) | u32::from(byte & 0x3F)
                }),
            )
        })
    }

    fn trailing_high_surrogate(&self) -> Option<u32> {
        let [.., 0xED, second @ 0xA0..=0xAF, third] = self.bytes.as_slice() else { return None };
        Some(0xD000 | (u32::from(second & 0x3F) << 6) | u32::from(third & 0x3F))
    }
}

impl From<&str> for Wtf8String {
    fn from(text: &str) -> Self {
        Self { bytes: SmallVec::from_slice(text.as_bytes()) }
    }
}

impl From<String> for Wtf8String {
    fn from(text: String) -> Self {
        Self { bytes: SmallVec::from_vec(text.into_bytes()) }
    }
}

impl PartialEq<str> for Wtf8String {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Wtf8String {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

/// Shows the length only: a value may be a secret, and `Debug` reaches panics and logs.
impl fmt::Debug for Wtf8String {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if cfg!(test) {
            return write!(f, "{:?}", self.to_str_lossy());
        }
        write!(f, "\"({} bytes)\"", self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_units(units: &[u16]) -> Wtf8String {
        let mut text = Wtf8String::new();
        for unit in units {
            text.push_unit(*unit);
        }
        text
    }

    #[test]
    fn surrogate_pairs_become_one_character() {
        assert_eq!(of_units(&[0xD83D, 0xDE00]), "😀");
        assert_eq!(of_units(&[0x41, 0xE4, 0x20AC]), "Aä€");
    }

    #[test]
    fn lone_surrogates_are_kept() {
        let text = of_units(&[0xD83D, 0x41, 0xDE00]);
        assert_eq!(text.as_str(), None);
        assert_eq!(text.code_points().collect::<Vec<_>>(), [0xD83D, 0x41, 0xDE00]);
    }

    #[test]
    fn code_points_are_those_of_the_text() {
        let text = Wtf8String::from("aä€😀");
        let expected: Vec<u32> = "aä€😀".chars().map(u32::from).collect();
        assert_eq!(text.code_points().collect::<Vec<_>>(), expected);
    }
}
