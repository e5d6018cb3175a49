//! What the findings do to a write, once `--allow` has been heard.
//!
//! This module never drops a finding: what is allowed is still reported, as a warning.

use crate::finding::{Action, Finding, Override};

/// How alike two names must be for one to be offered in place of the other, from 0 to 1.
const SIMILAR: f64 = 0.75;

/// The findings of one write and whether they refuse it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    findings: Vec<Finding>,
}

impl Verdict {
    /// Lets through what the rules named in `allow` deny, as far as they can be allowed: their
    /// findings become warnings.
    ///
    /// # Errors
    ///
    /// [`UnknownRule`] where a name in `allow` is not that of a rule.
    pub fn of(mut findings: Vec<Finding>, allow: &[impl AsRef<str>]) -> Result<Self, UnknownRule> {
        check_rules(allow)?;
        for finding in &mut findings {
            let is_named = allow.iter().any(|name| name.as_ref() == finding.rule);
            if is_named && finding.allowed_by == Override::ByFlag {
                finding.action = finding.action.min(Action::Warn);
            }
        }
        Ok(Self { findings })
    }

    /// Every finding, in the order of the rules.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Every finding, in the order of the rules, without the verdict.
    #[must_use]
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    /// The findings that refuse the write.
    pub fn denied(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.action == Action::Deny)
    }

    /// Whether the write is refused.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.denied().next().is_some()
    }
}

/// Whether every one of `names` is that of a rule, for a look before any work is done.
///
/// # Errors
///
/// [`UnknownRule`] with the first that is not.
pub fn check_rules(names: &[impl AsRef<str>]) -> Result<(), UnknownRule> {
    match names.iter().map(AsRef::as_ref).find(|name| super::explain(name).is_none()) {
        Some(name) => Err(UnknownRule { rule: name.to_owned(), similar: similar(name) }),
        None => Ok(()),
    }
}

/// A name in `--allow` that is not that of a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no rule `{rule}`")]
pub struct UnknownRule {
    /// The name as given.
    pub rule: String,
    /// The rules whose names are like it, the likest first.
    pub similar: Vec<&'static str>,
}

fn similar(name: &str) -> Vec<&'static str> {
    let name = name.to_lowercase().replace(['_', ' '], "-");
    let mut found: Vec<(f64, &'static str)> = super::rules()
        .map(|doc| {
            // Half of a name is a name that somebody remembered in part.
            let is_part = name.len() > 2 && doc.id.contains(&name);
            let score =
                if is_part { 1.0 } else { strsim::normalized_damerau_levenshtein(&name, doc.id) };
            (score, doc.id)
        })
        .filter(|(score, _)| *score >= SIMILAR)
        .collect();
    found.sort_by(|one, other| other.0.total_cmp(&one.0));
    found.into_iter().map(|(_, id)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Origin;

    fn finding(rule: &'static str, action: Action, allowed_by: Override) -> Finding {
        Finding {
            rule,
            action,
            allowed_by,
            origin: Origin::Write,
            path: None,
            message: String::new(),
            expected: String::new(),
            location: None,
        }
    }

    #[track_caller]
    fn check(findings: &[Finding], allow: &[&str], actions: &[Action]) {
        let verdict = Verdict::of(findings.to_vec(), allow).unwrap();
        let found: Vec<Action> = verdict.findings().iter().map(|finding| finding.action).collect();
        assert_eq!(found, actions);
        assert_eq!(verdict.is_refused(), actions.contains(&Action::Deny));
        assert_eq!(
            verdict.denied().count(),
            actions.iter().filter(|a| **a == Action::Deny).count()
        );
    }

    #[test]
    fn a_rule_allowed_becomes_a_warning_and_no_other_does() {
        let findings = [
            finding("keys-lost", Action::Deny, Override::ByFlag),
            finding("file-shrunk", Action::Deny, Override::ByFlag),
            finding("insecure-mode", Action::Audit, Override::ByFlag),
        ];
        check(&findings, &[], &[Action::Deny, Action::Deny, Action::Audit]);
        check(&findings, &["keys-lost"], &[Action::Warn, Action::Deny, Action::Audit]);
        check(
            &findings,
            &["keys-lost", "file-shrunk", "insecure-mode"],
            &[Action::Warn, Action::Warn, Action::Audit],
        );
    }

    #[test]
    fn what_nothing_lets_through_stays_denied() {
        let findings = [finding("placeholder-value", Action::Deny, Override::Never)];
        check(&findings, &["placeholder-value"], &[Action::Deny]);
    }

    #[track_caller]
    fn check_unknown(name: &str, similar: &[&str]) {
        let error = Verdict::of(Vec::new(), &[name]).unwrap_err();
        assert_eq!(error.similar, similar, "{name}");
        assert_eq!(error.to_string(), format!("there is no rule `{name}`"));
    }

    #[test]
    fn unknown_rules_are_named_with_those_like_them() {
        check_unknown("key-lost", &["keys-lost"]);
        check_unknown("auth_token_dropped", &["auth-token-dropped"]);
        check_unknown("placeholder", &["placeholder-value"]);
        check_unknown("", &[]);
        check_unknown("everything", &[]);
    }
}
