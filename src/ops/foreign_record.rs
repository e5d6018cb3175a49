//! What a foreign write leaves in the history: what its author wrote, then what became of it.
//!
//! Texts that are about to be replaced are stored before that, so that a process that dies at any point
//! has lost none. What cannot be recorded never fails a heal: it is a notice.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::foreign::{Accepted, Settled};
use super::recorder::{not_recorded, note, rules};
use super::session::Session;
use super::{Outcome, Workspace, outcome};
use crate::clock;
use crate::compose::{Configuration, Part};
use crate::doc::{Document, Format, merge};
use crate::fs::{Glance, Loaded, glance};
use crate::history::{
    Author, Certainty, Entry, FileEntry, History, HistoryError, Identities, Kind, Record, Recording,
};

/// The history of one guarded configuration while a program runs.
pub(super) struct ForeignRecord<'w> {
    workspace: &'w Workspace,
    history: History,
    began: SystemTime,
    /// The history at the last look, from outside.
    seen: Glance,
    /// Records of ours that were taken up.
    taken_up: Vec<u64>,
}

/// One state of the files, by name.
type Files = [(PathBuf, Option<Loaded>)];

impl<'w> ForeignRecord<'w> {
    pub(super) fn new(workspace: &'w Workspace, session: &Session<'_>) -> Self {
        let history = History::of(&workspace.state_dir, session.target());
        let seen = glance(&history.records_path());
        Self { workspace, history, began: clock::now(), seen, taken_up: Vec::new() }
    }

    /// Stores what the author wrote and what is to stand instead.
    pub(super) fn keep<'b>(
        &self,
        texts: impl IntoIterator<Item = &'b [u8]>,
    ) -> Result<(), HistoryError> {
        let mut recording = self.history.begin()?;
        for text in texts {
            recording.keep(text)?;
        }
        Ok(())
    }

    /// Takes up what confwarden itself wrote inside of the program: it was asked for, so it is as good
    /// as accepted. Says what could not be taken up.
    pub(super) fn take_up(
        &mut self,
        accepted: &mut Accepted,
        session: &Session<'_>,
    ) -> Vec<String> {
        let now = glance(&self.history.records_path());
        if now == self.seen {
            return Vec::new();
        }
        self.seen = now;
        let Ok(listing) = self.history.list() else { return Vec::new() };
        let own: Vec<&Record> = listing
            .records
            .iter()
            .filter(|record| {
                record.at >= self.began
                    && record.author.certainty == Certainty::Own
                    && !self.taken_up.contains(&record.id.0)
            })
            .collect();
        let mut notices = Vec::new();
        for record in own {
            self.taken_up.push(record.id.0);
            if self.add(record, accepted, session).is_none() {
                notices.push(format!(
                    "what record {} changed inside of the program is judged as the program's",
                    record.id
                ));
            }
        }
        notices
    }

    /// Makes the changes of `record` in what was accepted; nothing where they do not fit.
    fn add(&self, record: &Record, accepted: &mut Accepted, session: &Session<'_>) -> Option<()> {
        let mut parts: Vec<Part> =
            accepted.configuration.iter().flat_map(Configuration::parts).cloned().collect();
        for (index, file) in record.files.iter().enumerate() {
            if file.before == file.after {
                continue;
            }
            let document = |id| {
                let bytes = self.history.snapshot(id, &Identities::none()).ok()?;
                Document::parse_bytes(bytes, Format::of_path(&file.file)).ok()
            };
            let after = document(file.after.as_ref()?)?;
            // The root is the same file by whatever name it was reached.
            let known = match index {
                0 => parts.first_mut(),
                _ => parts.iter_mut().find(|part| part.file == file.file),
            };
            match (known, &file.before) {
                (Some(part), Some(before)) => {
                    part.document = merge(&document(before)?, &after, &part.document).ok()?;
                }
                (Some(_), None) => return None,
                (None, _) => parts.push(Part {
                    file: if index == 0 { session.root().to_owned() } else { file.file.clone() },
                    document: after,
                    mode: None,
                    directory_mode: None,
                }),
            }
        }
        let mut loader = |file: &Path| session.load_include(file);
        accepted.configuration =
            Some(Configuration::of_parts(parts, &session.rules(), &mut loader));
        Some(())
    }

    /// Records what `program` did to what was accepted, and what became of it.
    pub(super) fn write(
        &self,
        program: &str,
        pid: u32,
        accepted: &Accepted,
        session: &Session<'_>,
        settled: &[Settled],
        allow: &[String],
    ) -> Vec<String> {
        let story = Story { record: self, program, pid, accepted, session, allow };
        match story.tell(settled) {
            Ok(()) => Vec::new(),
            Err(error) => vec![not_recorded(&error)],
        }
    }
}

/// One program's writes, as they are recorded.
struct Story<'a> {
    record: &'a ForeignRecord<'a>,
    program: &'a str,
    pid: u32,
    accepted: &'a Accepted,
    session: &'a Session<'a>,
    allow: &'a [String],
}

