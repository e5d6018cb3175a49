//! The watcher's socket: answers the user it runs as, and root; nobody else.
//!
//! One request a connection, one thread a connection, so that none waits for another. All of them
//! sleep in the kernel while nothing happens.

use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::request::{Answer, Asked, Refusal, Request};
use super::{EventError, Hub, Since, read};
use crate::clock;
use crate::fs::{FsError, PrivateSocket, real_path};
use crate::history::History;

/// The name of the socket in the state directory.
pub(super) const SOCKET: &str = "watch.sock";
/// Most connections at a time.
pub(super) const MOST_CLIENTS: usize = 64;
/// Most bytes of a request: a long path, in hex.
pub(super) const LONGEST_REQUEST: usize = 16 << 10;
/// How long a client may take to say what it wants, and to take an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest wait for an answer of the watcher.
const LONGEST_WAIT: Duration = Duration::from_mins(10);
/// What `state` is waited for.
const STATE_WAIT: Duration = Duration::from_secs(5);

/// Answers at the socket until it is dropped.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    /// Closed, it ends the thread that waits for connections.
    bell: UnixStream,
    path: PathBuf,
    thread: Option<JoinHandle<()>>,
}

/// What the threads have in common.
struct Shared {
    state_dir: PathBuf,
    hub: Hub,
    ask: Box<dyn Fn(Request) + Send + Sync>,
    clients: AtomicUsize,
    ends: AtomicBool,
    /// A closing end for each connection.
    open: Mutex<Vec<(usize, UnixStream)>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("state_dir", &self.state_dir).finish_non_exhaustive()
    }
}

impl Server {
    /// Answers at `watch.sock` in `state_dir`: events from `hub`; everything else is handed to `ask`,
    /// which must not block (a send into the channel that the watcher waits on).
    ///
    /// # Errors
    ///
    /// [`EventError::Live`] where another watcher answers there, [`EventError::Fs`] where the socket
    /// cannot be made.
    pub fn start(
        state_dir: &Path,
        hub: Hub,
        ask: impl Fn(Request) + Send + Sync + 'static,
    ) -> Result<Self, EventError> {
        let socket = match PrivateSocket::bind(state_dir, SOCKET) {
            Ok(socket) => socket,
            Err(FsError::Busy { .. }) => {
                return Err(EventError::Live { path: state_dir.join(SOCKET) });
            }
            Err(error) => return Err(error.into()),
        };
        let path = socket.path().to_owned();
        let (bell, rung) = UnixStream::pair().map_err(EventError::Thread)?;
        socket.listener().set_nonblocking(true).map_err(EventError::Thread)?;
        let shared = Arc::new(Shared {
            state_dir: state_dir.to_owned(),
            hub,
            ask: Box::new(ask),
            clients: AtomicUsize::new(0),
            ends: AtomicBool::new(false),
            open: Mutex::default(),
        });
        let thread = thread::Builder::new()
            .name("socket".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || accept(&socket, &rung, &shared)
            })
            .map_err(EventError::Thread)?;
        Ok(Self { shared, bell, path, thread: Some(thread) })
    }

    /// Where it answers.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Ends every connection, and removes the socket.
impl Drop for Server {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::SeqCst);
        self.bell.shutdown(std::net::Shutdown::Both).ok();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
        for (_, stream) in self.shared.open().drain(..) {
            stream.shutdown(std::net::Shutdown::Both).ok();
        }
    }
}

impl Shared {
    fn open(&self) -> std::sync::MutexGuard<'_, Vec<(usize, UnixStream)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn accept(socket: &PrivateSocket, rung: &UnixStream, shared: &Arc<Shared>) {
    let mut number = 0;
    while !shared.ends.load(Ordering::SeqCst) {
        let mut awaited =
            [PollFd::new(socket.listener(), PollFlags::IN), PollFd::new(rung, PollFlags::IN)];
        match poll(&mut awaited, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return,
        }
        match socket.listener().accept() {
            Ok((stream, _)) => {
                number += 1;
                admit(stream, number, shared);
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock
                        | io::ErrorKind::Interrupted
                        | io::ErrorKind::ConnectionAborted
                ) => {}
            // Out of descriptors: the connection waits, and would wake us at once again.
            Err(_) => thread::sleep(Duration::from_millis(100)),
        }
    }
}

