//! What a foreign write is put right to: three ways, per path.
//!
//! Somebody else wrote the file. [`heal`] keeps what they changed and puts back only what a rule
//! protects, with the text and the comments of the base, where it stood. It judges again until nothing
//! more is cured; what stays denied is `uncured`. [`redress`] writes the author's values into the text
//! that had the comments, where the author's own text has lost them.
//!
//! Healing what was healed changes nothing. A path that no denied finding covers keeps the author's
//! value, whatever it is; a section that only moved is not put back.
//!
//! This module never does IO, and decides nothing that the rules of [`policy`](crate::policy) do not.

#[cfg(test)]
mod cases;
mod coherence;
mod cure;
mod duplicates;
mod includes;
mod lines;
mod moved;
#[cfg(test)]
mod properties;
mod redress;
mod size;
#[cfg(test)]
mod testing;

pub use redress::{LostComment, Redress, redress, redress_as, redress_root};

use lines::lines_back;
use std::borrow::Cow;
use std::collections::HashSet;
use std::path::PathBuf;

use crate::compose::{Configuration, Loader, Part, Rules};
use crate::doc::{Change, KeyPath};
use crate::finding::{Action, Finding, Origin};
use crate::policy::{Scope, Transition, Verdict, explain, judge, judge_changes};
use crate::profile::Profile;

/// Cures show new damage only where one hides another: more rounds than this never helped.
const ROUNDS: usize = 12;

/// What healing goes by.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The gateway's profile.
    pub profile: &'a Profile,
    /// The rules that are allowed, by id; what they find stays as the author wrote it.
    pub allow: &'a [String],
    /// How the files include each other.
    pub rules: &'a Rules,
}

/// What came of a foreign write.
#[derive(Clone, Debug)]
pub struct Healing {
    /// The author's configuration with what was put back; included files may differ too.
    pub configuration: Configuration,
    /// What was put back, in the order in which it was done.
    pub put_back: Vec<PutBack>,
    /// All findings of the step from the base to what the author wrote, after `allow`.
    pub findings: Vec<Finding>,
    /// What is still denied in the step from the base to [`Healing::configuration`].
    pub uncured: Vec<Finding>,
}

/// One path whose value is the base's again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutBack {
    /// Where; for an include and a duplicate key by the paths of its file.
    pub path: KeyPath,
    /// The rule that protects it.
    pub rule: &'static str,
    /// What was done.
    pub kind: PutBackKind,
}

/// What was done to put something back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutBackKind {
    /// It was gone, and is there again.
    Restored,
    /// It had another value, and has the former one again.
    Reverted,
    /// The author had added it, and it is gone again; a dead duplicate of a key, or junk.
    Removed,
    /// Only the text is the former one again, with the author's values: see [`Redress`].
    Dressed,
}

/// Changes that put something back.
#[derive(Debug)]
struct Cure {
    changes: Vec<Change>,
    put_back: Vec<PutBack>,
}

/// Damage in the order in which it is cured: what comes first may explain what comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Includes,
    Paths,
    Coherence,
    Duplicates,
    Size,
}

impl Stage {
    /// The stage that cures findings of `rule`; nothing where none does.
    fn of(rule: &str) -> Option<Self> {
        Some(match rule {
            "include-flattened" | "include-unresolved" => Self::Includes,
            "auth-token-dropped" | "auth-token-changed" | "auth-block-lost"
            | "placeholder-value" | "type-changed" | "keys-lost" | "secret-expanded" => Self::Paths,
            "auth-mode-incoherent" => Self::Coherence,
            "duplicate-key" => Self::Duplicates,
            "file-shrunk" => Self::Size,
            _ => return None,
        })
    }
}

/// A configuration on its way from what the author wrote to what can stand.
struct Patient<'a, 'l> {
    base: &'a Configuration,
    theirs: &'a Configuration,
    current: Cow<'a, Configuration>,
    context: Context<'a>,
    loader: &'a mut Loader<'l>,
    put_back: Vec<PutBack>,
}

