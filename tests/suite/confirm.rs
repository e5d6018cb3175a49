//! `--confirm`: whether the gateway that runs has taken a write, and what becomes of it where it has
//! not.

use std::net::TcpListener;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{FakeGateway, GATEWAY, Release, Run, Sandbox, TOKEN, lock_file, start_of};

/// A change that every release takes without a restart.
pub(crate) const HOT: [&str; 3] = ["set", "cron.enabled", "true"];
/// One that needs a restart.
const RESTART: [&str; 3] = ["set", "gateway.port", "18790"];

/// Both releases over a configuration that says which one it is of.
pub(crate) fn each(test: impl Fn(&Sandbox, &FakeGateway, Release)) {
    for release in [Release::March, Release::September] {
        let sandbox = Sandbox::config(text(release));
        let gateway = FakeGateway::start(&sandbox, release);
        test(&sandbox, &gateway, release);
    }
}

pub(crate) fn text(release: Release) -> String {
    let version = match release {
        Release::March => "2026.3.8",
        Release::September => "2026.9.6",
    };
    let meta = format!("  meta: {{ lastTouchedVersion: \"{version}\" }},\n  // Who answers.");
    GATEWAY.replace("  // Who answers.", &meta)
}

/// Runs `arguments` with `--confirm HOW`, beside the gateway on `port`.
fn confirm(sandbox: &Sandbox, port: u16, arguments: &[&str], how: &[&str]) -> Run {
    sandbox
        .invoke([arguments, &["--confirm"], how].concat())
        .env("TMPDIR", sandbox.root())
        .env("OPENCLAW_GATEWAY_PORT", port.to_string())
        .run()
}

/// The same, for a program.
fn report(sandbox: &Sandbox, port: u16, arguments: &[&str], how: &[&str]) -> Value {
    let arguments = [["--output", "json"].as_slice(), arguments].concat();
    confirm(sandbox, port, &arguments, how).report()
}

/// A process that has nothing to do with a gateway.
struct Stranger(Child);

