//! Who holds a lock, for people.
//!
//! A courtesy: the lock itself is the kernel's. What is written into the lock file is a process id,
//! its start time and the name of a command, never its arguments.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

use serde_json::{Value, json};

use super::process::Process;

/// Most bytes of a holder's text that are looked at.
const LIMIT: u64 = 4096;
/// Most characters of a command's name that are shown.
const LONGEST_COMMAND: usize = 60;

/// The process that holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Process id.
    pub pid: u32,
    /// Start time of the process in clock ticks since the machine started, where known.
    pub started: Option<u64>,
    /// Name of the command, such as `confwarden set`.
    pub command: String,
}

/// Whether somebody holds a lock, as far as can be seen without asking for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// Nobody, or somebody who could not say so.
    No,
    /// Somebody, by name where that is known.
    By(Option<Holder>),
}

impl Holder {
    /// This process.
    pub(super) fn me(command: &str) -> Self {
        Self { pid: std::process::id(), started: Process::own_start(), command: printable(command) }
    }

    /// Writes the holder over what was in the lock file.
    pub(super) fn record(&self, file: &mut File) -> io::Result<()> {
        let mut text = json!({
            "version": 1,
            "pid": self.pid,
            "started": self.started,
            "command": self.command,
        })
        .to_string();
        text.push('\n');
        file.seek(SeekFrom::Start(0))?;
        file.write_all(text.as_bytes())?;
        // Rarely there is a rest of a longer text, since holders empty the file when they leave it.
        if file.metadata()?.len() > text.len() as u64 {
            file.set_len(text.len() as u64)?;
        }
        Ok(())
    }

    /// Reads who holds the lock; a process that does not run any more does not.
    pub(super) fn read(file: &mut File) -> Option<Self> {
        let mut text = Vec::new();
        file.seek(SeekFrom::Start(0)).ok()?;
        file.take(LIMIT).read_to_end(&mut text).ok()?;
        let holder = Self::parse(&text)?;
        Process::look_up(holder.pid).is_the_one_started(holder.started).then_some(holder)
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(text).ok()?;
        Some(Self {
            pid: value.get("pid")?.as_u64()?.try_into().ok()?,
            started: value.get("started").and_then(Value::as_u64),
            command: printable(value.get("command")?.as_str()?),
        })
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` (process {})", self.command, self.pid)
    }
}

/// What may be shown on a terminal of a name that others may have written.
pub(crate) fn printable(name: &str) -> String {
    name.chars().filter(|char| !char.is_control()).take(LONGEST_COMMAND).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_is_read_back_over_longer_text() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[b'x'; 500]).unwrap();
        let me = Holder::me("confwarden set");
        me.record(&mut file).unwrap();
        assert_eq!(Holder::read(&mut file), Some(me));
    }

    #[test]
    fn the_dead_hold_nothing() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let dead = Holder { pid: child.id(), started: None, command: "confwarden set".to_owned() };
        child.wait().unwrap();
        let mut file = tempfile::tempfile().unwrap();
        dead.record(&mut file).unwrap();
        assert_eq!(Holder::read(&mut file), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn who_has_the_id_of_a_dead_holder_is_not_the_holder() {
        let me = Holder::me("confwarden set");
        let mut file = tempfile::tempfile().unwrap();
        let before = Holder { started: me.started.map(|ticks| ticks.wrapping_sub(1)), ..me };
        before.record(&mut file).unwrap();
        assert_eq!(Holder::read(&mut file), None);
    }

    #[test]
    fn text_of_others_is_no_holder_or_a_harmless_one() {
        for text in ["", "x", "{}", r#"{"pid":-1,"command":""}"#, r#"{"pid":1}"#, "[1]"] {
            assert_eq!(Holder::parse(text.as_bytes()), None, "{text}");
        }
        let planted = r#"{"pid":1,"command":"\u001b[2Jroot\n"}"#;
        assert_eq!(Holder::parse(planted.as_bytes()).unwrap().command, "[2Jroot");
    }
}
