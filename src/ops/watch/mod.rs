//! The watcher: whoever writes, it is judged and put right before the gateway looks.
//!
//! One thread waits for what the system reports, for requests at the socket and for the end; while
//! nothing happens it sleeps. Each file has a [`Ward`], which says what is due and when. Nothing that
//! fails ends the watcher: it is told, and tried again.
//!
//! A gateway that has to be told is told of what others have written, once it was accepted, and of
//! nothing that needs a restart: see [`messenger`].
//!
//! The gateway is asked beside it, by a thread of its own: the watcher never waits for one, and never
//! writes what a look did not judge.

mod look;
mod memory;
mod messenger;
mod news;
mod reloads;
mod retry;
mod tell;
mod ward;
mod wards;

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::{OpsError, Workspace};
use crate::author::Witness;
use crate::clock;
use crate::event::{
    Answer, Condition, Event, EventError, EventKind, Freshness, HookFailure, Hub, Request, Sight,
    WatcherState,
};
use crate::fs::{Target, leave_trace};
use crate::gateway::Variables;
use crate::policy;
use crate::profile::Hook;
use crate::watch::{Seen, Source};
pub use messenger::Told;
use messenger::{Message, Messenger};
use reloads::Reloads;
use tell::Teller;
use ward::{Comments, Ward, absolute};
use wards::Wards;

/// How often files are looked at of which the system does not tell.
const POLL: Duration = Duration::from_millis(100);
/// How often it is asked again whether it does.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// How long after the last change layout and comments are dressed on again: a person or a program
/// that is at work comes back before that. `openclaw config set` of 2026.9 reads the file a second or
/// more before it takes its lock, and fails where the file has changed since; run in a row, on a busy
/// machine, it comes back every three to six seconds.
const CALM: Duration = Duration::from_secs(10);

/// Whether an author is given the time to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Settle {
    /// As long as it takes, inside the window of the gateway.
    #[default]
    Adaptive,
    /// No: each report is looked into at once. For measuring.
    No,
}

/// How files are guarded.
#[derive(Clone, Debug)]
pub struct Timing {
    /// Rules whose findings stay as their author made them.
    pub allow: Vec<String>,
    /// Whether an author is given the time to be done.
    pub settle: Settle,
    /// How long after the last change comments are dressed on again.
    pub calm: Duration,
    /// The environment that the gateway's place, and its secret, may depend on: whether it has taken
    /// what was accepted is asked then. Nothing where nobody wants to know.
    pub variables: Option<Variables>,
}

impl Default for Timing {
    fn default() -> Self {
        Self { allow: Vec::new(), settle: Settle::default(), calm: CALM, variables: None }
    }
}

/// What the watcher is told by others.
#[derive(Debug)]
pub enum Notice {
    /// The system reports something.
    Seen(Seen),
    /// A local program asks.
    Request(Request),
    /// A hook did not do what it should.
    Hook(HookFailure),
    /// A gateway was told, or not.
    Told(Told),
    /// The profile was read anew; or why it could not be.
    Profile(Result<Box<Workspace>, String>),
    /// What has become of a change at the gateway of the file of this number.
    Reload(usize, Box<EventKind>),
    /// It is to end.
    Stop,
}

/// Guards files until it is told to stop.
pub struct Watcher {
    timing: Timing,
    wards: Wards,
    witness: Rc<Witness>,
    teller: Teller,
    reloads: Reloads,
    source: Source,
    messenger: Messenger,
    inbox: Receiver<Notice>,
    outbox: Sender<Notice>,
    began: Instant,
    /// Who waits for the proof that nothing is in flight.
    awaited: Vec<Awaited>,
    polled: Duration,
    asked: Duration,
}

/// A client that waits until everything before its question was seen.
struct Awaited {
    ward: usize,
    /// The file whose report proves it; nothing where it was seen.
    trace: Option<PathBuf>,
    until: Duration,
    answer: Answer<Freshness>,
}

impl Watcher {
    /// Prepares to guard the configurations of `workspaces`; nothing is read yet. Events go to their
    /// logs, to `hub` and to `hooks`, and each to `told`.
    ///
    /// # Errors
    ///
    /// [`OpsError`] where a rule in `timing` is misspelt, a file is guarded by another watcher, or the
    /// state directory cannot be used.
    pub fn new(
        workspaces: Vec<Workspace>,
        timing: Timing,
        hub: Hub,
        hooks: Vec<Hook>,
        told: Box<dyn FnMut(&Event)>,
    ) -> Result<Self, OpsError> {
        policy::check_rules(&timing.allow)?;
        let (outbox, inbox) = channel();
        let mut teller = Teller::new(hub, told);
        let writers = workspaces.first().map(|first| first.profile.writers.clone());
        let witness = Witness::new(Vec::<PathBuf>::new()).knowing(&writers.unwrap_or_default());
        let witness = Rc::new(witness);
        let mut wards = Vec::new();
        for workspace in workspaces {
            let config = absolute(&workspace.config);
            teller.open(&workspace.state_dir, &config)?;
            wards.push(Ward::new(Workspace { config, ..workspace }, Rc::clone(&witness)));
        }
        let failed = outbox.clone();
        teller.start_hooks(hooks, move |failure| {
            failed.send(Notice::Hook(failure)).ok();
        })?;
        let reloads = Reloads::start(timing.variables.clone(), outbox.clone());
        let seen = outbox.clone();
        let source = Source::new(move |report| {
            seen.send(Notice::Seen(report)).ok();
        });
        Ok(Self {
            timing,
            witness,
            wards: Wards::new(wards),
            teller,
            reloads,
            source,
            messenger: Messenger::new(outbox.clone()),
            inbox,
            outbox,
            began: clock::monotonic(),
            awaited: Vec::new(),
            polled: Duration::ZERO,
            asked: Duration::ZERO,
        })
    }

