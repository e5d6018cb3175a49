//! Every system call of a write that changes something fails once.
//!
//! The file is as it was, to the inode, and the exit code is that of a disk or a right that is
//! missing (9); or the new text stands there whole, and the exit code says so (0, or 8 where only
//! its durability is in doubt). The next run does its work either way. The same for a heal under
//! `exec`, which may leave what the program wrote, and never leaves the program.

use std::path::PathBuf;

use crate::exec::debugging;
use crate::support::{Call, Faults, GATEWAY, Run, Sandbox, Seen, TOKEN};

const SET: [&str; 3] = ["set", "gateway.port", "4711"];
const CLEAN: [&str; 2] = [".openclaw.json.confwarden.lock", "openclaw.json"];

fn new() -> String {
    GATEWAY.replace("18789", "4711")
}

/// What a fault means for the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    /// Exit 9, untouched.
    AsBefore,
    /// Exit 8, written.
    Unsure,
    /// Exit 0, written.
    Written,
}

/// A sandbox whose key is made, so that the syncs of a write are those of its file.
fn with_key() -> Sandbox {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["get", "gateway.auth.token"]).code(0);
    sandbox
}

/// Runs the write with `fault` in it.
#[track_caller]
fn check(faults: &Faults, fault: &str, ends: Ends, says: &str) {
    let sandbox = with_key();
    let before = Seen::at(sandbox.config_path());
    let run = sandbox.invoke(SET).under(faults.with(fault)).run();
    let (code, text) = match ends {
        Ends::AsBefore => (9, GATEWAY.to_owned()),
        Ends::Unsure => (8, new()),
        Ends::Written => (0, new()),
    };
    run.code(code).says("openclaw.json").says(says).never_says("fake-token");
    sandbox.holds(&text);
    if ends == Ends::AsBefore {
        assert_eq!(Seen::at(sandbox.config_path()), before, "{fault}");
    }
    assert_eq!(sandbox.names(), CLEAN, "{fault}");
    sandbox.run(["set", "logging.level", "debug"]).code(0);
    sandbox.holds(&text.replace("\"info\"", "\"debug\""));
}

/// The call of a good run that `picks` picks.
#[track_caller]
fn find(calls: &[Call], what: &str, picks: impl Fn(&Call) -> bool) -> usize {
    let found = calls.iter().position(picks);
    found.unwrap_or_else(|| panic!("a write should {what}"))
}

#[test]
fn the_steps_of_a_write_fail_with_their_names() {
    let Some(faults) = Faults::allowed() else { return };
    let calls = faults.calls(&with_key(), &SET, None);
    let ours = ".openclaw.json.confwarden.";
    let stage = find(&calls, "create a stage", |call| {
        call.name == "openat" && call.shown.contains(ours) && call.shown.contains(".tmp\"")
    });
    let write = stage + find(&calls[stage..], "fill it", |call| call.name == "write");
    let chmod = stage + find(&calls[stage..], "keep the mode", |call| call.name == "fchmod");
    let exchange = find(&calls, "exchange", |call| call.shown.contains("RENAME_EXCHANGE"));
    let rename = find(&calls, "name the stage", |call| {
        call.name.starts_with("rename") && call.shown.contains(".swap\"")
    });
    for (call, error, says) in [
        (stage, "ENOSPC", "could not create a temporary file beside"),
        (stage, "EACCES", "could not create a temporary file beside"),
        (stage, "EROFS", "could not create a temporary file beside"),
        (stage, "EMFILE", "could not create a temporary file beside"),
        (write, "ENOSPC", "could not write the new content beside"),
        (write, "EDQUOT", "could not write the new content beside"),
        (write, "EIO", "could not write the new content beside"),
        (chmod, "EPERM", "could not copy the attributes of"),
        (rename, "EIO", "could not rename over"),
        (exchange, "EIO", "could not rename over"),
        (exchange, "EACCES", "could not rename over"),
    ] {
        check(&faults, &calls[call].inject(&format!("error={error}")), Ends::AsBefore, says);
    }
    // What may be tried again is, and what this file system cannot do is done another way.
    check(&faults, &calls[write].inject("error=EINTR"), Ends::Written, "wrote");
    check(&faults, &calls[exchange].inject("error=EINVAL"), Ends::Written, "wrote");
    check(&faults, &calls[exchange].inject("error=ENOSYS"), Ends::Written, "wrote");
}

