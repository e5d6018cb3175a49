//! `demo`: what a newcomer sees first is true, and leaves nothing behind.

use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;

use crate::support::{Running, Sandbox};

/// How the fake tokens of the demo begin.
const TOKENS: &str = "fake-token";

/// A demo whose folder is made in the root of `sandbox`.
fn start(sandbox: &Sandbox, arguments: &[&str]) -> Running {
    let words = ["demo"].iter().chain(arguments).copied();
    sandbox.invoke(words).env("TMPDIR", sandbox.root()).start()
}

/// The folders of demos in the root of `sandbox`.
fn folders(sandbox: &Sandbox) -> Vec<PathBuf> {
    let entries = fs::read_dir(sandbox.root()).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_string_lossy().contains("confwarden-demo-")).collect()
}

#[test]
fn a_newcomer_sees_in_a_dozen_lines_what_was_lost_and_what_came_back() {
    let sandbox = Sandbox::empty();
    let before = sandbox.files();
    let run = start(&sandbox, &[]).finish();
    run.code(0).tells("").never_says(TOKENS);
    let lines: Vec<&str> = run.stdout().lines().collect();
    assert!((10..=15).contains(&lines.len()), "{run}");
    let starting = |start| lines.iter().filter(|line| line.starts_with(start)).count();
    for (start, number) in [("   lost: ", 3), ("   back: ", 3), ("   -", 1), ("   +", 1)] {
        assert_eq!(starting(start), number, "{start:?} in {run}");
    }
    run.shows("   -    port: 18789, // the proxy").shows("   +    port: 18790, // the proxy");
    run.shows("lost: gateway.auth.token, 7 comments").shows("All 7 comments stand.");
    run.shows("time its values were back by then.");
    assert_eq!(sandbox.files(), before, "nothing stays");
}

#[test]
fn a_demo_that_is_interrupted_leaves_nothing_and_ends_by_the_signal() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let sandbox = Sandbox::empty();
        let mut running = start(&sandbox, &[]);
        running.until("its folder", || {
            folders(&sandbox).iter().any(|folder| folder.join("state").exists())
        });
        running.signal(signal);
        let run = running.finish();
        assert_eq!(run.ended(), None, "{run}");
        assert_eq!(folders(&sandbox), Vec::<PathBuf>::new(), "{run}");
    }
}

#[test]
fn what_does_not_come_back_is_a_failure() {
    let sandbox = Sandbox::empty();
    let mut running = start(&sandbox, &[]);
    let mut changed = None;
    // One more writer, whose change is no damage and stays: the file is never again what it should be.
    running.until("the port of the first writer", || {
        let config = folders(&sandbox).pop().map(|folder| folder.join("openclaw.json"));
        let text = config.as_ref().and_then(|config| fs::read_to_string(config).ok());
        changed =
            config.zip(text).filter(|(_, text)| text.contains("18790") && text.contains(TOKENS));
        changed.is_some()
    });
    let (config, text) = changed.unwrap();
    fs::write(config, text.replace("\"info\"", "\"debug\"")).unwrap();
    let run = running.finish();
    run.code(70).says("did not come back within 10.0 s").says("the watcher says: ");
    run.never_says(TOKENS);
    assert_eq!(folders(&sandbox), Vec::<PathBuf>::new(), "{run}");
}

#[test]
fn only_warnings_and_errors_are_told_where_that_was_asked_for() {
    start(&Sandbox::empty(), &["--quiet"]).finish().code(0).prints("").tells("");
}

#[test]
fn what_would_have_no_effect_is_wrong_usage() {
    let sandbox = Sandbox::empty();
    let config = ["--config", "openclaw.json"];
    for (arguments, named) in [
        (config.as_slice(), "`--config`"),
        (&["--profile", "generic"], "`--profile`"),
        (&["--state-dir", "state"], "`--state-dir`"),
        (&["--dry-run"], "`--dry-run`"),
    ] {
        start(&sandbox, arguments).finish().code(2).prints("").says(named).says("for `demo`");
    }
    let report = start(&sandbox, &["--output", "json"]).finish().code(2).report();
    assert_eq!(report["command"], "demo");
    assert_eq!(report["status"], "error");
    assert_eq!(folders(&sandbox), Vec::<PathBuf>::new());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let sandbox = Sandbox::empty();
    let nowhere = sandbox.root().join("nowhere");
    let run = sandbox.invoke(["demo"]).env("TMPDIR", &nowhere).run();
    run.code(9).prints("").says("could not use a temporary folder").says("`TMPDIR`");
}
