//! Replay on a moved base: what of some changes is still to be made after another writer's.
//!
//! Changes to different paths both survive. Changes to the same path are a conflict, unless both
//! writers want the same.
//!
//! This module never looks at a text.

use super::{Change, KeyPath, Segment, Value};

/// The changes still to be made.
///
/// `before` is the value the changes were made for, `now` the one that stands there now.
///
/// # Errors
///
/// The path on which the writers collide.
pub fn replay(changes: &[Change], before: &Value, now: &Value) -> Result<Vec<Change>, KeyPath> {
    let mut left = Vec::with_capacity(changes.len());
    for change in changes {
        let done = match change {
            Change::Set { path, value } => meets(path, Some(&value.value), before, now)?,
            Change::Remove { path } => meets(path, None, before, now)?,
            Change::Insert { path, .. } => {
                same_arrays(path, before, now)?;
                false
            }
            Change::Move { from, to } => {
                let from_same = before.at(from) == now.at(from);
                let to_same = before.at(to) == now.at(to);
                same_arrays(from, before, now)?;
                same_arrays(to, before, now)?;
                if !from_same || !to_same {
                    return Err(if from_same { to.clone() } else { from.clone() });
                }
                false
            }
        };
        if !done {
            left.push(change.clone());
        }
    }
    Ok(left)
}

/// Whether `now` already holds `wanted` at `path`; an error where the other writer put something else
/// there.
fn meets(
    path: &KeyPath,
    wanted: Option<&Value>,
    before: &Value,
    now: &Value,
) -> Result<bool, KeyPath> {
    if let Some((parent, last)) = path.split_last() {
        // A section that the other writer removed must not come back with our key alone.
        if before.at(&parent).is_some() && now.at(&parent).is_none() {
            return if wanted.is_none() { Ok(true) } else { Err(path.clone()) };
        }
        if *last == Segment::Append {
            return Ok(false);
        }
    }
    let (was, is) = (before.at(path), now.at(path));
    if was != is {
        return if is == wanted { Ok(true) } else { Err(path.clone()) };
    }
    same_arrays(path, before, now)?;
    Ok(false)
}

/// An index means another element once the array before it differs.
fn same_arrays(path: &KeyPath, before: &Value, now: &Value) -> Result<(), KeyPath> {
    for (length, segment) in path.segments().iter().enumerate() {
        let array = path.truncated(length);
        if matches!(segment, Segment::Index(_)) && before.at(&array) != now.at(&array) {
            return Err(path.clone());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::{Document, Format};

    fn value(source: &str) -> Value {
        Document::parse(source, Format::Json5).expect("a good document").root().to_value()
    }

    fn set(path: &str, to: &str) -> Change {
        Change::Set { path: path.parse().expect("a path"), value: value(to).into() }
    }

    #[track_caller]
    fn check(change: Change, before: &str, now: &str, expected: Result<usize, &str>) {
        let left = replay(&[change], &value(before), &value(now));
        let left = left.map(|changes| changes.len()).map_err(|path| path.to_string());
        assert_eq!(left, expected.map_err(str::to_owned));
    }

    #[test]
    fn disjoint_changes_survive() {
        check(set("a.x", "2"), "{a: {x: 1, y: 1}}", "{a: {x: 1, y: 9}}", Ok(1));
        check(set("new", "2"), "{a: 1}", "{a: 2, b: 3}", Ok(1));
        check(set("l[+]", "2"), "{l: [1]}", "{l: [1, 7]}", Ok(1));
        check(set("l[id=b].x", "2"), "{l: [{id: 'b'}]}", "{l: [{id: 'a'}, {id: 'b'}]}", Ok(1));
    }

    #[test]
    fn changes_to_the_same_path_collide() {
        check(set("a.x", "2"), "{a: {x: 1}}", "{a: {x: 3}}", Err("a.x"));
        check(set("a", "{x: 2}"), "{a: {x: 1}}", "{a: {x: 1, y: 1}}", Err("a"));
        check(set("l[0]", "2"), "{l: [1]}", "{l: [9, 1]}", Err("l[0]"));
        check(set("l[0].x", "2"), "{l: [{x: 1}, 1]}", "{l: [{x: 1}, 2]}", Err("l[0].x"));
    }

    #[test]
    fn what_both_want_is_done() {
        check(set("a.x", "2"), "{a: {x: 1}}", "{a: {x: 2}}", Ok(0));
        let remove = || Change::Remove { path: "a.x".parse().expect("a path") };
        check(remove(), "{a: {x: 1}}", "{a: {}}", Ok(0));
        check(remove(), "{a: {x: 1}}", "{}", Ok(0));
        check(remove(), "{a: {x: 1}}", "{a: {x: 2}}", Err("a.x"));
    }

    #[test]
    fn a_section_that_was_removed_does_not_come_back() {
        check(
            set("channels.x.y", "2"),
            "{channels: {x: {z: 1}}}",
            "{channels: {}}",
            Err("channels.x.y"),
        );
    }
}
