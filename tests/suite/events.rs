//! `events`: what the watcher tells, read from its log.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use confwarden::event::{EventKind, Log, Origin, PutBackNote};
use confwarden::history::{Author, Certainty, History, RecordId};

use crate::support::{GATEWAY, Sandbox};

/// The log of the sandbox's file, as the watcher opens it.
pub(crate) fn log(sandbox: &Sandbox) -> Log {
    let file = sandbox.config_path().canonicalize().unwrap();
    let history = History::of(&sandbox.home().join("state/confwarden"), &file);
    Log::open(history.folder(), &file).unwrap()
}

fn author() -> Author {
    Author { name: "node".into(), pid: Some(7), certainty: Certainty::LockHolder }
}

fn healed() -> EventKind {
    EventKind::Healed {
        record: Some(RecordId(3)),
        author: author(),
        put_back: vec![PutBackNote {
            path: "gateway.auth.token".into(),
            rule: "auth-token-dropped".into(),
        }],
        repaired: vec![],
        uncured: vec![],
        changes: vec![],
        reload: None,
        took_ms: 12,
    }
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

fn filled() -> Sandbox {
    let sandbox = Sandbox::config(GATEWAY);
    let mut log = log(&sandbox);
    log.append(at(0), healed()).unwrap();
    log.append(at(1), EventKind::Calm).unwrap();
    let failed = EventKind::Failed {
        from: Origin::Watcher,
        what: "write\u{1b}[2J the history".into(),
        why: "no space left".into(),
        next_try_ms: Some(500),
    };
    log.append(at(2), failed).unwrap();
    sandbox
}

#[test]
fn people_get_a_line_an_event() {
    filled().run(["events"]).code(0).tells("").prints(
        "1     2027-01-15T08:00:00Z  healed        node (7): gateway.auth.token back in 12 ms, record 3\n\
         2     2027-01-15T08:00:01Z  calm\n\
         3     2027-01-15T08:00:02Z  failed        could not write\u{fffd}[2J the history: no space left; \
         next try in 500 ms\n",
    );
}

#[test]
fn programs_get_the_lines_themselves() {
    let sandbox = filled();
    let file = sandbox.config_path().canonicalize().unwrap();
    let history = History::of(&sandbox.home().join("state/confwarden"), &file);
    let text = std::fs::read_to_string(history.folder().join("events.jsonl")).unwrap();
    sandbox.run(["events", "--output", "json"]).code(0).tells("").prints(&text);
}

#[test]
fn events_are_chosen_by_place_kind_and_number() {
    let sandbox = filled();
    let chosen = |arguments: &[&str]| {
        let run = sandbox.run([&["events"], arguments].concat());
        run.code(0);
        run.stdout().lines().map(|line| line[..1].to_owned()).collect::<String>()
    };
    assert_eq!(chosen(&["--since", "1"]), "23");
    assert_eq!(chosen(&["--since", "2027-01-15T08:00:02Z"]), "3");
    assert_eq!(chosen(&["--limit", "2"]), "23");
    assert_eq!(chosen(&["--kind", "calm", "--kind", "healed"]), "12");
    assert_eq!(chosen(&["--kind", "calm", "--kind", "healed", "-n", "1"]), "2");
    assert_eq!(chosen(&["--kind", "stopped"]), "");
    sandbox.fails(2, ["events", "--since", "yesterday"]);
    sandbox.fails(2, ["events", "--kind", "heald"]);
}

#[test]
fn without_events_nothing_is_said_and_nothing_made() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["events"]).code(0).prints("").tells("");
    assert!(!sandbox.home().join("state/confwarden").exists());
}

#[test]
fn events_are_followed_as_they_come() {
    let sandbox = filled();
    let mut log = log(&sandbox);
    let program = PathBuf::from(env!("CARGO_BIN_EXE_confwarden"));
    let mut child = std::process::Command::new(program)
        .args(["events", "--follow", "--limit", "1", "--output", "json", "--config"])
        .arg(sandbox.config_path())
        .arg("--state-dir")
        .arg(sandbox.home().join("state/confwarden"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut next = || {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        serde_json::from_str::<serde_json::Value>(&line).unwrap()["seq"].as_u64().unwrap()
    };
    assert_eq!(next(), 3);
    for expected in 4..8 {
        log.append(at(3), EventKind::Calm).unwrap();
        assert_eq!(next(), expected);
    }
    // Who reads has seen enough: no failure, and no word.
    drop(lines);
    let ended = loop {
        log.append(at(4), EventKind::Calm).unwrap();
        match child.try_wait().unwrap() {
            Some(ended) => break ended,
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    assert_eq!(ended.code(), Some(0));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
}
