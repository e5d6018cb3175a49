//! Desired texts: what is added comes with its comments and its spelling.

use std::sync::Arc;

use proptest::prelude::*;

use super::super::{Change, Document, Format, Incoming, KeyPath, Kind, Node, reconcile};
use super::generated;

fn parse(source: &str) -> Document {
    Document::parse(source, Format::Toml).expect("a valid document")
}

#[track_caller]
fn check(source: &str, wanted: &str, expected: &str) {
    let document = parse(source);
    let wanted = Incoming::of(&Arc::new(parse(wanted)));
    let changes = reconcile(&KeyPath::root(), &document.root().to_value(), &wanted);
    let edited = document.edit(&changes).expect("a possible edit");
    assert_eq!(edited.source(), expected);
}

#[test]
fn added_entries_come_with_comments_and_spelling() {
    check(
        "# top\na = 1 # one\n",
        "a = 1 # not this one\n\n# about b\nb = 0x10 # hex\n",
        "# top\na = 1 # one\n# about b\nb = 0x10 # hex\n",
    );
    check("a = 1\n", "a = 1\n'b' = '''x'''\n", "a = 1\n'b' = '''x'''\n");
    check(
        "[a]\nx = 1\n",
        "[a]\nx = 1\n\n['b'.\"c\"]\ny = 1\n",
        "[a]\nx = 1\n\n['b'.\"c\"]\ny = 1\n",
    );
    check(
        "[a]\nx = 1\n\n[b]\ny = 1\n",
        "[a]\nx = 1\n# list\nl = [\n  1, # one\n  0b10,\n]\n[b]\ny = 1\n",
        "[a]\nx = 1\n# list\nl = [\n  1, # one\n  0b10,\n]\n\n[b]\ny = 1\n",
    );
}

#[test]
fn added_tables_come_with_their_sections() {
    check(
        "[channels.discord]\non = true\n\n[logging]\nlevel = 'info'\n",
        "[channels.discord]\non = true\n\n# why\n[channels.telegram] # chat\n# who\nallow = ['a']\n\n# deep\n[channels.telegram.x]\ny = 0x1 # y\n\n[logging]\nlevel = 'info'\n",
        "[channels.discord]\non = true\n\n# why\n[channels.telegram] # chat\n# who\nallow = ['a']\n\n# deep\n[channels.telegram.x]\ny = 0x1 # y\n\n[logging]\nlevel = 'info'\n",
    );
    check(
        "[[list]]\nid = 'a'\n",
        "# first\n[[list]]\nid = 'b' # b\n\n[[list]]\nid = 'a'\n",
        "# first\n[[list]]\nid = 'b' # b\n\n[[list]]\nid = 'a'\n",
    );
    check("", "# about a\n[a]\nb = 1\n", "# about a\n[a]\nb = 1\n");
}

#[test]
fn added_members_stand_where_they_stood() {
    check(
        "a = 1 # one\nd = 4\n\n[x]\ny = 1\n",
        "a = 1\n# b\nb = 2\nc = 3 # c\nd = 4\n[x]\ny = 1\n",
        "a = 1 # one\n# b\nb = 2\nc = 3 # c\nd = 4\n\n[x]\ny = 1\n",
    );
    check("[x]\n# of b\nb = 2\n", "[x]\n# a\na = 1\nb = 2\n", "[x]\n# a\na = 1\n# of b\nb = 2\n");
    check(
        "x = { a = 1, c = 3 }\n",
        "x = { a = 1, b = 2, c = 3 }\n",
        "x = { a = 1, b = 2, c = 3 }\n",
    );
    check(
        "a = 1\n\n[x]\ny = 1\n\n[z]\ny = 2\n",
        "a = 1\n\n# w\n[w]\nv = 0\n\n[x]\ny = 1\n\n# between\n[xx]\ny = 3\n\n[z]\ny = 2\n",
        "a = 1\n\n# w\n[w]\nv = 0\n\n[x]\ny = 1\n\n# between\n[xx]\ny = 3\n\n[z]\ny = 2\n",
    );
}

#[test]
fn comments_have_a_place_between_other_brackets_too() {
    check("a = { x = 1 }\n", "[a]\nx = 1\n# about y\ny = 2\n", "# about y\na = { x = 1, y = 2 }\n");
    check(
        "l = [\n  1, # one\n]\n",
        "l = [\n  1,\n  # about two\n  2, # two\n]\n",
        "l = [\n  1, # one\n  # about two\n  2, # two\n]\n",
    );
}

