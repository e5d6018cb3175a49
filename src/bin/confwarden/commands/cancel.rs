//! `cancel`: undo a write that was to be confirmed.

use confwarden::ops;

use super::{Context, refuse_dry_run};
use crate::args::CancelArgs;
use crate::error::CommandError;
use crate::output::{Reply, Wish};

pub(super) fn run(args: &CancelArgs, context: &Context<'_>) -> Result<Reply, CommandError> {
    refuse_dry_run(context)?;
    Ok(Reply::Settled(ops::cancel(context.workspace, args.record)?, Wish::ToUndo))
}
