//! The moments of a write at which a process may die, a disk fill up, or another writer be faster.
//!
//! Outside of unit tests [`reached`] is nothing. In them it can fail the step that comes next, write
//! to the file behind our back, or kill the process.

use std::io;

/// A moment of a write, from its lock to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Moment {
    BeforeLock,
    DuringRead,
    BeforeWrite,
    BeforeAttributes,
    BeforeSync,
    BeforeCompare,
    BeforeSwapName,
    BeforeExchange,
    BeforeVerify,
    BeforePutBack,
    BeforeRemove,
    BeforeRename,
    BeforeDirectorySync,
    BeforeJournal,
    BeforeInPlace,
    InsideInPlace,
    BeforeInPlaceSync,
    BeforeJournalRemove,
}

#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "in tests it can fail")]
#[inline]
pub(super) const fn reached(_: Moment) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
pub(super) use hook::{hook, reached};

#[cfg(test)]
mod hook {
    use super::{Moment, io};
    use std::cell::RefCell;

    type Hook = Box<dyn FnMut(Moment) -> io::Result<()>>;

    thread_local! {
        static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
    }

    /// Removes the hook when the test is done.
    #[must_use]
    pub(in crate::fs) struct Hooked;

    impl Drop for Hooked {
        fn drop(&mut self) {
            HOOK.with_borrow_mut(|slot| *slot = None);
        }
    }

    /// Calls `hook` at each moment of this thread's writes.
    pub(in crate::fs) fn hook(hook: impl FnMut(Moment) -> io::Result<()> + 'static) -> Hooked {
        HOOK.with_borrow_mut(|slot| *slot = Some(Box::new(hook)));
        Hooked
    }

    pub(in crate::fs) fn reached(moment: Moment) -> io::Result<()> {
        // Taken out while it runs: a hook may itself write.
        let Some(mut hook) = HOOK.with_borrow_mut(Option::take) else {
            return Ok(());
        };
        let outcome = hook(moment);
        HOOK.with_borrow_mut(|slot| *slot = Some(hook));
        outcome
    }
}
