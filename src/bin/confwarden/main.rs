//! The command line of confwarden.
//!
//! This binary never holds a rule, an edit or a write: it turns arguments into a request to the
//! library, and what comes back into text or JSON and an exit code.

mod args;
mod commands;
mod error;
mod exit;
mod output;
mod service;
mod settings;
mod stack;
mod usage;

use std::process::ExitCode;

fn main() -> ExitCode {
    output::quiet_panics();
    stack::deep(commands::run).unwrap_or_else(|error| output::no_thread(&error)).into()
}
