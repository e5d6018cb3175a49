//! `type-changed`: a value became one of another type.

use crate::doc::{Kind, Value};
use crate::finding::{Action, Override};
use crate::policy::auth::names_a_secret;
use crate::policy::review::Review;
use crate::policy::rule::{Check, Example, Fault, Rule, RuleDoc};
use crate::profile::Reference;

pub(crate) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "type-changed",
        summary: "a number or a boolean became a string, or a block became a single value",
        why: "\
The gateway checks the type of every value before it starts, and one wrong type keeps it from
starting. Writers that know no types turn 16384 into \"16384\" and blocks into one of their
members. A reference such as `${PORT}` may stand in place of a number. Some values have two legal
forms; where that is meant, the flag lets it through.",
        seen: "\
redaction replaced the number of `maxTokens` by a string, and the gateway did not start \
(openclaw#16042, #13210)",
        action: Action::Deny,
        allowed_by: Override::ByFlag,
        bad: Example::paths(r"{ gateway: { port: 18789 } }", r#"{ gateway: { port: "18790" } }"#),
        good: Example::paths(r"{ gateway: { port: 18789 } }", r"{ gateway: { port: 18790 } }"),
    },
    check: Check::Transition(check),
};

fn check<'a>(review: &Review<'a>) -> Vec<Fault<'a>> {
    let changed = review.kept().filter(|(_, before, after)| is_wrong(before, after));
    changed
        .filter_map(|(pair, before, after)| {
            let path = review.comparison.path(pair);
            // The rules of the token speak of it, of whatever type.
            if review.is_credential(&path) {
                return None;
            }
            let (old, new) = (before.kind().described(), after.kind().described());
            Some(Fault::at(path, format!("{old} became {new}"), old))
        })
        .collect()
}

fn is_wrong(before: &Value, after: &Value) -> bool {
    match (before.kind(), after.kind()) {
        (Kind::Number | Kind::Bool, Kind::String) => {
            Reference::of(after) != Some(Reference::Variable)
        }
        // `secret-expanded` reports it, unless it is another reference.
        (Kind::Object, Kind::String) if names_a_secret(before) => false,
        (Kind::Object | Kind::Array, after) => !matches!(after, Kind::Object | Kind::Array),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, allowed, denied};

    const RULE: &str = "type-changed";

    #[test]
    fn se_13_a_number_stays_a_number() {
        let base = "{ models: { maxTokens: 16384 } }";
        let case = Case::paths(base, "{ models: { maxTokens: '16384' } }");
        case.check(&[denied(RULE, "models.maxTokens")]);
        case.allowing(RULE).check(&[allowed(RULE, "models.maxTokens")]);
        Case::paths(base, "{ models: { maxTokens: '__OPENCLAW_REDACTED__' } }").check(&[
            denied("placeholder-value", "models.maxTokens"),
            denied(RULE, "models.maxTokens"),
        ]);
        Case::paths(base, "{ models: { maxTokens: 0.5 } }").check(&[]);
        Case::paths(base, "{ models: { maxTokens: '${LIMIT}' } }").check(&[]);
        Case::paths(base, "{ models: { maxTokens: '$LIMIT' } }")
            .check(&[denied(RULE, "models.maxTokens")]);
    }

    #[test]
    fn booleans_and_blocks_keep_their_type_too() {
        Case::paths("{ a: true }", "{ a: 'true' }").check(&[denied(RULE, "a")]);
        for scalar in ["'x'", "1", "false", "null"] {
            Case::paths("{ a: { b: 1 } }", &format!("{{ a: {scalar} }}"))
                .check(&[denied(RULE, "a")]);
            Case::paths("{ a: [1] }", &format!("{{ a: {scalar} }}")).check(&[denied(RULE, "a")]);
        }
        Case::paths("{ a: 1 }", "5").check(&[denied(RULE, ".")]);
    }

    #[test]
    fn other_changes_of_type_are_in_order() {
        for (before, after) in
            [("'x'", "1"), ("'x'", "{}"), ("null", "'x'"), ("1", "true"), ("1", "{ b: 1 }")]
        {
            Case::paths(&format!("{{ a: {before} }}"), &format!("{{ a: {after} }}")).check(&[]);
        }
    }

    #[test]
    fn elements_are_compared_by_id() {
        Case::paths(
            "{ l: [{ id: 'a', n: 1 }, { id: 'b', n: 'x' }] }",
            "{ l: [{ id: 'b', n: 'x' }] }",
        )
        .check(&[]);
        Case::paths("{ l: [{ id: 'a', n: 1 }] }", "{ l: [{ id: 'c' }, { id: 'a', n: '1' }] }")
            .check(&[denied(RULE, "l[id=a].n")]);
    }

    #[test]
    fn the_message_names_both_types() {
        let findings = Case::paths("{ a: 16384 }", "{ a: '16384' }").findings();
        assert_eq!(findings[0].message, "a number became a string");
        assert_eq!(findings[0].expected, "a number");
    }
}
