//! FS: who may read and write the file after another program has, under `exec`.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::Command;

use super::foreign::{exec, exec_unread, house, jq};
use crate::support::{Sandbox, is_root, not_checked, tools};

fn mode(sandbox: &Sandbox) -> u32 {
    fs::metadata(sandbox.config_path()).unwrap().permissions().mode() & 0o7777
}

fn with_mode(mode: u32) -> Sandbox {
    let sandbox = Sandbox::config(house());
    fs::set_permissions(sandbox.config_path(), fs::Permissions::from_mode(mode)).unwrap();
    sandbox
}

/// A program that stores the file anew with a new value, after the shell command `first`.
fn save(first: &str) -> String {
    format!("{first}; {}", jq(".logging.level = \"debug\""))
}

/// What `mode` a file of the mode `before` has after `script`; its new value is there.
#[track_caller]
fn check(before: u32, script: &str, after: u32) {
    let sandbox = with_mode(before);
    exec(&sandbox, &[], script).code(0);
    assert_eq!(mode(&sandbox), after, "{before:o}: {script}");
    sandbox.holds(&house().replace("\"info\"", "\"debug\""));
}

/// NemoClaw#719: the file is 0444, and every write of its owner fails.
#[test]
fn fs_06_a_file_that_was_closed_to_its_owner_is_open_again() {
    check(0o600, &format!("{}; chmod 444 \"$1\"", save(":")), 0o600);
    let sandbox = with_mode(0o600);
    exec_unread(&sandbox, &[], "chmod 444 \"$1\"").code(0).says("put right owner, mode");
    sandbox.holds(&house());
    sandbox.run(["set", "logging.level", "debug"]).code(0);
}

/// NemoClaw#6300: after a write as root the file is root's.
#[test]
fn fs_07_the_owner_stays() {
    if !is_root() {
        not_checked("only root can give files away");
        return;
    }
    let sandbox = with_mode(0o600);
    std::os::unix::fs::chown(sandbox.config_path(), Some(12_345), Some(12_346)).unwrap();
    let run = exec(&sandbox, &[], &save("umask 077"));
    run.code(0).says("put right owner, mode and access list");
    let found = fs::metadata(sandbox.config_path()).unwrap();
    assert_eq!((found.uid(), found.gid(), mode(&sandbox)), (12_345, 12_346, 0o600));
    sandbox.holds(&house().replace("\"info\"", "\"debug\""));
}

/// pinchy#70: a second tool cannot write what is 0600, and people open it to all. What a group shares on
/// purpose is kept.
#[test]
fn fs_09_a_group_keeps_its_share_and_nobody_else_gets_one() {
    check(0o660, &save("umask 077"), 0o660);
    check(0o600, &format!("{}; chmod 666 \"$1\"", save(":")), 0o600);
}

/// openclaw#68709: after a save, and another one, the group can read the secrets.
#[test]
fn fs_10_a_save_does_not_widen() {
    check(0o600, &save("umask 002"), 0o600);
    check(0o600, &format!("{}; chmod 664 \"$1\"", save("umask 002")), 0o600);
}

/// openclaw#56263: a save forces 0600, and the list of those who share the file is gone.
#[test]
fn fs_11_the_access_control_list_comes_back() {
    if !tools(&["getfacl", "setfacl"]) {
        return;
    }
    let sandbox = with_mode(0o600);
    let acl = || {
        let shown = Command::new("getfacl").args(["-cn", "--"]).arg(sandbox.config_path()).output();
        String::from_utf8(shown.unwrap().stdout).unwrap()
    };
    let mut given = Command::new("setfacl");
    given.args(["-m", "u:12345:rw"]).arg(sandbox.config_path());
    if !given.output().is_ok_and(|output| output.status.success()) {
        not_checked("this file system has no access control lists");
        return;
    }
    let before = acl();
    let run = exec(&sandbox, &[], &format!("{}; chmod 600 \"$1\"", save("umask 077")));
    run.code(0).says("put right owner, mode and access list");
    assert_eq!(acl(), before);
    sandbox.holds(&house().replace("\"info\"", "\"debug\""));
}
