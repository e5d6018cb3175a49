//! History: what stood in a guarded configuration, since when, and who put it there.
//!
//! A [`Record`] says what one change did; the texts before and after it are snapshots. Both live
//! outside of the gateway's own directory, which the gateway sweeps.
//!
//! # On disk
//!
//! | below the state directory | is |
//! | --- | --- |
//! | `files/<id>/` | one guarded configuration; `<id>` is 16 hex digits of the BLAKE3 hash of its real path |
//! | `files/<id>/records.jsonl` | the records, oldest first: one JSON object a line, each with its version `v` |
//! | `files/<id>/snapshots/<hash>` | a text, byte for byte; `<hash>` is its BLAKE3 hash under a key derived from the installation's |
//! | `files/<id>/snapshots/<hash>.age` | the same, encrypted |
//! | `files/<id>/pending/` | pending commits, which name texts too |
//! | `files/<id>/lock` | held while records are added or pruned; never removed |
//! | `history-recipients` | age recipients, one a line; where it is there, snapshots are encrypted to them |
//!
//! Folders have mode 0700, files 0600.
//!
//! A record of version 1 has the members of [`Record`], and may come to have more; version 2 has
//! further values of [`Certainty`], and only records with one of them are of it. One of a newer
//! version is named, kept as it is, and never taken for something it may not be.
//!
//! # Promises
//!
//! - A process that dies at any point leaves a history that can be read. A last line that was cut off
//!   is taken away by the next record; any other damage is named as a [`Fault`] and left alone.
//! - A snapshot is proved against its hash before it is given out.
//! - What is dropped is decided by content and age, never by number alone: see [`Retention`].
//! - Equal texts are stored once.
//!
//! A power cut may take the last record, and its snapshot where the file system does not order what
//! is written: the configuration itself stands, and is recorded again at the next write.
//!
//! This module never parses a configuration and knows no secret: its records hold paths, never
//! values. A snapshot holds everything; who shows one redacts it.

mod error;
mod format;
mod record;
mod reference;
mod retention;
mod seal;
mod store;

/// What the folder of `path` is called.
fn key_of(path: &Path) -> String {
    blake3::hash(path.as_os_str().as_encoded_bytes()).to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

pub use error::HistoryError;
pub(crate) use format::{path, time};
pub use record::{
    Author, Certainty, ChangeNote, Entry, FileEntry, Kind, NoteKind, Record, RecordId,
    RecordedFile, RuleNote, SnapshotId,
};
pub use reference::{RecordRef, RecordRefError};
pub use retention::Retention;
pub use seal::Identities;
pub(crate) use store::PENDING;
pub use store::{Pruned, Pruning, Recording};

use crate::fs::{Folder, Target};

/// The history of one guarded configuration.
#[derive(Clone, Debug)]
pub struct History {
    state_dir: PathBuf,
    folder: PathBuf,
    /// A name that the folder is to get beside its own.
    alias: Option<String>,
}

/// What a history holds.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The records that can be read, oldest first.
    pub records: Vec<Record>,
    /// What could not be read.
    pub faults: Vec<Fault>,
}

/// A line of a history that is no record of this version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It was written by a newer confwarden.
    Newer {
        /// Its number, where it has one.
        id: Option<RecordId>,
        /// The version of its format.
        version: u64,
    },
    /// It is damaged.
    Damaged {
        /// The line in the file, from 1.
        line: usize,
    },
}

impl Listing {
    /// Numbers and versions of the records that a newer confwarden wrote.
    fn newer(&self) -> impl Iterator<Item = (RecordId, u64)> {
        self.faults.iter().filter_map(|fault| match fault {
            Fault::Newer { id, version } => Some(((*id)?, *version)),
            Fault::Damaged { .. } => None,
        })
    }

    /// The latest record whose texts were meant to stand.
    ///
    /// # Errors
    ///
    /// [`HistoryError::Newer`] where a later one cannot be read: it may be the one.
    /// [`HistoryError::NoRecord`] where there is none.
    pub fn standing(self) -> Result<Record, HistoryError> {
        let newest = self.newer().max_by_key(|(id, _)| *id);
        let found = self.records.into_iter().rev().find(|record| record.kind.stands());
        match (found, newest) {
            (found, Some((id, version))) if found.as_ref().is_none_or(|found| found.id < id) => {
                Err(HistoryError::Newer { id, version })
            }
            (Some(found), _) => Ok(found),
            (None, _) => Err(HistoryError::NoRecord { reference: RecordRef::Back(0) }),
        }
    }
}

