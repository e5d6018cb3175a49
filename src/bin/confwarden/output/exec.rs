//! What is said of a program that ran under the guard.

#![expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde wants of a serialiser"
)]

use std::fmt::Write as _;

use confwarden::child::End;
use confwarden::doc::{Document, Format};
use confwarden::heal::{LostComment, PutBackKind};
use confwarden::ops::{ExecOutcome, Repair};
use confwarden::redact::Redactor;
use serde::{Serialize, Serializer};

use super::entry::FindingEntry;
use super::paint::Paint;
use super::report::shown;

/// How a program ended, and what became of its writes.
#[derive(Serialize)]
pub(super) struct ExecEntry {
    /// The code that it ended with; nothing where a signal ended it.
    code: Option<i32>,
    /// The signal that ended it.
    signal: Option<i32>,
    pub(super) put_back: Vec<PutBackEntry>,
    /// Damage that nothing cures: a person has to look.
    pub(super) uncured: Vec<FindingEntry>,
    set_aside: Vec<SetAsideEntry>,
    repaired: Vec<RepairEntry>,
    redressed: Vec<String>,
    lost_comments: Vec<LostCommentEntry>,
}

/// One value that was put back.
#[derive(Serialize)]
pub(super) struct PutBackEntry {
    path: String,
    rule: &'static str,
    #[serde(serialize_with = "kind_name")]
    kind: PutBackKind,
}

/// A text that could not be read.
#[derive(Serialize)]
struct SetAsideEntry {
    file: String,
    /// Why it cannot be read, without quoting it.
    reason: String,
    line: Option<usize>,
    column: Option<usize>,
    bytes: Option<usize>,
}

/// What was put right beside the text.
#[derive(Serialize)]
struct RepairEntry {
    file: String,
    #[serde(serialize_with = "repair_name")]
    repair: Repair,
}

/// A comment that went with what was removed.
#[derive(Serialize)]
struct LostCommentEntry {
    path: String,
    /// Without secrets.
    text: String,
}

impl ExecEntry {
    /// What `outcome` says, its secrets replaced.
    pub(super) fn of(outcome: &ExecOutcome, redactor: &Redactor<'_>) -> Self {
        let (code, signal) = match outcome.end {
            End::Code(code) => (Some(code), None),
            End::Signal(number) => (None, Some(number)),
        };
        let put_back = outcome.put_back.iter().map(|put| PutBackEntry {
            path: put.path.to_string(),
            rule: put.rule,
            kind: put.kind,
        });
        let set_aside = outcome.set_aside.iter().map(|set| SetAsideEntry {
            file: shown(&set.file),
            reason: match (&set.fault, set.size) {
                (Some(fault), _) => fault.message.clone(),
                (None, Some(_)) => "it cannot be read".to_owned(),
                (None, None) => "it was gone".to_owned(),
            },
            line: set.fault.as_ref().map(|fault| fault.position.line),
            column: set.fault.as_ref().map(|fault| fault.position.column),
            bytes: set.size,
        });
        Self {
            code,
            signal,
            put_back: put_back.collect(),
            uncured: outcome.uncured.iter().map(FindingEntry::of).collect(),
            set_aside: set_aside.collect(),
            repaired: outcome
                .repaired
                .iter()
                .map(|repaired| RepairEntry {
                    file: shown(&repaired.file),
                    repair: repaired.repair,
                })
                .collect(),
            redressed: outcome.redressed.iter().map(|file| shown(file)).collect(),
            lost_comments: lost_comments(outcome, redactor),
        }
    }
}

/// The comments that are gone, each without the secrets of the file that it stood in.
fn lost_comments(outcome: &ExecOutcome, redactor: &Redactor<'_>) -> Vec<LostCommentEntry> {
    let mut entries = Vec::new();
    for (file, lost) in &outcome.lost_comments {
        let format = Format::of_path(file);
        let alone: Vec<Option<Document>> =
            lost.iter().map(|comment| alone(comment, format)).collect();
        let files = outcome.outcome.files.iter().filter(|other| other.file == *file);
        let mut documents: Vec<&Document> = files.flat_map(|file| &file.before).collect();
        let known = documents.len();
        documents.extend(alone.iter().flatten());
        let mut texts = redactor.texts(&documents).into_iter().skip(known);
        for (comment, document) in lost.iter().zip(&alone) {
            let text = match document {
                Some(_) => texts.next().unwrap_or_default(),
                None => String::new(),
            };
            let text = text.trim_end_matches(['\n', '{', '}']).trim().to_owned();
            entries.push(LostCommentEntry { path: comment.path.to_string(), text });
        }
    }
    entries
}

/// A document that holds the comment and nothing else, so that it can be redacted as one is.
fn alone(comment: &LostComment, format: Format) -> Option<Document> {
    let rest = match format {
        Format::Json5 => "\n{}",
        Format::Toml => "\n",
    };
    Document::parse(format!("{}{rest}", comment.text), format).ok()
}

/// What people are told, in a few lines. Nothing where the program changed nothing.
pub(super) fn talk(out: &mut String, entry: &ExecEntry, paint: Paint) {
    unreadable(out, entry, paint);
    let mut line = |text: &str| writeln!(out, "{text}").expect("a string takes every text");
    for put in &entry.put_back {
        let did = match put.kind {
            PutBackKind::Restored => "put back",
            PutBackKind::Reverted => "put back the value of",
            PutBackKind::Removed => "removed",
            PutBackKind::Dressed => "put back the text of",
        };
        line(&format!("{} `{}` ({})", paint.strong(did), put.path, put.rule));
    }
    for RepairEntry { file, repair } in &entry.repaired {
        let did = paint.strong("put right");
        line(&match repair {
            Repair::Access => format!("{did} owner, mode and access list of `{file}`"),
            Repair::Place => format!("{did} `{file}`: it is a file again"),
            Repair::Link => format!("{did} `{file}`: the symbolic link leads to it again"),
            Repair::LinkLost => {
                format!("could not put the symbolic link back: `{file}` is a file now")
            }
        });
    }
    for file in &entry.redressed {
        line(&format!(
            "{} `{file}`: comments and layout are as before",
            paint.strong("re-dressed")
        ));
    }
    for comment in &entry.lost_comments {
        line(&format!("a comment went with `{}`: {}", comment.path, paint.data(&comment.text)));
    }
}

/// What could not be read, and why.
pub(super) fn unreadable(out: &mut String, entry: &ExecEntry, paint: Paint) {
    let mut line = |text: &str| writeln!(out, "{text}").expect("a string takes every text");
    for set in &entry.set_aside {
        let place = match (set.line, set.column) {
            (Some(at), Some(column)) => format!(" (line {at}, column {column})"),
            _ => String::new(),
        };
        line(&format!(
            "{} `{}`, which the program left unreadable: {}{place}",
            paint.strong("put back"),
            set.file,
            set.reason,
        ));
    }
}

fn kind_name<S: Serializer>(kind: &PutBackKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match kind {
        PutBackKind::Restored => "restored",
        PutBackKind::Reverted => "reverted",
        PutBackKind::Removed => "removed",
        PutBackKind::Dressed => "dressed",
    })
}

fn repair_name<S: Serializer>(repair: &Repair, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match repair {
        Repair::Access => "access",
        Repair::Place => "place",
        Repair::Link => "link",
        Repair::LinkLost => "link-lost",
    })
}
