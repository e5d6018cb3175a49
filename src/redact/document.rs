//! Texts without their secrets, for diffs on a screen.
//!
//! Three passes: the tree says which values are secret, then the comments which switched-off ones
//! are, then all of these are searched for wherever else they are.
//!
//! This module never re-spells what is no secret: every other byte of a text stays.

use std::ops::Range;

use super::Redactor;
use super::comment::{Certainty, Reader};
use super::copies::{Search, Secrets};
use crate::doc::{Document, Format, KeyPath, Kind, Node, Segment, Value};
use crate::profile::Reference;
use crate::profile::secret::Trail;
use crate::text::{Span, Splice, apply};

/// How many containers around a comment are looked at: the innermost is the likely one.
const CONTEXTS: usize = 8;

impl Redactor<'_> {
    /// The text of `document` with a marker in the place of every secret.
    ///
    /// A secret value becomes a string of the marker, in its own quotes; values that a duplicate
    /// key hides are covered too. The value of a switched-off member in a comment and any copy of a
    /// secret of six bytes or more, be it in a comment or in another value, become the bare marker.
    /// Lines stay as they are, but for secrets of several lines, which become one.
    #[must_use]
    pub fn text(&self, document: &Document) -> String {
        // One text for one document.
        self.texts(&[document]).swap_remove(0)
    }

    /// The texts of `documents`, as [`Self::text`], each without the secrets of all: a diff of two
    /// must not show a secret of one because it is a comment in the other.
    #[must_use]
    pub fn texts(&self, documents: &[&Document]) -> Vec<String> {
        let mut secrets = Secrets::default();
        let covers: Vec<Cover<'_>> =
            documents.iter().map(|document| self.cover(document, &mut secrets)).collect();
        let search = secrets.into_search();
        covers.into_iter().map(|cover| cover.finish(&search)).collect()
    }

    /// Covers what the tree and the comments of `document` call secret, and notes it in `secrets`.
    fn cover<'d>(&self, document: &'d Document, secrets: &mut Secrets) -> Cover<'d> {
        let mut cover = Cover { document, splices: Vec::new(), escaped: Vec::new() };
        let mut nodes = Vec::new();
        let mut trail = Trail::new(&self.profile.secrets);
        let mut stack = vec![(0, document.root())];
        while let Some((depth, node)) = stack.pop() {
            trail.truncate(depth);
            match node.key() {
                Some(key) => trail.push_key(&key),
                None if node.parent().is_some() => trail.push_element(),
                None => {}
            }
            cover.note_escapes(Spelling::Key(node));
            nodes.push(node);
            match node.kind() {
                Kind::Object if is_secret_reference(node) => {}
                Kind::Object | Kind::Array => {
                    let depth = trail.depth();
                    stack.extend(node.children().map(|child| (depth, child)));
                }
                _ => self.cover_scalar(node, trail.is_secret(), &mut cover, secrets),
            }
        }
        nodes.sort_by_key(|node| start_of(*node));
        self.cover_comments(&nodes, &mut cover, secrets);
        cover
    }

    fn cover_scalar<'d>(
        &self,
        node: Node<'d>,
        is_secret: bool,
        cover: &mut Cover<'d>,
        secrets: &mut Secrets,
    ) {
        let raw = node.source();
        // Most values hold nothing that could be a part of a secret, and need no decoding.
        if !is_secret && !raw.contains(['\\', '=']) && !raw.contains("://") {
            return;
        }
        let Some(value) = node.scalar() else { return };
        if is_secret {
            let Some(shown) = self.scalar(true, &value) else { return };
            match &value {
                Value::String(text) => {
                    secrets.add(&text.to_str_lossy(), &shown);
                    secrets.add(raw.trim_matches(['"', '\'']), &shown);
                }
                _ => secrets.add(raw, &shown),
            }
            cover.hide_token(node.span(), &shown);
            return;
        }
        let Value::String(text) = &value else { return };
        let text = text.to_str_lossy();
        let parts = self.secret_parts(&text);
        let mut done = 0;
        let mut places = Vec::new();
        for part in &parts {
            let part = &text[part.clone()];
            self.note_part(part, secrets);
            if let Some(found) = raw[done..].find(part) {
                let start = done + found;
                done = start + part.len();
                places.push((start..done, self.marker_of_text(part)));
            }
        }
        let start = node.span().start as usize;
        if places.len() == parts.len() {
            for (place, marker) in places {
                cover.hide(start + place.start..start + place.end, marker);
            }
            cover.note_escapes(Spelling::Value(node));
        } else {
            // Spelled with escapes: there is no telling which bytes are the secret ones.
            cover.hide_token(node.span(), &self.marker(&value));
        }
    }

    /// Notes a part of a value: credentials as a whole and the password among them.
    fn note_part(&self, part: &str, secrets: &mut Secrets) {
        secrets.add(part, &self.marker_of_text(part));
        if let Some((_, password)) = part.split_once(':') {
            secrets.add(password, &self.marker_of_text(password));
        }
    }

    fn cover_comments(&self, nodes: &[Node<'_>], cover: &mut Cover<'_>, secrets: &mut Secrets) {
        let document = cover.document;
        let source = document.source();
        let mut reader = Reader::new(document.format());
        let mut end = 0;
        for comment in document.tree().comments() {
            let range = comment.range();
            if !source[end..range.start].trim().is_empty() {
                reader = Reader::new(document.format());
            }
            end = range.end;
            let text = &source[range.clone()];
            for part in self.secret_parts_of_prose(text) {
                self.note_part(&text[part.clone()], secrets);
                let marker = self.marker_of_text(&text[part.clone()]);
                cover.hide(range.start + part.start..range.start + part.end, marker);
            }
            let is_secret = |steps: &[&str]| {
                contexts(nodes, *comment, document.format()).any(|context| {
                    let mut trail = Trail::at(&self.profile.secrets, &context);
                    for step in steps {
                        trail.push_name(step);
                    }
                    trail.is_secret()
                })
            };
            for found in reader.read(text, &is_secret) {
                let value = &text[found.place.clone()];
                if self.is_harmless(value) {
                    continue;
                }
                let marker = self.marker_of_text(value);
                if found.certainty == Certainty::Secret {
                    secrets.add(value, &marker);
                }
                cover.hide(range.start + found.place.start..range.start + found.place.end, marker);
            }
        }
    }

    /// Credentials and parameters of URLs in a comment; `NAME=value` is read as a member there.
    fn secret_parts_of_prose(&self, text: &str) -> Vec<Range<usize>> {
        if text.contains("://") { self.secret_parts(text) } else { Vec::new() }
    }
}

