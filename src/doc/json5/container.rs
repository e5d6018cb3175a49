//! A look at one container as text: its members in order and the gaps around them.
//!
//! This module never changes a text.

use super::gap::{Bound, Gap, PieceKind, line_indent};
use crate::doc::tree::NodeId;
use crate::doc::{Document, Kind};
use crate::text::Span;

/// Whether something is laid out on one line or on many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lines {
    One,
    Many,
}

/// A member or an element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) id: NodeId,
    pub(super) key: Option<Span>,
    pub(super) value: Span,
}

impl Item {
    /// Where the key starts, or the value where there is no key.
    pub(super) fn start(self) -> usize {
        self.key.unwrap_or(self.value).start as usize
    }

    pub(super) fn end(self) -> usize {
        self.value.end as usize
    }
}

/// An array or an object in its text.
pub(super) struct Container<'d> {
    pub(super) document: &'d Document,
    pub(super) id: NodeId,
    pub(super) kind: Kind,
    /// Offset behind the opening bracket.
    pub(super) open: usize,
    /// Offset of the closing bracket.
    pub(super) close: usize,
    pub(super) items: Vec<Item>,
}

impl<'d> Container<'d> {
    pub(super) fn of(document: &'d Document, id: NodeId) -> Self {
        let tree = document.tree();
        let span = tree.span(id).range();
        let item = |id| Item { id, key: tree.key(id), value: tree.span(id) };
        Self {
            document,
            id,
            kind: tree.kind(id),
            open: span.start + 1,
            close: span.end - 1,
            items: tree.children(id).map(item).collect(),
        }
    }

    /// The container that `id` is a member of.
    pub(super) fn around(document: &'d Document, id: NodeId) -> Option<Self> {
        document.tree().parent(id).map(|parent| Self::of(document, parent))
    }

    pub(super) fn source(&self) -> &'d str {
        self.document.source()
    }

    /// The place of the member `id`.
    pub(super) fn position(&self, id: NodeId) -> Option<usize> {
        // Nodes are numbered in the order of the text.
        self.items.binary_search_by_key(&id, |item| item.id).ok()
    }

    /// The gap before the member at `index`; at the count of members, the one before the bracket.
    pub(super) fn gap(&self, index: usize) -> Gap {
        let left = match index.checked_sub(1).and_then(|previous| self.items.get(previous)) {
            Some(item) => (item.end(), Bound::Item),
            None => (self.open, Bound::Bracket),
        };
        let right = match self.items.get(index) {
            Some(item) => (item.start(), Bound::Item),
            None => (self.close, Bound::Bracket),
        };
        Gap::read(self.source(), left, right, self.kind)
    }

    /// Whether the last member stands on a line of its own; nothing where there is no member.
    pub(super) fn lines(&self) -> Option<Lines> {
        let last = self.items.len().checked_sub(1)?;
        Some(if self.gap(last).has_line_end() { Lines::Many } else { Lines::One })
    }

    /// Whether a comma follows the last member; nothing where there is no member.
    pub(super) fn has_trailing_comma(&self) -> Option<bool> {
        let count = self.items.len();
        (count > 0).then(|| self.gap(count).comma().is_some())
    }

    /// The white space at the start of the line that the opening bracket stands on.
    pub(super) fn indent(&self) -> &'d str {
        line_indent(self.source(), self.open - 1)
    }

    /// The white space before the member at `index`, where it starts its line.
    pub(super) fn item_indent(&self, index: usize) -> Option<&'d str> {
        let gap = self.gap(index);
        let first = gap.last_line()?.first().copied();
        let source = self.source();
        Some(match first {
            Some(piece) if piece.kind == PieceKind::Space => {
                // Only the white space that editors indent with.
                let text = piece.text(source);
                &text[..text.len() - text.trim_start_matches([' ', '\t']).len()]
            }
            _ => "",
        })
    }
}
