//! The files of one use case: read, locked, written.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{HardLinks, Missing, OpsError, Publication, Workspace};
use crate::compose::{Configuration, IncludeFaultKind, Part, Rules};
use crate::doc::{Document, Format, SyntaxError};
use crate::fs::{
    Durability, GatewayLock, Loaded, LockGuard, Method, Quiet, ReplaceError, ReplaceOptions,
    Replaced, Settling, Target, Wait, awaits_recovery, create_private_directory, read, real_path,
};
use crate::profile::GatewayLockKind;

/// The files of one configuration, as far as a use case has opened them.
pub(super) struct Session<'w> {
    workspace: &'w Workspace,
    /// The root file's name, absolute.
    root: PathBuf,
    /// Locks held, in the order they were taken: the root's first.
    guards: Vec<Guarded>,
    /// Whether the root file was there when it was last read.
    seen: bool,
}

/// What was read of a file, and what it means.
type Text = (Loaded, Result<Part, SyntaxError>);

/// A file that this process alone may write.
struct Guarded {
    /// As it was named or included.
    file: PathBuf,
    guard: LockGuard,
    /// Held beside ours until the session ends.
    _gateway: Option<GatewayLock>,
}

/// What was read of the files at one time.
pub(super) struct Snapshot {
    pub(super) configuration: Configuration,
    /// What the compare-and-swap expects of each part; nothing where the file does not exist.
    pub(super) loaded: Vec<(PathBuf, Option<Loaded>)>,
    /// Included files that exist where they may, also those that could not be parsed.
    included: Vec<PathBuf>,
}

impl Snapshot {
    /// Whether the root file exists.
    pub(super) fn exists(&self) -> bool {
        self.loaded.first().is_some_and(|(_, loaded)| loaded.is_some())
    }

    fn expected(&self, file: &Path) -> Option<&Loaded> {
        self.loaded.iter().find(|(name, _)| name == file).and_then(|(_, loaded)| loaded.as_ref())
    }
}

impl<'w> Session<'w> {
    /// A session that only reads.
    pub(super) fn reading(workspace: &'w Workspace) -> Result<Self, OpsError> {
        let root = Target::resolve(&workspace.config)?.named().to_owned();
        Ok(Self { workspace, root, guards: Vec::new(), seen: false })
    }

    /// A session that may write the root file.
    pub(super) fn writing(workspace: &'w Workspace, missing: Missing) -> Result<Self, OpsError> {
        if missing == Missing::Create
            && let Some(directory) = workspace.config.parent()
            && !directory.as_os_str().is_empty()
        {
            create_private_directory(directory)?;
        }
        let mut session = Self::reading(workspace)?;
        let root = session.root.clone();
        session.lock(&root)?;
        Ok(session)
    }

    /// The root file's name, absolute.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Takes the locks of `file`: ours, then the gateway's. False where they were held already.
    pub(super) fn lock(&mut self, file: &Path) -> Result<bool, OpsError> {
        // Also where a link leads elsewhere by now: the commit finds that out.
        if self.guards.iter().any(|held| held.file == file) {
            return Ok(false);
        }
        let target = Target::resolve(file)?;
        if self.guards.iter().any(|held| held.guard.target().path() == target.path()) {
            return Ok(false);
        }
        let wait = match self.workspace.lock_timeout {
            Duration::ZERO => Wait::No,
            limit => Wait::UpTo(limit),
        };
        let guard = LockGuard::acquire(target, wait, &self.workspace.command)?;
        // The gateway locks its root file only; an included one has no lock of that sort.
        let gateway = match self.workspace.profile.gateway_lock {
            GatewayLockKind::Openclaw if file == self.root => {
                Some(GatewayLock::acquire(guard.target().named(), wait)?)
            }
            _ => None,
        };
        self.guards.push(Guarded { file: file.to_owned(), guard, _gateway: gateway });
        Ok(true)
    }

