//! The command line of confwarden.
//!
//! This binary never holds a rule, an edit or a write: it turns arguments into a request to the
//! library, and what comes back into text or JSON and an exit code.

mod args;
mod commands;
mod error;
mod exit;
mod output;
mod settings;
mod usage;

use std::process::ExitCode;

use exit::Exit;

/// Values nest up to 10,000 deep, and comparing or printing them recurses. The memory is reserved,
/// and used only as far as the nesting goes.
const STACK_BYTES: usize = 256 << 20;

fn main() -> ExitCode {
    output::quiet_panics();
    let work = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(commands::run);
    match work.map(std::thread::JoinHandle::join) {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(_)) => Exit::Internal.into(),
        Err(error) => output::no_thread(&error).into(),
    }
}
