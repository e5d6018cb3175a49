//! `set`: values in place, everything else as it was.

use std::fs;

use crate::support::{GATEWAY, Sandbox, Seen};

/// `set` with `arguments` makes `expected` out of `text`.
#[track_caller]
fn check(text: &str, arguments: &[&str], expected: &str) {
    let sandbox = Sandbox::config(text);
    sandbox.run([&["set"], arguments].concat()).code(0).prints("");
    sandbox.holds(expected);
    assert_eq!(sandbox.leftovers(), Vec::<String>::new());
}

#[test]
fn a_value_changes_and_nothing_else_does() {
    check(
        GATEWAY,
        &["gateway.port", "18790"],
        &GATEWAY.replace("port: 18789, // behind", "port: 18790, // behind"),
    );
}

#[test]
fn a_new_key_goes_after_the_last_one() {
    check(
        "{\n  a: 1, // one\n  b: 2 // two\n}\n",
        &["c", "3"],
        "{\n  a: 1, // one\n  b: 2, // two\n  c: 3\n}\n",
    );
}

#[test]
fn objects_on_the_way_are_made() {
    let sandbox = Sandbox::config("{ a: 1 }\n");
    sandbox.run(["set", "b.c.d", "true"]).code(0);
    sandbox.run(["get", "b.c.d"]).prints("true\n");
}

#[test]
fn values_are_json5_else_strings() {
    for (value, expected) in [
        ("1", "1"),
        ("true", "true"),
        ("null", "null"),
        ("[1, 2,]", "[\n  1,\n  2\n]"),
        ("{b: 'c'}", "{\n  \"b\": \"c\"\n}"),
        ("'quoted'", "quoted"),
        ("plain words", "plain words"),
        ("https://a.example/b", "https://a.example/b"),
        ("-5", "-5"),
        ("", ""),
    ] {
        let sandbox = Sandbox::config("{\n}\n");
        sandbox.run(["set", "a", value]).code(0);
        sandbox.run(["get", "a"]).prints(&format!("{expected}\n"));
    }
}

#[test]
fn string_takes_every_value_as_a_string() {
    check("{\n  a: 1,\n}\n", &["b", "true", "--string"], "{\n  a: 1,\n  b: \"true\",\n}\n");
}

#[test]
fn digits_stay_a_string_where_a_string_stood() {
    check("{\n  id: '100',\n}\n", &["id", "200"], "{\n  id: '200',\n}\n");
    check("{\n  id: 100,\n}\n", &["id", "200"], "{\n  id: 200,\n}\n");
}

#[test]
fn digits_stay_a_string_where_a_secret_belongs() {
    let sandbox = Sandbox::config("{\n  hooks: {},\n}\n");
    sandbox.run(["set", "hooks.token", "123456789012"]).code(0);
    assert_eq!(sandbox.report(["get", "hooks.token", "--reveal"])["value"], "123456789012");
    for token in ["12e45678", "0x1f2e3d4c5b", "-1234567", ".5", "[bracket", "Infinity"] {
        sandbox.invoke(["set", "hooks.token", "--stdin"]).stdin(token).run().code(0);
        assert_eq!(sandbox.report(["get", "hooks.token", "--reveal"])["value"], token);
    }
}

#[test]
fn stdin_is_the_value_without_its_last_newline() {
    for (input, expected) in [("a b\n", "a b"), ("a b", "a b"), ("a\n\n", "a\n"), ("a\r\n", "a")] {
        let sandbox = Sandbox::config("{\n  x: 'y',\n}\n");
        sandbox.invoke(["set", "x", "--stdin"]).stdin(input).run().code(0);
        assert_eq!(sandbox.report(["get", "x"])["value"], expected, "{input:?}");
    }
}

#[test]
fn stdin_must_be_utf8() {
    let sandbox = Sandbox::config("{ x: 1 }");
    sandbox.untouched(|| {
        sandbox
            .invoke(["set", "x", "--stdin"])
            .stdin(b"a\xff".as_slice())
            .run()
            .code(4)
            .says("not UTF-8");
    });
}

#[test]
fn several_values_are_one_write() {
    let sandbox = Sandbox::config("{\n  a: 1,\n  b: 2,\n}\n");
    let report = sandbox.report(["set", "a", "3", "b", "4"]);
    assert_eq!(report["changes"].as_array().unwrap().len(), 2);
    assert_eq!(report["files"].as_array().unwrap().len(), 1);
    sandbox.holds("{\n  a: 3,\n  b: 4,\n}\n");
}

