//! What becomes of a write that was not ours.
//!
//! It is looked at against what was accepted before. What its author changed stays, what a rule
//! protects is put back, a text that cannot be read is set aside, and comments that were thrown away
//! are dressed on again. Whatever is written goes through the one commit: under the lock, and only if
//! the file still is what was looked at.
//!
//! This module never decides what damage is: [`crate::heal`] does.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::session::{Commit, Session, Snapshot, Unparsable};
use super::{FileOutcome, HardLinks, Missing, OpsError, Outcome, Status, Workspace, outcome};
use crate::compose::{Configuration, Edited, IncludeFaultKind, Part};
use crate::doc::{Document, SyntaxError};
use crate::finding::Finding;
use crate::fs::Loaded;
use crate::heal::{self, LostComment, PutBack, Redress, heal};
use crate::policy;

/// How often a heal is tried against writers that are faster each time.
const ATTEMPTS: u32 = 50;

/// The rules whose damage a live gateway must never see.
const URGENT: [&str; 4] =
    ["auth-token-dropped", "auth-token-changed", "auth-block-lost", "auth-mode-incoherent"];

/// What was accepted before the foreign write.
pub(super) struct Accepted {
    /// The files as they were read.
    pub(super) files: Vec<(PathBuf, Option<Loaded>)>,
    /// What they mean; nothing where there was no file, or none that parses.
    pub(super) configuration: Option<Configuration>,
}

impl Accepted {
    /// What was read before the author began.
    pub(super) fn of(snapshot: Snapshot) -> Self {
        let configuration = snapshot.judged().cloned();
        Self { files: snapshot.loaded, configuration }
    }

    fn part(&self, file: &Path) -> Option<&Part> {
        self.configuration.as_ref()?.parts().iter().find(|part| part.file == file)
    }

    fn bytes(&self, file: &Path) -> Option<&[u8]> {
        let (_, loaded) = self.files.iter().find(|(name, _)| name == file)?;
        loaded.as_ref().map(|loaded| loaded.bytes.as_slice())
    }
}

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
}

/// What becomes of a text that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// Its author may not be done: nothing is written.
    Await,
    /// It is set aside, and the accepted one put in its place.
    SetAside,
}

/// A text that could not be read, or was no longer there.
#[derive(Clone, Debug)]
pub struct SetAside {
    /// The file it stood in.
    pub file: PathBuf,
    /// The bytes; nothing where the file was gone.
    pub bytes: Option<Vec<u8>>,
    /// Why it cannot be read.
    pub fault: Option<SyntaxError>,
}

/// What became of a foreign write.
#[derive(Debug)]
pub(super) struct Settled {
    /// What differs between what was accepted and what stands there now.
    pub(super) outcome: Outcome,
    /// The files as the author left them.
    pub(super) theirs: Vec<(PathBuf, Option<Loaded>)>,
    /// What was put back.
    pub(super) put_back: Vec<PutBack>,
    /// Damage that nothing cures.
    pub(super) uncured: Vec<Finding>,
    /// Texts that were set aside.
    pub(super) set_aside: Vec<SetAside>,
    /// Files whose layout and comments were dressed on again.
    pub(super) redressed: Vec<PathBuf>,
    /// Comments that went with what the author removed, by file.
    pub(super) lost_comments: Vec<(PathBuf, Vec<LostComment>)>,
    /// Something cannot be read, and nothing was done about it yet.
    pub(super) is_broken: bool,
}

/// One foreign write, looked at under the lock.
pub(super) struct Foreign<'a, 'w> {
    pub(super) workspace: &'w Workspace,
    pub(super) session: &'a mut Session<'w>,
    pub(super) accepted: &'a Accepted,
    /// Rules whose findings stay as the author made them.
    pub(super) allow: &'a [String],
}

/// A text that we healed while its author was at work, and what the author had written.
#[derive(Debug)]
pub(super) struct Dressing {
    file: PathBuf,
    healed: Vec<u8>,
    raw: Document,
}

