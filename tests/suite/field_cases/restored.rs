//! RB, CC: old copies come back, and a person wants one change, not the other.

use std::fs;

use super::foreign::{exec, exec_unread, house, jq};
use crate::history::kinds;
use crate::support::{Sandbox, TOKEN};

/// openclaw#90551: one deprecated key elsewhere, and an update puts a copy over the file that is older
/// than the new models. openclaw#90546: all that is said of it is a line in a log.
#[test]
fn rb_01_rb_02_an_update_reverts_wanted_edits_and_each_is_told() {
    let sandbox = Sandbox::config(house());
    fs::copy(sandbox.config_path(), sandbox.path("old.json")).unwrap();
    sandbox.run(["set", "agents.list[id=clerk].model", "new"]).code(0);
    sandbox.run(["set", "agents.list[+]", "{ id: 'third', model: 'new' }"]).code(0);
    let wanted = sandbox.text();
    let run = exec_unread(&sandbox, &[], "sed s/info/debug/ old.json > \"$1\"");
    // What a rule knows to be a loss is back, what only the person knows is named.
    run.code(0)
        .says("put back `agents.list[id=third]` (keys-lost)")
        .says("agents.list[id=clerk].model  \"new\" -> \"small\"");
    sandbox.run(["restore", "3", "--path", "agents"]).code(0);
    // The edits are there, and what the update was about.
    sandbox.holds(&wanted.replace("\"info\"", "\"debug\""));
}

/// openclaw#114965: the last good copy is no good itself, so nothing converges. Nothing is restored that
/// would be refused, and no restore by hand is overwritten.
#[test]
fn rb_04_a_restore_is_judged_before_it_is_written() {
    let sandbox = Sandbox::config("{ gateway: { mode: \"local\" }, legacy: 1 }\n");
    exec_unread(&sandbox, &[], &format!("printf %s '{}' > \"$1\"", house().replace('\'', "")))
        .code(0);
    sandbox.run(["unset", "legacy"]).code(0);
    let fixed = sandbox.text();
    assert!(fixed.contains(TOKEN));
    let run = sandbox.fails(3, ["restore", "1"]);
    run.says("auth-token-dropped").never_says(TOKEN);
    sandbox.holds(&fixed);
    // A text that does not parse is no last good copy, whoever asks.
    exec_unread(&sandbox, &[], "echo '{ gateway: ' > \"$1\"").code(0).says("left unreadable");
    sandbox.holds(&fixed);
    sandbox.untouched(|| sandbox.run(["restore"])).code(0);
}

/// openclaw#120253: the next write deletes copies that people made. openclaw#33724: the ring of five
/// covers ten minutes. Neither reaches what we keep.
#[test]
fn rb_06_rb_07_what_was_good_outlives_sweeps_and_rings() {
    let sandbox = Sandbox::config(house());
    let session: Vec<_> = (1..=12)
        .map(|n| format!("sed -i 's/port: [0-9]*/port: {n}/' \"$1\"; cp \"$1\" openclaw.json.bak-manual-{n}\n"))
        .collect();
    let session = session.concat();
    for _ in 0..3 {
        exec_unread(&sandbox, &[], &format!("{session}rm -f openclaw.json.bak*")).code(0);
        sandbox.run(["set", "gateway.port", "18790"]).code(0);
    }
    assert!(!sandbox.names().iter().any(|name| name.contains(".bak")));
    sandbox.run(["history", "prune"]).code(0);
    sandbox.run(["restore", "1"]).code(0);
    sandbox.holds(&house());
}

/// openclaw#155579: an app writes the file anew and drops three settings that no rule names; a guard of
/// the user's own puts them back and is refused. Here each is named, comes back, and the app's part stays.
#[test]
fn cc_05_dropped_settings_are_told_and_come_back_alone() {
    let base = house().replace(
        "  logging:",
        "  skills: { load: { extraDirs: [\"~/skills\"] }, limit: 3 }, // shared\n  logging:",
    );
    let sandbox = Sandbox::config(&base);
    let app = jq("del(.memory.search, .skills.load) | .logging.level = \"debug\"");
    let run = exec(&sandbox, &[], &app);
    run.code(0).says("memory.search").says("skills.load").says("logging.level");
    for path in ["memory.search", "skills.load"] {
        sandbox.run(["restore", "1", "--path", path]).code(0);
    }
    sandbox.holds(&base.replace("\"info\"", "\"debug\""));
}

/// openclaw PR#146139: an updater of an old version writes the text last that it read first, and the
/// migration of the new version is gone. Taken back alone, it leaves what came since.
#[test]
fn cc_10_an_old_updater_writes_its_stale_copy_last() {
    let sandbox = Sandbox::config(house());
    fs::copy(sandbox.config_path(), sandbox.path("stale.json")).unwrap();
    let doctor = jq(".memory.index = .memory.search | del(.memory.search) | .meta.v = 9");
    exec(&sandbox, &[], &doctor).code(0);
    let migrated = sandbox.text();
    let run = exec_unread(&sandbox, &[], "cat stale.json > \"$1\"");
    run.code(0).says("memory.search").says("put back `meta` (keys-lost)");
    let undone = kinds(&sandbox).iter().rposition(|kind| kind == "foreign").unwrap() + 1;
    sandbox.run(["set", "logging.level", "debug"]).code(0);
    sandbox.run(["restore", "--undo", &undone.to_string()]).code(0);
    sandbox.run(["get", "memory.index.sources[0]"]).code(0).prints("notes\n");
    sandbox.run(["get", "memory.search"]).code(4);
    sandbox.holds(&migrated.replace("\"info\"", "\"debug\""));
}
