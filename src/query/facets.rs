//! The one table of what expectations and captures can ask about what came: reader, completion, the
//! schema's help and docs/expect-and-capture.md are loops over it.
//!
//! A facet more is a row here, a [`FacetOf`] if it is none of those there are, and an arm in
//! `check/came.rs` that answers it.

use super::fields::QueryValue;
use crate::model::protocol::Capabilities;
use crate::model::suggest::suggest;

/// What a facet asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FacetOf {
    Status,
    Reason,
    Version,
    Url,
    Header,
    Cookie,
    Body,
    Json,
    Schema,
    Size,
    Sha256,
    Redirects,
    Messages,
    Sent,
    Lost,
    Called,
    Method,
    Path,
    Query,
    Rule,
    Contract,
    Phase(TimingPhase),
    TlsVersion,
    TlsCipher,
    TlsAlpn,
    TlsName,
    TlsSubject,
    TlsIssuer,
    TlsDaysLeft,
    TlsSha256,
    TlsVerified,
}

/// A part of the time it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimingPhase {
    Lookup,
    Connect,
    Tunnel,
    Handshake,
    Send,
    FirstByte,
    Transfer,
    Total,
}

impl TimingPhase {
    /// Whether it is gone through once for each connection, and not for each request.
    #[must_use]
    pub(crate) fn is_of_connecting(self) -> bool {
        matches!(
            self,
            TimingPhase::Lookup
                | TimingPhase::Connect
                | TimingPhase::Tunnel
                | TimingPhase::Handshake
        )
    }
}

/// How an answer is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FacetKind {
    /// As a field of this kind in filters.
    Like(QueryValue),
    /// A value of JSON at a path or of a filter, which stands behind a space.
    Json,
    /// It is all that a schema wants, which is the value.
    Schema,
    /// Yes or no.
    YesNo,
}

/// One thing that can be asked about what came.
#[derive(Debug)]
pub struct Facet {
    /// As it is written; `header`, `cookie` and `query` have a name behind a point, `json` a path behind a space, `rule` a method and a path.
    pub name: &'static str,
    pub of: FacetOf,
    pub kind: FacetKind,
    /// Of what it can be asked.
    pub asked: FacetAsked,
    /// What it is, in a sentence.
    pub help: &'static str,
    /// A whole expectation, as a line of a file.
    pub example: &'static str,
}

/// Of what a facet can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FacetAsked {
    /// Of clients and of what came to a listener.
    Anything,
    /// Of clients, whatever they speak.
    Client,
    /// Of the answer to a request that we sent.
    Exchange,
    /// Of that, and of the last request that a listener got.
    Message,
    /// Of the last request that a listener got.
    Request,
    /// Of listeners.
    Listener,
    Conversation,
    Datagrams,
}

impl FacetAsked {
    /// Whether it can be asked of who has these capabilities and listens or not.
    #[must_use]
    pub(crate) fn is_of(self, can: Capabilities, listens: bool) -> bool {
        match self {
            FacetAsked::Anything => true,
            FacetAsked::Client => !listens,
            FacetAsked::Exchange => can.exchanges && !listens,
            FacetAsked::Message => can.exchanges,
            FacetAsked::Request => can.exchanges && listens,
            FacetAsked::Listener => listens,
            FacetAsked::Conversation => can.conversation && !listens,
            FacetAsked::Datagrams => can.datagrams && !listens,
        }
    }
}

macro_rules! facets {
    ($($name:literal $of:expr, $kind:expr, $asked:ident, $help:literal, $example:literal;)*) => {
        /// Every facet, in the order in which messages and lists name them.
        pub const FACETS: &[Facet] = &[$(Facet {
            name: $name,
            of: $of,
            kind: $kind,
            asked: FacetAsked::$asked,
            help: $help,
            example: $example,
        },)*];
    };
}

const TEXT: FacetKind = FacetKind::Like(QueryValue::Text);
const NUMBER: FacetKind = FacetKind::Like(QueryValue::Number);
const DURATION: FacetKind = FacetKind::Like(QueryValue::Duration);

