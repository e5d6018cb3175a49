//! All guarded configurations, and which names concern which of them.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Timing;
use super::tell::Teller;
use super::ward::{Ward, absolute};
use crate::event::{self, Condition, Sight as How};
use crate::fs::real_path;
use crate::ops::Workspace;
use crate::watch::{Sight, Unwatched};

/// All guarded configurations.
pub(super) struct Wards {
    all: Vec<Ward>,
    sights: Vec<Sight>,
    names: HashMap<PathBuf, Vec<usize>>,
    directories: BTreeSet<PathBuf>,
}

impl Wards {
    pub(super) fn new(wards: Vec<Ward>) -> Self {
        let sights = vec![Sight::default(); wards.len()];
        Self { all: wards, sights, names: HashMap::new(), directories: BTreeSet::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn get(&mut self, index: usize) -> &mut Ward {
        &mut self.all[index]
    }

    /// Looks where the names of one lead now. Whether that is elsewhere than before.
    pub(super) fn resight(&mut self, index: usize) -> bool {
        let now = self.all[index].sight();
        if self.sights[index] == now {
            return false;
        }
        self.sights[index] = now;
        self.index();
        true
    }

    /// As [`Wards::resight`], of all.
    pub(super) fn resight_all(&mut self) {
        for (ward, sight) in self.all.iter().zip(&mut self.sights) {
            *sight = ward.sight();
        }
        self.index();
    }

    fn index(&mut self) {
        self.names.clear();
        self.directories.clear();
        for (index, sight) in self.sights.iter().enumerate() {
            for name in sight.names() {
                self.names.entry(name.to_owned()).or_default().push(index);
            }
            self.directories.extend(sight.directories().map(Path::to_owned));
        }
    }

    /// The directories to be watched.
    pub(super) fn directories(&self) -> BTreeSet<PathBuf> {
        self.directories.clone()
    }

    pub(super) fn is_directory(&self, name: &Path) -> bool {
        self.directories.contains(name)
    }

    /// The configurations that a name belongs to.
    pub(super) fn concerned(&self, name: &Path) -> Vec<usize> {
        self.names.get(name).cloned().unwrap_or_default()
    }

    /// Why one of its directories is not watched.
    pub(super) fn why_unwatched(&self, index: usize, unwatched: &[Unwatched]) -> Option<String> {
        let mine = |one: &&Unwatched| {
            self.sights[index].directories().any(|directory| directory == one.directory)
        };
        unwatched.iter().find(mine).map(|one| one.why.clone())
    }

    /// The configuration that `file` names.
    pub(super) fn find(&self, file: &Path) -> Option<usize> {
        let (named, real) = (absolute(file), real_path(file).ok());
        self.all.iter().position(|ward| {
            ward.file() == named || (real.is_some() && real_path(ward.file()).ok() == real)
        })
    }

    pub(super) fn has_polled(&self) -> bool {
        self.all.iter().any(|ward| ward.how() == How::Polling)
    }

    pub(super) fn glance_polled(&mut self, now: Duration) {
        let polled = self.all.iter_mut().filter(|ward| ward.how() == How::Polling);
        polled.for_each(|ward| ward.glance(now));
    }

    pub(super) fn glance_all(&mut self, now: Duration) {
        self.all.iter_mut().for_each(|ward| ward.glance(now));
    }

    pub(super) fn next_due(&mut self, now: Duration, timing: &Timing) -> Option<Duration> {
        self.all.iter_mut().filter_map(|ward| ward.due(now, timing)).map(|(at, _)| at).min()
    }

    /// Those for which something is due.
    pub(super) fn due(&mut self, now: Duration, timing: &Timing) -> Vec<usize> {
        let mut due = Vec::new();
        for (index, ward) in self.all.iter_mut().enumerate() {
            if ward.due(now, timing).is_some_and(|(at, _)| at <= now) {
                due.push(index);
            }
        }
        due
    }

    /// Whether every one has been looked at.
    pub(super) fn all_settled(&self) -> bool {
        self.all.iter().all(|ward| !ward.is_pending())
    }

    /// Takes another profile.
    pub(super) fn adopt(&mut self, workspace: &Workspace) {
        for ward in &mut self.all {
            let config = ward.file().to_owned();
            ward.adopt(Workspace { config, ..workspace.clone() });
        }
    }

    /// What is told of each.
    pub(super) fn describe(&self, teller: &Teller) -> Vec<event::Ward> {
        let described = self.all.iter().enumerate().map(|(index, ward)| event::Ward {
            file: ward.file().to_owned(),
            how: ward.how(),
            state: match ward.condition() {
                Condition::Stable if ward.has_drifted() => Condition::Settling,
                condition => condition,
            },
            seq: teller.last_seq(index),
        });
        described.collect()
    }
}
