//! When to try again what failed, or what somebody else held: later each time.

use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_millis(50);
/// The longest after a failure.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest while another of us holds the lock.
const LONGEST_BUSY: Duration = Duration::from_millis(400);

/// How often something was tried in vain, and when it is tried next. Times are since some fixed moment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Retry {
    tries: u32,
    next: Duration,
}

impl Retry {
    /// It failed. Gives the wait.
    pub(super) fn failed(&mut self, now: Duration) -> Duration {
        self.wait(now, LONGEST)
    }

    /// Somebody held what was needed.
    pub(super) fn busy(&mut self, now: Duration) {
        self.wait(now, LONGEST_BUSY);
    }

    /// It was done.
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// The earliest time for the next try.
    pub(super) fn next(&self) -> Duration {
        self.next
    }

    /// Whether the last try was good.
    pub(super) fn is_idle(&self) -> bool {
        self.tries == 0
    }

    fn wait(&mut self, now: Duration, longest: Duration) -> Duration {
        let wait = FIRST.saturating_mul(1 << self.tries.min(16)).min(longest);
        self.tries += 1;
        self.next = now + wait;
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_success_ends_them() {
        let mut retry = Retry::default();
        let waits: Vec<Duration> = (0..12).map(|_| retry.failed(Duration::ZERO)).collect();
        assert_eq!(waits[..3], [50, 100, 200].map(Duration::from_millis));
        assert_eq!(*waits.last().unwrap(), LONGEST);
        assert_eq!(retry.next(), LONGEST);
        retry.succeeded();
        assert!(retry.is_idle() && retry.next() == Duration::ZERO);
        for _ in 0..9 {
            retry.busy(Duration::ZERO);
        }
        assert_eq!(retry.next(), LONGEST_BUSY);
    }
}
