//! Cures at paths: the base's value where a rule says that it is gone, or no longer what it was.
//!
//! This module never puts back what the base did not have.

use std::collections::{HashMap, HashSet};

use super::{Cure, Patient, PutBack, PutBackKind};
use crate::doc::{Change, ID, Incoming, KeyPath, Segment, Value};
use crate::finding::Finding;

impl Patient<'_, '_> {
    /// Puts back what `findings` are about; whether anything changed.
    pub(super) fn cure_paths(&mut self, findings: &[Finding]) -> bool {
        let mut plan = Plan::default();
        for finding in findings {
            let Some(path) = &finding.path else { continue };
            if finding.rule == "placeholder-value" && self.is_added_key(path) {
                self.plan_key(finding.rule, path, &mut plan);
            } else {
                self.plan_path(finding.rule, path, &mut plan);
            }
        }
        let cures = plan.into_cures(self);
        self.apply(cures)
    }

    /// Whether `path` ends in a mark of redaction that stands for a key.
    fn is_added_key(&self, path: &KeyPath) -> bool {
        let Some(Segment::Key(key)) = path.segments().last() else { return false };
        let is_mark = |key: &str| self.context.profile.placeholders.is_sentinel(key);
        key.as_str().is_some_and(is_mark) && self.base.effective().at(path).is_none()
    }

    /// Plans to put the members back that a mark of redaction took the place of.
    fn plan_key(&self, rule: &'static str, path: &KeyPath, plan: &mut Plan) {
        let Some((parent, _)) = path.split_last() else { return };
        let before = self.base.effective().at(&parent).and_then(Value::as_object);
        let after = self.current.effective().at(&parent);
        let lost: Vec<KeyPath> = before
            .into_iter()
            .flatten()
            .filter(|(key, _)| after.is_none_or(|after| after.member(key).is_none()))
            .map(|(key, _)| parent.key(key.clone()))
            .collect();
        if lost.is_empty() {
            // Nothing says what the value was: a person has to look.
            return;
        }
        plan.removed.push((path.clone(), rule));
        for path in lost {
            self.plan_path(rule, &path, plan);
        }
    }

    /// Plans to put back what stood at `path`.
    pub(super) fn plan_path(&self, rule: &'static str, path: &KeyPath, plan: &mut Plan) {
        let Some(place) = self.place(path) else { return };
        let before = self.base.effective().at(&place);
        let after = self.current.effective().at(&place);
        if before.is_none() || before == after {
            return;
        }
        let kind = match after {
            Some(_) => PutBackKind::Reverted,
            None => PutBackKind::Restored,
        };
        // Where more than the path comes back, that is what is put back.
        let path = if after.is_none() { path.clone() } else { place.clone() };
        plan.wanted.push(Wanted { place, path, rule, kind });
    }

    /// The nearest place at or above `path` at which the base's value can stand.
    fn place(&self, path: &KeyPath) -> Option<KeyPath> {
        let (before, after) = (self.base.effective(), self.current.effective());
        // A place in a list names something else where the list is longer or shorter.
        let is_moved = |depth: usize| {
            let array = path.truncated(depth);
            let length = |value: &Value| value.at(&array)?.as_array().map(<[Value]>::len);
            matches!(path.segments()[depth], Segment::Index(_)) && length(before) != length(after)
        };
        let depth = (0..path.segments().len()).find(|depth| is_moved(*depth));
        let mut path = depth.map_or_else(|| path.clone(), |depth| path.truncated(depth));
        while let Some((parent, last)) = path.split_last() {
            let fits = match (after.at(&parent), last) {
                (Some(Value::Object(_)), Segment::Key(_))
                | (Some(Value::Array(_)), Segment::Where { .. } | Segment::Index(_)) => true,
                // A block of nothing but this comes back as it was, comments and all.
                (None, Segment::Key(_)) => {
                    before.at(&parent)?.as_object().is_some_and(|members| members.len() > 1)
                        && self.leads_through_objects(&parent)
                }
                _ => false,
            };
            if fits {
                return Some(path);
            }
            path = parent;
        }
        None
    }

