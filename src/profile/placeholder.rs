//! Strings that stand for a secret and are none.
//!
//! Beside what a profile lists there is the marker of this program: what it prints in the place of
//! a secret must never come back as one.
//!
//! This module never knows where a string stands.

use super::url;

/// How a redacted secret starts in everything this program prints: `<redacted:1a2b3c4d>`.
pub(crate) const MARKER_START: &str = "<redacted:";
/// How many hex digits follow in a marker, before its `>`.
pub(crate) const MARKER_DIGITS: usize = 8;

/// Strings that stand for a secret and are none.
#[derive(Clone, Debug, Default)]
pub struct Placeholders {
    /// Sentinels of redaction, never legal anywhere, keys included (`__OPENCLAW_REDACTED__`).
    pub sentinels: Vec<String>,
    /// Junk that is no secret but may stand elsewhere (`undefined`, `null`, `[object Object]`).
    pub junk: Vec<String>,
}

impl Placeholders {
    /// Whether `text` is what some program showed instead of a secret.
    ///
    /// White space around it does not count, the case does. A sentinel in the place of a URL's
    /// credentials counts, and so does the marker of this program (`<redacted:1a2b3c4d>`) anywhere
    /// in the text, whatever the profile says.
    #[must_use]
    pub fn is_sentinel(&self, text: &str) -> bool {
        // Every string of a file comes here: one byte rules most of them out.
        (text.contains('<') && has_marker(text))
            || self.names_sentinel(text)
            || text.contains('@')
                && url::credentials(text)
                    .any(|range| text[range].split(':').any(|part| self.names_sentinel(part)))
    }

    /// Whether `text` cannot be a secret: junk, a sentinel, nothing but white space and control
    /// characters, or with a control character that no key file has either.
    #[must_use]
    pub fn is_junk(&self, text: &str) -> bool {
        let trimmed = text.trim();
        let is_odd = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
        trimmed.chars().any(is_odd)
            || is_blank(trimmed)
            || self.junk.iter().any(|word| word == trimmed)
            || self.is_sentinel(text)
    }

    /// Whether `text` as a whole is a sentinel of the profile.
    pub(crate) fn names_sentinel(&self, text: &str) -> bool {
        let trimmed = text.trim();
        self.sentinels.iter().any(|sentinel| sentinel == trimmed)
    }
}

/// Whether `text` shows nothing: white space, control characters, invisible spaces.
fn is_blank(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}')
    })
}

/// Whether the marker of a redacted secret stands in `text`.
fn has_marker(text: &str) -> bool {
    text.match_indices(MARKER_START).any(|(at, _)| marker_length(&text[at..]).is_some())
}

/// The length of the marker that `text` starts with.
pub(crate) fn marker_length(text: &str) -> Option<usize> {
    let rest = text.strip_prefix(MARKER_START)?;
    let digits = rest.get(..MARKER_DIGITS)?;
    let is_marker = digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        && rest[MARKER_DIGITS..].starts_with('>');
    is_marker.then_some(MARKER_START.len() + MARKER_DIGITS + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placeholders() -> Placeholders {
        Placeholders {
            sentinels: vec!["__REDACTED__".to_owned()],
            junk: vec!["undefined".to_owned(), "[object Object]".to_owned()],
        }
    }

    #[track_caller]
    fn check_sentinel(text: &str, expected: bool) {
        assert_eq!(placeholders().is_sentinel(text), expected, "{text}");
        if expected {
            assert!(placeholders().is_junk(text), "a sentinel is no secret");
        }
    }

    #[test]
    fn sentinels_are_exact_but_for_white_space() {
        check_sentinel("__REDACTED__", true);
        check_sentinel(" __REDACTED__\n", true);
        check_sentinel("__redacted__", false);
        check_sentinel("a __REDACTED__", false);
        check_sentinel("https://__REDACTED__@host", true);
        check_sentinel("https://user:__REDACTED__@host/x", true);
        check_sentinel("undefined", false);
    }

    #[test]
    fn our_own_marker_is_a_sentinel_anywhere() {
        check_sentinel("<redacted:1a2b3c4d>", true);
        check_sentinel("https://<redacted:1a2b3c4d>@host", true);
        check_sentinel("<redacted:1a2b3c4>", false);
        check_sentinel("<redacted:1a2b3c4g>", false);
        check_sentinel("<redacted:ä>", false);
        check_sentinel("<redacted:<redacted:1a2b3c4d>", true);
        assert!(Placeholders::default().is_sentinel("<redacted:1a2b3c4d>"));
    }

    #[track_caller]
    fn check_junk(text: &str, expected: bool) {
        assert_eq!(placeholders().is_junk(text), expected, "{text:?}");
    }

    #[test]
    fn junk_is_listed_blank_or_full_of_control_characters() {
        check_junk("undefined", true);
        check_junk(" [object Object] ", true);
        check_junk("Undefined", false);
        check_junk("", true);
        check_junk(" \t\n", true);
        check_junk("\u{200b}", true);
        check_junk("\0\u{1}", true);
        check_junk("abc\u{1b}[31m", true);
        check_junk("a real token", false);
        check_junk("-----BEGIN KEY-----\nabc\r\n-----END KEY-----\n", false);
    }
}
