//! Whether a lock was handed down to this process by one that started it.
//!
//! Nothing but the kernel is believed: the process was started with an open file that is the lock
//! file, and the kernel says that the lock is held through this very open file. Whoever only opens
//! the file, or says so in the environment, has nothing.
//!
//! It is asked, not tried: a lock that was given up would be taken by the trial, through an open
//! file that may belong to a daemon and is never closed.

use std::fs::File;

/// Whether this process was started under the exclusive lock on `sidecar`.
///
/// `sidecar` is the lock file as we have opened it ourselves. False where the system does not tell.
#[cfg(target_os = "linux")]
pub(super) fn is_locked_for_us(sidecar: &File) -> bool {
    let Ok(wanted) = sidecar.metadata().map(|found| super::platform::identity(&found)) else {
        return false;
    };
    let Ok(open) = std::fs::read_dir("/proc/self/fd") else { return false };
    open.flatten().any(|entry| {
        // Follows to the open file itself, whatever has its name now.
        let same = std::fs::metadata(entry.path()).is_ok_and(|found| {
            let found = super::platform::identity(&found);
            (found.device, found.inode) == (wanted.device, wanted.inode)
        });
        let info = std::path::Path::new("/proc/self/fdinfo").join(entry.file_name());
        same && std::fs::read_to_string(info)
            .is_ok_and(|info| says_handed_down(&info, std::process::id()))
    })
}

/// Whether this process was started under the exclusive lock on `sidecar`: nobody tells here.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_locked_for_us(_: &File) -> bool {
    false
}

/// Reads `/proc/PID/fdinfo/N`, in which the kernel lists the locks held through that open file, with
/// the process that took them (0 where it is gone or cannot be seen from here).
#[cfg(target_os = "linux")]
fn says_handed_down(info: &str, me: u32) -> bool {
    // `flags:\t02100002`, octal.
    const CLOSED_ON_EXEC: u32 = 0o2_000_000;
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    // Nobody can have been started with such a file, so it was opened here.
    if flags.is_none_or(|flags| flags & CLOSED_ON_EXEC != 0) {
        return false;
    }
    // `lock:\t1: FLOCK  ADVISORY  WRITE 4711 fe:00:1234 0 EOF`
    info.lines().filter_map(|line| line.strip_prefix("lock:")).any(|lock| {
        let mut fields = lock.split_ascii_whitespace().skip(1);
        let kind = (fields.next(), fields.next(), fields.next());
        let taken_by = fields.next().and_then(|pid| pid.parse::<u32>().ok());
        kind == (Some("FLOCK"), Some("ADVISORY"), Some("WRITE"))
            && taken_by.is_some_and(|pid| pid != me)
    })
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    const HELD: &str = "pos:\t0\nflags:\t0100002\nmnt_id:\t27\nino:\t9\n\
                        lock:\t1: FLOCK  ADVISORY  WRITE 25300 fe:00:9 0 EOF\n";

    #[test]
    fn only_an_exclusive_lock_of_another_process_through_an_inheritable_file_counts() {
        assert!(says_handed_down(HELD, 1));
        assert!(says_handed_down(&HELD.replace("25300", "0"), 1), "the holder is gone");
        assert!(!says_handed_down(HELD, 25300), "our own");
        assert!(!says_handed_down(&HELD.replace("0100002", "02100002"), 1), "opened here");
        assert!(!says_handed_down(&HELD.replace("WRITE", "READ"), 1));
        assert!(!says_handed_down(&HELD.replace("FLOCK", "POSIX"), 1));
        assert!(!says_handed_down(HELD.split_once("lock:").unwrap().0, 1));
        for text in ["", "lock:", "flags:\tx\nlock:\t1:", "flags:\t0\nlock:\t1: FLOCK ADVISORY"] {
            assert!(!says_handed_down(text, 1), "{text}");
        }
    }

    #[test]
    fn a_lock_of_this_very_process_was_handed_down_by_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let first = File::create(&path).unwrap();
        fs2::FileExt::try_lock_exclusive(&first).unwrap();
        super::super::platform::hand_down(&first).unwrap();
        assert!(!is_locked_for_us(&File::open(&path).unwrap()));
    }
}
