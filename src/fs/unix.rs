//! System calls of Linux, and of macOS where they are the same.
//!
//! Names are taken relative to an open directory, so that a directory that is moved away during a
//! write takes the whole write with it. Links are never followed in the last part of a name, and no
//! open ever waits for a pipe's other end.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, Dir, Gid, Mode, OFlags, Uid};
use rustix::io::{Errno, retry_on_intr};

use super::attributes::Attributes;
use super::fingerprint::Identity;

/// Mode of every file that we create.
const PRIVATE: u32 = 0o600;

/// Names of access control lists; a file without one must not inherit one from its directory.
const ACCESS_LISTS: &[&str] = &["system.posix_acl_access"];

/// Extended attributes that sign the content: on other bytes they would be wrong.
const SIGNATURES: &[&str] = &["security.ima", "security.evm"];

/// An open directory.
#[derive(Debug)]
pub(super) struct Directory {
    handle: File,
    path: PathBuf,
}

impl Directory {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty()))?;
        Ok(Self { handle: File::from(handle), path: path.to_owned() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens an existing file to read.
    pub(super) fn open_to_read(&self, name: &OsStr) -> io::Result<File> {
        self.open_with(name, OFlags::RDONLY, Mode::empty())
    }

    /// Opens an existing file to read and write; changes nothing.
    pub(super) fn open_to_write(&self, name: &OsStr) -> io::Result<File> {
        self.open_with(name, OFlags::RDWR, Mode::empty())
    }

    /// Creates a file that only its owner may read, and that must not have existed.
    pub(super) fn create_new(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        self.open_with(name, flags, Mode::RUSR | Mode::WUSR)
    }

    /// Creates a symbolic link that must not have existed.
    pub(super) fn create_link(&self, name: &OsStr, to: &Path) -> io::Result<()> {
        Ok(rustix::fs::symlinkat(to, &self.handle, name)?)
    }

    fn open_with(&self, name: &OsStr, flags: OFlags, mode: Mode) -> io::Result<File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = retry_on_intr(|| rustix::fs::openat(&self.handle, name, flags, mode))?;
        Ok(File::from(file))
    }

    /// Renames over whatever has the new name.
    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.handle, from, &self.handle, to)?)
    }

    /// Renames only if nothing has the new name, else fails with `AlreadyExists`.
    pub(super) fn rename_new(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        match self.rename_no_replace(from, to) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => self.link_new(from, to),
            outcome => Ok(outcome?),
        }
    }

    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    fn rename_no_replace(&self, from: &OsStr, to: &OsStr) -> Result<(), Errno> {
        use rustix::fs::{RenameFlags, renameat_with};
        renameat_with(&self.handle, from, &self.handle, to, RenameFlags::NOREPLACE)
    }

    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    fn rename_no_replace(&self, _: &OsStr, _: &OsStr) -> Result<(), Errno> {
        Err(Errno::NOSYS)
    }

    /// What `rename_new` does where the kernel cannot: `link` never replaces either.
    fn link_new(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        match rustix::fs::linkat(&self.handle, from, &self.handle, to, AtFlags::empty()) {
            // Neither exists here (FAT, some FUSE): the last way has a gap, and no better one.
            Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS | Errno::MLINK) => {
                match self.open_to_read(to) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => self.rename(from, to),
                    _ => Err(io::ErrorKind::AlreadyExists.into()),
                }
            }
            Ok(()) => self.remove(from),
            Err(error) => Err(error.into()),
        }
    }

    /// Lets two names change files, atomically. `Unsupported` where that is not possible.
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    pub(super) fn exchange(&self, one: &OsStr, other: &OsStr) -> io::Result<()> {
        use rustix::fs::{RenameFlags, renameat_with};
        match renameat_with(&self.handle, one, &self.handle, other, RenameFlags::EXCHANGE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                Err(io::ErrorKind::Unsupported.into())
            }
            outcome => Ok(outcome?),
        }
    }

    /// Lets two names change files, atomically. `Unsupported` where that is not possible.
    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    pub(super) fn exchange(&self, _: &OsStr, _: &OsStr) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Removes a file; that it is gone already is well.
    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        match rustix::fs::unlinkat(&self.handle, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Names of all entries.
    pub(super) fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.handle)? {
            names.push(OsString::from_vec(entry?.file_name().to_bytes().to_vec()));
        }
        Ok(names)
    }

    /// Makes renames, creations and removals in it durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.handle.sync_all()
    }

    /// Creates the directory again where it was removed: private first, then with the owner, access
    /// lists and mode that it had.
    pub(super) fn create_again(&self) -> io::Result<()> {
        match create_private_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
            outcome => outcome?,
        }
        // A removed directory that is still open still knows what it was.
        let before = self.handle.metadata().and_then(|found| attributes(&self.handle, &found))?;
        let again = Self::open(&self.path)?;
        // Where it fails it stays private, which is less than it was.
        apply(&before, &again.handle).ok();
        Ok(())
    }

    /// Whether the file may be written by us and is meant to be.
    pub(super) fn check_writable(&self, name: &OsStr, attributes: &Attributes) -> io::Result<()> {
        // Root may write anything. A file that nobody may write says what its owner wants.
        if attributes.mode & 0o222 == 0 {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let flags = AtFlags::EACCESS;
        match rustix::fs::accessat(&self.handle, name, Access::WRITE_OK, flags) {
            Err(error @ (Errno::ACCESS | Errno::PERM | Errno::ROFS)) => Err(error.into()),
            // Not known (old kernel, odd file system): the write itself will tell.
            _ => Ok(()),
        }
    }

    /// Whether the file is a mount of its own, so that nothing can be renamed over it.
    #[cfg(target_os = "linux")]
    pub(super) fn is_mount(&self, name: &OsStr) -> bool {
        use rustix::fs::{StatxAttributes, StatxFlags, statx};
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::STATX_DONT_SYNC;
        // Before Linux 5.8 nobody tells; there the rename fails with EBUSY and says the same.
        statx(&self.handle, name, flags, StatxFlags::empty())
            .is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
    }

    /// Whether the file is a mount of its own, so that nothing can be renamed over it.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn is_mount(&self, _: &OsStr) -> bool {
        false
    }

    /// Gives a file that root has just created to the owner of the directory.
    ///
    /// Else one `sudo confwarden` would leave a lock, a key or a config behind that the directory's
    /// owner cannot open. Not being root, we could not and need not.
    pub(super) fn hand_over(&self, file: &File) -> io::Result<()> {
        let directory = self.handle.metadata()?;
        hand_over(file, directory.uid(), directory.gid())
    }

    /// Whether a lock file found here may be written to: it could have been planted.
    pub(super) fn trusts(&self, file: &File) -> io::Result<Result<(), &'static str>> {
        let found = file.metadata()?;
        if !found.is_file() {
            return Ok(Err("is not a regular file"));
        }
        if found.nlink() > 1 {
            return Ok(Err("has several names"));
        }
        let me = rustix::process::geteuid().as_raw();
        if ![me, 0, self.handle.metadata()?.uid()].contains(&found.uid()) {
            return Ok(Err("belongs to another user"));
        }
        Ok(Ok(()))
    }
}

