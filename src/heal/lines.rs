//! The lines of the base again, where an author took them out of a text that is otherwise the base's.
//!
//! An editor or `sed` takes a line out and leaves the rest. A member that is put back by its value
//! brings its comments along, which may still stand there; the lines put back as they were do not.
//!
//! This module never changes what a healed text means: its result means the same, or there is none.

use std::collections::{HashMap, HashSet};

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::doc::{Document, Kind, Node, comments_of, diff, missing_comments};
use crate::text::Span;

/// How many pairs of lines are compared at most: what was laid out anew has no lines in common.
const MOST_PAIRS: usize = 250_000;

/// `theirs` with the lines of `base` back in which something stands that `healed` put back. Nothing
/// where that means something else than `healed`, or would lose a comment or the order of theirs.
pub(super) fn lines_back(
    base: &Document,
    theirs: &Document,
    healed: &Document,
) -> Option<Document> {
    let differences = diff(&theirs.root().to_value(), &healed.root().to_value());
    // A program that stores what it read has other lines: its whole text is dressed anew instead.
    let is_stored = theirs.comments().next().is_none() && base.comments().next().is_some();
    if differences.is_empty() || is_stored {
        return None;
    }
    let place = |document: &Document, path| match document.get(path) {
        Ok(Some(node)) => Some(extent(node)),
        _ => None,
    };
    let in_base: Vec<Span> =
        differences.iter().filter_map(|found| place(base, &found.path)).collect();
    let in_theirs: Vec<Span> =
        differences.iter().filter_map(|found| place(theirs, &found.path)).collect();

    let (old, new) = (Lines::of(base.source()), Lines::of(theirs.source()));
    let head = old.texts.iter().zip(&new.texts).take_while(|(one, two)| one == two).count();
    let (old_rest, new_rest) = (&old.texts[head..], &new.texts[head..]);
    let tail = old_rest.iter().rev().zip(new_rest.iter().rev());
    let tail = tail.take_while(|(one, two)| one == two).count();
    let old_middle = &old_rest[..old_rest.len() - tail];
    let new_middle = &new_rest[..new_rest.len() - tail];
    if old_middle.len() * new_middle.len() > MOST_PAIRS {
        return None;
    }

    let mut text: String = old.texts[..head].concat();
    for op in capture_diff_slices(Algorithm::Myers, old_middle, new_middle) {
        let (_, was, is) = op.as_tag_tuple();
        if matches!(op, DiffOp::Equal { .. }) {
            text.extend(old_middle[was].iter().copied());
            continue;
        }
        let mut theirs_left = is.filter(|line| !touches(new.line(head + line), &in_theirs));
        let is_blank = |line: usize| old_middle[line].trim().is_empty();
        let mut back: Vec<bool> =
            was.clone().map(|line| touches(old.line(head + line), &in_base)).collect();
        // Blank lines above and below come back with what they set off.
        for index in 1..back.len() {
            back[index] |= back[index - 1] && is_blank(was.start + index);
        }
        for index in (1..back.len()).rev() {
            back[index - 1] |= back[index] && is_blank(was.start + index - 1);
        }
        for (line, is_back) in was.zip(back) {
            if is_back {
                text.push_str(old_middle[line]);
            } else if let Some(line) = theirs_left.next() {
                // Whatever stands in the place of this line now.
                text.push_str(new_middle[line]);
            }
        }
        text.extend(theirs_left.map(|line| new_middle[line]));
    }
    text.extend(new_rest[new_rest.len() - tail..].iter().copied());

    let document = Document::parse(text, theirs.format()).ok()?;
    let is_right = document.root().means_same(healed.root())
        && missing_comments(theirs, &document).is_empty()
        && keeps_order(theirs, &document);
    is_right.then_some(document)
}

