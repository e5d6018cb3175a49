//! What becomes of a write that was not ours.
//!
//! It is looked at against what was accepted before. What its author changed stays, what a rule
//! protects is put back, a text that cannot be read is set aside, and comments that were thrown away
//! are dressed on again. Whatever is written goes through the one commit: under the lock, and only if
//! the file still is what was looked at.
//!
//! This module never decides what damage is: [`crate::heal`] does.

mod accepted;
mod left;
mod plan;
mod record;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub(in crate::ops) use accepted::Accepted;
pub(in crate::ops) use left::Left;
pub use left::{Repair, Repaired};
pub(in crate::ops) use plan::Dressing;
pub(in crate::ops) use record::{ForeignRecord, State, Told};

use super::session::{Session, publication};
use super::snapshot::{Snapshot, Unparsable};
use super::{
    Access, FileOutcome, Missing, OpsError, Outcome, Publication, Status, Workspace, outcome,
};
use crate::compose::{Configuration, IncludeFaultKind, Part};
use crate::doc::SyntaxError;
use crate::finding::Finding;
use crate::fs::{Loaded, Quiet, ReplaceError, Settling};
use crate::heal::{LostComment, PutBack};
use crate::history::{Author, Record};
use plan::Plan;

/// How often a heal is tried against writers that are faster each time.
const ATTEMPTS: u32 = 50;

/// Whether layout and comments that a write threw away are dressed on again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Redressing {
    /// They are.
    #[default]
    Yes,
    /// The text stays as its author wrote it.
    No,
}

/// How much is put right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// What a live gateway must not see, while the author may still be at work.
    Urgent,
    /// Everything; the author is done.
    Whole(Redressing),
    /// The author's whole change is undone where anything of it is damage; else as [`Self::Whole`].
    Undo(Redressing),
    /// Damage, by an author who is done and will not be asked; a section or two that were removed
    /// are no damage.
    Damage,
    /// Layout and comments alone, of a text that was accepted as it is.
    Dress,
}

/// What becomes of a text that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// Its author may not be done: nothing is written.
    Await,
    /// It is set aside, and the accepted one put in its place.
    SetAside,
    /// As that, after it was left alone for a while.
    SetAsideWhenQuiet,
}

/// A text that could not be read, or was no longer there.
#[derive(Clone, Debug)]
pub struct SetAside {
    /// The file it stood in.
    pub file: PathBuf,
    /// How many bytes it had; nothing where the file was gone.
    pub size: Option<usize>,
    /// Why it cannot be read.
    pub fault: Option<SyntaxError>,
}

impl SetAside {
    /// That it stays, since it is not ours to write.
    fn left_alone(&self) -> String {
        let what = format!("put `{}` right, which is made elsewhere", self.file.display());
        match &self.fault {
            Some(fault) => {
                outcome::with_causes(&format!("did not {what}: it does not parse"), fault)
            }
            None => format!("did not {what}: it is gone"),
        }
    }
}

/// What became of a foreign write.
#[derive(Debug)]
pub(super) struct Settled {
    /// What differs between what was accepted and what stands there now.
    pub(super) outcome: Outcome,
    /// The files as the author left them.
    pub(super) theirs: Files,
    /// The files that we wrote, with what stands in them now.
    pub(super) after: Vec<(PathBuf, Option<Vec<u8>>)>,
    /// What was put back.
    pub(super) put_back: Vec<PutBack>,
    /// Damage that nothing cures.
    pub(super) uncured: Vec<Finding>,
    /// Texts that were set aside.
    pub(super) set_aside: Vec<SetAside>,
    /// What was put right beside the text.
    pub(super) repaired: Vec<Repaired>,
    /// Files whose layout and comments were dressed on again.
    pub(super) redressed: Vec<PathBuf>,
    /// What confwarden itself wrote since the last look.
    pub(super) taken_up: Vec<Record>,
    /// Comments that went with what the author removed, by file.
    pub(super) lost_comments: Vec<(PathBuf, Vec<LostComment>)>,
    /// Something cannot be read, and nothing was done about it yet.
    pub(super) is_broken: bool,
}

