//! What can go wrong with a history. The configuration itself is never touched by it.

use std::path::PathBuf;

use super::{RecordId, RecordRef, SnapshotId};
use crate::fs::FsError;

/// A history could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// A file of it could not be used.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// There is no such record.
    #[error("there is no record `{reference}`")]
    NoRecord {
        /// What was asked for.
        reference: RecordRef,
    },
    /// The record was written by a newer confwarden.
    #[error("record {id} was written by a newer confwarden (format {version})")]
    Newer {
        /// The record.
        id: RecordId,
        /// The version of its format.
        version: u64,
    },
    /// The text is not there.
    #[error("the snapshot `{id}` is missing")]
    Missing {
        /// The text.
        id: SnapshotId,
    },
    /// The text is not what it was.
    #[error("the snapshot `{id}` is damaged")]
    Damaged {
        /// The text.
        id: SnapshotId,
    },
    /// The text is encrypted, and no identity was given that it is encrypted to.
    #[error("the snapshot `{id}` is encrypted, and {why}")]
    Sealed {
        /// The text.
        id: SnapshotId,
        /// Why it could not be opened.
        why: &'static str,
    },
    /// The file of recipients is no good.
    #[error("line {line} of `{}` is no age recipient", path.display())]
    Recipients {
        /// The file.
        path: PathBuf,
        /// The line, from 1; where there is no recipient at all, the last one.
        line: usize,
    },
    /// A text could not be encrypted.
    #[error("a snapshot could not be encrypted")]
    Seal,
    /// A file of identities is no good. It is never quoted: it is a secret.
    #[error("line {line} of the identity file is no age identity")]
    Identity {
        /// The line, from 1; where there is no identity at all, the last one.
        line: usize,
    },
}
