//! What healing and re-dressing promise, on generated files.

use std::path::Path;

use proptest::prelude::*;

use super::testing::{compose, stringify};
use super::{Context, Healing, PutBackKind, Redress, heal, redress};
use crate::compose::{Configuration, IncludeFaultKind, Rules};
use crate::doc::{Document, Format, KeyPath, Segment, Value, diff};
use crate::profile::Profile;

/// Top-level sections, and keys below them: some that rules look at, and some that none does.
const SECTIONS: &[&str] = &["channels", "agents", "hooks", "logging", "mcp", "secrets"];
const KEYS: &[&str] =
    &["list", "entries", "botToken", "headers", "level", "a", "b", "'odd.key'", "limit"];
const LEAVES: &[&str] = &[
    "1",
    "0.5",
    "true",
    "null",
    "'text'",
    "'other text'",
    "'${VAR}'",
    "'token'",
    "4096",
    "'lan'",
    "{ source: 'env', provider: 'default', id: 'VAR' }",
    "'__OPENCLAW_REDACTED__'",
    "''",
];
const COMMENTS: &[&str] = &["", "", "", "// why\n", "/* block */ ", "// of this\n// two lines\n"];

fn node() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(LEAVES).prop_map(str::to_owned);
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            3 => members(inner.clone()).prop_map(|members| format!("{{\n{members}}}")),
            1 => prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|elements| format!("[{}]", elements.join(", "))),
            1 => agents(inner),
        ]
    })
}

/// An array of things with an `id`.
fn agents(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let ids = prop::sample::subsequence(vec!["main", "ops", "night", "day"], 0..=4).prop_shuffle();
    (ids, prop::collection::vec((value, prop::sample::select(COMMENTS)), 4)).prop_map(
        |(ids, rest)| {
            let elements = ids
                .iter()
                .zip(rest)
                .map(|(id, (value, comment))| format!("{comment}{{ id: '{id}', a: {value} }}"));
            format!("[\n{}\n]", elements.collect::<Vec<_>>().join(",\n"))
        },
    )
}

fn members(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let keys = prop::sample::subsequence(KEYS, 0..5).prop_shuffle();
    let rest = prop::collection::vec((value, prop::sample::select(COMMENTS)), 5);
    (keys, rest).prop_map(|(keys, rest)| {
        let members = keys.iter().zip(rest);
        let members = members.map(|(key, (value, comment))| format!("{comment}{key}: {value},\n"));
        members.collect::<Vec<String>>().concat()
    })
}

/// A file with a gateway and some sections, in whatever order.
fn file() -> impl Strategy<Value = String> {
    let gateway = (
        prop::sample::select(vec!["", "mode: 'token',", "mode: 'none',", "mode: 'password',"]),
        prop::sample::select(vec![
            "",
            "token: '4f1c9ab27d',",
            "token: 'c09e55a1f3', // t\n",
            "token: 'undefined',",
        ]),
        prop::sample::select(vec!["", "password: 'horse',"]),
        prop::sample::select(vec!["", "allowTailscale: true,"]),
        prop::sample::select(vec!["", "bind: 'lan',", "bind: 'loopback', /* us */"]),
        prop::sample::select(vec!["", "mode: 'local',"]),
    );
    let gateway = gateway.prop_map(|(mode, token, password, tail, bind, kind)| {
        format!("// of the gateway\ngateway: {{ {kind} {bind} auth: {{ {mode} {password} {token} {tail} }} }},\n")
    });
    let sections = prop::sample::subsequence(SECTIONS, 0..6).prop_shuffle();
    let values = prop::collection::vec((node(), prop::sample::select(COMMENTS)), 6);
    (gateway, prop::bool::weighted(0.9), sections, values).prop_map(
        |(gateway, has_gateway, sections, values)| {
            let mut text = String::from("// head\n{\n");
            if has_gateway {
                text += &gateway;
            }
            for (key, (value, comment)) in sections.iter().zip(values) {
                text.extend([comment, key, ": ", &value, ",\n"]);
            }
            text + "}\n"
        },
    )
}

fn single(text: &str) -> Configuration {
    compose(&[("openclaw.json", text)])
}

fn healed(base: &Configuration, theirs: &Configuration) -> Healing {
    let profile = Profile::builtin("openclaw").expect("it is built in");
    let rules = Rules { key: Some("$include".into()), depth: 10, roots: vec!["/etc/gw".into()] };
    let context = Context { profile: &profile, allow: &[], rules: &rules };
    let mut load = |file: &Path| Err(IncludeFaultKind::Missing(file.to_owned()));
    heal(base, theirs, &context, &mut load)
}

