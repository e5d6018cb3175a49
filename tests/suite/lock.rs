//! Locks among real processes: who waits for whom, how long, and what the dead leave.
//!
//! A holder is a real run of the program that strace stops while it holds the lock.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use fs2::FileExt as _;
use rustix::process::Signal;

use crate::support::{Faults, GATEWAY, Running, Sandbox};

/// Holds the lock: stopped in the middle of `set PATH VALUE`, before anything is visible.
#[track_caller]
fn holder(faults: &Faults, sandbox: &Sandbox, path: &str, value: &str) -> (Running, u32) {
    let stopped = faults.with("fsync:signal=SIGSTOP:when=1");
    let mut holder = sandbox.invoke(["set", path, value, "--create"]).under(stopped).start();
    let pid = holder.until_locked(sandbox);
    (holder, pid)
}

/// A process that does nothing, and has a process id.
struct Bystander(Child);

impl Bystander {
    fn start() -> Self {
        Self(Command::new("sleep").arg("60").spawn().unwrap())
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Clock ticks from the start of the machine to that of the process.
    fn started(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        fields.split(' ').nth(19).unwrap().parse().unwrap()
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn the_holder_is_named_and_its_arguments_are_not() {
    let Some(faults) = Faults::allowed() else { return };
    let sandbox = Sandbox::config(GATEWAY);
    let (holder, pid) = holder(&faults, &sandbox, "logging.level", "argument-of-the-holder");
    for command in [["unset", "logging.level"].as_slice(), &["set", "gateway.port", "1"]] {
        let start = Instant::now();
        sandbox
            .fails(5, [command, &["--lock-timeout", "300ms"]].concat())
            .says("could not lock")
            .says("openclaw.json")
            .says(&format!("`confwarden set` (process {pid}) holds it"))
            .says("within 0.3 s")
            .says("--lock-timeout")
            .never_says("argument-of-the-holder");
        let waited = start.elapsed();
        assert!(waited >= Duration::from_millis(300), "gave up after {waited:?}");
        assert!(waited < Duration::from_secs(10), "gave up after {waited:?}");
    }
    let written = fs::read_to_string(sandbox.lock_path()).unwrap();
    assert!(!written.contains("argument-of-the-holder"), "{written}");
    // Readers and plans wait for nobody.
    sandbox.run(["get", "gateway.port", "--lock-timeout", "0s"]).code(0).prints("18789\n");
    sandbox.run(["set", "gateway.port", "1", "--dry-run", "--lock-timeout", "0s"]).code(0);
    holder.resume().code(0);
    sandbox.holds(&GATEWAY.replace("\"info\"", "\"argument-of-the-holder\""));
}

#[test]
fn a_waiter_goes_on_when_the_holder_is_done_and_keeps_its_change() {
    let Some(faults) = Faults::allowed() else { return };
    let sandbox = Sandbox::config(GATEWAY);
    let (holder, _) = holder(&faults, &sandbox, "logging.level", "debug");
    let waiter = sandbox.invoke(["set", "gateway.port", "1", "--lock-timeout", "60s"]).start();
    std::thread::sleep(Duration::from_millis(50));
    holder.resume().code(0);
    waiter.finish().code(0);
    sandbox.holds(&GATEWAY.replace("info", "debug").replace("18789", "1"));
}

#[test]
fn a_killed_holder_frees_the_lock_at_once() {
    let Some(faults) = Faults::allowed() else { return };
    let sandbox = Sandbox::config(GATEWAY);
    let (holder, pid) = holder(&faults, &sandbox, "logging.level", "debug");
    sandbox.run(["set", "gateway.port", "1", "--lock-timeout", "0s"]).code(5);
    let waiter =
        sandbox.invoke(["set", "gateway.bind", "loopback", "--lock-timeout", "60s"]).start();
    holder.signal(Signal::KILL);
    assert_eq!(holder.finish().ended(), None);
    // Who waited has it now, and whoever comes next needs no patience, and nobody to clean up.
    waiter.finish().code(0);
    sandbox.run(["set", "gateway.port", "1", "--lock-timeout", "0s"]).code(0).never_says("left");
    sandbox.holds(&GATEWAY.replace("18789", "1").replace("\"lan\"", "\"loopback\""));
    assert_eq!(sandbox.names(), [".openclaw.json.confwarden.lock", "openclaw.json"]);
    let written = fs::read_to_string(sandbox.lock_path()).unwrap();
    assert!(!written.contains(&pid.to_string()), "{written}");
}

#[test]
fn the_lock_file_is_never_replaced_or_removed() {
    let sandbox = Sandbox::config(GATEWAY).with("patch.json5", "{ gateway: { port: 3 } }");
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    let before = fs::metadata(sandbox.lock_path()).unwrap();
    assert_eq!(before.mode() & 0o7777, 0o600);
    let patch = sandbox.path("patch.json5");
    for turn in 0..5 {
        let port = turn.to_string();
        for arguments in [
            ["set", "gateway.port", &port].as_slice(),
            &["set", "a.b", &port],
            &["mv", "a.b", "a.c"],
            &["unset", "a.c"],
            &["patch", patch.to_str().unwrap()],
            &["apply", patch.to_str().unwrap()],
            &["set", "gateway.auth.token", "undefined"],
        ] {
            sandbox.run(arguments);
        }
    }
    let after = fs::metadata(sandbox.lock_path()).unwrap();
    assert_eq!((after.dev(), after.ino()), (before.dev(), before.ino()));
    assert_eq!(after.len(), 0, "nobody holds it");
}

#[test]
fn a_configuration_that_does_not_exist_yet_is_locked_too() {
    let Some(faults) = Faults::allowed() else { return };
    let sandbox = Sandbox::empty();
    let (holder, pid) = holder(&faults, &sandbox, "first", "1");
    sandbox
        .fails(5, ["set", "second", "2", "--create", "--lock-timeout", "20ms"])
        .says(&format!("(process {pid})"));
    assert!(!sandbox.config_path().exists());
    let waiter = sandbox.invoke(["set", "second", "2", "--create"]).start();
    holder.resume().code(0);
    waiter.finish().code(0);
    let value = sandbox.report(["get"]);
    assert_eq!(value["value"], serde_json::json!({ "first": 1, "second": 2 }));
}

#[test]
fn many_processes_create_one_configuration() {
    let sandbox = Sandbox::empty();
    let runs: Vec<_> = (0..8)
        .map(|n| sandbox.invoke(["set", &format!("key{n}"), "1", "--create"]).start())
        .collect();
    for run in runs {
        run.finish().code(0);
    }
    let value = sandbox.report(["get"]);
    assert_eq!(value["value"].as_object().unwrap().len(), 8, "{value}");
}

/// openclaw#43367, at size: nothing of what many processes write is lost.
#[test]
fn cc_02_many_processes_lose_nothing() {
    const WRITERS: usize = 16;
    const ROUNDS: usize = 10;
    let sandbox = Sandbox::config(GATEWAY);
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let sandbox = &sandbox;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let path = format!("counters.w{writer}.r{round}");
                    let set = ["set", &path, &round.to_string(), "--lock-timeout", "120s"];
                    sandbox.run(set).code(0);
                }
            });
        }
    });
    let counters = sandbox.report(["get", "counters"]);
    for writer in 0..WRITERS {
        for round in 0..ROUNDS {
            assert_eq!(counters["value"][format!("w{writer}")][format!("r{round}")], round);
        }
    }
    assert_eq!(sandbox.names(), [".openclaw.json.confwarden.lock", "openclaw.json"]);
}

