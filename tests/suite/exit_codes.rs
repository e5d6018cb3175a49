//! One test a row of the table of exit codes. The row `internal` has none: it is a bug. `demo`
//! ends with it too, in its own suite.

use std::time::{Duration, Instant};

use confwarden::fs::{LockGuard, Target, Wait};

use crate::exec::{debugging, exec};
use crate::support::{FakeGateway, Faults, GATEWAY, Release, Run, Sandbox};

/// Drops the token from the file `$1`.
const DAMAGE: &str = "sed -i /token:/d \"$1\"";

fn config(sandbox: &Sandbox) -> &str {
    sandbox.config_path().to_str().unwrap()
}

/// An edit with `editor`, where nobody answers.
fn edit(sandbox: &Sandbox, editor: &str, option: &str) -> Run {
    let options = [option].into_iter().filter(|option| !option.is_empty());
    sandbox.invoke(["edit"].into_iter().chain(options)).env("EDITOR", editor).run()
}

#[test]
fn ok_is_0() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    edit(&sandbox, "sed -i s/info/debug/", "").code(0);
    sandbox.run(["exec", "--", "sed", "-i", "s/debug/warn/", config(&sandbox)]).code(0);
    for arguments in [
        ["history", "list"].as_slice(),
        &["history", "show"],
        &["history", "diff"],
        &["history", "prune"],
        &["restore", "1"],
        &["restore", "--undo", "@"],
        &["status"],
    ] {
        sandbox.run(arguments).code(0);
    }
}

/// Whatever it is: also where the table gives it another meaning.
#[test]
fn of_a_program_it_is_its_own() {
    let sandbox = Sandbox::config(GATEWAY);
    for code in [1, 2, 3, 9, 70, 126, 127, 255] {
        sandbox.fails(code, ["exec", "--", "sh", "-c", &format!("exit {code}")]).tells("");
        // Also where its damage was healed.
        exec(&sandbox, &[], &format!("{DAMAGE}; exit {code}")).code(code).says("put back");
    }
    sandbox.fails(128 + 9, ["exec", "--", "sh", "-c", "kill -KILL $$"]).tells("");
}

#[test]
fn usage_is_2() {
    let sandbox = Sandbox::config(GATEWAY);
    for arguments in [
        ["set", "gateway.port"].as_slice(),
        &["exec"],
        &["exec", "--dry-run", "--", "true"],
        &["exec", "--allow", "nothing", "--", "true"],
        &["edit", "more"],
        &["edit", "--allow", "nothing"],
        &["history"],
        &["history", "show", "latest"],
        &["history", "diff", "1", "2", "3"],
        &["history", "list", "-n", "1", "--all"],
        &["restore", "@~x"],
        &["restore", "1", "--undo", "1"],
        &["restore", "--path", "a..b"],
        &["status", "more"],
    ] {
        sandbox.fails(2, arguments);
    }
}

#[test]
fn refused_is_3() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox
        .fails(3, ["unset", "gateway.auth.token"])
        .says("refused: ")
        .says("auth-token-dropped: `gateway.auth.token`: ")
        .says("expected: ")
        .says("line 10, column ")
        .says("--allow auth-token-dropped");
    sandbox.run(["unset", "gateway.auth.token", "--allow", "auth-token-dropped"]).code(3);
    let allow = "auth-token-dropped,auth-mode-incoherent";
    sandbox.run(["unset", "gateway.auth.token", "--allow", allow]).code(0);
}

#[test]
fn refused_is_3_for_programs_edits_and_restores() {
    let sandbox = Sandbox::config(GATEWAY);
    exec(&sandbox, &["--deny"], DAMAGE).code(3).says("refused: ");
    sandbox.holds(GATEWAY);
    exec(&sandbox, &["--strict"], DAMAGE).code(3).says("put back `gateway.auth.token`");
    edit(&sandbox, "sed -i /token:/d", "").code(3).says("auth-token-dropped");
    let other = "auth-token-changed";
    let change = ["set", "gateway.auth.token", "--stdin", "--allow", other];
    sandbox.invoke(change).stdin("fake-token-0cc175b9c0f1b6a8").run().code(0);
    sandbox.fails(3, ["restore", "1"]).says("refused: ").says(other);
    sandbox.fails(3, ["restore", "--path", "gateway.auth", "1"]).says(other);
    sandbox.fails(3, ["restore", "--undo", "@"]).says(other);
    sandbox.run(["restore", "1", "--allow", other]).code(0);
}

