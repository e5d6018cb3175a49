//! `demo`: what the watcher is good for, on a configuration that belongs to nobody.
//!
//! Everything happens in a temporary folder, which is gone at the end, also at Ctrl-C. The writers are
//! hostile in earnest, the watcher is the one of `watch`, and every time that is told was measured: what
//! does not come back ends the demo with a failure. It never touches a configuration of yours, starts no
//! program, and prints no token, not even its own fake ones.

mod guard;
mod interruption;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use confwarden::clock;
use confwarden::event::EventKind;
use similar::{ChangeTag, TextDiff};

use crate::args::{GlobalArgs, OutputFormat};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Printer, Report, event_text};
use crate::settings;
use guard::{Guard, Told};
use interruption::Interruption;

const NAME: &str = "demo";

/// How long anything may take to come back.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often is looked whether it is back.
const GLANCE: Duration = Duration::from_millis(1);
/// When a live gateway reads the file after a write.
const GATEWAY_READS: Duration = Duration::from_millis(500);

const TOKEN: &str = "fake-token-of-the-demo-3f9c1b7a52d8";
const FOREIGN_TOKEN: &str = "fake-token-of-a-stranger-8e02d4c6b1";

/// The configuration; `TOKEN` stands for the token.
const SAMPLE: &str = r#"// The gateway at home.
{
  gateway: {
    mode: "local",
    port: 18789, // the proxy knows this one
    bind: "lan", // the phones are outside
    auth: {
      mode: "token",
      // Every client has this one: do not lose it.
      token: "TOKEN",
    },
  },
  // Who answers.
  agents: {
    list: [
      { id: "main", model: "anthropic/claude-opus-4-6" },
      { id: "clerk", model: "openai/gpt-5.2" }, // sorts the mail
    ],
  },
  logging: { level: "info" }, // "debug" fills the disk
}
"#;

/// The same as a program writes it that knows neither comments nor the token, and was told of another
/// port.
const PLAIN: &str = r#"{
  "gateway": {
    "mode": "local",
    "port": 18790,
    "bind": "lan",
    "auth": {
      "mode": "token"
    }
  },
  "agents": {
    "list": [
      { "id": "main", "model": "anthropic/claude-opus-4-6" },
      { "id": "clerk", "model": "openai/gpt-5.2" }
    ]
  },
  "logging": { "level": "info" }
}
"#;

