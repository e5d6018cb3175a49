//! How the gateway is told of a write: once, of what it takes without a restart, and of nothing else.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{GATEWAY, Sandbox};
use crate::watch::{Guard, events};

pub(crate) const CONFIG: &str = r#"{
  // What a client may do.
  "limits": { "burst": 100, "rate": 10 },
  "server": { "port": 8443 },
  "notes": "none",
  "auth": { "mode": "token", "token": "canary-token-0123456789" },
}
"#;

const PROFILE: &str = r#"version = 1
name = "acme"

[auth]
block = "auth"
token = "auth.token"
mode = "auth.mode"
token-modes = ["token"]

[secrets]
paths = ["auth.token"]

[[reload.table]]
unmatched = "restart"
auth = ["auth"]
hot = ["limits"]
none = ["notes"]

[signal]
"#;

/// A sandbox whose gateway is told as `table` says.
pub(crate) fn told_by(table: &str) -> Sandbox {
    let sandbox =
        Sandbox::named("acme.json", CONFIG).with("acme.toml", format!("{PROFILE}{table}"));
    let profile = sandbox.path("acme.toml").display().to_string();
    sandbox.always(&["--profile", &profile])
}

/// A service that counts what it is told, by `SIGHUP`.
struct Hup {
    child: Child,
    directory: tempfile::TempDir,
}

