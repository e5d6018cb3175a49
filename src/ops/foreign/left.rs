//! What a program left under the name of a guarded file, and putting the file back there.
//!
//! A program may leave another file, a symbolic link, a directory, or nothing; it may open the file to
//! others, take it over, or put a file in the place of the link that led to it. What it wrote is read
//! wherever it stands. The file is put back where it was, with the access that it had.
//!
//! This module never decides what stands in a file.

use std::path::{Path, PathBuf};

use crate::fs::{
    Attributes, BrokenLink, HardLinks, Loaded, LockGuard, ReplaceError, ReplaceOptions, Replaced,
    Standing, Target, Wait, read,
};
use crate::ops::OpsError;

/// What stands under the name of a guarded file.
#[derive(Debug)]
pub(in crate::ops) struct Left {
    /// What the program wrote; nothing where there is no file to be read.
    pub(in crate::ops) loaded: Option<Loaded>,
    standing: Standing,
    broken: Option<BrokenLink>,
}

/// What was put right beside the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Owner, mode, access lists and extended attributes are those that the file had.
    Access,
    /// The file stands in the place of something else.
    Place,
    /// The symbolic link that led to the file leads there again.
    Link,
    /// The link could not be put back: a file stands in its place.
    LinkLost,
}

/// A file that was put back.
#[derive(Debug)]
pub(in crate::ops) struct Put {
    pub(in crate::ops) replaced: Replaced,
    pub(in crate::ops) repair: Option<Repair>,
}

impl Left {
    /// Looks at the file of `guard`.
    ///
    /// # Errors
    ///
    /// Where something stands there that cannot be looked at.
    pub(in crate::ops) fn of(guard: &LockGuard) -> Result<Self, OpsError> {
        let broken = guard.broken_link()?;
        let standing = guard.standing()?;
        let loaded = match (broken.as_ref().map(BrokenLink::standing), &standing) {
            (Some(Standing::File(loaded)), _) | (None, Standing::File(loaded)) => {
                Some(loaded.clone())
            }
            (Some(Standing::Link { .. }), _) | (None, Standing::Link { .. }) => {
                followed(guard.target().named())
            }
            _ => None,
        };
        Ok(Self { loaded, standing, broken })
    }

    /// What is to be put right beside the text, where the file was `before`.
    pub(in crate::ops) fn repair(&self, before: &Loaded) -> Option<Repair> {
        match (&self.broken, &self.standing) {
            (Some(_), _) => Some(Repair::Link),
            (None, Standing::Link { .. } | Standing::Other { .. }) => Some(Repair::Place),
            (None, Standing::File(now)) if !is_as_before(&now.attributes, &before.attributes) => {
                Some(Repair::Access)
            }
            (None, Standing::File(_) | Standing::Nothing) => None,
        }
    }

    /// Puts `bytes` where the file was, if there still is what was `judged`.
    ///
    /// # Errors
    ///
    /// As [`LockGuard::replace`].
    pub(in crate::ops) fn put(
        guard: &LockGuard,
        judged: Option<&Loaded>,
        bytes: &[u8],
        before: Option<&Loaded>,
    ) -> Result<Put, ReplaceError> {
        let left = Self::of(guard).map_err(|_| ReplaceError::Drifted)?;
        let print = |loaded: Option<&Loaded>| loaded.map(|loaded| loaded.fingerprint);
        if print(left.loaded.as_ref()) != print(judged) {
            return Err(ReplaceError::Drifted);
        }
        let Some(before) = before else {
            let options = ReplaceOptions { hard_links: HardLinks::Refuse };
            let replaced = guard.replace(judged, bytes, options)?;
            return Ok(Put { replaced, repair: None });
        };
        // Names that a program has given it keep what the program wrote.
        let hard_links =
            if before.attributes.links() > 1 { HardLinks::Refuse } else { HardLinks::Break };
        let options = ReplaceOptions { hard_links };
        let repair = left.repair(before);
        // Where access was only narrowed it stays so.
        let like = match &left.standing {
            Standing::File(now) if repair.is_none() => now,
            _ => before,
        };
        let Some(broken) = &left.broken else {
            let replaced = guard.reinstate(&left.standing, bytes, like, options)?;
            return Ok(Put { replaced, repair });
        };
        match guard.relink(broken, &left.standing, bytes, before, options) {
            Ok(replaced) => Ok(Put { replaced, repair }),
            Err(ReplaceError::Drifted) => Err(ReplaceError::Drifted),
            Err(error) => put_in_place_of_link(broken, bytes, before, options)
                .map(|replaced| Put { replaced, repair: Some(Repair::LinkLost) })
                // Why the link could not be put back is what there is to say.
                .map_err(|_| error),
        }
    }
}

/// Where what the link led to cannot be written, the file stands where the program put it.
fn put_in_place_of_link(
    broken: &BrokenLink,
    bytes: &[u8],
    before: &Loaded,
    options: ReplaceOptions,
) -> Result<Replaced, ReplaceError> {
    let target = Target::resolve(broken.path()).map_err(ReplaceError::Compare)?;
    let guard =
        LockGuard::acquire(target, Wait::No, "confwarden exec").map_err(ReplaceError::Turn)?;
    guard.reinstate(broken.standing(), bytes, before, options)
}

/// What a link leads to that was not followed when the file was locked: to be read, never written.
fn followed(path: &Path) -> Option<Loaded> {
    read(&Target::resolve(path).ok()?).ok().flatten()
}

/// Whether access is what it was, or only that of everybody was taken away.
fn is_as_before(now: &Attributes, before: &Attributes) -> bool {
    const EVERYBODY: u32 = 0o007;
    let is_closed = before.mode() & EVERYBODY != 0 && now.mode() & EVERYBODY == 0;
    now.same_access(before) || (is_closed && !now.admit_more_than(before))
}

/// A repair, and where it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// The file, as it was named or included.
    pub file: PathBuf,
    /// What was put right.
    pub repair: Repair,
}
