//! Planning: from a change to the splices that make it.
//!
//! A change of what the text means already is no splice at all.
//!
//! This module never checks its result: [`Document::edit`] reads the edited text again and does.

use std::borrow::Cow;

use super::Dialect;
use super::arriving::{Taken, comments_in};
use super::carried::{Carried, Indent, reindent, respell_key, with_newlines};
use super::container::{Container, Lines};
use super::gap::line_indent;
use super::insert::{Arrival, Fresh, insert};
use super::remove::{Departure, remove, trimmed_splice};
use super::spell;
use super::style::Styles;
use crate::doc::edit::Plan;
use crate::doc::lookup::step;
use crate::doc::tree::NodeId;
use crate::doc::{
    Change, Document, EditError, Format, Incoming, KeyPath, Kind, Node, Segment, Syntax, Value,
};
use crate::text::{Span, Splice, apply};

/// Plans `changes`, whose paths are known to make sense, each for the text as it is.
pub(in crate::doc) fn plan(
    document: &Document,
    changes: &[Cow<'_, Change>],
) -> Result<Vec<Plan>, EditError> {
    let styles = styles(document);
    changes.iter().map(|change| plan_one(&styles, document, change)).collect()
}

fn plan_one<'d>(
    styles: &Styles<'d>,
    document: &'d Document,
    change: &Change,
) -> Result<Plan, EditError> {
    match change {
        Change::Set { path, value } => set(styles, document, path, value),
        Change::Insert { path, value } => insert_element(styles, document, path, value),
        Change::Remove { path } => remove_member(document, path),
        Change::Move { from, to } => relocate(styles, document, from, to),
    }
}

/// How far a path leads in a document.
struct Walk<'d, 'p> {
    node: Node<'d>,
    /// The steps that lead nowhere yet.
    rest: &'p [Segment],
}

fn walk<'d, 'p>(document: &'d Document, path: &'p KeyPath) -> Result<Walk<'d, 'p>, EditError> {
    let mut node = document.root();
    let segments = path.segments();
    for (index, segment) in segments.iter().enumerate() {
        let is_end = |node: Node<'_>| match segment {
            Segment::Append => true,
            Segment::Index(wanted) => node.children().nth(*wanted).is_none(),
            _ => false,
        };
        if is_end(node) {
            return Ok(Walk { node, rest: &segments[index..] });
        }
        match step(node, segment, path, index)? {
            Some(next) => node = next,
            None => return Ok(Walk { node, rest: &segments[index..] }),
        }
    }
    Ok(Walk { node, rest: &[] })
}

/// The value at `path`.
fn find<'d>(document: &'d Document, path: &KeyPath) -> Result<Node<'d>, EditError> {
    let walk = walk(document, path)?;
    if walk.rest.is_empty() { Ok(walk.node) } else { Err(not_found(path)) }
}

fn not_found(path: &KeyPath) -> EditError {
    EditError::NotFound { path: path.clone() }
}

fn unwritable(path: &KeyPath) -> impl Fn(&'static str) -> EditError + '_ {
    |what| EditError::Unwritable { path: path.clone(), what }
}

fn styles(document: &Document) -> Styles<'_> {
    match &document.syntax {
        Syntax::Json5(dialect) => Styles::new(document, dialect),
        Syntax::Toml(_) => Styles::new(document, &Dialect { strict: false }),
    }
}

