//! `apply`: the file comes to mean what is desired, by the smallest edit.

use crate::support::{GATEWAY, Sandbox};

#[track_caller]
fn check(text: &str, desired: &str, expected: &str) {
    let sandbox = Sandbox::config(text);
    sandbox.invoke(["apply", "-"]).stdin(desired).run().code(0).prints("");
    sandbox.holds(expected);
}

#[test]
fn what_stays_keeps_comments_order_and_spelling() {
    check(
        "{\n  // about a\n  a: 0x10, // hex\n  'b': 2,\n  // about c\n  c: 3,\n}\n",
        r#"{"c": 4, "b": 2, "a": 16}"#,
        "{\n  // about a\n  a: 0x10, // hex\n  'b': 2,\n  // about c\n  c: 4,\n}\n",
    );
}

#[test]
fn what_is_not_desired_goes() {
    check("{\n  a: { b: 1, c: 2 },\n}\n", "{ a: { b: 1 } }", "{\n  a: { b: 1 },\n}\n");
}

#[test]
fn its_own_meaning_touches_nothing() {
    let sandbox = Sandbox::config(GATEWAY);
    let plain = sandbox.run(["get", "--reveal"]).stdout().to_owned();
    sandbox.untouched(|| {
        sandbox.invoke(["apply", "-"]).stdin(plain).run().code(0).says("nothing was written");
    });
}

#[test]
fn sections_are_not_lost_by_mistake() {
    let sandbox = Sandbox::config(GATEWAY);
    let desired = GATEWAY.replace("logging: { level: \"info\" },", "");
    sandbox.untouched(|| {
        sandbox
            .invoke(["apply", "-"])
            .stdin(desired.as_str())
            .run()
            .code(3)
            .says("keys-lost: `logging`")
            .says("--allow keys-lost");
    });
    sandbox.invoke(["apply", "-", "--allow", "keys-lost"]).stdin(desired).run().code(0);
    sandbox.run(["get", "logging"]).code(4);
}

#[test]
fn a_configuration_must_be_an_object() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.untouched(|| {
        sandbox.invoke(["apply", "-"]).stdin("[]").run().code(4).says("must be an object");
    });
}

#[test]
fn a_new_file_gets_the_desired_text_itself() {
    let sandbox = Sandbox::empty();
    sandbox.invoke(["apply", "-", "--create"]).stdin(GATEWAY).run().code(0);
    sandbox.holds(GATEWAY);
}

#[test]
fn toml_is_edited_in_place() {
    let sandbox = Sandbox::named("gateway.toml", "# top\n[a]\nb = 1 # one\nc = 2\n");
    sandbox.invoke(["apply", "-"]).stdin("a = { c = 2, b = 3 }\n").run().code(0);
    sandbox.holds("# top\n[a]\nb = 3 # one\nc = 2\n");
}
