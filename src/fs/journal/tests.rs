//! Tests of the write in place: processes that die half way, recovery.

use super::*;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::super::backoff::Wait;
use super::super::child::{self, Child};
use super::super::moment::hook;
use super::super::replace::{Durability, Method, ReplaceOptions, Replaced};

const OLD: &[u8] = b"{ a: 1, b: 'old' }\n";
const LONGER: &[u8] = b"{ a: 22, b: 'new and longer' }\n";
const SHORTER: &[u8] = b"{ a: 3 }\n";

fn config(dir: &Path) -> PathBuf {
    dir.join("openclaw.json")
}

fn journal_path(dir: &Path) -> PathBuf {
    dir.join(".openclaw.json.confwarden.journal")
}

fn lock(dir: &Path) -> LockGuard {
    let target = Target::resolve(&config(dir)).unwrap();
    LockGuard::acquire(target, Wait::No, "confwarden test").unwrap()
}

/// Fails the exchange as a mount does, and does `then` at every moment.
fn as_mounted(
    mut then: impl FnMut(Moment) -> io::Result<()> + 'static,
) -> impl FnMut(Moment) -> io::Result<()> + 'static {
    move |reached| match reached {
        Moment::BeforeExchange => Err(io::ErrorKind::ResourceBusy.into()),
        other => then(other),
    }
}

fn replace(dir: &Path, bytes: &[u8]) -> Result<Replaced, ReplaceError> {
    let guard = lock(dir);
    let base = guard.read().unwrap();
    guard.replace(base.as_ref(), bytes, ReplaceOptions::default())
}

fn place() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(config(dir.path()), OLD).unwrap();
    dir
}

#[test]
fn journal_is_read_back_only_if_it_is_whole() {
    let journal = Journal { old: OLD, new: LONGER };
    let bytes = journal.to_bytes();
    assert!(Journal::parse(&bytes) == Some(journal));
    for end in 0..bytes.len() {
        assert!(Journal::parse(&bytes[..end]).is_none(), "cut at {end}");
    }
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(Journal::parse(&damaged).is_none(), "damaged at {at}");
    }
}

#[test]
fn a_file_that_cannot_be_renamed_over_is_written_in_place() {
    for new in [LONGER, SHORTER, b""] {
        let dir = place();
        let inode = fs::metadata(config(dir.path())).unwrap().ino();
        let _hook = hook(as_mounted(|_| Ok(())));
        let replaced = replace(dir.path(), new).unwrap();
        assert_eq!(replaced.method, Method::InPlace);
        assert!(matches!(replaced.durability, Durability::Durable));
        assert_eq!(fs::read(config(dir.path())).unwrap(), new);
        assert_eq!(fs::metadata(config(dir.path())).unwrap().ino(), inode);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "file and lock");
        let loaded = lock(dir.path()).read().unwrap().unwrap();
        assert_eq!(loaded.fingerprint, replaced.fingerprint);
    }
}

#[test]
fn a_foreign_write_while_the_journal_is_saved_survives() {
    let dir = place();
    let path = config(dir.path());
    let _hook = hook(as_mounted(move |reached| match reached {
        Moment::BeforeJournal => fs::write(&path, "foreign"),
        _ => Ok(()),
    }));
    let outcome = replace(dir.path(), LONGER);
    assert!(matches!(outcome, Err(ReplaceError::Drifted)), "{outcome:?}");
    assert_eq!(fs::read(config(dir.path())).unwrap(), b"foreign");
    assert!(!journal_path(dir.path()).exists());
}

#[test]
fn a_disk_that_is_full_half_way_has_the_old_content() {
    for new in [LONGER, SHORTER] {
        let dir = place();
        let mut failures = [()].into_iter();
        let _hook = hook(as_mounted(move |reached| match reached {
            Moment::InsideInPlace if failures.next().is_some() => {
                Err(io::ErrorKind::StorageFull.into())
            }
            _ => Ok(()),
        }));
        let outcome = replace(dir.path(), new);
        assert!(matches!(outcome, Err(ReplaceError::Io { .. })), "{outcome:?}");
        assert_eq!(fs::read(config(dir.path())).unwrap(), OLD);
        assert!(!journal_path(dir.path()).exists());
    }
}

