//! The files of one use case: read, locked, written.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::foreign::Left;
use super::snapshot::{Snapshot, Unparsable, empty};
use super::{HardLinks, Missing, OpsError, Publication, Workspace};
use crate::compose::{Configuration, Edited, IncludeFaultKind, Part, Rules};
use crate::doc::{Document, Format, SyntaxError};
use crate::fs::{
    Durability, GatewayLock, Loaded, LockGuard, Method, Quiet, ReplaceError, ReplaceOptions,
    Replaced, Settling, Target, Turn, Wait, awaits_recovery, create_private_directory, read,
    real_path,
};
use crate::profile::GatewayLockKind;

/// The files of one configuration, as far as a use case has opened them.
pub(super) struct Session<'w> {
    workspace: &'w Workspace,
    locks: Locks,
    /// The root file's name, absolute.
    root: PathBuf,
    /// Locks held, in the order they were taken: the root's first.
    guards: Vec<Guarded>,
    /// Whether the root file was there when it was last read.
    seen: bool,
}

/// What was read of a file, and what it means.
struct Text {
    loaded: Loaded,
    part: Result<Part, SyntaxError>,
}

/// Which locks a session takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Locks {
    /// Ours, then the gateway's.
    Both,
    /// Ours alone: a program that runs under the guard may be the gateway's, and would wait for its
    /// own lock in vain.
    Ours,
}

/// A file that this process alone may write.
struct Guarded {
    /// As it was named or included.
    file: PathBuf,
    guard: LockGuard,
    /// Held beside ours until the session ends.
    _gateway: Option<GatewayLock>,
}

impl<'w> Session<'w> {
    /// A session that only reads.
    pub(super) fn reading(workspace: &'w Workspace) -> Result<Self, OpsError> {
        Ok(Self::of(workspace, &Target::resolve(&workspace.config)?, Locks::Both))
    }

    fn of(workspace: &'w Workspace, target: &Target, locks: Locks) -> Self {
        let root = target.named().to_owned();
        Self { workspace, locks, root, guards: Vec::new(), seen: false }
    }

    /// A session that may write the root file.
    pub(super) fn writing(workspace: &'w Workspace, missing: Missing) -> Result<Self, OpsError> {
        Self::locked(workspace, missing, Locks::Both)
    }

    /// A session that may write the root file, and leaves the gateway's lock to others until
    /// [`Session::gateway_lock`].
    pub(super) fn guarding(workspace: &'w Workspace) -> Result<Self, OpsError> {
        Self::locked(workspace, Missing::Create, Locks::Ours)
    }

    /// A session that looks without a lock at what somebody else's tool makes, as its author leaves it.
    pub(super) fn observing(workspace: &'w Workspace) -> Result<Self, OpsError> {
        Ok(Self::of(workspace, &Target::resolve(&workspace.config)?, Locks::Ours))
    }

    fn locked(workspace: &'w Workspace, missing: Missing, locks: Locks) -> Result<Self, OpsError> {
        workspace.refuse_managed()?;
        if missing == Missing::Create
            && let Some(directory) = workspace.config.parent()
            && !directory.as_os_str().is_empty()
        {
            create_private_directory(directory)?;
        }
        let target = Target::resolve(&workspace.config)?;
        let mut session = Self::of(workspace, &target, locks);
        let root = session.root.clone();
        session.lock_target(&root, target)?;
        Ok(session)
    }

    /// The root file's name, absolute.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Takes the locks of `file`: ours, then the gateway's. False where they were held already.
    pub(super) fn lock(&mut self, file: &Path) -> Result<bool, OpsError> {
        // Also where a link leads elsewhere by now: the commit finds that out.
        if self.held(file).is_some() {
            return Ok(false);
        }
        let target = Target::resolve(file)?;
        if self.guards.iter().any(|held| held.guard.target().path() == target.path()) {
            return Ok(false);
        }
        self.lock_target(file, target)?;
        Ok(true)
    }

    fn lock_target(&mut self, file: &Path, target: Target) -> Result<(), OpsError> {
        let wait = waiting(self.workspace.lock_timeout);
        let guard = LockGuard::acquire(target, wait, &self.workspace.command)?;
        // The gateway locks its root file only; an included one has no lock of that sort.
        let gateway = if self.locks == Locks::Both && file == self.root {
            self.gateway_lock(self.workspace.lock_timeout)?
        } else {
            None
        };
        self.guards.push(Guarded { file: file.to_owned(), guard, _gateway: gateway });
        Ok(())
    }

