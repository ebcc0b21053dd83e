//! `Preset` to [`Node`]: only what differs from the defaults, in the order people read it.

use std::time::Duration;

use super::node::{Node, Table};
use super::row::{self, Joint};
use crate::model::http::{
    Auth, FormPart, HttpAnswer, HttpBody, HttpListenerSpec, HttpRule, HttpSpec, PartSource,
};
use crate::model::listener::{Rule, TcpListenerSpec, UdpListenerSpec, When};
use crate::model::payload::{LineEnding, Payload, PayloadFormat};
use crate::model::spec::{NameValue, Spec};
use crate::model::stream::{ScriptStep, TcpSpec, UdpSpec};
use crate::model::tls::{ClientTls, ListenerTls, Verify};

/// Wait of an `expect` step that names none.
pub(super) const EXPECT_WITHIN: Duration = Duration::from_secs(5);
/// Path of an HTTP rule that names none.
pub(super) const ANY_PATH: &str = "*";

/// The whole file.
pub(super) fn preset(about: &str, spec: &Spec) -> Table {
    let mut root = Table::default();
    root.text_unless("about", about, "");
    let (section, table) = match spec {
        Spec::Http(spec) => ("http", http(spec)),
        Spec::HttpListener(spec) => ("http-listener", http_listener(spec)),
        Spec::Tcp(spec) => ("tcp", tcp(spec)),
        Spec::TcpListener(spec) => ("tcp-listener", tcp_listener(spec)),
        Spec::Udp(spec) => ("udp", udp(spec)),
        Spec::UdpListener(spec) => ("udp-listener", udp_listener(spec)),
    };
    root.set(section, Node::Table(table));
    root
}

fn http(spec: &HttpSpec) -> Table {
    let default = HttpSpec::default();
    let mut table = Table::default();
    table.text_unless("method", &spec.method, &default.method);
    table.text("url", &spec.url);
    table.set_some("headers", rows(&spec.headers, Joint::Colon));
    table.set_some("query", rows(&spec.query, Joint::Equals));
    table.set_some("auth", auth(&spec.auth));
    table.set_some("timeout", time_unless(spec.timeout, default.timeout));
    if spec.verify == Verify::Off {
        table.set("verify", Node::Flag(false));
    }
    if spec.redirects != default.redirects {
        table.set("redirects", Node::Number(spec.redirects.into()));
    }
    table.set_some("body", body(&spec.body));
    table
}

fn auth(auth: &Auth) -> Option<Node> {
    match auth {
        Auth::None => None,
        Auth::Bearer(token) => Some(Table::one("bearer", Node::Text(token.clone()))),
        Auth::Basic { user, password } => {
            let mut basic = Table::default();
            basic.text("user", user);
            basic.text("password", password);
            Some(Table::one("basic", Node::Table(basic)))
        }
    }
}

fn body(body: &HttpBody) -> Option<Node> {
    let node = match body {
        HttpBody::None => return None,
        HttpBody::Text(text) | HttpBody::Json(text) | HttpBody::File(text) => {
            Node::Text(text.clone())
        }
        HttpBody::Payload(payload) => Node::Text(payload.text.clone()),
        HttpBody::Form(fields) => Node::List(row_list(fields, Joint::Equals)),
        HttpBody::Multipart(parts) => Node::List(parts.iter().map(part).collect()),
    };
    Some(Table::one(body.kind(), node))
}

/// `name=value` for a plain text field, else a table.
fn part(part: &FormPart) -> Node {
    let FormPart { off, name, source, value, file_name, content_type } = part;
    let is_plain = *source == PartSource::Text && file_name.is_empty() && content_type.is_empty();
    let row = NameValue { enabled: !off, ..NameValue::new(&**name, &**value) };
    if let Some(line) = row::print(&row, Joint::Equals).filter(|_| is_plain) {
        return Node::Text(line);
    }
    let mut table = Table::default();
    table.text("name", name);
    let key = match source {
        PartSource::Text => "value",
        PartSource::File => "file",
        PartSource::FileText => "text-file",
    };
    table.text(key, value);
    table.text_unless("file-name", file_name, "");
    table.text_unless("type", content_type, "");
    if *off {
        table.set("off", Node::Flag(true));
    }
    Node::Table(table)
}

fn http_listener(spec: &HttpListenerSpec) -> Table {
    let mut table = Table::default();
    table.text("bind", &spec.bind);
    table.set_some("tls", listener_tls(&spec.tls));
    http_answer(&mut table, &spec.answer);
    table.set_some("rule", list(&spec.rules, http_rule));
    table
}

fn http_rule(rule: &HttpRule) -> Node {
    let mut table = Table::default();
    table.text_unless("method", &rule.method, "");
    table.text_unless("path", &rule.path, ANY_PATH);
    http_answer(&mut table, &rule.answer);
    Node::Table(table)
}

fn http_answer(table: &mut Table, answer: &HttpAnswer) {
    let default = HttpAnswer::default();
    if answer.status != default.status {
        table.set("status", Node::Number(answer.status.into()));
    }
    table.set_some("headers", rows(&answer.headers, Joint::Colon));
    table.set_some("delay", time_unless(answer.delay, default.delay));
    table.set_some("body", body(&answer.body));
}

