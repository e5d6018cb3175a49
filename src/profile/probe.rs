//! Probes: how the gateway that runs is found and asked, as written in a profile.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;

use super::field::Path;
use super::hook::{Limit, Program};
use crate::doc::KeyPath;

/// The limit of one question where none is named.
const TIMEOUT: Duration = Duration::from_secs(2);

/// How the gateway that runs is found and asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Whom to ask, and what.
    pub question: Question,
    /// After this time one question is given up.
    pub timeout: Duration,
    /// So long after a write the gateway has read it at the latest, where it reads files by itself:
    /// before that an answer is of what was there before.
    pub window: Duration,
}

/// Whom to ask, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// A gateway that keeps OpenClaw's lock file while it runs, and speaks its protocol.
    Openclaw(Openclaw),
    /// An address that answers a `GET` with 200 when the gateway is ready.
    Http(String),
    /// An address that takes connections when the gateway is ready.
    Tcp(SocketAddr),
    /// A program, and its arguments, that ends with 0 when the gateway is ready. There is no shell.
    Command(Vec<String>),
}

/// Where OpenClaw's gateway listens, and what its configuration says about reloads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Openclaw {
    /// The path of its port.
    pub port: KeyPath,
    /// The variables that say the port where its lock file does not, and before the configuration.
    pub port_variables: Vec<String>,
    /// Its port where nobody says one.
    pub default_port: u16,
    /// The path of the mode in which it reloads: `off`, `hot`, `restart`, `hybrid`.
    pub mode: KeyPath,
    /// The path of what makes it speak TLS.
    pub tls: KeyPath,
    /// The variables that name the directory of its state.
    pub state_variables: Vec<String>,
}

/// The table as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProbeTable {
    openclaw: Option<OpenclawTable>,
    http: Option<String>,
    tcp: Option<SocketAddr>,
    command: Option<Program>,
    timeout: Option<Limit>,
    window: Option<Limit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct OpenclawTable {
    port: Path,
    #[serde(default)]
    port_variables: Vec<String>,
    default_port: u16,
    mode: Path,
    tls: Path,
    #[serde(default)]
    state_variables: Vec<String>,
}

/// A probe whose keys agree with each other.
#[derive(Deserialize)]
#[serde(try_from = "ProbeTable")]
pub(super) struct CheckedProbe(pub(super) Probe);

impl TryFrom<ProbeTable> for CheckedProbe {
    type Error = String;

    fn try_from(table: ProbeTable) -> Result<Self, String> {
        let openclaw = table.openclaw.map(|table| {
            Question::Openclaw(Openclaw {
                port: table.port.0,
                port_variables: table.port_variables,
                default_port: table.default_port,
                mode: table.mode.0,
                tls: table.tls.0,
                state_variables: table.state_variables,
            })
        });
        let http = table.http.map(http).transpose()?.map(Question::Http);
        let tcp = table.tcp.map(Question::Tcp);
        let command = table.command.map(|program| Question::Command(program.0));
        let mut questions = [openclaw, http, tcp, command].into_iter().flatten();
        let (Some(question), None) = (questions.next(), questions.next()) else {
            return Err("a probe is one of `openclaw`, `http`, `tcp` and `command`".to_owned());
        };
        Ok(Self(Probe {
            question,
            timeout: table.timeout.map_or(TIMEOUT, |limit| limit.0),
            window: table.window.map_or(Duration::ZERO, |limit| limit.0),
        }))
    }
}

/// An address that can be asked without TLS and without a secret in it.
fn http(address: String) -> Result<String, String> {
    let rest = address.strip_prefix("http://").ok_or("a probe's address begins with `http://`")?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.is_empty() || host.contains('@') || address.chars().any(|c| c.is_ascii_control()) {
        return Err("a probe's address has a host, and no user before it".to_owned());
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    fn read(rest: &str) -> Result<Option<Probe>, String> {
        Profile::parse(&format!("version = 1\nname = \"acme\"\n{rest}"))
            .map(|profile| profile.probe)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn probes_are_read() {
        let probe = read("[probe]\nhttp = \"http://127.0.0.1:9/r\"\ntimeout = \"1s\"\n");
        let question = Question::Http("http://127.0.0.1:9/r".to_owned());
        let timeout = Duration::from_secs(1);
        assert_eq!(probe, Ok(Some(Probe { question, timeout, window: Duration::ZERO })));
        let probe = read("[probe]\ntcp = \"127.0.0.1:80\"\nwindow = \"300ms\"\n").unwrap().unwrap();
        assert_eq!(probe.question, Question::Tcp("127.0.0.1:80".parse().unwrap()));
        assert_eq!((probe.timeout, probe.window), (TIMEOUT, Duration::from_millis(300)));
        let probe = read("[probe]\ncommand = [\"systemctl\", \"is-active\", \"x\"]\n").unwrap();
        let words = ["systemctl", "is-active", "x"].map(str::to_owned).to_vec();
        assert_eq!(probe.unwrap().question, Question::Command(words));
        assert_eq!(read(""), Ok(None));
    }

    #[test]
    fn a_probe_that_cannot_be_asked_is_a_fault() {
        for (table, fault) in [
            ("", "a probe is one of"),
            ("tcp = \"127.0.0.1:80\"\nhttp = \"http://127.0.0.1/\"", "a probe is one of"),
            ("http = \"https://127.0.0.1/\"", "begins with `http://`"),
            ("http = \"http://\"", "has a host"),
            ("http = \"http://user:pass@127.0.0.1/\"", "no user before it"),
            ("tcp = \"localhost\"", "invalid socket address"),
            ("command = []", "must not be empty"),
            ("tcp = \"127.0.0.1:80\"\ntimeout = \"1h\"", "a limit is"),
            ("tcp = \"127.0.0.1:80\"\nport = 80", "unknown field"),
        ] {
            let found = read(&format!("[probe]\n{table}\n")).unwrap_err();
            assert!(found.contains(fault), "{table}: {found}");
            assert!(!found.contains("pass"), "{found}");
        }
    }
}
