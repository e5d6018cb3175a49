//! `patch`: a merge patch is one write.

use crate::support::{GATEWAY, Sandbox};

#[track_caller]
fn check(text: &str, patch: &str, expected: &str) {
    let sandbox = Sandbox::config(text);
    sandbox.invoke(["patch", "-"]).stdin(patch).run().code(0).prints("");
    sandbox.holds(expected);
}

#[test]
fn objects_merge_and_null_removes() {
    check(
        "{\n  a: { b: 1, c: 2 }, // kept\n  d: 3,\n}\n",
        "{ a: { b: 5, c: null }, e: 4 } // json5",
        "{\n  a: { b: 5 }, // kept\n  d: 3,\n  e: 4,\n}\n",
    );
}

#[test]
fn what_a_patch_adds_comes_with_its_comments() {
    check(
        "{\n  a: { b: 1 }, // kept\n}\n",
        "{\n  // not news\n  a: {\n    b: 1,\n    // about c\n    c: 0x2,\n  },\n  // chat\n  d: {\n    gone: null, // nothing\n    on: true, // since May\n  },\n}\n",
        "{\n  a: { b: 1,\n    // about c\n    c: 0x2 }, // kept\n  // chat\n  d: {\n    on: true, // since May\n  },\n}\n",
    );
}

#[test]
fn arrays_of_objects_merge_by_id() {
    check(
        GATEWAY,
        "{agents: {list: [{id: 'clerk', model: 'tiny'}]}}",
        &GATEWAY.replace("\"small\"", "\"tiny\""),
    );
}

#[test]
fn an_array_loses_elements_only_if_named() {
    let sandbox =
        Sandbox::config("{\n  deny: ['a', 'b', 'c'],\n}\n").with("p.json5", "{ deny: ['a'] }");
    let patch = sandbox.path("p.json5");
    let patch = patch.to_str().unwrap();
    sandbox.fails(3, ["patch", patch]).says("2 of 3 elements").says("--replace-array 'deny'");
    sandbox.run(["patch", patch, "--replace-array", "deny"]).code(0);
    sandbox.holds("{\n  deny: ['a'],\n}\n");
}

#[test]
fn a_patch_file_may_be_toml() {
    let sandbox = Sandbox::config("{\n  a: { b: 1 },\n}\n").with("p.toml", "[a]\nb = 2\n");
    sandbox.run(["patch", sandbox.path("p.toml").to_str().unwrap()]).code(0);
    sandbox.holds("{\n  a: { b: 2 },\n}\n");
}

#[test]
fn standard_input_has_the_format_of_the_configuration() {
    let sandbox = Sandbox::named("gateway.toml", "[a]\nb = 1 # one\n");
    sandbox.invoke(["patch", "-"]).stdin("a.b = 2\n").run().code(0);
    sandbox.holds("[a]\nb = 2 # one\n");
    sandbox.invoke(["patch", "-"]).stdin("{ a: 1 }").run().code(4).says("standard input");
}

#[test]
fn a_patch_that_does_not_parse_is_named_with_its_place() {
    let sandbox = Sandbox::config("{ a: 1 }\n").with("p.json5", "{\n  a: 1,\n  b: }\n");
    let patch = sandbox.path("p.json5").display().to_string();
    sandbox
        .fails(4, ["patch", &patch])
        .says(&format!("`{patch}` does not parse"))
        .says("line 3, column 6");
    let report = sandbox.report(["patch", &patch]);
    assert_eq!(report["error"]["line"], 3);
    assert_eq!(report["error"]["column"], 6);
    assert_eq!(report["error"]["file"], patch);
}

#[test]
fn a_patch_must_be_an_object() {
    let sandbox = Sandbox::config("{ a: 1 }\n").with("p.json5", "[1]");
    sandbox
        .fails(4, ["patch", sandbox.path("p.json5").to_str().unwrap()])
        .says("must be an object");
}

#[test]
fn a_missing_patch_is_named() {
    let sandbox = Sandbox::config("{ a: 1 }\n");
    sandbox.fails(9, ["patch", "nowhere.json5"]).says("nowhere.json5");
    sandbox.fails(9, ["patch", "/"]).says("a directory");
}

#[test]
fn an_empty_patch_touches_nothing() {
    let sandbox = Sandbox::config("{ a: 1 }\n").with("p.json5", "{}");
    sandbox.fails(0, ["patch", sandbox.path("p.json5").to_str().unwrap()]);
}
