//! A socket in a folder of our own: for its owner alone, and one process at a time.
//!
//! Whoever answers holds a lock beside it, so a socket whose lock is free is one that a dead process
//! left, and is replaced; a live one never is.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use super::backoff::Wait;
use super::error::FsError;
use super::fingerprint::Identity;
use super::folder::{Folder, FolderLock};
use super::platform::{self, Directory};

/// A socket that this process answers at; removed when it is dropped.
#[derive(Debug)]
pub struct PrivateSocket {
    listener: UnixListener,
    path: PathBuf,
    made: Identity,
    _lock: FolderLock,
}

impl PrivateSocket {
    /// Makes the socket `name` in `folder`, which is made where it is missing: mode 0600 from its first
    /// visible moment on.
    ///
    /// # Errors
    ///
    /// [`FsError::Busy`] where another process answers there, [`FsError::NotAFile`] where something
    /// that is no socket has the name, [`FsError::NotPrivate`] and [`FsError::Io`] otherwise.
    pub fn bind(folder: &Path, name: &str) -> Result<Self, FsError> {
        let path = folder.join(name);
        let lock = Folder::create(folder)?.lock(&format!("{name}.lock"), Wait::No)?;
        let failed = || FsError::io("make the socket", &path);
        if let Ok(there) = std::fs::symlink_metadata(&path) {
            use std::os::unix::fs::FileTypeExt as _;
            if !there.file_type().is_socket() {
                return Err(failed()(io::ErrorKind::AlreadyExists.into()));
            }
            // Its lock is free; but it may be that of another program.
            if UnixStream::connect(&path).is_ok() {
                return Err(FsError::Busy { path });
            }
        }
        let directory = Directory::open(folder).map_err(failed())?;
        let stage = OsString::from(format!(".{name}.new"));
        directory.remove(&stage).map_err(failed())?;
        let staged = folder.join(&stage);
        let listener = UnixListener::bind(&staged).map_err(failed())?;
        let made = platform::make_private_path(&staged)
            .and_then(|()| std::fs::symlink_metadata(&staged))
            .map(|metadata| platform::identity(&metadata))
            .and_then(|made| directory.rename(&stage, OsStr::new(name)).map(|()| made));
        match made {
            Ok(made) => Ok(Self { listener, path, made, _lock: lock }),
            Err(error) => {
                directory.remove(&stage).ok();
                Err(failed()(error))
            }
        }
    }

    /// What connections come from.
    #[must_use]
    pub fn listener(&self) -> &UnixListener {
        &self.listener
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for PrivateSocket {
    fn drop(&mut self) {
        let there = std::fs::symlink_metadata(&self.path);
        if there.is_ok_and(|there| platform::identity(&there) == self.made) {
            std::fs::remove_file(&self.path).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_socket_is_private_from_the_start_and_gone_at_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("state");
        let socket = PrivateSocket::bind(&folder, "s").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(socket.path())), (0o700, 0o600));
        UnixStream::connect(socket.path()).unwrap();
        drop(socket);
        assert!(!folder.join("s").exists());
    }

    #[test]
    fn a_live_socket_is_never_replaced_and_a_dead_one_is() {
        let dir = tempfile::tempdir().unwrap();
        let live = PrivateSocket::bind(dir.path(), "s").unwrap();
        assert!(matches!(PrivateSocket::bind(dir.path(), "s"), Err(FsError::Busy { .. })));
        drop(live);
        // Left by a process that was killed.
        drop(UnixListener::bind(dir.path().join("s")).unwrap());
        assert!(dir.path().join("s").exists());
        drop(PrivateSocket::bind(dir.path(), "s").unwrap());
        // That of a program that takes no lock.
        let other = UnixListener::bind(dir.path().join("s")).unwrap();
        assert!(matches!(PrivateSocket::bind(dir.path(), "s"), Err(FsError::Busy { .. })));
        drop(other);
    }

    #[test]
    fn what_is_no_socket_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("s"), "mine").unwrap();
        PrivateSocket::bind(dir.path(), "s").unwrap_err();
        assert_eq!(fs::read_to_string(dir.path().join("s")).unwrap(), "mine");
    }
}
