//! Whether the gateway has taken a change: asked again and again until it is known.
//!
//! What is seen is judged by [`Trial`](super::trial::Trial), which is pure; this file asks.

use std::thread;
use std::time::{Duration, Instant};

use super::answer::ConfigState;
use super::client::Client;
use super::error::AskError;
use super::find::Running;
use super::probe::{self, Readiness};
use super::secret::Credential;
use super::trial::{Presence, Sight, Trial};
use super::{Gateway, PathReload};
use crate::clock;
use crate::doc::Value;
use crate::profile::{Openclaw, Probe, Question, ReloadClass};

/// How long until it is asked again.
const AGAIN: Duration = Duration::from_millis(40);
/// How long until a login is tried again that was refused: gateways count them.
const LOGIN_AGAIN: Duration = Duration::from_millis(500);
/// The longest that one question over a login may take: the first of all makes 2026.9 load its schema.
const LONGEST: Duration = Duration::from_secs(10);

/// How well it is to be known that a change was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The gateway is ready when it has had the time to read the file.
    Probe,
    /// The gateway says that it has the file, where it can say such a thing.
    Applied,
}

/// Whether the gateway has taken a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// It is not known.
    Unconfirmed {
        /// Why not, as a clause.
        why: String,
    },
    /// It has.
    Confirmed(Evidence),
    /// It has not, or does not stand it.
    Rejected {
        /// What shows that, as a clause.
        why: String,
    },
}

impl Confirmation {
    /// Whether it has.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        matches!(self, Self::Confirmed(_))
    }

    /// The name in reports.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Unconfirmed { .. } => "unconfirmed",
            Self::Confirmed(_) => "confirmed",
            Self::Rejected { .. } => "rejected",
        }
    }
}

/// What shows that a change was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Evidence {
    /// How well it is known.
    pub proof: Proof,
    /// The process of the gateway, where it is known.
    pub pid: Option<u32>,
    /// Its version, where it says so.
    pub version: Option<String>,
    /// Whether it has started anew since the write.
    pub restarted: bool,
    /// How long after the write this was known.
    pub took: Duration,
}

/// How well it is known that a change was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The gateway says that what stands in the file is what is in effect.
    Applied,
    /// The gateway has read this very text, takes it for good, and is ready after its time to act.
    Read,
    /// It is ready after its time to act.
    Ready,
}

impl Proof {
    /// The name in reports and events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Read => "read",
            Self::Ready => "ready",
        }
    }
}

/// What a write is expected to do.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// What the dearest of its changes costs; nothing where nothing differs in meaning.
    pub class: Option<ReloadClass>,
    /// The bytes of the root file after it.
    pub text: &'a [u8],
    /// Whether it has changed a byte.
    pub touched: bool,
    /// What the configuration says after it.
    pub effective: &'a Value,
}

/// The gateway before a write.
pub struct Before {
    depth: Depth,
    at: Instant,
    sight: Sight,
    mode: Option<String>,
    client: Option<Client>,
}

/// What is seen of a gateway at one look.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Look {
    /// Its process, or why there is none; nothing where its profile does not tell.
    pub running: Option<Result<Running, AskError>>,
    /// Whether it is ready.
    pub readiness: Result<Readiness, AskError>,
    /// Its version, where it says so.
    pub version: Option<String>,
    /// What it says of its configuration; nothing where it was not asked.
    pub config: Option<Result<ConfigState, AskError>>,
}

#[cfg(test)]
impl Look {
    /// A look at a gateway that was not asked for more.
    pub(crate) fn of(
        running: Result<Running, AskError>,
        readiness: Result<Readiness, AskError>,
    ) -> Self {
        Self { running: Some(running), readiness, version: None, config: None }
    }
}

