//! JSON merge patches (RFC 7396), with elements of arrays merged by id.

use std::collections::HashMap;

use super::diff::{ids, with_id};
use super::incoming::Wanted;
use super::reconcile::walk;
use super::{Change, Incoming, KeyPath, Segment, Value};

/// An array that a patch would make smaller without leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrayShrinks {
    /// The array.
    pub path: KeyPath,
    /// How many of its elements would be gone.
    pub lost: usize,
    /// How many it has.
    pub length: usize,
}

/// The changes that `patch` makes to `base`.
///
/// `null` removes a member, objects merge, arrays of objects with unique string ids merge by id
/// (elements that the patch does not name stay), all else replaces. An array that would lose
/// elements must be named in `replace`, and is then replaced as a whole. What is added knows where
/// `patch` was written, so its comments can come along; it goes behind what is there,
/// since a patch names its members in whatever order.
///
/// # Errors
///
/// [`ArrayShrinks`] for the first array that would lose elements and is not named.
pub fn merge_patch(
    base: &Value,
    patch: &Incoming,
    replace: &[KeyPath],
) -> Result<Vec<Change>, ArrayShrinks> {
    let mut merge = Merge { replace, changes: Vec::new() };
    merge.value(&KeyPath::root(), Some(base), patch.as_wanted())?;
    Ok(merge.changes)
}

struct Merge<'a> {
    replace: &'a [KeyPath],
    changes: Vec<Change>,
}

impl Merge<'_> {
    fn value(
        &mut self,
        path: &KeyPath,
        base: Option<&Value>,
        wanted: Wanted<'_>,
    ) -> Result<(), ArrayShrinks> {
        match (base, wanted.value) {
            (Some(Value::Object(_)), Value::Object(_)) => {
                for (key, value) in wanted.members() {
                    let path = path.key(key.clone());
                    let base = base.and_then(|base| base.member(key));
                    match (value.value, base) {
                        (Value::Null, Some(_)) => self.changes.push(Change::Remove { path }),
                        (Value::Null, None) => {}
                        _ => self.value(&path, base, value)?,
                    }
                }
                Ok(())
            }
            (Some(Value::Array(old)), Value::Array(new)) => self.array(path, old, new, wanted),
            _ => {
                let value = wanted.to_incoming().without_nulls().in_any_order();
                if base != Some(&value.value) {
                    self.changes.push(Change::Set { path: path.clone(), value });
                }
                Ok(())
            }
        }
    }

    /// Merges the array `wanted`, whose elements mean `new`.
    fn array(
        &mut self,
        path: &KeyPath,
        old: &[Value],
        new: &[Value],
        wanted: Wanted<'_>,
    ) -> Result<(), ArrayShrinks> {
        let replaced = self.replace.contains(path);
        if !replaced
            && !new.is_empty()
            && let (Some(old_ids), Some(new_ids)) = (ids(old), ids(new))
        {
            let known: HashMap<_, _> = old_ids.into_iter().zip(old).collect();
            for (id, value) in new_ids.into_iter().zip(wanted.elements()) {
                match known.get(id) {
                    Some(base) => self.value(&path.join(with_id(id)), Some(base), value)?,
                    None => self.changes.push(Change::Set {
                        path: path.join(Segment::Append),
                        value: value.to_incoming().without_nulls().in_any_order(),
                    }),
                }
            }
            return Ok(());
        }
        let mut kept: HashMap<&Value, usize> = HashMap::new();
        for value in new {
            *kept.entry(value).or_default() += 1;
        }
        let lost = old
            .iter()
            .filter(|value| match kept.get_mut(value) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    false
                }
                _ => true,
            })
            .count();
        if lost > 0 && !replaced {
            return Err(ArrayShrinks { path: path.clone(), lost, length: old.len() });
        }
        walk(path, &Value::Array(old.to_vec()), wanted, &mut self.changes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::changed;

    /// A value from the JSON of the tests; their numbers are whole.
    fn value(json: &serde_json::Value) -> Value {
        match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(*value),
            serde_json::Value::Number(number) => Value::Integer(number.as_i64().expect("whole")),
            serde_json::Value::String(text) => Value::string(text),
            serde_json::Value::Array(elements) => {
                Value::Array(elements.iter().map(value).collect())
            }
            serde_json::Value::Object(members) => Value::Object(
                members.iter().map(|(key, member)| (key.as_str().into(), value(member))).collect(),
            ),
        }
    }

    #[track_caller]
    fn patched(base: &str, patch: &str, replace: &[&str]) -> Result<Value, ArrayShrinks> {
        let json = |text| value(&serde_json::from_str(text).expect("JSON of the test"));
        let replace: Vec<KeyPath> =
            replace.iter().map(|path| path.parse().expect("a path")).collect();
        let changes = merge_patch(&json(base), &json(patch).into(), &replace)?;
        Ok(changed(&json(base), &changes).expect("paths lead somewhere"))
    }

    #[track_caller]
    fn check(base: &str, patch: &str, replace: &[&str], expected: &str) {
        let expected = value(&serde_json::from_str(expected).expect("JSON of the test"));
        assert_eq!(patched(base, patch, replace), Ok(expected));
    }

    /// The object cases of RFC 7396, appendix A.
    #[test]
    fn rfc_7396_cases() {
        check(r#"{"a":"b"}"#, r#"{"a":"c"}"#, &[], r#"{"a":"c"}"#);
        check(r#"{"a":"b"}"#, r#"{"b":"c"}"#, &[], r#"{"a":"b","b":"c"}"#);
        check(r#"{"a":"b"}"#, r#"{"a":null}"#, &[], "{}");
        check(r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, &[], r#"{"b":"c"}"#);
        check(r#"{"a":["b"]}"#, r#"{"a":"c"}"#, &[], r#"{"a":"c"}"#);
        check(r#"{"a":"c"}"#, r#"{"a":["b"]}"#, &[], r#"{"a":["b"]}"#);
        check(r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, &[], r#"{"a":{"b":"d"}}"#);
        check(r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, &["a"], r#"{"a":[1]}"#);
        check(r#"{"e":null}"#, r#"{"a":1}"#, &[], r#"{"e":null,"a":1}"#);
        check("{}", r#"{"a":{"bb":{"ccc":null}}}"#, &[], r#"{"a":{"bb":{}}}"#);
    }

    #[test]
    fn elements_merge_by_id() {
        let base = r#"{"list":[{"id":"main","model":"a","x":1},{"id":"ops"}]}"#;
        check(
            base,
            r#"{"list":[{"id":"main","model":"b"},{"id":"new","n":1}]}"#,
            &[],
            r#"{"list":[{"id":"main","model":"b","x":1},{"id":"ops"},{"id":"new","n":1}]}"#,
        );
        check(base, r#"{"list":[{"id":"ops"}]}"#, &["list"], r#"{"list":[{"id":"ops"}]}"#);
    }

    #[test]
    fn arrays_that_would_lose_elements_are_refused() {
        let path = KeyPath::root().key("deny");
        let lost = ArrayShrinks { path, lost: 1, length: 2 };
        assert_eq!(patched(r#"{"deny":["a","b"]}"#, r#"{"deny":["a","c"]}"#, &[]), Err(lost));
        check(
            r#"{"deny":["a","b"]}"#,
            r#"{"deny":["b","c","a"]}"#,
            &[],
            r#"{"deny":["b","c","a"]}"#,
        );
        check(r#"{"deny":["a","b"]}"#, r#"{"deny":["a"]}"#, &["deny"], r#"{"deny":["a"]}"#);
    }
}
