//! Secrets in comments: members that were switched off, with their values still there.
//!
//! A comment is prose or configuration, and nobody says which. So what looks like a member (`name:
//! "value"`, `name = value`) is looked at wherever it is, and only members with a secret name count.
//!
//! This module never parses a whole comment: a half of a member is enough to leak.

use std::ops::Range;

use crate::doc::Format;

/// Bare values from this length on count without further signs of being a secret.
const LONG: usize = 16;

/// The value of a secret member in a comment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Where the value is, without its quotes.
    pub(super) place: Range<usize>,
    /// Whether it is surely a secret, so that copies of it are secrets too.
    pub(super) certainty: Certainty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certainty {
    /// Quoted, long, or with digits in it.
    Secret,
    /// A word that may belong to a sentence.
    Word,
}

/// Reads comments one after the other; neighbours share their nesting.
pub(super) struct Reader {
    format: Format,
    /// The names of the open braces, empty for those without.
    nesting: Vec<String>,
    /// The last `[header]` of a switched-off table.
    header: Vec<String>,
}

impl Reader {
    /// A reader at the start of a block of comments.
    pub(super) fn new(format: Format) -> Self {
        Self { format, nesting: Vec::new(), header: Vec::new() }
    }

    /// The secret values in `comment`, a comment as written, `is_secret` judging paths below what
    /// the comment stands in.
    pub(super) fn read(
        &mut self,
        comment: &str,
        is_secret: &dyn Fn(&[&str]) -> bool,
    ) -> Vec<Found> {
        let mut scan = Scan { text: comment, at: 0, found: Vec::new() };
        let mut name: Option<String> = None;
        let mut is_line_start = true;
        while let Some(next) = scan.peek() {
            match next {
                '\n' | '\r' => is_line_start = true,
                ' ' | '\t' | '/' | '*' | '#' => {}
                '[' if is_line_start && self.format == Format::Toml => {
                    self.header = scan.header();
                    self.nesting.clear();
                    continue;
                }
                '{' | '[' => self.nesting.push(name.take().unwrap_or_default()),
                '}' | ']' => {
                    self.nesting.pop();
                }
                _ => {
                    is_line_start = false;
                    name = self.word(&mut scan, is_secret);
                    continue;
                }
            }
            scan.at += next.len_utf8();
        }
        scan.found
    }

    /// Reads a name with its value, a string without a name, or anything else. Gives back the name
    /// of a value that is a container.
    fn word(&self, scan: &mut Scan<'_>, is_secret: &dyn Fn(&[&str]) -> bool) -> Option<String> {
        let start = scan.at;
        let Some(word) = scan.name_or_string() else {
            scan.at += scan.peek().map_or(0, char::len_utf8);
            return None;
        };
        if !scan.separator() {
            // A string in a list: `["one", "two"]` under a secret name.
            let is_string = word.start > start;
            if is_string && !self.nesting.is_empty() && is_secret(&self.path("")) {
                scan.found.push(Found { place: word, certainty: Certainty::Secret });
            }
            return None;
        }
        let name = scan.text[word].trim_start_matches('-').to_owned();
        if matches!(scan.peek(), Some('{' | '[')) {
            return Some(name);
        }
        let value = scan.value();
        if let Some(found) = value
            && is_secret(&self.path(&name))
        {
            scan.found.push(found);
        }
        None
    }

    /// The steps to the member `name`, or to the container where it is empty.
    fn path<'n>(&'n self, name: &'n str) -> Vec<&'n str> {
        let outer = self.header.iter().chain(&self.nesting).flat_map(|name| name.split('.'));
        outer.chain(name.split('.')).filter(|step| !step.is_empty()).collect()
    }
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    found: Vec<Found>,
}

