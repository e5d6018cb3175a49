//! Publishing by exchange: old and new file change names, then the old one is looked at.
//!
//! A rename destroys what it replaces, so whatever another writer put there after the last
//! comparison would be lost unseen. An exchange keeps it: if it is not what was read, it goes back.
//!
//! # When the process dies
//!
//! The stage is renamed before the exchange, to a name that tells what both files are by identity.
//! Whatever the name holds afterwards, the next holder of the lock knows it: the stage, which was
//! never accepted; the base, which was replaced as intended; or another writer's version, which is
//! kept. The config itself is the old or the new file at every moment.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;

use super::attributes::Attributes;
use super::error::FsError;
use super::fingerprint::Identity;
use super::moment::{Moment, reached};
use super::platform::{self, Directory};
use super::read::{Loaded, Settled, contents_of};
use super::replace::{ReplaceError, Step};
use super::stage::Stage;
use super::target::Target;

/// How often other writers may get between two exchanges before we give up.
const MOST_TURNS: usize = 16;

/// A name that something is published under.
#[derive(Clone, Copy)]
pub(super) struct Place<'d> {
    pub(super) directory: &'d Directory,
    pub(super) target: &'d Target,
}

impl<'d> Place<'d> {
    pub(super) fn name(&self) -> &'d OsStr {
        self.target.file_name()
    }

    /// Path of another name in the same directory.
    pub(super) fn beside(&self, name: &OsStr) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(super) fn failed(&self, step: Step, source: io::Error) -> ReplaceError {
        ReplaceError::Io { step, path: self.target.path().to_owned(), source }
    }
}

/// What came of it.
pub(super) enum Exchanged<'d> {
    /// What was staged has the name now, and what it replaced was what had been seen there. That has
    /// the stage's name, and is the caller's to remove or keep.
    Yes(Stage<'d>),
    /// Names cannot be exchanged here; nothing has happened.
    Unsupported(Stage<'d>),
    /// The file is a mount of its own; nothing has happened.
    Mounted,
}

/// Publishes a synced stage over what has the identity `base`; `is_base` says whether what now has a
/// certain name is that. On doubt it is not.
pub(super) fn exchange<'d>(
    place: Place<'d>,
    mut stage: Stage<'d>,
    base: &Identity,
    is_base: impl Fn(&OsStr) -> bool,
) -> Result<Exchanged<'d>, ReplaceError> {
    let Place { directory, target } = place;
    let publish_failed = |error| place.failed(Step::Publish, error);

    let staged = stage.identity().map_err(publish_failed)?;
    let name = target.sidecars().swap(&staged, base);
    reached(Moment::BeforeSwapName).and_then(|()| stage.rename(name)).map_err(publish_failed)?;
    let exchanged = reached(Moment::BeforeExchange)
        .and_then(|()| directory.exchange(stage.name(), target.file_name()));
    match exchanged {
        Ok(()) => {}
        Err(error) => {
            return match error.kind() {
                io::ErrorKind::Unsupported => Ok(Exchanged::Unsupported(stage)),
                io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices => {
                    Ok(Exchanged::Mounted)
                }
                io::ErrorKind::NotFound => Err(ReplaceError::Drifted),
                _ => Err(publish_failed(error)),
            };
        }
    }

    // From here on the stage's name holds what was displaced, which may be the only copy.
    stage.leave();
    let verified = reached(Moment::BeforeVerify);
    if verified.is_ok() && is_base(stage.name()) {
        return Ok(Exchanged::Yes(stage));
    }
    Err(put_back(place, stage, &staged))
}

/// Whether what has `name` is the file that had been read.
///
/// By content and attributes: the file number may change with a rename (overlayfs copies up).
pub(super) fn is_file(
    place: Place<'_>,
    name: &OsStr,
    base: &Loaded,
    attributes: &Attributes,
) -> bool {
    let path = place.beside(name);
    let looked = place
        .directory
        .open_to_read(name)
        .map_err(FsError::io("open", &path))
        .and_then(|file| contents_of(&file, &path));
    matches!(looked, Ok(Settled::Yes(found))
        if found.bytes == base.bytes && found.attributes.same_access(attributes))
}

/// Gives the file back what was displaced, and says why nothing was written.
///
/// Other writers go on writing meanwhile. So after each exchange we look what came off: if it is
/// what we had put on, nobody interfered. Else it is newer than what we have just put on, and goes
/// on in the next turn.
fn put_back(place: Place<'_>, stage: Stage<'_>, staged: &Identity) -> ReplaceError {
    let Place { directory, .. } = place;
    let file_name = place.name();
    let name = stage.name().to_owned();
    let not_put_back = |source| ReplaceError::NotPutBack { kept: place.beside(&name), source };
    // Identity of what we last put on the file.
    let mut put_on = Some(*staged);
    for _ in 0..MOST_TURNS {
        let held = identity_of(directory, &name);
        let exchanged =
            reached(Moment::BeforePutBack).and_then(|()| directory.exchange(&name, file_name));
        match exchanged {
            Ok(()) => {}
            // Removed after our exchange; but what was there before it is not ours to remove.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                match directory.rename_new(&name, file_name) {
                    Ok(()) => return synced(place),
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                    Err(error) => return not_put_back(error),
                }
            }
            Err(error) => return not_put_back(error),
        }
        let came_off = identity_of(directory, &name);
        if came_off.is_some() && came_off == put_on {
            if came_off.as_ref() == Some(staged) {
                // Our own content, which nobody has accepted. Swept later if it cannot be removed.
                stage.remove().ok();
            }
            return synced(place);
        }
        put_on = held;
    }
    not_put_back(io::ErrorKind::ResourceBusy.into())
}

/// The file is as another writer made it; its durability is that writer's affair, but our exchanges
/// should not be what a power cut brings back.
fn synced(place: Place<'_>) -> ReplaceError {
    match place.directory.sync() {
        Ok(()) => ReplaceError::Drifted,
        Err(error) => place.failed(Step::Publish, error),
    }
}

/// Identity of whatever has the name, a link itself included.
pub(super) fn identity_of(directory: &Directory, name: &OsStr) -> Option<Identity> {
    let metadata = std::fs::symlink_metadata(directory.path().join(name)).ok()?;
    Some(platform::identity(&metadata))
}
