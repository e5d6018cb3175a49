//! `status`: the state of the configuration, at one look.

use std::time::Duration;

use confwarden::ops::{self, DryRun, Workspace};

use super::Context;
use crate::error::CommandError;
use crate::output::Reply;

pub(super) fn run(context: &Context<'_>) -> Result<Reply, CommandError> {
    // What nobody confirmed in time is not left standing because nobody writes. It waits for no lock.
    let workspace = Workspace { lock_timeout: Duration::ZERO, ..context.workspace.clone() };
    let overdue = match context.dry_run {
        DryRun::No => ops::settle_overdue(&workspace),
        DryRun::Yes => Vec::new(),
    };
    Ok(Reply::Overview(Box::new(ops::status(context.workspace)?), overdue))
}
