//! `exec`: other programs write the file, and what they break is healed. The writers are real.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use crate::support::{GATEWAY, Run, Sandbox, TOKEN};

/// [`GATEWAY`] as a program stores it that has read it: standard JSON, no comments, without the token
/// block where `drop` says so.
fn stored(drop: &str) -> String {
    format!(
        r#"python3 -c '
import json, os, sys
config = sys.argv[1]
value = {{
  "gateway": {{"mode": "local", "port": 18789, "bind": "lan", "auth": {{"mode": "token",
    "token": "{TOKEN}", "allowTailscale": True}}}},
  "agents": {{"list": [{{"id": "main", "model": "large"}}, {{"id": "clerk", "model": "small"}}]}},
  "logging": {{"level": "debug"}},
}}
{drop}
with open(config + ".tmp", "w") as file:
    json.dump(value, file, indent=2)
os.rename(config + ".tmp", config)
' "$1""#
    )
}

/// Runs the shell command `script`, whose `$1` is the configuration, under the guard.
pub(crate) fn exec(sandbox: &Sandbox, options: &[&str], script: &str) -> Run {
    let config = sandbox.config_path().display().to_string();
    let command = ["--", "sh", "-c", script, "sh", &config];
    sandbox.run(["exec"].iter().chain(options).chain(&command))
}

pub(crate) fn debugging() -> String {
    GATEWAY.replace("\"info\"", "\"debug\"")
}

#[test]
fn streams_and_end_are_the_program_s() {
    let sandbox = Sandbox::config(GATEWAY);
    let run = sandbox.untouched(|| {
        let command = ["exec", "--", "sh", "-c", "cat; echo said >&2; exit 7"];
        sandbox.invoke(command).stdin("typed").run()
    });
    run.code(7).prints("typed").tells("said\n");
    sandbox.untouched(|| exec(&sandbox, &[], "kill -TERM $$")).code(128 + 15).prints("").tells("");
    sandbox.untouched(|| sandbox.run(["exec", "--", "true"])).code(0).prints("").tells("");
}

#[test]
fn a_program_that_cannot_be_started_is_told_without_its_arguments() {
    let sandbox = Sandbox::config(GATEWAY);
    let secret = "fake-secret-argument";
    let missing = ["exec", "--", "no-such-program", secret];
    sandbox.fails(9, missing).says("no-such-program").never_says(secret);
    let plain = sandbox.path("plain");
    fs::write(&plain, "").unwrap();
    sandbox.fails(9, ["exec", "--", plain.to_str().unwrap(), secret]).never_says(secret);
    sandbox.fails(2, ["exec"]);
    sandbox.fails(2, ["exec", "--dry-run", "--", "true"]).says("dry run");
    sandbox.fails(2, ["exec", "--allow", "nothing", "--", "true"]);
}

#[test]
fn a_rewrite_keeps_its_values_and_the_comments_of_the_file() {
    let sandbox = Sandbox::config(GATEWAY);
    let run = exec(&sandbox, &[], &stored(""));
    run.code(0).says("re-dressed").says("logging.level").never_says(TOKEN);
    sandbox.holds(&debugging());
    let sandbox = Sandbox::config(GATEWAY);
    exec(&sandbox, &["--no-redress"], &stored("")).code(0).says("comments-lost");
    assert!(sandbox.text().starts_with("{\n  \"gateway\""));
}

#[test]
fn what_a_rule_protects_is_put_back_and_the_rest_stays() {
    let sandbox = Sandbox::config(GATEWAY);
    let dropping = stored("del value[\"gateway\"][\"auth\"]");
    let run = exec(&sandbox, &[], &dropping);
    run.code(0).says("put back `gateway.auth.token` (auth-token-dropped)").never_says(TOKEN);
    sandbox.holds(&debugging());
    let sandbox = Sandbox::config(GATEWAY);
    exec(&sandbox, &["--strict"], &dropping).code(3);
    sandbox.holds(&debugging());
    let sandbox = Sandbox::config(GATEWAY);
    exec(&sandbox, &["--deny"], &dropping).code(3).says("whole change was undone");
    exec(&sandbox, &["--deny"], ": > \"$1\"").code(3).says("left unreadable: ");
    sandbox.holds(GATEWAY);
    // What is no damage is no reason to undo.
    let private = format!("umask 077; {}", stored(""));
    exec(&sandbox, &["--deny", "--strict"], &private).code(0);
    sandbox.holds(&debugging());
}

