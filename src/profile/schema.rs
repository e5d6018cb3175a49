//! Tests: the published schema of profiles and the reader agree.

use super::{BUILTIN_NAMES, EventName, Profile};
use crate::finding::RULE_IDS;

const SCHEMA: &str = include_str!("../../schemas/profile.schema.json");
const CADDY: &str = include_str!("../../examples/profiles/caddy.toml");
const EXAMPLE: &str = include_str!("../../examples/profiles/acme-gateway.toml");

fn schema() -> serde_json::Value {
    serde_json::from_str(SCHEMA).expect("the schema is JSON")
}

/// The faults that the schema finds in a text that is TOML.
fn faults(text: &str) -> Vec<String> {
    let value: serde_json::Value = toml_edit::de::from_str(text).expect("good TOML");
    let validator = jsonschema::validator_for(&schema()).expect("a good schema");
    validator.iter_errors(&value).map(|error| error.to_string()).collect()
}

#[test]
fn the_schema_is_one() {
    assert!(jsonschema::meta::is_valid(&schema()));
}

#[test]
fn every_shipped_profile_is_valid() {
    for name in BUILTIN_NAMES {
        assert_eq!(faults(Profile::builtin_text(name).expect("known")), Vec::<String>::new());
    }
    assert_eq!(faults(EXAMPLE), Vec::<String>::new());
    assert_eq!(faults(CADDY), Vec::<String>::new());
    assert_eq!(Profile::parse(EXAMPLE).map(|profile| profile.name).as_deref(), Ok("acme-gateway"));
}

#[test]
fn the_schema_knows_every_kind_of_event() {
    let kinds = &schema()["properties"]["hooks"]["items"]["properties"]["on"]["items"]["enum"];
    assert_eq!(kinds, &serde_json::json!(EventName::ALL.map(EventName::as_str)));
}

#[test]
fn the_schema_knows_every_rule() {
    let rules = &schema()["properties"]["actions"]["propertyNames"]["enum"];
    assert_eq!(rules, &serde_json::json!(RULE_IDS));
}

/// Whether both take `rest` behind the lines that every profile has.
#[track_caller]
fn check(rest: &str, expected: bool) {
    let text = format!("version = 1\nname = \"acme\"\n{rest}");
    let faults = faults(&text);
    assert_eq!(faults.is_empty(), expected, "schema: {rest}\n{faults:?}");
    assert_eq!(Profile::parse(&text).is_ok(), expected, "reader: {rest}");
}

#[test]
fn both_accept_what_is_good() {
    check("", true);
    check("protected = ['a.b', 'a[\"b.c\"]']\ngateway-lock = 'none'", true);
    check("[auth]\nblock = 'a'\ntoken = 'a.t'\nremote = { path = 'm', value = 'r' }", true);
    check(
        "[[reload.table]]\nunmatched = 'hot'\ncontainers = 'refined'\nlive-auth = ['a.t']\ndisconnects = ['a.u']\n\
         mode = { path = 'm', off = ['o'], hot-only = ['h'], always = ['r'] }\n\
         actions = { one = ['a', 'b'], two = ['b'] }\n\
         [[reload.table.loaded]]\nchannels = ['x', '*']\nhot = ['c.<id>']\nactions = ['go <id>']",
        true,
    );
    check(
        "[reload.plugins]\nenabled = 'p.e'\nallow = 'p.a'\ndeny = 'p.d'\nentries = 'p.s'\n\
         channels = 'c'",
        true,
    );
    check("[probe]\nhttp = 'http://127.0.0.1:8080/ready'\ntimeout = '2s'\nwindow = '300ms'", true);
    check("[probe]\ntcp = '[::1]:80'", true);
    check("[probe]\ncommand = ['true']", true);
    check("[secrets]\npaths = ['a.*.b']\n[placeholders]\njunk = ['x']", true);
    check("[include]\nkey = '$include'\ndepth = 10", true);
    check("[actions]\nkeys-lost = 'audit'", true);
    check("[[hooks]]\non = ['healed']\nrun = ['a', '']\ntimeout = '5s'", true);
    check("[signal]\nkind = 'watched'", true);
    check("[signal]\nkind = 'process'\npid-file = '/a'\nprogram = '/b'\nsignal = 'USR1'", true);
    check("[signal]\nkind = 'systemd'\nunit = 'a.service'\nscope = 'user'", true);
    check("[signal]\nkind = 'command'\nrun = ['a', 'b']\ntimeout = '1s'", true);
    check("[signal]\nkind = 'http'\nurl = 'http://127.0.0.1:2019/load'\nbody = 'config'", true);
    check("[reload]\nversion = 'v'\n[[reload.table]]\nunmatched = 'hot'\nfrom = 'v1.2-3'", true);
}

