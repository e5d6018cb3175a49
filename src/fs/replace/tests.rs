//! Tests of the replace: attributes, links, drift, foreign writers in between.

use super::*;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::Path;

use rustix::fs::XattrFlags;

use super::super::backoff::Wait;
use super::super::child::{self, Child};
use super::super::moment::hook;
use super::super::target::Target;

const OLD: &[u8] = b"{ old: true }\n";
const NEW: &[u8] = b"{ old: false, new: 'longer' }\n";
const FOREIGN: &[u8] = b"{ foreign: 1 }";

const REFUSE: ReplaceOptions = ReplaceOptions { hard_links: HardLinks::Refuse };

/// A directory with a config that has been locked and read.
struct Place {
    dir: tempfile::TempDir,
    config: PathBuf,
}

impl Place {
    fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().canonicalize().unwrap().join("openclaw.json");
        Self { dir, config }
    }

    fn with_old() -> Self {
        let place = Self::empty();
        fs::write(&place.config, OLD).unwrap();
        place
    }

    fn lock(&self) -> LockGuard {
        lock(&self.config)
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(&self.config).unwrap()
    }

    /// Names of what is in the directory, but for the lock.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != ".openclaw.json.confwarden.lock")
            .collect();
        names.sort();
        names
    }

    #[track_caller]
    fn check_alone(&self) {
        assert_eq!(self.names(), ["openclaw.json"], "something is left");
    }
}

fn lock(config: &Path) -> LockGuard {
    let target = Target::resolve(config).unwrap();
    LockGuard::acquire(target, Wait::No, "confwarden test").unwrap()
}

/// Reads and replaces.
fn replace(guard: &LockGuard, bytes: &[u8]) -> Result<Replaced, ReplaceError> {
    let base = guard.read().unwrap();
    guard.replace(base.as_ref(), bytes, REFUSE)
}

#[track_caller]
fn check_durable(replaced: &Replaced, method: Method) {
    assert_eq!(replaced.method, method);
    assert!(matches!(replaced.durability, Durability::Durable), "{replaced:?}");
}

#[track_caller]
fn check_drifted(outcome: &Result<Replaced, ReplaceError>) {
    assert!(matches!(outcome, Err(ReplaceError::Drifted)), "{outcome:?}");
}

/// As most writers do: new file, renamed over.
fn rename_over(config: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = config.with_extension("foreign");
    fs::write(&temporary, bytes)?;
    fs::rename(temporary, config)
}

#[test]
fn new_bytes_are_there_and_the_fingerprint_is_theirs() {
    let place = Place::with_old();
    let guard = place.lock();
    let replaced = replace(&guard, NEW).unwrap();
    check_durable(&replaced, Method::Exchanged);
    assert_eq!(place.bytes(), NEW);
    assert_eq!(replaced.fingerprint, guard.read().unwrap().unwrap().fingerprint);
    place.check_alone();
}

#[test]
fn the_result_of_one_write_is_the_base_of_the_next() {
    let place = Place::with_old();
    let guard = place.lock();
    for bytes in [NEW, b"", OLD] {
        replace(&guard, bytes).unwrap();
        assert_eq!(place.bytes(), bytes);
    }
}