impl Scan<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// Reads `[a.b]` or `[[a.b]]` as its names.
    fn header(&mut self) -> Vec<String> {
        self.skip(|c| c == '[');
        let line = self.rest().lines().next().unwrap_or_default();
        let names = &line[..line.find(']').unwrap_or(line.len())];
        let steps = names.split('.').map(|name| name.trim().trim_matches(['"', '\'']).to_owned());
        let steps = steps.collect();
        self.at += names.len();
        self.skip(|c| c == ']');
        steps
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip(&mut self, is_skipped: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !is_skipped(c)).unwrap_or(rest.len());
    }

    /// The place of a bare name or of the inside of a string.
    fn name_or_string(&mut self) -> Option<Range<usize>> {
        if let Some(string) = self.string() {
            return Some(string);
        }
        let start = self.at;
        self.skip(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '-'));
        (self.at > start).then_some(start..self.at)
    }

    /// The place of the inside of a string on this line. An apostrophe in a word starts none.
    fn string(&mut self) -> Option<Range<usize>> {
        let quote = self.peek().filter(|c| matches!(c, '"' | '\'' | '`'))?;
        if self.text[..self.at].ends_with(char::is_alphanumeric) {
            return None;
        }
        let mark = quote.to_string();
        let triple = mark.repeat(3);
        let mark = if self.rest().starts_with(&triple) { triple } else { mark };
        let start = self.at + mark.len();
        let mut end = start;
        loop {
            let rest = &self.text[end..];
            if rest.starts_with(&mark) {
                self.at = end + mark.len();
                return Some(start..end);
            }
            let mut characters = rest.chars();
            match characters.next()? {
                '\n' | '\r' if mark.len() == 1 => return None,
                '\\' => end += 1 + characters.next().map_or(0, char::len_utf8),
                other => end += other.len_utf8(),
            }
        }
    }

    /// Goes over `:` or `=` and the spaces around; not where it is part of `://`, `::`, `==`, `=>`.
    fn separator(&mut self) -> bool {
        let before = self.at;
        self.skip(|c| matches!(c, ' ' | '\t'));
        let is_separator = matches!(self.peek(), Some(':' | '='))
            && !["://", "::", "==", "=>"].iter().any(|other| self.rest().starts_with(other));
        if is_separator {
            self.at += 1;
            self.skip(|c| matches!(c, ' ' | '\t'));
        } else {
            self.at = before;
        }
        is_separator
    }

    /// The value behind a separator, if it may be a secret.
    fn value(&mut self) -> Option<Found> {
        let is_assigned = self.text[..self.at].trim_end().ends_with('=');
        if let Some(place) = self.string() {
            return Some(Found { place, certainty: Certainty::Secret });
        }
        if matches!(self.peek(), Some('"' | '\'' | '`')) {
            // Not closed on this line: all that is left of it.
            let start = self.at + 1;
            self.skip(|c| c != '\n' && c != '\r');
            return (start < self.at)
                .then_some(Found { place: start..self.at, certainty: Certainty::Secret });
        }
        let mut place = self.bare();
        if matches!(self.text[place.clone()].to_ascii_lowercase().as_str(), "bearer" | "basic") {
            self.skip(|c| c == ' ');
            place = self.bare();
        }
        let value = &self.text[place.clone()];
        if matches!(value, "" | "true" | "false" | "null") {
            return None;
        }
        if value.len() >= LONG || value.contains(|c: char| c.is_ascii_digit()) {
            return Some(Found { place, certainty: Certainty::Secret });
        }
        // In `token: see the wiki` nothing is secret; in `token: swordfish` it is.
        let line = self.rest().lines().next().unwrap_or_default();
        let is_alone =
            line.trim_matches([' ', '\t', ',', ';', '*', '/', '.', '}', ']', ')']).is_empty();
        (is_assigned || is_alone).then_some(Found { place, certainty: Certainty::Word })
    }

    /// The place of a value without quotes.
    fn bare(&mut self) -> Range<usize> {
        let start = self.at;
        self.skip(|c| !c.is_whitespace() && !matches!(c, ',' | ';' | '}' | ']' | ')' | '"' | '`'));
        let mut end = self.at;
        if self.text[start..end].ends_with("*/") {
            end -= 2;
        }
        start..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paths that end in `token` or lie below `headers` are secret.
    fn is_secret(path: &[&str]) -> bool {
        path.last().is_some_and(|name| name.to_lowercase().ends_with("token"))
            || path.contains(&"headers")
    }

    #[track_caller]
    fn check_format(format: Format, comment: &str, expected: &[&str]) {
        let found = Reader::new(format).read(comment, &is_secret);
        let found: Vec<&str> = found.iter().map(|one| &comment[one.place.clone()]).collect();
        assert_eq!(found, expected, "{comment}");
    }

    #[track_caller]
    fn check(comment: &str, expected: &[&str]) {
        check_format(Format::Json5, comment, expected);
    }

    #[test]
    fn members_in_every_spelling_are_found() {
        check("// token: \"abc\",", &["abc"]);
        check("// \"botToken\" : 'a\\'bc'", &["a\\'bc"]);
        check("//token:\"abc\",port:1,appToken:\"def\"", &["abc", "def"]);
        check("/* token: \"abc\" */", &["abc"]);
        check("// gateway.auth.token = \"abc\"", &["abc"]);
        check("// auth: { token: \"abc\" }", &["abc"]);
        check("/*\n * auth: {\n *   token: \"abc\",\n * }\n */", &["abc"]);
        check("// headers: { \"X-Any\": \"abc\" }, name: \"x\"", &["abc"]);
        check("// headers: [\"abc\", \"def\"], [\"x\"]", &["abc", "def"]);
        check("// don't use token: 'abc'", &["abc"]);
        check("// run with --token=abc1 or BOT_TOKEN=def2", &["abc1", "def2"]);
        check("// token: Bearer abc123", &["abc123"]);
        check("/* token: 12345 */", &["12345"]);
        check("/*token: abc123*/", &["abc123"]);
        check("// token: \"not closed", &["not closed"]);
    }

    #[test]
    fn bare_words_count_where_they_are_no_prose() {
        check("// token: swordfish", &["swordfish"]);
        check("// token: swordfish,", &["swordfish"]);
        check("// token: see the wiki", &[]);
        check("// the token: it rotates", &[]);
        check("// token: true", &[]);
        check("// token = word here", &["word"]);
        check("// token://host", &[]);
        check("// if token == other", &[]);
    }

    #[test]
    fn toml_has_headers() {
        let check = |comment, expected: &[&str]| check_format(Format::Toml, comment, expected);
        check("# token = \"abc\"", &["abc"]);
        check("# token = '''abc'''", &["abc"]);
        let mut reader = Reader::new(Format::Toml);
        assert_eq!(reader.read("# [mcp.headers]", &is_secret), []);
        assert_eq!(reader.read("# any = \"abc\"", &is_secret).len(), 1);
        assert_eq!(reader.read("# [[other]]", &is_secret), []);
        assert_eq!(reader.read("# any = \"abc\"", &is_secret), []);
    }

    #[test]
    fn neighbours_share_their_nesting() {
        let mut reader = Reader::new(Format::Json5);
        assert_eq!(reader.read("// headers: {", &is_secret), []);
        assert_eq!(reader.read("//   any: \"abc\",", &is_secret).len(), 1);
        assert_eq!(reader.read("// },", &is_secret), []);
        assert_eq!(reader.read("// any: \"abc\",", &is_secret), []);
    }

    #[test]
    fn words_of_sentences_are_told_from_secrets() {
        let certainty = |comment| Reader::new(Format::Json5).read(comment, &is_secret)[0].certainty;
        assert_eq!(certainty("// token: swordfish"), Certainty::Word);
        assert_eq!(certainty("// token: hunter2"), Certainty::Secret);
        assert_eq!(certainty("// token: \"swordfish\""), Certainty::Secret);
    }
}
