//! Mounts of a test's own: read-only and full file systems, single-file mounts.
//!
//! They need a mount namespace, which root may make and most systems let users make. Where that is
//! forbidden, the test says so and checks nothing.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use super::not_checked;

/// The right to mount, within one child process.
pub(crate) struct Mounts {
    unshare: &'static [&'static str],
}

impl Mounts {
    /// The right, where this system gives it.
    pub(crate) fn allowed() -> Option<Self> {
        // The first needs root, the second users who may make name spaces.
        let ways: [&[&str]; 2] = [&["--mount"], &["--map-root-user", "--mount"]];
        let found = ways.into_iter().find(|way| {
            let mut probe = Command::new("unshare");
            probe.args(*way).args(["mount", "-t", "tmpfs", "none", "/mnt"]);
            probe.output().is_ok_and(|output| output.status.success())
        });
        if found.is_none() {
            not_checked("this system does not let this user mount");
        }
        found.map(|unshare| Self { unshare })
    }

    /// Words that run a command in a mount namespace of its own, after `script`, which finds
    /// `words` in `$1` and so on.
    pub(crate) fn after(&self, script: &str, words: &[&Path]) -> Vec<OsString> {
        self.shell(format!("{script}\nshift {}\nexec \"$@\"", words.len()), words)
    }

    /// The same, with `after` to look at what is left before the mounts are gone.
    pub(crate) fn around(&self, before: &str, after: &str, words: &[&Path]) -> Vec<OsString> {
        let count = words.len();
        let run = format!("run() {{ shift {count}; \"$@\"; }}\ncode=0\nrun \"$@\" || code=$?");
        self.shell(format!("{before}\n{run}\n{after}\nexit $code"), words)
    }

    fn shell(&self, script: String, words: &[&Path]) -> Vec<OsString> {
        let mut line: Vec<OsString> = vec!["unshare".into()];
        line.extend(self.unshare.iter().map(OsString::from));
        line.extend(["sh".into(), "-euc".into(), script.into(), "sh".into()]);
        line.extend(words.iter().map(|word| word.as_os_str().to_owned()));
        line
    }
}
