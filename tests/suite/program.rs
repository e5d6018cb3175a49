//! What runs under `exec`: its signals, its terminal, and what it leaves running behind.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::exec::{debugging, exec};
use crate::history::kinds;
use crate::support::{GATEWAY, Running, Sandbox, TOKEN, tools};

/// Damage, and a change that stays.
const DAMAGE: &str = "sed -i -e /token:/d -e s/info/debug/ \"$1\"";

/// Starts the shell command `script` under the guard, itself started by `words`.
fn start(sandbox: &Sandbox, words: &[&str], script: &str) -> Running {
    let config = sandbox.config_path().to_str().unwrap();
    let run = sandbox.invoke(["exec", "--", "sh", "-c", script, "sh", config]);
    if words.is_empty() { run.start() } else { run.under(words).start() }
}

/// The process id that a script has written into a file.
fn pid_in(file: &Path) -> Option<Pid> {
    Pid::from_raw(fs::read_to_string(file).ok()?.trim().parse().ok()?)
}

/// Lets a script write its process id, then become a long sleep.
fn sleeping_after(work: &str) -> String {
    format!("{work}; echo $$ > \"$1.pid\"; exec sleep 60")
}

#[test]
fn a_signal_to_the_guard_alone_ends_the_program_and_the_heal_still_happens() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let sandbox = Sandbox::config(GATEWAY);
        let mut running = start(&sandbox, &[], &sleeping_after(DAMAGE));
        running.until_locked(&sandbox);
        running.until("its sleep", || pid_in(&sandbox.path("openclaw.json.pid")).is_some());
        running.signal(signal);
        running.finish().code(code).says("put back").never_says(TOKEN);
        sandbox.holds(&debugging());
    }
    // A program may have its own answer, and may need time for it.
    let sandbox = Sandbox::config(GATEWAY);
    let answers = format!(
        "trap 'sleep 0.1; {DAMAGE}; exit 5' TERM; echo $$ > \"$1.pid\"; while :; do sleep 0.01; done"
    );
    let mut running = start(&sandbox, &[], &answers);
    running.until_locked(&sandbox);
    running.until("its trap", || pid_in(&sandbox.path("openclaw.json.pid")).is_some());
    running.signal(Signal::TERM);
    running.finish().code(5).says("put back");
    sandbox.holds(&debugging());
}

#[test]
fn without_the_hang_up_of_nohup_program_and_guard_go_on() {
    let sandbox = Sandbox::config(GATEWAY);
    let script = format!(
        "{DAMAGE}; echo $$ > \"$1.pid\"; while [ ! -e \"$1.go\" ]; do sleep 0.01; done; exit 6"
    );
    let mut running = start(&sandbox, &["nohup"], &script);
    running.until_locked(&sandbox);
    running.until("its start", || pid_in(&sandbox.path("openclaw.json.pid")).is_some());
    running.signal(Signal::HUP);
    kill_process(pid_in(&sandbox.path("openclaw.json.pid")).unwrap(), Signal::HUP).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    assert!(!running.has_ended(), "a hang-up is ignored");
    fs::write(sandbox.path("openclaw.json.go"), "").unwrap();
    running.finish().code(6).says("put back");
    sandbox.holds(&debugging());
}

/// Types Ctrl-C on a terminal as soon as `ready` is shown on it, and prints what was shown.
const ON_A_TERMINAL: &str = r#"
import os, pty, select, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
shown, typed = b"", False
while True:
    if not select.select([terminal], [], [], 30)[0]:
        sys.exit(99)
    try:
        some = os.read(terminal, 4096)
    except OSError:
        break
    if not some:
        break
    shown += some
    if b"ready" in shown and not typed:
        typed = True
        os.write(terminal, b"\x03")
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.write(shown.decode())
sys.exit(code if code >= 0 else 98)
"#;

