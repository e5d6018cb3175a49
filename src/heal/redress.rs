//! Re-dress: the author's values in the text that had the comments.
//!
//! A program that stores what it read writes plain JSON: comments, quotes, order and trailing commas
//! are gone, and nobody meant to change them. The values are then the author's, the text is the former
//! one wherever a value is unchanged.
//!
//! This module never changes a value: the result means what the author wrote, or there is none.

use std::borrow::Cow;
use std::collections::HashMap;

use super::moved::moves;
use crate::compose::Configuration;
use crate::doc::{
    Change, Document, Format, KeyPath, Node, Value, changed, comments_of, missing_comments,
    reconcile_values, words,
};

/// What became of a text.
#[derive(Clone, Debug)]
pub enum Redress {
    /// Nothing was lost.
    NotNeeded,
    /// The author's text stays as it is, and why.
    Kept(&'static str),
    /// The former text with the author's values.
    Dressed {
        /// The text.
        document: Document,
        /// The comments that went with removed members.
        lost: Vec<LostComment>,
    },
}

/// A comment that belonged to something the author removed.
#[derive(Clone, PartialEq, Eq)]
pub struct LostComment {
    /// The removed member.
    pub path: KeyPath,
    /// The comment as written. It may hold secrets.
    pub text: String,
}

/// Shows the size only, as for documents.
impl std::fmt::Debug for LostComment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LostComment(`{}`, {} bytes)", self.path, self.text.len())
    }
}

/// Writes the values of `theirs` into the text of `base`, if `theirs` is a re-serialisation of it.
///
/// It is one if it has no comments while the base has, or if it is strict JSON and the base is not. A
/// text with comments of its own stays, and so does one that only lays out a file without comments
/// anew.
#[must_use]
pub fn redress(base: &Document, theirs: &Document) -> Redress {
    redress_as(base, theirs, theirs)
}

/// As [`redress`], with the values of `wanted`, which is `theirs` after it was healed: comments that
/// came back with a value are not the author's.
#[must_use]
pub fn redress_as(base: &Document, theirs: &Document, wanted: &Document) -> Redress {
    dress(theirs, Text::of(base), Text::of(wanted))
}

/// As [`redress_as`], of the root files of configurations. Where they include nothing, their values are
/// known already, which saves half of the time.
#[must_use]
pub fn redress_root(
    base: &Configuration,
    theirs: &Configuration,
    wanted: &Configuration,
) -> Redress {
    dress(&theirs.root().document, Text::of_root(base), Text::of_root(wanted))
}

/// A document and what it means.
#[derive(Clone, Copy)]
struct Text<'d> {
    document: &'d Document,
    value: Option<&'d Value>,
}

impl<'d> Text<'d> {
    fn of(document: &'d Document) -> Self {
        Self { document, value: None }
    }

    fn of_root(configuration: &'d Configuration) -> Self {
        let document = &configuration.root().document;
        Self { document, value: configuration.root_value() }
    }

    fn value(&self) -> Cow<'d, Value> {
        match self.value {
            Some(value) => Cow::Borrowed(value),
            None => Cow::Owned(self.document.root().to_value()),
        }
    }
}

fn dress(theirs: &Document, base: Text<'_>, wanted: Text<'_>) -> Redress {
    let before = base.document;
    if before.format() != theirs.format() || before.format() != wanted.document.format() {
        return Redress::Kept("it is written in another format");
    }
    if before.source() == theirs.source() {
        return Redress::NotNeeded;
    }
    if theirs.comments().next().is_some() {
        return if missing_comments(before, theirs).is_empty() {
            Redress::NotNeeded
        } else {
            Redress::Kept("it has comments of its own")
        };
    }
    let has_comments = before.comments().next().is_some();
    let became_strict =
        before.format() == Format::Json5 && !before.is_strict_json() && theirs.is_strict_json();
    if !has_comments && !became_strict {
        return Redress::NotNeeded;
    }
    if !has_comments && before.root().means_same(theirs.root()) {
        return Redress::Kept("nothing but the layout of a file without comments changed");
    }
    let Some((document, changes)) = dressed(&base, &wanted) else {
        return Redress::Kept("its values cannot be written into the former text");
    };
    if document.source() == wanted.document.source() {
        return Redress::NotNeeded;
    }
    let lost = lost_comments(before, &document, &changes);
    Redress::Dressed { document, lost }
}

/// The text of `base` with the values of `wanted`, and the changes that led there.
fn dressed(base: &Text<'_>, wanted: &Text<'_>) -> Option<(Document, Vec<Change>)> {
    let root = KeyPath::root();
    let (before, after) = (base.value(), wanted.value());
    let plain = reconcile_values(&root, &before, &after);
    let carried = moves(&before, &plain);
    let by_moves = (!carried.is_empty()).then(|| {
        let between = changed(&before, &carried).ok()?;
        let rest = reconcile_values(&root, &between, &after);
        Some(carried.into_iter().chain(rest).collect::<Vec<Change>>())
    });
    let ways = by_moves.flatten().into_iter().chain(std::iter::once(plain));
    ways.into_iter().find_map(|changes| {
        let document = base.document.edit(&changes).ok()?;
        document.root().means_same(wanted.document.root()).then_some((document, changes))
    })
}

