//! What a schema says, word by word, and beside another reader of schemas.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{About, Schema, fault::FaultKind};
use crate::doc::{Document, Format, Value};

/// For a gateway of which nothing is known.
const ANY: fn(Option<&str>, Option<&str>) -> bool = |_, _| true;

fn read(text: &str) -> Value {
    let document = Document::parse_bytes(text.as_bytes().to_vec(), Format::Json5);
    document.expect("it parses").root().to_value()
}

/// The faults as `path: message (expected)`.
#[track_caller]
fn check(schema: &Json, document: &str, expected: &[&str]) {
    let checked = Schema::of(schema.clone()).expect("a schema").check(&read(document), &ANY);
    let told: Vec<String> = checked
        .faults
        .iter()
        .map(|fault| format!("{}: {:?} {}", fault.path, fault.kind, fault.expected))
        .collect();
    let told: Vec<&str> = told.iter().map(|text| text.trim_end()).collect();
    assert_eq!(told, expected, "{document}");
    assert_eq!(checked.unusable, [], "{document}");
}

fn gateway() -> Json {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "port": { "type": "integer", "minimum": 1, "maximum": 65535 },
            "mode": { "type": "string", "enum": ["local", "remote"] },
            "bind": { "anyOf": [{ "const": "lan" }, { "const": "loopback" }] },
            "token": { "anyOf": [
                { "type": "string", "minLength": 1 },
                { "oneOf": [
                    { "type": "object", "additionalProperties": false, "required": ["source", "id"],
                      "properties": { "source": { "const": "env" }, "id": { "pattern": "^[A-Z]+$" } } },
                    { "type": "object", "additionalProperties": false, "required": ["source", "id"],
                      "properties": { "source": { "const": "file" }, "id": { "pattern": "^/" } } }
                ] }
            ] },
            "allow": { "type": "array", "items": { "type": ["string", "number"] } },
            "accounts": { "type": "object", "propertyNames": { "pattern": "^[a-z]+$" },
                          "additionalProperties": { "type": "object" } }
        },
        "required": ["mode"]
    })
}

#[test]
fn a_good_document_has_no_faults() {
    check(
        &gateway(),
        "{ port: 18789, mode: 'local', bind: 'lan', token: { source: 'env', id: 'T' }, \
          allow: ['a', 1.5], accounts: { one: {} } }",
        &[],
    );
    check(&gateway(), "{ mode: 'remote', token: 'x', port: 1e3 }", &[]);
}

#[test]
fn every_fault_is_told_at_its_own_place() {
    check(
        &gateway(),
        "{ prot: 1, port: '18789', bind: 'wan', allow: [true, 'a', null], accounts: { One: 1 } }",
        &[
            "mode: Missing a string",
            "prot: UnknownKey `port`, most likely",
            "port: Kind a whole number",
            "bind: NoShape `lan`, or `loopback`",
            "allow[0]: Kind a string or a number",
            "allow[2]: Kind a string or a number",
            "accounts.One: Form a text that fits `^[a-z]+$`",
            "accounts.One: Kind an object",
        ],
    );
    check(&gateway(), "{ mode: 'loc' }", &["mode: NotListed one of `local`, `remote`"]);
    check(&gateway(), "{ mode: 'local', port: 70000 }", &["port: Form at most 65535"]);
    check(&gateway(), "{ mode: 'local', port: 1.5 }", &["port: Kind a whole number"]);
    check(&gateway(), "[]", &[".: Kind an object"]);
    check(&gateway(), "{ mode: 'local', xyzzy: 1 }", &["xyzzy: UnknownKey"]);
}

#[test]
fn of_several_shapes_the_one_that_was_meant_is_told() {
    let token = |token: &str| format!("{{ mode: 'local', token: {token} }}");
    check(&gateway(), &token("''"), &["token: Form at least 1 characters"]);
    check(
        &gateway(),
        &token("{ source: 'env', id: 'lower' }"),
        &["token.id: Form a text that fits `^[A-Z]+$`"],
    );
    check(&gateway(), &token("{ source: 'file' }"), &["token.id: Missing a value"]);
    check(&gateway(), &token("7"), &["token: NoShape a string, or an object"]);
}

/// A schema of OpenClaw 2026.9 asks for `channels.telegram.groupPolicy`, which has a default.
#[test]
fn what_has_a_default_need_not_be_there() {
    let schema = json!({ "type": "object", "required": ["policy", "id"], "properties": {
        "policy": { "default": "allowlist", "type": "string" }, "id": { "type": "string" } } });
    check(&schema, "{}", &["id: Missing a string"]);
    check(&schema, "{ id: 'a' }", &[]);
    check(&schema, "{ id: 'a', policy: 1 }", &["policy: Kind a string"]);
}

#[test]
fn the_key_itself_is_at_fault_where_it_is() {
    let schema = Schema::of(gateway()).unwrap();
    let checked = schema.check(&read("{ mode: 'local', prot: 1, accounts: { One: {} } }"), &ANY);
    assert!(checked.faults.iter().all(|fault| fault.about == About::Key));
    assert_eq!(checked.faults.len(), 2);
}

