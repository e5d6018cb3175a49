//! What a write did, or would do.

use std::error::Error;
use std::path::{Path, PathBuf};

use super::{Awaiting, KnownVersion, Reaction, Reload, Signalled, Workspace};
use crate::compose::Configuration;
use crate::doc::{Difference, Document, KeyPath, Value, diff};
use crate::finding::Finding;
use crate::history::RecordId;
use crate::profile::{Cost, ReloadClass, Uptake};

/// How a write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Every file is written.
    Written,
    /// The file means this already; nothing was touched.
    Unchanged,
    /// A dry run: this is what would be written.
    Planned,
    /// A rule refused; nothing was touched.
    Refused,
}

/// What a write did, or would do.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// The files that differ.
    pub files: Vec<FileOutcome>,
    /// What differs in meaning, in the order of the file.
    pub changes: Vec<Change>,
    /// What the rules say, `--allow` taken into account.
    pub findings: Vec<Finding>,
    /// What the changes cost the gateway together; nothing where there are none.
    pub reload: Option<Reload>,
    /// The version that the gateway is known by; nothing where nobody says it.
    pub gateway_version: Option<KnownVersion>,
    /// Things a person should know, each one lowercase clause without a value.
    pub notices: Vec<String>,
    /// Other texts of the same files, where some were at hand: what is a secret there is none to show
    /// here, such as a token that was replaced and still stands in a comment.
    pub known: Vec<Document>,
    /// The record of the write in the history; nothing where there is none.
    pub record: Option<RecordId>,
    /// What the gateway has made of it; nothing where it was not asked.
    pub reaction: Option<Reaction>,
    /// What became of telling the gateway; nothing where nothing was written, or nothing changed in
    /// meaning.
    pub signal: Option<Signalled>,
    /// By when which record is to be confirmed; nothing where the write stands by itself.
    pub awaiting: Option<Awaiting>,
}

impl Outcome {
    /// Nothing was to be done.
    #[must_use]
    pub(super) fn unchanged() -> Self {
        Self {
            status: Status::Unchanged,
            files: Vec::new(),
            changes: Vec::new(),
            findings: Vec::new(),
            reload: None,
            gateway_version: None,
            notices: Vec::new(),
            known: Vec::new(),
            record: None,
            reaction: None,
            signal: None,
            awaiting: None,
        }
    }
}

/// One file that differs.
#[derive(Clone, Debug)]
pub struct FileOutcome {
    /// The file, as it was named or included.
    pub file: PathBuf,
    /// Its text before; nothing where it did not exist.
    pub before: Option<Document>,
    /// Its text after.
    pub after: Document,
    /// How it was published; nothing where nothing was written.
    pub publication: Option<Publication>,
}

/// How new text became visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publication {
    /// By an atomic replace.
    Atomic,
    /// In place, under a journal, because the file is a mount point: the lesser guarantee.
    InPlace,
    /// Visible, but a directory could not be synced: it may be lost in a power cut.
    DurabilityUnsure,
}

/// What happened to the value at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was not there.
    Added,
    /// It is gone.
    Removed,
    /// It differs.
    Changed,
}

/// One difference in meaning, and what it costs.
#[derive(Clone, Debug)]
pub struct Change {
    /// Where.
    pub path: KeyPath,
    /// What happened.
    pub kind: ChangeKind,
    /// How dear it is to the gateway.
    pub class: ReloadClass,
    /// How the gateway comes by it.
    pub uptake: Uptake,
    /// What the gateway does without a restart, by the names that its profile has for it.
    pub actions: Vec<String>,
    /// The value before. May be a secret: render it through [`crate::redact`].
    pub before: Option<Value>,
    /// The value after. May be a secret: render it through [`crate::redact`].
    pub after: Option<Value>,
}

/// What differs in meaning between `base` and `candidate`, classed; the other fields are empty.
pub(super) fn differences(
    base: Option<&Configuration>,
    candidate: &Configuration,
    workspace: &Workspace,
) -> Outcome {
    let nothing = Value::Object(Vec::new());
    let before = base.map_or(&nothing, Configuration::effective);
    let after = candidate.effective();
    let gateway_version = workspace.known_version(before, after);
    let profile = &workspace.profile;
    let version = gateway_version.as_ref().map(|known| known.version.as_str());
    let classifier = profile.classifier(version, before, after);
    let changes = diff(before, after).into_iter().map(|difference| {
        let Difference { path, before, after } = difference;
        let Cost { class, uptake, actions } =
            classifier.cost(&path, before.as_ref(), after.as_ref());
        Change {
            kind: match (&before, &after) {
                (None, _) => ChangeKind::Added,
                (_, None) => ChangeKind::Removed,
                _ => ChangeKind::Changed,
            },
            class,
            uptake,
            actions,
            path,
            before,
            after,
        }
    });
    let changes: Vec<Change> = changes.collect();
    Outcome {
        status: if changes.is_empty() { Status::Unchanged } else { Status::Planned },
        reload: Reload::of(
            &changes,
            classifier.basis(),
            gateway_version.clone(),
            &profile.reload.versions(),
        ),
        changes,
        gateway_version,
        ..Outcome::unchanged()
    }
}

/// Says that a killed process left a file which may hold another writer's change.
pub(super) fn leftover(file: &Path) -> String {
    format!(
        "`{}` was left by a process that was killed and may hold another writer's change; compare \
         it with the configuration, then remove it",
        file.display()
    )
}

/// Says `what` failed, and why, in one clause.
pub(super) fn with_causes(what: &str, error: &dyn Error) -> String {
    format!("{what}: {}", causes(error))
}

/// Why something failed, in one clause.
pub(super) fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
