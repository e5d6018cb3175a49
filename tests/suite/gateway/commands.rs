//! The gateway's own command line under the guard, while a gateway runs.

use std::time::{Duration, Instant};

use serde_json::json;

use super::guard::Guard;
use super::installed::OpenClaw;
use super::running::{Gateway, quiet, text};
use crate::support::{Run, Sandbox, TOKEN, tell};

/// How many times it is run: `CONFWARDEN_GATEWAY_SETS`, or 50.
fn sets() -> u32 {
    let given = std::env::var("CONFWARDEN_GATEWAY_SETS").ok();
    given.map_or(50, |given| given.parse().expect("a number of runs"))
}

/// The comments of [`text`].
const COMMENTS: &[&str] = &[
    "// The gateway under test.",
    "// nobody else has it",
    "// Every client has this one.",
    "// two writers",
];

/// Waits until every comment and `value` stand in the configuration.
#[track_caller]
fn until_dressed(gateway: &Gateway<'_>, value: &str, guard: &dyn Fn() -> String) -> Duration {
    let started = Instant::now();
    loop {
        let text = gateway.sandbox().text();
        if text.contains(value) && COMMENTS.iter().all(|comment| text.contains(comment)) {
            return started.elapsed();
        }
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "no comments: {}\n{}",
            text.replace(TOKEN, "(token)"),
            guard()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn every_set_of_its_own_command_line_succeeds_and_is_dressed_again() {
    OpenClaw::each(|openclaw| {
        let gateway = openclaw.start(text);
        let guard = Guard::over(gateway.sandbox());
        let client = gateway.client().let_in();
        for turn in 1..=sets() {
            let value = format!("p{turn}");
            gateway.cli(&["config", "set", "messages.responsePrefix", &value]).code(0);
            // Most follow on the one before at once; some find everything calm, and comments there.
            if turn % 25 == 0 || turn == sets() {
                until_dressed(&gateway, &value, &|| guard.log());
            }
        }
        gateway
            .sandbox()
            .run(["get", "--reveal", "gateway.auth.token"])
            .prints(&format!("{TOKEN}\n"));
        assert_eq!(gateway.starts(), 1, "{}", gateway.log());
        assert_eq!(client.lost(), None);
    });
}

#[test]
fn a_hot_change_is_live_with_the_same_process_and_the_client_stays() {
    OpenClaw::each(|openclaw| {
        let mut gateway = openclaw.start(text);
        let _guard = Guard::over(gateway.sandbox());
        let mut client = gateway.client().let_in();
        let (pid, seen) = (gateway.pid(), gateway.log());
        gateway.sandbox().run(["set", "logging.level", "debug"]).code(0);
        gateway.until("the change", |gateway| {
            let told = gateway.since(&seen);
            told.lines().any(|line| line.contains("detected") && line.contains("logging.level"))
        });
        let config = client.ask("config.get", &json!({}));
        assert_eq!(config["config"]["logging"]["level"], "debug");
        if openclaw.locks() {
            let running = &config["runtimeConfig"]["logging"]["level"];
            assert_eq!(running, "debug");
            assert!(config["appliedConfigHash"].is_string());
            assert_eq!(config["configRevisionHash"], config["appliedConfigHash"]);
        }
        assert_eq!((gateway.starts(), gateway.pid()), (1, pid));
        assert_eq!(client.lost(), None);
    });
}

/// Runs its command line as the child of `exec`.
fn exec(openclaw: &OpenClaw, sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let program = openclaw.program().to_str().unwrap();
    let words: Vec<&str> = ["exec", "--", program].iter().chain(arguments).copied().collect();
    quiet(sandbox.invoke(words)).run()
}

/// While no gateway runs, as 2026.9 wants it.
#[test]
fn its_doctor_repairs_under_exec_and_loses_nothing() {
    OpenClaw::each(|openclaw| {
        // The old spelling of a setting, which the doctor of either release rewrites.
        let (old, new) = if openclaw.locks() {
            ("logging: { consoleStyle: \"compact\",", "pretty")
        } else {
            ("bind: \"127.0.0.1\",", "loopback")
        };
        let sandbox = Sandbox::empty();
        let log = sandbox.root().join("gateway.jsonl");
        let fresh = if openclaw.locks() { "logging: {" } else { "bind: \"loopback\"," };
        let text = text(openclaw, 18789, log.to_str().unwrap());
        let sandbox = sandbox.with("openclaw.json", text.replace(fresh, old));
        let run = exec(openclaw, &sandbox, &["doctor", "--fix", "--non-interactive"]);
        run.code(0).says("re-dressed").never_says(TOKEN);
        let text = sandbox.text();
        assert!(!text.contains(old) && text.contains(new), "{}", text.replace(TOKEN, "(token)"));
        assert!(text.contains(TOKEN));
        assert!(COMMENTS.iter().all(|comment| text.contains(comment)), "{run}");
    });
}

#[test]
fn what_its_own_command_drops_under_exec_is_back_before_the_gateway_looks() {
    OpenClaw::each(|openclaw| {
        let gateway = openclaw.start(text);
        let client = gateway.client().let_in();
        let seen = gateway.log();
        let config = gateway.sandbox().config_path().to_owned();
        let is_there = || std::fs::read_to_string(&config).is_ok_and(|text| text.contains(TOKEN));
        for path in ["gateway.auth.token", "gateway.auth"] {
            let gone = std::thread::scope(|scope| {
                let run =
                    scope.spawn(|| exec(openclaw, gateway.sandbox(), &["config", "unset", path]));
                let (mut gone, mut back) = (None, None);
                while !run.is_finished() {
                    match (gone, back, is_there()) {
                        (None, _, false) => gone = Some(Instant::now()),
                        (Some(_), None, true) => back = Some(Instant::now()),
                        _ => {}
                    }
                    std::thread::sleep(Duration::from_millis(1));
                }
                run.join().unwrap().code(0).says("put back").never_says(TOKEN);
                assert!(is_there(), "the token is back at its end");
                gone.map_or(Duration::ZERO, |gone| back.unwrap_or_else(Instant::now) - gone)
            });
            tell(&format!("{}: `{path}` was gone for {gone:?} under exec", openclaw.version()));
            assert!(gone < Duration::from_millis(480), "gone for {gone:?}");
            std::thread::sleep(Duration::from_secs(2));
            let told = gateway.since(&seen);
            let auth = |line: &&str| line.contains("detected") && line.contains("gateway");
            assert_eq!(told.lines().find(auth), None);
        }
        // A write of its own that does no harm keeps what it says, and gets its comments back.
        exec(openclaw, gateway.sandbox(), &["config", "set", "messages.responsePrefix", "p1"])
            .code(0)
            .says("re-dressed");
        until_dressed(&gateway, "p1", &String::new);
        gateway
            .sandbox()
            .run(["get", "--reveal", "gateway.auth.token"])
            .prints(&format!("{TOKEN}\n"));
        std::thread::sleep(Duration::from_secs(2));
        assert_eq!(gateway.starts(), 1, "{}", gateway.log());
        assert_eq!(client.lost(), None);
    });
}
