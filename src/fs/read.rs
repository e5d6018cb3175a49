//! Reading a file once, whole, with what is needed to replace it later.
//!
//! It never waits for a pipe's other end, and never takes an unreadable file for an empty one.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use super::attributes::Attributes;
use super::backoff::{Backoff, Next, Wait};
use super::error::{FileKind, FsError};
use super::fingerprint::{Fingerprint, Identity};
use super::moment::{Moment, reached};
use super::platform::{self, Directory};
use super::target::Target;

/// Most bytes that are read of any file: 256 MiB.
pub const SIZE_LIMIT: u64 = 256 << 20;

/// How long a file that is being written to is waited for.
pub(super) const SETTLE: Wait = Wait::UpTo(Duration::from_millis(250));

/// The content of a file, and what it was when it had this content.
#[derive(Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The exact bytes.
    pub bytes: Vec<u8>,
    /// Content and identity, for equality.
    pub fingerprint: Fingerprint,
    /// Owner, mode and extended attributes.
    pub attributes: Attributes,
}

/// Leaves the bytes out.
impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded")
            .field("length", &self.bytes.len())
            .field("fingerprint", &self.fingerprint)
            .field("attributes", &self.attributes)
            .finish_non_exhaustive()
    }
}

/// Reads the file without locking it. `None` if it does not exist, and only then.
///
/// # Errors
///
/// [`FsError::NotAFile`] for a directory, pipe, socket or device; [`FsError::TooLarge`] above
/// [`SIZE_LIMIT`]; [`FsError::Unsettled`] if it is being written to all the while;
/// [`FsError::Io`] otherwise.
pub fn read(target: &Target) -> Result<Option<Loaded>, FsError> {
    let directory = Directory::open(target.directory())
        .map_err(FsError::io("open the directory", target.directory()))?;
    Ok(contents(&directory, target)?.map(Loaded::from))
}

/// Reads what a person named as input; a pipe is read to its end.
///
/// # Errors
///
/// [`FsError::NotAFile`] for a directory, [`FsError::TooLarge`] above [`SIZE_LIMIT`],
/// [`FsError::Io`] otherwise, also if it does not exist.
pub fn read_input(path: &Path) -> Result<Vec<u8>, FsError> {
    let file = platform::open_input(path).map_err(FsError::io("open", path))?;
    let metadata = file.metadata().map_err(FsError::io("look at", path))?;
    if metadata.is_dir() {
        return Err(FsError::NotAFile { path: path.to_owned(), found: FileKind::Directory });
    }
    read_at_most(file, 0, SIZE_LIMIT, path)
}

/// Reads standard input to its end.
///
/// # Errors
///
/// [`FsError::TooLarge`] above [`SIZE_LIMIT`], [`FsError::Io`] otherwise.
pub fn read_stdin() -> Result<Vec<u8>, FsError> {
    read_at_most(io::stdin().lock(), 0, SIZE_LIMIT, Path::new("-"))
}

/// What is in a file, before anything is made of it.
pub(super) struct Contents {
    pub(super) bytes: Vec<u8>,
    pub(super) identity: Identity,
    pub(super) attributes: Attributes,
}

impl From<Contents> for Loaded {
    fn from(contents: Contents) -> Self {
        Self {
            fingerprint: Fingerprint::new(&contents.bytes, contents.identity),
            bytes: contents.bytes,
            attributes: contents.attributes,
        }
    }
}

/// Reads the target, again if it changes meanwhile.
pub(super) fn contents(
    directory: &Directory,
    target: &Target,
) -> Result<Option<Contents>, FsError> {
    let path = target.path();
    let mut backoff = Backoff::new(SETTLE);
    loop {
        let Some(file) = open(directory, target)? else {
            return Ok(None);
        };
        if let Settled::Yes(contents) = contents_of(&file, path)? {
            return Ok(Some(contents));
        }
        if backoff.pause() == Next::GiveUp {
            return Err(FsError::Unsettled { path: path.to_owned() });
        }
    }
}

/// Opens the target to read. `None` if it does not exist.
pub(super) fn open(directory: &Directory, target: &Target) -> Result<Option<File>, FsError> {
    match directory.open_to_read(target.file_name()) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if platform::is_not_openable(&error) || platform::is_link_loop(&error) => {
            Err(match std::fs::symlink_metadata(target.path()) {
                Ok(found) if !found.is_file() => FsError::NotAFile {
                    path: target.path().to_owned(),
                    found: FileKind::of(found.file_type()),
                },
                _ => FsError::io("open", target.path())(error),
            })
        }
        Err(error) => Err(FsError::io("open", target.path())(error)),
    }
}

/// Whether the file was the same before and after it was read.
pub(super) enum Settled {
    Yes(Contents),
    No,
}

/// Reads an open file from its start, once.
pub(super) fn contents_of(file: &File, path: &Path) -> Result<Settled, FsError> {
    let (identity, attributes) = look_at(file, path)?;
    let size = usize::try_from(identity.size).unwrap_or_default();
    let bytes = read_at_most(file, size, SIZE_LIMIT, path)?;
    reached(Moment::DuringRead).map_err(FsError::io("read", path))?;
    let after = file.metadata().map_err(FsError::io("look at", path))?;
    if platform::identity(&after) != identity {
        return Ok(Settled::No);
    }
    Ok(Settled::Yes(Contents { bytes, identity, attributes }))
}

