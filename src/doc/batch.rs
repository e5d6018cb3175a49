//! Which changes of a list can be made in one go, because none of them sees another.
//!
//! Each change of a batch is planned on the same text. That gives what one after the other would give
//! where they change different values, and no container gains or loses members twice.
//!
//! This module never plans a change, and it may be too careful: what it does not take together is made
//! one by one. Where it is wrong the proof of the edit fails, and then too.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::tree::NodeId;
use super::{Change, Document, Format, KeyPath, Kind, Node, Segment, Wtf8String};

/// The first of `changes`, as many as can be made in one go in `document`, with paths that no longer
/// look for elements by a member; empty where the first one has to be made alone.
pub(super) fn together(document: &Document, changes: &[Change]) -> Vec<Change> {
    if changes.len() < 2 {
        return Vec::new();
    }
    let mut batch = Batch {
        document,
        names: names(changes),
        taken: BTreeMap::new(),
        touched: HashSet::new(),
        elements: HashMap::new(),
    };
    changes.iter().map_while(|change| batch.take(change)).collect()
}

/// The members by which a path looks for elements: a change of one may change where others lead.
fn names(changes: &[Change]) -> HashSet<Wtf8String> {
    let segments = changes.iter().flat_map(Change::paths).flat_map(KeyPath::segments);
    let names = segments.filter_map(|segment| match segment {
        Segment::Where { key, .. } => Some(Wtf8String::from(key.as_str())),
        _ => None,
    });
    names.collect()
}

/// The elements of one array by the string of one member; nothing for a string that fits several.
type Elements = HashMap<String, Option<(usize, NodeId)>>;

struct Batch<'d> {
    document: &'d Document,
    names: HashSet<Wtf8String>,
    /// The stretches that changes take, by their starts; they do not overlap.
    taken: BTreeMap<usize, usize>,
    /// The containers that gain or lose a member.
    touched: HashSet<NodeId>,
    elements: HashMap<(NodeId, String), Elements>,
}

/// Where a path leads.
struct Found<'d, 'p> {
    /// The last value on the way that is there.
    node: Node<'d>,
    /// The way there, in keys and indices.
    plain: KeyPath,
    /// The steps that lead nowhere yet.
    missing: &'p [Segment],
}

impl<'d> Batch<'d> {
    /// Takes `change` in, as it is to be planned; nothing where it has to wait.
    fn take(&mut self, change: &Change) -> Option<Change> {
        match change {
            Change::Move { .. } => None,
            Change::Set { path, value } => {
                let found = self.find(path)?;
                let is_container = |kind: Kind| matches!(kind, Kind::Object | Kind::Array);
                if self.document.format() == Format::Toml
                    && (!found.missing.is_empty()
                        || is_container(found.node.kind())
                        || is_container(value.value.kind()))
                {
                    return None;
                }
                if self.renames(&found) {
                    return None;
                }
                if found.missing.is_empty() {
                    let parent = found.node.parent()?;
                    let is_thing =
                        found.node.kind() == Kind::Object || value.value.kind() == Kind::Object;
                    if parent.kind() == Kind::Array && is_thing && !self.names.is_empty() {
                        self.touch(parent)?;
                    }
                    let span = found.node.span().range();
                    self.reserve(span.start, span.end)?;
                } else {
                    self.touch(found.node)?;
                    self.reserve_end(found.node)?;
                }
                let path = found.plain.concat(&found.missing.iter().cloned().collect());
                Some(Change::Set { path, value: value.clone() })
            }
            _ if self.document.format() == Format::Toml => None,
            Change::Insert { path, value } => {
                let (parent, Segment::Index(index)) = path.split_last()? else { return None };
                let found = self.find(&parent).filter(|found| found.missing.is_empty())?;
                self.touch(found.node)?;
                self.reserve_end(found.node)?;
                Some(Change::Insert { path: found.plain.index(*index), value: value.clone() })
            }
            Change::Remove { path } => {
                let found = self.find(path)?;
                if self.renames(&found) {
                    return None;
                }
                if found.missing.is_empty() {
                    let parent = found.node.parent()?;
                    self.touch(parent)?;
                    for twin in twins(parent, found.node) {
                        let start = twin.key_span().unwrap_or_else(|| twin.span()).start as usize;
                        self.reserve(start, twin.span().range().end)?;
                    }
                } else {
                    self.touch(found.node)?;
                }
                let path = found.plain.concat(&found.missing.iter().cloned().collect());
                Some(Change::Remove { path })
            }
        }
    }

