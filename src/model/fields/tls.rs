//! The options of TLS: a client's and a listener's.

use crate::model::field::{Options, Presence, ValueKind, fields};
use crate::model::tls::{ClientTls, ListenerTls};

pub(super) const VERIFY: &str = "Verify TLS certificates";
pub(super) const VERIFY_HELP: &str = "Whether the peer's certificate must be trusted; off counts for \
                                        the address's own origin, not where a redirect leads.";
pub(super) const TRUST: &str = "Accepted certificates (SHA-256)";
pub(super) const TRUST_HELP: &str = "Certificates accepted although they do not verify: sha256:HEX, \
                                     at another origin than the address's sha256:HEX@host:port.";

impl Options for ClientTls {
    fields! {
        "", ValueKind::Switch(&["off", "on"]), -, help: "Whether the connection is encrypted.";
        "verify", ValueKind::Flag, (ClientTls::On { verify, .. } => verify), when: Some("on"),
            default: Some("on"), label: VERIFY, help: VERIFY_HELP;
        "trust", ValueKind::Word(&[]), (ClientTls::On { trust, .. } => trust), when: Some("on"),
            default: Some(""), label: TRUST, help: TRUST_HELP;
        "sni", ValueKind::Word(&[]), (ClientTls::On { sni, .. } => sni), when: Some("on"),
            default: Some(""), label: "Server name (empty = host)",
            help: "Server name sent; the host of the address when absent.";
    }

    fn variant(&self) -> &'static str {
        if *self == ClientTls::Off { "off" } else { "on" }
    }

    fn switch(&mut self, word: &str) {
        *self = match word {
            "on" => ClientTls::verified(),
            _ => ClientTls::Off,
        };
    }
}

impl Options for ListenerTls {
    fields! {
        "", ValueKind::Switch(&["off", "own certificate", "PEM files"]), -,
            help: "Whether connections are encrypted, and with whose certificate.";
        "certificate", ValueKind::Word(&[]), (ListenerTls::Files { certificate,
            .. } => certificate),
            when: Some("PEM files"), presence: Presence::Required,
            is_path: true,
            label: "Certificate chain (PEM file)", help: "PEM file of the certificate chain.";
        "key", ValueKind::Word(&[]), (ListenerTls::Files { key, .. } => key),
            when: Some("PEM files"), presence: Presence::Required, is_path: true,
            label: "Private key (PEM file)",
            help: "PEM file of the private key.";
    }

    fn variant(&self) -> &'static str {
        match self {
            ListenerTls::Off => "off",
            ListenerTls::Generated => "own certificate",
            ListenerTls::Files { .. } => "PEM files",
        }
    }

    fn switch(&mut self, word: &str) {
        *self = match word {
            "own certificate" => ListenerTls::Generated,
            "PEM files" => ListenerTls::Files { certificate: String::new(), key: String::new() },
            _ => ListenerTls::Off,
        };
    }
}
