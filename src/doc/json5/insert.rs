//! Insertion: a new member or element among its neighbours.
//!
//! A new last member stands behind the last one and its comments, and before comments that belong to
//! nobody. A comma that the member before needs is put right behind it, before its comment.
//!
//! This module never touches the members that are there.

use super::carried::Carried;
use super::container::{Container, Lines};
use super::gap::{Gap, Owner, Piece, PieceKind, line_indent, line_start};
use super::spell;
use super::style::{Style, Styles, Trailing};
use crate::doc::{Segment, Value};
use crate::text::{Span, Splice};

/// What is put somewhere.
#[derive(Clone, Copy)]
pub(super) enum Fresh<'v, 'd> {
    /// A new value.
    Value(&'v Value),
    /// A member that comes from elsewhere in the text, or from another one.
    Carried(&'v Carried<'d>),
}

impl<'v, 'd> Fresh<'v, 'd> {
    /// `value`, with the text it was written as where that comes along.
    pub(super) fn of(carried: Option<&'v Carried<'d>>, value: &'v Value) -> Self {
        carried.map_or(Self::Value(value), Self::Carried)
    }
}

/// What is put in a container, with the keys that lead down to it.
#[derive(Clone, Copy)]
pub(super) struct Arrival<'v, 'd> {
    /// The steps below the container: for an object a key first, then those of objects to be made;
    /// a last `[+]` makes an array. For an array nothing, or `[+]`.
    pub(super) steps: &'v [Segment],
    pub(super) fresh: Fresh<'v, 'd>,
}

/// The text of an arrival.
pub(super) struct Body {
    /// Comments above, with the line ends and white space behind them.
    pub(super) lead: String,
    pub(super) text: String,
    /// Comments behind the comma, with the white space before them.
    pub(super) tail: String,
}

impl Body {
    /// The item with a comma behind it, and the comment of its line behind that.
    fn with_comma(&self) -> String {
        format!("{}{},{}", self.lead, self.text, self.tail)
    }

    fn without_comma(&self) -> String {
        format!("{}{}{}", self.lead, self.text, self.tail)
    }

    /// The item with the comma, on a line with others: its comments come before the comma, which
    /// is what tells them from those of the next.
    fn inline_with_comma(&self) -> String {
        format!("{}{}{},", self.lead, self.text, self.tail)
    }

    fn ended_by(&self, trailing: Trailing) -> String {
        match trailing {
            Trailing::Comma => self.with_comma(),
            Trailing::Nothing => self.without_comma(),
        }
    }
}

/// A place for an arrival.
struct Place<'c, 'd> {
    styles: &'c Styles<'d>,
    container: &'c Container<'d>,
    style: Style,
    /// The index of the nearest member.
    near: usize,
}

/// Plans to put `arrival` before the member at `index` of `container`, or behind the last one.
///
/// # Errors
///
/// What of the new value has no spelling here.
pub(super) fn insert<'d>(
    styles: &Styles<'d>,
    container: &Container<'d>,
    index: usize,
    arrival: Arrival<'_, '_>,
) -> Result<Vec<Splice>, &'static str> {
    let count = container.items.len();
    let near = index.min(count.saturating_sub(1));
    let place = Place { styles, container, style: styles.at(container, near), near };
    if count == 0 {
        place.fill(arrival)
    } else if index >= count {
        place.append(arrival)
    } else {
        place.insert_before(index, arrival)
    }
}

