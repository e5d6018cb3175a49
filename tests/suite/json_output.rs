//! `--output json`: every command and every ending is one object after the schema.

use confwarden::fs::{LockGuard, Target, Wait};
use serde_json::{Value, json};

use crate::support::{GATEWAY, Sandbox};

/// Status, exit code and its name.
#[track_caller]
fn check(report: &Value, command: &str, status: &str, code: i32, name: &str) {
    assert_eq!(report["command"], command, "{report:#}");
    assert_eq!(report["status"], status, "{report:#}");
    assert_eq!(report["exit"], json!({"code": code, "name": name}), "{report:#}");
}

#[test]
fn every_command_reports() {
    let sandbox = Sandbox::config(GATEWAY)
        .with("p.json5", "{ logging: { level: 'debug' } }")
        .with("d.json5", GATEWAY.replace("18789", "18790"));
    let (patch, desired) = (sandbox.path("p.json5"), sandbox.path("d.json5"));
    let (patch, desired) = (patch.to_str().unwrap(), desired.to_str().unwrap());
    check(&sandbox.report(["get"]), "get", "ok", 0, "ok");
    check(&sandbox.report(["set", "logging.level", "warn"]), "set", "written", 0, "ok");
    check(&sandbox.report(["unset", "agents.list[1].model"]), "unset", "written", 0, "ok");
    check(&sandbox.report(["mv", "logging.level", "logging.file"]), "mv", "written", 0, "ok");
    check(&sandbox.report(["patch", patch]), "patch", "written", 0, "ok");
    check(&sandbox.report(["apply", desired]), "apply", "written", 0, "ok");
    check(&sandbox.report(["diff", desired]), "diff", "ok", 0, "ok");
    check(&sandbox.report(["history", "list"]), "history", "ok", 0, "ok");
    check(&sandbox.report(["history", "show"]), "history", "ok", 0, "ok");
    check(&sandbox.report(["history", "diff"]), "history", "ok", 0, "ok");
    check(&sandbox.report(["history", "prune"]), "history", "ok", 0, "ok");
    check(&sandbox.report(["history", "prune", "--dry-run"]), "history", "planned", 0, "ok");
    check(&sandbox.report(["restore", "1"]), "restore", "written", 0, "ok");
    check(&sandbox.report(["status"]), "status", "ok", 0, "ok");
    check(&sandbox.report(["restore", "--undo", "2"]), "restore", "unchanged", 0, "ok");
    let edit = sandbox.invoke(["edit", "--output", "json"]).env("EDITOR", "sed -i s/18789/3/");
    check(&edit.run().report(), "edit", "written", 0, "ok");
    let exec = ["exec", "--output", "json", "--", "sed", "-i", "s/info/warn/"];
    let exec = sandbox.run(exec.iter().chain(&[sandbox.config_path().to_str().unwrap()]));
    check(&exec.report_beside(), "exec", "written", 0, "ok");
    check(&sandbox.report(["explain"]), "explain", "ok", 0, "ok");
    check(&sandbox.report(["explain", "keys-lost"]), "explain", "ok", 0, "ok");
}

