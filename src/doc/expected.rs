//! What a change means, without any text: the other half of the check behind every edit.
//!
//! The change is applied to the *value* of the document here, and to its *text* by the format's
//! planner. Only if both come out the same does an edit have a result. Values are taken from the
//! document lazily, so an edit of a large file costs what it touches.

use std::collections::HashMap;

use super::lookup::step;
use super::{
    Change, Document, EditError, KeyPath, Kind, Node, PathError, Segment, Value, Wtf8String,
};

/// The value a document must have after some changes.
#[derive(Clone)]
pub(crate) enum Expected<'d> {
    /// As it stands in the document.
    Same(Node<'d>),
    /// A new value.
    New(Value),
    Object(Vec<(Wtf8String, Self)>),
    Array(Vec<Self>),
}

impl<'d> Expected<'d> {
    /// The value of `document` before any change.
    pub(crate) fn of(document: &'d Document) -> Self {
        Self::Same(document.root())
    }

    /// Applies one change.
    ///
    /// # Errors
    ///
    /// [`EditError`] where the path leads nowhere or the change has no meaning; the value is then
    /// of no further use.
    pub(crate) fn apply(&mut self, change: &Change) -> Result<(), EditError> {
        match change {
            Change::Set { path, value } => self.set(path, Self::New(value.value.clone())),
            Change::Insert { path, value } => self.insert(path, Self::New(value.value.clone())),
            Change::Remove { path } => self.remove(path).map(|_| ()),
            Change::Move { from, to } => self.relocate(from, to),
        }
    }

    fn set(&mut self, path: &KeyPath, value: Self) -> Result<(), EditError> {
        let Some((last, parents)) = path.segments().split_last() else {
            *self = value;
            return Ok(());
        };
        let missing = if matches!(last, Segment::Append) { Kind::Array } else { Kind::Object };
        let parent = self.descend(path, parents.len(), Some(missing))?;
        let parent = parent.ok_or_else(|| EditError::NotFound { path: path.clone() })?;
        match (last, parent.expand()) {
            (Segment::Key(key), Self::Object(members)) => {
                match members.iter_mut().find(|(name, _)| name == key) {
                    Some((_, member)) => *member = value,
                    None => members.push((key.clone(), value)),
                }
                Ok(())
            }
            (Segment::Append, Self::Array(elements)) => {
                elements.push(value);
                Ok(())
            }
            (Segment::Index(_) | Segment::Where { .. }, Self::Array(_)) => {
                let element = self.descend(path, path.segments().len(), None)?;
                *element.ok_or_else(|| EditError::NotFound { path: path.clone() })? = value;
                Ok(())
            }
            (_, other) => Err(wrong_kind(path, parents.len(), other.kind()).into()),
        }
    }

    fn insert(&mut self, path: &KeyPath, value: Self) -> Result<(), EditError> {
        let (array, index) = self.array_of(path)?;
        if index > array.len() {
            return Err(out_of_range(path, array.len()).into());
        }
        array.insert(index, value);
        Ok(())
    }

    /// The array that `path` leads into, and the index it ends in.
    fn array_of(&mut self, path: &KeyPath) -> Result<(&mut Vec<Self>, usize), EditError> {
        let not_found = || EditError::NotFound { path: path.clone() };
        let Some((Segment::Index(index), parents)) = path.segments().split_last() else {
            return Err(not_found());
        };
        let parent = self.descend(path, parents.len(), None)?.ok_or_else(not_found)?;
        match parent.expand() {
            Self::Array(elements) => Ok((elements, *index)),
            other => Err(wrong_kind(path, parents.len(), other.kind()).into()),
        }
    }