/// A base and what a foreign writer made of it: by hand, or as plain JSON.
fn writes() -> impl Strategy<Value = (String, String)> {
    (file(), file(), prop::bool::ANY, 0..4_u8).prop_map(|(base, other, plain, how)| {
        let parsed = |text: &str| Document::parse(text, Format::Json5).expect("it parses");
        // Half of another file is a rougher change than most.
        let theirs = match how {
            0 => other,
            1 => parsed(&base)
                .edit(
                    &crate::doc::merge_patch(
                        &parsed(&base).root().to_value(),
                        &parsed(&other).root().to_value().into(),
                        &every_array(&parsed(&base).root().to_value()),
                    )
                    .expect("arrays may shrink"),
                )
                .expect("a good edit")
                .source()
                .to_owned(),
            2 => base.replace("'text'", "'another text'").replace("4096", "'4096'"),
            _ => base.replace("token: '4f1c9ab27d',", "").replace("'${VAR}'", "'s3cr3t'"),
        };
        let theirs = if plain { stringify(&parsed(&theirs).root().to_value()) } else { theirs };
        (base, theirs)
    })
}

fn every_array(value: &Value) -> Vec<KeyPath> {
    let mut found = Vec::new();
    let mut rest = vec![(KeyPath::root(), value)];
    while let Some((path, value)) = rest.pop() {
        match value {
            Value::Array(_) => found.push(path),
            Value::Object(members) => {
                rest.extend(members.iter().map(|(key, value)| (path.key(key.clone()), value)));
            }
            _ => {}
        }
    }
    found
}

/// Whether one of the paths leads to the other or through it.
fn touch(one: &KeyPath, other: &KeyPath) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

/// Whether a rule could have a say about what `path` holds: the author's value may be the base's again.
/// The path with elements by their place: a cure may name them so where the base has no ids.
fn by_index(root: &Value, path: &KeyPath) -> KeyPath {
    let mut place = KeyPath::root();
    for segment in path.segments() {
        let array = root.at(&place).and_then(Value::as_array);
        place = match (segment, array) {
            (Segment::Where { .. }, Some(array)) => {
                let found = root.at(&place.join(segment.clone()));
                let index = array.iter().position(|element| Some(element) == found);
                place.index(index.unwrap_or_default())
            }
            _ => place.join(segment.clone()),
        };
    }
    place
}