/// The places that a switched-off member in `comment` may belong to, the root first.
///
/// In JSON5 these are the containers around it. Tables of TOML have no end, so there each container
/// of the value before it counts.
fn contexts(nodes: &[Node<'_>], comment: Span, format: Format) -> impl Iterator<Item = KeyPath> {
    let before = nodes.partition_point(|node| start_of(*node) < comment.start);
    let nearest = before.checked_sub(1).map(|index| nodes[index]);
    let around = std::iter::successors(nearest, |node| node.parent()).filter(move |node| {
        matches!(node.kind(), Kind::Object | Kind::Array)
            && (format == Format::Toml || node.span().contains(comment))
    });
    std::iter::once(KeyPath::root()).chain(around.take(CONTEXTS).map(names_of))
}

/// Where a member starts. That is its key: tables of one header in TOML start all at its bracket.
fn start_of(node: Node<'_>) -> u32 {
    node.key_span().unwrap_or_else(|| node.span()).start
}

/// The path of a container; which element of an array it is in does not matter to what is secret.
fn names_of(node: Node<'_>) -> KeyPath {
    let around = std::iter::successors(Some(node), |node| node.parent());
    let mut steps: Vec<Segment> = around
        .filter(|node| node.parent().is_some())
        .map(|node| node.key().map_or(Segment::Index(0), Segment::Key))
        .collect();
    steps.reverse();
    steps.into_iter().collect()
}

/// Whether an object refers to a secret instead of holding one. One with a key twice does not.
fn is_secret_reference(node: Node<'_>) -> bool {
    node.children().take(4).count() == 3
        && node.children().all(|child| child.kind() == Kind::String)
        && Reference::of(&node.to_value()) == Some(Reference::SecretRef)
}

/// A document and what is to be hidden of it.
struct Cover<'d> {
    document: &'d Document,
    splices: Vec<Splice>,
    /// Keys and values spelled with escapes, in which a copy may not look like one.
    escaped: Vec<Spelling<'d>>,
}

