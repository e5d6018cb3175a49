//! Tests of a lock that is handed down: real processes, each started by another.
//!
//! The outer process holds the lock and starts the inner one, as the guard of a program does with
//! the program; the test itself is the unrelated process.

use super::*;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::super::child::{self, Child};
use super::super::replace::{ReplaceError, ReplaceOptions};
use super::super::target::Target;

const OLD: &[u8] = b"{ old: 1 }\n";

fn target(dir: &Path) -> Target {
    Target::resolve(&dir.join("openclaw.json")).unwrap()
}

fn try_lock(dir: &Path) -> Result<LockGuard, LockError> {
    LockGuard::acquire(target(dir), Wait::No, "confwarden test")
}

fn lock(dir: &Path) -> LockGuard {
    try_lock(dir).unwrap()
}

#[track_caller]
fn check_refused(dir: &Path) {
    let outcome = try_lock(dir);
    assert!(matches!(outcome, Err(LockError::TimedOut { .. })), "{outcome:?}");
}

/// What stands in the lock file.
fn holder_text(dir: &Path) -> String {
    fs::read_to_string(target(dir).lock_path()).unwrap()
}

fn turn_path(dir: &Path) -> std::path::PathBuf {
    dir.join(".openclaw.json.confwarden.turn")
}

/// Runs the test `name` again as the inner process of this one, to its end.
#[track_caller]
fn run_inner(name: &str, dir: &Path) {
    let mut inner = Child::spawn(module_path!(), name, "inner", dir);
    assert!(inner.finish().success(), "the inner process failed");
}

/// Starts the test `name` as an outer process, and waits until it says that it is ready.
#[track_caller]
fn start_outer(name: &str, dir: &Path) -> Child {
    let mut outer = Child::spawn(module_path!(), name, "outer", dir);
    outer.expect("ready");
    outer
}

/// Locks and shares, as the guard of a program does.
fn share(dir: &Path) -> LockGuard {
    let mut guard = lock(dir);
    guard.share().unwrap();
    guard
}

#[test]
fn who_was_started_under_the_lock_has_it_at_once_and_nobody_else() {
    const NAME: &str = "who_was_started_under_the_lock_has_it_at_once_and_nobody_else";
    match child::role() {
        Some((role, dir)) if role == "inner" => {
            let before = holder_text(&dir);
            let started = Instant::now();
            let guard = lock(&dir);
            assert!(started.elapsed() < Duration::from_secs(10));
            let base = guard.read().unwrap();
            guard.replace(base.as_ref(), b"{ inner: 1 }\n", ReplaceOptions::default()).unwrap();
            // The outer one is named as before, during and after.
            assert_eq!(holder_text(&dir), before);
            assert!(guard.is_current());
            drop(guard);
            assert_eq!(holder_text(&dir), before);
            // As often as it likes.
            drop(lock(&dir));
            return;
        }
        Some((_, dir)) => {
            let guard = share(&dir);
            run_inner(NAME, &dir);
            child::say("ready");
            child::wait_for_parent();
            let base = guard.read().unwrap().unwrap();
            assert_eq!(base.bytes, b"{ inner: 1 }\n");
            guard.replace(Some(&base), OLD, ReplaceOptions::default()).unwrap();
            return;
        }
        None => {}
    }
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("openclaw.json"), OLD).unwrap();
    let mut outer = start_outer(NAME, dir.path());
    // The end of the inner one has released nothing.
    match try_lock(dir.path()) {
        Err(LockError::TimedOut { holder: Some(holder), .. }) => assert_eq!(holder.pid, outer.id()),
        other => panic!("{other:?}"),
    }
    assert!(outer.finish().success());
    drop(lock(dir.path()));
    let names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "configuration and lock: {names:?}");
}

