//! What may be typed for a write.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use confwarden::doc::KeyPath;
use confwarden::history::RecordId;

use super::{duration, key_path};

/// Put values at paths; all of them are one write
///
/// VALUE is JSON5 where it is that, else a plain string. Digits stay a string where a string stood
/// or a secret belongs. Objects that are missing on the way are made. A VALUE that begins with `-`
/// and is no number needs `--` before the first PATH.
#[derive(Args)]
pub(crate) struct SetArgs {
    /// Where, and what
    #[arg(
        value_name = "PATH VALUE",
        required = true,
        num_args = 1..,
        allow_negative_numbers = true
    )]
    pub(crate) operands: Vec<String>,

    /// Take every VALUE as a string, whatever it looks like
    #[arg(long)]
    pub(crate) string: bool,

    /// Read the value of the one PATH from standard input; one newline at its end is cut
    ///
    /// The way for secrets: other users can read the arguments of a process.
    #[arg(long)]
    pub(crate) stdin: bool,

    #[command(flatten)]
    pub(crate) pending: PendingArgs,

    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// Remove keys or elements, with their comments
///
/// A path that is absent is fine.
#[derive(Args)]
pub(crate) struct UnsetArgs {
    /// What to remove
    #[arg(value_name = "PATH", required = true, value_parser = key_path)]
    pub(crate) paths: Vec<KeyPath>,

    #[command(flatten)]
    pub(crate) pending: PendingArgs,

    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// Rename or move a key; its comments travel
///
/// From one file of the configuration to another, too: both are one write, and where it is stopped in
/// between, the value stands in both.
#[derive(Args)]
pub(crate) struct MvArgs {
    /// What to move
    #[arg(value_name = "FROM", value_parser = key_path)]
    pub(crate) from: KeyPath,

    /// Where it goes, which must be free
    #[arg(value_name = "TO", value_parser = key_path)]
    pub(crate) to: KeyPath,

    #[command(flatten)]
    pub(crate) pending: PendingArgs,

    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// Merge a patch into the configuration; one write
///
/// A JSON merge patch (RFC 7396): `null` removes, objects merge, everything else replaces. Arrays
/// of objects with `id` merge by it. An array that would lose elements needs `--replace-array`. What is
/// added comes with its comments, where both are JSON5 or both TOML.
#[derive(Args)]
pub(crate) struct PatchArgs {
    /// The patch: JSON5, or TOML where the name ends in `.toml`; `-` reads standard input, in the
    /// format of the configuration
    #[arg(value_name = "FILE|-")]
    pub(crate) file: PathBuf,

    /// An array that may lose elements
    #[arg(long, value_name = "PATH", value_parser = key_path)]
    pub(crate) replace_array: Vec<KeyPath>,

    #[command(flatten)]
    pub(crate) pending: PendingArgs,

    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// Make the file mean what another one means, by the smallest edit
///
/// Comments, order and spelling of what stays the same stay as they are. What is added comes with its
/// own, where both are JSON5 or both TOML; a strict JSON file takes the values alone. What the gateway notes
/// of its own writes (`meta`) stays as it is.
#[derive(Args)]
pub(crate) struct ApplyArgs {
    /// The whole desired configuration: JSON5, or TOML where the name ends in `.toml`; `-` reads
    /// standard input, in the format of the configuration
    #[arg(value_name = "FILE|-")]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) pending: PendingArgs,

    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// Edit a copy of the file in an editor, check it, install it
///
/// The editor is `$VISUAL`, else `$EDITOR`, else `vi`. No lock is held while you edit: what others
/// change meanwhile is merged. Where the text has a fault you are asked what to do; a text that is
/// not installed is kept, and its place is told. A file that does not parse can be mended so.
#[derive(Args)]
pub(crate) struct EditArgs {
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// Run another program that writes the file, and heal what it breaks
///
/// The lock is held while it runs. What it changes stays; what a rule protects is put back, and
/// comments and layout that it threw away are dressed on again. Damage that a live gateway must not see
/// is healed while it runs. A restart that the program causes cannot be refused beforehand, so there is no
/// `--no-restart`: the report tells of it. Ends with the program's own code. The report goes to standard error, also
/// with `--output json`: standard output is the program's.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct ExecArgs {
    /// End with 3 where anything had to be healed
    #[arg(long)]
    pub(crate) strict: bool,

    /// Undo the program's whole change where anything would have to be healed, and end with 3
    #[arg(long)]
    pub(crate) deny: bool,

    /// Leave comments and layout as the program wrote them
    #[arg(long)]
    pub(crate) no_redress: bool,

    /// Let what a rule protects go, on this command only; repeat it, or separate by commas
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) allow: Vec<String>,

    /// Do not tell the gateway of what the program changed
    #[arg(long)]
    pub(crate) no_signal: bool,

