//! Wrong arguments, help, version, and what the settings mean.

use std::fs;

use crate::support::{GATEWAY, Sandbox};

const CANARY: &str = "fake-canary-Zx81-token";

#[test]
fn wrong_arguments_are_told_without_repeating_them() {
    let sandbox = Sandbox::config(GATEWAY);
    for (arguments, expected) in [
        (["get", "gateway", CANARY].as_slice(), "argument 3 is not expected here"),
        (&["set", "gateway.auth.token", "--stdin", CANARY], "one PATH and no VALUE"),
        (&["set", "a", "1", "b"], "the last PATH has no VALUE"),
        (&["set", CANARY], "the last PATH has no VALUE"),
        (&[CANARY], "argument 1 is no command"),
        (&["--output", CANARY, "get"], "`text`, `json`"),
        (&["get", "--fake-canary-Zx81-token"], "argument 2 is not expected here"),
        (&["get", "--reveal=fake-canary-Zx81-token"], "--reveal"),
        (&["set", "a", "1", "--lock-timeout", CANARY], "a duration is a whole number"),
        (&["set", "a", "1", "--allow", CANARY], "`--allow` names a rule that does not exist"),
        (&["set", "a[fake-canary-Zx81-token", "1"], "operand 1 is no path"),
        (&["get", "a[fake-canary-Zx81-token"], "at character 3 of the path"),
        (&["mv", "a"], "`<TO>` is missing"),
        (&["explain", CANARY], "there is no such rule"),
        (&[], "there is no command"),
    ] {
        sandbox.fails(2, arguments).prints("").says(expected).never_says("anary");
        let report = sandbox.report(arguments.iter().copied());
        assert_eq!(report["status"], "error", "{arguments:?}");
        assert!(!report.to_string().contains("anary"), "{report}");
    }
}

#[test]
fn a_near_miss_gets_a_hint() {
    let sandbox = Sandbox::empty();
    sandbox.run(["gett"]).code(2).says("hint: there is `get`");
    sandbox.run(["get", "--revael"]).code(2).says("hint: there is `--reveal`");
    sandbox
        .run(["set", "a", "1", "--allow", "auth-token-droped"])
        .code(2)
        .says("hint: there is `auth-token-dropped`");
}

#[test]
fn help_and_version_are_data() {
    let sandbox = Sandbox::empty();
    let version = format!("confwarden {}\n", env!("CARGO_PKG_VERSION"));
    sandbox.run(["--version"]).code(0).prints(&version).tells("");
    sandbox.run(["--help"]).code(0).shows("Exit codes:").tells("");
    for command in ["get", "set", "unset", "mv", "patch", "apply", "diff", "explain", "demo"] {
        sandbox.run([command, "--help"]).code(0).shows("Usage: confwarden").tells("");
    }
}

#[test]
fn the_configuration_is_where_openclaw_looks() {
    let sandbox = Sandbox::config("{ at: 'home' }\n")
        .with("other/openclaw.json", "{ at: 'state' }\n")
        .with("other.json5", "{ at: 'path' }\n");
    let get = || sandbox.invoke(["get", "at"]);
    get().run().prints("home\n");
    get().env("OPENCLAW_STATE_DIR", sandbox.path("other")).run().prints("state\n");
    get().env("OPENCLAW_CONFIG_PATH", sandbox.path("other.json5")).run().prints("path\n");
    let named = sandbox.path("other.json5");
    let arguments = ["get", "at", "--config", named.to_str().unwrap()];
    sandbox.invoke(arguments).env("OPENCLAW_CONFIG_PATH", "/nowhere").run().prints("path\n");
}

#[test]
fn the_token_is_protected_whatever_the_file_is_called() {
    let sandbox = Sandbox::named("gateway.json5", GATEWAY);
    sandbox.fails(3, ["unset", "gateway.auth.token"]).says("auth-token-dropped");
    assert_eq!(sandbox.report(["get", "gateway.port"])["profile"], "openclaw");
    let toml = Sandbox::named("gateway.toml", "a = 1\n");
    assert_eq!(toml.report(["get", "a"])["profile"], "generic");
    let report = sandbox.report(["get", "gateway.port", "--profile", "generic"]);
    assert_eq!(report["profile"], "generic");
}

#[test]
fn a_bad_profile_is_named_with_its_place() {
    let sandbox = Sandbox::config(GATEWAY)
        .with("p.toml", "version = 1\nname = \"x\"\n\n[auht]\ntoken = \"a\"\n");
    let profile = sandbox.path("p.toml").display().to_string();
    sandbox
        .fails(9, ["get", "--profile", &profile])
        .says(&format!("could not use the profile `{profile}`"))
        .says("line 4, column 2");
    sandbox.fails(9, ["get", "--profile", "nowhere.toml"]).says("nowhere.toml");
    sandbox.fails(9, ["get", "--profile", "openclaws"]).says("`openclaw` and `generic`");
}

#[test]
fn an_own_profile_protects_its_own_token() {
    let profile = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/profiles/acme-gateway.toml");
    let text = "[auth]\nmode = \"token\"\ntoken = \"fake-token-0123456789abcdef\"\n";
    let sandbox = Sandbox::named("acme.toml", text).always(&["--profile", profile]);
    sandbox.fails(3, ["unset", "auth.token"]).says("auth-token-dropped");
    sandbox.fails(0, ["get", "auth"]).never_says("0123456789abcdef");
}

#[test]
fn without_a_home_there_is_no_place_to_look() {
    let sandbox = Sandbox::empty();
    let bare = |arguments: &[&str]| {
        sandbox.invoke(arguments).without("HOME").without("XDG_STATE_HOME").run()
    };
    bare(&["get"]).code(9).says("home directory").says("--config");
    bare(&["get", "--config", "x.json"]).code(9).says("--state-dir");
}

#[test]
fn state_goes_where_it_is_told() {
    let sandbox = Sandbox::config(GATEWAY);
    let own = sandbox.root().join("own");
    sandbox.run(["get", "gateway.auth", "--state-dir", own.to_str().unwrap()]).code(0);
    assert!(own.is_dir());
    assert!(!sandbox.home().join("state").exists());
    sandbox.run(["get", "gateway.auth"]).code(0);
    assert!(sandbox.home().join("state/confwarden").is_dir());
}

#[test]
fn a_home_that_cannot_be_written_is_no_obstacle() {
    let sandbox = Sandbox::config(GATEWAY);
    fs::write(sandbox.home().join("state"), "in the way").unwrap();
    sandbox
        .fails(0, ["get", "gateway.auth"])
        .shows("<redacted:")
        .says("fingerprints of secrets hold for this output only");
    sandbox.run(["set", "logging.level", "debug"]).code(0);
}

#[test]
fn colors_are_there_only_if_asked_for() {
    let sandbox = Sandbox::config(GATEWAY);
    let plan = ["set", "logging.level", "debug", "--dry-run"];
    sandbox.run(plan).never_says("\u{1b}");
    sandbox.run([plan.as_slice(), &["--color", "always"]].concat()).shows("\u{1b}[");
    sandbox
        .invoke([plan.as_slice(), &["--color", "never"]].concat())
        .env("CLICOLOR_FORCE", "1")
        .run()
        .never_says("\u{1b}");
}
