//! A gateway that behaves as a test wants: it keeps a lock file, says whether it is ready, and what it
//! has read and taken of its configuration.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Sandbox, TOKEN};

/// So long after a write it reads the file.
const READS_AFTER: Duration = Duration::from_millis(300);

/// Which release it is like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Release {
    /// 2026.3: a lock file without a port, the hash of the text alone.
    March,
    /// 2026.9: says what is in effect.
    September,
}

/// How it behaves. Each may be changed while it runs.
#[derive(Clone)]
pub(crate) struct Manners {
    /// It takes connections and answers none.
    pub(crate) hangs: bool,
    /// Every how manieth question about its readiness is answered with a fault; 0 for none.
    pub(crate) fails_every: u32,
    /// The code that it answers with when asked whether it is ready.
    pub(crate) ready_code: u16,
    /// It reads the file, and goes on with what it had.
    pub(crate) keeps_old: bool,
    /// It has something against each text with this in it.
    pub(crate) refuses: Option<String>,
    /// After a write it starts anew.
    pub(crate) restarts: bool,
    /// It dies when it has read such a text.
    pub(crate) dies_of: Option<String>,
    /// The token that lets a client in.
    pub(crate) token: String,
    /// How it takes a change of each path, by the longest prefix.
    pub(crate) kinds: Vec<(&'static str, &'static str)>,
    /// How many devices wait to be paired.
    pub(crate) pending: usize,
    /// What it is.
    pub(crate) version: String,
}

struct State {
    manners: Manners,
    release: Release,
    config: PathBuf,
    lock: PathBuf,
    started: Instant,
    read: String,
    applied: String,
    valid: bool,
    asked: u32,
    is_gone: bool,
    /// What clients have shown.
    shown: Vec<String>,
}

/// A gateway that runs in this process. It goes with its sandbox.
pub(crate) struct FakeGateway {
    state: Arc<Mutex<State>>,
    port: u16,
}

impl FakeGateway {
    /// Starts one over the configuration of `sandbox`.
    pub(crate) fn start(sandbox: &Sandbox, release: Release) -> Self {
        Self::owned(sandbox, release, std::process::id())
    }

    /// Starts one whose lock file says that it is `pid`.
    pub(crate) fn owned(sandbox: &Sandbox, release: Release, pid: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let config = sandbox.config_path().to_owned();
        let lock = lock_file(sandbox, release);
        let text = fs::read_to_string(&config).unwrap();
        let (year, month) = match release {
            Release::March => ("2026", "3.8"),
            Release::September => ("2026", "9.6"),
        };
        let state = State {
            manners: Manners {
                hangs: false,
                fails_every: 0,
                ready_code: 200,
                keeps_old: false,
                refuses: None,
                restarts: false,
                dies_of: None,
                token: TOKEN.to_owned(),
                kinds: Vec::new(),
                pending: 0,
                version: format!("{year}.{month}"),
            },
            release,
            config: config.clone(),
            lock: lock.clone(),
            started: Instant::now().checked_sub(Duration::from_mins(1)).unwrap(),
            read: sha256(&text),
            applied: sha256(&text),
            valid: true,
            asked: 0,
            is_gone: false,
            shown: Vec::new(),
        };
        let gateway = Self { state: Arc::new(Mutex::new(state)), port };
        gateway.write_lock(pid, start_of(pid));
        let state = Arc::clone(&gateway.state);
        thread::spawn(move || watch(&state));
        let state = Arc::clone(&gateway.state);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if state.lock().unwrap().is_gone {
                    return;
                }
                let state = Arc::clone(&state);
                thread::spawn(move || serve(stream, &state));
            }
        });
        gateway
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Changes how it behaves.
    pub(crate) fn set(&self, change: impl FnOnce(&mut Manners)) {
        change(&mut self.state.lock().unwrap().manners);
    }

    /// Starts anew, in the same process.
    pub(crate) fn restart(&self) {
        self.state.lock().unwrap().started = Instant::now();
    }

    /// Says in the lock file that it is `pid`, started at `started`.
    pub(crate) fn write_lock(&self, pid: u32, started: Option<u64>) {
        let state = self.state.lock().unwrap();
        let mut lock = json!({
            "pid": pid,
            "createdAt": "2026-11-25T14:39:00.746Z",
            "configPath": state.config,
            "startTime": started,
        });
        if state.release == Release::September {
            lock["port"] = self.port.into();
        }
        fs::create_dir_all(state.lock.parent().unwrap()).unwrap();
        fs::write(&state.lock, format!("{lock:#}\n \t\t \n")).unwrap();
    }

    /// What clients have shown it, as it came.
    pub(crate) fn shown(&self) -> Vec<String> {
        self.state.lock().unwrap().shown.clone()
    }
}

