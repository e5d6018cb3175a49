//! A look at one value of a document.

use std::collections::HashMap;

use super::tree::NodeId;
use super::{Document, Format, KeyPath, Kind, Segment, Value, Wtf8String, json5, toml};
use crate::text::{Position, Span};

/// Objects with fewer members than this are searched, larger ones are indexed.
const INDEXED_FROM: usize = 16;

/// Which of `members` a later one of the same key makes dead; empty where no key stands twice.
fn dead_duplicates(members: &[(Wtf8String, Node<'_>)]) -> Vec<bool> {
    let mut dead = Vec::new();
    let mut mark = |index: usize| {
        dead.resize(members.len(), false);
        dead[index] = true;
    };
    if members.len() < INDEXED_FROM {
        for (index, (key, _)) in members.iter().enumerate() {
            if members[index + 1..].iter().any(|(later, _)| later == key) {
                mark(index);
            }
        }
        return dead;
    }
    let mut live = HashMap::with_capacity(members.len());
    for (index, (key, _)) in members.iter().enumerate() {
        if let Some(earlier) = live.insert(key, index) {
            mark(earlier);
        }
    }
    dead
}

/// One value of a [`Document`], where it stands.
#[derive(Clone, Copy)]
pub struct Node<'d> {
    document: &'d Document,
    id: NodeId,
}

impl<'d> Node<'d> {
    pub(crate) fn new(document: &'d Document, id: NodeId) -> Self {
        Self { document, id }
    }

    pub(crate) fn id(self) -> NodeId {
        self.id
    }

    /// The document the value stands in.
    #[must_use]
    pub fn document(self) -> &'d Document {
        self.document
    }

    /// What kind of value this is.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.document.tree().kind(self.id)
    }

    /// Where the value stands, its key not included.
    #[must_use]
    pub fn span(self) -> Span {
        self.document.tree().span(self.id)
    }

    /// Where the key of this member stands; nothing for elements and the root.
    #[must_use]
    pub fn key_span(self) -> Option<Span> {
        self.document.tree().key(self.id)
    }

    /// Line and column of the key, or of the value where there is no key.
    #[must_use]
    pub fn position(self) -> Position {
        let span = self.key_span().unwrap_or_else(|| self.span());
        Position::of(self.document.source(), span.start as usize)
    }

    /// The value as written.
    #[must_use]
    pub fn source(self) -> &'d str {
        self.span().slice(self.document.source())
    }

    /// The key of this member, decoded.
    #[must_use]
    pub fn key(self) -> Option<Wtf8String> {
        let raw = self.key_span()?.slice(self.document.source());
        Some(match self.document.format() {
            Format::Json5 => json5::decode_key(raw),
            Format::Toml => toml::decode_key(raw),
        })
    }

    /// Whether this is a member whose key is `key`, in whatever spelling.
    pub(crate) fn has_key(self, key: &Wtf8String) -> bool {
        match self.bare_key() {
            Some(bare) => bare == key.as_bytes(),
            None => self.key().as_ref() == Some(key),
        }
    }

    /// The bytes of the key of this member, where they stand in the text as they are.
    pub(crate) fn bare_key(self) -> Option<&'d [u8]> {
        let raw = self.key_span()?.slice(self.document.source()).as_bytes();
        // A key without an escape is spelled as itself, with or without quotes.
        let bare = match raw {
            [b'"' | b'\'', inner @ .., b'"' | b'\''] => inner,
            _ => raw,
        };
        (!bare.contains(&b'\\')).then_some(bare)
    }

    /// The container this value stands in.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        self.document.tree().parent(self.id).map(|id| Self::new(self.document, id))
    }

    /// Members or elements in the order of the text, dead duplicates included.
    pub fn children(self) -> impl Iterator<Item = Self> + 'd {
        let document = self.document;
        document.tree().children(self.id).map(move |id| Self::new(document, id))
    }

    /// The live member `key`: the last one, where the key stands more than once.
    #[must_use]
    pub fn get(self, key: &Wtf8String) -> Option<Self> {
        self.children().filter(|child| child.has_key(key)).last()
    }

    /// All members `key`, dead duplicates first.
    pub fn all(self, key: &Wtf8String) -> impl Iterator<Item = Self> {
        self.children().filter(move |child| child.has_key(key))
    }

    /// The live members with their keys, each at the place of its last duplicate.
    #[must_use]
    pub fn members(self) -> Vec<(Wtf8String, Self)> {
        let mut members: Vec<(Wtf8String, Self)> =
            self.children().filter_map(|child| Some((child.key()?, child))).collect();
        let dead = dead_duplicates(&members);
        if !dead.is_empty() {
            let mut dead = dead.into_iter();
            members.retain(|_| !dead.next().unwrap_or_default());
        }
        members
    }

    /// The string, where this is one without lone surrogates.
    #[must_use]
    pub fn as_str(self) -> Option<String> {
        match self.scalar()? {
            Value::String(text) => text.as_str().map(str::to_owned),
            _ => None,
        }
    }

    /// Whether this is the string `text`, in whatever spelling.
    pub(crate) fn is_text(self, text: &str) -> bool {
        if self.kind() != Kind::String {
            return false;
        }
        match self.source().as_bytes() {
            // JSON5 without an escape is spelled as itself; TOML has strings of several lines.
            [quote @ (b'"' | b'\''), inner @ .., end]
                if quote == end
                    && self.document.format() == Format::Json5
                    && !inner.contains(&b'\\') =>
            {
                inner == text.as_bytes()
            }
            _ => self.as_str().as_deref() == Some(text),
        }
    }

    /// The decoded value, where this is no container.
    #[must_use]
    pub fn scalar(self) -> Option<Value> {
        let kind = self.kind();
        if matches!(kind, Kind::Array | Kind::Object) {
            return None;
        }
        Some(match self.document.format() {
            Format::Json5 => json5::decode(kind, self.source()),
            Format::Toml => toml::decode(kind, self.source()),
        })
    }

    /// The value, detached from the text.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "the stack of open containers is not empty")]
    pub fn to_value(self) -> Value {
        enum Frame<'d> {
            Object(Vec<(Wtf8String, Node<'d>)>, Vec<(Wtf8String, Value)>),
            Array(Option<Node<'d>>, Vec<Value>),
        }
        let open = |node: Node<'d>| match node.kind() {
            Kind::Object => {
                let mut members = node.members();
                members.reverse();
                let done = Vec::with_capacity(members.len());
                Err(Frame::Object(members, done))
            }
            Kind::Array => Err(Frame::Array(node.children().next(), Vec::new())),
            _ => Ok(node.scalar().expect("containers were told apart")),
        };
        let mut stack = Vec::new();
        let mut finished = match open(self) {
            Ok(value) => return value,
            Err(frame) => {
                stack.push(frame);
                None
            }
        };
        loop {
            let frame = stack.last_mut().expect("the loop ends with the outermost frame");
            let next = match frame {
                Frame::Object(rest, done) => {
                    if let Some(value) = finished.take() {
                        let (key, _) = rest.pop().expect("the value belongs to this member");
                        done.push((key, value));
                    }
                    rest.last().map(|(_, node)| *node)
                }
                Frame::Array(rest, done) => {
                    if let Some(value) = finished.take() {
                        done.push(value);
                        *rest = rest.and_then(Node::next_sibling);
                    }
                    *rest
                }
            };
            if let Some(node) = next {
                match open(node) {
                    Ok(value) => finished = Some(value),
                    Err(frame) => stack.push(frame),
                }
                continue;
            }
            let value = match stack.pop().expect("looked at above") {
                Frame::Object(_, done) => Value::Object(done),
                Frame::Array(_, done) => Value::Array(done),
            };
            if stack.is_empty() {
                return value;
            }
            finished = Some(value);
        }
    }

    pub(crate) fn next_sibling(self) -> Option<Self> {
        self.document.tree().next_sibling(self.id).map(|id| Self::new(self.document, id))
    }

    /// Whether both values mean the same, in whatever spelling, order of members and format.
    #[must_use]
    pub fn means_same(self, other: Node<'_>) -> bool {
        let mut pairs = vec![(self, other)];
        while let Some((left, right)) = pairs.pop() {
            if left.kind() != right.kind() {
                return false;
            }
            // Equal bytes of equal formats mean the same; a TOML table is not one run of bytes.
            let same_format = left.document.format() == right.document.format();
            let contiguous = left.document.format() == Format::Json5 || left.kind() != Kind::Object;
            if same_format && contiguous && left.source() == right.source() {
                continue;
            }
            match left.kind() {
                Kind::Object => {
                    if !left.pair_members(right, &mut pairs) {
                        return false;
                    }
                }
                Kind::Array => {
                    let mut ours = left.children();
                    let mut theirs = right.children();
                    loop {
                        match (ours.next(), theirs.next()) {
                            (Some(one), Some(two)) => pairs.push((one, two)),
                            (None, None) => break,
                            _ => return false,
                        }
                    }
                }
                _ => {
                    if left.scalar() != right.scalar() {
                        return false;
                    }
                }
            }
        }
        true
    }

    /// Queues the members of both objects in pairs; false where a key has no twin.
    fn pair_members<'o>(self, other: Node<'o>, pairs: &mut Vec<(Self, Node<'o>)>) -> bool {
        if self.pair_in_order(other, pairs) {
            return true;
        }
        let ours = self.members();
        let theirs = other.members();
        if ours.len() != theirs.len() {
            return false;
        }
        let mut index: Option<HashMap<&Wtf8String, Node<'o>>> = None;
        for (place, (key, node)) in ours.iter().enumerate() {
            let twin = if theirs[place].0 == *key {
                Some(theirs[place].1)
            } else if theirs.len() < INDEXED_FROM {
                theirs.iter().find(|(name, _)| name == key).map(|(_, node)| *node)
            } else {
                let index =
                    index.get_or_insert_with(|| theirs.iter().map(|(k, n)| (k, *n)).collect());
                index.get(key).copied()
            };
            let Some(twin) = twin else { return false };
            pairs.push((*node, twin));
        }
        true
    }

    /// Queues the members in pairs where both objects spell the same few keys in the same order, each
    /// once: the usual case, without decoding any.
    fn pair_in_order<'o>(self, other: Node<'o>, pairs: &mut Vec<(Self, Node<'o>)>) -> bool {
        let mut keys: [&[u8]; INDEXED_FROM] = [&[]; INDEXED_FROM];
        let start = pairs.len();
        let (mut ours, mut theirs) = (self.children(), other.children());
        for place in 0..=INDEXED_FROM {
            match (ours.next(), theirs.next()) {
                (None, None) => return true,
                (Some(one), Some(two)) if place < INDEXED_FROM => {
                    let key = one.bare_key().filter(|key| two.bare_key() == Some(key));
                    let Some(key) = key.filter(|key| !keys[..place].contains(key)) else { break };
                    keys[place] = key;
                    pairs.push((one, two));
                }
                _ => break,
            }
        }
        pairs.truncate(start);
        false
    }

    /// Whether this means `value`.
    #[must_use]
    pub fn means(self, value: &Value) -> bool {
        let mut pairs = vec![(self, value)];
        while let Some((node, value)) = pairs.pop() {
            match value {
                Value::Object(expected) if node.kind() == Kind::Object => {
                    let members = node.members();
                    if members.len() != expected.len() {
                        return false;
                    }
                    let mut index: Option<HashMap<&Wtf8String, &Value>> = None;
                    for (place, (key, member)) in members.iter().enumerate() {
                        let twin = if expected[place].0 == *key {
                            Some(&expected[place].1)
                        } else {
                            let index = index.get_or_insert_with(|| {
                                expected.iter().map(|(key, value)| (key, value)).collect()
                            });
                            index.get(key).copied()
                        };
                        let Some(twin) = twin else { return false };
                        pairs.push((*member, twin));
                    }
                }
                Value::Array(expected) if node.kind() == Kind::Array => {
                    let mut expected = expected.iter();
                    let mut elements = node.children();
                    loop {
                        match (elements.next(), expected.next()) {
                            (Some(element), Some(twin)) => pairs.push((element, twin)),
                            (None, None) => break,
                            _ => return false,
                        }
                    }
                }
                Value::Float(number) if node.document.format() == Format::Json5 => {
                    // JSON5 has one kind of number, so `5.0` is `5`.
                    if node.scalar() != Some(Value::number(*number)) {
                        return false;
                    }
                }
                scalar => {
                    if node.scalar().as_ref() != Some(scalar) {
                        return false;
                    }
                }
            }
        }
        true
    }

    /// The path of this value in plain steps: keys and indices.
    #[must_use]
    pub fn path(self) -> KeyPath {
        let mut segments = Vec::new();
        let mut node = self;
        while let Some(parent) = node.parent() {
            segments.push(match node.key() {
                Some(key) => Segment::Key(key),
                None => Segment::Index(
                    parent.children().position(|child| child.id == node.id).unwrap_or_default(),
                ),
            });
            node = parent;
        }
        segments.reverse();
        segments.into_iter().collect()
    }
}
