//! Documents for property tests: valid by construction, of every shape the planner knows.

use proptest::prelude::*;
use proptest::sample::select;

use super::super::{Kind, Node, Value, Wtf8String};
use super::read;

/// As many cases as `PROPTEST_CASES` asks for; a failure becomes a case in the table, not a file.
pub(super) fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

const KEYS: [&str; 7] = ["a", "b", "c", "d", "\"x.y\"", "'lit'", "long-name"];

/// A key of one to three steps.
fn key() -> impl Strategy<Value = String> {
    let separator = select(vec![".", ".", ".", " . "]);
    (prop::collection::vec(select(KEYS.to_vec()), 1..=3), separator)
        .prop_map(|(steps, separator)| steps.join(separator))
}

fn scalar() -> impl Strategy<Value = String> {
    select(vec![
        "1",
        "-17",
        "0xFF",
        "1.0",
        "2.5e3",
        "nan",
        "true",
        "false",
        "\"\"",
        "\"text\"",
        "'lit'",
        "\"tab\\t\"",
        "\"\"\"\nmany\n# no comment\nlines\"\"\"",
        "'''one''two'''",
        "1979-05-27",
        "07:32:00",
        "1979-05-27 07:32:00Z",
    ])
    .prop_map(str::to_owned)
}

/// A value in brackets, on one line or on several, with comments.
fn value() -> impl Strategy<Value = String> {
    scalar().prop_recursive(3, 12, 4, |inner| {
        let items = prop::collection::vec(inner.clone(), 0..4);
        let members = || prop::collection::vec((key(), inner.clone()), 0..3);
        prop_oneof![
            (items.clone(), select(vec!["", " "]), select(vec![", ", ",", " , "]))
                .prop_map(|(items, pad, comma)| format!("[{pad}{}{pad}]", items.join(comma))),
            (items, select(vec!["", ","]), select(vec!["", "  # item\n  # own", "  # 5,"]))
                .prop_map(|(items, last, comment)| {
                    let above = if comment.is_empty() { "" } else { "\n" };
                    let lines = items.iter().enumerate().map(|(index, item)| {
                        let comma = if index + 1 == items.len() { last } else { "," };
                        format!("{above}{comment}\n  {item}{comma} # {index}")
                    });
                    format!("[{}\n]", lines.collect::<String>())
                }),
            members().prop_map(|members| {
                let members: Vec<String> =
                    members.into_iter().map(|(key, value)| format!("{key} = {value}")).collect();
                format!("{{ {} }}", members.join(", "))
            }),
            members().prop_map(|members| {
                let lines: Vec<String> = members
                    .into_iter()
                    .map(|(key, value)| format!("\n  # own\n  {key} = {value}, # member"))
                    .collect();
                format!("{{{}\n}}", lines.concat())
            }),
            members().prop_map(|members| {
                let members: Vec<String> =
                    members.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

/// A line or a few that may stand in a document.
fn piece() -> impl Strategy<Value = String> {
    let comment = select(vec!["", "", "", "", "  # same line", " #"]);
    let above = select(vec![
        "",
        "",
        "",
        "# about it\n",
        "# one\n# two\n",
        "# off = 1\n",
        "\n",
        "\n# apart\n\n",
    ]);
    let indent = select(vec!["", "", "", "  ", "\t"]);
    let equals = select(vec![" = ", " = ", "=", "   = "]);
    let entry =
        (key(), equals, value()).prop_map(|(key, equals, value)| format!("{key}{equals}{value}"));
    let table = key().prop_map(|key| format!("[{key}]"));
    let element = key().prop_map(|key| format!("[[ {key} ]]"));
    let line = prop_oneof![5 => entry, 2 => table, 1 => element];
    (above, indent, line, comment)
        .prop_map(|(above, indent, line, comment)| format!("{above}{indent}{line}{comment}\n"))
}

/// A valid TOML document: pieces that would make it invalid are left out.
pub(super) fn document() -> impl Strategy<Value = String> {
    let tail = select(vec!["", "", "# the end\n", "\n# apart\n"]);
    let layout = (any::<bool>(), 0..8_u8, any::<bool>());
    (prop::collection::vec(piece(), 0..10), tail, layout).prop_map(
        |(pieces, tail, (crlf, mark, final_newline))| {
            let mut text = String::new();
            for piece in pieces {
                let longer = format!("{text}{piece}");
                if read(&longer).is_ok() {
                    text = longer;
                }
            }
            text.push_str(tail);
            if crlf {
                text = text.replace('\n', "\r\n");
            }
            if mark == 0 {
                text.insert(0, '\u{feff}');
            }
            if !final_newline {
                text.truncate(text.trim_end_matches(['\r', '\n']).len());
            }
            text
        },
    )
}

/// A value to write.
pub(super) fn new_value() -> impl Strategy<Value = Value> {
    let scalar = select(vec![
        Value::Integer(7),
        Value::Float(0.5),
        Value::Bool(true),
        Value::string("new"),
        Value::string("it's \"odd\"\n\u{1b}"),
        Value::Datetime("2024-02-29".to_owned()),
    ]);
    scalar.prop_recursive(3, 8, 3, |inner| {
        let names = select(vec!["a", "b", "n", "odd key", ""]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::btree_map(names, inner, 0..3).prop_map(|members| {
                Value::Object(
                    members
                        .into_iter()
                        .map(|(key, value)| (Wtf8String::from(key), value))
                        .collect(),
                )
            }),
        ]
    })
}

/// Every node of a document but the root.
pub(super) fn nodes(root: Node<'_>) -> Vec<Node<'_>> {
    let mut found = Vec::new();
    let mut rest = vec![root];
    while let Some(node) = rest.pop() {
        if matches!(node.kind(), Kind::Object | Kind::Array) {
            rest.extend(node.children());
        }
        found.push(node);
    }
    found.remove(0);
    found
}
