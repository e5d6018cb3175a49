//! A history that is no good: folders that cannot be written, full disks, damaged records, records of
//! a newer confwarden, missing texts, clocks that were set back.
//!
//! No write fails for it, and none is silent about it. What can be read is shown, what cannot be is
//! named and left as it is.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::history::{folder, kinds, records_file, snapshots};
use crate::support::{GATEWAY, Mounts, Run, Sandbox, Seen, TOKEN, is_root};

/// Drops the token and changes the level, both in the file `$1`.
const DAMAGE: &str = "sed -i -e /token:/d -e s/info/debug/ \"$1\"";
/// Leaves half of a text with a secret in it in the file `$1`.
const CUT: &str = "printf %s '{ gateway: { auth: { token: \"fake-cut-2c8f' > \"$1\"";

/// How confwarden is run: in a world in which its history is no good.
enum World {
    Plain,
    /// After mounts that are its own.
    Mounted(Vec<OsString>),
    /// As a user whom permissions stop.
    Unprivileged,
}

/// A sandbox and its world.
struct Faulty {
    sandbox: Sandbox,
    world: World,
}

impl Faulty {
    fn run(&self, arguments: &[&str]) -> Run {
        self.run_with("EDITOR", "true", arguments)
    }

    fn run_with(&self, name: &str, value: &str, arguments: &[&str]) -> Run {
        let run = self.sandbox.invoke(arguments).env(name, value);
        let run = match &self.world {
            World::Plain => run,
            World::Mounted(words) => run.under(words),
            World::Unprivileged => run.unprivileged(),
        };
        let run = run.run();
        run.never_says(TOKEN).never_says("fake-cut");
        run
    }

    /// Runs what cannot be done without the history, and touches nothing.
    #[track_caller]
    fn fails(&self, arguments: &[&str], why: &str) {
        self.sandbox.untouched(|| self.run(arguments)).code(9).says(why);
    }

    /// Runs the shell command `script` under the guard.
    fn exec(&self, script: &str) -> Run {
        let config = self.sandbox.config_path().to_str().unwrap();
        self.run(&["exec", "--", "sh", "-c", script, "sh", config])
    }

    /// Every write does its work all the same, and says that the history does not have it, and `why`.
    #[track_caller]
    fn writes_and_tells(&self, why: &str) {
        let sandbox = &self.sandbox;
        let told = |run: &Run| {
            run.says("note: could not record this change: ").says(why);
        };
        told(self.run(&["set", "gateway.port", "2"]).code(0).says("wrote `"));
        sandbox.holds(&recorded_text().replace("port: 1,", "port: 2,"));
        told(self.exec(&format!("{DAMAGE}; exit 4")).code(4).says("put back `gateway.auth.token`"));
        let healed = recorded_text().replace("port: 1,", "port: 2,").replace("info", "debug");
        sandbox.holds(&healed);
        // The only copy of what the program wrote has to go somewhere.
        let run = self.exec(CUT);
        told(run.code(0));
        let notices = run.everything();
        let mut lines = notices.lines();
        let unkept = lines.find(|line| line.contains("could not keep what the program wrote: "));
        assert!(unkept.is_some_and(|line| line.contains(why)), "{run}");
        sandbox.holds(&healed);
        let kept: Vec<PathBuf> =
            sandbox.leftovers().iter().map(|name| sandbox.path(name)).collect();
        assert_eq!(kept.len(), 1, "{kept:?} {run}");
        assert!(fs::read_to_string(&kept[0]).unwrap().contains("fake-cut"), "{run}");
        assert_eq!(Seen::at(&kept[0]).unwrap().mode(), 0o600, "{run}");
        run.says(&format!("it is kept as `{}`", kept[0].display()));
        fs::remove_file(&kept[0]).unwrap();
        // What writes nothing has nothing to tell.
        sandbox.untouched(|| self.exec("exit 5")).code(5).tells("");
    }

    /// What was recorded before is shown.
    #[track_caller]
    fn shows_the_past(&self) {
        let list = self.run(&["history", "list"]);
        list.code(0).tells("");
        assert_eq!(list.stdout().lines().count(), 2, "{list}");
        self.run(&["history", "show", "1"]).code(0).shows("// Who answers.");
        self.run(&["history", "diff", "2"]).code(0).shows("gateway.port  18789 -> 1");
        self.run(&["status"]).code(0);
    }
}

