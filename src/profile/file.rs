//! Profiles as written: TOML in, a [`Profile`] or one error with its place out.
//!
//! # Writing a profile
//!
//! `examples/profiles/acme-gateway.toml` is a commented one to start from, and
//! `schemas/profile.schema.json` describes every key. Only `version` (of this format, 1) and `name`
//! must be there; what a gateway does not have is left out.
//!
//! | table | says |
//! | --- | --- |
//! | top level | `version`, `name`, `protected` paths, `rosters`, `stamps`, `writers`, `gateway-lock` (`none`, `openclaw`) |
//! | `[discovery]` | variables, directories below home and names of the file |
//! | `[auth]` | the protected block, its token, password and mode, and the listening address |
//! | `[secrets]` | which paths are secret, by word and by path |
//! | `[placeholders]` | strings that stand for a secret and are none |
//! | `[include]` | the key that includes other files, and how deep they nest |
//! | `[shrink]` | below which part of its size the gateway takes the file for damaged |
//! | `[actions]` | rules whose action differs: `deny`, `warn`, `audit` |
//! | `[[hooks]]` | programs that run on events: `on` kinds, `run` without a shell, `timeout` |
//! | `[probe]` | how the gateway that runs is asked: `openclaw`, `http`, `tcp` or `command`; `timeout`, `window` |
//! | `[signal]` | how the gateway is told of a change: `kind`, and what belongs to it |
//! | `[reload]`, `[[reload.table]]` | what a change costs, by prefix and version of the gateway |
//! | `[reload.plugins]` | where it stands which plugins and channels are loaded |
//! | `[reload.table.actions]` | prefixes of what is taken live, by what the gateway does then |
//! | `[[reload.table.loaded]]` | rules that hold only while a plugin or channel is loaded |
//! | `[reload.table.mode]` | the setting by which changes wait for a restart, or all restart |
//!
//! Paths are key paths (`gateway.auth.token`, `channels["a.b"]`); where prefixes are asked for, `*`
//! stands for any one step. Unknown keys are errors: a misspelt protection protects nothing.
//!
//! This module never opens a file; the text is an argument.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::field::{FileName, FormatVersion, IncludeDepth, Name, Path, Percent, RuleId};
use super::probe::CheckedProbe;
use super::reload::ReloadSection;
use super::{
    Auth, Discovery, GatewayLockKind, Hook, Placeholders, Prefix, Profile, SecretPaths, Shrink,
    Signal, is_untouchable,
};
use crate::finding::Action;
use crate::text::Position;

/// A text that is no profile, with the place of the fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at {position}")]
#[non_exhaustive]
pub struct ProfileError {
    /// What is wrong and what was expected, lowercase, without the place.
    pub reason: String,
    /// Where.
    pub position: Position,
}

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    ///
    /// [`ProfileError`] with the first fault.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let file: ProfileFile = toml_edit::de::from_str(text).map_err(|error| {
            // Its `Display` would print the line.
            let offset = error.span().map_or(0, |span| span.start);
            let reason = error.message().trim_end().replace('\n', ", ");
            ProfileError { reason, position: Position::of(text, offset) }
        })?;
        file.check_signal().map_err(|reason| {
            let table = toml_edit::Document::parse(text).ok();
            let table = table.and_then(|table| Some(table.get("signal")?.span()?.start));
            ProfileError { reason, position: Position::of(text, table.unwrap_or_default()) }
        })?;
        Ok(file.into())
    }

    /// Reads a profile of the program itself from its JSON, see [`super::builtin`].
    pub(super) fn parse_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<ProfileFile>(text).map(Self::from)
    }
}

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ProfileFile {
    #[serde(rename = "version")]
    _version: FormatVersion,
    name: Name,
    #[serde(default)]
    protected: Vec<Path>,
    #[serde(default)]
    rosters: Vec<Path>,
    #[serde(default)]
    stamps: Vec<Path>,
    #[serde(default)]
    writers: Vec<Name>,
    #[serde(default)]
    gateway_lock: GatewayLockKind,
    #[serde(default)]
    discovery: DiscoveryTable,
    auth: Option<AuthTable>,
    #[serde(default)]
    secrets: SecretsTable,
    #[serde(default)]
    placeholders: PlaceholdersTable,
    include: Option<IncludeTable>,
    shrink: Option<ShrinkTable>,
    #[serde(default)]
    actions: BTreeMap<RuleId, Action>,
    #[serde(default)]
    reload: ReloadSection,
    #[serde(default)]
    hooks: Vec<Hook>,
    probe: Option<CheckedProbe>,
    #[serde(default)]
    signal: Signal,
}