facets! {
    "status" FacetOf::Status, FacetKind::Like(QueryValue::Status), Message,
        "Status of the answer, of a listener of that to its last request; a hundred of them is 2xx, a range 200..204.", "status = 201";
    "json" FacetOf::Json, FacetKind::Json, Anything,
        "Value in the body at a path, or what any filter of jq makes of it: .user.id, .items[0], .items | length, [.a, .b] | add. A filter that is no path has 5 seconds; jq is another name for it.", "\"json .user.id\" = 42";
    "schema" FacetOf::Schema, FacetKind::Schema, Anything,
        "The body is what a JSON Schema wants: a file beside the preset, or the schema itself (drafts 4 to 2020-12).", "schema = \"user.schema.json\"";
    "header" FacetOf::Header, TEXT, Message,
        "Header of the answer, or of the last request to a listener; of several of that name any.", "\"header.content-type\" = \"contains 'json'\"";
    "cookie" FacetOf::Cookie, TEXT, Message,
        "Value of a cookie that the answer sets, or that the last request to a listener brought.", "\"cookie.session\" = \"exists\"";
    "body" FacetOf::Body, FacetKind::Like(QueryValue::Bytes), Anything,
        "The body without its codings, or all bytes received, by a listener those of its last request, connection or datagram; body[0:4] is a part of it. 0x0d0a are bytes, and ?? in hex is any byte.", "body = \"contains 'x'\"";
    "size" FacetOf::Size, FacetKind::Like(QueryValue::Size), Anything,
        "Bytes of the body, or all that were received; k and m stand for KiB and MiB.", "size = \"< 4k\"";
    "sha256" FacetOf::Sha256, TEXT, Anything,
        "SHA-256 of the body or of all bytes received, in hex digits.", "sha256 = \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"";
    "total" FacetOf::Phase(TimingPhase::Total), DURATION, Client,
        "Time from the beginning to the last byte.", "total = \"<= 500ms\"";
    "lookup" FacetOf::Phase(TimingPhase::Lookup), DURATION, Client,
        "Time to look the name up.", "lookup = \"< 50ms\"";
    "connect" FacetOf::Phase(TimingPhase::Connect), DURATION, Client,
        "Time to connect.", "connect = \"< 100ms\"";
    "tunnel" FacetOf::Phase(TimingPhase::Tunnel), DURATION, Client,
        "Time until a proxy had connected on.", "tunnel = \"< 100ms\"";
    "handshake" FacetOf::Phase(TimingPhase::Handshake), DURATION, Client,
        "Time of the TLS handshake.", "handshake = \"< 200ms\"";
    "send" FacetOf::Phase(TimingPhase::Send), DURATION, Exchange,
        "Time to write the request.", "send = \"< 1s\"";
    "first-byte" FacetOf::Phase(TimingPhase::FirstByte), DURATION, Client,
        "Time from the request sent, or what was sent last, to the first byte of the answer.", "first-byte = \"< 300ms\"";
    "transfer" FacetOf::Phase(TimingPhase::Transfer), DURATION, Client,
        "Time from the first byte of the answer to the last.", "transfer = \"< 1s\"";
    "redirects" FacetOf::Redirects, NUMBER, Exchange,
        "Redirects that were followed.", "redirects = 1";
    "url" FacetOf::Url, TEXT, Message,
        "Where the answer came from, after redirects; what the last request to a listener was for.", "url = \"contains '/login'\"";
    "reason" FacetOf::Reason, TEXT, Exchange,
        "The words behind the status.", "reason = \"Created\"";
    "version" FacetOf::Version, TEXT, Message,
        "Version of HTTP of the answer, or of the last request to a listener.", "version = \"HTTP/1.1\"";
    "messages" FacetOf::Messages, NUMBER, Conversation,
        "Datagrams that came; of a stream the pieces in which its bytes came.", "messages = \">= 3\"";
    "sent" FacetOf::Sent, NUMBER, Conversation,
        "Datagrams or pieces that were sent.", "sent = 3";
    "lost" FacetOf::Lost, NUMBER, Datagrams,
        "Datagrams that were sent and have no answer, when each is answered by one.", "lost = 0";
    "tls.version" FacetOf::TlsVersion, TEXT, Client,
        "Version of TLS.", "\"tls.version\" = \"TLSv1.3\"";
    "tls.days-left" FacetOf::TlsDaysLeft, NUMBER, Client,
        "Whole days until the certificate of the peer ends; 0 when it has ended.", "\"tls.days-left\" = \">= 14\"";
    "tls.name" FacetOf::TlsName, TEXT, Client,
        "Names the certificate is for; any of them.", "\"tls.name\" = \"example.com\"";
    "tls.subject" FacetOf::TlsSubject, TEXT, Client,
        "Subject of the certificate.", "\"tls.subject\" = \"contains 'example'\"";
    "tls.issuer" FacetOf::TlsIssuer, TEXT, Client,
        "Who signed the certificate.", "\"tls.issuer\" = \"contains 'Authority'\"";
    "tls.cipher" FacetOf::TlsCipher, TEXT, Client,
        "Cipher suite.", "\"tls.cipher\" = \"contains 'AES_256'\"";
    "tls.alpn" FacetOf::TlsAlpn, TEXT, Client,
        "Protocol that both agreed on in the handshake.", "\"tls.alpn\" = \"http/1.1\"";
    "tls.sha256" FacetOf::TlsSha256, TEXT, Client,
        "SHA-256 of the certificate, in hex digits.", "\"tls.sha256\" = \"exists\"";
    "tls.verified" FacetOf::TlsVerified, FacetKind::YesNo, Client,
        "Whether the certificate was verified.", "\"tls.verified\" = true";
    "contract" FacetOf::Contract, TEXT, Message,
        "How it stands to the OpenAPI file of the preset: ok, or what differs; of what differs any.", "contract = \"ok\"";
    "called" FacetOf::Called, NUMBER, Listener,
        "How often a listener was called in a run: requests of HTTP, connections of TCP, datagrams of UDP.", "called = 2";
    "rule" FacetOf::Rule, NUMBER, Request,
        "How often a rule of a listener answered in a run, by its method (or any) and path: of several of these all of them, with (row 2) behind it the one in that row; otherwise is what answers when none matches.", "\"rule POST /users\" = 1";
    "method" FacetOf::Method, TEXT, Request,
        "Method of the last request that a listener got.", "method = \"POST\"";
    "path" FacetOf::Path, TEXT, Request,
        "Path of the last request that a listener got, without its query or with it.", "path = \"/users\"";
    "query" FacetOf::Query, TEXT, Request,
        "Value in the query of the last request that a listener got; of several of that name any.", "\"query.page\" = 2";
}

