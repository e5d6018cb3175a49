//! Planted secrets: whatever is run, whatever fails, none gets out.
//!
//! Every planted secret holds [`CANARY`]. After each run both streams are searched, and every file
//! that the run left, but for the inputs themselves.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use confwarden::fs::{LockGuard, Target, Wait};

use crate::support::{Run, Sandbox, Seen};
use crate::watch::{Guard, is_stable, store};

/// What every planted secret holds, in each of its spellings.
pub(crate) const CANARY: &str = "nary-";

/// A configuration with secrets in every place where people put them.
pub(crate) const BASE: &str = r#"// The gateway at home.
{
  gateway: {
    mode: "local",
    port: 18789,
    bind: "lan",
    auth: {
      mode: "token",
      // token: "canary-old-0123456789", replaced in May
      token: "canary-token-0123456789", // canary-token-0123456789
    },
    remote: { url: "wss://user:canary-url-0123456789@gateway.example/ws" },
  },
  channels: {
    telegram: { botToken: 'c\x61nary-escaped-0123456789' },
    slack: { signingSecret: "canary-line-\
continued-0123456789" },
    irc: { "pass\u0077ord": "canary-key-0123456789", nickserv: { password: 'canary-nick' } },
  },
  models: {
    providers: {
      house: { headers: { Authorization: "Bearer canary-header-0123456789" }, apiKey: "canary-api-0123456789" },
    },
  },
  /* apiKey: "canary-block-0123456789", */
  env: { vars: { HOUSE_API_KEY: "canary-env-0123456789" } },
  agents: { list: [{ id: "main", apiKey: "canary-agent-0123456789" }] },
  logging: { level: "info" },
}
"#;

const TOML: &str = r#"# token = "canary-old-0123456789"
[auth]
token = "canary-token-0123456789" # canary-token-0123456789
password = '''canary-many
canary-lines'''

[upstream.a.headers]
authorization = "Bearer canary-header-0123456789"

[limits]
burst = 1
"#;

/// Ways to ask for the same.
const MANNERS: [&[&str]; 5] = [
    &[],
    &["--output", "json"],
    &["--dry-run"],
    &["--quiet", "--color", "always"],
    &["--dry-run", "--output", "json"],
];

pub(crate) struct Watched {
    pub(crate) sandbox: Sandbox,
    inputs: BTreeSet<PathBuf>,
}

impl Watched {
    pub(crate) fn new(sandbox: Sandbox) -> Self {
        let inputs = sandbox.files().into_iter().collect();
        Self { sandbox, inputs }
    }

    /// Runs `arguments` in every manner, with `input`, and searches what they leave.
    #[track_caller]
    pub(crate) fn check(&self, arguments: &[&str], input: &str) {
        let before = fs::read(self.sandbox.config_path()).ok();
        for manner in MANNERS {
            let arguments = [manner, arguments].concat();
            let run = self.sandbox.invoke(arguments).stdin(input).run();
            self.search(&run);
            if let Some(before) = &before {
                put(&self.sandbox, before);
            }
        }
    }

    /// Whether `file` is there to hold a text: a snapshot, the copy of an edit, what was kept beside
    /// the configuration.
    fn holds_texts(&self, file: &Path) -> bool {
        let edits = self.sandbox.home().join("state/confwarden/edits");
        file.parent().is_some_and(|parent| parent.ends_with("snapshots"))
            || file.starts_with(edits)
            || file.extension().is_some_and(|end| end == "kept")
    }

    /// Runs a program under the guard in every manner, with secrets among its arguments: the shell
    /// command `script` with the configuration in `$1`, and with `words` of options. Once at least it
    /// is told what `says`.
    #[track_caller]
    fn guard(&self, words: &[&str], script: &str, says: &str) {
        let config = self.sandbox.config_path().to_str().unwrap();
        let command = ["--", "sh", "-c", script, "sh", config, "canary-argument-0123456789"];
        let arguments = [["exec"].as_slice(), words, &command].concat();
        let mut said = Vec::new();
        // A program is never run dry.
        for manner in MANNERS.iter().filter(|manner| !manner.contains(&"--dry-run")) {
            let run = self.sandbox.run([manner, arguments.as_slice()].concat());
            self.search(&run);
            said.push(run.everything());
            put(&self.sandbox, BASE);
        }
        assert!(
            said.iter().any(|said| said.contains(says)),
            "{script} should say {says:?}: {said:#?}"
        );
    }

