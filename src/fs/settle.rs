//! Waiting for a writer that empties a file before it fills it.
//!
//! Many programs truncate a file, then write it, and some take it away first. For a moment it is
//! empty, cut short or gone, though nobody meant it to be. Only the time of its last write tells that
//! moment from a file that is broken, so a file that has been left alone is never waited for.

use std::time::{Duration, SystemTime};

use super::backoff::{Backoff, Next, Wait};
use super::read::Loaded;

/// Whoever has not written for so long is done.
const QUIET: Duration = Duration::from_millis(250);
/// The longest that a file is waited for that is written again and again.
const LONGEST: Duration = Duration::from_secs(2);

/// One wait for a file that cannot be meant so.
#[derive(Debug)]
pub struct Settling {
    backoff: Backoff,
}

/// Whether a file is what its writer meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quiet {
    /// Its writer has had the time to be done.
    Yes,
    /// It was written a moment ago: read it again.
    NotYet,
}

impl Settling {
    /// Begins to wait; for a file that is there.
    #[must_use]
    pub fn new() -> Self {
        Self { backoff: Backoff::new(Wait::UpTo(LONGEST)) }
    }

    /// Begins to wait for a file that was there and is gone.
    #[must_use]
    pub fn for_return() -> Self {
        Self { backoff: Backoff::new(Wait::UpTo(QUIET)) }
    }

    /// Whether `found` was left alone long enough to be meant so. Sleeps a moment if not.
    pub fn wait(&mut self, found: &Loaded) -> Quiet {
        let modified = found.fingerprint.identity().modified;
        if is_fresh(modified, SystemTime::now()) { self.pause() } else { Quiet::Yes }
    }

    /// Sleeps a moment, unless it has been enough.
    pub fn pause(&mut self) -> Quiet {
        match self.backoff.pause() {
            Next::TryAgain => Quiet::NotYet,
            Next::GiveUp => Quiet::Yes,
        }
    }
}

impl Default for Settling {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether `modified` (nanoseconds since 1970) is [`QUIET`] or less before `now`. A time to come
/// tells nothing: another machine's clock may have made it.
fn is_fresh(modified: i128, now: SystemTime) -> bool {
    let Ok(now) = now.duration_since(SystemTime::UNIX_EPOCH) else { return false };
    let age = now.as_nanos().cast_signed() - modified;
    (0..=QUIET.as_nanos().cast_signed()).contains(&age)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_just_written_is_fresh() {
        let at = |nanoseconds: u64| SystemTime::UNIX_EPOCH + Duration::from_nanos(nanoseconds);
        let check = |age: Duration, expected: bool| {
            let modified = 1_000_000_000_000;
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000) + age;
            assert_eq!(is_fresh(modified, now), expected, "{age:?} before");
        };
        check(Duration::ZERO, true);
        check(QUIET, true);
        check(QUIET + Duration::from_nanos(1), false);
        check(Duration::from_hours(1), false);
        assert!(!is_fresh(2, at(1)), "a time to come");
        assert!(!is_fresh(-1_000_000_000, at(1)), "before 1970");
    }

    #[test]
    fn waiting_ends() {
        let mut settling = Settling::for_return();
        let started = std::time::Instant::now();
        while settling.pause() == Quiet::NotYet {}
        assert!(started.elapsed() >= QUIET);
        assert_eq!(settling.pause(), Quiet::Yes);
    }
}
