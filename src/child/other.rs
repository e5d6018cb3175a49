//! Systems that are not Unix, with the standard library alone.
//!
//! Unverified. The end is asked for every few milliseconds, and no signal is passed on: a console
//! sends its own to both.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use super::{End, Pause, Progress, StartError, WaitError};

/// How often the end is asked for.
const TURN: Duration = Duration::from_millis(2);

/// See [`super::Child`].
#[derive(Debug)]
pub(super) struct Program {
    process: Child,
}

impl Program {
    pub(super) fn start(program: &OsStr, arguments: &[OsString]) -> io::Result<Self> {
        Ok(Self { process: Command::new(program).args(arguments).spawn()? })
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(super) fn wait(&mut self, timeout: Duration) -> Result<Progress, WaitError> {
        let mut left = timeout;
        loop {
            let ended =
                self.process.try_wait().map_err(WaitError::io("wait for", self.process.id()))?;
            if let Some(status) = ended {
                return Ok(Progress::Ended(End::Code(status.code().unwrap_or(1))));
            }
            if left.is_zero() {
                return Ok(Progress::Running);
            }
            thread::sleep(TURN.min(left));
            left = left.saturating_sub(TURN);
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
    pub(super) fn pause(&mut self) -> Result<Pause, WaitError> {
        Ok(Pause::NotOurs)
    }
}

/// A program of ours that outlives us. There is no way for it here.
#[derive(Debug)]
pub struct Detached(());

impl Detached {
    /// Starts nothing.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn start(program: &OsStr, _: &[OsString], _: Duration) -> Result<Self, StartError> {
        Err(StartError::of(program, io::ErrorKind::Unsupported.into()))
    }

    /// There is nothing to end.
    pub fn end(self) {}
}
