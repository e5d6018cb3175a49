//! Style: how the text around a place is written, so that what is put there fits in.
//!
//! The nearest neighbours decide, then the rest of the file. A strict JSON text stays strict JSON.
//!
//! This module never changes a text.

use std::cell::OnceCell;

use super::census::Census;
use super::container::{Container, Lines};
use super::gap::PieceKind;
use super::{Dialect, ident};
use crate::doc::tree::NodeId;
use crate::doc::{Document, Kind, Value};

/// How keys that need no quotes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    Bare,
    Quoted,
}

/// Whether a comma follows the last member on many lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trailing {
    Comma,
    Nothing,
}

/// How new text is written in one container.
#[derive(Clone, Debug)]
pub(super) struct Style {
    pub(super) strict: bool,
    pub(super) newline: &'static str,
    /// One step of indentation.
    pub(super) unit: String,
    pub(super) keys: Keys,
    pub(super) key_quote: char,
    pub(super) string_quote: char,
    /// What stands between key and value.
    pub(super) colon: String,
    /// What stands behind the comma between members on one line.
    pub(super) space: &'static str,
    /// What stands inside the braces of an object on one line.
    pub(super) padding: &'static str,
    pub(super) trailing: Trailing,
    /// How arrays of scalars are laid out.
    pub(super) scalar_arrays: Lines,
}

/// Infers styles in one document; what is known of the whole file is counted once.
pub(super) struct Styles<'d> {
    document: &'d Document,
    strict: bool,
    census: OnceCell<Census>,
}

impl<'d> Styles<'d> {
    pub(super) fn new(document: &'d Document, dialect: &Dialect) -> Self {
        Self { document, strict: dialect.strict, census: OnceCell::new() }
    }

    /// The style of what is put beside the member at `near` of `container`.
    pub(super) fn at(&self, container: &Container<'d>, near: usize) -> Style {
        let padding = |colon: &str| self.census().padding(colon);
        self.by_neighbours(container, near, padding, self.census().scalar_arrays())
    }

    /// The style of a value without members that is put there: what only members need is not looked
    /// for in the whole file.
    pub(super) fn of_scalar(&self, container: &Container<'d>, near: usize) -> Style {
        self.by_neighbours(container, near, |_| "", Lines::One)
    }

    fn by_neighbours(
        &self,
        container: &Container<'d>,
        near: usize,
        padding: impl Fn(&str) -> &'static str,
        scalar_arrays: Lines,
    ) -> Style {
        let neighbours = Neighbours { container, near };
        let colon = neighbours.colon().or_else(|| self.census().colon.clone());
        let colon = colon.unwrap_or_else(|| ": ".to_owned());
        let space = neighbours.space().unwrap_or(if colon == ":" { "" } else { " " });
        let strings = neighbours.string_quote().unwrap_or_else(|| self.census().quote());
        Style {
            strict: self.strict,
            newline: self.newline(container),
            unit: self.unit(container),
            keys: if self.strict {
                Keys::Quoted
            } else {
                neighbours.keys().unwrap_or_else(|| self.census().keys())
            },
            key_quote: neighbours.key_quote().unwrap_or(strings),
            string_quote: strings,
            padding: neighbours.padding().unwrap_or_else(|| padding(&colon)),
            colon,
            space,
            trailing: self.trailing(container),
            scalar_arrays,
        }
    }

    /// The style of what replaces the root.
    pub(super) fn of_root(&self) -> Style {
        if matches!(self.document.root().kind(), Kind::Array | Kind::Object) {
            return self.at(&Container::of(self.document, NodeId::ROOT), 0);
        }
        let quote = self.census().quote();
        Style {
            strict: self.strict,
            newline: nearest_newline(self.document.source(), 0),
            unit: "  ".to_owned(),
            keys: Keys::Quoted,
            key_quote: quote,
            string_quote: quote,
            colon: ": ".to_owned(),
            space: " ",
            padding: " ",
            trailing: Trailing::Nothing,
            scalar_arrays: Lines::One,
        }
    }

    /// How `value` is laid out as the root.
    pub(super) fn lines_of_root(&self, value: &Value) -> Lines {
        match Shape::of_value(value) {
            Shape::ScalarArray => self.census().scalar_arrays(),
            Shape::Container(_) => Lines::Many,
        }
    }

    /// How a new container of the kind of `value` is laid out as a member of `container`.
    pub(super) fn lines(&self, container: &Container<'d>, near: usize, value: &Value) -> Lines {
        self.lines_of(container, near, Shape::of_value(value))
    }