    /// Locks the included files beside which a killed process left something, which recovers them.
    /// True where one was locked that was not before: what was read of it may be torn.
    ///
    /// A torn file need not parse, and a change that belongs into it would go elsewhere.
    pub(super) fn recover_included(&mut self, base: &Snapshot) -> Result<bool, OpsError> {
        let mut newly_locked = false;
        for file in &base.included {
            // What leads to no file is a fault of the include, and nothing to recover.
            if real_path(file).is_err() {
                continue;
            }
            let Ok(target) = Target::resolve(file) else { continue };
            if awaits_recovery(&target)? {
                newly_locked |= self.lock(file)?;
            }
        }
        Ok(newly_locked)
    }

    /// Files beside the configuration that a killed process left and that may hold another writer's
    /// change.
    pub(super) fn leftovers(&self) -> impl Iterator<Item = &Path> {
        self.guards.iter().flat_map(|held| held.guard.leftovers()).map(PathBuf::as_path)
    }

    /// Reads the root file and everything it includes.
    ///
    /// # Errors
    ///
    /// Where the root file cannot be read or parsed, or is missing and `missing` refuses that. Faults
    /// of includes are part of the configuration.
    pub(super) fn load(&mut self, missing: Missing) -> Result<Snapshot, OpsError> {
        let format = Format::of_path(&self.root);
        let mut loaded = Vec::new();
        let target = Target::resolve(&self.root)?;
        if self.guards.first().is_some_and(|held| held.guard.target().path() != target.path()) {
            // A link that leads elsewhere now: what is locked is not what is meant any more.
            self.guards.clear();
            let root = self.root.clone();
            self.lock(&root)?;
        }
        let found = self.read_root(&target)?;
        self.seen = found.is_some();
        let root = match found {
            Some((found, part)) => {
                let part =
                    part.map_err(|source| OpsError::Syntax { file: self.root.clone(), source })?;
                loaded.push((self.root.clone(), Some(found)));
                part
            }
            None if missing == Missing::Create => {
                loaded.push((self.root.clone(), None));
                Part {
                    file: self.root.clone(),
                    document: empty(format),
                    mode: None,
                    directory_mode: target.directory_mode(),
                }
            }
            None => return Err(OpsError::Missing { file: self.root.clone() }),
        };
        let rules = self.rules();
        let mut included = Vec::new();
        let configuration = Configuration::compose(root, &rules, &mut |file| {
            let read = self.include(file);
            if !matches!(read, Err(IncludeFaultKind::Outside(_) | IncludeFaultKind::Missing(_))) {
                included.push(file.to_owned());
            }
            let (part, found) = read?;
            loaded.push((file.to_owned(), Some(found)));
            Ok(part)
        });
        Ok(Snapshot { configuration, loaded, included })
    }

    /// How files of this configuration include each other.
    pub(super) fn rules(&self) -> Rules {
        let own = self.root.parent().unwrap_or(Path::new("/")).to_owned();
        let roots = std::iter::once(own).chain(self.workspace.include_roots.iter().cloned());
        Rules {
            key: self.workspace.profile.include_key.clone(),
            depth: self.workspace.profile.include_depth,
            roots: roots.collect(),
        }
    }

    /// Reads an included file that no snapshot holds yet.
    pub(super) fn load_include(&self, file: &Path) -> Result<Part, IncludeFaultKind> {
        self.include(file).map(|(part, _)| part)
    }

    fn include(&self, file: &Path) -> Result<(Part, Loaded), IncludeFaultKind> {
        let unreadable = |error: &dyn std::error::Error| {
            IncludeFaultKind::Unreadable(file.to_owned(), error.to_string())
        };
        let real = real_path(file).map_err(|error| unreadable(&error))?;
        let inside = self
            .rules()
            .roots
            .iter()
            .any(|root| real_path(root).is_ok_and(|root| real.starts_with(root)));
        if !inside {
            return Err(IncludeFaultKind::Outside(file.to_owned()));
        }
        let target = Target::resolve(file).map_err(|error| unreadable(&error))?;
        let found = self.read_settled(&target, file).map_err(|error| unreadable(&error))?;
        let (found, part) = found.ok_or_else(|| IncludeFaultKind::Missing(file.to_owned()))?;
        let part = part.map_err(|error| IncludeFaultKind::Syntax(file.to_owned(), error))?;
        Ok((part, found))
    }

