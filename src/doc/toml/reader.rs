//! Reading TOML: one pass for grammar and depth, `toml_edit` for the meaning, one for the tree.
//!
//! What is accepted is what `toml_edit` accepts, but for two things: keys and brackets together may
//! go [`MAX_LEVELS`] deep, which is checked before anything recursive sees the text, and no dotted
//! key goes through an array of tables. Errors name a place and what was expected there, and never
//! quote the text.

use toml_parser::parser::{Event, EventKind, RecursionGuard, ValidateWhitespace, parse_document};
use toml_parser::{Expected, ParseError, Source};

use super::super::SyntaxError;
use super::super::tree::Tree;
use super::builder::Builder;
use super::outline::Outline;

/// The deepest nesting of keys and brackets that is read; the limit of `toml_edit` for either.
pub(super) const MAX_LEVELS: usize = 80;

/// Reads `source` into its tree and outline.
pub(in crate::doc) fn read(source: &str) -> Result<(Tree, Outline), SyntaxError> {
    let events = scan(source)?;
    // Duplicate keys, tables defined twice, values out of range: the grammar does not see them.
    if let Err(error) = toml_edit::Document::parse(source) {
        let offset = error.span().map_or(0, |span| span.start);
        return Err(SyntaxError::new(source, offset, error.message()));
    }
    Builder::new(source).build(&events).map_err(|offset| {
        SyntaxError::new(source, offset, "a dotted key cannot extend an array of tables")
    })
}

/// The grammar: every token with its span, or the first fault.
fn scan(source: &str) -> Result<Vec<Event>, SyntaxError> {
    let input = Source::new(source);
    let tokens = input.lex().into_vec();
    let mut events = Vec::with_capacity(tokens.len());
    let mut fault: Option<ParseError> = None;
    let mut whitespace = ValidateWhitespace::new(&mut events, input);
    let limit = u32::try_from(MAX_LEVELS).expect("a small constant");
    let mut guard = RecursionGuard::new(&mut whitespace, limit);
    parse_document(&tokens, &mut guard, &mut fault);
    if let Some(offset) = too_deep(&events) {
        let message = format!("nesting deeper than {MAX_LEVELS} levels");
        return Err(SyntaxError::new(source, offset, message));
    }
    match fault {
        Some(fault) => {
            let offset = fault.unexpected().or(fault.context()).map_or(0, |span| span.start());
            Err(SyntaxError::new(source, offset, described(&fault)))
        }
        None => Ok(events),
    }
}

/// Where the nesting of keys and brackets goes past the limit.
fn too_deep(events: &[Event]) -> Option<usize> {
    let mut section = 0;
    let mut keys = 0;
    let mut open: Vec<usize> = Vec::new();
    for event in events {
        let outer = open.last().copied().unwrap_or(section);
        match event.kind() {
            EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                section = 0;
                keys = 0;
                open.clear();
            }
            EventKind::StdTableClose => section = std::mem::take(&mut keys),
            EventKind::ArrayTableClose => section = std::mem::take(&mut keys) + 1,
            EventKind::SimpleKey => keys += 1,
            EventKind::ArrayOpen | EventKind::InlineTableOpen => {
                open.push(outer + std::mem::take(&mut keys).max(1));
            }
            EventKind::ArrayClose | EventKind::InlineTableClose => {
                open.pop();
            }
            EventKind::Scalar | EventKind::Newline => keys = 0,
            _ => {}
        }
        if open.last().copied().unwrap_or(section) + keys > MAX_LEVELS {
            return Some(event.span().start());
        }
    }
    None
}

