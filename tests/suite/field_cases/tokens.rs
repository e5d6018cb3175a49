//! TK: the token lost or replaced inside the file.

use std::fmt::Write as _;

use super::refuses_to_apply;
use crate::support::{GATEWAY, Sandbox, TOKEN};

/// [`GATEWAY`] without its auth block.
fn without_auth() -> String {
    let start = GATEWAY.find("    auth: {").unwrap();
    let end = start + GATEWAY[start..].find("    },\n").unwrap() + "    },\n".len();
    format!("{}{}", &GATEWAY[..start], &GATEWAY[end..])
}

/// openclaw#13835: an update, then the doctor; the auth block is missing, the newest backup too.
#[test]
fn tk_01_update_and_doctor_drop_the_auth_block() {
    let loopback = |text: &str| text.replace("\"lan\"", "\"loopback\"");
    refuses_to_apply(
        &loopback(GATEWAY),
        &loopback(&without_auth()),
        &["auth-token-dropped: `gateway.auth.token`", "auth-block-lost: `gateway.auth`"],
    )
    .never_says(TOKEN);
}

/// openclaw#21009: the app syncs, auth is gone, and a gateway in the local network never starts
/// again.
#[test]
fn tk_02_app_strips_auth_on_lan_bind() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.untouched(|| {
        sandbox
            .invoke(["patch", "-"])
            .stdin("{ gateway: { auth: null } }")
            .run()
            .code(3)
            .says("auth-token-dropped")
            .says("auth-mode-incoherent");
    });
    sandbox.fails(3, ["unset", "gateway.auth"]).says("auth-token-dropped");
    sandbox.fails(3, ["unset", "gateway"]).says("auth-token-dropped");
    sandbox.fails(3, ["set", "gateway", "{ mode: 'local' }"]).says("auth-token-dropped");
    sandbox.fails(3, ["set", "gateway.auth", "null"]).says("auth-token-dropped");
}

/// openclaw#9632: the wizard drops what it has no screen for.
#[test]
fn tk_08_wizard_drops_keys_it_has_no_screen_for() {
    let mut more = "  tools: { media: { audio: { enabled: true } } },\n".to_owned();
    more.push_str("  skills: {\n    entries: {\n");
    for skill in 0..22 {
        writeln!(more, "      s{skill}: {{ enabled: false }},").unwrap();
    }
    more.push_str("    },\n  },\n");
    let base = GATEWAY.replace("  logging:", &format!("{more}  logging:"));
    let desired = GATEWAY.replace("      allowTailscale: true,\n", "");
    refuses_to_apply(
        &base,
        &desired,
        &[
            "auth-block-lost: `gateway.auth.allowTailscale`",
            "keys-lost: `tools`",
            "keys-lost: `skills`",
        ],
    );
}
