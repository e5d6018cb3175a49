//! A watcher under load: it loses nothing, grows not, and is at rest when the writers are.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::thread;
use std::time::Duration;

use crate::support::{GATEWAY, Sandbox, TOKEN};
use crate::watch::{Guard, events, is_stable, without_token};

const WRITERS: usize = 8;
const WRITES_OF_EACH: usize = 1250;
const FIRST_PORT: usize = 10_000;

/// The largest memory that a process has had, in kilobytes.
fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Each writer stores whole texts of its own, with a port that nobody else writes; every second one
/// is without the token.
fn storm(sandbox: &Sandbox) {
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                let temporary = sandbox.path(&format!("openclaw.json.{writer}"));
                for write in 0..WRITES_OF_EACH {
                    let port = (FIRST_PORT + writer * WRITES_OF_EACH + write).to_string();
                    let text = GATEWAY.replace("18789", &port);
                    let text = if write % 2 == 0 { text } else { without_token(&text) };
                    fs::write(&temporary, text).unwrap();
                    fs::set_permissions(&temporary, fs::Permissions::from_mode(0o600)).unwrap();
                    fs::rename(&temporary, sandbox.config_path()).unwrap();
                    // Together 10,000 in a few seconds: the same in a minute would be less of a storm.
                    thread::sleep(Duration::from_millis(4));
                }
            });
        }
    });
}

#[test]
fn ten_thousand_writes_by_eight_writers_end_in_one_of_them_with_the_token() {
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    storm(&sandbox);
    let port = |text: &str| -> usize {
        let (_, rest) = text.split_once("port: ").unwrap();
        rest.split(',').next().unwrap().parse().unwrap()
    };
    guard.until("the token", || sandbox.text().contains(TOKEN));
    guard.until("rest", || is_stable(&sandbox));
    // What stands is a last write, healed: each writer's last one is without the token.
    let text = sandbox.text();
    assert_eq!(text, GATEWAY.replace("18789", &port(&text).to_string()));
    assert_eq!((port(&text) - FIRST_PORT) % WRITES_OF_EACH, WRITES_OF_EACH - 1);
    let peak = peak(guard.running().id());
    assert!(peak < 64 << 10, "{peak} kB for a file of a few hundred bytes");
    // A fight is told once, not with every write of it; afterwards everything is as before.
    let told = events(&sandbox);
    let contested = told.iter().filter(|event| event["kind"] == "contested").count();
    assert!(contested <= 2, "told {contested} times");
    assert!(!told.iter().any(|event| event["kind"] == "failed"), "{told:?}");
    let names = sandbox.names();
    assert_eq!(names, [".openclaw.json.confwarden.lock", "openclaw.json"]);
    guard.stop();
}
