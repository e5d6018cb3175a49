//! Setting and inserting of values.

use super::super::edit::Plan;
use super::super::tree::NodeId;
use super::super::{
    Change, Document, EditError, Format, Incoming, KeyPath, Kind, Node, Segment, Value, Wtf8String,
};
use super::arriving::{Taken, with_newlines};
use super::list;
use super::member;
use super::outline::{Bracket, Role};
use super::reader::MAX_LEVELS;
use super::relocate;
use super::remove;
use super::spell::{Content, Quotes, spell_key};
use super::steps::Steps;
use super::view::{Carried, View, unwritable};
use crate::text::{Span, Splice};

/// Where a path leads in a document, as far as it leads anywhere.
pub(super) struct Target<'d, 'p> {
    /// The last value on the way that is there.
    pub(super) node: Node<'d>,
    /// The steps that are not.
    pub(super) missing: &'p [Segment],
}

impl<'d, 'p> Target<'d, 'p> {
    pub(super) fn of(document: &'d Document, path: &'p KeyPath) -> Result<Self, EditError> {
        let mut node = document.root();
        for (index, segment) in path.segments().iter().enumerate() {
            let found = match segment {
                Segment::Append => None,
                _ => super::super::lookup::step(node, segment, path, index)?,
            };
            match found {
                Some(next) => node = next,
                None => return Ok(Self { node, missing: &path.segments()[index..] }),
            }
        }
        Ok(Self { node, missing: &[] })
    }
}

/// Plans [`Change::Set`].
pub(super) fn plan(
    document: &Document,
    path: &KeyPath,
    value: &Incoming,
) -> Result<Plan, EditError> {
    let view = View::of(document);
    let target = Target::of(document, path)?;
    let taken = Taken::by(document, path, value);
    if target.missing.is_empty() {
        return replace(&view, target.node, path, value, taken);
    }
    let content = content(path, &value.value, view.quotes())?;
    if let Taken::Item(origin) = taken {
        let guest = with_newlines(origin.document(), view.newline());
        let origin = guest.get(&origin.path())?.ok_or_else(|| not_found(path))?;
        // An entry goes beside an entry, and sections beside sections.
        let is_entry = remove::is_entry(&View::of(origin.document()), origin.id());
        let fits = |id| {
            let has_sections = view.outline.sections_within(view.tree, id).next().is_some();
            if is_entry { view.outline.place(view.tree, id).is_some() } else { has_sections }
        };
        let beside = value.neighbour(Format::Toml, target.node, target.missing, fits);
        let mut steps = Steps::of(document, path);
        relocate::copy(&mut steps, origin, (&view, &target), beside, path)?;
        return Ok(steps.finish());
    }
    add(&view, &target, path, content, &Carried::default())
}

fn not_found(path: &KeyPath) -> EditError {
    EditError::NotFound { path: path.clone() }
}

/// Plans [`Change::Insert`].
pub(super) fn plan_insert(
    document: &Document,
    path: &KeyPath,
    value: &Incoming,
) -> Result<Plan, EditError> {
    let view = View::of(document);
    let Some((parent, Segment::Index(index))) = path.split_last() else {
        return Err(not_found(path));
    };
    let array = document.get(&parent)?.ok_or_else(|| not_found(path))?;
    let content = content(path, &value.value, view.quotes())?;
    if let Taken::Item(origin) = Taken::inserted(value) {
        let guest = with_newlines(origin.document(), view.newline());
        let origin = guest.get(&origin.path())?.ok_or_else(|| not_found(path))?;
        return relocate::copy_element(&view, (array.id(), *index), origin, path);
    }
    add_element(&view, array.id(), *index, &content, &Carried::default(), path)
}

/// Spells `value` for `path`.
pub(super) fn content(path: &KeyPath, value: &Value, quotes: Quotes) -> Result<Content, EditError> {
    let levels = MAX_LEVELS.saturating_sub(path.segments().len());
    Content::of(value, quotes, levels).map_err(|what| unwritable(path, what))
}

