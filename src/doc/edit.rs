//! Edits: changes become splices, and the result is proved before anybody sees it.

use std::borrow::Cow;
use std::collections::HashMap;

use super::expected::Expected;
use super::{Change, Document, EditError, Format, KeyPath, Node, Syntax, json5, toml};
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
        for change in changes {
            let now = current.as_ref().unwrap_or(self);
            let change = match self.format() {
                Format::Json5 => Cow::Borrowed(change),
                // TOML tells `1` from `1.0`: a float stays one, in the text and in the proof.
                Format::Toml => Cow::Owned(toml::keeping_floats(now, change)),
            };
            expected.apply(&change)?;
            if let Some(edited) = now.make(&change)? {
                current = Some(edited.with_manners_of(self));
            }
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

    /// Makes one change whose path is known to lead somewhere; nothing where the text means it.
    fn make(&self, change: &Change) -> Result<Option<Self>, EditError> {
        let unverified =
            |check| EditError::Unverified { path: last_path(std::slice::from_ref(change)), check };
        let plan = match self.format() {
            Format::Json5 => json5::plan(self, change)?,
            Format::Toml => toml::plan(self, change)?,
        };
        if plan.splices.is_empty() {
            return Ok(None);
        }
        let source = apply(&self.source, &plan.splices).map_err(|_| unverified("splices"))?;
        let edited = Self::parse(source, self.format()).map_err(|_| unverified("syntax"))?;
        if !keeps_comments(self, &plan.removed_comments, &self.arriving(change), &edited) {
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
    let mut missing: HashMap<Vec<&str>, isize> = HashMap::new();
    for comment in old.iter().chain(added) {
        *missing.entry(comment.split_whitespace().collect()).or_default() += 1;
    }
    for comment in new {
        *missing.entry(comment.split_whitespace().collect()).or_default() -= 1;
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