impl Stranger {
    fn start() -> Self {
        Self(Command::new("sleep").arg("600").spawn().unwrap())
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn a_change_that_is_in_effect_is_confirmed() {
    each(|sandbox, gateway, release| {
        let run = confirm(sandbox, gateway.port(), &HOT, &["applied"]);
        let said = match release {
            Release::March => "the gateway has read it and is ready",
            Release::September => "the gateway says that it is in effect",
        };
        run.code(0).says("wrote").says(&format!("confirmed: {said}")).never_says(TOKEN);
        let report =
            report(sandbox, gateway.port(), &["set", "cron.enabled", "false"], &["applied"]);
        let confirmation = &report["confirmation"];
        assert_eq!(confirmation["state"], "confirmed", "{confirmation}");
        assert_eq!(confirmation["pid"], std::process::id());
        assert_eq!(confirmation["restarted"], false);
        assert!(confirmation["undo"].is_null() && confirmation["why"].is_null());
        let version = match release {
            Release::March => "2026.3.8",
            Release::September => "2026.9.6",
        };
        assert_eq!(confirmation["gateway_version"], version);
    });
}

#[test]
fn nothing_to_write_is_confirmed_as_well_where_it_is_in_effect() {
    each(|sandbox, gateway, _| {
        let same = ["set", "logging.level", "info"];
        let run = sandbox.untouched(|| confirm(sandbox, gateway.port(), &same, &["applied"]));
        run.code(0).says("nothing was written").says("confirmed:");
        gateway.set(|manners| manners.token = "another".to_owned());
        confirm(sandbox, gateway.port(), &same, &["applied"]).code(8).says("unconfirmed:");
    });
}

#[test]
fn a_probe_is_less_and_needs_no_secret() {
    each(|sandbox, gateway, _| {
        gateway.set(|manners| manners.token = "another".to_owned());
        let run = confirm(sandbox, gateway.port(), &HOT, &["probe"]);
        run.code(0).says("confirmed: the gateway is ready with it");
        assert_eq!(gateway.shown(), Vec::<String>::new());
    });
}

#[test]
fn without_being_asked_for_nothing_is_asked() {
    each(|sandbox, gateway, _| {
        gateway.set(|manners| manners.hangs = true);
        let report = sandbox.report(HOT);
        assert!(report["confirmation"].is_null());
        let planned = confirm(sandbox, gateway.port(), &RESTART, &["applied", "--dry-run"]);
        planned.code(0).never_says("confirmed");
        assert_eq!(gateway.shown(), Vec::<String>::new());
    });
}

#[test]
fn no_gateway_leaves_the_file_and_says_what_to_do() {
    let sandbox = Sandbox::config(text(Release::September));
    let started = Instant::now();
    let run = confirm(&sandbox, 1, &HOT, &["applied"]);
    run.code(8)
        .says("wrote")
        .says("unconfirmed: whether the gateway has taken it is not known: no gateway runs")
        .says("`confwarden restore --undo @` takes the change back");
    assert!(started.elapsed() < Duration::from_secs(5), "nobody is waited for who is not there");
    assert!(sandbox.text().contains("cron"));
    let report = report(&sandbox, 1, &["set", "cron.enabled", "false"], &["probe"]);
    assert_eq!(report["confirmation"]["state"], "unconfirmed");
    assert_eq!(report["status"], "written");
}

#[test]
fn a_profile_without_a_probe_refuses_before_anything_is_written() {
    let sandbox = Sandbox::named("a.toml", "a = 1\n");
    sandbox
        .fails(9, ["set", "a", "2", "--confirm", "probe"])
        .says("profile `generic` does not say how its gateway is asked")
        .says("nothing was written");
}

/// RL-08: what dies of a change is not left with it.
#[test]
fn rl_08_a_gateway_that_dies_of_a_change_gets_its_old_configuration_back() {
    each(|sandbox, gateway, _| {
        let before = sandbox.text();
        gateway.set(|manners| manners.dies_of = Some("cron".to_owned()));
        let run = confirm(sandbox, gateway.port(), &HOT, &["applied", "--confirm-timeout", "2s"]);
        run.code(7)
            .says("rolled back: the gateway that ran as process")
            .says("has ended, and none has come since")
            .says("only this change was undone, record");
        sandbox.holds(&before);
    });
}

#[test]
fn what_the_gateway_does_not_take_is_undone_and_its_words_stay_with_it() {
    each(|sandbox, gateway, _| {
        let before = sandbox.text();
        gateway.set(|manners| manners.refuses = Some("cron".to_owned()));
        let run = confirm(sandbox, gateway.port(), &HOT, &["applied"]);
        run.code(7)
            .says("rolled back: the gateway does not take what stands at `cron.enabled`")
            .never_says("canary");
        sandbox.holds(&before);
        let report = report(sandbox, gateway.port(), &HOT, &["applied"]);
        assert_eq!(
            (&report["status"], &report["exit"]["name"]),
            (&"rolled-back".into(), &"rolled-back".into())
        );
        let undo = &report["confirmation"]["undo"];
        assert_eq!(undo["done"], true);
        assert!(undo["record"].as_u64().is_some_and(|record| record > 2), "{undo}");
        assert_eq!(undo["confirmation"]["state"], "confirmed", "{undo}");
    });
}

/// What others wrote meanwhile is not ours to take back: only the path of ours is as it was.
#[test]
fn only_our_own_change_is_undone() {
    let sandbox = Sandbox::config(text(Release::September));
    let gateway = FakeGateway::start(&sandbox, Release::September);
    gateway.set(|manners| manners.keeps_old = true);
    let how = ["applied", "--confirm-timeout", "2s"];
    std::thread::scope(|scope| {
        let ours = scope.spawn(|| confirm(&sandbox, gateway.port(), &HOT, &how));
        while !sandbox.text().contains("cron") {
            std::thread::sleep(Duration::from_millis(1));
        }
        sandbox.run(["set", "logging.level", "debug"]).code(0);
        let run = ours.join().unwrap();
        // Of whose change the gateway speaks is not known any more.
        run.code(8).says("another writer has changed the file since");
    });
    assert!(sandbox.text().contains("cron") && sandbox.text().contains("debug"));
}

/// Reload accepted, old configuration kept.
#[test]
fn a_gateway_that_goes_on_with_what_it_had_has_rejected_it() {
    let sandbox = Sandbox::config(text(Release::September));
    let gateway = FakeGateway::start(&sandbox, Release::September);
    let before = sandbox.text();
    gateway.set(|manners| manners.keeps_old = true);
    let how = ["applied", "--confirm-timeout", "2s"];
    let run = confirm(&sandbox, gateway.port(), &HOT, &how);
    run.code(7).says("rolled back: the gateway has read the file, and goes on with what it had");
    sandbox.holds(&before);
}

/// RL-12, RL-16: the new token stands in the file, and the gateway lets nobody in with it.
#[test]
fn rl_12_rl_16_a_token_that_the_gateway_has_not_taken_is_never_said_to_be_live() {
    each(|sandbox, gateway, release| {
        gateway.set(|manners| manners.keeps_old = true);
        let rotate =
            ["set", "gateway.auth.token", "fake-new-token-0001", "--allow=auth-token-changed"];
        let how = ["applied", "--confirm-timeout", "3s"];
        let run = confirm(sandbox, gateway.port(), &rotate, &how);
        run.code(8).says("\nunconfirmed:").never_says("\nconfirmed:");
        assert!(sandbox.text().contains("fake-new-token-0001"));
        if release == Release::September {
            // Where it is taken live, it is in effect with the clients of before thrown out.
            gateway.set(|manners| {
                manners.keeps_old = false;
                manners.token = "fake-new-token-0002".to_owned();
            });
            let rotate =
                ["set", "gateway.auth.token", "fake-new-token-0002", "--allow=auth-token-changed"];
            let run = confirm(sandbox, gateway.port(), &rotate, &["applied"]);
            run.code(0).says("confirmed: the gateway says that it is in effect");
        }
    });
}

#[test]
fn a_restart_that_is_needed_is_waited_for() {
    each(|sandbox, gateway, _| {
        let how = ["applied", "--confirm-timeout", "2s"];
        // The later one says that something else is in effect until it has restarted.
        gateway.set(|manners| manners.keeps_old = true);
        let run = confirm(sandbox, gateway.port(), &["set", "discovery.mode", "off"], &how);
        run.code(8).says("the restart that this needs has not come");
        assert!(sandbox.text().contains("discovery"), "the file stays");
        gateway.set(|manners| {
            manners.keeps_old = false;
            manners.restarts = true;
        });
        let on = ["set", "discovery.mode", "full"];
        let run = confirm(sandbox, gateway.port(), &on, &["applied"]);
        run.code(0).says("after a restart");
    });
}

#[test]
fn reloads_that_are_off_are_not_waited_for() {
    each(|sandbox, gateway, _| {
        sandbox.run(["set", "gateway.reload.mode", "off"]).code(0);
        let started = Instant::now();
        let run = confirm(sandbox, gateway.port(), &HOT, &["applied"]);
        run.code(8).says("its reloads are off: it takes this when it starts the next time");
        assert!(started.elapsed() < Duration::from_secs(5));
    });
}

#[test]
fn a_gateway_that_hangs_is_left_after_the_time_that_was_given() {
    each(|sandbox, gateway, _| {
        gateway.set(|manners| manners.hangs = true);
        let started = Instant::now();
        let how = ["applied", "--confirm-timeout", "1s"];
        let run = confirm(sandbox, gateway.port(), &HOT, &how);
        run.code(8).says("the gateway does not answer within");
        assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
        assert_eq!(gateway.shown(), Vec::<String>::new());
    });
}

#[test]
fn a_wrong_secret_is_said_and_tried_once() {
    each(|sandbox, gateway, _| {
        gateway.set(|manners| manners.token = "another".to_owned());
        let run = confirm(sandbox, gateway.port(), &HOT, &["applied"]);
        run.code(8).says("does not let confwarden in: AUTH_TOKEN_MISMATCH").never_says("canary");
        assert!(gateway.shown().len() <= 2, "before and after, not again and again");
    });
}

#[test]
fn a_secret_that_is_elsewhere_is_said_to_be_unknown() {
    let sandbox = Sandbox::config(text(Release::September).replace(TOKEN, "${GATEWAY_TOKEN}"));
    let gateway = FakeGateway::start(&sandbox, Release::September);
    let run = confirm(&sandbox, gateway.port(), &HOT, &["applied"]);
    run.code(8).says("a variable that this process does not have");
    assert_eq!(gateway.shown(), Vec::<String>::new());
    let run = sandbox
        .invoke(["set", "cron.enabled", "false", "--confirm", "applied"])
        .env("GATEWAY_TOKEN", TOKEN)
        .run();
    run.code(0).says("confirmed:").never_says(TOKEN);
}

/// Another program has the gateway's port: it is asked for nothing and shown nothing.
#[test]
fn a_stranger_on_the_port_gets_nothing() {
    for release in [Release::March, Release::September] {
        let sandbox = Sandbox::config(text(release));
        let stranger = Stranger::start();
        // The port is this process's, and the lock file says it is the other's.
        let gateway = FakeGateway::owned(&sandbox, release, stranger.0.id());
        let run = confirm(&sandbox, gateway.port(), &HOT, &["applied"]);
        run.code(8).says("belongs to another program than the gateway");
        assert_eq!(gateway.shown(), Vec::<String>::new());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let free = listener.local_addr().unwrap().port();
        drop(listener);
        if release == Release::March {
            let off = ["set", "cron.enabled", "false"];
            let run = confirm(&sandbox, free, &off, &["probe"]);
            run.code(8).says("does not listen on port");
        }
    }
}

/// Its number lives on in another process.
#[test]
fn a_process_that_got_the_number_of_the_gateway_is_not_it() {
    for release in [Release::March, Release::September] {
        let sandbox = Sandbox::config(text(release));
        let gateway = FakeGateway::start(&sandbox, release);
        let me = std::process::id();
        gateway.write_lock(me, start_of(me).map(|started| started - 1));
        let run = confirm(&sandbox, gateway.port(), &HOT, &["applied"]);
        run.code(8).says("is gone, and has left its lock file");
        assert_eq!(gateway.shown(), Vec::<String>::new());
        std::fs::write(lock_file(&sandbox, release), "{ \"pid\": ").unwrap();
        let run = confirm(&sandbox, gateway.port(), &RESTART, &["applied"]);
        run.code(8).says("the lock file of the gateway cannot be read: it names no process");
    }
}

#[test]
fn faults_of_a_probe_are_told_and_flapping_is_outlasted() {
    each(|sandbox, gateway, _| {
        gateway.set(|manners| manners.fails_every = 2);
        let how = ["probe", "--confirm-timeout", "2s"];
        let run = confirm(sandbox, gateway.port(), &HOT, &how);
        // It is never ready twice in a row.
        assert!(matches!(run.ended(), Some(7 | 8)), "{run}");
        run.never_says("\nconfirmed:");
        gateway.set(|manners| manners.fails_every = 5);
        let back = ["set", "cron.enabled", "false"];
        confirm(sandbox, gateway.port(), &back, &["probe"]).code(0);
        // A fault that was there before is no fault of the change.
        gateway.set(|manners| {
            manners.fails_every = 0;
            manners.ready_code = 500;
        });
        let run = confirm(sandbox, gateway.port(), &["set", "cron.enabled", "true"], &how);
        run.code(8).says("unconfirmed:").says("`/readyz` answered 500");
    });
}

#[test]
fn who_is_no_longer_ready_gets_its_old_configuration_back() {
    let sandbox = Sandbox::config(text(Release::September));
    let gateway = FakeGateway::start(&sandbox, Release::September);
    let before = sandbox.text();
    let how = ["probe", "--confirm-timeout", "2s"];
    std::thread::scope(|scope| {
        let run = scope.spawn(|| confirm(&sandbox, gateway.port(), &HOT, &how));
        while !sandbox.text().contains("cron") {
            std::thread::sleep(Duration::from_millis(1));
        }
        gateway.set(|manners| manners.ready_code = 503);
        let run = run.join().unwrap();
        run.code(7).says("rolled back: the gateway was ready before, and is not since");
        run.says("it is not known whether the gateway has taken that");
    });
    sandbox.holds(&before);
}

/// It says what it says; the tables have no part in whether it has taken a change.
#[test]
fn a_version_that_nobody_knows_is_confirmed_by_what_it_says() {
    let sandbox = Sandbox::config(text(Release::September).replace("2026.9.6", "2027.1.1"));
    let gateway = FakeGateway::start(&sandbox, Release::September);
    gateway.set(|manners| manners.version = "2027.1.1".to_owned());
    let report = report(&sandbox, gateway.port(), &HOT, &["applied"]);
    assert_eq!(report["confirmation"]["state"], "confirmed");
    assert_eq!(report["confirmation"]["gateway_version"], "2027.1.1");
}

#[test]
fn other_gateways_are_asked_by_the_probe_of_their_profile() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let http = Sandbox::config(GATEWAY);
    let gateway = FakeGateway::start(&http, Release::September);
    let ready = format!("http = \"http://127.0.0.1:{}/readyz\"", gateway.port());
    for (probe, window) in [
        (format!("tcp = \"127.0.0.1:{port}\""), "100ms"),
        (ready, "50ms"),
        ("command = [\"true\"]".to_owned(), "1ms"),
    ] {
        let sandbox = Sandbox::named("a.toml", "a = 1\n");
        let profile = format!(
            "version = 1\nname = \"acme\"\n[probe]\n{probe}\nwindow = \"{window}\"\ntimeout = \"1s\"\n"
        );
        let sandbox = sandbox.with("acme.toml", profile);
        let path = sandbox.path("acme.toml");
        let sandbox = sandbox.always(&["--profile", path.to_str().unwrap()]);
        for how in ["probe", "applied"] {
            let value = if how == "probe" { "2" } else { "3" };
            let run = confirm(&sandbox, 1, &["set", "a", value], &[how]);
            run.code(0).says("confirmed: the gateway is ready with it");
        }
    }
}

#[test]
fn a_probe_that_fails_or_hangs_is_not_waited_for_beyond_its_time() {
    for (probe, said) in [
        ("command = [\"false\"]", "it is not ready"),
        ("command = [\"sleep\", \"600\"]", "does not answer within"),
        ("command = [\"no-such-program\"]", "the probe's program"),
        ("tcp = \"127.0.0.1:1\"", "cannot be talked to"),
        ("http = \"http://127.0.0.1:1/\"", "cannot be talked to"),
    ] {
        let sandbox = Sandbox::named("a.toml", "a = 1\n");
        let profile =
            format!("version = 1\nname = \"acme\"\n[probe]\n{probe}\ntimeout = \"300ms\"\n");
        let sandbox = sandbox.with("acme.toml", profile);
        let path = sandbox.path("acme.toml");
        let sandbox = sandbox.always(&["--profile", path.to_str().unwrap()]);
        let started = Instant::now();
        let how = ["probe", "--confirm-timeout", "1s"];
        confirm(&sandbox, 1, &["set", "a", "2"], &how).code(8).says(said);
        assert!(started.elapsed() < Duration::from_secs(4), "{probe}: {:?}", started.elapsed());
        sandbox.holds("a = 2\n");
    }
}

/// Runs `wait --for reloaded` beside the gateway on `port`.
fn wait(sandbox: &Sandbox, port: u16, timeout: &str) -> Run {
    sandbox
        .invoke(["wait", "--for", "reloaded", "--timeout", timeout])
        .env("TMPDIR", sandbox.root())
        .env("OPENCLAW_GATEWAY_PORT", port.to_string())
        .run()
}

#[test]
fn a_file_that_the_gateway_has_is_reloaded_whoever_wrote_it() {
    each(|sandbox, gateway, release| {
        let other = sandbox.text().replace("info", "debug");
        std::fs::write(sandbox.config_path(), other).unwrap();
        let said = match release {
            Release::March => "the gateway has read it and is ready",
            Release::September => "the gateway says that it is in effect",
        };
        wait(sandbox, gateway.port(), "5s").code(0).says(said);
    });
}

#[test]
fn a_file_that_the_gateway_does_not_have_is_waited_for_in_vain() {
    let sandbox = Sandbox::config(text(Release::September));
    wait(&sandbox, 1, "1500ms").code(5).says("no gateway runs with this configuration");
    let gateway = FakeGateway::start(&sandbox, Release::September);
    gateway.set(|manners| manners.keeps_old = true);
    sandbox.run(HOT).code(0);
    wait(&sandbox, gateway.port(), "2s").code(5).says("goes on with what it had before");
    gateway.set(|manners| manners.refuses = Some("cron".to_owned()));
    sandbox.run(["set", "cron.enabled", "false"]).code(0);
    wait(&sandbox, gateway.port(), "2s").code(5).says("does not take what stands at");
    Sandbox::named("a.toml", "a = 1\n")
        .fails(9, ["wait", "--for", "reloaded"])
        .says("does not say how its gateway is asked");
}

#[test]
fn a_file_that_is_made_is_asked_about_like_every_other() {
    let sandbox = Sandbox::empty();
    std::fs::remove_dir(sandbox.config_path().parent().unwrap()).unwrap();
    let create = ["set", "gateway.port", "1", "--create"];
    confirm(&sandbox, 1, &create, &["probe"]).code(8).says("no gateway runs");
    assert!(sandbox.text().contains("port"));
}

/// With both, what the gateway says settles what waits for a person.
#[test]
fn what_the_gateway_says_settles_a_write_on_probation() {
    each(|sandbox, gateway, _| {
        let within = |how: &[&str]| {
            let words = [&HOT[..], &["--confirm-within", "10m"]].concat();
            confirm(sandbox, gateway.port(), &words, how)
        };
        let pending = || sandbox.report(["status"])["pending"].clone();
        gateway.set(|manners| manners.refuses = Some("cron".to_owned()));
        let before = sandbox.text();
        within(&["applied"]).code(7);
        sandbox.holds(&before);
        assert_eq!(pending(), Value::Array(Vec::new()), "it is undone, once");
        gateway.set(|manners| manners.refuses = None);
        within(&["applied"]).code(0);
        assert!(sandbox.text().contains("cron"));
        assert_eq!(pending(), Value::Array(Vec::new()), "nobody has to confirm it again");
        sandbox.run(["cancel"]).code(4);
        // Without an answer it goes on to wait for a person.
        let sandbox = Sandbox::config(GATEWAY);
        let words = [&HOT[..], &["--confirm-within", "10m"]].concat();
        confirm(&sandbox, gateway.port(), &words, &["probe"]).code(8);
        sandbox.run(["cancel"]).code(0);
        sandbox.holds(GATEWAY);
    });
}
