//! `wait`: until a configuration is at rest, told by a watcher, or as it looks without one.

use std::fs;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use confwarden::event::{Condition, Freshness, Hub, Request, Server};

use crate::support::{GATEWAY, Sandbox};

const STABLE: [&str; 5] = ["wait", "--for", "stable", "--timeout", "5s"];
const SHORT: [&str; 5] = ["wait", "--for", "stable", "--timeout", "900ms"];

/// A watcher that answers what it is told, one after the other, and then the last again.
fn watcher(sandbox: &Sandbox, answers: Vec<Result<Freshness, &'static str>>) -> Server {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut answers = answers.into_iter().peekable();
        let mut last = None;
        for request in receiver {
            if let Request::Fresh { answer, .. } = request {
                last = answers.next().or(last);
                match last.clone().unwrap() {
                    Ok(freshness) => answer.give(freshness),
                    Err(why) => answer.refuse(why),
                }
            }
        }
    });
    let state_dir = sandbox.home().join("state/confwarden");
    Server::start(&state_dir, Hub::new(), move |request| sender.send(request).unwrap_or(()))
        .unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "as the watcher's other answers")]
fn seen(fresh: bool, drift: bool, state: Condition) -> Result<Freshness, &'static str> {
    Ok(Freshness { fresh, drift, state })
}

#[test]
fn without_a_watcher_a_file_at_rest_is_stable_and_that_is_said_to_be_no_proof() {
    let sandbox = Sandbox::config(GATEWAY);
    let started = Instant::now();
    sandbox.run(STABLE).code(0).prints("").says("no watcher runs");
    assert!(started.elapsed() >= Duration::from_millis(600), "it looks for as long as it says");
    let report = sandbox.report(STABLE);
    assert_eq!((&report["command"], &report["status"]), (&"wait".into(), &"ok".into()));
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    sandbox.run(STABLE).code(0);
}

#[test]
fn without_a_watcher_what_is_wrong_is_named() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    let good = sandbox.text();
    fs::write(sandbox.config_path(), good.replace("info", "debug")).unwrap();
    sandbox.fails(5, SHORT).says("it is not what the last record ended in").says("no watcher runs");
    fs::write(sandbox.config_path(), "{ a: ").unwrap();
    sandbox.fails(5, SHORT).says("it does not parse");
    fs::remove_file(sandbox.config_path()).unwrap();
    sandbox.run(SHORT).code(5).says("there is no such file");
    fs::write(sandbox.config_path(), &good).unwrap();
    sandbox.run(STABLE).code(0);
}

#[test]
fn a_file_that_is_written_all_the_time_is_not_at_rest() {
    let sandbox = Sandbox::config(GATEWAY);
    let path = sandbox.config_path().to_owned();
    let (stop, stopped) = channel::<()>();
    let writer = thread::spawn(move || {
        while stopped.recv_timeout(Duration::from_millis(100)).is_err() {
            fs::write(&path, GATEWAY).unwrap();
        }
    });
    sandbox.run(SHORT).code(5).says("was not at rest within 900 ms");
    stop.send(()).unwrap();
    writer.join().unwrap();
    sandbox.run(STABLE).code(0);
}

#[test]
fn a_watcher_is_asked_until_it_has_seen_everything() {
    let sandbox = Sandbox::config(GATEWAY);
    let _server = watcher(
        &sandbox,
        vec![
            seen(false, false, Condition::Stable),
            seen(true, true, Condition::Stable),
            seen(true, false, Condition::Settling),
            seen(true, false, Condition::Stable),
        ],
    );
    sandbox.run(STABLE).code(0).prints("").tells("");
}

#[test]
fn a_contested_file_is_never_stable_and_the_end_says_so() {
    let sandbox = Sandbox::config(GATEWAY);
    let _server = watcher(&sandbox, vec![seen(true, false, Condition::Contested)]);
    sandbox
        .run(SHORT)
        .code(5)
        .says("the watcher says that it is contested")
        .never_says("no watcher");
}

#[test]
fn a_watcher_that_does_not_guard_the_file_is_named() {
    let sandbox = Sandbox::config(GATEWAY);
    let _server = watcher(&sandbox, vec![Err("that file is not guarded")]);
    sandbox.run(STABLE).code(0).says("(that file is not guarded)");
}