    /// The program and its arguments, after `--`
    #[arg(value_name = "CMD", required = true, last = true)]
    pub(crate) program: Vec<OsString>,
}

/// Options of every command that writes.
#[derive(Args)]
#[command(next_help_heading = "Write options")]
pub(crate) struct WriteArgs {
    /// Let a rule's finding through, on this command only; repeat it, or separate by commas
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) allow: Vec<String>,

    /// Make the file where there is none
    #[arg(long)]
    pub(crate) create: bool,

    /// Replace a file that has more than one name; the other names keep the old content
    #[arg(long)]
    pub(crate) break_hard_link: bool,

    /// Refuse a write for which the gateway would restart, or disconnect its clients
    ///
    /// Ends with 3, names the paths, and leaves the file as it was. What waits for a restart by hand, as
    /// some values of the gateway's reload mode make it, is written.
    #[arg(long)]
    pub(crate) no_restart: bool,

    #[command(flatten)]
    pub(crate) gateway: GatewayArgs,
}

/// What the gateway that runs is asked and told, before and after a write.
#[derive(Args)]
pub(crate) struct GatewayArgs {
    /// Do not tell the gateway, where the profile says how it is told
    ///
    /// It is told once, after the write, of what it takes without a restart. OpenClaw watches its file.
    #[arg(long)]
    pub(crate) no_signal: bool,

    /// Ask the gateway that runs whether it has taken the change, and undo it where it has not stood it
    ///
    /// `probe`: it is ready when it has had the time to read the file, and after the restart where one is
    /// needed. `applied`: it says itself that it has it, as far as it can say that. A change that it does
    /// not stand is undone, what others wrote since stays, and the command ends with 7. Where it cannot
    /// be known the file stays, and the command ends with 8.
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    pub(crate) confirm: ConfirmDepth,

    /// How long the gateway is asked, such as `30s` for one that is slow to restart
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub(crate) confirm_timeout: Duration,

    /// How long a write that restarts the gateway, or disconnects its clients, waits for devices that
    /// are being paired
    ///
    /// It would cut a pairing, or a step from one role to another, in half. Where a request is still open
    /// then, nothing is written and the command ends with 5.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub(crate) pairing_timeout: Duration,

    /// Do not wait for devices that are being paired
    #[arg(long, conflicts_with = "pairing_timeout")]
    pub(crate) now: bool,
}

/// How well it is to be known that the gateway has taken a change.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ConfirmDepth {
    /// It is not asked.
    #[default]
    None,
    /// It is ready.
    Probe,
    /// It says so itself.
    Applied,
}

/// Options of commands whose write may be undone again.
#[derive(Args)]
#[command(next_help_heading = "Write options")]
pub(crate) struct PendingArgs {
    /// Undo the write unless `confwarden confirm` comes within this time, such as `120s`; at most a day
    ///
    /// The deadline is stored before the write can be seen, and outlives this process and a restart of
    /// the machine. Only this change is undone: what others write meanwhile stays. A process in the
    /// background waits for the deadline, or the watcher.
    #[arg(long, value_name = "DURATION", value_parser = confirmable)]
    pub(crate) confirm_within: Option<Duration>,
}

/// Keep a write that was made with `--confirm-within`
///
/// After the deadline it is too late: the write is undone, and the command ends with 7.
#[derive(Args)]
pub(crate) struct ConfirmArgs {
    /// The record of the write [default: the only one that waits]
    #[arg(value_name = "ID", value_parser = record_id)]
    pub(crate) record: Option<RecordId>,

    /// Do not keep it yet, but wait this much longer
    #[arg(long, value_name = "DURATION", value_parser = confirmable)]
    pub(crate) extend: Option<Duration>,
}

/// Undo a write that was made with `--confirm-within`, now
///
/// Only this write: what others wrote since stays. Where somebody changed the same value since, nothing
/// is undone, and the command ends with 8.
#[derive(Args)]
pub(crate) struct CancelArgs {
    /// The record of the write [default: the only one that waits]
    #[arg(value_name = "ID", value_parser = record_id)]
    pub(crate) record: Option<RecordId>,
}

/// Reads how long a write may wait: somebody must still know what it was about.
fn confirmable(text: &str) -> Result<Duration, &'static str> {
    const DAY: Duration = Duration::from_hours(24);
    let limit = super::duration(text)?;
    if limit.is_zero() || limit > DAY {
        return Err("the time is from `1ms` to `1440m`, a day");
    }
    Ok(limit)
}

/// Reads the number of a record, and does not quote it.
fn record_id(text: &str) -> Result<RecordId, &'static str> {
    const FAULT: &str = "a record is named by its number, as `confwarden status` shows it";
    text.parse().ok().filter(|id| *id > 0).map(RecordId).ok_or(FAULT)
}
