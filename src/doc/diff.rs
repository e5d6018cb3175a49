//! What differs in meaning between two values.

use std::collections::{HashMap, HashSet};

use super::{KeyPath, Kind, Segment, Value};

/// The member by which elements of arrays of objects are told apart.
pub const ID: &str = "id";

/// One difference in meaning, at the deepest path that holds all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where. Elements of arrays of objects with unique ids are named by id.
    pub path: KeyPath,
    /// The value before; nothing where it was added.
    pub before: Option<Value>,
    /// The value after; nothing where it was removed.
    pub after: Option<Value>,
}

/// What differs between `before` and `after`, in the order of `before`, additions last.
#[must_use]
pub fn diff(before: &Value, after: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    compare(&KeyPath::root(), before, after, &mut differences);
    differences
}

fn compare(path: &KeyPath, before: &Value, after: &Value, found: &mut Vec<Difference>) {
    match (before, after) {
        // The usual case, without an index: nothing was added, removed or moved.
        (Value::Object(old), Value::Object(new))
            if old.len() == new.len() && old.iter().zip(new).all(|(one, two)| one.0 == two.0) =>
        {
            for ((key, value), (_, twin)) in old.iter().zip(new) {
                if value != twin {
                    compare(&path.key(key.clone()), value, twin, found);
                }
            }
        }
        (Value::Object(old), Value::Object(new)) => {
            let new_by_key: HashMap<_, _> = new.iter().map(|(key, value)| (key, value)).collect();
            let old_keys: HashSet<_> = old.iter().map(|(key, _)| key).collect();
            for (key, value) in old {
                let path = path.key(key.clone());
                match new_by_key.get(key) {
                    Some(twin) => compare(&path, value, twin, found),
                    None => found.push(removed(path, value)),
                }
            }
            for (key, value) in new.iter().filter(|(key, _)| !old_keys.contains(key)) {
                found.push(added(path.key(key.clone()), value));
            }
        }
        (Value::Array(old), Value::Array(new)) => compare_arrays(path, old, new, found),
        _ if before == after => {}
        _ => found.push(Difference {
            path: path.clone(),
            before: Some(before.clone()),
            after: Some(after.clone()),
        }),
    }
}

fn compare_arrays(path: &KeyPath, old: &[Value], new: &[Value], found: &mut Vec<Difference>) {
    if let (Some(old_ids), Some(new_ids)) = (ids(old), ids(new)) {
        let same_order = {
            let kept_old = old_ids.iter().filter(|id| new_ids.contains(id));
            let kept_new = new_ids.iter().filter(|id| old_ids.contains(id));
            kept_old.eq(kept_new)
        };
        if same_order {
            let new_by_id: HashMap<_, _> = new_ids.iter().zip(new).collect();
            let known: HashSet<_> = old_ids.iter().collect();
            for (id, value) in old_ids.iter().zip(old) {
                let path = path.join(with_id(id));
                match new_by_id.get(id) {
                    Some(twin) => compare(&path, value, twin, found),
                    None => found.push(removed(path, value)),
                }
            }
            for (id, value) in new_ids.iter().zip(new).filter(|(id, _)| !known.contains(id)) {
                found.push(added(path.join(with_id(id)), value));
            }
            return;
        }
    }
    if old.len() == new.len() && old.iter().zip(new).all(|(one, two)| one.kind() == two.kind()) {
        for (index, (one, two)) in old.iter().zip(new).enumerate() {
            compare(&path.index(index), one, two, found);
        }
    } else if old != new {
        found.push(Difference {
            path: path.clone(),
            before: Some(Value::Array(old.to_vec())),
            after: Some(Value::Array(new.to_vec())),
        });
    }
}

/// The ids of `elements`, where every one is an object with an own string `id`.
pub(crate) fn ids(elements: &[Value]) -> Option<Vec<&str>> {
    let ids: Option<Vec<&str>> = elements
        .iter()
        .map(
            |element| if element.kind() == Kind::Object { element.get(ID)?.as_str() } else { None },
        )
        .collect();
    let ids = ids?;
    let unique: HashSet<_> = ids.iter().collect();
    (unique.len() == ids.len()).then_some(ids)
}

/// The step to the element with `id`.
pub(crate) fn with_id(id: &str) -> Segment {
    Segment::Where { key: ID.to_owned(), value: id.to_owned() }
}

fn removed(path: KeyPath, value: &Value) -> Difference {
    Difference { path, before: Some(value.clone()), after: None }
}

fn added(path: KeyPath, value: &Value) -> Difference {
    Difference { path, before: None, after: Some(value.clone()) }
}
