//! Tests of what a program may leave under the config's name, and of putting the config back.

use super::*;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};

use rustix::fs::{CWD, FileType, Mode, XattrFlags, mknodat};

use super::super::backoff::Wait;
use super::super::child::{self, Child};
use super::super::moment::hook;

const BASE: &[u8] = b"{ base: 1 }\n";
const THEIRS: &[u8] = b"{ theirs: 1, longer: true }";
const HEALED: &[u8] = b"{ theirs: 1, base: 1 }\n";
const REFUSE: ReplaceOptions = ReplaceOptions { hard_links: HardLinks::Refuse };

/// A directory with a config of mode 0640 that is locked, and was read.
struct Scene {
    dir: tempfile::TempDir,
    path: PathBuf,
    guard: LockGuard,
    base: Loaded,
}

impl Scene {
    fn plain() -> Self {
        Self::behind(|_| "openclaw.json".into())
    }

    /// Behind a link, in a directory of its own.
    fn linked() -> Self {
        Self::behind(|dir| {
            fs::create_dir(dir.join("real")).unwrap();
            symlink("real/config", dir.join("openclaw.json")).unwrap();
            "real/config".into()
        })
    }

    fn behind(make: impl FnOnce(&Path) -> PathBuf) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().canonicalize().unwrap();
        let path = real.join(make(&real));
        fs::write(&path, BASE).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let guard = lock(&real.join("openclaw.json"));
        let base = guard.read().unwrap().unwrap();
        Self { dir, path, guard, base }
    }

    fn named(&self) -> PathBuf {
        self.guard.target().named().to_owned()
    }

    fn reinstate(&self, seen: &Standing, bytes: &[u8]) -> Result<Replaced, ReplaceError> {
        self.guard.reinstate(seen, bytes, &self.base, REFUSE)
    }

    /// The config is a file with these bytes and the base's attributes, and nothing is left.
    #[track_caller]
    fn check(&self, bytes: &[u8]) {
        let now = self.guard.read().unwrap().unwrap();
        assert_eq!(now.bytes, bytes);
        assert!(now.attributes.same_access(&self.base.attributes), "{now:?}");
        self.check_alone();
    }

    #[track_caller]
    fn check_alone(&self) {
        for directory in [self.dir.path(), self.path.parent().unwrap()] {
            let left = left_in(directory);
            assert!(left.is_empty(), "left in {}: {left:?}", directory.display());
        }
    }
}

fn lock(path: &Path) -> LockGuard {
    LockGuard::acquire(Target::resolve(path).unwrap(), Wait::No, "confwarden test").unwrap()
}

/// Names of our files in a directory, but for locks.
fn left_in(directory: &Path) -> Vec<PathBuf> {
    let names = fs::read_dir(directory).unwrap();
    let names = names.map(|entry| PathBuf::from(entry.unwrap().file_name()));
    let is_left = |name: &PathBuf| {
        name.to_str().unwrap().contains(".confwarden.")
            && name.extension().is_none_or(|extension| extension != "lock")
    };
    names.filter(is_left).collect()
}

#[track_caller]
fn check_drifted(outcome: &Result<Replaced, ReplaceError>) {
    assert!(matches!(outcome, Err(ReplaceError::Drifted)), "{outcome:?}");
}

#[test]
fn attributes_are_put_back_and_the_content_stays() {
    let scene = Scene::plain();
    fs::write(&scene.path, THEIRS).unwrap();
    fs::set_permissions(&scene.path, fs::Permissions::from_mode(0o666)).unwrap();
    rustix::fs::setxattr(&scene.path, "user.added", b"x", XattrFlags::empty()).unwrap();
    let theirs = scene.guard.read().unwrap().unwrap();
    assert!(theirs.attributes.admit_more_than(&scene.base.attributes));
    let replaced = scene.guard.restore_attributes(&scene.base).unwrap();
    assert_eq!(replaced.method, Method::Exchanged);
    scene.check(THEIRS);
    // Once they are right nothing is touched.
    let before = fs::metadata(&scene.path).unwrap();
    let replaced = scene.guard.restore_attributes(&scene.base).unwrap();
    assert_eq!(replaced.method, Method::Unchanged);
    let after = fs::metadata(&scene.path).unwrap();
    assert_eq!((after.ino(), after.ctime_nsec()), (before.ino(), before.ctime_nsec()));
    fs::remove_file(&scene.path).unwrap();
    check_drifted(&scene.guard.restore_attributes(&scene.base));
}

