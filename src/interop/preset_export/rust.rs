//! Presets as one Rust program that needs nothing but `std`: a function for each, called in their order, or one of
//! them by its name. `std` has no TLS, so neither has this.

use std::fmt::Write as _;

use super::bodies::one_line;
use super::commands::say_checks;
use super::order::{ExportRemarks, ExportedFile, ExportedPreset, PresetExport, PresetExportOrder};
use super::planned::{NameUse, planned};
use super::rust_helpers::{
    ENCODED, EXPECT, EXPECT_DATAGRAM, EXPECT_TCP, EXPECT_UNIX, HAS, IN_JSON, IN_URL, VARIABLE,
};
use crate::codec::multipart;
use crate::compose::address::UrlParts;
use crate::interop::secrets::{SecretRun, WrittenValue, has_variable, runs};
use crate::interop::wire_request::WireRequest;
use crate::model::awaited::AwaitedPlan;
use crate::model::endpoint::Endpoint;
use crate::model::plan::{
    HttpPlan, LengthHeader, PartContent, PlanBody, StepPlan, TcpPlan, UdpPlan,
};
use crate::model::tls::ClientTls;
use crate::model::unix_name::UnixName;
use crate::model::url_text::UrlText;

/// Writes the presets of an order as one program.
pub(super) fn write(order: &PresetExportOrder, name: &str) -> PresetExport {
    let mut remarks = ExportRemarks::default();
    let (mut functions, mut calls, mut count) = (String::new(), String::new(), 0);
    for preset in &order.presets {
        let Some(body) = function(preset, order.with_secrets, &mut remarks) else { continue };
        count += 1;
        let called = format!("preset_{count}");
        let path = one_line(preset.path.as_str());
        let _ =
            write!(functions, "\n/// {path}\nfn {called}() -> std::io::Result<()> {{\n{body}}}\n");
        let _ = writeln!(calls, "        ({path:?}, {called}),");
    }
    let text = program(&functions, &calls);
    PresetExport { files: vec![ExportedFile::text(name, text)], count, remarks }
}

