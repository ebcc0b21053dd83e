//! `wirebench listen`: opens a listener and prints what arrives until it is told to stop.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::time::Instant;

use super::exit;
use super::headless::{self, Headless};
use super::output::{self, Output, Style};
use super::target;
use crate::args;
use crate::codec::printable;
use crate::engine::clock;
use crate::engine::command::{CloseMode, Command};
use crate::engine::event::{Batch, Event, Phase};
use crate::interop::ndjson;
use crate::interop::secrets::disclosed;
use crate::model::exchange::{Exchange, ExchangeState, StartLine};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::http::{HttpBody, HttpListenerSpec};
use crate::model::id::{BodyId, ConnId};
use crate::model::listener::{Rule, TcpListenerSpec, UdpListenerSpec};
use crate::model::payload::Payload;
use crate::model::plan::Plan;
use crate::model::protocol::Side;
use crate::model::record::{ConnInfo, Direction, Lost, Record, RecordKind};
use crate::model::secrets::Disclosure;
use crate::model::spec::{NameValue, Spec};
use crate::model::timing::Stamp;
use crate::model::tls::ListenerTls;

/// Bytes of a body or message printed as text; the rest is counted.
const SHOWN: usize = 64 * 1024;

/// What the listener prints, and when it stops.
struct ListenWatch {
    output: Output,
    /// Told by exchange, not by what crosses the sockets.
    by_exchange: bool,
    /// Those that are not over.
    conns: BTreeMap<ConnId, ConnInfo>,
    /// Bodies to be let go of.
    printed: Vec<BodyId>,
    /// Messages or requests still wanted.
    left: Option<u64>,
}

/// Runs the command; returns the exit status.
pub(super) async fn run(arguments: &args::Listen, headless: &mut Headless) -> Result<u8, Failure> {
    let plan = plan(arguments, headless).map_err(Failure::of_listener)?;
    let mut watch = ListenWatch {
        output: Output::new(&arguments.common),
        by_exchange: !plan.protocol().capabilities().conversation,
        conns: BTreeMap::new(),
        printed: Vec::new(),
        left: arguments.count,
    };
    let mut interrupted = headless::interrupted()?;
    headless.open(plan)?;
    let deadline = arguments.lasts.map(|lasts| Instant::now() + lasts);
    loop {
        let event = tokio::select! {
            biased;
            () = &mut interrupted => break,
            () = clock::at(deadline) => break,
            event = headless.next_event() => event,
        };
        match event {
            Some(Event::Done { outcome, .. }) => return outcome.map(|_| exit::OK),
            Some(event) => watch.on_event(event, headless)?,
            None => return Ok(exit::OK),
        }
        if watch.left == Some(0) {
            break;
        }
    }
    headless.close(CloseMode::Close).await;
    Ok(exit::OK)
}

/// What is to be run: the target or preset with the options of the command line.
fn plan(arguments: &args::Listen, headless: &mut Headless) -> Result<Plan, Failure> {
    let (mut spec, scope) =
        target::find(&arguments.target, Side::Listener, &arguments.common, headless)?;
    headless.hide(&scope, &arguments.common);
    configure(&mut spec, arguments)?;
    target::planned(&spec, &scope)
}

