//! The undo of one commit: three-way, proved, once.

use std::path::PathBuf;

use super::announce::step;
use crate::history::{History, Identities, RecordId};
use crate::ops::restore::Restoration;
use crate::ops::session::Session;
use crate::ops::snapshot::{Snapshot, Unparsable};
use crate::ops::transaction::{self, Duty};
use crate::ops::{
    Missing, OpsError, Outcome, Request, Signalling, Status, Workspace, WriteOptions, signalling,
};
use crate::pending::{Cause, Now, Pending, PendingCommits, State};
use crate::policy;

/// What is done with a commit under the lock of its configuration.
pub(in crate::ops) struct Undo {
    state_dir: PathBuf,
    commits: PendingCommits,
    id: RecordId,
    cause: Cause,
}

/// Whether the undo goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) enum Step {
    GoOn,
    /// Somebody was faster: it is kept or undone already, or the deadline was moved.
    NotAnyMore,
}

impl Undo {
    /// Whether the commit still is to be undone, now that nobody else can change it.
    pub(in crate::ops) fn begin(&self) -> Result<Step, OpsError> {
        let now = Now::read();
        let is_wanted = |commit: &Pending| match self.cause {
            Cause::Overdue => commit.is_due(&now),
            Cause::Cancelled => !commit.state.is_final(),
        };
        let found = self.commit()?;
        Ok(if found.is_some_and(|commit| is_wanted(&commit)) {
            Step::GoOn
        } else {
            Step::NotAnyMore
        })
    }

    /// Takes note of what was done. It is proved: what was written is read again, and parses.
    pub(in crate::ops) fn end(
        &self,
        session: &mut Session<'_>,
        outcome: &Outcome,
    ) -> Result<(), OpsError> {
        if outcome.status == Status::Refused {
            return Ok(());
        }
        // Also where others have written since: what stands there must be something to run with.
        let now = session.load(Missing::Refuse, Unparsable::Refuse)?;
        let Some(commit) = self.commit()? else { return Ok(()) };
        if outcome.status == Status::Unchanged && !self.was_seen(session, &now, &commit)? {
            return Ok(self.commits.forget(self.id)?);
        }
        let state = State::Undone { at: Now::read().at, cause: self.cause };
        Ok(self.commits.store(&Pending { state, ..commit })?)
    }

    /// Whether the write of `commit` was made, as far as is known: a process that is killed between the
    /// announcement and the write leaves a commit that was not.
    fn was_seen(
        &self,
        session: &Session<'_>,
        now: &Snapshot,
        commit: &Pending,
    ) -> Result<bool, OpsError> {
        let Some(after) = commit.files.first().map(|root| root.after) else { return Ok(false) };
        let history = History::of(&self.state_dir, session.root());
        let listing = history.list()?;
        let stands = after.is_some() && history.id_of(now.root_bytes()) == after;
        let since = listing.records.iter().filter(|record| record.id >= commit.id);
        let mut roots = since.filter_map(|record| record.files.first());
        Ok(stands || roots.any(|root| root.after == after || root.before == after))
    }

    fn commit(&self) -> Result<Option<Pending>, OpsError> {
        let commits = self.commits.list()?.commits;
        Ok(commits.into_iter().find(|commit| commit.id == self.id))
    }
}

/// Takes back what `commit` changed, and tells the gateway where there is something for it.
///
/// The rules judge it, and what they say is told; they refuse nothing that can be allowed, since what
/// comes back stood there before.
///
/// # Errors
///
/// [`OpsError::NotUndone`] where it stands and will not be undone by itself: somebody changed the same
/// value since, a text is lost, or a rule refuses that allows nothing. Any other error is a matter of
/// time.
pub(in crate::ops) fn undo(
    workspace: &Workspace,
    commits: &PendingCommits,
    commit: &Pending,
    cause: Cause,
    signalling: Signalling,
) -> Result<Outcome, OpsError> {
    let state_dir = workspace.state_dir.clone();
    let undo = Undo { state_dir, commits: commits.clone(), id: commit.id, cause };
    let made = made(workspace, commit, &undo);
    match made {
        Ok(mut outcome) => {
            if outcome.status == Status::Written {
                outcome.signal = signalling::after(workspace, &outcome.changes, signalling);
            }
            Ok(outcome)
        }
        Err(error) if is_final(&error) => {
            let why = crate::ops::outcome::causes(&error);
            match stuck(workspace, &undo, why)? {
                Seen::Never => Ok(Outcome::unchanged()),
                Seen::Yes => Err(OpsError::NotUndone { id: commit.id, source: Box::new(error) }),
            }
        }
        Err(error) => Err(error),
    }
}

fn made(workspace: &Workspace, commit: &Pending, undo: &Undo) -> Result<Outcome, OpsError> {
    let history = crate::ops::records::of(workspace);
    let session = Session::reading(workspace)?;
    let restoration = Restoration::of_step(&history, &session, &step(commit), &Identities::none())?;
    let options = WriteOptions {
        allow: policy::rules().map(|rule| rule.id.to_owned()).collect(),
        ..WriteOptions::default()
    };
    let request = Request::Restore(restoration);
    let outcome = transaction::write(workspace, &request, &options, Duty::Undo(undo))?;
    if outcome.status == Status::Refused {
        let rules = outcome.findings.iter().map(|finding| finding.rule).collect();
        return Err(OpsError::UndoRefused { rules });
    }
    Ok(outcome)
}

/// Whether waiting helps nothing.
fn is_final(error: &OpsError) -> bool {
    matches!(
        error,
        OpsError::ChangedSince { .. }
            | OpsError::Collision { .. }
            | OpsError::Conflict { .. }
            | OpsError::Edit { .. }
            | OpsError::Recorded { .. }
            | OpsError::NothingRecorded { .. }
            | OpsError::UndoRefused { .. }
            | OpsError::History(
                crate::history::HistoryError::Missing { .. }
                    | crate::history::HistoryError::Damaged { .. }
                    | crate::history::HistoryError::Sealed { .. }
            )
    )
}

/// Takes note that a person must look.
fn stuck(workspace: &Workspace, undo: &Undo, why: String) -> Result<Seen, OpsError> {
    let mut session = Session::guarding(workspace)?;
    if undo.begin()? == Step::GoOn
        && let Some(commit) = undo.commit()?
    {
        let now = session.load(Missing::Create, Unparsable::Tolerate)?;
        if !undo.was_seen(&session, &now, &commit)? {
            undo.commits.forget(undo.id)?;
            return Ok(Seen::Never);
        }
        undo.commits.store(&Pending { state: State::Stuck { why }, ..commit })?;
    }
    Ok(Seen::Yes)
}

/// Whether the write of a commit was ever made.
enum Seen {
    Yes,
    Never,
}
