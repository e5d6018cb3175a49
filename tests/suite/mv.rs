//! `mv`: a key moves, its comments travel.

use crate::support::Sandbox;

#[track_caller]
fn check(text: &str, from: &str, to: &str, expected: &str) {
    let sandbox = Sandbox::config(text);
    sandbox.run(["mv", from, to]).code(0).prints("");
    sandbox.holds(expected);
}

#[test]
fn within_one_object_it_is_a_rename_in_place() {
    check(
        "{\n  // about a\n  a: 1, // one\n  b: 2,\n}\n",
        "a",
        "c",
        "{\n  // about a\n  c: 1, // one\n  b: 2,\n}\n",
    );
}

#[test]
fn comments_travel_into_another_object() {
    check(
        "{\n  // routing\n  telegram: {\n    on: true, // since May\n  }, // end\n  channels: {\n    discord: {},\n  },\n}\n",
        "telegram",
        "channels.telegram",
        "{\n  channels: {\n    discord: {},\n    // routing\n    telegram: {\n      on: true, // since May\n    }, // end\n  },\n}\n",
    );
}

#[test]
fn the_place_must_be_free() {
    let sandbox = Sandbox::config("{ a: 1, b: 2 }\n");
    sandbox.fails(4, ["mv", "a", "b"]).says("`b` is there already");
}

#[test]
fn there_must_be_something_to_move() {
    let sandbox = Sandbox::config("{ a: 1 }\n");
    sandbox.fails(4, ["mv", "x", "y"]).says("`x`");
    sandbox.fails(4, ["mv", "a", "a.b"]);
}

#[test]
fn the_token_may_not_be_moved_away() {
    let sandbox = Sandbox::config(crate::support::GATEWAY);
    sandbox.fails(3, ["mv", "gateway.auth", "gateway.login"]).says("auth-token-dropped");
}

#[test]
fn toml_tables_are_renamed_in_their_headers() {
    let sandbox = Sandbox::named("gateway.toml", "# about\n[a]\nx = 1 # one\n\n[a.b]\ny = 2\n");
    sandbox.run(["mv", "a", "c"]).code(0);
    sandbox.holds("# about\n[c]\nx = 1 # one\n\n[c.b]\ny = 2\n");
}
