//! `check`: whether a configuration may be deployed, before it is.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::Value;

use crate::support::{GATEWAY, Run, Sandbox, TOKEN, tools};

const BAD: &str = "\
{
  gateway: {
    prot: 18789,
    mode: \"loc\",
    auth: { mode: \"token\", token: \"fake-token-5d41402abc4b2a76\" },
  },
  clawmetry: {},
}
";

/// The report of a check as JSON, after its schema.
#[track_caller]
fn report(run: &Run) -> Value {
    let report: Value = serde_json::from_str(run.stdout()).expect("one JSON value");
    let schema = include_str!("../../schemas/check.v1.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    let fault = jsonschema::validate(&schema, &report).err().map(|fault| fault.to_string());
    assert_eq!(fault, None, "{report}");
    assert_eq!(run.ended(), Some(i32::try_from(report["exit"].as_u64().unwrap()).unwrap()));
    report
}

/// The findings of the only file, as `line:column rule path`.
#[track_caller]
fn findings(sandbox: &Sandbox, arguments: &[&str]) -> Vec<String> {
    let arguments = [&["--output", "json", "check"], arguments].concat();
    let report = report(sandbox.run(&arguments).never_says(TOKEN));
    let findings = report["files"][0]["findings"].as_array().unwrap().iter();
    let told = findings.filter(|one| one["action"] != "audit").map(|one| {
        let path = one["path"].as_str().unwrap_or("-");
        format!("{}:{} {} {path}", one["line"], one["column"], one["rule"].as_str().unwrap())
    });
    told.collect()
}

#[test]
fn a_good_file_is_one_line_or_nothing() {
    let sandbox = Sandbox::config(GATEWAY);
    let file = sandbox.config_path().display().to_string();
    sandbox.untouched(|| {
        sandbox.run(["check"]).code(0).prints(&format!("{file}: ok\n")).tells("");
        sandbox.run(["check", &file]).code(0).prints(&format!("{file}: ok\n"));
        sandbox.run(["--quiet", "check"]).code(0).prints("").tells("");
    });
    assert_eq!(findings(&sandbox, &[]), [] as [&str; 0]);
}

#[test]
fn every_fault_has_its_rule_and_its_place() {
    let sandbox = Sandbox::config(BAD);
    assert_eq!(
        findings(&sandbox, &[]),
        ["3:5 unknown-key gateway.prot", "4:5 schema gateway.mode", "7:3 unknown-key clawmetry",]
    );
    let run = sandbox.run(["check"]);
    run.code(1)
        .shows("3:5      error unknown-key: `gateway.prot` is no key")
        .shows("`port`, most likely");
    run.shows(": 3 errors\n").tells("");
    // Somebody may know better.
    let allowed = sandbox.run(["check", "--allow", "unknown-key,schema"]);
    allowed.code(0).shows(": 3 warnings\n");
    let strict = sandbox.run(["check", "--allow", "unknown-key,schema", "--fail-on", "warning"]);
    strict.code(1);
    sandbox.run(["check", "--allow", "no-such-rule"]).code(2);
}

/// openclaw#13186: a doubled brace, and the gateway ends without a word.
#[test]
fn fm_04_a_text_that_does_not_parse_is_a_finding_with_its_place() {
    let sandbox = Sandbox::config("{\n  gateway: { port: 1 },\n  },\n}\n");
    assert_eq!(findings(&sandbox, &[]), ["3:4 syntax -"]);
    sandbox.run(["check"]).code(1).shows("3:4      error syntax: ");
}

/// openclaw-termux#88, LobsterAI#1596, jzOcb/config-guard: wrong shapes and private keys.
#[test]
fn fm_08_mg_12_ag_03_what_the_gateway_would_refuse_is_refused_before() {
    for (text, expected) in [
        ("{ gateway: { mode: 'local' }, channels: [] }", "schema channels"),
        ("{ gateway: { mode: 'local' }, _agentBinding: 1 }", "unknown-key _agentBinding"),
        (
            "{ gateway: { mode: 'local', auth: { fallbacks: [] } } }",
            "unknown-key gateway.auth.fallbacks",
        ),
        ("{ gateway: { mode: 'local', port: '18789' } }", "schema gateway.port"),
        ("{ gateway: { mode: 'local', trustedProxies: 'all' } }", "schema gateway.trustedProxies"),
    ] {
        let sandbox = Sandbox::config(text);
        let found = findings(&sandbox, &[]);
        assert!(found.iter().any(|one| one.ends_with(expected)), "{text}: {found:?}");
    }
}

/// openclaw#13756, #139494, #16042: what stands for a token and is none; a number that became a mark.
#[test]
fn jv_01_jv_02_jv_04_se_13_junk_is_found_before_it_is_deployed() {
    for junk in ["undefined", "null", "[object Object]", "__OPENCLAW_REDACTED__", "***"] {
        let sandbox = Sandbox::config(GATEWAY.replace(TOKEN, junk));
        let found = findings(&sandbox, &[]);
        let is_found = |one: &String| one.ends_with("placeholder-value gateway.auth.token");
        assert!(found.iter().any(is_found), "{junk}: {found:?}");
    }
    let sandbox = Sandbox::config(GATEWAY.replace("18789", "\"__OPENCLAW_REDACTED__\""));
    let found = findings(&sandbox, &[]);
    assert!(found.iter().any(|one| one.ends_with("schema gateway.port")), "{found:?}");
}

#[test]
fn against_another_the_step_is_judged_and_its_cost_is_told() {
    let sandbox = Sandbox::config(GATEWAY);
    let next = sandbox.path("next.json5");
    fs::write(
        &next,
        GATEWAY.replace(TOKEN, "fake-token-9b1deb4d3b7d4bad").replace("18789", "18790"),
    )
    .unwrap();
    fs::set_permissions(&next, fs::Permissions::from_mode(0o600)).unwrap();
    let next = next.display().to_string();
    assert_eq!(findings(&sandbox, &[&next]), [] as [&str; 0]);
    let base = sandbox.config_path().display().to_string();
    let found = findings(&sandbox, &[&next, "--against", &base]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].ends_with("auth-token-changed gateway.auth.token"), "{found:?}");
    let run = sandbox.run(["check", &next, "--against", &base]);
    run.code(1)
        .shows("restart  changed gateway.port")
        .shows("auth     changed gateway.auth.token")
        .shows("restarts the gateway: ");
    run.never_says("fake-token");
}

