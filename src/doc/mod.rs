//! A parsed configuration file: values with their places, and edits that keep every other byte.
//!
//! A [`Document`] is a source text with a span tree over it. Reading never changes a byte; an edit is
//! a list of splices, and its result is read again and must mean what was asked, with every comment
//! outside of what was removed and every one of what came with its own text, or there is no result.
//!
//! This module never touches a file, knows no policy and no secret.

mod batch;
mod change;
mod comments;
mod diff;
mod edit;
mod expected;
mod incoming;
mod json5;
mod key_path;
mod lookup;
mod merge;
mod merge_patch;
mod node;
mod reconcile;
mod replay;
mod syntax;
mod toml;
mod tree;
mod value;
mod wtf8;

use std::path::Path;
use std::sync::Arc;

pub use change::{Change, EditError};
pub use comments::missing_comments;
pub(crate) use comments::words;
pub use diff::{Difference, ID, diff};
pub(crate) use diff::{ids, with_id};
pub(crate) use edit::{comments_of, keep_comments};
pub use incoming::Incoming;
pub use key_path::{KeyPath, KeyPathError, Segment};
pub use lookup::PathError;
pub use merge::{Collision, marked, merge};
pub use merge_patch::{ArrayShrinks, merge_patch};
pub use node::Node;
pub use reconcile::reconcile;
pub(crate) use reconcile::reconcile_values;
pub use replay::replay;
pub use syntax::SyntaxError;
pub use tree::MAX_DEPTH;
pub use value::{Kind, Value};
pub use wtf8::Wtf8String;

use crate::text::Position;
use tree::{NodeId, Tree};

/// The largest source that is read, in bytes: 256 MiB.
pub const MAX_SOURCE: usize = 256 << 20;

/// The formats of configuration files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON5, and with it JSONC and JSON. A text that is strict JSON stays strict JSON.
    Json5,
    /// TOML.
    Toml,
}

impl Format {
    /// The format of a file by its name: TOML where it ends in `.toml`, else JSON5.
    #[must_use]
    pub fn of_path(path: &Path) -> Self {
        match path.extension() {
            Some(extension) if extension.eq_ignore_ascii_case("toml") => Self::Toml,
            _ => Self::Json5,
        }
    }
}

/// What a reader knows of a text beside its tree.
#[derive(Clone, Debug)]
enum Syntax {
    Json5(json5::Dialect),
    Toml(toml::Outline),
}

/// A text that was read as a configuration. A clone shares the text.
#[derive(Clone)]
pub struct Document {
    source: Arc<String>,
    tree: Arc<Tree>,
    syntax: Syntax,
}

impl Document {
    /// Reads `source`.
    ///
    /// # Errors
    ///
    /// [`SyntaxError`] with the place of the first fault.
    pub fn parse(source: impl Into<String>, format: Format) -> Result<Self, SyntaxError> {
        let source = source.into();
        if source.len() > MAX_SOURCE {
            return Err(SyntaxError::new("", 0, "the text is larger than 256 MiB"));
        }
        let (tree, syntax) = match format {
            Format::Json5 => {
                let (tree, dialect) = json5::read(&source)?;
                (tree, Syntax::Json5(dialect))
            }
            Format::Toml => {
                let (tree, outline) = toml::read(&source)?;
                (tree, Syntax::Toml(outline))
            }
        };
        Ok(Self { source: Arc::new(source), tree: Arc::new(tree), syntax })
    }

    /// Reads `bytes`, which must be UTF-8.
    ///
    /// # Errors
    ///
    /// [`SyntaxError`] with the place of the first fault or of the first byte that is not UTF-8: a
    /// gateway may read such a byte as U+FFFD, and writing that would change it.
    pub fn parse_bytes(bytes: Vec<u8>, format: Format) -> Result<Self, SyntaxError> {
        let source = String::from_utf8(bytes).map_err(|error| {
            let offset = error.utf8_error().valid_up_to();
            SyntaxError {
                message: "invalid UTF-8".to_owned(),
                offset,
                position: Position::of_bytes(error.as_bytes(), offset),
                hint: Some("save the file as UTF-8"),
            }
        })?;
        Self::parse(source, format)
    }

    /// The text, byte for byte.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The format the text was read as.
    #[must_use]
    pub fn format(&self) -> Format {
        match self.syntax {
            Syntax::Json5(_) => Format::Json5,
            Syntax::Toml(_) => Format::Toml,
        }
    }

    /// Whether the text is strict JSON, which has neither comments nor bare keys nor trailing commas.
    #[must_use]
    pub fn is_strict_json(&self) -> bool {
        matches!(&self.syntax, Syntax::Json5(dialect) if dialect.strict)
    }

    /// The outermost value.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node::new(self, NodeId::ROOT)
    }

    /// The comments as written, in the order of the text.
    pub fn comments(&self) -> impl Iterator<Item = &str> {
        self.tree.comments().iter().map(|span| span.slice(&self.source))
    }

    pub(crate) fn tree(&self) -> &Tree {
        &self.tree
    }
}

/// What `value` is after `changes`, without any text.
///
/// # Errors
///
/// [`EditError`] where a change cannot be made.
pub fn changed(value: &Value, changes: &[Change]) -> Result<Value, EditError> {
    let mut expected = expected::Expected::New(value.clone());
    for change in changes {
        expected.apply(change)?;
    }
    Ok(expected.into_value())
}

/// Shows the size only: the text holds secrets, and `Debug` reaches panics and logs.
impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Document({:?}, {} bytes)", self.format(), self.source.len())
    }
}
