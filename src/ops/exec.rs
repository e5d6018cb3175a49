//! Any other writer, run under the guard.
//!
//! The lock is taken before the program starts and shared with it, so that calls of confwarden inside
//! it work and others wait. A live gateway reads the file about 500 ms after a write, and a program
//! may run for long after its own: damage that the gateway must not see is healed while it runs. The
//! rest is judged when it has ended.
//!
//! The gateway's own lock is held only for a heal, never while the program runs: it may be the
//! gateway's, which would wait for it in vain.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::foreign::{
    Accepted, Broken, Dressing, Extent, Foreign, ForeignRecord, Redressing, Repaired, SetAside,
    Settled,
};
use super::pending;
use super::session::Session;
use super::signalling::{self, Signalling};
use super::{OpsError, Outcome, Publication, Status, Workspace, outcome};
use crate::child::{Child, End, Progress};
use crate::clock;
use crate::finding::Finding;
use crate::fs::{GatewayLock, Glance, Held, glance};
use crate::heal::{LostComment, PutBack};
use crate::history::{Author, Certainty};
use crate::policy;
use crate::watch::{Activity, Debounce, Due};

/// How often the files are looked at from outside.
const TICK: Duration = Duration::from_millis(20);
/// How often in a row a heal that failed is tried again while the program runs. Afterwards it is tried
/// when the file changes again, and when the program has ended.
const TRIES: u32 = 3;
/// How long a heal waits for the gateway's own lock while the program runs: what is left of the window
/// in which the gateway sees nothing.
const URGENT_PATIENCE: Duration = Duration::from_millis(60);

/// A program and its arguments.
#[derive(Clone)]
pub struct Program {
    /// A path, or a name that is searched in `PATH`.
    pub name: OsString,
    /// What it is given.
    pub arguments: Vec<OsString>,
}

impl Program {
    /// The name without its directory.
    fn shown(&self) -> String {
        let name = Path::new(&self.name);
        name.file_name().unwrap_or(name.as_os_str()).to_string_lossy().into_owned()
    }
}

/// Shows the program only: arguments may be secrets.
impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What becomes of damage that a program does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Damage {
    /// What a rule protects is put back, the rest of its change stays.
    #[default]
    Heal,
    /// Its whole change is undone.
    Undo,
}

/// How a program is guarded.
#[derive(Clone, Debug, Default)]
pub struct ExecOptions {
    /// Rules whose findings stay as the program made them.
    pub allow: Vec<String>,
    /// What becomes of damage.
    pub damage: Damage,
    /// Whether layout and comments are dressed on again.
    pub redressing: Redressing,
    /// Whether the gateway is told of what the program changed.
    pub signalling: Signalling,
}

/// How a program under the guard has ended, and what became of its writes.
#[derive(Debug)]
pub struct ExecOutcome {
    /// How the program has ended.
    pub end: End,
    /// What differs between before and now. [`Status::Refused`] where the change was undone.
    pub outcome: Outcome,
    /// What was put back, each path once.
    pub put_back: Vec<PutBack>,
    /// Damage that nothing cures: a person has to look.
    pub uncured: Vec<Finding>,
    /// Texts that could not be read, and were replaced by the accepted ones.
    pub set_aside: Vec<SetAside>,
    /// What was put right beside the text.
    pub repaired: Vec<Repaired>,
    /// Files whose layout and comments were dressed on again.
    pub redressed: Vec<PathBuf>,
    /// Comments that went with what the program removed, by file.
    pub lost_comments: Vec<(PathBuf, Vec<LostComment>)>,
}

impl ExecOutcome {
    /// Whether the program did damage, healed or not.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        !(self.put_back.is_empty()
            && self.uncured.is_empty()
            && self.set_aside.is_empty()
            && self.repaired.is_empty())
    }
}

