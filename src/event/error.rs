//! What can go wrong with events. The guarded file itself is never touched by it.

use std::io;
use std::path::PathBuf;

use crate::fs::FsError;

/// Events could not be read, written or sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// A file of the log could not be used.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// Another process adds events to the same log.
    #[error("another process watches `{}` already", file.display())]
    Watched {
        /// The guarded file.
        file: PathBuf,
    },
    /// The socket could not be made, or reached.
    #[error("could not {action} the socket `{}`", path.display())]
    Socket {
        /// What was attempted.
        action: &'static str,
        /// The socket.
        path: PathBuf,
        /// Why it could not be done.
        source: io::Error,
    },
    /// A watcher answers there already.
    #[error("another watcher answers at `{}` already", path.display())]
    Live {
        /// The socket.
        path: PathBuf,
    },
    /// The watcher said no.
    #[error("the watcher refused: {why}")]
    Refused {
        /// What it said.
        why: String,
    },
    /// A thread could not be started.
    #[error("could not start a thread")]
    Thread(#[source] io::Error),
}