/// Names of facets elsewhere, and as they are called here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("jsonpath", "json .path"),
    ("jsonschema", "schema"),
    ("json-schema", "schema"),
    ("duration", "total"),
    ("time", "total"),
    ("latency", "first-byte"),
    ("ttfb", "first-byte"),
    ("dns", "lookup"),
    ("tls", "handshake, tls.version or tls.days-left"),
    ("bytes", "size or body[0:4]"),
    ("length", "size"),
    ("content-type", "header.content-type"),
    ("location", "header.location"),
    ("headers", "header.NAME"),
    ("cookies", "cookie.NAME"),
    ("code", "status"),
    ("statuscode", "status"),
    ("text", "body"),
    ("data", "body"),
    ("datagrams", "messages"),
    ("loss", "lost"),
    ("certificate", "tls.days-left or tls.name"),
    ("calls", "called"),
    ("count", "called"),
    ("hits", "called"),
    ("requests", "called"),
    ("connections", "called"),
    ("times", "called"),
    ("params", "query.NAME"),
];

impl Facet {
    /// The facet of this name.
    pub(super) fn named(name: &str) -> Option<&'static Facet> {
        FACETS.iter().find(|facet| facet.name == name)
    }

    /// Why there is none of this name, and what was meant.
    pub(super) fn unknown(name: &str) -> String {
        let plain = name.to_ascii_lowercase();
        if let Some((_, here)) = ELSEWHERE.iter().find(|(other, _)| *other == plain) {
            return format!("there is no field '{name}'; write {here}");
        }
        let known: Vec<&str> = FACETS.iter().map(Facet::title).collect();
        format!("there is no field '{name}'; {}", suggest(name, &known))
    }

    /// How it is shown in lists.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self.of {
            FacetOf::Header => "header.NAME",
            FacetOf::Cookie => "cookie.NAME",
            FacetOf::Query => "query.NAME",
            FacetOf::Rule => "rule METHOD PATH",
            FacetOf::Json => "json PATH",
            _ => self.name,
        }
    }

    /// What stands before the name or path that it has; of others all of it.
    #[must_use]
    pub fn beginning(&self) -> &'static str {
        match self.of {
            FacetOf::Header => "header.",
            FacetOf::Cookie => "cookie.",
            FacetOf::Query => "query.",
            FacetOf::Json => "json .",
            FacetOf::Rule => "rule ",
            _ => self.name,
        }
    }

    /// The operators it takes, as written.
    #[must_use]
    pub fn operators(&self) -> &'static [&'static str] {
        match self.kind {
            FacetKind::Like(QueryValue::Bytes) => &["==", "!=", "contains", "matches"],
            FacetKind::Like(value) => value.operators(),
            FacetKind::Json => &["==", "!=", "<", "<=", ">", ">=", "contains", "matches", "in"],
            FacetKind::Schema => &[],
            FacetKind::YesNo => &["==", "!="],
        }
    }
}
