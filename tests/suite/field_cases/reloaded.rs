//! RL: what a write costs the gateway is known beforehand, and nothing that asks for no change is a
//! write.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::{Sandbox, TOKEN};
use crate::watch::{Guard, events};

/// A configuration with the stamp of a gateway's last write.
fn stamped(version: &str) -> String {
    format!(
        r#"// The gateway at home.
{{
  gateway: {{ mode: "local", port: 18789, auth: {{ mode: "token", token: "{TOKEN}" }} }},
  auth: {{ profiles: {{ "acme:default": {{ provider: "acme", mode: "oauth" }} }} }},
  browser: {{ profiles: {{ work: {{ color: "red" }} }} }},
  logging: {{ level: "info" }}, // as quiet as can be
  meta: {{ lastTouchedVersion: "{version}", lastTouchedAt: "2026-02-01T00:00:00.000Z" }},
}}
"#
    )
}

const OLD: &str = "2026.3.8";
const NEW: &str = "2026.9.6";

/// The file as it is with another stamp of the time.
fn stamped_again(text: &str, day: u8) -> String {
    text.replace("2026-02-01", &format!("2026-02-{day:02}"))
}

/// openclaw#3811, #6149, #11744: a write that changes nothing but `meta.lastTouchedAt` restarts the
/// gateway, 50 times a day.
#[test]
fn rl_01_what_asks_for_no_change_touches_no_byte() {
    let text = stamped(OLD);
    let other_day = stamped_again(&text, 9);
    let unstamped = text.lines().filter(|line| !line.contains("meta:")).collect::<Vec<_>>();
    let as_json = r#"{"gateway":{"mode":"local","port":18789}, "logging":{"level":"info"}}"#;
    let sandbox = Sandbox::config(&text)
        .with("other-day.json5", other_day)
        .with("unstamped.json5", unstamped.join("\n"))
        .with("part.json", as_json);
    let path = |name: &str| sandbox.path(name).display().to_string();
    for arguments in [
        vec!["set".to_owned(), "logging.level".to_owned(), "info".to_owned()],
        vec!["set".to_owned(), "gateway.port".to_owned(), "0x4965".to_owned()],
        vec!["unset".to_owned(), "logging.file".to_owned()],
        vec!["patch".to_owned(), path("part.json")],
        vec!["apply".to_owned(), path("other-day.json5")],
        vec!["apply".to_owned(), path("unstamped.json5")],
    ] {
        sandbox.untouched(|| {
            sandbox.run(&arguments).code(0).says("means this already: nothing was written");
        });
    }
    // And what is a change stamps nothing of its own.
    sandbox.run(["set", "logging.level", "debug"]).code(0).says("nothing for the gateway to do");
    sandbox.holds(&text.replace("\"info\"", "\"debug\""));
}

/// The same: with a change that is asked for, the stamp of another day stays out of it.
#[test]
fn rl_01_a_rendered_text_brings_no_stamp_along() {
    let text = stamped(NEW);
    let desired = stamped_again(&text, 9).replace("\"info\"", "\"debug\"").replace(NEW, OLD);
    let sandbox = Sandbox::config(&text).with("d.json5", desired);
    let report = sandbox.report(["apply", sandbox.path("d.json5").to_str().unwrap()]);
    assert_eq!(report["status"], "written");
    assert_eq!(report["changes"].as_array().unwrap().len(), 1, "{report}");
    sandbox.holds(&text.replace("\"info\"", "\"debug\""));
    // Asked for by its path it is written, and costs nothing.
    sandbox
        .run(["set", "meta.lastTouchedAt", "2026-02-02T00:00:00.000Z"])
        .code(0)
        .says("nothing for the gateway to do");
    // Where there is none yet, the stamp comes with the rest.
    let sandbox = Sandbox::empty().with("d.json5", stamped(NEW));
    let desired = sandbox.path("d.json5").display().to_string();
    sandbox.run(["apply", &desired, "--create"]).code(0);
    sandbox.holds(&stamped(NEW));
}

/// openclaw#11279: two restarts for one patch, 1.4 seconds apart.
#[test]
fn rl_02_several_edits_are_one_write() {
    let sandbox = Sandbox::config(stamped(NEW)).with(
        "p.json5",
        "{ gateway: { port: 1 }, logging: { level: 'debug' }, cron: { enabled: true }, auth: null }",
    );
    let patch = sandbox.path("p.json5").display().to_string();
    let mut guard = Guard::of(&sandbox);
    sandbox.run(["patch", &patch]).code(0).says("restarts the gateway: gateway.port");
    let told = guard.tells("accepted", 0);
    assert_eq!(told["changes"].as_array().unwrap().len(), 4, "{told}");
    drop(guard);
    let accepted = events(&sandbox).iter().filter(|event| event["kind"] == "accepted").count();
    assert_eq!(accepted, 1, "one write is one event");
}

/// The same: a change and its undo in one batch are none.
#[test]
fn rl_02_a_change_and_its_undo_in_one_batch_touch_nothing() {
    let sandbox = Sandbox::config(stamped(NEW));
    let batch = ["set", "gateway.port", "1", "logging.level", "debug", "gateway.port", "18789"];
    let back = [&batch[..], &["logging.level", "info"]].concat();
    sandbox.untouched(|| {
        let run = sandbox.run(&back);
        run.code(0).says("means this already: nothing was written").never_says("restarts");
    });
    sandbox.run(batch).code(0).says("nothing for the gateway to do").never_says("restarts");
}

