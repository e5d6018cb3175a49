//! Which file a value stands in, and edits that go there.

use std::sync::Arc;

use super::edited::{Edited, Handover};
use super::{Configuration, Loader, Part, Rules};
use crate::doc::{
    Change, EditError, Incoming, KeyPath, PathError, Segment, changed, keep_comments,
};

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
    /// A move from one file to another that cannot take the comments: its format is another, or it is
    /// strict JSON.
    #[error("`{from}` and `{to}` stand in different files, and comments cannot go along")]
    AcrossFiles {
        /// From where.
        from: KeyPath,
        /// Where to.
        to: KeyPath,
    },
    /// Moves between the same files in both directions: in whatever order the files are written, a
    /// value would for a moment stand in none of them.
    #[error("`{path}` moves against another value between the same files")]
    Opposed {
        /// Where the last of the moves starts.
        path: KeyPath,
    },
}

/// Where a change is made.
enum Routed {
    /// In one file, by that file's paths.
    In(usize, Change),
    /// A value goes from one file to another.
    Across(Route, Route),
}

impl Configuration {
    /// Makes `changes`, each in the file its value stands in. A value that moves to another file is
    /// added there and removed here; its text and its comments go along.
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
    ) -> Result<Edited, ComposeError> {
        if self.inclusions.is_empty() {
            let document = self.root().document.edit(changes)?;
            let root = Part { document, ..self.root().clone() };
            return Ok(Self::of_parts(vec![root], rules, loader).into());
        }
        let expected = self.expected(changes, rules)?;
        let composed = |path: &KeyPath| ComposeError::Composed { path: path.clone() };
        let mut edited = Edited::from(self.clone());
        for change in changes {
            let current = &edited.configuration;
            let mut parts = current.parts.clone();
            match current.routed(change) {
                Routed::In(part, change) => {
                    parts[part].document = parts[part].document.edit(&[change])?;
                }
                // Nothing would prove that the value is the same in its new file.
                Routed::Across(..) if expected.is_none() => {
                    return Err(composed(change.paths().next().unwrap_or(&KeyPath::root())));
                }
                Routed::Across(from, to) => {
                    current.hand_over(change, (&from, &to), &mut parts)?;
                    edited.handovers.push(Handover {
                        from: parts[from.part].file.clone(),
                        to: parts[to.part].file.clone(),
                    });
                    if edited.writing_order().is_none() {
                        let path = change.paths().next().cloned().unwrap_or_default();
                        return Err(ComposeError::Opposed { path });
                    }
                }
            }
            edited.configuration = Self::of_parts(parts, rules, loader);
        }
        match expected {
            Some(expected) if expected != *edited.configuration.effective => Err(composed(
                changes.iter().flat_map(Change::paths).next().unwrap_or(&KeyPath::root()),
            )),
            _ => Ok(edited),
        }
    }

    /// The value at `path`, with its text and its comments where one file alone makes it up.
    pub(crate) fn incoming(&self, path: &KeyPath) -> Option<Incoming> {
        let value = self.effective.at(path)?;
        let route = self.route(path);
        let document = Arc::new(self.parts[route.part].document.clone());
        Some(match document.get(&route.path) {
            Ok(Some(node)) if node.means(value) => Incoming::at(&document, node),
            _ => value.clone().into(),
        })
    }

    /// Takes the value of `change`, a move, from the file it stands in to that where it is to stand.
    fn hand_over(
        &self,
        change: &Change,
        (from, to): (&Route, &Route),
        parts: &mut [Part],
    ) -> Result<(), ComposeError> {
        let Change::Move { from: whole_from, to: whole_to } = change else { return Ok(()) };
        let composed = || ComposeError::Composed { path: whole_from.clone() };
        // Places in a list that several files make up are those of the whole, not of one file.
        let array = |path: &KeyPath| match path.split_last() {
            Some((array, Segment::Index(_))) => Some(array),
            _ => None,
        };
        if array(whole_from).is_some_and(|list| array(whole_to) == Some(list)) {
            return Err(composed());
        }
        let giver = Arc::new(self.parts[from.part].document.clone());
        let node = giver.get(&from.path).map_err(EditError::from)?;
        let node = node.ok_or_else(|| EditError::NotFound { path: whole_from.clone() })?;
        let value = Incoming::at(&giver, node);
        let arrival = Change::Set { path: to.path.clone(), value };
        let taker = &mut parts[to.part].document;
        if !taker.takes_comments(&arrival) {
            return Err(ComposeError::AcrossFiles {
                from: whole_from.clone(),
                to: whole_to.clone(),
            });
        }
        *taker = taker.edit(&[arrival])?;
        let leaver = &mut parts[from.part].document;
        *leaver = leaver.edit(&[Change::Remove { path: from.path.clone() }])?;
        // Each file keeps what is its own; this holds the two against each other. Of a key that stands
        // twice the dead one goes, with its comments.
        let before = [&*giver, &self.parts[to.part].document];
        let after = [&parts[from.part].document, &parts[to.part].document];
        let twins = node.key().and_then(|key| Some(node.parent()?.all(&key).count()));
        if twins.unwrap_or(1) == 1 && !keep_comments(before, after) {
            let path = whole_from.clone();
            return Err(EditError::Unverified { path, check: "comments of both files" }.into());
        }
        Ok(())
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
    ) -> Result<Edited, ComposeError> {
        let mut parts = self.parts.clone();
        parts[0].document = parts[0].document.edit(changes)?;
        Ok(Self::of_parts(parts, rules, loader).into())
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
    fn routed(&self, change: &Change) -> Routed {
        let (route, change) = match change {
            Change::Set { path, value } => {
                let route = self.route(path);
                let change = Change::Set { path: route.path.clone(), value: value.clone() };
                (route, change)
            }
            Change::Insert { path, value } => {
                let route = self.route(path);
                let change = Change::Insert { path: route.path.clone(), value: value.clone() };
                (route, change)
            }
            Change::Remove { path } => {
                let route = self.route(path);
                let change = Change::Remove { path: route.path.clone() };
                (route, change)
            }
            Change::Move { from, to } => {
                let (source, target) = (self.route(from), self.route(to));
                if source.part != target.part {
                    return Routed::Across(source, target);
                }
                let change = Change::Move { from: source.path.clone(), to: target.path };
                (source, change)
            }
        };
        Routed::In(route.part, change)
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
