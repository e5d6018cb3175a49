//! Which file is meant: the symlink rule, in one place.
//!
//! A config that is a symbolic link stays one: what it leads to is read, locked and replaced.
//! Relative links, chains and dangling links are followed; a loop is an error.
//!
//! Nothing here opens a file.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use super::error::{FileKind, FsError};
use super::platform;
use super::sidecar::Sidecars;

/// As many links as Linux follows.
const MOST_LINKS: usize = 40;

/// A file that exists or is to be created, found from the path a person named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    named: PathBuf,
    path: PathBuf,
    links: Vec<Link>,
}

/// A symbolic link that was followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) path: PathBuf,
    /// As it is written in the link.
    pub(super) to: PathBuf,
}

impl Target {
    /// Finds the file that `path` means.
    ///
    /// The file need not exist, its directory must. What a dangling link points to is the file to
    /// create.
    ///
    /// # Errors
    ///
    /// [`FsError::LinkLoop`], [`FsError::MissingDirectory`], [`FsError::NotAFile`] for a path
    /// without a file name, [`FsError::Io`] when a directory cannot be searched.
    pub fn resolve(path: &Path) -> Result<Self, FsError> {
        let named = std::path::absolute(path).map_err(FsError::io("find", path))?;
        let mut current = named.clone();
        let mut links = Vec::new();
        for _ in 0..=MOST_LINKS {
            match std::fs::symlink_metadata(&current) {
                Ok(found) if found.is_symlink() => {
                    let link =
                        std::fs::read_link(&current).map_err(FsError::io("follow", &current))?;
                    // Not simplified as text: `..` after a linked directory is the kernel's to judge.
                    let next = parent(&current).join(&link);
                    links.push(Link { path: current, to: link });
                    current = next;
                }
                Ok(_) => return Self::settle(named, &current, links),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Self::settle(named, &current, links);
                }
                Err(error) if platform::is_link_loop(&error) => break,
                Err(error) => return Err(FsError::io("find", &current)(error)),
            }
        }
        Err(FsError::LinkLoop { path: named })
    }

    /// Makes the directory of `current`, the last of the links, a real path.
    fn settle(named: PathBuf, current: &Path, links: Vec<Link>) -> Result<Self, FsError> {
        let Some(file_name) = current.file_name() else {
            return Err(FsError::NotAFile { path: named, found: FileKind::Directory });
        };
        let directory = parent(current).canonicalize().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => FsError::MissingDirectory { path: current.to_owned() },
            _ => FsError::io("find the directory of", current)(error),
        })?;
        Ok(Self { path: directory.join(file_name), named, links })
    }

    /// What stands under `path` itself, whatever it is. `None` for a path without a file name.
    pub(super) fn itself(path: &Path) -> Option<Self> {
        path.file_name()?;
        Some(Self { named: path.to_owned(), path: path.to_owned(), links: Vec::new() })
    }

    /// The links that were followed from the name to the file, in this order.
    pub(super) fn links(&self) -> &[Link] {
        &self.links
    }

    /// The path as it was given, made absolute.
    #[must_use]
    pub fn named(&self) -> &Path {
        &self.named
    }

    /// The path that was given, with its directory as a real path: what a configuration is known by.
    /// It stays the same while a link that it is leads elsewhere, as that of a dotfile manager, of Nix
    /// or of a mounted `ConfigMap` does. One that cannot be found is taken as it is.
    #[must_use]
    pub fn entry(path: &Path) -> PathBuf {
        let named = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        match (named.parent().map(Path::canonicalize), named.file_name()) {
            (Some(Ok(directory)), Some(name)) => directory.join(name),
            _ => named,
        }
    }

    /// Whether the path that was given is itself a symbolic link.
    #[must_use]
    pub fn is_link(&self) -> bool {
        std::fs::symlink_metadata(&self.named).is_ok_and(|found| found.is_symlink())
    }

    /// The real path: the file that is read and replaced, behind every link.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The real directory of [`Self::path`].
    #[must_use]
    pub fn directory(&self) -> &Path {
        parent(&self.path)
    }

    /// Whether the name still leads to this file: a link may lead elsewhere meanwhile.
    #[must_use]
    pub fn is_current(&self) -> bool {
        Self::resolve(&self.named).is_ok_and(|now| now.path == self.path)
    }

    /// Permission bits of [`Self::directory`] (octal), where the platform has them.
    #[must_use]
    pub fn directory_mode(&self) -> Option<u32> {
        platform::mode(&self.directory().metadata().ok()?)
    }

    /// User id of the owner of [`Self::directory`], where the platform has them.
    #[must_use]
    pub fn directory_owner(&self) -> Option<u32> {
        platform::owner(&self.directory().metadata().ok()?)
    }

    /// The sidecar lock file, beside the real file.
    #[must_use]
    pub fn lock_path(&self) -> PathBuf {
        self.directory().join(self.sidecars().lock())
    }

    /// Name of the real file in its directory.
    pub(super) fn file_name(&self) -> &OsStr {
        self.path.file_name().expect("`settle` takes only paths with a file name")
    }

    pub(super) fn sidecars(&self) -> Sidecars {
        Sidecars::of(self.file_name())
    }
}

