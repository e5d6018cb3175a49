//! `apply`: make the file mean what another one means.

use confwarden::ops::Request;

use super::Context;
use crate::args::ApplyArgs;
use crate::error::CommandError;
use crate::output::Reply;

pub(super) fn run(args: &ApplyArgs, context: &Context<'_>) -> Result<Reply, CommandError> {
    let desired = context.document(&args.file)?;
    context.write(&Request::Apply { desired }, &args.write, &args.pending)
}
