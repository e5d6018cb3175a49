//! `auth-mode-incoherent`: mode, secrets and listening address do not fit together.

use crate::doc::{KeyPath, Value};
use crate::finding::{Action, Origin, Override};
use crate::policy::auth::{AuthState, AuthStep, Bind, Mode, Secret, is_placeholder};
use crate::policy::review::{Review, origin};
use crate::policy::rule::{Check, Example, Fault, Rule, RuleDoc};
use crate::profile::{Auth, Profile};

pub(crate) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "auth-mode-incoherent",
        summary: "mode, secrets and listening address of the gateway do not fit together",
        why: "\
Reported are: token and password set without a mode that says which one counts; a mode that the
gateway does not know; a mode whose secret is not there; and a gateway that listens beyond this
machine without any authentication. The secret may also come from the gateway's environment, so
its absence is held only against a write that brings it about, and in a new file only warned
about.",
        seen: "\
start-up and installs blocked as ambiguous, and a gateway on the LAN in a crash loop after its \
token was stripped (openclaw#35094, #21009)",
        action: Action::Deny,
        allowed_by: Override::ByFlag,
        bad: Example::paths(
            r#"{ gateway: { auth: { token: "4f1c9ab27d" } } }"#,
            r#"{ gateway: { auth: { token: "4f1c9ab27d", password: "correct horse" } } }"#,
        ),
        good: Example::paths(
            r#"{ gateway: { auth: { token: "4f1c9ab27d" } } }"#,
            r#"{ gateway: { auth: { mode: "token", token: "4f1c9ab27d", password: "correct horse" } } }"#,
        ),
    },
    check: Check::Transition(check),
};

/// What does not fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Incoherence {
    /// Token and password, and no mode.
    Ambiguous,
    /// A mode that is no mode.
    UnknownMode,
    /// The mode needs a secret that is not there.
    Missing(Secret),
    /// It listens beyond this machine, and the mode lets everybody in.
    Unguarded,
    /// It listens beyond this machine, and the secret of its mode is not there.
    Unarmed(Secret),
}

fn check<'a>(review: &Review<'a>) -> Vec<Fault<'a>> {
    let Some(step) = &review.auth else { return Vec::new() };
    in_step(review.profile, step, review.base(), review.candidate())
}

/// Whether the step from `base` to `candidate` brings any of it.
pub(crate) fn is_brought(profile: &Profile, base: &Value, candidate: &Value) -> bool {
    profile.auth.as_ref().is_some_and(|auth| {
        let step = AuthStep::of(auth, profile, Some(base), candidate);
        let found = in_step(profile, &step, Some(base), candidate);
        found.iter().any(|fault| fault.origin() == Origin::Write)
    })
}

fn in_step<'a>(
    profile: &Profile,
    step: &AuthStep<'_>,
    base: Option<&Value>,
    candidate: &Value,
) -> Vec<Fault<'a>> {
    let before = step.before.map(incoherences).unwrap_or_default();
    let found = incoherences(step.after).into_iter().filter_map(|fault| match fault {
        Incoherence::Missing(secret) => {
            let was_missing = step.before.is_some_and(|state| state.missing() == Some(secret));
            (!was_missing && !step.is_dropped(secret)).then(|| of_absence(step, fault))
        }
        // Perhaps the environment has it: no news where it was so before.
        Incoherence::Unarmed(_) => (!before.contains(&fault)).then(|| of_absence(step, fault)),
        Incoherence::UnknownMode => {
            let before = base.and_then(|base| base.at(&step.auth.mode));
            let after = candidate.at(&step.auth.mode);
            // `placeholder-value` reports those.
            let is_junk =
                after.and_then(Value::as_str).is_some_and(|text| is_placeholder(text, profile));
            (!is_junk).then(|| fault.describe(step).from(origin(before == after)))
        }
        Incoherence::Ambiguous | Incoherence::Unguarded => {
            Some(fault.describe(step).from(origin(before.contains(&fault))))
        }
    });
    found.collect()
}

