//! What the arguments and the environment mean: the workspace of this run.
//!
//! The only place that reads the environment. Every variable is declared here, in
//! [`variable`], but for those that a profile names for its own gateway.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use confwarden::doc::Format;
use confwarden::fs;
use confwarden::gateway::Variables;
use confwarden::ops::{Access, KnownVersion, Timekeeper, VersionSource, Workspace};
use confwarden::profile::{BUILTIN_NAMES, Hook, Profile};

use crate::args::GlobalArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::service::Surroundings;

/// The environment variables that are read.
mod variable {
    /// The home directory: of the gateway's state by default, and of our own.
    pub(super) const HOME: &str = "HOME";
    /// Where programs keep state; only an absolute path counts, as its specification says.
    pub(super) const XDG_STATE_HOME: &str = "XDG_STATE_HOME";
    /// Where programs keep settings; only an absolute path counts.
    pub(super) const XDG_CONFIG_HOME: &str = "XDG_CONFIG_HOME";
    /// The editor of a person with a full screen.
    pub(super) const VISUAL: &str = "VISUAL";
    /// The editor of a person.
    pub(super) const EDITOR: &str = "EDITOR";
    /// Where a service manager listens to us, as systemd tells it.
    pub(super) const NOTIFY_SOCKET: &str = "NOTIFY_SOCKET";
    /// How often the service manager wants to hear of us, in microseconds, and of which process.
    pub(super) const WATCHDOG_USEC: &str = "WATCHDOG_USEC";
    /// See `WATCHDOG_USEC`; unset for whichever.
    pub(super) const WATCHDOG_PID: &str = "WATCHDOG_PID";
    /// Device and inode of the journal that standard error may be.
    pub(super) const JOURNAL_STREAM: &str = "JOURNAL_STREAM";
    /// Directories outside of the configuration's own that OpenClaw lets includes lie in, separated
    /// as in `PATH`.
    pub(super) const OPENCLAW_INCLUDE_ROOTS: &str = "OPENCLAW_INCLUDE_ROOTS";
}

/// The file of hooks in the directory of settings.
const HOOKS: &str = "hooks.toml";

/// The profile of a gateway that nothing is known of.
const GENERIC: &str = "generic";
/// The profile of OpenClaw.
const OPENCLAW: &str = "openclaw";

/// Puts the workspace together.
pub(crate) fn workspace(args: &GlobalArgs, command: &str) -> Result<Workspace, CommandError> {
    let profile = profile(args)?;
    let config = match &args.config {
        Some(config) => config.clone(),
        None => discover(&profile)?,
    };
    let include_roots = match read(variable::OPENCLAW_INCLUDE_ROOTS) {
        Some(roots) if profile.name == OPENCLAW => {
            std::env::split_paths(&roots).filter(|root| root.is_absolute()).collect()
        }
        _ => Vec::new(),
    };
    let access = match profile.discovery.managed_by(&read_text) {
        Some(variable) => Access::Managed { variable: variable.to_owned() },
        None => Access::Writable,
    };
    Ok(Workspace {
        config,
        access,
        profile: Arc::new(profile),
        state_dir: state_dir(args)?,
        lock_timeout: args.lock_timeout,
        command: format!("confwarden {command}"),
        include_roots,
        gateway_version: args
            .gateway_version
            .clone()
            .map(|version| KnownVersion { version, from: VersionSource::Flag }),
    })
}

/// The editor, as a command for a shell: it may have arguments, as in `code --wait`.
pub(crate) fn editor() -> OsString {
    [variable::VISUAL, variable::EDITOR]
        .into_iter()
        .filter_map(read)
        .find(|editor| !editor.is_empty())
        .unwrap_or_else(|| "vi".into())
}

/// The process that waits for the deadlines of writes that are to be confirmed: this program again, with
/// the same settings. Nothing of it may depend on a working directory, and no value is an argument.
pub(crate) fn timekeeper(
    args: &GlobalArgs,
    workspace: &Workspace,
) -> Result<Timekeeper, CommandError> {
    let failed = |error: std::io::Error| {
        let error =
            anyhow::Error::new(error).context("could not find this program or a file again");
        CommandError::new(Exit::Setup, error)
    };
    let absolute = |path: &Path| std::path::absolute(path).map_err(failed);
    let mut arguments: Vec<OsString> =
        vec!["--config".into(), absolute(&workspace.config)?.into_os_string()];
    arguments.extend(["--state-dir".into(), absolute(&workspace.state_dir)?.into_os_string()]);
    if let Some(name) = &args.profile {
        let file =
            if is_file(name) { absolute(Path::new(name))?.into_os_string() } else { name.into() };
        arguments.extend(["--profile".into(), file]);
    }
    arguments.push("keep-time".into());
    Ok(Timekeeper { program: std::env::current_exe().map_err(failed)?, arguments })
}

