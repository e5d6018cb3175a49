//! `duplicate-key`: one object has the same key twice.

use std::collections::HashMap;

use crate::compose::{Configuration, Part};
use crate::doc::{Format, KeyPath, Node, Wtf8String};
use crate::finding::{Action, Override};
use crate::policy::outline::{Elements, Outline};
use crate::policy::review::{Review, origin};
use crate::policy::rule::{Check, Example, Fault, Rule, RuleDoc};

pub(crate) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "duplicate-key",
        summary: "one object has the same key twice",
        why: "\
Readers of JSON5 take the last one and say nothing, so the first is dead text: an edit of it does
nothing, and the gateway's next own write drops it. Whoever wrote the second one did not see the
first. Keys are compared as they are read, not as they are spelled. Keep one of them.",
        seen: "\
both releases of OpenClaw that were tried, 2026.3 and 2026.9, take the last one without a word",
        action: Action::Deny,
        allowed_by: Override::ByFlag,
        bad: Example::whole_file(
            "{ gateway: { port: 18789 } }",
            "{ gateway: { port: 18789 }, \"gateway\": { port: 18789 } }",
        ),
        good: Example::whole_file(
            "{ gateway: { port: 18789 } }",
            "{ gateway: { port: 18789 }, \"gateways\": { port: 18789 } }",
        ),
    },
    check: Check::Transition(check),
};

fn check<'a>(review: &Review<'a>) -> Vec<Fault<'a>> {
    review.transition.candidate.parts().iter().flat_map(|part| in_part(review, part)).collect()
}

fn in_part<'a>(review: &Review<'a>, part: &'a Part) -> Vec<Fault<'a>> {
    let found = duplicates(part);
    if found.is_empty() {
        return Vec::new();
    }
    // How many the base had, by path without regard to places in arrays: an element that moved
    // brings nothing.
    let mut known: HashMap<KeyPath, usize> = HashMap::new();
    let base = review.transition.base.into_iter().flat_map(Configuration::parts);
    for twin in base.filter(|twin| twin.file == part.file) {
        for duplicate in duplicates(twin) {
            *known.entry(duplicate.place).or_default() += duplicate.surplus;
        }
    }
    let faults = found.into_iter().map(|duplicate| {
        let left = known.get_mut(&duplicate.place).filter(|left| **left >= duplicate.surplus);
        let is_known = left.is_some();
        if let Some(left) = left {
            *left -= duplicate.surplus;
        }
        Fault::at(
            duplicate.path,
            format!("the key stands {} times in one object", duplicate.surplus + 1),
            "each key once: the last one counts, the others are dead",
        )
        .from(origin(is_known))
        .in_part(part, duplicate.last)
    });
    faults.collect()
}

/// A key that stands more than once in its object.
struct Duplicate<'d> {
    path: KeyPath,
    /// The path without regard to places in arrays.
    place: KeyPath,
    last: Node<'d>,
    /// How many of them are dead.
    surplus: usize,
}

fn duplicates(part: &Part) -> Vec<Duplicate<'_>> {
    // TOML with a duplicate key does not parse.
    if part.document.format() == Format::Toml {
        return Vec::new();
    }
    let outline = Outline::of(&part.document);
    let mut found = Vec::new();
    let mut members: Vec<(Wtf8String, Node<'_>)> = Vec::new();
    for (number, object) in outline.objects() {
        if has_own_keys(object) {
            continue;
        }
        members.clear();
        members.extend(object.children().filter_map(|child| Some((child.key()?, child))));
        // Stable: of equal keys, the last in the text stays the last.
        members.sort_by(|one, other| one.0.cmp(&other.0));
        for twins in members.chunk_by(|one, other| one.0 == other.0) {
            if let [.., _, (key, last)] = twins {
                let path = outline.path(number, Elements::ByIndex).key(key.clone());
                let place = outline.path(number, Elements::Alike).key(key.clone());
                found.push(Duplicate { path, place, last: *last, surplus: twins.len() - 1 });
            }
        }
    }
    found.sort_by_key(|duplicate| duplicate.last.span().start);
    found
}

/// Whether an object of a few members has each key once, as far as that shows without decoding any.
fn has_own_keys(object: Node<'_>) -> bool {
    const FEW: usize = 16;
    let mut keys: [&[u8]; FEW] = [&[]; FEW];
    for (place, child) in object.children().enumerate() {
        match child.bare_key() {
            Some(key) if place < FEW && !keys[..place].contains(&key) => keys[place] = key,
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, allowed, denied, noted};

    const RULE: &str = "duplicate-key";

    #[test]
    fn keys_are_compared_as_they_are_read() {
        let case = Case::paths("{ a: { b: 1 } }", "{ a: { b: 1, 'b': 2, \"\\u0062\": 3 } }");
        case.check(&[denied(RULE, "a.b")]);
        case.allowing(RULE).check(&[allowed(RULE, "a.b")]);
        assert_eq!(
            Case::new_file("{ a: { b: 1, 'b': 2, \"\\u0062\": 3 } }").findings()[0].message,
            "the key stands 3 times in one object"
        );
        Case::paths("{}", "{ a: { b: 1 }, b: 1, l: [{ b: 1 }, { b: 1 }] }").check(&[]);
    }

    #[test]
    fn what_the_file_had_before_does_not_block() {
        let base = "{ a: 1, a: 2, l: [{ x: 1 }, { x: 1, x: 2 }] }";
        Case::paths(base, "{ c: 3, a: 1, a: 2, l: [{ x: 1, x: 2 }] }")
            .check(&[noted(RULE, "a"), noted(RULE, "l[0].x")]);
        Case::paths(base, "{ a: 1, a: 2, l: [{ x: 1 }, { x: 1, x: 2 }, { x: 1, x: 2 }] }")
            .check(&[noted(RULE, "a"), noted(RULE, "l[1].x"), denied(RULE, "l[2].x")]);
        Case::paths(base, "{ a: 1, a: 2, a: 3, l: [] }").check(&[denied(RULE, "a")]);
        Case::paths(base, "{ a: 2, l: [] }").check(&[]);
    }

    #[test]
    fn dead_text_is_looked_at_too() {
        Case::paths("{}", "{ a: { x: 1, x: 2 }, a: 1 }")
            .check(&[denied(RULE, "a"), denied(RULE, "a.x")]);
    }

    #[test]
    fn included_files_are_looked_at_under_their_own_name() {
        let root = ("openclaw.json", "{ a: { $include: 'a.json' } }");
        let case =
            Case::files(&[root, ("a.json", "{ x: 1 }")], &[root, ("a.json", "{ x: 1, x: 1 }")]);
        case.check(&[denied(RULE, "x")]);
        let location = case.findings()[0].location.clone().unwrap();
        assert_eq!(location.file, std::path::Path::new("/etc/gw/a.json"));
        assert_eq!((location.position.line, location.position.column), (1, 9));
    }
}
