//! The list of processes: who has a file open to write, who was started just then and names it.
//!
//! It looks at processes of the same user, or of all users where it may, the youngest first, and gives
//! up at its limit of time. Arguments are compared and forgotten.
//!
//! It never takes for the author: this process, those it descends from, another confwarden, one that
//! was started after the write.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read as _;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags, RawDir, readlinkat};

use super::program::{Program, executable};
use crate::clock;
use crate::fs::Stat;
use crate::history::{Author, Certainty};

/// The longest that is looked for open files; 300 processes take a third of it on an idle machine.
const LIMIT: Duration = Duration::from_millis(15);
/// The longest that a scan takes, with what is looked at of recent programs.
const WHOLE_LIMIT: Duration = Duration::from_millis(25);
/// How long before its write a program may have been started to be a recent one.
const RECENT: Duration = Duration::from_secs(10);
/// Start times have steps of a hundredth of a second; both ends may be off by one.
const STEP: Duration = Duration::from_millis(20);
/// Most bytes of arguments that are looked at.
const MOST_ARGUMENTS: u64 = 32 * 1024;
/// Most files of one process that are looked at.
const MOST_FILES: usize = 1024;
/// After so many older ones in a row only older ones come.
const MOST_OLDER: usize = 8;
/// What a program is called that does what we do.
const OURS: &str = "confwarden";

/// Why a recent program may be the author, the better reason last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// Its arguments name the directory.
    Directory,
    /// It is known to write such files.
    Writer,
    /// Its arguments name the file.
    File,
}

/// Whoever seems to have written `file` at `written`.
pub(super) fn scan(file: &Path, written: Instant, writers: &[String]) -> Option<Author> {
    let begun = clock::monotonic();
    let is_within = |limit| clock::monotonic().saturating_duration_since(begun) < limit;
    let file = real(file);
    let (directory, name) = (file.parent()?, file.file_name()?.as_bytes());
    let processes = processes();
    let mut link = Vec::new();
    let open = processes
        .iter()
        .take_while(|_| is_within(LIMIT))
        .filter(|pid| has_open(**pid, directory, name, &mut link))
        .find_map(|pid| named(*pid, &Stat::of(*pid)?));
    if let Some(program) = open {
        return believed(program, Certainty::OpenFile);
    }
    // Of equal reasons the youngest's: a shell and what it runs name the same file.
    let mut best: Option<(Reason, Program)> = None;
    let age = begun.saturating_duration_since(written);
    for (pid, stat) in recent(&processes, age)?.take_while(|_| is_within(WHOLE_LIMIT)) {
        if let Some(reason) = reason(pid, &stat, directory, name, writers)
            && best.as_ref().is_none_or(|(best, _)| *best < reason)
            && let Some(program) = named(pid, &stat)
        {
            best = Some((reason, program));
        }
    }
    believed(best?.1, Certainty::RecentProcess)
}

/// Whether one of `writers` was started just now, so that it may be in the middle of its work.
pub(super) fn is_one_at_work(writers: &[String]) -> bool {
    let processes = processes();
    let Some(mut recent) = recent(&processes, Duration::ZERO) else { return false };
    recent.any(|(_, stat)| is_titled(&stat, writers))
}

/// The program, unless it does what we do.
fn named(pid: u32, stat: &Stat) -> Option<Program> {
    (stat.name != OURS).then(|| Program::from_stat(pid, stat))
}

/// What was found of a process was of that program only if it still has the id.
fn believed(program: Program, certainty: Certainty) -> Option<Author> {
    let still = Stat::of(program.pid)?;
    (still.started == program.started).then_some(Author {
        name: program.name,
        pid: Some(program.pid),
        certainty,
    })
}

/// The file without links in its directory's name, as the kernel names what is open.
fn real(file: &Path) -> PathBuf {
    match (file.parent().map(Path::canonicalize), file.file_name()) {
        (Some(Ok(parent)), Some(name)) => parent.join(name),
        _ => file.to_owned(),
    }
}

/// Every process that may be asked, the youngest first. Ids are given in a circle, so that nobody
/// need be asked for a start time.
fn processes() -> Vec<u32> {
    let me = rustix::process::geteuid();
    let lineage = lineage();
    let mut processes: Vec<u32> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let may_be_asked = me.is_root() || entry.metadata().ok()?.uid() == me.as_raw();
            (may_be_asked && !lineage.contains(&pid)).then_some(pid)
        })
        .collect();
    let last = fs::read_to_string("/proc/loadavg").ok();
    let last = last.and_then(|line| line.split_ascii_whitespace().nth(4)?.parse().ok());
    let last: u32 = last.unwrap_or(u32::MAX);
    processes.sort_unstable_by_key(|pid| (*pid > last, std::cmp::Reverse(*pid)));
    processes
}

/// This process and those it descends from.
fn lineage() -> Vec<u32> {
    let mut lineage = vec![std::process::id()];
    while let Some(stat) = lineage.last().and_then(|pid| Stat::of(*pid))
        && stat.parent != 0
        && !lineage.contains(&stat.parent)
    {
        lineage.push(stat.parent);
    }
    lineage
}

