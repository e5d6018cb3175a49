//! One document held against a schema, word by word.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::fault::{Fault, FaultKind, Unusable};
use super::patterns::Patterns;
use super::{Checked, Holds, kinds, variants};
use crate::doc::{KeyPath, Value, Wtf8String};

/// How deep a schema may lead into itself without leading into the document.
const MOST_STEPS: usize = 128;
/// How like a key must be to one that is meant.
const SIMILAR: f64 = 0.6;
/// So many allowed values are named.
const MOST_NAMED: usize = 12;

/// The first version that a part holds for, and the first that it no longer does.
const FROM: &str = "x-from";
const UNTIL: &str = "x-until";

type Words = Map<String, Json>;

/// What a part of a schema says of a value.
#[derive(Debug)]
enum Answer {
    Valid,
    /// A part that would decide it cannot be used.
    Unknown,
    Invalid(Vec<Fault>),
}

impl Answer {
    fn of(faults: Vec<Fault>) -> Self {
        if faults.is_empty() { Self::Valid } else { Self::Invalid(faults) }
    }

    /// What both say together.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Invalid(mut faults), Self::Invalid(more)) => {
                faults.extend(more);
                Self::Invalid(faults)
            }
            (Self::Invalid(faults), _) | (_, Self::Invalid(faults)) => Self::Invalid(faults),
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Valid, Self::Valid) => Self::Valid,
        }
    }
}

/// One run of a schema over a document.
pub(super) struct Evaluation<'s> {
    root: &'s Json,
    holds: &'s Holds<'s>,
    patterns: Patterns<'s>,
    unusable: BTreeSet<Unusable>,
    /// Steps in the schema since the last one into the document.
    steps: usize,
}

impl<'s> Evaluation<'s> {
    pub(super) fn of(root: &'s Json, holds: &'s Holds<'s>) -> Self {
        Self { root, holds, patterns: Patterns::default(), unusable: BTreeSet::new(), steps: 0 }
    }

    pub(super) fn check(mut self, document: &Value) -> Checked {
        let faults = match self.value(self.root, document, &KeyPath::root()) {
            Answer::Valid | Answer::Unknown => Vec::new(),
            Answer::Invalid(faults) => faults,
        };
        Checked { faults, unusable: self.unusable.into_iter().collect() }
    }

    /// Whether a part holds for the gateway's version.
    fn is_held(&self, part: &Json) -> bool {
        let tag = |name: &str| part.get(name).and_then(Json::as_str);
        match (tag(FROM), tag(UNTIL)) {
            (None, None) => true,
            (from, until) => (self.holds)(from, until),
        }
    }

    fn cannot_use(&mut self, what: String, why: impl Into<String>) -> Answer {
        self.unusable.insert(Unusable { what, why: why.into() });
        Answer::Unknown
    }

    /// What `schema` says of `value`.
    fn value(&mut self, schema: &'s Json, value: &Value, path: &KeyPath) -> Answer {
        let words = match schema {
            Json::Bool(true) => return Answer::Valid,
            Json::Bool(false) => {
                return Answer::of(vec![Fault::new(path, FaultKind::NotListed, "nothing")]);
            }
            Json::Object(words) => words,
            _ => return self.cannot_use("a part that is no schema".to_owned(), "it is no object"),
        };
        if self.steps >= MOST_STEPS {
            return self.cannot_use("`$ref`".to_owned(), "it leads to itself for ever");
        }
        self.steps += 1;
        // In draft 7 a reference stands for everything beside it.
        let answer = match words.get("$ref") {
            Some(reference) => self.reference(reference, value, path),
            None => self.words(words, value, path),
        };
        self.steps -= 1;
        answer
    }

    fn reference(&mut self, reference: &'s Json, value: &Value, path: &KeyPath) -> Answer {
        let text = reference.as_str().unwrap_or_default();
        let target = match text.strip_prefix('#') {
            Some("") => Some(self.root),
            Some(pointer) => self.root.pointer(pointer),
            None => None,
        };
        match target {
            Some(target) => self.value(target, value, path),
            None => self.cannot_use(format!("`$ref` to `{text}`"), "it leads nowhere"),
        }
    }

