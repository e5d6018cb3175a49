//! The watcher: from a bad write to the healed file on the disk, what it takes while nothing happens,
//! and both with 1,000 files.
//!
//! `cargo bench --bench watch`. Figures to hold: without settling p50 under 2 ms and p99 under 10 ms on
//! 5 KB, the same with 1,000 guarded files; with settling p99 under 300 ms while two loops keep the
//! machine busy; no processor time while idle; 8 MB of memory with one file, 40 MB with 1,000.

#![expect(clippy::disallowed_methods, reason = "a bench makes files of its own and takes the time")]
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use confwarden::event::Hub;
use confwarden::ops::{Access, Notice, Settle, Timing, Watcher, Workspace};
use confwarden::profile::Profile;

/// Bad writes a figure.
const WRITES: usize = 100;
const MANY: usize = 1_000;
/// How long an idle watcher is looked at.
const IDLE: Duration = Duration::from_secs(10);
const PROTECTED: &str = "token:";

fn main() {
    let directory = tempfile::Builder::new()
        .prefix("confwarden-bench")
        .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
        .expect("a directory on the disk of the build");
    let root = directory.path();
    for files in [1, MANY] {
        let files = configurations(&root.join(format!("plain{files}")), files);
        let times = healed(&files, Settle::No, 0);
        println!("{} files, without settling: {}", files.len(), shown(times));
    }
    let files = configurations(&root.join("settled"), 1);
    println!("1 file, settling, two busy loops: {}", shown(healed(&files, Settle::Adaptive, 2)));
    for files in [1, MANY] {
        idle(&configurations(&root.join(format!("idle{files}")), files));
    }
}

/// So many configurations of 5 KB.
fn configurations(directory: &Path, number: usize) -> Vec<PathBuf> {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/openclaw-small.json5");
    let of = |index: usize| {
        let own = directory.join(index.to_string());
        fs::create_dir_all(&own).expect("a directory");
        let file = own.join("openclaw.json");
        fs::copy(&example, &file).expect("the example is there");
        file
    };
    (0..number).map(of).collect()
}

/// The times from a bad write of the first file to its heal.
fn healed(files: &[PathBuf], settle: Settle, busy: usize) -> Vec<Duration> {
    let state = files[0].parent().expect("it has one").join("state");
    let profile = Arc::new(Profile::builtin("openclaw").expect("it is built in"));
    let workspace = |file: &PathBuf| Workspace {
        config: file.clone(),
        profile: Arc::clone(&profile),
        state_dir: state.clone(),
        lock_timeout: Duration::from_secs(5),
        command: "confwarden watch".to_owned(),
        include_roots: Vec::new(),
        access: Access::Writable,
        gateway_version: None,
    };
    let workspaces: Vec<Workspace> = files.iter().map(workspace).collect();
    let (ready, is_ready) = std::sync::mpsc::channel();
    let watching = thread::spawn(move || {
        let timing = Timing { settle, ..Timing::default() };
        let watcher = Watcher::new(workspaces, timing, Hub::new(), Vec::new(), Box::new(|_| ()))
            .expect("nobody else watches");
        let inbox = watcher.inbox();
        watcher.run(&mut || ready.send(inbox.clone()).expect("somebody waits"), None, &mut || ());
    });
    let inbox = is_ready.recv().expect("it begins");
    let ends = Arc::new(AtomicBool::new(false));
    let loops: Vec<_> = (0..busy)
        .map(|_| {
            let ends = Arc::clone(&ends);
            thread::spawn(move || while !ends.load(Ordering::Relaxed) {})
        })
        .collect();
    let file = &files[0];
    let good = fs::read_to_string(file).expect("it is there");
    let mut times = Vec::new();
    for port in 0..WRITES {
        // Not faster than the budget of heals allows.
        thread::sleep(Duration::from_millis(520));
        let wanted = good.replace("18789", &(20_000 + port).to_string());
        let lines = wanted.lines().filter(|line| !line.trim_start().starts_with(PROTECTED));
        let bad: String = lines.map(|line| line.to_owned() + "\n").collect();
        let temporary = file.with_extension("new");
        fs::write(&temporary, bad).expect("it can be written");
        let since = Instant::now();
        fs::rename(&temporary, file).expect("it can be renamed");
        while !fs::read_to_string(file).is_ok_and(|text| text.contains("  token: \"fake-token")) {
            assert!(since.elapsed() < Duration::from_secs(20), "write {port} was not healed");
            thread::sleep(Duration::from_micros(100));
        }
        times.push(since.elapsed());
    }
    ends.store(true, Ordering::Relaxed);
    for one in loops {
        one.join().expect("it ends");
    }
    inbox.send(Notice::Stop).expect("it listens");
    watching.join().expect("it ends");
    times
}

fn shown(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)];
    format!("p50 {:.2?}, p99 {:.2?}, longest {:.2?}", at(50), at(99), times[times.len() - 1])
}

/// What a watcher takes that has nothing to do.
fn idle(files: &[PathBuf]) {
    let state = files[0].parent().expect("it has one").join("state");
    let mut command = Command::new(env!("CARGO_BIN_EXE_confwarden"));
    command.arg("--state-dir").arg(&state).args(["--quiet", "watch"]).args(files);
    let mut watcher = command.stderr(Stdio::null()).spawn().expect("it runs");
    thread::sleep(Duration::from_secs(5));
    let before = ticks(&watcher);
    thread::sleep(IDLE);
    let (spent, memory) = (ticks(&watcher) - before, resident(&watcher));
    println!(
        "{} files, idle for {IDLE:?}: {spent} clock ticks, {} KB resident",
        files.len(),
        memory / 1000
    );
    watcher.kill().expect("it runs");
    watcher.wait().expect("it ends");
}

/// User and system time, in clock ticks.
fn ticks(process: &Child) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.id())).expect("it runs");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("a name").split_whitespace().collect();
    fields[11].parse::<u64>().expect("a number") + fields[12].parse::<u64>().expect("a number")
}

/// Resident memory in bytes.
fn resident(process: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}
