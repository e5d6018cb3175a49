//! `edit`: an editor, a check, a question, and only then a write.
//!
//! Whatever goes wrong, what a person has typed is kept and its place told; where nobody answers, the
//! answer is the safe one.

use std::ffi::OsString;
use std::path::Path;

use anyhow::Context as _;
use confwarden::child::{Child, End};
use confwarden::doc::Document;
use confwarden::finding::{Action, Override};
use confwarden::ops::{self, Draft, DraftText, Outcome, Status, WriteOptions};
use confwarden::policy;

use super::Context;
use super::prompt::{Choice, ask};
use crate::args::EditArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Reply, Report};
use crate::settings;

/// What may be done about a text that was not installed.
const AGAIN: Choice = Choice { key: 'e', words: "edit again" };
const SHOW: Choice = Choice { key: 's', words: "show what you changed" };
const INSTALL: Choice = Choice { key: 'i', words: "install it all the same" };
const DISCARD: Choice = Choice { key: 'd', words: "discard your text" };
const KEEP: Choice =
    Choice { key: 'k', words: "keep your text aside, and leave the file as it is" };

pub(super) fn run(args: &EditArgs, context: &Context<'_>) -> Result<Reply, CommandError> {
    let editor = settings::editor();
    let asked_for = context.options(&args.write);
    // Before a person has typed anything.
    policy::check_rules(&asked_for.allow).map_err(ops::OpsError::from)?;
    let mut draft = Draft::open(context.workspace, asked_for.missing)?;
    let mut notices = abandoned(context);
    loop {
        if let Err(error) = launch(&editor, draft.copy()) {
            return Err(left(draft, error));
        }
        // What a person lets through is this text, not the next.
        let mut options = asked_for.clone();
        loop {
            let problem = match attempt(&draft, context, args, &options) {
                Ok(mut outcome) => {
                    if outcome.status == Status::Planned {
                        notices.push(kept(&draft));
                    } else if let Err(error) = draft.discard() {
                        notices.push(not_removed(error));
                    }
                    outcome.notices.splice(0..0, notices);
                    return Ok(Reply::Write(outcome));
                }
                Err(problem) => problem,
            };
            context.explain(&problem.report(context));
            match decide(&problem, &draft, context)? {
                Decision::Again => break,
                Decision::Merge => {
                    draft.take_up(context.workspace)?;
                    break;
                }
                Decision::Install(rules) => options.allow.extend(rules),
                Decision::Discard => {
                    let mut error = problem.into_error();
                    if let Err(cause) = draft.discard() {
                        error = error.hint(not_removed(cause));
                    }
                    return Err(error);
                }
                Decision::Keep => return Err(left(draft, problem.into_error())),
            }
        }
    }
}

/// Why a text was not installed.
enum Problem {
    /// It is empty, or does not parse.
    Invalid(CommandError),
    /// Rules refuse it.
    Refused(Box<Outcome>),
    /// Another writer changed the same.
    Collided(CommandError),
    /// It cannot be written.
    Failed(CommandError),
}

enum Decision {
    Again,
    /// Again, after taking up what the other writer did.
    Merge,
    Install(Vec<String>),
    Discard,
    Keep,
}

/// Installs what stands in the copy.
fn attempt(
    draft: &Draft,
    context: &Context<'_>,
    args: &EditArgs,
    options: &WriteOptions,
) -> Result<Outcome, Problem> {
    let failed = |error: ops::OpsError| Problem::Failed(error.into());
    let edited: Document = match draft.text().map_err(failed)? {
        DraftText::Unchanged => return draft.unchanged(context.workspace).map_err(failed),
        DraftText::Empty => {
            let empty = anyhow::anyhow!("there is nothing in the edited text");
            return Err(Problem::Invalid(CommandError::new(Exit::Invalid, empty)));
        }
        DraftText::Broken(error) => {
            let error = CommandError::syntax("the edited text", draft.copy(), error);
            return Err(Problem::Invalid(error));
        }
        DraftText::Edited(document) => document,
    };
    let request = draft.request(edited);
    let write = |options: &WriteOptions| ops::write(context.workspace, &request, options);
    match context.made(&args.write, options, write) {
        Ok(outcome) if outcome.status == Status::Refused => Err(Problem::Refused(outcome.into())),
        Ok(outcome) => Ok(outcome),
        Err(error) => {
            let error = CommandError::from(error);
            Err(match error.exit {
                Exit::Conflict => Problem::Collided(error),
                _ => Problem::Failed(error),
            })
        }
    }
}

