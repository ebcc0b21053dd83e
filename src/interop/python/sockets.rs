//! TCP (and TLS) and UDP clients and listeners with `socket`, `ssl` and `threading`.

use std::fmt::Write;

use super::literal::{
    bind, bytes, family_argument, imports, is_ipv6, only, seconds, server_context, text,
};
use crate::interop::socket_options::{connection, datagram_source, family, set};
use crate::model::awaited::AwaitedPlan;
use crate::model::plan::{
    AnswerPart, RulePlan, StepPlan, TcpListenerPlan, TcpPlan, UdpListenerPlan, UdpPlan, WhenPlan,
};
use crate::model::tls::{ClientTls, ListenerTls, TlsChoices, TlsVersions};
use crate::model::trust::{Acceptance, Verify};

/// How long a client's script waits for more after its last step.
const REPLY_SECONDS: u32 = 5;

const EXPECT_STREAM: &str = r#"

def expect(sock, wanted, seconds):
    """Receives until what is wanted has come; fails after the given time."""
    received = b""
    deadline = time.monotonic() + seconds
    while not wanted(received):
        sock.settimeout(max(deadline - time.monotonic(), 0.001))
        data = sock.recv(65536)
        if not data:
            raise ConnectionError("the peer finished sending")
        print(data)
        received += data
    sock.settimeout(None)

"#;

pub(super) const HAS_JSON: &str = r#"

def has(value, part):
    """Whether a value has these members and elements."""
    if isinstance(value, dict) and isinstance(part, dict):
        return all(name in value and has(value[name], part[name]) for name in part)
    if isinstance(value, list) and isinstance(part, list):
        return all(any(has(it, one) for it in value) for one in part)
    return value == part


def has_json(data, part):
    """Whether the JSON in data has a part; what is not complete has none."""
    try:
        return has(json.loads(data), json.loads(part))
    except ValueError:
        return False

"#;

const EXPECT_DATAGRAM: &str = r#"

def expect(sock, wanted, seconds):
    """Receives until a datagram is what is wanted; fails after the given time."""
    deadline = time.monotonic() + seconds
    received = b""
    while not wanted(received):
        sock.settimeout(max(deadline - time.monotonic(), 0.001))
        received, peer = sock.recvfrom(65535)
        print(peer, received)

"#;

