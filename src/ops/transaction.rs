//! The one write: lock, read, propose, judge, commit only if the base is still there, record.
//!
//! No file changes unless every check passed, and none is written over that another writer changed
//! after it was read. The proposal is made once, on the first base; on a moved base its changes are
//! made again, so both writers' changes survive where they do not collide.

use super::pending::{Announcement, Step, Undo};
use super::propose::{Proposal, Reach, propose};
use super::recorder::Recorder;
use super::records;
use super::session::{Commit, Session};
use super::snapshot::{Snapshot, Unparsable};
use super::{
    DryRun, FileOutcome, Missing, OpsError, Outcome, Reload, Request, Restarts, Status, Workspace,
    WriteOptions, outcome,
};
use crate::compose::{ComposeError, Configuration, Edited, Part};
use crate::doc::{Collision, Document, EditError, Value, merge, replay};
use crate::fs::Loaded;
use crate::policy::{self, Scope, Transition, Verdict};

/// How often a write is tried against writers that are faster each time.
const ATTEMPTS: u32 = 50;

/// See [`super::write()`].
pub(super) fn write(
    workspace: &Workspace,
    request: &Request,
    options: &WriteOptions,
    duty: Duty<'_>,
) -> Result<Outcome, OpsError> {
    // A misspelt rule is an error before anything is locked.
    Verdict::of(Vec::new(), &options.allow)?;
    let mut session = match options.dry_run {
        DryRun::No => Session::writing(workspace, options.missing)?,
        DryRun::Yes => Session::reading(workspace)?,
    };
    if let Duty::Undo(undo) = duty
        && undo.begin()? == Step::NotAnyMore
    {
        return Ok(Outcome::unchanged());
    }
    let mut announcement = options
        .confirm
        .as_ref()
        .filter(|_| options.dry_run == DryRun::No)
        .map(|confirm| Announcement::new(workspace, confirm, &session));
    let mut outcome = write_in(&mut session, workspace, request, options, announcement.as_mut())?;
    match outcome.status {
        Status::Written => outcome.awaiting = announcement.and_then(Announcement::made),
        // Taken back, if anything was announced.
        _ => drop(announcement),
    }
    if let Duty::Undo(undo) = duty {
        undo.end(&mut session, &outcome)?;
    }
    Ok(outcome)
}

/// What is done for a pending commit, under the locks.
#[derive(Clone, Copy)]
pub(super) enum Duty<'a> {
    /// Nothing.
    None,
    /// The write is the undo of one, which is looked at before and noted after.
    Undo(&'a Undo),
}

