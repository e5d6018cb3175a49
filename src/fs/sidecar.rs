//! Names of the files beside a config, and what a name found there means.
//!
//! Pure: it looks at names, never at files. No name is of the form `*.bak*`, which the gateway
//! sweeps.

use std::ffi::{OsStr, OsString};

use super::fingerprint::Identity;

/// Above this many bytes a hash stands for the file name, since names end at 255 bytes.
const LONGEST_NAME: usize = 150;

/// The names beside one config.
#[derive(Clone, Debug)]
pub(super) struct Sidecars {
    /// `.{file}.confwarden.`
    prefix: OsString,
}

/// What the name of a file beside a config says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sidecar {
    /// Content that was never visible.
    Stage { pid: u32 },
    /// One half of an exchange: the tag of the staged file, and that of the file it was to replace.
    Swap { staged: String, base: String },
    /// Old and new bytes of a write in place.
    Journal,
    /// Set aside for a person.
    Kept,
}

impl Sidecars {
    pub(super) fn of(file_name: &OsStr) -> Self {
        let mut prefix = OsString::from(".");
        if file_name.len() > LONGEST_NAME {
            prefix.push(&blake3::hash(file_name.as_encoded_bytes()).to_hex()[..32]);
        } else {
            prefix.push(file_name);
        }
        prefix.push(".confwarden.");
        Self { prefix }
    }

    /// The names that `name` would be one of, whatever file they are beside.
    pub(super) fn around(name: &OsStr) -> Option<Self> {
        let name = name.to_str()?;
        let end = name.rfind(".confwarden.")?;
        Some(Self { prefix: format!("{}.confwarden.", &name[..end]).into() })
    }

    pub(super) fn lock(&self) -> OsString {
        self.with("lock")
    }

    /// The lock among those who share the first one.
    pub(super) fn turn(&self) -> OsString {
        self.with("turn")
    }

    pub(super) fn journal(&self) -> OsString {
        self.with("journal")
    }

    /// A name for a new stage, different each time.
    pub(super) fn stage(&self) -> OsString {
        self.with(&format!("{}.tmp", unique()))
    }

    /// A name for a stage that is about to change places with the config.
    pub(super) fn swap(&self, staged: &Identity, base: &Identity) -> OsString {
        self.with(&format!("{}.{}-{}.swap", unique(), staged.tag(), base.tag()))
    }

    /// A name for something to keep, different each time.
    pub(super) fn kept(&self) -> OsString {
        self.with(&format!("{}.kept", unique()))
    }

    /// What `name` means, if it is one of these names; the locks are never anybody's business.
    pub(super) fn classify(&self, name: &OsStr) -> Option<Sidecar> {
        let rest = name.as_encoded_bytes().strip_prefix(self.prefix.as_encoded_bytes())?;
        let rest = std::str::from_utf8(rest).ok()?;
        if rest == "journal" {
            return Some(Sidecar::Journal);
        }
        let (unique, rest) = rest.split_once('.')?;
        let (pid, random) = unique.split_once('-')?;
        let pid = pid.parse().ok()?;
        u64::from_str_radix(random, 16).ok()?;
        match rest {
            "tmp" => Some(Sidecar::Stage { pid }),
            "kept" => Some(Sidecar::Kept),
            _ => {
                let (staged, base) = rest.strip_suffix(".swap")?.split_once('-')?;
                if !is_tag(staged) || !is_tag(base) {
                    return None;
                }
                Some(Sidecar::Swap { staged: staged.to_owned(), base: base.to_owned() })
            }
        }
    }

    fn with(&self, suffix: &str) -> OsString {
        let mut name = self.prefix.clone();
        name.push(suffix);
        name
    }
}

fn is_tag(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn unique() -> String {
    format!("{}-{:08x}", std::process::id(), fastrand::u32(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(inode: u64) -> Identity {
        Identity { device: 0, inode, size: 0, modified: -1 }
    }

    #[test]
    fn a_stage_is_known_for_one_whatever_it_is_of() {
        for file in ["a", "openclaw.json", "a.confwarden.b", "ü"] {
            let stage = Sidecars::of(file.as_ref()).stage();
            let found = Sidecars::around(&stage).and_then(|names| names.classify(&stage));
            assert_eq!(found, Some(Sidecar::Stage { pid: std::process::id() }), "{file}");
        }
        for name in ["a", ".a.confwarden", "a.tmp"] {
            assert!(Sidecars::around(name.as_ref()).is_none(), "{name}");
        }
    }

    #[test]
    fn names_are_read_back_as_what_they_were_made_for() {
        let names = Sidecars::of(OsStr::new("openclaw.json"));
        let pid = std::process::id();
        assert_eq!(names.classify(&names.stage()), Some(Sidecar::Stage { pid }));
        assert_eq!(names.classify(&names.kept()), Some(Sidecar::Kept));
        assert_eq!(names.classify(&names.journal()), Some(Sidecar::Journal));
        assert_eq!(
            names.classify(&names.swap(&identity(1), &identity(2))),
            Some(Sidecar::Swap { staged: identity(1).tag(), base: identity(2).tag() })
        );
        assert_eq!(names.classify(&names.lock()), None);
        assert_eq!(names.classify(&names.turn()), None);
    }

    #[test]
    fn files_of_others_mean_nothing() {
        let names = Sidecars::of(OsStr::new("a.json"));
        for name in [
            "a.json",
            "a.json.bak",
            ".a.json.confwarden.tmp",
            ".a.json.confwarden.notes.tmp",
            ".a.json.confwarden.1-zz.tmp",
            ".a.json.confwarden.1-00.txt",
            ".b.json.confwarden.1-00.tmp",
            ".a.json.tmp",
        ] {
            assert_eq!(names.classify(OsStr::new(name)), None, "{name}");
        }
    }

    #[test]
    fn a_file_whose_name_extends_ours_is_not_ours() {
        let ours = Sidecars::of(OsStr::new("a"));
        let theirs = Sidecars::of(OsStr::new("a.confwarden.1-00"));
        assert_eq!(ours.classify(&theirs.stage()), None);
        assert_eq!(ours.classify(&theirs.journal()), None);
        assert_eq!(ours.classify(&theirs.swap(&identity(1), &identity(2))), None);
    }

    #[test]
    fn long_names_fit_into_a_directory_entry() {
        let long = "x".repeat(255);
        let names = Sidecars::of(OsStr::new(&long));
        assert!(names.swap(&identity(u64::MAX), &identity(0)).len() < 255);
        assert_ne!(names.lock(), Sidecars::of(OsStr::new(&"y".repeat(255))).lock());
    }
}
