//! Edits of TOML as text before and text after.

use super::super::{Change, Document, Format, KeyPath, Value};

fn parse(source: &str) -> Document {
    Document::parse(source, Format::Toml).expect("a valid document")
}

fn path(text: &str) -> KeyPath {
    text.parse().expect("a good path")
}

/// A value in the notation of TOML.
fn value(text: &str) -> Value {
    let document = parse(&format!("v = {text}"));
    document.root().to_value().get("v").expect("the only key").clone()
}

fn set(at: &str, to: &str) -> Change {
    Change::Set { path: path(at), value: value(to).into() }
}

fn insert(at: &str, new: &str) -> Change {
    Change::Insert { path: path(at), value: value(new).into() }
}

fn remove(at: &str) -> Change {
    Change::Remove { path: path(at) }
}

fn relocate(from: &str, to: &str) -> Change {
    Change::Move { from: path(from), to: path(to) }
}

#[track_caller]
fn check(before: &str, change: &Change, after: &str) {
    let edited = parse(before).edit(std::slice::from_ref(change));
    let edited = edited.unwrap_or_else(|error| panic!("{error}: {before:?}"));
    assert_eq!(edited.source(), after, "\n--- is\n{}\n--- should be\n{after}", edited.source());
}

#[test]
fn values_are_replaced_in_place() {
    let replace =
        |before: &str, at: &str, to: &str, after: &str| check(before, &set(at, to), after);
    replace("a = 1 # keep\nb = 2\n", "a", "3", "a = 3 # keep\nb = 2\n");
    replace("a = 1\r\nb=2", "b", "3", "a = 1\r\nb=3");
    replace("\u{feff}a = 1", "a", "true", "\u{feff}a = true");
    replace("a = 'x'\n", "a", "\"y\"", "a = 'y'\n");
    replace("a = 'x'\n", "a", "\"it's\"", "a = \"it's\"\n");
    replace("a = \"\"\"\nx\ny\"\"\"\n", "a", "\"one\\ntwo\\n\"", "a = \"\"\"\none\ntwo\n\"\"\"\n");
    replace("a = \"\"\"\r\nx\"\"\"\r\n", "a", "\"one\\ntwo\"", "a = \"one\\ntwo\"\r\n");
    replace("x.a = 1\ny = 1\nx.b = 2\n", "x.b", "[1]", "x.a = 1\ny = 1\nx.b = [1]\n");
    replace("[t]\nd = 1979-05-27\n", "t.d", "2024-02-29", "[t]\nd = 2024-02-29\n");
    replace("a = { b = 1, c.d = 2 }\n", "a.c.d", "inf", "a = { b = 1, c.d = inf }\n");
    replace("[[a]]\nx = 1\n[[a]]\nx = 2\n", "a[1].x", "3", "[[a]]\nx = 1\n[[a]]\nx = 3\n");
    replace("[[a]]\nid = 'm'\nx = 1\n", "a[id=m].x", "3", "[[a]]\nid = 'm'\nx = 3\n");
    replace("a = [1, 0xFF, 3]\n", "a[1]", "2", "a = [1, 2, 3]\n");
    replace("a = 1\n", "a", "{ b = 1 }", "a = { b = 1 }\n");
    replace("a = [1, # one\n 2]\n", "a", "7", "a = 7\n");
}

#[test]
fn values_that_are_the_same_touch_nothing() {
    for (source, at, to) in [
        ("a = 0x10", "a", "16"),
        ("a = 'x'", "a", "\"x\""),
        ("a = { b = 1,c=[ 0x2 ] }", "a", "{ c = [2], b = 1 }"),
        ("[a.b]\nc = 1\n", "a", "{ b = { c = 1 } }"),
        ("a = 1.0", "a", "1"),
    ] {
        check(source, &set(at, to), source);
    }
}

