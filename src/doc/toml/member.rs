//! New members of tables: an entry, an item, or sections of their own.
//!
//! An entry goes after the last one of its table, before any sub-table. A table goes behind the
//! sections of its parent, under a header of its own, where its siblings have headers; else it is an
//! inline table. Nothing that is there already moves.

use super::super::edit::Plan;
use super::super::incoming::Side;
use super::super::tree::NodeId;
use super::list;
use super::outline::{Bracket, Entry, Holder, Role};
use super::spell::Content;
use super::view::{Carried, EntryStyle, View};
use crate::text::{Span, Splice};

/// Adds the member `key`, as spelled, to the object `table`, which has none of that name.
pub(super) fn insert(
    view: &View<'_>,
    table: NodeId,
    key: &str,
    content: &Content,
    carried: &Carried,
) -> Plan {
    let splices = if let Some(list) = view.outline.list_around(view.tree, table) {
        return insert_item(view, list, table, key, content, carried);
    } else if let Some(parent) = header_for(view, table, content) {
        let name = joined(&parent, key);
        let bracket = if content.is_tables() { Bracket::Element } else { Bracket::Table };
        vec![append_sections(view, table, &name, bracket, content, carried)]
    } else {
        vec![insert_entry(view, table, key, content, carried)]
    };
    Plan { splices, removed_comments: Vec::new() }
}

/// `parent.key`, or `key` alone below the root.
pub(super) fn joined(parent: &str, key: &str) -> String {
    if parent.is_empty() { key.to_owned() } else { format!("{parent}.{key}") }
}

/// Adds a member to an inline table, or to a table that dotted keys make inside of one.
fn insert_item(
    view: &View<'_>,
    (node, list): (NodeId, usize),
    table: NodeId,
    key: &str,
    content: &Content,
    carried: &Carried,
) -> Plan {
    let items = &view.outline.lists[list].items;
    let group = view.outline.items_through(list, table).next_back();
    let (index, neighbour, key) = match group {
        Some((place, item, step)) if table != node => {
            (place.index + 1, Some(item), format!("{}{key}", dotted_prefix(view, item, step)))
        }
        _ => {
            let beside = carried.beside.and_then(|(side, node)| {
                let place = items.iter().position(|item| item.value == node)?;
                Some((side.index(place), items.get(place), key.to_owned()))
            });
            beside.unwrap_or_else(|| (items.len(), items.last(), key.to_owned()))
        }
    };
    let text = view.entry_style(None, neighbour).entry(&key, &content.inline());
    list::insert(view, (node, list), index, &text, carried)
}

/// The text of a dotted key up to its step `step` and the dot behind it.
fn dotted_prefix(view: &View<'_>, entry: &Entry, step: usize) -> String {
    let end = match entry.keys.get(step + 1) {
        Some(next) => next.span.start,
        None => return format!("{}.", entry.keys[step].span.slice(view.source)),
    };
    Span::new(entry.span.start as usize, end as usize).slice(view.source).to_owned()
}

/// The key of the header of `table`, where a new member `content` gets a header below it.
fn header_for(view: &View<'_>, table: NodeId, content: &Content) -> Option<String> {
    let parent = view.header_key(table)?;
    let with_header = |node: &NodeId| view.outline.headers_through(*node).next().is_some();
    let fits = match content {
        Content::Spelled(_) => false,
        Content::Array(_) => content.is_tables() && view.uses_elements(),
        Content::Table(members) => {
            let mut objects = view
                .tree
                .children(table)
                .filter(|child| {
                    matches!(view.outline.role(*child), Role::Table | Role::Tables)
                        || view.node(*child).kind() == super::super::Kind::Object
                })
                .peekable();
            // Without an example a header it is, as people write TOML.
            if objects.peek().is_none() {
                !members.is_empty()
            } else {
                objects.any(|id| with_header(&id))
            }
        }
    };
    fits.then_some(parent)
}

