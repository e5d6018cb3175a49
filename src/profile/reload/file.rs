//! The tables as written in a profile.
//!
//! Each rule stands once in a table: two that disagree would be a guess.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;

use super::super::field::{Name, Path, VersionText};
use super::super::{Prefix, ReloadClass};
use super::{
    AuthUptake, Containers, Holds, PluginPaths, ReloadMode, ReloadRule, ReloadTable, ReloadTables,
};

/// Stands for the name of the channel or plugin in the rules of several.
const ID: &str = "<id>";

/// Stands for whichever channel is loaded.
const ANY: &str = "*";

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::profile) struct ReloadSection {
    version: Option<Path>,
    plugins: Option<PluginsTable>,
    table: Vec<CheckedTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PluginsTable {
    enabled: Path,
    allow: Path,
    deny: Path,
    entries: Path,
    channels: Path,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct TableFile {
    from: Option<VersionText>,
    until: Option<VersionText>,
    unmatched: ReloadClass,
    #[serde(default)]
    containers: Containers,
    #[serde(default)]
    none: Vec<Prefix>,
    #[serde(default)]
    hot: Vec<Prefix>,
    #[serde(default)]
    restart: Vec<Prefix>,
    #[serde(default)]
    auth: Vec<Prefix>,
    #[serde(default)]
    live_auth: Vec<Prefix>,
    #[serde(default)]
    disconnects: Vec<Prefix>,
    mode: Option<ModeTable>,
    #[serde(default)]
    actions: BTreeMap<String, Vec<Prefix>>,
    #[serde(default)]
    loaded: Vec<LoadedTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ModeTable {
    path: Path,
    #[serde(default)]
    off: Vec<Name>,
    #[serde(default)]
    hot_only: Vec<Name>,
    #[serde(default)]
    always: Vec<Name>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoadedTable {
    #[serde(default)]
    plugins: Vec<Name>,
    #[serde(default)]
    channels: Vec<Name>,
    #[serde(default)]
    none: Vec<Name>,
    #[serde(default)]
    hot: Vec<Name>,
    #[serde(default)]
    restart: Vec<Name>,
    #[serde(default)]
    actions: Vec<Name>,
}

/// A table whose rules and bounds agree with each other.
#[derive(Deserialize)]
#[serde(try_from = "TableFile")]
struct CheckedTable(ReloadTable);

impl TryFrom<TableFile> for CheckedTable {
    type Error = String;

    fn try_from(file: TableFile) -> Result<Self, String> {
        if let (Some(from), Some(until)) = (&file.from, &file.until)
            && from.version >= until.version
        {
            return Err("`from` must be an earlier version than `until`".to_owned());
        }
        let mut rules = Rules::default();
        let lists = [
            (file.none, ReloadClass::None, AuthUptake::Restart),
            (file.hot, ReloadClass::Hot, AuthUptake::Restart),
            (file.restart, ReloadClass::Restart, AuthUptake::Restart),
            (file.auth, ReloadClass::Auth, AuthUptake::Restart),
            (file.live_auth, ReloadClass::Auth, AuthUptake::WhileModeStays),
            (file.disconnects, ReloadClass::Auth, AuthUptake::Live),
        ];
        for (list, class, auth) in lists {
            for prefix in list {
                rules.add(ReloadRule {
                    prefix,
                    class,
                    actions: Vec::new(),
                    auth,
                    holds: Holds::Always,
                });
            }
        }
        rules.acting = rules.list.len();
        for (action, prefixes) in file.actions {
            for prefix in prefixes {
                rules.act(prefix, &action)?;
            }
        }
        for group in &file.loaded {
            group.add_to(&mut rules)?;
        }
        Ok(Self(ReloadTable {
            from: file.from.map(|bound| bound.text),
            until: file.until.map(|bound| bound.text),
            unmatched: file.unmatched,
            rules: rules.checked()?,
            containers: file.containers,
            mode: file.mode.map(|mode| ReloadMode {
                path: mode.path.0,
                off: texts(mode.off),
                hot_only: texts(mode.hot_only),
                always: texts(mode.always),
            }),
        }))
    }
}

/// Rules, those with actions of their own last until the groups come.
#[derive(Default)]
struct Rules {
    list: Vec<ReloadRule>,
    /// Where the rules begin that name what is done.
    acting: usize,
}

impl Rules {
    fn add(&mut self, rule: ReloadRule) {
        self.list.push(rule);
    }

    /// Adds one more thing that is done for what is taken live at `prefix`.
    fn act(&mut self, prefix: Prefix, action: &str) -> Result<(), String> {
        let known = self.list[self.acting..].iter_mut().find(|rule| rule.prefix == prefix);
        let Some(rule) = known else {
            self.add(ReloadRule {
                prefix,
                class: ReloadClass::Hot,
                actions: vec![action.to_owned()],
                auth: AuthUptake::Restart,
                holds: Holds::Always,
            });
            return Ok(());
        };
        if rule.actions.iter().any(|known| known == action) {
            return Err(twice(&prefix));
        }
        rule.actions.push(action.to_owned());
        Ok(())
    }

    /// The rules, each of which stands there once.
    fn checked(self) -> Result<Vec<ReloadRule>, String> {
        let mut seen = HashSet::with_capacity(self.list.len());
        let twin = self.list.iter().find(|rule| !seen.insert((&rule.prefix, &rule.holds)));
        if let Some(twin) = twin {
            return Err(twice(&twin.prefix));
        }
        Ok(self.list)
    }
}

fn twice(prefix: &Prefix) -> String {
    let steps: Vec<&str> = prefix.steps().collect();
    format!("the prefix `{}` stands twice in one table", steps.join("."))
}

impl LoadedTable {
    fn add_to(&self, rules: &mut Rules) -> Result<(), String> {
        let plugins = self.plugins.iter().map(|name| (name, Holds::WhilePlugin(name.0.clone())));
        let channels = self.channels.iter().map(|name| {
            let any = name.0 == ANY;
            let holds =
                if any { Holds::WhileAnyChannel } else { Holds::WhileChannel(name.0.clone()) };
            (name, holds)
        });
        let owners: Vec<(&Name, Holds)> = plugins.chain(channels).collect();
        if owners.is_empty() {
            return Err("rules of `loaded` need `plugins` or `channels`".to_owned());
        }
        for (Name(owner), holds) in owners {
            let actions: Vec<String> =
                self.actions.iter().map(|action| action.0.replace(ID, owner)).collect();
            let lists = [
                (&self.none, ReloadClass::None, &[][..]),
                (&self.hot, ReloadClass::Hot, actions.as_slice()),
                (&self.restart, ReloadClass::Restart, &[]),
            ];
            for (list, class, actions) in lists {
                for Name(template) in list {
                    let prefix = Prefix::try_from(template.replace(ID, owner))?;
                    rules.add(ReloadRule {
                        prefix,
                        class,
                        actions: actions.to_vec(),
                        auth: AuthUptake::Restart,
                        holds: holds.clone(),
                    });
                }
            }
        }
        Ok(())
    }
}

impl From<ReloadSection> for ReloadTables {
    fn from(section: ReloadSection) -> Self {
        Self {
            version: section.version.map(|path| path.0),
            plugins: section.plugins.map(|plugins| PluginPaths {
                enabled: plugins.enabled.0,
                allow: plugins.allow.0,
                deny: plugins.deny.0,
                entries: plugins.entries.0,
                channels: plugins.channels.0,
            }),
            tables: section.table.into_iter().map(|table| table.0).collect(),
        }
    }
}

fn texts(names: Vec<Name>) -> Vec<String> {
    names.into_iter().map(|name| name.0).collect()
}
