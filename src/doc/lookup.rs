//! Finding the value a key path leads to.

use super::{Document, KeyPath, Kind, Node, Segment, Wtf8String};

/// A path that cannot lead anywhere in this document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// A step goes into a value that has no members or elements of that sort.
    #[error("`{at}` is {}, so `{path}` leads nowhere", found.described())]
    WrongKind {
        /// The whole path.
        path: KeyPath,
        /// The value that cannot be gone into.
        at: KeyPath,
        /// What it is.
        found: Kind,
    },
    /// An index past the end of an array.
    #[error("`{path}` is out of range: `{array}` has {length} elements")]
    IndexOutOfRange {
        /// The path up to the index.
        path: KeyPath,
        /// The array.
        array: KeyPath,
        /// How many elements it has.
        length: usize,
    },
    /// More than one element fits `[key=value]`.
    #[error("`{path}` is ambiguous: {matches} elements fit")]
    Ambiguous {
        /// The path up to the step.
        path: KeyPath,
        /// How many elements fit.
        matches: usize,
    },
    /// `[+]` where something is to be read, or before the last step.
    #[error("`[+]` in `{path}` names no value: it may only be the last step of a write")]
    Append {
        /// The whole path.
        path: KeyPath,
    },
}

impl Document {
    /// The value at `path`, or nothing where a key is absent or no element fits.
    ///
    /// # Errors
    ///
    /// [`PathError`] where the path goes through a scalar, past the end of an array, fits several
    /// elements or holds `[+]`.
    pub fn get(&self, path: &KeyPath) -> Result<Option<Node<'_>>, PathError> {
        let mut node = self.root();
        for (index, segment) in path.segments().iter().enumerate() {
            match step(node, segment, path, index)? {
                Some(next) => node = next,
                None => return Ok(None),
            }
        }
        Ok(Some(node))
    }
}

/// One step of `path`, the one at `index`, from `node`.
pub(crate) fn step<'d>(
    node: Node<'d>,
    segment: &Segment,
    path: &KeyPath,
    index: usize,
) -> Result<Option<Node<'d>>, PathError> {
    let wrong_kind = || PathError::WrongKind {
        path: path.clone(),
        at: path.truncated(index),
        found: node.kind(),
    };
    match (segment, node.kind()) {
        (Segment::Append, _) => Err(PathError::Append { path: path.clone() }),
        (Segment::Key(key), Kind::Object) => Ok(node.get(key)),
        (Segment::Index(wanted), Kind::Array) => match node.children().nth(*wanted) {
            Some(element) => Ok(Some(element)),
            None => Err(PathError::IndexOutOfRange {
                path: path.truncated(index + 1),
                array: path.truncated(index),
                length: node.children().count(),
            }),
        },
        (Segment::Where { key, value }, Kind::Array) => {
            let key = Wtf8String::from(key.as_str());
            let mut fitting = node
                .children()
                .filter(|element| element.get(&key).is_some_and(|member| member.is_text(value)));
            let first = fitting.next();
            match fitting.count() {
                0 => Ok(first),
                more => {
                    Err(PathError::Ambiguous { path: path.truncated(index + 1), matches: more + 1 })
                }
            }
        }
        _ => Err(wrong_kind()),
    }
}
