//! Profiles: what confwarden knows of one gateway, as data.
//!
//! A profile names the file, what is protected in it, what is secret, how each path reloads and
//! which lock the gateway itself takes. `openclaw` and `generic` are built in; `--profile FILE`
//! reads another one. The engine itself knows no gateway.
//!
//! This module never touches a file or the environment: both come in as arguments.

mod builtin;
mod discover;
mod field;
mod file;
mod hook;
pub(crate) mod placeholder;
mod prefix;
mod probe;
mod reference;
mod reload;
#[cfg(test)]
mod schema;
pub(crate) mod secret;
mod signal;
pub(crate) mod url;
mod version;

use std::collections::BTreeMap;

pub use builtin::BUILTIN_NAMES;
pub use discover::{Discovery, DiscoveryError};
pub use file::ProfileError;
pub use hook::{EventName, Hook};
pub use placeholder::Placeholders;
pub use prefix::Prefix;
pub use probe::{Openclaw, Probe, Question};
pub use reference::Reference;
pub use reload::{
    AuthUptake, Basis, Classifier, Containers, Cost, Holds, PluginPaths, ReloadMode, ReloadRule,
    ReloadTable, ReloadTables, Surroundings, Uptake,
};
pub use secret::SecretPaths;
pub use signal::{
    CommandSignal, HttpBody, HttpMethod, HttpSignal, ProcessSignal, SecretHeader, Signal,
    SignalName, SystemdSignal, UnitScope, is_untouchable,
};
pub use version::{Version, VersionError};

use crate::doc::{KeyPath, Value};
use crate::finding::Action;

/// What confwarden knows of one gateway.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The name, as in `--profile`.
    pub name: String,
    /// Where the configuration is when nobody says.
    pub discovery: Discovery,
    /// The gateway's authentication, where it has one.
    pub auth: Option<Auth>,
    /// Further paths that must not vanish, beside those of `auth` (`gateway.mode`).
    pub protected: Vec<KeyPath>,
    /// Maps whose members are things of their own, like elements with an `id` (`agents.entries`):
    /// a writer of the whole file that forgets one loses it.
    pub rosters: Vec<KeyPath>,
    /// What the gateway notes in the file of its own writes (`meta`): where it is there, an `apply` leaves
    /// it as it is.
    pub stamps: Vec<KeyPath>,
    /// Programs that write the file, by name, beside editors and scripts.
    pub writers: Vec<String>,
    /// What is secret.
    pub secrets: SecretPaths,
    /// Strings that stand for a secret and are none (`__OPENCLAW_REDACTED__`, `undefined`).
    pub placeholders: Placeholders,
    /// How the gateway takes each change.
    pub reload: ReloadTables,
    /// The key that includes other files (`$include`), where the gateway has one.
    pub include_key: Option<String>,
    /// The deepest nesting of includes; 10 in OpenClaw.
    pub include_depth: usize,
    /// The gateway's own lock.
    pub gateway_lock: GatewayLockKind,
    /// Below this part of its former size the gateway takes a file for damaged, in percent, and the
    /// smallest size in bytes at which it looks; OpenClaw: 50 and 512.
    pub shrink: Option<Shrink>,
    /// Actions that differ from the rules' own.
    pub actions: BTreeMap<String, Action>,
    /// Programs that run on events of the watcher.
    pub hooks: Vec<Hook>,
    /// How the gateway that runs is asked, where it can be.
    pub probe: Option<Probe>,
    /// How the gateway is told to take a changed configuration.
    pub signal: Signal,
}

impl Profile {
    /// Says what each change of the step from `before` to `after` costs a gateway of `version`; both
    /// with includes resolved.
    #[must_use]
    pub fn classifier(
        &self,
        version: Option<&str>,
        before: &Value,
        after: &Value,
    ) -> Classifier<'_> {
        let (before, after) = (Some(before), Some(after));
        let surroundings = Surroundings { before, after, auth: self.auth.as_ref() };
        Classifier::new(&self.reload, version, &surroundings)
    }
}

/// The protected block of a gateway's authentication.
#[derive(Clone, Debug)]
pub struct Auth {
    /// The block (`gateway.auth`).
    pub block: KeyPath,
    /// The shared token (`gateway.auth.token`).
    pub token: KeyPath,
    /// The password (`gateway.auth.password`).
    pub password: KeyPath,
    /// The mode (`gateway.auth.mode`).
    pub mode: KeyPath,
    /// Mode values that need the token, that need the password, and that need neither.
    pub token_modes: Vec<String>,
    /// Modes that need the password.
    pub password_modes: Vec<String>,
    /// Modes that need neither (`none`, `trusted-proxy`).
    pub open_modes: Vec<String>,
    /// Modes that need neither because they let everybody in (`none`).
    pub unguarded_modes: Vec<String>,
    /// The listening address (`gateway.bind`), with the values that stay on this machine.
    pub bind: KeyPath,
    /// Values of `bind` that stay on this machine (`loopback`, absent).
    pub loopback: Vec<String>,
    /// Whether this gateway may run without its own token (`gateway.mode` = `remote`).
    pub remote: Option<(KeyPath, String)>,
}

/// See [`Profile::shrink`].
#[derive(Clone, Copy, Debug)]
pub struct Shrink {
    /// Percent of the base's size, 1 to 100.
    pub below_percent: u8,
    /// Bases smaller than this many bytes are not judged.
    pub from_bytes: usize,
}

/// The lock a gateway itself takes around its writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayLockKind {
    /// None that is known.
    #[default]
    None,
    /// `<file>.lock`, as OpenClaw from 2026.5 writes it.
    Openclaw,
}

/// How a gateway takes a change, from cheap to dear.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, serde::Serialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum ReloadClass {
    /// Nothing happens.
    None,
    /// Taken without a restart.
    Hot,
    /// The gateway restarts.
    Restart,
    /// Clients authenticate anew, whatever else happens.
    Auth,
}

impl ReloadClass {
    /// The name, as in profiles and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Hot => "hot",
            Self::Restart => "restart",
            Self::Auth => "auth",
        }
    }
}
