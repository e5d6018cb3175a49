//! What real gateways make of our writes, and we of theirs.

use std::time::{Duration, Instant};

use super::installed::OpenClaw;
use super::running::{Gateway, text};
use crate::support::{Faults, Sandbox, TOKEN};

/// The lines of `told` that say which paths have changed. Some releases add paths of their own.
fn changes(told: &str) -> Vec<&str> {
    told.lines().filter(|line| line.contains("config change detected")).collect()
}

/// Waits until the gateway has logged `told` after it had logged `seen`; how long that took.
#[track_caller]
fn until_told(gateway: &mut Gateway<'_>, seen: &str, told: &str) -> Duration {
    gateway.until(told, |gateway| gateway.since(seen).contains(told))
}

/// A gateway that is up, and has been since before the test began to write.
struct Steady {
    at: Instant,
    uptime: Duration,
}

impl Steady {
    fn of(gateway: &Gateway<'_>) -> Self {
        Self { at: Instant::now(), uptime: gateway.uptime().expect("it is ready") }
    }

    /// It has not started anew.
    #[track_caller]
    fn check(&self, gateway: &Gateway<'_>) {
        let uptime = gateway.uptime().expect("it is ready");
        let least = self.uptime + self.at.elapsed().saturating_sub(Duration::from_secs(2));
        assert!(uptime >= least, "it restarted {uptime:?} ago: {}", gateway.log());
    }
}

/// The token is where it was, and so is nothing of ours but the lock.
#[track_caller]
fn check_left(sandbox: &Sandbox) {
    sandbox.run(["get", "--reveal", "gateway.auth.token"]).code(0).prints(&format!("{TOKEN}\n"));
    assert_eq!(sandbox.leftovers(), Vec::<String>::new());
    assert!(!sandbox.names().contains(&"openclaw.json.lock".to_owned()));
}

#[test]
fn a_hot_path_is_taken_without_a_restart() {
    OpenClaw::each(|openclaw| {
        let mut gateway = openclaw.start(text);
        let steady = Steady::of(&gateway);
        let (before, seen) = (gateway.sandbox().text(), gateway.log());
        gateway
            .sandbox()
            .run(["set", "cron.enabled", "true"])
            .code(0)
            .says("applies live, no restart");
        let took = until_told(&mut gateway, &seen, "config hot reload applied (cron");
        assert!(took < Duration::from_secs(30), "{took:?}");
        steady.check(&gateway);
        let with =
            before.replace("// two writers\n", "// two writers\n  cron: { enabled: true },\n");
        gateway.sandbox().holds(&with);
        check_left(gateway.sandbox());
    });
}

#[test]
fn a_write_on_probation_and_its_undo_are_both_taken_without_a_restart() {
    OpenClaw::each(|openclaw| {
        let mut gateway = openclaw.start(text);
        let steady = Steady::of(&gateway);
        let (before, seen) = (gateway.sandbox().text(), gateway.log());
        let write = ["set", "cron.enabled", "true", "--confirm-within", "5s"];
        gateway.sandbox().run(write).code(0).says("unless `confwarden confirm");
        until_told(&mut gateway, &seen, "config hot reload applied (cron");
        let seen = gateway.log();
        gateway.until("an undo", |gateway| gateway.sandbox().text() == before);
        until_told(&mut gateway, &seen, "config hot reload applied (cron");
        steady.check(&gateway);
        check_left(gateway.sandbox());
        assert_eq!(gateway.starts(), 1, "{}", gateway.log());
    });
}

#[test]
fn a_path_that_needs_nothing_changes_nothing() {
    OpenClaw::each(|openclaw| {
        let mut gateway = openclaw.start(text);
        let steady = Steady::of(&gateway);
        let (before, seen) = (gateway.sandbox().text(), gateway.log());
        gateway.sandbox().run(["set", "ui.seamColor", "#336699"]).code(0);
        until_told(&mut gateway, &seen, "config change detected");
        steady.check(&gateway);
        let told = gateway.since(&seen);
        assert!(changes(&told)[0].contains("ui"), "{told}");
        assert!(!told.contains("hot reload applied") && !told.contains("restart"), "{told}");
        let with = "// two writers\n  ui: { seamColor: \"#336699\" },\n";
        gateway.sandbox().holds(&before.replace("// two writers\n", with));
        check_left(gateway.sandbox());
    });
}

#[test]
fn what_is_refused_never_reaches_the_gateway() {
    OpenClaw::each(|openclaw| {
        let mut gateway = openclaw.start(text);
        let steady = Steady::of(&gateway);
        let seen = gateway.log();
        for arguments in [
            ["unset", "gateway.auth.token"].as_slice(),
            &["unset", "gateway.auth"],
            &["set", "gateway.auth.token", "undefined"],
        ] {
            gateway.sandbox().fails(3, arguments).says("auth-token-dropped").never_says(TOKEN);
        }
        // The next good write is the first that it hears of.
        gateway.sandbox().run(["set", "messages.responsePrefix", "p1"]).code(0);
        until_told(&mut gateway, &seen, "config change detected");
        let told = gateway.since(&seen);
        let changes = changes(&told);
        assert!(changes.len() == 1 && changes[0].contains("messages.responsePrefix"), "{told}");
        assert!(!told.contains("gateway.auth"), "{told}");
        steady.check(&gateway);
        check_left(gateway.sandbox());
    });
}

