//! What a local program may ask the watcher, and what it is answered.
//!
//! | request, one JSON line | answer, JSON lines |
//! | --- | --- |
//! | `{"request":"events","file":…,"since":…}` | events, for as long as the client stays; both members may be missing |
//! | `{"request":"state"}` | a [`WatcherState`] |
//! | `{"request":"fresh","file":…,"limit_ms":…}` | a [`Freshness`] |
//! | anything else | `{"error":…}` |

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Sight;
use crate::history::path;

/// A question that the watcher itself must answer. Dropped unanswered, the client is told that the
/// watcher is about to end.
#[derive(Debug)]
#[non_exhaustive]
pub enum Request {
    /// What is guarded, and how it stands.
    State(Answer<WatcherState>),
    /// Whether everything that happened to a file until now was seen, and what came of it.
    Fresh {
        /// The file, as the client named it.
        file: PathBuf,
        /// How long the client waits for the answer.
        limit: Duration,
        /// Where the answer goes.
        answer: Answer<Freshness>,
    },
}

/// Where an answer goes. Giving it never blocks.
#[derive(Debug)]
pub struct Answer<T>(SyncSender<Result<T, String>>);

impl<T> Answer<T> {
    /// An answer that can be waited for.
    #[must_use]
    pub fn channel() -> (Self, Receiver<Result<T, String>>) {
        let (sender, receiver) = sync_channel(1);
        (Self(sender), receiver)
    }

    /// Answers.
    pub fn give(self, answer: T) {
        // Who has stopped waiting wants none.
        self.0.try_send(Ok(answer)).ok();
    }

    /// Says why there is no answer, such as that the file is not guarded.
    pub fn refuse(self, why: impl Into<String>) {
        self.0.try_send(Err(why.into())).ok();
    }
}

/// How a guarded file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// It is as the watcher wants it, and nothing is due.
    Stable,
    /// Somebody writes it, or something is due.
    Settling,
    /// Somebody damages it again and again.
    Contested,
    /// It is damaged, and could not be put right yet.
    Damaged,
    /// It does not exist.
    Missing,
}

impl Condition {
    /// The name as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Settling => "settling",
            Self::Contested => "contested",
            Self::Damaged => "damaged",
            Self::Missing => "missing",
        }
    }
}

/// A guarded file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ward {
    /// The file, by its real path.
    #[serde(with = "path")]
    pub file: PathBuf,
    /// How changes are seen.
    pub how: Sight,
    /// How it stands.
    pub state: Condition,
    /// The number of its last event.
    pub seq: u64,
}

/// A running watcher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatcherState {
    /// Its process.
    pub pid: u32,
    /// Its version, as `confwarden --version` says.
    pub version: String,
    /// What it guards.
    pub files: Vec<Ward>,
}

/// Whether a file was seen as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freshness {
    /// Whether no event is in flight any more: everything that happened before the question was seen.
    pub fresh: bool,
    /// Whether the file differs from what was accepted last.
    pub drift: bool,
    /// How it stands.
    pub state: Condition,
}

impl Freshness {
    /// Whether a script may rely on the file as it is.
    #[must_use]
    pub fn is_stable(&self) -> bool {
        self.fresh && !self.drift && self.state == Condition::Stable
    }
}

/// A request as it is written.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Asked {
    Events {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<Named>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<u64>,
    },
    State {},
    Fresh {
        file: Named,
        limit_ms: u64,
    },
}

/// A path in a request.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Named(#[serde(with = "path")] pub(super) PathBuf);

/// A refusal as it is written.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Refusal {
    pub(super) error: String,
}