/// What the files are to be, and why.
struct Plan {
    goal: Option<Configuration>,
    put_back: Vec<PutBack>,
    findings: Vec<Finding>,
    uncured: Vec<Finding>,
    redressed: Vec<PathBuf>,
    lost_comments: Vec<(PathBuf, Vec<LostComment>)>,
}

impl Foreign<'_, '_> {
    /// Looks at what stands there now, and puts right as much as `extent` says. Waits at most
    /// `patience` for the gateway's own lock, and goes on without it then: the comparison at the commit
    /// is the safety.
    ///
    /// # Errors
    ///
    /// [`OpsError`] where the files cannot be read or not be written.
    pub(super) fn settle(
        &mut self,
        extent: Extent,
        broken: Broken,
        patience: Duration,
        dressings: &[Dressing],
    ) -> Result<Settled, OpsError> {
        let mut attempts = 0;
        let mut gateway = None;
        let mut notices = Vec::new();
        loop {
            attempts += 1;
            let theirs = self.session.load(Missing::Create, Unparsable::Tolerate)?;
            let (configuration, set_aside) = self.readable(&theirs);
            let is_broken = !set_aside.is_empty() && broken == Broken::Await;
            let plan = if is_broken {
                Plan::nothing()
            } else {
                self.plan(configuration.as_ref(), !set_aside.is_empty(), extent, dressings)
            };
            let goal = plan.goal.map(Edited::from);
            let goal = goal.as_ref();
            let writes = goal.map(|goal| writes(&goal.configuration, &theirs)).unwrap_or_default();
            let mut newly_locked = false;
            for part in &writes {
                newly_locked |= self.session.lock(&part.file)?;
            }
            if newly_locked {
                // Read again what was read without its lock.
                attempts = 0;
                continue;
            }
            let publications = if let Some(goal) = goal.filter(|_| !writes.is_empty()) {
                if gateway.is_none() && attempts == 1 && notices.is_empty() {
                    match self.session.gateway_lock(patience) {
                        Ok(lock) => gateway = lock,
                        Err(error) => {
                            notices.push(format!("went on without the gateway's own lock: {error}"))
                        }
                    }
                    if gateway.is_some() {
                        // Who held it has written, most likely.
                        continue;
                    }
                }
                match self.session.commit(&theirs, goal, &writes, HardLinks::Break)? {
                    Commit::Done(publications) => publications,
                    Commit::Drifted if attempts < ATTEMPTS => continue,
                    Commit::Drifted => {
                        let file = self.session.root().to_owned();
                        return Err(OpsError::Contended { file, attempts });
                    }
                }
            } else {
                Vec::new()
            };
            let written: Vec<_> =
                writes.iter().map(|part| part.file.clone()).zip(publications).collect();
            let mut outcome =
                self.outcome(goal.map(|goal| &goal.configuration), configuration.as_ref(), &theirs);
            for file in &mut outcome.files {
                let published = written.iter().find(|(name, _)| *name == file.file);
                file.publication = published.map(|(_, publication)| *publication);
            }
            outcome.findings = plan.findings;
            outcome.notices = notices;
            return Ok(Settled {
                outcome,
                theirs: theirs.loaded,
                put_back: plan.put_back,
                uncured: plan.uncured,
                set_aside: if is_broken { Vec::new() } else { set_aside },
                redressed: plan.redressed,
                lost_comments: plan.lost_comments,
                is_broken,
            });
        }
    }

