//! Rules: what a write must not do.
//!
//! Policy looks at the step from base to candidate, not at the candidate alone: a fault the base
//! already had is reported and never blocks.
//!
//! [`judge`] gives the findings, [`Verdict::of`] what they and `--allow` do to the write,
//! [`explain`] what a rule means. How to add a rule stands in `rules/mod.rs`.
//!
//! This module never does IO and never prints, and no finding quotes a value.

mod arrivals;
mod auth;
mod comparison;
mod outline;
mod review;
mod rule;
mod rules;
mod shape;
mod verdict;

#[cfg(test)]
mod properties;

pub use rule::{Example, RuleDoc, syntax_finding};
pub use shape::judge_shape;
pub use verdict::{UnknownRule, Verdict, check_rules};

use crate::compose::Configuration;
use crate::doc::Value;
use crate::finding::{Finding, Origin};
use crate::profile::Profile;
use comparison::Depth;
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
    findings(transition, profile, Depth::All)
}

/// As [`judge`], without the faults that the base had: a look at what the write does costs less.
#[must_use]
pub fn judge_changes(transition: &Transition<'_>, profile: &Profile) -> Vec<Finding> {
    let mut found = findings(transition, profile, Depth::Changes);
    found.retain(|finding| finding.origin == Origin::Write);
    found
}

fn findings(transition: &Transition<'_>, profile: &Profile, depth: Depth) -> Vec<Finding> {
    let review = Review::new(transition, profile, depth);
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

/// Whether the step from `base` to `candidate` makes mode, secrets and address of the gateway unfit for
/// each other; both need to hold no more than those.
pub(crate) fn brings_incoherence(profile: &Profile, base: &Value, candidate: &Value) -> bool {
    rules::auth_mode_incoherent::is_brought(profile, base, candidate)
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

#[cfg(test)]
mod tests {
    use super::rules::testing::{Case, allowed, denied, never, openclaw, warned};
    use crate::finding::Action;
    use crate::profile::Profile;

    /// File and line of the only finding.
    #[track_caller]
    fn check_location(case: &Case, file: &str, line: usize) {
        let findings = case.findings();
        assert_eq!(findings.len(), 1, "{findings:?}");
        let location = findings[0].location.clone().unwrap();
        assert_eq!(location.file, std::path::Path::new("/etc/gw").join(file));
        assert_eq!(location.position.line, line);
    }

    #[test]
    fn a_finding_is_located_in_the_candidate_or_where_it_was_in_the_base() {
        let base = "{\n\n gateway: { auth: {\n token: '4f1c9ab27d' } } }";
        check_location(&Case::paths(base, "{ gateway: { auth: {} } }"), "openclaw.json", 4);
        let changed = "{ gateway: { auth: {\n token: 'c09e55a1f3' } } }";
        check_location(&Case::paths(base, changed), "openclaw.json", 2);
    }

    #[test]
    fn a_finding_is_located_in_the_file_its_value_stands_in() {
        let root = ("openclaw.json", "{ gateway: { $include: 'gw.json' } }");
        let with = |text| [root, ("gw.json", text)];
        let case = Case::files(
            &with("{\n auth: {\n token: '4f1c9ab27d' } }"),
            &with("{\n auth: { token: 'c09e55a1f3' } }"),
        );
        check_location(&case, "gw.json", 2);
        check_location(
            &Case::files(&with("{\n auth: {\n token: '4f1c9ab27d' } }"), &with("{ auth: {} }")),
            "gw.json",
            3,
        );
    }

    #[test]
    fn another_gateway_s_toml_is_judged_by_its_profile() {
        let acme = include_str!("../../examples/profiles/acme-gateway.toml");
        let base = "[auth]\nmode = \"token\"\ntoken = \"4f1c9ab27d\" # of all clients\n\n\
                    [server]\nport = 8080\n[[agents]]\nid = \"main\"\nkey = \"${KEY}\"\n";
        let case = |candidate: &str| {
            Case::toml(base, candidate).by(Profile::parse(acme).expect("it is an example"))
        };
        case(&base.replace("8080", "8081")).check(&[]);
        case(&base.replace("token = \"4f1c9ab27d\"", ""))
            .check(&[denied("auth-token-dropped", "auth.token")]);
        case(&base.replace("4f1c9ab27d", "<hidden>"))
            .check(&[never("auth-token-dropped", "auth.token")]);
        case(&base.replace("8080", "\"8080\"")).check(&[denied("type-changed", "server.port")]);
        case(&base.replace("${KEY}", "s3cr3t"))
            .check(&[denied("secret-expanded", "agents[id=main].key")]);
    }

    fn acting(rule: &str, action: Action) -> Profile {
        let mut profile = openclaw();
        profile.actions.insert(rule.to_owned(), action);
        profile
    }

    #[test]
    fn the_profile_says_what_a_rule_does() {
        let rule = "type-changed";
        let case = |action| Case::paths("{ a: 1 }", "{ a: '1' }").by(acting(rule, action));
        case(Action::Deny).check(&[denied(rule, "a")]);
        case(Action::Warn).check(&[warned(rule, "a")]);
        case(Action::Deny).allowing(rule).check(&[allowed(rule, "a")]);
        assert_eq!(case(Action::Audit).findings()[0].action, Action::Audit);
        assert_eq!(case(Action::Audit).allowing(rule).findings()[0].action, Action::Audit);
    }

    #[test]
    fn no_profile_lets_junk_through_as_a_token() {
        let at = "gateway.auth.token";
        let junk = "{ gateway: { auth: { token: 'undefined' } } }";
        Case::paths("{}", junk)
            .by(acting("placeholder-value", Action::Audit))
            .check(&[never("placeholder-value", at)]);
        Case::paths("{ gateway: { auth: { token: '4f1c9ab27d' } } }", junk)
            .by(acting("auth-token-dropped", Action::Warn))
            .check(&[never("auth-token-dropped", at)]);
    }
}
