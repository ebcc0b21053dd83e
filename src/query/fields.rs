//! The one table of fields: what an expression can ask about. Parser, completion, the help page of
//! the prompt and docs/traffic.md are loops over it.
//!
//! A field more is a row here, a [`QuerySubject`] if it is none of those there are, and an arm in
//! `value.rs` that makes its test.

use super::subject::{End, OwnerPart, QuerySubject, TextOf};

/// What a field is compared with; decides about its operators and what completes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryValue {
    Port,
    Address,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Bytes, with k, m or g behind the number.
    Size,
    Number,
    Status,
    Conn,
    /// A time of day, or a date with one.
    Time,
    Duration,
    Text,
    /// Text that is searched, never compared.
    Words,
    Bytes,
    Hex,
    /// A value of JSON, whose place stands behind the name.
    Json,
    /// Stands alone.
    Flag,
}

/// One field an expression can ask about.
#[derive(Debug)]
pub struct QueryField {
    /// As it is written; `header` and its like have a name behind a point, `json` a path behind a space.
    pub name: &'static str,
    pub value: QueryValue,
    pub(super) subject: QuerySubject,
    /// Not every record has one: the name alone asks for those that do, and `!=` leaves out others.
    pub is_optional: bool,
    /// What other tools call it.
    pub(super) elsewhere: &'static [&'static str],
    /// What it is, in a sentence.
    pub help: &'static str,
    /// A whole test that can be copied.
    pub example: &'static str,
}

const NUMBERS: &[&str] = &["==", "!=", "<", "<=", ">", ">=", "in"];
const NAMES: &[&str] = &["==", "!=", "in"];
const TEXTS: &[&str] = &["contains", "==", "!=", "matches", "in"];
const JSON: &[&str] = &["==", "!=", "<", "<=", ">", ">=", "contains", "matches", "in"];
const BYTES: &[&str] = &["contains", "==", "!=", "<", "<=", ">", ">=", "matches", "in"];

impl QueryValue {
    /// The operators it takes, as written; `:` stands for the first.
    #[must_use]
    pub fn operators(self) -> &'static [&'static str] {
        match self {
            QueryValue::Port
            | QueryValue::Size
            | QueryValue::Number
            | QueryValue::Status
            | QueryValue::Time
            | QueryValue::Duration => NUMBERS,
            QueryValue::Address | QueryValue::Word(_) | QueryValue::Conn => NAMES,
            QueryValue::Text => TEXTS,
            QueryValue::Words => &["contains", "matches"],
            QueryValue::Bytes => BYTES,
            QueryValue::Hex => &["contains"],
            QueryValue::Json => JSON,
            QueryValue::Flag => &[],
        }
    }
}

const PROTOCOLS: &[&str] = &["http", "tcp", "udp", "tls", "ws"];
const DIRECTIONS: &[&str] = &["in", "out", "local"];
const KINDS: &[&str] = &[
    "data",
    "bound",
    "connected",
    "accepted",
    "secured",
    "finished",
    "reset",
    "closed",
    "failed",
    "note",
    "lost",
    "text",
    "binary",
    "ping",
    "pong",
    "close",
];
/// The last of those: what a message of WebSocket is.
pub(super) const MESSAGES: &[&str] = &["text", "binary", "ping", "pong", "close"];
const FAULTS: &[&str] = &[
    "delay",
    "rate",
    "split",
    "merge",
    "corrupt",
    "duplicate",
    "reorder",
    "drop",
    "reset",
    "half-close",
    "stall",
];
const HOLDS: &[&str] = &["held", "edited", "dropped", "timed-out", "missed"];
const SIDES: &[&str] = &["client", "listener", "relay"];

macro_rules! fields {
    ($($name:literal $subject:expr, $value:expr, $optional:literal, [$($elsewhere:literal)*], $help:literal, $example:literal;)*) => {
        /// Every field, in the order in which messages and lists name them.
        pub const FIELDS: &[QueryField] = &[$(QueryField {
            name: $name,
            value: $value,
            subject: $subject,
            is_optional: $optional,
            elsewhere: &[$($elsewhere),*],
            help: $help,
            example: $example,
        },)*];
    };
}

