//! What a foreign write leaves in the history: what its author wrote, then what became of it.
//!
//! Texts that are about to be replaced are stored before that, so that a process that dies at any point
//! has lost none. What cannot be recorded never fails a heal: it is a notice.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{Accepted, Settled};
use crate::clock;
use crate::compose::{Configuration, IncludeFaultKind, Part};
use crate::doc::{Document, Format, merge};
use crate::fs::{Glance, Loaded, glance};
use crate::history::{
    Author, Certainty, Entry, FileEntry, History, HistoryError, Identities, Kind, Record, Recording,
};
use crate::ops::recorder::{command, not_recorded, note, rules};
use crate::ops::session::Session;
use crate::ops::{Change, Workspace, outcome};

/// The history of one guarded configuration while a program runs.
pub(in crate::ops) struct ForeignRecord<'w> {
    workspace: &'w Workspace,
    history: History,
    began: SystemTime,
    /// The number of the latest record before the program began, or at the last look; nothing where
    /// records are told apart by their time.
    latest: Option<u64>,
    /// Why what stood there before the program may be lost in a power cut.
    unsynced: Option<HistoryError>,
    /// The history at the last look, from outside.
    seen: Glance,
    /// Records of ours that were taken up.
    taken_up: Vec<u64>,
    /// Whether programs that ran under a guard of their own have been judged by it.
    is_late: bool,
    /// What stood there when something was told last.
    last: State,
    has_told: bool,
}

impl<'w> ForeignRecord<'w> {
    pub(in crate::ops) fn new(
        workspace: &'w Workspace,
        session: &Session<'_>,
        accepted: &Accepted,
    ) -> Self {
        let history = History::of(&workspace.state_dir, session.root());
        let seen = glance(&history.records_path());
        Self {
            workspace,
            history,
            began: clock::now(),
            latest: None,
            unsynced: None,
            seen,
            taken_up: Vec::new(),
            is_late: false,
            last: State::of(&accepted.files),
            has_told: false,
        }
    }

    /// As [`ForeignRecord::new`], for one look of many: what confwarden wrote after the record `latest`
    /// is to be taken up, where the history does not look as it was `seen`.
    pub(in crate::ops) fn since(
        latest: Option<u64>,
        seen: Option<Glance>,
        workspace: &'w Workspace,
        session: &Session<'_>,
        accepted: &Accepted,
    ) -> Self {
        let mut record = Self::new(workspace, session, accepted);
        let unread = glance(Path::new(""));
        record.is_late = true;
        record.latest = Some(latest.unwrap_or(0));
        record.seen = seen.unwrap_or(unread);
        record
    }

    /// What the history looks like by now, and its latest record that was made or read.
    pub(in crate::ops) fn position(&self) -> (Glance, Option<u64>) {
        (self.seen, self.latest)
    }

    /// Records what stood there before the author began, where no record ends in it, so that it is
    /// there to come back whatever becomes of this process.
    ///
    /// Where it cannot be recorded there may be nothing to tell either: it is tried again, and told,
    /// when there is.
    pub(in crate::ops) fn observe(&mut self) {
        if self.last.is_empty() {
            return;
        }
        let Ok(mut recording) = self.history.begin() else { return };
        if self.last.observe(&mut recording, command(self.workspace)).is_err() {
            return;
        }
        // A sync that failed is not made again: the second would say that all is well.
        self.unsynced = recording.sync().err();
        self.latest = recording.last().map(|record| record.id.0);
        self.seen = glance(&self.history.records_path());
    }

    /// Stores what the author wrote and what is to stand instead.
    pub(in crate::ops) fn keep<'b>(
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
    pub(in crate::ops) fn take_up(
        &mut self,
        accepted: &mut Accepted,
        session: &Session<'_>,
    ) -> TakenUp {
        let mut taken = TakenUp::default();
        let now = glance(&self.history.records_path());
        if now == self.seen {
            return taken;
        }
        self.seen = now;
        let Ok(listing) = self.history.list() else { return taken };
        let own: Vec<&Record> = listing
            .records
            .iter()
            .filter(|record| {
                self.is_later(record)
                    && self.is_judged(record)
                    && !self.taken_up.contains(&record.id.0)
            })
            .collect();
        for record in own {
            self.taken_up.push(record.id.0);
            if let Some(state) = self.state_after(record, session) {
                self.last = state;
            }
            if self.add(record, accepted, session).is_none() {
                taken.notices.push(format!(
                    "record {} cannot be followed, and is judged as what others write",
                    record.id
                ));
            }
            taken.records.push(record.clone());
        }
        if let (Some(latest), Some(last)) = (&mut self.latest, listing.records.last()) {
            *latest = last.id.0;
        }
        taken
    }

