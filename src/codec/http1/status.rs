//! What a status says about its message: whether that has content (RFC 9112, section 6.3), and
//! whether a client may believe it at all (RFC 9110, section 15).
//!
//! Called by the framing, by both roles of the engine, by whoever prints an answer and by what writes
//! servers as code. The one place where statuses without content are listed.

use super::fields::excerpt;
use crate::model::exchange::Head;

/// The status that ends the HTTP part of a connection (RFC 9110, section 15.2.2).
pub(crate) const SWITCHING: u16 = 101;
/// Digits of a status (RFC 9112, section 4).
const DIGITS: usize = 3;

/// Whether a response to a request with this method ends with its head, whatever that says of a
/// length (RFC 9112, section 6.3).
#[must_use]
pub(crate) fn ends_with_head(method: &str, status: u16) -> bool {
    method == "HEAD"
        || matches!(status, 100..=199 | 204 | 304)
        || (method == "CONNECT" && (200..300).contains(&status))
}

/// Whether such a response has no content. One with 205 is framed as others are, around nothing
/// (RFC 9110, section 15.3.6).
#[must_use]
pub(crate) fn has_no_content(method: &str, status: u16) -> bool {
    ends_with_head(method, status) || status == 205
}

/// Whether another head follows this one: 101 ends the HTTP part of a connection, other 1xx announce
/// an answer (RFC 9110, section 15.2).
#[must_use]
pub(crate) fn is_interim(head: &Head) -> bool {
    let is_one = |status| (100..200).contains(&status) && status != SWITCHING;
    head.status().is_some_and(is_one) && !is_malformed(head)
}

/// Whether the status of a response is written in other than three digits.
pub(super) fn is_malformed(head: &Head) -> bool {
    head.status().is_some() && code(head).len() != DIGITS
}

/// What is odd about a status that is believed all the same.
pub(super) fn oddity(status: u16) -> Option<String> {
    (600..=999).contains(&status).then(|| {
        format!(
            "status code {status} is beyond 599, where HTTP has none; taken for an error of the \
             server, as 500 (RFC 9110, 15)"
        )
    })
}

/// Why a response is no answer to a request, whatever it holds; `asked` is what the request says in
/// its `Upgrade` fields, comma-separated members.
#[must_use]
pub fn unbelievable<'a>(head: &Head, asked: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let status = head.status()?;
    if is_malformed(head) || status < 100 {
        let code = excerpt(code(head));
        return Some(format!("status code '{code}' is not three digits from 100 (RFC 9110, 15)"));
    }
    if status != SWITCHING {
        return None;
    }
    let members = |value: &str| -> Vec<String> {
        let all = value.split(',').map(|member| member.trim().to_ascii_lowercase());
        all.filter(|member| !member.is_empty()).collect()
    };
    let asked: Vec<String> = asked.into_iter().flat_map(members).collect();
    if asked.is_empty() {
        return Some(
            "101 switches to another protocol, which the request did not ask for \
             (RFC 9110, 15.2.2)"
                .to_owned(),
        );
    }
    let chosen = head.all("upgrade").flat_map(|value| members(&String::from_utf8_lossy(value)));
    let foreign = chosen.into_iter().find(|chosen| !asked.contains(chosen))?;
    let (foreign, asked) = (excerpt(foreign.as_bytes()), excerpt(asked.join(", ").as_bytes()));
    Some(format!(
        "101 switches to '{foreign}', and the request asked for '{asked}' (RFC 9110, 7.8)"
    ))
}

/// The digits of the status as they stand in the status line.
fn code(head: &Head) -> &[u8] {
    let words = head.raw.split(u8::is_ascii_whitespace);
    let word = words.filter(|word| !word.is_empty()).nth(1).unwrap_or_default();
    word.split(|byte| !byte.is_ascii_digit()).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::http1::{Expected, HeadReader};

    fn head(text: &str) -> Head {
        let text = format!("HTTP/1.1 {text}\r\n\r\n");
        HeadReader::new(Expected::Response).push(text.as_bytes()).unwrap().unwrap().1.head
    }

    #[test]
    fn what_has_no_content_and_what_ends_with_its_head() {
        for (method, status, ends, is_empty) in [
            ("GET", 100, true, true),
            ("GET", 101, true, true),
            ("POST", 199, true, true),
            ("GET", 200, false, false),
            ("GET", 204, true, true),
            ("GET", 205, false, true),
            ("GET", 206, false, false),
            ("GET", 304, true, true),
            ("HEAD", 200, true, true),
            ("HEAD", 404, true, true),
            ("head", 200, false, false),
            ("CONNECT", 199, true, true),
            ("CONNECT", 200, true, true),
            ("CONNECT", 299, true, true),
            ("CONNECT", 300, false, false),
            ("CONNECT", 407, false, false),
            ("GET", 99, false, false),
            ("GET", 999, false, false),
        ] {
            assert_eq!(ends_with_head(method, status), ends, "{method} {status}");
            assert_eq!(has_no_content(method, status), is_empty, "{method} {status}");
        }
    }

    #[test]
    fn only_101_of_the_interim_ones_is_final() {
        for (status, interim) in [
            ("099", false),
            ("100", true),
            ("0100", false),
            ("101 X", false),
            ("102 X", true),
            ("199 X", true),
            ("200 X", false),
        ] {
            assert_eq!(is_interim(&head(status)), interim, "{status}");
        }
    }

    #[test]
    fn what_a_client_must_not_believe() {
        for (text, asked, why) in [
            ("000 X", "", "'000' is not three digits from 100"),
            ("099 X", "", "'099' is not"),
            ("99", "", "'99' is not"),
            ("0 X", "", "'0' is not"),
            (" 7 X", "", "'7' is not"),
            ("0200 X", "", "'0200' is not"),
            ("1000 X", "", "'1000' is not"),
            ("20 X\r\nUpgrade: foo", "foo", "'20' is not"),
            ("101 X", "", "did not ask for"),
            ("101 X\r\nUpgrade: websocket", " , ", "did not ask for"),
            (
                "101 X\r\nUpgrade: h2c",
                "websocket",
                "to 'h2c', and the request asked for 'websocket'",
            ),
            ("101 X\r\nUpgrade: websocket, TLS/1.0", "websocket", "to 'tls/1.0'"),
        ] {
            let said = unbelievable(&head(text), [asked]).unwrap_or_default();
            assert!(said.contains(why), "{text} {asked}: {said}");
        }
        for (text, asked) in [
            ("100 X", ""),
            ("200 X", ""),
            ("200X", ""),
            (" 200 X", ""),
            ("204", ""),
            ("599 X", ""),
            ("600 X", ""),
            ("999 X", ""),
            ("101 X", "websocket"),
            ("101 X\r\nUpgrade: WebSocket", "h2c, websocket"),
        ] {
            assert_eq!(unbelievable(&head(text), asked.split(';')), None, "{text} {asked}");
        }
        assert!(oddity(599).is_none() && oddity(600).is_some() && oddity(999).is_some());
    }
}
