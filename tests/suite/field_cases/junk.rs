//! JV: junk in the place of a token.

use crate::support::{GATEWAY, Sandbox, TOKEN};

const EVERY_RULE: &str = "auth-token-dropped,auth-token-changed,auth-block-lost,auth-mode-incoherent,\
                          placeholder-value,secret-expanded,keys-lost,file-shrunk,type-changed";

/// openclaw#13756: a script without a value writes the word.
#[test]
fn jv_01_undefined_is_no_token() {
    let sandbox = Sandbox::config(GATEWAY);
    for junk in [
        "undefined",
        "null",
        "NaN",
        "",
        " ",
        "\t",
        "[object Object]",
        "'null'",
        "{}",
        "[]",
        "false",
        "a\u{7f}b",
    ] {
        let set = ["set", "gateway.auth.token", junk];
        sandbox.fails(3, set).says("auth-token-dropped");
        sandbox.fails(3, ["set", "gateway.auth.token", junk, "--string"]);
        // No flag lets junk through.
        let allowed = [set.as_slice(), &["--allow", EVERY_RULE]].concat();
        sandbox.fails(3, allowed).says("nothing allows this");
    }
}

/// openclaw#139494: the word is there already. It is told, and other writes go on.
#[test]
fn jv_02_undefined_that_was_there_is_told_and_blocks_nothing() {
    let base = GATEWAY.replace(TOKEN, "undefined");
    let sandbox = Sandbox::config(&base);
    sandbox
        .run(["set", "logging.level", "debug"])
        .code(0)
        .says("warning: placeholder-value: `gateway.auth.token`")
        .says("(it was so before)");
    sandbox.holds(&base.replace("\"info\"", "\"debug\""));
    let mut invocation = sandbox.invoke(["set", "gateway.auth.token", "--stdin"]);
    invocation = invocation.stdin("fake-token-of-age-0123456789");
    invocation.run().code(0);
}

/// openclaw#117942: what a reader printed instead of the token is written back.
#[test]
fn jv_04_marker_that_was_read_is_not_written_back() {
    let sandbox = Sandbox::config(GATEWAY);
    let ours = sandbox.run(["get", "gateway.auth.token"]).stdout().trim_end().to_owned();
    assert!(ours.starts_with("<redacted:"), "{ours}");
    for marker in [&ours, "__OPENCLAW_REDACTED__", "***", "[REDACTED]"] {
        sandbox.untouched(|| {
            sandbox
                .invoke(["set", "gateway.auth.token", "--stdin"])
                .stdin(marker)
                .run()
                .code(3)
                .says("nothing allows this");
        });
    }
    // Anywhere else too, keys included.
    for (path, value) in
        [("logging.file", ours.as_str()), ("skills.entries.x.apiKey", "__OPENCLAW_REDACTED__")]
    {
        sandbox.fails(3, ["set", path, value]).says("placeholder-value");
    }
    sandbox
        .fails(3, ["set", "skills.entries.__OPENCLAW_REDACTED__", "1"])
        .says("placeholder-value");
}
