//! Reports of the system that something changed in a directory.
//!
//! One thread of `notify` waits for them and sends what concerns us; nobody wakes up while nothing
//! happens. Where the system loses reports ([`Seen::Everything`]) or does not tell of a directory at
//! all ([`Unwatched`]), files have to be looked at instead.
//!
//! A directory that is removed or renamed is not watched any more, whatever stands under its name
//! later: [`Source::watch`] is asked again after each report of one of the directories themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::fs::{DirectoryId, directory_id};

/// What was reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Something stands, or does not stand, under this name that was not there before.
    Name(PathBuf),
    /// Reports were lost, or cannot be told apart: anything may have changed.
    Everything,
}

/// A directory of which the system does not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwatched {
    /// The directory.
    pub directory: PathBuf,
    /// Why.
    pub why: String,
}

/// The reports of some directories.
pub struct Source {
    watcher: Result<RecommendedWatcher, String>,
    watched: BTreeMap<PathBuf, DirectoryId>,
}

impl Source {
    /// Sends reports to `report`, from another thread. Where the system has none to give, every
    /// directory is [`Unwatched`].
    #[must_use]
    pub fn new(report: impl Fn(Seen) + Send + 'static) -> Self {
        let handler = move |event: notify::Result<Event>| match event {
            Ok(event) => seen(event).into_iter().for_each(&report),
            // Whatever it is, something may have been missed.
            Err(_) => report(Seen::Everything),
        };
        let watcher = notify::recommended_watcher(handler).map_err(|error| said(&error));
        Self { watcher, watched: BTreeMap::new() }
    }

    /// Watches exactly `wanted`, and says which of them it cannot. What is there already by then may
    /// have changed before: it has to be looked at after this.
    pub fn watch(&mut self, wanted: &BTreeSet<PathBuf>) -> Vec<Unwatched> {
        let Ok(watcher) = &mut self.watcher else { return self.nothing(wanted) };
        self.watched.retain(|directory, id| {
            let stays = wanted.contains(directory) && directory_id(directory) == Some(*id);
            if !stays {
                // The system may have dropped it with the directory.
                watcher.unwatch(directory).ok();
            }
            stays
        });
        let mut unwatched = Vec::new();
        for directory in wanted {
            if self.watched.contains_key(directory) {
                continue;
            }
            let before = directory_id(directory);
            match watcher.watch(directory, RecursiveMode::NonRecursive) {
                // Another one by now is not the one that is watched: asked for again when that is told.
                Ok(()) => match before {
                    Some(id) => {
                        self.watched.insert(directory.clone(), id);
                    }
                    None => {
                        watcher.unwatch(directory).ok();
                    }
                },
                Err(error) => {
                    unwatched.push(Unwatched { directory: directory.clone(), why: said(&error) });
                }
            }
        }
        unwatched
    }

    fn nothing(&self, wanted: &BTreeSet<PathBuf>) -> Vec<Unwatched> {
        let why = self.watcher.as_ref().err().cloned().unwrap_or_default();
        let unwatched =
            |directory: &PathBuf| Unwatched { directory: directory.clone(), why: why.clone() };
        wanted.iter().map(unwatched).collect()
    }
}

/// Shows what is watched.
impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("watched", &self.watched).finish_non_exhaustive()
    }
}

/// What an event says, without those of mere readers.
fn seen(event: Event) -> Vec<Seen> {
    if event.need_rescan() {
        return vec![Seen::Everything];
    }
    match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => {}
        // Both halves of a rename are reported by themselves before.
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Name(RenameMode::Both)) => {
            return Vec::new();
        }
        _ => {}
    }
    event.paths.into_iter().map(Seen::Name).collect()
}

/// Why a directory cannot be watched, in a clause.
fn said(error: &notify::Error) -> String {
    match &error.kind {
        notify::ErrorKind::MaxFilesWatch => {
            "the limit of watched directories is reached (fs.inotify.max_user_watches)".to_owned()
        }
        notify::ErrorKind::Io(error) if is_limit(error) => {
            "the limit of watching programs is reached (fs.inotify.max_user_instances)".to_owned()
        }
        notify::ErrorKind::Io(error) => error.to_string(),
        notify::ErrorKind::PathNotFound => "it is not there".to_owned(),
        _ => "the system does not tell of it".to_owned(),
    }
}

/// `EMFILE` of `inotify_init(2)`.
#[cfg(unix)]
fn is_limit(error: &std::io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error())
}

#[cfg(not(unix))]
fn is_limit(_: &std::io::Error) -> bool {
    false
}
