//! Removal: members go with their comments and one comma each, and leave no hole.
//!
//! Lines that hold nothing else go as a whole; comments that belong to nobody, to a neighbour or are
//! switched-off configuration stay.
//!
//! This module never touches a byte outside of the gaps around what goes.

use std::ops::Range;

use super::container::Container;
use super::gap::{Gap, Owner, Piece, PieceKind, is_switched_off};
use crate::text::{Span, Splice};

/// Why members go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Departure {
    /// They are removed; switched-off configuration on their line stays.
    Removed,
    /// The one at `index` moves on, with all of its comments; the others are removed.
    Moved {
        /// The index of the member.
        index: usize,
    },
}

/// Plans the removal of members.
pub(super) struct Removal {
    pub(super) splices: Vec<Splice>,
    /// The comments around the members that go with them.
    pub(super) comments: Vec<Span>,
}

/// Plans to take the members at `indices`, which ascend, out of `container`.
pub(super) fn remove(
    container: &Container<'_>,
    indices: &[usize],
    departure: Departure,
) -> Removal {
    let mut removal = Removal { splices: Vec::new(), comments: Vec::new() };
    for run in indices.chunk_by(|one, next| one + 1 == *next) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        let hole = Hole::read(container, *first..*last + 1, departure);
        let comments = hole.tokens.iter().filter(|token| token.fate == Fate::GoesComment);
        removal.comments.extend(comments.map(|token| Span::new(token.start, token.end)));
        removal.splices.extend(hole.splice(container.source()));
    }
    removal
}

/// What becomes of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Stays,
    GoesItem,
    GoesComment,
    GoesComma,
}

/// A member, or a piece of the gaps around.
#[derive(Clone, Copy, Debug)]
struct Token {
    kind: TokenKind,
    start: usize,
    end: usize,
    fate: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TokenKind {
    Item,
    Piece(PieceKind),
}

impl Token {
    fn stays(&self) -> bool {
        self.fate == Fate::Stays
    }

    fn is(&self, kind: PieceKind) -> bool {
        self.kind == TokenKind::Piece(kind)
    }

    /// Whether this is something to see.
    fn is_solid(&self) -> bool {
        !self.is(PieceKind::Space) && !self.is(PieceKind::LineEnd)
    }

    fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// The stretch from what stays before to what stays behind.
struct Hole {
    tokens: Vec<Token>,
    start: usize,
    end: usize,
    has_previous: bool,
    has_next: bool,
    /// Whether lines start with commas here.
    comma_first: bool,
}

/// One line of what is left of a hole.
#[derive(Debug)]
struct Line {
    text: String,
    /// The line end as written; empty for the last line.
    end: String,
    /// Whether lines were taken out right before this one.
    behind_cut: bool,
    ends_in_comment: bool,
}

impl Line {
    fn is_blank(&self) -> bool {
        self.text.chars().all(char::is_whitespace)
    }
}

impl Hole {
    fn read(container: &Container<'_>, indices: Range<usize>, departure: Departure) -> Self {
        let source = container.source();
        let mut tokens = Vec::new();
        let count = container.items.len();
        let has_previous = indices.start > 0;
        let has_next = indices.end < count;
        for index in indices.start..=indices.end {
            let gap = container.gap(index);
            let goes = |piece: Piece| match piece.owner {
                Owner::Previous => {
                    index > indices.start
                        && (departure == Departure::Moved { index: index - 1 }
                            || !is_switched_off(piece.text(source), container.kind))
                }
                Owner::Next => index < indices.end,
                Owner::Container => false,
            };
            push_gap(&mut tokens, &gap, goes);
            if index < indices.end {
                let item = container.items[index];
                let (start, end) = (item.start(), item.end());
                tokens.push(Token { kind: TokenKind::Item, start, end, fate: Fate::GoesItem });
            }
        }
        let start = tokens.first().map_or(container.open, |token| token.start);
        let end = tokens.last().map_or(container.close, |token| token.end);
        let comma_first = [indices.start, indices.end]
            .into_iter()
            .any(|index| index < count && container.gap(index).is_comma_first());
        let mut hole = Self { tokens, start, end, has_previous, has_next, comma_first };
        let had_trailing = !has_next && container.has_trailing_comma() == Some(true);
        hole.choose_comma(had_trailing);
        hole
    }