/// Since when `pid` runs, in the kernel's own measure.
pub(crate) fn start_of(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(')').next()?.split_ascii_whitespace().nth(19)?.parse().ok()
}

/// Where the gateway of `sandbox` keeps its lock file.
pub(crate) fn lock_file(sandbox: &Sandbox, release: Release) -> PathBuf {
    let config = sandbox.config_path();
    let name = format!("gateway.{}.lock", &sha256(config.to_str().unwrap())[..8]);
    let user = rustix::process::getuid().as_raw();
    let place = match release {
        Release::September => config.parent().unwrap().join("tmp"),
        Release::March => sandbox.root().to_owned(),
    };
    place.join(format!("openclaw-{user}")).join(name)
}

fn sha256(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// Reads the configuration a while after each write.
fn watch(state: &Mutex<State>) {
    let mut seen: Option<(String, Instant)> = None;
    loop {
        thread::sleep(Duration::from_millis(5));
        let mut state = state.lock().unwrap();
        if state.is_gone {
            return;
        }
        let Ok(text) = fs::read_to_string(&state.config) else { continue };
        let hash = sha256(&text);
        if hash == state.read {
            seen = None;
            continue;
        }
        let since = match &seen {
            Some((before, at)) if *before == hash => at.elapsed(),
            _ => {
                seen = Some((hash, Instant::now()));
                continue;
            }
        };
        if since < READS_AFTER {
            continue;
        }
        let holds = |words: &Option<String>| words.as_ref().is_some_and(|it| text.contains(it));
        state.read.clone_from(&hash);
        state.valid = !holds(&state.manners.refuses);
        if holds(&state.manners.dies_of) {
            state.is_gone = true;
            fs::remove_file(&state.lock).ok();
            return;
        }
        if state.valid && !state.manners.keeps_old {
            state.applied = hash;
            if state.manners.restarts {
                state.started = Instant::now();
            }
        }
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    let mut start = [0; 2048];
    let Ok(length) = stream.peek(&mut start) else { return };
    let head = String::from_utf8_lossy(&start[..length]).into_owned();
    if state.lock().unwrap().manners.hangs {
        thread::sleep(Duration::from_secs(30));
        return;
    }
    if head.to_ascii_lowercase().contains("upgrade: websocket") {
        if let Ok(socket) = tungstenite::accept(stream) {
            talk(socket, state).unwrap_or_default();
        }
        return;
    }
    stream.read_exact(&mut start[..length]).ok();
    let (code, body) = answer(head.split(' ').nth(1).unwrap_or_default(), state);
    let text = body.to_string();
    let length = text.len();
    write!(
        stream,
        "HTTP/1.1 {code} x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{text}"
    )
    .ok();
}

fn answer(path: &str, state: &Mutex<State>) -> (u16, Value) {
    let mut state = state.lock().unwrap();
    let uptime = u64::try_from(state.started.elapsed().as_millis()).unwrap();
    match path {
        "/readyz" => {
            state.asked += 1;
            let every = state.manners.fails_every;
            let code = if every > 0 && state.asked.is_multiple_of(every) {
                500
            } else {
                state.manners.ready_code
            };
            (code, json!({ "ready": code == 200, "failing": [], "uptimeMs": uptime }))
        }
        "/startupz" if state.release == Release::September => {
            let version = &state.manners.version;
            (200, json!({ "ok": true, "status": "started", "version": version }))
        }
        _ => (404, json!({})),
    }
}

fn talk(
    mut socket: tungstenite::WebSocket<TcpStream>,
    state: &Mutex<State>,
) -> tungstenite::Result<()> {
    let tell = |socket: &mut tungstenite::WebSocket<TcpStream>, frame: Value| {
        socket.send(tungstenite::Message::text(frame.to_string()))
    };
    let nonce = json!({ "nonce": "n" });
    let challenge = json!({ "type": "event", "event": "connect.challenge", "payload": nonce });
    tell(&mut socket, challenge)?;
    loop {
        let text = socket.read()?.into_text()?.to_string();
        let frame: Value = serde_json::from_str(&text).unwrap();
        let mut state = state.lock().unwrap();
        state.shown.push(text);
        let (id, params) = (&frame["id"], &frame["params"]);
        let result = match frame["method"].as_str().unwrap() {
            "connect" if params["auth"]["token"] != state.manners.token.as_str() => {
                Err("AUTH_TOKEN_MISMATCH")
            }
            "connect" => Ok(json!({
                "protocol": 4,
                "server": { "version": state.manners.version, "connId": "c" },
            })),
            "config.get" => Ok(config(&state)),
            "device.pair.list" => {
                Ok(json!({ "pending": vec![json!({}); state.manners.pending], "paired": [] }))
            }
            "config.schema.lookup" => lookup(&state.manners, params["path"].as_str().unwrap()),
            _ => Err("METHOD_NOT_FOUND"),
        };
        let frame = match result {
            // Something that nobody has asked for comes in between.
            Ok(payload) => {
                let event = json!({ "type": "event", "event": "health", "payload": {} });
                tell(&mut socket, event)?;
                json!({ "type": "res", "id": id, "ok": true, "payload": payload })
            }
            Err(code) => json!({
                "type": "res",
                "id": id,
                "ok": false,
                "error": {
                    "code": "INVALID_REQUEST",
                    "message": "canary-message-0123456789",
                    "details": { "code": code },
                },
            }),
        };
        drop(state);
        tell(&mut socket, frame)?;
    }
}

fn lookup(manners: &Manners, path: &str) -> Result<Value, &'static str> {
    let kinds = manners.kinds.iter().filter(|(prefix, _)| path.starts_with(prefix));
    let kind = kinds.max_by_key(|(prefix, _)| prefix.len()).ok_or("PATH_NOT_FOUND")?;
    Ok(json!({ "path": path, "schema": {}, "reloadKind": kind.1 }))
}

fn config(state: &State) -> Value {
    let issue = json!({ "path": "cron.enabled", "message": "canary-message-0123456789" });
    let mut config = json!({
        "path": state.config,
        "hash": state.read,
        "valid": state.valid,
        "issues": if state.valid { vec![] } else { vec![issue] },
        "config": { "gateway": { "auth": { "token": "__OPENCLAW_REDACTED__" } } },
    });
    if state.release == Release::September {
        config["hash"] = format!("hmac-sha256:v1:{}", state.read).into();
        config["configRevisionHash"] =
            if state.valid { format!("v:{}", state.read).into() } else { Value::Null };
        config["appliedConfigHash"] = format!("v:{}", state.applied).into();
    }
    config
}

impl Drop for FakeGateway {
    fn drop(&mut self) {
        let mut state = self.state.lock().unwrap();
        state.is_gone = true;
        fs::remove_file(&state.lock).ok();
        // Lets go of who waits for a connection.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}
