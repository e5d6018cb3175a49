//! What a whole write costs the gateway: its dearest change, and a line of words for people.
//!
//! The words stand here and nowhere else, so that every command, event and log says the same.

use super::{Change, KnownVersion};
use crate::event::ReloadNote;
use crate::finding::{Action, Finding, Origin, Override};
use crate::history::ChangeNote;
use crate::profile::{Basis, ReloadClass, Uptake};

/// What refuses a write where a person asked for that; no rule of a policy, so nothing allows it.
pub const NO_RESTART: &str = "no-restart";

/// How many paths a line names.
const PATHS: usize = 3;

/// What a write costs the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reload {
    /// The dearest class of its changes.
    pub class: ReloadClass,
    /// The dearest way in which the gateway comes by one of them.
    pub uptake: Uptake,
    /// What the gateway does without a restart, by the names that its profile has for it.
    pub actions: Vec<String>,
    /// The paths for which it restarts by itself.
    pub restarts: Vec<String>,
    /// The paths that it does not take until somebody restarts it.
    pub waits: Vec<String>,
    /// The paths that make clients authenticate anew.
    pub disconnects: Vec<String>,
    /// What the answer rests on.
    pub basis: Basis,
    /// The version that it is for; nothing where nobody says it.
    pub version: Option<KnownVersion>,
    /// The first version of each table there is, where the answer is the dearest of them.
    pub tables: Vec<String>,
}

/// What counts of one change.
struct Item<'a> {
    path: String,
    class: ReloadClass,
    uptake: Uptake,
    actions: &'a [String],
}

impl Reload {
    /// What `changes` cost together; nothing where there are none.
    pub(super) fn of(
        changes: &[Change],
        basis: Basis,
        version: Option<KnownVersion>,
        tables: &[&str],
    ) -> Option<Self> {
        let items = changes.iter().map(|change| Item {
            path: change.path.to_string(),
            class: change.class,
            uptake: change.uptake,
            actions: &change.actions,
        });
        let tables = match basis {
            Basis::Version => Vec::new(),
            Basis::Dearest => tables.iter().map(ToString::to_string).collect(),
        };
        Some(Self { basis, version, tables, ..Self::sum(items)? })
    }

    /// What changes cost that a record tells of. For which version that was is not recorded.
    pub(super) fn of_notes(notes: &[ChangeNote]) -> Option<Self> {
        let items = notes.iter().map(|note| {
            let (class, usual) = match note.class.as_str() {
                "none" => (ReloadClass::None, Uptake::Nothing),
                "hot" => (ReloadClass::Hot, Uptake::Live),
                "auth" => (ReloadClass::Auth, Uptake::Restart),
                // One that a newer confwarden knows is no cheaper than a restart.
                _ => (ReloadClass::Restart, Uptake::Restart),
            };
            let uptake = match note.uptake.as_deref() {
                Some("nothing") => Uptake::Nothing,
                Some("live") => Uptake::Live,
                Some("waits") => Uptake::Waits,
                Some("restart") => Uptake::Restart,
                _ => usual,
            };
            Item { path: note.path.clone(), class, uptake, actions: &[] }
        });
        Self::sum(items)
    }

