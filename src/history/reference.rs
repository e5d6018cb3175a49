//! How a person names a record.

use std::fmt;
use std::str::FromStr;

use super::{HistoryError, Listing, Record, RecordId};

/// Names a record: `17` by its number, `@` the latest, `@~2` the second before the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordRef {
    /// By its number.
    Id(RecordId),
    /// By how many stand after it.
    Back(usize),
}

/// What names no record. It never quotes what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record is named by its number, `@` for the latest, or `@~N` for N before it")]
pub struct RecordRefError;

impl FromStr for RecordRef {
    type Err = RecordRefError;

    fn from_str(text: &str) -> Result<Self, RecordRefError> {
        match text.strip_prefix('@') {
            Some("") => Ok(Self::Back(0)),
            Some("~") => Ok(Self::Back(1)),
            Some(rest) => {
                let digits = number(rest.strip_prefix('~').ok_or(RecordRefError)?)?;
                digits.parse().map(Self::Back).map_err(|_| RecordRefError)
            }
            None => {
                number(text)?.parse().map(|id| Self::Id(RecordId(id))).map_err(|_| RecordRefError)
            }
        }
    }
}

/// `digits`, where they are nothing else: a sign is none.
fn number(digits: &str) -> Result<&str, RecordRefError> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then_some(digits).ok_or(RecordRefError)
}

impl fmt::Display for RecordRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Back(0) => f.write_str("@"),
            Self::Back(back) => write!(f, "@~{back}"),
        }
    }
}

impl RecordRef {
    /// The record that it names in `listing`.
    pub(super) fn pick(self, mut listing: Listing) -> Result<Record, HistoryError> {
        let none = || HistoryError::NoRecord { reference: self };
        match self {
            Self::Back(back) => {
                // One that cannot be read stands in its place: the latest is not the one before it.
                let mut ids: Vec<RecordId> =
                    listing.records.iter().map(|record| record.id).collect();
                ids.extend(listing.newer().map(|(id, _)| id));
                ids.sort_unstable();
                ids.dedup();
                let index = ids.len().checked_sub(back.saturating_add(1)).ok_or_else(none)?;
                Self::Id(ids[index]).pick(listing)
            }
            Self::Id(wanted) => {
                if let Some(index) = listing.records.iter().position(|record| record.id == wanted) {
                    return Ok(listing.records.swap_remove(index));
                }
                let newer = listing.newer().find(|(id, _)| *id == wanted);
                Err(newer.map_or_else(none, |(id, version)| HistoryError::Newer { id, version }))
            }
        }
    }
}
