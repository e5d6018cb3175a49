//! Tests of includes: merging, routing of edits, faults.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::{ComposeError, Configuration, IncludeFaultKind, Part, Rules};
use crate::doc::{Change, Document, Format, Value};

fn part(file: &str, source: &str) -> Part {
    let document = Document::parse(source, Format::Json5).expect("a good document");
    Part { file: PathBuf::from(file), document, mode: None, directory_mode: None }
}

fn rules() -> Rules {
    Rules { key: Some("$include".into()), depth: 10, roots: vec![PathBuf::from("/etc/gw")] }
}

struct Files(HashMap<PathBuf, String>);

impl Files {
    fn new(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(file, text)| (PathBuf::from(file), (*text).to_owned())).collect())
    }

    fn load(&mut self, file: &Path) -> Result<Part, IncludeFaultKind> {
        let text = self.0.get(file).ok_or_else(|| IncludeFaultKind::Missing(file.to_owned()))?;
        let document = Document::parse(text.clone(), Format::Json5)
            .map_err(|error| IncludeFaultKind::Syntax(file.to_owned(), error))?;
        Ok(Part { file: file.to_owned(), document, mode: None, directory_mode: None })
    }
}

fn compose(root: &str, files: &[(&str, &str)]) -> Configuration {
    let mut files = Files::new(files);
    Configuration::compose(part("/etc/gw/root.json", root), &rules(), &mut |file| files.load(file))
}

fn value(source: &str) -> Value {
    part("/x", source).document.root().to_value()
}

#[track_caller]
fn check(root: &str, files: &[(&str, &str)], expected: &str) {
    let configuration = compose(root, files);
    assert_eq!(configuration.faults(), []);
    assert_eq!(*configuration.effective(), value(expected));
}

#[test]
fn single_array_nested_and_relative_includes_resolve() {
    check("{a: {$include: './a.json5'}}", &[("/etc/gw/a.json5", "{x: 1}")], "{a: {x: 1}}");
    check(
        "{a: {$include: ['a', 'b'], own: 3, l: [9]}}",
        &[("/etc/gw/a", "{x: {p: 1}, l: [1], own: 0}"), ("/etc/gw/b", "{x: {q: 2}, l: [2]}")],
        "{a: {x: {p: 1, q: 2}, l: [1, 2, 9], own: 3}}",
    );
    check(
        "{a: [{$include: 'sub/a'}]}",
        &[("/etc/gw/sub/a", "{b: {$include: '../c'}}"), ("/etc/gw/c", "[1]")],
        "{a: [{b: [1]}]}",
    );
    check("{'\\u0024include': 'a', b: 1}", &[("/etc/gw/a", "{x: 1}")], "{x: 1, b: 1}");
}

#[track_caller]
fn check_fault(root: &str, files: &[(&str, &str)], fault: &IncludeFaultKind) {
    let configuration = compose(root, files);
    let kinds: Vec<_> = configuration.faults().iter().map(|fault| &fault.kind).collect();
    assert_eq!(kinds, [fault]);
}

#[test]
fn bad_includes_are_faults_and_count_as_empty() {
    let path = |path: &str| PathBuf::from(path);
    check_fault("{$include: 'no'}", &[], &IncludeFaultKind::Missing(path("/etc/gw/no")));
    check_fault("{$include: 7}", &[], &IncludeFaultKind::NotAName);
    check_fault("{$include: '../secret'}", &[], &IncludeFaultKind::Outside(path("/etc/secret")));
    check_fault(
        "{$include: 'a'}",
        &[("/etc/gw/a", "{b: {$include: 'a'}}")],
        &IncludeFaultKind::Circular(path("/etc/gw/a")),
    );
    check_fault(
        "{$include: 'root.json'}",
        &[],
        &IncludeFaultKind::Circular(path("/etc/gw/root.json")),
    );
    check_fault(
        "{$include: 'a', x: 1}",
        &[("/etc/gw/a", "[1]")],
        &IncludeFaultKind::NotAnObject(path("/etc/gw/a")),
    );
    let chain: Vec<(String, String)> = (0..12)
        .map(|index| (format!("/etc/gw/{index}"), format!("{{$include: '{}'}}", index + 1)))
        .collect();
    let chain: Vec<(&str, &str)> =
        chain.iter().map(|(file, text)| (file.as_str(), text.as_str())).collect();
    check_fault("{$include: '0'}", &chain, &IncludeFaultKind::TooDeep(path("/etc/gw/10")));
}

#[test]
fn the_same_file_may_be_included_twice() {
    check(
        "{a: {$include: 's'}, b: {$include: 's'}}",
        &[("/etc/gw/s", "{x: 1}")],
        "{a: {x: 1}, b: {x: 1}}",
    );
}

