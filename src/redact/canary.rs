//! Property tests: a planted secret is in nothing that is shown, however it is spelled.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::Redactor;
use crate::doc::{Document, Format, KeyPath, Value};
use crate::profile::Profile;

/// In every planted secret; none of it may be shown.
const CORE: &str = "CANARY7xCANARY";

/// Secret paths, the first step never used by the rest of the document.
const PATHS: &[&str] = &[
    "gateway.auth.token",
    "gateway.auth.password",
    "models.providers.acme.apiKey",
    "models.providers.acme.headers.X-Acme",
    "mcp.servers.files.env.HOME_KEY",
    "channels.googlechat.serviceAccount.private.deep",
    "channels.telegram.accounts.two.botToken",
    "env.vars.PGPASS",
    "secrets.providers.vault.args",
];

/// Choices made in advance, so that a failing case can be made smaller.
struct Choices<'c> {
    bytes: &'c [u8],
    next: usize,
}

impl Choices<'_> {
    /// A number below `count`.
    fn below(&mut self, count: usize) -> usize {
        self.next += 1;
        usize::from(self.bytes[self.next % self.bytes.len()]) % count
    }
}

/// A JSON5 string of `text` in some spelling.
fn json5_string(text: &str, choices: &mut Choices<'_>) -> String {
    let quote = ['"', '\''][choices.below(2)];
    let is_escaped = choices.below(2) == 0;
    let mut spelled = String::from(quote);
    for c in text.chars() {
        let must = c == quote || c == '\\' || c == '\n' || c == '\r';
        let piece = match choices.below(4) {
            0 if is_escaped && u32::from(c) < 0x100 => format!("\\x{:02x}", u32::from(c)),
            way if must || (is_escaped && way == 1) => {
                let units = c.encode_utf16(&mut [0; 2]).to_vec();
                units.iter().map(|unit| format!("\\u{unit:04X}")).collect::<Vec<_>>().concat()
            }
            2 if is_escaped => format!("\\\n{c}"),
            _ => c.to_string(),
        };
        spelled.push_str(&piece);
    }
    spelled.push(quote);
    spelled
}

/// A TOML string of `text` in some spelling.
fn toml_string(text: &str, choices: &mut Choices<'_>) -> String {
    let is_plain = !text.contains(['\'', '\n', '\r', '\u{7f}']);
    if is_plain && choices.below(3) == 0 {
        return format!("'{text}'");
    }
    let is_multi_line = choices.below(2) == 0;
    let mut spelled = String::from(if is_multi_line { "\"\"\"\n" } else { "\"" });
    for c in text.chars() {
        let must = matches!(c, '"' | '\\' | '\r' | '\u{7f}') || (c == '\n' && !is_multi_line);
        let piece = match choices.below(4) {
            way if must || way == 0 => format!("\\U{:08X}", u32::from(c)),
            1 if is_multi_line && !c.is_whitespace() => format!("\\\n   {c}"),
            _ => c.to_string(),
        };
        spelled.push_str(&piece);
    }
    spelled + if is_multi_line { "\"\"\"" } else { "\"" }
}

/// Every line of `text` as a comment.
fn comments(text: &str, sign: &str) -> String {
    let lines = text.split(['\n', '\r', '\u{2028}', '\u{2029}']);
    lines.map(|line| format!("{sign} was {line} once\n")).collect::<Vec<_>>().concat()
}

/// A document that holds `secret` at `path`, with copies in other places.
fn json5(path: &str, secret: &str, choices: &mut Choices<'_>) -> String {
    let mut text = json5_string(secret, choices);
    for key in path.rsplit('.') {
        let key = match choices.below(3) {
            0 if !key.contains('-') => key.to_owned(),
            1 => format!("\"\\u{:04x}{}\"", u32::from(key.as_bytes()[0]), &key[1..]),
            _ => format!("'{key}'"),
        };
        let other = ["", " // port: 1\n", "/* x */"][choices.below(3)];
        text = format!("{{{other}{key}: {text}}}");
        if choices.below(8) == 0 {
            // A twin that hides it.
            text = format!("{}, {key}: 1}}", &text[..text.len() - 1]);
        }
    }
    let copy = json5_string(&format!("a {secret} b"), choices);
    let key = json5_string(secret, choices);
    let name = path.rsplit('.').next().expect("a name");
    let quote = ["\"", "'"][choices.below(2)];
    let old = format!("{quote}{CORE}{quote}");
    format!(
        "{}{}, note: {copy}, {key}: 1, list: [1, {copy}] }}\n// gateway: {{ token: {old} }}\n// {name}_token = {old}\n",
        comments(secret, "//"),
        &text[..text.len() - 1],
    )
}