#[test]
fn another_value_keeps_the_comments_around_it() {
    check(
        "# ours\na = 1 # one\n",
        "# theirs\na = [ # in\n  0x1,\n]\n",
        "# ours\na = [ # in\n  0x1,\n] # one\n",
    );
    check("a = [] # none\n", "a = [\n  1, # one\n]\n", "a = [\n  1, # one\n] # none\n");
    check("a = 1.0\nb = 'x'\n", "a = 1\nb = \"y\"\n", "a = 1.0\nb = 'y'\n");
    check(
        "a = 'off'\n[b]\nc = 1\n",
        "[a] # on\nx = 1\n[b]\nc = 1\n",
        "[b]\nc = 1\n[a] # on\nx = 1\n",
    );
}

#[test]
fn line_ends_are_those_of_the_file() {
    check(
        "a = 1\r\n",
        "a = 1\n# b\nb = [\n  1,\n]\nc = \"\"\"\nx\ny\"\"\"\n",
        "a = 1\r\n# b\r\nb = [\r\n  1,\r\n]\r\nc = \"x\\ny\"\r\n",
    );
    check("a = 1\n", "a = 1\r\n# b\r\n[b] # c\r\nd = 1\r\n", "a = 1\n\n# b\n[b] # c\nd = 1\n");
}

/// A document whose comments are told from those of another one.
fn marked(source: &str) -> String {
    source.replace("# ", "# new ").replace("# new no comment", "# no comment")
}

/// Whether some lines end in LF alone, and whether some end in CRLF.
fn ends(text: &str) -> (bool, bool) {
    (text.replace("\r\n", "").contains('\n'), text.contains("\r\n"))
}

fn words(comment: &str) -> Vec<&str> {
    comment.split_whitespace().collect()
}

/// The entries of `ours` that `theirs` leaves as they are: their comments.
fn staying<'d>(ours: Node<'d>, theirs: Node<'_>, found: &mut Vec<&'d str>) {
    let span = ours.span();
    if ours.kind() == Kind::Object && theirs.kind() == Kind::Object {
        for (key, member) in ours.members() {
            if let Some(twin) = theirs.get(&key) {
                staying(member, twin, found);
            }
        }
    } else if ours.means_same(theirs)
        && ours.kind() == Kind::Array
        && ours.source().starts_with('[')
    {
        let comments = ours.document().tree().comments().iter();
        let inside = comments.filter(|comment| span.contains(**comment));
        found.extend(inside.map(|comment| comment.slice(ours.document().source())));
    }
}

proptest! {
    #![proptest_config(generated::config())]

    #[test]
    fn a_desired_text_is_brought_about_with_its_comments(
        ours in generated::document(), theirs in generated::document(),
    ) {
        let ours = parse(&ours);
        let theirs = Arc::new(parse(&marked(&theirs)));
        let changes =
            reconcile(&KeyPath::root(), &ours.root().to_value(), &Incoming::of(&theirs));
        let edited = match ours.edit(&changes) {
            Ok(edited) => edited,
            Err(super::super::EditError::Unwritable { .. }) => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(
                format!("{error}:\n{}\nonto\n{}", theirs.source(), ours.source()),
            )),
        };
        let shown = || format!(
            "\n{}\nonto\n{}\nis\n{}", theirs.source(), ours.source(), edited.source(),
        );
        let mut found: Vec<Vec<&str>> = edited.comments().map(words).collect();
        let mut wanted = Vec::new();
        staying(ours.root(), theirs.root(), &mut wanted);
        for change in &changes {
            let Change::Set { path, value } = change else { continue };
            // Only what is new at its place; another value may have no room for comments.
            if matches!(ours.get(path), Ok(None)) {
                let node = value.written_in(Format::Toml).expect("all of it was written");
                let comments = super::comments_of(node).into_iter();
                wanted.extend(comments.map(|span| span.slice(theirs.source())));
            }
        }
        for comment in wanted {
            let place = found.iter().position(|other| *other == words(comment));
            prop_assert!(place.is_some(), "{comment:?} is lost: {}", shown());
            found.swap_remove(place.expect("just looked"));
        }
        // A text that is emptied on the way shows no line ends any more, whatever comes then.
        let bare: Incoming = theirs.root().to_value().into();
        let plain = ours.edit(&reconcile(&KeyPath::root(), &ours.root().to_value(), &bare));
        let plain = plain.map_err(|error| TestCaseError::fail(error.to_string()))?;
        if ours.source().contains('\n') && ends(ours.source()) == ends(plain.source()) {
            prop_assert_eq!(ends(ours.source()), ends(edited.source()), "{}", shown());
        }
    }
}
