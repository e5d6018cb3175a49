//! Systems that are not Unix, with the standard library alone.
//!
//! Unverified: it compiles, it is not run. It keeps a file's bytes and its read-only flag. It knows
//! no owners and no access control lists, cannot exchange names, and cannot make a directory
//! durable; a new file inherits the access rules of its directory.

#![expect(
    clippy::unnecessary_wraps,
    clippy::unused_self,
    reason = "the same functions as on Unix, where they can fail and look at something"
)]

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::attributes::Attributes;
use super::fingerprint::Identity;

/// A directory, by its path.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
}

impl Directory {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if !std::fs::metadata(path)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Self { path: path.to_owned() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens an existing file to read.
    pub(super) fn open_to_read(&self, name: &OsStr) -> io::Result<File> {
        File::open(self.path.join(name))
    }

    /// Opens an existing file to read and write; changes nothing.
    pub(super) fn open_to_write(&self, name: &OsStr) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(self.path.join(name))
    }

    /// Creates a file that must not have existed.
    pub(super) fn create_new(&self, name: &OsStr) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(self.path.join(name))
    }

    /// `Unsupported`: links need a right here that few have.
    pub(super) fn create_link(&self, _: &OsStr, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Renames over whatever has the new name.
    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        std::fs::rename(self.path.join(from), self.path.join(to))
    }

    /// Renames only if nothing has the new name, else fails with `AlreadyExists`.
    pub(super) fn rename_new(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        std::fs::hard_link(self.path.join(from), self.path.join(to))?;
        self.remove(from)
    }

    /// `Unsupported`: names cannot change files here.
    pub(super) fn exchange(&self, _: &OsStr, _: &OsStr) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Removes a file; that it is gone already is well.
    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        match std::fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Names of all entries.
    pub(super) fn names(&self) -> io::Result<Vec<OsString>> {
        std::fs::read_dir(&self.path)?.map(|entry| entry.map(|entry| entry.file_name())).collect()
    }

    /// Does nothing: a directory cannot be synced here.
    pub(super) fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    /// Creates the directory again where it was removed.
    pub(super) fn create_again(&self) -> io::Result<()> {
        match std::fs::create_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            outcome => outcome,
        }
    }

    /// Whether the file is meant to be written.
    pub(super) fn check_writable(&self, _: &OsStr, attributes: &Attributes) -> io::Result<()> {
        if attributes.mode & 0o222 == 0 {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(())
    }

    /// No: a file cannot be a mount of its own here.
    pub(super) fn is_mount(&self, _: &OsStr) -> bool {
        false
    }

    /// Does nothing: a new file belongs to whom the directory says.
    pub(super) fn hand_over(&self, _: &File) -> io::Result<()> {
        Ok(())
    }

    /// Whether a lock file found here may be written to.
    pub(super) fn trusts(&self, file: &File) -> io::Result<Result<(), &'static str>> {
        if file.metadata()?.is_file() { Ok(Ok(())) } else { Ok(Err("is not a regular file")) }
    }
}

/// Does nothing, as above.
pub(super) fn hand_over(_: &File, _: u32, _: u32) -> io::Result<()> {
    Ok(())
}

/// Size and time of the last write; stable Rust tells no file number here.
pub(super) fn identity(metadata: &Metadata) -> Identity {
    let modified = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .and_then(|age| i128::try_from(age.as_nanos()).ok())
        .unwrap_or_default();
    Identity { device: 0, inode: 0, size: metadata.len(), modified }
}

/// Nothing tells.
pub(super) fn last_changed(_: &Metadata) -> i128 {
    0
}

/// The read-only flag, as a mode.
pub(super) fn attributes(_: &File, metadata: &Metadata) -> io::Result<Attributes> {
    Ok(Attributes {
        mode: if metadata.permissions().readonly() { 0o400 } else { 0o600 },
        owner: 0,
        group: 0,
        links: 1,
        extended: Vec::new(),
    })
}

/// What of a file's attributes a new file could not be given.
#[derive(Debug)]
pub(super) enum NotKept {
    Owner(io::Error),
    Extended(OsString, io::Error),
    Mode(io::Error),
}

/// Does nothing: a file that may be replaced has no read-only flag to keep.
pub(super) fn apply(_: &Attributes, _: &File) -> Result<(), NotKept> {
    Ok(())
}

/// Does nothing: a new file has the access rules of its directory.
pub(super) fn make_private(_: &File) -> io::Result<()> {
    Ok(())
}

/// Does nothing: programs that this process starts wait for its locks like any other.
pub(super) fn hand_down(_: &File) -> io::Result<()> {
    Ok(())
}

/// Does nothing: the system writes when it likes.
pub(super) fn start_writing(_: &File) {}

/// Unknown: taken to be told of.
pub(super) fn is_remote(_: &Path) -> bool {
    false
}

/// Opens what a person named as input.
pub(super) fn open_input(path: &Path) -> io::Result<File> {
    File::open(path)
}

pub(super) fn is_link_loop(_: &io::Error) -> bool {
    false
}

pub(super) fn is_not_openable(_: &io::Error) -> bool {
    false
}

/// Whether a lock failed because the file system has none.
pub(super) fn has_no_locks(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported
}

/// Unknown, so it is taken to run: nobody's lock is broken by mistake.
pub(super) fn process_exists(_: u32) -> bool {
    true
}

/// Creates a directory. `AlreadyExists` if there is anything.
pub(super) fn create_private_dir(path: &Path) -> io::Result<()> {
    std::fs::create_dir(path)
}

pub(super) fn open_to_others(_: &Metadata, _: u32) -> Option<u32> {
    None
}

pub(super) fn mode(_: &Metadata) -> Option<u32> {
    None
}

pub(super) fn owner(_: &Metadata) -> Option<u32> {
    None
}

pub(super) fn is_ours(_: &Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_created_and_renamed_without_replacing() {
        let dir = tempfile::tempdir().unwrap();
        let directory = Directory::open(dir.path()).unwrap();
        let [a, b] = ["a", "b"].map(OsStr::new);
        drop(directory.create_new(a).unwrap());
        drop(directory.create_new(b).unwrap());
        let error = directory.create_new(a).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        let error = directory.rename_new(a, b).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        directory.remove(b).unwrap();
        directory.remove(b).unwrap();
        directory.rename_new(a, b).unwrap();
        assert_eq!(directory.names().unwrap(), ["b"]);
    }

    #[test]
    fn identity_sees_a_longer_file() {
        let file = tempfile::tempfile().unwrap();
        let before = identity(&file.metadata().unwrap());
        file.set_len(1).unwrap();
        assert_ne!(before, identity(&file.metadata().unwrap()));
    }
}
