//! The releases that the tests run.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::support::not_checked;

/// The releases that `tests/gateway/install.sh` installs.
const PINNED: &[(u32, u32, u32)] = &[(2026, 3, 8), (2026, 9, 6)];

/// Held by the one test that runs gateways: two are enough for a small machine.
static TURN: Mutex<()> = Mutex::new(());

/// An installed release of OpenClaw.
pub(super) struct OpenClaw {
    program: PathBuf,
    /// Year, month, number.
    version: (u32, u32, u32),
}

impl OpenClaw {
    /// Does `test` with each installed release, all at the same time.
    #[track_caller]
    pub(super) fn each(test: impl Fn(&Self) + Sync) {
        let asked = std::env::var_os("CONFWARDEN_GATEWAY_TESTS");
        if asked.is_none_or(|value| value.is_empty()) {
            not_checked("CONFWARDEN_GATEWAY_TESTS is not set, so no gateway runs");
            return;
        }
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        std::thread::scope(|scope| {
            let tests: Vec<_> = PINNED
                .iter()
                .map(|&version| {
                    let test = &test;
                    scope.spawn(move || test(&Self::at(version)))
                })
                .collect();
            for test in tests {
                test.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            }
        });
    }

    #[track_caller]
    fn at(version: (u32, u32, u32)) -> Self {
        let (year, month, number) = version;
        let program = cache().join(format!("gateways/openclaw-{year}.{month}.{number}"));
        assert!(program.exists(), "{} is missing: run tests/gateway/install.sh", program.display());
        Self { program, version }
    }

    /// Its command line.
    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    /// The Node.js that runs it.
    pub(super) fn node(&self) -> PathBuf {
        self.program.with_added_extension("node")
    }

    /// Whether it locks its configuration while it writes: since May 2026.
    pub(super) fn locks(&self) -> bool {
        self.version >= (2026, 5, 3)
    }

    /// Its number.
    pub(super) fn version(&self) -> String {
        let (year, month, number) = self.version;
        format!("{year}.{month}.{number}")
    }
}

/// Where `tests/gateway/install.sh` installs.
fn cache() -> PathBuf {
    let of = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    of("CONFWARDEN_TEST_CACHE")
        .or_else(|| Some(of("XDG_CACHE_HOME")?.join("confwarden-tests")))
        .or_else(|| Some(of("HOME")?.join(".cache/confwarden-tests")))
        .expect("a home")
}
