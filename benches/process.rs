//! Whole processes on a real disk, against a floor in C and against themselves.
//!
//! `cargo bench --bench process` (needs `cc`). Two figures to hold: `set` on a 5 KB configuration in at
//! most twice the wall time of `benches/floor.c`; 32 processes writing 25 keys each in at most twice
//! the time of one process after the other doing the same 800 writes, none lost. Two of the history: it
//! adds at most 30 % to a `set` on 5 KB, and 10,000 records are listed in under 50 ms. `exec` around a
//! program that does nothing takes at most three times as long as a `set` that changes nothing.

#![expect(clippy::disallowed_methods, reason = "a bench makes files of its own and takes the time")]
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use confwarden::history::{
    Author, Certainty, ChangeNote, Entry, FileEntry, History, Kind, NoteKind,
};

/// Pairs of runs of the first figure.
const PAIRS: usize = 200;
/// Records of the long history.
const RECORDS: usize = 10_000;
const WRITERS: usize = 32;
const WRITES_EACH: usize = 25;

fn main() {
    let directory = tempfile::Builder::new()
        .prefix("confwarden-bench")
        .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
        .expect("a directory on the disk of the build");
    against_the_floor(directory.path());
    recorded(directory.path());
    around_a_program(directory.path());
    long_history(directory.path());
    contended(directory.path());
}

/// A `set` of one key on the small example, and the C floor, in turn.
fn against_the_floor(directory: &Path) {
    let floor = directory.join("floor");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/floor.c");
    let built = Command::new("cc").arg("-O2").arg("-o").arg(&floor).arg(source).status();
    assert!(built.expect("cc runs").success(), "the floor compiles");
    let config = directory.join("openclaw.json");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/openclaw-small.json5");
    fs::copy(example, &config).expect("the example is there");
    assert!(set(&config, "gateway.port", "18001").status().expect("it runs").success());

    let (mut ours, mut least) = (Vec::new(), Vec::new());
    let mut port = 18001;
    for _ in 0..PAIRS {
        let next = port + 1;
        ours.push(timed(&mut set(&config, "gateway.port", &next.to_string())));
        let mut floor = Command::new(&floor);
        floor.arg(&config).arg(next.to_string()).arg((next + 1).to_string());
        least.push(timed(&mut floor));
        port = next + 1;
    }
    let size = fs::metadata(&config).expect("it is there").len();
    let (ours, least) = (median(ours), median(least));
    println!("set on {size} bytes, {PAIRS} pairs, medians:");
    println!("  confwarden set   {ours:>9.2?}");
    println!("  floor in C       {least:>9.2?}");
    println!("  ratio            {:>9.2}", ours.as_secs_f64() / least.as_secs_f64());
}

/// A `set` that is recorded and one whose history has no place to be, in turn.
fn recorded(directory: &Path) {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/openclaw-small.json5");
    let make = |name: &str| {
        let config = directory.join(name);
        fs::copy(&example, &config).expect("the example is there");
        config
    };
    let (with, without) = (make("with.json"), make("without.json"));
    let state = without.with_extension("state").join("confwarden");
    fs::create_dir_all(&state).expect("writable");
    fs::write(state.join("files"), "").expect("writable");
    let (mut ours, mut least) = (Vec::new(), Vec::new());
    for port in 0..=PAIRS {
        let port = (18001 + port).to_string();
        ours.push(timed(&mut set(&with, "gateway.port", &port)));
        least.push(timed(&mut set(&without, "gateway.port", &port)));
    }
    // The first makes the key and the folders.
    let (ours, least) = (median(ours.split_off(1)), median(least.split_off(1)));
    println!("set with and without a history, {PAIRS} pairs, medians:");
    println!("  with               {ours:>9.2?}");
    println!("  without            {least:>9.2?}");
    println!("  ratio              {:>9.2}", ours.as_secs_f64() / least.as_secs_f64());
}