impl Hup {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let script = "trap 'echo hup >> \"$1/log\"' HUP; echo $$ > \"$1/pid\"; \
                      while :; do sleep 0.02; done";
        let child = Command::new("bash")
            .args(["-c", script, "service"])
            .arg(directory.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let service = Self { child, directory };
        within("a service", || {
            fs::read_to_string(service.path("pid")).is_ok_and(|pid| pid.ends_with('\n'))
        });
        service
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn table(&self) -> String {
        let file = self.path("pid");
        format!("kind = \"process\"\npid-file = \"{}\"\nprogram = \"bash\"\n", file.display())
    }

    fn count(&self) -> usize {
        fs::read_to_string(self.path("log")).map_or(0, |log| log.lines().count())
    }
}

impl Drop for Hup {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A service that keeps what it is asked over HTTP, and answers with a status that can be set.
pub(crate) struct Web {
    url: String,
    pub(crate) status: Arc<AtomicU16>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Web {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (status, asked) = (Arc::new(AtomicU16::new(200)), Arc::<Mutex<Vec<_>>>::default());
        let service = Self { url, status: Arc::clone(&status), asked: Arc::clone(&asked) };
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = request(&mut stream);
                asked.lock().unwrap().push(request);
                let status = status.load(Ordering::SeqCst);
                let head = format!("HTTP/1.1 {status} Word\r\ncontent-length: 6\r\n");
                stream.write_all((head + "connection: close\r\n\r\ncanary").as_bytes()).ok();
            }
        });
        service
    }

    pub(crate) fn table(&self) -> String {
        format!("kind = \"http\"\nurl = \"{}/load\"\nbody = \"config\"\n", self.url)
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn request(stream: &mut TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let (mut request, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
        request += &line;
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    request + std::str::from_utf8(&body).unwrap()
}

#[track_caller]
fn within(what: &str, mut reached: impl FnMut() -> bool) {
    let began = Instant::now();
    while !reached() {
        assert!(began.elapsed() < Duration::from_secs(20), "no {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_change_that_needs_no_restart_is_signalled_once() {
    let service = Hup::start();
    let sandbox = told_by(&service.table());
    let run = sandbox.run(["set", "limits.burst", "200", "limits.rate", "20"]);
    run.code(0).says(&format!("told the gateway: SIGHUP to process {}", service.child.id()));
    within("signal", || service.count() == 1);
    let report = sandbox.report(["unset", "limits.rate"]);
    assert_eq!(report["signal"]["kind"], "process");
    assert_eq!(report["signal"]["result"], "sent");
    within("signal", || service.count() == 2);
}

#[test]
fn what_needs_a_restart_nothing_or_no_write_is_never_signalled() {
    let web = Web::start();
    let sandbox = told_by(&web.table());
    for (arguments, result) in [
        (vec!["set", "server.port", "1"], "awaits-restart"),
        (
            vec!["set", "auth.token", "canary-token-9876543210", "--allow", "auth-token-changed"],
            "awaits-restart",
        ),
        (vec!["set", "server.port", "2", "limits.burst", "1"], "awaits-restart"),
        (vec!["set", "notes", "some"], "not-needed"),
        (vec!["set", "limits.burst", "3", "--no-signal"], "suppressed"),
    ] {
        let report = sandbox.report(arguments.clone());
        assert_eq!(report["signal"]["result"], result, "{arguments:?}: {report:#}");
        assert_eq!(report["signal"]["kind"], "http");
    }
    // Nothing was written: nothing is told.
    for arguments in [
        vec!["set", "limits.burst", "3"],
        vec!["set", "limits.burst", "4", "--dry-run"],
        vec!["get", "limits.burst"],
    ] {
        let report = sandbox.report(arguments.clone());
        assert_eq!(report["signal"], Value::Null, "{arguments:?}");
    }
    sandbox.run(["unset", "auth.token"]).code(3);
    assert_eq!(web.asked(), Vec::<String>::new());
    sandbox.run(["set", "limits.burst", "5", "--no-signal"]).code(0).says("`confwarden signal`");
    sandbox.run(["signal"]).code(0).says("told the gateway: a request to http://127.0.0.1:");
    assert_eq!(web.asked().len(), 1);
}

#[test]
fn http_carries_what_was_written() {
    let web = Web::start();
    let sandbox = told_by(&web.table());
    sandbox.run(["set", "limits.burst", "200"]).code(0);
    let asked = web.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].starts_with("POST /load HTTP/1.1\r\n"), "{asked:?}");
    assert!(asked[0].ends_with(&format!("\r\n\r\n{}", CONFIG.replace("100", "200"))), "{asked:?}");
}

/// `set` to its end, with what it exits with.
#[track_caller]
fn fails(sandbox: &Sandbox, why: &str) {
    let run = sandbox.run(["set", "limits.burst", "200"]);
    run.code(8).says("written, but the gateway was not told: ").says(why);
    run.says("`confwarden signal` tells it again").never_says("canary");
    sandbox.holds(&CONFIG.replace("100", "200"));
    let report = sandbox.report(["set", "limits.burst", "100"]);
    assert_eq!(report["exit"]["code"], 8);
    assert_eq!(report["status"], "written");
    assert_eq!(report["signal"]["result"], "failed");
    assert!(report["signal"]["detail"].as_str().unwrap().contains(why), "{report:#}");
    let run = sandbox.run(["signal"]);
    run.code(8).says("error: the gateway was not told: ").never_says("canary");
}

#[test]
fn a_write_stays_where_the_gateway_could_not_be_told() {
    let web = Web::start();
    web.status.store(500, Ordering::SeqCst);
    fails(&told_by(&web.table()), "answered with status 500");
    let mut service = Hup::start();
    let table = service.table();
    service.child.kill().unwrap();
    service.child.wait().unwrap();
    fails(&told_by(&table), "the service does not run");
    fs::remove_file(service.path("pid")).unwrap();
    fails(&told_by(&table), "could not open");
    fails(&told_by("kind = \"command\"\nrun = [\"no-such-program\"]\n"), "could not be started");
    let late = "kind = \"command\"\nrun = [\"sleep\", \"60\"]\ntimeout = \"100ms\"\n";
    fails(&told_by(late), "did not end within 100ms");
    let argument = "kind = \"command\"\nrun = [\"sh\", \"-c\", \"exit 3\", \"canary\"]\n";
    fails(&told_by(argument), "ended with code 3");
}

#[test]
fn a_unit_is_reloaded_by_systemctl() {
    for (scope, words) in [
        ("", "--no-ask-password reload acme.service"),
        ("scope = \"user\"\n", "--no-ask-password --user reload acme.service"),
    ] {
        let sandbox = told_by(&format!("kind = \"systemd\"\nunit = \"acme.service\"\n{scope}"));
        let log = sandbox.root().join("log");
        let fake = sandbox.root().join("bin/systemctl");
        fs::create_dir(fake.parent().unwrap()).unwrap();
        let script = |end| format!("#!/bin/sh\necho \"$@\" >> {}\nexit {end}\n", log.display());
        fs::write(&fake, script(0)).unwrap();
        fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:/usr/bin:/bin", fake.parent().unwrap().display());
        let run = sandbox.invoke(["set", "limits.burst", "200"]).env("PATH", &path).run();
        run.code(0).says("told the gateway: reload of `acme.service`");
        assert_eq!(fs::read_to_string(&log).unwrap(), format!("{words}\n"));
        for (end, why) in [(5, "there is no unit `acme.service`"), (1, "ended with code 1")] {
            fs::write(&fake, script(end)).unwrap();
            sandbox.invoke(["signal"]).env("PATH", &path).run().code(8).says(why);
        }
    }
}

/// An address of its own environment must not divert what may be a secret.
#[test]
fn no_proxy_of_the_environment_is_asked() {
    let (web, proxy) = (Web::start(), Web::start());
    let sandbox = told_by(&web.table());
    let mut invocation = sandbox.invoke(["set", "limits.burst", "200"]);
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        invocation = invocation.env(name, &proxy.url);
    }
    invocation.run().code(0);
    assert_eq!((web.asked().len(), proxy.asked().len()), (1, 0));
}

#[test]
fn the_secret_header_reaches_the_gateway_and_nothing_else() {
    let web = Web::start();
    let sandbox = Sandbox::named("acme.json", CONFIG);
    let key = sandbox.root().join("key");
    fs::write(&key, "Bearer canary-header-0123456789\n").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let header = format!("header = {{ name = \"Authorization\", file = \"{}\" }}\n", key.display());
    let sandbox = sandbox.with("acme.toml", format!("{PROFILE}{}{header}", web.table()));
    let profile = sandbox.path("acme.toml").display().to_string();
    let sandbox = sandbox.always(&["--profile", &profile]);
    for status in [200, 500] {
        web.status.store(status, Ordering::SeqCst);
        for (index, output) in ["text", "json"].into_iter().enumerate() {
            let value = format!("{status}{index}");
            let run = sandbox.run(["set", "limits.burst", &value, "--output", output]);
            run.code(if status == 200 { 0 } else { 8 }).never_says("canary");
            sandbox.run(["signal", "--output", output]).never_says("canary");
        }
    }
    assert_eq!(web.asked().len(), 8);
    for request in web.asked() {
        assert!(request.contains("Bearer canary-header-0123456789\r\n"), "{request}");
    }
    for file in sandbox.files().iter().filter(|file| file.is_file() && **file != key) {
        let text = String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned();
        assert!(!text.contains("canary-header"), "{}", file.display());
    }
}

#[test]
fn what_runs_under_the_guard_is_told_of_when_it_has_ended() {
    let web = Web::start();
    let sandbox = told_by(&web.table());
    let config = sandbox.config_path().to_str().unwrap().to_owned();
    let change = ["sed", "-i", "s/100/300/", &config];
    let report = |words: &[&str]| {
        let arguments = [&["exec", "--output", "json"], words].concat();
        sandbox.run(arguments).report_beside()
    };
    let told = report(&[&["--"], change.as_slice()].concat());
    assert_eq!(told["signal"]["result"], "sent", "{told:#}");
    let told = report(&["--no-signal", "--", "sed", "-i", "s/300/400/", &config]);
    assert_eq!(told["signal"]["result"], "suppressed", "{told:#}");
    let told = report(&["--", "true"]);
    assert_eq!(told["signal"], Value::Null, "{told:#}");
    assert_eq!(web.asked().len(), 1);
}

#[test]
fn the_watcher_tells_of_what_others_wrote_once_it_stands() {
    let web = Web::start();
    let sandbox = told_by(&web.table());
    let mut guard = Guard::of(&sandbox);
    let write = |text: &str| fs::write(sandbox.config_path(), text).unwrap();
    let before = events(&sandbox).len();
    write(&CONFIG.replace("100", "300"));
    let event = guard.tells("signalled", before);
    assert_eq!(event["way"], "http", "{event}");
    assert_eq!(web.asked().len(), 1);
    assert!(web.asked()[0].contains("300"));
    // A heal brings back what the gateway has, and what it has to restart for is not for a signal.
    let before = events(&sandbox).len();
    let healed = CONFIG.replace("100", "300");
    write(&healed.replace("\"canary-token-0123456789\"", "null"));
    guard.tells("healed", before);
    let before = events(&sandbox).len();
    write(&healed.replace("8443", "9443"));
    guard.tells("accepted", before);
    // What confwarden itself writes it tells itself.
    sandbox.run(["set", "limits.burst", "500"]).code(0);
    guard.until("a look", || crate::watch::is_stable(&sandbox));
    let last = events(&sandbox).len();
    write(&sandbox.text().replace("500", "600"));
    guard.tells("signalled", last);
    let bodies: Vec<bool> =
        web.asked().iter().map(|asked| asked.contains("500") || asked.contains("600")).collect();
    assert_eq!(bodies, [false, true, true], "{:?}", web.asked());
    web.status.store(503, Ordering::SeqCst);
    let before = events(&sandbox).len();
    write(&sandbox.text().replace("600", "700"));
    let event = guard.tells("failed", before);
    assert!(event["why"].as_str().unwrap().contains("status 503"), "{event}");
    guard.ends().never_says("canary");
}

#[test]
fn the_watcher_guards_on_while_a_gateway_does_not_answer() {
    let sandbox = told_by("kind = \"command\"\nrun = [\"sleep\", \"60\"]\ntimeout = \"5m\"\n");
    let mut guard = Guard::of(&sandbox);
    let before = events(&sandbox).len();
    fs::write(sandbox.config_path(), CONFIG.replace("100", "300")).unwrap();
    guard.tells("accepted", before);
    let before = events(&sandbox).len();
    let healed = CONFIG.replace("100", "300");
    let damaged = healed.replace("\"canary-token-0123456789\"", "null");
    fs::write(sandbox.config_path(), damaged).unwrap();
    guard.tells("healed", before);
    let began = Instant::now();
    guard.ends();
    assert!(began.elapsed() < Duration::from_secs(10), "it waits for what tells the gateway");
}

#[test]
fn once_tells_of_what_it_accepts() {
    let web = Web::start();
    let sandbox = told_by(&web.table());
    sandbox.run(["set", "notes", "begun"]).code(0);
    let text = sandbox.text().replace("100", "300");
    fs::write(sandbox.config_path(), text).unwrap();
    sandbox.run(["watch", "--once"]).code(0);
    assert_eq!(web.asked().len(), 1);
    sandbox.run(["watch", "--once"]).code(0);
    assert_eq!(web.asked().len(), 1);
}

#[test]
fn openclaw_is_told_nothing_and_its_profile_cannot_be_made_to() {
    let sandbox = Sandbox::config(GATEWAY);
    let report = sandbox.report(["set", "logging.level", "debug"]);
    assert_eq!(report["signal"]["result"], "watched", "{report:#}");
    sandbox.run(["signal"]).code(0).says("the gateway watches its file");
    let table = "[signal]\nkind = \"command\"\nrun = [\"pkill\", \"-HUP\", \"openclaw\"]\n";
    for head in ["name = \"openclaw\"", "name = \"mine\"\ngateway-lock = \"openclaw\""] {
        let sandbox =
            Sandbox::config(GATEWAY).with("mine.toml", format!("version = 1\n{head}\n{table}"));
        let profile = sandbox.path("mine.toml").display().to_string();
        let run = sandbox.fails(9, ["--profile", &profile, "set", "logging.level", "debug"]);
        run.says("OpenClaw takes its file as it is written");
    }
}
