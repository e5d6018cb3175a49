//! Key paths: the route to a value, as people write it.
//!
//! `gateway.auth.token`, `agents.list[0].id`, `channels["a.b"].x`, `agents.list[id=main].model`,
//! `tools.deny[+]`. Printing a path and reading it again gives the same path.

use std::fmt;
use std::str::FromStr;

use super::Wtf8String;

/// One step of a [`KeyPath`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// A member of an object: `name` or `["odd.name"]`.
    Key(Wtf8String),
    /// An element of an array, from 0: `[0]`.
    Index(usize),
    /// The element of an array of objects whose member `key` is the string `value`: `[id=main]`.
    Where {
        /// The member that is looked at.
        key: String,
        /// What it must hold.
        value: String,
    },
    /// The place after the last element of an array: `[+]`. Only as the last step of a write.
    Append,
}

/// The route from the root of a document to a value; empty for the root.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyPath {
    segments: Vec<Segment>,
}

impl KeyPath {
    /// The path of the root.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// The steps, from the root.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Whether this is the root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.segments.is_empty()
    }

    /// This path with one more step.
    #[must_use]
    pub fn join(&self, segment: Segment) -> Self {
        let mut segments = Vec::with_capacity(self.segments.len() + 1);
        segments.extend_from_slice(&self.segments);
        segments.push(segment);
        Self { segments }
    }

    /// This path with the step to the member `key`.
    #[must_use]
    pub fn key(&self, key: impl Into<Wtf8String>) -> Self {
        self.join(Segment::Key(key.into()))
    }

    /// This path with the step to the element `index`.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.join(Segment::Index(index))
    }

    /// The path of the container, and the last step; nothing for the root.
    #[must_use]
    pub fn split_last(&self) -> Option<(Self, &Segment)> {
        let (last, parents) = self.segments.split_last()?;
        Some((Self { segments: parents.to_vec() }, last))
    }

    /// Whether `self` is `prefix` or lies below it.
    #[must_use]
    pub fn starts_with(&self, prefix: &Self) -> bool {
        self.segments.starts_with(&prefix.segments)
    }

    /// The first `length` steps.
    #[must_use]
    pub fn truncated(&self, length: usize) -> Self {
        Self { segments: self.segments[..length.min(self.segments.len())].to_vec() }
    }

    /// `self` followed by the steps of `rest`.
    #[must_use]
    pub fn concat(&self, rest: &Self) -> Self {
        Self { segments: self.segments.iter().chain(&rest.segments).cloned().collect() }
    }
}

impl FromIterator<Segment> for KeyPath {
    fn from_iter<I: IntoIterator<Item = Segment>>(segments: I) -> Self {
        Self { segments: segments.into_iter().collect() }
    }
}

/// A text that is no key path, with the place of the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at character {position} of the path")]
pub struct KeyPathError {
    reason: &'static str,
    /// From 1.
    position: usize,
}

impl FromStr for KeyPath {
    type Err = KeyPathError;

    fn from_str(text: &str) -> Result<Self, KeyPathError> {
        Scanner { text, offset: 0 }.path()
    }
}

struct Scanner<'a> {
    text: &'a str,
    offset: usize,
}

impl<'a> Scanner<'a> {
    fn path(mut self) -> Result<KeyPath, KeyPathError> {
        let mut segments = Vec::new();
        if self.text.is_empty() {
            return Err(self.fault("the path is empty"));
        }
        if self.text == "." {
            return Ok(KeyPath::root());
        }
        while let Some(next) = self.peek() {
            match next {
                '[' => segments.push(self.bracket()?),
                '.' if !segments.is_empty() => {
                    self.offset += 1;
                    segments.push(self.name()?);
                }
                _ if segments.is_empty() => segments.push(self.name()?),
                _ => return Err(self.fault("expected `.` or `[`")),
            }
        }
        Ok(KeyPath { segments })
    }

    fn name(&mut self) -> Result<Segment, KeyPathError> {
        let rest = &self.text[self.offset..];
        let length = rest.find(['.', '[', ']', '"']).unwrap_or(rest.len());
        if length == 0 {
            return Err(self.fault("expected a name"));
        }
        self.offset += length;
        Ok(Segment::Key(rest[..length].into()))
    }

    fn bracket(&mut self) -> Result<Segment, KeyPathError> {
        self.offset += 1;
        let segment = match self.peek() {
            Some(quote @ ('"' | '\'')) => Segment::Key(self.quoted(quote)?.into()),
            Some('+') => {
                self.offset += 1;
                Segment::Append
            }
            _ => self.index_or_condition()?,
        };
        if self.peek() != Some(']') {
            return Err(self.fault("expected `]`"));
        }
        self.offset += 1;
        Ok(segment)
    }

