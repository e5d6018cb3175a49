//! Tests of the sweep: what is removed, and what is kept for a person.

use super::*;
use std::fs;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::super::fingerprint::Identity;
use super::super::platform;

struct Place {
    dir: tempfile::TempDir,
    target: Target,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.json"), "present").unwrap();
        let target = Target::resolve(&dir.path().join("a.json")).unwrap();
        Self { dir, target }
    }

    fn sweep(&self) -> Vec<PathBuf> {
        let directory = Directory::open(self.target.directory()).unwrap();
        sweep(&directory, &self.target).unwrap()
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.target.directory().join(name)
    }

    fn names(&self) -> usize {
        fs::read_dir(self.dir.path()).unwrap().count()
    }
}

fn identity_of(path: &Path) -> Identity {
    platform::identity(&fs::metadata(path).unwrap())
}

const STRANGER: Identity = Identity { device: 0, inode: 1, size: 0, modified: 0 };

#[test]
fn stages_are_removed_and_nothing_else_is() {
    let place = Place::new();
    let names = place.target.sidecars();
    fs::write(place.path(names.stage()), "half").unwrap();
    for foreign in [".a.json.tmp", "a.json.bak", ".b.json.confwarden.1-0.tmp"] {
        fs::write(place.path(foreign), "").unwrap();
    }
    assert!(place.sweep().is_empty());
    assert_eq!(place.names(), 4);
}

#[test]
fn halves_of_an_exchange_that_are_ours_are_removed() {
    for ours_is_staged in [true, false] {
        let place = Place::new();
        let file = place.path("half");
        fs::write(&file, "other").unwrap();
        let ours = identity_of(&file);
        let names = place.target.sidecars();
        let name = if ours_is_staged {
            names.swap(&ours, &STRANGER)
        } else {
            names.swap(&STRANGER, &ours)
        };
        fs::rename(file, place.path(name)).unwrap();
        assert!(place.sweep().is_empty());
        assert_eq!(place.names(), 1);
    }
}

#[test]
fn a_half_that_the_file_holds_anyway_is_removed() {
    let place = Place::new();
    let name = place.target.sidecars().swap(&STRANGER, &STRANGER);
    fs::write(place.path(name), "present").unwrap();
    assert!(place.sweep().is_empty());
    assert_eq!(place.names(), 1);
}

#[test]
fn a_half_of_somebody_else_is_kept_and_named() {
    let place = Place::new();
    let path = place.path(place.target.sidecars().swap(&STRANGER, &STRANGER));
    fs::write(&path, "foreign").unwrap();
    for _ in 0..2 {
        assert_eq!(place.sweep(), std::slice::from_ref(&path));
        assert_eq!(fs::read(&path).unwrap(), b"foreign");
    }
}

#[test]
fn a_half_of_ours_that_was_written_to_since_is_kept() {
    let place = Place::new();
    let file = place.path("half");
    fs::write(&file, "base").unwrap();
    let path = place.path(place.target.sidecars().swap(&STRANGER, &identity_of(&file)));
    fs::rename(file, &path).unwrap();
    fs::write(&path, "more").unwrap();
    assert_eq!(place.sweep(), [path]);
}

#[test]
fn a_half_stays_where_the_config_is_gone() {
    let place = Place::new();
    fs::remove_file(place.target.path()).unwrap();
    let path = place.path(place.target.sidecars().swap(&STRANGER, &STRANGER));
    fs::write(&path, "").unwrap();
    assert_eq!(place.sweep(), [path]);
}

#[test]
fn planted_oddities_are_named_and_block_nothing() {
    let place = Place::new();
    let names = place.target.sidecars();
    let pipe = place.path(names.swap(&STRANGER, &STRANGER));
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
    let directory = place.path(names.stage());
    fs::create_dir(&directory).unwrap();
    let journal = place.path(names.journal());
    mknodat(CWD, journal, FileType::Fifo, Mode::RWXU, 0).unwrap();
    let found = place.sweep();
    assert_eq!(found.len(), 3);
    assert!(found.contains(&pipe) && found.contains(&directory), "{found:?}");
}
