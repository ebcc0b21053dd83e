//! HTTP clients with `requests` and with `urllib.request`.

use std::fmt::Write;

use super::literal::{bytes, header, lines, multipart, seconds, text};
use crate::interop::wire::WireRequest;
use crate::model::plan::{HttpPlan, PartContent, PlanBody};
use crate::model::tls::Verify;

/// Which library an HTTP client is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Library {
    #[default]
    Requests,
    Urllib,
}

/// The whole script; `requests` is kept from adding headers of its own that the plan has not.
pub(super) fn write(plan: &HttpPlan, library: Library) -> String {
    let wire = WireRequest::new(plan);
    match library {
        Library::Requests => requests(&wire),
        Library::Urllib => urllib(&wire),
    }
}

/// Headers `requests` sends unless it is told not to. Those of the first list are added by the
/// library below it, which knows a mark that means "none".
const SKIPPED: [&str; 3] = ["Host", "User-Agent", "Accept-Encoding"];
const OWN: [&str; 1] = ["Accept"];

fn requests(wire: &WireRequest<'_>) -> String {
    let plan = wire.plan;
    let skips = wire.missing(&SKIPPED).next().is_some();
    let mut script = String::from("import requests\n");
    if skips {
        script.push_str("from urllib3.util import SKIP_HEADER\n");
    }
    script.push('\n');
    let method = plan.method.as_str();
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].contains(&method);
    let prepared = !known && method != method.to_ascii_uppercase();
    if known {
        let _ = writeln!(script, "response = requests.{}(", method.to_ascii_lowercase());
    } else if prepared {
        // requests makes methods upper-case; a prepared request keeps what it is told.
        script
            .push_str("session = requests.Session()\nrequest = requests.Request(\n    \"GET\",\n");
    } else {
        let _ = writeln!(script, "response = requests.request(\n    {},", text(method));
    }
    let _ = writeln!(script, "    {},", text(&plan.url));
    let mut entries = header_entries(wire);
    entries.extend(wire.missing(&SKIPPED).map(|name| (text(name), "SKIP_HEADER".to_owned())));
    if !prepared {
        entries.extend(wire.missing(&OWN).map(|name| (text(name), "None".to_owned())));
    }
    script.push_str(&dictionary(wire, &entries));
    script.push_str(&requests_body(wire));
    if let Some((user, password)) = wire.basic() {
        let _ = writeln!(script, "    auth=({}, {}),", text(&user), text(&password));
    }
    let mut options = format!("    timeout={},\n", seconds(plan.head_timeout));
    if plan.redirects == 0 {
        options.push_str("    allow_redirects=False,\n");
    }
    if plan.verify == Verify::Off {
        options.push_str("    verify=False,\n");
    }
    if prepared {
        let _ = writeln!(script, ").prepare()\nrequest.method = {}", text(method));
        script.push_str("response = session.send(\n    request,\n");
    }
    let _ = writeln!(script, "{options})");
    script.push_str(
        "print(response.status_code, response.reason)\n\
         for name, value in response.headers.items():\n    print(f\"{name}: {value}\")\n\
         print()\nprint(response.text)\n",
    );
    script
}

fn requests_body(wire: &WireRequest<'_>) -> String {
    if let PlanBody::Multipart { parts, .. } = &wire.plan.body {
        let mut out = String::from("    files=[\n");
        for part in parts {
            let content = match &part.content {
                PartContent::Bytes(content) => bytes(content),
                PartContent::File(path) => file(path),
            };
            let name = part.file_name.as_deref().map_or_else(|| "None".to_owned(), text);
            let kind = part.content_type.as_deref().map(|kind| format!(", {}", text(kind)));
            let _ = writeln!(
                out,
                "        ({}, ({name}, {content}{})),",
                text(&part.name),
                kind.unwrap_or_default()
            );
        }
        out.push_str("    ],\n");
        return out;
    }
    let Some(body) = body(wire) else { return String::new() };
    // An iterator is sent in chunks.
    let body = if wire.chunked { format!("iter([{body}])") } else { body };
    format!("    data={body},\n")
}

fn file(path: &std::path::Path) -> String {
    format!("open({}, \"rb\")", text(&path.display().to_string()))
}

