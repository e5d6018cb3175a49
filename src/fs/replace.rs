//! Atomic, durable replacement of a file's content, if it still is what was read.
//!
//! Stage the new bytes beside the file, give the stage owner, access lists and mode of the file,
//! sync it, compare once more, publish it, sync the directory. Until it is published every failure
//! leaves the file as it was. After that, only its durability can be in doubt.
//!
//! It never writes without a [`LockGuard`], and never retries a sync that failed.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::path::PathBuf;

use super::attributes::Attributes;
use super::error::FsError;
use super::exchange::{self, Exchanged, Place};
use super::fingerprint::Fingerprint;
use super::journal;
use super::lock::{LockError, LockGuard};
use super::moment::{Moment, reached};
use super::platform::{self, NotKept};
use super::read::{self, Loaded, SIZE_LIMIT};
use super::stage::Stage;

/// Whether the name by which the file was found must still lead to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lead {
    /// Else another file is meant by now.
    MustLead,
    /// The caller knows that it does not, and puts it right.
    LookedAfter,
}

/// What to do with a file that has several names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HardLinks {
    /// Refuse: the other names would go on showing the old content.
    #[default]
    Refuse,
    /// Go on; the other names keep the old content.
    Break,
}

/// How to replace; the default refuses whatever could surprise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplaceOptions {
    /// What to do with a file that has several names.
    pub hard_links: HardLinks,
}

/// How the new content became visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// The file had these bytes already; nothing was touched.
    Unchanged,
    /// New and old file changed names, and the old one was seen to be what had been read.
    Exchanged,
    /// Renamed over the old file; this file system cannot exchange names.
    Renamed,
    /// The file did not exist.
    Created,
    /// Written over the old content, behind a journal: the file is a mount of its own. A reader may
    /// have seen a mixture.
    InPlace,
}

/// Whether the new content survives a power cut.
#[derive(Debug)]
pub enum Durability {
    /// It does.
    Durable,
    /// It is visible, but the system could not say that it is on the disk.
    Unsure(io::Error),
}

impl Durability {
    pub(super) fn of(synced: io::Result<()>) -> Self {
        match synced {
            Ok(()) => Self::Durable,
            Err(error) => Self::Unsure(error),
        }
    }
}

/// A write that was made.
#[derive(Debug)]
pub struct Replaced {
    /// How.
    pub method: Method,
    /// Whether it survives a power cut.
    pub durability: Durability,
    /// What the file is now.
    pub fingerprint: Fingerprint,
    /// Where that is which stood in the file's place and was no file or link: a directory, a pipe.
    pub kept: Option<PathBuf>,
}

/// A part of a write that can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Looking at the file.
    LookAt,
    /// Creating a temporary file in the directory of the file.
    Stage,
    /// Writing the new content into the temporary file.
    Write,
    /// Giving the temporary file the attributes of the file.
    Attributes,
    /// Making the temporary file durable.
    Sync,
    /// Giving the temporary file the name of the file.
    Publish,
    /// Saving old and new content before a write in place.
    Journal,
    /// Writing the new content over the old.
    WriteInPlace,
}

/// What is done to a file, as in "could not *rename over*".
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LookAt => "look at",
            Self::Stage => "create a temporary file beside",
            Self::Write => "write the new content beside",
            Self::Attributes => "copy the attributes of",
            Self::Sync => "sync the new content of",
            Self::Publish => "rename over",
            Self::Journal => "save the content, before writing in place, of",
            Self::WriteInPlace => "write in place to",
        })
    }
}

