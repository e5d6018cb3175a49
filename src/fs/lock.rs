//! The lock that every writer of ours holds, from before the read until after the write.
//!
//! An advisory lock on a sidecar file, never on the config: a replaced file has a new identity, so a
//! lock on it would protect nothing. The kernel releases it when the holder dies. The sidecar is
//! never renamed or removed, and nothing planted under its name is followed or written to.
//!
//! It binds only those who ask for it. Writers that do not are found by comparison
//! ([`LockGuard::replace`]).

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::backoff::{Backoff, Next, Wait};
use super::error::FsError;
use super::holder::{Held, Holder};
use super::moment::{Moment, reached};
use super::platform::{self, Directory};
use super::read::{self, Loaded};
use super::sweep;
use super::target::Target;

/// How often the path may lead elsewhere by the time it is locked.
const MOST_TURNS: usize = 16;

/// A lock was not obtained.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Somebody else held it for as long as we waited.
    #[error("could not lock `{}`{}{}", path.display(), after(*waited), held_by(holder.as_ref()))]
    TimedOut {
        /// The file to be locked.
        path: PathBuf,
        /// How long it was waited for; zero for [`Wait::No`].
        waited: Duration,
        /// Who holds it, where that is known.
        holder: Option<Holder>,
    },
    /// The file system has no working locks.
    #[error("could not lock `{}`: its file system has no locks", path.display())]
    Unsupported {
        /// The lock file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Something is in the lock file's place that we did not create.
    #[error("could not use the lock file `{}`: it {reason}", path.display())]
    Untrusted {
        /// The lock file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A system call failed.
    #[error("could not {action} `{}`", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The failure.
        #[source]
        source: io::Error,
    },
    /// The file to be locked could not be found.
    #[error("could not find the file to lock")]
    Resolve(#[source] FsError),
    /// What a dead process left could not be recovered; the file may be torn.
    #[error("could not recover what an earlier write of `{}` left", path.display())]
    Recover {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: FsError,
    },
}

impl LockError {
    /// For `map_err`: the failure of `action` on `path`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}

fn after(waited: Duration) -> String {
    if waited.is_zero() { String::new() } else { format!(" within {:.1} s", waited.as_secs_f64()) }
}

fn held_by(holder: Option<&Holder>) -> String {
    match holder {
        Some(holder) => format!(": {holder} holds it"),
        None => ": another process holds it".to_owned(),
    }
}

/// The exclusive right among our writers to replace one file.
#[derive(Debug)]
#[must_use = "the lock is released as soon as the guard is dropped"]
pub struct LockGuard {
    target: Target,
    directory: Directory,
    _locked: Locked,
    leftovers: Vec<PathBuf>,
}

impl LockGuard {
    /// Locks the file; it need not exist yet, its directory must.
    ///
    /// What dead processes have left beside it is swept, and a torn file restored. `command` is
    /// shown to those who wait: the name of a command, never its arguments.
    ///
    /// # Errors
    ///
    /// [`LockError::TimedOut`] if somebody else holds it; the others mean that it cannot be locked.
    pub fn acquire(target: Target, wait: Wait, command: &str) -> Result<Self, LockError> {
        let mut backoff = Backoff::new(wait);
        let mut target = target;
        for _ in 0..MOST_TURNS {
            let directory = Directory::open(target.directory())
                .map_err(LockError::io("open the directory", target.directory()))?;
            let Some(mut lock) = lock_sidecar(&directory, &target, &mut backoff)? else {
                continue;
            };
            // A link may have been pointed elsewhere while we waited.
            let now = Target::resolve(target.named()).map_err(LockError::Resolve)?;
            if now != target {
                target = now;
                continue;
            }
            // A courtesy to those who wait. On a full disk it fails, and must not stop recovery.
            Holder::me(command).record(&mut lock.file).ok();
            let leftovers = sweep::sweep(&directory, &target)
                .map_err(|source| LockError::Recover { path: target.path().to_owned(), source })?;
            return Ok(Self { target, directory, _locked: lock, leftovers });
        }
        Err(LockError::TimedOut {
            path: target.path().to_owned(),
            waited: backoff.waited(),
            holder: None,
        })
    }

    /// Who holds the lock of `target`, by what the holder wrote into it. The lock itself is not asked
    /// for, which would disturb those who are.
    #[must_use]
    pub fn held(target: &Target) -> Held {
        let holder = Directory::open(target.directory())
            .and_then(|directory| directory.open_to_read(&target.sidecars().lock()))
            .ok()
            .and_then(|mut file| Holder::read(&mut file));
        holder.map_or(Held::No, |holder| Held::By(Some(holder)))
    }

    /// The file that is locked.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Files beside the config that may hold somebody's only copy of a change: versions that were
    /// displaced while a process died, or a journal that does not fit the file. Sorted.
    #[must_use]
    pub fn leftovers(&self) -> &[PathBuf] {
        &self.leftovers
    }

    /// Reads the locked file. `None` if it does not exist, and only then.
    ///
    /// # Errors
    ///
    /// As [`read`](super::read()).
    pub fn read(&self) -> Result<Option<Loaded>, FsError> {
        Ok(read::contents(&self.directory, &self.target)?.map(Loaded::from))
    }

    pub(super) fn open_directory(&self) -> &Directory {
        &self.directory
    }
}

/// A sidecar file while it is locked.
#[derive(Debug)]
struct Locked {
    file: File,
}

impl Drop for Locked {
    fn drop(&mut self) {
        // The next holder is not us.
        self.file.set_len(0).ok();
        // Not left to the closing of the file: a child that another thread has just started shares
        // it until it runs its program, and would hold the lock for as long. Where it fails the
        // closing unlocks.
        fs2::FileExt::unlock(&self.file).ok();
    }
}

/// Opens and locks the sidecar file. `None` if it is not the one under its name any more.
fn lock_sidecar(
    directory: &Directory,
    target: &Target,
    backoff: &mut Backoff,
) -> Result<Option<Locked>, LockError> {
    let path = target.lock_path();
    let mut file = open_sidecar(directory, target)?;
    loop {
        let tried =
            reached(Moment::BeforeLock).and_then(|()| fs2::FileExt::try_lock_exclusive(&file));
        match tried {
            Ok(()) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.raw_os_error() == fs2::lock_contended_error().raw_os_error() => {
                if backoff.pause() == Next::GiveUp {
                    return Err(LockError::TimedOut {
                        path: target.path().to_owned(),
                        waited: backoff.waited(),
                        holder: Holder::read(&mut file),
                    });
                }
            }
            Err(source) if platform::has_no_locks(&source) => {
                return Err(LockError::Unsupported { path, source });
            }
            Err(error) => return Err(LockError::io("lock", &path)(error)),
        }
    }
    // Somebody may have removed the file, or moved the directory. Then others lock another file,
    // and this lock excludes nobody.
    let lock = Locked { file };
    let locked = lock.file.metadata().map_err(LockError::io("look at", &path))?;
    let there = match std::fs::symlink_metadata(&path) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(LockError::io("look at", &path)(error)),
    };
    let (locked, there) = (platform::identity(&locked), platform::identity(&there));
    let same = (locked.device, locked.inode) == (there.device, there.inode);
    Ok(same.then_some(lock))
}

fn open_sidecar(directory: &Directory, target: &Target) -> Result<File, LockError> {
    let path = target.lock_path();
    let name = target.sidecars().lock();
    for _ in 0..MOST_TURNS {
        // Opened before it is created, since creation fails on files of others in a shared
        // directory (`fs.protected_regular`), also where opening is allowed.
        match directory.open_to_write(&name) {
            Ok(file) => {
                let trust = directory.trusts(&file).map_err(LockError::io("look at", &path))?;
                return match trust {
                    Ok(()) => Ok(file),
                    Err(reason) => Err(LockError::Untrusted { path, reason }),
                };
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if platform::is_link_loop(&error) => {
                let reason = "is a symbolic link";
                return Err(LockError::Untrusted { path, reason });
            }
            Err(error)
                if error.kind() == io::ErrorKind::IsADirectory
                    || platform::is_not_openable(&error) =>
            {
                let reason = "is not a regular file";
                return Err(LockError::Untrusted { path, reason });
            }
            Err(error) => return Err(LockError::io("open the lock file", &path)(error)),
        }
        match directory.create_new(&name) {
            Ok(file) => {
                platform::make_private(&file)
                    .and_then(|()| directory.hand_over(&file))
                    .map_err(LockError::io("set the owner of the lock file", &path))?;
                return Ok(file);
            }
            // Another process was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(LockError::io("create the lock file", &path)(error)),
        }
    }
    let reason = "appears and disappears";
    Err(LockError::Untrusted { path, reason })
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
