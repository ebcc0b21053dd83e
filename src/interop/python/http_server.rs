//! HTTP listeners with `http.server`.

use std::fmt::Write;

use super::literal::{bind, header, is_ipv6, lines, multipart, seconds, text};
use crate::model::plan::{AnswerPlan, HttpListenerPlan, PlanBody};
use crate::model::tls::ListenerTls;

/// Finds the answer, reads the request's body (a client may wait until it was read), writes.
const HANDLER: &str = r#"

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __getattr__(self, name):
        if name.startswith("do_"):  # any method, known or not
            return self.answer
        raise AttributeError(name)

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        print(self.requestline, self.rfile.read(length), flush=True)
        path = self.path.split("?")[0]
        for method, pattern, *found in RULES:
            if method in ("", self.command) and re.fullmatch(pattern, path, re.DOTALL):
                break
        else:
            found = ANSWER
        status, headers, body, delay = found
        time.sleep(delay)
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
"#;

/// The whole script; it answers by the plan's rules until it is stopped.
pub(super) fn write(plan: &HttpListenerPlan) -> String {
    let mut script = String::from("import re\n");
    if is_ipv6(&plan.bind) {
        script.push_str("import socket\n");
    }
    if plan.tls != ListenerTls::Off {
        script.push_str("import ssl\n");
    }
    script.push_str(
        "import time\nfrom http.server import BaseHTTPRequestHandler, ThreadingHTTPServer\n\n\
         # method (\"\" = any), path, then the answer: status, headers, body, delay in seconds\nRULES = [\n",
    );
    for rule in &plan.rules {
        let _ = writeln!(script, "    (");
        let _ = writeln!(script, "        {},", text(&rule.method));
        let _ = writeln!(script, "        {},", text(&pattern(&rule.path)));
        script.push_str(&answer(&rule.answer, 8));
        script.push_str("    ),\n");
    }
    script.push_str("]\nANSWER = (\n");
    script.push_str(&answer(&plan.answer, 4));
    script.push_str(")\n");
    script.push_str(HANDLER);
    script.push_str("\n\n");
    let (address, remark) = bind(&plan.bind);
    if is_ipv6(&plan.bind) {
        script.push_str("ThreadingHTTPServer.address_family = socket.AF_INET6\n");
    }
    script.push_str(remark.unwrap_or_default());
    let _ = writeln!(script, "server = ThreadingHTTPServer({address}, Handler)");
    script.push_str(&tls(&plan.tls));
    script.push_str(
        "print(\"listening on\", server.server_address, flush=True)\nserver.serve_forever()\n",
    );
    script
}

fn tls(tls: &ListenerTls) -> String {
    let (remark, certificate, key) = match tls {
        ListenerTls::Off => return String::new(),
        ListenerTls::Generated => (
            "# openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out cert.pem\n",
            "cert.pem",
            "key.pem",
        ),
        ListenerTls::Files { certificate, key } => ("", certificate.as_str(), key.as_str()),
    };
    format!(
        "{remark}context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\ncontext.load_cert_chain({}, {})\n\
         server.socket = context.wrap_socket(server.socket, server_side=True)\n",
        text(certificate),
        text(key)
    )
}

/// The four values of an answer, one a line. Framing is the script's own business.
fn answer(plan: &AnswerPlan, indent: usize) -> String {
    let margin = " ".repeat(indent);
    let is = |name: &str, other: &str| name.eq_ignore_ascii_case(other);
    let headers: Vec<String> = plan
        .headers
        .iter()
        .filter(|(name, _)| !is(name, "content-length") && !is(name, "transfer-encoding"))
        .map(|(name, value)| format!("({}, {})", header(name), header(value)))
        .collect();
    let body = match &plan.body {
        PlanBody::File(path) => {
            format!("open({}, \"rb\").read()", text(&path.display().to_string()))
        }
        PlanBody::Bytes(bytes) => lines(bytes, indent),
        PlanBody::Multipart { boundary, parts } => multipart(boundary, parts, indent),
    };
    format!(
        "{margin}{},\n{margin}[{}],\n{margin}{body},\n{margin}{},\n",
        plan.status,
        headers.join(", "),
        seconds(plan.delay)
    )
}

/// A path with `*` as a regular expression of Python.
fn pattern(path: &str) -> String {
    let mut out = String::new();
    for c in path.chars() {
        match c {
            '*' => out.push_str(".*"),
            c if c.is_ascii_alphanumeric() || "/_-%~".contains(c) || !c.is_ascii() => out.push(c),
            c => out.extend(['\\', c]),
        }
    }
    out
}
