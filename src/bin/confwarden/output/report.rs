//! Reports: what a command has to say, with no secret left in it.
//!
//! The only place that turns what the library knows into what is shown. Every value and every text
//! goes through the redactor here, so no renderer can leak one.

#![expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde wants of a serialiser"
)]

use std::path::Path;

use confwarden::fs;
use confwarden::history::{Fault, Listing};
use confwarden::ops::{
    self, Drift, DryRun, ExecOutcome, Outcome, Overview, Past, Publication, Settlement, Signalled,
    Status, Workspace,
};
use confwarden::pending::State;
use confwarden::policy::RuleDoc;
use confwarden::redact::Redactor;
use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use super::asked::AskedEntry;
use super::entry::{ChangeEntry, FileEntry, FindingEntry, RuleEntry};
use super::exec::ExecEntry;
use super::overview::OverviewEntry;
use super::past::{PrunedEntry, RecordEntry, TextEntry};
use super::pending::PendingEntry;
use super::reaction::{self, ReactionEntry};
use super::reload::ReloadEntry;
use super::signal::SignalEntry;
use super::{Reply, Reveal, Strictness, Wish, diff, value};
use crate::args::OutputFormat;
use crate::error::CommandError;
use crate::exit::Exit;

/// The name of the shape; its version grows when a member changes its meaning.
const SCHEMA: &str = "confwarden.report.v1";

/// Said where a value had secrets in it.
const REVEAL: &str = "secrets are shown as fingerprints: `--reveal` prints them";

/// Said where the key of the fingerprints could not be kept.
const PASSING: &str = "fingerprints of secrets hold for this output only";

/// With what eyes a reply is looked at.
pub(crate) struct Sight<'a> {
    /// What the command was about.
    pub(crate) workspace: &'a Workspace,
    /// Whether it was to write nothing.
    pub(crate) dry_run: DryRun,
    /// Who reads the report.
    pub(crate) format: OutputFormat,
}

impl Sight<'_> {
    /// The redactor, with this installation's key.
    ///
    /// Where the key cannot be kept, as in a read-only home, one for this run does, and a notice
    /// says so. A dry run makes no file, so it makes no key either.
    fn redactor(&self, notices: &mut Vec<String>) -> Redactor<'_> {
        let state_dir = &self.workspace.state_dir;
        let key = match self.dry_run {
            DryRun::Yes => fs::present_install_key(state_dir).unwrap_or_else(fs::passing_key),
            DryRun::No => fs::install_key(state_dir).unwrap_or_else(|error| {
                notices.push(format!("{PASSING}: {error}"));
                fs::passing_key()
            }),
        };
        Redactor::new(&self.workspace.profile, key)
    }
}

/// What a command has to say. Serialises to the shape of `schemas/report.v1.schema.json`.
#[derive(Serialize)]
pub(crate) struct Report {
    schema: &'static str,
    pub(super) command: Option<&'static str>,
    pub(super) status: ReportStatus,
    #[serde(serialize_with = "exit_entry")]
    pub(super) exit: Exit,
    pub(super) config: Option<String>,
    pub(super) profile: Option<String>,
    pub(super) gateway_version: Option<String>,
    path: Option<String>,
    pub(super) value: Option<Json>,
    pub(super) changes: Vec<ChangeEntry>,
    pub(super) reload: Option<ReloadEntry>,
    pub(super) files: Vec<FileEntry>,
    pub(super) findings: Vec<FindingEntry>,
    pub(super) rules: Vec<RuleEntry>,
    pub(super) exec: Option<ExecEntry>,
    pub(super) notices: Vec<String>,
    pub(super) error: Option<ErrorEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) records: Option<Vec<RecordEntry>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) texts: Option<Vec<TextEntry>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pruned: Option<PrunedEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<OverviewEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) confirmation: Option<ReactionEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) asked: Option<Vec<AskedEntry>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) signal: Option<SignalEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pending: Option<Vec<PendingEntry>>,
    /// What of it goes to people.
    #[serde(skip)]
    pub(super) shows: Shows,
}

/// How the command ended.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ReportStatus {
    Ok,
    Written,
    Unchanged,
    Planned,
    Healed,
    Refused,
    #[serde(rename = "rolled-back")]
    RolledBack,
    Error,
}

/// What of a report goes to people.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shows {
    /// The value, the rules, or nothing but the error.
    Answer,
    /// What was done.
    Summary,
    /// What would be done: the text and the changes.
    Plan,
    /// The changes.
    Changes,
    /// The state, with what changed and the last records.
    Overview,
}

