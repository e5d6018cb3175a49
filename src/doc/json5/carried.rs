//! What a member takes along when it moves, or comes from another text: its text as written, and its
//! own comments.
//!
//! Lines are indented anew, but for those inside strings: white space there is part of the value.
//!
//! This module never respells a value.

use super::container::{Container, Item};
use super::gap::{Bound, Gap, Owner, Piece, PieceKind, line_indent};
use super::insert::Body;
use super::spell;
use super::string;
use super::style::{Keys, Style};
use super::trivia::{block_comment_end, is_wide_line_end, line_comment_end};
use crate::doc::{Kind, Wtf8String};

/// A member or an element with its comments.
pub(super) struct Carried<'d> {
    source: &'d str,
    kind: Kind,
    item: Item,
    /// The indentation of the line it stands on.
    indent: &'d str,
    /// The gap before, from the first comment of the member on.
    lead: Vec<Piece>,
    /// The gap behind, up to the last comment of the member.
    tail: Vec<Piece>,
    /// One step of indentation, where the text is another one than that it goes to.
    unit: Option<String>,
}

/// How lines are indented somewhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Indent<'t> {
    /// The white space before the line of a member.
    pub(super) line: &'t str,
    /// One step further in.
    pub(super) unit: &'t str,
}

impl<'d> Carried<'d> {
    /// The member at `index` of `container`.
    pub(super) fn of(container: &Container<'d>, index: usize) -> Self {
        let source = container.source();
        let item = container.items[index];
        let before = container.gap(index).pieces;
        let behind = container.gap(index + 1).pieces;
        let owned = |piece: &Piece, owner| piece.is_comment() && piece.owner == owner;
        let first = before.iter().position(|piece| owned(piece, Owner::Next));
        let last = behind.iter().rposition(|piece| owned(piece, Owner::Previous));
        Self {
            source,
            kind: container.document.tree().kind(item.id),
            item,
            indent: line_indent(source, item.start()),
            lead: first.map(|first| before[first..].to_vec()).unwrap_or_default(),
            tail: last.map(|last| behind[..=last].to_vec()).unwrap_or_default(),
            unit: None,
        }
    }

