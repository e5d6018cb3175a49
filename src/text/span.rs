//! Half-open byte ranges of a source text.

use std::ops::Range;

/// A half-open byte range `start..end` of a source text.
///
/// Offsets are 32-bit: sources of 4 GiB and more are refused before they are parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte; never less than `start`.
    pub end: u32,
}

impl Span {
    /// Makes the span `start..end` from offsets known to fit.
    ///
    /// # Panics
    ///
    /// If an offset is 4 GiB or more; the readers refuse such sources first.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end, "span ends before it starts");
        Self {
            start: u32::try_from(start).expect("sources of 4 GiB and more are refused"),
            end: u32::try_from(end).expect("sources of 4 GiB and more are refused"),
        }
    }

    /// The empty span at `offset`.
    #[must_use]
    pub fn at(offset: usize) -> Self {
        Self::new(offset, offset)
    }

    /// The span as a range, to index a source with.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The bytes of `source` that the span covers.
    ///
    /// # Panics
    ///
    /// If the span does not lie on character boundaries of `source`: spans belong to one source.
    #[must_use]
    pub fn slice(self, source: &str) -> &str {
        &source[self.range()]
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether the span covers no byte.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether `other` lies wholly inside this span.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}
