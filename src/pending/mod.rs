//! Pending commits: writes that stand, and are undone unless somebody confirms them in time.
//!
//! # On disk
//!
//! | in the folder of a file's history | is |
//! | --- | --- |
//! | `pending/<id>.json` | one commit, named like its record: when it is undone, between which texts, what became of it |
//! | `pending/<id>.told` | that the end of it was told as an event |
//!
//! # Promises
//!
//! - A commit is there, and durable, before its write can be seen.
//! - What became of it is never lost: a commit that was kept or undone stays for a week.
//! - It is due by a clock that nobody sets, as long as the machine runs; after another start by the time
//!   of day, and at once where that lies before the commit was made.
//! - One of a newer version is left alone, and named.
//!
//! This module never writes a configuration and decides nothing: who changes a commit holds the lock of
//! the configuration.

mod deadline;
mod store;

#[cfg(test)]
mod tests;

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

pub use deadline::{Deadline, Now};
pub use store::{Listing, PendingCommits};

use crate::history::{RecordId, RecordedFile, time};

/// The version of the form on the disk.
const VERSION: u64 = 1;

/// A write that is undone unless it is confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The version of its form.
    #[serde(rename = "v")]
    pub version: u64,
    /// Its number, which is that of its record.
    pub id: RecordId,
    /// When it was made.
    #[serde(with = "time")]
    pub made: SystemTime,
    /// When it is undone.
    pub deadline: Deadline,
    /// The command that made it, without arguments.
    pub command: String,
    /// Its files, the root first, with the texts before and after.
    pub files: Vec<RecordedFile>,
    /// What became of it.
    pub state: State,
}

/// What became of a pending commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum State {
    /// It waits to be confirmed.
    Waiting,
    /// It was not confirmed, and could not be undone: a person must look. It stands.
    Stuck {
        /// Why, without a value.
        why: String,
    },
    /// It was confirmed.
    Kept {
        /// When.
        #[serde(with = "time")]
        at: SystemTime,
    },
    /// It was undone.
    Undone {
        /// When.
        #[serde(with = "time")]
        at: SystemTime,
        /// Why.
        cause: Cause,
    },
}

/// Why a commit was undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Nobody confirmed it in time.
    Overdue,
    /// Somebody did not want it.
    Cancelled,
}

impl State {
    /// Its name, as `kind` on the disk.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Stuck { .. } => "stuck",
            Self::Kept { .. } => "kept",
            Self::Undone { .. } => "undone",
        }
    }

    /// Whether nothing more becomes of it.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Kept { .. } | Self::Undone { .. })
    }
}

impl Pending {
    /// A commit that waits from `now` on until `deadline`.
    #[must_use]
    pub fn new(
        id: RecordId,
        now: &Now,
        deadline: Deadline,
        command: String,
        files: Vec<RecordedFile>,
    ) -> Self {
        Self { version: VERSION, id, made: now.at, deadline, command, files, state: State::Waiting }
    }

    /// Whether it is to be undone.
    #[must_use]
    pub fn is_due(&self, now: &Now) -> bool {
        self.state == State::Waiting && self.deadline.left(now, self.made).is_zero()
    }
}
