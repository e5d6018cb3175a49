//! What the history of a configuration says: records, texts, differences.

use std::collections::HashSet;
use std::path::PathBuf;

use super::outcome::{self, FileOutcome};
use super::session::Session;
use super::snapshot::Unparsable;
use super::{DryRun, Missing, OpsError, Outcome, Workspace};
use crate::clock;
use crate::compose::{Configuration, IncludeFaultKind, Part};
use crate::doc::{Document, Format, SyntaxError};
use crate::history::{History, Identities, Listing, Pruned, Pruning, Record, RecordRef, Retention};

/// How many further texts, and bytes of them, are looked through for secrets.
const MOST_KNOWN: usize = 200;
const MOST_KNOWN_BYTES: usize = 16 << 20;

/// One of the two states that a record stands between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    After,
}

/// A text of the history. It holds secrets.
#[derive(Clone, Debug)]
pub struct PastText {
    /// The file it stood in.
    pub file: PathBuf,
    /// What it says, as far as it parses.
    pub document: Result<Document, SyntaxError>,
    /// Its exact bytes.
    pub bytes: PastBytes,
}

/// The exact bytes of a text.
#[derive(Clone, PartialEq, Eq)]
pub struct PastBytes(pub Vec<u8>);

/// Shows the length alone.
impl std::fmt::Debug for PastBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PastBytes({})", self.0.len())
    }
}

/// A record with the texts it ended in.
#[derive(Clone, Debug)]
pub struct Past {
    /// The record.
    pub record: Record,
    /// The texts after it, the root first; files that were gone are left out.
    pub texts: Vec<PastText>,
    /// Other texts of the same files: see [`Outcome::known`].
    pub known: Vec<Document>,
}

/// The history of the workspace's configuration.
pub(super) fn of(workspace: &Workspace) -> History {
    History::of(&workspace.state_dir, &workspace.config)
}

/// Every record of the configuration, oldest first.
///
/// # Errors
///
/// [`OpsError`] where the history cannot be read; one that does not exist is empty.
pub fn records(workspace: &Workspace) -> Result<Listing, OpsError> {
    Ok(of(workspace).list()?)
}

/// What the configuration was after the record that `reference` names.
///
/// # Errors
///
/// [`OpsError::History`] where there is no such record, or a text of it cannot be read.
pub fn past(
    workspace: &Workspace,
    reference: RecordRef,
    identities: &Identities,
) -> Result<Past, OpsError> {
    let history = of(workspace);
    let record = history.find(&reference)?;
    let texts = texts(&history, &record, Side::After, identities)?;
    let known = known(workspace, &history, identities);
    Ok(Past { record, texts, known })
}

/// What the record `from` changed; with `to`, what differs between what both ended in.
///
/// # Errors
///
/// As [`past`], and where a text does not parse.
pub fn past_difference(
    workspace: &Workspace,
    from: RecordRef,
    to: Option<RecordRef>,
    identities: &Identities,
) -> Result<Outcome, OpsError> {
    let history = of(workspace);
    let session = Session::reading(workspace)?;
    let first = history.find(&from)?;
    let (before, after) = match to {
        None => {
            let known = first.files.first().is_some_and(|root| root.before.is_some());
            let before = known
                .then(|| configuration(&history, &session, &first, Side::Before, identities))
                .transpose()?;
            (before, configuration(&history, &session, &first, Side::After, identities)?)
        }
        Some(to) => {
            let last = history.find(&to)?;
            let before = configuration(&history, &session, &first, Side::After, identities)?;
            (Some(before), configuration(&history, &session, &last, Side::After, identities)?)
        }
    };
    Ok(Outcome {
        files: differing(before.as_ref(), &after),
        known: known(workspace, &history, identities),
        ..outcome::differences(before.as_ref(), &after, workspace)
    })
}

/// Drops what the history need not keep any more.
///
/// # Errors
///
/// [`OpsError::History`] where it cannot be written.
pub fn prune(workspace: &Workspace, dry_run: DryRun) -> Result<Pruned, OpsError> {
    let pruning = match dry_run {
        DryRun::Yes => Pruning::Dry,
        DryRun::No => Pruning::Real,
    };
    Ok(of(workspace).prune(&Retention::default(), clock::now(), pruning)?)
}

