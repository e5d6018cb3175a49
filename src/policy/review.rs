//! What every rule looks at: the transition, the profile, and what both say of each value.
//!
//! It is made once per write, so that no rule walks the values on its own.

use super::Transition;
use super::auth::AuthStep;
use super::comparison::{Comparison, Depth, Pair};
use crate::compose::Configuration;
use crate::doc::{KeyPath, Value};
use crate::finding::Origin;
use crate::profile::Profile;

/// A transition, made ready for the rules.
pub(crate) struct Review<'a> {
    pub(crate) transition: &'a Transition<'a>,
    pub(crate) profile: &'a Profile,
    /// Base and candidate, includes resolved, value by value.
    pub(crate) comparison: Comparison<'a>,
    /// The gateway's authentication before and after, where the profile knows of one.
    pub(crate) auth: Option<AuthStep<'a>>,
}

impl<'a> Review<'a> {
    pub(crate) fn new(transition: &'a Transition<'a>, profile: &'a Profile, depth: Depth) -> Self {
        let base = transition.base.map(Configuration::effective);
        let candidate = transition.candidate.effective();
        Self {
            transition,
            profile,
            comparison: Comparison::of(base, candidate, depth),
            auth: profile.auth.as_ref().map(|auth| AuthStep::of(auth, profile, base, candidate)),
        }
    }

    /// The base with every include resolved.
    pub(crate) fn base(&self) -> Option<&'a Value> {
        self.transition.base.map(Configuration::effective)
    }

    /// The candidate with every include resolved.
    pub(crate) fn candidate(&self) -> &'a Value {
        self.transition.candidate.effective()
    }

    /// The pairs of values in both.
    pub(crate) fn kept(&self) -> impl Iterator<Item = (&Pair<'a>, &'a Value, &'a Value)> {
        self.comparison.pairs().filter_map(|pair| Some((pair, pair.before?, pair.after?)))
    }

    /// Whether `path` is the token or the password, or lies in one.
    pub(crate) fn is_credential(&self, path: &KeyPath) -> bool {
        self.profile
            .auth
            .as_ref()
            .is_some_and(|auth| path.starts_with(&auth.token) || path.starts_with(&auth.password))
    }

    /// Whether `path` lies in what must not vanish: the block of authentication or another
    /// protected value.
    pub(crate) fn is_protected(&self, path: &KeyPath) -> bool {
        let block = self.profile.auth.as_ref().map(|auth| &auth.block);
        block.into_iter().chain(&self.profile.protected).any(|prefix| path.starts_with(prefix))
    }
}

/// Who brings a fault, by whether the base had it.
pub(crate) fn origin(base_has_it: bool) -> Origin {
    if base_has_it { Origin::Base } else { Origin::Write }
}
