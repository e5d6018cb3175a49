//! `confirm`: keep a write that would be undone, or let it wait longer.

use confwarden::ops;

use super::{Context, refuse_dry_run};
use crate::args::ConfirmArgs;
use crate::error::CommandError;
use crate::output::{Reply, Wish};

pub(super) fn run(args: &ConfirmArgs, context: &Context<'_>) -> Result<Reply, CommandError> {
    refuse_dry_run(context)?;
    let settlement = match args.extend {
        Some(by) => ops::extend(context.workspace, args.record, by)?,
        None => ops::confirm(context.workspace, args.record)?,
    };
    Ok(Reply::Settled(settlement, Wish::ToKeep))
}