    /// What the author left, as far as it can be read, with accepted parts in the place of included
    /// files that cannot; nothing where the root file itself cannot.
    fn readable(&self, theirs: &Snapshot) -> (Option<Configuration>, Vec<SetAside>) {
        let mut set_aside = Vec::new();
        let root = self.session.root();
        if theirs.judged().is_none() {
            let bytes = theirs.exists().then(|| theirs.root_bytes().to_vec());
            // Nothing was there before, and nothing is there now.
            let is_new = bytes.is_some() || self.accepted.bytes(root).is_some();
            if is_new && bytes.as_deref() != self.accepted.bytes(root) {
                let fault = theirs.fault.clone();
                set_aside.push(SetAside { file: root.to_owned(), bytes, fault });
            }
            return (None, set_aside);
        }
        let configuration = &theirs.configuration;
        let lost: Vec<&Part> = configuration
            .faults()
            .iter()
            .filter_map(|fault| match &fault.kind {
                IncludeFaultKind::Missing(file)
                | IncludeFaultKind::Unreadable(file, _)
                | IncludeFaultKind::Syntax(file, _) => self.accepted.part(file),
                _ => None,
            })
            .collect();
        if lost.is_empty() {
            return (Some(configuration.clone()), set_aside);
        }
        for part in &lost {
            let found = theirs.loaded.iter().find(|(file, _)| *file == part.file);
            set_aside.push(SetAside {
                file: part.file.clone(),
                bytes: found.and_then(|(_, l)| l.as_ref()).map(|loaded| loaded.bytes.clone()),
                fault: None,
            });
        }
        let known: Vec<Part> = configuration.parts()[1..].iter().chain(lost).cloned().collect();
        let mut from_memory = |file: &Path| match known.iter().find(|part| part.file == file) {
            Some(part) => Ok(part.clone()),
            None => self.session.load_include(file),
        };
        let root = configuration.root().clone();
        let whole = Configuration::compose(root, &self.session.rules(), &mut from_memory);
        (Some(whole), set_aside)
    }

    /// What is to stand there.
    fn plan(
        &self,
        theirs: Option<&Configuration>,
        has_set_aside: bool,
        extent: Extent,
        dressings: &[Dressing],
    ) -> Plan {
        let (accepted, theirs) = match (&self.accepted.configuration, theirs) {
            (Some(accepted), Some(theirs)) => (accepted, theirs),
            // The text is set aside, and the accepted one comes back as it was.
            (Some(accepted), None) if has_set_aside => {
                return Plan { goal: Some(accepted.clone()), ..Plan::nothing() };
            }
            // Nothing to compare with: what stands there is judged, and stays.
            (None, Some(theirs)) => {
                let transition = policy::Transition {
                    base: None,
                    candidate: theirs,
                    scope: policy::Scope::WholeFile,
                };
                let findings = policy::judge(&transition, &self.workspace.profile);
                let findings = policy::Verdict::of(findings, self.allow)
                    .map(policy::Verdict::into_findings)
                    .unwrap_or_default();
                let (uncured, findings) =
                    findings.into_iter().partition(|f| f.action == crate::finding::Action::Deny);
                return Plan { goal: None, uncured, findings, ..Plan::nothing() };
            }
            _ => return Plan::nothing(),
        };
        let allow = self.allowed(extent);
        let rules = self.session.rules();
        let context =
            heal::Context { profile: &self.workspace.profile, allow: &allow, rules: &rules };
        let mut loader = |file: &Path| self.session.load_include(file);
        let healing = heal(accepted, theirs, &context, &mut loader);
        let is_damage = !healing.put_back.is_empty() || !healing.uncured.is_empty();
        if matches!(extent, Extent::Undo(_)) && (is_damage || has_set_aside) {
            return Plan {
                goal: Some(accepted.clone()),
                put_back: healing.put_back,
                findings: healing.findings,
                uncured: healing.uncured,
                ..Plan::nothing()
            };
        }
        let mut plan = Plan {
            goal: None,
            put_back: healing.put_back,
            findings: healing.findings,
            uncured: healing.uncured,
            redressed: Vec::new(),
            lost_comments: Vec::new(),
        };
        let mut parts = healing.configuration.parts().to_vec();
        if matches!(extent, Extent::Whole(Redressing::Yes) | Extent::Undo(Redressing::Yes)) {
            for part in &mut parts {
                let Some(before) = self.accepted.part(&part.file) else { continue };
                let Some(written) = theirs.parts().iter().find(|other| other.file == part.file)
                else {
                    continue;
                };
                // Comments that our own heal brought back are not the author's.
                let raw = dressings
                    .iter()
                    .rev()
                    .find(|dressing| dressing.is_of(written))
                    .map_or(&written.document, |dressing| &dressing.raw);
                if let Redress::Dressed { document, lost } =
                    heal::redress_as(&before.document, raw, &part.document)
                {
                    plan.redressed.push(part.file.clone());
                    if !lost.is_empty() {
                        plan.lost_comments.push((part.file.clone(), lost));
                    }
                    part.document = document;
                }
            }
        }
        // What was dressed on again is not lost.
        plan.findings.retain(|finding| {
            let file = finding.location.as_ref().map(|location| &location.file);
            finding.rule != "comments-lost" || !file.is_some_and(|f| plan.redressed.contains(f))
        });
        plan.goal = Some(if plan.redressed.is_empty() {
            healing.configuration
        } else {
            Configuration::of_parts(parts, &rules, &mut loader)
        });
        plan
    }

