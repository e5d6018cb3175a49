//! From a value to a desired one: the smallest list of changes.
//!
//! Used for whole-file writes: what both values share is not touched, so its comments, order and
//! spelling stay.

use std::collections::HashMap;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::diff::{ids, with_id};
use super::incoming::Wanted;
use super::{Change, Incoming, KeyPath, Segment, Value};

/// The changes that turn `current`, which stands at `path`, into `desired`.
///
/// Members that `desired` lacks are removed. Order of members is not brought about; order of
/// elements is. What is added knows where `desired` was written, so its comments can come along.
#[must_use]
pub fn reconcile(path: &KeyPath, current: &Value, desired: &Incoming) -> Vec<Change> {
    let mut changes = Vec::new();
    walk(path, current, desired.as_wanted(), &mut changes);
    changes
}

/// As [`reconcile`], towards a value that was written nowhere.
pub(crate) fn reconcile_values(path: &KeyPath, current: &Value, desired: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    walk(path, current, desired.into(), &mut changes);
    changes
}

pub(super) fn walk(
    path: &KeyPath,
    current: &Value,
    desired: Wanted<'_>,
    changes: &mut Vec<Change>,
) {
    match (current, desired.value) {
        // The usual case, without an index: nothing was added, removed or moved.
        (Value::Object(old), Value::Object(new))
            if old.len() == new.len() && old.iter().zip(new).all(|(one, two)| one.0 == two.0) =>
        {
            if current == desired.value {
                return;
            }
            for ((key, value), (_, twin)) in old.iter().zip(desired.members()) {
                // The path of what stays is not worth its cost.
                if value != twin.value {
                    walk(&path.key(key.clone()), value, twin, changes);
                }
            }
        }
        (Value::Object(old), Value::Object(_)) => {
            let new = desired.members();
            let wanted: HashMap<_, _> = new.iter().copied().collect();
            let had: HashMap<_, _> = old.iter().map(|(key, value)| (key, value)).collect();
            for (key, value) in old {
                match wanted.get(key) {
                    Some(twin) if value == twin.value => {}
                    Some(twin) => walk(&path.key(key.clone()), value, *twin, changes),
                    None => changes.push(Change::Remove { path: path.key(key.clone()) }),
                }
            }
            for (key, value) in new.iter().filter(|(key, _)| !had.contains_key(key)) {
                let value = value.to_incoming();
                changes.push(Change::Set { path: path.key((*key).clone()), value });
            }
        }
        (Value::Array(old), Value::Array(new)) if !old.is_empty() && !new.is_empty() => {
            match (ids(old), ids(new)) {
                (Some(old_ids), Some(new_ids)) => {
                    let old = old_ids.into_iter().zip(old).collect();
                    let new: Vec<_> = new_ids.into_iter().zip(desired.elements()).collect();
                    walk_by_id(path, old, &new, changes);
                }
                _ => walk_in_order(path, old, &desired.elements(), changes),
            }
        }
        _ if current == desired.value => {}
        _ => changes.push(Change::Set { path: path.clone(), value: desired.to_incoming() }),
    }
}

/// Elements with ids: each keeps its identity, so members and comments stay with it.
fn walk_by_id<'v>(
    path: &KeyPath,
    mut working: Vec<(&'v str, &'v Value)>,
    desired: &[(&'v str, Wanted<'v>)],
    changes: &mut Vec<Change>,
) {
    let wanted: HashMap<_, _> = desired.iter().copied().collect();
    working.retain(|(id, _)| {
        let keep = wanted.contains_key(id);
        if !keep {
            changes.push(Change::Remove { path: path.join(with_id(id)) });
        }
        keep
    });
    for (index, (id, value)) in desired.iter().enumerate() {
        let found = working.iter().skip(index).position(|(other, _)| other == id);
        if let Some(ahead) = found {
            if ahead > 0 {
                let element = working.remove(index + ahead);
                working.insert(index, element);
                let from = path.index(index + ahead);
                changes.push(Change::Move { from, to: path.index(index) });
            }
            if working[index].1 != value.value {
                walk(&path.join(with_id(id)), working[index].1, *value, changes);
            }
        } else {
            changes.push(insert(path, index, working.len(), *value));
            working.insert(index, (id, value.value));
        }
    }
}

