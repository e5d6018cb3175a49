//! What a member takes along when it moves: its text as written, and its own comments.
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
        }
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
        Body {
            lead: self.lead(style, indent),
            text: self.text(name, style, indent),
            tail: self.tail(style, indent),
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
                    text.push_str(&self.indented(piece.text(self.source), indent));
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
                    text.push_str(&self.indented(piece.text(self.source), indent));
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
            return name.unwrap_or_default() + &self.indented(value, indent);
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
                text.push_str(&self.indented(comment.text(self.source), indent));
                if comment.kind == PieceKind::LineComment {
                    text.push_str(style.newline);
                    text.push_str(indent);
                } else {
                    text.push(' ');
                }
            }
            return text + &self.indented(value, indent);
        };
        let rest = &self.source[between.0..self.item.end()];
        respell_key(key.slice(self.source), name, style) + &self.indented(rest, indent)
    }

    fn indented(&self, text: &str, indent: &str) -> String {
        reindent(text, self.indent, indent)
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

/// Indents the lines of `text` behind the first by `to` where they were indented by `from`.
fn reindent(text: &str, from: &str, to: &str) -> String {
    if from == to {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut result = String::with_capacity(text.len());
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'"' | b'\'') => at = string_end(bytes, at, quote),
            b'/' if bytes.get(at + 1) == Some(&b'/') => at = line_comment_end(bytes, at),
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                // Quotes in a comment open no string; its lines are indented like others.
                let end = block_comment_end(bytes, at).unwrap_or(bytes.len());
                while at < end {
                    at = next_line(text, at, from, to, &mut result, &mut copied);
                }
            }
            _ => at = next_line(text, at, from, to, &mut result, &mut copied),
        }
    }
    result.push_str(&text[copied..]);
    result
}

/// Steps over the byte at `at`; behind a line end, over the indentation, which is replaced.
fn next_line(
    text: &str,
    at: usize,
    from: &str,
    to: &str,
    result: &mut String,
    copied: &mut usize,
) -> usize {
    let bytes = text.as_bytes();
    let line = match bytes[at] {
        b'\r' if bytes.get(at + 1) == Some(&b'\n') => return at + 1,
        b'\n' | b'\r' => at + 1,
        0xE2 if is_wide_line_end(&bytes[at..]) => at + 3,
        _ => return at + 1,
    };
    let rest = &text[line..];
    let indent = &rest[..rest.len() - rest.trim_start_matches([' ', '\t']).len()];
    let is_blank = matches!(bytes.get(line + indent.len()), None | Some(b'\n' | b'\r'));
    let kept = match indent.strip_prefix(from) {
        _ if is_blank => return line,
        Some(kept) => kept,
        // Indented less than the line of the member, but in the same way.
        None if from.starts_with(indent) => "",
        None => return line,
    };
    result.push_str(&text[*copied..line]);
    result.push_str(to);
    *copied = line + indent.len() - kept.len();
    line + indent.len()
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
        assert_eq!(reindent(text, from, to), expected);
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
