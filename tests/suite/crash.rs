//! Killed at every system call that changes something, from the lock to the end.
//!
//! Afterwards the file is the old or the new one, byte for byte, and the next plain run does its
//! work: nothing is removed by hand, nothing is left lying about.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::exec::debugging;
use crate::history::snapshots;
use crate::support::{Call, Faults, GATEWAY, Mounts, Sandbox, Seen, TOKEN};
use crate::watch::{store, without_token};

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

/// A look of the watcher: it heals, records, and tells. Whatever it was at, the next one finds the
/// damage, or that it is healed already; the change of the author stays.
#[test]
fn a_watcher_that_dies_leaves_the_damage_or_the_healed_file_and_the_next_one_heals() {
    const ONCE: [&str; 2] = ["watch", "--once"];
    let Some(faults) = Faults::allowed() else { return };
    let healed = GATEWAY.replace("\"info\"", "\"debug\"").replace("18789", "4711");
    let damaged = without_token(&healed);
    let make = || {
        let sandbox = Sandbox::config(GATEWAY);
        sandbox.run(NEXT).code(0);
        store(&sandbox, &damaged);
        sandbox
    };
    let (mut seen_damaged, mut seen_healed) = (0, 0);
    for call in changing(&faults, &make(), &ONCE) {
        let at = &call.shown;
        let sandbox = make();
        killed_at(&faults, &sandbox, &ONCE, &call, None);
        let text = sandbox.text();
        assert!(text == damaged || text == healed, "killed at {at}: {text}");
        *(if text == healed { &mut seen_healed } else { &mut seen_damaged }) += 1;

        let next = sandbox.run(ONCE);
        assert_eq!(next.ended(), Some(0), "after a kill at {at}: {next}");
        next.never_says(TOKEN);
        assert_eq!(sandbox.text(), healed, "killed at {at}");
        // The gateway's lock of a dead process is nobody's, and taken by whoever comes next.
        let stays = |path: &PathBuf| path.ends_with("openclaw.json.lock");
        assert!(litter(&sandbox).iter().all(stays), "killed at {at}: {:?}", litter(&sandbox));
        sandbox.run(["status"]).code(0).shows("lock      free; the gateway's own: free");
        // What the author wrote is kept, damage and all; nothing of the history is torn.
        let holds = |path: &PathBuf| std::fs::read_to_string(path).unwrap() == damaged;
        assert!(snapshots(&sandbox).iter().any(holds), "theirs is lost by a kill at {at}");
        sandbox.run(["history", "list"]).code(0).tells("");
        let rest = sandbox.untouched(|| sandbox.run(ONCE));
        assert_eq!(rest.ended(), Some(0), "there was more to do after a kill at {at}: {rest}");
        sandbox.run(["set", "logging.level", "trace"]).code(0);
        assert_eq!(litter(&sandbox), Vec::<PathBuf>::new(), "killed at {at}");
    }
    assert!(seen_damaged >= 8 && seen_healed >= 4, "{seen_damaged} damaged, {seen_healed} healed");
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

/// Whether `text` stands in the file, in its history, or in one of `more`.
fn is_anywhere(sandbox: &Sandbox, text: &str, more: &[PathBuf]) -> bool {
    let mut stored = sandbox.files();
    stored.retain(|file| file.parent().is_some_and(|parent| parent.ends_with("snapshots")));
    let holds = |path: &PathBuf| std::fs::read(path).is_ok_and(|found| found == text.as_bytes());
    sandbox.text() == text || stored.iter().chain(more).any(holds)
}

/// The next plain write works, and nothing is left lying about.
#[track_caller]
fn goes_on(sandbox: &Sandbox, at: &str) {
    let before = sandbox.text();
    let next = sandbox.run(["set", "gateway.port", "5", "--lock-timeout", "0s"]);
    assert_eq!(next.ended(), Some(0), "after a kill at {at}: {next}");
    assert_eq!(sandbox.text(), before.replace("18789", "5"), "killed at {at}");
    assert_eq!(litter(sandbox), Vec::<PathBuf>::new(), "killed at {at}");
    sandbox.run(["history", "list"]).code(0).tells("");
}

/// A program under the guard does damage, and the guard is killed as it heals it.
#[track_caller]
fn killed_while_it_heals(script: &str) {
    let Some(faults) = Faults::allowed() else { return };
    let damaged: String =
        debugging().split_inclusive('\n').filter(|line| !line.contains(TOKEN)).collect();
    let run = |sandbox: &Sandbox| -> Vec<String> {
        let config = sandbox.config_path().to_str().unwrap();
        ["exec", "--", "sh", "-c", script, "sh", config].map(str::to_owned).to_vec()
    };
    let reference = Sandbox::config(GATEWAY);
    let arguments = run(&reference);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let calls = changing(&faults, &reference, &arguments);
    reference.holds(&debugging());
    let (mut old, mut theirs, mut healed) = (0, 0, 0);
    for call in calls {
        let at = &call.shown;
        let sandbox = Sandbox::config(GATEWAY);
        let arguments = run(&sandbox);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        killed_at(&faults, &sandbox, &arguments, &call, None);
        let text = sandbox.text();
        match &text {
            text if *text == GATEWAY => old += 1,
            text if *text == damaged => theirs += 1,
            text if *text == debugging() => healed += 1,
            _ => panic!("a third thing, killed at {at}: {text}"),
        }
        assert!(is_anywhere(&sandbox, GATEWAY, &[]), "the base was lost by a kill at {at}");
        let has_run = text != GATEWAY;
        assert!(!has_run || is_anywhere(&sandbox, &damaged, &[]), "theirs was lost at {at}");
        goes_on(&sandbox, at);
    }
    assert!(old >= 4 && theirs >= 8 && healed >= 4, "{old}, {theirs}, {healed}: too few calls");
}

#[test]
fn a_heal_after_the_program_is_done_or_not() {
    killed_while_it_heals("sed -i -e /token:/d -e s/info/debug/ \"$1\"");
}

/// The program lives on without its guard, and ends when it likes.
#[test]
fn a_heal_while_the_program_runs_is_done_or_not() {
    killed_while_it_heals("sed -i -e /token:/d -e s/info/debug/ \"$1\"; sleep 0.2");
}

#[test]
fn a_restore_is_done_or_not() {
    let Some(faults) = Faults::allowed() else { return };
    let past = GATEWAY.replace("info", "warn");
    let theirs = GATEWAY.replace("\"small\"", "\"tiny\"");
    // The last text is nobody's: it is recorded first.
    let make = || {
        let sandbox = Sandbox::config(&past);
        sandbox.run(["set", "logging.level", "info"]).code(0);
        std::fs::write(sandbox.config_path(), &theirs).unwrap();
        sandbox
    };
    for (arguments, restored) in [
        (["restore", "1"].as_slice(), past.clone()),
        (&["restore", "--undo", "2"], theirs.replace("info", "warn")),
    ] {
        let (mut old, mut new) = (0, 0);
        for call in changing(&faults, &make(), arguments) {
            let at = &call.shown;
            let sandbox = make();
            killed_at(&faults, &sandbox, arguments, &call, None);
            let text = sandbox.text();
            assert!(text == theirs || text == restored, "killed at {at}: {text}");
            *(if text == restored { &mut new } else { &mut old }) += 1;
            for text in [&past, &theirs] {
                assert!(is_anywhere(&sandbox, text, &[]), "lost by a kill at {at}");
            }
            goes_on(&sandbox, at);
        }
        assert!(old >= 8 && new >= 4, "{old} old, {new} new: too few calls");
    }
}

#[test]
fn an_edit_is_installed_or_its_text_kept() {
    let Some(faults) = Faults::allowed() else { return };
    // A kill is at the so many-th call of a thread, and may come before the editor has run.
    let editor = || Some(vec!["env".into(), "EDITOR=touch edited; sed -i s/info/debug/".into()]);
    let reference = Sandbox::config(GATEWAY);
    let calls = faults.calls(&reference, &["edit"], editor());
    reference.holds(&debugging());
    let (mut kept, mut new) = (0, 0);
    for call in calls.into_iter().filter(Call::changes) {
        let at = &call.shown;
        let sandbox = Sandbox::config(GATEWAY);
        killed_at(&faults, &sandbox, &["edit"], &call, editor());
        let text = sandbox.text();
        assert!(text == GATEWAY || text == debugging(), "killed at {at}: {text}");
        new += usize::from(text != GATEWAY);
        let edits = sandbox.home().join("state/confwarden/edits");
        let copies: Vec<PathBuf> =
            sandbox.files().into_iter().filter(|file| file.starts_with(&edits)).collect();
        let has_edited = sandbox.root().join("edited").exists();
        kept += usize::from(has_edited && text == GATEWAY);
        assert!(is_anywhere(&sandbox, GATEWAY, &[]), "the base was lost by a kill at {at}");
        assert!(
            !has_edited || is_anywhere(&sandbox, &debugging(), &copies),
            "the edit was lost by a kill at {at}"
        );
        // The text that was not installed is told by the next edit, and no other is.
        let next = sandbox.invoke(["edit"]).env("EDITOR", "true").run();
        next.code(0);
        if has_edited && text == GATEWAY {
            next.says("an earlier edit was not installed");
        }
        if !edits.exists() || std::fs::read_dir(&edits).unwrap().next().is_none() {
            next.never_says("an earlier edit");
        }
        goes_on(&sandbox, at);
    }
    assert!(kept >= 8 && new >= 4, "{kept} kept, {new} new: too few calls");
}
