//! `restore`: bring back what was.

use confwarden::ops::{self, Restore};

use super::{Context, identities};
use crate::args::RestoreArgs;
use crate::error::CommandError;
use crate::output::Reply;

pub(super) fn run(args: &RestoreArgs, context: &Context<'_>) -> Result<Reply, CommandError> {
    let wanted = match (args.undo, &args.path) {
        (Some(record), _) => Restore::Undo(record),
        (None, Some(path)) => Restore::Path(args.record, path.clone()),
        (None, None) => Restore::Whole(args.record),
    };
    let identities = identities(&args.identity)?;
    let options = context.options(&args.write);
    let outcome = context.made(&args.write, &options, |options| {
        ops::restore(context.workspace, &wanted, options, &identities)
    })?;
    Ok(Reply::Write(outcome))
}
