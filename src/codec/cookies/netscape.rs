//! The file that curl keeps cookies in: a line each, of seven columns with tabs between (`domain`, `below`, `path`, `secure`,
//! `expires`, `name`, `value`). Lines of curl's other form, `Set-Cookie: ...`, are read, too.
//!
//! What the file cannot say is not written: `SameSite`, when a cookie was set, and one that holds a tab.

use bytes::Bytes;

use super::{RequestPlace, take};
use crate::model::cookie::{Cookie, CookieKey, SameSite};
use crate::model::cookie_jar::CookieJar;

/// What stands in front of a cookie that is `HttpOnly`.
const HTTP_ONLY: &[u8] = b"#HttpOnly_";
const SET_COOKIE: &[u8] = b"set-cookie:";
const FIRST: &str = "# Netscape HTTP Cookie File\n\
                     # https://curl.se/docs/http-cookies.html\n\
                     # Written by wirebench. Edit at your own risk.\n\n";

/// What a file held.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct NetscapeFile {
    pub(crate) jar: CookieJar,
    /// Numbers of the lines, from 1, that are neither a cookie nor a comment.
    pub(crate) odd: Vec<usize>,
}

/// Reads a file; cookies that are over are left out. `first` = where the request goes, whose host those are of that come as
/// `Set-Cookie` lines and name none.
pub(crate) fn read(text: &[u8], first: Option<&RequestPlace>, now: i64) -> NetscapeFile {
    let mut file = NetscapeFile::default();
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let start = line.split_at_checked(SET_COOKIE.len());
        let said = start.filter(|(start, _)| start.eq_ignore_ascii_case(SET_COOKIE));
        if let Some((_, said)) = said {
            let is_taken =
                first.is_some_and(|from| take(&mut file.jar, said, from, now).outcome.is_taken);
            file.odd.extend((!is_taken).then_some(number));
            continue;
        }
        let (line, is_http_only) = match line.strip_prefix(HTTP_ONLY) {
            Some(line) => (line, true),
            None => (line, false),
        };
        if line.trim_ascii().is_empty() || line.starts_with(b"#") {
            continue;
        }
        match cookie(line, is_http_only, now) {
            Some(cookie) if cookie.is_over(now) => {}
            Some(cookie) => drop(file.jar.put(cookie, now)),
            None => file.odd.push(number),
        }
    }
    file
}

fn cookie(line: &[u8], is_http_only: bool, now: i64) -> Option<Cookie> {
    let mut columns = line.split(|byte| *byte == b'\t');
    let mut next = || columns.next();
    let (domain, below, path, secure, expires) = (next()?, next()?, next()?, next()?, next()?);
    // A value that is empty may have lost its column.
    let (name, value) = (next()?, next().unwrap_or_default());
    let is = |word: &[u8]| word.eq_ignore_ascii_case(b"true");
    let domain = std::str::from_utf8(domain.strip_prefix(b".").unwrap_or(domain)).ok()?;
    let expires: i64 = std::str::from_utf8(expires).ok()?.trim().parse().ok()?;
    if domain.is_empty() || !path.starts_with(b"/") || columns.next().is_some() {
        return None;
    }
    Some(Cookie {
        key: CookieKey {
            domain: domain.to_ascii_lowercase(),
            is_host_only: !is(below),
            path: Bytes::copy_from_slice(path),
            name: Bytes::copy_from_slice(name),
        },
        value: Bytes::copy_from_slice(value),
        is_secure: is(secure),
        is_http_only,
        same_site: SameSite::Unset,
        expires: (expires != 0).then_some(expires),
        set_at: now,
    })
}

/// Writes a jar; and how many cookies the file cannot hold.
pub(crate) fn written(jar: &CookieJar) -> (Vec<u8>, usize) {
    let (mut text, mut left_out) = (FIRST.as_bytes().to_vec(), 0);
    for cookie in jar.iter() {
        let Cookie { key, value, is_secure, is_http_only, expires, .. } = cookie;
        if [&key.path, &key.name, value].iter().any(|part| part.contains(&b'\t'))
            || key.name.is_empty()
        {
            left_out += 1;
            continue;
        }
        if *is_http_only {
            text.extend_from_slice(HTTP_ONLY);
        }
        let word = |is: bool| if is { "TRUE" } else { "FALSE" };
        text.extend_from_slice(
            format!("{}\t{}\t", key.place(), word(!key.is_host_only)).as_bytes(),
        );
        text.extend_from_slice(&key.path);
        let expires = expires.unwrap_or(0);
        text.extend_from_slice(format!("\t{}\t{expires}\t", word(*is_secure)).as_bytes());
        for part in [&key.name[..], b"\t", value, b"\n"] {
            text.extend_from_slice(part);
        }
    }
    (text, left_out)
}