impl Settled {
    /// Whether the author did damage, cured or not.
    pub(super) fn is_damage(&self) -> bool {
        !(self.put_back.is_empty() && self.uncured.is_empty() && self.set_aside.is_empty())
    }
}

/// One foreign write, looked at under the lock.
pub(super) struct Foreign<'a, 'w> {
    pub(super) workspace: &'w Workspace,
    pub(super) session: &'a mut Session<'w>,
    pub(super) accepted: Accepted,
    pub(super) record: ForeignRecord<'w>,
    /// Rules whose findings stay as the author made them.
    pub(super) allow: &'a [String],
}

impl Foreign<'_, '_> {
    /// Looks at what stands there now, and puts right as much as `extent` says. Waits at most
    /// `lock_timeout` for the gateway's own lock, and goes on without it then: the comparison at the commit
    /// is the safety.
    ///
    /// # Errors
    ///
    /// [`OpsError`] where the files cannot be read or not be written.
    pub(super) fn settle(
        &mut self,
        extent: Extent,
        broken: Broken,
        lock_timeout: Duration,
        dressings: &[Dressing],
    ) -> Result<Settled, OpsError> {
        let mut notices = self.revive()?;
        let taken_up = self.record.take_up(&mut self.accepted, self.session);
        notices.extend(taken_up.notices);
        let mut held = None;
        let mut published: Vec<(PathBuf, Publication)> = Vec::new();
        let mut repaired: Vec<Repaired> = Vec::new();
        let mut after: Vec<(PathBuf, Option<Vec<u8>>)> = Vec::new();
        let mut attempts = 0;
        // What was planned before the locks were taken, for the files as they were then.
        let mut planned: Option<(Files, Plan)> = None;
        let mut patience = Patience { settling: Settling::new(), leaving: Settling::for_return() };
        loop {
            let mut theirs = self.session.load(Missing::Create, Unparsable::Tolerate)?;
            let (configuration, mut set_aside) = self.readable(&theirs);
            let is_broken = !set_aside.is_empty() && broken == Broken::Await;
            if broken == Broken::SetAsideWhenQuiet && patience.waits_for(&set_aside, &theirs) {
                continue;
            }
            let is_stale = extent == Extent::Dress && self.is_touched(&theirs);
            let is_managed = self.workspace.access != Access::Writable;
            let plan = if is_broken || is_stale {
                Plan::default()
            } else if is_managed {
                notices.extend(set_aside.drain(..).map(|set| set.left_alone()));
                self.judged(configuration.as_ref())
            } else {
                match planned.take() {
                    Some((files, plan)) if files == theirs.loaded => plan,
                    _ => self.plan(configuration.as_ref(), &set_aside, extent, dressings),
                }
            };
            let now = plan.goal.as_ref().or(configuration.as_ref());
            let writes =
                if is_broken || is_managed { Vec::new() } else { self.writes(now, &theirs)? };
            if !writes.is_empty() {
                if self.lock(&writes)? {
                    planned = Some((theirs.loaded, plan));
                    continue;
                }
                if held.is_none() {
                    let turn = self.session.turn()?;
                    let gateway = self.session.gateway_lock(lock_timeout);
                    let gateway = gateway.map_err(|error| {
                        let what = "went on without the gateway's own lock";
                        notices.push(outcome::with_causes(what, &error));
                    });
                    held = Some((turn, gateway));
                    // Who held one of them has written, most likely.
                    planned = Some((theirs.loaded, plan));
                    continue;
                }
                self.keep(&theirs, &writes, &set_aside, &mut notices)?;
                match self.write(&theirs, &writes, &mut published, &mut repaired)? {
                    Written::Yes => {}
                    Written::Drifted if attempts < ATTEMPTS => {
                        attempts += 1;
                        continue;
                    }
                    Written::Drifted => {
                        let file = self.session.root().to_owned();
                        return Err(OpsError::Contended { file, attempts });
                    }
                }
                after.extend(writes.into_iter().map(|(file, bytes)| (file, Some(bytes))));
            }
            let mut outcome = self.outcome(now, &theirs, &published);
            for file in &mut outcome.files {
                let found = published.iter().find(|(name, _)| *name == file.file);
                file.publication = found.map(|(_, publication)| *publication);
            }
            outcome.findings = plan.findings;
            outcome.notices = notices;
            return Ok(Settled {
                outcome,
                theirs: std::mem::take(&mut theirs.loaded),
                after,
                put_back: plan.put_back,
                uncured: plan.uncured,
                set_aside: if is_broken { Vec::new() } else { set_aside },
                repaired,
                redressed: plan.redressed,
                taken_up: taken_up.records,
                lost_comments: plan.lost_comments,
                is_broken,
            });
        }
    }

