//! `get`: print a value.

use confwarden::doc::KeyPath;
use confwarden::ops;

use super::Context;
use crate::args::GetArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Reply, Reveal};

pub(super) fn run(args: &GetArgs, context: &Context<'_>) -> Result<Reply, CommandError> {
    let path = args.path.clone().unwrap_or_else(KeyPath::root);
    let Some(value) = ops::get(context.workspace, &path)? else {
        let file = context.workspace.config.display();
        let message = format!("there is nothing at `{path}` in `{file}`");
        return Err(CommandError::new(Exit::Invalid, anyhow::anyhow!(message)));
    };
    let reveal = if args.reveal { Reveal::Yes } else { Reveal::No };
    Ok(Reply::Value { path, value, reveal })
}
