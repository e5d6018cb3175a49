//! Edits: changes become splices, and the result is proved before anybody sees it.

use std::borrow::Cow;
use std::collections::HashMap;

use super::comments::words;
use super::expected::Expected;
use super::{Change, Document, EditError, Format, KeyPath, Node, Syntax, batch, json5, toml};
use crate::text::{Span, Splice, apply};

/// How one change is made in one text.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) splices: Vec<Splice>,
    /// The comments that go with what is removed, as spans of the text before.
    pub(crate) removed_comments: Vec<Span>,
}

impl Document {
    /// Makes `changes`, in order, and returns the document they lead to.
    ///
    /// Bytes that no change asks for stay as they are. The result was read again: it means what the
    /// changes mean, every comment outside of what was removed is still there, and so is every comment
    /// of what came with its text.
    ///
    /// # Errors
    ///
    /// [`EditError`] where a change cannot be made; nothing of the others is kept then.
    pub fn edit(&self, changes: &[Change]) -> Result<Self, EditError> {
        let mut expected = Expected::of(self);
        let mut current = None;
        let mut rest = changes;
        while !rest.is_empty() {
            let now = current.as_ref().unwrap_or(self);
            let batch = batch::together(now, rest);
            let (next, later) = rest.split_at(batch.len().max(1));
            rest = later;
            for change in next {
                expected.apply(&now.kept(change))?;
            }
            let together = (batch.len() > 1).then(|| now.make(&batch));
            let edited = match together {
                Some(Ok(edited)) => edited,
                // What goes wrong together may be possible one by one.
                _ => now.make_each(next)?,
            };
            current = edited.map(|edited| edited.with_manners_of(self)).or(current);
        }
        // Where no text changed, the meaning must not have been asked to change either.
        if !expected.matches(current.as_ref().unwrap_or(self).root()) {
            return Err(EditError::Unverified { path: last_path(changes), check: "value" });
        }
        Ok(current.unwrap_or_else(|| self.clone()))
    }

    /// Whether all comments of what `change` brings come along.
    pub(crate) fn takes_comments(&self, change: &Change) -> bool {
        match change {
            Change::Set { value, .. } | Change::Insert { value, .. } => {
                value.comment_count() == self.arriving(change).len()
            }
            Change::Remove { .. } | Change::Move { .. } => true,
        }
    }

    /// The comments that `change` brings.
    fn arriving<'c>(&self, change: &'c Change) -> Vec<&'c str> {
        match self.format() {
            Format::Json5 => json5::arriving(self, change),
            Format::Toml => toml::arriving(self, change),
        }
    }

    /// The same text, treated as strict JSON only where `before` was too: a text of JSON5 may come to
    /// use nothing of it for the time between two changes.
    fn with_manners_of(mut self, before: &Self) -> Self {
        if let (Syntax::Json5(own), Syntax::Json5(theirs)) = (&mut self.syntax, &before.syntax) {
            own.strict &= theirs.strict;
        }
        self
    }

    /// `change` as this format takes it.
    fn kept<'c>(&self, change: &'c Change) -> Cow<'c, Change> {
        match self.format() {
            Format::Json5 => Cow::Borrowed(change),
            // TOML tells `1` from `1.0`: a float stays one, in the text and in the proof.
            Format::Toml => Cow::Owned(toml::keeping_floats(self, change)),
        }
    }

    /// Makes changes one after the other; nothing where the text means them.
    fn make_each(&self, changes: &[Change]) -> Result<Option<Self>, EditError> {
        changes.iter().try_fold(None, |current: Option<Self>, change| {
            let now = current.as_ref().unwrap_or(self);
            let edited = now.make(std::slice::from_ref(change))?;
            Ok(edited.map(|edited| edited.with_manners_of(self)).or(current))
        })
    }

    /// Makes changes that do not see each other; nothing where the text means them.
    fn make(&self, changes: &[Change]) -> Result<Option<Self>, EditError> {
        let unverified = |check| EditError::Unverified { path: last_path(changes), check };
        let changes: Vec<Cow<'_, Change>> =
            changes.iter().map(|change| self.kept(change)).collect();
        let plans = match self.format() {
            Format::Json5 => json5::plan(self, &changes)?,
            Format::Toml => toml::plans(self, &changes)?,
        };
        let mut plan = Plan::default();
        for next in plans {
            plan.splices.extend(next.splices);
            plan.removed_comments.extend(next.removed_comments);
        }
        if plan.splices.is_empty() {
            return Ok(None);
        }
        let source = apply(&self.source, &plan.splices).map_err(|_| unverified("splices"))?;
        let edited = Self::parse(source, self.format()).map_err(|_| unverified("syntax"))?;
        let added: Vec<&str> = changes.iter().flat_map(|change| self.arriving(change)).collect();
        if !keeps_comments(self, &plan.removed_comments, &added, &edited) {
            return Err(unverified("comments"));
        }
        Ok(Some(edited))
    }
}

