//! What else a gateway that runs is asked: whether devices are being paired, what it is, what changes
//! cost.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::confirm::{HOT, each, text};
use crate::support::{FakeGateway, Release, Sandbox, TOKEN, lock_file};

/// A restart in the middle of a pairing leaves a device with half of it.
#[test]
fn a_restart_waits_for_devices_that_are_being_paired() {
    each(|sandbox, gateway, _| {
        gateway.set(|manners| manners.pending = 2);
        let run = |arguments: &[&str]| {
            sandbox
                .invoke(arguments)
                .env("TMPDIR", sandbox.root())
                .env("OPENCLAW_GATEWAY_PORT", gateway.port().to_string())
                .run()
        };
        let waiting = ["set", "gateway.bind", "loopback", "--pairing-timeout", "300ms"];
        let refused = sandbox.untouched(|| run(&waiting));
        refused.code(5).says("2 pairing requests are open at the gateway").says("`--now`");
        // What costs neither does not ask.
        let asked = gateway.shown().len();
        run(&HOT).code(0);
        assert_eq!(gateway.shown().len(), asked);
        run(&["set", "gateway.bind", "auto", "--now"]).code(0);
        assert_eq!(gateway.shown().len(), asked);
        // It goes on as soon as the last one is through.
        std::thread::scope(|scope| {
            let started = Instant::now();
            let waiting = scope.spawn(|| run(&["set", "gateway.bind", "loopback"]));
            std::thread::sleep(Duration::from_millis(600));
            assert!(!waiting.is_finished(), "{}", waiting.join().unwrap());
            gateway.set(|manners| manners.pending = 0);
            waiting.join().unwrap().code(0);
            assert!(started.elapsed() < Duration::from_secs(10));
        });
    });
}

#[test]
fn who_cannot_be_asked_about_pairings_is_no_reason_not_to_write() {
    let sandbox = Sandbox::config(text(Release::September));
    let gateway = FakeGateway::start(&sandbox, Release::September);
    gateway.set(|manners| manners.token = "another".to_owned());
    let run = sandbox.run(["set", "gateway.bind", "loopback"]);
    run.code(0)
        .says("note: whether a device is being paired is not known: the gateway does not let");
    drop(gateway);
    sandbox.run(["set", "gateway.bind", "auto"]).code(0).never_says("paired");
}

/// 2026.3 keeps them in a file, which says it where the gateway does not let us in.
#[test]
fn an_old_release_s_file_of_requests_is_read_where_it_cannot_be_asked() {
    let sandbox = Sandbox::config(text(Release::March));
    let gateway = FakeGateway::start(&sandbox, Release::March);
    gateway.set(|manners| manners.token = "another".to_owned());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let request = |ago: u64| {
        let at = u64::try_from(now.as_millis()).unwrap() - ago * 1000;
        format!("{{ \"r1\": {{ \"deviceId\": \"d\", \"role\": \"node\", \"ts\": {at} }} }}")
    };
    let run = |sandbox: &Sandbox| {
        let set = ["set", "gateway.bind", "loopback", "--pairing-timeout", "100ms"];
        sandbox
            .invoke(set)
            .env("TMPDIR", sandbox.root())
            .env("OPENCLAW_GATEWAY_PORT", gateway.port().to_string())
            .run()
    };
    let sandbox = sandbox.with("devices/pending.json", request(10));
    run(&sandbox).code(5).says("1 pairing request is open at the gateway");
    // It has expired.
    let sandbox = sandbox.with("devices/pending.json", request(400));
    run(&sandbox).code(0);
}

