//! The log of a file's events: one writer, lines that are whole or not there.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::line::{self, Seen};
use super::{Event, EventError, EventKind, VERSION};
use crate::fs::{Folder, FolderLock, FsError, Wait};

/// The latest events.
pub(super) const LATEST: &str = "events.jsonl";
/// Those before.
pub(super) const BEFORE: &str = "events.1.jsonl";
const LOCK: &str = "events.lock";
/// How long another process may take to add an event.
const PATIENCE: Duration = Duration::from_millis(250);
/// At this size in bytes a new file is begun.
pub(super) const ROTATED_AT: u64 = 1 << 20;

/// The log of one guarded file, open to add events. No other process adds any meanwhile.
#[derive(Debug)]
pub struct Log {
    folder: Folder,
    file: PathBuf,
    _lock: FolderLock,
    /// The number of the next event.
    next: u64,
    /// Where the next line goes.
    end: u64,
    /// How long the file was when we last wrote it.
    length: u64,
    rotated_at: u64,
}

/// An event that happened, and could not be added to the log.
#[derive(Debug, thiserror::Error)]
#[error("event {} could not be added to the log", event.seq)]
pub struct NotLogged {
    /// The event: clients and hooks can still be told.
    pub event: Box<Event>,
    /// Why.
    pub source: FsError,
}

impl Log {
    /// Opens the log in `folder`, that of the history of `file`, and makes what is missing of it. A
    /// command that adds one event is waited for.
    ///
    /// # Errors
    ///
    /// [`EventError::Watched`] where another process has it open all the while, [`EventError::Fs`] where the folder
    /// cannot be used.
    pub fn open(folder: &Path, file: &Path) -> Result<Self, EventError> {
        Self::open_within(folder, file, Wait::UpTo(PATIENCE))
    }

    /// As [`Log::open`] for a moment, to add what a watcher would; it waits for none.
    ///
    /// # Errors
    ///
    /// As [`Log::open`].
    pub fn borrow(folder: &Path, file: &Path) -> Result<Self, EventError> {
        Self::open_within(folder, file, Wait::No)
    }

    fn open_within(folder: &Path, file: &Path, wait: Wait) -> Result<Self, EventError> {
        let folder = Folder::create(folder)?;
        let lock = match folder.lock(LOCK, wait) {
            Ok(lock) => lock,
            Err(FsError::Busy { .. }) => {
                return Err(EventError::Watched { file: file.to_owned() });
            }
            Err(error) => return Err(error.into()),
        };
        let mut log = Self {
            folder,
            file: file.to_owned(),
            _lock: lock,
            next: 1,
            end: 0,
            length: 0,
            rotated_at: ROTATED_AT,
        };
        log.look()?;
        Ok(log)
    }

    /// A log that rotates at `bytes`.
    #[cfg(test)]
    pub(super) fn rotating_at(mut self, bytes: u64) -> Self {
        self.rotated_at = bytes;
        self
    }

    /// The number of the last event; 0 before the first.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.next - 1
    }

    /// Adds an event. Of very many notes in it only the first hundred are kept.
    ///
    /// # Errors
    ///
    /// [`NotLogged`] with the event: it happened, whether or not the disk is full.
    pub fn append(&mut self, at: SystemTime, kind: EventKind) -> Result<Event, NotLogged> {
        let event = Event {
            version: VERSION,
            seq: self.next,
            at: line::whole_millis(at),
            file: self.file.clone(),
            kind: kind.bounded(),
        };
        match self.store(&event) {
            Ok(event_seq) => {
                self.next = event_seq + 1;
                Ok(Event { seq: event_seq, ..event })
            }
            Err(source) => {
                self.next += 1;
                Err(NotLogged { event: Box::new(event), source })
            }
        }
    }

    /// Adds `event` under the next number, which may be a later one where somebody else has written.
    fn store(&mut self, event: &Event) -> Result<u64, FsError> {
        // A person may have removed or restored the file. What is there now counts.
        let length = self.folder.read_end(LATEST, 0)?.map_or(0, |end| end.start);
        if length != self.length {
            self.look()?;
        }
        let line = line::encode(&Event { seq: self.next, ..event.clone() });
        if self.end > 0 && self.end + line.len() as u64 > self.rotated_at {
            // Behind a line without its end nothing can be told apart.
            self.folder.rename(LATEST, BEFORE)?;
            (self.end, self.length) = (0, 0);
        }
        self.folder.append(LATEST, self.end, line.as_bytes())?;
        self.end += line.len() as u64;
        self.length = self.end;
        Ok(self.next)
    }

    /// Finds out where the log ends. Numbers never go back.
    fn look(&mut self) -> Result<(), FsError> {
        let latest = self.folder.read(LATEST)?.unwrap_or_default();
        let last = |bytes: &[u8]| line::decode_all(bytes).map(|seen: Seen| seen.seq).max();
        let mut seq = last(&latest);
        if seq.is_none() {
            seq = last(&self.folder.read(BEFORE)?.unwrap_or_default());
        }
        self.next = self.next.max(seq.unwrap_or(0).saturating_add(1));
        self.length = latest.len() as u64;
        // What follows the last end of a line was cut off: nobody was told of it.
        self.end = memchr::memrchr(b'\n', &latest).map_or(0, |end| end as u64 + 1);
        Ok(())
    }
}
