//! A program under Unix: waited for by its own descriptor and by the signals of this process.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::AsFd as _;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Signal, getpgrp, getpid, kill_process};
use rustix::termios::tcgetpgrp;

use super::process::Process;
use super::signals::{Notice, Signals};
use super::{Pause, Progress, WaitError};

/// How long a stop must last for us to follow it: nanoseconds.
const GRACE: i64 = 20_000_000;

/// See [`super::Child`].
#[derive(Debug)]
pub(super) struct Program {
    process: Process,
    signals: Signals,
}

impl Program {
    pub(super) fn start(program: &OsStr, arguments: &[OsString]) -> io::Result<Self> {
        // First: a signal that comes meanwhile must not end us and leave the program alone.
        let signals = Signals::survive()?;
        let process = Process::start(program, arguments)?;
        Ok(Self { process, signals })
    }

    /// As where the kernel has none.
    #[cfg(test)]
    pub(super) fn forget_descriptor(&mut self) {
        self.process.forget_descriptor();
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(super) fn wait(&mut self, timeout: Duration) -> Result<Progress, WaitError> {
        let id = self.id();
        let failed = |error: io::Error| WaitError::io("wait for", id)(error);
        // What the signals are told of is asked for after them, so that nothing comes in between.
        self.pass_on();
        if let Some(progress) = self.process.look().map_err(failed)? {
            return Ok(progress);
        }
        let limit = Timespec::try_from(timeout).ok();
        self.poll(limit.as_ref()).map_err(failed)?;
        self.pass_on();
        Ok(self.process.look().map_err(failed)?.unwrap_or(Progress::Running))
    }

    /// Waits for a signal or the end; without a limit for as long as it takes.
    fn poll(&self, limit: Option<&Timespec>) -> io::Result<()> {
        let signals = self.signals.readable();
        let mut awaited = vec![PollFd::from_borrowed_fd(signals, PollFlags::IN)];
        #[cfg(target_os = "linux")]
        if let Some(ended) = self.process.ended() {
            awaited.push(PollFd::from_borrowed_fd(ended, PollFlags::IN));
        }
        match poll(&mut awaited, limit) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn pass_on(&mut self) -> Vec<Notice> {
        let notices = self.signals.take();
        for notice in &notices {
            let signal = match notice {
                Notice::PassOn(signal) => *signal,
                // Does nothing to a program that runs.
                Notice::Continued => Signal::CONT,
            };
            // It may have ended, or belong to somebody else: nobody else could do better.
            self.process.signal(signal).ok();
        }
        notices
    }

    pub(super) fn pause(&mut self) -> Result<Pause, WaitError> {
        if !is_foreground() {
            return Ok(Pause::NotOurs);
        }
        let id = self.id();
        let failed = |error: io::Error| WaitError::io("stop with", id)(error);
        // A stop and a continuation from the terminal reach us and the program one after the other,
        // and what we saw may have been a moment in between: who continues both must not find us
        // stopped again.
        let grace = Timespec { tv_sec: 0, tv_nsec: GRACE };
        self.poll(Some(&grace)).map_err(failed)?;
        let continued = self.pass_on().contains(&Notice::Continued);
        if continued || self.process.has_news().map_err(failed)? {
            return Ok(Pause::Resumed);
        }
        kill_process(getpid(), Signal::STOP).map_err(|error| failed(error.into()))?;
        // The stop may come a moment later, to another thread. The continuation is what counts.
        while !self.pass_on().contains(&Notice::Continued) {
            self.poll(None).map_err(failed)?;
        }
        Ok(Pause::Resumed)
    }
}

/// Whether a terminal of ours has our process group in its foreground.
fn is_foreground() -> bool {
    let (stdin, stdout, stderr) = (io::stdin(), io::stdout(), io::stderr());
    [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()]
        .into_iter()
        .any(|stream| tcgetpgrp(stream).is_ok_and(|group| group == getpgrp()))
}
