//! Redaction: what is shown of a secret instead of it.
//!
//! A secret appears as `<redacted:1a2b3c4d>`. The digits are a fingerprint under a key of this
//! installation: two equal secrets show the same, a changed one shows that it changed, and nobody
//! without the key can test a guess. References (`${VAR}`, secret reference objects) are no secrets
//! and stay, as do empty strings, booleans, `null`, and the names of members.
//!
//! # Limits
//!
//! What is secret is known by path, by URLs with credentials and by `NAME=value`. A copy elsewhere
//! in a text is found if it is spelled as the secret is or as it is decoded, and has six bytes or
//! more; prose in a comment about a secret that stands nowhere else is not found.
//!
//! This module never writes a file: a redacted text is for eyes.

#[cfg(test)]
mod canary;
mod comment;
mod copies;
mod document;

use std::ops::Range;

use crate::doc::{KeyPath, Value, Wtf8String};
use crate::profile::placeholder::{MARKER_DIGITS, MARKER_START, marker_length};
use crate::profile::secret::Trail;
use crate::profile::{Profile, Reference, url};

/// Shows values and texts without their secrets.
pub struct Redactor<'p> {
    profile: &'p Profile,
    key: [u8; 32],
}

/// Names the profile only: the key would let fingerprints be tested.
impl std::fmt::Debug for Redactor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({})", self.profile.name)
    }
}

impl<'p> Redactor<'p> {
    /// A redactor for configurations of `profile`, whose fingerprints depend on `key`.
    #[must_use]
    pub fn new(profile: &'p Profile, key: [u8; 32]) -> Self {
        Self { profile, key }
    }

    /// Eight hex digits that are the same for values that mean the same, for one key.
    #[must_use]
    pub fn fingerprint(&self, value: &Value) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        // Values may be deep, so no recursion. Lengths stand before contents, so that no two values
        // feed the same bytes.
        let mut stack = vec![value];
        while let Some(value) = stack.pop() {
            match value {
                Value::Null => feed(&mut hasher, b'n', &[]),
                Value::Bool(truth) => feed(&mut hasher, b'b', &[u8::from(*truth)]),
                Value::Integer(number) => feed(&mut hasher, b'i', &number.to_le_bytes()),
                Value::Float(number) if number.is_nan() => feed(&mut hasher, b'f', b"nan"),
                Value::Float(number) => feed(&mut hasher, b'f', &number.to_bits().to_le_bytes()),
                Value::String(text) => feed(&mut hasher, b's', text.as_bytes()),
                Value::Datetime(text) => feed(&mut hasher, b'd', text.as_bytes()),
                Value::Array(elements) => {
                    feed(&mut hasher, b'a', &elements.len().to_le_bytes());
                    stack.extend(elements.iter().rev());
                }
                Value::Object(members) => {
                    let mut members: Vec<_> = members.iter().collect();
                    members.sort_by(|one, two| one.0.as_bytes().cmp(two.0.as_bytes()));
                    feed(&mut hasher, b'o', &members.len().to_le_bytes());
                    for (key, _) in &members {
                        feed(&mut hasher, b'k', key.as_bytes());
                    }
                    stack.extend(members.iter().rev().map(|(_, value)| value));
                }
            }
        }
        hasher.finalize().to_hex()[..MARKER_DIGITS].to_owned()
    }

    /// `value`, which stands at `path`, with every secret in it replaced by its marker.
    #[must_use]
    pub fn value(&self, path: &KeyPath, value: &Value) -> Value {
        let mut shown = value.clone();
        let mut trail = Trail::at(&self.profile.secrets, path);
        let top = trail.depth();
        let mut stack = vec![(top, Step::Here, &mut shown)];
        while let Some((depth, step, value)) = stack.pop() {
            trail.truncate(depth);
            match step {
                Step::Here => {}
                Step::Member(key) => trail.push_key(key),
                Step::Element => trail.push_element(),
            }
            if let Some(text) = self.scalar(trail.is_secret(), value) {
                *value = Value::string(&text);
                continue;
            }
            if Reference::of(value) == Some(Reference::SecretRef) {
                continue;
            }
            let depth = trail.depth();
            match value {
                Value::Object(members) => {
                    for (key, value) in members {
                        stack.push((depth, Step::Member(key), value));
                    }
                }
                Value::Array(elements) => {
                    stack.extend(elements.iter_mut().map(|value| (depth, Step::Element, value)));
                }
                _ => {}
            }
        }
        shown
    }

    /// What is shown instead of `value`; nothing where it is shown as it is.
    fn scalar(&self, is_secret: bool, value: &Value) -> Option<String> {
        match value {
            Value::String(text) if is_secret => {
                (!self.is_harmless(&text.to_str_lossy())).then(|| self.marker(value))
            }
            Value::String(text) => {
                let text = text.to_str_lossy();
                let parts = self.secret_parts(&text);
                (!parts.is_empty()).then(|| self.without(&text, &parts))
            }
            Value::Integer(_) | Value::Float(_) | Value::Datetime(_) if is_secret => {
                Some(self.marker(value))
            }
            _ => None,
        }
    }

    fn marker(&self, value: &Value) -> String {
        format!("{MARKER_START}{}>", self.fingerprint(value))
    }

    fn marker_of_text(&self, text: &str) -> String {
        self.marker(&Value::string(text))
    }

    /// Whether a string in the place of a secret tells nothing.
    fn is_harmless(&self, text: &str) -> bool {
        text.trim().is_empty()
            || marker_length(text) == Some(text.len())
            || self.profile.placeholders.names_sentinel(text)
            || Reference::is_all_of(text)
    }

    /// Whether a name alone says that its value is secret.
    fn is_secret_name(&self, name: &str) -> bool {
        let mut trail = Trail::new(&self.profile.secrets);
        trail.push_name(name);
        trail.is_secret()
    }

    /// The places in a string that is no secret as a whole: credentials and parameters of URLs, and
    /// the value of a single `NAME=value`, as in lists of arguments and variables.
    fn secret_parts(&self, text: &str) -> Vec<Range<usize>> {
        let mut parts: Vec<_> = url::credentials(text).collect();
        let parameters = url::parameters(text).filter(|(name, _)| self.is_secret_name(name));
        parts.extend(parameters.map(|(_, range)| range));
        if let Some((name, value)) = text.split_once('=')
            && !text.contains(char::is_whitespace)
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
            && self.is_secret_name(name.trim_start_matches('-'))
        {
            parts.push(text.len() - value.len()..text.len());
        }
        parts.retain(|part| !self.is_harmless(&text[part.clone()]));
        parts.sort_by_key(|part| part.start);
        // A part inside of another one goes with it.
        let mut end = 0;
        parts.retain(|part| {
            let is_apart = part.start >= end;
            end = end.max(part.end);
            is_apart
        });
        parts
    }

    /// `text` with a marker in the place of each of `parts`, which are in order.
    fn without(&self, text: &str, parts: &[Range<usize>]) -> String {
        let mut shown = String::new();
        let mut done = 0;
        for part in parts {
            shown.push_str(&text[done..part.start]);
            shown.push_str(&self.marker_of_text(&text[part.clone()]));
            done = part.end;
        }
        shown.push_str(&text[done..]);
        shown
    }
}

