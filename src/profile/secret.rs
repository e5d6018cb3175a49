//! Which paths hold secrets.
//!
//! A path is compared as the dotted, lower-cased line of its keys; steps into arrays have no name
//! and so no part in it. What stands below a secret path is secret too.
//!
//! This module never looks at the value at a path, and never at the text of a file.

use crate::doc::{KeyPath, Segment, Wtf8String};

/// What is secret, by path. Compared without regard to case; all words are in lower case.
///
/// Exceptions by path win over everything, then paths, then exceptions by ending, then the words.
#[derive(Clone, Debug, Default)]
pub struct SecretPaths {
    /// The dotted path ends in one of these (`token`).
    pub ends_with: Vec<String>,
    /// The dotted path contains one of these (`password`); `?` stands for any one character or none
    /// (`api?key`).
    pub contains: Vec<String>,
    /// Endings that are no secret all the same (`maxtokens`).
    pub except: Vec<String>,
    /// Paths with `*` for any one step (`models.providers.*.headers.*`).
    pub paths: Vec<Vec<String>>,
    /// Paths, written alike, that are no secret all the same, with everything below them.
    pub except_paths: Vec<Vec<String>>,
}

impl SecretPaths {
    /// Whether the value at `path` is secret.
    #[must_use]
    pub fn is_secret(&self, path: &KeyPath) -> bool {
        Trail::at(self, path).is_secret()
    }
}

/// A way down a document that knows at each step whether a secret was reached.
///
/// It costs the length of the new step, not that of the way: documents may be deep.
#[derive(Clone)]
pub(crate) struct Trail<'p> {
    secrets: &'p SecretPaths,
    dotted: String,
    steps: Vec<Step>,
}

#[derive(Clone)]
struct Step {
    /// Length of the dotted path up to here.
    length: usize,
    /// The patterns still in play: which, and how many of its steps fit so far.
    open: Vec<Open>,
    /// A pattern of `paths` fits here or further up.
    by_path: bool,
    /// A word fits here or further up, and no exception by ending came after it.
    by_word: bool,
    /// A pattern of `except_paths` fits here or further up.
    is_excepted: bool,
}

#[derive(Clone, Copy, PartialEq)]
struct Open {
    /// Index in `paths`, and after those in `except_paths`.
    pattern: usize,
    fitting: usize,
}

impl<'p> Trail<'p> {
    /// The trail at the root.
    pub(crate) fn new(secrets: &'p SecretPaths) -> Self {
        let count = secrets.paths.len() + secrets.except_paths.len();
        let open = (0..count).map(|pattern| Open { pattern, fitting: 0 }).collect();
        let root = Step { length: 0, open, by_path: false, by_word: false, is_excepted: false };
        Self { secrets, dotted: String::new(), steps: vec![root] }
    }

    /// The trail at `path`.
    pub(crate) fn at(secrets: &'p SecretPaths, path: &KeyPath) -> Self {
        let mut trail = Self::new(secrets);
        for segment in path.segments() {
            match segment {
                Segment::Key(key) => trail.push_key(key),
                _ => trail.push_element(),
            }
        }
        trail
    }

    /// How many steps were taken.
    pub(crate) fn depth(&self) -> usize {
        self.steps.len() - 1
    }

    /// Goes back up to the first `depth` steps.
    pub(crate) fn truncate(&mut self, depth: usize) {
        self.steps.truncate(depth + 1);
        self.dotted.truncate(self.last().length);
    }

    /// Whether the value here is secret.
    pub(crate) fn is_secret(&self) -> bool {
        let last = self.last();
        !last.is_excepted && (last.by_path || last.by_word)
    }

    /// Steps into an element of an array.
    pub(crate) fn push_element(&mut self) {
        let last = self.last();
        let mut step = last.clone();
        // An element may fit a `*` or be passed over.
        for open in &last.open {
            if self.pattern(open.pattern)[open.fitting] == "*" {
                let next = Open { fitting: open.fitting + 1, ..*open };
                if !step.open.contains(&next) {
                    step.open.push(next);
                }
            }
        }
        self.settle(step, &Word::No);
    }

    /// Steps into the member `key` of an object.
    pub(crate) fn push_key(&mut self, key: &Wtf8String) {
        self.push_name(&key.to_str_lossy());
    }

    /// Steps into the member `name` of an object.
    pub(crate) fn push_name(&mut self, name: &str) {
        if !self.dotted.is_empty() {
            self.dotted.push('.');
        }
        let start = self.dotted.len();
        self.dotted.extend(name.chars().flat_map(char::to_lowercase));
        let key = &self.dotted[start..];
        let last = self.last();
        let mut open = Vec::new();
        for one in &last.open {
            let wanted = self.pattern(one.pattern)[one.fitting].as_str();
            if wanted == "*" || wanted == key {
                open.push(Open { fitting: one.fitting + 1, ..*one });
            }
        }
        let step = Step {
            length: self.dotted.len(),
            open,
            by_path: last.by_path,
            by_word: last.by_word,
            is_excepted: last.is_excepted,
        };
        self.settle(step, &Word::From(start));
    }

