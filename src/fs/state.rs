//! The tool's own files: private, and written whole or not at all.
//!
//! The state directory is created with mode 0700, files in it with 0600. What others can write to is
//! refused, what they could read of a secret too. Nothing is ever widened or tightened behind a
//! person's back.

use std::ffi::OsStr;
use std::io;
use std::path::Path;

use super::error::FsError;
use super::platform::{self, Directory};
use super::read::{self, Settled};
use super::sidecar::Sidecars;
use super::stage::Stage;
use super::sweep;

/// Name of the key file in the state directory.
const KEY: &str = "key";

/// Creates a directory, and those above it, with mode 0700. One that exists is left as it is.
///
/// # Errors
///
/// [`FsError::Io`], also if there is something other than a directory.
pub fn create_private_directory(path: &Path) -> Result<(), FsError> {
    let path = std::path::absolute(path).map_err(FsError::io("find", path))?;
    let failed = FsError::io("create the directory", &path);
    create_with_parents(&path).map_err(FsError::io("create the directory", &path))?;
    let metadata = std::fs::metadata(&path).map_err(FsError::io("look at", &path))?;
    if metadata.is_dir() { Ok(()) } else { Err(failed(io::ErrorKind::NotADirectory.into())) }
}

/// Creates the state directory, and those above it, with mode 0700. One that exists is checked.
///
/// # Errors
///
/// [`FsError::NotPrivate`] if others may write to it; [`FsError::Io`] otherwise, also if it belongs
/// to somebody else.
pub fn create_state_dir(path: &Path) -> Result<(), FsError> {
    create_private_directory(path)?;
    let metadata = std::fs::metadata(path).map_err(FsError::io("look at", path))?;
    check_private(path, &metadata, 0o022)
}

fn create_with_parents(path: &Path) -> io::Result<()> {
    match platform::create_private_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let Some(parent) = path.parent() else {
                return Err(error);
            };
            create_with_parents(parent)?;
            match platform::create_private_dir(path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
                _ => Ok(()),
            }
        }
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

pub(super) fn check_private(
    path: &Path,
    metadata: &std::fs::Metadata,
    bits: u32,
) -> Result<(), FsError> {
    match platform::open_to_others(metadata, bits) {
        Some(mode) => Err(FsError::NotPrivate { path: path.to_owned(), mode }),
        None if platform::is_ours(metadata) => Ok(()),
        None => Err(FsError::io("use", path)(io::ErrorKind::PermissionDenied.into())),
    }
}

/// Replaces a file of our own, or creates it, with mode 0600: durable, and all or nothing.
///
/// For the state directory alone: it compares nothing and keeps no attributes.
///
/// # Errors
///
/// [`FsError::Io`]; the file is then as it was, or its new content is not durable.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), FsError> {
    let (directory, name) = place(path)?;
    let sidecars = Sidecars::of(name);
    sweep::sweep_dead_stages(&directory, &sidecars)?;
    Stage::private(&directory, &sidecars, bytes)
        .and_then(|stage| stage.publish(name))
        .and_then(|()| directory.sync())
        .map_err(FsError::io("write", path))
}

/// Reads a file of our own. `None` if it does not exist.
///
/// # Errors
///
/// [`FsError::NotPrivate`] if others may read or write it, else as [`read`](super::read()).
pub fn read_private(path: &Path) -> Result<Option<Vec<u8>>, FsError> {
    read_checked(path, 0o077)
}

/// Reads a file of a person that says what is to be run. `None` if it does not exist.
///
/// # Errors
///
/// [`FsError::NotPrivate`] if others may write it, else as [`read`](super::read()).
pub fn read_trusted(path: &Path) -> Result<Option<Vec<u8>>, FsError> {
    match read_checked(path, 0o022) {
        Err(FsError::MissingDirectory { .. }) => Ok(None),
        read => read,
    }
}

/// `bits` of group and others must not be set.
fn read_checked(path: &Path, bits: u32) -> Result<Option<Vec<u8>>, FsError> {
    let (directory, name) = place(path)?;
    let file = match directory.open_to_read(name) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(FsError::io("open", path)(error)),
    };
    let metadata = file.metadata().map_err(FsError::io("look at", path))?;
    check_private(path, &metadata, bits)?;
    match read::contents_of(&file, path)? {
        Settled::Yes(contents) => Ok(Some(contents.bytes)),
        Settled::No => Err(FsError::Unsettled { path: path.to_owned() }),
    }
}

/// The key that secrets are fingerprinted with, of this installation alone. Made on first use.
///
/// Processes that use it first at the same time all get the same key.
///
/// # Errors
///
/// [`FsError::Damaged`] if the key file is not 32 bytes, else as [`create_state_dir`] and
/// [`read_private`].
pub fn install_key(state_dir: &Path) -> Result<[u8; 32], FsError> {
    let path = state_dir.join(KEY);
    // First without a check of the directory: nearly always the key is there.
    if let Some(key) = read_key(&path)? {
        return Ok(key);
    }
    create_state_dir(state_dir)?;
    let key = draw().map_err(FsError::io("draw random bytes for", &path))?;
    let (directory, name) = place(&path)?;
    let sidecars = Sidecars::of(name);
    sweep::sweep_dead_stages(&directory, &sidecars)?;
    let published =
        Stage::private(&directory, &sidecars, &key).and_then(|stage| stage.publish_new(name));
    match published {
        Ok(()) => {}
        // Another process was faster. Its key is the key.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(FsError::io("create", &path)(error)),
    }
    directory.sync().map_err(FsError::io("create", &path))?;
    read_key(&path)?.ok_or_else(|| FsError::io("open", &path)(io::ErrorKind::NotFound.into()))
}

