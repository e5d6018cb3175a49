//! The census: how a file is written as a whole, for places without neighbours to follow.
//!
//! Only the first nodes are looked at, so that it costs the same in a file of any size.
//!
//! This module never changes a text.

use super::container::{Container, Lines};
use super::style::{Keys, Shape, colon_of, key_style, padding_of, unit_of};
use crate::doc::tree::NodeId;
use crate::doc::{Document, Kind};

/// How many nodes of a file are looked at, where the neighbours say nothing.
const SAMPLE: usize = 4096;

/// What the file does, counted over its first nodes.
#[derive(Debug, Default)]
pub(super) struct Census {
    bare_keys: usize,
    quoted_keys: usize,
    double_quotes: usize,
    single_quotes: usize,
    trailing_commas: usize,
    no_trailing_commas: usize,
    scalar_arrays_on_one_line: usize,
    scalar_arrays_on_many: usize,
    tight_braces: usize,
    padded_braces: usize,
    pub(super) colon: Option<String>,
    pub(super) unit: Option<String>,
}

impl Census {
    pub(super) fn of(document: &Document) -> Self {
        let tree = document.tree();
        let source = document.source();
        let mut census = Self::default();
        for id in tree.ids().take(SAMPLE) {
            let first = source.as_bytes()[tree.span(id).range().start];
            census.count_quote(first);
            if let Some(key) = tree.key(id) {
                census.count_quote(source.as_bytes()[key.range().start]);
                match key_style(key.slice(source)) {
                    Some(Keys::Bare) => census.bare_keys += 1,
                    Some(Keys::Quoted) => census.quoted_keys += 1,
                    None => {}
                }
            }
            if matches!(tree.kind(id), Kind::Array | Kind::Object) {
                census.count_container(document, id);
            }
        }
        census
    }

    fn count_quote(&mut self, byte: u8) {
        match byte {
            b'"' => self.double_quotes += 1,
            b'\'' => self.single_quotes += 1,
            _ => {}
        }
    }

    fn count_container(&mut self, document: &Document, id: NodeId) {
        if document.tree().children(id).nth(SAMPLE).is_some() {
            // One voice is not worth a look at so many members.
            return;
        }
        let container = Container::of(document, id);
        let Some(lines) = container.lines() else { return };
        if Shape::of(document, id) == Some(Shape::ScalarArray) {
            match lines {
                Lines::One => self.scalar_arrays_on_one_line += 1,
                Lines::Many => self.scalar_arrays_on_many += 1,
            }
        }
        if lines == Lines::Many {
            match container.has_trailing_comma() {
                Some(true) => self.trailing_commas += 1,
                _ => self.no_trailing_commas += 1,
            }
            if self.unit.is_none() {
                self.unit = unit_of(&container).map(str::to_owned);
            }
        }
        match padding_of(&container) {
            Some("") => self.tight_braces += 1,
            Some(_) => self.padded_braces += 1,
            None => {}
        }
        if self.colon.is_none() {
            self.colon = (0..container.items.len().min(8)).find_map(|i| colon_of(&container, i));
        }
    }

    /// Whether most containers on many lines end with a comma.
    pub(super) fn has_trailing_commas(&self) -> bool {
        self.trailing_commas > self.no_trailing_commas
    }

    pub(super) fn keys(&self) -> Keys {
        // Without any key to follow: quotes, which every reader takes.
        if self.bare_keys > self.quoted_keys { Keys::Bare } else { Keys::Quoted }
    }

    pub(super) fn quote(&self) -> char {
        if self.single_quotes > self.double_quotes { '\'' } else { '"' }
    }

    pub(super) fn padding(&self, colon: &str) -> &'static str {
        let is_tight = match self.tight_braces.cmp(&self.padded_braces) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => colon == ":",
        };
        if is_tight { "" } else { " " }
    }

    pub(super) fn scalar_arrays(&self) -> Lines {
        if self.scalar_arrays_on_many > self.scalar_arrays_on_one_line {
            Lines::Many
        } else {
            Lines::One
        }
    }
}
