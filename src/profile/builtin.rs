//! The profiles that are part of the program.
//!
//! They are text like any other profile, and read the same way: what they can say, every profile
//! can.
//!
//! This module never holds a fact about a gateway; those are in the texts.

use super::Profile;

/// Name and text of each.
const BUILTINS: [(&str, &str); 2] = [
    ("openclaw", include_str!("builtin/openclaw.toml")),
    ("generic", include_str!("builtin/generic.toml")),
];

/// The names of the built-in profiles, the default one first.
pub const BUILTIN_NAMES: [&str; 2] = [BUILTINS[0].0, BUILTINS[1].0];

impl Profile {
    /// The built-in profile `name`, see [`BUILTIN_NAMES`].
    #[must_use]
    pub fn builtin(name: &str) -> Option<Self> {
        let text = Self::builtin_text(name)?;
        Some(Self::parse(text).expect("a test reads every built-in profile"))
    }

    /// The text of the built-in profile `name`, to write another one after.
    #[must_use]
    pub fn builtin_text(name: &str) -> Option<&'static str> {
        BUILTINS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }
}
