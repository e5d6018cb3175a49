//! TOML: reading through `toml_edit`, spelling, and planning of edits.

use super::edit::Plan;
use super::tree::Tree;
use super::{Change, Document, EditError, Kind, SyntaxError, Value, Wtf8String};

/// What stands where beside the values: headers, dotted keys.
#[derive(Clone, Debug)]
pub(super) struct Outline {}

pub(super) fn read(source: &str) -> Result<(Tree, Outline), SyntaxError> {
    let _ = source;
    unimplemented!()
}

/// The value of a scalar as written.
pub(super) fn decode(kind: Kind, raw: &str) -> Value {
    let _ = (kind, raw);
    unimplemented!()
}

/// The text of a key as written.
pub(super) fn decode_key(raw: &str) -> Wtf8String {
    let _ = raw;
    unimplemented!()
}

pub(super) fn plan(document: &Document, change: &Change) -> Result<Plan, EditError> {
    let _ = (document, change);
    unimplemented!()
}
