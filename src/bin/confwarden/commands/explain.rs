//! `explain`: what a rule refuses, and why.

use confwarden::policy::{self, RuleDoc};

use crate::args::ExplainArgs;
use crate::error::CommandError;
use crate::exit::Exit;

pub(super) fn run(args: &ExplainArgs) -> Result<Vec<&'static RuleDoc>, CommandError> {
    match &args.rule {
        None => Ok(policy::rules().collect()),
        Some(name) => policy::explain(name).map(|rule| vec![rule]).ok_or_else(|| {
            CommandError::new(Exit::Usage, anyhow::anyhow!("there is no such rule"))
                .hint("`confwarden explain` lists the rules")
        }),
    }
}
