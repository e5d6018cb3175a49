//! Links, mounts, owners, modes, access lists: what a file is besides its bytes, and stays.
//!
//! What cannot be written at all, such as a loop of links, a read-only file system and a full disk,
//! is in `bad_input`.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::Command;

use rustix::fs::{XattrFlags, getxattr, setxattr};

use crate::support::{GATEWAY, Mounts, Sandbox, Seen, is_root, not_checked, tools};

const SET: [&str; 3] = ["set", "gateway.port", "4711"];

/// [`GATEWAY`] after [`SET`].
fn new() -> String {
    GATEWAY.replace("18789", "4711")
}

/// Words that run a command as the user `nobody`, where the test is root.
const AS_NOBODY: [&str; 4] = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

#[test]
fn a_chain_of_links_is_written_through() {
    let sandbox = Sandbox::empty().with("../dotfiles/deep/er/real.json", GATEWAY);
    let home = sandbox.home();
    // Relative in its own directory, absolute, relative in a directory that is a link itself.
    let links = [
        (sandbox.config_path().to_owned(), "one".into()),
        (sandbox.path("one"), home.join("short/two")),
        (home.join("short"), "dotfiles/deep".into()),
        (home.join("dotfiles/deep/two"), "./er/../er/real.json".into()),
    ];
    for (link, to) in &links {
        symlink(to, link).unwrap();
    }
    let before: Vec<_> = links.iter().map(|(link, _)| Seen::at(link)).collect();
    sandbox.run(SET).code(0);
    let after: Vec<_> = links.iter().map(|(link, _)| Seen::at(link)).collect();
    assert_eq!(after, before, "the links should be as they were");
    for (link, to) in &links {
        assert_eq!(&fs::read_link(link).unwrap(), to);
    }
    let real = home.join("dotfiles/deep/er");
    assert_eq!(fs::read_to_string(real.join("real.json")).unwrap(), new());
    // Whoever comes by another name must find the same lock.
    assert!(real.join(".real.json.confwarden.lock").exists());
    assert_eq!(sandbox.names(), ["one", "openclaw.json"]);
}

#[test]
fn a_dangling_link_is_no_file_until_one_is_asked_for() {
    let sandbox = Sandbox::empty();
    fs::create_dir(sandbox.home().join("dotfiles")).unwrap();
    symlink("../dotfiles/real.json", sandbox.config_path()).unwrap();
    let real = sandbox.home().join("dotfiles/real.json");
    sandbox.fails(9, SET).says("there is no `");
    assert!(!real.exists());
    sandbox.fails(0, ["set", "gateway.port", "4711", "--create"]);
    assert_eq!(fs::read_link(sandbox.config_path()).unwrap(), Path::new("../dotfiles/real.json"));
    assert_eq!(Seen::at(&real).unwrap().mode(), 0o600);
    sandbox.run(["get", "gateway.port"]).prints("4711\n");
}

#[test]
fn a_link_into_a_directory_that_is_missing_makes_none() {
    let sandbox = Sandbox::empty();
    symlink("../dotfiles/real.json", sandbox.config_path()).unwrap();
    for arguments in [SET.as_slice(), &["get"], &["set", "gateway.port", "4711", "--create"]] {
        sandbox.fails(9, arguments).says("the directory of `").says("dotfiles/real.json");
    }
    assert!(!sandbox.home().join("dotfiles").exists());
    assert_eq!(sandbox.names(), ["openclaw.json"]);
}

