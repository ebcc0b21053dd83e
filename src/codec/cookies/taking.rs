//! Whether a cookie is taken into a jar (RFC 6265bis, section 5.7), in words either way.

use bytes::Bytes;
use jiff::Timestamp;

use super::line::{self, CookieLine};
use super::place::{RequestPlace, domain_matches, is_public, path_matches};
use crate::codec::printable::{printable, printable_str};
use crate::model::cookie::{Cookie, CookieChange, CookieKey, SameSite, SetCookieOutcome};
use crate::model::cookie_jar::CookieJar;

/// What became of a line, and of the jar by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenLine {
    pub outcome: SetCookieOutcome,
    pub changes: Vec<CookieChange>,
}

/// Takes the cookie of a `Set-Cookie` line that came from there into the jar, unless it must not be.
pub fn take(jar: &mut CookieJar, text: &[u8], from: &RequestPlace, now: i64) -> TakenLine {
    let read = line::read(text, now).map_err(str::to_owned);
    let judged = read.and_then(|line| {
        let cookie = judged(&line, jar, from, now)?;
        Ok((cookie, line.remarks))
    });
    match judged {
        Err(why) => {
            let words = format!("not taken: {why}");
            TakenLine { outcome: SetCookieOutcome { is_taken: false, words }, changes: Vec::new() }
        }
        Ok((cookie, remarks)) => put(jar, cookie, &remarks, now),
    }
}

fn put(jar: &mut CookieJar, cookie: Cookie, remarks: &[&'static str], now: i64) -> TakenLine {
    let remarks = listed(remarks.iter().map(ToString::to_string));
    if cookie.is_over(now) {
        let is_gone = jar.remove(&cookie.key).is_some();
        let words = if is_gone { "removed" } else { "over already, and there was none to remove" };
        let outcome = SetCookieOutcome { is_taken: true, words: format!("{words}{remarks}") };
        return TakenLine { outcome, changes: vec![CookieChange::Removed(cookie.key)] };
    }
    let (to, until) = (destination(&cookie), until(&cookie));
    let verb = if jar.get(&cookie.key).is_some() { "replaced" } else { "taken" };
    let mut changes = vec![CookieChange::Put(Box::new(cookie.clone()))];
    let gone = jar.put(cookie, now);
    let made_room = listed(
        gone.iter().map(|it| format!("{} of {} made room", printable(&it.key.name), it.key.domain)),
    );
    changes.extend(gone.into_iter().map(|it| CookieChange::Removed(it.key)));
    let words = format!("{verb}, {to}, {until}{made_room}{remarks}");
    TakenLine { outcome: SetCookieOutcome { is_taken: true, words }, changes }
}

/// Each behind a semicolon.
fn listed(words: impl Iterator<Item = String>) -> String {
    words.fold(String::new(), |all, one| format!("{all}; {one}"))
}

/// For whom a cookie is, in words.
fn destination(cookie: &Cookie) -> String {
    let (domain, path) = (printable_str(&cookie.key.domain), printable(&cookie.key.path));
    let below = if cookie.key.is_host_only { "" } else { " and hosts below it" };
    let below_path = if path == "/" { String::new() } else { format!(", below {path}") };
    format!("for {domain}{below}{below_path}")
}

/// Until when it is kept, in words.
fn until(cookie: &Cookie) -> String {
    let at = cookie.expires.and_then(|at| Timestamp::from_second(at).ok());
    at.map_or_else(
        || "until the session is over".to_owned(),
        |at| format!("until {}", at.strftime("%Y-%m-%d %H:%M:%S UTC")),
    )
}

/// The cookie of a line.
fn judged(
    line: &CookieLine<'_>,
    jar: &CookieJar,
    from: &RequestPlace,
    now: i64,
) -> Result<Cookie, String> {
    let (domain, is_host_only) = domain(line, from)?;
    let path = line.path.map_or_else(|| from.default_path(), Bytes::copy_from_slice);
    if line.is_secure && !from.is_secure {
        return Err("it is Secure and came over plain http".into());
    }
    if !line.is_secure && !from.is_secure && hides_secure(jar, line.name, &domain, &path) {
        return Err("a Secure one of that name is there, which plain http may not replace".into());
    }
    if line.same_site == SameSite::None && !line.is_secure {
        return Err("SameSite=None asks for Secure".into());
    }
    let starts = |text: &[u8], prefix: &[u8]| {
        text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    if starts(line.name, b"__Secure-") && !line.is_secure {
        return Err("a name that begins with __Secure- asks for Secure".into());
    }
    if starts(line.name, b"__Host-") {
        let lacks = [
            (!line.is_secure, "Secure"),
            (!is_host_only, "no Domain"),
            (line.path != Some(b"/"), "Path=/"),
        ];
        if let Some((_, what)) = lacks.into_iter().find(|(lacks, _)| *lacks) {
            return Err(format!("a name that begins with __Host- asks for {what}"));
        }
    }
    let pretends = [&b"__Secure-"[..], b"__Host-"].iter().any(|it| starts(line.value, it));
    if line.name.is_empty() && pretends {
        return Err("it has no name, and its value looks like a name with a prefix".into());
    }
    Ok(Cookie {
        key: CookieKey { domain, is_host_only, path, name: Bytes::copy_from_slice(line.name) },
        value: Bytes::copy_from_slice(line.value),
        is_secure: line.is_secure,
        is_http_only: line.is_http_only,
        same_site: line.same_site,
        expires: line.expires,
        set_at: now,
    })
}

/// The domain that a line is for, and whether that is the host alone.
fn domain(line: &CookieLine<'_>, from: &RequestPlace) -> Result<(String, bool), String> {
    let own = || Ok((from.host.clone(), true));
    if line.domain.is_empty() {
        return own();
    }
    let asked = std::str::from_utf8(line.domain).ok().filter(|domain| domain.is_ascii());
    let asked = asked.ok_or("its Domain holds more than ASCII")?.to_ascii_lowercase();
    let shown = printable_str(&asked);
    if !domain_matches(&from.host, &asked) {
        return Err(format!("{} is not within its Domain {shown}", printable_str(&from.host)));
    }
    if is_public(&asked) {
        let why = format!("everybody may have names below {shown} (a public suffix)");
        return if asked == from.host { own() } else { Err(why) };
    }
    // An address has nothing below.
    let is_address = from.host.parse::<std::net::IpAddr>().is_ok();
    Ok((asked, is_address))
}

/// Whether the jar has a `Secure` cookie that one of plain http would stand in front of.
fn hides_secure(jar: &CookieJar, name: &[u8], domain: &str, path: &[u8]) -> bool {
    jar.iter().any(|other| {
        let of = &other.key.domain;
        other.is_secure
            && other.key.name == name
            && (domain_matches(domain, of) || domain_matches(of, domain))
            && path_matches(path, &other.key.path)
    })
}
