//! Setting values, each as text before, change and text after.

use super::{check, parse, path, relocate, remove, set, try_edit};
use crate::doc::{Change, EditError, MAX_DEPTH, Value};

#[test]
fn scalars_are_replaced_in_place() {
    check("{a: 1}", &set("a", "2"), "{a: 2}");
    check("{\"a\": \"x\"}", &set("a", "'y'"), "{\"a\": \"y\"}");
    check("{'a': 'x'}", &set("a", "\"it's\""), "{'a': 'it\\'s'}");
    check("{a: 'x', b: 1}", &set("b", "'y'"), "{a: 'x', b: 'y'}");
    check("{a: \"x\", b: 'y', c: 1}", &set("c", "'z'"), "{a: \"x\", b: 'y', c: 'z'}");
    check("{a: 1 /* one */, // two\n}", &set("a", "true"), "{a: true /* one */, // two\n}");
    check("{a /* k */ : /* v */ 1}", &set("a", "null"), "{a /* k */ : /* v */ null}");
    check("\u{feff}{a: 1}\r\n", &set("a", "-0"), "\u{feff}{a: -0}\r\n");
    check("{a: 'x\\\n  y'}", &set("a", "'z'"), "{a: 'z'}");
    check("{\\u0061: 1}", &set("a", "Infinity"), "{\\u0061: Infinity}");
    check("[1, 2, 3]", &set("[1]", "-2.5"), "[1, -2.5, 3]");
    check(
        "[{id: 'a', x: 1}, {id: 'b', x: 1}]",
        &set("[id=b].x", "2"),
        "[{id: 'a', x: 1}, {id: 'b', x: 2}]",
    );
    check("1", &set(".", "2"), "2");
    check("// c\n'x' // d\n", &set(".", "'y'"), "// c\n'y' // d\n");
    check("{a: 1}", &set("a", "1e300"), "{a: 1e+300}");
}

#[test]
fn what_the_text_means_already_is_left() {
    check("{a: 0x10}", &set("a", "16"), "{a: 0x10}");
    check("{a: 'x'}", &set("a", "\"x\""), "{a: 'x'}");
    check("{a: {b: 1, c: [1,2]}}", &set("a", "{c: [1, 2.0], b: 1.0}"), "{a: {b: 1, c: [1,2]}}");
    check("{a: 1, a: 2}", &set("a", "2"), "{a: 1, a: 2}");
    check("{a: NaN}", &set("a", "NaN"), "{a: NaN}");
    check("{a: 1}", &remove("b"), "{a: 1}");
    check("{a: 1}", &relocate("a", "a"), "{a: 1}");
}

#[test]
fn containers_are_replaced_in_the_style_around() {
    check(
        "{\n  a: 1,\n  b: {\n    c: 2,\n  },\n}\n",
        &set("a", "{x: 1, y: {z: [1, 2]}}"),
        "{\n  a: {\n    x: 1,\n    y: {\n      z: [1, 2],\n    },\n  },\n  b: {\n    c: 2,\n  },\n}\n",
    );
    check(
        "{\n  a: 1,\n  b: { c: 2 },\n}\n",
        &set("a", "{x: 1, y: {z: [1, 2]}}"),
        "{\n  a: { x: 1, y: { z: [1, 2] } },\n  b: { c: 2 },\n}\n",
    );
    check(
        "{\n\t\"a\": 1,\n\t\"b\": [\n\t\t1\n\t]\n}\n",
        &set("a", "['x', 'y']"),
        "{\n\t\"a\": [\n\t\t\"x\",\n\t\t\"y\"\n\t],\n\t\"b\": [\n\t\t1\n\t]\n}\n",
    );
    check(
        "{\n  a: 1,\n  b: ['x'],\n}\n",
        &set("a", "['x', 'y']"),
        "{\n  a: ['x', 'y'],\n  b: ['x'],\n}\n",
    );
    check(
        "{\n  a: {\n    // gone\n    b: 1,\n  },\n}\n",
        &set("a", "{c: 2}"),
        "{\n  a: {\n    c: 2,\n  },\n}\n",
    );
    check("{a: {}}", &set("a", "[]"), "{a: []}");
    check("{\n  a: 1\n}\n", &set(".", "{b: {c: 2}}"), "{\n  b: {\n    c: 2\n  }\n}\n");
    check(
        "{\"a\":1,\"b\":[1,2]}",
        &set("a", "{x: [1, {y: 2}]}"),
        "{\"a\":{\"x\":[1,{\"y\":2}]},\"b\":[1,2]}",
    );
}

