//! Every system call of a write that changes something fails once.
//!
//! The file is as it was, to the inode, and the exit code is that of a disk or a right that is
//! missing (9); or the new text stands there whole, and the exit code says so (0, or 8 where only
//! its durability is in doubt). The next run does its work either way.

use std::path::PathBuf;

use crate::support::{Call, Faults, GATEWAY, Sandbox, Seen};

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
