//! Where URLs carry credentials.
//!
//! Works on any text, so that comments and logs are covered as well as values.
//!
//! This module never judges whether a host is real or an address well formed.

use std::ops::Range;

/// The user part (`user:password`) of every URL in `text`, without the `@`.
///
/// The user name alone counts as well (`https://TOKEN@host`), but for SSH, where it is no secret.
pub(crate) fn credentials(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut offset = 0;
    std::iter::from_fn(move || {
        while let Some(found) = text[offset..].find("://") {
            let mark = offset + found;
            let start = mark + 3;
            let authority = authority_length(&text[start..]);
            offset = start;
            let Some(at) = text[start..start + authority].rfind('@') else { continue };
            let user = &text[start..start + at];
            let only_names_user = text[..mark].ends_with("ssh") && !user.contains(':');
            if !user.is_empty() && !only_names_user {
                offset = start + at;
                return Some(start..start + at);
            }
        }
        None
    })
}

/// The names and the places of the values of every `name=value` in queries and fragments of URLs.
pub(crate) fn parameters(text: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    let mut offset = 0;
    let mut end = 0;
    std::iter::from_fn(move || {
        loop {
            if offset >= end {
                let start = end + text[end..].find("://")? + 3;
                end = start + text[start..].find(ends_url).unwrap_or(text.len() - start);
                offset = start;
            }
            let Some(found) = text[offset..end].find(['?', '&', '#', ';']) else {
                offset = end;
                continue;
            };
            let start = offset + found + 1;
            let stop = text[start..end].find(['?', '&', '#', ';']).map_or(end, |at| start + at);
            offset = stop;
            if let Some(equals) = text[start..stop].find('=') {
                let value = start + equals + 1..stop;
                if !value.is_empty() {
                    return Some((&text[start..start + equals], value));
                }
            }
        }
    })
}

/// Up to the host's end. A slash, question mark or hash ends it, unless it belongs to a password
/// that should have been escaped: then an `@` follows before the next white space.
fn authority_length(text: &str) -> usize {
    let url = text.find(ends_url).unwrap_or(text.len());
    let strict = text[..url].find(['/', '?', '#']).unwrap_or(url);
    if text[..strict].contains('@') {
        return strict;
    }
    // `https://user:pa/ss@host`: a colon that is no port, and an `@` behind.
    match (text[..strict].find(':'), text[..url].find('@')) {
        (Some(colon), Some(at)) if !is_port(&text[colon + 1..strict]) => at + 1,
        _ => strict,
    }
}

fn is_port(text: &str) -> bool {
    text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn ends_url(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '`' | '<' | '>')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = credentials(text).map(|range| &text[range]).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn credentials_stand_before_the_host() {
        check("https://user:pass@host/x", &["user:pass"]);
        check("see http://a:b@c and redis://:p@d.", &["a:b", ":p"]);
        check("https://token@github.com", &["token"]);
        check("ssh://git@github.com/x", &[]);
        check("ssh://git:pw@github.com/x", &["git:pw"]);
        check("https://host/path@v1", &[]);
        check("https://host:8080/path@v1", &[]);
        check("https://host", &[]);
        check("https://u:p@ss@host/", &["u:p@ss"]);
        check("https://u:pa/ss@host/", &["u:pa/ss"]);
        check("mail a@b ://", &[]);
    }

    #[test]
    fn parameters_stand_in_query_and_fragment() {
        let text = "ws://h/?token=abc&x=&y=2#password=q http://h?k=v";
        let found: Vec<_> = parameters(text).map(|(name, value)| (name, &text[value])).collect();
        assert_eq!(found, [("token", "abc"), ("y", "2"), ("password", "q"), ("k", "v")]);
        assert_eq!(parameters("no url? token=abc").count(), 0);
    }
}
