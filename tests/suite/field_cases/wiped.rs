//! WP: the whole file wiped or shrunk.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::refuses_to_apply;
use crate::support::{GATEWAY, Sandbox};

/// A file of several KB with what real ones have.
const LARGE: &str = include_str!("../../../examples/openclaw-small.json5");

/// openclaw#91148: 7,330 bytes become 43.
#[test]
fn wp_02_reset_to_the_bare_minimum() {
    refuses_to_apply(
        LARGE,
        "{\"gateway\":{\"mode\":\"local\"}}\n",
        &[
            "auth-token-dropped: `gateway.auth.token`",
            "keys-lost: `agents`",
            "keys-lost: `channels`",
            "file-shrunk",
        ],
    );
}

/// openclaw#64419: a start truncates 3,641 bytes to 423, `gateway.mode` is gone.
#[test]
fn wp_03_truncated_at_start() {
    let desired = LARGE.split("// ---- models").next().unwrap().replace("mode: \"local\",", "");
    refuses_to_apply(
        LARGE,
        &format!("{desired}\n}}\n"),
        &["auth-block-lost: `gateway.mode`", "keys-lost: `models`", "file-shrunk"],
    );
}

/// openclaw#84692: running `onboard` again loses agents and bindings.
#[test]
fn wp_04_onboarding_again_loses_agents_and_bindings() {
    let start = GATEWAY.find("  // Who answers.").unwrap();
    let end = GATEWAY.find("  logging:").unwrap();
    let desired = format!("{}{}", &GATEWAY[..start], &GATEWAY[end..]);
    let base = GATEWAY.replace("  logging:", "  bindings: [{ agentId: \"main\" }],\n  logging:");
    refuses_to_apply(&base, &desired, &["keys-lost: `agents`", "keys-lost: `bindings`"]);
}

/// openclaw#65105: an update leaves `update.channel` and nothing else.
#[test]
fn wp_05_root_reduced_to_the_update_channel() {
    refuses_to_apply(
        LARGE,
        "{ update: { channel: \"stable\" } }",
        &[
            "auth-token-dropped: `gateway.auth.token`",
            "auth-block-lost: `gateway.mode`",
            "keys-lost: `gateway`",
        ],
    );
}

/// openclaw#78493: a file that cannot be read is taken for none, and written over.
#[test]
fn wp_06_unreadable_is_not_empty() {
    let sandbox = Sandbox::config(GATEWAY);
    // The directory may be written to: only the file is closed.
    sandbox.admit(0o777);
    fs::set_permissions(sandbox.config_path(), fs::Permissions::from_mode(0o000)).unwrap();
    sandbox.untouched(|| {
        for arguments in [
            ["set", "gateway.mode", "local", "--create"].as_slice(),
            &["apply", "-", "--create"],
            &["patch", "-"],
        ] {
            let run = sandbox.invoke(arguments).unprivileged().stdin("{ a: 1 }").run();
            run.code(9).says("ermission denied");
        }
    });
}

/// openclaw PR#114054: a stale snapshot drops an agent, a hundred sessions are orphaned.
#[test]
fn wp_08_stale_snapshot_drops_an_agent() {
    let desired = GATEWAY.replace("      { id: \"main\", model: \"large\" },\n", "");
    refuses_to_apply(GATEWAY, &desired, &["keys-lost: `agents.list[id=main]`"]);
    let start = LARGE.find("      // Reads the mail").unwrap();
    let end = start + LARGE[start..].find("      },\n    },\n").unwrap() + "      },\n".len();
    let desired = format!("{}{}", &LARGE[..start], &LARGE[end..]);
    refuses_to_apply(LARGE, &desired, &["keys-lost: `agents.entries.clerk`"]);
    // To remove one on purpose there is `unset`.
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["unset", "agents.list[id=main]"]).code(0);
}

/// mem0#4849: a comment in the file, a strict parser, and `{}` in its place.
#[test]
fn wp_09_parse_error_is_not_an_empty_object() {
    let sandbox = Sandbox::config("{\n  // a comment is fine\n  a: 1,\n  b: 2;\n}\n");
    let patch = || sandbox.invoke(["patch", "-"]).stdin("{ plugins: {} }").run();
    sandbox.untouched(patch).code(4).says("line 4, column 7");
    let apply = || sandbox.invoke(["apply", "-"]).stdin("{ plugins: {} }").run();
    sandbox.untouched(apply).code(4).says("line 4, column 7");
}
