//! Who may do what with a file: owner, mode, access control lists, extended attributes.
//!
//! Plain data. Taking it from a file and giving it to another is the platform's part.

use std::ffi::OsString;
use std::fmt;

/// Owner, mode and extended attributes of a file at the time it was looked at.
#[derive(Clone, PartialEq, Eq)]
pub struct Attributes {
    pub(super) mode: u32,
    pub(super) owner: u32,
    pub(super) group: u32,
    pub(super) links: u64,
    /// Name and value, sorted by name; access control lists are among them.
    pub(super) extended: Vec<(OsString, Vec<u8>)>,
}

impl Attributes {
    /// Permission bits: the lower twelve bits of the mode.
    #[must_use]
    pub fn mode(&self) -> u32 {
        self.mode
    }

    /// User id of the owner.
    #[must_use]
    pub fn owner(&self) -> u32 {
        self.owner
    }

    /// Id of the owning group.
    #[must_use]
    pub fn group(&self) -> u32 {
        self.group
    }

    /// Number of hard links, this one included.
    #[must_use]
    pub fn links(&self) -> u64 {
        self.links
    }

    /// Whether access and extended attributes are the same; the number of links does not count.
    #[must_use]
    pub fn same_access(&self, other: &Self) -> bool {
        self.mode == other.mode
            && self.owner == other.owner
            && self.group == other.group
            && self.extended == other.extended
    }
}

impl Attributes {
    /// Whether somebody may do more with a file that has these than with one that has `other`: by a
    /// bit of the mode, as owner or group, or by another extended attribute, which may be an access
    /// list. On doubt it is so.
    #[must_use]
    pub fn admit_more_than(&self, other: &Self) -> bool {
        self.mode & !other.mode != 0
            || (self.owner, self.group) != (other.owner, other.group)
            || self.extended.iter().any(|attribute| !other.extended.contains(attribute))
            // Without its list a file is as open as the bits of its group say.
            || other.extended.iter().any(|attribute| !self.extended.contains(attribute))
    }
}

/// Leaves the values of extended attributes out: anything may be stored there.
impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.extended.iter().map(|(name, _)| name).collect();
        f.debug_struct("Attributes")
            .field("mode", &format_args!("{:04o}", self.mode))
            .field("owner", &self.owner)
            .field("group", &self.group)
            .field("links", &self.links)
            .field("extended", &names)
            .finish()
    }
}