#[test]
fn a_file_that_was_taken_over_and_made_read_only_is_given_back() {
    let scene = Scene::plain();
    fs::write(&scene.path, THEIRS).unwrap();
    fs::set_permissions(&scene.path, fs::Permissions::from_mode(0o444)).unwrap();
    if child::is_root("give files to others") {
        chown(&scene.path, Some(1000), Some(1000)).unwrap();
    }
    let seen = scene.guard.standing().unwrap();
    scene.reinstate(&seen, HEALED).unwrap();
    scene.check(HEALED);
}

#[test]
fn attributes_admit_more_by_any_bit_owner_or_list_and_not_by_less() {
    let base = Scene::plain().base.attributes;
    assert!(!base.admit_more_than(&base));
    let with = |change: fn(&mut super::super::Attributes)| {
        let mut changed = base.clone();
        change(&mut changed);
        changed
    };
    let less = with(|changed| changed.mode = 0o600);
    assert!(!less.admit_more_than(&base) && base.admit_more_than(&less));
    assert!(with(|changed| changed.mode = 0o604).admit_more_than(&base));
    assert!(with(|changed| changed.owner += 1).admit_more_than(&base));
    assert!(with(|changed| changed.group += 1).admit_more_than(&base));
    let listed = with(|changed| changed.extended.push(("user.list".into(), vec![1])));
    assert!(listed.admit_more_than(&base) && base.admit_more_than(&listed));
}

#[test]
fn a_removed_file_comes_back_with_its_attributes() {
    let scene = Scene::plain();
    fs::remove_file(&scene.path).unwrap();
    let seen = scene.guard.standing().unwrap();
    assert!(matches!(seen, Standing::Nothing));
    let replaced = scene.reinstate(&seen, HEALED).unwrap();
    assert_eq!(replaced.method, Method::Created);
    scene.check(HEALED);
    // By now something stands there.
    check_drifted(&scene.reinstate(&seen, BASE));
    scene.check(HEALED);
}

#[test]
fn a_file_that_changed_since_it_was_seen_is_left_alone() {
    let scene = Scene::plain();
    fs::write(&scene.path, THEIRS).unwrap();
    let seen = scene.guard.standing().unwrap();
    let path = scene.path.clone();
    let hooked = hook(move |moment| match moment {
        Moment::BeforeExchange => {
            fs::write(path.with_extension("new"), b"{}")?;
            fs::rename(path.with_extension("new"), &path)
        }
        _ => Ok(()),
    });
    check_drifted(&scene.reinstate(&seen, HEALED));
    drop(hooked);
    assert_eq!(fs::read(&scene.path).unwrap(), b"{}");
    scene.check_alone();
}

