//! What a command has to say, and how it is said.
//!
//! A [`Reply`] is what the library answered; a [`Report`] is the same without a secret in it; the
//! renderers see reports only. Data goes to standard output, everything else to standard error.

mod asked;
mod check;
mod diff;
mod entry;
mod event;
mod exec;
mod json;
mod overview;
mod paint;
mod past;
mod pending;
mod reaction;
mod reload;
mod report;
mod running;
mod signal;
mod text;
mod value;

use std::io::{self, Write};
use std::path::PathBuf;

use confwarden::doc::{KeyPath, Value};
use confwarden::history::{Listing, Pruned};
use confwarden::ops::{Asked, ExecOutcome, Outcome, Overview, Past, Settlement, Signalled};

pub(crate) use check::CheckReport;
pub(crate) use event::{event_line, event_text};
pub(crate) use reaction::taken_since;
pub(crate) use report::{Report, Sight};

use crate::args::{ColorWhen, GlobalArgs, OutputFormat};
use crate::exit::Exit;
use paint::Paint;
use text::Summary;

/// What a command got from the library. May hold secrets: only [`Report::of`] takes it.
pub(crate) enum Reply {
    /// A value that was asked for.
    Value {
        /// Where it stands.
        path: KeyPath,
        /// What stands there.
        value: Value,
        /// Whether secrets are shown.
        reveal: Reveal,
    },
    /// What a write did, or would do.
    Write(Outcome),
    /// What became of the writes of a program that ran under the guard.
    Exec {
        /// What became of them.
        outcome: Box<ExecOutcome>,
        /// Whether damage counts though it was healed.
        strictness: Strictness,
    },
    /// What differs between two files.
    Difference {
        /// The difference.
        outcome: Outcome,
        /// The file before.
        before: PathBuf,
        /// Whether the text is left out.
        semantic: bool,
        /// What the gateway says of each change, where it was asked.
        asked: Option<Vec<Asked>>,
    },
    /// The records of a history, oldest first, and how many of the latest are shown.
    Records {
        /// The records.
        listing: Listing,
        /// How many.
        limit: usize,
    },
    /// The texts that a record ended in.
    Past {
        /// The record with its texts.
        past: Past,
        /// Whether secrets are shown.
        reveal: Reveal,
    },
    /// What was dropped of a history.
    Pruned(Pruned),
    /// The state of a configuration.
    /// With what was done before, one sentence each.
    Overview(Box<Overview>, Vec<String>),
    /// What became of a write that was to be confirmed.
    Settled(Settlement, Wish),
    /// What became of telling the gateway.
    Signalled(Signalled),
    /// The configuration is at rest, and how that is known.
    Rested(Vec<String>),
}

/// What was asked of a write that is to be confirmed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// That it stays.
    ToKeep,
    /// That it goes.
    ToUndo,
}

/// Whether secrets are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reveal {
    /// They are, because a person asked for it.
    Yes,
    /// Fingerprints stand for them.
    No,
}

/// Whether damage of a program counts though it was healed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// It does: the command ends with 3.
    Strict,
    /// It does not: the command ends as the program did.
    Lenient,
}

/// Prints reports.
pub(crate) struct Printer {
    format: OutputFormat,
    color: ColorWhen,
    summary: Summary,
}

impl Printer {
    /// The printer that the arguments ask for.
    pub(crate) fn new(args: &GlobalArgs) -> Self {
        let summary = if args.quiet { Summary::Hidden } else { Summary::Shown };
        Self { format: args.output, color: args.color, summary }
    }

    /// A printer for when the arguments are no good.
    pub(crate) fn for_format(format: OutputFormat) -> Self {
        Self { format, color: ColorWhen::Auto, summary: Summary::Shown }
    }

    /// Prints the help or the version that was asked for.
    pub(crate) fn help(help: &clap::Error) -> Exit {
        Self::finish(Exit::Ok, help.print())
    }

    /// Prints `report` and says how the process ends.
    pub(crate) fn print(&self, report: &Report) -> Exit {
        let stdout = Paint::stdout(self.color);
        let stderr = Paint::stderr(self.color);
        let (data, talk) = match self.format {
            // Standard output was the program's.
            OutputFormat::Json if report.is_beside() => (String::new(), json::render(report)),
            OutputFormat::Json => (json::render(report), String::new()),
            // The others have no form for what is no finding.
            _ => (text::data(report, stdout), text::talk(report, self.summary, stderr)),
        };
        // Nothing to say is said without the stream.
        let printed = if data.is_empty() { Ok(()) } else { write(&mut io::stdout().lock(), &data) };
        let exit = Self::finish(report.exit(), printed);
        match write(&mut io::stderr().lock(), &talk) {
            // If nobody can read it there is no better place to say so; the code says the rest.
            Ok(()) | Err(_) => exit,
        }
    }

    /// Tells a person what there is to say before the command has ended: text, on standard error.
    pub(crate) fn explain(&self, report: &Report) {
        let paint = Paint::stderr(self.color);
        let told = text::data(report, paint) + &text::talk(report, self.summary, paint);
        // If nobody can read it, the report at the end still tells.
        if write(&mut io::stderr().lock(), &told).is_err() {}
    }

    /// Prints what `said` makes on standard output, and nothing where no summary is wanted and all is
    /// well.
    fn say(&self, exit: Exit, said: impl FnOnce(Paint) -> String) -> Exit {
        if self.summary == Summary::Hidden && exit == Exit::Ok {
            return exit;
        }
        Self::put(exit, &said(Paint::stdout(self.color)))
    }

    /// Prints `text` on standard output.
    fn put(exit: Exit, text: &str) -> Exit {
        Self::finish(exit, write(&mut io::stdout().lock(), text))
    }

    /// A reader of standard output that has seen enough is no failure; a full disk is one.
    fn finish(exit: Exit, printed: io::Result<()>) -> Exit {
        match printed {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe && exit == Exit::Ok => {
                let message =
                    format!("error: could not write to standard output\n  caused by: {error}\n");
                match write(&mut io::stderr().lock(), &message) {
                    Ok(()) | Err(_) => Exit::Setup,
                }
            }
            _ => exit,
        }
    }
}

fn write(stream: &mut impl Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

/// Makes a panic say where it happened and nothing else: its message may hold a value.
pub(crate) fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = format!(
            "error: confwarden has a bug at {place}\n  hint: please report it, with the command but \
             without values\n"
        );
        // The process ends with its own code either way.
        if write(&mut io::stderr().lock(), &message).is_err() {}
    }));
}

/// Says that the process could not even start its work.
pub(crate) fn no_thread(error: &io::Error) -> Exit {
    let message = format!("error: could not start a thread\n  caused by: {error}\n");
    match write(&mut io::stderr().lock(), &message) {
        Ok(()) | Err(_) => Exit::Setup,
    }
}
