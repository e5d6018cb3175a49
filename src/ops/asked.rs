//! What the gateway says that changes cost, beside what the profile's table says.

use std::time::Duration;

use super::confirm::effective;
use super::{Change, OpsError, Workspace};
use crate::doc::{KeyPath, Segment};
use crate::fs::printable;
use crate::gateway::{Gateway, Variables};
use crate::profile::ReloadClass;

/// The longest that one question may take.
const LIMIT: Duration = Duration::from_secs(10);

/// What the gateway says of one path.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The path.
    pub path: KeyPath,
    /// What the profile's table says of it.
    pub table: ReloadClass,
    /// What the gateway says: `none`, `hot` or `restart`; or why it does not.
    pub gateway: Result<String, String>,
    /// How the two compare.
    pub agreement: Agreement,
}

/// How two opinions of a cost compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// They are the same.
    Same,
    /// The table is more careful than it need be.
    Dearer,
    /// The table promises less than it costs.
    Cheaper,
    /// The gateway does not say.
    Untold,
}

impl Agreement {
    /// The name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Dearer => "dearer",
            Self::Cheaper => "cheaper",
            Self::Untold => "untold",
        }
    }

    fn of(table: ReloadClass, gateway: &str) -> Self {
        // Authentication is a word of ours: the gateway calls it a restart, whether or not it is one.
        let ours = table.min(ReloadClass::Restart);
        let theirs = match gateway {
            "none" => ReloadClass::None,
            "hot" => ReloadClass::Hot,
            "restart" => ReloadClass::Restart,
            _ => return Self::Untold,
        };
        match ours.cmp(&theirs) {
            std::cmp::Ordering::Equal => Self::Same,
            std::cmp::Ordering::Greater => Self::Dearer,
            std::cmp::Ordering::Less => Self::Cheaper,
        }
    }
}

/// Asks the gateway that runs with the workspace's configuration how it takes each of `changes`.
///
/// # Errors
///
/// [`OpsError::NoProbe`] where nobody says how to ask it, [`OpsError::Ask`] where it cannot be asked.
pub fn asked(
    workspace: &Workspace,
    variables: Variables,
    changes: &[Change],
) -> Result<Vec<Asked>, OpsError> {
    let gateway = Gateway::of(&workspace.profile, &workspace.config, variables)
        .ok_or_else(|| OpsError::NoProbe { profile: workspace.profile.name.clone() })?;
    let paths: Vec<String> = changes.iter().map(|change| dotted(&change.path)).collect();
    let answers = gateway.reloads(&effective(workspace), &paths, LIMIT)?;
    let asked = changes.iter().zip(answers).map(|(change, answer)| {
        let gateway = match answer {
            Ok(answer) => {
                // A word of theirs: shown, so it must be fit to be.
                let kind = answer.reload_kind.map(|kind| printable(&kind));
                kind.ok_or_else(|| "it does not say in this release".to_owned())
            }
            Err(error) => Err(error.to_string()),
        };
        let agreement = match &gateway {
            Ok(kind) => Agreement::of(change.class, kind),
            Err(_) => Agreement::Untold,
        };
        Asked { path: change.path.clone(), table: change.class, gateway, agreement }
    });
    Ok(asked.collect())
}

/// The path as the gateway writes it: a list is one thing to it.
fn dotted(path: &KeyPath) -> String {
    let keys = path.segments().iter().map_while(|segment| match segment {
        Segment::Key(key) => Some(key.to_str_lossy().into_owned()),
        _ => None,
    });
    keys.collect::<Vec<_>>().join(".")
}