    /// Takes the gateway's own lock, waiting at most for `limit`; nothing where it has none.
    pub(super) fn gateway_lock(&self, limit: Duration) -> Result<Option<GatewayLock>, OpsError> {
        Ok(match self.workspace.profile.gateway_lock {
            GatewayLockKind::Openclaw => Some(GatewayLock::acquire(&self.root, waiting(limit))?),
            GatewayLockKind::None => None,
        })
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

    /// Reads everything, with every file of it locked and recovered.
    ///
    /// # Errors
    ///
    /// Where a file cannot be locked, or as [`Session::load`].
    pub(super) fn load_locked(&mut self) -> Result<Snapshot, OpsError> {
        loop {
            let snapshot = self.load(Missing::Create, Unparsable::Tolerate)?;
            let mut newly_locked = self.recover_included(&snapshot)?;
            for part in snapshot.configuration.parts() {
                newly_locked |= self.lock(&part.file)?;
            }
            // What was read without its lock is read again.
            if !newly_locked {
                return Ok(snapshot);
            }
        }
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
    /// Where the root file cannot be read, is missing and `missing` refuses that, or does not parse
    /// and `unparsable` refuses that. Faults of includes are part of the configuration.
    pub(super) fn load(
        &mut self,
        missing: Missing,
        unparsable: Unparsable,
    ) -> Result<Snapshot, OpsError> {
        let format = Format::of_path(&self.root);
        let mut loaded = Vec::new();
        let mut fault = None;
        self.follow_link()?;
        let (found, directory_mode) = self.read_root()?;
        self.seen = found.is_some();
        let stand_in =
            |mode| Part { file: self.root.clone(), document: empty(format), mode, directory_mode };
        let root = match found {
            Some(Text { loaded: found, part }) => {
                let part = match part {
                    Ok(part) => part,
                    Err(error) if unparsable == Unparsable::Tolerate => {
                        fault = Some(error);
                        stand_in(Some(found.attributes.mode()))
                    }
                    Err(source) => {
                        return Err(OpsError::Syntax { file: self.root.clone(), source });
                    }
                };
                loaded.push((self.root.clone(), Some(found)));
                part
            }
            None if missing == Missing::Create => {
                loaded.push((self.root.clone(), None));
                stand_in(None)
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
            // Also of a file that does not parse: it may be about to be replaced.
            loaded.push((file.to_owned(), Some(found)));
            part
        });
        Ok(Snapshot { configuration, loaded, included, fault })
    }

    /// Reads those of `parts` that no file of `base` includes: they are about to be written too.
    ///
    /// # Errors
    ///
    /// Where one cannot be read.
    pub(super) fn load_further(&self, base: &mut Snapshot, parts: &[Part]) -> Result<(), OpsError> {
        for part in parts {
            if !base.loaded.iter().any(|(file, _)| *file == part.file) {
                base.loaded.push((part.file.clone(), self.read(&part.file)?.0));
            }
        }
        Ok(())
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
        self.include(file).and_then(|(part, _)| part)
    }

    /// Lets programs that this process starts from here on use its locks.
    pub(super) fn share(&mut self) -> Result<(), OpsError> {
        for held in &mut self.guards {
            held.guard.share()?;
        }
        Ok(())
    }

    /// Reads an included file; what was read is known also where it does not parse.
    fn include(
        &self,
        file: &Path,
    ) -> Result<(Result<Part, IncludeFaultKind>, Loaded), IncludeFaultKind> {
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
        let (found, _) = self.read_settled(file).map_err(|error| unreadable(&error))?;
        let Text { loaded, part } =
            found.ok_or_else(|| IncludeFaultKind::Missing(file.to_owned()))?;
        let part = part.map_err(|error| IncludeFaultKind::Syntax(file.to_owned(), error));
        Ok((part, loaded))
    }

    /// Locks what is meant now, where a link leads elsewhere than when it was locked. A guarded
    /// program's links are looked after by [`Left`].
    fn follow_link(&mut self) -> Result<(), OpsError> {
        let Some(held) = self.guards.first() else { return Ok(()) };
        if self.locks == Locks::Both
            && held.guard.target().path() != Target::resolve(&self.root)?.path()
        {
            self.guards.clear();
            let root = self.root.clone();
            self.lock(&root)?;
        }
        Ok(())
    }

    /// Reads the root file. Where it was there a moment ago, some editors are about to put it back.
    fn read_root(&self) -> Result<(Option<Text>, Option<u32>), OpsError> {
        let mut settling = Settling::for_return();
        loop {
            let found = self.read_settled(&self.root)?;
            let is_final = found.0.is_some() || !self.seen || self.locks == Locks::Ours;
            if is_final || settling.pause() == Quiet::Yes {
                return Ok(found);
            }
        }
    }

    /// Reads `file`; again where it cannot be meant as it is, and its writer may not be done. Whoever
    /// guards a program waits as long as it takes without us.
    fn read_settled(&self, file: &Path) -> Result<(Option<Text>, Option<u32>), OpsError> {
        let mut settling = Settling::new();
        loop {
            let (found, directory_mode) = self.read(file)?;
            let Some(loaded) = found else { return Ok((None, directory_mode)) };
            let part = part_of(file, directory_mode, &loaded);
            // To TOML an empty text is a good one.
            let is_whole = part.is_ok() && !loaded.bytes.trim_ascii().is_empty();
            let is_final = is_whole || self.locks == Locks::Ours;
            if is_final || settling.wait(&loaded) == Quiet::Yes {
                return Ok((Some(Text { loaded, part }), directory_mode));
            }
        }
    }

    /// Reads a file, and the permission bits of its directory.
    fn read(&self, file: &Path) -> Result<(Option<Loaded>, Option<u32>), OpsError> {
        if let Some(guard) = self.held(file) {
            let loaded = match self.locks {
                Locks::Both => guard.read()?,
                Locks::Ours => Left::of(guard)?.loaded,
            };
            return Ok((loaded, guard.target().directory_mode()));
        }
        let target = Target::resolve(file)?;
        Ok((read(&target)?, target.directory_mode()))
    }

    /// Replaces `files` of `edited`, each with its new text, if all are still as in `base`.
    ///
    /// # Errors
    ///
    /// Where a file cannot be written, or one is to give a value that may not be on the disk in the
    /// other; those written before it are as before again.
    pub(super) fn commit(
        &self,
        base: &Snapshot,
        edited: &Edited,
        files: &[&Part],
        hard_links: HardLinks,
    ) -> Result<Commit, OpsError> {
        let mut done: Vec<(&Part, Replaced)> = Vec::new();
        for part in files {
            let unsure = done.iter().position(|(taker, replaced)| {
                matches!(replaced.durability, Durability::Unsure(_))
                    && edited.hands_over(&part.file, &taker.file)
            });
            if let Some(unsure) = unsure {
                for (written, _) in done.iter().rev() {
                    self.roll_back(base, written)?;
                }
                let (taker, replaced) = done.swap_remove(unsure);
                if let Durability::Unsure(source) = replaced.durability {
                    let (file, giver) = (taker.file.clone(), part.file.clone());
                    return Err(OpsError::NotHandedOver { file, giver, source });
                }
            }
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

    pub(super) fn guard(&self, file: &Path) -> &LockGuard {
        self.held(file).expect("files are locked before they are committed")
    }

    fn held(&self, file: &Path) -> Option<&LockGuard> {
        if let Some(held) = self.guards.iter().find(|held| held.file == file) {
            return Some(&held.guard);
        }
        // Another name of a file that is locked already.
        let target = Target::resolve(file).ok()?;
        let mut guards = self.guards.iter().map(|held| &held.guard);
        guards.find(|guard| guard.target().path() == target.path())
    }

    /// Takes the locks anew that no longer exclude others, because a program removed them with their
    /// directory, and says which.
    pub(super) fn revive(&mut self) -> Result<Vec<PathBuf>, OpsError> {
        let mut revived = Vec::new();
        for held in &mut self.guards {
            if !held.guard.is_current() {
                held.guard = held.guard.revive(waiting(self.workspace.lock_timeout))?;
                revived.push(held.file.clone());
            }
        }
        Ok(revived)
    }

    /// The right to write among those who share our lock, for more than one write.
    pub(super) fn turn(&self) -> Result<Turn, OpsError> {
        Ok(self.guard(&self.root).turn()?)
    }
}

/// How a commit ended.
pub(super) enum Commit {
    /// Every file is written, in the order given.
    Done(Vec<Publication>),
    /// A file is no longer what was read; nothing is written.
    Drifted,
}

fn waiting(limit: Duration) -> Wait {
    if limit.is_zero() { Wait::No } else { Wait::UpTo(limit) }
}

pub(super) fn publication(replaced: &Replaced) -> Publication {
    match (&replaced.durability, replaced.method) {
        (Durability::Unsure(_), _) => Publication::DurabilityUnsure,
        (Durability::Durable, Method::InPlace) => Publication::InPlace,
        (Durability::Durable, _) => Publication::Atomic,
    }
}

fn part_of(file: &Path, directory_mode: Option<u32>, loaded: &Loaded) -> Result<Part, SyntaxError> {
    let document = Document::parse_bytes(loaded.bytes.clone(), Format::of_path(file))?;
    Ok(Part {
        file: file.to_owned(),
        document,
        mode: Some(loaded.attributes.mode()),
        directory_mode,
    })
}