#[test]
fn a_link_in_the_files_place_is_replaced_itself_and_not_written_through() {
    for to in ["elsewhere", "nowhere", "openclaw.json"] {
        for exchange in [true, false] {
            let scene = Scene::plain();
            let elsewhere = scene.path.with_file_name("elsewhere");
            fs::write(&elsewhere, THEIRS).unwrap();
            fs::remove_file(&scene.path).unwrap();
            symlink(to, &scene.path).unwrap();
            // What else could be done with it goes wrong.
            assert!(scene.guard.read().is_err());
            let seen = scene.guard.standing().unwrap();
            assert!(matches!(&seen, Standing::Link { to: seen, .. } if seen == Path::new(to)));
            let hooked = hook(move |moment| match moment {
                Moment::BeforeExchange if !exchange => Err(io::ErrorKind::Unsupported.into()),
                _ => Ok(()),
            });
            let replaced = scene.reinstate(&seen, HEALED).unwrap();
            drop(hooked);
            let expected = if exchange { Method::Exchanged } else { Method::Renamed };
            assert_eq!((replaced.method, replaced.kept), (expected, None));
            assert!(fs::symlink_metadata(&scene.path).unwrap().is_file());
            assert_eq!(fs::read(&elsewhere).unwrap(), THEIRS);
            scene.check(HEALED);
        }
    }
}

#[test]
fn a_link_that_was_pointed_elsewhere_since_it_was_seen_stays() {
    for when in [Moment::BeforeCompare, Moment::BeforeExchange] {
        let scene = Scene::plain();
        fs::remove_file(&scene.path).unwrap();
        symlink("one", &scene.path).unwrap();
        let seen = scene.guard.standing().unwrap();
        let path = scene.path.clone();
        let hooked = hook(move |moment| {
            if moment == when {
                fs::remove_file(&path)?;
                symlink("two", &path)?;
            }
            Ok(())
        });
        check_drifted(&scene.reinstate(&seen, HEALED));
        drop(hooked);
        assert_eq!(fs::read_link(&scene.path).unwrap(), Path::new("two"));
        scene.check_alone();
    }
}

#[test]
fn what_is_neither_file_nor_link_is_kept() {
    for exchange in [true, false] {
        for kind in [FileKind::Directory, FileKind::Pipe] {
            let scene = Scene::plain();
            fs::remove_file(&scene.path).unwrap();
            if kind == FileKind::Directory {
                fs::create_dir(&scene.path).unwrap();
                fs::write(scene.path.join("work"), "precious").unwrap();
            } else {
                mknodat(CWD, &scene.path, FileType::Fifo, Mode::RWXU, 0).unwrap();
            }
            let seen = scene.guard.standing().unwrap();
            assert!(matches!(seen, Standing::Other { kind: seen, .. } if seen == kind));
            let hooked = hook(move |moment| match moment {
                Moment::BeforeExchange if !exchange => Err(io::ErrorKind::Unsupported.into()),
                _ => Ok(()),
            });
            let kept = scene.reinstate(&seen, HEALED).unwrap().kept.unwrap();
            drop(hooked);
            assert_eq!(fs::read(&scene.path).unwrap(), HEALED);
            assert_eq!(fs::metadata(&scene.path).unwrap().mode() & 0o7777, 0o640);
            if kind == FileKind::Directory {
                assert_eq!(fs::read_to_string(kept.join("work")).unwrap(), "precious");
            } else {
                assert!(kept.symlink_metadata().is_ok());
            }
            // And named by whoever comes next.
            let Scene { guard, dir, path, .. } = scene;
            drop(guard);
            assert_eq!(lock(&path).leftovers(), [kept]);
            drop(dir);
        }
    }
}

/// What most writers do: they replace the link by a file.
fn replace_link(scene: &Scene) -> BrokenLink {
    let named = scene.named();
    assert!(scene.guard.broken_link().unwrap().is_none());
    fs::write(named.with_extension("new"), THEIRS).unwrap();
    fs::rename(named.with_extension("new"), &named).unwrap();
    let broken = scene.guard.broken_link().unwrap().unwrap();
    assert_eq!(broken.path(), named);
    assert_eq!(broken.to(), Path::new("real/config"));
    assert!(matches!(broken.standing(), Standing::File(file) if file.bytes == THEIRS));
    broken
}

fn relink(scene: &Scene, broken: &BrokenLink) -> Result<Replaced, ReplaceError> {
    let seen = scene.guard.standing().unwrap();
    scene.guard.relink(broken, &seen, HEALED, &scene.base, REFUSE)
}

