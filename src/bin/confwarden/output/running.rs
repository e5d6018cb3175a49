//! The gateway that runs, as `status` shows it.

use confwarden::gateway::{ConfigState, Look};
use serde::Serialize;

/// The gateway that runs.
#[derive(Serialize)]
pub(super) struct GatewayEntry {
    runs: Option<bool>,
    pid: Option<u32>,
    port: Option<u16>,
    version: Option<String>,
    ready: Option<bool>,
    applied: Option<bool>,
    reason: Option<String>,
}

impl GatewayEntry {
    pub(super) fn of(look: &Look) -> Self {
        let running = look.running.as_ref();
        let found = running.and_then(|running| running.as_ref().ok());
        let ready = look.readiness.as_ref();
        let config = look.config.as_ref();
        let told = config.and_then(|config| config.as_ref().ok());
        let reason = match (running, ready, config) {
            (Some(Err(error)), ..) | (_, Err(error), _) | (.., Some(Err(error))) => {
                Some(error.to_string())
            }
            _ => None,
        };
        Self {
            runs: running.map(Result::is_ok),
            pid: found.map(|running| running.pid),
            port: found.map(|running| running.port),
            version: look.version.clone(),
            ready: ready.ok().map(|ready| ready.is_ready),
            applied: told
                .filter(|told| told.applied_config_hash.is_some())
                .map(ConfigState::is_applied),
            reason,
        }
    }

    pub(super) fn sentence(&self) -> String {
        let reason = self.reason.as_deref().unwrap_or_default();
        let who = match (self.runs, self.pid, self.port) {
            (Some(false), ..) => return format!("not known: {reason}"),
            (_, Some(pid), Some(port)) => format!("process {pid}, port {port}"),
            _ => "asked by its probe".to_owned(),
        };
        let version = self.version.as_ref().map(|version| format!(", {version}"));
        let ready = match self.ready {
            Some(true) => ", ready",
            Some(false) => ", not ready",
            None => "",
        };
        let applied = match self.applied {
            Some(true) => "; what stands in the file is in effect",
            Some(false) => "; what stands in the file is not in effect",
            None => "",
        };
        let mark = if reason.is_empty() { "" } else { "; " };
        format!("{who}{}{ready}{applied}{mark}{reason}", version.unwrap_or_default())
    }
}
