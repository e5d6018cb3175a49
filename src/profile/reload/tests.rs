//! Tests: which rule decides, and what an answer is where something is not known.

use super::*;
use crate::doc::{Document, Format, Value};
use crate::profile::Profile;

/// A profile with these tables.
fn profile(text: &str) -> Profile {
    Profile::parse(&format!("version = 1\nname = \"acme\"\n{text}")).expect("a good profile")
}

const TABLES: &str = r#"
[auth]
block = "gateway.auth"
token = "gateway.auth.token"
token-modes = ["token"]
password-modes = ["password"]
open-modes = ["none"]

[reload.plugins]
enabled = "plugins.enabled"
allow = "plugins.allow"
deny = "plugins.deny"
entries = "plugins.entries"
channels = "channels"

[[reload.table]]
from = "2026.3"
until = "2026.4"
unmatched = "restart"
none = ["a", "gateway.reload"]
restart = ["a.x"]
auth = ["gateway.auth"]
[reload.table.mode]
path = "gateway.reload.mode"
off = ["off"]
hot-only = ["hot"]
always = ["restart"]
[[reload.table.loaded]]
channels = ["one", "two"]
hot = ["channels.<id>"]
actions = ["restart-channel:<id>"]

[[reload.table]]
from = "2026.9"
until = "2026.10"
unmatched = "restart"
containers = "refined"
none = ["a.*.z", "shared"]
hot = ["gateway.tools", "list"]
restart = ["a.x.z", "gateway"]
auth = ["gateway.auth"]
live-auth = ["gateway.auth.token"]
disconnects = ["gateway.auth.proxies"]
[reload.table.actions]
first = ["a"]
second = ["a", "channels"]
[[reload.table.loaded]]
channels = ["*"]
hot = ["shared"]
actions = ["restart-channels"]
[[reload.table.loaded]]
plugins = ["view"]
hot = ["view.size"]
"#;

const OLD: Option<&str> = Some("2026.3.8");
const NEW: Option<&str> = Some("v2026.9.6-1");

fn path(text: &str) -> KeyPath {
    text.parse().expect("a good path")
}

fn value(text: &str) -> Value {
    Document::parse(text, Format::Json5).expect("a good document").root().to_value()
}

#[track_caller]
fn check(text: &str, version: Option<&str>, expected: ReloadClass) {
    assert_eq!(profile(TABLES).reload.class_of(&path(text), version), expected, "{text}");
}

#[test]
fn the_longest_prefix_decides_and_names_beat_stars() {
    check("a.b", NEW, ReloadClass::Hot);
    check("a.b.z", NEW, ReloadClass::None);
    check("a.x.z", NEW, ReloadClass::Restart);
    check("a.x.z.deep", NEW, ReloadClass::Restart);
    check("ab", NEW, ReloadClass::Restart);
    check(".", NEW, ReloadClass::Restart);
    check("a.b", OLD, ReloadClass::None);
}

#[test]
fn a_path_into_an_array_stands_for_the_array() {
    check("list[0].x", NEW, ReloadClass::Hot);
    check("a.b[id=1].z", NEW, ReloadClass::Hot);
    check("a[+]", NEW, ReloadClass::Hot);
}

#[test]
fn an_unknown_version_costs_the_dearest_of_all_tables() {
    let reload = profile(TABLES).reload;
    for version in [None, Some("2026.6.1"), Some("2026.10.0"), Some("1"), Some("dev")] {
        check("a.x.y", version, ReloadClass::Restart);
        check("gateway.reload", version, ReloadClass::Restart);
        check("a.b.z", version, ReloadClass::None);
        check("a.b", version, ReloadClass::Hot);
        assert_eq!(reload.basis(version), Basis::Dearest);
    }
    assert_eq!(reload.basis(OLD), Basis::Version);
    assert_eq!(reload.basis(NEW), Basis::Version);
    assert_eq!(reload.versions(), ["2026.3", "2026.9"]);
}

/// The cost of the step from `before` to `after` at `at`.
fn cost(version: Option<&str>, before: &str, after: &str, at: &str) -> Cost {
    let profile = profile(TABLES);
    let (before, after, at) = (value(before), value(after), path(at));
    let classifier = profile.classifier(version, &before, &after);
    classifier.cost(&at, before.at(&at), after.at(&at))
}

#[track_caller]
fn check_step(
    version: Option<&str>,
    [before, after, at]: [&str; 3],
    class: ReloadClass,
    uptake: Uptake,
    actions: &[&str],
) {
    let cost = cost(version, before, after, at);
    assert_eq!((cost.class, cost.uptake), (class, uptake), "{before} -> {after} at {at}");
    assert_eq!(cost.actions, actions, "{before} -> {after} at {at}");
}

