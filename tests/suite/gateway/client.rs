//! A WebSocket client that stays connected, so that a disconnect is seen: `tests/gateway/client.mjs`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::installed::OpenClaw;

/// The longest that an event is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// A client that runs. Stopped at the end of the test.
pub(super) struct Client {
    child: Child,
    stdin: ChildStdin,
    told: Arc<Mutex<Vec<Value>>>,
}

impl Client {
    /// Starts a client; whether it comes in is another question.
    pub(super) fn connect(openclaw: &OpenClaw, port: u16, token: &str) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gateway/client.mjs");
        let mut child = Command::new(openclaw.node())
            .arg(script)
            .env_clear()
            .env("GATEWAY_URL", format!("ws://127.0.0.1:{port}"))
            .env("GATEWAY_TOKEN", token)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&told);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                into.lock().unwrap().push(serde_json::from_str(&line).unwrap());
            }
        });
        Self { child, stdin, told }
    }

    /// Everything that it has told.
    pub(super) fn told(&self) -> Vec<Value> {
        self.told.lock().unwrap().clone()
    }

    /// Why it is no longer connected, or never was.
    pub(super) fn lost(&self) -> Option<Value> {
        let ends = |told: &Value| matches!(told["event"].as_str(), Some("closed" | "error"));
        self.told().into_iter().find(ends)
    }

    /// Waits until the gateway has let it in or not; whether it has.
    #[track_caller]
    pub(super) fn is_let_in(&self) -> bool {
        let first = self.wait(0);
        match first["event"].as_str() {
            Some("connected") => true,
            Some("error" | "closed") => false,
            _ => panic!("neither in nor out: {first}"),
        }
    }

    /// The same client, which the gateway must let in.
    #[track_caller]
    pub(super) fn let_in(self) -> Self {
        assert!(self.is_let_in(), "it is not let in: {:?}", self.told());
        self
    }

    /// What the gateway answers.
    #[track_caller]
    pub(super) fn ask(&mut self, method: &str, params: &Value) -> Value {
        let seen = self.told().len();
        writeln!(self.stdin, "{}", json!({ "method": method, "params": params })).unwrap();
        let answer = self.wait(seen);
        assert!(answer["event"] == "answer" && answer["ok"] == true, "{method}: {answer}");
        answer["payload"].clone()
    }

    /// The event after `seen` others.
    #[track_caller]
    fn wait(&self, seen: usize) -> Value {
        let started = Instant::now();
        loop {
            if let Some(event) = self.told.lock().unwrap().get(seen) {
                return event.clone();
            }
            assert!(started.elapsed() < PATIENCE, "the client tells nothing in {PATIENCE:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