#[test]
fn every_ending_reports() {
    let sandbox = Sandbox::config(GATEWAY);
    let port = ["set", "gateway.port", "1"];
    let with = |more: &[&'static str]| sandbox.report([port.as_slice(), more].concat());
    check(&with(&["--dry-run"]), "set", "planned", 0, "ok");
    check(&sandbox.report(["unset", "gateway.auth"]), "unset", "refused", 3, "refused");
    check(&sandbox.report(["get", "nothing"]), "get", "error", 4, "invalid");
    check(&sandbox.report(["set", "gateway.port.x", "1"]), "set", "error", 4, "invalid");
    check(&with(&["--allow", "nothing"]), "set", "error", 2, "usage");
    check(&with(&["--profile", "nothing"]), "set", "error", 9, "setup");
    check(&with(&["--config", "nowhere.json"]), "set", "error", 9, "setup");
    let target = Target::resolve(sandbox.config_path()).unwrap();
    let guard = LockGuard::acquire(target, Wait::No, "confwarden set").unwrap();
    check(&with(&["--lock-timeout", "0s"]), "set", "error", 5, "locked");
    drop(guard);
    check(&with(&[]), "set", "written", 0, "ok");
    check(&with(&[]), "set", "unchanged", 0, "ok");
    assert_eq!(sandbox.report(["nonsense"])["command"], Value::Null);
}

/// The endings of the commands that run, edit and bring back.
#[test]
fn every_ending_of_programs_edits_and_the_past_reports() {
    let sandbox = Sandbox::config(GATEWAY);
    let config = sandbox.config_path().to_str().unwrap();
    let exec = |options: &[&str], script: &str| {
        let words = ["--output", "json", "exec"];
        let command = ["--", "sh", "-c", script, "sh", config];
        sandbox.run([words.as_slice(), options, &command].concat()).report_beside()
    };
    let edit = |editor: &str, answers: &str| {
        let run = sandbox.invoke(["--output", "json", "edit"]).env("EDITOR", editor);
        run.stdin(answers).run()
    };
    let damage = "sed -i /token:/d \"$1\"";
    check(&exec(&[], "exit 7"), "exec", "unchanged", 7, "program");
    check(&exec(&[], damage), "exec", "healed", 0, "ok");
    check(&exec(&["--strict"], damage), "exec", "healed", 3, "refused");
    let report = exec(&["--deny"], damage);
    check(&report, "exec", "refused", 3, "refused");
    let report = exec(&[], ": > \"$1\"; kill -KILL $$");
    assert_eq!((&report["exec"]["code"], &report["exec"]["signal"]), (&Value::Null, &json!(9)));
    assert_eq!(report["exec"]["set_aside"][0]["bytes"], 0, "{report:#}");
    let missing = sandbox.report(["exec", "--", "no-such-program"]);
    check(&missing, "exec", "error", 9, "setup");
    check(&sandbox.report(["exec", "--dry-run", "--", "true"]), "exec", "error", 2, "usage");

    check(&edit("true", "").report(), "edit", "unchanged", 0, "ok");
    check(&edit("false", "").report(), "edit", "error", 9, "setup");
    // What goes on before the end is for the person at the editor.
    let refused = edit("sed -i /token:/d", "");
    check(&refused.last_report(), "edit", "refused", 3, "refused");
    check(&edit("sed -i s/local/\\\"/", "").last_report(), "edit", "error", 4, "invalid");

    for (arguments, status, code, name) in [
        (["restore", "1"].as_slice(), "unchanged", 0, "ok"),
        (&["restore", "99"], "error", 4, "invalid"),
        (&["history", "show", "99"], "error", 4, "invalid"),
        (&["history", "diff", "99"], "error", 4, "invalid"),
    ] {
        check(&sandbox.report(arguments.iter().copied()), arguments[0], status, code, name);
    }
    for snapshot in crate::history::snapshots(&sandbox) {
        std::fs::write(snapshot, "{}").unwrap();
    }
    check(&sandbox.report(["restore", "1"]), "restore", "error", 9, "setup");
    std::fs::write(sandbox.config_path(), "{").unwrap();
    check(&sandbox.report(["status"]), "status", "ok", 0, "ok");
}

#[test]
fn a_write_reports_changes_files_and_classes() {
    let sandbox = Sandbox::config(GATEWAY);
    let report = sandbox.report(["set", "gateway.port", "1", "gateway.note", "{a: [1]}"]);
    let config = sandbox.config_path().to_str().unwrap();
    assert_eq!(report["config"], config);
    assert_eq!(report["profile"], "openclaw");
    assert_eq!(report["files"][0]["file"], config);
    assert_eq!(report["files"][0]["publication"], "atomic");
    assert!(report["files"][0]["diff"].as_str().unwrap().contains("+    port: 1, //"));
    assert_eq!(
        report["changes"][0],
        json!({"path": "gateway.port", "kind": "changed", "class": "restart",
               "uptake": "restart", "actions": [], "before": 18789, "after": 1})
    );
    assert_eq!(report["changes"][1]["kind"], "added");
    assert_eq!(report["changes"][1]["before"], Value::Null);
}

#[test]
fn a_plan_names_no_publication() {
    let sandbox = Sandbox::config(GATEWAY);
    let report = sandbox.report(["set", "gateway.port", "1", "--dry-run"]);
    assert_eq!(report["files"][0]["publication"], Value::Null);
}

#[test]
fn a_refusal_names_rule_path_place_and_flag() {
    let sandbox = Sandbox::config(GATEWAY);
    let report = sandbox.report(["unset", "gateway.auth.token"]);
    let findings = report["findings"].as_array().unwrap();
    let finding = findings.iter().find(|f| f["rule"] == "auth-token-dropped").unwrap();
    assert_eq!(finding["path"], "gateway.auth.token");
    assert_eq!(finding["action"], "deny");
    assert_eq!(finding["origin"], "write");
    assert_eq!(finding["line"], 10);
    assert_eq!(finding["allow"], "--allow auth-token-dropped");
    assert_eq!(report["error"], Value::Null);
}

#[test]
fn what_nothing_allows_has_no_flag() {
    let sandbox = Sandbox::config(GATEWAY);
    let report = sandbox.report(["set", "gateway.auth.token", "undefined"]);
    check(&report, "set", "refused", 3, "refused");
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.iter().any(|f| f["action"] == "deny" && f["allow"] == Value::Null));
}

