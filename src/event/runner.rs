//! One run of a hook: its input, its limit, its end.

use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};

use super::Event;
use crate::clock;
use crate::profile::Hook;

/// How often a running hook is looked at: for its end where the kernel does not tell, and for ours.
const LOOK: Duration = Duration::from_millis(100);

/// Runs `hook` on `event`; why it failed, without an argument of it.
pub(super) fn run(hook: &Hook, event: &Event, ends: &AtomicBool) -> Result<(), String> {
    let [program, arguments @ ..] = hook.run.as_slice() else { return Ok(()) };
    let deadline = clock::monotonic() + hook.timeout;
    let mut child = Command::new(program)
        .args(arguments)
        .env("CONFWARDEN_EVENT", event.kind.name().as_str())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| format!("it could not be started: {error}"))?;
    let ended = wait(&mut child, event.to_line().as_bytes(), deadline, ends);
    match ended {
        Ok(Some(status)) if status.success() => Ok(()),
        Ok(Some(status)) => Err(match (status.code(), status.signal()) {
            (Some(code), _) => format!("it ended with code {code}"),
            (None, Some(signal)) => format!("it was ended by signal {signal}"),
            (None, None) => "it failed".to_owned(),
        }),
        Ok(None) => {
            end(&mut child);
            let limit = humantime::format_duration(hook.timeout);
            Err(if ends.load(Ordering::SeqCst) {
                "the watcher ended before it did".to_owned()
            } else {
                format!("it did not end within {limit}, and was killed")
            })
        }
        Err(error) => {
            end(&mut child);
            Err(format!("it could not be waited for: {error}"))
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
