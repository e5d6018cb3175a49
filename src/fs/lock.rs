//! The lock that every writer of ours holds, from before the read until after the write.
//!
//! An advisory lock on a sidecar file, never on the config: a replaced file has a new identity, so a
//! lock on it would protect nothing. The kernel releases it when the holder dies. The sidecar is
//! never renamed or removed, and nothing planted under its name is followed or written to.
//!
//! It binds only those who ask for it. Writers that do not are found by comparison
//! ([`LockGuard::replace`]).
//!
//! A holder can hand it down to the programs that it starts ([`LockGuard::share`]): for them, and
//! for no others, it is free.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::backoff::{Backoff, Next, Wait};
use super::error::FsError;
use super::holder::{Held, Holder};
use super::inherited;
use super::moment::{Moment, reached};
use super::platform::{self, Directory};
use super::read::{self, Loaded};
use super::sweep;
use super::target::Target;
use super::turn::{self, Turns};

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
    pub(super) lock: Lock,
    pub(super) turns: Turns,
    leftovers: Vec<PathBuf>,
    pub(super) wait: Wait,
    pub(super) command: String,
}

/// Whose the lock is under which a guard stands.
#[derive(Debug)]
pub(super) enum Lock {
    /// Our own.
    Own(Locked),
    /// That of a process above us, which handed it down. The file is the sidecar, opened by us and
    /// not locked by us: what we do with it neither releases the lock nor says anything to people.
    HandedDown(File),
}

impl LockGuard {
    /// Locks the file; it need not exist yet, its directory must.
    ///
    /// What dead processes have left beside it is swept, and a torn file restored. `command` is
    /// shown to those who wait: the name of a command, never its arguments.
    ///
    /// Where a process that started us holds the lock and has [shared](Self::share) it, we are under
    /// it too, and wait only for others in the same position.
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
            let file = LockFile::main(&target);
            let (mut lock, mut turns) = match file.lock(&directory, &target, &mut backoff)? {
                Taken::Lock(locked) => (Lock::Own(locked), Turns::Alone),
                Taken::Replaced => continue,
                Taken::HandedDown(sidecar) => {
                    let turn = LockFile::turn(&target);
                    match turn.lock(&directory, &target, &mut backoff)? {
                        Taken::Lock(turn) => (Lock::HandedDown(sidecar), Turns::Always(turn)),
                        Taken::HandedDown(_) | Taken::Replaced => continue,
                    }
                }
            };
            // A link may have been pointed elsewhere while we waited.
            let now = Target::resolve(target.named()).map_err(LockError::Resolve)?;
            if now != target {
                target = now;
                continue;
            }
            match (&mut lock, &mut turns) {
                (Lock::Own(locked), _) => {
                    locked.record(command);
                    turn::remove(&directory, &target);
                }
                (_, Turns::Always(locked)) => locked.record(command),
                (Lock::HandedDown(_), _) => {}
            }
            sweep::sweep_links(&target);
            let leftovers = sweep::sweep(&directory, &target)
                .map_err(|source| LockError::Recover { path: target.path().to_owned(), source })?;
            return Ok(Self {
                target,
                directory,
                lock,
                turns,
                leftovers,
                wait,
                command: command.to_owned(),
            });
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

/// A lock file while it is locked by us.
#[derive(Debug)]
pub(super) struct Locked {
    pub(super) file: File,
}

impl Locked {
    /// Writes down who we are.
    pub(super) fn record(&mut self, command: &str) {
        // A courtesy to those who wait. On a full disk it fails, and must not stop recovery.
        Holder::me(command).record(&mut self.file).ok();
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // The next holder is not us.
        self.file.set_len(0).ok();
        // Not left to the closing of the file: a child that another thread has just started shares
        // it until it runs its program, and would hold the lock for as long; a program that it was
        // handed down to may stay for ever. Where it fails the closing unlocks.
        fs2::FileExt::unlock(&self.file).ok();
    }
}

/// A lock file beside the config.
pub(super) struct LockFile {
    name: OsString,
    path: PathBuf,
    /// Whether a lock that was handed down counts.
    inheritance: Inheritance,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inheritance {
    Counts,
    CountsNot,
}

/// What came of a lock file.
pub(super) enum Taken {
    /// It is locked by us.
    Lock(Locked),
    /// A process above us has locked it for us too.
    HandedDown(File),
    /// It is not the one under its name any more: others lock another file.
    Replaced,
}

impl LockFile {
    /// The one that every writer locks.
    fn main(target: &Target) -> Self {
        let (name, path) = (target.sidecars().lock(), target.lock_path());
        Self { name, path, inheritance: Inheritance::Counts }
    }

