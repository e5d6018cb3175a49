//! What is known of a guarded configuration between two looks.
//!
//! The accepted texts are kept in memory, so that a full disk or a lost history takes nothing away.

use std::path::PathBuf;

use crate::compose::{Configuration, Part};
use crate::doc::{Document, Format};
use crate::fs::{Glance, Loaded, glance};
use crate::history::{History, Identities, Kind, Record};
use crate::ops::foreign::{Accepted, Dressing, Extent, Settled, State};
use crate::ops::records::{self, Side};
use crate::ops::session::Session;
use crate::ops::snapshot::{Snapshot, Unparsable};
use crate::ops::{Missing, OpsError, Workspace};

/// The files of a configuration with their texts, the root first.
pub(super) type Files = Vec<(PathBuf, Option<Loaded>)>;

/// What is known of a guarded configuration.
#[derive(Default)]
pub(super) struct Memory {
    /// What was accepted last; nothing before the first look.
    accepted: Option<Files>,
    /// What it means where the root did not parse when it was first seen.
    last: Option<Configuration>,
    /// The last text of each file that had its comments, where that is not the accepted one.
    dressed: Vec<(PathBuf, Vec<u8>)>,
    /// What heals have written since.
    dressings: Vec<Dressing>,
    /// What the history looked like, and its latest record.
    pub(super) history: (Option<Glance>, Option<u64>),
}

impl Memory {
    /// Whether there was a look.
    pub(super) fn has_begun(&self) -> bool {
        self.accepted.is_some()
    }

    /// What the next look is held against.
    pub(super) fn accepted(&self, session: &Session<'_>) -> Option<Accepted> {
        let files = self.accepted.clone()?;
        let configuration = State::of(&files).configuration(session).or_else(|| self.last.clone());
        Some(Accepted { files, configuration })
    }

    /// Begins: held to the last record that stood, so that what happened while nobody looked is
    /// judged; without one, what stands there counts.
    pub(super) fn begin(
        &mut self,
        workspace: &Workspace,
        session: &mut Session<'_>,
    ) -> Result<Accepted, OpsError> {
        let found = session.load(Missing::Create, Unparsable::Tolerate)?;
        let history = History::of(&workspace.state_dir, session.root());
        // A history that cannot be read is as if there were none.
        let records = history.list().map(|listing| listing.records).unwrap_or_default();
        self.history.1 = Some(records.last().map_or(0, |record| record.id.0));
        let Some(last) = records.iter().rev().find(|record| is_untroubled(record)) else {
            return Ok(Accepted::of(found));
        };
        let past =
            records::configuration(&history, session, last, Side::After, &Identities::none());
        let Ok(past) = past else { return Ok(Accepted::of(found)) };
        Ok(Accepted { files: as_recorded(found, &past), configuration: Some(past) })
    }

    /// What stands now was accepted.
    pub(super) fn accept(&mut self, files: Files, configuration: Option<Configuration>) {
        self.accepted = Some(files);
        self.last = configuration;
    }

    /// Keeps the texts that still had their comments before an author's write.
    pub(super) fn keep_dressed(&mut self, before: &Accepted, settled: &Settled) {
        for (file, loaded) in &before.files {
            let Some(loaded) = loaded else { continue };
            if !self.dressed.iter().any(|(name, _)| name == file) {
                self.dressed.push((file.clone(), loaded.bytes.clone()));
            }
        }
        self.dressings.extend(Dressing::of(settled));
    }

    /// What heals have written, where that matters.
    pub(super) fn dressings_for(&self, extent: Extent) -> &[Dressing] {
        if extent == Extent::Dress { &self.dressings } else { &[] }
    }

    /// Whether the history has changed since it was read.
    pub(super) fn is_history_new(&self, workspace: &Workspace, session: &Session<'_>) -> bool {
        let history = History::of(&workspace.state_dir, session.root());
        self.history.0 != Some(glance(&history.records_path()))
    }

    /// Whether there may be something to dress on.
    pub(super) fn is_undressed(&self) -> bool {
        !self.dressed.is_empty()
    }

    /// The accepted files, with the texts that had their comments as what they are held against.
    pub(super) fn dressed(&self, session: &Session<'_>) -> Option<Accepted> {
        let mut accepted = self.accepted(session)?;
        let now = accepted.configuration.as_ref()?;
        let parts = now.parts().iter().map(|part| {
            let before = self.dressed.iter().find(|(file, _)| *file == part.file);
            let parsed = before.and_then(|(file, bytes)| {
                Document::parse_bytes(bytes.clone(), Format::of_path(file)).ok()
            });
            Part { document: parsed.unwrap_or_else(|| part.document.clone()), ..part.clone() }
        });
        let parts: Vec<Part> = parts.collect();
        let mut loader = |file: &std::path::Path| session.load_include(file);
        accepted.configuration =
            Some(Configuration::of_parts(parts, &session.rules(), &mut loader));
        Some(accepted)
    }

    /// Comments and layout are what they can be.
    pub(super) fn is_dressed(&mut self) {
        self.dressed.clear();
        self.dressings.clear();
    }
}

/// Whether the text that `record` ended in was accepted: not one that was healed after it.
fn is_untroubled(record: &Record) -> bool {
    record.kind.stands()
        && (record.kind != Kind::Foreign || record.rules.iter().all(|note| note.action != "deny"))
}

/// What was found, with the recorded texts in the place of its own.
fn as_recorded(found: Snapshot, past: &Configuration) -> Files {
    let known = |file: &PathBuf| past.parts().iter().find(|part| part.file == *file);
    let files = found.loaded.into_iter().map(|(file, loaded)| {
        let text = known(&file).map(|part| part.document.source().as_bytes().to_vec());
        let loaded = loaded.map(|loaded| match text {
            Some(bytes) => Loaded { bytes, ..loaded },
            None => loaded,
        });
        (file, loaded)
    });
    files.collect()
}
