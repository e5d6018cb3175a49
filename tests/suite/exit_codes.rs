//! One test a row of the table of exit codes. The row `internal` has none: it is a bug.

use std::time::{Duration, Instant};

use confwarden::fs::{LockGuard, Target, Wait};

use crate::support::{Faults, GATEWAY, Sandbox};

#[test]
fn ok_is_0() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "gateway.port", "1"]).code(0);
}

#[test]
fn usage_is_2() {
    Sandbox::config(GATEWAY).fails(2, ["set", "gateway.port"]);
    // Not possible yet, and not pretended.
    let reloaded = Sandbox::config(GATEWAY).fails(2, ["wait", "--for", "reloaded"]);
    reloaded.says("`--for reloaded` is not possible yet");
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
fn invalid_is_4() {
    Sandbox::config("{ a: ").fails(4, ["set", "a", "1"]);
    Sandbox::config(GATEWAY).fails(4, ["restore", "7"]).says("there is no record `7`");
}

#[test]
fn locked_is_5() {
    let sandbox = Sandbox::config(GATEWAY);
    let target = Target::resolve(sandbox.config_path()).unwrap();
    let _guard = LockGuard::acquire(target, Wait::No, "confwarden apply").unwrap();
    let pid = std::process::id().to_string();
    let set = ["set", "gateway.port", "1", "--lock-timeout"];
    sandbox.fails(5, [set.as_slice(), &["0s"]].concat()).says("confwarden apply").says(&pid);
    let start = Instant::now();
    sandbox.fails(5, [set.as_slice(), &["300ms"]].concat()).says("--lock-timeout");
    assert!(start.elapsed() >= Duration::from_millis(300), "it waits as long as it is told");
    // What does not come in time.
    let wait = ["wait", "--for", "stable", "--timeout", "0s"];
    sandbox.fails(5, wait).says("was not at rest within 0 ms: its lock is held");
    // Readers do not wait.
    sandbox.fails(0, ["get", "gateway.port"]).prints("18789\n");
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
}

#[test]
fn setup_is_9() {
    Sandbox::empty().run(["get"]).code(9).says("there is no `");
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.run(["set", "gateway.port", "1"]).code(0);
    for snapshot in crate::history::snapshots(&sandbox) {
        std::fs::remove_file(snapshot).unwrap();
    }
    sandbox.fails(9, ["restore", "1"]).says("is missing");
}