    fn index_or_condition(&mut self) -> Result<Segment, KeyPathError> {
        let rest = &self.text[self.offset..];
        let length = rest.find(['=', ']']).ok_or_else(|| self.fault("expected `]`"))?;
        let word = &rest[..length];
        if rest[length..].starts_with('=') {
            if word.is_empty() {
                return Err(self.fault("expected a name before `=`"));
            }
            self.offset += length + 1;
            let value = match self.peek() {
                Some(quote @ ('"' | '\'')) => self.quoted(quote)?,
                _ => self.until_bracket()?.to_owned(),
            };
            return Ok(Segment::Where { key: word.to_owned(), value });
        }
        let index = word.parse().map_err(|_| {
            self.fault("expected an index, `+`, a quoted key or `name=value` in brackets")
        })?;
        self.offset += length;
        Ok(Segment::Index(index))
    }

    fn until_bracket(&mut self) -> Result<&'a str, KeyPathError> {
        let rest = &self.text[self.offset..];
        let length = rest.find(']').ok_or_else(|| self.fault("expected `]`"))?;
        self.offset += length;
        Ok(&rest[..length])
    }

    fn quoted(&mut self, quote: char) -> Result<String, KeyPathError> {
        self.offset += 1;
        let mut text = String::new();
        let mut characters = self.text[self.offset..].char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '\\' => match characters.next() {
                    Some((_, escaped)) => text.push(escaped),
                    None => break,
                },
                _ if character == quote => {
                    self.offset += at + 1;
                    return Ok(text);
                }
                _ => text.push(character),
            }
        }
        Err(self.fault("the quoted key is not closed"))
    }

    fn peek(&self) -> Option<char> {
        self.text[self.offset..].chars().next()
    }

    fn fault(&self, reason: &'static str) -> KeyPathError {
        KeyPathError { reason, position: self.text[..self.offset].chars().count() + 1 }
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return f.write_str(".");
        }
        for (index, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Key(key) => {
                    let key = key.to_str_lossy();
                    if key.is_empty() || key.contains(['.', '[', ']', '"', '\'', '\\']) {
                        write!(f, "[{}]", Quoted(&key))?;
                    } else {
                        let dot = if index == 0 { "" } else { "." };
                        write!(f, "{dot}{}", key.escape_debug_controls())?;
                    }
                }
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Where { key, value } if value.contains([']', '"', '\'', '\\']) => {
                    write!(f, "[{key}={}]", Quoted(value))?;
                }
                Segment::Where { key, value } => write!(f, "[{key}={value}]")?,
                Segment::Append => f.write_str("[+]")?,
            }
        }
        Ok(())
    }
}

struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.replace('\\', "\\\\").replace('"', "\\\"");
        write!(f, "\"{}\"", text.as_str().escape_debug_controls())
    }
}

/// Control characters in keys must not reach a terminal.
trait EscapeControls {
    fn escape_debug_controls(&self) -> String;
}

impl EscapeControls for str {
    fn escape_debug_controls(&self) -> String {
        self.chars()
            .map(|c| if c.is_control() { c.escape_unicode().to_string() } else { c.to_string() })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Segment {
        Segment::Key(name.into())
    }

    #[track_caller]
    fn check(text: &str, expected: &[Segment]) {
        let path: KeyPath = text.parse().expect("a good path");
        assert_eq!(path.segments(), expected);
        assert_eq!(path.to_string().parse::<KeyPath>().expect("a printed path"), path);
    }

    #[test]
    fn every_form_of_step_is_read_and_printed() {
        check(".", &[]);
        check("gateway.auth.token", &[key("gateway"), key("auth"), key("token")]);
        check("agents.list[0].id", &[key("agents"), key("list"), Segment::Index(0), key("id")]);
        check("channels[\"a.b\"].x", &[key("channels"), key("a.b"), key("x")]);
        check("channels['a.b'].x", &[key("channels"), key("a.b"), key("x")]);
        check("[\"a \\\"quoted\\\" one\"]", &[key("a \"quoted\" one")]);
        check("deny[+]", &[key("deny"), Segment::Append]);
        let main = Segment::Where { key: "id".into(), value: "main".into() };
        check("list[id=main].model", &[key("list"), main, key("model")]);
        let odd = Segment::Where { key: "id".into(), value: "a]b".into() };
        check("list[id=\"a]b\"]", &[key("list"), odd]);
        check("models.anthropic/claude-4", &[key("models"), key("anthropic/claude-4")]);
        check("a[\"\"]", &[key("a"), key("")]);
    }

    #[track_caller]
    fn check_fault(text: &str, expected: &str) {
        assert_eq!(text.parse::<KeyPath>().expect_err("a bad path").to_string(), expected);
    }

    #[test]
    fn faults_name_the_place() {
        check_fault("", "the path is empty at character 1 of the path");
        check_fault("a..b", "expected a name at character 3 of the path");
        check_fault(".a", "expected a name at character 1 of the path");
        check_fault("a[0", "expected `]` at character 3 of the path");
        check_fault("a[\"x", "the quoted key is not closed at character 4 of the path");
        check_fault("a]", "expected `.` or `[` at character 2 of the path");
        check_fault(
            "a[-1]",
            "expected an index, `+`, a quoted key or `name=value` in brackets at character 3 of the path",
        );
    }

    #[test]
    fn control_characters_are_not_printed() {
        let path = KeyPath::root().key("a\u{1b}[31m");
        assert!(!path.to_string().contains('\u{1b}'));
    }
}