#[test]
fn invalid_is_4() {
    Sandbox::config("{ a: ").fails(4, ["set", "a", "1"]);
    let sandbox = Sandbox::config(GATEWAY);
    for arguments in [
        ["restore", "7"].as_slice(),
        &["restore", "--undo", "7"],
        &["restore", "7", "--path", "gateway"],
        &["history", "show", "7"],
        &["history", "diff", "7"],
    ] {
        sandbox.fails(4, arguments).says("there is no record `7`");
    }
    sandbox.fails(4, ["restore"]);
    sandbox.untouched(|| edit(&sandbox, "sed -i s/local/\\\"/", "")).code(4).says("does not parse");
    std::fs::write(sandbox.config_path(), "{ a: ").unwrap();
    // It tells the state that things are in.
    sandbox.fails(0, ["status"]).shows("does not parse");
}

#[test]
fn locked_is_5() {
    let sandbox = Sandbox::config(GATEWAY);
    let target = Target::resolve(sandbox.config_path()).unwrap();
    let guard = LockGuard::acquire(target, Wait::No, "confwarden apply").unwrap();
    let pid = std::process::id().to_string();
    let set = ["set", "gateway.port", "1", "--lock-timeout"];
    sandbox.fails(5, [set.as_slice(), &["0s"]].concat()).says("confwarden apply").says(&pid);
    let start = Instant::now();
    sandbox.fails(5, [set.as_slice(), &["300ms"]].concat()).says("--lock-timeout");
    assert!(start.elapsed() >= Duration::from_millis(300), "it waits as long as it is told");
    // What does not come in time.
    let wait = ["wait", "--for", "stable", "--timeout", "0s"];
    sandbox.fails(5, wait).says("was not at rest within 0 ms: its lock is held");
    sandbox.fails(5, ["exec", "--lock-timeout", "0s", "--", "touch", "ran"]).says(&pid);
    assert!(!sandbox.root().join("ran").exists());
    let text = edit(&sandbox, "sed -i s/18789/1/", "--lock-timeout=0s");
    text.code(5).says(&pid).says("your text is kept as");
    drop(guard);
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    let target = Target::resolve(sandbox.config_path()).unwrap();
    let _guard = LockGuard::acquire(target, Wait::No, "confwarden apply").unwrap();
    sandbox.fails(5, ["restore", "1", "--lock-timeout", "0s"]).says(&pid);
    sandbox.fails(5, ["restore", "--undo", "2", "--lock-timeout", "0s"]).says(&pid);
    // Readers do not wait.
    for arguments in [
        ["get", "gateway.port"].as_slice(),
        &["history", "list"],
        &["history", "show"],
        &["history", "prune"],
        &["status"],
    ] {
        sandbox.fails(0, arguments);
    }
}

#[test]
fn conflict_is_6() {
    let Some(faults) = Faults::allowed() else { return };
    let sandbox = Sandbox::config("{ a: 1, b: 1 }\n");
    let run = sandbox.raced(&faults, &["set", "a", "2"], "{ a: 3, b: 1 }\n");
    run.code(6).says("`a` was changed by another writer");
    sandbox.holds("{ a: 3, b: 1 }\n");
    let sandbox = Sandbox::config("{ a: 1 }\n");
    sandbox.run(["set", "a", "2"]).code(0);
    sandbox.run(["set", "a", "3"]).code(0);
    sandbox.fails(6, ["restore", "--undo", "2"]).says("`a` was changed again since");
    let others = format!("sed -i 's/3/4/' {}; sed -i 's/3/5/'", config(&sandbox));
    edit(&sandbox, &others, "").code(6).says("`a` was changed by another writer");
    sandbox.holds("{ a: 4 }\n");
}

#[test]
fn rolled_back_is_7() {
    let sandbox = Sandbox::config(GATEWAY);
    let gateway = FakeGateway::start(&sandbox, Release::September);
    gateway.set(|manners| manners.refuses = Some("cron".to_owned()));
    sandbox.run(["set", "cron.enabled", "true", "--confirm", "applied"]).code(7);
    sandbox.holds(GATEWAY);
}