    /// The same as a guest: steps of indentation, which were `unit`, and line ends become those of the
    /// text it goes to.
    pub(super) fn visiting(self, unit: String) -> Self {
        Self { unit: Some(unit), ..self }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether comments end lines, so that the member cannot share its line.
    pub(super) fn needs_lines(&self) -> bool {
        let ends_line =
            |piece: &Piece| matches!(piece.kind, PieceKind::LineComment | PieceKind::LineEnd);
        self.lead.iter().chain(&self.tail).any(ends_line)
    }

    /// The text on a line indented by `indent`, under the key `name` or as an element.
    pub(super) fn body(&self, name: Option<&Wtf8String>, style: &Style, indent: &str) -> Body {
        let adapted = |text: String| match &self.unit {
            Some(_) => with_newlines(&text, style.newline),
            None => text,
        };
        Body {
            lead: adapted(self.lead(style, indent)),
            text: adapted(self.text(name, style, indent)),
            tail: adapted(self.tail(style, indent)),
        }
    }

    fn lead(&self, style: &Style, indent: &str) -> String {
        let mut text = String::new();
        let mut in_new_line = false;
        for piece in &self.lead {
            match piece.kind {
                PieceKind::LineEnd => {
                    text.push_str(style.newline);
                    text.push_str(indent);
                    in_new_line = true;
                }
                // The white space that indents a line went in with the line end.
                PieceKind::Space if in_new_line => {}
                PieceKind::Space => text.push_str(piece.text(self.source)),
                PieceKind::Comma => {}
                PieceKind::LineComment | PieceKind::BlockComment => {
                    text.push_str(&self.indented(piece.text(self.source), style, indent));
                    in_new_line = false;
                }
            }
        }
        text
    }

    fn tail(&self, style: &Style, indent: &str) -> String {
        let mut text = String::new();
        let mut in_new_line = false;
        for piece in &self.tail {
            match piece.kind {
                PieceKind::LineEnd => {
                    text.push_str(style.newline);
                    in_new_line = true;
                    continue;
                }
                PieceKind::Space if in_new_line => {
                    // Aligned with the comment above, which moves by as much as the member.
                    let space = piece.text(self.source);
                    text.push_str(indent);
                    text.push_str(space.strip_prefix(self.indent).unwrap_or(space));
                }
                PieceKind::Space => text.push_str(piece.text(self.source)),
                PieceKind::Comma => {}
                _ => {
                    if text.is_empty() {
                        text.push(' ');
                    }
                    text.push_str(&self.indented(piece.text(self.source), style, indent));
                }
            }
            in_new_line = false;
        }
        text
    }

    fn text(&self, name: Option<&Wtf8String>, style: &Style, indent: &str) -> String {
        let value = self.item.value.slice(self.source);
        let Some(key) = self.item.key else {
            let name = name.map(|name| spell::key(name, style) + &style.colon);
            return name.unwrap_or_default() + &self.indented(value, style, indent);
        };
        let between = (key.end as usize, self.item.value.start as usize);
        let Some(name) = name else {
            // An element has no key; the comments that stood behind it stay before the value.
            let gap = Gap::read(
                self.source,
                (between.0, Bound::Item),
                (between.1, Bound::Item),
                Kind::Array,
            );
            let mut text = String::new();
            for comment in gap.comments() {
                text.push_str(&self.indented(comment.text(self.source), style, indent));
                if comment.kind == PieceKind::LineComment {
                    text.push_str(style.newline);
                    text.push_str(indent);
                } else {
                    text.push(' ');
                }
            }
            return text + &self.indented(value, style, indent);
        };
        let rest = &self.source[between.0..self.item.end()];
        respell_key(key.slice(self.source), name, style) + &self.indented(rest, style, indent)
    }

    fn indented(&self, text: &str, style: &Style, indent: &str) -> String {
        let unit = self.unit.as_deref().unwrap_or(&style.unit);
        let from = Indent { line: self.indent, unit };
        reindent(text, from, Indent { line: indent, unit: &style.unit })
    }
}

/// The key `name` in the spelling of the key `raw`, as far as it fits.
pub(super) fn respell_key(raw: &str, name: &Wtf8String, style: &Style) -> String {
    if string::decode_key(raw) == *name {
        return raw.to_owned();
    }
    match raw.chars().next() {
        Some(quote @ ('"' | '\'')) => spell::string(name, quote),
        _ => match name.as_str() {
            Some(plain) if !style.strict && super::ident::is_plain_name(plain) => plain.to_owned(),
            _ => spell::key(name, &Style { keys: Keys::Quoted, ..style.clone() }),
        },
    }
}

/// `text` with line ends as `newline`; those of line separators stay.
pub(super) fn with_newlines(text: &str, newline: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr2(b'\n', b'\r', rest.as_bytes()) {
        result.push_str(&rest[..at]);
        result.push_str(newline);
        rest = &rest[at..];
        rest = rest.strip_prefix("\r\n").unwrap_or(&rest[1..]);
    }
    result + rest
}

/// Indents the lines of `text` behind the first by `to` where they were indented by `from`.
pub(super) fn reindent(text: &str, from: Indent<'_>, to: Indent<'_>) -> String {
    if from.line == to.line && from.unit == to.unit {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut lines = Lines { text, from, to, depth: 0, copied: 0, result: String::new() };
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'"' | b'\'') => at = string_end(bytes, at, quote),
            b'/' if bytes.get(at + 1) == Some(&b'/') => at = line_comment_end(bytes, at),
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                // Quotes in a comment open no string; its lines are indented like others.
                let end = block_comment_end(bytes, at).unwrap_or(bytes.len());
                while at < end {
                    at = lines.step(at);
                }
            }
            byte => {
                match byte {
                    b'{' | b'[' => lines.depth += 1,
                    b'}' | b']' => lines.depth = lines.depth.saturating_sub(1),
                    _ => {}
                }
                at = lines.step(at);
            }
        }
    }
    lines.result + &text[lines.copied..]
}

/// A text whose lines are indented anew, up to some place.
struct Lines<'t> {
    text: &'t str,
    from: Indent<'t>,
    to: Indent<'t>,
    /// How many brackets are open.
    depth: usize,
    copied: usize,
    result: String,
}