#[test]
fn floats_stay_floats() {
    check("a = 1.5\n", &set("a", "2"), "a = 2.0\n");
    check("a = 1\n", &set("a", "2.0"), "a = 2.0\n");
    check("a = [1.5, 1]\n", &set("a", "[2, 2]"), "a = [2.0, 2]\n");
    check("[t]\na = 1.5\n", &set("t", "{ a = 2, b = 3 }"), "[t]\na = 2.0\nb = 3\n");
}

#[test]
fn new_keys_go_after_the_last_of_their_table() {
    let add = |before: &str, at: &str, after: &str| check(before, &set(at, "9"), after);
    add("", "a", "a = 9\n");
    add("\u{feff}", "a", "\u{feff}a = 9\n");
    add("a = 1", "b", "a = 1\nb = 9");
    add("a = 1\r\n", "b", "a = 1\r\nb = 9\r\n");
    add("a=1\n", "b", "a=1\nb=9\n");
    add("a = 1 # one\n\n[t]\n", "b", "a = 1 # one\nb = 9\n\n[t]\n");
    add("[t]\nx = 1\n", "b", "b = 9\n\n[t]\nx = 1\n");
    add("[t]\nx = 1\n[u]\n", "b", "b = 9\n[t]\nx = 1\n[u]\n");
    add("# about t\n[t]\n", "b", "b = 9\n\n# about t\n[t]\n");
    add("# file\n\n[t]\n", "b", "# file\n\nb = 9\n\n[t]\n");
    add("# file\n", "b", "# file\n\nb = 9\n");
    add("# file", "b", "# file\n\nb = 9");
    add("[t]\nx = 1\n\n[u]\n", "t.y", "[t]\nx = 1\ny = 9\n\n[u]\n");
    add("[t]\nx = 1\n# z = 3\n\n[u]\n", "t.y", "[t]\nx = 1\ny = 9\n# z = 3\n\n[u]\n");
    add("[t]\nx = 1\n# about u\n[u]\n", "t.y", "[t]\nx = 1\ny = 9\n# about u\n[u]\n");
    add("[t]\n# none yet\n\n[u]\n", "t.y", "[t]\n# none yet\n\ny = 9\n\n[u]\n");
    add("[t]\n# about u\n[u]\n", "t.y", "[t]\ny = 9\n# about u\n[u]\n");
    add("[t]\n\n[u]\n", "t.y", "[t]\ny = 9\n\n[u]\n");
    add("[t]", "t.y", "[t]\ny = 9");
    add("[t]\n  x = 1\n", "t.y", "[t]\n  x = 1\n  y = 9\n");
    add("[t]\n\tx = 1\n[t.u]\n", "t.u.y", "[t]\n\tx = 1\n[t.u]\n\ty = 9\n");
    add("[a.b]\nx = 1\n[a]\ny = 1\n", "a.z", "[a.b]\nx = 1\n[a]\ny = 1\nz = 9\n");
    add("[[a]]\nx = 1\n[[a]]\n", "a[0].y", "[[a]]\nx = 1\ny = 9\n[[a]]\n");
    add(
        "[[a]]\n[a.t]\nx = 1\n[[a]]\n[a.t]\n",
        "a[1].t.y",
        "[[a]]\n[a.t]\nx = 1\n[[a]]\n[a.t]\ny = 9\n",
    );
    add("[t]\nx = 1\n", "t[\"odd key\"]", "[t]\nx = 1\n\"odd key\" = 9\n");
    add("name  = 'x'\nid    = 1\n", "new", "name  = 'x'\nid    = 1\nnew   = 9\n");
    add("name  = 'x'\nid    = 1\n", "longest", "name  = 'x'\nid    = 1\nlongest = 9\n");
}

