//! TK, SE, FM: another program rewrites the file, under `exec`, and what it lost or replaced is put
//! back.

use std::fs;

use super::foreign::{exec, exec_unread, house, jq, leaves, python};
use crate::support::{Sandbox, TOKEN};

const OTHER: &str = "fake-token-9b1deb4d3b7d4bad";

fn debugging(text: &str) -> String {
    text.replace("\"info\"", "\"debug\"")
}

/// openclaw#20344: an app writes another token at each of its launches, hundreds of times in a session.
#[test]
fn tk_03_an_app_rewrites_the_block_at_each_launch() {
    let launch = format!(
        ".gateway.auth = {{mode: \"token\", token: \"{OTHER}\"}} | .logging.level = \"debug\""
    );
    // Each is healed while the app still runs, and the next one too; the report says it once.
    let until =
        format!("for i in $(seq 200); do grep -q {TOKEN} \"$1\" && break; sleep 0.01; done");
    let launch = format!("{}\n{until}\ngrep -q {TOKEN} \"$1\" || exit 9\n", jq(&launch));
    let sandbox = Sandbox::config(house());
    let run = exec(&sandbox, &[], &launch.repeat(3));
    run.code(0).never_says(OTHER).says("put back `gateway.auth.allowTailscale` (auth-block-lost)");
    let told = "put back the value of `gateway.auth.token` (auth-token-changed)";
    assert_eq!(run.everything().matches(told).count(), 1, "{run}");
    sandbox.holds(&debugging(&house()));
    // Who it was stays known.
    let list = sandbox.report(["history", "list"]);
    let records = list["records"].as_array().unwrap();
    assert!(
        records.iter().any(|r| r["kind"] == "foreign" && r["author"]["name"] == "sh"),
        "{list:#}"
    );
}

/// openclaw#20189: a wizard of a new app writes its own file over a live one.
#[test]
fn tk_04_a_wizard_overwrites_a_live_file() {
    let wizard = format!(
        "v = {{\"gateway\": {{\"mode\": \"local\", \"port\": 18800, \"bind\": \"lan\", \"auth\": {{\"mode\": \"token\", \"token\": \"{OTHER}\"}}}}, \
         \"wizard\": {{\"lastRun\": \"2026-02-17\"}}}}"
    );
    let with = house().replace("18789", "18800").replace(
        "  logging: { level: \"info\" },\n",
        "  logging: { level: \"info\" },\n  wizard: { lastRun: \"2026-02-17\" },\n",
    );
    let told =
        ["put back the value of `gateway.auth.token`", "put back `agents`", "put back `channels`"];
    leaves(&house(), &python(&wizard), &told, &with);
}

/// openclaw PR#18407: `configure` omits authentication on purpose, on loopback.
#[test]
fn tk_06_configure_omits_authentication() {
    let base = house().replace("\"lan\"", "\"loopback\"");
    let configure = jq("del(.gateway.auth) | .logging.level = \"debug\"");
    let told = ["put back `gateway.auth.token` (auth-token-dropped)", "put back `gateway.auth`"];
    leaves(&base, &configure, &told, &debugging(&base));
    // Who wants it says so, once.
    let sandbox = Sandbox::config(&base);
    exec(&sandbox, &["--allow", "auth-token-dropped,auth-block-lost"], &configure).code(0);
    let start = base.find("    auth: {").unwrap();
    let end = start + base[start..].find("    },\n").unwrap() + "    },\n".len();
    sandbox.holds(&debugging(&format!("{}{}", &base[..start], &base[end..])));
}

/// OpenRouterLabs/spawn#2570: four settings in a row, and the token is missing.
#[test]
fn tk_09_the_token_is_missing_after_other_settings() {
    let settings = [
        jq(".browser.enabled = true"),
        "cp \"$1\" read.json".to_owned(),
        jq(".browser.headless = true"),
        "cp \"$1\" read.json".to_owned(),
        jq(".browser.noSandbox = true | del(.gateway.auth.token)"),
        "cp \"$1\" read.json".to_owned(),
        jq(".browser.profile = \"house\""),
    ];
    let with = house().replace(
        "  logging: { level: \"info\" },\n",
        "  logging: { level: \"info\" },\n  browser: { enabled: true, headless: true, noSandbox: true, profile: \"house\" },\n",
    );
    leaves(&house(), &settings.join(" && "), &["put back `gateway.auth.token`"], &with);
    // The same by a program that only takes the line out.
    leaves(&house(), "sed -i '/^ *token:/d' \"$1\"", &["put back `gateway.auth.token`"], &house());
}