    /// Records what the author wrote and what became of it. Says what could not be recorded.
    pub(super) fn tell(&mut self, author: &Author, settled: &Settled) -> Told {
        self.record.tell(author, settled, self.session, self.allow)
    }

    /// Makes the directory again that a program has removed, and locks in it.
    fn revive(&mut self) -> Result<Vec<String>, OpsError> {
        let revived = self.session.revive()?;
        let told = |file: &PathBuf| {
            format!("the lock of `{}` was removed, and is held anew", file.display())
        };
        Ok(revived.iter().map(told).collect())
    }

    /// Locks what is about to be written and is not locked yet.
    fn lock(&mut self, writes: &[(PathBuf, Vec<u8>)]) -> Result<bool, OpsError> {
        let mut newly_locked = false;
        for (file, _) in writes {
            newly_locked |= self.session.lock(file)?;
        }
        Ok(newly_locked)
    }

    /// What the author left, as far as it can be read, with accepted parts in the place of included
    /// files that cannot; nothing where the root file itself cannot.
    fn readable(&self, theirs: &Snapshot) -> (Option<Configuration>, Vec<SetAside>) {
        let root = self.session.root();
        if theirs.judged().is_none() {
            let bytes = theirs.exists().then(|| theirs.root_bytes());
            let set_aside = (bytes != self.accepted.bytes(root)).then(|| SetAside {
                file: root.to_owned(),
                size: bytes.map(<[u8]>::len),
                fault: theirs.fault.clone(),
            });
            return (None, set_aside.into_iter().collect());
        }
        let configuration = &theirs.configuration;
        let mut set_aside = Vec::new();
        let mut known: Vec<Part> = configuration.parts()[1..].to_vec();
        for fault in configuration.faults() {
            let (file, error) = match &fault.kind {
                IncludeFaultKind::Syntax(file, error) => (file, Some(error.clone())),
                IncludeFaultKind::Missing(file) | IncludeFaultKind::Unreadable(file, _) => {
                    (file, None)
                }
                _ => continue,
            };
            if let Some(part) = self.accepted.part(file) {
                let size = theirs.expected(file).map(|loaded| loaded.bytes.len());
                set_aside.push(SetAside { file: file.clone(), size, fault: error });
                known.push(part.clone());
            }
        }
        if set_aside.is_empty() {
            return (Some(configuration.clone()), set_aside);
        }
        let mut from_memory = |file: &Path| match known.iter().find(|part| part.file == file) {
            Some(part) => Ok(part.clone()),
            None => self.session.load_include(file),
        };
        let root = configuration.root().clone();
        let whole = Configuration::compose(root, &self.session.rules(), &mut from_memory);
        (Some(whole), set_aside)
    }

    /// What is to be written where: other texts than were read, and files that do not stand as they
    /// did. Included ones come first.
    fn writes(
        &self,
        goal: Option<&Configuration>,
        theirs: &Snapshot,
    ) -> Result<Vec<(PathBuf, Vec<u8>)>, OpsError> {
        let mut writes = Vec::new();
        for part in goal.iter().flat_map(|goal| goal.parts().iter().rev()) {
            let text = part.document.source().as_bytes();
            let found = theirs.expected(&part.file).map(|loaded| loaded.bytes.as_slice());
            let repair = match self.accepted.loaded(&part.file) {
                Some(before) => Left::of(self.session.guard(&part.file))?.repair(before),
                None => None,
            };
            if found != Some(text) || repair.is_some() {
                writes.push((part.file.clone(), text.to_vec()));
            }
        }
        Ok(writes)
    }

