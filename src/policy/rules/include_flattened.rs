//! `include-flattened`: an include was replaced by what it included.

use crate::compose::Part;
use crate::doc::{KeyPath, Kind, Node, PathError, Segment, Wtf8String};
use crate::finding::{Action, Override};
use crate::policy::outline::{Elements, Outline};
use crate::policy::review::Review;
use crate::policy::rule::{Check, Example, Fault, Rule, RuleDoc};

pub(crate) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "include-flattened",
        summary: "an include was replaced by what it included, or taken away",
        why: "\
People split a file to keep secrets apart, or to share a part of it. A writer that stores what it
read puts the secrets of the included file into this one, and edits of the included file do
nothing from then on. Removing the whole block that includes is no such loss; taking the include
alone away on purpose takes the flag. An edit of an included value belongs into the included file.",
        seen: "\
`set-identity`, `doctor --fix`, `onboard` and `plugins install` wrote one flat file, with the secrets \
in it (openclaw#11696, #70087, #41050)",
        action: Action::Deny,
        allowed_by: Override::ByFlag,
        bad: Example::whole_file(
            r#"{ channels: { $include: "./channels.json5" } }"#,
            "{ channels: { telegram: { enabled: true } } }",
        ),
        good: Example::whole_file(
            r#"{ channels: { $include: "./channels.json5" } }"#,
            r#"{ channels: { $include: ["./channels.json5", "./more.json5"], discord: {} } }"#,
        ),
    },
    check: Check::Transition(check),
};

fn check<'a>(review: &Review<'a>) -> Vec<Fault<'a>> {
    let (Some(base), Some(key)) = (review.transition.base, &review.profile.include_key) else {
        return Vec::new();
    };
    let mut faults = Vec::new();
    for part in base.parts() {
        let candidate = review.transition.candidate.parts().iter();
        // A file that is no longer included went with the include that named it.
        let Some(twin) = candidate.into_iter().find(|twin| twin.file == part.file) else {
            continue;
        };
        if may_hold(part, key) && part.document.source() != twin.document.source() {
            faults.extend(in_part(part, twin, key));
        }
    }
    faults
}

/// Whether the key may stand in the part, in whatever spelling.
fn may_hold(part: &Part, key: &str) -> bool {
    let source = part.document.source();
    source.contains(key) || source.contains('\\')
}

fn in_part<'a>(part: &'a Part, twin: &'a Part, key: &str) -> Vec<Fault<'a>> {
    let name = Wtf8String::from(key);
    let outline = Outline::of(&part.document);
    let mut faults = Vec::new();
    for (number, object) in outline.objects().filter(|(_, object)| object.get(&name).is_some()) {
        let by_index = outline.path(number, Elements::ByIndex);
        // Of a key that stands twice, the first is dead, and its include with it.
        let live = part.document.get(&by_index).ok().flatten();
        if live.is_none_or(|live| live.span() != object.span()) {
            continue;
        }
        let by_id = outline.path(number, Elements::ById);
        let Some((path, node)) = twin_of(part, twin, by_id, by_index) else { continue };
        if node.kind() == Kind::Null || node.get(&name).is_some() {
            continue;
        }
        let has_content =
            node.kind() != Kind::Object || node.members().len() >= object.members().len();
        let message = if has_content {
            "the include was replaced by its content"
        } else {
            "the include is gone, and its content with it"
        };
        faults.push(
            Fault::at(path.key(name.clone()), message, format!("`{key}` as it was"))
                .in_part(twin, node),
        );
    }
    faults
}

