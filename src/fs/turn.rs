//! Turns among those who share one lock: the guard of a program, and what runs inside the program.
//!
//! All of them hold the lock, so it keeps none of them from writing while another does. A second
//! lock file does, for as long as a write takes. It is there only while a lock is shared, and gone
//! when the one who shared it is done; where that one was killed, with the next who takes the lock.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::backoff::{Backoff, Wait};
use super::lock::{Lock, LockError, LockFile, LockGuard, Locked, Taken};
use super::platform::{self, Directory};
use super::target::Target;

/// How often the file may be replaced by the time it is locked.
const MOST_TRIES: usize = 16;

/// When a guard has its turn.
#[derive(Debug)]
pub(super) enum Turns {
    /// Nobody else is under its lock.
    Alone,
    /// From its first to its last moment.
    Always(Locked),
    /// When it writes.
    ToWrite(Mutex<Weak<Locked>>),
}

/// The right to write, among those who share a lock. Given back when it is dropped.
#[derive(Debug)]
#[must_use = "the turn is over as soon as it is dropped"]
pub struct Turn {
    _locked: Option<Arc<Locked>>,
}

impl LockGuard {
    /// Hands the lock down to the programs that this process starts from now on, and to those that
    /// they start. A `confwarden` among them is under the lock, too, and need not wait for us.
    ///
    /// They share the lock itself, not a name for it: nothing that others can say or set helps them.
    /// It ends with this guard, also where one of them still runs. Where this process is killed, it
    /// ends with the last of them.
    ///
    /// From now on this guard takes a [turn](Self::turn) for each write.
    ///
    /// # Errors
    ///
    /// [`LockError::Io`]; the lock is as it was.
    pub fn share(&mut self) -> Result<(), LockError> {
        match &self.lock {
            Lock::Own(locked) => platform::hand_down(&locked.file)
                .map_err(LockError::io("hand down the lock file", &self.target().lock_path()))?,
            // What was handed down to us goes on to those that we start.
            Lock::HandedDown(_) => {}
        }
        self.turns = Turns::ToWrite(Mutex::default());
        Ok(())
    }

    /// Keeps others under the same lock from writing, until it is dropped. Waits for them as long as
    /// the lock itself was to be waited for.
    ///
    /// Each write of a shared guard takes a turn of its own. This is for more than one write, and to
    /// be taken before any further lock, such as the gateway's: those in the program take theirs in
    /// this order. A guard that is not shared always has its turn.
    ///
    /// # Errors
    ///
    /// [`LockError::TimedOut`] with the one who has the turn, else as [`Self::acquire`].
    pub fn turn(&self) -> Result<Turn, LockError> {
        let Turns::ToWrite(taken) = &self.turns else { return Ok(Turn { _locked: None }) };
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(locked) = taken.upgrade() {
            return Ok(Turn { _locked: Some(locked) });
        }
        let mut backoff = Backoff::new(self.wait);
        let file = LockFile::turn(self.target());
        for _ in 0..MOST_TRIES {
            let turn = file.lock(self.open_directory(), self.target(), &mut backoff)?;
            if let Taken::Lock(mut locked) = turn {
                locked.record(&self.command);
                let locked = Arc::new(locked);
                *taken = Arc::downgrade(&locked);
                return Ok(Turn { _locked: Some(locked) });
            }
        }
        Err(LockError::TimedOut {
            path: self.target().path().to_owned(),
            waited: backoff.waited(),
            holder: None,
        })
    }
}

impl Drop for LockGuard {
    fn drop(&mut self) {
        if let (Lock::Own(_), Turns::ToWrite(_)) = (&self.lock, &self.turns) {
            remove(self.open_directory(), self.target());
        }
    }
}

/// Removes the file, for the one who has the lock itself and shares it with nobody: its own, or that
/// of a guard that was killed. Where somebody has a turn still, it stays for the next.
///
/// Whoever waits for a turn finds out that the file is another one.
pub(super) fn remove(directory: &Directory, target: &Target) {
    let name = target.sidecars().turn();
    // Locking it would make it.
    if directory.open_to_read(&name).is_ok()
        && let Ok(Taken::Lock(_locked)) =
            LockFile::turn(target).lock(directory, target, &mut Backoff::new(Wait::No))
    {
        directory.remove(&name).ok();
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
