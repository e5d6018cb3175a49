//! A write that lets a device finish its pairing first.
//!
//! A restart, or another token, in the middle of a pairing or of the step from one role to another leaves
//! the device with half of it. So a write that costs one of the two waits while such a request is open,
//! for a while; every other write does not even ask.

use std::thread;
use std::time::Duration;

use super::confirm::effective;
use super::{DryRun, OpsError, Outcome, Status, Workspace, WriteOptions};
use crate::clock;
use crate::gateway::{Gateway, Variables};
use crate::profile::ReloadClass;

/// How long until the gateway is asked again.
const AGAIN: Duration = Duration::from_millis(250);
/// The longest that one question may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Whether a write waits for devices that are being paired.
#[derive(Clone, Debug)]
pub enum Patience {
    /// It does not.
    Now,
    /// So long at most.
    UpTo {
        /// So long.
        limit: Duration,
        /// The environment that the gateway's place, and its secret, may depend on.
        variables: Variables,
    },
}

/// Makes the write `write`, after the devices that are being paired where it restarts the gateway or
/// disconnects its clients. It is planned first to know that, where a gateway runs.
///
/// # Errors
///
/// [`OpsError::Pairing`] where a request was still open at the end of the time; nothing was written. Else
/// those of `write`.
pub fn patiently(
    workspace: &Workspace,
    patience: &Patience,
    options: &WriteOptions,
    write: impl Fn(&WriteOptions) -> Result<Outcome, OpsError>,
) -> Result<Outcome, OpsError> {
    let Patience::UpTo { limit, variables } = patience else { return write(options) };
    let gateway = Gateway::of(&workspace.profile, &workspace.config, variables.clone());
    let Some(gateway) = gateway.filter(Gateway::is_up) else { return write(options) };
    if options.dry_run == DryRun::Yes {
        return write(options);
    }
    let plan = write(&WriteOptions { dry_run: DryRun::Yes, ..options.clone() })?;
    let dearest = plan.changes.iter().map(|change| change.class).max();
    if plan.status != Status::Planned || dearest < Some(ReloadClass::Restart) {
        return write(options);
    }
    let notice = wait(workspace, &gateway, *limit)?;
    let mut outcome = write(options)?;
    outcome.notices.extend(notice);
    Ok(outcome)
}

/// Waits until no device is being paired. Says where that could not be asked: it is no reason not to
/// write.
fn wait(
    workspace: &Workspace,
    gateway: &Gateway<'_>,
    limit: Duration,
) -> Result<Option<String>, OpsError> {
    let started = clock::monotonic();
    let effective = effective(workspace);
    loop {
        match gateway.pending_pairings(&effective, LIMIT) {
            Ok(0) => return Ok(None),
            Ok(count) if started.elapsed() >= limit => {
                return Err(OpsError::Pairing { count, waited: started.elapsed() });
            }
            Ok(_) => {}
            Err(error) => {
                return Ok(Some(format!("whether a device is being paired is not known: {error}")));
            }
        }
        thread::sleep(AGAIN.min(limit.saturating_sub(started.elapsed())));
    }
}
