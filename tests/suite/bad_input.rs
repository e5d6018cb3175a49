//! What cannot be read or written: a code, a message with place and reason, a file as it was.
//!
//! A file that cannot be read is never taken for an empty one. What does not parse is the case of the
//! rule `syntax`.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use confwarden::fs::{LockGuard, Target, Wait};

use crate::support::{GATEWAY, Mounts, Sandbox, Seen};

/// Every command that takes the configuration `text` for granted ends with code 4, says `expected`,
/// and leaves the file as it was.
#[track_caller]
fn check_base(text: impl AsRef<[u8]>, expected: &[&str]) {
    let sandbox = Sandbox::config(text).with("in.json5", "{ a: 1 }");
    let input = sandbox.path("in.json5");
    let input = input.to_str().unwrap();
    let config = sandbox.config_path().display().to_string();
    for arguments in [
        ["get"].as_slice(),
        &["set", "a", "1"],
        &["set", "a", "1", "--create"],
        &["set", "a", "1", "--dry-run"],
        &["unset", "a"],
        &["mv", "a", "b"],
        &["patch", input],
        &["apply", input],
        &["apply", input, "--create"],
        &["diff", input],
    ] {
        let run = sandbox.fails(4, arguments);
        run.prints("").says(&format!("`{config}` does not parse"));
        for expected in expected {
            run.says(expected);
        }
    }
    assert_eq!(sandbox.leftovers(), Vec::<String>::new());
}

#[test]
fn unparsable_base() {
    check_base("{\n  a: 1\n  b: 2\n}\n", &["line 3, column 3", "expected `,`", "comma is missing"]);
    check_base("{\n  a: b,\n}\n", &["line 2, column 6", "expected a value"]);
}

#[test]
fn two_configurations_one_after_the_other() {
    check_base("{ a: 1 }\n{ a: 2 }\n", &["line 2, column 1", "two configurations were written"]);
}

#[test]
fn truncated_base() {
    check_base("{\n  a: {\n    b: 1,\n", &["line 2, column 6 at line 4, column 1", "cut short"]);
    check_base("{ a: \"b", &["the file ends inside the string", "line 1, column 6"]);
}

#[test]
fn empty_base() {
    check_base("", &["the file is empty", "line 1, column 1"]);
    check_base(" \n", &["white space and no value", "line 2, column 1"]);
}

#[test]
fn base_of_comments_only() {
    check_base("// nothing\n/* here */\n", &["comments and no value", "line 3, column 1"]);
}

#[test]
fn base_that_is_not_utf8() {
    check_base(b"{\n  a: \"\xff\",\n}\n", &["invalid UTF-8", "line 2, column 7"]);
}

#[test]
fn nul_bytes_in_the_base() {
    check_base("{ a: 1 }\n\0\0\0", &["NUL bytes", "line 2, column 1"]);
    check_base("\0\0\0\0", &["line 1, column 1"]);
}

#[test]
fn a_hundred_thousand_unclosed_brackets() {
    check_base("[".repeat(100_000), &["deeper than 10,000 levels", "column 10001"]);
    check_base("{a:".repeat(100_000), &["deeper than 10,000 levels"]);
}

#[test]
fn deep_brackets_are_fine() {
    let text = format!("{{ a: 1, b: {}{} }}\n", "[".repeat(3_000), "]".repeat(3_000));
    let sandbox = Sandbox::config(&text);
    sandbox.run(["set", "a", "2"]).code(0);
    sandbox.holds(&text.replace("a: 1", "a: 2"));
    sandbox.run(["get"]).code(0);
    sandbox.run(["--output", "json", "set", "b", "[]", "--allow", "file-shrunk"]).code(0);
}

/// Both ways to enough stack: the first one grows, and, where it may not, a thread has its own.
#[test]
fn the_deepest_documents_are_fine_with_little_stack() {
    let (open, close) = ("[".repeat(9_998), "]".repeat(9_998));
    for limit in ["ulimit -S -s 512", "ulimit -s 512"] {
        let text = format!("{{ a: 1, b: {open}{close} }}\n");
        let sandbox = Sandbox::config(&text);
        let run = |arguments: &[&str]| {
            let shell = ["sh", "-c", &format!("{limit}; exec \"$@\""), "sh"].map(OsString::from);
            sandbox.invoke(arguments).under(shell.to_vec()).run()
        };
        run(&["set", "a", "2"]).code(0);
        sandbox.holds(&text.replace("a: 1", "a: 2"));
        run(&["--output", "json", "get"]).code(0);
        run(&["--output", "json", "set", "b", "[]", "--allow", "file-shrunk"]).code(0);
        run(&["set", "b", &format!("[{open}")]).code(4);
        sandbox.holds("{ a: 2, b: [] }\n");
    }
}

