//! Records and snapshots on the disk.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::format::{self, Line};
use super::seal::Recipients;
use super::{
    Entry, Fault, HistoryError, Identities, Kind, Record, RecordId, RecordedFile, Retention,
    SnapshotId,
};
use crate::fs::{self, Folder, FolderLock, Unsynced, Wait};

/// The file of records in a folder.
pub(super) const RECORDS: &str = "records.jsonl";
/// The folder of pending commits, which name texts as records do.
pub(crate) const PENDING: &str = "pending";
const SNAPSHOTS: &str = "snapshots";
const LOCK: &str = "lock";
/// What follows the name of an encrypted snapshot.
const SEALED: &str = ".age";

/// How long another process is waited for: all it does is to write a few lines, or to prune.
const PATIENCE: Duration = Duration::from_secs(2);
/// Where the last record is looked for first. Records are a few hundred bytes.
const TAIL: u64 = 32 << 10;
/// Every so many records the history is pruned.
const PRUNED_EVERY: u64 = 256;
/// Most changes, and most findings, that are written into a record.
const MOST_NOTES: usize = 100;
/// What the key of snapshots is for.
const CONTEXT: &str = "confwarden 2026-11 history snapshots";

/// The name of a text in the folder.
fn name_of(id: &SnapshotId) -> String {
    format!("{SNAPSHOTS}/{id}")
}

/// A record that is being made; no other process adds one or prunes meanwhile.
#[derive(Debug)]
pub struct Recording {
    folder: Folder,
    snapshots: Folder,
    _lock: FolderLock,
    key: [u8; 32],
    recipients: Recipients,
    last: Option<Record>,
    /// The number of the next record.
    next: u64,
    /// Where the next line goes.
    end: u64,
    /// What goes before it: the end of a line that only lacks that.
    repair: &'static [u8],
    /// What is known to be stored.
    kept: HashSet<SnapshotId>,
    /// What of it is not synced yet.
    unsynced: Mutex<Vec<Unsynced>>,
}

/// Whether anything is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pruning {
    /// It is.
    Real,
    /// What would be is told.
    Dry,
}

/// What was, or would be, dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// The records.
    pub records: Vec<RecordId>,
    /// How many records are left.
    pub left: usize,
    /// How many texts.
    pub snapshots: usize,
}

/// The key under which texts are hashed.
pub(super) fn snapshot_key(install_key: &[u8; 32]) -> [u8; 32] {
    blake3::derive_key(CONTEXT, install_key)
}

/// Reads a text, and proves that it is the one.
pub(super) fn snapshot(
    state_dir: &Path,
    folder: &Path,
    id: &SnapshotId,
    identities: &Identities,
) -> Result<Vec<u8>, HistoryError> {
    let missing = || HistoryError::Missing { id: *id };
    let folder = Folder::open(folder)?.ok_or_else(missing)?;
    let key = snapshot_key(&fs::install_key(state_dir)?);
    let name = name_of(id);
    if let Some(bytes) = folder.read(&name)?
        && SnapshotId::of(&key, &bytes) == *id
    {
        return Ok(bytes);
    }
    // Not there, or damaged: perhaps there is an encrypted one beside it.
    match folder.read(&format!("{name}{SEALED}"))? {
        Some(sealed) => {
            let bytes =
                identities.open(&sealed).map_err(|why| HistoryError::Sealed { id: *id, why })?;
            if SnapshotId::of(&key, &bytes) == *id {
                Ok(bytes)
            } else {
                Err(HistoryError::Damaged { id: *id })
            }
        }
        None if folder.read_end(&name, 0)?.is_some() => Err(HistoryError::Damaged { id: *id }),
        None => Err(missing()),
    }
}

impl Recording {
    pub(super) fn begin(state_dir: &Path, path: &Path) -> Result<Self, HistoryError> {
        let folder = Folder::create(path)?;
        let snapshots = Folder::create(&path.join(SNAPSHOTS))?;
        let lock = folder.lock(LOCK, Wait::UpTo(PATIENCE))?;
        // Texts are staged beside the folder that holds thousands of them, which is dear to list.
        folder.sweep()?;
        let key = snapshot_key(&fs::install_key(state_dir)?);
        let recipients = Recipients::of(state_dir)?;
        let tail = Tail::read(&folder)?;
        Ok(Self {
            folder,
            snapshots,
            _lock: lock,
            key,
            recipients,
            last: tail.last,
            next: tail.next,
            end: tail.end,
            repair: tail.repair,
            kept: HashSet::new(),
            unsynced: Mutex::default(),
        })
    }

    /// The latest record.
    #[must_use]
    pub fn last(&self) -> Option<&Record> {
        self.last.as_ref()
    }

    /// The number of the next record.
    #[must_use]
    pub fn next(&self) -> RecordId {
        RecordId(self.next)
    }