    fn words(&mut self, words: &'s Words, value: &Value, path: &KeyPath) -> Answer {
        let kind = self.kind(words, value, path);
        if matches!(kind, Answer::Invalid(_)) {
            // What else it says is about another kind.
            return kind;
        }
        let mut answer = kind.and(listed(words, value, path));
        answer = answer.and(match value {
            Value::Object(members) => self.members(words, members, path),
            Value::Array(elements) => self.elements(words, elements, path),
            Value::String(text) => self.text(words, &text.to_str_lossy(), path),
            Value::Datetime(text) => self.text(words, text, path),
            Value::Integer(_) | Value::Float(_) => range(words, value, path),
            Value::Null | Value::Bool(_) => Answer::Valid,
        });
        answer.and(self.combined(words, value, path))
    }

    fn kind(&mut self, words: &'s Words, value: &Value, path: &KeyPath) -> Answer {
        let Some(word) = words.get("type") else { return Answer::Valid };
        let Some(names) = kinds::allowed(word) else {
            return self.cannot_use("`type`".to_owned(), "it is neither a name nor names");
        };
        let mut is_unknown = false;
        for name in &names {
            match kinds::is_of(value, name) {
                Some(true) => return Answer::Valid,
                Some(false) => {}
                None => is_unknown = true,
            }
        }
        if is_unknown {
            return self.cannot_use("`type`".to_owned(), "it names a kind that there is not");
        }
        Answer::of(vec![Fault::new(path, FaultKind::Kind, kinds::in_words(&names))])
    }

    fn members(
        &mut self,
        words: &'s Words,
        members: &[(Wtf8String, Value)],
        path: &KeyPath,
    ) -> Answer {
        let mut answer = count(words, ["minProperties", "maxProperties"], members.len(), path);
        let properties = words.get("properties").and_then(Json::as_object);
        let has = |name: &str| members.iter().any(|(key, _)| *key == *name);
        let mut required: Vec<&str> = names(words.get("required"));
        if let Some(dependent) = words.get("dependentRequired").and_then(Json::as_object) {
            let asked = dependent.iter().filter(|(name, _)| has(name));
            required.extend(asked.flat_map(|(_, wanted)| names(Some(wanted))));
        }
        for name in required.into_iter().filter(|name| !has(name)) {
            let of = properties.and_then(|properties| properties.get(name));
            if of.is_some_and(|schema| schema.get("default").is_some()) {
                // Schemas of what a gateway has after reading ask for what reading fills in.
                continue;
            }
            let kind = of.and_then(|schema| kinds::allowed(schema.get("type")?));
            let expected = kind.map_or_else(|| "a value".to_owned(), |kind| kinds::in_words(&kind));
            let fault = Fault::new(&path.key(name), FaultKind::Missing, expected);
            answer = answer.and(Answer::of(vec![fault]));
        }
        for (key, value) in members {
            answer = answer.and(self.member(words, properties, (key, value), path));
        }
        answer
    }

    fn member(
        &mut self,
        words: &'s Words,
        properties: Option<&'s Words>,
        (key, value): (&Wtf8String, &Value),
        path: &KeyPath,
    ) -> Answer {
        let at = path.key(key.clone());
        let steps = std::mem::take(&mut self.steps);
        let name = key.to_str_lossy();
        let mut answer = Answer::Valid;
        if let Some(schema) = words.get("propertyNames") {
            let of_name = self.value(schema, &Value::String(key.clone()), &at);
            answer = answer.and(match of_name {
                Answer::Invalid(faults) => {
                    Answer::Invalid(faults.into_iter().map(Fault::of_key).collect())
                }
                other => other,
            });
        }
        let mut is_known = false;
        let known = properties.and_then(|properties| properties.get(&*name));
        if let Some(schema) = known.filter(|schema| self.is_held(schema)) {
            is_known = true;
            answer = answer.and(self.value(schema, value, &at));
        }
        let patterns = words.get("patternProperties").and_then(Json::as_object);
        for (pattern, schema) in patterns.into_iter().flatten() {
            match self.patterns.fits(pattern, &name) {
                Ok(true) => {
                    is_known = true;
                    answer = answer.and(self.value(schema, value, &at));
                }
                Ok(false) => {}
                Err(why) => {
                    // It may be what knows the key.
                    is_known = true;
                    let why = why.to_owned();
                    let unknown = self.cannot_use(format!("the pattern `{pattern}`"), why);
                    answer = answer.and(unknown);
                }
            }
        }
        if !is_known && let Some(schema) = words.get("additionalProperties") {
            answer = answer.and(if *schema == Json::Bool(false) || !self.is_held(schema) {
                let known = properties.into_iter().flatten();
                let known = known.filter(|(_, schema)| self.is_held(schema));
                let expected = like(&name, known.map(|(key, _)| key));
                Answer::of(vec![Fault::new(&at, FaultKind::UnknownKey, expected).of_key()])
            } else {
                self.value(schema, value, &at)
            });
        }
        self.steps = steps;
        answer
    }

