//! The span tree: what stands where in a source text.
//!
//! One flat arena in the order of the text, without any decoded value: a node knows its kind, its
//! span, the span of its key and its neighbours. Both readers build it; nothing here recurses, so
//! deep documents cost memory and never the stack.

use super::Kind;
use crate::text::Span;

/// The deepest nesting that is read: the documents of real gateways have less than twenty levels.
pub const MAX_DEPTH: usize = 10_000;

/// Names a node of one tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(u32);

impl NodeId {
    /// The outermost value.
    pub(crate) const ROOT: Self = Self(0);
    /// Stands for "no node" inside the arena.
    const NONE: u32 = u32::MAX;

    fn of(raw: u32) -> Option<Self> {
        (raw != Self::NONE).then_some(Self(raw))
    }

    /// The place in the order of pushing, from 0: an index for tables beside the tree.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Clone, Debug)]
struct Node {
    kind: Kind,
    span: Span,
    /// Empty for the root and for elements of arrays: no format has an empty spelling of a key.
    key: Span,
    parent: u32,
    first_child: u32,
    next_sibling: u32,
}

/// The nodes and comments of one source text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    comments: Vec<Span>,
}

impl Tree {
    /// Room for a source of `bytes` bytes, guessed from what configurations look like.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { nodes: Vec::with_capacity(bytes / 12 + 1), comments: Vec::new() }
    }

    /// Appends a node behind `previous`, its elder sibling, or as the first child of `parent`.
    ///
    /// The first node pushed is the root. Nodes are pushed in the order of the text as far as the
    /// format allows.
    pub(crate) fn push(
        &mut self,
        kind: Kind,
        span: Span,
        key: Option<Span>,
        parent: Option<NodeId>,
        previous: Option<NodeId>,
    ) -> NodeId {
        let id = u32::try_from(self.nodes.len()).expect("a source has fewer nodes than bytes");
        self.nodes.push(Node {
            kind,
            span,
            key: key.unwrap_or(Span::at(0)),
            parent: parent.map_or(NodeId::NONE, |parent| parent.0),
            first_child: NodeId::NONE,
            next_sibling: NodeId::NONE,
        });
        match (previous, parent) {
            (Some(previous), _) => self.nodes[previous.index()].next_sibling = id,
            (None, Some(parent)) => self.nodes[parent.index()].first_child = id,
            (None, None) => {}
        }
        NodeId(id)
    }

    /// Ends a container at `end`, which was not known when it was pushed.
    pub(crate) fn close(&mut self, id: NodeId, end: usize) {
        let start = self.nodes[id.index()].span.start as usize;
        self.nodes[id.index()].span = Span::new(start, end);
    }

    /// Notes a comment, delimiters included, without the newline that ends it.
    pub(crate) fn push_comment(&mut self, span: Span) {
        self.comments.push(span);
    }

    /// All comments, in the order of the text.
    pub(crate) fn comments(&self) -> &[Span] {
        &self.comments
    }

    pub(crate) fn kind(&self, id: NodeId) -> Kind {
        self.nodes[id.index()].kind
    }

    pub(crate) fn span(&self, id: NodeId) -> Span {
        self.nodes[id.index()].span
    }

    /// The span of the key as written, quotes included.
    pub(crate) fn key(&self, id: NodeId) -> Option<Span> {
        let key = self.nodes[id.index()].key;
        (!key.is_empty()).then_some(key)
    }

    pub(crate) fn parent(&self, id: NodeId) -> Option<NodeId> {
        NodeId::of(self.nodes[id.index()].parent)
    }

    pub(crate) fn first_child(&self, id: NodeId) -> Option<NodeId> {
        NodeId::of(self.nodes[id.index()].first_child)
    }

    pub(crate) fn next_sibling(&self, id: NodeId) -> Option<NodeId> {
        NodeId::of(self.nodes[id.index()].next_sibling)
    }

    /// The children in the order of the text, dead duplicates included.
    pub(crate) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(self.first_child(id), |child| self.next_sibling(*child))
    }

    /// All nodes, in the order they were pushed in.
    pub(crate) fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map_while(|index| u32::try_from(index).ok().map(NodeId))
    }

    /// How many nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }
}