/// `exec` of a program that does nothing, and a `set` that changes nothing, in turn.
fn around_a_program(directory: &Path) {
    let config = directory.join("exec.json");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/openclaw-small.json5");
    fs::copy(example, &config).expect("the example is there");
    let guard = || {
        let mut command = confwarden(&config);
        command.args(["exec", "--", "true"]);
        command
    };
    run(&mut guard());
    let (mut around, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        around.push(timed(&mut guard()));
        bare.push(timed(&mut set(&config, "gateway.port", "18789")));
    }
    let (around, bare) = (median(around), median(bare));
    println!("around a program that does nothing, {PAIRS} pairs, medians:");
    println!("  exec -- true       {around:>9.2?}");
    println!("  set, no change     {bare:>9.2?}");
    println!("  ratio              {:>9.2}", around.as_secs_f64() / bare.as_secs_f64());
}

/// A list of 10,000 records, each with a snapshot of its own.
fn long_history(directory: &Path) {
    let config = directory.join("long.json");
    fs::write(&config, "{}\n").expect("writable");
    let real = fs::canonicalize(&config).expect("it is there");
    let history = History::of(&config.with_extension("state").join("confwarden"), &real);
    let mut recording = history.begin().expect("a history can be begun");
    let text = "x".repeat(5000);
    for number in 0..RECORDS {
        let text = format!("{number} {text}");
        let entry = Entry {
            command: "set",
            kind: Kind::Write,
            author: Author {
                name: "confwarden set".to_owned(),
                pid: Some(1),
                certainty: Certainty::Own,
            },
            files: vec![FileEntry { file: &real, before: None, after: Some(text.as_bytes()) }],
            changes: vec![ChangeNote {
                path: "gateway.port".to_owned(),
                kind: NoteKind::Changed,
                class: "restart".to_owned(),
                uptake: None,
            }],
            rules: Vec::new(),
        };
        recording.append(&entry, SystemTime::now()).expect("it can be recorded");
    }
    drop(recording);
    println!("{RECORDS} records:");
    for arguments in [["list", "--all"], ["list", "--limit=20"]] {
        let times = (0..20).map(|_| timed(confwarden(&config).arg("history").args(arguments)));
        let time = median(times.collect());
        println!("  history {} {time:>9.2?}", arguments.join(" "));
    }
}

/// 800 writes by one process after the other, then by 32 at once.
fn contended(directory: &Path) {
    let alone = directory.join("alone.json");
    fs::write(&alone, "{}\n").expect("writable");
    let begin = Instant::now();
    for number in 0..WRITERS * WRITES_EACH {
        run(&mut set(&alone, &format!("key{number}"), "1"));
    }
    let sequential = begin.elapsed();

    let shared = directory.join("shared.json");
    fs::write(&shared, "{}\n").expect("writable");
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let shared = &shared;
            scope.spawn(move || {
                for number in 0..WRITES_EACH {
                    run(&mut set(shared, &format!("writer{writer}.key{number}"), "1"));
                }
            });
        }
    });
    let together = begin.elapsed();
    let text = fs::read_to_string(&shared).expect("it is there");
    let kept = text.matches("\"key").count();
    println!("{WRITERS} writers of {WRITES_EACH} keys each:");
    println!("  one after the other {sequential:>9.2?}");
    println!("  all at once         {together:>9.2?}");
    println!("  ratio               {:>9.2}", together.as_secs_f64() / sequential.as_secs_f64());
    println!("  keys kept           {kept} of {}", WRITERS * WRITES_EACH);
    assert_eq!(kept, WRITERS * WRITES_EACH, "a write was lost");
}

fn set(config: &Path, path: &str, value: &str) -> Command {
    let mut command = confwarden(config);
    command.args(["set", path, value]);
    command
}

fn confwarden(config: &Path) -> Command {
    let mut command = Command::new(PathBuf::from(env!("CARGO_BIN_EXE_confwarden")));
    command.args(["--profile", "openclaw", "--lock-timeout", "120s", "--quiet", "--config"]);
    command.arg(config).stdout(Stdio::null()).stderr(Stdio::null());
    command.env("XDG_STATE_HOME", config.with_extension("state"));
    command
}

fn run(command: &mut Command) {
    let status = command.status().expect("it runs");
    assert!(status.success(), "{command:?} ended with {status}");
}

fn timed(command: &mut Command) -> Duration {
    let begin = Instant::now();
    run(command);
    begin.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
