//! What comes along from another text: which comments, and whether any.
//!
//! This is the half of the proof that knows nothing of how text is put together: it names the comments
//! that must be there afterwards.
//!
//! This module never changes a text it was given.

use std::borrow::Cow;

use super::super::{Change, Document, Format, Incoming, KeyPath, Kind, Node, Value};
use super::remove;
use super::spell::{Quotes, spell_string};
use super::view::View;
use crate::text::{Span, Splice, apply};

/// How much of the text of a new value is taken over.
#[derive(Clone, Copy)]
pub(super) enum Taken<'o> {
    /// Nothing: it is spelled anew.
    Nothing,
    /// What stands for the value, in the place of another one that keeps its own comments.
    Value(Node<'o>),
    /// All that makes the value, with its comments.
    Item(Node<'o>),
}

impl<'o> Taken<'o> {
    /// What `document` takes of the text of `incoming` when it is put at `path`.
    pub(super) fn by(document: &Document, path: &KeyPath, incoming: &'o Incoming) -> Self {
        let Self::Item(origin) = Self::inserted(incoming) else { return Self::Nothing };
        match document.get(path) {
            Ok(Some(node)) => Self::replacing(node, origin),
            _ => Self::Item(origin),
        }
    }

    /// What is taken of it where nothing stands.
    pub(super) fn inserted(incoming: &'o Incoming) -> Self {
        let node = incoming.written_in(Format::Toml).filter(|node| node.parent().is_some());
        node.map_or(Self::Nothing, Self::Item)
    }

    fn replacing(node: Node<'_>, origin: Node<'o>) -> Self {
        let (view, theirs) = (View::of(node.document()), View::of(origin.document()));
        let is_container = |node: Node<'_>| matches!(node.kind(), Kind::Array | Kind::Object);
        let is_filled = |node: Node<'_>| is_container(node) && node.children().next().is_some();
        if node.kind() == origin.kind() && is_filled(node) && is_filled(origin) {
            // Changed part by part, so that what stays keeps its comments.
            return Self::Nothing;
        }
        match (remove::is_entry(&view, node.id()), remove::is_entry(&theirs, origin.id())) {
            // Quotes stay as they are where a string takes the place of another value.
            (true, true) if origin.kind() == Kind::String => Self::Nothing,
            (true, true) => Self::Value(origin),
            // Tables that headers make cannot stand on the line of a value: one goes, the other comes.
            _ if is_member_of_section(&view, node) && comments_of(node).is_empty() => {
                Self::Item(origin)
            }
            _ => Self::Nothing,
        }
    }
}

/// Whether `node` is a member of a table that stands in sections.
fn is_member_of_section(view: &View<'_>, node: Node<'_>) -> bool {
    let parent = node.parent().filter(|_| node.key().is_some());
    parent.is_some_and(|parent| view.outline.list_around(view.tree, parent.id()).is_none())
}

/// The comments that `change` must bring into `document`.
pub(in crate::doc) fn arriving<'o>(document: &Document, change: &'o Change) -> Vec<&'o str> {
    let taken = match change {
        Change::Set { path, value } => Taken::by(document, path, value),
        Change::Insert { value, .. } => Taken::inserted(value),
        Change::Remove { .. } | Change::Move { .. } => Taken::Nothing,
    };
    let (node, spans) = match taken {
        Taken::Nothing => return Vec::new(),
        Taken::Value(node) => {
            let lines = View::of(node.document()).lines;
            (node, lines.comments_in(node.span()).collect())
        }
        Taken::Item(node) => (node, comments_of(node)),
    };
    spans.into_iter().map(|span| span.slice(node.document().source())).collect()
}

/// The comments of all that makes `node`, those inside of it included.
pub(in crate::doc) fn comments_of(node: Node<'_>) -> Vec<Span> {
    if node.parent().is_none() {
        return node.document().tree().comments().to_vec();
    }
    let plan = remove::plan(&View::of(node.document()), node.id(), &node.path());
    plan.map(|plan| plan.removed_comments).unwrap_or_default()
}

/// `document` with lines that end as `newline` says.
///
/// Inside of a string a line end is part of the value, so such strings are spelled on one line; they
/// mean the same, and every value has the path it had.
pub(super) fn with_newlines<'d>(document: &'d Document, newline: &str) -> Cow<'d, Document> {
    let source = document.source();
    let is_other = match newline {
        "\n" => source.contains("\r\n"),
        _ => source.replace("\r\n", "").contains('\n'),
    };
    if !is_other {
        return Cow::Borrowed(document);
    }
    let tree = document.tree();
    let strings = tree.ids().map(|id| Node::new(document, id)).filter(|node| {
        node.kind() == Kind::String
            && Quotes::of(node.source()) == Some(Quotes::Lines)
            && node.source().contains('\n')
    });
    let splices: Vec<Splice> = strings
        .filter_map(|node| match node.scalar() {
            Some(Value::String(text)) => {
                Some(Splice::new(node.span(), spell_string(text.as_str()?, Quotes::Basic)))
            }
            _ => None,
        })
        .collect();
    let one_line = apply(source, &splices).unwrap_or_else(|_| source.to_owned());
    let text = one_line.replace("\r\n", "\n").replace('\n', newline);
    match Document::parse(text, Format::Toml) {
        Ok(adapted) => Cow::Owned(adapted),
        // The proof of the edit has the last word.
        Err(_) => Cow::Borrowed(document),
    }
}