/// A key or value as written.
#[derive(Clone, Copy)]
enum Spelling<'d> {
    Key(Node<'d>),
    Value(Node<'d>),
}

impl Spelling<'_> {
    fn span(self) -> Option<Span> {
        match self {
            Self::Key(node) => node.key_span(),
            Self::Value(node) => Some(node.span()),
        }
    }

    fn decoded(self) -> Option<String> {
        let text = match self {
            Self::Key(node) => node.key(),
            Self::Value(node) => match node.scalar() {
                Some(Value::String(text)) => Some(text),
                _ => None,
            },
        };
        text.map(|text| text.to_str_lossy().into_owned())
    }
}

impl<'d> Cover<'d> {
    fn hide(&mut self, place: Range<usize>, marker: String) {
        self.splices.push(Splice::new(Span::new(place.start, place.end), marker));
    }

    /// Puts a string of `marker` in the place of a value or key as written.
    fn hide_token(&mut self, token: Span, marker: &str) {
        let raw = token.slice(self.document.source());
        let quote = if raw.starts_with('\'') { '\'' } else { '"' };
        self.hide(token.range(), format!("{quote}{marker}{quote}"));
    }

    fn note_escapes(&mut self, spelling: Spelling<'d>) {
        let raw = spelling.span().map(|span| span.slice(self.document.source()));
        if raw.is_some_and(|raw| raw.contains('\\')) {
            self.escaped.push(spelling);
        }
    }

    /// The text, with copies of all secrets covered as well.
    fn finish(mut self, search: &Search) -> String {
        let source = self.document.source();
        self.hide_escaped_copies(search);
        self.splices = without_overlap(std::mem::take(&mut self.splices));
        let mut copies = Vec::new();
        let mut done = 0;
        let ends = self.splices.iter().map(|splice| splice.span.range());
        for covered in ends.chain(std::iter::once(source.len()..source.len())) {
            for (place, marker) in search.find(&source[done..covered.start]) {
                let span = Span::new(done + place.start, done + place.end);
                copies.push(Splice::new(span, marker));
            }
            done = covered.end;
        }
        self.splices.extend(copies);
        apply(source, &self.splices).expect("splices are apart and lie on characters")
    }

    fn hide_escaped_copies(&mut self, search: &Search) {
        for spelling in std::mem::take(&mut self.escaped) {
            let (Some(token), Some(decoded)) = (spelling.span(), spelling.decoded()) else {
                continue;
            };
            let raw = token.slice(self.document.source());
            let (meant, written) = (search.find(&decoded), search.find(raw));
            let meant_texts = meant.iter().map(|(place, _)| &decoded[place.clone()]);
            let written_texts = written.iter().map(|(place, _)| &raw[place.clone()]);
            // Where all copies are written as they are meant, these places are enough.
            if let Some((_, marker)) = meant.first()
                && !meant_texts.eq(written_texts)
            {
                self.hide_token(token, marker);
            }
        }
    }
}

