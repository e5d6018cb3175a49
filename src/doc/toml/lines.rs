//! The lines of a text and whose its comments are.
//!
//! A comment directly above something on a line of its own, and one behind it on the same line, is
//! its own. One that is set off by a blank line is the container's. One that reads as TOML is
//! switched-off configuration: it, and what stands above it, is nobody's.

use super::super::Document;
use super::outline::Section;
use super::read;
use crate::text::{Layout, Newline, Span, Splice};

/// What a line holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Blank,
    /// Nothing but a comment, and where it stands.
    Comment(Span),
    Other,
}

/// What a comment says when its `#` is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Prose,
    /// A key with a value, or elements of an array.
    Entry,
    Header,
}

/// A text as lines.
#[derive(Clone, Copy)]
pub(super) struct Lines<'d> {
    source: &'d str,
    comments: &'d [Span],
    newline: Newline,
}

impl<'d> Lines<'d> {
    pub(super) fn of(document: &'d Document) -> Self {
        let source = document.source();
        Self { source, comments: document.tree().comments(), newline: Layout::of(source).newline }
    }

    /// Where the first line starts: behind a byte-order mark.
    pub(super) fn first(&self) -> usize {
        if self.source.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
    }

    /// Where the line of `offset` starts.
    pub(super) fn start(&self, offset: usize) -> usize {
        self.source[..offset].rfind('\n').map_or(0, |at| at + 1).max(self.first())
    }

    /// Where the line of `offset` ends, its newline included.
    pub(super) fn end(&self, offset: usize) -> usize {
        self.source[offset..].find('\n').map_or(self.source.len(), |at| offset + at + 1)
    }

    /// Where the line of `offset` ends, its newline not included.
    pub(super) fn text_end(&self, offset: usize) -> usize {
        let end = self.end(offset);
        offset + self.source[offset..end].trim_end_matches(['\r', '\n']).len()
    }

