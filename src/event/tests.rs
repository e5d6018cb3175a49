//! The log: what is written, read and followed, and what damage to it does.

#![expect(clippy::disallowed_methods, reason = "tests look at files and clocks directly")]

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use super::*;
use crate::history::{Author, Certainty, ChangeNote, NoteKind, RecordId, RuleNote};
use crate::profile::EventName;

pub(super) fn author() -> Author {
    Author { name: "node".into(), pid: Some(7), certainty: Certainty::LockHolder }
}

/// One event of every kind, with everything that it can say.
pub(super) fn every_kind() -> Vec<EventKind> {
    let changes = vec![ChangeNote {
        path: "gateway.port".into(),
        kind: NoteKind::Changed,
        class: "restart".into(),
        uptake: Some("restart".into()),
    }];
    let rules = vec![RuleNote {
        rule: "auth-token-dropped".into(),
        action: "deny".into(),
        path: Some("gateway.auth.token".into()),
    }];
    let put_back =
        vec![PutBackNote { path: "gateway.auth.token".into(), rule: "auth-token-dropped".into() }];
    let record = Some(RecordId(3));
    let reload = Some(ReloadNote {
        class: "restart".into(),
        summary: "restarts the gateway: gateway.port".into(),
    });
    vec![
        EventKind::Watching { how: Sight::Events, why: None },
        EventKind::Watching { how: Sight::Polling, why: Some("no more watches".into()) },
        EventKind::Accepted {
            record,
            author: author(),
            changes: changes.clone(),
            reload: reload.clone(),
            rules: rules.clone(),
        },
        EventKind::Healed {
            repaired: vec!["/c/openclaw.json".to_owned()],
            record: None,
            author: author(),
            put_back: put_back.clone(),
            uncured: rules,
            changes,
            reload,
            took_ms: 12,
        },
        EventKind::Redressed {
            record,
            author: author(),
            files: vec!["/etc/a.json".into()],
            lost_comments: 1,
        },
        EventKind::Quarantined {
            record,
            author: author(),
            part: "/etc/a.json".into(),
            size: Some(0),
            why: "a value is missing at line 1, column 1".into(),
        },
        EventKind::AuthChanged {
            record,
            author: author(),
            paths: vec!["gateway.auth.token".into()],
        },
        EventKind::Contested { author: author(), put_back, heals: 5, next_try_ms: 2000 },
        EventKind::Calm,
        EventKind::Failed {
            from: Origin::Watcher,
            what: "heal".into(),
            why: "no space left".into(),
            next_try_ms: Some(500),
        },
        EventKind::Failed {
            from: Origin::Hook,
            what: "run the hook `x`".into(),
            why: "it ended with code 1".into(),
            next_try_ms: None,
        },
        EventKind::ReloadConfirmed {
            record: Some(RecordId(3)),
            proof: "applied".to_owned(),
            pid: Some(7),
            gateway_version: Some("2026.9.6".to_owned()),
            took_ms: 700,
        },
        EventKind::Signalled { way: "http".to_owned(), what: "a request".to_owned(), took_ms: 3 },
        EventKind::Kept { commit: RecordId(7) },
        EventKind::RolledBack { commit: RecordId(8), cause: RollBack::Overdue },
        EventKind::Stopped,
    ]
}

fn schema() -> jsonschema::Validator {
    let schema = include_str!("../../schemas/event.v1.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

fn open(folder: &Path) -> Log {
    Log::open(folder, Path::new("/etc/a.json")).unwrap()
}

fn seqs(folder: &Path, since: Since) -> Vec<u64> {
    let seen = read(folder, since, at(1000)).unwrap();
    seen.into_iter().map(|seen| seen.seq).collect()
}

fn latest(folder: &Path) -> std::path::PathBuf {
    folder.join("events.jsonl")
}

#[test]
fn a_watcher_waits_for_a_command_that_adds_an_event() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, file) = (dir.path().join("state"), Path::new("/a.json"));
    let borrowed = Log::borrow(&folder, file).unwrap();
    assert!(matches!(Log::borrow(&folder, file), Err(EventError::Watched { .. })));
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| Log::open(&folder, file));
        std::thread::sleep(std::time::Duration::from_millis(20));
        drop(borrowed);
        watcher.join().unwrap().unwrap();
    });
}

#[test]
fn every_kind_has_the_form_that_the_schema_says_and_is_read_back() {
    let schema = schema();
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    let mut names = Vec::new();
    for kind in every_kind() {
        names.push(kind.name());
        let event = log.append(at(0), kind).unwrap();
        let json: Value = serde_json::from_str(&event.to_line()).unwrap();
        let faults: Vec<_> = schema.iter_errors(&json).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{json}: {faults:?}");
        assert_eq!(json["kind"], event.kind.name().as_str());
        let mut odd = json.clone();
        odd["kind"] = "odd".into();
        assert!(!schema.is_valid(&odd), "the schema should tell kinds apart");
        let seen = read(dir.path(), Since::Seq(event.seq - 1), at(0)).unwrap();
        assert_eq!(seen[0].event.as_ref(), Some(&event));
        assert_eq!(seen[0].line, event.to_line().trim_end());
    }
    for name in EventName::ALL {
        assert!(names.contains(&name), "there is no case for {name}");
    }
}

