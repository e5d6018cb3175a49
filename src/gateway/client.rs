//! A login at the gateway that runs, and questions over it.
//!
//! One question at a time. What the gateway tells unasked is read over.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};
use tungstenite::client::client_with_config;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Message, WebSocket};

use super::answer::{ConfigState, Hello, Pairings, PathReload};
use super::error::AskError;
use super::find::Running;
use super::peer;
use super::probe::broken;
use super::secret::Credential;
use super::timed::Timed;
use crate::fs::printable;

/// The protocols that are spoken: of 2026.3 and of 2026.9.
const PROTOCOLS: (u8, u8) = (3, 4);
/// The largest answer; a configuration comes several times in one.
const MOST: usize = 64 << 20;
/// What a gateway says that is about to restart.
const UNAVAILABLE: &str = "UNAVAILABLE";
/// Most letters of a code that is shown.
const LONGEST_CODE: usize = 64;

/// A login that holds.
pub(super) struct Client {
    socket: WebSocket<Timed>,
    last: u64,
    limit: Duration,
    hello: Hello,
}

#[derive(Deserialize)]
struct Frame<P> {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    event: Option<String>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    ok: bool,
    #[serde(default = "none")]
    payload: Option<P>,
    #[serde(default)]
    error: Option<Fault>,
}

fn none<P>() -> Option<P> {
    None
}

#[derive(Default, Deserialize)]
struct Fault {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    #[serde(default)]
    code: Option<String>,
}

impl Fault {
    /// The most exact code of it, as far as it is one.
    fn code(self) -> String {
        let code = self.details.and_then(|details| details.code).or(self.code);
        let code = code.unwrap_or_else(|| "it does not say why".to_owned());
        printable(&code).chars().take(LONGEST_CODE).collect()
    }
}

impl Client {
    /// Logs in. The secret is sent when the other end of this connection is proved to be the gateway's.
    pub(super) fn connect(
        running: &Running,
        credential: &Credential,
        limit: Duration,
    ) -> Result<Self, AskError> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, running.port));
        let stream = Timed::connect(address, limit).map_err(|error| broken(&error, limit))?;
        let ends = stream.ends().map_err(|error| broken(&error, limit))?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(MOST))
            .max_frame_size(Some(MOST))
            .read_buffer_size(16 << 10);
        let url = format!("ws://127.0.0.1:{}/", running.port);
        let (socket, _) =
            client_with_config(url, stream, Some(config)).map_err(|error| match error {
                tungstenite::HandshakeError::Failure(error) => failed(error, limit),
                tungstenite::HandshakeError::Interrupted(_) => AskError::Silent { after: limit },
            })?;
        let mut client = Self { socket, last: 0, limit, hello: Hello::default() };
        client.until_challenged()?;
        // It has answered, so somebody has taken the connection: who?
        let (ours, theirs) = ends;
        peer::holds(running.pid, theirs, ours)?;
        client.hello = client.ask("connect", &login(credential)).map_err(|error| match error {
            // While it restarts it says that it is not there.
            AskError::Method { code, .. } if code != UNAVAILABLE => AskError::Refused { code },
            error => error,
        })?;
        Ok(client)
    }

    /// The gateway's version, as it says.
    pub(super) fn version(&self) -> Option<&str> {
        self.hello.server.version.as_deref()
    }

    /// Gives each further question another limit.
    pub(super) fn allow(&mut self, limit: Duration) {
        self.limit = limit;
    }

    /// What it says of its configuration.
    pub(super) fn config(&mut self) -> Result<ConfigState, AskError> {
        self.ask("config.get", &json!({}))
    }

    /// How it takes a change of `path`.
    pub(super) fn reload_of(&mut self, path: &str) -> Result<PathReload, AskError> {
        self.ask("config.schema.lookup", &json!({ "path": path }))
    }

    /// How many pairings wait for a person.
    pub(super) fn pending_pairings(&mut self) -> Result<usize, AskError> {
        let pairings: Pairings = self.ask("device.pair.list", &json!({}))?;
        Ok(pairings.pending.len())
    }

    fn ask<P: DeserializeOwned>(
        &mut self,
        method: &'static str,
        params: &Json,
    ) -> Result<P, AskError> {
        self.last += 1;
        let id = self.last.to_string();
        let frame = json!({ "type": "req", "id": id, "method": method, "params": params });
        self.socket.get_mut().allow(self.limit);
        let limit = self.limit;
        self.socket.send(Message::text(frame.to_string())).map_err(|error| failed(error, limit))?;
        loop {
            let text = self.next()?;
            // Many say something else, and theirs is not looked at.
            let head: Frame<serde::de::IgnoredAny> = parse(&text, method)?;
            if head.kind != "res" || head.id.as_deref() != Some(&id) {
                continue;
            }
            if !head.ok {
                let code = head.error.unwrap_or_default().code();
                return Err(AskError::Method { method, code });
            }
            let frame: Frame<P> = parse(&text, method)?;
            return frame.payload.ok_or_else(|| AskError::Odd { what: method.to_owned() });
        }
    }

    fn until_challenged(&mut self) -> Result<(), AskError> {
        loop {
            let text = self.next()?;
            let frame: Frame<serde::de::IgnoredAny> = parse(&text, "connect")?;
            if frame.event.as_deref() == Some("connect.challenge") {
                return Ok(());
            }
        }
    }

    /// The next text that it sends.
    fn next(&mut self) -> Result<String, AskError> {
        loop {
            let limit = self.limit;
            match self.socket.read().map_err(|error| failed(error, limit))? {
                Message::Text(text) => return Ok(text.as_str().to_owned()),
                Message::Close(_) => {
                    return Err(AskError::Broken {
                        why: "it has closed the connection".to_owned(),
                    });
                }
                _ => {}
            }
        }
    }
}

fn parse<P: DeserializeOwned>(text: &str, method: &str) -> Result<Frame<P>, AskError> {
    // The error would quote what it is about.
    serde_json::from_str(text).map_err(|_| AskError::Odd { what: method.to_owned() })
}

/// The least that both releases let a program on the same machine in with.
fn login(credential: &Credential) -> Json {
    let auth = match credential {
        Credential::Open => json!({}),
        Credential::Token(token) => json!({ "token": token }),
        Credential::Password(password) => json!({ "password": password }),
    };
    json!({
        "minProtocol": PROTOCOLS.0,
        "maxProtocol": PROTOCOLS.1,
        "client": {
            "id": "gateway-client",
            "version": env!("CARGO_PKG_VERSION"),
            "platform": std::env::consts::OS,
            "mode": "backend",
        },
        "role": "operator",
        "scopes": ["operator.read", "operator.pairing"],
        "caps": [],
        "auth": auth,
    })
}

fn failed(error: tungstenite::Error, limit: Duration) -> AskError {
    match error {
        tungstenite::Error::Io(error) => broken(&error, limit),
        tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => {
            AskError::Broken { why: "it has closed the connection".to_owned() }
        }
        tungstenite::Error::Capacity(_) => AskError::Odd { what: "it is too long".to_owned() },
        // Others quote headers and texts.
        _ => AskError::Odd { what: "it is no WebSocket".to_owned() },
    }
}
