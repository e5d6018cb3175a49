//! Whether a configuration is at rest, as it looks from outside: for who must not act while somebody
//! writes, and has no watcher to ask.

use std::thread;
use std::time::{Duration, Instant};

use super::{Condition, Drift, OpsError, Overview, Workspace, status};
use crate::clock;
use crate::fs::{Glance, Held, Target, glance};

/// So long nothing may have happened: longer than a gateway waits after a write before it reads.
const QUIET: Duration = Duration::from_millis(600);
/// How long it takes until it is looked at again.
const AGAIN: Duration = Duration::from_millis(50);

/// Why a configuration is not at rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unrest {
    /// There is none.
    #[error("there is no such file")]
    Missing,
    /// It does not parse, or a file that it includes does not.
    #[error("it does not parse")]
    Unparsable,
    /// It is not what the last record ended in.
    #[error("it is not what the last record ended in")]
    Drifted,
    /// Somebody holds our lock.
    #[error("its lock is held")]
    Locked,
    /// A gateway's program holds the lock of the gateway.
    #[error("the gateway's own lock is held")]
    GatewayLocked,
    /// A write that was cut off awaits its end.
    #[error("a write that was cut off awaits recovery")]
    Unrecovered,
    /// It was changed less than a moment ago.
    #[error("it was changed less than {} ms ago", QUIET.as_millis())]
    Changing,
}

/// Waits until the configuration is at rest, at most for `limit`, and says why it is not then. At rest
/// it parses, is what the last record ended in (where there is one), nobody holds a lock of it, and it
/// was not touched for 600 ms: what looks so from outside. Changes nothing.
///
/// # Errors
///
/// [`OpsError`] where it cannot be looked at.
pub fn rest(workspace: &Workspace, limit: Duration) -> Result<Option<Unrest>, OpsError> {
    let started = clock::monotonic();
    // Since when it looks as it does.
    let mut since: Option<(Vec<Glance>, Instant)> = None;
    loop {
        let overview = status(workspace, None)?;
        let unrest = if let Some(unrest) = unrest(&overview) {
            since = None;
            unrest
        } else {
            let seen = seen(workspace, &overview)?;
            match &since {
                Some((before, at)) if *before == seen => {
                    if at.elapsed() >= QUIET {
                        return Ok(None);
                    }
                }
                _ => since = Some((seen, clock::monotonic())),
            }
            Unrest::Changing
        };
        let left = limit.saturating_sub(started.elapsed());
        if left.is_zero() {
            return Ok(Some(unrest));
        }
        thread::sleep(AGAIN.min(left));
    }
}

fn seen(workspace: &Workspace, overview: &Overview) -> Result<Vec<Glance>, OpsError> {
    let target = Target::resolve(&workspace.config)?;
    let included = overview.includes.iter().map(|(file, _)| glance(file));
    Ok(std::iter::once(glance(target.named())).chain(included).collect())
}

fn unrest(overview: &Overview) -> Option<Unrest> {
    match overview.condition {
        Condition::Missing => return Some(Unrest::Missing),
        Condition::Unparsable { .. } => return Some(Unrest::Unparsable),
        Condition::Good { .. } => {}
    }
    if overview.includes.iter().any(|(_, fault)| fault.is_some()) {
        return Some(Unrest::Unparsable);
    }
    if overview.lock != Held::No {
        return Some(Unrest::Locked);
    }
    if overview.gateway_lock.as_ref().is_some_and(|held| *held != Held::No) {
        return Some(Unrest::GatewayLocked);
    }
    if overview.awaits_recovery {
        return Some(Unrest::Unrecovered);
    }
    match overview.drift {
        Drift::None(_) | Drift::Unrecorded => None,
        Drift::Changed(..) | Drift::Unknown(..) => Some(Unrest::Drifted),
    }
}
