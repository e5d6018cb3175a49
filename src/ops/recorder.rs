//! What a write leaves in the history: the base where nobody recorded it, then the change.
//!
//! The texts are stored before the commit, so that a process that dies at any point has lost none, and
//! synced beside it. What cannot be recorded never fails a write: it is a notice.

use std::path::Path;

use super::records::{self, Side};
use super::session::Session;
use super::snapshot::Snapshot;
use super::{Change, ChangeKind, OpsError, Outcome, Request, Workspace, outcome};
use crate::clock;
use crate::compose::{Configuration, Part};
use crate::finding::{Action, Origin};
use crate::history::{
    Author, Certainty, ChangeNote, Entry, FileEntry, History, HistoryError, Identities, Kind,
    NoteKind, Record, RecordId, RecordedFile, Recording, RuleNote,
};

/// The record of one write, from its first attempt to its end.
pub(super) struct Recorder<'w> {
    workspace: &'w Workspace,
    history: History,
    /// Nothing before the first attempt, and after a failure.
    recording: Option<Recording>,
    fault: Option<HistoryError>,
}

impl<'w> Recorder<'w> {
    pub(super) fn new(workspace: &'w Workspace, config: &Path) -> Self {
        let history = History::of(&workspace.state_dir, config);
        Self { workspace, history, recording: None, fault: None }
    }

    /// Makes a commit of `candidate` onto `base`, with both in the history whatever becomes of it.
    pub(super) fn around<T>(
        &mut self,
        session: &Session<'_>,
        base: &Snapshot,
        candidate: &Configuration,
        commit: impl FnOnce() -> T,
    ) -> T {
        if self.fault.is_none() {
            let prepared = self.prepare(session, base, candidate);
            self.fault = prepared.err();
        }
        let Some(recording) = &self.recording else { return commit() };
        let (committed, synced) = std::thread::scope(|scope| {
            // Where there is no thread to be had, the record is synced when it is added.
            let sync = std::thread::Builder::new().spawn_scoped(scope, || recording.sync());
            let committed = commit();
            let synced = sync.ok().map(std::thread::ScopedJoinHandle::join);
            (committed, synced)
        });
        if let Some(Ok(Err(error))) = synced {
            self.fault = Some(error);
        }
        committed
    }

    /// Makes the texts of `base` and `candidate` durable, and says which record the write will be.
    ///
    /// # Errors
    ///
    /// [`OpsError::History`] where nothing can be recorded.
    pub(super) fn announced(
        &mut self,
        session: &Session<'_>,
        base: &Snapshot,
        candidate: &Configuration,
    ) -> Result<(RecordId, Vec<RecordedFile>), OpsError> {
        if let Some(fault) = self.fault.take() {
            return Err(fault.into());
        }
        self.prepare(session, base, candidate)?;
        let recording = self.recording.as_mut().expect("it was just prepared");
        recording.sync()?;
        let mut files = Vec::new();
        for part in candidate.parts() {
            let FileEntry { file, before, after } = file_entry(base, part);
            let mut keep = |text: Option<&[u8]>| text.map(|text| recording.keep(text)).transpose();
            let (before, after) = (keep(before)?, keep(after)?);
            files.push(RecordedFile { file: file.to_owned(), before, after });
        }
        recording.sync()?;
        Ok((recording.next(), files))
    }

    /// Stores the texts, and records what was found where no record ends in it.
    fn prepare(
        &mut self,
        session: &Session<'_>,
        base: &Snapshot,
        candidate: &Configuration,
    ) -> Result<(), HistoryError> {
        let (workspace, history) = (self.workspace, &self.history);
        let recording = match &mut self.recording {
            Some(recording) => recording,
            None => self.recording.insert(history.begin()?),
        };
        let found = || {
            base.loaded.iter().map(|(file, loaded)| {
                (file.as_path(), loaded.as_ref().map(|loaded| loaded.bytes.as_slice()))
            })
        };
        let is_new = recording.last().is_none() && !base.exists();
        if !is_new && !recording.ends_in(found()) {
            let changes = changes_since(workspace, history, recording.last(), session, base);
            let entry = Entry {
                command: command(workspace),
                kind: if base.fault.is_some() { Kind::Quarantined } else { Kind::Observed },
                author: Author::unknown(),
                files: found()
                    .map(|(file, after)| FileEntry { file, before: None, after })
                    .collect(),
                changes,
                rules: Vec::new(),
            };
            for (_, bytes) in found() {
                bytes.map(|bytes| recording.keep(bytes)).transpose()?;
            }
            recording.append(&entry, clock::now())?;
        }
        for (_, bytes) in found() {
            bytes.map(|bytes| recording.keep(bytes)).transpose()?;
        }
        for part in candidate.parts() {
            recording.keep(part.document.source().as_bytes())?;
        }
        Ok(())
    }

