//! Reading and editing in memory, against `serde_json` in the same run.
//!
//! `cargo bench --bench engine`. The figures to hold: parse within 1.5 times `serde_json` on the plain
//! equivalent; insert one key and verify in under 2 ms at 100 KB and 200 ms at 10 MB; class a thousand
//! changes in under 1 ms.

use std::fmt::Write as _;
use std::hint::black_box;

use confwarden::doc::{Change, Difference, Document, Format, Value, diff};
use confwarden::profile::Profile;
use divan::counter::BytesCount;

fn main() {
    divan::main();
}

/// Sizes of the plain text, in bytes.
const SIZES: [usize; 3] = [1 << 10, 100 << 10, 10 << 20];

/// A configuration of about `size` bytes as people write it: comments, bare keys, trailing commas.
fn commented(size: usize) -> String {
    let mut text = String::from(
        "// gateway\n{\n  gateway: { port: 18789, mode: \"local\" },\n  agents: {\n    list: [\n",
    );
    let mut number = 0;
    while text.len() + 40 < size {
        number += 1;
        write!(
            text,
            "      // agent {number}\n      {{\n        id: \"agent-{number}\", // name\n        \
             model: \"vendor/model-{number}\",\n        limits: {{ tokens: {}, ratio: 0.{number} }},\n        \
             tools: [\"read\", \"write\", 'exec'],\n        enabled: true,\n      }},\n",
            number * 1000
        )
        .expect("a string takes all");
    }
    text.push_str("    ],\n  },\n}\n");
    text
}

/// The same values as strict JSON, in the same layout.
fn plain(size: usize) -> String {
    let document = Document::parse(commented(size), Format::Json5).expect("a good document");
    serde_json::to_string_pretty(&json(&document.root().to_value())).expect("plain values")
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

#[divan::bench(args = SIZES)]
fn parse_plain_serde_json(bencher: divan::Bencher<'_, '_>, size: usize) {
    let text = plain(size);
    bencher
        .counter(BytesCount::new(text.len()))
        .bench(|| serde_json::from_str::<serde_json::Value>(black_box(&text)).expect("good JSON"));
}

#[divan::bench(args = SIZES)]
fn parse_plain(bencher: divan::Bencher<'_, '_>, size: usize) {
    let text = plain(size);
    bencher
        .counter(BytesCount::new(text.len()))
        .with_inputs(|| text.clone())
        .bench_values(|text| Document::parse(text, Format::Json5).expect("a good document"));
}

#[divan::bench(args = SIZES)]
fn parse_commented(bencher: divan::Bencher<'_, '_>, size: usize) {
    let text = commented(size);
    bencher
        .counter(BytesCount::new(text.len()))
        .with_inputs(|| text.clone())
        .bench_values(|text| Document::parse(text, Format::Json5).expect("a good document"));
}

#[divan::bench(args = SIZES)]
fn insert_one_key_and_verify(bencher: divan::Bencher<'_, '_>, size: usize) {
    let document = Document::parse(commented(size), Format::Json5).expect("a good document");
    let changes = [Change::Set {
        path: "gateway.bind".parse().expect("a path"),
        value: Value::string("lan").into(),
    }];
    bencher.bench(|| black_box(&document).edit(&changes).expect("a good edit"));
}

/// Two configurations that differ in a thousand places, in parts with many rules and with few.
fn changed_everywhere() -> (Value, Value) {
    let of = |value: u32| {
        let mut text = String::from("{\n");
        for part in [
            "gateway: { controlUi",
            "gateway_: { tools",
            "agents: { entries",
            "agents_: { defaults",
            "channels: { telegram",
            "models: { providers",
            "browser: { profiles",
            "unknown: { x",
        ] {
            writeln!(text, "  {part}: {{").expect("a string takes all");
            for number in 0..125 {
                writeln!(text, "    name{number}: {{ value: {value} }},")
                    .expect("a string takes all");
            }
            text.push_str("  } },\n");
        }
        text.push_str("}\n");
        Document::parse(text, Format::Json5).expect("a good document").root().to_value()
    };
    (of(1), of(2))
}

#[divan::bench(args = ["2026.3.8", "2026.9.6", "unknown"])]
fn class_a_thousand_changes(bencher: divan::Bencher<'_, '_>, version: &str) {
    let profile = Profile::builtin("openclaw").expect("a built-in");
    let (before, after) = changed_everywhere();
    let differences: Vec<Difference> = diff(&before, &after);
    assert_eq!(differences.len(), 1000);
    bencher.bench(|| {
        let classifier = profile.classifier(Some(version), &before, &after);
        let costs = differences.iter().map(|difference| {
            let Difference { path, before, after } = difference;
            classifier.cost(path, before.as_ref(), after.as_ref()).class
        });
        costs.max()
    });
}

#[divan::bench]
fn read_the_builtin_profile() -> Profile {
    Profile::builtin(black_box("openclaw")).expect("a built-in")
}

#[divan::bench]
fn read_the_builtin_profile_as_toml() -> Profile {
    let text = Profile::builtin_text(black_box("openclaw")).expect("a built-in");
    Profile::parse(text).expect("a good profile")
}
