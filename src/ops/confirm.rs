//! A write that is confirmed by the gateway, and undone where the gateway does not stand it.
//!
//! The gateway is looked at before the write, so that what it said all along is no proof. Only our own
//! change is undone, three-way, as `restore --undo` does; where another writer was there since, whose
//! change the gateway speaks of is not known, and nothing is undone.

use std::time::Duration;

use super::{
    DryRun, HardLinks, KnownVersion, Missing, OpsError, Outcome, Restarts, Restore, Signalling,
    Status, Workspace, WriteOptions, pending,
};
use crate::clock;
use crate::doc::{KeyPath, Value};
use crate::fs::{Target, read};
use crate::gateway::{Before, Confirmation, Depth, Expected, Gateway, Look, Variables};
use crate::history::{Identities, RecordId, RecordRef};
use crate::policy;

/// How long the version is waited for: the file says one too.
const SOON: Duration = Duration::from_millis(500);
/// How long a person waits for one look.
const PATIENCE: Duration = Duration::from_secs(2);

/// How a write is confirmed.
#[derive(Clone, Debug)]
pub struct Confirming {
    /// How well it is to be known.
    pub depth: Depth,
    /// For how long the gateway is asked, from the write on.
    pub timeout: Duration,
    /// The environment that the gateway's place, and its secret, may depend on.
    pub variables: Variables,
}

/// What the gateway has made of a write.
#[derive(Clone, Debug)]
pub struct Reaction {
    /// Whether it has taken it.
    pub confirmation: Confirmation,
    /// What became of the change then.
    pub undo: Undo,
}

/// What became of a change.
#[derive(Clone, Debug)]
pub enum Undo {
    /// It stands.
    NotDone,
    /// It was taken back.
    Done {
        /// The record of that.
        record: Option<RecordId>,
        /// Whether the gateway has taken that.
        confirmation: Confirmation,
    },
    /// It could not be taken back, and stands.
    Failed {
        /// Why, as a clause.
        why: String,
    },
}

/// Makes the write `write`, and asks the gateway whether it has taken it. A change that it has not
/// stood is taken back. What comes of it is in [`Outcome::reaction`]; a write that was not made, or is
/// no more than a plan, is not asked about.
///
/// # Errors
///
/// [`OpsError::NoProbe`] before anything is done, where nobody says how to ask the gateway; else those
/// of `write`.
pub fn confirmed(
    workspace: &Workspace,
    confirming: &Confirming,
    write: impl FnOnce() -> Result<Outcome, OpsError>,
) -> Result<Outcome, OpsError> {
    let variables = confirming.variables.clone();
    let gateway = Gateway::of(&workspace.profile, &workspace.config, variables)
        .ok_or_else(|| OpsError::NoProbe { profile: workspace.profile.name.clone() })?;
    let effective = effective(workspace);
    let before = gateway.before(&effective, confirming.depth, confirming.timeout);
    let mut outcome = write()?;
    if !matches!(outcome.status, Status::Written | Status::Unchanged) {
        return Ok(outcome);
    }
    let asking = Asking { workspace, confirming, gateway };
    let confirmation = asking.about(before, &outcome)?;
    let undo = match (&confirmation, outcome.status) {
        (Confirmation::Rejected { .. }, Status::Written) => asking.undo(outcome.record),
        _ => Undo::NotDone,
    };
    if let Some(awaiting) = outcome.awaiting.take() {
        // What the gateway says is as good as a person's word; where it says nothing a person is waited for.
        let settled = match (&confirmation, &undo) {
            (_, Undo::Done { .. }) => Some(pending::cancel(workspace, Some(awaiting.id))),
            (Confirmation::Confirmed(_), _) => Some(pending::confirm(workspace, Some(awaiting.id))),
            _ => None,
        };
        match settled {
            Some(Ok(_)) => {}
            None => outcome.awaiting = Some(awaiting),
            Some(Err(error)) => {
                let what = format!("record {} still waits to be confirmed", awaiting.id);
                outcome.notices.push(super::outcome::with_causes(&what, &error));
                outcome.awaiting = Some(awaiting);
            }
        }
    }
    outcome.reaction = Some(Reaction { confirmation, undo });
    Ok(outcome)
}

