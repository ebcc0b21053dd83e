//! The parts of a URL as it is written: where scheme, user, host, port, path, query and fragment
//! stand in the text (RFC 3986, section 3), and the pieces of its query.
//!
//! The one place that takes URLs, queries and forms apart by hand, for all floors. Nothing is checked,
//! decoded or changed: half an address has parts, too, and one without a scheme begins with its
//! authority. What a request is sent to is judged by `compose::address`.

use std::ops::Range;

use super::braces;

/// Signs that end an authority.
const ENDS: &[u8] = b"/?#";

/// A URL and where its parts stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UrlText<'a> {
    /// Before `://`; empty without one. A `://` in a path or query is none of it.
    pub scheme: &'a str,
    /// All behind `://`.
    pub bare: &'a str,
    /// User, host and port.
    pub authority: &'a str,
    /// Before the last `@` of the authority.
    pub userinfo: Option<&'a str>,
    /// The authority without the user.
    pub host_port: &'a str,
    /// As written, an IPv6 address in its brackets.
    pub host: &'a str,
    /// Behind the last colon of the authority, whatever it is.
    pub port: Option<&'a str>,
    /// Path and query.
    pub target: &'a str,
    pub path: &'a str,
    pub query: Option<&'a str>,
    pub fragment: Option<&'a str>,
    /// All before query and fragment.
    pub place: &'a str,
    /// Where `host` begins, in bytes of the text.
    pub host_at: usize,
    /// Where `path` begins, in bytes of the text.
    pub path_at: usize,
    /// Where the query begins, or would, in bytes of the text.
    pub query_at: usize,
    /// Where the fragment begins with its `#`, or would, in bytes of the text.
    pub fragment_at: usize,
    /// Whether it may hold templates.
    is_template: bool,
}

impl<'a> UrlText<'a> {
    /// Of what people write: `{{templates}}` are left whole, whatever signs they hold.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        Self::split(&Signs::of(text))
    }

    /// Of what is no template any more or never was one: what is sent, or was received.
    #[must_use]
    pub fn literal(text: &'a str) -> Self {
        Self::split(&Signs::literal(text))
    }

    fn split(signs: &Signs<'a>) -> Self {
        let (text, all) = (signs.text, signs.text.len());
        let first = |from: usize, to: usize, of: &[u8]| signs.first(from..to, of).unwrap_or(to);
        let part = |from: usize, to: usize| text.split_at(to).0.split_at(from).1;
        // The first sign that could end an authority belongs to the scheme, or there is none.
        let slash = first(0, all, ENDS);
        let colon = slash.checked_sub(1).filter(|at| text.get(*at..).is_some_and(is_separator));
        let scheme = colon.filter(|at| signs.is_literal(*at));
        let bare = scheme.map_or(0, |at| at + 3);
        let path = first(bare, all, ENDS);
        let user = signs.last(bare..path, b'@');
        let host = user.map_or(bare, |at| at + 1);
        // The colons of an IPv6 address stand in brackets.
        let bracket = signs.last(host..path, b']').map_or(host, |at| at + 1);
        let colon = signs.last(bracket..path, b':');
        let query = first(path, all, b"?#");
        let fragment = first(query, all, b"#");
        UrlText {
            scheme: part(0, scheme.unwrap_or(0)),
            bare: part(bare, all),
            authority: part(bare, path),
            userinfo: user.map(|at| part(bare, at)),
            host_port: part(host, path),
            host: part(host, colon.unwrap_or(path)),
            port: colon.map(|at| part(at + 1, path)),
            target: part(path, fragment),
            path: part(path, query),
            query: (query < fragment).then(|| part(query + 1, fragment)),
            fragment: (fragment < all).then(|| part(fragment + 1, all)),
            place: part(0, query),
            host_at: host,
            path_at: path,
            query_at: (query + 1).min(fragment),
            fragment_at: fragment,
            is_template: signs.is_template,
        }
    }

    /// The pieces of its query, in order, empty ones too.
    #[must_use]
    pub fn pieces(&self) -> Vec<QueryPiece<'a>> {
        match self.query {
            None => Vec::new(),
            Some(query) if self.is_template => Signs::of(query).pieces(self.query_at),
            Some(query) => Signs::literal(query).pieces(self.query_at),
        }
    }

    /// The sign between its query and a piece that is written behind it.
    #[must_use]
    pub fn joint(&self) -> &'static str {
        match (self.query, self.pieces().last()) {
            (None, _) => "?",
            (Some(_), Some(last)) if !last.whole.is_empty() => "&",
            (Some(_), _) => "",
        }
    }
}

