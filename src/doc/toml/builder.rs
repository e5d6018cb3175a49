//! The tree and the outline of a valid text, from its tokens.
//!
//! Spans: the root covers the whole text. A table with a header covers its own section, from the
//! bracket to the end of the last entry; one that is only mentioned (dotted keys, headers of
//! sub-tables) the first step of a key that names it. An array of tables covers everything from its
//! first header to the end of its last section: equal bytes then mean equal arrays.

use std::collections::HashMap;

use toml_parser::parser::{Event, EventKind};

use super::super::tree::{NodeId, Tree};
use super::super::{Kind, Wtf8String};
use super::outline::{Bracket, Entry, Header, KeyStep, List, Outline, Role, Section, ancestors};
use super::scalar::{decode_key, kind_of};
use crate::text::Span;

/// Builds the tree from the tokens of a text that is known to be valid.
pub(super) struct Builder<'s> {
    source: &'s str,
    tree: Tree,
    outline: Outline,
    /// By the index of the node.
    last_child: Vec<Option<NodeId>>,
    /// The tables that keys may go through.
    tables: HashMap<(NodeId, Wtf8String), NodeId>,
    /// The steps of the key at hand.
    keys: Vec<Span>,
    /// The brackets that are open, by node.
    open: Vec<(NodeId, usize)>,
    /// Where a dotted key goes through an array of tables.
    fault: Option<usize>,
    /// The header at hand.
    header: Option<(usize, Bracket)>,
}