#[test]
fn the_log_is_private_and_numbers_go_on() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("files/a");
    let mut log = open(&folder);
    assert_eq!(log.append(at(0), EventKind::Calm).unwrap().seq, 1);
    assert_eq!(log.append(at(1), EventKind::Calm).unwrap().seq, 2);
    drop(log);
    let mut log = open(&folder);
    assert_eq!(log.last_seq(), 2);
    assert_eq!(log.append(at(2), EventKind::Stopped).unwrap().seq, 3);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&latest(&folder))), (0o700, 0o600));
}

#[test]
fn a_second_writer_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path());
    let second = Log::open(dir.path(), Path::new("/etc/a.json"));
    assert!(matches!(second, Err(EventError::Watched { .. })));
    drop(first);
    open(dir.path());
}

#[test]
fn a_line_that_was_cut_off_is_left_out_and_healed_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    for _ in 0..3 {
        log.append(at(0), EventKind::Calm).unwrap();
    }
    drop(log);
    let whole = fs::read(latest(dir.path())).unwrap();
    let before = memchr::memrchr(b'\n', &whole[..whole.len() - 1]).unwrap() + 1;
    for cut in before..whole.len() {
        fs::write(latest(dir.path()), &whole[..cut]).unwrap();
        assert_eq!(seqs(dir.path(), Since::Beginning), [1, 2], "cut at {cut}");
        let mut log = open(dir.path());
        assert_eq!(log.append(at(1), EventKind::Stopped).unwrap().seq, 3);
        assert_eq!(seqs(dir.path(), Since::Beginning), [1, 2, 3], "cut at {cut}");
        let text = fs::read_to_string(latest(dir.path())).unwrap();
        assert_eq!(text.lines().count(), 3, "cut at {cut}");
        assert!(text.ends_with("\"stopped\"}\n"), "{text}");
    }
}

#[test]
fn damage_in_the_middle_is_left_out_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    log.append(at(0), EventKind::Calm).unwrap();
    drop(log);
    let mut bytes = fs::read(latest(dir.path())).unwrap();
    bytes.extend(b"\xff\xfe garbage\n\n{}\n");
    fs::write(latest(dir.path()), &bytes).unwrap();
    open(dir.path()).append(at(0), EventKind::Calm).unwrap();
    assert_eq!(seqs(dir.path(), Since::Beginning), [1, 2]);
    assert!(fs::read(latest(dir.path())).unwrap().starts_with(&bytes));
}

#[test]
fn newer_versions_and_unknown_kinds_are_read_as_far_as_understood() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).append(at(0), EventKind::Calm).unwrap();
    let newer = concat!(
        r#"{"v":2,"seq":8,"at":"2027-01-15T08:00:01Z","file":"/a","kind":"healed","how":{}}"#,
        "\n",
        r#"{"v":1,"seq":9,"at":"2027-01-15T08:00:02Z","file":"/a","kind":"reload-confirmed"}"#,
        "\n"
    );
    let mut text = fs::read_to_string(latest(dir.path())).unwrap();
    text.push_str(newer);
    fs::write(latest(dir.path()), &text).unwrap();
    assert_eq!(open(dir.path()).append(at(3), EventKind::Calm).unwrap().seq, 10);
    let seen = read(dir.path(), Since::Seq(1), at(5)).unwrap();
    assert_eq!(seen.len(), 3);
    assert_eq!((seen[0].event.as_ref(), seen[0].kind.as_str()), (None, "healed"));
    assert_eq!((seen[1].event.as_ref(), seen[1].kind.as_str()), (None, "reload-confirmed"));
    assert_eq!(seen[0].at, at(1));
    assert_eq!(format!("{}\n{}\n", seen[0].line, seen[1].line), newer, "handed on as it is");
    assert!(fs::read_to_string(latest(dir.path())).unwrap().starts_with(&text));
}

#[test]
fn the_log_rotates_and_keeps_one_old_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path()).rotating_at(500);
    for number in 1..=40 {
        assert_eq!(log.append(at(number), EventKind::Calm).unwrap().seq, number);
        assert!(fs::metadata(latest(dir.path())).unwrap().len() <= 500);
    }
    let kept = seqs(dir.path(), Since::Beginning);
    assert_eq!(*kept.last().unwrap(), 40);
    assert!(kept.len() > 5 && kept[0] > 1, "{kept:?}");
    assert!(kept.windows(2).all(|pair| pair[1] == pair[0] + 1), "{kept:?}");
    let mut names: Vec<_> =
        fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["events.1.jsonl", "events.jsonl", "events.lock"]);
    // Killed between the rename and the first line of the new file.
    drop(log);
    fs::rename(latest(dir.path()), dir.path().join("events.1.jsonl")).unwrap();
    assert_eq!(open(dir.path()).append(at(50), EventKind::Calm).unwrap().seq, 41);
}

