//! Parts of a schema that hold for some versions of the gateway only.

use serde_json::Value as Json;

const FROM: &str = "x-from";
const UNTIL: &str = "x-until";

/// Takes out what does not hold: members of `properties`, and shapes of `anyOf` and `oneOf`. What is
/// additional is forbidden where the schema for it does not hold.
pub(super) fn retain(schema: &mut Json, holds: &dyn Fn(Option<&str>, Option<&str>) -> bool) {
    match schema {
        Json::Object(words) => {
            for (word, said) in words.iter_mut() {
                match (word.as_str(), said) {
                    ("properties" | "$defs" | "definitions", Json::Object(parts)) => {
                        parts.retain(|_, part| is_held(part, holds));
                    }
                    ("anyOf" | "oneOf", Json::Array(parts)) => {
                        parts.retain(|part| is_held(part, holds));
                    }
                    ("additionalProperties", part) if !is_held(part, holds) => {
                        *part = Json::Bool(false);
                    }
                    _ => {}
                }
            }
            words.values_mut().for_each(|part| retain(part, holds));
        }
        Json::Array(parts) => parts.iter_mut().for_each(|part| retain(part, holds)),
        _ => {}
    }
}

fn is_held(part: &Json, holds: &dyn Fn(Option<&str>, Option<&str>) -> bool) -> bool {
    let tag = |name: &str| part.get(name).and_then(Json::as_str);
    match (tag(FROM), tag(UNTIL)) {
        (None, None) => true,
        (from, until) => holds(from, until),
    }
}
