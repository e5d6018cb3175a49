//! A configuration of several files: includes resolved, and who owns which value.
//!
//! This module never opens a file: a loader hands it the parts.

use std::path::{Path, PathBuf};

use crate::doc::{Document, KeyPath, Value};
use crate::finding::Location;

/// One file of a configuration.
#[derive(Clone, Debug)]
pub struct Part {
    /// The file, as it was named or included.
    pub file: PathBuf,
    /// What stands in it.
    pub document: Document,
    /// Permission bits of the file (octal 0600 and so on), where the platform has them.
    pub mode: Option<u32>,
}

/// A root file with everything it includes.
#[derive(Clone, Debug)]
pub struct Configuration {
    parts: Vec<Part>,
    effective: Value,
}

impl Configuration {
    /// A configuration of one file, in which nothing is included.
    #[must_use]
    pub fn single(part: Part) -> Self {
        let effective = part.document.root().to_value();
        Self { parts: vec![part], effective }
    }

    /// The root file.
    #[must_use]
    pub fn root(&self) -> &Part {
        &self.parts[0]
    }

    /// The root file and every included one.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The value with every include resolved; references to the environment stay as written.
    #[must_use]
    pub fn effective(&self) -> &Value {
        &self.effective
    }

    /// The file and place of the value at `path`, or of the nearest container that there is.
    #[must_use]
    pub fn locate(&self, path: &KeyPath) -> Location {
        let root = self.root();
        let mut length = path.segments().len();
        let node = loop {
            match root.document.get(&path.truncated(length)) {
                Ok(Some(node)) => break node,
                _ => length -= 1,
            }
        };
        Location { file: root.file.clone(), position: node.position() }
    }

    /// Whether `file` is one of the parts.
    #[must_use]
    pub fn has(&self, file: &Path) -> bool {
        self.parts.iter().any(|part| part.file == file)
    }
}