    /// Edits by the shell command `script` with the copy in `$1`, in every manner, with `answers`. One of
    /// them must say `says`.
    #[track_caller]
    fn edit(&self, script: &str, answers: &str, says: &str) {
        let mut said = false;
        for manner in MANNERS {
            let run = self.sandbox.invoke([manner, &["edit"]].concat());
            let run = run.env("EDITOR", format!("sh -c '{script}' sh")).stdin(answers).run();
            self.search(&run);
            said |= run.everything().contains(says);
            put(&self.sandbox, BASE);
        }
        assert!(said, "nothing said {says:?}");
    }

    #[track_caller]
    pub(crate) fn search(&self, run: &Run) {
        run.never_says(CANARY);
        assert!(!run.everything().contains("has a bug"), "no run should panic: {run}");
        for file in self.sandbox.files() {
            if self.inputs.contains(&file) || file.is_dir() {
                continue;
            }
            // What stood in the file, byte for byte, for its owner alone: that is what it is for.
            if self.holds_texts(&file) {
                let mode = |path: &Path| Seen::at(path).unwrap().mode();
                assert_eq!(mode(&file), 0o600, "{} after {run}", file.display());
                assert_eq!(mode(file.parent().unwrap()), 0o700, "{} after {run}", file.display());
                continue;
            }
            let bytes = fs::read(&file).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(CANARY), "{} after {run}", file.display());
        }
    }
}