fn program(functions: &str, calls: &str) -> String {
    let has = |word: &str| functions.contains(word);
    let mut helpers = String::new();
    let waits = has("expect(&mut stream");
    let (by_tcp, by_unix) = (has("TcpStream"), has("UnixStream"));
    for (is_needed, helper) in [
        (waits, EXPECT),
        (waits && by_tcp, EXPECT_TCP),
        (waits && by_unix, EXPECT_UNIX),
        (has("expect_datagram("), EXPECT_DATAGRAM),
        (has("has(data"), HAS),
        (has("variable(\""), VARIABLE),
        (has("encoded(&"), ENCODED),
        (has("in_url(&"), IN_URL),
        (has("in_json(&"), IN_JSON),
    ] {
        helpers.push_str(if is_needed { helper } else { "" });
    }
    let mut uses = String::new();
    let reads = has(".read") || has("expect(");
    let io: Vec<&str> =
        [(has("expect(&mut stream"), "ErrorKind"), (reads, "Read"), (true, "Write")]
            .into_iter()
            .filter_map(|(is_needed, name)| is_needed.then_some(name))
            .collect();
    let _ = writeln!(uses, "use std::io::{{{}}};", io.join(", "));
    let net: Vec<&str> = [(by_tcp, "TcpStream"), (has("UdpSocket"), "UdpSocket")]
        .into_iter()
        .filter_map(|(is_needed, name)| is_needed.then_some(name))
        .collect();
    if !net.is_empty() {
        let _ = writeln!(uses, "use std::net::{{{}}};", net.join(", "));
    }
    if by_unix {
        uses.push_str("use std::os::unix::net::UnixStream;\n");
    }
    uses.push_str("use std::time::{Duration, Instant};\n");
    format!(
        "// rustc --edition 2021 FILE.rs, then run it: all presets in their order, or the one that is named.
#![allow(unused_imports)]
{uses}
type Preset = (&'static str, fn() -> std::io::Result<()>);

fn main() -> std::io::Result<()> {{
    let presets: &[Preset] = &[
{calls}    ];
    let wanted = std::env::args().nth(1);
    for (name, send) in presets {{
        if wanted.as_deref().is_none_or(|wanted| wanted == *name) {{
            eprintln!(\"# {{name}}\");
            send()?;
        }}
    }}
    Ok(())
}}
{functions}{helpers}"
    )
}

fn function(
    preset: &ExportedPreset,
    with_secrets: bool,
    remarks: &mut ExportRemarks,
) -> Option<String> {
    let place = preset.path.as_str();
    let planned = match planned(preset, NameUse::Filled, with_secrets) {
        Ok(planned) => planned,
        Err(why) => {
            remarks.say("left out, as it cannot be sent", format!("{place} ({why})"));
            return None;
        }
    };
    let address = planned.address.as_deref();
    let plan = &planned.plan;
    let (http, tcp) = (plan.as_http(), plan.as_tcp());
    let body = if let Some(plan) = http {
        let is_tls = UrlText::literal(&plan.url).scheme == "https";
        if is_tls { None } else { Some(request(plan, place, remarks)?) }
    } else if let Some(plan) = tcp {
        (plan.tls == ClientTls::Off).then(|| stream(plan, address, place, remarks))
    } else {
        plan.as_udp().map(|plan| datagrams(plan, address, place, remarks))
    };
    let Some(body) = body else {
        let plan = &planned.plan;
        let is_client = !plan.side().listens();
        let over = if is_client { " over TLS" } else { "" };
        let (what, protocol) = (plan.side().into_str(), plan.protocol().title());
        remarks.say(format!("left out, as Rust has no {what} of {protocol}{over} here"), place);
        return None;
    };
    for name in &planned.missing {
        remarks.say(
            "names without a value, which are variables of the system there",
            format!("{{{{{name}}}}}"),
        );
    }
    say_checks(&preset.spec, "Rust", place, remarks);
    Some(body)
}

/// The steps of a conversation, and what comes behind them.
fn stream(
    plan: &TcpPlan,
    address: Option<&str>,
    place: &str,
    remarks: &mut ExportRemarks,
) -> String {
    let connect = connect(&plan.endpoint, address);
    let steps = steps(&plan.steps, Socket::Stream, place, remarks);
    format!(
        "    let mut stream = {connect};\n{steps}    let mut rest = Vec::new();\n    stream.set_read_timeout(Some(Duration::from_secs(5)))?;\n    let _ = stream.read_to_end(&mut rest);\n    std::io::stdout().write_all(&rest)\n"
    )
}

/// The same with datagrams.
fn datagrams(
    plan: &UdpPlan,
    address: Option<&str>,
    place: &str,
    remarks: &mut ExportRemarks,
) -> String {
    let local = if plan.endpoint.host.contains(':') { "[::]:0" } else { "0.0.0.0:0" };
    let peer = address.map_or_else(|| endpoint(&plan.endpoint), |it| string(it.as_bytes()));
    let peer = format!("String::from({peer})");
    let ttl = plan.socket.ttl;
    let ttl = ttl.map_or_else(String::new, |ttl| format!("    socket.set_ttl({ttl})?;\n"));
    let steps = steps(&plan.steps, Socket::Datagram, place, remarks);
    format!(
        "    let socket = UdpSocket::bind({local:?})?;\n{ttl}    let peer = {peer};\n{steps}    let mut piece = [0; 65536];\n    socket.set_read_timeout(Some(Duration::from_secs(2)))?;\n    while let Ok((count, _)) = socket.recv_from(&mut piece) {{\n        std::io::stdout().write_all(&piece[..count])?;\n    }}\n    Ok(())\n"
    )
}

/// The request as it goes out, and what comes back until the peer is done.
fn request(plan: &HttpPlan, place: &str, remarks: &mut ExportRemarks) -> Option<String> {
    let wire = WireRequest::new(plan);
    let parts = UrlText::literal(&plan.url);
    let target =
        UrlParts::parse(&plan.url).map_or_else(|_| parts.target.to_owned(), |it| it.target);
    let mut head = format!("{} {target} HTTP/1.1\r\n", plan.method);
    let is_of_variables = wire.body.is_some_and(has_variable) && wire.has("content-length");
    for (name, value) in &plan.headers {
        if is_of_variables && name.eq_ignore_ascii_case("content-length") {
            continue;
        }
        // Nobody unpacks the answer there, and nothing else comes over this connection.
        let is_ours =
            name.eq_ignore_ascii_case("accept-encoding") || name.eq_ignore_ascii_case("user-agent");
        if !(is_ours && wire.headers().all(|(own, _)| !own.eq_ignore_ascii_case(name))) {
            let _ = write!(head, "{name}: {value}\r\n");
        }
    }
    if plan.redirects > 0 {
        remarks.say("redirects, which the program does not follow", place);
    }
    if wire.chunked {
        remarks.say("left out, as it is sent in chunks", place);
        return None;
    }
    if !wire.has("connection") {
        head.push_str("Connection: close\r\n");
    }
    let (body, length) = body(&plan.body);
    let length = is_of_variables
        || length && plan.length == LengthHeader::Added && !wire.has("content-length");
    let length = if length {
        "    head.extend(format!(\"Content-Length: {}\\r\\n\", body.len()).into_bytes());\n"
    } else {
        ""
    };
    let connect = plan.unix_socket.as_ref().map_or_else(|| of_host(&parts), unix);
    Some(format!(
        "    let mut body: Vec<u8> = Vec::new();\n{}    let mut head: Vec<u8> = Vec::new();\n    head.extend_from_slice({});\n{length}    head.extend_from_slice(b\"\\r\\n\");\n    let mut stream = {connect};\n    stream.set_read_timeout(Some(Duration::from_millis({})))?;\n    stream.write_all(&head)?;\n    stream.write_all(&body)?;\n    let mut answer = Vec::new();\n    stream.read_to_end(&mut answer)?;\n    std::io::stdout().write_all(&answer)\n",
        body.concat(),
        bytes_of(head.as_bytes()),
        plan.head_timeout.as_millis().max(1),
    ))
}

/// The lines that make a body, and whether its length is known only there.
fn body(body: &PlanBody) -> (Vec<String>, bool) {
    match body {
        PlanBody::Bytes(bytes) => {
            (vec![format!("    body.extend_from_slice({});\n", bytes_of(bytes))], false)
        }
        PlanBody::File(path) => {
            let path = string(path.display().to_string().as_bytes());
            (vec![format!("    body.extend(std::fs::read({path})?);\n")], true)
        }
        PlanBody::Multipart { boundary, parts } => {
            let line = |piece: PartContent| match piece {
                PartContent::Bytes(bytes) => {
                    format!("    body.extend_from_slice({});\n", bytes_of(&bytes))
                }
                PartContent::File(path) => {
                    let path = string(path.display().to_string().as_bytes());
                    format!("    body.extend(std::fs::read({path})?);\n")
                }
            };
            let pieces = multipart::pieces(boundary, parts);
            (pieces.into_iter().map(line).collect(), true)
        }
    }
}

fn connect(peer: &Endpoint, address: Option<&str>) -> String {
    if let Some(name) = &peer.socket {
        return unix(name);
    }
    let address = address.map_or_else(|| endpoint(peer), |it| string(it.as_bytes()));
    format!("TcpStream::connect({address})?")
}

/// Connects to the host of a URL; a variable may hold its port, too.
fn of_host(url: &UrlText<'_>) -> String {
    let host_port = url.host_port;
    let has_port = url.port.is_some() || host_port.starts_with('\u{fdd0}');
    let address = if has_port { host_port.to_owned() } else { format!("{host_port}:80") };
    format!("TcpStream::connect({})?", string(address.as_bytes()))
}

fn unix(name: &UnixName) -> String {
    match name {
        UnixName::Path(path) => format!("UnixStream::connect({})?", string(path.as_bytes())),
        UnixName::Abstract(name) => {
            format!("UnixStream::connect({})?", string(format!("\0{name}").as_bytes()))
        }
    }
}

fn endpoint(peer: &Endpoint) -> String {
    let host = if peer.host.contains(':') { format!("[{}]", peer.host) } else { peer.host.clone() };
    string(format!("{host}:{}", peer.port).as_bytes())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Socket {
    Stream,
    Datagram,
}

fn steps(steps: &[StepPlan], socket: Socket, place: &str, remarks: &mut ExportRemarks) -> String {
    let mut out = String::new();
    for step in steps {
        let (awaited, within) = match step {
            StepPlan::Send(bytes) => {
                let bytes = bytes_of(bytes);
                let _ = match socket {
                    Socket::Stream => writeln!(out, "    stream.write_all({bytes})?;"),
                    Socket::Datagram => {
                        writeln!(out, "    socket.send_to({bytes}, peer.as_str())?;")
                    }
                };
                continue;
            }
            StepPlan::Expect { awaited, within } => (awaited, within),
        };
        let within = format!("Duration::from_millis({})", within.as_millis().max(1));
        let wanted = match awaited {
            AwaitedPlan::Bytes(bytes) => format!("has(data, {})", bytes_of(bytes)),
            AwaitedPlan::Length(count) => format!("data.len() >= {count}"),
            AwaitedPlan::Pattern(pattern) => {
                let test = |(at, byte): (usize, &Option<u8>)| {
                    byte.map(|byte| format!("window[{at}] == {byte}"))
                };
                let tests: Vec<String> = pattern.iter().enumerate().filter_map(test).collect();
                let tests = if tests.is_empty() { "true".to_owned() } else { tests.join(" && ") };
                format!("data.windows({}).any(|window| {tests})", pattern.len().max(1))
            }
            AwaitedPlan::Matches(_) | AwaitedPlan::Json(_) => {
                remarks.say("steps that wait for a match or for JSON, which std does not read; something has to come", place);
                "!data.is_empty()".to_owned()
            }
        };
        let _ = match socket {
            Socket::Stream => writeln!(out, "    expect(&mut stream, |data| {wanted}, {within})?;"),
            Socket::Datagram => {
                writeln!(out, "    expect_datagram(&socket, |data| {wanted}, {within})?;")
            }
        };
    }
    out
}

/// An expression for the value of a variable of the system, as it is written where it stands.
fn variable(name: &str, written: WrittenValue) -> String {
    let value = format!("variable({name:?})");
    match written {
        WrittenValue::AsIs => value,
        WrittenValue::Encoded => format!("encoded(&{value})"),
        WrittenValue::InUrl => format!("in_url(&{value})"),
        WrittenValue::InJson => format!("in_json(&{value})"),
    }
}

/// An expression for bytes that are borrowed.
fn bytes_of(bytes: &[u8]) -> String {
    let terms: Vec<String> = runs(bytes)
        .into_iter()
        .map(|run| match run {
            SecretRun::Text(text) => format!("&{}[..]", byte_literal(text)),
            SecretRun::Variable { name, written } => variable(name, written) + ".as_bytes()",
        })
        .collect();
    match terms.as_slice() {
        [] => "b\"\"".to_owned(),
        [one] if !has_variable(bytes) => {
            one.trim_start_matches('&').trim_end_matches("[..]").to_owned()
        }
        [one] => one.clone(),
        several => format!("&[{}].concat()", several.join(", ")),
    }
}

/// An expression for a text that is borrowed.
fn string(text: &[u8]) -> String {
    let terms: Vec<String> = runs(text)
        .into_iter()
        .map(|run| match run {
            SecretRun::Text(text) => text_literal(&String::from_utf8_lossy(text)),
            SecretRun::Variable { name, written } => variable(name, written) + ".as_str()",
        })
        .collect();
    match terms.as_slice() {
        [] => "\"\"".to_owned(),
        [one] => one.clone(),
        several => format!("[{}].concat().as_str()", several.join(", ")),
    }
}

fn byte_literal(bytes: &[u8]) -> String {
    let mut out = String::from("b\"");
    for byte in bytes {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(*byte)]),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b' '..=b'~' => out.push(char::from(*byte)),
            byte => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out + "\""
}

fn text_literal(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            c => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
        }
    }
    out + "\""
}