    /// Whether `record` was made since the program began, or since it was looked last: by its number
    /// where that is known, since clocks are set back.
    fn is_later(&self, record: &Record) -> bool {
        self.latest.map_or(record.at >= self.began, |latest| record.id.0 > latest)
    }

    /// Whether what it tells was asked for, or judged by another guard.
    fn is_judged(&self, record: &Record) -> bool {
        match record.author.certainty {
            Certainty::Own => record.kind != Kind::Observed,
            Certainty::UnderExec => self.is_late,
            _ => false,
        }
    }

    /// What the files were after `record`.
    fn state_after(&self, record: &Record, session: &Session<'_>) -> Option<State> {
        let mut state = Vec::with_capacity(record.files.len());
        for (index, file) in record.files.iter().enumerate() {
            let text = match &file.after {
                Some(id) => Some(self.history.snapshot(id, &Identities::none()).ok()?),
                None => None,
            };
            let name = if index == 0 { session.root().to_owned() } else { file.file.clone() };
            state.push((name, text));
        }
        Some(State(state))
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

    /// Records what the author did to what was there before, and what became of it. Says what could
    /// not be recorded.
    pub(in crate::ops) fn tell(
        &mut self,
        author: &Author,
        settled: &Settled,
        session: &Session<'_>,
        allow: &[String],
    ) -> Told {
        let theirs = State::of(&settled.theirs);
        let after = theirs.overlaid(&settled.after);
        let is_news = !theirs.is_same(&self.last) || !after.is_same(&theirs);
        let told = Telling { record: self, session, settled, allow }.tell(author, &theirs, &after);
        self.last = after;
        self.has_told = true;
        self.seen = glance(&self.history.records_path());
        let unsynced = if is_news { self.unsynced.take() } else { None };
        match told.and_then(|told| unsynced.map_or(Ok(told), Err)) {
            Ok(told) => {
                let records = [told.foreign, told.ours].into_iter().flatten();
                self.latest = self.latest.max(records.max().filter(|_| self.latest.is_some()));
                told
            }
            Err(error) => Told { notice: Some(not_recorded(&error)), ..Told::default() },
        }
    }
}

/// What confwarden itself wrote since the last look.
#[derive(Debug, Default)]
pub(in crate::ops) struct TakenUp {
    pub(in crate::ops) records: Vec<Record>,
    pub(in crate::ops) notices: Vec<String>,
}

/// The records that one look has made, by their numbers.
#[derive(Debug, Default)]
pub(in crate::ops) struct Told {
    /// What the author wrote.
    pub(in crate::ops) foreign: Option<u64>,
    /// What became of it.
    pub(in crate::ops) ours: Option<u64>,
    /// What could not be recorded.
    pub(in crate::ops) notice: Option<String>,
}

/// The texts of all files of a configuration at one time, the root first.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::ops) struct State(Vec<(PathBuf, Option<Vec<u8>>)>);

impl State {
    pub(in crate::ops) fn of(files: &[(PathBuf, Option<Loaded>)]) -> Self {
        let text = |loaded: &Option<Loaded>| loaded.as_ref().map(|loaded| loaded.bytes.clone());
        Self(files.iter().map(|(file, loaded)| (file.clone(), text(loaded))).collect())
    }

    /// The same after these files were written.
    pub(in crate::ops) fn overlaid(&self, written: &[(PathBuf, Option<Vec<u8>>)]) -> Self {
        let mut state = self.clone();
        for (file, text) in written {
            match state.0.iter_mut().find(|(name, _)| name == file) {
                Some((_, known)) => known.clone_from(text),
                None => state.0.push((file.clone(), text.clone())),
            }
        }
        state
    }

    /// Every file, the root first.
    pub(in crate::ops) fn files(&self) -> impl Iterator<Item = &(PathBuf, Option<Vec<u8>>)> {
        self.0.iter()
    }

    fn text(&self, file: &Path) -> Option<&[u8]> {
        self.0.iter().find(|(name, _)| name == file)?.1.as_deref()
    }

    /// Whether every file has the same text in both.
    fn is_same(&self, other: &Self) -> bool {
        let mut files = self.0.iter().chain(&other.0);
        files.all(|(file, _)| self.text(file) == other.text(file))
    }

