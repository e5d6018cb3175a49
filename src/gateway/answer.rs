//! What a gateway answers, as far as it is of use; the rest is not kept.

use serde::Deserialize;

/// What a gateway says of its configuration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConfigState {
    /// Of the text that it has read: to 2026.3 its SHA-256 in hex, to 2026.9 a keyed hash.
    #[serde(default)]
    pub hash: Option<String>,
    /// Of what that text means; from 2026.9, and only where it is valid.
    #[serde(default)]
    pub config_revision_hash: Option<String>,
    /// Of what is in effect; from 2026.9.
    #[serde(default)]
    pub applied_config_hash: Option<String>,
    /// Whether it takes that text for good.
    #[serde(default)]
    pub valid: bool,
    /// What it has against it.
    #[serde(default)]
    pub issues: Vec<Issue>,
}

/// What a gateway has against a configuration: where. Its own message may quote a value.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Issue {
    /// The path, as it writes it.
    #[serde(default)]
    pub path: String,
}

/// How a gateway says that it takes a change of a path.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PathReload {
    /// `none`, `hot` or `restart`; from 2026.9.
    #[serde(default)]
    pub reload_kind: Option<String>,
}

/// What it says after a login.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Hello {
    #[serde(default)]
    pub(super) server: Server,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Server {
    #[serde(default)]
    pub(super) version: Option<String>,
}

/// The pairings of devices.
#[derive(Debug, Deserialize)]
pub(super) struct Pairings {
    #[serde(default)]
    pub(super) pending: Vec<serde::de::IgnoredAny>,
}

impl ConfigState {
    /// Whether it can say what is in effect.
    pub(super) fn tells_applied(&self) -> bool {
        self.applied_config_hash.is_some()
    }

    /// Whether what it has read is what is in effect.
    #[must_use]
    pub fn is_applied(&self) -> bool {
        self.config_revision_hash.is_some() && self.config_revision_hash == self.applied_config_hash
    }
}
