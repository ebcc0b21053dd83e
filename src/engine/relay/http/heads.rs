//! What the head of a message is passed on as. Pure.
//!
//! As little as possible is changed, line by line, and every change is said: what is for one
//! connection alone goes no further (RFC 9110, section 7.6.1). Each client has a connection to the
//! target of its own that lasts as long, so what either says about keeping it is true of both.

use bytes::Bytes;

use crate::codec::http1::fields::excerpt;
use crate::codec::printable::printable;
use crate::model::exchange::{Head, HttpVersion, StartLine};

/// What `Connection` may say besides the names of fields: it is as true of the next connection.
const OF_BOTH: [&str; 5] = ["close", "keep-alive", "upgrade", "te", "http2-settings"];
/// For a proxy and nobody behind it.
const OF_PROXIES: [&str; 2] = ["proxy-connection", "proxy-authorization"];

/// A head as it is passed on, and what was changed about it, in words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct PassedHead {
    pub(super) head: Bytes,
    pub(super) changes: Vec<String>,
}

/// How a request is passed on.
#[derive(Debug, Clone, Default)]
pub(super) struct RequestWay {
    /// The host it is for, in place of the client's.
    pub(super) host: Option<String>,
    /// The target of its start line, in place of the client's.
    pub(super) target: Option<String>,
    /// We were asked as a proxy.
    pub(super) is_proxy: bool,
    /// Fields that tell the target who asked.
    pub(super) added: Vec<(&'static str, String)>,
}

/// What becomes of a line.
enum Fate {
    Kept,
    Dropped,
    Replaced(String),
}

/// The request of a client, for the target.
pub(super) fn request(head: &Head, way: &RequestWay) -> PassedHead {
    let named = named_by_connection(head);
    let mut changes = Vec::new();
    let fate = |name: &str, value: &str| match name {
        "host" => match &way.host {
            Some(host) if host != value => Fate::Replaced(host.clone()),
            _ => Fate::Kept,
        },
        "connection" => connection(value),
        _ if named.iter().any(|it| it == name) => Fate::Dropped,
        // There is one truth about each; of lists ours stands behind those of the ones before.
        "x-forwarded-host" | "x-forwarded-proto" if !way.added.is_empty() => Fate::Dropped,
        _ if way.is_proxy && OF_PROXIES.contains(&name) => Fate::Dropped,
        _ => Fate::Kept,
    };
    let mut lines = edited(&head.raw, fate, &mut changes);
    if let (Some(target), StartLine::Request { method, target: written, version }) =
        (&way.target, &head.start)
    {
        let version = match version {
            HttpVersion::Http10 => "1.0",
            HttpVersion::Http11 => "1.1",
            HttpVersion::Http2 => "2",
        };
        lines.start = format!("{method} {target} HTTP/{version}\r\n").into_bytes();
        if !way.is_proxy {
            changes.push(format!("the target '{written}' was passed on as '{target}'"));
        }
    }
    let has_host = head.field("host").is_some();
    if let Some(host) = way.host.as_ref().filter(|_| !has_host) {
        changes.push(format!("Host: {host} was added"));
        lines.fields.splice(0..0, format!("Host: {host}\r\n").into_bytes());
    }
    for (name, value) in &way.added {
        changes.push(format!("{name}: {value} was added"));
        lines.fields.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    PassedHead { head: lines.whole(), changes }
}

/// An answer, for the client. `is_framed_twice`: its length is none, as its chunks say more.
pub(super) fn response(head: &Head, is_framed_twice: bool) -> PassedHead {
    let named = named_by_connection(head);
    let mut changes = Vec::new();
    let fate = |name: &str, value: &str| match name {
        "connection" => connection(value),
        "content-length" if is_framed_twice => Fate::Dropped,
        _ if named.iter().any(|it| it == name) => Fate::Dropped,
        _ => Fate::Kept,
    };
    let lines = edited(&head.raw, fate, &mut changes);
    PassedHead { head: lines.whole(), changes }
}

/// A head in pieces.
struct Lines {
    start: Vec<u8>,
    fields: Vec<u8>,
}

impl Lines {
    fn whole(mut self) -> Bytes {
        self.start.append(&mut self.fields);
        self.start.extend_from_slice(b"\r\n");
        self.start.into()
    }
}

/// Every line as it came but those whose fate is another.
fn edited(raw: &[u8], fate: impl Fn(&str, &str) -> Fate, changes: &mut Vec<String>) -> Lines {
    let mut lines = raw.split_inclusive(|byte| *byte == b'\n');
    let is_empty = |line: &[u8]| matches!(line, b"\n" | b"\r\n");
    let start = lines.by_ref().find(|line| !is_empty(line)).unwrap_or_default().to_vec();
    let mut fields = Vec::with_capacity(raw.len());
    let mut is_kept = true;
    for line in lines.take_while(|line| !is_empty(line)) {
        // The rest of the line before it, as servers of old wrap them.
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            if is_kept {
                fields.extend_from_slice(line);
            }
            continue;
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (written, value) = line.split_at(colon);
        let value = printable(value.strip_prefix(b":").unwrap_or_default().trim_ascii());
        let name = printable(written.trim_ascii());
        is_kept = true;
        match fate(&name.to_ascii_lowercase(), &value) {
            Fate::Kept => fields.extend_from_slice(line),
            Fate::Dropped => {
                is_kept = false;
                changes.push(format!("{} was not passed on", excerpt(name.as_bytes())));
            }
            Fate::Replaced(new) => {
                is_kept = false;
                let shown = excerpt(value.as_bytes());
                changes.push(format!("{name}: {shown} was passed on as {new}"));
                fields.extend_from_slice(written);
                fields.extend_from_slice(format!(": {new}\r\n").as_bytes());
            }
        }
    }
    Lines { start, fields }
}

/// What `Connection` says to the next one: not the names of fields that do not go there.
fn connection(value: &str) -> Fate {
    let options: Vec<&str> = value.split(',').map(str::trim).collect();
    let is_of_both = |option: &&&str| {
        option.is_empty() || OF_BOTH.iter().any(|known| option.eq_ignore_ascii_case(known))
    };
    let kept: Vec<&str> = options.iter().filter(is_of_both).copied().collect();
    match kept.len() {
        all if all == options.len() => Fate::Kept,
        0 => Fate::Dropped,
        _ => Fate::Replaced(kept.join(", ")),
    }
}

/// Fields that are for this connection alone; those a message cannot do without are none.
fn named_by_connection(head: &Head) -> Vec<String> {
    let never = ["host", "content-length", "transfer-encoding", "connection", "trailer"];
    let all = head.all("connection").flat_map(|value| value.split(|byte| *byte == b','));
    let names = all.map(|name| String::from_utf8_lossy(name.trim_ascii()).to_ascii_lowercase());
    let is_field = |name: &String| !OF_BOTH.contains(&&**name) && !never.contains(&&**name);
    names.filter(is_field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::http1::{Expected, HeadReader};

    fn head(expected: Expected, text: &str) -> Head {
        let text = text.replace('\n', "\r\n") + "\r\n\r\n";
        HeadReader::new(expected).push(text.as_bytes()).unwrap().unwrap().1.head
    }

    fn asked(text: &str, way: &RequestWay) -> (String, Vec<String>) {
        let passed = request(&head(Expected::Request, text), way);
        let text = String::from_utf8(passed.head.to_vec()).unwrap();
        (text.trim_end().replace("\r\n", "\n"), passed.changes)
    }

    fn answered(text: &str, is_framed_twice: bool) -> (String, Vec<String>) {
        let passed = response(&head(Expected::Response, text), is_framed_twice);
        let text = String::from_utf8(passed.head.to_vec()).unwrap();
        (text.trim_end().replace("\r\n", "\n"), passed.changes)
    }

    #[test]
    fn what_need_not_change_is_passed_on_byte_for_byte() {
        for text in [
            "GET /a?b HTTP/1.1\nhOsT:a\nX-A:   1\nx-a: 2\nConnection: keep-alive\nKeep-Alive: timeout=5",
            "POST / HTTP/1.0\nHost: a\nConnection: close, TE\nTE: trailers",
            "GET /ws HTTP/1.1\nHost: a\nConnection: Upgrade\nUpgrade: websocket",
            "GET / HTTP/1.1\nHost: a\nProxy-Authorization: Basic x\nTrailer: X",
        ] {
            assert_eq!(asked(text, &RequestWay::default()), (text.into(), Vec::new()));
        }
        let text = "HTTP/1.1 200 Fine so far\nserver: x\nSet-Cookie: a\nSet-Cookie: b\nA: b\n c";
        assert_eq!(answered(text, false), (text.into(), Vec::new()));
    }

    #[test]
    fn what_is_for_one_connection_goes_no_further_and_that_is_said() {
        let text = "GET / HTTP/1.1\nHost: a\nConnection: X-Own, close\nX-Own: 1\nx-other: 2";
        let (passed, changes) = asked(text, &RequestWay::default());
        assert_eq!(passed, "GET / HTTP/1.1\nHost: a\nConnection: close\nx-other: 2");
        assert_eq!(
            changes,
            ["Connection: X-Own, close was passed on as close", "X-Own was not passed on"]
        );
        let text = "HTTP/1.1 200 OK\nConnection: x-hop\nX-Hop: 1\n 2\nA: b";
        let (passed, changes) = answered(text, false);
        assert_eq!(passed, "HTTP/1.1 200 OK\nA: b");
        assert_eq!(changes, ["Connection was not passed on", "X-Hop was not passed on"]);
        // Nobody takes the frame of a message away by naming it.
        let text = "POST / HTTP/1.1\nHost: a\nConnection: Content-Length, Host\nContent-Length: 3";
        let passed = asked(text, &RequestWay::default()).0;
        assert!(passed.contains("Content-Length: 3") && passed.contains("Host: a"), "{passed}");
    }

    #[test]
    fn a_host_and_a_target_are_replaced_where_they_stood() {
        let way = RequestWay { host: Some("b:9".into()), ..RequestWay::default() };
        let (passed, changes) = asked("GET / HTTP/1.1\nA: 1\nHost: a:8\nB: 2", &way);
        assert_eq!(passed, "GET / HTTP/1.1\nA: 1\nHost: b:9\nB: 2");
        assert_eq!(changes, ["Host: a:8 was passed on as b:9"]);
        let (passed, changes) = asked("GET / HTTP/1.0\nA: 1", &way);
        assert_eq!(passed, "GET / HTTP/1.0\nHost: b:9\nA: 1");
        assert_eq!(changes, ["Host: b:9 was added"]);
        let proxy = RequestWay { target: Some("/x?y".into()), is_proxy: true, ..way };
        let text = "GET http://b:9/x?y HTTP/1.1\nHost: b:9\nProxy-Connection: keep-alive\nProxy-Authorization: Basic x";
        let (passed, changes) = asked(text, &proxy);
        assert_eq!(passed, "GET /x?y HTTP/1.1\nHost: b:9");
        assert_eq!(changes.len(), 2, "{changes:?}");
    }

    #[test]
    fn who_asked_is_told_only_where_it_is_wanted() {
        let added = vec![("X-Forwarded-For", "127.0.0.1".to_owned())];
        let way = RequestWay { added, ..RequestWay::default() };
        let (passed, changes) = asked("GET / HTTP/1.1\nHost: a", &way);
        assert_eq!(passed, "GET / HTTP/1.1\nHost: a\nX-Forwarded-For: 127.0.0.1");
        assert_eq!(changes, ["X-Forwarded-For: 127.0.0.1 was added"]);
    }

    #[test]
    fn a_length_beside_chunks_is_none() {
        let text = "HTTP/1.1 200 OK\nContent-Length: 9\nTransfer-Encoding: chunked";
        let (passed, changes) = answered(text, true);
        assert_eq!(passed, "HTTP/1.1 200 OK\nTransfer-Encoding: chunked");
        assert_eq!(changes, ["Content-Length was not passed on"]);
    }

    #[test]
    fn empty_lines_before_a_request_are_for_nobody() {
        let raw = b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
        let head = HeadReader::new(Expected::Request).push(raw).unwrap().unwrap().1.head;
        assert_eq!(&request(&head, &RequestWay::default()).head[..], &raw[2..]);
    }
}