/// Gives a file that root has just created to somebody.
pub(super) fn hand_over(file: &File, owner: u32, group: u32) -> io::Result<()> {
    if !rustix::process::geteuid().is_root() || file.metadata()?.uid() == owner {
        return Ok(());
    }
    let (owner, group) = (Uid::from_raw(owner), Gid::from_raw(group));
    Ok(rustix::fs::fchown(file, Some(owner), Some(group))?)
}

/// Lets the programs that this process starts have the open file too.
pub(super) fn hand_down(file: &File) -> io::Result<()> {
    Ok(rustix::io::fcntl_setfd(file, rustix::io::FdFlags::empty())?)
}

/// Which file it is, and when it was last written.
pub(super) fn identity(metadata: &Metadata) -> Identity {
    Identity {
        device: metadata.dev(),
        inode: metadata.ino(),
        size: metadata.size(),
        modified: i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec()),
    }
}

/// Whether the directory lies on a file system that others can change without this kernel knowing:
/// of a network, of a user's program, or of the host of a container or virtual machine.
#[cfg(target_os = "linux")]
pub(super) fn is_remote(directory: &Path) -> bool {
    // `linux/magic.h`, and `fs/smb/common/smbfsctl.h`, `fs/ceph/super.h`, `include/uapi/linux/fuse.h`.
    const REMOTE: [u32; 10] = [
        0x6969,      // nfs
        0xff53_4d42, // cifs
        0xfe53_4d42, // smb2
        0x517b,      // smb
        0x00c3_6400, // ceph
        0x5346_414f, // afs
        0x6573_5546, // fuse, which carries virtiofs too
        0x0102_1997, // 9p
        0x786f_4256, // vboxsf
        0xbacb_acbc, // vmhgfs
    ];
    rustix::fs::statfs(directory).is_ok_and(|found| {
        // The kernel's numbers have 32 bits; the type of the field differs between machines.
        let bytes = found.f_type.to_le_bytes();
        let kind = bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
        kind.is_some_and(|kind| REMOTE.contains(&kind))
    })
}