fn set<'d>(
    styles: &Styles<'d>,
    document: &'d Document,
    path: &KeyPath,
    value: &Incoming,
) -> Result<Plan, EditError> {
    let Walk { node, rest } = walk(document, path)?;
    let taken = Taken::by(document, path, value);
    if rest.is_empty() {
        if node.means(&value.value) {
            return Ok(Plan::default());
        }
        return match taken {
            Taken::Value(origin) => Ok(replace_by_text(styles, document, node, origin)),
            _ => replace(styles, document, node, &value.value).map_err(unwritable(path)),
        };
    }
    if !fits(node, rest) {
        return Err(not_found(path));
    }
    let container = Container::of(document, node.id());
    let carried = carried(taken);
    let arrival = Arrival { steps: rest, fresh: Fresh::of(carried.as_ref(), &value.value) };
    let index = value
        .neighbour(Format::Json5, node, rest, |_| true)
        .and_then(|(side, neighbour)| Some(side.index(container.position(neighbour)?)))
        .unwrap_or(container.items.len());
    let splices = insert(styles, &container, index, arrival);
    Ok(Plan { splices: splices.map_err(unwritable(path))?, removed_comments: Vec::new() })
}

/// What comes from another text, with its comments.
fn carried(taken: Taken<'_>) -> Option<Carried<'_>> {
    let Taken::Item(node) = taken else { return None };
    let container = Container::around(node.document(), node.id())?;
    let index = container.position(node.id())?;
    let unit = unit_below(&styles(node.document()), node);
    Some(Carried::of(&container, index).visiting(unit))
}

/// One step of indentation in and below `node`.
fn unit_below(styles: &Styles<'_>, node: Node<'_>) -> String {
    let document = node.document();
    let own = matches!(node.kind(), Kind::Array | Kind::Object);
    let own = own.then(|| Container::of(document, node.id()));
    match own.filter(|own| !own.items.is_empty()).or_else(|| Container::around(document, node.id()))
    {
        Some(container) => styles.at(&container, 0).unit,
        None => styles.of_root().unit,
    }
}

/// Plans the text of `origin`, a value of another document, in the place of `node`.
fn replace_by_text(
    styles: &Styles<'_>,
    document: &Document,
    node: Node<'_>,
    origin: Node<'_>,
) -> Plan {
    let style = match Container::around(document, node.id()) {
        Some(around) => styles.at(&around, around.position(node.id()).unwrap_or_default()),
        None => styles.of_root(),
    };
    let from = Indent {
        line: line_indent(origin.document().source(), node_start(origin)),
        unit: &unit_below(&self::styles(origin.document()), origin),
    };
    let to = Indent { line: line_indent(document.source(), node_start(node)), unit: &style.unit };
    let text = with_newlines(&reindent(origin.source(), from, to), style.newline);
    Plan {
        splices: vec![Splice::new(node.span(), text)],
        removed_comments: comments_in(document, node.span()).to_vec(),
    }
}

/// Whether something can be put at `rest` below `node`.
fn fits(node: Node<'_>, rest: &[Segment]) -> bool {
    let last = rest.len() - 1;
    let leads_on = |(index, segment): (usize, &Segment)| match segment {
        Segment::Key(_) => true,
        Segment::Append => index == last,
        Segment::Index(_) | Segment::Where { .. } => false,
    };
    let kind = if matches!(rest[0], Segment::Key(_)) { Kind::Object } else { Kind::Array };
    node.kind() == kind && rest.iter().enumerate().all(leads_on)
}

/// Plans another value in the place of `node`.
fn replace(
    styles: &Styles<'_>,
    document: &Document,
    node: Node<'_>,
    value: &Value,
) -> Result<Plan, &'static str> {
    let source = document.source();
    let span = node.span();
    let own = Container::around(document, node.id());
    let near = own.as_ref().and_then(|around| around.position(node.id())).unwrap_or_default();
    let is_scalar = !matches!(value.kind(), Kind::Array | Kind::Object);
    let mut style = match &own {
        Some(around) if is_scalar => styles.of_scalar(around, near),
        Some(around) => styles.at(around, near),
        None => styles.of_root(),
    };
    if let Some(quote @ ('"' | '\'')) = node.source().chars().next() {
        style.string_quote = quote;
    }
    let same_kind =
        node.kind() == value.kind() && matches!(value.kind(), Kind::Array | Kind::Object);
    let as_before = same_kind.then(|| Container::of(document, node.id()).lines()).flatten();
    let lines = as_before.unwrap_or_else(|| match &own {
        // It has no lines to lay out.
        _ if is_scalar => Lines::One,
        Some(around) => styles.lines(around, near, value),
        None => styles.lines_of_root(value),
    });
    let text = spell::item(None, value, &style, line_indent(source, node_start(node)), lines)?;
    Ok(Plan {
        splices: vec![Splice::new(span, text)],
        removed_comments: comments_in(document, span).to_vec(),
    })
}