/// A base that nobody can read is no base that was not asked for.
#[test]
fn wp_06_a_base_that_does_not_parse_is_an_error_and_not_an_empty_one() {
    let sandbox = Sandbox::config(GATEWAY).with("base.json5", "{ gateway: ");
    let base = sandbox.path("base.json5").display().to_string();
    sandbox.run(["check", "--against", &base]).code(4).prints("").says("does not parse");
    sandbox.run(["check", "--against", "/no/such/base"]).code(9);
}

#[test]
fn a_profile_that_is_no_good_is_told_for_a_directory_too() {
    let sandbox = Sandbox::config(GATEWAY).with("bad.toml", "version = 7\n");
    let (profile, directory) = (sandbox.path("bad.toml"), sandbox.path(""));
    let arguments = ["--profile", profile.to_str().unwrap(), "check", directory.to_str().unwrap()];
    sandbox.run(arguments).code(9).says("could not use the profile");
}

/// The version stands in the file; a key that only another release knows is an unknown one.
#[test]
fn mg_08_keys_of_another_release_are_found() {
    let text = |version: &str| {
        format!(
            "{{ meta: {{ lastTouchedVersion: '{version}' }}, gateway: {{ mode: 'local', \
             channelHealthCheckMinutes: 5 }} }}"
        )
    };
    assert_eq!(findings(&Sandbox::config(text("2026.3.8")), &[]), [] as [&str; 0]);
    let found = findings(&Sandbox::config(text("2026.9.6")), &[]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].ends_with("unknown-key gateway.channelHealthCheckMinutes"));
    // Nobody says which: what any release knows is known.
    assert_eq!(findings(&Sandbox::config(text("dev")), &[]), [] as [&str; 0]);
}

