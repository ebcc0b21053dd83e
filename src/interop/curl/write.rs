//! Writes a planned request as a curl command for a POSIX shell.

use std::fmt::Write;

use super::form;
use super::quote::{is_seen, printf, word};
use crate::interop::network_words;
use crate::interop::secrets::{SecretRun, WrittenValue, runs};
use crate::interop::socket_options;
use crate::interop::wire_request::WireRequest;
use crate::model::http::{AwsKeys, VersionChoice};
use crate::model::plan::{HttpPlan, LengthHeader, Plan, PlanBody};
use crate::model::trust::Verify;

/// Longest body given as an argument; Linux allows 128 KiB for one.
const ARGUMENT_MAX: usize = 100_000;

/// From this length on curl asks `Expect: 100-continue` unless told not to.
const EXPECT_FROM: usize = 1024 * 1024;

/// The command that sends the same request; a comment that says so for what curl does not speak
///. Credentials stand in it as they stand in the plan (see
/// [`secrets`](crate::interop::secrets)).
#[must_use]
pub fn write(plan: &Plan) -> String {
    match plan {
        Plan::Http(plan) => command(plan),
        Plan::HttpListener(_)
        | Plan::TcpListener(_)
        | Plan::UdpListener(_)
        | Plan::WsListener(_) => "# curl is a client; it cannot listen\n".into(),
        Plan::HttpRelay(_) | Plan::TcpRelay(_) | Plan::UdpRelay(_) => {
            "# curl is a client; it cannot relay\n".into()
        }
        Plan::Tcp(_) | Plan::Udp(_) => {
            format!("# curl has no plain {} sessions\n", plan.protocol().title())
        }
        Plan::Ws(_) => "# curl on its command line cannot talk over a WebSocket\n".into(),
    }
}

fn command(plan: &HttpPlan) -> String {
    let wire = WireRequest::new(plan);
    let mut lines: Vec<String> = Vec::new();
    lines.extend(method(&wire));
    lines.push(word(&plan.url));
    lines.extend(switches(&wire));
    if let Some((user, password)) = wire.basic() {
        lines.push(format!("-u {}", word(&format!("{user}:{password}"))));
    }
    if let Some((user, password)) = wire.digest() {
        lines.push(format!("--digest -u {}", word(&format!("{user}:{password}"))));
    }
    lines.extend(wire.aws().into_iter().flat_map(aws));
    for (name, value) in wire.headers().filter(|(name, value)| !wire.is_form_type(name, value)) {
        let value = wire.without_boundary(name, value);
        let header = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        lines.push(format!("-H {}", word(&header)));
    }
    for name in unwanted(&wire) {
        lines.push(format!("-H {}", word(&format!("{name}:"))));
    }
    let (pipe, data) = body(&wire);
    lines.extend(data);
    let mut notes = String::new();
    if !plan.trust.0.is_empty() {
        let _ = writeln!(notes, "# curl cannot accept one certificate by its hash: {}", plan.trust);
    }
    if !plan.sni.is_empty() {
        let _ = writeln!(notes, "# curl asks TLS for the host of the URL, not for {}", plan.sni);
    }
    if plan.version == VersionChoice::Http2 {
        notes.push_str("# curl takes HTTP/1.1 too where the server does not speak HTTP/2\n");
    }
    for (name, written) in marked(&wire) {
        let how = match written {
            WrittenValue::AsIs => continue,
            WrittenValue::Encoded => "has to be percent-encoded",
            WrittenValue::InUrl => {
                "goes into the URL as it is: blanks and # in it have to be percent-encoded"
            }
            WrittenValue::InJson => "has to be escaped as JSON",
        };
        let _ = writeln!(notes, "# {name} {how}");
    }
    format!("{notes}{pipe}curl {}\n", lines.join(" \\\n  "))
}

/// Who signs for AWS; curl reads the token of keys that last for a while from a header.
fn aws(keys: &AwsKeys) -> Vec<String> {
    let AwsKeys { access_key, secret_key, session_token, region, service } = keys;
    let place = word(&format!("aws:amz:{region}:{service}"));
    let mut lines = vec![
        format!("--aws-sigv4 {place}"),
        format!("-u {}", word(&format!("{access_key}:{secret_key}"))),
    ];
    if !session_token.is_empty() {
        lines.push(format!("-H {}", word(&format!("X-Amz-Security-Token: {session_token}"))));
    }
    lines
}

/// The variables of a request, and how their values are written, each once.
fn marked<'a>(wire: &WireRequest<'a>) -> Vec<(&'a str, WrittenValue)> {
    let headers = wire.plan.headers.iter().map(|(_, value)| value.as_bytes());
    let texts = [wire.plan.url.as_bytes()].into_iter().chain(headers).chain(wire.body);
    let mut found = Vec::new();
    for run in texts.flat_map(runs) {
        if let SecretRun::Variable { name, written } = run
            && !found.contains(&(name, written))
        {
            found.push((name, written));
        }
    }
    found
}

