//! HTTP clients with `requests` and with `urllib.request`.

use std::fmt::Write;

use super::literal::{header, lines, text};
use super::{Library, seconds};
use crate::interop::wire::Wire;
use crate::model::plan::{HttpPlan, PlanBody};
use crate::model::tls::Verify;

pub(super) fn write(plan: &HttpPlan, library: Library) -> String {
    let wire = Wire::new(plan);
    match library {
        Library::Requests => requests(&wire),
        Library::Urllib => urllib(&wire),
    }
}

fn requests(wire: &Wire<'_>) -> String {
    let plan = wire.plan;
    let mut script = String::from("import requests\n\n");
    let method = plan.method.as_str();
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].contains(&method);
    if known {
        let _ = writeln!(script, "response = requests.{}(", method.to_ascii_lowercase());
    } else if method == method.to_ascii_uppercase() {
        let _ = writeln!(script, "response = requests.request(\n    {},", text(method));
    } else {
        // requests makes methods upper-case; a prepared request keeps what it is told.
        script
            .push_str("session = requests.Session()\nrequest = requests.Request(\n    \"GET\",\n");
    }
    let _ = writeln!(script, "    {},", text(&plan.url));
    script.push_str(&headers(wire, "    headers="));
    if let Some(body) = body(wire) {
        // An iterator is sent in chunks.
        let body = if wire.chunked { format!("iter([{body}])") } else { body };
        let _ = writeln!(script, "    data={body},");
    }
    let mut options = format!("    timeout={},\n", seconds(plan.head_timeout));
    if plan.redirects == 0 {
        options.push_str("    allow_redirects=False,\n");
    }
    if plan.verify == Verify::Off {
        options.push_str("    verify=False,\n");
    }
    if !known && method != method.to_ascii_uppercase() {
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

fn urllib(wire: &Wire<'_>) -> String {
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
    script.push_str(&headers(wire, "    headers="));
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

/// The dictionary of headers; a name that occurs twice is joined, as neither library can send it
/// twice.
fn headers(wire: &Wire<'_>, prefix: &str) -> String {
    let mut joined: Vec<(&str, String)> = Vec::new();
    let mut twice = false;
    for (name, value) in wire.headers() {
        if wire.chunked && name.eq_ignore_ascii_case("transfer-encoding") {
            continue;
        }
        match joined.iter_mut().find(|(own, _)| own.eq_ignore_ascii_case(name)) {
            Some((_, known)) => {
                twice = true;
                known.push_str(if name.eq_ignore_ascii_case("cookie") { "; " } else { ", " });
                known.push_str(value);
            }
            None => joined.push((name, value.into())),
        }
    }
    if joined.is_empty() {
        return String::new();
    }
    let mut out = String::new();
    if twice {
        out.push_str("    # a dictionary holds a name once, so repeated headers are joined\n");
    }
    let _ = writeln!(out, "{prefix}{{");
    for (name, value) in joined {
        let _ = writeln!(out, "        {}: {},", header(name), header(&value));
    }
    out.push_str("    },\n");
    out
}

fn body(wire: &Wire<'_>) -> Option<String> {
    if let PlanBody::File(path) = &wire.plan.body {
        return Some(format!("open({}, \"rb\")", text(&path.display().to_string())));
    }
    wire.body.as_ref().map(|body| lines(body, 4))
}
