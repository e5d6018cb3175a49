//! What the gateway has made of a write, for programs and for people.

use std::fmt::Write as _;
use std::time::Duration;

use confwarden::gateway::{Confirmation, Evidence, Proof};
use confwarden::ops::{Reaction, Undo};
use serde::Serialize;

use super::paint::Paint;
use crate::exit::Exit;

/// What the gateway has made of a write.
#[derive(Serialize)]
pub(super) struct ReactionEntry {
    #[serde(flatten)]
    confirmation: ConfirmationEntry,
    undo: Option<UndoEntry>,
}

#[derive(Serialize)]
struct ConfirmationEntry {
    state: &'static str,
    proof: Option<&'static str>,
    pid: Option<u32>,
    gateway_version: Option<String>,
    restarted: Option<bool>,
    took_ms: Option<u64>,
    why: Option<String>,
}

#[derive(Serialize)]
struct UndoEntry {
    done: bool,
    record: Option<u64>,
    why: Option<String>,
    confirmation: Option<ConfirmationEntry>,
}

/// How a write ends that was asked about.
pub(super) fn exit_of(reaction: &Reaction) -> Exit {
    match (&reaction.confirmation, &reaction.undo) {
        (Confirmation::Confirmed(_), _) => Exit::Ok,
        (_, Undo::Done { .. }) => Exit::RolledBack,
        _ => Exit::Incomplete,
    }
}

impl ReactionEntry {
    pub(super) fn of(reaction: &Reaction) -> Self {
        let undo = match &reaction.undo {
            Undo::NotDone => None,
            Undo::Done { record, confirmation } => Some(UndoEntry {
                done: true,
                record: record.map(|record| record.0),
                why: None,
                confirmation: Some(ConfirmationEntry::of(confirmation)),
            }),
            Undo::Failed { why } => Some(UndoEntry {
                done: false,
                record: None,
                why: Some(why.clone()),
                confirmation: None,
            }),
        };
        Self { confirmation: ConfirmationEntry::of(&reaction.confirmation), undo }
    }
}

impl ConfirmationEntry {
    fn of(confirmation: &Confirmation) -> Self {
        let mut entry = Self {
            state: confirmation.as_str(),
            proof: None,
            pid: None,
            gateway_version: None,
            restarted: None,
            took_ms: None,
            why: None,
        };
        match confirmation {
            Confirmation::Unconfirmed { why } | Confirmation::Rejected { why } => {
                entry.why = Some(why.clone());
            }
            Confirmation::Confirmed(evidence) => {
                entry.proof = Some(evidence.proof.as_str());
                entry.pid = evidence.pid;
                entry.gateway_version.clone_from(&evidence.version);
                entry.restarted = Some(evidence.restarted);
                entry.took_ms = Some(millis(evidence.took));
            }
        }
        entry
    }
}

fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// That the gateway has taken what stands in the file.
pub(crate) fn taken_since(evidence: &Evidence) -> String {
    ConfirmationEntry::of(&Confirmation::Confirmed(evidence.clone())).sentence()
}

/// That the gateway has taken it. Belongs to the summary.
pub(super) fn taken(out: &mut String, reaction: &ReactionEntry, paint: Paint) {
    if reaction.confirmation.state == "confirmed" {
        line(out, &format!("{} {}", paint.strong("confirmed:"), reaction.confirmation.sentence()));
    }
}

/// That it is not known, or that the gateway did not stand it.
pub(super) fn talk(out: &mut String, reaction: &ReactionEntry, paint: Paint) {
    let why = reaction.confirmation.why.as_deref().unwrap_or_default();
    match (reaction.confirmation.state, &reaction.undo) {
        ("confirmed", _) => {}
        (_, Some(UndoEntry { done: true, record, confirmation, .. })) => {
            line(out, &format!("{} {why}", paint.error("rolled back:")));
            let record = record.map(|record| format!(", record {record}")).unwrap_or_default();
            line(out, &format!("  only this change was undone{record}; what others wrote stays"));
            if let Some(confirmation) = confirmation {
                let how = match confirmation.state {
                    "confirmed" => confirmation.sentence(),
                    _ => format!(
                        "it is not known whether the gateway has taken that: {}",
                        confirmation.why.as_deref().unwrap_or_default()
                    ),
                };
                line(out, &format!("  {how}"));
            }
        }
        ("rejected", Some(undo)) => {
            line(out, &format!("{} {why}", paint.error("error:")));
            let cause = undo.why.as_deref().unwrap_or_default();
            line(out, &format!("  the change stands, it could not be undone: {cause}"));
            line(
                out,
                &hint(
                    "look at the gateway and at the file, `confwarden history list` \
                             says what stood there",
                    paint,
                ),
            );
        }
        (_, _) => {
            let head = paint.error("unconfirmed:");
            line(out, &format!("{head} whether the gateway has taken it is not known: {why}"));
            line(
                out,
                &hint(
                    "the file stays as it is; `confwarden wait --for reloaded` asks again, \
                             `confwarden restore --undo @` takes the change back",
                    paint,
                ),
            );
        }
    }
}

impl ConfirmationEntry {
    fn sentence(&self) -> String {
        let what = match self.proof {
            Some(proof) if proof == Proof::Applied.as_str() => {
                "the gateway says that it is in effect"
            }
            Some(proof) if proof == Proof::Read.as_str() => "the gateway has read it and is ready",
            _ => "the gateway is ready with it",
        };
        let restarted = if self.restarted == Some(true) { ", after a restart" } else { "" };
        format!("{what} ({} ms{restarted})", self.took_ms.unwrap_or_default())
    }
}

fn hint(text: &str, paint: Paint) -> String {
    format!("  {} {text}", paint.note("hint:"))
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("a string takes every text");
}
