//! `$include`: what is read through it, and what is refused.

use crate::support::{Sandbox, Seen};

#[test]
fn one_file_and_several_are_merged() {
    let sandbox = Sandbox::config("{ a: { $include: ['one.json5', 'two.json5'], own: 3 } }\n")
        .with("one.json5", "{ x: { p: 1 }, list: [1] }")
        .with("two.json5", "{ x: { q: 2 }, list: [2] }");
    let value = &sandbox.report(["get", "a"])["value"];
    let expected = serde_json::json!({"x": {"p": 1, "q": 2}, "list": [1, 2], "own": 3});
    assert_eq!(*value, expected);
}

#[test]
fn relative_paths_count_from_the_including_file() {
    let sandbox = Sandbox::config("{ a: { $include: 'parts/a.json5' } }\n")
        .with("parts/a.json5", "{ b: { $include: './b.json5' } }")
        .with("parts/b.json5", "{ c: 1 }");
    sandbox.run(["get", "a.b.c"]).prints("1\n");
    sandbox.run(["set", "a.b.c", "2"]).code(0);
    assert_eq!(sandbox.text_of("parts/b.json5").unwrap(), "{ c: 2 }");
}

#[test]
fn a_value_of_several_files_is_not_guessed_at() {
    let text = "{ a: { $include: ['one.json5', 'two.json5'] } }\n";
    let sandbox =
        Sandbox::config(text).with("one.json5", "{ l: [1] }").with("two.json5", "{ l: [2] }");
    sandbox.fails(4, ["set", "a.l", "[3]"]);
}

/// An include by `text` leads nowhere: it is told, and it may not be brought in.
#[track_caller]
fn check_fault(sandbox: &Sandbox, include: &str) {
    let faulty = format!("{{ $include: '{include}' }}");
    sandbox.fails(3, ["set", "b", &faulty]).says("include-unresolved: ").says("--allow");
    // A fault that is there already blocks nothing.
    sandbox.run(["set", "b", &faulty, "--allow", "include-unresolved"]).code(0);
    sandbox.run(["set", "port", "2"]).code(0).says("warning: include-unresolved: ");
}

#[test]
fn missing_file() {
    check_fault(&Sandbox::config("{ port: 1 }\n"), "nowhere.json5");
}

#[test]
fn circular_includes() {
    let sandbox = Sandbox::config("{ port: 1 }\n")
        .with("one.json5", "{ x: { $include: './two.json5' } }")
        .with("two.json5", "{ y: { $include: './one.json5' } }");
    check_fault(&sandbox, "one.json5");
    check_fault(&Sandbox::config("{ port: 1 }\n"), "openclaw.json");
}

#[test]
fn file_outside_of_the_directory() {
    let sandbox = Sandbox::config("{ port: 1 }\n").with("../outside.json5", "{ x: 1 }");
    check_fault(&sandbox, "../outside.json5");
    let link = Sandbox::config("{ port: 1 }\n").with("../outside.json5", "{ x: 1 }");
    std::os::unix::fs::symlink("../outside.json5", link.path("inside.json5")).unwrap();
    check_fault(&link, "inside.json5");
}

#[test]
fn file_in_a_further_root() {
    let sandbox = Sandbox::config("{ a: { $include: '../shared/x.json5' } }\n")
        .with("../shared/x.json5", "{ x: 1 }");
    let shared = sandbox.path("../shared").canonicalize().unwrap();
    let get = || sandbox.invoke(["get", "a.x"]);
    get().env("OPENCLAW_INCLUDE_ROOTS", &shared).run().code(0).prints("1\n");
    get().run().code(4);
}

#[test]
fn unparsable_file() {
    let sandbox = Sandbox::config("{ port: 1 }\n").with("broken.json5", "{ x: ");
    check_fault(&sandbox, "broken.json5");
}

#[test]
fn nothing_of_a_failed_write_is_left_in_any_file() {
    let sandbox = Sandbox::config("{ a: { $include: 'a.json5' }, b: 1 }\n")
        .with("a.json5", "{ x: 1, y: 'z' }");
    let included = Seen::at(&sandbox.path("a.json5"));
    sandbox.fails(4, ["set", "a.x", "2", "b.c", "3"]);
    sandbox.fails(4, ["set", "b", "2", "a.y.z", "3"]);
    assert_eq!(Seen::at(&sandbox.path("a.json5")), included);
}
