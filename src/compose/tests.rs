//! Tests of includes: merging, routing of edits, faults.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::{ComposeError, Configuration, Edited, IncludeFaultKind, Part, Rules};
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
    edited_by(root, files, &[change]).map(|edited| texts(&edited.configuration))
}

fn edited_by(
    root: &str,
    files: &[(&str, &str)],
    changes: &[Change],
) -> Result<Edited, ComposeError> {
    let mut loader = Files::new(files);
    compose(root, files).edit(changes, &rules(), &mut |file| loader.load(file))
}

fn name(part: &Part) -> String {
    part.file.file_name().expect("a file").to_string_lossy().into_owned()
}

fn texts(configuration: &Configuration) -> Vec<String> {
    configuration
        .parts()
        .iter()
        .map(|part| format!("{}: {}", name(part), part.document.source()))
        .collect()
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
}

fn relocate(from: &str, to: &str) -> Change {
    let path = |path: &str| path.parse().expect("a path");
    Change::Move { from: path(from), to: path(to) }
}

#[test]
fn a_value_moves_to_another_file_with_its_comments() {
    let files = &[("/etc/gw/a", "{\n  // about x\n  x: 0x1, // one\n  y: 2,\n}\n")];
    let root = "{\n    a: { $include: 'a' },\n    b: {\n        c: 3,\n    },\n}\n";
    assert_eq!(
        edited(root, files, relocate("a.x", "b.z")).expect("a good edit"),
        [
            "root.json: {\n    a: { $include: 'a' },\n    b: {\n        c: 3,\n        // about x\n        z: 0x1, // one\n    },\n}\n",
            "a: {\n  y: 2,\n}\n",
        ]
    );
    assert_eq!(
        edited(root, files, relocate("b.c", "a.c")).expect("a good edit")[1],
        "a: {\n  // about x\n  x: 0x1, // one\n  y: 2,\n  c: 3,\n}\n",
    );
    let files = &[("/etc/gw/a", "[{id: 'm'}, /* n */ {id: 'n'}]")];
    assert_eq!(
        edited("{a: {$include: 'a'}, b: [1]}", files, relocate("a[id=n]", "b[+]"))
            .expect("a good edit"),
        ["root.json: {a: {$include: 'a'}, b: [1, /* n */ {id: 'n'}]}", "a: [{id: 'm'}]"]
    );
}