/// Why the command failed.
#[derive(Serialize)]
pub(super) struct ErrorEntry {
    pub(super) message: String,
    pub(super) causes: Vec<String>,
    pub(super) hints: Vec<String>,
    pub(super) file: Option<String>,
    pub(super) line: Option<usize>,
    pub(super) column: Option<usize>,
}

impl Report {
    /// What `reply` says, its secrets replaced by fingerprints.
    pub(crate) fn of(command: &'static str, reply: Reply, sight: &Sight<'_>) -> Self {
        let mut report = Self::new(Some(command)).about(sight.workspace);
        match reply {
            Reply::Value { path, value, reveal } => {
                let value = match reveal {
                    Reveal::Yes => value,
                    Reveal::No => {
                        let redacted = sight.redactor(&mut report.notices).value(&path, &value);
                        if redacted != value {
                            report.notices.push(REVEAL.to_owned());
                        }
                        redacted
                    }
                };
                report.path = Some(path.to_string());
                report.value = Some(value::to_json(&value));
            }
            Reply::Write(outcome) => {
                report.shows = match sight.dry_run {
                    DryRun::Yes => Shows::Plan,
                    DryRun::No => Shows::Summary,
                };
                report.status = match outcome.status {
                    Status::Written => ReportStatus::Written,
                    Status::Unchanged => ReportStatus::Unchanged,
                    Status::Planned => ReportStatus::Planned,
                    Status::Refused => ReportStatus::Refused,
                };
                report.exit = exit_of(&outcome);
                if report.exit == Exit::RolledBack {
                    report.status = ReportStatus::RolledBack;
                }
                report.take_outcome(outcome, None, sight);
            }
            Reply::Exec { outcome, strictness } => {
                report.shows = Shows::Summary;
                report.take_exec(*outcome, strictness, sight);
            }
            Reply::Difference { outcome, before, semantic, asked } => {
                report.asked = asked.map(|asked| asked.iter().map(AskedEntry::of).collect());
                report.shows = if semantic { Shows::Changes } else { Shows::Plan };
                report.take_outcome(outcome, Some(&before), sight);
            }
            Reply::Records { listing, limit } => report.take_records(listing, limit),
            Reply::Past { past, reveal } => report.take_past(past, reveal, sight),
            Reply::Pruned(pruned) => {
                if sight.dry_run == DryRun::Yes {
                    report.status = ReportStatus::Planned;
                }
                report.pruned = Some(PrunedEntry {
                    records: pruned.records.iter().map(|id| id.0).collect(),
                    left: pruned.left,
                    snapshots: pruned.snapshots,
                });
            }
            Reply::Overview(overview, done) => {
                report.take_overview(*overview, sight);
                report.notices.extend(done);
            }
            Reply::Settled(settlement, asked) => report.take_settlement(settlement, asked, sight),
            Reply::Signalled(signalled) => report.take_signal(signalled),
            Reply::Rested(notices) => report.notices = notices,
        }
        report
    }

    fn take_settlement(&mut self, settlement: Settlement, asked: Wish, sight: &Sight<'_>) {
        let (commit, outcome) = match settlement {
            Settlement::Kept(commit)
            | Settlement::Extended(commit)
            | Settlement::UndoneBefore(commit) => (commit, None),
            Settlement::Undone(commit, outcome) => (commit, Some(*outcome)),
        };
        if let Some(outcome) = outcome {
            self.shows = Shows::Summary;
            self.status = ReportStatus::Written;
            self.exit = exit_of(&outcome);
            self.take_outcome(outcome, None, sight);
        }
        // Whoever wanted it to stay must learn that it is gone.
        let is_undone = matches!(commit.state, State::Undone { .. });
        if is_undone && asked == Wish::ToKeep && self.exit == Exit::Ok {
            self.exit = Exit::RolledBack;
        }
        self.pending = Some(vec![PendingEntry::of(&commit)]);
    }

    /// That the gateway could not be told is no reason to forget what else went wrong.
    fn take_signal(&mut self, signalled: Signalled) {
        let entry = SignalEntry::of(signalled);
        if entry.has_failed() && self.exit == Exit::Ok {
            self.exit = Exit::Incomplete;
        }
        self.signal = Some(entry);
    }

