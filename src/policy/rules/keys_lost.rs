//! `keys-lost`: a writer of the whole file forgot what it did not know.

use std::collections::HashSet;

use crate::doc::{KeyPath, Kind, Segment, Value, ids, with_id};
use crate::finding::{Action, Override};
use crate::policy::Scope;
use crate::policy::arrivals::{Arrivals, Moved};
use crate::policy::comparison::Pair;
use crate::policy::review::Review;
use crate::policy::rule::{Check, Example, Fault, Rule, RuleDoc};

pub(crate) const RULE: Rule = Rule {
    doc: RuleDoc {
        id: "keys-lost",
        summary: "a write of the whole file lost a top-level section, or something that has a name",
        why: "\
Whoever writes the whole file from an old copy, or from a part of it, takes away what others
added. Judged are top-level sections, elements of arrays that are told apart by `id`, and the
members of maps such as `agents.entries`: each counts as one loss, however much stands in it. A
section that was emptied is lost as well. A section whose content the same write puts elsewhere
has moved and is not lost, as in a migration; where only a part of it came along, that is warned
about. What moved from an array to such a map beside it, or back, is not lost either. To remove a
thing on purpose, name it with `confwarden unset`, which this rule does not judge.",
        seen: "\
a stale copy dropped an agent twice and orphaned its sessions; re-runs of wizards and of the doctor \
dropped agents, bindings and secrets (openclaw#114054, #84692, #65105, #78858, #33623, mem0#4849)",
        action: Action::Deny,
        allowed_by: Override::ByFlag,
        bad: Example::whole_file(
            r#"{ agents: { list: [{ id: "main" }, { id: "ops" }] } }"#,
            r#"{ agents: { list: [{ id: "main" }] } }"#,
        ),
        good: Example::whole_file(
            r#"{ agents: { list: [{ id: "main" }, { id: "ops" }] } }"#,
            r#"{ agents: { list: [{ id: "ops" }, { id: "main", model: "fast" }] } }"#,
        ),
    },
    check: Check::Transition(check),
};

/// What was lost, each path once.
#[derive(Default)]
struct Losses {
    paths: Vec<KeyPath>,
    known: HashSet<KeyPath>,
}

impl Losses {
    fn add(&mut self, path: KeyPath) {
        if self.known.insert(path.clone()) {
            self.paths.push(path);
        }
    }
}

fn check<'a>(review: &Review<'a>) -> Vec<Fault<'a>> {
    if review.transition.scope != Scope::WholeFile || review.base().is_none() {
        return Vec::new();
    }
    let mut losses = Losses::default();
    for pair in review.comparison.pairs() {
        in_pair(review, pair, &mut losses);
    }
    for roster in &review.profile.rosters {
        in_roster(review, roster, &mut losses);
    }
    let mut arrivals = None;
    let Losses { mut paths, known } = losses;
    // What stood in a lost block is no loss of its own.
    paths.retain(|path| {
        !(1..path.segments().len()).any(|depth| known.contains(&path.truncated(depth)))
    });
    paths.into_iter().filter_map(|path| describe(review, path, &mut arrivals)).collect()
}

fn describe<'a>(
    review: &Review<'a>,
    path: KeyPath,
    arrivals: &mut Option<Arrivals<'a>>,
) -> Option<Fault<'a>> {
    let (message, expected) = match path.segments() {
        [Segment::Key(name)] => {
            let members = review.base()?.as_object()?;
            let (name, section) = members.iter().find(|(key, _)| key == name)?;
            let arrivals = arrivals.get_or_insert_with(|| Arrivals::of(review));
            let expected = "the section, if only with other values";
            match arrivals.take(&review.profile.secrets, name, section) {
                Moved::Wholly => return None,
                Moved::InPart => {
                    let message = "a top-level section moved, and not all of it came along";
                    return Some(Fault::at(path, message, expected).at_most(Action::Warn));
                }
                Moved::No if review.candidate().at(&path).is_some() => {
                    ("a top-level section was emptied", expected)
                }
                Moved::No => ("a top-level section is gone", expected),
            }
        }
        [.., Segment::Where { .. }] => {
            ("an element with an `id` is gone", "the element, if only with other values")
        }
        _ => ("a thing with a name of its own is gone", "the thing, if only with other values"),
    };
    Some(Fault::at(path, message, expected))
}

