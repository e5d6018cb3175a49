//! What looks at a gateway say about a change: decides, and asks nobody.

use std::time::Duration;

use super::answer::ConfigState;
use super::confirm::{Confirmation, Depth, Evidence, Expected, Proof};
use super::error::AskError;
use super::find::{Running, sha256};
use super::probe::Readiness;
use crate::fs::printable;
use crate::profile::ReloadClass;

/// So often in a row it must be ready: one that starts and fails is ready in between.
const GREENS: u32 = 2;
/// How exactly a gateway's own clock agrees with ours.
const SLACK: Duration = Duration::from_millis(500);
/// Most paths that are named.
const MOST_PATHS: usize = 5;

/// What is seen of a gateway at one look.
#[derive(Clone, Debug)]
pub(super) struct Sight {
    pub(super) presence: Presence,
    pub(super) ready: Result<Readiness, AskError>,
    pub(super) version: Option<String>,
    /// Nothing where it was not asked.
    pub(super) config: Option<Result<ConfigState, AskError>>,
}

/// Whether there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// Its profile does not tell its process.
    Untold,
    /// This one.
    Runs(Running),
    /// None that could be asked.
    Absent(AskError),
}

impl Sight {
    /// Of a gateway that is not there.
    pub(super) fn nothing(presence: Presence, why: AskError) -> Self {
        Self { presence, ready: Err(why), version: None, config: None }
    }
}

/// What is known so far of one change.
#[derive(Debug)]
pub(super) struct Trial {
    before: Sight,
    /// From the look before to the write.
    since_before: Duration,
    depth: Depth,
    class: Option<ReloadClass>,
    touched: bool,
    /// SHA-256 of the root file, in hex.
    text: String,
    window: Duration,
    last: Sight,
    greens: u32,
    restarted: bool,
    seen: bool,
}

impl Trial {
    /// A trial of the change that `expected` describes, `since_before` after `before` was seen.
    pub(super) fn new(
        before: Sight,
        since_before: Duration,
        depth: Depth,
        expected: &Expected<'_>,
        window: Duration,
    ) -> Self {
        Self {
            last: before.clone(),
            before,
            since_before,
            depth,
            class: expected.class,
            touched: expected.touched,
            text: sha256(expected.text),
            // Nothing is read anew of what has not changed.
            window: if expected.touched { window } else { Duration::ZERO },
            greens: 0,
            restarted: false,
            seen: false,
        }
    }

    /// What is known with one more look, `elapsed` after the write; nothing while it is not.
    pub(super) fn judge(&mut self, sight: Sight, elapsed: Duration) -> Option<Confirmation> {
        self.last = sight;
        let over = elapsed >= self.window;
        if let Presence::Absent(error) = &self.last.presence {
            self.greens = 0;
            // Who was not there before need not come.
            let was_absent = matches!(self.before.presence, Presence::Absent(_));
            return (was_absent && over).then(|| unconfirmed(error));
        }
        self.restarted |= self.has_restarted(elapsed);
        let is_ready = self.last.ready.as_ref().is_ok_and(|ready| ready.is_ready);
        self.greens = if is_ready { self.greens + 1 } else { 0 };
        let steady = self.greens >= GREENS;
        let proof = match (self.depth, &self.last.config) {
            (Depth::Applied, Some(Ok(config))) => {
                let config = config.clone();
                self.seen = self.has_seen(&config, over);
                if self.seen && !config.valid {
                    return Some(Confirmation::Rejected { why: invalid(&config) });
                }
                let proof = if config.tells_applied() { Proof::Applied } else { Proof::Read };
                let known = match proof {
                    Proof::Applied => self.seen && config.is_applied(),
                    _ => self.seen && over,
                };
                known.then_some(proof)
            }
            (Depth::Applied, Some(Err(error))) => {
                let is_final = !error.may_pass()
                    || matches!(error, AskError::Refused { .. })
                        && self.class != Some(ReloadClass::Auth);
                if is_final && over && steady {
                    return Some(unconfirmed(error));
                }
                None
            }
            // Others cannot say what they have taken.
            (Depth::Applied, None) if self.last.presence == Presence::Untold => {
                over.then_some(Proof::Ready)
            }
            (Depth::Applied, None) => None,
            (Depth::Probe, _) => over.then_some(Proof::Ready),
        };
        let proof = proof?;
        (steady && (proof == Proof::Applied || self.has_restarted_enough())).then(|| {
            Confirmation::Confirmed(Evidence {
                proof,
                pid: self.running().map(|running| running.pid),
                version: self.last.version.clone(),
                restarted: self.restarted,
                took: elapsed,
            })
        })
    }