impl ProfileFile {
    /// Nothing but the write is a signal to OpenClaw, whatever a profile for it says.
    fn check_signal(&self) -> Result<(), String> {
        let is_untouchable =
            is_untouchable(&self.name.0) || self.gateway_lock == GatewayLockKind::Openclaw;
        if is_untouchable && self.signal != Signal::Watched {
            return Err(super::signal::BANNED.to_owned());
        }
        Ok(())
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct DiscoveryTable {
    file_variables: Vec<Name>,
    directory_variables: Vec<Name>,
    home_variables: Vec<Name>,
    directories: Vec<Name>,
    names: Vec<FileName>,
    managed_variables: Vec<Name>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct AuthTable {
    block: Path,
    token: Path,
    password: Option<Path>,
    mode: Option<Path>,
    #[serde(default)]
    token_modes: Vec<Name>,
    #[serde(default)]
    password_modes: Vec<Name>,
    #[serde(default)]
    open_modes: Vec<Name>,
    #[serde(default)]
    unguarded_modes: Vec<Name>,
    bind: Option<Path>,
    #[serde(default)]
    loopback: Vec<Name>,
    remote: Option<RemoteTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RemoteTable {
    path: Path,
    value: Name,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct SecretsTable {
    ends_with: Vec<Name>,
    contains: Vec<Name>,
    except: Vec<Name>,
    paths: Vec<Prefix>,
    except_paths: Vec<Prefix>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PlaceholdersTable {
    sentinels: Vec<Name>,
    junk: Vec<Name>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IncludeTable {
    key: Name,
    depth: IncludeDepth,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ShrinkTable {
    below_percent: Percent,
    from_bytes: usize,
}

impl From<ProfileFile> for Profile {
    fn from(file: ProfileFile) -> Self {
        let include = file.include.map(|include| (include.key.0, include.depth.0));
        let (include_key, include_depth) = include.unzip();
        Self {
            name: file.name.0,
            discovery: Discovery {
                file_variables: texts(file.discovery.file_variables),
                directory_variables: texts(file.discovery.directory_variables),
                home_variables: texts(file.discovery.home_variables),
                directories: texts(file.discovery.directories),
                names: file.discovery.names.into_iter().map(|name| name.0).collect(),
                managed_variables: texts(file.discovery.managed_variables),
            },
            auth: file.auth.map(Auth::from),
            protected: file.protected.into_iter().map(|path| path.0).collect(),
            rosters: file.rosters.into_iter().map(|path| path.0).collect(),
            stamps: file.stamps.into_iter().map(|path| path.0).collect(),
            writers: texts(file.writers),
            secrets: SecretPaths {
                ends_with: lowercase(file.secrets.ends_with),
                contains: lowercase(file.secrets.contains),
                except: lowercase(file.secrets.except),
                paths: lowercase_steps(file.secrets.paths),
                except_paths: lowercase_steps(file.secrets.except_paths),
            },
            placeholders: Placeholders {
                sentinels: texts(file.placeholders.sentinels),
                junk: texts(file.placeholders.junk),
            },
            reload: file.reload.into(),
            include_key,
            include_depth: include_depth.unwrap_or(0),
            gateway_lock: file.gateway_lock,
            shrink: file.shrink.map(|shrink| Shrink {
                below_percent: shrink.below_percent.0,
                from_bytes: shrink.from_bytes,
            }),
            actions: file.actions.into_iter().map(|(rule, action)| (rule.0, action)).collect(),
            hooks: file.hooks,
            probe: file.probe.map(|probe| probe.0),
            signal: file.signal,
        }
    }
}

impl From<AuthTable> for Auth {
    fn from(table: AuthTable) -> Self {
        let block = table.block.0;
        // What the gateway does not have lies where nothing will stand.
        let below = |path: Option<Path>, name: &str| path.map_or_else(|| block.key(name), |p| p.0);
        Self {
            token: table.token.0,
            password: below(table.password, "password"),
            mode: below(table.mode, "mode"),
            token_modes: texts(table.token_modes),
            password_modes: texts(table.password_modes),
            open_modes: texts(table.open_modes),
            unguarded_modes: texts(table.unguarded_modes),
            bind: below(table.bind, "bind"),
            loopback: texts(table.loopback),
            remote: table.remote.map(|remote| (remote.path.0, remote.value.0)),
            block,
        }
    }
}

fn texts(names: Vec<Name>) -> Vec<String> {
    names.into_iter().map(|name| name.0).collect()
}

fn lowercase(names: Vec<Name>) -> Vec<String> {
    names.into_iter().map(|name| name.0.to_lowercase()).collect()
}

fn lowercase_steps(prefixes: Vec<Prefix>) -> Vec<Vec<String>> {
    let lowercase = |prefix: Prefix| prefix.steps().map(str::to_lowercase).collect::<Vec<_>>();
    prefixes.into_iter().map(lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::RULE_IDS;

    const HEAD: &str = "version = 1\nname = \"acme\"\n";

    fn parse(rest: &str) -> Result<Profile, ProfileError> {
        Profile::parse(&format!("{HEAD}{rest}"))
    }

    #[test]
    fn a_profile_needs_version_and_name_only() {
        let profile = parse("").expect("a good profile");
        assert_eq!(profile.name, "acme");
        assert!(profile.auth.is_none() && profile.shrink.is_none());
        assert_eq!(profile.gateway_lock, GatewayLockKind::None);
        assert_eq!(profile.include_key, None);
    }

    #[test]
    fn what_a_gateway_has_not_lies_below_the_block() {
        let profile = parse("[auth]\nblock = \"a.b\"\ntoken = \"a.b.t\"\n").expect("good");
        let auth = profile.auth.expect("there");
        assert_eq!(auth.password.to_string(), "a.b.password");
        assert_eq!(auth.mode.to_string(), "a.b.mode");
        assert_eq!(auth.bind.to_string(), "a.b.bind");
    }

    #[test]
    fn words_and_patterns_of_secrets_are_kept_in_lower_case() {
        let profile =
            parse("[secrets]\nends-with = [\"Token\"]\npaths = [\"A.*.bC\"]").expect("good");
        assert_eq!(profile.secrets.ends_with, ["token"]);
        assert_eq!(profile.secrets.paths, [["a", "*", "bc"]]);
    }

    /// The fault of `HEAD` followed by `rest`; its lines count from 3.
    #[track_caller]
    fn check(rest: &str, expected: &str) {
        let error = parse(rest).expect_err("a bad profile").to_string();
        assert_eq!(error, expected, "{rest}");
    }

    #[test]
    fn faults_say_where_and_why() {
        check("x", "key with no value, expected `=` at line 3, column 2");
        check(
            "[secrets]\nendswith = []",
            "unknown field `endswith`, expected one of `ends-with`, `contains`, `except`, `paths`, `except-paths` at line 4, column 1",
        );
        check(
            "colour = 1",
            "unknown field `colour`, expected one of `version`, `name`, `protected`, `rosters`, `stamps`, `writers`, `gateway-lock`, `discovery`, `auth`, `secrets`, `placeholders`, `include`, `shrink`, `actions`, `reload`, `hooks`, `probe`, `signal` at line 3, column 1",
        );
        check(
            "protected = \"gateway\"",
            "invalid type: string \"gateway\", expected a sequence at line 3, column 13",
        );
        check(
            "protected = [\n  \"a.b\",\n  \"a..b\",\n]",
            "bad path: expected a name at character 3 of the path at line 5, column 3",
        );
        check(
            "protected = [\"a[0]\"]",
            "bad path: expected the names of keys, without brackets for arrays at line 3, column 14",
        );
        check("[auth]\nblock = \"a\"", "missing field `token` at line 3, column 1");
        let rules = RULE_IDS.join("`, `");
        check(
            "[actions]\nno-such-rule = \"warn\"",
            &format!("unknown rule `no-such-rule`, expected one of `{rules}` at line 4, column 1"),
        );
        check(
            "[actions]\nkeys-lost = \"shout\"",
            "unknown variant `shout`, expected one of `audit`, `warn`, `deny` at line 4, column 13",
        );
        check(
            "gateway-lock = \"flock\"",
            "unknown variant `flock`, expected `none` or `openclaw` at line 3, column 16",
        );
        check(
            "[discovery]\nnames = [\"a/b\"]",
            "expected the name of a file, without a directory at line 4, column 10",
        );
        check("[secrets]\ncontains = [\"\"]", "the text is empty at line 4, column 13");
        check(
            "[secrets]\npaths = [\"a[1].b\"]",
            "bad path: expected the names of keys, without brackets for arrays at line 4, column 10",
        );
        check(
            "[shrink]\nbelow-percent = 101\nfrom-bytes = 1",
            "expected a percentage from 1 to 100 at line 4, column 17",
        );
        check("[shrink]\nbelow-percent = 50", "missing field `from-bytes` at line 3, column 1");
        check(
            "[include]\nkey = \"i\"\ndepth = 0",
            "expected a depth from 1 to 64 at line 5, column 9",
        );
        check(
            "[[reload.table]]\nunmatched = \"cold\"",
            "unknown variant `cold`, expected one of `none`, `hot`, `restart`, `auth` at line 4, column 13",
        );
        check(
            "[[reload.table]]\nunmatched = \"hot\"\nfrom = \"x\"",
            "bad version: a version is made of numbers and dots at line 5, column 8",
        );
        check(
            "[[reload.table]]\nunmatched = \"hot\"\nfrom = \"2\"\nuntil = \"2\"",
            "`from` must be an earlier version than `until` at line 3, column 1",
        );
        check(
            "[[reload.table]]\nunmatched = \"hot\"\nhot = [\"a.b\"]\nnone = [\"a.b\"]",
            "the prefix `a.b` stands twice in one table at line 3, column 1",
        );
        check(
            "[[reload.table]]\nunmatched = \"hot\"\nnone = [\"a.b\"]\nactions = { go = [\"a.b\"] }",
            "the prefix `a.b` stands twice in one table at line 3, column 1",
        );
        check(
            "[[reload.table]]\nunmatched = \"hot\"\nloaded = [{ hot = [\"a\"] }]",
            "rules of `loaded` need `plugins` or `channels` at line 3, column 1",
        );
    }

    #[test]
    fn version_and_name_are_checked() {
        let error = |text: &str| Profile::parse(text).expect_err("a bad profile").to_string();
        assert_eq!(error("name = \"a\""), "missing field `version` at line 1, column 1");
        assert_eq!(
            error("version = 2\nname = \"a\""),
            "profile format 2 is not known, expected 1 at line 1, column 11"
        );
        assert_eq!(
            error("version = \"1\"\nname = \"a\""),
            "invalid type: string \"1\", expected i64 at line 1, column 11"
        );
        assert_eq!(error("version = 1"), "missing field `name` at line 1, column 1");
        assert_eq!(error("version = 1\nname = \" \""), "the text is empty at line 2, column 8");
    }

    #[test]
    fn faults_do_not_quote_the_line() {
        let error = parse("name = \"second\" # canary").expect_err("a bad profile");
        assert!(!error.to_string().contains("canary"));
        assert_eq!(error.position.line, 3);
    }
}
