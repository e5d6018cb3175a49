//! Letting a foreign change stand after all, which a heal has put right or set aside.
//!
//! It is a write like every other: three-way, so that what came since stays, and judged. The rules that
//! the heal went by are allowed in it, and no others.

use super::restore::{Kind, Restoration, install};
use super::{OpsError, Outcome, Workspace, WriteOptions, records};
use crate::doc::KeyPath;
use crate::history::{Identities, Kind as RecordKind, Record, RecordId, RecordRef};
use crate::ops::records::Side;
use crate::ops::session::Session;

/// What a rule that was broken did, as records have it.
const DENIED: &str = "deny";

/// Lets stand what the record `reference` put right: all of it, or what it put back at `path`. Of a text
/// that was set aside, the whole text.
///
/// # Errors
///
/// [`OpsError::NothingToAccept`] where that record put nothing right; else as
/// [`restore`](super::restore()).
pub fn accept(
    workspace: &Workspace,
    reference: RecordRef,
    path: Option<&KeyPath>,
    options: &WriteOptions,
    identities: &Identities,
) -> Result<Outcome, OpsError> {
    let history = records::of(workspace);
    let records = history.list()?.records;
    let named = history.find(&reference)?;
    let record = healing(&records, &named).unwrap_or(&named);
    let session = Session::reading(workspace)?;
    let of = |record, side| records::configuration(&history, &session, record, side, identities);
    let kind = match (record.kind, path) {
        (RecordKind::Healed, None) => {
            Kind::Undo { before: of(record, Side::Before)?, after: of(record, Side::After)? }
        }
        (RecordKind::Healed, Some(path)) => {
            Kind::Path { path: path.clone(), wanted: of(record, Side::Before)? }
        }
        (RecordKind::Quarantined, None) => {
            Kind::Whole { wanted: of(record, Side::After)?, accepted: None }
        }
        _ => return Err(OpsError::NothingToAccept { id: named.id }),
    };
    let mut options = options.clone();
    options.allow.extend(broken(&named).chain(broken(record)));
    install(workspace, Restoration(kind), &options, identities)
}

/// The heal of what `named` found, where that is a record of its own.
fn healing<'r>(records: &'r [Record], named: &Record) -> Option<&'r Record> {
    if named.kind != RecordKind::Foreign {
        return None;
    }
    let next = RecordId(named.id.0 + 1);
    records.iter().find(|record| record.id == next && record.kind == RecordKind::Healed)
}

/// The rules that were broken.
fn broken(record: &Record) -> impl Iterator<Item = String> + '_ {
    record.rules.iter().filter(|note| note.action == DENIED).map(|note| note.rule.clone())
}
