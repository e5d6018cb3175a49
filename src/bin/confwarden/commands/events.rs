//! `events`: what the watcher saw and did, as a stream.

use std::collections::VecDeque;
use std::io::{self, Write as _};

use confwarden::clock;
use confwarden::event::{EventError, Follower, Seen, Since, read};
use confwarden::fs::Target;
use confwarden::history::History;
use confwarden::ops::Workspace;

use crate::args::{EventsArgs, GlobalArgs, OutputFormat};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Printer, Report, event_line};
use crate::settings;

const NAME: &str = "events";

/// Prints events. It has no report of its own but for failures: its output is the events.
pub(super) fn run(args: &EventsArgs, global: &GlobalArgs) -> Exit {
    let failed = |error: &CommandError| Report::failed(Some(NAME), error);
    let workspace = match settings::workspace(global, NAME) {
        Ok(workspace) => workspace,
        Err(error) => return Printer::new(global).print(&failed(&error)),
    };
    match stream(args, global, &workspace) {
        Ok(Ended::Done) => Exit::Ok,
        // Who reads has seen enough.
        Ok(Ended::Unheard(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Ok,
        Ok(Ended::Unheard(error)) => {
            let error = anyhow::Error::new(error).context("could not write to standard output");
            let report = failed(&CommandError::new(Exit::Setup, error)).about(&workspace);
            Printer::new(global).explain(&report);
            Exit::Setup
        }
        Err(error) => Printer::new(global).print(&failed(&error).about(&workspace)),
    }
}

/// How the stream has ended.
enum Ended {
    /// There is no more to say.
    Done,
    /// Nobody could be told.
    Unheard(io::Error),
}

fn stream(
    args: &EventsArgs,
    global: &GlobalArgs,
    workspace: &Workspace,
) -> Result<Ended, CommandError> {
    let entry = Target::entry(&workspace.config);
    let history = History::of(&workspace.state_dir, &entry);
    let since = args.since.unwrap_or(Since::Beginning);
    let now = clock::now();
    let is_wanted = |seen: &Seen| {
        args.kinds.is_empty() || args.kinds.iter().any(|kind| kind.as_str() == seen.kind)
    };
    let mut limit = args.limit.unwrap_or(usize::MAX);
    if !args.follow {
        let events = read(history.folder(), since, now).map_err(failure)?;
        return Ok(print(events.into_iter().filter(is_wanted), limit, global));
    }
    let mut follower = Follower::open(history.folder(), since, now).map_err(failure)?;
    // What is there already is limited, what comes is not.
    let mut wait = Some(std::time::Duration::ZERO);
    loop {
        let events = follower.wait(wait).map_err(failure)?;
        if let Ended::Unheard(error) = print(events.into_iter().filter(is_wanted), limit, global) {
            return Ok(Ended::Unheard(error));
        }
        (wait, limit) = (None, usize::MAX);
    }
}

fn print(events: impl Iterator<Item = Seen>, limit: usize, global: &GlobalArgs) -> Ended {
    let mut last = VecDeque::new();
    for seen in events {
        last.push_back(seen);
        if last.len() > limit {
            last.pop_front();
        }
    }
    let mut text = String::new();
    for seen in last {
        match global.output {
            OutputFormat::Json => text.push_str(&seen.line),
            _ => text.push_str(&event_line(&seen)),
        }
        text.push('\n');
    }
    if text.is_empty() {
        return Ended::Done;
    }
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ended::Done,
        Err(error) => Ended::Unheard(error),
    }
}

fn failure(error: EventError) -> CommandError {
    match error {
        EventError::Fs(error) => error.into(),
        error => CommandError::new(Exit::Setup, error.into()),
    }
}
