//! What all rules promise together, on generated configurations.

use proptest::prelude::*;

use super::rules::testing::{openclaw, single};
use super::{Scope, Transition, Verdict, judge, judge_changes, rules};
use crate::finding::{Action, Finding, Origin};

/// Keys that rules look at, and some that none does.
const KEYS: &[&str] = &[
    "gateway",
    "auth",
    "token",
    "password",
    "mode",
    "bind",
    "rateLimit",
    "meta",
    "agents",
    "list",
    "entries",
    "id",
    "channels",
    "botToken",
    "hooks",
    "headers",
    "a",
    "b",
    "'odd.key'",
    "__OPENCLAW_REDACTED__",
    "$include",
];

/// Values that rules look at, and some that none does.
const VALUES: &[&str] = &[
    "1",
    "0.5",
    "true",
    "null",
    "''",
    "'  '",
    "'undefined'",
    "'[object Object]'",
    "'***'",
    "'__OPENCLAW_REDACTED__'",
    "'${VAR}'",
    "'Bearer ${VAR}'",
    "'$VAR'",
    "'$${VAR}'",
    "'token'",
    "'none'",
    "'lan'",
    "'loopback'",
    "'remote'",
    "'4f1c9ab27d'",
    "'main'",
    "'ops'",
    "{ source: 'env', provider: 'default', id: 'VAR' }",
];

/// What is no token, as JSON5; nothing for one that is not there.
const NO_TOKENS: &[Option<&str>] = &[
    None,
    Some("null"),
    Some("''"),
    Some("' '"),
    Some("'undefined'"),
    Some("'NaN'"),
    Some("'[object Object]'"),
    Some("'__OPENCLAW_REDACTED__'"),
    Some("'\\u0000'"),
    Some("7"),
    Some("[]"),
    Some("{}"),
];

/// The text of a value: duplicate keys and elements with the same `id` are among them.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(VALUES).prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            3 => members(inner.clone()).prop_map(|members| format!("{{ {members} }}")),
            1 => prop::collection::vec(inner, 0..4)
                .prop_map(|elements| format!("[{}]", elements.join(", "))),
        ]
    })
}

fn members(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let member =
        (prop::sample::select(KEYS), value).prop_map(|(key, value)| format!("{key}: {value}"));
    prop::collection::vec(member, 0..6).prop_map(|members| members.join(", "))
}

/// The members of a gateway and of the rest of the file.
fn parts() -> impl Strategy<Value = (String, String, String)> {
    (members(value()), members(value()), members(value()))
}

fn scope() -> impl Strategy<Value = Scope> {
    prop::sample::select(vec![Scope::Paths, Scope::WholeFile])
}

fn findings(base: Option<&str>, candidate: &str, scope: Scope) -> Vec<Finding> {
    let (base, candidate) = (base.map(single), single(candidate));
    let transition = Transition { base: base.as_ref(), candidate: &candidate, scope };
    judge(&transition, &openclaw())
}

fn denied(base: &str, candidate: &str, scope: Scope) -> Vec<Finding> {
    let mut found = findings(Some(base), candidate, scope);
    found.retain(|finding| finding.action == Action::Deny);
    found
}

