//! Includes that cannot be resolved.

use std::path::PathBuf;

use crate::doc::{KeyPath, SyntaxError};
use crate::text::Position;

/// An include that cannot be resolved. Its content counts as empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` includes {kind}", file.display())]
pub struct IncludeFault {
    /// The file that includes.
    pub file: PathBuf,
    /// The including object, as a path of that file.
    pub at: KeyPath,
    /// Where it stands.
    pub position: Position,
    /// What is wrong.
    pub kind: IncludeFaultKind,
}

/// What is wrong with an include.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IncludeFaultKind {
    /// Neither a string nor a list of strings.
    #[error("something that is no file name")]
    NotAName,
    /// The file does not exist.
    #[error("`{}`, which does not exist", .0.display())]
    Missing(PathBuf),
    /// The file cannot be read.
    #[error("`{}`, which cannot be read: {why}", .0.display(), why = .1)]
    Unreadable(PathBuf, String),
    /// The file does not parse.
    #[error("`{}`, which does not parse: {why}", .0.display(), why = .1)]
    Syntax(PathBuf, SyntaxError),
    /// The file includes itself, on whatever way.
    #[error("`{}`, which includes it again", .0.display())]
    Circular(PathBuf),
    /// The file lies outside of the directories it may lie in.
    #[error("`{}`, which lies outside of the configuration's directory", .0.display())]
    Outside(PathBuf),
    /// The nesting is deeper than the gateway reads.
    #[error("`{}` at a depth that the gateway does not read", .0.display())]
    TooDeep(PathBuf),
    /// Members stand beside an include whose content is no object.
    #[error("`{}`, which is no object and has members beside it", .0.display())]
    NotAnObject(PathBuf),
}

impl IncludeFaultKind {
    /// What is wrong without the file's name, which is a value of the document.
    #[must_use]
    pub fn described(&self) -> &'static str {
        match self {
            Self::NotAName => "something that is no file name",
            Self::Missing(_) => "a file that does not exist",
            Self::Unreadable(..) => "a file that cannot be read",
            Self::Syntax(..) => "a file that does not parse",
            Self::Circular(_) => "a file that includes it again",
            Self::Outside(_) => "a file outside of the configuration's directory",
            Self::TooDeep(_) => "a file at a depth that the gateway does not read",
            Self::NotAnObject(_) => "a file that is no object, with members beside it",
        }
    }
}
