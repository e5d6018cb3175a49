//! Moves: a new key in place, a new place in the array, or a new table.
//!
//! What moves keeps its spelling and its comments. Tables with headers stay tables with headers and
//! lines stay lines where the new place has a way to write them; else the value is written anew,
//! between brackets, with its comments above.

use super::super::edit::Plan;
use super::super::incoming::Side;
use super::super::tree::NodeId;
use super::super::{Change, Document, EditError, KeyPath, Kind, Node, Segment};
use super::list;
use super::member;
use super::outline::{Bracket, Role};
use super::remove;
use super::set::{self, Target};
use super::spell::Content;
use super::steps::Steps;
use super::view::{Beside, Carried, View, unwritable};
use crate::text::{Span, Splice};

/// Plans [`Change::Move`].
pub(super) fn plan(document: &Document, from: &KeyPath, to: &KeyPath) -> Result<Plan, EditError> {
    let view = View::of(document);
    let node = document.get(from)?.ok_or_else(|| EditError::NotFound { path: from.clone() })?;
    if from == to {
        return Ok(Plan::default());
    }
    if node.parent().is_none() {
        return Err(EditError::Immovable { path: from.clone() });
    }
    if let (Some((array, Segment::Index(old))), Some((other, Segment::Index(new)))) =
        (from.split_last(), to.split_last())
        && array == other
    {
        return reorder(&view, node, *old, *new, to);
    }
    let target = Target::of(document, to)?;
    match target.missing {
        [] => Err(EditError::Exists { path: to.clone() }),
        [Segment::Key(key)]
            if node.key().is_some() && node.parent().map(Node::id) == Some(target.node.id()) =>
        {
            Ok(rename(&view, node.id(), &set::spelled(to, key)?))
        }
        _ => {
            let mut steps = Steps::of(document, to);
            copy(&mut steps, node, (&view, &target), None, to)?;
            steps.change(&Change::Remove { path: node.path() })?;
            Ok(steps.finish_keeping_comments())
        }
    }
}

/// Writes another key wherever the text names `node`.
fn rename(view: &View<'_>, node: NodeId, key: &str) -> Plan {
    let mut spans: Vec<Span> = Vec::new();
    let outline = view.outline;
    spans.extend(outline.headers_through(node).map(|(_, header, step)| header.keys[step].span));
    spans.extend(outline.entries_through(node).map(|(_, entry, step)| entry.keys[step].span));
    if let Some((_, list)) = view.tree.parent(node).and_then(|p| outline.list_around(view.tree, p))
    {
        spans.extend(outline.items_through(list, node).map(|(_, item, step)| item.keys[step].span));
    }
    let splices = spans.into_iter().map(|span| Splice::new(span, key)).collect();
    Plan { splices, removed_comments: Vec::new() }
}

/// Takes an element to another index of its array.
fn reorder(
    view: &View<'_>,
    node: Node<'_>,
    old: usize,
    new: usize,
    path: &KeyPath,
) -> Result<Plan, EditError> {
    let array = node.parent().expect("elements stand in arrays");
    let before = if new < old { new } else { new + 1 };
    let gone = if new < old { old + 1 } else { old };
    let mut steps = Steps::of(view.document, path);
    let copy = if let Role::List(list) = view.outline.role(array.id()) {
        let carried = own_comments(view, node, path)?;
        list::insert(view, (array.id(), list), before, node.source(), &carried)
    } else {
        let text = sections(view, node, None);
        let splice = set::insert_element_sections(view, array.id(), before, &text);
        Plan { splices: vec![splice], removed_comments: Vec::new() }
    };
    steps.take(copy)?;
    steps.change(&Change::Remove { path: array.path().index(gone) })?;
    Ok(steps.finish_keeping_comments())
}

