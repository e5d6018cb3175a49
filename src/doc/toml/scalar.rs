//! Scalars and keys of TOML: from their spelling to their value.
//!
//! Everything given here was read as part of a valid document; nothing here fails.

use std::borrow::Cow;

use toml_parser::decoder::{Encoding, ScalarKind};
use toml_parser::{Raw, Source};

use super::super::{Kind, Value, Wtf8String};

/// How a string or key is quoted; nothing for bare words.
pub(super) fn encoding(raw: &str) -> Option<Encoding> {
    if raw.starts_with("\"\"\"") && raw.len() >= 6 {
        Some(Encoding::MlBasicString)
    } else if raw.starts_with("'''") && raw.len() >= 6 {
        Some(Encoding::MlLiteralString)
    } else if raw.starts_with('"') {
        Some(Encoding::BasicString)
    } else if raw.starts_with('\'') {
        Some(Encoding::LiteralString)
    } else {
        None
    }
}

fn as_raw(text: &str) -> Raw<'_> {
    let whole = Source::new(text).get(toml_parser::Span::new_unchecked(0, text.len()));
    let whole = whole.expect("the span is that of the text");
    Raw::new_unchecked(
        whole.as_str(),
        encoding(text),
        toml_parser::Span::new_unchecked(0, text.len()),
    )
}

/// The kind of a scalar as written.
pub(super) fn kind_of(raw: &str) -> Kind {
    match as_raw(raw).decode_scalar(&mut (), &mut ()) {
        ScalarKind::String => Kind::String,
        ScalarKind::Boolean(_) => Kind::Bool,
        ScalarKind::DateTime => Kind::Datetime,
        ScalarKind::Float | ScalarKind::Integer(_) => Kind::Number,
    }
}

/// The value of a scalar as written.
pub(in crate::doc) fn decode(kind: Kind, raw: &str) -> Value {
    let mut text = Cow::Borrowed("");
    let decoded = as_raw(raw).decode_scalar(&mut text, &mut ());
    debug_assert_eq!(kind, kind_of(raw), "the kind is that of the reader");
    match decoded {
        ScalarKind::String => Value::String(text.into_owned().into()),
        ScalarKind::Boolean(value) => Value::Bool(value),
        ScalarKind::DateTime => Value::Datetime(raw.to_owned()),
        ScalarKind::Float => Value::Float(text.parse().expect("a valid float")),
        ScalarKind::Integer(radix) => Value::Integer(
            i64::from_str_radix(&text, radix.value()).expect("a valid integer in range"),
        ),
    }
}

/// The text of a key as written.
pub(in crate::doc) fn decode_key(raw: &str) -> Wtf8String {
    let mut text = Cow::Borrowed("");
    as_raw(raw).decode_key(&mut text, &mut ());
    text.into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, expected: &Value) {
        assert_eq!(&decode(kind_of(raw), raw), expected, "{raw}");
        assert_eq!(kind_of(raw), expected.kind());
    }

    #[test]
    fn strings_of_all_four_kinds_are_decoded() {
        check(r#""""#, &Value::string(""));
        check("''", &Value::string(""));
        check(r#""a\tb\u00e4\U0001F600\"""#, &Value::string("a\tbä😀\""));
        check(r"'a\tb'", &Value::string("a\\tb"));
        check("\"\"\"\na\\\n   b\n\"\"\"", &Value::string("ab\n"));
        check("'''\na'b\n'''", &Value::string("a'b\n"));
        check("\"\"\"\"\"\"", &Value::string(""));
    }

    #[test]
    fn integers_and_floats_are_told_apart() {
        check("1", &Value::Integer(1));
        check("+1_000", &Value::Integer(1000));
        check("0xDEAD_beef", &Value::Integer(0xDEAD_BEEF));
        check("0o755", &Value::Integer(0o755));
        check("0b101", &Value::Integer(5));
        check("9_223_372_036_854_775_807", &Value::Integer(i64::MAX));
        check("-9223372036854775808", &Value::Integer(i64::MIN));
        check("1.0", &Value::Float(1.0));
        check("-0.0", &Value::Float(-0.0));
        check("1e3", &Value::Float(1000.0));
        check("9_0.5", &Value::Float(90.5));
        check("inf", &Value::Float(f64::INFINITY));
        check("-inf", &Value::Float(f64::NEG_INFINITY));
        check("+nan", &Value::Float(f64::NAN));
    }

    #[test]
    fn other_scalars_are_decoded() {
        check("true", &Value::Bool(true));
        check("false", &Value::Bool(false));
        for date in
            ["1979-05-27T07:32:00Z", "1979-05-27 07:32:00.5-07:00", "1979-05-27", "07:32:00"]
        {
            check(date, &Value::Datetime(date.to_owned()));
        }
    }

    #[test]
    fn keys_are_decoded() {
        for (raw, expected) in [
            ("a-b_1", "a-b_1"),
            ("\"a.b\\u00e4\"", "a.bä"),
            ("'a\\b'", "a\\b"),
            ("\"\"", ""),
            ("1", "1"),
        ] {
            assert_eq!(decode_key(raw), expected);
        }
    }
}