/// Unknown: taken to be told of.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_remote(_: &Path) -> bool {
    false
}

/// When content, owner or mode was last changed: nanoseconds since 1970.
pub(super) fn last_changed(metadata: &Metadata) -> i128 {
    i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec())
}

/// Owner, mode and extended attributes.
pub(super) fn attributes(file: &File, metadata: &Metadata) -> io::Result<Attributes> {
    Ok(Attributes {
        mode: metadata.mode() & 0o7777,
        owner: metadata.uid(),
        group: metadata.gid(),
        links: metadata.nlink(),
        extended: extended::list(file)?,
    })
}

/// What of a file's attributes a new file could not be given.
#[derive(Debug)]
pub(super) enum NotKept {
    Owner(io::Error),
    Extended(OsString, io::Error),
    Mode(io::Error),
}

/// Gives a new file the attributes of another. At no time may it be opened by more than both.
pub(super) fn apply(attributes: &Attributes, file: &File) -> Result<(), NotKept> {
    let new = file.metadata().map_err(NotKept::Mode)?;
    // The owner first: a change of owner clears bits of the mode.
    let owner = (new.uid() != attributes.owner).then(|| Uid::from_raw(attributes.owner));
    let group = (new.gid() != attributes.group).then(|| Gid::from_raw(attributes.group));
    if owner.is_some() || group.is_some() {
        rustix::fs::fchown(file, owner, group).map_err(|error| NotKept::Owner(error.into()))?;
    }
    extended::apply(attributes, file)?;
    // Last, since a list that is set or removed changes the mode's group bits.
    file.set_permissions(Permissions::from_mode(attributes.mode)).map_err(NotKept::Mode)?;
    // Some file systems take everything and keep nothing.
    let kept = file.metadata().map_err(NotKept::Mode)?;
    if (kept.uid(), kept.gid()) != (attributes.owner, attributes.group) {
        return Err(NotKept::Owner(io::ErrorKind::Unsupported.into()));
    }
    if kept.mode() & 0o7777 != attributes.mode {
        return Err(NotKept::Mode(io::ErrorKind::Unsupported.into()));
    }
    Ok(())
}

/// Gives a new file the mode 0600, whatever the process' mask has made of it.
pub(super) fn make_private(file: &File) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(PRIVATE))
}

/// Extended attributes, access control lists among them.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
mod extended {
    use std::os::unix::ffi::OsStrExt as _;

