//! Rules: what a write must not do.
//!
//! Policy looks at the step from base to candidate, not at the candidate alone: a fault the base
//! already had is reported and never blocks.
//!
//! [`judge`] gives the findings, [`Verdict::of`] what they and `--allow` do to the write,
//! [`explain`] what a rule means. How to add a rule stands in `rules/mod.rs`.
//!
//! This module never does IO and never prints, and no finding quotes a value.

mod auth;
mod comparison;
mod outline;
mod review;
mod rule;
mod rules;
mod verdict;

#[cfg(test)]
mod properties;

pub use rule::{Example, RuleDoc, syntax_finding};
pub use verdict::{UnknownRule, Verdict, check_rules};

use crate::compose::Configuration;
use crate::finding::Finding;
use crate::profile::Profile;
use review::Review;
use rule::Check;
use rules::RULES;

/// Looking a place up costs a walk through the text: beyond this many findings of one rule, which
/// nobody reads to the end, the path has to do.
const LOCATED: usize = 20;

/// How much of the file the writer meant to speak for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Single paths, each named by the writer (`set`, `unset`, `mv`, `patch`).
    Paths,
    /// The whole file (`apply`, and every writer that is not ours).
    WholeFile,
}

/// A step from one configuration to the next.
#[derive(Clone, Copy, Debug)]
pub struct Transition<'a> {
    /// What stands there now; nothing where the file is to be made.
    pub base: Option<&'a Configuration>,
    /// What is to stand there.
    pub candidate: &'a Configuration,
    /// What the writer meant to speak for.
    pub scope: Scope,
}

/// Judges `transition` by every rule, in the order in which the rules are documented.
///
/// Findings come with the action of the profile, not yet changed by `--allow`; what
/// [`Override::Never`](crate::finding::Override::Never) marks is denied by every profile. Of one
/// rule, only the first 20 findings have a location.
#[must_use]
pub fn judge(transition: &Transition<'_>, profile: &Profile) -> Vec<Finding> {
    let review = Review::new(transition, profile);
    let mut findings = Vec::new();
    for rule in RULES {
        let Check::Transition(check) = rule.check else { continue };
        let action = profile.actions.get(rule.doc.id).copied().unwrap_or(rule.doc.action);
        findings.extend(check(&review).into_iter().enumerate().map(|(index, fault)| {
            let location = (index < LOCATED).then(|| fault.locate(transition));
            fault.into_finding(&rule.doc, action, location)
        }));
    }
    findings
}

/// The documentation of `rule`, where there is such a rule.
#[must_use]
pub fn explain(rule: &str) -> Option<&'static RuleDoc> {
    RULES.iter().map(|known| &known.doc).find(|doc| doc.id == rule)
}

/// The documentation of every rule, in the order of the documentation.
pub fn rules() -> impl Iterator<Item = &'static RuleDoc> {
    RULES.iter().map(|rule| &rule.doc)
}
