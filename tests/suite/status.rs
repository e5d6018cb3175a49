//! `status`: one look at a configuration.

use std::fs;
use std::time::{Duration, SystemTime};

use confwarden::fs::{LockGuard, Target, Wait};
use confwarden::ops::{Waiting, status};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{GATEWAY, Sandbox, TOKEN};
use crate::watch::Guard;

#[test]
fn a_file_that_nobody_recorded_has_no_drift_to_tell() {
    let sandbox = Sandbox::config(GATEWAY);
    let run = sandbox.fails(0, ["status"]);
    run.shows("JSON5, ").shows("mode 0600").shows("profile   openclaw");
    run.shows("lock      free; the gateway's own: free").shows("there is no record yet");
    let state = &sandbox.report(["status"])["state"];
    assert_eq!(state["condition"], "good");
    assert_eq!(state["drift"], json!({"kind": "unrecorded", "since": null, "reason": null}));
    assert!(!sandbox.home().join("state").exists(), "a look makes nothing");
}

#[test]
fn drift_is_what_differs_from_the_last_record() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    sandbox.run(["status"]).code(0).shows("drift     none since record 2").shows("gateway.port");
    let theirs = sandbox.text().replace("port: 1", "port: 2").replace(TOKEN, "fake-other-secret");
    fs::write(sandbox.config_path(), &theirs).unwrap();
    let run = sandbox.run(["status"]);
    run.code(0).shows("changed since record 2:").shows("gateway.port        1 -> 2");
    run.shows("gateway.auth.token").never_says("fake-other").never_says(TOKEN);
    let report = sandbox.report(["status"]);
    assert_eq!(report["state"]["drift"]["kind"], "changed");
    assert_eq!(report["changes"].as_array().unwrap().len(), 2);
    fs::write(sandbox.config_path(), GATEWAY.replace("18789", "1").replace("// Who", "// who"))
        .unwrap();
    sandbox.run(["status"]).code(0).shows("only the text changed since record 2");
}

#[test]
fn a_broken_or_missing_file_is_a_state_too() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    fs::write(sandbox.config_path(), "{ gateway: { auth: { token: 'fake-cut").unwrap();
    let run = sandbox.run(["status"]);
    run.code(0).shows("broken: JSON5 that does not parse").never_says("fake-cut");
    run.shows("changed since record 2: it does not parse now");
    fs::remove_file(sandbox.config_path()).unwrap();
    let run = sandbox.run(["status"]);
    run.code(0).shows("missing: there is no file").shows("since record 2: it is gone");
    assert_eq!(sandbox.report(["status"])["state"]["size"], Value::Null);
    Sandbox::empty().run(["status"]).code(0).shows("missing");
}

#[test]
fn who_holds_a_lock_is_named_without_waiting_for_it() {
    let sandbox = Sandbox::config(GATEWAY);
    let target = Target::resolve(sandbox.config_path()).unwrap();
    let guard = LockGuard::acquire(target, Wait::No, "confwarden apply").unwrap();
    let pid = std::process::id();
    let held = format!("held by `confwarden apply` (process {pid})");
    sandbox.run(["status"]).code(0).shows(&held);
    let lock = json!({"held": true, "pid": pid, "command": "confwarden apply"});
    assert_eq!(sandbox.report(["status"])["state"]["lock"], lock);
    drop(guard);
    sandbox.run(["status"]).code(0).shows("lock      free");
    fs::write(sandbox.path("openclaw.json.lock"), format!("{{\"pid\":{pid}}}")).unwrap();
    sandbox.run(["status"]).code(0).shows("the gateway's own: held by `");
    // Of a process that is gone it is nobody's.
    fs::write(sandbox.path("openclaw.json.lock"), "{\"pid\":4194303}").unwrap();
    sandbox.run(["status"]).code(0).shows("the gateway's own: free");
    assert!(sandbox.path("openclaw.json.lock").exists(), "a look removes nothing");
}

#[test]
fn a_link_is_told_with_what_becomes_of_it() {
    let sandbox = Sandbox::config(GATEWAY);
    let link = sandbox.path("link.json");
    std::os::unix::fs::symlink("openclaw.json", &link).unwrap();
    let run = sandbox.run(["--config", link.to_str().unwrap(), "status"]);
    run.code(0).shows("link to   ").shows("openclaw.json").shows("replaces it by a file");
    assert!(!sandbox.run(["status"]).stdout().contains("link to"));
}

#[test]
fn includes_are_listed_with_their_faults() {
    let root = "{ a: { $include: 'part.json5' }, b: { $include: 'none.json5' } }\n";
    let sandbox = Sandbox::config(root).with("part.json5", "{}");
    let run = sandbox.run(["status"]);
    run.code(0).shows("includes  ").shows("part.json5").shows("fault in");
    let includes = &sandbox.report(["status"])["state"]["includes"];
    assert_eq!(includes[0]["fault"], Value::Null);
    assert!(includes[1]["fault"].as_str().unwrap().contains("none.json5"));
}

