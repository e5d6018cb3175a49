//! What a rule is: its documentation, its examples, and the function that judges.
//!
//! Documentation and examples are data: `explain` prints them, and a test holds every rule to them.

use std::path::Path;

use super::review::Review;
use super::{Scope, Transition};
use crate::compose::Part;
use crate::doc::{KeyPath, Node, SyntaxError};
use crate::finding::{Action, Finding, Location, Origin, Override};

/// What is known of a rule without a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleDoc {
    /// The stable kebab-case id.
    pub id: &'static str,
    /// What it refuses or reports, one lowercase clause.
    pub summary: &'static str,
    /// Why that is wrong, what is legal all the same, and what to do instead: sentences in lines of
    /// at most 100 characters.
    pub why: &'static str,
    /// What happened in the field, one lowercase clause with the numbers of public threads.
    pub seen: &'static str,
    /// What it does to a write that brings the fault, unless the profile says otherwise.
    pub action: Action,
    /// Whether `--allow` lets that write through.
    pub allowed_by: Override,
    /// A write it reports, exactly once.
    pub bad: Example,
    /// A write like that which is in order.
    pub good: Example,
}

/// A write to show what a rule means, under the profile `openclaw`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// What stands in the file before, JSON5.
    pub base: &'static str,
    /// What is to stand there.
    pub candidate: &'static str,
    /// What the writer means to speak for.
    pub scope: Scope,
    /// Permission bits of the file.
    pub mode: u32,
}

impl Example {
    /// A write of single paths to a file that nobody else can read.
    pub(crate) const fn paths(base: &'static str, candidate: &'static str) -> Self {
        Self { base, candidate, scope: Scope::Paths, mode: 0o600 }
    }

    /// A write of the whole file.
    pub(crate) const fn whole_file(base: &'static str, candidate: &'static str) -> Self {
        Self { base, candidate, scope: Scope::WholeFile, mode: 0o600 }
    }

    /// The same write to a file with the permission bits `mode`.
    pub(crate) const fn in_mode(self, mode: u32) -> Self {
        Self { mode, ..self }
    }
}

/// One rule.
pub(crate) struct Rule {
    pub(crate) doc: RuleDoc,
    pub(crate) check: Check,
}

/// Who finds what a rule is about.
pub(crate) enum Check {
    /// The rule itself, in the step from base to candidate.
    Transition(for<'a> fn(&Review<'a>) -> Vec<Fault<'a>>),
    /// The reader: a text with the fault never becomes a configuration.
    Reader,
    /// The gateway's schema, where somebody asks for that: see [`super::judge_shape`].
    Schema,
}

/// One thing a rule found, before it is known what that does to the write.
pub(crate) struct Fault<'a> {
    path: Option<KeyPath>,
    message: String,
    expected: String,
    origin: Origin,
    /// The most it may do to the write.
    at_most: Action,
    never_allowed: bool,
    /// Where it stands, if the path does not say.
    place: Option<(&'a Part, Node<'a>)>,
}

impl<'a> Fault<'a> {
    /// A fault at `path` that the write brings: `message` says what is wrong, `expected` what
    /// should be there, each one lowercase clause without a value.
    pub(crate) fn at(
        path: KeyPath,
        message: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self { path: Some(path), ..Self::of_file(message, expected) }
    }

    /// As [`Fault::at`], of the whole file.
    pub(crate) fn of_file(message: impl Into<String>, expected: impl Into<String>) -> Self {
        Self {
            path: None,
            message: message.into(),
            expected: expected.into(),
            origin: Origin::Write,
            at_most: Action::Deny,
            never_allowed: false,
            place: None,
        }
    }

    /// Says who brings it.
    pub(crate) fn from(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    /// Who brings it.
    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }

    /// Lets it do no more than `action` to the write.
    pub(crate) fn at_most(self, action: Action) -> Self {
        Self { at_most: self.at_most.min(action), ..self }
    }

    /// Takes it from the reach of `--allow` and of the profile's actions.
    pub(crate) fn never_allowed(self) -> Self {
        Self { never_allowed: true, ..self }
    }

    /// Says where it stands. The path is then one of the file of `part`, which may be included.
    pub(crate) fn in_part(self, part: &'a Part, node: Node<'a>) -> Self {
        Self { place: Some((part, node)), ..self }
    }

    /// Where it stands in `transition`: in the candidate, or in the base where only that has it.
    pub(crate) fn locate(&self, transition: &Transition<'_>) -> Location {
        if let Some((part, node)) = self.place {
            return Location { file: part.file.clone(), position: node.position() };
        }
        let Some(path) = &self.path else { return transition.candidate.locate(&KeyPath::root()) };
        match transition.base {
            Some(base)
                if transition.candidate.effective().at(path).is_none()
                    && base.effective().at(path).is_some() =>
            {
                base.locate(path)
            }
            _ => transition.candidate.locate(path),
        }
    }

    /// The finding of `rule`, whose action by the profile is `action`.
    pub(crate) fn into_finding(
        self,
        rule: &RuleDoc,
        action: Action,
        location: Option<Location>,
    ) -> Finding {
        let allowed_by = if self.never_allowed { Override::Never } else { rule.allowed_by };
        // What nothing lets through, no profile lets through either.
        let action = if allowed_by == Override::Never { Action::Deny } else { action };
        let ceiling = match self.origin {
            Origin::Write => self.at_most,
            Origin::Base => self.at_most.min(Action::Warn),
        };
        Finding {
            rule: rule.id,
            action: action.min(ceiling),
            allowed_by,
            origin: self.origin,
            path: self.path,
            message: self.message,
            expected: self.expected,
            location,
        }
    }
}

/// The finding for a text of `file` that does not parse.
#[must_use]
pub fn syntax_finding(file: &Path, error: &SyntaxError) -> Finding {
    let rule = &super::rules::syntax::RULE.doc;
    Finding {
        rule: rule.id,
        action: rule.action,
        allowed_by: rule.allowed_by,
        origin: Origin::Write,
        path: None,
        message: error.message.clone(),
        expected: error.hint.unwrap_or("a text that the gateway can read").to_owned(),
        location: Some(Location { file: file.to_owned(), position: error.position }),
    }
}
