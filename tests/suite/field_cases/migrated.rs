//! MG: an upgrade or a doctor migrates, prunes and empties, under `exec`.

use std::fs;

use super::foreign::{exec, exec_unread, house, jq, leaves};
use crate::support::{Sandbox, TOKEN};

/// Where the last member of [`house`] ends.
const LAST: &str = "  logging: { level: \"info\" },\n";

fn with(more: &str) -> String {
    house().replace(LAST, &format!("{LAST}{more}"))
}

/// openclaw#134730: instead of a migration an old copy comes back, and later edits are gone. Here the
/// migration stays, with the comments of what moved, and what the old copy lacks comes back.
#[test]
fn mg_01_a_migration_stays_and_an_old_copy_loses_nothing() {
    let base = house().replace(
        LAST,
        "  // The index.\n  memorySearch: { provider: \"local\", paths: [\"notes\", \"mail\"] },\n  logging: { level: \"info\" },\n",
    );
    let sandbox = Sandbox::config(&base);
    let migrate = jq(".agents.defaults.memorySearch = .memorySearch | del(.memorySearch)");
    exec(&sandbox, &[], &migrate).code(0).says("re-dressed").says("memorySearch");
    let text = sandbox.text();
    assert!(text.contains("// The index.") && !text.contains("\n  memorySearch"), "{text}");
    let moved = sandbox.run(["get", "agents.defaults.memorySearch.provider"]);
    moved.code(0).prints("local\n");
    // The last copy that the doctor took for good.
    let sandbox = Sandbox::config(&base).with("openclaw.json.last-good", crate::support::GATEWAY);
    let run = exec_unread(&sandbox, &[], "cp openclaw.json.last-good \"$1\"");
    run.code(0).says("put back `memorySearch` (keys-lost)").says("put back `mcp` (keys-lost)");
    sandbox.holds(&base);
}

/// openclaw#133997: the version before takes nine keys for unknown, and restores a snapshot.
#[test]
fn mg_02_a_rolled_back_version_restores_a_snapshot() {
    let nine: Vec<_> = (0..9).map(|n| format!("  new{n}: {{ on: true }},\n")).collect();
    let nine = nine.concat();
    let base = with(&nine).replace("18789", "18795");
    let sandbox = Sandbox::config(&base).with("snapshot.json", house());
    let run = exec_unread(&sandbox, &[], "cp snapshot.json \"$1\"");
    run.code(0).says("gateway.port  18795 -> 18789");
    for n in 0..9 {
        run.says(&format!("put back `new{n}` (keys-lost)"));
    }
    // The old port is a value like any other, and told; all the rest is there.
    sandbox.holds(&base.replace("18795", "18789"));
    // And one command takes it back, too.
    sandbox.run(["restore", "1"]).code(0);
    sandbox.holds(&base);
}

/// What a doctor makes of the file by the jq filter, what is told of it, and what stands afterwards.
#[test]
fn mg_03_mg_04_mg_05_what_a_doctor_prunes_comes_back() {
    let more = "  defaultModel: \"vendor/a\", // the fast one\n  myCustomIntegration: { url: \"http://x.example\" }, // ours\n";
    let table: [(&str, &[&str]); 3] = [
        // MG-03, openclaw#78858: what it does not know.
        ("del(.mcp, .defaultModel)", &["put back `mcp`", "put back `defaultModel`"]),
        // MG-04, openclaw#69631: an object of ours.
        ("del(.myCustomIntegration)", &["put back `myCustomIntegration` (keys-lost)"]),
        // MG-05, openclaw#33623: three keys become none.
        (".secrets = {}", &["put back the value of `secrets` (keys-lost)"]),
    ];
    for (filter, told) in table {
        let doctor = jq(&format!("{filter} | .wizard.lastRunCommand = \"doctor\""));
        let expected = with(&format!("{more}  wizard: {{ lastRunCommand: \"doctor\" }},\n"));
        leaves(&with(more), &doctor, told, &expected);
    }
}

/// openclaw#35864: a deletion is called a change, and found days later. Here it is told as what it is,
/// with the comment that went with it, and it can be undone alone.
#[test]
fn mg_07_a_deletion_is_told_and_can_be_undone() {
    let base = house().replace(
        "    list: [\n",
        "    defaults: {\n      model: \"vendor/a\",\n      pdfModel: \"vendor/pdf\", // slow\n    },\n    list: [\n",
    );
    let doctor = jq("del(.agents.defaults.pdfModel) | .gateway.port = 18790");
    let told = ["agents.defaults.pdfModel  - \"vendor/pdf\"", "a comment went with", "// slow"];
    let without = base.replace("      pdfModel: \"vendor/pdf\", // slow\n", "");
    let sandbox = leaves(&base, &doctor, &told, &without.replace("18789", "18790"));
    sandbox.run(["restore", "1", "--path", "agents.defaults.pdfModel"]).code(0);
    sandbox.holds(&base.replace("18789", "18790"));
}

/// LobsterAI#2719: the new version rejects two keys that the app wrote once. A repair of these alone is
/// the author's, and not fought.
#[test]
fn mg_09_a_narrow_prune_stays() {
    let base = house().replace(
        "    discord: {",
        "    discord: {\n      _agentBinding: \"main\",\n      stale: true,\n     ",
    );
    let sandbox = Sandbox::config(&base);
    let prune = jq("del(.channels.discord._agentBinding, .channels.discord.stale)");
    let run = exec(&sandbox, &["--strict"], &format!("umask 077; {prune}"));
    run.code(0).says("channels.discord.stale").says("channels.discord._agentBinding");
    run.never_says("put back");
    let text = sandbox.text();
    assert!(
        !text.contains("stale") && text.contains("// at home") && text.contains(TOKEN),
        "{text}"
    );
    // The next doctor has nothing to do.
    let read = fs::read(sandbox.config_path()).unwrap();
    exec(&sandbox, &["--strict"], &format!("umask 077; {prune}")).code(0);
    assert_eq!(fs::read(sandbox.config_path()).unwrap(), read);
}
