//! TLS options as composed, and facts about a handshake as observed.

use std::time::Duration;

use jiff::Timestamp;
use strum::{Display, EnumString, IntoStaticStr, VariantNames};

use super::timing::Stamp;
use super::trust::{TrustedCertificates, Verify};

/// TLS of a client session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ClientTls {
    #[default]
    Off,
    On {
        verify: Verify,
        /// Certificates accepted although they do not verify.
        trust: TrustedCertificates,
        /// Server name sent; empty = the host of the address.
        sni: String,
        choices: TlsChoices,
    },
}

impl ClientTls {
    /// Verified, under the name of the address.
    #[must_use]
    pub fn verified() -> Self {
        let (trust, sni) = (TrustedCertificates::default(), String::new());
        ClientTls::On { verify: Verify::On, trust, sni, choices: TlsChoices::default() }
    }
}

/// What else a client decides about TLS, of HTTP and of conversations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsChoices {
    /// PEM file of the authorities that are trusted in place of the system's; empty = the system's.
    pub ca: String,
    /// PEM file of a certificate of ours and what leads to its authority, for servers that ask; empty = none.
    pub certificate: String,
    /// PEM file of its key; empty = that of the certificate.
    pub key: String,
    pub versions: TlsVersions,
}

/// Which versions of TLS are spoken.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Default,
    Display,
    IntoStaticStr,
    EnumString,
    VariantNames,
)]
#[strum(const_into_str)]
pub enum TlsVersions {
    /// 1.3, or 1.2 with servers that do not speak it.
    #[default]
    #[strum(serialize = "any")]
    Any,
    #[strum(serialize = "1.2")]
    Only12,
    #[strum(serialize = "1.3")]
    Only13,
}

impl TlsChoices {
    /// What of it holds at another place than the one it was made for: nobody else is shown our certificate.
    #[must_use]
    pub(crate) fn elsewhere(&self) -> Self {
        let (certificate, key) = (String::new(), String::new());
        TlsChoices { certificate, key, ..self.clone() }
    }
}

/// TLS of a listener.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ListenerTls {
    #[default]
    Off,
    /// A leaf certificate signed by the installation's own CA, both made on first use.
    Generated,
    /// PEM files.
    Files { certificate: String, key: String },
}

/// What a finished handshake agreed on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsFacts {
    /// `TLSv1.3`, `TLSv1.2`.
    pub version: String,
    pub cipher: String,
    pub group: String,
    pub alpn: String,
    pub sni: String,
    /// Leaf first, as the peer sent it.
    pub chain: Vec<CertificateFacts>,
    /// Why verification failed although the session went on; empty when it verified.
    pub unverified: String,
    /// Why it could not be checked that the peer has the key of its certificate; empty when it has.
    pub unproven: String,
    /// The server asked for a certificate of the client, which has none.
    pub wants_certificate: bool,
    /// Our certificate, which the server asked for and was shown.
    pub shown: Option<Box<CertificateFacts>>,
    pub handshake: Duration,
}

/// The readable part of an X.509 certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CertificateFacts {
    pub subject: String,
    pub issuer: String,
    pub names: Vec<String>,
    /// RFC 3339 dates.
    pub not_before: String,
    pub not_after: String,
    pub serial: String,
    pub sha256: String,
}

impl CertificateFacts {
    /// Whole days until it ends; 0 when it has ended.
    #[must_use]
    pub fn days_left(&self, now: Stamp) -> Option<u64> {
        let end: Timestamp = self.not_after.parse().ok()?;
        let now = i64::try_from(now.0 / 1_000_000_000).ok()?;
        u64::try_from((end.as_second() - now).max(0) / (24 * 60 * 60)).ok()
    }
}
