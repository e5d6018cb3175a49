//! What a file looks like from outside: bytes, identity, times, mode.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// A file as it was seen at one time; equal only if nobody touched it.
#[derive(PartialEq, Eq)]
pub(crate) struct Seen {
    bytes: Option<Vec<u8>>,
    inode: u64,
    mode: u32,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Seen {
    /// Looks at `path`, which may be a directory or absent.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        let metadata = fs::symlink_metadata(path).ok()?;
        Some(Self {
            bytes: metadata.is_file().then(|| fs::read(path).ok()).flatten(),
            inode: metadata.ino(),
            mode: metadata.mode(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    /// Permission bits.
    pub(crate) fn mode(&self) -> u32 {
        self.mode & 0o7777
    }

    /// The inode: changes when a file is replaced.
    pub(crate) fn inode(&self) -> u64 {
        self.inode
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen")
            .field("text", &self.bytes.as_deref().map(String::from_utf8_lossy))
            .field("inode", &self.inode)
            .field("mode", &format_args!("{:o}", self.mode))
            .field("modified", &self.modified)
            .finish_non_exhaustive()
    }
}