    /// Whether none of the files is there.
    fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, text)| text.is_none())
    }

    fn is_readable(&self) -> bool {
        let Some((root, Some(text))) = self.0.first() else { return true };
        Document::parse_bytes(text.clone(), Format::of_path(root)).is_ok()
    }

    /// Records it as found, where no record ends in it.
    fn observe(&self, recording: &mut Recording, command: &str) -> Result<(), HistoryError> {
        let files = self.entries(None);
        let is_new = recording.last().is_none() && self.is_empty();
        if is_new || recording.ends_in(files.iter().map(|entry| (entry.file, entry.after))) {
            return Ok(());
        }
        let author = Author::unknown();
        let kind = if self.is_readable() { Kind::Observed } else { Kind::Quarantined };
        let (changes, rules) = (Vec::new(), Vec::new());
        let entry = Entry { command, kind, author, files, changes, rules };
        recording.append(&entry, clock::now()).map(|_| ())
    }

    /// What it means; nothing where the root cannot be read.
    pub(in crate::ops) fn configuration(&self, session: &Session<'_>) -> Option<Configuration> {
        let part = |file: &Path, text: &[u8]| {
            let document = Document::parse_bytes(text.to_vec(), Format::of_path(file))?;
            Ok(Part { file: file.to_owned(), document, mode: None, directory_mode: None })
        };
        let (root, text) = self.0.first()?;
        let root = part(root, text.as_deref()?).ok()?;
        let mut read = |file: &Path| match self.text(file) {
            Some(text) => {
                part(file, text).map_err(|error| IncludeFaultKind::Syntax(file.to_owned(), error))
            }
            None => session.load_include(file),
        };
        Some(Configuration::compose(root, &session.rules(), &mut read))
    }

    /// Each file with its text here, and the one it had in `before`; where that is not told it is what
    /// the last record ended in.
    fn entries<'s>(&'s self, before: Option<&'s Self>) -> Vec<FileEntry<'s>> {
        let entry = |(file, after): &'s (PathBuf, Option<Vec<u8>>)| FileEntry {
            file,
            before: before.and_then(|before| before.text(file)),
            after: after.as_deref(),
        };
        self.0.iter().map(entry).collect()
    }
}

/// One look at an author's write, as it is recorded.
struct Telling<'a> {
    record: &'a ForeignRecord<'a>,
    session: &'a Session<'a>,
    settled: &'a Settled,
    allow: &'a [String],
}

impl Telling<'_> {
    fn tell(&self, author: &Author, theirs: &State, after: &State) -> Result<Told, HistoryError> {
        let mut told = Told::default();
        let is_theirs = !theirs.is_same(&self.record.last);
        let is_ours = !after.is_same(theirs);
        if !is_theirs && !is_ours {
            return Ok(told);
        }
        let mut recording = self.begin()?;
        if is_theirs {
            let kind =
                if self.settled.set_aside.is_empty() { Kind::Foreign } else { Kind::Quarantined };
            let changes = self.changes(&self.record.last, theirs);
            let entries = theirs.entries(None);
            told.foreign = Some(self.append(&mut recording, kind, author, entries, &changes)?);
        }
        if is_ours {
            let kind = if self.settled.is_damage() { Kind::Healed } else { Kind::Redressed };
            let own = Author {
                name: self.record.workspace.command.clone(),
                pid: Some(std::process::id()),
                certainty: Certainty::Own,
            };
            let changes = self.changes(theirs, after);
            let entries = after.entries(Some(theirs));
            told.ours = Some(self.append(&mut recording, kind, &own, entries, &changes)?);
        }
        recording.sync()?;
        Ok(told)
    }

    /// Begins, with what was there before the author where no record ends in it.
    fn begin(&self) -> Result<Recording, HistoryError> {
        let mut recording = self.record.history.begin()?;
        // What confwarden wrote inside of the program follows on what was there.
        if !self.record.has_told && self.record.taken_up.is_empty() {
            self.record.last.observe(&mut recording, command(self.record.workspace))?;
        }
        Ok(recording)
    }

    fn append(
        &self,
        recording: &mut Recording,
        kind: Kind,
        author: &Author,
        files: Vec<FileEntry<'_>>,
        changes: &[Change],
    ) -> Result<u64, HistoryError> {
        let entry = Entry {
            command: command(self.record.workspace),
            kind,
            author: author.clone(),
            files,
            changes: changes.iter().map(note).collect(),
            rules: rules(&self.settled.outcome, self.allow),
        };
        recording.append(&entry, clock::now()).map(|id| id.0)
    }

    /// What differs in meaning, as far as the texts can be read.
    fn changes(&self, before: &State, after: &State) -> Vec<Change> {
        let Some(now) = after.configuration(self.session) else { return Vec::new() };
        let before = before.configuration(self.session);
        outcome::differences(before.as_ref(), &now, self.record.workspace).changes
    }
}