#[test]
fn both_refuse_what_is_bad() {
    check("colour = 1", false);
    check("[probe]", false);
    check("[probe]\nhttp = 'https://127.0.0.1/'", false);
    check("[probe]\nhttp = 'http://u:p@127.0.0.1/'", false);
    check("[probe]\ntcp = 'localhost:80'", false);
    check("[probe]\ntcp = '127.0.0.1:80'\ncommand = ['true']", false);
    check("protected = 'a'", false);
    check("protected = ['.a']", false);
    check("protected = ['']", false);
    check("gateway-lock = 'flock'", false);
    check("[discovery]\nnames = ['a/b']", false);
    check("[discovery]\nnames = ['..']", false);
    check("[discovery]\nnames = ['']", false);
    check("[discovery]\nhome-variables = 'HOME'", false);
    check("[auth]\nblock = 'a'", false);
    check("[auth]\nblock = 'a'\ntoken = 'a.t'\nremote = { path = 'm' }", false);
    check("[secrets]\nendswith = []", false);
    check("[secrets]\ncontains = [' ']", false);
    check("[placeholders]\njunk = [1]", false);
    check("[include]\nkey = 'i'\ndepth = 0", false);
    check("[include]\nkey = 'i'", false);
    check("[shrink]\nbelow-percent = 101\nfrom-bytes = 1", false);
    check("[shrink]\nbelow-percent = 50\nfrom-bytes = -1", false);
    check("[actions]\nno-such-rule = 'warn'", false);
    check("[actions]\nkeys-lost = 'shout'", false);
    check("[[hooks]]\non = ['heal']\nrun = ['a']", false);
    check("[[hooks]]\non = []\nrun = ['a']", false);
    check("[[hooks]]\non = ['healed']\nrun = ['']", false);
    check("[[hooks]]\non = ['healed']\nrun = 'a'", false);
    check("[[hooks]]\non = ['healed']\nrun = ['a']\ntimeout = 5", false);
    check("[[hooks]]\non = ['healed']\nrun = ['a']\nshell = true", false);
    check("[signal]\nurl = 'http://127.0.0.1/'", false);
    check("[signal]\nkind = 'watched'\nrun = ['a']", false);
    check("[signal]\nkind = 'process'\npid-file = 'a'\nprogram = 'b'", false);
    check("[signal]\nkind = 'process'\npid-file = '/a'\nprogram = 'b/c'", false);
    check("[signal]\nkind = 'process'\npid-file = '/a'\nprogram = 'b'\nsignal = 'KILL'", false);
    check("[signal]\nkind = 'process'\npid-file = '/a'", false);
    check("[signal]\nkind = 'systemd'\nunit = '--force'", false);
    check("[signal]\nkind = 'systemd'\nunit = 'a b'", false);
    check("[signal]\nkind = 'command'\nrun = 'a'", false);
    check("[signal]\nkind = 'command'\nrun = []", false);
    check("[signal]\nkind = 'http'\nurl = 'https://127.0.0.1/'", false);
    check("[signal]\nkind = 'http'\nurl = 'http://10.0.0.1/'", false);
    check("[signal]\nkind = 'http'\nurl = 'http://127.0.0.1/'\nmethod = 'DELETE'", false);
    check(
        "[signal]\nkind = 'http'\nurl = 'http://127.0.0.1/'\nheader = { name = 'a b', file = '/c' }",
        false,
    );
    check("[[reload.table]]\nhot = []", false);
    check("[[reload.table]]\nunmatched = 'cold'", false);
    check("[[reload.table]]\nunmatched = 'hot'\nfrom = 'x'", false);
    check("[[reload.table]]\nunmatched = 'hot'\ncontainers = 'deep'", false);
    check("[[reload.table]]\nunmatched = 'hot'\nmode = { off = ['o'] }", false);
    check("[[reload.table]]\nunmatched = 'hot'\nactions = { a = 'b' }", false);
    check("[[reload.table]]\nunmatched = 'hot'\n[[reload.table.loaded]]\nhot = ['a']", false);
    check("[[reload.table]]\nunmatched = 'hot'\n[[reload.table.loaded]]\nchannels = []", false);
    check("[reload.plugins]\nenabled = 'p.e'", false);
}

#[test]
fn both_need_version_and_name() {
    for text in ["name = 'a'", "version = 1", "version = 2\nname = 'a'", "version = 1\nname = ''"] {
        assert!(!faults(text).is_empty() && Profile::parse(text).is_err(), "{text}");
    }
}