#[test]
fn one_bad_value_among_several_writes_none() {
    let sandbox = Sandbox::config("{\n  a: 1,\n}\n");
    sandbox.fails(4, ["set", "a", "2", "b", "[1"]).says("`b`");
    sandbox.fails(4, ["set", "a", "2", "a.b", "3"]).says("`a` is a number");
}

#[test]
fn elements_are_reached_by_index_id_and_append() {
    check("{\n  l: [1, 2],\n}\n", &["l[1]", "3"], "{\n  l: [1, 3],\n}\n");
    check("{\n  l: [1, 2],\n}\n", &["l[+]", "3"], "{\n  l: [1, 2, 3],\n}\n");
    check(
        "{\n  l: [{ id: 'a', m: 1 }, { id: 'b', m: 1 }],\n}\n",
        &["l[id=b].m", "2"],
        "{\n  l: [{ id: 'a', m: 1 }, { id: 'b', m: 2 }],\n}\n",
    );
    check("{\n  'a.b': { c: 1 },\n}\n", &["['a.b'].c", "2"], "{\n  'a.b': { c: 2 },\n}\n");
}

#[test]
fn the_summary_says_what_changed_and_what_it_means() {
    let sandbox = Sandbox::config(GATEWAY);
    let config = sandbox.config_path().display().to_string();
    sandbox
        .run(["set", "gateway.port", "18790"])
        .says(&format!("wrote `{config}`\n  gateway.port  18789 -> 18790  restart\n"))
        .says("restarts the gateway: ");
    sandbox.run(["set", "gateway.port", "18791", "--quiet"]).code(0).tells("");
}

#[test]
fn of_a_doubled_key_the_live_one_changes_and_the_fault_is_told() {
    let sandbox = Sandbox::config("{\n  mode: 'a',\n  mode: 'b',\n  x: 1,\n}\n");
    sandbox
        .run(["set", "mode", "c"])
        .code(0)
        .says("warning: duplicate-key: `mode`")
        .says("(it was so before)")
        .says("line 3, column 3");
    sandbox.holds("{\n  mode: 'a',\n  mode: 'c',\n  x: 1,\n}\n");
}

#[test]
fn what_is_so_already_touches_nothing() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.fails(0, ["set", "gateway.port", "18789"]).says("nothing was written");
    sandbox.fails(0, ["set", "gateway.port", "0x4965"]).says("nothing was written");
    sandbox.fails(0, ["set", "gateway.mode", "local", "logging.level", "info"]);
}

#[test]
fn create_makes_a_private_file_in_a_private_directory() {
    let sandbox = Sandbox::empty();
    fs::remove_dir(sandbox.path("")).unwrap();
    sandbox.run(["set", "gateway.port", "1"]).code(9).says("--create");
    assert!(!sandbox.config_path().exists());
    sandbox.run(["set", "gateway.port", "1", "--create"]).code(0);
    sandbox.run(["get", "gateway.port"]).prints("1\n");
    assert_eq!(Seen::at(sandbox.config_path()).unwrap().mode(), 0o600);
    assert_eq!(Seen::at(&sandbox.path("")).unwrap().mode(), 0o700);
}

#[test]
fn a_secret_among_the_arguments_is_warned_of() {
    let sandbox = Sandbox::config("{\n  hooks: {},\n}\n");
    sandbox.run(["set", "hooks.token", "fake-hook-123456"]).code(0).says("--stdin");
    sandbox
        .invoke(["set", "hooks.token", "--stdin"])
        .stdin("fake-hook-654321")
        .run()
        .code(0)
        .never_says("--stdin");
    sandbox
        .run(["set", "hooks.token", "${HOOK}", "--allow", "auth-token-changed"])
        .never_says("--stdin");
}

#[test]
fn toml_keeps_its_layout() {
    let text = "# top\r\n[server]\r\nport = 1 # old\r\n\r\n[[route]]\r\nid = 'a'";
    let sandbox = Sandbox::named("gateway.toml", text);
    sandbox.run(["set", "server.port", "2"]).code(0);
    sandbox.holds(&text.replace("port = 1", "port = 2"));
    sandbox.run(["set", "route[id=a].path", "/x"]).code(0);
    sandbox.run(["get", "route[0].path"]).prints("/x\n");
}
