//! JSON5: reading without recursion, spelling, and planning of edits.
//!
//! The oracle is the reader of the gateway, npm's `json5` 2.2: what it accepts is accepted, with the
//! same value, and what it rejects is rejected. A text that is strict JSON stays strict JSON.
//!
//! Nothing here serialises a document: an edit is a list of splices.

mod fault;
mod ident;
mod letters;
mod number;
mod reader;
mod string;
mod trivia;

use super::edit::Plan;
use super::{Change, Document, EditError, Kind, Value, Wtf8String};

pub(super) use reader::read;
pub(super) use string::decode_key;

/// What the text uses of JSON5.
#[derive(Clone, Debug)]
pub(super) struct Dialect {
    /// Whether the text is strict JSON, and must stay it.
    pub(super) strict: bool,
}

/// The value of a scalar as written.
pub(super) fn decode(kind: Kind, raw: &str) -> Value {
    match kind {
        Kind::Bool => Value::Bool(raw == "true"),
        Kind::Number => number::decode(raw),
        Kind::String => Value::String(string::decode(raw)),
        _ => Value::Null,
    }
}

pub(super) fn plan(document: &Document, change: &Change) -> Result<Plan, EditError> {
    let _ = (document, change);
    unimplemented!()
}