#[test]
fn new_keys_of_dotted_and_implicit_tables_keep_the_form() {
    let add = |before: &str, at: &str, after: &str| check(before, &set(at, "9"), after);
    add("a.b = 1\nc = 1\n", "a.d", "a.b = 1\na.d = 9\nc = 1\n");
    add("a.b = 1\nc = 1\na.e = 2\n[t]\n", "a.d", "a.b = 1\nc = 1\na.e = 2\na.d = 9\n[t]\n");
    add("a . 'b' . c = 1\n", "a.b.d", "a . 'b' . c = 1\na . 'b' . d = 9\n");
    add("[t]\na.b = 1\n", "t.a.d", "[t]\na.b = 1\na.d = 9\n");
    add("[a.b]\nx = 1\n", "a.d", "[a]\nd = 9\n\n[a.b]\nx = 1\n");
    add("x = 1\n\n# about b\n[a.b]\n", "a.d", "x = 1\n\n[a]\nd = 9\n\n# about b\n[a.b]\n");
    add("[a.b.c]\n[a.e]\n", "a.b.d", "[a.b]\nd = 9\n[a.b.c]\n[a.e]\n");
    add("t = { a.b = 1, c = 2 }\n", "t.a.d", "t = { a.b = 1, a.d = 9, c = 2 }\n");
}

#[test]
fn new_tables_look_like_their_siblings() {
    let add = |before: &str, at: &str, to: &str, after: &str| check(before, &set(at, to), after);
    add("", "a.b", "1", "[a]\nb = 1\n");
    add("", "a", "{ b = { c = 1 }, d = 2, e = {} }", "[a]\nd = 2\ne = {}\n\n[a.b]\nc = 1\n");
    add("x = 1\n", "a.b.c", "1", "x = 1\n\n[a.b]\nc = 1\n");
    add("x = 1", "a.b", "1", "x = 1\n\n[a]\nb = 1");
    add("[a]\nx = 1\n\n[b]\n", "a.c.y", "1", "[a]\nx = 1\n\n[a.c]\ny = 1\n\n[b]\n");
    add("[a]\nx = 1\n[b]\n", "a.c.y", "1", "[a]\nx = 1\n[a.c]\ny = 1\n[b]\n");
    add("[a]\r\nx = 1\r\n", "b.y", "1", "[a]\r\nx = 1\r\n\r\n[b]\r\ny = 1\r\n");
    add("[a]\nx = 1\n\n# the end\n", "b.y", "1", "[a]\nx = 1\n\n[b]\ny = 1\n\n# the end\n");
    add("[a]\nx = 1\n\n# z = 1\n", "b.y", "1", "[a]\nx = 1\n\n# z = 1\n\n[b]\ny = 1\n");
    add(
        "[a]\n\n  [a.b]\n    x = 1\n",
        "a.c.y",
        "1",
        "[a]\n\n  [a.b]\n    x = 1\n\n  [a.c]\n    y = 1\n",
    );
    add("a = { x = 1 }\n", "b.y", "1", "a = { x = 1 }\nb = { y = 1 }\n");
    add("a.x = 1\n", "b.y", "1", "a.x = 1\nb = { y = 1 }\n");
    add("a = { x = 1 }\n", "a.b.c", "1", "a = { x = 1, b = { c = 1 } }\n");
    add("a = {}\n", "a.b", "1", "a = { b = 1 }\n");
    add("[a]\n[b]\n", "c", "[{ x = 1 }]", "c = [{ x = 1 }]\n[a]\n[b]\n");
    add(
        "[[a]]\n\n[[b]]\n",
        "c",
        "[{ x = 1 }, { y = [] }]",
        "[[a]]\n\n[[b]]\n\n[[c]]\nx = 1\n\n[[c]]\ny = []\n",
    );
    add("[[a]]\nx = 1\n\n[[a]]\n", "a[0].t.y", "1", "[[a]]\nx = 1\n\n[a.t]\ny = 1\n\n[[a]]\n");
}

