//! TOML: reading through `toml_edit`, spelling, and planning of edits.

#[cfg(test)]
mod generated;
mod outline;
mod reader;
mod scalar;

use super::edit::Plan;
use super::{Change, Document, EditError};

pub(super) use outline::Outline;
pub(super) use reader::read;
pub(super) use scalar::{decode, decode_key};

pub(super) fn plan(document: &Document, change: &Change) -> Result<Plan, EditError> {
    let _ = (document, change);
    unimplemented!()
}
