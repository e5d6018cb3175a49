//! Killed at every system call that changes something, from the lock to the end.
//!
//! Afterwards the file is the old or the new one, byte for byte, and the next plain run does its
//! work: nothing is removed by hand, nothing is left lying about.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::history::snapshots;
use crate::support::{Call, Faults, GATEWAY, Mounts, Sandbox, Seen};

/// Lock and configuration: all that may be left.
const CLEAN: [&str; 2] = [".openclaw.json.confwarden.lock", "openclaw.json"];

/// The write that is killed, and the one that comes after it.
const KILLED: [&str; 4] = ["set", "gateway.port", "4711", "--create"];
const NEXT: [&str; 3] = ["set", "logging.level", "debug"];

/// Runs `arguments`, started by `words` if there are any, and kills the run as it enters `call`.
#[track_caller]
fn killed_at(
    faults: &Faults,
    sandbox: &Sandbox,
    arguments: &[&str],
    call: &Call,
    words: Option<Vec<OsString>>,
) {
    let mut run = sandbox.invoke(arguments).under(faults.with(&call.inject("signal=SIGKILL")));
    if let Some(words) = words {
        run = run.under(words);
    }
    let run = run.run();
    assert_eq!(run.ended(), None, "not killed at {}: {run}", call.shown);
}

/// Runs `arguments` to their good end; the calls to die at.
#[track_caller]
fn changing(faults: &Faults, sandbox: &Sandbox, arguments: &[&str]) -> Vec<Call> {
    let calls = faults.calls(sandbox, arguments, None);
    calls.into_iter().filter(Call::changes).collect()
}

/// Files of ours that a finished run must not leave, anywhere in the sandbox.
fn litter(sandbox: &Sandbox) -> Vec<PathBuf> {
    let ours = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        let stays = name.ends_with(".confwarden.lock");
        name.contains(".confwarden.") && !stays || name == "openclaw.json.lock"
    };
    sandbox.files().into_iter().filter(ours).collect()
}

#[test]
fn a_file_is_old_or_new() {
    let Some(faults) = Faults::allowed() else { return };
    let new = GATEWAY.replace("18789", "4711");
    let (mut seen_old, mut seen_new) = (0, 0);
    for call in changing(&faults, &Sandbox::config(GATEWAY), &KILLED) {
        let at = &call.shown;
        let sandbox = Sandbox::config(GATEWAY);
        let mode = Seen::at(sandbox.config_path()).unwrap().mode();
        killed_at(&faults, &sandbox, &KILLED, &call, None);

        let text = sandbox.text();
        assert!(text == GATEWAY || text == new, "neither old nor new, killed at {at}: {text}");
        *(if text == new { &mut seen_new } else { &mut seen_old }) += 1;
        assert_eq!(Seen::at(sandbox.config_path()).unwrap().mode(), mode, "killed at {at}");

        let next = sandbox.run(NEXT);
        assert_eq!(next.ended(), Some(0), "after a kill at {at}: {next}");
        assert_eq!(sandbox.text(), text.replace("\"info\"", "\"debug\""), "killed at {at}");
        assert_eq!(sandbox.names(), CLEAN, "killed at {at}");
        assert_eq!(litter(&sandbox), Vec::<PathBuf>::new(), "killed at {at}");
        // What stood there before and after the kill is in the history, and nothing is damaged.
        sandbox.run(["history", "list"]).code(0).tells("");
        for past in [GATEWAY, &text] {
            let holds = |path: &PathBuf| std::fs::read_to_string(path).unwrap() == past;
            assert!(snapshots(&sandbox).iter().any(holds), "lost by a kill at {at}");
        }
    }
    assert!(seen_old >= 8 && seen_new >= 4, "{seen_old} old, {seen_new} new: too few calls");
}

#[test]
fn a_new_file_is_absent_or_whole() {
    let Some(faults) = Faults::allowed() else { return };
    let reference = Sandbox::empty();
    let calls = changing(&faults, &reference, &KILLED);
    let whole = reference.text();
    for call in calls {
        let at = &call.shown;
        let sandbox = Sandbox::empty();
        killed_at(&faults, &sandbox, &KILLED, &call, None);
        if let Some(seen) = Seen::at(sandbox.config_path()) {
            assert_eq!(sandbox.text(), whole, "killed at {at}");
            assert_eq!(seen.mode(), 0o600, "killed at {at}");
        }
        let next = sandbox.run(KILLED);
        assert_eq!(next.ended(), Some(0), "after a kill at {at}: {next}");
        assert_eq!(sandbox.text(), whole, "killed at {at}");
        assert_eq!(sandbox.names(), CLEAN, "killed at {at}");
        assert_eq!(litter(&sandbox), Vec::<PathBuf>::new(), "killed at {at}");
    }
}