    fn take_records(&mut self, listing: Listing, limit: usize) {
        let Listing { records, faults } = listing;
        self.notices.extend(faults.iter().map(|fault| match fault {
            Fault::Newer { id: Some(id), version } => {
                format!("record {id} was written by a newer confwarden (format {version})")
            }
            Fault::Newer { id: None, version } => {
                format!("a record was written by a newer confwarden (format {version})")
            }
            Fault::Damaged { line } => format!("line {line} of the records is damaged"),
        }));
        let left_out = records.len().saturating_sub(limit);
        if left_out > 0 {
            self.notices.push(format!("{left_out} older ones are left out: `--all` shows them"));
        }
        let shown = records.into_iter().skip(left_out).rev();
        self.records = Some(shown.map(RecordEntry::of).collect());
    }

    fn take_past(&mut self, past: Past, reveal: Reveal, sight: &Sight<'_>) {
        let texts: Vec<String> = match reveal {
            Reveal::Yes => {
                let texts = past.texts.iter();
                texts.map(|text| String::from_utf8_lossy(&text.bytes.0).into_owned()).collect()
            }
            Reveal::No => {
                let documents: Vec<_> =
                    past.texts.iter().flat_map(|text| text.document.as_ref()).collect();
                let together: Vec<_> = documents.iter().copied().chain(&past.known).collect();
                let mut redacted = sight.redactor(&mut self.notices).texts(&together);
                redacted.truncate(documents.len());
                if documents.iter().zip(&redacted).any(|(one, other)| one.source() != other) {
                    self.notices.push(REVEAL.to_owned());
                }
                redacted
            }
        };
        let files = past.texts.iter().map(|text| shown(&text.file));
        let texts = files.zip(texts).map(|(file, text)| TextEntry { file, text });
        self.texts = Some(texts.collect());
        self.records = Some(vec![RecordEntry::of(past.record)]);
    }

    fn take_overview(&mut self, overview: Overview, sight: &Sight<'_>) {
        self.shows = Shows::Overview;
        self.state = Some(OverviewEntry::of(&overview));
        self.gateway_version = overview.gateway_version.map(|known| known.version);
        self.pending = Some(overview.pending.iter().map(PendingEntry::of).collect());
        if let Drift::Changed(_, changes) = &overview.drift {
            let redactor = sight.redactor(&mut self.notices);
            self.changes =
                changes.iter().map(|change| ChangeEntry::of(change, &redactor)).collect();
        }
        self.records = Some(overview.latest.into_iter().map(RecordEntry::of).collect());
    }

    /// What is known of `rules`.
    pub(crate) fn of_rules(command: &'static str, rules: &[&RuleDoc]) -> Self {
        let mut report = Self::new(Some(command));
        report.rules = rules.iter().map(|rule| RuleEntry::of(rule)).collect();
        report
    }

    /// Why the command failed.
    pub(crate) fn failed(command: Option<&'static str>, error: &CommandError) -> Self {
        let mut report = Self::new(command);
        report.status =
            if error.exit == Exit::Refused { ReportStatus::Refused } else { ReportStatus::Error };
        report.exit = error.exit;
        report.error = Some(ErrorEntry {
            message: error.message(),
            causes: error.causes(),
            file: error.place.as_ref().map(|place| shown(&place.file)),
            line: error.place.as_ref().map(|place| place.position.line),
            column: error.place.as_ref().map(|place| place.position.column),
            hints: error.hints.clone(),
        });
        report
    }

    /// The same report, naming the file and the profile.
    pub(crate) fn about(mut self, workspace: &Workspace) -> Self {
        self.config = Some(shown(&workspace.config));
        self.profile = Some(workspace.profile.name.clone());
        self
    }

