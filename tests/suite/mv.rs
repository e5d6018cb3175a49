//! `mv`: a key moves, its comments travel.

use std::time::Duration;

use confwarden::doc::{Change, KeyPath, Value};
use confwarden::ops::{self, Access, Request, Status, Workspace, WriteOptions};
use confwarden::profile::Profile;

use crate::support::{Faults, Sandbox, Seen};

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

const SPLIT: &str =
    "{\n  channels: { $include: 'secrets.json5' },\n  bots: {\n    list: [],\n  },\n}\n";
const SECRETS: &str = "{\n  // the bot\n  telegram: {\n    botToken: '7d1f90c2aa55', // rotates\n  }, // end\n  other: 1,\n}\n";

fn split() -> Sandbox {
    Sandbox::config(SPLIT).with("secrets.json5", SECRETS)
}

#[test]
fn a_member_moves_to_another_file_with_its_comments() {
    let sandbox = split();
    let run = sandbox.run(["mv", "channels.telegram", "bots.telegram"]);
    run.code(0).prints("").never_says("7d1f90c2aa55");
    sandbox.holds(
        "{\n  channels: { $include: 'secrets.json5' },\n  bots: {\n    list: [],\n    // the bot\n    telegram: {\n      botToken: '7d1f90c2aa55', // rotates\n    }, // end\n  },\n}\n",
    );
    assert_eq!(sandbox.text_of("secrets.json5").unwrap(), "{\n  other: 1,\n}\n");
    // And back again.
    sandbox.run(["mv", "bots.telegram", "channels.telegram"]).code(0);
    sandbox.holds(SPLIT);
    assert_eq!(
        sandbox.text_of("secrets.json5").unwrap(),
        "{\n  other: 1,\n  // the bot\n  telegram: {\n    botToken: '7d1f90c2aa55', // rotates\n  }, // end\n}\n",
    );
    assert_eq!(sandbox.leftovers(), [""; 0]);
}

#[test]
fn a_move_between_files_is_shown_before_it_is_made() {
    let sandbox = split();
    let included = Seen::at(&sandbox.path("secrets.json5"));
    sandbox
        .fails(0, ["--dry-run", "mv", "channels.telegram", "bots.telegram"])
        .shows("secrets.json5")
        .shows("// the bot")
        .never_says("7d1f90c2aa55");
    assert_eq!(Seen::at(&sandbox.path("secrets.json5")), included);
}

#[test]
fn rules_judge_a_move_between_files() {
    let root = "{ gateway: { $include: 'secrets.json5' }, other: {} }\n";
    let secrets = "{ mode: 'local', auth: { mode: 'token', token: '7d1f90c2aa557d1f90c2aa55' } }\n";
    let sandbox = Sandbox::config(root).with("secrets.json5", secrets);
    let included = Seen::at(&sandbox.path("secrets.json5"));
    sandbox.fails(3, ["mv", "gateway.auth", "other.auth"]).says("auth-token-dropped");
    assert_eq!(Seen::at(&sandbox.path("secrets.json5")), included);
}

#[test]
fn a_move_between_files_never_leaves_comments_behind() {
    let sandbox = Sandbox::config("{\"a\": {\"$include\": \"a.json5\"}, \"b\": {}}\n")
        .with("a.json5", "{\n  x: 1, // about x\n  y: 2,\n}\n");
    let included = Seen::at(&sandbox.path("a.json5"));
    sandbox
        .fails(4, ["mv", "a.x", "b.x"])
        .says("`a.x` and `b.x` stand in different files, and comments cannot go along")
        .says("move it in two steps");
    assert_eq!(Seen::at(&sandbox.path("a.json5")), included);
    sandbox.run(["mv", "a.y", "b.y"]).code(0);
    sandbox.holds("{\"a\": {\"$include\": \"a.json5\"}, \"b\": {\"y\": 2}}\n");
    assert_eq!(sandbox.text_of("a.json5").unwrap(), "{\n  x: 1, // about x\n}\n");
}

#[test]
fn a_value_of_several_files_does_not_move() {
    let sandbox = Sandbox::config("{ a: { $include: ['one.json5', 'two.json5'] }, b: {} }\n")
        .with("one.json5", "{ x: { p: 1 } }")
        .with("two.json5", "{ x: { q: 2 } }");
    let included = [Seen::at(&sandbox.path("one.json5")), Seen::at(&sandbox.path("two.json5"))];
    sandbox.fails(4, ["mv", "a.x", "b.x"]).says("put together from several files");
    let now = [Seen::at(&sandbox.path("one.json5")), Seen::at(&sandbox.path("two.json5"))];
    assert_eq!(now, included);
}

