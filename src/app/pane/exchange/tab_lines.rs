//! The tabs that are lists of lines: headers, cookies, timings, TLS.

use std::time::Duration;

use jiff::tz::Offset;

use super::cookies;
use super::shown_exchange::{ExchangeTab, ShownExchange};
use super::text_line::{TextLine, Tone};
use crate::app::format;
use crate::codec::printable::{Marked, marked, printable};
use crate::model::exchange::{Exchange, FieldLine, Head, HttpMessage, MessageFraming};
use crate::model::timing::Timing;
use crate::model::tls::TlsFacts;

/// A line before it is made into text.
enum LineSource<'a> {
    Start(&'a Head),
    Field(&'a FieldLine),
    Heading(&'static str),
    Gap,
    Warning(&'a str),
}

/// A tab of lines. Only the lines on screen are made.
#[derive(Debug, Clone, Copy)]
pub struct TabLines<'a> {
    pub(super) shown: ShownExchange<'a>,
    pub(super) tab: ExchangeTab,
    /// For the time of day.
    pub(super) utc_offset: Option<Offset>,
}

impl TabLines<'_> {
    /// Number of lines.
    pub fn count(self) -> usize {
        match self.tab {
            ExchangeTab::Headers => headers(self.shown).count(),
            _ => self.some(0, usize::MAX, usize::MAX).len(),
        }
    }

    /// So many lines, after the first `skip`; values are cut after `reach` bytes.
    pub fn some(self, skip: usize, take: usize, reach: usize) -> Vec<TextLine> {
        let lines = match self.tab {
            ExchangeTab::Headers => {
                let sources = headers(self.shown).skip(skip).take(take);
                return sources.map(|source| header_line(&source, reach)).collect();
            }
            ExchangeTab::Cookies => self.shown.message().map(cookies::lines),
            ExchangeTab::Timing => Some(timing(self.shown.exchange, self.utc_offset)),
            ExchangeTab::Tls => self.shown.exchange.tls.as_ref().map(tls),
            ExchangeTab::Body | ExchangeTab::Raw | ExchangeTab::Other => None,
        };
        lines.unwrap_or_default().into_iter().skip(skip).take(take).collect()
    }

    /// Every line, as text for the clipboard.
    pub fn text(self) -> String {
        let line = |line: TextLine| match (line.label.is_empty(), line.tone) {
            (true, _) => line.value.text,
            (false, Tone::Pair) => format!("{}: {}", line.label, line.value.text),
            (false, _) => format!("{} {}", line.label, line.value.text),
        };
        let lines = self.some(0, usize::MAX, usize::MAX).into_iter().map(line);
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn headers(shown: ShownExchange<'_>) -> impl Iterator<Item = LineSource<'_>> {
    let exchange = shown.exchange;
    let head = shown.message().into_iter().flat_map(|message| {
        let trailers = &message.body.trailers;
        let title =
            (!trailers.is_empty()).then_some(LineSource::Heading("Trailers, after the body"));
        std::iter::once(LineSource::Start(&message.head))
            .chain(message.head.fields.iter().map(LineSource::Field))
            .chain(title.into_iter().flat_map(|title| [LineSource::Gap, title]))
            .chain(trailers.iter().map(LineSource::Field))
    });
    let interim = exchange.interim.iter().flat_map(|head| {
        [LineSource::Gap, LineSource::Heading("Interim response, before the final one")]
            .into_iter()
            .chain([LineSource::Start(head)])
            .chain(head.fields.iter().map(LineSource::Field))
    });
    let odd = (!exchange.warnings.is_empty()).then_some(LineSource::Heading("Oddities"));
    let warnings = exchange.warnings.iter().map(|warning| LineSource::Warning(warning));
    head.chain(interim)
        .chain(odd.into_iter().flat_map(|title| [LineSource::Gap, title]))
        .chain(warnings)
}

fn header_line(source: &LineSource<'_>, reach: usize) -> TextLine {
    match source {
        LineSource::Start(head) => {
            let line = head.raw.split(|b| *b == b'\n').next().unwrap_or_default();
            TextLine::new(Tone::Heading, "", cut(line.strip_suffix(b"\r").unwrap_or(line), reach))
        }
        LineSource::Field(field) => {
            TextLine::pair(&cut(&field.name, reach).text, cut(&field.value, reach))
        }
        LineSource::Heading(title) => TextLine::new(Tone::Dim, "", *title),
        LineSource::Gap => TextLine::new(Tone::Dim, "", ""),
        LineSource::Warning(text) => TextLine::new(Tone::Warning, "", cut(text.as_bytes(), reach)),
    }
}

fn cut(bytes: &[u8], reach: usize) -> Marked {
    marked(bytes.get(..reach).unwrap_or(bytes))
}

/// One bar for each phase, then sizes and addresses.
fn timing(exchange: &Exchange, utc_offset: Option<Offset>) -> Vec<TextLine> {
    let Timing { lookup, connect, tls, send, first_byte, transfer, total } = exchange.timing;
    let phases = [
        ("Name lookup", lookup),
        ("Connect", connect),
        ("TLS handshake", tls),
        ("Send request", send),
        ("Wait for first byte", first_byte),
        ("Transfer", transfer),
    ];
    let sum: Duration = phases.iter().filter_map(|(_, took)| *took).sum();
    let whole = total.max(sum).as_secs_f64();
    let part = |took: Duration| if whole > 0.0 { took.as_secs_f64() / whole } else { 0.0 };
    let mut lines = Vec::new();
    let mut start = 0.0;
    for (label, took) in phases {
        let Some(took) = took else {
            lines.push(TextLine::new(Tone::Dim, label, "–"));
            continue;
        };
        let end = start + part(took);
        let bar = Some((start, end));
        lines.push(TextLine { bar, ..TextLine::pair(label, format::took(took)) });
        start = end;
    }
    let bar = Some((0.0, 1.0));
    lines.push(TextLine { bar, ..TextLine::pair("Total", format::took(total.max(sum))) });
    lines.push(TextLine::new(Tone::Dim, "", ""));
    lines.push(TextLine::pair("Started", format::clock(exchange.started, utc_offset)));
    for (label, address) in [("Our address", exchange.local), ("Peer", exchange.peer)] {
        if let Some(address) = address {
            lines.push(TextLine::pair(label, address.to_string()));
        }
    }
    lines.push(TextLine::pair("URL", marked(exchange.url.as_bytes())));
    sizes(&mut lines, "Request", &exchange.request);
    if let Some(response) = &exchange.response {
        sizes(&mut lines, "Response", response);
    }
    lines
}

fn sizes(lines: &mut Vec<TextLine>, label: &str, message: &HttpMessage) {
    let body = &message.body;
    let framing = match body.framing {
        MessageFraming::None => "no body".to_owned(),
        MessageFraming::Length(length) => format!("Content-Length {}", format::count(length)),
        MessageFraming::Chunked => "chunked".to_owned(),
        MessageFraming::UntilClose => "until the connection closes".to_owned(),
    };
    let mut text = format!(
        "head {} B, body {} B on the wire ({framing})",
        format::count(message.head.raw.len() as u64),
        format::count(body.encoded_len),
    );
    if !body.codings.is_empty() {
        let codings = printable(body.codings.join(", ").as_bytes());
        let decoded = format::count(body.decoded_len);
        text = format!("{text}, {decoded} B decoded from {codings}");
    }
    lines.push(TextLine::pair(label, text));
}

fn tls(facts: &TlsFacts) -> Vec<TextLine> {
    let mut lines = Vec::new();
    let mut pair = |label: &str, value: &str| {
        if !value.is_empty() {
            lines.push(TextLine::pair(label, marked(value.as_bytes())));
        }
    };
    pair("Version", &facts.version);
    pair("Cipher suite", &facts.cipher);
    pair("Key exchange", &facts.group);
    pair("ALPN", &facts.alpn);
    pair("Server name", &facts.sni);
    pair("Handshake", &format::took(facts.handshake));
    if facts.unverified.is_empty() {
        pair("Certificate", "verified");
    } else {
        let text = format!("NOT verified: {}", printable(facts.unverified.as_bytes()));
        lines.push(TextLine::new(Tone::Failure, "Certificate", text));
    }
    for (at, certificate) in facts.chain.iter().enumerate() {
        let title = if at == 0 { "Leaf".to_owned() } else { format!("Issuer {at}") };
        lines.push(TextLine::new(Tone::Dim, "", ""));
        lines.push(TextLine::new(Tone::Heading, "", title));
        let names = certificate.names.join(", ");
        for (label, value) in [
            ("Subject", &certificate.subject),
            ("Names", &names),
            ("Issuer", &certificate.issuer),
            ("Valid from", &certificate.not_before),
            ("Valid until", &certificate.not_after),
            ("Serial", &certificate.serial),
            ("SHA-256", &certificate.sha256),
        ] {
            if !value.is_empty() {
                lines.push(TextLine::pair(label, marked(value.as_bytes())));
            }
        }
    }
    lines
}