    /// Whether a change there gives an element another name for paths to find it by.
    fn renames(&self, found: &Found<'_, '_>) -> bool {
        let is_name = |segment: &Segment| match segment {
            Segment::Key(key) => self.names.contains(key),
            _ => false,
        };
        match found.missing {
            [] => found.plain.segments().last().is_some_and(is_name),
            missing => missing.iter().any(is_name),
        }
    }

    /// Notes that `container` gains or loses a member; nothing where it does already.
    fn touch(&mut self, container: Node<'_>) -> Option<()> {
        self.touched.insert(container.id()).then_some(())
    }

    /// Takes the closing bracket: whoever replaces the container as a whole takes it as well.
    fn reserve_end(&mut self, container: Node<'_>) -> Option<()> {
        let end = container.span().range().end;
        self.reserve(end - 1, end)
    }

    /// Takes `start..end`; nothing where a part of it is taken.
    fn reserve(&mut self, start: usize, end: usize) -> Option<()> {
        let before = self.taken.range(..end).next_back();
        if before.is_some_and(|(_, taken)| *taken > start) {
            return None;
        }
        self.taken.insert(start, end);
        Some(())
    }

    /// Where `path` leads; nothing where that is not sure.
    fn find<'p>(&mut self, path: &'p KeyPath) -> Option<Found<'d, 'p>> {
        let mut node = self.document.root();
        let mut plain = Vec::new();
        let segments = path.segments();
        for (index, segment) in segments.iter().enumerate() {
            let next = match (segment, node.kind()) {
                (Segment::Key(key), Kind::Object) => {
                    node.get(key).map(|member| (segment.clone(), member))
                }
                (Segment::Append, Kind::Array) => None,
                _ if self.touched.contains(&node.id()) => return None,
                (Segment::Index(wanted), Kind::Array) => {
                    Some((segment.clone(), node.children().nth(*wanted)?))
                }
                (Segment::Where { key, value }, Kind::Array) => {
                    let (place, id) = self.element(node, key, value)?;
                    Some((Segment::Index(place), Node::new(self.document, id)))
                }
                _ => return None,
            };
            let Some((step, next)) = next else {
                let plain = plain.into_iter().collect();
                return Some(Found { node, plain, missing: &segments[index..] });
            };
            plain.push(step);
            node = next;
        }
        Some(Found { node, plain: plain.into_iter().collect(), missing: &[] })
    }

    /// The only element of `array` whose member `key` is `value`.
    fn element(&mut self, array: Node<'_>, key: &str, value: &str) -> Option<(usize, NodeId)> {
        let elements = match self.elements.entry((array.id(), key.to_owned())) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(by_member(array, &key.into())),
        };
        elements.get(value).copied().flatten()
    }
}

fn by_member(array: Node<'_>, key: &Wtf8String) -> Elements {
    let mut elements = Elements::new();
    for (place, element) in array.children().enumerate() {
        let name = Some(element).filter(|element| element.kind() == Kind::Object);
        let Some(name) = name.and_then(|element| element.get(key)?.as_str()) else { continue };
        let found = Some((place, element.id()));
        elements.entry(name).and_modify(|known| *known = None).or_insert(found);
    }
    elements
}

