//! Ctrl-C: the demo ends when it has cleaned up, and then as the signal would have ended it.

#[cfg(unix)]
use anyhow::Context as _;

use crate::error::CommandError;
use crate::exit::Exit;

/// Whether somebody wants the end.
#[cfg(unix)]
pub(super) struct Interruption(std::sync::Arc<std::sync::atomic::AtomicUsize>);

#[cfg(unix)]
impl Interruption {
    pub(super) fn listen() -> Result<Self, CommandError> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        let came = Self(std::sync::Arc::default());
        for (signal, number) in [(SIGHUP, 1), (SIGINT, 2), (SIGTERM, 15)] {
            debug_assert_eq!(usize::try_from(signal), Ok(number));
            let listener = signal_hook::flag::register_usize(signal, came.0.clone(), number);
            listener
                .context("could not listen to signals")
                .map_err(|error| CommandError::new(Exit::Internal, error))?;
        }
        Ok(came)
    }

    fn signal(&self) -> usize {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }

    pub(super) fn has_come(&self) -> bool {
        self.signal() != 0
    }

    /// Ends as the signal ends a program that does not listen to it.
    pub(super) fn end(&self) -> Exit {
        let signal = i32::try_from(self.signal()).unwrap_or_default();
        match signal_hook::low_level::emulate_default_handler(signal) {
            Ok(()) | Err(_) => Exit::Internal,
        }
    }
}

/// Windows ends a program without asking it: the folder stays.
#[cfg(not(unix))]
pub(super) struct Interruption;

#[cfg(not(unix))]
impl Interruption {
    pub(super) fn listen() -> Result<Self, CommandError> {
        Ok(Self)
    }

    pub(super) fn has_come(&self) -> bool {
        false
    }

    pub(super) fn end(&self) -> Exit {
        Exit::Internal
    }
}
