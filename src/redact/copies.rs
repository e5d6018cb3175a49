//! Copies of known secrets, wherever in a text they are.
//!
//! This module never decides what is a secret, and never shows one.

use std::collections::HashMap;
use std::ops::Range;

use aho_corasick::AhoCorasick;

/// Shorter secrets are replaced in their own place only: as part of other words they are too common.
const SHORTEST: usize = 6;

/// Lines of a secret of several lines count on their own from this length on: in a comment, each has
/// the comment's sign before it.
const SHORTEST_LINE: usize = 12;

/// Secrets, each with what is shown instead.
#[derive(Default)]
pub(super) struct Secrets {
    markers: HashMap<String, String>,
}

impl Secrets {
    /// Notes a secret; also its single lines.
    pub(super) fn add(&mut self, text: &str, marker: &str) {
        if text.len() >= SHORTEST && !self.markers.contains_key(text) {
            self.markers.insert(text.to_owned(), marker.to_owned());
            let lines = text.split(['\n', '\r', '\u{2028}', '\u{2029}']).map(str::trim);
            for line in lines.filter(|line| line.len() < text.len()) {
                if line.len() >= SHORTEST_LINE && !self.markers.contains_key(line) {
                    self.markers.insert(line.to_owned(), marker.to_owned());
                }
            }
        }
    }

    /// Makes the secrets ready to be searched for.
    pub(super) fn into_search(self) -> Search {
        // The order of a map differs from run to run; what is shown must not.
        let mut pairs: Vec<_> = self.markers.into_iter().collect();
        pairs.sort_unstable();
        let (texts, markers): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        let automaton = (!texts.is_empty())
            .then(|| AhoCorasick::new(&texts).expect("secrets of a document are short of 2 GiB"));
        Search { automaton, lengths: texts.iter().map(String::len).collect(), markers }
    }
}

/// Finds all secrets in one pass.
pub(super) struct Search {
    automaton: Option<AhoCorasick>,
    lengths: Vec<usize>,
    markers: Vec<String>,
}

impl Search {
    /// The places of secrets in `text`, in order, and what is shown there. Where secrets overlap the
    /// place covers all of them, and the longest one is named.
    pub(super) fn find<'s>(&'s self, text: &str) -> Vec<(Range<usize>, &'s str)> {
        let mut places: Vec<(Range<usize>, usize)> = Vec::new();
        let Some(automaton) = &self.automaton else { return Vec::new() };
        // In the order of their ends.
        for found in automaton.find_overlapping_iter(text) {
            let (mut range, mut secret) = (found.range(), found.pattern().as_usize());
            while let Some((last, other)) = places.last()
                && last.end > range.start
            {
                range = range.start.min(last.start)..range.end.max(last.end);
                if self.lengths[*other] >= self.lengths[secret] {
                    secret = *other;
                }
                places.pop();
            }
            places.push((range, secret));
        }
        places.into_iter().map(|(range, secret)| (range, self.markers[secret].as_str())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(secrets: &[&str]) -> Search {
        let mut known = Secrets::default();
        for secret in secrets {
            known.add(secret, &format!("<{}>", secret.len()));
        }
        known.into_search()
    }

    #[track_caller]
    fn check(secrets: &[&str], text: &str, expected: &[(&str, &str)]) {
        let search = search(secrets);
        let found = search.find(text);
        let found: Vec<_> =
            found.iter().map(|(place, marker)| (&text[place.clone()], *marker)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn every_copy_is_found() {
        check(&["abcdef"], "abcdef xabcdefx", &[("abcdef", "<6>"), ("abcdef", "<6>")]);
        check(&["abcdef"], "abcde", &[]);
        check(&[], "abcdef", &[]);
        check(&["äöüäöü"], "xäöüäöü", &[("äöüäöü", "<12>")]);
    }

    #[test]
    fn overlapping_copies_are_one_place() {
        check(&["abcdef", "defghijk"], "abcdefghijkl", &[("abcdefghijk", "<8>")]);
        check(&["abcdef", "abcdefgh"], "abcdefgh", &[("abcdefgh", "<8>")]);
        check(&["aaaaaa"], "aaaaaaa", &[("aaaaaaa", "<6>")]);
        check(&["bcdefg", "xabcdefgx", "fghijk"], "xabcdefgx", &[("xabcdefgx", "<9>")]);
    }

    #[test]
    fn short_secrets_are_left_alone_and_lines_count() {
        check(&["abcde"], "abcde", &[]);
        let key = "-----BEGIN-----\nMIIabcdefghijkl\nshort\n";
        check(&[key], "// MIIabcdefghijkl", &[("MIIabcdefghijkl", "<38>")]);
        check(&[key], "// short", &[]);
    }
}
