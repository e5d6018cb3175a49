//! The cases every editor of JSON5 was measured with, each by its name.

use super::{parse, relocate, remove};
use crate::doc::{Change, Value};

#[track_caller]
fn edit(source: &str, changes: &[Change]) -> String {
    parse(source).edit(changes).expect("an edit that can be made").source().to_owned()
}

fn set(to: &str, value: Value) -> Change {
    Change::Set { path: super::path(to), value: value.into() }
}

#[test]
fn s07_the_live_one_of_a_duplicated_key_is_set() {
    let out = edit("{\n  mode: \"a\",\n  mode: \"b\",\n}\n", &[set("mode", Value::string("c"))]);
    assert_eq!(out, "{\n  mode: \"a\",\n  mode: \"c\",\n}\n");
}

#[test]
fn s12_a_key_behind_a_comment_that_ends_at_u2028_is_set() {
    let source = "{\n  mode: \"local\", // x\u{2028} exec: \"full\",\n}\n";
    let out = edit(source, &[set("exec", Value::string("deny"))]);
    assert_eq!(out, "{\n  mode: \"local\", // x\u{2028} exec: \"deny\",\n}\n");
}

#[test]
fn s02_single_quotes_stay() {
    let source = "{\n  bind: 'loopback',\n  mode: 'local',\n}\n";
    let out = edit(source, &[set("bind", Value::string("lan"))]);
    assert_eq!(out, "{\n  bind: 'lan',\n  mode: 'local',\n}\n");
}

#[test]
fn i03_a_comma_is_put_before_the_comment_of_the_last_member() {
    let out = edit("{\n  a: 1,\n  b: 2 // two\n}\n", &[set("c", Value::Integer(3))]);
    assert_eq!(out, "{\n  a: 1,\n  b: 2, // two\n  c: 3\n}\n");
}

#[test]
fn i05_an_object_on_one_line_keeps_its_padding() {
    let source = "{\n  auth: { mode: \"token\", token: \"x\" },\n}\n";
    let out = edit(source, &[set("auth.ttl", Value::Integer(5))]);
    assert_eq!(out, "{\n  auth: { mode: \"token\", token: \"x\", ttl: 5 },\n}\n");
}

#[test]
fn i10_an_object_with_only_a_comment_keeps_it() {
    let source = "{\n  agents: {\n    // none yet\n  },\n}\n";
    let out = edit(source, &[set("agents.x", Value::Integer(1))]);
    assert_eq!(out, "{\n  agents: {\n    // none yet\n    x: 1,\n  },\n}\n");
}

#[test]
fn i16_comments_behind_the_last_member_are_not_adopted() {
    let out = edit("{\n  a: 1,\n  // b: 2,\n}\n", &[set("c", Value::Integer(3))]);
    assert_eq!(out, "{\n  a: 1,\n  c: 3,\n  // b: 2,\n}\n");
}

#[test]
fn r02_a_member_goes_with_its_own_comments_only() {
    let source =
        "{\n  a: 1, // one\n  // about b\n  b: 2, // two\n  // about c\n  c: 3, // three\n}\n";
    assert_eq!(
        edit(source, &[remove("b")]),
        "{\n  a: 1, // one\n  // about c\n  c: 3, // three\n}\n"
    );
}

#[test]
fn r04_the_comma_before_a_removed_last_member_goes() {
    let out = edit("{\n  a: 1, // one\n  b: 2 // two\n}\n", &[remove("b")]);
    assert_eq!(out, "{\n  a: 1 // one\n}\n");
}

#[test]
fn r09_a_section_header_stays() {
    let source = "{\n  // ---- section ----\n\n  // about a\n  a: 1,\n  b: 2,\n}\n";
    assert_eq!(edit(source, &[remove("a")]), "{\n  // ---- section ----\n\n  b: 2,\n}\n");
}

#[test]
fn r12_a_switched_off_neighbour_stays() {
    let out = edit("{\n  a: 1,\n\n  // b: 2,\n\n  c: 3,\n}\n", &[remove("c")]);
    assert_eq!(out, "{\n  a: 1,\n\n  // b: 2,\n}\n");
}

#[test]
fn m01_a_member_moves_deeper_with_its_comments() {
    let source = "{\n  // routing of telegram\n  telegram: {\n    token: \"x\", // secret\n    /* who */\n    allow: [\"a\"],\n  }, // end tg\n  channels: {\n    discord: {\n      on: true,\n    },\n  },\n}\n";
    let out = "{\n  channels: {\n    discord: {\n      on: true,\n    },\n    // routing of telegram\n    telegram: {\n      token: \"x\", // secret\n      /* who */\n      allow: [\"a\"],\n    }, // end tg\n  },\n}\n";
    assert_eq!(edit(source, &[relocate("telegram", "channels.telegram")]), out);
}

#[test]
fn m04_the_lines_of_a_string_are_not_indented_anew() {
    let source = "{\n  a: {\n    t: \"x\\\n  y\",\n    u: 1,\n  },\n  b: {\n    c: {\n      d: 1,\n    },\n  },\n}\n";
    let out = "{\n  b: {\n    c: {\n      d: 1,\n      a: {\n        t: \"x\\\n  y\",\n        u: 1,\n      },\n    },\n  },\n}\n";
    assert_eq!(edit(source, &[relocate("a", "b.c.a")]), out);
}
