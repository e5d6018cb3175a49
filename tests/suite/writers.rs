//! Other programs write the same file, and ask for no lock: what they write is never lost to ours.
//!
//! They are the real ones, at each of our windows: after we have read and before we compare, between
//! the last comparison and the exchange, and before the exchange is verified. Then they run freely.
//!
//! What no program can help: another one that has read the file before us and replaces it after us
//! takes our change with it.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Faults, Run, Running, Sandbox, tools};

/// Strict JSON, so that programs for it can write it.
const BASE: &str = r#"{
  "gateway": {
    "mode": "local",
    "auth": {
      "mode": "token",
      "token": "fake-token-5d41402abc4b2a76"
    }
  },
  "ours": 0,
  "also": 0,
  "theirs": 0
}
"#;

const OURS: [&str; 3] = ["set", "ours", "1"];

/// [`BASE`] where our key is made already: whoever counts the calls of a write counts only its own.
fn prepared() -> Sandbox {
    let sandbox = Sandbox::config(BASE);
    sandbox.run(["get"]).code(0);
    sandbox
}

/// A program that is not ours.
struct Writer {
    name: &'static str,
    /// Programs that it takes.
    needs: &'static [&'static str],
    /// Gives the key `$2` of the file `$1` the value `$3`; by `sh -eu`.
    script: &'static str,
}

const WRITERS: &[Writer] = &[
    Writer {
        name: "jq into another file, and mv",
        needs: &["jq"],
        script: r#"jq --arg k "$2" --argjson v "$3" '.[$k] = $v' "$1" > "$1.new" && mv "$1.new" "$1""#,
    },
    Writer {
        name: "sed -i",
        needs: &["sed"],
        script: r#"sed -i "s/\"$2\": [0-9]*/\"$2\": $3/" "$1""#,
    },
    Writer {
        name: "python, in place",
        needs: &["python3"],
        script: r#"python3 -Ic 'import json, sys
path, key, value = sys.argv[1:]
with open(path) as file: config = json.load(file)
config[key] = int(value)
with open(path, "w") as file: json.dump(config, file, indent=2)' "$@""#,
    },
    Writer {
        name: "vim",
        needs: &["vim", "yes"],
        // As most have it set up: the old file goes to a backup, and for a moment there is none. It
        // asks before it writes over what has changed; whoever says no edits again.
        script: r#"until yes n | vim -es -N -u NONE -i NONE -n --cmd "set writebackup backupcopy=no" \
            -c "%s/\"$2\": \zs[0-9]*/$3/" -c "wq!" -c "cq!" "$1"; do :; done"#,
    },
    Writer {
        name: "cp of an edited copy",
        needs: &["cp", "sed"],
        script: r#"sed "s/\"$2\": [0-9]*/\"$2\": $3/" "$1" > "$1.new"; cp "$1.new" "$1"; rm "$1.new""#,
    },
];

/// Adds a comment, as `>>` does; a writer without a key.
const APPENDER: &str = r#"printf '// a note of %s\n' "$2" >> "$1""#;

/// The writers whose programs are here.
fn writers() -> impl Iterator<Item = &'static Writer> {
    WRITERS.iter().filter(|writer| tools(writer.needs))
}

/// Runs `script` on the configuration to its good end.
#[track_caller]
fn write(sandbox: &Sandbox, script: &str, key: &str, value: u32) {
    let output = Command::new("sh")
        .args(["-euc", script, "sh"])
        .arg(sandbox.config_path())
        .args([key, &value.to_string()])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .output()
        .unwrap();
    assert!(output.status.success(), "{script}: {output:?}");
}

/// The configuration as any reader of JSON sees it.
fn value(sandbox: &Sandbox) -> Option<Value> {
    serde_json::from_slice(&fs::read(sandbox.config_path()).ok()?).ok()
}

/// [`BASE`] with these numbers.
fn expected(ours: u32, theirs: u32) -> Value {
    let mut value: Value = serde_json::from_str(BASE).unwrap();
    value["ours"] = json!(ours);
    value["theirs"] = json!(theirs);
    value
}

