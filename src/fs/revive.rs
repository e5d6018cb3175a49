//! What a lock is worth after somebody has removed its file or its directory.
//!
//! The lock lives on in the removed file and excludes nobody any more, since others find another
//! file, or none, under the name. Comparison before a write still protects ([`LockGuard::replace`]),
//! but not from a writer of ours.

use super::backoff::Wait;
use super::error::FsError;
use super::lock::{Lock, LockError, LockGuard, is_under};
use super::state;
use super::target::Target;

impl LockGuard {
    /// Whether the lock still excludes others: its file is the one under its name.
    ///
    /// False where the file, or the directory it lies in, was removed or replaced, and where nobody
    /// can tell.
    #[must_use]
    pub fn is_current(&self) -> bool {
        let file = match &self.lock {
            Lock::Own(locked) => &locked.file,
            Lock::HandedDown(file) => file,
        };
        is_under(file, &self.target().lock_path()).unwrap_or(false)
    }

    /// Locks the file again under its name, after this guard is [no longer current](Self::is_current).
    ///
    /// Its directory is created again where it is gone, with the owner, access lists and mode that it
    /// had; where they cannot be given to it, it stays private. One that is there is left as it is.
    /// The path is looked up anew, so it is behind a symbolic link only where one stands there now.
    ///
    /// The new lock is not shared: programs that run under this guard wait for it like any other.
    ///
    /// # Errors
    ///
    /// As [`Self::acquire`], and where the directory cannot be created.
    pub fn revive(&self, wait: Wait) -> Result<Self, LockError> {
        let directory = self.open_directory();
        let path = directory.path();
        if let Some(parent) = path.parent() {
            state::create_private_directory(parent).map_err(LockError::Resolve)?;
        }
        directory.create_again().map_err(|error| {
            LockError::Resolve(FsError::io("create again the directory", path)(error))
        })?;
        let target = Target::resolve(self.target().named()).map_err(LockError::Resolve)?;
        Self::acquire(target, wait, &self.command)
    }
}
