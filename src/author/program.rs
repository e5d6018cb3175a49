//! A running program: which one it is, and what it is called.
//!
//! A process is told from a later one with the same id by its start time. Its arguments are never
//! part of its name.

use std::path::Path;

use crate::fs::{Stat, printable};

/// Names that a runtime gives to the first thread of every program it runs.
const OF_NO_PROGRAM: &[&str] = &["MainThread", "node-MainThread"];

/// A program that runs, or has ended and was not collected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program {
    /// Process id.
    pub(super) pid: u32,
    /// Start time: clock ticks since the machine started.
    pub(super) started: u64,
    /// Its name.
    pub(super) name: String,
}

impl Program {
    /// The program that runs as `pid`.
    pub(super) fn of(pid: u32) -> Option<Self> {
        Stat::of(pid).map(|stat| Self::from_stat(pid, &stat))
    }

    pub(super) fn from_stat(pid: u32, stat: &Stat) -> Self {
        let name = if OF_NO_PROGRAM.contains(&stat.name.as_str()) {
            executable(pid).unwrap_or_else(|| stat.name.clone())
        } else {
            stat.name.clone()
        };
        Self { pid, started: stat.started, name: printable(&name) }
    }
}

/// The name of the file that `pid` runs, where that may be seen.
pub(super) fn executable(pid: u32) -> Option<String> {
    let path = Path::new("/proc").join(pid.to_string()).join("exe").read_link().ok()?;
    Some(path.file_name()?.to_string_lossy().into_owned())
}