/// Whether `--profile` names a file.
fn is_file(name: &str) -> bool {
    name.contains(['/', std::path::MAIN_SEPARATOR])
        || Format::of_path(Path::new(name)) == Format::Toml
}

/// What a service manager tells its services.
pub(crate) fn surroundings() -> Surroundings {
    Surroundings {
        notify_socket: read(variable::NOTIFY_SOCKET).filter(|socket| !socket.is_empty()),
        watchdog_usec: read_text(variable::WATCHDOG_USEC),
        watchdog_pid: read_text(variable::WATCHDOG_PID),
        journal_stream: read_text(variable::JOURNAL_STREAM),
    }
}

/// The profile that was asked for; else the one that fits.
///
/// A file that is not TOML is taken for OpenClaw's, whatever its name: a guard that is too strict
/// with another gateway's file refuses a write and says so, one that is too lax loses a token.
fn profile(args: &GlobalArgs) -> Result<Profile, CommandError> {
    let Some(name) = &args.profile else {
        let toml = args.config.as_deref().is_some_and(|c| Format::of_path(c) == Format::Toml);
        return builtin(if toml { GENERIC } else { OPENCLAW });
    };
    if is_file(name) { from_file(Path::new(name)) } else { builtin(name) }
}

fn builtin(name: &str) -> Result<Profile, CommandError> {
    Profile::builtin(name).ok_or_else(|| {
        CommandError::new(Exit::Setup, anyhow::anyhow!("there is no such built-in profile"))
            .hint(format!("the built-in profiles are `{}`", BUILTIN_NAMES.join("` and `")))
            .hint("a profile of your own is a file: `--profile ./NAME.toml`")
    })
}

fn from_file(path: &Path) -> Result<Profile, CommandError> {
    let what = || format!("could not use the profile `{}`", path.display());
    let bytes = fs::read_input(path)
        .with_context(what)
        .map_err(|error| CommandError::new(Exit::Setup, error))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        CommandError::new(Exit::Setup, anyhow::anyhow!("it is not UTF-8").context(what()))
    })?;
    Profile::parse(&text).map_err(|error| {
        let position = error.position;
        CommandError::new(Exit::Setup, anyhow::Error::new(error).context(what()))
            .hint("`schemas/profile.schema.json` describes profiles")
            .at(path, position)
    })
}

/// The environment that a gateway's place and secret may depend on.
pub(crate) fn variables() -> Variables {
    Variables::new(read_text)
}

/// Where the gateway of `profile` would look for its configuration.
fn discover(profile: &Profile) -> Result<PathBuf, CommandError> {
    profile.discovery.find(&read_text, &|path| path.symlink_metadata().is_ok()).map_err(|error| {
        CommandError::new(Exit::Setup, anyhow::Error::new(error))
            .hint("name the file with `--config PATH`")
    })
}

/// The hooks that were asked for: those of the profile, then those of `hooks.toml`. A file that others
/// may write is refused: it says what runs.
pub(crate) fn hooks(profile: &Profile) -> Result<Vec<Hook>, CommandError> {
    let mut hooks = profile.hooks.clone();
    let absolute = |name| read(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let settings = absolute(variable::XDG_CONFIG_HOME)
        .or_else(|| Some(absolute(variable::HOME)?.join(".config")));
    let Some(path) = settings.map(|settings| settings.join("confwarden").join(HOOKS)) else {
        return Ok(hooks);
    };
    let what = || format!("could not use the hooks `{}`", path.display());
    let failed = |error: anyhow::Error| CommandError::new(Exit::Setup, error.context(what()));
    let Some(bytes) = fs::read_trusted(&path).map_err(|error| failed(error.into()))? else {
        return Ok(hooks);
    };
    let text = String::from_utf8(bytes).map_err(|_| failed(anyhow::anyhow!("it is not UTF-8")))?;
    hooks.extend(Hook::parse_all(&text).map_err(|error| {
        let position = error.position;
        failed(error.into()).at(&path, position)
    })?);
    Ok(hooks)
}

fn state_dir(args: &GlobalArgs) -> Result<PathBuf, CommandError> {
    if let Some(directory) = &args.state_dir {
        return Ok(directory.clone());
    }
    let absolute = |name| read(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(variable::XDG_STATE_HOME)
        .or_else(|| Some(absolute(variable::HOME)?.join(".local").join("state")))
        .map(|directory| directory.join("confwarden"))
        .ok_or_else(|| {
            CommandError::new(
                Exit::Setup,
                anyhow::anyhow!("neither `XDG_STATE_HOME` nor `HOME` is an absolute path"),
            )
            .hint("say where confwarden keeps its own files with `--state-dir DIR`")
        })
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn read(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// A variable as text; one that is not UTF-8 counts as unset.
fn read_text(name: &str) -> Option<String> {
    read(name)?.into_string().ok()
}