#[test]
fn another_schema_is_taken_and_its_unusable_parts_are_told_once() {
    let schema = r##"{ "type": "object", "additionalProperties": false, "properties": {
        "a": { "pattern": "(" }, "b": { "$ref": "#/gone" }, "c": { "type": "string" } } }"##;
    let sandbox = Sandbox::config("{ a: 'x', b: 1, c: 2, d: 3 }").with("schema.json", schema);
    let schema = sandbox.path("schema.json").display().to_string();
    let generic = sandbox.always(&["--profile", "generic", "--config"]);
    let file = generic.config_path().display().to_string();
    let run = generic.run([&file, "--output", "json", "check", "--schema", &schema]);
    let report = report(run.code(1));
    assert_eq!(report["unusable"].as_array().unwrap().len(), 2, "{report}");
    let paths = report["files"][0]["findings"].as_array().unwrap().iter();
    let paths: Vec<&str> = paths.map(|one| one["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["c", "d"]);
    for text in ["", "7", "{\"hello\": 1}"] {
        fs::write(&schema, text).unwrap();
        let run = generic.run([&file, "check", "--schema", &schema]);
        run.code(9).says("could not use the schema");
    }
}

#[test]
fn directories_are_looked_through_and_links_do_not_lead_around() {
    let sandbox =
        Sandbox::config(GATEWAY).with("sites/a/openclaw.json", BAD).with("sites/b.json5", GATEWAY);
    let sites = sandbox.path("sites");
    symlink("..", sites.join("a/around")).unwrap();
    fs::write(sites.join("notes.txt"), "{").unwrap();
    fs::create_dir(sites.join("empty")).unwrap();
    let run = sandbox.run(["check", "--output", "json", sites.to_str().unwrap()]);
    let report = report(run.code(1));
    let files = report["files"].as_array().unwrap().iter();
    let files: Vec<&str> = files.map(|one| one["file"].as_str().unwrap()).collect();
    let expected = [sites.join("a/openclaw.json"), sites.join("b.json5")];
    assert_eq!(files, expected.each_ref().map(|path| path.to_str().unwrap()));
    let run = sandbox.run(["check", sites.join("empty").to_str().unwrap()]);
    run.code(9).says("there is no configuration below");
    sandbox.run(["check", sites.join("gone").to_str().unwrap()]).code(9);
}

#[test]
fn a_fault_in_an_included_file_is_told_in_that_file() {
    let sandbox = Sandbox::config("{ gateway: { $include: './gw.json5' } }")
        .with("gw.json5", "{\n  mode: 'local',\n  prot: 1,\n}\n");
    let run = sandbox.run(["--output", "json", "check"]);
    let report = report(run.code(1));
    let found = report["files"][0]["findings"].as_array().unwrap();
    let found = found.iter().find(|one| one["rule"] == "unknown-key").unwrap();
    assert_eq!((&found["line"], &found["column"]), (&3.into(), &3.into()));
    assert_eq!(found["file"], sandbox.path("gw.json5").to_str().unwrap());
}

#[test]
fn other_tools_read_what_they_are_given() {
    let sandbox = Sandbox::config(BAD);
    let file = sandbox.config_path().display().to_string();
    let told = |format: &str| {
        let run = sandbox.run(["check", "--output", format]);
        run.code(1).never_says(TOKEN).tells("").stdout().to_owned()
    };
    let lines = told("github");
    let first = lines.lines().next().unwrap();
    assert!(first.starts_with(&format!(
        "::error file={file},line=3,col=5,title=unknown-key::`gateway.prot`"
    )));
    assert_eq!(lines.lines().count(), 3);

    let sarif: Value = serde_json::from_str(&told("sarif")).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["region"], serde_json::json!({ "startLine": 3, "startColumn": 5 }));
    assert_eq!(place["artifactLocation"]["uri"], file);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in results {
        assert!(rules.iter().any(|rule| rule["id"] == result["ruleId"]), "{result}");
    }

    let gitlab: Value = serde_json::from_str(&told("gitlab")).unwrap();
    let issues = gitlab.as_array().unwrap();
    let prints: std::collections::BTreeSet<&str> =
        issues.iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
    assert_eq!((issues.len(), prints.len()), (3, 3));

    let junit = told("junit");
    if tools(&["python3"]) {
        let read = "import sys, xml.etree.ElementTree as t; r = t.fromstring(sys.stdin.buffer.read()); \
                    print(r.tag, r.get('tests'), len(r.findall('.//failure')))";
        let mut python = std::process::Command::new("python3");
        python.args(["-c", read]).stdin(std::process::Stdio::piped());
        let mut python = python.stdout(std::process::Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut python.stdin.take().unwrap(), junit.as_bytes()).unwrap();
        let read = python.wait_with_output().unwrap().stdout;
        assert_eq!(String::from_utf8(read).unwrap(), "testsuites 3 3\n");
    }
    // What is good is told too.
    let good = Sandbox::config(GATEWAY);
    good.run(["check", "--output", "junit"]).code(0).shows("tests=\"1\"").shows("name=\"ok\"");
    good.run(["check", "--output", "github"]).code(0).prints("");
    good.run(["check", "--output", "gitlab"]).code(0).prints("[]\n");
    // No other command has these forms.
    good.run(["get", "--output", "sarif"]).code(2).prints("").says("only `check`");
}

/// A secret at every place where one may stand, also where none belongs.
#[test]
fn no_output_shows_a_value() {
    let canary = "canary-4f1c9ab27d00";
    let text = format!(
        "{{ gateway: {{ port: '{canary}', mode: '{canary}', bind: '{canary}', auth: {{ token: 7, \
         password: ['{canary}'], mode: '{canary}' }}, remote: '{canary}' }}, env: '{canary}', \
         unknown: '{canary}', secrets: {{ providers: {{ a: {{ source: '{canary}' }} }} }} }} // {canary}\n"
    );
    let sandbox = Sandbox::config(text).with("base.json5", GATEWAY);
    let base = sandbox.path("base.json5").display().to_string();
    for format in ["text", "json", "sarif", "github", "gitlab", "junit"] {
        for arguments in
            [&["check", "--output", format][..], &["check", "--output", format, "--against", &base]]
        {
            let run = sandbox.run(arguments);
            run.code(1).never_says(canary).never_says(TOKEN);
            assert!(run.stdout().contains("gateway.port"), "{run}");
        }
    }
}