/// The texts of all files after `change`, each as `file: text`.
fn edited(root: &str, files: &[(&str, &str)], change: Change) -> Result<Vec<String>, ComposeError> {
    let mut loader = Files::new(files);
    let edited = compose(root, files).edit(&[change], &rules(), &mut |file| loader.load(file))?;
    let name = |part: &Part| part.file.file_name().expect("a file").to_string_lossy().into_owned();
    Ok(edited
        .parts()
        .iter()
        .map(|part| format!("{}: {}", name(part), part.document.source()))
        .collect())
}

fn set(path: &str, value: i64) -> Change {
    Change::Set { path: path.parse().expect("a path"), value: Value::Integer(value).into() }
}

#[test]
fn an_edit_goes_into_the_file_its_value_stands_in() {
    let files = &[("/etc/gw/a", "{x: 1, /* deep */ d: {$include: 'b'}}"), ("/etc/gw/b", "{y: 1}")];
    let root = "{a: {$include: 'a'}, b: 1}";
    assert_eq!(
        edited(root, files, set("a.x", 2)).expect("a good edit"),
        [
            "root.json: {a: {$include: 'a'}, b: 1}",
            "a: {x: 2, /* deep */ d: {$include: 'b'}}",
            "b: {y: 1}"
        ]
    );
    assert_eq!(edited(root, files, set("a.d.z", 2)).expect("a good edit")[2], "b: {y: 1, z: 2}");
    assert_eq!(
        edited(root, files, set("b", 2)).expect("a good edit")[0],
        "root.json: {a: {$include: 'a'}, b: 2}"
    );
}

#[test]
fn an_edit_that_does_not_come_out_as_asked_is_refused() {
    let path = |path: &str| path.parse::<crate::doc::KeyPath>().expect("a path");
    // The file is included twice: the edit would change both places.
    let twice = edited(
        "{a: {$include: 's'}, b: {$include: 's'}}",
        &[("/etc/gw/s", "{x: 1}")],
        set("a.x", 2),
    );
    assert_eq!(twice, Err(ComposeError::Composed { path: path("a.x") }));
    // The list is put together from two files: index 1 is the first of the second one.
    let files = &[("/etc/gw/a", "{l: [1]}"), ("/etc/gw/b", "{l: [2, 3]}")];
    let spread = edited("{$include: ['a', 'b']}", files, set("l[1]", 9));
    assert_eq!(spread, Err(ComposeError::Composed { path: path("l[1]") }));
    // What the include holds shines through when the member beside it is removed.
    let shadowed = edited(
        "{a: {$include: 's', x: 2}}",
        &[("/etc/gw/s", "{x: 1}")],
        Change::Remove { path: path("a.x") },
    );
    assert_eq!(shadowed, Err(ComposeError::Composed { path: path("a.x") }));
    let across = Change::Move { from: path("a.x"), to: path("b") };
    assert_eq!(
        edited("{a: {$include: 's'}}", &[("/etc/gw/s", "{x: 1}")], across),
        Err(ComposeError::AcrossFiles { from: path("a.x"), to: path("b") })
    );
}

#[test]
fn an_include_may_be_changed_itself() {
    let files = &[("/etc/gw/a", "{x: 1}"), ("/etc/gw/b", "{x: 2}")];
    let change = Change::Set {
        path: "a[\"$include\"]".parse().expect("a path"),
        value: Value::string("b").into(),
    };
    assert_eq!(
        edited("{a: {$include: 'a'}}", files, change).expect("a good edit"),
        ["root.json: {a: {$include: 'b'}}", "b: {x: 2}"]
    );
}

#[track_caller]
fn check_owner(root: &str, files: &[(&str, &str)], path: &str, owner: &str) {
    let configuration = compose(root, files);
    let route = configuration.route(&path.parse().expect("a path"));
    assert_eq!(configuration.parts()[route.part].file, PathBuf::from(owner), "{path}");
}

#[test]
fn a_value_is_routed_to_the_file_it_stands_in() {
    let root = "{gateway: {port: 1}, agents: {$include: 'agents', own: {y: 1}}}";
    let files = &[
        ("/etc/gw/agents", "{list: [{id: 'main'}], deep: {$include: 'deep'}, own: {x: 1}}"),
        ("/etc/gw/deep", "{z: 1}"),
    ];
    check_owner(root, files, "gateway.port", "/etc/gw/root.json");
    check_owner(root, files, "agents.list[id=main].model", "/etc/gw/agents");
    check_owner(root, files, "agents.new", "/etc/gw/agents");
    check_owner(root, files, "agents.deep.z", "/etc/gw/deep");
    check_owner(root, files, "agents.deep.new.deeper", "/etc/gw/deep");
    check_owner(root, files, "agents.own.y", "/etc/gw/root.json");
    check_owner(root, files, "agents.own.x", "/etc/gw/agents");
    check_owner(root, files, "agents", "/etc/gw/root.json");
    check_owner(root, files, "agents[\"$include\"]", "/etc/gw/root.json");
    check_owner(root, files, "fresh.key", "/etc/gw/root.json");
}
