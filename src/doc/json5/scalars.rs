//! Scalars as the reader steps over them: their extent, and whether strict JSON has them.
//!
//! This module never decodes; see [`super::number`] and [`super::string`].

use super::fault::{Fault, FaultKind};
use super::reader::Reader;
use crate::doc::Kind;
use crate::text::Span;

impl Reader<'_> {
    pub(super) fn literal(
        &mut self,
        word: &[u8],
        kind: Kind,
        key: Option<Span>,
    ) -> Result<Kind, Fault> {
        let end = self.at + word.len();
        if !self.bytes[self.at..].starts_with(word) || self.is_name_part(end) {
            return Err(self.no_value(key));
        }
        self.at = end;
        Ok(kind)
    }

    pub(super) fn number(&mut self, key: Option<Span>) -> Result<(), Fault> {
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
    pub(super) fn string(&mut self, quote: u8) -> Result<(), Fault> {
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

    pub(super) fn hex_digits(&mut self, count: usize) -> Option<u32> {
        let digits = self.source.get(self.at..self.at + count)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at += count;
        u32::from_str_radix(digits, 16).ok()
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
