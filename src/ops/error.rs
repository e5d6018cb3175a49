//! Why a use case could not be carried out.

use std::path::PathBuf;
use std::time::Duration;

use crate::child::{StartError, WaitError};
use crate::doc::{ArrayShrinks, EditError, KeyPath, Kind, PathError, SyntaxError};
use crate::event::EventError;
use crate::fs::{FsError, LockError, ReplaceError};
use crate::gateway::AskError;
use crate::history::{HistoryError, RecordId};
use crate::policy::UnknownRule;

/// Why a use case could not be carried out. The file is as before, but for [`OpsError::Incomplete`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpsError {
    /// A file could not be read.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// A lock was not obtained.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// There is no configuration.
    #[error("there is no `{}`", file.display())]
    Missing {
        /// The file.
        file: PathBuf,
    },
    /// The configuration is made elsewhere.
    #[error("`{}` is managed: `{variable}` is set", file.display())]
    Managed {
        /// The file.
        file: PathBuf,
        /// The environment variable that says so.
        variable: String,
    },
    /// A file does not parse.
    #[error("`{}` does not parse", file.display())]
    Syntax {
        /// The file.
        file: PathBuf,
        /// Where and why.
        source: SyntaxError,
    },
    /// A value given for a path does not parse.
    #[error("the value for `{path}` does not parse")]
    Value {
        /// The path it was for.
        path: KeyPath,
        /// Where and why.
        source: SyntaxError,
    },
    /// A path leads nowhere.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A change cannot be made.
    #[error("could not edit `{}`", file.display())]
    Edit {
        /// The file.
        file: PathBuf,
        /// Why.
        source: EditError,
    },
    /// A patch would take elements from an array.
    #[error("the patch would take {lost} of {length} elements from `{path}`")]
    ArrayShrinks {
        /// The array.
        path: KeyPath,
        /// How many elements would go.
        lost: usize,
        /// How many there are.
        length: usize,
    },
    /// A patch or a configuration whose outermost value is no object.
    #[error("{what} must be an object, this is {}", found.described())]
    NoObject {
        /// What was given.
        what: &'static str,
        /// The kind of its outermost value.
        found: Kind,
    },
    /// A move from one file of the configuration to another that cannot take the comments.
    #[error("`{from}` and `{to}` stand in different files, and comments cannot go along")]
    AcrossFiles {
        /// From where.
        from: KeyPath,
        /// Where to.
        to: KeyPath,
    },
    /// Moves between the same files in both directions.
    #[error("`{path}` moves against another value between the same files")]
    Opposed {
        /// Where the last of the moves starts.
        path: KeyPath,
    },
    /// The value is put together from several files, and the edit fits none of them.
    #[error("`{path}` is put together from several files")]
    Composed {
        /// The path.
        path: KeyPath,
    },
    /// Another writer changed the same path after it was read.
    #[error("`{path}` was changed by another writer at the same time")]
    Conflict {
        /// The path.
        path: KeyPath,
    },
    /// Another writer changed the file during an edit, and both texts cannot be merged.
    #[error("`{}` was changed by another writer, in the same lines", file.display())]
    Collision {
        /// The file.
        file: PathBuf,
    },
    /// A program could not be started; nothing ran.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A program that runs could not be waited for.
    #[error(transparent)]
    Wait(#[from] WaitError),
    /// What is to be taken back has been changed since.
    #[error("`{path}` was changed again since")]
    ChangedSince {
        /// The path.
        path: KeyPath,
    },
    /// A device is being paired, and the write would cut that in half.
    #[error(
        "{count} pairing {} at the gateway, after {} of waiting; this write restarts it or \
         disconnects its clients",
        if *count == 1 { "request is open" } else { "requests are open" },
        humantime::format_duration(Duration::from_secs(waited.as_secs()))
    )]
    Pairing {
        /// How many requests are open.
        count: usize,
        /// How long they were waited for.
        waited: Duration,
    },
    /// The gateway could not be asked.
    #[error("could not ask the gateway")]
    Ask(#[from] AskError),
    /// Nobody says how the gateway is asked.
    #[error("profile `{profile}` does not say how its gateway is asked")]
    NoProbe {
        /// The profile.
        profile: String,
    },
    /// The watcher's log or socket could not be used.
    #[error(transparent)]
    Event(EventError),
    /// The history could not be read or written.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A record does not hold the state that is asked for.
    #[error("nothing is known of the file before record {id}")]
    NothingRecorded {
        /// The record.
        id: RecordId,
    },
    /// A record put nothing right.
    #[error("record {id} put nothing right and set nothing aside")]
    NothingToAccept {
        /// The record.
        id: RecordId,
    },
    /// A text of the history does not parse, so it cannot be brought back or compared.
    #[error("what record {id} holds of `{}` does not parse", file.display())]
    Recorded {
        /// The record.
        id: RecordId,
        /// The file.
        file: PathBuf,
        /// Where and why.
        source: SyntaxError,
    },
    /// A write is to be confirmed, and there is nothing to go back to.
    #[error("`{}` is not there, or does not parse, so there is nothing to go back to", file.display())]
    NothingToReturnTo {
        /// The file.
        file: PathBuf,
    },
    /// A write is to be confirmed, and nobody would wait for its deadline; nothing was written.
    #[error("could not start the process that waits for the confirmation; nothing was written")]
    NoTimekeeper(#[source] StartError),
    /// There is no such commit to be confirmed, or none at all.
    #[error("{}", match id {
        Some(id) => format!("record {id} does not wait to be confirmed"),
        None => "nothing waits to be confirmed".to_owned(),
    })]
    NotPending {
        /// The commit.
        id: Option<RecordId>,
    },
    /// Several commits wait to be confirmed.
    #[error("{} commits wait to be confirmed", ids.len())]
    ManyPending {
        /// Their records.
        ids: Vec<RecordId>,
    },
    /// A commit that was not confirmed, or was cancelled, stands, and a person must look.
    #[error("could not undo record {id}: it stands")]
    NotUndone {
        /// The commit.
        id: RecordId,
        /// Why.
        source: Box<Self>,
    },
    /// A rule refuses an undo.
    #[error("a rule refuses it: {}", rules.join(", "))]
    UndoRefused {
        /// The rules.
        rules: Vec<&'static str>,
    },
    /// Other writers were faster every time.
    #[error("`{}` was changed by other writers {attempts} times in a row", file.display())]
    Contended {
        /// The file.
        file: PathBuf,
        /// How often it was tried.
        attempts: u32,
    },
    /// A rule named in `allow` does not exist.
    #[error(transparent)]
    UnknownRule(#[from] UnknownRule),
    /// A file could not be replaced.
    #[error("could not replace `{}`", file.display())]
    Replace {
        /// The file.
        file: PathBuf,
        /// Why.
        source: ReplaceError,
    },
    /// A value was to leave one file for another in which it may not be on the disk; both are as before.
    #[error("`{}` may not be on the disk, so nothing was taken from `{}`", file.display(), giver.display())]
    NotHandedOver {
        /// The file that was to take the value.
        file: PathBuf,
        /// The file that it stands in.
        giver: PathBuf,
        /// Why it is unsure.
        source: std::io::Error,
    },
    /// Some files of one write are new and could not be brought back.
    #[error("`{}` is written, but a later file failed and it could not be brought back", file.display())]
    Incomplete {
        /// The file that is new.
        file: PathBuf,
        /// Why the roll-back failed.
        source: ReplaceError,
    },
}

impl From<ArrayShrinks> for OpsError {
    fn from(ArrayShrinks { path, lost, length }: ArrayShrinks) -> Self {
        Self::ArrayShrinks { path, lost, length }
    }
}
