//! `edit`: an editor, a check, a question. Editors here are real programs, among them vim.

use std::fs;
use std::path::PathBuf;

use crate::support::{GATEWAY, Run, Sandbox, TOKEN};

/// An edit of `sandbox` by the shell command `editor`, whose last argument is the copy.
fn edit(sandbox: &Sandbox, editor: &str, answers: &str, more: &[&str]) -> Run {
    sandbox
        .invoke(["edit"].iter().chain(more))
        .env("EDITOR", format!("sh -c '{editor}' sh"))
        .stdin(answers)
        .run()
}

/// The copies that are kept.
fn kept(sandbox: &Sandbox) -> Vec<PathBuf> {
    let edits = sandbox.home().join("state/confwarden/edits");
    sandbox.files().into_iter().filter(|f| f.starts_with(&edits) && f.is_file()).collect()
}

#[track_caller]
fn keeps_nothing(sandbox: &Sandbox) {
    assert_eq!(kept(sandbox), [] as [PathBuf; 0], "copies should be gone");
}

#[track_caller]
fn keeps(sandbox: &Sandbox, run: &Run, text: &str) {
    let kept = kept(sandbox);
    assert_eq!(kept.len(), 1, "one copy should be kept by {run}");
    assert_eq!(fs::read_to_string(&kept[0]).unwrap(), text);
    run.says(kept[0].to_str().unwrap());
}

#[test]
fn what_was_typed_is_installed_letter_by_letter() {
    let sandbox = Sandbox::config(GATEWAY);
    let run = edit(&sandbox, "sed -i \"s|18789, //|0x4966, // moved,|\" \"$1\"", "", &[]);
    run.code(0).prints("").says("wrote").never_says(TOKEN);
    sandbox.holds(&GATEWAY.replace("18789, //", "0x4966, // moved,"));
    keeps_nothing(&sandbox);
}

#[test]
fn a_real_editor_that_saves_by_renaming_is_understood() {
    let sandbox = Sandbox::config(GATEWAY);
    let vim = "vim -u NONE -es -c \"set backupcopy=no\" -c \"%s/18789/18790/\" -c wq \"$1\"";
    edit(&sandbox, vim, "", &[]).code(0);
    sandbox.holds(&GATEWAY.replace("18789", "18790"));
    keeps_nothing(&sandbox);
}

#[test]
fn visual_comes_before_editor_and_neither_is_no_reason_to_fail() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.invoke(["edit"]).env("EDITOR", "false").env("VISUAL", "true").run().code(0);
    sandbox
        .untouched(|| sandbox.invoke(["edit"]).env("VISUAL", "").env("EDITOR", "true").run())
        .code(0)
        .says("nothing was written");
    keeps_nothing(&sandbox);
}

#[test]
fn the_editor_has_the_stack_limit_that_we_were_started_with() {
    let sandbox = Sandbox::config(GATEWAY);
    let shell = ["sh", "-c", "ulimit -S -s 4321; exec \"$@\"", "sh"];
    let editor = "sh -c 'test \"$(ulimit -S -s)\" = 4321' sh";
    sandbox.invoke(["edit"]).env("EDITOR", editor).under(shell).run().code(0);
}

#[test]
fn an_edit_that_changes_nothing_touches_nothing() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox
        .untouched(|| edit(&sandbox, "touch \"$1\"", "", &[]))
        .code(0)
        .says("nothing was written");
    keeps_nothing(&sandbox);
}

#[test]
fn the_copy_is_private_and_has_the_name_of_the_file() {
    let sandbox = Sandbox::config(GATEWAY);
    let look = "stat -c \"%a %n\" \"$1\" \"$(dirname \"$1\")\" >&2; false";
    let run = edit(&sandbox, look, "", &[]);
    run.code(9).says("600 ").says("/openclaw.json\n").says("700 ").says("ended with code 1");
}

