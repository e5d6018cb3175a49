//! The kernel's own word: who opens, writes, creates, renames or removes in a directory (fanotify).
//!
//! One group a directory, and one thread for all, which sleeps until something happens and asks each
//! process for its name while it is there. A program is named only where a pidfd says that its id
//! still was its own when it was asked.
//!
//! It never delays a writer, and needs `CAP_SYS_ADMIN` and Linux 5.15: without, [`Kernel::start`] or
//! [`Kernel::watch`] fails, and there is nothing to clean up.

use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Instant, SystemTime};

use nix::libc;
use nix::sys::fanotify::{EventFFlags, Fanotify, InitFlags, MarkFlags, MaskFlags};
use rustix::event::{EventfdFlags, epoll, eventfd};
use rustix::io::{Errno, retry_on_intr};

use super::notice::{Notice, notices};
use super::program::Program;
use super::sighting::{Act, Ring, Sighting};
use crate::clock;
use crate::history::{Author, Certainty};

/// Groups at most: the kernel gives a user 128, and others want some.
const MOST_GROUPS: usize = 100;
/// What marks the end in what is waited for; directories are numbered from 1.
const END: u64 = 0;
/// Bytes of events that are read at once.
const BUFFER: usize = 8192;

/// A listener to the kernel.
#[derive(Debug)]
pub(super) struct Kernel {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    epoll: OwnedFd,
    end: OwnedFd,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    groups: Vec<Group>,
    last_number: u64,
    ring: Ring,
}

#[derive(Debug)]
struct Group {
    number: u64,
    directory: PathBuf,
    /// Device, inode and time of birth: which directory it is, whatever its name. Another may get the
    /// inode, but later. Nothing where the file system does not say.
    identity: Option<(u64, u64, SystemTime)>,
    fanotify: Fanotify,
}

impl Kernel {
    /// Begins to listen, to no directory yet.
    pub(super) fn start() -> io::Result<Self> {
        drop(new_group()?);
        let shared = Arc::new(Shared {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            end: eventfd(0, EventfdFlags::CLOEXEC)?,
            seen: Mutex::default(),
        });
        let data = epoll::EventData::new_u64(END);
        epoll::add(&shared.epoll, &shared.end, data, epoll::EventFlags::IN)?;
        let listener = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("author".to_owned())
            .stack_size(256 * 1024)
            .spawn(move || listener.listen())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Listens to `directory` too, anew where it has been replaced. What has been seen in the same one
    /// stays known.
    pub(super) fn watch(&self, directory: &Path) -> io::Result<()> {
        let directory = directory.canonicalize()?;
        let metadata = directory.metadata()?;
        let born = metadata.created().ok();
        let identity = born.map(|born| (metadata.dev(), metadata.ino(), born));
        let mut seen = self.shared.seen();
        let mut known = seen.groups.iter().filter(|group| group.directory == directory);
        if identity.is_some() && known.any(|group| group.identity == identity) {
            return Ok(());
        }
        seen.groups.retain(|group| group.directory != directory);
        if seen.groups.len() >= MOST_GROUPS {
            return Err(io::Error::other("too many directories"));
        }
        let fanotify = new_group()?;
        let mask = MaskFlags::FAN_OPEN
            | MaskFlags::FAN_MODIFY
            | MaskFlags::FAN_CREATE
            | MaskFlags::FAN_DELETE
            | MaskFlags::FAN_MOVED_TO
            | MaskFlags::FAN_EVENT_ON_CHILD;
        let flags = MarkFlags::FAN_MARK_ADD | MarkFlags::FAN_MARK_ONLYDIR;
        fanotify.mark(flags, mask, rustix::fs::CWD, Some(&directory))?;
        seen.last_number += 1;
        let number = seen.last_number;
        let data = epoll::EventData::new_u64(number);
        epoll::add(&self.shared.epoll, &fanotify, data, epoll::EventFlags::IN)?;
        seen.groups.push(Group { number, directory, identity, fanotify });
        Ok(())
    }

    /// Listens to `directory` no more.
    pub(super) fn forget(&self, directory: &Path) {
        let real = directory.canonicalize();
        let directory = real.as_deref().unwrap_or(directory);
        // Closed, it is waited for no more.
        self.shared.seen().groups.retain(|group| group.directory != directory);
    }

    /// Who wrote `file` last, where that was not long before `written`.
    pub(super) fn who(&self, file: &Path, written: Instant) -> Option<Author> {
        let (parent, name) = (file.parent()?, file.file_name()?);
        let parent = parent.canonicalize().ok();
        let mut seen = self.shared.seen();
        let seen = &mut *seen;
        let group = seen
            .groups
            .iter()
            .find(|group| parent.as_ref().is_some_and(|parent| group.directory == *parent))?;
        // What the thread has not got around to.
        group.read(&mut seen.ring);
        // An id alone could be anybody's by now.
        let program = seen.ring.writer(group.number, name, written)?.program.as_ref()?;
        Some(Author {
            name: program.name.clone(),
            pid: Some(program.pid),
            certainty: Certainty::KernelEvent,
        })
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        // An event counter takes eight bytes and never blocks at 1.
        if rustix::io::write(&self.shared.end, &1_u64.to_ne_bytes()).is_ok()
            && let Some(thread) = self.thread.take()
        {
            thread.join().ok();
        }
    }
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(&self) {
        // It must be there before the writer has ended. Where that is not allowed, it most often is.
        rustix::process::nice(-10).ok();
        let mut events = [const { MaybeUninit::uninit() }; 16];
        loop {
            let ready = match epoll::wait(&self.epoll, &mut events, None) {
                Ok((ready, _)) => ready,
                Err(Errno::INTR) => continue,
                Err(_) => return,
            };
            let mut seen = self.seen();
            let seen = &mut *seen;
            for event in ready.iter() {
                let number = event.data.u64();
                if number == END {
                    return;
                }
                let Some(group) = seen.groups.iter().find(|group| group.number == number) else {
                    continue;
                };
                group.read(&mut seen.ring);
            }
        }
    }
}

impl Group {
    /// Takes what is there, without waiting for more.
    fn read(&self, ring: &mut Ring) {
        let mut buffer = [0; BUFFER];
        loop {
            match retry_on_intr(|| rustix::io::read(&self.fanotify, &mut buffer)) {
                Ok(0) | Err(_) => return,
                Ok(read) => {
                    let now = clock::monotonic();
                    for notice in notices(&buffer[..read]) {
                        self.take(ring, &notice, now);
                    }
                }
            }
        }
    }

