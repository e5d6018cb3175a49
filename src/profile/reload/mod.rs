//! Which change costs what: rules by gateway version.
//!
//! The answer never promises less than the gateway may do. Where the version is unknown or lies
//! outside of every table, the dearest answer of all tables is the answer; where it is not known
//! whether a plugin is loaded, the dearer of both.
//!
//! This module never asks the gateway.

mod classifier;
mod cost;
mod file;
mod loaded;

pub use classifier::{Classifier, Surroundings};
pub use cost::{Cost, Uptake};
pub use loaded::PluginPaths;

pub(super) use file::ReloadSection;

use super::{Prefix, ReloadClass, Version};
use crate::doc::KeyPath;

/// The reload tables of a gateway, by version.
#[derive(Clone, Debug, Default)]
pub struct ReloadTables {
    /// Where the version of the gateway that wrote the file stands (`meta.lastTouchedVersion`).
    pub version: Option<KeyPath>,
    /// Where it stands which plugins are loaded, where the gateway has some.
    pub plugins: Option<PluginPaths>,
    /// The tables, oldest first.
    pub tables: Vec<ReloadTable>,
}

/// How one range of versions takes changes.
#[derive(Clone, Debug)]
pub struct ReloadTable {
    /// First version it holds for (`2026.9`); nothing where no lower bound is known.
    pub from: Option<String>,
    /// First version it no longer holds for (`2026.10`); nothing where no upper bound is known.
    pub until: Option<String>,
    /// What a path that no rule fits costs.
    pub unmatched: ReloadClass,
    /// The one with the most steps that fits decides, and of those the one with the fewest `*`.
    pub rules: Vec<ReloadRule>,
    /// How an object that comes or goes with all it holds is looked at.
    pub containers: Containers,
    /// The setting that keeps the gateway from doing by itself what a change costs.
    pub mode: Option<ReloadMode>,
}

/// What a change at or below a prefix costs.
#[derive(Clone, Debug)]
pub struct ReloadRule {
    /// The first steps, `*` for any one.
    pub prefix: Prefix,
    /// The cost.
    pub class: ReloadClass,
    /// What the gateway does without a restart, where that has a name (`restart-heartbeat`).
    pub actions: Vec<String>,
    /// Whether a change that makes clients authenticate anew is taken live.
    pub auth: AuthUptake,
    /// When the rule holds.
    pub holds: Holds,
}

/// Whether a change of the class [`ReloadClass::Auth`] is taken live; without a meaning for others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthUptake {
    /// The gateway restarts for it.
    #[default]
    Restart,
    /// It is a credential that is taken live while the mode of authentication stays: whoever came in
    /// with the old one is disconnected.
    WhileModeStays,
    /// It is taken live, and every client is disconnected.
    Live,
}

/// When a rule holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Holds {
    /// Always.
    Always,
    /// While the plugin of this name is loaded.
    WhilePlugin(String),
    /// While the channel of this name is loaded.
    WhileChannel(String),
    /// While some channel is loaded, whichever.
    WhileAnyChannel,
}

/// How a gateway looks at an object that comes or goes with all it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Containers {
    /// As one change at its own path. Defaults that the gateway fills in may stand there for it, so
    /// what it holds counts as well.
    #[default]
    Whole,
    /// Member by member, as far as there are rules for members.
    Refined,
}

/// The setting that keeps a gateway from doing by itself what a change costs, with the values that
/// are not the usual one.
#[derive(Clone, Debug)]
pub struct ReloadMode {
    /// Where it stands (`gateway.reload.mode`).
    pub path: KeyPath,
    /// Values by which every change waits for a restart by hand.
    pub off: Vec<String>,
    /// Values by which what needs a restart waits for one by hand.
    pub hot_only: Vec<String>,
    /// Values by which every change restarts.
    pub always: Vec<String>,
}

/// What an answer of [`ReloadTables`] rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// The table of the gateway's version.
    Version,
    /// The dearest of all tables: the version is unknown or no table covers it.
    #[default]
    Dearest,
}

impl ReloadTables {
    /// What a change of the value at `path` costs a gateway of `version`, where nothing is known of
    /// its configuration.
    ///
    /// Gateways compare arrays as a whole, so a path into an array stands for the array. The value
    /// is taken for one that changed as such; see [`Classifier::cost`] for one that came or went with
    /// all it holds.
    #[must_use]
    pub fn class_of(&self, path: &KeyPath, version: Option<&str>) -> ReloadClass {
        Classifier::new(self, version, &Surroundings::default()).cost(path, None, None).class
    }

    /// Whether a table knows `version`, so that the answers for it are no worst case.
    #[must_use]
    pub fn basis(&self, version: Option<&str>) -> Basis {
        if self.table(version).is_some() { Basis::Version } else { Basis::Dearest }
    }

    /// The first version of each table, as people know them: `2026.3`, `2026.9`.
    #[must_use]
    pub fn versions(&self) -> Vec<&str> {
        self.tables
            .iter()
            .filter_map(|table| table.from.as_deref().or(table.until.as_deref()))
            .collect()
    }

    /// The newest table that covers `version`; one without bounds covers the unknown version too.
    fn table(&self, version: Option<&str>) -> Option<&ReloadTable> {
        let version: Option<Version> = version.and_then(|text| text.parse().ok());
        self.tables.iter().rev().find(|table| table.covers(version.as_ref()))
    }
}

impl ReloadTable {
    fn covers(&self, version: Option<&Version>) -> bool {
        // A bound that is no version cannot be met: better the dearest than the wrong table.
        let bound = |text: &Option<String>| text.as_deref().map(str::parse::<Version>).transpose();
        match (bound(&self.from), bound(&self.until), version) {
            (Ok(None), Ok(None), _) => true,
            (Ok(from), Ok(until), Some(version)) => {
                version.is_within(from.as_ref(), until.as_ref())
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
