//! The gateway that runs: found, proved, asked.
//!
//! A gateway of OpenClaw is found by the lock file that it keeps while it runs, and is asked over HTTP
//! whether it is ready and over a WebSocket what it has taken of its configuration. Others are asked by
//! the probe of their profile.
//!
//! It promises:
//!
//! - The gateway's own secret is given to nobody but the process that is named by the lock file, runs
//!   since the time that stands there and holds the other end of the very connection; on this machine
//!   only. A program that has taken its port, and a process that has taken its id, get nothing.
//! - Every question has a limit, whatever the other side does.
//! - What could not be asked is said with its reason, never guessed.
//!
//! It never writes a file, never signals a process, and shows nothing of what a gateway says but
//! numbers, hashes, versions and paths.
//!
//! # Limits
//!
//! - Whose end of a connection it is, only Linux tells. Elsewhere nobody is given the secret.
//! - No TLS: a gateway that speaks it is not asked.
//! - A gateway of another user can only be proved by that user and by root.

#![expect(clippy::disallowed_methods, reason = "reads `/proc`, which holds no file of anybody")]

mod answer;
mod client;
mod confirm;
mod error;
mod find;
mod peer;
mod probe;
mod secret;
mod timed;
mod trial;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use answer::{ConfigState, PathReload};
pub use confirm::{Before, Confirmation, Depth, Evidence, Expected, Look, Proof};
pub use error::AskError;
pub use find::Running;
pub use probe::Readiness;

use crate::profile::Profile;

/// The environment variables of this process, as far as somebody lets us read them.
#[derive(Clone)]
pub struct Variables(Arc<Reader>);

/// Reads one variable.
type Reader = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Variables {
    /// Those that `read` knows.
    pub fn new(read: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// None at all.
    #[must_use]
    pub fn none() -> Self {
        Self::new(|_| None)
    }

    /// The value of `name`; an empty one says nothing.
    fn get(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.trim().is_empty())
    }
}

/// Shows none: values of variables may be secrets.
impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Variables(..)")
    }
}

/// The gateway of one configuration, to be asked.
#[derive(Clone, Debug)]
pub struct Gateway<'p> {
    profile: &'p Profile,
    config: PathBuf,
    variables: Variables,
}

impl<'p> Gateway<'p> {
    /// The gateway of `profile` that has the configuration `config`, named as people name it; nothing
    /// where the profile says no way to ask it.
    #[must_use]
    pub fn of(profile: &'p Profile, config: &Path, variables: Variables) -> Option<Self> {
        profile.probe.as_ref()?;
        let config = std::path::absolute(config).unwrap_or_else(|_| config.to_owned());
        Some(Self { profile, config, variables })
    }
}
