//! Removal of a value, with all its lines and comments.
//!
//! What it stood in stays: a table whose only member goes is an empty table afterwards, and is
//! written as one where nothing else in the text names it.

use super::super::edit::Plan;
use super::super::tree::NodeId;
use super::super::{EditError, KeyPath, Value};
use super::list;
use super::outline::{Bracket, Entry, Role, is_within};
use super::set;
use super::steps::Steps;
use super::view::View;
use crate::text::{Span, Splice};

/// Removes the value `node`, which is not the root.
pub(super) fn plan(view: &View<'_>, node: NodeId, path: &KeyPath) -> Result<Plan, EditError> {
    let parent = view.tree.parent(node).expect("the root is not removed");
    if let Some(list) = view.outline.list_around(view.tree, parent) {
        return remove_items(view, list, parent, node, path);
    }
    if view.outline.role(parent) == Role::Tables && view.tree.children(parent).nth(1).is_none() {
        // No header says "an empty array".
        return set::swap(view, &view.node(parent).path(), Value::Array(Vec::new()).into(), path);
    }
    Ok(remove_lines(view, node))
}

/// Removes everything that makes `node`, which stands in sections.
fn remove_lines(view: &View<'_>, node: NodeId) -> Plan {
    let mut ranges: Vec<Span> = Vec::new();
    let mut splices = Vec::new();
    let mut removed = Vec::new();
    let mut orphan = orphaned(view, node);
    for (index, section) in view.outline.sections.iter().enumerate() {
        let Some(header) = &section.header else {
            remove_entries(view, &section.entries, node, &mut orphan, &mut ranges, &mut splices);
            continue;
        };
        if !is_within(view.tree, section.table, node) {
            remove_entries(view, &section.entries, node, &mut orphan, &mut ranges, &mut splices);
            continue;
        }
        let start = header.span.start as usize;
        let mut whole = Span::new(view.lines.own_start(start), view.section_end(index));
        let step = orphan.and_then(|orphan| header.keys.iter().position(|key| key.node == orphan));
        if let Some(step) = step {
            // The header stays and names the parent alone.
            orphan = None;
            let key =
                Span::new(header.keys[0].span.start as usize, header.keys[step].span.end as usize);
            splices.push(Splice::new(header.span, Bracket::Table.around(key.slice(view.source))));
            let tail = Span::new(header.span.end as usize, view.lines.text_end(start));
            splices.push(Splice::remove(tail));
            removed.extend(view.lines.comments_in(tail));
            let above = Span::new(whole.start as usize, view.lines.start(start));
            ranges.extend((!above.is_empty()).then_some(above));
            whole = Span::new(view.lines.end(start).min(whole.end as usize), whole.end as usize);
        }
        ranges.extend((!whole.is_empty()).then_some(whole));
    }
    for splice in &splices {
        removed.extend(view.lines.comments_in(splice.span));
    }
    for range in merged(view, ranges) {
        let range = view.lines.with_blanks(range);
        removed.extend(view.lines.comments_in(range));
        splices.push(Splice::remove(range));
    }
    removed.sort_unstable();
    removed.dedup();
    Plan { splices, removed_comments: removed }
}

/// The parent of `node`, where nothing would name it any more without `node`.
fn orphaned(view: &View<'_>, node: NodeId) -> Option<NodeId> {
    let parent = view.tree.parent(node)?;
    if view.outline.role(parent) != Role::Table || view.outline.own_section(parent).is_some() {
        return None;
    }
    let survives = view.tree.children(parent).any(|child| child != node);
    (!survives).then_some(parent)
}

/// Removes the lines whose value is `node` or below it. The first that names `orphan` becomes an
/// empty table instead.
fn remove_entries(
    view: &View<'_>,
    entries: &[Entry],
    node: NodeId,
    orphan: &mut Option<NodeId>,
    ranges: &mut Vec<Span>,
    splices: &mut Vec<Splice>,
) {
    for entry in entries {
        if !entry.keys.iter().any(|key| key.node == node) {
            continue;
        }
        let start = entry.span.start as usize;
        let end = entry.span.end as usize;
        let own = view.lines.own_start(start);
        let step = orphan.and_then(|orphan| entry.keys.iter().position(|key| key.node == orphan));
        if let Some(step) = step {
            *orphan = None;
            let equals = view.equals(entry).unwrap_or(" = ");
            let above = Span::new(own, view.lines.start(start));
            ranges.extend((!above.is_empty()).then_some(above));
            let tail = Span::new(entry.keys[step].span.end as usize, view.lines.text_end(end));
            splices.push(Splice::new(tail, format!("{equals}{{}}")));
        } else {
            ranges.push(Span::new(own, view.lines.end(end)));
        }
    }
}

/// Ranges with nothing but white space between them, as one.
fn merged(view: &View<'_>, mut ranges: Vec<Span>) -> Vec<Span> {
    ranges.sort_unstable();
    let mut merged: Vec<Span> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last)
                if view.source[last.end as usize..range.start as usize].trim().is_empty() =>
            {
                last.end = range.end;
            }
            _ => merged.push(range),
        }
    }
    merged
}

/// Removes the items of an inline container that make `node`.
fn remove_items(
    view: &View<'_>,
    (holder, list): (NodeId, usize),
    parent: NodeId,
    node: NodeId,
    path: &KeyPath,
) -> Result<Plan, EditError> {
    let place = view.outline.place(view.tree, node);
    if let Some(place) = place
        && parent == holder
    {
        return Ok(list::remove(view, (holder, list), place.index));
    }
    let items: Vec<usize> =
        view.outline.items_through(list, node).map(|(place, ..)| place.index).collect();
    let (final_item, others) = items.split_last().expect("dotted keys name it");
    let orphans = parent != holder && view.tree.children(parent).all(|child| child == node);
    let keys = view.node(holder).path();
    let parent = view.node(parent).path();
    let mut steps = Steps::of(view.document, path);
    // One after the other: each removal settles the commas around it.
    for index in others.iter().rev() {
        take_item(&mut steps, &keys, *index, None)?;
    }
    take_item(&mut steps, &keys, final_item - others.len(), orphans.then_some(&parent))?;
    Ok(steps.finish())
}

/// Removes one item of the container at `keys`, or leaves `orphan` of it as an empty table.
fn take_item(
    steps: &mut Steps,
    keys: &KeyPath,
    index: usize,
    orphan: Option<&KeyPath>,
) -> Result<(), EditError> {
    let document = steps.document().clone();
    let view = View::of(&document);
    let holder = document.get(keys)?.expect("only items of it were removed").id();
    let Role::List(list) = view.outline.role(holder) else {
        unreachable!("an inline container stays one")
    };
    let Some(orphan) = orphan else {
        return steps.take(list::remove(&view, (holder, list), index));
    };
    let orphan = document.get(orphan)?.expect("its last member is still there").id();
    let item = &view.outline.lists[list].items[index];
    let step = item.keys.iter().position(|key| key.node == orphan);
    let step = step.expect("the parent is named by the keys of its member");
    let equals = view.equals(item).unwrap_or(" = ");
    let tail = Span::new(item.keys[step].span.end as usize, item.span.end as usize);
    let removed_comments = view.lines.comments_in(tail).collect();
    let splices = vec![Splice::new(tail, format!("{equals}{{}}"))];
    steps.take(Plan { splices, removed_comments })
}

/// Whether `node` is a value that one entry or item makes.
pub(super) fn is_entry(view: &View<'_>, node: NodeId) -> bool {
    view.outline.place(view.tree, node).is_some()
}
