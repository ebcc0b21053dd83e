//! What the fields of a response say about keeping it, in words (RFC 9111, with the extensions of RFC 5861 and
//! RFC 8246): who may keep it, how long it is fresh, what happens then, what tells it apart, how it is asked for again.
//!
//! Called by what shows the fields of an exchange. Nothing here keeps anything: wirebench has no cache.

use std::time::Duration;

use jiff::Timestamp;

use super::http_date;
use crate::model::counts::counted;
use crate::model::exchange::{Head, StartLine};

/// What responses may be kept for although nothing says how long (RFC 9111, section 4.2.2; RFC 9110, section 15.1).
const HEURISTIC: [u16; 12] = [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501];
/// The most values of a list that are told.
const TOLD: usize = 8;

/// The directives of `Cache-Control`, in lower case; of two the first counts.
struct Directives(Vec<(String, Option<String>)>);

impl Directives {
    fn of(head: &Head) -> Self {
        let mut all: Vec<(String, Option<String>)> = Vec::new();
        for entry in head.all("cache-control").flat_map(|value| list(value)) {
            let (name, value) = entry.split_once('=').map_or((&*entry, None), |(name, value)| {
                (name, Some(value.trim().trim_matches('"').to_owned()))
            });
            let name = name.trim().to_ascii_lowercase();
            if !name.is_empty() && all.iter().all(|(known, _)| *known != name) {
                all.push((name, value));
            }
        }
        Directives(all)
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    fn value(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name)?;
        Some(found.1.as_deref().unwrap_or_default())
    }

    /// A number of seconds; one that is none counts as nothing, which is stale (RFC 9111, section 4.2.1).
    fn seconds(&self, name: &str) -> Option<Duration> {
        let digits = self.value(name)?;
        Some(Duration::from_secs(digits.parse::<u64>().map_or(0, |seconds| seconds.min(1 << 31))))
    }
}

/// The elements of a list, not cut within quotes.
fn list(value: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(value);
    let (mut is_quoted, mut parts) = (false, Vec::new());
    for part in text.split_inclusive(|c| {
        is_quoted ^= c == '"';
        c == ',' && !is_quoted
    }) {
        parts.push(part.trim_end_matches(',').trim().to_owned());
    }
    parts
}

/// The time that a field says; an error = it has none that is a date.
fn date(head: &Head, name: &str) -> Option<Result<Timestamp, ()>> {
    Some(http_date::timestamp(&String::from_utf8_lossy(head.field(name)?)).ok_or(()))
}

/// `2 hours`, `90 s`, `1 year`: a time as people say it.
fn said(time: Duration) -> String {
    let seconds = time.as_secs();
    let unit = [(31_536_000, "year"), (86_400, "day"), (3600, "hour"), (60, "minute")];
    match unit.into_iter().find(|(length, _)| seconds >= 2 * length || seconds == *length) {
        Some((length, noun)) if seconds.is_multiple_of(length) => counted(seconds / length, noun),
        Some((length, noun)) => format!("about {}", counted(seconds.div_ceil(length), noun)),
        None => counted(seconds, "second"),
    }
}

/// What the fields of a response to this request say about keeping it: label and sentence. Nothing where no field
/// is about it.
#[must_use]
pub(crate) fn caching(request: &Head, head: &Head) -> Vec<(&'static str, String)> {
    let about = ["cache-control", "expires", "etag", "last-modified", "age", "pragma", "vary"];
    if head.status().is_none_or(|status| status < 200)
        || about.iter().all(|name| head.field(name).is_none())
    {
        return Vec::new();
    }
    let directives = Directives::of(head);
    let mut told = vec![("Kept by", kept_by(request, head, &directives))];
    if !directives.has("no-store") {
        told.push(("Fresh", fresh(head, &directives)));
        told.extend(stale(&directives).map(|words| ("Then", words)));
        told.push(("Asked again", asked_again(head)));
    }
    told.extend(apart(head).map(|words| ("Told apart", words)));
    told.extend(odd(head, &directives).into_iter().map(|words| ("But", words)));
    told
}

