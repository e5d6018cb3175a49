//! Resolving includes: from parts to the value a gateway sees.

use std::path::{Component, Path, PathBuf};

use super::{IncludeFault, IncludeFaultKind, Inclusion, Loader, Part, Rules};
use crate::doc::{KeyPath, Value, Wtf8String};

/// Resolves the includes of one configuration.
pub(super) struct Composer<'c, 'l> {
    pub(super) parts: Vec<Part>,
    pub(super) inclusions: Vec<Inclusion>,
    pub(super) faults: Vec<IncludeFault>,
    key: Wtf8String,
    rules: &'c Rules,
    loader: &'c mut Loader<'l>,
    /// The parts being resolved, outermost first.
    chain: Vec<usize>,
}

impl<'c, 'l> Composer<'c, 'l> {
    pub(super) fn new(root: Part, key: &str, rules: &'c Rules, loader: &'c mut Loader<'l>) -> Self {
        Self {
            parts: vec![root],
            inclusions: Vec::new(),
            faults: Vec::new(),
            key: key.into(),
            rules,
            loader,
            chain: vec![0],
        }
    }

    /// The value of the root with everything included.
    pub(super) fn resolve(&mut self) -> Value {
        let value = self.parts[0].document.root().to_value();
        self.expand(value, &KeyPath::root())
    }

    /// The part whose value is being resolved.
    fn current(&self) -> usize {
        *self.chain.last().expect("the root is never taken off")
    }

    fn expand(&mut self, value: Value, at: &KeyPath) -> Value {
        match value {
            Value::Object(members) => self.object(members, at),
            Value::Array(elements) => Value::Array(
                elements
                    .into_iter()
                    .enumerate()
                    .map(|(index, element)| self.expand(element, &at.index(index)))
                    .collect(),
            ),
            scalar => scalar,
        }
    }

    fn object(&mut self, members: Vec<(Wtf8String, Value)>, at: &KeyPath) -> Value {
        let mut include = None;
        let mut siblings = Vec::with_capacity(members.len());
        for (key, value) in members {
            if key == self.key {
                include = Some(value);
            } else {
                let value = self.expand(value, &at.key(key.clone()));
                siblings.push((key, value));
            }
        }
        let Some(include) = include else { return Value::Object(siblings) };
        let included = self.include(&include, at);
        match (included, siblings.is_empty()) {
            (Some(value), true) => value,
            (Some(value @ Value::Object(_)), false) => merged(value, Value::Object(siblings)),
            (Some(_), false) => {
                let file = self.named(&include);
                self.fault(at, IncludeFaultKind::NotAnObject(file));
                Value::Object(siblings)
            }
            (None, _) => Value::Object(siblings),
        }
    }

    /// The merged content of the files that `include` names; nothing where none could be read.
    fn include(&mut self, include: &Value, at: &KeyPath) -> Option<Value> {
        let names: Option<Vec<&str>> = match include {
            Value::String(_) => include.as_str().map(|name| vec![name]),
            Value::Array(elements) => elements.iter().map(Value::as_str).collect(),
            _ => None,
        };
        let Some(names) = names else {
            self.fault(at, IncludeFaultKind::NotAName);
            return None;
        };
        let inclusion = self.inclusions.len();
        self.inclusions.push(Inclusion { part: self.current(), at: at.clone(), targets: vec![] });
        let mut result: Option<Value> = None;
        for name in names {
            match self.enter(name) {
                Ok((part, value)) => {
                    self.inclusions[inclusion].targets.push(part);
                    result = Some(match result {
                        Some(before) => merged(before, value),
                        None => value,
                    });
                }
                Err(kind) => self.fault(at, kind),
            }
        }
        result
    }

    /// Reads the file `name`, as the current part names it, with everything it includes.
    fn enter(&mut self, name: &str) -> Result<(usize, Value), IncludeFaultKind> {
        let file = self.absolute(name);
        if !self.rules.roots.iter().any(|root| file.starts_with(root)) {
            return Err(IncludeFaultKind::Outside(file));
        }
        let known = self.parts.iter().position(|part| part.file == file);
        if known.is_some_and(|part| self.chain.contains(&part)) {
            return Err(IncludeFaultKind::Circular(file));
        }
        if self.chain.len() > self.rules.depth {
            return Err(IncludeFaultKind::TooDeep(file));
        }
        let part = if let Some(part) = known {
            part
        } else {
            let part = (self.loader)(&file)?;
            self.parts.push(Part { file, ..part });
            self.parts.len() - 1
        };
        self.chain.push(part);
        let value = self.parts[part].document.root().to_value();
        let value = self.expand(value, &KeyPath::root());
        self.chain.pop();
        Ok((part, value))
    }

    /// The file that the current part calls `name`, with `.` and `..` taken out of the path.
    fn absolute(&self, name: &str) -> PathBuf {
        let directory = self.parts[self.current()].file.parent().unwrap_or(Path::new("/"));
        let mut path = PathBuf::new();
        for component in directory.join(name).components() {
            match component {
                Component::CurDir => {}
                Component::ParentDir => {
                    path.pop();
                }
                other => path.push(other),
            }
        }
        path
    }

    fn named(&self, include: &Value) -> PathBuf {
        self.absolute(include.as_str().unwrap_or_default())
    }

    fn fault(&mut self, at: &KeyPath, kind: IncludeFaultKind) {
        let part = &self.parts[self.current()];
        let position = match part.document.get(&at.key(self.key.clone())) {
            Ok(Some(node)) => node.position(),
            _ => part.document.root().position(),
        };
        self.faults.push(IncludeFault { file: part.file.clone(), at: at.clone(), position, kind });
    }
}

/// `over` merged over `under`: objects member by member, arrays one behind the other, else `over`.
fn merged(under: Value, over: Value) -> Value {
    match (under, over) {
        (Value::Object(mut members), Value::Object(others)) => {
            for (key, value) in others {
                match members.iter().position(|(name, _)| *name == key) {
                    Some(index) => {
                        let before = std::mem::replace(&mut members[index].1, Value::Null);
                        members[index].1 = merged(before, value);
                    }
                    None => members.push((key, value)),
                }
            }
            Value::Object(members)
        }
        (Value::Array(mut elements), Value::Array(others)) => {
            elements.extend(others);
            Value::Array(elements)
        }
        (_, over) => over,
    }
}