    /// What `bytes` are named.
    #[must_use]
    pub fn id_of(&self, bytes: &[u8]) -> SnapshotId {
        SnapshotId::of(&self.key, bytes)
    }

    /// Whether the latest record ends in exactly these texts of these files, the root first: it is the
    /// same file by whatever name it was reached.
    #[must_use]
    pub fn ends_in<'a>(
        &self,
        files: impl IntoIterator<Item = (&'a Path, Option<&'a [u8]>)>,
    ) -> bool {
        let Some(last) = &self.last else { return false };
        files.into_iter().enumerate().all(|(index, (file, bytes))| {
            let known = last.file(index, file).map(|known| known.after);
            known == Some(bytes.map(|bytes| self.id_of(bytes)))
        })
    }

    /// Stores a text, where it is not stored yet. It survives this process, and a power cut once
    /// [`Recording::sync`] has made it durable.
    ///
    /// # Errors
    ///
    /// [`HistoryError`] where it cannot be written.
    pub fn keep(&mut self, bytes: &[u8]) -> Result<SnapshotId, HistoryError> {
        let id = self.id_of(bytes);
        if self.kept.contains(&id) {
            return Ok(id);
        }
        let name = name_of(&id);
        let added = if self.recipients.is_empty() {
            // What a power cut has left under the name need not be the text.
            let there = self.folder.holds(&name, bytes);
            (!there).then(|| self.folder.add(&name, bytes)).transpose()?
        } else {
            let name = format!("{name}{SEALED}");
            let found = self.folder.read_end(&name, 1)?;
            if found.is_none_or(|end| end.bytes.is_empty()) {
                Some(self.folder.add(&name, &self.recipients.seal(bytes)?)?)
            } else {
                None
            }
        };
        self.unsynced.lock().unwrap_or_else(PoisonError::into_inner).extend(added);
        self.kept.insert(id);
        Ok(id)
    }

    /// Makes durable what was stored. It may run beside other work.
    ///
    /// # Errors
    ///
    /// [`HistoryError`]; what was stored may then be lost in a power cut.
    pub fn sync(&self) -> Result<(), HistoryError> {
        let unsynced =
            std::mem::take(&mut *self.unsynced.lock().unwrap_or_else(PoisonError::into_inner));
        for file in unsynced {
            file.sync()?;
        }
        Ok(())
    }

    /// Adds `entry`, with those of its texts that are not stored yet, and prunes now and then. Nothing
    /// is synced: see [`Recording::sync`].
    ///
    /// # Errors
    ///
    /// [`HistoryError`]; there is no such record then.
    pub fn append(&mut self, entry: &Entry<'_>, now: SystemTime) -> Result<RecordId, HistoryError> {
        let follows = matches!(entry.kind, Kind::Observed | Kind::Foreign | Kind::Quarantined);
        let mut files = Vec::with_capacity(entry.files.len());
        for (index, file) in entry.files.iter().enumerate() {
            let before = match file.before {
                Some(bytes) => Some(self.keep(bytes)?),
                None if follows => {
                    self.last.as_ref().and_then(|last| last.file(index, file.file)?.after)
                }
                None => None,
            };
            let after = file.after.map(|bytes| self.keep(bytes)).transpose()?;
            files.push(RecordedFile { file: file.file.to_owned(), before, after });
        }
        let record = Record {
            id: RecordId(self.next),
            at: whole_millis(now),
            kind: entry.kind,
            command: entry.command.to_owned(),
            author: entry.author.clone(),
            files,
            changes: entry.changes.iter().take(MOST_NOTES).cloned().collect(),
            more_changes: entry.changes.len().saturating_sub(MOST_NOTES),
            rules: entry.rules.iter().take(MOST_NOTES).cloned().collect(),
        };
        let line = [self.repair, &format::encode(&record)].concat();
        self.folder.append(RECORDS, self.end, &line)?;
        self.end += line.len() as u64;
        self.repair = b"";
        self.next += 1;
        let id = record.id;
        self.last = Some(record);
        if id.0.is_multiple_of(PRUNED_EVERY) {
            // The record stands, whatever becomes of the old ones: the next time comes.
            self.prune(&Retention::default(), now, Pruning::Real).ok();
        }
        Ok(id)
    }

    /// See [`History::prune`](super::History::prune).
    ///
    /// # Errors
    ///
    /// [`HistoryError`].
    pub fn prune(
        &mut self,
        policy: &Retention,
        now: SystemTime,
        pruning: Pruning,
    ) -> Result<Pruned, HistoryError> {
        let bytes = self.folder.read(RECORDS)?.unwrap_or_default();
        let listing = format::listing(&bytes);
        let dropped: HashSet<RecordId> =
            policy.dropped(&listing.records, now).into_iter().collect();
        let mut left = Vec::with_capacity(bytes.len());
        let mut named = HashSet::new();
        // Lines that cannot be read may name texts too.
        let mut unread: Vec<&[u8]> = Vec::new();
        for (number, line) in format::lines(&bytes) {
            match format::decode(line, number) {
                Some(Line::Record(record)) if dropped.contains(&record.id) => continue,
                Some(Line::Record(record)) => named.extend(record.snapshots()),
                Some(Line::Fault(_)) => unread.push(line),
                None => {}
            }
            left.extend_from_slice(line);
            left.push(b'\n');
        }
        let pending = self.pending()?;
        unread.extend(pending.iter().map(Vec::as_slice));
        let superfluous: Vec<String> = self
            .snapshots
            .names()?
            .into_iter()
            .filter_map(|name| name.into_string().ok())
            .filter(|name| {
                let hex = name.strip_suffix(SEALED).unwrap_or(name);
                // What is no snapshot of ours is not ours to remove.
                SnapshotId::parse(hex).is_some_and(|id| !named.contains(&id))
                    && !unread
                        .iter()
                        .any(|line| memchr::memmem::find(line, hex.as_bytes()).is_some())
            })
            .collect();
        if pruning == Pruning::Real {
            if !dropped.is_empty() {
                self.folder.replace(RECORDS, &left)?;
                self.end = left.len() as u64;
                self.repair = b"";
            }
            // After the records, so that none names a text that is gone.
            for name in &superfluous {
                self.snapshots.remove(name)?;
            }
            self.kept.clear();
        }
        Ok(Pruned {
            left: listing.records.len() - dropped.len(),
            records: listing
                .records
                .iter()
                .map(|record| record.id)
                .filter(|id| dropped.contains(id))
                .collect(),
            snapshots: superfluous.len(),
        })
    }
}

