//! Heads of HTTP messages in bytes of which nobody said what they are: a TCP listener that is asked for a
//! page, a relay between a browser and its server. What is no head is nobody's credential.

use std::ops::Range;

use memchr::memmem;

/// What a first line has, and little else.
const VERSION: &[u8] = b"HTTP/1.";

/// Where heads stand in a text, from their first line to the empty one or to its end.
pub(super) fn heads(text: &[u8]) -> Vec<Range<usize>> {
    let (mut found, mut at): (Vec<Range<usize>>, usize) = (Vec::new(), 0);
    if memmem::find(text, VERSION).is_none() {
        return found;
    }
    let mut is_open = false;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let start = at;
        at += line.len();
        match found.last_mut().filter(|_| is_open) {
            Some(head) => {
                is_open = !matches!(line, b"\n" | b"\r\n");
                head.end = at;
            }
            None if is_first_line(line) => {
                is_open = true;
                found.push(start..at);
            }
            None => {}
        }
    }
    found
}

/// `GET /path HTTP/1.1`, `HTTP/1.1 200 OK`.
fn is_first_line(line: &[u8]) -> bool {
    if line.starts_with(VERSION) {
        return true;
    }
    let mut words = line.trim_ascii_end().splitn(3, |byte| *byte == b' ');
    let (method, target, rest) = (words.next(), words.next(), words.next());
    let is_method = method.is_some_and(|word| {
        word.len() > 2 && word.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'-')
    });
    is_method && target.is_some() && rest.is_some_and(|rest| rest.starts_with(VERSION))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_found_between_other_bytes_and_what_is_none_is_left_alone() {
        let of = |text: &str| -> Vec<String> {
            let bytes = text.as_bytes();
            let found = heads(bytes).into_iter().map(|at| bytes[at].to_vec());
            found.map(|head| String::from_utf8(head).unwrap()).collect()
        };
        let text = "GET /?a HTTP/1.1\r\nA: b\r\n\r\nCookie: c\nHTTP/1.0 200 OK\nB: c\n\nX";
        assert_eq!(of(text), ["GET /?a HTTP/1.1\r\nA: b\r\n\r\n", "HTTP/1.0 200 OK\nB: c\n\n"]);
        assert_eq!(of("M-SEARCH * HTTP/1.1\r\nHo").len(), 1);
        for none in
            ["Cookie: c\r\n\r\n", "see HTTP/1.1 there\n", "GET / HTTP/2\n", "", "a b HTTP/1.1"]
        {
            assert_eq!(of(none).len(), 0, "{none}");
        }
    }
}