/// A change of two files: each is old or new, and the next run can go on from there.
#[test]
fn each_of_several_files_is_old_or_new() {
    let Some(faults) = Faults::allowed() else { return };
    let (root, part) = ("{ a: { $include: 'part.json5' }, b: 1 }\n", "{ x: 1 } // part\n");
    let (new_root, new_part) = (root.replace("b: 1", "b: 2"), part.replace("x: 1", "x: 2"));
    let make = || Sandbox::config(root).with("part.json5", part);
    let both = ["set", "a.x", "2", "b", "2"];
    for call in changing(&faults, &make(), &both) {
        let at = &call.shown;
        let sandbox = make();
        killed_at(&faults, &sandbox, &both, &call, None);
        let text = sandbox.text();
        assert!(text == root || text == new_root, "killed at {at}: {text}");
        let text = sandbox.text_of("part.json5").unwrap();
        assert!(text == part || text == new_part, "killed at {at}: {text}");

        let next = sandbox.run(both);
        assert_eq!(next.ended(), Some(0), "after a kill at {at}: {next}");
        assert_eq!(sandbox.text(), new_root, "killed at {at}");
        assert_eq!(sandbox.text_of("part.json5").unwrap(), new_part, "killed at {at}");
        assert_eq!(litter(&sandbox), Vec::<PathBuf>::new(), "killed at {at}");
    }
}

/// A file that is a mount of its own is written in place. It may be torn until the next run, which
/// restores it from the journal before it looks at it.
#[test]
fn a_file_written_in_place_is_restored() {
    let Some(faults) = Faults::allowed() else { return };
    let Some(mounts) = Mounts::allowed() else { return };
    let mounted = |sandbox: &Sandbox| {
        let path = sandbox.config_path();
        mounts.after("mount --bind \"$1\" \"$1\"", &[path])
    };
    let new = GATEWAY.replace("18789", "4711");
    let reference = Sandbox::config(GATEWAY);
    let calls = faults.calls(&reference, &KILLED, Some(mounted(&reference)));
    for call in calls.iter().filter(|call| call.changes()) {
        let at = &call.shown;
        let sandbox = Sandbox::config(GATEWAY);
        let inode = Seen::at(sandbox.config_path()).unwrap().inode();
        killed_at(&faults, &sandbox, &KILLED, call, Some(mounted(&sandbox)));

        let next = sandbox.invoke(NEXT).under(mounted(&sandbox)).run();
        assert_eq!(next.ended(), Some(0), "after a kill at {at}: {next}");
        let debug = |text: &str| text.replace("\"info\"", "\"debug\"");
        let text = sandbox.text();
        assert!(text == debug(GATEWAY) || text == debug(&new), "killed at {at}: {text}");
        let after = Seen::at(sandbox.config_path()).unwrap();
        assert_eq!(after.inode(), inode, "not in place, killed at {at}");
        assert_eq!(litter(&sandbox), Vec::<PathBuf>::new(), "killed at {at}");
    }
}

/// The same for an included file, which is read before anybody knows that it is to be written: what
/// tore it may not stop the run that would mend it.
#[test]
fn an_included_file_written_in_place_is_restored() {
    let Some(faults) = Faults::allowed() else { return };
    let Some(mounts) = Mounts::allowed() else { return };
    let root = "{ a: { $include: 'part.json5' }, b: 1 }\n";
    let old = format!("{{ x: 1, y: '{}' }}\n", "old".repeat(40));
    let make = || Sandbox::config(root).with("part.json5", &old);
    let mounted = |sandbox: &Sandbox| {
        let part = sandbox.path("part.json5");
        mounts.after("mount --bind \"$1\" \"$1\"", &[&part])
    };
    let killed = ["set", "a.y", "1"];
    let reference = make();
    let calls = faults.calls(&reference, &killed, Some(mounted(&reference)));
    let mut torn = 0;
    for call in calls.iter().filter(|call| call.changes()) {
        let at = &call.shown;
        let sandbox = make();
        killed_at(&faults, &sandbox, &killed, call, Some(mounted(&sandbox)));
        let left = sandbox.text_of("part.json5").unwrap();
        torn += usize::from(left != old && left != "{ x: 1, y: '1' }\n");

        let next = sandbox.invoke(["set", "a.x", "2"]).under(mounted(&sandbox)).run();
        assert_eq!(next.ended(), Some(0), "after a kill at {at}, which left {left:?}: {next}");
        let text = sandbox.text_of("part.json5").unwrap();
        let expected = [old.replace("x: 1", "x: 2"), "{ x: 2, y: '1' }\n".to_owned()];
        assert!(expected.contains(&text), "killed at {at}: {text}");
        assert_eq!(litter(&sandbox), Vec::<PathBuf>::new(), "killed at {at}");
    }
    assert!(torn > 0, "no kill tore the file");
}