#[test]
fn a_rule_lets_go_on_one_command() {
    let sandbox = Sandbox::config(GATEWAY);
    let other = "fake-token-9b1deb4d3b7d4bad";
    let rotating = format!("sed -i s/{TOKEN}/{other}/ \"$1\"");
    exec(&sandbox, &[], &rotating).code(0).says("put back the value of `gateway.auth.token`");
    sandbox.holds(GATEWAY);
    let run = exec(&sandbox, &["--allow", "auth-token-changed"], &rotating);
    run.code(0).never_says(other);
    sandbox.holds(&GATEWAY.replace(TOKEN, other));
}

/// What a live gateway would have read: how long after the write of a program the token was back, in
/// milliseconds, while the program still ran.
fn healed_after(writer: &str) -> u64 {
    let sandbox = Sandbox::config(GATEWAY);
    let script = format!(
        r#"{writer}
start=$(date +%s%3N)
while ! grep -q {TOKEN} "$1"; do
    [ $(( $(date +%s%3N) - start )) -gt 5000 ] && exit 9
    sleep 0.002
done
echo $(( $(date +%s%3N) - start ))
sleep 0.3"#
    );
    let run = exec(&sandbox, &[], &script);
    run.code(0).says("put back");
    run.stdout().trim().parse().unwrap()
}

#[test]
fn damage_is_healed_while_the_program_runs() {
    for writer in [
        stored("del value[\"gateway\"][\"auth\"]"),
        // In place, in two pieces.
        "sed -i /token:/d \"$1\"".to_owned(),
        ": > \"$1\"; sleep 0.05; printf '{' >> \"$1\"".to_owned(),
    ] {
        let after = healed_after(&writer);
        assert!((5..480).contains(&after), "the token was back after {after} ms: {writer}");
    }
}

#[test]
fn the_gateway_s_own_lock_is_waited_for_and_never_held_while_the_program_runs() {
    let dropping = stored("del value[\"gateway\"][\"auth\"]");
    // As 2026.9 does: its lock until 200 ms after its rename.
    let script = format!(
        r#"[ -e "$1.lock" ] && exit 8
printf '{{"pid": %d}}' $$ > "$1.lock"
{dropping}
sleep 0.2
grep -q {TOKEN} "$1" && exit 7
rm "$1.lock""#
    );
    let after = healed_after(&script);
    assert!(after < 280, "the token was back {after} ms after the release");
}

#[test]
fn a_text_that_cannot_be_read_is_replaced_by_the_accepted_one() {
    for (broken, why) in [
        ("head -c 100 \"$1\" > \"$1.tmp\"; mv \"$1.tmp\" \"$1\"", "line "),
        ("cat \"$1\" \"$1\" > \"$1.tmp\"; mv \"$1.tmp\" \"$1\"", "line "),
        (": > \"$1\"", "line 1"),
        ("rm \"$1\"", "it was gone"),
        ("printf '\\377' >> \"$1\"", "UTF-8"),
        // A writer that dies half way.
        (
            "python3 -c 'import os, sys; f = open(sys.argv[1], \"w\"); f.write(\"{ gateway: \"); f.flush(); os.kill(os.getpid(), 9)' \"$1\"; true",
            "line 1",
        ),
    ] {
        let sandbox = Sandbox::config(GATEWAY);
        exec(&sandbox, &[], broken).code(0).says("left unreadable").says(why).never_says(TOKEN);
        sandbox.holds(GATEWAY);
        exec(&sandbox, &["--strict"], broken).code(3);
        sandbox.holds(GATEWAY);
        assert_eq!(sandbox.leftovers(), [] as [String; 0]);
    }
}