fn admit(mut stream: UnixStream, number: usize, shared: &Arc<Shared>) {
    let set_up = stream
        .set_nonblocking(false)
        .and_then(|()| stream.set_read_timeout(Some(PATIENCE)))
        .and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
    if set_up.is_err() || !is_trusted(&stream) {
        return;
    }
    if shared.clients.fetch_add(1, Ordering::SeqCst) >= MOST_CLIENTS {
        shared.clients.fetch_sub(1, Ordering::SeqCst);
        // It fits into the buffer of a new connection: nobody is waited for.
        refuse(&mut stream, "too many programs ask at once");
        return;
    }
    if let Ok(closing) = stream.try_clone() {
        shared.open().push((number, closing));
    }
    let spawned = thread::Builder::new().name("client".to_owned()).spawn({
        let shared = Arc::clone(shared);
        move || {
            serve(&mut stream, &shared);
            shared.open().retain(|(other, _)| *other != number);
            shared.clients.fetch_sub(1, Ordering::SeqCst);
        }
    });
    if spawned.is_err() {
        shared.open().retain(|(other, _)| *other != number);
        shared.clients.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Whether the other end is our user's, or root's.
#[cfg(target_os = "linux")]
fn is_trusted(stream: &UnixStream) -> bool {
    rustix::net::sockopt::socket_peercred(stream)
        .is_ok_and(|peer| peer.uid.is_root() || peer.uid == rustix::process::geteuid())
}

/// The modes of the socket and of its directory let nobody else in.
#[cfg(not(target_os = "linux"))]
fn is_trusted(_: &UnixStream) -> bool {
    true
}

/// Answers one connection. That the client is gone is no error: nobody is left to be told.
fn serve(stream: &mut UnixStream, shared: &Shared) {
    let asked = match request(stream) {
        Ok(asked) => asked,
        Err(Some(why)) => return refuse(stream, why),
        Err(None) => return,
    };
    match asked {
        Asked::Events { file, since } => {
            let file = file.map(|file| real_path(&file.0).unwrap_or(file.0));
            stream_events(stream, shared, file, since).ok();
        }
        Asked::State {} => answer(stream, shared, STATE_WAIT, Request::State),
        Asked::Fresh { file, limit_ms } => {
            let limit = Duration::from_millis(limit_ms).min(LONGEST_WAIT);
            // A little longer: the watcher says what it knows at the limit.
            answer(stream, shared, limit + Duration::from_secs(1), |answer| Request::Fresh {
                file: file.0,
                limit,
                answer,
            });
        }
    }
}

/// Reads one line. What is said of a bad one never quotes it.
fn request(stream: &mut UnixStream) -> Result<Asked, Option<&'static str>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 1024];
    // Against a client that sends a byte at a time for ever.
    let started = clock::monotonic();
    let line = loop {
        if let Some(end) = memchr::memchr(b'\n', &bytes) {
            break &bytes[..end];
        }
        if bytes.len() > LONGEST_REQUEST {
            return Err(Some("the request is too long"));
        }
        if started.elapsed() > PATIENCE {
            return Err(Some("the request did not come in time"));
        }
        match stream.read(&mut buffer) {
            Ok(0) if bytes.is_empty() => return Err(None),
            Ok(0) => return Err(Some("the request has no end of line")),
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(Some("the request did not come in time"));
            }
            Err(_) => return Err(None),
        }
    };
    serde_json::from_slice(line).map_err(|_| {
        Some("no request is understood but `events`, `state` and `fresh`, each a JSON object in one line")
    })
}

fn refuse(stream: &mut UnixStream, why: impl Into<String>) {
    send(stream, &Refusal { error: why.into() });
    // What was not read makes the end of the connection a reset, which may take the answer with it.
    stream.shutdown(std::net::Shutdown::Write).ok();
    let mut rest = [0; 4096];
    let mut most = 64;
    while most > 0 && stream.read(&mut rest).is_ok_and(|read| read > 0) {
        most -= 1;
    }
}

fn send(stream: &mut UnixStream, answer: &impl serde::Serialize) {
    let mut line = serde_json::to_vec(answer).expect("keys are strings");
    line.push(b'\n');
    // Who is gone needs no answer.
    stream.write_all(&line).ok();
}

fn answer<T: serde::Serialize>(
    stream: &mut UnixStream,
    shared: &Shared,
    limit: Duration,
    request: impl FnOnce(Answer<T>) -> Request,
) {
    let (answer, answered) = Answer::channel();
    (shared.ask)(request(answer));
    match answered.recv_timeout(limit) {
        Ok(Ok(answer)) => send(stream, &answer),
        Ok(Err(why)) => refuse(stream, why),
        Err(RecvTimeoutError::Timeout) => refuse(stream, "the watcher did not answer in time"),
        Err(RecvTimeoutError::Disconnected) => refuse(stream, "the watcher is about to end"),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what the request said")]
fn stream_events(
    stream: &mut UnixStream,
    shared: &Shared,
    file: Option<PathBuf>,
    since: Option<u64>,
) -> io::Result<()> {
    let (ring, bell) = UnixStream::pair()?;
    ring.set_nonblocking(true)?;
    bell.set_nonblocking(true)?;
    // First, so that nothing falls between what the log has and what comes.
    let queue = shared.hub.listen(file.clone(), move || {
        // Full: it rings already.
        (&ring).write_all(&[0]).ok();
    });
    let mut last = since.unwrap_or(0);
    if let (Some(file), Some(since)) = (&file, since) {
        let folder = History::of(&shared.state_dir, file);
        match read(folder.folder(), Since::Seq(since), clock::now()) {
            Ok(events) => {
                for seen in events {
                    stream.write_all(seen.line.as_bytes())?;
                    stream.write_all(b"\n")?;
                    last = seen.seq;
                }
            }
            Err(error) => {
                refuse(stream, error.to_string());
                return Ok(());
            }
        }
    }
    let replayed = file.is_some();
    while !shared.ends.load(Ordering::SeqCst) {
        let waiting = queue.take();
        for (seq, line) in waiting.lines {
            if !replayed || seq > last {
                stream.write_all(line.as_bytes())?;
            }
        }
        if waiting.overrun {
            refuse(stream, "too slow: events were lost; ask again with the last number seen");
            return Ok(());
        }
        let mut awaited = [
            PollFd::from_borrowed_fd(bell.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(stream.as_fd(), PollFlags::IN),
        ];
        match poll(&mut awaited, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let (rings, client) = (awaited[0].revents(), awaited[1].revents());
        if !rings.is_empty() {
            let mut buffer = [0; 512];
            while (&bell).read(&mut buffer).is_ok_and(|read| read > 0) {}
        }
        if !client.is_empty() {
            // One request a connection: what else it says is not heard, that it is gone is.
            let mut buffer = [0; 512];
            match stream.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}
