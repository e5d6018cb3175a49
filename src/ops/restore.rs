//! Bringing back what was: a whole text, one path, or the state before one change.
//!
//! What is brought back is proved to parse before anything is locked, and goes through the same judge
//! and commit as every write. What others changed since stays, but where the whole text is asked
//! for: that is in the history then.

use std::path::Path;
use std::sync::Arc;

use super::records::{self, Side};
use super::session::Session;
use super::snapshot::Snapshot;
use super::{DryRun, Missing, OpsError, Outcome, Request, Status, Workspace, WriteOptions};
use crate::compose::{Configuration, Part};
use crate::doc::{
    Change, Collision, Document, Incoming, KeyPath, changed, merge, reconcile, replay,
};
use crate::fs::{Target, create_private_directory, read};
use crate::history::{History, Identities, Record, RecordRef};

/// What is to be brought back.
#[derive(Clone, Debug)]
pub enum Restore {
    /// The texts that a record ended in, byte for byte; without one, those of the latest record whose
    /// texts were meant to stand.
    Whole(Option<RecordRef>),
    /// The value that one path had after a record; nothing where it had none.
    Path(Option<RecordRef>, KeyPath),
    /// The state before one record; everything else stays.
    Undo(RecordRef),
}

/// A restore whose texts have been read.
#[derive(Debug)]
pub struct Restoration(pub(super) Kind);

#[derive(Debug)]
pub(super) enum Kind {
    Whole {
        wanted: Configuration,
        /// What the write is judged against where nothing that parses stands there.
        accepted: Option<Configuration>,
    },
    Path {
        path: KeyPath,
        wanted: Configuration,
    },
    Undo {
        before: Configuration,
        after: Configuration,
    },
}

/// Brings back what the history has.
///
/// # Errors
///
/// [`OpsError`] where the record or its texts cannot be read, what is there now collides with it, or
/// the write could not be made.
pub fn restore(
    workspace: &Workspace,
    restore: &Restore,
    options: &WriteOptions,
    identities: &Identities,
) -> Result<Outcome, OpsError> {
    if options.dry_run == DryRun::No {
        workspace.refuse_managed()?;
    }
    if options.missing == Missing::Create
        && options.dry_run == DryRun::No
        && let Some(directory) = workspace.config.parent()
        && !directory.as_os_str().is_empty()
    {
        create_private_directory(directory)?;
    }
    let restoration = prepare(workspace, restore, identities)?;
    install(workspace, restoration, options, identities)
}

/// Writes what was read of the history, and says where the gateway may be unable to read it.
pub(super) fn install(
    workspace: &Workspace,
    restoration: Restoration,
    options: &WriteOptions,
    identities: &Identities,
) -> Result<Outcome, OpsError> {
    let request = Request::Restore(restoration);
    let mut outcome = super::write(workspace, &request, options)?;
    if outcome.status == Status::Written {
        let faults = outcome.files.iter().filter_map(|file| unreadable(&file.file));
        let faults: Vec<String> = faults.collect();
        outcome.notices.extend(faults);
    }
    outcome.known = records::known(workspace, &records::of(workspace), identities);
    Ok(outcome)
}

/// Reads what is to be brought back.
fn prepare(
    workspace: &Workspace,
    restore: &Restore,
    identities: &Identities,
) -> Result<Restoration, OpsError> {
    let history = records::of(workspace);
    let session = Session::reading(workspace)?;
    // The latest that can be read: what a newer confwarden recorded judges nothing.
    let standing = || {
        let records = history.list().ok()?.records;
        records.into_iter().rev().find(|record| record.kind.stands())
    };
    let find = |reference: &Option<RecordRef>| match reference {
        Some(reference) => history.find(reference),
        None => history.list()?.standing(),
    };
    let of = |record, side| records::configuration(&history, &session, record, side, identities);
    Ok(Restoration(match restore {
        Restore::Whole(reference) => {
            let record = find(reference)?;
            let accepted = standing().filter(|last| last.id != record.id);
            Kind::Whole {
                wanted: of(&record, Side::After)?,
                // That it cannot be read must not keep another text from being brought back.
                accepted: match accepted {
                    Some(last) => of(&last, Side::After).ok(),
                    None => Some(of(&record, Side::After)?),
                },
            }
        }
        Restore::Path(reference, path) => {
            let record = find(reference)?;
            let wanted = of(&record, Side::After)?;
            if wanted.parts().len() == 1 {
                wanted.root().document.get(path)?;
            }
            Kind::Path { path: path.clone(), wanted }
        }
        Restore::Undo(reference) => {
            let record = history.find(reference)?;
            Kind::Undo { before: of(&record, Side::Before)?, after: of(&record, Side::After)? }
        }
    }))
}

