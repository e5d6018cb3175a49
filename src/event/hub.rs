//! The hub: hands each event to those who listen now, and waits for none of them.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::Event;

/// So many events wait for a client; with one more it is too slow.
pub(super) const QUEUE: usize = 256;

/// Hands events out. Clones are the same hub.
#[derive(Clone, Debug, Default)]
pub struct Hub {
    queues: Arc<Mutex<Vec<Weak<Queue>>>>,
}

/// What waits for one client.
pub(super) struct Queue {
    /// The file whose events it wants; nothing for those of all.
    file: Option<PathBuf>,
    waiting: Mutex<Waiting>,
    /// Called, without waiting, when there is something new.
    ring: Box<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").field("file", &self.file).finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Numbers and lines.
    pub(super) lines: VecDeque<(u64, Arc<str>)>,
    /// Whether events were lost, because the client was too slow.
    pub(super) overrun: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    /// A hub to which nobody listens yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Hands `event` to everybody who listens. Never blocks: who is too slow loses what comes, and is
    /// told.
    pub fn publish(&self, event: &Event) {
        let mut queues = lock(&self.queues);
        queues.retain(|queue| queue.strong_count() > 0);
        let mut line: Option<Arc<str>> = None;
        for queue in queues.iter().filter_map(Weak::upgrade) {
            if queue.file.as_ref().is_some_and(|file| *file != event.file) {
                continue;
            }
            let line = line.get_or_insert_with(|| event.to_line().into());
            let mut waiting = lock(&queue.waiting);
            if waiting.lines.len() < QUEUE && !waiting.overrun {
                waiting.lines.push_back((event.seq, Arc::clone(line)));
            } else {
                waiting.overrun = true;
            }
            drop(waiting);
            (queue.ring)();
        }
    }

    /// Listens from now on, to the events of `file` or to all.
    pub(super) fn listen(
        &self,
        file: Option<PathBuf>,
        ring: impl Fn() + Send + Sync + 'static,
    ) -> Arc<Queue> {
        let queue = Arc::new(Queue { file, waiting: Mutex::default(), ring: Box::new(ring) });
        lock(&self.queues).push(Arc::downgrade(&queue));
        queue
    }
}

impl Queue {
    /// Takes everything that waits.
    pub(super) fn take(&self) -> Waiting {
        let mut waiting = lock(&self.waiting);
        Waiting { lines: std::mem::take(&mut waiting.lines), overrun: waiting.overrun }
    }
}
