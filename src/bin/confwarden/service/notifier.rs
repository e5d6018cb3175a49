//! Tells the service manager how far we are: the protocol of `sd_notify(3)`.
//!
//! A message is one datagram of lines `NAME=value`. It never waits and never fails: a manager that
//! does not listen loses a message, and the guarded file loses nothing.
//!
//! By hand, since it is a few lines, and the crates for it read the environment themselves.

use std::time::Duration;

use super::Surroundings;

/// Most characters of a state that are sent.
const LONGEST_STATUS: usize = 200;

/// A line to the service manager, if there is one.
#[derive(Debug, Default)]
pub(crate) struct Notifier {
    line: Option<platform::Line>,
    watchdog: Option<Duration>,
}

impl Notifier {
    /// The one that the environment tells of.
    pub(crate) fn new(surroundings: &Surroundings) -> Self {
        let line = surroundings.notify_socket.as_deref().and_then(platform::Line::to);
        let is_ours = surroundings
            .watchdog_pid
            .as_ref()
            .is_none_or(|pid| pid.parse() == Ok(std::process::id()));
        let usec = surroundings.watchdog_usec.as_ref().and_then(|usec| usec.parse().ok());
        let watchdog = usec.filter(|usec| is_ours && *usec > 0).map(Duration::from_micros);
        Self { watchdog: line.as_ref().and(watchdog), line }
    }

    /// Every file is guarded.
    pub(crate) fn ready(&self) {
        self.send("READY=1");
    }

    /// We are about to end, on purpose.
    pub(crate) fn stopping(&self) {
        self.send("STOPPING=1");
    }

    /// Our own settings are read again; [`Self::ready`] ends that.
    pub(crate) fn reloading(&self) {
        if let Some(now) = platform::monotonic_usec() {
            self.send(&format!("RELOADING=1\nMONOTONIC_USEC={now}"));
        }
    }

    /// What we are doing, for people: one line.
    pub(crate) fn status(&self, status: &str) {
        let line = status.chars().map(|char| if char.is_control() { ' ' } else { char });
        self.send(&format!("STATUS={}", line.take(LONGEST_STATUS).collect::<String>()));
    }

    /// How often [`Self::beat`] should be called, where the manager wants to hear of us: twice as
    /// often as it wants to.
    pub(crate) fn watchdog_interval(&self) -> Option<Duration> {
        self.watchdog.map(|longest| longest / 2)
    }

    /// We are alive.
    pub(crate) fn beat(&self) {
        if self.watchdog.is_some() {
            self.send("WATCHDOG=1");
        }
    }

    fn send(&self, message: &str) {
        if let Some(line) = &self.line {
            line.send(message);
        }
    }
}

#[cfg(unix)]
mod platform {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    /// A socket, and where it sends to.
    #[derive(Debug)]
    pub(super) struct Line {
        socket: UnixDatagram,
        to: SocketAddr,
    }

    impl Line {
        /// Nothing where `name` is no socket that could be sent to.
        pub(super) fn to(name: &OsStr) -> Option<Self> {
            let to = match name.as_bytes() {
                [b'@', name @ ..] => abstract_address(name)?,
                [b'/', ..] => SocketAddr::from_pathname(name).ok()?,
                // `vsock:`, of a virtual machine's own manager.
                _ => return None,
            };
            let socket = UnixDatagram::unbound().ok()?;
            socket.set_nonblocking(true).ok()?;
            Some(Self { socket, to })
        }

        pub(super) fn send(&self, message: &str) {
            self.socket.send_to_addr(message.as_bytes(), &self.to).ok();
        }
    }

    #[cfg(target_os = "linux")]
    fn abstract_address(name: &[u8]) -> Option<SocketAddr> {
        use std::os::linux::net::SocketAddrExt as _;
        SocketAddr::from_abstract_name(name).ok()
    }

    #[cfg(not(target_os = "linux"))]
    fn abstract_address(_name: &[u8]) -> Option<SocketAddr> {
        None
    }

