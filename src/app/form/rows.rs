//! Which fields stand in which rows of a tab.

use super::{Field, FieldId, Kind, Part, Row, RowList, Slot, Tab, Width};
use crate::codec::plan;
use crate::model::http::{Auth, AutomaticHeader, FormPart, HttpBody, HttpListenerSpec, PartSource};
use crate::model::payload::PayloadFormat;
use crate::model::spec::Spec;
use crate::model::stream::Step;
use crate::model::tls::{ClientTls, ListenerTls};

/// All rows of the form: address line, tab strip, and the fields of the tab.
pub fn rows(spec: &Spec, tab: Tab) -> Vec<Row> {
    let mut rows = vec![address(spec), row(vec![field(FieldId::Tabs, "", Kind::Tabs, FILL)])];
    match tab {
        Tab::Params => list(&mut rows, spec, RowList::Query, "name", "value"),
        Tab::Headers => {
            list(&mut rows, spec, RowList::Headers, "Header", "value");
            automatic(&mut rows, spec);
        }
        Tab::Auth => auth(&mut rows, spec),
        Tab::Body => body(&mut rows, spec, Slot::Request),
        Tab::Options => options(&mut rows, spec),
        Tab::Answers => answers(&mut rows, spec),
        Tab::Rules => rules(&mut rows, spec),
        Tab::Steps => steps(&mut rows, spec),
    }
    rows
}

const FILL: Width = Width::Fill(1);
/// Height of a text area that is not the last row.
const AREA: u16 = 4;

fn field(id: FieldId, label: &'static str, kind: Kind, width: Width) -> Field {
    Field { id, label, kind, width, placeholder: "" }
}

fn hinted(mut field: Field, placeholder: &'static str) -> Field {
    field.placeholder = placeholder;
    field
}

fn row(fields: Vec<Field>) -> Row {
    Row { fields, height: 1 }
}

fn single(rows: &mut Vec<Row>, id: FieldId, label: &'static str, kind: Kind) {
    rows.push(row(vec![field(id, label, kind, FILL)]));
}

fn area(rows: &mut Vec<Row>, id: FieldId, placeholder: &'static str) {
    rows.push(Row {
        fields: vec![hinted(field(id, "", Kind::Area, FILL), placeholder)],
        height: AREA,
    });
}

fn address(spec: &Spec) -> Row {
    let hint = match spec {
        Spec::Http(_) => "http://host/path, :8080/path, or paste a curl command",
        Spec::Tcp(_) | Spec::Udp(_) => "host:port",
        _ => "127.0.0.1:port, :port (loopback, IPv4 and IPv6), *:port (all interfaces)",
    };
    let line = hinted(field(FieldId::Address, "", Kind::Line, FILL), hint);
    match spec {
        Spec::Http(_) => {
            let method = field(FieldId::Method, "", Kind::Line, Width::Cells(9));
            row(vec![method, line])
        }
        _ => row(vec![line]),
    }
}

fn list(rows: &mut Vec<Row>, spec: &Spec, list: RowList, name: &'static str, value: &'static str) {
    let len = super::access::len(spec, list);
    // One row more than there are: typing into it makes it real.
    for at in (0..=len).filter(|at| !switches_automatic(spec, list, *at)) {
        let cell = |part, kind, width| field(FieldId::Cell(list, at, part), "", kind, width);
        rows.push(row(vec![
            cell(Part::On, Kind::Check, Width::Cells(3)),
            hinted(cell(Part::Name, Kind::Line, Width::Fill(2)), name),
            hinted(cell(Part::Value, Kind::Line, Width::Fill(3)), value),
        ]));
    }
}

/// The headers that are sent by themselves, each to be switched off.
fn automatic(rows: &mut Vec<Row>, spec: &Spec) {
    let Spec::Http(http) = spec else { return };
    for header in plan::automatic_headers(http) {
        rows.push(row(vec![field(FieldId::Automatic(header), "", Kind::Check, FILL)]));
    }
}

/// Whether a row of the list only says that an automatic header is off, which is seen there.
fn switches_automatic(spec: &Spec, list: RowList, at: usize) -> bool {
    let rows = super::access::list(spec, list).filter(|_| list == RowList::Headers);
    let Some(row) = rows.and_then(|rows| rows.get(at)) else { return false };
    matches!(spec, Spec::Http(http) if AutomaticHeader::switched_off_by(row)
        .is_some_and(|header| plan::automatic_headers(http).contains(&header)))
}

