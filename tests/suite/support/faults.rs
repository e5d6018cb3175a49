//! System calls that fail, are slow, stop or kill the program: by strace. Programs that it starts
//! are left alone.
//!
//! Without strace, or where it may not trace, a test says so on the real standard error, past the
//! test runner's capture, and checks nothing. With `CONFWARDEN_TEST_REQUIRE_STRACE` set, as
//! `.ci/run` sets it, that is a failure.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use super::Sandbox;

/// The right to trace a child process.
pub(crate) struct Faults {
    strace: &'static str,
}

/// One system call of a traced run.
pub(crate) struct Call {
    /// Its name.
    pub(crate) name: String,
    /// How many calls of this name its thread had made, this one included.
    pub(crate) nth: usize,
    /// As strace shows it.
    pub(crate) shown: String,
}

/// Calls that change what is on the disk, who holds a lock, or what others see.
const CHANGING: &[&str] = &[
    "fchmod",
    "fchown",
    "flock",
    "fremovexattr",
    "fsetxattr",
    "fsync",
    "ftruncate",
    "link",
    "linkat",
    "mkdir",
    "mkdirat",
    "pwrite64",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "unlink",
    "unlinkat",
    "write",
];

impl Call {
    /// Whether it changes what is on the disk, who holds a lock, or what others see.
    pub(crate) fn changes(&self) -> bool {
        CHANGING.contains(&self.name.as_str()) || self.shown.contains("O_CREAT")
    }

    /// What `strace -e inject=` takes to do `what` to this call.
    pub(crate) fn inject(&self, what: &str) -> String {
        format!("{}:{what}:when={}", self.name, self.nth)
    }
}

impl Faults {
    /// The right, where strace is there and the system lets it trace.
    pub(crate) fn allowed() -> Option<Self> {
        let allowed = Command::new("strace")
            .args(["-f", "-b", "execve", "-qq", "-o", "/dev/null"])
            .args(["-e", "inject=fsync:error=EIO", "true"])
            .output()
            .is_ok_and(|output| output.status.success());
        if !allowed {
            let required = std::env::var_os("CONFWARDEN_TEST_REQUIRE_STRACE");
            assert!(
                required.is_none_or(|value| value.is_empty()),
                "strace is missing or may not trace here, and CONFWARDEN_TEST_REQUIRE_STRACE is set"
            );
            not_checked("strace is missing or may not trace here");
        }
        allowed.then_some(Self { strace: "strace" })
    }

    /// Words that run a command with `fault` in it, as `strace -e inject=` takes it.
    pub(crate) fn with(&self, fault: &str) -> Vec<OsString> {
        let calls = fault.split(':').next().unwrap();
        let trace = format!("trace={calls}");
        let inject = format!("inject={fault}");
        [
            self.strace,
            "-f",
            "-b",
            "execve",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            &trace,
            "-e",
            &inject,
            "--",
        ]
        .map(OsString::from)
        .into()
    }

    /// Words that run a command and write its calls to `log`.
    fn tracing(log: &Path) -> Vec<OsString> {
        let mut words =
            ["strace", "-f", "-b", "execve", "-qq", "-s", "200", "-o"].map(OsString::from).to_vec();
        words.extend([log.into(), "--".into()]);
        words
    }

    /// Runs `arguments` to their good end, started by `words` if there are any, and lists the calls
    /// from the first that names a lock file of ours.
    #[track_caller]
    #[expect(clippy::unused_self, reason = "only who has strace holds one")]
    pub(crate) fn calls(
        &self,
        sandbox: &Sandbox,
        arguments: &[&str],
        words: Option<Vec<OsString>>,
    ) -> Vec<Call> {
        let log = sandbox.root().join("calls");
        let mut run = sandbox.invoke(arguments).under(Self::tracing(&log));
        if let Some(words) = words {
            run = run.under(words);
        }
        run.run().code(0);
        let log = fs::read_to_string(log).unwrap();
        let mut made = std::collections::HashMap::new();
        let mut calls = Vec::new();
        let mut locked = false;
        for line in log.lines() {
            // `PID name(arguments) = result`; signals, ends and second halves are something else.
            let Some((thread, shown)) = line.split_once(' ') else { continue };
            let shown = shown.trim_start();
            let Some((name, _)) = shown.split_once('(') else { continue };
            if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                continue;
            }
            let nth = made.entry((thread.to_owned(), name.to_owned())).or_insert(0);
            *nth += 1;
            locked |= shown.contains(".confwarden.lock\"");
            if locked && !name.starts_with("exit") {
                calls.push(Call { name: name.to_owned(), nth: *nth, shown: shown.to_owned() });
            }
        }
        assert!(
            calls.iter().filter(|call| call.changes()).count() > 10,
            "a write makes more calls"
        );
        calls
    }
}

/// Says why a test checks nothing, also where the test runner keeps the output of good tests.
pub(crate) fn not_checked(why: &str) {
    let test = std::thread::current();
    let test = test.name().unwrap_or("a test").to_owned();
    tell(&format!("not checked by {test}: {why}"));
}

/// Says something past the test runner.
pub(crate) fn tell(text: &str) {
    writeln!(std::io::stderr(), "{text}").ok();
}
