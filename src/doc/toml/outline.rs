//! What stands where in a TOML text beside the values: sections, entries, brackets, commas.
//!
//! The tree of a TOML document says what it means; one table may stand in many places of the text.
//! The outline says which places: every header and every entry names the nodes of its key, step by
//! step. It is built by the reader and never changed.

use super::super::tree::{NodeId, Tree};
use crate::text::Span;

/// How a node is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A value that is no container.
    Scalar,
    /// An inline array or inline table: the index of its [`List`].
    List(usize),
    /// A table made by headers, by dotted keys, or by standing on the way of either.
    Table,
    /// An array of tables (`[[x]]`).
    Tables,
}

/// One step of a key and what it leads to: for a step to an array of tables, the array.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyStep {
    /// The step as written, quotes included.
    pub(super) span: Span,
    pub(super) node: NodeId,
}

/// The brackets of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bracket {
    /// `[a]`.
    Table,
    /// `[[a]]`.
    Element,
}

impl Bracket {
    /// The header of the table `key`.
    pub(super) fn around(self, key: &str) -> String {
        match self {
            Self::Table => format!("[{key}]"),
            Self::Element => format!("[[{key}]]"),
        }
    }
}

/// A line that opens a table.
#[derive(Clone, Debug)]
pub(super) struct Header {
    /// Brackets included.
    pub(super) span: Span,
    pub(super) bracket: Bracket,
    pub(super) keys: Vec<KeyStep>,
}

/// A value with its key: a line of a section, or an item between brackets.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// From the first step of the key to the end of the value.
    pub(super) span: Span,
    /// Empty for elements of arrays. The last step leads to the value.
    pub(super) keys: Vec<KeyStep>,
    pub(super) value: NodeId,
    /// The comma after an item.
    pub(super) comma: Option<Span>,
}

/// A header with the entries up to the next one; the first section has no header.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) header: Option<Header>,
    /// The table that the entries go into.
    pub(super) table: NodeId,
    pub(super) entries: Vec<Entry>,
}

impl Section {
    /// Where the last thing of the section ends, comments not counted; nothing for no text at all.
    pub(super) fn end(&self) -> Option<usize> {
        let last = self.entries.last().map(|entry| entry.span);
        last.or(self.header.as_ref().map(|header| header.span)).map(|span| span.end as usize)
    }
}

/// What stands between the brackets of an inline array or table.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    pub(super) items: Vec<Entry>,
}

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) holder: Holder,
    /// Which entry of the section or list.
    pub(super) index: usize,
}

/// What holds an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// The section of that index.
    Section(usize),
    /// The list of that index.
    List(usize),
}

/// The places of everything in one text.
#[derive(Clone, Debug, Default)]
pub(in crate::doc) struct Outline {
    /// In the order of the text; there is always the first.
    pub(super) sections: Vec<Section>,
    pub(super) lists: Vec<List>,
    /// By the index of the node.
    pub(super) roles: Vec<Role>,
}

impl Outline {
    pub(super) fn role(&self, node: NodeId) -> Role {
        self.roles[node.index()]
    }

    /// The nearest inline container that `node` is or stands in, with its list.
    pub(super) fn list_around(&self, tree: &Tree, node: NodeId) -> Option<(NodeId, usize)> {
        ancestors(tree, node).find_map(|id| match self.role(id) {
            Role::List(list) => Some((id, list)),
            _ => None,
        })
    }

    /// Where the entry of the value `node` stands; nothing for tables that no one entry makes.
    pub(super) fn place(&self, tree: &Tree, node: NodeId) -> Option<Place> {
        if matches!(self.role(node), Role::Table | Role::Tables) {
            return None;
        }
        let start = tree.span(node).start;
        let holder = match self.list_around(tree, tree.parent(node)?) {
            Some((_, list)) => Holder::List(list),
            None => Holder::Section(self.section_at(start)),
        };
        let entries = self.entries(holder);
        let index = entries.partition_point(|entry| entry.span.end <= start);
        (entries.get(index)?.value == node).then_some(Place { holder, index })
    }

    /// The section that the byte at `offset` belongs to.
    pub(super) fn section_at(&self, offset: u32) -> usize {
        let starts_before = |section: &Section| {
            section.header.as_ref().is_none_or(|header| header.span.start <= offset)
        };
        self.sections.partition_point(starts_before) - 1
    }

    /// All entries of `holder`.
    fn entries(&self, holder: Holder) -> &[Entry] {
        match holder {
            Holder::Section(section) => &self.sections[section].entries,
            Holder::List(list) => &self.lists[list].items,
        }
    }

    /// The entry at `place`.
    pub(super) fn entry(&self, place: Place) -> &Entry {
        &self.entries(place.holder)[place.index]
    }

    /// The section that is headed as `table`; the first one for the root.
    pub(super) fn own_section(&self, table: NodeId) -> Option<usize> {
        self.sections.iter().position(|section| section.table == table)
    }

    /// The headers whose key goes to or through `node`: section, header, index of that step.
    pub(super) fn headers_through(
        &self,
        node: NodeId,
    ) -> impl DoubleEndedIterator<Item = (usize, &Header, usize)> {
        self.sections.iter().enumerate().filter_map(move |(index, section)| {
            let header = section.header.as_ref()?;
            let step = header.keys.iter().position(|key| key.node == node)?;
            Some((index, header, step))
        })
    }

    /// The lines whose key goes to or through `node`: place, entry, index of that step.
    pub(super) fn entries_through(
        &self,
        node: NodeId,
    ) -> impl DoubleEndedIterator<Item = (Place, &Entry, usize)> {
        self.sections
            .iter()
            .enumerate()
            .flat_map(move |(section, held)| through(&held.entries, Holder::Section(section), node))
    }

    /// The items of a list whose key goes to or through `node`.
    pub(super) fn items_through(
        &self,
        list: usize,
        node: NodeId,
    ) -> impl DoubleEndedIterator<Item = (Place, &Entry, usize)> {
        through(&self.lists[list].items, Holder::List(list), node)
    }

    /// The sections whose table is `node` or stands below it.
    pub(super) fn sections_within(
        &self,
        tree: &Tree,
        node: NodeId,
    ) -> impl DoubleEndedIterator<Item = usize> {
        let within = move |index: &usize| is_within(tree, self.sections[*index].table, node);
        (0..self.sections.len()).filter(within)
    }
}

fn through(
    entries: &[Entry],
    holder: Holder,
    node: NodeId,
) -> impl DoubleEndedIterator<Item = (Place, &Entry, usize)> {
    entries.iter().enumerate().filter_map(move |(index, entry)| {
        let step = entry.keys.iter().position(|key| key.node == node)?;
        Some((Place { holder, index }, entry, step))
    })
}

/// `node` and what it stands in, outwards.
pub(super) fn ancestors(tree: &Tree, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
    std::iter::successors(Some(node), |id| tree.parent(*id))
}

/// Whether `node` is `ancestor` or stands below it.
pub(super) fn is_within(tree: &Tree, node: NodeId, ancestor: NodeId) -> bool {
    ancestors(tree, node).any(|id| id == ancestor)
}