/// A sync that failed is not made again: the second would say that all is well.
#[test]
fn syncs_fail_before_and_after_the_new_text_is_visible() {
    let Some(faults) = Faults::allowed() else { return };
    for error in ["EIO", "ENOSPC", "EDQUOT"] {
        let of_the_text = format!("fsync:error={error}:when=1");
        check(&faults, &of_the_text, Ends::AsBefore, "could not sync the new content of");
        let of_the_directory = format!("fsync:error={error}:when=2");
        check(&faults, &of_the_directory, Ends::Unsure, "after a power cut it may be as before");
    }
}

#[test]
fn every_call_may_fail() {
    let Some(faults) = Faults::allowed() else { return };
    let calls = faults.calls(&Sandbox::config(GATEWAY), &SET, None);
    // Not what is said to people: there is nobody to say its failure to.
    let is_work = |call: &&Call| {
        let shown = &call.shown;
        call.changes() && !shown.starts_with("write(1,") && !shown.starts_with("write(2,")
    };
    let mut endings = [0; 3];
    for (number, call) in calls.iter().filter(is_work).enumerate() {
        let error = ["EIO", "ENOSPC", "EACCES"][number % 3];
        let at = format!("{error} from {}", call.shown);
        let sandbox = Sandbox::config(GATEWAY);
        let before = Seen::at(sandbox.config_path());
        let fault = call.inject(&format!("error={error}"));
        let run = sandbox.invoke(SET).under(faults.with(&fault)).run();
        let (ending, text) = match run.ended() {
            Some(0) => (0, new()),
            Some(8) => (1, new()),
            Some(9) => (2, GATEWAY.to_owned()),
            _ => panic!("{at}: {run}"),
        };
        endings[ending] += 1;
        run.never_says("fake-token");
        assert_eq!(sandbox.text(), text, "{at}: {run}");
        let after = Seen::at(sandbox.config_path());
        assert!(text == new() || after == before, "touched after {at}: {run}");

        let next = sandbox.run(["set", "logging.level", "debug"]);
        assert_eq!(next.ended(), Some(0), "after {at}: {next}");
        assert_eq!(sandbox.text(), text.replace("\"info\"", "\"debug\""), "after {at}");
        assert_eq!(sandbox.names(), CLEAN, "after {at}");
        let ours = |path: &PathBuf| path.extension().is_some_and(|end| end == "tmp");
        assert_eq!(sandbox.files().into_iter().find(ours), None, "after {at}");
    }
    let [written, unsure, as_before] = endings;
    assert!(written >= 3 && unsure >= 1 && as_before >= 8, "{endings:?}: too few calls");
}

/// Runs the shell command `script` under the guard, with `fault` in the guard.
fn guarded(sandbox: &Sandbox, faults: &Faults, fault: &str, script: &str) -> Run {
    let config = sandbox.config_path().to_str().unwrap();
    let command = ["exec", "--", "sh", "-c", script, "sh", config];
    sandbox.invoke(command).under(faults.with(fault)).run()
}

/// A sandbox whose history ends in what stands there: nothing is recorded before a program runs, so
/// that the syncs of a heal are those of its file.
fn with_history() -> Sandbox {
    let sandbox = with_key();
    for port in ["1", "18789"] {
        sandbox.run(["set", "gateway.port", port]).code(0);
    }
    sandbox.holds(GATEWAY);
    sandbox
}

/// What the program of the tests below leaves.
fn damaged() -> String {
    debugging().split_inclusive('\n').filter(|line| !line.contains(TOKEN)).collect()
}

/// A heal that fails while the program runs leaves neither the program nor the file alone.
#[test]
fn a_heal_that_fails_is_tried_again_and_the_program_is_not_abandoned() {
    let Some(faults) = Faults::allowed() else { return };
    let script = "sed -i -e /token:/d -e s/info/debug/ \"$1\"; sleep 0.6; echo done; exit 4";
    for (error, when) in [("EIO", "1"), ("ENOSPC", "1..3")] {
        let sandbox = with_history();
        let fault = format!("fsync:error={error}:when={when}");
        let run = guarded(&sandbox, &faults, &fault, script);
        run.code(4).prints("done\n").says("put back `gateway.auth.token`").never_says(TOKEN);
        run.says("note: could not heal while the program ran: could not replace `");
        sandbox.holds(&debugging());
        assert_eq!(sandbox.names(), CLEAN);
    }
    // A disk that never works again: as the program left it, and nobody is told that all is well.
    let sandbox = with_history();
    let run = guarded(&sandbox, &faults, "fsync:error=EIO:when=1+", script);
    run.code(9).prints("done\n").says("could not sync the new content of").never_says(TOKEN);
    sandbox.holds(&damaged());
    assert_eq!(sandbox.names(), CLEAN);
    sandbox.run(["restore"]).code(0);
    sandbox.holds(GATEWAY);
}