/// clawmetry#5782: a tool's own section, and a repair that rotates the token for it.
#[test]
fn tk_13_a_repair_rotates_the_token() {
    let repair = jq(&format!(".clawmetry = {{interval: 60}} | .gateway.auth.token = \"{OTHER}\""));
    let with = house().replace(
        "  logging: { level: \"info\" },\n",
        "  logging: { level: \"info\" },\n  clawmetry: { interval: 60 },\n",
    );
    let told = ["put back the value of `gateway.auth.token` (auth-token-changed)"];
    leaves(&house(), &repair, &told, &with);
}

/// openclaw#11355: the settings of the app put the mark of redaction over every secret, and numbers.
#[test]
fn se_10_marks_of_redaction_everywhere() {
    let change = r#"mark = "__OPENCLAW_REDACTED__"
v["gateway"]["auth"]["token"] = mark
v["channels"]["telegram"]["botToken"] = mark
v["channels"]["discord"] = {"token": mark, "maxTokens": mark}
v["gateway"]["port"] = 18790"#;
    let told = [
        "put back the value of `gateway.auth.token` (auth-token-dropped)",
        "put back the value of `channels.telegram.botToken` (placeholder-value)",
        "put back the value of `channels.discord.token` (placeholder-value)",
        "put back the value of `channels.discord.maxTokens` (placeholder-value)",
    ];
    leaves(&house(), &python(change), &told, &house().replace("18789", "18790"));
}

/// openclaw PR#75796: the gateway is down, and the app writes the mark itself.
#[test]
fn se_11_a_fallback_writes_the_mark_itself() {
    leaves(
        &house(),
        &jq(
            ".channels |= with_entries(if .key == \"discord\" then .key = \"__OPENCLAW_REDACTED__\" else . end)",
        ),
        &[
            "put back `channels.discord` (placeholder-value)",
            "removed `channels.__OPENCLAW_REDACTED__`",
        ],
        &house(),
    );
    // Where nothing stood before, nobody knows what it was: a person has to look.
    let sandbox = Sandbox::config(house());
    let hooks = jq(
        ".hooks = {token: \"__OPENCLAW_REDACTED__\"} | .gateway.auth.token = \"__OPENCLAW_REDACTED__\"",
    );
    let run = exec(&sandbox, &["--strict"], &hooks);
    run.code(3)
        .says("placeholder-value: `hooks.token`")
        .says("put back the value of `gateway.auth.token`");
    assert!(sandbox.text().contains(TOKEN));
}

/// openclaw#134169: the process has the mark and the disk the secret; there is nothing to heal.
#[test]
fn se_12_a_file_that_is_right_is_left_alone() {
    let sandbox = Sandbox::config(house());
    let migrate = "sed s/fake-discord-0123456789/__OPENCLAW_REDACTED__/ \"$1\" > runtime.json";
    sandbox.untouched(|| exec_unread(&sandbox, &["--strict"], migrate)).code(0).tells("");
    assert!(fs::read_to_string(sandbox.path("runtime.json")).unwrap().contains("_REDACTED_"));
}

/// openclaw#105683: `config set` strips the comments.
#[test]
fn fm_01_comments_come_back_with_the_new_value() {
    let told = ["re-dressed", "logging.level"];
    for script in [
        jq(".logging.level = \"debug\""),
        jq(".logging.level = \"debug\"").replace("jq ", "jq -c "),
        // All keys in another order.
        python("v[\"logging\"][\"level\"] = \"debug\""),
    ] {
        leaves(&house(), &script, &told, &debugging(&house()));
    }
}
