//! Responses that go wrong: what the peer sends, and what must be said and kept.

/// How a connection goes on after its first bytes were seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Then {
    Close,
    Reset,
    /// Say nothing more until the client has gone.
    Hold,
    /// These bytes, one at a time and slowly, for ever.
    Drip(&'static str),
    /// The same without a pause and in large pieces.
    Flood(&'static str),
}

/// A response that goes wrong.
pub struct Fault {
    pub name: &'static str,
    /// Name in the shared corpus, if it is there.
    pub id: &'static str,
    pub start: &'static str,
    pub then: Then,
    /// Part of the words it must be told in.
    pub words: &'static str,
    /// What had arrived and must be on the screen.
    pub kept: &'static str,
    /// Exit status without the screen.
    pub status: i32,
}

impl Fault {
    pub fn is_in_body(&self) -> bool {
        self.start.contains("\r\n\r\n") && !self.start.starts_with("HTTP/1.1 1")
    }
}

pub const FAULTS: [Fault; 19] = [
    Fault {
        name: "reset in the head",
        id: "hdr-partial-rst",
        start: "HTTP/1.1 200 OK\r\nX-A: kept-a",
        then: Then::Reset,
        words: "reset",
        kept: "kept-a",
        status: 3,
    },
    Fault {
        name: "end in the head",
        id: "",
        start: "HTTP/1.1 200 OK\r\nX-A: kept-b",
        then: Then::Close,
        words: "closed inside the head, after 28 bytes",
        kept: "kept-b",
        status: 3,
    },
    Fault {
        name: "reset in the body",
        id: "rst-mid",
        start: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nkept-c",
        then: Then::Reset,
        words: "reset",
        kept: "kept-c",
        status: 3,
    },
    Fault {
        name: "body shorter than its length",
        id: "body-short",
        start: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nkept-d",
        then: Then::Close,
        words: "6 of 100",
        kept: "kept-d",
        status: 3,
    },
    Fault {
        name: "bad chunk size",
        id: "chunk-bad-size",
        start: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nkept-e\r\nzz\r\n",
        then: Then::Hold,
        words: "zz",
        kept: "kept-e",
        status: 3,
    },
    Fault {
        name: "garbage",
        id: "",
        start: "\0\x01SSH-2.0 kept-f\r\n",
        then: Then::Hold,
        words: "does not speak HTTP",
        kept: "kept-f",
        status: 3,
    },
    Fault {
        name: "silence",
        id: "",
        start: "",
        then: Then::Hold,
        words: "no response",
        kept: "",
        status: 5,
    },
    Fault {
        name: "silence in the body",
        id: "",
        start: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nkept-g",
        then: Then::Hold,
        words: "1 s",
        kept: "kept-g",
        status: 5,
    },
    Fault {
        name: "a head that drips",
        id: "hdr-drip",
        start: "HTTP/1.1 200 OK\r\nX-A: kept-h",
        then: Then::Drip("x"),
        words: "1 s",
        kept: "kept-h",
        status: 5,
    },
    Fault {
        name: "a header without an end",
        id: "hdr-huge",
        start: "HTTP/1.1 200 OK\r\nX-A: kept-j",
        then: Then::Flood("header without an end "),
        words: "256",
        kept: "kept-j",
        status: 3,
    },
    Fault {
        name: "headers without an end",
        id: "hdr-100k",
        start: "HTTP/1.1 200 OK\r\nX-A: kept-k\r\n",
        then: Then::Flood("X-More: and more\r\n"),
        words: "256",
        kept: "kept-k",
        status: 3,
    },
    Fault {
        name: "half a status line",
        id: "hdr-partial-fin",
        start: "HTTP/1.1 20",
        then: Then::Close,
        words: "closed inside the head, after 11 bytes",
        kept: "HTTP/1.1 20",
        status: 3,
    },
    Fault {
        name: "interim responses without an end",
        id: "1xx-flood",
        start: "HTTP/1.1 102 kept-l\r\n\r\n",
        then: Then::Flood("HTTP/1.1 100 Continue\r\n\r\n"),
        words: "100 interim (1xx) responses",
        kept: "kept-l",
        status: 3,
    },
    Fault {
        name: "both framings",
        id: "cl-te",
        start: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nkept-m\r\n0\r\n\r\n",
        then: Then::Close,
        words: "both Transfer-Encoding and Content-Length",
        kept: "kept-m",
        status: 0,
    },
    Fault {
        name: "a negative length",
        id: "cl-negative",
        start: "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nkept-n",
        then: Then::Close,
        words: "'-1' is not a length",
        kept: "kept-n",
        status: 3,
    },
    Fault {
        name: "a huge chunk size",
        id: "chunk-huge-size",
        start: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nkept-o\r\nffffffffffffffff\r\n",
        then: Then::Hold,
        words: "'ffffffffffffffff' is too large",
        kept: "kept-o",
        status: 3,
    },
    Fault {
        name: "a chunk extension without an end",
        id: "chunk-ext-endless",
        start: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nkept-p\r\n6;",
        then: Then::Flood("extension "),
        words: "longer than 16 KiB",
        kept: "kept-p",
        status: 3,
    },
    Fault {
        name: "a trailer without an end",
        id: "trailer-endless",
        start: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nkept-q\r\n0\r\nX-T: ",
        then: Then::Flood("trailer "),
        words: "longer than 64 KiB",
        kept: "kept-q",
        status: 3,
    },
    Fault {
        name: "TLS",
        id: "tls-on-plain",
        start: "\x15\x03\x01\0\x02\x02F",
        then: Then::Hold,
        words: "the peer speaks TLS; use https://",
        kept: r"\x15\x03\x01",
        status: 3,
    },
];
