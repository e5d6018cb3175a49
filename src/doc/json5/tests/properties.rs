//! Properties that hold for every edit of every document.

use proptest::prelude::*;

use super::documents::{Dress, PLAIN_KEYS, objects, shapes, write};
use super::parse;
use crate::doc::{Change, Document, EditError, Format, KeyPath, Kind, Node, Segment, Value};

fn dresses() -> impl Strategy<Value = Dress> {
    prop_oneof![1 => Just(Dress::Strict), 3 => Just(Dress::Json5)]
}

fn documents() -> impl Strategy<Value = String> {
    (objects(), any::<u64>(), dresses()).prop_map(|(shape, seed, dress)| write(&shape, seed, dress))
}

fn values() -> impl Strategy<Value = Value> {
    (shapes(), any::<u64>())
        .prop_map(|(shape, seed)| parse(&write(&shape, seed, Dress::Strict)).root().to_value())
}

/// The live values of a document, the root first.
fn live(document: &Document) -> Vec<Node<'_>> {
    let mut found = Vec::new();
    let mut rest = vec![document.root()];
    while let Some(node) = rest.pop() {
        found.push(node);
        match node.kind() {
            Kind::Object => rest.extend(node.members().into_iter().map(|(_, member)| member)),
            Kind::Array => rest.extend(node.children()),
            _ => {}
        }
    }
    found
}

fn pick(document: &Document, choice: prop::sample::Index) -> Node<'_> {
    let nodes = live(document);
    nodes[choice.index(nodes.len())]
}

/// A path that leads from `node` to a place where something can be put.
fn fresh_path(node: Node<'_>, deep: bool) -> Option<KeyPath> {
    let path = match node.kind() {
        Kind::Object => node.path().key("fresh"),
        Kind::Array => node.path().join(Segment::Append),
        _ => return None,
    };
    Some(if deep && node.kind() == Kind::Object { path.key("in-side").key("x") } else { path })
}

/// Makes a change and asserts that nothing but its own impossibility stops it.
fn edit(document: &Document, change: &Change) -> Result<Document, TestCaseError> {
    match document.edit(std::slice::from_ref(change)) {
        Ok(edited) => {
            let (before, after) = (document.source(), edited.source());
            prop_assert_eq!(before.starts_with('\u{FEFF}'), after.starts_with('\u{FEFF}'));
            prop_assert_eq!(before.ends_with('\n'), after.ends_with('\n'));
            if !before.contains('\r') {
                prop_assert!(!after.contains('\r'), "{:?}", after);
            }
            if is_strict(before) {
                prop_assert!(is_strict(after), "{:?}", after);
            }
            prop_assert!(
                !after.lines().any(|line| line.ends_with(' ')) || has_trailing_space(before),
                "{:?} on {:?} leaves white space: {:?}",
                change,
                before,
                after
            );
            Ok(edited)
        }
        Err(error @ EditError::Unverified { .. }) => {
            Err(TestCaseError::fail(format!("{error}: {change:?} on {:?}", document.source())))
        }
        Err(error) => Err(TestCaseError::fail(format!("{error}: {change:?}"))),
    }
}

fn has_trailing_space(text: &str) -> bool {
    text.lines().any(|line| line.ends_with(' '))
}

