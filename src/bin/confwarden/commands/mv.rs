//! `mv`: rename or move a key.

use confwarden::ops::Request;

use super::Context;
use crate::args::MvArgs;
use crate::error::CommandError;
use crate::output::Reply;

pub(super) fn run(args: &MvArgs, context: &Context<'_>) -> Result<Reply, CommandError> {
    let request = Request::Move { from: args.from.clone(), to: args.to.clone() };
    context.write(&request, &args.write, &args.pending)
}
