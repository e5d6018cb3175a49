//! One guarded configuration: what is seen of it, and what is due. No lock is held between two looks.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use super::look::{Found, Look, Standing};
use super::memory::Memory;
use super::retry::Retry;
use super::{Timing, news};
use crate::author::{Inquiry, Witness};
use crate::clock;
use crate::event::{Condition, EventKind, Sight as How};
use crate::fs::{GatewayLock, Held, glance, synced_by, untold};
use crate::history::Author;
use crate::ops::foreign::{Broken, Settled};
use crate::ops::pending;
use crate::ops::signalling;
use crate::ops::{Access, OpsError, Workspace};
use crate::profile::Signal;
use crate::watch::{self, Activity, Budget, Debounce, Due, Pace, Sight};

/// How often the gateway's lock is looked at while it is held.
const TICK: Duration = Duration::from_millis(20);
/// How long comments wait for a writer that was just started: `openclaw config set` of 2026.9 reads
/// the file seconds before it takes its lock, and fails where the file has changed since.
const HOLD_BACK: Duration = Duration::from_secs(2);
/// How long they wait for one after the other.
const MOST_HELD_BACK: Duration = Duration::from_mins(2);
/// How often it is looked at whether a commit was confirmed or extended.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// One guarded configuration. Times are since the watcher began.
pub(super) struct Ward {
    workspace: Workspace,
    /// How long whoever holds our lock is waited for, where somebody waits for us.
    patience: Duration,
    /// Who keeps its folder the same as elsewhere, where somebody does.
    synced: Option<&'static str>,
    memory: Memory,
    /// The files as they looked when they were read; nothing where they have to be read again.
    seen: Standing,
    debounce: Debounce,
    /// When layout and comments are due.
    calm: Option<Duration>,
    /// Until when they wait for writers that are at work.
    held_back: Option<Duration>,
    heals: Budget,
    /// Heals in the present fight.
    fought: u64,
    dressings: Budget,
    retry: Retry,
    /// What failed last, told once.
    failure: Option<String>,
    /// Who seems to have written what is to be looked into.
    author: Option<Inquiry>,
    /// Whose values stand in the text that is to be dressed.
    dressed_for: Inquiry,
    witness: Rc<Witness>,
    /// How changes are seen; nothing before it was told.
    how: Option<How>,
    is_damaged: bool,
    /// When it is looked at commits that wait to be confirmed; nothing where none does.
    pending: Option<Duration>,
    /// What was accepted and the gateway is still to be told of.
    is_to_be_told: bool,
}

/// What is due for a ward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Read and judge it.
    Look,
    /// Dress layout and comments on again.
    Dress,
    /// See whether a fight is over.
    Peace,
    /// See what becomes of commits that wait to be confirmed.
    Pending,
}

/// Whether comments are dressed on at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comments {
    /// They are.
    Dress,
    /// Not while a writer is at work, whose command could fail.
    LeaveToWriters,
}

impl Ward {
    pub(super) fn new(workspace: Workspace, witness: Rc<Witness>) -> Self {
        // A look never waits: whoever holds our lock heals what runs under it.
        let patience = workspace.lock_timeout;
        let workspace = Workspace { lock_timeout: Duration::ZERO, ..workspace };
        let synced = synced_by(&workspace.config);
        Self {
            patience,
            synced,
            seen: vec![(workspace.config.clone(), None)],
            workspace,
            memory: Memory::default(),
            debounce: Debounce::at(synced.map_or(Pace::Usual, |_| Pace::Synced)),
            calm: None,
            held_back: None,
            heals: Budget::default(),
            fought: 0,
            dressings: Budget::default(),
            retry: Retry::default(),
            failure: None,
            author: None,
            dressed_for: Inquiry::known(Author::unknown()),
            witness,
            how: None,
            is_damaged: false,
            pending: Some(Duration::ZERO),
            is_to_be_told: false,
        }
    }

    /// The root file.
    pub(super) fn file(&self) -> &Path {
        &self.workspace.config
    }

    /// What is guarded, and how.
    pub(super) fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// Takes another profile or other roots of includes.
    pub(super) fn adopt(&mut self, workspace: Workspace) {
        self.workspace = Workspace { lock_timeout: Duration::ZERO, ..workspace };
    }

    /// The names that lead to its files.
    pub(super) fn sight(&self) -> Sight {
        let mut sight = Sight::of(self.file());
        for (file, _) in &self.seen {
            sight.join(Sight::of(file));
        }
        sight
    }