/// Parts of a multipart form; what belongs to a file stands in a second row.
fn parts(rows: &mut Vec<Row>, spec: &Spec, list: RowList) {
    let parts = super::access::parts(spec, list).map_or(&[][..], Vec::as_slice);
    for at in 0..=parts.len() {
        let cell =
            |part, label, kind, width| field(FieldId::Cell(list, at, part), label, kind, width);
        let part = parts.get(at);
        let is_file = part.is_some_and(|part| part.source != PartSource::Text);
        let value = if is_file { "path of the file" } else { "value" };
        rows.push(row(vec![
            cell(Part::On, "", Kind::Check, Width::Cells(3)),
            hinted(cell(Part::Name, "", Kind::Line, Width::Fill(2)), "field"),
            cell(Part::Source, "", Kind::Choice, Width::Cells(11)),
            hinted(cell(Part::Value, "", Kind::Line, Width::Fill(3)), value),
        ]));
        let has_more = |part: &FormPart| {
            is_file || !part.file_name.is_empty() || !part.content_type.is_empty()
        };
        if part.is_some_and(has_more) {
            let kind = cell(Part::Type, "    type", Kind::Line, Width::Fill(2));
            let name = cell(Part::FileName, "file name", Kind::Line, Width::Fill(3));
            rows.push(row(vec![hinted(kind, "by extension"), hinted(name, "the file's own")]));
        }
    }
}

fn auth(rows: &mut Vec<Row>, spec: &Spec) {
    single(rows, FieldId::AuthKind, "Authorization", Kind::Choice);
    let Spec::Http(http) = spec else { return };
    match http.auth {
        Auth::None => {}
        Auth::Basic { .. } => {
            single(rows, FieldId::AuthUser, "User", Kind::Line);
            single(rows, FieldId::AuthPassword, "Password", Kind::Secret);
        }
        Auth::Bearer(_) => single(rows, FieldId::AuthToken, "Token", Kind::Secret),
    }
}

fn body(rows: &mut Vec<Row>, spec: &Spec, slot: Slot) {
    if slot == Slot::Request {
        single(rows, FieldId::BodyKind(slot), "Body", Kind::Choice);
    }
    match super::access::body(spec, slot) {
        Some(HttpBody::Text(_) | HttpBody::Json(_)) => {
            area(rows, FieldId::Body(slot), "type or paste; {{names}} are filled in");
        }
        Some(HttpBody::Payload(payload)) => {
            let hint = match payload.format {
                PayloadFormat::Text => "text with \\r \\n \\xNN escapes; {{names}} are filled in",
                PayloadFormat::Hex => "hex digits, or a pasted xxd, hexdump or Wireshark dump",
            };
            area(rows, FieldId::Body(slot), hint);
        }
        Some(HttpBody::Multipart(_)) => parts(rows, spec, RowList::Form(slot)),
        Some(HttpBody::File(_)) => single(rows, FieldId::Body(slot), "File", Kind::Line),
        Some(HttpBody::Form(_)) => list(rows, spec, RowList::Form(slot), "field", "value"),
        _ => {}
    }
}

fn options(rows: &mut Vec<Row>, spec: &Spec) {
    match spec {
        Spec::Http(_) => {
            single(rows, FieldId::Timeout, "Timeout (head, silent body)", Kind::Line);
            single(rows, FieldId::Verify, "Verify TLS certificates", Kind::Check);
            single(rows, FieldId::Redirects, "Redirects followed at most", Kind::Line);
        }
        Spec::HttpListener(http) => listener_tls(rows, &http.tls),
        Spec::Tcp(tcp) => {
            single(rows, FieldId::Tls, "TLS", Kind::Check);
            if matches!(tcp.tls, ClientTls::On { .. }) {
                single(rows, FieldId::Verify, "Verify TLS certificates", Kind::Check);
                single(rows, FieldId::Sni, "Server name (empty = host)", Kind::Line);
            }
            single(rows, FieldId::ConnectTimeout, "Connect timeout", Kind::Line);
            session(rows);
        }
        Spec::TcpListener(tcp) => {
            listener_tls(rows, &tcp.tls);
            single(rows, FieldId::Greeting, "Greeting sent to each client", Kind::Line);
            session(rows);
        }
        Spec::Udp(_) => {
            single(rows, FieldId::Source, "Source port (:port or address:port)", Kind::Line);
            session(rows);
        }
        Spec::UdpListener(_) => session(rows),
    }
}

