//! What rules make of an HTTP message: of its head line by line, of its body without codings, and which
//! file a path names. Pure.

use std::io::{self, Read as _};

use bytes::Bytes;

use super::Rewrite;
use crate::codec::content_coding::ContentDecoder;
use crate::codec::http1::fields::excerpt;
use crate::codec::http1::status::ends_with_head;
use crate::codec::http1::write::reason;
use crate::model::rewrite::RewriteEdit;

/// Bytes of a body without its codings at most; a longer one passes unchanged.
pub(crate) const DECODED: u64 = 8 * 1024 * 1024;

/// Whether a pattern (`host`, `*.domain`, `*`, with a port or without) is of a host, which may have a port.
pub(crate) fn is_for(pattern: &str, host: &str) -> bool {
    let (pattern, wanted) = parted(pattern);
    let (host, port) = parted(host);
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let is_named = match pattern.strip_prefix('*') {
        Some(rest) => host.ends_with(&rest.to_ascii_lowercase()),
        None => pattern.eq_ignore_ascii_case(&host),
    };
    is_named && (wanted.is_empty() || wanted == port)
}

/// Host and port, without brackets.
fn parted(text: &str) -> (&str, &str) {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port))
            if port.bytes().all(|it| it.is_ascii_digit()) && !host.ends_with(':') =>
        {
            (host, port)
        }
        _ => (text, ""),
    };
    (host.trim_start_matches('[').trim_end_matches(']'), port)
}

/// A head with another status, or a header set, added or removed, and what was done in words; `None` = nothing.
pub(crate) fn head(raw: &[u8], edit: &RewriteEdit) -> Option<(Vec<u8>, String)> {
    if let RewriteEdit::SetStatus { status } = edit {
        return with_status(raw, *status);
    }
    let (name, value) = match edit {
        RewriteEdit::SetHeader { name, value } | RewriteEdit::AddHeader { name, value } => {
            (name, Some(format!("{name}: {value}\r\n")))
        }
        RewriteEdit::RemoveHeader { name } => (name, None),
        _ => return None,
    };
    let adds = matches!(edit, RewriteEdit::AddHeader { .. });
    let mut made = Vec::with_capacity(raw.len() + 64);
    let (mut is_own, mut is_placed, mut count, mut is_same) = (false, false, 0, false);
    for (at, line) in raw.split_inclusive(|byte| *byte == b'\n').enumerate() {
        if matches!(line, b"\n" | b"\r\n") && at > 0 {
            break;
        }
        // The rest of the line before it, as servers of old wrap them.
        let is_rest = line.starts_with(b" ") || line.starts_with(b"\t");
        if !is_rest {
            let end = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
            is_own = at > 0 && !adds && line.split_at(end).0.eq_ignore_ascii_case(name.as_bytes());
            count += usize::from(is_own);
        }
        if !is_own {
            made.extend_from_slice(line);
        } else if let Some(value) = value.as_ref().filter(|_| !is_placed) {
            is_same = line == value.as_bytes();
            made.extend_from_slice(value.as_bytes());
            is_placed = true;
        }
    }
    let (is_removal, is_there) = (value.is_none(), count > 0);
    if is_removal && !is_there || is_same && count == 1 {
        return None;
    }
    if let Some(value) = value.filter(|_| !is_placed) {
        made.extend_from_slice(value.as_bytes());
    }
    made.extend_from_slice(b"\r\n");
    let verb = match (is_removal, is_placed) {
        (true, _) => "removed",
        (false, true) => "set",
        (false, false) => "added",
    };
    Some((made, format!("header {name} {verb}")))
}

