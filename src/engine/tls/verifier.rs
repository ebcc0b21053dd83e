//! A certificate verifier that remembers what it saw, so that a refused chain can be shown, and
//! that goes on when the user said so.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};

use super::pinned::ServerTrust;
use super::tls_words::why_refused;
use crate::model::tls::Verify;

/// What the platform trusts, or why it trusts nobody.
pub(super) type Trust = Result<Arc<ServerTrust>, String>;

/// Certificates remembered at most.
const CHAIN: usize = 16;

/// What one handshake showed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// Leaf first.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// Why the chain does not verify; empty when it does.
    pub(crate) refused: String,
}

/// Where a verifier writes what it saw.
#[derive(Debug, Default)]
pub(crate) struct Recorder(Mutex<Seen>);

impl Recorder {
    /// A copy; empty before the peer has sent its certificates.
    pub(crate) fn seen(&self) -> Seen {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn record(&self, seen: Seen) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    }
}

/// Asks the platform, writes down chain and verdict, and obeys the verdict unless told not to.
/// Signatures of the handshake itself are always checked.
pub(super) struct RecordingVerifier {
    trust: Trust,
    verify: Verify,
    recorder: Arc<Recorder>,
    provider: Arc<CryptoProvider>,
}

impl RecordingVerifier {
    /// `provider` checks the signatures; what is seen goes to `recorder`, one for each handshake.
    pub(super) fn new(
        trust: Trust,
        verify: Verify,
        recorder: Arc<Recorder>,
        provider: Arc<CryptoProvider>,
    ) -> Self {
        RecordingVerifier { trust, verify, recorder, provider }
    }
}

impl fmt::Debug for RecordingVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordingVerifier").field("verify", &self.verify).finish_non_exhaustive()
    }
}

/// There is nothing to verify against.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NoTrust(String);

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
            Err(reason) => Err(Error::InvalidCertificate(CertificateError::Other(OtherError(
                Arc::new(NoTrust(reason.clone())),
            )))),
        };
        let chain = std::iter::once(end_entity)
            .chain(intermediates)
            .take(CHAIN)
            .map(|certificate| certificate.clone().into_owned())
            .collect();
        let refused = verdict.as_ref().err().map(why_refused).unwrap_or_default();
        self.recorder.record(Seen { chain, refused });
        match self.verify {
            Verify::On => verdict,
            Verify::Off => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