/// How a value is reached from its container.
enum Step<'v> {
    Here,
    Member(&'v Wtf8String),
    Element,
}

fn feed(hasher: &mut blake3::Hasher, tag: u8, bytes: &[u8]) {
    hasher.update(&[tag]);
    hasher.update(&bytes.len().to_le_bytes());
    hasher.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> KeyPath {
        text.parse().expect("a good path")
    }

    fn object(members: &[(&str, Value)]) -> Value {
        Value::Object(members.iter().map(|(key, value)| ((*key).into(), value.clone())).collect())
    }

    #[track_caller]
    fn check(at: &str, value: &Value, expected: &Value) {
        let profile = Profile::builtin("openclaw").expect("a built-in");
        let redactor = Redactor::new(&profile, [7; 32]);
        let mut shown = redactor.value(&path(at), value);
        hide_digits(&mut shown);
        assert_eq!(shown, *expected, "{at}");
    }

    /// Puts `#` in the place of the digits of markers.
    fn hide_digits(value: &mut Value) {
        match value {
            Value::String(text) => {
                let mut text = text.to_str_lossy().into_owned();
                for at in text.match_indices(MARKER_START).map(|(at, _)| at).collect::<Vec<_>>() {
                    let start = at + MARKER_START.len();
                    text.replace_range(start..start + MARKER_DIGITS, "########");
                }
                *value = Value::string(&text.replace("########", "#"));
            }
            Value::Array(elements) => elements.iter_mut().for_each(hide_digits),
            Value::Object(members) => members.iter_mut().for_each(|(_, value)| hide_digits(value)),
            _ => {}
        }
    }

    fn marker() -> Value {
        Value::string("<redacted:#>")
    }

    #[test]
    fn strings_numbers_and_dates_at_secret_paths_are_hidden() {
        check("gateway.auth.token", &Value::string("abc"), &marker());
        check("gateway.auth.token", &Value::Integer(7), &marker());
        check("gateway.auth.token", &Value::Float(0.5), &marker());
        check("gateway.auth.token", &Value::Datetime("2026-01-01".into()), &marker());
        for shown in [Value::Null, Value::Bool(true), Value::string(""), Value::string(" ")] {
            check("gateway.auth.token", &shown, &shown);
        }
        for shown in ["${TOKEN}", "Bearer ${TOKEN}", "__OPENCLAW_REDACTED__", "<redacted:1a2b3c4d>"]
        {
            let expected = shown.replace("1a2b3c4d", "#");
            check("gateway.auth.token", &Value::string(shown), &Value::string(&expected));
        }
        check("gateway.auth.token", &Value::string("x<redacted:1a2b3c4d>"), &marker());
        check("gateway.auth.token", &Value::string("$TOKEN"), &marker());
        check("gateway.auth.token", &Value::string("undefined"), &marker());
        check("gateway.port", &Value::Integer(7), &Value::Integer(7));
    }

    #[test]
    fn containers_are_gone_through() {
        let reference = object(&[
            ("source", Value::string("env")),
            ("provider", Value::string("default")),
            ("id", Value::string("TOKEN")),
        ]);
        let of = |secret: &Value, key: &Value| {
            let headers = object(&[("X-A", secret.clone()), ("X-B", reference.clone())]);
            let acme = object(&[("headers", headers), ("name", Value::string("acme"))]);
            object(&[
                ("models", object(&[("providers", object(&[("acme", acme)]))])),
                ("list", Value::Array(vec![object(&[("apiKey", key.clone())]), Value::Integer(1)])),
                ("serviceAccount", object(&[("id", key.clone()), ("on", Value::Bool(true))])),
            ])
        };
        check(".", &of(&Value::string("abc"), &Value::Integer(5)), &of(&marker(), &marker()));
        check("serviceAccount", &object(&[("a", Value::Integer(1))]), &object(&[("a", marker())]));
    }

    #[test]
    fn credentials_in_urls_are_hidden_anywhere() {
        let check = |text: &str, expected: &str| {
            check("browser.url", &Value::string(text), &Value::string(expected));
        };
        check("https://user:pass@host/x", "https://<redacted:#>@host/x");
        check("https://${USER}:${PASS}@host/x", "https://${USER}:${PASS}@host/x");
        check(
            "ws://h/?token=abc&x=1#password=p",
            "ws://h/?token=<redacted:#>&x=1#password=<redacted:#>",
        );
        check("https://u:p?token=x@host", "https://<redacted:#>@host");
        check("--api-key=abc", "--api-key=<redacted:#>");
        check("GITHUB_TOKEN=abc", "GITHUB_TOKEN=<redacted:#>");
        check("--port=1", "--port=1");
        check("a token = b", "a token = b");
    }

    #[test]
    fn fingerprints_tell_values_apart_and_depend_on_the_key() {
        let profile = Profile::builtin("generic").expect("a built-in");
        let (one, two) = (Redactor::new(&profile, [1; 32]), Redactor::new(&profile, [2; 32]));
        let text = Value::string("hunter2");
        assert_eq!(one.fingerprint(&text), one.fingerprint(&text));
        assert_ne!(one.fingerprint(&text), two.fingerprint(&text));
        assert_ne!(one.fingerprint(&text), one.fingerprint(&Value::string("hunter3")));
        assert_ne!(one.fingerprint(&Value::string("1")), one.fingerprint(&Value::Integer(1)));
        let nested = Value::Array(vec![Value::Array(vec![]), text.clone()]);
        let flat = Value::Array(vec![Value::Array(vec![text.clone()])]);
        assert_ne!(one.fingerprint(&nested), one.fingerprint(&flat));
        let ab = object(&[("a", text.clone()), ("b", Value::Null)]);
        let ba = object(&[("b", Value::Null), ("a", text.clone())]);
        assert_eq!(one.fingerprint(&ab), one.fingerprint(&ba));
        assert_ne!(
            one.fingerprint(&ab),
            one.fingerprint(&object(&[("a", Value::Null), ("b", text)]))
        );
    }

    #[test]
    fn debug_shows_no_key() {
        let profile = Profile::builtin("generic").expect("a built-in");
        assert_eq!(format!("{:?}", Redactor::new(&profile, [42; 32])), "Redactor(generic)");
    }
}