fn write_in(
    session: &mut Session<'_>,
    workspace: &Workspace,
    request: &Request,
    options: &WriteOptions,
    mut announcement: Option<&mut Announcement<'_>>,
) -> Result<Outcome, OpsError> {
    let missing = match request {
        Request::Restore(restoration) if restoration.is_whole() => Missing::Create,
        _ => options.missing,
    };
    let mut recorder = Recorder::new(workspace, session.root());
    let mut first: Option<(Proposal, Value)> = None;
    let mut attempts = 0;
    while attempts < ATTEMPTS {
        attempts += 1;
        let mut base = session.load(missing, unparsable(request))?;
        if options.dry_run == DryRun::No && session.recover_included(&base)? {
            // Read again what was read without its lock; that is no lost race.
            attempts -= 1;
            continue;
        }
        let proposal = match &first {
            None => propose(request, &base.configuration, &workspace.profile)?,
            Some((proposal, before)) => {
                let now = seen_by(proposal.reach, &base.configuration);
                let changes = replay(&proposal.changes, before, &now)
                    .map_err(|path| OpsError::Conflict { path })?;
                Proposal { changes, ..proposal.clone() }
            }
        };
        let candidate = candidate(session, &base, request, &proposal)?;
        if let Request::Restore(_) = request {
            session.load_further(&mut base, candidate.configuration.parts())?;
        }
        let stood;
        let accepted = match request {
            Request::Restore(restoration) => restoration.accepted(),
            Request::Install { .. } if base.fault.is_some() => {
                stood = records::last_that_stood(workspace, session);
                stood.as_ref()
            }
            _ => None,
        };
        let attempt = Attempt { workspace, options, base: &base, candidate: &candidate, accepted };
        let touched = attempt.touched();
        let mut outcome = attempt.judged(proposal.scope, &touched)?;
        outcome.notices.extend(session.leftovers().map(outcome::leftover));
        if outcome.status != Status::Written {
            return Ok(outcome);
        }
        let mut newly_locked = false;
        for part in &touched {
            newly_locked |= session.lock(&part.file)?;
        }
        if newly_locked {
            // Read again what was read without its lock; that is no lost race.
            attempts -= 1;
            first.get_or_insert_with(|| remembered(proposal, &base));
            continue;
        }
        if let Some(announcement) = &mut announcement {
            announcement.announce(&mut recorder, session, &base, &candidate.configuration)?;
        }
        let committed = recorder.around(session, &base, &candidate.configuration, || {
            session.commit(&base, &candidate, &touched, options.hard_links)
        })?;
        match committed {
            Commit::Done(publications) => {
                for (file, publication) in outcome.files.iter_mut().zip(publications) {
                    file.publication = Some(publication);
                }
                let candidate = &candidate.configuration;
                recorder.written(request, &options.allow, &base, candidate, &mut outcome);
                return Ok(outcome);
            }
            Commit::Drifted => {
                first.get_or_insert_with(|| remembered(proposal, &base));
            }
        }
    }
    Err(OpsError::Contended { file: session.root().to_owned(), attempts })
}

/// What is needed of the first proposal to make its changes again on a moved base.
fn remembered(proposal: Proposal, base: &Snapshot) -> (Proposal, Value) {
    let before = seen_by(proposal.reach, &base.configuration);
    (proposal, before)
}

/// Only a person who replaces the whole text can mend one that does not parse.
fn unparsable(request: &Request) -> Unparsable {
    match request {
        Request::Install { .. } => Unparsable::Tolerate,
        Request::Restore(restoration) if restoration.is_whole() => Unparsable::Tolerate,
        _ => Unparsable::Refuse,
    }
}

/// The value that the paths of a proposal speak of.
fn seen_by(reach: Reach, configuration: &Configuration) -> Value {
    match reach {
        Reach::Composed => configuration.effective().clone(),
        Reach::RootFile => configuration.root().document.root().to_value(),
    }
}

/// What `base` becomes by `proposal`.
fn candidate(
    session: &Session<'_>,
    base: &Snapshot,
    request: &Request,
    proposal: &Proposal,
) -> Result<Edited, OpsError> {
    let rules = session.rules();
    let mut loader = |file: &std::path::Path| session.load_include(file);
    let root = base.configuration.root();
    if let Request::Restore(restoration) = request
        && let Some(parts) = restoration.parts(base)?
    {
        let mut parts = parts.into_iter();
        let root = parts.next().unwrap_or_else(|| root.clone());
        let rest: Vec<Part> = parts.collect();
        let mut loader = |file: &std::path::Path| {
            let known = rest.iter().find(|part| part.file == file);
            known.map_or_else(|| session.load_include(file), |part| Ok(part.clone()))
        };
        return Ok(Configuration::compose(root, &rules, &mut loader).into());
    }
    let whole = match request {
        Request::Install { base: began, edited } => Some(merged(base, began.as_ref(), edited)?),
        _ => verbatim(base, request),
    };
    if let Some(document) = whole {
        let part = Part { document, ..root.clone() };
        return Ok(Configuration::compose(part, &rules, &mut loader).into());
    }
    let edited = match proposal.reach {
        Reach::Composed => base.configuration.edit(&proposal.changes, &rules, &mut loader),
        Reach::RootFile => base.configuration.edit_root(&proposal.changes, &rules, &mut loader),
    };
    edited.map_err(|error| match error {
        ComposeError::Edit(EditError::Path(source)) => OpsError::Path(source),
        ComposeError::Edit(source) => OpsError::Edit { file: root.file.clone(), source },
        ComposeError::Composed { path } => OpsError::Composed { path },
        ComposeError::AcrossFiles { from, to } => OpsError::AcrossFiles { from, to },
        ComposeError::Opposed { path } => OpsError::Opposed { path },
    })
}

