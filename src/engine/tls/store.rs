//! TLS configurations of the engine, built on first use: trust for clients, an authority and
//! leaves for listeners.
//!
//! The transport asks [`TlsStore`]; one provider (aws-lc-rs) is used everywhere and named
//! explicitly, so no process-wide default is installed. The installation's own authority is
//! trusted by our clients, so both ends of wirebench speak TLS to each other verified.

use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, OtherError, ServerConfig};

use super::authority;
use super::verifier::{RecordingVerifier, ServerTrust, Trust};
use crate::engine::event::Event;
use crate::engine::sink::Sink;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::tls::{Authority, TlsFacts};
use crate::model::trust::Acceptance;
use crate::named_file;

/// What every TLS connection of an engine shares. Cheap to clone; nothing is built until needed.
#[derive(Clone)]
pub(crate) struct TlsStore {
    shared: Arc<Mutex<TlsShared>>,
    provider: Arc<CryptoProvider>,
    events: Sink,
    /// The file with certificates that are trusted as they are.
    named: Option<Arc<Path>>,
}

struct TlsShared {
    authority: Option<Authority>,
    /// Built on first use; forgotten when an authority is made, which it has to trust.
    trust: Option<Trust>,
}

/// Longest PEM file; the whole trust store of a system has 220 KB.
pub(super) const PEM_LIMIT: u64 = 4 * 1024 * 1024;
/// The one application protocol our listeners speak.
const ALPN: &[u8] = b"http/1.1";

impl TlsStore {
    /// `named` is a file of certificates to trust as they are; `events` is told when an authority
    /// was made.
    pub(crate) fn new(authority: Option<Authority>, named: Option<PathBuf>, events: Sink) -> Self {
        TlsStore {
            shared: Arc::new(Mutex::new(TlsShared { authority, trust: None })),
            provider: Arc::new(aws_lc_rs::default_provider()),
            events,
            named: named.map(Arc::from),
        }
    }

    fn lock(&self) -> MutexGuard<'_, TlsShared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A configuration for one connection, whose peer's chain will be `seen`.
    pub(crate) fn client(
        &self,
        accepted: Acceptance,
        alpn: &[&[u8]],
        seen: Arc<Mutex<TlsFacts>>,
    ) -> Result<ClientConfig, Failure> {
        let (trust, provider) = (self.trust(), Arc::clone(&self.provider));
        let verifier = RecordingVerifier { trust, accepted, seen, provider };
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| internal(&error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        // Every connection shows its own full handshake with the whole chain.
        config.resumption = rustls::client::Resumption::disabled();
        Ok(config)
    }

    /// The system's roots and our own authority. `SSL_CERT_FILE` and `SSL_CERT_DIR` take the place
    /// of the system's roots; a server's own certificate in that file is trusted, too.
    fn trust(&self) -> Trust {
        let mut shared = self.lock();
        if let Some(trust) = &shared.trust {
            return trust.clone();
        }
        if let Some(named) = &self.named
            && let Err(error) = named_file::regular_or_none(named)
        {
            // The platform's verifier would wait for it.
            let reason = format!("SSL_CERT_FILE, {}: {error}", named.display());
            let refused = OtherError(Box::<dyn Error + Send + Sync>::from(reason).into());
            return shared.trust.insert(Err(refused)).clone();
        }
        let own = shared.authority.as_ref().and_then(|authority| {
            CertificateDer::from_pem_slice(authority.certificate_pem.as_bytes()).ok()
        });
        let provider = Arc::clone(&self.provider);
        let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(own, provider);
        let trust = verifier.map_err(|_| {
            let reason = "this machine has no trusted authorities installed";
            OtherError(Box::<dyn Error + Send + Sync>::from(reason).into())
        });
        let named = self.named.as_deref();
        let trust = trust.map(|verifier| Arc::new(ServerTrust::new(Arc::new(verifier), named)));
        shared.trust.insert(trust).clone()
    }

    /// A listener's configuration with a leaf for these addresses, signed by the installation's
    /// authority; that is made, and reported, when there is none.
    pub(crate) fn generated(&self, addresses: &[SocketAddr]) -> Result<ServerConfig, Failure> {
        let authority = self.authority()?;
        let (chain, key) = authority::leaf(&authority, addresses).map_err(|cause| {
            Failure::new(Stage::Tls, "certificate", FailureKind::Certificate, cause)
                .hint("remove the stored authority; a new one is made on the next start")
        })?;
        self.server(chain, key)
    }

    fn authority(&self) -> Result<Authority, Failure> {
        let mut shared = self.lock();
        if let Some(authority) = &shared.authority {
            return Ok(authority.clone());
        }
        let made = authority::make().map_err(|error| internal(&error))?;
        shared.authority = Some(made.clone());
        shared.trust = None;
        self.events.event(Event::AuthorityCreated(made.clone()));
        Ok(made)
    }

    /// A listener's configuration from PEM files.
    pub(crate) fn files(&self, chain: &str, key: &str) -> Result<ServerConfig, Failure> {
        let pem = pem(chain)?;
        let certificates = CertificateDer::pem_slice_iter(&pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| unreadable(chain, &error.to_string()))?;
        if certificates.is_empty() {
            return Err(unreadable(chain, "it holds no certificate in PEM form"));
        }
        let key = PrivateKeyDer::from_pem_slice(&self::pem(key)?)
            .map_err(|error| unreadable(key, &error.to_string()))?;
        self.server(certificates, key)
    }

    fn server(
        &self,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<ServerConfig, Failure> {
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| internal(&error))?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| unreadable("certificate and key", &error.to_string()))?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(config)
    }
}

/// A file of certificates or of a key.
fn pem(path: &str) -> Result<Vec<u8>, Failure> {
    named_file::read(Path::new(path), PEM_LIMIT)
        .map_err(|error| unreadable(path, &error.to_string()))
}

fn unreadable(path: &str, cause: &str) -> Failure {
    Failure::new(Stage::Tls, path, FailureKind::Certificate, cause)
        .hint("name PEM files of a certificate chain and its private key")
}

fn internal(error: &dyn Error) -> Failure {
    Failure::new(Stage::Tls, "", FailureKind::Internal, error.to_string())
}

#[cfg(test)]
mod store_tests;
