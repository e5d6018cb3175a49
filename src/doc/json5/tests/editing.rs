//! Edits, each as text before, change and text after.

use super::{check, insert, parse, path, relocate, remove, set, try_edit};
use crate::doc::{Change, EditError, MAX_DEPTH, Value};

#[test]
fn scalars_are_replaced_in_place() {
    check("{a: 1}", set("a", "2"), "{a: 2}");
    check("{\"a\": \"x\"}", set("a", "'y'"), "{\"a\": \"y\"}");
    check("{'a': 'x'}", set("a", "\"it's\""), "{'a': 'it\\'s'}");
    check("{a: 'x', b: 1}", set("b", "'y'"), "{a: 'x', b: 'y'}");
    check("{a: \"x\", b: 'y', c: 1}", set("c", "'z'"), "{a: \"x\", b: 'y', c: 'z'}");
    check("{a: 1 /* one */, // two\n}", set("a", "true"), "{a: true /* one */, // two\n}");
    check("{a /* k */ : /* v */ 1}", set("a", "null"), "{a /* k */ : /* v */ null}");
    check("\u{feff}{a: 1}\r\n", set("a", "-0"), "\u{feff}{a: -0}\r\n");
    check("{a: 'x\\\n  y'}", set("a", "'z'"), "{a: 'z'}");
    check("{\\u0061: 1}", set("a", "Infinity"), "{\\u0061: Infinity}");
    check("[1, 2, 3]", set("[1]", "-2.5"), "[1, -2.5, 3]");
    check(
        "[{id: 'a', x: 1}, {id: 'b', x: 1}]",
        set("[id=b].x", "2"),
        "[{id: 'a', x: 1}, {id: 'b', x: 2}]",
    );
    check("1", set(".", "2"), "2");
    check("// c\n'x' // d\n", set(".", "'y'"), "// c\n'y' // d\n");
    check("{a: 1}", set("a", "1e300"), "{a: 1e+300}");
}

#[test]
fn what_the_text_means_already_is_left() {
    check("{a: 0x10}", set("a", "16"), "{a: 0x10}");
    check("{a: 'x'}", set("a", "\"x\""), "{a: 'x'}");
    check("{a: {b: 1, c: [1,2]}}", set("a", "{c: [1, 2.0], b: 1.0}"), "{a: {b: 1, c: [1,2]}}");
    check("{a: 1, a: 2}", set("a", "2"), "{a: 1, a: 2}");
    check("{a: NaN}", set("a", "NaN"), "{a: NaN}");
    check("{a: 1}", remove("b"), "{a: 1}");
    check("{a: 1}", relocate("a", "a"), "{a: 1}");
}

#[test]
fn containers_are_replaced_in_the_style_around() {
    check(
        "{\n  a: 1,\n  b: {\n    c: 2,\n  },\n}\n",
        set("a", "{x: 1, y: {z: [1, 2]}}"),
        "{\n  a: {\n    x: 1,\n    y: {\n      z: [1, 2],\n    },\n  },\n  b: {\n    c: 2,\n  },\n}\n",
    );
    check(
        "{\n  a: 1,\n  b: { c: 2 },\n}\n",
        set("a", "{x: 1, y: {z: [1, 2]}}"),
        "{\n  a: { x: 1, y: { z: [1, 2] } },\n  b: { c: 2 },\n}\n",
    );
    check(
        "{\n\t\"a\": 1,\n\t\"b\": [\n\t\t1\n\t]\n}\n",
        set("a", "['x', 'y']"),
        "{\n\t\"a\": [\n\t\t\"x\",\n\t\t\"y\"\n\t],\n\t\"b\": [\n\t\t1\n\t]\n}\n",
    );
    check(
        "{\n  a: 1,\n  b: ['x'],\n}\n",
        set("a", "['x', 'y']"),
        "{\n  a: ['x', 'y'],\n  b: ['x'],\n}\n",
    );
    check(
        "{\n  a: {\n    // gone\n    b: 1,\n  },\n}\n",
        set("a", "{c: 2}"),
        "{\n  a: {\n    c: 2,\n  },\n}\n",
    );
    check("{a: {}}", set("a", "[]"), "{a: []}");
    check("{\n  a: 1\n}\n", set(".", "{b: {c: 2}}"), "{\n  b: {\n    c: 2\n  }\n}\n");
    check(
        "{\"a\":1,\"b\":[1,2]}",
        set("a", "{x: [1, {y: 2}]}"),
        "{\"a\":{\"x\":[1,{\"y\":2}]},\"b\":[1,2]}",
    );
}

