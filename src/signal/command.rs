//! A gateway that is told by a program: one of its own, or `systemctl`.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::{Sender, Sent, SignalError};
use crate::child::{Complaints, Errand, ErrandError};
use crate::profile::{CommandSignal, SystemdSignal, UnitScope};

/// The variable that names the configuration to a program.
const CONFIG: &str = "CONFWARDEN_CONFIG";

/// What `systemctl` ends with where it knows no such unit, as its manual says.
const NO_UNIT: i32 = 5;

/// See [`crate::profile::Signal::Command`].
pub(super) struct Command<'a>(pub(super) &'a CommandSignal);

/// See [`crate::profile::Signal::Systemd`].
pub(super) struct Systemd<'a>(pub(super) &'a SystemdSignal);

impl Sender for Command<'_> {
    fn send(&self, config: &Path, ends: &AtomicBool) -> Result<Sent, SignalError> {
        let Self(CommandSignal { run, timeout }) = self;
        let program = run.first().map(String::as_str).unwrap_or_default();
        ran(run, *timeout, config, ends)?;
        Ok(Sent::Told(format!("`{program}`")))
    }
}

impl Sender for Systemd<'_> {
    fn send(&self, config: &Path, ends: &AtomicBool) -> Result<Sent, SignalError> {
        let Self(SystemdSignal { unit, scope, timeout }) = self;
        // Nobody is there to be asked for a password.
        let mut run = vec!["systemctl", "--no-ask-password"];
        if *scope == UnitScope::User {
            run.push("--user");
        }
        run.extend(["reload", unit]);
        let run: Vec<String> = run.into_iter().map(str::to_owned).collect();
        match ran(&run, *timeout, config, ends) {
            Err(SignalError::Program { code: Some(NO_UNIT), .. }) => {
                Err(SignalError::NoUnit { unit: unit.clone() })
            }
            ran => ran.map(|()| Sent::Told(format!("reload of `{unit}`"))),
        }
    }
}

fn ran(
    run: &[String],
    limit: Duration,
    config: &Path,
    ends: &AtomicBool,
) -> Result<(), SignalError> {
    let errand = Errand {
        run,
        variable: config.to_str().map(|config| (CONFIG, config)),
        input: b"",
        limit,
        // Programs quote what they read, and what they read holds secrets.
        complaints: Complaints::Nowhere,
    };
    errand.run(ends).map_err(|error| SignalError::Program {
        program: run.first().cloned().unwrap_or_default(),
        code: match error {
            ErrandError::Code(code) => Some(code),
            _ => None,
        },
        why: error.to_string(),
    })
}
