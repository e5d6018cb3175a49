//! Lists whose lines start with commas.

use super::{check, insert, relocate, remove, set};

#[test]
fn commas_that_come_first_stay_first() {
    check("{\n    a: 1\n  , b: 2\n}\n", &set("c", "3"), "{\n    a: 1\n  , b: 2\n  , c: 3\n}\n");
    check("[\n    1\n  , 2\n]\n", &insert("[1]", "9"), "[\n    1\n  , 9\n  , 2\n]\n");
    check("{\n    a: 1\n  , b: 2\n  , c: 3\n}\n", &remove("b"), "{\n    a: 1\n  , c: 3\n}\n");
    check("{\n    a: 1\n  , b: 2\n  , c: 3\n}\n", &remove("c"), "{\n    a: 1\n  , b: 2\n}\n");
    check("{ a: 1\n, b: 2\n, c: 3\n}\n", &remove("a"), "{ b: 2\n, c: 3\n}\n");
    check(
        "{\n    a: 1\n    // about b\n  , b: 2\n}\n",
        &relocate("b", "x.b"),
        "{\n    a: 1\n  , x: {\n    // about b\n    b: 2\n  }\n}\n",
    );
}

#[test]
fn first_members_of_comma_first_lists_change() {
    check("{\n    a: 1\n  , b: 2\n  , c: 3\n}\n", &remove("a"), "{\n    b: 2\n  , c: 3\n}\n");
    check("{\n    // about a\n    a: 1\n  , b: 2\n}\n", &remove("a"), "{\n   b: 2\n}\n");
    check("[\n    1\n  , 2\n]", &insert("[0]", "0"), "[\n    0\n  , 1\n  , 2\n]");
    check("[ 1\n, 2\n]", &insert("[0]", "0"), "[ 0, 1\n, 2\n]");
}