    /// The one among those who share the first.
    pub(super) fn turn(target: &Target) -> Self {
        let name = target.sidecars().turn();
        let path = target.directory().join(&name);
        Self { name, path, inheritance: Inheritance::CountsNot }
    }

    /// Opens and locks it.
    pub(super) fn lock(
        &self,
        directory: &Directory,
        target: &Target,
        backoff: &mut Backoff,
    ) -> Result<Taken, LockError> {
        let path = &self.path;
        let mut file = open_sidecar(directory, &self.name, path)?;
        let mut inheritance = self.inheritance;
        let taken = loop {
            let tried =
                reached(Moment::BeforeLock).and_then(|()| fs2::FileExt::try_lock_exclusive(&file));
            match tried {
                Ok(()) => break Taken::Lock(Locked { file }),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error)
                    if error.raw_os_error() == fs2::lock_contended_error().raw_os_error() =>
                {
                    // Once: what this process was started with does not change.
                    if inheritance == Inheritance::Counts && inherited::is_locked_for_us(&file) {
                        break Taken::HandedDown(file);
                    }
                    inheritance = Inheritance::CountsNot;
                    if backoff.pause() == Next::GiveUp {
                        return Err(LockError::TimedOut {
                            path: target.path().to_owned(),
                            waited: backoff.waited(),
                            holder: Holder::read(&mut file),
                        });
                    }
                }
                Err(source) if platform::has_no_locks(&source) => {
                    return Err(LockError::Unsupported { path: path.clone(), source });
                }
                Err(error) => return Err(LockError::io("lock", path)(error)),
            }
        };
        // Somebody may have removed the file, or moved the directory. Then others lock another
        // file, and this lock excludes nobody.
        let file = match &taken {
            Taken::Lock(locked) => &locked.file,
            Taken::HandedDown(file) => file,
            Taken::Replaced => return Ok(taken),
        };
        let current = is_under(file, path).map_err(LockError::io("look at", path))?;
        Ok(if current { taken } else { Taken::Replaced })
    }
}

/// Whether an open file is the one under a name.
pub(super) fn is_under(file: &File, path: &Path) -> io::Result<bool> {
    let held = platform::identity(&file.metadata()?);
    let there = match std::fs::symlink_metadata(path) {
        Ok(there) => platform::identity(&there),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    Ok((held.device, held.inode) == (there.device, there.inode))
}

fn open_sidecar(directory: &Directory, name: &OsStr, path: &Path) -> Result<File, LockError> {
    let untrusted = |reason| LockError::Untrusted { path: path.to_owned(), reason };
    for _ in 0..MOST_TURNS {
        // Opened before it is created, since creation fails on files of others in a shared
        // directory (`fs.protected_regular`), also where opening is allowed.
        match directory.open_to_write(name) {
            Ok(file) => {
                let trust = directory.trusts(&file).map_err(LockError::io("look at", path))?;
                return match trust {
                    Ok(()) => Ok(file),
                    Err(reason) => Err(untrusted(reason)),
                };
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if platform::is_link_loop(&error) => {
                return Err(untrusted("is a symbolic link"));
            }
            Err(error)
                if error.kind() == io::ErrorKind::IsADirectory
                    || platform::is_not_openable(&error) =>
            {
                return Err(untrusted("is not a regular file"));
            }
            Err(error) => return Err(LockError::io("open the lock file", path)(error)),
        }
        match directory.create_new(name) {
            Ok(file) => {
                platform::make_private(&file)
                    .and_then(|()| directory.hand_over(&file))
                    .map_err(LockError::io("set the owner of the lock file", path))?;
                return Ok(file);
            }
            // Another process was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(LockError::io("create the lock file", path)(error)),
        }
    }
    Err(untrusted("appears and disappears"))
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