    use super::{ACCESS_LISTS, Attributes, Errno, File, NotKept, OsStr, OsString, SIGNATURES, io};
    use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr};

    pub(super) fn list(file: &File) -> io::Result<Vec<(OsString, Vec<u8>)>> {
        let names = match sized(|buffer| flistxattr(file, buffer)) {
            Ok(names) => names,
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut found = Vec::new();
        for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
            let name = OsStr::from_bytes(name);
            match value(file, name) {
                Ok(Some(value)) => found.push((name.to_owned(), value)),
                // Gone meanwhile, or listed to everybody but readable by few (`trusted.*`).
                Ok(None) | Err(Errno::ACCESS | Errno::PERM | Errno::OPNOTSUPP) => {}
                Err(error) => return Err(error.into()),
            }
        }
        found.sort();
        Ok(found)
    }

    pub(super) fn apply(attributes: &Attributes, file: &File) -> Result<(), NotKept> {
        let not_kept =
            |name: &OsStr, error: Errno| NotKept::Extended(name.to_owned(), error.into());
        for name in ACCESS_LISTS.iter().map(OsStr::new) {
            if attributes.extended.iter().any(|(kept, _)| kept == name) {
                continue;
            }
            // Inherited from the directory: with the mode of the original it would let more in.
            match fremovexattr(file, name) {
                Ok(()) | Err(Errno::NODATA | Errno::OPNOTSUPP | Errno::NOSYS) => {}
                #[cfg(target_vendor = "apple")]
                Err(Errno::NOATTR) => {}
                Err(error) => return Err(not_kept(name, error)),
            }
        }
        for (name, wanted) in &attributes.extended {
            if SIGNATURES.iter().any(|signature| name == signature) {
                continue;
            }
            // Some may be set by nobody (labels of a mandatory policy), yet are already right.
            if value(file, name).is_ok_and(|present| present.as_ref() == Some(wanted)) {
                continue;
            }
            fsetxattr(file, name.as_os_str(), wanted, XattrFlags::empty())
                .map_err(|error| not_kept(name, error))?;
        }
        Ok(())
    }

    fn value(file: &File, name: &OsStr) -> Result<Option<Vec<u8>>, Errno> {
        match sized(|buffer| fgetxattr(file, name, buffer)) {
            Ok(value) => Ok(Some(value)),
            Err(Errno::NODATA) => Ok(None),
            #[cfg(target_vendor = "apple")]
            Err(Errno::NOATTR) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Calls `fill` with a buffer that is large enough, however often that size changes.
    fn sized(fill: impl Fn(&mut [u8]) -> Result<usize, Errno>) -> Result<Vec<u8>, Errno> {
        let mut buffer = vec![0; 256];
        loop {
            match fill(&mut buffer) {
                Ok(length) => {
                    buffer.truncate(length);
                    return Ok(buffer);
                }
                // 64 KiB is the most that Linux stores or lists.
                Err(Errno::RANGE) if buffer.len() < 1 << 20 => {
                    buffer.resize(buffer.len() * 4, 0);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
mod extended {
    use super::{Attributes, File, NotKept, OsString, io};

    pub(super) fn list(_: &File) -> io::Result<Vec<(OsString, Vec<u8>)>> {
        Ok(Vec::new())
    }

    pub(super) fn apply(_: &Attributes, _: &File) -> Result<(), NotKept> {
        Ok(())
    }
}

/// Sends what was written to a file on its way to the disk, without waiting for it.
pub(super) fn start_writing(file: &File) {
    #[cfg(target_os = "linux")]
    {
        // That it is a hint for the cache is of no interest; that it starts the writing is. A
        // journalling file system then orders the bytes before the next sync of anything.
        rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed).ok();
    }
    #[cfg(not(target_os = "linux"))]
    let _: &File = file;
}

/// Opens what a person named as input: links are followed, pipes are waited for.
pub(super) fn open_input(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(OFlags::NOCTTY.bits().cast_signed()).open(path)
}

pub(super) fn is_link_loop(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
}

/// Whether an open failed because there is a socket, or a device without a driver.
pub(super) fn is_not_openable(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::NXIO.raw_os_error())
}

/// Whether a lock failed because the file system has none.
pub(super) fn has_no_locks(error: &io::Error) -> bool {
    [Errno::NOLCK, Errno::NOSYS, Errno::OPNOTSUPP, Errno::INVAL]
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// Whether a process has this id; one that we may not signal exists too.
pub(super) fn process_exists(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) else {
        return false;
    };
    rustix::process::test_kill_process(pid) != Err(Errno::SRCH)
}

/// Lets only the owner use what stands under `path`, and is no link.
pub(super) fn make_private_path(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

/// Creates a directory that only its owner may enter. `AlreadyExists` if there is anything.
pub(super) fn create_private_dir(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().mode(0o700).create(path)?;
    if let Some(parent) = path.parent() {
        let directory = File::from(rustix::fs::open(
            path,
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            Mode::empty(),
        )?);
        Directory::open(parent)?.hand_over(&directory)?;
    }
    Ok(())
}

/// The mode, if others than the owner may do what `bits` (of group and others) say.
pub(super) fn open_to_others(metadata: &Metadata, bits: u32) -> Option<u32> {
    let mode = metadata.mode() & 0o7777;
    (mode & bits & 0o077 != 0).then_some(mode)
}

/// Permission bits.
#[expect(clippy::unnecessary_wraps, reason = "other platforms have none")]
pub(super) fn mode(metadata: &Metadata) -> Option<u32> {
    Some(metadata.mode() & 0o7777)
}

/// User id of the owner.
#[expect(clippy::unnecessary_wraps, reason = "other platforms have none")]
pub(super) fn owner(metadata: &Metadata) -> Option<u32> {
    Some(metadata.uid())
}

/// Whether it belongs to us, or to the one for whom we, as root, act.
pub(super) fn is_ours(metadata: &Metadata) -> bool {
    let me = rustix::process::geteuid();
    me.is_root() || metadata.uid() == me.as_raw()
}
