//! `watch`: guard files in the background.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;

#[cfg(unix)]
use confwarden::event::Server;
use confwarden::event::{Event, EventKind, Hub};
use confwarden::ops::{Notice, Timing, Watcher, Workspace};

use crate::args::{GlobalArgs, OutputFormat, WatchArgs};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Printer, Report, event_text};
use crate::service::{Notifier, Style, Verbosity, begin_log};
use crate::settings;

const NAME: &str = "watch";

/// Guards until it is told to stop. It has no report of its own but for failures: its output is the
/// events.
pub(super) fn run(args: &WatchArgs, global: &GlobalArgs) -> Exit {
    match guard(args, global) {
        Ok(exit) => exit,
        Err(error) => Printer::new(global).print(&Report::failed(Some(NAME), &error)),
    }
}

fn guard(args: &WatchArgs, global: &GlobalArgs) -> Result<Exit, CommandError> {
    let workspace = settings::workspace(global, NAME)?;
    let surroundings = settings::surroundings();
    begin_log(
        Style::of(&surroundings),
        if global.quiet { Verbosity::Quiet } else { Verbosity::Normal },
    );
    let notifier = Arc::new(Notifier::new(&surroundings));
    let hooks = settings::hooks(&workspace.profile)?;
    let timing = Timing {
        allow: args.allow.clone(),
        variables: Some(settings::variables()),
        ..Timing::default()
    };
    let hub = Hub::new();
    let workspaces = workspaces(args, &workspace);
    let number = workspaces.len();
    let told = teller(global, number == 1);
    let watcher = Watcher::new(workspaces, timing, hub.clone(), hooks, told)?;
    if args.once {
        let events = watcher.once()?;
        return Ok(if events.iter().any(is_uncured) { Exit::Refused } else { Exit::Ok });
    }
    let inbox = watcher.inbox();
    listen_to_signals(inbox.clone(), global.clone(), Arc::clone(&notifier))?;
    #[cfg(unix)]
    let _server = {
        let server = Server::start(&workspace.state_dir, hub, move |request| {
            inbox.send(Notice::Request(request)).ok();
        });
        match server {
            Ok(server) => Some(server),
            // Others are guarded all the same.
            Err(error) => {
                tracing::warn!("no local program is answered: {error}");
                None
            }
        }
    };
    let mut ready = || {
        notifier.status(&format!("guards {number} {}", if number == 1 { "file" } else { "files" }));
        notifier.ready();
    };
    watcher.run(&mut ready, notifier.watchdog_interval(), &mut || notifier.beat());
    Ok(Exit::Ok)
}

/// The files that were named; else the one that every command is about.
fn workspaces(args: &WatchArgs, workspace: &Workspace) -> Vec<Workspace> {
    let of = |file: &PathBuf| Workspace { config: file.clone(), ..workspace.clone() };
    if args.files.is_empty() {
        vec![workspace.clone()]
    } else {
        args.files.iter().map(of).collect()
    }
}

/// Prints events as they come: lines on standard error, or JSON lines on standard output.
fn teller(global: &GlobalArgs, is_alone: bool) -> Box<dyn FnMut(&Event)> {
    let output = global.output;
    Box::new(move |event| {
        if output == OutputFormat::Json {
            // A reader that has gone is no reason to guard no more.
            let mut stdout = io::stdout().lock();
            if stdout.write_all(event.to_line().as_bytes()).and_then(|()| stdout.flush()).is_err() {
            }
        } else {
            let file = if is_alone { String::new() } else { format!("{}: ", event.file.display()) };
            let hint = hint(event).map(|hint| format!("; {hint}")).unwrap_or_default();
            let line = format!("{file}{}{hint}", event_text(&event.kind));
            match event.kind {
                EventKind::Failed { .. } | EventKind::Contested { .. } => tracing::warn!("{line}"),
                _ => tracing::info!("{line}"),
            }
        }
    })
}

/// What a person can do about it, in one line.
fn hint(event: &Event) -> Option<String> {
    match &event.kind {
        EventKind::Healed { record: Some(record), put_back, .. } if !put_back.is_empty() => {
            Some(format!("to let the change stand: confwarden accept {record}"))
        }
        EventKind::Quarantined { record: Some(record), .. } => {
            Some(format!("the text is kept: confwarden history show {record}"))
        }
        _ => None,
    }
}

/// Whether there is damage that nothing put right.
fn is_uncured(event: &Event) -> bool {
    matches!(&event.kind, EventKind::Healed { uncured, .. } if !uncured.is_empty())
}

/// Ends the watcher on SIGTERM and SIGINT, and reads the profile anew on SIGHUP.
#[cfg(unix)]
fn listen_to_signals(
    inbox: Sender<Notice>,
    global: GlobalArgs,
    notifier: Arc<Notifier>,
) -> Result<(), CommandError> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let failed = |error: io::Error| {
        let error = anyhow::Error::new(error).context("could not listen to signals");
        CommandError::new(Exit::Internal, error)
    };
    let mut signals =
        signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM]).map_err(failed)?;
    let listener = thread::Builder::new().name("signals".to_owned());
    let listener = listener.spawn(move || {
        for signal in signals.forever() {
            if signal != SIGHUP {
                // Now, and not when what is due has been done.
                notifier.stopping();
                // Whoever has ended needs no telling.
                inbox.send(Notice::Stop).ok();
                continue;
            }
            notifier.reloading();
            if inbox.send(Notice::Profile(read_anew(&global))).is_err() {
                return;
            }
            notifier.ready();
        }
    });
    listener.map(|_| ()).map_err(failed)
}

/// Windows ends a program without asking it.
#[cfg(not(unix))]
fn listen_to_signals(
    _: Sender<Notice>,
    _: GlobalArgs,
    _: Arc<Notifier>,
) -> Result<(), CommandError> {
    Ok(())
}

fn read_anew(global: &GlobalArgs) -> Result<Box<Workspace>, String> {
    let workspace = settings::workspace(global, NAME);
    workspace.map(Box::new).map_err(|error| format!("{:#}", error.source))
}