    /// Takes the value at `path` out; nothing where it is absent.
    fn remove(&mut self, path: &KeyPath) -> Result<Option<Self>, EditError> {
        let Some((last, parents)) = path.segments().split_last() else {
            return Err(EditError::Immovable { path: path.clone() });
        };
        if self.descend(path, path.segments().len(), None)?.is_none() {
            return Ok(None);
        }
        let parent = self.descend(path, parents.len(), None)?;
        let parent = parent.expect("the way to a value exists");
        Ok(match parent.expand() {
            Self::Object(members) => {
                let Segment::Key(key) = last else { return Ok(None) };
                let index = members.iter().position(|(name, _)| name == key);
                index.map(|index| members.remove(index).1)
            }
            Self::Array(elements) => {
                let index = position(elements, last);
                index.map(|index| elements.remove(index))
            }
            _ => None,
        })
    }

    fn relocate(&mut self, from: &KeyPath, to: &KeyPath) -> Result<(), EditError> {
        if from == to && !from.is_root() {
            let found = self.descend(from, from.segments().len(), None)?;
            return found.map(|_| ()).ok_or_else(|| EditError::NotFound { path: from.clone() });
        }
        if from.is_root() || to.is_root() || to.starts_with(from) {
            return Err(EditError::Immovable { path: from.clone() });
        }
        let not_found = || EditError::NotFound { path: from.clone() };
        if let (Some((array, Segment::Index(_))), Some((target, Segment::Index(index)))) =
            (from.split_last(), to.split_last())
            && array == target
        {
            let value = self.remove(from)?.ok_or_else(not_found)?;
            let (elements, _) = self.array_of(to)?;
            if *index > elements.len() {
                return Err(out_of_range(to, elements.len() + 1).into());
            }
            elements.insert(*index, value);
            return Ok(());
        }
        let value = self.descend(from, from.segments().len(), None)?.ok_or_else(not_found)?.clone();
        let append = matches!(to.segments().last(), Some(Segment::Append));
        if !append && self.descend(to, to.segments().len(), None)?.is_some() {
            return Err(EditError::Exists { path: to.clone() });
        }
        // Set first: `to` is read on the document as it is. A new key or a new last element moves
        // nothing that `from` could go through.
        self.set(to, value)?;
        self.remove(from)?;
        Ok(())
    }

    /// The value `length` steps down `path`. Where keys are missing, objects are made on the way
    /// and a value of the kind `create` at the end, or nothing is found.
    fn descend(
        &mut self,
        path: &KeyPath,
        length: usize,
        create: Option<Kind>,
    ) -> Result<Option<&mut Self>, PathError> {
        let mut current = self;
        for (index, segment) in path.segments()[..length].iter().enumerate() {
            if matches!(segment, Segment::Append) {
                return Err(PathError::Append { path: path.clone() });
            }
            // Errors of steps through unchanged parts are those of a lookup.
            if let Self::Same(node) = current
                && step(*node, segment, path, index)?.is_none()
                && create.is_none()
            {
                return Ok(None);
            }
            current = match (segment, current.expand()) {
                (Segment::Key(key), Self::Object(members)) => {
                    let found = members.iter().position(|(name, _)| name == key);
                    let found = match (found, create) {
                        (Some(found), _) => found,
                        (None, None) => return Ok(None),
                        (None, Some(kind)) => {
                            let array = index + 1 == length && kind == Kind::Array;
                            let made =
                                if array { Self::Array(vec![]) } else { Self::Object(vec![]) };
                            members.push((key.clone(), made));
                            members.len() - 1
                        }
                    };
                    &mut members[found].1
                }
                (Segment::Index(wanted), Self::Array(elements)) => {
                    let length = elements.len();
                    elements
                        .get_mut(*wanted)
                        .ok_or_else(|| out_of_range(&path.truncated(index + 1), length))?
                }
                (Segment::Where { .. }, Self::Array(elements)) => {
                    match position(elements, segment) {
                        Some(found) => &mut elements[found],
                        None => return Ok(None),
                    }
                }
                (_, other) => return Err(wrong_kind(path, index, other.kind())),
            };
        }
        Ok(Some(current))
    }