/// Killed at every system call that changes something: the value is in one of the files, or in both.
#[test]
fn a_value_that_moves_between_files_is_never_lost() {
    let Some(faults) = Faults::allowed() else { return };
    let (out, back) =
        (["mv", "channels.telegram", "bots.telegram"], ["mv", "bots.list", "channels.list"]);
    let value =
        |name: &str| if name == "bots.list" { "list: []" } else { "botToken: '7d1f90c2aa55'" };
    for arguments in [out, back] {
        let value = value(arguments[1]);
        let (mut both, mut moved) = (0, 0);
        for call in faults.calls(&split(), &arguments, None).iter().filter(|call| call.changes()) {
            let at = &call.shown;
            let sandbox = split();
            let words = faults.with(&call.inject("signal=SIGKILL"));
            let run = sandbox.invoke(arguments).under(words).run();
            assert_eq!(run.ended(), None, "not killed at {at}: {run}");
            let texts = [sandbox.text(), sandbox.text_of("secrets.json5").unwrap()];
            let count = texts.iter().filter(|text| text.contains(value)).count();
            assert!(count > 0, "lost, killed at {at}: {texts:?}");
            both += usize::from(count == 2);
            moved += usize::from(count == 1 && texts[0] != SPLIT && texts[1] != SECRETS);
        }
        assert!(both > 0 && moved > 0, "{both} times in both, {moved} times moved: too few calls");
    }
}

/// The file that takes a value cannot be brought to the disk, or the one that gives it cannot be
/// written: both are as before.
#[test]
fn a_move_between_files_that_fails_changes_neither() {
    let Some(faults) = Faults::allowed() else { return };
    for (fault, says) in [
        ("fsync:error=EIO:when=1", "could not sync the new content of"),
        ("fsync:error=EIO:when=2", "may not be on the disk, so nothing was taken from"),
        ("fsync:error=EIO:when=3", "could not sync the new content of"),
    ] {
        let sandbox = split();
        // From here on there is a key, and the syncs are those of the files.
        sandbox.run(["get"]).code(0);
        let run = sandbox.invoke(["mv", "channels.telegram", "bots.telegram"]);
        run.under(faults.with(fault)).run().code(9).says(says).never_says("7d1f90c2aa55");
        sandbox.holds(SPLIT);
        assert_eq!(sandbox.text_of("secrets.json5").unwrap(), SECRETS, "{fault}");
        assert_eq!(sandbox.leftovers(), [""; 0], "{fault}");
    }
}

#[test]
fn changes_of_any_sort_in_several_files_are_one_write() {
    let sandbox = split().with("more.json5", "{ x: 1 }\n");
    std::fs::write(
        sandbox.config_path(),
        SPLIT.replace("bots: {", "more: { $include: 'more.json5' },\n  bots: {"),
    )
    .unwrap();
    let workspace = Workspace {
        config: sandbox.config_path().to_owned(),
        profile: std::sync::Arc::new(Profile::builtin("openclaw").unwrap()),
        state_dir: sandbox.home().join("state"),
        lock_timeout: Duration::from_secs(5),
        command: "test".into(),
        include_roots: Vec::new(),
        access: Access::Writable,
        gateway_version: None,
    };
    let path = |path: &str| path.parse::<KeyPath>().unwrap();
    let set = |to: &str, value| Change::Set { path: path(to), value: Value::Integer(value).into() };
    let request = Request::Edit(vec![
        set("more.x", 2),
        Change::Move { from: path("channels.telegram"), to: path("bots.telegram") },
        Change::Remove { path: path("channels.other") },
        set("bots.telegram.retries", 3),
    ]);
    let outcome = ops::write(&workspace, &request, &WriteOptions::default()).unwrap();
    assert_eq!(outcome.status, Status::Written);
    let names = outcome.files.iter().map(|file| file.file.file_name().unwrap().to_str().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["more.json5", "openclaw.json", "secrets.json5"]);
    assert_eq!(sandbox.text_of("more.json5").unwrap(), "{ x: 2 }\n");
    assert_eq!(sandbox.text_of("secrets.json5").unwrap(), "{}\n");
    assert!(sandbox.text().contains("// rotates"), "{}", sandbox.text());

    // One change that cannot be made, and none is.
    let seen = || {
        ["more.json5", "openclaw.json", "secrets.json5"].map(|name| Seen::at(&sandbox.path(name)))
    };
    let before = seen();
    let taken = Change::Move { from: path("bots.telegram"), to: path("more.x") };
    let request = Request::Edit(vec![set("more.x", 3), taken]);
    ops::write(&workspace, &request, &WriteOptions::default()).unwrap_err();
    assert_eq!(seen(), before);
}
