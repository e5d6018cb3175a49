//! One look at a guarded configuration: read, judge, heal, record, remember.

use std::path::PathBuf;
use std::time::Duration;

use super::memory::Memory;
use crate::author::Inquiry;
use crate::fs::{Glance, LockError, glance};
use crate::ops::foreign::{Accepted, Broken, Extent, Foreign, ForeignRecord, Settled, State, Told};
use crate::ops::session::Session;
use crate::ops::snapshot::{Snapshot, Unparsable};
use crate::ops::{Access, Missing, OpsError, Workspace};

/// How long a heal waits for the gateway's own lock: what is left of the window in which the gateway
/// sees nothing.
const GATEWAY_PATIENCE: Duration = Duration::from_millis(60);

/// What a look is made with.
pub(super) struct Look<'a> {
    pub(super) workspace: &'a Workspace,
    /// Rules whose findings stay as their author made them.
    pub(super) allow: &'a [String],
    /// Who seems to have written.
    pub(super) author: &'a Inquiry,
}

/// What a look has found.
pub(super) enum Found {
    /// No directory, or no file yet.
    Nothing,
    /// Somebody else of us holds the lock, and heals what runs under it.
    Busy,
    /// A text that cannot be read, and whose author may not be done.
    Broken,
    /// The texts that were accepted.
    Unchanged(Standing),
    /// A change, and what became of it.
    Settled(Box<Settled>, Told, Standing),
}

/// The files as they look from outside after a look; nothing where they have changed again already.
pub(super) type Standing = Vec<(PathBuf, Option<Glance>)>;

impl<'a> Look<'a> {
    /// Judges what stands there, and puts right what is damage.
    pub(super) fn heal(&self, memory: &mut Memory, broken: Broken) -> Result<Found, OpsError> {
        let (mut session, mut found) = match self.open()? {
            Opened::Yes(opened) => *opened,
            Opened::NoDirectory => return Ok(Found::Nothing),
            Opened::Locked => return Ok(Found::Busy),
        };
        let accepted = match memory.accepted(&session) {
            Some(accepted) => accepted,
            None => memory.begin(self.workspace, &mut session)?,
        };
        let before = State::of(&accepted.files);
        // Also the files that nothing includes any more: they may come back.
        let mut is_stale = false;
        for (file, _) in &accepted.files {
            is_stale |= self.workspace.access == Access::Writable && session.lock(file)?;
        }
        if is_stale {
            found = session.load(Missing::Create, Unparsable::Tolerate)?;
        }
        if !memory.has_begun() && !found.exists() {
            return Ok(Found::Nothing);
        }
        // That only access changed is somebody's will: whoever writes the file anew as another user
        // changes the text too.
        let is_same = State::of(&found.loaded) == before;
        if memory.has_begun() && is_same && !memory.is_history_new(self.workspace, &session) {
            let standing = remember(&mut session, memory, &before, accepted, &found.loaded)?;
            return Ok(Found::Unchanged(standing));
        }
        let (settled, told, accepted) =
            self.settle(&mut session, memory, accepted, Extent::Damage, broken)?;
        if settled.is_broken {
            return Ok(Found::Broken);
        }
        if !is_same {
            memory.keep_dressed(&accepted, &settled);
        }
        let stood = State::of(&settled.theirs).overlaid(&settled.after);
        let standing = remember(&mut session, memory, &stood, accepted, &settled.theirs)?;
        Ok(Found::Settled(Box::new(settled), told, standing))
    }

    /// Dresses comments and layout on again, if nobody has written since.
    pub(super) fn dress(&self, memory: &mut Memory) -> Result<Found, OpsError> {
        let (mut session, found) = match self.open()? {
            Opened::Yes(opened) => *opened,
            Opened::NoDirectory => return Ok(Found::Nothing),
            Opened::Locked => return Ok(Found::Busy),
        };
        let (Some(accepted), Some(dressed)) = (memory.accepted(&session), memory.dressed(&session))
        else {
            memory.is_dressed();
            return Ok(Found::Nothing);
        };
        let is_same = State::of(&found.loaded) == State::of(&accepted.files);
        // What one of us wrote since is taken up by a look, which keeps what it was asked for.
        if !is_same || memory.is_history_new(self.workspace, &session) {
            return Ok(Found::Broken);
        }
        let (settled, told, _) =
            self.settle(&mut session, memory, dressed, Extent::Dress, Broken::Await)?;
        if settled.is_broken || State::of(&settled.theirs) != State::of(&accepted.files) {
            // Somebody has written: that is looked into first.
            return Ok(Found::Broken);
        }
        memory.is_dressed();
        let stood = State::of(&settled.theirs).overlaid(&settled.after);
        let standing = remember(&mut session, memory, &stood, accepted, &settled.theirs)?;
        Ok(Found::Settled(Box::new(settled), told, standing))
    }

