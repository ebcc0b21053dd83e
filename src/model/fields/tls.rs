//! The options of TLS: a client's and a listener's.

use strum::VariantNames as _;

use crate::model::field::{Options, Presence, ValueKind, fields};
use crate::model::tls::{ClientTls, ListenerTls, TlsChoices, TlsVersions};

pub(super) const VERIFY: &str = "Verify TLS certificates";
pub(super) const VERIFY_HELP: &str = "Whether the peer's certificate must be trusted; off counts for \
                                        the address's own origin, not where a redirect leads.";
pub(super) const TRUST: &str = "Accepted certificates (SHA-256)";
pub(super) const TRUST_HELP: &str = "Certificates accepted although they do not verify: sha256:HEX, \
                                     at another origin than the address's sha256:HEX@host:port.";

pub(super) const SNI: &str = "Server name (empty = host)";
pub(super) const SNI_HELP: &str =
    "Server name sent and verified; the host of the address when absent.";
pub(super) const CA: &str = "Authorities trusted (PEM file)";
pub(super) const CA_PLACE: &str = "those of the system";
pub(super) const CA_HELP: &str = "PEM file of the authorities that are trusted in place of the system's; a \
                                  server's own certificate in it is trusted, too.";
pub(super) const OWN: &str = "Certificate of ours (PEM file)";
pub(super) const OWN_PLACE: &str = "none";
pub(super) const OWN_HELP: &str = "PEM file of the certificate that is shown to a server that asks for one, with those \
                                   that lead to its authority; not where a redirect leads.";
pub(super) const KEY: &str = "Its key (PEM file)";
pub(super) const KEY_PLACE: &str = "in the file of the certificate";
pub(super) const KEY_HELP: &str =
    "PEM file of the key of our certificate; when empty it is in the file of the certificate.";
pub(super) const VERSIONS: &str = "TLS version";
pub(super) const VERSIONS_HELP: &str =
    "Which version of TLS is spoken: 1.2 or 1.3 alone, or any of the two.";

impl Options for ClientTls {
    fields! {
        "", ValueKind::Switch(&["off", "on"]), -, help: "Whether the connection is encrypted.";
        "verify", ValueKind::Flag, (ClientTls::On { verify, .. } => verify), when: Some("on"),
            default: Some("on"), label: VERIFY, help: VERIFY_HELP;
        "trust", ValueKind::Word(&[]), (ClientTls::On { trust, .. } => trust), when: Some("on"),
            default: Some(""), label: TRUST, help: TRUST_HELP;
        "sni", ValueKind::Word(&[]), (ClientTls::On { sni, .. } => sni), when: Some("on"),
            default: Some(""), label: SNI, help: SNI_HELP;
        "ca", ValueKind::Word(&[]),
            (ClientTls::On { choices: TlsChoices { ca, .. }, .. } => ca), when: Some("on"),
            default: Some(""), is_path: true, label: CA, placeholder: CA_PLACE, help: CA_HELP;
        "certificate", ValueKind::Word(&[]),
            (ClientTls::On { choices: TlsChoices { certificate, .. }, .. } => certificate), when: Some("on"),
            default: Some(""), is_path: true, label: OWN, placeholder: OWN_PLACE, help: OWN_HELP;
        "key", ValueKind::Word(&[]),
            (ClientTls::On { choices: TlsChoices { key, .. }, .. } => key), when: Some("on"),
            default: Some(""), is_path: true, label: KEY, placeholder: KEY_PLACE, help: KEY_HELP;
        "version", ValueKind::Choice(TlsVersions::VARIANTS),
            (ClientTls::On { choices: TlsChoices { versions, .. }, .. } => versions), when: Some("on"),
            default: Some("any"), label: VERSIONS, help: VERSIONS_HELP;
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
