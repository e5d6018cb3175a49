//! Faults of a text: what the reader stumbled over, and how that is said to people.
//!
//! A message says what was expected and which class of character was found.
//!
//! This module never quotes the text: a string or a name is called that, for it may be a secret.

use super::ident;
use super::trivia::space_length;
use crate::doc::{Kind, SyntaxError};
use crate::text::Position;

/// The first fault of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    pub(super) offset: usize,
    pub(super) kind: FaultKind,
}

/// What is wrong at the offset of a [`Fault`].
#[derive(Clone, Copy, Debug)]
pub(super) enum FaultKind {
    /// There is no value in the whole text.
    Empty,
    /// A value was expected.
    Value,
    /// An element or the end of the innermost array was expected; an element stood before.
    Element { first: bool },
    /// A key or the end of the innermost object was expected; a member stood before.
    Key { first: bool },
    /// A `:` was expected.
    Colon,
    /// A `,` or the end of the innermost container was expected.
    Separator,
    /// Something follows the outermost value, which is a container that ends at `closed` or a scalar.
    Trailing { closed: Option<usize> },
    /// The text ends inside a string that starts at `start`.
    EndInString { start: usize },
    /// The text ends inside a comment that starts here.
    EndInComment { start: usize },
    /// A string goes past the end of its line.
    OpenString,
    /// `\x` without two digits.
    HexEscape,
    /// `\u` without four digits.
    UnicodeEscape,
    /// `\1`, `\01`.
    OctalEscape,
    /// An escape in a key without quotes that stands for no character of such keys.
    NameEscape,
    /// A number without a digit where one must be.
    Digits,
    /// `0x` without a digit.
    HexDigits,
    /// `1e` without a digit.
    ExponentDigits,
    /// `01`.
    LeadingZero,
    /// Letters or dots behind a number.
    NumberTail,
    /// Deeper than the limit.
    Depth,
}

/// The container a fault lies in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Enclosing {
    pub(super) kind: Kind,
    pub(super) start: usize,
}

impl Enclosing {
    fn closer(self) -> &'static str {
        if self.kind == Kind::Array { "`]`" } else { "`}`" }
    }

    fn opened(self, source: &str) -> String {
        let kind = if self.kind == Kind::Array { "array" } else { "object" };
        format!("the {kind} that starts at {}", Position::of(source, self.start))
    }
}

impl Fault {
    /// Says the fault to people.
    pub(super) fn explain(self, source: &str, inside: Option<Enclosing>) -> SyntaxError {
        let (message, hint) = self.message(source, inside);
        SyntaxError { hint, ..SyntaxError::new(source, self.offset, message) }
    }

    fn message(self, source: &str, inside: Option<Enclosing>) -> (String, Option<&'static str>) {
        let found = Found::at(source, self.offset);
        let plain = |text: &str, hint| (text.to_owned(), hint);
        let expected = |what: &str, hint: Option<&'static str>| {
            (format!("expected {what}, found {}", found.described()), hint.or(found.hint()))
        };
        if matches!(found, Found::End)
            && let Some(inside) = inside
            && self.kind.is_cut_short()
        {
            return (format!("the file ends inside {}", inside.opened(source)), TRUNCATED);
        }
        let closer = inside.map_or("the end of the file", Enclosing::closer);
        match self.kind {
            FaultKind::Empty => plain(nothing_in(source), None),
            FaultKind::Value => expected("a value", found.hint_for_value()),
            FaultKind::Element { first } | FaultKind::Key { first }
                if found == Found::Mark(',') =>
            {
                if first {
                    expected(&format!("{} or {closer}", self.kind.item()), Some("remove the comma"))
                } else {
                    plain("a second `,` follows the first one", Some("remove one of the commas"))
                }
            }
            FaultKind::Element { .. } => {
                expected(&format!("a value or {closer}"), found.hint_for_value())
            }
            FaultKind::Key { .. } => {
                let hint = match found {
                    Found::Number => Some("put keys that start with a digit or a sign in quotes"),
                    _ => None,
                };
                expected(&format!("a key or {closer}"), hint)
            }
            FaultKind::Colon => {
                let hint = match found {
                    Found::Mark('=') => Some("write `:` between key and value"),
                    Found::Number | Found::Other => {
                        Some("put keys with other characters than letters and digits in quotes")
                    }
                    _ => None,
                };
                expected("`:` after the key", hint)
            }
            FaultKind::Separator => {
                let hint = match found {
                    Found::String | Found::Name | Found::Number => {
                        Some("put a `,` between them if a comma is missing before this place")
                    }
                    _ => None,
                };
                let what = match inside {
                    Some(inside) => format!("`,` or {closer} in {}", inside.opened(source)),
                    None => closer.to_owned(),
                };
                expected(&what, hint)
            }
            FaultKind::Trailing { closed } => trailing(source, found, closed),
            FaultKind::EndInString { start } => {
                let start = Position::of(source, start);
                (format!("the file ends inside the string that starts at {start}"), TRUNCATED)
            }
            FaultKind::EndInComment { start } => {
                let start = Position::of(source, start);
                let hint = Some("close the comment with `*/`");
                (format!("the file ends inside the comment that starts at {start}"), hint)
            }
            FaultKind::OpenString => plain(
                "the string is not closed on its line",
                Some("close it with the quote it starts with"),
            ),
            FaultKind::HexEscape => plain("`\\x` needs two hexadecimal digits", BACKSLASH),
            FaultKind::UnicodeEscape => plain("`\\u` needs four hexadecimal digits", BACKSLASH),
            FaultKind::OctalEscape => plain("there are no octal escapes", BACKSLASH),
            FaultKind::NameEscape => plain(
                "the escape stands for no character of a key without quotes",
                Some("put the key in quotes"),
            ),
            FaultKind::Digits => expected("a digit", None),
            FaultKind::HexDigits => expected("a hexadecimal digit", None),
            FaultKind::ExponentDigits => expected("a digit of the exponent", None),
            FaultKind::LeadingZero => {
                plain("a number has a `0` before its other digits", Some("remove the `0`"))
            }
            FaultKind::NumberTail => plain(
                "a number is followed by other characters",
                Some("put strings that start with a digit in quotes"),
            ),
            FaultKind::Depth => plain("the text is nested deeper than 10,000 levels", None),
        }
    }
}

