//! What is shipped to run the watcher as a service: units, a property list, an entry point.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::support::{GATEWAY, TOKEN, tools};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/service");
const PATIENCE: Duration = Duration::from_secs(30);

/// Each unit, its scope, and where it has the program.
const UNITS: &[(&str, &str, &str)] = &[
    ("confwarden.service", "--system", "/usr/local/bin/confwarden"),
    ("user/confwarden.service", "--user", "%h/.local/bin/confwarden"),
];

fn example(name: &str) -> PathBuf {
    Path::new(EXAMPLES).join(name)
}

/// What a command says, on both streams.
fn said(command: &mut Command) -> (ExitStatus, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status, String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn units_are_sandboxed_well() {
    if !tools(&["systemd-analyze"]) {
        return;
    }
    for (unit, ..) in UNITS {
        let mut command = Command::new("systemd-analyze");
        command.args(["security", "--offline=true", "--no-pager"]).arg(example(unit));
        let (_, text) = said(&mut command);
        let overall = text.lines().find(|line| line.contains("Overall exposure level"));
        let overall = overall.unwrap_or_else(|| panic!("{unit}: {text}"));
        let level = overall.rsplit(": ").next().unwrap().split_whitespace().next().unwrap();
        assert!(level.parse::<f64>().unwrap() <= 2.0, "{unit}: {overall}");
    }
}

#[test]
fn units_hold_nothing_that_systemd_does_not_know() {
    if !tools(&["systemd-analyze"]) {
        return;
    }
    let directory = TempDir::new().unwrap();
    for (unit, scope, program) in UNITS {
        let text = fs::read_to_string(example(unit)).unwrap();
        assert_eq!(text.matches(&format!("ExecStart={program} watch\n")).count(), 1, "{unit}");
        let here = text.replace(program, env!("CARGO_BIN_EXE_confwarden"));
        let copy = directory.path().join("confwarden.service");
        for (text, is_good) in [(here.clone(), true), (here.replace("UMask=", "UMaks="), false)] {
            fs::write(&copy, text).unwrap();
            let mut command = Command::new("systemd-analyze");
            command.args(["verify", "--man=no", scope]).arg(&copy);
            command.env("XDG_RUNTIME_DIR", directory.path());
            let (_, said) = said(&mut command);
            let complaint = said.lines().find(|line| line.contains("confwarden.service"));
            assert_eq!(complaint.is_none(), is_good, "{unit}: {said}");
        }
    }
}

#[test]
fn the_property_list_is_one_and_runs_the_watcher() {
    if !tools(&["python3"]) {
        return;
    }
    let program = "import json, plistlib, sys\n\
        json.dump(plistlib.load(open(sys.argv[1], 'rb')), sys.stdout)";
    let mut command = Command::new("python3");
    command.args(["-c", program]).arg(example("org.confwarden.watch.plist"));
    let (status, text) = said(&mut command);
    assert!(status.success(), "{text}");
    let list: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(list["Label"], "org.confwarden.watch");
    assert_eq!(list["ProgramArguments"][1], "watch");
    assert_eq!(list["ProgramArguments"].as_array().unwrap().len(), 2);
    assert_eq!(list["KeepAlive"], true);
    assert_eq!(list["Umask"], 0o077);
}

/// The entry point with a stand-in for each of the two programs, which write down what happens.
struct Container {
    directory: TempDir,
}

impl Container {
    /// `once` is what `confwarden watch --once` does.
    fn new(once: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let container = Self { directory };
        // A watcher that is waited for by nobody must end with the test all the same.
        container.program(
            "confwarden",
            &format!(
                "echo \"confwarden $*\" >> log\n\
                 for last; do :; done\n\
                 if [ \"$last\" = --once ]; then {once}; fi\n\
                 echo $$ >> watchers\n\
                 exec sleep 60"
            ),
        );
        container.program(
            "gateway",
            "trap 'echo TERM >> log; exit 7' TERM\n\
             trap 'echo HUP >> log' HUP\n\
             echo \"gateway $$ $*\" >> log\n\
             while :; do sleep 0.05; done",
        );
        container
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.directory.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn start(&self, config: Option<&str>) -> Child {
        let mut command = Command::new(example("container/entrypoint.sh"));
        command.args(["./gateway", "run", "two words"]).current_dir(self.directory.path());
        command.env("CONFWARDEN", "./confwarden").env_remove("CONFWARDEN_CONFIG");
        command.envs(config.map(|config| ("CONFWARDEN_CONFIG", config)));
        command.env("XDG_STATE_HOME", self.directory.path().join("state"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.directory.path().join(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Waits until the file has so many lines.
    #[track_caller]
    fn reaches(&self, name: &str, count: usize) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let lines = self.lines(name);
            if lines.len() >= count {
                return lines;
            }
            assert!(Instant::now() < deadline, "{name}: {lines:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Ends the last watcher, those before it have ended; the script starts none without a gateway.
impl Drop for Container {
    fn drop(&mut self) {
        if let Some(watcher) = self.lines("watchers").last() {
            signal(watcher.parse().unwrap(), Signal::KILL);
        }
    }
}

fn signal(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).ok();
}

#[test]
fn the_entry_point_heals_first_and_passes_signals_to_the_gateway() {
    let container = Container::new("exit 0");
    let mut running = container.start(None);
    let pid = running.id().cast_signed();
    container.reaches("watchers", 1);
    let log = container.reaches("log", 3);
    assert_eq!(log[0], "confwarden watch --once");
    // The two of them run at once.
    assert!(log[1..].contains(&"confwarden watch".to_owned()), "{log:?}");
    assert!(log[1..].contains(&format!("gateway {pid} run two words")), "{log:?}");
    signal(pid, Signal::HUP);
    assert_eq!(container.reaches("log", 4)[3], "HUP");
    signal(pid, Signal::TERM);
    assert_eq!(running.wait().unwrap().code(), Some(7));
    assert_eq!(container.lines("log")[4], "TERM");
}

#[test]
fn the_entry_point_starts_no_gateway_on_what_could_not_be_put_right() {
    let container = Container::new("exit 4");
    let mut running = container.start(None);
    assert_eq!(running.wait().unwrap().code(), Some(4));
    assert_eq!(container.lines("log"), ["confwarden watch --once"]);
}

#[test]
fn the_entry_point_starts_a_watcher_again_for_as_long_as_the_gateway_runs() {
    let container = Container::new("exit 0");
    let mut running = container.start(Some("a file.json"));
    let first = container.reaches("watchers", 1);
    signal(first[0].parse().unwrap(), Signal::KILL);
    let both = container.reaches("watchers", 2);
    let log = container.lines("log");
    assert_eq!(log.iter().filter(|line| *line == "confwarden watch a file.json").count(), 2);
    assert_eq!(log[0], "confwarden watch a file.json --once");
    running.kill().unwrap();
    running.wait().unwrap();
    assert_eq!(both.len(), 2);
    signal(both[1].parse().unwrap(), Signal::KILL);
    // It looks a second later, finds no gateway, and ends.
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(container.lines("watchers").len(), 2);
}

#[test]
fn a_gateway_behind_the_entry_point_keeps_its_token() {
    let container = Container::new("exit 0");
    let program = env!("CARGO_BIN_EXE_confwarden");
    container.program("confwarden", &format!("echo $$ >> watchers\nexec {program} \"$@\""));
    let config = container.directory.path().join("openclaw.json");
    fs::write(&config, GATEWAY).unwrap();
    fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
    let mut running = container.start(config.to_str());
    // The one that healed first, and the watcher.
    container.reaches("watchers", 2);
    container.reaches("log", 1);
    let token = format!("      token: \"{TOKEN}\",\n");
    let bare = GATEWAY.replace(&token, "");
    assert_ne!(bare, GATEWAY);
    fs::write(&config, bare).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while !fs::read_to_string(&config).unwrap().contains(&token) {
        assert!(Instant::now() < deadline, "the token stays away");
        std::thread::sleep(Duration::from_millis(5));
    }
    running.kill().unwrap();
    running.wait().unwrap();
}