fn urllib(wire: &WireRequest<'_>) -> String {
    let plan = wire.plan;
    let unverified = plan.verify == Verify::Off;
    let mut script = String::new();
    if unverified {
        script.push_str("import ssl\n");
    }
    script.push_str("import urllib.error\nimport urllib.request\n\n");
    script.push_str("request = urllib.request.Request(\n");
    let _ = writeln!(script, "    {},", text(&plan.url));
    let _ = writeln!(script, "    method={},", text(&plan.method));
    let mut entries = header_entries(wire);
    let form_type = plan.headers.iter().find(|(name, value)| wire.is_form_type(name, value));
    entries.extend(form_type.map(|(name, value)| (header(name), header(value))));
    if let Some((user, password)) = wire.basic() {
        let credentials = format!("({} + \":\" + {})", text(&user), text(&password));
        let encoded = format!("base64.b64encode({credentials}.encode()).decode()");
        entries.push((text("Authorization"), format!("\"Basic \" + {encoded}")));
        script.insert_str(0, "import base64\n");
    }
    script.push_str(&dictionary(wire, &entries));
    if let Some(body) = body(wire) {
        let body = if wire.chunked { format!("[{body}]") } else { body };
        let _ = writeln!(script, "    data={body},");
    }
    script.push_str(")\n");
    let mut handlers = Vec::new();
    if unverified {
        script
            .push_str("context = ssl._create_unverified_context()  # whatever certificate it is\n");
        handlers.push("urllib.request.HTTPSHandler(context=context)");
    }
    if plan.redirects == 0 {
        script.push_str(
            "\n\nclass NoRedirects(urllib.request.HTTPRedirectHandler):\n    \
             def redirect_request(self, *args):\n        return None\n\n\n",
        );
        handlers.push("NoRedirects");
    }
    let _ = writeln!(script, "opener = urllib.request.build_opener({})", handlers.join(", "));
    if wire.missing(&["User-Agent"]).next().is_some() {
        script.push_str("opener.addheaders = []  # no User-Agent\n");
    }
    let _ = writeln!(
        script,
        "try:\n    response = opener.open(request, timeout={})\n\
         except urllib.error.HTTPError as error:\n    response = error  # 4xx and 5xx are answers too",
        seconds(plan.head_timeout)
    );
    script.push_str(
        "with response:\n    print(response.status, response.reason)\n    print(response.headers)\n    \
         print(response.read().decode(errors=\"replace\"))\n",
    );
    script
}

/// Names and values as Python writes them; a name that occurs twice is joined, as neither library
/// can send it twice.
fn header_entries(wire: &WireRequest<'_>) -> Vec<(String, String)> {
    let mut joined: Vec<(&str, String)> = Vec::new();
    for (name, value) in wire.headers().filter(|(name, value)| !wire.is_form_type(name, value)) {
        if wire.chunked && name.eq_ignore_ascii_case("transfer-encoding") {
            continue;
        }
        match joined.iter_mut().find(|(own, _)| own.eq_ignore_ascii_case(name)) {
            Some((_, known)) => {
                known.push_str(if name.eq_ignore_ascii_case("cookie") { "; " } else { ", " });
                known.push_str(value);
            }
            None => joined.push((name, value.into())),
        }
    }
    joined.into_iter().map(|(name, value)| (header(name), header(&value))).collect()
}

fn dictionary(wire: &WireRequest<'_>, entries: &[(String, String)]) -> String {
    if entries.is_empty() {
        return String::new();
    }
    let mut out = String::new();
    let names: Vec<String> = wire.headers().map(|(name, _)| name.to_ascii_lowercase()).collect();
    if names.iter().enumerate().any(|(at, name)| names.iter().skip(at + 1).any(|n| n == name)) {
        out.push_str("    # a dictionary holds a name once, so repeated headers are joined\n");
    }
    out.push_str("    headers={\n");
    for (name, value) in entries {
        let _ = writeln!(out, "        {name}: {value},");
    }
    out.push_str("    },\n");
    out
}

fn body(wire: &WireRequest<'_>) -> Option<String> {
    match &wire.plan.body {
        PlanBody::File(path) => Some(file(path)),
        PlanBody::Multipart { boundary, parts } => Some(multipart(boundary, parts, 4)),
        PlanBody::Bytes(_) => wire.body.map(|body| lines(body, 4)),
    }
}