    /// The white space in front of `offset`, where there is nothing else on its line.
    pub(super) fn indent(&self, offset: usize) -> Option<&'d str> {
        let before = &self.source[self.start(offset)..offset];
        before.bytes().all(|byte| matches!(byte, b' ' | b'\t')).then_some(before)
    }

    fn line(&self, start: usize) -> Line {
        let text = &self.source[start..self.text_end(start)];
        let inner = start + (text.len() - text.trim_start_matches([' ', '\t']).len());
        if inner == start + text.len() {
            return Line::Blank;
        }
        let index = self.comments.partition_point(|comment| (comment.start as usize) < inner);
        match self.comments.get(index) {
            Some(comment) if comment.start as usize == inner => Line::Comment(*comment),
            _ => Line::Other,
        }
    }

    /// Whether the line that starts at `start` holds nothing; true past the end.
    pub(super) fn is_blank(&self, start: usize) -> bool {
        start >= self.source.len() || self.line(start) == Line::Blank
    }

    /// Whether the line before the one that starts at `start` holds nothing; true before the first.
    pub(super) fn is_blank_before(&self, start: usize) -> bool {
        start <= self.first() || self.line(self.start(start - 1)) == Line::Blank
    }

    /// Where the lines of something at `offset`, first on its line, start: its own comments, the
    /// nearest ones above that are no switched-off configuration, included.
    pub(super) fn own_start(&self, offset: usize) -> usize {
        let mut start = self.start(offset);
        while start > self.first() {
            let above = self.start(start - 1);
            match self.line(above) {
                Line::Comment(comment) if said(comment.slice(self.source)) == Said::Prose => {
                    start = above;
                }
                _ => break,
            }
        }
        start
    }

    /// The comment behind `offset` on its line, commas between.
    pub(super) fn behind(&self, offset: usize) -> Option<Span> {
        let index = self.comments.partition_point(|comment| (comment.start as usize) < offset);
        let comment = *self.comments.get(index)?;
        let between = &self.source[offset..comment.start as usize];
        between.chars().all(|c| matches!(c, ' ' | '\t' | ',')).then_some(comment)
    }

    /// The comments inside of `span`.
    pub(super) fn comments_in(&self, span: Span) -> impl Iterator<Item = Span> + 'd {
        let first = self.comments.partition_point(|comment| comment.start < span.start);
        self.comments[first..].iter().copied().take_while(move |comment| comment.end <= span.end)
    }

    /// Where what belongs to `section` ends, newline included: its last entry, the comments right
    /// under it, and switched-off entries further down. What else stands there belongs to what
    /// follows, `next`.
    pub(super) fn section_end(&self, section: &Section, next: Option<&Section>) -> usize {
        let header = next.and_then(|next| next.header.as_ref());
        let limit =
            header.map_or(self.source.len(), |header| self.own_start(header.span.start as usize));
        // What stands above everything is about the file.
        let Some(end) = section.end() else { return limit };
        let mut end = self.end(end);
        let mut at = end;
        let mut attached = true;
        while at < limit {
            let next = self.end(at);
            match self.line(at) {
                Line::Blank => attached = false,
                Line::Comment(comment) => match said(comment.slice(self.source)) {
                    Said::Header => break,
                    Said::Entry => end = next,
                    Said::Prose if attached => end = next,
                    Said::Prose => {}
                },
                Line::Other => break,
            }
            at = next;
        }
        end
    }

    /// Where the comment lines that follow `start` without a gap end, `limit` at most.
    pub(super) fn comments_below(&self, start: usize, limit: usize) -> usize {
        let mut end = start;
        while end < limit && matches!(self.line(end), Line::Comment(_)) {
            end = self.end(end);
        }
        end
    }

    /// Whether the line before `offset`, a start of a line or the end of the text, is a comment.
    pub(super) fn ends_in_comment(&self, offset: usize) -> bool {
        let start = self.start(offset);
        let last = if start < offset { start } else { self.start(offset.saturating_sub(1)) };
        offset > self.first() && matches!(self.line(last), Line::Comment(_))
    }

    /// Whether the line before `offset`, a start of a line or the end of the text, holds nothing.
    pub(super) fn ends_blank(&self, offset: usize) -> bool {
        let start = self.start(offset);
        if start < offset { self.is_blank(start) } else { self.is_blank_before(offset) }
    }

    /// `span`, which covers whole lines, with the blank lines that its removal would leave over.
    pub(super) fn with_blanks(&self, span: Span) -> Span {
        let (mut start, mut end) = (span.start as usize, span.end as usize);
        if self.is_blank_before(start) {
            while end < self.source.len() && self.is_blank(end) {
                end = self.end(end);
            }
            if end == self.source.len() {
                while start > self.first() && self.is_blank_before(start) {
                    start = self.start(start - 1);
                }
            }
        }
        // A text whose last line is not ended stays one.
        if end == self.source.len() && !self.source.ends_with('\n') && start > self.first() {
            let before = self.source[..start].trim_end_matches('\n');
            start = before.strip_suffix('\r').unwrap_or(before).len();
        }
        Span::new(start, end)
    }

    /// How most lines end.
    pub(super) fn newline(&self) -> &'static str {
        self.newline.as_str()
    }

    /// The insertion of `text`, whole lines, at `offset`, where a line starts or the text ends.
    pub(super) fn insertion(&self, offset: usize, text: &str) -> Splice {
        let unended =
            offset == self.source.len() && offset > self.first() && !self.source.ends_with('\n');
        if !unended {
            return Splice::insert(offset, text);
        }
        let newline = self.newline();
        let text = text.strip_suffix(newline).unwrap_or(text);
        Splice::insert(offset, format!("{newline}{text}"))
    }
}

/// What the comment `text` says.
fn said(text: &str) -> Said {
    let inner = text.trim_start_matches('#').trim();
    // Cheap first: most comments are prose without any of these.
    if !inner.contains(['=', '[', '"', '\'', ',']) {
        return Said::Prose;
    }
    let entry = inner.trim_end_matches(',');
    if let Ok((tree, outline)) = read(entry)
        && tree.len() > 1
    {
        return if outline.sections.len() > 1 { Said::Header } else { Said::Entry };
    }
    match read(&format!("x = [{inner}\n]")) {
        Ok((tree, _)) if tree.len() > 2 => Said::Entry,
        _ => Said::Prose,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switched_off_configuration_is_told_from_prose() {
        for (text, expected) in [
            ("# about b", Said::Prose),
            ("#", Said::Prose),
            ("# the default, a = b, is slow", Said::Prose),
            ("# [ten] or so", Said::Prose),
            ("# see [1], [2]", Said::Prose),
            ("# b = 2", Said::Entry),
            ("#b.c = \"x\",", Said::Entry),
            ("## \"one\", 'two',", Said::Entry),
            ("# [section]", Said::Header),
            ("#[[list]] # more", Said::Header),
        ] {
            assert_eq!(said(text), expected, "{text}");
        }
    }
}
