//! Removals, each as text before, change and text after.

use super::{check, remove};

#[test]
fn members_go_with_their_comments() {
    check("{a: 1}", &remove("a"), "{}");
    check("{ a: 1, b: 2 }", &remove("a"), "{ b: 2 }");
    check("{ a: 1, b: 2 }", &remove("b"), "{ a: 1 }");
    check("{a:1,b:2,c:3}", &remove("b"), "{a:1,c:3}");
    check("{ a: 1, b: 2, }", &remove("b"), "{ a: 1, }");
    check("{\n  a: 1,\n}\n", &remove("a"), "{}\n");
    check("{\n  // about a\n  a: 1, // one\n}\n", &remove("a"), "{}\n");
    check(
        "{\n  // of the object\n\n  // about a\n  a: 1,\n}\n",
        &remove("a"),
        "{\n  // of the object\n}\n",
    );
    check("{ // head\n  a: 1,\n  b: 2,\n}\n", &remove("a"), "{ // head\n  b: 2,\n}\n");
    check(
        "{\r\n  a: 1,\r\n  /* about\r\n     b */\r\n  b: 2,\r\n}\r\n",
        &remove("b"),
        "{\r\n  a: 1,\r\n}\r\n",
    );
    check("{\n  a: 1, b: 2,\n  c: 3,\n}", &remove("b"), "{\n  a: 1,\n  c: 3,\n}");
    check("{\n  a: 1, b: 2,\n  c: 3,\n}", &remove("a"), "{\n  b: 2,\n  c: 3,\n}");
    check("{ a: 1,\n  b: 2 }", &remove("b"), "{ a: 1 }");
    check("{ a: 1,\n  b: 2 }", &remove("a"), "{\n  b: 2 }");
    check("{\n  a: 1, // long\n        // and longer\n  b: 2,\n}", &remove("a"), "{\n  b: 2,\n}");
    check("{\n  a: {\n    // inside\n    x: 1,\n  },\n  b: 2\n}", &remove("a"), "{\n  b: 2\n}");
    check(
        "{\n  a: 1,\n\n  // about b\n  b: 2,\n\n  c: 3,\n}",
        &remove("b"),
        "{\n  a: 1,\n\n  c: 3,\n}",
    );
    check("{\n  a: 1,\n  b: 2,\n  // dangling\n}", &remove("b"), "{\n  a: 1,\n  // dangling\n}");
    check(
        "{\n  a: 1\n  /* before the comma */,\n  b: 2\n}",
        &remove("a"),
        "{\n  /* before the comma */\n  b: 2\n}",
    );
    check(
        "[\n  1, // one\n  2, // two\n  3 // three\n]",
        &remove("[2]"),
        "[\n  1, // one\n  2 // two\n]",
    );
    check("[1, /* two */ 2, 3]", &remove("[1]"), "[1, 3]");
    check("{ a: [ 1 ] }", &remove("a[0]"), "{ a: [] }");
    check("{a /* k */: /* v */ 1, b: 2}", &remove("a"), "{b: 2}");
    check("{\n  a: 1,\n  b: 2,\u{2028}  c: 3,\n}", &remove("b"), "{\n  a: 1,\n  c: 3,\n}");
}

#[test]
fn switched_off_configuration_stays() {
    check("{\n  a: 1,\n  // b: 2,\n  c: 3,\n}", &remove("c"), "{\n  a: 1,\n  // b: 2,\n}");
    check(
        "{\n  // about b\n  // b: 2,\n  // about c\n  c: 3,\n}",
        &remove("c"),
        "{\n  // about b\n  // b: 2,\n}",
    );
    check(
        "{\n  // b: {\n  //   x: 1,\n  // },\n  c: 3,\n  d: 4,\n}",
        &remove("c"),
        "{\n  // b: {\n  //   x: 1,\n  // },\n  d: 4,\n}",
    );
    check("{\n  /* b: 2, */\n  c: 3,\n  d: 4,\n}", &remove("c"), "{\n  /* b: 2, */\n  d: 4,\n}");
    check("{\n  c: 3, // port: 18789\n  d: 4,\n}", &remove("c"), "{\n  // port: 18789\n  d: 4,\n}");
    check("{\n  c: 3, // see https://example.org/x\n  d: 4,\n}", &remove("c"), "{\n  d: 4,\n}");
    check("[\n  'a',\n  // 'b',\n  'c',\n]", &remove("[1]"), "[\n  'a',\n  // 'b',\n]");
}

#[test]
fn all_spellings_of_a_key_go() {
    check("{\n  a: 1,\n  \"a\": 2,\n  b: 3,\n  \\u0061: 4,\n}", &remove("a"), "{\n  b: 3,\n}");
    check("{ a: 1, b: 2, 'a': 3 }", &remove("a"), "{ b: 2 }");
    check("{ a: 1, 'a': 3 }", &remove("a"), "{}");
    check("{ b: 1, a: 2, 'a': 3 }", &remove("a"), "{ b: 1 }");
}