#[test]
fn members_are_added_on_lines_of_their_own() {
    check("{\n  a: 1,\n  b: 2,\n}\n", set("c", "3"), "{\n  a: 1,\n  b: 2,\n  c: 3,\n}\n");
    check("{\n  a: 1,\n  b: 2\n}\n", set("c", "3"), "{\n  a: 1,\n  b: 2,\n  c: 3\n}\n");
    check(
        "{\r\n\t'a': 1,\r\n\t'b': 2,\r\n}\r\n",
        set("c", "{d: 'x'}"),
        "{\r\n\t'a': 1,\r\n\t'b': 2,\r\n\t'c': {\r\n\t\t'd': 'x',\r\n\t},\r\n}\r\n",
    );
    check(
        "{\n    \"a\": 1,\n    \"b\": {\n        \"c\": 2\n    }\n}",
        set("b.d", "{e: [1]}"),
        "{\n    \"a\": 1,\n    \"b\": {\n        \"c\": 2,\n        \"d\": {\n            \"e\": [1]\n        }\n    }\n}",
    );
    check("{\n  a: 1, // one\n}\n", set("b", "2"), "{\n  a: 1, // one\n  b: 2,\n}\n");
    check(
        "{\n  a: 1 // one\n  , // comma\n}\n",
        set("b", "2"),
        "{\n  a: 1 // one\n  ,\n  b: 2, // comma\n}\n",
    );
    check(
        "{\n  a: 1, // one\n        // and more\n  // dangling\n}\n",
        set("b", "2"),
        "{\n  a: 1, // one\n        // and more\n  b: 2,\n  // dangling\n}\n",
    );
    check("{\n  a: 1 /* one */ }", set("b", "2"), "{\n  a: 1, /* one */\n  b: 2 }");
    check("{\n  a: 1\n  // last\n}", set("b", "2"), "{\n  a: 1,\n  b: 2\n  // last\n}");
    check("{ // head\n  a: 1,\n}", set("b", "2"), "{ // head\n  a: 1,\n  b: 2,\n}");
    check("{ a: 1,\n  b: 2 }\n", set("c", "3"), "{ a: 1,\n  b: 2,\n  c: 3 }\n");
    check("{\n  a: 1,\n\n  b: 2,\n\n}\n", set("c", "3"), "{\n  a: 1,\n\n  b: 2,\n  c: 3,\n\n}\n");
    check("{\n  a : 1,\n}\n", set("b", "2"), "{\n  a : 1,\n  b : 2,\n}\n");
    check(
        "{\n  a:    1,\n  long: 2,\n}\n",
        set("b", "2"),
        "{\n  a:    1,\n  long: 2,\n  b: 2,\n}\n",
    );
    check(
        "{\n  a: {\n    b: 1,\n  },\n}\n",
        set("c.d.e", "'x'"),
        "{\n  a: {\n    b: 1,\n  },\n  c: {\n    d: {\n      e: \"x\",\n    },\n  },\n}\n",
    );
    check("{\n  a: 1,\n}\n", set("list[+]", "'x'"), "{\n  a: 1,\n  list: [\"x\"],\n}\n");
    check(
        "{\n  a: 1,\n}\n",
        set("b.list[+]", "{id: 'x'}"),
        "{\n  a: 1,\n  b: {\n    list: [\n      {\n        id: \"x\",\n      },\n    ],\n  },\n}\n",
    );
    check("{\n\n  a: 1,\n}", set("['x-y']", "'z'"), "{\n\n  a: 1,\n  \"x-y\": \"z\",\n}");
    check("{\n  a: 1,\n}", set("ä", "1"), "{\n  a: 1,\n  \"ä\": 1,\n}");
    check(
        "{\n  'x-y': 1,\n  b: 2,\n}",
        set("['p.q']", "1"),
        "{\n  'x-y': 1,\n  b: 2,\n  'p.q': 1,\n}",
    );
}

