//! The state of a guarded configuration, at one look: it waits for no lock and changes nothing.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};

use super::records::{self, Side};
use super::session::Session;
use super::snapshot::{Snapshot, Unparsable};
use super::waiting::{Waiting, waiting};
use super::{Access, Change, KnownVersion, Missing, OpsError, Workspace, outcome};
use crate::doc::{Format, SyntaxError};
use crate::event::Freshness;
use crate::fs::{GatewayLock, Held, LockGuard, Target, awaits_recovery, synced_by};
use crate::gateway::Look;
use crate::history::{History, Identities, Listing, Record, RecordId};
use crate::pending::{Pending, PendingCommits};
use crate::profile::GatewayLockKind;

/// How many of the latest records are shown.
const LATEST: usize = 5;
/// How long the watcher may take to see everything that happened before it was asked.
const WATCHER_PATIENCE: Duration = Duration::from_millis(500);

/// The state of a guarded configuration.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The file as it was named, absolute.
    pub file: PathBuf,
    /// The file that is meant, where `file` is or lies behind a link.
    pub target: PathBuf,
    /// Whether `file` itself is a symbolic link.
    pub is_link: bool,
    /// The format.
    pub format: Format,
    /// Whether it may be written.
    pub access: Access,
    /// Who keeps its folder the same as elsewhere, where somebody does.
    pub synced_by: Option<&'static str>,
    /// What is there.
    pub condition: Condition,
    /// The SHA-256 of the file's bytes in hex, as `sha256sum` prints it; nothing where there is no file.
    pub sha256: Option<String>,
    /// The version that the gateway is known by; nothing where nobody says it.
    pub gateway_version: Option<KnownVersion>,
    /// The files it includes, and why one of them cannot be read.
    pub includes: Vec<(PathBuf, Option<String>)>,
    /// Who holds our lock.
    pub lock: Held,
    /// Who holds the gateway's own lock; nothing where the gateway has none.
    pub gateway_lock: Option<Held>,
    /// Whether a process that was killed, or is at work, has left something beside the file.
    pub awaits_recovery: bool,
    /// How many records there are.
    pub records: usize,
    /// How many lines of the history cannot be read.
    pub faults: usize,
    /// The latest records, newest first.
    pub latest: Vec<Record>,
    /// What differs from the last record.
    pub drift: Drift,
    /// What the watcher knows of it.
    pub watcher: Guard,
    /// What waits for a restart of the gateway.
    pub waiting: Waiting,
    /// The gateway that runs, where somebody has asked: see [`running`](super::running).
    pub gateway: Option<Look>,
    /// Writes that wait to be confirmed, or could not be undone.
    pub pending: Vec<Pending>,
}

/// What the watcher knows of a file.
#[derive(Clone, Debug)]
pub enum Guard {
    /// No watcher runs.
    None,
    /// One runs, and does not say: why.
    Silent(String),
    /// It guards the file, and stands like this.
    Guards(Freshness),
}

/// What is there.
#[derive(Clone, Debug)]
pub enum Condition {
    /// Nothing.
    Missing,
    /// A file that does not parse.
    Unparsable {
        /// Its size in bytes.
        size: usize,
        /// Permission bits.
        mode: u32,
        /// Where and why.
        error: SyntaxError,
    },
    /// A configuration.
    Good {
        /// Its size in bytes.
        size: usize,
        /// Permission bits.
        mode: u32,
    },
}

/// What differs from the last record.
#[derive(Clone, Debug)]
pub enum Drift {
    /// There is no record.
    Unrecorded,
    /// Nothing: the file is what the record ended in.
    None(RecordId),
    /// These values. None at all where only the text differs.
    Changed(RecordId, Vec<Change>),
    /// Something, and it cannot be said what.
    Unknown(RecordId, String),
}

