//! A program that runs under the guard: its start, its terminal and signals, its end.
//!
//! It runs as it would alone. It has our standard streams, environment, process group and session,
//! so a terminal treats both as one job. While it runs:
//!
//! | signal | we | the program |
//! | --- | --- | --- |
//! | interrupt and quit from the terminal (Ctrl-C, Ctrl-\\) | survive | gets it from the terminal |
//! | hang-up of the terminal | survive | gets it from the terminal |
//! | interrupt, quit, hang-up, terminate, user 1 and 2 sent to us alone | survive | gets it from us |
//! | stop from the terminal (Ctrl-Z), and its continuation (`fg`) | stop, go on | stops, goes on |
//! | continue sent to us alone | go on | goes on |
//!
//! A signal that was ignored before us (`nohup`, a job in the background of a script) is ignored by
//! both. Every other signal has its default effect on the program, also the broken pipe that the
//! Rust runtime ignores in ourselves.
//!
//! It is told of the program's end by the kernel, at once. It never waits for anything else, never
//! keeps or shows an argument, and never signals a process that is not the program.
//!
//! A program that runs for one thing beside us (a hook, a reload) is an [`Errand`] instead: within a
//! limit of time, in a process group of its own, with no terminal and no shell.
//!
//! # Limits
//!
//! - Who sends a signal to the whole process group has it arrive at the program twice.
//! - A program under another user (`sudo`) cannot be signalled by us.
//! - Only Linux is verified. On macOS nobody tells which signals were ignored before us or which of
//!   them a terminal sent, and where there are no Unix signals none is passed on (see `other.rs`).

#[cfg(unix)]
mod detached;
#[cfg(unix)]
mod errand;
mod error;

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod process;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod stack;

#[cfg(not(unix))]
use other as platform;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as platform;

use std::ffi::{OsStr, OsString};
use std::time::Duration;

#[cfg(unix)]
pub use detached::{Detached, detach};
#[cfg(unix)]
pub use errand::{Complaints, Errand, ErrandError};
pub use error::{StartError, WaitError};
#[cfg(not(unix))]
pub use other::Detached;
#[cfg(unix)]
pub use stack::raise_stack_limit;

/// Nothing is raised: the size of the first stack is settled before the program starts.
#[cfg(not(unix))]
#[must_use]
pub fn raise_stack_limit(_: u64) -> bool {
    false
}

/// A program that was started, and must be waited for.
///
/// While one exists, this process survives the signals that the module speaks of; what it does after
/// the program has ended is not interrupted by an impatient Ctrl-C. Dropping it gives the signals
/// their default effect again. It does not end the program.
#[derive(Debug)]
#[must_use = "a program that is not waited for is not guarded"]
pub struct Child {
    program: platform::Program,
    end: Option<End>,
}

/// What has become of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It runs, as far as is known. The time is over, or a signal has come and was passed on.
    Running,
    /// It was stopped by this signal, and we were not.
    Stopped(i32),
    /// It goes on after a stop.
    Continued,
    /// It has ended.
    Ended(End),
}

/// How a program has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code.
    Code(i32),
    /// By a signal of this number.
    Signal(i32),
}

impl End {
    /// The exit code that a shell would show: 128 and the number of the signal that ended it.
    #[must_use]
    pub fn exit_code(self) -> i32 {
        match self {
            Self::Code(code) => code,
            Self::Signal(number) => 128 + number,
        }
    }
}

/// Whether we stopped with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// Both go on, after we stopped too or because the program's stop was over before we did.
    Resumed,
    /// There is no terminal whose user could make us go on, so we did not stop.
    NotOurs,
}

impl Child {
    /// Starts `program` with `arguments`. A name without a slash is searched in `PATH`.
    ///
    /// # Errors
    ///
    /// [`StartError::NotFound`], [`StartError::NotExecutable`], [`StartError::Failed`]; nothing runs.
    pub fn start(program: &OsStr, arguments: &[OsString]) -> Result<Self, StartError> {
        match platform::Program::start(program, arguments) {
            Ok(program) => Ok(Self { program, end: None }),
            Err(error) => Err(StartError::of(program, error)),
        }
    }

    /// Process id of the program. After its end it may be that of another.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.program.id()
    }

    /// Waits until something becomes of the program, at most for `timeout`. Signals are passed on
    /// meanwhile, and only meanwhile.
    ///
    /// After the end it says so again, at once.
    ///
    /// # Errors
    ///
    /// Where the system cannot tell; whether the program runs is then unknown.
    pub fn wait(&mut self, timeout: Duration) -> Result<Progress, WaitError> {
        if let Some(end) = self.end {
            return Ok(Progress::Ended(end));
        }
        let progress = self.program.wait(timeout)?;
        if let Progress::Ended(end) = progress {
            self.end = Some(end);
        }
        Ok(progress)
    }

    /// Waits until the program has ended, and stops with it where the terminal's user stops both.
    ///
    /// # Errors
    ///
    /// As [`Self::wait`].
    pub fn wait_for_end(&mut self) -> Result<End, WaitError> {
        // Any time will do: a change is told at once.
        const A_WHILE: Duration = Duration::from_hours(1);
        loop {
            match self.wait(A_WHILE)? {
                Progress::Ended(end) => return Ok(end),
                Progress::Stopped(_) => {
                    self.pause()?;
                }
                Progress::Running | Progress::Continued => {}
            }
        }
    }

    /// Stops this process too, as the job control of a terminal expects of a job one part of which
    /// has stopped. Returns when somebody lets us go on, and lets the program go on too.
    ///
    /// To be called after [`Progress::Stopped`], when nothing is left to do but to wait. It does
    /// nothing where we are not the terminal's foreground job: nobody would know of our stop.
    ///
    /// # Errors
    ///
    /// Where we cannot be stopped.
    pub fn pause(&mut self) -> Result<Pause, WaitError> {
        if self.end.is_some() {
            // Nobody is left to stop with.
            return Ok(Pause::NotOurs);
        }
        self.program.pause()
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
