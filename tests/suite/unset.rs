//! `unset`: keys go with their comments, and with nobody else's.

use crate::support::Sandbox;

#[track_caller]
fn check(text: &str, paths: &[&str], expected: &str) {
    let sandbox = Sandbox::config(text);
    sandbox.run([&["unset"], paths].concat()).code(0).prints("");
    sandbox.holds(expected);
}

#[test]
fn a_key_goes_with_its_comments() {
    check(
        "{\n  a: 1, // one\n  // about b\n  b: 2, // two\n  // about c\n  c: 3, // three\n}\n",
        &["b"],
        "{\n  a: 1, // one\n  // about c\n  c: 3, // three\n}\n",
    );
}

#[test]
fn switched_off_neighbours_stay() {
    check("{\n  a: 1,\n  // b: 2,\n\n  c: 3,\n}\n", &["a"], "{\n  // b: 2,\n\n  c: 3,\n}\n");
}

#[test]
fn several_elements_go_by_the_indices_they_had() {
    check("{\n  l: [0, 1, 2, 3],\n}\n", &["l[0]", "l[2]"], "{\n  l: [1, 3],\n}\n");
}

#[test]
fn an_element_goes_by_its_id() {
    check("{\n  l: [{ id: 'a' }, { id: 'b' }],\n}\n", &["l[id=a]"], "{\n  l: [{ id: 'b' }],\n}\n");
}

#[test]
fn of_a_doubled_key_both_go() {
    check("{\n  a: 1,\n  b: 2,\n  a: 3,\n}\n", &["a"], "{\n  b: 2,\n}\n");
}

#[test]
fn what_is_absent_is_fine_and_touches_nothing() {
    let sandbox = Sandbox::config("{ a: 1 }\n");
    sandbox.fails(0, ["unset", "b", "c.d"]).says("nothing was written");
}

#[test]
fn the_whole_configuration_cannot_be_unset() {
    let sandbox = Sandbox::config("{ a: 1 }\n");
    sandbox.fails(4, ["unset", "."]).says("cannot be moved or removed");
}

#[test]
fn toml_tables_go_with_what_is_theirs() {
    let text = "a = 1\n\n# about b\n[b]\nx = 1\n\n# about c\n[c]\ny = 2\n";
    let sandbox = Sandbox::named("gateway.toml", text);
    sandbox.run(["unset", "b"]).code(0);
    sandbox.holds("a = 1\n\n# about c\n[c]\ny = 2\n");
}
