//! Three texts become one: what two writers made of the same base.
//!
//! Both writers' changes are in the result, or there is none. What the result means is worked out
//! from the values alone; a merge of the lines is taken only where it means just that, since lines
//! that merge cleanly may still say something that neither writer wrote.
//!
//! This module never leaves a conflict in a text that it returns as a document.

use std::collections::HashMap;
use std::sync::Arc;

use similar::{ConflictStyle, TextMerge};

use super::{Document, Incoming, KeyPath, changed, reconcile, replay};

/// Why two writers' texts do not become one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Collision {
    /// Both changed the value at this path, each in another way.
    #[error("both writers changed `{0}`")]
    Path(KeyPath),
    /// The values can be merged, the lines cannot, and comments of one writer would be lost.
    #[error("both writers changed the same lines")]
    Lines,
}

/// What `ours` and `theirs` make of `base` together.
///
/// # Errors
///
/// [`Collision`] where they touch the same.
pub fn merge(base: &Document, ours: &Document, theirs: &Document) -> Result<Document, Collision> {
    if theirs.source() == base.source() || theirs.source() == ours.source() {
        return Ok(ours.clone());
    }
    if ours.source() == base.source() {
        return Ok(theirs.clone());
    }
    let (before, now) = (base.root().to_value(), theirs.root().to_value());
    // What is new in our text comes with its comments.
    let wanted = Incoming::of(&Arc::new(ours.clone()));
    let wanted = reconcile(&KeyPath::root(), &before, &wanted);
    let left = replay(&wanted, &before, &now).map_err(Collision::Path)?;
    let expected = changed(&now, &left).map_err(|_| Collision::Lines)?;

    let lines = TextMerge::from_lines(base.source(), ours.source(), theirs.source());
    if !lines.is_conflicted()
        && let Ok(merged) = Document::parse(lines.to_string(), theirs.format())
        && merged.root().means(&expected)
    {
        return Ok(merged);
    }
    let edited = theirs.edit(&left).map_err(|_| Collision::Lines)?;
    if has_comments_of(base, ours, &edited) { Ok(edited) } else { Err(Collision::Lines) }
}

/// The lines of both, for a person to put in order: where they collide both stand there, between
/// markers, with what was there before.
#[must_use]
pub fn marked(base: &str, ours: &str, theirs: &str) -> String {
    let mut lines = TextMerge::from_lines(base, ours, theirs);
    lines.conflict_style(ConflictStyle::Diff3).labels("before", "your edit", "the file now");
    lines.to_string()
}

/// Whether every comment that `ours` has more often than `base` stands in `merged` as well.
fn has_comments_of(base: &Document, ours: &Document, merged: &Document) -> bool {
    let count = |document| {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for comment in Document::comments(document) {
            *counts.entry(comment.split_whitespace().collect()).or_default() += 1;
        }
        counts
    };
    let (before, after) = (count(base), count(merged));
    let of = |counts: &HashMap<String, usize>, comment| counts.get(comment).copied().unwrap_or(0);
    count(ours)
        .iter()
        .all(|(comment, times)| *times <= of(&before, comment) || *times <= of(&after, comment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::Format;

    fn document(source: &str) -> Document {
        Document::parse(source, Format::Json5).expect("a good document")
    }

    #[track_caller]
    fn check(base: &str, ours: &str, theirs: &str, expected: &Result<&str, Collision>) {
        let merged = merge(&document(base), &document(ours), &document(theirs));
        let merged = merged.as_ref().map(Document::source).map_err(Clone::clone);
        assert_eq!(&merged, expected);
    }

    fn path(path: &str) -> Collision {
        Collision::Path(path.parse().expect("a path"))
    }

    const BASE: &str = "{\n  // one\n  a: 1,\n\n  b: 2,\n\n  c: 3,\n}\n";

    #[test]
    fn one_writer_alone_has_its_text() {
        let other = BASE.replace("a: 1", "a:   7");
        check(BASE, &other, BASE, &Ok(&other));
        check(BASE, BASE, &other, &Ok(&other));
        check(BASE, &other, &other, &Ok(&other));
    }

    #[test]
    fn changes_in_different_lines_keep_comments_and_spelling_of_both() {
        check(
            BASE,
            &BASE.replace("a: 1", "a: 0x7, // hex"),
            &BASE.replace("c: 3", "c: 4, // theirs"),
            &Ok("{\n  // one\n  a: 0x7, // hex,\n\n  b: 2,\n\n  c: 4, // theirs,\n}\n"),
        );
        let comment = BASE.replace("// one", "// the first");
        check(BASE, &comment, &BASE.replace("c: 3", "c: 4"), &Ok(&comment.replace("c: 3", "c: 4")));
    }

    #[test]
    fn changes_in_one_line_are_merged_by_value() {
        check("{ a: 1, b: 2 }", "{ a: 7, b: 2 }", "{ a: 1, b: 8 }", &Ok("{ a: 7, b: 8 }"));
    }

    #[test]
    fn the_same_path_collides() {
        check(BASE, &BASE.replace("a: 1", "a: 7"), &BASE.replace("a: 1", "a: 8"), &Err(path("a")));
    }

    #[test]
    fn a_comment_that_would_be_lost_is_a_collision() {
        check(
            "{ a: 1, b: 2 }",
            "{ a: 1, /* mine */ b: 2 }",
            "{ a: 1, b: 8 }",
            &Err(Collision::Lines),
        );
    }

    #[test]
    fn lines_that_merge_into_something_else_are_not_taken() {
        // Both add a member `x` of their own; the lines would merge into a duplicate key.
        let ours = "{\n  x: 1,\n  a: 1,\n\n\n  b: 2,\n}\n";
        let theirs = "{\n  a: 1,\n\n\n  b: 2,\n  x: 2,\n}\n";
        check("{\n  a: 1,\n\n\n  b: 2,\n}\n", ours, theirs, &Err(path("x")));
    }

    #[test]
    fn markers_show_all_three() {
        let marked = marked("a\n", "b\n", "c\n");
        for part in ["<<<<<<< your edit", "||||||| before", ">>>>>>> the file now", "b\n", "c\n"] {
            assert!(marked.contains(part), "{part}: {marked}");
        }
    }
}
