//! Hooks: programs that run on events, as written in a profile or in a file of hooks.

use std::time::Duration;

use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::ProfileError;
use crate::text::Position;

/// A hook's limit where it names none.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest limit.
const LONGEST: Duration = Duration::from_mins(5);

/// A program that runs on events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The kinds of events that it runs on.
    pub on: Vec<EventName>,
    /// The program and its arguments. There is no shell.
    pub run: Vec<String>,
    /// After this time it is ended, with every process of its group.
    pub timeout: Duration,
}

/// The name of a kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventName {
    /// A file is guarded from here on.
    Watching,
    /// Another writer's change stands.
    Accepted,
    /// Something was put back.
    Healed,
    /// Comments were put back.
    Redressed,
    /// A broken text was set aside.
    Quarantined,
    /// A protected value was changed by somebody who may.
    AuthChanged,
    /// Somebody damages the file again and again.
    Contested,
    /// A fight is over.
    Calm,
    /// Something could not be done.
    Failed,
    /// The gateway has taken a change.
    ReloadConfirmed,
    /// The gateway was told of a change.
    Signalled,
    /// A write was confirmed.
    Kept,
    /// A write that nobody confirmed was undone.
    RolledBack,
    /// A file is not guarded any more.
    Stopped,
}

impl EventName {
    /// Every name.
    pub const ALL: [Self; 14] = [
        Self::Watching,
        Self::Accepted,
        Self::Healed,
        Self::Redressed,
        Self::Quarantined,
        Self::AuthChanged,
        Self::Contested,
        Self::Calm,
        Self::Failed,
        Self::ReloadConfirmed,
        Self::Signalled,
        Self::Kept,
        Self::RolledBack,
        Self::Stopped,
    ];

    /// The name as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Watching => "watching",
            Self::Accepted => "accepted",
            Self::Healed => "healed",
            Self::Redressed => "redressed",
            Self::Quarantined => "quarantined",
            Self::AuthChanged => "auth-changed",
            Self::Contested => "contested",
            Self::Calm => "calm",
            Self::Failed => "failed",
            Self::ReloadConfirmed => "reload-confirmed",
            Self::Signalled => "signalled",
            Self::Kept => "kept",
            Self::RolledBack => "rolled-back",
            Self::Stopped => "stopped",
        }
    }
}

impl std::fmt::Display for EventName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl Hook {
    /// Reads a file of hooks: `[[hooks]]` tables, as in a profile, and nothing else.
    ///
    /// # Errors
    ///
    /// [`ProfileError`] with the first fault.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, ProfileError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct HooksFile {
            #[serde(default)]
            hooks: Vec<Hook>,
        }
        let file: HooksFile = toml_edit::de::from_str(text).map_err(|error| {
            // Its `Display` would print the line, which may hold a secret.
            let offset = error.span().map_or(0, |span| span.start);
            let reason = error.message().trim_end().replace('\n', ", ");
            ProfileError { reason, position: Position::of(text, offset) }
        })?;
        Ok(file.hooks)
    }
}

impl<'de> Deserialize<'de> for Hook {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct HookTable {
            on: Kinds,
            run: Program,
            #[serde(default)]
            timeout: Limit,
        }
        let table = HookTable::deserialize(deserializer)?;
        Ok(Self { on: table.on.0, run: table.run.0, timeout: table.timeout.0 })
    }
}

/// At least one kind.
struct Kinds(Vec<EventName>);

/// At least the name of a program.
pub(super) struct Program(pub(super) Vec<String>);

/// A list whose own faults are found while it is read, where their place is known.
struct List<T>(std::marker::PhantomData<T>, &'static str);

impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.1)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            elements.push(element);
        }
        if elements.is_empty() {
            return Err(A::Error::custom(format!("{} must not be empty", self.1)));
        }
        Ok(elements)
    }
}

impl<'de> Deserialize<'de> for Kinds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = List(std::marker::PhantomData, "a list of kinds of events");
        deserializer.deserialize_seq(list).map(Self)
    }
}

impl<'de> Deserialize<'de> for Program {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = List(std::marker::PhantomData, "a list of a program and its arguments");
        let words: Vec<String> = deserializer.deserialize_seq(list)?;
        if words.first().is_some_and(String::is_empty) || words.iter().any(|w| w.contains('\0')) {
            return Err(D::Error::custom("a program has a name, and no zero byte is in it"));
        }
        Ok(Self(words))
    }
}

/// How long something may take.
pub(super) struct Limit(pub(super) Duration);

impl Default for Limit {
    fn default() -> Self {
        Self(TIMEOUT)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const FAULT: &str = "a limit is a whole number and `ms`, `s` or `m`, such as `10s`, from \
                             `1ms` to `5m`";
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let unit: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            _ => return Err(D::Error::custom(FAULT)),
        };
        number
            .parse()
            .ok()
            .and_then(|number: u64| number.checked_mul(unit))
            .map(Duration::from_millis)
            .filter(|limit| !limit.is_zero() && *limit <= LONGEST)
            .map(Self)
            .ok_or_else(|| D::Error::custom(FAULT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_are_read() {
        let text = "[[hooks]]\non = [\"healed\", \"auth-changed\"]\nrun = [\"notify-send\", \"x\"]\n\
                    timeout = \"500ms\"\n[[hooks]]\non = [\"calm\"]\nrun = [\"/bin/true\"]\n";
        let hooks = Hook::parse_all(text).unwrap();
        assert_eq!(hooks[0].on, [EventName::Healed, EventName::AuthChanged]);
        assert_eq!(hooks[0].run, ["notify-send", "x"]);
        assert_eq!(hooks[0].timeout, Duration::from_millis(500));
        assert_eq!(hooks[1].timeout, TIMEOUT);
        assert_eq!(Hook::parse_all("").unwrap(), []);
    }

    #[test]
    fn a_fault_names_its_line_and_column() {
        for (line, place) in [
            ("on = [\"heald\"]\nrun = [\"a\"]", (2, 7)),
            ("on = []\nrun = [\"a\"]", (2, 6)),
            ("on = [\"calm\"]\nrun = []", (3, 7)),
            ("on = [\"calm\"]\nrun = \"a b\"", (3, 7)),
            ("on = [\"calm\"]\nrun = [\"a\"]\ntimeout = \"1h\"", (4, 11)),
            ("on = [\"calm\"]\nrun = [\"a\"]\ntimeout = \"0s\"", (4, 11)),
            ("on = [\"calm\"]\nrun = [\"a\"]\nshell = true", (4, 1)),
        ] {
            let error = Hook::parse_all(&format!("[[hooks]]\n{line}\n")).unwrap_err();
            let found = (error.position.line, error.position.column);
            assert_eq!(found, place, "{line}: {error}");
        }
    }

    #[test]
    fn every_name_is_written_as_it_is_read() {
        for name in EventName::ALL {
            let json = serde_json::to_value(name).unwrap();
            assert_eq!(json, name.as_str());
        }
    }
}
