//! `comments-lost`: comments are gone though what they speak of is there.

use std::collections::HashMap;

use crate::compose::Part;
use crate::doc::{Kind, Value, comments_of, missing_comments, words};
use crate::finding::{Action, Override};
use crate::policy::comparison::Pair;
use crate::policy::review::Review;
use crate::policy::rule::{Check, Example, Fault, Rule, RuleDoc};

pub(crate) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "comments-lost",
        summary: "comments are gone though what they speak of is still there",
        why: "\
Comments say why a value is what it is, and nobody can write them anew. A program that stores what
it read as plain JSON drops them all. A comment that goes with the member it belongs to is no
loss. Nothing breaks without comments, so this is never refused; `confwarden exec` writes the new
values into the text that has the comments. Edits by confwarden itself lose none.",
        seen: "\
`config set` and every other write of the gateway strip the comments, and since 2026.7 it warns \
before (openclaw#105683, #107604)",
        action: Action::Warn,
        allowed_by: Override::ByFlag,
        bad: Example::whole_file(
            "{\n  // behind the tunnel\n  gateway: { port: 18789 },\n}",
            r#"{ "gateway": { "port": 18790 } }"#,
        ),
        good: Example::whole_file(
            "{\n  // behind the tunnel\n  gateway: { port: 18789, /* old */ tailscale: {} },\n}",
            "{\n  // behind the tunnel\n  gateway: { port: 18790 },\n}",
        ),
    },
    check: Check::Transition(check),
};

/// With more values gone than this, it is not looked at whose comments went.
const MANY: usize = 256;

fn check<'a>(review: &Review<'a>) -> Vec<Fault<'a>> {
    let Some(base) = review.transition.base else { return Vec::new() };
    let candidate = review.transition.candidate;
    let pairs = base.parts().iter().filter_map(|part| Some((part, candidate.part(&part.file)?)));
    let lost = pairs.filter(|(part, twin)| part.document.source() != twin.document.source());
    let lost = lost.filter_map(|(part, twin)| {
        let count = lost_in(review, part, twin)?;
        let message = match count {
            1 => "a comment is gone".to_owned(),
            count => format!("comments are gone: {count} of them"),
        };
        let fault = Fault::of_file(message, "the comments that were there");
        Some(fault.in_part(twin, twin.document.root()))
    });
    lost.collect()
}

/// How many comments of `part` are gone from `twin` without what they belonged to.
fn lost_in(review: &Review<'_>, part: &Part, twin: &Part) -> Option<usize> {
    let missing = missing_comments(&part.document, &twin.document);
    if missing.is_empty() {
        return None;
    }
    let gone: Vec<&Pair<'_>> =
        review.comparison.pairs().filter(|pair| is_gone(pair)).take(MANY + 1).collect();
    if gone.len() > MANY {
        return None;
    }
    let mut explained: HashMap<String, usize> = HashMap::new();
    for pair in gone {
        let place = review.transition.base?.written_at(&review.comparison.path(pair));
        let Some((_, node)) = place.filter(|(owner, _)| owner.file == part.file) else { continue };
        for span in comments_of(node) {
            let comment = span.slice(node.document().source());
            *explained.entry(words(comment)).or_default() += 1;
        }
    }
    let is_lost = |comment: &&str| match explained.get_mut(&words(comment)) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    Some(missing.into_iter().filter(is_lost).count()).filter(|count| *count > 0)
}

/// Whether a value is gone, or what stood in it.
fn is_gone(pair: &Pair<'_>) -> bool {
    let is_container = |value: &Value| matches!(value.kind(), Kind::Object | Kind::Array);
    match (pair.before, pair.after) {
        (Some(_), None) => true,
        (Some(before), Some(after)) => is_container(before) && before.kind() != after.kind(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, warned};

    const RULE: &str = "comments-lost";

    #[test]
    fn fm_01_a_rewrite_as_plain_json_is_reported() {
        let base = "{\n  // why\n  a: 1, // one\n  b: [ /* no */ ],\n}";
        let case = Case::whole_file(base, r#"{"a": 1, "b": []}"#);
        case.check(&[warned(RULE, "")]);
        assert_eq!(case.findings()[0].message, "comments are gone: 3 of them");
        let case = Case::paths(base, "{\n  // why\n  a: 1,\n  b: [ /* no */ ],\n}");
        assert_eq!(case.findings()[0].message, "a comment is gone");
    }

    #[test]
    fn comments_go_with_what_they_belong_to() {
        let base = "{\n  // why\n  a: { x: 1, /* y */ y: 2 },\n  // b\n  b: [\n    1, // one\n    2,\n  ],\n}";
        Case::whole_file(base, "{\n  // b\n  b: [\n    1, // one\n    2,\n  ],\n  c: 1,\n}")
            .check(&[super::super::testing::denied("keys-lost", "a")]);
        Case::paths(base, "{\n  // why\n  a: { x: 1 },\n  // b\n  b: [\n    2,\n  ],\n}")
            .check(&[]);
        Case::paths(base, base).check(&[]);
        Case::paths(base, &format!("// more\n{base}")).check(&[]);
    }
}
