//! Tokens dropped while a gateway runs and a client is connected, with the guard and without.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::guard::Guard;
use super::installed::OpenClaw;
use super::running::{Gateway, base};
use super::writers::{Dice, Dropped, Writer};
use crate::support::{TOKEN, tell};

/// When a gateway reads the file after a write, less what two processes of a busy machine take.
const WINDOW: Duration = Duration::from_millis(480);

/// When a heal that has not come will not come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A configuration that programs without JSON5 read too.
fn strict(openclaw: &OpenClaw, port: u16, log: &str) -> String {
    let mut value = base(openclaw, port, log);
    value["messages"] = serde_json::json!({ "ackReaction": "a0", "responsePrefix": "p0" });
    serde_json::to_string_pretty(&value).unwrap() + "\n"
}

/// Whether the token and what rode along stand in the configuration.
fn is_whole(gateway: &Gateway<'_>, value: &str) -> bool {
    let read = std::fs::read(gateway.sandbox().config_path()).ok();
    let read: Option<Value> = read.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    read.is_some_and(|read| {
        read["gateway"]["auth"]["token"] == TOKEN && read["messages"]["responsePrefix"] == value
    })
}

/// What a gateway has made of a dropped token, in its own log.
fn noticed(log: &str) -> Option<&str> {
    log.lines().find(|line| {
        line.contains("config change detected") && line.contains("gateway")
            || line.contains("invalid config")
            || line.contains("reload failed")
            || line.contains("restarting")
    })
}

/// How many drops there are: `CONFWARDEN_GATEWAY_DROPS`, or 200.
fn drops() -> u64 {
    let given = std::env::var("CONFWARDEN_GATEWAY_DROPS").ok();
    given.map_or(200, |given| given.parse().expect("a number of drops"))
}

#[test]
fn without_the_guard_each_writer_s_drop_is_seen() {
    OpenClaw::each(|openclaw| {
        for writer in Writer::ALL {
            let mut gateway = openclaw.start(strict);
            let client = gateway.client().let_in();
            let seen = gateway.log();
            writer.drop_token(&gateway, Dropped::Block, "p1", &mut Dice::seeded(1));
            // The gateway starts anew, its client is thrown out, and the token of all is no longer
            // the gateway's.
            gateway.until("its restart", |gateway| gateway.starts() == 2);
            assert!(noticed(&gateway.since(&seen)).is_some());
            let lost = client.lost().expect("the client is thrown out");
            assert!(matches!(lost["code"].as_u64(), Some(1012 | 4001)), "{lost}");
            assert!(!gateway.client().is_let_in(), "{writer:?}: the old token is still good");
        }
    });
}

/// The original complaint, made impossible.
#[test]
fn under_the_guard_no_drop_is_noticed() {
    OpenClaw::each(|openclaw| {
        let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut dice = Dice::seeded(seed);
        let gateway = openclaw.start(strict);
        let guard = Guard::over(gateway.sandbox());
        let client = gateway.client().let_in();
        let (pid, logged, began) = (gateway.pid(), gateway.log(), Instant::now());
        let uptime = gateway.uptime().unwrap();
        let mut took = Vec::new();
        for drop in 0..drops() {
            std::thread::sleep(dice.millis(700, 1500));
            let writer = if drop % 20 == 19 {
                Writer::OwnCommand
            } else {
                Writer::FAST[usize::try_from(dice.below(4)).unwrap()]
            };
            let dropped = if dice.below(2) == 0 { Dropped::Token } else { Dropped::Block };
            let value = format!("p{drop}");
            let at = writer.drop_token(&gateway, dropped, &value, &mut dice);
            while !is_whole(&gateway, &value) {
                assert!(
                    at.elapsed() < PATIENCE,
                    "{} drop {drop} of seed {seed}, {dropped:?} by {writer:?}: not healed\n{}\n{}\n{}",
                    openclaw.version(),
                    gateway.sandbox().text().replace(TOKEN, "(token)"),
                    guard.log(),
                    gateway.since(&logged),
                );
                std::thread::sleep(Duration::from_millis(1));
            }
            let heal = at.elapsed();
            took.push(heal);
            if heal > WINDOW {
                let log = guard.log();
                let last: Vec<&str> = log.lines().rev().take(12).collect();
                let pressed = std::fs::read_to_string("/proc/pressure/cpu").unwrap_or_default();
                tell(&format!(
                    "late: {heal:?}, drop {drop} of seed {seed}, {dropped:?} by {writer:?}\n\
                     pressure: {pressed}the guard, last line first:\n{}",
                    last.join("\n")
                ));
            }
            let told = gateway.since(&logged);
            let noticed = noticed(&told);
            assert!(noticed.is_none(), "drop {drop} of seed {seed}, {writer:?}: {noticed:?}");
            assert_eq!(client.lost(), None, "drop {drop} of seed {seed}, {writer:?}");
        }
        // The last one has its time to be noticed too.
        std::thread::sleep(Duration::from_secs(2));
        assert_eq!(noticed(&gateway.since(&logged)), None, "seed {seed}");
        assert_eq!(client.lost(), None, "seed {seed}");
        assert!(gateway.client().is_let_in(), "a mismatch, seed {seed}");
        assert_eq!((gateway.starts(), gateway.pid()), (1, pid));
        let up = gateway.uptime().expect("it is ready");
        let least = uptime + began.elapsed().saturating_sub(Duration::from_secs(2));
        assert!(up >= least, "it restarted {up:?} ago");
        took.sort();
        assert!(*took.last().unwrap() < WINDOW, "late, seed {seed}: {took:?}");
        let at = |part: usize| took[(took.len() - 1) * part / 100];
        tell(&format!(
            "{}: {} drops healed, p50 {:?}, p99 {:?}, longest {:?}; 0 restarts, 0 disconnects",
            openclaw.version(),
            took.len(),
            at(50),
            at(99),
            at(100),
        ));
    });
}