fn of_absence(step: &AuthStep<'_>, fault: Incoherence) -> Fault<'static> {
    let fault = fault.describe(step);
    // Nobody knows yet what the environment of a new gateway holds.
    if step.before.is_none() { fault.at_most(Action::Warn) } else { fault }
}

fn incoherences(state: AuthState) -> Vec<Incoherence> {
    let mut found = Vec::new();
    match state.mode {
        Mode::Ambiguous => found.push(Incoherence::Ambiguous),
        Mode::Unknown => found.push(Incoherence::UnknownMode),
        _ => {}
    }
    if state.is_remote {
        return found;
    }
    match (state.missing(), state.bind) {
        (Some(secret), Bind::Beyond) => found.push(Incoherence::Unarmed(secret)),
        // Without a mode, no token is how a file for a gateway with defaults looks.
        (Some(secret), _) if state.mode_is_named => found.push(Incoherence::Missing(secret)),
        (None, Bind::Beyond) if state.mode == Mode::Unguarded => {
            found.push(Incoherence::Unguarded);
        }
        _ => {}
    }
    found
}

impl Incoherence {
    fn describe(self, step: &AuthStep<'_>) -> Fault<'static> {
        let auth = step.auth;
        match self {
            Self::Ambiguous => Fault::at(
                auth.mode.clone(),
                "token and password are set, and no mode says which one counts",
                one_of("a mode", &[&auth.token_modes, &auth.password_modes]),
            ),
            Self::UnknownMode => Fault::at(
                auth.mode.clone(),
                "the mode is none that the gateway knows",
                one_of("a mode", &[&auth.token_modes, &auth.password_modes, &auth.open_modes]),
            ),
            Self::Missing(secret) => Fault::at(
                secret.path(auth).clone(),
                format!("the mode needs a {}, and there is none", secret.name()),
                format!("a {}, or a mode that needs none", secret.name()),
            ),
            Self::Unguarded => Fault::at(
                exposing_path(step),
                "the gateway would listen beyond this machine and let everybody in",
                format!("a mode that asks for a secret{}", or_loopback(auth)),
            ),
            Self::Unarmed(secret) => Fault::at(
                exposing_path(step),
                format!("the gateway would listen beyond this machine without a {}", secret.name()),
                format!("a {}{}", secret.name(), or_loopback(auth)),
            ),
        }
    }
}

/// What opened the gateway: the mode or the secret where it listened beyond before, else the
/// address.
fn exposing_path(step: &AuthStep<'_>) -> KeyPath {
    let was_beyond = step.before.is_some_and(|state| state.bind == Bind::Beyond);
    match step.after.missing() {
        _ if !was_beyond => step.auth.bind.clone(),
        Some(secret) => secret.path(step.auth).clone(),
        None => step.auth.mode.clone(),
    }
}

fn or_loopback(auth: &Auth) -> String {
    let word = auth.loopback.first();
    word.map(|word| format!(", or `{word}` as address")).unwrap_or_default()
}

/// `what` and the words it may be: they come from the profile and are no secret.
fn one_of(what: &str, words: &[&Vec<String>]) -> String {
    let words: Vec<String> =
        words.iter().flat_map(|list| list.iter()).map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        None => what.to_owned(),
        Some((only, [])) => format!("{what}: {only}"),
        Some((last, others)) => format!("{what}: {} or {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, allowed, denied, noted, warned};

    const MODE: &str = "gateway.auth.mode";
    const TOKEN: &str = "gateway.auth.token";
    const BIND: &str = "gateway.bind";
    const RULE: &str = "auth-mode-incoherent";

    fn gateway(members: &str) -> String {
        format!("{{ gateway: {{ {members} }} }}")
    }

    #[test]
    fn jv_06_two_secrets_need_a_mode() {
        let both = gateway("auth: { token: '4f1c9ab27d', password: 'horse' }");
        let case = Case::paths(&gateway("auth: { token: '4f1c9ab27d' }"), &both);
        case.check(&[denied(RULE, MODE)]);
        case.allowing(RULE).check(&[allowed(RULE, MODE)]);
        Case::new_file(&both).check(&[denied(RULE, MODE)]);
        let port = gateway("port: 1, auth: { token: '4f1c9ab27d', password: 'horse' }");
        Case::paths(&both, &port).check(&[noted(RULE, MODE)]);
    }

    #[test]
    fn a_mode_must_be_a_known_word() {
        let base = gateway("auth: { mode: 'token', token: '4f1c9ab27d' }");
        let odd = gateway("auth: { mode: 'tokens', token: '4f1c9ab27d' }");
        Case::paths(&base, &odd).check(&[denied(RULE, MODE)]);
        let port = gateway("port: 1, auth: { mode: 'tokens', token: '4f1c9ab27d' }");
        Case::paths(&odd, &port).check(&[noted(RULE, MODE)]);
        Case::paths(&base, &base.replace("'token'", "'${MODE}'")).check(&[]);
        Case::paths(&odd, &odd.replace("tokens", "tok")).check(&[denied(RULE, MODE)]);
    }

    #[test]
    fn a_mode_needs_its_secret() {
        let base = gateway("auth: { mode: 'password', password: 'horse' }");
        Case::paths(&base, &base.replace("'password',", "'token',")).check(&[denied(RULE, TOKEN)]);
        Case::new_file(&gateway("auth: { mode: 'token' }")).check(&[warned(RULE, TOKEN)]);
        Case::new_file(&gateway("port: 1")).check(&[]);
        // Perhaps the environment has the token: it was so before.
        Case::paths(&gateway("port: 1"), &gateway("auth: { mode: 'token' }")).check(&[]);
        Case::paths(
            &gateway("auth: { mode: 'token' }"),
            &gateway("port: 1, auth: { mode: 'token' }"),
        )
        .check(&[]);
        Case::paths(&base, &base.replace("auth:", "mode: 'remote', auth:")).check(&[]);
    }

    #[test]
    fn tk_02_a_gateway_for_others_needs_authentication() {
        let base = gateway("bind: 'lan', auth: { token: '4f1c9ab27d' }");
        Case::whole_file(&base, &gateway("bind: 'lan'"))
            .check(&[denied("auth-token-dropped", TOKEN), denied(RULE, TOKEN)]);
        Case::paths(&base, &base.replace("auth: {", "auth: { mode: 'none',"))
            .check(&[denied(RULE, MODE)]);
        Case::paths(&base, &base.replace("auth: {", "auth: { mode: 'trusted-proxy',")).check(&[]);
        Case::paths(&gateway("port: 1"), &gateway("port: 1, bind: 'lan'"))
            .check(&[denied(RULE, BIND)]);
        let open = gateway("bind: 'loopback', auth: { mode: 'none' }");
        Case::paths(&open, &open.replace("loopback", "tailnet")).check(&[denied(RULE, BIND)]);
        Case::paths(&open, &open.replace("loopback", "${BIND}")).check(&[]);
    }

    #[test]
    fn an_open_gateway_that_was_open_before_is_reported_only() {
        let open = gateway("bind: 'lan', auth: { mode: 'none' }");
        let edited = gateway("port: 1, bind: 'lan', auth: { mode: 'none' }");
        Case::paths(&open, &edited).check(&[noted(RULE, MODE)]);
        // The token of a container's gateway usually comes from its environment.
        Case::paths(&gateway("bind: 'lan'"), &gateway("bind: 'lan', port: 1")).check(&[]);
        Case::new_file(&gateway("bind: 'lan'")).check(&[warned(RULE, BIND)]);
        Case::new_file(&open).check(&[denied(RULE, BIND)]);
    }

    #[test]
    fn the_messages_name_modes_and_addresses_of_the_profile() {
        let message = |base: &str, candidate: &str| {
            let findings = Case::paths(base, candidate).findings();
            (findings[0].message.clone(), findings[0].expected.clone())
        };
        let base = gateway("auth: { token: '4f1c9ab27d' }");
        assert_eq!(
            message(&base, &gateway("auth: { token: '4f1c9ab27d', password: 'horse' }")),
            (
                "token and password are set, and no mode says which one counts".to_owned(),
                "a mode: `token` or `password`".to_owned(),
            ),
        );
        assert_eq!(
            message("{}", &gateway("bind: 'lan'")),
            (
                "the gateway would listen beyond this machine without a token".to_owned(),
                "a token, or `loopback` as address".to_owned(),
            ),
        );
    }
}