/// Whether the process has the file, or one beside it that is named after it, open to write. `link` is
/// room for names.
fn has_open(pid: u32, directory: &Path, name: &[u8], link: &mut Vec<u8>) -> bool {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(folder) = rustix::fs::open(format!("/proc/{pid}/fd"), flags, Mode::empty()) else {
        return false;
    };
    let mut room = [MaybeUninit::uninit(); 2048];
    let mut files = RawDir::new(&folder, &mut room);
    for _ in 0..MOST_FILES {
        let Some(Ok(entry)) = files.next() else { return false };
        let file = entry.file_name();
        let Ok(open) = readlinkat(&folder, file, std::mem::take(link)) else { continue };
        let path = Path::new(OsStr::from_bytes(open.as_bytes()));
        let is_it = path.parent() == Some(directory)
            && path.file_name().is_some_and(|open| is_named_after(open.as_bytes(), name));
        if is_it && is_to_write(pid, &file.to_string_lossy()) {
            return true;
        }
        *link = open.into_bytes();
    }
    false
}

/// Whether `open` is `name`, or what an editor or a writer that renames calls the file meanwhile.
fn is_named_after(open: &[u8], name: &[u8]) -> bool {
    // It has been replaced or removed: whoever still holds it is not who did that.
    !open.ends_with(b" (deleted)") && memchr::memmem::find(open, name).is_some()
}

fn is_to_write(pid: u32, descriptor: &str) -> bool {
    let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/{descriptor}")).unwrap_or_default();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    // Octal; the last two bits are 0 for reading alone.
    flags.and_then(|flags| u64::from_str_radix(flags.trim(), 8).ok()).is_some_and(|f| f & 3 != 0)
}

/// Those that were started within [`RECENT`] before a write `age` ago, the youngest first.
fn recent(processes: &[u32], age: Duration) -> Option<impl Iterator<Item = (u32, Stat)>> {
    let uptime = fs::read_to_string("/proc/uptime").ok()?;
    let uptime: f64 = uptime.split_ascii_whitespace().next()?.parse().ok()?;
    let uptime = Duration::try_from_secs_f64(uptime).ok()?;
    let ticks = rustix::param::clock_ticks_per_second().max(1);
    let since = move |stat: &Stat| {
        let millis = stat.started.saturating_mul(1000) / ticks;
        uptime.saturating_sub(Duration::from_millis(millis))
    };
    let mut older = 0;
    let known = processes.iter().filter_map(|pid| Some((*pid, Stat::of(*pid)?)));
    let reached = known.take_while(move |(_, stat)| {
        // One that was given its id by hand may stand anywhere.
        older = if since(stat) > age + RECENT { older + 1 } else { 0 };
        older < MOST_OLDER
    });
    Some(
        reached.filter(move |(_, stat)| {
            (age.saturating_sub(STEP)..=age + RECENT).contains(&since(stat))
        }),
    )
}

fn reason(
    pid: u32,
    stat: &Stat,
    directory: &Path,
    name: &[u8],
    writers: &[String],
) -> Option<Reason> {
    let mut arguments = Vec::new();
    if let Ok(file) = File::open(format!("/proc/{pid}/cmdline")) {
        file.take(MOST_ARGUMENTS).read_to_end(&mut arguments).ok();
    }
    if names(&arguments, name) {
        // Many directories may have a file of this name: the directory must be named too, be it by
        // the end of its path (`~/.openclaw/openclaw.json` in a script), or be the current one.
        let last = directory.file_name().map_or(&b""[..], |last| last.as_bytes());
        let with_directory = [last, b"/", name].concat();
        let is_there = || fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|at| at == directory);
        if names(&arguments, &with_directory) || is_there() {
            return Some(Reason::File);
        }
    }
    let is_writer = |name: &str| writers.iter().any(|writer| writer == name);
    let is_known =
        || is_titled(stat, writers) || executable(pid).is_some_and(|name| is_writer(&name));
    if !writers.is_empty() && is_known() {
        return Some(Reason::Writer);
    }
    // A directory that is everybody's says nothing: `/`, `/tmp`.
    let is_own = directory.components().count() > 2;
    (is_own && names(&arguments, directory.as_os_str().as_bytes())).then_some(Reason::Directory)
}

/// Whether the name that a process has given itself is one of `writers`; the system keeps 15 bytes.
fn is_titled(stat: &Stat, writers: &[String]) -> bool {
    writers
        .iter()
        .map(String::as_bytes)
        .any(|writer| writer.get(..15).unwrap_or(writer) == stat.name.as_bytes())
}

/// Whether `wanted` stands in `text` as a whole name.
fn names(text: &[u8], wanted: &[u8]) -> bool {
    let continues = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    memchr::memmem::find_iter(text, wanted).any(|at| {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        let after = text.get(at + wanted.len());
        !before.is_some_and(continues) && !after.is_some_and(continues)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_as_a_whole() {
        for text in ["vim\0openclaw.json\0", "sh\0-c\0jq . /x/openclaw.json>y", "f='openclaw.json'"]
        {
            assert!(names(text.as_bytes(), b"openclaw.json"), "{text}");
        }
        for text in ["my-openclaw.json", "openclaw.json5", "openclaw.json.bak", "", "openclaw"] {
            assert!(!names(text.as_bytes(), b"openclaw.json"), "{text}");
        }
    }

    #[test]
    fn what_is_gone_is_not_open_and_a_stage_is() {
        let named = |open: &str| is_named_after(open.as_bytes(), b"a.json");
        assert!(named("a.json") && named(".a.json.swp") && named("a.json.123.tmp"));
        assert!(!named("a.json (deleted)") && !named("b.json"));
    }
}
