//! Where a configuration is when nobody says.
//!
//! The rules are those of `OpenClaw`: a variable with the file's path, a variable with its
//! directory, then known directories below home. Which of them a gateway has is data.
//!
//! This module never reads the environment and never looks at a disk: both come in as functions.

use std::path::{Path, PathBuf};

/// Where a configuration is looked for.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    /// Environment variables that hold the file's path, the first set one wins.
    pub file_variables: Vec<String>,
    /// Environment variables that hold the state directory, the first set one wins.
    pub directory_variables: Vec<String>,
    /// Environment variables that stand for the home directory, before `HOME`.
    pub home_variables: Vec<String>,
    /// Directories below home, in order (`.openclaw`).
    pub directories: Vec<String>,
    /// File names, in order (`openclaw.json`); the first is the one to create.
    pub names: Vec<String>,
    /// Environment variables that say, by `1` or `true`, that the file is made elsewhere and is not to
    /// be written (`OPENCLAW_NIX_MODE`).
    pub managed_variables: Vec<String>,
}

/// No place for a configuration is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// The profile lists no variable that is set, and no directory.
    #[error("could not find the configuration: the profile names no place for it")]
    Nowhere,
    /// The places are below home, and no variable says where that is.
    #[error("could not find the home directory: neither `HOME` nor `USERPROFILE` is set")]
    NoHome,
}

/// What stands for home where the profile's own variables do not.
const HOME_VARIABLES: [&str; 2] = ["HOME", "USERPROFILE"];

impl Discovery {
    /// The path of the configuration: the first that exists, else the one to create.
    ///
    /// `env` reads a variable, `exists` tells whether a file or directory is there. A variable with
    /// the file's path is taken at its word. One with the directory is searched alone: `OpenClaw`
    /// 2026.3 went on below home, where 2026.9 would not look any more. What is to be created goes
    /// into the first of the known directories that exists, or else into the first.
    ///
    /// # Errors
    ///
    /// [`DiscoveryError`] where no place is known.
    pub fn find(
        &self,
        env: &dyn Fn(&str) -> Option<String>,
        exists: &dyn Fn(&Path) -> bool,
    ) -> Result<PathBuf, DiscoveryError> {
        if let Some(file) = first_set(&self.file_variables, env) {
            return self.expand(&file, env);
        }
        let directories = match first_set(&self.directory_variables, env) {
            Some(directory) => vec![self.expand(&directory, env)?],
            None if self.directories.is_empty() => return Err(DiscoveryError::Nowhere),
            None => {
                let home = self.home(env)?;
                self.directories.iter().map(|name| home.join(name)).collect()
            }
        };
        for directory in &directories {
            for name in &self.names {
                let file = directory.join(name);
                if exists(&file) {
                    return Ok(file);
                }
            }
        }
        let name = self.names.first().ok_or(DiscoveryError::Nowhere)?;
        let present = directories.iter().find(|directory| exists(directory));
        let directory = present.or(directories.first()).ok_or(DiscoveryError::Nowhere)?;
        Ok(directory.join(name))
    }

    /// The variable by which somebody says that the file is made elsewhere; nothing where nobody does.
    /// `env` reads a variable.
    #[must_use]
    pub fn managed_by(&self, env: &dyn Fn(&str) -> Option<String>) -> Option<&str> {
        let says = |name: &&String| {
            env(name).is_some_and(|value| {
                let value = value.trim();
                value == "1" || value.eq_ignore_ascii_case("true")
            })
        };
        self.managed_variables.iter().find(says).map(String::as_str)
    }

    fn home(&self, env: &dyn Fn(&str) -> Option<String>) -> Result<PathBuf, DiscoveryError> {
        match first_set(&self.home_variables, env) {
            // Its own tilde is that of the system.
            Some(home) => expand(&home, || system_home(env)),
            None => system_home(env),
        }
    }