/// The desired text itself, where there is no file yet whose text could be kept.
fn verbatim(base: &Snapshot, request: &Request) -> Option<Document> {
    match request {
        Request::Apply { desired }
            if !base.exists()
                && desired.format() == base.configuration.root().document.format() =>
        {
            Some(desired.clone())
        }
        _ => None,
    }
}

/// A text edited by a person, with what others made of the file since `began`.
fn merged(now: &Snapshot, began: Option<&Loaded>, edited: &Document) -> Result<Document, OpsError> {
    let root = now.configuration.root();
    if now.root_bytes() == began.map(|loaded| loaded.bytes.as_slice()).unwrap_or_default() {
        return Ok(edited.clone());
    }
    let collision = || OpsError::Collision { file: root.file.clone() };
    // Texts that do not parse can only be compared as a whole.
    let before = began
        .and_then(|loaded| Document::parse_bytes(loaded.bytes.clone(), edited.format()).ok())
        .filter(|_| now.judged().is_some())
        .ok_or_else(collision)?;
    merge(&before, edited, &root.document).map_err(|error| match error {
        Collision::Path(path) => OpsError::Conflict { path },
        _ => collision(),
    })
}

/// One base and what it would become.
struct Attempt<'a> {
    workspace: &'a Workspace,
    options: &'a WriteOptions,
    base: &'a Snapshot,
    candidate: &'a Edited,
    /// What stood there last, where nothing that parses does now.
    accepted: Option<&'a Configuration>,
}

impl<'a> Attempt<'a> {
    /// The parts whose text differs, in the order in which they are written.
    fn touched(&self) -> Vec<&'a Part> {
        let order = self.candidate.writing_order().unwrap_or_default();
        let touched = order.into_iter();
        touched
            .filter(|part| {
                let before = self.base.loaded.iter().find(|(file, _)| *file == part.file);
                before.is_some_and(|(_, loaded)| {
                    loaded.as_ref().map(|loaded| loaded.bytes.as_slice())
                        != Some(part.document.source().as_bytes())
                })
            })
            .collect()
    }

    /// What the rules make of it: [`Status::Written`] where it may be written now.
    fn judged(&self, scope: Scope, touched: &[&Part]) -> Result<Outcome, OpsError> {
        let base = self.base.judged().or(self.accepted);
        let transition = Transition { base, candidate: &self.candidate.configuration, scope };
        let findings = policy::judge(&transition, &self.workspace.profile);
        let verdict = Verdict::of(findings, &self.options.allow)?;
        let differences =
            outcome::differences(self.base.judged(), &self.candidate.configuration, self.workspace);
        let unwanted = match self.options.restarts {
            Restarts::Refuse => Reload::unwanted(&differences.changes),
            Restarts::Allow => Vec::new(),
        };
        let status = if touched.is_empty() {
            Status::Unchanged
        } else if verdict.is_refused() || !unwanted.is_empty() {
            Status::Refused
        } else if self.options.dry_run == DryRun::Yes {
            Status::Planned
        } else {
            Status::Written
        };
        let files = touched.iter().map(|part| FileOutcome {
            file: part.file.clone(),
            before: self.base.document(&part.file),
            after: part.document.clone(),
            publication: None,
        });
        let files = files.collect();
        Ok(Outcome {
            status,
            files,
            findings: verdict.into_findings().into_iter().chain(unwanted).collect(),
            ..differences
        })
    }
}
