//! Stack for the deepest documents.
//!
//! Values nest up to 10,000 deep, and comparing, printing or dropping them recurses: 8 MiB in a
//! release build, which is all that most systems give the first thread. On Linux its stack grows
//! while it is used, up to a limit that the process may raise for itself. Elsewhere, or where the
//! system sets a lower bound, the work gets a thread of its own, which costs a start 0.2 ms.
//!
//! This module never decides what the work is.

use std::io;
use std::panic;

use crate::exit::Exit;

/// Reserved, and used only as far as the nesting goes. Linux keeps 128 MiB below the first stack
/// free of other memory, whatever the limit was when the program started.
const STACK_BYTES: usize = 64 << 20;

/// Does `work` where it may recurse as deep as a document nests. A panic ends with
/// [`Exit::Internal`]; whoever prints panics has done so.
///
/// # Errors
///
/// Where there is no such stack.
pub(crate) fn deep(work: fn() -> Exit) -> io::Result<Exit> {
    if first_stack_grows() {
        return Ok(panic::catch_unwind(work).unwrap_or(Exit::Internal));
    }
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(work)?;
    Ok(thread.join().unwrap_or(Exit::Internal))
}

/// Lets the stack of the first thread grow to [`STACK_BYTES`], where the system can.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn first_stack_grows() -> bool {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let wanted = STACK_BYTES as u64;
    let limit = getrlimit(Resource::Stack);
    INHERITED.get_or_init(|| limit);
    // No limit is as good as a high one.
    if limit.current.is_none_or(|current| current >= wanted) {
        return true;
    }
    setrlimit(Resource::Stack, Rlimit { current: Some(wanted), ..limit }).is_ok()
}

/// The limit that the program was started with.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
static INHERITED: std::sync::OnceLock<rustix::process::Rlimit> = std::sync::OnceLock::new();

/// Starts another program by `start`, with the limit that this one was started with: for what other
/// programs need, ours says nothing.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub(crate) fn as_inherited<T>(start: impl FnOnce() -> T) -> T {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let Some(inherited) = INHERITED.get() else { return start() };
    let own = getrlimit(Resource::Stack);
    // Where it fails the other program has more room than it asked for, or we have less.
    setrlimit(Resource::Stack, *inherited).ok();
    let started = start();
    setrlimit(Resource::Stack, own).ok();
    started
}

/// Starts another program by `start`.
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
pub(crate) fn as_inherited<T>(start: impl FnOnce() -> T) -> T {
    start()
}

/// Elsewhere the size of the first stack is settled before the program starts.
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
fn first_stack_grows() -> bool {
    false
}
