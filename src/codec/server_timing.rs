//! `Server-Timing`: what a server says of where its time went (W3C Server Timing, section 3). Read leniently, as
//! browsers do: what is no metric is passed over, the rest counts.
//!
//! Called by what shows the timing of an exchange.

use std::time::Duration;

/// Metrics of one response that are read; more are not.
const MOST: usize = 100;
/// The longest duration that is taken at its word.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// One thing a server measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerMetric {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) took: Option<Duration>,
}

/// The metrics of these values of the header, in order.
#[must_use]
pub(crate) fn metrics<'v>(values: impl IntoIterator<Item = &'v [u8]>) -> Vec<ServerMetric> {
    let entries = values.into_iter().flat_map(|value| parts(value, b','));
    entries.filter_map(metric).take(MOST).collect()
}

fn metric(entry: &[u8]) -> Option<ServerMetric> {
    let mut parts = parts(entry, b';').into_iter();
    let name = String::from_utf8_lossy(parts.next()?.trim_ascii()).into_owned();
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || "\"=".contains(c)) {
        return None;
    }
    let mut metric = ServerMetric { name, description: String::new(), took: None };
    let (mut has_duration, mut has_description) = (false, false);
    for part in parts {
        let at = part.iter().position(|byte| *byte == b'=').unwrap_or(part.len());
        let (key, value) = part.split_at_checked(at).unwrap_or((part, b""));
        let value = unquoted(value.strip_prefix(b"=").unwrap_or(value).trim_ascii());
        // Of two of a kind the first counts.
        if key.trim_ascii().eq_ignore_ascii_case(b"dur") && !has_duration {
            has_duration = true;
            metric.took = milliseconds(&value);
        } else if key.trim_ascii().eq_ignore_ascii_case(b"desc") && !has_description {
            has_description = true;
            metric.description = value;
        }
    }
    Some(metric)
}

/// A number of milliseconds.
fn milliseconds(text: &str) -> Option<Duration> {
    let number: f64 = text.trim().parse().ok()?;
    let took = Duration::try_from_secs_f64(number / 1000.0).ok()?;
    (took <= LONGEST).then_some(took)
}

/// What stands between such bytes, not within quotes.
fn parts(text: &[u8], between: u8) -> Vec<&[u8]> {
    let (mut parts, mut from) = (Vec::new(), 0);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            byte if *byte == between && !is_quoted => {
                parts.extend(text.get(from..at));
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(text.get(from..));
    parts
}

/// A quoted string (RFC 9110, section 5.6.4) or a token, as text.
fn unquoted(value: &[u8]) -> String {
    let Some(inner) = value.strip_prefix(b"\"") else {
        return String::from_utf8_lossy(value).into_owned();
    };
    let (mut text, mut is_escaped) = (Vec::with_capacity(inner.len()), false);
    for byte in inner {
        match byte {
            _ if is_escaped => {
                is_escaped = false;
                text.push(*byte);
            }
            b'\\' => is_escaped = true,
            b'"' => break,
            _ => text.push(*byte),
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(value: &str) -> Vec<(String, Option<u64>, String)> {
        let told = |metric: ServerMetric| {
            let micros = metric.took.map(|took| u64::try_from(took.as_micros()).unwrap());
            (metric.name, micros, metric.description)
        };
        metrics([value.as_bytes()]).into_iter().map(told).collect()
    }

    fn one(name: &str, micros: Option<u64>, description: &str) -> (String, Option<u64>, String) {
        (name.into(), micros, description.into())
    }

    #[test]
    fn metrics_are_read_as_browsers_do() {
        assert_eq!(
            read("miss, db;dur=53.25, app;dur=47.2;desc=\"render, \\\"all\\\"\""),
            [
                one("miss", None, ""),
                one("db", Some(53_250), ""),
                one("app", Some(47_200), "render, \"all\"")
            ]
        );
        assert_eq!(read("cache;desc=Hit;dur=0.1"), [one("cache", Some(100), "Hit")]);
        assert_eq!(read("a; DUR = 2 ; dur=3"), [one("a", Some(2000), "")], "the first counts");
        assert_eq!(read("a;dur=x, b;dur=-1, c;dur=1e99, d;dur=NaN").len(), 4);
        assert!(read("a;dur=x, b;dur=-1, c;dur=1e99, d;dur=NaN").iter().all(|it| it.1.is_none()));
        assert_eq!(read(", ;dur=1, \"x\";dur=1, ok"), [one("ok", None, "")]);
        assert_eq!(read("a;desc=\"open, b"), [one("a", None, "open, b")]);
        assert_eq!(metrics([&b"a"[..], b"b;dur=1"]).len(), 2, "of several fields");
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn anything_is_read(value in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(metrics([&*value]).len() <= MOST);
        }
    }
}