/// The head of an answer with this status. Where none but the old one let it do without a body, it says
/// that it has none.
fn with_status(raw: &[u8], status: u16) -> Option<(Vec<u8>, String)> {
    let end = raw.iter().position(|byte| *byte == b'\n')? + 1;
    let (line, fields) = raw.split_at(end);
    let line = std::str::from_utf8(line.trim_ascii_end()).ok()?;
    let mut words = line.split_ascii_whitespace();
    let (version, before) = (words.next()?, words.next()?.parse::<u16>().ok()?);
    if !version.starts_with("HTTP/") || before == status {
        return None;
    }
    let mut made = format!("{version} {status} {}\r\n", reason(status)).into_bytes();
    made.extend_from_slice(fields);
    if ends_with_head("", before) {
        let remove = |name: &str| RewriteEdit::RemoveHeader { name: name.to_owned() };
        let none = ("Content-Length".to_owned(), "0".to_owned());
        let none = RewriteEdit::SetHeader { name: none.0, value: none.1 };
        for edit in [remove("Transfer-Encoding"), none] {
            made = head(&made, &edit).map_or(made, |(made, _)| made);
        }
    }
    Some((made, format!("status {before} became {status}")))
}

/// A body without its codings, from the outside in.
///
/// # Errors
/// Why it could not be looked into.
pub(crate) fn decoded(codings: &[String], content: Bytes) -> Result<Bytes, String> {
    let mut pieces = Some(content).into_iter();
    let pull = move || -> io::Result<Option<Bytes>> { Ok(pieces.next()) };
    let decoder = ContentDecoder::pulling(codings, pull).map_err(|error| error.to_string())?;
    let mut plain = Vec::new();
    decoder.take(DECODED + 1).read_to_end(&mut plain).map_err(|error| error.to_string())?;
    if plain.len() as u64 > DECODED {
        return Err(format!("it unpacks to more than {} MiB", DECODED / 1024 / 1024));
    }
    Ok(plain.into())
}

