//! Where the values of a configuration were written, and edits of one of its files by its own paths.

use std::path::Path;
use std::sync::Arc;

use super::{ComposeError, Configuration, Loader, Part, Rules};
use crate::doc::{Change, Document, Incoming, KeyPath, Node, Value};

impl Configuration {
    /// The file that the value at `path` is written in, and its place there; nothing where it is absent,
    /// or put together from several places.
    pub(crate) fn written_at(&self, path: &KeyPath) -> Option<(&Part, Node<'_>)> {
        let route = self.route(path);
        let part = &self.parts[route.part];
        let node = part.document.get(&route.path).ok()??;
        let is_whole = self.inclusions.is_empty() || node.means(self.effective.at(path)?);
        is_whole.then_some((part, node))
    }

    /// The file `file`, where it is one of this configuration.
    pub(crate) fn part(&self, file: &Path) -> Option<&Part> {
        self.parts.iter().find(|part| part.file == file)
    }

    /// What the root file itself means, where that is known: where nothing is included.
    pub(crate) fn root_value(&self) -> Option<&Value> {
        (self.inclusions.is_empty() && self.faults.is_empty()).then(|| self.effective())
    }

    /// Where the content of `file` stands in the whole; of a file that is included more than once, the
    /// first place.
    pub(crate) fn mounted_at(&self, file: &Path) -> Option<KeyPath> {
        let mut part = self.parts.iter().position(|part| part.file == file)?;
        let mut path = KeyPath::root();
        // No chain of includes is longer than the files are many.
        for _ in &self.parts {
            if part == 0 {
                return Some(path);
            }
            let including = self.inclusions.iter().find(|other| other.targets.contains(&part))?;
            path = including.at.concat(&path);
            part = including.part;
        }
        None
    }

    /// The same configuration with `document` as its root file; includes are resolved anew.
    pub(crate) fn with_root(
        &self,
        document: Document,
        rules: &Rules,
        loader: &mut Loader<'_>,
    ) -> Self {
        let mut parts = self.parts.clone();
        parts[0].document = document;
        Self::of_parts(parts, rules, loader)
    }

    /// The value at `path` with its text, where it is written in one place, or the value alone; nothing
    /// where there is none.
    pub(crate) fn take(&self, path: &KeyPath) -> Option<Incoming> {
        match self.written_at(path) {
            Some((part, node)) => Some(Self::take_node(part, node)),
            None => self.effective().at(path).cloned().map(Incoming::from),
        }
    }

    /// The value `node` of `part` with its text.
    pub(crate) fn take_node(part: &Part, node: Node<'_>) -> Incoming {
        Incoming::at(&Arc::new(part.document.clone()), node)
    }

    /// Makes `changes` in the file `file`, by its own paths: an include is a key like any other.
    ///
    /// # Errors
    ///
    /// [`ComposeError::Edit`] where a change cannot be made.
    pub(crate) fn edit_file(
        &self,
        file: &Path,
        changes: &[Change],
        rules: &Rules,
        loader: &mut Loader<'_>,
    ) -> Result<Self, ComposeError> {
        let mut parts = self.parts.clone();
        for part in parts.iter_mut().filter(|part| part.file == file) {
            part.document = part.document.edit(changes)?;
        }
        Ok(Self::of_parts(parts, rules, loader))
    }
}
