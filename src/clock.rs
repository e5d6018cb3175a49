//! The time now.
//!
//! The only reader of the clocks beside `fs`, which waits. What depends on the time takes it as an
//! argument, so that a test can say what time it is.

#![expect(clippy::disallowed_methods, reason = "this is the module that the ban list points to")]

use std::time::{Instant, SystemTime};

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
