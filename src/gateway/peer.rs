//! Whose end of a connection it is, as the kernel tells.

use std::net::SocketAddr;

use super::error::AskError;

/// Whether `pid` listens on `port`.
pub(super) fn listens(pid: u32, port: u16) -> Result<(), AskError> {
    platform::listens(pid, port)
}

/// Whether `pid` holds the end `theirs` of a connection with `ours`.
pub(super) fn holds(pid: u32, theirs: SocketAddr, ours: SocketAddr) -> Result<(), AskError> {
    platform::holds(pid, theirs, ours)
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use super::{AskError, SocketAddr};

    fn unproved(pid: u32) -> AskError {
        AskError::Unproved { pid, why: "this system does not tell".to_owned() }
    }

    pub(super) fn listens(pid: u32, _: u16) -> Result<(), AskError> {
        Err(unproved(pid))
    }

    pub(super) fn holds(pid: u32, _: SocketAddr, _: SocketAddr) -> Result<(), AskError> {
        Err(unproved(pid))
    }
}

#[cfg(target_os = "linux")]
mod platform {
    use std::collections::HashSet;
    use std::fs;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

    use super::AskError;

    /// How the kernel numbers the state of a socket that listens.
    const LISTENS: &str = "0A";

    /// A line of `/proc/net/tcp`.
    #[derive(Debug, PartialEq, Eq)]
    pub(super) struct Socket {
        pub(super) local: SocketAddr,
        pub(super) remote: SocketAddr,
        pub(super) listens: bool,
        pub(super) inode: u64,
    }

    pub(super) fn listens(pid: u32, port: u16) -> Result<(), AskError> {
        let is_meant = |socket: &Socket| {
            let address = socket.local.ip();
            socket.listens
                && socket.local.port() == port
                && (address.is_loopback() || address.is_unspecified())
        };
        let found: Vec<u64> = sockets().filter(is_meant).map(|socket| socket.inode).collect();
        if found.is_empty() {
            return Err(AskError::NotListening { pid, port });
        }
        let own = own(pid)?;
        if found.iter().any(|inode| own.contains(inode)) {
            return Ok(());
        }
        Err(AskError::Stranger { pid, port })
    }

    pub(super) fn holds(pid: u32, theirs: SocketAddr, ours: SocketAddr) -> Result<(), AskError> {
        if !theirs.ip().to_canonical().is_loopback() {
            return Err(AskError::Unproved { pid, why: "it is not on this machine".to_owned() });
        }
        let is_meant = |socket: &Socket| {
            !socket.listens && same(socket.local, theirs) && same(socket.remote, ours)
        };
        let own = own(pid)?;
        if sockets().filter(is_meant).any(|socket| own.contains(&socket.inode)) {
            return Ok(());
        }
        Err(AskError::Stranger { pid, port: theirs.port() })
    }

    /// An address of the one protocol in the clothes of the other is the same.
    fn same(one: SocketAddr, other: SocketAddr) -> bool {
        one.port() == other.port() && one.ip().to_canonical() == other.ip().to_canonical()
    }

    /// The sockets that `pid` has.
    fn own(pid: u32) -> Result<HashSet<u64>, AskError> {
        let unproved = |error: std::io::Error| AskError::Unproved { pid, why: error.to_string() };
        let folder = fs::read_dir(format!("/proc/{pid}/fd")).map_err(unproved)?;
        let links = folder.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
        let inodes = links.filter_map(|link| {
            link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
        });
        Ok(inodes.collect())
    }

    fn sockets() -> impl Iterator<Item = Socket> {
        ["/proc/self/net/tcp", "/proc/self/net/tcp6"].into_iter().flat_map(|file| {
            let text = fs::read_to_string(file).unwrap_or_default();
            text.lines().filter_map(parse).collect::<Vec<_>>()
        })
    }

    /// Reads `sl local remote state queues timer retransmits uid timeout inode …`.
    pub(super) fn parse(line: &str) -> Option<Socket> {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let (local, remote) = (address(fields.next()?)?, address(fields.next()?)?);
        let listens = fields.next()? == LISTENS;
        let inode = fields.nth(5)?.parse().ok()?;
        Some(Socket { local, remote, listens, inode })
    }

    /// Reads `0100007F:46A5`: words of the machine's own byte order, and a port that is not.
    fn address(text: &str) -> Option<SocketAddr> {
        let (address, port) = text.split_once(':')?;
        let word = |at: usize| {
            let hex = address.get(at * 8..at * 8 + 8)?;
            Some(u32::from_str_radix(hex, 16).ok()?.to_ne_bytes())
        };
        let address = match address.len() {
            8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
            32 => {
                let mut bytes = [0; 16];
                for at in 0..4 {
                    bytes[at * 4..at * 4 + 4].copy_from_slice(&word(at)?);
                }
                IpAddr::V6(Ipv6Addr::from(bytes))
            }
            _ => return None,
        };
        Some(SocketAddr::new(address, u16::from_str_radix(port, 16).ok()?))
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::platform::{Socket, parse};
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn the_kernels_table_is_read() {
        let line = "   0: 0100007F:46A5 00000000:0000 0A 00000000:00000000 00:00000000 00000000 \
                    1000        0 31415 1 0000000000000000 100 0 0 10 0";
        assert_eq!(
            parse(line),
            Some(Socket {
                local: "127.0.0.1:18085".parse().unwrap(),
                remote: "0.0.0.0:0".parse().unwrap(),
                listens: true,
                inode: 31415
            })
        );
        let line = "   1: 0000000000000000FFFF00000100007F:46A5 \
                    0000000000000000FFFF00000100007F:B2C0 01 0:0 0:0 0 1000 0 7";
        assert_eq!(parse(line).unwrap().local.to_string(), "[::ffff:127.0.0.1]:18085");
        for line in ["  sl  local_address rem_address   st", "", "0: x:1 y:2 0A"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }

    #[test]
    fn a_port_is_its_listeners_and_a_connection_its_holders() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let me = std::process::id();
        assert_eq!(listens(me, address.port()), Ok(()));
        let stream = TcpStream::connect(address).unwrap();
        let (server, _) = listener.accept().unwrap();
        let ours = stream.local_addr().unwrap();
        assert_eq!(holds(me, address, ours), Ok(()));
        // A process that runs and has no such socket.
        let mut other = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let stranger = AskError::Stranger { pid: other.id(), port: address.port() };
        assert_eq!(listens(other.id(), address.port()), Err(stranger.clone()));
        assert_eq!(holds(other.id(), address, ours), Err(stranger));
        other.kill().unwrap();
        other.wait().unwrap();
        drop((listener, server));
        let gone = AskError::NotListening { pid: me, port: address.port() };
        assert_eq!(listens(me, address.port()), Err(gone));
    }
}
