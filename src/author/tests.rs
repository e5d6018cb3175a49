//! Real writers, and who is named for what they did.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::*;
use crate::fs::Holder;

/// A secret that a writer has among its arguments.
const SECRET: &str = "swordfish-among-arguments";

/// A directory with a file, and one who looks out.
struct Scene {
    directory: tempfile::TempDir,
    witness: Witness,
}

impl Scene {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("guarded.json"), "{}").unwrap();
        Self { directory, witness: Witness::unprivileged() }
    }

    /// One with the kernel's own word; nothing where this process has no right to it.
    fn privileged() -> Option<Self> {
        let scene = Self::new();
        let witness = Witness::new([scene.directory.path()]);
        if witness.watch(scene.directory.path()) == Testimony::Kernel {
            return Some(Self { witness, ..scene });
        }
        assert!(!rustix::process::geteuid().is_root() || !has_the_right(), "root may listen");
        writeln!(std::io::stderr(), "not checked: no right to use fanotify here").unwrap();
        None
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("guarded.json")
    }

    fn who(&self) -> Author {
        self.witness.who(&self.file(), Instant::now(), &Held::No)
    }

    /// The author, who can be known: asked again where a busy machine used up the time of a scan.
    fn known(&self) -> Author {
        let mut answers = (0..50).map(|_| self.who());
        answers.find(|author| author.certainty != Certainty::Unknown).expect("it is never known")
    }

    /// Runs `script` in a shell, in the directory, to its end.
    fn shell(&self, script: &str) {
        let mut child = Command::new("sh")
            .args(["-c", script])
            .current_dir(self.directory.path())
            .spawn()
            .unwrap();
        assert!(child.wait().unwrap().success(), "{script}");
    }

    /// Runs `script` in a shell and asks who wrote; again where all of it had ended before the
    /// listener got a turn, as on a busy machine. A wrong name is never tried again.
    fn author_of(&self, script: &str) -> Author {
        let asked = (0..50).map(|_| {
            self.shell(script);
            self.who()
        });
        let mut answers = asked.skip_while(|author| author.certainty == Certainty::Unknown);
        answers.next().unwrap_or_else(|| panic!("{script}: its author is never known"))
    }

    /// Starts a Python program in the directory, and waits until it has printed a line.
    fn python(&self, program: &str, arguments: &[&Path]) -> Running {
        let mut child = Command::new("python3")
            .args(["-c", program])
            .args(arguments)
            .arg(SECRET)
            .current_dir(self.directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Running(child)
    }
}

/// `CAP_SYS_ADMIN`, bit 21 of the effective set.
fn has_the_right() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let set = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap();
    u64::from_str_radix(set.trim(), 16).unwrap() & (1 << 21) != 0
}

/// A process that is stopped at the end.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn sleep() -> Running {
    Running(Command::new("sleep").arg("60").spawn().unwrap())
}

#[track_caller]
fn check(author: &Author, name: &str, pid: Option<u32>, certainty: Certainty) {
    assert_eq!((author.certainty, author.pid), (certainty, pid), "{author:?}");
    assert!(author.name.starts_with(name), "{author:?}");
    assert!(!format!("{author:?}").contains(SECRET), "{author:?}");
}

#[test]
fn who_has_the_file_open_to_write_is_its_author() {
    let scene = Scene::new();
    let program =
        "import sys\nf = open('guarded.json', 'r+')\nprint('ready', flush=True)\nsys.stdin.read()";
    let writer = scene.python(program, &[]);
    check(&scene.known(), "python3", Some(writer.0.id()), Certainty::OpenFile);
}

#[test]
fn who_has_the_next_text_open_beside_it_is_its_author() {
    let scene = Scene::new();
    let program = "import sys\nf = open('guarded.json.tmp', 'w')\nprint('ready', flush=True)\nsys.stdin.read()";
    let writer = scene.python(program, &[]);
    check(&scene.known(), "python3", Some(writer.0.id()), Certainty::OpenFile);
}

#[test]
fn who_only_reads_or_holds_what_was_replaced_is_not() {
    let scene = Scene::new();
    let program = "import os, sys\nn = 'guarded' + '.json'\nf = open(n)\ng = open(n, 'r+')\n\
        os.rename(sys.argv[1], n)\nprint('ready', flush=True)\nsys.stdin.read()";
    let other = scene.directory.path().join("other");
    fs::write(&other, "{}").unwrap();
    let _reader = scene.python(program, &[Path::new("other")]);
    assert_eq!(scene.who(), Author::unknown());
}

