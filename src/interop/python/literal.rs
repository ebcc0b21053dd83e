//! Python literals for arbitrary text and bytes (Python reference, section 2.4): ASCII only where
//! something could be invisible, so a script can be read, copied and saved in any encoding.

use std::fmt::Write;

use crate::codec;
use crate::codec::printable::is_visible;
use crate::interop::secrets::{SecretRun, has_variable, runs};
use crate::model::endpoint::Bind;
use crate::model::plan::{PartContent, PartPlan};

/// An expression for a `str`: a literal, and where a variable stands in the text its value.
pub(super) fn text(text: &str) -> String {
    expression(text.as_bytes(), &|run| text_literal(&String::from_utf8_lossy(run)), "")
}

/// As [`text()`], whose Latin-1 encoding is the UTF-8 of `text`: what `http.client` and
/// `http.server` need to put UTF-8 into a header.
pub(super) fn header(value: &str) -> String {
    expression(value.as_bytes(), &|run| header_literal(&String::from_utf8_lossy(run)), "")
}

/// An expression for bytes: a `bytes` literal, or a `str` and `.encode()` where that reads better.
pub(super) fn bytes(bytes: &[u8]) -> String {
    expression(bytes, &plain_bytes, ".encode()")
}

/// The runs of a text joined with `+`; `suffix` follows the value of a variable.
fn expression(text: &[u8], literal: &dyn Fn(&[u8]) -> String, suffix: &str) -> String {
    let runs = runs(text);
    let terms: Vec<String> = runs
        .iter()
        .map(|run| match run {
            SecretRun::Text(text) => literal(text),
            SecretRun::Variable { name, encoded: false } => {
                format!("os.environ[\"{name}\"]{suffix}")
            }
            SecretRun::Variable { name, encoded: true } => {
                format!("quote(os.environ[\"{name}\"], safe=\"\"){suffix}")
            }
        })
        .collect();
    match terms.as_slice() {
        [] => literal(b""),
        [one] => one.clone(),
        several => format!("({})", several.join(" + ")),
    }
}

fn text_literal(text: &str) -> String {
    let mut out = String::from("\"");
    text.chars().for_each(|c| push(&mut out, c));
    out.push('"');
    out
}

fn header_literal(value: &str) -> String {
    if value.is_ascii() {
        return text_literal(value);
    }
    let latin: String = value.bytes().map(char::from).collect();
    let mut out = String::from("\"");
    for c in latin.chars() {
        if c.is_ascii() {
            push(&mut out, c);
        } else {
            let _ = write!(out, "\\x{:02x}", c as u32);
        }
    }
    out.push('"');
    out
}

fn plain_bytes(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(content) if !content.is_ascii() => format!("{}.encode()", text_literal(content)),
        _ => bytes_literal(bytes),
    }
}

/// As [`bytes()`], with one literal a line for content of several lines.
pub(super) fn lines(content: &[u8], indent: usize) -> String {
    let pieces: Vec<&[u8]> = content.split_inclusive(|byte| *byte == b'\n').collect();
    if pieces.len() < 2 || has_variable(content) {
        return bytes(content);
    }
    let utf8 = std::str::from_utf8(content).ok().filter(|content| !content.is_ascii());
    let margin = " ".repeat(indent + 4);
    let mut out = String::from("(\n");
    for piece in pieces {
        let literal = match utf8 {
            Some(_) => text_literal(&String::from_utf8_lossy(piece)),
            None => bytes_literal(piece),
        };
        let _ = writeln!(out, "{margin}{literal}");
    }
    let _ = write!(out, "{})", " ".repeat(indent));
    if utf8.is_some() {
        out.push_str(".encode()");
    }
    out
}

/// An expression for the body of a multipart form.
pub(super) fn multipart(boundary: &str, parts: &[PartPlan], indent: usize) -> String {
    let margin = " ".repeat(indent + 4);
    let mut out = String::from("b\"\".join([\n");
    for piece in codec::multipart::pieces(boundary, parts) {
        let _ = match piece {
            PartContent::Bytes(bytes) => writeln!(out, "{margin}{},", lines(&bytes, indent + 4)),
            PartContent::File(path) => {
                writeln!(out, "{margin}open({}, \"rb\").read(),", text(&path.display().to_string()))
            }
        };
    }
    let _ = write!(out, "{}])", " ".repeat(indent));
    out
}

fn bytes_literal(bytes: &[u8]) -> String {
    let mut out = String::from("b\"");
    for byte in bytes {
        if byte.is_ascii() {
            push(&mut out, char::from(*byte));
        } else {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out.push('"');
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
pub(super) fn bind(bind: &Bind) -> (String, Option<&'static str>) {
    match bind {
        Bind::Loopback { port } => (
            format!("(\"127.0.0.1\", {port})"),
            Some("# IPv4 loopback; wirebench listens on [::1] as well\n"),
        ),
        Bind::All { port } => (
            format!("(\"0.0.0.0\", {port})"),
            Some("# every interface: other machines can reach this\n"),
        ),
        Bind::Address(address) => {
            (format!("({}, {})", text(&address.ip().to_string()), address.port()), None)
        }
    }
}

/// Whether the script needs `AF_INET6`; loopback and all addresses are bound as IPv4.
pub(super) fn is_ipv6(bind: &Bind) -> bool {
    matches!(bind, Bind::Address(address) if address.is_ipv6())
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
    }

    #[test]
    fn several_lines_become_several_literals() {
        assert_eq!(lines(b"{\n}\n", 4), "(\n        b\"{\\n\"\n        b\"}\\n\"\n    )");
        assert_eq!(lines("é\nx".as_bytes(), 0), "(\n    \"é\\n\"\n    \"x\"\n).encode()");
        assert_eq!(lines(b"one\n", 0), "b\"one\\n\"");
    }
}