/// Elements without ids: the longest common run stays, replaced ones are changed in place.
fn walk_in_order(path: &KeyPath, old: &[Value], new: &[Wanted<'_>], changes: &mut Vec<Change>) {
    let mut classes: HashMap<&Value, u32> = HashMap::new();
    let mut class = |value| {
        let next = u32::try_from(classes.len()).unwrap_or(u32::MAX);
        *classes.entry(value).or_insert(next)
    };
    let old_classes: Vec<u32> = old.iter().map(&mut class).collect();
    let new_classes: Vec<u32> = new.iter().map(|element| class(element.value)).collect();
    let ops = capture_diff_slices(Algorithm::Myers, &old_classes, &new_classes);
    let kept = ops.iter().filter(|op| matches!(op, DiffOp::Equal { .. }));
    let kept: usize = kept.map(|op| op.old_range().len()).sum();
    let in_place = old_classes.iter().zip(&new_classes).filter(|(one, two)| one == two).count();
    if old.len() == new.len() && in_place == kept {
        // Nothing needs to move, though equal elements would let it.
        for (index, (value, twin)) in old.iter().zip(new).enumerate() {
            if old_classes[index] != new_classes[index] {
                walk(&path.index(index), value, *twin, changes);
            }
        }
        return;
    }
    // From the end backwards, so that the indices of what is still to come hold.
    for op in ops.iter().rev() {
        let (_, was, is) = op.as_tag_tuple();
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        let paired = was.len().min(is.len());
        for index in (was.start + paired..was.end).rev() {
            changes.push(Change::Remove { path: path.index(index) });
        }
        for index in (is.start + paired..is.end).rev() {
            // What stands behind this place is final by now, what stands before is still as it was.
            changes.push(Change::Insert {
                path: path.index(was.start + paired),
                value: new[index].to_incoming(),
            });
        }
        for offset in (0..paired).rev() {
            let index = was.start + offset;
            walk(&path.index(index), &old[index], new[is.start + offset], changes);
        }
    }
}

fn insert(path: &KeyPath, index: usize, length: usize, value: Wanted<'_>) -> Change {
    let value = value.to_incoming();
    if index == length {
        Change::Set { path: path.join(Segment::Append), value }
    } else {
        Change::Insert { path: path.index(index), value }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::doc::changed;

    fn values() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            (0..4_i64).prop_map(Value::Integer),
            "[ab]{0,2}".prop_map(Value::from_text),
        ];
        scalar.prop_recursive(4, 40, 5, |inner| {
            let id = "[a-e]".prop_map(Value::from_text);
            let element = (id, prop::collection::vec(("[xyz]", inner.clone()), 0..3)).prop_map(
                |(id, members)| object([("id".to_owned(), id)].into_iter().chain(members)),
            );
            prop_oneof![
                prop::collection::vec(("[a-e]", inner.clone()), 0..5).prop_map(object),
                prop::collection::vec(inner, 0..5).prop_map(Value::Array),
                prop::collection::vec(element, 0..5).prop_map(Value::Array),
            ]
        })
    }

    fn object(members: impl IntoIterator<Item = (String, Value)>) -> Value {
        let mut unique: Vec<(crate::doc::Wtf8String, Value)> = Vec::new();
        for (key, value) in members {
            if !unique.iter().any(|(other, _)| *other == key.as_str()) {
                unique.push((key.into(), value));
            }
        }
        Value::Object(unique)
    }

    proptest! {
        #[test]
        fn changes_lead_to_the_desired_value(current in values(), desired in values()) {
            let root = KeyPath::root().key("root");
            let (current, desired) =
                (object([("root".into(), current)]), object([("root".into(), desired)]));
            let inner = |value: &Value| value.get("root").cloned().expect("just put there");
            let changes = reconcile(&root, &inner(&current), &inner(&desired).into());
            prop_assert_eq!(&changed(&current, &changes).expect("paths lead somewhere"), &desired);
            if current == desired {
                prop_assert!(changes.is_empty());
            }
        }

        #[test]
        fn what_is_shared_is_not_touched(current in values()) {
            prop_assert_eq!(reconcile(&KeyPath::root(), &current, &current.clone().into()), vec![]);
        }
    }

    #[test]
    fn elements_with_ids_are_moved_not_written_anew() {
        let element = |id: &str| object([("id".to_owned(), Value::from_text(id.to_owned()))]);
        let current = Value::Array(vec![element("a"), element("b"), element("c")]);
        let desired = Value::Array(vec![element("c"), element("a"), element("b")]);
        let list = KeyPath::root().key("list");
        let expected = vec![Change::Move { from: list.index(2), to: list.index(0) }];
        assert_eq!(reconcile(&list, &current, &desired.into()), expected);
    }

    #[test]
    fn equal_elements_stay_where_they_are() {
        let numbers =
            |numbers: &[i64]| Value::Array(numbers.iter().copied().map(Value::Integer).collect());
        let list = KeyPath::root().key("list");
        let changes = reconcile(&list, &numbers(&[1, 1, 2]), &numbers(&[7, 1, 9]).into());
        let set = |index, value| Change::Set {
            path: list.index(index),
            value: Value::Integer(value).into(),
        };
        assert_eq!(changes, [set(0, 7), set(2, 9)]);
    }

    #[test]
    fn elements_without_ids_keep_their_neighbours() {
        let numbers =
            |numbers: &[i64]| Value::Array(numbers.iter().copied().map(Value::Integer).collect());
        let list = KeyPath::root().key("list");
        let changes = reconcile(&list, &numbers(&[1, 2, 3, 4]), &numbers(&[1, 3, 9]).into());
        let expected = vec![
            Change::Set { path: list.index(3), value: Value::Integer(9).into() },
            Change::Remove { path: list.index(1) },
        ];
        assert_eq!(changes, expected);
    }
}
