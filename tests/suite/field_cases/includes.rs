//! IS: values that live in other files.

use crate::support::{Sandbox, Seen};

const ROOT: &str = "{\n  // split since May\n  agents: { $include: \"./agents.json5\" },\n  gateway: { $include: \"parts/gateway.json5\" }, // see there\n  logging: { level: \"info\" },\n}\n";
const AGENTS: &str = "{\n  entries: {\n    alpha: { $include: \"./alpha.json5\" },\n    beta: { model: \"large\" }, // second\n  },\n}\n";
const ALPHA: &str = "{\n  model: 'large', // first\n}\n";
const GATEWAY: &str = "{\n  mode: \"local\",\n  port: 18789, // proxy\n  auth: { mode: \"token\", token: \"fake-token-0123456789\" },\n}\n";

fn sandbox() -> Sandbox {
    Sandbox::config(ROOT)
        .with("agents.json5", AGENTS)
        .with("alpha.json5", ALPHA)
        .with("parts/gateway.json5", GATEWAY)
}

/// openclaw#70087: `onboard` makes one flat file of it.
#[test]
fn is_01_an_edit_goes_into_the_file_that_owns_the_value() {
    let sandbox = sandbox();
    let other = Seen::at(&sandbox.path("agents.json5"));
    sandbox.fails(0, ["set", "gateway.port", "18790"]).says("parts/gateway.json5`");
    assert_eq!(sandbox.text_of("parts/gateway.json5").unwrap(), GATEWAY.replace("18789", "18790"));
    assert_eq!(Seen::at(&sandbox.path("agents.json5")), other);
    sandbox.run(["get", "gateway.port"]).prints("18790\n");
    // The token is protected where it lives.
    sandbox.fails(3, ["unset", "gateway.auth.token"]).says("parts/gateway.json5, line ");
}

/// The whole flat file, as `onboard` would write it: its values go to where they belong.
#[test]
fn is_01_a_flat_file_does_not_flatten() {
    let sandbox = sandbox();
    let flat = r#"{
  "agents": { "entries": { "alpha": { "model": "large" }, "beta": { "model": "small" } } },
  "gateway": {
    "mode": "local", "port": 18790, "auth": { "mode": "token", "token": "fake-token-0123456789" }
  },
  "logging": { "level": "debug" }
}"#;
    sandbox.invoke(["apply", "-"]).stdin(flat).run().code(0);
    sandbox.holds(&ROOT.replace("\"info\"", "\"debug\""));
    assert_eq!(sandbox.text_of("parts/gateway.json5").unwrap(), GATEWAY.replace("18789", "18790"));
    assert_eq!(
        sandbox.text_of("agents.json5").unwrap(),
        AGENTS.replace("\"large\" }, // second", "\"small\" }, // second")
    );
    assert_eq!(sandbox.text_of("alpha.json5").unwrap(), ALPHA);
}

/// openclaw#116107: an include in an included file cannot be written.
#[test]
fn is_04_nested_includes_are_written() {
    let sandbox = sandbox();
    sandbox.fails(0, ["set", "agents.entries.alpha.model", "small"]);
    assert_eq!(sandbox.text_of("alpha.json5").unwrap(), ALPHA.replace("large", "small"));
    assert_eq!(sandbox.text_of("agents.json5").unwrap(), AGENTS);
}

/// openclaw#150353: a patch of a root key and an included one saves nothing.
#[test]
fn is_05_a_mixed_patch_is_split() {
    let sandbox = sandbox();
    let patch = "{ logging: { level: 'debug' }, gateway: { port: 18790 }, agents: { entries: { beta: { model: 'small' } } } }";
    sandbox.invoke(["patch", "-"]).stdin(patch).run().code(0);
    sandbox.holds(&ROOT.replace("\"info\"", "\"debug\""));
    assert_eq!(sandbox.text_of("parts/gateway.json5").unwrap(), GATEWAY.replace("18789", "18790"));
    assert_eq!(
        sandbox.text_of("agents.json5").unwrap(),
        AGENTS.replace("\"large\" }, // second", "\"small\" }, // second")
    );
}

#[test]
fn is_05_a_mixed_patch_that_is_refused_saves_nothing() {
    let sandbox = sandbox();
    let gateway = Seen::at(&sandbox.path("parts/gateway.json5"));
    let patch = "{ logging: { level: 'debug' }, gateway: { auth: { token: null } } }";
    sandbox.untouched(|| {
        sandbox.invoke(["patch", "-"]).stdin(patch).run().code(3).says("auth-token-dropped");
    });
    assert_eq!(Seen::at(&sandbox.path("parts/gateway.json5")), gateway);
}