    /// Stores what is about to be replaced. A text that cannot be read, and not be stored either, is
    /// kept beside the file.
    fn keep(
        &self,
        theirs: &Snapshot,
        writes: &[(PathBuf, Vec<u8>)],
        set_aside: &[SetAside],
        notices: &mut Vec<String>,
    ) -> Result<(), OpsError> {
        let read = theirs.loaded.iter().filter_map(|(_, loaded)| loaded.as_ref());
        let texts = read.map(|loaded| loaded.bytes.as_slice());
        let texts = texts.chain(writes.iter().map(|(_, bytes)| bytes.as_slice()));
        let Err(error) = self.record.keep(texts) else { return Ok(()) };
        notices.push(outcome::with_causes("could not keep what the program wrote", &error));
        for set in set_aside {
            if let Some(loaded) = theirs.expected(&set.file) {
                let kept = self.session.guard(&set.file).keep(&loaded.bytes)?;
                notices.push(format!("it is kept as `{}`", kept.display()));
            }
        }
        Ok(())
    }

    fn write(
        &self,
        theirs: &Snapshot,
        writes: &[(PathBuf, Vec<u8>)],
        published: &mut Vec<(PathBuf, Publication)>,
        repaired: &mut Vec<Repaired>,
    ) -> Result<Written, OpsError> {
        for (file, bytes) in writes {
            let guard = self.session.guard(file);
            let before = self.accepted.loaded(file);
            match Left::put(guard, theirs.expected(file), bytes, before) {
                Ok(put) => {
                    published.push((file.clone(), publication(&put.replaced)));
                    let repair = put.repair;
                    repaired.extend(repair.map(|repair| Repaired { file: file.clone(), repair }));
                }
                Err(ReplaceError::Drifted) => return Ok(Written::Drifted),
                Err(source) => return Err(OpsError::Replace { file: file.clone(), source }),
            }
        }
        Ok(Written::Yes)
    }

    /// Whether anything but access is other than what was accepted.
    fn is_touched(&self, theirs: &Snapshot) -> bool {
        State::of(&self.accepted.files) != State::of(&theirs.loaded)
    }

    /// What differs between what was accepted and what stands there now.
    fn outcome(
        &self,
        now: Option<&Configuration>,
        theirs: &Snapshot,
        published: &[(PathBuf, Publication)],
    ) -> Outcome {
        let status = if self.is_touched(theirs) { Status::Written } else { Status::Unchanged };
        let Some(now) = now else { return Outcome { status, ..Outcome::unchanged() } };
        // After a power cut what was put right may be as its author left it.
        let is_unsure =
            |part: &Part| published.contains(&(part.file.clone(), Publication::DurabilityUnsure));
        let is_told = |part: &&Part| {
            let text = part.document.source().as_bytes();
            self.accepted.bytes(&part.file) != Some(text) || is_unsure(part)
        };
        let files = now.parts().iter().filter(is_told).map(|part| FileOutcome {
            file: part.file.clone(),
            before: self.accepted.part(&part.file).map(|before| before.document.clone()),
            after: part.document.clone(),
            publication: None,
        });
        let accepted = self.accepted.configuration.as_ref();
        Outcome {
            status,
            files: files.collect(),
            ..outcome::differences(accepted, now, self.workspace)
        }
    }
}

/// How long files that cannot be read are waited for.
struct Patience {
    /// Those that are there.
    settling: Settling,
    /// Those that are gone.
    leaving: Settling,
}

impl Patience {
    /// Whether what cannot be read may be in the middle of being written: the program may have left
    /// others behind that go on. Sleeps a moment then.
    fn waits_for(&mut self, set_aside: &[SetAside], theirs: &Snapshot) -> bool {
        set_aside.iter().any(|set| {
            let quiet = match theirs.expected(&set.file) {
                Some(loaded) => self.settling.wait(loaded),
                None => self.leaving.pause(),
            };
            quiet == Quiet::NotYet
        })
    }
}

/// Files with what was read in them; nothing where there is none.
type Files = Vec<(PathBuf, Option<Loaded>)>;

/// Whether files were written.
enum Written {
    Yes,
    /// One of them is no longer what was looked at.
    Drifted,
}