fn last_path(changes: &[Change]) -> KeyPath {
    changes.last().and_then(|change| change.paths().last()).cloned().unwrap_or_default()
}

/// The comments that go where `node` goes, and those inside of it, as spans of its text.
pub(crate) fn comments_of(node: Node<'_>) -> Vec<Span> {
    match node.document().format() {
        Format::Json5 => json5::comments_of(node),
        Format::Toml => toml::comments_of(node),
    }
}

/// Whether every comment of the documents `before` stands in the documents `after`, as often.
pub(crate) fn keep_comments(before: [&Document; 2], after: [&Document; 2]) -> bool {
    let words = |document: &&'_ Document| -> Vec<Vec<String>> {
        let words = |comment: &str| comment.split_whitespace().map(str::to_owned).collect();
        document.comments().map(words).collect()
    };
    let mut missing: HashMap<Vec<String>, isize> = HashMap::new();
    for comment in before.iter().flat_map(words) {
        *missing.entry(comment).or_default() += 1;
    }
    for comment in after.iter().flat_map(words) {
        *missing.entry(comment).or_default() -= 1;
    }
    missing.values().all(|count| *count <= 0)
}

/// Whether every comment of `before`, but for those removed, and every one of `added` stands in
/// `after`, as often.
///
/// White space inside a comment does not count: a block comment is indented anew when it moves.
fn keeps_comments(before: &Document, removed: &[Span], added: &[&str], after: &Document) -> bool {
    let source = before.source();
    let mut removed = merged(removed).into_iter().peekable();
    let kept = |comment: &&Span| {
        // Both lists ascend.
        while removed.next_if(|gone| gone.end <= comment.start).is_some() {}
        removed.peek().is_none_or(|gone| !gone.contains(**comment))
    };
    let old: Vec<&str> =
        before.tree().comments().iter().filter(kept).map(|comment| comment.slice(source)).collect();
    let new: Vec<&str> = after.comments().collect();
    let head = old.iter().zip(&new).take_while(|(one, two)| one == two).count();
    let (old, new) = (&old[head..], &new[head..]);
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(one, two)| one == two).count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    let mut missing: HashMap<String, isize> = HashMap::new();
    for comment in old.iter().chain(added) {
        *missing.entry(words(comment)).or_default() += 1;
    }
    for comment in new {
        *missing.entry(words(comment)).or_default() -= 1;
    }
    missing.values().all(|count| *count <= 0)
}

/// The stretches that `spans` cover, ascending and apart from each other.
fn merged(spans: &[Span]) -> Vec<Span> {
    let mut spans = spans.to_vec();
    spans.sort_unstable();
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: &str, added: &[&str], after: &str, expected: bool) {
        let parse = |text| Document::parse(text, Format::Json5).expect("a good document");
        assert_eq!(keeps_comments(&parse(before), &[], added, &parse(after)), expected);
    }

    #[test]
    fn a_comment_that_was_to_come_along_is_missed() {
        check("{ /* a */ }", &["/* b */"], "{ /* a */ /* b */ }", true);
        check("{ /* a */ }", &["/* b */"], "{ /* a */ }", false);
        check("{ /* a */ }", &["/* a */"], "{ /* a */ }", false);
        check("{ /* a */ }", &["/* b\n */"], "{ /* b\n    */ }", false);
        check("{}", &["/* b\n */"], "{ /* b\n    */ }", true);
    }
}
