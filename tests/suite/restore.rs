//! `restore`: a whole text, one path, or the state before one change.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::history::kinds;
use crate::support::{Faults, GATEWAY, Sandbox, Seen, TOKEN};

fn overwrite(sandbox: &Sandbox, text: &str) {
    fs::write(sandbox.config_path(), text).unwrap();
}

fn port(port: &str) -> String {
    GATEWAY.replace("18789", port)
}

/// The gateway with the ports 18789, 1, 2 in its records 1, 2, 3.
fn three() -> Sandbox {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    sandbox.run(["set", "gateway.port", "2"]).code(0);
    sandbox
}

#[test]
fn a_whole_text_comes_back_byte_for_byte() {
    let sandbox = three();
    let mode = Seen::at(sandbox.config_path()).unwrap().mode();
    sandbox.run(["restore", "1"]).code(0).says("wrote `").says("gateway.port  2 -> 18789");
    sandbox.holds(GATEWAY);
    assert_eq!(Seen::at(sandbox.config_path()).unwrap().mode(), mode);
    assert_eq!(kinds(&sandbox), ["observed", "write", "write", "restored"]);
    sandbox.run(["restore", "@~1"]).code(0);
    sandbox.holds(&port("2"));
    sandbox.fails(0, ["restore", "@"]).says("nothing was written");
}

#[test]
fn without_a_record_what_nobody_recorded_is_taken_back() {
    let sandbox = three();
    let theirs = sandbox.text().replace("info", "debug");
    overwrite(&sandbox, &theirs);
    sandbox.run(["restore"]).code(0);
    sandbox.holds(&port("2"));
    // What was replaced is not lost.
    assert_eq!(kinds(&sandbox)[3..], ["observed", "restored"]);
    sandbox.run(["history", "show", "4", "--reveal"]).prints(&theirs);
}

#[test]
fn a_file_that_is_broken_emptied_or_gone_comes_back() {
    for broken in ["{ gateway: ", "", "{} {}", "\0\0"] {
        let sandbox = three();
        overwrite(&sandbox, broken);
        sandbox.run(["restore"]).code(0);
        sandbox.holds(&port("2"));
        assert_eq!(kinds(&sandbox)[3..], ["quarantined", "restored"], "{broken:?}");
        sandbox.run(["history", "show", "4", "--reveal"]).prints(broken);
        // It is not what a restore takes by itself.
        sandbox.fails(0, ["restore"]);
        sandbox.fails(4, ["restore", "4"]).says("does not parse");
    }
    let sandbox = three();
    fs::remove_file(sandbox.config_path()).unwrap();
    sandbox.run(["restore"]).code(0);
    sandbox.holds(&port("2"));
    assert_eq!(Seen::at(sandbox.config_path()).unwrap().mode(), 0o600);
    assert_eq!(kinds(&sandbox)[3..], ["observed", "restored"]);
}

#[test]
fn a_path_comes_back_alone_and_with_its_comments() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["unset", "agents.list[id=clerk]", "gateway.port"]).code(0);
    sandbox.run(["set", "logging.level", "debug"]).code(0);
    sandbox.run(["restore", "1", "--path", "agents.list"]).code(0);
    let text = sandbox.text();
    assert!(text.contains("{ id: \"clerk\", model: \"small\" }, // sorts the mail"), "{text}");
    assert!(text.contains("debug") && !text.contains("18789"), "{text}");
    sandbox.run(["restore", "1", "--path", "gateway.port"]).code(0);
    assert!(sandbox.text().contains("port: 18789, // behind the proxy"), "{}", sandbox.text());
}

#[test]
fn a_path_that_was_not_there_is_removed() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "gateway.note", "x", "logging.level", "debug"]).code(0);
    sandbox.run(["restore", "1", "--path", "gateway.note"]).code(0);
    sandbox.holds(&GATEWAY.replace("info", "debug"));
    sandbox.fails(0, ["restore", "1", "--path", "gateway.note"]).says("nothing was written");
    sandbox.fails(4, ["restore", "1", "--path", "gateway.port.x"]);
}

#[test]
fn one_change_is_undone_and_later_ones_stay() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["unset", "agents", "--allow", "keys-lost"]).code(0);
    sandbox.run(["set", "logging.level", "debug"]).code(0);
    overwrite(&sandbox, &sandbox.text().replace("18789", "7"));
    sandbox.run(["restore", "--undo", "2"]).code(0).says("agents");
    // Its comments are back too, in their places.
    sandbox.holds(&port("7").replace("info", "debug"));
    assert_eq!(kinds(&sandbox)[3..], ["observed", "restored"]);
    sandbox.fails(0, ["restore", "--undo", "2"]).says("nothing was written");
}