impl Restoration {
    /// The state before the step that `record` describes; everything else stays.
    pub(super) fn of_step(
        history: &History,
        session: &Session<'_>,
        record: &Record,
        identities: &Identities,
    ) -> Result<Self, OpsError> {
        let of = |side| records::configuration(history, session, record, side, identities);
        Ok(Self(Kind::Undo { before: of(Side::Before)?, after: of(Side::After)? }))
    }

    /// Whether the whole text is replaced, so that nothing need be there, or parse.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.0, Kind::Whole { .. })
    }

    /// What the write is judged against where nothing that parses stands there.
    pub(super) fn accepted(&self) -> Option<&Configuration> {
        match &self.0 {
            Kind::Whole { accepted, .. } => accepted.as_ref(),
            _ => None,
        }
    }

    /// The changes of one path, for a base in which `now` stands.
    pub(super) fn changes(&self, now: &Configuration) -> Vec<Change> {
        let Kind::Path { path, wanted } = &self.0 else { return Vec::new() };
        match (now.effective().at(path), wanted.incoming(path)) {
            (None, None) => Vec::new(),
            (Some(_), None) => vec![Change::Remove { path: path.clone() }],
            (Some(current), Some(value)) => reconcile(path, current, &value),
            (None, Some(value)) => vec![Change::Set { path: path.clone(), value }],
        }
    }

    /// The parts that `base` becomes; nothing where [`Self::changes`] say it.
    pub(super) fn parts(&self, base: &Snapshot) -> Result<Option<Vec<Part>>, OpsError> {
        match &self.0 {
            Kind::Whole { wanted, .. } => {
                let known = base.configuration.parts();
                let parts = wanted.parts().iter().map(|part| {
                    let before = known.iter().find(|other| other.file == part.file);
                    Part {
                        mode: before.and_then(|before| before.mode),
                        directory_mode: before.and_then(|before| before.directory_mode),
                        ..part.clone()
                    }
                });
                Ok(Some(parts.collect()))
            }
            Kind::Path { .. } => Ok(None),
            Kind::Undo { before, after } => {
                let mut parts = base.configuration.parts().to_vec();
                for past in before.parts() {
                    let Some(left) = after.parts().iter().find(|part| part.file == past.file)
                    else {
                        continue;
                    };
                    if left.document.source() == past.document.source() {
                        continue;
                    }
                    // Taken back already, or never seen.
                    let stands = parts.iter().find(|part| part.file == past.file);
                    if stands.is_some_and(|s| s.document.source() == past.document.source()) {
                        continue;
                    }
                    let now = parts.iter_mut().find(|part| part.file == past.file);
                    let now = now.ok_or_else(|| OpsError::Collision { file: past.file.clone() })?;
                    now.document = undone(&left.document, &past.document, now)?;
                }
                Ok(Some(parts))
            }
        }
    }
}

/// What stands in `now` without the step from `before` to `after`.
fn undone(after: &Document, before: &Document, now: &Part) -> Result<Document, OpsError> {
    let value = |document: &Document| document.root().to_value();
    let (was, left, is) = (value(before), value(after), value(&now.document));
    let root = KeyPath::root();
    let changes = reconcile(&root, &left, &Incoming::of(&Arc::new(before.clone())));
    let changes = replay(&changes, &left, &is).map_err(|path| OpsError::ChangedSince { path })?;
    let failed = |source| OpsError::Edit { file: now.file.clone(), source };
    let expected = changed(&is, &changes).map_err(failed)?;

    // What came since, made on the text before, leaves everything in its place: if it is nothing
    // but values, for comments and layout that somebody changed since would be lost.
    let since = reconcile(&root, &left, &Incoming::of(&Arc::new(now.document.clone())));
    let is_all = after.edit(&since).is_ok_and(|made| made.source() == now.document.source());
    if is_all
        && let Ok(since) = replay(&since, &left, &was)
        && let Ok(made) = before.edit(&since)
        && made.root().means(&expected)
    {
        return Ok(made);
    }
    match merge(after, before, &now.document) {
        Ok(merged) => Ok(merged),
        Err(Collision::Path(path)) => Err(OpsError::ChangedSince { path }),
        // A comment was changed on both sides: the present one stays.
        Err(_) => now.document.edit(&changes).map_err(failed),
    }
}

/// Why the gateway may be unable to read `file`: its user is taken to be the directory's.
fn unreadable(file: &Path) -> Option<String> {
    let target = Target::resolve(file).ok()?;
    let attributes = read(&target).ok()??.attributes;
    let (mode, shown) = (attributes.mode(), file.display());
    // Who is in a group is not known here.
    if mode & 0o044 != 0 {
        return None;
    }
    if mode & 0o400 == 0 {
        return Some(format!("`{shown}` may not be read by its owner (mode {mode:04o})"));
    }
    (target.directory_owner()? != attributes.owner()).then(|| {
        format!(
            "`{shown}` belongs to another user than its directory: the gateway may be unable to \
             read it"
        )
    })
}
