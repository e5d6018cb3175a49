//! What waits for a restart of the gateway, because its mode keeps it from restarting by itself.
//!
//! The history says what waited when it was written. What the gateway has taken meanwhile is known only
//! by the time of its start; without that nothing is guessed.

use std::collections::HashSet;
use std::time::SystemTime;

use super::records::{self, Side};
use super::session::Session;
use super::snapshot::Snapshot;
use super::{Change, Workspace, outcome};
use crate::doc::{KeyPath, Value};
use crate::history::{History, Identities, Record};
use crate::profile::Uptake;

/// What waits for a restart of the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Nothing that is known of ever waited.
    Nothing,
    /// These paths; none where the gateway has started since, or the changes were taken back.
    Paths(Vec<String>),
    /// These paths at most: when the gateway has started is not known.
    AtMost(Vec<String>),
}

/// What waits for a restart of a gateway that runs since `started`; nothing where that is not known.
pub(super) fn waiting(
    workspace: &Workspace,
    session: &Session<'_>,
    snapshot: &Snapshot,
    history: &History,
    records: &[Record],
    started: Option<SystemTime>,
) -> Waiting {
    let of = |record: &Record| {
        records::configuration(history, session, record, Side::After, &Identities::none()).ok()
    };
    let now = snapshot.judged();
    // What nobody has recorded counts as well.
    let drift: Option<Vec<String>> = records.last().and_then(of).zip(now).map(|(last, now)| {
        let changes = outcome::differences(Some(&last), now, workspace).changes;
        changes.iter().filter(|change| change.uptake == Uptake::Waits).map(path).collect()
    });
    let is_known = |record: &&Record| started.is_none_or(|started| record.at >= started);
    let mut paths = Vec::new();
    for record in records.iter().filter(is_known) {
        let waits = record
            .changes
            .iter()
            .filter(|note| note.uptake.as_deref() == Some(Uptake::Waits.as_str()));
        paths.extend(waits.map(|note| note.path.clone()));
    }
    paths.extend(drift.unwrap_or_default());
    let mut seen = HashSet::new();
    paths.retain(|path: &String| seen.insert(path.clone()));
    if paths.is_empty() && started.is_none() {
        return Waiting::Nothing;
    }
    if started.is_none() {
        return Waiting::AtMost(paths);
    }
    // What it started with, and what of it stands there again.
    let before = records.iter().rev().find(|record| !is_known(record)).and_then(of);
    if let (Some(before), Some(now)) = (before, now) {
        let at = |value: &Value, path: &KeyPath| value.at(path).cloned();
        paths.retain(|path| {
            path.parse::<KeyPath>()
                .map_or(true, |path| at(before.effective(), &path) != at(now.effective(), &path))
        });
    }
    Waiting::Paths(paths)
}

fn path(change: &Change) -> String {
    change.path.to_string()
}