#[test]
fn members_are_added_on_the_same_line() {
    check("{a:1}", set("b", "2"), "{a:1,b:2}");
    check("{ a: 1 }", set("b", "2"), "{ a: 1, b: 2 }");
    check("{ a: 1, }", set("b", "2"), "{ a: 1, b: 2, }");
    check("{\"a\":1,\"b\":2}", set("c", "{d: [1, 2]}"), "{\"a\":1,\"b\":2,\"c\":{\"d\":[1,2]}}");
    check("{ a: 1 /* one */ }", set("b", "2"), "{ a: 1 /* one */, b: 2 }");
    check("{ a: 1, /* of nobody */ }", set("b", "2"), "{ a: 1, b: 2, /* of nobody */ }");
    check("[1, 2, 3]", set("[+]", "4"), "[1, 2, 3, 4]");
    check("[1,2]", set("[+]", "3"), "[1,2,3]");
    check("[\n  1, 2,\n  3, 4\n]", set("[+]", "5"), "[\n  1, 2,\n  3, 4, 5\n]");
    check("[1, 2 // two\n]", set("[+]", "3"), "[1, 2, // two\n  3\n]");
    check(
        "{\n  a: [1],\n  b: ['x', 'y',],\n}",
        set("b[+]", "'z'"),
        "{\n  a: [1],\n  b: ['x', 'y', 'z',],\n}",
    );
}

#[test]
fn empty_containers_are_filled() {
    check("{}", set("a", "1"), "{\n  \"a\": 1\n}");
    check("{ }", set("a", "1"), "{\n  \"a\": 1\n}");
    check("{}\n", set("a.b", "1"), "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n");
    check("{\n}\n", set("a", "1"), "{\n  \"a\": 1\n}\n");
    check("[]", set("[+]", "1"), "[1]");
    check("[]", set("[+]", "{a: 1}"), "[\n  {\n    \"a\": 1\n  }\n]");
    check("// head\n{}\n", set("a", "'x'"), "// head\n{\n  \"a\": \"x\"\n}\n");
    check(
        "{\n  a: {},\n  b: [],\n}\n",
        set("a.x", "1"),
        "{\n  a: {\n    x: 1,\n  },\n  b: [],\n}\n",
    );
    check("{\n  a: {},\n  b: [],\n}\n", set("b[+]", "1"), "{\n  a: {},\n  b: [1],\n}\n");
    check(
        "{\n  a: {},\n  b: [],\n}\n",
        set("b[+]", "{x: 1}"),
        "{\n  a: {},\n  b: [\n    {\n      x: 1,\n    },\n  ],\n}\n",
    );
    check("{\n  a: {}, // note\n}\n", set("a.x", "1"), "{\n  a: {\n    x: 1,\n  }, // note\n}\n");
    check(
        "{\n  a: { b: 1 },\n  c: {},\n}\n",
        set("c.x", "1"),
        "{\n  a: { b: 1 },\n  c: { x: 1 },\n}\n",
    );
    check("{ a: {}, b: 1 }", set("a.x", "1"), "{ a: { x: 1 }, b: 1 }");
    check("{\n  a: { /* none */ },\n}\n", set("a.x", "1"), "{\n  a: { /* none */ x: 1 },\n}\n");
    check(
        "{\n  a: { // none\n  },\n}\n",
        set("a.x", "1"),
        "{\n  a: { // none\n    x: 1,\n  },\n}\n",
    );
    check(
        "{\n  a: {\n    // one\n\n    // two\n\n  },\n}\n",
        set("a.x", "1"),
        "{\n  a: {\n    // one\n\n    // two\n    x: 1,\n\n  },\n}\n",
    );
    check("{\n  a: [ /* none */ ],\n}\n", set("a[+]", "1"), "{\n  a: [ /* none */ 1 ],\n}\n");
    check("{\r\n\ta: {},\r\n}\r\n", set("a.x", "1"), "{\r\n\ta: {\r\n\t\tx: 1,\r\n\t},\r\n}\r\n");
    check(
        "{\n  \"a\": {},\n  \"b\": [\n    1\n  ],\n  \"c\": []\n}\n",
        set("c[+]", "1"),
        "{\n  \"a\": {},\n  \"b\": [\n    1\n  ],\n  \"c\": [\n    1\n  ]\n}\n",
    );
}