    /// Opens a container one level, so that a member can be changed.
    fn expand(&mut self) -> &mut Self {
        let opened = match &*self {
            Self::Same(node) if node.kind() == Kind::Object => {
                let members = node.members().into_iter();
                Some(Self::Object(members.map(|(key, node)| (key, Self::Same(node))).collect()))
            }
            Self::Same(node) if node.kind() == Kind::Array => {
                Some(Self::Array(node.children().map(Self::Same).collect()))
            }
            Self::New(Value::Object(members)) => {
                let members = members.iter();
                Some(Self::Object(
                    members.map(|(k, v)| (k.clone(), Self::New(v.clone()))).collect(),
                ))
            }
            Self::New(Value::Array(elements)) => {
                Some(Self::Array(elements.iter().cloned().map(Self::New).collect()))
            }
            _ => None,
        };
        if let Some(opened) = opened {
            *self = opened;
        }
        self
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Same(node) => node.kind(),
            Self::New(value) => value.kind(),
            Self::Object(_) => Kind::Object,
            Self::Array(_) => Kind::Array,
        }
    }

    /// The value itself.
    pub(crate) fn into_value(self) -> Value {
        match self {
            Self::Same(node) => node.to_value(),
            Self::New(value) => value,
            Self::Object(members) => Value::Object(
                members.into_iter().map(|(key, member)| (key, member.into_value())).collect(),
            ),
            Self::Array(elements) => {
                Value::Array(elements.into_iter().map(Self::into_value).collect())
            }
        }
    }

    /// Whether `node` means this value.
    pub(crate) fn matches(&self, node: Node<'_>) -> bool {
        match self {
            Self::Same(same) => same.means_same(node),
            Self::New(value) => node.means(value),
            Self::Object(expected) => {
                if node.kind() != Kind::Object {
                    return false;
                }
                // Keys are unique here, so equal keys in equal order leave room for no duplicate.
                let in_order = node.children().count() == expected.len()
                    && node.children().zip(expected).all(|(member, (key, _))| member.has_key(key));
                if in_order {
                    let pairs = node.children().zip(expected);
                    return pairs.into_iter().all(|(member, (_, twin))| twin.matches(member));
                }
                let members = node.members();
                let twins: HashMap<&Wtf8String, &Self> =
                    expected.iter().map(|(key, twin)| (key, twin)).collect();
                members.len() == expected.len()
                    && members.iter().all(|(key, member)| {
                        twins.get(key).is_some_and(|twin| twin.matches(*member))
                    })
            }
            Self::Array(expected) => {
                node.kind() == Kind::Array
                    && node.children().count() == expected.len()
                    && node.children().zip(expected).all(|(element, twin)| twin.matches(element))
            }
        }
    }
}

/// Where in `elements` the step leads.
fn position(elements: &[Expected<'_>], segment: &Segment) -> Option<usize> {
    match segment {
        Segment::Index(index) => (*index < elements.len()).then_some(*index),
        Segment::Where { key, value } => elements.iter().position(|element| {
            let key = Wtf8String::from(key.as_str());
            match element {
                Expected::Same(node) => {
                    node.kind() == Kind::Object
                        && node.get(&key).and_then(Node::as_str).as_ref() == Some(value)
                }
                Expected::New(element) => {
                    element.member(&key).and_then(Value::as_str) == Some(value)
                }
                Expected::Object(members) => members.iter().any(|(name, member)| {
                    *name == key
                        && match member {
                            Expected::Same(node) => node.as_str().as_ref() == Some(value),
                            Expected::New(member) => member.as_str() == Some(value),
                            _ => false,
                        }
                }),
                Expected::Array(_) => false,
            }
        }),
        Segment::Key(_) | Segment::Append => None,
    }
}

fn wrong_kind(path: &KeyPath, at: usize, found: Kind) -> PathError {
    PathError::WrongKind { path: path.clone(), at: path.truncated(at), found }
}

fn out_of_range(path: &KeyPath, length: usize) -> PathError {
    let array = path.truncated(path.segments().len().saturating_sub(1));
    PathError::IndexOutOfRange { path: path.clone(), array, length }
}
