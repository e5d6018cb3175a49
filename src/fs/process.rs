//! Whether a process still runs, and since when.
//!
//! Looks only at what the system tells everybody; never at the environment, and at arguments only to
//! compare the first of them.

#[cfg(target_os = "linux")]
use std::fs::File;
#[cfg(target_os = "linux")]
use std::io::{self, Read as _};
use std::sync::OnceLock;

/// What is known of the process that has a certain id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Process {
    /// No such process, or one that has ended and is not collected yet.
    Gone,
    /// It runs.
    Running {
        /// Start time: clock ticks since the machine started, where the system tells.
        started: Option<u64>,
        /// Name of its program, where the system tells.
        name: Option<String>,
    },
}

impl Process {
    /// Looks the process up.
    pub(super) fn look_up(pid: u32) -> Self {
        #[cfg(target_os = "linux")]
        if let Some(stat) = Stat::of(pid) {
            return if stat.has_ended {
                Self::Gone
            } else {
                Self::Running { started: Some(stat.started), name: Some(stat.name) }
            };
        }
        // Not Linux, or a `/proc` that hides the processes of others.
        if super::platform::process_exists(pid) {
            Self::Running { started: None, name: None }
        } else {
            Self::Gone
        }
    }

    /// Start time of this very process.
    pub(super) fn own_start() -> Option<u64> {
        // Each of the two locks says it, and it does not change.
        static STARTED: OnceLock<Option<u64>> = OnceLock::new();
        *STARTED.get_or_init(|| match Self::look_up(std::process::id()) {
            Self::Running { started, .. } => started,
            Self::Gone => None,
        })
    }

    /// Whether it is the process that started at `started`, as far as both are known.
    pub(super) fn is_the_one_started(&self, at: Option<u64>) -> bool {
        match self {
            Self::Gone => false,
            Self::Running { started, .. } => match (started, at) {
                (Some(is), Some(was)) => *is == was,
                _ => true,
            },
        }
    }
}

/// What `/proc/PID/stat` says. It claims to be empty, so room for it is a guess that one read fills.
#[cfg(target_os = "linux")]
fn read_stat(pid: u32) -> io::Result<Vec<u8>> {
    let mut stat = Vec::with_capacity(1024);
    File::open(format!("/proc/{pid}/stat"))?.read_to_end(&mut stat)?;
    Ok(stat)
}

/// What the system tells everybody of a process.
#[cfg(target_os = "linux")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    /// Name of its program, at most 15 bytes; a program may give itself another.
    pub(crate) name: String,
    /// Whether it has ended and is not collected yet: its id is not given to another before that.
    pub(crate) has_ended: bool,
    /// The process that started it.
    pub(crate) parent: u32,
    /// Start time: clock ticks since the machine started.
    pub(crate) started: u64,
}

#[cfg(target_os = "linux")]
impl Stat {
    /// Looks the process up; nothing where there is none, or the system hides it.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        Self::parse(&read_stat(pid).ok()?)
    }

    /// Reads `/proc/PID/stat`: `pid (name) state ppid …`, start time in field 22.
    fn parse(stat: &[u8]) -> Option<Self> {
        // The name may itself hold brackets and spaces, so its end is the last bracket.
        let open = stat.iter().position(|byte| *byte == b'(')?;
        let close = stat.iter().rposition(|byte| *byte == b')')?;
        let name = String::from_utf8_lossy(stat.get(open + 1..close)?).into_owned();
        let mut fields = std::str::from_utf8(&stat[close + 1..]).ok()?.split_ascii_whitespace();
        let has_ended = matches!(fields.next()?, "Z" | "X" | "x");
        let parent = fields.next()?.parse().ok()?;
        // Field 22 is the 18th after the parent, field 4.
        let started = fields.nth(17)?.parse().ok()?;
        Some(Self { name, has_ended, parent, started })
    }
}

/// This start of the machine, where the system names it.
#[must_use]
pub fn boot_id() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let id = text.trim();
    (!id.is_empty()).then(|| id.to_owned())
}

/// The first words of the command line of `pid`, for telling a program that runs in an interpreter; none
/// where they may not be seen. They are to be compared and forgotten: arguments may be secrets.
#[cfg(target_os = "linux")]
pub(crate) fn command_words(pid: u32, most: usize) -> Vec<String> {
    const MOST_BYTES: u64 = 4096;
    let mut bytes = Vec::new();
    let line = File::open(format!("/proc/{pid}/cmdline"));
    if line.and_then(|line| line.take(MOST_BYTES).read_to_end(&mut bytes)).is_err() {
        return Vec::new();
    }
    // A title that a program gave itself has spaces in the place of zeros.
    let words = bytes.split(|byte| *byte == 0 || *byte == b' ').filter(|word| !word.is_empty());
    words.take(most).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn start_time_is_field_22_whatever_the_name_is() {
        let numbers = (4..=52).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
        let stat = format!("7 (odd) na (me) S {numbers}\n");
        assert_eq!(
            Stat::parse(stat.as_bytes()),
            Some(Stat { name: "odd) na (me".to_owned(), has_ended: false, parent: 4, started: 22 })
        );
    }

    #[test]
    fn zombies_are_gone() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        // It has ended once its state is Z; it stays so until it is waited for.
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while Process::look_up(pid) != Process::Gone {
            assert!(std::time::Instant::now() < deadline, "`true` does not end");
            std::thread::yield_now();
        }
        assert!(std::path::Path::new(&format!("/proc/{pid}")).exists());
        child.wait().unwrap();
        assert_eq!(Process::look_up(pid), Process::Gone);
    }

    #[test]
    fn own_process_runs_and_is_told_from_one_that_had_its_id_before() {
        let started = Process::own_start();
        assert!(started.is_some());
        let me = Process::look_up(std::process::id());
        assert!(me.is_the_one_started(started));
        assert!(me.is_the_one_started(None));
        assert!(!me.is_the_one_started(started.map(|ticks| ticks + 1)));
    }
}