/// Adds an entry to a table that stands in sections.
fn insert_entry(
    view: &View<'_>,
    table: NodeId,
    key: &str,
    content: &Content,
    carried: &Carried,
) -> Splice {
    let value = content.inline();
    let newline = view.newline();
    if let Some(index) = view.outline.own_section(table) {
        let section = &view.outline.sections[index];
        let beside = carried.beside.and_then(|(side, node)| {
            Some((side, section.entries.iter().find(|entry| entry.value == node)?))
        });
        if let Some((side, entry)) = beside {
            let style = view.entry_style(Some(section), Some(entry));
            let line = carried.around(&style.indent, &style.entry(key, &value), newline);
            let place = match side {
                Side::Before => view.lines.own_start(entry.span.start as usize),
                Side::Behind => view.lines.end(entry.span.end as usize),
            };
            return view.lines.insertion(place, &line);
        }
        let last = section.entries.last();
        let mut style = view.entry_style(Some(section), last);
        let Some(last) = last else {
            if let Some(header) = &section.header {
                style.indent = entry_indent(view, index);
                let line = carried.around(&style.indent, &style.entry(key, &value), newline);
                let end = empty_section_end(view, index, header.span);
                // A comment about the section must not become one of the entry.
                let above = if view.lines.ends_in_comment(end) { newline } else { "" };
                return view.lines.insertion(end, &format!("{above}{line}"));
            }
            return insert_first(view, &style, &style.entry(key, &value), carried);
        };
        let line = carried.around(&style.indent, &style.entry(key, &value), newline);
        return view.lines.insertion(view.lines.end(last.span.end as usize), &line);
    }
    if let Some((place, last, step)) = view.outline.entries_through(table).next_back() {
        let section = match place.holder {
            Holder::Section(index) => Some(&view.outline.sections[index]),
            Holder::List(_) => None,
        };
        let style = view.entry_style(section, Some(last));
        let key = format!("{}{key}", dotted_prefix(view, last, step));
        let line = carried.around(&style.indent, &style.entry(&key, &value), newline);
        return view.lines.insertion(view.lines.end(last.span.end as usize), &line);
    }
    // Only headers of sub-tables name it: it gets its own header in front of the first.
    let name = view.header_key(table).expect("a table without entries is named by a header");
    let (_, header, _) =
        view.outline.headers_through(table).next().expect("the key was taken from one");
    let start = header.span.start as usize;
    let indent = view.lines.indent(start).unwrap_or_default();
    let style = view.entry_style(None, None);
    let line = carried.around(indent, &style.entry(key, &value), newline);
    let gap = if view.is_dense() { "" } else { newline };
    Splice::insert(view.lines.own_start(start), format!("{indent}[{name}]{newline}{line}{gap}"))
}

/// Adds the first entry of all above the first header.
fn insert_first(view: &View<'_>, style: &EntryStyle, entry: &str, carried: &Carried) -> Splice {
    let newline = view.newline();
    let line = carried.around(&style.indent, entry, newline);
    let header = view.section_after(0).and_then(|section| section.header.as_ref());
    let offset =
        header.map_or(view.source.len(), |header| view.lines.own_start(header.span.start as usize));
    // A comment at the top is about the file, not about the new entry.
    let above = if view.lines.ends_blank(offset) { "" } else { newline };
    let below = if header.is_none() || view.is_dense() { "" } else { newline };
    view.lines.insertion(offset, &format!("{above}{line}{below}"))
}

/// Where the first entry of a section goes: below its header and the comments right under it,
/// unless those lead up to something else.
fn empty_section_end(view: &View<'_>, index: usize, header: Span) -> usize {
    let end = view.lines.end(header.end as usize);
    let next = view.section_after(index).and_then(|section| section.header.as_ref());
    let limit =
        next.map_or(view.source.len(), |next| view.lines.own_start(next.span.start as usize));
    let below = view.lines.comments_below(end, limit);
    if view.lines.is_blank(below) { below } else { end }
}

/// The indent of entries below the header of the section at `index`, which has none to show it.
fn entry_indent(view: &View<'_>, index: usize) -> String {
    let indent_of = |start: u32| view.lines.indent(start as usize).unwrap_or_default();
    let own = view.outline.sections[index].header.as_ref();
    let own = own.map_or("", |header| indent_of(header.span.start));
    let example = view.outline.sections.iter().find_map(|section| {
        let header = indent_of(section.header.as_ref()?.span.start);
        indent_of(section.entries.first()?.span.start).strip_prefix(header)
    });
    format!("{own}{}", example.unwrap_or_default())
}

/// A header with the entries below it.
struct Block {
    header: String,
    entries: Vec<String>,
}

