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

use confwarden::child::raise_stack_limit;

use crate::exit::Exit;

/// Reserved, and used only as far as the nesting goes.
const STACK_BYTES: usize = 64 << 20;

/// Does `work` where it may recurse as deep as a document nests. A panic ends with
/// [`Exit::Internal`]; whoever prints panics has done so.
///
/// # Errors
///
/// Where there is no such stack.
pub(crate) fn deep(work: fn() -> Exit) -> io::Result<Exit> {
    if raise_stack_limit(STACK_BYTES as u64) {
        return Ok(panic::catch_unwind(work).unwrap_or(Exit::Internal));
    }
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(work)?;
    Ok(thread.join().unwrap_or(Exit::Internal))
}