#[test]
fn who_was_just_started_with_the_file_among_its_arguments_is_likely_its_author() {
    let scene = Scene::new();
    let program = "import sys\nopen(sys.argv[1], 'w').write('x')\nprint('ready', flush=True)\nsys.stdin.read()";
    let writer = scene.python(program, &[&scene.file()]);
    check(&scene.known(), "python3", Some(writer.0.id()), Certainty::RecentProcess);
}

#[test]
fn who_was_just_started_with_the_directory_among_its_arguments_is_likely_its_author() {
    let scene = Scene::new();
    let program = "import sys\nprint('ready', flush=True)\nsys.stdin.read()";
    let writer = scene.python(program, &[scene.directory.path()]);
    check(&scene.known(), "python3", Some(writer.0.id()), Certainty::RecentProcess);
}

#[test]
fn who_was_started_after_the_write_did_not_make_it() {
    let scene = Scene::new();
    let written = Instant::now();
    std::thread::sleep(Duration::from_millis(100));
    let program = "import sys\nprint('ready', flush=True)\nsys.stdin.read()";
    let _late = scene.python(program, &[&scene.file()]);
    let author = scene.witness.who(&scene.file(), written, &Held::No);
    assert_eq!(author.certainty, Certainty::Unknown, "{author:?}");
}

#[test]
fn a_known_writer_is_likely_the_author_whatever_its_arguments_are() {
    let directory = tempfile::tempdir().unwrap();
    let own = directory.path().join("acme-gateway-writer");
    fs::copy("/bin/sleep", &own).unwrap();
    let scene = Scene::new();
    let writer = Running(Command::new(&own).arg("60").spawn().unwrap());
    let knowing = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Witness::unprivileged().knowing(&names).who(&scene.file(), Instant::now(), &Held::No)
    };
    // It has its name only once it has become that program.
    let deadline = Instant::now() + Duration::from_secs(10);
    while knowing(&["acme-gateway-writer"]).certainty == Certainty::Unknown {
        assert!(Instant::now() < deadline, "the writer does not start");
    }
    check(
        &knowing(&["acme-gateway-writer"]),
        "acme-gateway-wr",
        Some(writer.0.id()),
        Certainty::RecentProcess,
    );
    assert_eq!(knowing(&["acme"]), Author::unknown());
}

#[test]
fn the_holder_of_the_lock_is_its_author_unless_it_is_this_process() {
    let scene = Scene::new();
    let child = sleep();
    let held = |pid, started| {
        let command = "some command".to_owned();
        let holder = Holder { pid, started, command };
        scene.witness.who(&scene.file(), Instant::now(), &Held::By(Some(holder)))
    };
    let pid = child.0.id();
    let started = crate::fs::Stat::of(pid).unwrap().started;
    let author = held(pid, Some(started));
    assert_eq!((author.certainty, author.pid), (Certainty::LockHolder, Some(pid)));
    // The id is of another now: what the lock said is all that is known.
    assert_eq!(held(pid, Some(started + 1)).name, "some command");
    assert_eq!(held(std::process::id(), None), Author::unknown());
    let nameless = scene.witness.who(&scene.file(), Instant::now(), &Held::By(None));
    assert_eq!(nameless, Author::unknown());
}

#[test]
fn nobody_is_named_where_nobody_is_there() {
    let scene = Scene::new();
    scene.shell("echo x > guarded.json");
    assert_eq!(scene.who(), Author::unknown());
    assert_eq!(scene.witness.watch(scene.directory.path()), Testimony::Processes);
    let nowhere = scene.witness.who(Path::new("/nowhere/x.json"), Instant::now(), &Held::No);
    assert_eq!(nowhere, Author::unknown());
}

#[test]
fn the_kernel_names_writers_that_have_ended() {
    let Some(scene) = Scene::privileged() else { return };
    for (script, name) in [
        ("sed -i s/x/y/ guarded.json", "sed"),
        ("echo y > guarded.json", "sh"),
        ("python3 -c 'open(\"guarded.json\", \"w\").write(\"z\")'", "python3"),
        ("python3 -c 'print(1)' > next; mv next guarded.json", "mv"),
        ("echo x > copy; cp copy guarded.json", "cp"),
        ("rm guarded.json; echo x | tee copy > other; ln -s copy guarded.json", "ln"),
        ("echo x > guarded.json; rm guarded.json", "rm"),
    ] {
        let author = scene.author_of(script);
        assert_eq!(author.certainty, Certainty::KernelEvent, "{script}: {author:?}");
        assert_eq!(author.name, name, "{script}: {author:?}");
    }
}