    /// What is to be said when the time is over.
    pub(super) fn end(self) -> Confirmation {
        let rejected = |why: String| Confirmation::Rejected { why };
        if let Presence::Absent(error) = &self.last.presence {
            return match &self.before.presence {
                Presence::Runs(running) => rejected(format!(
                    "the gateway that ran as process {} has ended, and none has come since",
                    running.pid
                )),
                _ => unconfirmed(error),
            };
        }
        let was_ready = self.before.ready.as_ref().is_ok_and(|ready| ready.is_ready);
        match &self.last.ready {
            Ok(ready) if ready.is_ready => {}
            Ok(_) if was_ready => {
                return rejected("the gateway was ready before, and is not since".to_owned());
            }
            Ok(_) => return Confirmation::Unconfirmed { why: "it is not ready".to_owned() },
            Err(error) if was_ready => {
                return rejected(format!("the gateway was ready before, and since: {error}"));
            }
            Err(error) => return unconfirmed(error),
        }
        let needs_restart = self.class.is_some_and(|class| class >= ReloadClass::Restart);
        let why = match &self.last.config {
            Some(Err(error)) => return unconfirmed(error),
            Some(Ok(_)) if !self.seen => "it has not read the file yet",
            Some(Ok(config)) if config.tells_applied() && !config.is_applied() => {
                if !needs_restart {
                    return rejected(
                        "the gateway has read the file, and goes on with what it had before"
                            .to_owned(),
                    );
                }
                "the restart that this needs has not come"
            }
            _ if needs_restart && !self.restarted => "the restart that this needs has not come",
            _ => "it was not ready twice in a row",
        };
        Confirmation::Unconfirmed { why: why.to_owned() }
    }

    fn running(&self) -> Option<&Running> {
        match &self.last.presence {
            Presence::Runs(running) => Some(running),
            _ => None,
        }
    }

    fn has_restarted(&self, elapsed: Duration) -> bool {
        if let (Presence::Runs(was), Presence::Runs(is)) =
            (&self.before.presence, &self.last.presence)
            && (was.pid, was.started) != (is.pid, is.started)
        {
            return true;
        }
        let uptime = |sight: &Sight| sight.ready.as_ref().ok().and_then(|ready| ready.uptime);
        match (uptime(&self.before), uptime(&self.last)) {
            (Some(was), Some(is)) => is + SLACK < was + self.since_before + elapsed,
            _ => false,
        }
    }

    /// Whether a restart that has to come has. Who says what is in effect says so after it: 2026.9.6
    /// names the new configuration when it has come back with it.
    fn has_restarted_enough(&self) -> bool {
        match self.class {
            _ if !self.touched || self.last.presence == Presence::Untold => true,
            // Who was away has read the file when it came.
            _ if matches!(self.before.presence, Presence::Absent(_)) => true,
            Some(ReloadClass::Restart | ReloadClass::Auth) => self.restarted,
            _ => true,
        }
    }

    /// Whether what the gateway says is of the text that was written: what it said before may be what
    /// it has kept.
    fn has_seen(&self, config: &ConfigState, over: bool) -> bool {
        if !config.tells_applied() {
            return config.hash.as_deref() == Some(self.text.as_str());
        }
        if !self.touched {
            return true;
        }
        match &self.before.config {
            Some(Ok(before)) if before.hash.is_some() => before.hash != config.hash,
            _ => over,
        }
    }
}

fn unconfirmed(error: &AskError) -> Confirmation {
    Confirmation::Unconfirmed { why: error.to_string() }
}

/// Says what the gateway has against it, without its words.
fn invalid(config: &ConfigState) -> String {
    let mut paths: Vec<String> = config
        .issues
        .iter()
        .take(MOST_PATHS)
        .filter(|issue| !issue.path.is_empty())
        .map(|issue| format!("`{}`", printable(&issue.path)))
        .collect();
    paths.dedup();
    match paths.as_slice() {
        [] => "the gateway does not take the file for a good configuration".to_owned(),
        paths => format!("the gateway does not take what stands at {}", paths.join(", ")),
    }
}

#[cfg(test)]
mod tests;
