//! What a live gateway says that changes cost, beside the profile's table: every rule of it.

use std::collections::BTreeMap;

use confwarden::profile::Profile;
use serde_json::{Map, Value, json};

use super::installed::OpenClaw;
use super::running::{quiet, text};
use crate::support::tell;

/// What rules are about and its schema does not have, most of it from older releases.
const NOT_IN_SCHEMA: &[&str] = &[
    "agent",
    "agent.heartbeat",
    "audio",
    "identity",
    "meta.lastTouchedAt",
    "plugins.installs",
    "plugins.installs.main.installedAt",
    "plugins.installs.main.resolvedAt",
    "routing",
    "tui",
];

/// Every prefix of the table that holds for 2026.9, whatever group it stands in.
fn prefixes() -> Vec<String> {
    let text = Profile::builtin_text("openclaw").unwrap();
    let profile: Value = toml_edit::de::from_str(text).unwrap();
    let tables = profile["reload"]["table"].as_array().unwrap();
    let table = tables.iter().find(|table| table["from"] == "2026.9").unwrap();
    let mut prefixes = Vec::new();
    for class in ["none", "hot", "restart", "auth"] {
        for prefix in table[class].as_array().into_iter().flatten() {
            prefixes.push(prefix.as_str().unwrap().to_owned());
        }
    }
    for (_, paths) in table["actions"].as_object().into_iter().flatten() {
        for prefix in paths.as_array().into_iter().flatten() {
            prefixes.push(prefix.as_str().unwrap().to_owned());
        }
    }
    for group in table["loaded"].as_array().into_iter().flatten() {
        // Those of one channel hold only where it is loaded, and none is here.
        let paths = ["none", "hot", "restart"].iter().filter_map(|class| group[class].as_array());
        let paths = paths.flatten().map(|path| path.as_str().unwrap().to_owned());
        prefixes.extend(paths.filter(|path| !path.contains("<id>")));
    }
    prefixes.sort();
    prefixes.dedup();
    prefixes
}

/// The prefixes in groups of which none is the beginning of another: each group is one difference.
fn groups(prefixes: &[String]) -> Vec<Vec<&String>> {
    let mut groups: Vec<Vec<&String>> = Vec::new();
    for prefix in prefixes {
        let free = groups.iter_mut().find(|group| {
            group.iter().all(|other| !begins(other, prefix) && !begins(prefix, other))
        });
        match free {
            Some(group) => group.push(prefix),
            None => groups.push(vec![prefix]),
        }
    }
    groups
}

/// Whether `other` lies below `one`.
fn begins(one: &str, other: &str) -> bool {
    other.strip_prefix(one).is_some_and(|rest| rest.starts_with('.'))
}

/// A configuration with `value` at each of `paths`.
fn with(paths: &[&String], value: u8) -> Value {
    let mut root = json!({ "meta": { "lastTouchedVersion": "2026.9.6" } });
    for path in paths {
        let mut at = &mut root;
        for step in path.split('.') {
            // Any name will do for a member of a map.
            let step = if step == "*" { "main" } else { step };
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            at = &mut at[step];
        }
        // What tells the release must stay.
        *(if *path == "meta" { &mut at["lastTouchedAt"] } else { at }) = value.into();
    }
    root
}

#[test]
fn every_rule_of_the_table_is_what_the_gateway_says() {
    OpenClaw::each(|openclaw| {
        if !openclaw.locks() {
            return;
        }
        let gateway = openclaw.start(text);
        let prefixes = prefixes();
        assert!(prefixes.len() > 115, "{}", prefixes.len());
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut faults = Vec::new();
        for group in groups(&prefixes) {
            let files = [1, 2].map(|value| {
                let file = gateway.sandbox().root().join(format!("{value}.json"));
                std::fs::write(&file, with(&group, value).to_string()).unwrap();
                file.to_str().unwrap().to_owned()
            });
            let diff = ["--output", "json", "diff", "--ask-gateway", &files[0], &files[1]];
            let report = quiet(gateway.sandbox().invoke(diff)).run().report();
            let asked = report["asked"].as_array().unwrap();
            assert!(asked.len() >= group.len(), "{report}");
            for entry in asked {
                let path = entry["path"].as_str().unwrap();
                let agreement = entry["agreement"].as_str().unwrap();
                *counts.entry(agreement.to_owned()).or_default() += 1;
                if agreement != "same" {
                    tell(&format!("{path}: {entry}"));
                }
                // A whole section costs what the dearest of it does, and what is hot only while a channel
                // is loaded may be taken for that without one.
                let is_section = prefixes.iter().any(|other| begins(path, other));
                let is_channels =
                    (&entry["table"], &entry["gateway"]) == (&"hot".into(), &"none".into());
                let is_absent = agreement == "untold" && !NOT_IN_SCHEMA.contains(&path);
                if is_absent
                    || agreement == "cheaper"
                    || agreement == "dearer" && !is_section && !is_channels
                {
                    faults.push(entry.clone());
                }
            }
        }
        tell(&format!("{}: of {} rules {counts:?}", openclaw.version(), prefixes.len()));
        assert!(faults.is_empty(), "the table says something else: {faults:#?}");
    });
}
