//! What changes cost real gateways, against what is said of it beforehand.
//!
//! Each path has its first value when the gateway starts and gets its second one while it runs. The
//! gateway names in its log every path that it takes live and every one that it restarts for, so many
//! of them are one write.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::installed::OpenClaw;
use super::running::{Gateway, base, text};
use crate::support::tell;

/// The releases that have a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum In {
    Old,
    New,
    Both,
}
use In::{Both, New, Old};

/// How many paths are one write. Fewer would tell a mistake better, and take longer.
const AT_ONCE: usize = 8;

/// Each path with two values that are good in these releases. None of them makes a gateway look for
/// another machine, hides its log, or hides how long it is up.
const PATHS: &[(In, &str, &str, &str)] = &[
    (Both, "gateway.remote.url", "'ws://127.0.0.1:1'", "'ws://127.0.0.1:2'"),
    (Both, "gateway.customBindHost", "'127.0.0.1'", "'127.0.0.2'"),
    (Both, "gateway.tls.autoGenerate", "false", "true"),
    (Both, "gateway.tools.deny", "['x']", "['y']"),
    (Both, "gateway.trustedProxies", "['10.0.0.1']", "['10.0.0.2']"),
    (Both, "gateway.allowRealIpFallback", "false", "true"),
    (Old, "gateway.channelHealthCheckMinutes", "7", "8"),
    (Both, "gateway.controlUi.basePath", "'/x'", "'/y'"),
    (Both, "gateway.controlUi.allowedOrigins", "['http://localhost:1']", "['http://localhost:2']"),
    (Both, "gateway.auth.allowTailscale", "false", "true"),
    (Both, "gateway.auth.rateLimit.maxAttempts", "5", "6"),
    (Both, "gateway.http.endpoints.chatCompletions.enabled", "false", "true"),
    (Both, "gateway.http.securityHeaders.strictTransportSecurity", "'max-age=1'", "'max-age=2'"),
    (Both, "gateway.nodes.browser.mode", "'off'", "'manual'"),
    (New, "gateway.nodes.pairing.autoApproveLocal", "false", "true"),
    (New, "gateway.nodes.commands.deny", "['x']", "['y']"),
    (New, "gateway.nodes.allowSkills", "false", "true"),
    (New, "gateway.nodes.pluginTools.enabled", "false", "true"),
    (New, "gateway.publicOrigin", "'https://x.example'", "'https://y.example'"),
    (New, "gateway.cliAgents.enabled", "false", "true"),
    (New, "gateway.terminal.enabled", "false", "true"),
    (New, "gateway.push.apns.relay.timeoutMs", "1000", "1001"),
    (New, "gateway.controlUi.environment.label", "'x'", "'y'"),
    (New, "gateway.controlUi.environment.color", "'teal'", "'amber'"),
    (New, "gateway.controlUi.communityInvite", "false", "true"),
    (New, "gateway.controlUi.sessionObserver", "false", "true"),
    (New, "gateway.controlUi.embedSandbox", "'strict'", "'scripts'"),
    (New, "gateway.controlUi.allowExternalEmbedUrls", "false", "true"),
    (New, "gateway.controlUi.automaticallyFetchFavicons", "false", "true"),
    (New, "gateway.controlUi.experimental.customPlugins", "false", "true"),
    (Old, "gateway.tailscale.resetOnExit", "false", "true"),
    (New, "gateway.tailscale.preserveFunnel", "false", "true"),
    (Both, "hooks.path", "'/h'", "'/i'"),
    (Both, "hooks.gmail.label", "'X'", "'Y'"),
    (Both, "hooks.internal.enabled", "false", "true"),
    (Both, "agents.defaults.heartbeat.every", "'2h'", "'3h'"),
    (Both, "agents.defaults.models", "{'local/one': {}}", "{'local/one': {}, 'local/two': {}}"),
    (Both, "agents.defaults.model.primary", "'local/one'", "'local/two'"),
    (Both, "agents.defaults.maxConcurrent", "3", "4"),
    (Both, "agents.defaults.mediaMaxMb", "5", "6"),
    (New, "agents.entries.main.name", "'x'", "'y'"),
    (Both, "models.mode", "'merge'", "'replace'"),
    (Old, "cron.maxConcurrentRuns", "2", "3"),
    (Both, "cron.enabled", "false", "true"),
    (Both, "browser.headless", "true", "false"),
    (Old, "browser.color", "'#112233'", "'#112234'"),
    (Both, "browser.attachOnly", "true", "false"),
    (Both, "browser.noSandbox", "true", "false"),
    (Both, "browser.executablePath", "'/usr/bin/true'", "'/usr/bin/false'"),
    (Both, "browser.extraArgs", "['--x']", "['--y']"),
    (Both, "browser.snapshotDefaults", "{'mode': 'efficient'}", "{}"),
    (Both, "browser.evaluateEnabled", "false", "true"),
    (Both, "browser.defaultProfile", "'openclaw'", "'chrome'"),
    (Both, "channels.defaults.groupPolicy", "'open'", "'allowlist'"),
    (New, "channels.telegram.textChunkLimit", "4000", "4001"),
    (New, "channels.telegram.botToken", "'1:fake-bot-token-a'", "'1:fake-bot-token-b'"),
    (New, "channels.telegram.dmPolicy", "'pairing'", "'disabled'"),
    (New, "channels.telegram.mediaMaxMb", "5", "6"),
    (Both, "channels.signal.enabled", "false", "true"),
    (Old, "logging.redactSensitive", "'tools'", "'off'"),
    (Both, "tools.profile", "'full'", "'coding'"),
    (Both, "tools.deny", "['x']", "['y']"),
    (Old, "tools.exec.timeoutSec", "60", "61"),
    (Both, "bindings", "[]", "[{'agentId': 'main', 'match': {'channel': 'telegram'}}]"),
    (Both, "messages.responsePrefix", "'p0'", "'p1'"),
    (Both, "messages.ackReaction", "'a0'", "'a1'"),
    (Both, "messages.ackReactionScope", "'all'", "'direct'"),
    (Both, "messages.inbound.debounceMs", "10", "11"),
    (Old, "messages.removeAckAfterReply", "true", "false"),
    (Both, "session.scope", "'global'", "'per-sender'"),
    (Old, "session.idleMinutes", "30", "31"),
    (Both, "session.reset.mode", "'daily'", "'idle'"),
    (Both, "session.store", "'/tmp/confwarden-none-a.json'", "'/tmp/confwarden-none-b.json'"),
    (Both, "talk.interruptOnSpeech", "false", "true"),
    (Both, "talk.silenceTimeoutMs", "700", "701"),
    (Both, "skills.install.nodeManager", "'npm'", "'pnpm'"),
    (Both, "skills.load.watch", "false", "true"),
    (New, "skills.workshop.autonomous.mode", "'off'", "'auto'"),
    (Both, "secrets.defaults.env", "'default'", "'other'"),
    (Both, "ui.seamColor", "'#336699'", "'#336698'"),
    (Old, "ui.assistant.name", "'x'", "'y'"),
    (Both, "plugins.load.paths", "[]", "['/tmp']"),
    (Both, "plugins.entries.llm-task.enabled", "false", "true"),
    (Both, "discovery.mdns.mode", "'off'", "'minimal'"),
    (Old, "discovery.wideArea.enabled", "false", "true"),
    (Old, "canvasHost.liveReload", "false", "true"),
    (Old, "canvasHost.port", "18888", "18889"),
    (Both, "env.shellEnv.timeoutMs", "1000", "1001"),
    (Both, "env.vars.CONFWARDEN_TEST", "'1'", "'2'"),
    (Both, "commands.restart", "true", "false"),
    (Both, "commands.native", "false", "true"),
    (Both, "commands.text", "true", "false"),
    (Both, "auth.order", "{'local': []}", "{'other': []}"),
    (Old, "auth.cooldowns.billingBackoffHours", "5", "6"),
    (Old, "acp.maxConcurrentSessions", "2", "3"),
    (Old, "acp.stream.coalesceIdleMs", "10", "11"),
    (Both, "memory.citations", "'off'", "'on'"),
    (Both, "approvals.exec.enabled", "false", "true"),
    (New, "approvals.plugin.enabled", "false", "true"),
    (Both, "broadcast.strategy", "'parallel'", "'sequential'"),
    (Old, "cli.banner.taglineMode", "'off'", "'random'"),
    (Old, "media.preserveFilenames", "true", "false"),
    (Both, "nodeHost.browserProxy.enabled", "false", "true"),
    (Both, "diagnostics.enabled", "false", "true"),
    (Both, "diagnostics.flags", "['x']", "['y']"),
    (Old, "diagnostics.stuckSessionWarnMs", "1000", "1001"),
    (Both, "diagnostics.cacheTrace.enabled", "false", "true"),
    (New, "mcp.apps.enabled", "false", "true"),
    (New, "mcp.apps.sandboxOrigin", "'https://y.example'", "'https://z.example'"),
    (New, "transcripts.enabled", "false", "true"),
    (New, "worktreeRoot", "'/tmp/confwarden-none-a'", "'/tmp/confwarden-none-b'"),
    (New, "worktreeAcceleration", "false", "true"),
    (New, "attachments.ttlHours", "5", "6"),
    (Both, "wizard.lastRunVersion", "'1'", "'2'"),
    (Old, "audio.transcription.timeoutSeconds", "5", "6"),
];

