//! What a change costs the gateway: said beforehand, in every command, for its version.

use serde_json::{Value, json};

use crate::support::{Sandbox, TOKEN};
use crate::watch::{Guard, events};

/// A configuration that a gateway of `version` wrote last; with settings beside it.
fn of(version: &str, further: &str) -> Sandbox {
    Sandbox::config(text(version, further))
}

fn text(version: &str, further: &str) -> String {
    format!(
        r#"{{
  gateway: {{ mode: "local", port: 18789, auth: {{ mode: "token", token: "{TOKEN}" }} }},
  logging: {{ level: "info" }},
  agents: {{ defaults: {{ heartbeat: {{ every: "30m" }} }} }},
  browser: {{ headless: true, color: "red" }},
  meta: {{ lastTouchedVersion: "{version}" }},{further}
}}
"#
    )
}

const OLD: &str = "2026.3.8";
const NEW: &str = "2026.9.6";

/// The report of a dry run of `arguments` says `summary`, and so does what people see.
#[track_caller]
fn check(sandbox: &Sandbox, arguments: &[&str], summary: &str) -> Value {
    let arguments = [arguments, &["--dry-run"]].concat();
    sandbox.run(&arguments).says(&format!("{summary}\n"));
    let report = sandbox.report(arguments.iter().copied());
    assert_eq!(report["reload"]["summary"], summary, "{report}");
    report
}

#[test]
fn one_line_says_what_a_change_does_to_this_version() {
    let (old, new) = (of(OLD, ""), of(NEW, ""));
    let live = "applies live, no restart";
    for (arguments, by_old, by_new) in [
        (
            ["set", "logging.level", "debug"],
            "nothing for the gateway to do",
            "nothing for the gateway to do",
        ),
        (
            ["set", "gateway.port", "1"],
            "restarts the gateway: gateway.port",
            "restarts the gateway: gateway.port",
        ),
        (
            ["set", "cron.enabled", "true"],
            &format!("{live} (restart-cron)"),
            &format!("{live} (restart-cron)"),
        ),
        (
            ["set", "agents.defaults.heartbeat.every", "1h"],
            &format!("{live} (restart-heartbeat)"),
            &format!("{live} (reconcile-system-jobs, restart-heartbeat)"),
        ),
        (["set", "gateway.tools.deny", "[]"], "restarts the gateway: gateway.tools", live),
        (
            ["set", "browser.color", "blue"],
            &format!("{live} (restart-browser-control)"),
            "restarts the gateway: browser.color",
        ),
        (["set", "browser.headless", "false"], &format!("{live} (restart-browser-control)"), live),
        (
            ["set", "gateway.auth.token", "fake-token-of-another-day"],
            "restarts the gateway: gateway.auth.token; disconnects clients: gateway.auth.token",
            "disconnects clients: gateway.auth.token",
        ),
    ] {
        let arguments = [arguments.as_slice(), &["--allow", "auth-token-changed"]].concat();
        check(&old, &arguments, by_old);
        check(&new, &arguments, by_new);
    }
}

#[test]
fn the_report_says_what_the_answer_rests_on() {
    let report =
        check(&of(NEW, ""), &["set", "gateway.port", "1"], "restarts the gateway: gateway.port");
    assert_eq!(
        report["reload"],
        json!({
            "class": "restart", "uptake": "restart", "actions": [],
            "restarts": ["gateway.port"], "waits": [], "disconnects": [],
            "basis": "version", "version": NEW, "version_from": "file",
            "summary": "restarts the gateway: gateway.port", "doubt": null,
        })
    );
    let flag = ["set", "gateway.tools.deny", "[]", "--gateway-version", OLD];
    let report = check(&of(NEW, ""), &flag, "restarts the gateway: gateway.tools");
    assert_eq!(report["reload"]["version_from"], "flag");
    assert_eq!(report["gateway_version"], OLD);
    // Nothing differs, so nothing costs anything.
    let report = of(NEW, "").report(["set", "gateway.port", "18789"]);
    assert_eq!(report["reload"], Value::Null);
}