#[test]
fn array_elements_are_added_in_the_layout_of_the_array() {
    let add = |before: &str, change: &Change, after: &str| check(before, change, after);
    add("a = [1, 2]\n", &set("a[+]", "9"), "a = [1, 2, 9]\n");
    add("a = [1, 2,]\n", &set("a[+]", "9"), "a = [1, 2, 9,]\n");
    add("a = [ 1 ]\n", &set("a[+]", "9"), "a = [ 1, 9 ]\n");
    add("a = []\n", &set("a[+]", "9"), "a = [9]\n");
    add("b = 1\n", &set("a[+]", "9"), "b = 1\na = [9]\n");
    add(
        "a = [\n  1, # one\n  2, # two\n]\n",
        &set("a[+]", "9"),
        "a = [\n  1, # one\n  2, # two\n  9,\n]\n",
    );
    add(
        "a = [\r\n\t1,\r\n\t2 # two\r\n]\r\n",
        &set("a[+]", "9"),
        "a = [\r\n\t1,\r\n\t2, # two\r\n\t9\r\n]\r\n",
    );
    add("a = [\n 1,\n 2]\n", &set("a[+]", "9"), "a = [\n 1,\n 2,\n 9]\n");
    add("a = [\n  # none\n]\n", &set("a[+]", "9"), "a = [\n  # none\n  9,\n]\n");
    add("a = [\n  1, 2,\n  3, 4,\n]\n", &set("a[+]", "9"), "a = [\n  1, 2,\n  3, 4, 9,\n]\n");
    add(
        "a = [\n  1,\n  # off, so far\n  # 2,\n]\n",
        &set("a[+]", "9"),
        "a = [\n  1,\n  9,\n  # off, so far\n  # 2,\n]\n",
    );
    add("a = [1, 2]\n", &insert("a[0]", "9"), "a = [9, 1, 2]\n");
    add("a = [1, 2]\n", &insert("a[2]", "9"), "a = [1, 2, 9]\n");
    add(
        "a = [\n  1,\n  # about two\n  2,\n]\n",
        &insert("a[1]", "9"),
        "a = [\n  1,\n  9,\n  # about two\n  2,\n]\n",
    );
    add("a = [{ x = 1 }]\n", &set("a[+]", "{ x = 2 }"), "a = [{ x = 1 }, { x = 2 }]\n");
}

#[test]
fn elements_of_arrays_of_tables_get_headers() {
    let add = |before: &str, change: &Change, after: &str| check(before, change, after);
    add("[[a]]\nx = 1\n", &set("a[+]", "{ x = 2 }"), "[[a]]\nx = 1\n\n[[a]]\nx = 2\n");
    add(
        "[[a]]\nx = 1\n\n[b]\n",
        &set("a[+]", "{ x = 2 }"),
        "[[a]]\nx = 1\n\n[[a]]\nx = 2\n\n[b]\n",
    );
    add("[[a]]\nx = 1\n[a.b]\n[c]\n", &set("a[+]", "{}"), "[[a]]\nx = 1\n[a.b]\n[[a]]\n[c]\n");
    add(
        "[[a]]\nx = 1\n\n[[a]]\nx = 2\n",
        &insert("a[1]", "{ x = 9 }"),
        "[[a]]\nx = 1\n\n[[a]]\nx = 9\n\n[[a]]\nx = 2\n",
    );
    add(
        "# first\n[[a]]\nx = 1\n",
        &insert("a[0]", "{ x = 9 }"),
        "[[a]]\nx = 9\n\n# first\n[[a]]\nx = 1\n",
    );
    add(
        "[[a]]\nx = 1\n[[a]]\nx = 2\n[[a.b]]\ny = 1\n",
        &set("a[1].b[+]", "{ y = 2, z = { q = 1 } }"),
        "[[a]]\nx = 1\n[[a]]\nx = 2\n[[a.b]]\ny = 1\n[[a.b]]\ny = 2\n[a.b.z]\nq = 1\n",
    );
}

