//! The last writers that were seen, in a small ring.
//!
//! It never grows beyond its size, and forgets the oldest first.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::time::{Duration, Instant};

use super::program::Program;

/// How many are kept, of all directories together.
const KEPT: usize = 256;
/// What was seen longer before a write was noticed has nothing to do with it.
const EARLIEST: Duration = Duration::from_secs(5);
/// The same writer at the same file within this time is one sighting.
const TOGETHER: Duration = Duration::from_millis(100);

/// What somebody did to a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Opened it, perhaps only to read.
    Open,
    /// Changed what is in it or what stands there.
    Write,
}

/// Somebody at a file.
#[derive(Clone, Debug)]
pub(super) struct Sighting {
    /// The number of the directory.
    pub(super) directory: u64,
    /// The file in it.
    pub(super) name: OsString,
    /// What was done.
    pub(super) act: Act,
    /// Who did it. One that had ended before it could be asked for its name is known by its id.
    pub(super) pid: u32,
    /// The program, where it could be asked.
    pub(super) program: Option<Program>,
    /// When it was seen.
    pub(super) at: Instant,
}

/// The last sightings, oldest first.
#[derive(Debug, Default)]
pub(super) struct Ring(VecDeque<Sighting>);

impl Ring {
    /// Whether `pid` was just seen doing the same; then that counts for now too.
    pub(super) fn prolong(
        &mut self,
        directory: u64,
        name: &OsStr,
        act: Act,
        pid: u32,
        now: Instant,
    ) -> bool {
        // Only the latest: between two of its writes another may have come.
        let Some(last) = self.0.back_mut() else { return false };
        let is_same = last.program.is_some()
            && last.directory == directory
            && last.name == name
            && last.act == act
            && last.pid == pid
            && now.saturating_duration_since(last.at) < TOGETHER;
        if is_same {
            last.at = now;
        }
        is_same
    }

    /// Adds one. Where its program could not be asked any more, it is the one that had the id just
    /// before: ids come around only after many thousand processes.
    pub(super) fn add(&mut self, mut sighting: Sighting) {
        if sighting.program.is_none() {
            let mut known = self.0.iter().rev().filter(|known| known.pid == sighting.pid);
            sighting.program = known
                .find(|known| sighting.at.saturating_duration_since(known.at) < EARLIEST)
                .and_then(|known| known.program.clone());
        }
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(sighting);
    }

    /// Who wrote the file last, where that was not long before `written`.
    pub(super) fn writer(
        &self,
        directory: u64,
        name: &OsStr,
        written: Instant,
    ) -> Option<&Sighting> {
        let mut writes = self.0.iter().rev().filter(|seen| seen.act == Act::Write);
        writes
            .find(|seen| seen.directory == directory && seen.name == name)
            .filter(|seen| written.saturating_duration_since(seen.at) < EARLIEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sighting(name: &str, act: Act, pid: u32, program: Option<&str>, at: Instant) -> Sighting {
        let program =
            program.map(|name| Program { pid, started: u64::from(pid), name: name.to_owned() });
        Sighting { directory: 1, name: name.into(), act, pid, program, at }
    }

    fn name(ring: &Ring, written: Instant) -> Option<String> {
        let writer = ring.writer(1, OsStr::new("a.json"), written)?;
        Some(writer.program.as_ref()?.name.clone())
    }

    #[test]
    fn the_last_writer_of_the_file_is_the_one_and_readers_are_not() {
        let (mut ring, now) = (Ring::default(), Instant::now());
        ring.add(sighting("a.json", Act::Write, 7, Some("one"), now));
        ring.add(sighting("a.json", Act::Write, 8, Some("two"), now));
        ring.add(sighting("a.json", Act::Open, 9, Some("reader"), now));
        ring.add(sighting("b.json", Act::Write, 10, Some("other"), now));
        assert_eq!(name(&ring, now).as_deref(), Some("two"));
        assert!(ring.writer(2, OsStr::new("a.json"), now).is_none());
    }

    #[test]
    fn a_write_of_long_before_is_another() {
        let (mut ring, now) = (Ring::default(), Instant::now());
        ring.add(sighting("a.json", Act::Write, 7, Some("one"), now));
        assert!(name(&ring, now + EARLIEST / 2).is_some());
        assert!(name(&ring, now + EARLIEST).is_none());
    }

    #[test]
    fn who_ended_too_soon_is_known_from_what_it_opened() {
        let (mut ring, now) = (Ring::default(), Instant::now());
        ring.add(sighting("sedX", Act::Open, 7, Some("sed"), now));
        ring.add(sighting("a.json", Act::Write, 7, None, now));
        assert_eq!(name(&ring, now).as_deref(), Some("sed"));
        ring.add(sighting("a.json", Act::Write, 8, None, now));
        assert_eq!(name(&ring, now), None);
    }

    #[test]
    fn many_writes_in_a_row_are_one_sighting_and_the_ring_stays_small() {
        let (mut ring, now) = (Ring::default(), Instant::now());
        ring.add(sighting("a.json", Act::Write, 7, Some("one"), now));
        let prolong =
            |ring: &mut Ring, act, pid, at| ring.prolong(1, OsStr::new("a.json"), act, pid, at);
        assert!(prolong(&mut ring, Act::Write, 7, now + TOGETHER / 2));
        assert!(!prolong(&mut ring, Act::Open, 7, now));
        assert!(!prolong(&mut ring, Act::Write, 8, now));
        assert!(!prolong(&mut ring, Act::Write, 7, now + TOGETHER * 2));
        for pid in 0..1000 {
            ring.add(sighting("b.json", Act::Write, pid, None, now));
        }
        assert_eq!(ring.0.len(), KEPT);
    }
}