#[test]
fn ctrl_c_on_a_terminal_ends_the_program_and_the_heal_still_happens() {
    if !tools(&["python3"]) {
        return;
    }
    let sandbox = Sandbox::config(GATEWAY);
    let script = format!("{DAMAGE}; echo ready; exec sleep 60");
    let run = start(&sandbox, &["python3", "-c", ON_A_TERMINAL], &script).finish();
    run.code(130).shows("put back").never_says(TOKEN);
    sandbox.holds(&debugging());
    // Whoever presses it twice does not lose the heal either.
    let sandbox = Sandbox::config(GATEWAY);
    let twice = ON_A_TERMINAL.replace("b\"\\x03\"", "b\"\\x03\\x03\\x03\"");
    let run = start(&sandbox, &["python3", "-c", &twice], &script).finish();
    run.code(130).shows("put back");
    sandbox.holds(&debugging());
}

#[test]
fn a_program_that_is_stopped_is_healed_meanwhile_and_may_go_on() {
    let sandbox = Sandbox::config(GATEWAY);
    let script = format!("{DAMAGE}; echo $$ > \"$1.pid\"; kill -STOP $$; {DAMAGE}; exit 3");
    let mut running = start(&sandbox, &[], &script);
    running.until_locked(&sandbox);
    running.until("the heal of a stopped program", || {
        sandbox.text().contains(TOKEN) && sandbox.text().contains("debug")
    });
    let program = pid_in(&sandbox.path("openclaw.json.pid")).unwrap();
    sandbox.run(["set", "gateway.port", "1", "--lock-timeout", "0s"]).code(5);
    kill_process(program, Signal::CONT).unwrap();
    running.finish().code(3).says("put back");
    sandbox.holds(&debugging());
}

/// A guard that was stopped itself, such as by a debugger, heals as soon as it goes on.
#[test]
fn a_guard_that_was_stopped_heals_when_it_goes_on() {
    let sandbox = Sandbox::config(GATEWAY);
    let script = format!(
        "echo $$ > \"$1.pid\"; while [ ! -e \"$1.go\" ]; do sleep 0.01; done; {DAMAGE}; exit 3"
    );
    let mut running = start(&sandbox, &[], &script);
    running.until_locked(&sandbox);
    running.until("its start", || pid_in(&sandbox.path("openclaw.json.pid")).is_some());
    running.signal(Signal::STOP);
    fs::write(sandbox.path("openclaw.json.go"), "").unwrap();
    running.until("the damage", || !sandbox.text().contains(TOKEN));
    std::thread::sleep(Duration::from_millis(50));
    running.resume().code(3).says("put back");
    sandbox.holds(&debugging());
}

/// What runs on after the program is nobody under the guard: the lock is free, and what it writes is
/// what any other writer writes, to be seen by the next command and in the history.
#[test]
fn what_a_program_leaves_running_holds_no_lock_and_its_writes_are_seen_later() {
    let program = env!("CARGO_BIN_EXE_confwarden");
    let sandbox = Sandbox::config(GATEWAY);
    let daemon = format!(
        "while [ ! -e \"$1.go\" ]; do sleep 0.01; done
         sed -i s/18789/18790/ \"$1\"
         {program} set logging.level trace --lock-timeout 0s > \"$1.said\" 2>&1
         echo $? > \"$1.code\""
    );
    let daemon = format!(
        "setsid sh -c '{}' sh \"$1\" < /dev/null > /dev/null 2>&1 &",
        daemon.replace('\'', "'\\''")
    );
    let run = exec(&sandbox, &[], &format!("{daemon} {DAMAGE}"));
    run.code(0).says("put back");
    sandbox.holds(&debugging());
    // It was handed the lock, which is free, and held by somebody else then.
    sandbox.run(["set", "gateway.mode", "remote", "--lock-timeout", "0s"]).code(0);
    let mut second = start(&sandbox, &[], "while [ ! -e \"$1.code\" ]; do sleep 0.01; done");
    second.until_locked(&sandbox);
    fs::write(sandbox.path("openclaw.json.go"), "").unwrap();
    second.finish().code(0);
    assert_eq!(sandbox.text_of("openclaw.json.code").unwrap(), "5\n", "the lock is another's");
    sandbox.holds(&debugging().replace("18789", "18790").replace("local", "remote"));
    sandbox.run(["set", "logging.level", "warn"]).code(0);
    assert!(kinds(&sandbox).ends_with(&["foreign".to_owned(), "write".to_owned()]));
}