#[track_caller]
fn check_linked(scene: &Scene) {
    assert_eq!(fs::read_link(scene.named()).unwrap(), Path::new("real/config"));
    assert_eq!(fs::read(scene.named()).unwrap(), HEALED);
    assert!(scene.guard.broken_link().unwrap().is_none());
    scene.check(HEALED);
}

#[test]
fn a_link_that_a_file_replaced_is_put_back_after_its_target_has_the_content() {
    for exchange in [true, false] {
        let scene = Scene::linked();
        let broken = replace_link(&scene);
        let (named, path) = (scene.named(), scene.path.clone());
        let mut exchanges = 0;
        let hooked = hook(move |moment| {
            if moment == Moment::BeforeExchange {
                exchanges += 1;
                if exchanges == 2 {
                    assert_eq!(fs::read(&path).unwrap(), HEALED);
                }
                // Until the link is back its name shows what replaced it.
                assert_eq!(fs::read(&named).unwrap(), THEIRS);
                if !exchange {
                    return Err(io::ErrorKind::Unsupported.into());
                }
            }
            Ok(())
        });
        relink(&scene, &broken).unwrap();
        drop(hooked);
        check_linked(&scene);
    }
}

#[test]
fn a_link_is_put_back_whatever_has_become_of_its_name() {
    type Leave = fn(&Path);
    let kinds: [(&str, Leave); 4] = [
        ("nothing", |named| fs::remove_file(named).unwrap()),
        ("another link", |named| {
            fs::remove_file(named).unwrap();
            symlink("elsewhere", named).unwrap();
        }),
        ("a directory", |named| {
            fs::remove_file(named).unwrap();
            fs::create_dir(named).unwrap();
            fs::write(named.join("work"), "precious").unwrap();
        }),
        ("a file, and no target", |named| {
            fs::remove_file(named.with_file_name("real").join("config")).unwrap();
            fs::remove_file(named).unwrap();
            fs::write(named, THEIRS).unwrap();
        }),
    ];
    for (kind, leave) in kinds {
        let scene = Scene::linked();
        leave(&scene.named());
        let broken = scene.guard.broken_link().unwrap().unwrap();
        let replaced = relink(&scene, &broken).unwrap();
        if kind == "a directory" {
            let kept = replaced.kept.unwrap();
            assert_eq!(fs::read_to_string(kept.join("work")).unwrap(), "precious");
            fs::remove_dir_all(kept).unwrap();
        } else {
            assert_eq!(replaced.kept, None, "{kind}");
        }
        check_linked(&scene);
    }
}

#[test]
fn the_link_in_the_middle_of_a_chain_is_put_back_with_its_directory() {
    let scene = Scene::behind(|dir| {
        fs::create_dir(dir.join("one")).unwrap();
        symlink("one/two", dir.join("openclaw.json")).unwrap();
        symlink("../config", dir.join("one/two")).unwrap();
        "config".into()
    });
    fs::remove_dir_all(scene.dir.path().join("one")).unwrap();
    let broken = scene.guard.broken_link().unwrap().unwrap();
    assert_eq!(broken.to(), Path::new("../config"));
    relink(&scene, &broken).unwrap();
    assert_eq!(fs::read_link(scene.named()).unwrap(), Path::new("one/two"));
    assert_eq!(fs::read(scene.named()).unwrap(), HEALED);
    assert!(scene.guard.broken_link().unwrap().is_none());
}

