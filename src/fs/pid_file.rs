//! A file in which a service says which process it is.

use std::path::Path;
use std::time::SystemTime;

use super::error::FsError;
use super::platform;
use super::read::{self, Settled};
use super::state::place;

/// What is refused of a file that others write: any process of the service could be named.
const WRITABLE: u32 = 0o002;

/// What a file of a service says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PidFile {
    /// The process.
    pub pid: u32,
    /// When the file was written. The process was started before.
    pub written: SystemTime,
}

impl PidFile {
    /// Reads `path`. A link is not followed, and what is no regular file is not opened for long.
    ///
    /// # Errors
    ///
    /// [`FsError::Damaged`] where no process id stands in it, [`FsError::NotPrivate`] where everybody may
    /// write it, [`FsError::Io`] where it cannot be read or is not there.
    pub fn read(path: &Path) -> Result<Self, FsError> {
        let (directory, name) = place(path)?;
        let file = directory.open_to_read(name).map_err(FsError::io("open", path))?;
        let metadata = file.metadata().map_err(FsError::io("look at", path))?;
        if let Some(mode) = platform::open_to_others(&metadata, WRITABLE) {
            return Err(FsError::NotPrivate { path: path.to_owned(), mode });
        }
        let Settled::Yes(contents) = read::contents_of(&file, path)? else {
            return Err(FsError::Unsettled { path: path.to_owned() });
        };
        let text = std::str::from_utf8(&contents.bytes).ok();
        let pid = text.and_then(|text| text.trim().parse().ok()).filter(|pid| *pid > 1);
        let damaged = || FsError::Damaged { path: path.to_owned(), expected: "a process id" };
        let written = metadata.modified().map_err(FsError::io("look at", path))?;
        Ok(Self { pid: pid.ok_or_else(damaged)?, written })
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn a_process_id_is_read_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.pid");
        std::fs::write(&path, "4711\n").unwrap();
        let read = PidFile::read(&path).unwrap();
        assert_eq!(read.pid, 4711);
        assert_eq!(read.written, std::fs::metadata(&path).unwrap().modified().unwrap());
        // 0 and negative ones are groups, 1 is the system itself.
        for text in ["", "0", "1", "-4711", "4711 4712", "x", "99999999999"] {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(PidFile::read(&path), Err(FsError::Damaged { .. })), "{text:?}");
        }
    }

    #[test]
    fn what_everybody_may_write_what_is_a_link_and_what_is_no_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.pid");
        std::fs::write(&path, "4711\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(PidFile::read(&path), Err(FsError::NotPrivate { .. })));
        symlink(&path, dir.path().join("link")).unwrap();
        assert!(matches!(PidFile::read(&dir.path().join("link")), Err(FsError::Io { .. })));
        let pipe = dir.path().join("pipe");
        let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR);
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, kind, mode, 0).unwrap();
        assert!(matches!(PidFile::read(&pipe), Err(FsError::NotAFile { .. })));
        assert!(PidFile::read(&dir.path().join("none")).is_err());
    }
}