/// A path and query as a rule makes it; an error = it makes none, in words.
pub(crate) fn path(rule: &Rewrite, path: &str) -> Option<Result<String, String>> {
    let made = rule.path(path).filter(|made| made != path)?;
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || c == '#';
    if !made.starts_with('/') || made.contains(is_odd) {
        let shown = excerpt(made.as_bytes());
        return Some(Err(format!("'{shown}' is no path; it was left as it came")));
    }
    Some(Ok(made))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rewrites::{Rewrites, replaced};
    use crate::model::rewrite::{RewriteNeedle, RewritePlan};

    fn edited(edit: &RewriteEdit, text: &str) -> Option<(String, String)> {
        let raw = text.replace('\n', "\r\n") + "\r\n\r\n";
        let (made, words) = head(raw.as_bytes(), edit)?;
        let made = String::from_utf8(made).unwrap();
        Some((made.trim_end().replace("\r\n", "\n"), words))
    }

    fn rule(edit: RewriteEdit) -> std::sync::Arc<Rewrites> {
        let (of_client, of_server) = (true, true);
        Rewrites::new(&[RewritePlan { number: 3, of_client, of_server, when: None, edit }])
    }

    #[test]
    fn a_header_is_set_where_it_stood_added_at_the_end_or_removed() {
        let (name, value) = ("X-A".to_owned(), "new".to_owned());
        let set = RewriteEdit::SetHeader { name: name.clone(), value: value.clone() };
        let add = RewriteEdit::AddHeader { name: name.clone(), value };
        let remove = RewriteEdit::RemoveHeader { name };
        let text = "GET / HTTP/1.1\nx-a: 1\n folded\nB: 2\nX-A: 3";
        let is = |text: &str, words: &str| Some((text.to_owned(), words.to_owned()));
        assert_eq!(edited(&set, text), is("GET / HTTP/1.1\nX-A: new\nB: 2", "header X-A set"));
        assert_eq!(
            edited(&add, text),
            is("GET / HTTP/1.1\nx-a: 1\n folded\nB: 2\nX-A: 3\nX-A: new", "header X-A added")
        );
        assert_eq!(edited(&remove, text), is("GET / HTTP/1.1\nB: 2", "header X-A removed"));
        let none = "X-A: HTTP/1.1\nB: 2";
        assert_eq!(edited(&set, none), is("X-A: HTTP/1.1\nB: 2\nX-A: new", "header X-A added"));
        assert_eq!(edited(&remove, none), None);
        assert_eq!(edited(&set, "GET / HTTP/1.1\nX-A: new"), None);
    }

    #[test]
    fn an_answer_gets_another_status_and_says_that_it_has_no_body_where_none_is_to_follow() {
        let set = RewriteEdit::SetStatus { status: 503 };
        let made = |text: &str| edited(&set, text).map(|(text, _)| text);
        let is = |text: &str| Some(text.to_owned());
        assert_eq!(
            edited(&set, "HTTP/1.1 200 OK\nContent-Length: 2"),
            Some((
                "HTTP/1.1 503 Service Unavailable\nContent-Length: 2".to_owned(),
                "status 200 became 503".to_owned()
            ))
        );
        let none = "HTTP/1.1 503 Service Unavailable\nContent-Length: 0";
        assert_eq!(made("HTTP/1.1 304 Not Modified\nContent-Length: 99"), is(none));
        assert_eq!(made("HTTP/1.0 204"), is("HTTP/1.0 503 Service Unavailable\nContent-Length: 0"));
        assert_eq!(made("HTTP/1.1 503 Busy\nA: 1"), None);
        assert_eq!(made("ICY 200 OK\nA: 1"), None);
    }

    #[test]
    fn a_body_is_looked_into_behind_its_coding() {
        let what = RewriteNeedle::Regex(r"(\w+)@example".into());
        let it = rule(RewriteEdit::Replace { what, with: Bytes::from_static(b"<$1>") });
        let rules: Vec<&Rewrite> = it.of(false).collect();
        let plain = Bytes::from_static(b"a@example b@example");
        let mut gzip = flate2::read::GzEncoder::new(&plain[..], flate2::Compression::fast());
        let mut coded = Vec::new();
        gzip.read_to_end(&mut coded).unwrap();
        let codings = ["gzip".to_owned()];
        let (made, times) = replaced(&rules, decoded(&codings, coded.into()).unwrap());
        assert_eq!((&made.data[..], &made.by[..], times), (&b"<a> <b>"[..], &[3][..], 2));
        let (same, times) = replaced(&rules, Bytes::from_static(b"none"));
        assert_eq!((&same.data[..], same.by.len(), times), (&b"none"[..], 0, 0));
        assert!(decoded(&codings, Bytes::from_static(b"not gzip at all")).is_err());
        let bomb = vec![0; DECODED as usize + 1];
        let mut gzip = flate2::read::GzEncoder::new(&bomb[..], flate2::Compression::fast());
        let mut coded = Vec::new();
        gzip.read_to_end(&mut coded).unwrap();
        assert_eq!(decoded(&codings, coded.into()).unwrap_err(), "it unpacks to more than 8 MiB");
    }

    #[test]
    fn a_host_fits_a_name_a_domain_everything_and_a_port() {
        for (pattern, host, fits) in [
            ("a.example", "A.example.", true),
            ("a.example", "a.example:8443", true),
            ("a.example:443", "a.example:8443", false),
            ("a.example:443", "a.example:443", true),
            ("*.example", "b.a.example", true),
            ("*.example", "example", false),
            ("*", "anything:1", true),
            ("[::1]:80", "[::1]:80", true),
            ("::1", "[::1]:80", true),
        ] {
            assert_eq!(is_for(pattern, host), fits, "{pattern} {host}");
        }
    }

    #[test]
    fn a_path_is_made_by_groups_and_stays_when_it_would_be_none() {
        let regex = r"^/v1/(\w+)".to_owned();
        let it = rule(RewriteEdit::ReplacePath { regex, with: "/v2/$1/x".into() });
        let rules: Vec<&Rewrite> = it.of(true).collect();
        assert_eq!(path(rules[0], "/v1/users?a=b"), Some(Ok("/v2/users/x?a=b".into())));
        assert_eq!(path(rules[0], "/v3/users"), None);
        let it = rule(RewriteEdit::ReplacePath { regex: "^/a".into(), with: "x y".into() });
        let rules: Vec<&Rewrite> = it.of(true).collect();
        assert!(path(rules[0], "/a").unwrap().is_err());
    }
}