/// The latest texts of the history that can be read, and what stands in the files now.
pub(super) fn known(
    workspace: &Workspace,
    history: &History,
    identities: &Identities,
) -> Vec<Document> {
    let now = Session::reading(workspace)
        .and_then(|mut session| session.load(Missing::Create, Unparsable::Tolerate));
    let now = now.map(|now| now.configuration.parts().to_vec()).unwrap_or_default();
    let mut documents: Vec<Document> = now.into_iter().map(|part| part.document).collect();
    let Ok(listing) = history.list() else { return documents };
    let mut seen = HashSet::new();
    let mut bytes_left = MOST_KNOWN_BYTES;
    for file in listing.records.iter().rev().flat_map(|record| &record.files) {
        for id in [file.after, file.before].into_iter().flatten() {
            if documents.len() >= MOST_KNOWN || bytes_left == 0 {
                return documents;
            }
            if !seen.insert(id) {
                continue;
            }
            let Ok(bytes) = history.snapshot(&id, identities) else { continue };
            bytes_left = bytes_left.saturating_sub(bytes.len());
            documents.extend(Document::parse_bytes(bytes, Format::of_path(&file.file)));
        }
    }
    documents
}

/// The parts of `after` whose text differs.
pub(super) fn differing(before: Option<&Configuration>, after: &Configuration) -> Vec<FileOutcome> {
    let known = before.map(Configuration::parts).unwrap_or_default();
    let parts = after.parts().iter().filter_map(|part| {
        let before = known.iter().find(|other| other.file == part.file);
        let differs = before.is_none_or(|b| b.document.source() != part.document.source());
        differs.then(|| FileOutcome {
            file: part.file.clone(),
            before: before.map(|before| before.document.clone()),
            after: part.document.clone(),
            publication: None,
        })
    });
    parts.collect()
}

/// The texts on one side of `record`, the root first.
fn texts(
    history: &History,
    record: &Record,
    side: Side,
    identities: &Identities,
) -> Result<Vec<PastText>, OpsError> {
    let mut texts = Vec::new();
    for file in &record.files {
        let id = match side {
            Side::Before => file.before,
            Side::After => file.after,
        };
        let Some(id) = id else { continue };
        let bytes = history.snapshot(&id, identities)?;
        texts.push(PastText {
            document: Document::parse_bytes(bytes.clone(), Format::of_path(&file.file)),
            file: file.file.clone(),
            bytes: PastBytes(bytes),
        });
    }
    Ok(texts)
}

/// The last text of the history that stood, for judging where none that parses stands there now. What
/// cannot be read of the history is as if it were not there.
pub(super) fn last_that_stood(
    workspace: &Workspace,
    session: &Session<'_>,
) -> Option<Configuration> {
    let history = History::of(&workspace.state_dir, session.root());
    let records = history.list().ok()?.records;
    let last = records.into_iter().rev().find(|record| record.kind.stands())?;
    configuration(&history, session, &last, Side::After, &Identities::none()).ok()
}

/// The configuration on one side of `record`, under the name that its root has now.
pub(super) fn configuration(
    history: &History,
    session: &Session<'_>,
    record: &Record,
    side: Side,
    identities: &Identities,
) -> Result<Configuration, OpsError> {
    let nothing = || OpsError::NothingRecorded { id: record.id };
    let named = record.files.first().ok_or_else(nothing)?.file.clone();
    let mut parts = Vec::new();
    for text in texts(history, record, side, identities)? {
        let file = if text.file == named { session.root().to_owned() } else { text.file };
        let document = text.document.map_err(|source| OpsError::Recorded {
            id: record.id,
            file: file.clone(),
            source,
        })?;
        parts.push(Part { file, document, mode: None, directory_mode: None });
    }
    let mut parts = parts.into_iter();
    let root = parts.next().filter(|part| part.file == session.root()).ok_or_else(nothing)?;
    let rest: Vec<Part> = parts.collect();
    let mut loader = |file: &std::path::Path| {
        let known = rest.iter().find(|part| part.file == file);
        known.cloned().ok_or_else(|| IncludeFaultKind::Missing(file.to_owned()))
    };
    Ok(Configuration::compose(root, &session.rules(), &mut loader))
}