/// The gateway that runs, at one look: for as long as a few questions take, whatever it does. Nothing
/// where nobody says how to ask it.
#[must_use]
pub fn running(workspace: &Workspace, variables: Variables) -> Option<Look> {
    let gateway = Gateway::of(&workspace.profile, &workspace.config, variables);
    gateway.map(|gateway| gateway.look(&effective(workspace), Depth::Applied, PATIENCE))
}

/// The version of the gateway that runs, where it tells without a login.
#[must_use]
pub fn running_version(workspace: &Workspace, variables: Variables) -> Option<KnownVersion> {
    let gateway = Gateway::of(&workspace.profile, &workspace.config, variables)?;
    if !gateway.is_up() {
        return None;
    }
    KnownVersion::told(gateway.version(&effective(workspace), SOON)?)
}

/// What the configuration says; nothing where it does not parse, or is not there.
pub(super) fn effective(workspace: &Workspace) -> Value {
    let effective = super::get(workspace, &KeyPath::root()).ok().flatten();
    effective.unwrap_or_else(|| Value::Object(Vec::new()))
}

struct Asking<'a> {
    workspace: &'a Workspace,
    confirming: &'a Confirming,
    gateway: Gateway<'a>,
}

impl Asking<'_> {
    /// Whether the gateway has taken what `outcome` has written.
    fn about(&self, before: Before, outcome: &Outcome) -> Result<Confirmation, OpsError> {
        let written = clock::monotonic();
        let text = self.text()?;
        let effective = effective(self.workspace);
        let expected = Expected {
            class: outcome.changes.iter().map(|change| change.class).max(),
            text: &text,
            touched: outcome.status == Status::Written,
            effective: &effective,
        };
        let limit = self.confirming.timeout;
        let confirmation = self.gateway.confirm(before, &expected, written, limit);
        if confirmation.is_confirmed() || self.text()? == text {
            return Ok(confirmation);
        }
        let why = "another writer has changed the file since".to_owned();
        Ok(Confirmation::Unconfirmed { why })
    }

    /// The bytes of the root file.
    fn text(&self) -> Result<Vec<u8>, OpsError> {
        let target = Target::resolve(&self.workspace.config)?;
        Ok(read(&target)?.map(|loaded| loaded.bytes).unwrap_or_default())
    }

    /// Takes back what `record` changed.
    fn undo(&self, record: Option<RecordId>) -> Undo {
        let Some(record) = record else {
            return Undo::Failed { why: "it is not in the history".to_owned() };
        };
        let options = WriteOptions {
            dry_run: DryRun::No,
            // What stood before stands again, whatever a rule would say of the way there.
            allow: policy::rules().map(|rule| rule.id.to_owned()).collect(),
            hard_links: HardLinks::Break,
            missing: Missing::Refuse,
            restarts: Restarts::Allow,
            signalling: Signalling::default(),
            confirm: None,
        };
        let (before, depth) = (effective(self.workspace), self.confirming.depth);
        let before = self.gateway.before(&before, depth, self.confirming.timeout);
        let undo = Restore::Undo(RecordRef::Id(record));
        match super::restore(self.workspace, &undo, &options, &Identities::none()) {
            Ok(outcome) if outcome.status == Status::Refused => {
                Undo::Failed { why: "the text before it is no good".to_owned() }
            }
            Ok(outcome) => match self.about(before, &outcome) {
                Ok(confirmation) => Undo::Done { record: outcome.record, confirmation },
                Err(error) => {
                    let why = super::outcome::causes(&error);
                    let confirmation = Confirmation::Unconfirmed { why };
                    Undo::Done { record: outcome.record, confirmation }
                }
            },
            Err(error) => Undo::Failed { why: super::outcome::causes(&error) },
        }
    }
}