#[test]
fn commas_that_come_first_stay_first() {
    check("{\n    a: 1\n  , b: 2\n}\n", set("c", "3"), "{\n    a: 1\n  , b: 2\n  , c: 3\n}\n");
    check("[\n    1\n  , 2\n]\n", insert("[1]", "9"), "[\n    1\n  , 9\n  , 2\n]\n");
    check("{\n    a: 1\n  , b: 2\n  , c: 3\n}\n", remove("b"), "{\n    a: 1\n  , c: 3\n}\n");
    check("{\n    a: 1\n  , b: 2\n  , c: 3\n}\n", remove("c"), "{\n    a: 1\n  , b: 2\n}\n");
    check("{ a: 1\n, b: 2\n, c: 3\n}\n", remove("a"), "{ b: 2\n, c: 3\n}\n");
    check(
        "{\n    a: 1\n    // about b\n  , b: 2\n}\n",
        relocate("b", "x.b"),
        "{\n    a: 1\n  , x: {\n    // about b\n    b: 2\n  }\n}\n",
    );
}

#[test]
fn first_members_of_comma_first_lists_change() {
    check("{\n    a: 1\n  , b: 2\n  , c: 3\n}\n", remove("a"), "{\n    b: 2\n  , c: 3\n}\n");
    check("{\n    // about a\n    a: 1\n  , b: 2\n}\n", remove("a"), "{\n   b: 2\n}\n");
    check("[\n    1\n  , 2\n]", insert("[0]", "0"), "[\n    0\n  , 1\n  , 2\n]");
    check("[ 1\n, 2\n]", insert("[0]", "0"), "[ 0, 1\n, 2\n]");
}

#[test]
fn elements_are_inserted_before_others() {
    check("[1, 2]", insert("[0]", "0"), "[0, 1, 2]");
    check("[1, 2]", insert("[2]", "3"), "[1, 2, 3]");
    check("[]", insert("[0]", "1"), "[1]");
    check("[\n  1,\n  2,\n]", insert("[1]", "9"), "[\n  1,\n  9,\n  2,\n]");
    check(
        "[\n  // one\n  1,\n  // two\n  2\n]",
        insert("[1]", "9"),
        "[\n  // one\n  1,\n  9,\n  // two\n  2\n]",
    );
    check(
        "[\n  // head\n\n  1, // one\n]",
        insert("[0]", "9"),
        "[\n  // head\n\n  9,\n  1, // one\n]",
    );
    check("[1, /* two */ 2]", insert("[1]", "9"), "[1, 9, /* two */ 2]");
    check(
        "{\n  a: [\n    {\n      id: 'x',\n    },\n  ],\n}",
        insert("a[0]", "{id: 'y', l: []}"),
        "{\n  a: [\n    {\n      id: 'y',\n      l: [],\n    },\n    {\n      id: 'x',\n    },\n  ],\n}",
    );
}

