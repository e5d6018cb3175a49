//! The gateway's shared secret, as the configuration says it.

use super::Variables;
use super::error::AskError;
use crate::doc::Value;
use crate::profile::{Profile, Reference};

/// What is shown to the gateway. Nothing else ever shows it: there is no `Debug`, no `Display`.
pub(super) enum Credential {
    /// Nothing is asked for.
    Open,
    /// The shared token.
    Token(String),
    /// The password.
    Password(String),
}

impl Credential {
    /// What the gateway of `effective` asks for: as it stands there, or in a variable of this process
    /// that is named there. Files, programs and the environment of the gateway are not looked at.
    pub(super) fn of(
        profile: &Profile,
        effective: &Value,
        variables: &Variables,
    ) -> Result<Self, AskError> {
        let Some(auth) = &profile.auth else { return Ok(Self::Open) };
        let mode = effective.at(&auth.mode).and_then(Value::as_str);
        let known = |value: Option<&Value>| value.map(|value| resolve(value, variables));
        let token = known(effective.at(&auth.token));
        let password = known(effective.at(&auth.password));
        let is_of = |modes: &[String]| mode.is_some_and(|mode| modes.iter().any(|one| one == mode));
        if is_of(&auth.unguarded_modes) {
            return Ok(Self::Open);
        }
        if is_of(&auth.open_modes) {
            return Err(AskError::NoSecret { why: "another program authenticates its clients" });
        }
        let absent = AskError::NoSecret { why: "the configuration has none" };
        // Without a mode a password that is set decides.
        if is_of(&auth.password_modes) || mode.is_none() && password.is_some() {
            return password.ok_or(absent)?.map(Self::Password);
        }
        token.ok_or(absent)?.map(Self::Token)
    }
}

fn resolve(value: &Value, variables: &Variables) -> Result<String, AskError> {
    let Some(text) = value.as_str() else {
        return Err(AskError::NoSecret { why: "it is kept outside of the configuration" });
    };
    if Reference::of_text(text).is_none() {
        return match text.trim() {
            "" => Err(AskError::NoSecret { why: "it is empty" }),
            _ => Ok(text.to_owned()),
        };
    }
    let name = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let name = name.or_else(|| text.strip_prefix('$'));
    let is_name = |name: &&str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    name.filter(is_name).and_then(|name| variables.get(name)).ok_or(AskError::NoSecret {
        why: "it stands in a variable that this process does not have",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::{Document, Format};

    fn of(text: &str) -> Result<String, String> {
        let document = Document::parse(text, Format::Json5).unwrap();
        let profile = Profile::builtin("openclaw").unwrap();
        let variables = Variables::new(|name| (name == "HERE").then(|| "fake-here".to_owned()));
        match Credential::of(&profile, &document.root().to_value(), &variables) {
            Ok(Credential::Open) => Ok("open".to_owned()),
            Ok(Credential::Token(text)) => Ok(format!("token {text}")),
            Ok(Credential::Password(text)) => Ok(format!("password {text}")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[track_caller]
    fn check(auth: &str, expected: &str) {
        let found = of(&format!("{{ gateway: {{ auth: {auth} }} }}"));
        assert_eq!(found.as_deref(), Ok(expected), "{auth}");
    }

    #[test]
    fn the_secret_is_what_the_mode_asks_for() {
        check("{ token: 'fake-t' }", "token fake-t");
        check("{ mode: 'token', token: 'fake-t', password: 'fake-p' }", "token fake-t");
        check("{ mode: 'password', token: 'fake-t', password: 'fake-p' }", "password fake-p");
        check("{ password: 'fake-p' }", "password fake-p");
        check("{ mode: 'none' }", "open");
        check("{ token: '${HERE}' }", "token fake-here");
    }

    #[test]
    fn a_secret_that_is_not_here_is_said_to_be_elsewhere() {
        for (auth, why) in [
            ("{}", "the configuration has none"),
            ("{ token: '' }", "it is empty"),
            ("{ mode: 'password', token: 'fake-t' }", "the configuration has none"),
            ("{ token: '${THERE}' }", "a variable that this process does not have"),
            ("{ token: 'a-${HERE}' }", "a variable that this process does not have"),
            ("{ token: { source: 'env', provider: 'x', id: 'HERE' } }", "kept outside"),
            ("{ mode: 'trusted-proxy' }", "another program authenticates"),
        ] {
            let found = of(&format!("{{ gateway: {{ auth: {auth} }} }}")).unwrap_err();
            assert!(found.contains(why) && !found.contains("fake"), "{auth}: {found}");
        }
    }
}
