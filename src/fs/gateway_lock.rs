//! The gateway's own lock, `openclaw.json.lock`, in its protocol.
//!
//! OpenClaw of 2026.5 and later creates this file for as long as it changes its config. Older ones
//! and other writers do not know it, so it is a courtesy; the comparison before each write is what
//! keeps changes from being lost.
//!
//! The file exists while it is locked, so it can outlive its holder. It is therefore created with
//! its whole content at once: a process that dies at any moment leaves nothing that others wait for
//! in vain. It never breaks a lock whose holder runs, and never removes one that is not its own.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::backoff::{Backoff, Next, Wait};
use super::error::{FileKind, FsError};
use super::holder::{Held, Holder, printable};
use super::lock::LockError;
use super::platform::{self, Directory};
use super::process::Process;
use super::sidecar::Sidecars;
use super::stage::Stage;
use super::sweep;

/// A lock without a process id is stale after this time.
const LONGEST_ANONYMOUS: Duration = Duration::from_secs(30);
/// A reclaim takes milliseconds; its mutex is abandoned after this time.
const LONGEST_RECLAIM: Duration = Duration::from_secs(30);
/// Most bytes of a lock file that are looked at.
const LIMIT: u64 = 64 * 1024;

/// The gateway's lock on its config, held by us.
#[derive(Debug)]
#[must_use = "the lock is released as soon as it is dropped"]
pub struct GatewayLock {
    directory: Directory,
    name: OsString,
    content: Vec<u8>,
}

impl GatewayLock {
    /// Creates the lock file of the config that is `named` so; the name itself, if it is a link, is
    /// not followed, as the gateway does not either. Locks of dead processes are reclaimed.
    ///
    /// # Errors
    ///
    /// [`LockError::TimedOut`] if a live process holds it; [`LockError::Io`] if it cannot be
    /// created.
    pub fn acquire(named: &Path, wait: Wait) -> Result<Self, LockError> {
        let (parent, name) = lock_place(named).map_err(LockError::Resolve)?;
        let path = parent.join(&name);
        let directory =
            Directory::open(&parent).map_err(LockError::io("open the directory", &parent))?;
        let sidecars = Sidecars::of(&name);
        sweep::sweep_dead_stages(&directory, &sidecars)
            .map_err(|source| LockError::Recover { path: path.clone(), source })?;
        let content = own_content(SystemTime::now());
        let mut backoff = Backoff::new(wait);
        loop {
            let created = Stage::create(&directory, &sidecars).and_then(|mut stage| {
                stage.write(&content)?;
                directory.hand_over(stage.file())?;
                // A power cut must not leave an empty lock, which nobody would ever reclaim. A sync
                // would double the cost of a write; the sync of the config makes this durable too.
                platform::start_writing(stage.file());
                stage.publish_new(&name)
            });
            match created {
                Ok(()) => {
                    return Ok(Self { directory, name, content });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(LockError::io("create the lock", &path)(error)),
            }
            let found = match read(&directory, &name) {
                Ok(Some(found)) => found,
                Ok(None) => continue,
                // Of another user: nobody knows whether it is stale, so it is not.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Vec::new(),
                Err(error) => return Err(LockError::io("read the lock", &path)(error)),
            };
            let holder = match judge(&found, SystemTime::now()) {
                Verdict::Stale => {
                    let reclaimed = reclaim(&directory, &name, &found)
                        .map_err(LockError::io("reclaim the lock", &path))?;
                    if reclaimed == Reclaimed::Yes {
                        continue;
                    }
                    None
                }
                Verdict::Held(holder) => holder,
            };
            if backoff.pause() == Next::GiveUp {
                return Err(LockError::TimedOut { path, waited: backoff.waited(), holder });
            }
        }
    }
}

impl GatewayLock {
    /// Who holds the lock of the config that is `named` so; a stale one is held by nobody.
    #[must_use]
    pub fn held(named: &Path) -> Held {
        let found = lock_place(named).ok().and_then(|(parent, name)| {
            let directory = Directory::open(&parent).ok()?;
            read(&directory, &name).transpose()
        });
        match found {
            None => Held::No,
            Some(Ok(content)) => match judge(&content, SystemTime::now()) {
                Verdict::Stale => Held::No,
                Verdict::Held(holder) => Held::By(holder),
            },
            // There is one, and it cannot be read.
            Some(Err(_)) => Held::By(None),
        }
    }
}

impl Drop for GatewayLock {
    fn drop(&mut self) {
        // Only if it still is ours. Where it cannot be removed it is stale when this process ends.
        if read(&self.directory, &self.name)
            .is_ok_and(|found| found.as_ref() == Some(&self.content))
        {
            self.directory.remove(&self.name).ok();
        }
    }
}

/// The real directory of the lock, and its name: the one that was given with `.lock` after it.
fn lock_place(named: &Path) -> Result<(PathBuf, OsString), FsError> {
    let absolute = std::path::absolute(named).map_err(FsError::io("find", named))?;
    let (Some(parent), Some(name)) = (absolute.parent(), absolute.file_name()) else {
        return Err(FsError::NotAFile { path: absolute, found: FileKind::Directory });
    };
    let parent = parent.canonicalize().map_err(FsError::io("find the directory of", &absolute))?;
    let mut name = name.to_owned();
    name.push(".lock");
    Ok((parent, name))
}

/// A JSON object, and a line of white space that no other owner has.
fn own_content(now: SystemTime) -> Vec<u8> {
    let mut object = json!({
        "pid": std::process::id(),
        "createdAt": humantime::format_rfc3339_millis(now).to_string(),
    });
    // Where the start time is not known exactly it must be left out.
    if let Some(started) = Process::own_start() {
        object["starttime"] = started.into();
    }
    let mut content = format!("{object:#}\n\t\t\t\t\t\t\t\t");
    content.extend((0..128).map(|_| if fastrand::bool() { '\t' } else { ' ' }));
    content.push('\n');
    content.into_bytes()
}

/// Who holds a lock with this content.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// Nobody any more.
    Stale,
    /// Somebody, whether known or not.
    Held(Option<Holder>),
}

