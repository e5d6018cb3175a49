//! What holds of every edit of every document: properties over generated ones.

use proptest::prelude::*;
use proptest::sample::Index;

use super::super::{Change, Document, EditError, Format, KeyPath, Kind, Node, Segment, Value};
use super::generated;

fn parse(source: &str) -> Document {
    Document::parse(source, Format::Toml).expect("a valid document")
}

/// A key path that may or may not lead somewhere in the document.
fn somewhere(root: Node<'_>, index: Index, child: Option<&str>) -> KeyPath {
    let nodes = generated::nodes(root);
    let at =
        if nodes.is_empty() { KeyPath::root() } else { nodes[index.index(nodes.len())].path() };
    match child {
        Some("+") => at.join(Segment::Append),
        Some(key) => at.key(key),
        None => at,
    }
}

/// Edits and holds the result against everything that is promised of it.
fn check_properties(
    document: &Document,
    change: &Change,
) -> Result<Option<Document>, TestCaseError> {
    let edited = match document.edit(std::slice::from_ref(change)) {
        Ok(edited) => edited,
        Err(EditError::Unverified { check, .. }) => {
            return Err(TestCaseError::fail(format!("{check}: {change:?}\n{}", document.source())));
        }
        Err(EditError::Unwritable { what, .. }) => {
            let known =
                ["a value other than a table in an array of tables", "a document that is no table"];
            prop_assert!(known.contains(&what), "{what}: {change:?}\n{}", document.source());
            return Ok(None);
        }
        Err(_) => return Ok(None),
    };
    let (before, after) = (document.source(), edited.source());
    prop_assert_eq!(before.starts_with('\u{feff}'), after.starts_with('\u{feff}'));
    let (crlf, bare) = (after.contains("\r\n"), after.replace("\r\n", "").contains('\n'));
    prop_assert!(
        if before.contains("\r\n") { !bare } else { !crlf },
        "line ends: {change:?}\n{before:?}\n{after:?}"
    );
    let text = |text: &str| !text.trim_start_matches('\u{feff}').is_empty();
    if text(before) && text(after) {
        prop_assert_eq!(before.ends_with('\n'), after.ends_with('\n'), "{:?}\n{:?}", before, after);
    }
    Ok(Some(edited))
}

fn is_scalar(node: Node<'_>) -> bool {
    !matches!(node.kind(), Kind::Array | Kind::Object)
}

proptest! {
    #![proptest_config(generated::config())]

    #[test]
    fn setting_is_proved_and_idempotent(
        source in generated::document(),
        index in any::<Index>(),
        child in prop::sample::select(vec![None, None, Some("a"), Some("n.n"), Some("+")]),
        value in generated::new_value(),
    ) {
        let document = parse(&source);
        let change = Change::Set { path: somewhere(document.root(), index, child), value: value.into() };
        let Some(edited) = check_properties(&document, &change)? else { return Ok(()) };
        if child != Some("+") {
            let again = check_properties(&edited, &change)?.expect("the same change");
            prop_assert_eq!(again.source(), edited.source());
        }
    }

    #[test]
    fn a_scalar_set_and_set_back_gives_the_old_bytes(
        source in generated::document(),
        index in any::<Index>(),
    ) {
        let document = parse(&source);
        let nodes: Vec<Node<'_>> =
            generated::nodes(document.root()).into_iter().filter(|node| is_scalar(*node)).collect();
        if nodes.is_empty() {
            return Ok(());
        }
        let node = nodes[index.index(nodes.len())];
        let change = Change::Set { path: node.path(), value: Value::string("\u{1}other").into() };
        let edited = check_properties(&document, &change)?.expect("scalars can be replaced");
        let span = node.span().range();
        prop_assert_eq!(&edited.source()[..span.start], &source[..span.start]);
        prop_assert!(edited.source().ends_with(&source[span.end..]));
    }

    #[test]
    fn a_new_key_removed_again_gives_the_old_bytes(
        source in generated::document(),
        index in any::<Index>(),
    ) {
        let document = parse(&source);
        let nodes: Vec<Node<'_>> = generated::nodes(document.root())
            .into_iter()
            .filter(|node| node.kind() == Kind::Object)
            .collect();
        let at = if nodes.is_empty() { KeyPath::root() } else { nodes[index.index(nodes.len())].path() };
        let at = at.key("fresh");
        let change = Change::Set { path: at.clone(), value: Value::Integer(1).into() };
        let edited = check_properties(&document, &change)?.expect("a new key");
        let back = check_properties(&edited, &Change::Remove { path: at })?.expect("just added");
        prop_assert!(back.root().means_same(document.root()));
        let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let (old, new) = (letters(&source), letters(back.source()));
        // Only a header that the key needed may be left.
        let headers = |text: &str| text.lines().filter(|line| line.trim_start_matches(['\u{feff}', ' ', '\t']).starts_with('[')).count();
        prop_assert!(
            old == new || headers(back.source()) == headers(&source) + 1,
            "{}", edited.source()
        );
    }

    #[test]
    fn inserting_is_proved(
        source in generated::document(),
        index in any::<Index>(),
        place in any::<Index>(),
        value in generated::new_value(),
    ) {
        let document = parse(&source);
        let arrays: Vec<Node<'_>> = generated::nodes(document.root())
            .into_iter()
            .filter(|node| node.kind() == Kind::Array)
            .collect();
        if arrays.is_empty() {
            return Ok(());
        }
        let array = arrays[index.index(arrays.len())];
        let place = place.index(array.children().count() + 1);
        check_properties(&document, &Change::Insert { path: array.path().index(place), value: value.into() })?;
    }

    #[test]
    fn removing_is_proved(source in generated::document(), index in any::<Index>()) {
        let document = parse(&source);
        let change = Change::Remove { path: somewhere(document.root(), index, None) };
        if let Some(edited) = check_properties(&document, &change)? {
            // Everything left stands in the old text.
            for comment in edited.comments() {
                prop_assert!(source.contains(comment));
            }
        }
    }

    #[test]
    fn moving_is_proved(
        source in generated::document(),
        from in any::<Index>(),
        to in any::<Index>(),
        child in prop::sample::select(vec![None, Some("n"), Some("a"), Some("+")]),
    ) {
        let document = parse(&source);
        let from = somewhere(document.root(), from, None);
        let to = somewhere(document.root(), to, child);
        if let Some(edited) = check_properties(&document, &Change::Move { from, to })? {
            prop_assert_eq!(edited.comments().count(), document.comments().count());
        }
    }
}
