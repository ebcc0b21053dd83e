//! Cookies as user agents take and send them (RFC 6265bis): what a `Set-Cookie` line says, whether it is taken and why not, which
//! cookies go along with a request, and the file that curl keeps them in. The time is always an argument, in seconds by the wall clock.

mod date;
mod line;
pub(crate) mod netscape;
mod place;
mod taking;

use bytes::Bytes;

pub use place::RequestPlace;
pub use taking::{TakenLine, take};

use crate::model::cookie::Cookie;
use crate::model::cookie_jar::CookieJar;

/// The cookies of a jar that go along with a request, in the order they are sent: longer paths first, then the older ones
/// (RFC 6265bis, section 5.8.3).
pub fn matching<'j>(jar: &'j CookieJar, to: &RequestPlace, now: i64) -> Vec<&'j Cookie> {
    let mut found: Vec<&Cookie> =
        jar.iter().filter(|cookie| to.takes(cookie) && !cookie.is_over(now)).collect();
    found.sort_by_key(|cookie| std::cmp::Reverse(cookie.key.path.len()));
    found
}

/// The names in the value of a `Cookie` header.
pub(crate) fn names(header: &[u8]) -> impl Iterator<Item = Bytes> {
    header.split(|byte| *byte == b';').filter_map(|pair| {
        let pair = pair.trim_ascii();
        let end = pair.iter().position(|byte| *byte == b'=')?;
        Some(Bytes::copy_from_slice(pair.split_at(end).0.trim_ascii_end()))
    })
}

#[cfg(test)]
mod cookies_tests;