/// The comments of `base` that went with what `changes` removed.
fn lost_comments(base: &Document, dressed: &Document, changes: &[Change]) -> Vec<LostComment> {
    let missing = missing_comments(base, dressed);
    let mut open: HashMap<String, usize> = HashMap::new();
    for comment in &missing {
        *open.entry(words(comment)).or_default() += 1;
    }
    let mut lost = Vec::new();
    let mut hand_over = |path: &KeyPath, text: &str| {
        if let Some(count) = open.get_mut(&words(text)).filter(|count| **count > 0) {
            *count -= 1;
            lost.push(LostComment { path: path.clone(), text: text.to_owned() });
        }
    };
    if missing.is_empty() {
        return Vec::new();
    }
    for change in changes {
        let (Change::Remove { path } | Change::Set { path, .. }) = change else { continue };
        let Ok(Some(node)) = base.get(path) else { continue };
        for comment in comments(node) {
            hand_over(path, comment);
        }
    }
    for comment in missing {
        hand_over(&KeyPath::root(), comment);
    }
    lost
}

fn comments(node: Node<'_>) -> Vec<&str> {
    let source = node.document().source();
    comments_of(node).into_iter().map(|span| span.slice(source)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json5(text: &str) -> Document {
        Document::parse(text, Format::Json5).expect("it parses")
    }

    #[track_caller]
    fn check(base: &str, theirs: &str, expected: &str) {
        match redress(&json5(base), &json5(theirs)) {
            Redress::Dressed { document, .. } => assert_eq!(document.source(), expected),
            other => panic!("{other:?}"),
        }
    }

    const BASE: &str = "// the gateway\n{\n  // behind the tunnel\n  gateway: {\n    port: 18789, // not 80\n    bind: 'loopback',\n  },\n  agents: { list: [{ id: 'main' /* me */ }] },\n}\n";

    #[test]
    fn wp_14_only_lines_of_changed_values_differ() {
        check(
            BASE,
            "{\n  \"agents\": {\n    \"list\": [\n      {\n        \"id\": \"main\",\n        \"model\": \"m\"\n      }\n    ]\n  },\n  \"gateway\": {\n    \"port\": 18790,\n    \"bind\": \"loopback\"\n  }\n}\n",
            &BASE
                .replace("18789", "18790")
                .replace("'main' /* me */", "'main' /* me */, model: 'm'"),
        );
    }

    #[test]
    fn values_that_did_not_change_give_the_former_bytes_back() {
        check(
            BASE,
            r#"{"gateway":{"bind":"loopback","port":18789},"agents":{"list":[{"id":"main"}]}}"#,
            BASE,
        );
        check(
            "{ a: 0x10, b: +.5, c: 'x' }",
            r#"{"c":"y","b":0.5,"a":16}"#,
            "{ a: 0x10, b: +.5, c: 'y' }",
        );
    }

    #[test]
    fn moved_members_carry_their_comments() {
        check(
            "{\n  // search\n  memorySearch: { provider: 'local' }, // local\n  agents: {\n    defaults: {\n      a: 1,\n    },\n  },\n}\n",
            r#"{"agents":{"defaults":{"a":1,"memorySearch":{"provider":"local"}}}}"#,
            "{\n  agents: {\n    defaults: {\n      a: 1,\n      // search\n      memorySearch: { provider: 'local' }, // local\n    },\n  },\n}\n",
        );
        check(
            "{\n  // the token\n  token: 'abcdef', // secret\n}\n",
            r#"{"authToken": "abcdef"}"#,
            "{\n  // the token\n  authToken: 'abcdef', // secret\n}\n",
        );
    }

    #[test]
    fn comments_of_removed_members_are_handed_over() {
        let theirs = r#"{"gateway":{"bind":"loopback"},"agents":{"list":[]}}"#;
        let Redress::Dressed { lost, .. } = redress(&json5(BASE), &json5(theirs)) else {
            panic!("it should be dressed")
        };
        let lost: Vec<(String, &str)> =
            lost.iter().map(|lost| (lost.path.to_string(), lost.text.as_str())).collect();
        assert_eq!(
            lost,
            [("gateway.port".to_owned(), "// not 80"), ("agents.list".to_owned(), "/* me */")]
        );
    }

    #[track_caller]
    fn check_stays(base: &str, theirs: &str, why: Option<&str>) {
        match (redress(&json5(base), &json5(theirs)), why) {
            (Redress::NotNeeded, None) => {}
            (Redress::Kept(reason), Some(why)) => assert!(reason.contains(why), "{reason}"),
            (other, _) => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_an_author_wrote_by_hand_stays() {
        check_stays(BASE, BASE, None);
        check_stays(BASE, &BASE.replace("18789", "18790"), None);
        check_stays(BASE, &BASE.replace(" // not 80", ""), Some("comments of its own"));
        check_stays(BASE, "// mine\n{}", Some("comments of its own"));
        check_stays("{ a: 1 }", r#"{ "a": 1 }"#, Some("layout"));
        check_stays(r#"{"a":1}"#, "{\n  \"a\": 2\n}", None);
        check_stays("{ a: 1 }", "{ a: 2 }", None);
    }

    #[test]
    fn toml_is_dressed_where_its_comments_are_gone() {
        let toml = |text: &str| Document::parse(text, Format::Toml).expect("it parses");
        let base = "# gateway\n[gateway]\nport = 18789 # not 80\n";
        let Redress::Dressed { document, .. } =
            redress(&toml(base), &toml("gateway = { port = 18790 }\n"))
        else {
            panic!("it should be dressed")
        };
        assert_eq!(document.source(), base.replace("18789", "18790"));
    }

    #[test]
    fn nothing_shows_the_text_of_a_comment() {
        let lost = LostComment { path: KeyPath::root().key("a"), text: "// s3cr3t".to_owned() };
        assert_eq!(format!("{lost:?}"), "LostComment(`a`, 9 bytes)");
    }
}
