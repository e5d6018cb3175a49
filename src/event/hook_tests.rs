//! Hooks: what they are given, and what becomes of those that fail, hang or are too many.

#![expect(clippy::disallowed_methods, reason = "tests look at files and clocks directly")]

use std::fs;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant, SystemTime};

use super::*;
use crate::profile::{EventName, Hook};

fn event(kind: EventKind) -> Event {
    let at = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
    Event { version: VERSION, seq: 1, at, file: "/etc/a.json".into(), kind }
}

fn shell(on: EventName, script: &str, timeout: Duration) -> Hook {
    Hook { on: vec![on], run: vec!["/bin/sh".into(), "-c".into(), script.into()], timeout }
}

fn start(hooks: Vec<Hook>) -> (Hooks, Receiver<HookFailure>) {
    let (sender, receiver) = channel();
    let hooks = Hooks::start(hooks, move |failure| sender.send(failure).unwrap_or(())).unwrap();
    (hooks, receiver)
}

#[track_caller]
fn appears(path: &Path) -> String {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(10) {
        match fs::read_to_string(path) {
            Ok(text) if text.ends_with('\n') => return text,
            _ => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    panic!("{} should be there", path.display());
}

const LONG: Duration = Duration::from_secs(10);

#[test]
fn a_hook_gets_the_event_and_its_kind_and_no_other_kind() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let script = format!("(cat; echo $CONFWARDEN_EVENT) >> {}", out.display());
    let (hooks, failures) = start(vec![shell(EventName::Stopped, &script, LONG)]);
    hooks.offer(&event(EventKind::Calm));
    let stopped = event(EventKind::Stopped);
    hooks.offer(&stopped);
    let text = loop {
        let text = appears(&out);
        if text.lines().count() == 2 {
            break text;
        }
    };
    assert_eq!(text, format!("{}stopped\n", stopped.to_line()));
    drop(hooks);
    assert_eq!(failures.recv(), Err(std::sync::mpsc::RecvError));
}

#[test]
fn arguments_are_no_shell_text() {
    let dir = tempfile::tempdir().unwrap();
    let odd = dir.path().join("a; $(touch b) 'c'");
    let run = vec!["touch".to_owned(), odd.to_str().unwrap().to_owned()];
    let on = vec![EventName::Calm];
    let (hooks, failures) = start(vec![Hook { on, run, timeout: LONG }]);
    hooks.offer(&event(EventKind::Calm));
    let started = Instant::now();
    while !odd.exists() {
        assert!(started.elapsed() < LONG, "{:?}", failures.try_recv());
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(hooks);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_failure_is_told_without_arguments_and_starts_no_hook() {
    let dir = tempfile::tempdir().unwrap();
    let (hooks, failures) = start(vec![
        shell(EventName::Calm, "exit 3 # canary-argument", LONG),
        Hook {
            on: vec![EventName::Calm],
            run: vec!["/none/such".into(), "canary-argument".into()],
            timeout: LONG,
        },
        shell(EventName::Failed, &format!("echo x > {}/ran", dir.path().display()), LONG),
    ]);
    hooks.offer(&event(EventKind::Calm));
    let first = failures.recv_timeout(LONG).unwrap();
    assert_eq!(first.what, "run the hook `/bin/sh` on `calm`");
    assert_eq!(first.why, "it ended with code 3");
    let second = failures.recv_timeout(LONG).unwrap();
    assert!(second.why.starts_with("it could not be started: "), "{second:?}");
    assert!(!format!("{first:?}{second:?}").contains("canary"));
    hooks.offer(&event(first.kind()));
    let own = EventKind::Failed {
        from: Origin::Watcher,
        what: "heal".into(),
        why: "no".into(),
        next_try_ms: None,
    };
    std::thread::sleep(Duration::from_millis(200));
    assert!(!dir.path().join("ran").exists(), "the failure of a hook starts none");
    hooks.offer(&event(own));
    assert_eq!(appears(&dir.path().join("ran")), "x\n");
}

#[test]
fn a_hook_that_hangs_is_killed_with_its_children() {
    let dir = tempfile::tempdir().unwrap();
    let pids = dir.path().join("pids");
    let script = format!("sleep 60 & echo $! $$ > {}; wait", pids.display());
    let (hooks, failures) =
        start(vec![shell(EventName::Calm, &script, Duration::from_millis(500))]);
    let started = Instant::now();
    hooks.offer(&event(EventKind::Calm));
    let failure = failures.recv_timeout(LONG).unwrap();
    assert_eq!(failure.why, "it did not end within 500ms, and was killed");
    assert!(started.elapsed() >= Duration::from_millis(500));
    for pid in appears(&pids).split_whitespace() {
        let gone = || match fs::read_to_string(format!("/proc/{pid}/stat")) {
            Ok(stat) => stat.contains(") Z "),
            Err(_) => true,
        };
        let started = Instant::now();
        while !gone() {
            assert!(started.elapsed() < LONG, "process {pid} should be gone");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn an_event_that_is_larger_than_a_pipe_does_not_block_on_a_hook_that_does_not_read() {
    let long = vec!["x".repeat(4000); 100];
    let kind = EventKind::AuthChanged { record: None, author: super::tests::author(), paths: long };
    let (hooks, failures) = start(vec![
        shell(EventName::AuthChanged, "exec sleep 60", Duration::from_millis(300)),
        shell(EventName::AuthChanged, "exit 0", LONG),
        shell(EventName::AuthChanged, "test $(wc -c) -gt 400000 || exit 9; exit 7", LONG),
    ]);
    hooks.offer(&event(kind));
    assert!(failures.recv_timeout(LONG).unwrap().why.contains("was killed"));
    assert_eq!(failures.recv_timeout(LONG).unwrap().why, "it ended with code 7");
}

#[test]
fn too_many_events_are_told_once_and_nobody_waits() {
    let dir = tempfile::tempdir().unwrap();
    let begun = dir.path().join("begun");
    let script = format!("echo x > {}; exec sleep 60", begun.display());
    let (hooks, failures) = start(vec![shell(EventName::Calm, &script, LONG)]);
    hooks.offer(&event(EventKind::Calm));
    appears(&begun);
    let started = Instant::now();
    for _ in 0..300 {
        hooks.offer(&event(EventKind::Calm));
    }
    assert!(started.elapsed() < Duration::from_secs(2));
    let failure = failures.recv_timeout(LONG).unwrap();
    assert!(failure.why.contains("events wait for hooks"), "{failure:?}");
    // The end does not wait for the hook either.
    drop(hooks);
    assert!(started.elapsed() < Duration::from_secs(5));
    let rest: Vec<_> = failures.iter().collect();
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert_eq!(rest[0].why, "the watcher ended before it did");
}