/// Asks what to do. At the end of input, and where nobody can help, the text is kept.
fn decide(
    problem: &Problem,
    draft: &Draft,
    context: &Context<'_>,
) -> Result<Decision, CommandError> {
    loop {
        let mut choices = vec![AGAIN];
        match problem {
            Problem::Refused(outcome) => {
                choices.push(SHOW);
                if liftable(outcome).is_some() {
                    choices.push(INSTALL);
                }
            }
            Problem::Failed(_) => return Ok(Decision::Keep),
            Problem::Invalid(_) | Problem::Collided(_) => {}
        }
        choices.extend([DISCARD, KEEP]);
        let chosen = ask("What now?", &choices, KEEP)
            .context("could not ask what to do")
            .map_err(|error| CommandError::new(Exit::Setup, error).hint(kept(draft)))?;
        return Ok(match chosen.key {
            'e' if matches!(problem, Problem::Collided(_)) => Decision::Merge,
            'e' => Decision::Again,
            's' => {
                if let Problem::Refused(outcome) = problem {
                    context.explain(&context.plan(Reply::Write(Outcome::clone(outcome))));
                }
                continue;
            }
            'i' => match problem {
                Problem::Refused(outcome) => {
                    Decision::Install(liftable(outcome).unwrap_or_default())
                }
                _ => Decision::Keep,
            },
            'd' => Decision::Discard,
            _ => Decision::Keep,
        });
    }
}

/// The rules that would have to be allowed; nothing where one of them never is.
fn liftable(outcome: &Outcome) -> Option<Vec<String>> {
    let denied = outcome.findings.iter().filter(|finding| finding.action == Action::Deny);
    let mut rules = denied
        .map(|finding| match finding.allowed_by {
            Override::ByFlag => Some(finding.rule.to_owned()),
            Override::Never => None,
        })
        .collect::<Option<Vec<String>>>()?;
    rules.dedup();
    Some(rules)
}

impl Problem {
    fn report(&self, context: &Context<'_>) -> Report {
        match self {
            Self::Refused(outcome) => context.reply(Reply::Write(Outcome::clone(outcome))),
            Self::Invalid(error) | Self::Collided(error) | Self::Failed(error) => {
                context.failed(error)
            }
        }
    }

    /// What is left to say at the end, where it has been explained before.
    fn into_error(self) -> CommandError {
        let outcome = match self {
            Self::Refused(outcome) => outcome,
            Self::Invalid(error) | Self::Collided(error) | Self::Failed(error) => return error,
        };
        let denied = outcome.findings.iter().filter(|finding| finding.action == Action::Deny);
        let mut rules: Vec<&str> = denied.map(|finding| finding.rule).collect();
        rules.dedup();
        let message = format!("the edited text was refused by `{}`", rules.join("`, `"));
        let error = CommandError::new(Exit::Refused, anyhow::anyhow!(message));
        match liftable(&outcome) {
            Some(rules) => error.hint(format!("`--allow {}` installs it", rules.join(","))),
            None => error,
        }
    }
}

/// Runs the editor on `file` and waits for it.
fn launch(editor: &OsString, file: &Path) -> Result<(), CommandError> {
    let failed = |error: anyhow::Error| {
        CommandError::new(Exit::Setup, error)
            .hint("name an editor in `VISUAL` or `EDITOR`, with what makes it wait: `code --wait`")
    };
    // A shell takes the variable apart, as for other programs that start editors.
    let mut script = editor.clone();
    script.push(" \"$@\"");
    let arguments = ["-c".into(), script, "editor".into(), file.into()];
    let end = Child::start("sh".as_ref(), &arguments)
        .context("could not start the editor")
        .and_then(|mut shell| shell.wait_for_end().context("could not wait for the editor"))
        .map_err(failed)?;
    match end {
        End::Code(0) => Ok(()),
        End::Code(code) => Err(failed(anyhow::anyhow!("the editor ended with code {code}"))),
        End::Signal(_) => Err(failed(anyhow::anyhow!("the editor was ended by a signal"))),
    }
}

/// The same error, saying that the text is kept where there is any.
fn left(draft: Draft, error: CommandError) -> CommandError {
    if matches!(draft.text(), Ok(DraftText::Unchanged)) {
        return match draft.discard() {
            Ok(()) => error,
            Err(cause) => error.hint(not_removed(cause)),
        };
    }
    error.hint(kept(&draft))
}

fn kept(draft: &Draft) -> String {
    format!("your text is kept as `{}`", draft.copy().display())
}

fn not_removed(error: ops::OpsError) -> String {
    format!("the copy could not be removed: {:#}", anyhow::Error::new(error))
}

/// What earlier edits left.
fn abandoned(context: &Context<'_>) -> Vec<String> {
    match ops::abandoned_drafts(context.workspace) {
        Ok(drafts) => drafts
            .iter()
            .map(|draft| format!("an earlier edit was not installed: `{}`", draft.display()))
            .collect(),
        Err(error) => {
            vec![format!("could not look for earlier edits: {:#}", anyhow::Error::new(error))]
        }
    }
}