    /// `CLOCK_MONOTONIC` in microseconds, which [`std::time::Instant`] does not tell.
    pub(super) fn monotonic_usec() -> Option<u64> {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let seconds = u64::try_from(now.tv_sec).ok()?;
        Some(seconds * 1_000_000 + u64::try_from(now.tv_nsec).ok()? / 1000)
    }
}

#[cfg(not(unix))]
mod platform {
    use std::ffi::OsStr;

    /// There is no such manager.
    #[derive(Debug)]
    pub(super) enum Line {}

    impl Line {
        pub(super) fn to(_name: &OsStr) -> Option<Self> {
            None
        }

        pub(super) fn send(&self, _message: &str) {
            match *self {}
        }
    }

    pub(super) fn monotonic_usec() -> Option<u64> {
        None
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::ffi::OsString;
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    use super::*;

    fn surroundings(socket: impl Into<OsString>) -> Surroundings {
        Surroundings {
            notify_socket: Some(socket.into()),
            watchdog_usec: Some("3000000".to_owned()),
            ..Surroundings::default()
        }
    }

    fn heard(manager: &UnixDatagram) -> String {
        let mut message = [0; 512];
        let length = manager.recv(&mut message).unwrap();
        String::from_utf8(message[..length].to_vec()).unwrap()
    }

    #[track_caller]
    fn check(manager: &UnixDatagram, notifier: &Notifier) {
        manager.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        notifier.ready();
        assert_eq!(heard(manager), "READY=1");
        notifier.status("guards 2 files\nREADY=0\u{1b}");
        assert_eq!(heard(manager), "STATUS=guards 2 files READY=0 ");
        notifier.beat();
        assert_eq!(heard(manager), "WATCHDOG=1");
        notifier.reloading();
        let reloading = heard(manager);
        let now = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap();
        assert!(now.parse::<u64>().unwrap() > 0, "{now}");
        notifier.stopping();
        assert_eq!(heard(manager), "STOPPING=1");
    }

    #[test]
    fn a_manager_with_a_path_is_told_everything() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let notifier = Notifier::new(&surroundings(path));
        assert_eq!(notifier.watchdog_interval(), Some(Duration::from_millis(1500)));
        check(&manager, &notifier);
    }

    #[test]
    fn a_manager_with_an_abstract_name_is_told_everything() {
        let name = format!("confwarden-notifier-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let manager = UnixDatagram::bind_addr(&address).unwrap();
        check(&manager, &Notifier::new(&surroundings(format!("@{name}"))));
    }

    #[test]
    fn without_a_manager_nothing_is_told_and_nothing_fails() {
        let directory = tempfile::tempdir().unwrap();
        let gone = directory.path().join("gone").into_os_string();
        let odd = [gone, "vsock:2:1234".into(), "relative".into(), "@".into()];
        let none = odd.map(surroundings).into_iter().chain([Surroundings::default()]);
        for surroundings in none {
            let notifier = Notifier::new(&surroundings);
            notifier.ready();
            notifier.beat();
            notifier.reloading();
        }
        assert_eq!(Notifier::new(&Surroundings::default()).watchdog_interval(), None);
    }

    #[test]
    fn a_manager_that_does_not_listen_keeps_nobody_waiting() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let notifier = Notifier::new(&surroundings(path));
        for _ in 0..10_000 {
            notifier.beat();
        }
        drop(manager);
        notifier.stopping();
    }

    #[test]
    fn the_watchdog_of_another_process_or_of_no_time_is_none() {
        let with = |usec: &str, pid: Option<u32>| {
            let (usec, pid) = (Some(usec.to_owned()), pid.map(|pid| pid.to_string()));
            let surroundings = surroundings("/run/nowhere");
            let surroundings =
                Surroundings { watchdog_usec: usec, watchdog_pid: pid, ..surroundings };
            Notifier::new(&surroundings).watchdog_interval()
        };
        let me = std::process::id();
        assert_eq!(with("2000000", Some(me)), Some(Duration::from_secs(1)));
        assert_eq!(with("2000000", Some(me + 1)), None);
        assert_eq!(with("0", Some(me)), None);
        assert_eq!(with("soon", None), None);
    }
}
