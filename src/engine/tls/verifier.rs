//! A certificate verifier that writes down what it saw, so that a refused chain can be shown, and
//! that goes on when the user said so.
//!
//! Besides what the platform trusts it trusts a server's own certificate that stands in
//! `SSL_CERT_FILE` byte for byte. A self-signed certificate of a development server is no
//! authority's, or is one and must not be a server's; a chain is never built to it. Naming the very
//! certificate says more than naming its issuer, so only name and dates are left to check, as curl
//! and openssl do.

use std::iter::once;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, SignatureVerificationAlgorithm, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use x509_parser::prelude::{ASN1Time, FromDer, X509Certificate, X509Version};
use x509_parser::public_key::PublicKey;

use super::certificate_facts::{describe_chain, sha256};
use super::refusal_causes::{RefusedChain, probe};
use super::store::PEM_LIMIT;
use super::tls_words::why_refused;
use super::weak_key;
use crate::model::tls::TlsFacts;
use crate::model::trust::{Acceptance, Sha256};
use crate::named_file;
use crate::os;

/// Whom we trust, or why nobody.
pub(super) type Trust = Result<Arc<ServerTrust>, OtherError>;

/// What the platform trusts, and the certificates the user named.
#[derive(Debug)]
pub(super) struct ServerTrust {
    inner: Arc<dyn ServerCertVerifier>,
    certificates: Vec<CertificateDer<'static>>,
}

impl ServerTrust {
    /// Trusts what the inner verifier does, and the certificates in this file. One that cannot be
    /// read holds none: what is refused because of that says so.
    pub(super) fn new(inner: Arc<dyn ServerCertVerifier>, file: Option<&Path>) -> Self {
        let certificates = file.and_then(|file| {
            let pem = named_file::read(file, PEM_LIMIT).ok()?;
            Some(CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).collect())
        });
        ServerTrust { inner, certificates: certificates.unwrap_or_default() }
    }

    /// The verdict on a server's chain; arguments as those of [`ServerCertVerifier`].
    pub(super) fn verify(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict =
            self.inner.verify_server_cert(end_entity, intermediates, name, ocsp_response, now);
        if verdict.is_ok() || !self.certificates.iter().any(|named| named == end_entity) {
            return verdict;
        }
        suits(end_entity, name, now).map(|()| ServerCertVerified::assertion())
    }

    /// What stands against the issuer of a leaf, whatever stands against the leaf itself.
    fn issuer(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Option<CertificateError> {
        if !os::VERIFIES_BY_WEBPKI || self.certificates.iter().any(|named| named == leaf) {
            return None;
        }
        // One that cannot be read, as the leaf when it comes twice, would be all that is said.
        let is_read = |one: &&CertificateDer<'_>| {
            X509Certificate::from_der(one).is_ok_and(|(_, it)| it.version() == X509Version::V3)
        };
        let above: Vec<_> = intermediates.iter().filter(is_read).cloned().collect();
        let probe = probe(leaf)?;
        let asked = self.inner.verify_server_cert(&probe, &above, name, &[], now).err()?;
        let is_unknown = asked == Error::InvalidCertificate(CertificateError::UnknownIssuer);
        is_unknown.then_some(CertificateError::UnknownIssuer)
    }
}

/// Whether a certificate that was named is for this server and now.
fn suits(
    certificate: &CertificateDer<'_>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<(), Error> {
    verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
    let parsed = X509Certificate::from_der(certificate);
    let (_, parsed) = parsed.map_err(|_| CertificateError::BadEncoding)?;
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let now = ASN1Time::from_timestamp(now).map_err(|_| CertificateError::BadEncoding)?;
    let validity = parsed.validity();
    match now {
        now if now < validity.not_before => Err(CertificateError::NotValidYet.into()),
        now if now > validity.not_after => Err(CertificateError::Expired.into()),
        _ => Ok(()),
    }
}

/// Asks whom we trust, writes down chain and verdict, and obeys the verdict unless the leaf is one
/// the user accepts. Signatures of the handshake are always checked; that of an accepted leaf whose
/// key cannot be used for it leaves the peer's identity unproven, which is written down.
#[derive(Debug)]
pub(super) struct RecordingVerifier {
    pub(super) trust: Trust,
    pub(super) accepted: Acceptance,
    /// What one handshake showed.
    pub(super) seen: Arc<Mutex<TlsFacts>>,
    /// Checks the signatures.
    pub(super) provider: Arc<CryptoProvider>,
}

/// Shows the certificate of ours, if there is one, and writes down that it was asked for: without it a server
/// says of the handshake that it failed, and not why (RFC 5246, section 7.4.6).
#[derive(Debug)]
pub(super) struct CertificateRequest {
    pub(super) seen: Arc<Mutex<TlsFacts>>,
    pub(super) own: Option<Arc<CertifiedKey>>,
}

impl ResolvesClientCert for CertificateRequest {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |own: &&Arc<CertifiedKey>| own.key.choose_scheme(schemes).is_some();
        let Some(own) = self.own.as_ref().filter(fits) else {
            seen.wants_certificate = true;
            return None;
        };
        seen.shown = describe_chain(own.cert.iter().take(1)).pop().map(Box::new);
        Some(Arc::clone(own))
    }

    fn has_certs(&self) -> bool {
        self.own.is_some()
    }
}

