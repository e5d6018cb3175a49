//! What can go wrong with a program: it names the program, never its arguments.

use std::ffi::{OsStr, OsString};
use std::io;

/// A program was not started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is no such program, or the interpreter that its first line names does not exist.
    #[error("could not find the program `{}`", program.display())]
    NotFound {
        /// As it was given.
        program: OsString,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// It may not be executed, or is none of this machine's.
    #[error("could not execute `{}`", program.display())]
    NotExecutable {
        /// As it was given.
        program: OsString,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Anything else: no memory, too many processes, too long arguments.
    #[error("could not start `{}`", program.display())]
    Failed {
        /// As it was given.
        program: OsString,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl StartError {
    pub(super) fn of(program: &OsStr, source: io::Error) -> Self {
        // "Exec format error"; it has no stable kind.
        const NO_EXECUTABLE: i32 = 8;
        let program = program.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { program, source },
            io::ErrorKind::PermissionDenied => Self::NotExecutable { program, source },
            _ if cfg!(unix) && source.raw_os_error() == Some(NO_EXECUTABLE) => {
                Self::NotExecutable { program, source }
            }
            _ => Self::Failed { program, source },
        }
    }
}

/// It could not be found out what becomes of a program.
#[derive(Debug, thiserror::Error)]
#[error("could not {action} the program that was started (process {id})")]
pub struct WaitError {
    /// What was attempted, as in "could not *wait for*".
    action: &'static str,
    /// Its process id.
    id: u32,
    #[source]
    source: io::Error,
}

impl WaitError {
    /// For `map_err`: the failure of `action`.
    pub(super) fn io<E: Into<io::Error>>(action: &'static str, id: u32) -> impl FnOnce(E) -> Self {
        move |source| Self { action, id, source: source.into() }
    }
}
