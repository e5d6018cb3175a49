//! System calls that fail or are slow, by strace.

use std::ffi::OsString;
use std::process::Command;

/// The right to trace a child process.
pub(crate) struct Faults {
    strace: &'static str,
}

impl Faults {
    /// The right, where strace is there and the system lets it trace.
    pub(crate) fn allowed() -> Option<Self> {
        let allowed = Command::new("strace")
            .args(["-f", "-qq", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", "true"])
            .output()
            .is_ok_and(|output| output.status.success());
        if !allowed {
            eprintln!("not checked: strace is missing or may not trace here");
        }
        allowed.then_some(Self { strace: "strace" })
    }

    /// Words that run a command with `fault` in it, as `strace -e inject=` takes it.
    pub(crate) fn with(&self, fault: &str) -> Vec<OsString> {
        let calls = fault.split(':').next().unwrap();
        let trace = format!("trace={calls}");
        let inject = format!("inject={fault}");
        [self.strace, "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject, "--"]
            .map(OsString::from)
            .into()
    }
}
