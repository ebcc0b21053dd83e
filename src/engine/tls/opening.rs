//! The authority with which a relay opens the TLS of hosts that the user named: made for one run, good
//! for a day, never kept and never installed; its key stays in memory.
//!
//! Called by the HTTP relay, and by whoever starts a program that shall trust it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SerialNumber, date_time_ymd,
};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{KeyLog, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::engine::clock::WallSource;
use crate::model::authority::Authority;
use crate::model::failure::{Failure, FailureKind, Stage};

/// How long such an authority and its leaves are good for.
const LASTS: Duration = Duration::from_secs(24 * 3600);
/// Clocks of clients may be behind by so much.
const EARLIER: Duration = Duration::from_secs(3600);
/// Hosts whose leaves are kept; beyond that all are made anew.
const HOSTS: usize = 256;

/// A new authority, good from now on for a day.
///
/// # Errors
/// When no key can be made.
pub(crate) fn made() -> Result<Authority, Failure> {
    let make = || {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "wirebench");
        let name = "wirebench opens TLS for one run";
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.serial_number = Some(serial(0));
        set_validity(&mut params);
        let certificate = params.self_signed(&key)?;
        Ok(Authority { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() })
    };
    make().map_err(|error: rcgen::Error| internal(&error.to_string()))
}

/// What answers clients in the place of the hosts they asked for.
pub(crate) struct Opener {
    issuer: Issuer<'static, KeyPair>,
    ca: CertificateDer<'static>,
    /// That of every leaf.
    key: KeyPair,
    acceptors: Mutex<BTreeMap<String, TlsAcceptor>>,
    /// Where keys of connections go.
    key_log: Option<Arc<dyn KeyLog>>,
}

impl Opener {
    /// One that signs with this authority.
    pub(crate) fn new(authority: &Authority) -> Result<Self, Failure> {
        let unreadable =
            |cause: String| internal(&format!("the authority cannot be read: {cause}"));
        let ca = CertificateDer::from_pem_slice(authority.certificate_pem.as_bytes());
        let ca = ca.map_err(|error| unreadable(error.to_string()))?;
        let ca_key = KeyPair::from_pem(&authority.key_pem);
        let ca_key = ca_key.map_err(|error| unreadable(error.to_string()))?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "wirebench");
        let name = "wirebench opens TLS for one run";
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().map_err(|error| internal(&error.to_string()))?;
        let acceptors = Mutex::default();
        let issuer = Issuer::new(params, ca_key);
        Ok(Opener { issuer, ca, key, acceptors, key_log: None })
    }

    /// The same, which tells the keys of its connections.
    pub(crate) fn with_key_log(self, key_log: Option<Arc<dyn KeyLog>>) -> Self {
        Opener { key_log, ..self }
    }

    /// What shakes hands with clients that want to talk to this host.
    pub(crate) fn acceptor(&self, host: &str) -> Result<TlsAcceptor, Failure> {
        let host = host.to_ascii_lowercase();
        let mut known = self.acceptors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(acceptor) = known.get(&host) {
            return Ok(acceptor.clone());
        }
        let acceptor = self.made_for(&host, known.len() as u64 + 1)?;
        if known.len() >= HOSTS {
            known.clear();
        }
        known.insert(host, acceptor.clone());
        Ok(acceptor)
    }

    fn made_for(&self, host: &str, number: u64) -> Result<TlsAcceptor, Failure> {
        let unfit = |cause: String| {
            let cause = format!("no certificate for '{host}': {cause}");
            Failure::new(Stage::Tls, host, FailureKind::Certificate, cause)
        };
        let mut params = CertificateParams::new([host.to_owned()]);
        let params = params.as_mut().map_err(|error| unfit(error.to_string()))?;
        params.distinguished_name = DistinguishedName::new();
        // RFC 5280, section 4.1.2.6: 64 letters.
        let is_short = host.len() <= 64 && host.parse::<IpAddr>().is_err();
        let name = if is_short { host } else { "wirebench" };
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(serial(number));
        set_validity(params);
        let leaf = params.signed_by(&self.key, &self.issuer);
        let leaf = leaf.map_err(|error| unfit(error.to_string()))?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|it| {
                let chain = vec![leaf.der().clone(), self.ca.clone()];
                it.with_no_client_auth().with_single_cert(chain, key)
            });
        let mut config = config.map_err(|error| unfit(error.to_string()))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.key_log = self.key_log.clone().unwrap_or(config.key_log);
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// By the time of its making and a number: two certificates of one authority have different ones.
fn serial(number: u64) -> SerialNumber {
    let now = wall().as_nanosecond().unsigned_abs() as u64;
    let bytes = now.wrapping_add(number).to_be_bytes();
    // The first bit would make it negative.
    SerialNumber::from_slice(&[&[0x01], &bytes[..]].concat())
}

fn wall() -> Timestamp {
    let now = i128::from(WallSource::default().now().0);
    Timestamp::from_nanosecond(now).unwrap_or_default()
}

fn set_validity(params: &mut CertificateParams) {
    let now = wall().to_zoned(TimeZone::UTC);
    let (month, day) = (now.month().unsigned_abs(), now.day().unsigned_abs());
    let midnight = date_time_ymd(i32::from(now.year()), month, day);
    let [hours, minutes] = [now.hour(), now.minute()].map(|it| u64::from(it.unsigned_abs()));
    let now = midnight + Duration::from_secs(hours * 3600 + minutes * 60);
    (params.not_before, params.not_after) = (now - EARLIER, now + LASTS);
}

fn internal(cause: &str) -> Failure {
    Failure::new(Stage::Tls, "", FailureKind::Internal, cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tls::authority::describe_authority;

    #[test]
    fn it_lasts_a_day_and_no_two_are_the_same() {
        let (one, other) = (made().unwrap(), made().unwrap());
        assert_ne!(one.key_pem, other.key_pem);
        let facts = describe_authority(&one).unwrap();
        let end: Timestamp = facts.not_after.parse().unwrap();
        let left = (end - Timestamp::now()).get_seconds();
        assert!((23 * 3600..=24 * 3600).contains(&left), "{left} s");
        let begin: Timestamp = facts.not_before.parse().unwrap();
        assert!(begin < Timestamp::now());
    }

    #[test]
    fn names_and_addresses_get_a_leaf_each_and_what_is_none_is_refused() {
        let opener = Opener::new(&made().unwrap()).unwrap();
        for host in ["api.example.com", "127.0.0.1", "::1", "API.example.com"] {
            opener.acceptor(host).unwrap();
        }
        assert_eq!(opener.acceptors.lock().unwrap().len(), 3);
        let long = format!("{}.example", "a".repeat(80));
        assert!(opener.acceptor(&long).is_ok());
        assert!(
            Opener::new(&Authority { certificate_pem: "x".into(), key_pem: "y".into() }).is_err()
        );
    }
}