#[test]
fn members_go_with_their_comments() {
    check("{a: 1}", remove("a"), "{}");
    check("{ a: 1, b: 2 }", remove("a"), "{ b: 2 }");
    check("{ a: 1, b: 2 }", remove("b"), "{ a: 1 }");
    check("{a:1,b:2,c:3}", remove("b"), "{a:1,c:3}");
    check("{ a: 1, b: 2, }", remove("b"), "{ a: 1, }");
    check("{\n  a: 1,\n}\n", remove("a"), "{}\n");
    check("{\n  // about a\n  a: 1, // one\n}\n", remove("a"), "{}\n");
    check(
        "{\n  // of the object\n\n  // about a\n  a: 1,\n}\n",
        remove("a"),
        "{\n  // of the object\n}\n",
    );
    check("{ // head\n  a: 1,\n  b: 2,\n}\n", remove("a"), "{ // head\n  b: 2,\n}\n");
    check(
        "{\r\n  a: 1,\r\n  /* about\r\n     b */\r\n  b: 2,\r\n}\r\n",
        remove("b"),
        "{\r\n  a: 1,\r\n}\r\n",
    );
    check("{\n  a: 1, b: 2,\n  c: 3,\n}", remove("b"), "{\n  a: 1,\n  c: 3,\n}");
    check("{\n  a: 1, b: 2,\n  c: 3,\n}", remove("a"), "{\n  b: 2,\n  c: 3,\n}");
    check("{ a: 1,\n  b: 2 }", remove("b"), "{ a: 1 }");
    check("{ a: 1,\n  b: 2 }", remove("a"), "{\n  b: 2 }");
    check("{\n  a: 1, // long\n        // and longer\n  b: 2,\n}", remove("a"), "{\n  b: 2,\n}");
    check("{\n  a: {\n    // inside\n    x: 1,\n  },\n  b: 2\n}", remove("a"), "{\n  b: 2\n}");
    check(
        "{\n  a: 1,\n\n  // about b\n  b: 2,\n\n  c: 3,\n}",
        remove("b"),
        "{\n  a: 1,\n\n  c: 3,\n}",
    );
    check("{\n  a: 1,\n  b: 2,\n  // dangling\n}", remove("b"), "{\n  a: 1,\n  // dangling\n}");
    check(
        "{\n  a: 1\n  /* before the comma */,\n  b: 2\n}",
        remove("a"),
        "{\n  /* before the comma */\n  b: 2\n}",
    );
    check(
        "[\n  1, // one\n  2, // two\n  3 // three\n]",
        remove("[2]"),
        "[\n  1, // one\n  2 // two\n]",
    );
    check("[1, /* two */ 2, 3]", remove("[1]"), "[1, 3]");
    check("{ a: [ 1 ] }", remove("a[0]"), "{ a: [] }");
    check("{a /* k */: /* v */ 1, b: 2}", remove("a"), "{b: 2}");
    check("{\n  a: 1,\n  b: 2,\u{2028}  c: 3,\n}", remove("b"), "{\n  a: 1,\n  c: 3,\n}");
}

#[test]
fn switched_off_configuration_stays() {
    check("{\n  a: 1,\n  // b: 2,\n  c: 3,\n}", remove("c"), "{\n  a: 1,\n  // b: 2,\n}");
    check(
        "{\n  // about b\n  // b: 2,\n  // about c\n  c: 3,\n}",
        remove("c"),
        "{\n  // about b\n  // b: 2,\n}",
    );
    check(
        "{\n  // b: {\n  //   x: 1,\n  // },\n  c: 3,\n  d: 4,\n}",
        remove("c"),
        "{\n  // b: {\n  //   x: 1,\n  // },\n  d: 4,\n}",
    );
    check("{\n  /* b: 2, */\n  c: 3,\n  d: 4,\n}", remove("c"), "{\n  /* b: 2, */\n  d: 4,\n}");
    check("{\n  c: 3, // port: 18789\n  d: 4,\n}", remove("c"), "{\n  // port: 18789\n  d: 4,\n}");
    check("{\n  c: 3, // see https://example.org/x\n  d: 4,\n}", remove("c"), "{\n  d: 4,\n}");
    check("[\n  'a',\n  // 'b',\n  'c',\n]", remove("[1]"), "[\n  'a',\n  // 'b',\n]");
}

#[test]
fn all_spellings_of_a_key_go() {
    check("{\n  a: 1,\n  \"a\": 2,\n  b: 3,\n  \\u0061: 4,\n}", remove("a"), "{\n  b: 3,\n}");
    check("{ a: 1, b: 2, 'a': 3 }", remove("a"), "{ b: 2 }");
    check("{ a: 1, 'a': 3 }", remove("a"), "{}");
    check("{ b: 1, a: 2, 'a': 3 }", remove("a"), "{ b: 1 }");
}

