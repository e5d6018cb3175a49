//! What becomes of pending commits: kept, cancelled, extended, undone when they are overdue.

use std::time::Duration;

use super::{commits_of, undo};
use crate::clock;
use crate::event::{EventKind, Log};
use crate::fs::Target;
use crate::history::RecordId;
use crate::ops::session::Session;
use crate::ops::{
    Access, OpsError, Outcome, Signalled, Signalling, Workspace, outcome, signalling,
};
use crate::pending::{Cause, Listing, Now, Pending, PendingCommits, State};

/// What became of a commit that was asked about.
#[derive(Debug)]
pub enum Settlement {
    /// It is kept.
    Kept(Pending),
    /// It waits longer.
    Extended(Pending),
    /// It was undone just now: it was cancelled, or the confirmation came too late.
    Undone(Pending, Box<Outcome>),
    /// It was undone before.
    UndoneBefore(Pending),
}

/// The pending commits of a configuration, and what became of those of the last days.
///
/// # Errors
///
/// [`OpsError`] where they cannot be read.
pub fn pending_commits(workspace: &Workspace) -> Result<Listing, OpsError> {
    Ok(commits_of(workspace).list()?)
}

/// Keeps a commit; without `id` the one that waits.
///
/// # Errors
///
/// [`OpsError::NotPending`] and [`OpsError::ManyPending`] where it is not clear which, and any error of
/// an undo where the confirmation comes too late.
pub fn confirm(workspace: &Workspace, id: Option<RecordId>) -> Result<Settlement, OpsError> {
    workspace.refuse_managed()?;
    let commits = commits_of(workspace);
    let session = Session::guarding(workspace)?;
    let commit = chosen(&commits, id)?;
    if commit.is_due(&Now::read()) {
        drop(session);
        return undone(workspace, &commits, &commit, Cause::Overdue);
    }
    match commit.state {
        State::Undone { .. } => Ok(Settlement::UndoneBefore(commit)),
        State::Kept { .. } => Ok(Settlement::Kept(commit)),
        State::Waiting | State::Stuck { .. } => {
            let kept = Pending { state: State::Kept { at: Now::read().at }, ..commit };
            commits.store(&kept)?;
            drop(session);
            tell(workspace, &commits);
            Ok(Settlement::Kept(kept))
        }
    }
}

/// Undoes a commit now; without `id` the one that waits.
///
/// # Errors
///
/// As [`confirm`], and [`OpsError::NotPending`] where it was confirmed.
pub fn cancel(workspace: &Workspace, id: Option<RecordId>) -> Result<Settlement, OpsError> {
    workspace.refuse_managed()?;
    let commits = commits_of(workspace);
    let commit = chosen(&commits, id)?;
    match commit.state {
        State::Undone { .. } => Ok(Settlement::UndoneBefore(commit)),
        State::Kept { .. } => Err(OpsError::NotPending { id: Some(commit.id) }),
        State::Waiting | State::Stuck { .. } => {
            match undone(workspace, &commits, &commit, Cause::Cancelled)? {
                // Somebody confirmed it while the lock was waited for.
                Settlement::Kept(_) => Err(OpsError::NotPending { id: Some(commit.id) }),
                settlement => Ok(settlement),
            }
        }
    }
}

/// Lets a commit wait `by` longer; without `id` the one that waits.
///
/// # Errors
///
/// As [`confirm`].
pub fn extend(
    workspace: &Workspace,
    id: Option<RecordId>,
    by: Duration,
) -> Result<Settlement, OpsError> {
    workspace.refuse_managed()?;
    let commits = commits_of(workspace);
    let session = Session::guarding(workspace)?;
    let commit = chosen(&commits, id)?;
    if commit.is_due(&Now::read()) {
        drop(session);
        return undone(workspace, &commits, &commit, Cause::Overdue);
    }
    match commit.state {
        State::Waiting => {
            let later = Pending { deadline: commit.deadline.extended(by), ..commit };
            commits.store(&later)?;
            Ok(Settlement::Extended(later))
        }
        State::Undone { .. } => Ok(Settlement::UndoneBefore(commit)),
        State::Kept { .. } | State::Stuck { .. } => {
            Err(OpsError::NotPending { id: Some(commit.id) })
        }
    }
}

/// Undoes what nobody confirmed in time, as after another start of the machine; one sentence for each.
#[must_use]
pub fn settle_overdue(workspace: &Workspace) -> Vec<String> {
    // What is made elsewhere is put right elsewhere.
    if workspace.access != Access::Writable {
        return Vec::new();
    }
    let commits = commits_of(workspace);
    let listing = match commits.list() {
        Ok(listing) => listing,
        Err(error) => {
            return vec![outcome::with_causes("could not look for commits that are due", &error)];
        }
    };
    if listing.commits.iter().all(|commit| commit.state != State::Waiting) {
        return Vec::new();
    }
    let now = Now::read();
    let due = listing.commits.into_iter().filter(|commit| commit.is_due(&now));
    let told = due.map(|commit| {
        let id = commit.id;
        match undo(workspace, &commits, &commit, Cause::Overdue, Signalling::AsNeeded) {
            Ok(outcome) => {
                let undone = format!("record {id} was not confirmed in time, and is undone");
                match outcome.signal.as_ref().and_then(Signalled::failure) {
                    Some(why) => format!("{undone}, but the gateway was not told: {why}"),
                    None => undone,
                }
            }
            Err(error) => {
                let what = format!("could not undo record {id}, which was not confirmed in time");
                outcome::with_causes(&what, &error)
            }
        }
    });
    let told: Vec<String> = told.collect();
    if !told.is_empty() {
        tell(workspace, &commits);
    }
    told
}

