//! Spelling of new values and keys.
//!
//! Only what every TOML 1.0 reader takes is written: inline tables on one line, no `\e`, no `\x`.
//!
//! Nothing here knows where the text goes.

use std::fmt::Write as _;

use toml_parser::decoder::Encoding;

use super::super::{Value, Wtf8String};
use super::scalar::encoding;

/// The quotes of strings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Quotes {
    /// `"a"`.
    #[default]
    Basic,
    /// `'a'` where the text can stand in them, else as [`Quotes::Basic`].
    Literal,
    /// `"""a"""` where the text has line ends, else as [`Quotes::Basic`].
    Lines,
}

impl Quotes {
    /// The quotes of a string as written; nothing where it is none.
    pub(super) fn of(raw: &str) -> Option<Self> {
        match encoding(raw)? {
            Encoding::BasicString => Some(Self::Basic),
            Encoding::LiteralString => Some(Self::Literal),
            Encoding::MlBasicString | Encoding::MlLiteralString => Some(Self::Lines),
        }
    }
}

/// Text that is to be written: spelled scalars in containers that may yet take any form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// A value as it is to stand in the text.
    Spelled(String),
    Array(Vec<Self>),
    /// Members with their keys as they are to stand in the text.
    Table(Vec<(String, Self)>),
}

impl Content {
    /// Spells `value`, or says what of it TOML does not have. `levels` is how deep it may go.
    pub(super) fn of(value: &Value, quotes: Quotes, levels: usize) -> Result<Self, &'static str> {
        let deeper = || levels.checked_sub(1).ok_or("such deep nesting");
        Ok(match value {
            Value::Null => return Err("null"),
            Value::Bool(truth) => Self::Spelled(truth.to_string()),
            Value::Integer(number) => Self::Spelled(number.to_string()),
            Value::Float(number) => Self::Spelled(spell_float(*number)),
            Value::String(text) => {
                let text = text.as_str().ok_or("a string with a lone surrogate")?;
                Self::Spelled(spell_string(text, quotes))
            }
            Value::Datetime(text) => match text.parse::<toml_edit::Datetime>() {
                Ok(_) => Self::Spelled(text.clone()),
                Err(_) => return Err("an invalid date"),
            },
            Value::Array(elements) => {
                let levels = deeper()?;
                let elements = elements.iter().map(|element| Self::of(element, quotes, levels));
                Self::Array(elements.collect::<Result<_, _>>()?)
            }
            Value::Object(members) => {
                let levels = deeper()?;
                let members = members
                    .iter()
                    .map(|(key, member)| Ok((spell_key(key)?, Self::of(member, quotes, levels)?)));
                Self::Table(members.collect::<Result<_, &'static str>>()?)
            }
        })
    }

    /// The content on one line.
    pub(super) fn inline(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Spelled(spelled) => text.push_str(spelled),
            Self::Array(elements) => {
                text.push('[');
                for (index, element) in elements.iter().enumerate() {
                    text.push_str(if index == 0 { "" } else { ", " });
                    element.write(text);
                }
                text.push(']');
            }
            Self::Table(members) if members.is_empty() => text.push_str("{}"),
            Self::Table(members) => {
                for (index, (key, member)) in members.iter().enumerate() {
                    text.push_str(if index == 0 { "{ " } else { ", " });
                    text.push_str(key);
                    text.push_str(" = ");
                    member.write(text);
                }
                text.push_str(" }");
            }
        }
    }

    /// Whether this is an array that could be written as an array of tables.
    pub(super) fn is_tables(&self) -> bool {
        match self {
            Self::Array(elements) => {
                !elements.is_empty() && elements.iter().all(|one| matches!(one, Self::Table(_)))
            }
            _ => false,
        }
    }
}

/// Spells a key, bare where that is possible, or says why there is no way.
pub(super) fn spell_key(key: &Wtf8String) -> Result<String, &'static str> {
    let text = key.as_str().ok_or("a key with a lone surrogate")?;
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !text.is_empty() && text.chars().all(bare) {
        return Ok(text.to_owned());
    }
    Ok(spell_string(text, Quotes::Basic))
}

fn spell_float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    // `1.0`, `1e300`, `inf`, `-0.0`: all of them floats of TOML.
    format!("{number:?}")
}

pub(super) fn spell_string(text: &str, quotes: Quotes) -> String {
    let plain = |c: char| c == '\t' || !c.is_control();
    match quotes {
        Quotes::Literal
            if !text.contains('\'') && text.chars().all(|c| plain(c) || c > '\u{7f}') =>
        {
            format!("'{text}'")
        }
        Quotes::Lines if text.contains('\n') => {
            let mut spelled = "\"\"\"\n".to_owned();
            for character in text.chars() {
                match character {
                    '\n' => spelled.push('\n'),
                    other => push_escaped(&mut spelled, other),
                }
            }
            spelled + "\"\"\""
        }
        _ => {
            let mut spelled = "\"".to_owned();
            text.chars().for_each(|character| push_escaped(&mut spelled, character));
            spelled + "\""
        }
    }
}