/// Its own command line writes the whole file anew, takes seconds for it, and strips the comments.
#[test]
fn its_own_command_line_and_ours_lose_nothing_of_each_other() {
    OpenClaw::each(|openclaw| {
        let gateway = openclaw.start(text);
        let steady = Steady::of(&gateway);
        let sandbox = gateway.sandbox();
        let is_over = std::sync::atomic::AtomicBool::new(false);
        let last = std::thread::scope(|scope| {
            let ours = scope.spawn(|| {
                let mut turn = 0;
                while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    turn += 1;
                    let prefix = format!("p{turn}");
                    sandbox.run(["set", "messages.responsePrefix", &prefix]).code(0);
                    // Releases without a lock put an old copy over it, as they do among themselves.
                    if openclaw.locks() {
                        let set = sandbox.run(["get", "messages.responsePrefix"]);
                        assert_eq!(set.stdout(), format!("{prefix}\n"));
                    }
                    // Longer than theirs takes from its read to its write, at times.
                    std::thread::sleep(Duration::from_millis(500 * (turn % 10)));
                }
                turn
            });
            let theirs = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                for turn in 1..=4 {
                    let reaction = format!("a{turn}");
                    // It refuses to write where ours was faster, and says so.
                    let set = || gateway.cli(&["config", "set", "messages.ackReaction", &reaction]);
                    let is_set = (0..20).any(|_| {
                        let run = set();
                        let refused = run.everything().contains("config changed since last load");
                        assert!(run.ended() == Some(0) || refused, "{run}");
                        run.ended() == Some(0)
                    });
                    assert!(is_set, "its command line never came to write");
                    let get = sandbox.run(["get", "messages.ackReaction"]);
                    assert_eq!(get.stdout(), format!("{reaction}\n"));
                }
            }));
            is_over.store(true, std::sync::atomic::Ordering::Relaxed);
            theirs.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            ours.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        if !openclaw.locks() {
            sandbox.run(["set", "messages.responsePrefix", &format!("p{last}")]).code(0);
        }
        sandbox.run(["get", "messages.responsePrefix"]).prints(&format!("p{last}\n"));
        sandbox.run(["get", "messages.ackReaction"]).prints("a4\n");
        steady.check(&gateway);
        check_left(sandbox);
    });
}

/// While we are in the middle of a write its command line waits, and ours then waits for it.
#[test]
fn each_waits_for_the_lock_of_the_other() {
    let Some(faults) = Faults::allowed() else { return };
    OpenClaw::each(|openclaw| {
        // Only releases that lock have anything to wait for.
        if !openclaw.locks() {
            return;
        }
        let gateway = openclaw.start(text);
        let sandbox = gateway.sandbox();
        let before = sandbox.text();
        let lock = sandbox.path("openclaw.json.lock");
        let stopped = faults.with("fsync:signal=SIGSTOP:when=1");
        let arguments = ["set", "messages.responsePrefix", "p1"];
        let mut ours = sandbox.invoke(arguments).under(stopped).start();
        ours.until_locked(sandbox);
        ours.until("the gateway's lock", || lock.exists());
        let held = std::fs::read(&lock).unwrap();
        std::thread::scope(|scope| {
            let theirs =
                scope.spawn(|| gateway.cli(&["config", "set", "messages.ackReaction", "a1"]));
            // It takes three seconds to come to its lock, here and then.
            std::thread::sleep(Duration::from_secs(8));
            assert!(!theirs.is_finished(), "it does not wait: {}", theirs.join().unwrap());
            assert_eq!(std::fs::read(&lock).unwrap(), held, "the lock is still ours");
            sandbox.holds(&before);
            ours.resume().code(0);
            let theirs = theirs.join().unwrap();
            // It had read before it came to wait.
            let refused = theirs.everything().contains("config changed since last load");
            assert!(theirs.ended() == Some(0) || refused, "{theirs}");
        });
        sandbox.run(["get", "messages.responsePrefix"]).prints("p1\n");

        // The other way round: ours comes while theirs is held.
        std::thread::scope(|scope| {
            let theirs =
                scope.spawn(|| gateway.cli(&["config", "set", "messages.ackReaction", "a2"]));
            while !lock.exists() {
                assert!(!theirs.is_finished(), "{}", theirs.join().unwrap());
                std::thread::sleep(Duration::from_millis(1));
            }
            let run = sandbox.run(["set", "messages.responsePrefix", "p2", "--lock-timeout", "0s"]);
            // It is held for most of a second; where this machine was slower there is nothing to see.
            if run.ended() != Some(0) {
                run.code(5).says("could not lock").says("openclaw.json.lock");
            }
            sandbox.run(["set", "messages.responsePrefix", "p3"]).code(0);
            theirs.join().unwrap().code(0);
        });
        sandbox.run(["get", "messages.responsePrefix"]).prints("p3\n");
        sandbox.run(["get", "messages.ackReaction"]).prints("a2\n");
        check_left(sandbox);
    });
}