/// The paths of a release, with both values.
fn paths(openclaw: &OpenClaw) -> Vec<(&'static str, &'static str, &'static str)> {
    let here = if openclaw.locks() { New } else { Old };
    let of = PATHS.iter().filter(|(release, ..)| *release == here || *release == Both);
    of.map(|&(_, path, first, second)| (path, first, second)).collect()
}

/// A configuration in which each path has its first value.
fn first(openclaw: &OpenClaw, port: u16, log: &str) -> String {
    let mut text = base(openclaw, port, log);
    text["meta"] = serde_json::json!({ "lastTouchedVersion": openclaw.version() });
    if openclaw.locks() {
        // As it would do by itself, and write it. In the older release no channel can be loaded here: all
        // of them need the package that comes by git.
        text["plugins"] = serde_json::json!({ "entries": { "telegram": { "enabled": true } } });
    } else {
        text["audio"] = serde_json::json!({ "transcription": { "command": ["true"] } });
    }
    for (path, value, _) in paths(openclaw) {
        let mut place = &mut text;
        for key in path.split('.') {
            place = &mut place[key];
        }
        *place = serde_json::from_str(&value.replace('\'', "\"")).unwrap();
    }
    serde_json::to_string_pretty(&text).unwrap() + "\n"
}

/// The paths that stand in the parentheses behind `what`, in every line of `log`.
fn named<'l>(log: &'l str, what: &str) -> BTreeSet<&'l str> {
    let mut found = BTreeSet::new();
    for (start, _) in log.match_indices(what) {
        let rest = &log[start + what.len()..];
        let list = rest.split(')').next().unwrap_or_default();
        found.extend(list.split(", "));
    }
    found
}

