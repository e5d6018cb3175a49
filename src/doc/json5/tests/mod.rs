//! Tests of JSON5 as a whole: reading, faults, edits, properties.

mod applying;
mod cases;
mod comma_first;
mod documents;
mod faults;
mod inserting;
mod moving;
mod properties;
mod reading;
mod removing;
mod setting;

use crate::doc::{Change, Document, EditError, Format, KeyPath, Value};

fn parse(source: &str) -> Document {
    Document::parse(source, Format::Json5).expect("a good text")
}

fn path(text: &str) -> KeyPath {
    text.parse().expect("a good path")
}

/// The value of a JSON5 text.
fn value(text: &str) -> Value {
    parse(text).root().to_value()
}

fn set(to: &str, text: &str) -> Change {
    Change::Set { path: path(to), value: value(text).into() }
}

fn insert(to: &str, text: &str) -> Change {
    Change::Insert { path: path(to), value: value(text).into() }
}

fn remove(at: &str) -> Change {
    Change::Remove { path: path(at) }
}

fn relocate(from: &str, to: &str) -> Change {
    Change::Move { from: path(from), to: path(to) }
}

fn try_edit(source: &str, change: &Change) -> Result<String, EditError> {
    parse(source).edit(std::slice::from_ref(change)).map(|edited| edited.source().to_owned())
}

/// Makes one change and compares the text it leads to.
#[track_caller]
fn check(source: &str, change: &Change, expected: &str) {
    match try_edit(source, change) {
        Ok(edited) => assert_eq!(edited, expected),
        Err(error) => panic!("{error}: {change:?} on {source:?}"),
    }
}