/// Looks at the configuration of the workspace, whose gateway runs since `started`; nothing where that is
/// not known.
///
/// # Errors
///
/// [`OpsError`] where the file or its history cannot be read.
pub fn status(workspace: &Workspace, started: Option<SystemTime>) -> Result<Overview, OpsError> {
    let target = Target::resolve(&workspace.config)?;
    // Before the file is read: what it puts right meanwhile is seen here as well.
    let watcher = guard(workspace, &target);
    let mut session = Session::reading(workspace)?;
    let snapshot = session.load(Missing::Create, Unparsable::Tolerate)?;
    let history = records::of(workspace);
    let Listing { mut records, faults } = history.list()?;
    let root = snapshot.loaded.first().and_then(|(_, loaded)| loaded.as_ref());
    let condition = match (root, &snapshot.fault) {
        (None, _) => Condition::Missing,
        (Some(loaded), fault) => {
            let (size, mode) = (loaded.bytes.len(), loaded.attributes.mode());
            match fault {
                Some(error) => Condition::Unparsable { size, mode, error: error.clone() },
                None => Condition::Good { size, mode },
            }
        }
    };
    let configuration = &snapshot.configuration;
    let included = configuration.parts().iter().skip(1).map(|part| (part.file.clone(), None));
    let broken = configuration
        .faults()
        .iter()
        .map(|fault| (fault.file.clone(), Some(fault.kind.to_string())));
    Ok(Overview {
        is_link: target.is_link(),
        format: Format::of_path(session.root()),
        access: workspace.access.clone(),
        synced_by: synced_by(target.path()),
        condition,
        sha256: root.map(|loaded| sha256(&loaded.bytes)),
        gateway_version: workspace
            .known_version(configuration.effective(), configuration.effective()),
        includes: included.chain(broken).collect(),
        lock: LockGuard::held(&target),
        gateway_lock: match workspace.profile.gateway_lock {
            GatewayLockKind::None => None,
            GatewayLockKind::Openclaw => Some(GatewayLock::held(target.named())),
        },
        awaits_recovery: awaits_recovery(&target)?,
        drift: drift(workspace, &session, &snapshot, &history, records.last()),
        watcher,
        waiting: waiting(workspace, &session, &snapshot, &history, &records, started),
        pending: PendingCommits::of(&history)
            .list()?
            .commits
            .into_iter()
            .filter(|commit| !commit.state.is_final())
            .collect(),
        records: records.len(),
        faults: faults.len(),
        latest: {
            records.reverse();
            records.truncate(LATEST);
            records
        },
        gateway: None,
        file: target.named().to_owned(),
        target: target.path().to_owned(),
    })
}

fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes every text");
        hex
    })
}

#[cfg(unix)]
fn guard(workspace: &Workspace, target: &Target) -> Guard {
    let client = crate::event::Client::of(&workspace.state_dir);
    match client.fresh(&Target::entry(target.named()), WATCHER_PATIENCE) {
        Ok(None) => Guard::None,
        Ok(Some(seen)) => Guard::Guards(seen),
        // That it cannot be asked is a part of the state, and no reason to show none of it.
        Err(error) => Guard::Silent(error.to_string()),
    }
}

/// Nobody answers at a socket here.
#[cfg(not(unix))]
fn guard(_: &Workspace, _: &Target) -> Guard {
    Guard::None
}

fn drift(
    workspace: &Workspace,
    session: &Session<'_>,
    snapshot: &Snapshot,
    history: &History,
    last: Option<&Record>,
) -> Drift {
    let Some(last) = last else { return Drift::Unrecorded };
    let mut found = snapshot.loaded.iter().enumerate();
    let same = found.all(|(index, (file, loaded))| {
        let recorded = last.file(index, file).and_then(|file| file.after);
        match loaded {
            Some(loaded) => recorded.is_some() && recorded == history.id_of(&loaded.bytes),
            None => recorded.is_none(),
        }
    });
    if same {
        return Drift::None(last.id);
    }
    let Some(now) = snapshot.judged() else {
        let why = if snapshot.exists() { "it does not parse now" } else { "it is gone" };
        return Drift::Unknown(last.id, why.to_owned());
    };
    match records::configuration(history, session, last, Side::After, &Identities::none()) {
        Ok(before) => {
            let outcome = outcome::differences(Some(&before), now, workspace);
            Drift::Changed(last.id, outcome.changes)
        }
        Err(error) => Drift::Unknown(last.id, error.to_string()),
    }
}