/// openclaw#13458: a restart writes `meta`, and that restarts.
#[test]
fn rl_03_a_stamp_at_each_start_is_never_answered() {
    let sandbox = Sandbox::config(stamped(OLD));
    let mut guard = Guard::of(&sandbox);
    for day in 2..8 {
        let before = events(&sandbox).len();
        let text = stamped_again(&stamped(OLD), day);
        fs::write(sandbox.config_path(), &text).unwrap();
        let told = guard.tells("accepted", before);
        assert_eq!(told["reload"]["summary"], "nothing for the gateway to do");
        assert_eq!(told["changes"][0]["path"], "meta.lastTouchedAt");
        sandbox.holds(&text);
    }
    drop(guard);
    let ours = events(&sandbox);
    let written = |event: &&Value| event["kind"] == "healed" || event["kind"] == "redressed";
    assert_eq!(ours.iter().find(written), None, "nothing of ours that it could answer");
}

/// openclaw#68258: a refreshed login below `auth.profiles` ends the gateway.
#[test]
fn rl_05_a_refreshed_login_is_told_for_what_it_costs() {
    let refresh = ["set", "auth.profiles['acme:default'].mode", "token", "--no-restart"];
    let path = "auth.profiles.acme:default.mode";
    Sandbox::config(stamped(OLD))
        .fails(3, refresh)
        .says(&format!("no-restart: `{path}`: the gateway would restart for this"));
    Sandbox::config(stamped(NEW)).run(refresh).code(0).says("applies live, no restart");
}

/// openclaw#131094: a token of a channel, patched four times in two days, ends six channels.
#[test]
fn rl_06_a_channel_s_token_costs_that_channel_alone() {
    let patch = "{ channels: { telegram: { botToken: 'fake-other-token' } } }";
    for version in [OLD, NEW] {
        let with = stamped(version).replace(
            "  logging:",
            "  channels: { telegram: { botToken: 'fake-token' } },\n  logging:",
        );
        let sandbox = Sandbox::config(with).with("p.json5", patch);
        let patch = sandbox.path("p.json5").display().to_string();
        sandbox
            .run(["patch", &patch, "--no-restart"])
            .code(0)
            .says("applies live, no restart (restart-channel:telegram)");
    }
    // The gateway's own token is another matter: a restart, or the clients that have the old one.
    let rotate = ["set", "gateway.auth.token", "fake-token-of-another-day", "--dry-run"];
    let rotate = [&rotate[..], &["--allow", "auth-token-changed"]].concat();
    Sandbox::config(stamped(OLD))
        .run(&rotate)
        .says("restarts the gateway: gateway.auth.token; disc");
    Sandbox::config(stamped(NEW))
        .run(&rotate)
        .says("disconnects clients: gateway.auth.token\n")
        .never_says("restarts the");
}

/// openclaw#43803: `config.patch` of a profile of the browser restarts, though the gateway takes it live
/// from the file.
#[test]
fn rl_07_what_is_taken_live_is_written_to_the_file() {
    for (version, action) in [(OLD, " (restart-browser-control)"), (NEW, "")] {
        Sandbox::config(stamped(version))
            .run(["set", "browser.profiles.work.color", "blue", "--no-restart"])
            .code(0)
            .says(&format!("applies live, no restart{action}\n"));
    }
}

/// openclaw PR#59745, #89517: in the mode `hot` a rotated token stands in the file, and the old one is
/// what the gateway takes.
#[test]
fn rl_12_what_the_mode_holds_back_is_told_as_waiting() {
    let hot = stamped(OLD).replace("port: 18789,", "port: 18789, reload: { mode: 'hot' },");
    let rotate = ["set", "gateway.auth.token", "fake-token-of-another-day"];
    let rotate = [&rotate[..], &["--allow", "auth-token-changed"]].concat();
    Sandbox::config(hot)
        .run(&rotate)
        .code(0)
        .says("\nwaits for a restart of the gateway: gateway.auth.token\n");
}

/// opencrane#113: a changed configuration does not roll the pods that mount it.
#[test]
fn rl_13_the_hash_for_an_annotation_is_that_of_the_bytes() {
    let sandbox = Sandbox::config(stamped(NEW));
    let hash = |sandbox: &Sandbox| sandbox.report(["status"])["state"]["sha256"].clone();
    let before = hash(&sandbox);
    let sum = Command::new("sha256sum").arg(sandbox.config_path()).output().unwrap();
    assert_eq!(before.as_str(), String::from_utf8(sum.stdout).unwrap().split(' ').next());
    sandbox.run(["set", "logging.level", "info"]).code(0);
    assert_eq!(hash(&sandbox), before, "no change, no new hash");
    sandbox.run(["set", "logging.level", "debug"]).code(0);
    assert_ne!(hash(&sandbox), before);
    assert_eq!(hash(&Sandbox::empty()), Value::Null);
}

/// openclaw PR#82824: with `commands.restart` off a gateway ignores a signal that is to restart it, and
/// says nothing. What turns it off is told as what it costs.
#[test]
fn rl_15_turning_restarts_off_costs_one_in_the_old_release() {
    let off = ["set", "commands.restart", "false"];
    Sandbox::config(stamped(OLD)).run(off).code(0).says("restarts the gateway: commands");
    Sandbox::config(stamped(NEW)).run(off).code(0).says("applies live, no restart");
}
