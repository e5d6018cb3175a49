//! `status`: the state of the configuration, at one look.

use confwarden::ops;

use super::Context;
use crate::error::CommandError;
use crate::output::Reply;
use crate::settings;

pub(super) fn run(context: &Context<'_>) -> Result<Reply, CommandError> {
    let mut overview = ops::status(context.workspace)?;
    overview.gateway = ops::running(context.workspace, settings::variables())?;
    Ok(Reply::Overview(Box::new(overview)))
}
