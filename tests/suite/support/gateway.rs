//! A real gateway, and its own command line.
//!
//! `CONFWARDEN_TEST_OPENCLAW` names one or more installed `openclaw` programs, parted by `:`. Without
//! it a test says so and checks nothing. Everything listens on the loopback address only, and lives in
//! the sandbox of the test.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{Run, Sandbox, not_checked};

/// The longest that a gateway is waited for.
const PATIENCE: Duration = Duration::from_mins(2);

/// An installed `openclaw`.
pub(crate) struct OpenClaw {
    cli: PathBuf,
    /// Year, month, number.
    version: (u32, u32, u32),
}

impl OpenClaw {
    /// Every one that the environment names.
    pub(crate) fn installed() -> Vec<Self> {
        let named = std::env::var_os("CONFWARDEN_TEST_OPENCLAW").unwrap_or_default();
        let paths = std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty());
        let found: Vec<Self> = paths.map(Self::at).collect();
        if found.is_empty() {
            not_checked("CONFWARDEN_TEST_OPENCLAW names no installed `openclaw`");
        }
        found
    }

    fn at(cli: PathBuf) -> Self {
        let sandbox = Sandbox::empty();
        let mut found = Self { cli, version: (0, 0, 0) };
        let run = found.run(&sandbox, &["--version"]);
        run.code(0);
        // `OpenClaw 2026.9.6 (eb377ac)`, or the number alone.
        let word = run.stdout().split_whitespace().find(|word| word.starts_with("20"));
        let parts: Vec<u32> = word
            .unwrap_or_else(|| panic!("no version in {run}"))
            .split(['.', '-'])
            .map(|part| part.parse().unwrap())
            .collect();
        found.version = (parts[0], parts[1], parts[2]);
        found
    }

    /// Whether it locks its configuration while it writes: since May 2026.
    pub(crate) fn locks(&self) -> bool {
        self.version >= (2026, 5, 3)
    }

    fn command(&self, sandbox: &Sandbox, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.cli);
        command
            .args(arguments)
            .current_dir(sandbox.home())
            .env_clear()
            .env("HOME", sandbox.home())
            .env("PATH", "/usr/bin:/bin")
            // Restarts stay in the process that the test has started.
            .env("OPENCLAW_NO_RESPAWN", "1")
            .stdin(Stdio::null());
        command
    }

    /// Runs its command line to the end.
    pub(crate) fn run(&self, sandbox: &Sandbox, arguments: &[&str]) -> Run {
        let mut command = self.command(sandbox, arguments);
        let name = format!("{command:?}");
        Run::new(name, command.output().unwrap())
    }

    /// Starts a gateway with the configuration that `text` makes of a port and a log file.
    #[track_caller]
    pub(crate) fn start(&self, text: impl Fn(u16, &str) -> String) -> Gateway<'_> {
        // Its neighbours are used too, so no second gateway of another test may be near.
        let port =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let place = Sandbox::empty();
        let file = place.root().join("gateway.jsonl");
        let text = text(port, file.to_str().unwrap());
        let sandbox = place.with("openclaw.json", text);
        let log = File::create(sandbox.root().join("gateway.log")).unwrap();
        let port_text = port.to_string();
        let child = self
            .command(&sandbox, &["gateway", "run", "--port", &port_text])
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut gateway = Gateway { openclaw: self, sandbox, child, port };
        gateway.until("its readiness", |gateway| gateway.uptime().is_some());
        gateway
    }
}

/// A gateway that runs. Stopped at the end of the test.
pub(crate) struct Gateway<'o> {
    openclaw: &'o OpenClaw,
    sandbox: Sandbox,
    child: Child,
    port: u16,
}

impl Gateway<'_> {
    /// Where it lives.
    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Runs its own command line.
    pub(crate) fn cli(&self, arguments: &[&str]) -> Run {
        self.openclaw.run(&self.sandbox, arguments)
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.sandbox.root().join("gateway.log")).unwrap()
    }

    /// For how long it has been up since its last start, if it is ready.
    pub(crate) fn uptime(&self) -> Option<Duration> {
        let ready = self.get("/readyz")?;
        if ready["ready"] != true {
            return None;
        }
        Some(Duration::from_millis(ready["uptimeMs"].as_u64()?))
    }

    fn get(&self, path: &str) -> Option<Value> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        let mut request = String::new();
        write!(request, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            .ok()?;
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.get(answer.find('{')?..=answer.rfind('}')?)?).ok()
    }

    /// Waits until `reached` holds; how long that took.
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, reached: impl Fn(&Self) -> bool) -> Duration {
        let started = Instant::now();
        while !reached(self) {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "the gateway ended before {what}: {}", self.log());
            assert!(started.elapsed() < PATIENCE, "no {what} in {PATIENCE:?}: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
        started.elapsed()
    }
}

impl Drop for Gateway<'_> {
    fn drop(&mut self) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).ok();
        let started = Instant::now();
        while self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            if started.elapsed() > Duration::from_secs(15) {
                self.child.kill().ok();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