fn node_start(node: Node<'_>) -> usize {
    node.key_span().unwrap_or_else(|| node.span()).range().start
}

fn insert_element<'d>(
    styles: &Styles<'d>,
    document: &'d Document,
    path: &KeyPath,
    value: &Incoming,
) -> Result<Plan, EditError> {
    let Some((parent, Segment::Index(index))) = path.split_last() else {
        return Err(not_found(path));
    };
    let array = find(document, &parent)?;
    let container = Container::of(document, array.id());
    if array.kind() != Kind::Array || *index > container.items.len() {
        return Err(not_found(path));
    }
    let carried = carried(Taken::inserted(document, value));
    let arrival = Arrival { steps: &[], fresh: Fresh::of(carried.as_ref(), &value.value) };
    let splices = insert(styles, &container, *index, arrival);
    Ok(Plan { splices: splices.map_err(unwritable(path))?, removed_comments: Vec::new() })
}

fn remove_member(document: &Document, path: &KeyPath) -> Result<Plan, EditError> {
    let Walk { node, rest } = walk(document, path)?;
    if !rest.is_empty() {
        return Ok(Plan::default());
    }
    let Some(container) = Container::around(document, node.id()) else {
        return Err(EditError::Immovable { path: path.clone() });
    };
    let indices = spellings(&container, node);
    let removal = remove(&container, &indices, Departure::Removed);
    let mut removed_comments = removal.comments;
    for index in indices {
        let item = container.items[index];
        let inside = Span::new(item.start(), item.end());
        removed_comments.extend_from_slice(comments_in(document, inside));
    }
    Ok(Plan { splices: removal.splices, removed_comments })
}

/// The indices of `node` and of all members of the same key.
fn spellings(container: &Container<'_>, node: Node<'_>) -> Vec<usize> {
    let ids: Vec<NodeId> = match (node.parent(), node.key()) {
        (Some(parent), Some(key)) => parent.all(&key).map(Node::id).collect(),
        _ => vec![node.id()],
    };
    ids.into_iter().filter_map(|id| container.position(id)).collect()
}

fn relocate<'d>(
    styles: &Styles<'d>,
    document: &'d Document,
    from: &KeyPath,
    to: &KeyPath,
) -> Result<Plan, EditError> {
    if from == to {
        return Ok(Plan::default());
    }
    let source_node = find(document, from)?;
    let Some(container) = Container::around(document, source_node.id()) else {
        return Err(EditError::Immovable { path: from.clone() });
    };
    let index = container.position(source_node.id()).ok_or_else(|| not_found(from))?;
    if let (Some((array, Segment::Index(_))), Some((target, Segment::Index(wanted)))) =
        (from.split_last(), to.split_last())
        && array == target
    {
        // The index counts without the element that moves.
        let before = if *wanted > index { wanted + 1 } else { *wanted };
        if before == index {
            return Ok(Plan::default());
        }
        let carried = Carried::of(&container, index);
        let arrival = Arrival { steps: &[], fresh: Fresh::Carried(&carried) };
        let inserted = insert(styles, &container, before, arrival);
        let inserted = inserted.map_err(unwritable(to))?;
        let place = if before <= index { index + 1 } else { index };
        return depart(document, &inserted, source_node, Some(place), from);
    }
    let Walk { node, rest } = walk(document, to)?;
    if rest.is_empty() {
        return Err(EditError::Exists { path: to.clone() });
    }
    if !fits(node, rest) {
        return Err(not_found(to));
    }
    if let ([Segment::Key(name)], Some(key)) = (rest, source_node.key_span())
        && node.id() == container.id
    {
        let style = styles.at(&container, index);
        let text = respell_key(key.slice(document.source()), name, &style);
        let mut dead = spellings(&container, source_node);
        dead.retain(|other| *other != index);
        return Ok(rename(document, &container, &dead, Splice::new(key, text)));
    }
    if matches!(rest, [Segment::Append])
        && node.id() == container.id
        && index + 1 == container.items.len()
    {
        // It stands at the end already.
        return Ok(Plan::default());
    }
    let carried = Carried::of(&container, index);
    let target = Container::of(document, node.id());
    let arrival = Arrival { steps: rest, fresh: Fresh::Carried(&carried) };
    let inserted = insert(styles, &target, target.items.len(), arrival);
    depart(document, &inserted.map_err(unwritable(to))?, source_node, None, from)
}

