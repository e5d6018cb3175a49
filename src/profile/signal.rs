//! How a gateway is told to take a changed configuration, as written in a profile.
//!
//! Most gateways that reload have to be told; OpenClaw watches its file, so that the write is the
//! signal, and everything else that looks like one harms it: `SIGHUP` ends it, `SIGUSR1` and `SIGUSR2`
//! restart it or open a debugger, by version. That ban is code and no data, so that no profile lifts it.
//!
//! This module never sends anything.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::hook::{Limit, Program};

/// How the names of OpenClaw's programs and units begin, its former ones too.
const UNTOUCHABLE: [&str; 4] = ["openclaw", "clawdbot", "moltbot", "ai.openclaw"];

/// How a gateway is told to take a changed configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Signal {
    /// It watches the file: the write is the signal.
    #[default]
    Watched,
    /// A signal to the process that a file names.
    Process(ProcessSignal),
    /// The reload of a systemd unit.
    Systemd(SystemdSignal),
    /// A program is run.
    Command(CommandSignal),
    /// A request over HTTP.
    Http(HttpSignal),
}

/// See [`Signal::Process`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessSignal {
    /// The file that holds the process id, absolute.
    pub pid_file: PathBuf,
    /// What its executable must be: an absolute path, or the last part of one.
    pub program: String,
    /// What is sent.
    pub signal: SignalName,
}

/// A signal by which programs are told to reload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SignalName {
    /// `SIGHUP`, by custom.
    #[default]
    Hup,
    /// `SIGUSR1`.
    Usr1,
    /// `SIGUSR2`.
    Usr2,
}

impl SignalName {
    /// The name as `kill` has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hup => "HUP",
            Self::Usr1 => "USR1",
            Self::Usr2 => "USR2",
        }
    }
}

/// See [`Signal::Systemd`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemdSignal {
    /// The unit, such as `caddy.service`.
    pub unit: String,
    /// Whose unit it is.
    pub scope: UnitScope,
    /// How long the reload may take.
    pub timeout: Duration,
}

/// Whose systemd unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnitScope {
    /// The machine's.
    #[default]
    System,
    /// The user's own.
    User,
}

/// See [`Signal::Command`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandSignal {
    /// The program and its arguments. There is no shell.
    pub run: Vec<String>,
    /// After this time it is ended, with every process of its group.
    pub timeout: Duration,
}

/// See [`Signal::Http`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSignal {
    /// The method.
    pub method: HttpMethod,
    /// Where; plain HTTP, and so a loopback address.
    pub url: String,
    /// A header, and the file that holds its value.
    pub header: Option<SecretHeader>,
    /// What is sent.
    pub body: HttpBody,
    /// How long the answer may take.
    pub timeout: Duration,
}

/// The method of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum HttpMethod {
    /// `GET`, without a body.
    Get,
    /// `POST`.
    #[default]
    Post,
    /// `PUT`.
    Put,
}

/// What a request sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HttpBody {
    /// Nothing.
    #[default]
    Empty,
    /// The configuration, byte for byte, as JSON where the file is no TOML.
    Config,
}

/// A header whose value is a secret, so that the profile only names the file it stands in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, try_from = "HeaderTable")]
pub struct SecretHeader {
    /// Its name.
    pub name: String,
    /// The file that holds its value, absolute.
    pub file: PathBuf,
}

impl Signal {
    /// The name, as `kind` in a profile.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Watched => "watched",
            Self::Process(_) => "process",
            Self::Systemd(_) => "systemd",
            Self::Command(_) => "command",
            Self::Http(_) => "http",
        }
    }
}

/// Whether a program, process or unit of this name is one that no signal may reach.
#[must_use]
pub fn is_untouchable(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    UNTOUCHABLE.iter().any(|start| name.starts_with(start))
}

