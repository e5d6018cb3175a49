//! The gateway that runs, found by the lock file that it keeps while it does.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use super::error::AskError;
use super::{Gateway, peer};
use crate::doc::Value;
use crate::profile::Openclaw;

/// Most bytes of a file of the gateway that are looked at.
const LIMIT: u64 = 1024 * 1024;
/// So long a request to be paired lasts.
const REQUEST_LASTS: Duration = Duration::from_mins(5);

/// A gateway that runs: its process is the one that wrote its lock file, and the port is its own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Running {
    /// Its process.
    pub pid: u32,
    /// Start time of the process: clock ticks since the machine started.
    pub started: u64,
    /// Where it listens on this machine.
    pub port: u16,
    /// When it took its lock: its own last start, as it says.
    pub since: Option<SystemTime>,
}

#[cfg(test)]
impl Running {
    /// A gateway that runs.
    pub(crate) fn of(pid: u32, started: u64, port: u16) -> Self {
        Self { pid, started, port, since: None }
    }
}

/// What a lock file says.
struct Lock {
    pid: u32,
    started: Option<u64>,
    port: Option<u16>,
    since: Option<SystemTime>,
    config: Option<PathBuf>,
}

impl Gateway<'_> {
    /// The gateway that runs with this configuration, which says `effective`.
    pub(super) fn find(&self, openclaw: &Openclaw, effective: &Value) -> Result<Running, AskError> {
        let lock = self.lock(openclaw)?;
        let started = started(lock.pid).filter(|at| lock.started.is_none_or(|was| was == *at));
        let started = started.ok_or(AskError::Gone { pid: lock.pid })?;
        if effective.at(&openclaw.tls) == Some(&Value::Bool(true)) {
            return Err(AskError::Tls);
        }
        let ports = self.ports(openclaw, effective);
        // What it says itself, else the first that it listens on, of those that others say.
        let ports = lock.port.map_or(ports, |port| vec![port]);
        let mut why = AskError::NotRunning;
        for port in ports {
            match peer::listens(lock.pid, port) {
                Ok(()) => return Ok(Running { pid: lock.pid, started, port, since: lock.since }),
                Err(error) if why == AskError::NotRunning => why = error,
                Err(_) => {}
            }
        }
        Err(why)
    }

    /// Whether the process that wrote the lock file runs.
    pub(super) fn is_running(&self, openclaw: &Openclaw) -> bool {
        self.lock(openclaw).is_ok_and(|lock| {
            started(lock.pid).is_some_and(|at| lock.started.is_none_or(|was| was == at))
        })
    }

    /// Where it may listen, the likeliest first.
    fn ports(&self, openclaw: &Openclaw, effective: &Value) -> Vec<u16> {
        let variables = openclaw.port_variables.iter().filter_map(|name| self.variables.get(name));
        let said = variables.filter_map(|text| text.trim().parse().ok());
        let port = match effective.at(&openclaw.port) {
            Some(Value::Integer(port)) => u16::try_from(*port).ok(),
            _ => None,
        };
        said.chain(port).chain([openclaw.default_port]).collect()
    }

    /// The lock file of a gateway with this configuration.
    fn lock(&self, openclaw: &Openclaw) -> Result<Lock, AskError> {
        let mut fault = AskError::NotRunning;
        for path in self.lock_files(openclaw) {
            match text_of(&path) {
                Ok(None) => {}
                Ok(Some(text)) => match Lock::parse(&text) {
                    Some(lock) if lock.config.as_deref().is_none_or(|it| self.is_meant(it)) => {
                        return Ok(lock);
                    }
                    Some(_) => {}
                    None => fault = AskError::Lock { why: "it names no process".to_owned() },
                },
                Err(error) => fault = AskError::Lock { why: error.to_string() },
            }
        }
        Err(fault)
    }

    fn is_meant(&self, config: &Path) -> bool {
        let real = |path: &Path| path.canonicalize().ok();
        config == self.config || real(config).is_some_and(|it| Some(it) == real(&self.config))
    }

    /// Where the lock file may be: 2026.9 keeps it in its state directory, 2026.3 in the directory
    /// for temporary files; both name it after the path of the configuration.
    fn lock_files(&self, openclaw: &Openclaw) -> Vec<PathBuf> {
        let mut names = vec![name(&self.config)];
        names.extend(self.config.canonicalize().ok().map(|real| name(&real)));
        let states = self.states(openclaw).into_iter().map(|state| state.join("tmp"));
        let temporary = self.variables.get("TMPDIR").map(PathBuf::from).into_iter();
        let places: Vec<PathBuf> = states.chain(temporary).chain([PathBuf::from("/tmp")]).collect();
        let mut files = Vec::new();
        for place in places {
            for user in self.users() {
                for name in &names {
                    let file = place.join(format!("openclaw-{user}")).join(name);
                    if !files.contains(&file) {
                        files.push(file);
                    }
                }
            }
        }
        files
    }

    /// Where it may keep its state.
    fn states(&self, openclaw: &Openclaw) -> Vec<PathBuf> {
        let states = openclaw.state_variables.iter().filter_map(|name| self.variables.get(name));
        let beside = self.config.parent().map(Path::to_owned);
        let home = home(&self.variables).map(|home| home.join(".openclaw"));
        let states = beside.into_iter().chain(states.map(PathBuf::from)).chain(home);
        states.map(|state| state.canonicalize().unwrap_or(state)).collect()
    }

    /// How many devices wait to be paired, as 2026.3 keeps them in a file; nothing where there is none.
    pub(super) fn pending_in_file(&self, openclaw: &Openclaw, now: SystemTime) -> Option<usize> {
        let files = self.states(openclaw).into_iter();
        let mut files = files.map(|state| state.join("devices").join("pending.json"));
        let text = files.find_map(|file| text_of(&file).ok().flatten())?;
        let requests: serde_json::Map<String, Json> = serde_json::from_slice(&text).ok()?;
        let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis();
        let since = |request: &Json| request.get("ts").and_then(Json::as_u64).map(u128::from);
        let is_open = |request: &&Json| {
            since(request)
                .is_some_and(|since| now.saturating_sub(since) <= REQUEST_LASTS.as_millis())
        };
        Some(requests.values().filter(is_open).count())
    }

    /// Whose gateway it may be: that of whoever has the configuration, or ours.
    #[cfg(unix)]
    fn users(&self) -> Vec<u32> {
        use std::os::unix::fs::MetadataExt as _;
        let owner = self.config.parent().and_then(|parent| parent.metadata().ok());
        let mut users = vec![rustix::process::getuid().as_raw()];
        users.extend(owner.map(|owner| owner.uid()).filter(|owner| *owner != users[0]));
        users
    }

    #[cfg(not(unix))]
    fn users(&self) -> Vec<u32> {
        Vec::new()
    }
}

