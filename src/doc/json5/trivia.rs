//! White space and comments: their extent.
//!
//! Agrees with the gateway's reader on every character: a line comment that ends elsewhere hides a
//! member from one of two readers.
//!
//! This module never says where trivia belong to; see [`super::layout`].

/// The length in bytes of the white space character that `bytes` start with, 0 where none is there.
pub(super) fn space_length(bytes: &[u8]) -> usize {
    match bytes {
        [b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C, ..] => 1,
        // U+00A0
        [0xC2, 0xA0, ..] => 2,
        // U+1680
        [0xE1, 0x9A, 0x80, ..]
        // U+2000 to U+200A
        | [0xE2, 0x80, 0x80..=0x8A, ..]
        // U+2028, U+2029, U+202F
        | [0xE2, 0x80, 0xA8 | 0xA9 | 0xAF, ..]
        // U+205F
        | [0xE2, 0x81, 0x9F, ..]
        // U+3000
        | [0xE3, 0x80, 0x80, ..]
        // U+FEFF
        | [0xEF, 0xBB, 0xBF, ..] => 3,
        _ => 0,
    }
}

/// Whether `bytes` start with U+2028 or U+2029.
pub(super) fn is_wide_line_end(bytes: &[u8]) -> bool {
    matches!(bytes, [0xE2, 0x80, 0xA8 | 0xA9, ..])
}

/// Where the line comment that starts at `start` ends: before the character that ends its line.
pub(super) fn line_comment_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(found) = memchr::memchr3(b'\n', b'\r', 0xE2, &bytes[at..]) {
        at += found;
        if bytes[at] != 0xE2 || is_wide_line_end(&bytes[at..]) {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

/// Where the block comment that starts at `start` ends, behind its `*/`; nothing where the text
/// ends first.
pub(super) fn block_comment_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 2;
    loop {
        at += memchr::memchr(b'*', bytes.get(at..)?)? + 1;
        if bytes.get(at) == Some(&b'/') {
            return Some(at + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_that_of_json5() {
        for space in "\t\n\u{B}\u{C}\r \u{A0}\u{1680}\u{2000}\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}\u{FEFF}".chars() {
            let text = format!("{space}x");
            assert_eq!(space_length(text.as_bytes()), space.len_utf8(), "U+{:04X}", u32::from(space));
        }
        for other in "\0\u{85}\u{180E}\u{200B}\u{2060}a/".chars() {
            assert_eq!(space_length(other.to_string().as_bytes()), 0, "U+{:04X}", u32::from(other));
        }
    }

    #[test]
    fn line_comments_end_before_every_line_terminator() {
        for end in ["\n", "\r", "\r\n", "\u{2028}", "\u{2029}"] {
            let text = format!("// € \u{2027} x{end}y");
            assert_eq!(line_comment_end(text.as_bytes(), 0), text.find(end).expect("it is there"));
        }
        assert_eq!(line_comment_end("//€".as_bytes(), 0), 5);
    }

    #[test]
    fn block_comments_end_behind_the_first_closer() {
        assert_eq!(block_comment_end(b"/* * / **/ */", 0), Some(10));
        assert_eq!(block_comment_end(b"/**/", 0), Some(4));
        assert_eq!(block_comment_end(b"/*/", 0), None);
        assert_eq!(block_comment_end(b"/*", 0), None);
        assert_eq!(block_comment_end(b"/* *", 0), None);
    }
}