fn in_pair(review: &Review<'_>, pair: &Pair<'_>, losses: &mut Losses) {
    let Some(before) = pair.before.filter(|before| **before != Value::Null) else { return };
    let names = before.as_array().and_then(ids).unwrap_or_default();
    let Some(after) = pair.after else {
        let is_top_level = review
            .comparison
            .parent(pair)
            .is_some_and(|parent| review.comparison.parent(parent).is_none());
        if is_top_level {
            losses.add(review.comparison.path(pair));
        } else if pair.id().is_some() {
            // The array speaks of its elements.
        } else if !names.is_empty() {
            let path = review.comparison.path(pair);
            let moved = beside_array(review, &path);
            if names.iter().any(|name| !moved.contains(name)) {
                losses.add(path);
            }
        } else if holds_array_by_id(before) {
            losses.add(review.comparison.path(pair));
        }
        return;
    };
    if names.is_empty() && is_emptied(before, after) {
        let path = review.comparison.path(pair);
        // A roster speaks of its members.
        if path.segments().len() == 1 && !review.profile.rosters.contains(&path) {
            losses.add(path);
        }
        return;
    }
    if names.is_empty() || !matches!(after.kind(), Kind::Array | Kind::Object) {
        return;
    }
    let kept = names_in(after);
    let mut lost = names.into_iter().filter(|name| !kept.contains(name)).peekable();
    if lost.peek().is_some() {
        let path = review.comparison.path(pair);
        let moved = beside_array(review, &path);
        lost.filter(|name| !moved.contains(name))
            .for_each(|name| losses.add(path.join(with_id(name))));
    }
}

fn in_roster(review: &Review<'_>, roster: &KeyPath, losses: &mut Losses) {
    let Some(parent) = roster.split_last().map(|(parent, _)| parent) else { return };
    let before = review.base().and_then(|base| base.at(roster));
    let Some(members) = before.and_then(Value::as_object).filter(|m| !m.is_empty()) else { return };
    // Where the section is gone as a whole, that is the loss.
    let Some(section) = review.candidate().at(&parent) else {
        let is_known = (0..=roster.segments().len())
            .any(|length| losses.known.contains(&roster.truncated(length)));
        if !is_known {
            losses.add(parent);
        }
        return;
    };
    let moved: HashSet<&str> = match section {
        Value::Object(siblings) => {
            siblings.iter().filter_map(|(_, value)| ids(value.as_array()?)).flatten().collect()
        }
        _ => HashSet::new(),
    };
    let after = review.candidate().at(roster);
    let kept = after.map(names_in).unwrap_or_default();
    let lost = members.iter().filter(|(key, value)| {
        let is_kept = key.as_str().is_some_and(|key| kept.contains(key) || moved.contains(key));
        !is_kept && *value != Value::Null && after.and_then(|after| after.member(key)).is_none()
    });
    match after.map(Value::kind) {
        None => {
            if lost.count() > 0 {
                losses.add(roster.clone());
            }
        }
        Some(Kind::Object | Kind::Array) => {
            lost.for_each(|(key, _)| losses.add(roster.key(key.clone())));
        }
        // `type-changed` reports it.
        Some(_) => {}
    }
}

/// The names that moved from the array at `path` to a roster beside it.
fn beside_array<'a>(review: &Review<'a>, path: &KeyPath) -> HashSet<&'a str> {
    let Some((parent, _)) = path.split_last() else { return HashSet::new() };
    let rosters = review.profile.rosters.iter();
    rosters
        .filter(|roster| roster.split_last().is_some_and(|(beside, _)| beside == parent))
        .filter_map(|roster| review.candidate().at(roster))
        .flat_map(names_in)
        .collect()
}

/// The `id`s of an array's elements, or the keys of an object.
fn names_in(value: &Value) -> HashSet<&str> {
    match value {
        Value::Array(elements) => {
            elements.iter().filter_map(|element| element.get("id")?.as_str()).collect()
        }
        Value::Object(members) => members.iter().filter_map(|(key, _)| key.as_str()).collect(),
        _ => HashSet::new(),
    }
}

/// Whether something stood in `before`, and nothing does in `after`.
fn is_emptied(before: &Value, after: &Value) -> bool {
    let length = |value: &Value| match value {
        Value::Object(members) => Some(members.len()),
        Value::Array(elements) => Some(elements.len()),
        _ => None,
    };
    length(before).is_some_and(|length| length > 0)
        && (*after == Value::Null || length(after) == Some(0))
}

