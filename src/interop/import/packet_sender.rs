//! Packets of Packet Sender: the JSON export, and its `packets.ini`.
//!
//! The payload is what its hex digits say; the other rendering of it is for people. Ports it sends from hold
//! whatever was in memory and are left alone.

mod ini;

use super::data::DataNode;
use super::gathered::{FoundPreset, Gathered};
use super::tree::ImportFault;
use crate::codec::hex;
use crate::compose::template;
use crate::interop::from_traffic;
use crate::model::client::{InputSpec, ScriptStep, TcpSpec, UdpSpec};
use crate::model::endpoint::Endpoint;
use crate::model::http::HttpSpec;
use crate::model::payload::{LineEnding, PayloadFormat};
use crate::model::spec::Spec;
use crate::model::tls::{ClientTls, TlsChoices};
use crate::model::trust::{TrustedCertificates, Verify};

/// What its macros are called; they stand between two braces.
const MACROS: [&str; 6] = ["DATE", "TIME", "UNIXTIME", "COUNTER", "RANDOM", "UNIQUE"];

/// Whether a text is such an INI file.
pub(super) fn is_ini(text: &str) -> bool {
    text.lines().take(400).any(|line| line.trim() == "[NAMES]")
        || text.lines().take(400).any(|line| line.starts_with("tcpOrUdp="))
}

/// Reads the list of the JSON export.
pub(super) fn packets(data: &DataNode, out: &mut Gathered) -> Result<(), ImportFault> {
    let DataNode::List(items) = data else {
        return Err(ImportFault::new("", "it is no list of packets"));
    };
    for (at, item) in items.iter().enumerate() {
        packet(item, &format!("[{at}]"), out)?;
    }
    Ok(())
}

/// Reads the INI file.
pub(super) fn settings(text: &str, out: &mut Gathered) -> Result<(), ImportFault> {
    for (line, item) in ini::packets(text)? {
        packet(&item, &format!("line {line}"), out)?;
    }
    Ok(())
}

fn packet(item: &DataNode, at: &str, out: &mut Gathered) -> Result<(), ImportFault> {
    let name = item.at("name").str().to_owned();
    let place = if name.is_empty() { at.to_owned() } else { name.clone() };
    let digits = item.at("hexstring").str();
    let bytes = match hex::parse(digits) {
        Ok(bytes) => bytes,
        Err(error) => {
            let cause = format!("its bytes are no hex digits: {}", error.message);
            return Err(ImportFault::new(format!("{at}.hexstring ({place})"), cause));
        }
    };
    if MACROS.iter().any(|name| contains_macro(&bytes, name)) {
        out.left_out("macros, kept as text", place.as_str());
    }
    let repeat: f64 = item.at("repeat").plain().parse().unwrap_or(0.0);
    if repeat > 0.0 {
        out.changed("intervals of packets that repeat", &place, &format!("{repeat} s"));
    }
    let kind = item.at("tcporudp").str().to_ascii_lowercase();
    let port = item.at("port").number().and_then(|port| u16::try_from(port).ok());
    if port.is_none() {
        out.changed("ports that are none", &place, &item.at("port").plain());
    }
    let port = port.unwrap_or(0);
    let host = item.at("toip").str().trim().trim_matches(['[', ']']).to_owned();
    let address = template::quote(&Endpoint::new(host.clone(), port).to_string());
    let spec = if kind.contains("http") {
        http(&kind, &address, item.at("requestpath").str(), &bytes)
    } else if kind == "udp" || kind == "dtls" {
        if kind == "dtls" {
            out.left_out("DTLS, which is UDP without it here", place.as_str());
        }
        Spec::Udp(UdpSpec {
            address,
            steps: steps(&bytes),
            input: input(&bytes),
            ..UdpSpec::default()
        })
    } else {
        // It never verifies, and a preset says so.
        let (trust, sni) = (TrustedCertificates::default(), String::new());
        let is_tls = kind.contains("ssl") || kind.contains("tls");
        let tls = if is_tls {
            ClientTls::On { verify: Verify::Off, trust, sni, choices: TlsChoices::default() }
        } else {
            ClientTls::Off
        };
        if is_tls {
            out.left_out(
                "certificates that are not verified, as it was (verify = false)",
                place.as_str(),
            );
        }
        let (steps, input) = (steps(&bytes), input(&bytes));
        Spec::Tcp(TcpSpec { address, tls, steps, input, ..TcpSpec::default() })
    };
    out.preset(FoundPreset { name, place, ..FoundPreset::default() }, spec)
}

fn contains_macro(bytes: &[u8], name: &str) -> bool {
    let braces = "{{".to_owned() + name + "}}";
    memchr::memmem::find(bytes, braces.as_bytes()).is_some()
}

fn steps(bytes: &[u8]) -> Vec<ScriptStep> {
    if bytes.is_empty() { Vec::new() } else { vec![ScriptStep::Send(from_traffic::payload(bytes))] }
}

/// It adds nothing to what is typed.
fn input(bytes: &[u8]) -> InputSpec {
    let format =
        if bytes.is_empty() { PayloadFormat::Text } else { from_traffic::payload(bytes).format };
    InputSpec { line_ending: LineEnding::None, format }
}

fn http(kind: &str, address: &str, path: &str, bytes: &[u8]) -> Spec {
    let scheme = if kind.contains("https") { "https" } else { "http" };
    let path = template::quote(path.trim_start_matches('/'));
    let url = format!("{scheme}://{address}/{path}");
    let mut spec = HttpSpec { url, ..HttpSpec::default() };
    if kind.contains("post") {
        "POST".clone_into(&mut spec.method);
        spec.body = from_traffic::http_body(b"application/x-www-form-urlencoded", bytes);
        spec.headers.push(crate::model::spec::NameValue::new(
            "Content-Type",
            "application/x-www-form-urlencoded",
        ));
    }
    Spec::Http(spec)
}