/// Makes one splice of those that overlap, with the text of the first.
fn without_overlap(mut splices: Vec<Splice>) -> Vec<Splice> {
    splices.sort_by_key(|splice| (splice.span.start, std::cmp::Reverse(splice.span.end)));
    let mut apart: Vec<Splice> = Vec::with_capacity(splices.len());
    for splice in splices {
        match apart.last_mut() {
            Some(last) if last.span.end > splice.span.start => {
                last.span.end = last.span.end.max(splice.span.end);
            }
            _ => apart.push(splice),
        }
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    fn profile() -> Profile {
        Profile::builtin("openclaw").expect("a built-in")
    }

    fn document(source: &str, format: Format) -> Document {
        Document::parse(source, format).expect("a good text")
    }

    /// `text` with a `#` for every marker.
    fn without_markers(text: &str) -> String {
        let mut parts = text.split("<redacted:");
        let mut shown = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            shown.push('#');
            shown.push_str(&part["1a2b3c4d>".len()..]);
        }
        shown
    }

    #[track_caller]
    fn check_format(format: Format, source: &str, expected: &str) {
        let profile = profile();
        let shown = Redactor::new(&profile, [7; 32]).text(&document(source, format));
        assert_eq!(without_markers(&shown), expected);
    }

    #[track_caller]
    fn check(source: &str, expected: &str) {
        check_format(Format::Json5, source, expected);
    }

    #[track_caller]
    fn check_toml(source: &str, expected: &str) {
        check_format(Format::Toml, source, expected);
    }

    #[test]
    fn secret_values_become_markers_in_their_quotes() {
        check(
            "{gateway: {auth: {token: 'abc', mode: 'token'}}}",
            "{gateway: {auth: {token: '#', mode: 'token'}}}",
        );
        check(
            "{\"a\": {\"\\u0074oken\": \"ab\\\"c\"}, n: 1}",
            "{\"a\": {\"\\u0074oken\": \"#\"}, n: 1}",
        );
        check(
            "{password: 12345, apiKey: null, secret: true}",
            "{password: \"#\", apiKey: null, secret: true}",
        );
        check("{token: \"a\\\nb\",\r\n x: 1}", "{token: \"#\",\r\n x: 1}");
        check("{token: '${TOKEN}', apiKey: ''}", "{token: '${TOKEN}', apiKey: ''}");
        check("\u{feff}{token:'a'}// end", "\u{feff}{token:'#'}// end");
    }

    #[test]
    fn references_stay_unless_they_hold_more() {
        let reference = "{token: {source: 'env', provider: 'default', id: 'TOKEN'}}";
        check(reference, reference);
        let more = "{token: {source: 'env', provider: 'default', id: 'TOKEN', id: 'hunter2'}}";
        check(more, "{token: {source: '#', provider: '#', id: '#', id: '#'}}");
    }

    #[test]
    fn values_hidden_by_a_duplicate_are_covered() {
        check("{token: 'old', token: 'new'}", "{token: '#', token: '#'}");
        check("{a: {token: 'old'}, a: 1}", "{a: {token: '#'}, a: 1}");
    }

    #[test]
    fn copies_are_covered_wherever_they_are() {
        check(
            "{ // was s3cr3t-value\n  token: 's3cr3t-value', note: 'xs3cr3t-valuex', 's3cr3t-value': 1 }",
            "{ // was #\n  token: '#', note: 'x#x', '#': 1 }",
        );
        check("{token: 's3cr3t', note: 's3cr\\x33t'}", "{token: '#', note: '#'}");
        check("{token: 's3cr3t', 's3cr\\x33t': 1}", "{token: '#', '#': 1}");
        check("{token: 's3cr\\x33t'} // s3cr\\x33t", "{token: '#'} // #");
        check("{token: 'abc', abc: 'abc'}", "{token: '#', abc: 'abc'}");
        check("{token: 12345678, id: 12345678}", "{token: \"#\", id: #}");
    }

    #[test]
    fn members_in_comments_are_covered() {
        check("{a: 1, // token: \"abc\",\n}", "{a: 1, // token: \"#\",\n}");
        check(
            "{\n  // auth: {\n  //   password: 'abc',\n  // },\n}",
            "{\n  // auth: {\n  //   password: '#',\n  // },\n}",
        );
        check(
            "{mcp: {servers: {x: {env: { // FOO: 'abc'\n}}}}} // FOO: 'abc'",
            "{mcp: {servers: {x: {env: { // FOO: '#'\n}}}}} // FOO: 'abc'",
        );
        check("{n: 'old-token'} // token: 'old-token'", "{n: '#'} // token: '#'");
        check(
            "{} // token: '${TOKEN}', see https://u:p@host",
            "{} // token: '${TOKEN}', see https://#@host",
        );
        check("{} // token: required\n// required", "{} // token: #\n// required");
        check("{token: 'x'} // note: hello", "{token: '#'} // note: hello");
    }

    #[test]
    fn credentials_in_urls_are_covered() {
        check("{url: 'https://u:p@host/'}", "{url: 'https://#@host/'}");
        check("{url: 'https:\\/\\/u:p@host/'}", "{url: 'https:\\/\\/#@host/'}");
        check("{url: 'https://u:\\x70@host/'}", "{url: '#'}");
        check(
            "{url: 'https://u:p4ssw0rd@host/', x: 'p4ssw0rd'}",
            "{url: 'https://#@host/', x: '#'}",
        );
        check("{args: ['--token=abc', 'x=1']}", "{args: ['--token=#', 'x=1']}");
    }

    #[test]
    fn toml_is_covered_too() {
        check_toml(
            "[gateway.auth]\ntoken = \"abc\" # why\nmode = \"token\"\n",
            "[gateway.auth]\ntoken = \"#\" # why\nmode = \"token\"\n",
        );
        check_toml(
            "gateway.auth.\"token\" = 'abc'\r\nport = 1\r\n",
            "gateway.auth.\"token\" = '#'\r\nport = 1\r\n",
        );
        check_toml("token = '''\na\nb'''\n", "token = '#'\n");
        check_toml("a = { password = 1979-05-27, x = 1 }\n", "a = { password = \"#\", x = 1 }\n");
        check_toml(
            "[[list]]\ntoken = \"\\u0061\"\n# token = \"old\"\n",
            "[[list]]\ntoken = \"#\"\n# token = \"#\"\n",
        );
        check_toml(
            "[models.providers.x.headers]\n# X-A = \"abc\"\n",
            "[models.providers.x.headers]\n# X-A = \"#\"\n",
        );
        check_toml(
            "# [mcp.servers.x.env]\n# FOO = \"abc\"\n\nx = 1\n",
            "# [mcp.servers.x.env]\n# FOO = \"#\"\n\nx = 1\n",
        );
        check_toml(
            "token = \"s3cr3t\"\nnote = \"s3cr\\u0033t\"\n",
            "token = \"#\"\nnote = \"#\"\n",
        );
    }

    #[test]
    fn a_diff_shows_that_a_secret_changed_and_not_what_it_is() {
        let profile = profile();
        let redactor = Redactor::new(&profile, [7; 32]);
        let old = document("{token: 'old-secret'}", Format::Json5);
        let new = document("{token: 'new-secret'} // was old-secret", Format::Json5);
        let shown = redactor.texts(&[&old, &new]);
        assert_ne!(shown[0], shown[1][..shown[0].len()]);
        assert_eq!(without_markers(&shown[1]), "{token: '#'} // was #");
        assert_eq!(redactor.texts(&[&old, &old])[0], redactor.text(&old));
        let other_key = Redactor::new(&profile, [8; 32]);
        assert_ne!(redactor.text(&old), other_key.text(&old));
    }
}
