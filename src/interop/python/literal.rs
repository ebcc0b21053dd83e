//! Python literals for arbitrary text and bytes (Python reference, section 2.4): ASCII only where
//! something could be invisible, so a script can be read, copied and saved in any encoding.

use std::fmt::Write;
use std::net::Ipv6Addr;
use std::path::Path;

use crate::codec;
use crate::codec::printable::is_visible;
use crate::interop::secrets::{SecretRun, WrittenValue, has_variable, runs};
use crate::model::endpoint::Bind;
use crate::model::plan::{PartContent, PartPlan};
use crate::model::tls::ListenerTls;
use crate::model::unix_name::UnixName;

/// What a URL may hold besides letters and digits, as Python writes it; of a value `#` is none of that.
const SENDABLE: &str = r#""!\"$%&'()*+,/:;<=>?@[\\]^`{|}""#;

/// An expression for a `str`: a literal, and where a variable stands in the text its value.
pub(crate) fn text(text: &str) -> String {
    expression(text.as_bytes(), text_literal, "")
}

/// As [`text()`], whose Latin-1 encoding is the UTF-8 of `text`: what `http.client` and
/// `http.server` need to put UTF-8 into a header.
pub(super) fn header(value: &str) -> String {
    expression(value.as_bytes(), |run| ascii_literal("", run), "")
}

/// An expression for bytes: a `bytes` literal, or a `str` and `.encode()` where that reads better.
pub(crate) fn bytes(bytes: &[u8]) -> String {
    let literal = |run: &[u8]| {
        if reads_better(run) { text_literal(run) + ".encode()" } else { ascii_literal("b", run) }
    };
    expression(bytes, literal, ".encode()")
}

/// The runs of a text joined with `+`; `suffix` follows the value of a variable.
fn expression(text: &[u8], literal: impl Fn(&[u8]) -> String, suffix: &str) -> String {
    let term = |run: &SecretRun<'_>| match run {
        SecretRun::Text(text) => literal(text),
        SecretRun::Variable { name, written } => {
            let value = format!("os.environ[\"{name}\"]");
            let value = match written {
                WrittenValue::AsIs => value,
                WrittenValue::Encoded => format!("quote({value}, safe=\"\")"),
                WrittenValue::InUrl => format!("quote({value}, safe={SENDABLE})"),
                WrittenValue::InJson => format!("json.dumps({value}, ensure_ascii=False)[1:-1]"),
            };
            value + suffix
        }
    };
    let terms: Vec<String> = runs(text).iter().map(term).collect();
    match terms.as_slice() {
        [] => literal(b""),
        [one] => one.clone(),
        several => format!("({})", several.join(" + ")),
    }
}

/// Whether bytes are text of which a `bytes` literal would show numbers.
fn reads_better(bytes: &[u8]) -> bool {
    !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok()
}

fn text_literal(text: &[u8]) -> String {
    let mut out = String::from("\"");
    String::from_utf8_lossy(text).chars().for_each(|c| push(&mut out, c));
    out + "\""
}

