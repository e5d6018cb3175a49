//! `syntax`: the text does not parse.
//!
//! The reader finds it, before there is a configuration to judge; see
//! [`syntax_finding`](crate::policy::syntax_finding).

use crate::finding::{Action, Override};
use crate::policy::rule::{Check, Example, Rule, RuleDoc};

pub(crate) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "syntax",
        summary: "the text is not JSON5, JSON or TOML",
        why: "\
A gateway that cannot read its file does not start, or restores an old one. Nothing is ever
written that does not parse, and a file that does not parse is never taken for an empty one: what
stands in it would be lost. Mend the file by hand; line and column of the first fault are given.",
        seen: "\
a doubled brace ended the gateway without a word, and a plugin that could not parse the file wrote \
nothing but its own entry (openclaw#13186, mem0#4849)",
        action: Action::Deny,
        allowed_by: Override::Never,
        bad: Example::paths("{ gateway: { port: 18789 } }", "{ gateway: { port: 18789 }, },"),
        good: Example::paths("{ gateway: { port: 18789 } }", "{ gateway: { port: 18790 }, }"),
    },
    check: Check::Reader,
};

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::doc::{Document, Format};
    use crate::policy::syntax_finding;

    #[test]
    fn fm_04_the_finding_says_where() {
        let error = Document::parse("{\n  a: 1 },\n}", Format::Json5).unwrap_err();
        let finding = syntax_finding(Path::new("openclaw.json"), &error);
        assert_eq!(finding.message, error.message);
        let location = finding.location.unwrap();
        assert_eq!((location.position.line, location.position.column), (2, 9));
        assert_eq!(location.file, Path::new("openclaw.json"));
    }
}
