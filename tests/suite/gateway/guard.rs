//! The guard in the background.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::Sandbox;

/// The longest that it is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program, guarding the configuration of a sandbox. Stopped at the end of the test.
pub(super) struct Guard {
    child: Child,
    log: PathBuf,
}

impl Guard {
    /// Starts it, and waits until it guards.
    #[track_caller]
    pub(super) fn over(sandbox: &Sandbox) -> Self {
        let log = sandbox.root().join("guard.log");
        let file = File::create(&log).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_confwarden"))
            .arg("--config")
            .arg(sandbox.config_path())
            .arg("watch")
            .current_dir(sandbox.root())
            .env_clear()
            .env("HOME", sandbox.home())
            .env("XDG_STATE_HOME", sandbox.home().join("state"))
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        let mut guard = Self { child, log };
        let started = Instant::now();
        while guard.log().is_empty() {
            assert!(guard.child.try_wait().unwrap().is_none(), "it ended: {}", guard.log());
            assert!(started.elapsed() < PATIENCE, "it does not guard");
            std::thread::sleep(Duration::from_millis(5));
        }
        guard
    }

    /// What it has told so far.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).ok();
        let started = Instant::now();
        while self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            if started.elapsed() > Duration::from_secs(10) {
                self.child.kill().ok();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
