//! Tests of the lock: several processes, dying holders, odd files in its place.

use super::*;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::thread;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::io::Errno;

use super::super::child::{self, Child};
use super::super::moment::hook;
use super::super::replace::ReplaceOptions;

const LONG: Wait = Wait::UpTo(Duration::from_mins(1));

fn target(dir: &Path) -> Target {
    Target::resolve(&dir.join("openclaw.json")).unwrap()
}

#[track_caller]
fn acquire(dir: &Path) -> LockGuard {
    LockGuard::acquire(target(dir), Wait::No, "confwarden test").unwrap()
}

fn acquire_error(dir: &Path) -> LockError {
    LockGuard::acquire(target(dir), Wait::No, "confwarden test").unwrap_err()
}

#[test]
fn eight_processes_that_count_lose_no_count() {
    const TURNS: u32 = 25;
    const NAME: &str = "eight_processes_that_count_lose_no_count";
    if let Some((_, dir)) = child::role() {
        for _ in 0..TURNS {
            let guard = LockGuard::acquire(target(&dir), LONG, "confwarden test").unwrap();
            let base = guard.read().unwrap();
            let count: u32 = base
                .as_ref()
                .map_or(0, |base| std::str::from_utf8(&base.bytes).unwrap().parse().unwrap());
            let next = (count + 1).to_string();
            guard.replace(base.as_ref(), next.as_bytes(), ReplaceOptions::default()).unwrap();
        }
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut children: Vec<_> =
        (0..8).map(|_| Child::spawn(module_path!(), NAME, "counter", dir.path())).collect();
    for child in &mut children {
        assert!(child.finish().success());
    }
    let count = fs::read_to_string(dir.path().join("openclaw.json")).unwrap();
    assert_eq!(count, (8 * TURNS).to_string());
}

#[test]
fn holder_is_named_and_its_death_frees_the_lock() {
    const NAME: &str = "holder_is_named_and_its_death_frees_the_lock";
    if let Some((_, dir)) = child::role() {
        let _guard = LockGuard::acquire(target(&dir), Wait::No, "confwarden set").unwrap();
        child::say("locked");
        child::wait_for_parent();
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut child = Child::spawn(module_path!(), NAME, "holder", dir.path());
    child.expect("locked");

    match acquire_error(dir.path()) {
        LockError::TimedOut { waited, holder, .. } => {
            let holder = holder.expect("the holder is alive");
            assert_eq!((holder.pid, &*holder.command), (child.id(), "confwarden set"));
            assert_eq!(waited, Duration::ZERO);
        }
        other => panic!("{other:?}"),
    }

    let limit = Duration::from_millis(60);
    let error = LockGuard::acquire(target(dir.path()), Wait::UpTo(limit), "x").unwrap_err();
    match &error {
        LockError::TimedOut { waited, .. } => {
            assert!(*waited >= limit, "{waited:?}");
            assert!(*waited < limit * 100, "{waited:?}");
        }
        other => panic!("{other:?}"),
    }
    let text = error.to_string();
    let named = format!("`confwarden set` (process {})", child.id());
    assert!(text.contains(&named), "{text}");

    child.kill();
    let guard = acquire(dir.path());
    drop(guard);
}

#[test]
fn lock_needs_no_config_but_its_directory() {
    let dir = tempfile::tempdir().unwrap();
    let guard = acquire(dir.path());
    assert!(guard.read().unwrap().is_none());
    assert!(guard.leftovers().is_empty());
    let target = Target::resolve(&dir.path().join("a")).unwrap();
    drop(guard);
    drop(dir);
    assert!(matches!(LockGuard::acquire(target, Wait::No, "x"), Err(LockError::Io { .. })));
}

#[test]
fn a_file_system_without_locks_is_told_from_a_held_lock() {
    let dir = tempfile::tempdir().unwrap();
    for errno in [Errno::NOLCK, Errno::NOSYS, Errno::OPNOTSUPP] {
        let _hook = hook(move |moment| match moment {
            Moment::BeforeLock => Err(errno.into()),
            _ => Ok(()),
        });
        assert!(matches!(acquire_error(dir.path()), LockError::Unsupported { .. }));
    }
    let _hook = hook(|moment| match moment {
        Moment::BeforeLock => Err(Errno::IO.into()),
        _ => Ok(()),
    });
    assert!(matches!(acquire_error(dir.path()), LockError::Io { .. }));
}

#[test]
fn an_interrupted_lock_is_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut signals = [()].into_iter();
    let _hook = hook(move |moment| match moment {
        Moment::BeforeLock if signals.next().is_some() => Err(Errno::INTR.into()),
        _ => Ok(()),
    });
    drop(acquire(dir.path()));
}

#[test]
fn a_second_guard_of_the_same_process_waits_too() {
    let dir = tempfile::tempdir().unwrap();
    let guard = acquire(dir.path());
    assert!(matches!(acquire_error(dir.path()), LockError::TimedOut { .. }));
    drop(guard);
    drop(acquire(dir.path()));
}

#[test]
fn lock_is_free_at_once_though_a_copy_of_the_file_is_still_open() {
    let dir = tempfile::tempdir().unwrap();
    let directory = Directory::open(dir.path()).unwrap();
    let mut backoff = Backoff::new(Wait::No);
    let target = target(dir.path());
    let Taken::Lock(locked) =
        LockFile::main(&target).lock(&directory, &target, &mut backoff).unwrap()
    else {
        panic!("it is free");
    };
    // What a child shares with us between its start and its program.
    let copy = locked.file.try_clone().unwrap();
    assert!(matches!(acquire_error(dir.path()), LockError::TimedOut { .. }));
    drop(locked);
    drop(acquire(dir.path()));
    drop(copy);
}

#[test]
fn lock_file_is_private_stays_and_forgets_its_holder() {
    let dir = tempfile::tempdir().unwrap();
    let path = target(dir.path()).lock_path();
    let guard = acquire(dir.path());
    let before = fs::metadata(&path).unwrap();
    assert_eq!(before.mode() & 0o7777, 0o600);
    assert!(before.len() > 0, "the holder is not written down");
    drop(guard);
    let after = fs::metadata(&path).unwrap();
    assert_eq!((after.ino(), after.len()), (before.ino(), 0));
}

#[track_caller]
fn check_planted(plant: impl FnOnce(&Path), expected: &str) {
    let dir = tempfile::tempdir().unwrap();
    let victim = dir.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    plant(dir.path());
    match acquire_error(dir.path()) {
        LockError::Untrusted { reason, .. } => assert_eq!(reason, expected),
        other => panic!("{other:?}"),
    }
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
}

#[test]
fn what_is_planted_under_the_locks_name_is_left_alone() {
    let lock = |dir: &Path| target(dir).lock_path();
    check_planted(|dir| symlink("victim", lock(dir)).unwrap(), "is a symbolic link");
    check_planted(|dir| symlink("nowhere", lock(dir)).unwrap(), "is a symbolic link");
    check_planted(|dir| fs::hard_link(dir.join("victim"), lock(dir)).unwrap(), "has several names");
    check_planted(|dir| fs::create_dir(lock(dir)).unwrap(), "is not a regular file");
    check_planted(
        |dir| mknodat(CWD, lock(dir), FileType::Fifo, Mode::RWXU, 0).unwrap(),
        "is not a regular file",
    );
    if child::is_root("give files to others") {
        check_planted(
            |dir| {
                fs::write(lock(dir), "precious").unwrap();
                chown(lock(dir), Some(1000), None).unwrap();
            },
            "belongs to another user",
        );
    }
}

#[test]
fn what_root_creates_belongs_to_the_owner_of_the_directory() {
    if !child::is_root("give files to others") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    chown(dir.path(), Some(1000), Some(1000)).unwrap();
    let guard = acquire(dir.path());
    guard.replace(None, b"{}", ReplaceOptions::default()).unwrap();
    for path in [guard.target().path(), &guard.target().lock_path()] {
        let metadata = fs::metadata(path).unwrap();
        assert_eq!((metadata.uid(), metadata.gid()), (1000, 1000));
        assert_eq!(metadata.mode() & 0o7777, 0o600);
    }
}

#[test]
fn a_lock_file_that_was_removed_meanwhile_protects_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let first = acquire(dir.path());
    // A thread that waits for the file that `first` has locked.
    let waiting = Directory::open(dir.path()).unwrap();
    let target = target(dir.path());
    let main = LockFile::main(&target);
    let orphan = open_sidecar(&waiting, &main.name, &main.path).unwrap();
    fs::remove_file(target.lock_path()).unwrap();
    drop(first);
    fs2::FileExt::try_lock_exclusive(&orphan).unwrap();
    // The orphan is locked, and nobody minds.
    let second = acquire(dir.path());
    assert!(matches!(acquire_error(dir.path()), LockError::TimedOut { .. }));
    drop(second);
}