#[test]
fn a_file_with_other_names_is_written_only_if_they_may_be_left_behind() {
    let patch = "{ gateway: { port: 4711 } }";
    for arguments in [
        SET.as_slice(),
        &["unset", "logging"],
        &["mv", "logging", "log"],
        &["patch", "-"],
        &["apply", "-"],
    ] {
        let sandbox = Sandbox::empty().with("real.json", GATEWAY);
        fs::hard_link(sandbox.path("real.json"), sandbox.path("other.json")).unwrap();
        // By a link too: it is the file behind it that has other names.
        symlink("real.json", sandbox.config_path()).unwrap();
        let desired = if arguments[0] == "apply" { new() } else { patch.to_owned() };
        let run = |arguments: &[&str]| sandbox.invoke(arguments).stdin(desired.as_str()).run();
        let real = Seen::at(&sandbox.path("real.json"));
        run(arguments)
            .code(3)
            .says("could not replace `")
            .says("it has 2 hard links")
            .says("--break-hard-link");
        assert_eq!(Seen::at(&sandbox.path("real.json")), real, "{arguments:?}");

        run(&[arguments, &["--break-hard-link"]].concat()).code(0);
        assert_ne!(sandbox.text_of("real.json").unwrap(), GATEWAY, "{arguments:?}");
        assert_eq!(sandbox.text_of("other.json").unwrap(), GATEWAY, "{arguments:?}");
        assert_eq!(fs::metadata(sandbox.path("real.json")).unwrap().nlink(), 1);
        assert_eq!(sandbox.leftovers(), Vec::<String>::new());
    }
}

#[test]
fn a_file_that_is_a_mount_grows_and_shrinks_in_place() {
    let Some(mounts) = Mounts::allowed() else { return };
    let sandbox = Sandbox::config("{}").with("source.json", GATEWAY);
    let source = sandbox.path("source.json");
    fs::set_permissions(&source, fs::Permissions::from_mode(0o640)).unwrap();
    let before = Seen::at(&source).unwrap();
    let mut text = GATEWAY.to_owned();
    let long = "x".repeat(20_000);
    let mut level = "info";
    for next in ["debug", &long, &long[..12_000], "i", &long[..300]] {
        let words = mounts.after("mount --bind \"$1\" \"$2\"", &[&source, sandbox.config_path()]);
        let set = ["set", "logging.level", next, "--allow", "file-shrunk"];
        sandbox.invoke(set).under(words).run().code(0).says("in place because it is a mount point");
        text = text.replace(&format!("\"{level}\""), &format!("\"{next}\""));
        level = next;
        assert_eq!(sandbox.text_of("source.json").unwrap(), text);
    }
    let after = Seen::at(&source).unwrap();
    assert_eq!((after.inode(), after.mode()), (before.inode(), before.mode()));
    sandbox.holds("{}");
    assert_eq!(sandbox.leftovers(), Vec::<String>::new());
}

/// A pod's user writes a file that its volume owner gave to it.
#[test]
fn a_file_that_is_a_mount_is_written_by_a_plain_user() {
    if !is_root() {
        not_checked("only root can become another user; the rest of this suite is the plain user");
        return;
    }
    let Some(mounts) = Mounts::allowed() else { return };
    let sandbox = Sandbox::config("{}").with("source.json", GATEWAY);
    sandbox.admit(0o777);
    let source = sandbox.path("source.json");
    // Replaced it could not be: a new file would belong to the user.
    fs::set_permissions(&source, fs::Permissions::from_mode(0o666)).unwrap();
    let words = || mounts.after("mount --bind \"$1\" \"$2\"", &[&source, sandbox.config_path()]);
    let run = sandbox.invoke(SET).under(AS_NOBODY).under(words()).run();
    run.code(0).says("in place because it is a mount point");
    assert_eq!(sandbox.text_of("source.json").unwrap(), new());
    let found = fs::metadata(&source).unwrap();
    assert_eq!((found.uid(), found.mode() & 0o7777), (0, 0o666));
    // And not one that was not given to it.
    fs::set_permissions(&source, fs::Permissions::from_mode(0o644)).unwrap();
    let run = sandbox.invoke(["set", "gateway.port", "1"]).under(AS_NOBODY).under(words()).run();
    run.code(9).says("ermission denied");
    assert_eq!(sandbox.text_of("source.json").unwrap(), new());
    assert_eq!(sandbox.leftovers(), Vec::<String>::new());
}

#[test]
fn a_read_only_mount_of_a_file_is_refused() {
    let Some(mounts) = Mounts::allowed() else { return };
    let sandbox = Sandbox::config(GATEWAY);
    let script = "mount --bind \"$1\" \"$1\"\nmount -o remount,bind,ro \"$1\"";
    sandbox.untouched(|| {
        let words = mounts.after(script, &[sandbox.config_path()]);
        let run = sandbox.invoke(SET).under(words).run();
        run.code(9).says("openclaw.json`").says("it is read-only");
    });
    assert_eq!(sandbox.leftovers(), Vec::<String>::new());
}

