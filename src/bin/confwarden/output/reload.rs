//! What a write costs the gateway, for programs and for people.

use confwarden::ops::{Reload, VersionSource};
use confwarden::profile::{Basis, ReloadClass, Uptake};
use serde::Serialize;

/// What a write costs the gateway.
#[derive(Serialize)]
pub(super) struct ReloadEntry {
    class: ReloadClass,
    uptake: Uptake,
    actions: Vec<String>,
    restarts: Vec<String>,
    waits: Vec<String>,
    disconnects: Vec<String>,
    basis: Basis,
    version: Option<String>,
    version_from: Option<VersionSource>,
    /// One line for people.
    pub(super) summary: String,
    /// What a person should know of how sure this is.
    pub(super) doubt: Option<String>,
}

impl ReloadEntry {
    pub(super) fn of(reload: Reload) -> Self {
        let (summary, doubt) = (reload.summary(), reload.doubt());
        let (version, version_from) =
            reload.version.map(|known| (known.version, known.from)).unzip();
        Self {
            class: reload.class,
            uptake: reload.uptake,
            actions: reload.actions,
            restarts: reload.restarts,
            waits: reload.waits,
            disconnects: reload.disconnects,
            basis: reload.basis,
            version,
            version_from,
            summary,
            doubt,
        }
    }
}
