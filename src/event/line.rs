//! The lines that events are stored and sent as.

use std::time::{Duration, SystemTime};

use serde::Deserialize;

use super::{Event, VERSION};
use crate::history::time;

/// An event as it was read: all of it where it is understood, else what every version has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its number in the log of its file.
    pub seq: u64,
    /// When it happened.
    pub at: SystemTime,
    /// The name of its kind, which need not be known.
    pub kind: String,
    /// The event; nothing where it is of a newer version or of a kind that is not known.
    pub event: Option<Event>,
    /// The line as it was written, without its end.
    pub line: String,
}

/// What every version has.
#[derive(Deserialize)]
struct Head {
    v: u64,
    seq: u64,
    #[serde(with = "time")]
    at: SystemTime,
    kind: String,
}

/// `event` as a line, with its end.
pub(super) fn encode(event: &Event) -> String {
    let mut line = serde_json::to_string(event).expect("keys are strings, times are checked");
    line.push('\n');
    line
}

/// What a line, without its end, says; nothing where it is damaged.
pub(super) fn decode(line: &[u8]) -> Option<Seen> {
    let line = std::str::from_utf8(line).ok()?;
    let head: Head = serde_json::from_str(line).ok()?;
    let event = match head.v {
        VERSION => serde_json::from_str(line).ok(),
        _ => None,
    };
    Some(Seen { seq: head.seq, at: head.at, kind: head.kind, event, line: line.to_owned() })
}

/// Everything that `bytes` say in whole lines, oldest first. Damaged lines are left out.
pub(super) fn decode_all(bytes: &[u8]) -> impl Iterator<Item = Seen> {
    let whole = memchr::memrchr(b'\n', bytes).unwrap_or(0);
    bytes[..whole].split(|byte| *byte == b'\n').filter_map(decode)
}

/// Events are told in milliseconds, of times that can be written.
pub(super) fn whole_millis(time: SystemTime) -> SystemTime {
    const LAST: Duration = Duration::from_secs(253_402_300_799);
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().min(LAST);
    let millis = u64::try_from(since.as_millis()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}
