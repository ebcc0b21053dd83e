//! Which fields stand in which rows of a tab.

use super::{
    BodySlot, FieldKind, FieldWidth, FormField, FormFieldId, FormLine, FormTab, RowList, RowPart,
};
use crate::compose;
use crate::model::http::{Auth, AutomaticHeader, FormPart, HttpBody, HttpListenerSpec, PartSource};
use crate::model::payload::PayloadFormat;
use crate::model::spec::Spec;
use crate::model::stream::ScriptStep;
use crate::model::tls::{ClientTls, ListenerTls};

/// All rows of the form: address line, tab strip, and the fields of the tab.
pub fn rows(spec: &Spec, tab: FormTab) -> Vec<FormLine> {
    let mut rows =
        vec![address(spec), row(vec![field(FormFieldId::Tabs, "", FieldKind::Tabs, FILL)])];
    match tab {
        FormTab::Params => list(&mut rows, spec, RowList::Query, "name", "value"),
        FormTab::Headers => {
            list(&mut rows, spec, RowList::Headers, "Header", "value");
            automatic(&mut rows, spec);
        }
        FormTab::Auth => auth(&mut rows, spec),
        FormTab::Body => body(&mut rows, spec, BodySlot::Request),
        FormTab::Options => options(&mut rows, spec),
        FormTab::Answers => answers(&mut rows, spec),
        FormTab::Rules => rules(&mut rows, spec),
        FormTab::Steps => steps(&mut rows, spec),
    }
    rows
}

const FILL: FieldWidth = FieldWidth::Fill(1);
/// Height of a text area that is not the last row.
const AREA: u16 = 4;

fn field(id: FormFieldId, label: &'static str, kind: FieldKind, width: FieldWidth) -> FormField {
    FormField { id, label, kind, width, placeholder: "" }
}

fn hinted(mut field: FormField, placeholder: &'static str) -> FormField {
    field.placeholder = placeholder;
    field
}

fn row(fields: Vec<FormField>) -> FormLine {
    FormLine { fields, height: 1 }
}

fn single(rows: &mut Vec<FormLine>, id: FormFieldId, label: &'static str, kind: FieldKind) {
    rows.push(row(vec![field(id, label, kind, FILL)]));
}

fn area(rows: &mut Vec<FormLine>, id: FormFieldId, placeholder: &'static str) {
    rows.push(FormLine {
        fields: vec![hinted(field(id, "", FieldKind::Area, FILL), placeholder)],
        height: AREA,
    });
}

fn address(spec: &Spec) -> FormLine {
    let hint = match spec {
        Spec::Http(_) => "http://host/path, :8080/path, or paste a curl command",
        Spec::Tcp(_) | Spec::Udp(_) => "host:port",
        _ => "127.0.0.1:port, :port (loopback, IPv4 and IPv6), *:port (all interfaces)",
    };
    let line = hinted(field(FormFieldId::Address, "", FieldKind::Line, FILL), hint);
    match spec {
        Spec::Http(_) => {
            let method = field(FormFieldId::Method, "", FieldKind::Line, FieldWidth::Cells(9));
            row(vec![method, line])
        }
        _ => row(vec![line]),
    }
}

fn list(
    rows: &mut Vec<FormLine>,
    spec: &Spec,
    list: RowList,
    name: &'static str,
    value: &'static str,
) {
    let len = super::access::len(spec, list);
    // One row more than there are: typing into it makes it real.
    for at in (0..=len).filter(|at| !switches_automatic(spec, list, *at)) {
        let cell = |part, kind, width| field(FormFieldId::Cell(list, at, part), "", kind, width);
        rows.push(row(vec![
            cell(RowPart::On, FieldKind::Check, FieldWidth::Cells(3)),
            hinted(cell(RowPart::Name, FieldKind::Line, FieldWidth::Fill(2)), name),
            hinted(cell(RowPart::Value, FieldKind::Line, FieldWidth::Fill(3)), value),
        ]));
    }
}

/// The headers that are sent by themselves, each to be switched off.
fn automatic(rows: &mut Vec<FormLine>, spec: &Spec) {
    let Spec::Http(http) = spec else { return };
    for header in compose::automatic_headers(http) {
        rows.push(row(vec![field(FormFieldId::Automatic(header), "", FieldKind::Check, FILL)]));
    }
}

/// Whether a row of the list only says that an automatic header is off, which is seen there.
fn switches_automatic(spec: &Spec, list: RowList, at: usize) -> bool {
    let rows = super::access::list(spec, list).filter(|_| list == RowList::Headers);
    let Some(row) = rows.and_then(|rows| rows.get(at)) else { return false };
    matches!(spec, Spec::Http(http) if AutomaticHeader::switched_off_by(row)
        .is_some_and(|header| compose::automatic_headers(http).contains(&header)))
}

