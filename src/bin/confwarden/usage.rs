//! Wrong arguments, told without repeating them.
//!
//! An argument may be a misplaced token, and clap's own messages quote arguments. Here only names
//! that clap knows from our own definition are printed, and the number of the argument at fault.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use crate::args::OutputFormat;
use crate::error::CommandError;
use crate::exit::Exit;

/// What `error`, which `arguments` led to, says to a person.
pub(crate) fn explain(error: &Error, arguments: &[OsString]) -> CommandError {
    let place = place(error, arguments);
    let about = own(error, ContextKind::InvalidArg);
    let message = match error.kind() {
        ErrorKind::UnknownArgument => format!("{place} is not expected here"),
        ErrorKind::InvalidSubcommand => format!("{place} is no command"),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "there is no command".to_owned()
        }
        ErrorKind::InvalidValue if is_empty_value(error) => {
            format!("`{}` needs a value", about.join("` `"))
        }
        ErrorKind::InvalidValue => {
            format!("the value of `{}` is not one of its values", about.join("` `"))
        }
        ErrorKind::ValueValidation => match std::error::Error::source(error) {
            // Our own parsers of values, none of which quotes what it read.
            Some(reason) => format!("the value of `{}` is no good: {reason}", about.join("` `")),
            None => format!("the value of `{}` is no good", about.join("` `")),
        },
        ErrorKind::MissingRequiredArgument => format!("`{}` is missing", about.join("`, `")),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            format!("`{}` needs more values", about.join("` `"))
        }
        ErrorKind::TooManyValues => format!("`{}` has too many values", about.join("` `")),
        ErrorKind::ArgumentConflict => {
            format!("`{}` may stand only once, or not beside another option", about.join("` `"))
        }
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8".to_owned(),
        _ => "the arguments are wrong".to_owned(),
    };
    let mut result = CommandError::new(Exit::Usage, anyhow::anyhow!(message));
    let valid = own(error, ContextKind::ValidValue);
    if !valid.is_empty() {
        result = result.hint(format!("its values are {}", listed(&valid)));
    }
    let similar: Vec<String> =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
            .into_iter()
            // The likest is the last one.
            .flat_map(|kind| own(error, kind).into_iter().rev())
            .collect();
    if !similar.is_empty() {
        result = result.hint(format!("there is {}", listed(&similar)));
    }
    result.hint("`confwarden --help` and `confwarden COMMAND --help` say what there is")
}

/// What output was asked for, as far as arguments that do not parse tell.
pub(crate) fn output_format(arguments: &[OsString]) -> OutputFormat {
    let mut format = OutputFormat::Text;
    let mut arguments = arguments.iter().skip(1).take_while(|argument| *argument != "--");
    while let Some(argument) = arguments.next() {
        let value = match argument.to_str() {
            Some("--output") => arguments.next().and_then(|value| value.to_str()),
            Some(argument) => argument.strip_prefix("--output="),
            None => None,
        };
        match value {
            Some("json") => format = OutputFormat::Json,
            Some("text") => format = OutputFormat::Text,
            _ => {}
        }
    }
    format
}

/// Which argument is at fault, by number.
fn place(error: &Error, arguments: &[OsString]) -> String {
    let kinds = [ContextKind::InvalidArg, ContextKind::InvalidSubcommand];
    let found = kinds.iter().find_map(|kind| match error.get(*kind)? {
        ContextValue::String(text) => arguments.iter().skip(1).position(|argument| {
            argument.to_str().is_some_and(|argument| {
                argument == text || argument.split('=').next() == Some(text)
            })
        }),
        _ => None,
    });
    match found {
        Some(index) => format!("argument {}", index + 1),
        None => "an argument".to_owned(),
    }
}

fn is_empty_value(error: &Error) -> bool {
    matches!(error.get(ContextKind::InvalidValue), Some(ContextValue::String(text)) if text.is_empty())
}

/// The names from our own definition that clap gives for `kind`.
///
/// [`ContextKind::InvalidArg`] is the definition's name but for unknown arguments, which never ask.
fn own(error: &Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
