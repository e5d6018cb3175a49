//! Splices: the only way a user's text changes.

use super::Span;

/// Replaces the bytes of `span` by `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// What stands there afterwards; empty to remove.
    pub text: String,
}

impl Splice {
    /// A splice that replaces `span` by `text`.
    #[must_use]
    pub fn new(span: Span, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }

    /// A splice that inserts `text` at `offset`.
    #[must_use]
    pub fn insert(offset: usize, text: impl Into<String>) -> Self {
        Self::new(Span::at(offset), text)
    }

    /// A splice that removes `span`.
    #[must_use]
    pub fn remove(span: Span) -> Self {
        Self::new(span, String::new())
    }
}

/// Splices that do not fit together or not into the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpliceError {
    /// Two splices want the same bytes.
    #[error("two splices overlap")]
    Overlap,
    /// A splice lies outside the text or inside a character.
    #[error("a splice lies outside the text")]
    OutOfBounds,
}

/// Applies `splices`, in any order, to `source`.
///
/// Insertions at one offset are made in the order given. Bytes outside the spans are copied as
/// they are.
///
/// # Errors
///
/// [`SpliceError`] where spans overlap or lie outside `source`.
pub fn apply(source: &str, splices: &[Splice]) -> Result<String, SpliceError> {
    let mut sorted: Vec<&Splice> = splices.iter().collect();
    sorted.sort_by_key(|splice| (splice.span.start, splice.span.end));
    let added: usize = sorted.iter().map(|splice| splice.text.len()).sum();
    let mut result = String::with_capacity(source.len() + added);
    let mut done = 0;
    for splice in sorted {
        let range = splice.span.range();
        if range.start < done {
            return Err(SpliceError::Overlap);
        }
        result.push_str(source.get(done..range.start).ok_or(SpliceError::OutOfBounds)?);
        result.push_str(&splice.text);
        source.get(range.clone()).ok_or(SpliceError::OutOfBounds)?;
        done = range.end;
    }
    result.push_str(source.get(done..).ok_or(SpliceError::OutOfBounds)?);
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, splices: &[(usize, usize, &str)], expected: Result<&str, SpliceError>) {
        let splices: Vec<Splice> = splices
            .iter()
            .map(|(start, end, text)| Splice::new(Span::new(*start, *end), *text))
            .collect();
        assert_eq!(apply(source, &splices).as_deref(), expected.as_ref().map(|text| *text));
    }

    #[test]
    fn bytes_outside_the_spans_are_kept() {
        check("a = 1 # keep\r\n", &[(4, 5, "2")], Ok("a = 2 # keep\r\n"));
        check("abc", &[(2, 3, "C"), (0, 1, "A")], Ok("AbC"));
    }

    #[test]
    fn insertions_at_one_place_keep_their_order() {
        check("ac", &[(1, 1, "b"), (1, 1, "B")], Ok("abBc"));
        check("abc", &[(1, 1, "-"), (1, 2, "")], Ok("a-c"));
    }

    #[test]
    fn overlap_and_bounds_are_errors() {
        check("abc", &[(0, 2, ""), (1, 3, "")], Err(SpliceError::Overlap));
        check("abc", &[(2, 9, "")], Err(SpliceError::OutOfBounds));
        check("ä", &[(1, 1, "x")], Err(SpliceError::OutOfBounds));
    }
}
