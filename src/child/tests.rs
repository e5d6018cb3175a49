//! Tests with real programs, signals and a terminal.
//!
//! Where the process itself gets signals, the test binary runs itself as the guard of a program.

#![expect(clippy::disallowed_methods, reason = "the tests write programs and measure time")]

use super::*;
use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Lines, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Instant;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::low_level::raise;

const LONG: Duration = Duration::from_mins(1);
const SHORT: Duration = Duration::from_millis(5);

/// The shell script that the guard runs.
const SCRIPT: &str = "CONFWARDEN_TEST_SCRIPT";
const MARK: &str = "@guard ";

fn start(program: &str, arguments: &[&str]) -> Result<Child, StartError> {
    let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
    Child::start(OsStr::new(program), &arguments)
}

fn start_script(script: &str) -> Child {
    start("sh", &["-c", script]).unwrap()
}

/// Waits for the next progress that is not [`Progress::Running`].
#[track_caller]
fn next(child: &mut Child) -> Progress {
    let started = Instant::now();
    while started.elapsed() < LONG {
        match child.wait(LONG).unwrap() {
            Progress::Running => {}
            progress => return progress,
        }
    }
    panic!("nothing becomes of the program");
}

fn signal(id: u32, signal: Signal) {
    kill_process(Pid::from_raw(id.cast_signed()).unwrap(), signal).unwrap();
}

#[test]
fn codes_and_signals_that_end_a_program_are_told_as_often_as_asked() {
    for (script, end, code) in [
        ("exit 0", End::Code(0), 0),
        ("exit 7", End::Code(7), 7),
        ("exit 255", End::Code(255), 255),
        ("kill -KILL $$", End::Signal(9), 137),
        ("kill -INT $$", End::Signal(2), 130),
        ("ulimit -c 0; kill -QUIT $$", End::Signal(3), 131),
    ] {
        let mut child = start_script(script);
        for _ in 0..2 {
            assert_eq!(next(&mut child), Progress::Ended(end), "{script}");
        }
        assert_eq!(end.exit_code(), code);
    }
}

#[test]
fn a_program_that_runs_is_waited_for_no_longer_than_allowed() {
    let mut child = start("sleep", &["60"]).unwrap();
    let started = Instant::now();
    while started.elapsed() < SHORT {
        assert_eq!(child.wait(SHORT).unwrap(), Progress::Running);
    }
    assert!(started.elapsed() < LONG / 2);
    signal(child.id(), Signal::KILL);
    let killed = Instant::now();
    assert_eq!(next(&mut child), Progress::Ended(End::Signal(9)));
    assert!(killed.elapsed() < LONG / 2, "told after {:?}", killed.elapsed());
}

#[test]
fn the_end_is_told_also_where_the_kernel_has_no_descriptors_of_processes() {
    let mut child = start("sleep", &["60"]).unwrap();
    child.program.forget_descriptor();
    assert_eq!(child.wait(SHORT).unwrap(), Progress::Running);
    signal(child.id(), Signal::TERM);
    let started = Instant::now();
    assert_eq!(next(&mut child), Progress::Ended(End::Signal(15)));
    assert!(started.elapsed() < LONG / 2);
}

#[test]
fn a_stop_and_a_continuation_of_the_program_alone_are_told() {
    let mut child = start("sleep", &["60"]).unwrap();
    signal(child.id(), Signal::STOP);
    assert_eq!(next(&mut child), Progress::Stopped(Signal::STOP.as_raw()));
    assert_eq!(child.wait(SHORT).unwrap(), Progress::Running);
    signal(child.id(), Signal::CONT);
    assert_eq!(next(&mut child), Progress::Continued);
    signal(child.id(), Signal::KILL);
    assert_eq!(next(&mut child), Progress::Ended(End::Signal(9)));
    // Nobody is left to stop with.
    assert_eq!(child.pause().unwrap(), Pause::NotOurs);
}