/// A literal with one character for each byte.
fn ascii_literal(prefix: &str, bytes: &[u8]) -> String {
    let mut out = format!("{prefix}\"");
    for byte in bytes {
        if byte.is_ascii() {
            push(&mut out, char::from(*byte));
        } else {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out + "\""
}

/// As [`bytes()`], with one literal a line for content of several lines.
pub(super) fn lines(content: &[u8], indent: usize) -> String {
    let pieces: Vec<&[u8]> = content.split_inclusive(|byte| *byte == b'\n').collect();
    if pieces.len() < 2 || has_variable(content) {
        return bytes(content);
    }
    let is_text = reads_better(content);
    let margin = " ".repeat(indent);
    let mut out = String::from("(\n");
    for piece in pieces {
        let literal = if is_text { text_literal(piece) } else { ascii_literal("b", piece) };
        let _ = writeln!(out, "{margin}    {literal}");
    }
    let _ = write!(out, "{margin}){}", only(is_text, ".encode()"));
    out
}

/// An expression for a file that is read.
pub(super) fn opened(path: &Path) -> String {
    format!("open({}, \"rb\")", text(&path.display().to_string()))
}

/// An expression for the body of a multipart form.
pub(super) fn multipart(boundary: &str, parts: &[PartPlan], indent: usize) -> String {
    let margin = " ".repeat(indent + 4);
    let mut out = String::from("b\"\".join([\n");
    for piece in codec::multipart::pieces(boundary, parts) {
        let _ = match piece {
            PartContent::Bytes(bytes) => writeln!(out, "{margin}{},", lines(&bytes, indent + 4)),
            PartContent::File(path) => writeln!(out, "{margin}{}.read(),", opened(&path)),
        };
    }
    let _ = write!(out, "{}])", " ".repeat(indent));
    out
}

fn push(out: &mut String, c: char) {
    match c {
        '"' | '\\' => out.extend(['\\', c]),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if is_visible(c) => out.push(c),
        c if (c as u32) < 0x100 => {
            let _ = write!(out, "\\x{:02x}", c as u32);
        }
        c if (c as u32) < 0x1_0000 => {
            let _ = write!(out, "\\u{:04x}", c as u32);
        }
        c => {
            let _ = write!(out, "\\U{:08x}", c as u32);
        }
    }
}

/// Host and port to bind, and a remark where one script cannot do what two sockets do.
pub(super) fn bind(bind: &Bind) -> (String, &'static str) {
    match bind {
        Bind::Loopback { port } => (
            format!("(\"127.0.0.1\", {port})"),
            "# IPv4 loopback; wirebench listens on [::1] as well\n",
        ),
        Bind::All { port } => {
            (format!("(\"0.0.0.0\", {port})"), "# every interface: other machines can reach this\n")
        }
        Bind::Address(at) => (format!("({}, {})", text(&at.ip().to_string()), at.port()), ""),
        Bind::Link { ip, zone, port } => (on_link(ip, zone, *port), ""),
        Bind::Unix { name, .. } => (
            unix_name(name),
            "# a socket that was left there has to be removed before, and after it\n",
        ),
    }
}

/// The name of a Unix socket as Python takes it: one without a file begins with a zero.
pub(crate) fn unix_name(name: &UnixName) -> String {
    match name {
        UnixName::Path(path) => text(path),
        UnixName::Abstract(name) => text(&format!("\0{name}")),
    }
}

/// Whether the script needs `AF_INET6`; loopback and all addresses are bound as IPv4.
pub(super) fn is_ipv6(bind: &Bind) -> bool {
    bind.ip().is_some_and(|ip| ip.is_ipv6())
}

/// The argument that names the family of a listener's socket; none where Python takes it by itself.
pub(super) fn family_argument(bind: &Bind) -> &'static str {
    match bind {
        Bind::Unix { .. } => ", family=socket.AF_UNIX",
        bind if is_ipv6(bind) => ", family=socket.AF_INET6",
        _ => "",
    }
}

/// An address of the link with this name, whose number the machine that runs the script knows.
pub(crate) fn on_link(ip: &Ipv6Addr, zone: &str, port: u16) -> String {
    let ip = text(&ip.to_string());
    format!("({ip}, {port}, 0, socket.if_nametoindex({}))", text(zone))
}

/// The lines that give a listener its certificate. Empty without TLS.
pub(super) fn server_context(tls: &ListenerTls) -> String {
    let (remark, certificate, key) = match tls {
        ListenerTls::Off => return String::new(),
        ListenerTls::Generated => (
            "# openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out cert.pem\n",
            "cert.pem",
            "key.pem",
        ),
        ListenerTls::Files { certificate, key } => ("", certificate.as_str(), key.as_str()),
    };
    let (certificate, key) = (text(certificate), text(key));
    format!(
        "{remark}context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain({certificate}, {key})
"
    )
}

/// The lines that import those of these modules that are needed.
pub(super) fn imports(modules: &[(&str, bool)]) -> String {
    let needed = modules.iter().filter(|(_, is_needed)| *is_needed);
    needed.fold(String::new(), |lines, (module, _)| lines + "import " + module + "\n")
}

/// The text if it applies, else nothing.
pub(super) fn only(applies: bool, text: &str) -> &str {
    if applies { text } else { "" }
}

/// Seconds as Python writes them: `10`, `0.25`.
pub(super) fn seconds(duration: std::time::Duration) -> String {
    duration.as_secs_f64().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_escape_what_ends_or_hides() {
        assert_eq!(text("a\"b\\c\nd\x1b\u{202e}"), r#""a\"b\\c\nd\x1b\u202e""#);
        assert_eq!(bytes(b"\x00\xffPING\r\n"), r#"b"\x00\xffPING\r\n""#);
        assert_eq!(bytes("é".as_bytes()), "\"é\".encode()");
        assert_eq!(header("é"), r#""\xc3\xa9""#);
    }

    #[test]
    fn variables_are_read_from_the_environment() {
        let value = "Bearer \u{fdd0}API_TOKEN\u{fdd1}";
        assert_eq!(text(value), r#"("Bearer " + os.environ["API_TOKEN"])"#);
        assert_eq!(header("\u{fdd0}T\u{fdd1}"), r#"os.environ["T"]"#);
        let mut binary = b"\xff".to_vec();
        binary.extend_from_slice("\u{fdd0}T\u{fdd1}\n".as_bytes());
        assert_eq!(bytes(&binary), r#"(b"\xff" + os.environ["T"].encode() + b"\n")"#);
        assert_eq!(lines(&binary, 4), bytes(&binary));
        let query = "k=%EF%B7%90T%EF%B7%91";
        assert_eq!(text(query), r#"("k=" + quote(os.environ["T"], safe=""))"#);
        let in_json = "{\"a\": \"\u{fdd0}T!j\u{fdd1}\"}";
        let read =
            r#"("{\"a\": \"" + json.dumps(os.environ["T"], ensure_ascii=False)[1:-1] + "\"}")"#;
        assert_eq!(text(in_json), read);
    }

    #[test]
    fn several_lines_become_several_literals() {
        assert_eq!(lines(b"{\n}\n", 4), "(\n        b\"{\\n\"\n        b\"}\\n\"\n    )");
        assert_eq!(lines("é\nx".as_bytes(), 0), "(\n    \"é\\n\"\n    \"x\"\n).encode()");
        assert_eq!(lines(b"one\n", 0), "b\"one\\n\"");
    }
}
