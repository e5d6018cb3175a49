//! Faults: what people are told, and where. Behind `|` stands the hint.

use crate::doc::{Document, Format};

#[track_caller]
fn check(source: &str, expected: &str) {
    let fault = Document::parse(source, Format::Json5).expect_err("a faulty text");
    let hint = fault.hint.map(|hint| format!(" | {hint}")).unwrap_or_default();
    assert_eq!(format!("{fault}{hint}"), expected, "{source:?}");
    assert!(source.is_char_boundary(fault.offset));
}

#[test]
fn every_fault_says_what_was_expected_and_found() {
    let table = [
        ("", "the file is empty at line 1, column 1"),
        ("\u{FEFF}", "the file is empty at line 1, column 2"),
        (" \n\t", "the file holds white space and no value at line 2, column 2"),
        ("// only\n", "the file holds comments and no value at line 2, column 1"),
        ("/* x */ // y", "the file holds comments and no value at line 1, column 13"),
        (
            "{}{}",
            "a second value follows the first one: two configurations were written one after the other at line 1, column 3 | keep the one that is wanted",
        ),
        (
            "{a:1}\n{b:2}\n",
            "a second value follows the first one: two configurations were written one after the other at line 2, column 1 | keep the one that is wanted",
        ),
        (
            "{}\0\0",
            "NUL bytes follow the configuration at line 1, column 3 | a crash while writing leaves such bytes",
        ),
        (
            "{\"a\":1}\n\0",
            "NUL bytes follow the configuration at line 2, column 1 | a crash while writing leaves such bytes",
        ),
        (
            "{a:1",
            "the file ends inside the object that starts at line 1, column 1 at line 1, column 5 | the file may have been cut short while it was written",
        ),
        (
            "{\n  a: {\n    b: 1,",
            "the file ends inside the object that starts at line 2, column 6 at line 3, column 10 | the file may have been cut short while it was written",
        ),
        (
            "{a:",
            "the file ends inside the object that starts at line 1, column 1 at line 1, column 4 | the file may have been cut short while it was written",
        ),
        (
            "{a",
            "the file ends inside the object that starts at line 1, column 1 at line 1, column 3 | the file may have been cut short while it was written",
        ),
        (
            "[1,",
            "the file ends inside the array that starts at line 1, column 1 at line 1, column 4 | the file may have been cut short while it was written",
        ),
        (
            "[",
            "the file ends inside the array that starts at line 1, column 1 at line 1, column 2 | the file may have been cut short while it was written",
        ),
        (
            "{\"a\": \"x",
            "the file ends inside the string that starts at line 1, column 7 at line 1, column 9 | the file may have been cut short while it was written",
        ),
        (
            "{\"a\": \"x\n\"}",
            "the string is not closed on its line at line 1, column 7 | close it with the quote it starts with",
        ),
        (
            "{a: 'x\n'}",
            "the string is not closed on its line at line 1, column 5 | close it with the quote it starts with",
        ),
        (
            "{a: \"x\\",
            "the file ends inside the string that starts at line 1, column 5 at line 1, column 8 | the file may have been cut short while it was written",
        ),
        (
            "/* x",
            "the file ends inside the comment that starts at line 1, column 1 at line 1, column 5 | close the comment with `*/`",
        ),
        (
            "{a:1} /*",
            "the file ends inside the comment that starts at line 1, column 7 at line 1, column 9 | close the comment with `*/`",
        ),
        (
            "{a:1,,b:2}",
            "a second `,` follows the first one at line 1, column 6 | remove one of the commas",
        ),
        (
            "[1,,2]",
            "a second `,` follows the first one at line 1, column 4 | remove one of the commas",
        ),
        ("{,}", "expected a key or `}`, found `,` at line 1, column 2 | remove the comma"),
        ("[,]", "expected a value or `]`, found `,` at line 1, column 2 | remove the comma"),
        (
            "{\n  a: {\n    b: 1,\n  },\n  },\n  c: 2,\n}\n",
            "the configuration ends with the `}` at line 5, column 3, but `,` follows at line 5, column 4 | look for a closing bracket too many before this place",
        ),
        (
            "{a:{b:1}}}",
            "the configuration ends with the `}` at line 1, column 9, and another follows at line 1, column 10 | remove one closing bracket",
        ),
        (
            "{a:1}]",
            "the configuration ends with the `}` at line 1, column 5, and another follows at line 1, column 6 | remove one closing bracket",
        ),
        (
            "{a:1}, b",
            "the configuration ends with the `}` at line 1, column 5, but `,` follows at line 1, column 6 | look for a closing bracket too many before this place",
        ),
        (
            "{a:1} b",
            "the configuration ends with the `}` at line 1, column 5, but a name follows at line 1, column 7 | look for a closing bracket too many before this place",
        ),
        (
            "{a:1 b:2}",
            "expected `,` or `}` in the object that starts at line 1, column 1, found a name at line 1, column 6 | put a `,` between them if a comma is missing before this place",
        ),
        (
            "{\"a\":1 \"b\":2}",
            "expected `,` or `}` in the object that starts at line 1, column 1, found a string at line 1, column 8 | put a `,` between them if a comma is missing before this place",
        ),
        (
            "[1 2]",
            "expected `,` or `]` in the array that starts at line 1, column 1, found a number at line 1, column 4 | put a `,` between them if a comma is missing before this place",
        ),
        (
            "{a:[1}",
            "expected `,` or `]` in the array that starts at line 1, column 4, found `}` at line 1, column 6",
        ),
        (
            "[{a:1]",
            "expected `,` or `}` in the object that starts at line 1, column 2, found `]` at line 1, column 6",
        ),
        ("{a:hello}", "expected a value, found a name at line 1, column 4 | put strings in quotes"),
        ("{a:}", "expected a value, found `}` at line 1, column 4"),
        ("{a:,}", "expected a value, found `,` at line 1, column 4"),
        (
            "{a 1}",
            "expected `:` after the key, found a number at line 1, column 4 | put keys with other characters than letters and digits in quotes",
        ),
        (
            "{a=1}",
            "expected `:` after the key, found `=` at line 1, column 3 | write `:` between key and value",
        ),
        (
            "{a-b:1}",
            "expected `:` after the key, found a number at line 1, column 3 | put keys with other characters than letters and digits in quotes",
        ),
        (
            "{1:1}",
            "expected a key or `}`, found a number at line 1, column 2 | put keys that start with a digit or a sign in quotes",
        ),
        ("{\"a\"}", "expected `:` after the key, found `}` at line 1, column 5"),
        (
            "{a;1}",
            "expected `:` after the key, found `;` at line 1, column 3 | members and elements are separated by `,`",
        ),
        (
            "[1;2]",
            "expected `,` or `]` in the array that starts at line 1, column 1, found `;` at line 1, column 3 | members and elements are separated by `,`",
        ),
        ("# c\n{}", "expected a value, found `#` at line 1, column 1 | comments start with `//`"),
        (
            "{ # c\n}",
            "expected a key or `}`, found `#` at line 1, column 3 | comments start with `//`",
        ),
        (
            "{a: # c\n1}",
            "expected a value, found `#` at line 1, column 5 | comments start with `//`",
        ),
        (
            "{a:1} # c",
            "expected the end of the file, found `#` at line 1, column 7 | comments start with `//`",
        ),
        (
            "{a:`x`}",
            "expected a value, found a backtick at line 1, column 4 | strings stand in `\"` or `'`",
        ),
        (
            "{a:\u{201C}x\u{201D}}",
            "expected a value, found a typographic quote (U+201C) at line 1, column 4 | strings stand in `\"` or `'`",
        ),
        (
            "{\u{201C}a\u{201D}:1}",
            "expected a key or `}`, found a typographic quote (U+201C) at line 1, column 2 | strings stand in `\"` or `'`",
        ),
        (
            "{a:1\u{200B}}",
            "expected `,` or `}` in the object that starts at line 1, column 1, found an invisible character (U+200B) at line 1, column 5",
        ),
        (
            "{\u{200B}a:1}",
            "expected a key or `}`, found an invisible character (U+200B) at line 1, column 2",
        ),
        ("{a:\u{1}}", "expected a value, found a control character (U+0001) at line 1, column 4"),
        (
            "{a:010}",
            "a number has a `0` before its other digits at line 1, column 4 | remove the `0`",
        ),
        ("{a:- 1}", "expected a digit, found white space at line 1, column 5"),
        ("{a:.}", "expected a digit, found `}` at line 1, column 5"),
        (
            "{a:1.2.3}",
            "a number is followed by other characters at line 1, column 4 | put strings that start with a digit in quotes",
        ),
        ("{a:0x}", "expected a hexadecimal digit, found `}` at line 1, column 6"),
        ("{a:1e}", "expected a digit of the exponent, found `}` at line 1, column 6"),
        (
            "{a:10m}",
            "a number is followed by other characters at line 1, column 4 | put strings that start with a digit in quotes",
        ),
        (
            "{a:\"\\u{41}\"}",
            "`\\u` needs four hexadecimal digits at line 1, column 5 | write `\\\\` for a backslash",
        ),
        (
            "{a:\"\\x4\"}",
            "`\\x` needs two hexadecimal digits at line 1, column 5 | write `\\\\` for a backslash",
        ),
        (
            "{a:\"\\01\"}",
            "there are no octal escapes at line 1, column 5 | write `\\\\` for a backslash",
        ),
        (
            "{a:\"\\8\"}",
            "there are no octal escapes at line 1, column 5 | write `\\\\` for a backslash",
        ),
        (
            "{a:\"C:\\users\"}",
            "`\\u` needs four hexadecimal digits at line 1, column 7 | write `\\\\` for a backslash",
        ),
        (
            "{\\x41:1}",
            "the escape stands for no character of a key without quotes at line 1, column 2 | put the key in quotes",
        ),
        (
            "{\\u0031:1}",
            "the escape stands for no character of a key without quotes at line 1, column 2 | put the key in quotes",
        ),
        (
            "{\\u00:1}",
            "`\\u` needs four hexadecimal digits at line 1, column 2 | write `\\\\` for a backslash",
        ),
        (
            "<<<<<<< HEAD\n{}",
            "expected a value, found a marker of a merge conflict at line 1, column 1 | finish the merge first",
        ),
        (
            "{\n<<<<<<< HEAD\na:1}",
            "expected a key or `}`, found a marker of a merge conflict at line 2, column 1 | finish the merge first",
        ),
        (
            "{a:1,\n=======\n}",
            "expected a key or `}`, found a marker of a merge conflict at line 2, column 1 | finish the merge first",
        ),
        ("1 2", "expected the end of the file, found a number at line 1, column 3"),
        ("\"a\" \"b\"", "expected the end of the file, found a string at line 1, column 5"),
        ("true false", "expected the end of the file, found a name at line 1, column 6"),
        ("null}", "expected the end of the file, found `}` at line 1, column 5"),
        (
            "{a:truefalse}",
            "expected a value, found a name at line 1, column 4 | put strings in quotes",
        ),
        (
            "{a:undefined}",
            "expected a value, found a name at line 1, column 4 | put strings in quotes",
        ),
        ("{a:TRUE}", "expected a value, found a name at line 1, column 4 | put strings in quotes"),
        ("{a:/x/}", "expected a value, found `/` at line 1, column 4"),
        ("{/}", "expected a key or `}`, found `/` at line 1, column 2"),
        (
            "{a:1 / 2}",
            "expected `,` or `}` in the object that starts at line 1, column 1, found `/` at line 1, column 6",
        ),
        (
            "€",
            "expected a value, found a character that has no meaning here at line 1, column 1 | put strings in quotes",
        ),
        (
            "{€:1}",
            "expected a key or `}`, found a character that has no meaning here at line 1, column 2",
        ),
        (
            "{a:1}€",
            "expected the end of the file, found a character that has no meaning here at line 1, column 6",
        ),
        (
            "\0",
            "expected a value, found a NUL byte at line 1, column 1 | a crash while writing leaves such bytes",
        ),
        (
            "{a:\0}",
            "expected a value, found a NUL byte at line 1, column 4 | a crash while writing leaves such bytes",
        ),
        (
            "{\0}",
            "expected a key or `}`, found a NUL byte at line 1, column 2 | a crash while writing leaves such bytes",
        ),
        (
            "[nul]",
            "expected a value or `]`, found a name at line 1, column 2 | put strings in quotes",
        ),
        (
            "{a:<b>}",
            "expected a value, found a character that has no meaning here at line 1, column 4 | put strings in quotes",
        ),
        ("{\"a\":1,]", "expected a key or `}`, found `]` at line 1, column 8"),
        (
            "{a:1)",
            "expected `,` or `}` in the object that starts at line 1, column 1, found a character that has no meaning here at line 1, column 5",
        ),
        ("{a:1,\"b\",\"c\"}", "expected `:` after the key, found `,` at line 1, column 9"),
        ("{a:\"x\",\"b\"}", "expected `:` after the key, found `}` at line 1, column 11"),
        (
            "{a:1}\n\"b\": 2",
            "the configuration ends with the `}` at line 1, column 5, but a string follows at line 2, column 1 | look for a closing bracket too many before this place",
        ),
        (
            "{a:1}\n}\n",
            "the configuration ends with the `}` at line 1, column 5, and another follows at line 2, column 1 | remove one closing bracket",
        ),
        (
            "{a: &x}",
            "expected a value, found a character that has no meaning here at line 1, column 5 | put strings in quotes",
        ),
        ("--- \na: 1", "expected a digit, found a number at line 1, column 2"),
    ];
    for (source, expected) in table {
        check(source, expected);
    }
}

