//! Commit-confirm: a write that is undone unless somebody confirms it in time.
//!
//! Its [`Pending`] commit is durable, and somebody waits for its deadline, before the write can be seen
//! ([`announce`]). Whoever comes first after the deadline undoes it ([`undo`]): the watcher, the process
//! that was started to wait ([`keep_time`]), or the next command that writes. What became of a commit is
//! changed under the lock of the configuration alone, so a confirmation and an undo never cross.
//!
//! An undo is three-way: what others wrote since stays. Where they changed the same value nothing is
//! undone, and a person must look.

mod announce;
mod settle;
mod timer;
mod undo;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

pub(super) use announce::Announcement;
pub use settle::{Settlement, cancel, confirm, extend, pending_commits, settle_overdue};
pub(super) use settle::{settle_in_watcher, tell};
pub use timer::keep_time;
pub(super) use undo::{Step, Undo, undo};

use super::{Workspace, records};
use crate::history::RecordId;
use crate::pending::PendingCommits;

/// A write that is to be confirmed.
#[derive(Clone, Debug)]
pub struct ConfirmWithin {
    /// How long it waits.
    pub limit: Duration,
    /// Who waits for the deadline, beside a watcher.
    pub timekeeper: Timekeeper,
}

/// A program that calls [`keep_time`] in a process of its own, after `child::detach`.
#[derive(Clone, Debug)]
pub struct Timekeeper {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// A write that waits to be confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Awaiting {
    /// Its record, by which it is confirmed.
    pub id: RecordId,
    /// When it is undone.
    pub deadline: SystemTime,
}

/// The pending commits of the workspace's configuration.
fn commits_of(workspace: &Workspace) -> PendingCommits {
    PendingCommits::of(&records::of(workspace))
}
