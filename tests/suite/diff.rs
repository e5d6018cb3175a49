//! `diff`: text and meaning, with how the gateway takes it.

use crate::support::{GATEWAY, Sandbox, TOKEN};

#[test]
fn one_file_is_compared_with_the_configuration() {
    let sandbox = Sandbox::config(GATEWAY).with("old.json5", GATEWAY.replace("18789", "18788"));
    let old = sandbox.path("old.json5").display().to_string();
    let run = sandbox.fails(0, ["diff", &old]);
    run.shows(&format!("--- {old}\n+++ {}\n", sandbox.config_path().display()))
        .shows("-    port: 18788, // behind the proxy\n+    port: 18789, // behind the proxy\n")
        .shows("\ngateway.port  18788 -> 18789  restart\n");
}

#[test]
fn two_files_are_compared() {
    let sandbox =
        Sandbox::empty().with("a.json5", "{ a: 1 }\n").with("b.json5", "{ a: 2, b: 3 }\n");
    let (a, b) = (sandbox.path("a.json5"), sandbox.path("b.json5"));
    sandbox
        .run(["diff", a.to_str().unwrap(), b.to_str().unwrap(), "--semantic"])
        .code(0)
        .prints("a  1 -> 2  restart\nb  + 3     restart\n");
}

#[test]
fn secrets_differ_as_fingerprints() {
    let other = GATEWAY.replace(TOKEN, "fake-token-other-0123456789");
    let sandbox = Sandbox::config(GATEWAY).with("old.json5", other);
    let run = sandbox.fails(0, ["diff", sandbox.path("old.json5").to_str().unwrap()]);
    run.shows("gateway.auth.token").shows("  auth\n").never_says(TOKEN).never_says("other-0123");
    let markers: Vec<&str> =
        run.stdout().lines().filter(|line| line.contains("      token: ")).collect();
    assert_eq!(markers.len(), 2, "{run}");
    assert_ne!(markers[0][1..], markers[1][1..], "{run}");
}

#[test]
fn files_that_mean_the_same_are_told_apart_by_text_only() {
    let sandbox = Sandbox::config("{ a: 1 }\n").with("b.json5", "{\n  a: 0x1, // one\n}\n");
    let run = sandbox.fails(0, ["diff", sandbox.path("b.json5").to_str().unwrap()]);
    run.shows("@@").says("mean the same");
    let run = sandbox.fails(0, ["diff", sandbox.config_path().to_str().unwrap()]);
    run.prints("").says("mean the same");
}

#[test]
fn formats_may_differ() {
    let sandbox = Sandbox::config("{ a: { b: 1 } }\n").with("c.toml", "[a]\nb = 2\n");
    sandbox
        .fails(0, ["diff", sandbox.path("c.toml").to_str().unwrap(), "--semantic"])
        .prints("a.b  2 -> 1  restart\n");
}

#[test]
fn a_missing_file_is_named() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.fails(9, ["diff", "nowhere.json5"]).says("nowhere.json5");
}
