//! `auth-block-lost`: something protected is gone, beside the token itself.

use crate::doc::{KeyPath, Value};
use crate::finding::{Action, Override};
use crate::policy::auth::{AuthStep, Secret};
use crate::policy::review::Review;
use crate::policy::rule::{Check, Example, Fault, Rule, RuleDoc};

pub(crate) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "auth-block-lost",
        summary: "a member of the block of authentication, or another protected value, is gone",
        why: "\
`gateway.auth` is more than the token: without `mode`, `rateLimit`, `allowTailscale` or
`trustedProxy` the gateway lets other people in, or nobody. Without `gateway.mode` OpenClaw does
not start, or takes the file for damaged and restores an old one. Writers that know only part of
the block drop the rest. Changing such a value is no loss; removing it on purpose takes the flag.",
        seen: "\
a wizard dropped `gateway.auth.allowTailscale`, for which it has no screen, and a gateway's own start \
dropped `gateway.mode` (openclaw#9632, #64419)",
        action: Action::Deny,
        allowed_by: Override::ByFlag,
        bad: Example::paths(
            r#"{ gateway: { auth: { token: "4f1c9ab27d", allowTailscale: false } } }"#,
            r#"{ gateway: { auth: { token: "4f1c9ab27d" } } }"#,
        ),
        good: Example::paths(
            r#"{ gateway: { auth: { token: "4f1c9ab27d", allowTailscale: false } } }"#,
            r#"{ gateway: { auth: { token: "4f1c9ab27d", allowTailscale: true } } }"#,
        ),
    },
    check: Check::Transition(check),
};

fn check<'a>(review: &Review<'a>) -> Vec<Fault<'a>> {
    let Some(base) = review.base() else { return Vec::new() };
    let mut lost = Vec::new();
    if let Some(step) = &review.auth {
        lose_members(review, step, &mut lost);
    }
    for path in &review.profile.protected {
        let is_reported = lost.iter().any(|known| path.starts_with(known));
        if !is_reported && is_there(base.at(path)) && !is_there(review.candidate().at(path)) {
            lost.push(path.clone());
        }
    }
    lost.into_iter()
        .map(|path| {
            let message = if review.auth.is_some_and(|step| step.auth.block == path) {
                "the block of authentication is gone"
            } else {
                "a protected value is gone"
            };
            Fault::at(path, message, "what was there, if only with another value")
        })
        .collect()
}

/// Collects the topmost lost values of the block, without those that `auth-token-dropped` reports.
fn lose_members(review: &Review<'_>, step: &AuthStep<'_>, lost: &mut Vec<KeyPath>) {
    let secret_at = |path: &KeyPath| Secret::ALL.into_iter().find(|s| s.path(step.auth) == path);
    // Reported by `auth-token-dropped`, or no secret in the first place.
    let is_elsewhere = |path: &KeyPath| {
        secret_at(path).is_some_and(|s| step.is_dropped(s) || !step.credentials(s).0.is_there())
    };
    let block = &step.auth.block;
    let before = review.base().and_then(|base| base.at(block));
    let mut rest = vec![(block.clone(), before, review.candidate().at(block))];
    while let Some((path, before, after)) = rest.pop() {
        if is_elsewhere(&path) || !is_there(before) {
            continue;
        }
        match (before, after) {
            // A block of nothing but what is reported elsewhere.
            (Some(Value::Object(members)), None | Some(Value::Null))
                if members.iter().all(|(key, value)| {
                    *value == Value::Null || is_elsewhere(&path.key(key.clone()))
                }) => {}
            (_, None | Some(Value::Null)) => lost.push(path),
            (Some(Value::Object(members)), Some(after)) if secret_at(&path).is_none() => {
                rest.extend(
                    members.iter().rev().map(|(key, value)| {
                        (path.key(key.clone()), Some(value), after.member(key))
                    }),
                );
            }
            _ => {}
        }
    }
}

fn is_there(value: Option<&Value>) -> bool {
    value.is_some_and(|value| *value != Value::Null)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, allowed, denied};

    const BASE: &str = r#"{ gateway: { mode: "local", auth: {
        mode: "token",
        token: "4f1c9ab27d",
        allowTailscale: true,
        rateLimit: { maxAttempts: 5, windowMs: 60000 },
    } } }"#;

    #[test]
    fn tk_08_members_without_a_screen_are_not_dropped() {
        let candidate = BASE.replace("allowTailscale: true,", "");
        let case = Case::whole_file(BASE, &candidate);
        case.check(&[denied("auth-block-lost", "gateway.auth.allowTailscale")]);
        case.allowing("auth-block-lost")
            .check(&[allowed("auth-block-lost", "gateway.auth.allowTailscale")]);
    }

    #[test]
    fn of_nested_members_the_topmost_one_is_named() {
        Case::paths(BASE, &BASE.replace(", windowMs: 60000", ""))
            .check(&[denied("auth-block-lost", "gateway.auth.rateLimit.windowMs")]);
        Case::paths(BASE, &BASE.replace("rateLimit: { maxAttempts: 5, windowMs: 60000 },", ""))
            .check(&[denied("auth-block-lost", "gateway.auth.rateLimit")]);
        let null = BASE.replace("\"token\",\n", "null,\n");
        Case::paths(BASE, &null).check(&[denied("auth-block-lost", "gateway.auth.mode")]);
    }

    #[test]
    fn the_mode_of_the_gateway_is_protected() {
        Case::paths(BASE, &BASE.replace("mode: \"local\", ", ""))
            .check(&[denied("auth-block-lost", "gateway.mode")]);
        Case::paths(BASE, &BASE.replace("\"local\"", "\"remote\"")).check(&[]);
    }

    #[test]
    fn a_whole_block_is_one_loss_beside_the_token() {
        Case::paths(BASE, r#"{ gateway: { mode: "local" } }"#).check(&[
            denied("auth-token-dropped", "gateway.auth.token"),
            denied("auth-block-lost", "gateway.auth"),
        ]);
        let bare = r#"{ gateway: { mode: "local", auth: { token: "4f1c9ab27d" } } }"#;
        Case::paths(bare, r#"{ gateway: { mode: "local" } }"#)
            .check(&[denied("auth-token-dropped", "gateway.auth.token")]);
    }

    #[test]
    fn what_was_null_is_no_loss() {
        Case::paths("{ gateway: { auth: { mode: null } } }", "{ gateway: { auth: {} } }")
            .check(&[]);
        Case::paths("{ gateway: { auth: null } }", "{ gateway: {} }").check(&[]);
        Case::paths("{ gateway: { auth: { token: 'undefined' } } }", "{}").check(&[]);
    }

    #[test]
    fn the_message_tells_the_block_from_its_members() {
        let message = |candidate: &str| {
            let findings = Case::paths(BASE, candidate).findings();
            let found = findings.iter().find(|finding| finding.rule == "auth-block-lost");
            found.unwrap().message.clone()
        };
        assert_eq!(message("{ gateway: {} }"), "the block of authentication is gone");
        assert_eq!(
            message(&BASE.replace("allowTailscale: true,", "")),
            "a protected value is gone"
        );
    }
}
