//! Hooks: programs of a person that run on events, one after the other, in a thread of their own.
//!
//! The event is one JSON line on standard input, its kind is in `CONFWARDEN_EVENT`; there is no shell
//! and no terminal, standard output is thrown away, standard error is ours. A hook that does not end in
//! time is killed with its process group. No hook runs on the failure of a hook.
//!
//! This module never reads a file and never makes an event: a failure is told to whoever started it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use super::{Event, EventError, EventKind, Origin};
use crate::profile::Hook;

/// So many events wait for hooks.
pub(super) const QUEUE: usize = 64;

/// A hook that did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookFailure {
    /// The file of the event.
    pub file: PathBuf,
    /// What was attempted: names the program, never its arguments.
    pub what: String,
    /// Why it failed.
    pub why: String,
}

impl HookFailure {
    /// What is told of it.
    #[must_use]
    pub fn kind(self) -> EventKind {
        let Self { what, why, .. } = self;
        EventKind::Failed { from: Origin::Hook, what, why, next_try_ms: None }
    }
}

/// Runs hooks until it is dropped.
pub struct Hooks {
    all: Vec<Hook>,
    queue: Option<SyncSender<Event>>,
    failed: Arc<dyn Fn(HookFailure) + Send + Sync>,
    /// Whether events are being lost: told once for each time it begins.
    full: AtomicBool,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Hooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hooks").field("hooks", &self.all.len()).finish_non_exhaustive()
    }
}

impl Hooks {
    /// Waits for events to run `hooks` on. `failed` is told what went wrong; it must not block, and is
    /// called from the thread of the hooks and from [`Hooks::offer`]. Without hooks there is no thread.
    ///
    /// # Errors
    ///
    /// [`EventError::Thread`] where there cannot be one.
    pub fn start(
        hooks: Vec<Hook>,
        failed: impl Fn(HookFailure) + Send + Sync + 'static,
    ) -> Result<Self, EventError> {
        let failed: Arc<dyn Fn(HookFailure) + Send + Sync> = Arc::new(failed);
        let ends = Arc::new(AtomicBool::new(false));
        let (queue, thread) = if hooks.is_empty() {
            (None, None)
        } else {
            let (sender, receiver) = sync_channel(QUEUE);
            let (hooks, failed, ends) = (hooks.clone(), Arc::clone(&failed), Arc::clone(&ends));
            let thread = thread::Builder::new()
                .name("hooks".to_owned())
                .spawn(move || run_all(&hooks, &receiver, &*failed, &ends))
                .map_err(EventError::Thread)?;
            (Some(sender), Some(thread))
        };
        Ok(Self { all: hooks, queue, failed, full: AtomicBool::new(false), ends, thread })
    }

    /// Runs the hooks that wait for this kind of event, soon. Never blocks.
    pub fn offer(&self, event: &Event) {
        let Some(queue) = &self.queue else { return };
        if !self.all.iter().any(|hook| wants(hook, event)) {
            return;
        }
        match queue.try_send(event.clone()) {
            Ok(()) => self.full.store(false, Ordering::Relaxed),
            Err(TrySendError::Full(event)) => {
                if !self.full.swap(true, Ordering::Relaxed) {
                    (self.failed)(HookFailure {
                        file: event.file,
                        what: "run the hooks on an event".to_owned(),
                        why: format!("{QUEUE} events wait for hooks that are too slow"),
                    });
                }
            }
            // Its thread has panicked, which was said.
            Err(TrySendError::Disconnected(_)) => {}
        }
    }
}

/// Kills the hook that runs, and starts none of those that wait.
impl Drop for Hooks {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn wants(hook: &Hook, event: &Event) -> bool {
    let of_hook = matches!(event.kind, EventKind::Failed { from: Origin::Hook, .. });
    !of_hook && hook.on.contains(&event.kind.name())
}

fn run_all(
    hooks: &[Hook],
    queue: &Receiver<Event>,
    failed: &(dyn Fn(HookFailure) + Send + Sync),
    ends: &AtomicBool,
) {
    while let Ok(event) = queue.recv() {
        for hook in hooks.iter().filter(|hook| wants(hook, &event)) {
            if ends.load(Ordering::SeqCst) {
                return;
            }
            if let Err(why) = run(hook, &event, ends) {
                let program = hook.run.first().map(String::as_str).unwrap_or_default();
                failed(HookFailure {
                    file: event.file.clone(),
                    what: format!(
                        "run the hook `{}` on `{}`",
                        program.escape_debug(),
                        event.kind.name()
                    ),
                    why,
                });
            }
        }
    }
}

#[cfg(unix)]
use super::runner::run;

#[cfg(not(unix))]
fn run(_: &Hook, _: &Event, _: &AtomicBool) -> Result<(), String> {
    Err("hooks are for Unix alone".to_owned())
}
