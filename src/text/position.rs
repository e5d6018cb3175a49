//! Places for people: line and column of a byte offset.

use std::fmt;

/// A place in a text as editors count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1. Lines end at LF, CR or CR LF.
    pub line: usize,
    /// Column, from 1, counted in characters (Unicode scalar values).
    pub column: usize,
}

impl Position {
    /// The place of the byte `offset` in `source`; an offset past the end means the end.
    #[must_use]
    pub fn of(source: &str, offset: usize) -> Self {
        Self::of_bytes(source.as_bytes(), offset)
    }

    /// As [`Position::of`], for bytes that may not be UTF-8.
    #[must_use]
    pub fn of_bytes(source: &[u8], offset: usize) -> Self {
        let before = &source[..offset.min(source.len())];
        let mut line = 1;
        let mut start = 0;
        let mut index = 0;
        while index < before.len() {
            match before[index] {
                // Of CR LF, the LF ends the line; an offset between the two is still on it.
                b'\r' if source.get(index + 1) == Some(&b'\n') => {}
                b'\r' | b'\n' => {
                    line += 1;
                    start = index + 1;
                }
                _ => {}
            }
            index += 1;
        }
        // Continuation bytes of UTF-8 start no character.
        let column = 1 + before[start..].iter().filter(|byte| **byte & 0xC0 != 0x80).count();
        Self { line, column }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, offset: usize, line: usize, column: usize) {
        assert_eq!(Position::of(source, offset), Position { line, column });
    }

    #[test]
    fn lines_end_at_lf_cr_and_crlf() {
        check("a\nb", 2, 2, 1);
        check("a\rb", 2, 2, 1);
        check("a\r\nb", 3, 2, 1);
        check("a\r\nb", 2, 1, 3);
    }

    #[test]
    fn columns_count_characters() {
        check("äö x", 5, 1, 4);
        check("", 7, 1, 1);
    }
}
