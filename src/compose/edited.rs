//! What an edit leads to, and in which order its files may be written.
//!
//! A write of several files is not one step: a process may be killed, and a gateway may read, between
//! two of them. So a value that moves to another file is added there before it is removed here: at
//! every moment it stands in one of them, or in both.
//!
//! This module never writes anything.

use std::path::{Path, PathBuf};

use super::{Configuration, Part};

/// A configuration after an edit.
#[derive(Clone, Debug)]
pub struct Edited {
    /// What it is now.
    pub configuration: Configuration,
    /// The values that went from one file to another.
    pub(super) handovers: Vec<Handover>,
}

/// A value left one file for another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Handover {
    pub(super) from: PathBuf,
    pub(super) to: PathBuf,
}

/// A configuration in which nothing moved between files.
impl From<Configuration> for Edited {
    fn from(configuration: Configuration) -> Self {
        Self { configuration, handovers: Vec::new() }
    }
}

impl Edited {
    /// The files in the order in which they may be written: one that takes a value before the one that
    /// gives it, else included ones first, so that none names what is not there yet. Nothing where
    /// files take values from each other.
    #[must_use]
    pub fn writing_order(&self) -> Option<Vec<&Part>> {
        let mut rest: Vec<&Part> = self.configuration.parts().iter().rev().collect();
        let mut order = Vec::with_capacity(rest.len());
        while !rest.is_empty() {
            let waits =
                |part: &Part| rest.iter().any(|other| self.hands_over(&part.file, &other.file));
            let next = rest.iter().position(|part| !waits(part))?;
            order.push(rest.remove(next));
        }
        Some(order)
    }

    /// Whether a value goes from the file `from` to the file `to`.
    #[must_use]
    pub fn hands_over(&self, from: &Path, to: &Path) -> bool {
        self.handovers.iter().any(|handover| handover.from == from && handover.to == to)
    }
}
