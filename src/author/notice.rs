//! What the kernel writes into a fanotify group, as fields.
//!
//! Pure. The layout is that of `fanotify(7)`: a head, then records of information, each with its own
//! length. What is cut off or makes no sense ends the reading; it is never guessed at.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

/// Version of the layout.
const VERSION: u8 = 3;
/// Bytes of the head: length, version, reserved, length of the head, mask, descriptor, process.
const HEAD: usize = 24;
/// A record with the handle of a directory, then a name in it.
const DIRECTORY_AND_NAME: u8 = 2;
/// A record with a pidfd.
const PIDFD: u8 = 4;

/// One event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Notice<'a> {
    /// What happened, in bits.
    pub(super) mask: u64,
    /// Who did it; 0 where the process cannot be seen from here.
    pub(super) pid: u32,
    /// The name in the directory that it was done to.
    pub(super) name: Option<&'a OsStr>,
    /// A descriptor of the process, which must be closed; nothing where it has ended.
    pub(super) pidfd: Option<i32>,
}

/// The events in `bytes`.
pub(super) fn notices(bytes: &[u8]) -> impl Iterator<Item = Notice<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = usize::try_from(u32::from_ne_bytes(field(rest, 0)?)).ok()?;
        let event = rest.get(..length).filter(|event| event.len() >= HEAD)?;
        if event[4] != VERSION {
            return None;
        }
        rest = &rest[length..];
        notice(event)
    })
}

fn notice(event: &[u8]) -> Option<Notice<'_>> {
    let head = usize::from(u16::from_ne_bytes(field(event, 6)?));
    let mask = u64::from_ne_bytes(field(event, 8)?);
    let pid = i32::from_ne_bytes(field(event, 20)?).try_into().unwrap_or(0);
    let mut notice = Notice { mask, pid, name: None, pidfd: None };
    let mut rest = event.get(head..)?;
    // Kind, a byte of padding, and the length with these four bytes.
    while let Some(length) = field(rest, 2).map(|length| usize::from(u16::from_ne_bytes(length)))
        && let Some(record) = rest.get(..length).filter(|record| record.len() >= 4)
    {
        match record[0] {
            PIDFD => {
                let pidfd = field(record, 4).map(i32::from_ne_bytes);
                notice.pidfd = pidfd.filter(|pidfd| *pidfd >= 0);
            }
            DIRECTORY_AND_NAME => notice.name = name(record),
            _ => {}
        }
        rest = &rest[length..];
    }
    Some(notice)
}

/// The name after the handle: id of the file system (8 bytes), length and type of the handle, the
/// handle, the name with a null after it.
fn name(record: &[u8]) -> Option<&OsStr> {
    let handle = usize::try_from(u32::from_ne_bytes(field(record, 12)?)).ok()?;
    let name = record.get(20_usize.checked_add(handle)?..)?;
    let end = memchr::memchr(0, name)?;
    let name = &name[..end];
    (!name.is_empty()).then(|| OsStr::from_bytes(name))
}

fn field<const SIZE: usize>(bytes: &[u8], at: usize) -> Option<[u8; SIZE]> {
    bytes.get(at..at + SIZE)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(mask: u64, pid: i32, records: &[u8]) -> Vec<u8> {
        let mut event = Vec::new();
        event.extend(u32::try_from(HEAD + records.len()).unwrap().to_ne_bytes());
        event.extend([VERSION, 0]);
        event.extend(u16::try_from(HEAD).unwrap().to_ne_bytes());
        event.extend(mask.to_ne_bytes());
        event.extend((-1_i32).to_ne_bytes());
        event.extend(pid.to_ne_bytes());
        event.extend(records);
        event
    }

    fn record(kind: u8, content: &[u8]) -> Vec<u8> {
        let mut record = vec![kind, 0];
        record.extend(u16::try_from(content.len() + 4).unwrap().to_ne_bytes());
        record.extend(content);
        record
    }

    fn named(name: &str) -> Vec<u8> {
        let handle = [7; 8];
        let mut content = vec![0; 8];
        content.extend(8_u32.to_ne_bytes());
        content.extend(1_i32.to_ne_bytes());
        content.extend(handle);
        content.extend(name.as_bytes());
        content.extend([0, 0, 0]);
        record(DIRECTORY_AND_NAME, &content)
    }

    #[test]
    fn names_and_processes_are_read() {
        let records = [named("openclaw.json"), record(PIDFD, &9_i32.to_ne_bytes())].concat();
        let gone = record(PIDFD, &(-1_i32).to_ne_bytes());
        let bytes = [event(2, 77, &records), event(8, 0, &gone)].concat();
        let found: Vec<_> = notices(&bytes).collect();
        let name = Some(OsStr::new("openclaw.json"));
        assert_eq!(
            found,
            [
                Notice { mask: 2, pid: 77, name, pidfd: Some(9) },
                Notice { mask: 8, pid: 0, name: None, pidfd: None },
            ]
        );
    }

    #[test]
    fn what_is_cut_off_is_left_out() {
        let whole = event(2, 77, &named("openclaw.json"));
        let two = [whole.clone(), whole.clone()].concat();
        for length in 0..two.len() {
            assert_eq!(notices(&two[..length]).count(), length / whole.len(), "{length}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(notices(&bytes).count() <= bytes.len() / HEAD);
            let events = event(2, 1, &bytes);
            prop_assert!(notices(&events).count() <= 1);
        }
    }
}