#[test]
fn an_undo_right_after_gives_the_same_bytes() {
    let sandbox = Sandbox::config("{ a: 0x10, /* one */ b: [1,2 , 3],c:'x' }");
    sandbox.run(["unset", "a", "b[1]"]).code(0);
    sandbox.run(["restore", "--undo", "@"]).code(0);
    sandbox.holds("{ a: 0x10, /* one */ b: [1,2 , 3],c:'x' }");
    // An undo is a change like any other.
    sandbox.run(["restore", "--undo", "@"]).code(0);
    assert!(!sandbox.text().contains("0x10"));
}

#[test]
fn an_undo_whose_path_changed_since_is_a_conflict_that_names_it() {
    let sandbox = three();
    let run = sandbox.fails(6, ["restore", "--undo", "2"]);
    run.says("`gateway.port` was changed again since").says("--path");
    let report = sandbox.report(["restore", "--undo", "2"]);
    assert_eq!(report["exit"]["name"], "conflict");
    // All or nothing: the other half of that change would have been possible.
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "gateway.port", "1", "logging.level", "debug"]).code(0);
    sandbox.run(["set", "gateway.port", "2"]).code(0);
    sandbox.fails(6, ["restore", "--undo", "2"]);
}

#[test]
fn an_undo_by_value_where_the_lines_collide() {
    let sandbox = Sandbox::config("{ a: 1, b: 1, c: 1 }\n");
    sandbox.run(["set", "a", "2"]).code(0);
    sandbox.run(["set", "b", "2"]).code(0);
    sandbox.run(["restore", "--undo", "2"]).code(0);
    sandbox.holds("{ a: 1, b: 2, c: 1 }\n");
}

/// What somebody wrote beside the values since is not lost either.
#[test]
fn an_undo_keeps_comments_and_layout_that_came_since() {
    let sandbox = Sandbox::config("{ a: 1, b: 1, c: 1 }\n");
    sandbox.run(["unset", "b"]).code(0);
    overwrite(&sandbox, "{ a: 1,  /* theirs */ c: 1 }\n");
    sandbox.run(["restore", "--undo", "2"]).code(0);
    sandbox.holds("{ a: 1,  b: 1, /* theirs */ c: 1 }\n");
}

#[test]
fn the_first_record_has_nothing_before_it() {
    three()
        .fails(4, ["restore", "--undo", "1"])
        .says("nothing is known of the file before record 1");
}

#[test]
fn a_restore_is_judged_like_every_write() {
    let sandbox = Sandbox::config(GATEWAY);
    let token = ["set", "gateway.auth.token", "--stdin", "--allow", "auth-token-changed"];
    sandbox.invoke(token).stdin("fake-token-of-today-77").run().code(0);
    let run = sandbox.fails(3, ["restore", "1"]);
    run.says("auth-token-changed").never_says(TOKEN).never_says("fake-token-of-today");
    sandbox.fails(3, ["restore", "1", "--path", "gateway.auth"]).says("auth-token-changed");
    sandbox.fails(3, ["restore", "--undo", "2"]).says("auth-token-changed");
    sandbox.run(["restore", "1", "--allow", "auth-token-changed"]).code(0);
    sandbox.holds(GATEWAY);
}

/// The last accepted text is what counts where the file itself says nothing.
#[test]
fn a_restore_over_a_broken_file_is_judged_against_the_last_text_that_stood() {
    let sandbox = Sandbox::config(GATEWAY);
    let token = ["set", "gateway.auth.token", "--stdin", "--allow", "auth-token-changed"];
    sandbox.invoke(token).stdin("fake-token-of-today-77").run().code(0);
    overwrite(&sandbox, "{ gateway: {");
    sandbox.fails(3, ["restore", "1"]).says("auth-token-changed");
    sandbox.run(["restore"]).code(0);
    assert!(sandbox.text().contains("fake-token-of-today-77"));
}

/// NemoClaw#5202: a rebuild takes the oldest backup, a minimal one, since it was in the slot it
/// looked at. Here a text is named by its record, and what it would lose is refused by name.
#[test]
fn wp_11_a_minimal_old_text_is_not_brought_back_by_its_slot() {
    let minimal = "{ gateway: { mode: 'local' } }\n";
    let sandbox = Sandbox::config(minimal);
    let full = "{ mcp: { servers: { a: 1 } }, proxy: { url: 'http://127.0.0.1:1' } }";
    sandbox.invoke(["patch", "-"]).stdin(full).run().code(0);
    let whole = sandbox.text();
    let run = sandbox.fails(3, ["restore", "1"]);
    run.says("keys-lost: `mcp`").says("keys-lost: `proxy`");
    // The same text under many slots is one text.
    for _ in 0..3 {
        overwrite(&sandbox, "");
        sandbox.run(["restore"]).code(0);
        sandbox.holds(&whole);
    }
    sandbox.run(["restore", "1", "--allow", "keys-lost,file-shrunk"]).code(0);
    sandbox.holds(minimal);
}

