//! A message that somebody edited, made right again: its framing says how long its body is. Pure.
//!
//! It is given as it stands in an editor: a head whose lines may end in LF, an empty line, and the body
//! without chunks.

use bytes::Bytes;

use super::fields::is_token;
use super::status::ends_with_head;
use super::{Expected, HeadReader, ParsedHead};
use crate::model::exchange::{Head, StartLine};

/// The fields that say how long a body is.
const FRAMING: [&str; 3] = ["content-length", "transfer-encoding", "trailer"];

/// A message ready to be passed on.
#[derive(Debug, Clone)]
pub(crate) struct EditedMessage {
    pub(crate) parsed: ParsedHead,
    pub(crate) body: Bytes,
    /// What was made right, in words.
    pub(crate) changes: Vec<String>,
}

/// Makes an edited message right. `method` is that of the request, of a response the one that it
/// answers.
///
/// # Errors
/// Why it is no such message.
pub(crate) fn edited(
    expected: Expected,
    method: &str,
    message: &[u8],
) -> Result<EditedMessage, String> {
    let (lines, body) = split(message)?;
    let mut changes = Vec::new();
    let said = |line: &&Vec<u8>| FRAMING.iter().any(|name| is_named(line, name));
    let mut head: Vec<u8> = Vec::with_capacity(message.len() + 64);
    for line in lines.iter().filter(|line| !said(line)) {
        head.extend_from_slice(line);
        head.extend_from_slice(b"\r\n");
    }
    let before: Vec<_> = lines.iter().filter(said).collect();
    let first = parse(expected, &[&head[..], b"\r\n"].concat())?;
    let (has_none, keeps) = match &first.head.start {
        StartLine::Request { .. } => (false, false),
        StartLine::Response { status, .. } => {
            // Of an answer to HEAD, and of 304, the length is that of what is not there.
            (ends_with_head(method, *status), method == "HEAD" || *status == 304)
        }
        StartLine::Unknown => return Err("its first line is none of HTTP".into()),
    };
    if keeps {
        for line in &before {
            head.extend_from_slice(line);
            head.extend_from_slice(b"\r\n");
        }
    }
    let is_answer = matches!(first.head.start, StartLine::Response { .. });
    let body = if has_none { Bytes::new() } else { body };
    if !has_none && (is_answer || !body.is_empty() || !before.is_empty()) {
        let length = body.len();
        head.extend_from_slice(format!("Content-Length: {length}\r\n").as_bytes());
        let is_same = before.len() == 1
            && before.iter().all(|line| {
                is_named(line, "content-length") && line.ends_with(format!(" {length}").as_bytes())
            });
        if !is_same {
            changes.push(format!("Content-Length is {length} after it was edited"));
        }
        if before.iter().any(|line| is_named(line, "transfer-encoding")) {
            changes.push("it was passed on in one piece and not in chunks".into());
        }
    }
    head.extend_from_slice(b"\r\n");
    Ok(EditedMessage { parsed: parse(expected, &head)?, body, changes })
}

/// Its lines without their ends, and what is behind the empty one.
fn split(message: &[u8]) -> Result<(Vec<Vec<u8>>, Bytes), String> {
    let (mut lines, mut rest) = (Vec::new(), message);
    loop {
        let at = memchr::memchr(b'\n', rest);
        let Some(at) = at else { return Err("an empty line behind the headers is missing".into()) };
        let (line, after) = rest.split_at(at);
        rest = after.split_at(1).1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return Ok((lines, Bytes::copy_from_slice(rest)));
        }
        lines.push(line.to_vec());
    }
}

fn is_named(line: &[u8], name: &str) -> bool {
    let end = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
    line.split_at(end).0.eq_ignore_ascii_case(name.as_bytes())
}

fn parse(expected: Expected, head: &[u8]) -> Result<ParsedHead, String> {
    match HeadReader::new(expected).push(head) {
        Ok(Some((_, parsed))) if has_fields(&parsed.head) => Ok(parsed),
        Ok(_) => Err("its headers are no lines 'Name: value'".into()),
        Err(error) => Err(error.message),
    }
}

/// Whether every line of a head is a field.
fn has_fields(head: &Head) -> bool {
    let is_named = |name: &[u8]| !name.is_empty() && is_token(name);
    let lines = head.raw.split(|byte| *byte == b'\n').count();
    lines == head.fields.len() + 3 && head.fields.iter().all(|field| is_named(&field.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &str) -> Result<(String, Vec<String>), String> {
        let made = edited(Expected::Request, "", text.as_bytes())?;
        let mut whole = made.parsed.head.raw.to_vec();
        whole.extend_from_slice(&made.body);
        Ok((String::from_utf8(whole).unwrap(), made.changes))
    }

    #[test]
    fn the_length_is_made_right_and_said() {
        let (whole, changes) =
            request("POST / HTTP/1.1\nHost: h\nContent-Length: 3\n\nlonger").unwrap();
        assert_eq!(whole, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nlonger");
        assert_eq!(changes, ["Content-Length is 6 after it was edited"]);
        let (whole, changes) =
            request("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: h\r\n\r\nab").unwrap();
        assert_eq!(whole, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab");
        assert_eq!(changes.len(), 2);
    }

    #[test]
    fn what_needs_no_length_gets_none_and_what_is_right_stays() {
        let (whole, changes) = request("GET /x HTTP/1.1\nHost: h\nX: 1\n\n").unwrap();
        assert_eq!(
            (whole.as_str(), changes.len()),
            ("GET /x HTTP/1.1\r\nHost: h\r\nX: 1\r\n\r\n", 0)
        );
        assert!(request("PUT / HTTP/1.1\nContent-Length: 2\n\nab").unwrap().1.is_empty());
        let answer =
            |method, text: &str| edited(Expected::Response, method, text.as_bytes()).unwrap();
        let head = answer("HEAD", "HTTP/1.1 200 OK\nContent-Length: 9\n\nlost");
        assert_eq!(
            (&head.parsed.head.raw[..], head.body.len()),
            (&b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"[..], 0)
        );
        let none = answer("GET", "HTTP/1.1 204 No Content\n\nx");
        assert_eq!(&none.parsed.head.raw[..], b"HTTP/1.1 204 No Content\r\n\r\n");
        let until_close = answer("GET", "HTTP/1.0 200 OK\n\nabc");
        assert_eq!(
            &until_close.parsed.head.raw[..],
            b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n"
        );
    }

    #[test]
    fn what_is_no_message_is_refused_in_words() {
        assert_eq!(
            request("GET / HTTP/1.1\nHost: h").unwrap_err(),
            "an empty line behind the headers is missing"
        );
        assert!(request("hello\n\n").is_err());
        assert!(request("GET / HTTP/1.1\nno field\n\n").is_err());
    }
}
