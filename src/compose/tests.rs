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

fn edit(root: &str, files: &[(&str, &str)], change: Change) -> Result<Configuration, ComposeError> {
    let mut files = Files::new(files);
    compose(
        root,
        &files.0.iter().map(|(f, t)| (f.to_str().expect("utf-8"), t.as_str())).collect::<Vec<_>>(),
    )
    .edit(&[change], &rules(), &mut |file| files.load(file))
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