#[test]
fn what_is_taken_live_has_the_names_of_what_is_done() {
    let step = ["{a: 1}", "{a: 2}", "a"];
    check_step(NEW, step, ReloadClass::Hot, Uptake::Live, &["first", "second"]);
    // The releases do not agree, so nothing is promised.
    check_step(None, step, ReloadClass::Hot, Uptake::Live, &[]);
    check_step(OLD, step, ReloadClass::None, Uptake::Nothing, &[]);
}

#[test]
fn rules_of_a_channel_hold_only_while_it_is_loaded() {
    let (hot, restart) = (ReloadClass::Hot, ReloadClass::Restart);
    let configured = ["{channels: {one: {a: 1}}}", "{channels: {one: {a: 2}}}", "channels.one.a"];
    check_step(OLD, configured, hot, Uptake::Live, &["restart-channel:one"]);
    let arriving = ["{channels: {}}", "{channels: {one: {a: 1}}}", "channels.one"];
    check_step(OLD, arriving, restart, Uptake::Restart, &[]);
    let leaving = ["{channels: {one: {a: 1}}}", "{channels: {}}", "channels.one"];
    check_step(OLD, leaving, hot, Uptake::Live, &["restart-channel:one"]);
    let disabled = "plugins: {entries: {one: {enabled: false}}}";
    let before = format!("{{channels: {{one: {{a: 1}}}}, {disabled}}}");
    let after = format!("{{channels: {{one: {{a: 2}}}}, {disabled}}}");
    check_step(OLD, [&before, &after, "channels.one.a"], restart, Uptake::Restart, &[]);
    // Nothing is known of this one.
    let other = ["{channels: {x: {a: 1}}}", "{channels: {x: {a: 2}}}", "channels.x.a"];
    check_step(OLD, other, restart, Uptake::Restart, &[]);
}

#[test]
fn a_rule_that_may_hold_costs_the_dearer_of_both() {
    let (hot, restart) = (ReloadClass::Hot, ReloadClass::Restart);
    let shared = ["{shared: 1}", "{shared: 2}", "shared"];
    check_step(NEW, shared, hot, Uptake::Live, &[]);
    let with = ["{shared: 1, channels: {one: {a: 1}}}", "{shared: 2}", "shared"];
    check_step(NEW, with, hot, Uptake::Live, &["restart-channels"]);
    let without = ["{shared: 1, plugins: {enabled: false}}", "{shared: 2}", "shared"];
    check_step(NEW, without, ReloadClass::None, Uptake::Nothing, &[]);
    check_step(
        NEW,
        ["{view: {size: 1}}", "{view: {size: 2}}", "view.size"],
        hot,
        Uptake::Live,
        &[],
    );
    let allowed = "plugins: {allow: ['x']}";
    let (before, after) =
        (format!("{{view: {{size: 1}}, {allowed}}}"), format!("{{view: {{size: 2}}, {allowed}}}"));
    check_step(NEW, [&before, &after, "view.size"], restart, Uptake::Restart, &[]);
}

#[test]
fn a_credential_is_taken_live_while_the_mode_stays() {
    let auth = ReloadClass::Auth;
    let mode = |mode: &str, token: &str| {
        format!("{{gateway: {{auth: {{mode: '{mode}', token: {token}}}}}}}")
    };
    let plain = |token: &str| format!("{{gateway: {{auth: {{token: {token}}}}}}}");
    let at = "gateway.auth.token";
    for (before, after) in [
        (mode("token", "'a'"), mode("token", "'b'")),
        (plain("'a'"), plain("'b'")),
        (mode("token", "'a'"), plain("'b'")),
        (mode("token", "'a'"), mode("token", "{source: 'env', id: 'T'}")),
    ] {
        check_step(NEW, [&before, &after, at], auth, Uptake::Live, &[]);
        check_step(OLD, [&before, &after, at], auth, Uptake::Restart, &[]);
        check_step(None, [&before, &after, at], auth, Uptake::Restart, &[]);
    }
    let with_password = "{gateway: {auth: {token: 'b', password: 'p'}}}".to_owned();
    for (before, after) in [
        // Another mode, spelled out or not; one that nobody knows; one without a credential.
        (mode("token", "'a'"), mode("password", "'b'")),
        (plain("'a'"), with_password),
        (plain("'a'"), plain("{source: 'env', id: 'T'}")),
        (mode("none", "'a'"), mode("none", "'b'")),
        // A credential that goes is not taken: the gateway keeps the old one.
        (mode("token", "'a'"), "{gateway: {auth: {mode: 'token'}}}".to_owned()),
    ] {
        check_step(NEW, [&before, &after, at], auth, Uptake::Restart, &[]);
    }
    let (token, password) = (mode("token", "'a'"), mode("password", "'a'"));
    check_step(NEW, [&token, &password, "gateway.auth.mode"], auth, Uptake::Restart, &[]);
}

