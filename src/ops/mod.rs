//! Use cases: the only place that joins decisions to actions.
//!
//! Every write, whoever asks for it, is the one transaction of [`write()`]. Nothing here prints, reads
//! the environment or ends the process.

mod accept;
mod asked;
mod check;
mod confirm;
mod edit;
mod error;
mod exec;
mod foreign;
mod known_version;
mod outcome;
mod pairing;
mod pending;
mod propose;
mod recorder;
mod records;
mod reload;
mod reloaded;
mod request;
mod rest;
mod restore;
mod session;
mod signalling;
mod snapshot;
mod status;
mod transaction;
mod waiting;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use accept::accept;
pub use asked::{Agreement, Asked, asked};
pub use check::{Checked, Measure, check};
pub use confirm::{Confirming, Reaction, Undo, confirmed, running, running_version};
pub use edit::{Draft, DraftText, abandoned_drafts};
pub use error::OpsError;
pub use exec::{Damage, ExecOptions, ExecOutcome, Program, exec};
pub use foreign::{Redressing, Repair, Repaired, SetAside};
pub use known_version::{KnownVersion, VersionSource};
pub use outcome::{Change, ChangeKind, FileOutcome, Outcome, Publication, Status};
pub use pairing::{Patience, patiently};
pub use pending::{
    Awaiting, ConfirmWithin, Settlement, Timekeeper, cancel, confirm, extend, keep_time,
    pending_commits, settle_overdue,
};
pub use records::{Past, PastBytes, PastText, past, past_difference, prune, records};
pub use reload::{NO_RESTART, Reload};
pub use reloaded::reloaded;
pub use request::{Assignment, DryRun, HardLinks, Input, Missing, Request, Restarts, WriteOptions};
pub use rest::{Unrest, rest};
pub use restore::{Restoration, Restore, restore};
pub use signalling::{SignalResult, Signalled, Signalling, signal};
pub use status::{Condition, Drift, Guard, Overview, status};
pub use waiting::Waiting;
pub use watch::{Notice, Settle, Timing, Told, Watcher};

use crate::doc::{KeyPath, Value};
use crate::profile::Profile;
use session::Session;
use snapshot::Unparsable;
use transaction::Duty;

/// Which file is guarded, by which profile, and how patiently.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The configuration, as it was named or discovered.
    pub config: PathBuf,
    /// What is known of its gateway.
    pub profile: Arc<Profile>,
    /// Where confwarden keeps its own files.
    pub state_dir: PathBuf,
    /// How long to wait for a lock.
    pub lock_timeout: Duration,
    /// What this process says of itself in the lock, without arguments (`confwarden set`).
    pub command: String,
    /// Directories outside of the configuration's own that includes may lie in
    /// (`OPENCLAW_INCLUDE_ROOTS`).
    pub include_roots: Vec<PathBuf>,
    /// The gateway's version, where somebody knows it better than the file.
    pub gateway_version: Option<KnownVersion>,
    /// Whether it may be written.
    pub access: Access,
}

impl Workspace {
    /// # Errors
    ///
    /// [`OpsError::Managed`] where it is not ours to write.
    pub(crate) fn refuse_managed(&self) -> Result<(), OpsError> {
        match &self.access {
            Access::Writable => Ok(()),
            Access::Managed { variable } => {
                Err(OpsError::Managed { file: self.config.clone(), variable: variable.clone() })
            }
        }
    }
}

/// Whether the configuration may be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// It may.
    #[default]
    Writable,
    /// It is made elsewhere (Nix, Ansible, a Helm chart): nothing here writes it, and the watcher tells
    /// what it would have put right.
    Managed {
        /// The environment variable that says so.
        variable: String,
    },
}

/// Reads the value at `path`, includes resolved; nothing where there is none.
///
/// No lock is taken: a replace is atomic, so what is read is one version or the next.
///
/// # Errors
///
/// [`OpsError`] where the file cannot be read or parsed, or the path leads nowhere.
pub fn get(workspace: &Workspace, path: &KeyPath) -> Result<Option<Value>, OpsError> {
    let base = Session::reading(workspace)?.load(Missing::Refuse, Unparsable::Refuse)?;
    if base.configuration.parts().len() == 1 {
        base.configuration.root().document.get(path)?;
    }
    Ok(base.configuration.effective().at(path).cloned())
}

/// Makes one write: lock, read, propose, judge, commit if unchanged, tell the gateway. Before that it
/// undoes what nobody confirmed in time, which a notice says.
///
/// A refusal by a rule is an outcome, not an error.
///
/// # Errors
///
/// [`OpsError`] where the write could not be made; the file is then as before, but for
/// [`OpsError::Incomplete`].
pub fn write(
    workspace: &Workspace,
    request: &Request,
    options: &WriteOptions,
) -> Result<Outcome, OpsError> {
    let overdue = match options.dry_run {
        DryRun::No => pending::settle_overdue(workspace),
        DryRun::Yes => Vec::new(),
    };
    let mut outcome = transaction::write(workspace, request, options, Duty::None)?;
    outcome.notices.splice(0..0, overdue);
    if outcome.status == Status::Written {
        outcome.signal = signalling::after(workspace, &outcome.changes, options.signalling);
    }
    Ok(outcome)
}

/// What differs between two files, in text and in meaning.
///
/// # Errors
///
/// [`OpsError`] where a file cannot be read or parsed.
pub fn diff(workspace: &Workspace, before: &Path, after: &Path) -> Result<Outcome, OpsError> {
    let load = |file: &Path| {
        let workspace = Workspace { config: file.to_owned(), ..workspace.clone() };
        Ok::<_, OpsError>(
            Session::reading(&workspace)?.load(Missing::Refuse, Unparsable::Refuse)?.configuration,
        )
    };
    let (old, new) = (load(before)?, load(after)?);
    let files = if old.root().document.source() == new.root().document.source() {
        Vec::new()
    } else {
        vec![FileOutcome {
            file: new.root().file.clone(),
            before: Some(old.root().document.clone()),
            after: new.root().document.clone(),
            publication: None,
        }]
    };
    Ok(Outcome { files, ..outcome::differences(Some(&old), &new, workspace) })
}