/// A gateway's lock as OpenClaw writes it; its last lines are the proof of ownership.
fn gateway_lock(members: &str) -> String {
    format!("{{\n{members}\n}}\n\t\t\t\t\t\t\t\t \t \t\t  \t\n")
}

/// The gateway holds its lock: who asks is refused after `limit`, and told who holds it.
#[track_caller]
fn check_held(members: &str, told: &[&str]) {
    let lock = gateway_lock(members);
    let sandbox = Sandbox::config(GATEWAY).with("openclaw.json.lock", &lock);
    let run = sandbox.fails(5, ["set", "gateway.port", "1", "--lock-timeout", "100ms"]);
    run.says("could not lock").says("openclaw.json.lock");
    for told in told {
        run.says(told);
    }
    assert_eq!(sandbox.text_of("openclaw.json.lock").unwrap(), lock);
    assert!(!sandbox.path("openclaw.json.lock.reclaim").exists());
}

/// The gateway's lock is stale: it is taken over at once.
#[track_caller]
fn check_stale(members: &str) {
    let sandbox = Sandbox::config(GATEWAY).with("openclaw.json.lock", gateway_lock(members));
    sandbox.run(["set", "gateway.port", "1", "--lock-timeout", "0s"]).code(0);
    sandbox.holds(&GATEWAY.replace("18789", "1"));
    assert_eq!(sandbox.names(), [".openclaw.json.confwarden.lock", "openclaw.json"]);
}

