//! `include-unresolved`: an include that leads to no readable file.

use crate::compose::Configuration;
use crate::doc::Wtf8String;
use crate::finding::{Action, Origin, Override};
use crate::policy::review::Review;
use crate::policy::rule::{Check, Example, Fault, Rule, RuleDoc};

pub(crate) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "include-unresolved",
        summary: "an include leads to no file that the gateway can read",
        why: "\
The gateway refuses a configuration with such an include, and nobody can tell what the missing file
held: the token may be in it. Missing, unparsable and circular includes count, files outside of the
configuration's directory, and nesting that is deeper than the gateway reads.",
        seen: "\
a missing or circular include keeps OpenClaw from starting; it reads ten levels, within the \
directory of the root file (2026.3 and 2026.9)",
        action: Action::Deny,
        allowed_by: Override::ByFlag,
        bad: Example::paths(
            "{ agents: {} }",
            r#"{ agents: { $include: "./no-such-file.json5" } }"#,
        ),
        good: Example::paths("{ agents: {} }", r#"{ agents: { $include: "./channels.json5" } }"#),
    },
    check: Check::Transition(check),
};

fn check<'a>(review: &Review<'a>) -> Vec<Fault<'a>> {
    let Some(key) = &review.profile.include_key else { return Vec::new() };
    let key = Wtf8String::from(key.as_str());
    let known = review.transition.base.map(Configuration::faults).unwrap_or_default();
    let candidate = review.transition.candidate;
    let faults = candidate.faults().iter().filter_map(|fault| {
        let part = candidate.parts().iter().find(|part| part.file == fault.file)?;
        let path = fault.at.key(key.clone());
        let node = part.document.get(&path).ok().flatten().unwrap_or(part.document.root());
        let was_there = known.iter().any(|other| {
            other.file == fault.file && other.at == fault.at && other.kind == fault.kind
        });
        let origin = if was_there { Origin::Base } else { Origin::Write };
        Some(
            Fault::at(
                path,
                format!("it includes {}", fault.kind.described()),
                "a file the gateway can read",
            )
            .from(origin)
            .in_part(part, node),
        )
    });
    faults.collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, allowed, denied, noted};

    const RULE: &str = "include-unresolved";

    #[test]
    fn an_include_that_the_write_breaks_is_refused() {
        let base = "{ agents: { $include: 'a.json' } }";
        let files = [("openclaw.json", base), ("a.json", "{ x: 1 }")];
        let wrong = base.replace("a.json", "b.json");
        let case = Case::files(&files, &[("openclaw.json", &wrong)]);
        case.check(&[denied(RULE, "agents.$include")]);
        assert_eq!(case.findings()[0].message, "it includes a file that does not exist");
        case.allowing(RULE).check(&[allowed(RULE, "agents.$include")]);
    }

    #[test]
    fn an_include_that_was_broken_before_does_not_block() {
        let base = "{ agents: { $include: 'a.json' }, x: 1 }";
        Case::paths(base, &base.replace("x: 1", "x: 2")).check(&[noted(RULE, "agents.$include")]);
    }

    #[test]
    fn circles_and_files_outside_are_refused() {
        for include in ["'openclaw.json'", "'../a.json'", "7"] {
            let candidate = format!("{{ agents: {{ $include: {include} }} }}");
            Case::paths("{ agents: {} }", &candidate).check(&[denied(RULE, "agents.$include")]);
        }
    }
}