#[test]
fn incomplete_is_8_for_who_cannot_be_asked() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "cron.enabled", "true", "--confirm", "probe"]).code(8);
    assert!(sandbox.text().contains("cron"));
}

#[test]
fn rolled_back_is_7_for_who_comes_too_late() {
    let sandbox = Sandbox::config("{ a: 0 }\n");
    sandbox.run(["set", "a", "1", "--confirm-within", "10m"]).code(0);
    sandbox.run(["cancel"]).code(0);
    let run = sandbox.run(["confirm", "2"]);
    run.code(7).says("record 2 is undone");
    sandbox.holds("{ a: 0 }\n");
}

#[test]
fn incomplete_is_8() {
    let Some(faults) = Faults::allowed() else { return };
    let sandbox = Sandbox::config("{ a: 0 }\n");
    // From here on there is a lock file.
    sandbox.run(["set", "a", "1"]).code(0);
    // The first sync is of the text, the second of the directory.
    let failing = faults.with("fsync:error=EIO:when=2");
    sandbox
        .invoke(["set", "a", "2"])
        .under(failing)
        .run()
        .code(8)
        .says("after a power cut it may be as before");
    sandbox.holds("{ a: 2 }\n");
    let told = "after a power cut it may be as before";
    let failing = || faults.with("fsync:error=EIO:when=2");
    sandbox.invoke(["restore", "2"]).under(failing()).run().code(8).says(told);
    sandbox.holds("{ a: 1 }\n");
    // Two are of the copy.
    let failing = faults.with("fsync:error=EIO:when=4");
    let run = sandbox.invoke(["edit"]).env("EDITOR", "sed -i s/1/3/").under(failing).run();
    run.code(8).says(told);
    sandbox.holds("{ a: 3 }\n");
}

#[test]
fn incomplete_is_8_for_programs() {
    let Some(faults) = Faults::allowed() else { return };
    let sandbox = Sandbox::config(GATEWAY);
    // From here on nothing is recorded before the program runs.
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    sandbox.run(["set", "gateway.port", "18789"]).code(0);
    // Also where what stands in the end is what stood there, and where that was long ago.
    for script in [
        DAMAGE.to_owned(),
        format!("{DAMAGE}; sleep 0.6"),
        format!("{DAMAGE}; sed -i s/info/debug/ \"$1\""),
    ] {
        let command = ["exec", "--", "sh", "-c", &script, "sh", config(&sandbox)];
        let run = sandbox.invoke(command).under(faults.with("fsync:error=EIO:when=2")).run();
        run.code(8).says("after a power cut it may be as before").says("put back");
        sandbox.holds(&if script.contains("debug") { debugging() } else { GATEWAY.to_owned() });
    }
}

#[test]
fn setup_is_9() {
    Sandbox::empty().run(["get"]).code(9).says("there is no `");
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    for snapshot in crate::history::snapshots(&sandbox) {
        std::fs::remove_file(snapshot).unwrap();
    }
    for arguments in [
        ["restore", "1"].as_slice(),
        &["restore", "--undo", "2"],
        &["history", "show", "1"],
        &["history", "diff", "2"],
    ] {
        sandbox.fails(9, arguments).says("is missing");
    }
    sandbox
        .fails(9, ["exec", "--", "no-such-program"])
        .says("could not find the program `no-such-program`");
    sandbox.fails(9, ["exec", "--", config(&sandbox)]).says("could not execute");
    sandbox.untouched(|| edit(&sandbox, "false", "")).code(9).says("the editor ended with code 1");
    sandbox.untouched(|| edit(&sandbox, "no-such-editor", "")).code(9).says("code 127");
    let files = sandbox.home().join("state/confwarden/files");
    std::fs::remove_dir_all(&files).unwrap();
    std::fs::write(&files, "in the way").unwrap();
    for arguments in
        [["history", "list"].as_slice(), &["history", "prune"], &["restore", "1"], &["status"]]
    {
        sandbox.fails(9, arguments).says("/state/confwarden/files");
    }
}
