//! A real gateway that runs, and its own command line.
//!
//! Everything listens on the loopback address only and lives in the sandbox of the test. What a
//! gateway would do beside the serving of its clients is off. It is stopped by its process id,
//! where the test fails too.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::client::Client;
use super::installed::OpenClaw;
use crate::support::{Invocation, Run, Sandbox, TOKEN};

/// The longest that a gateway is waited for.
const PATIENCE: Duration = Duration::from_mins(2);

/// What a gateway leaves off for a test.
const OFF: &[&str] = &[
    // Restarts stay in the process that the test has started.
    "OPENCLAW_NO_RESPAWN",
    "OPENCLAW_NO_AUTO_UPDATE",
    "OPENCLAW_SKIP_CHANNELS",
    "OPENCLAW_SKIP_PROVIDERS",
    "OPENCLAW_SKIP_CRON",
    "OPENCLAW_SKIP_GMAIL_WATCHER",
    "OPENCLAW_SKIP_CANVAS_HOST",
    "OPENCLAW_SKIP_BROWSER_CONTROL_SERVER",
    "OPENCLAW_DISABLE_BONJOUR",
];

/// A small configuration that every release takes, with comments.
pub(super) fn text(openclaw: &OpenClaw, port: u16, log: &str) -> String {
    // Only this release asks another machine which models there are, and knows a way to leave it.
    let models =
        if openclaw.locks() { "\n  models: { catalogRefresh: { enabled: false } }," } else { "" };
    format!(
        r#"// The gateway under test.
{{
  gateway: {{
    mode: "local",
    port: {port}, // nobody else has it
    bind: "loopback",
    auth: {{
      mode: "token",
      // Every client has this one.
      token: "{TOKEN}",
    }},
    controlUi: {{ enabled: false }},
  }},
  logging: {{ level: "info", file: "{log}" }},
  update: {{ checkOnStart: false }},{models}
  messages: {{ ackReaction: "a0", responsePrefix: "p0" }}, // two writers
}}
"#
    )
}

/// The same run, with what is left off for a test: it starts `openclaw`.
pub(super) fn quiet(run: Invocation) -> Invocation {
    OFF.iter().fold(run, |run, name| run.env(name, "1"))
}

impl OpenClaw {
    fn command(&self, sandbox: &Sandbox, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program());
        command
            .args(arguments)
            .current_dir(sandbox.home())
            .env_clear()
            .env("HOME", sandbox.home())
            .env("PATH", "/usr/bin:/bin")
            .envs(OFF.iter().map(|name| (name, "1")))
            .stdin(Stdio::null());
        command
    }

    /// Runs its command line to the end.
    pub(super) fn run(&self, sandbox: &Sandbox, arguments: &[&str]) -> Run {
        let mut command = self.command(sandbox, arguments);
        let name = format!("{command:?}");
        Run::new(name, command.output().unwrap())
    }

    /// Starts a gateway with the configuration that `text` makes of a port and a log file.
    #[track_caller]
    pub(super) fn start(&self, text: impl Fn(&Self, u16, &str) -> String) -> Gateway<'_> {
        let port = free_port();
        let place = Sandbox::empty();
        let file = place.root().join("gateway.jsonl");
        let text = text(self, port, file.to_str().unwrap());
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
        // The last thing that it sets up is what watches the file.
        gateway.until("its start", |gateway| gateway.starts() == 1);
        gateway
    }
}

/// A gateway that runs. Stopped at the end of the test.
pub(super) struct Gateway<'o> {
    openclaw: &'o OpenClaw,
    sandbox: Sandbox,
    child: Child,
    port: u16,
}

impl Gateway<'_> {
    /// Where it lives.
    pub(super) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Runs its own command line.
    pub(super) fn cli(&self, arguments: &[&str]) -> Run {
        self.openclaw.run(&self.sandbox, arguments)
    }

    /// What it has logged so far.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.sandbox.root().join("gateway.log")).unwrap()
    }

    /// What comes after `seen` in its log.
    pub(super) fn since(&self, seen: &str) -> String {
        let log = self.log();
        log.strip_prefix(seen).unwrap_or(&log).to_owned()
    }

    /// How often it has started to serve, which 2026.9 says in another way.
    pub(super) fn starts(&self) -> usize {
        let said = if self.openclaw.locks() { "[gateway] ready" } else { "[gateway/channels]" };
        self.log().matches(said).count()
    }

    /// The process that the test has started.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where it listens.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Connects a client that has the token of the configuration at the start.
    pub(super) fn client(&self) -> Client {
        self.client_with(TOKEN)
    }

    /// Connects a client that has this one.
    pub(super) fn client_with(&self, token: &str) -> Client {
        Client::connect(self.openclaw, self.port, token)
    }

    /// For how long it has been up since its last start, if it is ready.
    pub(super) fn uptime(&self) -> Option<Duration> {
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
    pub(super) fn until(&mut self, what: &str, reached: impl Fn(&Self) -> bool) -> Duration {
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

/// A port that is free, as the ones after it are, which a gateway uses too. It lies below those that the
/// system gives to connections: one of them would be in the way of a gateway that restarts.
fn free_port() -> u16 {
    // Another for each process, and for each gateway of one.
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let first = u16::try_from(std::process::id() % 500).unwrap() * 20;
    loop {
        let next = NEXT.fetch_add(20, Ordering::Relaxed);
        let port = 20_000 + (first + next) % 10_000;
        if (port..port + 20).all(is_free) {
            return port;
        }
    }
}

/// What every configuration of these tests has, for a gateway on `port` that logs to `log` and fetches
/// nothing.
pub(super) fn base(openclaw: &OpenClaw, port: u16, log: &str) -> Value {
    let mut base = json!({
        "gateway": {
            "mode": "local",
            "port": port,
            "bind": "loopback",
            "auth": { "mode": "token", "token": TOKEN },
            "controlUi": { "enabled": false },
        },
        "logging": { "level": "info", "file": log },
        "update": { "checkOnStart": false },
    });
    if openclaw.locks() {
        base["models"] = json!({ "catalogRefresh": { "enabled": false } });
    }
    base
}