/// Why a file was not replaced. But for the last three it is exactly as it was.
///
/// The text is the reason alone; which file it is about is known to the caller.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplaceError {
    /// It is not what was read any more: another writer was faster, or removed or created it.
    #[error("it changed after it was read")]
    Drifted,
    /// It has other names, which would keep the old content.
    #[error("it has {links} hard links")]
    HardLinked {
        /// Number of its names.
        links: u64,
    },
    /// It may not be written, or nobody is meant to write it.
    #[error("it is read-only")]
    ReadOnly {
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A new file could not be given its owner and group.
    #[error("its owner {owner} and group {group} cannot be kept")]
    OwnerNotKept {
        /// User id of the owner.
        owner: u32,
        /// Id of the group.
        group: u32,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A new file could not be given an access control list or another extended attribute.
    #[error("its attribute `{}` cannot be kept", name.display())]
    AttributeNotKept {
        /// The attribute.
        name: OsString,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A system call failed.
    #[error("could not {step} `{}`", path.display())]
    Io {
        /// Which part of the write.
        step: Step,
        /// The file.
        path: PathBuf,
        /// The failure.
        #[source]
        source: io::Error,
    },
    /// Others under the same lock, which is shared, went on writing.
    #[error("it is being written by a program under the same lock")]
    Turn(#[source] LockError),
    /// It could not be read to compare it.
    #[error("it could not be compared with what was read")]
    Compare(#[source] FsError),
    /// Our content is visible, another writer's was displaced by it and could not be put back.
    #[error("another writer's version could not be put back, it is kept as `{}`", kept.display())]
    NotPutBack {
        /// The other writer's version.
        kept: PathBuf,
        /// Why it could not be put back.
        #[source]
        source: io::Error,
    },
    /// The new content is behind a symbolic link that somebody had replaced, and the link could not
    /// be put back: what replaced it still has its name.
    #[error("the symbolic link `{}` could not be put back", link.display())]
    LinkNotPutBack {
        /// Where the link was.
        link: PathBuf,
        /// Why not.
        #[source]
        source: Box<Self>,
    },
    /// A write in place failed half way, and the old content could not be restored. The next lock
    /// on the file restores it from the journal.
    #[error("it is written half, its old content is in `{}`", journal.display())]
    Torn {
        /// Old and new content.
        journal: PathBuf,
        /// What failed first.
        #[source]
        source: io::Error,
    },
}

impl LockGuard {
    /// Replaces the file with `bytes` if it still is what `expected` describes; `None` means that
    /// it did not exist, and it is created with mode 0600.
    ///
    /// The same bytes touch nothing. Owner, mode, access control lists and extended attributes are
    /// kept; if they cannot be, nothing is changed.
    ///
    /// # Errors
    ///
    /// [`ReplaceError::Drifted`] asks to read again; the others are final. The file is as it was,
    /// but for [`ReplaceError::NotPutBack`] and [`ReplaceError::Torn`].
    pub fn replace(
        &self,
        expected: Option<&Loaded>,
        bytes: &[u8],
        options: ReplaceOptions,
    ) -> Result<Replaced, ReplaceError> {
        self.check_size(bytes)?;
        let _turn = self.turn().map_err(ReplaceError::Turn)?;
        match expected {
            Some(base) => self.replace_existing(base, bytes, None, options),
            None => self.create(bytes, None),
        }
    }

    pub(super) fn check_size(&self, bytes: &[u8]) -> Result<(), ReplaceError> {
        if bytes.len() as u64 > SIZE_LIMIT {
            // Nobody could read it again.
            return Err(self.failed(Step::Write, io::ErrorKind::FileTooLarge.into()));
        }
        Ok(())
    }

    /// Creates the file, with these attributes or as a private one.
    pub(super) fn create(
        &self,
        bytes: &[u8],
        wanted: Option<&Attributes>,
    ) -> Result<Replaced, ReplaceError> {
        let directory = self.open_directory();
        if read::open(directory, self.target()).map_err(ReplaceError::Compare)?.is_some() {
            return Err(ReplaceError::Drifted);
        }
        let mut stage = self.stage(bytes)?;
        match wanted {
            Some(wanted) => self.dress(&stage, wanted)?,
            None => reached(Moment::BeforeAttributes)
                .and_then(|()| platform::make_private(stage.file()))
                .and_then(|()| directory.hand_over(stage.file()))
                .map_err(|error| self.failed(Step::Attributes, error))?,
        }
        let fingerprint = self.sync(&mut stage, bytes)?;
        let published = reached(Moment::BeforeRename)
            .and_then(|()| stage.publish_new(self.target().file_name()));
        match published {
            Ok(()) => Ok(self.published(Method::Created, fingerprint)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(ReplaceError::Drifted)
            }
            Err(error) => Err(self.failed(Step::Publish, error)),
        }
    }

    /// Replaces the file, which then has these attributes or keeps its own.
    pub(super) fn replace_existing(
        &self,
        base: &Loaded,
        bytes: &[u8],
        wanted: Option<&Attributes>,
        options: ReplaceOptions,
    ) -> Result<Replaced, ReplaceError> {
        let directory = self.open_directory();
        let name = self.target().file_name();
        // Whoever wants other attributes puts a file back, and its links too.
        let lead = if wanted.is_some() { Lead::LookedAfter } else { Lead::MustLead };
        let attributes = self.attributes_of_base(base)?;
        if bytes == base.bytes && wanted.is_none_or(|wanted| wanted.same_access(&attributes)) {
            self.compare(base, &attributes, lead)?;
            return Ok(Replaced {
                method: Method::Unchanged,
                durability: Durability::Durable,
                fingerprint: base.fingerprint,
                kept: None,
            });
        }
        if attributes.links > 1 && options.hard_links == HardLinks::Refuse {
            return Err(ReplaceError::HardLinked { links: attributes.links });
        }
        let writable = match wanted {
            // What is undone may be that somebody made it read-only, or took it over.
            Some(wanted) if wanted.mode() & 0o222 != 0 => Ok(()),
            _ => directory.check_writable(name, &attributes),
        };
        writable.map_err(|source| ReplaceError::ReadOnly { source })?;
        if directory.is_mount(name) {
            return self.replace_in_place(base, bytes, wanted);
        }

        let mut stage = self.stage(bytes)?;
        self.dress(&stage, wanted.unwrap_or(&attributes))?;
        let fingerprint = self.sync(&mut stage, bytes)?;
        reached(Moment::BeforeCompare).map_err(|error| self.failed(Step::LookAt, error))?;
        self.compare(base, &attributes, lead)?;
        let is_base = |name: &OsStr| exchange::is_file(self.place(), name, base, &attributes);
        match exchange::exchange(self.place(), stage, base.fingerprint.identity(), is_base)? {
            Exchanged::Yes(displaced) => {
                // A copy of the base that could not be removed is swept with the next lock.
                reached(Moment::BeforeRemove).and_then(|()| displaced.remove()).ok();
                Ok(self.published(Method::Exchanged, fingerprint))
            }
            Exchanged::Mounted => self.replace_in_place(base, bytes, wanted),
            Exchanged::Unsupported(stage) => {
                // Again: the smaller the gap, the better.
                self.compare(base, &attributes, lead)?;
                reached(Moment::BeforeRename)
                    .and_then(|()| stage.publish(name))
                    .map_err(|error| self.failed(Step::Publish, error))?;
                Ok(self.published(Method::Renamed, fingerprint))
            }
        }
    }

    /// Attributes first: where they cannot be given, nothing is changed.
    fn replace_in_place(
        &self,
        base: &Loaded,
        bytes: &[u8],
        wanted: Option<&Attributes>,
    ) -> Result<Replaced, ReplaceError> {
        let dressed = wanted.map(|wanted| self.dress_in_place(base, wanted)).transpose()?;
        let base = dressed.as_ref().unwrap_or(base);
        let (fingerprint, synced) = if bytes == base.bytes {
            (base.fingerprint, Ok(()))
        } else {
            journal::write_in_place(self, base, bytes)?
        };
        let durability = Durability::of(synced);
        Ok(Replaced { method: Method::InPlace, durability, fingerprint, kept: None })
    }

    /// Gives the file itself these attributes, which is not one step; its content is as in `base`.
    fn dress_in_place(&self, base: &Loaded, wanted: &Attributes) -> Result<Loaded, ReplaceError> {
        let file = Self::readable(read::open(self.open_directory(), self.target()))?
            .ok_or(ReplaceError::Drifted)?;
        let metadata = file.metadata().map_err(|error| self.failed(Step::LookAt, error))?;
        if platform::identity(&metadata) != *base.fingerprint.identity() {
            return Err(ReplaceError::Drifted);
        }
        platform::apply(wanted, &file)
            .map_err(|not_kept| self.not_kept(wanted, not_kept))
            .and_then(|()| file.sync_all().map_err(|error| self.failed(Step::Sync, error)))?;
        let now = Self::readable(read::contents(self.open_directory(), self.target()))?;
        now.map(Loaded::from).filter(|now| now.bytes == base.bytes).ok_or(ReplaceError::Drifted)
    }

    /// Gives a stage the attributes that it is to be published with.
    pub(super) fn dress(&self, stage: &Stage<'_>, wanted: &Attributes) -> Result<(), ReplaceError> {
        reached(Moment::BeforeAttributes)
            .map_err(NotKept::Mode)
            .and_then(|()| platform::apply(wanted, stage.file()))
            .map_err(|not_kept| self.not_kept(wanted, not_kept))
    }

    /// The name that is written to.
    pub(super) fn place(&self) -> Place<'_> {
        Place { directory: self.open_directory(), target: self.target() }
    }

    /// New content in a file beside, not synced yet.
    pub(super) fn stage(&self, bytes: &[u8]) -> Result<Stage<'_>, ReplaceError> {
        let mut stage = Stage::create(self.open_directory(), &self.target().sidecars())
            .map_err(|error| self.failed(Step::Stage, error))?;
        reached(Moment::BeforeWrite)
            .and_then(|()| stage.write(bytes))
            .map_err(|error| self.failed(Step::Write, error))?;
        Ok(stage)
    }

    pub(super) fn sync(
        &self,
        stage: &mut Stage<'_>,
        bytes: &[u8],
    ) -> Result<Fingerprint, ReplaceError> {
        reached(Moment::BeforeSync)
            .and_then(|()| stage.sync())
            .map_err(|error| self.failed(Step::Sync, error))?;
        let identity = stage.identity().map_err(|error| self.failed(Step::Sync, error))?;
        Ok(Fingerprint::new(bytes, identity))
    }

    /// The write is visible: what fails from here on leaves it so.
    pub(super) fn published(&self, method: Method, fingerprint: Fingerprint) -> Replaced {
        let synced =
            reached(Moment::BeforeDirectorySync).and_then(|()| self.open_directory().sync());
        let durability = Durability::of(synced);
        Replaced { method, durability, fingerprint, kept: None }
    }

    /// What the file's attributes are now, if it still is the one that was read.
    fn attributes_of_base(&self, base: &Loaded) -> Result<Attributes, ReplaceError> {
        let Some(file) = Self::readable(read::open(self.open_directory(), self.target()))? else {
            return Err(ReplaceError::Drifted);
        };
        let (identity, attributes) =
            Self::readable(read::look_at(&file, self.target().path()).map(Some))?
                .ok_or(ReplaceError::Drifted)?;
        if identity != *base.fingerprint.identity() {
            return Err(ReplaceError::Drifted);
        }
        Ok(attributes)
    }

    /// Compares identity, content and attributes with what they were, and where the name leads.
    fn compare(
        &self,
        base: &Loaded,
        attributes: &Attributes,
        lead: Lead,
    ) -> Result<(), ReplaceError> {
        let now = Self::readable(read::contents(self.open_directory(), self.target()))?;
        let same = now.is_some_and(|now| {
            now.identity == *base.fingerprint.identity()
                && now.bytes == base.bytes
                && now.attributes.same_access(attributes)
        });
        let leads = lead == Lead::LookedAfter || self.target().is_current();
        if same && leads { Ok(()) } else { Err(ReplaceError::Drifted) }
    }

    /// What cannot be read because it is being changed, or is no file any more, has drifted.
    pub(super) fn readable<T>(read: Result<Option<T>, FsError>) -> Result<Option<T>, ReplaceError> {
        match read {
            Ok(found) => Ok(found),
            Err(
                FsError::Unsettled { .. } | FsError::NotAFile { .. } | FsError::TooLarge { .. },
            ) => Err(ReplaceError::Drifted),
            Err(error) => Err(ReplaceError::Compare(error)),
        }
    }

    pub(super) fn failed(&self, step: Step, source: io::Error) -> ReplaceError {
        ReplaceError::Io { step, path: self.target().path().to_owned(), source }
    }

    fn not_kept(&self, attributes: &Attributes, not_kept: NotKept) -> ReplaceError {
        match not_kept {
            NotKept::Owner(source) => ReplaceError::OwnerNotKept {
                owner: attributes.owner,
                group: attributes.group,
                source,
            },
            NotKept::Extended(name, source) => ReplaceError::AttributeNotKept { name, source },
            NotKept::Mode(source) => self.failed(Step::Attributes, source),
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