/// Runs `program` under the guard. What it does to the configuration is judged, healed, and reported.
///
/// # Errors
///
/// [`OpsError`] where the lock is not obtained, the file cannot be read or the program not be started:
/// nothing has run then. Afterwards where a heal could not be written.
pub fn exec(
    workspace: &Workspace,
    program: &Program,
    options: &ExecOptions,
) -> Result<ExecOutcome, OpsError> {
    policy::check_rules(&options.allow)?;
    let overdue = pending::settle_overdue(workspace);
    let mut session = Session::guarding(workspace)?;
    let snapshot = session.load_locked()?;
    let accepted = Accepted::recorded(snapshot, workspace, &session);
    session.share()?;
    let mut record = ForeignRecord::new(workspace, &session, &accepted);
    // From here on a guard that dies takes nothing along that a person could need.
    record.observe();
    let allow = &options.allow;
    let mut foreign = Foreign { workspace, session: &mut session, accepted, record, allow };
    let mut watch = Watch::new(&mut foreign, program);
    let child = Child::start(&program.name, &program.arguments)?;
    // As long as it is there, signals do not end us in the middle of what is left to do.
    let (_child, end) = watch.until_end(child)?;
    let Watch { author, mut settled, mut notices, .. } = watch;
    let dressings: Vec<Dressing> = settled.iter().flat_map(Dressing::of).collect();
    let extent = match options.damage {
        Damage::Heal => Extent::Whole(options.redressing),
        Damage::Undo => Extent::Undo(options.redressing),
    };
    let last =
        foreign.settle(extent, Broken::SetAsideWhenQuiet, workspace.lock_timeout, &dressings)?;
    notices.extend(foreign.tell(&author, &last).notice);
    settled.push(last);
    notices.extend(foreign.session.leftovers().map(outcome::leftover));
    let mut outcome = ExecOutcome::of(end, options.damage, settled, notices);
    outcome.outcome.notices.splice(0..0, overdue);
    drop(foreign);
    drop(session);
    if outcome.outcome.status == Status::Written {
        let changes = &outcome.outcome.changes;
        outcome.outcome.signal = signalling::after(workspace, changes, options.signalling);
    }
    Ok(outcome)
}

/// The configuration while the program runs.
struct Watch<'f, 'a, 'w> {
    foreign: &'f mut Foreign<'a, 'w>,
    /// Who writes, as far as is known.
    author: Author,
    began: Instant,
    seen: Vec<(PathBuf, Glance)>,
    debounce: Debounce,
    /// What was healed while it ran.
    settled: Vec<Settled>,
    notices: Vec<String>,
    /// How many heals in a row have failed.
    failed: u32,
}

impl<'f, 'a, 'w> Watch<'f, 'a, 'w> {
    fn new(foreign: &'f mut Foreign<'a, 'w>, program: &Program) -> Self {
        let author = Author { name: program.shown(), pid: None, certainty: Certainty::UnderExec };
        let files = foreign.accepted.files.iter().map(|(file, _)| file.clone());
        let seen = files.map(|file| (file.clone(), glance(&file))).collect();
        // Somebody else may have written between the read and this first look from outside.
        let mut debounce = Debounce::default();
        debounce.changed(Duration::ZERO);
        Self {
            foreign,
            author,
            began: clock::monotonic(),
            seen,
            debounce,
            settled: Vec::new(),
            notices: Vec::new(),
            failed: 0,
        }
    }

    /// Waits for the end of the program, and heals meanwhile what cannot wait.
    fn until_end(&mut self, mut child: Child) -> Result<(Child, End), OpsError> {
        self.author.pid = Some(child.id());
        loop {
            match child.wait(self.pause())? {
                Progress::Ended(end) => return Ok((child, end)),
                Progress::Stopped(_) => {
                    child.pause()?;
                }
                Progress::Running | Progress::Continued => {}
            }
            self.look_from_outside();
            if self.due() == Due::Now {
                self.look_into();
            }
        }
    }

    fn pause(&mut self) -> Duration {
        match self.due() {
            Due::Nothing => TICK,
            Due::In(left) => left.min(TICK),
            Due::Now => Duration::ZERO,
        }
    }

