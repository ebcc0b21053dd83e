//! Zones of IPv6 addresses in URLs: which link of this machine an address is of.
//!
//! `[fe80::1%25eth0]` is how RFC 6874 (section 2) writes it, `[fe80::1%eth0]` how people do. A zone
//! never leaves the machine: the peer has other names for its links (section 4).

use std::ops::Range;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::model::url_text::UrlText;

/// What cannot stand in a zone as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Bytes of a URL between the brackets of its host.
fn literal(url: &str) -> Option<Range<usize>> {
    let parts = UrlText::literal(url);
    if parts.scheme.is_empty() {
        return None;
    }
    let open = parts.host.rfind('[')? + 1;
    let close = open + parts.host.get(open..)?.find(']')?;
    Some(parts.host_at + open..parts.host_at + close)
}

/// A URL without the zone of its host, and the zone.
#[must_use]
pub fn take(url: &str) -> (String, Option<String>) {
    let found = literal(url).and_then(|range| {
        let (address, zone) = url.get(range.clone())?.split_once('%')?;
        let zone = zone.strip_prefix("25").filter(|zone| !zone.is_empty()).unwrap_or(zone);
        let (before, after) = (url.get(..range.start)?, url.get(range.end..)?);
        let decoded = percent_decode_str(zone).decode_utf8_lossy().into_owned();
        (!zone.is_empty()).then(|| (format!("{before}{address}{after}"), decoded))
    });
    found.map_or_else(|| (url.to_owned(), None), |(url, zone)| (url, Some(zone)))
}

/// A URL with a zone behind the address that is its host; as it is without one.
#[must_use]
pub fn with(url: &str, zone: Option<&str>) -> String {
    let Some((zone, range)) = zone.zip(literal(url)) else { return url.to_owned() };
    let (before, after) = url.split_at(range.end);
    format!("{before}%25{}{after}", utf8_percent_encode(zone, ENCODED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_taken_and_put_back() {
        for (url, bare, zone) in [
            ("http://[fe80::1%eth0]:80/[a%b]", "http://[fe80::1]:80/[a%b]", Some("eth0")),
            ("http://u@[fe80::1%25en%2f0]?q", "http://u@[fe80::1]?q", Some("en/0")),
            ("http://[::1]/", "http://[::1]/", None),
            ("http://a/[x%y]", "http://a/[x%y]", None),
            ("http://[fe80::1%]/", "http://[fe80::1%]/", None),
        ] {
            assert_eq!(take(url), (bare.to_owned(), zone.map(str::to_owned)), "{url}");
            let whole = with(bare, zone);
            assert_eq!(take(&whole), (bare.to_owned(), zone.map(str::to_owned)), "{whole}");
        }
        assert_eq!(with("http://[fe80::1]:8/x", Some("eth0")), "http://[fe80::1%25eth0]:8/x");
        assert_eq!(with("http://a/", Some("eth0")), "http://a/");
    }
}