#[test]
fn removed_entries_take_their_own_comments() {
    let gone = |before: &str, at: &str, after: &str| check(before, &remove(at), after);
    gone("a = 1\nb = 2\nc = 3\n", "b", "a = 1\nc = 3\n");
    gone(
        "a = 1 # one\n# about b\nb = 2 # two\n# about c\nc = 3\n",
        "b",
        "a = 1 # one\n# about c\nc = 3\n",
    );
    gone("# ---- section ----\n\n# about a\na = 1\nb = 2\n", "a", "# ---- section ----\n\nb = 2\n");
    gone("a = 1\n# b = 2\nc = 3\n", "c", "a = 1\n# b = 2\n");
    gone("a = 1\n# about b\n# b = 2\n# about c\nc = 3\n", "c", "a = 1\n# about b\n# b = 2\n");
    gone("a = 1\n\n# b = 2\n\nc = 3\n", "c", "a = 1\n\n# b = 2\n");
    gone("a = 1\r\nb = 2", "b", "a = 1");
    gone("\u{feff}a = 1\nb = 2\n", "a", "\u{feff}b = 2\n");
    gone("a = 1\n", "a", "");
    gone("a = \"\"\"\nx\n\"\"\"\nb = 1\n", "a", "b = 1\n");
    gone("a = [\n  1, # one\n]\nb = 1\n", "a", "b = 1\n");
    gone("a.b = 1\nc = 1\na.d = 2\n", "a", "c = 1\n");
    gone("a.b = 1\nc = 1\na.d = 2\n", "a.b", "c = 1\na.d = 2\n");
    gone("a = 1\n", "b", "a = 1\n");
}

#[test]
fn removed_tables_take_their_sub_tables() {
    let gone = |before: &str, at: &str, after: &str| check(before, &remove(at), after);
    let source =
        "x = 1\n\n# about a\n[a]\ny = 1 # y\n\n[a.b] # b\nz = 1\n\n# about c\n[c]\n\n[a.d]\n";
    gone(source, "a", "x = 1\n\n# about c\n[c]\n");
    gone(source, "a.b", "x = 1\n\n# about a\n[a]\ny = 1 # y\n\n# about c\n[c]\n\n[a.d]\n");
    gone(source, "c", "x = 1\n\n# about a\n[a]\ny = 1 # y\n\n[a.b] # b\nz = 1\n\n[a.d]\n");
    gone("[a]\nx = 1\n# y = 1\n\n# z = 1\n\n# ---- b ----\n\n[b]\n", "a", "# ---- b ----\n\n[b]\n");
    gone(
        "[[a]]\nx = 1\n[[a]]\nx = 2\n[a.b]\n[[a]]\nx = 3\n",
        "a[1]",
        "[[a]]\nx = 1\n[[a]]\nx = 3\n",
    );
    gone("[[a]]\nx = 1\n[c]\n[[a]]\nx = 2\n", "a", "[c]\n");
    gone("[b]\n\n[[a]]\nx = 1\n", "a[0]", "a = []\n\n[b]\n");
    gone("a.x = 1\n[a.b]\ny = 1\n", "a", "");
}

#[test]
fn what_loses_its_only_member_stays_as_an_empty_table() {
    let gone = |before: &str, at: &str, after: &str| check(before, &remove(at), after);
    gone("a.b = 1 # one\nc = 1\n", "a.b", "a = {}\nc = 1\n");
    gone("a.b.c=1\n", "a.b.c", "a.b={}\n");
    gone("a.b.c = 1\na.b.d = 2\n", "a.b", "a = {}\n");
    gone("x = 1\n\n# about b\n[a.b] # b\ny = 1\n[c]\n", "a.b", "x = 1\n\n[a]\n[c]\n");
    gone("[[a.b]]\nx = 1\n[[a.b]]\n[c]\n", "a.b", "[a]\n[c]\n");
    gone("[a.b.c]\nx = 1\n", "a.b.c", "[a.b]\n");
    gone("[a]\nx = 1\n", "a.x", "[a]\n");
    gone("t = { a.b = 1, c = 2 }\n", "t.a.b", "t = { a = {}, c = 2 }\n");
    gone("t = { a.b.x = 1, c = 2, a.b.y = 1 }\n", "t.a.b", "t = { c = 2, a = {} }\n");
}