fn session(rows: &mut Vec<Row>) {
    single(rows, FieldId::LineEnding, "Line ending of the input line", Kind::Choice);
    single(rows, FieldId::Format, "Input line", Kind::Choice);
}

fn listener_tls(rows: &mut Vec<Row>, tls: &ListenerTls) {
    single(rows, FieldId::ListenerTls, "TLS", Kind::Choice);
    if matches!(tls, ListenerTls::Files { .. }) {
        single(rows, FieldId::CertificateFile, "Certificate chain (PEM file)", Kind::Line);
        single(rows, FieldId::KeyFile, "Private key (PEM file)", Kind::Line);
    }
}

fn answers(rows: &mut Vec<Row>, spec: &Spec) {
    let Spec::HttpListener(HttpListenerSpec { rules, .. }) = spec else { return };
    for at in 0..rules.len() {
        rows.push(row(vec![
            hinted(field(FieldId::RuleMethod(at), "", Kind::Line, Width::Cells(9)), "any"),
            hinted(field(FieldId::RulePath(at), "", Kind::Line, FILL), "/path, * matches anything"),
            field(FieldId::Status(Slot::Rule(at)), "", Kind::Line, Width::Cells(5)),
            field(FieldId::Delay(Slot::Rule(at)), "delay", Kind::Line, Width::Cells(12)),
            field(FieldId::BodyKind(Slot::Rule(at)), "", Kind::Choice, Width::Cells(11)),
        ]));
        list(rows, spec, RowList::Answer(Slot::Rule(at)), "Header", "value");
        body(rows, spec, Slot::Rule(at));
    }
    single(rows, FieldId::Add, "+ answer for a method and path", Kind::Button);
    rows.push(row(vec![
        field(FieldId::Status(Slot::Default), "otherwise", Kind::Line, Width::Cells(15)),
        field(FieldId::Delay(Slot::Default), "delay", Kind::Line, Width::Cells(12)),
        field(FieldId::BodyKind(Slot::Default), "body", Kind::Choice, Width::Cells(16)),
    ]));
    list(rows, spec, RowList::Answer(Slot::Default), "Header", "value");
    body(rows, spec, Slot::Default);
}

fn rules(rows: &mut Vec<Row>, spec: &Spec) {
    let len = super::access::rules(spec).map_or(0, Vec::len);
    for at in 0..len {
        rows.push(row(vec![
            field(FieldId::When(at), "when", Kind::Choice, Width::Cells(16)),
            hinted(field(FieldId::WhenText(at), "", Kind::Line, FILL), "what arrives"),
        ]));
        rows.push(row(vec![
            hinted(
                field(FieldId::Reply(at), "  send", Kind::Line, FILL),
                "{{message}} is what arrived, {{match}} what matched",
            ),
            field(FieldId::ReplyFormat(at), "", Kind::Choice, Width::Cells(6)),
            field(FieldId::ReplyDelay(at), "delay", Kind::Line, Width::Cells(12)),
        ]));
    }
    single(rows, FieldId::Add, "+ automatic answer (a new one echoes)", Kind::Button);
}

fn steps(rows: &mut Vec<Row>, spec: &Spec) {
    let steps = super::access::steps(spec).map_or(&[][..], Vec::as_slice);
    for (at, step) in steps.iter().enumerate() {
        let mut fields = vec![
            field(FieldId::StepKind(at), "", Kind::Choice, Width::Cells(9)),
            hinted(field(FieldId::StepText(at), "", Kind::Line, FILL), "text with \\r\\n escapes"),
            field(FieldId::StepFormat(at), "", Kind::Choice, Width::Cells(6)),
        ];
        if matches!(step, Step::Expect { .. }) {
            fields.push(field(FieldId::StepWithin(at), "within", Kind::Line, Width::Cells(12)));
        }
        rows.push(row(fields));
    }
    single(rows, FieldId::Add, "+ step done once connected", Kind::Button);
}