fn is_put_back(healing: &Healing, path: &KeyPath) -> bool {
    healing.put_back.iter().any(|put_back| {
        // Of an element that came back the array has one more.
        let array =
            put_back.path.split_last().filter(|(_, last)| matches!(last, Segment::Where { .. }));
        put_back.kind != PutBackKind::Dressed
            && (touch(&put_back.path, path) || array.is_some_and(|(array, _)| *path == array))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_protected_value_is_dropped((base, theirs) in writes()) {
        let (base, theirs) = (single(&base), single(&theirs));
        let healing = healed(&base, &theirs);
        let at = |configuration: &Configuration, path: &str| {
            configuration.effective().at(&path.parse().expect("a path")).cloned()
        };
        let token = at(&base, "gateway.auth.token");
        if token.as_ref().and_then(Value::as_str).is_some_and(|token| token != "undefined") {
            prop_assert_eq!(at(&healing.configuration, "gateway.auth.token"), token);
        }
        for path in ["gateway.mode", "gateway.auth.mode", "gateway.auth.allowTailscale"] {
            prop_assert!(
                at(&base, path).is_none() || at(&healing.configuration, path).is_some(),
                "{} is gone", path
            );
        }
        for (key, section) in base.effective().as_object().expect("an object") {
            let now = healing.configuration.effective().member(key);
            let moved = healing.findings.iter().all(|finding| {
                finding.action != crate::finding::Action::Deny
                    || finding.path.as_ref() != Some(&KeyPath::root().key(key.clone()))
            });
            prop_assert!(now.is_some() || *section == Value::Null || moved, "{:?} is gone", key);
        }
        // What is left is a mark of redaction in a place of its own.
        for finding in &healing.uncured {
            prop_assert_eq!(finding.rule, "placeholder-value");
        }
    }

    #[test]
    fn no_path_is_touched_that_no_rule_covers((base, theirs) in writes()) {
        let (base, theirs) = (single(&base), single(&theirs));
        let healing = healed(&base, &theirs);
        for difference in diff(theirs.effective(), healing.configuration.effective()) {
            prop_assert!(
                is_put_back(&healing, &difference.path)
                    || is_put_back(&healing, &by_index(theirs.effective(), &difference.path)),
                "{} changed, put back was {:?}", difference.path, healing.put_back
            );
        }
        for put_back in healing.put_back.iter().filter(|put_back| put_back.kind != PutBackKind::Removed) {
            let value = |root: &Value| root.at(&put_back.path).cloned();
            prop_assert!(
                put_back.kind == PutBackKind::Dressed
                    || value(base.effective()) == value(healing.configuration.effective()),
                "{} is not what it was", put_back.path
            );
        }
        if healing.findings.iter().all(|finding| finding.action != crate::finding::Action::Deny) {
            prop_assert_eq!(
                healing.configuration.root().document.source(), theirs.root().document.source()
            );
        }
    }

    #[test]
    fn healing_what_was_healed_changes_nothing((base, theirs) in writes()) {
        let (base, theirs) = (single(&base), single(&theirs));
        let once = healed(&base, &theirs);
        let twice = healed(&base, &once.configuration);
        prop_assert_eq!(&twice.put_back, &vec![]);
        prop_assert_eq!(
            twice.configuration.root().document.source(),
            once.configuration.root().document.source()
        );
    }

    #[test]
    fn order_and_comments_of_the_author_survive((base, theirs) in writes()) {
        let (base, theirs) = (single(&base), single(&theirs));
        let healing = healed(&base, &theirs);
        let dressed = healing.put_back.iter().any(|put_back| put_back.kind == PutBackKind::Dressed);
        prop_assume!(!dressed);
        let (before, after) =
            (&theirs.root().document, &healing.configuration.root().document);
        // What is put back in the place of a value takes the comments inside of that with it.
        let replaced = healing.put_back.iter().any(|put_back| put_back.kind != PutBackKind::Restored);
        if !replaced {
            prop_assert_eq!(crate::doc::missing_comments(before, after), Vec::<&str>::new());
        }
        let keys = |document: &Document| {
            document.root().members().into_iter().map(|(key, _)| key).collect::<Vec<_>>()
        };
        let own = keys(before);
        let kept: Vec<_> = keys(after).into_iter().filter(|key| own.contains(key)).collect();
        prop_assert_eq!(kept, own);
    }

    #[test]
    fn a_dressed_text_means_what_the_author_wrote((base, theirs) in writes()) {
        let parsed = |text: &str| Document::parse(text, Format::Json5).expect("it parses");
        let (base, theirs) = (parsed(&base), parsed(&theirs));
        if let Redress::Dressed { document, lost } = redress(&base, &theirs) {
            prop_assert!(document.root().means_same(theirs.root()));
            let missing = crate::doc::missing_comments(&base, &document);
            prop_assert_eq!(missing.len(), lost.len());
        }
    }

    #[test]
    fn only_lines_of_changed_values_differ(
        base in file(), choices in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let base = Document::parse(base, Format::Json5).expect("it parses");
        let mut scalars: Vec<KeyPath> = Vec::new();
        let mut rest = vec![base.root()];
        while let Some(node) = rest.pop() {
            match node.kind() {
                crate::doc::Kind::Object | crate::doc::Kind::Array => rest.extend(node.children()),
                _ if node.key().is_some_and(|key| key != "id") => scalars.push(node.path()),
                _ => {}
            }
        }
        prop_assume!(!scalars.is_empty());
        let mut lines = Vec::new();
        let changes: Vec<crate::doc::Change> = choices
            .iter()
            .enumerate()
            .map(|(number, choice)| {
                let path = scalars[choice.index(scalars.len())].clone();
                let node = base.get(&path).expect("a path").expect("it is there");
                lines.push(crate::text::Position::of(base.source(), node.span().range().start).line);
                let value = Value::from_text(format!("changed {number}")).into();
                crate::doc::Change::Set { path, value }
            })
            .collect();
        let value = crate::doc::changed(&base.root().to_value(), &changes).expect("good paths");
        let theirs = Document::parse(stringify(&value), Format::Json5).expect("it parses");
        let Redress::Dressed { document, .. } = redress(&base, &theirs) else {
            return Err(TestCaseError::fail("it should be dressed"));
        };
        let (old, new): (Vec<&str>, Vec<&str>) =
            (base.source().lines().collect(), document.source().lines().collect());
        prop_assert_eq!(old.len(), new.len());
        for (index, (old, new)) in old.iter().zip(&new).enumerate() {
            prop_assert!(old == new || lines.contains(&(index + 1)), "line {} differs", index + 1);
        }
    }
}