/// Puts the options into the spec; one that means nothing to the protocol is refused.
fn configure(spec: &mut Spec, arguments: &args::Listen) -> Result<(), Failure> {
    let refuse = |option: &str, protocol: &str| {
        let cause = format!("{option} means nothing to a {protocol} listener");
        Err(Failure::new(Stage::Compose, &*arguments.target, FailureKind::Usage, cause))
    };
    let http_only = !arguments.headers.is_empty() || arguments.status.is_some();
    let tls = match spec {
        Spec::HttpListener(_) if arguments.echo => return refuse("--echo", "HTTP"),
        Spec::TcpListener(_) | Spec::UdpListener(_) if http_only => {
            return refuse("--status or --header", "TCP or UDP");
        }
        Spec::UdpListener(_) if arguments.tls || arguments.cert.is_some() => {
            return refuse("--tls or --cert", "UDP");
        }
        Spec::HttpListener(HttpListenerSpec { answer, tls, .. }) => {
            answer.status = arguments.status.unwrap_or(answer.status);
            if let Some(body) = &arguments.body {
                answer.body = HttpBody::Text(body.clone());
            }
            answer.headers.extend(arguments.headers.iter().map(|header| {
                let (name, value) = header.split_once(':').unwrap_or((header, ""));
                NameValue::new(name.trim(), value.trim())
            }));
            Some(tls)
        }
        Spec::TcpListener(TcpListenerSpec { rules, tls, .. }) => {
            rules.extend(rule(arguments));
            Some(tls)
        }
        Spec::UdpListener(UdpListenerSpec { rules, .. }) => {
            rules.extend(rule(arguments));
            None
        }
        Spec::Http(_) | Spec::Tcp(_) | Spec::Udp(_) => None,
    };
    match (tls, &arguments.cert, &arguments.key) {
        (Some(tls), Some(certificate), Some(key)) => {
            *tls = ListenerTls::Files { certificate: certificate.clone(), key: key.clone() };
        }
        (Some(tls), ..) if arguments.tls && *tls == ListenerTls::Off => {
            *tls = ListenerTls::Generated;
        }
        _ => {}
    }
    Ok(())
}

/// What a listener without HTTP answers to every message.
fn rule(arguments: &args::Listen) -> Option<Rule> {
    if arguments.echo {
        return Some(Rule::default());
    }
    let body = arguments.body.as_ref()?;
    Some(Rule { send: Payload::text(body), ..Rule::default() })
}

impl ListenWatch {
    fn on_event(&mut self, event: Event, headless: &Headless) -> Result<(), Failure> {
        match event {
            Event::Phase { phase: Phase::Listening { addresses, .. }, .. } => {
                let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                output::note(&format!("listening on {}; Ctrl+C stops", list.join(", ")));
                if addresses.iter().any(|address| !address.ip().is_loopback()) {
                    output::note("warning: other machines can reach this listener");
                }
            }
            Event::Traffic(batch) => self.on_traffic(batch, &headless.told)?,
            Event::Exchange(exchange) if exchange.state != ExchangeState::Active => {
                self.count();
                self.print_exchange(&exchange, headless)?;
                self.release(exchange.bodies(), headless);
            }
            Event::Refused { failure, .. } => output::complain(&failure),
            _ => {}
        }
        Ok(())
    }

    /// Lets go of bodies that nobody looks at again; later when the engine has too much to do.
    fn release(&mut self, bodies: Vec<BodyId>, headless: &Headless) {
        self.printed.extend(bodies);
        if headless.engine.command(Command::Release(self.printed.clone())).is_ok() {
            self.printed.clear();
        }
    }

    fn count(&mut self) {
        self.left = self.left.map(|left| left.saturating_sub(1));
    }

    fn on_traffic(&mut self, batch: Batch, told: &Disclosure) -> Result<(), Failure> {
        self.conns.extend(batch.conns.into_iter().map(|conn| (conn.id, conn)));
        for record in &batch.records {
            if self.tells(record) && self.left != Some(0) {
                self.print_record(record, told)?;
                if is_received(record) {
                    self.count();
                }
            }
        }
        for conn in &batch.over {
            self.conns.remove(conn);
        }
        let lost_some = |lost: &Lost| lost.by_app > 0 || lost.by_kernel.unwrap_or_default() > 0;
        for lost in batch.lost.into_iter().filter(lost_some) {
            match self.output.style {
                Style::Json => self.output.json(&ndjson::lost(lost, clock::now()))?,
                Style::Text | Style::Raw => {
                    let kernel = lost.by_kernel.unwrap_or_default();
                    let text = format!("lost: {} by us, {kernel} by the kernel", lost.by_app);
                    output::note(&text);
                }
            }
        }
        Ok(())
    }

