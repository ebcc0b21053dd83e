//! X.509 certificates (RFC 5280) as readable facts.

use std::net::IpAddr;

use jiff::Timestamp;
use rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use crate::model::tls::CertificateFacts;

/// Certificates of one chain described at most; a hostile peer may send thousands.
const CHAIN: usize = 16;

/// The facts of a chain, leaf first.
pub(crate) fn describe_chain<'a, 'b: 'a>(
    chain: impl IntoIterator<Item = &'a CertificateDer<'b>>,
) -> Vec<CertificateFacts> {
    chain.into_iter().take(CHAIN).map(describe).collect()
}

fn describe(der: &CertificateDer<'_>) -> CertificateFacts {
    let sha256 = hex(&sha256(der));
    let Ok((_, certificate)) = X509Certificate::from_der(der) else {
        let subject = "(cannot be read)".to_owned();
        return CertificateFacts { subject, sha256, ..CertificateFacts::default() };
    };
    let validity = certificate.validity();
    CertificateFacts {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        names: names(&certificate),
        not_before: date(u64::try_from(validity.not_before.timestamp()).unwrap_or(0)),
        not_after: date(u64::try_from(validity.not_after.timestamp()).unwrap_or(0)),
        serial: hex(certificate.raw_serial()),
        sha256,
    }
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let readable = extension.value.general_names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) | GeneralName::URI(name) | GeneralName::RFC822Name(name) => {
            Some((*name).to_owned())
        }
        GeneralName::IPAddress(octets) => address(octets).map(|ip| ip.to_string()),
        _ => None,
    });
    readable.collect()
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    if let Ok(v4) = <[u8; 4]>::try_from(octets) {
        return Some(IpAddr::from(v4));
    }
    <[u8; 16]>::try_from(octets).ok().map(IpAddr::from)
}

/// Seconds since the Unix epoch as an RFC 3339 date and time.
pub(crate) fn date(seconds: u64) -> String {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map_or_else(|| "a date out of range".to_owned(), |time| time.to_string())
}

/// The SHA-256 of bytes.
pub(super) fn sha256(bytes: &[u8]) -> Vec<u8> {
    // The provider's own hash, reached through a suite that uses it.
    TLS13_AES_128_GCM_SHA256
        .tls13()
        .map(|suite| suite.common.hash_provider.hash(bytes).as_ref().to_vec())
        .unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}