#[test]
fn a_policy_that_is_taken_live_disconnects_whatever_the_mode() {
    let of = |mode: &str, proxies: u8| {
        format!("{{gateway: {{auth: {{mode: '{mode}', proxies: {proxies}}}}}}}")
    };
    for mode in ["token", "none"] {
        let step = [&of(mode, 1), &of(mode, 2), "gateway.auth.proxies"];
        check_step(NEW, step, ReloadClass::Auth, Uptake::Live, &[]);
    }
}

#[test]
fn what_comes_or_goes_whole_costs_what_it_holds() {
    let (hot, restart) = (ReloadClass::Hot, ReloadClass::Restart);
    // Refined: only what is in it counts.
    check_step(NEW, ["{}", "{gateway: {tools: {b: 1}}}", "gateway"], hot, Uptake::Live, &[]);
    let both = ["{gateway: {tools: 1, port: 2}}", "{}", "gateway"];
    check_step(NEW, both, restart, Uptake::Restart, &[]);
    let auth = ["{gateway: {tools: 1, auth: {token: 'x'}}}", "{}", "gateway"];
    check_step(NEW, auth, ReloadClass::Auth, Uptake::Restart, &[]);
    check_step(NEW, ["{}", "{a: {b: {y: 1}}}", "a"], hot, Uptake::Live, &["first", "second"]);
    check_step(NEW, ["{}", "{a: {b: {z: 1}}}", "a"], ReloadClass::None, Uptake::Nothing, &[]);
    check_step(NEW, ["{a: {x: {z: 1}}}", "{}", "a"], restart, Uptake::Restart, &[]);
    // Whole: its own path counts, and what is in it too.
    check_step(OLD, ["{}", "{a: {y: 1}}", "a"], ReloadClass::None, Uptake::Nothing, &[]);
    check_step(OLD, ["{}", "{a: {x: 1}}", "a"], restart, Uptake::Restart, &[]);
    check_step(OLD, ["{}", "{gateway: {reload: {}}}", "gateway"], restart, Uptake::Restart, &[]);
    // Another kind of value is no container any more.
    check_step(NEW, ["{gateway: {tools: 1}}", "{gateway: 1}", "gateway"], hot, Uptake::Live, &[]);
}

#[test]
fn the_mode_decides_what_happens_by_itself() {
    let step = |before: &str, after: &str, key: &str, at: &str| {
        let of = |mode: &str, number: u8| {
            format!(
                "{{gateway: {{reload: {{mode: '{mode}'}}}}, {key}: {number}, channels: {{one: {{a: {number}}}}}}}"
            )
        };
        cost(OLD, &of(before, 1), &of(after, 2), at)
    };
    let (hot, restart) = (ReloadClass::Hot, ReloadClass::Restart);
    for (before, after, at, class, uptake) in [
        ("off", "off", "p", restart, Uptake::Waits),
        ("off", "off", "channels.one.a", hot, Uptake::Waits),
        ("hot", "hot", "p", restart, Uptake::Waits),
        ("hot", "hot", "channels.one.a", hot, Uptake::Live),
        ("restart", "restart", "channels.one.a", restart, Uptake::Restart),
        ("hybrid", "hybrid", "p", restart, Uptake::Restart),
        // The one that does more counts: nobody knows which is read first.
        ("off", "hybrid", "p", restart, Uptake::Restart),
        ("hybrid", "hot", "p", restart, Uptake::Restart),
    ] {
        let cost = step(before, after, "p", at);
        assert_eq!((cost.class, cost.uptake), (class, uptake), "{before} -> {after} at {at}");
    }
    let nothing = step("restart", "restart", "a", "a");
    assert_eq!((nothing.class, nothing.uptake), (restart, Uptake::Restart));
    let nothing = step("off", "off", "a", "a");
    assert_eq!((nothing.class, nothing.uptake), (ReloadClass::None, Uptake::Nothing));
}

#[test]
fn without_tables_every_change_restarts() {
    let tables = ReloadTables::default();
    assert_eq!(tables.class_of(&KeyPath::root(), NEW), ReloadClass::Restart);
    assert_eq!(tables.basis(NEW), Basis::Dearest);
    assert!(tables.versions().is_empty());
}

#[test]
fn a_table_without_bounds_needs_no_version() {
    let reload = profile("[[reload.table]]\nunmatched = \"restart\"\nhot = [\"a\"]").reload;
    assert_eq!(reload.class_of(&path("a.b"), None), ReloadClass::Hot);
    assert_eq!(reload.basis(None), Basis::Version);
    assert!(reload.versions().is_empty());
}