#[test]
fn a_log_that_a_person_removes_is_begun_anew_without_a_hole() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    log.append(at(0), EventKind::Calm).unwrap();
    fs::remove_file(latest(dir.path())).unwrap();
    assert_eq!(log.append(at(0), EventKind::Calm).unwrap().seq, 2);
    assert!(fs::read(latest(dir.path())).unwrap().starts_with(b"{\"v\":1,"));
}

#[test]
fn an_event_that_cannot_be_logged_is_told_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    fs::create_dir(latest(dir.path())).unwrap();
    let error = log.append(at(0), EventKind::Calm).unwrap_err();
    assert_eq!((error.event.seq, &error.event.kind), (1, &EventKind::Calm));
    fs::remove_dir(latest(dir.path())).unwrap();
    assert_eq!(log.append(at(0), EventKind::Calm).unwrap().seq, 2);
}

#[test]
fn of_very_many_notes_the_first_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let paths = (0..5000).map(|number| format!("a.b{number}")).collect();
    let kind = EventKind::AuthChanged { record: None, author: author(), paths };
    let event = open(dir.path()).append(at(0), kind).unwrap();
    let EventKind::AuthChanged { paths, .. } = event.kind else { panic!() };
    assert_eq!(paths.len(), 100);
}

#[test]
fn since_is_a_number_a_duration_or_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    for seconds in [0, 400, 940, 999] {
        log.append(at(seconds), EventKind::Calm).unwrap();
    }
    for (text, expected) in [
        ("0", &[1, 2, 3, 4][..]),
        ("2", &[3, 4]),
        ("4", &[]),
        ("1m", &[3, 4]),
        ("10m", &[2, 3, 4]),
        ("1h", &[1, 2, 3, 4]),
        ("500ms", &[]),
        ("2027-01-15T08:06:40Z", &[2, 3, 4]),
        ("99999d", &[1, 2, 3, 4]),
    ] {
        assert_eq!(seqs(dir.path(), text.parse().unwrap()), expected, "{text}");
    }
    for text in ["", "m", "-1", "10 m", "1w", "yesterday", "2027-13-01T00:00:00Z"] {
        assert_eq!(text.parse::<Since>(), Err(SinceError), "{text}");
    }
    let huge = format!("{}0", u64::MAX);
    assert_eq!(huge.parse::<Since>(), Err(SinceError));
    assert_eq!(format!("{}d", u64::MAX).parse::<Since>(), Err(SinceError));
}

#[test]
fn what_does_not_exist_is_an_empty_log_and_is_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("none");
    assert_eq!(seqs(&folder, Since::Beginning), [0; 0]);
    assert!(!folder.exists());
}

#[test]
fn a_follower_gets_each_event_once_also_over_rotations() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("log");
    let mut follower = Follower::open(&folder, Since::Seq(3), at(0)).unwrap();
    let mut log = open(&folder).rotating_at(600);
    let writer = thread::spawn(move || {
        for number in 1..=60 {
            log.append(at(number), EventKind::Calm).unwrap();
            // Slower than the follower reads, or two rotations would take events from it.
            thread::sleep(Duration::from_millis(5));
        }
    });
    let mut got = Vec::new();
    while got.last() != Some(&60) {
        let news = follower.wait(Some(Duration::from_secs(10))).unwrap();
        assert!(!news.is_empty(), "it should not wait for ever: {got:?}");
        got.extend(news.into_iter().map(|seen| seen.seq));
    }
    writer.join().unwrap();
    assert_eq!(got, (4..=60).collect::<Vec<_>>());
}

#[test]
fn a_follower_that_waits_for_nothing_comes_back_in_time_and_without_work() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).append(at(0), EventKind::Calm).unwrap();
    let mut follower = Follower::open(dir.path(), Since::Seq(1), at(0)).unwrap();
    let started = Instant::now();
    assert_eq!(follower.wait(Some(Duration::from_millis(200))).unwrap(), []);
    assert!(started.elapsed() >= Duration::from_millis(200));
    // The log begun anew by another confwarden is news.
    fs::remove_file(latest(dir.path())).unwrap();
    open(dir.path()).append(at(1), EventKind::Stopped).unwrap();
    let news = follower.wait(Some(Duration::from_millis(300))).unwrap();
    assert_eq!(news, [], "event 1 is before `since`");
    open(dir.path()).append(at(1), EventKind::Stopped).unwrap();
    let news = follower.wait(Some(Duration::from_secs(5))).unwrap();
    assert_eq!(news.iter().map(|seen| seen.seq).collect::<Vec<_>>(), [2]);
}
