//! Reading the log of a file, from a place in it.

use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use super::EventError;
use super::line::{self, Seen};
use super::log::{BEFORE, LATEST};
use crate::fs::Folder;

/// From where on events are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Since {
    /// From the oldest that is kept.
    #[default]
    Beginning,
    /// Those behind the event of this number.
    Seq(u64),
    /// Those that happened at most this long ago.
    Ago(Duration),
    /// Those that happened at this time or later.
    Time(SystemTime),
}

/// A text that names no place in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the number of an event, a duration such as `10m`, or a time such as `2026-11-25T08:00:00Z` is expected"
)]
pub struct SinceError;

/// A whole number is that of an event; with `ms`, `s`, `m`, `h` or `d` behind it a duration; anything
/// else a time after RFC 3339, in UTC.
impl FromStr for Since {
    type Err = SinceError;

    fn from_str(text: &str) -> Result<Self, SinceError> {
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let millis = match unit {
            "" => return number.parse().map(Self::Seq).map_err(|_| SinceError),
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return humantime::parse_rfc3339(text).map(Self::Time).map_err(|_| SinceError),
        };
        let number: u64 = number.parse().map_err(|_| SinceError)?;
        number.checked_mul(millis).map(Duration::from_millis).map(Self::Ago).ok_or(SinceError)
    }
}

impl Since {
    /// The same as a time, where it is a duration: later looks then start at the same place.
    #[must_use]
    pub fn at(self, now: SystemTime) -> Self {
        match self {
            Self::Ago(duration) => match now.checked_sub(duration) {
                Some(time) => Self::Time(time),
                None => Self::Beginning,
            },
            other => other,
        }
    }

    pub(super) fn holds(self, seen: &Seen) -> bool {
        match self {
            Self::Beginning => true,
            Self::Seq(seq) => seen.seq > seq,
            Self::Time(time) => seen.at >= time,
            // `at` has made a time of it.
            Self::Ago(_) => false,
        }
    }
}

/// The events in the log of `folder` from `since` on, oldest first; none where there is no log. No lock
/// is taken: a line that is just being written is left out.
///
/// # Errors
///
/// [`EventError::Fs`] where it cannot be read.
pub fn read(folder: &Path, since: Since, now: SystemTime) -> Result<Vec<Seen>, EventError> {
    let Some(folder) = Folder::open(folder)? else { return Ok(Vec::new()) };
    let since = since.at(now);
    Ok(all(&folder)?.into_iter().filter(|seen| since.holds(seen)).collect())
}

/// Everything that is kept, oldest first.
pub(super) fn all(folder: &Folder) -> Result<Vec<Seen>, EventError> {
    // The newer file first: what is rotated between the two looks is then seen twice, not never.
    let latest = folder.read(LATEST)?.unwrap_or_default();
    let before = folder.read(BEFORE)?.unwrap_or_default();
    let mut events: Vec<Seen> = line::decode_all(&before).collect();
    events.extend(line::decode_all(&latest));
    events.sort_by_key(|seen| seen.seq);
    events.dedup_by_key(|seen| seen.seq);
    Ok(events)
}
