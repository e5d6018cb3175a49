//! Following the log of a file: each event as it is added, without polling.
//!
//! The system tells of changes in the folder; only where it cannot (a limit is reached, a file system
//! without events) the log is looked at four times a second.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant, SystemTime};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use super::EventError;
use super::line::{self, Seen};
use super::log::{LATEST, ROTATED_AT};
use super::read::{self, Since};
use crate::clock;
use crate::fs::Folder;

/// How often the log is looked at where the system does not tell.
const POLLED_EVERY: Duration = Duration::from_millis(250);

/// Waits for the events of one file.
#[derive(Debug)]
pub struct Follower {
    folder: Folder,
    bell: Receiver<()>,
    /// Nothing where the system does not tell.
    watcher: Option<RecommendedWatcher>,
    since: Since,
    /// The number of the last event that was given out.
    last: u64,
    /// How much of the latest file was read.
    read: u64,
}

impl Follower {
    /// Follows the log in `folder`, which is made where it is missing, from `since` on.
    ///
    /// # Errors
    ///
    /// [`EventError::Fs`] where the folder cannot be used.
    pub fn open(folder: &Path, since: Since, now: SystemTime) -> Result<Self, EventError> {
        let opened = Folder::create(folder)?;
        // One ring says all there is to say.
        let (ring, bell) = sync_channel(1);
        let watcher = watch(folder, ring);
        Ok(Self { folder: opened, bell, watcher, since: since.at(now), last: 0, read: 0 })
    }

    /// Waits until there are events that were not given out yet, at most for `limit`; for ever without
    /// one. Nothing where the time is over.
    ///
    /// # Errors
    ///
    /// [`EventError::Fs`] where the log cannot be read.
    pub fn wait(&mut self, limit: Option<Duration>) -> Result<Vec<Seen>, EventError> {
        let started = clock::monotonic();
        loop {
            let events = self.news()?;
            if !events.is_empty() || !self.listen(started, limit) {
                return Ok(events);
            }
        }
    }

    /// Waits for a ring; false if the time is over.
    fn listen(&self, started: Instant, limit: Option<Duration>) -> bool {
        let left = limit.map(|limit| limit.saturating_sub(started.elapsed()));
        if left.is_some_and(|left| left.is_zero()) {
            return false;
        }
        let left = match (&self.watcher, left) {
            (Some(_), left) => left,
            (None, left) => Some(left.unwrap_or(POLLED_EVERY).min(POLLED_EVERY)),
        };
        match left {
            Some(left) => match self.bell.recv_timeout(left) {
                Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                // Nobody rings: there is no watcher.
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(left),
            },
            // Disconnected, it would not wait at all; but there is a watcher, which holds the other end.
            None => drop(self.bell.recv()),
        }
        true
    }

    fn news(&mut self) -> Result<Vec<Seen>, EventError> {
        let length = self.folder.read_end(LATEST, 0)?.map_or(0, |end| end.start);
        if length == self.read && self.last > 0 {
            return Ok(Vec::new());
        }
        let added = length.saturating_sub(self.read);
        if self.last > 0 && added > 0 && added <= ROTATED_AT {
            let end = self.folder.read_end(LATEST, added)?;
            let bytes = end.map(|end| end.bytes).unwrap_or_default();
            let events: Vec<Seen> = line::decode_all(&bytes).collect();
            // Nothing is missing and nothing twice: the same file goes on where we were.
            let goes_on =
                events.iter().zip(self.last + 1..).all(|(seen, expected)| seen.seq == expected);
            if goes_on && !events.is_empty() {
                let whole = memchr::memrchr(b'\n', &bytes).map_or(0, |end| end as u64 + 1);
                self.read += whole;
                return Ok(self.give(events));
            }
        }
        let events = read::all(&self.folder)?;
        let highest = events.last().map_or(0, |seen| seen.seq);
        if highest < self.last {
            // The log was removed and begun anew.
            self.last = 0;
        }
        self.read = length;
        let events = events.into_iter().filter(|seen| seen.seq > self.last).collect();
        Ok(self.give(events))
    }

    fn give(&mut self, mut events: Vec<Seen>) -> Vec<Seen> {
        if let Some(last) = events.last() {
            self.last = last.seq;
        }
        events.retain(|seen| self.since.holds(seen));
        events
    }
}

/// Rings at each change in `folder`.
fn watch(folder: &Path, ring: SyncSender<()>) -> Option<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // That somebody reads the log, as we do, is no news.
        if !event.is_ok_and(|event| event.kind.is_access()) {
            // Full: it rings already. Nobody there: nobody to wake.
            ring.try_send(()).ok();
        }
    })
    .ok()?;
    watcher.watch(folder, RecursiveMode::NonRecursive).ok()?;
    Some(watcher)
}