/// A sandbox with two records: [`GATEWAY`] as it was found, and a write.
fn recorded() -> Sandbox {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    sandbox.holds(&recorded_text());
    sandbox
}

/// What stands in [`recorded`].
fn recorded_text() -> String {
    GATEWAY.replace("18789", "1")
}

fn state(sandbox: &Sandbox) -> PathBuf {
    sandbox.home().join("state/confwarden")
}

fn records(sandbox: &Sandbox) -> String {
    fs::read_to_string(records_file(sandbox)).unwrap()
}

#[test]
fn a_history_on_a_read_only_file_system_is_shown_and_not_added_to() {
    let Some(mounts) = Mounts::allowed() else { return };
    let sandbox = recorded();
    let state = state(&sandbox);
    let script = "mount --bind \"$1\" \"$1\"\nmount -o remount,bind,ro \"$1\"";
    let world = World::Mounted(mounts.after(script, &[&state]));
    let faulty = Faulty { sandbox, world };
    faulty.shows_the_past();
    faulty.writes_and_tells("ead-only file system");
    faulty.shows_the_past();
    faulty.fails(&["history", "prune"], "ead-only");
    // There is no place for a person's text.
    faulty.fails(&["edit"], "ead-only");
    faulty.run(&["restore", "1"]).code(0).says("could not record this change").says("ead-only");
    faulty.sandbox.holds(GATEWAY);
    assert_eq!(kinds(&faulty.sandbox), ["observed", "write"]);
}

#[test]
fn a_history_folder_that_may_not_be_written_is_shown_and_not_added_to() {
    let sandbox = recorded();
    if is_root() {
        for path in [vec![sandbox.root().to_owned()], sandbox.files()].concat() {
            chown(path, Some(65_534), Some(65_534)).unwrap();
        }
    }
    for path in [folder(&sandbox), folder(&sandbox).join("snapshots")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o500)).unwrap();
    }
    let folder = folder(&sandbox);
    let faulty = Faulty { sandbox, world: World::Unprivileged };
    faulty.shows_the_past();
    faulty.writes_and_tells("ermission denied");
    faulty.run(&["restore", "1"]).code(0).says("could not record this change");
    faulty.sandbox.holds(GATEWAY);
    // A person sets it right, and all goes on.
    for path in [&folder, &folder.join("snapshots")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
    }
    faulty.run(&["set", "gateway.port", "7"]).code(0).never_says("could not record");
    let list = faulty.run(&["history", "list"]);
    list.code(0).shows("observed").tells("");
}

/// What others could write to proves nothing.
#[test]
fn a_history_folder_that_others_may_write_to_is_neither_read_nor_written() {
    let sandbox = recorded();
    let open = folder(&sandbox);
    fs::set_permissions(&open, fs::Permissions::from_mode(0o770)).unwrap();
    let faulty = Faulty { sandbox, world: World::Plain };
    faulty.writes_and_tells("is open to other users (mode 0770)");
    for arguments in [["history", "list"], ["history", "show"], ["restore", "1"]] {
        faulty.fails(&arguments, "is open to other users (mode 0770)");
    }
    assert_eq!(Seen::at(&open).unwrap().mode(), 0o770, "a person's to change");
}

/// Runs in a state directory of 128 KB that has no byte left, after what is recorded in `sandbox`.
/// Each run begins there anew; the records that it leaves are in `full.records`.
fn on_a_full_disk(sandbox: Sandbox) -> Option<Faulty> {
    let mounts = Mounts::allowed()?;
    let (state, full) = (state(&sandbox), sandbox.home().join("full"));
    fs::rename(&state, &full).unwrap();
    fs::create_dir(&state).unwrap();
    let script = "mount -t tmpfs -o size=128k,mode=700 none \"$1\"\ncp -a \"$2/.\" \"$1\"\n\
                  ! cat /dev/zero > \"$1/more\" 2> /dev/null";
    let after = "cat \"$1\"/files/*/records.jsonl > \"$2.records\"";
    let world = World::Mounted(mounts.around(script, after, &[&state, &full]));
    Some(Faulty { sandbox, world })
}