fn kept_by(request: &Head, head: &Head, directives: &Directives) -> String {
    let is_authorized = request.field("authorization").is_some();
    let method = match &request.start {
        StartLine::Request { method, .. } => method.as_str(),
        StartLine::Response { .. } | StartLine::Unknown => "GET",
    };
    let opens = ["public", "s-maxage", "must-revalidate"].iter().any(|name| directives.has(name));
    if directives.has("no-store") {
        "nobody (no-store)".into()
    } else if !matches!(method, "GET" | "HEAD") {
        format!("nobody as a rule: answers to {method} are not kept")
    } else if head.all("vary").flat_map(|value| list(value)).any(|name| name == "*") {
        "nobody for long: Vary: * fits no further request".into()
    } else if directives.has("private") {
        "the client alone, no cache between (private)".into()
    } else if is_authorized && !opens {
        "the client alone: the request had Authorization, and nothing opens it to caches between"
            .into()
    } else if directives.has("public") {
        "any cache (public)".into()
    } else {
        "any cache".into()
    }
}

/// How long, and how much of that is over.
fn fresh(head: &Head, directives: &Directives) -> String {
    let age = head
        .field("age")
        .and_then(|age| String::from_utf8_lossy(age).trim().parse().ok().map(Duration::from_secs));
    let gone = |lifetime: Duration| match age {
        Some(age) if age >= lifetime => {
            format!(", and stale already: it was {} old (Age)", said(age))
        }
        Some(age) if !age.is_zero() => format!(", of which {} are over (Age)", said(age)),
        _ => String::new(),
    };
    let shared = directives
        .seconds("s-maxage")
        .map(|time| format!("; in caches between {} (s-maxage)", said(time)));
    let shared = shared.unwrap_or_default();
    if directives.has("no-cache") {
        return "never: it is kept, and asked for again before each use (no-cache)".into();
    }
    if let Some(lifetime) = directives.seconds("max-age") {
        if lifetime.is_zero() {
            return format!("never (max-age=0){shared}");
        }
        return format!("for {} (max-age){}{shared}", said(lifetime), gone(lifetime));
    }
    match date(head, "expires") {
        Some(Err(())) => return format!("never: Expires is no date{shared}"),
        Some(Ok(expires)) => {
            let Some(Ok(date)) = date(head, "date") else {
                return format!("until {expires} (Expires){shared}");
            };
            let lifetime = Duration::try_from(expires.duration_since(date)).unwrap_or_default();
            if lifetime.is_zero() {
                return format!("never: Expires is over when it is sent{shared}");
            }
            return format!("for {} (Expires){}{shared}", said(lifetime), gone(lifetime));
        }
        None => {}
    }
    if !shared.is_empty() {
        return format!("as the client likes{shared}");
    }
    let is_heuristic = head.status().is_some_and(|status| HEURISTIC.contains(&status));
    let changed = date(head, "last-modified").and_then(Result::ok);
    match (is_heuristic, changed, date(head, "date").and_then(Result::ok)) {
        (true, Some(changed), Some(date)) if date > changed => {
            let tenth = Duration::try_from(date.duration_since(changed)).unwrap_or_default() / 10;
            format!("nothing says how long; many take a tenth of its age, here {}", said(tenth))
        }
        (true, ..) => "nothing says how long: each cache has its own rule".into(),
        (false, ..) => "never, as nothing says how long".into(),
    }
}

/// What is done with it when it is no longer fresh.
fn stale(directives: &Directives) -> Option<String> {
    let mut words = Vec::new();
    if directives.has("must-revalidate") {
        words.push("it is never used stale (must-revalidate)".to_owned());
    } else if directives.has("proxy-revalidate") {
        words.push("caches between never use it stale (proxy-revalidate)".to_owned());
    }
    if let Some(time) = directives.seconds("stale-while-revalidate") {
        words.push(format!(
            "for {} it is used while it is asked for again (stale-while-revalidate)",
            said(time)
        ));
    }
    if let Some(time) = directives.seconds("stale-if-error") {
        words.push(format!("for {} it is used when the server fails (stale-if-error)", said(time)));
    }
    if directives.has("immutable") {
        words.push(
            "while it is fresh it never changes: a reload asks for nothing (immutable)".to_owned(),
        );
    }
    (!words.is_empty()).then(|| words.join("; "))
}