fn holds_array_by_id(value: &Value) -> bool {
    let mut rest = vec![value];
    while let Some(value) = rest.pop() {
        match value {
            Value::Array(elements) => {
                if ids(elements).is_some_and(|ids| !ids.is_empty()) {
                    return true;
                }
                rest.extend(elements);
            }
            Value::Object(members) => rest.extend(members.iter().map(|(_, value)| value)),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Case, allowed, denied, warned};

    const RULE: &str = "keys-lost";

    #[test]
    fn wp_05_top_level_sections_are_not_lost() {
        let base = "{ channels: { discord: {} }, agents: { list: [{ id: 'a' }] }, update: { channel: 'beta' } }";
        Case::whole_file(base, "{ update: { channel: 'beta' } }")
            .check(&[denied(RULE, "channels"), denied(RULE, "agents")]);
        Case::paths(base, "{ update: { channel: 'beta' } }").check(&[]);
        Case::new_file(base).check(&[]);
    }

    #[test]
    fn wp_08_an_agent_is_not_lost() {
        let base = "{ agents: { entries: { main: { model: 'x' }, ops: {} } } }";
        let case = Case::whole_file(base, "{ agents: { entries: { ops: {} } } }");
        case.check(&[denied(RULE, "agents.entries.main")]);
        case.allowing(RULE).check(&[allowed(RULE, "agents.entries.main")]);
        Case::whole_file(base, "{ agents: { entries: {} } }")
            .check(&[denied(RULE, "agents.entries.main"), denied(RULE, "agents.entries.ops")]);
        Case::whole_file(base, "{ agents: {} }").check(&[denied(RULE, "agents")]);
        Case::whole_file(base, "{ agents: { defaults: {} } }")
            .check(&[denied(RULE, "agents.entries")]);
        Case::whole_file(base, "{}").check(&[denied(RULE, "agents")]);
    }

    #[test]
    fn wp_04_elements_with_an_id_are_not_lost() {
        let base = "{ agents: { list: [{ id: 'a', x: 1 }, { id: 'b' }] } }";
        Case::whole_file(base, "{ agents: { list: [{ id: 'b' }] } }")
            .check(&[denied(RULE, "agents.list[id=a]")]);
        Case::whole_file(base, "{ agents: { list: [] } }")
            .check(&[denied(RULE, "agents.list[id=a]"), denied(RULE, "agents.list[id=b]")]);
        Case::whole_file(base, "{ agents: {} }").check(&[denied(RULE, "agents")]);
        Case::whole_file(base, "{ agents: { defaults: {} } }")
            .check(&[denied(RULE, "agents.list")]);
        Case::whole_file(base, "{ agents: { list: [{ id: 'a' }, { id: 'a' }] } }")
            .check(&[denied(RULE, "agents.list[id=b]")]);
        Case::whole_file(base, "{ agents: { list: { a: {} } } }")
            .check(&[denied(RULE, "agents.list[id=b]")]);
    }

    #[test]
    fn things_within_a_lost_block_are_one_loss() {
        let base =
            "{ models: { providers: { p: { models: [{ id: 'm' }, { id: 'n' }] }, q: {} } } }";
        Case::whole_file(base, "{ models: { providers: { q: {} } } }")
            .check(&[denied(RULE, "models.providers.p")]);
        Case::whole_file(base, "{ models: { a: 1 } }").check(&[denied(RULE, "models.providers")]);
        let entries = "{ agents: { entries: { main: { tools: [{ id: 't' }] } } } }";
        Case::whole_file(entries, "{ agents: { entries: {} } }")
            .check(&[denied(RULE, "agents.entries.main")]);
    }

    #[test]
    fn what_moved_between_list_and_map_is_not_lost() {
        let list = "{ agents: { list: [{ id: 'a' }, { id: 'b' }] } }";
        let map = "{ agents: { entries: { a: {}, b: {} } } }";
        Case::whole_file(list, map).check(&[]);
        Case::whole_file(map, list).check(&[]);
        Case::whole_file(list, "{ agents: { entries: { a: {} } } }")
            .check(&[denied(RULE, "agents.list")]);
        Case::whole_file(map, "{ agents: { list: [{ id: 'a' }] } }")
            .check(&[denied(RULE, "agents.entries")]);
    }

    #[test]
    fn other_members_may_go() {
        Case::whole_file("{ a: { b: 1, c: { d: 1 } } }", "{ a: { b: 1 } }").check(&[]);
        Case::whole_file("{ a: { b: 1, c: { d: 1 } } }", "{ a: { b: 1, c: {} } }").check(&[]);
        Case::whole_file("{ a: { l: [1, 2] } }", "{ a: { l: [1] } }").check(&[]);
        Case::whole_file("{ a: null }", "{}").check(&[]);
    }

    #[test]
    fn mg_05_an_emptied_section_is_lost() {
        let base = "{ secrets: { a: 1, b: 2, c: 3 }, list: [1] }";
        Case::whole_file(base, "{ secrets: {}, list: [1] }").check(&[denied(RULE, "secrets")]);
        Case::whole_file(base, "{ secrets: null, list: [] }").check(&[
            denied(RULE, "secrets"),
            denied(RULE, "list"),
            denied("type-changed", "secrets"),
        ]);
        Case::whole_file("{ secrets: {} }", "{ secrets: {} }").check(&[]);
        Case::paths(base, "{ secrets: {}, list: [1] }").check(&[]);
        let entries = "{ agents: { entries: { a: {} } } }";
        Case::whole_file(entries, "{ agents: { entries: {} } }")
            .check(&[denied(RULE, "agents.entries.a")]);
    }

    #[test]
    fn mg_03_sections_that_a_doctor_does_not_know_are_not_lost() {
        let base = "{ mcp: { servers: { x: { command: 'x' } } }, defaultModel: 'vendor/m', a: 1 }";
        Case::whole_file(base, "{ a: 1 }")
            .check(&[denied(RULE, "mcp"), denied(RULE, "defaultModel")]);
    }

    #[test]
    fn mg_01_a_section_that_moved_is_not_lost() {
        let base = "{ memorySearch: { enabled: true, provider: 'local', model: 'x' }, \
                    agents: { defaults: {} } }";
        Case::whole_file(
            base,
            "{ agents: { defaults: { memorySearch: { model: 'x', enabled: true, provider: 'local' } } } }",
        )
        .check(&[]);
        // Split up, as `routing` was.
        Case::whole_file(
            "{ routing: { allowFrom: ['+43123'], queue: { mode: 'steer' } } }",
            "{ channels: { whatsapp: { allowFrom: ['+43123'] } }, messages: { queue: { mode: 'steer' } } }",
        )
        .check(&[]);
        Case::whole_file(
            "{ defaultModel: 'vendor/m' }",
            "{ agents: { model: { primary: 'vendor/m' } } }",
        )
        .check(&[]);
        Case::whole_file(
            base,
            "{ agents: { defaults: { memorySearch: { enabled: true, model: 'x' } } } }",
        )
        .check(&[warned(RULE, "memorySearch")]);
        // What came along must not leave a secret behind.
        Case::whole_file(
            "{ telegram: { botToken: '7d1f90c2aa', name: 'clerk', enabled: true } }",
            "{ channels: { telegram: { name: 'clerk', enabled: true } } }",
        )
        .check(&[denied(RULE, "telegram")]);
        // A small value may stand there by chance.
        Case::whole_file(base, "{ agents: { defaults: { enabled: true } } }")
            .check(&[denied(RULE, "memorySearch")]);
        Case::whole_file(base, "{ agents: { defaults: {} } }")
            .check(&[denied(RULE, "memorySearch")]);
    }

    #[test]
    fn the_message_says_what_sort_of_thing_it_was() {
        let message = |base: &str, candidate: &str| {
            Case::whole_file(base, candidate).findings()[0].message.clone()
        };
        assert_eq!(message("{ a: 1 }", "{}"), "a top-level section is gone");
        assert_eq!(message("{ a: { b: 1 } }", "{ a: {} }"), "a top-level section was emptied");
        assert_eq!(message("{ l: [{ id: 'a' }] }", "{ l: [] }"), "an element with an `id` is gone");
        assert_eq!(
            message("{ a: { l: [{ id: 'a' }], b: 1 } }", "{ a: { b: 1 } }"),
            "a thing with a name of its own is gone"
        );
    }
}
