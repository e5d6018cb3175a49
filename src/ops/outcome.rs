//! What a write did, or would do.

use std::error::Error;
use std::path::{Path, PathBuf};

use super::{Awaiting, Signalled};
use crate::compose::Configuration;
use crate::doc::{Document, KeyPath, Value, diff};
use crate::finding::Finding;
use crate::profile::{Profile, ReloadClass};

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
    /// The version the file's gateway is known by; nothing where the file does not say.
    pub gateway_version: Option<String>,
    /// Things a person should know, each one lowercase clause without a value.
    pub notices: Vec<String>,
    /// Other texts of the same files, where some were at hand: what is a secret there is none to show
    /// here, such as a token that was replaced and still stands in a comment.
    pub known: Vec<Document>,
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
            gateway_version: None,
            notices: Vec::new(),
            known: Vec::new(),
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
    /// How the gateway takes it.
    pub class: ReloadClass,
    /// The value before. May be a secret: render it through [`crate::redact`].
    pub before: Option<Value>,
    /// The value after. May be a secret: render it through [`crate::redact`].
    pub after: Option<Value>,
}

/// What differs in meaning between `base` and `candidate`, classed; the other fields are empty.
pub(super) fn differences(
    base: Option<&Configuration>,
    candidate: &Configuration,
    profile: &Profile,
) -> Outcome {
    let nothing = Value::Object(Vec::new());
    let before = base.map_or(&nothing, Configuration::effective);
    let gateway_version =
        version(before, profile).or_else(|| version(candidate.effective(), profile));
    let changes = diff(before, candidate.effective()).into_iter().map(|difference| Change {
        kind: match (&difference.before, &difference.after) {
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Removed,
            _ => ChangeKind::Changed,
        },
        class: profile.reload.class_of_subtree(&difference.path, gateway_version.as_deref()),
        path: difference.path,
        before: difference.before,
        after: difference.after,
    });
    let changes: Vec<Change> = changes.collect();
    Outcome {
        status: if changes.is_empty() { Status::Unchanged } else { Status::Planned },
        changes,
        gateway_version,
        ..Outcome::unchanged()
    }
}

pub(super) fn version(value: &Value, profile: &Profile) -> Option<String> {
    value.at(profile.reload.version.as_ref()?)?.as_str().map(str::to_owned)
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
