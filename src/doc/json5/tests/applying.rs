//! Desired texts: what is added comes with its comments and its spelling.

use std::sync::Arc;

use proptest::prelude::*;

use super::documents::{Dress, objects, write};
use super::parse;
use crate::doc::{Change, Document, Format, Incoming, KeyPath, Kind, Node, merge_patch, reconcile};

fn desired(text: &str) -> Incoming {
    Incoming::of(&Arc::new(parse(text)))
}

#[track_caller]
fn check(source: &str, wanted: &str, expected: &str) {
    let document = parse(source);
    let changes = reconcile(&KeyPath::root(), &document.root().to_value(), &desired(wanted));
    let edited = document.edit(&changes).expect("a possible edit");
    assert_eq!(edited.source(), expected);
}

#[track_caller]
fn check_patch(source: &str, patch: &str, expected: &str) {
    let document = parse(source);
    let changes = merge_patch(&document.root().to_value(), &desired(patch), &[]);
    let changes = changes.expect("no array shrinks");
    assert_eq!(document.edit(&changes).expect("a possible edit").source(), expected);
}

#[test]
fn added_members_come_with_comments_and_spelling() {
    check(
        "{\n  a: 1, // one\n}\n",
        "{\n  a: 1, // not this one\n\n  // about b\n  'b': 0x10, // hex\n  // to the end\n}\n",
        "{\n  a: 1, // one\n  // about b\n  'b': 0x10, // hex\n}\n",
    );
    check(
        "{\n    a: 1,\n}\n",
        "{\n  a: 1,\n  channels: { // why\n    telegram: {\n      /* who\n         else */\n      allow: ['a'],\n    },\n  },\n}\n",
        "{\n    a: 1,\n    channels: { // why\n        telegram: {\n            /* who\n               else */\n            allow: ['a'],\n        },\n    },\n}\n",
    );
    check(
        "{\r\n\ta: {\r\n\t\tb: 1\r\n\t}\r\n}\r\n",
        "{\n  a: {\n    b: 1,\n    // c\n    c: {\n      d: 1,\n    },\n  },\n}\n",
        "{\r\n\ta: {\r\n\t\tb: 1,\r\n\t\t// c\r\n\t\tc: {\r\n\t\t\td: 1,\r\n\t\t}\r\n\t}\r\n}\r\n",
    );
    check("{ a: 1 }\n", "{ a: 1, b: .5, /* c */ c: +3 }", "{ a: 1, b: .5, /* c */ c: +3 }\n");
    check("{ a: 1 }", "{\n  a: 1,\n  // b\n  b: 2\n}", "{ a: 1,\n  // b\n  b: 2 }");
}

#[test]
fn added_members_stand_where_they_stood() {
    check(
        "{\n  a: 1, // one\n  d: 4,\n}\n",
        "{\n  a: 1,\n  // b\n  b: 2,\n  c: 3, // c\n  d: 4,\n}\n",
        "{\n  a: 1, // one\n  // b\n  b: 2,\n  c: 3, // c\n  d: 4,\n}\n",
    );
    check(
        "{\n  // of b\n  b: 2,\n}\n",
        "{\n  // first\n  a: { x: 1 },\n  b: 2,\n}\n",
        "{\n  // first\n  a: { x: 1 },\n  // of b\n  b: 2,\n}\n",
    );
    check(
        "{\"a\": 1, \"c\": 3}",
        "{\"a\": 1, \"b\": 2, \"c\": 3}",
        "{\"a\": 1, \"b\": 2, \"c\": 3}",
    );
    check(
        "{\n  x: { c: 3, own: 1 },\n}\n",
        "{\n  x: { a: 1, b: 2, c: 3 },\n}\n",
        "{\n  x: { a: 1, b: 2, c: 3 },\n}\n",
    );
}

#[test]
fn comments_of_the_file_win_and_headers_stay_behind() {
    check(
        "{\n  // ours\n  a: 1,\n}\n",
        "{\n  // theirs\n  a: 2, // two\n  // ---- section ----\n\n  b: 3,\n}\n",
        "{\n  // ours\n  a: 2,\n  b: 3,\n}\n",
    );
}

#[test]
fn strings_with_line_continuations_are_not_indented_anew() {
    check(
        "{\n    a: 1,\n}\n",
        "{\n  a: 1,\n  b: {\n    t: 'x\\\n  y', // t\n  },\n}\n",
        "{\n    a: 1,\n    b: {\n        t: 'x\\\n  y', // t\n    },\n}\n",
    );
}

#[test]
fn elements_come_with_their_comments() {
    check(
        "{\n  l: [\n    'a', // a\n    'c', // c\n  ],\n}\n",
        "{\n  l: [\n    'a',\n    // about b\n    \"b\", // b\n    'c',\n    'd', // d\n  ],\n}\n",
        "{\n  l: [\n    'a', // a\n    // about b\n    \"b\", // b\n    'c', // c\n    'd', // d\n  ],\n}\n",
    );
    check(
        "{\n  l: [\n    { id: 'a' },\n  ],\n}\n",
        "{\n  l: [\n    // new\n    { id: 'b', /* n */ n: 0x1 },\n    { id: 'a' },\n  ],\n}\n",
        "{\n  l: [\n    // new\n    { id: 'b', /* n */ n: 0x1 },\n    { id: 'a' },\n  ],\n}\n",
    );
}

#[test]
fn another_value_keeps_the_comments_around_it() {
    check(
        "{\n  // ours\n  a: 1, // one\n}\n",
        "{\n  // theirs\n  a: { // in\n    b: 0x1, // b\n  },\n}\n",
        "{\n  // ours\n  a: { // in\n    b: 0x1, // b\n  }, // one\n}\n",
    );
    check("{ a: 1, b: 'x' }", "{ a: 0xFF, b: \"y\", }", "{ a: 0xFF, b: 'y' }");
}

