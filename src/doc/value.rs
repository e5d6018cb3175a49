//! Values without a text form: what a configuration means.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{KeyPath, Segment, Wtf8String};

/// A value of JSON5 or TOML, detached from any text.
///
/// Equality is the one a gateway sees: members of objects compare without regard to order, `NaN`
/// equals `NaN`, and `-0` differs from `0`.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`; TOML has none.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number. JSON5 numbers are f64; every spelling of a whole number up to 2^53 (`16`,
    /// `0x10`, `16.0`, `1.6e1`) reads as this, and longer digit strings that fit keep their digits.
    Integer(i64),
    /// Any other number, infinities, `NaN` and `-0` included.
    Float(f64),
    /// A string.
    String(Wtf8String),
    /// A date, time or both, as TOML spells it; JSON5 has none.
    Datetime(String),
    /// A list.
    Array(Vec<Value>),
    /// A map in the order of its text, each key once: the last of a duplicated key, at its place.
    Object(Vec<(Wtf8String, Value)>),
}

/// The kinds of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`.
    Null,
    /// A truth value.
    Bool,
    /// A number, whole or not.
    Number,
    /// A string.
    String,
    /// A TOML date or time.
    Datetime,
    /// A list.
    Array,
    /// A map.
    Object,
}

impl Kind {
    /// The kind's name for messages, with its article.
    #[must_use]
    pub fn described(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Datetime => "a date",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

impl Value {
    /// A string value.
    #[must_use]
    pub fn string(text: &str) -> Self {
        Self::String(text.into())
    }

    /// A string value, of an owned text.
    #[must_use]
    pub fn from_text(text: String) -> Self {
        Self::String(text.into())
    }

    /// The number `number` in its canonical variant, see [`Value::Integer`].
    #[must_use]
    pub fn number(number: f64) -> Self {
        const LIMIT: f64 = 9_007_199_254_740_992.0;
        if number.fract() == 0.0
            && number.abs() <= LIMIT
            && !(number == 0.0 && number.is_sign_negative())
        {
            #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
            return Self::Integer(number as i64);
        }
        Self::Float(number)
    }

    /// What kind of value this is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Bool,
            Self::Integer(_) | Self::Float(_) => Kind::Number,
            Self::String(_) => Kind::String,
            Self::Datetime(_) => Kind::Datetime,
            Self::Array(_) => Kind::Array,
            Self::Object(_) => Kind::Object,
        }
    }

    /// The string, where this is one and holds no lone surrogate.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => text.as_str(),
            _ => None,
        }
    }

    /// The elements, where this is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The members, where this is an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&[(Wtf8String, Self)]> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The member `key` of an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_object()?.iter().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// The member `key` of an object, as [`Value::get`], for any key.
    #[must_use]
    pub fn member(&self, key: &Wtf8String) -> Option<&Self> {
        self.as_object()?.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The value at `path`; nothing where the way is absent or goes through something else.
    #[must_use]
    pub fn at(&self, path: &KeyPath) -> Option<&Self> {
        path.segments().iter().try_fold(self, |value, segment| match segment {
            Segment::Key(key) => value.member(key),
            Segment::Index(index) => value.as_array()?.get(*index),
            Segment::Where { key, value: wanted } => value
                .as_array()?
                .iter()
                .find(|element| element.get(key).and_then(Self::as_str) == Some(wanted)),
            Segment::Append => None,
        })
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => {
                a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
            }
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Datetime(a), Self::Datetime(b)) => a == b,
            (Self::Array(a), Self::Array(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => {
                a.len() == b.len()
                    && a.iter().zip(b).enumerate().all(|(index, (left, right))| {
                        // Same place first: the usual case, and it keeps large maps linear.
                        let twin = if left.0 == right.0 {
                            Some(&b[index].1)
                        } else {
                            b.iter().find(|(key, _)| *key == left.0).map(|(_, value)| value)
                        };
                        twin.is_some_and(|twin| left.1 == *twin)
                    })
            }
            _ => false,
        }
    }
}

impl Eq for Value {}

/// Hashes alike what is equal: the order of members does not count.
impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Null => 0_u8.hash(state),
            Self::Bool(value) => value.hash(state),
            Self::Integer(value) => value.hash(state),
            Self::Float(value) if value.is_nan() => 1_u8.hash(state),
            Self::Float(value) => value.to_bits().hash(state),
            Self::String(value) => value.hash(state),
            Self::Datetime(value) => value.hash(state),
            Self::Array(elements) => elements.hash(state),
            Self::Object(members) => {
                let sum = members.iter().fold(0_u64, |sum, member| {
                    let mut hasher = DefaultHasher::new();
                    member.hash(&mut hasher);
                    sum.wrapping_add(hasher.finish())
                });
                sum.hash(state);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_members_does_not_matter() {
        let one = Value::Object(vec![("a".into(), Value::Null), ("b".into(), Value::Bool(true))]);
        let two = Value::Object(vec![("b".into(), Value::Bool(true)), ("a".into(), Value::Null)]);
        assert_eq!(one, two);
        let three = Value::Object(vec![("b".into(), Value::Bool(true))]);
        assert_ne!(one, three);
    }

    #[test]
    fn numbers_are_told_apart_as_javascript_does() {
        assert_eq!(Value::number(16.0), Value::Integer(16));
        assert_ne!(Value::number(-0.0), Value::number(0.0));
        assert_eq!(Value::number(f64::NAN), Value::number(f64::NAN));
        assert_ne!(Value::number(0.5), Value::number(0.25));
    }
}