/// With a process id only the process counts, not the age; without one only the age. With neither
/// it is never stale.
fn judge(content: &[u8], now: SystemTime) -> Verdict {
    let Ok(lock) = serde_json::from_slice::<Value>(content) else {
        return Verdict::Held(None);
    };
    let pid = lock.get("pid").and_then(Value::as_u64);
    if let Some(pid) = pid.and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid > 0) {
        let started = lock.get("starttime").and_then(Value::as_u64);
        let process = Process::look_up(pid);
        return match process {
            Process::Running { ref name, .. } if process.is_the_one_started(started) => {
                Verdict::Held(Some(Holder {
                    pid,
                    started,
                    command: name.as_deref().map_or_else(|| "unknown".to_owned(), printable),
                }))
            }
            _ => Verdict::Stale,
        };
    }
    let created = lock
        .get("createdAt")
        .and_then(Value::as_str)
        .and_then(|text| humantime::parse_rfc3339(text).ok());
    let age = created.and_then(|created| now.duration_since(created).ok());
    if age.is_some_and(|age| age > LONGEST_ANONYMOUS) {
        Verdict::Stale
    } else {
        Verdict::Held(None)
    }
}

/// Reads the lock file. `None` if there is none.
fn read(directory: &Directory, name: &OsStr) -> io::Result<Option<Vec<u8>>> {
    let file = match directory.open_to_read(name) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    // Room for one more byte, or the end is only found after growing.
    let size = usize::try_from(metadata.len().min(LIMIT)).unwrap_or_default();
    let mut content = Vec::with_capacity(size + 1);
    file.take(LIMIT).read_to_end(&mut content)?;
    Ok(Some(content))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reclaimed {
    Yes,
    /// Another process is about it.
    NotNow,
}

/// Removes a stale lock, if it still is the one that was judged. Under the protocol's mutex: a
/// directory, so that no two processes remove, one after the other, the lock and its successor.
fn reclaim(directory: &Directory, name: &OsStr, stale: &[u8]) -> io::Result<Reclaimed> {
    let mut mutex_name = name.to_owned();
    mutex_name.push(".reclaim");
    let mutex = directory.path().join(mutex_name);
    match std::fs::create_dir(&mutex) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            remove_abandoned(&mutex)?;
            return Ok(Reclaimed::NotNow);
        }
        Err(error) => return Err(error),
    }
    let removed = match read(directory, name) {
        Ok(Some(found)) if found == stale => directory.remove(name),
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    };
    std::fs::remove_dir(&mutex)?;
    removed.map(|()| Reclaimed::Yes)
}

/// Removes the mutex of a process that died while it reclaimed.
fn remove_abandoned(mutex: &Path) -> io::Result<()> {
    let found = match std::fs::symlink_metadata(mutex) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let age = SystemTime::now().duration_since(found.modified()?);
    if age.is_ok_and(|age| age > LONGEST_RECLAIM) {
        match std::fs::remove_dir(mutex) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