impl Gateway<'_> {
    /// Looks at the gateway before a write. `effective` is what the configuration says then. A question
    /// over a login is given up after `limit`, but not before the profile's own limit.
    #[must_use]
    pub fn before(&self, effective: &Value, depth: Depth, limit: Duration) -> Before {
        let mut asker = Asker::new(self, None);
        let sight = asker.look(effective, depth, limit);
        let mode = self.openclaw().and_then(|openclaw| text_at(effective, openclaw));
        Before { depth, at: clock::monotonic(), sight, mode, client: asker.client }
    }

    /// Asks until it is known whether the gateway has taken the write that was made at `written`, at
    /// most for `limit` since then; what is asked last is heard to its end.
    #[must_use]
    pub fn confirm(
        &self,
        before: Before,
        expected: &Expected<'_>,
        written: Instant,
        limit: Duration,
    ) -> Confirmation {
        let Some(probe) = &self.profile.probe else {
            return Confirmation::Unconfirmed { why: "nothing says how to ask it".to_owned() };
        };
        let mode = self.openclaw().and_then(|openclaw| text_at(expected.effective, openclaw));
        let modes = [before.mode.as_deref(), mode.as_deref()];
        let off = modes.contains(&Some("off"));
        if off && expected.class.is_some_and(|class| class != ReloadClass::None) {
            let why = "its reloads are off: it takes this when it starts the next time".to_owned();
            return Confirmation::Unconfirmed { why };
        }
        let depth = before.depth;
        let since = written.saturating_duration_since(before.at);
        let mut trial = Trial::new(before.sight, since, depth, expected, probe.window);
        let mut asker = Asker::new(self, before.client);
        asker.retries = expected.class == Some(ReloadClass::Auth);
        loop {
            let left = limit.saturating_sub(written.elapsed());
            if left.is_zero() {
                return trial.end();
            }
            let sight = asker.look(expected.effective, depth, left);
            if let Some(known) = trial.judge(sight, written.elapsed()) {
                return known;
            }
            thread::sleep(AGAIN.min(limit.saturating_sub(written.elapsed())));
        }
    }

    /// One look, for who wants to see how things are. `effective` is what the configuration says.
    #[must_use]
    pub fn look(&self, effective: &Value, depth: Depth, limit: Duration) -> Look {
        let mut asker = Asker::new(self, None);
        let sight = asker.look(effective, depth, limit);
        let running = match sight.presence {
            Presence::Untold => None,
            Presence::Runs(running) => Some(Ok(running)),
            Presence::Absent(error) => Some(Err(error)),
        };
        let version = sight.version.or_else(|| match &running {
            Some(Ok(running)) if sight.ready.is_ok() => probe::version(running, limit),
            _ => None,
        });
        Look { running, readiness: sight.ready, version, config: sight.config }
    }

    /// The version of the gateway that runs, where it tells without a login: from 2026.9.
    #[must_use]
    pub fn version(&self, effective: &Value, limit: Duration) -> Option<String> {
        let running = self.find(self.openclaw()?, effective).ok()?;
        probe::version(&running, limit)
    }

    /// How the gateway says that it takes a change of each of `paths`.
    ///
    /// # Errors
    ///
    /// [`AskError`] where it cannot be asked at all.
    pub fn reloads(
        &self,
        effective: &Value,
        paths: &[String],
        limit: Duration,
    ) -> Result<Vec<Result<PathReload, AskError>>, AskError> {
        let mut client = self.login(effective, limit)?;
        Ok(paths.iter().map(|path| client.reload_of(path)).collect())
    }

    /// How many pairings of devices wait at the gateway for a person: as it says, else as 2026.3 keeps
    /// them in a file.
    ///
    /// # Errors
    ///
    /// [`AskError`] where it cannot be asked.
    pub fn pending_pairings(&self, effective: &Value, limit: Duration) -> Result<usize, AskError> {
        let asked = self.login(effective, limit).and_then(|mut client| client.pending_pairings());
        let Err(error) = asked else { return asked };
        let kept = self.openclaw().and_then(|it| self.pending_in_file(it, clock::now()));
        kept.ok_or(error)
    }

    /// Whether there is any sign of a gateway to be asked: one of OpenClaw by its lock file, of others
    /// nobody knows before they are asked.
    #[must_use]
    pub fn can_be_looked_at(&self) -> bool {
        self.openclaw().is_none_or(|openclaw| self.is_running(openclaw))
    }

    /// Whether a gateway runs with this configuration, by its lock file: nobody is asked, and nothing
    /// is read but that.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.openclaw().is_some_and(|openclaw| self.is_running(openclaw))
    }

    fn login(&self, effective: &Value, limit: Duration) -> Result<Client, AskError> {
        let openclaw = self.openclaw().ok_or(AskError::NotRunning)?;
        let running = self.find(openclaw, effective)?;
        let credential = Credential::of(self.profile, effective, &self.variables)?;
        Client::connect(&running, &credential, limit.min(LONGEST))
    }

    fn openclaw(&self) -> Option<&Openclaw> {
        match &self.profile.probe {
            Some(Probe { question: Question::Openclaw(openclaw), .. }) => Some(openclaw),
            _ => None,
        }
    }
}

