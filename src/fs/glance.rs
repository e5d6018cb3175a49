//! A glance at a file: whether it may be another one than before, for two system calls.
//!
//! For deciding when to read, never for deciding what to write: two different contents can look alike
//! here, where one was written within the resolution of the file system's clock.

use std::fs::Metadata;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::fingerprint::Identity;
use super::platform;

/// What a file looks like from outside; equal as long as nobody touched it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance {
    /// What stands under the name, be it a link.
    named: Option<Outside>,
    /// What the name leads to.
    reached: Option<Outside>,
}

impl Glance {
    /// How long before `now` somebody touched it; nothing where there is none, or the system does not
    /// tell, or says that it will be.
    #[must_use]
    pub fn age(&self, now: SystemTime) -> Option<Duration> {
        let changed = self.named.iter().chain(&self.reached).map(|outside| outside.1).max()?;
        let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let age = i128::try_from(now.as_nanos()).ok()?.checked_sub(changed)?;
        u64::try_from(age).ok().map(Duration::from_nanos)
    }
}

/// Which file, and when it or its owner or mode was last changed: nanoseconds since 1970, where the
/// system tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Outside(Identity, i128);

/// Looks at `path` and at the file that it leads to. What cannot be looked at looks like nothing.
#[must_use]
pub fn glance(path: &Path) -> Glance {
    let outside = |metadata: Metadata| {
        Outside(platform::identity(&metadata), platform::last_changed(&metadata))
    };
    Glance {
        named: std::fs::symlink_metadata(path).ok().map(outside),
        reached: std::fs::metadata(path).ok().map(outside),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn a_file_is_as_old_as_what_was_last_done_to_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        assert_eq!(glance(&path).age(SystemTime::now()), None);
        fs::write(&path, "1").unwrap();
        let later = SystemTime::now() + Duration::from_mins(1);
        let age = glance(&path).age(later).unwrap();
        assert!((60..90).contains(&age.as_secs()), "{age:?}");
        assert_eq!(glance(&path).age(SystemTime::UNIX_EPOCH), None);
        // A copy that keeps the time of its content is new all the same.
        let old = fs::FileTimes::new().set_modified(SystemTime::UNIX_EPOCH);
        fs::File::options().append(true).open(&path).unwrap().set_times(old).unwrap();
        let age = glance(&path).age(later).unwrap();
        assert!(age.as_secs() < 90, "{age:?}");
    }

    #[test]
    fn whatever_is_done_to_a_file_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let (path, other) = (dir.path().join("a"), dir.path().join("b"));
        let mut seen = vec![glance(&path)];
        let mut see = |what: &str| {
            assert_eq!(glance(&path), glance(&path), "{what}");
            assert!(!seen.contains(&glance(&path)), "{what}");
            seen.push(glance(&path));
            std::thread::sleep(std::time::Duration::from_millis(5));
        };
        fs::write(&path, "1").unwrap();
        see("created");
        fs::write(&path, "2").unwrap();
        see("written");
        fs::write(&other, "2").unwrap();
        fs::rename(&other, &path).unwrap();
        see("renamed over");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        see("mode");
        fs::rename(&path, &other).unwrap();
        symlink(&other, &path).unwrap();
        fs::write(&other, "333").unwrap();
        see("behind a link");
    }
}
