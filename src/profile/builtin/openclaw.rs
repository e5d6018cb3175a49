//! Tests: what the profile `openclaw` says, against the tables of two releases.

use super::super::{Profile, ReloadClass};
use crate::doc::{KeyPath, Value};

use ReloadClass::{Auth, Hot, None, Restart};

fn profile() -> Profile {
    Profile::builtin("openclaw").expect("a built-in")
}

fn path(text: &str) -> KeyPath {
    text.parse().expect("a good path")
}

const V3: Option<&str> = Some("2026.3.8");
const V9: Option<&str> = Some("2026.9.6");

/// The rules of 2026.3.8 in the order of its code, where the first that fits wins.
const V3_RULES: &[(&str, ReloadClass)] = &[
    ("gateway.remote", None),
    ("gateway.reload", None),
    ("gateway.channelHealthCheckMinutes", Hot),
    ("diagnostics.stuckSessionWarnMs", None),
    ("hooks.gmail", Hot),
    ("hooks", Hot),
    ("agents.defaults.heartbeat", Hot),
    ("agents.defaults.models", Hot),
    ("agents.defaults.model", Hot),
    ("models", Hot),
    ("agent.heartbeat", Hot),
    ("cron", Hot),
    ("browser", Hot),
    ("channels.irc", Hot),
    ("channels.zalo", Hot),
    ("channels.googlechat", Hot),
    ("channels.signal", Hot),
    ("channels.discord", Hot),
    ("channels.zalouser", Hot),
    ("channels.mattermost", Hot),
    ("channels.synology-chat", Hot),
    ("channels.msteams", Hot),
    ("channels.nostr", Hot),
    ("channels.imessage", Hot),
    ("channels.nextcloud-talk", Hot),
    ("channels.feishu", Hot),
    ("channels.bluebubbles", Hot),
    ("channels.telegram", Hot),
    ("channels.matrix", Hot),
    ("channels.slack", Hot),
    ("channels.tlon", Hot),
    ("channels.line", Hot),
    ("web", Hot),
    ("channels.whatsapp", None),
    ("meta", None),
    ("identity", None),
    ("wizard", None),
    ("logging", None),
    ("agents", None),
    ("tools", None),
    ("bindings", None),
    ("audio", None),
    ("agent", None),
    ("routing", None),
    ("messages", None),
    ("session", None),
    ("talk", None),
    ("skills", None),
    ("secrets", None),
    ("plugins", Restart),
    ("ui", None),
    ("gateway", Restart),
    ("discovery", Restart),
    ("canvasHost", Restart),
];

