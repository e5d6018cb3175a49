//! The reader: one pass over the text that builds the span tree.
//!
//! Reads what the gateway's reader reads, and nothing else. Depth costs memory and never the stack;
//! nothing is decoded on the way.
//!
//! This module never changes a text and never guesses: the first fault ends it.

use super::Dialect;
use super::fault::{Enclosing, Fault, FaultKind};
use super::{ident, trivia};
use crate::doc::tree::{MAX_DEPTH, NodeId, Tree};
use crate::doc::{Kind, SyntaxError};
use crate::text::Span;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

pub(in crate::doc) fn read(source: &str) -> Result<(Tree, Dialect), SyntaxError> {
    let mut reader = Reader {
        source,
        bytes: source.as_bytes(),
        at: 0,
        strict: true,
        tree: Tree::with_capacity(source.len()),
        open: Vec::new(),
    };
    match reader.document() {
        Ok(()) => Ok((reader.tree, Dialect { strict: reader.strict })),
        Err(fault) => Err(fault.explain(source, reader.enclosing())),
    }
}

/// A container whose end was not reached.
#[derive(Clone, Copy)]
struct Frame {
    id: NodeId,
    closer: u8,
    /// The last member or element so far.
    last: Option<NodeId>,
}

struct Reader<'s> {
    source: &'s str,
    bytes: &'s [u8],
    at: usize,
    /// Whether nothing was seen that strict JSON does not have.
    strict: bool,
    tree: Tree,
    open: Vec<Frame>,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<(), Fault> {
        if self.bytes.starts_with(BYTE_ORDER_MARK) {
            self.at = BYTE_ORDER_MARK.len();
        }
        self.trivia()?;
        if self.at == self.bytes.len() {
            return Err(self.fault(FaultKind::Empty));
        }
        self.value(None)?;
        while let Some(frame) = self.open.last().copied() {
            self.item(frame)?;
        }
        let end = self.at;
        self.trivia()?;
        if self.at < self.bytes.len() {
            let is_container = matches!(self.tree.kind(NodeId::ROOT), Kind::Array | Kind::Object);
            return Err(self.fault(FaultKind::Trailing { closed: is_container.then_some(end) }));
        }
        Ok(())
    }

    /// Reads one member or element up to and with its comma, or the end of the container.
    fn item(&mut self, frame: Frame) -> Result<(), Fault> {
        self.trivia()?;
        if self.peek() == Some(frame.closer) {
            // Behind a comma, or the container is empty.
            self.strict &= frame.last.is_none();
            self.close(frame);
            return self.separator();
        }
        let key = if frame.closer == b'}' {
            let key = self.key(frame)?;
            self.trivia()?;
            if self.peek() != Some(b':') {
                return Err(self.fault(FaultKind::Colon));
            }
            self.at += 1;
            self.trivia()?;
            Some(key)
        } else {
            None
        };
        let depth = self.open.len();
        self.value(key)?;
        if self.open.len() > depth { Ok(()) } else { self.separator() }
    }

    /// Reads on behind a value: the ends of containers, up to and with the comma of one.
    fn separator(&mut self) -> Result<(), Fault> {
        while let Some(frame) = self.open.last().copied() {
            self.trivia()?;
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(byte) if byte == frame.closer => self.close(frame),
                _ => return Err(self.fault(FaultKind::Separator)),
            }
        }
        Ok(())
    }

    fn close(&mut self, frame: Frame) {
        self.at += 1;
        self.tree.close(frame.id, self.at);
        self.open.pop();
    }

    /// Reads a scalar, or the opening bracket of a container.
    fn value(&mut self, key: Option<Span>) -> Result<(), Fault> {
        let start = self.at;
        let kind = match self.peek() {
            Some(quote @ (b'"' | b'\'')) => {
                self.string(quote)?;
                Kind::String
            }
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'I' | b'N') => {
                self.number(key)?;
                Kind::Number
            }
            Some(b't') => self.literal(b"true", Kind::Bool, key)?,
            Some(b'f') => self.literal(b"false", Kind::Bool, key)?,
            Some(b'n') => self.literal(b"null", Kind::Null, key)?,
            _ => return Err(self.no_value(key)),
        };
        let is_container = matches!(kind, Kind::Object | Kind::Array);
        if is_container {
            if self.open.len() == MAX_DEPTH {
                return Err(self.fault(FaultKind::Depth));
            }
            self.at += 1;
        }
        let (parent, previous) = match self.open.last() {
            Some(frame) => (Some(frame.id), frame.last),
            None => (None, None),
        };
        let id = self.tree.push(kind, Span::new(start, self.at), key, parent, previous);
        if let Some(frame) = self.open.last_mut() {
            frame.last = Some(id);
        }
        if is_container {
            let closer = if kind == Kind::Object { b'}' } else { b']' };
            self.open.push(Frame { id, closer, last: None });
        }
        Ok(())
    }

    fn literal(&mut self, word: &[u8], kind: Kind, key: Option<Span>) -> Result<Kind, Fault> {
        let end = self.at + word.len();
        if !self.bytes[self.at..].starts_with(word) || self.is_name_part(end) {
            return Err(self.no_value(key));
        }
        self.at = end;
        Ok(kind)
    }

    fn number(&mut self, key: Option<Span>) -> Result<(), Fault> {
        let start = self.at;
        match self.peek() {
            Some(b'+') => {
                self.strict = false;
                self.at += 1;
            }
            Some(b'-') => self.at += 1,
            _ => {}
        }
        let first = self.at;
        match self.peek() {
            Some(b'0') if matches!(self.bytes.get(first + 1), Some(b'x' | b'X')) => {
                self.strict = false;
                self.at += 2;
                if self.digits(u8::is_ascii_hexdigit) == 0 {
                    return Err(self.fault(FaultKind::HexDigits));
                }
            }
            Some(b'0'..=b'9' | b'.') => self.decimal()?,
            Some(b'I' | b'N') => {
                let rest = &self.bytes[first..];
                let word: &[u8] = if rest.starts_with(b"I") { b"Infinity" } else { b"NaN" };
                if !rest.starts_with(word) || self.is_name_part(first + word.len()) {
                    self.at = start;
                    return Err(self.no_value(key));
                }
                self.strict = false;
                self.at += word.len();
                return Ok(());
            }
            _ => return Err(self.fault(FaultKind::Digits)),
        }
        if matches!(self.peek(), Some(b'.')) || self.is_name_part(self.at) {
            return Err(Fault { offset: start, kind: FaultKind::NumberTail });
        }
        Ok(())
    }

    fn decimal(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let whole = self.digits(u8::is_ascii_digit);
        if whole > 1 && self.bytes[start] == b'0' {
            return Err(Fault { offset: start, kind: FaultKind::LeadingZero });
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            let fraction = self.digits(u8::is_ascii_digit);
            if whole == 0 && fraction == 0 {
                return Err(self.fault(FaultKind::Digits));
            }
            self.strict &= whole > 0 && fraction > 0;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits(u8::is_ascii_digit) == 0 {
                return Err(self.fault(FaultKind::ExponentDigits));
            }
        }
        Ok(())
    }

    /// Skips digits and says how many.
    fn digits(&mut self, is_digit: fn(&u8) -> bool) -> usize {
        let count = self.bytes[self.at..].iter().take_while(|byte| is_digit(byte)).count();
        self.at += count;
        count
    }

    /// Skips a string with its quotes.
    fn string(&mut self, quote: u8) -> Result<(), Fault> {
        let start = self.at;
        self.strict &= quote == b'"';
        self.at += 1;
        loop {
            let Some(byte) = self.peek() else {
                return Err(self.fault(FaultKind::EndInString { start }));
            };
            if PLAIN[usize::from(byte)] {
                self.at += 1;
                continue;
            }
            match byte {
                _ if byte == quote => {
                    self.at += 1;
                    return Ok(());
                }
                b'"' | b'\'' => self.at += 1,
                b'\\' => self.escape(start)?,
                b'\n' | b'\r' => {
                    return Err(Fault { offset: start, kind: FaultKind::OpenString });
                }
                // A raw control character.
                _ => {
                    self.strict = false;
                    self.at += 1;
                }
            }
        }
    }

    /// Skips an escape sequence in the string that starts at `start`.
    fn escape(&mut self, start: usize) -> Result<(), Fault> {
        let backslash = self.at;
        let fault = |kind| Err(Fault { offset: backslash, kind });
        let Some(escaped) = self.bytes.get(backslash + 1).copied() else {
            self.at = self.bytes.len();
            return Err(self.fault(FaultKind::EndInString { start }));
        };
        self.at += 2;
        match escaped {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
            b'u' => {
                if self.hex_digits(4).is_none() {
                    return fault(FaultKind::UnicodeEscape);
                }
            }
            b'x' => {
                self.strict = false;
                if self.hex_digits(2).is_none() {
                    return fault(FaultKind::HexEscape);
                }
            }
            b'1'..=b'9' => return fault(FaultKind::OctalEscape),
            b'0' => {
                self.strict = false;
                if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                    return fault(FaultKind::OctalEscape);
                }
            }
            b'\r' => {
                self.strict = false;
                if self.peek() == Some(b'\n') {
                    self.at += 1;
                }
            }
            // Continuations and characters that stand for themselves. The bytes of a longer
            // character behind its first are plain to the loop.
            _ => self.strict = false,
        }
        Ok(())
    }

    fn hex_digits(&mut self, count: usize) -> Option<u32> {
        let digits = self.source.get(self.at..self.at + count)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at += count;
        u32::from_str_radix(digits, 16).ok()
    }

    fn key(&mut self, frame: Frame) -> Result<Span, Fault> {
        let start = self.at;
        match self.peek() {
            Some(quote @ (b'"' | b'\'')) => self.string(quote)?,
            _ => {
                self.strict = false;
                self.name()?;
                if self.at == start {
                    return Err(self.fault(FaultKind::Key { first: frame.last.is_none() }));
                }
            }
        }
        Ok(Span::new(start, self.at))
    }

    /// Skips an unquoted key; nothing where none starts here.
    fn name(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while let Some(byte) = self.peek() {
            let first = self.at == start;
            if ident::is_ascii_part(byte) && !(first && byte.is_ascii_digit()) {
                self.at += 1;
            } else if byte == b'\\' {
                let backslash = self.at;
                let fault = |kind| Err(Fault { offset: backslash, kind });
                if self.bytes.get(backslash + 1) != Some(&b'u') {
                    return fault(FaultKind::NameEscape);
                }
                self.at += 2;
                let Some(code) = self.hex_digits(4) else {
                    return fault(FaultKind::UnicodeEscape);
                };
                let accepted = if first { ident::is_start } else { ident::is_part };
                if !char::from_u32(code).is_some_and(accepted) {
                    return fault(FaultKind::NameEscape);
                }
            } else if byte >= 0x80 {
                let Some(character) = self.character(self.at) else { break };
                let accepted = if first { ident::is_start } else { ident::is_part };
                if !accepted(character) {
                    break;
                }
                self.at += character.len_utf8();
            } else {
                break;
            }
        }
        Ok(())
    }

    /// Skips white space and comments.
    #[inline]
    fn trivia(&mut self) -> Result<(), Fault> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                Some(b'/' | 0x0B | 0x0C | 0x80..) => {
                    if !self.rare_trivia()? {
                        return Ok(());
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    /// Skips a comment or a white space character that strict JSON does not have; false where
    /// there is neither.
    fn rare_trivia(&mut self) -> Result<bool, Fault> {
        let start = self.at;
        let rest = &self.bytes[start..];
        match rest {
            [b'/', b'/', ..] => self.at = trivia::line_comment_end(self.bytes, start),
            [b'/', b'*', ..] => match trivia::block_comment_end(self.bytes, start) {
                Some(end) => self.at = end,
                None => {
                    let kind = FaultKind::EndInComment { start };
                    return Err(Fault { offset: self.bytes.len(), kind });
                }
            },
            _ => {
                let length = trivia::space_length(rest);
                self.at += length;
                self.strict &= length == 0;
                return Ok(length > 0);
            }
        }
        self.strict = false;
        self.tree.push_comment(Span::new(start, self.at));
        Ok(true)
    }

    fn is_name_part(&self, at: usize) -> bool {
        match self.bytes.get(at) {
            Some(byte) if byte.is_ascii() => ident::is_ascii_part(*byte) || *byte == b'\\',
            Some(_) => self.character(at).is_some_and(ident::is_part),
            None => false,
        }
    }

    fn character(&self, at: usize) -> Option<char> {
        self.source.get(at..)?.chars().next()
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn no_value(&self, key: Option<Span>) -> Fault {
        let kind = match self.open.last() {
            Some(frame) if key.is_none() => FaultKind::Element { first: frame.last.is_none() },
            _ => FaultKind::Value,
        };
        self.fault(kind)
    }

    fn fault(&self, kind: FaultKind) -> Fault {
        Fault { offset: self.at, kind }
    }

    /// The innermost container that is open.
    fn enclosing(&self) -> Option<Enclosing> {
        self.open.last().map(|frame| Enclosing {
            kind: self.tree.kind(frame.id),
            start: self.tree.span(frame.id).start as usize,
        })
    }
}

/// The bytes that mean themselves in every string.
const PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut byte = 0;
    while byte < 0x20 {
        plain[byte] = false;
        byte += 1;
    }
    plain[b'"' as usize] = false;
    plain[b'\'' as usize] = false;
    plain[b'\\' as usize] = false;
    plain
};