/// A container's root is read-only, the file in it is not: there is no room for a lock or a journal.
#[test]
fn a_writable_file_in_a_read_only_directory_is_refused() {
    let Some(mounts) = Mounts::allowed() else { return };
    let sandbox = Sandbox::config("{}").with("../source.json", GATEWAY);
    let (source, directory) = (sandbox.home().join("source.json"), sandbox.path(""));
    let script = "mount --bind \"$2\" \"$2\"\nmount --bind \"$1\" \"$3\"\n\
                  mount -o remount,bind,ro \"$2\"\necho ' ' >> \"$3\"";
    let words = mounts.after(script, &[&source, &directory, sandbox.config_path()]);
    let run = sandbox.invoke(SET).under(words).run();
    run.code(9).says(".openclaw.json.confwarden.lock").says("ead-only");
    // The shell could write it; we did not.
    assert_eq!(fs::read_to_string(source).unwrap(), format!("{GATEWAY} \n"));
}

/// What stands in a small file system afterwards, and which files are there.
struct Small {
    text: String,
    names: Vec<String>,
}

/// Runs [`SET`] on a configuration of 20 KB that `mount` puts into `$1`.
fn run_in_small(mounts: &Mounts, code: i32, mount: &str, says: &str) -> Small {
    let sandbox = Sandbox::empty();
    let (directory, seen) = (sandbox.path("small"), sandbox.path("seen"));
    let text = format!("{GATEWAY}// {}\n", "x".repeat(20_000));
    let sandbox = sandbox.with("source.json", &text);
    fs::create_dir(&directory).unwrap();
    let words = mounts.around(
        mount,
        "cat \"$1/openclaw.json\" > \"$2\"\nls -A \"$1\" > \"$2.names\"",
        &[&directory, &seen, &sandbox.path("source.json")],
    );
    let config = directory.join("openclaw.json");
    let arguments = [["--config", config.to_str().unwrap()].as_slice(), &SET].concat();
    sandbox.invoke(arguments).under(words).run().code(code).says(says);
    let names = sandbox.text_of("seen.names").unwrap();
    let text = sandbox.text_of("seen").unwrap().replace(&"x".repeat(20_000), "x");
    Small { text, names: names.lines().map(str::to_owned).collect() }
}

#[test]
fn a_file_system_in_memory_is_like_any_other() {
    let Some(mounts) = Mounts::allowed() else { return };
    let mount = "mount -t tmpfs -o size=1m,mode=700 none \"$1\"\ncp \"$3\" \"$1/openclaw.json\"";
    let small = run_in_small(&mounts, 0, mount, "wrote");
    assert_eq!(small.text, format!("{}// x\n", new()));
    assert_eq!(small.names, [".openclaw.json.confwarden.lock", "openclaw.json"]);
}

/// The journal takes the room of both texts. Where there is none, the file is not begun with.
#[test]
fn a_mounted_file_on_a_full_disk_stays_whole() {
    let Some(mounts) = Mounts::allowed() else { return };
    let mount = "mount -t tmpfs -o size=48k,mode=700 none \"$1\"\ncp \"$3\" \"$1/openclaw.json\"\n\
                 mount --bind \"$1/openclaw.json\" \"$1/openclaw.json\"";
    let small = run_in_small(&mounts, 9, mount, "o space left");
    assert_eq!(small.text, format!("{GATEWAY}// x\n"));
    assert_eq!(small.names, [".openclaw.json.confwarden.lock", "openclaw.json"]);
}

/// Not bytes are missing, but the right to one more file: first beside the lock, then even for it.
#[test]
fn a_file_system_without_a_further_file_is_a_full_disk() {
    let Some(mounts) = Mounts::allowed() else { return };
    for (files, lock, names) in [
        // The directory itself counts.
        (3, ": > \"$1/.openclaw.json.confwarden.lock\"", 2),
        (2, "", 1),
    ] {
        let mount = format!(
            "mount -t tmpfs -o nr_inodes={files},mode=700 none \"$1\"\n\
             cp \"$3\" \"$1/openclaw.json\"\n{lock}\n\
             ! touch \"$1/more\" 2> \"$2.full\""
        );
        let small = run_in_small(&mounts, 9, &mount, "o space left");
        assert_eq!(small.text, format!("{GATEWAY}// x\n"));
        assert_eq!(small.names.len(), names, "{:?}", small.names);
    }
}

