//! Looks and re-dresses in an order that a running watcher meets by chance only.

#![expect(clippy::disallowed_methods, reason = "the test is another writer of the file")]

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::doc::KeyPath;
use crate::history::Author;
use crate::ops::{Access, Assignment, Input, Request, WriteOptions, write};
use crate::profile::Profile;

const BASE: &str = r#"// At home.
{
  gateway: { mode: "local", auth: { mode: "token", token: "fake-token-of-the-first-day" } },
  logging: { level: "info" }, // not more
}
"#;
const REWRITTEN: &str = r#"{
  "gateway": { "mode": "local", "auth": { "mode": "token", "token": "fake-token-of-the-first-day" } },
  "logging": { "level": "debug" }
}
"#;

fn workspace(directory: &Path) -> Workspace {
    Workspace {
        config: directory.join("openclaw.json"),
        profile: Arc::new(Profile::builtin("openclaw").unwrap()),
        state_dir: directory.join("state"),
        lock_timeout: Duration::from_secs(5),
        command: "confwarden watch".to_owned(),
        include_roots: Vec::new(),
        access: Access::Writable,
        gateway_version: None,
    }
}

/// A `set` that no look has taken up yet, and the time to dress has come: what was asked for in it
/// stands, and the comments come back afterwards.
#[test]
fn nothing_is_dressed_on_before_our_own_write_was_taken_up() {
    let directory = tempfile::tempdir().unwrap();
    let workspace = workspace(directory.path());
    let read = || std::fs::read_to_string(&workspace.config).unwrap();
    let author = Inquiry::known(Author::unknown());
    let look = Look { workspace: &workspace, allow: &[], author: &author };
    let mut memory = Memory::default();
    std::fs::write(&workspace.config, BASE).unwrap();
    look.heal(&mut memory, Broken::Await).unwrap();
    std::fs::write(&workspace.config, REWRITTEN).unwrap();
    let found = look.heal(&mut memory, Broken::Await).unwrap();
    assert!(matches!(found, Found::Settled(..)) && memory.is_undressed());

    let path: KeyPath = "gateway.auth.token".parse().unwrap();
    let input = Input::Text("fake-token-of-the-next-day".to_owned());
    let options =
        WriteOptions { allow: vec!["auth-token-changed".to_owned()], ..Default::default() };
    write(&workspace, &Request::Set(vec![Assignment { path, input }]), &options).unwrap();
    assert!(read().contains("next-day"));

    let found = look.dress(&mut memory).unwrap();
    assert!(matches!(found, Found::Broken), "first a look takes up what was written");
    let Found::Settled(settled, ..) = look.heal(&mut memory, Broken::Await).unwrap() else {
        panic!("the write was not seen")
    };
    assert_eq!((settled.taken_up.len(), settled.put_back.len()), (1, 0));
    assert!(matches!(look.dress(&mut memory).unwrap(), Found::Settled(..)));
    let wanted = BASE.replace("first", "next").replace("info", "debug");
    assert_eq!(read(), wanted);
}
