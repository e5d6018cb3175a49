//! Writes that are undone unless they are confirmed: in time, once, and only themselves.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::history::kinds;
use crate::secrets::{BASE, CANARY, Watched, put};
use crate::signals::{CONFIG as TOLD, Web, told_by};
use crate::support::{GATEWAY, Sandbox, TOKEN, faked_clock, tools};
use crate::watch::{Guard, events};

/// What a test that waits for a deadline lets it be.
const SOON: &str = "1s";
/// What is never reached.
const LATE: &str = "10m";

fn new() -> String {
    GATEWAY.replace("18789", "4711")
}

/// The processes that wait for deadlines of `sandbox`.
pub(crate) fn timers(sandbox: &Sandbox) -> Vec<Pid> {
    let state = sandbox.home().join("state").display().to_string();
    let waits = |pid: &i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        line.contains("keep-time") && line.contains(&state)
    };
    let names = fs::read_dir("/proc").unwrap();
    let pids = names.filter_map(|name| name.unwrap().file_name().to_str()?.parse().ok());
    pids.filter(waits).filter_map(Pid::from_raw).collect()
}

/// Ends the processes that wait, as a restart of the machine does.
pub(crate) fn end_timers(sandbox: &Sandbox) {
    for pid in timers(sandbox) {
        kill_process(pid, Signal::KILL).ok();
    }
    within("an end of the timers", || timers(sandbox).is_empty());
}