/// Parts of a multipart form; what belongs to a file stands in a second row.
fn parts(rows: &mut Vec<FormLine>, spec: &Spec, list: RowList) {
    let parts = super::access::parts(spec, list).map_or(&[][..], Vec::as_slice);
    for at in 0..=parts.len() {
        let cell =
            |part, label, kind, width| field(FormFieldId::Cell(list, at, part), label, kind, width);
        let part = parts.get(at);
        let is_file = part.is_some_and(|part| part.source != PartSource::Text);
        let value = if is_file { "path of the file" } else { "value" };
        rows.push(row(vec![
            cell(RowPart::On, "", FieldKind::Check, FieldWidth::Cells(3)),
            hinted(cell(RowPart::Name, "", FieldKind::Line, FieldWidth::Fill(2)), "field"),
            cell(RowPart::Source, "", FieldKind::Choice, FieldWidth::Cells(11)),
            hinted(cell(RowPart::Value, "", FieldKind::Line, FieldWidth::Fill(3)), value),
        ]));
        let has_more = |part: &FormPart| {
            is_file || !part.file_name.is_empty() || !part.content_type.is_empty()
        };
        if part.is_some_and(has_more) {
            let kind = cell(RowPart::Type, "    type", FieldKind::Line, FieldWidth::Fill(2));
            let name = cell(RowPart::FileName, "file name", FieldKind::Line, FieldWidth::Fill(3));
            rows.push(row(vec![hinted(kind, "by extension"), hinted(name, "the file's own")]));
        }
    }
}

fn auth(rows: &mut Vec<FormLine>, spec: &Spec) {
    single(rows, FormFieldId::AuthKind, "Authorization", FieldKind::Choice);
    let Spec::Http(http) = spec else { return };
    match http.auth {
        Auth::None => {}
        Auth::Basic { .. } => {
            single(rows, FormFieldId::AuthUser, "User", FieldKind::Line);
            single(rows, FormFieldId::AuthPassword, "Password", FieldKind::Secret);
        }
        Auth::Bearer(_) => single(rows, FormFieldId::AuthToken, "Token", FieldKind::Secret),
    }
}

fn body(rows: &mut Vec<FormLine>, spec: &Spec, slot: BodySlot) {
    if slot == BodySlot::Request {
        single(rows, FormFieldId::BodyKind(slot), "Body", FieldKind::Choice);
    }
    match super::access::body(spec, slot) {
        Some(HttpBody::Text(_) | HttpBody::Json(_)) => {
            area(rows, FormFieldId::Body(slot), "type or paste; {{names}} are filled in");
        }
        Some(HttpBody::Payload(payload)) => {
            let hint = match payload.format {
                PayloadFormat::Text => "text with \\r \\n \\xNN escapes; {{names}} are filled in",
                PayloadFormat::Hex => "hex digits, or a pasted xxd, hexdump or Wireshark dump",
            };
            area(rows, FormFieldId::Body(slot), hint);
        }
        Some(HttpBody::Multipart(_)) => parts(rows, spec, RowList::Form(slot)),
        Some(HttpBody::File(_)) => single(rows, FormFieldId::Body(slot), "File", FieldKind::Line),
        Some(HttpBody::Form(_)) => list(rows, spec, RowList::Form(slot), "field", "value"),
        _ => {}
    }
}

fn options(rows: &mut Vec<FormLine>, spec: &Spec) {
    match spec {
        Spec::Http(_) => {
            single(rows, FormFieldId::Timeout, "Timeout (head, silent body)", FieldKind::Line);
            single(rows, FormFieldId::Verify, "Verify TLS certificates", FieldKind::Check);
            single(rows, FormFieldId::Redirects, "Redirects followed at most", FieldKind::Line);
        }
        Spec::HttpListener(http) => listener_tls(rows, &http.tls),
        Spec::Tcp(tcp) => {
            single(rows, FormFieldId::Tls, "TLS", FieldKind::Check);
            if matches!(tcp.tls, ClientTls::On { .. }) {
                single(rows, FormFieldId::Verify, "Verify TLS certificates", FieldKind::Check);
                single(rows, FormFieldId::Sni, "Server name (empty = host)", FieldKind::Line);
            }
            single(rows, FormFieldId::ConnectTimeout, "Connect timeout", FieldKind::Line);
            session(rows);
        }
        Spec::TcpListener(tcp) => {
            listener_tls(rows, &tcp.tls);
            single(rows, FormFieldId::Greeting, "Greeting sent to each client", FieldKind::Line);
            session(rows);
        }
        Spec::Udp(_) => {
            single(
                rows,
                FormFieldId::Source,
                "Source port (:port or address:port)",
                FieldKind::Line,
            );
            session(rows);
        }
        Spec::UdpListener(_) => session(rows),
    }
}