    /// The rules that are not to be cured now.
    fn allowed(&self, extent: Extent) -> Vec<String> {
        let later = policy::rules()
            .map(|rule| rule.id)
            .filter(|id| extent == Extent::Urgent && !URGENT.contains(id));
        self.allow.iter().cloned().chain(later.map(str::to_owned)).collect()
    }

    /// What differs between what was accepted and what stands there now.
    fn outcome(
        &self,
        goal: Option<&Configuration>,
        theirs: Option<&Configuration>,
        snapshot: &Snapshot,
    ) -> Outcome {
        let accepted = self.accepted.configuration.as_ref();
        let Some(now) = goal.or(theirs) else { return Outcome::unchanged() };
        let files: Vec<FileOutcome> = now
            .parts()
            .iter()
            .filter(|part| {
                let before = self.accepted.bytes(&part.file);
                before != Some(part.document.source().as_bytes())
            })
            .map(|part| FileOutcome {
                file: part.file.clone(),
                before: self.accepted.part(&part.file).map(|before| before.document.clone()),
                after: part.document.clone(),
                publication: None,
            })
            .collect();
        let is_touched = !files.is_empty() || !same_bytes(&self.accepted.files, &snapshot.loaded);
        Outcome {
            status: if is_touched { Status::Written } else { Status::Unchanged },
            files,
            ..outcome::differences(accepted, now, &self.workspace.profile)
        }
    }
}

impl Plan {
    fn nothing() -> Self {
        Self {
            goal: None,
            put_back: Vec::new(),
            findings: Vec::new(),
            uncured: Vec::new(),
            redressed: Vec::new(),
            lost_comments: Vec::new(),
        }
    }
}

/// The parts of `goal` whose text is another one than what was read, included ones first.
fn writes<'g>(goal: &'g Configuration, theirs: &Snapshot) -> Vec<&'g Part> {
    let differs = |part: &&Part| {
        let found = theirs.loaded.iter().find(|(file, _)| *file == part.file);
        let bytes = found.and_then(|(_, l)| l.as_ref()).map(|loaded| loaded.bytes.as_slice());
        bytes != Some(part.document.source().as_bytes())
    };
    goal.parts().iter().rev().filter(differs).collect()
}

fn same_bytes(one: &[(PathBuf, Option<Loaded>)], other: &[(PathBuf, Option<Loaded>)]) -> bool {
    let bytes = |files: &[(PathBuf, Option<Loaded>)], name: &Path| -> Option<Vec<u8>> {
        let (_, loaded) = files.iter().find(|(file, _)| file == name)?;
        loaded.as_ref().map(|loaded| loaded.bytes.clone())
    };
    one.iter().chain(other).all(|(file, _)| bytes(one, file) == bytes(other, file))
}

impl Dressing {
    /// What a heal has dressed: each file that it wrote, and that could be read before.
    pub(super) fn of(settled: &Settled) -> Vec<Self> {
        let written = settled.outcome.files.iter().filter(|file| file.publication.is_some());
        written
            .filter_map(|file| {
                let (_, loaded) = settled.theirs.iter().find(|(name, _)| *name == file.file)?;
                let bytes = loaded.as_ref()?.bytes.clone();
                let raw = Document::parse_bytes(bytes, file.after.format()).ok()?;
                let healed = file.after.source().as_bytes().to_vec();
                Some(Self { file: file.file.clone(), healed, raw })
            })
            .collect()
    }

    fn is_of(&self, part: &Part) -> bool {
        self.file == part.file && self.healed == part.document.source().as_bytes()
    }
}
