//! Several plans, each made on the text that the one before leads to, as one plan.

use super::super::edit::Plan;
use super::super::{Change, Document, EditError, Format, KeyPath};
use crate::text::{Span, Splice, apply};

/// A part of the text so far.
#[derive(Clone, Debug)]
enum Piece {
    /// Bytes of the text at the start.
    Kept(Span),
    Fresh(String),
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Self::Kept(span) => span.len(),
            Self::Fresh(text) => text.len(),
        }
    }

    fn part(&self, start: usize, end: usize) -> Self {
        match self {
            Self::Kept(span) => {
                let offset = span.start as usize;
                Self::Kept(Span::new(offset + start, offset + end))
            }
            Self::Fresh(text) => Self::Fresh(text[start..end].to_owned()),
        }
    }
}

/// A document on its way through several plans.
pub(super) struct Steps {
    document: Document,
    pieces: Vec<Piece>,
    removed_comments: Vec<Span>,
    /// Length of the text at the start.
    length: usize,
    /// For errors.
    path: KeyPath,
}

impl Steps {
    pub(super) fn of(document: &Document, path: &KeyPath) -> Self {
        let whole = Span::new(0, document.source().len());
        Self {
            document: document.clone(),
            pieces: vec![Piece::Kept(whole)],
            removed_comments: Vec::new(),
            length: document.source().len(),
            path: path.clone(),
        }
    }

    /// The document so far.
    pub(super) fn document(&self) -> &Document {
        &self.document
    }

    /// Makes one more change.
    pub(super) fn change(&mut self, change: &Change) -> Result<(), EditError> {
        let plan = super::plan(&self.document, change)?;
        self.take(plan)
    }

    /// Carries out one more plan, made for [`Steps::document`].
    pub(super) fn take(&mut self, mut plan: Plan) -> Result<(), EditError> {
        if plan.splices.is_empty() {
            return Ok(());
        }
        let fault = |check| EditError::Unverified { path: self.path.clone(), check };
        let source = apply(self.document.source(), &plan.splices).map_err(|_| fault("splices"))?;
        let document = Document::parse(source, Format::Toml).map_err(|_| fault("syntax"))?;
        let removed = plan.removed_comments.iter().filter_map(|span| self.origin(*span));
        let removed: Vec<Span> = removed.collect();
        plan.splices.sort_by_key(|splice| (splice.span.start, splice.span.end));
        let mut pieces = Vec::new();
        let mut done = 0;
        for splice in plan.splices {
            pieces.extend(self.cut(done, splice.span.start as usize));
            pieces.push(Piece::Fresh(splice.text));
            done = splice.span.end as usize;
        }
        pieces.extend(self.cut(done, self.document.source().len()));
        self.document = document;
        self.pieces = pieces;
        self.removed_comments.extend(removed);
        Ok(())
    }

    /// The pieces between two offsets of the text so far.
    fn cut(&self, start: usize, end: usize) -> Vec<Piece> {
        let mut parts = Vec::new();
        let mut offset = 0;
        for piece in &self.pieces {
            let (from, to) = (start.max(offset), end.min(offset + piece.len()));
            if from < to {
                parts.push(piece.part(from - offset, to - offset));
            }
            offset += piece.len();
        }
        parts
    }

    /// Where a span of the text so far stood at the start.
    fn origin(&self, span: Span) -> Option<Span> {
        match self.cut(span.start as usize, span.end as usize).as_slice() {
            [Piece::Kept(origin)] => Some(*origin),
            _ => None,
        }
    }

    /// All the steps as one plan for the text at the start.
    pub(super) fn finish(self) -> Plan {
        let mut splices = Vec::new();
        let mut done = 0;
        let mut fresh = String::new();
        for piece in self.pieces {
            match piece {
                Piece::Fresh(text) => fresh.push_str(&text),
                Piece::Kept(span) => {
                    let gap = Span::new(done, span.start as usize);
                    if !gap.is_empty() || !fresh.is_empty() {
                        splices.push(Splice::new(gap, std::mem::take(&mut fresh)));
                    }
                    done = span.end as usize;
                }
            }
        }
        if done < self.length || !fresh.is_empty() {
            splices.push(Splice::new(Span::new(done, self.length), fresh));
        }
        Plan { splices, removed_comments: self.removed_comments }
    }

    /// As [`Steps::finish`], where all comments were carried along: none may be missing.
    pub(super) fn finish_keeping_comments(self) -> Plan {
        Plan { removed_comments: Vec::new(), ..self.finish() }
    }
}
