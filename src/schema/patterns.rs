//! Patterns of a schema: ECMAScript's, which the engines of Rust read otherwise or not at all
//! (`(?!`, `[^\0]`).

use std::collections::HashMap;

use regress::Regex;

/// The patterns that a document has met so far.
#[derive(Default)]
pub(super) struct Patterns<'s>(HashMap<&'s str, Result<Regex, String>>);

impl<'s> Patterns<'s> {
    /// Whether `text` has a match; why not even that can be said.
    pub(super) fn fits(&mut self, pattern: &'s str, text: &str) -> Result<bool, &str> {
        let compiled = self.0.entry(pattern).or_insert_with(|| {
            // As JSON Schema wants it, and as `new RegExp` reads what the flag `u` refuses.
            let with = Regex::with_flags(pattern, "u");
            with.or_else(|_| Regex::new(pattern)).map_err(|error| error.to_string())
        });
        match compiled {
            Ok(regex) => Ok(regex.find(text).is_some()),
            Err(why) => Err(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, text: &str, expected: bool) {
        assert_eq!(Patterns::default().fits(pattern, text), Ok(expected), "{pattern} {text}");
    }

    #[test]
    fn patterns_mean_what_they_mean_to_a_gateway() {
        check("^\\/(?!\\/)[^\\0]*[^/\\0]$", "/v1/x", true);
        check("^\\/(?!\\/)[^\\0]*[^/\\0]$", "//v1", false);
        check("^\\/(?!\\/)[^\\0]*[^/\\0]$", "/v\u{0}1", false);
        check("^(?!\\s)(?![\\s\\S]*\\s$)[^\\p{Cc}\\p{Cs}/\\\\]{1,512}$", "a b", true);
        check("^(?!\\s)(?![\\s\\S]*\\s$)[^\\p{Cc}\\p{Cs}/\\\\]{1,512}$", "a ", false);
        check("^[a-z][a-z0-9_-]{0,63}$", "env", true);
        check("b", "abc", true);
    }

    #[test]
    fn a_pattern_that_nobody_reads_is_no_answer() {
        let mut patterns = Patterns::default();
        assert!(patterns.fits("(", "x").is_err());
        assert!(patterns.fits("(", "x").is_err());
    }
}
