//! Which version of the gateway a change is classed for.
//!
//! Whoever says it counts first, then the gateway that runs, then the stamp in the file: that is only
//! the version that wrote the file last.

use super::Workspace;
use crate::doc::Value;
use crate::gateway::Look;
use crate::profile::Version;

/// A version of the gateway, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownVersion {
    /// The version, as it was given: `2026.9.6`.
    pub version: String,
    /// Who says so.
    pub from: VersionSource,
}

impl KnownVersion {
    /// The version that the gateway tells at a look; nothing where it tells none.
    #[must_use]
    pub fn told_by(look: &Look) -> Option<Self> {
        Self::told(look.version.clone()?)
    }

    /// What it tells is shown, and looked up in tables: it must be a version.
    pub(super) fn told(version: String) -> Option<Self> {
        version.parse::<Version>().ok()?;
        Some(Self { version, from: VersionSource::Running })
    }
}

/// Who says which version of the gateway it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum VersionSource {
    /// A person, with `--gateway-version`.
    Flag,
    /// The gateway that runs.
    Running,
    /// The file: the version that wrote it last.
    File,
}

impl Workspace {
    /// The version of the gateway of a configuration that steps from `before` to `after`; nothing where
    /// nobody says it.
    pub(super) fn known_version(&self, before: &Value, after: &Value) -> Option<KnownVersion> {
        let in_file = |value: &Value| {
            let version = value.at(self.profile.reload.version.as_ref()?)?.as_str()?.to_owned();
            Some(KnownVersion { version, from: VersionSource::File })
        };
        self.gateway_version.clone().or_else(|| in_file(before)).or_else(|| in_file(after))
    }
}
