//! What stands under a name that should hold the config, and putting the config back there.
//!
//! A program may leave anything: a file with another owner or mode, a symbolic link to elsewhere, a
//! directory, nothing; or a file where a symbolic link led to the config. Whatever it is, it is
//! looked at first, and replaced only if it still is that. No link is written through that was not
//! followed when the lock was taken. What is neither file nor link is kept.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use super::error::{FileKind, FsError};
use super::exchange::{self, Exchanged, Place, identity_of};
use super::fingerprint::Identity;
use super::lock::LockGuard;
use super::moment::{Moment, reached};
use super::platform::{self, Directory};
use super::read::{self, Loaded};
use super::replace::{Durability, HardLinks, Method, ReplaceError, ReplaceOptions, Replaced, Step};
use super::stage::Stage;
use super::state;
use super::target::{Link, Target};

/// What stands under a name.
#[derive(Debug)]
pub enum Standing {
    /// Nothing.
    Nothing,
    /// A regular file.
    File(Loaded),
    /// A symbolic link.
    Link {
        /// Where it leads to, as it is written in it.
        to: PathBuf,
        /// For comparison.
        seen: Seen,
    },
    /// A directory, a pipe, a socket or a device.
    Other {
        /// Which of them.
        kind: FileKind,
        /// For comparison.
        seen: Seen,
    },
}

/// Which link, directory or the like was seen, for comparison alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen(Identity);

/// A symbolic link that led to the config, and does not stand any more.
#[derive(Debug)]
pub struct BrokenLink {
    link: Link,
    standing: Standing,
}

impl BrokenLink {
    /// Where it was.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.link.path
    }

    /// Where it led to, as it was written in it.
    #[must_use]
    pub fn to(&self) -> &Path {
        &self.link.to
    }

    /// What stands there now.
    #[must_use]
    pub fn standing(&self) -> &Standing {
        &self.standing
    }
}

impl LockGuard {
    /// Keeps `bytes` beside the locked file, with mode 0600, under a name of their own: for what nobody
    /// may throw away but a person. The next lock names it among its [leftovers](Self::leftovers).
    ///
    /// # Errors
    ///
    /// [`FsError::Io`].
    pub fn keep(&self, bytes: &[u8]) -> Result<PathBuf, FsError> {
        let (directory, sidecars) = (self.open_directory(), self.target().sidecars());
        let kept = sidecars.kept();
        let path = self.target().directory().join(&kept);
        Stage::private(directory, &sidecars, bytes)
            .and_then(|stage| stage.publish_new(&kept))
            .and_then(|()| directory.sync())
            .map_err(FsError::io("keep", &path))?;
        Ok(path)
    }

    /// Looks what stands under the name of the locked file, which may have become anything.
    ///
    /// # Errors
    ///
    /// As [`read`](super::read()), also where it changes while it is looked at.
    pub fn standing(&self) -> Result<Standing, FsError> {
        look(self.place())
    }

    /// Puts a regular file with `bytes` and the attributes of `like` in the place of what was `seen`
    /// there, if it still stands there.
    ///
    /// Owner, mode, access lists and extended attributes are exactly those of `like`. A symbolic link
    /// is replaced itself, never what it leads to. What is neither file nor link is kept beside it
    /// ([`Replaced::kept`]). Same bytes and attributes touch nothing.
    ///
    /// # Errors
    ///
    /// As [`Self::replace`].
    pub fn reinstate(
        &self,
        seen: &Standing,
        bytes: &[u8],
        like: &Loaded,
        options: ReplaceOptions,
    ) -> Result<Replaced, ReplaceError> {
        self.check_size(bytes)?;
        let _turn = self.turn().map_err(ReplaceError::Turn)?;
        match seen {
            Standing::Nothing => self.create(bytes, Some(&like.attributes)),
            Standing::File(base) => {
                self.replace_existing(base, bytes, Some(&like.attributes), options)
            }
            Standing::Link { seen, .. } | Standing::Other { seen, .. } => {
                let mut stage = self.stage(bytes)?;
                self.dress(&stage, &like.attributes)?;
                let fingerprint = self.sync(&mut stage, bytes)?;
                let (method, kept) = put(self.place(), stage, &seen.0)?;
                Ok(Replaced { kept, ..self.published(method, fingerprint) })
            }
        }
    }

