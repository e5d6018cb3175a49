//! Which change costs what: prefix tables by gateway version.

use super::ReloadClass;
use crate::doc::KeyPath;

/// The reload tables of a gateway, by version.
#[derive(Clone, Debug, Default)]
pub struct ReloadTables {
    /// Where the version of the gateway that wrote the file stands (`meta.lastTouchedVersion`).
    pub version: Option<KeyPath>,
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
    /// What a path that no prefix fits costs.
    pub unmatched: ReloadClass,
    /// Prefixes with `*` for any one step; the longest that fits decides.
    pub prefixes: Vec<(Vec<String>, ReloadClass)>,
}