/// Whether the watcher has seen everything is asked at every look, and proved by a report that comes
/// after all that happened before.
#[test]
fn the_watcher_says_whether_anything_has_drifted_as_of_now() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["status"]).code(0).shows("watcher   none runs");
    let nobody =
        json!({"kind": "none", "reason": null, "fresh": null, "drift": null, "state": null});
    assert_eq!(sandbox.report(["status"])["state"]["watcher"], nobody);

    let mut guard = Guard::of(&sandbox);
    sandbox.run(["status"]).code(0).shows("watcher   guards it; no drift as of now");
    let at_rest = json!({
        "kind": "guards", "reason": null, "fresh": true, "drift": false, "state": "stable"
    });
    for round in 0..3 {
        // Asked right after the damage, the answer covers it: it is healed, or told as it is.
        let damaged = sandbox.text().replace(TOKEN, "");
        fs::write(sandbox.config_path(), damaged).unwrap();
        let state = sandbox.report(["status"])["state"].clone();
        assert!(
            state["watcher"] != at_rest || state["drift"]["kind"] == "none",
            "round {round}: {state}"
        );
        guard.until("the token", || sandbox.text().contains(TOKEN));
        guard.until("rest", || sandbox.report(["status"])["state"]["watcher"] == at_rest);
    }

    guard.running().signal(Signal::STOP);
    let run = sandbox.run(["status"]);
    guard.running().signal(Signal::CONT);
    run.code(0).shows("watcher   no help: ").shows("drift     none since record");
    let other = sandbox.path("other.json");
    fs::write(&other, GATEWAY).unwrap();
    let other = other.to_str().unwrap();
    sandbox.run(["--config", other, "status"]).code(0).shows("no help: ").shows("is not guarded");
    guard.stop();
}

#[test]
fn what_waits_for_a_restart_is_told_as_far_as_it_is_known() {
    let held = GATEWAY
        .replace("port: 18789,", "port: 18789, reload: { mode: \"hot\" },")
        .replace("  logging:", "  meta: { lastTouchedVersion: \"2026.3.8\" },\n  logging:");
    let sandbox = Sandbox::config(&held);
    let waiting = || sandbox.report(["status"])["state"]["waiting"].clone();
    assert_eq!(waiting(), json!({"kind": "nothing", "paths": []}));
    // Taken live, so it waits for nothing.
    sandbox.run(["set", "cron.enabled", "true"]).code(0);
    assert_eq!(waiting(), json!({"kind": "nothing", "paths": []}));
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    assert_eq!(waiting(), json!({"kind": "at-most", "paths": ["gateway.port"]}));
    // What nobody has recorded waits too.
    fs::write(sandbox.config_path(), sandbox.text().replace("\"lan\"", "\"auto\"")).unwrap();
    assert_eq!(waiting(), json!({"kind": "at-most", "paths": ["gateway.port", "gateway.bind"]}));
    sandbox.run(["status"]).code(0).shows(
        "waits     for a restart of the gateway, if it has not been since (not known): gateway.port, \
         gateway.bind\n",
    );
    let usual = Sandbox::config(GATEWAY);
    usual.run(["set", "gateway.port", "1"]).code(0);
    usual.run(["status"]).code(0).never_says("waits");
}

/// The gateway's start decides what of the history it has taken.
#[test]
fn what_a_gateway_has_started_with_waits_no_longer() {
    let held = GATEWAY
        .replace("port: 18789,", "port: 18789, reload: { mode: \"off\" },")
        .replace("  logging:", "  meta: { lastTouchedVersion: \"2026.9.6\" },\n  logging:");
    let sandbox = Sandbox::config(&held);
    let set = |path: &str, value: &str| {
        sandbox.run(["set", path, value]).code(0);
        // Records have times of milliseconds.
        std::thread::sleep(Duration::from_millis(3));
        let at = SystemTime::now();
        std::thread::sleep(Duration::from_millis(3));
        at
    };
    let workspace = sandbox.workspace();
    let waiting = |started| status(&workspace, started).unwrap().waiting;
    let paths = |paths: &[&str]| Waiting::Paths(paths.iter().map(ToString::to_string).collect());
    let before = SystemTime::UNIX_EPOCH;
    assert_eq!(waiting(None), Waiting::Nothing);
    let one = set("gateway.port", "1");
    let two = set("gateway.bind", "auto");
    assert_eq!(waiting(Some(before)), paths(&["gateway.port", "gateway.bind"]));
    assert_eq!(waiting(Some(one)), paths(&["gateway.bind"]));
    assert_eq!(waiting(Some(two)), paths(&[]));
    assert_eq!(waiting(None), Waiting::AtMost(vec!["gateway.port".into(), "gateway.bind".into()]));
    // What was taken back waits for nothing.
    set("gateway.bind", "lan");
    assert_eq!(waiting(Some(one)), paths(&[]));
}
