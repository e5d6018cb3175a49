//! Why a gateway was not told: names programs, processes and addresses, never an argument or a header.

use std::io;
use std::path::PathBuf;

use crate::fs::FsError;

/// Why a gateway was not told, or is not known to be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignalError {
    /// A file could not be read.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// The process has ended.
    #[error("there is no process {pid}, which `{}` names: the service does not run", file.display())]
    Gone {
        /// The process.
        pid: u32,
        /// The file that names it.
        file: PathBuf,
    },
    /// The process is another one than the file meant.
    #[error(
        "process {pid} was started after `{}` was written: the id was given to another process",
        file.display()
    )]
    Reused {
        /// The process.
        pid: u32,
        /// The file that names it.
        file: PathBuf,
    },
    /// The process runs another program.
    #[error("process {pid} runs `{found}`, and not `{expected}`")]
    OtherProgram {
        /// The process.
        pid: u32,
        /// The last part of its executable's path.
        found: String,
        /// What the profile says.
        expected: String,
    },
    /// It may not be seen what the process runs.
    #[error("it may not be seen what process {pid} runs")]
    Hidden {
        /// The process.
        pid: u32,
        /// Why.
        source: io::Error,
    },
    /// The process is OpenClaw's.
    #[error(
        "process {pid} is OpenClaw's, which takes no signal: it would end, restart or open a debugger"
    )]
    Untouchable {
        /// The process.
        pid: u32,
    },
    /// The system did not deliver it.
    #[error("could not send a signal to process {pid}")]
    NotSent {
        /// The process.
        pid: u32,
        /// Why.
        source: io::Error,
    },
    /// A program that tells the gateway failed.
    #[error("`{program}` failed: {why}")]
    Program {
        /// The program, without its arguments.
        program: String,
        /// What it ended with, where it did by itself.
        code: Option<i32>,
        /// Why, in one clause.
        why: String,
    },
    /// systemd knows no such unit.
    #[error("there is no unit `{unit}`")]
    NoUnit {
        /// The unit.
        unit: String,
    },
    /// The gateway answered that it did not.
    #[error("{place} answered with status {status}")]
    Status {
        /// Scheme, address and port.
        place: String,
        /// What it answered.
        status: u16,
    },
    /// The gateway did not answer.
    #[error("could not ask {place}: {why}")]
    NoAnswer {
        /// Scheme, address and port.
        place: String,
        /// Why, in one clause.
        why: String,
    },
    /// The file of a header holds what no header can be.
    #[error("`{}` does not hold the value of a header: expected one line", file.display())]
    BadHeader {
        /// The file.
        file: PathBuf,
    },
    /// There is no file with the value of the header.
    #[error("there is no `{}`, which should hold the value of a header", file.display())]
    NoHeader {
        /// The file.
        file: PathBuf,
    },
    /// This system has no way for it.
    #[error("this way to tell a gateway works on Linux alone")]
    Unsupported,
}
