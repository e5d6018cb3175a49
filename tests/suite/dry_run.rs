//! `--dry-run`: everything is said, nothing is written.

use crate::support::{GATEWAY, Sandbox, Seen, TOKEN};

/// A dry run of `arguments` ends with `code` and leaves every file and directory as it was.
#[track_caller]
fn check(sandbox: &Sandbox, code: i32, arguments: &[&str]) -> crate::support::Run {
    let look = || {
        let files = sandbox.files();
        files.into_iter().map(|path| (Seen::at(&path), path)).collect::<Vec<_>>()
    };
    let before = look();
    let run = sandbox.run([arguments, &["--dry-run"]].concat());
    run.code(code);
    assert_eq!(look(), before, "a dry run should touch nothing");
    run
}

#[test]
fn the_diff_and_the_classed_changes_are_printed() {
    let sandbox = Sandbox::config(GATEWAY);
    let config = sandbox.config_path().display().to_string();
    let run = check(&sandbox, 0, &["set", "logging.level", "debug", "gateway.port", "18790"]);
    run.shows(&format!("--- {config}\n+++ {config}\n@@ "))
        .shows("-    port: 18789, // behind the proxy\n+    port: 18790, // behind the proxy\n")
        .shows("\ngateway.port   18789 -> 18790     restart\n")
        .shows("logging.level  \"info\" -> \"debug\"  ")
        .says("nothing was written");
}

#[test]
fn every_writing_command_has_it() {
    let sandbox = Sandbox::config(GATEWAY)
        .with("p.json5", "{ logging: { level: 'debug' } }")
        .with("d.json5", GATEWAY.replace("info", "debug"));
    let (patch, desired) = (sandbox.path("p.json5"), sandbox.path("d.json5"));
    for arguments in [
        ["set", "logging.level", "debug"].as_slice(),
        &["unset", "logging.level"],
        &["mv", "logging.level", "logging.console"],
        &["patch", patch.to_str().unwrap()],
        &["apply", desired.to_str().unwrap()],
    ] {
        check(&sandbox, 0, arguments).shows("-  logging: { level: \"info\" },\n").shows("logging");
    }
}

#[test]
fn a_refusal_is_told_beforehand() {
    let sandbox = Sandbox::config(GATEWAY);
    check(&sandbox, 3, &["unset", "gateway.auth.token"])
        .shows("-      token: \"<redacted:")
        .says("auth-token-dropped")
        .never_says(TOKEN);
}

#[test]
fn a_file_that_is_not_there_yet_is_shown_as_new() {
    let sandbox = Sandbox::empty();
    check(&sandbox, 0, &["set", "gateway.port", "1", "--create"])
        .shows("--- /dev/null\n")
        .shows("+");
    assert!(!sandbox.config_path().exists());
}

#[test]
fn no_change_is_no_plan() {
    let sandbox = Sandbox::config(GATEWAY);
    check(&sandbox, 0, &["set", "gateway.port", "18789"]).prints("");
}

#[test]
fn toml_is_planned_too() {
    let sandbox = Sandbox::named("gateway.toml", "[a]\nb = 1 # one\n");
    check(&sandbox, 0, &["set", "a.b", "2"]).shows("-b = 1 # one\n+b = 2 # one\n");
}

#[test]
fn values_are_shown_short() {
    let sandbox = Sandbox::config("{\n  a: 1,\n}\n");
    check(&sandbox, 0, &["set", "b", "{c: 1, d: {e: 2}}"]).shows("b");
    let long = "x".repeat(500);
    check(&sandbox, 0, &["set", "b", &long]).shows("…  restart\n");
}
