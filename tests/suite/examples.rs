//! What is shipped to try things with: it parses, it is in order, and the everyday commands work.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::Sandbox;

const SMALL: &str = include_str!("../../examples/openclaw-small.json5");
const LARGE: &str = include_str!("../../examples/openclaw-large.json5");
const ACME: &str = include_str!("../../examples/acme-gateway.toml");
const ACME_PROFILE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/examples/profiles/acme-gateway.toml");

/// Top-level keys of OpenClaw 2026.3 and of 2026.9.
const KEYS_2026_3: &str = "$schema meta env wizard diagnostics logging cli update browser ui secrets \
    auth acp models nodeHost agents tools bindings broadcast audio media messages commands approvals \
    session cron hooks web channels discovery canvasHost talk gateway memory skills plugins";
const KEYS_2026_9: &str = "$schema meta env wizard diagnostics logging update telemetry browser ui \
    secrets auth accessGroups acp models nodeHost agents worktreeRoot worktreeAcceleration tools \
    security bindings broadcast attachments messages tts commands approvals session cron transcripts \
    hooks channels discovery talk gateway cloudWorkers desktop memory mcp skills plugins surfaces \
    proxy";

fn acme() -> Sandbox {
    Sandbox::named("acme-gateway.toml", ACME).always(&["--profile", ACME_PROFILE])
}

#[test]
fn sizes_are_as_promised() {
    assert!((4_500..5_500).contains(&SMALL.len()), "{}", SMALL.len());
    assert!((90_000..110_000).contains(&LARGE.len()), "{}", LARGE.len());
}

#[track_caller]
fn check_keys(text: &str, known: &str) {
    let report = Sandbox::config(text).report(["get"]);
    for key in report["value"].as_object().unwrap().keys() {
        assert!(known.split_whitespace().any(|known| known == key), "{key}");
    }
}

#[test]
fn top_level_keys_are_those_of_their_release() {
    check_keys(SMALL, KEYS_2026_9);
    check_keys(LARGE, KEYS_2026_3);
}

#[test]
fn versions_are_known_to_the_profile() {
    for (text, version) in [(SMALL, "2026.9.6"), (LARGE, "2026.3.8")] {
        let report = Sandbox::config(text).report(["set", "logging.level", "debug"]);
        assert_eq!(report["gateway_version"], version);
        assert_eq!(report["changes"][0]["class"], "none");
    }
}

#[test]
fn an_edit_of_one_value_changes_its_line_alone() {
    for (sandbox, path, from, to) in [
        (Sandbox::config(SMALL), "gateway.port", "port: 18789,", "port: 18790,"),
        (Sandbox::config(LARGE), "gateway.port", "port: 18789,", "port: 18790,"),
        (acme(), "server.port", "port = 8443", "port = 18790"),
    ] {
        let before = sandbox.text();
        sandbox.run(["set", path, "18790"]).code(0).never_says("warning");
        sandbox.holds(&before.replacen(from, to, 1));
    }
}

#[test]
fn nothing_in_them_is_a_fault() {
    for sandbox in [Sandbox::config(SMALL), Sandbox::config(LARGE), acme()] {
        let report = sandbox.report(["set", "note", "x", "--dry-run"]);
        assert_eq!(report["findings"], serde_json::json!([]), "{report:#}");
    }
}

#[test]
fn keys_are_inserted_and_removed_again() {
    for sandbox in [Sandbox::config(SMALL), Sandbox::config(LARGE), acme()] {
        let before = sandbox.text();
        sandbox.run(["set", "extra.deeply.nested", "[1, 'two']"]).code(0);
        assert_ne!(sandbox.text(), before);
        sandbox.run(["unset", "extra"]).code(0);
        assert_eq!(sandbox.report(["get"])["value"].get("extra"), None::<&Value>);
        for line in before.lines().filter(|line| line.contains("//") || line.contains('#')) {
            assert!(sandbox.text().contains(line), "{line}");
        }
    }
}

#[test]
fn everyday_commands_work_on_the_small_one() {
    let sandbox = Sandbox::config(SMALL);
    sandbox.run(["get", "agents.entries.clerk.model"]).prints("anthropic/claude-small\n");
    sandbox.run(["set", "tools.deny[+]", "nodes"]).code(0);
    sandbox.run(["mv", "agents.entries.clerk", "agents.entries.secretary"]).code(0);
    sandbox.invoke(["patch", "-"]).stdin("{ cron: { enabled: false } }").run().code(0);
    sandbox.run(["unset", "skills.entries.notes"]).code(0);
    sandbox
        .invoke(["set", "gateway.auth.token", "--stdin", "--allow", "auth-token-changed"])
        .stdin("fake-token-of-another-day-0123")
        .run()
        .code(0);
    let desired = sandbox.text();
    sandbox.untouched(|| sandbox.invoke(["apply", "-"]).stdin(desired).run()).code(0);
}

#[test]
fn everyday_commands_work_on_the_large_one() {
    let sandbox = Sandbox::config(LARGE);
    sandbox.run(["get", "agents.list[id=sales].name"]).prints("Sales team\n");
    sandbox.run(["set", "agents.list[id=sales].model", "alder/deep-7b-1"]).code(0);
    sandbox.run(["set", "agents.list[+]", "{ id: 'press', name: 'Press' }"]).code(0);
    sandbox.run(["unset", "agents.list[id=press]"]).code(0);
    let plain = sandbox.run(["get", "--reveal"]).stdout().to_owned();
    sandbox.untouched(|| sandbox.invoke(["apply", "-"]).stdin(plain).run()).code(0);
}

#[test]
fn no_example_holds_what_looks_like_a_real_secret() {
    for text in [SMALL, LARGE, ACME] {
        for prefix in ["sk-", "xoxb-", "xapp-", "ghp_", "AKIA", "eyJ"] {
            assert!(!text.contains(prefix), "{prefix}");
        }
    }
}

/// Commands in the README that name an example are run on a copy of it.
#[test]
fn commands_of_the_readme_work() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Ok(readme) = fs::read_to_string(root.join("README.md")) else {
        panic!("there is no README.md");
    };
    let commands = commands(&readme);
    assert!(!commands.is_empty(), "the README should show a command on a shipped example");
    for command in commands {
        let sandbox = Sandbox::empty();
        let directory = sandbox.root().join("examples");
        copy(&root.join("examples"), &directory);
        sandbox.invoke(&command).within(sandbox.root()).run().code(0);
    }
}

/// The arguments of `confwarden … examples/…` lines, also after `cargo run … --`.
fn commands(readme: &str) -> Vec<Vec<String>> {
    let joined = readme.replace("\\\n", " ");
    joined
        .lines()
        .map(|line| line.trim_start_matches("$ ").split(" #").next().unwrap_or_default())
        .filter(|line| line.contains("examples/") && !line.contains('|'))
        .filter_map(|line| {
            let rest = match line.split_once(" -- ") {
                Some((cargo, rest)) if cargo.starts_with("cargo run") => rest,
                _ => line.strip_prefix("confwarden ")?,
            };
            Some(
                rest.split_whitespace()
                    .map(|word| word.trim_matches(['\'', '"']).to_owned())
                    .collect(),
            )
        })
        .collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
