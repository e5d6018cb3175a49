//! The fields of a profile file, each checked as it is read.
//!
//! A check that fails while a field is read is reported at the place of that field; that is why
//! there is a type for each, and why the checks run inside of the visitor: later, the place of an
//! element is that of its array.
//!
//! This module never corrects a value: what is not as it must be is an error.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::{Prefix, Version};
use crate::doc::{KeyPath, Segment};
use crate::finding::RULE_IDS;

/// The version of the format that is read.
const FORMAT_VERSION: i64 = 1;

/// The deepest nesting of includes a profile may ask for.
const MAX_INCLUDE_DEPTH: i64 = 64;

/// Reads a text and makes a `T` of it, or a fault at its place.
struct Text<T>(PhantomData<T>);

impl<T: TryFrom<String, Error = String>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<T, E> {
        T::try_from(text).map_err(E::custom)
    }
}

macro_rules! read_from_text {
    ($($field:ident),*) => {
        $(impl<'de> Deserialize<'de> for $field {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_string(Text(PhantomData))
            }
        })*
    };
}

read_from_text!(Name, FileName, Path, Prefix, RuleId, VersionText);

/// A word that is not empty.
pub(super) struct Name(pub(super) String);

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("the text is empty".to_owned());
        }
        Ok(Self(text))
    }
}

/// The name of a file, without a directory.
pub(super) struct FileName(pub(super) String);

impl TryFrom<String> for FileName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let Name(text) = text.try_into()?;
        if text.contains(['/', '\\']) || text == "." || text == ".." {
            return Err("expected the name of a file, without a directory".to_owned());
        }
        Ok(Self(text))
    }
}

/// A key path to one place, so without steps into arrays.
pub(super) struct Path(pub(super) KeyPath);

impl TryFrom<String> for Path {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let path: KeyPath = text.parse().map_err(|error| format!("bad path: {error}"))?;
        if path.is_root() || !path.segments().iter().all(|step| matches!(step, Segment::Key(_))) {
            return Err(
                "bad path: expected the names of keys, without brackets for arrays".to_owned()
            );
        }
        Ok(Self(path))
    }
}

impl TryFrom<String> for Prefix {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::of_plain(text).or_else(|text| {
            let Path(path) = text.try_into()?;
            let names = path.segments().iter().map(|step| match step {
                Segment::Key(key) => key.to_str_lossy(),
                _ => unreachable!("a path of a profile has keys only"),
            });
            let names: Vec<_> = names.collect();
            Ok(Self::of_steps(&names.iter().map(AsRef::as_ref).collect::<Vec<&str>>()))
        })
    }
}

/// The id of a rule.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RuleId(pub(super) String);

impl TryFrom<String> for RuleId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if RULE_IDS.contains(&text.as_str()) {
            return Ok(Self(text));
        }
        Err(format!(
            "unknown rule `{}`, expected one of `{}`",
            text.escape_debug(),
            RULE_IDS.join("`, `")
        ))
    }
}

/// A version of the gateway.
pub(super) struct VersionText {
    pub(super) text: String,
    pub(super) version: Version,
}

impl TryFrom<String> for VersionText {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let version = text.parse().map_err(|error| format!("bad version: {error}"))?;
        Ok(Self { text, version })
    }
}

/// The version of the profile format.
#[derive(serde::Deserialize)]
#[serde(try_from = "i64")]
pub(super) struct FormatVersion;

impl TryFrom<i64> for FormatVersion {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        if number == FORMAT_VERSION {
            return Ok(Self);
        }
        Err(format!("profile format {number} is not known, expected {FORMAT_VERSION}"))
    }
}

/// 1 to 100.
#[derive(serde::Deserialize)]
#[serde(try_from = "i64")]
pub(super) struct Percent(pub(super) u8);

impl TryFrom<i64> for Percent {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        match u8::try_from(number) {
            Ok(percent @ 1..=100) => Ok(Self(percent)),
            _ => Err("expected a percentage from 1 to 100".to_owned()),
        }
    }
}

/// How deep includes nest.
#[derive(serde::Deserialize)]
#[serde(try_from = "i64")]
pub(super) struct IncludeDepth(pub(super) usize);

impl TryFrom<i64> for IncludeDepth {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        match usize::try_from(number) {
            Ok(depth) if (1..=MAX_INCLUDE_DEPTH).contains(&number) => Ok(Self(depth)),
            _ => Err(format!("expected a depth from 1 to {MAX_INCLUDE_DEPTH}")),
        }
    }
}