    /// How the empty container `id` is laid out once it gets its first member, of kind `kind`.
    pub(super) fn lines_of_empty(&self, id: NodeId, kind: Kind) -> Lines {
        let tree = self.document.tree();
        let scalar = !matches!(kind, Kind::Array | Kind::Object);
        let shape = match tree.kind(id) {
            Kind::Array if scalar => Shape::ScalarArray,
            other => Shape::Container(other),
        };
        match Container::around(self.document, id) {
            Some(parent) => {
                let near = parent.position(id).unwrap_or_default();
                self.lines_of(&parent, near, shape)
            }
            None if shape == Shape::ScalarArray => Lines::One,
            None => Lines::Many,
        }
    }

    fn lines_of(&self, container: &Container<'d>, near: usize, shape: Shape) -> Lines {
        if container.lines() == Some(Lines::One) {
            return Lines::One;
        }
        let tree = self.document.tree();
        let siblings = Neighbours { container, near }.by_distance();
        for index in siblings {
            let id = container.items[index].id;
            if Shape::of(self.document, id) == Some(shape) && tree.first_child(id).is_some() {
                let sibling = Container::of(self.document, id);
                return sibling.lines().unwrap_or(Lines::Many);
            }
        }
        match shape {
            Shape::ScalarArray => self.census().scalar_arrays(),
            Shape::Container(_) => Lines::Many,
        }
    }

    /// How lines end: as in this container, those around it, the text before.
    fn newline(&self, container: &Container<'d>) -> &'static str {
        if let Some(newline) = newline_of(container) {
            return newline;
        }
        let mut around = Container::around(self.document, container.id);
        while let Some(outer) = around {
            if let Some(newline) = newline_of(&outer) {
                return newline;
            }
            around = Container::around(self.document, outer.id);
        }
        nearest_newline(self.document.source(), container.open)
    }

    /// Whether new containers end with a comma: as this container, those around it, the file.
    fn trailing(&self, container: &Container<'d>) -> Trailing {
        if self.strict {
            return Trailing::Nothing;
        }
        let mut around = Container::around(self.document, container.id);
        let own = (container.lines() == Some(Lines::Many)).then(|| container.has_trailing_comma());
        let mut found = own.flatten();
        while let (None, Some(outer)) = (found, &around) {
            if outer.lines() == Some(Lines::Many) {
                found = outer.has_trailing_comma();
            }
            around = Container::around(self.document, outer.id);
        }
        let census = || self.census().has_trailing_commas();
        if found.unwrap_or_else(census) { Trailing::Comma } else { Trailing::Nothing }
    }

    /// One step of indentation: as in this container, those around it, the file.
    fn unit(&self, container: &Container<'d>) -> String {
        if let Some(unit) = unit_of(container) {
            return unit.to_owned();
        }
        let mut around = Container::around(self.document, container.id);
        while let Some(outer) = around {
            if let Some(unit) = unit_of(&outer) {
                return unit.to_owned();
            }
            around = Container::around(self.document, outer.id);
        }
        self.census().unit.clone().unwrap_or_else(|| "  ".to_owned())
    }

    fn census(&self) -> &Census {
        self.census.get_or_init(|| Census::of(self.document))
    }
}

/// What containers are told apart by when one is laid out as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    ScalarArray,
    Container(Kind),
}

impl Shape {
    fn of_value(value: &Value) -> Self {
        let is_scalar = |value: &Value| !matches!(value.kind(), Kind::Array | Kind::Object);
        match value {
            Value::Array(elements) if elements.iter().all(is_scalar) => Self::ScalarArray,
            other => Self::Container(other.kind()),
        }
    }

    pub(super) fn of(document: &Document, id: NodeId) -> Option<Self> {
        let tree = document.tree();
        let is_scalar = |id| !matches!(tree.kind(id), Kind::Array | Kind::Object);
        match tree.kind(id) {
            Kind::Array if tree.children(id).all(is_scalar) => Some(Self::ScalarArray),
            kind @ (Kind::Array | Kind::Object) => Some(Self::Container(kind)),
            _ => None,
        }
    }
}

pub(super) fn unit_of<'d>(container: &Container<'d>) -> Option<&'d str> {
    let indent = container.item_indent(container.items.len().checked_sub(1)?)?;
    let unit = indent.strip_prefix(container.indent())?;
    (!unit.is_empty()).then_some(unit)
}

/// The line end before `offset`, else the first one behind it.
fn nearest_newline(source: &str, offset: usize) -> &'static str {
    let bytes = source.as_bytes();
    let found = memchr::memrchr2(b'\n', b'\r', &bytes[..offset])
        .or_else(|| Some(offset + memchr::memchr2(b'\n', b'\r', &bytes[offset..])?));
    match found {
        Some(at) if bytes[at] == b'\n' && at > 0 && bytes[at - 1] == b'\r' => "\r\n",
        Some(at) if bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n') => "\r\n",
        Some(at) if bytes[at] == b'\r' => "\r",
        _ => "\n",
    }
}

