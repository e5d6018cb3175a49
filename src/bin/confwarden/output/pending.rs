//! Writes that wait to be confirmed, for programs and for people.

use std::time::SystemTime;

use confwarden::ops::Awaiting;
use confwarden::pending::{Cause, Now, Pending, State};
use serde::Serialize;

/// A write that is to be confirmed, or was.
#[derive(Serialize)]
pub(super) struct PendingEntry {
    id: u64,
    state: &'static str,
    deadline: String,
    overdue: bool,
    cause: Option<&'static str>,
    why: Option<String>,
}

impl PendingEntry {
    /// One that was made just now.
    pub(super) fn awaiting(awaiting: Awaiting) -> Self {
        Self {
            id: awaiting.id.0,
            state: State::Waiting.name(),
            deadline: time(awaiting.deadline),
            overdue: false,
            cause: None,
            why: None,
        }
    }

    pub(super) fn of(commit: &Pending) -> Self {
        let (cause, why) = match &commit.state {
            State::Undone { cause: Cause::Overdue, .. } => (Some("overdue"), None),
            State::Undone { cause: Cause::Cancelled, .. } => (Some("cancelled"), None),
            State::Stuck { why } => (None, Some(why.clone())),
            State::Waiting | State::Kept { .. } => (None, None),
        };
        Self {
            id: commit.id.0,
            state: commit.state.name(),
            deadline: time(commit.deadline.at),
            overdue: commit.is_due(&Now::read()),
            cause,
            why,
        }
    }

    /// What it is to a person, in one sentence.
    pub(super) fn sentence(&self) -> String {
        let Self { id, state, deadline, overdue, cause, why } = self;
        match (*state, *cause) {
            ("waiting", _) if *overdue => {
                format!("record {id} was not confirmed until {deadline}, and is still to be undone")
            }
            ("waiting", _) => {
                format!(
                    "record {id} is undone at {deadline}, unless `confwarden confirm {id}` keeps it"
                )
            }
            ("kept", _) => format!("record {id} is confirmed, and stays"),
            ("undone", Some("cancelled")) => format!("record {id} is undone, as it was cancelled"),
            ("undone", _) => {
                format!("record {id} was not confirmed until {deadline}, and is undone")
            }
            _ => {
                let why = why.as_deref().unwrap_or_default();
                format!("record {id} could not be undone, and stands: {why}")
            }
        }
    }
}

fn time(at: SystemTime) -> String {
    humantime::format_rfc3339_seconds(at).to_string()
}