    /// Reads the root file. Where it was there a moment ago, some editors are about to put it back.
    fn read_root(&self, target: &Target) -> Result<Option<Text>, OpsError> {
        let mut settling = Settling::for_return();
        loop {
            let found = self.read_settled(target, &self.root)?;
            if found.is_some() || !self.seen || settling.pause() == Quiet::Yes {
                return Ok(found);
            }
        }
    }

    /// Reads `file`; again where it cannot be meant as it is, and its writer may not be done.
    fn read_settled(&self, target: &Target, file: &Path) -> Result<Option<Text>, OpsError> {
        let mut settling = Settling::new();
        loop {
            let Some(found) = self.read(file)? else { return Ok(None) };
            let part = part_of(target, file, &found);
            // To TOML an empty text is a good one.
            let is_whole = part.is_ok() && !found.bytes.trim_ascii().is_empty();
            if is_whole || settling.wait(&found) == Quiet::Yes {
                return Ok(Some((found, part)));
            }
        }
    }

    fn read(&self, file: &Path) -> Result<Option<Loaded>, OpsError> {
        Ok(match self.guards.iter().find(|held| held.file == file) {
            Some(held) => held.guard.read()?,
            None => read(&Target::resolve(file)?)?,
        })
    }

    /// Replaces `files`, each with its new text, if all are still as in `base`.
    ///
    /// # Errors
    ///
    /// Where a file cannot be written; those written before it are as before again.
    pub(super) fn commit(
        &self,
        base: &Snapshot,
        files: &[&Part],
        hard_links: HardLinks,
    ) -> Result<Commit, OpsError> {
        let mut done: Vec<(&Part, Replaced)> = Vec::new();
        for part in files {
            let bytes = part.document.source().as_bytes();
            let options = ReplaceOptions { hard_links };
            match self.guard(&part.file).replace(base.expected(&part.file), bytes, options) {
                Ok(replaced) => done.push((part, replaced)),
                Err(error) => {
                    for (written, _) in done.iter().rev() {
                        self.roll_back(base, written)?;
                    }
                    return match error {
                        ReplaceError::Drifted => Ok(Commit::Drifted),
                        source => Err(OpsError::Replace { file: part.file.clone(), source }),
                    };
                }
            }
        }
        Ok(Commit::Done(done.into_iter().map(|(_, replaced)| publication(&replaced)).collect()))
    }

    /// Puts the bytes of `base` back where `written` is still what stands there.
    fn roll_back(&self, base: &Snapshot, written: &Part) -> Result<(), OpsError> {
        let guard = self.guard(&written.file);
        let Some(before) = base.expected(&written.file) else { return Ok(()) };
        let Some(now) = guard.read()? else { return Ok(()) };
        if now.bytes != written.document.source().as_bytes() {
            // Somebody wrote over it since: theirs stays.
            return Ok(());
        }
        let options = ReplaceOptions { hard_links: HardLinks::Break };
        guard
            .replace(Some(&now), &before.bytes, options)
            .map(|_| ())
            .map_err(|source| OpsError::Incomplete { file: written.file.clone(), source })
    }

    fn guard(&self, file: &Path) -> &LockGuard {
        let held = self.guards.iter().find(|held| held.file == file);
        &held.expect("files are locked before they are committed").guard
    }
}

/// How a commit ended.
pub(super) enum Commit {
    /// Every file is written, in the order given.
    Done(Vec<Publication>),
    /// A file is no longer what was read; nothing is written.
    Drifted,
}

fn publication(replaced: &Replaced) -> Publication {
    match (&replaced.durability, replaced.method) {
        (Durability::Unsure(_), _) => Publication::DurabilityUnsure,
        (Durability::Durable, Method::InPlace) => Publication::InPlace,
        (Durability::Durable, _) => Publication::Atomic,
    }
}

fn part_of(target: &Target, file: &Path, loaded: &Loaded) -> Result<Part, SyntaxError> {
    let document = Document::parse_bytes(loaded.bytes.clone(), Format::of_path(file))?;
    Ok(Part {
        file: file.to_owned(),
        document,
        mode: Some(loaded.attributes.mode()),
        directory_mode: target.directory_mode(),
    })
}

/// What a file that does not exist is taken for.
fn empty(format: Format) -> Document {
    let source = match format {
        Format::Json5 => "{}\n",
        Format::Toml => "",
    };
    Document::parse(source, format).expect("an empty configuration parses")
}
