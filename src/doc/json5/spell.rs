//! Spelling: the text of new keys and values, in the style of their place.
//!
//! What is spelled reads back as the same value, and in a strict JSON text it is strict JSON.
//!
//! This module never looks at a text; the style says all of it.

use super::container::Lines;
use super::style::{Keys, Style, Trailing};
use super::{ident, number};
use crate::doc::{Kind, Value, Wtf8String};

/// Spells a string in the quotes `quote`.
pub(super) fn string(text: &Wtf8String, quote: char) -> String {
    let mut spelled = String::with_capacity(text.len() + 2);
    spelled.push(quote);
    for code in text.code_points() {
        match char::from_u32(code) {
            Some('\n') => spelled.push_str("\\n"),
            Some('\r') => spelled.push_str("\\r"),
            Some('\t') => spelled.push_str("\\t"),
            Some('\u{8}') => spelled.push_str("\\b"),
            Some('\u{C}') => spelled.push_str("\\f"),
            Some(character) if character == quote || character == '\\' => {
                spelled.push('\\');
                spelled.push(character);
            }
            // Characters that end lines or cannot be seen would hide what the file says.
            Some('\u{2028}' | '\u{2029}' | '\u{FEFF}') => push_unicode(&mut spelled, code),
            Some(character) if character.is_control() => push_unicode(&mut spelled, code),
            Some(character) => spelled.push(character),
            None => push_unicode(&mut spelled, code),
        }
    }
    spelled.push(quote);
    spelled
}

fn push_unicode(spelled: &mut String, code: u32) {
    use std::fmt::Write as _;
    // Writing to a string cannot fail.
    let _ = write!(spelled, "\\u{code:04x}");
}

/// Spells a key: bare where that is the style and the key allows it.
pub(super) fn key(text: &Wtf8String, style: &Style) -> String {
    match text.as_str() {
        Some(name) if style.keys == Keys::Bare && ident::is_plain_name(name) => name.to_owned(),
        _ => string(text, style.key_quote),
    }
}

/// Spells a member or an element on the line indented by `indent`: `key`, if any, and `value`.
///
/// # Errors
///
/// What of `value` has no spelling.
pub(super) fn item(
    name: Option<&Wtf8String>,
    value: &Value,
    style: &Style,
    indent: &str,
    lines: Lines,
) -> Result<String, &'static str> {
    let mut spelled = match name {
        Some(name) => key(name, style) + &style.colon,
        None => String::new(),
    };
    push_value(&mut spelled, value, style, indent, lines)?;
    Ok(spelled)
}

/// Says what of `value` has no spelling, if anything.
///
/// # Errors
///
/// That, with its article.
pub(super) fn check(value: &Value, style: &Style) -> Result<(), &'static str> {
    let mut rest = vec![value];
    while let Some(value) = rest.pop() {
        match value {
            Value::Datetime(_) => return Err("a date"),
            Value::Float(number) if style.strict && number.is_nan() => return Err("`NaN`"),
            Value::Float(number) if style.strict && number.is_infinite() => {
                return Err("an infinite number");
            }
            Value::Array(elements) => rest.extend(elements),
            Value::Object(members) => rest.extend(members.iter().map(|(_, value)| value)),
            _ => {}
        }
    }
    Ok(())
}