/// What stands between two `&` of a query or of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryPiece<'a> {
    /// All of it as it is written.
    pub whole: &'a str,
    /// Before its first `=`.
    pub name: &'a str,
    /// Behind it; `None` = it has no `=`.
    pub value: Option<&'a str>,
    /// Where it begins, in bytes of the text it was found in.
    pub at: usize,
}

impl QueryPiece<'_> {
    /// Where it ends, in bytes of the text.
    #[must_use]
    pub fn end(&self) -> usize {
        self.at + self.whole.len()
    }
}

/// The pieces of a query or a form alone that is no template, in order, empty ones too.
#[must_use]
pub fn form_pieces(text: &str) -> Vec<QueryPiece<'_>> {
    Signs::literal(text).pieces(0)
}

/// Whether a text would part a query, or end it, were it written there as one of its values; of a name
/// also whether it would end that.
#[must_use]
pub fn parts_query(text: &str, is_name: bool) -> bool {
    let signs: &[u8] = if is_name { b"&#=" } else { b"&#" };
    Signs::of(text).first(0..text.len(), signs).is_some()
}

/// A text, and which of its signs are none because they stand in a template.
struct Signs<'a> {
    text: &'a str,
    names: Vec<Range<usize>>,
    is_template: bool,
}

impl<'a> Signs<'a> {
    fn of(text: &'a str) -> Self {
        let names = braces::spans(text).map(|(span, _)| span).collect();
        Signs { text, names, is_template: true }
    }

    fn literal(text: &'a str) -> Self {
        Signs { text, names: Vec::new(), is_template: false }
    }

    fn is_literal(&self, at: usize) -> bool {
        let next = self.names.partition_point(|name| name.end <= at);
        self.names.get(next).is_none_or(|name| at < name.start)
    }

    fn has(&self, at: usize, signs: &[u8]) -> bool {
        self.text.as_bytes().get(at).is_some_and(|byte| signs.contains(byte)) && self.is_literal(at)
    }

    fn first(&self, place: Range<usize>, signs: &[u8]) -> Option<usize> {
        place.into_iter().find(|at| self.has(*at, signs))
    }

    fn last(&self, place: Range<usize>, sign: u8) -> Option<usize> {
        place.into_iter().rev().find(|at| self.has(*at, &[sign]))
    }

    /// The pieces of all of it, each moved by where the text begins.
    fn pieces(&self, begin: usize) -> Vec<QueryPiece<'a>> {
        let mut found = Vec::new();
        let (mut at, all) = (0, self.text.len());
        loop {
            let end = self.first(at..all, b"&").unwrap_or(all);
            let whole = self.text.split_at(end).0.split_at(at).1;
            let (name, value) = match self.first(at..end, b"=") {
                Some(equals) => {
                    let (name, rest) = whole.split_at(equals - at);
                    (name, Some(rest.split_at(1).1))
                }
                None => (whole, None),
            };
            found.push(QueryPiece { whole, name, value, at: begin + at });
            if end == all {
                return found;
            }
            at = end + 1;
        }
    }
}