    /// How the process ends.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    fn new(command: Option<&'static str>) -> Self {
        Self {
            schema: SCHEMA,
            command,
            status: ReportStatus::Ok,
            exit: Exit::Ok,
            config: None,
            profile: None,
            gateway_version: None,
            path: None,
            value: None,
            changes: Vec::new(),
            reload: None,
            files: Vec::new(),
            findings: Vec::new(),
            rules: Vec::new(),
            exec: None,
            notices: Vec::new(),
            error: None,
            records: None,
            texts: None,
            pruned: None,
            state: None,
            confirmation: None,
            asked: None,
            signal: None,
            pending: None,
            shows: Shows::Answer,
        }
    }

    fn take_exec(&mut self, exec: ExecOutcome, strictness: Strictness, sight: &Sight<'_>) {
        let is_damaged = exec.is_damaged();
        let program = match u8::try_from(exec.end.exit_code()) {
            Ok(0) => Exit::Ok,
            Ok(code) => Exit::Program(code),
            Err(_) => Exit::Program(u8::MAX),
        };
        let written = exit_of(&exec.outcome);
        self.exit = match written {
            Exit::Ok if is_damaged && strictness == Strictness::Strict => Exit::Refused,
            Exit::Ok => program,
            other => other,
        };
        self.status = match exec.outcome.status {
            Status::Refused => ReportStatus::Refused,
            _ if is_damaged => ReportStatus::Healed,
            Status::Unchanged => ReportStatus::Unchanged,
            Status::Written | Status::Planned => ReportStatus::Written,
        };
        // Its key is used only where a comment is shown.
        let redactor = if exec.lost_comments.is_empty() {
            Redactor::new(&sight.workspace.profile, [0; 32])
        } else {
            sight.redactor(&mut self.notices)
        };
        self.exec = Some(ExecEntry::of(&exec, &redactor));
        self.take_outcome(exec.outcome, None, sight);
    }

    /// Whether standard output belongs to a program that ran under the guard.
    pub(super) fn is_beside(&self) -> bool {
        self.exec.is_some()
    }

    fn take_outcome(&mut self, outcome: Outcome, before: Option<&Path>, sight: &Sight<'_>) {
        let diffed = sight.format == OutputFormat::Json || self.shows == Shows::Plan;
        // Most writes show no secret: then no fingerprint does, and the key stays unread.
        let keyless = Redactor::new(&sight.workspace.profile, [0; 32]);
        let values = |change: &ops::Change| [change.before.clone(), change.after.clone()];
        let shows_secret = outcome.changes.iter().any(|change| {
            values(change)
                .iter()
                .flatten()
                .any(|value| keyless.value(&change.path, value) != *value)
        });
        let redactor =
            if diffed || shows_secret { sight.redactor(&mut self.notices) } else { keyless };
        if let Some(signalled) = outcome.signal {
            self.take_signal(signalled);
        }
        if let Some(awaiting) = outcome.awaiting {
            self.pending = Some(vec![PendingEntry::awaiting(awaiting)]);
        }
        self.gateway_version = outcome.gateway_version.map(|known| known.version);
        self.reload = outcome.reload.map(ReloadEntry::of);
        self.changes =
            outcome.changes.iter().map(|change| ChangeEntry::of(change, &redactor)).collect();
        for file in &outcome.files {
            let after_name = shown(&file.file);
            let before_name = match (before, &file.before) {
                (Some(named), _) => shown(named),
                (None, Some(_)) => after_name.clone(),
                (None, None) => NOWHERE.to_owned(),
            };
            let diff = if diffed {
                // Together: a secret of one side may stand in a comment of the other.
                let documents: Vec<_> = file.before.iter().chain([&file.after]).collect();
                let together: Vec<_> = documents.iter().copied().chain(&outcome.known).collect();
                let mut texts = redactor.texts(&together);
                texts.truncate(documents.len());
                let after = texts.pop().unwrap_or_default();
                let before = texts.pop().unwrap_or_default();
                diff::unified(&before_name, &before, &after_name, &after)
            } else {
                String::new()
            };
            self.files.push(FileEntry { file: after_name, publication: file.publication, diff });
        }
        self.confirmation = outcome.reaction.as_ref().map(ReactionEntry::of);
        self.findings = outcome.findings.iter().map(FindingEntry::of).collect();
        self.notices.extend(outcome.notices);
    }
}

/// Stands for a file that did not exist, as in other diffs.
const NOWHERE: &str = "/dev/null";

fn exit_of(outcome: &Outcome) -> Exit {
    let unsure =
        outcome.files.iter().any(|file| file.publication == Some(Publication::DurabilityUnsure));
    match outcome.status {
        Status::Refused => Exit::Refused,
        _ if unsure => Exit::Incomplete,
        Status::Written | Status::Unchanged | Status::Planned => {
            outcome.reaction.as_ref().map_or(Exit::Ok, reaction::exit_of)
        }
    }
}

/// A path for people and reports; what is not UTF-8 in it becomes U+FFFD.
pub(super) fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[derive(Serialize)]
struct ExitEntry {
    code: u8,
    name: &'static str,
}

fn exit_entry<S: Serializer>(exit: &Exit, serializer: S) -> Result<S::Ok, S::Error> {
    ExitEntry { code: exit.code(), name: exit.name() }.serialize(serializer)
}