/// What stands in a file of the gateway; nothing where there is none.
fn text_of(path: &Path) -> io::Result<Option<Vec<u8>>> {
    // Before it is opened: a pipe would keep us.
    match path.metadata() {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err(io::Error::other("it is no regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut text = Vec::new();
    File::open(path)?.take(LIMIT).read_to_end(&mut text)?;
    Ok(Some(text))
}

fn home(variables: &super::Variables) -> Option<PathBuf> {
    variables.get("OPENCLAW_HOME").or_else(|| variables.get("HOME")).map(PathBuf::from)
}

/// The name of the lock file of a gateway with the configuration `config`.
fn name(config: &Path) -> String {
    let digest = sha256(config.as_os_str().as_encoded_bytes());
    format!("gateway.{}.lock", &digest[..8])
}

/// SHA-256, in hex.
pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes every text");
        hex
    })
}

impl Lock {
    /// Reads the first JSON value of a lock file; 2026.9 writes white space behind it.
    fn parse(text: &[u8]) -> Option<Self> {
        let mut values = serde_json::Deserializer::from_slice(text).into_iter::<Json>();
        let value = values.next()?.ok()?;
        let time = value.get("createdAt").and_then(Json::as_str);
        Some(Self {
            pid: u32::try_from(value.get("pid")?.as_u64()?).ok().filter(|pid| *pid > 0)?,
            started: value.get("startTime").and_then(Json::as_u64),
            port: value
                .get("port")
                .and_then(Json::as_u64)
                .and_then(|port| u16::try_from(port).ok())
                .filter(|port| *port > 0),
            since: time.and_then(|text| humantime::parse_rfc3339(text).ok()),
            config: value.get("configPath").and_then(Json::as_str).map(PathBuf::from),
        })
    }
}

/// Since when the process runs.
#[cfg(target_os = "linux")]
fn started(pid: u32) -> Option<u64> {
    let stat = crate::fs::Stat::of(pid)?;
    (!stat.has_ended).then_some(stat.started)
}

/// Nobody tells here.
#[cfg(not(target_os = "linux"))]
fn started(_: u32) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_is_named_after_the_path_of_the_configuration() {
        // As 2026.3.8 named it for this path.
        let config = Path::new("/tmp/gwexp/2026.3.8/home/.openclaw/openclaw.json");
        assert_eq!(name(config), "gateway.8030660b.lock");
    }

    #[test]
    fn both_releases_lock_files_are_read() {
        let old = br#"{"pid":8497,"createdAt":"2026-11-25T14:38:56.673Z","configPath":"/c","startTime":4390994}"#;
        let lock = Lock::parse(old).unwrap();
        assert_eq!((lock.pid, lock.started, lock.port), (8497, Some(4_390_994), None));
        assert_eq!(lock.config.as_deref(), Some(Path::new("/c")));
        assert!(lock.since.is_some());
        let new = b"{\n  \"pid\": 8490,\n  \"port\": 28789,\n  \"startTime\": 4390993\n}\n\t \t\n";
        let lock = Lock::parse(new).unwrap();
        assert_eq!((lock.pid, lock.started, lock.port), (8490, Some(4_390_993), Some(28789)));
        for text in ["", "{}", "[]", "{\"pid\": 0}", "{\"pid\": -1}", "{\"pid\": 99999999999}", "{"]
        {
            assert!(Lock::parse(text.as_bytes()).is_none(), "{text}");
        }
    }
}