/// Whether a text goes on with what parts a scheme from the rest.
fn is_separator(rest: &str) -> bool {
    rest.starts_with("://")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_part_is_found() {
        let url = UrlText::of("https://ann:p@ss@[fe80::1%25eth0]:8443/a/b?c=d#e?f");
        assert_eq!((url.scheme, url.authority), ("https", "ann:p@ss@[fe80::1%25eth0]:8443"));
        assert_eq!((url.userinfo, url.host), (Some("ann:p@ss"), "[fe80::1%25eth0]"));
        assert_eq!((url.host_port, url.port), ("[fe80::1%25eth0]:8443", Some("8443")));
        assert_eq!((url.target, url.path), ("/a/b?c=d", "/a/b"));
        assert_eq!((url.query, url.fragment), (Some("c=d"), Some("e?f")));
    }

    #[test]
    fn half_an_address_has_parts_too() {
        let of = |text: &'static str| {
            let url = UrlText::of(text);
            (url.scheme, url.host, url.port, url.target)
        };
        assert_eq!(of(""), ("", "", None, ""));
        assert_eq!(of(":8080/x"), ("", "", Some("8080"), "/x"));
        assert_eq!(of("/x"), ("", "", None, "/x"));
        assert_eq!(of("h:80"), ("", "h", Some("80"), ""));
        assert_eq!(of("[::1]"), ("", "[::1]", None, ""));
        assert_eq!(of("http:///x"), ("http", "", None, "/x"));
        assert_eq!(of("http://h?q"), ("http", "h", None, "?q"));
        assert_eq!(of("://h"), ("", "h", None, ""));
    }

    #[test]
    fn a_url_within_a_path_or_query_is_no_scheme() {
        for text in ["/proxy/http://x@y/z", "h/?next=http://x@y/z", "h#http://x@y", "a@h/b://c"] {
            let url = UrlText::of(text);
            assert_eq!(url.scheme, "", "{text}");
            assert_ne!(url.host, "y", "{text}");
        }
        assert_eq!(UrlText::of("a@h/b://c").userinfo, Some("a"));
    }

    #[test]
    fn templates_are_left_whole_where_there_can_be_some() {
        let text = "{{scheme}}://{{user@h}}@{{a/b?c}}:{{port}}/{{x#y}}";
        let url = UrlText::of(text);
        assert_eq!((url.scheme, url.userinfo), ("{{scheme}}", Some("{{user@h}}")));
        assert_eq!((url.host, url.port), ("{{a/b?c}}", Some("{{port}}")));
        assert_eq!((url.path, url.fragment), ("/{{x#y}}", None));
        assert_eq!(UrlText::of("{{base}}/x").host, "{{base}}");
        assert_eq!(UrlText::of("{{http://a}}/x").scheme, "");
        assert_eq!(UrlText::literal("http://h{{/x}}").path, "/x}}");
    }

    #[test]
    fn a_query_comes_apart_and_takes_one_more() {
        let pieces = |text: &'static str| {
            let pieces = UrlText::of(text).pieces().into_iter();
            pieces.map(|it| (it.name, it.value)).collect::<Vec<_>>()
        };
        assert_eq!(
            pieces("h?a=1&&b&=c=d#e"),
            [("a", Some("1")), ("", None), ("b", None), ("", Some("c=d"))]
        );
        assert_eq!(pieces("h?{{x&y=z}}={{#}}&b"), [("{{x&y=z}}", Some("{{#}}")), ("b", None)]);
        assert_eq!(pieces("h?{{!a?b&c}}"), [("{{!a?b", None), ("c}}", None)]);
        assert_eq!((pieces("h"), pieces("h?")), (vec![], vec![("", None)]));
        for (text, joint) in [("h", "?"), ("h#?a", "?"), ("h?", ""), ("h?a", "&"), ("h?a&#b", "")] {
            assert_eq!(UrlText::of(text).joint(), joint, "{text}");
        }
        assert_eq!(form_pieces("").len(), 1);
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]
        #[test]
        fn the_parts_stand_where_they_are_said_to(text in "[a{}:/?#@\\[\\]é.]{0,24}") {
            for url in [UrlText::of(&text), UrlText::literal(&text)] {
                prop_assert!(text.ends_with(url.bare));
                prop_assert!(text.split_at(url.host_at).1.starts_with(url.host_port));
                let fragment = url.fragment.map_or(String::new(), |text| format!("#{text}"));
                let rest = format!("{}{fragment}", url.target);
                prop_assert_eq!(text.split_at(url.path_at).1, rest);
                prop_assert!(url.bare.starts_with(url.authority));
                prop_assert_eq!(text.split_at(url.path_at + url.path.len()).0, url.place);
                let query = text.split_at(url.fragment_at).0.split_at(url.query_at).1;
                prop_assert_eq!(url.query.unwrap_or(""), query);
                let whole: Vec<_> = url.pieces().iter().map(|piece| piece.whole).collect();
                prop_assert_eq!(whole.join("&"), query);
                for piece in url.pieces() {
                    let value = piece.value.map_or(String::new(), |value| format!("={value}"));
                    prop_assert_eq!(format!("{}{value}", piece.name), piece.whole);
                    prop_assert_eq!(text.split_at(piece.end()).0.split_at(piece.at).1, piece.whole);
                }
            }
        }
    }
}