/// `node` and all members of the same key.
fn twins<'d>(parent: Node<'d>, node: Node<'d>) -> Vec<Node<'d>> {
    match node.key() {
        Some(key) => parent.all(&key).collect(),
        None => vec![node],
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;
    use crate::doc::{EditError, Value, reconcile};

    const TEXT: &str = "{\n  // one\n  a: { x: 1, y: 2, z: [1, 2] }, // two\n  l: [\n    { id: 'p', v: 1 },\n    { id: 'q', v: 2 }, // of q\n  ],\n  s: 'text',\n}\n";

    fn parse(text: &str) -> Document {
        Document::parse(text, Format::Json5).expect("it parses")
    }

    fn path(text: &str) -> KeyPath {
        text.parse().expect("a path")
    }

    fn set(at: &str, value: i64) -> Change {
        Change::Set { path: path(at), value: Value::Integer(value).into() }
    }

    fn remove(at: &str) -> Change {
        Change::Remove { path: path(at) }
    }

    /// How many of `changes` go together, and that one by one gives the same bytes.
    #[track_caller]
    fn check(changes: &[Change], expected: usize) {
        let document = parse(TEXT);
        assert_eq!(together(&document, changes).len(), expected);
        let edited = document.edit(changes).expect("a good edit");
        assert_eq!(edited.source(), one_by_one(&document, changes).expect("a good edit").source());
    }

    fn one_by_one(document: &Document, changes: &[Change]) -> Result<Document, EditError> {
        changes
            .iter()
            .try_fold(document.clone(), |now, change| now.edit(std::slice::from_ref(change)))
    }

    #[test]
    fn changes_of_different_values_go_together() {
        check(&[set("a.x", 7), set("s", 8), set("l[id=q].v", 9), remove("a.y")], 4);
        check(&[set("a.new", 7), set("l[0].new", 8), set("new", 9)], 3);
        check(&[remove("a"), remove("l[id=p].v"), set("l[id=q].v", 3)], 3);
    }

    #[test]
    fn what_sees_another_change_waits() {
        check(&[set("a", 1), remove("l"), remove("s")], 2);
        check(&[set("a.x", 1), set("a", 2)], 1);
        check(&[set("a.n", 1), set("a.n", 2)], 1);
        check(&[set("a.n", 1), remove("a.n")], 1);
        check(&[remove("l[0]"), set("l[0].v", 5)], 1);
        check(&[remove("l[id=p]"), set("l[id=q].v", 5)], 1);
        check(&[set("s", 1), Change::Move { from: path("a.x"), to: path("a.n") }], 1);
        check(&[remove("a.x"), remove("a.y")], 1);
    }

    #[test]
    fn an_element_that_gets_another_name_is_changed_alone() {
        let name = Change::Set { path: path("l[id=p].id"), value: Value::string("r").into() };
        check(&[name.clone(), set("l[id=r].v", 5)], 0);
        check(&[set("s", 5), name], 1);
    }

    fn numbers() -> impl Strategy<Value = String> {
        let members = prop::collection::vec(("[a-d]", 0..4_u8, prop::bool::ANY), 0..4);
        prop::collection::vec(("[a-e]", members), 0..5).prop_map(|sections| {
            let mut text = String::from("{\n");
            for (index, (name, members)) in sections.into_iter().enumerate() {
                write!(text, "  // of {name}\n  {name}{index}: {{\n").expect("a string takes all");
                for (index, (key, value, comment)) in members.into_iter().enumerate() {
                    let comment = if comment { " // why" } else { "" };
                    writeln!(text, "    {key}{index}: {value},{comment}")
                        .expect("a string takes all");
                }
                text += "  },\n";
            }
            text + "}\n"
        })
    }

    proptest! {
        #[test]
        fn together_and_one_by_one_give_the_same_bytes(one in numbers(), two in numbers()) {
            let (document, other) = (parse(&one), parse(&two).root().to_value());
            let changes =
                reconcile(&KeyPath::root(), &document.root().to_value(), &other.clone().into());
            let edited = document.edit(&changes).expect("a good edit");
            prop_assert!(edited.root().means(&other));
            let slow = one_by_one(&document, &changes).expect("a good edit");
            prop_assert_eq!(edited.source(), slow.source());
        }
    }
}
