//! Members that another place took over, to carry their comments there.
//!
//! A move is seen only where it is beyond doubt: one member is gone, one of the same value is new, and
//! the value is not one that stands in many places. Where it is wrong a comment stands in a wrong
//! place, and no value does.

use std::collections::HashMap;

use crate::doc::{Change, KeyPath, Segment, Value};

/// Members this deep below what came or went are not looked at.
const DEPTH: usize = 16;

/// The moves among `changes`, which lead on from `base`.
pub(super) fn moves(base: &Value, changes: &[Change]) -> Vec<Change> {
    let gone = changes.iter().filter_map(|change| match change {
        Change::Remove { path } if leads_by_keys(path) => Some((path.clone(), base.at(path)?)),
        _ => None,
    });
    let gone: Vec<(KeyPath, &Value)> = gone.collect();
    let new = changes.iter().filter_map(|change| match change {
        Change::Set { path, value } if leads_by_keys(path) && base.at(path).is_none() => {
            Some((path.clone(), &value.value))
        }
        _ => None,
    });
    let new: Vec<(KeyPath, &Value)> = new.collect();
    if gone.is_empty() || new.is_empty() {
        return Vec::new();
    }
    let mut arrived: HashMap<&Value, Vec<KeyPath>> = HashMap::new();
    for (path, value) in with_members(new) {
        arrived.entry(value).or_default().push(path);
    }
    let mut left: HashMap<&Value, usize> = HashMap::new();
    for (_, value) in with_members(gone.clone()) {
        *left.entry(value).or_default() += 1;
    }
    let mut moves = Vec::new();
    let mut rest: Vec<(KeyPath, &Value, usize)> =
        gone.into_iter().rev().map(|(path, value)| (path, value, 0)).collect();
    while let Some((path, value, depth)) = rest.pop() {
        match arrived.get(value).map(Vec::as_slice) {
            Some([to]) if left.get(value) == Some(&1) => {
                moves.push(Change::Move { from: path, to: to.clone() });
            }
            _ => rest.extend(members(&path, value, depth).into_iter().rev()),
        }
    }
    moves
}

/// Whether the path means the same however many elements came and went.
fn leads_by_keys(path: &KeyPath) -> bool {
    let by_name = |segment: &Segment| matches!(segment, Segment::Key(_) | Segment::Where { .. });
    path.segments().iter().all(by_name) && matches!(path.segments().last(), Some(Segment::Key(_)))
}

/// The values that say enough to be known again, with those of their members that do.
fn with_members(values: Vec<(KeyPath, &Value)>) -> Vec<(KeyPath, &Value)> {
    let mut found = Vec::new();
    let mut rest: Vec<_> = values.into_iter().map(|(path, value)| (path, value, 0)).collect();
    while let Some((path, value, depth)) = rest.pop() {
        rest.extend(members(&path, value, depth));
        if tells(value) {
            found.push((path, value));
        }
    }
    found
}

fn members<'v>(path: &KeyPath, value: &'v Value, depth: usize) -> Vec<(KeyPath, &'v Value, usize)> {
    let members = value.as_object().filter(|_| depth < DEPTH).unwrap_or_default();
    members.iter().map(|(key, value)| (path.key(key.clone()), value, depth + 1)).collect()
}

fn tells(value: &Value) -> bool {
    match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(elements) => !elements.is_empty(),
        Value::String(text) => text.as_bytes().len() >= 4,
        Value::Integer(number) => number.unsigned_abs() >= 100,
        Value::Float(_) | Value::Datetime(_) => true,
        Value::Null | Value::Bool(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::{Document, Format, reconcile};

    #[track_caller]
    fn check(base: &str, theirs: &str, expected: &[(&str, &str)]) {
        let value =
            |text: &str| Document::parse(text, Format::Json5).expect("it parses").root().to_value();
        let base = value(base);
        let changes = reconcile(&KeyPath::root(), &base, &value(theirs).into());
        let found: Vec<(String, String)> = moves(&base, &changes)
            .into_iter()
            .map(|change| {
                let paths: Vec<String> = change.paths().map(ToString::to_string).collect();
                (paths[0].clone(), paths[1].clone())
            })
            .collect();
        let expected: Vec<(String, String)> =
            expected.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_value_that_is_gone_here_and_new_there_moved() {
        check("{ a: { x: 1 }, b: 1 }", "{ b: 1, c: { x: 1 } }", &[("a", "c")]);
        check("{ a: { x: 'text' } }", "{ d: { e: { x: 'text' } } }", &[("a", "d.e")]);
        check("{ a: { x: [1], y: 2 } }", "{ b: { z: [1] } }", &[("a.x", "b.z")]);
        check(
            "{ l: [{ id: 'i', old: 'text' }] }",
            "{ l: [{ id: 'i', new: 'text' }] }",
            &[("l[id=i].old", "l[id=i].new")],
        );
    }

    #[test]
    fn what_is_not_beyond_doubt_did_not_move() {
        check("{ a: { x: 1 } }", "{ b: { x: 1 }, c: { x: 1 } }", &[]);
        check("{ a: { x: 1 }, d: { x: 1 } }", "{ b: { x: 1 } }", &[]);
        check("{ a: true }", "{ b: true }", &[]);
        check("{ a: 'x' }", "{ b: 'x' }", &[]);
        check("{ a: {} }", "{ b: {} }", &[]);
    }
}
