//! References: values that name a secret instead of holding it.
//!
//! The grammar is that of `OpenClaw` 2026.3 and 2026.9; other gateways use the same `${VAR}`.
//!
//! This module never resolves a reference and never reads the environment.

use std::ops::Range;

use crate::doc::Value;

/// The members of a secret reference object, all of them strings and nothing beside them.
const MEMBERS: [&str; 3] = ["source", "provider", "id"];

/// Where such an object may point to; `store` from 2026.9.
const SOURCES: [&str; 4] = ["env", "file", "exec", "store"];

/// How a value refers to what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// `${VAR}` somewhere in a string.
    Variable,
    /// `$VAR` as the whole string: a reference in secret fields of `OpenClaw` 2026.9, text before.
    BareVariable,
    /// An object of exactly `source`, `provider` and `id`.
    SecretRef,
}

impl Reference {
    /// How `value` refers; nothing where it is a literal.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Self::of_text(text.as_str()?),
            Value::Object(members) => {
                let complete = members.len() == MEMBERS.len()
                    && MEMBERS.iter().all(|name| value.get(name).is_some_and(is_string));
                let source = value.get("source").and_then(Value::as_str);
                (complete && source.is_some_and(|source| SOURCES.contains(&source)))
                    .then_some(Self::SecretRef)
            }
            _ => None,
        }
    }

    /// How the string `text` refers; nothing where it is a literal, `$${VAR}` among them.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Self> {
        if variables(text).next().is_some() {
            return Some(Self::Variable);
        }
        let name = text.strip_prefix('$')?;
        (name_length(name) == name.len() && !name.is_empty()).then_some(Self::BareVariable)
    }

    /// Whether the string `text` is made of `${VAR}` alone, so that showing it shows no secret.
    ///
    /// Separators between variables and the name of an HTTP scheme before them (`Bearer ${TOKEN}`)
    /// are no secret either.
    #[must_use]
    pub fn is_all_of(text: &str) -> bool {
        let mut done = 0;
        for variable in variables(text) {
            let literal = &text[done..variable.start];
            let literal = if done == 0 { without_scheme(literal) } else { literal };
            if !is_separator(literal) {
                return false;
            }
            done = variable.end;
        }
        done > 0 && is_separator(&text[done..])
    }
}

fn is_string(value: &Value) -> bool {
    matches!(value, Value::String(_))
}

fn is_separator(literal: &str) -> bool {
    literal.len() <= 3 && literal.chars().all(|c| " :@/.,;|-_".contains(c))
}

fn without_scheme(literal: &str) -> &str {
    let word = literal.trim_end();
    let is_scheme = ["bearer", "basic", "token"].iter().any(|name| word.eq_ignore_ascii_case(name));
    if is_scheme { "" } else { literal }
}

/// The places of `${VAR}` in `text`, without those escaped as `$${VAR}`.
fn variables(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut offset = 0;
    std::iter::from_fn(move || {
        while let Some(found) = text[offset..].find("${") {
            let start = offset + found;
            let name = &text[start + 2..];
            let length = name_length(name);
            if length == 0 || !name[length..].starts_with('}') {
                offset = start + 2;
                continue;
            }
            let end = start + 2 + length + 1;
            offset = end;
            if !text[..start].ends_with('$') {
                return Some(start..end);
            }
        }
        None
    })
}

/// How many bytes of `text` are the name of a variable: `A-Z` or `_`, then digits too.
fn name_length(text: &str) -> usize {
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return 0;
    }
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.find(|c| !is_part(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Reference>) {
        assert_eq!(Reference::of(&Value::string(text)), expected, "{text}");
    }

    #[test]
    fn variables_are_found_anywhere_in_a_string() {
        check("${TOKEN}", Some(Reference::Variable));
        check("Bearer ${_A1}", Some(Reference::Variable));
        check("${a} ${B}", Some(Reference::Variable));
        check("${${A}", Some(Reference::Variable));
        check("", None);
        check("${token}", None);
        check("${1A}", None);
        check("${}", None);
        check("${A", None);
        check("${A-B}", None);
        check("$${A}", None);
        check("$${A}${B}", Some(Reference::Variable));
    }

    #[test]
    fn a_bare_variable_is_the_whole_string() {
        check("$TOKEN", Some(Reference::BareVariable));
        check("$TOKEN ", None);
        check("$token", None);
        check("$", None);
        check("$1", None);
    }

    fn object(members: &[(&str, Value)]) -> Value {
        Value::Object(members.iter().map(|(key, value)| ((*key).into(), value.clone())).collect())
    }

    #[test]
    fn an_object_refers_with_exactly_three_strings() {
        let text = Value::string;
        let good = [("source", text("env")), ("id", text("TOKEN")), ("provider", text("default"))];
        assert_eq!(Reference::of(&object(&good)), Some(Reference::SecretRef));
        assert_eq!(Reference::of(&object(&good[..2])), None);
        let mut more = good.to_vec();
        more.push(("service", text("openclaw")));
        assert_eq!(Reference::of(&object(&more)), None);
        let mut number = good.to_vec();
        number[1].1 = Value::Integer(1);
        assert_eq!(Reference::of(&object(&number)), None);
        let mut unknown = good.to_vec();
        unknown[0].1 = text("elsewhere");
        assert_eq!(Reference::of(&object(&unknown)), None);
    }

    #[track_caller]
    fn check_all(text: &str, expected: bool) {
        assert_eq!(Reference::is_all_of(text), expected, "{text}");
    }

    #[test]
    fn only_a_string_without_literal_parts_is_all_reference() {
        check_all("${A}", true);
        check_all("${A}:${B}", true);
        check_all("Bearer ${A}", true);
        check_all("", false);
        check_all("plain", false);
        check_all("$NAME", false);
        check_all("$${A}", false);
        check_all("hunter2${A}", false);
        check_all("${A}hunter2", false);
        check_all("${A}!", false);
        check_all("----${A}", false);
        check_all("${A}bearer${B}", false);
        check_all("${A}$${B}", false);
    }
}