#[test]
fn the_kernel_names_a_writer_that_comes_from_another_directory() {
    let Some(scene) = Scene::privileged() else { return };
    let elsewhere = tempfile::tempdir().unwrap();
    let next = elsewhere.path().join("next");
    let script = format!("echo x > {0}; mv {0} guarded.json", next.display());
    let author = scene.author_of(&script);
    assert_eq!((author.certainty, author.name.as_str()), (Certainty::KernelEvent, "mv"));
}

#[test]
fn the_kernel_counts_no_reader_and_no_write_of_ours() {
    let Some(scene) = Scene::privileged() else { return };
    let author = scene.author_of("echo x | tee guarded.json > other");
    assert_eq!(author.name, "tee");
    scene.shell("cat guarded.json > other; touch other");
    fs::write(scene.file(), "ours").unwrap();
    assert_eq!(scene.who(), author);
}

#[test]
fn a_directory_that_was_replaced_is_looked_at_anew() {
    let Some(scene) = Scene::privileged() else { return };
    let directory = scene.directory.path();
    let inner = directory.join("inner");
    fs::create_dir(&inner).unwrap();
    assert_eq!(scene.witness.watch(&inner), Testimony::Kernel);
    // Times of birth have steps of a few milliseconds.
    std::thread::sleep(Duration::from_millis(30));
    fs::remove_dir(&inner).unwrap();
    fs::create_dir(&inner).unwrap();
    assert_eq!(scene.witness.watch(&inner), Testimony::Kernel);
    let who = || scene.witness.who(&inner.join("guarded.json"), Instant::now(), &Held::No);
    let deadline = Instant::now() + Duration::from_secs(10);
    while who().certainty != Certainty::KernelEvent {
        assert!(Instant::now() < deadline, "its author is never known");
        scene.shell("echo x > inner/guarded.json");
    }
    // Again for the same one: nothing is forgotten.
    scene.witness.watch(&inner);
    assert_eq!(who().certainty, Certainty::KernelEvent);
    scene.witness.forget(&inner);
    assert_eq!(who(), Author::unknown());
    assert_eq!(scene.witness.watch(&directory.join("nowhere")), Testimony::Processes);
}

#[test]
fn no_descriptor_is_left_behind() {
    let Some(scene) = Scene::privileged() else { return };
    let pidfds = || {
        let open = fs::read_dir("/proc/self/fd").unwrap().flatten();
        open.filter(|fd| {
            fs::read_link(fd.path()).is_ok_and(|to| to.to_string_lossy().contains("pidfd"))
        })
        .count()
    };
    for _ in 0..20 {
        scene.shell("echo x > guarded.json; cat guarded.json > other");
    }
    // Once it has answered, it has read all events; other tests may have some for a moment.
    assert_eq!(scene.author_of("echo x > guarded.json").name, "sh");
    let deadline = Instant::now() + Duration::from_secs(10);
    while pidfds() > 5 {
        assert!(Instant::now() < deadline, "{} are open", pidfds());
    }
}

#[test]
fn who_has_the_file_open_is_found_behind_many_younger_ones() {
    let scene = Scene::new();
    let program =
        "import sys\nf = open('guarded.json', 'r+')\nprint('ready', flush=True)\nsys.stdin.read()";
    let writer = scene.python(program, &[]);
    let _crowd: Vec<Running> = (0..60).map(|_| sleep()).collect();
    check(&scene.known(), "python3", Some(writer.0.id()), Certainty::OpenFile);
}

#[test]
fn a_scan_of_many_processes_takes_milliseconds() {
    let scene = Scene::new();
    let _crowd: Vec<Running> = (0..300).map(|_| sleep()).collect();
    // Of this thread: others use the processor too.
    let spent = || {
        let spent = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::try_from(spent).unwrap()
    };
    let mut times: Vec<Duration> = (0..21)
        .map(|_| {
            let begun = spent();
            assert_eq!(scene.who(), Author::unknown());
            spent().saturating_sub(begun)
        })
        .collect();
    times.sort();
    // Also without optimisation and beside other tests; the scan itself gives up after 25 ms.
    writeln!(std::io::stderr(), "scan: median {:?}, longest {:?}", times[10], times[20]).unwrap();
    assert!(times[10] < Duration::from_millis(60), "{times:?}");
}
