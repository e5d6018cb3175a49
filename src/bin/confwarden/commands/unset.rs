//! `unset`: remove keys or elements.

use confwarden::ops::Request;

use super::Context;
use crate::args::UnsetArgs;
use crate::error::CommandError;
use crate::output::Reply;

pub(super) fn run(args: &UnsetArgs, context: &Context<'_>) -> Result<Reply, CommandError> {
    context.write(&Request::Unset(args.paths.clone()), &args.write, &args.pending)
}
