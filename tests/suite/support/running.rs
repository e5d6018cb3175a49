//! A run of the program that is still going on.

use std::fs;
use std::path::Path;
use std::process::Child;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{Run, Sandbox};

/// The longest that anything is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// A run of the program that is still going on. Killed where a test fails before it ends.
pub(crate) struct Running {
    command: String,
    child: Option<Child>,
    writer: Option<JoinHandle<()>>,
    /// The program itself where another one, such as strace, has started it.
    program: Option<Pid>,
}

impl Running {
    pub(super) fn new(command: String, child: Child, writer: JoinHandle<()>) -> Self {
        Self { command, child: Some(child), writer: Some(writer), program: None }
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Run {
        let child = self.child.take().expect("it ends once");
        let output = child.wait_with_output().unwrap();
        self.writer.take().expect("it ends once").join().unwrap();
        Run::new(std::mem::take(&mut self.command), output)
    }

    /// Lets the process that took the lock go on from where it is stopped, and waits for its end.
    ///
    /// More than once, since it need not have come to its stop yet.
    #[track_caller]
    pub(crate) fn resume(mut self) -> Run {
        let program = self.program.expect("it was waited for");
        let deadline = Instant::now() + PATIENCE;
        while !self.has_ended() {
            assert!(Instant::now() < deadline, "no end in {PATIENCE:?}: {}", self.command);
            // It may be gone meanwhile.
            kill_process(program, Signal::CONT).ok();
            std::thread::sleep(Duration::from_millis(2));
        }
        self.finish()
    }

    /// The process that was started.
    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.as_mut().is_none_or(|child| child.try_wait().unwrap().is_some())
    }

    /// Waits until `reached` holds, which must come before its end.
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, mut reached: impl FnMut() -> bool) -> &mut Self {
        let deadline = Instant::now() + PATIENCE;
        while !reached() {
            assert!(!self.has_ended(), "it ended before {what}: {}", self.command);
            assert!(Instant::now() < deadline, "no {what} in {PATIENCE:?}: {}", self.command);
            std::thread::sleep(Duration::from_millis(1));
        }
        self
    }

    /// Waits until it holds the lock on the configuration of `sandbox`; its process id.
    #[track_caller]
    pub(crate) fn until_locked(&mut self, sandbox: &Sandbox) -> u32 {
        self.until_holding(&sandbox.lock_path())
    }

    /// Waits until it holds this lock of ours; its process id.
    #[track_caller]
    pub(crate) fn until_holding(&mut self, lock: &Path) -> u32 {
        let mut found = None;
        self.until("its lock", || {
            found = holder_in(lock);
            found.is_some()
        });
        let pid = found.unwrap();
        self.program = Pid::from_raw(pid.try_into().unwrap());
        pid
    }

    /// Sends a signal to the process that took the lock; to the one that was started where none was
    /// waited for.
    #[track_caller]
    pub(crate) fn signal(&self, signal: Signal) {
        let started = self.child.as_ref().map(Pid::from_child);
        kill_process(self.program.or(started).expect("it runs"), signal).unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(child) = &mut self.child else { return };
        if let Some(program) = self.program {
            kill_process(program, Signal::KILL).ok();
        }
        child.kill().ok();
        child.wait().ok();
    }
}

/// The process that a lock file names.
fn holder_in(lock: &Path) -> Option<u32> {
    let holder: Value = serde_json::from_slice(&fs::read(lock).ok()?).ok()?;
    holder["pid"].as_u64()?.try_into().ok()
}
