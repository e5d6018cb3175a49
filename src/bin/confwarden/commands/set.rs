//! `set`: put values at paths.

use anyhow::Context as _;
use confwarden::doc::KeyPath;
use confwarden::fs;
use confwarden::ops::{Assignment, Input, Request};
use confwarden::profile::{Profile, Reference};

use super::Context;
use crate::args::SetArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Reply;

pub(super) fn run(args: &SetArgs, context: &Context<'_>) -> Result<Reply, CommandError> {
    let assignments = if args.stdin { from_stdin(args)? } else { from_arguments(args)? };
    let exposed: Vec<KeyPath> =
        if args.stdin { Vec::new() } else { exposed(&assignments, &context.workspace.profile) };
    let mut reply = context.write(&Request::Set(assignments), &args.write, &args.pending)?;
    if let Reply::Write(outcome) = &mut reply {
        for path in exposed {
            outcome.notices.push(format!(
                "the value for `{path}` was an argument, which other users can read: \
                 `--stdin` keeps it to this process"
            ));
        }
    }
    Ok(reply)
}

/// The paths of secrets that stand among the arguments as they are, not as references.
fn exposed(assignments: &[Assignment], profile: &Profile) -> Vec<KeyPath> {
    assignments
        .iter()
        .filter(|assignment| match &assignment.input {
            // An object in a secret's place says where the secret is.
            Input::Text(text) => !Reference::is_all_of(text) && !text.starts_with('{'),
            Input::String(text) => !Reference::is_all_of(text),
            Input::Value(_) => false,
        })
        .map(|assignment| assignment.path.clone())
        .filter(|path| profile.secrets.is_secret(path))
        .collect()
}

fn from_arguments(args: &SetArgs) -> Result<Vec<Assignment>, CommandError> {
    let (pairs, rest) = args.operands.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(usage("the last PATH has no VALUE")
            .hint("give PATH and VALUE in turn, or one PATH and `--stdin`"));
    }
    let mut assignments = Vec::with_capacity(pairs.len());
    for (index, [path, value]) in pairs.iter().enumerate() {
        let input = input(args, value.clone());
        assignments.push(Assignment { path: parse(path, 2 * index + 1)?, input });
    }
    Ok(assignments)
}

fn from_stdin(args: &SetArgs) -> Result<Vec<Assignment>, CommandError> {
    let [path] = args.operands.as_slice() else {
        return Err(usage("with `--stdin` there is one PATH and no VALUE"));
    };
    let path = parse(path, 1)?;
    let bytes = fs::read_stdin()?;
    let mut text = String::from_utf8(bytes).map_err(|_| {
        CommandError::new(Exit::Invalid, anyhow::anyhow!("standard input is not UTF-8"))
    })?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    let input = input(args, text);
    Ok(vec![Assignment { path, input }])
}

fn input(args: &SetArgs, text: String) -> Input {
    if args.string { Input::String(text) } else { Input::Text(text) }
}

fn parse(path: &str, operand: usize) -> Result<KeyPath, CommandError> {
    path.parse::<KeyPath>()
        .with_context(|| format!("operand {operand} is no path"))
        .map_err(|error| CommandError::new(Exit::Usage, error))
}

fn usage(message: &'static str) -> CommandError {
    CommandError::new(Exit::Usage, anyhow::anyhow!(message))
}
