//! `file-shrunk`: the file lost so much that the gateway takes it for damaged.

use crate::finding::{Action, Override};
use crate::policy::review::Review;
use crate::policy::rule::{Check, Example, Fault, Rule, RuleDoc};

pub(crate) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "file-shrunk",
        summary: "the file became so much smaller that the gateway would take it for damaged",
        why: "\
OpenClaw takes a file under half of its former size for damaged, refuses such a write of its own,
and may copy an old backup over it at the next start, also when the write was meant. Sizes are
those of the root file in bytes, comments included; small files are not judged. To remove that
much on purpose, do it in several writes and let the gateway take each of them.",
        seen: "\
files of 7 to 15 KB were overwritten by 43 to 423 bytes at start, by an update or by a plugin \
(openclaw#91148, #64419, #84692, #78493)",
        action: Action::Deny,
        allowed_by: Override::ByFlag,
        bad: Example::paths(LARGE, r#"{ agents: { defaults: { workspace: "~/work" } } }"#),
        good: Example::paths(
            r#"{ gateway: { port: 18789, bind: "loopback" } }"#,
            "{ gateway: {} }",
        ),
    },
    check: Check::Transition(check),
};

/// More than the 512 bytes from which on files are judged.
const LARGE: &str = r#"{
  agents: {
    defaults: {
      prompt: "It is long on purpose: only a file of 512 bytes and more is judged, \
since a small one may well be halved by one edit.",
      workspace: "~/work",
      timeoutSeconds: 600,
      contextTokens: 200000,
      thinkingDefault: "low",
      verboseDefault: "off",
      elevatedDefault: "off",
      typingIntervalSeconds: 6,
      userTimezone: "Europe/Vienna",
      mediaMaxMb: 5,
      imageMaxPixels: 2000000,
      heartbeatEveryMinutes: 30,
      maxConcurrent: 4,
    },
  },
}
"#;

fn check<'a>(review: &Review<'a>) -> Vec<Fault<'a>> {
    let (Some(base), Some(shrink)) = (review.transition.base, review.profile.shrink) else {
        return Vec::new();
    };
    let before = base.root().document.source().len();
    let after = review.transition.candidate.root().document.source().len();
    // A source has at most 256 MiB: times 100 it still fits.
    if before < shrink.from_bytes || after * 100 >= before * usize::from(shrink.below_percent) {
        return Vec::new();
    }
    vec![Fault::of_file(
        format!("the file shrank from {before} to {after} bytes"),
        format!("at least {} % of its size", shrink.below_percent),
    )]
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, allowed, denied, openclaw};
    use crate::profile::Profile;

    const RULE: &str = "file-shrunk";

    /// An empty object of `length` bytes.
    fn file(length: usize) -> String {
        format!("{{{}}}", " ".repeat(length - 2))
    }

    #[test]
    fn wp_02_less_than_half_is_taken_for_damage() {
        let case = Case::paths(&file(7330), &file(43));
        case.check(&[denied(RULE, "")]);
        case.allowing(RULE).check(&[allowed(RULE, "")]);
        Case::paths(&file(600), &file(299)).check(&[denied(RULE, "")]);
        Case::paths(&file(600), &file(300)).check(&[]);
        Case::paths(&file(512), &file(2)).check(&[denied(RULE, "")]);
        Case::paths(&file(511), &file(2)).check(&[]);
        Case::paths(&file(600), &file(9000)).check(&[]);
    }

    #[test]
    fn a_gateway_that_does_not_look_is_not_judged_for() {
        let profile = Profile { shrink: None, ..openclaw() };
        Case::paths(&file(7330), &file(43)).by(profile).check(&[]);
    }

    #[test]
    fn the_message_has_both_sizes() {
        let finding = &Case::paths(&file(7330), &file(43)).findings()[0];
        assert_eq!(finding.message, "the file shrank from 7330 to 43 bytes");
        assert_eq!(finding.expected, "at least 50 % of its size");
    }
}