/// What 2026.3.8 does; the auth block is a class of ours in both releases.
fn first_that_fits(path: &str) -> ReloadClass {
    let is_below = |prefix: &str| {
        path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if is_below("gateway.auth") {
        return Auth;
    }
    V3_RULES.iter().find(|(prefix, _)| is_below(prefix)).map_or(Restart, |(_, class)| *class)
}

/// A configuration in which each channel of the table is configured, and so loaded.
fn with_channels() -> Value {
    let names = V3_RULES.iter().filter_map(|(prefix, _)| prefix.strip_prefix("channels."));
    let one =
        |name: &str| (name.into(), Value::Object(vec![("enabled".into(), Value::Bool(true))]));
    let channels = Value::Object(names.map(one).collect());
    Value::Object(vec![("channels".into(), channels)])
}

#[test]
fn v3_by_longest_prefix_equals_first_match() {
    let (profile, value) = (profile(), with_channels());
    let classifier = profile.classifier(V3, &value, &value);
    let unmatched = "env commands auth acp memory update approvals broadcast cli media nodeHost \
                     $schema channels channels.other gateway.auth gateway.auth.token gateway.port";
    let prefixes = V3_RULES.iter().map(|(prefix, _)| *prefix).chain(unmatched.split_whitespace());
    let mut count = 0;
    for prefix in prefixes.clone() {
        // The prefix, everything above it, what is below it, and a name that only starts alike; and
        // each of these below each other prefix, which finds a rule that hides another one.
        let mut paths = vec![prefix.to_owned(), format!("{prefix}.x"), format!("{prefix}X")];
        paths.extend(prefix.rmatch_indices('.').map(|(dot, _)| prefix[..dot].to_owned()));
        paths.extend(prefixes.clone().map(|other| format!("{prefix}.{other}")));
        let tail = prefix.rsplit('.').next().unwrap_or(prefix);
        paths.extend(prefixes.clone().map(|other| format!("{other}.{tail}")));
        for text in paths {
            let cost = classifier.cost(&path(&text), Option::None, Option::None);
            assert_eq!(cost.class, first_that_fits(&text), "{text}");
            count += 1;
        }
    }
    assert!(count > 9_000, "{count} paths");
}

#[track_caller]
fn check_v9(expected: ReloadClass, paths: &str) {
    let (profile, value) = (profile(), with_channels());
    let classifier = profile.classifier(V9, &value, &value);
    for text in paths.split_whitespace() {
        assert_eq!(
            classifier.cost(&path(text), Option::None, Option::None).class,
            expected,
            "{text}"
        );
    }
}

#[test]
fn v9_takes_changes_as_its_running_code_said() {
    check_v9(
        Restart,
        "gateway gateway.port gateway.bind gateway.mode gateway.portals.ingress.port gateway.tls \
         gateway.http gateway.controlUi gateway.controlUi.root gateway.nodes gateway.push \
         gateway.nodes.pluginTools discovery discovery.mdns browser browser.color mcp.apps.x \
         secrets.egressProxy.x env env.vars.A nodeHost proxy memory memory.search auth auth.x \
         diagnostics.otel update update.auto security security.audit $schema canvasHost unknown",
    );
    check_v9(
        Hot,
        "gateway.publicOrigin gateway.http.endpoints.responses.enabled gateway.tools.deny \
         gateway.http.securityHeaders.strictTransportSecurity gateway.cliAgents gateway.terminal \
         \
         gateway.push.apns.relay.baseUrl gateway.auth.rateLimit.maxAttempts \
         \
         gateway.nodes.browser.mode gateway.nodes.pairing gateway.nodes.commands.allow \
         gateway.nodes.allowSkills gateway.nodes.pluginTools.enabled gateway.controlUi.enabled \
         gateway.controlUi.allowedOrigins[+] gateway.controlUi.experimental.customPlugins \
         agents.defaults agents.defaults.model.primary agents.entries.main.model agents.ownership \
         agents.entries.main.decisionModel models.providers.x.apiKey agent.heartbeat.every \
         hooks.internal cron transcripts mcp.servers.x mcp.apps.sandboxOrigin tools.exec \
         broadcast worktreeRoot worktreeAcceleration acp.stream acp plugins.entries.x plugins.load \
         channels.telegram.botToken channels.other cloudWorkers talk.provider \
         talk.realtime.provider session.scope session.store approvals.exec approvals.plugin \
         auth.order auth.profiles.x memory.citations security.installPolicy \
         security.audit.suppressions attachments.ttlHours update.checkOnStart update.channel \
         update.auto.enabled telemetry.enabled telemetry.consentedAt diagnostics.enabled \
         diagnostics.cacheTrace.enabled diagnostics.flags discovery.mdns.mode desktop.host \
         skills.workshop.autonomous.mode messages.inbound messages.ackReactionScope commands \
         accessGroups tts surfaces browser.profiles browser.enabled",
    );
    check_v9(
        None,
        "gateway.remote.token gateway.reload.mode meta.lastTouchedVersion identity wizard \
         logging.level agents agents.list agents.list[0].id bindings[0].match audio agent routing \
         messages messages.groupChat session session.reset talk talk.realtime.mode skills.entries \
         secrets.providers tui ui plugins.installs.x.installedAt plugins.installs.x.resolvedAt",
    );
    check_v9(
        Auth,
        "gateway.auth gateway.auth.mode gateway.auth.token gateway.auth.token.id \
         gateway.auth.password gateway.roles gateway.trustedProxies[0] gateway.allowRealIpFallback \
         gateway.auth.allowTailscale gateway.auth.identityScopes.x gateway.auth.trustedProxy",
    );
}

#[test]
fn between_and_outside_of_the_releases_the_dearest_counts() {
    let reload = profile().reload;
    for version in [Option::None, Some("2026.6.2"), Some("2026.10.1"), Some("2026.2.26"), Some("x")]
    {
        for (text, expected) in [
            ("gateway.auth.rateLimit", Auth),
            ("gateway.tools", Restart),
            ("tools.exec", Hot),
            ("logging.level", None),
            // Nothing but a restart is certain where it is not known whether the channel is loaded.
            ("channels.whatsapp", Restart),
            ("commands", Restart),
        ] {
            assert_eq!(reload.class_of(&path(text), version), expected, "{text} {version:?}");
        }
    }
    assert_eq!(reload.version, Some(path("meta.lastTouchedVersion")));
}

#[test]
fn what_is_done_without_a_restart_has_a_name() {
    let (profile, value) = (profile(), with_channels());
    for (version, text, expected) in [
        (V3, "hooks.gmail.account", "reload-hooks,restart-gmail-watcher"),
        (V3, "hooks.path", "reload-hooks"),
        (V3, "agents.defaults.heartbeat.every", "restart-heartbeat"),
        (V3, "channels.telegram.botToken", "restart-channel:telegram"),
        (V3, "web.enabled", "restart-channel:whatsapp"),
        (V9, "agents.defaults.model.primary", "reconcile-system-jobs,restart-heartbeat"),
        (V9, "plugins.entries.x", "dispose-mcp-runtimes,reload-plugins"),
        (V9, "channels.telegram.botToken", "restart-channel:telegram"),
        (V9, "channels.discord.token", "reload-plugins"),
        (V9, "browser.ssrfPolicy", "restart-service:browser"),
        (V9, "gateway.tools.deny", ""),
        (V9, "channels.telegram.dmPolicy", ""),
        (V9, "gateway.port", ""),
    ] {
        let cost = profile.classifier(version, &value, &value).cost(
            &path(text),
            Option::None,
            Option::None,
        );
        let mut actions = cost.actions;
        actions.sort();
        assert_eq!(actions.join(","), expected, "{text}");
    }
}

#[test]
fn a_channel_that_comes_restarts_v3_and_not_v9() {
    let profile = profile();
    let (before, after) = (Value::Object(Vec::new()), with_channels());
    let at = path("channels");
    let cost = |version| {
        profile.classifier(version, &before, &after).cost(&at, Option::None, after.at(&at)).class
    };
    assert_eq!(cost(V3), Restart);
    assert_eq!(cost(V9), Hot);
}

#[track_caller]
fn check_secret(expected: bool, paths: &str) {
    let secrets = profile().secrets;
    for text in paths.split_whitespace() {
        assert_eq!(secrets.is_secret(&path(text)), expected, "{text}");
    }
}

#[test]
fn what_either_release_calls_sensitive_is_secret() {
    check_secret(
        true,
        "gateway.auth.token gateway.auth.password gateway.remote.token gateway.remote.password \
         models.providers.acme.apiKey models.providers.acme.headers.X-Key cron.webhookToken \
         hooks.token hooks.mappings[0].sessionKey hooks.gmail.pushToken talk.providers.x.apiKey \
         skills.entries.x.apiKey channels.telegram.botToken channels.telegram.webhookSecret \
         channels.telegram.accounts.two.botToken channels.discord.token channels.slack.appToken \
         channels.slack.userToken channels.slack.signingSecret channels.irc.password \
         channels.irc.nickserv.password channels.googlechat.serviceAccount.private_key \
         channels.googlechat.serviceAccountRef channels.msteams.appPassword \
         channels.nostr.privateKey channels.feishu.encryptKey channels.feishu.verificationToken \
         tools.web.search.brave.apiKey commands.ownerDisplaySecret talk.apiKey \
         messages.tts.openai.apiKey agents.list[1].memorySearch.remote.apiKey \
         channels.bluebubbles.password",
    );
    check_secret(
        true,
        "gateway.remote.edgeAuth.clientId gateway.controlUi.github.token proxy.proxyUrl \
         models.providers.x.request.auth.value models.providers.x.request.headers.A \
         models.providers.x.request.tls.key models.providers.x.request.proxy.tls.key \
         models.providers.x.localService.env.A mcp.servers.x.env.A mcp.servers.x.headers.A \
         nodeHost.mcp.servers.x.env.A nodeHost.mcp.servers.x.headers.A tools.web.fetch.headers.A \
         tools.media.models[0].request.auth.value tools.media.image.request.x \
         security.installPolicy.exec.env.A agents.defaults.sandbox.ssh.identityData \
         agents.entries.main.sandbox.ssh.certificateData agents.defaults.sandbox.ssh.knownHostsData \
         memory.search.remote.apiKey tts.providers.x.apiKey channels.synology-chat.incomingUrl \
         channels.synology-chat.accounts.a.incomingUrl channels.sms.authToken \
         channels.a2a.peers.b.token plugins.entries.onepassword.config.x \
         secrets.providers.vault.env.A env.vars.PGPASS env.GITHUB_PAT \
         agents.defaults.sandbox.docker.env.A",
    );
}

#[test]
fn what_only_sounds_secret_is_not() {
    check_secret(
        false,
        "gateway.auth.mode gateway.port gateway.auth.rateLimit.maxAttempts gateway.auth.passwordFile \
         agents.defaults.maxTokens agents.defaults.contextTokens models.providers.x.maxOutputTokens \
         agents.defaults.totalTokens agents.defaults.tokenCount agents.defaults.tokenBudget \
         agents.defaults.model models.providers.x.baseUrl models.providers.x.headers \
         mcp.servers.x.command mcp.servers.x.url env.shellEnv.timeoutMs secrets.defaults.env \
         secrets.providers.x.source secrets.providers.x.path secrets.providers.x.mode \
         channels.telegram.enabled hooks.mappings[0].match meta.lastTouchedVersion \
         gateway.http.securityHeaders.strictTransportSecurity",
    );
}

#[test]
fn what_v9_takes_for_no_secret_is_junk() {
    let placeholders = profile().placeholders;
    for text in [
        "__OPENCLAW_REDACTED__",
        "REDACTED",
        "xoxb-REDACTED",
        "xapp-REDACTED",
        "***",
        "[redacted]",
        "[REDACTED]",
        "<redacted>",
        "[REDACTED_PRIVATE_KEY]",
        "[REDACTED CREDENTIAL]",
        "",
        "  ",
        "undefined",
        "null",
        "NaN",
        "[object Object]",
        "change-me-now",
        "change-me-to-a-long-random-token",
    ] {
        assert!(placeholders.is_junk(text), "{text}");
    }
    assert!(placeholders.is_sentinel("__OPENCLAW_REDACTED__"));
    assert!(!placeholders.is_sentinel("undefined"), "legal as a text elsewhere");
    assert!(!placeholders.is_junk("3f6c1d0e9b8a47c2a5d4e3f2"));
}

#[test]
fn the_rest_is_as_the_releases_have_it() {
    let profile = profile();
    let auth = profile.auth.expect("a gateway with auth");
    assert_eq!(auth.block, path("gateway.auth"));
    assert_eq!(auth.remote, Some((path("gateway.mode"), "remote".to_owned())));
    assert!(profile.protected.contains(&path("gateway.mode")));
    assert_eq!(profile.include_key.as_deref(), Some("$include"));
    assert_eq!(profile.include_depth, 10);
    let shrink = profile.shrink.expect("a check of the size");
    assert_eq!((shrink.below_percent, shrink.from_bytes), (50, 512));
}

/// What is known of each version, beside what both know.
#[test]
fn the_schema_knows_what_each_version_knows() {
    use crate::doc::{Document, Format};
    use crate::profile::Version;
    use crate::schema::Schema;

    let faults = |version: &str, text: &str| {
        let at: Version = version.parse().expect("a version");
        let holds = |from: Option<&str>, until: Option<&str>| {
            let bound = |text: Option<&str>| text.map(|text| text.parse().expect("a version"));
            at.is_within(bound(from).as_ref(), bound(until).as_ref())
        };
        let schema = Profile::builtin_schema("openclaw").expect("it has one");
        let schema = Schema::parse(schema).expect("it is one");
        let document = Document::parse(text, Format::Json5).expect("it parses");
        let checked = schema.check(&document.root().to_value(), &holds);
        assert_eq!(checked.unusable, []);
        let paths = checked.faults.iter().map(|fault| fault.path.to_string());
        paths.collect::<Vec<_>>().join(" ")
    };
    let text = "{ canvasHost: {}, mcp: {}, meta: { lastTouchedAt: 'x', migrations: {} }, env: { A: 'b' }, \
                gateway: { reload: { mode: 'hot', debounceMs: 1 }, roles: {} } }";
    assert_eq!(faults("2026.3.8", text), "mcp meta.migrations gateway.roles");
    assert_eq!(
        faults("2026.9.6", text),
        "canvasHost meta.lastTouchedAt env.A gateway.reload.mode gateway.reload.debounceMs"
    );
    for example in ["openclaw-small.json5", "openclaw-large.json5"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(example);
        #[expect(clippy::disallowed_methods, reason = "a test reads an example")]
        let text = std::fs::read_to_string(path).expect("an example");
        assert_eq!(faults("2026.3.8", &text), "", "{example}");
    }
}