    /// Decides what the new step is, and takes it.
    fn settle(&mut self, mut step: Step, word: &Word) {
        let (paths, mut by_path, mut is_excepted) = (self.secrets.paths.len(), false, false);
        step.open.retain(|open| {
            let is_complete = self.pattern(open.pattern).len() == open.fitting;
            by_path |= is_complete && open.pattern < paths;
            is_excepted |= is_complete && open.pattern >= paths;
            !is_complete
        });
        step.by_path |= by_path;
        step.is_excepted |= is_excepted;
        if let Word::From(start) = word {
            let has_exception = self.secrets.except.iter().any(|word| self.dotted.ends_with(word));
            step.by_word = !has_exception && (step.by_word || self.has_secret_word(*start));
        }
        self.steps.push(step);
    }

    /// Whether a secret word ends the path, or stands in the part that begins at `start` or reaches
    /// into it.
    fn has_secret_word(&self, start: usize) -> bool {
        if self.secrets.ends_with.iter().any(|word| self.dotted.ends_with(word)) {
            return true;
        }
        self.secrets.contains.iter().any(|word| {
            // An earlier start would have been found at an earlier step. Letters may have four
            // bytes, hence the factor.
            let mut from = start.saturating_sub(4 * word.len());
            while !self.dotted.is_char_boundary(from) {
                from -= 1;
            }
            contains(&self.dotted[from..], word)
        })
    }

    fn pattern(&self, index: usize) -> &'p [String] {
        let paths = &self.secrets.paths;
        paths.get(index).unwrap_or_else(|| &self.secrets.except_paths[index - paths.len()])
    }

    fn last(&self) -> &Step {
        self.steps.last().expect("the root stays")
    }
}

/// The part of the dotted path that a step added.
enum Word {
    No,
    From(usize),
}

/// Whether `word` stands in `text`, its `?` standing for any one character or none.
fn contains(text: &str, word: &str) -> bool {
    let Some((head, tail)) = word.split_once('?') else { return text.contains(word) };
    text.match_indices(head).any(|(at, _)| {
        let rest = &text[at + head.len()..];
        let mut characters = rest.chars();
        starts_with(rest, tail)
            || (characters.next().is_some() && starts_with(characters.as_str(), tail))
    })
}

fn starts_with(text: &str, word: &str) -> bool {
    let Some((head, tail)) = word.split_once('?') else { return text.starts_with(word) };
    let Some(rest) = text.strip_prefix(head) else { return false };
    let mut characters = rest.chars();
    starts_with(rest, tail)
        || (characters.next().is_some() && starts_with(characters.as_str(), tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn steps(paths: &[&str]) -> Vec<Vec<String>> {
        paths.iter().map(|path| path.split('.').map(str::to_owned).collect()).collect()
    }

    fn secrets() -> SecretPaths {
        SecretPaths {
            ends_with: words("token serviceaccount"),
            contains: words("password secret api?key"),
            except: words("maxtokens passwordfile"),
            paths: steps(&["models.providers.*.headers.*", "hooks.mappings.*.sessionkey", "env.*"]),
            except_paths: steps(&["env.shellenv", "secrets.defaults"]),
        }
    }

    #[track_caller]
    fn check(path: &str, expected: bool) {
        let path: KeyPath = path.parse().expect("a good path");
        assert_eq!(secrets().is_secret(&path), expected, "{path}");
    }

    #[test]
    fn words_are_looked_for_in_the_dotted_path() {
        check("gateway.auth.token", true);
        check("gateway.auth.Token", true);
        check("channels.telegram.botToken", true);
        check("channels.telegram.botTokens", false);
        check("gateway.auth.mode", false);
        check("a.myPasswords.x", true);
        check("a.apiKey", true);
        check("a.api_key.b", true);
        check("a.api.key", true);
        check("a.api__key", false);
        check(".", false);
    }

    #[test]
    fn everything_below_a_secret_is_secret() {
        check("channels.googlechat.serviceAccount.private_key_id", true);
        check("channels.googlechat.serviceAccount.list[3].x", true);
        check("token[0]", true);
    }

    #[test]
    fn exceptions_by_ending_beat_words() {
        check("agents.defaults.maxTokens", false);
        check("gateway.auth.passwordFile", false);
        check("secret.maxTokens", false);
        check("env.maxTokens", true);
        check("env.vars.maxTokens", true);
    }

    #[test]
    fn paths_fit_step_by_step() {
        check("models.providers.acme.headers.X-Any", true);
        check("MODELS.Providers.acme.HEADERS.x", true);
        check("models.providers.acme.headers", false);
        check("models.providers.acme.base", false);
        check("models.providers.acme.headers.x.y", true);
    }

    #[test]
    fn steps_into_arrays_fit_a_star_or_nothing() {
        check("hooks.mappings[2].sessionKey", true);
        check("hooks.mappings[id=a].sessionKey", true);
        check("hooks.mappings.main.sessionKey", true);
        check("hooks.mappings.sessionKey", false);
        check("models.providers[0].headers[1]", true);
        check("models[0].providers.x[3][4].headers.x", true);
    }

    #[test]
    fn exceptions_by_path_beat_everything() {
        check("env.FOO", true);
        check("env.vars.FOO", true);
        check("env.shellEnv", false);
        check("env.shellEnv.token", false);
        check("secrets.defaults.env", false);
        check("secrets.providers.x", true);
    }

    #[test]
    fn a_trail_goes_back_up() {
        let secrets = secrets();
        let mut trail = Trail::new(&secrets);
        trail.push_name("gateway");
        trail.push_name("token");
        assert!(trail.is_secret());
        trail.truncate(1);
        trail.push_name("port");
        assert!(!trail.is_secret());
        assert_eq!(trail.depth(), 2);
    }
}
