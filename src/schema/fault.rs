//! What a schema does not allow, without a value.

use crate::doc::KeyPath;

/// Which half of a member is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Its key.
    Key,
    /// Its value.
    Value,
}

/// One thing that the schema does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub path: KeyPath,
    /// Which half of the member.
    pub about: About,
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// What was expected, one lowercase clause out of the schema's own words.
    pub expected: String,
}

/// The kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The schema has no such key.
    UnknownKey,
    /// A member is missing.
    Missing,
    /// The value is of another kind.
    Kind,
    /// It is not the one value that is allowed here, or one of them.
    NotListed,
    /// A number, a length or a count is out of its range, or a text has not its form.
    Form,
    /// It fits none of several shapes.
    NoShape,
}

/// A part of a schema that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unusable {
    /// The word and what it says: a pattern or a reference.
    pub what: String,
    /// Why, in a clause.
    pub why: String,
}

impl Fault {
    pub(super) fn new(path: &KeyPath, kind: FaultKind, expected: impl Into<String>) -> Self {
        Self { path: path.clone(), about: About::Value, kind, expected: expected.into() }
    }

    pub(super) fn of_key(self) -> Self {
        Self { about: About::Key, ..self }
    }

    /// What is wrong, one lowercase clause.
    #[must_use]
    pub fn message(&self) -> &'static str {
        match (self.kind, self.about) {
            (FaultKind::UnknownKey, _) => "is no key that the gateway knows here",
            (FaultKind::Missing, _) => "is missing",
            (FaultKind::Kind, _) => "is of the wrong kind",
            (FaultKind::NotListed, _) => "is no value that is allowed here",
            (FaultKind::Form, About::Key) => "is not formed as a key here must be",
            (FaultKind::Form, About::Value) => "is not formed as a value here must be",
            (FaultKind::NoShape, _) => "has none of the shapes that are allowed here",
        }
    }
}