proptest! {
    #[test]
    fn a_write_that_changes_nothing_is_never_refused((auth, gateway, rest) in parts(), scope in scope()) {
        let file = format!("{{ {rest}, gateway: {{ {gateway}, auth: {{ {auth} }} }} }}")
            .replace(" , ", " ");
        prop_assert_eq!(denied(&file, &file, scope), []);
    }

    #[test]
    fn an_unrelated_edit_is_never_refused(
        (auth, gateway, rest) in parts(),
        before in 0_u32..9,
        after in 0_u32..9,
        scope in scope(),
    ) {
        let file = |level: u32| {
            let level = if level == 0 { String::new() } else { format!("level: 'l{level}',") };
            format!(
                "{{ logging: {{ {level} file: 'x' }}, {rest}, gateway: {{ {gateway}, auth: {{ {auth} }} }} }}"
            )
            .replace(" , ", " ")
        };
        prop_assert_eq!(denied(&file(before), &file(after), scope), []);
    }

    #[test]
    fn a_lost_token_is_refused_and_a_junk_one_whatever_is_allowed(
        (auth, gateway, rest) in parts(),
        lost in prop::sample::select(NO_TOKENS),
        scope in scope(),
    ) {
        let file = |token: Option<&str>| {
            // The last one counts: what was generated before it is dead.
            let token = token.map(|token| format!("token: {token}")).unwrap_or_default();
            format!("{{ {rest}, gateway: {{ {gateway}, auth: {{ {auth}, {token} }} }} }}")
                .replace(" , ", " ")
        };
        // A generated token would take the place of the one left out.
        prop_assume!(lost.is_some() || !auth.contains("token: "));
        let found = findings(Some(&file(Some("'4f1c9ab27d'"))), &file(lost), scope);
        let dropped = |finding: &Finding| finding.rule == "auth-token-dropped";
        prop_assert!(found.iter().any(|f| dropped(f) && f.action == Action::Deny), "{:?}", found);
        let every: Vec<&str> = rules().map(|doc| doc.id).collect();
        let verdict = Verdict::of(found, &every).unwrap();
        prop_assert_eq!(verdict.denied().any(dropped), lost.is_some());
    }

    #[test]
    fn a_look_at_the_changes_sees_all_that_a_write_brings(
        one in parts(), other in parts(), same in any::<bool>(), scope in scope(),
    ) {
        let file = |(auth, gateway, rest): &(String, String, String)| {
            single(&format!("{{ {rest}, gateway: {{ {gateway}, auth: {{ {auth} }} }} }}").replace(" , ", " "))
        };
        // Half of the writes leave most of the file alone.
        let other = if same { (other.0, one.1.clone(), one.2.clone()) } else { other };
        let (base, candidate) = (file(&one), file(&other));
        let transition = Transition { base: Some(&base), candidate: &candidate, scope };
        let plain = |findings: Vec<Finding>| -> Vec<Finding> {
            let brought = findings.into_iter().filter(|finding| finding.origin == Origin::Write);
            brought.map(|finding| Finding { location: None, ..finding }).collect()
        };
        let all = plain(judge(&transition, &openclaw()));
        prop_assert_eq!(plain(judge_changes(&transition, &openclaw())), all);
    }

    #[test]
    fn no_finding_quotes_a_value((auth, gateway, rest) in parts(), other in parts(), scope in scope()) {
        const CANARY: &str = "k4n4r1-9d2c";
        let file = |(auth, gateway, rest): &(String, String, String)| {
            format!("{{ {rest}, gateway: {{ {gateway}, auth: {{ {auth} }} }} }}")
                .replace(" , ", " ")
                .replace("'4f1c9ab27d'", &format!("'{CANARY}'"))
                .replace("'none'", &format!("'{CANARY}'"))
                .replace("'lan'", &format!("'{CANARY}'"))
                .replace("'${VAR}'", &format!("'${{VAR}}{CANARY}'"))
                // An element's name is shown.
                .replace(&format!("id: '{CANARY}'"), "id: 'x'")
                .replace(&format!("id: '${{VAR}}{CANARY}'"), "id: 'x'")
        };
        let found = findings(Some(&file(&(auth, gateway, rest))), &file(&other), scope);
        for finding in &found {
            let shown = format!("{finding:?}");
            prop_assert!(!shown.contains(CANARY), "{}", shown);
        }
    }
}

#[test]
fn a_large_file_full_of_faults_is_judged_once_through() {
    // Ten thousand agents turned around, each with a fault: quadratic work would show.
    let agents = |key: &str, numbers: &mut dyn Iterator<Item = usize>| {
        let agents: Vec<String> =
            numbers.map(|number| format!("{{ id: 'a{number}', apiKey: '{key}' }}")).collect();
        format!("{{ agents: {{ list: [{}] }} }}", agents.join(",\n"))
    };
    let base = agents("${KEY}", &mut (0..10_000));
    let candidate = agents("s3cr3t", &mut (0..10_000).rev());
    let found = findings(Some(&base), &candidate, Scope::WholeFile);
    assert_eq!(found.len(), 10_000);
    assert!(found.iter().all(|finding| finding.rule == "secret-expanded"));
    assert_eq!(found.iter().filter(|finding| finding.location.is_some()).count(), super::LOCATED);
}
