//! A question to a person, on standard error, answered by one letter on standard input.
//!
//! Where nobody answers, the safe answer is given, and said.

use std::io::{self, BufRead as _, Write as _};

/// One answer that may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// The letter to type.
    pub(super) key: char,
    /// What it does.
    pub(super) words: &'static str,
}

/// How often an answer that is none of the choices is asked for again.
const PATIENCE: usize = 5;

/// Asks until one of `choices` is given; `safe` at the end of input.
pub(super) fn ask(question: &str, choices: &[Choice], safe: Choice) -> io::Result<Choice> {
    let mut input = io::stdin().lock();
    let mut output = io::stderr().lock();
    for _ in 0..PATIENCE {
        for Choice { key, words } in choices {
            writeln!(output, "  {key}  {words}")?;
        }
        write!(output, "{question} ")?;
        output.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            break;
        }
        let typed = line.trim();
        let chosen = choices.iter().find(|choice| {
            typed.len() == 1 && typed.chars().all(|char| char.eq_ignore_ascii_case(&choice.key))
        });
        if let Some(choice) = chosen {
            return Ok(*choice);
        }
    }
    writeln!(output, "{}", safe.key)?;
    Ok(safe)
}
