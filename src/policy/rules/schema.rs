//! `schema`: a value has not the shape that the gateway asks for.
//!
//! Its schema finds it; see [`judge_shape`](crate::policy::judge_shape).

use crate::finding::{Action, Override};
use crate::policy::rule::{Check, Example, Rule, RuleDoc};

pub(crate) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "schema",
        summary: "a value has not the shape that the gateway asks for",
        why: "\
A number where a text belongs, a word that is none of those allowed, a member that is missing: the
gateway refuses the whole file, and at its next start does not come up. What a schema leaves open,
and a part of it that nobody can read, is neither passed nor failed.",
        seen: "\
a wrapper wrote plain names where objects belong, and the gateway left with 1 again and again \
(openclaw-termux#88)",
        action: Action::Deny,
        allowed_by: Override::ByFlag,
        bad: Example::paths("{ gateway: { port: 18789 } }", "{ gateway: { port: 70000 } }"),
        good: Example::paths("{ gateway: { port: 18789 } }", "{ gateway: { port: 7000 } }"),
    },
    check: Check::Schema,
};