#[test]
fn a_write_that_can_be_neither_finished_nor_undone_is_undone_by_the_next_lock() {
    let dir = place();
    let hooked = hook(as_mounted(|reached| match reached {
        Moment::InsideInPlace => Err(io::ErrorKind::StorageFull.into()),
        _ => Ok(()),
    }));
    let outcome = replace(dir.path(), LONGER);
    drop(hooked);
    let Err(ReplaceError::Torn { journal, .. }) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(journal, journal_path(&dir.path().canonicalize().unwrap()));
    assert_ne!(fs::read(config(dir.path())).unwrap(), OLD);
    assert!(lock(dir.path()).leftovers().is_empty());
    assert_eq!(fs::read(config(dir.path())).unwrap(), OLD);
    assert!(!journal.exists());
}

#[test]
fn a_write_that_cannot_be_synced_keeps_its_journal_until_the_next_lock() {
    let dir = place();
    let hooked = hook(as_mounted(|reached| match reached {
        Moment::BeforeInPlaceSync => Err(io::Error::other("no")),
        _ => Ok(()),
    }));
    let replaced = replace(dir.path(), LONGER).unwrap();
    drop(hooked);
    assert!(matches!(replaced.durability, Durability::Unsure(_)));
    assert!(journal_path(dir.path()).exists());
    assert!(lock(dir.path()).leftovers().is_empty());
    assert_eq!(fs::read(config(dir.path())).unwrap(), LONGER);
    assert!(!journal_path(dir.path()).exists());
}

#[test]
fn journal_is_private_to_the_owner_of_the_file() {
    let dir = place();
    if child::is_root("give files to others") {
        std::os::unix::fs::chown(config(dir.path()), Some(1000), Some(1000)).unwrap();
    }
    let owner = fs::metadata(config(dir.path())).unwrap().uid();
    let path = journal_path(dir.path());
    let seen = std::rc::Rc::new(std::cell::Cell::new(None));
    let witness = std::rc::Rc::clone(&seen);
    let _hook = hook(as_mounted(move |reached| {
        if reached == Moment::BeforeInPlace {
            let metadata = fs::metadata(&path)?;
            witness.set(Some((metadata.uid(), metadata.mode() & 0o7777)));
        }
        Ok(())
    }));
    replace(dir.path(), LONGER).unwrap();
    assert_eq!(seen.get(), Some((owner, 0o600)));
}

#[track_caller]
fn check_recovered(found: &[u8], new: &[u8], expected: &[u8]) {
    let dir = place();
    fs::write(config(dir.path()), found).unwrap();
    let journal = Journal { old: OLD, new };
    fs::write(journal_path(dir.path()), journal.to_bytes()).unwrap();
    let guard = lock(dir.path());
    assert!(guard.leftovers().is_empty());
    assert_eq!(fs::read(config(dir.path())).unwrap(), expected);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "file and lock");
}

#[test]
fn whole_files_stay_and_torn_ones_become_old() {
    check_recovered(OLD, LONGER, OLD);
    check_recovered(LONGER, LONGER, LONGER);
    check_recovered(SHORTER, SHORTER, SHORTER);
    let splice = |head: &[u8], tail: &[u8]| [head, tail].concat();
    // Grown, with the old start; then with half of the new start.
    check_recovered(&splice(OLD, &LONGER[OLD.len()..]), LONGER, OLD);
    check_recovered(&splice(OLD, &LONGER[OLD.len()..][..3]), LONGER, OLD);
    check_recovered(&splice(&LONGER[..9], &OLD[9..]), LONGER, OLD);
    // Grown, but the bytes never got there.
    check_recovered(&splice(OLD, &vec![0; LONGER.len() - OLD.len()]), LONGER, OLD);
    // New start, not cut yet.
    check_recovered(&splice(SHORTER, &OLD[SHORTER.len()..]), SHORTER, OLD);
}

#[test]
fn a_foreign_file_is_left_alone_and_the_old_content_is_kept() {
    for found in [&b"{ foreign: 1 }"[..], b"", b"{ a: 1, b: 'olD' }\n"] {
        let dir = place();
        fs::write(config(dir.path()), found).unwrap();
        let journal = Journal { old: OLD, new: LONGER }.to_bytes();
        fs::write(journal_path(dir.path()), &journal).unwrap();
        for _ in 0..2 {
            let guard = lock(dir.path());
            assert_eq!(fs::read(config(dir.path())).unwrap(), found);
            let [kept] = guard.leftovers() else {
                panic!("{:?}", guard.leftovers());
            };
            assert_eq!(fs::read(kept).unwrap(), journal);
            assert!(!journal_path(dir.path()).exists());
        }
    }
}

