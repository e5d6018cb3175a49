//! What may be typed: the command line and its help.
//!
//! This module never gives a meaning to what was typed; [`crate::settings`] and the commands do.
//! Nothing here derives `Debug`: arguments may be secrets.

mod check;
mod past;
mod watcher;
mod write;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use confwarden::doc::KeyPath;

pub(crate) use check::{CheckArgs, Threshold};
pub(crate) use past::{AcceptArgs, HistoryArgs, HistoryCommand, IdentityArgs, RestoreArgs};
pub(crate) use watcher::{Awaited, EventsArgs, WaitArgs, WatchArgs};
pub(crate) use write::{
    ApplyArgs, CancelArgs, ConfirmArgs, ConfirmDepth, EditArgs, ExecArgs, MvArgs, PatchArgs,
    PendingArgs, SetArgs, UnsetArgs, WriteArgs,
};

const ABOUT: &str = "Guards the configuration file of a running gateway";

const EXIT_CODES: &str = "\
Paths:
  gateway.auth.token              a key in a key
  agents.list[0].id               an element by its index
  agents.list[id=main].model      an element by its id
  tools.deny[+]                   the place after the last element
  channels[\"a.b\"].x               a key with odd characters
  .                               the whole configuration

Exit codes:
  0 ok          done, or nothing to do
  1 findings    `check` found something at or above its threshold
  2 usage       wrong arguments
  3 refused     a rule refused the write; the file is as it was
  4 invalid     the input, the file or the path is no good; nothing was written
  5 locked      a lock was not obtained in time, or `wait` waited in vain
  6 conflict    the same path changed underneath; nothing was written
  7 rolled-back the gateway did not stand the change, or it was confirmed too late: it was undone
  8 incomplete  visible, but its durability, its roll-back, or what the gateway made of it is unsure:
                a person must look
  9 setup       a file, profile or file system cannot be used
  70 internal   a bug

Data goes to standard output, everything else to standard error.";

/// The whole command line.
#[derive(Parser)]
#[command(
    name = "confwarden",
    version,
    about = ABOUT,
    after_help = EXIT_CODES,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command takes.
#[derive(Args, Clone)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// The configuration file [default: where the profile's gateway looks for it]
    ///
    /// For OpenClaw: `OPENCLAW_CONFIG_PATH`, else `openclaw.json` in `OPENCLAW_STATE_DIR`, else in
    /// `~/.openclaw`. A file that ends in `.toml` is TOML, every other one is JSON5, JSONC or JSON.
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) config: Option<PathBuf>,

    /// What is known of the gateway: `openclaw`, `generic`, or a profile file
    ///
    /// Without it: `generic` where the configuration is TOML, else `openclaw`, which knows the
    /// token and protects it whatever the file is called. A name with a `/` or a `.toml` at its
    /// end is a file.
    #[arg(long, global = true, value_name = "NAME|FILE")]
    pub(crate) profile: Option<String>,

    /// How the result is printed
    ///
    /// `json` prints exactly one object on standard output, errors included, in the shape of
    /// `schemas/report.v1.schema.json`. The others are of `check` alone.
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) output: OutputFormat,

    /// Print what would be written, and write nothing
    ///
    /// Prints a unified diff, then each changed path with how the gateway takes it: `none`, `hot`
    /// (without a restart), `restart`, or `auth` (clients authenticate anew).
    #[arg(long, global = true)]
    pub(crate) dry_run: bool,

    /// How long to wait for a lock, such as `5s`, `500ms` or `0s`
    #[arg(
        long,
        global = true,
        value_name = "DURATION",
        default_value = "10s",
        value_parser = duration
    )]
    pub(crate) lock_timeout: Duration,

    /// For which version of the gateway changes are classed, such as `2026.9.6`
    ///
    /// [default: the one that the file was last written by, as it says itself]
    #[arg(long, global = true, value_name = "VERSION", value_parser = gateway_version)]
    pub(crate) gateway_version: Option<String>,

    /// Where confwarden keeps its own files
    ///
    /// [default: `$XDG_STATE_HOME/confwarden`, else `~/.local/state/confwarden`]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,

    /// Print no summary; warnings and errors stay
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,

    /// When to use colors
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t)]
    pub(crate) color: ColorWhen,
}

/// How the result is printed.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// Of `check` alone: SARIF 2.1.0, for code scanning.
    Sarif,
    /// Of `check` alone: annotations of a GitHub workflow.
    Github,
    /// Of `check` alone: a code quality report of GitLab.
    Gitlab,
    /// Of `check` alone: `JUnit`, for test reports.
    Junit,
}

/// When colors are used.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    Config(ConfigCommand),
    Check(CheckArgs),
    Watch(WatchArgs),
    Events(EventsArgs),
    Explain(ExplainArgs),
    /// See in a few seconds what the watcher does, without a gateway
    ///
    /// In a temporary folder, which is gone afterwards, three hostile writers damage a configuration one
    /// after the other; each time it is told what was lost, what came back, and how fast. All of it is
    /// measured: what does not come back ends it with code 70.
    Demo,
}

