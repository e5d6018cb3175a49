//! JSON5: reading without recursion, spelling, and planning of edits.

use super::edit::Plan;
use super::tree::Tree;
use super::{Change, Document, EditError, Kind, SyntaxError, Value, Wtf8String};

/// What the text uses of JSON5.
#[derive(Clone, Debug)]
pub(super) struct Dialect {
    /// Whether the text is strict JSON, and must stay it.
    pub(super) strict: bool,
}

pub(super) fn read(source: &str) -> Result<(Tree, Dialect), SyntaxError> {
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
