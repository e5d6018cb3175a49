//! `secret-expanded`: a reference was replaced by what it refers to.

use crate::doc::{Kind, Value};
use crate::finding::{Action, Override};
use crate::policy::auth::is_placeholder;
use crate::policy::comparison::Pair;
use crate::policy::review::Review;
use crate::policy::rule::{Check, Example, Fault, Rule, RuleDoc};
use crate::profile::Reference;

pub(crate) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "secret-expanded",
        summary: "`${VAR}` or an object that names a secret became a literal string",
        why: "\
A reference keeps the secret out of the file. Writers that load the file, resolve it and store the
result put the secret in plain text into the file, its backups and the next commit. Judged is
every string with `${VAR}` anywhere in the file, `$VAR` where a secret belongs, and every object
of `source`, `provider` and `id`. Elements of arrays are compared by their `id`, else by their
place.",
        seen: "\
the gateway's own writes, updates and `doctor` stored bot tokens and API keys in plain text \
(openclaw#9813, #9627, #11466, #10020, #69396)",
        action: Action::Deny,
        allowed_by: Override::ByFlag,
        bad: Example::whole_file(
            r#"{ channels: { telegram: { botToken: "${TELEGRAM_BOT_TOKEN}" } } }"#,
            r#"{ channels: { telegram: { botToken: "7d1f90c2aa" } } }"#,
        ),
        good: Example::whole_file(
            r#"{ channels: { telegram: { botToken: "${TELEGRAM_BOT_TOKEN}" } } }"#,
            r#"{ channels: { telegram: { botToken: "${TELEGRAM_TOKEN}" } } }"#,
        ),
    },
    check: Check::Transition(check),
};

fn check<'a>(review: &Review<'a>) -> Vec<Fault<'a>> {
    let expanded = review.kept().filter(|(pair, before, after)| {
        is_reference(review, pair, before) && is_literal(review, after)
    });
    expanded
        .map(|(pair, before, _)| {
            let message = if before.kind() == Kind::String {
                "a reference to a variable became a literal string"
            } else {
                "an object that names a secret became a literal string"
            };
            Fault::at(review.comparison.path(pair), message, "the reference that was there")
        })
        .collect()
}

/// Whether a reference at the same place could have been resolved to `value`.
fn is_literal(review: &Review<'_>, value: &Value) -> bool {
    match value {
        // Placeholders are reported as such.
        Value::String(text) => {
            text.as_str().is_none_or(|text| !is_placeholder(text, review.profile))
                && Reference::of(value).is_none()
        }
        _ => false,
    }
}

fn is_reference(review: &Review<'_>, pair: &Pair<'_>, value: &Value) -> bool {
    match Reference::of(value) {
        Some(Reference::Variable | Reference::SecretRef) => true,
        // Elsewhere it is the price of something, or a name.
        Some(Reference::BareVariable) => {
            let path = review.comparison.path(pair);
            review.is_credential(&path) || review.profile.secrets.is_secret(&path)
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, allowed, denied};

    const RULE: &str = "secret-expanded";
    const REF: &str = "{ source: 'env', provider: 'default', id: 'KEY' }";

    #[test]
    fn se_01_a_touch_of_the_stamp_expands_nothing() {
        let base = "{ meta: { v: '1' }, channels: { telegram: { botToken: '${BOT}' } } }";
        let touched = base.replace("'1'", "'2'");
        Case::whole_file(base, &touched).check(&[]);
        Case::whole_file(base, &touched.replace("${BOT}", "7d1f90c2aa"))
            .check(&[denied(RULE, "channels.telegram.botToken")]);
    }

    #[test]
    fn se_02_references_within_strings_count_wherever_they_stand() {
        let base = "{ a: 'Bearer ${KEY}', dir: '${HOME}/x', list: ['${ONE}', 'b'] }";
        Case::whole_file(base, "{ a: 'Bearer s3cr3t', dir: '/home/u/x', list: ['one', 'b'] }")
            .check(&[denied(RULE, "a"), denied(RULE, "dir"), denied(RULE, "list[0]")]);
    }

    #[test]
    fn se_04_elements_are_compared_by_id() {
        let base = "{ list: [{ id: 'a', key: '${A}' }, { id: 'b', key: 'b' }] }";
        Case::whole_file(base, "{ list: [{ id: 'b', key: 'b' }, { id: 'a', key: 's3cr3t' }] }")
            .check(&[denied(RULE, "list[id=a].key")]);
        Case::whole_file(base, "{ list: [{ id: 'b', key: 'b' }, { id: 'a', key: '${A}' }] }")
            .check(&[]);
    }

    #[test]
    fn se_06_an_object_that_names_a_secret_is_kept() {
        let base = format!("{{ hooks: {{ token: {REF} }} }}");
        let case = Case::paths(&base, "{ hooks: { token: 's3cr3t' } }");
        case.check(&[denied(RULE, "hooks.token")]);
        case.allowing(RULE).check(&[allowed(RULE, "hooks.token")]);
        Case::paths(&base, "{ hooks: { token: '${KEY}' } }").check(&[]);
    }

    #[test]
    fn the_gateway_s_own_token_is_expanded_not_changed() {
        Case::paths(
            "{ gateway: { auth: { token: '${TOKEN}' } } }",
            "{ gateway: { auth: { token: '4f1c9ab27d' } } }",
        )
        .check(&[denied(RULE, "gateway.auth.token")]);
    }

    #[test]
    fn a_bare_variable_is_a_reference_where_a_secret_belongs() {
        Case::paths("{ hooks: { token: '$KEY' } }", "{ hooks: { token: 's3cr3t' } }")
            .check(&[denied(RULE, "hooks.token")]);
        Case::paths("{ name: '$KEY' }", "{ name: 'somebody' }").check(&[]);
    }

    #[test]
    fn what_is_gone_or_was_a_literal_is_not_expanded() {
        Case::paths("{ a: '${A}' }", "{}").check(&[]);
        Case::paths("{ a: '$${A}' }", "{ a: 'b' }").check(&[]);
        Case::paths("{ a: '${A}' }", "{ a: 5 }").check(&[]);
        Case::paths("{ a: 'b' }", "{ a: '${A}' }").check(&[]);
    }

    #[test]
    fn the_message_tells_the_forms_of_references_apart() {
        let message = |base: &str, candidate: &str| {
            Case::paths(base, candidate).findings()[0].message.clone()
        };
        assert_eq!(
            message("{ a: '${A}' }", "{ a: 'b' }"),
            "a reference to a variable became a literal string"
        );
        assert_eq!(
            message(&format!("{{ a: {REF} }}"), "{ a: 'b' }"),
            "an object that names a secret became a literal string"
        );
    }
}
