//! What may be typed about the past: the history, and bringing back what was.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use confwarden::doc::KeyPath;
use confwarden::history::{RecordRef, RecordRefError};

use super::{WriteArgs, key_path};

/// Look at what stood in the configuration, since when, and who put it there
///
/// A record is named by its number, `@` for the latest, or `@~N` for N before it.
#[derive(Args)]
#[command(disable_help_subcommand = true)]
pub(crate) struct HistoryArgs {
    #[command(subcommand)]
    pub(crate) command: HistoryCommand,
}

/// The commands about a history.
#[derive(Subcommand)]
pub(crate) enum HistoryCommand {
    List(HistoryListArgs),
    Show(HistoryShowArgs),
    Diff(HistoryDiffArgs),
    /// Drop what need not be kept any more
    ///
    /// Everything of the last two days is kept; of two weeks, the text that stood longest of each
    /// hour; of half a year, that of each day. The latest one always is, and texts that were set
    /// aside. It happens by itself now and then.
    Prune,
}

/// List the records, newest first; times are UTC
#[derive(Args)]
pub(crate) struct HistoryListArgs {
    /// How many at most
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,

    /// All of them
    #[arg(long, conflicts_with = "limit")]
    pub(crate) all: bool,
}

/// Print the text that a record ended in, secrets as fingerprints
#[derive(Args)]
pub(crate) struct HistoryShowArgs {
    /// The record
    #[arg(value_name = "ID", default_value = "@", value_parser = record_ref)]
    pub(crate) record: RecordRef,

    /// Print it as it is, secrets included
    #[arg(long)]
    pub(crate) reveal: bool,

    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
}

/// Show what a record changed, or what differs between two
#[derive(Args)]
pub(crate) struct HistoryDiffArgs {
    /// The record
    #[arg(value_name = "A", default_value = "@", value_parser = record_ref)]
    pub(crate) from: RecordRef,

    /// A second record: from what A ended in to what this one did
    #[arg(value_name = "B", value_parser = record_ref)]
    pub(crate) to: Option<RecordRef>,

    /// Print the changed paths only, not the text
    #[arg(long)]
    pub(crate) semantic: bool,

    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
}

/// Bring back what was: a whole text, one path, or the state before one change
///
/// Judged like every write. Without ID: what the latest record ended in, which takes back what
/// nobody recorded. What is replaced by a whole text is in the history then.
#[derive(Args)]
pub(crate) struct RestoreArgs {
    /// The record whose text is brought back: its number, `@` for the latest, `@~N` for N before it
    #[arg(value_name = "ID", value_parser = record_ref)]
    pub(crate) record: Option<RecordRef>,

    /// Bring back this path alone; it is removed if it was not there
    #[arg(long, value_name = "PATH", value_parser = key_path)]
    pub(crate) path: Option<KeyPath>,

    /// Take back what this record changed, and nothing that changed since
    #[arg(long, value_name = "ID", value_parser = record_ref, conflicts_with_all = ["record", "path"])]
    pub(crate) undo: Option<RecordRef>,

    #[command(flatten)]
    pub(crate) identity: IdentityArgs,

    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// Let a foreign change stand that was put right or set aside
///
/// ID is the record that the watcher or `exec` named. What came since stays; a value that is no token is
/// refused all the same.
#[derive(Args)]
pub(crate) struct AcceptArgs {
    /// The record of the heal: its number, `@` for the latest, `@~N` for N before it
    #[arg(value_name = "ID", value_parser = record_ref)]
    pub(crate) record: RecordRef,

    /// Let only what was put back at this path stand
    #[arg(long, value_name = "PATH", value_parser = key_path)]
    pub(crate) path: Option<KeyPath>,

    #[command(flatten)]
    pub(crate) identity: IdentityArgs,

    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// Who opens encrypted texts.
#[derive(Args)]
pub(crate) struct IdentityArgs {
    /// An age identity that opens encrypted texts of the history
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,
}

/// Reads the name of a record, and does not quote it either.
fn record_ref(text: &str) -> Result<RecordRef, RecordRefError> {
    text.parse()
}