/// The message of a fault; its parts are constants of the parser.
fn described(fault: &ParseError) -> String {
    let mut message = fault.description().to_owned();
    for (index, expected) in fault.expected().unwrap_or_default().iter().enumerate() {
        message.push_str(if index == 0 { ", expected " } else { ", " });
        match expected {
            Expected::Literal("\n") => message.push_str("newline"),
            Expected::Literal("`") => message.push_str("'`'"),
            Expected::Literal(literal) => {
                message.push('`');
                message.extend(literal.escape_debug());
                message.push('`');
            }
            Expected::Description(description) => message.push_str(description),
            _ => message.push_str("something else"),
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::{Document, Format, Node, Value};
    use super::super::generated;
    use super::*;
    use crate::text::Span;

    fn parse(source: &str) -> Document {
        Document::parse(source, Format::Toml).expect("a valid document")
    }

    /// What `toml_edit` makes of the text.
    fn oracle(item: &toml_edit::Item) -> Value {
        fn value(inline: &toml_edit::Value) -> Value {
            match inline {
                toml_edit::Value::String(text) => Value::string(text.value()),
                toml_edit::Value::Integer(number) => Value::Integer(*number.value()),
                toml_edit::Value::Float(number) => Value::Float(*number.value()),
                toml_edit::Value::Boolean(truth) => Value::Bool(*truth.value()),
                toml_edit::Value::Datetime(date) => Value::Datetime(
                    date.as_repr().and_then(|raw| raw.as_raw().as_str()).unwrap_or("?").to_owned(),
                ),
                toml_edit::Value::Array(array) => Value::Array(array.iter().map(value).collect()),
                toml_edit::Value::InlineTable(table) => Value::Object(
                    table.iter().map(|(key, member)| (key.into(), value(member))).collect(),
                ),
            }
        }
        fn members(table: &toml_edit::Table) -> Value {
            Value::Object(table.iter().map(|(key, member)| (key.into(), oracle(member))).collect())
        }
        match item {
            toml_edit::Item::Value(inner) => value(inner),
            toml_edit::Item::Table(table) => members(table),
            toml_edit::Item::ArrayOfTables(array) => {
                Value::Array(array.iter().map(members).collect())
            }
            toml_edit::Item::None => Value::Null,
        }
    }

    #[track_caller]
    fn check_value(source: &str) {
        let expected: toml_edit::DocumentMut = source.parse().expect("a valid document");
        assert_eq!(parse(source).root().to_value(), oracle(expected.as_item()), "{source}");
    }

    #[test]
    fn values_are_those_of_toml_edit() {
        for source in [
            "",
            "# only a comment",
            "\u{feff}a = 1\r\nb.c = 'x'\r\n",
            "a.b = 1\nc = 1\na.d = 2\n[a.e]\nx = 1\n",
            "[a.b]\nx = 1\n[a]\ny = 2\n",
            "[[a]]\nx = 1\n[a.b]\ny = 1\n[[a]]\n[[a.c]]\nz = 1\n[[a.c]]\n[a.b]\n",
            "[a.b.c]\nx=1\n[a]\nb.y=2\n",
            "a = { b.c = 1, b.d = [ { e = 2 }, [] ] }\n",
            "a = {\n  b = 1, # one\n  c = 2,\n}\n",
        ] {
            check_value(source);
        }
    }

    proptest! {
        #![proptest_config(generated::config())]

        #[test]
        fn generated_values_are_those_of_toml_edit(source in generated::document()) {
            check_value(&source);
        }
    }

    /// Every node with its path, its text and its key.
    fn spans(source: &str) -> Vec<(String, String, Option<String>)> {
        let document = parse(source);
        let text = |span: Span| span.slice(source).to_owned();
        let row = |node: Node<'_>| {
            (node.path().to_string(), text(node.span()), node.key_span().map(text))
        };
        let mut nodes = generated::nodes(document.root());
        nodes.sort_by_key(|node| node.id());
        nodes.into_iter().map(row).collect()
    }

    #[test]
    fn spans_are_those_of_the_text() {
        let source = "\u{feff}a . \"b\" = [ 1,\r\n { c = 'x' } ] # c\r\n[t]\r\nx = 1 \r\n[u.v]\r\n[[w]]\r\ny=2\r\n[w.z]\r\nq=3\r\n";
        let rows = spans(source);
        let rows: Vec<(&str, &str, Option<&str>)> = rows
            .iter()
            .map(|(path, text, key)| (path.as_str(), text.as_str(), key.as_deref()))
            .collect();
        assert_eq!(
            rows,
            [
                ("a", "a", Some("a")),
                ("a.b", "[ 1,\r\n { c = 'x' } ]", Some("\"b\"")),
                ("a.b[0]", "1", None),
                ("a.b[1]", "{ c = 'x' }", None),
                ("a.b[1].c", "'x'", Some("c")),
                ("t", "[t]\r\nx = 1", Some("t")),
                ("t.x", "1", Some("x")),
                ("u", "u", Some("u")),
                ("u.v", "[u.v]", Some("v")),
                ("w", "[[w]]\r\ny=2\r\n[w.z]\r\nq=3", Some("w")),
                ("w[0]", "[[w]]\r\ny=2", None),
                ("w[0].y", "2", Some("y")),
                ("w[0].z", "[w.z]\r\nq=3", Some("z")),
                ("w[0].z.q", "3", Some("q")),
            ]
        );
        assert_eq!(parse(source).comments().collect::<Vec<_>>(), ["# c"]);
    }

    #[test]
    fn equal_headers_do_not_make_arrays_of_tables_equal() {
        let (one, two) = (parse("[[a]]\nx = 1\n"), parse("[[a]]\nx = 2\n"));
        assert!(!one.root().means_same(two.root()));
        assert!(one.root().means_same(parse("a = [{ x = 0x1 }]").root()));
    }

    #[test]
    fn every_value_finds_its_entry() {
        let document = parse("a.b = [1, { c.d = 2, e = [] }]\n[t]\nx = 1\n[[u]]\ny = {}\n");
        let super::super::super::Syntax::Toml(outline) = &document.syntax else { panic!("TOML") };
        let tree = document.tree();
        let mut found = 0;
        for node in generated::nodes(document.root()) {
            if let Some(place) = outline.place(tree, node.id()) {
                assert_eq!(outline.entry(place).value, node.id());
                found += 1;
            }
        }
        assert_eq!(found, 7);
    }

    #[track_caller]
    fn check_fault(source: &str, line: usize, column: usize, message: &str) {
        let error = Document::parse(source, Format::Toml).expect_err("an invalid document");
        let place = (error.position.line, error.position.column);
        assert_eq!(
            (place, error.message.as_str()),
            ((line, column), message),
            "{:?}",
            &source[..source.len().min(40)]
        );
    }

    #[test]
    fn faults_have_a_place_and_never_quote_the_text() {
        let string = "invalid basic string, expected `\"`";
        for (source, line, column, message) in [
            ("a = 1\npassword = \"hunter2\n", 2, 20, string),
            ("a = hunter2\n", 1, 5, "string values must be quoted, expected literal string"),
            ("hunter2\n", 1, 8, "key with no value, expected `=`"),
            ("a = 1\na = 2\n", 2, 1, "duplicate key"),
            ("[a]\n[a]\n", 2, 2, "duplicate key"),
            ("a = 1\na.b = 2\n", 2, 1, "cannot extend value of type integer with a dotted key"),
            ("[a\nb = 1\n", 1, 3, "unclosed table, expected `]`"),
            ("a = [1, 2\n", 1, 10, "unclosed array, expected `]`"),
            ("a = 1 b = 2\n", 1, 9, "unexpected key or value, expected newline, `#`"),
            (
                "a = 1\rb = 2\n",
                2,
                1,
                "carriage return must be followed by newline, expected newline",
            ),
            ("a = 99999999999999999999\n", 1, 5, "integer number overflowed"),
            ("a = 2024-13-01\n", 1, 5, "invalid date, expected month between 01 and 12"),
            ("[[a.b]]\n[a]\nb.c.d = 1\n", 3, 1, "a dotted key cannot extend an array of tables"),
            ("a = 1\n\0", 2, 2, "key with no value, expected `=`"),
        ] {
            check_fault(source, line, column, message);
        }
    }

    #[test]
    fn deep_nesting_is_a_clean_fault() {
        let deep = "nesting deeper than 80 levels";
        check_fault(&format!("a = {}", "[".repeat(100_000)), 1, 85, deep);
        check_fault(&format!("a = {}", "{a=".repeat(100_000)), 1, 243, deep);
        check_fault(&format!("a{} = 1", ".a".repeat(100_000)), 1, 161, deep);
        check_fault(&format!("[a{}]", ".a".repeat(100_000)), 1, 162, deep);
        // Each alone would pass; together they would overflow the stack of a recursive reader.
        let key = format!("a{}", ".a".repeat(79));
        check_fault(
            &format!("{}{}", format!("{key} = {{").repeat(80), "}".repeat(80)),
            1,
            164,
            deep,
        );
        check_fault(
            &"[".repeat(100_000),
            1,
            3,
            "unquoted keys cannot be empty, expected letters, numbers, `-`, `_`",
        );
        assert!(read(&format!("a = {}1{}", "[".repeat(79), "]".repeat(79))).is_ok());
        assert!(read(&format!("[a{}]\n", ".a".repeat(79))).is_ok());
    }
}
