//! A real service that is not OpenClaw: Caddy takes what is written at once, as the same process.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Sandbox, tools};
use crate::watch::{Guard, events};

const CONFIG: &str = include_str!("../../examples/caddy.json");
const PROFILE: &str = include_str!("../../examples/profiles/caddy.toml");

/// What is said at `/`.
const BODY: &str = "apps.http.servers.main.routes[1].handle[0].body";
const HANDLER: &str = "apps.http.servers.main.routes[1].handle[0].handler";

/// Caddy on ports of its own, with the shipped configuration and profile.
struct Caddy {
    sandbox: Sandbox,
    child: Child,
    web: u16,
}

impl Caddy {
    fn start() -> Self {
        let [admin, web] = free_ports();
        let ports = |text: &str| {
            text.replace("127.0.0.1:2019", &format!("127.0.0.1:{admin}"))
                .replace("127.0.0.1:8080", &format!("127.0.0.1:{web}"))
        };
        let sandbox =
            Sandbox::named("caddy.json", ports(CONFIG)).with("caddy.toml", ports(PROFILE));
        let profile = sandbox.path("caddy.toml").display().to_string();
        let sandbox = sandbox.always(&["--profile", &profile]);
        let child = Command::new("caddy")
            .args(["run", "--config"])
            .arg(sandbox.config_path())
            .env_clear()
            .env("HOME", sandbox.home())
            .env("PATH", "/usr/bin:/bin")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut caddy = Self { sandbox, child, web };
        caddy.says("one");
        caddy
    }

    /// Waits until it says `body`, which it must do as the same process.
    #[track_caller]
    fn says(&mut self, body: &str) {
        let began = Instant::now();
        loop {
            assert!(self.child.try_wait().unwrap().is_none(), "Caddy has ended");
            let said = self.asked();
            if said.as_deref() == Some(body) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "it says {said:?}, not {body:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn asked(&self) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.web)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
    }
}

impl Drop for Caddy {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Two ports of this moment.
fn free_ports() -> [u16; 2] {
    let listeners = [(), ()].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

#[test]
fn caddy_takes_what_is_written_without_a_restart() {
    if !tools(&["caddy"]) {
        return;
    }
    let mut caddy = Caddy::start();
    let run = caddy.sandbox.run(["set", BODY, "two"]);
    run.code(0).says("applies live, no restart").says("told the gateway: a request");
    caddy.says("two");
    // The rest of the file is as it was, tabs and all.
    let text = caddy.sandbox.text();
    assert_eq!(text.replace("\"two\"", "\"one\"").lines().count(), CONFIG.lines().count());
    assert!(text.contains("\t\t\t\t\t\t\t\"match\": [{ \"path\": [\"/health\"] }],"), "{text}");
    // What would cut us off from it is never sent.
    let report = caddy.sandbox.report(["set", "admin.listen", "127.0.0.1:1"]);
    assert_eq!(report["signal"]["result"], "awaits-restart");
    caddy.sandbox.run(["restore", "--undo", "@"]).code(0);
}

#[test]
fn caddy_goes_on_with_what_it_had_where_it_refuses() {
    if !tools(&["caddy"]) {
        return;
    }
    let mut caddy = Caddy::start();
    let run = caddy.sandbox.run(["set", HANDLER, "no_such_handler"]);
    run.code(8).says("written, but the gateway was not told: ").says("answered with status 400");
    caddy.says("one");
    caddy.sandbox.run(["restore", "--undo", "@"]).code(0).says("told the gateway");
    caddy.says("one");
}

#[test]
fn caddy_is_told_of_what_others_write_and_of_an_undo() {
    if !tools(&["caddy"]) {
        return;
    }
    let mut caddy = Caddy::start();
    let config = caddy.sandbox.config_path().to_owned();
    {
        let mut guard = Guard::of(&caddy.sandbox);
        let before = events(&caddy.sandbox).len();
        fs::write(&config, caddy.sandbox.text().replace("\"one\"", "\"three\"")).unwrap();
        guard.tells("signalled", before);
        guard.ends();
    }
    caddy.says("three");
    caddy.sandbox.run(["set", BODY, "four", "--confirm-within", "2s"]).code(0);
    caddy.says("four");
    caddy.says("three");
    caddy.sandbox.run(["confirm"]).code(4);
}
