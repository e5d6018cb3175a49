//! Events: what the watcher saw and did, told to people, scripts and programs.
//!
//! An [`Event`] is one JSON line after `schemas/event.v1.schema.json`. It goes three ways:
//!
//! | way | for | loses events |
//! | --- | --- | --- |
//! | [`Log`], read by [`read`] and [`Follower`] | everybody, also when no watcher runs | the oldest, by size |
//! | [`Hub`], asked through the socket of a [`Server`] | local programs, at once | those of a client too slow to read, which is told |
//! | [`Hooks`] | programs that people named | where too many wait, which is told |
//!
//! # On disk
//!
//! | in the folder of a file's history | is |
//! | --- | --- |
//! | `events.jsonl` | the latest events, oldest first, one JSON object a line |
//! | `events.1.jsonl` | those before, kept until the next rotation at 1 MiB |
//! | `events.lock` | held by the process that adds events; never removed |
//!
//! # Promises
//!
//! - An event holds paths, names of rules and programs and file sizes, never a value of a document and
//!   never an argument of a command.
//! - A process that dies at any point leaves a log that can be read; a line that was cut off is taken
//!   away by the next event.
//! - An event of a newer version, or of a kind that is not known, is read as far as it is understood
//!   ([`Seen`]), handed on as it is, and never rewritten.
//! - Neither a slow client nor a hook ever makes the watcher wait.
//!
//! Within version 1 kinds and members are added, never renamed, removed or given another meaning.
//!
//! This module never opens a configuration and never decides what is told.
//!
//! # Limits
//!
//! The log is not synced: a power cut may take the last events. Socket and hooks are for Unix; who is
//! at the other end of the socket is told by the kernel on Linux alone, elsewhere the modes of the
//! socket and its directory protect it.

mod error;
mod follow;
mod hook;
mod hub;
mod kind;
mod line;
mod log;
mod read;
mod request;

#[cfg(unix)]
mod client;
#[cfg(unix)]
mod runner;
#[cfg(unix)]
mod server;

#[cfg(test)]
#[cfg(unix)]
mod hook_tests;
#[cfg(test)]
#[cfg(unix)]
mod socket_tests;
#[cfg(test)]
#[cfg(unix)]
mod tests;

use std::path::PathBuf;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

pub use error::EventError;
pub use follow::Follower;
pub use hook::{HookFailure, Hooks};
pub use hub::Hub;
pub use kind::{EventKind, Origin, PutBackNote, ReloadNote, RollBack, Sight};
pub use line::Seen;
pub use log::{Log, NotLogged};
pub use read::{Since, SinceError, read};
pub use request::{Answer, Condition, Freshness, Request, Ward, WatcherState};

#[cfg(unix)]
pub use client::Client;
#[cfg(unix)]
pub use server::Server;

use crate::history::{path, time};

/// The version of the events that are written.
pub const VERSION: u64 = 1;

/// One thing that the watcher saw or did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The version of its form.
    #[serde(rename = "v")]
    pub version: u64,
    /// Its number in the log of its file, from 1, growing.
    pub seq: u64,
    /// When it happened, in milliseconds.
    #[serde(with = "time")]
    pub at: SystemTime,
    /// The guarded file, by its real path.
    #[serde(with = "path")]
    pub file: PathBuf,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

impl Event {
    /// The event as one line of JSON, with its end.
    ///
    /// # Panics
    ///
    /// Never: keys are strings, and the times were checked.
    #[must_use]
    pub fn to_line(&self) -> String {
        line::encode(self)
    }

    /// The event as a reader of the log sees it.
    #[must_use]
    pub fn seen(&self) -> Seen {
        Seen {
            seq: self.seq,
            at: self.at,
            kind: self.kind.name().as_str().to_owned(),
            event: Some(self.clone()),
            line: self.to_line().trim_end().to_owned(),
        }
    }
}
