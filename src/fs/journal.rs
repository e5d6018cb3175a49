//! Writing in place, for a file that nothing can be renamed over, and recovery of a torn one.
//!
//! A single file mounted into a container cannot be replaced (`EBUSY`), only written to. Old and
//! new bytes are saved and synced beside it first, so that the next holder of the lock can tell a
//! torn file from another writer's and restore it.
//!
//! It promises less than a replacement: a reader may see a mixture while the write goes on.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};

use super::attributes::Attributes;
use super::error::FsError;
use super::fingerprint::Fingerprint;
use super::lock::LockGuard;
use super::moment::{Moment, reached};
use super::platform::{self, Directory};
use super::read::{Contents, Loaded, SIZE_LIMIT, Settled, contents, contents_of, look_at};
use super::replace::{ReplaceError, Step};
use super::stage::Stage;
use super::target::Target;

/// First line of a journal; a later format has another number.
const HEADER: &str = "confwarden journal 1";

/// Old and new content of a file that is written in place.
#[derive(PartialEq, Eq)]
struct Journal<'b> {
    old: &'b [u8],
    new: &'b [u8],
}

impl<'b> Journal<'b> {
    /// Header, a line with both hashes and lengths, both contents.
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = format!(
            "{HEADER}\n{} {} {} {}\n",
            blake3::hash(self.old),
            self.old.len(),
            blake3::hash(self.new),
            self.new.len(),
        )
        .into_bytes();
        bytes.extend_from_slice(self.old);
        bytes.extend_from_slice(self.new);
        bytes
    }

    /// `None` if it is not complete and intact to the last byte.
    fn parse(bytes: &'b [u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(HEADER.as_bytes())?.strip_prefix(b"\n")?;
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let mut fields = std::str::from_utf8(&rest[..end]).ok()?.split(' ');
        let (old_hash, old_length) = (fields.next()?, fields.next()?.parse().ok()?);
        let (new_hash, new_length) = (fields.next()?, fields.next()?.parse::<usize>().ok()?);
        let (old, new) = rest[end + 1..].split_at_checked(old_length)?;
        let intact = fields.next().is_none()
            && new.len() == new_length
            && blake3::hash(old).to_hex().as_str() == old_hash
            && blake3::hash(new).to_hex().as_str() == new_hash;
        intact.then_some(Self { old, new })
    }

    /// Whether `found` can be what a write that was cut short has left: at each place a byte of the
    /// old or the new content, or a hole where the file had grown.
    fn explains(&self, found: &[u8]) -> bool {
        let lengths = self.old.len().min(self.new.len())..=self.old.len().max(self.new.len());
        lengths.contains(&found.len())
            && found.iter().enumerate().all(|(at, byte)| {
                self.old.get(at) == Some(byte)
                    || self.new.get(at) == Some(byte)
                    || (*byte == 0 && at >= self.old.len())
            })
    }
}

/// Writes over the file's content if it still is what was read.
///
/// Returns what the file is now, and whether that is durable.
pub(super) fn write_in_place(
    guard: &LockGuard,
    base: &Loaded,
    bytes: &[u8],
) -> Result<(Fingerprint, io::Result<()>), ReplaceError> {
    let directory = guard.open_directory();
    let target = guard.target();
    let failed = |step| move |error| guard.failed(step, error);

    let file =
        directory.open_to_write(target.file_name()).map_err(|source| match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                ReplaceError::ReadOnly { source }
            }
            io::ErrorKind::NotFound => ReplaceError::Drifted,
            _ => guard.failed(Step::WriteInPlace, source),
        })?;

    let name = target.sidecars().journal();
    let journal = Journal { old: &base.bytes, new: bytes }.to_bytes();
    if journal.len() as u64 > SIZE_LIMIT {
        // Nobody could read it when it is needed.
        return Err(guard.failed(Step::Journal, io::ErrorKind::FileTooLarge.into()));
    }
    // It may replace an older journal of this very lock, whose write could not be synced: the
    // content which that one has led to is the old content of this one.
    reached(Moment::BeforeJournal)
        .and_then(|()| stage_journal(directory, target, &journal, &base.attributes))
        .and_then(|stage| stage.publish(&name))
        .map_err(failed(Step::Journal))?;
    let undo = |error| {
        // A journal that stays does no harm: the old content explains itself.
        directory.remove(&name).ok();
        error
    };
    directory.sync().map_err(failed(Step::Journal)).map_err(undo)?;

    // After the journal, whose sync takes the longest: the smaller the gap, the better.
    compare(&file, guard, base).map_err(undo)?;
    let written = reached(Moment::BeforeInPlace).and_then(|()| overwrite(&file, bytes));
    if let Err(error) = written {
        return Err(match overwrite(&file, &base.bytes).and_then(|()| file.sync_all()) {
            Ok(()) => undo(guard.failed(Step::WriteInPlace, error)),
            Err(_) => ReplaceError::Torn { journal: directory.path().join(&name), source: error },
        });
    }
    // A journal that is left after a failed sync restores the old content after a power cut, and is
    // dropped if there is none.
    let synced = reached(Moment::BeforeInPlaceSync)
        .and_then(|()| file.sync_all())
        .and_then(|()| reached(Moment::BeforeJournalRemove))
        .and_then(|()| directory.remove(&name))
        .and_then(|()| directory.sync());
    // The new content is visible: from here on nothing may say that it is not.
    let (identity, synced) = match file.metadata() {
        Ok(metadata) => (platform::identity(&metadata), synced),
        Err(error) => (*base.fingerprint.identity(), synced.and(Err(error))),
    };
    Ok((Fingerprint::new(bytes, identity), synced))
}

