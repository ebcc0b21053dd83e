//! What an engine could have told: plans, heads, bodies, exchanges, records, and answers to questions.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use wirebench::app::effect::Effect;
use wirebench::codec::lines::LineScanner;
use wirebench::engine::command::Command;
use wirebench::engine::event::{Batch, Event};
use wirebench::model::endpoint::{Bind, Endpoint};
use wirebench::model::exchange::{
    BodyFacts, Exchange, ExchangeState, FieldLine, Head, HttpMessage, HttpVersion, MessageFraming,
    StartLine,
};
use wirebench::model::folds::FoldedLines;
use wirebench::model::id::{BodyId, ConnId, SessionId};
use wirebench::model::plan::{HttpPlan, LengthHeader, Plan, PlanBody, TcpPlan};
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::{ConnInfo, Direction, Record, RecordKind};
use wirebench::model::timing::{Stamp, Timing};
use wirebench::model::tls::ClientTls;
use wirebench::model::trust::{TrustedCertificates, Verify};
use wirebench::model::view::{View, ViewLine, ViewQuery};

/// When everything began.
pub const START: Stamp = Stamp(1_000_000_000_000);

/// The windows onto bodies that were asked for.
pub fn queries(effects: &[Effect]) -> Vec<ViewQuery> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::View(query) => Some(query.clone()),
            _ => None,
        })
        .collect()
}

/// The window onto this JSON as the whole body, with what is folded.
pub fn json_window(query: &ViewQuery, json: &str) -> Event {
    let all = LineScanner::new(query.mode).format(json.as_bytes(), 0, usize::MAX);
    let (mut lines, mut at) = (Vec::new(), 0);
    while let Some(line) = all.get(at) {
        let depth = line.place.depth;
        let closes = |it: &ViewLine| it.place.closes && it.place.depth == depth;
        let close = all[at..].iter().position(closes).filter(|_| !line.place.closes);
        let close = close.filter(|_| query.folds.holds(depth, line.offset));
        let folded = close.map(|lines| FoldedLines {
            members: all[at + lines].place.member,
            lines: lines as u64,
        });
        lines.push(ViewLine { number: at as u64, folded, ..line.clone() });
        at += close.unwrap_or(0) + 1;
    }
    let (cut, query, note) = (query.mode, query.clone(), None);
    let (total_lines, total_bytes) = (all.len() as u64, json.len() as u64);
    let enclosing = Vec::new();
    Event::View(Box::new(View {
        query,
        cut,
        top: 0,
        lines,
        enclosing,
        total_lines,
        total_bytes,
        complete: true,
        note,
    }))
}

/// The orders to the engine.
pub fn commands(effects: Vec<Effect>) -> Vec<Command> {
    effects
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Engine(command) => Some(command),
            _ => None,
        })
        .collect()
}

