//! Whether the gateway has taken what was accepted, and still stands a while after: asked by a thread of
//! its own, so that the watcher never waits for a gateway.
//!
//! It only tells. What the gateway does not stand is a person's to judge: somebody else wrote it.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::{Notice, news};
use crate::clock;
use crate::event::{EventKind, Origin};
use crate::gateway::{Confirmation, Depth, Gateway, Look, Variables};
use crate::history::{ChangeNote, RecordId};
use crate::ops::confirm::effective;
use crate::ops::{Workspace, reloaded};

/// How long the gateway is asked about one change.
const LIMIT: Duration = Duration::from_secs(10);
/// So long after a change the gateway is looked at again: some have died of one ten seconds later
/// (openclaw#24523).
const AGAIN: Duration = Duration::from_secs(12);
/// How exactly a gateway's own clock agrees with ours.
const SLACK: Duration = Duration::from_millis(500);
/// The class of changes that it is asked about.
const HOT: &str = "hot";
/// The class of changes that it has nothing to do for.
const NONE: &str = "none";

/// Orders to ask, one after the other.
pub(super) struct Reloads {
    /// Nothing where nobody wants to know, or there is no thread to be had.
    orders: Option<Sender<Order>>,
}

/// A change that was accepted.
struct Order {
    index: usize,
    workspace: Workspace,
    record: Option<RecordId>,
    /// Whether it needs neither a restart nor a new login.
    is_hot: bool,
    at: Instant,
}

/// A gateway that is to be looked at again.
struct Check {
    index: usize,
    workspace: Workspace,
    due: Instant,
    seen: Look,
    seen_at: Instant,
}

impl Reloads {
    /// Asks as `variables` say, and tells `told`; not at all without them.
    pub(super) fn start(variables: Option<Variables>, told: Sender<Notice>) -> Self {
        let orders = variables.and_then(|variables| {
            let (orders, inbox) = channel();
            let asker = Asker { variables, told, checks: Vec::new() };
            let thread = std::thread::Builder::new().name("gateway".to_owned());
            thread.spawn(move || asker.run(&inbox)).ok().map(|_| orders)
        });
        Self { orders }
    }

    /// Has it asked about what `kind` says was accepted of the file of this number.
    pub(super) fn order(&self, index: usize, workspace: &Workspace, kind: &EventKind) {
        let (Some(orders), Some((record, changes))) = (&self.orders, accepted(kind)) else {
            return;
        };
        if changes.iter().all(|change| change.class == NONE) {
            return;
        }
        let is_hot = changes.iter().all(|change| matches!(change.class.as_str(), NONE | HOT));
        let workspace = workspace.clone();
        let order = Order { index, workspace, record, is_hot, at: clock::monotonic() };
        // Who asks no more needs no order.
        orders.send(order).ok();
    }
}

/// What stands of a change.
fn accepted(kind: &EventKind) -> Option<(Option<RecordId>, &[ChangeNote])> {
    match kind {
        EventKind::Accepted { record, changes, .. } | EventKind::Healed { record, changes, .. } => {
            Some((*record, changes))
        }
        _ => None,
    }
}

/// The thread that asks.
struct Asker {
    variables: Variables,
    told: Sender<Notice>,
    checks: Vec<Check>,
}

impl Asker {
    /// Until nobody orders any more.
    fn run(mut self, inbox: &Receiver<Order>) {
        loop {
            let due = self.checks.iter().map(|check| check.due).min();
            let order = match due {
                None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => inbox.recv_timeout(due.saturating_duration_since(clock::monotonic())),
            };
            match order {
                Ok(order) => self.obey(order),
                Err(RecvTimeoutError::Timeout) => self.check(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn obey(&mut self, order: Order) {
        // What comes of an earlier change cannot be told from what comes of this one.
        self.checks.retain(|check| check.index != order.index);
        let is_up = |gateway: Gateway<'_>| gateway.can_be_looked_at();
        if !order.is_hot || !self.gateway(&order.workspace).is_some_and(is_up) {
            return;
        }
        match reloaded(&order.workspace, self.variables.clone(), LIMIT) {
            Ok(Confirmation::Confirmed(evidence)) => {
                // Before anybody hears of it, and acts.
                let (seen, seen_at) = (self.look(&order.workspace), clock::monotonic());
                self.tell(
                    order.index,
                    EventKind::ReloadConfirmed {
                        record: order.record,
                        proof: evidence.proof.as_str().to_owned(),
                        pid: evidence.pid,
                        gateway_version: evidence.version,
                        took_ms: news::millis(order.at.elapsed()),
                    },
                );
                if let Some(seen) = seen {
                    let (index, workspace) = (order.index, order.workspace);
                    let due = seen_at + AGAIN;
                    self.checks.push(Check { index, workspace, due, seen, seen_at });
                }
            }
            Ok(Confirmation::Rejected { why }) => self.tell(order.index, failed(why)),
            // It is not known. What the file says is judged; that nobody can be asked is no news.
            Ok(Confirmation::Unconfirmed { .. }) | Err(_) => {}
        }
    }

    /// Looks again at the gateways whose time has come.
    fn check(&mut self) {
        let now = clock::monotonic();
        let (due, later) = std::mem::take(&mut self.checks).into_iter().partition(|c| c.due <= now);
        self.checks = later;
        let due: Vec<Check> = due;
        for check in due {
            let Some(seen) = self.look(&check.workspace) else { continue };
            if let Some(why) = fell(&check.seen, &seen, check.seen_at.elapsed()) {
                self.tell(check.index, failed(why));
            }
        }
    }

    fn look(&self, workspace: &Workspace) -> Option<Look> {
        let gateway = self.gateway(workspace)?;
        Some(gateway.look(&effective(workspace), Depth::Probe, LIMIT))
    }

    fn gateway<'w>(&self, workspace: &'w Workspace) -> Option<Gateway<'w>> {
        Gateway::of(&workspace.profile, &workspace.config, self.variables.clone())
    }

    fn tell(&self, index: usize, kind: EventKind) {
        // Whoever has ended needs no telling.
        self.told.send(Notice::Reload(index, Box::new(kind))).ok();
    }
}

/// What has become of a gateway that was seen as `before`, `since` then; nothing where it still stands.
fn fell(before: &Look, now: &Look, since: Duration) -> Option<String> {
    let seconds = since.as_secs();
    match (&before.running, &now.running) {
        (Some(Ok(was)), Some(Err(_))) => {
            return Some(format!(
                "the gateway that ran as process {} is gone, {seconds} s after it had taken the change",
                was.pid
            ));
        }
        (Some(Ok(was)), Some(Ok(is))) if (was.pid, was.started) != (is.pid, is.started) => {
            return Some(restarted(seconds));
        }
        _ => {}
    }
    let uptime = |look: &Look| look.readiness.as_ref().ok().and_then(|ready| ready.uptime);
    match (&now.readiness, uptime(before), uptime(now)) {
        (_, Some(was), Some(is)) if is + SLACK < was + since => Some(restarted(seconds)),
        (Ok(ready), ..) if ready.is_ready => None,
        (Ok(_), ..) => Some(format!("the gateway is not ready, {seconds} s after the change")),
        (Err(error), ..) => Some(format!("{error}, {seconds} s after the change")),
    }
}

fn restarted(seconds: u64) -> String {
    format!("the gateway restarted after the change, within {seconds} s, which it should not need")
}

fn failed(why: String) -> EventKind {
    EventKind::Failed {
        from: Origin::Watcher,
        what: "have the gateway take a change".to_owned(),
        why,
        next_try_ms: None,
    }
}

#[cfg(test)]
mod tests;
