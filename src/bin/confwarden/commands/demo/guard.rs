//! The watcher of the demo, in a thread of its own: the one of `watch`, but for how soon it dresses
//! comments on again.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::anyhow;
use confwarden::event::{Event, EventKind, Hub};
use confwarden::ops::{Notice, OpsError, Timing, Watcher, Workspace};

use crate::error::CommandError;
use crate::exit::Exit;

/// How soon comments are dressed on again: nobody wants to watch the ten seconds of `watch`.
const CALM: Duration = Duration::from_secs(1);

/// The watcher, in a thread of its own.
pub(super) struct Guard {
    inbox: Sender<Notice>,
    /// What it has to say.
    pub(super) told: Receiver<Told>,
    thread: JoinHandle<()>,
}

/// What the watcher has to say.
pub(super) enum Told {
    /// Every file has been looked at.
    Ready,
    /// Something has happened.
    Event(Box<EventKind>),
}

impl Guard {
    /// Starts to guard; [`Told::Ready`] says when it does.
    pub(super) fn start(workspace: Workspace) -> Result<Self, CommandError> {
        let (teller, told) = channel();
        let (opened, outcome) = channel::<Result<Sender<Notice>, OpsError>>();
        let timing = Timing { calm: CALM, ..Timing::default() };
        let guard = move || {
            let events = teller.clone();
            // Who does not listen any more has ended.
            let tell = Box::new(move |event: &Event| {
                events.send(Told::Event(Box::new(event.kind.clone()))).ok();
            });
            let watcher = match Watcher::new(vec![workspace], timing, Hub::new(), Vec::new(), tell)
            {
                Ok(watcher) => watcher,
                Err(error) => {
                    opened.send(Err(error)).ok();
                    return;
                }
            };
            opened.send(Ok(watcher.inbox())).ok();
            let mut ready = || {
                teller.send(Told::Ready).ok();
            };
            watcher.run(&mut ready, None, &mut || ());
        };
        let failed = |error: anyhow::Error| {
            CommandError::new(Exit::Internal, error.context("could not start the watcher"))
        };
        let thread = thread::Builder::new().name("watcher".to_owned());
        let thread = thread.spawn(guard).map_err(|error| failed(error.into()))?;
        let inbox = outcome.recv().map_err(|error| failed(error.into()))??;
        Ok(Self { inbox, told, thread })
    }

    /// Ends it, and waits until it writes no more.
    pub(super) fn stop(self) -> Result<(), CommandError> {
        // One that has ended needs no telling.
        self.inbox.send(Notice::Stop).ok();
        let ended = self.thread.join();
        ended.map_err(|_| CommandError::new(Exit::Internal, anyhow!("the watcher has died")))
    }
}