#[test]
fn where_the_target_cannot_be_written_the_file_stays() {
    let scene = Scene::linked();
    let broken = replace_link(&scene);
    let seen = scene.guard.standing().unwrap();
    let hooked = hook(|moment| match moment {
        Moment::BeforeWrite => Err(io::ErrorKind::StorageFull.into()),
        _ => Ok(()),
    });
    let outcome = scene.guard.relink(&broken, &seen, HEALED, &scene.base, REFUSE);
    drop(hooked);
    assert!(matches!(outcome, Err(ReplaceError::Io { step: Step::Write, .. })), "{outcome:?}");
    assert_eq!(fs::read(scene.named()).unwrap(), THEIRS);
    assert!(fs::symlink_metadata(scene.named()).unwrap().is_file());
    assert_eq!(fs::read(&scene.path).unwrap(), BASE);
    scene.check_alone();
}

#[test]
fn a_file_that_was_written_after_it_replaced_the_link_was_seen_stays_and_it_is_said() {
    for when in [Moment::BeforeCompare, Moment::BeforeExchange] {
        let scene = Scene::linked();
        let broken = replace_link(&scene);
        let named = scene.named();
        let mut times = 0;
        let hooked = hook(move |moment| {
            times += usize::from(moment == when);
            // The first is that of the target.
            if moment == when && times == 2 {
                fs::write(&named, "{ newer: 1 }")?;
            }
            Ok(())
        });
        let outcome = relink(&scene, &broken);
        drop(hooked);
        let Err(ReplaceError::LinkNotPutBack { link, source }) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(link, scene.named());
        assert!(matches!(*source, ReplaceError::Drifted), "{source:?}");
        assert_eq!(fs::read_to_string(scene.named()).unwrap(), "{ newer: 1 }");
        assert_eq!(fs::read(&scene.path).unwrap(), HEALED);
        scene.check_alone();
    }
}

/// Moments of an exchange, in order, and how often each comes by: the first time is that of the file,
/// the second that of the link that leads to it.
const MOMENTS: &[Moment] = &[
    Moment::BeforeWrite,
    Moment::BeforeAttributes,
    Moment::BeforeSync,
    Moment::BeforeCompare,
    Moment::BeforeSwapName,
    Moment::BeforeExchange,
    Moment::BeforeVerify,
    Moment::BeforeRemove,
    Moment::BeforeDirectorySync,
];

/// Dies when a moment comes by for the `nth` time.
fn die_at(role: &str) -> impl FnMut(Moment) -> io::Result<()> + use<> {
    let (moment, nth) = role.split_once(' ').unwrap();
    let (moment, nth) = (moment.to_owned(), nth.parse::<usize>().unwrap());
    let mut times = 0;
    move |reached| {
        times += usize::from(format!("{reached:?}") == moment);
        if times == nth {
            child::die();
        }
        Ok(())
    }
}

#[test]
fn a_process_killed_while_it_replaces_a_link_leaves_link_or_file() {
    const NAME: &str = "a_process_killed_while_it_replaces_a_link_leaves_link_or_file";
    if let Some((role, dir)) = child::role() {
        let path = dir.join("openclaw.json");
        let guard = lock(&path);
        let base = guard.read().unwrap().unwrap();
        fs::remove_file(&path).unwrap();
        symlink("elsewhere", &path).unwrap();
        let seen = guard.standing().unwrap();
        let _hook = hook(die_at(&role));
        guard.reinstate(&seen, HEALED, &base, REFUSE).unwrap();
        panic!("survived");
    }
    for moment in MOMENTS {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap().join("openclaw.json");
        fs::write(&path, BASE).unwrap();
        fs::write(path.with_file_name("elsewhere"), THEIRS).unwrap();
        let role = format!("{moment:?} 1");
        let mut child = Child::spawn(module_path!(), NAME, &role, dir.path());
        let status = child.finish();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "{role}");
        let is_link = fs::symlink_metadata(&path).unwrap().is_symlink();
        let before = MOMENTS.iter().position(|at| at == moment).unwrap()
            <= MOMENTS.iter().position(|at| *at == Moment::BeforeExchange).unwrap();
        assert_eq!(is_link, before, "{role}");
        assert_eq!(fs::read(&path).unwrap(), if is_link { THEIRS } else { HEALED }, "{role}");
        assert_eq!(fs::read(path.with_file_name("elsewhere")).unwrap(), THEIRS);
        // Where the link stands its target is what the next one locks, and sweeps the link's side.
        let guard = lock(&path);
        assert!(guard.leftovers().is_empty(), "{role}: {:?}", guard.leftovers());
        let left = left_in(dir.path());
        assert!(left.is_empty(), "{role}: {left:?}");
    }
}