fn text_at(effective: &Value, openclaw: &Openclaw) -> Option<String> {
    effective.at(&openclaw.mode).and_then(Value::as_str).map(str::to_owned)
}

/// Looks at one gateway, and keeps its login from one look to the next.
struct Asker<'g, 'p> {
    gateway: &'g Gateway<'p>,
    client: Option<Client>,
    /// Since when a login was refused, and why.
    refused: Option<(Instant, AskError)>,
    /// Whether a refused login is tried again.
    retries: bool,
}

impl<'g, 'p> Asker<'g, 'p> {
    fn new(gateway: &'g Gateway<'p>, client: Option<Client>) -> Self {
        Self { gateway, client, refused: None, retries: false }
    }

    fn look(&mut self, effective: &Value, depth: Depth, left: Duration) -> Sight {
        let Some(probe) = &self.gateway.profile.probe else {
            return Sight::nothing(Presence::Untold, AskError::NotRunning);
        };
        // Whole, also at the end of the time: an answer that was cut short says nothing of the gateway.
        let limit = probe.timeout;
        let ready = match &probe.question {
            Question::Openclaw(openclaw) => {
                return self.look_at(openclaw, effective, depth, limit, left);
            }
            Question::Http(address) => probe::http(address, limit),
            Question::Tcp(address) => probe::tcp(*address, limit),
            Question::Command(words) => probe::command(words, limit),
        };
        Sight { presence: Presence::Untold, ready, version: None, config: None }
    }

    fn look_at(
        &mut self,
        openclaw: &Openclaw,
        effective: &Value,
        depth: Depth,
        limit: Duration,
        left: Duration,
    ) -> Sight {
        let running = match self.gateway.find(openclaw, effective) {
            Ok(running) => running,
            Err(error) => {
                self.client = None;
                return Sight::nothing(Presence::Absent(error.clone()), error);
            }
        };
        let ready = probe::openclaw(&running, limit);
        // Who does not even say that it is there is not asked for more.
        let config = (depth == Depth::Applied && ready.is_ok())
            .then(|| self.config(&running, effective, left.clamp(limit, LONGEST.max(limit))));
        let version = self.client.as_ref().and_then(Client::version).map(str::to_owned);
        Sight { presence: Presence::Runs(running), ready, version, config }
    }

    fn config(
        &mut self,
        running: &Running,
        effective: &Value,
        limit: Duration,
    ) -> Result<ConfigState, AskError> {
        if let Some((at, error)) = &self.refused
            && (!self.retries || at.elapsed() < LOGIN_AGAIN)
        {
            return Err(error.clone());
        }
        self.refused = None;
        if self.client.is_none() {
            let credential =
                Credential::of(self.gateway.profile, effective, &self.gateway.variables)?;
            let client = Client::connect(running, &credential, limit);
            if let Err(error @ AskError::Refused { .. }) = &client {
                self.refused = Some((clock::monotonic(), error.clone()));
            }
            self.client = Some(client?);
        }
        let Some(client) = &mut self.client else { return Err(AskError::NotRunning) };
        client.allow(limit);
        let answer = client.config();
        if !matches!(answer, Ok(_) | Err(AskError::Method { .. })) {
            // It was cut off, or is out of step.
            self.client = None;
        }
        answer
    }
}