#[test]
fn a_history_on_a_full_disk_is_shown_and_not_added_to() {
    let Some(faulty) = on_a_full_disk(recorded()) else { return };
    faulty.shows_the_past();
    faulty.writes_and_tells("o space left on device");
    faulty.fails(&["edit"], "o space left on device");
    faulty.run(&["restore", "1"]).code(0).says("could not record this change");
    faulty.sandbox.holds(GATEWAY);
    // Nothing to drop is nothing to write.
    faulty.run(&["history", "prune"]).code(0).says("dropped 0 records");
}

#[test]
fn pruning_on_a_full_disk_drops_nothing() {
    let sandbox = recorded();
    sandbox.run(["set", "gateway.port", "3"]).code(0);
    let text = records(&sandbox);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (second, line) in lines.iter_mut().enumerate().take(2) {
        set_time(line, &format!("2020-01-01T00:00:0{second}.000Z"));
    }
    fs::write(records_file(&sandbox), lines.join("\n") + "\n").unwrap();
    let Some(faulty) = on_a_full_disk(sandbox) else { return };
    faulty.fails(&["history", "prune"], "o space left on device");
    let left = fs::read_to_string(faulty.sandbox.home().join("full.records")).unwrap();
    assert_eq!(left, lines.join("\n") + "\n");
}

#[test]
fn a_disk_that_fills_up_as_a_record_is_written_leaves_a_history_that_can_be_read() {
    let Some(faults) = crate::support::Faults::allowed() else { return };
    let sandbox = recorded();
    let set = ["set", "gateway.port", "2"];
    let calls = faults.calls(&recorded(), &set, None);
    let writes = calls.iter().filter(|call| {
        call.name == "write"
            && !call.shown.starts_with("write(2,")
            && call.shown.contains("{\\\"v\\\"")
    });
    let mut failed = 0;
    for call in writes {
        let run = sandbox.invoke(set).under(faults.with(&call.inject("error=ENOSPC"))).run();
        run.code(0).says("note: could not record this change: could not ").says("o space left");
        sandbox.run(["set", "gateway.port", "1"]).code(0);
        sandbox.run(["history", "list"]).code(0).tells("");
        failed += 1;
    }
    assert!(failed > 0, "no record was written");
}

fn set_time(line: &mut String, time: &str) {
    let at = line.find("\"at\":\"").unwrap() + 6;
    line.replace_range(at..at + 24, time);
}

/// Every use of a history with a bad line, which stays where and as it is.
#[track_caller]
fn works_around(bad: &str, told: &str) {
    let sandbox = recorded();
    let good = records(&sandbox);
    let (first, second) = good.split_once('\n').unwrap();
    // In between: number 2 is a good record still.
    fs::write(records_file(&sandbox), format!("{first}\n{bad}\n{second}")).unwrap();
    let bad = format!("\n{bad}\n");
    let list = sandbox.run(["history", "list"]);
    list.code(0).says(told);
    assert_eq!(list.stdout().lines().count(), 2, "{list}");
    let report = sandbox.report(["history", "list"]);
    assert!(report["notices"][0].as_str().unwrap().contains(told), "{report:#}");
    sandbox.run(["history", "show", "1", "--reveal"]).code(0).prints(GATEWAY);
    sandbox.run(["history", "diff", "1", "@", "--semantic"]).code(0).shows("18789 -> 1");
    sandbox.run(["status"]).code(0).shows("none since record 2");
    sandbox.run(["set", "gateway.port", "2"]).code(0).never_says("could not record");
    let config = sandbox.config_path().to_str().unwrap();
    let exec = sandbox.run(["exec", "--", "sh", "-c", DAMAGE, "sh", config]);
    exec.code(0).says("put back `gateway.auth.token`").never_says("could not record");
    sandbox.run(["restore", "--undo", "2"]).code(6).says("changed again since");
    sandbox.run(["restore", "1"]).code(0).never_says("could not record");
    sandbox.holds(GATEWAY);
    assert_eq!(kinds(&sandbox), ["observed", "write", "write", "foreign", "healed", "restored"]);
    sandbox.run(["history", "prune"]).code(0);
    assert!(
        records(&sandbox).contains(&bad),
        "a line that is not understood is not ours to change"
    );
    // Also where records around it are dropped.
    let mut lines: Vec<String> = records(&sandbox).lines().map(str::to_owned).collect();
    for (index, line) in
        lines.iter_mut().enumerate().filter(|(_, line)| !bad.contains(line.as_str()))
    {
        set_time(line, &format!("2020-01-01T00:00:0{index}.000Z"));
    }
    fs::write(records_file(&sandbox), lines.join("\n") + "\n").unwrap();
    sandbox.run(["history", "prune"]).code(0).says("dropped 5 records");
    assert!(records(&sandbox).contains(&bad[1..]), "{}", records(&sandbox));
}

