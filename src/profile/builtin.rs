//! The profiles that are part of the program.
//!
//! They are texts like any other profile: what they can say, every profile can. Every start of the
//! program reads one, which takes 0.14 ms from TOML and 0.05 ms from JSON (`benches/engine.rs`), so
//! each has its JSON beside it, and a test proves that both say the same.
//!
//! This module never holds a fact about a gateway; those are in the texts.

#[cfg(test)]
mod openclaw;

use super::Profile;

/// A built-in profile.
struct Builtin {
    name: &'static str,
    /// As people write it.
    text: &'static str,
    /// The same, to be read at every start.
    json: &'static str,
    /// The shape of its gateway's configuration, as far as confwarden must know it.
    schema: Option<&'static str>,
}

const OPENCLAW: Builtin = Builtin {
    name: "openclaw",
    text: include_str!("builtin/openclaw.toml"),
    json: include_str!("builtin/openclaw.json"),
    schema: Some(include_str!("../../schemas/openclaw.schema.json")),
};

const GENERIC: Builtin = Builtin {
    name: "generic",
    text: include_str!("builtin/generic.toml"),
    json: include_str!("builtin/generic.json"),
    schema: None,
};

const BUILTINS: [Builtin; 2] = [OPENCLAW, GENERIC];

/// The names of the built-in profiles, the default one first.
pub const BUILTIN_NAMES: [&str; 2] = [OPENCLAW.name, GENERIC.name];

impl Profile {
    /// The built-in profile `name`, see [`BUILTIN_NAMES`].
    ///
    /// # Panics
    ///
    /// Never: a test reads every one of them.
    #[must_use]
    pub fn builtin(name: &str) -> Option<Self> {
        let builtin = BUILTINS.iter().find(|builtin| builtin.name == name)?;
        Some(Self::parse_json(builtin.json).expect("a test reads every built-in profile"))
    }

    /// The schema that is known of the gateway of the built-in profile `name`.
    #[must_use]
    pub fn builtin_schema(name: &str) -> Option<&'static str> {
        BUILTINS.iter().find(|builtin| builtin.name == name)?.schema
    }

    /// The text of the built-in profile `name`, to write another one after.
    #[must_use]
    pub fn builtin_text(name: &str) -> Option<&'static str> {
        BUILTINS.iter().find(|builtin| builtin.name == name).map(|builtin| builtin.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_json_says_what_its_text_says() {
        for builtin in BUILTINS {
            let value: serde_json::Value =
                toml_edit::de::from_str(builtin.text).expect("a text is TOML");
            let json = serde_json::to_string(&value).expect("a profile has no odd keys");
            assert!(
                builtin.json == format!("{json}\n"),
                "src/profile/builtin/{}.json must be this one line:\n{json}",
                builtin.name
            );
        }
    }

    #[test]
    fn each_text_is_a_good_profile_of_its_name() {
        for name in BUILTIN_NAMES {
            let text = Profile::builtin_text(name).expect("known");
            assert_eq!(Profile::parse(text).map(|profile| profile.name).as_deref(), Ok(name));
            assert_eq!(Profile::builtin(name).map(|profile| profile.name).as_deref(), Some(name));
        }
        assert!(Profile::builtin("no-such").is_none());
    }
}
