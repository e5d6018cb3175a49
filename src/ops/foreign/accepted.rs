//! What was accepted before a foreign write: the base that it is looked at against.

use std::path::{Path, PathBuf};

use crate::compose::{Configuration, Part};
use crate::fs::Loaded;
use crate::ops::Workspace;
use crate::ops::records;
use crate::ops::session::Session;
use crate::ops::snapshot::Snapshot;

/// What was accepted before the foreign write.
#[derive(Debug)]
pub(in crate::ops) struct Accepted {
    /// The files as they were read.
    pub(in crate::ops) files: Vec<(PathBuf, Option<Loaded>)>,
    /// What they mean, or the last text of the history where they do not parse; nothing where there is
    /// neither.
    pub(in crate::ops) configuration: Option<Configuration>,
}

impl Accepted {
    /// What was read before the author began.
    pub(in crate::ops) fn of(snapshot: Snapshot) -> Self {
        let configuration = snapshot.judged().cloned();
        Self { files: snapshot.loaded, configuration }
    }

    /// As [`Accepted::of`]; where the root does not parse, what counts is the last text of the history
    /// that stood, so that whoever mends the file is held to that.
    pub(in crate::ops) fn recorded(
        snapshot: Snapshot,
        workspace: &Workspace,
        session: &Session<'_>,
    ) -> Self {
        let is_broken = snapshot.fault.is_some();
        let mut accepted = Self::of(snapshot);
        if is_broken {
            accepted.configuration = records::last_that_stood(workspace, session);
        }
        accepted
    }

    pub(super) fn part(&self, file: &Path) -> Option<&Part> {
        self.configuration.as_ref()?.parts().iter().find(|part| part.file == file)
    }

    pub(super) fn loaded(&self, file: &Path) -> Option<&Loaded> {
        let (_, loaded) = self.files.iter().find(|(name, _)| name == file)?;
        loaded.as_ref()
    }

    pub(super) fn bytes(&self, file: &Path) -> Option<&[u8]> {
        self.loaded(file).map(|loaded| loaded.bytes.as_slice())
    }
}
