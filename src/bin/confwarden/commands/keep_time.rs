//! `keep-time`: the process that waits for deadlines where no watcher does.

use confwarden::ops;

use super::Context;
use crate::error::CommandError;
use crate::output::Reply;

pub(super) fn run(context: &Context<'_>) -> Result<Reply, CommandError> {
    #[cfg(unix)]
    {
        use anyhow::Context as _;

        let detached = confwarden::child::detach().context("could not leave the session");
        detached.map_err(|error| CommandError::new(crate::exit::Exit::Setup, error))?;
    }
    ops::keep_time(context.workspace)?;
    Ok(Reply::Rested(Vec::new()))
}