#[test]
fn a_version_that_nobody_says_is_told_and_the_dearest_answer_shown() {
    let unknown = Sandbox::config(text(OLD, "").replace("lastTouchedVersion", "other"));
    let set = ["set", "gateway.tools.deny", "[]"];
    let report = check(&unknown, &set, "restarts the gateway: gateway.tools");
    assert_eq!(report["reload"]["basis"], "dearest");
    assert_eq!(report["reload"]["version"], Value::Null);
    let doubt = "the gateway's version is not known: the dearest of 2026.3 and 2026.9 is shown; \
                 `--gateway-version` says it";
    assert_eq!(report["reload"]["doubt"], doubt);
    unknown.run([&set[..], &["--dry-run"]].concat()).says(&format!("note: {doubt}\n"));
    // One that no table is for, newer or older, is no better known; what is between neither.
    for version in ["2027.1.1", "2026.2.26", "2026.6.1"] {
        let flag = [&set[..], &["--gateway-version", version]].concat();
        let report = check(&unknown, &flag, "restarts the gateway: gateway.tools");
        assert_eq!(report["reload"]["basis"], "dearest");
        let expected =
            format!("no table is for gateway {version}: the dearest of 2026.3 and 2026.9 is shown");
        assert_eq!(report["reload"]["doubt"], *expected);
    }
    let known = [&set[..], &["--gateway-version", NEW]].concat();
    let report = check(&unknown, &known, "applies live, no restart");
    assert_eq!(report["reload"]["doubt"], Value::Null);
    unknown.fails(2, ["set", "a", "1", "--gateway-version", "newest"]).says("numbers and dots");
}

#[test]
fn every_writing_command_says_it_when_it_has_written() {
    let restarts = "restarts the gateway: gateway.port\n";
    let desired = text(NEW, "").replace("18789", "1");
    for arguments in [
        ["set", "gateway.port", "1"].as_slice(),
        &["unset", "gateway.port"],
        &["mv", "gateway.port", "gateway.harbour"],
        &["patch", "p.json5"],
        &["apply", "d.json5"],
        &["edit"],
    ] {
        let sandbox =
            of(NEW, "").with("p.json5", "{ gateway: { port: 1 } }").with("d.json5", &desired);
        let editor = format!("cp {}", sandbox.path("d.json5").display());
        let paths: Vec<String> = arguments
            .iter()
            .map(|argument| match argument.strip_suffix(".json5") {
                Some(_) => sandbox.path(argument).display().to_string(),
                None => (*argument).to_owned(),
            })
            .collect();
        let run = sandbox.invoke(&paths).env("EDITOR", &editor).run();
        let expected = match arguments[0] {
            "mv" => "restarts the gateway: gateway.port, gateway.harbour\n",
            _ => restarts,
        };
        run.code(0).says(expected);
        if arguments[0] != "mv" {
            sandbox.run(["restore", "--undo", "@"]).code(0).says(restarts);
        }
    }
}

#[test]
fn diff_and_exec_say_it_too() {
    let sandbox = of(NEW, "").with("old.json5", text(NEW, "").replace("18789", "1"));
    let old = sandbox.path("old.json5").display().to_string();
    sandbox.fails(0, ["diff", &old]).says("restarts the gateway: gateway.port\n");
    let script = format!("sed -i s/18789/2/ {}", sandbox.config_path().display());
    sandbox
        .run(["exec", "--", "sh", "-c", &script])
        .code(0)
        .says("restarts the gateway: gateway.port\n");
}

#[test]
fn the_watcher_says_it_of_what_others_and_we_write() {
    let sandbox = of(NEW, "");
    let mut guard = Guard::of(&sandbox);
    sandbox.run([
        "set",
        "gateway.auth.token",
        "fake-token-of-another-day",
        "--allow",
        "auth-token-changed",
    ]);
    let own = guard.tells("accepted", 0);
    assert_eq!(
        own["reload"],
        json!({"class": "auth", "summary": "disconnects clients: gateway.auth.token"})
    );
    let before = events(&sandbox).len();
    std::fs::write(sandbox.config_path(), sandbox.text().replace("18789", "2")).unwrap();
    let foreign = guard.tells("accepted", before);
    assert_eq!(
        foreign["reload"],
        json!({"class": "restart", "summary": "restarts the gateway: gateway.port"})
    );
    sandbox
        .run(["events"])
        .code(0)
        .shows("gateway.port; restarts the gateway: gateway.port, record ");
}

#[test]
fn a_write_whose_text_alone_differs_costs_nothing_and_says_nothing() {
    let sandbox = of(NEW, "").with("b.json5", text(NEW, "").replace("18789", "0x4965"));
    let other = sandbox.path("b.json5").display().to_string();
    let report = sandbox.report(["diff", &other]);
    assert_eq!(report["reload"], Value::Null, "{report}");
}

