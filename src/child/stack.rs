//! The stack limit, which this process may raise for itself and does not pass on.
//!
//! A program that we start gets the limit that we were started with: what other programs need, ours
//! says nothing about.

use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limit that this process was started with, where it was raised since.
static INHERITED: OnceLock<Rlimit> = OnceLock::new();

/// Lets the stack of the first thread grow to `bytes`, which it does while it is used. False where the
/// system sets a lower bound, or settles the size before a program starts.
///
/// On 64-bit Linux 128 MiB below the first stack are free of other memory, whatever the limit was when
/// the program started; elsewhere nothing is raised.
#[must_use]
pub fn raise_stack_limit(bytes: u64) -> bool {
    if !cfg!(all(target_os = "linux", target_pointer_width = "64")) {
        return false;
    }
    let limit = getrlimit(Resource::Stack);
    // No limit is as good as a high one.
    if limit.current.is_none_or(|current| current >= bytes) {
        return true;
    }
    let is_raised = setrlimit(Resource::Stack, Rlimit { current: Some(bytes), ..limit }).is_ok();
    if is_raised {
        INHERITED.get_or_init(|| limit);
    }
    is_raised
}

/// Does `start` under the limit that this process was started with.
pub(super) fn as_inherited<T>(start: impl FnOnce() -> T) -> T {
    let Some(inherited) = INHERITED.get() else { return start() };
    let own = getrlimit(Resource::Stack);
    // Where it fails the other program has more room than it asked for, or we have less.
    setrlimit(Resource::Stack, *inherited).ok();
    let started = start();
    setrlimit(Resource::Stack, own).ok();
    started
}
