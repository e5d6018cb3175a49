//! Parts of a report: differences, files, findings, rules.

#![expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde wants of a serialiser"
)]

use confwarden::finding::{self, Action, Origin, Override};
use confwarden::ops::{self, ChangeKind, Publication};
use confwarden::policy::{Example, RuleDoc, Scope};
use confwarden::profile::{ReloadClass, Uptake};
use confwarden::redact::Redactor;
use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use super::report::shown;
use super::value;

/// One difference in meaning.
#[derive(Serialize)]
pub(super) struct ChangeEntry {
    pub(super) path: String,
    #[serde(serialize_with = "kind_name")]
    pub(super) kind: ChangeKind,
    pub(super) class: ReloadClass,
    pub(super) uptake: Uptake,
    pub(super) actions: Vec<String>,
    pub(super) before: Option<Json>,
    pub(super) after: Option<Json>,
}

/// One difference in meaning, without its values.
#[derive(Serialize)]
pub(super) struct ChangeNote {
    pub(super) path: String,
    pub(super) kind: &'static str,
    pub(super) class: &'static str,
}

/// One file that differs.
#[derive(Serialize)]
pub(super) struct FileEntry {
    pub(super) file: String,
    #[serde(serialize_with = "publication_name")]
    pub(super) publication: Option<Publication>,
    pub(super) diff: String,
}

/// One thing a rule has to say.
#[derive(Serialize)]
pub(super) struct FindingEntry {
    pub(super) rule: &'static str,
    pub(super) action: Action,
    #[serde(serialize_with = "origin_name")]
    pub(super) origin: Origin,
    pub(super) path: Option<String>,
    pub(super) message: String,
    pub(super) expected: String,
    pub(super) file: Option<String>,
    pub(super) line: Option<usize>,
    pub(super) column: Option<usize>,
    /// The flag that lets it through; nothing where none does.
    pub(super) allow: Option<String>,
}

/// What is known of a rule.
#[derive(Serialize)]
pub(super) struct RuleEntry {
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) why: &'static str,
    pub(super) seen: &'static str,
    pub(super) action: Action,
    pub(super) allow: Option<String>,
    pub(super) bad: ExampleEntry,
    pub(super) good: ExampleEntry,
}

/// A write to show what a rule means.
#[derive(Serialize)]
pub(super) struct ExampleEntry {
    pub(super) before: &'static str,
    pub(super) after: &'static str,
    pub(super) scope: &'static str,
    /// Permission bits in octal.
    pub(super) mode: String,
}

impl ChangeEntry {
    pub(super) fn of(change: &ops::Change, redactor: &Redactor<'_>) -> Self {
        let json = |value| value::to_json(&redactor.value(&change.path, value));
        Self {
            path: change.path.to_string(),
            kind: change.kind,
            class: change.class,
            uptake: change.uptake,
            actions: change.actions.clone(),
            before: change.before.as_ref().map(json),
            after: change.after.as_ref().map(json),
        }
    }
}

impl ChangeNote {
    pub(super) fn of(change: &ops::Change) -> Self {
        Self {
            path: change.path.to_string(),
            kind: kind_of(change.kind),
            class: change.class.as_str(),
        }
    }
}

impl FindingEntry {
    pub(super) fn of(finding: &finding::Finding) -> Self {
        let location = finding.location.as_ref();
        Self {
            rule: finding.rule,
            action: finding.action,
            origin: finding.origin,
            path: finding.path.as_ref().map(ToString::to_string),
            message: finding.message.clone(),
            expected: finding.expected.clone(),
            file: location.map(|location| shown(&location.file)),
            line: location.map(|location| location.position.line),
            column: location.map(|location| location.position.column),
            allow: allow_flag(finding.rule, finding.allowed_by),
        }
    }
}

impl RuleEntry {
    pub(super) fn of(rule: &RuleDoc) -> Self {
        Self {
            id: rule.id,
            summary: rule.summary,
            why: rule.why,
            seen: rule.seen,
            action: rule.action,
            allow: allow_flag(rule.id, rule.allowed_by),
            bad: ExampleEntry::of(&rule.bad),
            good: ExampleEntry::of(&rule.good),
        }
    }
}

impl ExampleEntry {
    pub(super) fn of(example: &Example) -> Self {
        Self {
            before: example.base,
            after: example.candidate,
            scope: match example.scope {
                Scope::Paths => "paths",
                Scope::WholeFile => "whole-file",
            },
            mode: format!("{:04o}", example.mode),
        }
    }
}

/// A flag, as it is to be typed.
fn allow_flag(rule: &str, allowed_by: Override) -> Option<String> {
    match allowed_by {
        Override::ByFlag => Some(format!("--allow {rule}")),
        Override::Never => None,
    }
}

fn kind_name<S: Serializer>(kind: &ChangeKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind_of(*kind))
}

fn kind_of(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "added",
        ChangeKind::Removed => "removed",
        ChangeKind::Changed => "changed",
    }
}

fn origin_name<S: Serializer>(origin: &Origin, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match origin {
        Origin::Write => "write",
        Origin::Base => "base",
    })
}

fn publication_name<S: Serializer>(
    publication: &Option<Publication>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    publication
        .map(|publication| match publication {
            Publication::Atomic => "atomic",
            Publication::InPlace => "in-place",
            Publication::DurabilityUnsure => "durability-unsure",
        })
        .serialize(serializer)
}
