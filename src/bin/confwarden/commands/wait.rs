//! `wait`: for scripts that must not act while somebody writes.

use std::thread;
use std::time::Duration;

use confwarden::clock;
use confwarden::gateway::Confirmation;
use confwarden::ops;

use super::Context;
use crate::args::{Awaited, WaitArgs};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Reply, taken_since};
use crate::settings;

/// Said where the file alone was looked at.
const NOBODY: &str = "no watcher runs: that is how the file looks, not a proof";

pub(super) fn run(args: &WaitArgs, context: &Context<'_>) -> Result<Reply, CommandError> {
    if args.what == Awaited::Reloaded {
        return reloaded(args, context);
    }
    let started = clock::monotonic();
    let without = match watched(args, context)? {
        Watched::Stable => return Ok(Reply::Rested(Vec::new())),
        Watched::Unrest(why) => return Err(late(args, context, &why)),
        Watched::Not(why) => why,
    };
    let left = args.timeout.saturating_sub(started.elapsed());
    match ops::rest(context.workspace, left)? {
        None => Ok(Reply::Rested(vec![without])),
        Some(why) => Err(late(args, context, &why.to_string()).hint(without)),
    }
}

/// Waits until the gateway has taken the file.
fn reloaded(args: &WaitArgs, context: &Context<'_>) -> Result<Reply, CommandError> {
    match ops::reloaded(context.workspace, settings::variables(), args.timeout)? {
        Confirmation::Confirmed(evidence) => Ok(Reply::Rested(vec![taken_since(&evidence)])),
        Confirmation::Unconfirmed { why } | Confirmation::Rejected { why } => {
            let file = context.workspace.config.display();
            let millis = args.timeout.as_millis();
            let message =
                format!("it is not known within {millis} ms that the gateway has `{file}`: {why}");
            Err(CommandError::new(Exit::Locked, anyhow::anyhow!(message))
                .hint("`--timeout DURATION` waits longer"))
        }
    }
}

/// What a watcher says.
enum Watched {
    /// The file is at rest.
    Stable,
    /// It is not, and the time is over.
    Unrest(String),
    /// There is no watcher, or it does not guard the file.
    Not(String),
}

#[cfg(unix)]
fn watched(args: &WaitArgs, context: &Context<'_>) -> Result<Watched, CommandError> {
    use confwarden::event::{Client, EventError};
    use confwarden::fs::Target;

    /// How long until the watcher is asked again.
    const AGAIN: Duration = Duration::from_millis(50);

    let workspace = context.workspace;
    let entry = Target::entry(&workspace.config);
    let client = Client::of(&workspace.state_dir);
    let started = clock::monotonic();
    loop {
        let left = args.timeout.saturating_sub(started.elapsed());
        let seen = match client.fresh(&entry, left) {
            Ok(Some(seen)) => seen,
            Ok(None) => return Ok(Watched::Not(NOBODY.to_owned())),
            Err(EventError::Refused { why }) => {
                return Ok(Watched::Not(format!(
                    "the watcher was no help ({why}): that is how the file looks, not a proof"
                )));
            }
            Err(error) => return Err(CommandError::new(Exit::Setup, error.into())),
        };
        if seen.is_stable() {
            return Ok(Watched::Stable);
        }
        if left.is_zero() {
            return Ok(Watched::Unrest(match (seen.fresh, seen.drift) {
                (false, _) => "the watcher has not seen everything yet".to_owned(),
                (true, true) => "it is not what was accepted last".to_owned(),
                (true, false) => format!("the watcher says that it is {}", seen.state.as_str()),
            }));
        }
        thread::sleep(AGAIN.min(left));
    }
}

#[cfg(not(unix))]
fn watched(_: &WaitArgs, _: &Context<'_>) -> Result<Watched, CommandError> {
    Ok(Watched::Not(NOBODY.to_owned()))
}

fn late(args: &WaitArgs, context: &Context<'_>, why: &str) -> CommandError {
    let file = context.workspace.config.display();
    let millis = args.timeout.as_millis();
    let message = format!("`{file}` was not at rest within {millis} ms: {why}");
    CommandError::new(Exit::Locked, anyhow::anyhow!(message))
        .hint("`--timeout DURATION` waits longer")
}
