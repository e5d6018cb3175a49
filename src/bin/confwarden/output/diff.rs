//! Unified diffs of two texts.
//!
//! The texts come in redacted; nothing here knows what a secret is.

use std::time::Duration;

use similar::TextDiff;

/// After this long the diff is finished without looking for its shortest form.
const PATIENCE: Duration = Duration::from_secs(2);

/// What differs between two texts, as a unified diff; empty where nothing does.
pub(super) fn unified(before_name: &str, before: &str, after_name: &str, after: &str) -> String {
    if before == after {
        return String::new();
    }
    TextDiff::configure()
        .timeout(PATIENCE)
        .diff_lines(before, after)
        .unified_diff()
        .header(before_name, after_name)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diff_names_the_files_and_shows_the_lines() {
        let diff = unified("a.json5", "{\n  a: 1,\n}\n", "b.json5", "{\n  a: 2,\n}\n");
        let expected = "--- a.json5\n+++ b.json5\n@@ -1,3 +1,3 @@\n {\n-  a: 1,\n+  a: 2,\n }\n";
        assert_eq!(diff, expected);
    }

    #[test]
    fn a_missing_newline_at_the_end_is_shown() {
        assert!(unified("a", "x", "a", "x\n").contains("\\ No newline at end of file"));
    }

    #[test]
    fn equal_texts_have_no_diff() {
        assert_eq!(unified("a", "x", "a", "x"), "");
    }
}