fn is_strict(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text.trim_start_matches('\u{FEFF}')).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn setting_any_value_anywhere_holds(
        source in documents(), choice: prop::sample::Index, value in values(),
    ) {
        let document = parse(&source);
        let path = pick(&document, choice).path();
        let edited = edit(&document, &Change::Set { path: path.clone(), value: value.clone().into() })?;
        let again = edit(&edited, &Change::Set { path, value: value.into() })?;
        prop_assert_eq!(edited.source(), again.source());
    }

    #[test]
    fn setting_a_scalar_back_restores_the_bytes(
        source in documents(), choice: prop::sample::Index,
    ) {
        let document = parse(&source);
        let node = pick(&document, choice);
        let Some(old) = node.scalar() else { return Ok(()) };
        // Another spelling of the same value is not restored.
        prop_assume!(!node.source().contains(['\\', 'e']) || node.kind() == Kind::Bool);
        let path = node.path();
        let new = match &old {
            Value::String(_) => Value::string("another"),
            _ => Value::Integer(77),
        };
        let changed = edit(&document, &Change::Set { path: path.clone(), value: new.into() })?;
        prop_assert_ne!(changed.source(), &source);
        let restored = edit(&changed, &Change::Set { path, value: old.into() })?;
        prop_assert_eq!(restored.source(), &source);
    }

    #[test]
    fn a_new_member_goes_again_without_a_trace(
        source in documents(), choice: prop::sample::Index, value in values(), deep: bool,
    ) {
        let document = parse(&source);
        let node = pick(&document, choice);
        let Some(path) = fresh_path(node, deep) else { return Ok(()) };
        let container = node.path();
        let count = node.children().count();
        let grown = edit(&document, &Change::Set { path: path.clone(), value: value.into() })?;
        let added = match node.kind() {
            Kind::Object => container.key("fresh"),
            _ => container.index(count),
        };
        let shrunk = edit(&grown, &Change::Remove { path: added })?;
        prop_assert!(document.root().means_same(shrunk.root()));
        // In an otherwise empty container the comment above is taken for one about the member.
        if count > 0 || !node.source().contains('/') {
            prop_assert!(document.comments().eq(shrunk.comments()), "{:?}", shrunk.source());
        }
        if count > 0 {
            prop_assert_eq!(shrunk.source(), &source, "by way of {:?}", grown.source());
        }
    }

    #[test]
    fn removing_anything_keeps_the_rest(source in documents(), choice: prop::sample::Index) {
        let document = parse(&source);
        let path = pick(&document, choice).path();
        if path.is_root() {
            return Ok(());
        }
        let edited = edit(&document, &Change::Remove { path: path.clone() })?;
        let again = edit(&edited, &Change::Remove { path });
        // An index names the next element, or none.
        if let Ok(again) = again {
            prop_assert!(again.source().len() <= edited.source().len());
        }
    }

    #[test]
    fn switched_off_members_are_never_removed_with_a_neighbour(
        source in documents(), choice: prop::sample::Index,
    ) {
        let document = parse(&source);
        let node = pick(&document, choice);
        let Some(parent) = node.parent().filter(|parent| parent.kind() == Kind::Object) else {
            return Ok(());
        };
        let off = |text: &str| text.matches("// off_").count();
        let key = node.key().expect("a member");
        let inside: usize = parent.all(&key).map(|dead| off(dead.source())).sum();
        let edited = edit(&document, &Change::Remove { path: node.path() })?;
        prop_assert_eq!(off(edited.source()), off(&source) - inside);
    }

    #[test]
    fn inserting_an_element_holds(
        source in documents(), choice: prop::sample::Index, at: prop::sample::Index, value in values(),
    ) {
        let document = parse(&source);
        let node = pick(&document, choice);
        if node.kind() != Kind::Array {
            return Ok(());
        }
        let path = node.path().index(at.index(node.children().count() + 1));
        let grown = edit(&document, &Change::Insert { path: path.clone(), value: value.into() })?;
        prop_assert!(document.comments().count() <= grown.comments().count());
        let shrunk = edit(&grown, &Change::Remove { path })?;
        prop_assert!(document.root().means_same(shrunk.root()));
    }

    #[test]
    fn moving_anything_anywhere_holds(
        source in documents(), from: prop::sample::Index, to: prop::sample::Index, deep: bool,
    ) {
        let document = parse(&source);
        let node = pick(&document, from);
        let from = node.path();
        let Some(to) = fresh_path(pick(&document, to), deep) else { return Ok(()) };
        if from.is_root() || to.starts_with(&from) {
            return Ok(());
        }
        let comments = document.comments().count();
        let dead = match (node.parent(), node.key()) {
            (Some(parent), Some(key)) => parent.all(&key).count() > 1,
            _ => false,
        };
        let moved = edit(&document, &Change::Move { from, to })?;
        if !dead {
            prop_assert_eq!(moved.comments().count(), comments, "{:?} to {:?}", &source, moved.source());
        }
    }

    #[test]
    fn reordering_elements_holds(
        source in documents(), choice: prop::sample::Index, from: prop::sample::Index,
        to: prop::sample::Index,
    ) {
        let document = parse(&source);
        let node = pick(&document, choice);
        let count = node.children().count();
        if node.kind() != Kind::Array || count == 0 {
            return Ok(());
        }
        let (from, to) = (node.path().index(from.index(count)), node.path().index(to.index(count)));
        let moved = edit(&document, &Change::Move { from, to })?;
        prop_assert_eq!(moved.comments().count(), document.comments().count());
    }

    #[test]
    fn renaming_changes_the_key_only(source in documents(), choice: prop::sample::Index) {
        let document = parse(&source);
        let node = pick(&document, choice);
        let Some((parent, Segment::Key(key))) = node.path().split_last().map(|(p, s)| (p, s.clone()))
        else {
            return Ok(());
        };
        let single = node.parent().is_some_and(|parent| parent.all(&key).count() == 1);
        let to = parent.key("renamed");
        let renamed = edit(&document, &Change::Move { from: node.path(), to: to.clone() })?;
        let back = edit(&renamed, &Change::Move { from: to, to: node.path() })?;
        if single && (key.as_str().is_some_and(|key| PLAIN_KEYS.contains(&key))) {
            prop_assert_eq!(back.source(), &source);
        }
    }

    #[test]
    fn the_other_reader_agrees(source in documents()) {
        let theirs: serde_json::Value = json5::from_str(source.trim_start_matches('\u{FEFF}'))
            .map_err(|error| TestCaseError::fail(format!("{error}: {source:?}")))?;
        prop_assert!(same(&parse(&source).root().to_value(), &theirs), "{:?}", source);
    }

    #[test]
    fn broken_documents_are_faults_or_read_alike(
        source in documents(), at: prop::sample::Index, with in "[{}\\[\\]:,\"'/*\\\\a0 \n]{0,2}",
    ) {
        let places: Vec<usize> = source.char_indices().map(|(place, _)| place).collect();
        let place = places[at.index(places.len())];
        let mut broken = source.clone();
        let length = source[place..].chars().next().map_or(0, char::len_utf8);
        broken.replace_range(place..place + length, &with);
        let theirs = json5::from_str::<serde_json::Value>(broken.trim_start_matches('\u{FEFF}'));
        match (Document::parse(broken.as_str(), Format::Json5), theirs) {
            (Ok(ours), Ok(theirs)) => {
                prop_assert!(same(&ours.root().to_value(), &theirs), "{:?}", broken);
            }
            (Err(fault), Err(_)) => prop_assert!(fault.offset <= broken.len()),
            (ours, theirs) => {
                let (ours, theirs) = (ours.is_ok(), theirs.is_ok());
                prop_assert!(false, "ours {}, theirs {}: {:?}", ours, theirs, broken);
            }
        }
    }
}

fn same(ours: &Value, theirs: &serde_json::Value) -> bool {
    match (ours, theirs) {
        (Value::Null, serde_json::Value::Null) => true,
        (Value::Bool(one), serde_json::Value::Bool(two)) => one == two,
        (Value::Integer(one), serde_json::Value::Number(two)) => {
            two.as_i64() == Some(*one) || two.as_f64() == one.to_string().parse().ok()
        }
        (Value::Float(one), serde_json::Value::Number(two)) => two.as_f64() == Some(*one),
        (Value::String(one), serde_json::Value::String(two)) => *one == two.as_str(),
        (Value::Array(one), serde_json::Value::Array(two)) => {
            one.len() == two.len() && one.iter().zip(two).all(|(one, two)| same(one, two))
        }
        (Value::Object(one), serde_json::Value::Object(two)) => {
            one.len() == two.len()
                && one.iter().all(|(key, one)| {
                    key.as_str().and_then(|key| two.get(key)).is_some_and(|two| same(one, two))
                })
        }
        _ => false,
    }
}
