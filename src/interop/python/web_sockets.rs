//! WebSocket clients with `websockets`, the package of that name.

use super::literal::{imports, only, seconds, text};
use super::sockets::{HAS_JSON, looks, steps_of, waits};
use crate::model::http_plan::HttpPlan;
use crate::model::plan::WsPlan;
use crate::model::trust::Verify;

/// What is said of a listener.
pub(super) const NO_LISTENER: &str =
    "# there is no script of a listener of WebSocket; wirebench listen runs it\n";
/// What the handshake has by itself, whoever makes it.
const OWN: [&str; 8] = [
    "host",
    "connection",
    "upgrade",
    "user-agent",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-protocol",
    "sec-websocket-extensions",
];

const EXPECT: &str = r#"

def expect(sock, wanted, seconds):
    """Receives until what is wanted has come; fails after the given time."""
    received = b""
    deadline = time.monotonic() + seconds
    while not wanted(received):
        data = sock.recv(timeout=max(deadline - time.monotonic(), 0.001))
        print(data)
        received += data.encode() if isinstance(data, str) else data

"#;

const MESSAGE: &str = r#"

def message(data):
    """What is UTF-8 goes as text, everything else as binary."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data

"#;

/// The whole script: connects, does the steps, prints what comes until the peer closes.
pub(super) fn client(plan: &WsPlan) -> String {
    let WsPlan { handshake, talk, steps } = plan;
    let (by_regex, of_json) = looks(steps);
    let is_unverified = plan.url().starts_with("wss:") && handshake.verify == Verify::Off;
    let modules = imports(&[
        ("json", of_json),
        ("re", by_regex),
        ("ssl", is_unverified),
        ("time", waits(steps)),
    ]);
    let mut arguments =
        vec![text(&plan.url()), format!("open_timeout={}", seconds(handshake.connect_timeout))];
    let headers = headers(handshake);
    if !headers.is_empty() {
        arguments.push(format!("additional_headers=[{headers}]"));
    }
    if !talk.subprotocols.is_empty() {
        let names: Vec<String> = talk.subprotocols.iter().map(|name| text(name)).collect();
        arguments.push(format!("subprotocols=[{}]", names.join(", ")));
    }
    if !talk.deflate {
        arguments.push("compression=None".into());
    }
    let context = only(
        is_unverified,
        "context = ssl.create_default_context()\ncontext.check_hostname = False\ncontext.verify_mode = ssl.CERT_NONE\n",
    );
    if is_unverified {
        arguments.push("ssl=context".into());
    }
    let has_json = only(of_json, HAS_JSON);
    let expect = only(waits(steps), EXPECT);
    let steps = steps_of(steps, |data| format!("sock.send(message({data}))"));
    format!(
        "{modules}# pip install websockets
from websockets.sync.client import connect
{MESSAGE}{has_json}{expect}
{context}with connect({}) as sock:
{steps}    for data in sock:
        print(data)
",
        arguments.join(", ")
    )
}

fn headers(handshake: &HttpPlan) -> String {
    let own = |name: &str| OWN.iter().any(|own| own.eq_ignore_ascii_case(name));
    let headers = handshake.headers.iter().filter(|(name, _)| !own(name));
    let pair = |(name, value): &(String, String)| format!("({}, {})", text(name), text(value));
    headers.map(pair).collect::<Vec<_>>().join(", ")
}