#[test]
fn removed_items_settle_their_commas() {
    let gone = |before: &str, at: &str, after: &str| check(before, &remove(at), after);
    gone("a = [1, 2, 3]\n", "a[0]", "a = [2, 3]\n");
    gone("a = [1, 2, 3]\n", "a[1]", "a = [1, 3]\n");
    gone("a = [1, 2, 3]\n", "a[2]", "a = [1, 2]\n");
    gone("a = [1, 2,]\n", "a[1]", "a = [1,]\n");
    gone("a = [ 1 ]\n", "a[0]", "a = []\n");
    gone(
        "a = [\n  1, # one\n  # about two\n  2, # two\n  3,\n]\n",
        "a[1]",
        "a = [\n  1, # one\n  3,\n]\n",
    );
    gone("a = [\n  1, # one\n  2 # two\n]\n", "a[1]", "a = [\n  1 # one\n]\n");
    gone("a = [\n  1,\n  # 2,\n  3,\n]\n", "a[1]", "a = [\n  1,\n  # 2,\n]\n");
    gone("a = [\n  1, 2,\n  3, # three\n]\n", "a[1]", "a = [\n  1,\n  3, # three\n]\n");
    gone("a = [\n  1, 2,\n  3\n]\n", "a[0]", "a = [\n  2,\n  3\n]\n");
    gone("a = [\n  1,\n  2 ]\n", "a[1]", "a = [\n  1 ]\n");
    gone("a = [\n  1, # one\n  2 ]\n", "a[1]", "a = [\n  1, # one\n   ]\n");
    gone("a = { b = 1, c = 2 }\n", "a.b", "a = { c = 2 }\n");
    gone("a = { b = 1, c = 2 }\n", "a.c", "a = { b = 1 }\n");
    gone("a = { b = 1 }\n", "a.b", "a = {}\n");
    gone("t = { a.b = 1, c = 2, a.d = 3 }\n", "t.a", "t = { c = 2 }\n");
    gone("a = [{ b = 1 }, { b = 2 }]\n", "a[0]", "a = [{ b = 2 }]\n");
}

#[test]
fn whole_tables_and_arrays_are_set_member_by_member() {
    let replace =
        |before: &str, at: &str, to: &str, after: &str| check(before, &set(at, to), after);
    replace(
        "[a] # a\n# about x\nx = 1 # one\ny = 2\n\n[a.b]\nz = 0x1\n",
        "a",
        "{ x = 5, n = 1, b = { z = 1 } }",
        "[a] # a\n# about x\nx = 5 # one\nn = 1\n\n[a.b]\nz = 0x1\n",
    );
    replace("a = [ 0x1, 2, # two\n 3]\n", "a", "[1, 2, 4]", "a = [ 0x1, 2, # two\n 4]\n");
    replace("a = [1, 2, 3]\n", "a", "[1, 3]", "a = [1, 3]\n");
    replace("a = [1, 3]\n", "a", "[1, 2, 3]", "a = [1, 2, 3]\n");
    replace("[[a]]\nx = 1 # one\n\n[[a]]\nx = 2\n", "a", "[{ x = 1 }]", "[[a]]\nx = 1 # one\n");
    replace("[b]\n\n[[a]]\nx = 1\n", "a", "[1]", "a = [1]\n\n[b]\n");
    replace("[b]\n\n[a]\nx = 1\n", "a", "1", "a = 1\n\n[b]\n");
    replace("x = 1\ny = 2\n", ".", "{ y = 2, z = 3 }", "y = 2\nz = 3\n");
    replace("t = { a.b = 1 }\n", "t.a", "3", "t = { a = 3 }\n");
    replace("a.b = 1 # one\n", "a", "[]", "a = []\n");
}

