//! Five writers that drop the token, each in its own way, while something legitimate rides along.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::running::Gateway;
use crate::support::TOKEN;

/// Random numbers that a failure can name: the same seed, the same numbers.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn seeded(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number below `limit`, by xorshift.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    pub(super) fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from))
    }
}

/// How much of the protected block is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dropped {
    Token,
    Block,
}

/// A program that drops the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writer {
    /// `jq` into another file, and `mv`.
    JqAndMove,
    /// Truncated in place, and written in two pieces.
    Truncating,
    /// Python's `json.dump`, in place.
    Python,
    /// Gone for a while, and created anew.
    Recreating,
    /// The gateway's own command line.
    OwnCommand,
}

impl Writer {
    pub(super) const ALL: [Self; 5] =
        [Self::JqAndMove, Self::Truncating, Self::Python, Self::Recreating, Self::OwnCommand];
    /// Those that take no seconds.
    pub(super) const FAST: [Self; 4] =
        [Self::JqAndMove, Self::Truncating, Self::Python, Self::Recreating];

    /// Drops the token, and puts `value` into `messages.responsePrefix`. When the last of it was
    /// written, or a little earlier.
    #[track_caller]
    pub(super) fn drop_token(
        self,
        gateway: &Gateway<'_>,
        dropped: Dropped,
        value: &str,
        dice: &mut Dice,
    ) -> Instant {
        let config = gateway.sandbox().config_path();
        match self {
            Self::JqAndMove => {
                let path = match dropped {
                    Dropped::Token => ".gateway.auth.token",
                    Dropped::Block => ".gateway.auth",
                };
                let new = gateway.sandbox().path("new.json");
                Command::new("jq")
                    .args(["--arg", "value", value])
                    .arg(format!("del({path}) | .messages.responsePrefix = $value"))
                    .arg(config)
                    .stdout(File::create(&new).unwrap())
                    .spawn()
                    .map(finish)
                    .unwrap();
                let at = Instant::now();
                Command::new("mv").arg(&new).arg(config).spawn().map(finish).unwrap();
                at
            }
            Self::Truncating => {
                let text = damaged(config, dropped, value);
                let (first, second) = text.split_at(text.len() / 2);
                let mut file = File::create(config).unwrap();
                std::thread::sleep(dice.millis(0, 30));
                file.write_all(first.as_bytes()).unwrap();
                std::thread::sleep(dice.millis(0, 30));
                let at = Instant::now();
                file.write_all(second.as_bytes()).unwrap();
                at
            }
            Self::Python => {
                let script = r#"
import json, sys
_, config, dropped, value = sys.argv
with open(config) as file:
    read = json.load(file)
if dropped == "Token":
    del read["gateway"]["auth"]["token"]
else:
    del read["gateway"]["auth"]
read["messages"]["responsePrefix"] = value
print("read", flush=True)
sys.stdin.readline()
with open(config, "w") as file:
    json.dump(read, file, indent=2)
"#;
                let mut child = Command::new("python3")
                    .args(["-c", script])
                    .arg(config)
                    .args([&format!("{dropped:?}"), value])
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
                    .unwrap();
                let mut read = String::new();
                BufReader::new(child.stdout.take().unwrap()).read_line(&mut read).unwrap();
                let at = Instant::now();
                child.stdin.take().unwrap().write_all(b"go\n").unwrap();
                finish(child);
                at
            }
            Self::Recreating => {
                let text = damaged(config, dropped, value);
                fs::remove_file(config).unwrap();
                std::thread::sleep(dice.millis(0, 100));
                let at = Instant::now();
                fs::write(config, text).unwrap();
                at
            }
            Self::OwnCommand => {
                let path = match dropped {
                    Dropped::Token => "gateway.auth.token",
                    Dropped::Block => "gateway.auth",
                };
                // It takes a second at least before it reads.
                let mut read: Value = serde_json::from_slice(&fs::read(config).unwrap()).unwrap();
                read["messages"]["responsePrefix"] = json!(value);
                fs::write(config, pretty(&read)).unwrap();
                std::thread::scope(|scope| {
                    let run = scope.spawn(|| gateway.cli(&["config", "unset", path]));
                    let mut seen = None;
                    while !run.is_finished() {
                        if seen.is_none() && !is_token_there(config) {
                            seen = Some(Instant::now());
                        }
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    run.join().unwrap().code(0);
                    // Healed between two looks, or not before its end.
                    seen.unwrap_or_else(Instant::now)
                })
            }
        }
    }
}

fn is_token_there(config: &Path) -> bool {
    fs::read_to_string(config).is_ok_and(|text| text.contains(TOKEN))
}

/// What the writer would store: the configuration without the token.
fn damaged(config: &Path, dropped: Dropped, value: &str) -> String {
    let mut read: Value = serde_json::from_slice(&fs::read(config).unwrap()).unwrap();
    let gateway = read["gateway"].as_object_mut().unwrap();
    match dropped {
        Dropped::Token => gateway["auth"].as_object_mut().unwrap().remove("token"),
        Dropped::Block => gateway.remove("auth"),
    };
    read["messages"]["responsePrefix"] = json!(value);
    pretty(&read)
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap() + "\n"
}

fn finish(mut child: std::process::Child) {
    assert!(child.wait().unwrap().success(), "the writer failed");
}