impl Story<'_> {
    fn tell(&self, settled: &[Settled]) -> Result<(), HistoryError> {
        let mut told: Option<Recording> = None;
        let mut before: &Files = &self.accepted.files;
        for one in settled {
            let is_theirs_new = !same_bytes(before, &one.theirs);
            if !is_theirs_new && !one.is_written() {
                continue;
            }
            let recording = match &mut told {
                Some(recording) => recording,
                None => told.insert(self.begin()?),
            };
            if is_theirs_new {
                let kind = if one.set_aside.is_empty() { Kind::Foreign } else { Kind::Quarantined };
                let changes = self.changes(&one.theirs);
                self.append(recording, kind, Self::state(&one.theirs), &changes, one)?;
            }
            if one.is_written() {
                let kind = if one.is_damage() { Kind::Healed } else { Kind::Redressed };
                let files = one.after.iter().map(|(file, after)| FileEntry {
                    file,
                    before: bytes(&one.theirs, file),
                    after: after.as_deref(),
                });
                self.append(recording, kind, files.collect(), &one.outcome, one)?;
            }
            before = &one.theirs;
        }
        told.map_or(Ok(()), |recording| recording.sync())
    }

    /// Begins, with what was there before the program where no record ends in it.
    fn begin(&self) -> Result<Recording, HistoryError> {
        let mut recording = self.record.history.begin()?;
        let state = Self::state(&self.accepted.files);
        let found = state.iter().map(|entry| (entry.file, entry.after));
        let is_known = recording.ends_in(found);
        let is_new = recording.last().is_none() && state.iter().all(|file| file.after.is_none());
        // What confwarden wrote inside of the program follows on what was there.
        if !is_known && !is_new && self.record.taken_up.is_empty() {
            let unknown =
                Author { name: "unknown".to_owned(), pid: None, certainty: Certainty::Unknown };
            let entry = Entry {
                command: "exec",
                kind: Kind::Observed,
                author: unknown,
                files: state,
                changes: Vec::new(),
                rules: Vec::new(),
            };
            recording.append(&entry, clock::now())?;
        }
        Ok(recording)
    }

    fn append(
        &self,
        recording: &mut Recording,
        kind: Kind,
        files: Vec<FileEntry<'_>>,
        outcome: &Outcome,
        settled: &Settled,
    ) -> Result<(), HistoryError> {
        let author = match kind {
            Kind::Healed | Kind::Redressed => Author {
                name: self.record.workspace.command.clone(),
                pid: Some(std::process::id()),
                certainty: Certainty::Own,
            },
            _ => Author {
                name: self.program.to_owned(),
                pid: Some(self.pid),
                certainty: Certainty::UnderExec,
            },
        };
        let entry = Entry {
            command: "exec",
            kind,
            author,
            files,
            changes: outcome.changes.iter().map(note).collect(),
            rules: rules(&settled.outcome, self.allow),
        };
        recording.append(&entry, clock::now()).map(|_| ())
    }

    /// What the program changed, as far as its texts can be read.
    fn changes(&self, theirs: &Files) -> Outcome {
        let Some((root, Some(loaded))) = theirs.first() else { return Outcome::unchanged() };
        let document = Document::parse_bytes(loaded.bytes.clone(), Format::of_path(root));
        let Ok(document) = document else { return Outcome::unchanged() };
        let root = Part { file: root.clone(), document, mode: None, directory_mode: None };
        let rules = self.session.rules();
        let mut read = |file: &Path| match bytes(theirs, file) {
            Some(found) => Document::parse_bytes(found.to_vec(), Format::of_path(file))
                .map(|document| Part {
                    file: file.to_owned(),
                    document,
                    mode: None,
                    directory_mode: None,
                })
                .map_err(|error| crate::compose::IncludeFaultKind::Syntax(file.to_owned(), error)),
            None => self.session.load_include(file),
        };
        let theirs = Configuration::compose(root, &rules, &mut read);
        let before = self.accepted.configuration.as_ref();
        outcome::differences(before, &theirs, &self.record.workspace.profile)
    }

    fn state(files: &Files) -> Vec<FileEntry<'_>> {
        files
            .iter()
            .map(|(file, loaded)| FileEntry {
                file,
                before: None,
                after: loaded.as_ref().map(|loaded| loaded.bytes.as_slice()),
            })
            .collect()
    }
}

fn bytes<'f>(files: &'f Files, file: &Path) -> Option<&'f [u8]> {
    let (_, loaded) = files.iter().find(|(name, _)| name == file)?;
    loaded.as_ref().map(|loaded| loaded.bytes.as_slice())
}

pub(super) fn same_bytes(one: &Files, other: &Files) -> bool {
    one.iter().chain(other).all(|(file, _)| bytes(one, file) == bytes(other, file))
}