#[test]
fn a_file_that_takes_a_value_is_written_before_the_one_that_gives_it() {
    let root = "{a: {$include: 'a'}, b: {$include: 'b'}, c: 1}";
    let files = &[("/etc/gw/a", "{x: 1, l: [1]}"), ("/etc/gw/b", "{y: 2}")];
    let order = |changes: &[Change]| {
        let edited = edited_by(root, files, changes).expect("a good edit");
        let order = edited.writing_order().expect("there is one");
        order.into_iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(order(&[set("c", 2)]), ["b", "a", "root.json"]);
    assert_eq!(order(&[relocate("a.x", "x")]), ["b", "root.json", "a"]);
    assert_eq!(order(&[relocate("b.y", "a.y"), relocate("a.x", "x")]), ["root.json", "a", "b"]);
    assert_eq!(order(&[relocate("c", "b.c")]), ["b", "a", "root.json"]);
    let opposed = [relocate("a.x", "b.x"), relocate("b.y", "a.y")];
    let path = "b.y".parse().expect("a path");
    let error = edited_by(root, files, &opposed).expect_err("no order is right");
    assert_eq!(error, ComposeError::Opposed { path });
}

#[test]
fn several_changes_of_several_files_are_one_edit() {
    let root = "{a: {$include: 'a'}, b: {$include: 'b'}, c: 1}";
    let files = &[("/etc/gw/a", "{x: 1 /* x */, l: [1]}"), ("/etc/gw/b", "{y: 2, z: 3}")];
    let changes = [
        set("a.l[+]", 2),
        relocate("a.x", "b.x"),
        set("b.x", 7),
        Change::Remove { path: "b.z".parse().expect("a path") },
        set("c", 2),
    ];
    let edited = edited_by(root, files, &changes).expect("a good edit");
    assert_eq!(
        texts(&edited.configuration),
        [
            "root.json: {a: {$include: 'a'}, b: {$include: 'b'}, c: 2}",
            "a: {l: [1, 2]}",
            "b: {y: 2, x: 7 /* x */}",
        ]
    );
}

/// An object of one member a line, with comments above, behind and in between.
fn commented(marks: &[u8], file: &str) -> String {
    let lines = marks.iter().enumerate().map(|(index, mark)| {
        let above = ["", "  // about it {}\n", "\n  // apart {}\n\n", "  // off: {},\n"];
        let above = above[usize::from(mark % 4)].replace("{}", &format!("{file}{index}"));
        let behind = ["", " // behind {}", " /* {} */ // and {}", ""][usize::from(mark / 4 % 4)];
        let behind = behind.replace("{}", &format!("{file}{index}"));
        let value = ["1", "0x2", "{ // in\n    y: 1,\n  }", "['a', /* b */ 'b']"];
        format!("{above}  {file}{index}: {},{behind}\n", value[usize::from(mark / 16 % 4)])
    });
    format!("{{ // {file}\n{}}}\n", lines.collect::<String>())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn moves_between_files_keep_meaning_and_comments(
        one in prop::collection::vec(any::<u8>(), 1..6),
        two in prop::collection::vec(any::<u8>(), 0..6),
        which: prop::sample::Index,
    ) {
        let (one, two) = (commented(&one, "one"), commented(&two, "two"));
        let files: &[(&str, &str)] = &[("/etc/gw/one", &one), ("/etc/gw/two", &two)];
        let root = "{a: {$include: 'one'}, b: {$include: 'two'}}";
        let before = compose(root, files);
        let members = before.effective().get("a").and_then(Value::as_object).expect("an object");
        let key = members[which.index(members.len())].0.to_str_lossy().into_owned();
        let change = relocate(&format!("a.{key}"), &format!("b.{key}"));
        let expected = crate::doc::changed(before.effective(), std::slice::from_ref(&change));
        let edited = edited_by(root, files, &[change])
            .map_err(|error| TestCaseError::fail(format!("{error}: {key} of {one}to {two}")))?;
        prop_assert_eq!(Ok(edited.configuration.effective().clone()), expected);
        let comments = |configuration: &Configuration| {
            let parts = configuration.parts().iter();
            let mut comments: Vec<String> = parts
                .flat_map(|part| part.document.comments().map(str::to_owned).collect::<Vec<_>>())
                .collect();
            comments.sort();
            comments
        };
        prop_assert_eq!(comments(&edited.configuration), comments(&before));
    }
}

#[test]
fn a_move_across_files_that_is_not_clear_is_refused() {
    let path = |path: &str| path.parse::<crate::doc::KeyPath>().expect("a path");
    let refused = |root: &str, files: &[(&str, &str)], from: &str, to: &str| {
        edited(root, files, relocate(from, to)).expect_err("not clear")
    };
    let composed = |at: &str| ComposeError::Composed { path: path(at) };
    // Included twice: it would go from both places.
    let root = "{a: {$include: 's'}, b: {$include: 's'}, c: {}}";
    assert_eq!(refused(root, &[("/etc/gw/s", "{x: 1}")], "a.x", "c.x"), composed("a.x"));
    // Made of two files: the other half would stay.
    let files = &[("/etc/gw/one", "{x: {p: 1}}"), ("/etc/gw/two", "{x: {q: 2}}")];
    let root = "{a: {$include: ['one', 'two']}, c: {}}";
    assert_eq!(refused(root, files, "a.x", "c.x"), composed("a.x"));
    // A place in a list of two files.
    let files = &[("/etc/gw/one", "[1, 2]"), ("/etc/gw/two", "[3]")];
    let root = "{l: {$include: ['one', 'two']}}";
    assert_eq!(refused(root, files, "l[0]", "l[2]"), composed("l[0]"));
    // Comments that strict JSON cannot hold; without any it is no loss.
    let root = "{\"a\": {\"$include\": \"a\"}}";
    let commented = &[("/etc/gw/a", "{x: 1 /* one */}")];
    let across = ComposeError::AcrossFiles { from: path("a.x"), to: path("x") };
    assert_eq!(refused(root, commented, "a.x", "x"), across);
    let plain = edited(root, &[("/etc/gw/a", "{x: 0x1}")], relocate("a.x", "x"));
    assert_eq!(
        plain.expect("a good edit"),
        ["root.json: {\"a\": {\"$include\": \"a\"}, \"x\": 1}", "a: {}"]
    );
    // Taken, absent, or an include that would lead elsewhere.
    let root = "{a: {$include: 'sub/a'}, b: 1}";
    let files = &[("/etc/gw/sub/a", "{x: {$include: 'c'}, y: 1}"), ("/etc/gw/sub/c", "{z: 1}")];
    assert!(matches!(refused(root, files, "a.y", "b"), ComposeError::Edit(_)));
    assert!(matches!(refused(root, files, "a.no", "c"), ComposeError::Edit(_)));
    assert_eq!(refused(root, files, "a.x", "x"), composed("a.x"));
    assert_eq!(refused(root, files, "a.x.$include", "x"), composed("a.x.$include"));
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
