//! `auth-token-dropped`: the shared secret of the gateway is gone, or became junk.

use crate::finding::{Action, Override};
use crate::policy::auth::{Credential, Secret};
use crate::policy::review::Review;
use crate::policy::rule::{Check, Example, Fault, Rule, RuleDoc};

pub(crate) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "auth-token-dropped",
        summary: "the gateway's token or password was there and is gone or junk",
        why: "\
Without its token the gateway makes up another one, or does not start, and every client is locked
out. The token counts as there if it is a string, `${VAR}`, an object that names a secret, or
comes from an included file. `null`, blanks, `\"undefined\"`, `\"null\"`, `\"[object Object]\"`
and marks of redaction are not a token, and no flag lets them through. A gateway that never had a
token in the file (another mode, remote, token in the environment) needs none. A password counts
unless the mode says that the gateway takes another way.",
        seen: "\
updaters, wizards and the macOS app rewrote the file without `gateway.auth`, and a wizard wrote the \
word `undefined` (openclaw#13835, #21009, #143131, #13756)",
        action: Action::Deny,
        allowed_by: Override::ByFlag,
        bad: Example::paths(
            r#"{ gateway: { mode: "local", auth: { mode: "token", token: "4f1c9ab27d" } } }"#,
            r#"{ gateway: { mode: "local", auth: { mode: "token" } } }"#,
        ),
        good: Example::paths(
            r#"{ gateway: { mode: "local", auth: { mode: "token", token: "${GATEWAY_TOKEN}" } } }"#,
            r#"{ gateway: { mode: "local", port: 18790, auth: { mode: "token", token: "${GATEWAY_TOKEN}" } } }"#,
        ),
    },
    check: Check::Transition(check),
};

