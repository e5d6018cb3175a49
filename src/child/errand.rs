//! A program that is run for one thing, within a limit of time: no terminal, no output, a process group
//! of its own, all of which is killed where it does not end.

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::clock;

/// How often it is looked at: for its end where the kernel does not tell, and for ours.
const LOOK: Duration = Duration::from_millis(100);

/// A program that is run for one thing. There is no shell.
#[derive(Debug)]
pub struct Errand<'a> {
    /// The program and its arguments.
    pub run: &'a [String],
    /// A further variable of its environment.
    pub variable: Option<(&'a str, &'a str)>,
    /// What it reads on standard input.
    pub input: &'a [u8],
    /// After this time it is killed with its group.
    pub limit: Duration,
    /// Where its standard error goes; its standard output is thrown away.
    pub complaints: Complaints,
}

/// Where standard error of an [`Errand`] goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complaints {
    /// Where ours goes.
    Ours,
    /// Nowhere.
    Nowhere,
}

/// Why an [`Errand`] came to nothing; no argument is named.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrandError {
    /// No program was named.
    #[error("no program is named")]
    Nameless,
    /// It does not run.
    #[error("it could not be started: {0}")]
    NotStarted(io::Error),
    /// It ended with another code than 0.
    #[error("it ended with code {0}")]
    Code(i32),
    /// A signal ended it.
    #[error("it was ended by signal {0}")]
    Signal(i32),
    /// It was killed after its limit.
    #[error("it did not end within {}, and was killed", humantime::format_duration(*.0))]
    Late(Duration),
    /// It was killed because nobody waits for it any more.
    #[error("the watcher ended before it did")]
    Abandoned,
    /// What becomes of it is unknown, so it was killed.
    #[error("it could not be waited for: {0}")]
    Unknown(io::Error),
}

impl Errand<'_> {
    /// Runs it to its end, or kills it: at its limit, or as soon as `ends` is set.
    ///
    /// # Errors
    ///
    /// [`ErrandError`] unless it ended with code 0.
    pub fn run(&self, ends: &AtomicBool) -> Result<(), ErrandError> {
        let [program, arguments @ ..] = self.run else { return Err(ErrandError::Nameless) };
        let deadline = clock::monotonic() + self.limit;
        let mut command = Command::new(OsStr::new(program));
        command
            .args(arguments)
            .envs(self.variable)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .process_group(0);
        if self.complaints == Complaints::Nowhere {
            command.stderr(Stdio::null());
        }
        let mut child = command.spawn().map_err(ErrandError::NotStarted)?;
        match wait(&mut child, self.input, deadline, ends) {
            Ok(Some(status)) if status.success() => Ok(()),
            Ok(Some(status)) => Err(match status.signal() {
                Some(signal) => ErrandError::Signal(signal),
                None => ErrandError::Code(status.code().unwrap_or(-1)),
            }),
            Ok(None) => {
                end(&mut child);
                Err(if ends.load(Ordering::SeqCst) {
                    ErrandError::Abandoned
                } else {
                    ErrandError::Late(self.limit)
                })
            }
            Err(error) => {
                end(&mut child);
                Err(ErrandError::Unknown(error))
            }
        }
    }
}

/// Kills the whole group. The child was not waited for yet, so the group's number is still its own.
fn end(child: &mut Child) {
    kill_process_group(Pid::from_child(child), Signal::KILL).ok();
    child.wait().ok();
}

/// Gives the program its input and waits for its end. Nothing where the time is over.
fn wait(
    child: &mut Child,
    mut input: &[u8],
    deadline: Instant,
    ends: &AtomicBool,
) -> io::Result<Option<ExitStatus>> {
    let mut stdin = child.stdin.take();
    if let Some(stdin) = &stdin {
        rustix::io::ioctl_fionbio(stdin, true)?;
    }
    #[cfg(target_os = "linux")]
    let ended =
        rustix::process::pidfd_open(Pid::from_child(child), rustix::process::PidfdFlags::empty())
            .ok();
    #[cfg(not(target_os = "linux"))]
    let ended: Option<std::os::fd::OwnedFd> = None;
    loop {
        stdin = stdin.filter(|stdin| feed(stdin, &mut input));
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let left = deadline.saturating_duration_since(clock::monotonic());
        if left.is_zero() || ends.load(Ordering::SeqCst) {
            return Ok(None);
        }
        let mut awaited = Vec::with_capacity(2);
        if let Some(ended) = &ended {
            awaited.push(PollFd::from_borrowed_fd(ended.as_fd(), PollFlags::IN));
        }
        if let Some(stdin) = &stdin {
            awaited.push(PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::OUT));
        }
        match poll(&mut awaited, Timespec::try_from(left.min(LOOK)).ok().as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Writes what fits; false when everything is written, or the program reads no more.
fn feed(mut stdin: &ChildStdin, input: &mut &[u8]) -> bool {
    while !input.is_empty() {
        match stdin.write(input) {
            Ok(written) => *input = &input[written..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // A program that does not read its input is none the worse for it.
            Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
        }
    }
    false
}