#[test]
fn a_file_that_is_made_stays_and_one_that_was_broken_may_be_mended() {
    let sandbox = Sandbox::empty();
    exec(&sandbox, &[], "echo '{ gateway: { mode: \"local\" } }' > \"$1\"").code(0);
    sandbox.holds("{ gateway: { mode: \"local\" } }\n");
    let sandbox = Sandbox::empty();
    exec(&sandbox, &[], "true").code(0);
    assert!(!sandbox.config_path().exists());
    let sandbox = Sandbox::config("{ gateway: ");
    sandbox.untouched(|| exec(&sandbox, &[], "true")).code(0);
    exec(&sandbox, &[], "echo '{}' > \"$1\"").code(0);
    sandbox.holds("{}\n");
}

#[test]
fn whoever_mends_a_broken_file_is_held_to_the_last_text_that_stood() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "logging.level", "warn"]).code(0);
    fs::write(sandbox.config_path(), "{ gateway: ").unwrap();
    sandbox.untouched(|| exec(&sandbox, &[], "true")).code(0);
    // As a doctor that falls back to a copy without the token.
    let run = exec(&sandbox, &[], &stored("del value[\"gateway\"][\"auth\"]"));
    run.code(0).says("put back `gateway.auth.token`");
    sandbox.holds(&debugging());
}

#[test]
fn real_writers_are_understood() {
    let jq = "jq 'del(.gateway.auth.token) | .logging.level = \"debug\"' \"$1\" > \"$1.tmp\" && mv \"$1.tmp\" \"$1\"";
    let strict = r#"{
  "gateway": { "mode": "local", "auth": { "mode": "token", "token": "fake-token-5d41402abc4b2a76" } },
  "logging": { "level": "info" }
}
"#;
    let sandbox = Sandbox::config(strict);
    exec(&sandbox, &[], jq).code(0).says("put back `gateway.auth.token`");
    let now: serde_json::Value = serde_json::from_str(&sandbox.text()).unwrap();
    assert_eq!(now["gateway"]["auth"]["token"], TOKEN);
    assert_eq!(now["logging"]["level"], "debug");

    let sandbox = Sandbox::config(GATEWAY);
    exec(&sandbox, &[], "sed -i -e '/token:/d' -e s/info/debug/ \"$1\"").code(0);
    sandbox.holds(&debugging());

    let vim = "vim -u NONE -es -c 'g/token:/d' -c '%s/info/debug/' -c wq \"$1\"";
    let sandbox = Sandbox::config(GATEWAY);
    exec(&sandbox, &[], vim).code(0);
    sandbox.holds(&debugging());
}

#[test]
fn two_at_once_take_turns_and_the_second_says_for_whom_it_waits() {
    let sandbox = Sandbox::config(GATEWAY);
    let config = sandbox.config_path().display().to_string();
    let script = "touch \"$1.began\"; sleep 1; sed -i s/info/debug/ \"$1\"";
    let first = sandbox.invoke(["exec", "--", "sh", "-c", script, "sh", &config]).start();
    let began = sandbox.path("openclaw.json.began");
    while !began.exists() {
        std::thread::sleep(Duration::from_millis(2));
    }
    let refused = sandbox.run(["exec", "--lock-timeout", "50ms", "--", "true"]);
    refused.code(5).says("`confwarden exec` (process");
    let since = Instant::now();
    exec(&sandbox, &[], "sed -i s/18789/18790/ \"$1\"").code(0);
    assert!(since.elapsed() > Duration::from_millis(300));
    first.finish().code(0);
    sandbox.holds(&debugging().replace("18789", "18790"));
}

#[test]
fn a_report_goes_beside_the_program_s_output() {
    let sandbox = Sandbox::config(GATEWAY);
    let script = stored("del value[\"gateway\"][\"auth\"]") + "; echo mine; exit 4";
    let config = sandbox.config_path().display().to_string();
    let command = ["--output", "json", "exec", "--", "sh", "-c", &script, "sh", &config];
    let run = sandbox.run(command);
    run.code(4).prints("mine\n").never_says(TOKEN);
    let report = run.report_beside();
    assert_eq!(report["status"], "healed");
    assert_eq!(report["exec"]["code"], 4);
    assert_eq!(report["exec"]["put_back"][0]["path"], "gateway.auth.token");
    assert_eq!(report["exec"]["redressed"][0], config);
    assert_eq!(report["changes"][0]["path"], "logging.level");
}

