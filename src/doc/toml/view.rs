//! One document as the planner sees it: meaning, places and lines together.

use super::super::incoming::Side;
use super::super::tree::{NodeId, Tree};
use super::super::{Document, EditError, KeyPath, Node, Syntax};
use super::lines::Lines;
use super::outline::{Bracket, Entry, Outline, Role, Section};
use super::spell::Quotes;
use crate::text::Span;

/// A TOML document with everything a plan looks at.
#[derive(Clone, Copy)]
pub(super) struct View<'d> {
    pub(super) document: &'d Document,
    pub(super) source: &'d str,
    pub(super) tree: &'d Tree,
    pub(super) outline: &'d Outline,
    pub(super) lines: Lines<'d>,
}

/// What goes where a value goes: its comments, and the spelling of its key.
#[derive(Clone, Debug, Default)]
pub(super) struct Carried {
    /// Those on lines of their own above it.
    pub(super) above: Vec<String>,
    /// The one behind it on its line, with the white space between.
    pub(super) behind: Option<String>,
    /// The last step of its key as written, where the key stays the same.
    pub(super) key: Option<String>,
    /// The member that it goes beside, where that stands in the same sort of place.
    pub(super) beside: Option<Beside>,
}

/// A member, and the side of it that another goes to.
pub(super) type Beside = (Side, NodeId);

/// How an entry is laid out.
#[derive(Clone, Debug)]
pub(super) struct EntryStyle {
    pub(super) indent: String,
    before_equals: String,
    after_equals: String,
    /// The column that all equal signs around stand in, from the start of the key.
    column: Option<usize>,
}

impl<'d> View<'d> {
    /// # Panics
    ///
    /// If `document` is not TOML: the caller chose by its format.
    pub(super) fn of(document: &'d Document) -> Self {
        let Syntax::Toml(outline) = &document.syntax else { panic!("the document is TOML") };
        Self {
            document,
            source: document.source(),
            tree: document.tree(),
            outline,
            lines: Lines::of(document),
        }
    }

