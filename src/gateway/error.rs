//! Why a gateway could not be asked.

use std::time::Duration;

/// Why a gateway could not be asked, as a clause that a reason can be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// There is no sign of one.
    #[error("no gateway runs with this configuration")]
    NotRunning,
    /// It left its lock file behind.
    #[error("the gateway that ran as process {pid} is gone, and has left its lock file")]
    Gone {
        /// Its id, which another process may have by now.
        pid: u32,
    },
    /// Its lock file cannot be made out.
    #[error("the lock file of the gateway cannot be read: {why}")]
    Lock {
        /// Why.
        why: String,
    },
    /// It speaks TLS.
    #[error("the gateway speaks TLS, which is not asked")]
    Tls,
    /// It does not listen where it should.
    #[error("process {pid} is the gateway, and does not listen on port {port} of this machine")]
    NotListening {
        /// Its id.
        pid: u32,
        /// Where it was to be.
        port: u16,
    },
    /// Somebody else does.
    #[error("port {port} belongs to another program than the gateway, process {pid}")]
    Stranger {
        /// The gateway's id.
        pid: u32,
        /// The port.
        port: u16,
    },
    /// It cannot be told whose port it is.
    #[error("it cannot be proved that process {pid} is at the other end: {why}")]
    Unproved {
        /// The gateway's id.
        pid: u32,
        /// Why not.
        why: String,
    },
    /// The configuration does not say the gateway's secret.
    #[error("the gateway's secret is not known here: {why}")]
    NoSecret {
        /// Why not.
        why: &'static str,
    },
    /// It does not let us in.
    #[error("the gateway does not let confwarden in: {code}")]
    Refused {
        /// Its own code.
        code: String,
    },
    /// It does not answer.
    #[error("the gateway does not answer within {}", humantime::format_duration(*.after))]
    Silent {
        /// After this time.
        after: Duration,
    },
    /// It is not there, or breaks off.
    #[error("the gateway cannot be talked to: {why}")]
    Broken {
        /// Why.
        why: String,
    },
    /// It says something else than such a gateway does.
    #[error("the gateway gave an answer that is not understood ({what})")]
    Odd {
        /// Which.
        what: String,
    },
    /// It has no such method.
    #[error("the gateway did not answer `{method}`: {code}")]
    Method {
        /// What it was asked for.
        method: &'static str,
        /// Its own code.
        code: String,
    },
}

impl AskError {
    /// Whether it may be otherwise in a moment.
    pub(super) fn may_pass(&self) -> bool {
        !matches!(self, Self::Tls | Self::NoSecret { .. } | Self::Unproved { .. })
    }
}