    fn due(&mut self) -> Due {
        let now = self.began.elapsed();
        if self.debounce.due(now, Activity::Unknown) == Due::Nothing {
            return Due::Nothing;
        }
        let activity = match GatewayLock::held(self.foreign.session.root()) {
            Held::By(_) => Activity::AtWork,
            Held::No => Activity::Unknown,
        };
        self.debounce.due(now, activity)
    }

    fn look_from_outside(&mut self) {
        let mut changed = false;
        for (file, seen) in &mut self.seen {
            let now = glance(file);
            changed |= now != *seen;
            *seen = now;
        }
        if changed {
            self.debounce.changed(self.began.elapsed());
        }
    }

    /// Looks into the files, and heals what a live gateway must not see. What fails is tried again:
    /// a program is never left alone.
    fn look_into(&mut self) {
        let broken = if self.debounce.is_broken() { Broken::SetAside } else { Broken::Await };
        let settled = match self.foreign.settle(Extent::Urgent, broken, URGENT_PATIENCE, &[]) {
            Ok(settled) => settled,
            Err(error) => return self.note_failure(&error),
        };
        self.failed = 0;
        if settled.is_broken {
            self.debounce.found_broken();
            return;
        }
        self.debounce.settled();
        // What we wrote ourselves is no news.
        for (file, seen) in &mut self.seen {
            *seen = glance(file);
        }
        if settled.is_damage() {
            self.notices.extend(self.foreign.tell(&self.author, &settled).notice);
            self.settled.push(settled);
        }
    }

    fn note_failure(&mut self, error: &OpsError) {
        let why = outcome::with_causes("could not heal while the program ran", error);
        if !self.notices.contains(&why) {
            self.notices.push(why);
        }
        self.failed += 1;
        self.debounce.settled();
        if self.failed < TRIES {
            self.debounce.changed(self.began.elapsed());
        }
    }
}

/// Tells in `now` what was written `before`, and not again, and may be gone after a power cut.
fn carry_unsure(before: Outcome, now: &mut Outcome) {
    for file in before.files {
        if file.publication != Some(Publication::DurabilityUnsure) {
            continue;
        }
        match now.files.iter_mut().find(|known| known.file == file.file) {
            Some(known) => known.publication = known.publication.or(file.publication),
            None => now.files.push(file),
        }
    }
}

impl ExecOutcome {
    fn of(end: End, damage: Damage, settled: Vec<Settled>, notices: Vec<String>) -> Self {
        let mut all = Self {
            end,
            outcome: Outcome::unchanged(),
            put_back: Vec::new(),
            uncured: Vec::new(),
            set_aside: Vec::new(),
            repaired: Vec::new(),
            redressed: Vec::new(),
            lost_comments: Vec::new(),
        };
        let mut told = Vec::new();
        for one in settled {
            // What was put back, and broken again, is told once.
            for put in one.put_back {
                if !all
                    .put_back
                    .iter()
                    .any(|known| (&known.path, known.rule) == (&put.path, put.rule))
                {
                    all.put_back.push(put);
                }
            }
            all.set_aside.extend(one.set_aside);
            all.repaired.extend(one.repaired);
            told.extend(one.outcome.notices.iter().cloned());
            // The last look sees everything that stands, but not how it was written before.
            let before = std::mem::replace(&mut all.outcome, one.outcome);
            carry_unsure(before, &mut all.outcome);
            all.uncured = one.uncured;
            all.redressed = one.redressed;
            all.lost_comments = one.lost_comments;
        }
        all.outcome.notices = told.into_iter().chain(notices).collect();
        // Access that was put right is no reason to undo what was written.
        let is_undone =
            !(all.put_back.is_empty() && all.uncured.is_empty() && all.set_aside.is_empty());
        if damage == Damage::Undo && is_undone {
            all.outcome.status = Status::Refused;
        }
        all
    }
}
