//! Whether a plugin is loaded, as far as the configuration tells.
//!
//! A gateway loads plugins when it starts, by the configuration of that time and by what is installed.
//! Here only the configuration is looked at: what it does not say is not known, and never guessed.
//!
//! # Limits
//!
//! A plugin that the configuration asks for and that fails to load has no rules in the gateway: a change
//! below it may restart 2026.3 where it is said to be taken live.

use super::Holds;
use crate::doc::{KeyPath, Value};

/// Where it stands which plugins are loaded.
#[derive(Clone, Debug)]
pub struct PluginPaths {
    /// Whether there are any at all (`plugins.enabled`).
    pub enabled: KeyPath,
    /// The names of those that may be loaded; every one where it is missing or empty
    /// (`plugins.allow`).
    pub allow: KeyPath,
    /// The names of those that are not (`plugins.deny`).
    pub deny: KeyPath,
    /// The object with a member for each that has settings, and in it `enabled`
    /// (`plugins.entries`).
    pub entries: KeyPath,
    /// The object with a member for each channel, and in it `enabled` (`channels`).
    pub channels: KeyPath,
}

/// Whether a rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certainty {
    Yes,
    No,
    Unknown,
}

impl PluginPaths {
    /// Whether what `holds` asks for is loaded by a gateway with the configuration `value`.
    pub(super) fn certainty(&self, holds: &Holds, value: &Value) -> Certainty {
        if value.at(&self.enabled) == Some(&Value::Bool(false)) && *holds != Holds::Always {
            return Certainty::No;
        }
        match holds {
            Holds::Always => Certainty::Yes,
            Holds::WhilePlugin(name) => self.plugin(name, value),
            Holds::WhileChannel(name) => self.channel(name, value),
            // One that is not configured may be, by variables of the environment.
            Holds::WhileAnyChannel => {
                let channels = value.at(&self.channels).and_then(Value::as_object);
                let mut names =
                    channels.into_iter().flatten().filter_map(|(name, _)| name.as_str());
                let is_there = names.any(|name| self.channel(name, value) == Certainty::Yes);
                if is_there { Certainty::Yes } else { Certainty::Unknown }
            }
        }
    }

    /// Of a plugin that is loaded unless something is said against it.
    fn plugin(&self, name: &str, value: &Value) -> Certainty {
        let entry = value.at(&self.entries).and_then(|entries| entries.get(name));
        let is_off = entry.and_then(|entry| entry.get("enabled")) == Some(&Value::Bool(false));
        if is_off || names(value.at(&self.deny), name) {
            return Certainty::No;
        }
        let allow = value.at(&self.allow);
        let is_open = allow.and_then(Value::as_array).is_none_or(<[Value]>::is_empty);
        if is_open || names(allow, name) { Certainty::Yes } else { Certainty::Unknown }
    }

    /// Of a channel, which is loaded where it is configured.
    fn channel(&self, name: &str, value: &Value) -> Certainty {
        let settings = value.at(&self.channels).and_then(|channels| channels.get(name));
        let is_configured = settings.and_then(Value::as_object).is_some_and(|members| {
            !members.is_empty()
                && settings.and_then(|settings| settings.get("enabled"))
                    != Some(&Value::Bool(false))
        });
        match self.plugin(name, value) {
            Certainty::Yes if is_configured => Certainty::Yes,
            Certainty::No => Certainty::No,
            _ => Certainty::Unknown,
        }
    }
}

/// Whether `list` is an array with the string `name`.
fn names(list: Option<&Value>, name: &str) -> bool {
    let list = list.and_then(Value::as_array).unwrap_or_default();
    list.iter().any(|element| element.as_str() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::{Document, Format};

    #[track_caller]
    fn check(holds: &Holds, text: &str, expected: Certainty) {
        let path = |text: &str| text.parse().expect("a good path");
        let paths = PluginPaths {
            enabled: path("plugins.enabled"),
            allow: path("plugins.allow"),
            deny: path("plugins.deny"),
            entries: path("plugins.entries"),
            channels: path("channels"),
        };
        let document = Document::parse(text, Format::Json5).expect("a good document");
        assert_eq!(paths.certainty(holds, &document.root().to_value()), expected, "{text}");
    }

    #[test]
    fn a_channel_is_loaded_where_it_is_configured_and_nothing_is_said_against_it() {
        use Certainty::{No, Unknown, Yes};
        let telegram = Holds::WhileChannel("telegram".to_owned());
        for (text, expected) in [
            ("{}", Unknown),
            ("{channels: {telegram: {}}}", Unknown),
            ("{channels: {slack: {botToken: 'x'}}}", Unknown),
            ("{channels: {telegram: {botToken: 'x'}}}", Yes),
            ("{channels: {telegram: {enabled: true}}}", Yes),
            ("{channels: {telegram: {botToken: 'x', enabled: false}}}", Unknown),
            ("{channels: {telegram: {a: 1}}, plugins: {enabled: false}}", No),
            ("{channels: {telegram: {a: 1}}, plugins: {deny: ['telegram']}}", No),
            ("{channels: {telegram: {a: 1}}, plugins: {allow: ['slack']}}", Unknown),
            ("{channels: {telegram: {a: 1}}, plugins: {allow: ['telegram']}}", Yes),
            ("{channels: {telegram: {a: 1}}, plugins: {allow: []}}", Yes),
            (
                "{channels: {telegram: {a: 1}}, plugins: {entries: {telegram: {enabled: false}}}}",
                No,
            ),
            (
                "{channels: {telegram: {a: 1}}, plugins: {entries: {telegram: {enabled: true}}}}",
                Yes,
            ),
            ("{channels: 1}", Unknown),
            ("{channels: {telegram: 'x'}, plugins: {deny: 'telegram'}}", Unknown),
        ] {
            check(&telegram, text, expected);
        }
    }

    #[test]
    fn some_channel_is_known_to_be_loaded_or_not_known() {
        let any = Holds::WhileAnyChannel;
        check(&any, "{}", Certainty::Unknown);
        check(&any, "{channels: {slack: {a: 1}}}", Certainty::Yes);
        check(&any, "{channels: {slack: {enabled: false}}}", Certainty::Unknown);
        check(&any, "{channels: {slack: {a: 1}}, plugins: {enabled: false}}", Certainty::No);
    }

    #[test]
    fn a_plugin_is_loaded_unless_it_is_turned_off() {
        let browser = Holds::WhilePlugin("browser".to_owned());
        check(&browser, "{}", Certainty::Yes);
        check(&browser, "{plugins: {entries: {browser: {enabled: false}}}}", Certainty::No);
        check(&browser, "{plugins: {deny: ['browser']}}", Certainty::No);
        check(&browser, "{plugins: {allow: ['other']}}", Certainty::Unknown);
        check(&Holds::Always, "{plugins: {enabled: false}}", Certainty::Yes);
    }
}