/// A port on loopback.
pub fn address(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

/// A request for JSON.
pub fn http_plan() -> Plan {
    Plan::Http(HttpPlan {
        method: "GET".into(),
        url: "http://127.0.0.1:8080/data.json".into(),
        headers: Vec::new(),
        body: PlanBody::Bytes(Bytes::new()),
        length: LengthHeader::Added,
        head_timeout: Duration::from_secs(30),
        connect_timeout: Duration::from_secs(10),
        version: wirebench::model::http::VersionChoice::default(),
        verify: Verify::On,
        trust: TrustedCertificates::default(),
        sni: String::new(),
        tls: wirebench::model::tls::TlsChoices::default(),
        transfer: wirebench::model::transfer::TransferOptions::default(),
        redirects: 10,
        auth: wirebench::model::plan::PlanAuth::None,
        cookies: wirebench::model::cookie::PlanCookies::default(),
        events: wirebench::model::plan::PlanEvents::default(),
        contract: None,
        notes: Vec::new(),
        socket: wirebench::model::socket_options::SocketOptions::default(),
        client: wirebench::model::socket_options::ClientOptions::default(),
        unix_socket: None,
        new_connection: false,
    })
}

/// A connection to port 9000.
pub fn tcp_plan() -> Plan {
    Plan::Tcp(TcpPlan {
        endpoint: Endpoint::new("127.0.0.1", 9000),
        tls: ClientTls::Off,
        steps: Vec::new(),
        connect_timeout: Duration::from_secs(10),
        socket: wirebench::model::socket_options::SocketOptions::default(),
        client: wirebench::model::socket_options::ClientOptions::default(),
    })
}

/// Port 9000 on loopback.
pub fn bind() -> Bind {
    Bind::Address(address(9000))
}

/// A body that arrived as a whole.
pub fn facts(id: u64, len: u64, framing: MessageFraming) -> BodyFacts {
    BodyFacts {
        id: BodyId(id),
        framing,
        codings: Vec::new(),
        encoded_len: len,
        decoded_len: len,
        expected: None,
        trailers: Vec::new(),
        complete: true,
        decode_error: None,
        as_came: false,
        damaged: false,
    }
}

/// A head as it would have been read.
pub fn head(start: StartLine, fields: &[(&str, &str)]) -> Head {
    let first = match &start {
        StartLine::Response { status, .. } => format!("HTTP/1.1 {status} OK\r\n"),
        StartLine::Request { method, target, .. } => format!("{method} {target} HTTP/1.1\r\n"),
        StartLine::Unknown => String::new(),
    };
    let field = |(name, value): &(&str, &str)| FieldLine {
        name: Bytes::copy_from_slice(name.as_bytes()),
        value: Bytes::copy_from_slice(value.as_bytes()),
    };
    Head { raw: Bytes::from(first), start, fields: fields.iter().map(field).collect() }
}

/// A request with a `Host` and no body.
pub fn request(target: &str, body: u64) -> HttpMessage {
    let start = StartLine::Request {
        method: "GET".into(),
        target: target.into(),
        version: HttpVersion::Http11,
    };
    HttpMessage { head: head(start, &[("Host", "x")]), body: facts(body, 0, MessageFraming::None) }
}

/// An answer of JSON with a colour in its reason.
pub fn answer(status: u16, body: u64, len: u64) -> HttpMessage {
    let start = StartLine::Response {
        version: HttpVersion::Http11,
        status,
        reason: Bytes::from_static(b"OK \x1b[31mred"),
    };
    HttpMessage {
        head: head(start, &[("Content-Type", "application/json"), ("X-Case", "Kept")]),
        body: facts(body, len, MessageFraming::Length(len)),
    }
}

/// An exchange that went well.
pub fn exchange(id: SessionId, number: u32, response: Option<HttpMessage>) -> Exchange {
    let body = u64::from(number) * 10 + 100;
    Exchange {
        url: format!("http://127.0.0.1:8080/{number}"),
        local: Some(address(50_000).into()),
        peer: Some(address(8080).into()),
        response,
        timing: Timing {
            connect: Some(Duration::from_millis(2)),
            first_byte: Some(Duration::from_millis(5)),
            total: Duration::from_millis(8),
            ..Timing::default()
        },
        state: ExchangeState::Complete,
        ..Exchange::begun(
            Side::Client,
            id.conn(1),
            number,
            request(&format!("/{number}"), body),
            START,
        )
    }
}

/// Plays the engine: answers a question about a body of lines.
pub fn window(query: &ViewQuery, total: u64) -> Event {
    let first = query.top.saturating_sub(query.above.into());
    let top = first.min(total.saturating_sub(u64::from(query.rows)));
    let end = (top + u64::from(query.rows)).min(total);
    let line = |n: u64| ViewLine {
        number: n,
        offset: n * 10,
        bytes: Bytes::from(format!("\"line {n}\"")),
        ..ViewLine::default()
    };
    Event::View(Box::new(View {
        query: query.clone(),
        cut: query.mode,
        top,
        lines: (top..end).map(line).collect(),
        enclosing: Vec::new(),
        total_lines: total,
        total_bytes: total * 10,
        complete: true,
        note: None,
    }))
}

/// Bytes, so many milliseconds after [`START`].
pub fn record(conn: ConnId, millis: u64, direction: Direction, data: &[u8]) -> Record {
    Record {
        frames: bytes::Bytes::new(),
        at: START + Duration::from_millis(millis),
        conn,
        direction,
        kind: RecordKind::Data,
        data: Bytes::copy_from_slice(data),
        original_len: data.len() as u64,
        faults: wirebench::model::fault::FaultMarks::default(),
    }
}

/// Something that happened, at [`START`].
pub fn fact(conn: ConnId, direction: Direction, kind: RecordKind, text: &str) -> Record {
    Record { kind, ..record(conn, 0, direction, text.as_bytes()) }
}

/// A connection of port 9000 with a peer of its own.
pub fn info(id: ConnId, protocol: Protocol, side: Side) -> ConnInfo {
    let peer = Some(address(40_000 + (id.index % 20_000) as u16).into());
    ConnInfo { local: Some(address(9000).into()), peer, ..ConnInfo::new(id, protocol, side) }
}

/// A batch in which nothing was lost.
pub fn traffic(conns: Vec<ConnInfo>, records: Vec<Record>) -> Event {
    Event::Traffic(Batch { conns, records, ..Batch::default() })
}