/// What a request for it says that was there before.
fn asked_again(head: &Head) -> String {
    let value =
        |name| head.field(name).map(|value| String::from_utf8_lossy(value).trim().to_owned());
    let tag = value("etag").map(|tag| {
        let weak = if tag.starts_with("W/") {
            ", which holds for what means the same, not byte by byte"
        } else {
            ""
        };
        format!("If-None-Match: {tag}{weak}")
    });
    let changed = value("last-modified").map(|changed| format!("If-Modified-Since: {changed}"));
    match (tag, changed) {
        (Some(tag), Some(changed)) => format!("with {tag}; or {changed}"),
        (Some(one), None) | (None, Some(one)) => format!("with {one}"),
        (None, None) => {
            "whole: it has neither ETag nor Last-Modified, so nothing answers 304".into()
        }
    }
}

/// What makes answers of the same address different ones.
fn apart(head: &Head) -> Option<String> {
    let names: Vec<String> = head.all("vary").flat_map(|value| list(value)).collect();
    let names: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    match names.as_slice() {
        [] | ["*"] => None,
        names => {
            let more = names.len().saturating_sub(TOLD);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            let told: Vec<&str> = names.iter().copied().take(TOLD).collect();
            Some(format!("by {}{more} of the request (Vary)", told.join(", ")))
        }
    }
}

