//! Includes that were replaced by their content, or broken.
//!
//! The including object comes back into its file. What the author changed of the content goes to where
//! the content stands.

use std::borrow::Cow;
use std::path::Path;

use super::{Cure, Patient, PutBack, PutBackKind};
use crate::compose::Configuration;
use crate::doc::{Change, KeyPath, Value, reconcile_values};
use crate::finding::Finding;

impl Patient<'_, '_> {
    /// Puts includes back; whether anything changed.
    pub(super) fn cure_includes(&mut self, findings: &[Finding]) -> bool {
        let mut is_changed = false;
        for finding in findings {
            let (Some(path), Some(location)) = (&finding.path, &finding.location) else { continue };
            is_changed |= match finding.rule {
                "include-flattened" => self.unflatten(&location.file, path, finding.rule),
                _ => self.include_again(&location.file, path, finding.rule),
            };
        }
        is_changed
    }

    /// Makes a cure by the paths of one file; whether that was possible.
    pub(super) fn apply_in(&mut self, file: &Path, cure: Cure) -> bool {
        let edited = self.current.edit_file(file, &cure.changes, self.context.rules, self.loader);
        let Ok(edited) = edited else { return false };
        self.current = Cow::Owned(edited);
        self.put_back.extend(cure.put_back);
        true
    }

    /// Puts the base's value of the include at `path` of `file` back.
    fn include_again(&mut self, file: &Path, path: &KeyPath, rule: &'static str) -> bool {
        let Some(part) = self.base.part(file) else { return false };
        let Ok(Some(node)) = part.document.get(path) else { return false };
        let is_same = self.current.part(file).is_some_and(|part| {
            part.document.get(path).is_ok_and(|now| now.is_some_and(|now| now.means_same(node)))
        });
        if is_same {
            return false;
        }
        let value = Configuration::take_node(part, node);
        let change = Change::Set { path: path.clone(), value };
        let put_back = PutBack { path: path.clone(), rule, kind: PutBackKind::Reverted };
        self.apply_in(file, Cure { changes: vec![change], put_back: vec![put_back] })
    }

    /// Puts the object back that included at `path` of `file`, and the author's changes of what it
    /// included into the file they belong in.
    fn unflatten(&mut self, file: &Path, path: &KeyPath, rule: &'static str) -> bool {
        let Some((object, _)) = path.split_last() else { return false };
        let Some(part) = self.base.part(file) else { return false };
        let Ok(Some(node)) = part.document.get(&object) else { return false };
        let whole = self.current.mounted_at(file).map(|mount| mount.concat(&object));
        let theirs = whole.as_ref().and_then(|path| self.current.effective().at(path)).cloned();
        let value = Configuration::take_node(part, node);
        let change = Change::Set { path: object, value };
        let put_back = PutBack { path: path.clone(), rule, kind: PutBackKind::Restored };
        if !self.apply_in(file, Cure { changes: vec![change], put_back: vec![put_back] }) {
            return false;
        }
        let (Some(whole), Some(theirs)) = (whole, theirs) else { return true };
        if is_bare(&theirs) {
            // The content went with the include: it comes back with it.
            return true;
        }
        let Some(now) = self.current.effective().at(&whole) else { return true };
        let changes = reconcile_values(&whole, now, &theirs);
        if changes.is_empty() || self.edit(&changes) {
            return true;
        }
        for change in changes {
            if !self.edit(std::slice::from_ref(&change)) {
                let paths = change.paths().cloned();
                let kind = PutBackKind::Reverted;
                self.put_back.extend(paths.map(|path| PutBack { path, rule, kind }));
            }
        }
        true
    }
}

fn is_bare(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        _ => true,
    }
}