fn push_escaped(spelled: &mut String, character: char) {
    match character {
        '"' => spelled.push_str("\\\""),
        '\\' => spelled.push_str("\\\\"),
        '\n' => spelled.push_str("\\n"),
        '\r' => spelled.push_str("\\r"),
        '\t' => spelled.push_str("\\t"),
        '\u{8}' => spelled.push_str("\\b"),
        '\u{c}' => spelled.push_str("\\f"),
        // C1 controls are legal as they are, but terminals act on them.
        other if other.is_control() => {
            write!(spelled, "\\u{:04X}", u32::from(other)).expect("strings take all text");
        }
        other => spelled.push(other),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{decode, decode_key};
    use super::*;
    use crate::doc::toml::scalar::kind_of;

    #[track_caller]
    fn check(value: &Value, quotes: Quotes, expected: &str) {
        let spelled = Content::of(value, quotes, 9).expect("a value of TOML").inline();
        assert_eq!(spelled, expected);
        if !matches!(value, Value::Array(_) | Value::Object(_)) {
            assert_eq!(decode(kind_of(&spelled), &spelled), *value);
        }
    }

    #[test]
    fn scalars_are_read_again_as_they_are() {
        check(
            &Value::string("a\"b\\\n\t\u{1b}\u{7f}ä"),
            Quotes::Basic,
            r#""a\"b\\\n\t\u001B\u007Fä""#,
        );
        check(&Value::string("a\"b\\"), Quotes::Literal, r#"'a"b\'"#);
        check(&Value::string("it's"), Quotes::Literal, r#""it's""#);
        check(&Value::string("a\n"), Quotes::Literal, r#""a\n""#);
        check(&Value::string("\na\"\"\"b\\"), Quotes::Lines, "\"\"\"\n\na\\\"\\\"\\\"b\\\\\"\"\"");
        check(&Value::string("one line"), Quotes::Lines, "\"one line\"");
        check(&Value::Float(1.0), Quotes::Basic, "1.0");
        check(&Value::Float(1e300), Quotes::Basic, "1e300");
        check(&Value::Float(-0.0), Quotes::Basic, "-0.0");
        check(&Value::Float(f64::NAN), Quotes::Basic, "nan");
        check(&Value::Float(f64::NEG_INFINITY), Quotes::Basic, "-inf");
        check(&Value::Integer(i64::MIN), Quotes::Basic, "-9223372036854775808");
        check(
            &Value::Datetime("1979-05-27 07:32:00Z".into()),
            Quotes::Basic,
            "1979-05-27 07:32:00Z",
        );
    }

    #[test]
    fn containers_stand_on_one_line() {
        let inner = Value::Object(vec![(
            "b c".into(),
            Value::Array(vec![Value::Integer(1), Value::Bool(true)]),
        )]);
        check(
            &Value::Object(vec![("a".into(), inner)]),
            Quotes::Basic,
            r#"{ a = { "b c" = [1, true] } }"#,
        );
        check(&Value::Array(vec![]), Quotes::Basic, "[]");
        check(&Value::Object(vec![]), Quotes::Basic, "{}");
    }

    #[test]
    fn keys_are_bare_where_they_can_be() {
        for (key, expected) in
            [("a-b_1", "a-b_1"), ("", "\"\""), ("a.b", "\"a.b\""), ("ä", "\"ä\"")]
        {
            let spelled = spell_key(&key.into()).expect("a key of TOML");
            assert_eq!(spelled, expected);
            assert_eq!(decode_key(&spelled), key);
        }
    }

    #[test]
    fn what_toml_does_not_have_is_named() {
        let mut lone = Wtf8String::new();
        lone.push_unit(0xD800);
        let refused =
            |value: &Value| Content::of(value, Quotes::Basic, 2).expect_err("not of TOML");
        assert_eq!(refused(&Value::Null), "null");
        assert_eq!(refused(&Value::Array(vec![Value::Null])), "null");
        assert_eq!(refused(&Value::String(lone.clone())), "a string with a lone surrogate");
        assert_eq!(
            refused(&Value::Object(vec![(lone, Value::Bool(true))])),
            "a key with a lone surrogate"
        );
        assert_eq!(refused(&Value::Datetime("1 # x".into())), "an invalid date");
        let deep = Value::Array(vec![Value::Array(vec![Value::Array(vec![])])]);
        assert_eq!(refused(&deep), "such deep nesting");
    }
}
