//! Rules: what a write must not do.
//!
//! Policy looks at the step from base to candidate, not at the candidate alone: a fault the base
//! already had is reported and never blocks.
//!
//! This module never does IO and never prints.

use crate::compose::Configuration;
use crate::finding::Finding;
use crate::profile::Profile;

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

/// Judges `transition` by every rule.
///
/// Findings come with the action of the profile, not yet changed by `--allow`.
#[must_use]
pub fn judge(transition: &Transition<'_>, profile: &Profile) -> Vec<Finding> {
    let _ = (transition, profile);
    Vec::new()
}