#[test]
fn unparsable_toml_base() {
    let text = "[a]\nb = \n";
    let sandbox = Sandbox::named("gateway.toml", text);
    sandbox.fails(4, ["set", "a.b", "1"]).says("line 2, column ").says("does not parse");
    let deep = Sandbox::named("deep.toml", format!("a = {}", "[".repeat(100_000)));
    deep.fails(4, ["set", "a", "1"]).says("does not parse");
    let bytes = Sandbox::named("bytes.toml", b"a = \"\xff\"\n");
    bytes.fails(4, ["set", "a", "1"]).says("invalid UTF-8").says("line 1, column 6");
}

#[test]
fn unparsable_value() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox
        .fails(4, ["set", "gateway.controlUi", "{ enabled: tru }"])
        .says("the value for `gateway.controlUi` does not parse")
        .says("line 1, column 12");
    sandbox.fails(4, ["set", "tools.deny", "['a'"]).says("ends inside");
    sandbox.fails(4, ["set", "gateway.mode", "\"local"]).says("`gateway.mode`");
}

/// A patch or a whole file that cannot be read, from a file and from standard input.
#[test]
fn unusable_input_of_patch_and_apply() {
    let sandbox = Sandbox::config(GATEWAY);
    let input = sandbox.path("in.json5");
    let name = input.to_str().unwrap();
    let deep = "[".repeat(100_000);
    for command in ["patch", "apply"] {
        for (text, expected) in [
            (b"{ a: 1".as_slice(), "the file ends inside"),
            (b"{ a: 1 } { a: 2 }", "two configurations were written"),
            (b"", "the file is empty"),
            (b"// nothing", "comments and no value"),
            (b"{ a: '\xff' }", "invalid UTF-8"),
            (b"{ a: 1 }\0", "NUL byte"),
            (deep.as_bytes(), "deeper than 10,000 levels"),
        ] {
            fs::write(&input, text).unwrap();
            sandbox
                .fails(4, [command, name])
                .says(&format!("`{name}` does not parse"))
                .says(expected)
                .says("line 1, column ");
            let from_stdin = || sandbox.invoke([command, "-"]).stdin(text).run();
            sandbox.untouched(from_stdin).code(4).says(expected).says("line 1, column ");
        }
        let missing = sandbox.path("missing.json5");
        let missing = missing.to_str().unwrap();
        sandbox.fails(9, [command, missing]).says(missing).says("No such file");
        let directory = sandbox.path("");
        sandbox.fails(9, [command, directory.to_str().unwrap()]).says("is a directory");
        assert_eq!(sandbox.leftovers(), Vec::<String>::new());
    }
}

#[test]
fn path_through_a_scalar() {
    let sandbox = Sandbox::config(GATEWAY);
    for arguments in [
        ["set", "gateway.port.x", "1"].as_slice(),
        &["unset", "gateway.port.x"],
        &["mv", "gateway.port.x", "y"],
        &["get", "gateway.port.x"],
    ] {
        sandbox
            .fails(4, arguments)
            .says("`gateway.port` is a number, so `gateway.port.x` leads nowhere");
    }
}

#[test]
fn index_out_of_range() {
    let sandbox = Sandbox::config(GATEWAY);
    for arguments in [
        ["set", "agents.list[5].id", "x"].as_slice(),
        &["get", "agents.list[5].id"],
        &["unset", "agents.list[5].id"],
    ] {
        sandbox.fails(4, arguments).says("out of range").says("`agents.list` has 2 elements");
    }
}

#[test]
fn missing_file() {
    let sandbox = Sandbox::empty();
    let expected = format!("there is no `{}`", sandbox.config_path().display());
    for arguments in [["get"].as_slice(), &["set", "a", "1"], &["unset", "a"], &["mv", "a", "b"]] {
        sandbox.fails(9, arguments).says(&expected).says("--config");
        assert!(!sandbox.config_path().exists());
    }
    let sandbox = Sandbox::empty().always(&["--config", "nowhere/at/all.json"]);
    sandbox.run(["set", "a", "1"]).code(9).says("the directory of");
}

#[test]
fn directory_instead_of_a_file() {
    let sandbox = Sandbox::empty();
    fs::create_dir(sandbox.config_path()).unwrap();
    for arguments in [["get"].as_slice(), &["set", "a", "1"], &["set", "a", "1", "--create"]] {
        sandbox.fails(9, arguments).says("is a directory, not a regular file");
    }
}

#[test]
fn pipe_instead_of_a_file() {
    let sandbox = Sandbox::empty();
    let made = std::process::Command::new("mkfifo").arg(sandbox.config_path()).status().unwrap();
    assert!(made.success());
    sandbox.fails(9, ["set", "a", "1"]).says("is a pipe, not a regular file");
}

