//! Renames and moves, each as text before, change and text after.

use super::{check, relocate};

#[test]
fn members_are_renamed_in_place() {
    check(
        "{\n  // about a\n  a: 1, // one\n  b: 2,\n}",
        &relocate("a", "c"),
        "{\n  // about a\n  c: 1, // one\n  b: 2,\n}",
    );
    check("{'a': 1}", &relocate("a", "x-y"), "{'x-y': 1}");
    check("{\"a\" : 1}", &relocate("a", "b"), "{\"b\" : 1}");
    check("{a: 'x'}", &relocate("a", "x-y"), "{'x-y': 'x'}");
    check(
        "{\n  a: 1, // dead\n  b: 2,\n  a: 3, // live\n}",
        &relocate("a", "c"),
        "{\n  b: 2,\n  c: 3, // live\n}",
    );
    check("{\"a-b\": 1}", &relocate("a-b", "ab"), "{\"ab\": 1}");
}

#[test]
fn members_move_with_their_comments() {
    check(
        "{\n  a: 1, // one\n  b: {\n    c: 2, // two\n  },\n}\n",
        &relocate("b.c", "c"),
        "{\n  a: 1, // one\n  b: {},\n  c: 2, // two\n}\n",
    );
    check(
        "{\n  // about a\n  a: 1, // one\n  b: 2,\n}\n",
        &relocate("a", "x.y.z"),
        "{\n  b: 2,\n  x: {\n    y: {\n      // about a\n      z: 1, // one\n    },\n  },\n}\n",
    );
    check(
        "{\n  a: 1, // port: 5\n  b: {\n    c: 1,\n  },\n}\n",
        &relocate("a", "b.a"),
        "{\n  b: {\n    c: 1,\n    a: 1, // port: 5\n  },\n}\n",
    );
    check(
        "{\n  // off: 1,\n  // about a\n  a: 1,\n  b: {\n    c: 1,\n  },\n}\n",
        &relocate("a", "b.a"),
        "{\n  // off: 1,\n  b: {\n    c: 1,\n    // about a\n    a: 1,\n  },\n}\n",
    );
    check("{ a: 1, b: {} }", &relocate("a", "b.x"), "{ b: { x: 1 } }");
    check(
        "{\n  a: { // why\n    b: 1,\n  },\n  c: { d: 1 },\n}\n",
        &relocate("a", "c.a"),
        "{\n  c: { d: 1, a: { // why\n    b: 1,\n  } },\n}\n",
    );
    check(
        "{\n  // about a\n  a: 1,\n  c: { d: 1 },\n}\n",
        &relocate("a", "c.a"),
        "{\n  c: { d: 1,\n    // about a\n    a: 1 },\n}\n",
    );
    check(
        "{\n  a: /* v */ 'x',\n  l: [\n    1,\n  ],\n}\n",
        &relocate("a", "l[+]"),
        "{\n  l: [\n    1,\n    /* v */ 'x',\n  ],\n}\n",
    );
    check(
        "{\n  l: [\n    1, // one\n    2,\n  ],\n}\n",
        &relocate("l[0]", "first"),
        "{\n  l: [\n    2,\n  ],\n  first: 1, // one\n}\n",
    );
    check(
        "{\r\n  a: {\r\n    /* x\r\n       y */\r\n    b: 1,\r\n  },\r\n  c: {\r\n    d: 1\r\n  }\r\n}\r\n",
        &relocate("a", "c.a"),
        "{\r\n  c: {\r\n    d: 1,\r\n    a: {\r\n      /* x\r\n         y */\r\n      b: 1,\r\n    }\r\n  }\r\n}\r\n",
    );
    check("{ a: 1 }", &relocate("a", "b.c"), "{ b: { c: 1 } }");
    check("{\n\ta: 1,\n\tb: {},\n}", &relocate("a", "b.c"), "{\n\tb: {\n\t\tc: 1,\n\t},\n}");
    check(
        "{\n  a: 1,\n  a: 2, // live\n  b: {\n    c: 1,\n  },\n}",
        &relocate("a", "b.a"),
        "{\n  b: {\n    c: 1,\n    a: 2, // live\n  },\n}",
    );
    check(
        "{\n  'a': 1,\n  b: {\n    c: 1,\n  },\n}",
        &relocate("a", "b.x"),
        "{\n  b: {\n    c: 1,\n    'x': 1,\n  },\n}",
    );
}

#[test]
fn elements_are_reordered() {
    check("[1, 2, 3]", &relocate("[0]", "[2]"), "[2, 3, 1]");
    check("[1, 2, 3]", &relocate("[2]", "[0]"), "[3, 1, 2]");
    check(
        "[\n  'a', // first\n  'b', // second\n  // about c\n  'c'\n]",
        &relocate("[2]", "[0]"),
        "[\n  // about c\n  'c',\n  'a', // first\n  'b' // second\n]",
    );
    check(
        "[\n  'a', // first\n  'b', // second\n  'c'\n]",
        &relocate("[0]", "[2]"),
        "[\n  'b', // second\n  'c',\n  'a' // first\n]",
    );
    check(
        "[\n  'a', // first\n  'b', // second\n  'c'\n]",
        &relocate("[0]", "[1]"),
        "[\n  'b', // second\n  'a', // first\n  'c'\n]",
    );
    check("[1, 2, 3]", &relocate("[0]", "[+]"), "[2, 3, 1]");
    check("[\n    1\n  , 2\n  , 3\n]", &relocate("[2]", "[0]"), "[\n    3\n  , 1\n  , 2\n]");
}

#[test]
fn moves_leave_odd_layouts_whole() {
    check(
        "{\n  a: 1,\n  b: {\n    // none yet\n  },\n}\n",
        &relocate("a", "b.a"),
        "{\n  b: {\n    // none yet\n    a: 1,\n  },\n}\n",
    );
    check("{\n  a: { b: 1 }, // x\n}\n", &relocate("a.b", "b"), "{\n  a: {}, // x\n  b: 1,\n}\n");
    check(
        "{\n  // off: 1,\n  a: 1\n}",
        &relocate("a", "b.c"),
        "{\n  // off: 1,\n  b: {\n    c: 1\n  }\n}",
    );
    check(
        "{ a: /* x */ 1, /* y */ b: 2, c: {} }",
        &relocate("b", "c.b"),
        "{ a: /* x */ 1, c: { /* y */ b: 2 } }",
    );
    check("{\n  a: // v\n    1,\n  l: [],\n}", &relocate("a", "l[+]"), "{\n  l: [// v\n  1],\n}");
    check(
        "{\n  list: [\n    { id: 'x' }, // x\n    { id: 'y' }, // y\n  ],\n  other: [],\n}",
        &relocate("list[id=x]", "other[+]"),
        "{\n  list: [\n    { id: 'y' }, // y\n  ],\n  other: [\n    { id: 'x' }, // x\n  ],\n}",
    );
}

#[test]
fn what_is_last_already_stays_with_its_comments() {
    for source in [
        "{\n  l: [\n    1,\n    2 // two\n    // own\n  ],\n}\n",
        "{\n  l: [\n      [\n        ''\n      ],\n      '\\\n    ' // a continuation\n      // own\n    ],\n}",
    ] {
        check(source, &relocate("l[1]", "l[+]"), source);
    }
}
