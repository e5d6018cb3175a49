//! A watcher that slept, lost reports, or whose clock jumped: what was written meanwhile is judged, and
//! nothing that was asked for is lost.

use std::fs;
use std::time::Duration;

use rustix::process::Signal;

use crate::exec::debugging;
use crate::support::{GATEWAY, Sandbox, TOKEN, faked_clock, not_checked, tools};
use crate::watch::{Guard, events, store, without_token};

/// The most reports that the system keeps for us; beyond them it says only that some were lost.
fn most_reports() -> usize {
    let text = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap_or_default();
    text.trim().parse().unwrap_or(usize::MAX)
}

/// A closed lid, or a machine that is moved: no program runs for a while.
#[test]
fn what_was_written_while_it_slept_is_put_right_when_it_wakes() {
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    guard.running().signal(Signal::STOP);
    store(&sandbox, &without_token(GATEWAY));
    std::thread::sleep(Duration::from_millis(700));
    store(&sandbox, &without_token(&debugging()));
    guard.running().signal(Signal::CONT);
    guard.heals_to(&debugging());
    let event = guard.tells("healed", 0);
    assert_eq!(event["put_back"][0]["path"], "gateway.auth.token", "{event}");
    guard.stop();
}

/// Its bad write is among the reports that were lost.
#[test]
fn what_the_system_lost_count_of_is_looked_at_all_the_same() {
    let most = most_reports();
    if most > 100_000 {
        not_checked(&format!("the system keeps {most} reports"));
        return;
    }
    let sandbox = Sandbox::config(GATEWAY);
    let mut guard = Guard::of(&sandbox);
    guard.running().signal(Signal::STOP);
    // Making and removing a file are two reports at the least.
    let noise = [sandbox.path("a.tmp"), sandbox.path("b.tmp")];
    for _ in 0..=most / 4 {
        for file in &noise {
            fs::write(file, "").unwrap();
            fs::remove_file(file).unwrap();
        }
    }
    store(&sandbox, &without_token(&debugging()));
    guard.running().signal(Signal::CONT);
    guard.heals_to(&debugging());
    guard.stop();
}

/// The clock of the wall is set back two days, then ahead; the library stands between the program and
/// its clock, and leaves the monotonic one alone, as the system does.
#[test]
fn a_clock_that_jumps_changes_nothing() {
    if !tools(&["faketime"]) {
        return;
    }
    let sandbox = Sandbox::config(GATEWAY);
    let jump = sandbox.home().join("jump");
    fs::write(&jump, "+0").unwrap();
    let invocation = faked_clock(&jump)
        .iter()
        .fold(sandbox.invoke(["watch"]), |invocation, (name, value)| invocation.env(name, value));
    let mut guard = Guard::started(&sandbox, invocation);
    let mut wanted = GATEWAY.to_owned();
    for (index, by) in ["-2d", "+3d", "+0"].into_iter().enumerate() {
        fs::write(&jump, by).unwrap();
        // What is asked for stands, though its record is of another day than the watcher's.
        let port = format!("1879{index}");
        let asked = ["set", "gateway.port", &port];
        sandbox.run(asked).code(0);
        let now = sandbox.text();
        assert!(now.contains(&port) && now != wanted);
        wanted = now;
        let before = events(&sandbox).len();
        store(&sandbox, &without_token(&wanted));
        guard.heals_to(&wanted);
        let event = guard.tells("healed", before);
        assert!(event["took_ms"].as_u64().unwrap() < 10_000, "{event}");
        assert_eq!(event["put_back"].as_array().unwrap().len(), 1, "{event}");
    }
    let times: Vec<String> =
        events(&sandbox).iter().map(|event| event["at"].as_str().unwrap().to_owned()).collect();
    assert!(!times.is_sorted(), "the clock did jump: {times:?}");
    guard.ends().never_says(TOKEN);
}