    /// Marks all commas but the one that the neighbours need.
    fn choose_comma(&mut self, had_trailing: bool) {
        let mut commas: Vec<&mut Token> =
            self.tokens.iter_mut().filter(|token| token.is(PieceKind::Comma)).collect();
        let kept = match (self.has_previous, self.has_next) {
            (true, true) if self.comma_first => commas.len().checked_sub(1),
            (true, true) => Some(0),
            (true, false) if had_trailing => Some(0),
            _ => None,
        };
        for (index, comma) in commas.iter_mut().enumerate() {
            if Some(index) != kept {
                comma.fate = Fate::GoesComma;
            }
        }
    }

    fn splice(&self, source: &str) -> Option<Splice> {
        let is_empty = !self.has_previous
            && !self.has_next
            && !self.tokens.iter().any(|token| token.stays() && token.is_solid());
        let text = if is_empty {
            String::new()
        } else if let Some(before) = self.before_first_of_comma_first() {
            source[self.start..before].to_owned()
        } else {
            self.text(source)
        };
        trimmed_splice(source, self.start, self.end, &text)
    }

    /// Where the first member starts, when it goes and the next one, whose line starts with a
    /// comma, can take its place.
    fn before_first_of_comma_first(&self) -> Option<usize> {
        if !self.comma_first || self.has_previous || !self.has_next {
            return None;
        }
        let first = self.tokens.iter().position(|token| token.kind == TokenKind::Item)?;
        let (before, behind) = self.tokens.split_at(first);
        let is_plain = before.iter().all(Token::stays)
            && !behind.iter().any(|token| token.stays() && token.is_solid());
        is_plain.then_some(self.tokens[first].start)
    }

    /// What is left of the hole.
    fn text(&self, source: &str) -> String {
        let mut lines = Vec::new();
        let groups: Vec<&[Token]> =
            self.tokens.split_inclusive(|token| token.is(PieceKind::LineEnd)).collect();
        // Without a line end behind it the last line is the one of what stays behind.
        let ends_open = !self.tokens.last().is_some_and(|token| token.is(PieceKind::LineEnd));
        let count = groups.len() + usize::from(!ends_open);
        let mut cut = false;
        for index in 0..count {
            let tokens = groups.get(index).copied().unwrap_or_default();
            let (is_first, is_last) = (index == 0, index + 1 == count);
            let (body, end) = match tokens.split_last() {
                Some((end, body)) if end.is(PieceKind::LineEnd) => (body, Some(end)),
                _ => (tokens, None),
            };
            let is_touched = body.iter().any(|token| !token.stays());
            let is_bare = !body.iter().any(|token| token.stays() && token.is_solid());
            if is_touched && is_bare && !is_first && !is_last {
                cut = true;
                continue;
            }
            let text = if is_touched {
                self.line(source, body, is_last)
            } else {
                body.iter().map(|token| &source[token.range()]).collect()
            };
            let comment = body.iter().rev().find(|token| token.stays() && token.is_solid());
            lines.push(Line {
                text,
                end: end.map(|end| source[end.range()].to_owned()).unwrap_or_default(),
                behind_cut: std::mem::take(&mut cut),
                ends_in_comment: comment.is_some_and(|token| token.is(PieceKind::LineComment)),
            });
            if is_touched && is_last && is_bare && !is_first && !self.has_next {
                // The bracket shared the line of what went: it goes to the end of the line before.
                join_bracket(&mut lines);
            }
        }
        self.close_ranks(&mut lines);
        lines.into_iter().map(|line| line.text + &line.end).collect()
    }

