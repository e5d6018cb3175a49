//! `history`: what is recorded, what is shown of it, and what damage to it does.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{GATEWAY, Sandbox, TOKEN};

/// The folder of the only history in a sandbox.
pub(crate) fn folder(sandbox: &Sandbox) -> PathBuf {
    let files = sandbox.home().join("state/confwarden/files");
    let mut entries = fs::read_dir(files).unwrap().map(|entry| entry.unwrap().path());
    let folder = entries.next().unwrap();
    assert_eq!(entries.next(), None, "one guarded file, one history");
    folder
}

pub(crate) fn records_file(sandbox: &Sandbox) -> PathBuf {
    folder(sandbox).join("records.jsonl")
}

/// The texts that are stored.
pub(crate) fn snapshots(sandbox: &Sandbox) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder(sandbox).join("snapshots")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// Kinds of the records, oldest first.
pub(crate) fn kinds(sandbox: &Sandbox) -> Vec<String> {
    let report = sandbox.report(["history", "list", "--all"]);
    let records = report["records"].as_array().unwrap().iter().rev();
    records.map(|record| record["kind"].as_str().unwrap().to_owned()).collect()
}

fn overwrite(path: &Path, text: impl AsRef<[u8]>) {
    fs::write(path, text).unwrap();
}

#[test]
fn a_write_records_what_was_there_and_what_it_did() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "gateway.port", "1", "gateway.note", "x"]).code(0);
    let report = sandbox.report(["history", "list"]);
    let records = report["records"].as_array().unwrap();
    assert_eq!(records.len(), 2);
    let (write, found) = (&records[0], &records[1]);
    assert_eq!((&write["id"], &write["kind"]), (&json!(2), &json!("write")));
    assert_eq!(write["command"], "set");
    assert_eq!(write["author"]["name"], "confwarden set");
    assert_eq!(write["author"]["certainty"], "own");
    assert_eq!(
        write["changes"],
        json!([{"path": "gateway.port", "kind": "changed", "class": "restart", "uptake": "restart"},
               {"path": "gateway.note", "kind": "added", "class": "restart", "uptake": "restart"}])
    );
    assert_eq!(write["files"][0]["file"], sandbox.config_path().to_str().unwrap());
    assert_eq!((&found["id"], &found["kind"]), (&json!(1), &json!("observed")));
    assert_eq!(found["author"]["certainty"], "unknown");
    assert_eq!(found["files"][0]["before"], Value::Null);
    assert_eq!(found["files"][0]["after"], write["files"][0]["before"]);
    assert_ne!(write["files"][0]["after"], write["files"][0]["before"]);
}

#[test]
fn the_list_is_one_line_a_record_newest_first() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["history", "list"]).code(0).prints("").says("nothing is recorded of");
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    sandbox.run(["unset", "logging", "agents.list[1]"]).code(0);
    let run = sandbox.run(["history", "list"]);
    let lines: Vec<&str> = run.stdout().lines().collect();
    assert_eq!(lines.len(), 3, "{run}");
    assert!(lines[0].starts_with("3  20"), "{run}");
    assert!(
        lines[0].ends_with("write     confwarden unset  -agents.list[id=clerk], -logging"),
        "{run}"
    );
    assert!(lines[1].ends_with("write     confwarden set    gateway.port"), "{run}");
    assert!(lines[2].ends_with("observed  unknown           first seen"), "{run}");
    let run = sandbox.run(["history", "list", "-n", "1"]);
    assert_eq!(run.stdout().lines().count(), 1);
    run.says("2 older ones are left out: `--all` shows them");
}

#[test]
fn what_others_wrote_is_observed_before_it_is_replaced() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    let theirs = sandbox.text().replace("info", "debug");
    overwrite(sandbox.config_path(), &theirs);
    sandbox.run(["set", "gateway.port", "2"]).code(0);
    assert_eq!(kinds(&sandbox), ["observed", "write", "observed", "write"]);
    let found = &sandbox.report(["history", "list"])["records"][1];
    assert_eq!(
        found["changes"],
        json!([{"path": "logging.level", "kind": "changed", "class": "none", "uptake": "nothing"}])
    );
    sandbox.run(["history", "show", "3", "--reveal"]).code(0).prints(&theirs);
}

