//! Strings and keys: what a spelling means.
//!
//! A string is a sequence of UTF-16 units, as in the gateway's reader: escaped surrogates pair up,
//! also across a continuation, and a lone one is kept.
//!
//! This module never checks a spelling; the reader did.

use crate::doc::Wtf8String;

/// The text of a quoted string as written, quotes included.
pub(super) fn decode(raw: &str) -> Wtf8String {
    let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    unescape(inner)
}

/// The text of a key as written: quoted, or a name that may hold `\uXXXX`.
pub(in crate::doc) fn decode_key(raw: &str) -> Wtf8String {
    if raw.starts_with(['"', '\'']) { decode(raw) } else { unescape(raw) }
}

fn unescape(inner: &str) -> Wtf8String {
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return inner.into();
    }
    let mut text = Wtf8String::new();
    let mut rest = inner;
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        rest = push_escape(&mut text, escape);
    }
    text.push_str(rest);
    text
}

/// Appends what the escape sequence behind a backslash means, and returns the text behind it.
fn push_escape<'s>(text: &mut Wtf8String, escape: &'s str) -> &'s str {
    let mut characters = escape.chars();
    let Some(character) = characters.next() else { return escape };
    let rest = characters.as_str();
    match character {
        'b' => text.push_unit(0x08),
        'f' => text.push_unit(0x0C),
        'n' => text.push_unit(0x0A),
        'r' => text.push_unit(0x0D),
        't' => text.push_unit(0x09),
        'v' => text.push_unit(0x0B),
        '0' => text.push_unit(0),
        'x' => return push_hex(text, rest, 2),
        'u' => return push_hex(text, rest, 4),
        // Continuations mean nothing; CR LF is one line end.
        '\r' => return rest.strip_prefix('\n').unwrap_or(rest),
        '\n' | '\u{2028}' | '\u{2029}' => {}
        other => text.push_str(other.encode_utf8(&mut [0; 4])),
    }
    rest
}

fn push_hex<'s>(text: &mut Wtf8String, rest: &'s str, digits: usize) -> &'s str {
    let (code, rest) = rest.split_at_checked(digits).unwrap_or((rest, ""));
    if let Ok(unit) = u16::from_str_radix(code, 16) {
        text.push_unit(unit);
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, expected: &str) {
        assert_eq!(decode(raw), expected, "{raw}");
    }

    #[test]
    fn every_escape_is_read() {
        check(r#""\b\f\n\r\t\v\0""#, "\u{8}\u{C}\n\r\t\u{B}\0");
        check(r#""\x41\u00e4\u20AC""#, "Aä€");
        check(r#"'\'\"\\\/'"#, "'\"\\/");
        check(r#""\q\€\😀\8x""#, "q€😀8x");
        check("\"\\\u{A0}\"", "\u{A0}");
    }

    #[test]
    fn continuations_mean_nothing() {
        check("\"a\\\nb\"", "ab");
        check("\"a\\\rb\"", "ab");
        check("\"a\\\r\nb\"", "ab");
        check("\"a\\\n\rb\"", "a\rb");
        check("\"a\\\u{2028}b\\\u{2029}c\"", "abc");
        check("\"\u{2028}\"", "\u{2028}");
    }

    #[test]
    fn surrogates_pair_up_or_stay_lone() {
        check(r#""\ud83d\ude00""#, "😀");
        check("'\\ud83d\\\n\\ude00'", "😀");
        check("'\\uD83D\\\r\n\\uDE00'", "😀");
        let units = |raw| decode(raw).code_points().collect::<Vec<_>>();
        assert_eq!(units(r#""\ud83d""#), [0xD83D]);
        assert_eq!(units(r#""\ude00\ud83d""#), [0xDE00, 0xD83D]);
        assert_eq!(units(r#""\ud83dx\ude00""#), [0xD83D, 0x78, 0xDE00]);
        assert_eq!(units(r#""\ud83d😀""#), [0xD83D, 0x1_F600]);
    }

    #[test]
    fn keys_are_read_with_and_without_quotes() {
        for raw in ["a1", "\"a1\"", "'a1'", r"\u0061\u0031", r#""\x61\x31""#] {
            assert_eq!(decode_key(raw), "a1", "{raw}");
        }
        assert_eq!(decode_key("\"\""), "");
    }
}