/// Puts `text` into the configuration, whatever became of that.
pub(crate) fn put(sandbox: &Sandbox, text: impl AsRef<[u8]>) {
    let path = sandbox.config_path();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    if path.is_symlink() {
        fs::remove_file(path).unwrap();
    }
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn reading_shows_fingerprints() {
    let watched = Watched::new(Sandbox::config(BASE));
    for path in [".", "gateway", "gateway.auth.token", "channels", "models.providers.house", "env"]
    {
        watched.check(&["get", path], "");
    }
    watched.check(&["get", "agents.list[id=main].apiKey"], "");
    watched.check(&["get", "gateway.auth.token.deeper"], "");
    watched.check(&["get", "channels.telegram.botToken[0]"], "");
}

#[test]
fn planted_secrets_are_where_they_should_be() {
    // A search that finds nothing proves nothing unless there is something to find.
    let sandbox = Sandbox::config(BASE);
    let shown = sandbox.run(["get", "--reveal"]).stdout().to_owned();
    assert_eq!(shown.matches(CANARY).count(), 10, "{shown}");
    let toml = Sandbox::named("gateway.toml", TOML);
    assert_eq!(toml.run(["get", "--reveal"]).stdout().matches(CANARY).count(), 4);
}

#[test]
fn writing_shows_fingerprints() {
    let watched = Watched::new(Sandbox::config(BASE));
    for arguments in [
        ["set", "gateway.port", "1"].as_slice(),
        &["set", "gateway.auth.mode", "none"],
        &["set", "gateway.auth", "{}"],
        &["set", "channels", "{}"],
        &["set", "gateway.port.x", "1"],
        &["unset", "gateway.auth.token"],
        &[
            "unset",
            "gateway.auth",
            "--allow",
            "auth-token-dropped,auth-block-lost,auth-mode-incoherent",
        ],
        &["unset", "channels", "models", "env", "agents"],
        &["set", "gateway.auth.mode", "none", "--no-restart"],
        &["unset", "channels", "models", "env", "agents", "--no-restart"],
        &["set", "gateway.port", "1", "--gateway-version", "canary-arg-0123456789"],
        &["mv", "gateway.auth", "gateway.login"],
        &["mv", "channels.telegram", "channels.signal"],
        &["mv", "gateway.auth.token", "gateway.auth.password", "--allow", "auth-token-dropped"],
    ] {
        watched.check(arguments, "");
    }
}

#[test]
fn values_from_standard_input_are_not_repeated() {
    let watched = Watched::new(Sandbox::config(BASE));
    let token = ["set", "gateway.auth.token", "--stdin"];
    watched.check(&token, "canary-new-0123456789\n");
    watched
        .check(&[token.as_slice(), &["--allow", "auth-token-changed"]].concat(), "canary-new-01");
    watched.check(&token, "\"canary-open");
    watched.check(&token, "{ canary-open");
    watched.check(&["set", "gateway.auth.token.x", "--stdin"], "canary-new-0123456789");
    watched.check(&["set", "hooks.token", "--stdin", "--string"], "canary-new-0123456789");
    watched.check(&["set", "gateway.auth", "--stdin"], "{ token: 'canary-new-0123456789' }");
    watched.check(&["set", "gateway.auth", "--stdin"], "{ token: 'canary-new-0123456789'");
    watched.check(&["set", "--stdin", "a", "b"], "canary-new-0123456789");
}

#[test]
fn patches_and_desired_texts_are_not_repeated() {
    let watched = Watched::new(Sandbox::config(BASE));
    for command in ["patch", "apply"] {
        for input in [
            "{ gateway: { auth: { token: 'canary-new-0123456789' } } } // canary-comment",
            "{ gateway: { auth: { token: 'canary-new-0123456789' } }",
            "{ gateway: { auth: { token: 'canary-open",
            "{ gateway: { auth: { token: canary-bare } } }",
            "{ gateway: { auth: null } }",
            "['canary-new-0123456789']",
            "\"canary-new-0123456789\"",
            "{ agents: { list: [] }, models: 'canary-new-0123456789' }",
        ] {
            // At a path that is no secret a value is shown: those inputs hold none there.
            if command == "apply" && input.contains("models:") {
                continue;
            }
            if !input.contains("models:") {
                watched.check(&[command, "-"], input);
            }
        }
        let desired = BASE.replace("18789", "18790").replace("canary-token", "canary-other");
        watched.check(&[command, "-"], &desired);
        watched.check(&[command, "-", "--allow", "auth-token-changed"], &desired);
    }
}

#[test]
fn differences_show_fingerprints() {
    let other = BASE.replace("canary-token", "canary-other").replace("18789", "1");
    let watched = Watched::new(Sandbox::config(BASE).with("other.json5", &other));
    let path = watched.sandbox.path("other.json5").display().to_string();
    watched.check(&["diff", &path], "");
    watched.check(&["diff", &path, "--semantic"], "");
    let config = watched.sandbox.config_path().display().to_string();
    watched.check(&["diff", &config, &path], "");
}

#[test]
fn the_past_shows_fingerprints() {
    let watched = Watched::new(Sandbox::config(BASE));
    let sandbox = &watched.sandbox;
    let token = ["set", "gateway.auth.token", "--stdin", "--allow", "auth-token-changed"];
    sandbox.invoke(token).stdin("canary-second-0123456789").run().code(0);
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    let theirs = sandbox.text().replace("canary-second", "canary-third").replace("local", "remote");
    fs::write(sandbox.config_path(), theirs).unwrap();
    for arguments in [
        ["status"].as_slice(),
        &["history", "list"],
        &["history", "show"],
        &["history", "show", "1"],
        &["history", "diff", "1"],
        &["history", "diff", "2"],
        &["history", "diff", "1", "@"],
        &["history", "diff", "1", "@", "--semantic"],
        &["history", "show", "canary-typed"],
        &["history", "prune"],
        &["restore"],
        &["restore", "1"],
        &["restore", "1", "--allow", "auth-token-changed"],
        &["restore", "1", "--path", "gateway.auth"],
        &["restore", "--undo", "2"],
        &["restore", "--undo", "canary-typed"],
    ] {
        watched.check(arguments, "");
    }
    fs::write(sandbox.config_path(), "{ gateway: { auth: { token: 'canary-cut-0123456789").unwrap();
    for arguments in [["status"].as_slice(), &["restore"], &["history", "show", "@~1"]] {
        watched.check(arguments, "");
    }
    let quarantined = sandbox.run(["history", "list", "--all"]);
    assert!(quarantined.stdout().contains("quarantined"), "{quarantined}");
    let shown = sandbox.run(["history", "show", "1", "--reveal"]);
    assert_eq!(shown.stdout(), BASE);
}

/// What another program makes of [`BASE`]: standard JSON, in which no comment is left and secrets are
/// others, at other places and in other types.
const REWRITTEN: &str = r#"{
  "gateway": {
    "mode": "local", "port": 18789, "bind": "lan",
    "auth": { "mode": "password", "password": "canary-password-0123456789", "token": "undefined" },
    "remote": { "url": "wss://user:canary-other-0123456789@gateway.example/ws" }
  },
  "channels": { "telegram": { "botToken": ["canary-listed-0123456789"] } },
  "models": { "providers": { "house": { "headers": {}, "apiKey": "canary-api-0123456789" } } },
  "agents": { "list": [] },
  "logging": { "level": "debug" }
}
"#;