impl<'d> Place<'_, 'd> {
    fn append(&self, arrival: Arrival<'_, '_>) -> Result<Vec<Splice>, &'static str> {
        let container = self.container;
        let last = container.items.len() - 1;
        let end = container.items[last].end();
        let gap = container.gap(container.items.len());
        let comma = gap.comma();
        let tail_end = gap.owned_by(Owner::Previous).map(|piece| piece.end).max().unwrap_or(end);
        let anchor = tail_end.max(comma.map_or(end, |comma| comma.end));
        let newline = self.style.newline;
        let mut splices = Vec::new();
        if let Some(indent) = container.item_indent(last) {
            let before = container.gap(last);
            let body = self.body(arrival, indent, Lines::Many)?;
            let text = if before.is_comma_first() && comma.is_none() {
                let space = if comma_space(&before) { " " } else { "" };
                format!("{newline}{indent},{space}{}", body.without_comma())
            } else if comma.is_some() {
                format!("{newline}{indent}{}", body.with_comma())
            } else {
                splices.push(Splice::insert(end, ","));
                format!("{newline}{indent}{}", body.without_comma())
            };
            splices
                .push(Splice::insert(anchor, text + &self.line_before_close(&gap, anchor, &body)));
            return Ok(splices);
        }
        let comment_ends_line =
            gap.owned_by(Owner::Previous).any(|piece| piece.kind == PieceKind::LineComment);
        if comment_ends_line || arrival.needs_lines() {
            let indent = self.broken_indent(last);
            let body = self.body(arrival, &indent, Lines::Many)?;
            let text = if comma.is_some() {
                body.with_comma()
            } else {
                splices.push(Splice::insert(end, ","));
                body.without_comma()
            };
            let close = self.line_before_close(&gap, anchor, &body);
            splices.push(Splice::insert(anchor, format!("{newline}{indent}{text}{close}")));
            return Ok(splices);
        }
        let indent = line_indent(container.source(), container.items[last].start());
        let body = self.body(arrival, indent, Lines::One)?;
        let space = self.style.space;
        let text = if comma.is_some() {
            format!("{space}{}", body.inline_with_comma())
        } else {
            format!(",{space}{}", body.without_comma())
        };
        splices.push(Splice::insert(anchor, text));
        Ok(splices)
    }

    fn insert_before(
        &self,
        index: usize,
        arrival: Arrival<'_, '_>,
    ) -> Result<Vec<Splice>, &'static str> {
        let container = self.container;
        let gap = container.gap(index);
        let start = container.items[index].start();
        let lead = gap.owned_by(Owner::Next).next().map_or(start, |piece| piece.start);
        let newline = self.style.newline;
        if let Some(indent) = container.item_indent(index) {
            let body = self.body(arrival, indent, Lines::Many)?;
            // The comma that starts a line: of this member, or where it is the first, of the next.
            let (place, text) = if let Some(comma) = leading_comma(&gap) {
                let space = if comma_space(&gap) { " " } else { "" };
                (comma.start, format!(",{space}{}{newline}{indent}", body.without_comma()))
            } else if let Some(space) = self.comma_before_second(index) {
                (lead, format!("{}{newline}{space}", body.without_comma()))
            } else {
                (lead, format!("{}{newline}{indent}", body.with_comma()))
            };
            return Ok(vec![Splice::insert(place, text)]);
        }
        if arrival.needs_lines() {
            let indent = self.broken_indent(index);
            let body = self.body(arrival, &indent, Lines::Many)?;
            return Ok(vec![Splice::insert(lead, body.with_comma() + newline + &indent)]);
        }
        let indent = line_indent(container.source(), start);
        let body = self.body(arrival, indent, Lines::One)?;
        let text = body.inline_with_comma() + self.style.space;
        Ok(vec![Splice::insert(lead, text)])
    }

    /// What stands before the second member on its line, where that starts with a comma, and the
    /// member at `index` is the first.
    fn comma_before_second(&self, index: usize) -> Option<&'d str> {
        let container = self.container;
        let second = container.items.get(1).filter(|_| index == 0)?;
        let gap = container.gap(1);
        let comma = leading_comma(&gap).filter(|_| gap.comments().next().is_none())?;
        let source = container.source();
        Some(&source[line_start(source, comma.start)..second.start()])
    }

    /// Puts the first member into a container.
    fn fill(&self, arrival: Arrival<'_, '_>) -> Result<Vec<Splice>, &'static str> {
        let container = self.container;
        let source = container.source();
        let gap = container.gap(0);
        let newline = self.style.newline;
        let inner = || format!("{}{}", container.indent(), self.style.unit);
        let Some(comment) = gap.comments().last() else {
            let many = gap.has_line_end()
                || arrival.needs_lines()
                || self.styles.lines_of_empty(container.id, arrival.kind()) == Lines::Many;
            let text = if many {
                let indent = inner();
                let body = self.body(arrival, &indent, Lines::Many)?;
                let item = body.ended_by(self.style.trailing);
                format!("{newline}{indent}{item}{newline}{}", container.indent())
            } else {
                let body = self.body(arrival, container.indent(), Lines::One)?;
                let is_object = matches!(arrival.steps.first(), Some(Segment::Key(_)));
                let padding = if is_object { self.style.padding } else { "" };
                format!("{padding}{}{padding}", body.without_comma())
            };
            return Ok(vec![Splice::new(Span::new(container.open, container.close), text)]);
        };
        if gap.has_line_end() || arrival.needs_lines() {
            let indent = if line_start(source, comment.start) >= container.open {
                line_indent(source, comment.start).to_owned()
            } else {
                inner()
            };
            let body = self.body(arrival, &indent, Lines::Many)?;
            let item = body.ended_by(self.style.trailing);
            let close = if ends_line(&gap, comment.end) {
                String::new()
            } else {
                format!("{newline}{}", container.indent())
            };
            let text = format!("{newline}{indent}{item}{close}");
            return Ok(vec![Splice::insert(comment.end, text)]);
        }
        let body = self.body(arrival, container.indent(), Lines::One)?;
        Ok(vec![Splice::insert(comment.end, format!(" {}", body.without_comma()))])
    }

    /// A line end, where the closing bracket would stand behind a line comment of `body`.
    fn line_before_close(&self, gap: &Gap, anchor: usize, body: &Body) -> String {
        if body.tail.is_empty() || ends_line(gap, anchor) {
            String::new()
        } else {
            format!("{}{}", self.style.newline, self.container.indent())
        }
    }

    /// The indentation of a member that gets a line of its own where others have none.
    fn broken_indent(&self, beside: usize) -> String {
        let source = self.container.source();
        let start = self.container.items[beside].start();
        if line_start(source, start) >= self.container.open {
            line_indent(source, start).to_owned()
        } else {
            format!("{}{}", self.container.indent(), self.style.unit)
        }
    }

    /// Spells the arrival on a line indented by `indent`.
    fn body(
        &self,
        arrival: Arrival<'_, '_>,
        indent: &str,
        lines: Lines,
    ) -> Result<Body, &'static str> {
        let style = &self.style;
        let key = |segment: Option<&Segment>| match segment {
            Some(Segment::Key(key)) => Some(key.clone()),
            _ => None,
        };
        match arrival.fresh {
            Fresh::Value(value) => {
                let name = key(arrival.steps.first());
                let inner = arrival.steps.get(1..).unwrap_or_default();
                let wrapped = wrap(inner, value);
                let value = wrapped.as_ref().unwrap_or(value);
                let lines = match lines {
                    Lines::One => Lines::One,
                    Lines::Many => self.styles.lines(self.container, self.near, value),
                };
                let text = spell::item(name.as_ref(), value, style, indent, lines)?;
                Ok(Body { lead: String::new(), text, tail: String::new() })
            }
            Fresh::Carried(carried) => {
                let depth = arrival.steps.len().saturating_sub(1);
                let name = key(arrival.steps.last());
                if depth == 0 {
                    return Ok(carried.body(name.as_ref(), style, indent));
                }
                let own = format!("{indent}{}", style.unit.repeat(depth));
                let body = carried.body(name.as_ref(), style, &own);
                let text = match lines {
                    Lines::One => body.without_comma(),
                    Lines::Many => body.ended_by(style.trailing),
                };
                let text = enclose(arrival.steps, text, style, indent, lines);
                Ok(Body { lead: String::new(), text, tail: String::new() })
            }
        }
    }
}

