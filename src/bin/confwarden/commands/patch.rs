//! `patch`: merge a patch into the configuration.

use confwarden::ops::Request;

use super::Context;
use crate::args::PatchArgs;
use crate::error::CommandError;
use crate::output::Reply;

pub(super) fn run(args: &PatchArgs, context: &Context<'_>) -> Result<Reply, CommandError> {
    let patch = context.document(&args.file)?;
    let request = Request::Patch { patch, replace_arrays: args.replace_array.clone() };
    context.write(&request, &args.write, &args.pending)
}
