//! What a write puts where it was not before, to tell what moved from what is lost.
//!
//! Nothing here recurses, and each value that arrived explains one value that left.

use std::collections::{HashMap, HashSet};

use super::comparison::Pair;
use super::review::Review;
use crate::doc::{KeyPath, Value, Wtf8String};
use crate::profile::SecretPaths;

/// Whether a section turned up elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moved {
    /// Every value of it did.
    Wholly,
    /// More than half of its values did.
    InPart,
    /// No more than half did, by chance perhaps.
    No,
}

/// The scalars and empty containers of the candidate that are new where they stand.
pub(crate) struct Arrivals<'a> {
    /// By the key of the member, or of the array they stand in, how often.
    by_key: HashMap<(Option<&'a Wtf8String>, &'a Value), usize>,
    /// However they are called, how often.
    by_value: HashMap<&'a Value, usize>,
    /// The keys of new members.
    names: HashSet<&'a Wtf8String>,
}

impl<'a> Arrivals<'a> {
    /// What the write that is reviewed puts somewhere.
    pub(crate) fn of(review: &Review<'a>) -> Self {
        let mut arrivals =
            Self { by_key: HashMap::new(), by_value: HashMap::new(), names: HashSet::new() };
        for pair in review.comparison.pairs() {
            if let (None, Some(key)) = (pair.before, pair.key()) {
                arrivals.names.insert(key);
            }
            let Some(after) = pair.after.filter(|after| is_leaf(after)) else { continue };
            if pair.before.is_some_and(|before| *before != Value::Null) {
                continue;
            }
            let mut named = Some(pair);
            while let Some(pair) = named.filter(|pair| pair.key().is_none()) {
                named = review.comparison.parent(pair);
            }
            let key = named.and_then(Pair::key);
            *arrivals.by_key.entry((key, after)).or_default() += 1;
            *arrivals.by_value.entry(after).or_default() += 1;
        }
        arrivals
    }

    /// How much of the section `name` arrived; that explains nothing else then. Where one of `secrets`
    /// did not, nothing counts.
    pub(crate) fn take(
        &mut self,
        secrets: &SecretPaths,
        name: &'a Wtf8String,
        section: &'a Value,
    ) -> Moved {
        let (mut all, mut found) = (0_usize, 0_usize);
        // Small values turn up anywhere: something else must tell that they came from here.
        let mut is_known = self.names.contains(name);
        let mut is_torn = false;
        let mut rest = vec![(KeyPath::root().key(name.clone()), Some(name), section)];
        while let Some((path, key, value)) = rest.pop() {
            match value {
                Value::Object(members) if !members.is_empty() => {
                    rest.extend(
                        members
                            .iter()
                            .map(|(key, value)| (path.key(key.clone()), Some(key), value)),
                    );
                }
                Value::Array(elements) if !elements.is_empty() => {
                    rest.extend(elements.iter().map(|element| (path.index(0), key, element)));
                }
                leaf => {
                    all += 1;
                    let is_found = self.take_leaf(key, leaf);
                    is_known |= is_found && tells(leaf);
                    is_torn |= !is_found && secrets.is_secret(&path);
                    found += usize::from(is_found);
                }
            }
        }
        match found {
            _ if is_torn || !is_known => Moved::No,
            found if found == all => Moved::Wholly,
            found if found * 2 > all => Moved::InPart,
            _ => Moved::No,
        }
    }

    fn take_leaf(&mut self, key: Option<&'a Wtf8String>, leaf: &'a Value) -> bool {
        let known = self.by_key.get_mut(&(key, leaf)).filter(|count| **count > 0);
        let by_key = known.is_some();
        if let Some(count) = known {
            *count -= 1;
        }
        // What says little may stand anywhere by chance.
        let by_value = by_key || tells(leaf);
        let Some(count) = self.by_value.get_mut(leaf).filter(|count| by_value && **count > 0)
        else {
            return false;
        };
        *count -= 1;
        true
    }
}

fn is_leaf(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        _ => true,
    }
}

/// Whether a value is rare enough to be known again under another name.
fn tells(value: &Value) -> bool {
    match value {
        Value::String(text) => text.as_bytes().len() >= 4,
        Value::Integer(number) => number.unsigned_abs() >= 100,
        Value::Float(_) | Value::Datetime(_) => true,
        _ => false,
    }
}