impl History {
    /// The history of `config`, a file or a link to one. It is filed under the name, so that it goes
    /// on where the link is made to lead elsewhere; and under the file that the link leads to, so that
    /// whoever names that has the same history. Writes nothing.
    #[must_use]
    pub fn of(state_dir: &Path, config: &Path) -> Self {
        let name = Target::entry(config);
        // A file that is no link, or cannot be found, has one name.
        let is_link = name.symlink_metadata().is_ok_and(|found| found.is_symlink());
        let file = is_link.then(|| Target::resolve(config).ok()).flatten();
        let files = state_dir.join("files");
        let folder = files.join(key_of(&name));
        let (state_dir, alias) = (state_dir.to_owned(), None);
        let Some(file) = file else { return Self { state_dir, folder, alias } };
        let key = key_of(file.path());
        let other = files.join(&key);
        let is_there = |folder: &Path| folder.symlink_metadata().is_ok();
        match (is_there(&folder), is_there(&other)) {
            (true, true) => Self { state_dir, folder, alias },
            (false, true) => Self { state_dir, folder: other, alias: Some(key_of(&name)) },
            (_, false) => Self { state_dir, folder, alias: Some(key) },
        }
    }

    /// Where it is on the disk.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of the records: it grows with each.
    #[must_use]
    pub fn records_path(&self) -> PathBuf {
        self.folder().join(store::RECORDS)
    }

    /// Begins a record: keeps other processes from adding one or pruning until it is done.
    ///
    /// # Errors
    ///
    /// [`HistoryError`] where the folder cannot be written, or another process holds it.
    pub fn begin(&self) -> Result<Recording, HistoryError> {
        let recording = Recording::begin(&self.state_dir, &self.folder)?;
        if let Some(alias) = &self.alias {
            Folder::alias(&self.folder, alias.as_ref())?;
        }
        Ok(recording)
    }

    /// Records `entry` with its texts.
    ///
    /// # Errors
    ///
    /// [`HistoryError`]; the history is then as it was, but perhaps for a text that no record names.
    pub fn record(&self, entry: &Entry<'_>, now: SystemTime) -> Result<RecordId, HistoryError> {
        let mut recording = self.begin()?;
        let id = recording.append(entry, now)?;
        recording.sync()?;
        Ok(id)
    }

    /// All records. No lock is taken: a line that is just being written is left out.
    ///
    /// # Errors
    ///
    /// [`HistoryError::Fs`] where they cannot be read. A history that does not exist is empty.
    pub fn list(&self) -> Result<Listing, HistoryError> {
        let Some(folder) = Folder::open(&self.folder)? else { return Ok(Listing::default()) };
        let bytes = folder.read(store::RECORDS)?.unwrap_or_default();
        Ok(format::listing(&bytes))
    }

    /// The record that `reference` names.
    ///
    /// # Errors
    ///
    /// [`HistoryError::NoRecord`], [`HistoryError::Newer`], or as [`History::list`].
    pub fn find(&self, reference: &RecordRef) -> Result<Record, HistoryError> {
        reference.pick(self.list()?)
    }

    /// The text that `id` stands for.
    ///
    /// # Errors
    ///
    /// [`HistoryError`] where it is missing, damaged, or encrypted to others than `identities`.
    pub fn snapshot(
        &self,
        id: &SnapshotId,
        identities: &Identities,
    ) -> Result<Vec<u8>, HistoryError> {
        store::snapshot(&self.state_dir, &self.folder, id, identities)
    }

    /// What `bytes` would be named; nothing where this installation has no key, and so no history.
    #[must_use]
    pub fn id_of(&self, bytes: &[u8]) -> Option<SnapshotId> {
        let key = crate::fs::present_install_key(&self.state_dir)?;
        Some(SnapshotId::of(&store::snapshot_key(&key), bytes))
    }

    /// Drops the records that `policy` lets go of, and the texts that no record names any more.
    ///
    /// # Errors
    ///
    /// [`HistoryError`] where the folder cannot be written. Dropped are either all of the records or
    /// none; texts that are left over are dropped the next time.
    pub fn prune(
        &self,
        policy: &Retention,
        now: SystemTime,
        pruning: Pruning,
    ) -> Result<Pruned, HistoryError> {
        if Folder::open(&self.folder)?.is_none() {
            return Ok(Pruned::default());
        }
        Recording::begin(&self.state_dir, &self.folder)?.prune(policy, now, pruning)
    }
}
