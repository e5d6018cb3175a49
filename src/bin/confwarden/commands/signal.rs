//! `signal`: tell the gateway to take its configuration.

use confwarden::ops::{self, DryRun, SignalResult, Signalled};

use super::Context;
use crate::output::Reply;

pub(super) fn run(context: &Context<'_>) -> Reply {
    let kind = context.workspace.profile.signal.kind();
    Reply::Signalled(match context.dry_run {
        DryRun::Yes => Signalled { kind, result: SignalResult::Suppressed },
        DryRun::No => ops::signal(context.workspace),
    })
}
