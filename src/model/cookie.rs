//! A cookie as a jar keeps it (RFC 6265bis, section 5.7), and what happens to those of a jar.

use std::sync::Arc;

use bytes::Bytes;
use strum::{EnumString, IntoStaticStr};

use super::cookie_jar::CookieJar;

/// A cookie that was taken. Name, value and path keep their bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cookie {
    pub key: CookieKey,
    pub value: Bytes,
    pub is_secure: bool,
    pub is_http_only: bool,
    pub same_site: SameSite,
    /// When it is over, in seconds by the wall clock; `None` = with the session.
    pub expires: Option<i64>,
    /// When it was set last, in seconds by the wall clock: the oldest make room.
    pub set_at: i64,
}

/// What tells a cookie from the others of a jar.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CookieKey {
    /// In small letters, without a point in front.
    pub domain: String,
    /// It goes to this very host, not to those below it.
    pub is_host_only: bool,
    pub path: Bytes,
    /// May be empty: then the value is all there is of it.
    pub name: Bytes,
}

/// Which sites may have it sent along, as a browser asks; told and kept, and nothing is asked here: no other site has us send
/// anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, IntoStaticStr, EnumString)]
#[strum(serialize_all = "PascalCase", ascii_case_insensitive, const_into_str)]
pub enum SameSite {
    #[default]
    Unset,
    None,
    Lax,
    Strict,
}

/// What became of a cookie of a jar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CookieChange {
    Put(Box<Cookie>),
    Removed(CookieKey),
}

/// What a request may use of cookies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlanCookies {
    /// They are taken, and sent by themselves.
    pub is_on: bool,
    /// Those there were when the request was planned.
    pub jar: Arc<CookieJar>,
    /// What of it goes along with this very request, as in a `Cookie` header: known when it goes out.
    pub line: Bytes,
}

/// What cookies had to do with an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CookieFacts {
    /// Those that went along from the jar, in their order.
    pub sent: Vec<CookieKey>,
    /// Names of those that would have gone along, had the request none of its own of that name.
    pub kept_back: Vec<Bytes>,
    /// What became of each `Set-Cookie` line of the response, in their order.
    pub lines: Vec<SetCookieOutcome>,
}

/// What became of a `Set-Cookie` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetCookieOutcome {
    pub is_taken: bool,
    /// Why not, or until when and for whom, in words; never with a value.
    pub words: String,
}

impl Cookie {
    /// Whether it is over at this time.
    #[must_use]
    pub fn is_over(&self, now: i64) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// As it stands in a `Cookie` header (RFC 6265bis, section 5.8.3).
    #[must_use]
    pub fn pair(&self) -> Vec<u8> {
        let mut pair = self.key.name.to_vec();
        if !pair.is_empty() {
            pair.push(b'=');
        }
        pair.extend_from_slice(&self.value);
        pair
    }
}

impl CookieKey {
    /// Where it goes, as people write it: a point in front where hosts below are meant, too.
    #[must_use]
    pub fn place(&self) -> String {
        let point = if self.is_host_only { "" } else { "." };
        format!("{point}{}", self.domain)
    }
}