    /// Takes note of why the system does not tell of one of its directories, and says where that is news.
    pub(super) fn seen_by(&mut self, unwatched: Option<String>) -> Option<EventKind> {
        let mut files = self.seen.iter();
        let untold = || files.find_map(|(file, _)| untold(file)).map(str::to_owned);
        let why = unwatched.or_else(untold);
        let how = if why.is_some() { How::Polling } else { How::Events };
        let synced =
            || self.synced.map(|by| format!("{by} keeps its folder the same as elsewhere"));
        let why = why.or_else(synced);
        let is_news = self.how.replace(how) != Some(how);
        is_news.then_some(EventKind::Watching { how, why })
    }

    /// How changes are seen.
    pub(super) fn how(&self) -> How {
        self.how.unwrap_or(How::Events)
    }

    /// Whether nothing may be written, not even beside it.
    pub(super) fn is_managed(&self) -> bool {
        self.workspace.access != Access::Writable
    }

    /// How it stands.
    pub(super) fn condition(&self) -> Condition {
        if self.fought > 0 {
            Condition::Contested
        // Comments that are still to be dressed on change no value.
        } else if self.debounce.is_pending() {
            Condition::Settling
        } else if self.is_damaged || !self.retry.is_idle() {
            Condition::Damaged
        } else if self.memory.has_begun() && self.file().exists() {
            Condition::Stable
        } else {
            Condition::Missing
        }
    }

    /// Whether what stands there differs from what was accepted, as far as can be seen from outside.
    pub(super) fn has_drifted(&self) -> bool {
        self.debounce.is_pending()
            || self.seen.iter().any(|(file, seen)| *seen != Some(glance(file)))
    }

    /// Looks from outside whether it was changed.
    pub(super) fn glance(&mut self, now: Duration) {
        let mut is_changed = false;
        for (file, seen) in &mut self.seen {
            let found = Some(glance(file));
            is_changed |= found != *seen;
            *seen = found;
        }
        if is_changed {
            self.changed(now);
        }
    }

    /// It may have changed.
    pub(super) fn changed(&mut self, now: Duration) {
        // What we wrote ourselves is reported too, and is nobody's.
        let is_ours = !self.seen.iter().any(|(file, seen)| *seen != Some(glance(file)));
        let is_first = !self.debounce.is_pending();
        self.debounce.changed(now);
        if is_first && !is_ours && self.memory.has_begun() {
            let held = GatewayLock::held(self.file());
            self.author = Some(self.witness.ask(self.file(), clock::monotonic(), &held));
        }
    }