    /// Records what was written, and says in `outcome` where that failed.
    pub(super) fn written(
        mut self,
        request: &Request,
        allow: &[String],
        base: &Snapshot,
        candidate: &Configuration,
        outcome: &mut Outcome,
    ) {
        let mut record = None;
        let fault = self.fault.take().or_else(|| {
            let recording = self.recording.as_mut()?;
            if let Err(error) = recording.sync() {
                return Some(error);
            }
            let entry = Entry {
                command: command(self.workspace),
                kind: match request {
                    Request::Restore(_) => Kind::Restored,
                    _ => Kind::Write,
                },
                author: Author {
                    name: self.workspace.command.clone(),
                    pid: Some(std::process::id()),
                    certainty: Certainty::Own,
                },
                files: candidate.parts().iter().map(|part| file_entry(base, part)).collect(),
                changes: outcome.changes.iter().map(note).collect(),
                rules: rules(outcome, allow),
            };
            match recording.append(&entry, clock::now()) {
                Ok(id) => {
                    record = Some(id);
                    None
                }
                Err(error) => Some(error),
            }
        });
        outcome.record = record;
        outcome.notices.extend(fault.as_ref().map(not_recorded));
    }
}

/// What others changed since the last record, as far as its texts can be read.
fn changes_since(
    workspace: &Workspace,
    history: &History,
    last: Option<&Record>,
    session: &Session<'_>,
    base: &Snapshot,
) -> Vec<ChangeNote> {
    let (Some(last), Some(after)) = (last, base.judged()) else { return Vec::new() };
    let before = records::configuration(history, session, last, Side::After, &Identities::none());
    let Ok(before) = before else { return Vec::new() };
    let outcome = outcome::differences(Some(&before), after, workspace);
    outcome.changes.iter().map(note).collect()
}

fn file_entry<'a>(base: &'a Snapshot, part: &'a Part) -> FileEntry<'a> {
    let before = base.loaded.iter().find(|(file, _)| *file == part.file);
    FileEntry {
        file: &part.file,
        before: match before {
            Some((_, loaded)) => loaded.as_ref().map(|loaded| loaded.bytes.as_slice()),
            // It came into the configuration with this write, and is as it was.
            None => Some(part.document.source().as_bytes()),
        },
        after: Some(part.document.source().as_bytes()),
    }
}

/// Our command, without our own name.
pub(super) fn command(workspace: &Workspace) -> &str {
    workspace.command.strip_prefix("confwarden ").unwrap_or(&workspace.command)
}

pub(super) fn note(change: &Change) -> ChangeNote {
    ChangeNote {
        path: change.path.to_string(),
        kind: match change.kind {
            ChangeKind::Added => NoteKind::Added,
            ChangeKind::Removed => NoteKind::Removed,
            ChangeKind::Changed => NoteKind::Changed,
        },
        class: change.class.as_str().to_owned(),
        uptake: Some(change.uptake.as_str().to_owned()),
    }
}

/// What the rules said about the write itself.
pub(super) fn rules(outcome: &Outcome, allow: &[String]) -> Vec<RuleNote> {
    let findings = outcome.findings.iter().filter(|finding| finding.origin == Origin::Write);
    findings
        .map(|finding| RuleNote {
            rule: finding.rule.to_owned(),
            action: match finding.action {
                Action::Warn if allow.iter().any(|rule| rule == finding.rule) => "allowed",
                Action::Audit => "audit",
                Action::Warn => "warn",
                Action::Deny => "deny",
            }
            .to_owned(),
            path: finding.path.as_ref().map(ToString::to_string),
        })
        .collect()
}

/// Says that a change stands which the history does not have.
pub(super) fn not_recorded(error: &HistoryError) -> String {
    outcome::with_causes("could not record this change", error)
}
