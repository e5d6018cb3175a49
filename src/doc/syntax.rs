//! What makes a text no document, and where.

use crate::text::Position;

/// The first fault of a text that does not parse.
///
/// The message never quotes the text: the line may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at {position}")]
pub struct SyntaxError {
    /// What is wrong, lowercase, without the place.
    pub message: String,
    /// Offset of the fault in bytes.
    pub offset: usize,
    /// The same place for people.
    pub position: Position,
    /// What to do about it, where that is clear.
    pub hint: Option<&'static str>,
}

impl SyntaxError {
    /// A fault at `offset` of `source`.
    #[must_use]
    pub fn new(source: &str, offset: usize, message: impl Into<String>) -> Self {
        Self { message: message.into(), offset, position: Position::of(source, offset), hint: None }
    }

    /// The same fault with advice.
    #[must_use]
    pub fn hinting(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }
}