/// What stands in `twin` where the object stood, if anything does.
fn twin_of<'t>(
    part: &Part,
    twin: &'t Part,
    by_id: KeyPath,
    by_index: KeyPath,
) -> Option<(KeyPath, Node<'t>)> {
    match twin.document.get(&by_id) {
        Ok(node) if by_id != by_index => return Some((by_id, node?)),
        // An `id` that is not unique names nothing; a place does, as long as nothing moved.
        Ok(_) | Err(PathError::Ambiguous { .. }) => {}
        Err(_) => return None,
    }
    let length = |part: &Part, path: &KeyPath| {
        part.document.get(path).ok().flatten().map(|array| array.children().count())
    };
    for (depth, segment) in by_index.segments().iter().enumerate() {
        let array = by_index.truncated(depth);
        let is_place = matches!(segment, Segment::Index(_));
        if is_place && length(part, &array) != length(twin, &array) {
            return None;
        }
    }
    let node = twin.document.get(&by_index).ok()??;
    Some((by_index, node))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, allowed, denied, openclaw};
    use crate::profile::Profile;

    const RULE: &str = "include-flattened";
    const SECRETS: (&str, &str) = ("secrets.json", "{ telegram: { botToken: '7d1f90c2aa' } }");

    #[test]
    fn se_16_secrets_of_an_included_file_are_not_inlined() {
        let base = "{ channels: { $include: 'secrets.json' }, agents: {} }";
        let flat = "{ channels: { telegram: { botToken: '7d1f90c2aa' } }, agents: { x: 1 } }";
        let case = Case::files(&[("openclaw.json", base), SECRETS], &[("openclaw.json", flat)]);
        case.check(&[denied(RULE, "channels.$include")]);
        assert_eq!(case.findings()[0].message, "the include was replaced by its content");
        case.allowing(RULE).check(&[allowed(RULE, "channels.$include")]);
    }

    #[test]
    fn is_01_every_flattened_include_is_named() {
        let base = "{ agents: { $include: 'a.json' }, list: { $include: 'l.json' } }";
        let files = [("openclaw.json", base), ("a.json", "{ x: 1 }"), ("l.json", "[1]")];
        Case::files(&files, &[("openclaw.json", "{ agents: { x: 1 }, list: [1] }")])
            .check(&[denied(RULE, "agents.$include"), denied(RULE, "list.$include")]);
    }

    #[test]
    fn includes_within_included_files_count_too() {
        let root = ("openclaw.json", "{ agents: { $include: 'a.json' } }");
        let leaf = ("b.json", "{ x: 1 }");
        let case = Case::files(
            &[root, ("a.json", "{ e: { $include: 'b.json' } }"), leaf],
            &[root, ("a.json", "{ e: { x: 1 } }"), leaf],
        );
        case.check(&[denied(RULE, "e.$include")]);
        let location = case.findings()[0].location.clone().unwrap();
        assert_eq!(location.file, std::path::Path::new("/etc/gw/a.json"));
    }

    #[test]
    fn taking_the_include_away_takes_the_flag() {
        let base = "{ channels: { $include: 'secrets.json', own: 1 } }";
        let case = Case::files(
            &[("openclaw.json", base), SECRETS],
            &[("openclaw.json", "{ channels: { own: 1 } }")],
        );
        case.check(&[denied(RULE, "channels.$include")]);
        assert_eq!(case.findings()[0].message, "the include is gone, and its content with it");
        assert_eq!(case.findings()[0].expected, "`$include` as it was");
    }

    #[test]
    fn removing_or_moving_the_block_is_in_order() {
        let base = [("openclaw.json", "{ channels: { $include: 'secrets.json' } }"), SECRETS];
        Case::files(&base, &[("openclaw.json", "{}")]).check(&[]);
        let moved = "{ canals: { $include: 'secrets.json' } }";
        Case::files(&base, &[("openclaw.json", moved), SECRETS]).check(&[]);
    }

    #[test]
    fn elements_are_found_by_id_where_they_have_one() {
        let base = "{ list: [{ id: 'a', $include: 'x.json' }, { id: 'b', $include: 'x.json' }] }";
        let x = ("x.json", "{ x: 1 }");
        let gone = "{ list: [{ id: 'b', $include: 'x.json' }] }";
        Case::files(&[("openclaw.json", base), x], &[("openclaw.json", gone), x]).check(&[]);
        let flat = "{ list: [{ id: 'b', x: 1 }, { id: 'a', $include: 'x.json' }] }";
        Case::files(&[("openclaw.json", base), x], &[("openclaw.json", flat), x])
            .check(&[denied(RULE, "list[id=b].$include")]);
        let plain = base.replace("'b', $include: 'x.json'", "'b', x: 1");
        Case::files(
            &[("openclaw.json", &plain), x],
            &[("openclaw.json", "{ list: [{ id: 'b', x: 1 }] }")],
        )
        .check(&[]);
        let pair = "{ list: [{ $include: 'x.json' }, { x: 2 }] }";
        Case::files(&[("openclaw.json", pair), x], &[("openclaw.json", "{ list: [{ x: 2 }] }")])
            .check(&[]);
        let nameless = "{ list: [{ $include: 'x.json' }] }";
        Case::files(
            &[("openclaw.json", nameless), x],
            &[("openclaw.json", "{ list: [{ x: 1 }] }")],
        )
        .check(&[denied(RULE, "list[0].$include")]);
    }

    #[test]
    fn an_include_in_dead_text_is_none() {
        let dead = "{ a: { $include: 'secrets.json' }, a: { x: 1 } }";
        Case::paths(dead, &dead.replace("x: 1", "x: 2"))
            .check(&[super::super::testing::noted("duplicate-key", "a")]);
    }

    #[test]
    fn a_gateway_without_includes_has_a_key_like_any_other() {
        let profile = Profile { include_key: None, ..openclaw() };
        Case::paths("{ a: { $include: 'b' } }", "{ a: { b: 1 } }").by(profile).check(&[]);
    }
}