#[test]
fn what_cannot_be_started_is_named_without_its_arguments() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str, mode| {
        let path = dir.path().join(name);
        // By another process: a file that this one has open to write, or another test's program has
        // from it for a moment, cannot be executed.
        let write = Command::new("sh")
            .args(["-c", "printf %s \"$1\" >\"$0\"", path.to_str().unwrap(), text])
            .status();
        assert!(write.unwrap().success());
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let check = |program: &str, expected: &str| {
        let error = start(program, &["--token", "hunter2"]).unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        let kind = match &error {
            StartError::NotFound { .. } => "not found",
            StartError::NotExecutable { .. } => "not executable",
            StartError::Failed { .. } => "failed",
        };
        assert_eq!(kind, expected, "{program}: {error}: {source}");
        let text = format!("{error} {error:?} {source}");
        assert!(text.contains(program.trim_end_matches('\0')), "{text}");
        assert!(!text.contains("hunter2") && !text.contains("--token"), "{text}");
    };
    check("confwarden-has-no-such-program", "not found");
    check(&file("absent-interpreter", "#!/nowhere/sh\n", 0o755), "not found");
    check(&dir.path().join("absent").display().to_string(), "not found");
    check("", "not found");
    check(&file("plain", "#!/bin/sh\n", 0o644), "not executable");
    check(&file("text", "no program", 0o755), "not executable");
    check(dir.path().to_str().unwrap(), "not executable");
    check("with\0zero", "failed");
}

#[test]
fn a_program_that_runs_shows_no_argument() {
    let mut child = start("sleep", &["60.0625"]).unwrap();
    assert!(!format!("{child:?}").contains("60.0625"));
    signal(child.id(), Signal::KILL);
    next(&mut child);
}

/// What the guard does where the test binary runs itself: a program from its start to its end, and
/// what becomes of it said on standard output.
#[expect(clippy::print_stdout, reason = "the parent reads it")]
fn guard(script: &str) {
    let say = |text: &str| println!("\n{MARK}{text}");
    // The harness leaves its line unfinished.
    println!();
    let mut child = start_script(script);
    loop {
        match child.wait(SHORT).unwrap() {
            Progress::Running => {}
            Progress::Stopped(_) => {
                say("pauses");
                say(&format!("{:?}", child.pause().unwrap()));
            }
            Progress::Continued => say("continued"),
            Progress::Ended(end) => {
                say(&format!("{end:?}"));
                break;
            }
        }
    }
    if script.contains("linger") {
        // To this thread, so that each has had its effect when the call is over.
        for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
            raise(signal.as_raw()).unwrap();
        }
        say("survived");
        drop(child);
        say("dropped");
        raise(Signal::TERM.as_raw()).unwrap();
        say("survived too long");
    }
}

/// Not a test of its own: the guard, where the environment asks for one.
#[test]
fn guard_where_asked() {
    if let Ok(script) = env::var(SCRIPT) {
        guard(&script);
    }
}

fn guard_words() -> [String; 5] {
    let exe = env::current_exe().unwrap().to_str().unwrap().to_owned();
    let name = "child::tests::guard_where_asked".to_owned();
    [exe, "--exact".into(), name, "--nocapture".into(), "--test-threads=1".into()]
}

/// A guard in a process of its own.
struct Guard {
    process: std::process::Child,
    output: Lines<BufReader<ChildStdout>>,
}

impl Guard {
    fn start(script: &str) -> Self {
        Self::start_by(&guard_words(), script)
    }

    fn start_by(words: &[String], script: &str) -> Self {
        let mut process = Command::new(&words[0])
            .args(&words[1..])
            .env(SCRIPT, script)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self { output: BufReader::new(process.stdout.take().unwrap()).lines(), process }
    }

    /// Reads on until a line is `text`.
    #[track_caller]
    fn until(&mut self, text: &str) {
        let mut seen = Vec::new();
        for line in self.output.by_ref() {
            let line = line.unwrap();
            if line == text {
                return;
            }
            seen.push(line);
        }
        panic!("no {text:?} in {seen:?}");
    }

    #[track_caller]
    fn says(&mut self, what: &str) {
        self.until(&format!("{MARK}{what}"));
    }

    fn signal(&self, what: Signal) {
        signal(self.process.id(), what);
    }

