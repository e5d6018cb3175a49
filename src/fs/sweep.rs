//! What dead processes have left beside a file: removed, recovered, or named.
//!
//! Runs under the lock, so nothing found is in use. Only what is known to be ours is removed;
//! whatever could be the last copy of somebody's change stays.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;

use super::error::FsError;
use super::exchange::identity_of;
use super::journal::{self, Recovered};
use super::platform::Directory;
use super::process::Process;
use super::read::{Contents, Settled, contents, contents_of};
use super::sidecar::{Sidecar, Sidecars};
use super::target::Target;

/// Sweeps beside `target`, and returns what only a person may remove.
pub(super) fn sweep(directory: &Directory, target: &Target) -> Result<Vec<PathBuf>, FsError> {
    let names = target.sidecars();
    let mut found = found_beside(directory, &names)?;
    // A torn file is restored before anything is compared with it.
    found.sort_by_key(|(_, sidecar)| *sidecar != Sidecar::Journal);
    let mut leftovers = Vec::new();
    for (name, sidecar) in found {
        let kept = match sidecar {
            Sidecar::Stage { .. } => directory.remove(&name).is_err().then_some(name),
            Sidecar::Swap { staged, base } => {
                let superfluous = is_superfluous(directory, target, &name, &[staged, base])?;
                let removed = superfluous && directory.remove(&name).is_ok();
                (!removed).then_some(name)
            }
            Sidecar::Journal => match journal::recover(directory, target, &name)? {
                Recovered::Whole => None,
                Recovered::Unclear => Some(set_aside(directory, &names, &name)?),
            },
            Sidecar::Kept => Some(name),
        };
        leftovers.extend(kept.map(|name| directory.path().join(name)));
    }
    leftovers.sort();
    Ok(leftovers)
}

/// Sweeps beside the symbolic links that lead to a target: what a process left that died while it put
/// one back. No lock is held on them, so only what is known to be nobody's any more goes; what cannot
/// be looked at stays.
pub(super) fn sweep_links(target: &Target) {
    for link in target.links() {
        let Some(place) = Target::itself(&link.path) else { continue };
        let Ok(directory) = Directory::open(place.directory()) else { continue };
        let names = place.sidecars();
        sweep_dead_stages(&directory, &names).ok();
        for (name, sidecar) in found_beside(&directory, &names).unwrap_or_default() {
            if let Sidecar::Swap { staged, base } = sidecar
                && is_superfluous(&directory, &place, &name, &[staged, base]).is_ok_and(|is| is)
            {
                directory.remove(&name).ok();
            }
        }
    }
}

/// Removes the stages of processes that do not run any more, where no lock of ours is held.
pub(super) fn sweep_dead_stages(directory: &Directory, names: &Sidecars) -> Result<(), FsError> {
    for (name, sidecar) in found_beside(directory, names)? {
        if let Sidecar::Stage { pid } = sidecar
            && Process::look_up(pid) == Process::Gone
        {
            directory
                .remove(&name)
                .map_err(FsError::io("remove", &directory.path().join(&name)))?;
        }
    }
    Ok(())
}

/// Whether there is something beside `target` that the next holder of its lock clears away or
/// recovers from: a process has died in a write, or is in the middle of one. Not where the directory
/// may not be listed, since nothing could be recovered there either.
///
/// # Errors
///
/// Where the directory of `target` cannot be listed for another reason.
pub fn awaits_recovery(target: &Target) -> Result<bool, FsError> {
    let path = target.directory();
    let names = match Directory::open(path).and_then(|directory| directory.names()) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(false),
        Err(error) => return Err(FsError::io("list", path)(error)),
    };
    let sidecars = target.sidecars();
    let mut found = names.iter().filter_map(|name| sidecars.classify(name));
    Ok(found.any(|sidecar| sidecar != Sidecar::Kept))
}

fn found_beside(
    directory: &Directory,
    names: &Sidecars,
) -> Result<Vec<(OsString, Sidecar)>, FsError> {
    let all = directory.names().map_err(FsError::io("list", directory.path()))?;
    Ok(all
        .into_iter()
        .filter_map(|name| {
            let sidecar = names.classify(&name)?;
            Some((name, sidecar))
        })
        .collect())
}

/// Whether one half of an exchange holds nothing that could be missed: our own content that nobody
/// accepted, the content it replaced as intended, or what the file holds anyway.
fn is_superfluous(
    directory: &Directory,
    target: &Target,
    name: &OsStr,
    ours: &[String],
) -> Result<bool, FsError> {
    let path = directory.path().join(name);
    // A link cannot be opened. One that nobody accepted, or that was replaced as intended, is ours.
    if let Some(found) = identity_of(directory, name)
        && ours.contains(&found.tag())
        && std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink())
    {
        return Ok(true);
    }
    let held = match directory.open_to_read(name) {
        Ok(file) => contents_of(&file, &path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        // A link, for instance: whoever put it there may want it.
        Err(_) => return Ok(false),
    };
    let Ok(Settled::Yes(Contents { bytes, identity, .. })) = held else {
        return Ok(false);
    };
    if ours.contains(&identity.tag()) {
        return Ok(true);
    }
    Ok(contents(directory, target)?.is_some_and(|present| present.bytes == bytes))
}

/// Gives a journal that explains nothing another name, so that the next one has room.
fn set_aside(
    directory: &Directory,
    names: &Sidecars,
    journal: &OsStr,
) -> Result<OsString, FsError> {
    let kept = names.kept();
    directory
        .rename_new(journal, &kept)
        .map_err(FsError::io("set aside", &directory.path().join(journal)))?;
    Ok(kept)
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