/// Puts `content` at the end of a path whose last steps are missing.
pub(super) fn add(
    view: &View<'_>,
    target: &Target<'_, '_>,
    path: &KeyPath,
    content: Content,
    carried: &Carried,
) -> Result<Plan, EditError> {
    let mut content = content;
    let (first, rest) = target.missing.split_first().expect("something is missing");
    for segment in rest.iter().rev() {
        content = match segment {
            Segment::Key(key) => Content::Table(vec![(spelled(path, key)?, content)]),
            Segment::Append => Content::Array(vec![content]),
            Segment::Index(_) | Segment::Where { .. } => {
                return Err(EditError::NotFound { path: path.clone() });
            }
        };
    }
    let node = target.node.id();
    match (first, target.node.kind()) {
        (Segment::Key(key), Kind::Object) => {
            let kept = carried.key.clone().filter(|_| rest.is_empty());
            let key = kept.map_or_else(|| spelled(path, key), Ok)?;
            Ok(member::insert(view, node, &key, &content, carried))
        }
        (Segment::Append, Kind::Array) => {
            let end = view.tree.children(node).count();
            add_element(view, node, end, &content, carried, path)
        }
        _ => Err(EditError::NotFound { path: path.clone() }),
    }
}

pub(super) fn spelled(path: &KeyPath, key: &Wtf8String) -> Result<String, EditError> {
    spell_key(key).map_err(|what| unwritable(path, what))
}

/// Puts an element into an array in front of the one at `index`.
pub(super) fn add_element(
    view: &View<'_>,
    array: NodeId,
    index: usize,
    content: &Content,
    carried: &Carried,
    path: &KeyPath,
) -> Result<Plan, EditError> {
    if let Role::List(list) = view.outline.role(array) {
        return Ok(list::insert(view, (array, list), index, &content.inline(), carried));
    }
    if !matches!(content, Content::Table(_)) {
        return Err(unwritable(path, "a value other than a table in an array of tables"));
    }
    let name = view.header_key(array).expect("an array of tables has headers");
    let text = member::sections_text(view, array, &name, Bracket::Element, content, carried);
    let splice = insert_element_sections(view, array, index, &text);
    Ok(Plan { splices: vec![splice], removed_comments: Vec::new() })
}

/// Puts the sections of one element in front of those of the element at `index`.
pub(super) fn insert_element_sections(
    view: &View<'_>,
    array: NodeId,
    index: usize,
    text: &str,
) -> Splice {
    let next = view.tree.children(array).nth(index);
    let next = next.and_then(|element| view.outline.own_section(element));
    match next.and_then(|section| view.outline.sections[section].header.as_ref()) {
        Some(header) => {
            let start = view.lines.own_start(header.span.start as usize);
            member::insert_sections(view, start, text)
        }
        None => member::insert_sections(view, member::sections_end(view, array), text),
    }
}

/// Puts `value` in the place of `node`.
fn replace(
    view: &View<'_>,
    node: Node<'_>,
    path: &KeyPath,
    incoming: &Incoming,
    taken: Taken<'_>,
) -> Result<Plan, EditError> {
    let value = &incoming.value;
    if node.kind() == value.kind() && node.to_value() == *value {
        return Ok(Plan::default());
    }
    let raw = node.source();
    let quotes = Quotes::of(raw).filter(|_| node.kind() == Kind::String);
    let quotes = match quotes {
        // A carriage return in the text would become part of the value.
        Some(Quotes::Lines) if view.newline() != "\n" => Quotes::Basic,
        Some(quotes) => quotes,
        None => view.quotes(),
    };
    let content = content(path, value, quotes)?;
    if let Taken::Value(origin) = taken {
        let guest = with_newlines(origin.document(), view.newline());
        let origin = guest.get(&origin.path())?.ok_or_else(|| not_found(path))?;
        return Ok(replace_text(view, node, origin.source().to_owned()));
    }
    match (value, node.kind()) {
        _ if matches!(taken, Taken::Item(_)) => {
            return swap(view, &node.path(), incoming.clone(), path);
        }
        (Value::Object(members), Kind::Object) => {
            return replace_members(view, node, path, members);
        }
        (Value::Array(elements), Kind::Array)
            if view.outline.role(node.id()) != Role::Tables || content.is_tables() =>
        {
            return replace_elements(view, node, path, elements);
        }
        _ => {}
    }
    if node.parent().is_none() {
        return Err(unwritable(path, "a document that is no table"));
    }
    if remove::is_entry(view, node.id()) {
        return Ok(replace_text(view, node, content.inline()));
    }
    let place = node.path();
    if matches!(place.segments().last(), Some(Segment::Index(_))) {
        return Err(unwritable(path, "a value other than a table in an array of tables"));
    }
    swap(view, &place, value.clone().into(), path)
}

