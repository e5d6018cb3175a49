//! What became of each value: base and candidate walked side by side, once for all rules.
//!
//! Every value of the candidate stands in exactly one pair, with the value of the base at the same
//! place where there was one. Of what is gone, only the topmost value has a pair.
//!
//! Members are paired by key. Elements are paired by their `id` where all of them have one, by index
//! where both arrays have one length, and else as far as both ends of the arrays are the same.
//!
//! Nothing here recurses, and the cost grows with the size of the values only.

use std::collections::HashMap;

use crate::doc::{KeyPath, Segment, Value, Wtf8String, ids, with_id};

/// Objects with fewer members than this are searched, larger ones are indexed.
const INDEXED_FROM: usize = 16;

/// How far values are paired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Down to the last one.
    All,
    /// Not within what is the same in both: enough to see what a write brings.
    Changes,
}

/// All pairs, containers before what they hold.
#[derive(Debug)]
pub(crate) struct Comparison<'a> {
    pairs: Vec<Pair<'a>>,
}

/// A value of the base and the one of the candidate at the same place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair<'a> {
    /// The pair of the container; the root is its own.
    parent: usize,
    step: Step<'a>,
    /// In the base, where it was there.
    pub(crate) before: Option<&'a Value>,
    /// In the candidate, where it is there.
    pub(crate) after: Option<&'a Value>,
}

/// The way from a container to what it holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'a> {
    Root,
    Key(&'a Wtf8String),
    Index(usize),
    Id(&'a str),
}

impl<'a> Comparison<'a> {
    /// Pairs `base`, where there is one, with `candidate`.
    pub(crate) fn of(base: Option<&'a Value>, candidate: &'a Value, depth: Depth) -> Self {
        let root = Pair { parent: 0, step: Step::Root, before: base, after: Some(candidate) };
        let mut pairs = vec![root];
        let mut next = 0;
        while let Some(pair) = pairs.get(next).copied() {
            let mut push = |step, before, after| {
                pairs.push(Pair { parent: next, step, before, after });
            };
            match (pair.before, pair.after) {
                (Some(before), Some(after))
                    if depth == Depth::Changes && is_same(before, after) => {}
                (Some(Value::Object(before)), Some(Value::Object(after))) => {
                    pair_members(before, after, push);
                }
                (Some(Value::Array(before)), Some(Value::Array(after))) => {
                    pair_elements(before, after, push);
                }
                (_, Some(Value::Object(after))) => {
                    for (key, value) in after {
                        push(Step::Key(key), None, Some(value));
                    }
                }
                (_, Some(Value::Array(after))) => pair_elements(&[], after, push),
                _ => {}
            }
            next += 1;
        }
        Self { pairs }
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = &Pair<'a>> {
        self.pairs.iter()
    }

    /// The pair of the container that `pair` stands in; nothing for the root.
    pub(crate) fn parent(&self, pair: &Pair<'a>) -> Option<&Pair<'a>> {
        match pair.step {
            Step::Root => None,
            _ => Some(&self.pairs[pair.parent]),
        }
    }

    /// Where the pair stands.
    pub(crate) fn path(&self, pair: &Pair<'a>) -> KeyPath {
        let mut segments = Vec::new();
        let mut pair = pair;
        while let Some(parent) = self.parent(pair) {
            segments.extend(pair.step.segment());
            pair = parent;
        }
        segments.reverse();
        segments.into_iter().collect()
    }
}

impl<'a> Pair<'a> {
    /// The key of a member.
    pub(crate) fn key(&self) -> Option<&'a Wtf8String> {
        match self.step {
            Step::Key(key) => Some(key),
            _ => None,
        }
    }

    /// The `id` of an element that was paired by it.
    pub(crate) fn id(&self) -> Option<&'a str> {
        match self.step {
            Step::Id(id) => Some(id),
            _ => None,
        }
    }
}

impl Step<'_> {
    fn segment(self) -> Option<Segment> {
        Some(match self {
            Self::Root => return None,
            Self::Key(key) => Segment::Key(key.clone()),
            Self::Index(index) => Segment::Index(index),
            Self::Id(id) => with_id(id),
        })
    }
}