#[test]
fn what_writes_nothing_records_nothing() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "gateway.port", "1", "--dry-run"]).code(0);
    sandbox.run(["set", "gateway.port", "18789"]).code(0);
    sandbox.run(["unset", "gateway.auth"]).code(3);
    sandbox.run(["set", "gateway.port.x", "1"]).code(4);
    sandbox.run(["status"]).code(0);
    assert_eq!(kinds(&sandbox), [""; 0]);
    assert!(!sandbox.home().join("state/confwarden/files").exists());
}

#[test]
fn a_new_file_has_nothing_before_it() {
    let sandbox = Sandbox::empty();
    sandbox.run(["set", "gateway.mode", "local", "--create"]).code(0);
    let report = sandbox.report(["history", "list"]);
    assert_eq!(report["records"].as_array().unwrap().len(), 1);
    assert_eq!(report["records"][0]["files"][0]["before"], Value::Null);
}

#[test]
fn a_text_is_shown_without_its_secrets_unless_asked_for() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    let run = sandbox.run(["history", "show", "1"]);
    run.code(0).never_says(TOKEN).shows("token: \"<redacted:").shows("// Who answers.");
    run.says("`--reveal` prints them");
    sandbox.run(["history", "show", "1", "--reveal"]).code(0).prints(GATEWAY).tells("");
    sandbox.run(["history", "show"]).code(0).shows("port: 1, // behind the proxy");
    let report = sandbox.report(["history", "show", "@~1"]);
    assert_eq!(report["records"][0]["id"], 1);
    assert!(report["texts"][0]["text"].as_str().unwrap().contains("// The gateway at home."));
}

#[test]
fn a_text_that_does_not_parse_is_kept_and_shown_only_as_it_is() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    overwrite(sandbox.config_path(), "{ gateway: { auth: { token: 'fake-cut");
    sandbox.run(["restore"]).code(0);
    assert_eq!(kinds(&sandbox)[2..], ["quarantined", "restored"]);
    sandbox.run(["history", "show", "3"]).code(4).never_says("fake-cut").says("--reveal");
    let shown = sandbox.run(["history", "show", "3", "--reveal"]);
    shown.code(0).prints("{ gateway: { auth: { token: 'fake-cut");
    sandbox.run(["history", "diff", "3"]).code(4).never_says("fake-cut");
}

#[test]
fn a_record_is_shown_as_a_difference() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    sandbox.run(["set", "logging.level", "debug"]).code(0);
    let run = sandbox.run(["history", "diff", "2"]);
    run.code(0).shows("-    port: 18789, //").shows("+    port: 1, //").never_says("debug");
    run.shows("gateway.port  18789 -> 1  restart").never_says(TOKEN);
    let run = sandbox.run(["history", "diff", "1", "@", "--semantic"]);
    run.code(0).shows("gateway.port   18789 -> 1").shows("logging.level").never_says("---");
    let run = sandbox.run(["history", "diff", "1"]);
    run.code(0).shows("--- before record 1").shows("+// The gateway at home.").never_says(TOKEN);
}

#[test]
fn a_record_is_named_by_number_or_place() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    for reference in ["1", "@~1", "@~"] {
        sandbox.run(["history", "show", reference, "--reveal"]).code(0).prints(GATEWAY);
    }
    for reference in ["7", "@~2"] {
        sandbox.run(["history", "show", reference]).code(4).says("there is no record");
    }
    for reference in ["x", "@x", "@~x", "1.5"] {
        sandbox.run(["history", "show", reference]).code(2).never_says("`x`");
    }
}

#[test]
fn rb_06_the_history_is_out_of_the_reach_of_the_gateways_sweep() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    assert_eq!(sandbox.names(), [".openclaw.json.confwarden.lock", "openclaw.json"]);
    fs::remove_dir_all(sandbox.config_path().parent().unwrap()).unwrap();
    sandbox.run(["restore", "1", "--create"]).code(0);
    sandbox.holds(GATEWAY);
}

#[test]
fn a_history_that_cannot_be_written_fails_no_write() {
    let sandbox = Sandbox::config(GATEWAY);
    fs::create_dir_all(sandbox.home().join("state/confwarden")).unwrap();
    overwrite(&sandbox.home().join("state/confwarden/files"), "in the way");
    let run = sandbox.run(["set", "gateway.port", "1"]);
    run.code(0).says("wrote `").says("note: could not record this change: could not ");
    sandbox.holds(&GATEWAY.replace("18789", "1"));
    sandbox.run(["history", "list"]).code(9);
}

