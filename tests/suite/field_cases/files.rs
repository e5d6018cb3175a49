//! FS: mounts, permissions, full disks.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::support::{Faults, GATEWAY, Mounts, Sandbox, Seen, not_checked, tools};

/// openclaw-operator#9: the file is a mount of its own, and a rename over it ends with EBUSY.
#[test]
fn fs_01_single_file_mount_is_written_in_place() {
    let Some(mounts) = Mounts::allowed() else { return };
    let sandbox = Sandbox::config("{}").with("mounted.json", GATEWAY);
    let source = sandbox.path("mounted.json");
    let inode = Seen::at(&source).unwrap().inode();
    let words = || mounts.after("mount --bind \"$1\" \"$2\"", &[&source, sandbox.config_path()]);
    let set = ["--output", "json", "set", "gateway.port", "18790"];
    let report = sandbox.invoke(set).under(words()).run().report();
    assert_eq!(report["files"][0]["publication"], "in-place");
    assert_eq!(sandbox.text_of("mounted.json").unwrap(), GATEWAY.replace("18789", "18790"));
    assert_eq!(Seen::at(&source).unwrap().inode(), inode);
    assert_eq!(sandbox.leftovers(), Vec::<String>::new());
    sandbox
        .invoke(["set", "gateway.port", "18791"])
        .under(words())
        .run()
        .code(0)
        .says("in place because it is a mount point");
}

/// openclaw#52339: the state directory cannot be written, and nobody is told.
#[test]
fn fs_04_failed_write_is_told() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.admit(0o755);
    fs::set_permissions(sandbox.config_path(), fs::Permissions::from_mode(0o644)).unwrap();
    let own = crate::support::is_root();
    if !own {
        fs::set_permissions(sandbox.path(""), fs::Permissions::from_mode(0o555)).unwrap();
    }
    sandbox.untouched(|| {
        sandbox
            .invoke(["set", "gateway.port", "1"])
            .unprivileged()
            .run()
            .code(9)
            .says("error: could not ")
            .says("ermission denied");
    });
    fs::set_permissions(sandbox.path(""), fs::Permissions::from_mode(0o755)).unwrap();
}

/// openclaw#68709: after a save everybody may read the secrets.
#[test]
fn fs_10_mode_is_never_widened() {
    for (mode, code) in [(0o600, 0), (0o640, 0), (0o400, 9)] {
        let sandbox = Sandbox::config(GATEWAY);
        fs::set_permissions(sandbox.config_path(), fs::Permissions::from_mode(mode)).unwrap();
        let open = ["sh", "-c", "umask 000; exec \"$@\"", "sh"];
        sandbox.invoke(["set", "gateway.port", "1"]).under(open).run().code(code);
        assert_eq!(Seen::at(sandbox.config_path()).unwrap().mode(), mode);
    }
    let sandbox = Sandbox::config(GATEWAY);
    fs::set_permissions(sandbox.config_path(), fs::Permissions::from_mode(0o664)).unwrap();
    sandbox.run(["set", "gateway.port", "1"]).code(0).says("warning: insecure-mode");
}

/// openclaw#56263: a shared file loses its access control list with every write.
#[test]
fn fs_11_access_control_list_is_kept() {
    if !tools(&["getfacl", "setfacl"]) {
        return;
    }
    let sandbox = Sandbox::config(GATEWAY);
    let acl = || {
        let shown = Command::new("getfacl").args(["-cn", "--"]).arg(sandbox.config_path()).output();
        String::from_utf8(shown.unwrap().stdout).unwrap()
    };
    let given = Command::new("setfacl")
        .args(["-m", "u:12345:rw,g:12346:r", "--"])
        .arg(sandbox.config_path())
        .output();
    if !given.is_ok_and(|output| output.status.success()) {
        not_checked("this file system has no access control lists");
        return;
    }
    let before = acl();
    assert!(before.contains("user:12345:rw-"), "{before}");
    sandbox.run(["set", "gateway.port", "18790"]).code(0);
    assert_eq!(acl(), before);
    sandbox.holds(&GATEWAY.replace("18789", "18790"));
}

/// openclaw PR#59196: the disk is full, the write fails without a word or leaves half a file.
#[test]
fn fs_17_full_disk_leaves_the_file() {
    let Some(faults) = Faults::allowed() else { return };
    let sandbox = Sandbox::config(GATEWAY);
    // From here on there is a key, and the first sync is that of the text.
    sandbox.run(["get", "gateway.auth.token"]).code(0);
    sandbox.untouched(|| {
        let full = faults.with("fsync:error=ENOSPC:when=1");
        let run = sandbox.invoke(["set", "gateway.port", "1"]).under(full).run();
        run.code(9).says("No space left on device");
    });
    assert_eq!(sandbox.leftovers(), Vec::<String>::new());
    sandbox.run(["set", "gateway.port", "18790"]).code(0);
}
