//! `exec`: run another writer under the guard.

use confwarden::ops::{self, Damage, DryRun, ExecOptions, Program, Redressing};

use super::{Context, signalling};
use crate::args::ExecArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Reply, Strictness};

pub(super) fn run(args: &ExecArgs, context: &Context<'_>) -> Result<Reply, CommandError> {
    if context.dry_run == DryRun::Yes {
        let message = "`exec` cannot be a dry run: the program writes by itself";
        return Err(CommandError::new(Exit::Usage, anyhow::anyhow!(message))
            .hint("`--deny` undoes a change in which anything would have to be healed"));
    }
    let mut words = args.program.iter().cloned();
    let Some(name) = words.next() else {
        return Err(CommandError::new(Exit::Usage, anyhow::anyhow!("there is no program to run")));
    };
    let program = Program { name, arguments: words.collect() };
    let options = ExecOptions {
        allow: args.allow.clone(),
        damage: if args.deny { Damage::Undo } else { Damage::Heal },
        redressing: if args.no_redress { Redressing::No } else { Redressing::Yes },
        signalling: signalling(args.no_signal),
    };
    let outcome = ops::exec(context.workspace, &program, &options)?;
    let strictness = if args.strict { Strictness::Strict } else { Strictness::Lenient };
    Ok(Reply::Exec { outcome: Box::new(outcome), strictness })
}
