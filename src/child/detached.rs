//! A program of ours that outlives us: in a session of its own, with nothing of our terminal.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::setsid;

use super::StartError;
use super::stack::as_inherited;
use crate::clock;

/// What the program says when it has detached itself.
const READY: u8 = b'+';

/// A program that was started and has said that it is at its work.
#[derive(Debug)]
#[must_use = "it goes on until it is ended, or has nothing to do"]
pub struct Detached {
    process: std::process::Child,
}

impl Detached {
    /// Starts `program`, which must call [`detach`] within `limit`.
    ///
    /// # Errors
    ///
    /// [`StartError`]; nothing runs then.
    pub fn start(
        program: &OsStr,
        arguments: &[OsString],
        limit: Duration,
    ) -> Result<Self, StartError> {
        let failed = |error| StartError::of(program, error);
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = as_inherited(|| command.spawn()).map_err(failed)?;
        match ready(&mut process, limit) {
            Ok(()) => Ok(Self { process }),
            Err(error) => {
                process.kill().ok();
                process.wait().ok();
                Err(failed(error))
            }
        }
    }

    /// Ends it: there is nothing to do after all.
    pub fn end(mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn ready(process: &mut std::process::Child, limit: Duration) -> io::Result<()> {
    let Some(mut stdout) = process.stdout.take() else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    let deadline = clock::monotonic() + limit;
    loop {
        let left = deadline.saturating_duration_since(clock::monotonic());
        let mut awaited = [PollFd::from_borrowed_fd(stdout.as_fd(), PollFlags::IN)];
        match poll(&mut awaited, Timespec::try_from(left).ok().as_ref()) {
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            Ok(_) => break,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut word = [0];
    match stdout.read(&mut word)? {
        1 if word == [READY] => Ok(()),
        _ => Err(io::Error::new(io::ErrorKind::BrokenPipe, "it ended before it was at its work")),
    }
}

/// Leaves the session, the terminal and the directory of whoever started this process, and says so.
///
/// # Errors
///
/// Where this process leads a group, as one does that a shell has started, or nobody reads.
pub fn detach() -> io::Result<()> {
    setsid()?;
    std::env::set_current_dir("/")?;
    let mut stdout = io::stdout().lock();
    stdout.write_all(&[READY])?;
    stdout.flush()
}