/// A step of spelling a value; a list of them stands in for recursion.
enum Task<'v> {
    Value(&'v Value, usize, Lines),
    Key(&'v Wtf8String),
    Text(&'static str),
    /// A new line at this depth.
    Line(usize),
}

fn push_value(
    spelled: &mut String,
    value: &Value,
    style: &Style,
    indent: &str,
    lines: Lines,
) -> Result<(), &'static str> {
    check(value, style)?;
    let mut tasks = vec![Task::Value(value, 0, lines)];
    while let Some(task) = tasks.pop() {
        match task {
            Task::Text(text) => spelled.push_str(text),
            Task::Key(name) => {
                spelled.push_str(&key(name, style));
                spelled.push_str(&style.colon);
            }
            Task::Line(depth) => {
                spelled.push_str(style.newline);
                spelled.push_str(indent);
                spelled.push_str(&style.unit.repeat(depth));
            }
            Task::Value(value, depth, lines) => match value {
                Value::Object(members) => {
                    let items = members.iter().map(|(name, value)| (Some(name), value));
                    push_container(&mut tasks, items, ("{", "}"), style, depth, lines);
                }
                Value::Array(elements) => {
                    let items = elements.iter().map(|value| (None, value));
                    push_container(&mut tasks, items, ("[", "]"), style, depth, lines);
                }
                scalar => spelled.push_str(&self::scalar(scalar, style)),
            },
        }
    }
    Ok(())
}

fn push_container<'v>(
    tasks: &mut Vec<Task<'v>>,
    items: impl DoubleEndedIterator<Item = (Option<&'v Wtf8String>, &'v Value)> + ExactSizeIterator,
    (open, close): (&'static str, &'static str),
    style: &Style,
    depth: usize,
    lines: Lines,
) {
    // The last task is the first one done.
    tasks.push(Task::Text(close));
    let count = items.len();
    let padding = if open == "{" { style.padding } else { "" };
    if count > 0 {
        match lines {
            Lines::Many => tasks.push(Task::Line(depth)),
            Lines::One => tasks.push(Task::Text(padding)),
        }
    }
    for (index, (name, value)) in items.enumerate().rev() {
        let is_last = index + 1 == count;
        let comma = !is_last || (lines == Lines::Many && style.trailing == Trailing::Comma);
        if lines == Lines::One && !is_last {
            tasks.push(Task::Text(style.space));
        }
        if comma {
            tasks.push(Task::Text(","));
        }
        tasks.push(Task::Value(value, depth + 1, lines_of_member(value, style, lines)));
        tasks.extend(name.map(Task::Key));
        if lines == Lines::Many {
            tasks.push(Task::Line(depth + 1));
        }
    }
    if count > 0 && lines == Lines::One {
        tasks.push(Task::Text(padding));
    }
    tasks.push(Task::Text(open));
}

fn lines_of_member(value: &Value, style: &Style, around: Lines) -> Lines {
    let is_scalar = |value: &Value| !matches!(value.kind(), Kind::Array | Kind::Object);
    match value {
        _ if around == Lines::One => Lines::One,
        Value::Array(elements) if elements.iter().all(is_scalar) => style.scalar_arrays,
        _ => Lines::Many,
    }
}

fn scalar(value: &Value, style: &Style) -> String {
    match value {
        Value::Bool(true) => "true".to_owned(),
        Value::Bool(false) => "false".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number::spell(*number),
        Value::String(text) => string(text, style.string_quote),
        _ => "null".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::json5::string::decode;

    #[track_caller]
    fn check_string(text: &str, quote: char, expected: &str) {
        assert_eq!(string(&text.into(), quote), expected);
        assert_eq!(decode(expected), text);
    }

    #[test]
    fn strings_escape_what_ends_lines_or_cannot_be_seen() {
        check_string("plain ä 😀", '"', "\"plain ä 😀\"");
        check_string("it's \"x\"", '\'', r#"'it\'s "x"'"#);
        check_string("it's \"x\"", '"', r#""it's \"x\"""#);
        check_string("a\\b\n\r\t\u{8}\u{C}", '"', r#""a\\b\n\r\t\b\f""#);
        check_string("\0\u{B}\u{1b}\u{7f}\u{85}", '"', r#""\u0000\u000b\u001b\u007f\u0085""#);
        check_string("\u{2028}\u{2029}\u{feff}", '"', r#""\u2028\u2029\ufeff""#);
    }

    #[test]
    fn lone_surrogates_are_escaped() {
        let text = decode(r#""a\ud83d\ud83d\ude00\ude00""#);
        assert_eq!(string(&text, '"'), "\"a\\ud83d😀\\ude00\"");
        assert_eq!(decode(&string(&text, '"')), text);
    }
}
