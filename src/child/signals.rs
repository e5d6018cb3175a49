//! The signals that this process gets while a program runs: survived, and told apart.
//!
//! Handlers belong to the whole process and are installed once. What was ignored before stays
//! ignored, in the program too. The program itself has no handler: the kernel resets them when it
//! is started.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::process::Signal;
use signal_hook::flag::register_conditional_default;
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::raw::WithRawSiginfo;

/// Signals that end a process and that the program should have too.
const PASSED_ON: &[Signal] =
    &[Signal::INT, Signal::QUIT, Signal::TERM, Signal::HUP, Signal::USR1, Signal::USR2];

/// How many programs run.
static RUNNING: Mutex<usize> = Mutex::new(0);
/// Whether none does, for the handlers.
static NONE_RUNS: AtomicBool = AtomicBool::new(true);
/// The signals of [`PASSED_ON`] that were not ignored when the first program was started.
static WANTED: OnceLock<Vec<i32>> = OnceLock::new();

/// The signals of this process, for as long as it exists.
pub(super) struct Signals {
    delivery: SignalDelivery<UnixStream, WithRawSiginfo>,
}

/// What came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// A signal that the program has not got.
    PassOn(Signal),
    /// We go on after a stop.
    Continued,
}

impl Signals {
    /// Survives signals from now on.
    pub(super) fn survive() -> io::Result<Self> {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = if let Some(wanted) = WANTED.get() {
            wanted
        } else {
            let ignored = ignored();
            let numbers = PASSED_ON.iter().map(|signal| signal.as_raw());
            let wanted: Vec<i32> =
                numbers.filter(|number| (ignored >> (number - 1)) & 1 == 0).collect();
            for number in &wanted {
                // A handler is never removed again. Where no program runs, it does what would be
                // done without it.
                register_conditional_default(*number, &NONE_RUNS)?;
            }
            WANTED.get_or_init(|| wanted)
        };
        // The child signal also where it was ignored: the kernel would else not let us wait.
        let always = [Signal::CHILD.as_raw(), Signal::CONT.as_raw()];
        let (read, write) = UnixStream::pair()?;
        let numbers = always.iter().chain(wanted);
        let delivery = SignalDelivery::with_pipe(read, write, WithRawSiginfo, numbers)?;
        *running += 1;
        NONE_RUNS.store(false, Ordering::SeqCst);
        Ok(Self { delivery })
    }

    /// Becomes readable when something came, the end of a child included.
    pub(super) fn readable(&self) -> BorrowedFd<'_> {
        self.delivery.get_read().as_fd()
    }

    /// What came since the last call. Never waits.
    pub(super) fn take(&mut self) -> Vec<Notice> {
        let pending = self.delivery.pending();
        let notices = pending.filter_map(|info| {
            let signal = Signal::from_named_raw(info.si_signo)?;
            if signal == Signal::CONT {
                return Some(Notice::Continued);
            }
            // A terminal sends to every process of its foreground job.
            let wanted = PASSED_ON.contains(&signal) && sent_by_a_process(info.si_code);
            wanted.then_some(Notice::PassOn(signal))
        });
        notices.collect()
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        *running -= 1;
        NONE_RUNS.store(*running == 0, Ordering::SeqCst);
    }
}

/// Shows nothing: the crate's own text has no meaning here.
impl std::fmt::Debug for Signals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signals").finish_non_exhaustive()
    }
}

/// Whether a signal with this code came from `kill` and its kin, not from the kernel.
#[cfg(target_os = "linux")]
fn sent_by_a_process(code: i32) -> bool {
    // `SI_FROMUSER` of the kernel.
    code <= 0
}

/// Unknown: a signal too many is better than one that is lost.
#[cfg(not(target_os = "linux"))]
fn sent_by_a_process(_: i32) -> bool {
    true
}

/// The signals that this process ignores, as a mask: bit 0 is signal 1.
#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "`/proc` is no file of anybody")]
fn ignored() -> u64 {
    // Without `/proc` none is taken for ignored.
    std::fs::read_to_string("/proc/self/status").map_or(0, |status| ignored_of(&status))
}

#[cfg(not(target_os = "linux"))]
fn ignored() -> u64 {
    0
}

/// The line `SigIgn:` of `/proc/PID/status`.
#[cfg(target_os = "linux")]
fn ignored_of(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_their_line_alone() {
        let status = "Name:\tSigIgn:\nSigBlk:\t00000000000000ff\nSigIgn:\t0000000000001001\n";
        assert_eq!(ignored_of(status), 0x1001);
        assert_eq!(ignored_of("SigIgn:\tx\n"), 0);
        assert_eq!(ignored_of(""), 0);
        // The runtime ignores the broken pipe, signal 13.
        assert_eq!((ignored() >> 12) & 1, 1);
    }
}
