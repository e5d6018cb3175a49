//! One run of a hook: its input, its limit, its end.

use std::sync::atomic::AtomicBool;

use super::Event;
use crate::child::{Complaints, Errand, ErrandError};
use crate::profile::Hook;

/// Runs `hook` on `event`; why it failed, without an argument of it.
pub(super) fn run(hook: &Hook, event: &Event, ends: &AtomicBool) -> Result<(), String> {
    let line = event.to_line();
    let errand = Errand {
        run: &hook.run,
        variable: Some(("CONFWARDEN_EVENT", event.kind.name().as_str())),
        input: line.as_bytes(),
        limit: hook.timeout,
        complaints: Complaints::Ours,
    };
    errand.run(ends).map_err(|error: ErrandError| error.to_string())
}
