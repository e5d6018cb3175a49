//! Tests with real processes, programs and servers on loopback.

#![expect(clippy::disallowed_methods, reason = "the tests write files and measure time")]

use super::*;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use crate::fs::FsError;
use crate::profile::{Profile, Signal};

const TOKEN: &str = "canary-header-0123456789";

/// The signal of a profile whose table is `table`.
fn signal(table: &str) -> Signal {
    let text = format!("version = 1\nname = \"acme\"\n[signal]\n{table}");
    Profile::parse(&text).unwrap().signal
}

fn send(table: &str) -> Result<Sent, SignalError> {
    sender(&signal(table)).send(Path::new("/dev/null"), &AtomicBool::new(false))
}

/// What went wrong, with its causes.
#[track_caller]
fn fails(table: &str) -> String {
    let error = send(table).unwrap_err();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// A service in a shell that tells of each `SIGHUP`, and its file.
struct Service {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    directory: tempfile::TempDir,
}

impl Service {
    fn start(title: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let script = "trap 'echo hup' HUP; echo ready; while :; do sleep 0.02; done";
        let mut child = Command::new("bash")
            .args(["-c", script])
            .arg0(title)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        let service = Self { child, lines, directory };
        std::fs::write(service.pid_file(), format!("{}\n", service.child.id())).unwrap();
        service
    }

    fn pid_file(&self) -> PathBuf {
        self.directory.path().join("service.pid")
    }

    fn table(&self, program: &str) -> String {
        let file = self.pid_file();
        format!("kind = 'process'\npid-file = '{}'\nprogram = '{program}'", file.display())
    }

    /// It runs, and nothing was sent to it: what is sent now is the first.
    #[track_caller]
    fn was_never_told(mut self) {
        assert!(self.child.try_wait().unwrap().is_none(), "it has ended");
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
        assert_eq!(self.lines.next().unwrap().unwrap(), "hup");
        self.child.kill().unwrap();
        // Its own and no other.
        assert_eq!(self.lines.by_ref().map_while(Result::ok).count(), 0);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn a_process_is_told_by_the_name_or_the_path_of_its_program() {
    let bash = std::fs::canonicalize("/bin/bash").unwrap();
    for program in ["bash", bash.to_str().unwrap(), "/bin/bash"] {
        let mut service = Service::start("bash");
        let told = Sent::Told(format!("SIGHUP to process {}", service.child.id()));
        assert_eq!(send(&service.table(program)).unwrap(), told);
        assert_eq!(service.lines.next().unwrap().unwrap(), "hup");
    }
}

#[test]
fn another_program_is_not_told() {
    let service = Service::start("bash");
    let text = fails(&service.table("nginx"));
    assert!(text.ends_with("runs `bash`, and not `nginx`"), "{text}");
    assert!(fails(&service.table("/usr/sbin/bash-no")).contains("and not"));
    service.was_never_told();
}

#[test]
fn who_was_started_after_the_file_was_written_has_the_id_of_another() {
    let service = Service::start("bash");
    let file = std::fs::File::options().write(true).open(service.pid_file()).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_hours(1)).unwrap();
    let text = fails(&service.table("bash"));
    assert!(text.contains("the id was given to another process"), "{text}");
    service.was_never_told();
}

#[test]
fn openclaw_is_never_told_whatever_the_profile_says() {
    let service = Service::start("openclaw-gateway");
    let text = fails(&service.table("bash"));
    assert!(text.contains("OpenClaw"), "{text}");
    service.was_never_told();
    // Its interpreter, which runs a script of its own.
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("node_modules/openclaw/openclaw.mjs");
    std::fs::create_dir_all(script.parent().unwrap()).unwrap();
    std::fs::write(&script, "echo ready; sleep 60 & wait").unwrap();
    let mut child = Command::new("bash").arg(&script).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    let file = dir.path().join("a.pid");
    std::fs::write(&file, child.id().to_string()).unwrap();
    let table = format!("kind = 'process'\npid-file = '{}'\nprogram = 'bash'", file.display());
    let error = send(&table);
    let is_alive = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(matches!(error, Err(SignalError::Untouchable { .. })), "{error:?}");
    assert!(is_alive);
}

#[test]
fn a_process_that_has_ended_or_was_never_named_is_told_of() {
    let mut service = Service::start("bash");
    service.child.kill().unwrap();
    // Not collected yet, then gone.
    while crate::fs::Stat::of(service.child.id()).is_some_and(|stat| !stat.has_ended) {
        thread::sleep(Duration::from_millis(1));
    }
    assert!(fails(&service.table("bash")).contains("the service does not run"));
    service.child.wait().unwrap();
    assert!(fails(&service.table("bash")).contains("the service does not run"));
    std::fs::write(service.pid_file(), "-1").unwrap();
    assert!(fails(&service.table("bash")).contains("a process id"));
    std::fs::remove_file(service.pid_file()).unwrap();
    assert!(matches!(send(&service.table("bash")), Err(SignalError::Fs(FsError::Io { .. }))));
}

#[test]
fn a_command_runs_without_a_shell_and_knows_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let script = format!("printf '%s|%s' \"$CONFWARDEN_CONFIG\" \"$1\" > {}", out.display());
    let table = format!("kind = 'command'\nrun = ['sh', '-c', '''{script}''', 'sh', '$HOME; x']");
    assert_eq!(send(&table).unwrap(), Sent::Told("`sh`".to_owned()));
    assert_eq!(std::fs::read_to_string(out).unwrap(), "/dev/null|$HOME; x");
}

#[test]
fn a_command_that_fails_or_is_late_or_missing_is_told_without_its_arguments() {
    let of = |run: &str| fails(&format!("kind = 'command'\ntimeout = '50ms'\nrun = [{run}]"));
    let secret = "echo canary-argument >&2; exit 7";
    assert_eq!(of(&format!("'sh', '-c', '{secret}'")), "`sh` failed: it ended with code 7");
    assert_eq!(of("'sh', '-c', 'kill -9 $$'"), "`sh` failed: it was ended by signal 9");
    let late = of("'sleep', '60'");
    assert_eq!(late, "`sleep` failed: it did not end within 50ms, and was killed");
    assert!(of("'/no/such/program', 'canary'").contains("could not be started"));
}

#[test]
fn a_unit_is_reloaded_by_its_manager_alone() {
    // The manager is found in `PATH`, so the test is one with its own.
    let table = "kind = 'systemd'\nunit = 'confwarden-no-such.service'\ntimeout = '5s'";
    let text = fails(table);
    assert!(text.starts_with("`systemctl` failed: it "), "{text}");
}

/// A server for one request, which answers `answer` after `delay`; the request, to its end.
fn server(answer: &'static str, delay: Duration) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let thread = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let request = request_of(&mut stream);
        thread::sleep(delay);
        stream.write_all(answer.as_bytes()).ok();
        request
    });
    (url, thread)
}

