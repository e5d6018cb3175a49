//! Which change costs what: prefix tables by gateway version.
//!
//! The answer never promises less than the gateway may do. Where the version is unknown or lies
//! outside of every table, the dearest class of all tables is the answer.
//!
//! This module never asks the gateway.

use super::{Prefix, ReloadClass, Version};
use crate::doc::{KeyPath, Segment};

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
    /// Prefixes with `*` for any one step; the one with the most steps that fits decides, and of
    /// those the one with the fewest `*`.
    pub prefixes: Vec<(Prefix, ReloadClass)>,
}

/// What an answer of [`ReloadTables`] rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The table of the gateway's version.
    Version,
    /// The dearest of all tables: the version is unknown or no table covers it.
    Dearest,
}

impl ReloadTables {
    /// What a change of the value at `path` costs a gateway of `version`.
    ///
    /// Gateways compare arrays as a whole, so a path into an array stands for the array. The value
    /// is taken for one that changed as such; see [`Self::class_of_subtree`] for a container that
    /// came or went with all it holds.
    #[must_use]
    pub fn class_of(&self, path: &KeyPath, version: Option<&str>) -> ReloadClass {
        let steps = steps_outside_arrays(path);
        self.dearest(version, |table| table.class_of(&steps))
    }

    /// What it costs that the value at `path` comes or goes with everything below it: the dearest
    /// class of its own and of every prefix below.
    #[must_use]
    pub fn class_of_subtree(&self, path: &KeyPath, version: Option<&str>) -> ReloadClass {
        let steps = steps_outside_arrays(path);
        self.dearest(version, |table| table.class_of_subtree(&steps))
    }

    /// Whether a table knows `version`, so that the answers for it are no worst case.
    #[must_use]
    pub fn basis(&self, version: Option<&str>) -> Basis {
        if self.table(version).is_some() { Basis::Version } else { Basis::Dearest }
    }

    /// The newest table that covers `version`; one without bounds covers the unknown version too.
    fn table(&self, version: Option<&str>) -> Option<&ReloadTable> {
        let version: Option<Version> = version.and_then(|text| text.parse().ok());
        self.tables.iter().rev().find(|table| table.covers(version.as_ref()))
    }

