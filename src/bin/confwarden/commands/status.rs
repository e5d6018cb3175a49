//! `status`: the state of the configuration, at one look.

use std::time::Duration;

use confwarden::ops::{self, DryRun, KnownVersion, Workspace};

use super::Context;
use crate::error::CommandError;
use crate::output::Reply;
use crate::settings;

pub(super) fn run(context: &Context<'_>) -> Result<Reply, CommandError> {
    // What nobody confirmed in time is not left standing because nobody writes. It waits for no lock.
    let workspace = Workspace { lock_timeout: Duration::ZERO, ..context.workspace.clone() };
    let overdue = match context.dry_run {
        DryRun::No => ops::settle_overdue(&workspace),
        DryRun::Yes => Vec::new(),
    };
    let gateway = ops::running(context.workspace, settings::variables());
    let running = gateway.as_ref().and_then(|look| look.running.as_ref()?.as_ref().ok());
    let since = running.and_then(|running| running.since);
    let version = gateway.as_ref().and_then(KnownVersion::told_by);
    let gateway_version = context.workspace.gateway_version.clone().or(version);
    let workspace = Workspace { gateway_version, ..context.workspace.clone() };
    let mut overview = ops::status(&workspace, since)?;
    overview.gateway = gateway;
    Ok(Reply::Overview(Box::new(overview), overdue))
}