#[test]
fn what_waits_for_a_restart_is_told_as_waiting() {
    let mode = |version, mode: &str| {
        Sandbox::config(
            text(version, "")
                .replace("port: 18789,", &format!("port: 18789, reload: {{ mode: \"{mode}\" }},")),
        )
    };
    let port = ["set", "gateway.port", "1"];
    let cron = ["set", "cron.enabled", "true"];
    let waits = |path: &str| format!("waits for a restart of the gateway: {path}");
    check(&mode(OLD, "off"), &port, &waits("gateway.port"));
    check(&mode(OLD, "off"), &cron, &waits("cron"));
    check(&mode(OLD, "hot"), &port, &waits("gateway.port"));
    check(&mode(OLD, "hot"), &cron, "applies live, no restart (restart-cron)");
    check(&mode(OLD, "restart"), &cron, "restarts the gateway: cron");
    check(&mode(NEW, "off"), &port, &waits("gateway.port"));
    // It migrates this value to the usual one.
    check(&mode(NEW, "hot"), &port, "restarts the gateway: gateway.port");
}

#[test]
fn no_restart_refuses_what_would_restart_and_names_the_paths() {
    let sandbox = of(NEW, "").with("d.json5", text(NEW, "").replace("18789", "1"));
    let desired = sandbox.path("d.json5").display().to_string();
    for arguments in [
        ["set", "gateway.port", "1", "logging.level", "debug"].as_slice(),
        &["unset", "gateway.port"],
        &["mv", "gateway.port", "gateway.harbour"],
        &["patch", &desired],
        &["apply", &desired],
    ] {
        let refused = [arguments, &["--no-restart"]].concat();
        sandbox
            .fails(3, &refused)
            .says("no-restart: `gateway.port`: the gateway would restart for this\n")
            .says("without `--no-restart` it is written")
            .never_says("logging.level");
    }
    let run = sandbox.fails(3, ["--dry-run", "set", "gateway.port", "1", "--no-restart"]);
    run.says("no-restart: `gateway.port`");
    let report = sandbox.report(["set", "gateway.port", "1", "--no-restart"]);
    assert_eq!(report["status"], "refused");
    assert_eq!(report["exit"]["code"], 3);
    assert_eq!(report["findings"][0]["rule"], "no-restart");
    assert_eq!(report["findings"][0]["path"], "gateway.port");
    assert_eq!(report["findings"][0]["allow"], Value::Null);
    // Nobody types this: it is not a rule.
    sandbox.fails(2, ["set", "gateway.port", "1", "--no-restart", "--allow", "no-restart"]);
    sandbox.run(["set", "gateway.tools.deny", "[]", "--no-restart"]).code(0);
    sandbox.run(["set", "gateway.port", "18789", "--no-restart"]).code(0);
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    sandbox.fails(3, ["restore", "--undo", "@", "--no-restart"]).says("`gateway.port`");
}

#[test]
fn no_restart_refuses_what_would_disconnect_clients() {
    let sandbox = of(NEW, "");
    let rotate = ["set", "gateway.auth.token", "fake-token-of-another-day", "--no-restart"];
    let allowed = [&rotate[..], &["--allow", "auth-token-changed"]].concat();
    sandbox
        .fails(3, &allowed)
        .says("no-restart: `gateway.auth.token`: clients would be disconnected by this");
    // Both refuse, and both say how.
    sandbox
        .fails(3, rotate)
        .says("auth-token-changed")
        .says("without `--no-restart` it is written")
        .says("`confwarden explain auth-token-changed`");
}

#[test]
fn no_restart_lets_through_what_only_waits() {
    let waiting = text(OLD, "").replace("port: 18789,", "port: 18789, reload: { mode: \"hot\" },");
    let sandbox = Sandbox::config(waiting);
    sandbox
        .run(["set", "gateway.port", "1", "--no-restart"])
        .code(0)
        .says("waits for a restart of the gateway: gateway.port");
    // The mode that lets it restart comes with it.
    let both = ["set", "gateway.port", "2", "gateway.reload.mode", "hybrid", "--no-restart"];
    sandbox.fails(3, both).says("no-restart: `gateway.port`");
}

#[test]
fn an_edit_that_would_restart_is_refused_and_the_text_kept() {
    let edit = |from: &str, to: &str| format!("sed -i s/{from}/{to}/ \"$1\"");
    let sandbox = of(NEW, "");
    let run = sandbox.invoke(["edit", "--no-restart"]).env("EDITOR", edit("18789", "1")).run();
    run.code(3).says("no-restart: `gateway.port`").says("your text is kept");
    let run = sandbox.invoke(["edit", "--no-restart"]).env("EDITOR", edit("info", "debug")).run();
    run.code(0).says("nothing for the gateway to do");
}