#[test]
fn a_damaged_record_is_named_and_left_alone() {
    for bad in [
        "rubbish",
        "{\"v\":1,\"id\":3}",
        "{\"v\":1,\"id\":\"three\",\"at\":",
        "{}",
        "[]",
        "{\"v\":0,\"id\":3}",
        "{\"v\":-1}",
        "\u{0}\u{0}\u{0}",
    ] {
        works_around(bad, "line 2 of the records is damaged");
    }
    let long = "x".repeat(100_000);
    works_around(&long, "line 2 of the records is damaged");
    let deep = "[".repeat(50_000);
    works_around(&deep, "line 2 of the records is damaged");
}

#[test]
fn a_record_of_a_newer_confwarden_in_between_is_named_and_left_alone() {
    works_around("{\"v\":9}", "a record was written by a newer confwarden (format 9)");
    works_around(
        "{\"v\":3,\"id\":\"2b\",\"what\":[1,{}]}",
        "a record was written by a newer confwarden (format 3)",
    );
}

/// Rubbish from the first to the last byte: the history begins anew behind it.
#[test]
fn records_that_are_all_damaged_are_kept_and_followed_by_new_ones() {
    let sandbox = recorded();
    let rubbish = "\u{0}".repeat(70_000) + "\n";
    fs::write(records_file(&sandbox), &rubbish).unwrap();
    sandbox.run(["history", "list"]).code(0).prints("").says("line 1 of the records is damaged");
    sandbox.fails(4, ["restore"]);
    sandbox.run(["status"]).code(0);
    sandbox.run(["set", "gateway.port", "2"]).code(0).never_says("could not record");
    assert!(records(&sandbox).starts_with(&rubbish));
    assert_eq!(kinds(&sandbox), ["observed", "write"]);
    sandbox.run(["restore", "1"]).code(0);
    sandbox.holds(&recorded_text());
}

/// What stands in the place of the records is no file of ours.
#[test]
fn what_is_no_file_of_records_is_neither_read_nor_written() {
    for kind in ["directory", "link", "open"] {
        let sandbox = recorded();
        let path = records_file(&sandbox);
        let elsewhere = sandbox.home().join("elsewhere");
        fs::rename(&path, &elsewhere).unwrap();
        match kind {
            "directory" => fs::create_dir(&path).unwrap(),
            "link" => symlink(&elsewhere, &path).unwrap(),
            _ => {
                fs::copy(&elsewhere, &path).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
            }
        }
        let before = fs::read(&elsewhere).unwrap();
        let faulty = Faulty { sandbox, world: World::Plain };
        faulty.fails(&["history", "list"], "records.jsonl");
        faulty.fails(&["restore", "1"], "records.jsonl");
        faulty.writes_and_tells("records.jsonl");
        assert_eq!(fs::read(&elsewhere).unwrap(), before, "{kind}");
    }
}

