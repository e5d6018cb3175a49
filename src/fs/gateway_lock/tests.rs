//! Tests of the gateway's own lock: stale holders, foreign locks, release.

use super::*;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use super::super::child::{self, Child};

const NOW: &str = "2026-05-20T12:00:00.000Z";

fn lock_file(dir: &tempfile::TempDir) -> PathBuf {
    dir.path().join("openclaw.json.lock")
}

fn acquire(dir: &tempfile::TempDir) -> Result<GatewayLock, LockError> {
    GatewayLock::acquire(&dir.path().join("openclaw.json"), Wait::No)
}

/// The id of a process that has ended.
fn dead_pid() -> u32 {
    let mut child = Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    child.id()
}

#[track_caller]
fn check_judged(content: &str, expected: &str) {
    let now = humantime::parse_rfc3339(NOW).unwrap();
    let verdict = match judge(content.as_bytes(), now) {
        Verdict::Stale => "stale",
        Verdict::Held(Some(_)) => "held by a process",
        Verdict::Held(None) => "held by somebody",
    };
    assert_eq!(verdict, expected, "{content}");
}

#[test]
fn locks_are_judged_by_process_then_by_age_then_not_at_all() {
    let me = std::process::id();
    let started = Process::own_start().unwrap();
    let dead = dead_pid();
    let old = "2026-05-20T11:59:29.000Z";
    let fresh = "2026-05-20T11:59:31.000Z";
    for (content, expected) in [
        (format!(r#"{{"pid":{dead}}}"#), "stale"),
        (format!(r#"{{"pid":{dead},"createdAt":"{fresh}"}}"#), "stale"),
        (format!(r#"{{"pid":{me}}}"#), "held by a process"),
        (format!(r#"{{"pid":{me},"createdAt":"1999-01-01T00:00:00Z"}}"#), "held by a process"),
        (format!(r#"{{"pid":{me},"starttime":{started}}}"#), "held by a process"),
        (format!(r#"{{"pid":{me},"starttime":{}}}"#, started + 1), "stale"),
        (format!(r#"{{"createdAt":"{old}"}}"#), "stale"),
        (format!(r#"{{"createdAt":"{fresh}"}}"#), "held by somebody"),
        (r#"{"createdAt":"2030-01-01T00:00:00.000Z"}"#.to_owned(), "held by somebody"),
        (format!(r#"{{"pid":0,"createdAt":"{old}"}}"#), "stale"),
        (r#"{"createdAt":"yesterday"}"#.to_owned(), "held by somebody"),
        ("{}".to_owned(), "held by somebody"),
        (String::new(), "held by somebody"),
        ("not json".to_owned(), "held by somebody"),
    ] {
        check_judged(&content, expected);
    }
}

#[test]
fn content_is_what_the_gateway_writes() {
    let dir = tempfile::tempdir().unwrap();
    let lock = acquire(&dir).unwrap();
    let text = fs::read_to_string(lock_file(&dir)).unwrap();
    let mode = fs::metadata(lock_file(&dir)).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);

    let (object, ownership) = text.split_once("}\n").unwrap();
    let object: Value = serde_json::from_str(&format!("{object}}}")).unwrap();
    assert_eq!(object["pid"], std::process::id());
    assert_eq!(object["starttime"].as_u64(), Process::own_start());
    let created = object["createdAt"].as_str().unwrap();
    assert_eq!((created.len(), &created[23..]), (24, "Z"), "{created}");
    assert!(text.starts_with("{\n  \"pid\": "), "not pretty-printed");

    let token = ownership.strip_prefix("\t\t\t\t\t\t\t\t").unwrap();
    let token = token.strip_suffix('\n').unwrap();
    assert_eq!(token.len(), 128);
    assert!(token.bytes().all(|byte| matches!(byte, b' ' | b'\t')));
    drop(lock);
    let other = acquire(&dir).unwrap();
    assert!(!fs::read_to_string(lock_file(&dir)).unwrap().contains(token));
    drop(other);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn directory_is_resolved_but_the_name_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let real = dir.path().join("real");
    fs::create_dir(&real).unwrap();
    symlink("real", dir.path().join("linked")).unwrap();
    symlink("../elsewhere", real.join("openclaw.json")).unwrap();
    assert_eq!(
        lock_place(&dir.path().join("linked/openclaw.json")).unwrap(),
        (real.canonicalize().unwrap(), "openclaw.json.lock".into())
    );
}

#[test]
fn a_live_holder_is_waited_for_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let lock = acquire(&dir).unwrap();
    match acquire(&dir).unwrap_err() {
        LockError::TimedOut { holder, waited, .. } => {
            assert_eq!(holder.unwrap().pid, std::process::id());
            assert_eq!(waited, Duration::ZERO);
        }
        other => panic!("{other:?}"),
    }
    let limit = Duration::from_millis(50);
    let named = dir.path().join("openclaw.json");
    match GatewayLock::acquire(&named, Wait::UpTo(limit)).unwrap_err() {
        LockError::TimedOut { waited, .. } => assert!(waited >= limit),
        other => panic!("{other:?}"),
    }
    let wait = Wait::UpTo(Duration::from_mins(1));
    std::thread::scope(|scope| {
        let second = scope.spawn(|| GatewayLock::acquire(&named, wait).unwrap());
        drop(lock);
        drop(second.join().unwrap());
    });
}

#[track_caller]
fn check_reclaimed(content: &str) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(lock_file(&dir), content).unwrap();
    let lock = acquire(&dir).unwrap();
    assert_eq!(fs::read(lock_file(&dir)).unwrap(), lock.content);
    drop(lock);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "something is left");
}

#[test]
fn stale_locks_are_reclaimed_at_once() {
    let started = Process::own_start().unwrap();
    check_reclaimed(&format!(r#"{{"pid":{}}}"#, dead_pid()));
    check_reclaimed(&format!(r#"{{"pid":{},"starttime":{}}}"#, std::process::id(), started + 1));
    check_reclaimed(r#"{"createdAt":"2026-01-01T00:00:00.000Z"}"#);
}

#[test]
fn what_cannot_be_judged_is_never_reclaimed() {
    let dir = tempfile::tempdir().unwrap();
    for content in ["", "{}", "[1", "\0"] {
        fs::write(lock_file(&dir), content).unwrap();
        assert!(matches!(acquire(&dir), Err(LockError::TimedOut { holder: None, .. })));
        assert_eq!(fs::read_to_string(lock_file(&dir)).unwrap(), content);
    }
}

#[test]
fn a_lock_that_only_another_user_may_read_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(lock_file(&dir), r#"{"createdAt":"2026-01-01T00:00:00.000Z"}"#).unwrap();
    fs::set_permissions(lock_file(&dir), fs::Permissions::from_mode(0o000)).unwrap();
    let outcome = acquire(&dir);
    if rustix::process::geteuid().is_root() {
        assert!(outcome.is_ok(), "root may read anything: {outcome:?}");
    } else {
        assert!(matches!(outcome, Err(LockError::TimedOut { holder: None, .. })), "{outcome:?}");
    }
}

#[test]
fn a_reclaim_by_another_process_is_not_disturbed_unless_it_is_abandoned() {
    let dir = tempfile::tempdir().unwrap();
    let mutex = dir.path().join("openclaw.json.lock.reclaim");
    let stale = format!(r#"{{"pid":{}}}"#, dead_pid());
    fs::write(lock_file(&dir), &stale).unwrap();
    fs::create_dir(&mutex).unwrap();
    assert!(matches!(acquire(&dir), Err(LockError::TimedOut { .. })));
    assert_eq!(fs::read_to_string(lock_file(&dir)).unwrap(), stale);

    let long_ago = SystemTime::now() - LONGEST_RECLAIM * 2;
    let times = fs::FileTimes::new().set_modified(long_ago);
    fs::File::open(&mutex).unwrap().set_times(times).unwrap();
    let named = dir.path().join("openclaw.json");
    let wait = Wait::UpTo(Duration::from_mins(1));
    drop(GatewayLock::acquire(&named, wait).unwrap());
    assert!(!mutex.exists());
}

#[test]
fn a_lock_that_is_not_ours_any_more_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let lock = acquire(&dir).unwrap();
    fs::write(lock_file(&dir), r#"{"pid":1}"#).unwrap();
    drop(lock);
    assert_eq!(fs::read_to_string(lock_file(&dir)).unwrap(), r#"{"pid":1}"#);
}

#[test]
fn a_killed_holder_leaves_nothing_that_anybody_waits_for() {
    const NAME: &str = "a_killed_holder_leaves_nothing_that_anybody_waits_for";
    if let Some((_, dir)) = child::role() {
        let _lock = GatewayLock::acquire(&dir.join("openclaw.json"), Wait::No).unwrap();
        child::say("locked");
        child::wait_for_parent();
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut child = Child::spawn(module_path!(), NAME, "holder", dir.path());
    child.expect("locked");
    match acquire(&dir).unwrap_err() {
        LockError::TimedOut { holder, .. } => assert_eq!(holder.unwrap().pid, child.id()),
        other => panic!("{other:?}"),
    }
    // What it would leave had it been killed before the lock was there.
    let stage = format!(".openclaw.json.lock.confwarden.{}-0f.tmp", child.id());
    fs::write(dir.path().join(&stage), "").unwrap();
    child.kill();
    drop(acquire(&dir).unwrap());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "something is left");
}

#[test]
fn what_is_planted_under_the_locks_name_is_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    symlink("elsewhere", lock_file(&dir)).unwrap();
    assert!(matches!(acquire(&dir), Err(LockError::Io { .. })));
    assert!(!dir.path().join("elsewhere").exists());
}