    /// Where others tell it something.
    #[must_use]
    pub fn inbox(&self) -> Sender<Notice> {
        self.outbox.clone()
    }

    /// Looks once at every file, puts right what is to be, comments too, and ends.
    ///
    /// # Errors
    ///
    /// [`OpsError`] of the first file that could not be read or put right; the others were.
    pub fn once(mut self) -> Result<Vec<Event>, OpsError> {
        let (mut events, mut first) = (Vec::new(), None);
        for index in 0..self.wards.len() {
            let ward = self.wards.get(index);
            match ward.settle_patiently(&self.timing) {
                Ok(kinds) => {
                    for kind in kinds {
                        events.push(self.teller.tell(index, kind));
                    }
                    events.extend(self.tell_gateway_now(index));
                }
                Err(error) => {
                    let kind = news::failed("guard the file", &error, None);
                    events.push(self.teller.tell(index, kind));
                    first.get_or_insert(error);
                }
            }
        }
        match first {
            Some(error) => Err(error),
            None => Ok(events),
        }
    }

    /// Guards until [`Notice::Stop`]. `ready` is called when every file has been looked at once;
    /// `beat` is called at least every `pulse`, where one is given.
    pub fn run(mut self, ready: &mut dyn FnMut(), pulse: Option<Duration>, beat: &mut dyn FnMut()) {
        self.watch_all();
        let mut is_ready = false;
        loop {
            self.do_what_is_due();
            self.answer_the_awaited();
            if !is_ready && self.wards.all_settled() {
                is_ready = true;
                ready();
            }
            beat();
            let input = match self.wait(pulse) {
                Ok(input) => input,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            if self.take(input).is_break() {
                break;
            }
            while let Ok(input) = self.inbox.try_recv() {
                if self.take(input).is_break() {
                    self.stop();
                    return;
                }
            }
        }
        self.stop();
    }

    /// What is due is done before the end.
    fn stop(&mut self) {
        let now = self.now();
        // What was written just now may not have been reported yet.
        self.wards.glance_all(now);
        for index in 0..self.wards.len() {
            let ward = self.wards.get(index);
            let timing = Timing { settle: Settle::No, ..self.timing.clone() };
            let settled = if ward.has_work() {
                ward.settle_once(now, &timing, Comments::LeaveToWriters)
            } else {
                Ok(None)
            };
            let told = match settled {
                Ok(kinds) => kinds.unwrap_or_default(),
                // Nobody tries again: the one who reads the log is the next to know.
                Err(error) => vec![news::failed("guard the file", &error, None)],
            };
            for kind in told {
                self.teller.tell(index, kind);
            }
            self.tell_gateway_now(index);
            self.teller.tell(index, EventKind::Stopped);
        }
    }

    /// Tells the gateway of what was accepted, where it is to be told, and waits for it.
    fn tell_gateway_now(&mut self, index: usize) -> Option<Event> {
        let message = self.message(index)?;
        let told = message.send(&AtomicBool::new(false));
        told.kind().map(|kind| self.teller.tell(index, kind))
    }

    /// What the gateway of one is to be told; nothing where there is nothing.
    fn message(&mut self, index: usize) -> Option<Message> {
        let ward = self.wards.get(index);
        let signal = ward.take_signal()?;
        Some(Message { ward: index, signal, config: ward.file().to_owned() })
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn wait(&mut self, pulse: Option<Duration>) -> Result<Notice, RecvTimeoutError> {
        let now = self.now();
        let due = self.wards.next_due(now, &self.timing);
        let poll = self.wards.has_polled().then(|| self.polled + POLL);
        let answer = self.awaited.iter().map(|one| one.until).min();
        let pulse = pulse.map(|pulse| now + pulse);
        match [due, poll, answer, pulse].into_iter().flatten().min() {
            Some(at) => self.inbox.recv_timeout(at.saturating_sub(now)),
            None => self.inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    fn take(&mut self, input: Notice) -> std::ops::ControlFlow<()> {
        let now = self.now();
        match input {
            Notice::Seen(Seen::Everything) => self.watch_all(),
            Notice::Seen(Seen::Name(name)) => self.reported(&name, now),
            Notice::Request(request) => self.asked(request, now),
            Notice::Hook(failure) => self.teller.hook_failed(failure),
            Notice::Told(told) => {
                let ward = told.ward;
                if let Some(kind) = told.kind() {
                    self.teller.tell(ward, kind);
                }
            }
            Notice::Profile(Ok(workspace)) => {
                self.wards.adopt(&workspace);
                self.watch_all();
            }
            Notice::Profile(Err(why)) => {
                for index in 0..self.wards.len() {
                    self.teller.tell(index, news::profile_kept(&why));
                }
            }
            Notice::Reload(index, kind) => {
                self.teller.tell(index, *kind);
            }
            Notice::Stop => return std::ops::ControlFlow::Break(()),
        }
        std::ops::ControlFlow::Continue(())
    }

    /// Something happened under `name`.
    fn reported(&mut self, name: &Path, now: Duration) {
        for one in &mut self.awaited {
            if one.trace.as_deref() == Some(name) {
                one.trace = None;
            }
        }
        if self.wards.is_directory(name) {
            // It is gone, or another one stands there.
            self.watch_all();
            return;
        }
        let concerned = self.wards.concerned(name);
        let mut is_elsewhere = false;
        for index in &concerned {
            self.wards.get(*index).changed(now);
            is_elsewhere |= self.wards.resight(*index);
        }
        if is_elsewhere {
            self.watch();
        }
    }

    /// Watches anew, and looks at every file: anything may have happened before.
    fn watch_all(&mut self) {
        let now = self.now();
        self.wards.resight_all();
        self.watch();
        for index in 0..self.wards.len() {
            self.wards.get(index).changed(now);
        }
    }

    fn watch(&mut self) {
        let directories = self.wards.directories();
        let unwatched = self.source.watch(&directories);
        for directory in &directories {
            self.witness.watch(directory);
        }
        for index in 0..self.wards.len() {
            let why = self.wards.why_unwatched(index, &unwatched);
            if let Some(kind) = self.wards.get(index).seen_by(why) {
                self.teller.tell(index, kind);
            }
        }
        let now = self.now();
        // What happened between the look at the names and the watch of their directories was not told.
        self.wards.glance_all(now);
    }

    fn do_what_is_due(&mut self) {
        let began = self.began;
        let elapsed = move || began.elapsed();
        if self.wards.has_polled() && self.now() >= self.polled + POLL {
            self.polled = self.now();
            self.wards.glance_polled(self.polled);
            if self.polled >= self.asked + ASK_AGAIN {
                self.asked = self.polled;
                self.wards.resight_all();
                self.watch();
            }
        }
        let now = self.now();
        for index in self.wards.due(now, &self.timing) {
            let Some((_, task)) = self.wards.get(index).due(now, &self.timing) else { continue };
            let told = self.wards.get(index).act(task, elapsed(), &self.timing, &elapsed);
            for kind in told {
                self.reloads.order(index, self.wards.get(index).workspace(), &kind);
                self.teller.tell(index, kind);
            }
            if let Some(message) = self.message(index) {
                self.messenger.post(message);
            }
            if self.wards.resight(index) {
                self.watch();
            }
        }
    }

    fn asked(&mut self, request: Request, now: Duration) {
        match request {
            Request::State(answer) => answer.give(WatcherState {
                pid: std::process::id(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                files: self.wards.describe(&self.teller),
            }),
            Request::Fresh { file, limit, answer } => {
                let Some(index) = self.wards.find(&file) else {
                    answer.refuse(format!("`{}` is not guarded", file.display()));
                    return;
                };
                let ward = self.wards.get(index);
                let trace = if ward.how() == Sight::Polling || ward.is_managed() {
                    ward.glance(now);
                    None
                } else {
                    let target = Target::resolve(ward.file());
                    match target.and_then(|target| leave_trace(&target)) {
                        Ok(trace) => Some(trace),
                        Err(error) => {
                            answer.refuse(error.to_string());
                            return;
                        }
                    }
                };
                self.awaited.push(Awaited { ward: index, trace, until: now + limit, answer });
            }
        }
    }

    fn answer_the_awaited(&mut self) {
        let now = self.now();
        let mut waiting = Vec::new();
        for one in std::mem::take(&mut self.awaited) {
            let ward = self.wards.get(one.ward);
            let state = ward.condition();
            let is_done = one.trace.is_none() && state != Condition::Settling;
            if is_done || now >= one.until {
                let (fresh, drift) = (one.trace.is_none(), ward.has_drifted());
                one.answer.give(Freshness { fresh, drift, state });
            } else {
                waiting.push(one);
            }
        }
        self.awaited = waiting;
    }
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher").field("files", &self.wards.len()).finish_non_exhaustive()
    }
}

impl From<EventError> for OpsError {
    fn from(error: EventError) -> Self {
        Self::Event(error)
    }
}
