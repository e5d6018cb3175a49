//! `unknown-key`: the gateway knows no such key.
//!
//! Its schema finds it; see [`judge_shape`](crate::policy::judge_shape).

use crate::finding::{Action, Override};
use crate::policy::rule::{Check, Example, Rule, RuleDoc};

pub(crate) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "unknown-key",
        summary: "a key that the gateway does not know",
        why: "\
A gateway whose schema is closed does not start with a key that it does not know, not even with a
misspelt one, and a tool that keeps settings of its own in the file stops it for everybody. Which
keys there are depends on the version. Keep what is another program's in that program's own file.",
        seen: "\
a tool wrote its own section, a repair restored an old file and rotated the token; a wrapper wrote a \
private key and the gateway restarted for ever (clawmetry#5782, LobsterAI#1596)",
        action: Action::Deny,
        allowed_by: Override::ByFlag,
        bad: Example::paths("{ gateway: { port: 18789 } }", "{ gateway: { prot: 18790 } }"),
        good: Example::paths("{ gateway: { port: 18789 } }", "{ gateway: { port: 18790 } }"),
    },
    check: Check::Schema,
};