/// The path without any link in it; it must exist.
///
/// # Errors
///
/// [`FsError::LinkLoop`], [`FsError::Io`] otherwise, also if it does not exist.
pub fn real_path(path: &Path) -> Result<PathBuf, FsError> {
    path.canonicalize().map_err(|error| {
        if platform::is_link_loop(&error) {
            FsError::LinkLoop { path: path.to_owned() }
        } else {
            FsError::io("find", path)(error)
        }
    })
}

/// The directory that an absolute path lies in; the root lies in itself.
fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// A directory whose own path has no links in it.
    fn place() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap();
        (dir, path)
    }

    #[track_caller]
    fn check(named: &Path, expected: &Path) {
        let target = Target::resolve(named).unwrap();
        assert_eq!(target.path(), expected);
        assert_eq!(target.named(), named);
        assert_eq!(target.directory(), expected.parent().unwrap());
    }

    #[test]
    fn plain_file_is_itself_whether_it_exists_or_not() {
        let (_keep, dir) = place();
        check(&dir.join("a"), &dir.join("a"));
        fs::write(dir.join("a"), "").unwrap();
        check(&dir.join("a"), &dir.join("a"));
    }

    #[test]
    fn relative_link_counts_from_its_own_directory() {
        let (_keep, dir) = place();
        fs::create_dir(dir.join("sub")).unwrap();
        fs::write(dir.join("real"), "").unwrap();
        symlink("../real", dir.join("sub/link")).unwrap();
        check(&dir.join("sub/link"), &dir.join("real"));
    }

    #[test]
    fn relative_link_in_a_linked_directory_counts_from_the_real_one() {
        let (_keep, dir) = place();
        fs::create_dir_all(dir.join("deep/er")).unwrap();
        fs::write(dir.join("deep/real"), "").unwrap();
        symlink("../real", dir.join("deep/er/link")).unwrap();
        symlink("deep/er", dir.join("short")).unwrap();
        check(&dir.join("short/link"), &dir.join("deep/real"));
    }

    #[test]
    fn chains_are_followed_to_the_end() {
        let (_keep, dir) = place();
        fs::write(dir.join("real"), "").unwrap();
        symlink("real", dir.join("one")).unwrap();
        symlink(dir.join("one"), dir.join("two")).unwrap();
        symlink("./two", dir.join("three")).unwrap();
        check(&dir.join("three"), &dir.join("real"));
    }

    #[test]
    fn dangling_link_names_the_file_to_create() {
        let (_keep, dir) = place();
        fs::create_dir(dir.join("sub")).unwrap();
        symlink("sub/new", dir.join("link")).unwrap();
        check(&dir.join("link"), &dir.join("sub/new"));
    }

    #[test]
    fn loops_are_an_error() {
        let (_keep, dir) = place();
        symlink("b", dir.join("a")).unwrap();
        symlink("a", dir.join("b")).unwrap();
        symlink("self", dir.join("self")).unwrap();
        for name in ["a", "self", "self/below"] {
            let error = real_path(&dir.join(name)).unwrap_err();
            assert!(matches!(error, FsError::LinkLoop { .. }), "{name}: {error:?}");
            let error = Target::resolve(&dir.join(name)).unwrap_err();
            assert!(matches!(error, FsError::LinkLoop { .. }), "{name}: {error:?}");
        }
    }

    #[test]
    fn missing_directory_is_an_error_also_behind_a_link() {
        let (_keep, dir) = place();
        symlink("nowhere/file", dir.join("link")).unwrap();
        for name in ["nowhere/file", "link"] {
            let error = Target::resolve(&dir.join(name)).unwrap_err();
            assert!(matches!(error, FsError::MissingDirectory { .. }), "{name}: {error:?}");
        }
    }

    #[test]
    fn a_path_without_a_file_name_is_an_error() {
        for path in ["/", "/tmp/.."] {
            let error = Target::resolve(Path::new(path)).unwrap_err();
            assert!(matches!(error, FsError::NotAFile { .. }), "{path}: {error:?}");
        }
    }

    #[test]
    fn a_file_where_a_directory_should_be_is_an_error() {
        let (_keep, dir) = place();
        fs::write(dir.join("file"), "").unwrap();
        let error = Target::resolve(&dir.join("file/below")).unwrap_err();
        assert!(matches!(error, FsError::Io { .. }), "{error:?}");
    }

    #[test]
    fn the_lock_lies_beside_the_real_file() {
        let (_keep, dir) = place();
        fs::create_dir(dir.join("sub")).unwrap();
        symlink("sub/openclaw.json", dir.join("link")).unwrap();
        assert_eq!(
            Target::resolve(&dir.join("link")).unwrap().lock_path(),
            dir.join("sub/.openclaw.json.confwarden.lock")
        );
    }
}