/// A journal that is synced. Whoever owns the file may read it, and must be able to recover with it.
fn stage_journal<'d>(
    directory: &'d Directory,
    target: &Target,
    journal: &[u8],
    attributes: &Attributes,
) -> io::Result<Stage<'d>> {
    let mut stage = Stage::create(directory, &target.sidecars())?;
    platform::make_private(stage.file())?;
    platform::hand_over(stage.file(), attributes.owner, attributes.group)?;
    stage.write(journal)?;
    stage.sync()?;
    Ok(stage)
}

fn compare(file: &File, guard: &LockGuard, base: &Loaded) -> Result<(), ReplaceError> {
    let path = guard.target().path();
    match contents_of(file, path).map_err(ReplaceError::Compare)? {
        Settled::Yes(now)
            if now.identity == *base.fingerprint.identity() && now.bytes == base.bytes =>
        {
            Ok(())
        }
        _ => Err(ReplaceError::Drifted),
    }
}

/// Writes `bytes` over the content. What needs room comes first, so that a full disk is found while
/// the old content is whole; what shortens the file comes last.
fn overwrite(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    let present = file.metadata()?.len();
    let shared = usize::try_from(present).map_or(bytes.len(), |length| length.min(bytes.len()));
    if shared < bytes.len() {
        file.seek(SeekFrom::Start(present))?;
        file.write_all(&bytes[shared..])?;
    }
    reached(Moment::InsideInPlace)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&bytes[..shared])?;
    file.set_len(bytes.len() as u64)
}

/// What was found out from a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recovered {
    /// The file is whole, and the journal gone.
    Whole,
    /// Neither old nor new nor a mixture, or the journal is damaged: only a person knows.
    Unclear,
}

/// Brings a file whose write in place was cut short back to its old content. Under the lock.
pub(super) fn recover(
    directory: &Directory,
    target: &Target,
    name: &OsStr,
) -> Result<Recovered, FsError> {
    let path = directory.path().join(name);
    let saved = directory
        .open_to_read(name)
        .map_err(FsError::io("open", &path))
        .and_then(|file| contents_of(&file, &path));
    let bytes = match saved {
        Ok(Settled::Yes(Contents { bytes, .. })) => bytes,
        Ok(Settled::No) | Err(FsError::NotAFile { .. } | FsError::TooLarge { .. }) => {
            return Ok(Recovered::Unclear);
        }
        Err(error) => return Err(error),
    };
    let Some(journal) = Journal::parse(&bytes) else {
        return Ok(Recovered::Unclear);
    };
    let Some(found) = contents(directory, target)? else {
        return Ok(Recovered::Unclear);
    };
    if found.bytes != journal.old && found.bytes != journal.new {
        if !journal.explains(&found.bytes) {
            return Ok(Recovered::Unclear);
        }
        let file = directory
            .open_to_write(target.file_name())
            .map_err(FsError::io("open to restore", target.path()))?;
        let (identity, _) = look_at(&file, target.path())?;
        if identity != found.identity {
            return Ok(Recovered::Unclear);
        }
        overwrite(&file, journal.old)
            .and_then(|()| file.sync_all())
            .map_err(FsError::io("restore", target.path()))?;
    }
    directory.remove(name).and_then(|()| directory.sync()).map_err(FsError::io("remove", &path))?;
    Ok(Recovered::Whole)
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