/// Plans another key for a member whose dead duplicates go.
fn rename(document: &Document, container: &Container<'_>, dead: &[usize], key: Splice) -> Plan {
    let removal = remove(container, dead, Departure::Removed);
    let mut removed_comments = removal.comments;
    for index in dead {
        let item = container.items[*index];
        let inside = Span::new(item.start(), item.end());
        removed_comments.extend_from_slice(comments_in(document, inside));
    }
    let mut splices = removal.splices;
    splices.push(key);
    Plan { splices, removed_comments }
}

/// Plans the rest of a move whose arrival is `inserted`: the member leaves its old place.
///
/// `place` is its index among the elements once the arrival is there, where that is another.
fn depart(
    document: &Document,
    inserted: &[Splice],
    node: Node<'_>,
    place: Option<usize>,
    from: &KeyPath,
) -> Result<Plan, EditError> {
    let unverified = |check| EditError::Unverified { path: from.clone(), check };
    let source = document.source();
    // An arrival can need what is about to leave, and the other way round: a comma, a line. So the
    // departure is planned on the text with the arrival in it.
    let between = apply(source, inserted).map_err(|_| unverified("splices"))?;
    let between = Document::parse(between, Format::Json5).map_err(|_| unverified("syntax"))?;
    let mut ordinals = ordinals(document, node.id());
    if let (Some(last), Some(place)) = (ordinals.last_mut(), place) {
        *last = place;
    }
    let moved = ordinals
        .iter()
        .try_fold(NodeId::ROOT, |id, ordinal| between.tree().children(id).nth(*ordinal))
        .ok_or_else(|| unverified("place"))?;
    let moved = Node::new(&between, moved);
    let container = Container::around(&between, moved.id()).ok_or_else(|| unverified("place"))?;
    let indices = spellings(&container, moved);
    let leaving = container.position(moved.id()).ok_or_else(|| unverified("place"))?;
    let removal = remove(&container, &indices, Departure::Moved { index: leaving });
    let result = apply(between.source(), &removal.splices).map_err(|_| unverified("splices"))?;
    let splice = trimmed_splice(source, 0, source.len(), &result);
    Ok(Plan {
        splices: splice.into_iter().collect(),
        removed_comments: dead_comments(document, node),
    })
}

/// The comments of the dead duplicates of `node`.
fn dead_comments(document: &Document, node: Node<'_>) -> Vec<Span> {
    let Some(container) = Container::around(document, node.id()) else { return Vec::new() };
    let mut dead = spellings(&container, node);
    dead.retain(|index| container.items[*index].id != node.id());
    rename(document, &container, &dead, Splice::insert(0, "")).removed_comments
}

/// The place of each value on the way from the root to `id` among its siblings.
fn ordinals(document: &Document, id: NodeId) -> Vec<usize> {
    let tree = document.tree();
    let mut ordinals = Vec::new();
    let mut current = id;
    while let Some(parent) = tree.parent(current) {
        ordinals.push(tree.children(parent).take_while(|child| *child != current).count());
        current = parent;
    }
    ordinals.reverse();
    ordinals
}