fields! {
    "port" QuerySubject::Port, QueryValue::Port, false,
        ["tcp.port" "udp.port" "sport" "dport" "src.port" "dst.port" "tcp.srcport" "tcp.dstport" "udp.srcport" "udp.dstport"],
        "Port of either end, or of what a relay leads to.", "port == 9000";
    "addr" QuerySubject::Address(End::Either), QueryValue::Address, false,
        ["ip.addr" "ipv6.addr" "ip" "address" "net"],
        "Address of either end, also with its port, as a block, or of a Unix socket (unix:/path, unix:/run/*).", "addr == 10.0.0.0/8";
    "peer" QuerySubject::Address(End::Peer), QueryValue::Address, false,
        ["src" "ip.src" "~src" "remote" "client.ip" "ip.dst" "dst" "~dst" "destination"],
        "Address of the other end; ':80' is a port alone.", "peer == 127.0.0.1:41000";
    "local" QuerySubject::Address(End::Local), QueryValue::Address, false,
        ["server.ip" "listen"],
        "Address of our own end; ':80' is a port alone.", "local == :9000";
    "process" QuerySubject::Owner(OwnerPart::Program), QueryValue::Text, true,
        ["program" "comm" "exe" "cmd" "proc.name" "process.name" "app.name"],
        "Program at the other end, where it is of this machine and we may see it; alone: whatever it is.", "process == curl";
    "pid" QuerySubject::Owner(OwnerPart::Pid), QueryValue::Number, true,
        ["process.pid" "proc.pid" "process_id"],
        "Number of that process.", "pid == 4711";
    "user" QuerySubject::Owner(OwnerPart::User), QueryValue::Text, true,
        ["uid" "owner" "username" "user.name" "process.user"],
        "Its user, by name, or as 'uid 70' without one; known of programs of others, too.", "user == root";
    "proto" QuerySubject::Protocol, QueryValue::Word(PROTOCOLS), false,
        ["protocol" "ip.proto" "app" "~tcp" "~udp" "~http" "_ws.col.protocol"],
        "Protocol, or tls for any that is encrypted.", "proto == udp";
    "dir" QuerySubject::Direction, QueryValue::Word(DIRECTIONS), false,
        ["direction" "frame.p2p_dir" "way" "from" "to"],
        "Received, sent, or a fact about our own end.", "dir == in";
    "side" QuerySubject::Side, QueryValue::Word(SIDES), false,
        ["role" "mode"],
        "Which end of the wire we are.", "side == listener";
    "kind" QuerySubject::Kind, QueryValue::Word(KINDS), false,
        ["type" "state" "event" "tcp.flags" "tcp.flags.reset"],
        "What happened: bytes that crossed are data.", "kind in {closed, reset}";
    "len" QuerySubject::Len, QueryValue::Size, false,
        ["size" "length" "frame.len" "bytes" "tcp.len" "udp.length" "ip.len"],
        "Bytes that crossed; k and m stand for KiB and MiB.", "len > 4k";
    "conn" QuerySubject::Conn, QueryValue::Conn, false,
        ["tcp.stream" "udp.stream" "stream" "flow" "connection"],
        "One connection or peer, as session/number.", "conn == 3/1";
    "session" QuerySubject::Session, QueryValue::Number, false,
        ["frame.interface_id"],
        "Everything of one session.", "session == 3";
    "number" QuerySubject::Number, QueryValue::Number, false,
        ["frame.number" "no" "num" "packet" "frame.no" "row"],
        "Number of the row, as in the column #.", "number in 120..180";
    "time" QuerySubject::Time, QueryValue::Time, false,
        ["frame.time" "date" "clock" "timestamp" "ts"],
        "Time of day, or date and time; '14:02' is that whole minute.", "time >= 14:02:30";
    "delta" QuerySubject::Delta, QueryValue::Duration, true,
        ["frame.time_delta" "tcp.time_delta" "gap" "frame.time_delta_displayed"],
        "Time since the record before on the same connection.", "delta > 100ms";
    "latency" QuerySubject::Latency, QueryValue::Duration, true,
        ["http.time" "dns.time" "rtt" "duration" "elapsed" "response_time" "tcp.analysis.ack_rtt"],
        "Of the first bytes that answer: time since the last bytes that went the other way.", "latency > 200ms";
    "status" QuerySubject::Status, QueryValue::Status, true,
        ["http.response.code" "code" "~c" "http.status" "status_code" "http.response"],
        "Status of the answer, for every record of that exchange; 5xx is 500 to 599.", "status >= 400";
    "method" QuerySubject::Text(TextOf::Method), QueryValue::Text, true,
        ["http.request.method" "verb" "~m" "http.request"],
        "Method of the request, for every record of that exchange.", "method == POST";
    "path" QuerySubject::Text(TextOf::Path), QueryValue::Text, true,
        ["http.request.uri" "uri" "url" "~u" "http.request.full_uri" "http.request.uri.path" "target"],
        "Path of the request with its query, for every record of that exchange.", "path contains /users";
    "host" QuerySubject::Text(TextOf::Host), QueryValue::Text, true,
        ["http.host" "domain" "~d" "sni" "server" "hostname"],
        "Host that the request is for, for every record of that exchange; or that a relay leads to, as it was asked for or its address.", "host == example.com";
    "header" QuerySubject::Header, QueryValue::Text, true,
        ["http.header" "headers" "~h" "~hq" "~hs" "~t" "~tq" "~ts" "http.content_type" "http.user_agent" "content-type" "http.cookie"],
        "Header of that name, of the request or its answer, for every record of that exchange.", "header.content-type contains json";
    "query" QuerySubject::Query, QueryValue::Text, true,
        ["http.request.uri.query.parameter" "~query" "param" "params"],
        "Value of that name in the query of the request, for every record of that exchange.", "query.page == 2";
    "cookie" QuerySubject::Cookie, QueryValue::Text, true,
        ["cookies"],
        "Cookie of that name that the request brought, for every record of that exchange.", "cookie.session contains ab";
    "json" QuerySubject::Json, QueryValue::Json, true,
        ["jq" "json.value"],
        "Value at a path in a message that is JSON and lies in one record; alone: whatever it is.", "json .user.id == 42";
    "data" QuerySubject::Data, QueryValue::Bytes, false,
        ["payload" "data.data" "frame" "udp.payload" "tcp.payload" "raw"],
        "The bytes: text, or hex as 0x0d0a or 0d:0a; [offset:length] or [first-last] takes a slice, whose digits are hex.", "data[0:4] == 47:45:54:20";
    "body" QuerySubject::Body, QueryValue::Bytes, false,
        ["~b" "~bq" "~bs" "http.file_data" "content" "http.request.body"],
        "The same without the head of an HTTP message, as far as the bytes are in the record.", "body contains \"error\"";
    "text" QuerySubject::Data, QueryValue::Words, false,
        ["data.text" "message" "msg" "string" "~all"],
        "Text in the bytes; lower-case letters match both cases.", "text contains \"ping\"";
    "hex" QuerySubject::Hex, QueryValue::Hex, false,
        ["bytes.hex" "binary"],
        "These very bytes, as hex digits; spaces may stand between them.", "hex contains 0d 0a";
    "marked" QuerySubject::Marked, QueryValue::Flag, true,
        ["~marked" "frame.marked" "mark" "bookmark" "~marker"],
        "Rows you marked.", "marked";
    "comment" QuerySubject::Text(TextOf::Comment), QueryValue::Text, true,
        ["frame.comment" "~comment" "note" "annotation" "pkt_comment"],
        "What you wrote about a row.", "comment contains odd";
    "fault" QuerySubject::Fault, QueryValue::Word(FAULTS), true,
        ["faults" "chaos" "touched" "injected"],
        "What the faults of a relay did to it; alone: whatever it was.", "fault == delay";
    "hold" QuerySubject::Hold, QueryValue::Word(HOLDS), true,
        ["intercept" "~intercepted" "intercepted" "paused"],
        "What was held before it was passed on, and what became of it; alone: whatever it was.", "hold == edited";
    "contract" QuerySubject::Text(TextOf::Contract), QueryValue::Text, true,
        ["openapi" "swagger" "schema" "spec"],
        "How the exchange stands to the OpenAPI file of its session: ok, or what differs; alone: whatever it is.", "contract != ok";
    "rewritten" QuerySubject::Rewritten, QueryValue::Flag, true,
        ["changed" "modified" "mapped"],
        "What a rule of a relay changed before it was passed on.", "rewritten";
    "error" QuerySubject::Text(TextOf::Error), QueryValue::Text, true,
        ["~e" "failure" "_ws.expert" "fail" "errors"],
        "What failed or was reset, and answers with a status of 400 or more; its text is searched.", "error contains refused";
}

