//! What the watcher tells of the gateway: whether it has taken what was accepted, and whether it still
//! stands a while after.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::{FakeGateway, GATEWAY, Release, Sandbox, TOKEN};
use crate::watch::{Guard, events};

fn text(version: &str) -> String {
    let meta = format!("  meta: {{ lastTouchedVersion: \"{version}\" }},\n  // Who answers.");
    GATEWAY.replace("  // Who answers.", &meta)
}

/// A watcher beside the gateway.
fn guard<'s>(sandbox: &'s Sandbox, gateway: &FakeGateway) -> Guard<'s> {
    let watch = sandbox
        .invoke(["watch"])
        .env("TMPDIR", sandbox.root())
        .env("OPENCLAW_GATEWAY_PORT", gateway.port().to_string());
    Guard::started(sandbox, watch)
}

fn with_cron(sandbox: &Sandbox, on: bool) {
    let text = sandbox.text();
    let text = text.replace("\n}\n", &format!("\n  cron: {{ enabled: {on} }},\n}}\n"));
    fs::write(sandbox.config_path(), text).unwrap();
}

#[test]
fn a_change_that_the_gateway_has_taken_is_told_whoever_made_it() {
    for (release, version, proof) in
        [(Release::March, "2026.3.8", "read"), (Release::September, "2026.9.6", "applied")]
    {
        let sandbox = Sandbox::config(text(version));
        let gateway = FakeGateway::start(&sandbox, release);
        let mut guard = guard(&sandbox, &gateway);
        with_cron(&sandbox, true);
        let told = guard.tells("reload-confirmed", 0);
        assert_eq!((&told["proof"], &told["gateway_version"]), (&proof.into(), &version.into()));
        assert_eq!(told["pid"], std::process::id());
        let accepted = events(&sandbox).into_iter().find(|event| event["kind"] == "accepted");
        assert_eq!(told["record"], accepted.unwrap()["record"]);
        let before = events(&sandbox).len();
        sandbox.run(["set", "cron.enabled", "false"]).code(0);
        guard.tells("reload-confirmed", before);
        let shown = sandbox.run(["events", "--kind", "reload-confirmed"]);
        shown.code(0).shows(", after ").never_says(TOKEN);
        guard.stop();
    }
}

#[test]
fn what_needs_a_restart_or_nothing_is_not_asked_about() {
    let sandbox = Sandbox::config(text("2026.9.6"));
    let gateway = FakeGateway::start(&sandbox, Release::September);
    let mut guard = guard(&sandbox, &gateway);
    for (from, to) in [("info", "debug"), ("18789", "18790")] {
        let before = events(&sandbox).len();
        fs::write(sandbox.config_path(), sandbox.text().replace(from, to)).unwrap();
        guard.tells("accepted", before);
    }
    let before = events(&sandbox).len();
    with_cron(&sandbox, true);
    guard.tells("reload-confirmed", before);
    let kinds = events(&sandbox);
    let confirmed = kinds.iter().filter(|event| event["kind"] == "reload-confirmed");
    assert_eq!(confirmed.count(), 1, "{kinds:?}");
    guard.stop();
}

#[test]
fn what_the_gateway_does_not_take_is_told_and_left_to_a_person() {
    let sandbox = Sandbox::config(text("2026.9.6"));
    let gateway = FakeGateway::start(&sandbox, Release::September);
    gateway.set(|manners| manners.refuses = Some("cron".to_owned()));
    let mut guard = guard(&sandbox, &gateway);
    with_cron(&sandbox, true);
    let told = guard.tells("failed", 0);
    let why = told["why"].as_str().unwrap();
    assert_eq!(told["what"], "have the gateway take a change");
    assert_eq!(why, "the gateway does not take what stands at `cron.enabled`");
    assert!(sandbox.text().contains("cron"));
    guard.stop();
}

/// RL-08: hot reload applied, and a while later another process stands there.
#[test]
fn rl_08_a_restart_after_a_change_that_should_need_none_is_told() {
    let sandbox = Sandbox::config(text("2026.9.6"));
    let gateway = FakeGateway::start(&sandbox, Release::September);
    let mut guard = guard(&sandbox, &gateway);
    with_cron(&sandbox, true);
    guard.tells("reload-confirmed", 0);
    gateway.restart();
    let told = guard.tells("failed", 0);
    let why = told["why"].as_str().unwrap();
    assert!(why.starts_with("the gateway restarted after the change"), "{why}");
    guard.stop();
}

/// The watcher never waits for a gateway.
#[test]
fn a_gateway_that_hangs_keeps_no_heal_waiting() {
    let sandbox = Sandbox::config(text("2026.9.6"));
    let gateway = FakeGateway::start(&sandbox, Release::September);
    let mut guard = guard(&sandbox, &gateway);
    gateway.set(|manners| manners.hangs = true);
    let before = events(&sandbox).len();
    with_cron(&sandbox, true);
    guard.tells("accepted", before);
    // Its thread now waits for the gateway, for ten seconds.
    let good = sandbox.text();
    std::thread::sleep(Duration::from_millis(1200));
    let started = Instant::now();
    let dropped = good.replace(&format!("      token: \"{TOKEN}\",\n"), "");
    assert_ne!(dropped, good);
    fs::write(sandbox.config_path(), dropped).unwrap();
    guard.heals_to(&good);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    guard.stop();
}