    /// Gives the file back the attributes of `like`; its content stays as it is now.
    ///
    /// A new file takes its place, so it works also where another user took the file over, and no
    /// reader meets a state in between. The same attributes touch nothing.
    ///
    /// # Errors
    ///
    /// As [`Self::replace`]; [`ReplaceError::Drifted`] also where there is no file.
    pub fn restore_attributes(&self, like: &Loaded) -> Result<Replaced, ReplaceError> {
        let _turn = self.turn().map_err(ReplaceError::Turn)?;
        let now = Self::readable(self.read())?.ok_or(ReplaceError::Drifted)?;
        let options = ReplaceOptions { hard_links: HardLinks::Refuse };
        self.replace_existing(&now, &now.bytes, Some(&like.attributes), options)
    }

    /// The first symbolic link on the way to the locked file that was followed when the lock was
    /// taken and is not there any more, or leads elsewhere. `None` if all are as they were.
    ///
    /// # Errors
    ///
    /// As [`Self::standing`].
    pub fn broken_link(&self) -> Result<Option<BrokenLink>, FsError> {
        for link in self.target().links() {
            let standing = match Target::itself(&link.path) {
                None => continue,
                Some(target) => match Directory::open(target.directory()) {
                    Ok(directory) => look(Place { directory: &directory, target: &target })?,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Standing::Nothing,
                    Err(error) => {
                        return Err(FsError::io("open the directory", target.directory())(error));
                    }
                },
            };
            if !matches!(&standing, Standing::Link { to, .. } if *to == link.to) {
                return Ok(Some(BrokenLink { link: link.clone(), standing }));
            }
        }
        Ok(None)
    }

    /// Writes `bytes` into the locked file, as [`Self::reinstate`], and then puts the symbolic link
    /// back that led to it, in the place of what was seen there, if it still stands there.
    ///
    /// Whoever reads by the link's name finds what was seen until the link is back. What replaced the
    /// link is gone then, so `bytes` must hold what is to be kept of it.
    ///
    /// # Errors
    ///
    /// As [`Self::reinstate`]: nothing has happened, what replaced the link stays.
    /// [`ReplaceError::LinkNotPutBack`]: only the first of the two has happened.
    pub fn relink(
        &self,
        broken: &BrokenLink,
        seen: &Standing,
        bytes: &[u8],
        like: &Loaded,
        options: ReplaceOptions,
    ) -> Result<Replaced, ReplaceError> {
        let _turn = self.turn().map_err(ReplaceError::Turn)?;
        let replaced = self.reinstate(seen, bytes, like, options)?;
        match put_link(broken) {
            Ok((kept, synced)) => Ok(Replaced {
                kept: kept.or(replaced.kept),
                durability: match replaced.durability {
                    Durability::Durable => Durability::of(synced),
                    unsure @ Durability::Unsure(_) => unsure,
                },
                ..replaced
            }),
            Err(source) => Err(ReplaceError::LinkNotPutBack {
                link: broken.link.path.clone(),
                source: Box::new(source),
            }),
        }
    }
}

/// Looks what has the name of a place.
fn look(place: Place<'_>) -> Result<Standing, FsError> {
    let path = place.target.path();
    let found = match std::fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Standing::Nothing),
        Err(error) => return Err(FsError::io("look at", path)(error)),
    };
    let seen = Seen(platform::identity(&found));
    if found.is_symlink() {
        let to = std::fs::read_link(path).map_err(FsError::io("follow", path))?;
        return Ok(Standing::Link { to, seen });
    }
    if !found.is_file() {
        return Ok(Standing::Other { kind: FileKind::of(found.file_type()), seen });
    }
    let contents = read::contents(place.directory, place.target)?;
    Ok(contents.map_or(Standing::Nothing, |contents| Standing::File(Loaded::from(contents))))
}