#[test]
fn strict_json_stays_strict() {
    check("{\"a\": 1}", &set("b", "'x'"), "{\"a\": 1, \"b\": \"x\"}");
    check(
        "{\n  \"a\": 1\n}\n",
        &set("b", "{c: [1, {d: 2}], e: {}}"),
        "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": [\n      1,\n      {\n        \"d\": 2\n      }\n    ],\n    \"e\": {}\n  }\n}\n",
    );
    check("{\n  \"a\": []\n}\n", &set("a[+]", "'x'"), "{\n  \"a\": [\"x\"]\n}\n");
    check(
        "{\"a\": \"x\"}",
        &set("a", "'\\ud800 \\u2028 \\x07 \\v\"'"),
        "{\"a\": \"\\ud800 \\u2028 \\u0007 \\u000b\\\"\"}",
    );
    check(
        "{\"a\": 1, \"b\": {\"c\": 1}}",
        &relocate("a", "b.a2"),
        "{\"b\": {\"c\": 1, \"a2\": 1}}",
    );
    check("{\"a\": 1, \"b\": 2}", &relocate("a", "x"), "{\"x\": 1, \"b\": 2}");
    check("{\n  \"a\": 1,\n  \"b\": 2\n}", &remove("b"), "{\n  \"a\": 1\n}");
    check("null", &set(".", "{a: 1}"), "{\n  \"a\": 1\n}");
}

#[track_caller]
fn check_unwritable(source: &str, value: Value, expected: &'static str) {
    let change = Change::Set { path: path("a"), value: value.into() };
    match try_edit(source, &change) {
        Err(EditError::Unwritable { what, .. }) => assert_eq!(what, expected),
        other => panic!("{other:?}"),
    }
}

#[test]
fn values_without_a_spelling_are_refused() {
    check_unwritable("{\"a\": 1}", Value::Float(f64::NAN), "`NaN`");
    let nested = Value::Array(vec![Value::Float(f64::NEG_INFINITY)]);
    check_unwritable("{\"a\": 1}", nested, "an infinite number");
    check_unwritable("{\"b\": 1}", Value::Float(f64::INFINITY), "an infinite number");
    check_unwritable("{a: 1}", Value::Datetime("2026-01-01".to_owned()), "a date");
}

#[test]
fn changes_are_made_in_order() {
    let changes = [
        set("a.list[+]", "{id: 'x'}"),
        set("a.list[id=x].on", "true"),
        relocate("a.list[id=x]", "b"),
        remove("a"),
    ];
    let edited = parse("{\n  a: {},\n}\n").edit(&changes).expect("edits that can be made");
    assert_eq!(edited.source(), "{\n  b: {\n    id: \"x\",\n    on: true,\n  },\n}\n");
}

#[test]
fn deep_documents_are_edited_without_recursion() {
    let depth = MAX_DEPTH - 1;
    let source = format!("{{a: {}{}, b: 1}}", "[".repeat(depth), "]".repeat(depth));
    let document = parse(&source);
    let edited = document.edit(&[set("b", "2")]).expect("an edit that can be made");
    assert!(edited.source().ends_with("], b: 2}"));
    let moved = document.edit(&[relocate("a", "c")]).expect("an edit that can be made");
    assert!(moved.source().starts_with("{c: [["));
    let gone = document.edit(&[remove("a")]).expect("an edit that can be made");
    assert_eq!(gone.source(), "{b: 1}");
}

/// A [`Value`] is compared, copied and dropped by recursion, so the deepest need a larger stack
/// than the one of a test; their spelling does not.
#[test]
fn deep_values_are_spelled_and_read_back() {
    let test = || {
        let depth = MAX_DEPTH - 1;
        let document = parse(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        let value = document.root().to_value();
        assert!(document.root().means(&value));
        let change = Change::Set { path: path("a"), value: value.into() };
        let edited = parse("{ b: 1 }").edit(&[change]).expect("an edit that can be made");
        assert_eq!(edited.source().matches('[').count(), depth);
    };
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(test);
    thread.expect("a thread").join().expect("the test passed");
}
