//! What events say: one kind each, without a value of a document.

use serde::{Deserialize, Serialize};

use crate::history::{Author, ChangeNote, RecordId, RuleNote};
use crate::profile::EventName;

/// Most notes of one sort in one event.
const MOST_NOTES: usize = 100;

/// What happened. `record` is the record in the history of the file; nothing where the history could
/// not be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum EventKind {
    /// The file is guarded from here on; told again when how it is seen changes.
    Watching {
        /// How changes are seen.
        how: Sight,
        /// Why not by events, where it is not; else what makes its place a risk.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// Another writer's change stands.
    Accepted {
        /// Its record.
        record: Option<RecordId>,
        /// Who made it.
        author: Author,
        /// What differs in meaning, or the first hundred of it.
        changes: Vec<ChangeNote>,
        /// What that costs the gateway; nothing where nothing differs in meaning.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reload: Option<ReloadNote>,
        /// What the rules said.
        rules: Vec<RuleNote>,
    },
    /// Of another writer's change something was put back.
    Healed {
        /// Its record.
        record: Option<RecordId>,
        /// Who made the change.
        author: Author,
        /// What was put back.
        put_back: Vec<PutBackNote>,
        /// Files whose owner, mode or place was put right, or that are a file again.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        repaired: Vec<String>,
        /// What the rules still say: there was nothing to put it right with.
        uncured: Vec<RuleNote>,
        /// What of the change stands.
        changes: Vec<ChangeNote>,
        /// What that costs the gateway; nothing where nothing of it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reload: Option<ReloadNote>,
        /// Milliseconds from the last write that was seen to the healed file on disk.
        took_ms: u64,
    },
    /// The values of another writer stand in the text that had the comments.
    Redressed {
        /// Its record.
        record: Option<RecordId>,
        /// Whose values.
        author: Author,
        /// The files that were dressed.
        files: Vec<String>,
        /// Comments for which there was no place any more.
        lost_comments: u64,
    },
    /// A text that does not parse was set aside, and the last good one put back.
    Quarantined {
        /// Its record, from which the text can be had.
        record: Option<RecordId>,
        /// Who wrote it.
        author: Author,
        /// The file it stood in.
        part: String,
        /// Its size in bytes; nothing where the file was gone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size: Option<u64>,
        /// Place and reason, never a quote.
        why: String,
    },
    /// A protected value was changed by somebody who may.
    AuthChanged {
        /// Its record.
        record: Option<RecordId>,
        /// Who.
        author: Author,
        /// The paths.
        paths: Vec<String>,
    },
    /// The same damage came again and again: it is put right less often from here on.
    Contested {
        /// Who does it.
        author: Author,
        /// What was put back, last.
        put_back: Vec<PutBackNote>,
        /// How often it was healed in this fight.
        heals: u64,
        /// Milliseconds until it is tried again.
        next_try_ms: u64,
    },
    /// A fight is over.
    Calm,
    /// Something could not be done.
    Failed {
        /// Who failed.
        from: Origin,
        /// What was attempted.
        what: String,
        /// Why it could not be done.
        why: String,
        /// Milliseconds until it is tried again; nothing where it is not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_try_ms: Option<u64>,
    },
    /// The gateway has taken a change that needs no restart.
    ReloadConfirmed {
        /// The record of the change.
        record: Option<RecordId>,
        /// How well that is known: `applied`, `read` or `ready`.
        proof: String,
        /// The process of the gateway, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pid: Option<u32>,
        /// Its version, where it says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gateway_version: Option<String>,
        /// Milliseconds from when the change was accepted until this was known.
        took_ms: u64,
    },
    /// The gateway was told of a change that somebody else had written.
    Signalled {
        /// The way, as `kind` in the profile.
        way: String,
        /// What was done, without an argument.
        what: String,
        /// Milliseconds that it took.
        took_ms: u64,
    },
    /// A write that was to be confirmed was confirmed.
    Kept {
        /// Its record.
        commit: RecordId,
    },
    /// A write that was to be confirmed was undone.
    RolledBack {
        /// Its record.
        commit: RecordId,
        /// Why.
        cause: RollBack,
    },
    /// The file is not guarded any more.
    Stopped,
}

/// What changes cost the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReloadNote {
    /// The dearest class: `none`, `hot`, `restart`, `auth`.
    pub class: String,
    /// One line for people, with the paths of what is dear.
    pub summary: String,
}

/// A value that was put back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutBackNote {
    /// Where.
    pub path: String,
    /// The rule that the change broke.
    pub rule: String,
}

/// Why a write was undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RollBack {
    /// Nobody confirmed it in time.
    Overdue,
    /// Somebody did not want it.
    Cancelled,
}

/// How changes of a file are seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sight {
    /// The system tells at once.
    Events,
    /// It is looked at, many times a second.
    Polling,
}

/// Who could not do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The watcher.
    Watcher,
    /// A hook. No hook runs on it: a failing one would call itself for ever.
    Hook,
}

impl EventKind {
    /// The name, as in JSON and in `on` of a hook.
    #[must_use]
    pub fn name(&self) -> EventName {
        match self {
            Self::Watching { .. } => EventName::Watching,
            Self::Accepted { .. } => EventName::Accepted,
            Self::Healed { .. } => EventName::Healed,
            Self::Redressed { .. } => EventName::Redressed,
            Self::Quarantined { .. } => EventName::Quarantined,
            Self::AuthChanged { .. } => EventName::AuthChanged,
            Self::Contested { .. } => EventName::Contested,
            Self::Calm => EventName::Calm,
            Self::Failed { .. } => EventName::Failed,
            Self::ReloadConfirmed { .. } => EventName::ReloadConfirmed,
            Self::Signalled { .. } => EventName::Signalled,
            Self::Kept { .. } => EventName::Kept,
            Self::RolledBack { .. } => EventName::RolledBack,
            Self::Stopped => EventName::Stopped,
        }
    }

    /// Only the first of very many notes: the history has the rest.
    pub(super) fn bounded(mut self) -> Self {
        match &mut self {
            Self::Accepted { changes, rules, .. } => {
                changes.truncate(MOST_NOTES);
                rules.truncate(MOST_NOTES);
            }
            Self::Healed { put_back, repaired, uncured, changes, .. } => {
                repaired.truncate(MOST_NOTES);
                put_back.truncate(MOST_NOTES);
                uncured.truncate(MOST_NOTES);
                changes.truncate(MOST_NOTES);
            }
            Self::Redressed { files, .. } => files.truncate(MOST_NOTES),
            Self::AuthChanged { paths, .. } => paths.truncate(MOST_NOTES),
            Self::Contested { put_back, .. } => put_back.truncate(MOST_NOTES),
            Self::Watching { .. }
            | Self::Quarantined { .. }
            | Self::Calm
            | Self::ReloadConfirmed { .. }
            | Self::Failed { .. }
            | Self::Signalled { .. }
            | Self::Kept { .. }
            | Self::RolledBack { .. }
            | Self::Stopped => {}
        }
        self
    }
}
