//! A connection that ends at a deadline, however slowly the other side talks.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::clock;

/// A connection with a deadline.
#[derive(Debug)]
pub(super) struct Timed {
    stream: TcpStream,
    deadline: Instant,
}

impl Timed {
    /// Connects within `limit`, which holds for what follows too.
    pub(super) fn connect(address: SocketAddr, limit: Duration) -> io::Result<Self> {
        let deadline = clock::monotonic() + limit;
        let stream = TcpStream::connect_timeout(&address, limit)?;
        // Questions are small, and each waits for its answer.
        stream.set_nodelay(true)?;
        Ok(Self { stream, deadline })
    }

    /// Gives what follows another `limit`.
    pub(super) fn allow(&mut self, limit: Duration) {
        self.deadline = clock::monotonic() + limit;
    }

    /// Our end, and theirs.
    pub(super) fn ends(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        Ok((self.stream.local_addr()?, self.stream.peer_addr()?))
    }

    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.deadline.saturating_duration_since(clock::monotonic());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(buffer).map_err(timed_out)
    }
}

impl Write for Timed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(buffer).map_err(timed_out)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// What Unix calls a timeout of a socket.
fn timed_out(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        _ => error,
    }
}