impl ServerCertVerifier for RecordingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = match &self.trust {
            Ok(trust) => trust.verify(end_entity, intermediates, server_name, ocsp_response, now),
            Err(reason) => Err(CertificateError::Other(reason.clone()).into()),
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.chain = describe_chain(once(end_entity).chain(intermediates));
        let refused = verdict.as_ref().err();
        let causes = |error| match &self.trust {
            Ok(trust) => {
                let issuer = trust.issuer(end_entity, intermediates, server_name, now);
                let (leaf, facts, name) = (end_entity, &seen.chain, server_name);
                RefusedChain { leaf, facts, name, now, issuer }.causes(error)
            }
            Err(_) => why_refused(error, &seen.chain),
        };
        seen.unverified = refused.map(causes).unwrap_or_default();
        if verdict.is_err() && self.accepts(end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        verdict
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        let checked = verify_tls12_signature(message, cert, dss, algorithms);
        self.proven(checked, message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        let checked = verify_tls13_signature(message, cert, dss, algorithms);
        self.proven(checked, message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl RecordingVerifier {
    fn accepts(&self, leaf: &CertificateDer<'_>) -> bool {
        let hash = <[u8; 32]>::try_from(sha256(leaf)).map(Sha256);
        // Without a hash there is no consent to one certificate.
        hash.map_or(self.accepted == Acceptance::Anything, |hash| self.accepted.covers(hash))
    }

    /// What comes of a check of the peer's signature. One that is wrong is never accepted: whoever
    /// shows a certificate has to have its key.
    fn proven(
        &self,
        checked: Result<HandshakeSignatureValid, Error>,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if checked.is_ok() {
            return checked;
        }
        let key = signed_by(message, leaf, dss, &self.provider);
        let (why, is_unproven) = match (key, &checked) {
            (LeafKey::Other, _) => return Err(Error::General(NOT_THE_KEY.to_owned())),
            (LeafKey::Unusable(why), _) => (why, true),
            (LeafKey::Holds { names_somebody }, Err(error)) => {
                (why_refused(error, &[]), !names_somebody)
            }
            (LeafKey::Holds { .. }, Ok(_)) => return checked,
        };
        if !self.accepts(leaf) {
            let why: Box<dyn std::error::Error + Send + Sync> = why.into();
            return Err(CertificateError::Other(OtherError(Arc::from(why))).into());
        }
        if is_unproven {
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).unproven = why;
        }
        Ok(HandshakeSignatureValid::assertion())
    }
}

/// What a peer does that shows another's certificate.
const NOT_THE_KEY: &str = "the peer does not have the key of the certificate it shows";

/// What can be said of the key of a leaf that the library refuses to use.
enum LeafKey {
    /// It made the signature. A certificate of version 1 does not say of whom it is the key.
    Holds { names_somebody: bool },
    /// It did not.
    Other,
    /// No signature of it can be checked, and why.
    Unusable(String),
}

/// Checks a signature by the bare key, for certificates the library does not read.
fn signed_by(
    message: &[u8],
    leaf: &CertificateDer<'_>,
    dss: &DigitallySignedStruct,
    provider: &CryptoProvider,
) -> LeafKey {
    let Ok((_, leaf)) = X509Certificate::from_der(leaf) else {
        return LeafKey::Unusable("its certificate cannot be read".to_owned());
    };
    let key = leaf.public_key();
    if let Ok(PublicKey::RSA(rsa)) = key.parsed()
        && let Some(why) = weak_key::rsa(rsa.key_size())
    {
        return LeafKey::Unusable(why);
    }
    let mapping = provider.signature_verification_algorithms.mapping;
    let mut schemes = mapping.iter().filter(|(scheme, _)| *scheme == dss.scheme);
    let bits = &key.subject_public_key.data;
    let holds = |algorithms: &[&dyn SignatureVerificationAlgorithm]| {
        algorithms.iter().any(|one| one.verify_signature(bits, message, dss.signature()).is_ok())
    };
    let known = matches!(key.parsed(), Ok(PublicKey::RSA(_) | PublicKey::EC(_)));
    match schemes.any(|(_, algorithms)| holds(algorithms)) {
        true => LeafKey::Holds { names_somebody: leaf.version() == X509Version::V3 },
        false if known => LeafKey::Other,
        false => LeafKey::Unusable("its certificate has a key of an unknown kind".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    /// Refuses everything.
    #[derive(Debug)]
    struct Strict;

    impl ServerCertVerifier for Strict {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Err(CertificateError::UnknownIssuer.into())
        }

        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Err(CertificateError::BadSignature.into())
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Err(CertificateError::BadSignature.into())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            Vec::new()
        }
    }

    fn certificate() -> CertificateDer<'static> {
        let mut params = CertificateParams::new(vec!["dev.test".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2024, 1, 1);
        params.not_after = date_time_ymd(2024, 12, 31);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    /// The verdict on a certificate while another one, or the same, is named.
    fn verdict(
        named: &CertificateDer<'static>,
        shown: &CertificateDer<'static>,
        (name, at): (&'static str, u64),
    ) -> String {
        let verifier = ServerTrust { inner: Arc::new(Strict), certificates: vec![named.clone()] };
        let name = ServerName::try_from(name).unwrap();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(at));
        match verifier.verify(shown, &[], &name, &[], now) {
            Ok(_) => "trusted".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_named_certificate_is_trusted_for_its_name_and_dates_only() {
        const DURING: u64 = 1_720_000_000;
        let (mine, other) = (certificate(), certificate());
        assert_eq!(verdict(&mine, &mine, ("dev.test", DURING)), "trusted");
        assert!(verdict(&mine, &mine, ("other.test", DURING)).contains("other.test"));
        assert!(verdict(&mine, &mine, ("dev.test", 1_600_000_000)).contains("NotValidYet"));
        assert!(verdict(&mine, &mine, ("dev.test", 1_800_000_000)).contains("Expired"));
        assert!(verdict(&mine, &other, ("dev.test", DURING)).contains("UnknownIssuer"));
    }
}