#[test]
fn renamed_keys_stay_in_place() {
    let renamed =
        |before: &str, from: &str, to: &str, after: &str| check(before, &relocate(from, to), after);
    renamed("# about a\na = 1 # one\nb = 2\n", "a", "c", "# about a\nc = 1 # one\nb = 2\n");
    renamed(
        "[a]\nx = 1\n[a.b]\n[[a.c]]\n[[a.c]]\n",
        "a",
        "z",
        "[z]\nx = 1\n[z.b]\n[[z.c]]\n[[z.c]]\n",
    );
    renamed("[a]\n[[a.c]]\n[a.c.d]\n[[a.c]]\n", "a.c", "a.e", "[a]\n[[a.e]]\n[a.e.d]\n[[a.e]]\n");
    renamed(
        "a.b = 1\nc = 1\na . d = 2\n",
        "a",
        "odd key",
        "\"odd key\".b = 1\nc = 1\n\"odd key\" . d = 2\n",
    );
    renamed(
        "t = { a.b = 1, c = 2, 'a'.d = 3 }\n",
        "t.a",
        "t.z",
        "t = { z.b = 1, c = 2, z.d = 3 }\n",
    );
    renamed("[a]\nx.y = 1\n", "a.x.y", "a.x.z", "[a]\nx.z = 1\n");
    renamed("a = 1\n", "a", "a", "a = 1\n");
}

#[test]
fn moved_entries_take_their_comments() {
    let moved =
        |before: &str, from: &str, to: &str, after: &str| check(before, &relocate(from, to), after);
    moved(
        "# about a\na = 0x1 # one\nb = 2\n\n[t]\nx = 1\n",
        "a",
        "t.a",
        "b = 2\n\n[t]\nx = 1\n# about a\na = 0x1 # one\n",
    );
    moved("a = 1\n\n[t]\n  x = 1", "t.x", "x", "a = 1\nx = 1\n\n[t]");
    moved("a = 1 # one\nt = { x = 1 }\n", "a", "t.a", "# one\nt = { x = 1, a = 1 }\n");
    moved("t = { x = 1, y = 2 }\n", "t.x", "x", "t = { y = 2 }\nx = 1\n");
    moved("a = 1\n", "a", "t.u.a", "[t.u]\na = 1\n");
    moved("a = [1, 2]\nb = []\n", "a[0]", "b[+]", "a = [2]\nb = [1]\n");
    moved(
        "a = [\n  # one\n  1, # 1\n]\nb = [\n  2,\n]\n",
        "a[0]",
        "b[+]",
        "a = [\n]\nb = [\n  2,\n  # one\n  1, # 1\n]\n",
    );
    moved("a.b = 1\n[t]\n", "a.b", "t.b", "a = {}\n[t]\nb = 1\n");
    moved(
        "# b\na.b = 1 # one\na.c = 2\n\n[t]\nx = 1\n",
        "a",
        "t.a",
        "[t]\nx = 1\n# b\na.b = 1 # one\na.c = 2\n",
    );
    moved("a = { x = 1 }\n\n[[t]]\ny = 1\n", "a", "t[+]", "[[t]]\ny = 1\n\n[[t]]\nx = 1\n");
}