#[track_caller]
fn within(what: &str, mut reached: impl FnMut() -> bool) {
    let began = Instant::now();
    while !reached() {
        assert!(began.elapsed() < Duration::from_secs(30), "no {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Makes a write that waits, and says which record it is.
#[track_caller]
fn pending(sandbox: &Sandbox, words: &[&str], within: &str) -> u64 {
    let report = sandbox.report([words, &["--confirm-within", within]].concat());
    assert_eq!(report["status"], "written", "{report:#}");
    let waiting = &report["pending"][0];
    assert_eq!(waiting["state"], "waiting", "{report:#}");
    assert_eq!(waiting["overdue"], false);
    waiting["id"].as_u64().unwrap()
}

const SET: [&str; 3] = ["set", "gateway.port", "4711"];

/// What stands in the file of a commit.
fn stored(sandbox: &Sandbox, id: u64) -> (PathBuf, Value) {
    let name = format!("{id}.json");
    let mut files = sandbox.files().into_iter();
    let path = files.find(|file| file.ends_with(format!("pending/{name}"))).unwrap();
    let value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    (path, value)
}

/// Changes it, as another clock or another start of the machine would make it look.
fn edit(sandbox: &Sandbox, id: u64, change: impl FnOnce(&mut Value)) {
    let (path, mut value) = stored(sandbox, id);
    change(&mut value);
    fs::write(path, serde_json::to_vec(&value).unwrap()).unwrap();
}

/// As if the machine had been started anew, long after the deadline.
fn reboot(sandbox: &Sandbox, id: u64) {
    end_timers(sandbox);
    edit(sandbox, id, |commit| {
        commit["deadline"]["boot"] = "another".into();
        commit["deadline"]["at"] = "2020-01-01T00:00:00.000Z".into();
        commit["made"] = "2020-01-01T00:00:00.000Z".into();
    });
}

#[test]
fn what_nobody_confirms_is_undone_by_a_process_of_its_own() {
    let sandbox = Sandbox::config(GATEWAY);
    let run = sandbox.run([&SET[..], &["--confirm-within", SOON]].concat());
    run.code(0).says("unless `confwarden confirm 2` keeps it").never_says(TOKEN);
    sandbox.holds(&new());
    let waiting = timers(&sandbox);
    assert_eq!(waiting.len(), 1);
    let status = fs::read_to_string(format!("/proc/{}/stat", waiting[0].as_raw_pid())).unwrap();
    let fields: Vec<&str> = status.rsplit(')').next().unwrap().split_whitespace().collect();
    let own = waiting[0].as_raw_pid().to_string();
    assert_eq!(fields[3], own, "it leads a session of its own");
    within("an undo", || sandbox.text() == GATEWAY);
    within("an end of the timer", || timers(&sandbox).is_empty());
    assert_eq!(kinds(&sandbox), ["observed", "write", "restored"]);
    let told = events(&sandbox);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["kind"], &told[0]["commit"]), (&"rolled-back".into(), &2.into()));
    assert_eq!(told[0]["cause"], "overdue");
    let run = sandbox.fails(7, ["confirm", "2"]);
    run.says("record 2 was not confirmed until").says("and is undone");
    let report = sandbox.run(["confirm", "2", "--output", "json"]).report();
    assert_eq!(report["exit"]["name"], "rolled-back");
    assert_eq!(report["pending"][0]["cause"], "overdue");
}

#[test]
fn what_is_confirmed_stays() {
    let sandbox = Sandbox::config(GATEWAY);
    let id = pending(&sandbox, &SET, "2s");
    let (path, commit) = stored(&sandbox, id);
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(commit["v"], 1);
    assert!(!commit.to_string().contains("4711"), "{commit}");
    sandbox.run(["status"]).code(0).shows(&format!("pending   record {id} is undone at"));
    sandbox.run(["confirm"]).code(0).says(&format!("record {id} is confirmed, and stays"));
    within("an end of the timer", || timers(&sandbox).is_empty());
    std::thread::sleep(Duration::from_secs(2));
    sandbox.run(["status"]).code(0).never_says("pending");
    sandbox.holds(&new());
    assert_eq!(events(&sandbox)[0]["kind"], "kept");
    sandbox.run(["confirm", &id.to_string()]).code(0).says("is confirmed, and stays");
    sandbox.fails(4, ["cancel", &id.to_string()]).says("does not wait to be confirmed");
    sandbox.fails(4, ["confirm"]).says("nothing waits to be confirmed");
    sandbox.fails(4, ["confirm", "99"]).says("record 99 does not wait to be confirmed");
}

#[test]
fn what_is_cancelled_is_undone_at_once_and_what_others_wrote_stays() {
    let sandbox = Sandbox::config(GATEWAY);
    let id = pending(&sandbox, &SET, LATE);
    let theirs = new().replace("\"info\"", "\"debug\"");
    assert_ne!(theirs, new());
    fs::write(sandbox.config_path(), theirs).unwrap();
    let report = sandbox.report(["cancel"]);
    assert_eq!(report["exit"]["code"], 0);
    assert_eq!(report["pending"][0]["cause"], "cancelled");
    assert_eq!(report["changes"][0]["path"], "gateway.port", "{report:#}");
    assert_eq!(report["changes"].as_array().unwrap().len(), 1);
    sandbox.holds(&GATEWAY.replace("\"info\"", "\"debug\""));
    within("an end of the timer", || timers(&sandbox).is_empty());
    let told = events(&sandbox);
    assert_eq!(told[0]["cause"], "cancelled", "{told:?}");
    // Once.
    sandbox.untouched(|| sandbox.run(["cancel", &id.to_string()])).code(0);
    sandbox.fails(7, ["confirm", &id.to_string()]).says("as it was cancelled");
}

#[test]
fn an_extension_moves_the_deadline() {
    let sandbox = Sandbox::config(GATEWAY);
    let id = pending(&sandbox, &SET, "2s");
    let before = stored(&sandbox, id).1;
    sandbox.run(["confirm", "--extend", "3s"]).code(0).says("is undone at");
    let after = stored(&sandbox, id).1;
    let millis = |commit: &Value| commit["deadline"]["since_boot_ms"].as_u64().unwrap();
    assert_eq!(millis(&after), millis(&before) + 3000);
    std::thread::sleep(Duration::from_millis(2500));
    sandbox.holds(&new());
    within("an undo", || sandbox.text() == GATEWAY);
    sandbox.fails(7, ["confirm", "--extend", "3s", &id.to_string()]);
}

#[test]
fn several_commits_are_independent() {
    let sandbox = Sandbox::config(GATEWAY);
    let first = pending(&sandbox, &SET, LATE);
    let second = pending(&sandbox, &["set", "logging.level", "debug"], LATE);
    let third = pending(&sandbox, &["set", "note", "x"], SOON);
    let run = sandbox.fails(2, ["confirm"]);
    run.says("3 commits wait to be confirmed").says(&format!("{first}, {second}, {third}"));
    within("an undo", || !sandbox.text().contains("note"));
    sandbox.run(["confirm", &second.to_string()]).code(0);
    sandbox.run(["cancel", &first.to_string()]).code(0);
    sandbox.holds(&GATEWAY.replace("\"info\"", "\"debug\""));
    within("an end of the timers", || timers(&sandbox).is_empty());
}

#[test]
fn where_somebody_changed_the_same_value_a_person_must_look() {
    let sandbox = Sandbox::config(GATEWAY);
    let id = pending(&sandbox, &SET, SOON);
    let theirs = new().replace("4711", "4712");
    fs::write(sandbox.config_path(), &theirs).unwrap();
    within("an end of the timer", || timers(&sandbox).is_empty());
    sandbox.holds(&theirs);
    let told = events(&sandbox);
    assert_eq!(told[0]["kind"], "failed", "{told:?}");
    assert!(told[0]["why"].as_str().unwrap().contains("`gateway.port` was changed again"));
    let run = sandbox.run(["status"]);
    run.code(0).shows(&format!("record {id} could not be undone, and stands: `gateway.port`"));
    let run = sandbox.fails(8, ["cancel", &id.to_string()]);
    run.says(&format!("could not undo record {id}: it stands")).says("was changed again since");
    run.says(&format!("`confirm {id}` settles it"));
    sandbox.run(["confirm", &id.to_string()]).code(0);
    sandbox.run(["status"]).code(0).never_says("could not be undone");
}

#[test]
fn a_restart_of_the_machine_loses_no_deadline() {
    for command in [
        vec!["set", "logging.level", "debug"],
        vec!["exec", "--", "true"],
        vec!["status"],
        vec!["watch", "--once"],
        vec!["confirm"],
        vec!["confirm", "--extend", "60s"],
    ] {
        let sandbox = Sandbox::config(GATEWAY);
        let id = pending(&sandbox, &SET, LATE);
        reboot(&sandbox, id);
        let run = sandbox.run(&command);
        let is_asked = command[0] == "confirm";
        run.code(if is_asked { 7 } else { 0 }).never_says(TOKEN);
        assert!(run.everything().contains("is undone"), "{command:?}: {run}");
        assert!(sandbox.text().contains("18789"), "{command:?}: {run}");
        let told = events(&sandbox);
        let kinds: Vec<&Value> =
            told.iter().map(|event| &event["kind"]).filter(|kind| *kind == "rolled-back").collect();
        assert_eq!(kinds.len(), 1, "{command:?}: {told:?}");
    }
}

#[test]
fn what_is_not_due_is_left_alone_and_so_is_what_only_looks() {
    let sandbox = Sandbox::config(GATEWAY);
    let id = pending(&sandbox, &SET, LATE);
    end_timers(&sandbox);
    // The clock was set by years: it is none that counts as long as the machine runs.
    edit(&sandbox, id, |commit| {
        commit["deadline"]["at"] = "2020-01-01T00:00:00.000Z".into();
    });
    sandbox.run(["status"]).code(0).shows("pending");
    sandbox.run(["set", "logging.level", "debug"]).code(0).never_says("undone");
    assert!(sandbox.text().contains("4711"));
    edit(&sandbox, id, |commit| commit["deadline"]["since_boot_ms"] = 1.into());
    for command in [&["get", "gateway.port"][..], &["set", "note", "x", "--dry-run"]] {
        sandbox.untouched(|| sandbox.run(command)).code(0);
    }
    sandbox.run(["status", "--dry-run"]).code(0).shows("and is still to be undone");
    sandbox.run(["set", "note", "x"]).code(0).says(&format!("record {id} was not confirmed"));
    assert!(sandbox.text().contains("18789"));
}

/// The clock of the wall is set ahead and back by years, in the process that waits and in the commands.
#[test]
fn a_clock_that_jumps_moves_no_deadline() {
    if !tools(&["faketime"]) {
        return;
    }
    let sandbox = Sandbox::config(GATEWAY);
    let jump = sandbox.home().join("jump");
    let run = |words: &[&str]| {
        let clock = faked_clock(&jump);
        clock.iter().fold(sandbox.invoke(words), |run, (name, value)| run.env(name, value)).run()
    };
    fs::write(&jump, "+0").unwrap();
    run(&[&SET[..], &["--confirm-within", "3s"]].concat()).code(0);
    let began = Instant::now();
    for by in ["+2y", "-2y"] {
        fs::write(&jump, by).unwrap();
        std::thread::sleep(Duration::from_millis(1100));
        run(&["status"]).code(0).shows("unless `confwarden confirm");
        assert!(began.elapsed() < Duration::from_secs(3), "this machine is too slow for the test");
        sandbox.holds(&new());
    }
    within("an undo", || sandbox.text() == GATEWAY);
    assert!(began.elapsed() > Duration::from_millis(2900));
    within("an end of the timer", || timers(&sandbox).is_empty());
    let at = events(&sandbox)[0]["at"].as_str().unwrap().to_owned();
    assert!(at.as_str() < "2025", "the clock did jump: {at}");
}

#[test]
fn a_running_watcher_has_the_first_turn_and_tells() {
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    let before = events(&sandbox).len();
    let id = pending(&sandbox, &SET, SOON);
    let event = guard.tells("rolled-back", before);
    assert_eq!(event["commit"], id);
    sandbox.holds(GATEWAY);
    let watcher = guard.running().id();
    let listing = sandbox.report(["history", "list"]);
    let record = &listing["records"][0];
    assert_eq!((&record["kind"], &record["author"]["pid"]), (&"restored".into(), &watcher.into()));
    within("an end of the timer", || timers(&sandbox).is_empty());
    let before = events(&sandbox).len();
    pending(&sandbox, &SET, LATE);
    sandbox.run(["confirm"]).code(0);
    guard.tells("kept", before);
    // Without a process that waits it is the watcher alone.
    let before = events(&sandbox).len();
    pending(&sandbox, &["set", "logging.level", "debug"], SOON);
    end_timers(&sandbox);
    guard.tells("rolled-back", before);
    sandbox.holds(&new());
    guard.stop();
}

#[test]
fn an_undo_is_no_matter_for_the_rules_that_can_be_allowed() {
    let without = crate::watch::without_token(GATEWAY);
    let sandbox = Sandbox::config(&without);
    let id = pending(&sandbox, &["set", "gateway.auth.token", TOKEN], SOON);
    within("an undo", || sandbox.text() == without);
    sandbox.fails(7, ["confirm", &id.to_string()]);
}

#[test]
fn the_gateway_is_told_of_the_write_and_of_its_undo() {
    let web = Web::start();
    let sandbox = told_by(&web.table());
    let id = pending(&sandbox, &["set", "limits.burst", "200"], LATE);
    let report = sandbox.report(["cancel", &id.to_string()]);
    assert_eq!(report["signal"]["result"], "sent", "{report:#}");
    assert_eq!(web.asked().len(), 2);
    assert!(web.asked()[0].contains("200") && web.asked()[1].ends_with(TOLD));
    // By the process that waits, too.
    pending(&sandbox, &["set", "limits.burst", "300"], SOON);
    within("an undo", || web.asked().len() == 4);
    assert!(web.asked()[3].ends_with(TOLD));
    within("an end of the timer", || timers(&sandbox).is_empty());
    // Where it cannot be told that is said: in the log where nobody waits for an answer.
    web.status.store(500, Ordering::SeqCst);
    let before = events(&sandbox).len();
    pending(&sandbox, &["set", "limits.burst", "400"], SOON);
    within("an undo", || sandbox.text() == TOLD);
    within("an end of the timer", || timers(&sandbox).is_empty());
    let told = events(&sandbox).split_off(before);
    let kinds: Vec<&Value> = told.iter().map(|event| &event["kind"]).collect();
    assert_eq!(kinds, ["failed", "rolled-back"], "{told:?}");
    assert!(told[0]["why"].as_str().unwrap().contains("status 500"), "{told:?}");
    let id = pending(&sandbox, &["set", "limits.burst", "400"], LATE);
    reboot(&sandbox, id);
    let run = sandbox.run(["status"]);
    run.code(0).says("and is undone, but the gateway was not told: ");
}

#[test]
fn nothing_is_written_that_could_not_be_undone() {
    // Nothing to go back to.
    let sandbox = Sandbox::empty();
    let run = sandbox.fails(2, ["set", "a", "1", "--create", "--confirm-within", LATE]);
    run.says("there is nothing to go back to");
    assert!(!sandbox.config_path().exists());
    // Texts that only a person can open.
    let sandbox = Sandbox::config(GATEWAY);
    let state = sandbox.home().join("state/confwarden");
    sandbox.run(["status"]).code(0);
    fs::create_dir_all(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
    let recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\n";
    fs::write(state.join("history-recipients"), recipient).unwrap();
    fs::set_permissions(state.join("history-recipients"), fs::Permissions::from_mode(0o600))
        .unwrap();
    sandbox.fails(9, [&SET[..], &["--confirm-within", LATE]].concat());
    // No place for the deadline.
    let sandbox = Sandbox::config(GATEWAY);
    fs::write(sandbox.home().join("state"), "in the way").unwrap();
    sandbox.fails(9, [&SET[..], &["--confirm-within", LATE]].concat());
    // A write that a rule refuses, that changes nothing, or that is dry.
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.fails(3, ["unset", "gateway.auth.token", "--confirm-within", LATE]);
    sandbox.fails(0, ["set", "gateway.port", "18789", "--confirm-within", LATE]);
    sandbox.fails(0, [&SET[..], &["--dry-run", "--confirm-within", LATE]].concat());
    assert!(timers(&sandbox).is_empty());
    assert!(sandbox.files().iter().all(|file| !file.ends_with("pending")));
    for wrong in ["0s", "1441m", "x"] {
        sandbox.fails(2, [&SET[..], &["--confirm-within", wrong]].concat());
    }
}

#[test]
fn every_command_that_makes_one_write_can_be_undone() {
    let sandbox = Sandbox::config(GATEWAY);
    fs::write(sandbox.path("desired.json5"), new()).unwrap();
    fs::write(sandbox.path("patch.json5"), "{ gateway: { port: 4711 } }").unwrap();
    let (desired, patch) = (sandbox.path("desired.json5"), sandbox.path("patch.json5"));
    for words in [
        vec!["apply", desired.to_str().unwrap()],
        vec!["patch", patch.to_str().unwrap()],
        vec!["unset", "logging.level"],
        vec!["mv", "logging.level", "logging.depth"],
    ] {
        pending(&sandbox, &words, LATE);
        assert_ne!(sandbox.text(), GATEWAY, "{words:?}");
        sandbox.run(["cancel"]).code(0);
        sandbox.holds(GATEWAY);
    }
    within("an end of the timers", || timers(&sandbox).is_empty());
    sandbox.run(["--help"]).code(0).never_says("keep-time");
}

#[test]
fn pruning_keeps_what_an_undo_needs() {
    let sandbox = Sandbox::config(GATEWAY);
    pending(&sandbox, &SET, LATE);
    // As after a kill between the write and its record.
    let records = sandbox.files().into_iter().find(|file| file.ends_with("records.jsonl")).unwrap();
    fs::write(records, "").unwrap();
    sandbox.run(["history", "prune"]).code(0);
    sandbox.run(["cancel"]).code(0);
    sandbox.holds(GATEWAY);
}

#[test]
fn a_write_that_is_to_be_confirmed_tells_no_secret() {
    let watched = Watched::new(Sandbox::config(BASE));
    let words = ["set", "gateway.auth.token", "--stdin", "--allow", "auth-token-changed"];
    let words = [&words[..], &["--confirm-within", "10m"]].concat();
    for settle in ["cancel", "confirm", "status"] {
        for output in ["text", "json"] {
            let own = [&["--output", output][..], &words].concat();
            let run = watched.sandbox.invoke(own).stdin("canary-new-0123456789").run();
            run.code(0);
            watched.search(&run);
            let lines = timers(&watched.sandbox).into_iter().map(|pid| {
                fs::read_to_string(format!("/proc/{}/cmdline", pid.as_raw_pid())).unwrap()
            });
            let lines: Vec<String> = lines.collect();
            assert!(!lines.is_empty() && lines.iter().all(|line| !line.contains(CANARY)));
            watched.search(&watched.sandbox.run(["--output", output, settle]));
            put(&watched.sandbox, BASE);
            // The next one waits alone.
            watched.search(&watched.sandbox.run(["confirm"]));
            end_timers(&watched.sandbox);
        }
    }
    watched.search(&watched.sandbox.run(["events", "--output", "json"]));
}

/// A confirmation and an undo at the same time: one of them is first, and the other one knows.
#[test]
fn what_was_confirmed_while_an_undo_waited_for_the_lock_stays() {
    let sandbox = Sandbox::config(GATEWAY);
    let id = pending(&sandbox, &SET, LATE);
    let go = sandbox.root().join("go");
    let script = "while [ ! -e \"$1\" ]; do sleep 0.02; done; exec \"$2\" confirm";
    let own = env!("CARGO_BIN_EXE_confwarden");
    let holder = ["exec", "--", "sh", "-c", script, "sh", go.to_str().unwrap(), own];
    let mut holder = sandbox.invoke(holder).start();
    holder.until_locked(&sandbox);
    let mut undo = sandbox.invoke(["cancel"]).start();
    std::thread::sleep(Duration::from_millis(300));
    assert!(!undo.has_ended(), "it waits for the lock");
    fs::write(go, "").unwrap();
    holder.finish().code(0).says(&format!("record {id} is confirmed"));
    undo.finish().code(4).says(&format!("record {id} does not wait to be confirmed"));
    sandbox.holds(&new());
    assert_eq!(kinds(&sandbox), ["observed", "write"]);
}

/// As after a kill between an undo and its note, where the undo has put an element back.
#[test]
fn an_undo_of_what_is_undone_already_changes_nothing() {
    let before = "{ list: [1, 2, 3] }\n";
    let sandbox = Sandbox::config(before);
    let id = pending(&sandbox, &["unset", "list[1]"], LATE);
    let waiting = stored(&sandbox, id).1;
    sandbox.run(["cancel"]).code(0);
    sandbox.holds(before);
    edit(&sandbox, id, |commit| *commit = waiting);
    sandbox.untouched(|| sandbox.run(["cancel"])).code(0).never_says("wrote");
    assert_eq!(stored(&sandbox, id).1["state"]["kind"], "undone");
}
