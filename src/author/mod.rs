//! Who wrote a file, as far as it can be told from outside, and how certain that is.
//!
//! The kernel's own word comes first (fanotify, for a privileged process), then the process in the
//! gateway's lock, then the processes that run: who has the file open to write, who was started just
//! then and names it. Where none of it says anything, the author is unknown.
//!
//! It promises that an answer takes milliseconds and never fails, that a process is named only
//! together with its start time, so that nobody is blamed who merely got the id of another, and that
//! nothing of a program but its name leaves this module: arguments may hold secrets.
//!
//! It never writes, never keeps a writer waiting, and never opens a guarded file.
//!
//! # Limits
//!
//! The layers beyond the lock exist on Linux only. Without the right to use fanotify a writer that
//! has ended before the question, such as `sed -i`, is most often unknown; its shell may still run
//! and be named. A write through a mapping of the file into memory is not seen by the kernel's layer.

#![expect(clippy::disallowed_methods, reason = "reads `/proc`, which holds no file of anybody")]

mod inquiry;
#[cfg(target_os = "linux")]
mod kernel;
#[cfg(target_os = "linux")]
mod notice;
#[cfg(target_os = "linux")]
mod program;
#[cfg(target_os = "linux")]
mod scan;
#[cfg(target_os = "linux")]
mod sighting;

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

pub use inquiry::Inquiry;

use crate::fs::Held;
use crate::history::{Author, Certainty};

/// Looks out for the authors of writes in some directories.
#[derive(Debug)]
pub struct Witness {
    writers: Arc<[String]>,
    #[cfg(target_os = "linux")]
    kernel: Option<kernel::Kernel>,
}

/// What tells of the writers in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Testimony {
    /// The kernel, as they write.
    Kernel,
    /// The list of processes, once somebody asks.
    Processes,
}

impl Witness {
    /// Looks out in `directories`. Starts a thread where the kernel tells of writers; it sleeps until
    /// one of the directories is used, and ends with the witness.
    #[must_use]
    pub fn new<D: AsRef<Path>>(directories: impl IntoIterator<Item = D>) -> Self {
        let witness = Self {
            writers: Arc::default(),
            #[cfg(target_os = "linux")]
            kernel: kernel::Kernel::start().ok(),
        };
        for directory in directories {
            witness.watch(directory.as_ref());
        }
        witness
    }

    /// A witness that is told nothing by the kernel, as one without the right to it.
    #[must_use]
    pub fn unprivileged() -> Self {
        Self {
            writers: Arc::default(),
            #[cfg(target_os = "linux")]
            kernel: None,
        }
    }

    /// Programs that are known to write such files, by name: one of them that was started just
    /// before a write is taken for its author, whatever its arguments are.
    #[must_use]
    pub fn knowing(mut self, writers: &[String]) -> Self {
        self.writers = writers.into();
        self
    }

    /// Looks out in `directory` from now on, and says how. To be called again where it may have been
    /// replaced by another; that it was not costs and changes nothing.
    #[expect(clippy::must_use_candidate, reason = "most callers do not care how")]
    pub fn watch(&self, directory: &Path) -> Testimony {
        #[cfg(target_os = "linux")]
        if let Some(kernel) = &self.kernel
            && kernel.watch(directory).is_ok()
        {
            return Testimony::Kernel;
        }
        #[cfg(not(target_os = "linux"))]
        let _ = directory;
        Testimony::Processes
    }

    /// Looks out in `directory` no more.
    pub fn forget(&self, directory: &Path) {
        #[cfg(target_os = "linux")]
        if let Some(kernel) = &self.kernel {
            kernel.forget(directory);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = directory;
    }

    /// Who made the write of `file` that was last seen at `written`, the sooner asked the better;
    /// `lock` is who held the gateway's own lock then. `file` is the one that is meant, not a link to it.
    ///
    /// This process is never the answer: what it did itself, its caller knows.
    #[must_use]
    pub fn who(&self, file: &Path, written: Instant, lock: &Held) -> Author {
        self.ask(file, written, lock).author().clone()
    }

    /// Whether one of the known writers was started in the last ten seconds: it may have read the file,
    /// and be about to write it. Where that cannot be seen, nobody is.
    #[must_use]
    pub fn sees_a_writer_at_work(&self) -> bool {
        #[cfg(target_os = "linux")]
        return scan::is_one_at_work(&self.writers);
        #[cfg(not(target_os = "linux"))]
        false
    }

    /// As [`Witness::who`], without waiting for the answer.
    #[must_use]
    pub fn ask(&self, file: &Path, written: Instant, lock: &Held) -> Inquiry {
        #[cfg(target_os = "linux")]
        if let Some(author) = self.kernel.as_ref().and_then(|kernel| kernel.who(file, written)) {
            return Inquiry::known(author);
        }
        if let Some(author) = lock_holder(lock) {
            return Inquiry::known(author);
        }
        #[cfg(target_os = "linux")]
        {
            let (file, writers) = (file.to_owned(), Arc::clone(&self.writers));
            Inquiry::begin(move || scan::scan(&file, written, &writers))
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = (file, written, &self.writers);
            Inquiry::known(Author::unknown())
        }
    }
}

/// The process in the lock, unless it is this one.
fn lock_holder(lock: &Held) -> Option<Author> {
    let Held::By(Some(holder)) = lock else { return None };
    if holder.pid == std::process::id() {
        return None;
    }
    #[cfg(target_os = "linux")]
    let name = program::Program::of(holder.pid)
        .filter(|program| holder.started.is_none_or(|started| started == program.started))
        .map(|program| program.name);
    #[cfg(not(target_os = "linux"))]
    let name = None;
    Some(Author {
        name: name.unwrap_or_else(|| holder.command.clone()),
        pid: Some(holder.pid),
        certainty: Certainty::LockHolder,
    })
}