/// Runs the demo. It has no report of its own but for failures: its output is what happens.
pub(super) fn run(global: &GlobalArgs) -> Exit {
    let failed =
        |error: &CommandError| Printer::new(global).print(&Report::failed(Some(NAME), error));
    let interruption = match check(global).and_then(|()| Interruption::listen()) {
        Ok(interruption) => interruption,
        Err(error) => return failed(&error),
    };
    match in_a_folder(global, &interruption) {
        Ok(()) => Exit::Ok,
        Err(Ending::Interrupted) => interruption.end(),
        // Who reads has seen enough.
        Err(Ending::Unheard(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Ok,
        Err(Ending::Unheard(error)) => {
            let error = anyhow::Error::new(error).context("could not write to standard output");
            failed(&CommandError::new(Exit::Setup, error))
        }
        Err(Ending::Failed(error)) => failed(&error),
    }
}

/// Why the demo is over before its end.
enum Ending {
    Interrupted,
    /// Nobody could be told.
    Unheard(io::Error),
    Failed(Box<CommandError>),
}

impl From<CommandError> for Ending {
    fn from(error: CommandError) -> Self {
        Self::Failed(Box::new(error))
    }
}

/// Refuses what somebody may believe to have an effect here.
fn check(global: &GlobalArgs) -> Result<(), CommandError> {
    let given = [
        ("--config", global.config.is_some()),
        ("--profile", global.profile.is_some()),
        ("--state-dir", global.state_dir.is_some()),
        ("--dry-run", global.dry_run),
        ("--output json", global.output == OutputFormat::Json),
    ];
    let Some((option, _)) = given.into_iter().find(|(_, is_given)| *is_given) else {
        return Ok(());
    };
    let error = anyhow!("`{option}` has no meaning for `demo`");
    Err(CommandError::new(Exit::Usage, error)
        .hint("it shows a person what the watcher does, in a folder of its own"))
}

fn in_a_folder(global: &GlobalArgs, interruption: &Interruption) -> Result<(), Ending> {
    let what = "could not use a temporary folder";
    let failed = |error: io::Error| {
        let error = anyhow::Error::new(error).context(what);
        CommandError::new(Exit::Setup, error).hint("`TMPDIR` says where it lies")
    };
    // Nobody else can look into it.
    let folder = tempfile::Builder::new().prefix("confwarden-demo-").tempdir().map_err(failed)?;
    let played = play(global, interruption, folder.path());
    let removed = folder.close().map_err(failed);
    played?;
    removed.map_err(Ending::from)
}

fn play(global: &GlobalArgs, interruption: &Interruption, folder: &Path) -> Result<(), Ending> {
    let config = folder.join("openclaw.json");
    let state_dir = folder.join("state");
    let sample = SAMPLE.replace("TOKEN", TOKEN);
    confwarden::fs::write_private(&config, sample.as_bytes()).map_err(CommandError::from)?;
    let args =
        GlobalArgs { config: Some(config.clone()), state_dir: Some(state_dir), ..global.clone() };
    let guard = Guard::start(settings::workspace(&args, NAME)?)?;
    let stage = Stage { global, interruption, guard, config };
    let played = stage.play(&sample);
    let ended = stage.guard.stop();
    played?;
    ended.map_err(Ending::from)
}

/// Where it is played.
struct Stage<'a> {
    global: &'a GlobalArgs,
    interruption: &'a Interruption,
    guard: Guard,
    config: PathBuf,
}

impl Stage<'_> {
    fn play(&self, sample: &str) -> Result<(), Ending> {
        self.hear("the watcher's first look", |told| matches!(told, Told::Ready).then_some(()))?;
        self.say(
            "A commented OpenClaw configuration in a temporary folder, and a watcher. No gateway.",
        )?;
        // All that anybody changes and may.
        let wanted = sample.replace("port: 18789", "port: 18790");
        let slowest =
            [self.rewrite(sample, &wanted)?, self.truncate(&wanted)?, self.swap(&wanted)?];
        self.compare(sample, &wanted)?;
        let slowest = slowest.into_iter().max().unwrap_or_default();
        // It does not care for comments.
        let found = if slowest < GATEWAY_READS { "each time" } else { "not each time" };
        self.say(&format!(
            "A live gateway reads the file {} after a write: {found} its values were back by then.",
            shown(GATEWAY_READS)
        ))
    }

    /// The token and the comments are lost on the way, the port is what it was about.
    fn rewrite(&self, sample: &str, wanted: &str) -> Result<Duration, Ending> {
        let plain = self.config.with_extension("tmp");
        let since = self.write(|| {
            confwarden::fs::write_private(&plain, PLAIN.as_bytes()).map_err(io::Error::other)?;
            replace(&plain, &self.config)
        })?;
        let lost = comments(sample) - comments(PLAIN);
        self.say("1. A program rewrites it as plain JSON, with another port.")?;
        self.say(&format!("   lost: gateway.auth.token, {lost} comments"))?;
        let token = self.back("gateway.auth.token", since, |text| {
            text.contains(TOKEN) && text.contains("18790")
        })?;
        let all = self.back("the comments", since, |text| text == wanted)?;
        self.say(&format!(
            "   back: the token after {}, the comments after {}; the new port stays",
            shown(token),
            shown(all)
        ))?;
        Ok(token)
    }

    /// Half of the file is lost.
    fn truncate(&self, wanted: &str) -> Result<Duration, Ending> {
        let half = &wanted[..wanted.floor_char_boundary(wanted.len() / 2)];
        let since = self.write(|| overwrite(&self.config, half))?;
        self.say("2. A program dies while it writes.")?;
        self.say(&format!(
            "   lost: {} of {} bytes; the rest does not parse",
            wanted.len() - half.len(),
            wanted.len()
        ))?;
        let took = self.back("the whole file", since, |text| text == wanted)?;
        let record = self.hear("the broken text in the history", |told| match told {
            Told::Event(kind) => match *kind {
                EventKind::Quarantined { record, .. } => record,
                _ => None,
            },
            Told::Ready => None,
        })?;
        self.say(&format!(
            "   back: all of it after {}; the broken text is kept, as record {record} of the history",
            shown(took)
        ))?;
        Ok(took)
    }

    /// A valid file, and no client gets in any more.
    fn swap(&self, wanted: &str) -> Result<Duration, Ending> {
        let swapped = wanted.replace(TOKEN, FOREIGN_TOKEN);
        let since = self.write(|| overwrite(&self.config, &swapped))?;
        self.say("3. A program puts a token of its own in place of yours.")?;
        self.say("   lost: gateway.auth.token, and with it every client")?;
        let took = self.back("gateway.auth.token", since, |text| text == wanted)?;
        self.say(&format!("   back: your token after {}", shown(took)))?;
        Ok(took)
    }

    /// Shows what differs from the beginning, which is what may.
    fn compare(&self, sample: &str, wanted: &str) -> Result<(), Ending> {
        let now = self.text()?;
        if now != wanted {
            return Err(self.missing("what was back").into());
        }
        let mut shown = format!(
            "All {} comments stand. What differs from the beginning, all in all:\n",
            comments(&now)
        );
        for change in TextDiff::from_lines(sample, &now).iter_all_changes() {
            let sign = match change.tag() {
                ChangeTag::Equal => continue,
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            // Writing into a text cannot fail.
            writeln!(shown, "   {sign}{}", change.value().trim_end()).ok();
        }
        self.say(shown.trim_end())
    }

    /// What a hostile writer does, and when it was done.
    fn write(&self, work: impl FnOnce() -> io::Result<()>) -> Result<Instant, Ending> {
        let what = || format!("could not write `{}`", self.config.display());
        work().with_context(what).map_err(|error| CommandError::new(Exit::Setup, error))?;
        Ok(clock::monotonic())
    }

    fn text(&self) -> Result<String, CommandError> {
        let bytes = match confwarden::fs::read_input(&self.config) {
            Ok(bytes) => bytes,
            // The next look tells.
            Err(_) if !self.config.exists() => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Waits until `what` is back; how long that was after `since`.
    fn back(
        &self,
        what: &str,
        since: Instant,
        is_back: impl Fn(&str) -> bool,
    ) -> Result<Duration, Ending> {
        loop {
            let is_back = is_back(&self.text()?);
            let took = since.elapsed();
            if is_back {
                return Ok(took);
            }
            self.pause(what, took)?;
        }
    }

    /// Waits for what the watcher tells.
    fn hear<T>(&self, what: &str, find: impl Fn(Told) -> Option<T>) -> Result<T, Ending> {
        let since = clock::monotonic();
        loop {
            if let Some(found) = self.guard.told.try_iter().find_map(&find) {
                return Ok(found);
            }
            self.pause(what, since.elapsed())?;
        }
    }

    fn pause(&self, what: &str, waited: Duration) -> Result<(), Ending> {
        if self.interruption.has_come() {
            return Err(Ending::Interrupted);
        }
        if waited > PATIENCE {
            return Err(self.missing(what).into());
        }
        thread::sleep(GLANCE);
        Ok(())
    }

    /// It should be there, and is not: a bug, or another writer in the folder.
    fn missing(&self, what: &str) -> CommandError {
        let error = anyhow!("{what} did not come back within {}", shown(PATIENCE));
        let told = self.guard.told.try_iter().filter_map(|told| match told {
            Told::Event(kind) => Some(format!("the watcher says: {}", event_text(&kind))),
            Told::Ready => None,
        });
        told.fold(CommandError::new(Exit::Internal, error), CommandError::hint)
    }

    /// Tells a person at once.
    fn say(&self, text: &str) -> Result<(), Ending> {
        if self.global.quiet {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{text}").and_then(|()| stdout.flush()).map_err(Ending::Unheard)
    }
}

/// How many comments stand in a text of the demo, none of whose strings has a `//` in it.
fn comments(text: &str) -> usize {
    text.matches("//").count()
}

/// A time for people.
fn shown(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

/// Puts one file in place of another, as programs do that ask nobody.
#[expect(clippy::disallowed_methods, reason = "a hostile writer")]
fn replace(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)
}

/// Writes over a file in place, as programs do that ask nobody.
#[expect(clippy::disallowed_methods, reason = "a hostile writer")]
fn overwrite(path: &Path, text: &str) -> io::Result<()> {
    std::fs::write(path, text)
}