/// What stood before the program may be gone after a power cut then. It is told where the program did
/// something; the heal itself does not fail for it.
#[test]
fn a_history_that_is_not_synced_before_the_program_runs_is_told_and_fails_nothing() {
    let Some(faults) = Faults::allowed() else { return };
    let sandbox = with_key();
    let fault = "fsync:error=EIO:when=1";
    let run = guarded(&sandbox, &faults, fault, "exit 4");
    run.code(4).tells("");
    let sandbox = with_key();
    let script = "sed -i -e /token:/d -e s/info/debug/ \"$1\"; exit 4";
    let run = guarded(&sandbox, &faults, fault, script);
    run.code(4).says("put back `gateway.auth.token`").never_says(TOKEN);
    run.says("note: could not record this change: could not write `");
    sandbox.holds(&debugging());
    assert_eq!(sandbox.names(), CLEAN);
}

#[test]
fn the_steps_of_a_heal_fail_with_their_names() {
    let Some(faults) = Faults::allowed() else { return };
    let script = "sed -i -e /token:/d -e s/info/debug/ \"$1\"; exit 4";
    for (fault, code, says, text) in [
        ("fsync:error=EIO:when=1", 9, "could not sync the new content of", damaged()),
        ("fsync:error=ENOSPC:when=1", 9, "could not sync the new content of", damaged()),
        ("fsync:error=EIO:when=2", 8, "after a power cut it may be as before", debugging()),
        ("renameat2:error=EIO:when=1+", 9, "could not rename over", damaged()),
        ("renameat2:error=EACCES:when=1+", 9, "could not rename over", damaged()),
        ("waitid:error=ECHILD:when=1", 8, "could not wait for the program", GATEWAY.to_owned()),
    ] {
        let sandbox = with_history();
        let run = guarded(&sandbox, &faults, fault, script);
        run.code(code).says(says).never_says(TOKEN);
        // Whom nobody waits for may be at work still.
        if !fault.starts_with("waitid") {
            assert_eq!(sandbox.text(), text, "{fault}: {run}");
        }
        assert_eq!(sandbox.names(), CLEAN, "{fault}");
        sandbox.run(["set", "gateway.port", "5"]).code(0);
    }
}

#[test]
fn every_call_of_a_heal_may_fail() {
    let Some(faults) = Faults::allowed() else { return };
    let script = "sed -i -e /token:/d -e s/info/debug/ \"$1\"";
    let reference = Sandbox::config(GATEWAY);
    let config = reference.config_path().to_str().unwrap();
    let command = ["exec", "--", "sh", "-c", script, "sh", config];
    let calls = faults.calls(&reference, &command, None);
    let is_work = |call: &&Call| {
        let shown = &call.shown;
        call.changes() && !shown.starts_with("write(1,") && !shown.starts_with("write(2,")
    };
    let (mut healed, mut unsure, mut failed) = (0, 0, 0);
    for (number, call) in calls.iter().filter(is_work).enumerate() {
        let error = ["EIO", "ENOSPC", "EACCES"][number % 3];
        let at = format!("{error} from {}", call.shown);
        let sandbox = Sandbox::config(GATEWAY);
        let run = guarded(&sandbox, &faults, &call.inject(&format!("error={error}")), script);
        run.never_says(TOKEN);
        let text = sandbox.text();
        match run.ended() {
            Some(code @ (0 | 8)) => {
                assert_eq!(text, debugging(), "{at}: {run}");
                *(if code == 0 { &mut healed } else { &mut unsure }) += 1;
            }
            // Either the program never ran, or what it left stands there.
            Some(9) => {
                assert!(text == GATEWAY || text == damaged(), "{at}: {run}");
                failed += 1;
            }
            _ => panic!("{at}: {run}"),
        }
        let next = sandbox.run(["set", "gateway.port", "5"]);
        assert_eq!(next.ended(), Some(0), "after {at}: {next}");
        assert_eq!(sandbox.text(), text.replace("18789", "5"), "after {at}");
        assert_eq!(sandbox.names(), CLEAN, "after {at}");
    }
    let seen = format!("{healed} healed, {unsure} unsure, {failed} failed");
    assert!(healed >= 8 && unsure >= 1 && failed >= 8, "{seen}: too few calls");
}