fn check<'a>(review: &Review<'a>) -> Vec<Fault<'a>> {
    let Some(step) = &review.auth else { return Vec::new() };
    let dropped = Secret::ALL.into_iter().filter(|secret| step.is_dropped(*secret));
    dropped
        .map(|secret| {
            let (_, after) = step.credentials(secret);
            let path = secret.path(step.auth).clone();
            let name = secret.name();
            if after == Credential::Junk {
                return Fault::at(
                    path,
                    format!("the {name} became something that is no {name}"),
                    format!("the {name} that was there, or a reference to it"),
                )
                .never_allowed();
            }
            Fault::at(path, format!("the {name} is gone"), format!("the {name} that was there"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, allowed, denied, never};

    const TOKEN: &str = r#"{ gateway: { auth: { token: "4f1c9ab27d" } } }"#;
    const AT: &str = "gateway.auth.token";

    #[test]
    fn tk_01_a_rewrite_without_the_block_is_refused() {
        let base =
            r#"{ gateway: { mode: "local", auth: { mode: "token", token: "4f1c9ab27d" } } }"#;
        Case::whole_file(base, r#"{ gateway: { mode: "local" } }"#)
            .check(&[denied("auth-token-dropped", AT), denied("auth-block-lost", "gateway.auth")]);
        Case::paths(TOKEN, "{}").check(&[denied("auth-token-dropped", AT)]);
    }

    #[test]
    fn jv_01_junk_is_no_token_and_no_flag_lets_it_through() {
        for junk in [
            "null",
            "\"\"",
            "\"  \"",
            "\"undefined\"",
            "\"null\"",
            "\"NaN\"",
            "\"[object Object]\"",
            "\"***\"",
            "\"__OPENCLAW_REDACTED__\"",
            "\"[REDACTED]\"",
            "\"\\u0007\"",
            "4711",
            "true",
            "{}",
            "[\"4f1c9ab27d\"]",
        ] {
            let candidate = format!("{{ gateway: {{ auth: {{ token: {junk} }} }} }}");
            let findings = Case::paths(TOKEN, &candidate).findings();
            let dropped: Vec<_> =
                findings.iter().filter(|finding| finding.rule == "auth-token-dropped").collect();
            assert_eq!(dropped.len(), 1, "{junk}");
            assert!(never("auth-token-dropped", AT).fits(dropped[0]), "{junk}");
        }
    }

    #[test]
    fn dropping_it_together_with_the_mode_is_still_dropping_it() {
        Case::paths(TOKEN, r#"{ gateway: { auth: { mode: "trusted-proxy" } } }"#)
            .check(&[denied("auth-token-dropped", AT)]);
        Case::paths(TOKEN, r#"{ gateway: { auth: { mode: "trusted-proxy" } } }"#)
            .allowing("auth-token-dropped")
            .check(&[allowed("auth-token-dropped", AT)]);
    }

    #[test]
    fn a_token_counts_though_another_mode_is_in_force() {
        for mode in ["password", "none", "trusted-proxy", "${MODE}"] {
            let base = format!(
                "{{ gateway: {{ auth: {{ mode: '{mode}', password: 'horse', token: '4f1c9ab27d' }} }} }}"
            );
            Case::paths(&base, &base.replace(", token: '4f1c9ab27d'", ""))
                .check(&[denied("auth-token-dropped", AT)]);
        }
    }

    #[test]
    fn references_are_tokens() {
        for token in [
            r#""${GATEWAY_TOKEN}""#,
            r#""$GATEWAY_TOKEN""#,
            r#"{ source: "env", provider: "default", id: "GATEWAY_TOKEN" }"#,
            r#"{ source: "exec", provider: "keychain", id: "gateway", service: "openclaw" }"#,
            r#"{ source: "env", id: "GATEWAY_TOKEN" }"#,
        ] {
            let base = format!("{{ gateway: {{ auth: {{ token: {token} }} }} }}");
            let edited = format!("{{ gateway: {{ port: 1, auth: {{ token: {token} }} }} }}");
            Case::paths(&base, &edited).check(&[]);
            Case::paths(&base, "{ gateway: { auth: {} } }")
                .check(&[denied("auth-token-dropped", AT)]);
        }
    }

    #[test]
    fn a_gateway_without_a_token_in_its_file_needs_none() {
        for base in [
            "{}",
            "{ gateway: { port: 1 } }",
            r#"{ gateway: { auth: { mode: "token" } } }"#,
            r#"{ gateway: { auth: { mode: "trusted-proxy" } } }"#,
            r#"{ gateway: { auth: { mode: "none" } } }"#,
            r#"{ gateway: { auth: { mode: "password", password: "correct horse" } } }"#,
            r#"{ gateway: { mode: "remote", remote: { url: "wss://example.org" } } }"#,
        ] {
            let edited = base.replacen('{', "{ logging: { level: \"debug\" },", 1);
            Case::paths(base, &edited).check(&[]);
        }
    }

    #[test]
    fn a_password_that_is_relied_on_is_protected_too() {
        let at = "gateway.auth.password";
        let base = r#"{ gateway: { auth: { password: "correct horse" } } }"#;
        Case::paths(base, "{ gateway: { auth: {} } }").check(&[denied("auth-token-dropped", at)]);
        Case::paths(base, r#"{ gateway: { auth: { password: "undefined" } } }"#)
            .check(&[never("auth-token-dropped", at)]);
        // With a token in force the password is one more member of the block.
        Case::paths(
            r#"{ gateway: { auth: { mode: "token", token: "4f1c9ab27d", password: "horse" } } }"#,
            r#"{ gateway: { auth: { mode: "token", token: "4f1c9ab27d" } } }"#,
        )
        .check(&[denied("auth-block-lost", at)]);
    }

    #[test]
    fn the_message_names_the_secret_and_not_its_value() {
        let findings = Case::paths(TOKEN, "{ gateway: { auth: {} } }").findings();
        assert_eq!(findings[0].message, "the token is gone");
        assert_eq!(findings[0].expected, "the token that was there");
        let findings =
            Case::paths(TOKEN, r#"{ gateway: { auth: { token: "undefined" } } }"#).findings();
        assert_eq!(findings[0].message, "the token became something that is no token");
        assert_eq!(findings[0].expected, "the token that was there, or a reference to it");
    }
}
