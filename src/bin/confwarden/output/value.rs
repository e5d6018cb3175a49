//! Values as JSON, for people and for programs.
//!
//! JSON has no `NaN`, infinity, date or lone surrogate: the first three become strings, the last
//! one U+FFFD.

use confwarden::doc::Value;
use serde_json::{Map, Number, Value as Json};

/// Longest text of a value in a line about a change, in characters.
const SHORT: usize = 60;

/// `value` as JSON.
pub(super) fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(bool) => Json::Bool(*bool),
        Value::Integer(integer) => Json::from(*integer),
        Value::Float(float) => Number::from_f64(*float).map_or_else(
            || {
                Json::from(if float.is_nan() {
                    "NaN"
                } else if *float > 0.0 {
                    "Infinity"
                } else {
                    "-Infinity"
                })
            },
            Json::Number,
        ),
        Value::String(text) => Json::from(text.to_str_lossy().into_owned()),
        Value::Datetime(text) => Json::from(text.as_str()),
        Value::Array(elements) => elements.iter().map(to_json).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.to_str_lossy().into_owned(), to_json(value)))
            .collect::<Map<_, _>>()
            .into(),
    }
}

/// `json` as `get` prints it: strings bare, containers over several lines.
pub(super) fn printed(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        _ => format!("{json:#}"),
    }
}

/// `json` within a line about a change.
pub(super) fn short(json: &Json) -> String {
    let text = match json {
        Json::Object(members) if !members.is_empty() => {
            return counted('{', members.len(), "key", '}');
        }
        Json::Array(elements) if !elements.is_empty() && !is_short(elements) => {
            return counted('[', elements.len(), "element", ']');
        }
        _ => escaped(&json.to_string()),
    };
    if text.chars().count() <= SHORT {
        return text;
    }
    text.chars().take(SHORT - 1).chain(['…']).collect()
}

fn is_short(elements: &[Json]) -> bool {
    elements.len() <= 8
        && elements.iter().all(|element| !element.is_object() && !element.is_array())
}

fn counted(open: char, count: usize, noun: &str, close: char) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{open} {count} {noun}{plural} {close}")
}

/// JSON escapes control characters up to U+001F only.
fn escaped(json: &str) -> String {
    json.chars()
        .map(|c| if c.is_control() { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_without_a_json_form_are_strings() {
        assert_eq!(to_json(&Value::Float(f64::NAN)), json!("NaN"));
        assert_eq!(to_json(&Value::Float(f64::NEG_INFINITY)), json!("-Infinity"));
        assert_eq!(to_json(&Value::Float(0.5)), json!(0.5));
        assert_eq!(to_json(&Value::Integer(i64::MAX)), json!(i64::MAX));
    }

    #[track_caller]
    fn check_short(json: &Json, expected: &str) {
        assert_eq!(short(json), expected);
    }

    #[test]
    fn values_in_a_line_are_short() {
        check_short(&json!(18789), "18789");
        check_short(&json!("a\u{9b}\u{1b}"), "\"a\\u009b\\u001b\"");
        check_short(&json!({"a": 1}), "{ 1 key }");
        check_short(&json!(["a", 2]), "[\"a\",2]");
        check_short(&json!([{}, {}]), "[ 2 elements ]");
        check_short(&json!({}), "{}");
        assert_eq!(short(&json!("x".repeat(100))).chars().count(), SHORT);
    }

    #[test]
    fn strings_are_printed_bare_and_containers_over_lines() {
        assert_eq!(printed(&json!("a \"b\"")), "a \"b\"");
        assert_eq!(printed(&json!({"a": [1]})), "{\n  \"a\": [\n    1\n  ]\n}");
        assert_eq!(printed(&json!(null)), "null");
    }
}
