//! What one change costs a gateway.
//!
//! This module never says how it is known.

use super::super::ReloadClass;

/// What one change costs a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The class.
    pub class: ReloadClass,
    /// How the gateway comes by the change.
    pub uptake: Uptake,
    /// What it does without a restart, by the names that its profile has for it; empty where there is
    /// no name, or it is not known which of two releases it is.
    pub actions: Vec<String>,
}

/// How a gateway comes by a change, from cheap to dear.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, serde::Serialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Uptake {
    /// There is nothing for it to do.
    Nothing,
    /// It takes the change as it runs.
    Live,
    /// It does not, until somebody restarts it.
    Waits,
    /// It restarts by itself.
    Restart,
}

impl Uptake {
    /// The name, as in records and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Live => "live",
            Self::Waits => "waits",
            Self::Restart => "restart",
        }
    }
}

impl Cost {
    /// A change that costs nothing.
    pub(super) const NOTHING: Self =
        Self { class: ReloadClass::None, uptake: Uptake::Nothing, actions: Vec::new() };

    /// The cost of both: the dearer class, the dearer uptake, everything that is done.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.class = self.class.max(other.class);
        self.uptake = self.uptake.max(other.uptake);
        for action in other.actions {
            if !self.actions.contains(&action) {
                self.actions.push(action);
            }
        }
        self
    }

    /// The cost where it is either: the dearer of both, and what is done only where it is the same.
    pub(super) fn or(mut self, other: &Self) -> Self {
        if self.actions != other.actions {
            self.actions.clear();
        }
        self.class = self.class.max(other.class);
        self.uptake = self.uptake.max(other.uptake);
        self
    }
}