#[test]
fn no_permission_to_read() {
    let sandbox = Sandbox::config(GATEWAY);
    sandbox.admit(0o755);
    fs::set_permissions(sandbox.config_path(), fs::Permissions::from_mode(0o000)).unwrap();
    sandbox.untouched(|| {
        for arguments in [["get"].as_slice(), &["set", "a", "1"], &["set", "a", "1", "--create"]] {
            let run = sandbox.invoke(arguments).unprivileged().run();
            run.code(9).says("ermission denied").says(".openclaw");
        }
    });
}

#[test]
fn no_permission_to_write() {
    let sandbox = Sandbox::config(GATEWAY);
    fs::set_permissions(sandbox.config_path(), fs::Permissions::from_mode(0o644)).unwrap();
    sandbox.admit(0o555);
    sandbox.untouched(|| {
        sandbox.invoke(["get", "gateway.port"]).unprivileged().run().code(0).prints("18789\n");
        let run = sandbox.invoke(["set", "gateway.port", "1"]).unprivileged().run();
        run.code(9).says("ermission denied");
    });
    fs::set_permissions(sandbox.path(""), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn read_only_file_system() {
    let Some(mounts) = Mounts::allowed() else { return };
    let sandbox = Sandbox::config(GATEWAY);
    let directory = sandbox.path("");
    let script = "mount --bind \"$1\" \"$1\"\nmount -o remount,bind,ro \"$1\"";
    sandbox.untouched(|| {
        let mounted = || mounts.after(script, &[&directory]);
        sandbox
            .invoke(["set", "gateway.port", "1"])
            .under(mounted())
            .run()
            .code(9)
            .says("ead-only");
        sandbox.invoke(["get", "gateway.port"]).under(mounted()).run().code(0).prints("18789\n");
    });
}

#[test]
fn disk_full() {
    let Some(mounts) = Mounts::allowed() else { return };
    let sandbox = Sandbox::config(GATEWAY);
    let directory = sandbox.path("small");
    fs::create_dir(&directory).unwrap();
    // Room for the configuration and not for two of it; what stands there afterwards is kept.
    let script = r#"
        mount -t tmpfs -o size=32k,mode=700 none "$1"
        head -c 20000 /dev/zero | tr '\0' ' ' > "$1/openclaw.json"
        echo '{ a: 1 }' >> "$1/openclaw.json"
        cp "$1/openclaw.json" "$2"
    "#;
    let look = r#"cmp "$1/openclaw.json" "$2" > "$2.cmp" 2>&1; ls -A "$1" > "$2.ls""#;
    let copy = sandbox.path("copy");
    let config = directory.join("openclaw.json");
    let arguments = ["--config", config.to_str().unwrap(), "set", "a", "2"];
    sandbox
        .invoke(arguments)
        .under(mounts.around(script, look, &[&directory, &copy]))
        .run()
        .code(9)
        .says("o space left");
    assert_eq!(fs::read_to_string(sandbox.path("copy.cmp")).unwrap(), "");
    let left = fs::read_to_string(sandbox.path("copy.ls")).unwrap();
    assert_eq!(left, ".openclaw.json.confwarden.lock\nopenclaw.json\n");
}

#[test]
fn lock_held() {
    let sandbox = Sandbox::config(GATEWAY);
    let target = Target::resolve(sandbox.config_path()).unwrap();
    let _guard = LockGuard::acquire(target, Wait::No, "confwarden set").unwrap();
    for arguments in [
        ["set", "a", "1"].as_slice(),
        &["unset", "gateway.port"],
        &["mv", "gateway.port", "gateway.door"],
    ] {
        sandbox
            .fails(5, [arguments, &["--lock-timeout", "20ms"]].concat())
            .says("could not lock")
            .says("confwarden set")
            .says(&std::process::id().to_string());
    }
}

#[test]
fn loop_of_links() {
    let sandbox = Sandbox::empty();
    symlink("openclaw.json", sandbox.path("other")).unwrap();
    symlink("other", sandbox.config_path()).unwrap();
    for arguments in [["get"].as_slice(), &["set", "a", "1"], &["set", "a", "1", "--create"]] {
        sandbox.fails(9, arguments).says("form a loop");
    }
}

#[test]
fn no_file_of_ours_is_left_after_failures() {
    let sandbox = Sandbox::config(GATEWAY);
    let before = Seen::at(Path::new(sandbox.config_path()));
    sandbox.run(["set", "a.b", "1", "a", "2"]).code(0);
    assert_ne!(Seen::at(sandbox.config_path()), before);
    sandbox.fails(3, ["unset", "gateway.auth"]);
    sandbox.fails(4, ["set", "gateway.port.x", "1"]);
    assert_eq!(sandbox.leftovers(), Vec::<String>::new());
}