    fn open(&self) -> Result<Opened<'a>, OpsError> {
        // A directory is never made: where it is gone, nobody wants the file.
        if !self.workspace.config.parent().is_some_and(std::path::Path::is_dir) {
            return Ok(Opened::NoDirectory);
        }
        let opened = match self.workspace.access {
            Access::Writable => Session::guarding(self.workspace),
            Access::Managed { .. } => Session::observing(self.workspace),
        };
        let opened = opened.and_then(|mut session| {
            let found = session.load_locked()?;
            Ok((session, found))
        });
        match opened {
            Ok(opened) => Ok(Opened::Yes(Box::new(opened))),
            Err(OpsError::Lock(LockError::TimedOut { .. })) => Ok(Opened::Locked),
            Err(error) => Err(error),
        }
    }

    fn settle(
        &self,
        session: &mut Session<'a>,
        memory: &mut Memory,
        accepted: Accepted,
        extent: Extent,
        broken: Broken,
    ) -> Result<(Settled, Told, Accepted), OpsError> {
        let (seen, latest) = memory.history;
        let mut record = ForeignRecord::since(latest, seen, self.workspace, session, &accepted);
        if !memory.has_begun() {
            // The next watcher is held to it, whatever becomes of this process.
            record.observe();
        }
        let workspace = self.workspace;
        let mut foreign = Foreign { workspace, session, accepted, record, allow: self.allow };
        let dressings = memory.dressings_for(extent);
        let settled = foreign.settle(extent, broken, GATEWAY_PATIENCE, dressings)?;
        if settled.is_broken {
            // What was taken up is taken up again at the next look.
            return Ok((settled, Told::default(), foreign.accepted));
        }
        let told = foreign.tell(self.author.author(), &settled);
        let (glance, latest) = foreign.record.position();
        memory.history = (Some(glance), latest);
        Ok((settled, told, foreign.accepted))
    }
}

/// Whether the files could be opened.
enum Opened<'w> {
    /// With what was read under the locks.
    Yes(Box<(Session<'w>, Snapshot)>),
    NoDirectory,
    Locked,
}

/// Remembers `stood` as accepted, with owners and modes as they are now. What does not stand there
/// any more is told by the result.
fn remember(
    session: &mut Session<'_>,
    memory: &mut Memory,
    stood: &State,
    before: Accepted,
    theirs: &[(PathBuf, Option<crate::fs::Loaded>)],
) -> Result<Standing, OpsError> {
    // From outside first: what is written after this is seen to differ.
    let glances: Standing =
        stood.files().map(|(file, _)| (file.clone(), Some(glance(file)))).collect();
    let found = session.load(Missing::Create, Unparsable::Tolerate)?;
    let is_readable = found.judged().is_some();
    if State::of(&found.loaded) == *stood {
        let files = found.loaded;
        memory.accept(files, if is_readable { None } else { before.configuration });
        return Ok(glances);
    }
    let known = [found.loaded.as_slice(), theirs, before.files.as_slice()];
    let files = stood.files().map(|(file, text)| {
        let mut all = known.iter().flat_map(|files| files.iter());
        let like = all.find_map(|(name, loaded)| (name == file).then_some(loaded.as_ref()?));
        let loaded = text
            .as_ref()
            .zip(like)
            .map(|(text, like)| crate::fs::Loaded { bytes: text.clone(), ..like.clone() });
        (file.clone(), loaded)
    });
    let files = files.collect();
    memory.accept(files, before.configuration);
    Ok(glances.into_iter().map(|(file, _)| (file, None)).collect())
}

#[cfg(test)]
mod tests;
