//! `history`: what stood in the configuration, since when, and who put it there.

use confwarden::ops;

use super::{Context, identities};
use crate::args::{HistoryArgs, HistoryCommand};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Reply, Reveal};

pub(super) fn run(args: &HistoryArgs, context: &Context<'_>) -> Result<Reply, CommandError> {
    match &args.command {
        HistoryCommand::List(args) => {
            let listing = ops::records(context.workspace)?;
            let limit = if args.all { usize::MAX } else { args.limit };
            Ok(Reply::Records { listing, limit })
        }
        HistoryCommand::Show(args) => {
            let identities = identities(&args.identity)?;
            let past = ops::past(context.workspace, args.record, &identities)?;
            let reveal = if args.reveal { Reveal::Yes } else { Reveal::No };
            let broken = past.texts.iter().find(|text| text.document.is_err());
            if let (Reveal::No, Some(text)) = (reveal, broken) {
                let (id, file) = (past.record.id, text.file.display());
                let message = format!("what record {id} holds of `{file}` does not parse");
                return Err(CommandError::new(Exit::Invalid, anyhow::anyhow!(message)).hint(
                    "its secrets cannot be told from the rest: `--reveal` prints it as it is",
                ));
            }
            Ok(Reply::Past { past, reveal })
        }
        HistoryCommand::Diff(args) => {
            let identities = identities(&args.identity)?;
            let (from, to) = (args.from, args.to);
            let outcome = ops::past_difference(context.workspace, from, to, &identities)?;
            let before = match to {
                Some(_) => format!("record {from}"),
                None => format!("before record {from}"),
            };
            let (before, semantic) = (before.into(), args.semantic);
            Ok(Reply::Difference { outcome, before, semantic, asked: None })
        }
        HistoryCommand::Prune => {
            let pruned = ops::prune(context.workspace, context.dry_run)?;
            Ok(Reply::Pruned(pruned))
        }
    }
}
