//! Items between brackets: inline arrays and inline tables.
//!
//! A list stays as it is laid out: an item that has a line of its own gives a line of its own to
//! the one put beside it, commas and indent included; else it is put on the same line.

use super::super::edit::Plan;
use super::super::tree::NodeId;
use super::outline::Entry;
use super::view::{Carried, View};
use crate::text::{Span, Splice};

/// Puts `text` as the item at `index` of the list `list`, which is the value `node`.
///
/// Comments go with it where it has a line of its own, else above the line that the list starts on.
pub(super) fn insert(
    view: &View<'_>,
    (node, list): (NodeId, usize),
    index: usize,
    text: &str,
    carried: &Carried,
) -> Plan {
    let items = &view.outline.lists[list].items;
    let span = view.tree.span(node);
    let newline = view.newline();
    let on_own_line = |item: &Entry| view.lines.indent(item.span.start as usize);
    let mut splices = if let Some(next) = items.get(index) {
        let start = next.span.start as usize;
        match on_own_line(next) {
            Some(indent) => {
                let lines = carried.around(indent, &format!("{text},"), newline);
                return only(vec![Splice::insert(view.lines.own_start(start), lines)]);
            }
            None => vec![Splice::insert(start, format!("{text}, "))],
        }
    } else if let Some(last) = items.last() {
        match on_own_line(last) {
            Some(indent) => return only(append_line(view, span, last, indent, text, carried)),
            None => vec![Splice::insert(last.span.end as usize, format!(", {text}"))],
        }
    } else {
        let inner = Span::new(span.start as usize + 1, span.end as usize - 1);
        let close = inner.end as usize;
        let closing_indent = view.lines.indent(close);
        match closing_indent {
            Some(outer) if inner.slice(view.source).contains('\n') => {
                let above = view.lines.comments_in(inner).last();
                let indent = above.and_then(|comment| view.lines.indent(comment.start as usize));
                let indent = indent.map_or_else(|| format!("{outer}  "), str::to_owned);
                let lines = carried.around(&indent, &format!("{text},"), newline);
                return only(vec![Splice::insert(view.lines.start(close), lines)]);
            }
            _ if view.source[span.range()].starts_with('{') => {
                vec![Splice::new(inner, format!(" {text} "))]
            }
            _ => vec![Splice::new(inner, text)],
        }
    };
    splices.extend(comments_above(view, node, carried));
    only(splices)
}

/// The item after `last`, which has its line for itself.
fn append_line(
    view: &View<'_>,
    brackets: Span,
    last: &Entry,
    indent: &str,
    text: &str,
    carried: &Carried,
) -> Vec<Splice> {
    let newline = view.newline();
    let value_end = last.span.end as usize;
    let end = last.comma.map_or(value_end, |comma| comma.end as usize);
    let comma = if last.comma.is_some() { "," } else { "" };
    let mut splices = Vec::new();
    if last.comma.is_none() {
        splices.push(Splice::insert(value_end, ","));
    }
    let lines = carried.around(indent, &format!("{text}{comma}"), newline);
    let close = brackets.end as usize - 1;
    if close < view.lines.end(end) {
        // The bracket closes on the same line, so there is no comment behind the item.
        let lines = lines.strip_suffix(newline).unwrap_or(&lines);
        let after = if carried.behind.is_some() { newline } else { "" };
        splices.push(Splice::insert(end, format!("{newline}{lines}{after}")));
    } else {
        splices.push(Splice::insert(view.lines.end(end), lines));
    }
    splices
}

/// The carried comments on lines above the entry that holds the list.
pub(super) fn comments_above(view: &View<'_>, node: NodeId, carried: &Carried) -> Option<Splice> {
    if carried.is_empty() {
        return None;
    }
    let section = &view.outline.sections[view.outline.section_at(view.tree.span(node).start)];
    let offset = view.tree.span(node).start;
    let entry = section.entries.iter().rev().find(|entry| entry.span.start <= offset);
    let start = entry.map_or(offset, |entry| entry.span.start) as usize;
    let indent = view.lines.indent(start).unwrap_or_default();
    let mut text = String::new();
    let behind = carried.behind.as_ref().map(|comment| comment.trim().to_owned());
    for comment in carried.above.iter().cloned().chain(behind) {
        text.push_str(indent);
        text.push_str(&comment);
        text.push_str(view.newline());
    }
    Some(Splice::insert(view.lines.start(start), text))
}

/// Takes the item at `index` out, with its comments.
pub(super) fn remove(view: &View<'_>, (node, list): (NodeId, usize), index: usize) -> Plan {
    let items = &view.outline.lists[list].items;
    let item = &items[index];
    let lines = &view.lines;
    let list_span = view.tree.span(node);
    let start = item.span.start as usize;
    let value_end = item.span.end as usize;
    let end = item.comma.map_or(value_end, |comma| comma.end as usize);
    let before = index.checked_sub(1).map(|index| &items[index]);
    let next = items.get(index + 1);
    let close = list_span.end as usize - 1;
    // What stands next on the line where the item ends, if anything but a comment.
    let next_start = next.map_or(close, |next| next.span.start as usize);
    let shares_end = next_start < lines.end(end);
    let mut splices = Vec::new();
    let mut removed = Vec::new();
    if lines.indent(start).is_some() {
        let own = lines.own_start(start);
        if !shares_end {
            // Lines of its own.
            let whole = lines.with_blanks(Span::new(own, lines.end(end)));
            let whole =
                Span::new(whole.start as usize, (whole.end as usize).min(lines.start(next_start)));
            removed.extend(lines.comments_in(whole));
            splices.push(Splice::remove(whole));
            // The list goes on ending as it did: without a comma after the last item.
            if next.is_none()
                && item.comma.is_none()
                && let Some(comma) = before.and_then(|before| before.comma)
            {
                splices.push(Splice::remove(comma));
            }
            return Plan { splices, removed_comments: removed };
        }
        let above = Span::new(own, lines.start(start));
        if next.is_none() && !above.is_empty() {
            removed.extend(lines.comments_in(above));
            splices.push(Splice::remove(above));
        }
    }
    let gone = match (before, next) {
        // Up to the next item on the line.
        (_, Some(next)) if shares_end => Span::new(start, next.span.start as usize),
        (Some(before), _) => {
            let from = match before.comma {
                // The comma in front goes with an item that has none behind.
                Some(comma) if item.comma.is_some() => comma.end as usize,
                _ => before.span.end as usize,
            };
            if lines.comments_in(Span::new(from, start)).next().is_none() {
                Span::new(from, end)
            } else {
                Span::new(start, end)
            }
        }
        (None, _) => {
            let inner = Span::new(list_span.start as usize + 1, close);
            let mut around =
                lines.comments_in(inner).filter(|comment| !item.span.contains(*comment));
            if next.is_none() && around.next().is_none() { inner } else { Span::new(start, end) }
        }
    };
    removed.extend(lines.comments_in(gone));
    splices.push(Splice::remove(gone));
    Plan { splices, removed_comments: removed }
}

fn only(splices: Vec<Splice>) -> Plan {
    Plan { splices, removed_comments: Vec::new() }
}
