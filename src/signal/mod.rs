//! Signals: how a gateway is told to take a configuration that was written.
//!
//! | kind | what is done | proved before |
//! | --- | --- | --- |
//! | `watched` | nothing: the gateway watches its file | |
//! | `process` | a signal to the process that a file names | it was started before the file was written, runs that executable, is no OpenClaw |
//! | `systemd` | `systemctl reload UNIT` | |
//! | `command` | a program runs, without a shell | |
//! | `http` | a request to a loopback address | the address, when the profile is read |
//!
//! Each is a [`Sender`]; [`sender`] picks the one that a profile names. Each has a limit of time, is sent
//! once, and is told as failed where it is not known to have arrived.
//!
//! This module never decides whether a gateway is to be told, never shows an argument, a header or a
//! body, and follows no redirect and no proxy: what it sends may be a secret.
//!
//! # Limits
//!
//! - That a gateway was told is no proof that it took the configuration.
//! - Whoever listens at the address of `http` gets the header and the body: it is not proved to be the
//!   gateway.
//! - `process` needs Linux 5.3, where a process can be addressed so that no other is meant.

mod error;
mod http;

#[cfg(unix)]
mod command;
#[cfg(target_os = "linux")]
mod process;

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;

use std::path::Path;
use std::sync::atomic::AtomicBool;

pub use error::SignalError;

use crate::profile::Signal;

/// One way to tell a gateway.
pub trait Sender {
    /// Tells the gateway, once, to take the configuration at `config`. It gives up when `ends` is set,
    /// where it waits for a program.
    ///
    /// # Errors
    ///
    /// [`SignalError`]; whether the gateway was told is then unknown, or it was not.
    fn send(&self, config: &Path, ends: &AtomicBool) -> Result<Sent, SignalError>;
}

/// What was done to tell a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Nothing: it watches the file.
    Nothing,
    /// This, in a few words without an argument (`SIGHUP to process 4711`).
    Told(String),
}

/// The sender that `signal` describes.
#[must_use]
pub fn sender(signal: &Signal) -> Box<dyn Sender + '_> {
    match signal {
        Signal::Watched => Box::new(Watched),
        #[cfg(target_os = "linux")]
        Signal::Process(signal) => Box::new(process::Process(signal)),
        #[cfg(unix)]
        Signal::Systemd(signal) => Box::new(command::Systemd(signal)),
        #[cfg(unix)]
        Signal::Command(signal) => Box::new(command::Command(signal)),
        Signal::Http(signal) => Box::new(http::Http(signal)),
        #[cfg(not(target_os = "linux"))]
        _ => Box::new(Unsupported),
    }
}

/// The gateway watches the file.
struct Watched;

impl Sender for Watched {
    fn send(&self, _: &Path, _: &AtomicBool) -> Result<Sent, SignalError> {
        Ok(Sent::Nothing)
    }
}

/// What this system has no way for.
#[cfg(not(target_os = "linux"))]
struct Unsupported;

#[cfg(not(target_os = "linux"))]
impl Sender for Unsupported {
    fn send(&self, _: &Path, _: &AtomicBool) -> Result<Sent, SignalError> {
        Err(SignalError::Unsupported)
    }
}