#[test]
fn an_error_has_its_causes_hints_and_place() {
    let sandbox = Sandbox::config("{\n  a: 1\n  b: 2\n}\n");
    let report = sandbox.report(["get"]);
    check(&report, "get", "error", 4, "invalid");
    let error = &report["error"];
    assert_eq!(error["file"], sandbox.config_path().to_str().unwrap());
    assert_eq!((&error["line"], &error["column"]), (&json!(3), &json!(3)));
    assert_eq!(error["causes"].as_array().unwrap().len(), 1);
    assert!(error["hints"][0].as_str().unwrap().contains("comma"));
}

#[test]
fn output_json_is_heeded_wherever_it_stands() {
    let sandbox = Sandbox::empty();
    for arguments in [
        ["--output", "json", "nonsense"].as_slice(),
        &["nonsense", "--output", "json"],
        &["get", "--nonsense", "--output=json"],
    ] {
        assert_eq!(sandbox.run(arguments).report()["exit"]["name"], "usage");
    }
    let run = sandbox.run(["nonsense", "--", "--output", "json"]);
    run.code(2).prints("");
}

#[test]
fn the_schema_rejects_what_is_no_report() {
    let schema: Value =
        serde_json::from_str(include_str!("../../schemas/report.v1.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let good = Sandbox::config(GATEWAY).report(["unset", "gateway.auth.token"]);
    assert!(schema.is_valid(&good));
    for (pointer, bad) in [
        ("/schema", json!("confwarden.report.v2")),
        ("/status", json!("done")),
        ("/status", json!("written")),
        ("/exit", json!({"code": 3, "name": "ok"})),
        ("/exit/code", json!(7)),
        ("/findings", json!([])),
        ("/findings/0/allow", json!("--force")),
        ("/findings/0/line", json!(0)),
        ("/changes/0/class", json!("cold")),
        ("/changes/0/kind", Value::Null),
        ("/notices", json!([""])),
    ] {
        let mut report = good.clone();
        *report.pointer_mut(pointer).unwrap() = bad;
        assert!(!schema.is_valid(&report), "{pointer}");
    }
    let mut more = good.clone();
    more["more"] = json!(1);
    assert!(!schema.is_valid(&more));
    let mut less = good;
    less.as_object_mut().unwrap().remove("value");
    assert!(!schema.is_valid(&less));
}
