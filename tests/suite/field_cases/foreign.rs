//! What the tests of other people's writers share: a configuration with what such writers like to
//! break, and real programs that write it under `exec`.

use std::fs;

use crate::support::{GATEWAY, Run, Sandbox, TOKEN};

/// [`GATEWAY`] with a reference to a secret, a secret, lists by id, and sections of other tools.
pub(super) fn house() -> String {
    GATEWAY.replace(
        "  logging:",
        r#"  channels: {
    // Keep the reference.
    telegram: { botToken: "${TELEGRAM_BOT_TOKEN}" },
    discord: { token: "fake-discord-0123456789", maxTokens: 16384 }, // at home
  },
  bindings: [{ agentId: "main", match: { channel: "telegram" } }],
  // For the scripts.
  secrets: { a: "fake-a", b: "fake-b", c: "fake-c" },
  mcp: { servers: { files: { command: "files" } } }, // local only
  // What is searched.
  memory: { search: { sources: ["notes"] }, limit: 5 },
  logging:"#,
    )
}

/// Runs the shell command `script`, whose `$1` is the configuration, under the guard. Beside it lies
/// what a program knows that has read it: `read.json`, standard JSON.
pub(super) fn exec(sandbox: &Sandbox, options: &[&str], script: &str) -> Run {
    let read = sandbox.run(["get", "--reveal"]);
    fs::write(sandbox.path("read.json"), read.code(0).stdout()).unwrap();
    exec_unread(sandbox, options, script)
}

/// [`exec`] of a program that has read nothing before.
pub(super) fn exec_unread(sandbox: &Sandbox, options: &[&str], script: &str) -> Run {
    let config = sandbox.config_path().display().to_string();
    let script = format!("cd \"$(dirname \"$1\")\" || exit 99\n{script}");
    let command = ["--", "sh", "-c", &script, "sh", &config];
    let run = sandbox.run(["exec"].iter().chain(options).chain(&command));
    run.never_says(TOKEN);
    run
}

/// A program that has read the file, changes it by the filter of jq, and stores it anew.
pub(super) fn jq(filter: &str) -> String {
    format!("jq '{filter}' read.json > new.json && mv new.json \"$1\"")
}

/// The same in Python, which sorts the keys; `change` works on `v`.
pub(super) fn python(change: &str) -> String {
    format!(
        "python3 -c '
import json, os, sys
v = json.load(open(\"read.json\"))
{change}
with open(\"new.json\", \"w\") as file:
    json.dump(v, file, indent=2, sort_keys=True)
os.rename(\"new.json\", sys.argv[1])
' \"$1\""
    )
}

/// `script` is run on `base`, and must leave exactly `expected`; the report says each of `told`.
#[track_caller]
pub(super) fn leaves(base: &str, script: &str, told: &[&str], expected: &str) -> Sandbox {
    let sandbox = Sandbox::config(base);
    let run = exec(&sandbox, &[], script);
    run.code(0);
    for told in told {
        run.says(told);
    }
    sandbox.holds(expected);
    assert_eq!(sandbox.leftovers(), Vec::<String>::new());
    sandbox
}
