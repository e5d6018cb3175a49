//! What is done before a write can be seen that is to be confirmed.

use std::time::Duration;

use super::{Awaiting, ConfirmWithin};
use crate::child::Detached;
use crate::compose::Configuration;
use crate::history::{History, Identities, Kind, Record, RecordId};
use crate::ops::recorder::{Recorder, command};
use crate::ops::restore::Restoration;
use crate::ops::session::Session;
use crate::ops::snapshot::Snapshot;
use crate::ops::{OpsError, Workspace};
use crate::pending::{Deadline, Now, Pending, PendingCommits};

/// How long the process that waits may take to start.
const PATIENCE: Duration = Duration::from_secs(10);

/// The announcement of a write. Where the write is not made it is taken back when this is dropped.
pub(in crate::ops) struct Announcement<'a> {
    workspace: &'a Workspace,
    confirm: &'a ConfirmWithin,
    commits: PendingCommits,
    history: History,
    announced: Option<Awaiting>,
    timekeeper: Option<Detached>,
    is_made: bool,
}

impl<'a> Announcement<'a> {
    /// Announces nothing yet.
    pub(in crate::ops) fn new(
        workspace: &'a Workspace,
        confirm: &'a ConfirmWithin,
        session: &Session<'_>,
    ) -> Self {
        let history = History::of(&workspace.state_dir, session.root());
        let commits = PendingCommits::of(&history);
        let (announced, timekeeper) = (None, None);
        Self { workspace, confirm, commits, history, announced, timekeeper, is_made: false }
    }

    /// Makes sure that what is about to be written can be undone, and will be.
    ///
    /// # Errors
    ///
    /// [`OpsError`] where it cannot: nothing may be written then.
    pub(in crate::ops) fn announce(
        &mut self,
        recorder: &mut Recorder<'_>,
        session: &Session<'_>,
        base: &Snapshot,
        candidate: &Configuration,
    ) -> Result<(), OpsError> {
        if base.judged().is_none() {
            return Err(OpsError::NothingToReturnTo { file: session.root().to_owned() });
        }
        let (id, files) = recorder.announced(session, base, candidate)?;
        self.take_back_other_than(id)?;
        let now = Now::read();
        let deadline = Deadline::after(&now, self.confirm.limit);
        let awaiting = Awaiting { id, deadline: deadline.at };
        let command = command(self.workspace).to_owned();
        let commit = Pending::new(id, &now, deadline, command, files);
        // Texts that cannot be read without a person's key cannot be put back without a person.
        Restoration::of_step(&self.history, session, &step(&commit), &Identities::none())?;
        self.commits.forget_old(now.at)?;
        self.commits.store(&commit)?;
        self.announced = Some(awaiting);
        if self.timekeeper.is_none() {
            let keeper = &self.confirm.timekeeper;
            let program = keeper.program.as_os_str();
            let started = Detached::start(program, &keeper.arguments, PATIENCE);
            self.timekeeper = Some(started.map_err(OpsError::NoTimekeeper)?);
        }
        Ok(())
    }

    /// The write is made. What waits for its confirmation; nothing where nothing was written.
    pub(in crate::ops) fn made(mut self) -> Option<Awaiting> {
        self.is_made = true;
        self.announced
    }

    /// Another writer's change, found meanwhile, has taken the number.
    fn take_back_other_than(&mut self, id: RecordId) -> Result<(), OpsError> {
        if let Some(former) = self.announced.take_if(|former| former.id != id) {
            self.commits.forget(former.id)?;
        }
        Ok(())
    }
}

impl Drop for Announcement<'_> {
    fn drop(&mut self) {
        if self.is_made {
            return;
        }
        if let Some(announced) = self.announced {
            // What stays is found to have never been seen, when it is due.
            self.commits.forget(announced.id).ok();
        }
        if let Some(timekeeper) = self.timekeeper.take() {
            timekeeper.end();
        }
    }
}

/// The step that `commit` made, as a record of it.
pub(super) fn step(commit: &Pending) -> Record {
    Record {
        id: commit.id,
        at: commit.made,
        kind: Kind::Write,
        command: commit.command.clone(),
        author: crate::history::Author::unknown(),
        files: commit.files.clone(),
        changes: Vec::new(),
        more_changes: 0,
        rules: Vec::new(),
    }
}
