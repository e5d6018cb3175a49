//! When a commit is undone: by a clock that nobody sets, and after another start by the time of day.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::clock;
use crate::fs::boot_id;
use crate::history::time;

/// The last second that can be written.
const LAST: Duration = Duration::from_secs(253_402_300_799);

/// The time, by both clocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Now {
    /// The time of day.
    pub at: SystemTime,
    /// This start of the machine, where the system names it.
    pub boot: Option<String>,
    /// How long ago that was, with the time that the machine was suspended.
    pub since_boot: Duration,
}

impl Now {
    /// Reads the clocks.
    #[must_use]
    pub fn read() -> Self {
        Self { at: writable(clock::now()), boot: boot_id(), since_boot: clock::since_boot() }
    }
}

/// When a commit is undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// By the time of day.
    #[serde(with = "time")]
    pub at: SystemTime,
    /// The start of the machine that `since_boot_ms` counts from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    boot: Option<String>,
    /// By the clock that nobody sets.
    #[serde(default)]
    since_boot_ms: u64,
}

impl Deadline {
    /// `limit` from `now` on.
    #[must_use]
    pub fn after(now: &Now, limit: Duration) -> Self {
        let due = now.since_boot + limit;
        Self {
            at: later(now.at, limit),
            boot: now.boot.clone(),
            since_boot_ms: u64::try_from(due.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// The same, `by` later.
    #[must_use]
    pub fn extended(&self, by: Duration) -> Self {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        Self {
            at: later(self.at, by),
            boot: self.boot.clone(),
            since_boot_ms: self.since_boot_ms.saturating_add(millis),
        }
    }

    /// How long it is until then, of a commit that was made at `made`.
    ///
    /// After another start of the machine the time of day counts. Where that lies before `made` it is
    /// wrong, and nobody knows how much time has passed: none is left then.
    #[must_use]
    pub fn left(&self, now: &Now, made: SystemTime) -> Duration {
        if self.boot.is_some() && self.boot == now.boot {
            return Duration::from_millis(self.since_boot_ms).saturating_sub(now.since_boot);
        }
        if now.at < made {
            return Duration::ZERO;
        }
        self.at.duration_since(now.at).unwrap_or_default()
    }
}

/// A broken clock may show what no file can hold.
fn writable(at: SystemTime) -> SystemTime {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + since.min(LAST)
}

fn later(at: SystemTime, by: Duration) -> SystemTime {
    at.checked_add(by).map_or(SystemTime::UNIX_EPOCH + LAST, writable)
}