#[test]
fn strict_json_stays_strict_and_gives_no_style() {
    check(
        "{\n  \"a\": 1\n}\n",
        "{\n  a: 1,\n  // b\n  b: { c: 0x10, },\n}\n",
        "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": 16\n  }\n}\n",
    );
    check("{\n  a: 'x',\n}\n", "{\"a\": \"x\", \"b\": \"y\"}", "{\n  a: 'x',\n  b: 'y',\n}\n");
}

#[test]
fn what_a_patch_adds_comes_without_its_nulls() {
    check_patch(
        "{\n  a: 1,\n}\n",
        "{\n  // b\n  b: {\n    // gone\n    c: null,\n    // kept\n    d: 0x1,\n    e: { f: null }, // e\n  },\n}\n",
        "{\n  a: 1,\n  // b\n  b: {\n    // kept\n    d: 0x1,\n    e: {}, // e\n  },\n}\n",
    );
    check_patch(
        "{\n  l: [\n    { id: 'a', x: 1 },\n  ],\n}\n",
        "{\n  l: [\n    { id: 'a', /* y */ y: 2 },\n    // b\n    { id: 'b', n: null },\n  ],\n}\n",
        "{\n  l: [\n    { id: 'a', x: 1, /* y */ y: 2 },\n    // b\n    { id: 'b' },\n  ],\n}\n",
    );
}

#[test]
fn the_comments_that_must_arrive_are_named_from_the_origin_alone() {
    let incoming = desired("{\n  // lost\n  a: 1, // too\n}");
    let node = incoming.written_in(Format::Json5).expect("JSON5");
    let member = node.get(&"a".into()).expect("a member");
    let origin = Arc::new(parse(node.document().source()));
    let value = Incoming::at(&origin, member);
    let change = Change::Set { path: KeyPath::root().key("a"), value };
    let arriving = super::super::arriving(&parse("{ b: 1 }"), &change);
    assert_eq!(arriving, ["// lost", "// too"]);
    assert_eq!(super::super::arriving(&parse("{\"b\": 1}"), &change), [""; 0]);
}

/// A document whose comments are told from those of another one.
fn marked(shape: &super::documents::Shape, seed: u64, dress: Dress) -> String {
    let mut text = write(shape, seed, dress);
    for word in ["// own ", "// end ", "/* in ", "/* block ", "// off_"] {
        let (mark, rest) = word.split_at(3);
        text = text.replace(word, &format!("{mark}new_{rest}"));
    }
    text
}

fn dresses() -> impl Strategy<Value = Dress> {
    prop_oneof![1 => Just(Dress::Strict), 5 => Just(Dress::Json5)]
}

fn comments_inside(node: Node<'_>) -> impl Iterator<Item = &str> {
    let spans = node.document().tree().comments().iter();
    spans
        .filter(move |span| node.span().contains(**span))
        .map(move |span| span.slice(node.document().source()))
}

/// The comments of `ours` inside of what `theirs` leaves as it is.
fn staying<'d>(ours: Node<'d>, theirs: Node<'_>, found: &mut Vec<&'d str>) {
    if ours.means_same(theirs) {
        found.extend(comments_inside(ours));
    } else if ours.kind() == Kind::Object && theirs.kind() == Kind::Object {
        for (key, member) in ours.members() {
            if let Some(twin) = theirs.get(&key) {
                staying(member, twin, found);
            }
        }
    }
}

fn words(comment: &str) -> Vec<&str> {
    comment.split_whitespace().collect()
}

fn is_strict(document: &Document) -> bool {
    let text = document.source().trim_start_matches('\u{FEFF}');
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_desired_text_is_brought_about_with_its_comments(
        ours in objects(), seed: u64, dress in dresses(),
        theirs in objects(), their_seed: u64, their_dress in dresses(),
    ) {
        let ours = parse(&write(&ours, seed, dress));
        let theirs = Arc::new(parse(&marked(&theirs, their_seed, their_dress)));
        let changes =
            reconcile(&KeyPath::root(), &ours.root().to_value(), &Incoming::of(&theirs));
        let edited = ours.edit(&changes).map_err(|error| TestCaseError::fail(
            format!("{error}: {:?} onto {:?}", theirs.source(), ours.source()),
        ))?;
        let shown = || format!("{:?} onto {:?} is {:?}", theirs.source(), ours.source(), edited.source());
        prop_assert!(edited.root().means_same(theirs.root()), "{}", shown());
        prop_assert!(!is_strict(&ours) || is_strict(&edited), "{}", shown());
        if !ours.source().contains('\r') {
            prop_assert!(!edited.source().contains('\r'), "{}", shown());
        }
        let mut found: Vec<Vec<&str>> = edited.comments().map(words).collect();
        let mut wanted = Vec::new();
        staying(ours.root(), theirs.root(), &mut wanted);
        if !is_strict(&ours) && !is_strict(&theirs) {
            for change in &changes {
                if let Change::Set { value, .. } | Change::Insert { value, .. } = change {
                    let node = value.written_in(Format::Json5).expect("all of it was written");
                    wanted.extend(comments_inside(node));
                }
            }
        }
        for comment in wanted {
            let place = found.iter().position(|other| *other == words(comment));
            prop_assert!(place.is_some(), "{comment:?} is lost: {}", shown());
            found.swap_remove(place.expect("just looked"));
        }
        let again = reconcile(&KeyPath::root(), &edited.root().to_value(), &Incoming::of(&theirs));
        prop_assert_eq!(again, vec![]);
    }
}
