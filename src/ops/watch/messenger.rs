//! Tells gateways of what others have written, in a thread of its own: the watcher never waits for one.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::Notice;
use crate::clock;
use crate::event::{EventKind, Origin};
use crate::ops::signalling::{self, SignalResult, Signalled};
use crate::profile::Signal;

/// What became of telling a gateway.
#[derive(Debug)]
pub struct Told {
    /// Which configuration it was about.
    pub(super) ward: usize,
    signalled: Signalled,
    took: Duration,
}

/// A gateway that is to be told.
pub(super) struct Message {
    pub(super) ward: usize,
    pub(super) signal: Signal,
    pub(super) config: PathBuf,
}

/// Tells gateways until it is dropped. There is no thread before there is something to tell.
pub(super) struct Messenger {
    told: Sender<Notice>,
    thread: Option<(Sender<Message>, JoinHandle<()>)>,
    /// Those that wait: one message says all that happened before it.
    waiting: Arc<Mutex<HashSet<usize>>>,
    ends: Arc<AtomicBool>,
}

impl Messenger {
    pub(super) fn new(told: Sender<Notice>) -> Self {
        Self { told, thread: None, waiting: Arc::default(), ends: Arc::default() }
    }

    /// Tells a gateway, soon. Without a thread to be had: now.
    pub(super) fn post(&mut self, message: Message) {
        let ward = message.ward;
        if !lock(&self.waiting).insert(ward) {
            return;
        }
        if self.thread.is_none() {
            self.thread = self.start();
        }
        let message = match &self.thread {
            Some((queue, _)) => match queue.send(message) {
                Ok(()) => return,
                // Its thread has panicked, which was said.
                Err(refused) => refused.0,
            },
            None => message,
        };
        lock(&self.waiting).remove(&ward);
        self.told.send(Notice::Told(message.send(&self.ends))).ok();
    }

    fn start(&self) -> Option<(Sender<Message>, JoinHandle<()>)> {
        let (queue, messages) = channel::<Message>();
        let (told, waiting, ends) =
            (self.told.clone(), Arc::clone(&self.waiting), Arc::clone(&self.ends));
        let work = move || {
            while let Ok(message) = messages.recv() {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                // What happens from here on is told by the next one.
                lock(&waiting).remove(&message.ward);
                if told.send(Notice::Told(message.send(&ends))).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("messenger".to_owned()).spawn(work).ok()?;
        Some((queue, thread))
    }
}

/// Kills the program that tells a gateway just now.
impl Drop for Messenger {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        if let Some((queue, thread)) = self.thread.take() {
            drop(queue);
            thread.join().ok();
        }
    }
}

impl Message {
    /// Tells it now, and waits for what comes of it.
    pub(super) fn send(&self, ends: &AtomicBool) -> Told {
        let began = clock::monotonic();
        let signalled = signalling::send(&self.signal, &self.config, ends);
        Told { ward: self.ward, signalled, took: began.elapsed() }
    }
}

impl Told {
    /// What is told of it.
    pub(super) fn kind(self) -> Option<EventKind> {
        let Self { signalled: Signalled { kind, result }, took, .. } = self;
        match result {
            SignalResult::Sent(what) => Some(EventKind::Signalled {
                way: kind.to_owned(),
                what,
                took_ms: super::news::millis(took),
            }),
            SignalResult::Failed(why) => Some(EventKind::Failed {
                from: Origin::Watcher,
                what: "tell the gateway of the change".to_owned(),
                why,
                next_try_ms: None,
            }),
            _ => None,
        }
    }
}

fn lock(waiting: &Mutex<HashSet<usize>>) -> MutexGuard<'_, HashSet<usize>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}
