//! The process that waits for deadlines, where no watcher does.

use std::thread;
use std::time::Duration;

use super::settle::tell_untold_gateway;
use super::{commits_of, tell, undo};
use crate::clock;
#[cfg(unix)]
use crate::fs::{Target, real_path};
use crate::ops::{OpsError, Signalled, Signalling, Workspace};
use crate::pending::{Cause, Now, Pending, PendingCommits, State};

/// How often it is looked at whether a commit was confirmed or extended.
const LOOK: Duration = Duration::from_secs(1);
/// So much later than the deadline a watcher's turn is over.
const TURN: Duration = Duration::from_secs(3);
/// How long an undo that fails for now is tried again after the last deadline.
const LONGEST: Duration = Duration::from_hours(1);

/// Waits for the deadlines of the configuration's pending commits and undoes what nobody confirms; it
/// returns when none waits any more. Where a watcher guards the file it has the first turn.
///
/// # Errors
///
/// [`OpsError`] where the commits cannot be read.
pub fn keep_time(workspace: &Workspace) -> Result<(), OpsError> {
    let commits = commits_of(workspace);
    let mut last_due = clock::monotonic();
    loop {
        let now = Now::read();
        let all = commits.list()?.commits;
        let waiting: Vec<Pending> =
            all.into_iter().filter(|commit| commit.state == State::Waiting).collect();
        if waiting.is_empty() {
            return Ok(());
        }
        let left = |commit: &Pending| commit.deadline.left(&now, commit.made);
        let next = waiting.iter().map(left).min().unwrap_or_default();
        if !next.is_zero() {
            thread::sleep(next.min(LOOK));
            last_due = clock::monotonic();
            continue;
        }
        let late = last_due.elapsed();
        if late > LONGEST {
            return Ok(());
        }
        if late < TURN && is_guarded(workspace) {
            thread::sleep(LOOK / 4);
            continue;
        }
        settle(workspace, &commits, &waiting, &now);
        thread::sleep(LOOK / 4);
    }
}

fn settle(workspace: &Workspace, commits: &PendingCommits, waiting: &[Pending], now: &Now) {
    for commit in waiting.iter().filter(|commit| commit.is_due(now)) {
        // What fails stands in the commit where that is final, and is tried again where it is not.
        let undone = undo(workspace, commits, commit, Cause::Overdue, Signalling::AsNeeded);
        let signalled = undone.ok().and_then(|outcome| outcome.signal);
        if let Some(why) = signalled.as_ref().and_then(Signalled::failure) {
            tell_untold_gateway(workspace, commits, why);
        }
    }
    tell(workspace, commits);
}

/// Whether a watcher says that it guards the file.
#[cfg(unix)]
fn is_guarded(workspace: &Workspace) -> bool {
    let Ok(target) = Target::resolve(&workspace.config) else { return false };
    let state = crate::event::Client::of(&workspace.state_dir).state();
    let files = state.ok().flatten().map(|state| state.files).unwrap_or_default();
    files.iter().any(|ward| {
        let real = real_path(&ward.file);
        ward.file == target.named() || real.is_ok_and(|real| real == target.path())
    })
}

/// Nobody answers at a socket here.
#[cfg(not(unix))]
fn is_guarded(_: &Workspace) -> bool {
    false
}
