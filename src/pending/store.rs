//! Pending commits on the disk.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Pending, State, VERSION};
use crate::fs::{Folder, FsError};
use crate::history::{History, PENDING, RecordId};

const COMMIT: &str = ".json";
const TOLD: &str = ".told";
/// How long it is known what became of a commit.
const KEPT_FOR: Duration = Duration::from_hours(7 * 24);

/// The pending commits of one guarded configuration.
#[derive(Clone, Debug)]
pub struct PendingCommits {
    folder: PathBuf,
}

/// What there is of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The commits, oldest first.
    pub commits: Vec<Pending>,
    /// Numbers of those that cannot be read, because they are damaged or a newer confwarden made them.
    pub unreadable: Vec<RecordId>,
}

impl PendingCommits {
    /// Those of the configuration that `history` is about. Touches nothing.
    #[must_use]
    pub fn of(history: &History) -> Self {
        Self { folder: history.folder().join(PENDING) }
    }

    /// Where they are on the disk.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All of them. Where there never was one this is one look at the disk.
    ///
    /// # Errors
    ///
    /// [`FsError`] where the folder cannot be read.
    pub fn list(&self) -> Result<Listing, FsError> {
        let mut listing = Listing::default();
        let Some(folder) = Folder::open(&self.folder)? else { return Ok(listing) };
        for name in folder.names()? {
            let Some(id) = name.to_str().and_then(|name| number_of(name, COMMIT)) else { continue };
            // One that is gone meanwhile was never seen, or is long past.
            let Some(bytes) = folder.read(&name_of(id, COMMIT))? else { continue };
            match serde_json::from_slice::<Pending>(&bytes) {
                Ok(commit) if commit.version == VERSION && commit.id == id => {
                    listing.commits.push(commit);
                }
                _ => listing.unreadable.push(id),
            }
        }
        listing.commits.sort_by_key(|commit| commit.id);
        listing.unreadable.sort();
        Ok(listing)
    }

    /// Stores `commit`, also over what is known of it: durable, and all or nothing.
    ///
    /// # Errors
    ///
    /// [`FsError`]; it is then as it was, or not durable.
    ///
    /// # Panics
    ///
    /// Never: keys are strings, and the times were checked.
    pub fn store(&self, commit: &Pending) -> Result<(), FsError> {
        let mut bytes = serde_json::to_vec(commit).expect("keys are strings, times are checked");
        bytes.push(b'\n');
        let folder = Folder::create(&self.folder)?;
        folder.sweep()?;
        folder.replace(&name_of(commit.id, COMMIT), &bytes)
    }

    /// Forgets a commit whose write was never seen.
    ///
    /// # Errors
    ///
    /// [`FsError`] where it stays.
    pub fn forget(&self, id: RecordId) -> Result<(), FsError> {
        match Folder::open(&self.folder)? {
            Some(folder) => folder.remove(&name_of(id, COMMIT)),
            None => Ok(()),
        }
    }

    /// Forgets what became of commits long ago.
    ///
    /// # Errors
    ///
    /// [`FsError`] where one stays.
    pub fn forget_old(&self, now: SystemTime) -> Result<(), FsError> {
        let Some(folder) = Folder::open(&self.folder)? else { return Ok(()) };
        for commit in self.list()?.commits {
            let (State::Kept { at } | State::Undone { at, .. }) = commit.state else { continue };
            if now.duration_since(at).is_ok_and(|age| age > KEPT_FOR) {
                folder.remove(&name_of(commit.id, TOLD))?;
                folder.remove(&name_of(commit.id, COMMIT))?;
            }
        }
        Ok(())
    }

    /// Whether the present state of `commit` was told as an event.
    #[must_use]
    pub fn is_told(&self, commit: &Pending) -> bool {
        let folder = Folder::open(&self.folder).ok().flatten();
        let name = name_of(commit.id, TOLD);
        folder.is_some_and(|folder| folder.holds(&name, commit.state.name().as_bytes()))
    }

    /// Takes note that it was. Not synced: an event that is told twice is no harm.
    ///
    /// # Errors
    ///
    /// [`FsError`] where it cannot be written.
    pub fn set_told(&self, commit: &Pending) -> Result<(), FsError> {
        let Some(folder) = Folder::open(&self.folder)? else { return Ok(()) };
        folder.append(&name_of(commit.id, TOLD), 0, commit.state.name().as_bytes())
    }
}

fn name_of(id: RecordId, end: &str) -> String {
    format!("{id}{end}")
}

fn number_of(name: &str, end: &str) -> Option<RecordId> {
    let digits = name.strip_suffix(end)?;
    let is_plain = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| digits.parse().ok().map(RecordId))?
}
