//! Writes heads and chunks. Names and values go out exactly as given, in the order given.
//!
//! Called by the engine with plans, whose headers `compose` has checked for line breaks.
use crate::model::exchange::HttpVersion;

/// A request head with its empty line.
#[must_use]
pub fn request_head<V: AsRef<[u8]>>(
    method: &str,
    target: &str,
    version: HttpVersion,
    headers: &[(String, V)],
) -> Vec<u8> {
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_ref()));
    head(&[method, " ", target, " ", version.name(), "\r\n"], headers)
}

/// A response head with its empty line and the usual reason phrase.
#[must_use]
pub fn response_head<'a>(
    status: u16,
    headers: impl Iterator<Item = (&'a str, &'a str)> + Clone,
) -> Vec<u8> {
    let headers = headers.map(|(name, value)| (name, value.as_bytes()));
    head(&["HTTP/1.1 ", &status.to_string(), " ", reason(status), "\r\n"], headers)
}

/// Headers that were composed, as they are written.
pub(crate) fn texts(headers: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> + Clone {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}

fn head<'a>(start: &[&str], headers: impl Iterator<Item = (&'a str, &'a [u8])> + Clone) -> Vec<u8> {
    // An empty value is written without the space, as most clients do.
    let space = |value: &[u8]| if value.is_empty() { "" } else { " " };
    let line = |(name, value): (&str, &[u8])| {
        name.len() + ":".len() + space(value).len() + value.len() + "\r\n".len()
    };
    let start_len = start.iter().map(|word| word.len()).sum::<usize>();
    let length = start_len + headers.clone().map(line).sum::<usize>() + "\r\n".len();
    let mut out = Vec::with_capacity(length);
    for word in start {
        out.extend_from_slice(word.as_bytes());
    }
    for (name, value) in headers {
        for part in [name.as_bytes(), b":", space(value).as_bytes(), value, b"\r\n"] {
            out.extend_from_slice(part);
        }
    }
    out.extend_from_slice(b"\r\n");
    out
}

/// One chunk with its framing; nothing for no data, because an empty chunk ends the body.
#[must_use]
pub fn chunk(data: &[u8]) -> Vec<u8> {
    if data.is_empty() {
        return Vec::new();
    }
    let mut out = format!("{:x}\r\n", data.len()).into_bytes();
    out.extend_from_slice(data);
    out.extend_from_slice(b"\r\n");
    out
}

/// The end of a chunked body, with trailers.
#[must_use]
pub fn last_chunk(trailers: &[(String, String)]) -> Vec<u8> {
    head(&["0\r\n"], texts(trailers).map(|(name, value)| (name, value.as_bytes())))
}

/// The registered reason phrase of a status code; empty when there is none.
#[must_use]
pub fn reason(status: u16) -> &'static str {
    REASONS.iter().find(|(code, _)| *code == status).map_or("", |(_, reason)| reason)
}

/// IANA HTTP status code registry.
pub(crate) const REASONS: &[(u16, &str)] = &[
    (100, "Continue"),
    (101, "Switching Protocols"),
    (102, "Processing"),
    (103, "Early Hints"),
    (200, "OK"),
    (201, "Created"),
    (202, "Accepted"),
    (203, "Non-Authoritative Information"),
    (204, "No Content"),
    (205, "Reset Content"),
    (206, "Partial Content"),
    (207, "Multi-Status"),
    (208, "Already Reported"),
    (226, "IM Used"),
    (300, "Multiple Choices"),
    (301, "Moved Permanently"),
    (302, "Found"),
    (303, "See Other"),
    (304, "Not Modified"),
    (305, "Use Proxy"),
    (307, "Temporary Redirect"),
    (308, "Permanent Redirect"),
    (400, "Bad Request"),
    (401, "Unauthorized"),
    (402, "Payment Required"),
    (403, "Forbidden"),
    (404, "Not Found"),
    (405, "Method Not Allowed"),
    (406, "Not Acceptable"),
    (407, "Proxy Authentication Required"),
    (408, "Request Timeout"),
    (409, "Conflict"),
    (410, "Gone"),
    (411, "Length Required"),
    (412, "Precondition Failed"),
    (413, "Content Too Large"),
    (414, "URI Too Long"),
    (415, "Unsupported Media Type"),
    (416, "Range Not Satisfiable"),
    (417, "Expectation Failed"),
    (418, "I'm a teapot"),
    (421, "Misdirected Request"),
    (422, "Unprocessable Content"),
    (423, "Locked"),
    (424, "Failed Dependency"),
    (425, "Too Early"),
    (426, "Upgrade Required"),
    (428, "Precondition Required"),
    (429, "Too Many Requests"),
    (431, "Request Header Fields Too Large"),
    (451, "Unavailable For Legal Reasons"),
    (500, "Internal Server Error"),
    (501, "Not Implemented"),
    (502, "Bad Gateway"),
    (503, "Service Unavailable"),
    (504, "Gateway Timeout"),
    (505, "HTTP Version Not Supported"),
    (506, "Variant Also Negotiates"),
    (507, "Insufficient Storage"),
    (508, "Loop Detected"),
    (511, "Network Authentication Required"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::http1::{BodyReader, Expected, HeadReader};
    use crate::model::exchange::MessageFraming;
    use proptest::prelude::*;

    fn headers(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect()
    }

    #[test]
    fn heads_keep_case_order_and_duplicates() {
        let list = headers(&[("hOST", "a"), ("X", "2"), ("x", "1"), ("Empty", "")]);
        let text = request_head("GET", "/a?b", HttpVersion::Http11, &list);
        assert_eq!(text, b"GET /a?b HTTP/1.1\r\nhOST: a\r\nX: 2\r\nx: 1\r\nEmpty:\r\n\r\n");
        assert!(response_head(404, texts(&[])).starts_with(b"HTTP/1.1 404 Not Found\r\n\r\n"));
        assert!(response_head(299, texts(&[])).starts_with(b"HTTP/1.1 299 \r\n"));
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn what_is_written_reads_back(
            list in prop::collection::vec(("[A-Za-z-]{1,8}", "([!-~]([ -~]{0,8}[!-~])?)?"), 0..6),
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..5),
        ) {
            let text = response_head(200, texts(&list));
            let (used, parsed) = HeadReader::new(Expected::Response).push(&text).unwrap().unwrap();
            prop_assert_eq!(used, text.len());
            prop_assert_eq!(parsed.warnings, Vec::<String>::new());
            let read: Vec<(String, String)> = parsed.head.fields.iter().map(|field| {
                let text = |b: &[u8]| String::from_utf8(b.to_vec()).unwrap();
                (text(&field.name), text(&field.value))
            }).collect();
            prop_assert_eq!(read, list);

            let mut wire: Vec<u8> = chunks.iter().flat_map(|data| chunk(data)).collect();
            wire.extend(last_chunk(&headers(&[("T", "1")])));
            let (mut reader, mut data) = (BodyReader::new(MessageFraming::Chunked), Vec::new());
            let progress = reader.push(&wire, &mut |part| data.extend_from_slice(part)).unwrap();
            prop_assert!(progress.done && progress.used == wire.len());
            prop_assert_eq!(data, chunks.concat());
        }
    }
}
