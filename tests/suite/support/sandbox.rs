//! A directory of its own with a home, a configuration and nothing of the real environment.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use confwarden::ops::{Access, Workspace};
use confwarden::profile::Profile;

use super::{Faults, Run, Running, Seen};

/// Where the program may do what it likes. Gone at the end of the test.
pub(crate) struct Sandbox {
    root: tempfile::TempDir,
    config: PathBuf,
    /// Arguments before every other one.
    leading: Vec<String>,
}

impl Sandbox {
    /// A home without a configuration.
    pub(crate) fn empty() -> Self {
        let root = tempfile::tempdir().unwrap();
        let home = root.path().join("home");
        for directory in [&home, &home.join(".openclaw")] {
            fs::create_dir(directory).unwrap();
            fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).unwrap();
        }
        let config = home.join(".openclaw/openclaw.json");
        Self { root, config, leading: Vec::new() }
    }

    /// OpenClaw's `~/.openclaw/openclaw.json` with `text`, found without `--config`.
    pub(crate) fn config(text: impl AsRef<[u8]>) -> Self {
        let sandbox = Self::empty();
        put(&sandbox.config, text);
        sandbox
    }

    /// A file `name` with `text` in the home, named by `--config`.
    pub(crate) fn named(name: &str, text: impl AsRef<[u8]>) -> Self {
        let mut sandbox = Self::empty();
        sandbox.config = sandbox.home().join(name);
        put(&sandbox.config, text);
        sandbox.leading = vec!["--config".to_owned(), sandbox.config.display().to_string()];
        sandbox
    }

    /// The same sandbox with a further file, relative to the configuration.
    pub(crate) fn with(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        put(&self.path(name), text);
        self
    }

    /// The same sandbox with further arguments before every command.
    pub(crate) fn always(mut self, arguments: &[&str]) -> Self {
        self.leading.extend(arguments.iter().map(ToString::to_string));
        self
    }

    /// Lets every user in; the directory of the configuration gets `mode`.
    pub(crate) fn admit(&self, mode: u32) {
        for path in [self.root.path(), &self.home()] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::set_permissions(self.path(""), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The root of everything.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// The home directory.
    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// The configuration.
    pub(crate) fn config_path(&self) -> &Path {
        &self.config
    }

    /// A file beside the configuration.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.config.parent().unwrap().join(name)
    }

    /// The configuration as the library takes it, with the state of the program.
    pub(crate) fn workspace(&self) -> Workspace {
        Workspace {
            config: self.config.clone(),
            profile: Arc::new(Profile::builtin("openclaw").unwrap()),
            state_dir: self.home().join("state/confwarden"),
            lock_timeout: Duration::from_secs(5),
            command: "test".into(),
            include_roots: Vec::new(),
            access: Access::Writable,
            gateway_version: None,
        }
    }

    /// Our lock file beside the configuration.
    pub(crate) fn lock_path(&self) -> PathBuf {
        let name = self.config.file_name().unwrap().to_str().unwrap();
        self.path(&format!(".{name}.confwarden.lock"))
    }

    /// What stands in the configuration.
    pub(crate) fn text(&self) -> String {
        self.text_of("").unwrap()
    }

    /// What stands in a file beside the configuration; the configuration itself for `""`.
    pub(crate) fn text_of(&self, name: &str) -> Option<String> {
        let path = if name.is_empty() { self.config.clone() } else { self.path(name) };
        let bytes = fs::read(path).ok()?;
        Some(String::from_utf8(bytes).expect("the file is UTF-8"))
    }

    /// The configuration holds exactly `text`.
    #[track_caller]
    pub(crate) fn holds(&self, text: &str) -> &Self {
        assert_eq!(self.text(), text, "the configuration");
        self
    }

    /// Runs the program.
    pub(crate) fn run<I, A>(&self, arguments: I) -> Run
    where
        I: IntoIterator<Item = A>,
        A: AsRef<OsStr>,
    {
        self.invoke(arguments).run()
    }

    /// Runs the program with `--output json`, and reads its report.
    #[track_caller]
    pub(crate) fn report<'a>(
        &self,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> serde_json::Value {
        self.run(["--output", "json"].into_iter().chain(arguments)).report()
    }

    /// Runs the program, which must end with `code` and touch nothing.
    #[track_caller]
    pub(crate) fn fails<I, A>(&self, code: i32, arguments: I) -> Run
    where
        I: IntoIterator<Item = A>,
        A: AsRef<OsStr>,
    {
        let run = self.untouched(|| self.run(arguments));
        run.code(code);
        run
    }

    /// Does `work`, after which the configuration must be as it was, to the inode and the time.
    #[track_caller]
    pub(crate) fn untouched<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = Seen::at(&self.config);
        let result = work();
        assert_eq!(Seen::at(&self.config), before, "the configuration should be as it was");
        result
    }

    /// A run of the program that is not started yet.
    pub(crate) fn invoke<I, A>(&self, arguments: I) -> Invocation
    where
        I: IntoIterator<Item = A>,
        A: AsRef<OsStr>,
    {
        let mut command = Command::new(env!("CARGO_BIN_EXE_confwarden"));
        command.args(&self.leading).args(arguments).current_dir(self.root.path());
        let mut invocation = Invocation { command, input: Vec::new() };
        invocation.scrub(&self.home());
        invocation
    }

    /// Runs `arguments`, and lets another writer, who asks for no lock, put `theirs` into the
    /// configuration after it was read and before it is replaced.
    pub(crate) fn raced(&self, faults: &Faults, arguments: &[&str], theirs: &str) -> Run {
        let own = self.path("theirs");
        fs::write(&own, theirs).unwrap();
        // In between the new text is staged beside the file and synced, which is slow here.
        let slow = faults.with("fsync:delay_enter=300000");
        let staged = format!(".{}.confwarden.", self.config.file_name().unwrap().display());
        std::thread::scope(|scope| {
            let run = scope.spawn(|| self.invoke(arguments).under(slow).run());
            while !self.leftovers().iter().any(|name| name.starts_with(&staged)) {
                assert!(!run.is_finished(), "the run staged nothing: {}", run.join().unwrap());
                std::thread::sleep(Duration::from_millis(1));
            }
            fs::rename(&own, &self.config).unwrap();
            run.join().unwrap()
        })
    }

    /// Every file and directory below the sandbox.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut open = vec![self.root.path().to_owned()];
        while let Some(directory) = open.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    open.push(entry.path());
                }
                found.push(entry.path());
            }
        }
        found.sort();
        found
    }

    /// Names of the files beside the configuration, itself included, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.config.parent().unwrap()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    /// The files of ours beside the configuration that a finished run must not leave.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        self.names()
            .into_iter()
            .filter(|name| name.contains(".confwarden.") && !name.ends_with(".confwarden.lock"))
            .collect()
    }
}

