//! WP: another program leaves little or nothing of the file, under `exec`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::foreign::{exec, exec_unread, house, jq, leaves};
use crate::support::{Sandbox, TOKEN};

/// What [`house`] is with `more` in its root, as the last member.
fn with(more: &str) -> String {
    let last = "  logging: { level: \"info\" },\n";
    house().replace(last, &format!("{last}{more}"))
}

/// openclaw#91148: 7,330 bytes become 43, by `cat | python > tmp && cp && mv`, and nobody knows whose
/// it was.
#[test]
fn wp_02_reset_to_the_bare_minimum() {
    let script = r#"cat "$1" | python3 -c 'print("{\"gateway\":{\"mode\":\"local\"}}")' > tmp &&
        cp "$1" old && mv tmp "$1""#;
    let sandbox = Sandbox::config(house());
    // Twice, as it was.
    for _ in 0..2 {
        let run = exec(&sandbox, &[], script);
        run.code(0).says("put back `gateway.auth.token`").says("put back `agents` (keys-lost)");
        // What no rule names is the author's to remove, and told.
        run.says("gateway.bind").says("gateway.port");
        let text = sandbox.text();
        for kept in [TOKEN, "// Every client", "// sorts the mail", "// at home", "// local only"] {
            assert!(text.contains(kept), "{kept} in {text}");
        }
        sandbox.run(["restore", "--path", "gateway", "1"]).code(0);
        sandbox.holds(&house());
    }
    let list = sandbox.report(["history", "list", "--all"]);
    let foreign = list["records"].as_array().unwrap().iter().filter(|r| r["kind"] == "foreign");
    assert_eq!(foreign.filter(|r| r["author"]["certainty"] == "under-exec").count(), 2, "{list:#}");
}

/// What is left of the file by the jq filter, what is told of it, and what stands there afterwards.
#[test]
fn wp_04_wp_05_wp_08_wp_12_wp_13_sections_and_agents_come_back() {
    let table: [(&str, &[&str], String); 5] = [
        // WP-04, openclaw#84692: running `onboard` again loses agents and bindings.
        (
            "del(.agents.list, .bindings) | .wizard = {lastRun: \"today\"}",
            &["`agents` (keys-lost)", "put back `bindings`"],
            with("  wizard: { lastRun: \"today\" },\n"),
        ),
        // WP-05, openclaw#65105: an update leaves `update.channel` and nothing else.
        (
            "{update: {channel: \"stable\"}}",
            &["put back `gateway.auth.token`", "put back `gateway.mode`", "put back `agents`"],
            with("  update: { channel: \"stable\" },\n"),
        ),
        // WP-08, openclaw PR#114054: a stale copy loses one agent.
        (
            "del(.agents.list[0]) | .gateway.port = 1",
            &["put back `agents.list[id=main]` (keys-lost)"],
            house().replace("18789", "1"),
        ),
        // WP-12, openclaw-railway-template#19: a redeploy drops the list.
        (
            "del(.agents.list) | .gateway.port = 8080",
            &["`agents` (keys-lost)"],
            house().replace("18789", "8080"),
        ),
        // WP-13, gasclaw#330: the merge of an installer makes one default agent of all.
        (
            ".agents.list = [{id: \"default\", model: \"small\"}]",
            &["put back `agents.list[id=main]`", "put back `agents.list[id=clerk]`"],
            house().replace(
                "    list: [\n",
                "    list: [\n      { id: \"default\", model: \"small\" },\n",
            ),
        ),
    ];
    for (filter, told, expected) in table {
        leaves(&house(), &jq(filter), told, &expected);
    }
}

/// openclaw#78493: a doctor that cannot read the file writes 330 bytes of its own over it.
#[test]
fn wp_06_a_doctor_overwrites_what_it_could_not_read() {
    let doctor = r#"printf '{"gateway":{"mode":"local","auth":{"mode":"token","token":"fake-new"}},"meta":{"v":1}}' > new
        mv new "$1""#;
    // Nobody can tell what it would destroy, so it does not run.
    let sandbox = Sandbox::config(house());
    sandbox.admit(0o777);
    fs::set_permissions(sandbox.config_path(), fs::Permissions::from_mode(0o000)).unwrap();
    let config = sandbox.config_path().display().to_string();
    sandbox.untouched(|| {
        let command = ["exec", "--", "sh", "-c", doctor, "sh", &config];
        sandbox.invoke(command).unprivileged().run().code(9).says("ermission denied");
    });
    // Who can read it puts it right.
    let sandbox = Sandbox::config(house());
    let run = exec(&sandbox, &[], doctor);
    run.code(0).says("put back the value of `gateway.auth.token`").says("put back `agents`");
    let token = sandbox.run(["get", "--reveal", "gateway.auth.token"]);
    token.prints(&format!("{TOKEN}\n"));
    sandbox.run(["get", "meta.v"]).prints("1\n");
    assert!(sandbox.text().contains("// sorts the mail"));
}

/// mem0#4849: a comment in the file, a strict parser, and `{}` in its place with one entry.
#[test]
fn wp_09_a_strict_parser_takes_comments_for_nothing() {
    let plugin = r#"python3 -c '
import json, sys
try:
    v = json.load(open(sys.argv[1]))
except ValueError:
    v = {}
v["plugins"] = {"entries": {"mem": {"enabled": True}}}
json.dump(v, open(sys.argv[1], "w"), indent=2)
' "$1""#;
    let expected = with("  plugins: { entries: { mem: { enabled: true } } },\n");
    leaves(&house(), plugin, &["put back `gateway.auth.token`", "put back `mcp`"], &expected);
}

/// NemoClaw#5202: a rebuild restores the oldest backup, which is the smallest.
#[test]
fn wp_11_the_oldest_backup_comes_back() {
    let sandbox = Sandbox::config(house());
    fs::write(
        sandbox.path("openclaw.json.bak.3"),
        format!("{{\"gateway\":{{\"mode\":\"local\",\"bind\":\"lan\",\"port\":18789,\"auth\":{{\"mode\":\"token\",\"token\":\"{TOKEN}\",\"allowTailscale\":true}}}}}}"),
    )
    .unwrap();
    let run = exec_unread(&sandbox, &[], "cp openclaw.json.bak.3 \"$1\"");
    run.code(0).says("put back `mcp` (keys-lost)").says("put back `memory` (keys-lost)");
    sandbox.holds(&house());
}

/// openclaw#71477: a crash leaves 5 KB of 26.
#[test]
fn wp_14_a_crash_leaves_a_part() {
    let crash = r#"python3 -c '
import os, signal, sys
text = open(sys.argv[1]).read()
file = open(sys.argv[1], "w")
file.write(text[:len(text) // 3])
file.flush()
os.kill(os.getpid(), signal.SIGKILL)
' "$1"
    [ $? -eq 137 ] && exit 4"#;
    let sandbox = Sandbox::config(house());
    exec(&sandbox, &[], crash).code(4).says("left unreadable").says("line ");
    sandbox.holds(&house());
    // What was there is kept, for those who want to look.
    let kinds = crate::history::kinds(&sandbox);
    assert!(kinds.contains(&"quarantined".to_owned()), "{kinds:?}");
    // A repair closed what was left of it.
    let start = house().find("  // Who answers.").unwrap();
    let end = house().find("  logging:").unwrap();
    let cut = format!("{}{}", &house()[..start], &house()[end..]);
    let sandbox = Sandbox::config(house()).with("left.json", cut);
    exec_unread(&sandbox, &[], "mv left.json \"$1\"").code(0).says("put back `agents` (keys-lost)");
    sandbox.holds(&house());
}