fn tcp(spec: &TcpSpec) -> Table {
    let default = TcpSpec::default();
    let mut table = Table::default();
    table.text("address", &spec.address);
    table.set_some("tls", client_tls(&spec.tls));
    table.set_some("connect-timeout", time_unless(spec.connect_timeout, default.connect_timeout));
    input_line(&mut table, (spec.line_ending, default.line_ending), spec.format);
    table.set_some("step", list(&spec.steps, step));
    table
}

fn udp(spec: &UdpSpec) -> Table {
    let mut table = Table::default();
    table.text("address", &spec.address);
    table.text_unless("source", &spec.source, "");
    input_line(&mut table, (spec.line_ending, UdpSpec::default().line_ending), spec.format);
    table.set_some("step", list(&spec.steps, step));
    table
}

fn tcp_listener(spec: &TcpListenerSpec) -> Table {
    let mut table = Table::default();
    table.text("bind", &spec.bind);
    table.set_some("tls", listener_tls(&spec.tls));
    if spec.greeting != Payload::default() {
        table.set("greeting", payload(&spec.greeting));
    }
    input_line(&mut table, (spec.line_ending, TcpListenerSpec::default().line_ending), spec.format);
    table.set_some("rule", list(&spec.rules, rule));
    table
}

fn udp_listener(spec: &UdpListenerSpec) -> Table {
    let mut table = Table::default();
    table.text("bind", &spec.bind);
    input_line(&mut table, (spec.line_ending, UdpListenerSpec::default().line_ending), spec.format);
    table.set_some("rule", list(&spec.rules, rule));
    table
}

fn input_line(table: &mut Table, ending: (LineEnding, LineEnding), format: PayloadFormat) {
    table.text_unless("line-ending", ending.0.name(), ending.1.name());
    if format == PayloadFormat::Hex {
        table.text("format", "hex");
    }
}

fn step(step: &ScriptStep) -> Node {
    let mut table = Table::default();
    match step {
        ScriptStep::Send(data) => table.set("send", payload(data)),
        ScriptStep::Expect { payload: data, within } => {
            table.set("expect", payload(data));
            table.set_some("within", time_unless(*within, EXPECT_WITHIN));
        }
    }
    Node::Table(table)
}

fn rule(rule: &Rule) -> Node {
    let mut table = Table::default();
    let when = match &rule.when {
        When::Always => None,
        When::Contains(text) => Some(format!("contains '{text}'")),
        When::Equals(text) => Some(format!("equals '{text}'")),
        When::StartsWith(text) => Some(format!("starts-with '{text}'")),
        When::Matches(text) => Some(format!("matches '{text}'")),
    };
    table.set_some("when", when.map(Node::Text));
    table.set("send", payload(&rule.send));
    table.set_some("delay", time_unless(rule.delay, Duration::ZERO));
    Node::Table(table)
}

fn payload(payload: &Payload) -> Node {
    let text = Node::Text(payload.text.clone());
    match payload.format {
        PayloadFormat::Text => text,
        PayloadFormat::Hex => Table::one("hex", text),
    }
}

fn client_tls(tls: &ClientTls) -> Option<Node> {
    let ClientTls::On { verify, sni } = tls else { return None };
    let mut table = Table::default();
    if *verify == Verify::Off {
        table.set("verify", Node::Flag(false));
    }
    table.text_unless("sni", sni, "");
    Some(if table.0.is_empty() { Node::Flag(true) } else { Node::Table(table) })
}

fn listener_tls(tls: &ListenerTls) -> Option<Node> {
    match tls {
        ListenerTls::Off => None,
        ListenerTls::Generated => Some(Node::Flag(true)),
        ListenerTls::Files { certificate, key } => {
            let mut table = Table::default();
            table.text("certificate", certificate);
            table.text("key", key);
            Some(Node::Table(table))
        }
    }
}

fn time_unless(time: Duration, default: Duration) -> Option<Node> {
    (time != default).then(|| Node::Text(crate::model::timing::show_duration(time)))
}

fn list<T>(items: &[T], node: fn(&T) -> Node) -> Option<Node> {
    (!items.is_empty()).then(|| Node::List(items.iter().map(node).collect()))
}

fn rows(rows: &[NameValue], joint: Joint) -> Option<Node> {
    (!rows.is_empty()).then(|| Node::List(row_list(rows, joint)))
}

fn row_list(rows: &[NameValue], joint: Joint) -> Vec<Node> {
    let node = |row: &NameValue| row::print(row, joint).map_or_else(|| exact_row(row), Node::Text);
    rows.iter().map(node).collect()
}

/// A row that no line can mean, spelled out.
fn exact_row(row: &NameValue) -> Node {
    let mut table = Table::default();
    table.text("name", &row.name);
    table.text("value", &row.value);
    if !row.enabled {
        table.set("off", Node::Flag(true));
    }
    Node::Table(table)
}
