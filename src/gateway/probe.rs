//! Whether a gateway is ready: one question, one answer, one limit.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde::Deserialize;

use super::error::AskError;
use super::find::Running;

/// Most bytes of an answer.
const MOST: u64 = 64 * 1024;

/// What a gateway says of its readiness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Readiness {
    /// Whether it is ready.
    pub is_ready: bool,
    /// For how long it has been up since its last start, where it says so.
    pub uptime: Option<Duration>,
}

#[cfg(test)]
impl Readiness {
    /// Of one that is ready, and has been up for `uptime`.
    pub(crate) fn up(uptime: Duration) -> Self {
        Self { is_ready: true, uptime: Some(uptime) }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    ready: bool,
    uptime_ms: Option<u64>,
}

#[derive(Deserialize)]
struct Started {
    version: Option<String>,
}

/// Asks the gateway of OpenClaw.
pub(super) fn openclaw(running: &Running, limit: Duration) -> Result<Readiness, AskError> {
    let (status, body) = get(&format!("http://127.0.0.1:{}/readyz", running.port), limit)?;
    let odd = || AskError::Odd { what: format!("`/readyz` answered {status}") };
    if !matches!(status, 200 | 503) {
        return Err(odd());
    }
    let ready: Ready = serde_json::from_str(&body).map_err(|_| odd())?;
    Ok(Readiness {
        is_ready: ready.ready && status == 200,
        uptime: ready.uptime_ms.map(Duration::from_millis),
    })
}

/// The version of the gateway, where it tells without a login: from 2026.9.
pub(super) fn version(running: &Running, limit: Duration) -> Option<String> {
    let (_, body) = get(&format!("http://127.0.0.1:{}/startupz", running.port), limit).ok()?;
    serde_json::from_str::<Started>(&body).ok()?.version
}

/// Asks an address, which is ready where it answers with 200.
pub(super) fn http(address: &str, limit: Duration) -> Result<Readiness, AskError> {
    let (status, _) = get(address, limit)?;
    Ok(Readiness { is_ready: status == 200, uptime: None })
}

/// Whether an address takes connections.
pub(super) fn tcp(address: SocketAddr, limit: Duration) -> Result<Readiness, AskError> {
    match TcpStream::connect_timeout(&address, limit) {
        Ok(_) => Ok(Readiness { is_ready: true, uptime: None }),
        Err(error) => Err(broken(&error, limit)),
    }
}

fn get(address: &str, limit: Duration) -> Result<(u16, String), AskError> {
    // A proxy is for others: what is meant is this address.
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(limit))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .build();
    let failed = |error: ureq::Error| match error {
        ureq::Error::Timeout(_) => AskError::Silent { after: limit },
        ureq::Error::Io(error) => broken(&error, limit),
        ureq::Error::ConnectionFailed => AskError::Broken { why: "no connection".to_owned() },
        _ => AskError::Odd { what: "it is not HTTP".to_owned() },
    };
    let mut answer = config.new_agent().get(address).call().map_err(failed)?;
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(MOST).lossy_utf8(true).read_to_string();
    Ok((status, body.map_err(failed)?))
}

pub(super) fn broken(error: &std::io::Error, limit: Duration) -> AskError {
    match error.kind() {
        std::io::ErrorKind::TimedOut => AskError::Silent { after: limit },
        // The kind alone: a message may quote what the other side has sent.
        kind => AskError::Broken { why: kind.to_string() },
    }
}

/// Runs a program, which ends with 0 where the gateway is ready.
#[cfg(unix)]
pub(super) fn command(words: &[String], limit: Duration) -> Result<Readiness, AskError> {
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};

    use rustix::process::{Pid, Signal, kill_process_group};

    use crate::clock;

    /// How often its end is looked for.
    const LOOK: Duration = Duration::from_millis(5);

    let Some((program, arguments)) = words.split_first() else {
        return Err(AskError::Broken { why: "the probe names no program".to_owned() });
    };
    let started = clock::monotonic();
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| AskError::Broken { why: format!("the probe's program: {error}") })?;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => {
                return Ok(Readiness { is_ready: status.success(), uptime: None });
            }
            Ok(None) if started.elapsed() < limit => std::thread::sleep(LOOK),
            ended => {
                // It was not waited for yet, so the number of its group is still its own.
                kill_process_group(Pid::from_child(&child), Signal::KILL).ok();
                child.wait().ok();
                return Err(match ended {
                    Err(error) => broken(&error, limit),
                    Ok(_) => AskError::Silent { after: limit },
                });
            }
        }
    }
}

#[cfg(not(unix))]
pub(super) fn command(_: &[String], _: Duration) -> Result<Readiness, AskError> {
    Err(AskError::Broken { why: "programs are not run here".to_owned() })
}
