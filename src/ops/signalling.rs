//! Whether the gateway is told of a write, and what came of it.
//!
//! It is told once, of what it takes without a restart, after the locks are given back: it may want to
//! read or write the file itself. A change that needs a restart is never signalled as if it were none,
//! and nothing here restarts anything. A process that is killed between the write and this has told
//! nobody: [`signal`] does.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::{Change, Workspace, outcome};
use crate::fs::Target;
use crate::profile::{ReloadClass, Signal};
use crate::signal::{Sent, sender};

/// Whether the gateway is told of a write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signalling {
    /// As the profile says, where there is something for it.
    #[default]
    AsNeeded,
    /// It is not.
    None,
}

/// What became of telling the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signalled {
    /// The way, as `kind` in the profile.
    pub kind: &'static str,
    /// What came of it.
    pub result: SignalResult,
}

/// See [`Signalled`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignalResult {
    /// The gateway watches its file.
    Watched,
    /// There is nothing in the change for a gateway that runs.
    NotNeeded,
    /// The gateway takes the change at its next start only.
    AwaitsRestart,
    /// The caller did not want it to be told.
    Suppressed,
    /// It was told: what was done, in a few words without an argument.
    Sent(String),
    /// It was not told, or is not known to be: why, in one clause.
    Failed(String),
}

/// Tells the gateway of `workspace` to take its configuration, whatever was changed.
#[must_use]
pub fn signal(workspace: &Workspace) -> Signalled {
    let signal = &workspace.profile.signal;
    send(signal, &workspace.config, &AtomicBool::new(false))
}

/// Tells the gateway of `changes` that were written.
pub(super) fn after(
    workspace: &Workspace,
    changes: &[Change],
    signalling: Signalling,
) -> Option<Signalled> {
    let dearest = changes.iter().map(|change| change.class).max()?;
    let signal = &workspace.profile.signal;
    let result = match dearest {
        _ if *signal == Signal::Watched => SignalResult::Watched,
        ReloadClass::None => SignalResult::NotNeeded,
        ReloadClass::Restart | ReloadClass::Auth => SignalResult::AwaitsRestart,
        ReloadClass::Hot if signalling == Signalling::None => SignalResult::Suppressed,
        ReloadClass::Hot => return Some(self::signal(workspace)),
    };
    Some(Signalled { kind: signal.kind(), result })
}

impl Signalled {
    /// Why the gateway should have been told and was not; nothing where it was, or need not be.
    #[must_use]
    pub fn failure(&self) -> Option<&str> {
        match &self.result {
            SignalResult::Failed(why) => Some(why),
            _ => None,
        }
    }
}

/// Whether the gateway is to be told of `changes` that somebody else has written.
pub(super) fn is_needed(signal: &Signal, changes: &[Change]) -> bool {
    let dearest = changes.iter().map(|change| change.class).max();
    *signal != Signal::Watched && dearest == Some(ReloadClass::Hot)
}

/// Sends `signal`, unless `ends` is set before it is done.
pub(super) fn send(signal: &Signal, config: &Path, ends: &AtomicBool) -> Signalled {
    // By the name that does not depend on links or a working directory.
    let target = Target::resolve(config);
    let config = target.as_ref().map_or(config, Target::path);
    let result = match sender(signal).send(config, ends) {
        Ok(Sent::Nothing) => SignalResult::Watched,
        Ok(Sent::Told(what)) => SignalResult::Sent(what),
        Err(error) => SignalResult::Failed(outcome::causes(&error)),
    };
    Signalled { kind: signal.kind(), result }
}