#[test]
fn a_directory_that_is_a_mount_is_replaced_in() {
    let Some(mounts) = Mounts::allowed() else { return };
    let sandbox = Sandbox::empty().with("../volume/openclaw.json", GATEWAY);
    let (volume, directory) = (sandbox.home().join("volume"), sandbox.path(""));
    let words = mounts.after("mount --bind \"$1\" \"$2\"", &[&volume, &directory]);
    let arguments = ["--output", "json", "set", "gateway.port", "4711"];
    let report = sandbox.invoke(arguments).under(words).run().report();
    assert_eq!(report["files"][0]["publication"], "atomic");
    assert_eq!(fs::read_to_string(volume.join("openclaw.json")).unwrap(), new());
}

#[test]
fn owner_group_and_mode_are_kept() {
    let sandbox = Sandbox::config(GATEWAY);
    let path = sandbox.config_path();
    if is_root() {
        chown(path, Some(12345), Some(12346)).unwrap();
    } else {
        not_checked("only root can give files away; modes are checked");
    }
    let look = || {
        let found = fs::metadata(path).unwrap();
        (found.uid(), found.gid(), found.mode() & 0o7777)
    };
    for mode in [0o600, 0o640, 0o664, 0o2640, 0o1600, 0o4700] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let before = look();
        assert_eq!(before.2, mode);
        let masked = ["sh", "-c", "umask 077; exec \"$@\"", "sh"];
        let port = mode.to_string();
        sandbox.invoke(["set", "gateway.port", &port]).under(masked).run().code(0);
        assert_eq!(look(), before, "mode {mode:o}");
        sandbox.holds(&GATEWAY.replace("18789", &port));
    }
}

#[test]
fn the_group_of_the_file_wins_over_that_of_its_directory() {
    let sandbox = Sandbox::config(GATEWAY);
    let directory = sandbox.path("");
    if is_root() {
        chown(&directory, None, Some(12346)).unwrap();
    } else {
        not_checked("only root can give the directory to another group; its mode is checked");
    }
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o2770)).unwrap();
    fs::write(directory.join("probe"), "").unwrap();
    let group = |name: &str| fs::metadata(sandbox.path(name)).unwrap().gid();
    let before = group("openclaw.json");
    if is_root() {
        assert_eq!((group("probe"), before), (12346, 0), "new files go to the directory's group");
    }
    fs::set_permissions(sandbox.config_path(), fs::Permissions::from_mode(0o640)).unwrap();
    sandbox.run(SET).code(0);
    sandbox.holds(&new());
    assert_eq!(group("openclaw.json"), before);
    assert_eq!(Seen::at(sandbox.config_path()).unwrap().mode(), 0o640);
}

/// A user may write the file and its directory, and could replace it by one of its own. Whoever owns
/// it could then not read it any more.
#[test]
fn an_owner_or_group_that_cannot_be_kept_is_refused() {
    if !is_root() {
        not_checked("only root can give files away");
        return;
    }
    for (owner, group) in [(0, 0), (12345, 65534), (65534, 12346)] {
        let sandbox = Sandbox::config(GATEWAY);
        sandbox.admit(0o777);
        chown(sandbox.config_path(), Some(owner), Some(group)).unwrap();
        fs::set_permissions(sandbox.config_path(), fs::Permissions::from_mode(0o666)).unwrap();
        let told = format!("its owner {owner} and group {group} cannot be kept");
        for arguments in [SET.as_slice(), &["unset", "logging"]] {
            let run = sandbox.untouched(|| sandbox.invoke(arguments).unprivileged().run());
            run.code(9).says("could not replace `").says(&told).says("as the owner of the file");
        }
        assert_eq!(sandbox.leftovers(), Vec::<String>::new());
        // Root, who can, does not trust a lock of somebody else in a directory of its own.
        fs::remove_file(sandbox.lock_path()).unwrap();
        sandbox.run(SET).code(0);
        sandbox.holds(&new());
        let found = fs::metadata(sandbox.config_path()).unwrap();
        assert_eq!((found.uid(), found.gid()), (owner, group));
    }
}

