//! `status`: the state of the configuration, at one look.

use confwarden::ops;

use super::Context;
use crate::error::CommandError;
use crate::output::Reply;

pub(super) fn run(context: &Context<'_>) -> Result<Reply, CommandError> {
    Ok(Reply::Overview(Box::new(ops::status(context.workspace, None)?)))
}
