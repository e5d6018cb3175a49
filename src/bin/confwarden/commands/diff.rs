//! `diff`: what differs between two files.

use confwarden::ops;

use super::Context;
use crate::args::DiffArgs;
use crate::error::CommandError;
use crate::output::Reply;

pub(super) fn run(args: &DiffArgs, context: &Context<'_>) -> Result<Reply, CommandError> {
    let after = args.after.as_deref().unwrap_or(&context.workspace.config);
    let outcome = ops::diff(context.workspace, &args.before, after)?;
    Ok(Reply::Difference { outcome, before: args.before.clone(), semantic: args.semantic })
}