#[test]
fn a_comment_that_went_with_what_was_removed_is_told_without_secrets() {
    let noted = GATEWAY.replace(
        "\"small\" }, // sorts the mail",
        &format!("\"small\", note: 1 /* uses {TOKEN} */ }},"),
    );
    let sandbox = Sandbox::config(&noted);
    let run = exec(&sandbox, &[], &stored(""));
    run.code(0).says("a comment went with").says("uses <redacted:").never_says(TOKEN);
}

fn mode(sandbox: &Sandbox) -> u32 {
    fs::metadata(sandbox.config_path()).unwrap().permissions().mode() & 0o7777
}

#[test]
fn access_is_what_it_was_and_never_wider() {
    let sandbox = Sandbox::config(GATEWAY);
    exec(&sandbox, &[], "chmod 644 \"$1\"").code(0).says("put right owner, mode");
    assert_eq!(mode(&sandbox), 0o600);
    sandbox.holds(GATEWAY);
    exec(&sandbox, &["--strict"], "chmod 644 \"$1\"").code(3);
    // A new file in its place.
    exec(&sandbox, &[], "umask 022; sed s/info/debug/ \"$1\" > \"$1.t\"; mv \"$1.t\" \"$1\"")
        .code(0);
    assert_eq!(mode(&sandbox), 0o600);
    sandbox.holds(&debugging());
    // What others share stays shared, what everybody could read may be closed.
    for (before, after) in [(0o640, 0o640), (0o644, 0o600)] {
        let sandbox = Sandbox::config(GATEWAY);
        fs::set_permissions(sandbox.config_path(), fs::Permissions::from_mode(before)).unwrap();
        exec(&sandbox, &[], "chmod 600 \"$1\"").code(0);
        assert_eq!(mode(&sandbox), after, "{before:o}");
    }
}

#[test]
fn whatever_stands_in_the_place_of_the_file_is_a_file_again() {
    let changed = "sed s/info/debug/ \"$1\" > \"$1.other\"; ";
    for (script, holds) in [
        // A link to what was written elsewhere.
        ("rm \"$1\"; ln -s \"$1.other\" \"$1\"", debugging()),
        ("rm \"$1\"; ln -s /nowhere \"$1\"", GATEWAY.to_owned()),
        ("rm \"$1\"; ln -s \"$1\" \"$1\"", GATEWAY.to_owned()),
        ("rm \"$1\"; mkdir \"$1\"; touch \"$1/mine\"", GATEWAY.to_owned()),
        ("rm \"$1\"; mkfifo \"$1\"", GATEWAY.to_owned()),
    ] {
        let sandbox = Sandbox::config(GATEWAY);
        let run = exec(&sandbox, &[], &format!("{changed}{script}"));
        run.code(0).says("put").never_says(TOKEN);
        let found = fs::symlink_metadata(sandbox.config_path()).unwrap();
        assert!(found.is_file(), "{script}: {run}");
        sandbox.holds(&holds);
        assert_eq!(mode(&sandbox), 0o600);
        assert_eq!(sandbox.text_of("openclaw.json.other").unwrap(), debugging(), "{script}");
    }
}

#[test]
fn a_directory_that_was_removed_is_made_again() {
    let sandbox = Sandbox::config(GATEWAY);
    exec(&sandbox, &[], "rm -r \"$(dirname \"$1\")\"").code(0).says("put back");
    sandbox.holds(GATEWAY);
    let directory = sandbox.config_path().parent().unwrap();
    assert_eq!(fs::metadata(directory).unwrap().permissions().mode() & 0o7777, 0o700);
    assert_eq!(mode(&sandbox), 0o600);
    sandbox.run(["set", "logging.level", "debug"]).code(0);
}

#[test]
fn a_link_that_led_to_the_file_leads_there_again() {
    let sandbox = Sandbox::empty();
    let real = sandbox.home().join("dotfiles.json");
    fs::write(&real, GATEWAY).unwrap();
    std::os::unix::fs::symlink("../dotfiles.json", sandbox.config_path()).unwrap();
    // As OpenClaw does: it writes beside the link, and renames over it.
    exec(&sandbox, &[], &stored("del value[\"gateway\"][\"auth\"]"))
        .code(0)
        .says("link leads to it");
    assert_eq!(fs::read_link(sandbox.config_path()).unwrap().to_str(), Some("../dotfiles.json"));
    assert_eq!(fs::read_to_string(&real).unwrap(), debugging());
}

