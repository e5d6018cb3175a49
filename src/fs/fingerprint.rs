//! Whether a file still is the one that was read.
//!
//! For equality only. The content hash has no key, so it never leaves the process: shown beside the
//! rest of a config it would let a weak password be guessed.

use std::fmt;

/// Which file it is and when it was last written, without looking inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) device: u64,
    pub(super) inode: u64,
    pub(super) size: u64,
    /// Time of the last write: nanoseconds since 1970.
    pub(super) modified: i128,
}

impl Identity {
    /// A short name of the identity, for file names. It survives renames and process death.
    ///
    /// The device is left out: its number may differ after a restart of the machine.
    pub(super) fn tag(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.inode.to_le_bytes());
        hasher.update(&self.size.to_le_bytes());
        hasher.update(&self.modified.to_le_bytes());
        hasher.finalize().to_hex()[..16].to_owned()
    }
}

/// The content and identity of a file at the time it was read, for equality only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    content: blake3::Hash,
    identity: Identity,
}

impl Fingerprint {
    pub(super) fn new(bytes: &[u8], identity: Identity) -> Self {
        Self { content: blake3::hash(bytes), identity }
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The BLAKE3 hash of the content.
    ///
    /// It has no key: store it only where the content could be stored too, and never show it.
    #[must_use]
    pub fn content(&self) -> &[u8; 32] {
        self.content.as_bytes()
    }

    /// Whether both had the same bytes, wherever they were.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        self.content == other.content
    }
}

/// Leaves the hash out: see [`Fingerprint::content`].
impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fingerprint").field("identity", &self.identity).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: Identity = Identity { device: 1, inode: 2, size: 3, modified: 4 };

    #[test]
    fn any_part_of_the_identity_or_content_makes_another_fingerprint() {
        let base = Fingerprint::new(b"a", IDENTITY);
        assert_eq!(base, Fingerprint::new(b"a", IDENTITY));
        assert_ne!(base, Fingerprint::new(b"b", IDENTITY));
        for other in [
            Identity { device: 9, ..IDENTITY },
            Identity { inode: 9, ..IDENTITY },
            Identity { size: 9, ..IDENTITY },
            Identity { modified: 9, ..IDENTITY },
        ] {
            assert_ne!(base, Fingerprint::new(b"a", other));
            assert!(base.same_content(&Fingerprint::new(b"a", other)));
        }
    }

    #[test]
    fn tag_is_that_of_the_file_not_of_the_device_number() {
        assert_eq!(IDENTITY.tag(), Identity { device: 9, ..IDENTITY }.tag());
        assert_ne!(IDENTITY.tag(), Identity { inode: 9, ..IDENTITY }.tag());
        assert_ne!(IDENTITY.tag(), Identity { size: 9, ..IDENTITY }.tag());
        assert_ne!(IDENTITY.tag(), Identity { modified: 9, ..IDENTITY }.tag());
        assert_eq!(IDENTITY.tag().len(), 16);
    }

    #[test]
    fn debug_text_has_no_hash() {
        let fingerprint = Fingerprint::new(b"password", IDENTITY);
        let hex = blake3::hash(b"password").to_hex();
        assert!(!format!("{fingerprint:?}").contains(&hex[..8]));
    }
}
