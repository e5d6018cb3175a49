//! A directory for the passing files of one process, that nobody else can look into.
//!
//! What a process that died left in one is somebody's text, so it is never removed unasked: it is
//! listed, for a person to decide. One in which there never was a text, or none any more, is nobody's.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use super::error::FsError;
use super::platform;
use super::process::Process;
use super::sidecar::{Sidecar, Sidecars};
use super::state::create_private_directory;

/// How often a name is tried that exists already.
const MOST_TURNS: usize = 16;

/// A directory with mode 0700 that belongs to this process. It stays unless it is removed.
#[derive(Debug)]
#[must_use = "it stays on the disk until it is removed"]
pub struct PrivateDirectory {
    path: PathBuf,
}

impl PrivateDirectory {
    /// Makes one below `parent`, which is made where it is missing.
    ///
    /// # Errors
    ///
    /// [`FsError::Io`] where it cannot be made.
    pub fn create(parent: &Path) -> Result<Self, FsError> {
        create_private_directory(parent)?;
        let mut path = parent.to_owned();
        for _ in 0..MOST_TURNS {
            path = parent.join(format!("{}-{:08x}", std::process::id(), fastrand::u32(..)));
            match platform::create_private_dir(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(FsError::io("create the directory", &path)(error)),
            }
        }
        Err(FsError::io("create the directory", &path)(io::ErrorKind::AlreadyExists.into()))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it with everything in it.
    ///
    /// # Errors
    ///
    /// [`FsError::Io`] where something of it stays.
    pub fn remove(self) -> Result<(), FsError> {
        std::fs::remove_dir_all(&self.path).map_err(FsError::io("remove", &self.path))
    }
}

/// The directories below `parent` whose processes do not run any more, sorted. None where there is no
/// `parent`. Those that hold nothing are removed instead.
///
/// # Errors
///
/// [`FsError::Io`] where `parent` cannot be listed.
pub fn abandoned_directories(parent: &Path) -> Result<Vec<PathBuf>, FsError> {
    let entries = match std::fs::read_dir(parent) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(FsError::io("list", parent)(error)),
    };
    let mut abandoned = Vec::new();
    for entry in entries {
        let entry = entry.map_err(FsError::io("list", parent))?;
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.split_once('-')?.0.parse().ok());
        let is_dead = pid.is_some_and(|pid| Process::look_up(pid) == Process::Gone);
        if is_dead && !remove_empty(&entry.path()) {
            abandoned.push(entry.path());
        }
    }
    abandoned.sort();
    Ok(abandoned)
}

/// Removes a directory in which there is nothing, or but a text of ours that was never finished. False
/// where it stays.
fn remove_empty(directory: &Path) -> bool {
    let is_stage = |name: &OsStr| {
        let found = Sidecars::around(name).and_then(|names| names.classify(name));
        matches!(found, Some(Sidecar::Stage { .. }))
    };
    let Ok(entries) = std::fs::read_dir(directory) else { return false };
    let Ok(entries) = entries.collect::<io::Result<Vec<_>>>() else { return false };
    // An editor may have outlived the process. What it adds meanwhile keeps the directory.
    entries.iter().all(|entry| is_stage(&entry.file_name()))
        && entries.iter().all(|entry| std::fs::remove_file(entry.path()).is_ok())
        && std::fs::remove_dir(directory).is_ok()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn it_is_private_and_goes_with_everything_in_it() {
        let root = tempfile::tempdir().unwrap();
        let parent = root.path().join("edits");
        let (one, other) = (
            PrivateDirectory::create(&parent).unwrap(),
            PrivateDirectory::create(&parent).unwrap(),
        );
        assert_ne!(one.path(), other.path());
        let mode = std::fs::metadata(one.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o700);
        std::fs::create_dir(one.path().join("below")).unwrap();
        std::fs::write(one.path().join("below/file"), "").unwrap();
        one.remove().unwrap();
        assert_eq!(std::fs::read_dir(&parent).unwrap().count(), 1);
    }

    #[test]
    fn those_of_the_dead_are_abandoned() {
        let root = tempfile::tempdir().unwrap();
        let parent = root.path().join("edits");
        assert_eq!(abandoned_directories(&parent).unwrap(), [] as [PathBuf; 0]);
        let _mine = PrivateDirectory::create(&parent).unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let dead = parent.join(format!("{}-00000000", child.id()));
        let empty = parent.join(format!("{}-00000001", child.id()));
        let unfinished = parent.join(format!("{}-00000002", child.id()));
        for directory in [&dead, &empty, &unfinished] {
            std::fs::create_dir(directory).unwrap();
        }
        let stage = Sidecars::of("a.json".as_ref()).stage();
        std::fs::write(unfinished.join(&stage), "").unwrap();
        std::fs::write(dead.join(&stage), "").unwrap();
        std::fs::write(dead.join("a.json"), "").unwrap();
        std::fs::create_dir(parent.join("other")).unwrap();
        assert_eq!(abandoned_directories(&parent).unwrap(), [dead.as_path()]);
        assert!(!empty.exists() && !unfinished.exists());
        assert_eq!(std::fs::read_dir(dead).unwrap().count(), 2, "nothing beside a text is touched");
    }
}
