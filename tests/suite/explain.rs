//! `explain`: every rule says what it refuses, why, and how it looks.

use crate::support::Sandbox;

#[test]
fn rules_are_listed_and_each_is_explained() {
    let sandbox = Sandbox::empty();
    let list = sandbox.run(["explain"]);
    list.code(0).shows("auth-token-dropped  ").tells("");
    for line in list.stdout().lines() {
        let rule = line.split(' ').next().unwrap();
        sandbox
            .run(["explain", rule])
            .code(0)
            .shows(&format!("{rule}: "))
            .shows("\nBad, from\n")
            .shows("\nGood, from\n");
    }
}

#[test]
fn an_unknown_rule_is_wrong_usage() {
    let sandbox = Sandbox::empty();
    sandbox.run(["explain", "no-such-rule"]).code(2).prints("").says("there is no such rule");
}

#[test]
fn no_configuration_is_needed() {
    let sandbox = Sandbox::empty();
    sandbox.invoke(["explain"]).without("HOME").without("XDG_STATE_HOME").run().code(0);
}

#[test]
fn the_rule_of_the_reader_is_explained_too() {
    Sandbox::empty().run(["explain", "syntax"]).code(0).shows("syntax: ");
}