#[test]
fn a_dry_run_shows_what_would_come_back() {
    let sandbox = three();
    let run = sandbox.fails(0, ["restore", "1", "--dry-run"]);
    run.shows("-    port: 2, //").shows("+    port: 18789, //");
    assert_eq!(kinds(&sandbox).len(), 3);
    fs::remove_file(sandbox.config_path()).unwrap();
    sandbox.run(["restore", "--dry-run"]).code(0).never_says(TOKEN);
    assert!(!sandbox.config_path().exists());
}

#[test]
fn included_files_come_back_with_the_root() {
    let (root, part) = ("{ a: { $include: 'part.json5' }, b: 1 }\n", "{ x: 1 } // part\n");
    let sandbox = Sandbox::config(root).with("part.json5", part);
    sandbox.run(["set", "a.x", "2", "b", "2"]).code(0);
    sandbox.run(["set", "a.y", "3"]).code(0);
    sandbox.run(["restore", "--undo", "2"]).code(0);
    sandbox.holds(root);
    assert_eq!(sandbox.text_of("part.json5").unwrap(), "{ x: 1, y: 3 } // part\n");
    sandbox.run(["restore", "1"]).code(0);
    assert_eq!(sandbox.text_of("part.json5").unwrap(), part);
    // Also what nothing includes any more, is broken, or is gone.
    for broken in [Some("{ x: "), None] {
        match broken {
            Some(text) => fs::write(sandbox.path("part.json5"), text).unwrap(),
            None => fs::remove_file(sandbox.path("part.json5")).unwrap(),
        }
        overwrite(&sandbox, "{ a: {}, b: 1 }\n");
        sandbox.run(["restore", "1"]).code(0);
        sandbox.holds(root);
        assert_eq!(sandbox.text_of("part.json5").unwrap(), part);
    }
    sandbox.run(["set", "a.x", "9"]).code(0);
    sandbox.run(["restore", "1", "--path", "a.x"]).code(0);
    assert_eq!(sandbox.text_of("part.json5").unwrap(), part);
}

#[test]
fn toml_comes_back_too() {
    let text = "# limits\n[limits]\nburst = 1 # a second\nrate = 2\n";
    let sandbox = Sandbox::named("gateway.toml", text);
    sandbox.run(["unset", "limits.burst"]).code(0);
    sandbox.run(["set", "limits.rate", "3"]).code(0);
    sandbox.run(["restore", "--undo", "2"]).code(0);
    sandbox.holds(&text.replace("rate = 2", "rate = 3"));
    sandbox.run(["restore", "1"]).code(0);
    sandbox.holds(text);
}

/// A writer who asks for no lock gets between the read and the replace of a restore.
#[test]
fn a_path_comes_back_beside_another_writers_change() {
    let Some(faults) = Faults::allowed() else { return };
    let sandbox = three();
    let theirs = port("2").replace("info", "debug");
    let run = sandbox.raced(&faults, &["restore", "1", "--path", "gateway.port"], &theirs);
    run.code(0);
    sandbox.holds(&GATEWAY.replace("info", "debug"));
    let run = sandbox.raced(&faults, &["restore", "2", "--path", "gateway.port"], &port("5"));
    run.code(6).says("`gateway.port` was changed by another writer");
    sandbox.holds(&port("5"));
}

#[test]
fn a_mode_that_keeps_the_gateway_out_is_told() {
    let sandbox = three();
    fs::set_permissions(sandbox.config_path(), fs::Permissions::from_mode(0o200)).unwrap();
    let run = sandbox.run(["restore", "1"]);
    if run.ended() == Some(0) {
        // Root can read it, its owner could not.
        run.says("may not be read by its owner (mode 0200)");
        sandbox.holds(GATEWAY);
    } else {
        run.code(9);
    }
}

#[test]
fn what_cannot_go_together_is_a_usage_error() {
    let sandbox = three();
    sandbox.fails(2, ["restore", "1", "--undo", "2"]);
    sandbox.fails(2, ["restore", "--path", "a", "--undo", "2"]);
    sandbox.fails(2, ["restore", "first"]).never_says("first");
    sandbox.fails(4, ["restore", "9"]).says("there is no record `9`");
    Sandbox::config(GATEWAY).fails(4, ["restore"]).says("there is no record `@`");
}
