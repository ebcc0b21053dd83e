//! `wirebench listen`: opens a listener and prints what arrives until it is told to stop.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::time::Instant;

use super::exit;
use super::headless::{Headless, Interrupts};
use super::output::{self, Output, Style};
use super::target::{self, SendTarget};
use crate::args;
use crate::codec::printable;
use crate::engine::clock;
use crate::engine::command::CloseMode;
use crate::engine::event::{Batch, Event, Phase};
use crate::interop::ndjson;
use crate::model::exchange::{Exchange, ExchangeState, StartLine};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::http::HttpBody;
use crate::model::id::{BodyId, ConnId};
use crate::model::listener::Rule;
use crate::model::payload::Payload;
use crate::model::protocol::Side;
use crate::model::record::{ConnInfo, Direction, Lost, Record, RecordKind};
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
    conns: BTreeMap<ConnId, ConnInfo>,
    /// Messages or requests still wanted.
    left: Option<u64>,
}

/// Runs the command; returns the exit status.
pub(super) async fn run(arguments: &args::Listen, headless: &mut Headless) -> Result<u8, Failure> {
    let found = target::find(&arguments.target, Side::Listener, &arguments.common, headless)?;
    let SendTarget { mut spec, scope } = found;
    configure(&mut spec, arguments)?;
    let plan = target::planned(&spec, &scope)?;
    let mut watch = ListenWatch {
        output: Output::new(&arguments.common),
        by_exchange: !plan.protocol().capabilities().conversation,
        conns: BTreeMap::new(),
        left: arguments.count,
    };
    let mut interrupts = Interrupts::listen()?;
    headless.open(plan)?;
    let deadline = arguments.lasts.map(|lasts| Instant::now() + lasts);
    loop {
        let event = tokio::select! {
            biased;
            () = interrupts.next() => break,
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

/// Puts the options into the spec; one that means nothing to the protocol is refused.
fn configure(spec: &mut Spec, arguments: &args::Listen) -> Result<(), Failure> {
    let refuse = |option: &str, protocol: &str| {
        let cause = format!("{option} means nothing to a {protocol} listener");
        Err(Failure::new(Stage::Compose, &*arguments.target, FailureKind::Usage, cause))
    };
    let answer = match (&arguments.body, arguments.echo) {
        (_, true) => Some(Rule::default()),
        (Some(body), false) => Some(Rule { send: Payload::text(body), ..Rule::default() }),
        (None, false) => None,
    };
    let http_only = !arguments.headers.is_empty() || arguments.status.is_some();
    match spec {
        Spec::HttpListener(_) if arguments.echo => return refuse("--echo", "HTTP"),
        Spec::TcpListener(_) | Spec::UdpListener(_) if http_only => {
            return refuse("--status or --header", "TCP or UDP");
        }
        Spec::UdpListener(_) if arguments.tls || arguments.cert.is_some() => {
            return refuse("--tls or --cert", "UDP");
        }
        Spec::HttpListener(listener) => {
            set_tls(&mut listener.tls, arguments);
            if let Some(status) = arguments.status {
                listener.answer.status = status;
            }
            if let Some(body) = &arguments.body {
                listener.answer.body = HttpBody::Text(body.clone());
            }
            for header in &arguments.headers {
                let (name, value) = header.split_once(':').unwrap_or((header, ""));
                listener.answer.headers.push(NameValue::new(name.trim(), value.trim()));
            }
        }
        Spec::TcpListener(listener) => {
            set_tls(&mut listener.tls, arguments);
            listener.rules.extend(answer);
        }
        Spec::UdpListener(listener) => listener.rules.extend(answer),
        Spec::Http(_) | Spec::Tcp(_) | Spec::Udp(_) => {}
    }
    Ok(())
}

fn set_tls(tls: &mut ListenerTls, arguments: &args::Listen) {
    if let (Some(certificate), Some(key)) = (&arguments.cert, &arguments.key) {
        *tls = ListenerTls::Files { certificate: certificate.clone(), key: key.clone() };
    } else if arguments.tls && *tls == ListenerTls::Off {
        *tls = ListenerTls::Generated;
    }
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
                Ok(())
            }
            Event::Traffic(batch) => self.on_traffic(batch),
            Event::Exchange(exchange) if exchange.state != ExchangeState::Active => {
                self.count();
                self.print_exchange(&exchange, headless)
            }
            Event::Refused { failure, .. } => {
                output::complain(&failure);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn count(&mut self) {
        self.left = self.left.map(|left| left.saturating_sub(1));
    }

    fn on_traffic(&mut self, batch: Batch) -> Result<(), Failure> {
        self.conns.extend(batch.conns.into_iter().map(|conn| (conn.id, conn)));
        for record in &batch.records {
            if self.tells(record) && self.left != Some(0) {
                self.print_record(record)?;
                if is_received(record) {
                    self.count();
                }
            }
            if record.kind == RecordKind::Closed {
                self.conns.remove(&record.conn);
            }
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

    fn print_record(&mut self, record: &Record) -> Result<(), Failure> {
        let conn = self.conns.get(&record.conn);
        match self.output.style {
            Style::Json => return self.output.json(&ndjson::record(record, conn)),
            Style::Raw if is_received(record) => return self.output.bytes(&record.data),
            Style::Raw => return Ok(()),
            Style::Text => {}
        }
        let mut line = format!("{}  {}", time_of_day(record.at), record.conn);
        if let Some(peer) = conn.and_then(|conn| conn.peer) {
            let _ = write!(line, "  {peer}");
        }
        let arrow = match record.direction {
            Direction::Sent => "▶",
            Direction::Received => "◀",
            Direction::Local => "·",
        };
        let _ = write!(line, "  {arrow}  ");
        match record.kind {
            RecordKind::Data => {
                let _ = write!(line, "{} B  ", record.original_len);
            }
            kind => {
                let _ = write!(line, "{}  ", format!("{kind:?}").to_lowercase());
            }
        }
        let shown = &record.data[..SHOWN.min(record.data.len())];
        line.push_str(&printable::printable(shown));
        if record.original_len > shown.len() as u64 {
            line.push('…');
        }
        self.output.line(&line)
    }

    fn print_exchange(&mut self, exchange: &Exchange, headless: &Headless) -> Result<(), Failure> {
        if self.output.style == Style::Json {
            return self.output.json(&headless.exchange_line(exchange));
        }
        if self.output.style == Style::Raw {
            return self.print_body(exchange.request.body.id, headless);
        }
        let body = headless.read_body(exchange.request.body.id, 0, SHOWN).unwrap_or_default();
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
    let mut line = time_of_day(exchange.started);
    if let Some(peer) = exchange.peer {
        let _ = write!(line, "  {peer}");
    }
    match &exchange.request.head.start {
        StartLine::Request { method, target, .. } => {
            let _ = write!(line, "  {method} {target}");
        }
        _ => line.push_str("  not HTTP"),
    }
    match exchange.response.as_ref().and_then(|response| response.head.status()) {
        Some(status) => {
            let _ = write!(line, "  →  {status}");
        }
        None => line.push_str("  →  no answer"),
    }
    if let ExchangeState::Failed(failure) = &exchange.state {
        let _ = write!(line, "  ({failure})");
    }
    line
}

/// Time of day with milliseconds, in the local time zone.
fn time_of_day(at: Stamp) -> String {
    Timestamp::from_nanosecond(i128::from(at.0)).map_or_else(
        |_| "??:??:??".into(),
        |time| time.to_zoned(TimeZone::system()).strftime("%H:%M:%S%.3f").to_string(),
    )
}
