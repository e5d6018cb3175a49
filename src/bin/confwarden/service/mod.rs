//! A long run as a service: what the service manager is told, and lines for its log.
//!
//! Both do nothing that a run by hand would notice: without a manager nothing is sent, and the lines
//! are for people.

mod log;
mod notifier;

use std::ffi::OsString;

pub(crate) use log::{Style, Verbosity, begin_log};
pub(crate) use notifier::Notifier;

/// What a service manager tells its services through the environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    /// `NOTIFY_SOCKET`: a path, or `@` and the name of an abstract socket.
    pub(crate) notify_socket: Option<OsString>,
    /// `WATCHDOG_USEC`.
    pub(crate) watchdog_usec: Option<String>,
    /// `WATCHDOG_PID`.
    pub(crate) watchdog_pid: Option<String>,
    /// `JOURNAL_STREAM`.
    pub(crate) journal_stream: Option<String>,
}