    pub(super) fn node(&self, id: NodeId) -> Node<'d> {
        Node::new(self.document, id)
    }

    pub(super) fn newline(&self) -> &'static str {
        self.lines.newline()
    }

    pub(super) fn section_after(&self, index: usize) -> Option<&'d Section> {
        self.outline.sections.get(index + 1)
    }

    /// Where the text of the section at `index` ends, see [`Lines::section_end`].
    pub(super) fn section_end(&self, index: usize) -> usize {
        self.lines.section_end(&self.outline.sections[index], self.section_after(index))
    }

    /// The key of the header that makes `table`, or would: nothing where only dotted keys do.
    pub(super) fn header_key(&self, table: NodeId) -> Option<String> {
        if table == NodeId::ROOT {
            return Some(String::new());
        }
        let key = match self.tree.parent(table) {
            // An element of an array of tables is named as the array.
            Some(array) if self.outline.role(array) == Role::Tables => array,
            _ => table,
        };
        let (_, header, step) = self.outline.headers_through(key).next()?;
        let span =
            Span::new(header.keys[0].span.start as usize, header.keys[step].span.end as usize);
        Some(span.slice(self.source).to_owned())
    }

    /// Whether headers follow the line before them without a blank line throughout.
    pub(super) fn is_dense(&self) -> bool {
        let mut headers = self
            .outline
            .sections
            .iter()
            .filter_map(|section| section.header.as_ref())
            .map(|header| self.lines.own_start(header.span.start as usize))
            .filter(|start| *start > self.lines.first())
            .peekable();
        headers.peek().is_some() && headers.all(|start| !self.lines.is_blank_before(start))
    }

    /// Whether arrays of tables are used anywhere.
    pub(super) fn uses_elements(&self) -> bool {
        self.outline
            .sections
            .iter()
            .filter_map(|section| section.header.as_ref())
            .any(|header| header.bracket == Bracket::Element)
    }

    /// The quotes that most strings have.
    pub(super) fn quotes(&self) -> Quotes {
        let mut literal = 0_isize;
        for value in self.entries().map(|entry| self.tree.span(entry.value)) {
            literal += match Quotes::of(value.slice(self.source)) {
                Some(Quotes::Literal) => 1,
                Some(Quotes::Basic) => -1,
                _ => 0,
            };
        }
        if literal > 0 { Quotes::Literal } else { Quotes::Basic }
    }

    /// All entries of sections and lists.
    fn entries(&self) -> impl Iterator<Item = &'d Entry> + use<'d> {
        let sections = self.outline.sections.iter().flat_map(|section| &section.entries);
        sections.chain(self.outline.lists.iter().flat_map(|list| &list.items))
    }

    /// What stands between key and value of `entry`, equal sign included; nothing for elements.
    pub(super) fn equals(&self, entry: &Entry) -> Option<&'d str> {
        let key = entry.keys.last()?.span.end as usize;
        Some(&self.source[key..self.tree.span(entry.value).start as usize])
    }

    /// The layout of entries beside `neighbour` in `section`, or of any in the text.
    pub(super) fn entry_style(
        &self,
        section: Option<&Section>,
        neighbour: Option<&Entry>,
    ) -> EntryStyle {
        let any = || {
            let mut sections = self.outline.sections.iter();
            sections.find_map(|section| section.entries.last())
        };
        let indent = neighbour.and_then(|entry| self.lines.indent(entry.span.start as usize));
        let (before, after) = neighbour
            .or_else(any)
            .and_then(|entry| self.equals(entry))
            .and_then(|equals| equals.split_once('='))
            .unwrap_or((" ", " "));
        let narrow = |gap: &str| if gap.len() > 1 { " ".to_owned() } else { gap.to_owned() };
        EntryStyle {
            indent: indent.unwrap_or_default().to_owned(),
            before_equals: narrow(before),
            after_equals: narrow(after),
            column: section.and_then(|section| self.column(section)),
        }
    }

    /// The column that all equal signs of `section` share though its keys differ in length.
    fn column(&self, section: &Section) -> Option<usize> {
        let places = section.entries.iter().map(|entry| {
            let key_end = entry.keys.last().map_or(0, |key| key.span.end as usize);
            let equals = self.equals(entry).and_then(|equals| equals.find('=')).unwrap_or(0);
            let start = entry.span.start as usize;
            let width = |end: usize| self.source[start..end].chars().count();
            (width(key_end), width(key_end + equals))
        });
        let places: Vec<(usize, usize)> = places.collect();
        let (length, column) = *places.first()?;
        let aligned = places.iter().all(|(_, other)| *other == column);
        (aligned && places.iter().any(|(other, _)| *other != length)).then_some(column)
    }

    /// The comments of the lines from `start` up to the line of `offset`, and the one behind `end`.
    pub(super) fn carried(&self, offset: usize, end: usize) -> Carried {
        let above = Span::new(self.lines.own_start(offset), self.lines.start(offset));
        let texts = self.lines.comments_in(above).map(|span| span.slice(self.source).to_owned());
        let behind = self.lines.behind(end).map(|comment| {
            let text = comment.slice(self.source);
            let between = &self.source[end..comment.start as usize];
            let space: String = between.chars().filter(|c| *c != ',').collect();
            format!("{}{text}", if space.is_empty() { " " } else { &space })
        });
        Carried { above: texts.collect(), behind, ..Carried::default() }
    }
}

impl EntryStyle {
    /// `key = value` without indent and newline.
    pub(super) fn entry(&self, key: &str, value: &str) -> String {
        let width = key.chars().count();
        let before = match self.column {
            Some(column) if column > width => " ".repeat(column - width),
            Some(_) => " ".to_owned(),
            None => self.before_equals.clone(),
        };
        format!("{key}{before}={}{value}", self.after_equals)
    }
}

impl Carried {
    /// `text` with its comments, as whole lines.
    pub(super) fn around(&self, indent: &str, text: &str, newline: &str) -> String {
        let mut lines = String::new();
        for comment in &self.above {
            lines.push_str(indent);
            lines.push_str(comment);
            lines.push_str(newline);
        }
        lines.push_str(indent);
        lines.push_str(text);
        lines.push_str(self.behind.as_deref().unwrap_or_default());
        lines.push_str(newline);
        lines
    }

    pub(super) fn is_empty(&self) -> bool {
        self.above.is_empty() && self.behind.is_none()
    }
}

/// The error for what has no spelling.
pub(super) fn unwritable(path: &KeyPath, what: &'static str) -> EditError {
    EditError::Unwritable { path: path.clone(), what }
}
