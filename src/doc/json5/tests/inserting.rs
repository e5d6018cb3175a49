//! New members and elements, each as text before, change and text after.

use super::{check, insert, set};

#[test]
fn members_are_added_on_lines_of_their_own() {
    check("{\n  a: 1,\n  b: 2,\n}\n", &set("c", "3"), "{\n  a: 1,\n  b: 2,\n  c: 3,\n}\n");
    check("{\n  a: 1,\n  b: 2\n}\n", &set("c", "3"), "{\n  a: 1,\n  b: 2,\n  c: 3\n}\n");
    check(
        "{\r\n\t'a': 1,\r\n\t'b': 2,\r\n}\r\n",
        &set("c", "{d: 'x'}"),
        "{\r\n\t'a': 1,\r\n\t'b': 2,\r\n\t'c': {\r\n\t\t'd': 'x',\r\n\t},\r\n}\r\n",
    );
    check(
        "{\n    \"a\": 1,\n    \"b\": {\n        \"c\": 2\n    }\n}",
        &set("b.d", "{e: [1]}"),
        "{\n    \"a\": 1,\n    \"b\": {\n        \"c\": 2,\n        \"d\": {\n            \"e\": [1]\n        }\n    }\n}",
    );
    check("{\n  a: 1, // one\n}\n", &set("b", "2"), "{\n  a: 1, // one\n  b: 2,\n}\n");
    check(
        "{\n  a: 1 // one\n  , // comma\n}\n",
        &set("b", "2"),
        "{\n  a: 1 // one\n  ,\n  b: 2, // comma\n}\n",
    );
    check(
        "{\n  a: 1, // one\n        // and more\n  // dangling\n}\n",
        &set("b", "2"),
        "{\n  a: 1, // one\n        // and more\n  b: 2,\n  // dangling\n}\n",
    );
    check("{\n  a: 1 /* one */ }", &set("b", "2"), "{\n  a: 1, /* one */\n  b: 2 }");
    check("{\n  a: 1\n  // last\n}", &set("b", "2"), "{\n  a: 1,\n  b: 2\n  // last\n}");
    check("{ // head\n  a: 1,\n}", &set("b", "2"), "{ // head\n  a: 1,\n  b: 2,\n}");
    check("{ a: 1,\n  b: 2 }\n", &set("c", "3"), "{ a: 1,\n  b: 2,\n  c: 3 }\n");
    check("{\n  a: 1,\n\n  b: 2,\n\n}\n", &set("c", "3"), "{\n  a: 1,\n\n  b: 2,\n  c: 3,\n\n}\n");
    check("{\n  a : 1,\n}\n", &set("b", "2"), "{\n  a : 1,\n  b : 2,\n}\n");
    check(
        "{\n  a:    1,\n  long: 2,\n}\n",
        &set("b", "2"),
        "{\n  a:    1,\n  long: 2,\n  b: 2,\n}\n",
    );
    check(
        "{\n  a: {\n    b: 1,\n  },\n}\n",
        &set("c.d.e", "'x'"),
        "{\n  a: {\n    b: 1,\n  },\n  c: {\n    d: {\n      e: \"x\",\n    },\n  },\n}\n",
    );
    check("{\n  a: 1,\n}\n", &set("list[+]", "'x'"), "{\n  a: 1,\n  list: [\"x\"],\n}\n");
    check(
        "{\n  a: 1,\n}\n",
        &set("b.list[+]", "{id: 'x'}"),
        "{\n  a: 1,\n  b: {\n    list: [\n      {\n        id: \"x\",\n      },\n    ],\n  },\n}\n",
    );
    check("{\n\n  a: 1,\n}", &set("['x-y']", "'z'"), "{\n\n  a: 1,\n  \"x-y\": \"z\",\n}");
    check("{\n  a: 1,\n}", &set("ä", "1"), "{\n  a: 1,\n  \"ä\": 1,\n}");
    check(
        "{\n  'x-y': 1,\n  b: 2,\n}",
        &set("['p.q']", "1"),
        "{\n  'x-y': 1,\n  b: 2,\n  'p.q': 1,\n}",
    );
}

#[test]
fn members_are_added_on_the_same_line() {
    check("{a:1}", &set("b", "2"), "{a:1,b:2}");
    check("{ a: 1 }", &set("b", "2"), "{ a: 1, b: 2 }");
    check("{ a: 1, }", &set("b", "2"), "{ a: 1, b: 2, }");
    check("{\"a\":1,\"b\":2}", &set("c", "{d: [1, 2]}"), "{\"a\":1,\"b\":2,\"c\":{\"d\":[1,2]}}");
    check("{ a: 1 /* one */ }", &set("b", "2"), "{ a: 1 /* one */, b: 2 }");
    check("{ a: 1, /* of nobody */ }", &set("b", "2"), "{ a: 1, b: 2, /* of nobody */ }");
    check("[1, 2, 3]", &set("[+]", "4"), "[1, 2, 3, 4]");
    check("[1,2]", &set("[+]", "3"), "[1,2,3]");
    check("[\n  1, 2,\n  3, 4\n]", &set("[+]", "5"), "[\n  1, 2,\n  3, 4, 5\n]");
    check("[1, 2 // two\n]", &set("[+]", "3"), "[1, 2, // two\n  3\n]");
    check(
        "{\n  a: [1],\n  b: ['x', 'y',],\n}",
        &set("b[+]", "'z'"),
        "{\n  a: [1],\n  b: ['x', 'y', 'z',],\n}",
    );
}

