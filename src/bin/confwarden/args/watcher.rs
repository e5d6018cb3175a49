//! Arguments of the commands about the watcher.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use confwarden::event::Since;
use confwarden::profile::EventName;

use super::duration;

/// Show what the watcher saw and did
///
/// One line an event, oldest first; with `--output json` the events themselves, one JSON object a line
/// in the shape of `schemas/event.v1.schema.json`. It reads the log, so no watcher need run.
#[derive(Args)]
pub(crate) struct EventsArgs {
    /// Wait for further events, and print each as it comes
    #[arg(long, short)]
    pub(crate) follow: bool,

    /// Only events behind this one: its number, how long ago (`10m`), or a time (RFC 3339, in UTC)
    #[arg(long, value_name = "SINCE")]
    pub(crate) since: Option<Since>,

    /// Only the latest N of them; with `--follow`, before it begins to wait
    #[arg(long, short = 'n', value_name = "N")]
    pub(crate) limit: Option<usize>,

    /// Only events of this kind; may be given more than once
    #[arg(long = "kind", value_name = "KIND", value_parser = kind)]
    pub(crate) kinds: Vec<EventName>,
}

/// Guard the configuration in the background
///
/// Whoever writes: a token that was dropped or replaced is back before the gateway looks, a text that
/// cannot be read is set aside, comments are dressed on again when the writer is done. Everything else
/// of the change stays. It runs until SIGTERM or SIGINT; SIGHUP reads the profile anew.
#[derive(Args)]
pub(crate) struct WatchArgs {
    /// The files to guard [default: the configuration that every command is about]
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// Judge and put right what is there, comments too, and end: at boot, in a container
    ///
    /// Ends with 3 where damage is left that nothing puts right.
    #[arg(long)]
    pub(crate) once: bool,

    /// Let stand what this rule finds; may be given more than once
    #[arg(long, value_name = "RULE")]
    pub(crate) allow: Vec<String>,
}

/// Wait until the configuration is at rest, or the gateway has taken it
///
/// `stable`: a running watcher has seen everything that happened, nobody writes, nothing is due and
/// nobody fights over it. `reloaded`: the gateway that runs has what stands in the file, as far as it can
/// say that itself, and is ready. Without a watcher `stable` means: the file parses, is what the last record ended in, was not
/// touched for 600 ms, and nobody holds a lock of it. Ends with code 5 where that does not come in
/// time, and says what it waited for.
#[derive(Args)]
pub(crate) struct WaitArgs {
    /// What is waited for
    #[arg(long = "for", value_name = "WHAT", value_enum)]
    pub(crate) what: Awaited,

    /// How long to wait at most, such as `5s`
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub(crate) timeout: Duration,
}

/// What is waited for.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Awaited {
    /// The file is at rest.
    Stable,
    /// The gateway has taken it.
    Reloaded,
}

/// Reads the name of a kind.
fn kind(text: &str) -> Result<EventName, String> {
    EventName::ALL.into_iter().find(|name| name.as_str() == text).ok_or_else(|| {
        let names: Vec<&str> = EventName::ALL.iter().map(|name| name.as_str()).collect();
        format!("the kinds are `{}`", names.join("`, `"))
    })
}