#[test]
fn who_waited_for_a_removed_lock_file_takes_the_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = target(dir.path()).lock_path();
    let first = acquire(dir.path());
    thread::scope(|scope| {
        let second = scope.spawn(|| LockGuard::acquire(target(dir.path()), LONG, "x").unwrap());
        wait_until_opened(&path, 2);
        fs::remove_file(&path).unwrap();
        drop(first);
        let second = second.join().unwrap();
        assert!(
            matches!(acquire_error(dir.path()), LockError::TimedOut { .. }),
            "two hold the lock"
        );
        drop(second);
    });
}

#[test]
fn a_link_pointed_elsewhere_meanwhile_locks_where_it_points_now() {
    let dir = tempfile::tempdir().unwrap();
    let link = dir.path().join("openclaw.json");
    symlink("one", &link).unwrap();
    let first = acquire(dir.path());
    thread::scope(|scope| {
        let second = scope.spawn(|| LockGuard::acquire(target(dir.path()), LONG, "x").unwrap());
        wait_until_opened(&first.target().lock_path(), 2);
        fs::remove_file(&link).unwrap();
        symlink("two", &link).unwrap();
        drop(first);
        let second = second.join().unwrap();
        assert_eq!(second.target().path().file_name().unwrap(), "two");
        assert_eq!(second.target().named(), link);
    });
}

/// Waits until this process has the file open so many times.
fn wait_until_opened(path: &Path, times: usize) {
    let path = path.canonicalize().unwrap();
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    loop {
        let open = fs::read_dir("/proc/self/fd").unwrap();
        let open = open
            .filter_map(|entry| fs::read_link(entry.unwrap().path()).ok())
            .filter(|link| *link == path)
            .count();
        if open >= times {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "opened {open} times");
        thread::yield_now();
    }
}

#[test]
fn a_lock_of_another_user_says_that_it_cannot_be_opened() {
    let dir = tempfile::tempdir().unwrap();
    let path = target(dir.path()).lock_path();
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if rustix::process::geteuid().is_root() {
        // Root opens anything.
        drop(acquire(dir.path()));
    } else {
        assert!(matches!(acquire_error(dir.path()), LockError::Io { .. }));
    }
}