#[test]
fn lines_that_cannot_be_read_are_named_and_the_rest_is_shown() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    let mut file = fs::OpenOptions::new().append(true).open(records_file(&sandbox)).unwrap();
    file.write_all(b"{\"v\":9,\"id\":3}\nrubbish\n{\"v\":1,\"id\":").unwrap();
    let run = sandbox.run(["history", "list"]);
    run.code(0).says("record 3 was written by a newer confwarden (format 9)");
    run.says("line 4 of the records is damaged");
    assert_eq!(run.stdout().lines().count(), 2, "{run}");
    sandbox.run(["history", "show", "3"]).code(9).says("use the confwarden that wrote it");
    sandbox.run(["restore", "3"]).code(9);
    sandbox.run(["set", "gateway.port", "2"]).code(0).never_says("could not record");
    assert_eq!(sandbox.report(["history", "list"])["records"][0]["id"], 4);
    assert!(fs::read_to_string(records_file(&sandbox)).unwrap().contains("{\"v\":9,\"id\":3}\n"));
}

#[test]
fn a_text_that_is_missing_or_damaged_is_an_error_of_its_own() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    for snapshot in snapshots(&sandbox) {
        overwrite(&snapshot, "{}");
    }
    sandbox.fails(9, ["restore", "1"]).says("is damaged");
    for snapshot in snapshots(&sandbox) {
        fs::remove_file(snapshot).unwrap();
    }
    sandbox.fails(9, ["restore", "1"]).says("is missing");
    sandbox.run(["history", "show", "1"]).code(9).says("is missing");
    // The next write mends what it can.
    sandbox.run(["set", "gateway.port", "2"]).code(0).never_says("could not record");
    sandbox.run(["restore", "2"]).code(0);
    sandbox.holds(&GATEWAY.replace("18789", "1"));
}

#[test]
fn pruning_drops_old_records_and_tells_first_what_it_would_drop() {
    let sandbox = Sandbox::config(GATEWAY);
    for port in ["1", "2", "3"] {
        sandbox.run(["set", "gateway.port", port]).code(0);
    }
    sandbox.run(["history", "prune"]).code(0).says("dropped 0 records and 0 texts; 4 records left");
    let text = fs::read_to_string(records_file(&sandbox)).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (index, line) in lines.iter_mut().enumerate().take(3) {
        let at = line.find("\"at\":\"").unwrap() + 6;
        line.replace_range(at..at + 24, &format!("2020-01-01T00:00:0{index}.000Z"));
    }
    overwrite(&records_file(&sandbox), lines.join("\n") + "\n");
    let dry = sandbox.report(["history", "prune", "--dry-run"]);
    assert_eq!(dry["pruned"], json!({"records": [1, 2], "left": 2, "snapshots": 1}));
    assert_eq!(dry["status"], "planned");
    assert_eq!(kinds(&sandbox).len(), 4);
    sandbox.run(["history", "prune"]).code(0).says("dropped 2 records and 1 text; 2 records left");
    assert_eq!(kinds(&sandbox).len(), 2);
    sandbox.run(["restore", "3"]).code(0);
    sandbox.holds(&GATEWAY.replace("18789", "2"));
}

#[test]
fn a_link_and_its_file_have_one_history() {
    let sandbox = Sandbox::config(GATEWAY);
    let link = sandbox.path("link.json");
    std::os::unix::fs::symlink("openclaw.json", &link).unwrap();
    let link = link.to_str().unwrap();
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    sandbox.run(["--config", link, "set", "gateway.port", "2"]).code(0);
    sandbox.run(["set", "gateway.port", "3"]).code(0);
    assert_eq!(kinds(&sandbox), ["observed", "write", "write", "write"]);
    sandbox.run(["--config", link, "restore", "1"]).code(0);
    sandbox.holds(GATEWAY);
}