#[test]
fn a_program_s_writes_are_told_without_secrets() {
    let sandbox = Sandbox::config(BASE).with("theirs", REWRITTEN);
    let theirs = sandbox.path("theirs").display().to_string();
    let watched = Watched::new(sandbox);
    let rewrites = format!("cp {theirs} \"$1\"");
    for (options, script, says) in [
        ([].as_slice(), "sed -i '/ token:/d' \"$1\"".to_owned(), "put back"),
        (&["--strict"], "sed -i s/canary-token/canary-theirs/ \"$1\"".to_owned(), "put back"),
        (&["--deny"], "sed -i s/canary-token/canary-theirs/ \"$1\"".to_owned(), "refused"),
        (
            &["--allow", "auth-token-changed"],
            "sed -i s/canary-token/canary-theirs/ \"$1\"".to_owned(),
            "gateway.auth.token",
        ),
        (&[], "sed -i s/canary-api/canary-others/ \"$1\"".to_owned(), "apiKey"),
        (&[], rewrites.clone(), "put back"),
        (&["--no-redress"], rewrites.clone(), "put back"),
        (&["--deny"], rewrites, "refused"),
        (&[], "head -c 500 \"$1\" > \"$1.x\"; mv \"$1.x\" \"$1\"".to_owned(), "left unreadable"),
        (
            &["--deny"],
            "cat \"$1\" \"$1\" > \"$1.x\"; mv \"$1.x\" \"$1\"".to_owned(),
            "left unreadable",
        ),
        (
            &[],
            "sed -i \"s/canary-token/canary-token\\\" canary/\" \"$1\"".to_owned(),
            "left unreadable",
        ),
        (&[], ": > \"$1\"; exit 7".to_owned(), "left unreadable"),
        (&[], "rm \"$1\"".to_owned(), "openclaw.json"),
        (&[], "rm -r \"$(dirname \"$1\")\"".to_owned(), "openclaw.json"),
        (&[], "chmod 666 \"$1\"; kill -KILL $$".to_owned(), "openclaw.json"),
    ] {
        // What the rewriting needs may have gone with the directory.
        fs::write(&theirs, REWRITTEN).ok();
        watched.guard(options, &script, says);
    }
    let secret = "canary-argument-0123456789";
    watched.check(&["exec", "--", "no-such-program", secret], "");
    let config = watched.sandbox.config_path().to_str().unwrap();
    watched.check(&["exec", "--", config, secret], "");
    watched.check(&["exec", "--nonsense", "--", "true", secret], "");
    // All that is in the history of it.
    let report = watched.sandbox.report(["history", "list", "--all"]);
    let records = report["records"].as_array().unwrap();
    for kind in ["observed", "foreign", "quarantined", "healed"] {
        assert!(records.iter().any(|record| record["kind"] == kind), "no record is {kind}");
    }
    assert!(!records.iter().any(|record| record["author"]["name"] == "canary"));
    for record in records {
        let id = record["id"].to_string();
        for arguments in [["history", "show", &id], ["history", "diff", &id]] {
            watched.search(&watched.sandbox.run(arguments));
            let json = [["--output", "json"].as_slice(), &arguments].concat();
            watched.search(&watched.sandbox.run(json));
        }
    }
    for arguments in [
        ["restore", "--undo", "@", "--dry-run"].as_slice(),
        &["restore", "--undo", "@~1"],
        &["restore", "--path", "gateway.auth.token", "@~1"],
        &["restore", "@~2"],
        &["history", "prune"],
        &["status"],
    ] {
        watched.check(arguments, "");
    }
}

/// Without a history the only copy of a text is beside the configuration.
#[test]
fn a_text_that_is_kept_beside_the_configuration_is_its_owners_alone() {
    let sandbox = Sandbox::config(BASE);
    fs::create_dir_all(sandbox.home().join("state/confwarden")).unwrap();
    fs::write(sandbox.home().join("state/confwarden/files"), "in the way").unwrap();
    let watched = Watched::new(sandbox);
    watched.guard(&[], "head -c 500 \"$1\" > \"$1.x\"; mv \"$1.x\" \"$1\"", "it is kept as");
    assert!(watched.sandbox.leftovers().iter().any(|name| name.contains(".kept")));
    watched.check(&["status"], "");
    watched.check(&["set", "gateway.port", "1"], "");
}

