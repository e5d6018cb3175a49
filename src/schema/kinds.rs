//! Kinds of values, as a schema names them.

use serde_json::Value as Json;

use crate::doc::Value;

/// Whether `value` is of the kind that a schema calls `name`; nothing where it names none.
pub(super) fn is_of(value: &Value, name: &str) -> Option<bool> {
    Some(match name {
        "null" => matches!(value, Value::Null),
        "boolean" => matches!(value, Value::Bool(_)),
        "integer" => match value {
            Value::Integer(_) => true,
            // The same number, however it is spelled.
            Value::Float(number) => number.is_finite() && number.fract() == 0.0,
            _ => false,
        },
        "number" => match value {
            Value::Integer(_) => true,
            // JSON has neither, and a gateway's own check refuses them.
            Value::Float(number) => number.is_finite(),
            _ => false,
        },
        // A date of TOML arrives as a text.
        "string" => matches!(value, Value::String(_) | Value::Datetime(_)),
        "array" => matches!(value, Value::Array(_)),
        "object" => matches!(value, Value::Object(_)),
        _ => return None,
    })
}

/// The kinds that `type` allows: one name, or several.
pub(super) fn allowed(word: &Json) -> Option<Vec<&str>> {
    match word {
        Json::String(name) => Some(vec![name]),
        Json::Array(names) => names.iter().map(Json::as_str).collect(),
        _ => None,
    }
}

/// The kinds in a sentence: `a string or null`.
pub(super) fn in_words(names: &[&str]) -> String {
    let said = names.iter().map(|name| match *name {
        "null" => "null",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "a string",
        "array" => "an array",
        "object" => "an object",
        other => other,
    });
    let mut seen: Vec<&str> = Vec::new();
    for name in said {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen.join(" or ")
}

/// Whether the document's value is the schema's.
pub(super) fn equals(value: &Value, json: &Json) -> bool {
    match (value, json) {
        (Value::Null, Json::Null) => true,
        (Value::Bool(one), Json::Bool(other)) => one == other,
        (Value::Integer(one), Json::Number(other)) => {
            other.as_i64() == Some(*one) || other.as_f64().is_some_and(|other| is_same(*one, other))
        }
        (Value::Float(one), Json::Number(other)) => other.as_f64() == Some(*one),
        (Value::String(one), Json::String(other)) => *one == **other,
        (Value::Datetime(one), Json::String(other)) => one == other,
        (Value::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equals(one, other))
        }
        (Value::Object(one), Json::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| {
                    let found = key.as_str().and_then(|key| other.get(key));
                    found.is_some_and(|other| equals(value, other))
                })
        }
        _ => false,
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of JSON are f64")]
#[expect(clippy::float_cmp, reason = "a listed number is that number")]
fn is_same(one: i64, other: f64) -> bool {
    one as f64 == other
}

/// A number of the document as JSON has it.
#[expect(clippy::cast_precision_loss, reason = "numbers of JSON are f64")]
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}
