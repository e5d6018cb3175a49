//! Which file a value stands in, and edits that go there.

use super::{Configuration, Loader, Part, Rules};
use crate::doc::{Change, EditError, KeyPath, PathError, Segment, changed};

/// Where a path of the whole configuration leads: a file, and the path in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) part: usize,
    pub(super) path: KeyPath,
    /// How many steps of the path lead to something that is there.
    matched: usize,
}

/// An edit that cannot be made in the files of a configuration; nothing is changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ComposeError {
    /// The change cannot be made in its file.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The value is put together from several files, and the change made in one of them does not
    /// come out as asked.
    #[error("`{path}` is put together from several files")]
    Composed {
        /// The path.
        path: KeyPath,
    },
    /// A move from one file to another: comments could not travel.
    #[error("`{from}` and `{to}` stand in different files")]
    AcrossFiles {
        /// From where.
        from: KeyPath,
        /// Where to.
        to: KeyPath,
    },
}

impl Configuration {
    /// Makes `changes`, each in the file its value stands in.
    ///
    /// A new value goes into the file of its nearest container; beside a single include that is the
    /// included file. The result as a whole was compared with what the changes mean.
    ///
    /// # Errors
    ///
    /// [`ComposeError`] where a change cannot be made in one file.
    pub fn edit(
        &self,
        changes: &[Change],
        rules: &Rules,
        loader: &mut Loader<'_>,
    ) -> Result<Self, ComposeError> {
        if self.inclusions.is_empty() {
            let document = self.root().document.edit(changes)?;
            let root = Part { document, ..self.root().clone() };
            return Ok(Self::of_parts(vec![root], rules, loader));
        }
        let expected = self.expected(changes, rules)?;
        let mut current = self.clone();
        for change in changes {
            let (part, change) = current.routed(change)?;
            let mut parts = current.parts.clone();
            parts[part].document = parts[part].document.edit(&[change])?;
            current = Self::of_parts(parts, rules, loader);
        }
        match expected {
            Some(expected) if expected != current.effective => Err(ComposeError::Composed {
                path: changes.iter().flat_map(Change::paths).next().cloned().unwrap_or_default(),
            }),
            _ => Ok(current),
        }
    }

    /// Makes `changes` in the root file, by its own paths: an include is a key like any other.
    ///
    /// # Errors
    ///
    /// [`ComposeError::Edit`] where a change cannot be made.
    pub fn edit_root(
        &self,
        changes: &[Change],
        rules: &Rules,
        loader: &mut Loader<'_>,
    ) -> Result<Self, ComposeError> {
        let mut parts = self.parts.clone();
        parts[0].document = parts[0].document.edit(changes)?;
        Ok(Self::of_parts(parts, rules, loader))
    }

    /// What the whole must mean afterwards; nothing where a change is about an include itself.
    fn expected(
        &self,
        changes: &[Change],
        rules: &Rules,
    ) -> Result<Option<crate::doc::Value>, EditError> {
        let names_include = changes.iter().flat_map(Change::paths).any(|path| {
            path.segments().iter().any(|segment| match segment {
                Segment::Key(key) => rules.key.as_deref().is_some_and(|include| *key == include),
                _ => false,
            })
        });
        if names_include {
            return Ok(None);
        }
        changed(&self.effective, changes).map(Some)
    }

    /// The file a change belongs in, and the change by that file's paths.
    fn routed(&self, change: &Change) -> Result<(usize, Change), ComposeError> {
        Ok(match change {
            Change::Set { path, value } => {
                let route = self.route(path);
                (route.part, Change::Set { path: route.path, value: value.clone() })
            }
            Change::Insert { path, value } => {
                let route = self.route(path);
                (route.part, Change::Insert { path: route.path, value: value.clone() })
            }
            Change::Remove { path } => {
                let route = self.route(path);
                (route.part, Change::Remove { path: route.path })
            }
            Change::Move { from, to } => {
                let (source, target) = (self.route(from), self.route(to));
                if source.part != target.part {
                    return Err(ComposeError::AcrossFiles { from: from.clone(), to: to.clone() });
                }
                (source.part, Change::Move { from: source.path, to: target.path })
            }
        })
    }

    /// Where `path` leads, or would lead if it were made.
    pub(super) fn route(&self, path: &KeyPath) -> Route {
        self.trace(0, &KeyPath::root(), path.segments())
    }

    /// Follows `rest` from the value at `at` of a part.
    fn trace(&self, part: usize, at: &KeyPath, rest: &[Segment]) -> Route {
        let Some((segment, below)) = rest.split_first() else {
            return Route { part, path: at.clone(), matched: 0 };
        };
        let inside = at.join(segment.clone());
        let own = if let Ok(Some(_)) = self.parts[part].document.get(&inside) {
            let route = self.trace(part, &inside, below);
            Route { matched: route.matched + 1, ..route }
        } else {
            let path = at.concat(&rest.iter().cloned().collect());
            Route { part, path, matched: 0 }
        };
        let including = self.inclusions.iter().find(|other| {
            other.part == part && self.plain(part, &other.at) == self.plain(part, at)
        });
        let Some(including) = including else { return own };
        // What stands beside an include is merged over it, and later files over earlier ones.
        let mut best = own;
        for target in including.targets.iter().rev() {
            let route = self.trace(*target, &KeyPath::root(), rest);
            let new_beside_one =
                best.matched == 0 && route.matched == 0 && including.targets.len() == 1;
            if route.matched > best.matched || (new_beside_one && best.part == part) {
                best = route;
            }
        }
        best
    }

    /// The path in plain keys and indices, so that ways written differently compare.
    fn plain(&self, part: usize, path: &KeyPath) -> Result<KeyPath, PathError> {
        match self.parts[part].document.get(path)? {
            Some(node) => Ok(node.path()),
            None => Ok(path.clone()),
        }
    }
}