#[test]
fn calls_of_our_own_inside_of_the_program_are_asked_for() {
    let program = env!("CARGO_BIN_EXE_confwarden");
    let other = "fake-token-9b1deb4d3b7d4bad";
    let sandbox = Sandbox::config(GATEWAY);
    let script = format!(
        "{program} set --lock-timeout 0s gateway.port 18790 || exit 1
         printf %s {other} | {program} set --stdin --allow auth-token-changed gateway.auth.token || exit 2
         sed -i -e s/info/debug/ -e /bind:/d \"$1\"; sleep 0.3"
    );
    exec(&sandbox, &[], &script).code(0).never_says(other);
    let expected = debugging().replace("18789", "18790").replace(TOKEN, other);
    sandbox.holds(&expected.replace("    bind: \"lan\",\n", ""));
    // A token that only the program changed is put back all the same, to what was asked for.
    let script = format!(
        "printf %s {TOKEN} | {program} set --stdin --allow auth-token-changed gateway.auth.token
         sed -i s/{TOKEN}/fake-token-of-nobody/ \"$1\""
    );
    exec(&sandbox, &[], &script).code(0).says("put back the value of");
    assert!(sandbox.text().contains(TOKEN));
}

#[test]
fn what_became_of_a_program_s_writes_is_in_the_history() {
    let sandbox = Sandbox::config(GATEWAY);
    exec(&sandbox, &[], &stored("del value[\"gateway\"][\"auth\"]")).code(0);
    let report = sandbox.report(["history", "list"]);
    let kinds: Vec<&str> = report["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["healed", "foreign", "observed"], "the newest first: {report:#}");
    let foreign = &report["records"][1];
    assert_eq!(foreign["author"]["name"], "sh", "{foreign:#}");
    // A change that was healed can stand after all.
    sandbox
        .run([
            "restore",
            "--undo",
            "@",
            "--allow",
            "auth-token-dropped,auth-block-lost,auth-mode-incoherent",
        ])
        .code(0);
    assert!(!sandbox.text().contains(TOKEN));
    // Broken texts are kept.
    let sandbox = Sandbox::config(GATEWAY);
    exec(&sandbox, &[], "echo broken > \"$1\"").code(0);
    sandbox.holds(GATEWAY);
    let report = sandbox.report(["history", "list"]);
    assert_eq!(report["records"][1]["kind"], "quarantined", "{report:#}");
}

#[test]
fn nothing_is_lost_where_there_is_no_history() {
    let sandbox = Sandbox::config(GATEWAY);
    fs::write(sandbox.home().join("state"), "a file in the way").unwrap();
    let run = exec(&sandbox, &[], "echo broken > \"$1\"");
    run.code(0).says("could not keep what the program wrote").says("it is kept as");
    sandbox.holds(GATEWAY);
    let kept: Vec<String> =
        sandbox.leftovers().into_iter().filter(|name| name.contains(".kept")).collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(sandbox.text_of(&kept[0]).unwrap(), "broken\n");
}

#[test]
fn included_files_are_guarded_too() {
    let root = GATEWAY.replace("auth: {", "auth: { $include: './auth.json5' }, x: {");
    let root = root.lines().filter(|line| !line.contains("token") && !line.contains("// Every"));
    let root = root.collect::<Vec<_>>().join("\n");
    let auth = format!("{{ mode: 'token', token: '{TOKEN}' }} // the secret\n");
    for script in [
        "echo '{}' > \"$(dirname \"$1\")/auth.json5\"",
        "echo broken > \"$(dirname \"$1\")/auth.json5\"",
        "rm \"$(dirname \"$1\")/auth.json5\"",
    ] {
        let sandbox = Sandbox::config(&root).with("auth.json5", &auth);
        exec(&sandbox, &[], script).code(0).says("put back").never_says(TOKEN);
        let now = sandbox.text_of("auth.json5").unwrap();
        assert!(now.contains(TOKEN), "{script}: {now}");
        sandbox.holds(&root);
    }
}
