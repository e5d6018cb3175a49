//! Where events go: the log of their file, clients at the socket, hooks, and whoever started us.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::clock;
use crate::event::{Event, EventError, EventKind, HookFailure, Hooks, Hub, Log, Origin};
use crate::fs::Target;
use crate::history::History;
use crate::ops::OpsError;
use crate::profile::Hook;

/// Tells everybody.
pub(super) struct Teller {
    hub: Hub,
    hooks: Option<Hooks>,
    logs: Vec<Log>,
    files: Vec<PathBuf>,
    /// Logs that could not be written, each told once.
    unwritable: HashSet<usize>,
    told: Box<dyn FnMut(&Event)>,
}

impl Teller {
    pub(super) fn new(hub: Hub, told: Box<dyn FnMut(&Event)>) -> Self {
        let (logs, files, unwritable) = (Vec::new(), Vec::new(), HashSet::new());
        Self { hub, hooks: None, logs, files, unwritable, told }
    }

    /// Opens the log of `file`, the next one; no other watcher has it open meanwhile.
    pub(super) fn open(&mut self, state_dir: &Path, file: &Path) -> Result<(), OpsError> {
        let entry = Target::entry(file);
        let history = History::of(state_dir, &entry);
        self.logs.push(Log::open(history.folder(), &entry)?);
        self.files.push(entry);
        Ok(())
    }

    pub(super) fn start_hooks(
        &mut self,
        hooks: Vec<Hook>,
        failed: impl Fn(HookFailure) + Send + Sync + 'static,
    ) -> Result<(), EventError> {
        self.hooks = Some(Hooks::start(hooks, failed)?);
        Ok(())
    }

    /// Tells what happened to the file of this number.
    pub(super) fn tell(&mut self, index: usize, kind: EventKind) -> Event {
        let event = match self.logs[index].append(clock::now(), kind) {
            Ok(event) => {
                self.unwritable.remove(&index);
                event
            }
            Err(error) => {
                let event = *error.event;
                if self.unwritable.insert(index) {
                    let unwritten = Event {
                        kind: EventKind::Failed {
                            from: Origin::Watcher,
                            what: "add an event to the log".to_owned(),
                            why: crate::ops::outcome::causes(&error.source),
                            next_try_ms: None,
                        },
                        ..event.clone()
                    };
                    self.hand_on(&unwritten);
                }
                event
            }
        };
        self.hand_on(&event);
        event
    }

    /// Tells that a hook failed.
    pub(super) fn hook_failed(&mut self, failure: HookFailure) {
        let index = self.files.iter().position(|file| *file == failure.file).unwrap_or(0);
        self.tell(index, failure.kind());
    }

    /// The number of the last event of a file.
    pub(super) fn last_seq(&self, index: usize) -> u64 {
        self.logs[index].last_seq()
    }

    fn hand_on(&mut self, event: &Event) {
        self.hub.publish(event);
        if let Some(hooks) = &self.hooks {
            hooks.offer(event);
        }
        (self.told)(event);
    }
}
