//! Whether real gateways have taken a write: what is confirmed, what is undone, and what it takes.

use std::process::Command;
use std::time::{Duration, Instant};

use super::installed::OpenClaw;
use super::running::{Gateway, quiet, text};
use super::writers::Dice;
use crate::support::{Run, TOKEN, tell};

/// What it may take on a live 2026.9.6, of which its own wait before it reads is a good half second.
const TARGET: Duration = Duration::from_millis(1200);

/// How many hot edits there are: `CONFWARDEN_GATEWAY_EDITS`, or 100.
fn edits() -> u64 {
    let given = std::env::var("CONFWARDEN_GATEWAY_EDITS").ok();
    given.map_or(100, |given| given.parse().expect("a number of edits"))
}

/// Runs `arguments` with `--confirm HOW` beside the gateway.
fn confirm(gateway: &Gateway<'_>, arguments: &[&str], how: &[&str]) -> Run {
    quiet(gateway.sandbox().invoke([arguments, &["--confirm"], how].concat())).run()
}

fn said(openclaw: &OpenClaw) -> &'static str {
    if openclaw.locks() { "applied" } else { "read" }
}

#[test]
fn a_hot_edit_is_confirmed_and_nobody_is_thrown_out() {
    OpenClaw::each(|openclaw| {
        let gateway = openclaw.start(text);
        let client = gateway.client().let_in();
        let (pid, uptime, began) = (gateway.pid(), gateway.uptime().unwrap(), Instant::now());
        let mut dice = Dice::seeded(5);
        let mut took = Vec::new();
        for edit in 0..edits() {
            let value = format!("v{edit}");
            let arguments: Vec<&str> = match dice.below(6) {
                0 => vec!["set", "messages.responsePrefix", &value],
                1 => vec!["set", "cron.enabled", if edit % 2 == 0 { "true" } else { "false" }],
                2 => vec!["set", "logging.level", if edit % 2 == 0 { "debug" } else { "info" }],
                3 => vec!["set", "ui.seamColor", if edit % 2 == 0 { "#336699" } else { "#993366" }],
                4 => vec!["set", "hooks.path", if edit % 2 == 0 { "/h0" } else { "/h1" }],
                _ => vec!["set", "messages.ackReaction", &value],
            };
            let started = Instant::now();
            let words = [["--output", "json"].as_slice(), &arguments].concat();
            let report = confirm(&gateway, &words, &["applied"]).report();
            took.push(started.elapsed());
            let confirmation = &report["confirmation"];
            assert_eq!(confirmation["state"], "confirmed", "{arguments:?}: {report}");
            assert_eq!(confirmation["proof"], said(openclaw), "{arguments:?}: {report}");
            assert_eq!(confirmation["restarted"], false);
            assert_eq!(confirmation["pid"], pid);
            assert_eq!(confirmation["gateway_version"], openclaw.version());
        }
        let up = gateway.uptime().unwrap();
        let least = uptime + began.elapsed().saturating_sub(Duration::from_secs(2));
        assert!(up >= least, "it has restarted");
        assert_eq!((gateway.starts(), client.lost()), (1, None), "{}", gateway.log());
        let first = took[0];
        took.sort_unstable();
        let (middle, longest) = (took[took.len() / 2], took[took.len() - 1]);
        tell(&format!(
            "{}: {} hot edits confirmed; first {first:?}, median {middle:?}, longest {longest:?}",
            openclaw.version(),
            took.len()
        ));
        assert!(middle <= TARGET, "{middle:?}");
    });
}

/// Beside the gateway's own command line, which does not ask.
#[test]
fn it_is_confirmed_sooner_than_its_own_command_line_writes() {
    OpenClaw::each(|openclaw| {
        if !openclaw.locks() {
            return;
        }
        let gateway = openclaw.start(text);
        // The first question of all makes it load its schema.
        confirm(&gateway, &["set", "messages.responsePrefix", "w"], &["applied"]).code(0);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for turn in 0..5 {
            let value = format!("o{turn}");
            let started = Instant::now();
            confirm(&gateway, &["set", "messages.responsePrefix", &value], &["applied"]).code(0);
            ours.push(started.elapsed());
            let started = Instant::now();
            gateway.cli(&["config", "set", "messages.responsePrefix", &format!("t{turn}")]).code(0);
            theirs.push(started.elapsed());
            std::thread::sleep(Duration::from_secs(1));
        }
        ours.sort_unstable();
        theirs.sort_unstable();
        tell(&format!(
            "{}: `set --confirm applied` {:?}..{:?}, `openclaw config set` {:?}..{:?}",
            openclaw.version(),
            ours[0],
            ours[4],
            theirs[0],
            theirs[4]
        ));
        assert!(ours[2] <= TARGET, "{ours:?}");
        assert!(ours[2] < theirs[2], "{ours:?} {theirs:?}");
    });
}

