//! Reading: the corners that the gateway's reader decides, the tree, the dialect.

use super::{parse, path, value};
use crate::doc::{Document, Format, Kind, MAX_DEPTH, Value};

#[track_caller]
fn check(source: &str, expected: &str) {
    assert_eq!(value(source), value(expected), "{source:?}");
}

#[track_caller]
fn check_invalid(source: &str) {
    assert!(Document::parse(source, Format::Json5).is_err(), "{source:?}");
}

#[test]
fn every_line_terminator_ends_a_line_comment() {
    for end in ["\n", "\r", "\r\n", "\u{2028}", "\u{2029}"] {
        let source = format!("{{mode: 'local', // x{end} exec: 'full',}}");
        check(&source, r#"{"mode": "local", "exec": "full"}"#);
    }
    check("{mode: 'local', // x\u{85} exec: 'full',\n}", r#"{"mode": "local"}"#);
}

#[test]
fn white_space_is_that_of_json5() {
    for space in
        "\t\u{B}\u{C} \u{A0}\u{FEFF}\u{1680}\u{2003}\u{202F}\u{205F}\u{3000}\n\r\u{2028}".chars()
    {
        check(&format!("{space}{{{space}a{space}:{space}1{space},{space}}}{space}"), r#"{"a": 1}"#);
    }
    for other in ['\u{85}', '\u{200B}', '\u{180E}', '\u{2060}'] {
        check_invalid(&format!("{{a:{other}1}}"));
    }
}

#[test]
fn keys_are_identifiers_or_strings() {
    let accepted = [
        "$",
        "_",
        "$a_1",
        "ä",
        "中",
        "a\u{200C}\u{200D}b",
        "null",
        "true",
        "Infinity",
        "class",
        "__proto__",
    ];
    for key in accepted {
        check(&format!("{{{key}: 1}}"), &format!("{{\"{key}\": 1}}"));
    }
    check(r"{\u0061\u{62}: 1}".replace(r"\u{62}", r"\u0062").as_str(), r#"{"ab": 1}"#);
    check(r"{a\u0031: 1}", r#"{"a1": 1}"#);
    for refused in [
        "a-b",
        "1",
        "1a",
        r"\u0031",
        r"\x61",
        r"\u{61}",
        r"\ud835\udc00",
        "a b",
        "€",
        "\u{30000}",
        "+a",
    ] {
        check_invalid(&format!("{{{refused}: 1}}"));
    }
}

#[test]
fn the_last_duplicate_wins_in_whatever_spelling() {
    check(r#"{a: 1, "a": 2, \u0061: 3}"#, "{a: 3}");
    let document = parse(r#"{a: 1, b: 0, "\x61": 2}"#);
    let root = document.root();
    assert_eq!(root.children().count(), 3);
    assert_eq!(root.all(&"a".into()).count(), 2);
    assert_eq!(root.get(&"a".into()).and_then(|node| node.scalar()), Some(Value::Integer(2)));
    let keys: Vec<_> = root.members().into_iter().map(|(key, _)| key).collect();
    assert!(keys == ["b", "a"]);
    let many: String = (0..40).map(|index| format!("k{}: {index},", index % 20)).collect();
    assert_eq!(parse(&format!("{{{many}}}")).root().members().len(), 20);
}

#[test]
fn numbers_are_those_of_json5() {
    for (source, number) in [
        ("+1", 1.0),
        ("-.5", -0.5),
        ("5.", 5.0),
        ("5.e1", 50.0),
        ("0xF", 15.0),
        ("1E+2", 100.0),
        ("-0", -0.0),
        ("1e400", f64::INFINITY),
    ] {
        assert_eq!(value(source), Value::number(number), "{source}");
    }
    for source in [
        "010", "00", "- 1", "+", ".", "-.", "0x", "0xg", "1e", "1e+", "1_0", "0b1", "1n",
        "Infinit", "-Nan", "--1", "1.2.3",
    ] {
        check_invalid(source);
    }
}

#[test]
fn strings_are_those_of_json5() {
    check(r#"'\x41\v\0\q\'"'"#, r#""A\u000b\u0000q'\"""#);
    check("'a\\\nb\\\r\nc\\\u{2028}d\u{2029}\t'", "\"abcd\u{2029}\\t\"");
    for source in [
        r"'\u{41}'",
        r"'\01'",
        r"'\1'",
        r"'\9'",
        r"'\x4'",
        r"'\u004'",
        "'a\nb'",
        "'a\rb'",
        "'a",
        "'a\\",
    ] {
        check_invalid(source);
    }
}

#[test]
fn structure_is_that_of_json5() {
    check("[1,]", "[1]");
    check("{a:1,}", "{a: 1}");
    for source in [
        "",
        " ",
        "//",
        "{}{}",
        "{}\0",
        "[,]",
        "{,}",
        "[1,,2]",
        "{a:1,,}",
        "{a}",
        "[1 2]",
        "{a:1 b:2}",
        "[",
        "}",
        "tru",
        "nullx",
        "[truefalse]",
    ] {
        check_invalid(source);
    }
}

#[test]
fn depth_ends_at_its_limit() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let document = parse(&nested(MAX_DEPTH));
    assert!(document.root().means_same(parse(&format!(" {}", nested(MAX_DEPTH))).root()));
    check_invalid(&nested(MAX_DEPTH + 1));
}

#[test]
fn spans_cover_keys_values_and_comments() {
    let document = parse("\u{FEFF}// one\r\n{ 'k' /* two */: [1, {x: null}], } // three");
    let comments: Vec<&str> = document.comments().collect();
    assert_eq!(comments, ["// one", "/* two */", "// three"]);
    let node = document.get(&path("k")).expect("a path").expect("a value");
    assert_eq!(node.source(), "[1, {x: null}]");
    assert_eq!(node.key_span().map(|span| span.slice(document.source())), Some("'k'"));
    assert_eq!(node.position().to_string(), "line 2, column 3");
    let inner = document.get(&path("k[1].x")).expect("a path").expect("a value");
    assert_eq!((inner.source(), inner.kind()), ("null", Kind::Null));
    assert_eq!(inner.path().to_string(), "k[1].x");
}

#[track_caller]
fn check_strict(source: &str, expected: bool) {
    let (_, dialect) = crate::doc::json5::read(source).expect("a good text");
    assert_eq!(dialect.strict, expected, "{source:?}");
    let strict = source.trim_start_matches('\u{FEFF}');
    let theirs = serde_json::from_str::<serde::de::IgnoredAny>(strict).is_ok();
    assert_eq!(theirs, expected, "{source:?} as serde_json sees it");
}

#[test]
fn strict_json_is_told_from_the_rest() {
    for source in [
        "{}",
        "\u{FEFF}{}",
        " \t\r\n[1, -0.5e+3, true, null, \"\\u00e4\\n\\/ \u{2028}\"]",
        "{\"a\": {\"b\": []}}",
        "\"x\"",
    ] {
        check_strict(source, true);
    }
    for source in [
        "{a: 1}",
        "{'a': 1}",
        "['x']",
        "[1,]",
        "{\"a\": 1,}",
        "// c\n{}",
        "{} /* c */",
        "[+1]",
        "[.5]",
        "[5.]",
        "[0x1]",
        "[Infinity]",
        "[-NaN]",
        "[\"\\x41\"]",
        "[\"\\v\"]",
        "[\"\\q\"]",
        "[\"a\\\nb\"]",
        "[\"\t\"]",
        "[\u{A0}1]",
        "[\u{B}1]",
        "[1]\u{FEFF}",
        "[\"\\0\"]",
    ] {
        check_strict(source, false);
    }
}