#[test]
fn moved_tables_keep_their_headers() {
    let moved =
        |before: &str, from: &str, to: &str, after: &str| check(before, &relocate(from, to), after);
    let source = "# routing\n[telegram] # t\ntoken = 'x' # secret\n\n# who\n[telegram.allow]\nme = true\n\n[channels.discord]\non = true\n\n[end]\n";
    moved(
        source,
        "telegram",
        "channels.telegram",
        "[channels.discord]\non = true\n\n# routing\n[channels.telegram] # t\ntoken = 'x' # secret\n\n# who\n[channels.telegram.allow]\nme = true\n\n[end]\n",
    );
    moved("[a]\n[a.b]\nx = 1\n[c]\n", "a.b", "b", "[a]\n[c]\n[b]\nx = 1\n");
    moved("[a.b]\nx = 1\n", "a.b", "b", "[a]\n\n[b]\nx = 1\n");
    moved(
        "[b]\nx = 1\n\n[[a]]\ny = 1\n\n[[a]]\ny = 2\n",
        "b",
        "a[0].b",
        "[[a]]\ny = 1\n\n[a.b]\nx = 1\n\n[[a]]\ny = 2\n",
    );
    moved("[b]\nx = 1\n\n[[a]]\ny = 1\n", "b", "a[+]", "[[a]]\ny = 1\n\n[[a]]\nx = 1\n");
    moved(
        "[[a]]\nx = 1\n[a.s]\nz = 1\n\n[[a]]\ny = 2\n",
        "a[0]",
        "b",
        "[[a]]\ny = 2\n\n[b]\nx = 1\n\n[b.s]\nz = 1\n",
    );
    moved("[c.d]\n[c]\nx = 1\n[[a]]\n", "c", "a[+]", "[[a]]\n[[a]]\nx = 1\n[a.d]\n");
    moved("[[a]]\nx = 1\n\n[t]\n", "a", "t.a", "[t]\n\n[[t.a]]\nx = 1\n");
    moved(
        "# about b\n[b]\nx = 1 # one\n\n[c]\n",
        "b",
        "c.t.b",
        "[c]\n\n# about b\n[c.t.b]\nx = 1 # one\n",
    );
    moved(
        "t = {}\n\n# about b\n[b]\nx = 1 # one\n",
        "b",
        "t.b",
        "# about b\n# one\nt = { b = { x = 1 } }\n",
    );
}

#[test]
fn elements_change_places_with_their_comments() {
    let moved =
        |before: &str, from: &str, to: &str, after: &str| check(before, &relocate(from, to), after);
    moved("a = [0x1, 2, 3]\n", "a[0]", "a[2]", "a = [2, 3, 0x1]\n");
    moved("a = [1, 2, 3]\n", "a[2]", "a[0]", "a = [3, 1, 2]\n");
    moved("a = [1, 2, 3]\n", "a[1]", "a[1]", "a = [1, 2, 3]\n");
    moved(
        "a = [\n  # one\n  1, # 1\n  2, # 2\n]\n",
        "a[0]",
        "a[1]",
        "a = [\n  2, # 2\n  # one\n  1, # 1\n]\n",
    );
    moved(
        "# one\n[[a]]\nx = 1\n[a.t]\ny = 1\n\n# two\n[[a]]\nx = 2\n\n[c]\n",
        "a[0]",
        "a[1]",
        "# two\n[[a]]\nx = 2\n\n# one\n[[a]]\nx = 1\n\n[a.t]\ny = 1\n\n[c]\n",
    );
    moved("[[a]]\nx = 1\n[[a]]\nx = 2\n", "a[1]", "a[0]", "[[a]]\nx = 2\n[[a]]\nx = 1\n");
}

#[test]
fn many_changes_are_made_in_order() {
    let changes = [
        set("a.b", "1"),
        set("a.c", "'x'"),
        relocate("a.b", "b"),
        remove("a.c"),
        set("l[+]", "1"),
        set("l[+]", "2"),
    ];
    let edited = parse("# top\n\n").edit(&changes).expect("good changes");
    assert_eq!(edited.source(), "# top\n\nb = 1\nl = [1, 2]\n\n[a]\n");
}

#[test]
fn what_has_no_spelling_is_refused() {
    let refused = |source: &str, change: Change| {
        parse(source).edit(&[change]).expect_err("not of TOML").to_string()
    };
    let set_value = |at: &str, value: Value| Change::Set { path: path(at), value: value.into() };
    assert_eq!(
        refused("", set_value("a", Value::Null)),
        "null cannot be written at `a` in this format"
    );
    assert_eq!(
        refused("", set_value(".", Value::Bool(true))),
        "a document that is no table cannot be written at `.` in this format"
    );
    assert_eq!(
        refused("[[a]]\n", set_value("a[+]", Value::Bool(true))),
        "a value other than a table in an array of tables cannot be written at `a[+]` in this format"
    );
    let deep = (0..100).fold(Value::Bool(true), |inner, _| Value::Array(vec![inner]));
    assert_eq!(
        refused("", set_value("a", deep)),
        "such deep nesting cannot be written at `a` in this format"
    );
}