#[test]
fn no_lock_is_held_while_a_person_thinks() {
    let sandbox = Sandbox::config(GATEWAY);
    let program = env!("CARGO_BIN_EXE_confwarden");
    let other =
        format!("{program} set --lock-timeout 0s logging.level debug; sed -i s/18789/1/ \"$1\"");
    edit(&sandbox, &other, "", &[]).code(0);
    sandbox.holds(&GATEWAY.replace("18789", "1").replace("\"info\"", "\"debug\""));
}

#[test]
fn a_text_with_a_fault_is_kept_where_nobody_answers() {
    let sandbox = Sandbox::config(GATEWAY);
    let run = sandbox.untouched(|| edit(&sandbox, "sed -i \"s/18789,/18789;/\" \"$1\"", "", &[]));
    run.code(4).says("does not parse").says("line 5, column 16").never_says(TOKEN);
    keeps(&sandbox, &run, &GATEWAY.replace("18789,", "18789;"));
    // The next edit tells of it.
    edit(&sandbox, "true", "", &[]).code(0).says("an earlier edit was not installed");
}

#[test]
fn a_fault_is_mended_by_editing_again() {
    let sandbox = Sandbox::config(GATEWAY);
    let editor = "if grep -q \"18789;\" \"$1\"; then sed -i \"s/18789;/18790,/\" \"$1\"; else sed -i \"s/18789,/18789;/\" \"$1\"; fi";
    edit(&sandbox, editor, "?\ne\n", &[]).code(0).says("edit again");
    sandbox.holds(&GATEWAY.replace("18789", "18790"));
    keeps_nothing(&sandbox);
}

#[test]
fn a_text_is_thrown_away_only_when_a_person_says_so() {
    let sandbox = Sandbox::config(GATEWAY);
    let run = sandbox.untouched(|| edit(&sandbox, "echo } >> \"$1\"", "d\n", &[]));
    run.code(4).never_says("is kept");
    keeps_nothing(&sandbox);
}

#[test]
fn what_a_rule_refuses_is_shown_and_installed_only_if_a_person_says_so() {
    let drop = "sed -i /token:/d \"$1\"";
    let line = format!("      token: \"{TOKEN}\",\n");
    let without = GATEWAY.replace(&line, "");
    let sandbox = Sandbox::config(GATEWAY);
    let run = sandbox.untouched(|| edit(&sandbox, drop, "s\n", &[]));
    run.code(3).says("auth-token-dropped").says("-      token: \"<redacted:").never_says(TOKEN);
    run.says("--allow auth-token-dropped,auth-mode-incoherent");
    keeps(&sandbox, &run, &without);
    edit(&sandbox, drop, "i\n", &[]).code(0);
    sandbox.holds(&without);
    let sandbox = Sandbox::config(GATEWAY);
    let both = "auth-token-dropped,auth-mode-incoherent";
    edit(&sandbox, drop, "", &["--allow", both]).code(0);
    sandbox.holds(&without);
}

#[test]
fn junk_in_the_place_of_the_token_cannot_be_installed_by_any_answer() {
    let sandbox = Sandbox::config(GATEWAY);
    let junk = format!("sed -i s/{TOKEN}/undefined/ \"$1\"");
    let run = sandbox.untouched(|| edit(&sandbox, &junk, "i\ni\ni\ni\ni\ni\n", &[]));
    run.code(3).says("nothing allows this").never_says("install it all the same");
}

#[test]
fn an_editor_that_fails_or_leaves_nothing_changes_nothing() {
    let sandbox = Sandbox::config(GATEWAY);
    let run = sandbox.untouched(|| edit(&sandbox, "sed -i s/18789/1/ \"$1\"; exit 7", "", &[]));
    run.code(9).says("ended with code 7");
    keeps(&sandbox, &run, &GATEWAY.replace("18789", "1"));
    let sandbox = Sandbox::config(GATEWAY);
    let run = sandbox.untouched(|| edit(&sandbox, ": > \"$1\"", "", &[]));
    run.code(4).says("there is nothing in the edited text");
    let sandbox = Sandbox::config(GATEWAY);
    let run =
        sandbox.untouched(|| sandbox.invoke(["edit"]).env("EDITOR", "no-such-editor --wait").run());
    run.code(9).says("VISUAL");
    keeps_nothing(&sandbox);
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.untouched(|| edit(&sandbox, "rm \"$1\"", "", &[])).code(9);
}

