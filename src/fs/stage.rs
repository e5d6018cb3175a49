//! New content on its way to become visible: a file beside the config.
//!
//! Private from birth, and removed when it is dropped before it was published. What a dying process
//! leaves behind has a name that says what it is, and is swept by the next holder of the lock.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use super::fingerprint::Identity;
use super::platform::{self, Directory};
use super::sidecar::Sidecars;

/// Tries to find a name that nobody has; one is enough but for planted files.
const MOST_NAMES: usize = 16;

/// A file that is not visible under the config's name yet.
#[derive(Debug)]
pub(super) struct Stage<'d> {
    directory: &'d Directory,
    content: Content,
    name: OsString,
    fate: Fate,
}

/// What is staged.
#[derive(Debug)]
enum Content {
    File(File),
    Link,
}

/// What happens to the name when the stage is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Remove,
    Leave,
}

impl<'d> Stage<'d> {
    /// Creates an empty file with mode 0600.
    pub(super) fn create(directory: &'d Directory, names: &Sidecars) -> io::Result<Self> {
        Self::create_by(directory, names, |name| directory.create_new(name).map(Content::File))
    }

    /// Creates a symbolic link to `to`.
    pub(super) fn link(directory: &'d Directory, names: &Sidecars, to: &Path) -> io::Result<Self> {
        let create = |name: &OsStr| directory.create_link(name, to).map(|()| Content::Link);
        Self::create_by(directory, names, create)
    }

    fn create_by(
        directory: &'d Directory,
        names: &Sidecars,
        create: impl Fn(&OsStr) -> io::Result<Content>,
    ) -> io::Result<Self> {
        let mut tries = 0;
        loop {
            let name = names.stage();
            match create(&name) {
                Ok(content) => {
                    return Ok(Self { directory, content, name, fate: Fate::Remove });
                }
                Err(error)
                    if error.kind() == io::ErrorKind::AlreadyExists && tries < MOST_NAMES =>
                {
                    tries += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Creates a private file that holds `bytes` and is synced: a file of our own.
    pub(super) fn private(
        directory: &'d Directory,
        names: &Sidecars,
        bytes: &[u8],
    ) -> io::Result<Self> {
        let stage = Self::begun(directory, names, bytes)?;
        stage.sync()?;
        Ok(stage)
    }

    /// Creates a private file that holds `bytes`, as [`Self::private`] does, but does not sync it.
    pub(super) fn begun(
        directory: &'d Directory,
        names: &Sidecars,
        bytes: &[u8],
    ) -> io::Result<Self> {
        let mut stage = Self::create(directory, names)?;
        platform::make_private(stage.file())?;
        directory.hand_over(stage.file())?;
        stage.write(bytes)?;
        Ok(stage)
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.file();
        file.write_all(bytes)
    }

    /// Makes content and attributes durable. Not to be called again after it failed: the kernel
    /// may have dropped what it could not write, and say on the second call that all is well.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file().sync_all()
    }

    /// The staged file.
    pub(super) fn file(&self) -> &File {
        match &self.content {
            Content::File(file) => file,
            Content::Link => unreachable!("links are not written to"),
        }
    }

    pub(super) fn name(&self) -> &OsStr {
        &self.name
    }

    pub(super) fn identity(&self) -> io::Result<Identity> {
        let metadata = match &self.content {
            Content::File(file) => file.metadata()?,
            Content::Link => std::fs::symlink_metadata(self.directory.path().join(&self.name))?,
        };
        Ok(platform::identity(&metadata))
    }

    /// Gives the stage another name beside the config.
    pub(super) fn rename(&mut self, name: OsString) -> io::Result<()> {
        self.directory.rename(&self.name, &name)?;
        self.name = name;
        Ok(())
    }

    /// Publishes it over whatever is there.
    pub(super) fn publish(mut self, name: &OsStr) -> io::Result<()> {
        self.directory.rename(&self.name, name)?;
        self.fate = Fate::Leave;
        Ok(())
    }

    /// Publishes it if nothing is there, else fails with `AlreadyExists`.
    pub(super) fn publish_new(mut self, name: &OsStr) -> io::Result<()> {
        self.directory.rename_new(&self.name, name)?;
        self.fate = Fate::Leave;
        Ok(())
    }

    /// Leaves what is under the stage's name to somebody else: it is not the stage any more.
    pub(super) fn leave(&mut self) {
        self.fate = Fate::Leave;
    }

    /// Removes what is under the stage's name, whatever it is now.
    pub(super) fn remove(mut self) -> io::Result<()> {
        self.fate = Fate::Leave;
        self.directory.remove(&self.name)
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        if self.fate == Fate::Remove {
            // Where it fails the next holder of the lock removes it, or names it as a leftover.
            self.directory.remove(&self.name).ok();
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn is_private_and_gone_when_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let directory = Directory::open(dir.path()).unwrap();
        let names = Sidecars::of(OsStr::new("a"));
        let stage = Stage::create(&directory, &names).unwrap();
        let mode = stage.file().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
        assert_eq!(directory.names().unwrap().len(), 3, "`.`, `..` and the stage");
        drop(stage);
        assert_eq!(directory.names().unwrap().len(), 2);
    }

    #[test]
    fn publishing_as_new_never_replaces() {
        let dir = tempfile::tempdir().unwrap();
        let directory = Directory::open(dir.path()).unwrap();
        let names = Sidecars::of(OsStr::new("a"));
        let stage = |bytes: &[u8]| Stage::private(&directory, &names, bytes).unwrap();
        stage(b"1").publish_new(OsStr::new("a")).unwrap();
        let error = stage(b"2").publish_new(OsStr::new("a")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(dir.path().join("a")).unwrap(), b"1");
        assert_eq!(directory.names().unwrap().len(), 3, "the failed stage is gone");
    }
}