    /// What is left of one line.
    fn line(&self, source: &str, tokens: &[Token], is_last: bool) -> String {
        let mut text = String::new();
        let mut rest = tokens;
        while let Some(first) = rest.first() {
            let is_part = |token: &&Token| !token.stays() || token.is(PieceKind::Space);
            let (run, behind) = rest.split_at(rest.iter().take_while(is_part).count());
            if run.iter().all(Token::stays) {
                text.extend(run.iter().map(|token| &source[token.range()]));
                // Something to see, which ended the run.
                text.extend(behind.first().map(|token| &source[token.range()]));
                rest = behind.get(1..).unwrap_or_default();
                continue;
            }
            let space = |token: &Token| if token.stays() { &source[token.range()] } else { "" };
            if behind.is_empty() && !is_last {
                // The line ends here, and white space would be left at its end.
            } else if behind.is_empty() && !self.has_next {
                text.push_str(run.last().map_or("", space));
            } else if run.iter().all(|token| token.stays() || token.fate == Fate::GoesComma) {
                text.extend(run.iter().map(space));
            } else if text.is_empty() || first.is(PieceKind::Space) {
                text.push_str(space(first));
            } else {
                text.push_str(run.last().map_or("", space));
            }
            rest = behind;
        }
        text
    }

    /// Takes blank lines out where two groups of them meet, or one meets a bracket.
    fn close_ranks(&self, lines: &mut Vec<Line>) {
        let Some(cut) = lines.iter().position(|line| line.behind_cut) else { return };
        let last = lines.len() - 1;
        // The first and the last line hold what stays before and behind.
        let inner = 1..last.max(1);
        let is_blank = |index: &usize| inner.contains(index) && lines[*index].is_blank();
        let above = (0..cut).rev().take_while(is_blank).count();
        let below = (cut..last).take_while(is_blank).count();
        let meets_open = !self.has_previous && cut - above == 1;
        let meets_close = !self.has_next && cut + below == last;
        if meets_close {
            lines.drain(cut - above..cut);
        } else if meets_open {
            lines.drain(cut..cut + below);
        } else if above > 0 && below > 0 {
            let range = if above < below { cut - above..cut } else { cut..cut + below };
            lines.drain(range);
        }
    }
}

fn join_bracket(lines: &mut Vec<Line>) {
    let Some(last) = lines.pop() else { return };
    match lines.last_mut() {
        Some(previous) if !previous.ends_in_comment => {
            previous.text.push_str(&last.text);
            previous.end.clear();
        }
        _ => lines.push(last),
    }
}

fn push_gap(tokens: &mut Vec<Token>, gap: &Gap, goes: impl Fn(Piece) -> bool) {
    for piece in &gap.pieces {
        let fate = if piece.is_comment() && goes(*piece) { Fate::GoesComment } else { Fate::Stays };
        let kind = TokenKind::Piece(piece.kind);
        tokens.push(Token { kind, start: piece.start, end: piece.end, fate });
    }
}

/// Replaces `source[start..end]` by `text` without touching what both begin and end with.
pub(super) fn trimmed_splice(source: &str, start: usize, end: usize, text: &str) -> Option<Splice> {
    let old = &source[start..end];
    if old == text {
        return None;
    }
    let same = |(one, two): &(&u8, &u8)| one == two;
    let mut head = old.bytes().zip(text.bytes()).take_while(|(one, two)| one == two).count();
    while !old.is_char_boundary(head) {
        head -= 1;
    }
    let (old_rest, text_rest) = (&old[head..], &text[head..]);
    let pairs = old_rest.as_bytes().iter().rev().zip(text_rest.as_bytes().iter().rev());
    let mut tail = pairs.take_while(same).count();
    while !old_rest.is_char_boundary(old_rest.len() - tail) {
        tail -= 1;
    }
    let span = Span::new(start + head, end - tail);
    Some(Splice::new(span, &text_rest[..text_rest.len() - tail]))
}
