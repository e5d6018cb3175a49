//! `diff`: what differs between two files.

use confwarden::ops;

use super::Context;
use crate::args::DiffArgs;
use crate::error::CommandError;
use crate::output::Reply;
use crate::settings;

pub(super) fn run(args: &DiffArgs, context: &Context<'_>) -> Result<Reply, CommandError> {
    let after = args.after.as_deref().unwrap_or(&context.workspace.config);
    let outcome = ops::diff(context.workspace, &args.before, after)?;
    let asked = if args.ask_gateway {
        let variables = settings::variables();
        Some(ops::asked(context.workspace, variables, &outcome.changes)?)
    } else {
        None
    };
    let (before, semantic) = (args.before.clone(), args.semantic);
    Ok(Reply::Difference { outcome, before, semantic, asked })
}
