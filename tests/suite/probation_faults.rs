//! Killed, or failed, at every system call that changes something, of a write that is to be confirmed and
//! of its undo.
//!
//! Whenever such a write can be seen its deadline is stored and somebody waits for it; and whatever an
//! undo was at, the next one ends it.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::probation::{end_timers, timers};
use crate::support::{Call, Faults, GATEWAY, Sandbox};

const WRITE: [&str; 5] = ["set", "gateway.port", "4711", "--confirm-within", "10m"];

/// The files of commits, with what they say.
fn commits(sandbox: &Sandbox) -> Vec<(PathBuf, Value)> {
    let is_commit = |file: &PathBuf| {
        let is_json = file.extension().is_some_and(|extension| extension == "json");
        file.parent().unwrap().ends_with("pending") && is_json
    };
    let files = sandbox.files().into_iter().filter(is_commit);
    files
        .map(|file| (file.clone(), serde_json::from_slice(&fs::read(file).unwrap()).unwrap()))
        .collect()
}

/// As if the machine had been started anew, long after every deadline.
fn reboot(sandbox: &Sandbox) {
    end_timers(sandbox);
    for (file, mut commit) in commits(sandbox) {
        commit["deadline"]["boot"] = "another".into();
        commit["deadline"]["at"] = "2020-01-01T00:00:00.000Z".into();
        commit["made"] = "2020-01-01T00:00:00.000Z".into();
        fs::write(file, serde_json::to_vec(&commit).unwrap()).unwrap();
    }
}

#[track_caller]
fn changing(faults: &Faults, sandbox: &Sandbox, arguments: &[&str]) -> Vec<Call> {
    let calls = faults.calls(sandbox, arguments, None);
    end_timers(sandbox);
    calls.into_iter().filter(Call::changes).collect()
}

/// Whatever can be seen waits, and somebody waits for it; after a restart it is undone by whoever comes
/// first, and nothing but the old text is left.
#[track_caller]
fn is_safe(sandbox: &Sandbox, at: &str) -> bool {
    let new = GATEWAY.replace("18789", "4711");
    let text = sandbox.text();
    assert!(text == GATEWAY || text == new, "neither old nor new at {at}: {text}");
    let is_new = text == new;
    if is_new {
        let commits = commits(sandbox);
        assert_eq!(commits.len(), 1, "no deadline at {at}");
        assert_eq!(commits[0].1["state"]["kind"], "waiting", "{at}");
        assert_eq!(timers(sandbox).len(), 1, "nobody waits at {at}");
    }
    reboot(sandbox);
    sandbox.run(["status"]).code(0);
    sandbox.holds(GATEWAY);
    for (_, commit) in commits(sandbox) {
        assert_eq!(commit["state"]["kind"], "undone", "at {at}: {commit}");
        assert!(is_new, "what was never seen is no news, at {at}");
    }
    let next = sandbox.run(["set", "logging.level", "debug"]);
    assert_eq!(next.ended(), Some(0), "after {at}: {next}");
    // Nothing of the history is damaged.
    sandbox.run(["history", "list"]).code(0).tells("");
    is_new
}

#[test]
fn killed_at_every_call_of_the_write() {
    let Some(faults) = Faults::allowed() else { return };
    let (mut seen_old, mut seen_new) = (0, 0);
    for call in changing(&faults, &Sandbox::config(GATEWAY), &WRITE) {
        let sandbox = Sandbox::config(GATEWAY);
        let kill = faults.with(&call.inject("signal=SIGKILL"));
        let run = sandbox.invoke(WRITE).under(kill).run();
        assert_eq!(run.ended(), None, "not killed at {}: {run}", call.shown);
        let seen = if is_safe(&sandbox, &call.shown) { &mut seen_new } else { &mut seen_old };
        *seen += 1;
    }
    assert!(seen_old >= 12 && seen_new >= 4, "{seen_old} old, {seen_new} new: too few calls");
}

#[test]
fn every_call_of_the_write_fails_once() {
    let Some(faults) = Faults::allowed() else { return };
    let mut refused = 0;
    for call in changing(&faults, &Sandbox::config(GATEWAY), &WRITE) {
        let sandbox = Sandbox::config(GATEWAY);
        let fault = faults.with(&call.inject("error=ENOSPC"));
        let run = sandbox.invoke(WRITE).under(fault).run();
        let code = run.ended().unwrap_or_else(|| panic!("no end at {}: {run}", call.shown));
        assert_ne!(code, 70, "at {}: {run}", call.shown);
        if code != 0 && code != 8 {
            refused += 1;
            assert_eq!(sandbox.text(), GATEWAY, "at {}: {run}", call.shown);
        }
        is_safe(&sandbox, &call.shown);
    }
    assert!(refused >= 5, "{refused}: the disk was full nearly everywhere");
}

#[test]
fn killed_at_every_call_of_the_undo() {
    let Some(faults) = Faults::allowed() else { return };
    let pending = || {
        let sandbox = Sandbox::config(GATEWAY);
        sandbox.run(WRITE).code(0);
        end_timers(&sandbox);
        sandbox
    };
    let cancel = ["cancel"];
    let mut cut_off = 0;
    for call in changing(&faults, &pending(), &cancel) {
        let sandbox = pending();
        let kill = faults.with(&call.inject("signal=SIGKILL"));
        let run = sandbox.invoke(cancel).under(kill).run();
        assert_eq!(run.ended(), None, "not killed at {}: {run}", call.shown);
        let state = commits(&sandbox)[0].1["state"]["kind"].clone();
        let is_done = state == "undone";
        assert!(is_done || state == "waiting", "at {}: {state}", call.shown);
        assert!(!is_done || sandbox.text() == GATEWAY, "undone at {}", call.shown);
        cut_off += usize::from(!is_done && sandbox.text() == GATEWAY);
        let again = sandbox.run(["cancel", "2"]);
        assert_eq!(again.ended(), Some(0), "after {}: {again}", call.shown);
        sandbox.holds(GATEWAY);
        assert_eq!(commits(&sandbox)[0].1["state"]["kind"], "undone", "at {}", call.shown);
    }
    assert!(cut_off >= 3, "{cut_off}: never killed between the undo and its note");
}