impl Arrival<'_, '_> {
    fn needs_lines(&self) -> bool {
        matches!(self.fresh, Fresh::Carried(carried) if carried.needs_lines())
    }

    /// The kind of what becomes a member of the container.
    fn kind(&self) -> crate::doc::Kind {
        match (self.steps.get(1), self.fresh) {
            (Some(Segment::Append), _) => crate::doc::Kind::Array,
            (Some(_), _) => crate::doc::Kind::Object,
            (None, Fresh::Value(value)) => value.kind(),
            (None, Fresh::Carried(carried)) => carried.kind(),
        }
    }
}

/// Wraps `value` in the containers that `steps` lead through; nothing where there are no steps.
fn wrap(steps: &[Segment], value: &Value) -> Option<Value> {
    steps.iter().rev().fold(None, |inner, step| {
        let inner = inner.unwrap_or_else(|| value.clone());
        Some(match step {
            Segment::Key(key) => Value::Object(vec![(key.clone(), inner)]),
            _ => Value::Array(vec![inner]),
        })
    })
}

/// Puts the containers that `steps` lead through around `text`, the last member.
fn enclose(steps: &[Segment], text: String, style: &Style, indent: &str, lines: Lines) -> String {
    let inner = steps.iter().zip(&steps[1..]).enumerate().rev();
    inner.fold(text, |text, (depth, (step, below))| {
        let (open, close, padding) = match below {
            Segment::Append => ("[", "]", ""),
            _ => ("{", "}", style.padding),
        };
        let name = match step {
            Segment::Key(key) => spell::key(key, style) + &style.colon,
            _ => String::new(),
        };
        let outer = format!("{indent}{}", style.unit.repeat(depth));
        let newline = style.newline;
        let comma = match style.trailing {
            // The outermost member gets its comma where it is put.
            Trailing::Comma if depth > 0 && lines == Lines::Many => ",",
            _ => "",
        };
        match lines {
            Lines::One => format!("{name}{open}{padding}{text}{padding}{close}"),
            Lines::Many => {
                let unit = &style.unit;
                format!("{name}{open}{newline}{outer}{unit}{text}{newline}{outer}{close}{comma}")
            }
        }
    })
}

/// The comma that starts the line of the member behind `gap`.
fn leading_comma(gap: &Gap) -> Option<Piece> {
    gap.comma().filter(|_| gap.is_comma_first())
}

/// Whether white space stands behind the comma that starts the line of a member.
fn comma_space(gap: &Gap) -> bool {
    gap.last_line().and_then(|line| line.last()).is_some_and(|piece| piece.kind == PieceKind::Space)
}

/// Whether nothing but a line end follows `offset` on its line.
fn ends_line(gap: &Gap, offset: usize) -> bool {
    gap.pieces
        .iter()
        .find(|piece| piece.start >= offset && piece.kind != PieceKind::Space)
        .is_some_and(|piece| piece.kind == PieceKind::LineEnd)
}
