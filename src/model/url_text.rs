//! The parts of a URL as it is written: where scheme, user, host, port, path, query and fragment
//! stand in the text (RFC 3986, section 3).
//!
//! The one place that takes URLs apart by hand, for all floors. Nothing is checked, decoded or changed:
//! half an address has parts, too, and one without a scheme begins with its authority. What a request is
//! sent to is judged by `compose::address`.

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
    /// Where `host` begins, in bytes of the text.
    pub host_at: usize,
    /// Where `path` begins, in bytes of the text.
    pub path_at: usize,
}

impl<'a> UrlText<'a> {
    /// Of what people write: `{{templates}}` are left whole, whatever signs they hold.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        let mut names = Vec::new();
        let mut at = 0;
        while let Some(open) = text.get(at..).and_then(|rest| rest.find("{{")) {
            let open = at + open;
            let Some(close) = text.get(open..).and_then(|rest| rest.find("}}")) else { break };
            at = open + close + 2;
            names.push(open..at);
        }
        Self::split(text, |at| names.iter().all(|name| !name.contains(&at)))
    }

    /// Of what is no template any more or never was one: what is sent, or was received.
    #[must_use]
    pub fn literal(text: &'a str) -> Self {
        Self::split(text, |_| true)
    }

    fn split(text: &'a str, is_literal: impl Fn(usize) -> bool) -> Self {
        let bytes = text.as_bytes();
        let first = |from: usize, to: usize, signs: &[u8]| {
            (from..to).find(|at| signs.contains(&bytes[*at]) && is_literal(*at)).unwrap_or(to)
        };
        let last = |from: usize, to: usize, sign: u8| {
            (from..to).rev().find(|at| bytes[*at] == sign && is_literal(*at))
        };
        let all = text.len();
        // The first sign that could end an authority belongs to the scheme, or there is none.
        let slash = first(0, all, ENDS);
        let colon = slash.checked_sub(1).filter(|at| text.get(*at..).is_some_and(is_separator));
        let scheme = colon.filter(|at| is_literal(*at));
        let bare = scheme.map_or(0, |at| at + 3);
        let path = first(bare, all, ENDS);
        let user = last(bare, path, b'@');
        let host = user.map_or(bare, |at| at + 1);
        // The colons of an IPv6 address stand in brackets.
        let bracket = last(host, path, b']').map_or(host, |at| at + 1);
        let colon = last(bracket, path, b':');
        let query = first(path, all, b"?#");
        let fragment = first(query, all, b"#");
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
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
            host_at: host,
            path_at: path,
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
            }
        }
    }
}
