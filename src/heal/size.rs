//! A file that shrank so far that the gateway would take it for damaged.
//!
//! Most often the comments are gone, and the author's values in the former text are the cure. Else all
//! that is gone comes back; what was changed or added stays as the author has it.

use std::borrow::Cow;

use super::cure::Plan;
use super::{Patient, PutBack, PutBackKind, Redress, redress_root};
use crate::doc::{KeyPath, diff};
use crate::finding::Finding;

impl Patient<'_, '_> {
    /// Makes the file as large as it has to be; whether anything changed.
    pub(super) fn cure_size(&mut self, findings: &[Finding]) -> bool {
        let Some(finding) = findings.first() else { return false };
        if self.dress(finding.rule) {
            return true;
        }
        let mut plan = Plan::default();
        for difference in diff(self.base.effective(), self.current.effective()) {
            if difference.after.is_none() {
                self.plan_path(finding.rule, &difference.path, &mut plan);
            }
        }
        let cures = plan.into_cures(self);
        let is_changed = self.apply(cures);
        if is_changed && self.is_small(self.current.root().document.source().len()) {
            self.dress(finding.rule);
        }
        is_changed
    }

    fn is_small(&self, length: usize) -> bool {
        let before = self.base.root().document.source().len();
        let percent = self.context.profile.shrink.map_or(0, |shrink| shrink.below_percent);
        length * 100 < before * usize::from(percent)
    }

    /// Puts the values of the root file into its former text, if that makes it large enough.
    fn dress(&mut self, rule: &'static str) -> bool {
        let dressed = redress_root(self.base, self.theirs, &self.current);
        let Redress::Dressed { document, .. } = dressed else { return false };
        if self.is_small(document.source().len()) {
            return false;
        }
        let dressed = self.current.with_root(document, self.context.rules, self.loader);
        self.current = Cow::Owned(dressed);
        let kind = PutBackKind::Dressed;
        self.put_back.push(PutBack { path: KeyPath::root(), rule, kind });
        true
    }
}