type Members = [(Wtf8String, Value)];

/// Finds members by key without searching a large object again and again.
struct Lookup<'a> {
    members: &'a Members,
    index: Option<HashMap<&'a Wtf8String, usize>>,
}

impl<'a> Lookup<'a> {
    fn of(members: &'a Members) -> Self {
        Self { members, index: None }
    }

    /// The place of `key`, which is likely to be `place`.
    fn find(&mut self, key: &Wtf8String, place: usize) -> Option<usize> {
        if self.members.get(place).is_some_and(|(name, _)| name == key) {
            return Some(place);
        }
        if self.members.len() < INDEXED_FROM {
            return self.members.iter().position(|(name, _)| name == key);
        }
        let members = self.members;
        let index = self.index.get_or_insert_with(|| {
            members.iter().enumerate().map(|(place, (key, _))| (key, place)).collect()
        });
        index.get(key).copied()
    }
}

fn pair_members<'a>(
    before: &'a Members,
    after: &'a Members,
    mut push: impl FnMut(Step<'a>, Option<&'a Value>, Option<&'a Value>),
) {
    let mut lookup = Lookup::of(before);
    let mut kept = vec![false; before.len()];
    for (place, (key, value)) in after.iter().enumerate() {
        let found = lookup.find(key, place);
        if let Some(found) = found {
            kept[found] = true;
        }
        push(Step::Key(key), found.map(|found| &before[found].1), Some(value));
    }
    for ((key, value), kept) in before.iter().zip(kept) {
        if !kept {
            push(Step::Key(key), Some(value), None);
        }
    }
}

fn pair_elements<'a>(
    before: &'a [Value],
    after: &'a [Value],
    mut push: impl FnMut(Step<'a>, Option<&'a Value>, Option<&'a Value>),
) {
    if let (Some(old), Some(new)) = (ids(before), ids(after)) {
        let mut left: HashMap<&str, &Value> = old.iter().copied().zip(before).collect();
        for (id, value) in new.into_iter().zip(after) {
            push(Step::Id(id), left.remove(id), Some(value));
        }
        for (id, value) in old.into_iter().zip(before) {
            if left.contains_key(id) {
                push(Step::Id(id), Some(value), None);
            }
        }
        return;
    }
    if before.len() == after.len() {
        for (index, (old, new)) in before.iter().zip(after).enumerate() {
            push(Step::Index(index), Some(old), Some(new));
        }
        return;
    }
    let shorter = before.len().min(after.len());
    let head = before.iter().zip(after).take_while(|(old, new)| is_same(old, new)).count();
    let tail = before[head..]
        .iter()
        .rev()
        .zip(after[head..].iter().rev())
        .take(shorter - head)
        .take_while(|(old, new)| is_same(old, new))
        .count();
    for (index, new) in after.iter().enumerate() {
        let old = if index < head {
            Some(&before[index])
        } else if index >= after.len() - tail {
            Some(&before[before.len() - (after.len() - index)])
        } else {
            None
        };
        push(Step::Index(index), old, Some(new));
    }
    for (index, old) in before.iter().enumerate().take(before.len() - tail).skip(head) {
        push(Step::Index(index), Some(old), None);
    }
}

