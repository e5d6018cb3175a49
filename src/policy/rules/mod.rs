//! The rules, one file each, in the order in which they are documented.
//!
//! # Adding a rule
//!
//! 1. Add its id to [`RULE_IDS`](crate::finding::RULE_IDS), if it is not there. Ids are public: they
//!    are added and never renamed.
//! 2. Write `rules/<id with underscores>.rs` with one `RULE`: its documentation, a write that it
//!    reports exactly once, a write like that which is in order, and a function from a [`Review`]
//!    to [`Fault`]s. What counts is what the write does: say [`Origin::Base`] of what the base had.
//!    Neither message nor `expected` ever hold a value or a part of one.
//! 3. Name the file below and put the rule into [`RULES`], at its place in [`RULE_IDS`].
//!
//! The tests below then hold the rule to its documentation and its examples; those of
//! `policy/properties.rs` hold it to what all rules promise.
//!
//! [`Review`]: super::review::Review
//! [`Fault`]: super::rule::Fault
//! [`Origin::Base`]: crate::finding::Origin::Base
//! [`RULE_IDS`]: crate::finding::RULE_IDS

mod auth_block_lost;
pub(super) mod auth_mode_incoherent;
mod auth_token_changed;
mod auth_token_dropped;
mod comments_lost;
mod duplicate_key;
mod file_shrunk;
mod include_flattened;
mod include_unresolved;
mod insecure_mode;
mod keys_lost;
mod placeholder_value;
pub(super) mod schema;
mod secret_expanded;
pub(super) mod syntax;
mod type_changed;
pub(super) mod unknown_key;

#[cfg(test)]
pub(super) mod testing;

use super::rule::Rule;

/// Every rule.
pub(super) static RULES: &[Rule] = &[
    auth_token_dropped::RULE,
    auth_token_changed::RULE,
    auth_block_lost::RULE,
    auth_mode_incoherent::RULE,
    placeholder_value::RULE,
    secret_expanded::RULE,
    include_flattened::RULE,
    include_unresolved::RULE,
    keys_lost::RULE,
    file_shrunk::RULE,
    type_changed::RULE,
    comments_lost::RULE,
    duplicate_key::RULE,
    syntax::RULE,
    schema::RULE,
    unknown_key::RULE,
    insecure_mode::RULE,
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::testing::Case;
    use super::*;
    use crate::doc::{Document, Format};
    use crate::finding::{Finding, Origin, Override, RULE_IDS};
    use crate::policy::rule::{Check, Example};
    use crate::policy::{explain, syntax_finding};

    #[test]
    fn rules_stand_in_the_order_of_their_ids_each_once() {
        let places: Vec<_> = RULES
            .iter()
            .map(|rule| RULE_IDS.iter().position(|id| *id == rule.doc.id).expect(rule.doc.id))
            .collect();
        assert!(places.is_sorted_by(|one, next| one < next), "{places:?}");
    }

    #[test]
    fn every_rule_is_documented() {
        for Rule { doc, .. } in RULES {
            for text in [doc.summary, doc.seen] {
                assert!(text.len() > 20 && !text.contains('\n'), "{}", doc.id);
                assert!(!text.ends_with('.') && text.starts_with(|c: char| !c.is_uppercase()));
            }
            assert!(doc.why.ends_with('.') && doc.why.lines().count() > 1, "{}", doc.id);
            assert!(doc.why.lines().all(|line| line.chars().count() <= 100), "{}", doc.id);
            assert_eq!(explain(doc.id), Some(doc));
        }
        assert_eq!(explain("no-such-rule"), None);
    }

    fn findings(check: &Check, example: &Example) -> Vec<Finding> {
        match Document::parse(example.candidate, Format::Json5) {
            Ok(_) if matches!(check, Check::Schema) => Case::of(example).misshapes(),
            Ok(_) => Case::of(example).findings(),
            Err(error) => vec![syntax_finding(Path::new("/etc/gw/openclaw.json"), &error)],
        }
    }

    #[test]
    fn every_bad_example_yields_exactly_the_finding_of_its_rule() {
        for Rule { doc, check } in RULES {
            let found = findings(check, &doc.bad);
            assert_eq!(found.len(), 1, "{}: {found:?}", doc.id);
            let finding = &found[0];
            assert_eq!(finding.rule, doc.id);
            assert_eq!(finding.action, doc.action, "{}", doc.id);
            assert_eq!(finding.allowed_by, doc.allowed_by, "{}", doc.id);
            assert_eq!(finding.origin, Origin::Write, "{}", doc.id);
            assert!(finding.location.is_some(), "{}", doc.id);
        }
    }

    #[test]
    fn every_good_example_yields_nothing() {
        for Rule { doc, check } in RULES {
            assert_eq!(findings(check, &doc.good), [], "{}", doc.id);
        }
    }

    #[test]
    fn only_the_reader_s_rule_is_out_of_reach_as_a_whole() {
        for rule in RULES {
            let is_reader = matches!(rule.check, Check::Reader);
            assert_eq!(is_reader, rule.doc.allowed_by == Override::Never, "{}", rule.doc.id);
        }
    }

    #[test]
    fn messages_are_lowercase_clauses() {
        for Rule { doc, check } in RULES {
            for finding in findings(check, &doc.bad) {
                for text in [&finding.message, &finding.expected] {
                    assert!(!text.is_empty() && !text.ends_with('.') && !text.contains('\n'));
                    assert!(text.starts_with(|c: char| c.is_lowercase() || c == '`'), "{text}");
                }
            }
        }
    }
}