#[test]
fn members_are_renamed_in_place() {
    check(
        "{\n  // about a\n  a: 1, // one\n  b: 2,\n}",
        relocate("a", "c"),
        "{\n  // about a\n  c: 1, // one\n  b: 2,\n}",
    );
    check("{'a': 1}", relocate("a", "x-y"), "{'x-y': 1}");
    check("{\"a\" : 1}", relocate("a", "b"), "{\"b\" : 1}");
    check("{a: 'x'}", relocate("a", "x-y"), "{'x-y': 'x'}");
    check(
        "{\n  a: 1, // dead\n  b: 2,\n  a: 3, // live\n}",
        relocate("a", "c"),
        "{\n  b: 2,\n  c: 3, // live\n}",
    );
    check("{\"a-b\": 1}", relocate("a-b", "ab"), "{\"ab\": 1}");
}

#[test]
fn members_move_with_their_comments() {
    check(
        "{\n  a: 1, // one\n  b: {\n    c: 2, // two\n  },\n}\n",
        relocate("b.c", "c"),
        "{\n  a: 1, // one\n  b: {},\n  c: 2, // two\n}\n",
    );
    check(
        "{\n  // about a\n  a: 1, // one\n  b: 2,\n}\n",
        relocate("a", "x.y.z"),
        "{\n  b: 2,\n  x: {\n    y: {\n      // about a\n      z: 1, // one\n    },\n  },\n}\n",
    );
    check(
        "{\n  a: 1, // port: 5\n  b: {\n    c: 1,\n  },\n}\n",
        relocate("a", "b.a"),
        "{\n  b: {\n    c: 1,\n    a: 1, // port: 5\n  },\n}\n",
    );
    check(
        "{\n  // off: 1,\n  // about a\n  a: 1,\n  b: {\n    c: 1,\n  },\n}\n",
        relocate("a", "b.a"),
        "{\n  // off: 1,\n  b: {\n    c: 1,\n    // about a\n    a: 1,\n  },\n}\n",
    );
    check("{ a: 1, b: {} }", relocate("a", "b.x"), "{ b: { x: 1 } }");
    check(
        "{\n  a: { // why\n    b: 1,\n  },\n  c: { d: 1 },\n}\n",
        relocate("a", "c.a"),
        "{\n  c: { d: 1, a: { // why\n    b: 1,\n  } },\n}\n",
    );
    check(
        "{\n  // about a\n  a: 1,\n  c: { d: 1 },\n}\n",
        relocate("a", "c.a"),
        "{\n  c: { d: 1,\n    // about a\n    a: 1 },\n}\n",
    );
    check(
        "{\n  a: /* v */ 'x',\n  l: [\n    1,\n  ],\n}\n",
        relocate("a", "l[+]"),
        "{\n  l: [\n    1,\n    /* v */ 'x',\n  ],\n}\n",
    );
    check(
        "{\n  l: [\n    1, // one\n    2,\n  ],\n}\n",
        relocate("l[0]", "first"),
        "{\n  l: [\n    2,\n  ],\n  first: 1, // one\n}\n",
    );
    check(
        "{\r\n  a: {\r\n    /* x\r\n       y */\r\n    b: 1,\r\n  },\r\n  c: {\r\n    d: 1\r\n  }\r\n}\r\n",
        relocate("a", "c.a"),
        "{\r\n  c: {\r\n    d: 1,\r\n    a: {\r\n      /* x\r\n         y */\r\n      b: 1,\r\n    }\r\n  }\r\n}\r\n",
    );
    check("{ a: 1 }", relocate("a", "b.c"), "{ b: { c: 1 } }");
    check("{\n\ta: 1,\n\tb: {},\n}", relocate("a", "b.c"), "{\n\tb: {\n\t\tc: 1,\n\t},\n}");
    check(
        "{\n  a: 1,\n  a: 2, // live\n  b: {\n    c: 1,\n  },\n}",
        relocate("a", "b.a"),
        "{\n  b: {\n    c: 1,\n    a: 2, // live\n  },\n}",
    );
    check(
        "{\n  'a': 1,\n  b: {\n    c: 1,\n  },\n}",
        relocate("a", "b.x"),
        "{\n  b: {\n    c: 1,\n    'x': 1,\n  },\n}",
    );
}