fn request_of(stream: &mut TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    let mut length = 0;
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

const GOOD: &str = "HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n";

#[test]
fn http_sends_the_configuration_and_the_secret_header() {
    let dir = tempfile::tempdir().unwrap();
    let (config, key) = (dir.path().join("a.json"), dir.path().join("key"));
    std::fs::write(&config, "{\"a\": 1}\n").unwrap();
    std::fs::write(&key, format!("Bearer {TOKEN}\n")).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let (url, thread) = server(GOOD, Duration::ZERO);
    let table = format!(
        "kind = 'http'\nurl = '{url}/load?secret=1'\nbody = 'config'\n\
         header = {{ name = 'Authorization', file = '{}' }}",
        key.display()
    );
    let sent = sender(&signal(&table)).send(&config, &AtomicBool::new(false)).unwrap();
    assert_eq!(sent, Sent::Told(format!("a request to {url}")), "the query is not told");
    let request = thread.join().unwrap();
    assert!(request.starts_with("POST /load?secret=1 HTTP/1.1\r\n"), "{request}");
    let lower = request.to_ascii_lowercase();
    assert!(lower.contains(&format!("authorization: bearer {TOKEN}\r\n")), "{request}");
    assert!(lower.contains("content-type: application/json\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n{\"a\": 1}\n"), "{request}");
}

#[test]
fn http_without_a_body_has_a_length_all_the_same() {
    let (url, thread) = server(GOOD, Duration::ZERO);
    send(&format!("kind = 'http'\nurl = '{url}/reload'")).unwrap();
    let request = thread.join().unwrap().to_ascii_lowercase();
    assert!(
        request.starts_with("post /reload ") && request.contains("content-length: 0"),
        "{request}"
    );
    let (url, thread) = server(GOOD, Duration::ZERO);
    send(&format!("kind = 'http'\nmethod = 'GET'\nurl = '{url}/reload'")).unwrap();
    assert!(thread.join().unwrap().starts_with("GET /reload "));
}

#[test]
fn http_that_is_refused_redirected_late_or_no_http_has_not_told() {
    let of = |answer, delay| {
        let (url, thread) = server(answer, delay);
        let text = fails(&format!("kind = 'http'\nurl = '{url}/canary'\ntimeout = '300ms'"));
        thread.join().unwrap();
        assert!(!text.contains("canary"), "{text}");
        text.replace(&url, "URL")
    };
    let failed = "HTTP/1.1 500 Oh\r\ncontent-length: 6\r\n\r\ncanary";
    assert_eq!(of(failed, Duration::ZERO), "URL answered with status 500");
    let elsewhere = "HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(of(elsewhere, Duration::ZERO), "URL answered with status 307");
    assert_eq!(of(GOOD, Duration::from_secs(1)), "could not ask URL: it did not answer in time");
    assert!(of("SSH-2.0-canary\r\n", Duration::ZERO).starts_with("could not ask URL: "));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    let text = fails(&format!("kind = 'http'\nurl = 'http://{nobody}/canary'"));
    assert!(text.contains("could not ask") && !text.contains("canary"), "{text}");
}

#[test]
fn the_value_of_a_header_is_one_line_that_nobody_else_can_read() {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("key");
    let table = format!(
        "kind = 'http'\nurl = 'http://127.0.0.1:9/'\nheader = {{ name = 'X-Key', file = '{}' }}",
        key.display()
    );
    assert!(fails(&table).starts_with("there is no `"));
    for text in ["", "\n", "canary\r\nX-Other: canary", "canary\n\n"] {
        std::fs::write(&key, text).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        let error = send(&table).unwrap_err();
        assert!(matches!(error, SignalError::BadHeader { .. }), "{text:?}: {error}");
        assert!(!format!("{error:?}{error}").contains("canary"));
    }
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(send(&table), Err(SignalError::Fs(FsError::NotPrivate { .. }))));
}

#[test]
fn what_watches_needs_nothing() {
    assert_eq!(send("kind = 'watched'").unwrap(), Sent::Nothing);
}