#[test]
fn status_shows_the_gateway_that_runs() {
    each(|sandbox, gateway, release| {
        let status = |more: &[&str]| {
            sandbox
                .invoke([more, &["status"]].concat())
                .env("TMPDIR", sandbox.root())
                .env("OPENCLAW_GATEWAY_PORT", gateway.port().to_string())
                .run()
        };
        let (me, port) = (std::process::id(), gateway.port());
        let run = status(&[]);
        run.code(0).shows(&format!("gateway   process {me}, port {port}, 2026.")).never_says(TOKEN);
        run.shows(", ready");
        if release == Release::September {
            run.shows("; what stands in the file is in effect");
            gateway.set(|manners| manners.keeps_old = true);
            sandbox.run(HOT).code(0);
            let started = Instant::now();
            while !status(&[]).stdout().contains("what stands in the file is not in effect") {
                assert!(started.elapsed() < Duration::from_secs(10));
            }
        }
        let report = status(&["--output", "json"]).report();
        let entry = &report["state"]["gateway"];
        let applied = if release == Release::September { Value::Bool(false) } else { Value::Null };
        assert_eq!(
            (&entry["runs"], &entry["pid"], &entry["applied"]),
            (&true.into(), &me.into(), &applied)
        );
        gateway.set(|manners| manners.token = "another".to_owned());
        status(&[]).code(0).shows("; the gateway does not let confwarden in").never_says(TOKEN);
        std::fs::remove_file(lock_file(sandbox, release)).unwrap();
        status(&[]).code(0).shows("gateway   not known: no gateway runs with this configuration");
    });
}

#[test]
fn the_gateway_is_asked_what_a_change_costs() {
    let sandbox = Sandbox::config(text(Release::September));
    let gateway = FakeGateway::start(&sandbox, Release::September);
    gateway.set(|manners| {
        manners.kinds = vec![
            ("cron", "hot"),
            ("logging", "hot"),
            ("gateway", "restart"),
            ("gateway.tools", "restart"),
            ("ui", "teleport\u{1b}[31m"),
        ];
    });
    let after = sandbox.text().replace(
        "  logging: { level: \"info\" },",
        "  logging: { level: \"debug\" }, cron: { enabled: true }, ui: { seamColor: 1 }, odd: 1,",
    );
    let after = after.replace("port: 18789", "tools: { x: 1 }, port: 18790");
    let sandbox = sandbox.with("after.json5", after);
    let files = [sandbox.config_path().to_owned(), sandbox.path("after.json5")];
    let files = files.map(|file| file.to_str().unwrap().to_owned());
    let diff = ["diff", "--ask-gateway", &files[0], &files[1]];
    let run = sandbox.run(diff);
    run.code(0)
        .says("the gateway says the same of 2 of 6 paths")
        .says("it differs: `gateway.tools` is hot here, the gateway says restart")
        .says("it differs: `logging.level` is none here, the gateway says hot")
        .says("it does not say what `odd` costs: the gateway did not answer")
        .never_says("\u{1b}[31m")
        .never_says(TOKEN);
    let report = sandbox.report(diff);
    let of = |path: &str| {
        let asked = report["asked"].as_array().unwrap();
        asked.iter().find(|entry| entry["path"] == path).unwrap()["agreement"].clone()
    };
    for (path, agreement) in [
        ("gateway.port", "same"),
        ("gateway.tools", "cheaper"),
        ("logging.level", "cheaper"),
        ("cron", "same"),
        ("odd", "untold"),
    ] {
        assert_eq!(of(path), agreement, "{path}: {report}");
    }
    drop(gateway);
    sandbox.fails(9, diff).says("could not ask the gateway").says("no gateway runs");
}

/// The file says which release wrote it last; the one that runs knows better.
#[test]
fn costs_are_those_of_the_release_that_runs() {
    let sandbox = Sandbox::config(text(Release::March));
    let gateway = FakeGateway::start(&sandbox, Release::September);
    let planned = ["set", "--dry-run", "gateway.tools.x", "1"];
    let reload = sandbox.report(planned)["reload"].clone();
    assert_eq!(
        (&reload["version"], &reload["version_from"]),
        (&"2026.9.6".into(), &"running".into())
    );
    assert_eq!(reload["class"], "hot");
    // What is no version is none.
    gateway.set(|manners| manners.version = "canary".to_owned());
    assert_eq!(sandbox.report(planned)["reload"]["version_from"], "file");
    gateway.set(|manners| manners.hangs = true);
    let started = Instant::now();
    assert_eq!(sandbox.report(planned)["reload"]["class"], "restart");
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}