/// Spells `content` as sections.
fn blocks(
    view: &View<'_>,
    style: &EntryStyle,
    name: &str,
    bracket: Bracket,
    content: &Content,
    found: &mut Vec<Block>,
) {
    let members = match content {
        Content::Table(members) => members,
        Content::Array(elements) => {
            for element in elements {
                blocks(view, style, name, Bracket::Element, element, found);
            }
            return;
        }
        Content::Spelled(_) => return,
    };
    let has_header = |member: &Content| match member {
        Content::Table(members) => !members.is_empty(),
        other => other.is_tables() && view.uses_elements(),
    };
    let entries: Vec<String> = members
        .iter()
        .filter(|(_, member)| !has_header(member))
        .map(|(key, member)| style.entry(key, &member.inline()))
        .collect();
    let tables = members.iter().filter(|(_, member)| has_header(member));
    let header = bracket.around(name);
    // A table of nothing but tables is named by theirs.
    if bracket == Bracket::Element || !entries.is_empty() || tables.clone().next().is_none() {
        found.push(Block { header, entries });
    }
    for (key, member) in tables {
        blocks(view, style, &joined(name, key), Bracket::Table, member, found);
    }
}

/// Writes `content` as sections behind those of `parent`.
fn append_sections(
    view: &View<'_>,
    parent: NodeId,
    name: &str,
    bracket: Bracket,
    content: &Content,
    carried: &Carried,
) -> Splice {
    let text = sections_text(view, parent, name, bracket, content, carried);
    insert_sections(view, sections_end(view, parent), &text)
}

/// The text of `content` as sections, blank lines between them, without one at either end.
pub(super) fn sections_text(
    view: &View<'_>,
    sibling_of: NodeId,
    name: &str,
    bracket: Bracket,
    content: &Content,
    carried: &Carried,
) -> String {
    let newline = view.newline();
    // The last header below the parent shows the indent.
    let example = view
        .outline
        .sections_within(view.tree, sibling_of)
        .rfind(|index| view.outline.sections[*index].header.is_some());
    let header_indent = example
        .and_then(|index| view.outline.sections[index].header.as_ref())
        .and_then(|header| view.lines.indent(header.span.start as usize))
        .unwrap_or_default();
    let inner = example.map_or_else(String::new, |index| {
        let first = view.outline.sections[index].entries.first();
        let indent = first.and_then(|entry| view.lines.indent(entry.span.start as usize));
        indent.map_or_else(|| entry_indent(view, index), str::to_owned)
    });
    let section = example.map(|index| &view.outline.sections[index]);
    let mut style = view.entry_style(None, section.and_then(|section| section.entries.last()));
    style.indent = inner;
    let mut found = Vec::new();
    blocks(view, &style, name, bracket, content, &mut found);
    let gap = if view.is_dense() { "" } else { newline };
    let mut text = String::new();
    for (index, block) in found.iter().enumerate() {
        let none = Carried::default();
        let carried = if index == 0 { carried } else { &none };
        text.push_str(if index == 0 { "" } else { gap });
        text.push_str(&carried.around(header_indent, &block.header, newline));
        for entry in &block.entries {
            text.push_str(&none.around(&style.indent, entry, newline));
        }
    }
    text
}

/// Where the last section of `table` ends.
pub(super) fn sections_end(view: &View<'_>, table: NodeId) -> usize {
    let last = view.outline.sections_within(view.tree, table).next_back();
    let last = last.unwrap_or(0);
    view.section_end(last)
}

/// Puts whole sections at `offset`, between others, with a blank line on either side.
pub(super) fn insert_sections(view: &View<'_>, offset: usize, text: &str) -> Splice {
    let newline = view.newline();
    // A comment at the end of either part must not become that of the header below it.
    let needs_gap = |comment_above: bool| comment_above || !view.is_dense();
    let commented = text.lines().last().is_some_and(|line| line.trim_start().starts_with('#'));
    let at_top = offset <= view.lines.first() || view.lines.ends_blank(offset);
    let above = !at_top && needs_gap(view.lines.ends_in_comment(offset));
    let below = !view.lines.is_blank(offset) && needs_gap(commented);
    let gap = |wanted: bool| if wanted { newline } else { "" };
    view.lines.insertion(offset, &format!("{}{text}{}", gap(above), gap(below)))
}
