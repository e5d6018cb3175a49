//! What no compiler checks: layers, headers, sizes, lists.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use confwarden::policy;

/// Each module, and the modules it may name. A module may always name itself.
const MAY_USE: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("clock", &[]),
    ("doc", &["text"]),
    ("finding", &["doc", "text"]),
    ("schema", &["doc"]),
    ("profile", &["doc", "finding", "schema", "text"]),
    ("redact", &["doc", "profile", "text"]),
    ("compose", &["doc", "finding", "text"]),
    ("policy", &["compose", "doc", "finding", "profile", "schema", "text"]),
    ("heal", &["compose", "doc", "finding", "policy", "profile", "text"]),
    ("fs", &["text"]),
    ("child", &["clock"]),
    ("signal", &["child", "clock", "fs", "profile"]),
    ("watch", &["fs"]),
    ("history", &["clock", "fs", "text"]),
    ("pending", &["clock", "fs", "history"]),
    ("author", &["clock", "fs", "history"]),
    ("gateway", &["clock", "doc", "fs", "profile"]),
    ("event", &["child", "clock", "fs", "history", "profile", "text"]),
    (
        "ops",
        &[
            "author", "child", "clock", "compose", "doc", "event", "finding", "fs", "gateway",
            "heal", "history", "pending", "policy", "profile", "redact", "schema", "signal",
            "text", "watch",
        ],
    ),
];

/// Lines of a source file at most, and of a file of test tables.
const LONGEST: usize = 600;
const LONGEST_TABLE: usize = 700;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below `directory`, as path from the root and text.
fn rust_files(directory: &str) -> Vec<(String, String)> {
    let mut open = vec![root().join(directory)];
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            files.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    files.sort();
    assert!(!files.is_empty(), "{directory} holds no Rust file");
    files
}

/// The module of the library that `path` belongs to; nothing for `lib.rs` and the binary.
fn module_of(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("src/")?;
    let module = rest.split('/').next()?;
    let module = module.strip_suffix(".rs").unwrap_or(module);
    (!matches!(module, "lib" | "bin")).then_some(module)
}

/// The modules that `source` names by `crate::`, in code or in links of its docs.
fn named_modules(source: &str) -> BTreeSet<&str> {
    let mut named = BTreeSet::new();
    for (start, _) in source.match_indices("crate::") {
        let rest = &source[start + "crate::".len()..];
        let paths = match rest.strip_prefix('{') {
            Some(group) => group.split('}').next().unwrap_or_default().split(',').collect(),
            None => vec![rest],
        };
        for path in paths {
            let path = path.trim_start();
            let end = path.find(|c: char| !c.is_ascii_lowercase() && c != '_');
            let module = &path[..end.unwrap_or(path.len())];
            if !module.is_empty() {
                named.insert(module);
            }
        }
    }
    named
}

#[test]
fn modules_only_depend_downwards() {
    for (path, source) in rust_files("src") {
        let Some(module) = module_of(&path) else { continue };
        let row = MAY_USE.iter().find(|(name, _)| *name == module);
        let (_, allowed) = row.unwrap_or_else(|| panic!("{path}: `{module}` is in no layer"));
        for used in named_modules(&source) {
            assert!(
                used == module || allowed.contains(&used),
                "{path}: `{module}` must not use `{used}`"
            );
        }
    }
}

#[test]
fn named_modules_are_found() {
    let source = "use crate::doc::KeyPath;\nuse crate::{text, fs::read};\n/// [`crate::ops`]";
    let expected = BTreeSet::from(["doc", "fs", "ops", "text"]);
    assert_eq!(named_modules(source), expected);
}

#[test]
fn every_file_says_what_it_is_for() {
    for (path, source) in rust_files("src").into_iter().chain(rust_files("tests")) {
        assert!(source.starts_with("//! "), "{path} should start with a `//!` header");
    }
}

#[test]
fn no_file_is_too_long() {
    for (path, source) in rust_files("src").into_iter().chain(rust_files("tests")) {
        let name = Path::new(&path).file_name().unwrap().to_str().unwrap();
        let is_table = matches!(name, "tests.rs" | "cases.rs" | "properties.rs");
        let longest = if is_table { LONGEST_TABLE } else { LONGEST };
        let lines = source.lines().count();
        assert!(lines <= longest, "{path} has {lines} lines, {longest} are enough");
    }
}

#[test]
fn every_test_file_is_listed() {
    for (path, _) in rust_files("tests/suite") {
        let path = Path::new(&path);
        let name = path.file_stem().unwrap().to_str().unwrap();
        let (owner, module) = match name {
            "main" => continue,
            "mod" => {
                let directory = path.parent().unwrap();
                (directory.parent().unwrap(), directory.file_name().unwrap().to_str().unwrap())
            }
            _ => (path.parent().unwrap(), name),
        };
        let list = ["main.rs", "mod.rs"].iter().map(|list| root().join(owner).join(list));
        let list: PathBuf = list.into_iter().find(|list| list.exists()).unwrap();
        let text = fs::read_to_string(&list).unwrap();
        assert!(
            text.contains(&format!("mod {module};")),
            "{} should list {module}",
            list.display()
        );
    }
}

#[test]
fn every_rule_has_docs_and_a_case() {
    let suites: String = rust_files("tests/suite")
        .into_iter()
        .filter(|(path, _)| !path.ends_with("tidy.rs"))
        .map(|(_, source)| source)
        .collect();
    for rule in policy::rules() {
        for (what, text) in [("summary", rule.summary), ("why", rule.why), ("case", rule.seen)] {
            assert!(!text.is_empty(), "{} has no {what}", rule.id);
        }
        assert_ne!(rule.bad, rule.good, "{}", rule.id);
        assert!(suites.contains(rule.id), "no suite has a case for {}", rule.id);
    }
}

#[test]
fn the_top_level_holds_what_it_should() {
    const EXPECTED: &[&str] = &[
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "benches",
        "examples",
        "schemas",
        "src",
        "target",
        "tests",
    ];
    for entry in fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name.starts_with('.') || EXPECTED.contains(&name.as_str()), "{name}");
    }
}

#[test]
fn every_schema_is_one() {
    for entry in fs::read_dir(root().join("schemas")).unwrap() {
        let path = entry.unwrap().path();
        let schema = fs::read_to_string(&path).unwrap();
        let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
        assert!(jsonschema::meta::is_valid(&schema), "{}", path.display());
    }
}
