//! The names that lead to a file: every symbolic link on the way, and the file itself.
//!
//! A file is another one when any of them changes: a dotfile manager switches the link, Kubernetes the
//! link of a directory (`..data`), an editor renames over the name. So what is watched is each
//! directory in which one of these names stands, never the file, which is replaced.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Symbolic links that are followed, as many as the kernel follows (`path_resolution(7)`).
const MOST_LINKS: usize = 40;

/// The names that lead to a file, as they are now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    names: BTreeSet<PathBuf>,
}

impl Sight {
    /// Follows `file`, an absolute path. Where it leads nowhere, what is missing is the last name: it
    /// is watched for in the nearest directory that exists.
    #[must_use]
    pub fn of(file: &Path) -> Self {
        let mut names = BTreeSet::new();
        let mut ahead: Vec<OsString> = reversed(file);
        let mut current = PathBuf::from("/");
        let mut links = 0;
        while let Some(name) = ahead.pop() {
            if name == ".." {
                current.pop();
                continue;
            }
            let here = current.join(&name);
            match fs::symlink_metadata(&here) {
                Ok(metadata) if metadata.is_symlink() => {
                    links += 1;
                    names.insert(here.clone());
                    let Ok(target) = fs::read_link(&here) else { break };
                    if links > MOST_LINKS {
                        break;
                    }
                    if target.is_absolute() {
                        current = PathBuf::from("/");
                    }
                    ahead.extend(reversed(&target));
                }
                Ok(metadata) if metadata.is_dir() && !ahead.is_empty() => current = here,
                // The file, or where the way ends.
                Ok(_) | Err(_) => {
                    names.insert(here);
                    break;
                }
            }
        }
        Self { names }
    }

    /// Every name, absolute.
    pub fn names(&self) -> impl Iterator<Item = &Path> {
        self.names.iter().map(PathBuf::as_path)
    }

    /// The directories in which the names stand.
    pub fn directories(&self) -> impl Iterator<Item = &Path> {
        self.names().filter_map(Path::parent)
    }

    /// Adds the names of another file.
    pub fn join(&mut self, other: Self) {
        self.names.extend(other.names);
    }
}

/// The parts of a path, the last first.
fn reversed(path: &Path) -> Vec<OsString> {
    let parts = path.components().rev().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    parts.collect()
}

#[cfg(test)]
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "a test makes files of its own")]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[track_caller]
    fn check(root: &Path, file: &str, expected: &[&str]) {
        let expected: BTreeSet<PathBuf> = expected.iter().map(|name| root.join(name)).collect();
        assert_eq!(Sight::of(&root.join(file)).names, expected, "{file}");
    }

    #[test]
    fn every_link_on_the_way_is_a_name() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for made in ["dots/a", "vol/..2026_1", "home"] {
            fs::create_dir_all(root.join(made)).unwrap();
        }
        fs::write(root.join("dots/a/c.json"), "").unwrap();
        fs::write(root.join("vol/..2026_1/c.json"), "").unwrap();
        symlink("../dots/a/c.json", root.join("home/c.json")).unwrap();
        symlink("..2026_1", root.join("vol/..data")).unwrap();
        symlink("..data/c.json", root.join("vol/c.json")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        check(&root, "dots/a/c.json", &["dots/a/c.json"]);
        check(&root, "home/c.json", &["home/c.json", "dots/a/c.json"]);
        check(&root, "vol/c.json", &["vol/c.json", "vol/..data", "vol/..2026_1/c.json"]);
        check(&root, "loop", &["loop"]);
    }

    #[test]
    fn what_is_missing_is_awaited_where_it_would_appear() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        check(&root, "a.json", &["a.json"]);
        check(&root, "no/such/a.json", &["no"]);
        fs::write(root.join("file"), "").unwrap();
        check(&root, "file/a.json", &["file"]);
        fs::create_dir(root.join("a.json")).unwrap();
        check(&root, "a.json", &["a.json"]);
    }
}