/// The latest record is of a format that we do not know: nobody knows what stood there last.
#[test]
fn a_latest_record_of_a_newer_confwarden_is_never_taken_for_another() {
    let sandbox = recorded();
    let newer = "{\"v\":3,\"id\":3,\"at\":\"later\",\"kind\":{\"blessed\":true}}";
    let text = format!("{}{newer}\n", records(&sandbox));
    fs::write(records_file(&sandbox), &text).unwrap();
    let told = "record 3 was written by a newer confwarden (format 3)";
    sandbox.run(["history", "list"]).code(0).says(told);
    for arguments in [
        ["history", "show", "3"].as_slice(),
        &["history", "diff", "3"],
        &["history", "diff", "1", "3"],
        &["restore", "3"],
        &["restore", "--undo", "3"],
        &["restore", "3", "--path", "gateway"],
        // The latest is number 3.
        &["history", "show"],
        &["history", "show", "@"],
        &["restore", "@"],
        &["restore"],
        &["restore", "--path", "gateway"],
    ] {
        sandbox.fails(9, arguments).says(told).says("use the confwarden that wrote it");
    }
    sandbox.run(["history", "show", "@~1"]).code(0).shows("port: 1,");
    sandbox.run(["history", "show", "1", "--reveal"]).code(0).prints(GATEWAY);
    // New records follow it, with higher numbers; not a byte before them changes.
    sandbox.run(["set", "gateway.port", "2"]).code(0).never_says("could not record");
    assert!(records(&sandbox).starts_with(&text));
    let report = sandbox.report(["history", "list"]);
    assert_eq!(report["records"][0]["id"], 4, "{report:#}");
    sandbox.run(["restore", "1"]).code(0);
    sandbox.holds(GATEWAY);
    // It is the latest no longer.
    sandbox.run(["history", "show", "--reveal"]).code(0).prints(GATEWAY);
    sandbox.run(["history", "show", "@~2"]).code(9).says(told);
    sandbox.run(["history", "prune"]).code(0);
    assert!(records(&sandbox).starts_with(&text));
}

/// Members that came later are not ours to drop.
#[test]
fn a_record_of_our_format_with_more_in_it_is_read_and_kept_as_it_is() {
    let sandbox = recorded();
    let text = records(&sandbox).replacen("{\"v\":1,", "{\"v\":1,\"mood\":{\"good\":1},", 1);
    fs::write(records_file(&sandbox), &text).unwrap();
    sandbox.run(["history", "list"]).code(0).tells("");
    sandbox.run(["history", "show", "1", "--reveal"]).code(0).prints(GATEWAY);
    sandbox.run(["set", "gateway.port", "2"]).code(0).never_says("could not record");
    sandbox.run(["history", "prune"]).code(0);
    assert!(records(&sandbox).starts_with(&text));
}

#[test]
fn a_snapshot_that_a_newer_record_may_name_is_not_dropped() {
    let sandbox = recorded();
    let report = records(&sandbox);
    let first: Value = serde_json::from_str(report.lines().next().unwrap()).unwrap();
    let named = first["files"][0]["after"].as_str().unwrap();
    let newer = format!("{{\"v\":3,\"id\":1,\"texts\":{{\"a\":\"{named}\"}}}}\n");
    fs::write(records_file(&sandbox), newer).unwrap();
    let count = snapshots(&sandbox).len();
    let pruned = sandbox.report(["history", "prune"]);
    assert_eq!(pruned["pruned"], json!({"records": [], "left": 0, "snapshots": 1}));
    assert_eq!(snapshots(&sandbox).len(), count - 1);
    assert!(snapshots(&sandbox)[0].ends_with(named));
}

/// The text of one record is gone or damaged; those of the others are not.
#[test]
fn a_missing_text_is_missed_by_what_needs_it_alone() {
    for (damage, says) in [("missing", "is missing"), ("damaged", "is damaged")] {
        let sandbox = recorded();
        sandbox.run(["set", "logging.level", "warn"]).code(0);
        let report = sandbox.report(["history", "list"]);
        // What record 2 left, and record 3 found.
        let gone = report["records"][1]["files"][0]["after"].as_str().unwrap();
        let found = snapshots(&sandbox);
        let path =
            found.iter().find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(gone));
        let path: &Path = path.unwrap();
        match damage {
            "missing" => fs::remove_file(path).unwrap(),
            _ => fs::write(path, &GATEWAY[..GATEWAY.len() - 1]).unwrap(),
        }
        let list = sandbox.run(["history", "list"]);
        list.code(0).tells("");
        assert_eq!(list.stdout().lines().count(), 3, "{list}");
        sandbox.run(["status"]).code(0).shows("none since record 3");
        for arguments in [
            ["history", "show", "2"].as_slice(),
            &["history", "diff", "2"],
            &["history", "diff", "3"],
            &["restore", "2"],
            &["restore", "2", "--path", "gateway.port"],
            &["restore", "--undo", "2"],
            &["restore", "--undo", "3"],
        ] {
            let run = sandbox.fails(9, arguments);
            run.says("the snapshot `").says(says).never_says(TOKEN);
        }
        sandbox.run(["history", "show", "1", "--reveal"]).code(0).prints(GATEWAY);
        sandbox.run(["history", "diff", "1", "@", "--semantic"]).code(0).shows("18789 -> 1");
        let config = sandbox.config_path().to_str().unwrap();
        let script = "sed -i -e /token:/d \"$1\"";
        let exec = sandbox.run(["exec", "--", "sh", "-c", script, "sh", config]);
        exec.code(0).says("put back").never_says("could not record");
        sandbox.run(["restore", "1"]).code(0).never_says("could not record");
        sandbox.holds(GATEWAY);
        // Who writes it again has it again.
        sandbox.run(["set", "gateway.port", "1"]).code(0).never_says("could not record");
        sandbox.run(["history", "show", "2"]).code(0).shows("port: 1,");
    }
}

