//! FM: comments, commas, quotes, line ends.

use confwarden::compose::{Configuration, IncludeFaultKind, Part, Rules};
use confwarden::doc::{Document, Format};
use confwarden::finding::Action;
use confwarden::heal::{Context, Redress, heal, redress_root};
use confwarden::profile::Profile;

use crate::support::{GATEWAY, Sandbox};

/// openclaw#105683: `config set` strips every comment.
#[test]
fn fm_01_comments_stay() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "gateway.controlUi.enabled", "true"]).code(0);
    sandbox.run(["set", "agents.list[id=clerk].model", "tiny"]).code(0);
    sandbox.run(["unset", "gateway.controlUi"]).code(0);
    sandbox.holds(&GATEWAY.replace("\"small\"", "\"tiny\""));
}

/// The same by the gateway's own writer, which the library is asked about: it is reported, and the new
/// value goes into the text that has the comments.
#[test]
fn fm_01_a_foreign_rewrite_is_reported_and_dressed_again() {
    let single = |text: &str| {
        let document = Document::parse(text, Format::Json5).unwrap();
        let file = "/etc/gw/openclaw.json".into();
        Configuration::single(Part { file, document, mode: None, directory_mode: None })
    };
    let base = single(GATEWAY);
    let sandbox = Sandbox::config(GATEWAY.replace("\"small\"", "\"tiny\""));
    let theirs = single(sandbox.run(["get", "--reveal"]).code(0).stdout());
    let profile = Profile::builtin("openclaw").unwrap();
    let rules = Rules { key: None, depth: 0, roots: Vec::new() };
    let context = Context { profile: &profile, allow: &[], rules: &rules };
    let mut load = |file: &std::path::Path| Err(IncludeFaultKind::Missing(file.to_owned()));
    let healing = heal(&base, &theirs, &context, &mut load);
    assert_eq!(healing.put_back, []);
    let found: Vec<_> = healing.findings.iter().map(|f| (f.rule, f.action)).collect();
    assert_eq!(found, [("comments-lost", Action::Warn)]);
    let dressed = redress_root(&base, &theirs, &healing.configuration);
    let Redress::Dressed { document, lost } = dressed else { panic!("{dressed:?}") };
    assert_eq!(lost, []);
    assert_eq!(document.source(), GATEWAY.replace("\"small\"", "\"tiny\""));
}

/// cc-switch#6467: one key without quotes, and strict readers fail.
#[test]
fn fm_02_strict_json_stays_strict() {
    let text = "{\n  \"gateway\": {\n    \"mode\": \"local\"\n  },\n  \"list\": [\n    1\n  ]\n}\n";
    let sandbox = Sandbox::config(text);
    sandbox.run(["set", "gateway.bind", "loopback"]).code(0);
    sandbox
        .run(["set", "models.providers.house", "{ baseUrl: 'http://x.example', on: true }"])
        .code(0);
    sandbox.run(["set", "list[+]", "{ id: 'a' }"]).code(0);
    sandbox.run(["mv", "gateway.bind", "gateway.customBindHost"]).code(0);
    let value: serde_json::Value = serde_json::from_str(&sandbox.text()).unwrap();
    assert_eq!(value["models"]["providers"]["house"]["on"], true);
    assert_eq!(value["list"][1]["id"], "a");
}

/// openclaw#13186: a doubled `},` and the gateway dies without a message.
#[test]
fn fm_04_doubled_bracket_has_a_place() {
    let sandbox = Sandbox::config("{\n  a: {\n    b: 1,\n  },\n  },\n  c: 2,\n}\n");
    sandbox.fails(4, ["set", "a.b", "2"]).says("line 5, column 4").says("closing bracket");
    let sandbox = Sandbox::config("{\n  a: 1,,\n  c: 2,\n}\n");
    sandbox.fails(4, ["get"]).says("a second `,` follows the first one at line 2, column 8");
}

/// openclaw#106847: an insertion loses comments and line ends.
#[test]
fn fm_07_insertion_keeps_comments_and_crlf() {
    let text =
        "{\r\n\t// top\r\n\ta: {\r\n\t\tb: 1, // one\r\n\t\t// dangling\r\n\t}, // end\r\n}\r\n";
    let sandbox = Sandbox::config(text);
    sandbox.run(["set", "a.c", "2", "d", "[1]"]).code(0);
    let after = sandbox.text();
    assert!(!after.replace("\r\n", "").contains(['\n', '\r']), "{after:?}");
    for kept in ["\t// top\r\n", "\t\tb: 1, // one\r\n", "\t\t// dangling\r\n", "\t}, // end\r\n"] {
        assert!(after.contains(kept), "{kept:?} in {after:?}");
    }
    assert!(after.contains("\t\tc: 2,\r\n"), "{after:?}");
}