#[test]
fn a_lock_that_is_not_shared_is_handed_down_to_nobody() {
    const NAME: &str = "a_lock_that_is_not_shared_is_handed_down_to_nobody";
    if let Some((_, dir)) = child::role() {
        check_refused(&dir);
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let _guard = lock(dir.path());
    run_inner(NAME, dir.path());
}

#[test]
fn a_program_two_levels_down_and_a_guard_in_between_have_it_too() {
    const NAME: &str = "a_program_two_levels_down_and_a_guard_in_between_have_it_too";
    match child::role() {
        Some((role, dir)) if role == "inner" => {
            lock(&dir).replace(None, OLD, ReplaceOptions::default()).unwrap();
            return;
        }
        Some((role, dir)) if role == "middle" => {
            // Shared again: its own turn must not keep the innermost one waiting.
            let guard = share(&dir);
            run_inner(NAME, &dir);
            let base = guard.read().unwrap();
            guard.replace(base.as_ref(), b"{}", ReplaceOptions::default()).unwrap();
            return;
        }
        Some((_, dir)) => {
            let guard = share(&dir);
            let mut middle = Child::spawn(module_path!(), NAME, "middle", &dir);
            assert!(middle.finish().success());
            assert_eq!(guard.read().unwrap().unwrap().bytes, b"{}");
            child::say("ready");
            child::wait_for_parent();
            return;
        }
        None => {}
    }
    let dir = tempfile::tempdir().unwrap();
    let mut outer = start_outer(NAME, dir.path());
    check_refused(dir.path());
    assert!(outer.finish().success());
    assert!(!turn_path(dir.path()).exists());
}

/// A shell that opens what it pleases, and then runs the inner process.
#[track_caller]
fn run_inner_by_shell(script: &str, name: &str, dir: &Path) {
    let (_crate, module) = module_path!().split_once("::").unwrap();
    let test = format!("{module}::{name}");
    let status = std::process::Command::new("sh")
        .args(["-c", &format!("{script}\nexec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &test, "--nocapture", "--test-threads=1"])
        .env("CONFWARDEN_TEST_ROLE", "inner")
        .env("CONFWARDEN_TEST_PLACE", dir)
        .env("CONFWARDEN_LOCK", "held")
        .env("LOCK", target(dir).lock_path())
        .env("OTHER", dir.join("other"))
        .status()
        .unwrap();
    assert!(status.success(), "{script}: {status:?}");
}

#[test]
fn open_files_that_are_not_the_lock_help_nobody() {
    const NAME: &str = "open_files_that_are_not_the_lock_help_nobody";
    if let Some((_, dir)) = child::role() {
        check_refused(&dir);
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("other"), "").unwrap();
    // A lock on another file, which counts for nothing here.
    let guard = lock(dir.path());
    for script in [
        "exec 9<>\"$LOCK\"",
        "exec 9<\"$LOCK\" 8<>\"$LOCK\"",
        "exec 9<>\"$OTHER\"; flock 9",
        "exec 9<>\"$LOCK\"; exec 9>&-",
        "exec 9<>\"$LOCK\"; flock -n 9 && exit 1",
        "exec 9<\"$OTHER\" 7<&9; ! flock -n -s 7 || :",
    ] {
        run_inner_by_shell(script, NAME, dir.path());
    }
    drop(guard);
}

#[test]
fn the_lock_ends_with_its_holder_though_a_daemon_still_has_it_open() {
    const NAME: &str = "the_lock_ends_with_its_holder_though_a_daemon_still_has_it_open";
    match child::role() {
        Some((role, dir)) if role == "daemon" => {
            drop(lock(&dir));
            child::say("ready");
            child::wait_for_parent();
            // The lock has ended meanwhile: what the daemon has open gives it nothing.
            check_refused(&dir);
            child::say("refused");
            child::wait_for_parent();
            // And it never took it through that either.
            drop(lock(&dir));
            return;
        }
        Some(_) => unreachable!("no other role"),
        None => {}
    }
    let dir = tempfile::tempdir().unwrap();
    let guard = share(dir.path());
    let mut daemon = Child::spawn(module_path!(), NAME, "daemon", dir.path());
    daemon.expect("ready");
    drop(guard);
    let next = lock(dir.path());
    daemon.order();
    daemon.expect("refused");
    drop(next);
    assert!(daemon.finish().success());
    drop(lock(dir.path()));
}

#[test]
fn a_killed_holder_leaves_the_lock_to_the_program_that_still_runs() {
    const NAME: &str = "a_killed_holder_leaves_the_lock_to_the_program_that_still_runs";
    match child::role() {
        Some((role, dir)) if role == "inner" => {
            fs::write(dir.join("inner"), std::process::id().to_string()).unwrap();
            // The parent is gone, and with it the pipe: files say what is to be done.
            let deadline = Instant::now() + Duration::from_mins(1);
            let wait_for = |name: &str| {
                while !dir.join(name).exists() {
                    assert!(Instant::now() < deadline, "nobody wants anything");
                    std::thread::sleep(Duration::from_millis(1));
                }
            };
            wait_for("killed");
            let guard = lock(&dir);
            guard.replace(None, OLD, ReplaceOptions::default()).unwrap();
            drop(guard);
            fs::write(dir.join("written"), "").unwrap();
            wait_for("over");
            return;
        }
        Some((_, dir)) => {
            let _guard = share(&dir);
            let _inner = Child::spawn(module_path!(), NAME, "inner", &dir);
            while !dir.join("inner").exists() {
                std::thread::sleep(Duration::from_millis(1));
            }
            child::say("ready");
            child::wait_for_parent();
            return;
        }
        None => {}
    }
    let dir = tempfile::tempdir().unwrap();
    let mut outer = start_outer(NAME, dir.path());
    outer.kill();
    check_refused(dir.path());
    fs::write(dir.path().join("killed"), "").unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    while !dir.path().join("written").exists() {
        assert!(Instant::now() < deadline, "the program has not got the lock");
        std::thread::sleep(Duration::from_millis(1));
    }
    check_refused(dir.path());
    assert!(turn_path(dir.path()).exists(), "those under the lock take turns");
    fs::write(dir.path().join("over"), "").unwrap();
    let guard = LockGuard::acquire(target(dir.path()), Wait::UpTo(Duration::from_mins(1)), "x");
    assert!(!turn_path(dir.path()).exists(), "nobody takes turns any more");
    assert_eq!(guard.unwrap().read().unwrap().unwrap().bytes, OLD);
}

#[test]
fn a_lock_file_that_was_replaced_meanwhile_is_locked_anew_by_the_program() {
    const NAME: &str = "a_lock_file_that_was_replaced_meanwhile_is_locked_anew_by_the_program";
    if let Some((_, dir)) = child::role() {
        let path = target(&dir).lock_path();
        fs::remove_file(&path).unwrap();
        let guard = lock(&dir);
        // Its own: it says so, and gives it back.
        assert!(holder_text(&dir).contains(&std::process::id().to_string()));
        child::say("ready");
        child::wait_for_parent();
        drop(guard);
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let guard = share(dir.path());
    assert!(guard.is_current());
    let mut inner = Child::spawn(module_path!(), NAME, "inner", dir.path());
    inner.expect("ready");
    assert!(!guard.is_current());
    assert!(matches!(guard.revive(Wait::No), Err(LockError::TimedOut { .. })));
    assert!(inner.finish().success());
    let revived = guard.revive(Wait::No).unwrap();
    assert!(revived.is_current() && !guard.is_current());
    check_refused(dir.path());
    drop(guard);
    check_refused(dir.path());
    drop(revived);
    drop(lock(dir.path()));
}

#[test]
fn those_under_one_lock_write_one_after_another() {
    const TURNS: u32 = 20;
    const NAME: &str = "those_under_one_lock_write_one_after_another";
    let long = Wait::UpTo(Duration::from_mins(1));
    let count = |guard: &LockGuard| {
        let base = guard.read().unwrap();
        let text = base.as_ref().map_or("0", |base| std::str::from_utf8(&base.bytes).unwrap());
        let next = (text.parse::<u32>().unwrap() + 1).to_string();
        // In place, nothing but the turn would keep two of them apart.
        guard.replace(base.as_ref(), next.as_bytes(), ReplaceOptions::default()).unwrap();
    };
    if let Some((_, dir)) = child::role() {
        for _ in 0..TURNS {
            count(&LockGuard::acquire(target(&dir), long, "confwarden test").unwrap());
        }
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut guard = LockGuard::acquire(target(dir.path()), long, "confwarden test").unwrap();
    guard.share().unwrap();
    let mut inner: Vec<_> =
        (0..4).map(|_| Child::spawn(module_path!(), NAME, "inner", dir.path())).collect();
    for _ in 0..TURNS {
        let _turn = guard.turn().unwrap();
        count(&guard);
    }
    for inner in &mut inner {
        assert!(inner.finish().success());
    }
    let text = fs::read_to_string(dir.path().join("openclaw.json")).unwrap();
    assert_eq!(text, (5 * TURNS).to_string());
    drop(guard);
    assert!(!turn_path(dir.path()).exists());
}

#[test]
fn a_turn_of_another_is_waited_for_and_its_owner_named() {
    const NAME: &str = "a_turn_of_another_is_waited_for_and_its_owner_named";
    if let Some((_, dir)) = child::role() {
        let _guard = lock(&dir);
        child::say("ready");
        child::wait_for_parent();
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let guard = share(dir.path());
    let mut inner = Child::spawn(module_path!(), NAME, "inner", dir.path());
    inner.expect("ready");
    match guard.turn() {
        Err(LockError::TimedOut { holder: Some(holder), .. }) => assert_eq!(holder.pid, inner.id()),
        other => panic!("{other:?}"),
    }
    let outcome = guard.replace(None, OLD, ReplaceOptions::default());
    assert!(matches!(outcome, Err(ReplaceError::Turn(_))), "{outcome:?}");
    assert!(inner.finish().success());
    // One turn lasts for several writes.
    let turn = guard.turn().unwrap();
    guard.replace(None, OLD, ReplaceOptions::default()).unwrap();
    let again = guard.turn().unwrap();
    drop(turn);
    drop(again);
    assert_eq!(fs::metadata(turn_path(dir.path())).unwrap().mode() & 0o7777, 0o600);
}

#[test]
fn a_removed_directory_is_made_again_as_it_was() {
    use std::os::unix::fs::PermissionsExt as _;
    for mode in [0o700, 0o750, 0o755] {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("above/openclaw");
        fs::create_dir_all(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(mode)).unwrap();
        if child::is_root("give directories to others") {
            std::os::unix::fs::chown(&dir, Some(1000), Some(1000)).unwrap();
        }
        let before = fs::metadata(&dir).unwrap();
        let guard = share(&dir);
        fs::remove_dir_all(place.path().join("above")).unwrap();
        assert!(!guard.is_current());
        // Nothing is written to a directory that nobody finds.
        assert!(guard.replace(None, OLD, ReplaceOptions::default()).is_err());
        let revived = guard.revive(Wait::No).unwrap();
        assert!(revived.is_current());
        revived.replace(None, OLD, ReplaceOptions::default()).unwrap();
        let after = fs::metadata(&dir).unwrap();
        assert_eq!((after.mode(), after.uid()), (before.mode(), before.uid()));
        check_refused(&dir);
    }
}

#[test]
fn a_directory_that_somebody_made_again_is_left_as_it_is() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("openclaw");
    fs::create_dir(&dir).unwrap();
    let guard = share(&dir);
    fs::rename(&dir, place.path().join("moved")).unwrap();
    assert!(!guard.is_current());
    fs::create_dir(&dir).unwrap();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o711)).unwrap();
    let revived = guard.revive(Wait::No).unwrap();
    assert_eq!(fs::metadata(&dir).unwrap().mode() & 0o7777, 0o711);
    assert!(revived.is_current());
    check_refused(&dir);
}
