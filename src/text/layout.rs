//! What a text looks like as a whole: byte-order mark, newline style, final newline.

/// How the lines of a text end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Newline {
    /// `\n`.
    #[default]
    Lf,
    /// `\r\n`.
    CrLf,
}

impl Newline {
    /// The bytes that end a line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
        }
    }
}

/// The layout of a whole text, as found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Whether the text starts with U+FEFF.
    pub byte_order_mark: bool,
    /// The style of most line ends; LF where there is none.
    pub newline: Newline,
    /// Whether the last line is ended.
    pub final_newline: bool,
}

impl Layout {
    /// Reads the layout of `source`.
    #[must_use]
    pub fn of(source: &str) -> Self {
        let bytes = source.as_bytes();
        let mut lf = 0_usize;
        let mut crlf = 0_usize;
        for (index, byte) in bytes.iter().enumerate() {
            if *byte == b'\n' {
                if index > 0 && bytes[index - 1] == b'\r' {
                    crlf += 1;
                } else {
                    lf += 1;
                }
            }
        }
        Self {
            byte_order_mark: source.starts_with('\u{feff}'),
            newline: if crlf > lf { Newline::CrLf } else { Newline::Lf },
            final_newline: source.ends_with(['\n', '\r']),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_majority_of_line_ends_decides() {
        assert_eq!(Layout::of("a\r\nb\r\nc\n").newline, Newline::CrLf);
        assert_eq!(Layout::of("a\r\nb\nc\n").newline, Newline::Lf);
        assert_eq!(Layout::of("").newline, Newline::Lf);
    }

    #[test]
    fn marks_and_final_newlines_are_seen() {
        let layout = Layout::of("\u{feff}{}\n");
        assert!(layout.byte_order_mark && layout.final_newline);
        let layout = Layout::of("{}");
        assert!(!layout.byte_order_mark && !layout.final_newline);
    }
}