    /// Where exchanges are told, programs still want to know where it listens.
    fn tells(&self, record: &Record) -> bool {
        let fact = matches!(record.kind, RecordKind::Bound | RecordKind::Failed | RecordKind::Note);
        !self.by_exchange || self.output.style == Style::Json && fact
    }

    fn print_record(&mut self, record: &Record, told: &Disclosure) -> Result<(), Failure> {
        let conn = self.conns.get(&record.conn);
        match self.output.style {
            Style::Json => return self.output.json(&ndjson::record(record, conn, told)),
            Style::Raw if is_received(record) => return self.output.bytes(&record.data),
            Style::Raw => return Ok(()),
            Style::Text => {}
        }
        let arrow = match record.direction {
            Direction::Sent => "▶",
            Direction::Received => "◀",
            Direction::Local => "·",
        };
        let what = match record.kind {
            RecordKind::Data => &format!("{} B", record.original_len),
            kind => kind.into_str(),
        };
        let peer = shown_peer(conn.and_then(|conn| conn.peer));
        let (time, conn) = (time_of_day(record.at), record.conn);
        let shown = &record.data[..SHOWN.min(record.data.len())];
        let rest = if record.original_len > shown.len() as u64 { "…" } else { "" };
        let data = printable::printable(&told.bytes(shown));
        self.output.line(&format!("{time}  {conn}{peer}  {arrow}  {what}  {data}{rest}"))
    }

    fn print_exchange(&mut self, exchange: &Exchange, headless: &Headless) -> Result<(), Failure> {
        if self.output.style == Style::Json {
            return self.output.json(&headless.exchange_line(exchange));
        }
        if self.output.style == Style::Raw {
            return self.print_body(exchange.request.body.id, headless);
        }
        let body = headless.read_body(exchange.request.body.id, 0, SHOWN).unwrap_or_default();
        let body = headless.told.bytes(&body);
        let exchange = &disclosed(exchange, &headless.told);
        self.output.line(&summary(exchange))?;
        self.output.text(&exchange.request.head.raw)?;
        if !body.is_empty() {
            self.output.text(&body)?;
        }
        for warning in &exchange.warnings {
            self.output.line(&format!("! {warning}"))?;
        }
        self.output.bytes(b"\n")
    }

    /// All bytes of a request's body.
    fn print_body(&mut self, body: BodyId, headless: &Headless) -> Result<(), Failure> {
        let mut printed = 0;
        loop {
            let bytes = headless.read_body(body, printed, SHOWN)?;
            if bytes.is_empty() {
                return Ok(());
            }
            printed += bytes.len() as u64;
            self.output.bytes(&bytes)?;
        }
    }
}

fn is_received(record: &Record) -> bool {
    (record.kind, record.direction) == (RecordKind::Data, Direction::Received)
}

/// `14:02:07.113  127.0.0.1:50412  POST /hook  →  200`
fn summary(exchange: &Exchange) -> String {
    let (time, peer) = (time_of_day(exchange.started), shown_peer(exchange.peer));
    let request = match &exchange.request.head.start {
        StartLine::Request { method, target, .. } => &format!("{method} {target}"),
        _ => "not HTTP",
    };
    let answer = match exchange.response.as_ref().and_then(|response| response.head.status()) {
        Some(status) => &status.to_string(),
        None => "no answer",
    };
    let failure = match &exchange.state {
        ExchangeState::Failed(failure) => &format!("  ({failure})"),
        _ => "",
    };
    format!("{time}{peer}  {request}  →  {answer}{failure}")
}

fn shown_peer(peer: Option<SocketAddr>) -> String {
    peer.map(|peer| format!("  {peer}")).unwrap_or_default()
}

/// Time of day with milliseconds, in the local time zone.
fn time_of_day(at: Stamp) -> String {
    Timestamp::from_nanosecond(i128::from(at.0)).map_or_else(
        |_| "??:??:??".into(),
        |time| time.to_zoned(TimeZone::system()).strftime("%H:%M:%S%.3f").to_string(),
    )
}
