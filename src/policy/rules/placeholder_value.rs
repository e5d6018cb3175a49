//! `placeholder-value`: a string that stands for a secret is stored as if it were one.

use crate::doc::{KeyPath, Value};
use crate::finding::{Action, Override};
use crate::policy::auth::{Credential, Mode, Secret};
use crate::policy::comparison::{Pair, is_same};
use crate::policy::review::{Review, origin};
use crate::policy::rule::{Check, Example, Fault, Rule, RuleDoc};

pub(crate) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "placeholder-value",
        summary: "a mark of redaction or another placeholder is stored as a value or a key",
        why: "\
What the gateway shows in place of a secret is not the secret: storing it destroys the real one. A
mark of redaction is legal nowhere, keys included; `undefined`, `null`, `[object Object]` and
their like are not legal where a secret or another protected value belongs. At the gateway's own
token and password no flag lets them through. A secret left empty is warned about. To copy a
secret, read it with `confwarden get --reveal`.",
        seen: "\
a script read the token with `openclaw config get`, got the mark and wrote it back; a settings \
window replaced every key by it (openclaw#11268, #117942, OpenClawHomeAssistant#77)",
        action: Action::Deny,
        allowed_by: Override::ByFlag,
        bad: Example::paths(
            r#"{ channels: { telegram: { botToken: "7d1f90c2aa" } } }"#,
            r#"{ channels: { telegram: { botToken: "__OPENCLAW_REDACTED__" } } }"#,
        ),
        good: Example::paths(
            r#"{ channels: { telegram: { botToken: "7d1f90c2aa" } } }"#,
            r#"{ channels: { telegram: { botToken: "7d1f90c2aa", name: "undefined" } } }"#,
        ),
    },
    check: Check::Transition(check),
};

fn check<'a>(review: &Review<'a>) -> Vec<Fault<'a>> {
    let mut faults = in_credentials(review);
    for pair in review.comparison.pairs() {
        let Some(after) = pair.after else { continue };
        if pair.key().and_then(|key| key.as_str()).is_some_and(|key| is_sentinel(review, key)) {
            let fault = Fault::at(
                review.comparison.path(pair),
                "a mark of redaction is stored as a key",
                "the key that was there, or none",
            );
            faults.push(fault.from(origin(pair.before.is_some())));
        }
        if let Some(text) = after.as_str() {
            faults.extend(in_text(review, pair, text));
        }
    }
    faults
}

/// What is wrong at the token and the password, whatever its kind.
fn in_credentials<'a>(review: &Review<'a>) -> Vec<Fault<'a>> {
    let Some(step) = &review.auth else { return Vec::new() };
    let found = Secret::ALL.into_iter().filter_map(|secret| {
        let (_, after) = step.credentials(secret);
        // Where the write takes the secret away, `auth-token-dropped` reports it.
        if after != Credential::Junk || step.is_dropped(secret) {
            return None;
        }
        let path = secret.path(step.auth);
        let was_same =
            match (review.base().and_then(|base| base.at(path)), review.candidate().at(path)) {
                (Some(before), Some(after)) => is_same(before, after),
                _ => false,
            };
        let name = secret.name();
        Some(
            Fault::at(
                path.clone(),
                format!("what stands for the {name} is no {name}"),
                format!("a {name}, a reference to one, or nothing"),
            )
            .from(origin(was_same))
            .never_allowed(),
        )
    });
    found.collect()
}

fn in_text<'a>(review: &Review<'a>, pair: &Pair<'a>, text: &str) -> Option<Fault<'a>> {
    // Every mark of redaction is junk, and hardly any text is.
    if !review.profile.placeholders.is_junk(text) {
        return None;
    }
    let is_sentinel = is_sentinel(review, text);
    let path = review.comparison.path(pair);
    if is_reported(review, &path) {
        return None;
    }
    let was_same = pair.before.and_then(Value::as_str) == Some(text);
    let fault = if is_sentinel {
        Fault::at(path, "a mark of redaction is stored as a value", "the value that was there")
    } else if !review.profile.secrets.is_secret(&path) && !review.is_protected(&path) {
        return None;
    } else if text.trim().is_empty() {
        Fault::at(path, "a secret is empty", "a value, a reference to one, or nothing")
            .at_most(Action::Warn)
    } else {
        Fault::at(
            path,
            "a placeholder is stored as a value",
            "a value, a reference to one, or nothing",
        )
    };
    Some(fault.from(origin(was_same)))
}

/// Whether [`in_credentials`] or `auth-token-dropped` speak of `path`, or it holds a word that is
/// the name of a mode (`none`).
fn is_reported(review: &Review<'_>, path: &KeyPath) -> bool {
    review.auth.is_some_and(|step| {
        let is_mode = step.auth.mode == *path && step.after.mode != Mode::Unknown;
        is_mode || Secret::ALL.iter().any(|secret| secret.path(step.auth) == path)
    })
}

