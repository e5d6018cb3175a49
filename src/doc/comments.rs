//! Comments of one text that another lacks.
//!
//! White space inside a comment does not count: a block comment is indented anew when it moves.

use std::collections::HashMap;

use super::Document;

/// The comments of `before` that `after` does not have, or not as often, in the order of the text.
#[must_use]
pub fn missing_comments<'d>(before: &'d Document, after: &Document) -> Vec<&'d str> {
    let old: Vec<&str> = before.comments().collect();
    let new: Vec<&str> = after.comments().collect();
    // The usual case, without an index: nothing is missing, or all of it.
    if old == new {
        return Vec::new();
    }
    if new.is_empty() {
        return old;
    }
    let mut left: HashMap<String, usize> = HashMap::new();
    for comment in new {
        *left.entry(words(comment)).or_default() += 1;
    }
    let is_missing = |comment: &&str| match left.get_mut(&words(comment)) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    old.into_iter().filter(is_missing).collect()
}

/// What of a comment counts: its words.
pub(crate) fn words(comment: &str) -> String {
    let mut words = String::with_capacity(comment.len());
    for word in comment.split_whitespace() {
        words.push_str(word);
        words.push(' ');
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::Format;

    #[track_caller]
    fn check(before: &str, after: &str, expected: &[&str]) {
        let parse = |text: &str| Document::parse(text, Format::Json5).expect("it parses");
        assert_eq!(missing_comments(&parse(before), &parse(after)), expected);
    }

    #[test]
    fn each_comment_counts_as_often_as_it_stands() {
        check("{ /* a */ } // b", "{ /* a */ } // b", &[]);
        check("{ /* a */ } // b", "{}", &["/* a */", "// b"]);
        check("// a\n// b\n{} // a", "// a\n{}", &["// b", "// a"]);
        check("{}", "// a\n{}", &[]);
    }

    #[test]
    fn white_space_does_not_count() {
        check("{ /* a\n     b */ }", "/* a\n b */ {}", &[]);
    }
}
