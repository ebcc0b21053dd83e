//! HTTP listeners with `http.server`.

use super::literal::{
    bind, header, imports, is_ipv6, lines, multipart, only, opened, seconds, server_context, text,
};
use crate::codec::http1::status::{ends_with_head, has_no_content};
use crate::codec::path_pattern::{self, PathPiece};
use crate::interop::socket_options::unset;
use crate::interop::unsaid_rules::{unsaid_of_answer, unsaid_of_rule};
use crate::model::endpoint::Bind;
use crate::model::plan::{AnswerPlan, HttpListenerPlan, HttpRulePlan, OTHERWISE, PlanBody};
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
{find}        status, headers, body, delay = found
        time.sleep(delay)
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if body is not None:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body and self.command != "HEAD":
            self.wfile.write(body)
"#;

/// The first rule that matches.
const FIRST: &str = r#"        path = self.path.split("?")[0]
        for method, pattern, *found in RULES:
            if method in ("", self.command) and re.fullmatch(pattern, path, re.DOTALL):
                break
        else:
            found = ANSWER
"#;

/// The same, where several rules for the same requests take turns, or one asks for a query.
const TURN: &str = r#"        found = ANSWER
        for method, pattern, *answer in RULES:
            # a query that is written is asked for
            path = self.path if r"\?" in pattern else self.path.split("?")[0]
            if method in ("", self.command) and re.fullmatch(pattern, path, re.DOTALL):
                # rules for the same requests answer one after the other, the last one stays
                same = [rest for other, path, *rest in RULES if (other, path) == (method, pattern)]
                with LOCK:
                    turn = TURNS.get((method, pattern), 0)
                    TURNS[method, pattern] = min(turn + 1, len(same) - 1)
                found = same[turn]
                break
"#;

/// What [`TURN`] remembers.
const TURNS: &str = "\nTURNS = {}\nLOCK = threading.Lock()\n";

/// Whether a rule is not found by its path alone, or not found first.
fn takes_turns(rules: &[HttpRulePlan]) -> bool {
    rules.iter().enumerate().any(|(at, rule)| {
        let is_same =
            |other: &HttpRulePlan| (&other.method, &other.path) == (&rule.method, &rule.path);
        rule.path.contains('?') || rules.iter().take(at).any(is_same)
    })
}

/// The whole script; it answers by the plan's rules until it is stopped.
pub(super) fn write(plan: &HttpListenerPlan) -> String {
    let ipv6 = is_ipv6(&plan.bind);
    let is_tls = plan.tls != ListenerTls::Off;
    let takes_turns = takes_turns(&plan.rules);
    let imports = imports(&[
        ("re", true),
        ("socket", ipv6),
        ("ssl", is_tls),
        ("threading", takes_turns),
        ("time", true),
    ]);
    let handler = HANDLER.replace("{find}", if takes_turns { TURN } else { FIRST });
    let turns = only(takes_turns, TURNS);
    let rule = |rule: &HttpRulePlan| {
        let (method, path) = (text(&rule.method), text(&pattern(&rule.path)));
        format!("    (\n        {method},\n        {path},\n{}    ),\n", answer(&rule.answer, 8))
    };
    let rules: String = plan.rules.iter().map(rule).collect();
    let answer = answer(&plan.answer, 4);
    let family = only(ipv6, "ThreadingHTTPServer.address_family = socket.AF_INET6\n");
    let (address, remark) = match &plan.bind {
        Bind::Unix { name, .. } => {
            let remark =
                format!("# {name} in wirebench; this server of Python's listens on ports\n");
            ("(\"127.0.0.1\", 8080)".to_owned(), remark)
        }
        place => {
            let (address, remark) = bind(place);
            (address, remark.to_owned())
        }
    };
    let context = server_context(&plan.tls);
    let left_out = unset(&plan.socket.calls()) + &unsaid(plan);
    let wrap = "server.socket = context.wrap_socket(server.socket, server_side=True)\n";
    let wrap = only(is_tls, wrap);
    format!(
        "{left_out}{imports}from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# method (\"\" = any), path, then the answer: status, headers, body, delay in seconds
RULES = [
{rules}]
ANSWER = (
{answer})
{turns}{handler}

{family}{remark}server = ThreadingHTTPServer({address}, Handler)
{context}{wrap}print(\"listening on\", server.server_address, flush=True)
server.serve_forever()
"
    )
}

/// What of the rules the script does not do, as comments: it would serve something else in silence.
fn unsaid(plan: &HttpListenerPlan) -> String {
    let mut out = String::new();
    let rules = plan.rules.iter().map(|rule| (rule.name(), unsaid_of_rule(rule)));
    let otherwise = (OTHERWISE.to_owned(), unsaid_of_answer(&plan.answer));
    for (name, unsaid) in rules.chain([otherwise]).filter(|(_, unsaid)| !unsaid.is_empty()) {
        let line = format!("# {name}: not done here: {}", unsaid.join("; "));
        // A name may hold anything.
        out.extend(line.chars().filter(|c| !c.is_control()).chain(['\n']));
    }
    out
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
        // Such an answer has not even a length.
        _ if ends_with_head("", plan.status) => "None".to_owned(),
        _ if has_no_content("", plan.status) => "b\"\"".to_owned(),
        PlanBody::File(path) => opened(path) + ".read()",
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

/// A path with `*` and `{names}` as a regular expression of Python, which is held against the whole path.
fn pattern(path: &str) -> String {
    if let Some(source) = path_pattern::expression(path) {
        return format!(".*?(?:{source}).*");
    }
    let mut out = String::new();
    for piece in path_pattern::pieces(path) {
        let text = match piece {
            PathPiece::Star => {
                out.push_str(".*");
                continue;
            }
            PathPiece::Named(_) => {
                out.push_str("[^/?&]+");
                continue;
            }
            PathPiece::Text(text) => text,
        };
        for c in text.chars() {
            if c.is_ascii_alphanumeric() || "/_-%~".contains(c) || !c.is_ascii() {
                out.push(c);
            } else {
                out.extend(['\\', c]);
            }
        }
    }
    out
}
