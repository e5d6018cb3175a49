//! What is to stand in the files after a foreign write, and why.
//!
//! This module never writes a file.

use std::path::{Path, PathBuf};

use super::{Extent, Foreign, Redressing, SetAside, Settled};
use crate::compose::{Configuration, Part};
use crate::doc::{Document, Format};
use crate::finding::{Action, Finding};
use crate::heal::{self, Healing, LostComment, PutBack, Redress, heal};
use crate::policy::{self, Scope, Transition, Verdict};

/// The rules whose damage a live gateway must never see.
const URGENT: [&str; 4] =
    ["auth-token-dropped", "auth-token-changed", "auth-block-lost", "auth-mode-incoherent"];

/// The rule that finds sections and elements of lists gone.
const REMOVED: &str = "keys-lost";
/// So many of them go by somebody's will: a program that forgets takes more.
const MOST_REMOVED: usize = 2;

/// A text that we healed while its author was at work, and what the author had written.
#[derive(Debug)]
pub(in crate::ops) struct Dressing {
    file: PathBuf,
    healed: Vec<u8>,
    raw: Document,
}

/// What the files are to be, and why.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) goal: Option<Configuration>,
    pub(super) put_back: Vec<PutBack>,
    pub(super) findings: Vec<Finding>,
    pub(super) uncured: Vec<Finding>,
    pub(super) redressed: Vec<PathBuf>,
    pub(super) lost_comments: Vec<(PathBuf, Vec<LostComment>)>,
}

impl Foreign<'_, '_> {
    /// What is to stand there, where that is something else than what the author left.
    pub(super) fn plan(
        &self,
        theirs: Option<&Configuration>,
        set_aside: &[SetAside],
        extent: Extent,
        dressings: &[Dressing],
    ) -> Plan {
        let (accepted, theirs) = match (&self.accepted.configuration, theirs) {
            (Some(accepted), Some(theirs)) => (accepted, theirs),
            // The text is set aside, and the accepted one comes back as it was.
            (Some(accepted), None) if !set_aside.is_empty() => {
                return Plan { goal: Some(accepted.clone()), ..Plan::default() };
            }
            // Nothing to compare with: what stands there is judged, and stays.
            (None, theirs) => return self.judged(theirs),
            _ => return Plan::default(),
        };
        let rules = self.session.rules();
        let allow = self.allowed(extent);
        let context =
            heal::Context { profile: &self.workspace.profile, allow: &allow, rules: &rules };
        let mut loader = |file: &Path| self.session.load_include(file);
        let mut healing = heal(accepted, theirs, &context, &mut loader);
        if extent == Extent::Damage && is_meant(&healing) {
            let allow: Vec<String> = allow.iter().cloned().chain([REMOVED.to_owned()]).collect();
            let context = heal::Context { allow: &allow, ..context };
            healing = heal(accepted, theirs, &context, &mut loader);
        }
        let Healing { configuration, put_back, findings, uncured } = healing;
        let is_damage = !(put_back.is_empty() && uncured.is_empty() && set_aside.is_empty());
        let mut plan = Plan { put_back, findings, uncured, ..Plan::default() };
        let redressing = match extent {
            Extent::Undo(_) if is_damage => {
                plan.goal = Some(accepted.clone());
                return plan;
            }
            Extent::Urgent | Extent::Damage => Redressing::No,
            Extent::Dress => Redressing::Yes,
            Extent::Whole(redressing) | Extent::Undo(redressing) => redressing,
        };
        plan.goal = Some(match redressing {
            Redressing::No => configuration,
            Redressing::Yes => self.redressed(configuration, theirs, dressings, &mut plan),
        });
        plan
    }

    /// What the rules say of a text that stays as it is: there is nothing to put it right with, or it is
    /// not ours to write.
    pub(super) fn judged(&self, theirs: Option<&Configuration>) -> Plan {
        let Some(theirs) = theirs else { return Plan::default() };
        let base = self.accepted.configuration.as_ref();
        let transition = Transition { base, candidate: theirs, scope: Scope::WholeFile };
        let findings = policy::judge(&transition, &self.workspace.profile);
        // That the names are those of rules was seen to before the program ran.
        let findings = Verdict::of(findings, self.allow).map(Verdict::into_findings);
        let (uncured, findings) = findings
            .unwrap_or_default()
            .into_iter()
            .partition(|finding| finding.action == Action::Deny);
        Plan { findings, uncured, ..Plan::default() }
    }

    /// `healed` with layout and comments dressed on again.
    fn redressed(
        &self,
        healed: Configuration,
        theirs: &Configuration,
        dressings: &[Dressing],
        plan: &mut Plan,
    ) -> Configuration {
        let mut parts = healed.parts().to_vec();
        for part in &mut parts {
            let written = theirs.parts().iter().find(|other| other.file == part.file);
            let (Some(before), Some(written)) = (self.accepted.part(&part.file), written) else {
                continue;
            };
            // Comments that our own heal brought back are not the author's.
            let dressing = dressings.iter().rev().find(|dressing| dressing.is_of(written));
            let raw = dressing.map_or(&written.document, |dressing| &dressing.raw);
            let redress = heal::redress_as(&before.document, raw, &part.document);
            if let Redress::Dressed { document, lost } = redress {
                plan.redressed.push(part.file.clone());
                if !lost.is_empty() {
                    plan.lost_comments.push((part.file.clone(), lost));
                }
                part.document = document;
            }
        }
        if plan.redressed.is_empty() {
            return healed;
        }
        // What was dressed on again is not lost.
        plan.findings.retain(|finding| {
            let file = finding.location.as_ref().map(|location| &location.file);
            finding.rule != "comments-lost" || !file.is_some_and(|f| plan.redressed.contains(f))
        });
        let mut loader = |file: &Path| self.session.load_include(file);
        Configuration::of_parts(parts, &self.session.rules(), &mut loader)
    }

    /// The rules that are not to be cured now.
    fn allowed(&self, extent: Extent) -> Vec<String> {
        let later = policy::rules().map(|rule| rule.id).filter(|id| match extent {
            Extent::Urgent => !URGENT.contains(id),
            Extent::Dress => true,
            _ => false,
        });
        self.allow.iter().cloned().chain(later.map(str::to_owned)).collect()
    }
}

/// Whether the only damage is a section or two that are gone: somebody removes an agent or a channel,
/// and nobody can be asked.
fn is_meant(healing: &Healing) -> bool {
    let Healing { put_back, uncured, .. } = healing;
    (1..=MOST_REMOVED).contains(&put_back.len())
        && put_back.iter().all(|put| put.rule == REMOVED)
        && uncured.is_empty()
}

impl Dressing {
    /// What a heal has dressed: each file that it wrote, and that could be read before.
    pub(in crate::ops) fn of(settled: &Settled) -> Vec<Self> {
        let dressing = |(file, healed): &(PathBuf, Option<Vec<u8>>)| {
            let (_, loaded) = settled.theirs.iter().find(|(name, _)| name == file)?;
            let bytes = loaded.as_ref()?.bytes.clone();
            let raw = Document::parse_bytes(bytes, Format::of_path(file)).ok()?;
            Some(Self { file: file.clone(), healed: healed.clone()?, raw })
        };
        settled.after.iter().filter_map(dressing).collect()
    }

    fn is_of(&self, part: &Part) -> bool {
        self.file == part.file && self.healed == part.document.source().as_bytes()
    }
}
