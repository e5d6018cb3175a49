//! The time now.
//!
//! The only reader of the clocks beside `fs`, which waits. What depends on the time takes it as an
//! argument, so that a test can say what time it is.

#![expect(clippy::disallowed_methods, reason = "this is the module that the ban list points to")]

use std::time::{Duration, Instant, SystemTime};

/// The time of day. People and time servers set it, also back.
#[must_use]
pub fn now() -> SystemTime {
    SystemTime::now()
}

/// A time that only grows, for durations; it means nothing outside of this process.
#[must_use]
pub fn monotonic() -> Instant {
    Instant::now()
}

/// How long the machine runs, with the time that it was suspended: nobody sets it. It means nothing
/// after another start.
#[must_use]
pub fn since_boot() -> Duration {
    #[cfg(target_os = "linux")]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let seconds = Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or_default());
        seconds + Duration::from_nanos(u64::try_from(time.tv_nsec).unwrap_or_default())
    }
    #[cfg(not(target_os = "linux"))]
    {
        // Nothing that could be compared with another process's.
        Duration::ZERO
    }
}