fn put(path: &Path, text: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// The user and group that own nothing.
const NOBODY: u32 = 65_534;

/// Whether the tests run as root.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A run of the program that is not started yet.
pub(crate) struct Invocation {
    command: Command,
    input: Vec<u8>,
}

impl Invocation {
    fn scrub(&mut self, home: &Path) {
        self.command
            .env_clear()
            .env("HOME", home)
            .env("XDG_STATE_HOME", home.join("state"))
            .env("PATH", "/usr/bin:/bin");
    }

    /// With `text` on standard input.
    pub(crate) fn stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.input = text.into();
        self
    }

    /// With a variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Without a variable.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// In another working directory.
    pub(crate) fn within(mut self, directory: impl AsRef<Path>) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// Started by `words`, which take a command and its arguments after their own.
    pub(crate) fn under<A: AsRef<OsStr>>(mut self, words: impl IntoIterator<Item = A>) -> Self {
        let mut words = words.into_iter();
        let mut command = Command::new(words.next().unwrap());
        command.args(words).arg(self.command.get_program()).args(self.command.get_args());
        command.env_clear();
        for (name, value) in self.command.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command.current_dir(self.command.get_current_dir().unwrap());
        self.command = command;
        self
    }

    /// As the user `nobody` where the test runs as root, whom no permission stops.
    pub(crate) fn unprivileged(mut self) -> Self {
        if is_root() {
            self.command.uid(NOBODY).gid(NOBODY);
        }
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Run {
        self.start().finish()
    }

    /// Starts it, and goes on.
    pub(crate) fn start(mut self) -> Running {
        let name = format!("{:?}", self.command);
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = std::mem::take(&mut self.input);
        // The program need not read its input to the end.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        Running::new(name, child, writer)
    }
}
