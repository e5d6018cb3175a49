//! A configuration of several files: includes resolved, and who owns which value.
//!
//! OpenClaw reads `{ $include: "agents.json5" }` anywhere in a configuration: included objects are
//! merged from left to right, arrays are concatenated, and members beside the `$include` are merged
//! over them. Rules judge the value that comes out; an edit goes into the file its value stands in.
//! A value may move to another file.
//!
//! An include that cannot be read is a fault, kept as data: the rest is judged all the same.
//!
//! This module never opens a file: a loader hands it the parts.

mod edited;
mod fault;
mod merge;
mod origin;
mod route;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use edited::Edited;
pub use fault::{IncludeFault, IncludeFaultKind};
pub use route::ComposeError;

use crate::doc::{Document, KeyPath, Node, Value};
use crate::finding::Location;
use crate::text::Position;
use merge::Composer;

/// One file of a configuration.
#[derive(Clone, Debug)]
pub struct Part {
    /// The file, as it was named or included.
    pub file: PathBuf,
    /// What stands in it.
    pub document: Document,
    /// Permission bits of the file (octal 0600 and so on), where the platform has them.
    pub mode: Option<u32>,
    /// Permission bits of the directory the file stands in, where the platform has them.
    pub directory_mode: Option<u32>,
}

/// How a gateway's files include each other.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The key that includes (`$include`); nothing where the gateway knows no includes.
    pub key: Option<String>,
    /// The deepest nesting; OpenClaw: 10.
    pub depth: usize,
    /// The directories an included file may lie in or below: the root file's own, and those the
    /// gateway was told of.
    pub roots: Vec<PathBuf>,
}

/// Hands over the file at an absolute path.
pub type Loader<'l> = dyn FnMut(&Path) -> Result<Part, IncludeFaultKind> + 'l;

/// An object that includes files.
#[derive(Clone, Debug)]
struct Inclusion {
    /// The part the object stands in.
    part: usize,
    /// The object, as a path of that part.
    at: KeyPath,
    /// The parts included, from left to right; those that could not be read are left out.
    targets: Vec<usize>,
}

/// A root file with everything it includes. A clone shares texts and values.
#[derive(Clone, Debug)]
pub struct Configuration {
    parts: Vec<Part>,
    inclusions: Vec<Inclusion>,
    faults: Vec<IncludeFault>,
    effective: Arc<Value>,
}

impl Configuration {
    /// A configuration of one file, in which nothing is included.
    #[must_use]
    pub fn single(part: Part) -> Self {
        let effective = Arc::new(part.document.root().to_value());
        Self { parts: vec![part], inclusions: Vec::new(), faults: Vec::new(), effective }
    }

    /// Reads what `root` includes, and what that includes, through `loader`.
    #[must_use]
    pub fn compose(root: Part, rules: &Rules, loader: &mut Loader<'_>) -> Self {
        let Some(key) = rules.key.as_deref().filter(|key| may_hold(&root.document, key)) else {
            return Self::single(root);
        };
        let mut composer = Composer::new(root, key, rules, loader);
        let effective = Arc::new(composer.resolve());
        let Composer { parts, inclusions, faults, .. } = composer;
        Self { parts, inclusions, faults, effective }
    }

    /// The root file.
    #[must_use]
    pub fn root(&self) -> &Part {
        &self.parts[0]
    }

    /// The root file and every included one, each once.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The includes that could not be resolved.
    #[must_use]
    pub fn faults(&self) -> &[IncludeFault] {
        &self.faults
    }

    /// The value with every include resolved; references to the environment stay as written.
    #[must_use]
    pub fn effective(&self) -> &Value {
        &self.effective
    }

    /// The file and place of the value at `path`, or of the nearest container that there is.
    #[must_use]
    pub fn locate(&self, path: &KeyPath) -> Location {
        let route = self.route(path);
        let part = &self.parts[route.part];
        let mut length = route.path.segments().len();
        let node = loop {
            match part.document.get(&route.path.truncated(length)) {
                Ok(Some(node)) => break node,
                _ => length -= 1,
            }
        };
        Location { file: part.file.clone(), position: node.position() }
    }

    /// As [`Configuration::locate`], the place of the key where the value has one.
    #[must_use]
    pub fn locate_key(&self, path: &KeyPath) -> Location {
        let route = self.route(path);
        let part = &self.parts[route.part];
        let key = part.document.get(&route.path).ok().flatten().and_then(Node::key_span);
        match key {
            Some(span) => {
                let position = Position::of(part.document.source(), span.start as usize);
                Location { file: part.file.clone(), position }
            }
            None => self.locate(path),
        }
    }

    /// A configuration of parts known already, the root first; includes are resolved anew.
    pub(crate) fn of_parts(edited: Vec<Part>, rules: &Rules, loader: &mut Loader<'_>) -> Self {
        let mut edited = edited.into_iter();
        let root = edited.next().expect("a configuration has a root");
        let known: Vec<Part> = edited.collect();
        let mut from_memory = |file: &Path| match known.iter().find(|part| part.file == file) {
            Some(part) => Ok(part.clone()),
            None => loader(file),
        };
        Self::compose(root, rules, &mut from_memory)
    }
}

/// Whether the key may stand in the document, in whatever spelling.
fn may_hold(document: &Document, key: &str) -> bool {
    let source = document.source();
    source.contains(key) || source.contains("\\u") || source.contains("\\x")
}

#[cfg(test)]
mod tests;
