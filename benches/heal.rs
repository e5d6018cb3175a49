//! Healing and re-dressing in memory, after what OpenClaw's own writer does to a file: all of it as plain
//! JSON of two spaces, without comments; the token is gone, and 20 values are other ones.
//!
//! `cargo bench --bench heal`. The figures to hold: heal and re-dress in under 5 ms at 100 KB and 500 ms
//! at 10 MB.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;

use confwarden::compose::{Configuration, IncludeFaultKind, Part, Rules};
use confwarden::doc::{Change, Document, Format, KeyPath, Value, changed};
use confwarden::heal::{Context, Redress, heal, redress_root};
use confwarden::policy::{Scope, Transition, judge};
use confwarden::profile::Profile;

fn main() {
    divan::main();
}

/// Sizes of the base, in bytes.
const SIZES: [usize; 3] = [5 << 10, 100 << 10, 10 << 20];

/// A configuration of about `size` bytes as people write it.
fn commented(size: usize) -> String {
    let mut text = String::from(
        "// gateway\n{\n  gateway: {\n    port: 18789,\n    mode: \"local\",\n    auth: {\n      // rotated \
         on Mondays\n      token: \"4f1c9ab27d\",\n      mode: \"token\",\n    },\n  },\n  agents: {\n    \
         list: [\n",
    );
    let mut number = 0;
    while text.len() + 40 < size {
        number += 1;
        write!(
            text,
            "      // agent {number}\n      {{\n        id: \"agent-{number}\", // name\n        \
             model: \"vendor/model-{number}\",\n        limits: {{ turns: {}, ratio: 0.{number} }},\n        \
             tools: [\"read\", \"write\", 'exec'],\n        enabled: true,\n      }},\n",
            number * 1000
        )
        .expect("a string takes all");
    }
    text.push_str("    ],\n  },\n}\n");
    text
}

fn document(text: String) -> Document {
    Document::parse(text, Format::Json5).expect("a good document")
}

/// What the writer makes of `base`.
fn damaged(base: &Document) -> String {
    let value = base.root().to_value();
    let path = |text: String| -> KeyPath { text.parse().expect("a path") };
    let agents = value.at(&path("agents.list".to_owned())).and_then(Value::as_array);
    let agents = agents.map_or(0, <[Value]>::len);
    let mut changes = vec![Change::Remove { path: path("gateway.auth.token".to_owned()) }];
    for number in 0..20 {
        changes.push(Change::Set {
            path: path(format!("agents.list[{}].model", number * agents / 20)),
            value: Value::string("vendor/other").into(),
        });
    }
    let value = changed(&value, &changes).expect("good changes");
    serde_json::to_string_pretty(&json(&value)).expect("plain values")
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Bool(value) => (*value).into(),
        Value::Integer(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::String(text) => text.as_str().expect("plain text").into(),
        Value::Array(elements) => elements.iter().map(json).collect(),
        Value::Object(members) => serde_json::Value::Object(
            members
                .iter()
                .map(|(key, value)| (key.as_str().expect("plain text").to_owned(), json(value)))
                .collect(),
        ),
        _ => serde_json::Value::Null,
    }
}

fn configuration(document: Document) -> Configuration {
    let file = Path::new("/etc/gw/openclaw.json").to_owned();
    Configuration::single(Part { file, document, mode: None, directory_mode: None })
}

fn before_and_after(size: usize) -> (Configuration, Configuration) {
    let base = document(commented(size));
    let theirs = document(damaged(&base));
    (configuration(base), configuration(theirs))
}

#[divan::bench(args = SIZES)]
fn heal_and_redress(bencher: divan::Bencher<'_, '_>, size: usize) {
    let (base, theirs) = before_and_after(size);
    let profile = Profile::builtin("openclaw").expect("it is built in");
    let rules = Rules { key: Some("$include".into()), depth: 10, roots: vec!["/etc/gw".into()] };
    let context = Context { profile: &profile, allow: &[], rules: &rules };
    let expected = base.root().document.source().len();
    bencher.bench_local(|| {
        let mut load = |file: &Path| Err(IncludeFaultKind::Missing(file.to_owned()));
        let healing = heal(black_box(&base), black_box(&theirs), &context, &mut load);
        assert_eq!((healing.put_back.len(), healing.uncured.len()), (1, 0));
        let dressed = redress_root(&base, &theirs, &healing.configuration);
        let Redress::Dressed { document, .. } = dressed else { panic!("it should be dressed") };
        assert!(document.source().len().abs_diff(expected) < 500);
        (healing, document)
    });
}

#[divan::bench(args = SIZES)]
fn heal_alone(bencher: divan::Bencher<'_, '_>, size: usize) {
    let (base, theirs) = before_and_after(size);
    let profile = Profile::builtin("openclaw").expect("it is built in");
    let rules = Rules { key: Some("$include".into()), depth: 10, roots: vec!["/etc/gw".into()] };
    let context = Context { profile: &profile, allow: &[], rules: &rules };
    bencher.bench_local(|| {
        let mut load = |file: &Path| Err(IncludeFaultKind::Missing(file.to_owned()));
        heal(black_box(&base), black_box(&theirs), &context, &mut load)
    });
}

#[divan::bench(args = SIZES)]
fn judge_once(bencher: divan::Bencher<'_, '_>, size: usize) {
    let (base, theirs) = before_and_after(size);
    let profile = Profile::builtin("openclaw").expect("it is built in");
    bencher.bench_local(|| {
        let transition = Transition {
            base: Some(black_box(&base)),
            candidate: &theirs,
            scope: Scope::WholeFile,
        };
        judge(&transition, &profile)
    });
}

#[divan::bench(args = SIZES)]
fn parse_and_compose(bencher: divan::Bencher<'_, '_>, size: usize) {
    let base = document(commented(size));
    let text = damaged(&base);
    bencher.with_inputs(|| text.clone()).bench_local_values(|text| configuration(document(text)));
}