const TRUNCATED: Option<&'static str> =
    Some("the file may have been cut short while it was written");
const BACKSLASH: Option<&'static str> = Some("write `\\\\` for a backslash");

impl FaultKind {
    /// Whether the end of the text at this place means that its rest is missing.
    fn is_cut_short(self) -> bool {
        matches!(
            self,
            Self::Value
                | Self::Element { .. }
                | Self::Key { .. }
                | Self::Colon
                | Self::Separator
                | Self::Digits
                | Self::HexDigits
                | Self::ExponentDigits
        )
    }

    fn item(self) -> &'static str {
        if matches!(self, Self::Element { .. }) { "a value" } else { "a key" }
    }
}

/// What a text without any value holds instead.
fn nothing_in(source: &str) -> &'static str {
    let text = source.trim_start_matches('\u{FEFF}');
    if text.is_empty() {
        "the file is empty"
    } else if text.contains('/') {
        "the file holds comments and no value"
    } else {
        "the file holds white space and no value"
    }
}

fn trailing(source: &str, found: Found, closed: Option<usize>) -> (String, Option<&'static str>) {
    if matches!(found, Found::Mark('{' | '[')) {
        let message = "a second value follows the first one: two configurations were written one \
                       after the other";
        return (message.to_owned(), Some("keep the one that is wanted"));
    }
    if found == Found::Nul {
        return ("NUL bytes follow the configuration".to_owned(), found.hint());
    }
    let Some(closed) = closed else {
        let message = format!("expected the end of the file, found {}", found.described());
        return (message, found.hint());
    };
    let bracket = &source[closed - 1..closed];
    let place = Position::of(source, closed - 1);
    match found {
        Found::Mark('}' | ']') => (
            format!("the configuration ends with the `{bracket}` at {place}, and another follows"),
            Some("remove one closing bracket"),
        ),
        Found::Mark(',') | Found::String | Found::Name => (
            format!(
                "the configuration ends with the `{bracket}` at {place}, but {} follows",
                found.described()
            ),
            Some("look for a closing bracket too many before this place"),
        ),
        _ => (format!("expected the end of the file, found {}", found.described()), found.hint()),
    }
}

/// The class of what stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    End,
    String,
    Name,
    Number,
    /// A character that structures texts, of JSON5 or of other formats.
    Mark(char),
    Conflict,
    Nul,
    Control(u32),
    /// A character that looks like white space or a quote and is none.
    Lookalike(u32),
    Space,
    Other,
}

impl Found {
    fn at(source: &str, offset: usize) -> Self {
        let rest = source.get(offset..).unwrap_or_default();
        let Some(character) = rest.chars().next() else { return Self::End };
        if ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|marker| rest.starts_with(marker)) {
            return Self::Conflict;
        }
        match character {
            '"' | '\'' => Self::String,
            '\\' => Self::Name,
            '0'..='9' | '+' | '-' | '.' => Self::Number,
            '{' | '}' | '[' | ']' | ':' | ',' | '=' | ';' | '#' | '`' | '/' => {
                Self::Mark(character)
            }
            '\0' => Self::Nul,
            _ if ident::is_part(character) => Self::Name,
            _ if space_length(rest.as_bytes()) > 0 => Self::Space,
            _ if character.is_control() => Self::Control(character.into()),
            '\u{180E}' | '\u{200B}' | '\u{2060}' | '\u{2018}'..='\u{201F}' => {
                Self::Lookalike(character.into())
            }
            _ => Self::Other,
        }
    }

    fn described(self) -> String {
        match self {
            Self::End => "the end of the file".to_owned(),
            Self::String => "a string".to_owned(),
            Self::Name => "a name".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Mark('`') => "a backtick".to_owned(),
            Self::Mark(mark) => format!("`{mark}`"),
            Self::Conflict => "a marker of a merge conflict".to_owned(),
            Self::Nul => "a NUL byte".to_owned(),
            Self::Control(code) => format!("a control character (U+{code:04X})"),
            Self::Lookalike(code @ 0x2018..=0x201F) => {
                format!("a typographic quote (U+{code:04X})")
            }
            Self::Lookalike(code) => format!("an invisible character (U+{code:04X})"),
            Self::Space => "white space".to_owned(),
            Self::Other => "a character that has no meaning here".to_owned(),
        }
    }

    fn hint(self) -> Option<&'static str> {
        match self {
            Self::Mark('#') => Some("comments start with `//`"),
            Self::Mark(';') => Some("members and elements are separated by `,`"),
            Self::Mark('`') | Self::Lookalike(0x2018..=0x201F) => {
                Some("strings stand in `\"` or `'`")
            }
            Self::Conflict => Some("finish the merge first"),
            Self::Nul => Some("a crash while writing leaves such bytes"),
            _ => None,
        }
    }

    fn hint_for_value(self) -> Option<&'static str> {
        match self {
            Self::Name | Self::Other => Some("put strings in quotes"),
            _ => None,
        }
    }
}