fn is_sentinel(review: &Review<'_>, text: &str) -> bool {
    review.profile.placeholders.is_sentinel(text)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        Case, allowed, denied, never, noted, noted_never, openclaw, warned,
    };

    const RULE: &str = "placeholder-value";

    #[test]
    fn jv_04_a_mark_of_redaction_is_no_token() {
        let token = |text| format!("{{ gateway: {{ auth: {{ token: '{text}' }} }} }}");
        let poisoned = token("__OPENCLAW_REDACTED__");
        Case::paths("{}", &poisoned).check(&[never(RULE, "gateway.auth.token")]);
        Case::paths("{}", &poisoned).allowing(RULE).check(&[never(RULE, "gateway.auth.token")]);
        Case::new_file(&poisoned).check(&[never(RULE, "gateway.auth.token")]);
        // A token that was none is no token that was dropped, and junk for junk is no repair.
        Case::paths(&token("undefined"), &poisoned).check(&[never(RULE, "gateway.auth.token")]);
        Case::paths(&poisoned, &poisoned.replace("gateway:", "logging: {}, gateway:"))
            .check(&[noted_never(RULE, "gateway.auth.token")]);
    }

    #[test]
    fn se_07_marks_of_redaction_are_refused_anywhere() {
        let mark = "__OPENCLAW_REDACTED__";
        let base = "{ models: { providers: { a: { apiKey: 'k', maxTokens: '1' } } }, deny: ['x'] }";
        let candidate = format!(
            "{{ models: {{ providers: {{ a: {{ apiKey: '{mark}', maxTokens: '{mark}' }} }} }}, \
             deny: ['{mark}'], '{mark}': 1 }}"
        );
        let case = Case::paths(base, &candidate);
        case.check(&[
            denied(RULE, mark),
            denied(RULE, "deny[0]"),
            denied(RULE, "models.providers.a.apiKey"),
            denied(RULE, "models.providers.a.maxTokens"),
        ]);
        case.allowing(RULE).check(&[
            allowed(RULE, mark),
            allowed(RULE, "deny[0]"),
            allowed(RULE, "models.providers.a.apiKey"),
            allowed(RULE, "models.providers.a.maxTokens"),
        ]);
    }

    #[test]
    fn junk_is_refused_where_a_secret_belongs() {
        Case::paths("{}", "{ channels: { telegram: { botToken: 'undefined' } } }")
            .check(&[denied(RULE, "channels.telegram.botToken")]);
        Case::paths("{}", "{ channels: { telegram: { name: 'undefined' } } }").check(&[]);
        Case::paths("{}", "{ gateway: { auth: { trustedProxy: { userHeader: 'undefined' } } } }")
            .check(&[denied(RULE, "gateway.auth.trustedProxy.userHeader")]);
        Case::paths("{ gateway: { mode: 'local' } }", "{ gateway: { mode: 'undefined' } }")
            .check(&[denied(RULE, "gateway.mode")]);
        Case::paths("{}", "{ channels: { telegram: { botToken: '' } } }")
            .check(&[warned(RULE, "channels.telegram.botToken")]);
    }

    #[test]
    fn the_name_of_a_mode_is_no_placeholder() {
        let mut profile = openclaw();
        profile.placeholders.junk.push("none".to_owned());
        let case = |mode: &str| {
            Case::paths("{}", &format!("{{ gateway: {{ auth: {{ mode: '{mode}' }} }} }}"))
        };
        case("none").by(profile.clone()).check(&[]);
        case("null").by(profile).check(&[denied(RULE, "gateway.auth.mode")]);
    }

    #[test]
    fn what_the_file_had_before_does_not_block() {
        let base = "{ hooks: { token: 'undefined' }, list: ['__OPENCLAW_REDACTED__', 'a'] }";
        Case::paths(base, &base.replace("'a'", "'a', 'b'"))
            .check(&[noted(RULE, "hooks.token"), noted(RULE, "list[0]")]);
        Case::paths(base, &base.replace("'undefined'", "'null'"))
            .check(&[denied(RULE, "hooks.token"), noted(RULE, "list[0]")]);
    }

    #[test]
    fn the_message_tells_values_from_keys() {
        let message = |candidate: &str| Case::paths("{}", candidate).findings()[0].message.clone();
        assert_eq!(
            message("{ a: '__OPENCLAW_REDACTED__' }"),
            "a mark of redaction is stored as a value"
        );
        assert_eq!(
            message("{ __OPENCLAW_REDACTED__: 1 }"),
            "a mark of redaction is stored as a key"
        );
        assert_eq!(message("{ hooks: { token: 'null' } }"), "a placeholder is stored as a value");
        assert_eq!(
            message("{ gateway: { auth: { token: 'null' } } }"),
            "what stands for the token is no token"
        );
    }
}