    fn expand(
        &self,
        text: &str,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<PathBuf, DiscoveryError> {
        expand(text, || self.home(env))
    }
}

fn system_home(env: &dyn Fn(&str) -> Option<String>) -> Result<PathBuf, DiscoveryError> {
    let home = HOME_VARIABLES.iter().find_map(|name| value_of(name, env));
    home.map(PathBuf::from).ok_or(DiscoveryError::NoHome)
}

fn first_set(names: &[String], env: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    names.iter().find_map(|name| value_of(name, env))
}

/// The value of a variable that says something: scripts leave empty ones behind, and the words of
/// JavaScript for nothing.
fn value_of(name: &str, env: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let value = env(name)?;
    let word = value.trim();
    (!matches!(word, "" | "undefined" | "null")).then(|| word.to_owned())
}

/// Puts home in the place of a leading `~`.
fn expand(
    text: &str,
    home: impl FnOnce() -> Result<PathBuf, DiscoveryError>,
) -> Result<PathBuf, DiscoveryError> {
    match text.strip_prefix('~') {
        Some("") => home(),
        Some(rest) if rest.starts_with(['/', '\\']) => Ok(home()?.join(&rest[1..])),
        _ => Ok(PathBuf::from(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    /// Looks for the configuration of `profile` with these variables and these paths on disk.
    fn find(
        profile: &str,
        variables: &[(&str, &str)],
        paths: &[&str],
    ) -> Result<PathBuf, DiscoveryError> {
        let env = |name: &str| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        let exists = |path: &Path| paths.iter().any(|known| Path::new(known) == path);
        Profile::builtin(profile).expect("a built-in").discovery.find(&env, &exists)
    }

    #[track_caller]
    fn check(variables: &[(&str, &str)], paths: &[&str], expected: &str) {
        assert_eq!(find("openclaw", variables, paths), Ok(PathBuf::from(expected)));
    }

    const HOME: (&str, &str) = ("HOME", "/home/u");

    #[test]
    fn a_variable_with_the_file_wins_whether_or_not_it_exists() {
        let there = ["/home/u/.openclaw/openclaw.json"];
        check(&[HOME, ("OPENCLAW_CONFIG_PATH", "/etc/oc.json")], &there, "/etc/oc.json");
        check(&[("OPENCLAW_CONFIG_PATH", "oc.json")], &[], "oc.json");
        check(&[HOME, ("CLAWDBOT_CONFIG_PATH", "/etc/cb.json")], &there, "/etc/cb.json");
        let both = [("CLAWDBOT_CONFIG_PATH", "/b"), ("OPENCLAW_CONFIG_PATH", "/a")];
        check(&both, &[], "/a");
        check(&[("OPENCLAW_CONFIG_PATH", "/a"), ("OPENCLAW_STATE_DIR", "/s")], &[], "/a");
    }

    #[test]
    fn a_tilde_is_home() {
        check(&[HOME, ("OPENCLAW_CONFIG_PATH", "~/x.json")], &[], "/home/u/x.json");
        check(&[HOME, ("OPENCLAW_STATE_DIR", "~")], &[], "/home/u/openclaw.json");
        check(&[HOME, ("OPENCLAW_CONFIG_PATH", "~x")], &[], "~x");
        let moved = [HOME, ("OPENCLAW_HOME", "~/oc"), ("OPENCLAW_CONFIG_PATH", "~/x.json")];
        check(&moved, &[], "/home/u/oc/x.json");
    }

    #[test]
    fn a_state_directory_is_searched_alone() {
        let state = [HOME, ("OPENCLAW_STATE_DIR", "/s")];
        let home = "/home/u/.openclaw/openclaw.json";
        check(&state, &[home], "/s/openclaw.json");
        check(&state, &[home, "/s/clawdbot.json"], "/s/clawdbot.json");
        check(&state, &["/s/moltbot.json", "/s/openclaw.json"], "/s/openclaw.json");
        check(&[HOME, ("CLAWDBOT_STATE_DIR", "/s")], &["/s/moldbot.json"], "/s/moldbot.json");
        let both = [("CLAWDBOT_STATE_DIR", "/b"), ("OPENCLAW_STATE_DIR", "/a")];
        check(&both, &[], "/a/openclaw.json");
    }

    #[test]
    fn directories_below_home_are_searched_in_order() {
        check(&[HOME], &[], "/home/u/.openclaw/openclaw.json");
        let old = "/home/u/.clawdbot/clawdbot.json";
        check(&[HOME], &[old], old);
        check(&[HOME], &[old, "/home/u/.openclaw/moltbot.json"], "/home/u/.openclaw/moltbot.json");
        check(&[HOME], &["/home/u/.moltbot/openclaw.json"], "/home/u/.moltbot/openclaw.json");
    }

    #[test]
    fn a_new_file_goes_into_a_directory_that_exists() {
        check(&[HOME], &["/home/u/.clawdbot"], "/home/u/.clawdbot/openclaw.json");
        let both = ["/home/u/.clawdbot", "/home/u/.openclaw"];
        check(&[HOME], &both, "/home/u/.openclaw/openclaw.json");
    }

    #[test]
    fn home_has_several_names() {
        check(&[("USERPROFILE", "/users/u")], &[], "/users/u/.openclaw/openclaw.json");
        let all = [("USERPROFILE", "/c"), ("HOME", "/b"), ("OPENCLAW_HOME", "/a")];
        check(&all, &[], "/a/.openclaw/openclaw.json");
        check(&all[..2], &[], "/b/.openclaw/openclaw.json");
    }

    #[test]
    fn words_for_nothing_are_no_values() {
        for word in ["", "  ", "undefined", "null"] {
            let variables = [
                HOME,
                ("OPENCLAW_HOME", word),
                ("OPENCLAW_STATE_DIR", word),
                ("OPENCLAW_CONFIG_PATH", word),
            ];
            check(&variables, &[], "/home/u/.openclaw/openclaw.json");
        }
    }

    #[test]
    fn no_place_is_an_error() {
        assert_eq!(find("openclaw", &[], &[]), Err(DiscoveryError::NoHome));
        assert_eq!(find("openclaw", &[("HOME", "undefined")], &[]), Err(DiscoveryError::NoHome));
        assert_eq!(find("generic", &[HOME], &[]), Err(DiscoveryError::Nowhere));
    }
}
