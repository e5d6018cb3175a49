//! The exit codes: the table that scripts may rely on.
//!
//! A code never changes its meaning; new codes may be added.

use std::process::ExitCode;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, or nothing to do.
    Ok,
    /// Something was found that a person asked to be told of; nothing was changed.
    Findings,
    /// Wrong arguments.
    Usage,
    /// A rule, or a safeguard that a flag lifts, refused the write; the file is as it was.
    Refused,
    /// The input, the file or the path is no good; nothing was written.
    Invalid,
    /// A lock was not obtained in time, or what was waited for did not come.
    Locked,
    /// The same path changed underneath; nothing was written.
    Conflict,
    /// The gateway did not stand the change, or it was confirmed too late: it was undone.
    RolledBack,
    /// Something is visible whose durability or roll-back is unsure, or of which it is not known whether
    /// the gateway has taken it: a person must look.
    Incomplete,
    /// The surroundings are at fault: a file that cannot be read or replaced, a profile that is no
    /// good, a file system without locks.
    Setup,
    /// A bug.
    Internal,
    /// As the program ended that ran under the guard.
    Program(u8),
}

impl Exit {
    /// The code that the process ends with.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Invalid => 4,
            Self::Locked => 5,
            Self::Conflict => 6,
            Self::RolledBack => 7,
            Self::Incomplete => 8,
            Self::Setup => 9,
            Self::Internal => 70,
            Self::Program(code) => code,
        }
    }

    /// The name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Findings => "findings",
            Self::Usage => "usage",
            Self::Refused => "refused",
            Self::Invalid => "invalid",
            Self::Locked => "locked",
            Self::Conflict => "conflict",
            Self::RolledBack => "rolled-back",
            Self::Incomplete => "incomplete",
            Self::Setup => "setup",
            Self::Internal => "internal",
            Self::Program(_) => "program",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
