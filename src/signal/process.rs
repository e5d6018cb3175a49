//! A gateway that is told by a signal to its process, which is proved to be the one that is meant.
//!
//! The process is addressed by a descriptor, taken before anything is looked at: if it ends meanwhile,
//! the signal reaches nobody, whoever has its id by then.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::{Sender, Sent, SignalError};
use crate::clock;
use crate::fs::{PidFile, Stat, command_words, real_path};
use crate::profile::{ProcessSignal, SignalName, is_untouchable};

/// What the kernel adds to the path of an executable that was replaced, as an update does.
const REPLACED: &str = " (deleted)";
/// Both times have steps, and a clock that is put right in small ones drifts.
const STEP: Duration = Duration::from_secs(1);
/// So many words of a command line say what runs: an interpreter, and its program.
const WORDS: usize = 2;

/// See [`crate::profile::Signal::Process`].
pub(super) struct Process<'a>(pub(super) &'a ProcessSignal);

impl Sender for Process<'_> {
    fn send(&self, _: &Path, _: &AtomicBool) -> Result<Sent, SignalError> {
        let Self(ProcessSignal { pid_file, program, signal }) = self;
        let PidFile { pid, written } = PidFile::read(pid_file)?;
        let gone = || SignalError::Gone { pid, file: pid_file.clone() };
        let raw = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or_else(gone)?;
        let descriptor = match pidfd_open(raw, PidfdFlags::empty()) {
            Ok(descriptor) => descriptor,
            Err(rustix::io::Errno::SRCH) => return Err(gone()),
            Err(error) => return Err(SignalError::NotSent { pid, source: error.into() }),
        };
        let stat = Stat::of(pid).filter(|stat| !stat.has_ended).ok_or_else(gone)?;
        if started(&stat).is_none_or(|started| started > written + STEP) {
            return Err(SignalError::Reused { pid, file: pid_file.clone() });
        }
        let executable = executable(pid)?;
        if is_openclaw(pid, &stat, &executable) {
            return Err(SignalError::Untouchable { pid });
        }
        if !is_program(&executable, program) {
            let expected = program.clone();
            return Err(SignalError::OtherProgram { pid, found: name_of(&executable), expected });
        }
        pidfd_send_signal(descriptor, number(*signal))
            .map_err(|error| SignalError::NotSent { pid, source: error.into() })?;
        Ok(Sent::Told(format!("SIG{} to process {pid}", signal.as_str())))
    }
}

/// When the process was started, by the clock of the day as it goes now.
fn started(stat: &Stat) -> Option<SystemTime> {
    let ticks = rustix::param::clock_ticks_per_second().max(1);
    let since_boot = Duration::from_millis(stat.started.saturating_mul(1000) / ticks);
    clock::now().checked_sub(clock::since_boot().saturating_sub(since_boot))
}

fn executable(pid: u32) -> Result<PathBuf, SignalError> {
    let link = Path::new("/proc").join(pid.to_string()).join("exe").read_link();
    let path = link.map_err(|source| SignalError::Hidden { pid, source })?;
    Ok(match path.to_str().and_then(|path| path.strip_suffix(REPLACED)) {
        Some(path) => PathBuf::from(path),
        None => path,
    })
}

/// Whether `executable` is what the profile calls `program`.
fn is_program(executable: &Path, program: &str) -> bool {
    if !program.starts_with('/') {
        return name_of(executable) == program;
    }
    let program = Path::new(program);
    // The kernel tells the path behind every link.
    executable == program || real_path(program).is_ok_and(|real| real == executable)
}

/// Whether it is OpenClaw, which runs in an interpreter under a title of its own.
fn is_openclaw(pid: u32, stat: &Stat, executable: &Path) -> bool {
    let words = command_words(pid, WORDS);
    let is_named = |word: &String| word.split('/').any(is_untouchable);
    is_untouchable(&stat.name) || is_untouchable(&name_of(executable)) || words.iter().any(is_named)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn number(signal: SignalName) -> Signal {
    match signal {
        SignalName::Hup => Signal::HUP,
        SignalName::Usr1 => Signal::USR1,
        SignalName::Usr2 => Signal::USR2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_start_lies_in_the_past_and_near() {
        let stat = Stat::of(std::process::id()).unwrap();
        let age = clock::now().duration_since(started(&stat).unwrap());
        assert!(age.unwrap_or_default() < Duration::from_hours(1));
        let ticks = rustix::param::clock_ticks_per_second();
        let earlier = Stat { started: stat.started.saturating_sub(ticks), ..stat.clone() };
        let between = started(&stat).unwrap().duration_since(started(&earlier).unwrap()).unwrap();
        assert!(between.abs_diff(Duration::from_secs(1)) < Duration::from_millis(500));
    }

    #[test]
    fn a_program_is_named_by_its_path_or_the_last_part_of_it() {
        let own = executable(std::process::id()).unwrap();
        assert!(is_program(&own, own.to_str().unwrap()));
        assert!(is_program(&own, &name_of(&own)));
        assert!(!is_program(&own, "nginx"));
        assert!(!is_program(&own, "/usr/sbin/nginx"));
        assert!(!is_program(&own, ""));
    }
}
