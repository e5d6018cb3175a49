//! JSON5: reading without recursion, spelling, and planning of edits.
//!
//! The oracle is the reader of the gateway, npm's `json5` 2.2: what it accepts is accepted, with the
//! same value, and what it rejects is rejected. A text that is strict JSON stays strict JSON.
//!
//! Nothing here serialises a document: an edit is a list of splices.

mod arriving;
mod carried;
mod census;
mod container;
mod fault;
mod gap;
mod ident;
mod insert;
mod letters;
mod number;
mod planner;
mod reader;
mod remove;
mod scalars;
mod spell;
mod string;
mod style;
mod trivia;

#[cfg(test)]
mod tests;

use super::{Kind, Value};

pub(super) use arriving::{arriving, comments_of};
pub(super) use planner::plan;
pub(super) use reader::read;
pub(super) use string::decode_key;

/// What the text uses of JSON5, or the text that it was edited from.
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