/// Identity and attributes of an open file, if it is a regular one.
pub(super) fn look_at(file: &File, path: &Path) -> Result<(Identity, Attributes), FsError> {
    let metadata = file.metadata().map_err(FsError::io("look at", path))?;
    if !metadata.is_file() {
        return Err(FsError::NotAFile {
            path: path.to_owned(),
            found: FileKind::of(metadata.file_type()),
        });
    }
    if metadata.len() > SIZE_LIMIT {
        return Err(FsError::TooLarge { path: path.to_owned(), limit: SIZE_LIMIT });
    }
    let attributes = platform::attributes(file, &metadata)
        .map_err(FsError::io("read the attributes of", path))?;
    Ok((platform::identity(&metadata), attributes))
}

/// Reads to the end; `size` is how much there probably is.
fn read_at_most(
    source: impl Read,
    size: usize,
    limit: u64,
    path: &Path,
) -> Result<Vec<u8>, FsError> {
    // Room for one more byte, or the end is only found after growing.
    let mut bytes = Vec::with_capacity(size + 1);
    source.take(limit + 1).read_to_end(&mut bytes).map_err(FsError::io("read", path))?;
    if bytes.len() as u64 > limit {
        return Err(FsError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::moment::hook;
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    fn target(dir: &tempfile::TempDir, name: &str) -> Target {
        Target::resolve(&dir.path().join(name)).unwrap()
    }

    #[test]
    fn bytes_and_attributes_are_as_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, b"\xff\0 secret").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let loaded = read(&target(&dir, "a")).unwrap().unwrap();
        assert_eq!(loaded.bytes, b"\xff\0 secret");
        assert_eq!(loaded.attributes.mode(), 0o640);
        assert_eq!(loaded.attributes.links(), 1);
        let text = format!("{loaded:?}");
        assert!(!text.contains("secret") && !text.contains("255, 0"), "{text}");
    }

    #[test]
    fn only_what_does_not_exist_is_none() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read(&target(&dir, "a")).unwrap().is_none());
        fs::write(dir.path().join("a"), "").unwrap();
        assert!(read(&target(&dir, "a")).unwrap().unwrap().bytes.is_empty());
    }

    #[track_caller]
    fn check_kind(dir: &tempfile::TempDir, expected: FileKind) {
        match read(&target(dir, "a")) {
            Err(FsError::NotAFile { found, .. }) => assert_eq!(found, expected),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn directories_are_not_files() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("a")).unwrap();
        check_kind(&dir, FileKind::Directory);
        assert!(matches!(
            read_input(&dir.path().join("a")),
            Err(FsError::NotAFile { found: FileKind::Directory, .. })
        ));
    }

    #[test]
    fn pipes_are_refused_without_waiting_for_a_writer() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();
        check_kind(&dir, FileKind::Pipe);
    }

    #[test]
    fn sockets_are_named_as_such() {
        let dir = tempfile::tempdir().unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(dir.path().join("a")).unwrap();
        check_kind(&dir, FileKind::Socket);
    }

    #[test]
    fn devices_are_refused() {
        match read(&Target::resolve(Path::new("/dev/zero")).unwrap()) {
            Err(FsError::NotAFile { found, .. }) => assert_eq!(found, FileKind::Device),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_link_that_appears_after_the_path_was_resolved_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let target = target(&dir, "a");
        fs::write(dir.path().join("b"), "secret").unwrap();
        std::os::unix::fs::symlink("b", dir.path().join("a")).unwrap();
        match read(&target) {
            Err(FsError::NotAFile { found, .. }) => assert_eq!(found, FileKind::Link),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn sizes_above_the_limit_are_refused_by_size_and_by_content() {
        let dir = tempfile::tempdir().unwrap();
        let file = File::create(dir.path().join("a")).unwrap();
        file.set_len(SIZE_LIMIT + 1).unwrap();
        assert!(matches!(
            read(&target(&dir, "a")),
            Err(FsError::TooLarge { limit: SIZE_LIMIT, .. })
        ));
        let path = Path::new("-");
        assert_eq!(read_at_most(&b"abc"[..], 0, 3, path).unwrap(), b"abc");
        assert!(matches!(
            read_at_most(&b"abcd"[..], 9, 3, path),
            Err(FsError::TooLarge { limit: 3, .. })
        ));
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, "torn").unwrap();
        let mut writes = ["whole text"].into_iter();
        let _hook = hook(move |moment| match moment {
            Moment::DuringRead => writes.next().map_or(Ok(()), |text| fs::write(&path, text)),
            _ => Ok(()),
        });
        let loaded = read(&target(&dir, "a")).unwrap().unwrap();
        assert_eq!(loaded.bytes, b"whole text");
    }

    #[test]
    fn a_file_that_never_settles_is_reported_as_such() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, "").unwrap();
        let mut text = String::new();
        let _hook = hook(move |_| {
            text.push('x');
            fs::write(&path, &text)
        });
        assert!(matches!(read(&target(&dir, "a")), Err(FsError::Unsettled { .. })));
    }

    #[test]
    fn input_may_be_a_pipe() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();
        let writer = std::thread::spawn({
            let path = path.clone();
            move || fs::write(path, "{}").unwrap()
        });
        assert_eq!(read_input(&path).unwrap(), b"{}");
        writer.join().unwrap();
    }
}
