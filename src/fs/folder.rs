//! A folder of the tool's own files: private, and each file in it whole or not there.
//!
//! Names are taken relative to the open folder, and may lead into one below it; links in it are not followed, and nothing in it that
//! others could write to is used. It compares nothing and keeps no attributes: nobody else writes
//! here.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::backoff::{Backoff, Next, Wait};
use super::error::{FileKind, FsError};
use super::platform::{self, Directory};
use super::read::{self, Settled};
use super::sidecar::Sidecars;
use super::stage::Stage;
use super::state::{check_private, create_state_dir};
use super::sweep;

/// What the stages of a folder are named after: one name for all its files, so that they are found.
const STAGES: &str = "stage";

/// An open folder of our own.
#[derive(Debug)]
pub struct Folder {
    directory: Directory,
}

/// The end of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The last bytes.
    pub bytes: Vec<u8>,
    /// Where in the file they begin: zero where they are all of it.
    pub start: u64,
}

/// A file that is written, and that a power cut may still take.
#[derive(Debug)]
#[must_use = "it is not durable until it is synced"]
pub struct Unsynced {
    file: File,
    path: PathBuf,
}

impl Unsynced {
    /// Makes it durable: the content, and with it the name where the file system orders them, as
    /// journalling ones do. Whoever reads such a file proves its content by its name all the same.
    ///
    /// # Errors
    ///
    /// [`FsError::Io`].
    pub fn sync(self) -> Result<(), FsError> {
        self.file.sync_all().map_err(FsError::io("write", &self.path))
    }
}

/// The exclusive right to change a folder, for as long as it is kept.
#[derive(Debug)]
#[must_use = "the lock is released as soon as it is dropped"]
pub struct FolderLock {
    file: File,
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Where it fails the closing of the file unlocks.
        fs2::FileExt::unlock(&self.file).ok();
    }
}