/// A moment of a write at which others can come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Window {
    /// We have read, and the new text is staged; nothing is compared yet.
    Staged,
    /// We have compared for the last time.
    Compared,
    /// Ours is visible, and what it displaced is not looked at yet.
    Exchanged,
}

impl Window {
    const ALL: [Self; 3] = [Self::Staged, Self::Compared, Self::Exchanged];

    /// Starts [`OURS`], stopped in this window.
    #[track_caller]
    fn stop(self, faults: &Faults, sandbox: &Sandbox) -> Running {
        let calls = faults.calls(&prepared(), &OURS, None);
        let call = calls.iter().find(|call| match self {
            // Made of the staged file alone. Not its `fsync`: the history is synced meanwhile, by a
            // thread that has a first one of its own.
            Self::Staged => call.name == "fremovexattr",
            Self::Compared => call.name.starts_with("rename") && call.shown.contains(".swap\""),
            Self::Exchanged => call.shown.contains("RENAME_EXCHANGE"),
        });
        // The signal arrives when the call is done.
        let call = call.expect("a write makes this call").inject("signal=SIGSTOP");
        let inode = || fs::metadata(sandbox.config_path()).unwrap().ino();
        let before = inode();
        // Of the configuration: the gateway's lock has such files too, before anything is read.
        let has = |end: &str| {
            let ours = |name: &String| name.starts_with(".openclaw.json.confwarden.");
            sandbox.leftovers().iter().any(|name| ours(name) && name.ends_with(end))
        };
        let mut run = sandbox.invoke(OURS).under(faults.with(&call)).start();
        run.until_locked(sandbox);
        run.until("its stop", || match self {
            Self::Staged => has(".tmp"),
            Self::Compared => has(".swap"),
            Self::Exchanged => inode() != before,
        });
        run
    }
}

/// Nothing but the configuration and our lock is left.
#[track_caller]
fn check_names(sandbox: &Sandbox, why: &str) {
    assert_eq!(sandbox.names(), [".openclaw.json.confwarden.lock", "openclaw.json"], "{why}");
}

#[test]
fn disjoint_changes_survive_in_every_window() {
    let Some(faults) = Faults::allowed() else { return };
    for writer in writers() {
        for window in Window::ALL {
            let why = format!("{}, {window:?}", writer.name);
            let sandbox = prepared();
            let ours = window.stop(&faults, &sandbox);
            write(&sandbox, writer.script, "theirs", 7);
            let run = ours.resume();
            assert_eq!(run.ended(), Some(0), "{why}: {run}");
            assert_eq!(value(&sandbox), Some(expected(1, 7)), "{why}");
            check_names(&sandbox, &why);
        }
    }
}

/// Theirs stays, byte for byte, unless it was made on ours.
#[test]
fn changes_to_the_same_key_are_a_conflict_in_every_window() {
    let Some(faults) = Faults::allowed() else { return };
    for writer in writers() {
        let alone = prepared();
        write(&alone, writer.script, "ours", 7);
        for window in Window::ALL {
            let why = format!("{}, {window:?}", writer.name);
            let sandbox = prepared();
            let ours = window.stop(&faults, &sandbox);
            write(&sandbox, writer.script, "ours", 7);
            let run = ours.resume();
            if window == Window::Exchanged {
                assert_eq!(run.ended(), Some(0), "{why}: {run}");
            } else {
                assert_eq!(run.ended(), Some(6), "{why}: {run}");
                run.says("`ours` was changed by another writer");
            }
            assert_eq!(sandbox.text(), alone.text(), "{why}");
            check_names(&sandbox, &why);
        }
    }
}

#[test]
fn a_line_that_is_appended_stays() {
    let Some(faults) = Faults::allowed() else { return };
    for window in Window::ALL {
        let sandbox = prepared();
        let ours = window.stop(&faults, &sandbox);
        write(&sandbox, APPENDER, "theirs", 7);
        ours.resume().code(0);
        let expected = BASE.replace("\"ours\": 0", "\"ours\": 1") + "// a note of theirs\n";
        assert_eq!(sandbox.text(), expected, "{window:?}");
        check_names(&sandbox, "the appender");
    }
}

