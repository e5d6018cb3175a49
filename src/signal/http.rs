//! A gateway that is told by a request to a loopback address.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use ureq::Agent;
use ureq::http::{HeaderName, HeaderValue};

use super::{Sender, Sent, SignalError};
use crate::fs::{read_input, read_private};
use crate::profile::{HttpBody, HttpMethod, HttpSignal, SecretHeader};

/// See [`crate::profile::Signal::Http`].
pub(super) struct Http<'a>(pub(super) &'a HttpSignal);

impl Sender for Http<'_> {
    fn send(&self, config: &Path, _: &AtomicBool) -> Result<Sent, SignalError> {
        let Self(signal) = self;
        let place = place_of(&signal.url);
        let header = signal.header.as_ref().map(value_of).transpose()?;
        let body = match signal.body {
            HttpBody::Empty => None,
            HttpBody::Config => Some(read_input(config)?),
        };
        let no_answer =
            |error: &ureq::Error| SignalError::NoAnswer { place: place.clone(), why: why(error) };
        let mut request = ureq::http::Request::builder()
            .method(match signal.method {
                HttpMethod::Get => "GET",
                HttpMethod::Post => "POST",
                HttpMethod::Put => "PUT",
            })
            .uri(&signal.url);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        if body.is_some() {
            let is_toml = config.extension().is_some_and(|extension| extension == "toml");
            let kind = if is_toml { "application/toml" } else { "application/json" };
            request = request.header("content-type", kind);
        }
        let agent = agent(signal);
        // An empty body is one all the same: some servers insist on its length.
        let answer = if signal.method == HttpMethod::Get {
            request.body(()).map_err(Into::into).and_then(|it| agent.run(it))
        } else {
            let body = body.unwrap_or_default();
            request.body(body).map_err(Into::into).and_then(|it| agent.run(it))
        };
        let answer = answer.map_err(|error| no_answer(&error))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(Sent::Told(format!("a request to {place}")));
        }
        Err(SignalError::Status { place, status: status.as_u16() })
    }
}

/// No proxy, no redirect: both would carry a secret elsewhere.
fn agent(signal: &HttpSignal) -> Agent {
    Agent::config_builder()
        .timeout_global(Some(signal.timeout))
        .proxy(None)
        .max_redirects(0)
        .http_status_as_error(false)
        .max_redirects_will_error(false)
        .build()
        .new_agent()
}

/// Scheme, address and port: what comes after may be a secret.
fn place_of(url: &str) -> String {
    let rest = url.strip_prefix("http://").unwrap_or_default();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    format!("http://{authority}")
}

/// The header, with its value from the file that only its owner may read.
fn value_of(header: &SecretHeader) -> Result<(HeaderName, HeaderValue), SignalError> {
    let SecretHeader { name, file } = header;
    let bytes = read_private(file)?.ok_or_else(|| SignalError::NoHeader { file: file.clone() })?;
    let bad = || SignalError::BadHeader { file: file.clone() };
    let value = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let value = value.strip_suffix(b"\r").unwrap_or(value);
    if value.is_empty() {
        return Err(bad());
    }
    let mut value = HeaderValue::from_bytes(value).map_err(|_| bad())?;
    // Its `Debug` then shows nothing.
    value.set_sensitive(true);
    Ok((HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?, value))
}

/// Why there was no answer, without what was asked.
fn why(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "it did not answer in time".to_owned(),
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => {
            "it did not answer in time".to_owned()
        }
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::ConnectionFailed => "nobody listens there".to_owned(),
        _ => "it does not speak HTTP as expected".to_owned(),
    }
}