/// Damage again and again, each time another text.
#[test]
fn a_writer_in_a_tight_loop_is_healed_with_bounded_work() {
    if !tools(&["python3"]) {
        return;
    }
    let sandbox = Sandbox::config(GATEWAY);
    let script = r#"exec python3 -c '
import os, sys, time
config = sys.argv[1]
lines = [line for line in open(config) if "token:" not in line]
end, count = time.monotonic() + 1, 0
while time.monotonic() < end:
    count += 1
    with open(config + ".tmp", "w") as file:
        file.write("".join(lines).replace("18789", str(20000 + count)))
    os.rename(config + ".tmp", config)
print(20000 + count)
sys.exit(4)
' "$1""#;
    let since = Instant::now();
    let run = exec(&sandbox, &[], script);
    run.code(4).says("put back `gateway.auth.token`").never_says(TOKEN);
    assert!(since.elapsed() < Duration::from_secs(10), "it took {:?}", since.elapsed());
    sandbox.holds(&GATEWAY.replace("18789", run.stdout().trim()));
    assert!(run.stdout().trim().parse::<u32>().unwrap() > 20_100, "a tight loop: {run}");
    // Not one for each of its thousands of writes.
    assert!(kinds(&sandbox).len() < 20, "{:?}", kinds(&sandbox));
    assert_eq!(sandbox.leftovers(), [] as [String; 0]);
}

#[test]
fn a_guard_inside_of_a_guard_shares_its_lock_with_a_write_inside_of_it() {
    let program = env!("CARGO_BIN_EXE_confwarden");
    let sandbox = Sandbox::config(GATEWAY);
    let inner = format!(
        "{program} set --lock-timeout 0s gateway.port 18790 || exit 11
         {program} exec --lock-timeout 0s -- {program} set --lock-timeout 0s gateway.mode remote || exit 12
         {DAMAGE}; exit 6"
    );
    let inner = format!("exec {program} exec --lock-timeout 0s -- sh -c '{inner}' sh \"$1\"");
    exec(&sandbox, &[], &inner).code(6).says("put back");
    let wanted = debugging().replace("18789", "18790").replace("local", "remote");
    sandbox.holds(&wanted);
    // What the inner guard wrote is no change of its program's.
    let report = sandbox.report(["history", "list", "--all"]);
    for record in report["records"].as_array().unwrap() {
        let name = record["author"]["name"].as_str().unwrap();
        assert!(record["kind"] != "foreign" || name == "sh", "{record:#}");
    }
    // The lock is free again.
    sandbox.run(["set", "gateway.mode", "local", "--lock-timeout", "0s"]).code(0);
}

/// A healed text that stands at the end is the guard's, not the program's.
#[test]
fn a_heal_while_the_program_runs_is_recorded_once() {
    let sandbox = Sandbox::config(GATEWAY);
    let waits = format!("{DAMAGE}; while ! grep -q {TOKEN} \"$1\"; do sleep 0.01; done; sleep 0.1");
    exec(&sandbox, &[], &waits).code(0);
    assert_eq!(kinds(&sandbox), ["observed", "foreign", "healed"]);
}

/// The guard itself may be killed while the program has just destroyed the file.
#[test]
fn what_stood_before_the_program_is_in_the_history_before_it_runs() {
    let sandbox = Sandbox::config(GATEWAY);
    let run = exec(&sandbox, &[], "echo '{}' > \"$1\"; kill -KILL $PPID");
    assert_eq!(run.ended(), None, "{run}");
    sandbox.holds("{}\n");
    sandbox.run(["restore"]).code(0);
    sandbox.holds(GATEWAY);
}