/// Puts back what a rule protects, and keeps the rest of what `theirs` changed in `base`.
///
/// Both have the same root file. `loader` hands over included files that `theirs` no longer names. The
/// findings are those of a writer of the whole file. Names in `context.allow` that are none of a rule
/// are passed over.
#[must_use]
pub fn heal<'a>(
    base: &'a Configuration,
    theirs: &'a Configuration,
    context: &Context<'a>,
    loader: &'a mut Loader<'_>,
) -> Healing {
    let mut patient = Patient {
        base,
        theirs,
        current: Cow::Borrowed(theirs),
        context: *context,
        loader,
        put_back: Vec::new(),
    };
    let findings = patient.judge(judge);
    let mut latest: Option<Vec<Finding>> = None;
    let mut tried: HashSet<(&'static str, Option<KeyPath>, Option<PathBuf>)> = HashSet::new();
    for _ in 0..ROUNDS {
        let known = latest.as_deref().unwrap_or(&findings);
        let identity = |finding: &Finding| {
            let file = finding.location.as_ref().map(|location| location.file.clone());
            (finding.rule, finding.path.clone(), file)
        };
        let is_open =
            |finding: &&Finding| is_denied(finding) && !tried.contains(&identity(finding));
        let open: Vec<&Finding> = known.iter().filter(is_open).collect();
        let Some(stage) = open.iter().filter_map(|finding| Stage::of(finding.rule)).min() else {
            break;
        };
        let group: Vec<Finding> = open
            .into_iter()
            .filter(|finding| Stage::of(finding.rule) == Some(stage))
            .cloned()
            .collect();
        tried.extend(group.iter().map(identity));
        let is_changed = match stage {
            Stage::Includes => patient.cure_includes(&group),
            Stage::Paths => patient.cure_paths(&group),
            Stage::Coherence => patient.cure_coherence(&group),
            Stage::Duplicates => patient.cure_duplicates(&group),
            Stage::Size => patient.cure_size(&group),
        };
        if is_changed {
            // A value that could not come back may find its place now.
            tried.retain(|(rule, ..)| Stage::of(rule) != Some(Stage::Paths));
            latest = Some(patient.judge(judge_changes));
        }
    }
    let uncured: Vec<Finding> =
        latest.as_deref().unwrap_or(&findings).iter().filter(|f| is_denied(f)).cloned().collect();
    patient.put_lines_back(theirs, uncured.len());
    let Patient { current, put_back, .. } = patient;
    Healing { configuration: current.into_owned(), put_back, findings, uncured }
}

fn is_denied(finding: &Finding) -> bool {
    finding.action == Action::Deny && finding.origin == Origin::Write
}

impl Patient<'_, '_> {
    /// The findings of the step from the base to what there is now.
    fn judge(&self, judge: impl Fn(&Transition<'_>, &Profile) -> Vec<Finding>) -> Vec<Finding> {
        let transition =
            Transition { base: Some(self.base), candidate: &self.current, scope: Scope::WholeFile };
        let known: Vec<&String> =
            self.context.allow.iter().filter(|name| explain(name).is_some()).collect();
        Verdict::of(judge(&transition, self.context.profile), &known)
            .map(Verdict::into_findings)
            .unwrap_or_default()
    }

    /// Makes the changes of `cures`, together or, where that cannot be, each as far as it can be made.
    /// Whether anything changed.
    fn apply(&mut self, cures: Vec<Cure>) -> bool {
        let all: Vec<Change> = cures.iter().flat_map(|cure| cure.changes.iter().cloned()).collect();
        if all.is_empty() {
            return false;
        }
        if self.edit(&all) {
            self.put_back.extend(cures.into_iter().flat_map(|cure| cure.put_back));
            return true;
        }
        let mut is_changed = false;
        for cure in cures {
            if self.edit(&cure.changes) {
                self.put_back.extend(cure.put_back);
                is_changed = true;
            }
        }
        is_changed
    }

    /// Brings the base's own lines back, in each file in which that means the same.
    fn put_lines_back(&mut self, theirs: &Configuration, uncured: usize) {
        let part_of = |configuration: &Configuration, part: &Part| {
            configuration.parts().iter().find(|other| other.file == part.file).cloned()
        };
        let mut is_changed = false;
        let parts = self.current.parts().iter().map(|part| {
            let (Some(before), Some(written)) = (part_of(self.base, part), part_of(theirs, part))
            else {
                return part.clone();
            };
            if part.document.source() == written.document.source() {
                return part.clone();
            }
            match lines_back(&before.document, &written.document, &part.document) {
                Some(document) => {
                    is_changed = true;
                    Part { document, ..part.clone() }
                }
                None => part.clone(),
            }
        });
        let parts: Vec<Part> = parts.collect();
        if is_changed {
            let configuration = Configuration::of_parts(parts, self.context.rules, self.loader);
            let cured = std::mem::replace(&mut self.current, Cow::Owned(configuration));
            // Lines that say the same may say it twice.
            let denied = self.judge(judge_changes).iter().filter(|f| is_denied(f)).count();
            if denied > uncured {
                self.current = cured;
            }
        }
    }

    /// Makes changes by the paths of the whole; whether that was possible.
    fn edit(&mut self, changes: &[Change]) -> bool {
        match self.current.edit(changes, self.context.rules, self.loader) {
            Ok(edited) => {
                self.current = Cow::Owned(edited.configuration);
                true
            }
            Err(_) => false,
        }
    }
}
