//! Versions of gateways, compared by number.

use std::cmp::Ordering;
use std::str::FromStr;

/// A version as gateways write it: `2026.3.8`, `v2026.9.6-1`, `1.2.0-beta.3`.
///
/// Numbers compare as numbers. What follows a hyphen counts where it is a number, as in
/// `2026.9.6-1`; anything else behind it (`-beta.3`, `+build`) does not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(Vec<u64>);

/// A text that is no version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a version is made of numbers and dots")]
pub struct VersionError;

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let text = text.trim();
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let (release, rest) = text.split_at(text.find(['-', '+']).unwrap_or(text.len()));
        let mut numbers: Vec<u64> = release.split('.').map(number).collect::<Result<_, _>>()?;
        if let Some(revision) = rest.strip_prefix('-').and_then(|rest| number(rest).ok()) {
            numbers.push(revision);
        }
        Ok(Self(numbers))
    }
}

/// Reads digits alone: `u64::from_str` takes a `+` as well.
fn number(text: &str) -> Result<u64, VersionError> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if is_digits { text.parse().map_err(|_| VersionError) } else { Err(VersionError) }
}

impl Version {
    /// Whether this version lies in `from..until`; a missing bound is no bound.
    #[must_use]
    pub fn is_within(&self, from: Option<&Self>, until: Option<&Self>) -> bool {
        from.is_none_or(|from| self.cmp(from) != Ordering::Less)
            && until.is_none_or(|until| self.cmp(until) == Ordering::Less)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().expect("a good version")
    }

    #[test]
    fn versions_compare_as_numbers() {
        let order = ["1", "2026.3", "2026.3.8", "2026.3.10", "2026.9.6", "2026.9.6-1", "2026.10"];
        for pair in order.windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn prefixes_and_words_behind_do_not_count() {
        assert_eq!(version("v2026.9.6"), version("2026.9.6"));
        assert_eq!(version("2026.9.6-beta.1"), version("2026.9.6"));
        assert_eq!(version("2026.9.6+build"), version("2026.9.6"));
    }

    #[test]
    fn anything_else_is_no_version() {
        for text in
            ["", "v", "2026.", ".3", "2026.x", "dev", "2026.+3", "-1", "99999999999999999999"]
        {
            assert_eq!(text.parse::<Version>(), Err(VersionError), "{text:?}");
        }
    }

    #[test]
    fn the_upper_bound_is_outside() {
        let (from, until) = (version("2026.3"), version("2026.4"));
        for (text, expected) in
            [("2026.3", true), ("2026.3.99", true), ("2026.2.9", false), ("2026.4", false)]
        {
            assert_eq!(version(text).is_within(Some(&from), Some(&until)), expected, "{text}");
        }
        assert!(version("1").is_within(None, None));
    }
}
