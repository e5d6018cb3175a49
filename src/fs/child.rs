//! Tests with several processes: this test binary runs itself, for one test, in a role.
//!
//! The child says what it has done on its output, and waits for orders on its input, so that nobody
//! has to sleep.

use std::env;
use std::io::{self, BufRead as _, BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child as Process, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

const ROLE: &str = "CONFWARDEN_TEST_ROLE";
const PLACE: &str = "CONFWARDEN_TEST_PLACE";
const MARK: char = '@';

/// The part that this process plays, if it is a child, and the directory to play it in.
pub(super) fn role() -> Option<(String, PathBuf)> {
    Some((env::var(ROLE).ok()?, env::var_os(PLACE)?.into()))
}

/// Tells the parent.
pub(super) fn say(what: &str) {
    // The harness leaves its line unfinished, so ours begins with an end.
    let mut out = io::stdout().lock();
    out.write_all(format!("\n{MARK}{what}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// Waits until the parent says so, or is gone.
pub(super) fn wait_for_parent() {
    io::stdin().read_line(&mut String::new()).unwrap();
}

/// Ends this process as `kill -9` does.
pub(super) fn die() -> ! {
    let me = rustix::process::getpid();
    rustix::process::kill_process(me, rustix::process::Signal::KILL).unwrap();
    unreachable!("SIGKILL cannot be survived")
}

/// Whether we are root; else the reason for a skipped test is printed.
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
pub(super) fn is_root(without: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("skipped: not root, cannot {without}");
    }
    root
}

/// A child of this process.
pub(super) struct Child {
    process: Process,
    orders: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Child {
    /// Runs the test `name` of `module` in a child, which finds `role` and `place` in [`role`].
    pub(super) fn spawn(module: &str, name: &str, role: &str, place: &Path) -> Self {
        Self::spawn_by(Command::new(env::current_exe().unwrap()), module, name, role, place)
    }

    /// As `spawn`, with its own mounts, after `script` has run as a shell script in `place`.
    /// `None` with a printed reason if this is not allowed here.
    #[expect(clippy::print_stderr, reason = "a skipped test must say so")]
    pub(super) fn spawn_mounted(
        script: &str,
        module: &str,
        name: &str,
        role: &str,
        place: &Path,
    ) -> Option<Self> {
        let probe =
            Command::new("unshare").args(["-m", "sh", "-c", "mount -t tmpfs none /mnt"]).output();
        if !probe.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: cannot mount in a name space of our own");
            return None;
        }
        let mut command = Command::new("unshare");
        command
            .args(["-m", "sh", "-ec", &format!("{script}\nexec \"$0\" \"$@\"")])
            .arg(env::current_exe().unwrap())
            .current_dir(place);
        Some(Self::spawn_by(command, module, name, role, place))
    }

    /// As `spawn`, as a root that may not give files to others.
    pub(super) fn spawn_without_chown(module: &str, name: &str, role: &str, place: &Path) -> Self {
        let mut command = Command::new("setpriv");
        command.args(["--bounding-set=-chown", "--"]).arg(env::current_exe().unwrap());
        Self::spawn_by(command, module, name, role, place)
    }

    fn spawn_by(mut command: Command, module: &str, name: &str, role: &str, place: &Path) -> Self {
        let (_crate, module) = module.split_once("::").unwrap();
        let mut process = command
            .args(["--exact", &format!("{module}::{name}")])
            .args(["--nocapture", "--test-threads=1"])
            .env(ROLE, role)
            .env(PLACE, place)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            orders: process.stdin.take(),
            output: BufReader::new(process.stdout.take().unwrap()).lines(),
            process,
        }
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until the child says `what`.
    #[track_caller]
    pub(super) fn expect(&mut self, what: &str) {
        let heard =
            self.output.find_map(|line| line.unwrap().strip_prefix(MARK).map(str::to_owned));
        assert_eq!(heard.as_deref(), Some(what), "the child did not say so");
    }

    /// Lets a child that [waits](wait_for_parent) go on until it waits again.
    pub(super) fn order(&mut self) {
        self.orders.as_mut().unwrap().write_all(b"\n").unwrap();
    }

    /// Lets the child go on, and waits for its end.
    pub(super) fn finish(&mut self) -> ExitStatus {
        drop(self.orders.take());
        // Read to the end, so that it can write to it.
        self.output.by_ref().for_each(drop);
        self.process.wait().unwrap()
    }

    /// Kills it where it is.
    pub(super) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // A test that failed leaves nobody behind.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