    fn elements(&mut self, words: &'s Words, elements: &[Value], path: &KeyPath) -> Answer {
        let mut answer = count(words, ["minItems", "maxItems"], elements.len(), path);
        let is_unique = words.get("uniqueItems") == Some(&Json::Bool(true));
        if is_unique && (1..elements.len()).any(|at| elements[..at].contains(&elements[at])) {
            let fault = Fault::new(path, FaultKind::Form, "elements that all differ");
            answer = answer.and(Answer::of(vec![fault]));
        }
        // One schema for each place, or one for all; `prefixItems` is the later name.
        let (first, rest) = match (words.get("prefixItems"), words.get("items")) {
            (Some(Json::Array(first)), rest) => (first.as_slice(), rest),
            (_, Some(Json::Array(first))) => (first.as_slice(), words.get("additionalItems")),
            (_, rest) => (&[][..], rest),
        };
        let steps = std::mem::take(&mut self.steps);
        for (index, element) in elements.iter().enumerate() {
            if let Some(schema) = first.get(index).or(rest) {
                answer = answer.and(self.value(schema, element, &path.index(index)));
            }
        }
        self.steps = steps;
        answer
    }

    fn text(&mut self, words: &'s Words, text: &str, path: &KeyPath) -> Answer {
        let length = || text.encode_utf16().count();
        let mut answer = if words.contains_key("minLength") || words.contains_key("maxLength") {
            count(words, ["minLength", "maxLength"], length(), path)
        } else {
            Answer::Valid
        };
        if let Some(Json::String(pattern)) = words.get("pattern") {
            answer = answer.and(match self.patterns.fits(pattern, text) {
                Ok(true) => Answer::Valid,
                Ok(false) => {
                    let expected = format!("a text that fits `{pattern}`");
                    Answer::of(vec![Fault::new(path, FaultKind::Form, expected)])
                }
                Err(why) => {
                    let why = why.to_owned();
                    self.cannot_use(format!("the pattern `{pattern}`"), why)
                }
            });
        }
        if words.get("format").and_then(Json::as_str) == Some("uri") && !is_uri(text) {
            let fault = Fault::new(path, FaultKind::Form, "an address such as `https://host/path`");
            answer = answer.and(Answer::of(vec![fault]));
        }
        answer
    }

    /// The words that put schemas together.
    fn combined(&mut self, words: &'s Words, value: &Value, path: &KeyPath) -> Answer {
        let mut answer = Answer::Valid;
        for schema in parts(words.get("allOf")) {
            answer = answer.and(self.value(schema, value, path));
        }
        if let Some(schemas) = words.get("anyOf") {
            answer = answer.and(self.one_of(schemas, value, path, usize::MAX));
        }
        if let Some(schemas) = words.get("oneOf") {
            answer = answer.and(self.one_of(schemas, value, path, 1));
        }
        if let Some(schema) = words.get("not") {
            answer = answer.and(match self.value(schema, value, path) {
                Answer::Valid => {
                    let expected = "something that the schema does not exclude";
                    Answer::of(vec![Fault::new(path, FaultKind::NotListed, expected)])
                }
                Answer::Invalid(_) => Answer::Valid,
                Answer::Unknown => Answer::Unknown,
            });
        }
        if let Some(condition) = words.get("if") {
            let branch = match self.value(condition, value, path) {
                Answer::Valid => words.get("then"),
                Answer::Invalid(_) => words.get("else"),
                Answer::Unknown => return answer.and(Answer::Unknown),
            };
            if let Some(schema) = branch {
                answer = answer.and(self.value(schema, value, path));
            }
        }
        answer
    }