fn session(rows: &mut Vec<FormLine>) {
    single(rows, FormFieldId::LineEnding, "Line ending of the input line", FieldKind::Choice);
    single(rows, FormFieldId::Format, "Input line", FieldKind::Choice);
}

fn listener_tls(rows: &mut Vec<FormLine>, tls: &ListenerTls) {
    single(rows, FormFieldId::ListenerTls, "TLS", FieldKind::Choice);
    if matches!(tls, ListenerTls::Files { .. }) {
        single(rows, FormFieldId::CertificateFile, "Certificate chain (PEM file)", FieldKind::Line);
        single(rows, FormFieldId::KeyFile, "Private key (PEM file)", FieldKind::Line);
    }
}

fn answers(rows: &mut Vec<FormLine>, spec: &Spec) {
    let Spec::HttpListener(HttpListenerSpec { rules, .. }) = spec else { return };
    for at in 0..rules.len() {
        rows.push(row(vec![
            hinted(
                field(FormFieldId::RuleMethod(at), "", FieldKind::Line, FieldWidth::Cells(9)),
                "any",
            ),
            hinted(
                field(FormFieldId::RulePath(at), "", FieldKind::Line, FILL),
                "/path, * matches anything",
            ),
            field(
                FormFieldId::Status(BodySlot::Rule(at)),
                "",
                FieldKind::Line,
                FieldWidth::Cells(5),
            ),
            field(
                FormFieldId::Delay(BodySlot::Rule(at)),
                "delay",
                FieldKind::Line,
                FieldWidth::Cells(12),
            ),
            field(
                FormFieldId::BodyKind(BodySlot::Rule(at)),
                "",
                FieldKind::Choice,
                FieldWidth::Cells(11),
            ),
        ]));
        list(rows, spec, RowList::Answer(BodySlot::Rule(at)), "Header", "value");
        body(rows, spec, BodySlot::Rule(at));
    }
    single(rows, FormFieldId::Add, "+ answer for a method and path", FieldKind::Button);
    rows.push(row(vec![
        field(
            FormFieldId::Status(BodySlot::Default),
            "otherwise",
            FieldKind::Line,
            FieldWidth::Cells(15),
        ),
        field(
            FormFieldId::Delay(BodySlot::Default),
            "delay",
            FieldKind::Line,
            FieldWidth::Cells(12),
        ),
        field(
            FormFieldId::BodyKind(BodySlot::Default),
            "body",
            FieldKind::Choice,
            FieldWidth::Cells(16),
        ),
    ]));
    list(rows, spec, RowList::Answer(BodySlot::Default), "Header", "value");
    body(rows, spec, BodySlot::Default);
}

fn rules(rows: &mut Vec<FormLine>, spec: &Spec) {
    let len = super::access::rules(spec).map_or(0, Vec::len);
    for at in 0..len {
        rows.push(row(vec![
            field(FormFieldId::When(at), "when", FieldKind::Choice, FieldWidth::Cells(16)),
            hinted(field(FormFieldId::WhenText(at), "", FieldKind::Line, FILL), "what arrives"),
        ]));
        rows.push(row(vec![
            hinted(
                field(FormFieldId::Reply(at), "  send", FieldKind::Line, FILL),
                "{{message}} is what arrived, {{match}} what matched",
            ),
            field(FormFieldId::ReplyFormat(at), "", FieldKind::Choice, FieldWidth::Cells(6)),
            field(FormFieldId::ReplyDelay(at), "delay", FieldKind::Line, FieldWidth::Cells(12)),
        ]));
    }
    single(rows, FormFieldId::Add, "+ automatic answer (a new one echoes)", FieldKind::Button);
}

fn steps(rows: &mut Vec<FormLine>, spec: &Spec) {
    let steps = super::access::steps(spec).map_or(&[][..], Vec::as_slice);
    for (at, step) in steps.iter().enumerate() {
        let mut fields = vec![
            field(FormFieldId::StepKind(at), "", FieldKind::Choice, FieldWidth::Cells(9)),
            hinted(
                field(FormFieldId::StepText(at), "", FieldKind::Line, FILL),
                "text with \\r\\n escapes",
            ),
            field(FormFieldId::StepFormat(at), "", FieldKind::Choice, FieldWidth::Cells(6)),
        ];
        if matches!(step, ScriptStep::Expect { .. }) {
            fields.push(field(
                FormFieldId::StepWithin(at),
                "within",
                FieldKind::Line,
                FieldWidth::Cells(12),
            ));
        }
        rows.push(row(fields));
    }
    single(rows, FormFieldId::Add, "+ step done once connected", FieldKind::Button);
}
