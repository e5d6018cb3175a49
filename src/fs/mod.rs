//! The only module that opens, locks, writes, renames or removes files.
//!
//! A write is a chain of types: [`Target`] (which file is meant), [`LockGuard`] (nobody else of us
//! writes it), [`Loaded`] (what was in it), [`LockGuard::replace`] (the new bytes, if it still is
//! what was loaded).
//!
//! It promises:
//!
//! - Readers see the old bytes or the new bytes, never a mixture, also after a power cut. The one
//!   exception is a file that is a mount of its own and cannot be renamed over: it is written in
//!   place, behind a synced journal, and the result says so ([`Method::InPlace`]).
//! - A change of another writer, also of one that ignores the lock, is never overwritten unseen:
//!   either the write is refused as drifted, or the change is kept and named.
//! - What a writer is in the middle of is waited for where it can be told ([`Settling`]).
//! - An error means that the file is as it was. The exceptions have errors of their own
//!   ([`ReplaceError::NotPutBack`], [`ReplaceError::Torn`]).
//! - A process that dies leaves no lock that a person must remove.
//!
//! It never parses a document, and no error of it quotes one.
//!
//! # Files beside the config
//!
//! | name | is |
//! | --- | --- |
//! | `.{file}.confwarden.lock` | the sidecar lock; never renamed or removed |
//! | `.{file}.confwarden.turn` | the lock among those who share the first; there while it is shared |
//! | `.{file}.confwarden.{pid}-{random}.tmp` | new content that was never visible; swept |
//! | `.{file}.confwarden.{pid}-{random}.{own}-{base}.swap` | one half of an exchange; swept when it is known to be ours |
//! | `.{file}.confwarden.journal` | old and new bytes of a write in place; recovered |
//! | `.{file}.confwarden.{pid}-{random}.kept` | bytes that nobody may throw away but a person |
//!
//! # Limits
//!
//! - A writer that ignores the lock, has opened the file before our exchange and writes to it after
//!   our comparison, writes into the void.
//! - On file systems that cannot exchange names, a writer that ignores the lock can get between the
//!   last comparison and the rename.
//! - Only Linux is verified. On macOS extended attributes are kept, access control lists are not
//!   looked at; on Windows only the bytes are kept (see `other.rs`).

#![expect(clippy::disallowed_methods, reason = "this is the module that the ban list points to")]

mod attributes;
mod backoff;
mod error;
mod exchange;
mod fingerprint;
mod folder;
mod gateway_lock;
mod glance;
mod holder;
mod inherited;
mod journal;
mod lock;
mod moment;
mod pid_file;
mod private_directory;
mod process;
mod read;
mod replace;
mod revive;
mod settle;
mod sidecar;
mod sighting;
#[cfg(unix)]
mod socket;
mod stage;
mod standing;
mod state;
mod sweep;
mod synced_folder;
mod target;
mod turn;

#[cfg(any(not(unix), test))]
#[cfg_attr(unix, expect(dead_code, reason = "compiled in tests so that it cannot rot unseen"))]
mod other;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
use other as platform;
#[cfg(unix)]
use unix as platform;

#[cfg(test)]
#[cfg(unix)]
mod child;

pub use attributes::Attributes;
pub use backoff::Wait;
pub use error::{FileKind, FsError};
pub use fingerprint::Fingerprint;
pub use folder::{End, Folder, FolderLock, Unsynced};
pub use gateway_lock::GatewayLock;
pub use glance::{Glance, glance};
pub(crate) use holder::printable;
pub use holder::{Held, Holder};
pub use lock::{LockError, LockGuard};
pub use pid_file::PidFile;
pub use private_directory::{PrivateDirectory, abandoned_directories};
pub use process::boot_id;
#[cfg(target_os = "linux")]
pub(crate) use process::{Stat, command_words};
pub use read::{Loaded, SIZE_LIMIT, read, read_input, read_stdin};
pub use replace::{Durability, HardLinks, Method, ReplaceError, ReplaceOptions, Replaced, Step};
pub use settle::{Quiet, Settling};
pub use sighting::{DirectoryId, directory_id, leave_trace, untold};
#[cfg(unix)]
pub use socket::PrivateSocket;
pub use standing::{BrokenLink, Seen, Standing};
pub use state::{
    create_private_directory, create_state_dir, install_key, passing_key, present_install_key,
    read_private, read_trusted, write_private,
};
pub use sweep::awaits_recovery;
pub use synced_folder::synced_by;
pub use target::{Target, real_path};
pub use turn::Turn;