    fn sum<'a>(items: impl Iterator<Item = Item<'a>>) -> Option<Self> {
        let mut sum: Option<Self> = None;
        for item in items {
            let sum = sum.get_or_insert_with(|| Self {
                class: item.class,
                uptake: item.uptake,
                actions: Vec::new(),
                restarts: Vec::new(),
                waits: Vec::new(),
                disconnects: Vec::new(),
                basis: Basis::Version,
                version: None,
                tables: Vec::new(),
            });
            sum.class = sum.class.max(item.class);
            sum.uptake = sum.uptake.max(item.uptake);
            for action in item.actions {
                if !sum.actions.contains(action) {
                    sum.actions.push(action.clone());
                }
            }
            if item.class == ReloadClass::Auth && item.uptake != Uptake::Waits {
                sum.disconnects.push(item.path.clone());
            }
            match item.uptake {
                Uptake::Restart => sum.restarts.push(item.path),
                Uptake::Waits => sum.waits.push(item.path),
                Uptake::Live | Uptake::Nothing => {}
            }
        }
        sum
    }

    /// What refuses a write that must cost neither a restart nor a client its connection.
    pub(super) fn unwanted(changes: &[Change]) -> Vec<Finding> {
        let costly = changes.iter().filter_map(|change| {
            let message = match (change.uptake, change.class) {
                (Uptake::Restart, _) => "the gateway would restart for this",
                (Uptake::Live, ReloadClass::Auth) => "clients would be disconnected by this",
                _ => return None,
            };
            Some(Finding {
                rule: NO_RESTART,
                action: Action::Deny,
                allowed_by: Override::Never,
                origin: Origin::Write,
                path: Some(change.path.clone()),
                message: message.to_owned(),
                expected: "a change that the gateway takes as it runs".to_owned(),
                location: None,
            })
        });
        costly.collect()
    }

    /// One line for people.
    #[must_use]
    pub fn summary(&self) -> String {
        let lines = [
            ("restarts the gateway", &self.restarts),
            ("waits for a restart of the gateway", &self.waits),
            ("disconnects clients", &self.disconnects),
        ];
        let named = lines.iter().filter(|(_, paths)| !paths.is_empty());
        let mut parts: Vec<String> =
            named.map(|(what, paths)| format!("{what}: {}", listed(paths))).collect();
        if parts.is_empty() {
            parts.push(match (self.uptake, self.actions.as_slice()) {
                (Uptake::Nothing, _) => "nothing for the gateway to do".to_owned(),
                (_, []) => "applies live, no restart".to_owned(),
                (_, actions) => format!("applies live, no restart ({})", listed(actions)),
            });
        }
        parts.join("; ")
    }

    /// The same for an event.
    pub(super) fn note(&self) -> ReloadNote {
        ReloadNote { class: self.class.as_str().to_owned(), summary: self.summary() }
    }

    /// What a person should know of how sure this is; nothing where a table knows the version.
    #[must_use]
    pub fn doubt(&self) -> Option<String> {
        let (last, rest) = self.tables.split_last()?;
        let dearest = match rest {
            [] => format!("what {last} does is shown"),
            rest => format!("the dearest of {} and {last} is shown", rest.join(", ")),
        };
        Some(match &self.version {
            None => format!(
                "the gateway's version is not known: {dearest}; `--gateway-version` says it"
            ),
            Some(known) => {
                format!("no table is for gateway {}: {dearest}", shown(&known.version))
            }
        })
    }
}

/// A version out of a file, without what moves a terminal's cursor.
fn shown(version: &str) -> String {
    const LONGEST: usize = 40;
    version.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn listed(names: &[String]) -> String {
    let shown = names.iter().take(PATHS).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(PATHS) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::NoteKind;

    fn note(path: &str, class: &str, uptake: Option<&str>) -> ChangeNote {
        ChangeNote {
            path: path.to_owned(),
            kind: NoteKind::Changed,
            class: class.to_owned(),
            uptake: uptake.map(str::to_owned),
        }
    }

    #[track_caller]
    fn check(notes: &[ChangeNote], expected: &str) {
        let summary = Reload::of_notes(notes).expect("some changes").summary();
        assert_eq!(summary, expected);
    }

    #[test]
    fn the_line_says_the_dearest_and_names_its_paths() {
        let (none, hot) = (note("logging.level", "none", None), note("tools.deny", "hot", None));
        let restart = |path| note(path, "restart", None);
        check(std::slice::from_ref(&none), "nothing for the gateway to do");
        check(&[none.clone(), hot.clone()], "applies live, no restart");
        check(&[hot.clone(), restart("gateway.port")], "restarts the gateway: gateway.port");
        check(&["a", "b", "c", "d", "e"].map(restart), "restarts the gateway: a, b, c and 2 more");
        let live = note("gateway.auth.token", "auth", Some("live"));
        check(std::slice::from_ref(&live), "disconnects clients: gateway.auth.token");
        check(
            &[live, restart("p")],
            "restarts the gateway: p; disconnects clients: gateway.auth.token",
        );
        check(
            &[note("gateway.auth.mode", "auth", None)],
            "restarts the gateway: gateway.auth.mode; disconnects clients: gateway.auth.mode",
        );
        check(
            &[note("gateway.port", "restart", Some("waits"))],
            "waits for a restart of the gateway: gateway.port",
        );
        assert_eq!(Reload::of_notes(&[]), None);
    }

    #[test]
    fn a_class_of_a_newer_confwarden_is_no_cheaper_than_a_restart() {
        check(&[note("a", "cold", None)], "restarts the gateway: a");
    }
}