#[test]
fn empty_containers_are_filled() {
    check("{}", &set("a", "1"), "{\n  \"a\": 1\n}");
    check("{ }", &set("a", "1"), "{\n  \"a\": 1\n}");
    check("{}\n", &set("a.b", "1"), "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n");
    check("{\n}\n", &set("a", "1"), "{\n  \"a\": 1\n}\n");
    check("[]", &set("[+]", "1"), "[1]");
    check("[]", &set("[+]", "{a: 1}"), "[\n  {\n    \"a\": 1\n  }\n]");
    check("// head\n{}\n", &set("a", "'x'"), "// head\n{\n  \"a\": \"x\"\n}\n");
    check(
        "{\n  a: {},\n  b: [],\n}\n",
        &set("a.x", "1"),
        "{\n  a: {\n    x: 1,\n  },\n  b: [],\n}\n",
    );
    check("{\n  a: {},\n  b: [],\n}\n", &set("b[+]", "1"), "{\n  a: {},\n  b: [1],\n}\n");
    check(
        "{\n  a: {},\n  b: [],\n}\n",
        &set("b[+]", "{x: 1}"),
        "{\n  a: {},\n  b: [\n    {\n      x: 1,\n    },\n  ],\n}\n",
    );
    check("{\n  a: {}, // note\n}\n", &set("a.x", "1"), "{\n  a: {\n    x: 1,\n  }, // note\n}\n");
    check(
        "{\n  a: { b: 1 },\n  c: {},\n}\n",
        &set("c.x", "1"),
        "{\n  a: { b: 1 },\n  c: { x: 1 },\n}\n",
    );
    check("{ a: {}, b: 1 }", &set("a.x", "1"), "{ a: { x: 1 }, b: 1 }");
    check("{\n  a: { /* none */ },\n}\n", &set("a.x", "1"), "{\n  a: { /* none */ x: 1 },\n}\n");
    check(
        "{\n  a: { // none\n  },\n}\n",
        &set("a.x", "1"),
        "{\n  a: { // none\n    x: 1,\n  },\n}\n",
    );
    check(
        "{\n  a: {\n    // one\n\n    // two\n\n  },\n}\n",
        &set("a.x", "1"),
        "{\n  a: {\n    // one\n\n    // two\n    x: 1,\n\n  },\n}\n",
    );
    check("{\n  a: [ /* none */ ],\n}\n", &set("a[+]", "1"), "{\n  a: [ /* none */ 1 ],\n}\n");
    check("{\r\n\ta: {},\r\n}\r\n", &set("a.x", "1"), "{\r\n\ta: {\r\n\t\tx: 1,\r\n\t},\r\n}\r\n");
    check(
        "{\n  \"a\": {},\n  \"b\": [\n    1\n  ],\n  \"c\": []\n}\n",
        &set("c[+]", "1"),
        "{\n  \"a\": {},\n  \"b\": [\n    1\n  ],\n  \"c\": [\n    1\n  ]\n}\n",
    );
}

#[test]
fn elements_are_inserted_before_others() {
    check("[1, 2]", &insert("[0]", "0"), "[0, 1, 2]");
    check("[1, 2]", &insert("[2]", "3"), "[1, 2, 3]");
    check("[]", &insert("[0]", "1"), "[1]");
    check("[\n  1,\n  2,\n]", &insert("[1]", "9"), "[\n  1,\n  9,\n  2,\n]");
    check(
        "[\n  // one\n  1,\n  // two\n  2\n]",
        &insert("[1]", "9"),
        "[\n  // one\n  1,\n  9,\n  // two\n  2\n]",
    );
    check(
        "[\n  // head\n\n  1, // one\n]",
        &insert("[0]", "9"),
        "[\n  // head\n\n  9,\n  1, // one\n]",
    );
    check("[1, /* two */ 2]", &insert("[1]", "9"), "[1, 9, /* two */ 2]");
    check(
        "{\n  a: [\n    {\n      id: 'x',\n    },\n  ],\n}",
        &insert("a[0]", "{id: 'y', l: []}"),
        "{\n  a: [\n    {\n      id: 'y',\n      l: [],\n    },\n    {\n      id: 'x',\n    },\n  ],\n}",
    );
}

#[test]
fn line_ends_inside_strings_are_no_style() {
    check(
        "{\r\n  'k\\\n': [\r\n    1,\r\n  ],\r\n}",
        &set("k[+]", "2"),
        "{\r\n  'k\\\n': [\r\n    1,\r\n    2,\r\n  ],\r\n}",
    );
}