#[test]
fn unclosed_brackets_without_end_are_one_clean_fault() {
    let array = "[".repeat(100_000);
    check(&array, "the text is nested deeper than 10,000 levels at line 1, column 10001");
    let object = "{a:".repeat(100_000);
    check(&object, "the text is nested deeper than 10,000 levels at line 1, column 30001");
}

#[test]
fn bytes_that_are_not_utf8_are_refused_with_their_place() {
    let fault = Document::parse_bytes(b"{\n  a: \"x\xFF\"\n}".to_vec(), Format::Json5);
    let fault = fault.expect_err("invalid UTF-8");
    assert_eq!(fault.to_string(), "invalid UTF-8 at line 2, column 8");
}

#[test]
fn faults_never_quote_the_text() {
    let sources = [
        "{token: hunter2}",
        "{token: 'hunter2",
        "{token: 'hunter2\n}",
        "{token 'hunter2'}",
        "{'hunter2' 'hunter2'}",
        "{hunter2 hunter2}",
        "{token: 'x'} hunter2",
        "{token: 'hunter2\\u12'}",
        "{token: 2hunter2}",
        "hunter2",
    ];
    for source in sources {
        let fault = Document::parse(source, Format::Json5).expect_err("a faulty text");
        assert!(!format!("{fault} {fault:?}").contains("hunter2"), "{fault}");
    }
}
