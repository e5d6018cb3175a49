//! Keys that stand twice: the dead ones go, the value stays.

use std::path::Path;

use super::{Cure, Patient, PutBack, PutBackKind};
use crate::doc::{Change, KeyPath, Segment, Wtf8String};
use crate::finding::Finding;

/// Each costs two edits: with more than this, a person has to look.
const MANY: usize = 64;

impl Patient<'_, '_> {
    /// Takes dead duplicates out; whether anything changed.
    pub(super) fn cure_duplicates(&mut self, findings: &[Finding]) -> bool {
        let mut is_changed = false;
        for finding in findings.iter().take(MANY) {
            let (Some(path), Some(location)) = (&finding.path, &finding.location) else { continue };
            let Some(changes) = self.without_duplicates(&location.file, path) else { continue };
            let put_back =
                PutBack { path: path.clone(), rule: finding.rule, kind: PutBackKind::Removed };
            let cure = Cure { changes, put_back: vec![put_back] };
            is_changed |= self.apply_in(&location.file, cure);
        }
        is_changed
    }

    /// Two renames, there and back: the first takes the dead duplicates out.
    fn without_duplicates(&self, file: &Path, path: &KeyPath) -> Option<Vec<Change>> {
        let (parent, Segment::Key(key)) = path.split_last()? else { return None };
        let object = self.current.part(file)?.document.get(&parent).ok()??;
        // Within a block that is itself dead, the path leads to the one that is alive.
        object.all(key).nth(1)?;
        let names = (0_usize..).map(|number| Wtf8String::from(format!("spare_{number}")));
        let spare = parent.key(names.into_iter().find(|name| object.get(name).is_none())?);
        Some(vec![
            Change::Move { from: path.clone(), to: spare.clone() },
            Change::Move { from: spare, to: path.clone() },
        ])
    }
}
