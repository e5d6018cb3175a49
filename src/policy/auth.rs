//! The gateway's authentication before and after: what counts as a token being there, and which
//! mode is in force.

use crate::doc::{KeyPath, Value};
use crate::profile::{Auth, Profile, Reference};

/// What stands where a token or a password belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// Nothing.
    Absent,
    /// Something that is no secret: `null`, blanks, `"undefined"`, a redaction sentinel, a number.
    Junk,
    /// `${VAR}` or an object that names a secret.
    Reference,
    /// The secret itself.
    Literal,
}

impl Credential {
    fn of(value: Option<&Value>, profile: &Profile) -> Self {
        match value {
            None => Self::Absent,
            Some(value) if Reference::of(value).is_some() || names_a_secret(value) => {
                Self::Reference
            }
            Some(Value::String(text)) => match text.as_str() {
                Some(text) if !is_placeholder(text, profile) => Self::Literal,
                _ => Self::Junk,
            },
            Some(_) => Self::Junk,
        }
    }

    /// Whether a gateway can authenticate with it.
    pub(crate) fn is_there(self) -> bool {
        matches!(self, Self::Reference | Self::Literal)
    }
}

/// Whether `value` is an object that names a secret, in a wider sense than [`Reference`]: releases
/// differ in whether `provider` may be left out and in what may stand beside the rest, and a token
/// must not count as lost because of that.
pub(crate) fn names_a_secret(value: &Value) -> bool {
    ["source", "id"]
        .iter()
        .all(|name| value.get(name).is_some_and(|member| member.as_str().is_some()))
}

/// Whether the string stands for a secret and is none.
pub(crate) fn is_placeholder(text: &str, profile: &Profile) -> bool {
    profile.placeholders.is_sentinel(text) || profile.placeholders.is_junk(text)
}

/// The way of authentication in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// By the token: named, or by default.
    Token,
    /// By the password: named, or because only that is set.
    Password,
    /// Named, and needs neither.
    Open,
    /// Named, and nobody is authenticated at all.
    Unguarded,
    /// Not named, with token and password both set.
    Ambiguous,
    /// Named by a word that the profile does not know.
    Unknown,
    /// Named by a reference: only the gateway's environment can tell.
    Referenced,
}

/// Where a gateway listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bind {
    /// On this machine only.
    Loopback,
    /// For others too.
    Beyond,
    /// A reference: only the gateway's environment can tell.
    Referenced,
}

/// The authentication of one configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AuthState {
    pub(crate) token: Credential,
    pub(crate) password: Credential,
    pub(crate) mode: Mode,
    /// Whether the mode is written down, not concluded.
    pub(crate) mode_is_named: bool,
    pub(crate) bind: Bind,
    /// Whether the gateway is another machine's, and needs no secret of its own.
    pub(crate) is_remote: bool,
}

impl AuthState {
    fn of(auth: &Auth, profile: &Profile, root: &Value) -> Self {
        let token = Credential::of(root.at(&auth.token), profile);
        let password = Credential::of(root.at(&auth.password), profile);
        let named = root.at(&auth.mode).filter(|mode| **mode != Value::Null);
        let mode = match named {
            Some(value) => named_mode(auth, value),
            None => match (token.is_there(), password.is_there()) {
                (true, true) => Mode::Ambiguous,
                (false, true) => Mode::Password,
                _ => Mode::Token,
            },
        };
        let bind = match root.at(&auth.bind) {
            None | Some(Value::Null) => Bind::Loopback,
            Some(value) if Reference::of(value).is_some() => Bind::Referenced,
            Some(value) if is_one_of(value, &auth.loopback) => Bind::Loopback,
            Some(_) => Bind::Beyond,
        };
        let is_remote = auth.remote.as_ref().is_some_and(|(path, word)| {
            root.at(path).and_then(Value::as_str) == Some(word.as_str())
        });
        Self { token, password, mode, mode_is_named: named.is_some(), bind, is_remote }
    }

    /// The secret that the mode needs and that is not there.
    pub(crate) fn missing(self) -> Option<Secret> {
        match self.mode {
            Mode::Token if !self.token.is_there() => Some(Secret::Token),
            Mode::Password if !self.password.is_there() => Some(Secret::Password),
            _ => None,
        }
    }
}

fn named_mode(auth: &Auth, value: &Value) -> Mode {
    if Reference::of(value).is_some() {
        Mode::Referenced
    } else if is_one_of(value, &auth.token_modes) {
        Mode::Token
    } else if is_one_of(value, &auth.password_modes) {
        Mode::Password
    } else if is_one_of(value, &auth.unguarded_modes) {
        Mode::Unguarded
    } else if is_one_of(value, &auth.open_modes) {
        Mode::Open
    } else {
        Mode::Unknown
    }
}

fn is_one_of(value: &Value, words: &[String]) -> bool {
    value.as_str().is_some_and(|text| words.iter().any(|word| word == text))
}

/// The shared secrets of a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    Token,
    Password,
}

impl Secret {
    pub(crate) const ALL: [Self; 2] = [Self::Token, Self::Password];

    pub(crate) fn path(self, auth: &Auth) -> &KeyPath {
        match self {
            Self::Token => &auth.token,
            Self::Password => &auth.password,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Password => "password",
        }
    }
}

/// The authentication before and after a write.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AuthStep<'a> {
    pub(crate) auth: &'a Auth,
    pub(crate) before: Option<AuthState>,
    pub(crate) after: AuthState,
}

impl<'a> AuthStep<'a> {
    pub(crate) fn of(
        auth: &'a Auth,
        profile: &Profile,
        base: Option<&Value>,
        candidate: &Value,
    ) -> Self {
        Self {
            auth,
            before: base.map(|base| AuthState::of(auth, profile, base)),
            after: AuthState::of(auth, profile, candidate),
        }
    }

    /// What stood and what stands where `secret` belongs.
    pub(crate) fn credentials(&self, secret: Secret) -> (Credential, Credential) {
        let before = self.before.map_or(Credential::Absent, |state| state.credential(secret));
        (before, self.after.credential(secret))
    }

    /// Whether the write takes `secret` away, though the gateway relied on it.
    ///
    /// The token counts as relied on in every mode: a mode is changed in a moment, a token that is
    /// gone is gone. A password counts unless the mode says that the gateway takes another way.
    pub(crate) fn is_dropped(&self, secret: Secret) -> bool {
        let Some(state) = self.before else { return false };
        let (before, after) = self.credentials(secret);
        let is_relied_on = match secret {
            Secret::Token => true,
            Secret::Password => !matches!(state.mode, Mode::Token | Mode::Open | Mode::Unguarded),
        };
        before.is_there() && !after.is_there() && is_relied_on
    }
}

impl AuthState {
    fn credential(self, secret: Secret) -> Credential {
        match secret {
            Secret::Token => self.token,
            Secret::Password => self.password,
        }
    }
}