/// `[signal]`, as written.
#[derive(Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
enum SignalTable {
    Watched {},
    Process {
        pid_file: PathBuf,
        program: String,
        #[serde(default)]
        signal: SignalName,
    },
    Systemd {
        unit: String,
        #[serde(default)]
        scope: UnitScope,
        #[serde(default)]
        timeout: Limit,
    },
    Command {
        run: Program,
        #[serde(default)]
        timeout: Limit,
    },
    Http {
        #[serde(default)]
        method: HttpMethod,
        url: String,
        header: Option<SecretHeader>,
        #[serde(default)]
        body: HttpBody,
        #[serde(default)]
        timeout: Limit,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderTable {
    name: String,
    file: PathBuf,
}

impl TryFrom<HeaderTable> for SecretHeader {
    type Error = String;

    fn try_from(HeaderTable { name, file }: HeaderTable) -> Result<Self, String> {
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            return Err("the name of a header is made of letters, digits and `-`".to_owned());
        }
        Ok(Self { name, file: absolute("file", file)? })
    }
}

impl<'de> Deserialize<'de> for Signal {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let table = SignalTable::deserialize(deserializer)?;
        Self::try_from(table).map_err(serde::de::Error::custom)
    }
}

impl TryFrom<SignalTable> for Signal {
    type Error = String;

    fn try_from(table: SignalTable) -> Result<Self, String> {
        Ok(match table {
            SignalTable::Watched {} => Self::Watched,
            SignalTable::Process { pid_file, program, signal } => {
                let name = program.rsplit('/').next().unwrap_or_default();
                if name.is_empty() || program.contains('/') && !program.starts_with('/') {
                    return Err("`program` is an absolute path or a name".to_owned());
                }
                refuse_untouchable(name)?;
                Self::Process(ProcessSignal {
                    pid_file: absolute("pid-file", pid_file)?,
                    program,
                    signal,
                })
            }
            SignalTable::Systemd { unit, scope, timeout } => {
                let is_unit = |byte: u8| byte.is_ascii_alphanumeric() || b":-_.\\@".contains(&byte);
                if unit.starts_with('-') || unit.is_empty() || !unit.bytes().all(is_unit) {
                    return Err("`unit` is the name of a systemd unit".to_owned());
                }
                refuse_untouchable(&unit)?;
                Self::Systemd(SystemdSignal { unit, scope, timeout: timeout.0 })
            }
            SignalTable::Command { run, timeout } => {
                Self::Command(CommandSignal { run: run.0, timeout: timeout.0 })
            }
            SignalTable::Http { method, url, header, body, timeout } => {
                check_loopback(&url)?;
                if method == HttpMethod::Get && body == HttpBody::Config {
                    return Err("a `GET` has no body".to_owned());
                }
                Self::Http(HttpSignal { method, url, header, body, timeout: timeout.0 })
            }
        })
    }
}

fn refuse_untouchable(name: &str) -> Result<(), String> {
    if is_untouchable(name) { Err(BANNED.to_owned()) } else { Ok(()) }
}

/// Why nothing is sent to OpenClaw.
pub(super) const BANNED: &str = "OpenClaw takes its file as it is written, and no signal: SIGHUP ends it, \
     SIGUSR1 and SIGUSR2 restart it or open a debugger; `kind` must be `watched`";

fn absolute(what: &str, path: PathBuf) -> Result<PathBuf, String> {
    if path.is_absolute() { Ok(path) } else { Err(format!("`{what}` must be an absolute path")) }
}