impl<'s> Builder<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        let mut builder = Self {
            source,
            tree: Tree::with_capacity(source.len()),
            outline: Outline::default(),
            last_child: Vec::new(),
            tables: HashMap::new(),
            keys: Vec::new(),
            open: Vec::new(),
            fault: None,
            header: None,
        };
        let root = builder.push(Role::Table, Kind::Object, Span::new(0, source.len()), None, None);
        builder.outline.sections.push(Section { header: None, table: root, entries: Vec::new() });
        builder
    }

    /// Builds tree and outline from all tokens of the text.
    ///
    /// The error is the place of a dotted key that goes through an array of tables: TOML forbids
    /// it, and what it means would change with every element put before it.
    pub(super) fn build(mut self, events: &[Event]) -> Result<(Tree, Outline), usize> {
        for event in events {
            let span = Span::new(event.span().start(), event.span().end());
            match event.kind() {
                EventKind::StdTableOpen => self.open_header(span, Bracket::Table),
                EventKind::ArrayTableOpen => self.open_header(span, Bracket::Element),
                EventKind::StdTableClose | EventKind::ArrayTableClose => self.close_header(span),
                EventKind::SimpleKey => self.keys.push(span),
                EventKind::Scalar => {
                    let kind = kind_of(span.slice(self.source));
                    self.value(Role::Scalar, kind, span);
                }
                EventKind::ArrayOpen => self.open_list(Kind::Array, span),
                EventKind::InlineTableOpen => self.open_list(Kind::Object, span),
                EventKind::ArrayClose | EventKind::InlineTableClose => self.close_list(span),
                EventKind::ValueSep => {
                    if let Some((_, list)) = self.open.last()
                        && let Some(item) = self.outline.lists[*list].items.last_mut()
                    {
                        item.comma = Some(span);
                    }
                }
                EventKind::Comment => self.tree.push_comment(span),
                EventKind::KeySep
                | EventKind::KeyValSep
                | EventKind::Whitespace
                | EventKind::Newline
                | EventKind::Error => {}
            }
        }
        self.close_section();
        match self.fault {
            Some(offset) => Err(offset),
            None => Ok((self.tree, self.outline)),
        }
    }

    fn push(
        &mut self,
        role: Role,
        kind: Kind,
        span: Span,
        key: Option<Span>,
        parent: Option<NodeId>,
    ) -> NodeId {
        let previous = parent.and_then(|parent| self.last_child[parent.index()]);
        let id = self.tree.push(kind, span, key, parent, previous);
        if let Some(parent) = parent {
            self.last_child[parent.index()] = Some(id);
        }
        self.last_child.push(None);
        self.outline.roles.push(role);
        id
    }

    fn open_header(&mut self, span: Span, bracket: Bracket) {
        self.close_section();
        self.header = Some((span.start as usize, bracket));
        self.keys.clear();
    }

    fn close_header(&mut self, span: Span) {
        let (start, bracket) = self.header.take().expect("a header that closes was opened");
        let span = Span::new(start, span.end as usize);
        let keys = std::mem::take(&mut self.keys);
        let (last, parents) = keys.split_last().expect("a header has a key");
        let mut steps = Vec::with_capacity(keys.len());
        let parent = self.descend(NodeId::ROOT, parents, &mut steps);
        let name = (parent, decode_key(last.slice(self.source)));
        let known = self.tables.get(&name).copied();
        let table = match bracket {
            Bracket::Table => {
                let table = known.unwrap_or_else(|| {
                    self.push(Role::Table, Kind::Object, span, Some(*last), Some(parent))
                });
                steps.push(KeyStep { span: *last, node: table });
                self.tables.insert(name, table);
                table
            }
            Bracket::Element => {
                let array = known.unwrap_or_else(|| {
                    self.push(Role::Tables, Kind::Array, span, Some(*last), Some(parent))
                });
                steps.push(KeyStep { span: *last, node: array });
                self.tables.insert(name, array);
                self.push(Role::Table, Kind::Object, span, None, Some(array))
            }
        };
        let header = Header { span, bracket, keys: steps };
        self.outline.sections.push(Section { header: Some(header), table, entries: Vec::new() });
    }

    /// Ends the spans that the section at hand is the end of.
    fn close_section(&mut self) {
        let Some(section) = self.outline.sections.last() else { return };
        let (Some(header), Some(end)) = (&section.header, section.end()) else { return };
        if self.tree.span(section.table).start == header.span.start {
            self.tree.close(section.table, end);
        }
        let arrays: Vec<NodeId> = ancestors(&self.tree, section.table)
            .filter(|id| self.outline.role(*id) == Role::Tables)
            .collect();
        for array in arrays {
            self.tree.close(array, end);
        }
    }

    /// Goes down `keys` from `table`, making tables that are not there yet.
    fn descend(&mut self, table: NodeId, keys: &[Span], steps: &mut Vec<KeyStep>) -> NodeId {
        let mut table = table;
        for key in keys {
            let name = (table, decode_key(key.slice(self.source)));
            let known = self.tables.get(&name).copied();
            let node = known.unwrap_or_else(|| {
                self.push(Role::Table, Kind::Object, *key, Some(*key), Some(table))
            });
            self.tables.entry(name).or_insert(node);
            steps.push(KeyStep { span: *key, node });
            table = match self.outline.role(node) {
                // A key through an array of tables means its last element so far.
                Role::Tables => self.last_child[node.index()].expect("made with its first element"),
                _ => node,
            };
        }
        table
    }

    /// Adds a value under the key at hand.
    fn value(&mut self, role: Role, kind: Kind, span: Span) -> NodeId {
        let keys = std::mem::take(&mut self.keys);
        let section = self.outline.sections.len() - 1;
        let holder = self.open.last().copied();
        let base = holder.map_or(self.outline.sections[section].table, |(node, _)| node);
        let mut steps = Vec::with_capacity(keys.len());
        let value = match keys.split_last() {
            Some((last, parents)) => {
                let parent = self.descend(base, parents, &mut steps);
                let through_tables =
                    steps.iter().find(|step| self.outline.role(step.node) == Role::Tables);
                if let Some(step) = through_tables {
                    self.fault.get_or_insert(step.span.start as usize);
                }
                let value = self.push(role, kind, span, Some(*last), Some(parent));
                steps.push(KeyStep { span: *last, node: value });
                value
            }
            None => self.push(role, kind, span, None, Some(base)),
        };
        let start = steps.first().map_or(span, |step| step.span).start as usize;
        let entry =
            Entry { span: Span::new(start, span.end as usize), keys: steps, value, comma: None };
        match holder {
            Some((_, list)) => self.outline.lists[list].items.push(entry),
            None => self.outline.sections[section].entries.push(entry),
        }
        value
    }

    fn open_list(&mut self, kind: Kind, span: Span) {
        let list = self.outline.lists.len();
        let node = self.value(Role::List(list), kind, span);
        self.outline.lists.push(List::default());
        self.open.push((node, list));
    }

    fn close_list(&mut self, span: Span) {
        let (node, _) = self.open.pop().expect("a bracket that closes was opened");
        let end = span.end as usize;
        self.tree.close(node, end);
        let section = self.outline.sections.len() - 1;
        // The entry of the list was noted when only its opening bracket was known.
        let entries = match self.open.last() {
            Some((_, list)) => &mut self.outline.lists[*list].items,
            None => &mut self.outline.sections[section].entries,
        };
        let entry = entries.last_mut().expect("the list is the last value so far");
        entry.span = Span::new(entry.span.start as usize, end);
    }
}
