//! Gaps: what stands between the members of a container, and whose comments these are.
//!
//! A comment directly above a member, or on its line, is the member's. One that opens the container, or
//! is set off by a blank line, or is switched-off configuration, is the container's.
//!
//! This module decides only; it never changes a text.

use super::reader;
use super::trivia::{block_comment_end, is_wide_line_end, line_comment_end, space_length};
use crate::doc::Kind;
use crate::doc::tree::NodeId;

/// The pieces between two members, or between a member and a bracket.
#[derive(Debug)]
pub(super) struct Gap {
    pub(super) pieces: Vec<Piece>,
}

/// A stretch of a gap.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) kind: PieceKind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Meaningful for comments.
    pub(super) owner: Owner,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PieceKind {
    /// White space within a line.
    Space,
    /// The end of a line.
    LineEnd,
    LineComment,
    BlockComment,
    Comma,
}

/// Whom a comment goes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The member before the gap.
    Previous,
    /// The member behind the gap.
    Next,
    /// Neither: it stays.
    Container,
}

/// What bounds a gap on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    Bracket,
    Item,
}

impl Piece {
    pub(super) fn is_comment(self) -> bool {
        matches!(self.kind, PieceKind::LineComment | PieceKind::BlockComment)
    }

    pub(super) fn text(self, source: &str) -> &str {
        &source[self.start..self.end]
    }
}

impl Gap {
    /// Takes `source[start..end]` apart; `container` is the kind of what the gap lies in.
    pub(super) fn read(
        source: &str,
        (start, left): (usize, Bound),
        (end, right): (usize, Bound),
        container: Kind,
    ) -> Self {
        let mut gap = Self { pieces: pieces(source, start, end) };
        gap.claim(source, left, right, container);
        gap
    }

    pub(super) fn comma(&self) -> Option<Piece> {
        self.pieces.iter().copied().find(|piece| piece.kind == PieceKind::Comma)
    }

    pub(super) fn has_line_end(&self) -> bool {
        self.pieces.iter().any(|piece| piece.kind == PieceKind::LineEnd)
    }

    pub(super) fn comments(&self) -> impl Iterator<Item = Piece> {
        self.pieces.iter().copied().filter(|piece| piece.is_comment())
    }

    pub(super) fn owned_by(&self, owner: Owner) -> impl Iterator<Item = Piece> {
        self.comments().filter(move |piece| piece.owner == owner)
    }

    /// The pieces of the line that the member behind the gap starts on; nothing where the gap has
    /// no line end.
    pub(super) fn last_line(&self) -> Option<&[Piece]> {
        let last = self.pieces.iter().rposition(|piece| piece.kind == PieceKind::LineEnd)?;
        Some(&self.pieces[last + 1..])
    }

    /// Whether the comma stands at the start of the next member's line.
    pub(super) fn is_comma_first(&self) -> bool {
        self.last_line().is_some_and(|line| line.iter().any(|piece| piece.kind == PieceKind::Comma))
    }

    fn claim(&mut self, source: &str, left: Bound, right: Bound, container: Kind) {
        let first_end = self.pieces.iter().position(|piece| piece.kind == PieceKind::LineEnd);
        let comma = self.pieces.iter().position(|piece| piece.kind == PieceKind::Comma);
        let on_first_line = first_end.unwrap_or(self.pieces.len());
        for index in 0..on_first_line {
            // All on one line, the comma parts the members, and with them their comments.
            let is_behind_comma = first_end.is_none() && comma.is_some_and(|comma| index > comma);
            self.pieces[index].owner = match (left, right) {
                (Bound::Bracket, _) => Owner::Container,
                (Bound::Item, Bound::Item) if is_behind_comma => Owner::Next,
                (Bound::Item, Bound::Bracket) if is_behind_comma => Owner::Container,
                (Bound::Item, _) => Owner::Previous,
            };
        }
        let Some(first_end) = first_end else { return };
        let mut lines = self.lines_from(first_end + 1);
        if left == Bound::Item {
            self.claim_aligned(source, &mut lines);
        }
        if right == Bound::Item {
            self.claim_lead(source, &lines, container);
        }
    }

    /// The ranges of pieces that make up the lines from piece `start` on, line ends left out.
    fn lines_from(&self, start: usize) -> Vec<std::ops::Range<usize>> {
        let mut lines = Vec::new();
        let mut begin = start;
        for index in start..self.pieces.len() {
            if self.pieces[index].kind == PieceKind::LineEnd {
                lines.push(begin..index);
                begin = index + 1;
            }
        }
        lines.push(begin..self.pieces.len());
        lines
    }

