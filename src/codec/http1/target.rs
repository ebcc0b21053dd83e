//! The target of a request: which of the four forms it has, and whether its method may have that one
//! (RFC 9112, section 3.2).
//!
//! Called by `request`. A target of no form is refused: whoever passes such a request on has read
//! something else in it than we would.

use std::net::Ipv6Addr;

use super::fields::excerpt;
use super::refusal::Refusal;
use crate::model::exchange::{Head, StartLine};
use crate::model::url_text::UrlText;

/// Characters of a URL besides letters and digits (RFC 3986, section 2), without `#`.
const OF_URLS: &[u8] = b"-._~:/?[]@!$&'()*+,;=%";

/// What is wrong with a target, and what is odd about one that is served all the same.
pub(super) fn judge(head: &Head) -> (Option<Refusal>, Vec<String>) {
    let StartLine::Request { method, target, .. } = &head.start else { return (None, Vec::new()) };
    let refused = |why: &str| {
        let target = excerpt(target.as_bytes());
        (Some(Refusal::bad(format!("the target '{target}' {why}"))), Vec::new())
    };
    if method == "CONNECT" {
        let is_authority = target.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty()
                && is_host(target.as_bytes())
                && port.parse::<u16>().is_ok_and(|p| p > 0)
        });
        if is_authority {
            return (None, Vec::new());
        }
        return refused("of CONNECT is not a host and port");
    }
    if target.contains('#') {
        return refused("has a fragment, which stays with the client");
    }
    if target == "*" {
        return match &**method {
            "OPTIONS" => (None, Vec::new()),
            _ => refused("is for OPTIONS alone"),
        };
    }
    if target.starts_with('/') {
        return (None, odd_characters(target).into_iter().collect());
    }
    let url = UrlText::literal(target);
    if url.scheme.is_empty() {
        return refused("is neither a path nor a URL");
    }
    if !["http", "https"].iter().any(|known| url.scheme.eq_ignore_ascii_case(known)) {
        return refused("is no URL of HTTP");
    }
    let host = url.host_port;
    if host.is_empty() || host.starts_with(':') || !is_host(host.as_bytes()) {
        return refused("names no host");
    }
    let mut marks = Vec::new();
    if url.userinfo.is_some_and(|user| !user.is_empty()) {
        marks.push("the target names a user, which no request should".to_owned());
    }
    let named = head.field("host").map(|host| String::from_utf8_lossy(host));
    if let Some(named) = named.filter(|named| !named.eq_ignore_ascii_case(host)) {
        let (host, named) = (excerpt(host.as_bytes()), excerpt(named.as_bytes()));
        marks.push(format!(
            "the target is of '{host}', the Host header says '{named}'; the target counts"
        ));
    }
    marks.extend(odd_characters(url.bare));
    (None, marks)
}

/// What a URL cannot hold and people send all the same.
fn odd_characters(target: &str) -> Option<String> {
    let is_of_urls = |byte: &u8| byte.is_ascii_alphanumeric() || OF_URLS.contains(byte);
    let odd: Vec<u8> = target.bytes().filter(|byte| !is_of_urls(byte)).take(1).collect();
    let odd = odd.first()?;
    Some(format!("the target holds '{}', which no URL does", excerpt(&[*odd])))
}

/// `uri-host [":" port]` (RFC 9110, section 7.2), where a comma would be two of them.
pub(super) fn is_host(value: &[u8]) -> bool {
    let Ok(value) = str::from_utf8(value) else { return false };
    let (host, port) = match value.strip_prefix('[') {
        Some(rest) => {
            let Some((address, port)) = rest.split_once(']') else { return false };
            if address.parse::<Ipv6Addr>().is_err() {
                return false;
            }
            ("", port)
        }
        None => value.find(':').map_or((value, ""), |at| value.split_at(at)),
    };
    let digits = port.strip_prefix(':').unwrap_or(port);
    let is_port = port.is_empty() || (port.starts_with(':') && is_number(digits));
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+;=%".contains(&byte);
    is_port && host.bytes().all(fits)
}

/// A port, which may be left out behind its colon.
fn is_number(digits: &str) -> bool {
    digits.is_empty()
        || (digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::http1::{Expected, HeadReader};

    fn told(line: &str) -> (Option<u16>, Vec<String>) {
        let text = format!("{line} HTTP/1.1\r\nHost: a\r\n\r\n");
        let head = HeadReader::new(Expected::Request).push(text.as_bytes()).unwrap().unwrap().1;
        let (refusal, marks) = judge(&head.head);
        (refusal.map(|refusal| refusal.status), marks)
    }

    #[test]
    fn each_form_is_for_its_methods() {
        for good in [
            "GET /",
            "GET //a/../b;c=d?e=f/?g",
            "OPTIONS *",
            "OPTIONS /",
            "OPTIONS http://a",
            "GET http://a/x?y",
            "GET HTTP://A",
            "GET http://a?x",
            "CONNECT a:443",
            "CONNECT [::1]:443",
        ] {
            assert_eq!(told(good), (None, Vec::new()), "{good}");
        }
        for bad in [
            "GET *",
            "options *",
            "POST **",
            "GET foo",
            "GET a/b",
            "GET ?x",
            "GET a:80",
            "GET 127.0.0.1:80",
            "GET mailto:a@b",
            "GET ftp://a/",
            "GET http:/a",
            "GET http:///x",
            "GET http://:80/",
            "GET http://a b",
            "GET http://u@/",
            "GET ://a/",
            "GET /a#b",
            "GET http://a/#b",
            "GET #",
            "CONNECT /",
            "CONNECT a",
            "CONNECT a:",
            "CONNECT a:0",
            "CONNECT a:99999",
            "CONNECT http://a:80/",
            "CONNECT *",
            "CONNECT :80",
        ] {
            assert_eq!(told(bad).0, Some(400), "{bad}");
        }
    }

    #[test]
    fn what_is_odd_is_marked_and_served() {
        for odd in ["GET /{a}", "GET /\u{e9}", "GET /a\"b", "GET http://b/", "GET http://u:p@a/"] {
            let (status, marks) = told(odd);
            assert!(status.is_none() && marks.len() == 1, "{odd}: {status:?} {marks:?}");
        }
        assert!(told("GET http://b:81/x").1[0].contains("'b:81'"));
    }
}
