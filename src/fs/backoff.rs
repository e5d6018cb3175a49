//! How long and how often to try again.
//!
//! Pauses grow from a millisecond to ten and are jittered, so that thirty processes that wait for
//! one lock neither march in step nor sleep while it is free.

use std::thread;
use std::time::{Duration, Instant};

/// Whether to wait for a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Try once.
    No,
    /// Try again until this much time has gone by.
    UpTo(Duration),
}

const FIRST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(10);

/// The pauses between tries, and their limit.
#[derive(Debug)]
pub(super) struct Backoff {
    started: Instant,
    limit: Duration,
    pause: Duration,
}

/// Whether there is time for another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    TryAgain,
    GiveUp,
}

impl Backoff {
    pub(super) fn new(wait: Wait) -> Self {
        Self {
            started: Instant::now(),
            limit: match wait {
                Wait::No => Duration::ZERO,
                Wait::UpTo(limit) => limit,
            },
            pause: FIRST,
        }
    }

    /// Sleeps until the next try is due. The last try is at the limit, not before it.
    pub(super) fn pause(&mut self) -> Next {
        let left = self.limit.saturating_sub(self.waited());
        if left.is_zero() {
            return Next::GiveUp;
        }
        thread::sleep(jittered(self.pause, fastrand::f64()).min(left));
        self.pause = (self.pause * 2).min(LONGEST);
        Next::TryAgain
    }

    /// Time since the first try; zero if there was only one.
    pub(super) fn waited(&self) -> Duration {
        if self.limit.is_zero() {
            return Duration::ZERO;
        }
        self.started.elapsed()
    }
}

/// Between a half and the whole of `pause`, as `random` (0 to 1) says.
fn jittered(pause: Duration, random: f64) -> Duration {
    pause.mul_f64(0.5 + random / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_stays_between_half_and_whole() {
        assert_eq!(jittered(LONGEST, 0.0), LONGEST / 2);
        assert_eq!(jittered(LONGEST, 1.0), LONGEST);
    }

    #[test]
    fn no_wait_gives_up_at_once() {
        assert_eq!(Backoff::new(Wait::No).pause(), Next::GiveUp);
    }

    #[test]
    fn tries_last_exactly_until_the_limit() {
        let limit = Duration::from_millis(30);
        let mut backoff = Backoff::new(Wait::UpTo(limit));
        let mut tries = 0;
        while backoff.pause() == Next::TryAgain {
            tries += 1;
        }
        assert!(tries >= 3, "{tries} tries in 30 ms");
        assert!(backoff.waited() >= limit, "gave up early");
        assert!(backoff.waited() < limit * 100, "gave up late");
    }
}