    fn take(&self, ring: &mut Ring, notice: &Notice<'_>, now: Instant) {
        let mask = MaskFlags::from_bits_truncate(notice.mask);
        let written = MaskFlags::FAN_MODIFY
            | MaskFlags::FAN_CREATE
            | MaskFlags::FAN_DELETE
            | MaskFlags::FAN_MOVED_TO;
        // Several may come as one event.
        let act = if mask.intersects(written) { Act::Write } else { Act::Open };
        let is_ours = notice.pid == std::process::id();
        if let Some(name) = notice.name
            && notice.pid != 0
            && !is_ours
            && !ring.prolong(self.number, name, act, notice.pid, now)
        {
            ring.add(Sighting {
                directory: self.number,
                name: OsStr::to_owned(name),
                act,
                pid: notice.pid,
                program: notice.pidfd.and_then(|pidfd| program(notice.pid, pidfd)),
                at: now,
            });
        }
        if let Some(pidfd) = notice.pidfd {
            // It was opened for this event, and nobody else knows it.
            nix::unistd::close(pidfd).ok();
        }
    }
}

/// The program that runs as `pid`, if that is the process of `pidfd` still.
fn program(pid: u32, pidfd: i32) -> Option<Program> {
    let program = Program::of(pid)?;
    // Asked after it: as long as the process is there, its id is of no other.
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{pidfd}")).ok()?;
    let is = info.lines().find_map(|line| line.strip_prefix("Pid:"))?.trim();
    (is.parse() == Ok(pid)).then_some(program)
}

fn new_group() -> Result<Fanotify, nix::Error> {
    // The kernel tells a name and its directory instead of opening the file for us; `nix` has no
    // names for these two flags.
    let names = InitFlags::from_bits_retain(libc::FAN_REPORT_DIR_FID | libc::FAN_REPORT_NAME);
    let flags = InitFlags::FAN_CLASS_NOTIF
        | InitFlags::FAN_CLOEXEC
        | InitFlags::FAN_NONBLOCK
        | InitFlags::FAN_REPORT_PIDFD
        | names;
    Fanotify::init(flags, EventFFlags::O_RDONLY | EventFFlags::O_CLOEXEC)
}