/// Writes a copy of `node`, which may stand in another text, where `target` leads, in the form it has
/// where that is possible.
pub(super) fn copy(
    steps: &mut Steps,
    node: Node<'_>,
    (view, target): (&View<'_>, &Target<'_, '_>),
    beside: Option<Beside>,
    path: &KeyPath,
) -> Result<(), EditError> {
    let from = View::of(node.document());
    let id = node.id();
    let place = target.node.id();
    if let [Segment::Append] = target.missing
        && target.node.kind() == Kind::Array
    {
        let end = view.tree.children(place).count();
        return steps.take(copy_element(view, (place, end), node, path)?);
    }
    if remove::is_entry(&from, id) {
        let raw = Content::Spelled(node.source().to_owned());
        let key = key_as_written(node, target);
        let carried = Carried { key, beside, ..own_comments(&from, node, path)? };
        return steps.take(set::add(view, target, path, raw, &carried)?);
    }
    if let Some(keys) = keys_of(node, target, path)?
        && from.outline.list_around(from.tree, id).is_none()
        && view.outline.list_around(view.tree, place).is_none()
    {
        let has_headers = from.outline.sections_within(from.tree, id).next().is_some();
        let header_key = view.header_key(place);
        if !has_headers || header_key.is_some() {
            if has_headers {
                let name = member::joined(&header_key.unwrap_or_default(), &keys);
                let text = sections(view, node, Some((&name, Bracket::Table)));
                let splice =
                    member::insert_sections(view, sections_place(view, place, beside), &text);
                steps.take(Plan { splices: vec![splice], removed_comments: Vec::new() })?;
            }
            return copy_lines(steps, &from, id, &target.node.path(), &keys);
        }
    }
    let (content, carried) = anew(view, node, path)?;
    steps.take(set::add(view, target, path, content, &carried)?)
}

/// Where new sections of the table `parent` go.
fn sections_place(view: &View<'_>, parent: NodeId, beside: Option<Beside>) -> usize {
    let first = |node| {
        let index = view.outline.sections_within(view.tree, node).next()?;
        let header = view.outline.sections[index].header.as_ref()?;
        Some(view.lines.own_start(header.span.start as usize))
    };
    match beside {
        Some((Side::Behind, node)) => member::sections_end(view, node),
        Some((Side::Before, node)) => {
            first(node).unwrap_or_else(|| member::sections_end(view, parent))
        }
        None => member::sections_end(view, parent),
    }
}

/// Plans a copy of `node`, which may stand in another text, as the element at `index` of `array`.
pub(super) fn copy_element(
    view: &View<'_>,
    (array, index): (NodeId, usize),
    node: Node<'_>,
    path: &KeyPath,
) -> Result<Plan, EditError> {
    let from = View::of(node.document());
    let id = node.id();
    let is_tables = view.outline.role(array) == Role::Tables;
    if let Role::List(list) = view.outline.role(array)
        && remove::is_entry(&from, id)
    {
        let carried = own_comments(&from, node, path)?;
        return Ok(list::insert(view, (array, list), index, node.source(), &carried));
    }
    if is_tables
        && node.kind() == Kind::Object
        && from.outline.entries_through(id).next().is_none()
        && from.outline.list_around(from.tree, id).is_none()
    {
        let name = view.header_key(array).expect("an array of tables has headers");
        let mut text = sections(view, node, Some((&name, Bracket::Element)));
        if from.outline.own_section(id).is_none() {
            text = format!("[[{name}]]{newline}{newline}{text}", newline = view.newline());
        }
        let splice = set::insert_element_sections(view, array, index, &text);
        return Ok(Plan { splices: vec![splice], removed_comments: Vec::new() });
    }
    let (content, carried) = anew(view, node, path)?;
    set::add_element(view, array, index, &content, &carried, path)
}

/// `node` spelled anew, where there is no common form, with its comments above.
fn anew(view: &View<'_>, node: Node<'_>, path: &KeyPath) -> Result<(Content, Carried), EditError> {
    let from = View::of(node.document());
    let gone = remove::plan(&from, node.id(), path)?.removed_comments;
    let above = gone.iter().map(|comment| comment.slice(from.source).to_owned()).collect();
    let content = set::content(path, &node.to_value(), view.quotes())?;
    Ok((content, Carried { above, ..Carried::default() }))
}

/// The key of `node` as it stands in its text, where it is all that is missing of a target.
fn key_as_written(node: Node<'_>, target: &Target<'_, '_>) -> Option<String> {
    let [Segment::Key(key)] = target.missing else { return None };
    let span = node.key_span().filter(|_| node.has_key(key))?;
    Some(span.slice(node.document().source()).to_owned())
}

/// The missing steps of a target as a dotted key, where all of them are keys of an object.
fn keys_of(
    node: Node<'_>,
    target: &Target<'_, '_>,
    path: &KeyPath,
) -> Result<Option<String>, EditError> {
    if let Some(key) = key_as_written(node, target).filter(|_| target.node.kind() == Kind::Object) {
        return Ok(Some(key));
    }
    let mut keys = String::new();
    for segment in target.missing {
        let Segment::Key(key) = segment else { return Ok(None) };
        keys = member::joined(&keys, &set::spelled(path, key)?);
    }
    Ok((target.node.kind() == Kind::Object).then_some(keys))
}

/// Copies the lines whose dotted keys make `node` to the table at `parent`, as `keys` there.
fn copy_lines(
    steps: &mut Steps,
    view: &View<'_>,
    node: NodeId,
    parent: &KeyPath,
    keys: &str,
) -> Result<(), EditError> {
    for (_, entry, step) in view.outline.entries_through(node) {
        let value = view.tree.span(entry.value);
        let last = entry.keys[entry.keys.len() - 1].span;
        let rest = set::between(view, entry.keys[step].span.end, last.end);
        let carried = view.carried(entry.span.start as usize, entry.span.end as usize);
        let document = steps.document().clone();
        let now = View::of(&document);
        let table = document.get(parent)?.expect("nothing was taken away so far");
        let content = Content::Spelled(value.slice(view.source).to_owned());
        let key = format!("{keys}{rest}");
        steps.take(member::insert(&now, table.id(), &key, &content, &carried))?;
    }
    Ok(())
}

/// The sections of `node` as they stand, under another name where one is given, for the text of
/// `target`.
fn sections(target: &View<'_>, node: Node<'_>, name: Option<(&str, Bracket)>) -> String {
    let newline = target.newline();
    let view = View::of(node.document());
    let node = node.id();
    let key_node = match view.tree.parent(node) {
        Some(array) if view.outline.role(array) == Role::Tables => array,
        _ => node,
    };
    let gap = if target.is_dense() { "" } else { newline };
    let mut order: Vec<usize> = view.outline.sections_within(view.tree, node).collect();
    if matches!(name, Some((_, Bracket::Element))) {
        // Sub-tables may stand in front of their table, but not of the element they are to be in.
        order.sort_by_key(|index| view.outline.sections[*index].table != node);
    }
    let mut text = String::new();
    for index in order {
        let section = &view.outline.sections[index];
        let Some(header) = &section.header else { continue };
        let start = view.lines.own_start(header.span.start as usize);
        let end = view.section_end(index);
        text.push_str(if text.is_empty() { "" } else { gap });
        text.push_str(&view.source[start..header.span.start as usize]);
        let step = header.keys.iter().position(|key| key.node == key_node);
        match (name, step) {
            (Some((name, bracket)), Some(step)) => {
                let last = header.keys[header.keys.len() - 1].span;
                let rest = set::between(&view, header.keys[step].span.end, last.end);
                let bracket = if section.table == node { bracket } else { header.bracket };
                text.push_str(&bracket.around(&format!("{name}{rest}")));
            }
            _ => text.push_str(header.span.slice(view.source)),
        }
        text.push_str(&view.source[header.span.end as usize..end]);
        if !text.ends_with('\n') {
            text.push_str(newline);
        }
    }
    text
}

/// The comments that go with an entry, but for those inside of its value.
fn own_comments(view: &View<'_>, node: Node<'_>, path: &KeyPath) -> Result<Carried, EditError> {
    let span = node.span();
    let place = view.outline.place(view.tree, node.id());
    let entry = place.map(|place| view.outline.entry(place));
    let entry = entry.ok_or_else(|| unwritable(path, "this value"))?;
    let gone = remove::plan(view, node.id(), path)?.removed_comments;
    let all = view.carried(entry.span.start as usize, span.end as usize);
    let above = gone.iter().filter(|comment| comment.end <= entry.span.start);
    let above = above.map(|comment| comment.slice(view.source).to_owned()).collect();
    let behind = all.behind.filter(|_| gone.iter().any(|comment| comment.start >= span.end));
    Ok(Carried { above, behind, ..Carried::default() })
}