    fn dearest(
        &self,
        version: Option<&str>,
        class: impl Fn(&ReloadTable) -> ReloadClass,
    ) -> ReloadClass {
        match self.table(version) {
            Some(table) => class(table),
            // A gateway of which nothing is known restarts.
            None => self.tables.iter().map(class).max().unwrap_or(ReloadClass::Restart),
        }
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

    fn class_of(&self, path: &[&str]) -> ReloadClass {
        self.prefixes
            .iter()
            .filter(|(prefix, _)| prefix.fits(path) && prefix.count() <= path.len())
            .max_by_key(|(prefix, class)| (prefix.count(), prefix.count_of_names(), *class))
            .map_or(self.unmatched, |(_, class)| *class)
    }

    fn class_of_subtree(&self, path: &[&str]) -> ReloadClass {
        // What no prefix fits below `path` costs what `path` itself does.
        self.prefixes
            .iter()
            .filter(|(prefix, _)| prefix.fits(path) && prefix.count() > path.len())
            .map(|(_, class)| *class)
            .fold(self.class_of(path), Ord::max)
    }
}

/// The names on the way, up to the first array.
fn steps_outside_arrays(path: &KeyPath) -> Vec<&str> {
    let names = path.segments().iter().map_while(|segment| match segment {
        // A name that is no Unicode fits only `*`, as the replacement character does.
        Segment::Key(key) => Some(key.as_str().unwrap_or("\u{fffd}")),
        _ => None,
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(from: &str, until: &str, prefixes: &[(&str, ReloadClass)]) -> ReloadTable {
        let bound = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let steps = |path: &str| Prefix::of_steps(&path.split('.').collect::<Vec<_>>());
        ReloadTable {
            from: bound(from),
            until: bound(until),
            unmatched: ReloadClass::Restart,
            prefixes: prefixes.iter().map(|(path, class)| (steps(path), *class)).collect(),
        }
    }

    fn tables() -> ReloadTables {
        use ReloadClass::{Auth, Hot, None, Restart};
        let old = [("a", None), ("a.x", Restart), ("gateway.auth", Auth)];
        let new = [
            ("a", Hot),
            ("a.*.z", None),
            ("a.x.z", Restart),
            ("gateway", Restart),
            ("gateway.auth", Auth),
            ("gateway.tools", Hot),
            ("list", Hot),
        ];
        ReloadTables {
            version: Option::None,
            tables: vec![table("2026.3", "2026.4", &old), table("2026.9", "2026.10", &new)],
        }
    }

    const OLD: Option<&str> = Some("2026.3.8");
    const NEW: Option<&str> = Some("v2026.9.6-1");

    #[track_caller]
    fn check(path: &str, version: Option<&str>, expected: ReloadClass) {
        let path: KeyPath = path.parse().expect("a good path");
        assert_eq!(tables().class_of(&path, version), expected, "{path}");
    }

    #[test]
    fn the_longest_prefix_decides_and_names_beat_stars() {
        check("a.b", NEW, ReloadClass::Hot);
        check("a.b.z", NEW, ReloadClass::None);
        check("a.x.z", NEW, ReloadClass::Restart);
        check("a.x.z.deep", NEW, ReloadClass::Restart);
        check("ab", NEW, ReloadClass::Restart);
        check(".", NEW, ReloadClass::Restart);
        check("a.b", OLD, ReloadClass::None);
    }

    #[test]
    fn a_path_into_an_array_stands_for_the_array() {
        check("list[0].x", NEW, ReloadClass::Hot);
        check("a.b[id=1].z", NEW, ReloadClass::Hot);
        check("a[+]", NEW, ReloadClass::Hot);
    }

    #[test]
    fn an_unknown_version_costs_the_dearest_of_all_tables() {
        for version in [None, Some("2026.6.1"), Some("2026.10.0"), Some("1"), Some("dev")] {
            check("a.x.y", version, ReloadClass::Restart);
            check("a.b.z", version, ReloadClass::None);
            check("a.b", version, ReloadClass::Hot);
            assert_eq!(tables().basis(version), Basis::Dearest);
        }
        assert_eq!(tables().basis(OLD), Basis::Version);
        assert_eq!(tables().basis(NEW), Basis::Version);
    }

    #[track_caller]
    fn check_subtree(path: &str, version: Option<&str>, expected: ReloadClass) {
        let path: KeyPath = path.parse().expect("a good path");
        assert_eq!(tables().class_of_subtree(&path, version), expected, "{path}");
    }

    #[test]
    fn a_subtree_costs_the_dearest_below_it() {
        check_subtree("gateway", NEW, ReloadClass::Auth);
        check_subtree("gateway.tools", NEW, ReloadClass::Hot);
        check_subtree("a", NEW, ReloadClass::Restart);
        check_subtree("a.b", NEW, ReloadClass::Hot);
        check_subtree("a", OLD, ReloadClass::Restart);
        check_subtree(".", NEW, ReloadClass::Auth);
        check_subtree("a.x.z.deep", NEW, ReloadClass::Restart);
    }

    #[test]
    fn without_tables_every_change_restarts() {
        let tables = ReloadTables::default();
        assert_eq!(tables.class_of(&KeyPath::root(), NEW), ReloadClass::Restart);
        assert_eq!(tables.basis(NEW), Basis::Dearest);
    }

    #[test]
    fn a_table_without_bounds_needs_no_version() {
        let hot = table("", "", &[("a", ReloadClass::Hot)]);
        let tables = ReloadTables { version: None, tables: vec![hot] };
        let path: KeyPath = "a.b".parse().expect("a good path");
        assert_eq!(tables.class_of(&path, None), ReloadClass::Hot);
        assert_eq!(tables.basis(None), Basis::Version);
    }
}