#[test]
fn new_file_is_private_whatever_was_asked_for() {
    let place = Place::empty();
    let guard = place.lock();
    let replaced = replace(&guard, NEW).unwrap();
    check_durable(&replaced, Method::Created);
    assert_eq!(place.bytes(), NEW);
    assert_eq!(fs::metadata(&place.config).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(replaced.fingerprint, guard.read().unwrap().unwrap().fingerprint);
    place.check_alone();
}

#[test]
fn same_bytes_touch_nothing() {
    let place = Place::with_old();
    let before = fs::metadata(&place.config).unwrap();
    check_durable(&replace(&place.lock(), OLD).unwrap(), Method::Unchanged);
    let after = fs::metadata(&place.config).unwrap();
    assert_eq!(
        (after.ino(), after.mtime_nsec(), after.ctime_nsec()),
        (before.ino(), before.mtime_nsec(), before.ctime_nsec())
    );
}

#[track_caller]
fn check_drift(change: impl Fn(&Path)) {
    for bytes in [NEW, OLD] {
        let place = Place::with_old();
        let guard = place.lock();
        let base = guard.read().unwrap();
        change(&place.config);
        let changed = fs::read(&place.config).ok();
        check_drifted(&guard.replace(base.as_ref(), bytes, REFUSE));
        assert_eq!(fs::read(&place.config).ok(), changed);
    }
}

#[test]
fn other_content_is_drift_also_with_the_same_size_and_time() {
    check_drift(|config| {
        let modified = fs::metadata(config).unwrap().modified().unwrap();
        let changed = OLD.to_ascii_uppercase();
        fs::write(config, changed).unwrap();
        let file = fs::File::options().write(true).open(config).unwrap();
        file.set_modified(modified).unwrap();
    });
}

#[test]
fn another_file_is_drift_also_with_the_same_content() {
    check_drift(|config| rename_over(config, OLD).unwrap());
}

#[test]
fn a_removed_file_is_drift() {
    check_drift(|config| fs::remove_file(config).unwrap());
}

#[test]
fn a_file_that_became_a_directory_or_a_link_is_drift() {
    check_drift(|config| {
        fs::remove_file(config).unwrap();
        fs::create_dir(config).unwrap();
    });
    check_drift(|config| {
        fs::rename(config, config.with_extension("moved")).unwrap();
        symlink("openclaw.moved", config).unwrap();
    });
}

#[test]
fn a_file_that_appears_is_drift() {
    let place = Place::empty();
    let guard = place.lock();
    fs::write(&place.config, FOREIGN).unwrap();
    check_drifted(&guard.replace(None, NEW, REFUSE));
    assert_eq!(place.bytes(), FOREIGN);

    let place = Place::empty();
    let config = place.config.clone();
    let _hook = hook(move |moment| match moment {
        Moment::BeforeRename => fs::write(&config, FOREIGN),
        _ => Ok(()),
    });
    check_drifted(&place.lock().replace(None, NEW, REFUSE));
    assert_eq!(place.bytes(), FOREIGN);
    place.check_alone();
}

/// Lets another writer act at `moment`, and expects its file to be there in the end.
#[track_caller]
fn check_survives(moment: Moment, write: impl Fn(&Path) -> io::Result<()> + 'static) {
    let place = Place::with_old();
    let guard = place.lock();
    let base = guard.read().unwrap();
    let config = place.config.clone();
    let mut writes = [()].into_iter();
    let hooked = hook(move |reached| {
        if reached == moment && writes.next().is_some() {
            return write(&config);
        }
        Ok(())
    });
    check_drifted(&guard.replace(base.as_ref(), NEW, REFUSE));
    drop(hooked);
    assert_eq!(place.bytes(), FOREIGN);
    drop(guard);
    let guard = place.lock();
    assert!(guard.leftovers().is_empty(), "{:?}", guard.leftovers());
}

#[test]
fn a_foreign_write_between_comparison_and_exchange_survives() {
    let moment = Moment::BeforeExchange;
    check_survives(moment, |config| rename_over(config, FOREIGN));
    check_survives(moment, |config| fs::write(config, FOREIGN));
    check_survives(moment, |config| {
        let moved = config.with_extension("moved");
        fs::write(&moved, FOREIGN)?;
        fs::remove_file(config)?;
        symlink("openclaw.moved", config)
    });
    check_survives(Moment::BeforeSwapName, |config| rename_over(config, FOREIGN));
    check_survives(Moment::BeforeSync, |config| rename_over(config, FOREIGN));
}

#[test]
fn another_file_with_the_same_content_is_drift_until_the_last_comparison() {
    let place = Place::with_old();
    let guard = place.lock();
    let base = guard.read().unwrap();
    let config = place.config.clone();
    let _hook = hook(move |reached| match reached {
        Moment::BeforeCompare => rename_over(&config, OLD),
        _ => Ok(()),
    });
    check_drifted(&guard.replace(base.as_ref(), NEW, REFUSE));
    assert_eq!(place.bytes(), OLD);
    place.check_alone();
}

#[test]
fn a_foreign_change_of_mode_between_comparison_and_exchange_survives() {
    let place = Place::with_old();
    let guard = place.lock();
    let base = guard.read().unwrap();
    let config = place.config.clone();
    let hooked = hook(move |reached| match reached {
        Moment::BeforeExchange => fs::set_permissions(&config, fs::Permissions::from_mode(0o400)),
        _ => Ok(()),
    });
    check_drifted(&guard.replace(base.as_ref(), NEW, REFUSE));
    drop(hooked);
    assert_eq!(fs::metadata(&place.config).unwrap().mode() & 0o7777, 0o400);
    assert_eq!(place.bytes(), OLD);
    place.check_alone();
}

#[test]
fn a_file_removed_between_comparison_and_exchange_stays_removed() {
    let place = Place::with_old();
    let guard = place.lock();
    let base = guard.read().unwrap();
    let config = place.config.clone();
    let _hook = hook(move |reached| match reached {
        Moment::BeforeExchange => fs::remove_file(&config),
        _ => Ok(()),
    });
    check_drifted(&guard.replace(base.as_ref(), NEW, REFUSE));
    assert!(place.names().is_empty(), "{:?}", place.names());
}

#[test]
fn the_newest_of_two_foreign_writes_stays_and_the_other_is_kept() {
    let place = Place::with_old();
    let guard = place.lock();
    let base = guard.read().unwrap();
    let config = place.config.clone();
    let mut between = [()].into_iter();
    let hooked = hook(move |reached| match reached {
        Moment::BeforeExchange => rename_over(&config, b"first"),
        Moment::BeforePutBack if between.next().is_some() => rename_over(&config, b"second"),
        _ => Ok(()),
    });
    check_drifted(&guard.replace(base.as_ref(), NEW, REFUSE));
    drop(hooked);
    assert_eq!(place.bytes(), b"second");
    drop(guard);
    let guard = place.lock();
    let [kept] = guard.leftovers() else {
        panic!("{:?}", guard.leftovers());
    };
    assert_eq!(fs::read(kept).unwrap(), b"first");
}

#[test]
fn what_is_removed_before_it_is_put_back_is_put_back() {
    let place = Place::with_old();
    let guard = place.lock();
    let base = guard.read().unwrap();
    let config = place.config.clone();
    let _hook = hook(move |reached| match reached {
        Moment::BeforeExchange => rename_over(&config, FOREIGN),
        Moment::BeforePutBack => fs::remove_file(&config),
        _ => Ok(()),
    });
    check_drifted(&guard.replace(base.as_ref(), NEW, REFUSE));
    assert_eq!(place.bytes(), FOREIGN);
    place.check_alone();
}

#[test]
fn a_foreign_version_that_cannot_be_put_back_is_kept_and_named() {
    let place = Place::with_old();
    let guard = place.lock();
    let base = guard.read().unwrap();
    let config = place.config.clone();
    let hooked = hook(move |reached| match reached {
        Moment::BeforeExchange => rename_over(&config, FOREIGN),
        Moment::BeforePutBack => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
        _ => Ok(()),
    });
    let outcome = guard.replace(base.as_ref(), NEW, REFUSE);
    drop(hooked);
    let Err(ReplaceError::NotPutBack { kept, .. }) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(fs::read(&kept).unwrap(), FOREIGN);
    drop(guard);
    assert_eq!(place.lock().leftovers(), [kept]);
}

#[test]
fn where_names_cannot_be_exchanged_it_is_renamed() {
    let place = Place::with_old();
    let guard = place.lock();
    let base = guard.read().unwrap();
    let _hook = hook(|reached| match reached {
        Moment::BeforeExchange => Err(io::ErrorKind::Unsupported.into()),
        _ => Ok(()),
    });
    let replaced = guard.replace(base.as_ref(), NEW, REFUSE).unwrap();
    check_durable(&replaced, Method::Renamed);
    assert_eq!(place.bytes(), NEW);
    place.check_alone();
}

/// An access list that lets user 1000 read: header, then tag, permissions and id of each entry.
fn access_list() -> Vec<u8> {
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in [
        (0x01_u16, 6_u16, u32::MAX),
        (0x02, 4, 1000),
        (0x04, 0, u32::MAX),
        (0x10, 4, u32::MAX),
        (0x20, 0, u32::MAX),
    ] {
        list.extend_from_slice(&tag.to_le_bytes());
        list.extend_from_slice(&permissions.to_le_bytes());
        list.extend_from_slice(&id.to_le_bytes());
    }
    list
}

fn set_attribute(path: &Path, name: &str, value: &[u8]) {
    rustix::fs::setxattr(path, name, value, XattrFlags::empty())
        .expect("the tests run on a file system with attributes");
}

#[test]
fn owner_mode_access_list_and_attributes_are_kept() {
    let place = Place::with_old();
    fs::set_permissions(&place.config, fs::Permissions::from_mode(0o640)).unwrap();
    set_attribute(&place.config, "user.note", b"mine");
    set_attribute(&place.config, "user.empty", b"");
    set_attribute(&place.config, "system.posix_acl_access", &access_list());
    if child::is_root("give files to others") {
        chown(&place.config, Some(1000), Some(1001)).unwrap();
    }
    let guard = place.lock();
    let base = guard.read().unwrap().unwrap();
    assert_eq!(base.attributes.extended.len(), 3);
    replace(&guard, NEW).unwrap();
    let after = guard.read().unwrap().unwrap();
    assert_eq!(after.bytes, NEW);
    assert_eq!(after.attributes, base.attributes);
}

#[test]
fn every_mode_is_kept_exactly() {
    let place = Place::with_old();
    let guard = place.lock();
    for (mode, bytes) in [(0o600, NEW), (0o666, OLD), (0o640, NEW), (0o200, OLD)] {
        fs::set_permissions(&place.config, fs::Permissions::from_mode(mode)).unwrap();
        if mode & 0o400 == 0 && !child::is_root("read what nobody may read") {
            continue;
        }
        replace(&guard, bytes).unwrap();
        assert_eq!(fs::metadata(&place.config).unwrap().mode() & 0o7777, mode);
    }
}

#[test]
fn a_list_that_new_files_inherit_lets_nobody_into_this_one() {
    let place = Place::with_old();
    fs::set_permissions(&place.config, fs::Permissions::from_mode(0o640)).unwrap();
    set_attribute(place.dir.path(), "system.posix_acl_default", &access_list());
    let guard = place.lock();
    replace(&guard, NEW).unwrap();
    let after = guard.read().unwrap().unwrap();
    assert!(after.attributes.extended.is_empty(), "{after:?}");
    assert_eq!(after.attributes.mode(), 0o640);
}

#[test]
fn owner_that_cannot_be_kept_refuses() {
    const NAME: &str = "owner_that_cannot_be_kept_refuses";
    if let Some((_, dir)) = child::role() {
        // The child's only capability left is to read: it cannot give files away.
        let guard = lock(&dir.join("openclaw.json"));
        let outcome = replace(&guard, NEW);
        assert!(
            matches!(outcome, Err(ReplaceError::OwnerNotKept { owner: 1000, .. })),
            "{outcome:?}"
        );
        return;
    }
    if !child::is_root("give files to others") {
        return;
    }
    let place = Place::with_old();
    chown(&place.config, Some(1000), Some(1000)).unwrap();
    let mut child = Child::spawn_without_chown(module_path!(), NAME, "owner", place.dir.path());
    assert!(child.finish().success());
    assert_eq!(place.bytes(), OLD);
    place.check_alone();
}

#[test]
fn hard_links_are_refused_unless_they_may_be_broken() {
    let place = Place::with_old();
    let other = place.dir.path().join("other");
    fs::hard_link(&place.config, &other).unwrap();
    let guard = place.lock();
    let outcome = replace(&guard, NEW);
    assert!(matches!(outcome, Err(ReplaceError::HardLinked { links: 2, .. })), "{outcome:?}");
    assert_eq!(place.bytes(), OLD);
    let base = guard.read().unwrap();
    let options = ReplaceOptions { hard_links: HardLinks::Break };
    guard.replace(base.as_ref(), NEW, options).unwrap();
    assert_eq!((place.bytes(), fs::read(other).unwrap()), (NEW.into(), OLD.into()));
}

#[test]
fn a_file_that_nobody_may_write_is_refused() {
    let place = Place::with_old();
    fs::set_permissions(&place.config, fs::Permissions::from_mode(0o444)).unwrap();
    let outcome = replace(&place.lock(), NEW);
    assert!(matches!(outcome, Err(ReplaceError::ReadOnly { .. })), "{outcome:?}");
    assert_eq!(place.bytes(), OLD);
    place.check_alone();
}

#[test]
fn links_stay_links_and_their_target_is_replaced_or_created() {
    let place = Place::empty();
    fs::create_dir(place.dir.path().join("real")).unwrap();
    symlink("real/a", &place.config).unwrap();
    let guard = place.lock();
    check_durable(&replace(&guard, OLD).unwrap(), Method::Created);
    check_durable(&replace(&guard, NEW).unwrap(), Method::Exchanged);
    assert!(fs::symlink_metadata(&place.config).unwrap().is_symlink());
    assert_eq!(fs::read(place.dir.path().join("real/a")).unwrap(), NEW);
}

/// Every moment of a replacement up to the one at which it becomes visible.
const BEFORE: &[Moment] = &[
    Moment::BeforeWrite,
    Moment::BeforeAttributes,
    Moment::BeforeSync,
    Moment::BeforeCompare,
    Moment::BeforeSwapName,
    Moment::BeforeExchange,
];

/// Those after.
const AFTER: &[Moment] = &[Moment::BeforeVerify, Moment::BeforeRemove, Moment::BeforeDirectorySync];

fn fail_at(moment: Moment) -> impl FnMut(Moment) -> io::Result<()> {
    move |reached| {
        if reached == moment {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

#[test]
fn a_failure_before_it_is_visible_leaves_everything_as_it_was() {
    for moment in BEFORE {
        let place = Place::with_old();
        let guard = place.lock();
        let base = guard.read().unwrap();
        let _hook = hook(fail_at(*moment));
        let outcome = guard.replace(base.as_ref(), NEW, REFUSE);
        assert!(matches!(outcome, Err(ReplaceError::Io { .. })), "{moment:?}: {outcome:?}");
        assert_eq!(place.bytes(), OLD, "{moment:?}");
        place.check_alone();
    }
    for moment in
        [Moment::BeforeWrite, Moment::BeforeAttributes, Moment::BeforeSync, Moment::BeforeRename]
    {
        let place = Place::empty();
        let guard = place.lock();
        let _hook = hook(fail_at(moment));
        let outcome = guard.replace(None, NEW, REFUSE);
        assert!(matches!(outcome, Err(ReplaceError::Io { .. })), "{moment:?}: {outcome:?}");
        assert!(place.names().is_empty(), "{moment:?}: {:?}", place.names());
    }
}

#[test]
fn a_directory_that_cannot_be_synced_makes_durability_unsure() {
    let place = Place::with_old();
    let guard = place.lock();
    let base = guard.read().unwrap();
    let _hook = hook(fail_at(Moment::BeforeDirectorySync));
    let replaced = guard.replace(base.as_ref(), NEW, REFUSE).unwrap();
    assert!(matches!(replaced.durability, Durability::Unsure(_)), "{replaced:?}");
    assert_eq!(place.bytes(), NEW);
}

#[test]
fn what_was_displaced_and_cannot_be_removed_is_swept_later() {
    let place = Place::with_old();
    let guard = place.lock();
    let base = guard.read().unwrap();
    let hooked = hook(fail_at(Moment::BeforeRemove));
    guard.replace(base.as_ref(), NEW, REFUSE).unwrap();
    drop(hooked);
    assert_eq!(place.names().len(), 2);
    drop(guard);
    assert!(place.lock().leftovers().is_empty());
    place.check_alone();
}

#[test]
fn a_process_killed_at_any_moment_leaves_old_or_new_and_no_work() {
    const NAME: &str = "a_process_killed_at_any_moment_leaves_old_or_new_and_no_work";
    if let Some((role, dir)) = child::role() {
        let guard = lock(&dir.join("openclaw.json"));
        let base = guard.read().unwrap();
        let _hook = hook(move |reached| {
            if format!("{reached:?}") == role {
                child::die();
            }
            Ok(())
        });
        guard.replace(base.as_ref(), NEW, REFUSE).unwrap();
        panic!("survived");
    }
    for (moments, expected) in [(BEFORE, OLD), (AFTER, NEW)] {
        for moment in moments {
            let place = Place::with_old();
            let role = format!("{moment:?}");
            let mut child = Child::spawn(module_path!(), NAME, &role, place.dir.path());
            let status = child.finish();
            assert_eq!(
                std::os::unix::process::ExitStatusExt::signal(&status),
                Some(9),
                "{moment:?}: {status:?}"
            );
            assert_eq!(place.bytes(), expected, "{moment:?}");
            let guard = place.lock();
            assert!(guard.leftovers().is_empty(), "{moment:?}: {:?}", guard.leftovers());
            place.check_alone();
        }
    }
}

#[test]
fn a_process_killed_after_it_displaced_a_foreign_write_leaves_it_named() {
    const NAME: &str = "a_process_killed_after_it_displaced_a_foreign_write_leaves_it_named";
    if let Some((_, dir)) = child::role() {
        let config = dir.join("openclaw.json");
        let guard = lock(&config);
        let base = guard.read().unwrap();
        let _hook = hook(move |reached| match reached {
            Moment::BeforeExchange => rename_over(&config, FOREIGN),
            Moment::BeforeVerify => child::die(),
            _ => Ok(()),
        });
        guard.replace(base.as_ref(), NEW, REFUSE).unwrap();
        panic!("survived");
    }
    let place = Place::with_old();
    let mut child = Child::spawn(module_path!(), NAME, "killed", place.dir.path());
    assert!(!child.finish().success());
    assert_eq!(place.bytes(), NEW);
    for _ in 0..2 {
        let guard = place.lock();
        let [kept] = guard.leftovers() else {
            panic!("{:?}", guard.leftovers());
        };
        assert_eq!(fs::read(kept).unwrap(), FOREIGN);
    }
}

#[test]
fn a_full_disk_leaves_everything_as_it_was() {
    const NAME: &str = "a_full_disk_leaves_everything_as_it_was";
    if let Some((_, dir)) = child::role() {
        let config = dir.join("openclaw.json");
        fs::write(&config, OLD).unwrap();
        let guard = lock(&config);
        let base = guard.read().unwrap();
        let outcome = guard.replace(base.as_ref(), &vec![b' '; 1 << 20], REFUSE);
        let Err(ReplaceError::Io { step: Step::Write, source, .. }) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(source.kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read(&config).unwrap(), OLD);
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 2, "file and lock");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let script = "mount -t tmpfs -o size=64k none \"$CONFWARDEN_TEST_PLACE\"";
    let child = Child::spawn_mounted(script, module_path!(), NAME, "full", dir.path());
    if let Some(mut child) = child {
        assert!(child.finish().success());
    }
}

#[test]
fn errors_quote_nothing_of_the_file() {
    let place = Place::with_old();
    let guard = place.lock();
    let base = guard.read().unwrap();
    for moment in BEFORE {
        let _hook = hook(fail_at(*moment));
        let error = guard.replace(base.as_ref(), NEW, REFUSE).unwrap_err();
        let text = format!("{error} {error:?} {guard:?} {base:?}");
        assert!(!text.contains("longer") && !text.contains("old:"), "{text}");
    }
}