/// The commands about a configuration.
#[derive(Subcommand)]
pub(crate) enum ConfigCommand {
    Get(GetArgs),
    Set(SetArgs),
    Unset(UnsetArgs),
    Mv(MvArgs),
    Patch(PatchArgs),
    Apply(ApplyArgs),
    Edit(EditArgs),
    Exec(ExecArgs),
    Diff(DiffArgs),
    History(HistoryArgs),
    Restore(RestoreArgs),
    Accept(AcceptArgs),
    /// Show the state of the configuration: locks, drift, last changes
    Status,
    Wait(WaitArgs),
    /// Tell the gateway to take its configuration, as `[signal]` of the profile says
    ///
    /// For when a write ended with code 8 because the gateway could not be told, or `--no-signal` was
    /// given. OpenClaw watches its file, and is told nothing.
    Signal,
    Confirm(ConfirmArgs),
    Cancel(CancelArgs),
    /// Wait for the deadlines of writes that are to be confirmed; started by `--confirm-within`
    #[command(hide = true)]
    KeepTime,
}

impl ConfigCommand {
    /// Whether it says what a change costs the gateway, and does not ask for its version itself.
    pub(crate) fn tells_costs(&self) -> bool {
        !matches!(self, Self::Get(_) | Self::History(_) | Self::Wait(_) | Self::Status)
    }

    /// The command's name in reports, and in the lock for other writers to see.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Get(_) => "get",
            Self::Set(_) => "set",
            Self::Unset(_) => "unset",
            Self::Mv(_) => "mv",
            Self::Patch(_) => "patch",
            Self::Apply(_) => "apply",
            Self::Edit(_) => "edit",
            Self::Exec(_) => "exec",
            Self::Diff(_) => "diff",
            Self::History(_) => "history",
            Self::Restore(_) => "restore",
            Self::Accept(_) => "accept",
            Self::Status => "status",
            Self::Wait(_) => "wait",
            Self::Signal => "signal",
            Self::Confirm(_) => "confirm",
            Self::Cancel(_) => "cancel",
            Self::KeepTime => "keep-time",
        }
    }
}

/// Print the value at a path
///
/// Strings are printed bare, objects and arrays as JSON. Included files are resolved. Secrets are
/// shown as keyed fingerprints unless `--reveal` is given. A path that is absent ends with code 4.
#[derive(Args)]
pub(crate) struct GetArgs {
    /// The path [default: the whole configuration]
    #[arg(value_name = "PATH", value_parser = key_path)]
    pub(crate) path: Option<KeyPath>,

    /// Print secrets as they are
    #[arg(long)]
    pub(crate) reveal: bool,
}

/// Show what differs between two files, and how the gateway takes it
///
/// With A alone: from A to the configuration. Ends with code 0 whether or not something differs,
/// and judges nothing: `--dry-run` of a write does.
#[derive(Args)]
pub(crate) struct DiffArgs {
    /// The file before
    #[arg(value_name = "A")]
    pub(crate) before: PathBuf,

    /// The file after [default: the configuration]
    #[arg(value_name = "B")]
    pub(crate) after: Option<PathBuf>,

    /// Print the changed paths only, not the text
    #[arg(long)]
    pub(crate) semantic: bool,

    /// Ask the gateway that runs what each change costs, beside what is known of its release
    ///
    /// Only OpenClaw from 2026.9 says it. Ends with code 9 where it cannot be asked.
    #[arg(long)]
    pub(crate) ask_gateway: bool,
}

/// Explain a rule: what it refuses, why, and what it looks like
#[derive(Args)]
pub(crate) struct ExplainArgs {
    /// The rule, as a refusal names it; without it: the list of rules
    #[arg(value_name = "RULE")]
    pub(crate) rule: Option<String>,
}

/// Reads a key path. The error never quotes it: it may be a misplaced secret.
fn key_path(text: &str) -> Result<KeyPath, confwarden::doc::KeyPathError> {
    text.parse()
}

/// Reads a version of a gateway, and keeps it as it was typed.
fn gateway_version(text: &str) -> Result<String, confwarden::profile::VersionError> {
    text.parse::<confwarden::profile::Version>().map(|_| text.trim().to_owned())
}

/// Reads a duration: a whole number, then `ms`, `s` or `m`.
fn duration(text: &str) -> Result<Duration, &'static str> {
    const FAULT: &str = "a duration is a whole number and `ms`, `s` or `m`, such as `500ms`";
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or(FAULT)?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| FAULT)?;
    match unit {
        "ms" => Some(number),
        "s" => number.checked_mul(1000),
        "m" => number.checked_mul(60_000),
        _ => None,
    }
    // A year is for ever, and far from where adding to a clock overflows.
    .filter(|millis| *millis <= 31_536_000_000)
    .map(Duration::from_millis)
    .ok_or(FAULT)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_coherent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn durations_are_read() {
        for (text, expected) in [("500ms", 500), ("5s", 5000), ("0s", 0), ("2m", 120_000)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(expected)), "{text}");
        }
        for text in ["", "5", "s", "-1s", "1.5s", "5 s", "5h", "99999999999999999999s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