/// Whether one of `names` is `path`, or above or below it.
fn names(names: &BTreeSet<&str>, path: &str) -> bool {
    let below = |one: &str, other: &str| {
        one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    names.iter().any(|name| below(name, path) || below(path, name))
}

/// A path that changed, with what is said of it.
struct Said {
    path: String,
    class: String,
    uptake: String,
}

/// Sets these to their second values, and says what the report says of each changed path.
#[track_caller]
fn set(gateway: &Gateway<'_>, some: &[(&str, &str)], flags: &[&str]) -> Vec<Said> {
    let mut arguments = vec!["set"];
    arguments.extend(some.iter().flat_map(|(path, value)| [*path, *value]));
    arguments.extend(flags);
    let report = gateway.sandbox().report(arguments);
    assert_eq!(report["exit"]["code"], 0, "{report:#}");
    assert_eq!(report["reload"]["basis"], "version", "{report:#}");
    let changes = report["changes"].as_array().unwrap().iter().map(|change| {
        let text = |name: &str| change[name].as_str().unwrap().to_owned();
        // Gateways know an array as one value.
        let path = text("path").split('[').next().unwrap().to_owned();
        Said { path, class: text("class"), uptake: text("uptake") }
    });
    changes.collect()
}

/// What the gateway has done for each path, by its log.
struct Done<'l> {
    seen: BTreeSet<&'l str>,
    hot: BTreeSet<&'l str>,
    restart: BTreeSet<&'l str>,
}

impl<'l> Done<'l> {
    fn of(told: &'l str) -> Self {
        assert!(!told.contains("invalid config"), "{told}");
        Self {
            seen: named(told, "config change detected; evaluating reload ("),
            hot: named(told, "config hot reload applied ("),
            restart: named(told, "config change requires gateway restart ("),
        }
    }

