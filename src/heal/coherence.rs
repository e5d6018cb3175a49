//! The smallest return to the base after which mode, secrets and address fit together again.

use super::{Cure, Patient, PutBack, PutBackKind};
use crate::doc::{Change, KeyPath, Value, changed};
use crate::finding::Finding;
use crate::policy::brings_incoherence;
use crate::profile::Auth;

impl Patient<'_, '_> {
    /// Makes authentication coherent again; whether anything changed.
    pub(super) fn cure_coherence(&mut self, findings: &[Finding]) -> bool {
        let Some(auth) = &self.context.profile.auth else { return false };
        let Some(finding) = findings.first() else { return false };
        // The address last: a gateway that others cannot reach is damage too.
        let all = [&auth.mode, &auth.token, &auth.password, &auth.bind];
        let first = finding.path.iter().filter(|path| all.contains(path));
        let mut paths: Vec<&KeyPath> = first.chain(all).collect();
        let (before, after) = (self.base.effective(), self.current.effective());
        let mut known = Vec::new();
        paths.retain(|path| {
            let is_new = !known.contains(path);
            known.push(*path);
            is_new && before.at(path) != after.at(path)
        });
        let Some(chosen) = self.smallest(auth, &paths) else { return false };
        let cures = chosen.into_iter().filter_map(|path| {
            let kind = match (before.at(path), after.at(path)) {
                (None, _) => PutBackKind::Removed,
                (Some(_), None) => PutBackKind::Restored,
                (Some(_), Some(_)) => PutBackKind::Reverted,
            };
            let change = match kind {
                PutBackKind::Removed => Change::Remove { path: path.clone() },
                _ => Change::Set { path: path.clone(), value: self.base.take(path)? },
            };
            let put_back = PutBack { path: path.clone(), rule: finding.rule, kind };
            Some(Cure { changes: vec![change], put_back: vec![put_back] })
        });
        let cures = cures.collect();
        self.apply(cures)
    }

    /// The fewest of `paths` with which the base's values bring no incoherence, the first of them.
    fn smallest<'p>(&self, auth: &Auth, paths: &[&'p KeyPath]) -> Option<Vec<&'p KeyPath>> {
        let before = extract(auth, self.base.effective())?;
        let after = extract(auth, self.current.effective())?;
        let mut choices: Vec<u32> = (1..1_u32 << paths.len()).collect();
        // Of equal sizes, those with earlier paths first.
        choices.sort_by_key(|choice| (choice.count_ones(), choice.reverse_bits().wrapping_neg()));
        choices.into_iter().find_map(|choice| {
            let chosen = paths.iter().enumerate().filter(|(bit, _)| choice & (1 << bit) != 0);
            let chosen: Vec<&KeyPath> = chosen.map(|(_, path)| *path).collect();
            let changes: Vec<Change> = chosen
                .iter()
                .map(|path| match before.at(path) {
                    Some(value) => {
                        Change::Set { path: (*path).clone(), value: value.clone().into() }
                    }
                    None => Change::Remove { path: (*path).clone() },
                })
                .collect();
            let candidate = changed(&after, &changes).ok()?;
            let is_coherent = !brings_incoherence(self.context.profile, &before, &candidate);
            is_coherent.then_some(chosen)
        })
    }
}

/// Nothing but what decides about authentication.
fn extract(auth: &Auth, root: &Value) -> Option<Value> {
    let remote = auth.remote.as_ref().map(|(path, _)| path);
    let paths = [&auth.mode, &auth.token, &auth.password, &auth.bind].into_iter().chain(remote);
    let changes: Vec<Change> = paths
        .filter_map(|path| {
            let value = root.at(path)?.clone().into();
            Some(Change::Set { path: path.clone(), value })
        })
        .collect();
    changed(&Value::Object(Vec::new()), &changes).ok()
}