#[test]
fn an_edited_text_is_not_repeated() {
    let watched = Watched::new(Sandbox::config(BASE));
    let changes = "sed -i s/canary-token/canary-typed/ \"$1\"";
    let breaks = "sed -i \"s/canary-token/canary-token\\\" canary/\" \"$1\"";
    watched.edit(changes, "", "was refused by");
    watched.edit(changes, "s\nd\n", "gateway.auth.token");
    watched.edit(changes, "s\ni\n", "wrote");
    watched.edit("sed -i /token:/d \"$1\"", "s\nk\n", "is kept as");
    watched.edit(breaks, "", "does not parse");
    watched.edit(breaks, "e\nd\n", "does not parse");
    watched.edit(": > \"$1\"", "", "there is nothing in the edited text");
    watched.edit("printf canary-typed-0123456789 > \"$1\"; exit 3", "", "is kept as");
    watched.edit("sed -i s/18789/1/ \"$1\"", "", "gateway.port");
    let config = watched.sandbox.config_path().display().to_string();
    let collides = format!(
        "sed -i s/canary-token/canary-others/ {config}; sed -i s/canary-token/canary-typed/ \"$1\""
    );
    watched.edit(&collides, "", "changed by another writer");
    watched.edit(&collides, "e\n", "openclaw.json");
    watched.edit("true", "", "an earlier edit was not installed");
}

/// What others of the same computer see of a process: its arguments. And its environment, which its
/// children inherit.
#[test]
fn no_process_of_ours_has_a_secret_among_its_arguments() {
    let watched = Watched::new(Sandbox::config(BASE));
    let (sandbox, seen) = (&watched.sandbox, watched.sandbox.root().join("seen"));
    let look = format!(
        "p=$$; while [ \"$p\" -gt 1 ]; do cat /proc/$p/cmdline /proc/$p/environ >> {seen} 2> /dev/null; \
         echo >> {seen}; p=$(sed -n s/^PPid:.//p /proc/$p/status); done",
        seen = seen.display()
    );
    let damage = "sed -i s/canary-token/x/ \"$1\"";
    let script = sandbox.path("script");
    fs::write(&script, format!("{look}\n{damage}\n{look}\n")).unwrap();
    let script = script.to_str().unwrap();
    let config = sandbox.config_path().to_str().unwrap();
    sandbox.run(["exec", "--", "sh", script, config]).code(0).says("put back");
    let editor = format!("sh {script}");
    sandbox.invoke(["edit"]).env("EDITOR", editor).run().code(3);
    let found = String::from_utf8_lossy(&fs::read(&seen).unwrap()).into_owned();
    assert!(found.matches("confwarden\0exec\0--\0sh\0").count() >= 2, "{found}");
    assert!(found.contains("confwarden\0edit\0"), "{found}");
    assert!(!found.contains(CANARY), "{found}");
}

#[test]
fn broken_configurations_are_not_repeated() {
    for broken in [
        "{\n  gateway: { auth: { token: \"canary-token-0123456789 } },\n}\n",
        "{\n  gateway: { auth: { token: canary-token-0123456789 } },\n}\n",
        "{\n  gateway: { auth: { token: \"canary-token-0123456789\" \"canary-again\" } },\n}\n",
        "{ token: \"canary-token-0123456789\" } { token: \"canary-token-0123456789\" }",
        "{ token: \"canary-token-0123456789\"",
        "{ \"canary-token-0123456789\": }",
        "token = \"canary-token-0123456789\"",
        "canary-token-0123456789",
    ] {
        let watched = Watched::new(Sandbox::config(broken));
        watched.check(&["get"], "");
        watched.check(&["set", "a", "1"], "");
        watched.check(&["patch", "-"], "{}");
    }
    for broken in [
        "[auth]\ntoken = \"canary-token-0123456789\n",
        "[auth]\ntoken = canary-token-0123456789\n",
        "[auth]\ntoken = \"canary-a\" \"canary-b\"\n",
        "[auth]\ntoken = \"canary-a\"\ntoken = \"canary-b\"\n",
        "canary-token-0123456789\n",
    ] {
        let watched = Watched::new(Sandbox::named("gateway.toml", broken));
        watched.check(&["get"], "");
        watched.check(&["set", "a", "1"], "");
    }
}