/// The words that are a whole test, and the test they stand for.
pub const BARE: &[(&str, &str)] = &[
    ("udp", "proto == udp"),
    ("tcp", "proto == tcp"),
    ("http", "proto == http"),
    ("tls", "proto == tls"),
    ("unix", "addr == unix:*"),
    ("in", "dir == in"),
    ("out", "dir == out"),
    ("reset", "kind == reset"),
    ("held", "hold == held"),
    ("edited", "hold == edited"),
    ("dropped", "hold == dropped"),
];

/// Known to the rules of listeners alone.
pub(super) const STATE: QueryField = QueryField {
    name: "state",
    value: QueryValue::Text,
    subject: QuerySubject::State,
    is_optional: true,
    elsewhere: &[],
    help: "What a rule set last under that name.",
    example: "state.cart == full",
};

impl QueryField {
    /// The field of this name, whatever its case.
    pub(super) fn named(name: &str) -> Option<&'static QueryField> {
        FIELDS.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// The field that another tool calls so.
    pub(super) fn called(name: &str) -> Option<&'static QueryField> {
        let is_so = |other: &&str| other.eq_ignore_ascii_case(name);
        FIELDS.iter().find(|field| field.elsewhere.iter().any(is_so))
    }

    /// How it is shown in lists: `header.NAME` for one that has names.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self.subject {
            QuerySubject::Header => "header.NAME",
            QuerySubject::Query => "query.NAME",
            QuerySubject::Cookie => "cookie.NAME",
            QuerySubject::State => "state.NAME",
            QuerySubject::Json => "json PATH",
            _ => self.name,
        }
    }

    /// Whether a name follows behind a point.
    #[must_use]
    pub fn takes_name(&self) -> bool {
        matches!(
            self.subject,
            QuerySubject::Header | QuerySubject::Query | QuerySubject::Cookie | QuerySubject::State
        )
    }

    /// What stands before the name or path behind it; of others all of it.
    #[must_use]
    pub fn beginning(&self) -> &'static str {
        match self.subject {
            QuerySubject::Header => "header.",
            QuerySubject::Query => "query.",
            QuerySubject::Cookie => "cookie.",
            QuerySubject::State => "state.",
            QuerySubject::Json => "json .",
            _ => self.name,
        }
    }

    /// Whether it is compared with text.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.value, QueryValue::Text | QueryValue::Words)
    }

    /// Whether a part of it can be cut out with `[ ]`.
    pub(super) fn takes_slice(&self) -> bool {
        self.value == QueryValue::Bytes
    }

    /// Its operators as a sentence names them.
    pub(super) fn operators_told(&self) -> String {
        self.value.operators().join(" ")
    }
}
