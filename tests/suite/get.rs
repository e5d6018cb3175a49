//! `get`: what is printed, and how.

use crate::support::{GATEWAY, Sandbox, TOKEN};

#[track_caller]
fn check(path: &str, expected: &str) {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.fails(0, ["get", path]).prints(expected).tells("");
}

#[test]
fn scalars_are_printed_bare() {
    check("gateway.port", "18789\n");
    check("gateway.mode", "local\n");
    check("gateway.auth.allowTailscale", "true\n");
    check("agents.list[1].model", "small\n");
    check("agents.list[id=main].model", "large\n");
}

#[test]
fn containers_are_printed_as_json() {
    check("agents.list[0]", "{\n  \"id\": \"main\",\n  \"model\": \"large\"\n}\n");
}

#[test]
fn without_a_path_the_whole_configuration_is_printed() {
    let sandbox = Sandbox::config("{ a: 1, /* c */ b: [true, null,], }");
    let expected = "{\n  \"a\": 1,\n  \"b\": [\n    true,\n    null\n  ]\n}\n";
    sandbox.fails(0, ["get"]).prints(expected);
    sandbox.fails(0, ["get", "."]).prints(expected);
}

#[test]
fn values_without_a_json_form_are_printed_all_the_same() {
    let sandbox = Sandbox::config("{ a: [NaN, -Infinity, 0x10, .5, '\\ud800'] }");
    let expected =
        "[\n  \"NaN\",\n  \"-Infinity\",\n  16,\n  0.5,\n  \"\u{fffd}\u{fffd}\u{fffd}\"\n]\n";
    sandbox.fails(0, ["get", "a"]).prints(expected);
}

#[test]
fn secrets_are_fingerprints_unless_revealed() {
    let sandbox = Sandbox::config(GATEWAY);
    let run = sandbox.fails(0, ["get", "gateway.auth"]);
    run.shows("<redacted:").says("--reveal").never_says(TOKEN);
    let again = sandbox.fails(0, ["get", "gateway.auth"]);
    assert_eq!(run.stdout(), again.stdout(), "a fingerprint is the same every time");
    sandbox
        .fails(0, ["get", "gateway.auth.token", "--reveal"])
        .prints(&format!("{TOKEN}\n"))
        .tells("");
}

#[test]
fn fingerprints_of_two_installations_differ() {
    let read = || Sandbox::config(GATEWAY).run(["get", "gateway.auth.token"]).stdout().to_owned();
    assert_ne!(read(), read());
}

#[test]
fn json_output_keeps_strings_quoted() {
    let sandbox = Sandbox::config(GATEWAY);
    let report = sandbox.report(["get", "gateway.mode"]);
    assert_eq!(report["value"], "local");
    assert_eq!(report["path"], "gateway.mode");
    assert_eq!(report["status"], "ok");
}

#[test]
fn an_absent_path_ends_with_code_4() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox
        .fails(4, ["get", "gateway.auth.password"])
        .prints("")
        .says("there is nothing at `gateway.auth.password`");
    sandbox.fails(4, ["get", "agents.list[id=nobody]"]).prints("");
}

#[test]
fn a_path_through_a_scalar_says_so() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.fails(4, ["get", "gateway.port.x"]).says("`gateway.port` is a number");
    sandbox.fails(4, ["get", "agents.list[7]"]).says("2 elements");
}

#[test]
fn included_files_are_resolved() {
    let sandbox = Sandbox::config("{ gateway: { $include: \"gateway.json5\" } }")
        .with("gateway.json5", "{ port: 1 } // own file");
    sandbox.fails(0, ["get", "gateway.port"]).prints("1\n");
}

#[test]
fn toml_is_read_too() {
    let sandbox = Sandbox::named("gateway.toml", "[server]\nport = 1\nat = 1979-05-27\n");
    sandbox.fails(0, ["get", "server.port"]).prints("1\n");
    sandbox.fails(0, ["get", "server"]).prints("{\n  \"port\": 1,\n  \"at\": \"1979-05-27\"\n}\n");
}

#[test]
fn a_closed_pipe_is_success() {
    let sandbox = Sandbox::config(format!("{{ a: '{}' }}", "x".repeat(1 << 20)));
    let script = ["sh", "-c", "\"$@\" | head -c 1 > /dev/null; exit 0", "sh"];
    sandbox.invoke(["get", "a"]).under(script).run().code(0).tells("");
}

#[test]
fn a_full_standard_output_is_no_success() {
    let sandbox = Sandbox::config("{ a: 1 }");
    let script = ["sh", "-c", "\"$@\" > /dev/full", "sh"];
    sandbox.invoke(["get", "a"]).under(script).run().code(9).says("standard output");
}