    /// At least one of `schemas`, and at most `most`.
    fn one_of(&mut self, schemas: &'s Json, value: &Value, path: &KeyPath, most: usize) -> Answer {
        let (mut valid, mut is_unknown, mut shapes) = (0, false, Vec::new());
        let held = parts(Some(schemas)).iter().filter(|schema| self.is_held(schema));
        for schema in held.collect::<Vec<_>>() {
            match self.value(schema, value, path) {
                Answer::Valid => valid += 1,
                Answer::Unknown => is_unknown = true,
                Answer::Invalid(faults) => shapes.push(faults),
            }
        }
        match valid {
            0 if is_unknown => Answer::Unknown,
            0 => Answer::of(variants::best(shapes, path)),
            _ if valid > most => {
                let expected = "one of the shapes of the schema, not several";
                Answer::of(vec![Fault::new(path, FaultKind::NoShape, expected)])
            }
            _ if is_unknown && most == 1 => Answer::Unknown,
            _ => Answer::Valid,
        }
    }
}

/// The values that are allowed, where they are listed.
fn listed(words: &Words, value: &Value, path: &KeyPath) -> Answer {
    let constant = words.get("const").map(std::slice::from_ref);
    let several = words.get("enum").and_then(Json::as_array).map(Vec::as_slice);
    let mut faults = Vec::new();
    for allowed in [constant, several].into_iter().flatten() {
        if !allowed.iter().any(|one| kinds::equals(value, one)) {
            let named = allowed.iter().take(MOST_NAMED).map(|one| match one {
                Json::String(text) => format!("`{text}`"),
                other => format!("`{other}`"),
            });
            let mut expected = named.collect::<Vec<_>>().join(", ");
            if allowed.len() > MOST_NAMED {
                expected.push_str(", ...");
            }
            let expected = if allowed.len() == 1 { expected } else { format!("one of {expected}") };
            faults.push(Fault::new(path, FaultKind::NotListed, expected));
        }
    }
    Answer::of(faults)
}

fn range(words: &Words, value: &Value, path: &KeyPath) -> Answer {
    let Some(number) = kinds::number(value) else { return Answer::Valid };
    let bound = |word: &str| words.get(word).and_then(Json::as_f64);
    let mut faults = Vec::new();
    let mut check = |word: &str, is_good: fn(f64, f64) -> bool, said: &str| {
        if let Some(bound) = bound(word)
            && !is_good(number, bound)
        {
            faults.push(Fault::new(path, FaultKind::Form, format!("{said} {bound}")));
        }
    };
    check("minimum", |number, bound| number >= bound, "at least");
    check("maximum", |number, bound| number <= bound, "at most");
    check("exclusiveMinimum", |number, bound| number > bound, "more than");
    check("exclusiveMaximum", |number, bound| number < bound, "less than");
    check("multipleOf", is_multiple, "a multiple of");
    Answer::of(faults)
}

fn is_multiple(number: f64, of: f64) -> bool {
    let times = number / of;
    (times - times.round()).abs() < 1e-9
}

fn count(words: &Words, [least, most]: [&str; 2], count: usize, path: &KeyPath) -> Answer {
    let bound = |word: &str| {
        let bound = words.get(word)?.as_u64()?;
        usize::try_from(bound).ok()
    };
    let mut faults = Vec::new();
    let unit = if least == "minLength" { "characters" } else { "entries" };
    if let Some(least) = bound(least)
        && count < least
    {
        faults.push(Fault::new(path, FaultKind::Form, format!("at least {least} {unit}")));
    }
    if let Some(most) = bound(most)
        && count > most
    {
        faults.push(Fault::new(path, FaultKind::Form, format!("at most {most} {unit}")));
    }
    Answer::of(faults)
}

/// The key of `known` that `name` may have been meant to be.
fn like<'k>(name: &str, known: impl Iterator<Item = &'k String>) -> String {
    let known = known.map(|key| (strsim::normalized_damerau_levenshtein(name, key), key));
    let best = known.max_by(|one, other| one.0.total_cmp(&other.0));
    match best {
        Some((score, key)) if score >= SIMILAR => format!("`{key}`, most likely"),
        _ => String::new(),
    }
}

fn names(word: Option<&Json>) -> Vec<&str> {
    word.and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect()
}

fn parts(word: Option<&Json>) -> &[Json] {
    word.and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// A scheme, a colon and more, without spaces.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        && !rest.is_empty()
        && !text.contains(char::is_whitespace)
}