    fn with(&self, path: &str) -> &'static str {
        match (names(&self.restart, path), names(&self.hot, path), names(&self.seen, path)) {
            (true, ..) => "restart",
            (_, true, _) => "live",
            (_, _, true) => "nothing",
            _ => "not even seen",
        }
    }
}

/// Waits until the gateway has said what it does with a change, and gives what it told since `seen`.
#[track_caller]
fn decision(gateway: &mut Gateway<'_>, seen: &str) -> String {
    const ENDS: &[&str] = &[
        "hot reload applied",
        "dynamic reads",
        "requires gateway restart",
        "reload failed",
        "invalid config",
    ];
    gateway.until("its decision", |gateway| {
        let told = gateway.since(seen);
        ENDS.iter().any(|end| told.contains(end))
    });
    gateway.since(seen)
}

/// What may cost something where channels are loaded that the configuration does not name.
const UNCERTAIN: &[&str] = &["messages.ackReactionScope", "messages.inbound.debounceMs"];

#[test]
fn each_class_is_what_the_gateway_does() {
    OpenClaw::each(|openclaw| {
        let mut gateway = openclaw.start(first);
        let client = gateway.client().let_in();
        let (mut live, mut policy, mut dear) = (Vec::new(), Vec::new(), Vec::new());
        for (path, _, second) in paths(openclaw) {
            let said = set(&gateway, &[(path, second)], &["--dry-run"]);
            let is = |uptake: &str| said.iter().any(|said| said.uptake == uptake);
            let disconnects = said.iter().any(|said| said.class == "auth");
            match (is("restart"), disconnects) {
                (true, _) => dear.push((path, second)),
                (false, true) => policy.push((path, second)),
                (false, false) => live.push((path, second)),
            }
        }
        let mut checked = 0;
        let mut wrong = String::new();
        let mut check = |said: &[Said], told: &str| {
            let done = Done::of(told);
            for Said { path, uptake, .. } in said {
                checked += 1;
                let does = done.with(path);
                let may = uptake == "live" && UNCERTAIN.contains(&path.as_str());
                if does != uptake && !(may && does == "nothing") {
                    writeln!(wrong, "{path}: said {uptake}, is {does}").unwrap();
                }
            }
        };
        for some in live.chunks(AT_ONCE) {
            let seen = gateway.log();
            let said = set(&gateway, some, &["--no-restart"]);
            check(&said, &decision(&mut gateway, &seen));
        }
        assert_eq!(client.lost(), None, "nothing so far is to disconnect a client");
        // The newer release takes it live whom it trusts, and everybody has to come in again.
        if !policy.is_empty() {
            let seen = gateway.log();
            check(&set(&gateway, &policy, &[]), &decision(&mut gateway, &seen));
            gateway.until("the end of a client", |_| client.lost().is_some());
            assert_eq!(client.lost().unwrap()["code"], 4001);
        }
        assert_eq!(policy.is_empty(), !openclaw.locks());
        assert_eq!(gateway.starts(), 1, "{}", gateway.log());
        let seen = gateway.log();
        let said = set(&gateway, &dear, &[]);
        gateway.until("its restart", |gateway| gateway.starts() == 2);
        check(&said, &gateway.since(&seen));
        assert!(wrong.is_empty(), "{}:\n{wrong}{}", openclaw.version(), gateway.log());
        assert!(checked >= 60, "{checked} paths");
        tell(&format!("{}: {checked} changes cost what was said", openclaw.version()));
    });
}

#[test]
fn a_rotated_token_costs_what_is_said() {
    const OTHER: &str = "fake-token-of-another-day";
    OpenClaw::each(|openclaw| {
        let mut gateway = openclaw.start(text);
        let client = gateway.client().let_in();
        let rotate = ["--allow", "auth-token-changed", "--gateway-version", &openclaw.version()];
        let said = set(&gateway, &[("gateway.auth.token", OTHER)], &rotate);
        assert_eq!(said[0].class, "auth");
        // Either way whoever has the old one is out.
        gateway.until("the end of a client", |_| client.lost().is_some());
        let starts = match said[0].uptake.as_str() {
            "live" => 1,
            "restart" => 2,
            other => panic!("said {other}"),
        };
        gateway.until("its start", |gateway| gateway.starts() >= starts);
        gateway.client_with(OTHER).let_in();
        assert_eq!(gateway.starts(), starts, "{}", gateway.log());
        assert_eq!(starts == 1, openclaw.locks(), "the newer one takes it live");
    });
}
