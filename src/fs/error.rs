//! What can go wrong with a file.
//!
//! Each error names the attempt and the path; the cause is its source.
//! None quotes what is in a file.

use std::fmt;
use std::fs::FileType;
use std::io;
use std::path::{Path, PathBuf};

/// A file could not be found out about, read, or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FsError {
    /// A system call failed.
    #[error("could not {action} `{}`", path.display())]
    Io {
        /// What was attempted, as in "could not *read*".
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The failure.
        #[source]
        source: io::Error,
    },
    /// There is something other than a regular file.
    #[error("`{}` is {found}, not a regular file", path.display())]
    NotAFile {
        /// Where.
        path: PathBuf,
        /// What is there.
        found: FileKind,
    },
    /// The file is larger than anything that could be a config.
    #[error("`{}` is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Most bytes that are read.
        limit: u64,
    },
    /// Symbolic links lead back to themselves.
    #[error("the symbolic links of `{}` form a loop", path.display())]
    LinkLoop {
        /// The path as it was given.
        path: PathBuf,
    },
    /// The directory that should hold the file does not exist.
    #[error("the directory of `{}` does not exist", path.display())]
    MissingDirectory {
        /// The file.
        path: PathBuf,
    },
    /// The file was being written for as long as it was looked at.
    #[error("`{}` kept changing while it was read", path.display())]
    Unsettled {
        /// The file.
        path: PathBuf,
    },
    /// Another process of ours uses it, and did not finish in time.
    #[error("`{}` is in use by another process", path.display())]
    Busy {
        /// The lock, or the file.
        path: PathBuf,
    },
    /// Others may write a place that must be private, or read a file that must be.
    #[error("`{}` is open to other users (mode {mode:04o})", path.display())]
    NotPrivate {
        /// The file or directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file of our own is not what we once wrote.
    #[error("`{}` is damaged: it must be {expected}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What it must be.
        expected: &'static str,
    },
}

impl FsError {
    /// For `map_err`: the failure of `action` on `path`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileKind {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A named or unnamed pipe.
    Pipe,
    /// A socket.
    Socket,
    /// A block or character device.
    Device,
    /// Something this platform does not tell.
    Unknown,
}

impl FileKind {
    pub(super) fn of(kind: FileType) -> Self {
        if kind.is_file() {
            return Self::Regular;
        }
        if kind.is_dir() {
            return Self::Directory;
        }
        if kind.is_symlink() {
            return Self::Link;
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::FileTypeExt as _;
            if kind.is_fifo() {
                return Self::Pipe;
            }
            if kind.is_socket() {
                return Self::Socket;
            }
            if kind.is_block_device() || kind.is_char_device() {
                return Self::Device;
            }
        }
        Self::Unknown
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Regular => "a regular file",
            Self::Directory => "a directory",
            Self::Link => "a symbolic link",
            Self::Pipe => "a pipe",
            Self::Socket => "a socket",
            Self::Device => "a device",
            Self::Unknown => "something unknown",
        })
    }
}
