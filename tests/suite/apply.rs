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
fn what_is_added_comes_with_its_comments_and_spelling() {
    check(
        "{\n    // ours\n    logging: { level: 'info' },\n}\n",
        "{\n  logging: { level: \"info\" }, // not news\n\n  // chat\n  channels: { // why\n    telegram: {\n      timeout: 0x10, // s\n      'note': 'one\\\n  line',\n    },\n  },\n}\n",
        "{\n    // ours\n    logging: { level: 'info' },\n    // chat\n    channels: { // why\n        telegram: {\n            timeout: 0x10, // s\n            'note': 'one\\\n  line',\n        },\n    },\n}\n",
    );
}

#[test]
fn a_strict_json_file_takes_the_values_alone() {
    check(
        "{\n  \"a\": 1\n}\n",
        "{\n  a: 1,\n  // chat\n  b: { c: 0x10 }, // end\n}\n",
        "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": 16\n  }\n}\n",
    );
}

#[test]
fn another_format_gives_the_values_alone() {
    let sandbox =
        Sandbox::config("{\n  a: 1, // one\n}\n").with("d.toml", "a = 1\n# b\nb = 0x10\n");
    sandbox.run(["apply", sandbox.path("d.toml").to_str().unwrap()]).code(0);
    sandbox.holds("{\n  a: 1, // one\n  b: 16,\n}\n");
}

#[test]
fn a_key_that_stands_twice_in_what_is_added_is_refused() {
    let sandbox = Sandbox::config("{\n  a: 1,\n}\n");
    sandbox.untouched(|| {
        let desired = "{\n  a: 1,\n  b: { x: 1, x: 2 },\n}\n";
        sandbox.invoke(["apply", "-"]).stdin(desired).run().code(3).says("duplicate-key: `b.x`");
    });
}

#[test]
fn secrets_in_comments_that_are_added_are_not_shown() {
    let secret = "8f3b1c77d0aa4e52";
    let sandbox = Sandbox::config("{\n  a: 1,\n}\n");
    let desired = format!(
        "{{\n  a: 1,\n  // chat with token={secret}\n  channels: {{ // was https://bot:{secret}@example.com\n    telegram: {{\n      // botToken: '{secret}',\n      on: true, // token={secret}\n    }},\n  }},\n}}\n"
    );
    for arguments in
        [&["--dry-run", "apply", "-"][..], &["--output", "json", "--dry-run", "apply", "-"]]
    {
        let run = sandbox.invoke(arguments).stdin(desired.as_str()).run();
        run.code(0).never_says(secret).never_says(&secret[..8]);
        assert!(run.everything().contains("<redacted:"), "the comments should be there: {run}");
    }
    let patched = sandbox.invoke(["--dry-run", "patch", "-"]).stdin(desired.as_str()).run();
    patched.code(0).never_says(secret).shows("<redacted:");
    let run = sandbox.invoke(["apply", "-"]).stdin(desired.as_str()).run();
    run.code(0).never_says(secret);
    sandbox.holds(&desired);
    let before = sandbox.path("before.json5");
    std::fs::write(&before, "{\n  a: 1,\n}\n").unwrap();
    sandbox.run(["diff", before.to_str().unwrap()]).code(0).never_says(secret).shows("<redacted:");
}

#[test]
fn secrets_in_comments_of_toml_are_not_shown_either() {
    let secret = "8f3b1c77d0aa4e52";
    let sandbox = Sandbox::named("gateway.toml", "[a]\nb = 1\n");
    let desired = format!(
        "[a]\nb = 1\n\n# chat with token={secret}\n[channels.telegram] # was https://bot:{secret}@example.com\non = true # botToken = '{secret}'\n# botToken = '{secret}'\n"
    );
    let run = sandbox.invoke(["--dry-run", "apply", "-"]).stdin(desired.as_str()).run();
    run.code(0).never_says(secret).shows("<redacted:");
    sandbox.invoke(["apply", "-"]).stdin(desired.as_str()).run().code(0).never_says(secret);
    sandbox.holds(&desired);
}

#[test]
fn what_is_added_to_an_included_file_comes_with_its_comments() {
    let sandbox = Sandbox::config("{\n  a: { $include: 'a.json5' },\n  b: 1,\n}\n")
        .with("a.json5", "{\n  x: 1, // one\n}\n");
    let desired = "{ b: 2, a: {\n    x: 1,\n    // two\n    y: 0x2,\n  } }";
    sandbox.invoke(["apply", "-"]).stdin(desired).run().code(0);
    sandbox.holds("{\n  a: { $include: 'a.json5' },\n  b: 2,\n}\n");
    assert_eq!(sandbox.text_of("a.json5").unwrap(), "{\n  x: 1, // one\n  // two\n  y: 0x2,\n}\n");
}

#[test]
fn toml_that_is_added_comes_with_its_comments() {
    let sandbox = Sandbox::named("gateway.toml", "# top\n[a]\nb = 1 # one\n");
    let desired =
        "[a]\nb = 1\n# list\nc = [\n  0x1, # first\n]\n\n# why\n[d] # chat\ne = 'x' # e\n";
    sandbox.invoke(["apply", "-"]).stdin(desired).run().code(0);
    sandbox.holds(
        "# top\n[a]\nb = 1 # one\n# list\nc = [\n  0x1, # first\n]\n\n# why\n[d] # chat\ne = 'x' # e\n",
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