/// What cannot be used is told once, and decides nothing, also inside of what would turn it around.
#[test]
fn an_unusable_part_passes_and_fails_nothing() {
    for schema in [
        json!({ "type": "object", "properties": { "a": { "$ref": "#/$defs/gone" } } }),
        json!({ "properties": { "a": { "not": { "$ref": "#/$defs/gone" } } } }),
        json!({ "properties": { "a": { "anyOf": [{ "const": 1 }, { "$ref": "#/$defs/gone" }] } } }),
        json!({ "properties": { "a": { "oneOf": [{ "const": 2 }, { "$ref": "#/$defs/gone" }] } } }),
        json!({ "properties": { "a": { "pattern": "(" } } }),
        json!({ "properties": { "a": { "not": { "pattern": "(" } } } }),
        json!({ "properties": { "a": { "if": { "pattern": "(" }, "then": false, "else": false } } }),
        json!({ "type": "object", "patternProperties": { "(": true }, "additionalProperties": false }),
        json!({ "properties": { "a": { "$ref": "#/properties/a" } } }),
        json!({ "properties": { "a": { "type": "gateway" } } }),
        json!({ "properties": { "a": 7 } }),
    ] {
        let checked = Schema::of(schema.clone()).unwrap().check(&read("{ a: '2' }"), &ANY);
        assert_eq!(checked.faults, [], "{schema}");
        assert_eq!(checked.unusable.len(), 1, "{schema}");
        // What does not come to it is checked as ever.
        let checked = Schema::of(schema.clone()).unwrap().check(&read("{}"), &ANY);
        assert!(checked.unusable.is_empty(), "{schema}");
    }
    let both = json!({ "properties": { "a": { "pattern": "(", "maxLength": 1 } } });
    let checked = Schema::of(both).unwrap().check(&read("{ a: 'long' }"), &ANY);
    assert_eq!(checked.faults.len(), 1, "another word still fails it");
    assert_eq!(checked.faults[0].kind, FaultKind::Form);
}

#[test]
fn a_key_of_another_version_is_an_unknown_one() {
    let schema = json!({ "type": "object", "additionalProperties": { "x-until": "2026.4" }, "properties": {
        "old": { "x-until": "2026.4" }, "new": { "x-from": "2026.9" }, "both": { "anyOf": [
            { "const": "a" }, { "const": "b", "x-from": "2026.9" }] } } });
    let faults = |version: &'static str, document: &str| {
        let holds = move |from: Option<&str>, until: Option<&str>| {
            from.is_none_or(|from| version >= from) && until.is_none_or(|until| version < until)
        };
        let schema = Schema::of(schema.clone()).unwrap();
        let paths =
            schema.check(&read(document), &holds).faults.into_iter().map(|fault| fault.path);
        paths.map(|path| path.to_string()).collect::<Vec<_>>()
    };
    let document = "{ old: 1, new: 1, both: 'b', other: 1 }";
    assert_eq!(faults("2026.3", document), ["both"]);
    assert_eq!(faults("2026.9", document), ["old", "other"]);
    assert_eq!(faults("2026.3", "{ old: 1, both: 'a' }"), [] as [&str; 0]);
}

#[test]
fn a_text_that_is_no_schema_is_told() {
    for text in ["", "7", "[]", "{}", "{\"hello\": 1}", "{\"type\":"] {
        assert!(Schema::parse(text).is_err(), "{text}");
    }
    for text in ["true", "{\"type\": \"object\"}", "{\"$ref\": \"#/definitions/a\"}"] {
        assert!(Schema::parse(text).is_ok(), "{text}");
    }
}

fn documents() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (-3_i64..70_000).prop_map(Json::from),
        (-2.0_f64..2.0).prop_map(Json::from),
        "[a-zA-Z/]{0,4}".prop_map(Json::from),
        prop::sample::select(vec!["local", "remote", "lan", "env", "file", "https://x"])
            .prop_map(Json::from),
    ];
    let keys = prop::sample::select(vec![
        "port", "mode", "bind", "token", "allow", "accounts", "source", "id", "one", "Two",
    ]);
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map(keys.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| Json::from(map.into_iter().collect::<serde_json::Map<_, _>>())),
        ]
    })
}

/// More words than a gateway's.
fn schemas() -> Vec<Json> {
    vec![
        gateway(),
        json!({ "type": "object", "minProperties": 1, "maxProperties": 3, "properties": {
            "port": { "not": { "type": "string" }, "exclusiveMinimum": 0, "exclusiveMaximum": 100 },
            "allow": { "type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": true,
                       "items": [{ "type": "string" }], "additionalItems": { "type": "integer" } },
            "token": { "if": { "type": "string" }, "then": { "minLength": 2, "maxLength": 3 },
                       "else": { "multipleOf": 3 } },
            "accounts": { "allOf": [{ "type": "object" }, { "required": ["one"] }] } },
            "patternProperties": { "^[A-Z]": { "type": "boolean" } },
            "additionalProperties": { "enum": [null, 1, "lan", { "one": 1 }] } }),
    ]
}

proptest! {
    /// Another reader, which knows all of the words, gives the same verdict.
    #[test]
    fn the_verdict_is_that_of_another_reader(document in documents()) {
        for schema in schemas() {
            let other = jsonschema::draft7::new(&schema).expect("it reads it");
            let checked = Schema::of(schema.clone()).expect("a schema").check(&read(&document.to_string()), &ANY);
            prop_assert_eq!(checked.faults.is_empty(), other.is_valid(&document), "{} {}", schema, document);
        }
    }

    /// No fault says what stands in the document.
    #[test]
    fn no_value_is_quoted(secret in "[g-z]{12}") {
        let texts = [
            format!("{{ mode: '{secret}', port: '{secret}', token: {{ source: '{secret}' }} }}"),
            format!("{{ allow: {{ a: '{secret}' }}, accounts: ['{secret}'], bind: '{secret}' }}"),
        ];
        for text in texts {
            for schema in schemas() {
                let checked = Schema::of(schema).expect("a schema").check(&read(&text), &ANY);
                let told = format!("{checked:?}");
                prop_assert!(!told.contains(&secret), "{}", told);
            }
        }
    }
}
