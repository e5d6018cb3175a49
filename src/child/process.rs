//! One process of ours, addressed so that no other can be meant.
//!
//! By a descriptor of the process where the kernel has them; else by its id, which no other process
//! gets before we have been told of its end.

use std::ffi::{OsStr, OsString};
use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::Command;

use rustix::io::retry_on_intr;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, waitid};

use super::stack::as_inherited;
use super::{End, Progress};

/// A process that we started.
#[derive(Debug)]
pub(super) struct Process {
    pid: Pid,
    #[cfg(target_os = "linux")]
    descriptor: Option<OwnedFd>,
}

impl Process {
    pub(super) fn start(program: &OsStr, arguments: &[OsString]) -> io::Result<Self> {
        let process = as_inherited(|| Command::new(program).args(arguments).spawn())?;
        // Its id is its own until we learn of its end, so the descriptor cannot be of another.
        let pid = Pid::from_child(&process);
        Ok(Self {
            pid,
            #[cfg(target_os = "linux")]
            descriptor: {
                use rustix::process::{PidfdFlags, pidfd_open};
                // Before Linux 5.3, and where a sandbox forbids it, there are none.
                pidfd_open(pid, PidfdFlags::empty()).ok()
            },
        })
    }

    /// As where the kernel has none.
    #[cfg(test)]
    pub(super) fn forget_descriptor(&mut self) {
        #[cfg(target_os = "linux")]
        drop(self.descriptor.take());
    }

    pub(super) fn id(&self) -> u32 {
        self.pid.as_raw_pid().unsigned_abs()
    }

    /// Becomes readable when the process has ended.
    #[cfg(target_os = "linux")]
    pub(super) fn ended(&self) -> Option<BorrowedFd<'_>> {
        self.descriptor.as_ref().map(AsFd::as_fd)
    }

    /// What has become of it since the last call; nothing if nothing. Not to be called after its end.
    pub(super) fn look(&self) -> io::Result<Option<Progress>> {
        let what = WaitIdOptions::EXITED | WaitIdOptions::STOPPED | WaitIdOptions::CONTINUED;
        let status = retry_on_intr(|| waitid(WaitId::Pid(self.pid), what | WaitIdOptions::NOHANG))?;
        let Some(status) = status else { return Ok(None) };
        let ended = status.exit_status().map(End::Code);
        let ended = ended.or_else(|| status.terminating_signal().map(End::Signal));
        Ok(match (ended, status.stopping_signal()) {
            (Some(end), _) => Some(Progress::Ended(end)),
            (None, Some(signal)) => Some(Progress::Stopped(signal)),
            (None, None) => status.continued().then_some(Progress::Continued),
        })
    }

    /// Whether [`Self::look`] would say that it goes on or has ended.
    pub(super) fn has_news(&self) -> io::Result<bool> {
        let what = WaitIdOptions::EXITED | WaitIdOptions::CONTINUED;
        let how = WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        Ok(retry_on_intr(|| waitid(WaitId::Pid(self.pid), what | how))?.is_some())
    }

    /// Sends it a signal. Not to be called after its end.
    pub(super) fn signal(&self, signal: Signal) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if let Some(descriptor) = &self.descriptor {
            return Ok(rustix::process::pidfd_send_signal(descriptor, signal)?);
        }
        Ok(rustix::process::kill_process(self.pid, signal)?)
    }
}
