//! Colors, and what may reach a terminal.
//!
//! Texts of a configuration are printed as they are into files and pipes. On a terminal their
//! control characters are printed as escapes, so that a comment cannot rewrite the screen.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, IsTerminal};

use anstream::{AutoStream, ColorChoice};
use clap::builder::styling::{AnsiColor, Style};

use crate::args::ColorWhen;

/// How one stream is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Paint {
    colors: bool,
    terminal: bool,
}

impl Paint {
    pub(super) fn stdout(when: ColorWhen) -> Self {
        let stream = io::stdout();
        Self { colors: colors(when, AutoStream::choice(&stream)), terminal: stream.is_terminal() }
    }

    pub(super) fn stderr(when: ColorWhen) -> Self {
        let stream = io::stderr();
        Self { colors: colors(when, AutoStream::choice(&stream)), terminal: stream.is_terminal() }
    }

    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self { colors: false, terminal: false }
    }

    pub(super) fn error(self, text: &str) -> Painted<'_> {
        self.painted(text, AnsiColor::Red.on_default().bold())
    }

    pub(super) fn warning(self, text: &str) -> Painted<'_> {
        self.painted(text, AnsiColor::Yellow.on_default().bold())
    }

    pub(super) fn note(self, text: &str) -> Painted<'_> {
        self.painted(text, AnsiColor::Cyan.on_default())
    }

    pub(super) fn removed(self, text: &str) -> Painted<'_> {
        self.painted(text, AnsiColor::Red.on_default())
    }

    pub(super) fn added(self, text: &str) -> Painted<'_> {
        self.painted(text, AnsiColor::Green.on_default())
    }

    pub(super) fn strong(self, text: &str) -> Painted<'_> {
        self.painted(text, Style::new().bold())
    }

    /// `text` of a configuration, as this stream may have it.
    pub(super) fn data(self, text: &str) -> Cow<'_, str> {
        let harmful = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        if !self.terminal || !text.contains(harmful) {
            return Cow::Borrowed(text);
        }
        let mut visible = String::with_capacity(text.len());
        for c in text.chars() {
            if harmful(c) {
                visible.extend(c.escape_debug());
            } else {
                visible.push(c);
            }
        }
        Cow::Owned(visible)
    }

    fn painted(self, text: &str, style: Style) -> Painted<'_> {
        Painted { text, style: if self.colors { style } else { Style::new() } }
    }
}

fn colors(when: ColorWhen, auto: ColorChoice) -> bool {
    match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto => auto != ColorChoice::Never,
    }
}

/// A text with its color.
pub(super) struct Painted<'a> {
    text: &'a str,
    style: Style,
}

impl fmt::Display for Painted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.style.render(), self.text, self.style.render_reset())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_reach_files_but_no_terminal() {
        let terminal = Paint { colors: false, terminal: true };
        assert_eq!(terminal.data("a\u{1b}[2J\u{9b}\tb\n"), "a\\u{1b}[2J\\u{9b}\tb\n");
        assert_eq!(Paint::none().data("a\u{1b}[2J"), "a\u{1b}[2J");
    }

    #[test]
    fn colors_are_there_only_if_asked_for() {
        assert_eq!(Paint::none().error("x").to_string(), "x");
        let colored = Paint { colors: true, terminal: false };
        assert!(colored.error("x").to_string().starts_with("\u{1b}["));
    }
}