/// The key of this installation, if it has one that can be read. Makes nothing.
#[must_use]
pub fn present_install_key(state_dir: &Path) -> Option<[u8; 32]> {
    read_key(&state_dir.join(KEY)).ok().flatten()
}

/// A key for this run alone, where none can be kept: its fingerprints compare with no others.
///
/// # Panics
///
/// If the system has no random bytes to give.
#[must_use]
pub fn passing_key() -> [u8; 32] {
    draw().expect("the system gives random bytes")
}

fn draw() -> io::Result<[u8; 32]> {
    let mut key = [0; 32];
    getrandom::fill(&mut key)?;
    Ok(key)
}

fn read_key(path: &Path) -> Result<Option<[u8; 32]>, FsError> {
    match read_private(path) {
        Ok(Some(bytes)) => match bytes.try_into() {
            Ok(key) => Ok(Some(key)),
            Err(_) => Err(FsError::Damaged { path: path.to_owned(), expected: "32 bytes" }),
        },
        Ok(None) | Err(FsError::MissingDirectory { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The directory of a file of our own, and its name there.
pub(super) fn place(path: &Path) -> Result<(Directory, &OsStr), FsError> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(FsError::io("open", path)(io::ErrorKind::IsADirectory.into()));
    };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    match Directory::open(parent) {
        Ok(directory) => Ok((directory, name)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(FsError::MissingDirectory { path: path.to_owned() })
        }
        Err(error) => Err(FsError::io("open the directory", parent)(error)),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn directories_are_private_all_the_way() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state/confwarden");
        create_state_dir(&state).unwrap();
        create_state_dir(&state).unwrap();
        assert_eq!(mode(&state), 0o700);
        assert_eq!(mode(&dir.path().join("state")), 0o700);
        set_mode(&state, 0o755);
        create_private_directory(&state).unwrap();
        assert_eq!(mode(&state), 0o755, "an existing one is not ours to change");
    }

    #[test]
    fn a_directory_that_others_may_write_to_is_refused_and_left_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        set_mode(dir.path(), 0o777);
        assert!(matches!(
            create_state_dir(dir.path()),
            Err(FsError::NotPrivate { mode: 0o777, .. })
        ));
        assert_eq!(mode(dir.path()), 0o777);
    }

    #[test]
    fn a_file_in_the_way_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        assert!(create_private_directory(&dir.path().join("file")).is_err());
        assert!(create_state_dir(&dir.path().join("file/below")).is_err());
    }

    #[test]
    fn key_is_made_once_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("confwarden");
        let key = install_key(&state).unwrap();
        assert_ne!(key, [0; 32]);
        assert_eq!(install_key(&state).unwrap(), key);
        assert_eq!(mode(&state.join(KEY)), 0o600);
        assert_ne!(install_key(&dir.path().join("other")).unwrap(), key);
        assert_eq!(present_install_key(&state), Some(key));
        assert_eq!(present_install_key(&dir.path().join("none")), None);
        assert!(!dir.path().join("none").exists());
        assert_ne!(passing_key(), passing_key());
    }

    #[test]
    fn key_is_the_same_for_all_who_use_it_first_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("confwarden");
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| install_key(&state))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
        assert_eq!(fs::read_dir(&state).unwrap().count(), 1, "stages are left");
    }

    #[test]
    fn a_damaged_or_open_or_linked_key_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(KEY);
        write_private(&path, &[1; 31]).unwrap();
        assert!(matches!(install_key(dir.path()), Err(FsError::Damaged { .. })));
        write_private(&path, &[1; 32]).unwrap();
        assert_eq!(install_key(dir.path()).unwrap(), [1; 32]);
        set_mode(&path, 0o640);
        assert!(matches!(install_key(dir.path()), Err(FsError::NotPrivate { mode: 0o640, .. })));
        fs::remove_file(&path).unwrap();
        symlink("elsewhere", &path).unwrap();
        assert!(matches!(install_key(dir.path()), Err(FsError::Io { .. })));
        assert!(!dir.path().join("elsewhere").exists());
    }

    #[test]
    fn what_dead_processes_left_is_swept_and_what_live_ones_write_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let path = dir.path().join("a");
        let stage = |pid| dir.path().join(format!(".a.confwarden.{pid}-0f.tmp"));
        fs::write(stage(child.id()), "").unwrap();
        fs::write(stage(std::process::id()), "").unwrap();
        write_private(&path, b"").unwrap();
        assert!(!stage(child.id()).exists());
        assert!(stage(std::process::id()).exists());
    }

    #[test]
    fn private_files_are_replaced_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        assert_eq!(read_private(&path).unwrap(), None);
        write_private(&path, b"one").unwrap();
        write_private(&path, b"2").unwrap();
        assert_eq!(read_private(&path).unwrap().unwrap(), b"2");
        assert_eq!(mode(&path), 0o600);
    }
}