#[test]
fn a_folder_of_snapshots_that_is_gone_is_made_again() {
    let sandbox = recorded();
    fs::remove_dir_all(folder(&sandbox).join("snapshots")).unwrap();
    sandbox.run(["history", "list"]).code(0).tells("");
    sandbox.fails(9, ["restore", "1"]).says("is missing");
    let config = sandbox.config_path().to_str().unwrap();
    let exec = sandbox.run(["exec", "--", "sh", "-c", DAMAGE, "sh", config]);
    exec.code(0).says("put back").never_says("could not record");
    sandbox.run(["set", "gateway.port", "2"]).code(0).never_says("could not record");
    sandbox.run(["restore"]).code(0);
}

/// Every record is from the future: the clock was set back since.
#[test]
fn a_clock_that_was_set_back_drops_and_confuses_nothing() {
    let sandbox = recorded();
    let mut lines: Vec<String> = records(&sandbox).lines().map(str::to_owned).collect();
    set_time(&mut lines[0], "2020-01-01T00:00:00.000Z");
    set_time(&mut lines[1], "2199-01-01T00:00:00.000Z");
    fs::write(records_file(&sandbox), lines.join("\n") + "\n").unwrap();
    let list = sandbox.run(["history", "list"]);
    list.code(0).tells("").shows("2199-01-01");
    sandbox.run(["status"]).code(0).shows("none since record 2");
    sandbox.run(["set", "gateway.port", "2"]).code(0).never_says("could not record");
    // What confwarden writes inside of a program is its own, and what the program writes is not.
    let program = env!("CARGO_BIN_EXE_confwarden");
    let config = sandbox.config_path().to_str().unwrap();
    let script = format!("{program} set logging.level warn; sed -i /token:/d \"$1\"");
    let exec = sandbox.run(["exec", "--", "sh", "-c", &script, "sh", config]);
    exec.code(0).says("put back `gateway.auth.token`").never_says("could not record");
    let written = GATEWAY.replace("18789", "2").replace("info", "warn");
    sandbox.holds(&written);
    assert_eq!(kinds(&sandbox), ["observed", "write", "write", "write", "foreign", "healed"]);
    // The order is that in which it happened.
    let report = sandbox.report(["history", "list"]);
    let ids: Vec<u64> =
        report["records"].as_array().unwrap().iter().map(|r| r["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [6, 5, 4, 3, 2, 1]);
    let pruned = sandbox.run(["history", "prune"]);
    pruned.code(0).says("dropped 0 records and 0 texts; 6 records left");
    sandbox.run(["restore", "--undo", "3"]).code(0);
    sandbox.holds(&written.replace("port: 2,", "port: 1,"));
    sandbox.run(["restore", "1"]).code(0);
    sandbox.holds(GATEWAY);
}

/// Numbers go on from the highest, whatever the times say; the highest of all leaves no room.
#[test]
fn numbers_never_begin_anew() {
    let sandbox = recorded();
    let newer = format!("{}{{\"v\":3,\"id\":41}}\n", records(&sandbox));
    fs::write(records_file(&sandbox), newer).unwrap();
    sandbox.run(["set", "gateway.port", "2"]).code(0);
    let report = sandbox.report(["history", "list"]);
    assert_eq!(report["records"][0]["id"], 42, "{report:#}");
}