#[test]
fn a_process_killed_while_it_puts_a_link_back_leaves_the_file_or_the_link() {
    const NAME: &str = "a_process_killed_while_it_puts_a_link_back_leaves_the_file_or_the_link";
    if let Some((role, dir)) = child::role() {
        let named = dir.join("openclaw.json");
        let guard = lock(&named);
        let base = guard.read().unwrap().unwrap();
        fs::remove_file(&named).unwrap();
        fs::write(&named, THEIRS).unwrap();
        let broken = guard.broken_link().unwrap().unwrap();
        let seen = guard.standing().unwrap();
        let _hook = hook(die_at(&role));
        guard.relink(&broken, &seen, HEALED, &base, REFUSE).unwrap();
        panic!("survived");
    }
    let first = MOMENTS.iter().map(|moment| (moment, 1));
    let second = MOMENTS.iter().skip(3).map(|moment| (moment, 2));
    let mut linked = 0;
    for (moment, nth) in first.chain(second) {
        let scene = Scene::linked();
        let Scene { dir, path, guard, .. } = scene;
        let named = guard.target().named().to_owned();
        drop(guard);
        let role = format!("{moment:?} {nth}");
        let mut child = Child::spawn(module_path!(), NAME, &role, dir.path());
        let status = child.finish();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "{role}");
        if fs::symlink_metadata(&named).unwrap().is_symlink() {
            linked += 1;
            assert_eq!(fs::read(&named).unwrap(), HEALED, "{role}");
        } else {
            assert_eq!(fs::read(&named).unwrap(), THEIRS, "{role}");
            let target = fs::read(&path).unwrap();
            assert!(target == BASE || target == HEALED, "{role}");
        }
        // The next holder of either name clears away what is left beside it.
        for locked in [&named, &path] {
            let guard = lock(locked);
            assert!(guard.leftovers().is_empty(), "{role}: {:?}", guard.leftovers());
        }
        for directory in [dir.path(), path.parent().unwrap()] {
            let left = left_in(directory);
            assert!(left.is_empty(), "{role}: {left:?}");
        }
    }
    assert_eq!(linked, 3, "before verify, remove and sync of the link");
}

#[test]
fn attributes_of_a_mount_are_put_back_in_place() {
    const NAME: &str = "attributes_of_a_mount_are_put_back_in_place";
    if let Some((_, dir)) = child::role() {
        let path = dir.join("openclaw.json");
        let guard = lock(&path);
        let base = guard.read().unwrap().unwrap();
        fs::write(&path, THEIRS).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        let replaced = guard.restore_attributes(&base).unwrap();
        assert_eq!(replaced.method, Method::InPlace);
        let now = guard.read().unwrap().unwrap();
        assert_eq!((now.bytes.as_slice(), now.attributes.mode()), (THEIRS, 0o600));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let seen = guard.standing().unwrap();
        guard.reinstate(&seen, HEALED, &base, REFUSE).unwrap();
        let now = guard.read().unwrap().unwrap();
        assert_eq!((now.bytes.as_slice(), now.attributes.mode()), (HEALED, 0o600));
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let script = "echo base > real; chmod 600 real; : > openclaw.json; \
                  mount --bind real openclaw.json";
    if let Some(mut child) =
        Child::spawn_mounted(script, module_path!(), NAME, "mounted", dir.path())
    {
        assert!(child.finish().success());
    }
}
