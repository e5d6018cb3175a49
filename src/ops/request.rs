//! What a caller may ask of a write.

pub use crate::fs::HardLinks;

use super::{ConfirmWithin, Restoration, Signalling};
use crate::doc::{Change, Document, KeyPath, Value};
use crate::fs::Loaded;

/// One kind of write; all edits of one request are one write.
#[derive(Debug)]
pub enum Request {
    /// Puts values at paths, in order.
    Set(Vec<Assignment>),
    /// Removes the values at paths with their comments; absent ones are fine.
    Unset(Vec<KeyPath>),
    /// Renames or moves a member, from one file of the configuration to another too; its comments
    /// travel.
    Move {
        /// From where.
        from: KeyPath,
        /// Where to, which must be free.
        to: KeyPath,
    },
    /// A JSON merge patch (RFC 7396). Arrays of objects with `id` merge by id. What it adds comes with
    /// its comments and spelling, where the file's format can take them.
    Patch {
        /// The patch.
        patch: Document,
        /// Arrays that may lose elements.
        replace_arrays: Vec<KeyPath>,
    },
    /// The root file as a person has edited it, letter by letter. Where another writer changed the
    /// file meanwhile, both changes are made.
    Install {
        /// The file when the edit began; nothing where there was none.
        base: Option<Loaded>,
        /// What it has become.
        edited: Document,
    },
    /// What the history has: see [`restore()`](super::restore()).
    Restore(Restoration),
    /// Changes of any sort, in order; a move may lead from one file of the configuration to another.
    Edit(Vec<Change>),
    /// The whole desired configuration, reduced to the smallest edit of the file. What it adds comes
    /// with its comments and spelling, where the file's format can take them.
    Apply {
        /// What the file shall mean.
        desired: Document,
    },
}

/// A value for a path.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// Where it goes.
    pub path: KeyPath,
    /// What goes there.
    pub input: Input,
}

/// A value as a person gives it.
#[derive(Clone)]
pub enum Input {
    /// JSON5, else a plain string. Digits stay a string where a string stood or a secret belongs.
    Text(String),
    /// A string, whatever it looks like.
    String(String),
    /// A value.
    Value(Value),
}

/// Shows nothing of the value: it may be a secret.
impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Input(..)")
    }
}

/// Whether anything is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DryRun {
    /// The write is made.
    #[default]
    No,
    /// Everything but the write: no lock is taken and no file made.
    Yes,
}

/// What happens where the configuration does not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// An error: most often the path is wrong.
    #[default]
    Refuse,
    /// The file is made, 0600, in a directory that is made 0700 where it is missing.
    Create,
}

/// Whether a write may make the gateway restart, or its clients authenticate anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restarts {
    /// It may.
    #[default]
    Allow,
    /// It is refused then; what only waits for a restart by hand is written.
    Refuse,
}

/// How a write is made.
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    /// Whether anything is written.
    pub dry_run: DryRun,
    /// Rules that do not refuse this write.
    pub allow: Vec<String>,
    /// What happens where the file has more than one name.
    pub hard_links: HardLinks,
    /// What happens where there is no file.
    pub missing: Missing,
    /// Whether the gateway may restart for it.
    pub restarts: Restarts,
    /// Whether the gateway is told.
    pub signalling: Signalling,
    /// Whether it is undone unless somebody confirms it.
    pub confirm: Option<ConfirmWithin>,
}