/// Whether both values are equal, however deep and large they are.
pub(crate) fn is_same(one: &Value, other: &Value) -> bool {
    let mut rest = vec![(one, other)];
    while let Some((one, other)) = rest.pop() {
        match (one, other) {
            (Value::Object(one), Value::Object(other)) => {
                if one.len() != other.len() {
                    return false;
                }
                let mut lookup = Lookup::of(other);
                for (place, (key, value)) in one.iter().enumerate() {
                    let Some(found) = lookup.find(key, place) else { return false };
                    rest.push((value, &other[found].1));
                }
            }
            (Value::Array(one), Value::Array(other)) => {
                if one.len() != other.len() {
                    return false;
                }
                rest.extend(one.iter().zip(other));
            }
            _ => {
                if one != other {
                    return false;
                }
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::{Document, Format};

    fn value(text: &str) -> Value {
        Document::parse(text, Format::Json5).unwrap().root().to_value()
    }

    /// One word a pair: `=path` in both, `+path` new, `-path` gone; the root left out.
    #[track_caller]
    fn check(base: &str, candidate: &str, expected: &[&str]) {
        let (base, candidate) = (value(base), value(candidate));
        let comparison = Comparison::of(Some(&base), &candidate, Depth::All);
        let words: Vec<String> = comparison
            .pairs()
            .skip(1)
            .map(|pair| {
                let sign = match (pair.before, pair.after) {
                    (Some(_), Some(_)) => '=',
                    (None, _) => '+',
                    (_, None) => '-',
                };
                format!("{sign}{}", comparison.path(pair))
            })
            .collect();
        assert_eq!(words, expected);
    }

    #[test]
    fn members_are_paired_by_key_in_any_order() {
        check("{a: 1, b: 2, c: 3}", "{c: 3, a: 1, d: 4}", &["=c", "=a", "+d", "-b"]);
    }

    #[test]
    fn large_objects_are_paired_alike() {
        let keys: Vec<String> = (0..40).map(|number| format!("k{number}: 1")).collect();
        let base = format!("{{{}}}", keys.join(","));
        let turned: Vec<String> = keys.iter().rev().skip(1).cloned().collect();
        let (base, candidate) = (value(&base), value(&format!("{{{}}}", turned.join(","))));
        let comparison = Comparison::of(Some(&base), &candidate, Depth::All);
        let gone: Vec<String> = comparison
            .pairs()
            .filter(|pair| pair.after.is_none())
            .map(|pair| comparison.path(pair).to_string())
            .collect();
        assert_eq!(gone, ["k39"]);
        assert!(comparison.pairs().all(|pair| pair.before.is_some()));
    }

    #[test]
    fn of_what_is_gone_only_the_topmost_value_is_named() {
        check("{a: {b: {c: 1}}}", "{}", &["-a"]);
        check("{a: {b: 1}}", "{a: 5}", &["=a"]);
        check("{a: 5}", "{a: {b: 1}}", &["=a", "+a.b"]);
    }

    #[test]
    fn elements_are_paired_by_id_wherever_they_stand() {
        check(
            "{l: [{id: 'a', x: 1}, {id: 'b'}]}",
            "{l: [{id: 'c'}, {id: 'a', x: 2}]}",
            &["=l", "+l[id=c]", "=l[id=a]", "-l[id=b]", "+l[id=c].id", "=l[id=a].id", "=l[id=a].x"],
        );
        check("{l: []}", "{l: [{id: 'a'}]}", &["=l", "+l[id=a]", "+l[id=a].id"]);
    }

    #[test]
    fn elements_without_own_ids_are_paired_by_index() {
        check("{l: [1, 2]}", "{l: [3, 2]}", &["=l", "=l[0]", "=l[1]"]);
        check(
            "{l: [{id: 'a'}, {id: 'a'}]}",
            "{l: [{id: 'a'}, {id: 'b'}]}",
            &["=l", "=l[0]", "=l[1]", "=l[0].id", "=l[1].id"],
        );
    }

    #[test]
    fn arrays_of_other_length_are_paired_from_both_ends() {
        check("{l: [1, 2, 3]}", "{l: [1, 3]}", &["=l", "=l[0]", "=l[1]", "-l[1]"]);
        check("{l: [1, 2]}", "{l: [1, 5, 6, 2]}", &["=l", "=l[0]", "+l[1]", "+l[2]", "=l[3]"]);
        check("{l: [1, 1]}", "{l: [1]}", &["=l", "=l[0]", "-l[1]"]);
        check("{l: [[1, 2]]}", "{l: []}", &["=l", "-l[0]"]);
    }

    #[test]
    fn sameness_is_the_one_of_values() {
        assert!(is_same(&value("{a: [1, {b: 2}], c: 3}"), &value("{c: 3, a: [1, {b: 2}]}")));
        assert!(!is_same(&value("{a: [1, {b: 2}]}"), &value("{a: [1, {b: 3}]}")));
        assert!(!is_same(&value("[1]"), &value("[1, 2]")));
        assert!(!is_same(&value("{a: 1}"), &value("{b: 1}")));
        assert!(!is_same(&value("{}"), &value("[]")));
    }
}
