//! Changes to a document, as data.

use super::{Incoming, KeyPath, PathError};

/// One change of meaning; a list of them is applied in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Puts `value` at `path`. Missing objects on the way are made; `[+]` appends.
    Set {
        /// Where.
        path: KeyPath,
        /// What. Where the value stands elsewhere in the same format, its text and its comments come
        /// along; a value that is there already keeps its own comments.
        value: Incoming,
    },
    /// Puts `value` before the element at `path`, whose last step is an index up to the length.
    Insert {
        /// Where.
        path: KeyPath,
        /// What, as for [`Change::Set`].
        value: Incoming,
    },
    /// Removes the value at `path` with its comments; nothing where it is absent. Of a key that
    /// stands twice, both go.
    Remove {
        /// Where.
        path: KeyPath,
    },
    /// Takes the value at `from`, with its comments, to `to`, which must be free. Within one object
    /// it is a rename in place. Where both end in an index of the same array, the element stands
    /// at that index afterwards.
    Move {
        /// From where.
        from: KeyPath,
        /// Where to.
        to: KeyPath,
    },
}

impl Change {
    /// The paths that this change touches.
    pub fn paths(&self) -> impl Iterator<Item = &KeyPath> {
        let (one, two) = match self {
            Self::Set { path, .. } | Self::Insert { path, .. } | Self::Remove { path } => {
                (path, None)
            }
            Self::Move { from, to } => (from, Some(to)),
        };
        std::iter::once(one).chain(two)
    }
}

/// A change that cannot be made; the document is as before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// The path leads nowhere.
    #[error(transparent)]
    Path(#[from] PathError),
    /// There is nothing to move, or no element that fits `[key=value]`.
    #[error("there is nothing at `{path}`")]
    NotFound {
        /// Where something was expected.
        path: KeyPath,
    },
    /// Something stands where a value is to be moved.
    #[error("`{path}` is there already")]
    Exists {
        /// The place taken.
        path: KeyPath,
    },
    /// A value would be moved into itself, or the root moved or removed.
    #[error("`{path}` cannot be moved or removed")]
    Immovable {
        /// What was to be moved.
        path: KeyPath,
    },
    /// The format has no way to write the value.
    #[error("{what} cannot be written at `{path}` in this format")]
    Unwritable {
        /// Where it was to stand.
        path: KeyPath,
        /// What the format does not have, with its article where it has one.
        what: &'static str,
    },
    /// The edited text was read again and is not what was asked for: a fault of the editor, caught
    /// before anything was written.
    #[error("the edited text does not pass its check at `{path}` ({check})")]
    Unverified {
        /// The change at which it happened.
        path: KeyPath,
        /// The check that failed.
        check: &'static str,
    },
}
