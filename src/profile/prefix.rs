//! The steps of a prefix in one text.
//!
//! A profile has some two hundred prefixes and every start of the program reads them, so a prefix is
//! one allocation and looked at step by step, not a list of names.
//!
//! This module never knows what a prefix is good for.

/// What a prefix has for any one step.
const ANY: &str = "*";

/// The first steps of paths, `*` for any one step.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Prefix {
    text: String,
    /// Stands between the steps; a dot but where a name holds one. Follows from the steps, so that
    /// equal steps are equal prefixes.
    separator: char,
}

impl Prefix {
    /// The prefix of these steps.
    ///
    /// # Panics
    ///
    /// Where every character there is stands in the steps: never for names that somebody wrote.
    #[must_use]
    pub fn of_steps(steps: &[&str]) -> Self {
        let separator = std::iter::once('.')
            .chain('\0'..=char::MAX)
            .find(|separator| !steps.iter().any(|step| step.contains(*separator)))
            .expect("names do not hold every character");
        let mut between = [0; 4];
        Self { text: steps.join(separator.encode_utf8(&mut between)), separator }
    }

    /// The prefix of a text that is names with dots between and nothing else, such as `a.*.b`;
    /// gives any other text back.
    pub(super) fn of_plain(text: String) -> Result<Self, String> {
        let mut before = b'.';
        for byte in text.bytes() {
            let plain = match byte {
                b'.' => before != b'.',
                b'*' | b'_' | b'-' | b'$' => true,
                _ => byte.is_ascii_alphanumeric(),
            };
            if !plain {
                return Err(text);
            }
            before = byte;
        }
        if before == b'.' { Err(text) } else { Ok(Self { text, separator: '.' }) }
    }

    /// The steps, in order.
    pub fn steps(&self) -> impl Iterator<Item = &str> {
        self.text.split(self.separator)
    }

    /// Number of steps.
    pub(super) fn count(&self) -> usize {
        self.steps().count()
    }

    /// Number of steps that are names, not `*`.
    pub(super) fn count_of_names(&self) -> usize {
        self.steps().filter(|step| *step != ANY).count()
    }

    /// Whether its steps agree with those of `path`, as far as both go.
    pub(super) fn fits(&self, path: &[&str]) -> bool {
        let mut rest = Some(self.text.as_str());
        for step in path {
            let Some(text) = rest else { return true };
            // Hardly any prefix fits, and most show it without a look for the end of their step.
            if !text.starts_with(ANY) && !text.starts_with(step) {
                return false;
            }
            let split = text.split_once(self.separator);
            let (first, behind) = split.map_or((text, None), |(first, rest)| (first, Some(rest)));
            if first != ANY && first != *step {
                return false;
            }
            rest = behind;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_come_back_whatever_is_in_them() {
        for steps in [&["a"][..], &["a", "*", "b"], &["a.b", "c"], &["", "a\0.b", "\u{1}"]] {
            let prefix = Prefix::of_steps(steps);
            assert_eq!(prefix.steps().collect::<Vec<_>>(), steps);
            assert_eq!(prefix.count(), steps.len());
        }
    }

    #[test]
    fn plain_texts_are_the_prefix_of_their_steps_and_others_are_left() {
        for text in ["a", "a.*.b-c", "_x.$y.9"] {
            let steps: Vec<&str> = text.split('.').collect();
            assert_eq!(Prefix::of_plain(text.to_owned()), Ok(Prefix::of_steps(&steps)));
        }
        for text in ["", ".", "a.", ".a", "a..b", "a[0]", "a\"", "ä", "a b"] {
            assert_eq!(Prefix::of_plain(text.to_owned()), Err(text.to_owned()));
        }
    }

    #[test]
    fn a_prefix_fits_as_far_as_both_go() {
        let prefix = Prefix::of_steps(&["a", "*", "c"]);
        assert!(prefix.fits(&[]) && prefix.fits(&["a"]) && prefix.fits(&["a", "x", "c", "d"]));
        assert!(!prefix.fits(&["b"]) && !prefix.fits(&["a", "x", "d"]));
        assert!(!prefix.fits(&["aa"]) && !prefix.fits(&[""]) && !prefix.fits(&["a.x"]));
        assert!(prefix.fits(&["a", "x.y"]) && prefix.fits(&["a", ""]));
        assert!(!Prefix::of_steps(&["a", "b", "c"]).fits(&["a.b"]));
        assert!(Prefix::of_steps(&["a.b", "c"]).fits(&["a.b", "c"]));
        assert!(!Prefix::of_steps(&["a.b", "c"]).fits(&["a", "b"]));
        assert!(Prefix::of_steps(&["", "a"]).fits(&["", "a"]));
        assert_eq!(prefix.count_of_names(), 2);
    }
}
