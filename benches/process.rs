//! Whole processes on a real disk, against a floor in C and against themselves.
//!
//! `cargo bench --bench process` (needs `cc`). Two figures to hold: `set` on a 5 KB configuration in at
//! most twice the wall time of `benches/floor.c`; 32 processes writing 25 keys each in at most twice
//! the time of one process after the other doing the same 800 writes, none lost.

#![expect(clippy::disallowed_methods, reason = "a bench makes files of its own and takes the time")]
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Pairs of runs of the first figure.
const PAIRS: usize = 200;
const WRITERS: usize = 32;
const WRITES_EACH: usize = 25;

fn main() {
    let directory = tempfile::Builder::new()
        .prefix("confwarden-bench")
        .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
        .expect("a directory on the disk of the build");
    against_the_floor(directory.path());
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
    let mut command = Command::new(PathBuf::from(env!("CARGO_BIN_EXE_confwarden")));
    command.args(["--profile", "openclaw", "--lock-timeout", "120s", "--quiet", "--config"]);
    command.arg(config).args(["set", path, value]).stdout(Stdio::null()).stderr(Stdio::null());
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
