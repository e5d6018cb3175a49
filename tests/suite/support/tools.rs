//! Programs of others that a test calls.
//!
//! Where one is missing, the test says so on the real standard error and checks nothing. With
//! `CONFWARDEN_TEST_REQUIRE_TOOLS` set, as `.ci/run` sets it, that is a failure.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use super::not_checked;

/// Whether every program of `names` is here, in the directories that the sandbox searches.
#[track_caller]
pub(crate) fn tools(names: &[&str]) -> bool {
    let missing =
        |name: &&&str| !["/usr/bin", "/bin"].iter().any(|d| Path::new(d).join(name).exists());
    let missing: Vec<&&str> = names.iter().filter(missing).collect();
    if missing.is_empty() {
        return true;
    }
    let required = std::env::var_os("CONFWARDEN_TEST_REQUIRE_TOOLS");
    assert!(
        required.is_none_or(|value| value.is_empty()),
        "missing: {missing:?}, and CONFWARDEN_TEST_REQUIRE_TOOLS is set"
    );
    not_checked(&format!("missing: {missing:?}"));
    false
}

/// The variables under which a program reads its clock of the wall from the file `jump` (`+0`, `-2d`); the
/// monotonic one goes on, as it does where somebody sets the time. Needs `faketime`.
pub(crate) fn faked_clock(jump: &Path) -> [(&'static str, OsString); 4] {
    let mut library = Command::new("faketime");
    library.args(["-f", "+0", "sh", "-c", "echo $LD_PRELOAD"]);
    let library = String::from_utf8(library.output().unwrap().stdout).unwrap();
    [
        ("LD_PRELOAD", library.trim().into()),
        ("FAKETIME_TIMESTAMP_FILE", jump.into()),
        ("FAKETIME_NO_CACHE", "1".into()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
    ]
}
