//! `auth-token-changed`: the shared secret of the gateway is another one.

use crate::finding::{Action, Override};
use crate::policy::auth::{Credential, Secret};
use crate::policy::comparison::is_same;
use crate::policy::review::Review;
use crate::policy::rule::{Check, Example, Fault, Rule, RuleDoc};

pub(crate) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "auth-token-changed",
        summary: "the gateway's token or password was replaced by another one",
        why: "\
Every client that holds the old secret is locked out, and every other copy of it (service unit,
env file, app) is stale from then on. A secret may change by an explicit act only: `confwarden
rotate`, or this flag on one command. Replacing the secret itself by a reference to it is only
warned about: the gateway resolves it, but programs that read the file on their own may not.",
        seen: "\
set-up wizards and container starts wrote a fresh token over one in use; the macOS app sends nothing \
where the token is a reference (openclaw#20189, #33088, #141413)",
        action: Action::Deny,
        allowed_by: Override::ByFlag,
        bad: Example::paths(
            r#"{ gateway: { auth: { mode: "token", token: "4f1c9ab27d" } } }"#,
            r#"{ gateway: { auth: { mode: "token", token: "c09e55a1f3" } } }"#,
        ),
        good: Example::paths(
            r#"{ gateway: { auth: { mode: "token", token: "4f1c9ab27d" } } }"#,
            r#"{ gateway: { auth: { mode: "token", token: '4f1c9ab27d', allowTailscale: true } } }"#,
        ),
    },
    check: Check::Transition(check),
};

fn check<'a>(review: &Review<'a>) -> Vec<Fault<'a>> {
    let (Some(step), Some(base)) = (&review.auth, review.base()) else { return Vec::new() };
    let changed = Secret::ALL.into_iter().filter_map(|secret| {
        let path = secret.path(step.auth);
        let (before, after) = (base.at(path)?, review.candidate().at(path)?);
        let name = secret.name();
        let kinds = step.credentials(secret);
        if is_same(before, after) {
            return None;
        }
        match kinds {
            (Credential::Literal, Credential::Literal) => Some(Fault::at(
                path.clone(),
                format!("the {name} is another one"),
                format!("the {name} that was there"),
            )),
            (Credential::Reference, Credential::Reference) => Some(Fault::at(
                path.clone(),
                format!("the {name} refers to something else"),
                "the reference that was there",
            )),
            (Credential::Literal, Credential::Reference) => Some(
                Fault::at(
                    path.clone(),
                    format!("the {name} became a reference, which not every client can read"),
                    format!("the {name} that was there, or clients that take it from elsewhere"),
                )
                .at_most(Action::Warn),
            ),
            // A reference that became a literal is `secret-expanded`; the rest is no token.
            _ => None,
        }
    });
    changed.collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, allowed, denied, warned};

    const AT: &str = "gateway.auth.token";

    fn with(token: &str) -> String {
        format!("{{ gateway: {{ auth: {{ token: {token} }} }} }}")
    }

    #[test]
    fn another_secret_needs_an_explicit_act() {
        let case = Case::paths(&with("'4f1c9ab27d'"), &with("'c09e55a1f3'"));
        case.check(&[denied("auth-token-changed", AT)]);
        case.allowing("auth-token-changed").check(&[allowed("auth-token-changed", AT)]);
        let password = |text| format!("{{ gateway: {{ auth: {{ password: '{text}' }} }} }}");
        Case::whole_file(&password("correct"), &password("horse"))
            .check(&[denied("auth-token-changed", "gateway.auth.password")]);
    }

    #[test]
    fn another_reference_is_another_secret() {
        Case::paths(&with("'${ONE}'"), &with("'${TWO}'"))
            .check(&[denied("auth-token-changed", AT)]);
        Case::paths(
            &with("{source: 'env', provider: 'a', id: 'ONE'}"),
            &with("{source: 'env', provider: 'a', id: 'TWO'}"),
        )
        .check(&[denied("auth-token-changed", AT)]);
        Case::paths(
            &with("{source: 'env', provider: 'a', id: 'ONE'}"),
            &with("{id: 'ONE', provider: 'a', source: 'env'}"),
        )
        .check(&[]);
    }

    #[test]
    fn dr_16_a_secret_that_becomes_a_reference_is_warned_about() {
        Case::paths(&with("'4f1c9ab27d'"), &with("'${TOKEN}'"))
            .check(&[warned("auth-token-changed", AT)]);
        Case::paths(&with("'4f1c9ab27d'"), &with("{source: 'store', provider: 'a', id: 'T'}"))
            .check(&[warned("auth-token-changed", AT)]);
    }

    #[test]
    fn a_first_secret_is_no_change() {
        Case::paths("{}", &with("'4f1c9ab27d'")).check(&[]);
        Case::paths(&with("'undefined'"), &with("'4f1c9ab27d'")).check(&[]);
        Case::new_file(&with("'4f1c9ab27d'")).check(&[]);
    }

    #[test]
    fn the_message_names_the_secret_and_not_its_value() {
        let findings = Case::paths(&with("'4f1c9ab27d'"), &with("'c09e55a1f3'")).findings();
        assert_eq!(findings[0].message, "the token is another one");
        assert_eq!(findings[0].expected, "the token that was there");
    }
}