    /// Gives comments that go on below the comment at the end of a member's line to that member.
    fn claim_aligned(&mut self, source: &str, lines: &mut Vec<std::ops::Range<usize>>) {
        let first_line = self.pieces.iter().take_while(|piece| piece.kind != PieceKind::LineEnd);
        let Some(above) = first_line.last().filter(|piece| piece.kind == PieceKind::LineComment)
        else {
            return;
        };
        let column = column(source, above.start);
        let count = lines
            .iter()
            .take_while(|line| {
                let pieces = &self.pieces[(*line).clone()];
                let comment = pieces.iter().find(|piece| piece.kind != PieceKind::Space);
                comment.is_some_and(|piece| {
                    piece.kind == PieceKind::LineComment
                        && self::column(source, piece.start) == column
                })
            })
            .count();
        for line in lines.drain(..count) {
            for piece in &mut self.pieces[line] {
                piece.owner = Owner::Previous;
            }
        }
    }

    /// Gives comments above and on the line of the next member to that member.
    fn claim_lead(&mut self, source: &str, lines: &[std::ops::Range<usize>], container: Kind) {
        let Some((own, above)) = lines.split_last() else { return };
        let is_comment = |index: &usize| self.pieces[*index].is_comment();
        let above = above.iter().rev().take_while(|line| (*line).clone().any(|i| is_comment(&i)));
        let mut lead: Vec<usize> = own.clone().filter(is_comment).rev().collect();
        for line in above {
            lead.extend(line.clone().rev().filter(is_comment));
        }
        lead.reverse();
        let texts: Vec<&str> =
            lead.iter().map(|index| inner_text(self.pieces[*index].text(source))).collect();
        let switched_off = switched_off_count(&texts, container);
        for index in &lead[switched_off..] {
            self.pieces[*index].owner = Owner::Next;
        }
    }
}

/// Whether a comment is a member or an element that somebody switched off.
pub(super) fn is_switched_off(comment: &str, container: Kind) -> bool {
    parses_as_item(inner_text(comment), container)
}

/// How many of `texts`, from the first on, end with switched-off configuration.
fn switched_off_count(texts: &[&str], container: Kind) -> usize {
    /// A switched-off block of more lines than this is not recognised as one.
    const LONGEST: usize = 64;
    for last in (0..texts.len()).rev() {
        let mut block = String::new();
        for first in (last.saturating_sub(LONGEST)..=last).rev() {
            block.insert(0, '\n');
            block.insert_str(0, texts[first]);
            if parses_as_item(&block, container) {
                return last + 1;
            }
        }
    }
    0
}

fn parses_as_item(text: &str, container: Kind) -> bool {
    let wrapped = match container {
        // A member needs a colon; most comments are told apart by that.
        Kind::Object if !text.contains(':') => return false,
        Kind::Object => format!("{{{text}\n}}"),
        _ => format!("[{text}\n]"),
    };
    reader::read(&wrapped).is_ok_and(|(tree, _)| tree.first_child(NodeId::ROOT).is_some())
}

/// A comment without its delimiters.
fn inner_text(comment: &str) -> &str {
    match comment.strip_prefix("/*") {
        Some(block) => block.strip_suffix("*/").unwrap_or(block),
        None => comment.strip_prefix("//").unwrap_or(comment),
    }
}

/// How many characters stand before `offset` on its line.
fn column(source: &str, offset: usize) -> usize {
    source[line_start(source, offset)..offset].chars().count()
}

/// Where the line that `offset` lies on starts.
pub(super) fn line_start(source: &str, offset: usize) -> usize {
    memchr::memrchr2(b'\n', b'\r', &source.as_bytes()[..offset]).map_or(0, |end| end + 1)
}

/// The white space that the line of `offset` starts with.
pub(super) fn line_indent(source: &str, offset: usize) -> &str {
    let start = line_start(source, offset);
    let line = source[start..offset].trim_start_matches('\u{FEFF}');
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

fn pieces(source: &str, start: usize, end: usize) -> Vec<Piece> {
    let bytes = source.as_bytes();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut at = start;
    while at < end {
        let begin = at;
        let kind = match bytes[at] {
            b',' => {
                at += 1;
                PieceKind::Comma
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at = line_comment_end(bytes, at);
                PieceKind::LineComment
            }
            b'/' => {
                at = block_comment_end(bytes, at).unwrap_or(end);
                PieceKind::BlockComment
            }
            b'\r' if bytes.get(at + 1) == Some(&b'\n') => {
                at += 2;
                PieceKind::LineEnd
            }
            b'\n' | b'\r' => {
                at += 1;
                PieceKind::LineEnd
            }
            _ if is_wide_line_end(&bytes[at..]) => {
                at += 3;
                PieceKind::LineEnd
            }
            _ => {
                // At least one byte: a gap holds trivia and commas only.
                at += space_length(&bytes[at..]).max(1);
                PieceKind::Space
            }
        };
        match pieces.last_mut() {
            Some(last) if kind == PieceKind::Space && last.kind == kind => last.end = at,
            _ => pieces.push(Piece { kind, start: begin, end: at, owner: Owner::Container }),
        }
    }
    pieces
}