#[test]
fn the_gateway_that_holds_its_lock_is_waited_for_and_named() {
    let gateway = Bystander::start();
    let (pid, started) = (gateway.pid(), gateway.started());
    let told = format!("`sleep` (process {pid}) holds it");
    check_held(&format!("\"pid\": {pid}, \"starttime\": {started}"), &[&told]);
    check_held(&format!("\"pid\": {pid}"), &[&told]);
    // Age counts for nothing where there is a process.
    let old = "\"createdAt\": \"2001-01-01T00:00:00.000Z\"";
    check_held(&format!("\"pid\": {pid}, {old}, \"starttime\": {started}"), &[&told]);
    // With neither process nor age nobody can know.
    check_held("", &["another process holds it"]);
    // The gateway is done while somebody waits.
    let lock = gateway_lock(&format!("\"pid\": {pid}, \"starttime\": {started}"));
    let sandbox = Sandbox::config(GATEWAY).with("openclaw.json.lock", lock);
    let waiter = sandbox.invoke(["set", "gateway.port", "1", "--lock-timeout", "60s"]).start();
    std::thread::sleep(Duration::from_millis(50));
    fs::remove_file(sandbox.path("openclaw.json.lock")).unwrap();
    waiter.finish().code(0);
}

#[test]
fn the_lock_of_a_gateway_that_died_is_taken_over() {
    let gateway = Bystander::start();
    let (pid, started) = (gateway.pid(), gateway.started());
    // The process id belongs to somebody else now.
    check_stale(&format!("\"pid\": {pid}, \"starttime\": {}", started + 1));
    drop(gateway);
    check_stale(&format!("\"pid\": {pid}, \"starttime\": {started}"));
    check_stale(&format!("\"pid\": {pid}"));
    check_stale("\"createdAt\": \"2001-01-01T00:00:00.000Z\"");
}

#[test]
fn our_gateway_lock_is_one_that_the_gateway_honours() {
    let Some(faults) = Faults::allowed() else { return };
    let sandbox = Sandbox::config(GATEWAY);
    let (holder, pid) = holder(&faults, &sandbox, "logging.level", "debug");
    let lock = sandbox.path("openclaw.json.lock");
    let mut holder = holder;
    holder.until("the gateway's lock", || lock.exists());
    let text = fs::read_to_string(&lock).unwrap();
    let content: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(content["pid"], pid);
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let started = stat.rsplit_once(") ").unwrap().1.split(' ').nth(19).unwrap();
    assert_eq!(content["starttime"].to_string(), started);
    assert!(content["createdAt"].as_str().unwrap().ends_with('Z'));
    let last = text.lines().last().unwrap();
    let (mark, token) = last.split_at(8);
    assert_eq!(mark, "\t\t\t\t\t\t\t\t");
    assert!(token.len() == 128 && token.bytes().all(|byte| b" \t".contains(&byte)), "{last:?}");
    assert_eq!(fs::metadata(&lock).unwrap().mode() & 0o7777, 0o600);
    // A gateway that took the lock over keeps it.
    let theirs = gateway_lock(&format!("\"pid\": {}", std::process::id()));
    fs::write(&lock, &theirs).unwrap();
    holder.resume().code(0);
    assert_eq!(fs::read_to_string(&lock).unwrap(), theirs);
}

/// Another way to lock, which does not work: on the file that is replaced.
struct LockOnTarget {
    file: File,
}

impl LockOnTarget {
    fn open(path: &Path) -> Self {
        Self { file: File::open(path).unwrap() }
    }

    fn try_lock(&self) -> bool {
        self.file.try_lock_exclusive().is_ok()
    }

    /// Reads, adds `line`, replaces, and gives the lock back.
    fn add(self, path: &Path, base: &str, line: &str) {
        let next = path.with_extension("next");
        fs::write(&next, format!("{base}{line}\n")).unwrap();
        fs::rename(next, path).unwrap();
        drop(self);
    }
}

/// Why there is a sidecar: a lock on the file that is replaced lets two writers in at once, and one
/// of their changes is lost.
#[test]
fn a_lock_on_the_file_itself_would_lose_a_change() {
    let sandbox = Sandbox::config("");
    let path = sandbox.config_path();
    let (first, second) = (LockOnTarget::open(path), LockOnTarget::open(path));
    assert!(first.try_lock() && !second.try_lock());
    first.add(path, "", "first");
    // The third comes when the file is another one already; the second still waits on the old.
    let third = LockOnTarget::open(path);
    assert!(third.try_lock() && second.try_lock(), "both hold \"the\" lock");
    let base = sandbox.text();
    second.add(path, &base, "second");
    third.add(path, &base, "third");
    sandbox.holds("first\nthird\n");
}

/// The same three writers, with our lock.
#[test]
fn a_lock_beside_the_file_loses_none() {
    let Some(faults) = Faults::allowed() else { return };
    let sandbox = Sandbox::config("{}\n");
    let (first, _) = holder(&faults, &sandbox, "first", "1");
    let second = sandbox.invoke(["set", "second", "1", "--lock-timeout", "60s"]).start();
    std::thread::sleep(Duration::from_millis(50));
    first.resume().code(0);
    let third = sandbox.invoke(["set", "third", "1", "--lock-timeout", "60s"]).start();
    second.finish().code(0);
    third.finish().code(0);
    let value = sandbox.report(["get"]);
    assert_eq!(value["value"].as_object().unwrap().len(), 3, "{value}");
}
