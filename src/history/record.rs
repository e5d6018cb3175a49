//! Records: what one change did, and who made it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// The number of a record, from 1; it is never given twice.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct RecordId(pub u64);

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of a text: its hash under a key of this installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SnapshotId(blake3::Hash);

impl SnapshotId {
    pub(super) fn of(key: &[u8; 32], bytes: &[u8]) -> Self {
        Self(blake3::keyed_hash(key, bytes))
    }

    pub(super) fn parse(hex: &str) -> Option<Self> {
        blake3::Hash::from_hex(hex).ok().map(Self)
    }
}

/// 64 hex digits.
impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_hex())
    }
}

impl Serialize for SnapshotId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_hex())
    }
}

impl<'de> Deserialize<'de> for SnapshotId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&hex).ok_or_else(|| serde::de::Error::custom("64 hex digits are expected"))
    }
}

/// How a change came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A write of ours.
    Write,
    /// A change of another writer, accepted.
    Foreign,
    /// A change of another writer, of which something was put back.
    Healed,
    /// The values of another writer in the text that had the comments.
    Redressed,
    /// A text that was set aside: its text after never stood by anybody's will.
    Quarantined,
    /// A text or a part of one that was brought back.
    Restored,
    /// What a write of ours found, and no record ended in.
    Observed,
}

impl Kind {
    /// Whether the text after it was meant to stand.
    #[must_use]
    pub fn stands(self) -> bool {
        self != Self::Quarantined
    }
}

/// Who made a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The name of a command or program, never its arguments.
    pub name: String,
    /// Its process, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// How certain that is.
    pub certainty: Certainty,
}

/// How certain it is who made a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// It was us.
    Own,
    /// It ran under the guard.
    UnderExec,
    /// The kernel said so as it wrote (fanotify).
    KernelEvent,
    /// It held the gateway's lock.
    LockHolder,
    /// It had the file, or one that was to replace it, open to write.
    OpenFile,
    /// It was started just then and its arguments name the file or its directory, or it is a program
    /// that is known to write such files.
    RecentProcess,
    /// Nobody knows.
    Unknown,
}

impl Author {
    /// An author that nobody knows.
    #[must_use]
    pub fn unknown() -> Self {
        Self { name: "unknown".to_owned(), pid: None, certainty: Certainty::Unknown }
    }
}

impl Certainty {
    /// The first version of a stored record that knows it.
    pub(super) fn version(self) -> u64 {
        match self {
            Self::Own | Self::UnderExec | Self::LockHolder | Self::Unknown => 1,
            Self::KernelEvent | Self::OpenFile | Self::RecentProcess => 2,
        }
    }
}

/// What happened to the value at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoteKind {
    /// It was not there.
    Added,
    /// It is gone.
    Removed,
    /// It differs.
    Changed,
}

/// One difference in meaning, without a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeNote {
    /// Where.
    pub path: String,
    /// What happened there.
    pub kind: NoteKind,
    /// How dear it is to the gateway.
    pub class: String,
    /// How the gateway comes by it; nothing in records of the first versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uptake: Option<String>,
}

/// What a rule said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleNote {
    /// The rule.
    pub rule: String,
    /// What it did: `deny`, `warn` or `audit`, or `allowed`.
    pub action: String,
    /// The path concerned, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// A change to be recorded.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Our command, such as `set`.
    pub command: &'a str,
    /// How it came to be.
    pub kind: Kind,
    /// Who made it.
    pub author: Author,
    /// Every file of the configuration, the root first, also those that are as they were.
    pub files: Vec<FileEntry<'a>>,
    /// What differs in meaning. Of very many only the first are kept.
    pub changes: Vec<ChangeNote>,
    /// What the rules said. Of very many only the first are kept.
    pub rules: Vec<RuleNote>,
}

/// One file of a change to be recorded.
#[derive(Clone, Copy)]
pub struct FileEntry<'a> {
    /// The file, absolute.
    pub file: &'a Path,
    /// Its bytes before; nothing where it did not exist. What was found ([`Kind::Observed`],
    /// [`Kind::Foreign`], [`Kind::Quarantined`]) follows what the last record ended in where nothing
    /// is given here.
    pub before: Option<&'a [u8]>,
    /// Its bytes after; nothing where it is gone.
    pub after: Option<&'a [u8]>,
}

/// Leaves the bytes out.
impl fmt::Debug for FileEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileEntry").field("file", &self.file).finish_non_exhaustive()
    }
}

/// A change that was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its number.
    pub id: RecordId,
    /// When it was recorded, in milliseconds.
    #[serde(with = "super::format::time")]
    pub at: SystemTime,
    /// How it came to be.
    pub kind: Kind,
    /// Our command, such as `set`.
    pub command: String,
    /// Who made it.
    pub author: Author,
    /// Every file of the configuration, the root first.
    pub files: Vec<RecordedFile>,
    /// What differs in meaning, or the first of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ChangeNote>,
    /// How many further changes there were.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_changes: usize,
    /// What the rules said, or the first of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleNote>,
}

/// One file of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedFile {
    /// The file, absolute.
    #[serde(with = "super::format::path")]
    pub file: PathBuf,
    /// Its text before; nothing where it did not exist, or nobody knows.
    pub before: Option<SnapshotId>,
    /// Its text after; nothing where it is gone.
    pub after: Option<SnapshotId>,
}

impl Record {
    /// The files whose text it changed.
    pub fn touched(&self) -> impl Iterator<Item = &RecordedFile> {
        self.files.iter().filter(|file| file.before != file.after)
    }

    /// The texts it names.
    pub fn snapshots(&self) -> impl Iterator<Item = SnapshotId> {
        self.files.iter().flat_map(|file| [file.before, file.after]).flatten()
    }

    /// The file that stands for `file`, which is the one at `index` elsewhere: the first is the root
    /// by whatever name.
    #[must_use]
    pub fn file(&self, index: usize, file: &Path) -> Option<&RecordedFile> {
        match index {
            0 => self.files.first(),
            _ => self.files.iter().skip(1).find(|known| known.file == file),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde wants")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}