fn toml(path: &str, secret: &str, choices: &mut Choices<'_>) -> String {
    let (table, name) = path.rsplit_once('.').expect("a name in a table");
    let value = toml_string(secret, choices);
    let member = match choices.below(3) {
        0 => format!("{table}.\"{name}\" = {value}\n"),
        1 => format!("[{table}]\n{name} = {value} # why\n"),
        _ => format!("{table} = {{ {name} = {value} }}\n"),
    };
    let copy = toml_string(&format!("a {secret} b"), choices);
    let comments = comments(secret, "#");
    format!("{comments}note = {copy}\nlist = [1, {copy}]\n{member}# token = \"{CORE}\"\n{comments}")
}

fn holds_core(value: &Value) -> bool {
    match value {
        Value::String(text) => text.to_str_lossy().contains(CORE),
        Value::Array(elements) => elements.iter().any(holds_core),
        Value::Object(members) => members.iter().any(|(_, value)| holds_core(value)),
        _ => false,
    }
}

/// Whether a key or value, dead duplicates included, means the canary.
fn spells_core(document: &Document) -> bool {
    let mut stack = vec![document.root()];
    while let Some(node) = stack.pop() {
        let is_core = |text: Option<String>| text.is_some_and(|text| text.contains(CORE));
        let key = node.key().map(|key| key.to_str_lossy().into_owned());
        if is_core(key) || is_core(node.as_str()) {
            return true;
        }
        stack.extend(node.children());
    }
    false
}

fn check(format: Format, path: &str, secret: &str, source: &str) -> Result<(), TestCaseError> {
    static PROFILE: LazyLock<Profile> =
        LazyLock::new(|| Profile::builtin("openclaw").expect("a built-in"));
    let redactor = Redactor::new(&PROFILE, [9; 32]);
    let document = Document::parse(source, format)
        .map_err(|error| TestCaseError::fail(format!("{error}\n{source}")))?;
    let shown = redactor.text(&document);
    prop_assert!(!shown.contains(CORE), "{source}\n{shown}");
    prop_assert_eq!(&shown, &redactor.text(&document), "the same text each time");
    // Nor may it be there in a spelling that a reader can decode.
    let decoded = Document::parse(shown.as_str(), format)
        .map_err(|error| TestCaseError::fail(format!("{error}\n{shown}")))?;
    prop_assert!(!spells_core(&decoded), "{source}\n{shown}");

    let path: KeyPath = path.parse().expect("a good path");
    let root = document.root().to_value();
    let shown = redactor.value(&KeyPath::root(), &root);
    // Unless a twin hides it.
    if let Some(planted) = root.at(&path).filter(|value| holds_core(value)) {
        prop_assert!(!shown.at(&path).is_some_and(holds_core), "{source}");
        prop_assert!(!holds_core(&redactor.value(&path, planted)), "{source}");
    }

    // In the comments of another document it is known as well.
    let other = match format {
        Format::Json5 => format!("{{}}{}", comments(secret, "//")),
        Format::Toml => comments(secret, "#"),
    };
    let other = Document::parse(other, format).expect("a good text");
    prop_assert!(!redactor.texts(&[&other, &document])[0].contains(CORE), "{source}");
    Ok(())
}

fn secret() -> impl Strategy<Value = String> {
    let around = r#"[a-zA-Z0-9 "'\\/äß😀$#,:{}=@\n-]{0,10}"#;
    (around, around).prop_map(|(before, after)| format!("{before}{CORE}{after}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_json5_shows_a_canary(
        path in proptest::sample::select(PATHS),
        secret in secret(),
        bytes in proptest::collection::vec(any::<u8>(), 200),
    ) {
        let mut choices = Choices { bytes: &bytes, next: 0 };
        check(Format::Json5, path, &secret, &json5(path, &secret, &mut choices))?;
    }

    #[test]
    fn no_toml_shows_a_canary(
        path in proptest::sample::select(PATHS),
        secret in secret(),
        bytes in proptest::collection::vec(any::<u8>(), 200),
    ) {
        let mut choices = Choices { bytes: &bytes, next: 0 };
        check(Format::Toml, path, &secret, &toml(path, &secret, &mut choices))?;
    }
}