/// Who breaks the file or takes it away has done so: nobody mends it unasked, or makes it anew.
#[test]
fn what_others_break_stays_broken_and_is_told() {
    let Some(faults) = Faults::allowed() else { return };
    let half = &BASE[..BASE.len() / 2];
    for (script, left, code, says) in [
        (r#"truncate -s 0 "$1""#, Some(""), 4, "the file is empty"),
        (r#"truncate -s $(($(wc -c < "$1") / 2)) "$1""#, Some(half), 4, "the file ends inside"),
        (r#"printf '{ "a": 1 }\n{}\n' > "$1""#, Some("{ \"a\": 1 }\n{}\n"), 4, "two config"),
        (r#"rm "$1""#, None, 9, "there is no `"),
    ] {
        for window in Window::ALL {
            let why = format!("{script}, {window:?}");
            let sandbox = prepared();
            let ours = window.stop(&faults, &sandbox);
            write(&sandbox, script, "theirs", 7);
            let run = ours.resume();
            if window == Window::Exchanged {
                // They broke what we had written.
                assert_eq!(run.ended(), Some(0), "{why}: {run}");
            } else {
                assert_eq!(run.ended(), Some(code), "{why}: {run}");
                run.says(says);
            }
            assert_eq!(sandbox.text_of("").as_deref(), left, "{why}");
            assert_eq!(sandbox.leftovers(), Vec::<String>::new(), "{why}");
        }
    }
}

#[test]
fn a_change_of_mode_stays() {
    let Some(faults) = Faults::allowed() else { return };
    for window in Window::ALL {
        let sandbox = prepared();
        let ours = window.stop(&faults, &sandbox);
        write(&sandbox, "chmod 640 \"$1\"", "theirs", 7);
        ours.resume().code(0);
        assert_eq!(value(&sandbox), Some(expected(1, 0)), "{window:?}");
        let mode = fs::metadata(sandbox.config_path()).unwrap().mode();
        assert_eq!(mode & 0o7777, 0o640, "{window:?}");
    }
}

/// A manager of such files puts its next generation in place. Which one is meant, the link says.
#[test]
fn a_link_that_leads_elsewhere_meanwhile_is_followed() {
    let Some(faults) = Faults::allowed() else { return };
    let next = BASE.replace("\"theirs\": 0", "\"theirs\": 7");
    let sandbox = Sandbox::empty().with("1/real.json", BASE).with("2/real.json", &next);
    symlink("1/real.json", sandbox.config_path()).unwrap();
    let mut ours = sandbox.invoke(OURS).under(faults.with("fsync:signal=SIGSTOP:when=1")).start();
    let lock = sandbox.path("1/.real.json.confwarden.lock");
    ours.until_holding(&lock);
    ours.until("the gateway's lock", || sandbox.path("openclaw.json.lock").exists());
    symlink("2/real.json", sandbox.path("new")).unwrap();
    fs::rename(sandbox.path("new"), sandbox.config_path()).unwrap();
    ours.resume().code(0);
    assert_eq!(sandbox.text_of("1/real.json").unwrap(), BASE);
    assert_eq!(value(&sandbox), Some(expected(1, 7)));
    assert_eq!(sandbox.names(), ["1", "2", "openclaw.json"]);
}

/// Waits until the configuration says `theirs`, which it may not do while one of our exchanges is
/// taken back.
#[track_caller]
fn until_theirs(sandbox: &Sandbox, theirs: u32, why: &str) {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let found = value(sandbox);
        if found.as_ref().is_some_and(|found| found["theirs"] == theirs) {
            return;
        }
        assert!(Instant::now() < deadline, "{why}: {theirs} is lost: {found:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Two of ours and one of theirs, as fast as they can: theirs for at least `rounds`, ours at least
/// as often in all.
fn run_freely(writer: &Writer, rounds: u32) {
    let sandbox = prepared();
    let done = AtomicBool::new(false);
    let written = AtomicU32::new(0);
    let ours = |key: &str| {
        for turn in 1_u32.. {
            if done.load(Ordering::Relaxed) {
                return;
            }
            let run = sandbox.run(["set", key, &turn.to_string()]);
            assert!(matches!(run.ended(), Some(0 | 6)), "{}: {run}", writer.name);
            written.fetch_add(u32::from(run.ended() == Some(0)), Ordering::Relaxed);
        }
    };
    let last = std::thread::scope(|scope| {
        let ours = [scope.spawn(|| ours("ours")), scope.spawn(|| ours("also"))];
        // Also where a check fails ours must end.
        let theirs = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for turn in 1_u32.. {
                write(&sandbox, writer.script, "theirs", turn);
                // From now on only we write.
                until_theirs(&sandbox, turn, writer.name);
                std::thread::sleep(Duration::from_millis(u64::from(turn % 5)));
                until_theirs(&sandbox, turn, writer.name);
                if turn >= rounds && written.load(Ordering::Relaxed) >= rounds {
                    return turn;
                }
                assert!(turn < rounds * 100, "{}: ours is hardly ever written", writer.name);
            }
            unreachable!("it counts until it returns")
        }));
        done.store(true, Ordering::Relaxed);
        let last = theirs.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        for thread in ours {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
        last
    });
    sandbox.run(["set", "ours", "1", "also", "0"]).code(0);
    assert_eq!(value(&sandbox), Some(expected(1, last)), "{}", writer.name);
    check_names(&sandbox, writer.name);
}

/// Each of ours is written, or says that another writer has changed the same key: theirs brings back
/// an old number of ours.
#[test]
fn nothing_of_theirs_is_lost_in_many_rounds() {
    for writer in writers() {
        run_freely(writer, 40);
    }
}

/// Ours waits for the other writer, who is at `begin` as it starts, and at `end` a moment later.
/// Again where this machine took so long that nobody could tell such a writer from a dead one.
#[track_caller]
fn check_waits(begin: impl Fn(), ours: impl Fn() -> Run + Send + Copy, end: impl Fn()) {
    for _ in 0..20 {
        begin();
        let started = Instant::now();
        let run = std::thread::scope(|scope| {
            let run = scope.spawn(ours);
            std::thread::sleep(Duration::from_millis(40));
            end();
            let took = started.elapsed();
            let run = run.join().unwrap();
            (took < Duration::from_millis(200)).then_some(run)
        });
        if let Some(run) = run {
            run.code(0);
            return;
        }
    }
    panic!("this machine never went on within 200 ms");
}

#[test]
fn a_file_that_is_emptied_before_it_is_filled_is_waited_for() {
    let toml = "[gateway]\nmode = 'local'\n[limits]\nburst = 1\n";
    for (name, text, set) in [
        ("openclaw.json", BASE, OURS),
        // To TOML an empty text is a good one. Replaced, it would be filled out of everybody's sight.
        ("gateway.toml", toml, ["set", "limits.burst", "2"]),
    ] {
        let sandbox = Sandbox::empty();
        let path = sandbox.path(name);
        let arguments = [["--config", path.to_str().unwrap()].as_slice(), &set].concat();
        let file = RefCell::new(None);
        check_waits(
            || *file.borrow_mut() = Some(File::create(&path).unwrap()),
            || sandbox.run(&arguments),
            || file.take().unwrap().write_all(text.as_bytes()).unwrap(),
        );
        let expected = text.replace("\"ours\": 0", "\"ours\": 1").replace("burst = 1", "burst = 2");
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    }
}

#[test]
fn a_file_that_goes_away_and_comes_back_is_waited_for() {
    let Some(faults) = Faults::allowed() else { return };
    let sandbox = prepared();
    let (path, backup) = (sandbox.config_path(), sandbox.path("openclaw.json~"));
    let ours = Mutex::new(None);
    check_waits(
        || {
            fs::write(path, BASE).unwrap();
            *ours.lock().unwrap() = Some(Window::Staged.stop(&faults, &sandbox));
            fs::rename(path, &backup).unwrap();
        },
        || {
            let stopped: Option<Running> = ours.lock().unwrap().take();
            stopped.unwrap().resume()
        },
        || fs::rename(&backup, path).unwrap(),
    );
    assert_eq!(value(&sandbox), Some(expected(1, 0)));
    check_names(&sandbox, "the editor");
}