/// Lines that go on only with one of the certificates accepted by their hashes, whatever else they
/// are; none where none is.
fn accepted(accepted: &Acceptance) -> String {
    let Acceptance::These(hashes) = accepted else { return String::new() };
    let hashes: Vec<String> = hashes.iter().map(|hash| format!("\"{hash}\"")).collect();
    format!(
        "    if hashlib.sha256(sock.getpeercert(True)).hexdigest() not in [{}]:
        raise SystemExit(\"another certificate than the one accepted\")
",
        hashes.join(", ")
    )
}

/// The context of TLS, with the files that are named for it.
fn context(choices: &TlsChoices) -> String {
    let TlsChoices { ca, certificate, key, versions } = choices;
    let trusted = if ca.is_empty() { String::new() } else { format!("cafile={}", text(ca)) };
    let mut lines = format!("context = ssl.create_default_context({trusted})\n");
    if !certificate.is_empty() {
        let key = if key.is_empty() { String::new() } else { format!(", {}", text(key)) };
        lines = format!("{lines}context.load_cert_chain({}{key})\n", text(certificate));
    }
    lines
        + match versions {
            TlsVersions::Any => "",
            TlsVersions::Only12 => "context.maximum_version = ssl.TLSVersion.TLSv1_2\n",
            TlsVersions::Only13 => "context.minimum_version = ssl.TLSVersion.TLSv1_3\n",
        }
}

/// The whole script: connects, does the steps, prints what comes until the peer finishes or is silent.
pub(super) fn tcp_client(plan: &TcpPlan) -> String {
    let TcpPlan { endpoint, tls, steps, connect_timeout, socket, client } = plan;
    let (connection, connect) = connection(endpoint, client, &seconds(*connect_timeout));
    let options = set(&socket.calls(), "    ", "sock");
    let mut check = String::new();
    let (raw, sock) = match tls {
        ClientTls::Off => (String::new(), connection),
        ClientTls::On { verify, trust, sni, choices } => {
            let unverified =
                "context.check_hostname = False\ncontext.verify_mode = ssl.CERT_NONE\n";
            let by_hash = accepted(&Acceptance::at(&plan.endpoint, *verify, trust));
            let unverified = only(*verify == Verify::Off || !by_hash.is_empty(), unverified);
            check = by_hash;
            let name = text(if sni.is_empty() { &endpoint.host } else { sni });
            (
                format!("{}{unverified}raw = {connection}\n", context(choices)),
                format!("context.wrap_socket(raw, server_hostname={name})"),
            )
        }
    };
    let is_tls = *tls != ClientTls::Off;
    let hashes = !check.is_empty();
    let (by_regex, of_json) = looks(steps);
    let imports = imports(&[
        ("hashlib", hashes),
        ("json", of_json),
        ("re", by_regex),
        ("socket", true),
        ("ssl", is_tls),
        ("time", waits(steps)),
    ]);
    let has_json = only(of_json, HAS_JSON);
    let expect = only(waits(steps), EXPECT_STREAM);
    let steps = steps_of(steps, |data| format!("sock.sendall({data})"));
    format!(
        "{imports}{connect}{has_json}{expect}
{raw}with {sock} as sock:
{check}    sock.settimeout(None)
{options}{steps}    sock.settimeout({REPLY_SECONDS})
    try:
        while True:  # until the peer finishes sending, or nothing comes for a while
            data = sock.recv(65536)
            if not data:
                break
            print(data)
    except socket.timeout:
        print(\"nothing more came\")
"
    )
}

/// The whole script: does the steps, then prints replies until none comes for a while.
pub(super) fn udp_client(plan: &UdpPlan) -> String {
    let UdpPlan { endpoint, client, socket, any_peer, steps } = plan;
    let (by_regex, of_json) = looks(steps);
    let imports =
        imports(&[("json", of_json), ("re", by_regex), ("socket", true), ("time", waits(steps))]);
    let has_json = only(of_json, HAS_JSON);
    let expect = only(waits(steps), EXPECT_DATAGRAM);
    let (family, bound) = datagram_source(endpoint, client);
    let options = set(&socket.calls(family == "AF_INET6"), "    ", "sock");
    let strangers = only(!any_peer, "# prints what comes from strangers, too\n");
    let (host, port) = (text(&endpoint.host), endpoint.port);
    let steps = steps_of(steps, |data| format!("sock.sendto({data}, peer)"));
    format!(
        "{imports}{has_json}{expect}
{strangers}with socket.socket(socket.{family}, socket.SOCK_DGRAM) as sock:
{options}{bound}    peer = ({host}, {port})
{steps}    sock.settimeout({REPLY_SECONDS})
    try:
        while True:
            data, sender = sock.recvfrom(65535)
            print(sender, data)
    except socket.timeout:
        print(\"no more replies\")
"
    )
}

/// Whether a step waits for something.
pub(super) fn waits(steps: &[StepPlan]) -> bool {
    steps.iter().any(|step| matches!(step, StepPlan::Expect { .. }))
}

/// The lines that do the steps.
pub(super) fn steps_of(steps: &[StepPlan], send: impl Fn(String) -> String) -> String {
    let line = |step: &StepPlan| match step {
        StepPlan::Send(data) => format!("    {}\n", send(bytes(data))),
        StepPlan::Expect { awaited, within } => {
            let wanted = wanted(awaited);
            format!("    expect(sock, lambda data: {wanted}, {})\n", seconds(*within))
        }
    };
    steps.iter().map(line).collect()
}

/// What is awaited as a test of the bytes in `data`.
fn wanted(awaited: &AwaitedPlan) -> String {
    match awaited {
        AwaitedPlan::Bytes(wanted) => format!("{} in data", bytes(wanted)),
        AwaitedPlan::Pattern(wanted) => {
            let byte = |byte: &Option<u8>| byte.map_or(".".to_owned(), |it| format!("\\x{it:02x}"));
            let pattern: String = wanted.iter().map(byte).collect();
            format!("re.search(rb\"(?s){pattern}\", data)")
        }
        AwaitedPlan::Matches(regex) => format!("re.search({}, data)", bytes(regex.as_bytes())),
        AwaitedPlan::Length(count) => format!("len(data) >= {count}"),
        AwaitedPlan::Json(part) => format!("has_json(data, {})", text(&part.to_string())),
    }
}

/// Whether a step waits for what is found by a regular expression, and for JSON.
pub(super) fn looks(steps: &[StepPlan]) -> (bool, bool) {
    let any = |is: fn(&AwaitedPlan) -> bool| {
        steps.iter().any(|step| matches!(step, StepPlan::Expect { awaited, .. } if is(awaited)))
    };
    let by_regex =
        |it: &AwaitedPlan| matches!(it, AwaitedPlan::Pattern(_) | AwaitedPlan::Matches(_));
    (any(by_regex), any(|it| matches!(it, AwaitedPlan::Json(_))))
}

/// The whole script: a thread per connection greets and answers by the rules.
pub(super) fn tcp_listener(plan: &TcpListenerPlan) -> String {
    let TcpListenerPlan { tls, greeting, rules, socket, .. } = plan;
    let options = set(&socket.calls(), "        ", "connection");
    let (address, remark) = bind(&plan.bind);
    let is_tls = *tls != ListenerTls::Off;
    let (matches, sleeps) = needs(rules);
    let imports = imports(&[
        ("re", matches),
        ("socket", true),
        ("ssl", is_tls),
        ("threading", true),
        ("time", sleeps),
    ]);
    let answer = answer_function(rules);
    let wrap = "        connection = context.wrap_socket(connection, server_side=True)\n";
    let wrap = only(is_tls, wrap);
    let greet = format!("        connection.sendall({})\n", bytes(greeting));
    let greet = only(!greeting.is_empty(), &greet);
    let reply = reply(rules, "            ", "connection.sendall(reply)");
    let context = server_context(tls);
    let in_ipv6 = family_argument(&plan.bind);
    format!(
        "{imports}{answer}

def serve(connection, peer):
    print(peer, \"connected\")
    with connection:
{options}{wrap}{greet}        while True:
            message = connection.recv(65536)
            if not message:
                break
            print(peer, message)
{reply}    print(peer, \"finished\")


{context}{remark}with socket.create_server({address}{in_ipv6}) as server:
    print(\"listening on\", server.getsockname(), flush=True)
    while True:
        connection, peer = server.accept()
        threading.Thread(target=serve, args=(connection, peer), daemon=True).start()
"
    )
}

/// The whole script: one socket answers every peer by the rules.
pub(super) fn udp_listener(plan: &UdpListenerPlan) -> String {
    let (address, remark) = bind(&plan.bind);
    let is_ipv6 = is_ipv6(&plan.bind);
    let family = family(is_ipv6);
    let options = set(&plan.socket.calls(is_ipv6), "    ", "sock");
    let (matches, sleeps) = needs(&plan.rules);
    let imports = imports(&[("re", matches), ("socket", true), ("time", sleeps)]);
    let answer = answer_function(&plan.rules);
    let gap = only(!answer.is_empty(), "\n");
    let reply = reply(&plan.rules, "        ", "sock.sendto(reply, peer)");
    let rate = plan.answer_rate;
    let unlimited =
        format!("# answers a peer without the limit of {rate} a second wirebench has\n");
    let unlimited = only(!plan.rules.is_empty(), &unlimited);
    format!(
        "{imports}{answer}{gap}
{remark}{unlimited}with socket.socket(socket.{family}, socket.SOCK_DGRAM) as sock:
{options}    sock.bind({address})
    print(\"listening on\", sock.getsockname(), flush=True)
    while True:
        message, peer = sock.recvfrom(65535)
        print(peer, message)
{reply}"
    )
}

/// Whether the answers need regular expressions, and pauses.
fn needs(rules: &[RulePlan]) -> (bool, bool) {
    let is_regex = |when: &WhenPlan| matches!(when, WhenPlan::Matches(_) | WhenPlan::Equals(_));
    let sleeps = rules.iter().any(|rule| !rule.delay.is_zero());
    (rules.iter().any(|rule| is_regex(&rule.when)), sleeps)
}

/// The lines that answer a message by [`answer_function`]. Empty without rules.
fn reply(rules: &[RulePlan], margin: &str, send: &str) -> String {
    let lines = format!(
        "{margin}reply = answer(message)
{margin}if reply is not None:
{margin}    {send}
"
    );
    only(!rules.is_empty(), &lines).into()
}

/// `def answer(message)`, which gives the bytes to send back or `None`. Empty without rules.
fn answer_function(rules: &[RulePlan]) -> String {
    if rules.is_empty() {
        return String::new();
    }
    let mut out = String::from("\n\ndef answer(message):\n");
    for rule in rules {
        let (condition, matched) = condition(&rule.when);
        let margin = if condition.is_empty() { "    " } else { "        " };
        out.push_str(&condition);
        if !rule.delay.is_zero() {
            let _ = writeln!(out, "{margin}time.sleep({})", seconds(rule.delay));
        }
        let _ = writeln!(out, "{margin}return {}", answer(&rule.send, &matched));
        if condition.is_empty() {
            return out;
        }
    }
    out.push_str("    return None\n");
    out
}

/// The lines that test for a rule, and the expression of the part that matched.
fn condition(when: &WhenPlan) -> (String, String) {
    let (test, part) = match when {
        WhenPlan::Always => return (String::new(), "message".into()),
        WhenPlan::Contains(part) => (format!("{} in message", bytes(part)), bytes(part)),
        WhenPlan::StartsWith(part) => (format!("message.startswith({})", bytes(part)), bytes(part)),
        WhenPlan::Equals(all) => {
            let without_ending = r#"re.sub(rb"(\r\n|\n|\r)\Z", b"", message)"#;
            (format!("{without_ending} == {}", bytes(all)), bytes(all))
        }
        WhenPlan::Matches(regex) => {
            let found = format!("    found = re.search({}, message)\n", bytes(regex.as_bytes()));
            return (format!("{found}    if found:\n"), "found[0]".into());
        }
    };
    (format!("    if {test}:\n"), part)
}

fn answer(parts: &[AnswerPart], matched: &str) -> String {
    let parts: Vec<String> = parts
        .iter()
        .map(|part| match part {
            AnswerPart::Literal(literal) => bytes(literal),
            AnswerPart::Message => "message".into(),
            AnswerPart::Match => matched.into(),
        })
        .collect();
    if parts.is_empty() { "b\"\"".into() } else { parts.join(" + ") }
}