/// Whether members that both have stand in the same order in both.
fn keeps_order(theirs: &Document, document: &Document) -> bool {
    let mut rest = vec![(theirs.root(), document.root())];
    while let Some((one, other)) = rest.pop() {
        match (one.kind(), other.kind()) {
            (Kind::Object, Kind::Object) => {
                let (old, new) = (one.members(), other.members());
                let known: HashMap<_, _> = new.iter().map(|(key, node)| (key, *node)).collect();
                let mut shared = old.iter().filter(|(key, _)| known.contains_key(key));
                let has: HashSet<_> = old.iter().map(|(key, _)| key).collect();
                let order = new.iter().filter(|(key, _)| has.contains(key));
                if !order.map(|(key, _)| key).eq(shared.clone().map(|(key, _)| key)) {
                    return false;
                }
                rest.extend(shared.by_ref().map(|(key, node)| (*node, known[key])));
            }
            (Kind::Array, Kind::Array) => rest.extend(one.children().zip(other.children())),
            _ => {}
        }
    }
    true
}

/// From the first to the last byte of a member with its comments.
fn extent(node: Node<'_>) -> Span {
    let spans = comments_of(node).into_iter().chain(node.key_span());
    spans.fold(node.span(), |all, span| Span {
        start: all.start.min(span.start),
        end: all.end.max(span.end),
    })
}

fn touches(line: Span, spans: &[Span]) -> bool {
    spans.iter().any(|span| span.start < line.end && line.start < span.end)
}

/// A text, line by line.
struct Lines<'t> {
    texts: Vec<&'t str>,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let texts: Vec<&str> = text.split_inclusive('\n').collect();
        let mut starts = Vec::with_capacity(texts.len() + 1);
        let mut start = 0;
        for line in &texts {
            starts.push(start);
            start += line.len();
        }
        starts.push(start);
        Self { texts, starts }
    }

    /// The bytes of a line.
    fn line(&self, number: usize) -> Span {
        Span::new(self.starts[number], self.starts[number + 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::Format;

    #[track_caller]
    fn check(base: &str, theirs: &str, healed: &str, expected: Option<&str>) {
        let document = |source| Document::parse(source, Format::Json5).expect("a good document");
        let lines = lines_back(&document(base), &document(theirs), &document(healed));
        assert_eq!(lines.as_ref().map(Document::source), expected);
    }

    const BASE: &str = "{\n  a: 1,\n  // about b\n  b: 2, // two\n  c: 3,\n}\n";

    #[test]
    fn a_line_that_was_taken_out_is_the_same_line_again() {
        let theirs = "{\n  a: 1,\n  // about b\n  c: 4,\n}\n";
        let expected = BASE.replace("c: 3", "c: 4");
        check(BASE, theirs, "{ a: 1, b: 2, c: 4 }", Some(&expected));
    }

    #[test]
    fn a_line_that_was_changed_is_the_former_one() {
        let theirs = BASE.replace("b: 2, // two", "b: null,").replace("a: 1", "a: 9");
        check(BASE, &theirs, "{ a: 9, b: 2, c: 3 }", Some(&BASE.replace("a: 1", "a: 9")));
    }

    #[test]
    fn a_line_that_was_added_and_may_not_stay_goes() {
        let theirs = BASE.replace("  c: 3,\n", "  c: 3,\n  junk: 1,\n");
        check(BASE, &theirs, "{ a: 1, b: 2, c: 3 }", Some(BASE));
    }

    #[test]
    fn what_the_author_did_in_the_same_lines_is_not_undone() {
        // In one line.
        check("{ a: 1, b: 2 }", "{ a: 7 }", "{ a: 7, b: 2 }", None);
        // A program's own layout.
        let stored = "{\n  \"a\": 7,\n  \"c\": 3\n}\n";
        check(BASE, stored, "{ a: 7, b: 2, c: 3 }", None);
        // A comment of theirs.
        let theirs = BASE.replace("  b: 2, // two\n", "  // gone for good\n");
        let expected = BASE.replace("  b: 2, // two\n", "  b: 2, // two\n  // gone for good\n");
        check(BASE, &theirs, "{ a: 1, b: 2, c: 3 }", Some(&expected));
    }
}