#[test]
fn a_damaged_journal_is_kept_and_changes_nothing() {
    let dir = place();
    fs::write(journal_path(dir.path()), "confwarden journal 2\n").unwrap();
    let guard = lock(dir.path());
    assert_eq!(guard.leftovers().len(), 1);
    assert_eq!(fs::read(config(dir.path())).unwrap(), OLD);
}

#[test]
fn a_process_killed_while_it_writes_in_place_loses_neither_version() {
    const NAME: &str = "a_process_killed_while_it_writes_in_place_loses_neither_version";
    if let Some((role, dir)) = child::role() {
        let guard = lock(&dir);
        let base = guard.read().unwrap();
        let _hook = hook(as_mounted(move |reached| {
            if format!("{reached:?}") == role {
                child::die();
            }
            Ok(())
        }));
        guard.replace(base.as_ref(), LONGER, ReplaceOptions::default()).unwrap();
        panic!("survived");
    }
    for (moment, expected) in [
        (Moment::BeforeJournal, OLD),
        (Moment::BeforeInPlace, OLD),
        (Moment::InsideInPlace, OLD),
        (Moment::BeforeInPlaceSync, LONGER),
        (Moment::BeforeJournalRemove, LONGER),
    ] {
        let dir = place();
        let role = format!("{moment:?}");
        let mut child = Child::spawn(module_path!(), NAME, &role, dir.path());
        let status = child.finish();
        assert_eq!(
            std::os::unix::process::ExitStatusExt::signal(&status),
            Some(9),
            "{moment:?}: {status:?}"
        );
        assert!(lock(dir.path()).leftovers().is_empty(), "{moment:?}");
        assert_eq!(fs::read(config(dir.path())).unwrap(), expected, "{moment:?}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "{moment:?}");
    }
}

#[test]
fn a_file_mounted_by_itself_is_written_in_place() {
    const NAME: &str = "a_file_mounted_by_itself_is_written_in_place";
    if let Some((_, dir)) = child::role() {
        let replaced = replace(&dir, LONGER).unwrap();
        assert_eq!(replaced.method, Method::InPlace);
        // That the mount is seen beforehand is a convenience: the rename says so too.
        let guard = lock(&dir);
        let (one, other) = (guard.target().file_name(), OsStr::new("other"));
        assert!(guard.open_directory().is_mount(one));
        fs::write(dir.join(other), "").unwrap();
        assert!(!guard.open_directory().is_mount(other));
        let error = guard.open_directory().exchange(other, one).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
        return;
    }
    let dir = place();
    fs::write(dir.path().join("outside"), OLD).unwrap();
    let script = "mount --bind outside openclaw.json";
    let child = Child::spawn_mounted(script, module_path!(), NAME, "mount", dir.path());
    if let Some(mut child) = child {
        assert!(child.finish().success());
        assert_eq!(fs::read(dir.path().join("outside")).unwrap(), LONGER);
        assert_eq!(fs::read(config(dir.path())).unwrap(), OLD, "the mount point");
    }
}

#[test]
fn a_file_mounted_read_only_is_refused() {
    const NAME: &str = "a_file_mounted_read_only_is_refused";
    if let Some((_, dir)) = child::role() {
        let outcome = replace(&dir, LONGER);
        assert!(matches!(outcome, Err(ReplaceError::ReadOnly { .. })), "{outcome:?}");
        return;
    }
    let dir = place();
    fs::write(dir.path().join("outside"), OLD).unwrap();
    let script = "mount --bind outside openclaw.json; mount -o remount,bind,ro openclaw.json";
    let child = Child::spawn_mounted(script, module_path!(), NAME, "mount", dir.path());
    if let Some(mut child) = child {
        assert!(child.finish().success());
        assert_eq!(fs::read(dir.path().join("outside")).unwrap(), OLD);
        assert!(!journal_path(dir.path()).exists());
    }
}
