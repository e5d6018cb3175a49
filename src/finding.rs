//! Findings: what a rule has to say, as data.
//!
//! A finding never quotes a value: the value may be a secret. Rendering is the binary's work.

use std::path::PathBuf;

use crate::doc::KeyPath;
use crate::text::Position;

/// The ids of all rules, as documented: what `--allow` and the `[actions]` of a profile may name.
///
/// They are public: rules are added, and never renamed.
pub const RULE_IDS: &[&str] = &[
    "auth-token-dropped",
    "auth-token-changed",
    "auth-block-lost",
    "auth-mode-incoherent",
    "placeholder-value",
    "secret-expanded",
    "secret-unresolved",
    "include-flattened",
    "include-unresolved",
    "keys-lost",
    "file-shrunk",
    "type-changed",
    "comments-lost",
    "duplicate-key",
    "syntax",
    "schema",
    "unknown-key",
    "insecure-mode",
    "token-drift",
    "legacy-key",
];

/// What a finding does to the write it was found in.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, serde::Serialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Noted in the report only.
    Audit,
    /// Shown, and the write goes on.
    Warn,
    /// The write is refused.
    Deny,
}

/// Whether a person may let the write through all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Override {
    /// `--allow RULE` lets it through, on one command.
    ByFlag,
    /// Nothing does.
    Never,
}

/// Whether the write brings the fault, or the file had it before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The write brings it.
    Write,
    /// The base had it already: it is reported and never blocks.
    Base,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file, as it was named or included.
    pub file: PathBuf,
    /// Line and column in it.
    pub position: Position,
}

/// One thing a rule reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The stable kebab-case id of the rule.
    pub rule: &'static str,
    /// What it does to the write, after profile and `--allow`.
    pub action: Action,
    /// Whether `--allow` applies.
    pub allowed_by: Override,
    /// Whether the write brings it.
    pub origin: Origin,
    /// The path concerned; nothing where the whole file is.
    pub path: Option<KeyPath>,
    /// What is wrong, one lowercase clause without a value.
    pub message: String,
    /// What was expected instead, one lowercase clause without a value.
    pub expected: String,
    /// Where it stands: in the candidate, or in the base where the candidate no longer has it.
    pub location: Option<Location>,
}