    /// What is due next, and when.
    pub(super) fn due(&mut self, now: Duration, timing: &Timing) -> Option<(Duration, Task)> {
        let look = self.look_due(now, timing).map(|at| (at, Task::Look));
        // While there is something to look into it is no time to dress.
        let dress = self.calm.filter(|_| look.is_none());
        let dress =
            dress.map(|at| (at.max(self.dressings.next()).max(self.retry.next()), Task::Dress));
        let peace = (self.fought > 0).then(|| (self.heals.peace(), Task::Peace));
        // What others wrote is taken up first.
        let pending = self.pending.filter(|_| look.is_none()).map(|at| (at, Task::Pending));
        [look, dress, peace, pending].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    fn look_due(&mut self, now: Duration, timing: &Timing) -> Option<Duration> {
        if !self.debounce.is_pending() {
            return None;
        }
        let not_before = self.heals.next().max(self.retry.next());
        if not_before > now {
            return Some(not_before);
        }
        if timing.settle == super::Settle::No && !self.debounce.is_broken() {
            return Some(now);
        }
        let activity = self.activity();
        match self.debounce.due(now, activity) {
            Due::Nothing => None,
            Due::Now => Some(now),
            Due::In(left) if activity == Activity::AtWork => Some(now + left.min(TICK)),
            Due::In(left) => Some(now + left),
        }
    }

    /// Whether somebody holds the gateway's own lock.
    fn activity(&self) -> Activity {
        match GatewayLock::held(self.file()) {
            Held::By(_) => Activity::AtWork,
            Held::No => Activity::Unknown,
        }
    }

    /// Does what is due at `now`, and says what came of it. `elapsed` is the clock.
    pub(super) fn act(
        &mut self,
        task: Task,
        now: Duration,
        timing: &Timing,
        elapsed: &dyn Fn() -> Duration,
    ) -> Vec<EventKind> {
        match task {
            Task::Look if self.look_due(now, timing).is_some_and(|at| at <= now) => {
                let broken =
                    if self.debounce.is_broken() { Broken::SetAside } else { Broken::Await };
                self.look(broken, now, timing, elapsed)
            }
            Task::Look => Vec::new(),
            Task::Dress => self.dress(now, timing),
            Task::Peace => match self.heals.standing(now) {
                watch::Standing::Calm => {
                    self.fought = 0;
                    vec![EventKind::Calm]
                }
                watch::Standing::Contested { .. } => Vec::new(),
            },
            Task::Pending => self.look_at_pending(now),
        }
    }

    /// How the gateway is to be told of what was accepted since this was asked last; nothing where
    /// there is nothing for it.
    pub(super) fn take_signal(&mut self) -> Option<Signal> {
        std::mem::take(&mut self.is_to_be_told).then(|| self.workspace.profile.signal.clone())
    }

    /// Takes note of what stands now of somebody else's change. Of damage that nothing cures no gateway
    /// is told.
    fn note_signal(&mut self, settled: &Settled) {
        let signal = &self.workspace.profile.signal;
        self.is_to_be_told |=
            settled.uncured.is_empty() && signalling::is_needed(signal, &settled.outcome.changes);
    }

    /// Whether something is to be looked into, or dressed.
    pub(super) fn has_work(&self) -> bool {
        self.debounce.is_pending() || self.calm.is_some()
    }

    /// Whether something is to be looked into.
    pub(super) fn is_pending(&self) -> bool {
        self.debounce.is_pending()
    }

    /// As [`Ward::settle_once`], waiting for whoever holds our lock.
    pub(super) fn settle_patiently(&mut self, timing: &Timing) -> Result<Vec<EventKind>, OpsError> {
        self.workspace.lock_timeout = self.patience;
        let told = self.settle_once(Duration::ZERO, timing, Comments::Dress);
        self.workspace.lock_timeout = Duration::ZERO;
        Ok(told?.unwrap_or_default())
    }

    /// Judges and puts right everything that is there, without delay. `None` where another of us holds
    /// the lock.
    pub(super) fn settle_once(
        &mut self,
        now: Duration,
        timing: &Timing,
        comments: Comments,
    ) -> Result<Option<Vec<EventKind>>, OpsError> {
        let inquiry = self.take_author();
        let look = Look { workspace: &self.workspace, allow: &timing.allow, author: &inquiry };
        let mut told = Vec::new();
        match look.heal(&mut self.memory, Broken::SetAsideWhenQuiet)? {
            Found::Busy => return Ok(None),
            Found::Settled(settled, records, _) => {
                told.extend(news::taken_up(&settled.taken_up));
                let author = inquiry.author();
                told.extend(news::settled(&settled, &records, author, now, &timing.allow));
                told.extend(notices(&settled));
                self.note_signal(&settled);
            }
            Found::Nothing | Found::Broken | Found::Unchanged(_) => {}
        }
        let is_in_the_way =
            comments == Comments::LeaveToWriters && self.witness.sees_a_writer_at_work();
        let look = Look { workspace: &self.workspace, allow: &timing.allow, author: &inquiry };
        if !is_in_the_way
            && let Found::Settled(settled, records, _) = look.dress(&mut self.memory)?
        {
            told.extend(news::dressed(&settled, &records, inquiry.author()));
        }
        told.extend(self.look_at_pending(now));
        Ok(Some(told))
    }

    fn look(
        &mut self,
        broken: Broken,
        now: Duration,
        timing: &Timing,
        elapsed: &dyn Fn() -> Duration,
    ) -> Vec<EventKind> {
        let since = self.debounce.last_change().unwrap_or(now);
        let inquiry = self.take_author();
        let look = Look { workspace: &self.workspace, allow: &timing.allow, author: &inquiry };
        let found = match look.heal(&mut self.memory, broken) {
            Ok(found) => found,
            Err(error) => {
                self.author = Some(inquiry);
                return self.failed(&error, now);
            }
        };
        let mut told = Vec::new();
        // A commit is there before its write is seen.
        self.pending = Some(now);
        match found {
            Found::Busy => {
                self.author = Some(inquiry);
                self.retry.busy(now);
                return told;
            }
            Found::Broken => {
                self.author = Some(inquiry);
                self.debounce.found_broken();
                return told;
            }
            Found::Nothing => self.debounce.settled(),
            Found::Unchanged(standing) => {
                self.debounce.settled();
                self.stands(standing, now);
            }
            Found::Settled(settled, records, standing) => {
                let took = elapsed().saturating_sub(since);
                self.debounce.settled();
                let author = inquiry.author();
                if self.memory.is_undressed() {
                    self.calm = Some(now + timing.calm);
                }
                self.is_damaged = !settled.uncured.is_empty();
                self.note_signal(&settled);
                told.extend(news::taken_up(&settled.taken_up));
                told.extend(news::settled(&settled, &records, author, took, &timing.allow));
                told.extend(notices(&settled));
                told.extend(records.notice.as_deref().map(unrecorded));
                if settled.is_damage() && !settled.after.is_empty() {
                    told.extend(self.pay(now, author, &settled));
                }
                if settled.taken_up.is_empty() {
                    self.dressed_for = inquiry;
                }
                self.stands(standing, now);
            }
        }
        self.retry.succeeded();
        self.failure = None;
        told
    }

    fn dress(&mut self, now: Duration, timing: &Timing) -> Vec<EventKind> {
        if self.activity() == Activity::AtWork {
            self.calm = Some(now + timing.calm);
            return Vec::new();
        }
        let held_back = *self.held_back.get_or_insert(now + MOST_HELD_BACK);
        if now < held_back && self.witness.sees_a_writer_at_work() {
            self.calm = Some(now + HOLD_BACK);
            return Vec::new();
        }
        self.held_back = None;
        let look =
            Look { workspace: &self.workspace, allow: &timing.allow, author: &self.dressed_for };
        let found = match look.dress(&mut self.memory) {
            Ok(found) => found,
            Err(error) => return self.failed(&error, now),
        };
        self.retry.succeeded();
        match found {
            Found::Busy => {
                self.calm = Some(now + timing.calm);
                Vec::new()
            }
            Found::Broken => {
                // Somebody has written meanwhile.
                self.calm = Some(now + timing.calm);
                self.changed(now);
                Vec::new()
            }
            Found::Nothing | Found::Unchanged(_) => {
                self.calm = None;
                Vec::new()
            }
            Found::Settled(settled, records, standing) => {
                self.calm = None;
                if !settled.redressed.is_empty() {
                    self.dressings.spend(now, fastrand::f64());
                }
                self.stands(standing, now);
                let told = news::dressed(&settled, &records, self.dressed_for.author());
                told.into_iter().chain(records.notice.as_deref().map(unrecorded)).collect()
            }
        }
    }

    /// Remembers how the files look from outside.
    fn stands(&mut self, standing: Standing, now: Duration) {
        let is_stale = standing.iter().any(|(_, glance)| glance.is_none());
        self.seen = standing;
        if is_stale {
            self.debounce.changed(now);
        }
    }

    /// Undoes commits that are due, tells what became of others, and looks again while one waits.
    fn look_at_pending(&mut self, now: Duration) -> Vec<EventKind> {
        let settled = pending::settle_in_watcher(&self.workspace);
        self.is_to_be_told |= settled.is_to_be_told;
        self.pending = settled.next.map(|next| now + next.min(LOOK_AGAIN));
        settled.told
    }

    /// Pays for a heal; says where a fight has begun.
    fn pay(&mut self, now: Duration, author: &Author, settled: &Settled) -> Option<EventKind> {
        self.heals.spend(now, fastrand::f64());
        let is_calm = self.heals.standing(now) == watch::Standing::Calm;
        if is_calm {
            return None;
        }
        let is_new = self.fought == 0;
        self.fought += 1;
        is_new.then(|| EventKind::Contested {
            author: author.clone(),
            put_back: news::put_back(settled),
            heals: self.heals.spent(),
            next_try_ms: news::millis(self.heals.next().saturating_sub(now)),
        })
    }

    fn failed(&mut self, error: &OpsError, now: Duration) -> Vec<EventKind> {
        let next = self.retry.failed(now);
        if self.calm.is_none() && !self.debounce.is_pending() {
            self.debounce.changed(now);
        }
        let event = news::failed("guard the file", error, Some(next));
        let text = error.to_string();
        let is_news = self.failure.as_ref() != Some(&text);
        self.failure = Some(text);
        if is_news { vec![event] } else { Vec::new() }
    }

    /// The answer to who wrote, once.
    fn take_author(&mut self) -> Inquiry {
        self.author.take().unwrap_or_else(|| Inquiry::known(Author::unknown()))
    }
}

/// What a person should know of a look, beside its outcome.
fn notices(settled: &Settled) -> Vec<EventKind> {
    settled.outcome.notices.iter().map(|notice| unrecorded(notice)).collect()
}

fn unrecorded(why: &str) -> EventKind {
    EventKind::Failed {
        from: crate::event::Origin::Watcher,
        what: "do everything that belongs to a heal".to_owned(),
        why: why.to_owned(),
        next_try_ms: None,
    }
}

/// Where `file` lies, by an absolute name that does not depend on links.
pub(super) fn absolute(file: &Path) -> PathBuf {
    std::path::absolute(file).unwrap_or_else(|_| file.to_owned())
}