impl Recording {
    /// What stands in the pending commits: their texts are needed, with or without a record.
    fn pending(&self) -> Result<Vec<Vec<u8>>, HistoryError> {
        let Some(folder) = Folder::open(&self.folder.path().join(PENDING))? else {
            return Ok(Vec::new());
        };
        let mut texts = Vec::new();
        for name in folder.names()? {
            let Some(name) = name.to_str() else { continue };
            texts.extend(folder.read(name)?);
        }
        Ok(texts)
    }
}

/// What the end of the file of records says.
#[derive(Debug, Default)]
struct Tail {
    last: Option<Record>,
    next: u64,
    end: u64,
    repair: &'static [u8],
}

impl Tail {
    fn read(folder: &Folder) -> Result<Self, HistoryError> {
        let Some(end) = folder.read_end(RECORDS, TAIL)? else {
            return Ok(Self { next: 1, ..Self::default() });
        };
        let tail = Self::of(&end.bytes, end.start);
        // Nothing in it: one very long line, or damage. All of it is read then.
        if tail.next == 1 && end.start > 0 {
            let bytes = folder.read(RECORDS)?.unwrap_or_default();
            return Ok(Self::of(&bytes, 0));
        }
        Ok(tail)
    }

    /// What `bytes`, which begin at `start`, say. A line that began before them is left out.
    fn of(bytes: &[u8], start: u64) -> Self {
        let mut tail = Self { next: 1, end: start + bytes.len() as u64, ..Self::default() };
        let first = usize::from(start > 0);
        for (number, line) in format::lines(bytes).skip(first) {
            tail.take(format::decode(line, number));
        }
        let whole = memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1);
        match bytes.get(whole..) {
            None | Some([]) => {}
            Some(rest) => match format::decode(rest, 0) {
                // All of a record but the end of its line.
                line @ Some(Line::Record(_) | Line::Fault(Fault::Newer { .. })) => {
                    tail.take(line);
                    tail.repair = b"\n";
                }
                // Cut off: nobody was told that it was recorded.
                _ => tail.end = start + whole as u64,
            },
        }
        tail
    }

    fn take(&mut self, line: Option<Line>) {
        let id = match line {
            Some(Line::Record(record)) => {
                let id = record.id;
                self.last = Some(*record);
                id
            }
            Some(Line::Fault(Fault::Newer { id: Some(id), .. })) => id,
            _ => return,
        };
        self.next = self.next.max(id.0.saturating_add(1));
    }
}

/// Records are stored in milliseconds; what is asked about a record must not depend on whether it was
/// stored.
fn whole_millis(time: SystemTime) -> SystemTime {
    // Times outside of what can be written, which a broken clock may show.
    const LAST: Duration = Duration::from_secs(253_402_300_799);
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().min(LAST);
    let millis = u64::try_from(since.as_millis()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}

/// Where the snapshots of a history are.
#[cfg(test)]
pub(super) fn snapshots_in(folder: &Path) -> std::path::PathBuf {
    folder.join(SNAPSHOTS)
}
