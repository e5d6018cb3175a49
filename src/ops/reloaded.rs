//! Whether the gateway has taken what stands in the file, whoever wrote it.

use std::thread;
use std::time::Duration;

use super::confirm::effective;
use super::session::Session;
use super::snapshot::Unparsable;
use super::{Missing, OpsError, Workspace};
use crate::clock;
use crate::fs::{Glance, glance};
use crate::gateway::{Confirmation, Depth, Expected, Gateway, Variables};

/// How long until it is asked anew about another text, or after it was no help.
const AGAIN: Duration = Duration::from_millis(500);

/// Waits until the gateway has taken what stands in the file, at most for `limit`; what was known last is
/// said then. A file that was written a moment ago is given the time that the gateway takes to read
/// it: what it says before that is of another text.
///
/// # Errors
///
/// [`OpsError::NoProbe`] where nobody says how to ask the gateway; [`OpsError`] where the file cannot be
/// read or does not parse.
pub fn reloaded(
    workspace: &Workspace,
    variables: Variables,
    limit: Duration,
) -> Result<Confirmation, OpsError> {
    let started = clock::monotonic();
    let gateway = Gateway::of(&workspace.profile, &workspace.config, variables)
        .ok_or_else(|| OpsError::NoProbe { profile: workspace.profile.name.clone() })?;
    let window = workspace.profile.probe.as_ref().map_or(Duration::ZERO, |probe| probe.window);
    let mut known = just_written();
    let mut asked = false;
    loop {
        let left = limit.saturating_sub(started.elapsed());
        if asked && left.is_zero() {
            return Ok(known);
        }
        let (text, seen, age) = look(workspace)?;
        let young = window.saturating_sub(age);
        if young.is_zero() {
            let effective = effective(workspace);
            let before = gateway.before(&effective, Depth::Applied, left);
            let expected =
                Expected { class: None, text: &text, touched: false, effective: &effective };
            known = gateway.confirm(before, &expected, clock::monotonic(), left);
            if let Confirmation::Confirmed(evidence) = &mut known {
                if look(workspace)?.1 == seen {
                    evidence.took = started.elapsed();
                    return Ok(known);
                }
                known = just_written();
            }
        }
        let left = limit.saturating_sub(started.elapsed());
        if left.is_zero() {
            return Ok(known);
        }
        asked |= young.is_zero();
        let pause = if young.is_zero() { AGAIN } else { young };
        thread::sleep(pause.min(left));
    }
}

fn just_written() -> Confirmation {
    Confirmation::Unconfirmed { why: "the file was written a moment ago".to_owned() }
}

/// The bytes of the root file, how all files look, and for how long they have.
fn look(workspace: &Workspace) -> Result<(Vec<u8>, Vec<Glance>, Duration), OpsError> {
    let mut session = Session::reading(workspace)?;
    let snapshot = session.load(Missing::Refuse, Unparsable::Refuse)?;
    let parts = snapshot.configuration.parts();
    let seen: Vec<Glance> = parts.iter().map(|part| glance(&part.file)).collect();
    let now = clock::now();
    // What cannot be told was just now.
    let ages = seen.iter().map(|glance| glance.age(now).unwrap_or_default());
    let age = ages.min().unwrap_or_default();
    Ok((snapshot.root_bytes().to_vec(), seen, age))
}