/// As a dotfile manager, Nix or a mounted `ConfigMap` brings the next generation.
#[test]
fn a_link_that_leads_elsewhere_keeps_its_history() {
    let sandbox = Sandbox::empty().with("1/real.json", GATEWAY).with("2/real.json", GATEWAY);
    let real = |generation: &str| sandbox.path(generation).to_str().unwrap().to_owned();
    let lead = |to: &str| {
        std::os::unix::fs::symlink(to, sandbox.path("new")).unwrap();
        fs::rename(sandbox.path("new"), sandbox.config_path()).unwrap();
    };
    // The first generation was known before there was a link.
    sandbox.run(["--config", &real("1/real.json"), "set", "gateway.port", "1"]).code(0);
    lead("1/real.json");
    sandbox.run(["set", "gateway.port", "2"]).code(0);
    lead("2/real.json");
    sandbox.run(["set", "gateway.port", "3"]).code(0);
    sandbox.run(["--config", &real("2/real.json"), "set", "gateway.port", "4"]).code(0);
    // What the link leads to now differs from what the last record has of it: it was found so.
    assert_eq!(kinds(&sandbox), ["observed", "write", "write", "observed", "write", "write"]);
    sandbox.run(["restore", "@~3"]).code(0);
    assert_eq!(sandbox.text_of("2/real.json").unwrap(), GATEWAY.replace("18789", "2"));
    assert_eq!(sandbox.text_of("1/real.json").unwrap(), GATEWAY.replace("18789", "2"));
}

#[test]
fn every_file_of_a_configuration_is_recorded() {
    let (root, part) = ("{ a: { $include: 'part.json5' }, b: 1 }\n", "{ x: 1 } // part\n");
    let sandbox = Sandbox::config(root).with("part.json5", part);
    sandbox.run(["set", "a.x", "2"]).code(0);
    let record = &sandbox.report(["history", "list"])["records"][0];
    let files = record["files"].as_array().unwrap();
    assert_eq!(files.len(), 2);
    assert_eq!(files[0]["before"], files[0]["after"]);
    assert_ne!(files[1]["before"], files[1]["after"]);
    let run = sandbox.run(["history", "show", "1", "--reveal"]);
    run.code(0).shows(root).shows(part).shows("==> ");
}

#[test]
fn writers_at_once_are_all_recorded() {
    let sandbox = Sandbox::config("{}\n");
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let sandbox = &sandbox;
            scope.spawn(move || {
                for number in 0..5 {
                    let path = format!("w{writer}.n{number}");
                    let run = sandbox.run(["set", &path, "1"]);
                    run.code(0).never_says("could not record");
                }
            });
        }
    });
    assert_eq!(kinds(&sandbox).iter().filter(|kind| *kind == "write").count(), 20);
    assert_eq!(kinds(&sandbox).len(), 21);
}

#[test]
fn texts_are_encrypted_to_recipients_and_read_with_an_identity() {
    use age::secrecy::ExposeSecret as _;
    let sandbox = Sandbox::config(GATEWAY);
    let identity = age::x25519::Identity::generate();
    let secret = identity.to_string();
    let sandbox = sandbox.with("id.txt", secret.expose_secret());
    let file = sandbox.path("id.txt");
    let with = ["--identity", file.to_str().unwrap()];
    sandbox.run(["get", "gateway.auth.token"]).code(0);
    let recipients = sandbox.home().join("state/confwarden/history-recipients");
    let recipient = format!("# me\n{}\n", identity.to_public());
    confwarden::fs::write_private(&recipients, recipient.as_bytes()).unwrap();
    sandbox.run(["set", "gateway.port", "1"]).code(0).never_says("could not record");
    for snapshot in snapshots(&sandbox) {
        assert!(!fs::read(&snapshot).unwrap().windows(7).any(|part| part == b"gateway"));
        assert!(snapshot.extension().is_some_and(|end| end == "age"));
    }
    sandbox.run(["history", "list"]).code(0);
    sandbox.run(["status"]).code(0).shows("none since record 2");
    sandbox.fails(9, ["restore", "1"]).says("is encrypted").says("--identity FILE");
    let run = sandbox.run([["history", "show", "1", "--reveal"].as_slice(), &with].concat());
    run.code(0).prints(GATEWAY);
    sandbox.run([["restore", "1"].as_slice(), &with].concat()).code(0);
    sandbox.holds(GATEWAY);
    let other = age::x25519::Identity::generate().to_string();
    overwrite(&file, other.expose_secret());
    let run = sandbox.run([["history", "show", "1"].as_slice(), &with].concat());
    run.code(9).says("not to the identity that is given").never_says("AGE-SECRET");
    overwrite(&file, "AGE-SECRET-KEY-1WRONG");
    let run = sandbox.run([["history", "show", "1"].as_slice(), &with].concat());
    run.code(9).says("line 1 of the identity file").never_says("WRONG");
    overwrite(&recipients, "nobody\n");
    sandbox.run(["set", "gateway.port", "4"]).code(0).says("is no age recipient");
    assert_eq!(snapshots(&sandbox).len(), 2, "nothing is stored in the clear instead");
}
