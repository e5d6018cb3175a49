//! What became of telling the gateway, for programs and for people.

use confwarden::ops::{SignalResult, Signalled};
use serde::Serialize;

/// What became of telling the gateway.
#[derive(Serialize)]
pub(super) struct SignalEntry {
    kind: &'static str,
    result: &'static str,
    /// What was done, or why it could not be.
    detail: Option<String>,
}

impl SignalEntry {
    pub(super) fn of(signalled: Signalled) -> Self {
        let (result, detail) = match signalled.result {
            SignalResult::Watched => ("watched", None),
            SignalResult::NotNeeded => ("not-needed", None),
            SignalResult::AwaitsRestart => ("awaits-restart", None),
            SignalResult::Suppressed => ("suppressed", None),
            SignalResult::Sent(what) => ("sent", Some(what)),
            SignalResult::Failed(why) => ("failed", Some(why)),
        };
        Self { kind: signalled.kind, result, detail }
    }

    /// Whether the gateway should have been told and was not.
    pub(super) fn has_failed(&self) -> bool {
        self.result == "failed"
    }

    /// What was done, for people; nothing where that goes without saying.
    pub(super) fn summary(&self) -> Option<String> {
        let detail = self.detail.as_deref().unwrap_or_default();
        match self.result {
            "sent" => Some(format!("told the gateway: {detail}")),
            "awaits-restart" => Some("the gateway was not told: no reload is enough".to_owned()),
            "suppressed" => {
                Some("the gateway was not told, as asked: `confwarden signal` tells it".to_owned())
            }
            _ => None,
        }
    }

    /// What was done by `confwarden signal`.
    pub(super) fn answer(&self) -> Option<String> {
        match self.result {
            "watched" => Some("the gateway watches its file: there is nothing to tell".to_owned()),
            "suppressed" => Some(format!("this is a dry run: nothing is sent by `{}`", self.kind)),
            _ => self.summary(),
        }
    }

    /// Why the gateway does not know of what stands in the file.
    pub(super) fn failure(&self) -> &str {
        self.detail.as_deref().unwrap_or_default()
    }
}
