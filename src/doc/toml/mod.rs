//! TOML: reading through `toml_edit`, spelling, and planning of edits.
//!
//! A text is read into the tree all formats share and an outline of headers, entries and brackets.
//! A change becomes splices beside which every byte stays: line ends, interleaved dotted keys, the
//! order of tables. New text looks like its neighbours.
//!
//! No serialiser ever writes here, and no message quotes the text. A plan may be wrong without
//! damage: [`Document::edit`] reads the result and proves it.

#[cfg(test)]
mod applying;
mod arriving;
mod builder;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod generated;
mod lines;
mod list;
mod member;
mod outline;
#[cfg(test)]
mod properties;
mod reader;
mod relocate;
mod remove;
mod scalar;
mod set;
mod spell;
mod steps;
mod view;

use std::borrow::Cow;

use super::edit::Plan;
use super::{Change, Document, EditError};

pub(super) use arriving::{arriving, comments_of};
pub(super) use outline::Outline;
pub(super) use reader::read;
pub(super) use scalar::{decode, decode_key};
pub(super) use set::keeping_floats;

/// How each of `changes` is made in the text of `document` as it is.
pub(super) fn plans(
    document: &Document,
    changes: &[Cow<'_, Change>],
) -> Result<Vec<Plan>, EditError> {
    changes.iter().map(|change| plan(document, change)).collect()
}

/// How `change` is made in the text of `document`, which is TOML. Its path is known to lead
/// somewhere.
pub(super) fn plan(document: &Document, change: &Change) -> Result<Plan, EditError> {
    match change {
        Change::Set { path, value } => set::plan(document, path, value),
        Change::Insert { path, value } => set::plan_insert(document, path, value),
        Change::Remove { path } => match document.get(path)? {
            Some(node) if node.parent().is_none() => {
                Err(EditError::Immovable { path: path.clone() })
            }
            Some(node) => remove::plan(&view::View::of(document), node.id(), path),
            None => Ok(Plan::default()),
        },
        Change::Move { from, to } => relocate::plan(document, from, to),
    }
}
