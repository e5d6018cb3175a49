//! The only module that opens, locks, writes, renames or removes files.

/// What happens where a file has more than one name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HardLinks {
    /// The write is refused.
    #[default]
    Refuse,
    /// The write goes on; the other names keep the old content.
    Break,
}

/// Placeholder.
#[derive(Debug, thiserror::Error)]
#[error("fs")]
pub struct FsError;

/// Placeholder.
#[derive(Debug, thiserror::Error)]
#[error("lock")]
pub struct LockError;

/// Placeholder.
#[derive(Debug, thiserror::Error)]
#[error("replace")]
pub struct ReplaceError;