#[test]
fn changes_of_others_meanwhile_are_merged_or_named() {
    let sandbox = Sandbox::config(GATEWAY);
    let config = sandbox.config_path().display().to_string();
    // Another program, which asks for no lock.
    let other = format!("sed -i \"s/small/tiny/\" {config}; sed -i s/18789/1/ \"$1\"");
    edit(&sandbox, &other, "", &[]).code(0);
    sandbox.holds(&GATEWAY.replace("18789", "1").replace("small", "tiny"));

    let sandbox = Sandbox::config(GATEWAY);
    let config = sandbox.config_path().display().to_string();
    let other = format!("sed -i s/18789/2/ {config}; sed -i s/18789/1/ \"$1\"");
    let run = edit(&sandbox, &other, "", &[]);
    run.code(6).says("`gateway.port` was changed by another writer");
    sandbox.holds(&GATEWAY.replace("18789", "2"));
    keeps(&sandbox, &run, &GATEWAY.replace("18789", "1"));

    // Edited again with both texts in the copy.
    let sandbox = Sandbox::config(GATEWAY);
    let config = sandbox.config_path().display().to_string();
    let both = format!(
        "if grep -q \"^<<<<<<< your edit\" \"$1\"; then sed -i -e \"/^<<<<<<</,/^=======/d\" -e \"/^>>>>>>>/d\" \"$1\"; \
         else sed -i s/18789/2/ {config}; sed -i s/18789/1/ \"$1\"; sed -i s/small/tiny/ \"$1\"; fi"
    );
    edit(&sandbox, &both, "e\n", &[]).code(0);
    sandbox.holds(&GATEWAY.replace("18789", "2").replace("small", "tiny"));
}

#[test]
fn a_file_that_does_not_parse_can_be_mended() {
    let broken = GATEWAY.replace("18789,", "18789;");
    let sandbox = Sandbox::config(&broken);
    sandbox.untouched(|| edit(&sandbox, "true", "", &[])).code(4).says("line 5");
    edit(&sandbox, "sed -i \"s/18789;/18789,/\" \"$1\"", "", &[]).code(0);
    sandbox.holds(GATEWAY);
    // Held to the last text that stood: the token is not lost on the way.
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "logging.level", "debug"]).code(0);
    fs::write(sandbox.config_path(), &broken).unwrap();
    let dropping = "sed -i -e \"s/18789;/18789,/\" -e /token:/d \"$1\"";
    let run = sandbox.untouched(|| edit(&sandbox, dropping, "", &[]));
    run.code(3).says("auth-token-dropped");
    // Unless somebody else was faster.
    let sandbox = Sandbox::config(&broken);
    let config = sandbox.config_path().display().to_string();
    let other = format!("echo \"{{}}\" > {config}; sed -i \"s/18789;/18789,/\" \"$1\"");
    edit(&sandbox, &other, "", &[]).code(6);
    sandbox.holds("{}\n");
}

#[test]
fn a_file_is_made_where_that_is_asked_for() {
    let sandbox = Sandbox::empty();
    edit(&sandbox, "true", "", &[]).code(9);
    edit(&sandbox, "true", "", &["--create"]).code(0);
    assert!(!sandbox.config_path().exists());
    edit(&sandbox, "echo \"{ a: 1 } // new\" > \"$1\"", "", &["--create"]).code(0);
    sandbox.holds("{ a: 1 } // new\n");
}

#[test]
fn a_dry_run_installs_nothing_and_keeps_the_text() {
    let sandbox = Sandbox::config(GATEWAY);
    let run = sandbox.untouched(|| edit(&sandbox, "sed -i s/18789/1/ \"$1\"", "", &["--dry-run"]));
    run.code(0).shows("+    port: 1,");
    keeps(&sandbox, &run, &GATEWAY.replace("18789", "1"));
}