/// What a watcher has done about commits.
#[derive(Debug, Default)]
pub(in crate::ops) struct Watched {
    /// What is told.
    pub(in crate::ops) told: Vec<EventKind>,
    /// How long it is until one is due, or to be tried again; nothing where none waits.
    pub(in crate::ops) next: Option<Duration>,
    /// Whether the gateway is to be told of what was undone.
    pub(in crate::ops) is_to_be_told: bool,
}

/// As [`settle_overdue`], for whoever has the log of events and looks again: what fails for now is tried
/// then.
pub(in crate::ops) fn settle_in_watcher(workspace: &Workspace) -> Watched {
    let mut watched = Watched::default();
    if workspace.access != Access::Writable {
        return watched;
    }
    let commits = commits_of(workspace);
    let all = commits.list().unwrap_or_default().commits;
    let now = Now::read();
    for commit in all.iter().filter(|commit| commit.is_due(&now)) {
        let undone = undo(workspace, &commits, commit, Cause::Overdue, Signalling::None);
        let changes = undone.map(|outcome| outcome.changes).unwrap_or_default();
        watched.is_to_be_told |= signalling::is_needed(&workspace.profile.signal, &changes);
    }
    for (commit, kind) in untold(&commits) {
        commits.set_told(&commit).ok();
        watched.told.push(kind);
    }
    let left = commits.list().unwrap_or_default().commits;
    let waiting = left.iter().filter(|commit| commit.state == State::Waiting);
    let next = waiting.map(|commit| commit.deadline.left(&now, commit.made)).min();
    // One that is still there is tried again, a little later.
    watched.next = next.map(|next| next.max(Duration::from_millis(250)));
    watched
}

/// Tells what became of commits, unless a watcher does: it has the log then.
pub(in crate::ops) fn tell(workspace: &Workspace, commits: &PendingCommits) {
    let Some(folder) = commits.folder().parent() else { return };
    // Somebody else tells it, or the next one.
    let Ok(mut log) = Log::borrow(folder, &Target::entry(&workspace.config)) else { return };
    for (commit, kind) in untold(commits) {
        if log.append(clock::now(), kind).is_ok() {
            commits.set_told(&commit).ok();
        }
    }
}

/// Tells that an undo stands which the gateway does not know of, where nobody waits for an answer.
pub(super) fn tell_untold_gateway(workspace: &Workspace, commits: &PendingCommits, why: &str) {
    let Some(folder) = commits.folder().parent() else { return };
    let Ok(mut log) = Log::borrow(folder, &Target::entry(&workspace.config)) else { return };
    let kind = EventKind::Failed {
        from: crate::event::Origin::Watcher,
        what: "tell the gateway of the change".to_owned(),
        why: why.to_owned(),
        next_try_ms: None,
    };
    log.append(clock::now(), kind).ok();
}

/// What became of commits and was not told yet.
pub(in crate::ops) fn untold(commits: &PendingCommits) -> Vec<(Pending, EventKind)> {
    let listing = commits.list().unwrap_or_default();
    let news = listing.commits.into_iter().filter_map(|commit| {
        let kind = news_of(&commit)?;
        (!commits.is_told(&commit)).then_some((commit, kind))
    });
    news.collect()
}

fn news_of(commit: &Pending) -> Option<EventKind> {
    let commit_id = commit.id;
    match &commit.state {
        State::Waiting => None,
        State::Kept { .. } => Some(EventKind::Kept { commit: commit_id }),
        State::Undone { cause, .. } => Some(EventKind::RolledBack {
            commit: commit_id,
            cause: match cause {
                Cause::Overdue => crate::event::RollBack::Overdue,
                Cause::Cancelled => crate::event::RollBack::Cancelled,
            },
        }),
        State::Stuck { why } => Some(EventKind::Failed {
            from: crate::event::Origin::Watcher,
            what: format!("undo record {commit_id}, which was not confirmed in time"),
            why: why.clone(),
            next_try_ms: None,
        }),
    }
}

fn undone(
    workspace: &Workspace,
    commits: &PendingCommits,
    commit: &Pending,
    cause: Cause,
) -> Result<Settlement, OpsError> {
    let undone = undo(workspace, commits, commit, cause, Signalling::AsNeeded);
    tell(workspace, commits);
    let outcome = undone?;
    // Somebody may have been faster with something else.
    let now = chosen(commits, Some(commit.id))?;
    Ok(match now.state {
        State::Kept { .. } => Settlement::Kept(now),
        State::Waiting => Settlement::Extended(now),
        _ => Settlement::Undone(now, Box::new(outcome)),
    })
}

/// The commit `id`; without one the only one that waits.
fn chosen(commits: &PendingCommits, id: Option<RecordId>) -> Result<Pending, OpsError> {
    let all = commits.list()?.commits;
    if let Some(id) = id {
        let found = all.into_iter().find(|commit| commit.id == id);
        return found.ok_or(OpsError::NotPending { id: Some(id) });
    }
    let mut open: Vec<Pending> =
        all.into_iter().filter(|commit| !commit.state.is_final()).collect();
    match (open.pop(), open.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(last), false) => {
            let ids = open.iter().map(|commit| commit.id).chain([last.id]).collect();
            Err(OpsError::ManyPending { ids })
        }
        (None, _) => Err(OpsError::NotPending { id: None }),
    }
}
