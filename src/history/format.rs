//! The lines that records are stored as.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Fault, Listing, Record, RecordId};

/// The newest version of the lines that are read and written. 2 has more ways to know an author; a
/// record without them is of version 1, so that an older reader takes as many as it can.
const VERSION: u64 = 2;

/// A line of the file of records.
#[derive(Debug)]
pub(super) enum Line {
    /// A record of this version.
    Record(Box<Record>),
    /// Anything else.
    Fault(Fault),
}

/// What every version has.
#[derive(Deserialize)]
struct Head {
    v: u64,
    /// A number, as far as we know.
    #[serde(default)]
    id: serde_json::Value,
}

#[derive(Serialize)]
struct Versioned<'a> {
    v: u64,
    #[serde(flatten)]
    record: &'a Record,
}

/// `record` as a line, with its end.
pub(super) fn encode(record: &Record) -> Vec<u8> {
    let versioned = Versioned { v: record.author.certainty.version(), record };
    let mut line = serde_json::to_vec(&versioned).expect("keys are strings, times are checked");
    line.push(b'\n');
    line
}

/// What the line `number` says; nothing where it is empty.
pub(super) fn decode(line: &[u8], number: usize) -> Option<Line> {
    if line.trim_ascii().is_empty() {
        return None;
    }
    // Nearly every line is of a known version: those that are not are read a second time.
    let starts_right = line.starts_with(b"{\"v\":1,") || line.starts_with(b"{\"v\":2,");
    if starts_right && let Ok(record) = serde_json::from_slice(line) {
        return Some(Line::Record(Box::new(record)));
    }
    Some(match serde_json::from_slice(line) {
        Ok(Head { v, id }) if v > VERSION => {
            Line::Fault(Fault::Newer { id: id.as_u64().map(RecordId), version: v })
        }
        Ok(Head { v: 1..=VERSION, .. }) => match serde_json::from_slice(line) {
            Ok(record) => Line::Record(Box::new(record)),
            Err(_) => Line::Fault(Fault::Damaged { line: number }),
        },
        _ => Line::Fault(Fault::Damaged { line: number }),
    })
}

/// The lines of `bytes`, each with its number and without its end. What follows the last end of a
/// line is a line that was cut off, or is just being written.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let whole = memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1);
    let mut rest = &bytes[..whole];
    let mut number = 0;
    std::iter::from_fn(move || {
        let end = memchr::memchr(b'\n', rest)?;
        let line = &rest[..end];
        rest = &rest[end + 1..];
        number += 1;
        Some((number, line))
    })
}

/// Everything that `bytes`, a whole file of records, says.
pub(super) fn listing(bytes: &[u8]) -> Listing {
    let mut listing = Listing::default();
    for (number, line) in lines(bytes) {
        match decode(line, number) {
            Some(Line::Record(record)) => listing.records.push(*record),
            Some(Line::Fault(fault)) => listing.faults.push(fault),
            None => {}
        }
    }
    // A number stands for one record; what a damaged disk repeats is not a second one.
    if listing.records.is_sorted_by(|one, two| one.id < two.id) {
        return listing;
    }
    let mut last: HashMap<RecordId, usize> = HashMap::new();
    for (index, record) in listing.records.iter().enumerate() {
        last.insert(record.id, index);
    }
    let mut index = 0;
    listing.records.retain(|record| {
        index += 1;
        last.get(&record.id) == Some(&(index - 1))
    });
    listing
}

/// Times as RFC 3339 with milliseconds, in UTC.
pub(crate) mod time {
    use std::borrow::Cow;
    use std::time::SystemTime;

    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(
        time: &SystemTime,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_rfc3339_millis(*time))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SystemTime, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        humantime::parse_rfc3339(&text).map_err(de::Error::custom)
    }
}

/// Paths as text; those that are no UTF-8 as an object with their bytes in hex.
pub(crate) mod path {
    use std::path::{Path, PathBuf};

    use serde::{Deserializer, Serialize as _, Serializer, de};

    /// A path that is no text.
    #[derive(serde::Serialize)]
    struct Bytes {
        hex: String,
    }

    pub(crate) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(text) = path.to_str() {
            return serializer.serialize_str(text);
        }
        let bytes = path.as_os_str().as_encoded_bytes();
        let digit = |four: u8| char::from_digit(u32::from(four), 16).unwrap_or_default();
        let hex = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
        Bytes { hex }.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<PathBuf, D::Error> {
        deserializer.deserialize_any(Spelling)
    }

    /// Reads both spellings. By hand: it is done ten thousand times for a long history.
    struct Spelling;

    impl<'de> de::Visitor<'de> for Spelling {
        type Value = PathBuf;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a path")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<PathBuf, E> {
            Ok(text.into())
        }

        fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<PathBuf, A::Error> {
            let mut path = None;
            while let Some((key, value)) = map.next_entry::<String, String>()? {
                if key == "hex" {
                    path = of_hex(&value);
                }
            }
            path.ok_or_else(|| de::Error::custom("no path"))
        }
    }

    fn of_hex(hex: &str) -> Option<PathBuf> {
        if !hex.len().is_multiple_of(2) || !hex.is_ascii() {
            return None;
        }
        let digits = hex.as_bytes().chunks(2);
        let bytes: Option<Vec<u8>> = digits
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect();
        Some(of_bytes(bytes?))
    }

    #[cfg(unix)]
    fn of_bytes(bytes: Vec<u8>) -> PathBuf {
        use std::os::unix::ffi::OsStringExt as _;
        std::ffi::OsString::from_vec(bytes).into()
    }

    #[cfg(not(unix))]
    fn of_bytes(bytes: Vec<u8>) -> PathBuf {
        String::from_utf8_lossy(&bytes).into_owned().into()
    }
}
