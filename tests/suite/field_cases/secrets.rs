//! SE: secrets expanded, redacted or moved by a write.

use super::refuses_to_apply;
use crate::support::{GATEWAY, Sandbox};

/// [`GATEWAY`] with references to secrets, and with what redaction likes to hit.
fn base() -> String {
    GATEWAY.replace(
        "  logging:",
        r#"  channels: {
    telegram: { botToken: "${TELEGRAM_BOT_TOKEN}" }, // from the environment
    slack: { botToken: { source: "file", provider: "vault", id: "/slack" } },
  },
  models: {
    providers: {
      house: {
        apiKey: "${HOUSE_API_KEY}",
        models: [{ id: "large", maxTokens: 16384 }],
      },
    },
  },
  meta: { lastTouchedVersion: "2026.3.8", lastTouchedAt: "2026-03-01T00:00:00Z" },
  logging:"#,
    )
}

/// openclaw#9813: the gateway touches `meta`, and every variable is plain text.
#[test]
fn se_01_touching_meta_keeps_references() {
    let sandbox = Sandbox::config(base());
    sandbox.run(["set", "meta.lastTouchedAt", "2026-03-02T00:00:00Z"]).code(0);
    sandbox.holds(&base().replace("2026-03-01T", "2026-03-02T"));
}

/// openclaw#9627: update, doctor and configure write two keys out.
#[test]
fn se_02_a_whole_file_with_expanded_references_is_refused() {
    let desired = base()
        .replace("${TELEGRAM_BOT_TOKEN}", "fake-100200:telegram")
        .replace("${HOUSE_API_KEY}", "fake-house-key-0123456789");
    refuses_to_apply(
        &base(),
        &desired,
        &[
            "secret-expanded: `channels.telegram.botToken`",
            "secret-expanded: `models.providers.house.apiKey`",
        ],
    )
    .never_says("fake-100200")
    .never_says("fake-house");
}

/// openclaw#11466: the doctor puts raw keys in again.
#[test]
fn se_03_a_raw_key_does_not_take_the_place_of_a_reference() {
    let sandbox = Sandbox::config(base());
    sandbox.untouched(|| {
        sandbox
            .invoke(["set", "models.providers.house.apiKey", "--stdin"])
            .stdin("fake-house-key-0123456789\n")
            .run()
            .code(3)
            .says("secret-expanded")
            .never_says("fake-house");
    });
    // Another reference is fine.
    sandbox.run(["set", "models.providers.house.apiKey", "${OTHER_API_KEY}"]).code(0);
}

/// openclaw#10020: a patch that has nothing to do with it expands `botToken`.
#[test]
fn se_04_an_unrelated_patch_leaves_references() {
    let sandbox = Sandbox::config(base());
    sandbox
        .invoke(["patch", "-"])
        .stdin("{ agents: { list: [{ id: 'new', model: 'large' }] } }")
        .run()
        .code(0);
    let expected = base().replace(
        "      { id: \"clerk\", model: \"small\" }, // sorts the mail\n",
        "      { id: \"clerk\", model: \"small\" }, // sorts the mail\n      { id: 'new', model: 'large' },\n",
    );
    sandbox.holds(&expected);
}

/// openclaw#69396: an object that names a secret becomes the secret.
#[test]
fn se_06_a_secret_ref_does_not_become_a_literal() {
    let sandbox = Sandbox::config(base());
    sandbox
        .fails(3, ["set", "channels.slack.botToken", "fake-xoxb-0123456789"])
        .says("secret-expanded: `channels.slack.botToken`")
        .never_says("fake-xoxb");
    let reference = "{ source: 'file', provider: 'vault', id: '/slack2' }";
    sandbox.run(["set", "channels.slack.botToken", reference]).code(0);
}

/// openclaw#11268: `configure` writes the sentinel over secrets and numbers.
#[test]
fn se_07_sentinels_in_a_whole_file_are_refused() {
    let desired = base()
        .replace("fake-token-5d41402abc4b2a76", "__OPENCLAW_REDACTED__")
        .replace("${TELEGRAM_BOT_TOKEN}", "__OPENCLAW_REDACTED__")
        .replace("16384", "\"__OPENCLAW_REDACTED__\"");
    refuses_to_apply(
        &base(),
        &desired,
        &[
            "auth-token-dropped: `gateway.auth.token`",
            "placeholder-value: `channels.telegram.botToken`",
            "placeholder-value: `models.providers.house.models[id=large].maxTokens`",
        ],
    );
}

/// openclaw#16042: a number with `Tokens` in its name is redacted, and no start is possible.
#[test]
fn se_13_a_number_does_not_become_a_string() {
    let sandbox = Sandbox::config(base());
    let path = "models.providers.house.models[id=large].maxTokens";
    sandbox.fails(0, ["get", path]).prints("16384\n");
    sandbox.fails(3, ["set", path, "many"]).says("type-changed");
    sandbox.fails(3, ["set", path, "__OPENCLAW_REDACTED__"]).says("placeholder-value");
    sandbox.run(["set", path, "8192"]).code(0);
}

/// openclaw#11696: secrets of an included file stand in the root file after a write.
#[test]
fn se_16_included_secrets_are_not_inlined() {
    let root = "{\n  gateway: { mode: \"local\", port: 1 },\n  channels: { $include: \"./secrets.json\" },\n}\n";
    let secrets = "{ telegram: { botToken: \"fake-100200:telegram\" } }\n";
    let sandbox = Sandbox::config(root).with("secrets.json", secrets);
    sandbox.run(["set", "gateway.port", "2"]).code(0);
    sandbox.holds(&root.replace("port: 1", "port: 2"));
    assert_eq!(sandbox.text_of("secrets.json").unwrap(), secrets);

    let flat = "{ gateway: { mode: \"local\", port: 2 }, channels: { telegram: { botToken: \"fake-100200:telegram\" } } }";
    sandbox.untouched(|| {
        // What includes come to is what is wanted already.
        sandbox.invoke(["apply", "-"]).stdin(flat).run().code(0).says("nothing was written");
    });
    sandbox.fails(3, ["unset", "channels[\"$include\"]"]).says("include-flattened");
}