#[test]
fn toml_keeps_its_secrets_too() {
    let watched = Watched::new(Sandbox::named("gateway.toml", TOML));
    watched.check(&["get"], "");
    watched.check(&["set", "limits.burst", "2"], "");
    watched.check(&["set", "auth.token", "--stdin"], "canary-new-0123456789");
    watched.check(&["unset", "auth"], "");
    watched.check(&["mv", "auth.token", "auth.secret"], "");
    watched.check(&["patch", "-"], "auth.token = \"canary-new-0123456789\"");
    watched.check(&["apply", "-"], "auth = { token = \"canary-new-0123456789\" }");
}

#[test]
fn waiting_for_a_lock_tells_no_secret() {
    let watched = Watched::new(Sandbox::config(BASE));
    let target = Target::resolve(watched.sandbox.config_path()).unwrap();
    let _guard = LockGuard::acquire(target, Wait::No, "confwarden set").unwrap();
    let arguments = ["set", "gateway.auth.token", "--stdin", "--lock-timeout", "10ms"];
    watched.check(&arguments, "canary-new-0123456789");
}

#[test]
fn included_secrets_stay_in() {
    let root = "{ gateway: { $include: './gateway.json5' } }\n";
    let gateway = "{ mode: 'local', auth: { token: 'canary-token-0123456789' } } // canary-token-0123456789\n";
    let watched = Watched::new(Sandbox::config(root).with("gateway.json5", gateway));
    watched.check(&["get"], "");
    watched.check(&["set", "gateway.port", "1"], "");
    watched.check(&["unset", "gateway.auth"], "");
    let broken =
        Watched::new(Sandbox::config(root).with("gateway.json5", "{ token: 'canary-token"));
    broken.check(&["get"], "");
    broken.check(&["set", "logging.level", "debug"], "");
}

#[test]
fn reveal_alone_shows_a_secret_and_on_standard_output_alone() {
    let sandbox = Sandbox::config(BASE);
    sandbox
        .run(["get", "gateway.auth.token", "--reveal"])
        .prints("canary-token-0123456789\n")
        .tells("");
}

#[test]
fn events_and_waiting_say_nothing() {
    let watched = Watched::new(Sandbox::config(BASE));
    watched.check(&["events"], "");
    watched.check(&["events", "--since", "canary-since-0123456789"], "");
    watched.check(&["events", "--kind", "canary-kind-0123456789"], "");
    watched.check(&["wait", "--for", "canary-what-0123456789"], "");
    watched.check(&["wait", "--for", "stable", "--timeout", "700ms"], "");
    fs::write(watched.sandbox.config_path(), "{ token: canary-broken-0123456789").unwrap();
    watched.check(&["wait", "--for", "stable", "--timeout", "0s"], "");
}

/// What the watcher says while it runs, and what it leaves: its log, its events, its history.
#[test]
fn the_watcher_tells_no_secret() {
    let watched = Watched::new(Sandbox::config(BASE));
    let sandbox = &watched.sandbox;
    for manner in [["--color", "always"], ["--output", "json"]] {
        put(sandbox, BASE);
        let words = [manner.as_slice(), &["watch"]].concat();
        let mut guard = Guard::started(sandbox, sandbox.invoke(words));
        for theirs in [
            BASE.replace("canary-token", "canary-theirs"),
            BASE.replace("canary-api", "canary-others"),
            BASE.replace("canary-env", "${CANARY").replace("canary-header", "canary-more"),
            REWRITTEN.to_owned(),
            "{ gateway: { auth: { token: 'canary-cut-0123456789".to_owned(),
            "{ gateway: canary-bare-0123456789 }".to_owned(),
            "canary-token-0123456789".to_owned(),
        ] {
            store(sandbox, &theirs);
            // It is stable when it was looked into.
            guard.until("rest", || is_stable(sandbox));
        }
        watched.search(&guard.ends());
    }
    for kind in ["accepted", "healed", "quarantined", "stopped"] {
        let run = sandbox.run(["events", "--kind", kind]);
        watched.search(&run);
        assert!(run.stdout().contains(kind), "no {kind}: {run}");
    }
    watched.check(&["events"], "");
    watched.check(&["accept", "@"], "");
    put(sandbox, REWRITTEN);
    watched.check(&["watch", "--once"], "");
    put(sandbox, "{ gateway: { auth: { token: 'canary-cut-0123456789");
    watched.check(&["watch", "--once"], "");
}
