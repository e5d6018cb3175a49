//! Asking a running watcher.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::EventError;
use super::request::{Asked, Freshness, Named, Refusal, WatcherState};
use super::server::SOCKET;

/// Most bytes of an answer.
const LONGEST_ANSWER: u64 = 4 << 20;
/// How much longer than the watcher waits the client does.
const GRACE: Duration = Duration::from_secs(2);

/// Asks the watcher of a state directory.
#[derive(Clone, Debug)]
pub struct Client {
    path: PathBuf,
}

impl Client {
    /// A client of the watcher that keeps its files in `state_dir`. Touches nothing.
    #[must_use]
    pub fn of(state_dir: &Path) -> Self {
        Self { path: state_dir.join(SOCKET) }
    }

    /// What is guarded. `None` where no watcher runs.
    ///
    /// # Errors
    ///
    /// [`EventError::Socket`] where it cannot be asked, [`EventError::Refused`] where it says no.
    pub fn state(&self) -> Result<Option<WatcherState>, EventError> {
        self.ask(&Asked::State {}, Duration::from_secs(5))
    }

    /// Whether everything that happened to `file` until now was seen. `None` where no watcher runs.
    ///
    /// # Errors
    ///
    /// As [`Client::state`].
    pub fn fresh(&self, file: &Path, limit: Duration) -> Result<Option<Freshness>, EventError> {
        let limit_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        self.ask(&Asked::Fresh { file: Named(file.to_owned()), limit_ms }, limit)
    }

    fn ask<T: DeserializeOwned>(
        &self,
        asked: &Asked,
        limit: Duration,
    ) -> Result<Option<T>, EventError> {
        let failed = |action| move |source| self.failed(action, source);
        let mut stream = match UnixStream::connect(&self.path) {
            Ok(stream) => stream,
            // Not there, or left by a dead one.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
                ) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(failed("reach")(error)),
        };
        let mut line = serde_json::to_vec(asked).expect("keys are strings");
        line.push(b'\n');
        let mut answer = Vec::new();
        stream
            .set_read_timeout(Some(limit.saturating_add(GRACE)))
            .and_then(|()| stream.write_all(&line))
            .and_then(|()| {
                BufReader::new(stream.take(LONGEST_ANSWER)).read_until(b'\n', &mut answer)
            })
            .map_err(failed("ask at"))?;
        if let Ok(Refusal { error: why }) = serde_json::from_slice(&answer) {
            return Err(EventError::Refused { why });
        }
        serde_json::from_slice(&answer)
            .map(Some)
            .map_err(|_| failed("understand the answer at")(io::ErrorKind::InvalidData.into()))
    }

    fn failed(&self, action: &'static str, source: io::Error) -> EventError {
        EventError::Socket { action, path: self.path.clone(), source }
    }
}