/// What is sent may be a secret, and nothing is encrypted: it must not leave the machine. A name would
/// have to be looked up, and somebody else may answer.
fn check_loopback(url: &str) -> Result<(), String> {
    const FAULT: &str = "`url` must be `http://`, a loopback address such as 127.0.0.1 or [::1], a port \
                         and a path, and carry no password; for anything else there is `command`";
    let rest = url.strip_prefix("http://").ok_or(FAULT)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').ok_or(FAULT)?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let address: IpAddr = host.parse().map_err(|_| FAULT)?;
    let is_port =
        port.is_empty() || port.strip_prefix(':').is_some_and(|p| p.parse::<u16>().is_ok());
    if !address.is_loopback() || !is_port || url.bytes().any(|byte| byte <= b' ' || byte >= 0x7f) {
        return Err(FAULT.to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    const HEAD: &str = "version = 1\nname = \"acme\"\n";

    fn parse(rest: &str) -> Result<Signal, String> {
        Profile::parse(&format!("{HEAD}{rest}"))
            .map(|profile| profile.signal)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn without_a_table_the_write_is_the_signal() {
        assert_eq!(parse(""), Ok(Signal::Watched));
        assert_eq!(parse("[signal]\nkind = 'watched'"), Ok(Signal::Watched));
        for name in crate::profile::BUILTIN_NAMES {
            assert_eq!(Profile::builtin(name).unwrap().signal, Signal::Watched, "{name}");
        }
    }

    #[test]
    fn every_kind_is_read_with_what_it_leaves_out() {
        let process = parse("[signal]\nkind = 'process'\npid-file = '/run/a.pid'\nprogram = 'a'");
        let process = process.unwrap();
        assert!(matches!(&process, Signal::Process(one) if one.signal == SignalName::Hup));
        let unit =
            parse("[signal]\nkind = 'systemd'\nunit = 'a@b.service'\ntimeout = '2s'").unwrap();
        assert!(matches!(&unit, Signal::Systemd(one)
            if one.scope == UnitScope::System && one.timeout == Duration::from_secs(2)));
        let command = parse("[signal]\nkind = 'command'\nrun = ['a', 'b c']").unwrap();
        assert!(matches!(&command, Signal::Command(one)
            if one.run == ["a", "b c"] && one.timeout == Duration::from_secs(10)));
        let http = parse(
            "[signal]\nkind = 'http'\nurl = 'http://127.0.0.1:2019/load'\nbody = 'config'\n\
             header = { name = 'X-Key', file = '/etc/key' }",
        );
        let http = http.unwrap();
        assert!(matches!(&http, Signal::Http(one) if one.method == HttpMethod::Post
            && one.body == HttpBody::Config && one.header.as_ref().unwrap().name == "X-Key"));
        let kinds: Vec<&str> =
            [&process, &unit, &command, &http].into_iter().map(Signal::kind).collect();
        assert_eq!(kinds, ["process", "systemd", "command", "http"]);
    }

    #[test]
    fn http_stays_on_this_machine() {
        let url = |url: &str| parse(&format!("[signal]\nkind = 'http'\nurl = '{url}'"));
        for good in ["http://127.0.0.1:80/a?b=c", "http://[::1]:1/", "http://127.9.9.9"] {
            assert!(url(good).is_ok(), "{good}");
        }
        for bad in [
            "https://127.0.0.1/",
            "http://localhost/",
            "http://10.0.0.1/",
            "http://0.0.0.0/",
            "http://[::ffff:10.0.0.1]/",
            "http://127.0.0.1@evil.example/",
            "http://127.0.0.1:80@evil.example/",
            "http://user:pass@127.0.0.1/",
            "http://127.0.0.1:99999/",
            "http://127.0.0.1/a b",
            "http://",
            "",
        ] {
            assert!(url(bad).unwrap_err().contains("loopback"), "{bad}");
        }
    }

    #[test]
    fn nothing_can_be_configured_to_be_sent_to_openclaw() {
        let ways = [
            "kind = 'process'\npid-file = '/run/a.pid'\nprogram = 'a'",
            "kind = 'systemd'\nunit = 'a.service'",
            "kind = 'command'\nrun = ['a']",
            "kind = 'http'\nurl = 'http://127.0.0.1/'",
        ];
        for way in ways {
            for text in [
                format!("version = 1\nname = 'openclaw'\n[signal]\n{way}"),
                format!("version = 1\nname = 'OpenClaw-2'\n[signal]\n{way}"),
                format!("version = 1\nname = 'a'\ngateway-lock = 'openclaw'\n[signal]\n{way}"),
            ] {
                let error = Profile::parse(&text).unwrap_err();
                assert!(error.reason.contains("SIGHUP ends it"), "{error}");
                assert!(error.position.line >= 3, "{error}");
            }
            assert!(parse(&format!("[signal]\n{way}")).is_ok(), "{way}");
        }
        for named in [
            "kind = 'process'\npid-file = '/run/a.pid'\nprogram = '/usr/bin/openclaw'",
            "kind = 'process'\npid-file = '/run/a.pid'\nprogram = 'openclaw-gateway'",
            "kind = 'systemd'\nunit = 'openclaw-gateway.service'\nscope = 'user'",
        ] {
            assert!(parse(&format!("[signal]\n{named}")).unwrap_err().contains("SIGHUP ends it"));
        }
        let watched = "version = 1\nname = 'openclaw'\n[signal]\nkind = 'watched'";
        assert_eq!(Profile::parse(watched).unwrap().signal, Signal::Watched);
    }
}