    /// Whether nothing but objects is there, or can be made, on the way to `path`.
    fn leads_through_objects(&self, path: &KeyPath) -> bool {
        let after = self.current.effective();
        (0..=path.segments().len()).all(|depth| {
            let is_key = |segment: &Segment| matches!(segment, Segment::Key(_));
            match after.at(&path.truncated(depth)) {
                Some(Value::Object(_)) => true,
                Some(Value::Array(_)) => depth < path.segments().len(),
                Some(_) => false,
                None => path.segments()[depth.saturating_sub(1)..].iter().all(is_key),
            }
        })
    }
}

/// One value that is to come back.
struct Wanted {
    /// Where the base's value is put.
    place: KeyPath,
    /// What the finding names.
    path: KeyPath,
    rule: &'static str,
    kind: PutBackKind,
}

/// What is to come back, and what is to go.
#[derive(Default)]
pub(super) struct Plan {
    wanted: Vec<Wanted>,
    removed: Vec<(KeyPath, &'static str)>,
}

impl Plan {
    pub(super) fn into_cures(self, patient: &Patient<'_, '_>) -> Vec<Cure> {
        let places: HashSet<KeyPath> =
            self.wanted.iter().map(|wanted| wanted.place.clone()).collect();
        let above = |place: &KeyPath| {
            (0..place.segments().len())
                .map(|depth| place.truncated(depth))
                .find(|above| places.contains(above))
        };
        let mut cures: Vec<Cure> = Vec::new();
        let mut by_place: HashMap<KeyPath, usize> = HashMap::new();
        let mut arrays = Arrays::default();
        for wanted in self.wanted {
            // What stands in something else that comes back comes with it.
            let place = above(&wanted.place).unwrap_or(wanted.place);
            let put_back = PutBack { path: wanted.path, rule: wanted.rule, kind: wanted.kind };
            if let Some(index) = by_place.get(&place) {
                let known = &mut cures[*index].put_back;
                if known.iter().all(|other| other.path != put_back.path) {
                    known.push(put_back);
                }
                continue;
            }
            let Some(value) = patient.base.take(&place) else { continue };
            let Some(change) = arrays.change(patient, &place, value) else { continue };
            by_place.insert(place, cures.len());
            cures.push(Cure { changes: vec![change], put_back: vec![put_back] });
        }
        for (path, rule) in self.removed {
            cures.push(Cure {
                changes: vec![Change::Remove { path: path.clone() }],
                put_back: vec![PutBack { path, rule, kind: PutBackKind::Removed }],
            });
        }
        cures
    }
}

/// The ids of arrays as they become, one element after the other.
#[derive(Default)]
struct Arrays {
    ids: HashMap<KeyPath, Vec<Option<String>>>,
}

impl Arrays {
    /// The change that puts `value` at `place`: an element that is gone goes between its neighbours.
    fn change(
        &mut self,
        patient: &Patient<'_, '_>,
        place: &KeyPath,
        value: Incoming,
    ) -> Option<Change> {
        let current = patient.current.effective();
        let (Some((array, Segment::Where { value: id, .. })), None) =
            (place.split_last(), current.at(place))
        else {
            return Some(Change::Set { path: place.clone(), value });
        };
        let ids = |root: &Value| {
            let elements = root.at(&array)?.as_array()?.iter();
            Some(elements.map(|e| e.get(ID)?.as_str().map(str::to_owned)).collect::<Vec<_>>())
        };
        let before = ids(patient.base.effective())?;
        let own = before.iter().position(|other| other.as_deref() == Some(id))?;
        let working = match self.ids.get_mut(&array) {
            Some(known) => known,
            None => self.ids.entry(array.clone()).or_insert(ids(current)?),
        };
        let find = |other: &Option<String>| {
            other.as_ref().and_then(|_| working.iter().position(|known| known == other))
        };
        let behind = before[..own].iter().rev().find_map(find).map(|index| index + 1);
        let index =
            behind.or_else(|| before[own + 1..].iter().find_map(find)).unwrap_or(working.len());
        working.insert(index, Some(id.clone()));
        Some(Change::Insert { path: array.index(index), value })
    }
}
