//! What a change brings in: a value, and where it was written.
//!
//! A value alone is spelled in the style of its new place. One with an origin brings its own text and
//! its comments, where the format can take them.
//!
//! This module never reads a text: the planner of a format does.

use std::sync::Arc;

use super::edit::comments_of;
use super::tree::NodeId;
use super::{Change, Document, Format, Kind, Node, Segment, Value, Wtf8String};

/// A value for a document, and where it was written if it comes from another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// What it means.
    pub value: Value,
    origin: Option<Origin>,
    order: Order,
}

/// Whether what stood around a value says where it belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    /// It stood in a whole configuration, among its neighbours.
    #[default]
    Kept,
    /// It stood in a part of one, in whatever order.
    Free,
}

/// A value in the text of a document. The text holds secrets: it is shown nowhere.
#[derive(Clone, Debug)]
struct Origin {
    document: Arc<Document>,
    node: NodeId,
}

/// Two origins are equal if they are the same place of the same document in memory.
impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.document, &other.document) && self.node == other.node
    }
}

impl Eq for Origin {}

impl Origin {
    fn node(&self) -> Node<'_> {
        Node::new(&self.document, self.node)
    }

    /// The same place without members that are `null`; nothing where it does not mean `pruned` then.
    fn without_nulls(&self, pruned: &Value) -> Option<Self> {
        let place = self.node().path();
        let mut changes = Vec::new();
        let mut rest = vec![self.node()];
        while let Some(node) = rest.pop() {
            for (_, member) in node.members() {
                match member.kind() {
                    Kind::Null => changes.push(Change::Remove { path: member.path() }),
                    Kind::Object => rest.push(member),
                    _ => {}
                }
            }
        }
        let document = Arc::new(self.document.edit(&changes).ok()?);
        let node = document.get(&place).ok()??;
        let node = node.means(pruned).then(|| node.id())?;
        Some(Self { document, node })
    }
}

impl From<Value> for Incoming {
    fn from(value: Value) -> Self {
        Self { value, origin: None, order: Order::Kept }
    }
}

impl Incoming {
    /// All of `document`.
    #[must_use]
    pub fn of(document: &Arc<Document>) -> Self {
        Self::at(document, document.root())
    }

    /// The value `node` of `document`.
    pub(crate) fn at(document: &Arc<Document>, node: Node<'_>) -> Self {
        let origin = Origin { document: Arc::clone(document), node: node.id() };
        Self { value: node.to_value(), origin: Some(origin), order: Order::Kept }
    }

    /// Where the value was written, if it was in `format`.
    pub(crate) fn written_in(&self, format: Format) -> Option<Node<'_>> {
        self.origin.as_ref().map(Origin::node).filter(|node| node.document().format() == format)
    }

    /// The member of `container` that a new member stands beside, so that both stand as they do where
    /// the value was written; nothing where they do not say.
    ///
    /// The new member is the first of the keys `missing`; the value stands at their end. Members that do
    /// not fit are passed over.
    pub(crate) fn neighbour(
        &self,
        format: Format,
        container: Node<'_>,
        missing: &[Segment],
        fits: impl Fn(NodeId) -> bool,
    ) -> Option<(Side, NodeId)> {
        if self.order == Order::Free {
            return None;
        }
        let mut origin = self.written_in(format)?;
        let (first, below) = missing.split_first()?;
        for _ in below {
            origin = origin.parent()?;
        }
        match (first, origin.key()) {
            (Segment::Key(name), Some(key)) if *name == key => {}
            _ => return None,
        }
        let siblings = origin.parent()?.members();
        let place = siblings.iter().position(|(_, sibling)| sibling.id() == origin.id())?;
        let (before, behind) = (&siblings[..place], siblings.get(place + 1..)?);
        let twin = |(key, _): &(Wtf8String, Node<'_>)| {
            container.get(key).map(Node::id).filter(|id| fits(*id))
        };
        let above = before.iter().rev().find_map(twin).map(|id| (Side::Behind, id));
        above.or_else(|| behind.iter().find_map(twin).map(|id| (Side::Before, id)))
    }

    /// How many comments go with the value, or stand inside of it.
    pub(crate) fn comment_count(&self) -> usize {
        self.origin.as_ref().map_or(0, |origin| comments_of(origin.node()).len())
    }

    /// Without the members that are `null`, those inside of arrays left alone, and without their
    /// comments.
    pub(crate) fn without_nulls(self) -> Self {
        let value = pruned(&self.value);
        if value == self.value {
            return self;
        }
        // A text that cannot be pruned is left behind: the value alone is right in any case.
        let origin = self.origin.and_then(|origin| origin.without_nulls(&value));
        Self { value, origin, order: self.order }
    }

    /// To go behind what is there already: its former neighbours do not say where it belongs.
    pub(crate) fn in_any_order(self) -> Self {
        Self { order: Order::Free, ..self }
    }

    pub(crate) fn as_wanted(&self) -> Wanted<'_> {
        let text = self.origin.as_ref().map(|origin| (&origin.document, origin.node));
        Wanted { value: &self.value, text }
    }
}

/// What a patch leaves where nothing stood: its members without those that only remove.
fn pruned(patch: &Value) -> Value {
    match patch {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .filter(|(_, value)| !matches!(value, Value::Null))
                .map(|(key, value)| (key.clone(), pruned(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// On which side of its neighbour a new member goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    Behind,
}

impl Side {
    /// The index of the new member, where that of its neighbour is `index`.
    pub(crate) fn index(self, index: usize) -> usize {
        match self {
            Self::Before => index,
            Self::Behind => index + 1,
        }
    }
}

/// An [`Incoming`] on loan, or a part of one.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'v> {
    pub(crate) value: &'v Value,
    text: Option<(&'v Arc<Document>, NodeId)>,
}

impl<'v> From<&'v Value> for Wanted<'v> {
    fn from(value: &'v Value) -> Self {
        Self { value, text: None }
    }
}

impl<'v> Wanted<'v> {
    /// The members of an object, in order.
    pub(crate) fn members(self) -> Vec<(&'v Wtf8String, Self)> {
        let members = self.value.as_object().unwrap_or_default();
        let nodes = self.node().map(Node::members).unwrap_or_default();
        let nodes = nodes.into_iter().map(|(_, node)| node.id());
        let parts = self.parts(members.iter().map(|(_, value)| value), nodes);
        members.iter().map(|(key, _)| key).zip(parts).collect()
    }

    /// The elements of an array.
    pub(crate) fn elements(self) -> Vec<Self> {
        let elements = self.value.as_array().unwrap_or_default();
        let nodes = self.node().into_iter().flat_map(Node::children).map(Node::id);
        self.parts(elements.iter(), nodes)
    }

    pub(crate) fn to_incoming(self) -> Incoming {
        let origin =
            self.text.map(|(document, node)| Origin { document: Arc::clone(document), node });
        Incoming { value: self.value.clone(), origin, order: Order::Kept }
    }

    fn node(self) -> Option<Node<'v>> {
        self.text.map(|(document, node)| Node::new(document, node))
    }

    /// The parts of a value, which are in the order of their nodes.
    fn parts(
        self,
        values: impl Iterator<Item = &'v Value>,
        mut nodes: impl Iterator<Item = NodeId>,
    ) -> Vec<Self> {
        let document = self.text.map(|(document, _)| document);
        values.map(|value| Self { value, text: document.zip(nodes.next()) }).collect()
    }
}
