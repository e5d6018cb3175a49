//! What watching a file needs of the file system: which directory it is, whether changes in it are
//! told, and a trace that proves that they were.

use std::path::{Path, PathBuf};

use super::error::FsError;
use super::platform::{self, Directory};
use super::stage::Stage;
use super::target::Target;

/// Which directory it is, whatever its name; for equality only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectoryId {
    device: u64,
    inode: u64,
}

/// Which directory `path` leads to; nothing where there is none.
#[must_use]
pub fn directory_id(path: &Path) -> Option<DirectoryId> {
    let metadata = std::fs::metadata(path).ok()?;
    let identity = platform::identity(&metadata);
    metadata.is_dir().then_some(DirectoryId { device: identity.device, inode: identity.inode })
}

/// Why the system does not tell of every change of `file`, in a clause; nothing where it does.
///
/// Of a file system of another machine it tells only what this one does, and of a file that is a mount
/// of its own it does not tell what happens to it under its other name.
#[must_use]
pub fn untold(file: &Path) -> Option<&'static str> {
    if platform::is_remote(file.parent()?) {
        return Some("it lies on a file system that others can change from elsewhere");
    }
    let directory = Directory::open(file.parent()?).ok()?;
    directory.is_mount(file.file_name()?).then_some("it is a mount of its own")
}

/// Makes a file beside `target` and removes it again, which the system reports after everything that
/// happened before. Gives its name, which no other file ever has.
///
/// # Errors
///
/// [`FsError`] where it cannot be made. One that a killed process leaves is swept.
pub fn leave_trace(target: &Target) -> Result<PathBuf, FsError> {
    let failed = |source| FsError::Io {
        action: "leave a trace beside",
        path: target.named().to_owned(),
        source,
    };
    let directory = Directory::open(target.directory()).map_err(failed)?;
    let stage = Stage::create(&directory, &target.sidecars()).map_err(failed)?;
    Ok(directory.path().join(stage.name()))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_directory_that_was_made_anew_is_another_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("d");
        assert_eq!(directory_id(&path), None);
        fs::create_dir(&path).unwrap();
        let first = directory_id(&path).unwrap();
        // Kept under another name, so that its number is not given again.
        fs::rename(&path, dir.path().join("e")).unwrap();
        fs::create_dir(&path).unwrap();
        assert_ne!(directory_id(&path), Some(first));
        assert_eq!(directory_id(&dir.path().join("e")), Some(first));
    }

    #[test]
    fn a_trace_is_gone_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let target = Target::resolve(&dir.path().join("a.json")).unwrap();
        let first = leave_trace(&target).unwrap();
        assert_ne!(leave_trace(&target).unwrap(), first);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        assert_eq!(untold(&dir.path().join("a.json")), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn remote_file_systems_are_known() {
        assert!(!platform::is_remote(Path::new("/")));
        assert!(!platform::is_remote(Path::new("/no/such/directory")));
    }
}
