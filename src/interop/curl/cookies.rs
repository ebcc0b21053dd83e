//! Cookies of a file that a command names with `-b`: which of them curl would send to a URL.
//!
//! Reads the format of Netscape and curl (seven fields between tabs) and plain `Set-Cookie:` lines.
//! Whatever else a file holds is passed over, so nothing of it can get into a request.

use crate::compose::address::UrlParts;
use crate::model::url_text::UrlText;

/// Before the domain of a cookie that scripts must not see.
const HTTP_ONLY: &str = "#HttpOnly_";
/// Before each line of a file of headers.
const SET_COOKIE: &str = "set-cookie:";

/// The pairs of the file that go to this URL, in order. `now` is in seconds since 1970.
pub(super) fn matching(file: &str, url: &str, now: i64) -> Vec<String> {
    let Ok(parts) = UrlParts::parse(url) else { return Vec::new() };
    let host = parts.endpoint.host.to_ascii_lowercase();
    let path = UrlText::literal(&parts.target).path;
    let is_safe = parts.tls || host == "localhost" || host == "127.0.0.1" || host == "::1";
    let mut kept: Vec<(&str, &str)> = Vec::new();
    for line in file.lines() {
        let Some(cookie) = netscape(line).or_else(|| header(line)) else { continue };
        let is_for_us = cookie.goes_to(&host, path)
            && (!cookie.secure || is_safe)
            && (cookie.expires == 0 || cookie.expires > now);
        if is_for_us {
            kept.retain(|(name, _)| *name != cookie.name);
            kept.push((cookie.name, cookie.value));
        }
    }
    kept.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
}

#[derive(Default)]
struct Cookie<'a> {
    /// Lower case, without a dot before it; empty = the host that was asked.
    domain: String,
    /// Hosts below the domain get it too.
    below: bool,
    path: &'a str,
    secure: bool,
    /// Seconds since 1970; 0 = when the session ends.
    expires: i64,
    name: &'a str,
    value: &'a str,
}

impl Cookie<'_> {
    fn goes_to(&self, host: &str, path: &str) -> bool {
        let is_below = host.strip_suffix(&*self.domain).is_some_and(|rest| rest.ends_with('.'));
        let host_fits = self.domain.is_empty() || host == self.domain || (self.below && is_below);
        let cookie_path = self.path.strip_suffix('/').unwrap_or(self.path);
        let path_fits = path
            .strip_prefix(cookie_path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        host_fits && path_fits
    }
}

/// `domain below path secure expires name value`.
fn netscape(line: &str) -> Option<Cookie<'_>> {
    let line = line.strip_prefix(HTTP_ONLY).unwrap_or(line);
    let mut fields = line.split('\t');
    let domain = fields.next().filter(|domain| !domain.starts_with('#'))?;
    let is_true = |text: &str| text.eq_ignore_ascii_case("true");
    Some(Cookie {
        domain: domain.trim_start_matches('.').to_ascii_lowercase(),
        below: is_true(fields.next()?),
        path: fields.next()?,
        secure: is_true(fields.next()?),
        expires: fields.next()?.parse().ok()?,
        name: fields.next()?,
        value: fields.next().unwrap_or_default(),
    })
    .filter(|cookie| !cookie.domain.is_empty())
}

/// `Set-Cookie: name=value; Path=/; Secure`, which goes to whoever is asked unless it says where.
fn header(line: &str) -> Option<Cookie<'_>> {
    let (start, rest) = line.split_at_checked(SET_COOKIE.len())?;
    if !start.eq_ignore_ascii_case(SET_COOKIE) {
        return None;
    }
    let mut parts = rest.split(';').map(str::trim);
    let (name, value) = parts.next()?.split_once('=')?;
    let mut cookie = Cookie { path: "/", name, value, ..Cookie::default() };
    for part in parts {
        let (attribute, value) = part.split_once('=').unwrap_or((part, ""));
        match attribute.to_ascii_lowercase().as_str() {
            "domain" => {
                cookie.domain = value.trim_start_matches('.').to_ascii_lowercase();
                cookie.below = true;
            }
            "path" if value.starts_with('/') => cookie.path = value,
            "secure" => cookie.secure = true,
            _ => {}
        }
    }
    Some(cookie)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# Netscape HTTP Cookie File\n\
        a.example\tFALSE\t/\tFALSE\t0\tone\t1\n\
        .a.example\tTRUE\t/x\tFALSE\t0\tbelow\t2\n\
        #HttpOnly_a.example\tFALSE\t/\tFALSE\t2000\thidden\t3\n\
        a.example\tFALSE\t/\tTRUE\t0\tsafe\t4\n\
        other.example\tTRUE\t/\tFALSE\t0\tother\t5\n\
        root:x:0:0:not a cookie\n\
        Set-Cookie: head=6; Path=/x; HttpOnly\n\
        a.example\tFALSE\t/\tFALSE\t0\tone\t7\n";

    #[test]
    fn only_the_cookies_of_the_place_go_there() {
        let to = |url| matching(FILE, url, 1000);
        assert_eq!(to("http://a.example/"), ["hidden=3", "one=7"]);
        assert_eq!(to("http://a.example/x/y?z"), ["below=2", "hidden=3", "head=6", "one=7"]);
        assert_eq!(to("http://a.example/xy"), ["hidden=3", "one=7"]);
        assert_eq!(to("https://A.example/"), ["hidden=3", "safe=4", "one=7"]);
        assert_eq!(to("http://sub.a.example/x"), ["below=2", "head=6"]);
        assert_eq!(to("http://nota.example/x"), ["head=6"]);
        assert_eq!(matching(FILE, "http://a.example/", 3000), ["one=7"]);
        assert_eq!(matching("", "no url", 0), Vec::<String>::new());
    }
}