    /// Waits for its end; with what it still says.
    fn finish(mut self) -> (ExitStatus, String) {
        let rest: Vec<_> = self.output.by_ref().map(Result::unwrap).collect();
        (self.process.wait().unwrap(), rest.join("\n"))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A program that says which signals came, one after another.
const TALKER: &str = "for s in HUP INT QUIT TERM USR1 USR2; do trap \"echo got $s\" $s; done; \
                      trap 'echo continued; exit 5' CONT; echo ready; while :; do sleep 0.01; done";

#[test]
fn signals_sent_to_us_alone_reach_the_program_and_we_survive_them() {
    let mut guard = Guard::start(TALKER);
    guard.until("ready");
    for (signal, name) in [
        (Signal::HUP, "HUP"),
        (Signal::INT, "INT"),
        (Signal::QUIT, "QUIT"),
        (Signal::TERM, "TERM"),
        (Signal::USR1, "USR1"),
        (Signal::USR2, "USR2"),
        (Signal::TERM, "TERM"),
    ] {
        guard.signal(signal);
        guard.until(&format!("got {name}"));
    }
    guard.signal(Signal::CONT);
    guard.until("continued");
    guard.says("Code(5)");
    let (status, _) = guard.finish();
    assert!(status.success(), "{status:?}");
}

#[test]
fn a_program_that_a_passed_on_signal_ends_is_told_as_ended_by_it() {
    let mut guard = Guard::start("echo ready; exec sleep 60");
    guard.until("ready");
    guard.signal(Signal::TERM);
    guard.says("Signal(15)");
    assert!(guard.finish().0.success());
}

#[test]
fn signals_are_survived_until_the_child_is_dropped_and_not_after() {
    let mut guard = Guard::start(": linger");
    guard.says("Code(0)");
    guard.says("survived");
    guard.says("dropped");
    let (status, _) = guard.finish();
    assert_eq!(status.signal(), Some(15), "{status:?}");
}

/// The value of a line of `/proc/PID/status`.
fn mask(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let line = line.unwrap_or_else(|| panic!("no {name} in {text}"));
    // Without 32 and 33, which belong to the C library.
    u64::from_str_radix(line.trim(), 16).unwrap() & !0x1_8000_0000
}

/// The program is `cat` itself, not a shell that may change its signals.
const MASKS: &str = "exec cat /proc/self/status";

#[test]
fn the_program_has_every_signal_at_its_default_the_broken_pipe_too() {
    let (status, text) = Guard::start(MASKS).finish();
    assert!(status.success());
    for name in ["SigIgn:", "SigCgt:", "SigBlk:"] {
        assert_eq!(mask(&text, name), 0, "{name} in {text}");
    }
    // What that is good for.
    let (_, text) = Guard::start("yes | head -n 1; echo over").finish();
    assert!(text.contains("y\nover"), "{text}");
    assert!(!text.contains("Broken"), "{text}");
}

#[test]
fn signals_that_were_ignored_before_us_are_ignored_by_the_program() {
    let shell = "trap '' HUP INT USR1; exec \"$0\" \"$@\"";
    let mut words = vec!["sh".to_owned(), "-c".to_owned(), shell.to_owned()];
    words.extend(guard_words());
    let (_, text) = Guard::start_by(&words, MASKS).finish();
    let bit = |signal: Signal| 1_u64 << (signal.as_raw() - 1);
    let expected = bit(Signal::HUP) | bit(Signal::INT) | bit(Signal::USR1);
    assert_eq!(mask(&text, "SigIgn:"), expected, "{text}");
    // Nor do they end us, or reach the program by us.
    let script = "trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done";
    let mut guard = Guard::start_by(&words, script);
    guard.until("ready");
    for signal in [Signal::HUP, Signal::INT, Signal::USR1, Signal::TERM] {
        guard.signal(signal);
    }
    guard.says("Code(5)");
}

#[test]
fn an_ignored_end_of_children_does_not_keep_us_from_learning_it() {
    let shell = "trap '' CHLD; exec \"$0\" \"$@\"";
    let mut words = vec!["sh".to_owned(), "-c".to_owned(), shell.to_owned()];
    words.extend(guard_words());
    let mut guard = Guard::start_by(&words, "exit 3");
    guard.says("Code(3)");
}

#[test]
fn a_stop_without_a_terminal_is_not_followed() {
    let mut guard = Guard::start("kill -STOP $$; exit 4");
    guard.says("pauses");
    guard.says("NotOurs");
    guard.signal(Signal::CONT);
    guard.says("Code(4)");
}

/// After which the shell of a terminal takes what is typed; before it, keys may be lost.
const PROMPT: &str = "prompt> ";

/// An interactive shell on a terminal of its own.
struct Terminal {
    process: std::process::Child,
    keys: ChildStdin,
    screen: BufReader<ChildStdout>,
    shown: String,
}

impl Terminal {
    #[expect(clippy::print_stderr, reason = "a skipped test must say so")]
    fn open(script: &str) -> Option<Self> {
        let there = |program: &str| Path::new("/usr/bin").join(program).exists();
        if !there("script") || !there("bash") {
            eprintln!("skipped: no `script` and `bash`, which make a terminal");
            return None;
        }
        let shell = "bash --norc --noprofile --noediting -i";
        let mut process = Command::new("script")
            .args(["-q", "-c", shell, "/dev/null"])
            .env(SCRIPT, script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let keys = process.stdin.take().unwrap();
        let screen = BufReader::new(process.stdout.take().unwrap());
        let mut terminal = Self { process, keys, screen, shown: String::new() };
        // In two parts, so that what is typed is not what is waited for.
        terminal.press("PS1='pro''mpt> '\n");
        terminal.until(PROMPT);
        Some(terminal)
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Reads on until `text` is on the screen, and takes what was before.
    #[track_caller]
    fn until(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.shown.find(text) {
                return self.shown.drain(..at + text.len()).collect();
            }
            let mut bytes = [0; 4096];
            let length = self.screen.read(&mut bytes).unwrap();
            assert_ne!(length, 0, "no {text:?} in {:?}", self.shown);
            self.shown.push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
    }

    /// Starts the guard as the shell's foreground job.
    fn start_guard(&mut self) {
        self.press(&format!("{}\n", guard_words().join(" ")));
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

#[test]
fn ctrl_z_stops_both_and_fg_continues_both() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
    // It does not read the terminal: who is about to stop may still take a key meant for the shell.
    let script = format!("echo runs; read x <{}; echo read $x; exit 6", pipe.display());
    let Some(mut terminal) = Terminal::open(&script) else { return };
    terminal.start_guard();
    terminal.until("runs");
    for _ in 0..2 {
        terminal.press("\x1a");
        terminal.until("Stopped");
        terminal.until(PROMPT);
        // Bash tells of a stop of the job once our process is stopped; the program may come later.
        let state = "ps -o stat= --ppid $(jobs -p | tail -n 1)";
        terminal.press(&format!("until {state} | grep -q T; do :; done; echo both sto''pped\n"));
        terminal.until("both stopped");
        terminal.until(PROMPT);
        terminal.press("fg\n");
        // Not before: what is typed in between is the shell's.
        terminal.until("@guard continued");
    }
    fs::write(pipe, "words\n").unwrap();
    terminal.until("read words");
    terminal.until("Code(6)");
    terminal.press("exit\n");
}

#[test]
fn ctrl_c_and_ctrl_backslash_reach_the_program_once_and_we_survive() {
    let script = "n=0; trap 'n=$((n+1)); echo int $n' INT; trap 'echo quit; exit 8' QUIT; \
                  echo ready; while :; do sleep 0.01; done";
    let Some(mut terminal) = Terminal::open(script) else { return };
    terminal.start_guard();
    terminal.until("ready");
    for turn in 1..=3 {
        terminal.press("\x03");
        // One more than the number of key presses would be a signal that was passed on too.
        terminal.until(&format!("int {turn}\r\n"));
    }
    terminal.press("\x1c");
    terminal.until("quit");
    terminal.until("Code(8)");
    assert!(!terminal.shown.contains("int 4"), "{}", terminal.shown);
    terminal.press("exit\n");
}

#[test]
fn a_program_that_stops_itself_on_a_terminal_stops_the_job() {
    let Some(mut terminal) = Terminal::open("kill -STOP $$; echo goes on; exit 9") else {
        return;
    };
    terminal.start_guard();
    terminal.until("@guard pauses");
    terminal.until("Stopped");
    terminal.until(PROMPT);
    terminal.press("fg\n");
    // The shell continues both, so either may speak first.
    let shown = terminal.until("Code(9)");
    assert!(shown.contains("Resumed") && shown.contains("goes on"), "{shown}");
    terminal.press("exit\n");
}
