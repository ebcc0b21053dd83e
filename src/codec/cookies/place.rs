//! Where a request goes, as cookies see it, and which of them go there (RFC 6265bis, sections 5.1.3, 5.1.4 and 5.8.3).

use std::net::IpAddr;

use bytes::Bytes;

use crate::codec::zone;
use crate::model::cookie::Cookie;
use crate::model::url_text::UrlText;

/// Host and path of a request, and whether nobody between reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestPlace {
    /// In small letters, an IPv6 address without its brackets.
    pub(super) host: String,
    pub(super) path: String,
    /// `https`, or within this machine.
    pub(super) is_secure: bool,
}

impl RequestPlace {
    /// Of the URL of a request as it goes out.
    pub fn of(url: &str) -> Self {
        let (bare, _) = zone::take(url);
        let parts = UrlText::literal(&bare);
        let host = parts.host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let path = if parts.path.starts_with('/') { parts.path } else { "/" };
        let is_https = parts.scheme.eq_ignore_ascii_case("https");
        RequestPlace { path: path.to_owned(), is_secure: is_https || is_local(&host), host }
    }

    /// Whether a cookie goes there.
    pub(crate) fn takes(&self, cookie: &Cookie) -> bool {
        let key = &cookie.key;
        let is_host = if key.is_host_only {
            key.domain == self.host
        } else {
            domain_matches(&self.host, &key.domain)
        };
        is_host
            && path_matches(self.path.as_bytes(), &key.path)
            && (self.is_secure || !cookie.is_secure)
    }

    /// The path of a cookie that names none (RFC 6265bis, section 5.1.4).
    pub(super) fn default_path(&self) -> Bytes {
        let folder = self.path.rfind('/').filter(|at| *at > 0);
        let path = folder.map_or("/", |at| self.path.split_at(at).0);
        Bytes::copy_from_slice(path.as_bytes())
    }
}

/// Whether a host is this machine, where nobody between reads along: browsers and curl send what is `Secure` there, too.
fn is_local(host: &str) -> bool {
    let is_loopback = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    is_loopback || host == "localhost" || host.ends_with(".localhost")
}

/// Whether a host is a domain or lies below it; addresses have nothing below.
pub(super) fn domain_matches(host: &str, domain: &str) -> bool {
    host == domain
        || host.strip_suffix(domain).is_some_and(|before| before.ends_with('.'))
            && host.parse::<IpAddr>().is_err()
}

/// Whether a path is that of a cookie or lies below it.
pub(super) fn path_matches(path: &[u8], of_cookie: &[u8]) -> bool {
    path.strip_prefix(of_cookie)
        .is_some_and(|rest| rest.is_empty() || of_cookie.ends_with(b"/") || rest.starts_with(b"/"))
}

/// Whether everybody may have names below a domain, so that no cookie may be for all of it: by the list of public suffixes that
/// was built in, and any name of one label.
pub(super) fn is_public(domain: &str) -> bool {
    psl::suffix_str(domain).is_some_and(|suffix| suffix == domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_and_paths_match_whole_parts() {
        for (host, domain, matches) in [
            ("example.org", "example.org", true),
            ("a.example.org", "example.org", true),
            ("badexample.org", "example.org", false),
            ("example.org", "a.example.org", false),
            ("1.2.3.4", "3.4", false),
            ("1.2.3.4", "1.2.3.4", true),
            ("::1", "1", false),
        ] {
            assert_eq!(domain_matches(host, domain), matches, "{host} {domain}");
        }
        for (path, of_cookie, matches) in [
            ("/a", "/a", true),
            ("/a/b", "/a", true),
            ("/ab", "/a", false),
            ("/a/", "/a/", true),
            ("/a", "/a/", false),
            ("/", "/", true),
            ("/x", "/", true),
        ] {
            assert_eq!(
                path_matches(path.as_bytes(), of_cookie.as_bytes()),
                matches,
                "{path} {of_cookie}"
            );
        }
    }

    #[test]
    fn suffixes_of_the_list_are_public() {
        for (domain, public) in [
            ("org", true),
            ("co.uk", true),
            ("github.io", true),
            ("localhost", true),
            ("example.org", false),
            ("a.github.io", false),
            ("example.co.uk", false),
            ("www.ck", false),
            ("x.ck", true),
        ] {
            assert_eq!(is_public(domain), public, "{domain}");
        }
    }

    #[test]
    fn a_place_is_read_of_a_url() {
        let place = |url: &str| {
            let RequestPlace { host, path, is_secure } = RequestPlace::of(url);
            (host, path, is_secure)
        };
        assert_eq!(
            place("http://Example.org:81/a/b?c=/d"),
            ("example.org".into(), "/a/b".into(), false)
        );
        assert_eq!(place("https://a"), ("a".into(), "/".into(), true));
        assert_eq!(place("http://[::1%25eth0]:1/"), ("::1".into(), "/".into(), true));
        assert!(place("http://127.8.0.1/").2 && place("http://app.localhost/").2);
        let default = |url: &str| RequestPlace::of(url).default_path();
        assert_eq!(
            [default("http://a/x/y/z?q"), default("http://a/x"), default("http://a")],
            ["/x/y", "/", "/"]
        );
    }
}