#[test]
fn a_restart_is_waited_for_and_a_new_token_is_live() {
    OpenClaw::each(|openclaw| {
        let gateway = openclaw.start(text);
        let how = ["applied", "--confirm-timeout", "90s"];
        // A restart to the one, and none to the other.
        let run = confirm(&gateway, &["set", "discovery.mdns.mode", "off"], &how);
        run.code(0).says("confirmed: ").never_says(TOKEN);
        let run = confirm(&gateway, &["set", "gateway.port", &gateway.port().to_string()], &how);
        run.code(0).says("nothing was written").says("confirmed: ");
        let run = confirm(&gateway, &["set", "env.vars.CONFWARDEN_TEST", "1"], &how);
        run.code(0).says("after a restart");
        let rotate =
            ["set", "gateway.auth.token", "fake-rotated-0123456789", "--allow=auth-token-changed"];
        let client = gateway.client().let_in();
        let run = confirm(&gateway, &rotate, &how);
        run.code(0).says("confirmed: ");
        assert!(client.lost().is_some(), "who has the old token is thrown out");
        assert!(!gateway.client().is_let_in(), "the old token is still good");
    });
}

#[test]
fn what_the_gateway_does_not_take_is_undone() {
    OpenClaw::each(|openclaw| {
        let gateway = openclaw.start(text);
        let before = gateway.sandbox().text();
        let run = confirm(&gateway, &["set", "cron.enabled", "\"maybe\""], &["applied"]);
        run.code(7).says("rolled back: the gateway does not take what stands at `cron.enabled`");
        gateway.sandbox().holds(&before);
        assert_eq!(gateway.starts(), 1, "{}", gateway.log());
    });
}

/// Puts a request into the database of 2026.9, as its own code does.
const REQUEST: &str = "
const { DatabaseSync } = require('node:sqlite')
const database = new DatabaseSync(process.argv[1])
database.exec('PRAGMA busy_timeout = 5000')
database
  .prepare('INSERT INTO device_pairing_pending (request_id, device_id, public_key, role, roles_json, ' +
    'scopes_json, silent, is_repair, ts, refreshed_at_ms) VALUES (?, ?, ?, ?, ?, ?, 0, 0, ?, ?)')
  .run('r1', 'd1', 'k1', 'node', '[\"node\"]', '[]', Date.now(), Date.now())
";

/// RS-06 from the other side: a device in the middle of its pairing is not cut off by our write.
#[test]
fn a_restart_waits_for_a_device_that_is_being_paired() {
    OpenClaw::each(|openclaw| {
        let gateway = openclaw.start(text);
        let sandbox = gateway.sandbox();
        let restart = |more: &[&str]| {
            let set = ["set", "gateway.channelMaxRestartsPerHour", "7"];
            quiet(sandbox.invoke([set.as_slice(), more].concat())).run()
        };
        if openclaw.locks() {
            let made = Command::new(openclaw.node())
                .args(["-e", REQUEST])
                .arg(sandbox.path("state/openclaw.sqlite"))
                .output()
                .unwrap();
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        } else {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
            let request = serde_json::json!({ "r1": {
                "requestId": "r1", "deviceId": "d1", "publicKey": "k1", "role": "node",
                "ts": u64::try_from(now.as_millis()).unwrap(),
            }});
            std::fs::create_dir_all(sandbox.path("devices")).unwrap();
            std::fs::write(sandbox.path("devices/pending.json"), request.to_string()).unwrap();
        }
        let run = sandbox.untouched(|| restart(&["--pairing-timeout", "500ms"]));
        run.code(5).says("1 pairing request is open at the gateway");
        restart(&["--now"]).code(0);
    });
}