impl Lines<'_> {
    /// Steps over the byte at `at`; behind a line end, over the indentation, which is replaced.
    fn step(&mut self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let line = match bytes[at] {
            b'\r' if bytes.get(at + 1) == Some(&b'\n') => return at + 1,
            b'\n' | b'\r' => at + 1,
            0xE2 if is_wide_line_end(&bytes[at..]) => at + 3,
            _ => return at + 1,
        };
        let rest = &self.text[line..];
        let indent = &rest[..rest.len() - rest.trim_start_matches([' ', '\t']).len()];
        let is_blank = matches!(bytes.get(line + indent.len()), None | Some(b'\n' | b'\r'));
        let inner = match indent.strip_prefix(self.from.line) {
            _ if is_blank => return line,
            Some(inner) => inner,
            // Indented less than the line of the member, but in the same way.
            None if self.from.line.starts_with(indent) => "",
            None => return line,
        };
        // What is deeper than the brackets say aligns something, and stays.
        let (mut kept, mut steps) = (inner, 0);
        while steps < self.depth
            && !self.from.unit.is_empty()
            && let Some(less) = kept.strip_prefix(self.from.unit)
        {
            kept = less;
            steps += 1;
        }
        self.result.push_str(&self.text[self.copied..line]);
        self.result.push_str(self.to.line);
        self.result.push_str(&self.to.unit.repeat(steps));
        self.copied = line + indent.len() - kept.len();
        line + indent.len()
    }
}

/// Where the string that starts at `start` ends.
fn string_end(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match *byte {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, from: &str, to: &str, expected: &str) {
        let indent = |line| Indent { line, unit: "  " };
        assert_eq!(reindent(text, indent(from), indent(to)), expected);
    }

    #[test]
    fn steps_of_indentation_become_those_of_the_place() {
        let from = Indent { line: "", unit: "  " };
        let to = Indent { line: "\t", unit: "\t" };
        let check = |text, expected| assert_eq!(reindent(text, from, to), expected);
        check("{\n  a: {\n    b: 1,\n  },\n}", "{\n\t\ta: {\n\t\t\tb: 1,\n\t\t},\n\t}");
        check("{\n  a:\n    1,\n}", "{\n\t\ta:\n\t\t  1,\n\t}");
        check("{\n  /* x\n     y */\n}", "{\n\t\t/* x\n\t\t   y */\n\t}");
        check("[\n  \"a\\\n  b\",\n]", "[\n\t\t\"a\\\n  b\",\n\t]");
    }

    #[test]
    fn line_ends_become_those_of_the_place() {
        assert_eq!(with_newlines("a\r\nb\nc\rd\u{2028}", "\r\n"), "a\r\nb\r\nc\r\nd\u{2028}");
        assert_eq!(with_newlines("\r\n\n", "\n"), "\n\n");
    }

    #[test]
    fn lines_are_indented_anew() {
        check("{\n    a: 1,\n  }", "  ", "    ", "{\n      a: 1,\n    }");
        check("{\r\n    a: 1,\r\n  }", "  ", "", "{\r\n  a: 1,\r\n}");
        check("{\n\t\ta: 1,\n\t}", "\t", "\t\t", "{\n\t\t\ta: 1,\n\t\t}");
        check("{\n\n    a: 1,\n\n  }", "  ", "", "{\n\n  a: 1,\n\n}");
        check("{\u{2028}  a: 1 }", "  ", "    ", "{\u{2028}    a: 1 }");
    }

    #[test]
    fn lines_indented_less_or_otherwise_are_not_pushed_out() {
        check("{\n a: 1\n}", "  ", "    ", "{\n    a: 1\n    }");
        check("{\n\ta: 1\n}", "  ", "    ", "{\n\ta: 1\n    }");
    }

    #[test]
    fn strings_stay_and_comments_move() {
        check("\"a\\\n  b\"", "  ", "", "\"a\\\n  b\"");
        check("'\\'\\\n  b'\n  c", "  ", "", "'\\'\\\n  b'\nc");
        check("// it's\n  'a\\\n  b'", "  ", "", "// it's\n'a\\\n  b'");
        check("/* it's\n   so */\n  a", "  ", "", "/* it's\n so */\na");
    }
}