/// The last line end among the gaps of `container`, which unlike that of a string is layout.
fn newline_of(container: &Container<'_>) -> Option<&'static str> {
    let count = container.items.len();
    [count, count.saturating_sub(1), 0].into_iter().find_map(|index| {
        let gap = container.gap(index);
        let mut ends = gap.pieces.iter().rev().filter(|piece| piece.kind == PieceKind::LineEnd);
        ends.find_map(|end| match end.text(container.source()) {
            "\n" => Some("\n"),
            "\r\n" => Some("\r\n"),
            "\r" => Some("\r"),
            _ => None,
        })
    })
}

/// The members around a place.
struct Neighbours<'c, 'd> {
    container: &'c Container<'d>,
    near: usize,
}

impl Neighbours<'_, '_> {
    /// How far the members are asked; those of a list of thousands look alike.
    const REACH: usize = 64;

    /// The members from the nearest on; of two as near, the one before.
    fn by_distance(&self) -> impl Iterator<Item = usize> + use<> {
        let (near, count) = (self.near, self.container.items.len());
        let before = move |distance: usize| near.checked_sub(distance).filter(|at| *at < count);
        let behind =
            move |distance: usize| Some(near + distance).filter(|at| distance > 0 && *at < count);
        (0..Self::REACH).flat_map(move |distance| [before(distance), behind(distance)]).flatten()
    }

    fn keys(&self) -> Option<Keys> {
        let source = self.container.source();
        self.by_distance().find_map(|index| {
            let raw = self.container.items[index].key?.slice(source);
            key_style(raw)
        })
    }

    fn key_quote(&self) -> Option<char> {
        let source = self.container.source();
        self.by_distance().find_map(|index| {
            let raw = self.container.items[index].key?.slice(source);
            raw.chars().next().filter(|first| matches!(first, '"' | '\''))
        })
    }

    fn string_quote(&self) -> Option<char> {
        let source = self.container.source();
        self.by_distance().find_map(|index| {
            let value = self.container.items[index].value.slice(source);
            value.chars().next().filter(|first| matches!(first, '"' | '\''))
        })
    }

    fn colon(&self) -> Option<String> {
        self.by_distance().find_map(|index| colon_of(self.container, index))
    }

    /// What stands behind a comma where two members share a line.
    fn space(&self) -> Option<&'static str> {
        self.by_distance().filter(|index| *index > 0).find_map(|index| {
            let gap = self.container.gap(index);
            let mut kinds = gap.pieces.iter().map(|piece| piece.kind);
            match (kinds.next(), kinds.next(), kinds.next()) {
                (Some(PieceKind::Comma), None, None) => Some(""),
                (Some(PieceKind::Comma), Some(PieceKind::Space), None) => Some(" "),
                _ => None,
            }
        })
    }

    fn padding(&self) -> Option<&'static str> {
        padding_of(self.container)
    }
}

/// How a key is written that could be written either way.
pub(super) fn key_style(raw: &str) -> Option<Keys> {
    match raw.as_bytes() {
        [b'"' | b'\'', inner @ .., b'"' | b'\''] => {
            let inner = std::str::from_utf8(inner).ok()?;
            ident::is_plain_name(inner).then_some(Keys::Quoted)
        }
        _ => Some(Keys::Bare),
    }
}

/// What stands between key and value of a member, where it is a colon and white space.
pub(super) fn colon_of(container: &Container<'_>, index: usize) -> Option<String> {
    let item = container.items[index];
    let between = &container.source()[item.key?.end as usize..item.value.start as usize];
    let (before, behind) = between.split_once(':')?;
    let is_blank = |text: &str| text.bytes().all(|byte| matches!(byte, b' ' | b'\t'));
    if !is_blank(before) || !is_blank(behind) {
        return None;
    }
    // More than one character of white space aligns a column, which is not repeated.
    let one = |text: &str| if text.is_empty() { "" } else { " " };
    Some(format!("{}:{}", one(before), one(behind)))
}

/// The white space behind the opening brace of an object on one line.
pub(super) fn padding_of(container: &Container<'_>) -> Option<&'static str> {
    if container.kind != Kind::Object || container.items.is_empty() {
        return None;
    }
    let gap = container.gap(0);
    match gap.pieces.as_slice() {
        [] => Some(""),
        [piece] if piece.kind == PieceKind::Space => Some(" "),
        _ => None,
    }
}
