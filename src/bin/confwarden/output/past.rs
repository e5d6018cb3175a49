//! Records of the history, for programs and for people.
//!
//! A record holds paths and no values; texts come in redacted.

use std::fmt::Write as _;

use confwarden::history::{
    Author, Certainty, ChangeNote, Kind, NoteKind, Record, RecordedFile, RuleNote, SnapshotId,
};
use serde::Serialize;

use super::paint::Paint;

/// How many digits of a content's name are shown: enough to tell two apart.
const SHOWN: usize = 16;
/// How many paths a line about a record shows.
const PATHS: usize = 3;

/// One record.
#[derive(Serialize)]
pub(super) struct RecordEntry {
    id: u64,
    at: String,
    kind: Kind,
    command: String,
    author: AuthorEntry,
    files: Vec<PastFileEntry>,
    changes: Vec<ChangeNote>,
    more_changes: usize,
    rules: Vec<RuleNoteEntry>,
}

#[derive(Serialize)]
struct AuthorEntry {
    name: String,
    pid: Option<u32>,
    certainty: Certainty,
}

#[derive(Serialize)]
struct RuleNoteEntry {
    rule: String,
    action: String,
    path: Option<String>,
}

#[derive(Serialize)]
struct PastFileEntry {
    file: String,
    before: Option<String>,
    after: Option<String>,
}

/// A text that stood in a file.
#[derive(Serialize)]
pub(super) struct TextEntry {
    pub(super) file: String,
    pub(super) text: String,
}

/// What was dropped of the history.
#[derive(Serialize)]
pub(super) struct PrunedEntry {
    pub(super) records: Vec<u64>,
    pub(super) left: usize,
    pub(super) snapshots: usize,
}

impl RecordEntry {
    pub(super) fn of(record: Record) -> Self {
        let Author { name, pid, certainty } = record.author;
        let rule = |RuleNote { rule, action, path }| RuleNoteEntry { rule, action, path };
        Self {
            id: record.id.0,
            at: humantime::format_rfc3339_millis(record.at).to_string(),
            kind: record.kind,
            command: record.command,
            author: AuthorEntry { name, pid, certainty },
            files: record.files.iter().map(PastFileEntry::of).collect(),
            changes: record.changes,
            more_changes: record.more_changes,
            rules: record.rules.into_iter().map(rule).collect(),
        }
    }

    /// When, as people read it.
    fn when(&self) -> String {
        let seconds = self.at.get(..19).unwrap_or(&self.at);
        seconds.replace('T', " ")
    }

    fn who(&self) -> &str {
        &self.author.name
    }
}

impl PastFileEntry {
    fn of(file: &RecordedFile) -> Self {
        let short = |id: Option<SnapshotId>| id.map(|id| id.to_string()[..SHOWN].to_owned());
        Self {
            file: super::report::shown(&file.file),
            before: short(file.before),
            after: short(file.after),
        }
    }
}

/// One line for each record: number, time, kind, author, paths.
pub(super) fn list(out: &mut String, records: &[RecordEntry], indent: &str, paint: Paint) {
    let widest = |of: fn(&RecordEntry) -> usize| records.iter().map(of).max().unwrap_or(0);
    let number = widest(|record| record.id.to_string().len());
    let kind = widest(|record| kind_name(record.kind).len());
    let who = widest(|record| record.who().chars().count().min(30));
    for record in records {
        let id = format!("{:>number$}", record.id);
        let head = format!(
            "{indent}{}  {}  {:kind$}  {:who$}",
            paint.strong(&id),
            record.when(),
            kind_name(record.kind),
            paint.data(record.who()),
        );
        let line = format!("{head}  {}", paint.data(&what(record)));
        writeln!(out, "{}", line.trim_end()).expect("a string takes every text");
    }
}

/// Which paths a record changed, or what else is to be said of it.
fn what(record: &RecordEntry) -> String {
    let changes = &record.changes;
    if changes.is_empty() {
        let touched = record.files.iter().filter(|file| file.before != file.after);
        return match (record.kind, touched.count()) {
            (_, 0) => "nothing".to_owned(),
            (Kind::Observed, _) if record.files.iter().all(|file| file.before.is_none()) => {
                "first seen".to_owned()
            }
            (Kind::Quarantined, _) => "a text that does not parse".to_owned(),
            (_, _) if record.files.iter().all(|file| file.after.is_none()) => {
                "file gone".to_owned()
            }
            _ => "text only".to_owned(),
        };
    }
    let shown = changes.iter().take(PATHS).map(|change| {
        let sign = match change.kind {
            NoteKind::Added => "+",
            NoteKind::Removed => "-",
            NoteKind::Changed => "",
        };
        format!("{sign}{}", change.path)
    });
    let mut text = shown.collect::<Vec<_>>().join(", ");
    let more = changes.len().saturating_sub(PATHS) + record.more_changes;
    if more > 0 {
        write!(text, ", {more} more").expect("a string takes every text");
    }
    text
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Write => "write",
        Kind::Foreign => "foreign",
        Kind::Healed => "healed",
        Kind::Redressed => "redressed",
        Kind::Quarantined => "quarantined",
        Kind::Restored => "restored",
        Kind::Observed => "observed",
    }
}

/// The texts; where there are several, each under its name.
pub(super) fn texts(out: &mut String, texts: &[TextEntry], paint: Paint) {
    for entry in texts {
        if texts.len() > 1 {
            let name = format!("==> {}", entry.file);
            writeln!(out, "{}", paint.strong(&name)).expect("a string takes every text");
        }
        out.push_str(&paint.data(&entry.text));
        if texts.len() > 1 && !entry.text.ends_with('\n') {
            out.push('\n');
        }
    }
}

/// What was dropped.
pub(super) fn pruned(pruned: &PrunedEntry, dry: bool) -> String {
    let plural = |count: usize, noun: &str| match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    };
    let (records, texts) =
        (plural(pruned.records.len(), "record"), plural(pruned.snapshots, "text"));
    let verb = if dry { "would drop" } else { "dropped" };
    format!("{verb} {records} and {texts}; {} left", plural(pruned.left, "record"))
}