/// Publishes a stage in the place of a link, a directory or the like that has this identity. Also
/// says where that is kept, if it is no link.
fn put<'d>(
    place: Place<'d>,
    stage: Stage<'d>,
    seen: &Identity,
) -> Result<(Method, Option<PathBuf>), ReplaceError> {
    let name = place.name();
    let is_seen = |name: &OsStr| identity_of(place.directory, name).as_ref() == Some(seen);
    reached(Moment::BeforeCompare).map_err(|error| place.failed(Step::LookAt, error))?;
    if !is_seen(name) {
        return Err(ReplaceError::Drifted);
    }
    let is_link = std::fs::symlink_metadata(place.target.path()).is_ok_and(|is| is.is_symlink());
    let kept = place.target.sidecars().kept();
    match exchange::exchange(place, stage, seen, is_seen)? {
        Exchanged::Yes(displaced) if is_link => {
            // Where it fails the next lock sweeps it.
            reached(Moment::BeforeRemove).and_then(|()| displaced.remove()).ok();
            Ok((Method::Exchanged, None))
        }
        Exchanged::Yes(mut displaced) => {
            // Under its present name it would be named as left behind, too.
            let renamed = reached(Moment::BeforeRemove).and_then(|()| displaced.rename(kept));
            let kept = place.beside(displaced.name());
            renamed.ok();
            Ok((Method::Exchanged, Some(kept)))
        }
        Exchanged::Mounted => Err(place.failed(Step::Publish, io::ErrorKind::ResourceBusy.into())),
        Exchanged::Unsupported(stage) if is_link => {
            if !is_seen(name) {
                return Err(ReplaceError::Drifted);
            }
            reached(Moment::BeforeRename)
                .and_then(|()| stage.publish(name))
                .map_err(|error| place.failed(Step::Publish, error))?;
            Ok((Method::Renamed, None))
        }
        Exchanged::Unsupported(stage) => {
            // Two steps, since nothing can be renamed over a directory.
            let moved = is_seen(name).then(|| place.directory.rename(name, &kept));
            moved.ok_or(ReplaceError::Drifted)?.map_err(|e| place.failed(Step::Publish, e))?;
            let kept = place.beside(&kept);
            match reached(Moment::BeforeRename).and_then(|()| stage.publish_new(name)) {
                Ok(()) => Ok((Method::Renamed, Some(kept))),
                Err(source) => Err(ReplaceError::NotPutBack { kept, source }),
            }
        }
    }
}

/// Puts a link back in the place of what was seen there. Returns where that is kept, if it was
/// neither file nor link, and whether the link is durable.
fn put_link(broken: &BrokenLink) -> Result<(Option<PathBuf>, io::Result<()>), ReplaceError> {
    let BrokenLink { link, standing } = broken;
    let target = Target::itself(&link.path).ok_or(ReplaceError::Drifted)?;
    let failed =
        |error| ReplaceError::Io { step: Step::Stage, path: link.path.clone(), source: error };
    state::create_private_directory(target.directory()).map_err(ReplaceError::Compare)?;
    let directory = Directory::open(target.directory()).map_err(failed)?;
    let place = Place { directory: &directory, target: &target };
    let stage = Stage::link(&directory, &target.sidecars(), &link.to).map_err(failed)?;
    let name = place.name();
    let kept = match standing {
        Standing::Nothing => {
            let published = reached(Moment::BeforeRename).and_then(|()| stage.publish_new(name));
            published.map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => ReplaceError::Drifted,
                _ => place.failed(Step::Publish, error),
            })?;
            None
        }
        Standing::File(base) => {
            let is_base = |name: &OsStr| exchange::is_file(place, name, base, &base.attributes);
            reached(Moment::BeforeCompare).map_err(|error| place.failed(Step::LookAt, error))?;
            if !is_base(name) {
                return Err(ReplaceError::Drifted);
            }
            match exchange::exchange(place, stage, base.fingerprint.identity(), is_base)? {
                Exchanged::Yes(displaced) => {
                    reached(Moment::BeforeRemove).and_then(|()| displaced.remove()).ok();
                }
                Exchanged::Mounted => {
                    return Err(place.failed(Step::Publish, io::ErrorKind::ResourceBusy.into()));
                }
                Exchanged::Unsupported(stage) => {
                    if !is_base(name) {
                        return Err(ReplaceError::Drifted);
                    }
                    reached(Moment::BeforeRename)
                        .and_then(|()| stage.publish(name))
                        .map_err(|error| place.failed(Step::Publish, error))?;
                }
            }
            None
        }
        Standing::Link { seen, .. } | Standing::Other { seen, .. } => put(place, stage, &seen.0)?.1,
    };
    let synced = reached(Moment::BeforeDirectorySync).and_then(|()| directory.sync());
    Ok((kept, synced))
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