impl Folder {
    /// Opens the folder. `None` if it does not exist.
    ///
    /// # Errors
    ///
    /// [`FsError::NotPrivate`] if others may write to it, [`FsError::Io`] otherwise, also if it
    /// belongs to somebody else.
    pub fn open(path: &Path) -> Result<Option<Self>, FsError> {
        match Directory::open(path) {
            Ok(directory) => {
                let metadata = std::fs::metadata(path).map_err(FsError::io("look at", path))?;
                check_private(path, &metadata, 0o022)?;
                Ok(Some(Self { directory }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(FsError::io("open the directory", path)(error)),
        }
    }

    /// Opens the folder, which is made with mode 0700, as are those above it, where it is missing.
    ///
    /// # Errors
    ///
    /// As [`Folder::open`], and where it cannot be made.
    pub fn create(path: &Path) -> Result<Self, FsError> {
        if let Some(folder) = Self::open(path)? {
            return Ok(folder);
        }
        create_state_dir(path)?;
        Self::open(path)?
            .ok_or_else(|| FsError::io("open the directory", path)(io::ErrorKind::NotFound.into()))
    }

    /// Gives the folder at `path` a further name in its own directory, where nothing stands under
    /// `alias` yet.
    ///
    /// # Errors
    ///
    /// [`FsError::Io`] where the name cannot be made.
    pub fn alias(path: &Path, alias: &OsStr) -> Result<(), FsError> {
        let failed = FsError::io("give a second name to", path);
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
        let made = Directory::open(above)
            .and_then(|directory| directory.create_link(alias, Path::new(name)));
        match made {
            // Where there are no links the second name has a history of its own.
            Err(error) => match error.kind() {
                io::ErrorKind::AlreadyExists | io::ErrorKind::Unsupported => Ok(()),
                _ => Err(failed(error)),
            },
            Ok(()) => Ok(()),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Locks the folder against other processes that lock it so. The file `name` is never removed.
    ///
    /// # Errors
    ///
    /// [`FsError::Busy`] if another process held it all the while, [`FsError::Io`] otherwise.
    pub fn lock(&self, name: &str, wait: Wait) -> Result<FolderLock, FsError> {
        let path = self.path_of(name);
        let file = self.open_or_create(OsStr::new(name))?;
        let mut backoff = Backoff::new(wait);
        loop {
            match fs2::FileExt::try_lock_exclusive(&file) {
                Ok(()) => return Ok(FolderLock { file }),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error)
                    if error.raw_os_error() == fs2::lock_contended_error().raw_os_error() =>
                {
                    if backoff.pause() == Next::GiveUp {
                        return Err(FsError::Busy { path });
                    }
                }
                Err(error) => return Err(FsError::io("lock", &path)(error)),
            }
        }
    }

    /// Reads a file, again if it changes meanwhile. `None` if it does not exist.
    ///
    /// # Errors
    ///
    /// [`FsError::NotPrivate`] if others may read or write it, else as [`read`](super::read()).
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, FsError> {
        let path = self.path_of(name);
        let mut backoff = Backoff::new(read::SETTLE);
        loop {
            let Some(file) = self.open_private(name)? else { return Ok(None) };
            if let Settled::Yes(contents) = read::contents_of(&file, &path)? {
                return Ok(Some(contents.bytes));
            }
            if backoff.pause() == Next::GiveUp {
                return Err(FsError::Unsettled { path });
            }
        }
    }

    /// Reads the last bytes of a file, at most `most` of them. `None` if it does not exist.
    ///
    /// # Errors
    ///
    /// As [`Folder::read`].
    pub fn read_end(&self, name: &str, most: u64) -> Result<Option<End>, FsError> {
        let path = self.path_of(name);
        let Some(mut file) = self.open_private(name)? else { return Ok(None) };
        let length = file.metadata().map_err(FsError::io("look at", &path))?.len();
        let start = length.saturating_sub(most);
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(start))
            .and_then(|_| file.take(length - start).read_to_end(&mut bytes))
            .map_err(FsError::io("read", &path))?;
        Ok(Some(End { bytes, start }))
    }

    /// Whether a file has exactly these bytes.
    #[must_use]
    pub fn holds(&self, name: &str, bytes: &[u8]) -> bool {
        let length = bytes.len() as u64;
        // One byte more would show that the file is longer.
        let end = self.read_end(name, length.saturating_add(1));
        end.is_ok_and(|end| end.is_some_and(|end| end.start == 0 && end.bytes == bytes))
    }

    /// Adds a file with mode 0600 under a name that stands for its content: what has the name already
    /// is replaced. It is there whole, also if this process dies now, but not synced.
    ///
    /// # Errors
    ///
    /// [`FsError::Io`]; there is no such file then, or the one that was there.
    pub fn add(&self, name: &str, bytes: &[u8]) -> Result<Unsynced, FsError> {
        let path = self.path_of(name);
        let added = Stage::begun(&self.directory, &stages(), bytes).and_then(|stage| {
            let file = stage.file().try_clone()?;
            stage.publish(OsStr::new(name))?;
            Ok(file)
        });
        match added {
            Ok(file) => Ok(Unsynced { file, path }),
            Err(error) => Err(FsError::io("write", &path)(error)),
        }
    }

    /// Replaces a file, or creates it with mode 0600: durable, and all or nothing.
    ///
    /// # Errors
    ///
    /// [`FsError::Io`]; the file is then as it was, or its new content is not durable.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), FsError> {
        Stage::private(&self.directory, &stages(), bytes)
            .and_then(|stage| stage.publish(OsStr::new(name)))
            .and_then(|()| self.directory.sync())
            .map_err(FsError::io("write", &self.path_of(name)))
    }

    /// Adds to a file, from `at` on, where it should end: what stands behind that is cut off. A file
    /// that does not exist is made with mode 0600. Nothing is synced.
    ///
    /// # Errors
    ///
    /// [`FsError::Io`]; the file then ends at `at`, as far as the disk lets it.
    pub fn append(&self, name: &str, at: u64, bytes: &[u8]) -> Result<(), FsError> {
        let path = self.path_of(name);
        let failed = || FsError::io("write", &path);
        let mut file = self.open_or_create(OsStr::new(name))?;
        let length = file.metadata().map_err(failed())?.len();
        if length > at {
            file.set_len(at).map_err(failed())?;
        }
        let written = file.seek(SeekFrom::Start(at)).and_then(|_| file.write_all(bytes));
        if written.is_err() {
            // A disk that is full has taken a part. Where it cannot be cut off the next one does.
            file.set_len(at).ok();
        }
        written.map_err(failed())
    }

    /// Names of all files that are whole, in no order.
    ///
    /// # Errors
    ///
    /// [`FsError::Io`].
    pub fn names(&self) -> Result<Vec<OsString>, FsError> {
        let path = self.directory.path();
        let mut names = self.directory.names().map_err(FsError::io("list", path))?;
        let stages = stages();
        names.retain(|name| name != "." && name != ".." && stages.classify(name).is_none());
        Ok(names)
    }

    /// When a file was last written.
    ///
    /// # Errors
    ///
    /// [`FsError::Io`], also if it does not exist.
    pub fn written(&self, name: &str) -> Result<SystemTime, FsError> {
        let path = self.path_of(name);
        let file = self.directory.open_to_read(OsStr::new(name));
        file.and_then(|file| file.metadata()?.modified()).map_err(FsError::io("look at", &path))
    }

    /// Gives a file another name; what has that name is replaced. Nothing is synced.
    ///
    /// # Errors
    ///
    /// [`FsError::Io`]; both are then as they were.
    pub fn rename(&self, from: &str, to: &str) -> Result<(), FsError> {
        self.directory
            .rename(OsStr::new(from), OsStr::new(to))
            .map_err(FsError::io("rename", &self.path_of(from)))
    }

    /// Removes a file; that it is gone already is well.
    ///
    /// # Errors
    ///
    /// [`FsError::Io`].
    pub fn remove(&self, name: &str) -> Result<(), FsError> {
        self.directory.remove(OsStr::new(name)).map_err(FsError::io("remove", &self.path_of(name)))
    }

    /// Removes the stages of processes that do not run any more.
    ///
    /// # Errors
    ///
    /// [`FsError::Io`].
    pub fn sweep(&self) -> Result<(), FsError> {
        sweep::sweep_dead_stages(&self.directory, &stages())
    }

    fn path_of(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn open_private(&self, name: &str) -> Result<Option<File>, FsError> {
        let path = self.path_of(name);
        match self.directory.open_to_read(OsStr::new(name)) {
            Ok(file) => {
                check_own(&path, &file)?;
                Ok(Some(file))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(FsError::io("open", &path)(error)),
        }
    }

    fn open_or_create(&self, name: &OsStr) -> Result<File, FsError> {
        let path = self.directory.path().join(name);
        // Twice, since another process may be faster with the creation.
        for _ in 0..2 {
            match self.directory.open_to_write(name) {
                Ok(file) => {
                    check_own(&path, &file)?;
                    return Ok(file);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(FsError::io("open", &path)(error)),
            }
            match self.directory.create_new(name) {
                Ok(file) => {
                    platform::make_private(&file)
                        .and_then(|()| self.directory.hand_over(&file))
                        .map_err(FsError::io("set the owner of", &path))?;
                    return Ok(file);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(FsError::io("create", &path)(error)),
            }
        }
        Err(FsError::Busy { path })
    }
}

/// A regular file that others may neither read nor write.
fn check_own(path: &Path, file: &File) -> Result<(), FsError> {
    let metadata = file.metadata().map_err(FsError::io("look at", path))?;
    if !metadata.is_file() {
        let found = FileKind::of(metadata.file_type());
        return Err(FsError::NotAFile { path: path.to_owned(), found });
    }
    check_private(path, &metadata, 0o077)
}

fn stages() -> Sidecars {
    Sidecars::of(OsStr::new(STAGES))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn folder() -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::create(&dir.path().join("state/folder")).unwrap();
        (dir, folder)
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn folder_and_files_are_private() {
        let (dir, folder) = folder();
        let path = dir.path().join("state/folder");
        folder.add("a", b"1").unwrap().sync().unwrap();
        folder.append("b", 0, b"1").unwrap();
        folder.replace("c", b"1").unwrap();
        let _lock = folder.lock("lock", Wait::No).unwrap();
        assert_eq!(mode(&path), 0o700);
        for name in ["a", "b", "c", "lock"] {
            assert_eq!(mode(&path.join(name)), 0o600, "{name}");
        }
        assert_eq!(folder.names().unwrap().len(), 4, "no stage is left");
    }

    #[test]
    fn what_others_may_write_or_read_is_not_used() {
        let (dir, folder) = folder();
        let path = dir.path().join("state/folder");
        folder.replace("a", b"1").unwrap();
        fs::set_permissions(path.join("a"), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(folder.read("a"), Err(FsError::NotPrivate { mode: 0o644, .. })));
        assert!(matches!(folder.append("a", 0, b""), Err(FsError::NotPrivate { .. })));
        symlink("elsewhere", path.join("link")).unwrap();
        assert!(folder.append("link", 0, b"1").is_err());
        assert!(!path.join("elsewhere").exists());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(Folder::open(&path), Err(FsError::NotPrivate { .. })));
    }

    #[test]
    fn what_is_appended_follows_what_is_kept() {
        let (_dir, folder) = folder();
        folder.append("a", 0, b"one\nto").unwrap();
        folder.append("a", 4, b"two\n").unwrap();
        assert_eq!(folder.read("a").unwrap().unwrap(), b"one\ntwo\n");
        let end = folder.read_end("a", 4).unwrap().unwrap();
        assert_eq!(end, End { bytes: b"two\n".to_vec(), start: 4 });
        assert_eq!(folder.read_end("a", 99).unwrap().unwrap().start, 0);
        assert_eq!(folder.read_end("b", 99).unwrap(), None);
    }

    #[test]
    fn a_content_is_told_from_a_longer_or_shorter_one() {
        let (_dir, folder) = folder();
        folder.add("a", b"12").unwrap().sync().unwrap();
        assert!(folder.holds("a", b"12"));
        for other in [&b""[..], b"1", b"13", b"123"] {
            assert!(!folder.holds("a", other));
        }
        assert!(!folder.holds("b", b""));
    }

    #[test]
    fn one_process_at_a_time_has_the_lock() {
        let (dir, folder) = folder();
        let held = folder.lock("lock", Wait::No).unwrap();
        let other = Folder::create(&dir.path().join("state/folder")).unwrap();
        assert!(matches!(other.lock("lock", Wait::No), Err(FsError::Busy { .. })));
        drop(held);
        let _lock = other.lock("lock", Wait::No).unwrap();
    }

    #[test]
    fn stages_of_the_dead_are_no_files_and_are_swept() {
        let (dir, folder) = folder();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let stray =
            dir.path().join(format!("state/folder/.stage.confwarden.{}-0f.tmp", child.id()));
        fs::write(&stray, "half").unwrap();
        assert!(folder.names().unwrap().is_empty());
        folder.sweep().unwrap();
        assert!(!stray.exists());
    }
}