/// Puts `value` in the place of a table that several lines make, or of an array of tables.
///
/// The new value is written beside the old one under a spare key, and gets its name when the old
/// one is gone: so neither the table around them nor the layout of the text is ever lost.
pub(super) fn swap(
    view: &View<'_>,
    place: &KeyPath,
    value: Incoming,
    path: &KeyPath,
) -> Result<Plan, EditError> {
    let not_found = || EditError::NotFound { path: path.clone() };
    let Some((parent, Segment::Key(_))) = place.split_last() else { return Err(not_found()) };
    let members = view.document.get(&parent)?.ok_or_else(not_found)?.members();
    let mut names = (0_usize..).map(|number| Wtf8String::from(format!("spare-{number}")));
    let spare = names.find(|key| members.iter().all(|(name, _)| name != key));
    let spare = parent.key(spare.expect("some number is free"));
    let mut steps = Steps::of(view.document, path);
    steps.change(&Change::Set { path: spare.clone(), value })?;
    steps.change(&Change::Remove { path: place.clone() })?;
    steps.change(&Change::Move { from: spare, to: place.clone() })?;
    Ok(steps.finish())
}

fn replace_text(view: &View<'_>, node: Node<'_>, text: String) -> Plan {
    let span = node.span();
    Plan {
        splices: vec![Splice::new(span, text)],
        removed_comments: view.lines.comments_in(span).collect(),
    }
}

/// Makes an object equal to `members`, member by member: what stays is not touched.
fn replace_members(
    view: &View<'_>,
    node: Node<'_>,
    path: &KeyPath,
    members: &[(Wtf8String, Value)],
) -> Result<Plan, EditError> {
    let place = node.path();
    let mut steps = Steps::of(view.document, path);
    for (key, value) in members {
        let value = value.clone().into();
        steps.change(&Change::Set { path: place.key(key.clone()), value })?;
    }
    for (key, _) in node.members() {
        if !members.iter().any(|(name, _)| *name == key) {
            steps.change(&Change::Remove { path: place.key(key) })?;
        }
    }
    Ok(steps.finish())
}

/// Makes an array equal to `elements`; those that both ends have in common are not touched.
fn replace_elements(
    view: &View<'_>,
    node: Node<'_>,
    path: &KeyPath,
    elements: &[Value],
) -> Result<Plan, EditError> {
    let old: Vec<Value> = node.children().map(Node::to_value).collect();
    let same = |(one, two): &(&Value, &Value)| one == two;
    let head = old.iter().zip(elements).take_while(same).count();
    let (old_rest, new_rest) = (&old[head..], &elements[head..]);
    let tail = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(same).count();
    let old_rest = &old_rest[..old_rest.len() - tail];
    let new_rest = &new_rest[..new_rest.len() - tail];
    let place = node.path();
    let mut steps = Steps::of(view.document, path);
    let both = old_rest.len().min(new_rest.len());
    for (index, value) in new_rest.iter().enumerate() {
        let path = place.index(head + index);
        let value = value.clone().into();
        steps.change(&if index < both {
            Change::Set { path, value }
        } else {
            Change::Insert { path, value }
        })?;
    }
    for index in (both..old_rest.len()).rev() {
        steps.change(&Change::Remove { path: place.index(head + index) })?;
    }
    Ok(steps.finish())
}

/// The change with whole numbers spelled as floats where a float stands now, so that it stays one.
pub(in crate::doc) fn keeping_floats(document: &Document, change: &Change) -> Change {
    let mut change = change.clone();
    if let Change::Set { path, value } = &mut change
        // A path that leads nowhere is reported by the change itself.
        && let Ok(Some(node)) = document.get(path)
    {
        let mut kept = value.value.clone();
        keep_floats(node, &mut kept);
        if kept != value.value {
            // Its own text would say otherwise.
            *value = kept.into();
        }
    }
    change
}

fn keep_floats(node: Node<'_>, value: &mut Value) {
    /// Every whole number up to this is exact as a float.
    const LIMIT: i64 = 1 << 53;
    match value {
        Value::Integer(number)
            if (-LIMIT..=LIMIT).contains(number)
                && matches!(node.scalar(), Some(Value::Float(_))) =>
        {
            #[expect(clippy::cast_precision_loss, reason = "within 2^53")]
            let number = *number as f64;
            *value = Value::Float(number);
        }
        Value::Object(members) if node.kind() == Kind::Object => {
            for (key, member) in members {
                if let Some(node) = node.get(key) {
                    keep_floats(node, member);
                }
            }
        }
        Value::Array(elements) if node.kind() == Kind::Array => {
            for (node, element) in node.children().zip(elements) {
                keep_floats(node, element);
            }
        }
        _ => {}
    }
}

/// The text between two places of the source.
pub(super) fn between(view: &View<'_>, start: u32, end: u32) -> String {
    Span::new(start as usize, end as usize).slice(view.source).to_owned()
}
