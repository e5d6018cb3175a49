//! CC: several writers at once, some of whom ask for no lock.

use crate::support::{Faults, GATEWAY, Sandbox};

/// openclaw#43150: a channel is deleted, and a patch built on the old text brings it back.
#[test]
fn cc_01_deleted_channel_does_not_come_back() {
    let Some(faults) = Faults::allowed() else { return };
    let with =
        GATEWAY.replace("  logging:", "  channels: { irc: { on: true }, xmpp: {} },\n  logging:");
    let without = with.replace("irc: { on: true }, ", "");
    let sandbox = Sandbox::config(&with);
    sandbox.raced(&faults, &["set", "logging.level", "debug"], &without).code(0);
    sandbox.holds(&without.replace("\"info\"", "\"debug\""));
}

/// openclaw#43367: four agents are added at once, a part of them remains.
#[test]
fn cc_02_agents_added_at_once_all_stay() {
    let sandbox = Sandbox::config(GATEWAY);
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let sandbox = &sandbox;
            scope.spawn(move || {
                for round in 0..3 {
                    let agent = format!("{{ id: 'a{writer}-{round}' }}");
                    sandbox.run(["set", "agents.list[+]", &agent]).code(0);
                }
            });
        }
    });
    let agents = sandbox.report(["get", "agents.list"]);
    assert_eq!(agents["value"].as_array().unwrap().len(), 2 + 8 * 3);
    for writer in 0..8 {
        for round in 0..3 {
            sandbox.run(["get", &format!("agents.list[id=a{writer}-{round}].id")]).code(0);
        }
    }
    assert!(sandbox.text().contains("// sorts the mail"));
}

/// LobsterAI#2635: a cached hash makes conflicts where there are none.
#[test]
fn cc_08_a_rewrite_with_the_same_meaning_is_no_conflict() {
    let Some(faults) = Faults::allowed() else { return };
    let sandbox = Sandbox::config(GATEWAY);
    let rewritten = GATEWAY.replace("port: 18789,", "port: 0x4965,") + "// rewritten\n";
    sandbox.raced(&faults, &["set", "gateway.port", "18790"], &rewritten).code(0);
    sandbox.holds(&(GATEWAY.replace("18789", "18790") + "// rewritten\n"));
}

/// NemoClaw#12120: a tool reads and replaces the whole file, an edit in between is lost.
#[test]
fn cc_09_an_edit_in_between_survives() {
    let Some(faults) = Faults::allowed() else { return };
    let theirs = GATEWAY.replace("\"small\" }, // sorts the mail", "\"tiny\" }, // since today");
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.raced(&faults, &["set", "gateway.port", "18790"], &theirs).code(0);
    sandbox.holds(&theirs.replace("18789", "18790"));
    // The same path is a conflict, and theirs stays.
    let sandbox = Sandbox::config(GATEWAY);
    let theirs = GATEWAY.replace("18789", "1");
    sandbox
        .raced(&faults, &["set", "gateway.port", "18790"], &theirs)
        .code(6)
        .says("`gateway.port` was changed by another writer");
    sandbox.holds(&theirs);
}
