//! What comes along from another text: which comments, and whether any.
//!
//! This is the half of the proof that knows nothing of how text is put together: it names the comments
//! that must be there afterwards.
//!
//! This module never changes a text.

use super::container::Container;
use super::gap::Owner;
use crate::doc::{Change, Document, Format, Incoming, KeyPath, Kind, Node, Syntax};
use crate::text::Span;

/// How much of the text of a new value is taken over.
#[derive(Clone, Copy)]
pub(super) enum Taken<'o> {
    /// Nothing: it is spelled anew.
    Nothing,
    /// What stands for the value, in the place of another one that keeps its own comments.
    Value(Node<'o>),
    /// The member or element with its comments.
    Item(Node<'o>),
}

impl<'o> Taken<'o> {
    /// What `document` takes of the text of `incoming` when it is put at `path`.
    ///
    /// Strict JSON has no comments to give and none to take, and its spelling is that of programs, not
    /// of people: there the values are spelled as their new neighbours are.
    pub(super) fn by(document: &Document, path: &KeyPath, incoming: &'o Incoming) -> Self {
        let Self::Item(node) = Self::inserted(document, incoming) else { return Self::Nothing };
        match document.get(path) {
            // Quotes stay as they are where a string takes the place of another value.
            Ok(Some(_)) if node.kind() == Kind::String => Self::Nothing,
            Ok(Some(_)) => Self::Value(node),
            _ => Self::Item(node),
        }
    }

    /// What `document` takes of it when it is put where nothing stands.
    pub(super) fn inserted(document: &Document, incoming: &'o Incoming) -> Self {
        match incoming.written_in(Format::Json5) {
            Some(node)
                if node.parent().is_some()
                    && !is_strict(document)
                    && !is_strict(node.document()) =>
            {
                Self::Item(node)
            }
            _ => Self::Nothing,
        }
    }
}

fn is_strict(document: &Document) -> bool {
    matches!(&document.syntax, Syntax::Json5(dialect) if dialect.strict)
}

/// The comments that `change` must bring into `document`.
pub(in crate::doc) fn arriving<'o>(document: &Document, change: &'o Change) -> Vec<&'o str> {
    let taken = match change {
        Change::Set { path, value } => Taken::by(document, path, value),
        Change::Insert { value, .. } => Taken::inserted(document, value),
        Change::Remove { .. } | Change::Move { .. } => Taken::Nothing,
    };
    let (node, spans) = match taken {
        Taken::Nothing => return Vec::new(),
        Taken::Value(node) => (node, comments_in(node.document(), node.span()).to_vec()),
        Taken::Item(node) => (node, comments_of(node)),
    };
    spans.into_iter().map(|span| span.slice(node.document().source())).collect()
}

/// The comments of the member or element `node`, those inside of it included.
pub(in crate::doc) fn comments_of(node: Node<'_>) -> Vec<Span> {
    let document = node.document();
    let Some(container) = Container::around(document, node.id()) else {
        return document.tree().comments().to_vec();
    };
    let Some(index) = container.position(node.id()) else { return Vec::new() };
    let item = container.items[index];
    let (before, behind) = (container.gap(index), container.gap(index + 1));
    let around = before.owned_by(Owner::Next).chain(behind.owned_by(Owner::Previous));
    let around = around.map(|piece| Span::new(piece.start, piece.end));
    let inside = comments_in(document, Span::new(item.start(), item.end()));
    around.chain(inside.iter().copied()).collect()
}

/// The comments inside of `span`.
pub(super) fn comments_in(document: &Document, span: Span) -> &[Span] {
    let comments = document.tree().comments();
    let first = comments.partition_point(|comment| comment.start < span.start);
    let last = comments.partition_point(|comment| comment.end <= span.end);
    comments.get(first..last).unwrap_or_default()
}