/// What contradicts itself, or means less than it seems to.
fn odd(head: &Head, directives: &Directives) -> Vec<String> {
    let mut odd = Vec::new();
    let beside = |one: &str, other: &str| directives.has(one) && directives.has(other);
    for (one, other, wins) in [
        ("no-store", "max-age", "no-store"),
        ("private", "public", "private"),
        ("private", "s-maxage", "private"),
        ("no-cache", "immutable", "no-cache"),
    ] {
        if beside(one, other) {
            odd.push(format!("{one} and {other} contradict each other; {wins} counts"));
        }
    }
    if directives.has("max-age") && head.field("expires").is_some() {
        odd.push("max-age counts, Expires does not".to_owned());
    }
    for name in ["max-age", "s-maxage"] {
        let is_none =
            |digits: &str| digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit());
        if directives.value(name).is_some_and(is_none) {
            odd.push(format!("{name} is no number of seconds, so it counts as stale"));
        }
    }
    if head.field("pragma").is_some() {
        odd.push("Pragma means nothing in a response".to_owned());
    }
    odd
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::model::exchange::{FieldLine, HttpVersion};

    fn told(status: u16, fields: &[(&str, &str)]) -> String {
        told_of("GET", &[], status, fields)
    }

    fn lines(fields: &[(&str, &str)]) -> Vec<FieldLine> {
        let line = |(name, value): &(&str, &str)| FieldLine {
            name: Bytes::copy_from_slice(name.as_bytes()),
            value: Bytes::copy_from_slice(value.as_bytes()),
        };
        fields.iter().map(line).collect()
    }

    fn told_of(
        method: &str,
        request: &[(&str, &str)],
        status: u16,
        fields: &[(&str, &str)],
    ) -> String {
        let version = HttpVersion::Http11;
        let start = StartLine::Request { method: method.into(), target: "/".into(), version };
        let request = Head { start, fields: lines(request), ..Head::default() };
        let start = StartLine::Response { version, status, reason: Bytes::new() };
        let head = Head { start, fields: lines(fields), ..Head::default() };
        let line = |(label, words): (&'static str, String)| format!("{label}: {words}\n");
        caching(&request, &head).into_iter().map(line).collect()
    }

    #[test]
    fn who_keeps_it_and_how_long_is_told() {
        assert_eq!(told(200, &[("Content-Type", "text/html")]), "", "nothing is about it");
        assert_eq!(told(200, &[("Cache-Control", "no-store")]), "Kept by: nobody (no-store)\n");
        let told_one = told(
            200,
            &[("Cache-Control", "private, max-age=\"3600\""), ("Age", "60"), ("ETag", "W/\"a\"")],
        );
        assert_eq!(
            told_one,
            "Kept by: the client alone, no cache between (private)\n\
             Fresh: for 1 hour (max-age), of which 1 minute are over (Age)\n\
             Asked again: with If-None-Match: W/\"a\", which holds for what means the same, not byte by byte\n"
        );
        let told_one = told(
            200,
            &[("Cache-Control", "public, max-age=60, s-maxage=7200, stale-while-revalidate=30")],
        );
        assert!(told_one.contains("any cache (public)"), "{told_one}");
        assert!(
            told_one.contains("for 1 minute (max-age); in caches between 2 hours (s-maxage)"),
            "{told_one}"
        );
        assert!(told_one.contains("Then: for 30 seconds it is used while"), "{told_one}");
        assert!(told_one.contains("neither ETag nor Last-Modified"), "{told_one}");
        let no_cache = told(200, &[("Cache-Control", "no-cache")]);
        assert!(no_cache.contains("Fresh: never: it is kept, and asked for again"), "{no_cache}");
        let stale = told(200, &[("Cache-Control", "max-age=10"), ("Age", "10")]);
        assert!(stale.contains("stale already: it was 10 seconds old"), "{stale}");
    }

    #[test]
    fn dates_count_where_nothing_else_does() {
        let date = ("Date", "Mon, 30 Nov 2026 12:00:00 GMT");
        let expires = |at| told(200, &[date, ("Expires", at)]);
        assert!(expires("Mon, 30 Nov 2026 13:30:00 GMT").contains("for 90 minutes (Expires)"));
        assert!(expires("Mon, 30 Nov 2026 11:00:00 GMT").contains("Expires is over"));
        assert!(expires("0").contains("never: Expires is no date"));
        let changed = ("Last-Modified", "Fri, 20 Nov 2026 12:00:00 GMT");
        let guessed = told(200, &[date, changed]);
        assert!(guessed.contains("a tenth of its age, here 1 day"), "{guessed}");
        assert!(guessed.contains("If-Modified-Since: Fri, 20 Nov 2026 12:00:00 GMT"), "{guessed}");
        assert!(told(302, &[date, changed]).contains("never, as nothing says how long"));
        let both = told(200, &[date, ("Cache-Control", "max-age=5"), ("Expires", "0")]);
        assert!(both.contains("But: max-age counts, Expires does not"), "{both}");
    }

    #[test]
    fn what_is_odd_and_what_depends_on_the_request_is_told() {
        let authorized =
            |control| told_of("GET", &[("Authorization", "x")], 200, &[("Cache-Control", control)]);
        assert!(authorized("max-age=1").contains("the request had Authorization"));
        assert!(authorized("max-age=1, public").contains("any cache (public)"));
        let posted = told_of("POST", &[], 200, &[("Cache-Control", "max-age=1")]);
        assert!(posted.contains("answers to POST are not kept"), "{posted}");
        let vary = told(200, &[("Vary", "Accept, Accept-Encoding"), ("Vary", "Cookie")]);
        assert!(vary.contains("Told apart: by Accept, Accept-Encoding, Cookie of the request"));
        assert!(told(200, &[("Vary", "*")]).contains("fits no further request"));
        let odd =
            told(200, &[("Cache-Control", "private, public, max-age=x"), ("Pragma", "no-cache")]);
        for words in
            ["private and public contradict", "max-age is no number", "Pragma means nothing"]
        {
            assert!(odd.contains(words), "{words}: {odd}");
        }
    }
}
