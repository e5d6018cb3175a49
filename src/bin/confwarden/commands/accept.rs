//! `accept`: let a foreign change stand after all.

use confwarden::ops;

use super::{Context, identities};
use crate::args::AcceptArgs;
use crate::error::CommandError;
use crate::output::Reply;

pub(super) fn run(args: &AcceptArgs, context: &Context<'_>) -> Result<Reply, CommandError> {
    let identities = identities(&args.identity)?;
    let options = context.options(&args.write);
    let (record, path) = (args.record, args.path.as_ref());
    let outcome = context.made(&args.write, &options, |options| {
        ops::accept(context.workspace, record, path, options, &identities)
    })?;
    Ok(Reply::Write(outcome))
}