fn method(wire: &WireRequest<'_>) -> Option<String> {
    match wire.plan.method.as_str() {
        "GET" if !wire.has_body() => None,
        "POST" if wire.has_body() => None,
        "HEAD" if !wire.has_body() => Some("--head".into()),
        method => Some(format!("-X {}", word(method))),
    }
}

fn switches(wire: &WireRequest<'_>) -> Vec<String> {
    let plan = wire.plan;
    let mut switches = Vec::new();
    let version = match plan.version {
        // curl says nothing either: under TLS the server chooses.
        VersionChoice::Auto => None,
        VersionChoice::Http10 => Some("--http1.0"),
        VersionChoice::Http11 => plan.url.starts_with("https:").then_some("--http1.1"),
        VersionChoice::Http2 => Some("--http2"),
        VersionChoice::Http2PriorKnowledge => Some("--http2-prior-knowledge"),
    };
    switches.extend(version.map(str::to_owned));
    let is_put_in = |run: &SecretRun<'_>| {
        matches!(run, SecretRun::Variable { written: WrittenValue::InUrl, .. })
    };
    // What a value holds is no pattern either.
    if plan.url.contains(['{', '[']) || runs(plan.url.as_bytes()).iter().any(is_put_in) {
        switches.push("--globoff".into());
    }
    if plan.url.contains("/.") {
        switches.push("--path-as-is".into());
    }
    if plan.verify == Verify::Off {
        switches.push("--insecure".into());
    }
    if plan.redirects > 0 {
        switches.push(format!("--location --max-redirs {}", plan.redirects));
    }
    if let Some((name, value)) = plan.unix_socket.as_ref().map(socket_options::curl_unix) {
        switches.push(format!("--{name} {}", word(value)));
    }
    let options = socket_options::curl_options(&plan.client, &plan.socket);
    switches.extend(options.iter().map(|(name, value)| format!("--{name} {}", word(value))));
    let transfer = network_words::curl_transfer(&plan.transfer);
    switches.extend(transfer.iter().map(|(name, value)| format!("--{name} {}", word(value))));
    for (name, value) in network_words::curl_tls(&plan.tls) {
        let value = if value.is_empty() { String::new() } else { format!(" {}", word(value)) };
        switches.push(format!("--{name}{value}"));
    }
    if wire.has("accept-encoding") {
        // Asks for what curl can decode, unless a header below says what to ask for.
        switches.push("--compressed".into());
    }
    switches
}

/// Headers curl would add although the request does not have them.
fn unwanted(wire: &WireRequest<'_>) -> Vec<&'static str> {
    let long = wire.body.is_some_and(|body| body.len() >= EXPECT_FROM);
    let from_files = !matches!(wire.plan.body, PlanBody::Bytes(_));
    let has_length = from_files && wire.plan.length == LengthHeader::Added;
    let added = [
        ("Host", true),
        ("User-Agent", true),
        ("Accept", true),
        ("Content-Type", wire.has_body()),
        ("Content-Length", wire.has_body() && !wire.chunked && !has_length),
        ("Expect", long || from_files),
    ];
    let kept = added.into_iter().filter(|(name, applies)| *applies && !wire.has(name));
    kept.map(|(name, _)| name).collect()
}

/// A text without what stands for variables.
fn bare(text: &str) -> String {
    let plain = |run: SecretRun<'_>| match run {
        SecretRun::Text(text) => String::from_utf8_lossy(text).into_owned(),
        SecretRun::Variable { .. } => String::new(),
    };
    runs(text.as_bytes()).into_iter().map(plain).collect()
}

/// What feeds curl's standard input, and the options that name the body.
fn body(wire: &WireRequest<'_>) -> (String, Vec<String>) {
    match &wire.plan.body {
        PlanBody::File(path) => {
            let file = word(&format!("@{}", path.display()));
            return (String::new(), vec![format!("--data-binary {file}")]);
        }
        PlanBody::Multipart { parts, .. } => {
            return (String::new(), parts.iter().map(form::write).collect());
        }
        PlanBody::Bytes(_) => {}
    }
    let Some(body) = wire.body else { return (String::new(), Vec::new()) };
    match std::str::from_utf8(body) {
        // A mark is no sign that anybody would see.
        Ok(text) if body.len() <= ARGUMENT_MAX && is_seen(&bare(text)) => {
            (String::new(), vec![format!("--data-raw {}", word(text))])
        }
        _ => (format!("printf {} | ", printf(body)), vec!["--data-binary @-".into()]),
    }
}