#[test]
fn elements_are_reordered() {
    check("[1, 2, 3]", relocate("[0]", "[2]"), "[2, 3, 1]");
    check("[1, 2, 3]", relocate("[2]", "[0]"), "[3, 1, 2]");
    check(
        "[\n  'a', // first\n  'b', // second\n  // about c\n  'c'\n]",
        relocate("[2]", "[0]"),
        "[\n  // about c\n  'c',\n  'a', // first\n  'b' // second\n]",
    );
    check(
        "[\n  'a', // first\n  'b', // second\n  'c'\n]",
        relocate("[0]", "[2]"),
        "[\n  'b', // second\n  'c',\n  'a' // first\n]",
    );
    check(
        "[\n  'a', // first\n  'b', // second\n  'c'\n]",
        relocate("[0]", "[1]"),
        "[\n  'b', // second\n  'a', // first\n  'c'\n]",
    );
    check("[1, 2, 3]", relocate("[0]", "[+]"), "[2, 3, 1]");
    check("[\n    1\n  , 2\n  , 3\n]", relocate("[2]", "[0]"), "[\n    3\n  , 1\n  , 2\n]");
}

#[test]
fn moves_leave_odd_layouts_whole() {
    check(
        "{\n  a: 1,\n  b: {\n    // none yet\n  },\n}\n",
        relocate("a", "b.a"),
        "{\n  b: {\n    // none yet\n    a: 1,\n  },\n}\n",
    );
    check("{\n  a: { b: 1 }, // x\n}\n", relocate("a.b", "b"), "{\n  a: {}, // x\n  b: 1,\n}\n");
    check(
        "{\n  // off: 1,\n  a: 1\n}",
        relocate("a", "b.c"),
        "{\n  // off: 1,\n  b: {\n    c: 1\n  }\n}",
    );
    check(
        "{ a: /* x */ 1, /* y */ b: 2, c: {} }",
        relocate("b", "c.b"),
        "{ a: /* x */ 1, c: { /* y */ b: 2 } }",
    );
    check("{\n  a: // v\n    1,\n  l: [],\n}", relocate("a", "l[+]"), "{\n  l: [// v\n  1],\n}");
    check(
        "{\n  list: [\n    { id: 'x' }, // x\n    { id: 'y' }, // y\n  ],\n  other: [],\n}",
        relocate("list[id=x]", "other[+]"),
        "{\n  list: [\n    { id: 'y' }, // y\n  ],\n  other: [\n    { id: 'x' }, // x\n  ],\n}",
    );
}

#[test]
fn strict_json_stays_strict() {
    check("{\"a\": 1}", set("b", "'x'"), "{\"a\": 1, \"b\": \"x\"}");
    check(
        "{\n  \"a\": 1\n}\n",
        set("b", "{c: [1, {d: 2}], e: {}}"),
        "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": [\n      1,\n      {\n        \"d\": 2\n      }\n    ],\n    \"e\": {}\n  }\n}\n",
    );
    check("{\n  \"a\": []\n}\n", set("a[+]", "'x'"), "{\n  \"a\": [\"x\"]\n}\n");
    check(
        "{\"a\": \"x\"}",
        set("a", "'\\ud800 \\u2028 \\x07 \\v\"'"),
        "{\"a\": \"\\ud800 \\u2028 \\u0007 \\u000b\\\"\"}",
    );
    check("{\"a\": 1, \"b\": {\"c\": 1}}", relocate("a", "b.a2"), "{\"b\": {\"c\": 1, \"a2\": 1}}");
    check("{\"a\": 1, \"b\": 2}", relocate("a", "x"), "{\"x\": 1, \"b\": 2}");
    check("{\n  \"a\": 1,\n  \"b\": 2\n}", remove("b"), "{\n  \"a\": 1\n}");
    check("null", set(".", "{a: 1}"), "{\n  \"a\": 1\n}");
}

#[track_caller]
fn check_unwritable(source: &str, value: Value, expected: &'static str) {
    let change = Change::Set { path: path("a"), value };
    match try_edit(source, change) {
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
        let change = Change::Set { path: path("a"), value };
        let edited = parse("{ b: 1 }").edit(&[change]).expect("an edit that can be made");
        assert_eq!(edited.source().matches('[').count(), depth);
    };
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(test);
    thread.expect("a thread").join().expect("the test passed");
}