/// The access control list of `path`, as text.
fn access_list(path: &Path) -> String {
    let shown = Command::new("getfacl").args(["-cnpE", "--"]).arg(path).output().unwrap();
    assert!(shown.status.success(), "{shown:?}");
    String::from_utf8(shown.stdout).unwrap()
}

/// Changes the access control list of `path`; `false` where this file system has none.
fn give_access(path: &Path, entry: &str) -> bool {
    let given = Command::new("setfacl").args(["-m", entry, "--"]).arg(path).output().unwrap();
    let said = String::from_utf8_lossy(&given.stderr);
    if said.contains("not supported") {
        not_checked("this file system has no access control lists");
        return false;
    }
    assert!(given.status.success(), "{said}");
    true
}

#[test]
fn an_access_list_is_kept_for_root_and_for_users() {
    if !tools(&["setfacl", "getfacl"]) {
        return;
    }
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.admit(0o700);
    if is_root() {
        for path in [sandbox.config_path(), &sandbox.path("")] {
            chown(path, Some(65534), Some(65534)).unwrap();
        }
    }
    // Wider for one user than for the group, whose bits of the mode are the mask.
    if !give_access(sandbox.config_path(), "u:12345:rw,g:12346:r,g::-,m::rw") {
        return;
    }
    let before = access_list(sandbox.config_path());
    assert!(before.contains("user:12345:rw-"), "{before}");
    for (port, run) in [
        ("1", sandbox.invoke(["set", "gateway.port", "1"]).unprivileged()),
        ("2", sandbox.invoke(["set", "gateway.port", "2"])),
    ] {
        run.run().code(0);
        assert_eq!(access_list(sandbox.config_path()), before);
        sandbox.holds(&GATEWAY.replace("18789", port));
    }
}

#[test]
fn the_list_that_new_files_inherit_lets_nobody_in() {
    if !tools(&["setfacl", "getfacl"]) {
        return;
    }
    let sandbox = Sandbox::config(GATEWAY);
    let before = access_list(sandbox.config_path());
    if !give_access(&sandbox.path(""), "d:u:12345:rw,d:m::rw") {
        return;
    }
    fs::write(sandbox.path("probe"), "").unwrap();
    assert!(access_list(&sandbox.path("probe")).contains("user:12345"), "new files inherit");
    sandbox.run(SET).code(0);
    sandbox.holds(&new());
    assert_eq!(access_list(sandbox.config_path()), before);
    // A file that is made is private too.
    let made = Sandbox::empty();
    assert!(give_access(&made.path(""), "d:u:12345:rw,d:m::rw"));
    made.run(["set", "gateway.port", "1", "--create"]).code(0);
    let list = access_list(made.config_path());
    assert_eq!(Seen::at(made.config_path()).unwrap().mode(), 0o600, "{list}");
    assert!(!list.contains("mask::r"), "{list}");
}

#[test]
fn extended_attributes_are_kept() {
    let sandbox = Sandbox::config(GATEWAY);
    let path = sandbox.config_path();
    let long = "long ".repeat(200);
    let mut attributes = vec![("user.origin", "installer"), ("user.empty", ""), ("user.l", &long)];
    if is_root() {
        attributes.push(("trusted.note", "for root alone"));
    } else {
        not_checked("only root has attributes for root alone; those for users are checked");
    }
    for (name, value) in &attributes {
        let set = setxattr(path, *name, value.as_bytes(), XattrFlags::CREATE);
        if set == Err(rustix::io::Errno::OPNOTSUPP) {
            not_checked("this file system has no extended attributes");
            return;
        }
        set.unwrap();
    }
    let inode = Seen::at(path).unwrap().inode();
    sandbox.run(SET).code(0);
    sandbox.holds(&new());
    assert_ne!(Seen::at(path).unwrap().inode(), inode, "it is another file");
    for (name, value) in attributes {
        let mut found = vec![0; 4096];
        let length = getxattr(path, name, found.as_mut_slice()).unwrap();
        assert_eq!(&found[..length], value.as_bytes(), "{name}");
    }
}
