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
use rustls::{ClientConfig, KeyLog, OtherError, ServerConfig, SupportedProtocolVersion};

use super::authority;
use super::client_files;
use super::key_log::KeyLogFile;
use super::verifier::{CertificateRequest, RecordingVerifier, ServerTrust, Trust};
use crate::model::authority::{Authority, AuthorityKeeper};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::tls::{TlsChoices, TlsFacts, TlsVersions};
use crate::model::trust::Acceptance;
use crate::named_file;

/// What every TLS connection of an engine shares. Cheap to clone; nothing is built until needed.
#[derive(Clone)]
pub(crate) struct TlsStore {
    shared: Arc<Mutex<TlsShared>>,
    provider: Arc<CryptoProvider>,
    keeper: Option<Arc<dyn AuthorityKeeper>>,
    /// The file with certificates that are trusted as they are.
    named: Option<Arc<Path>>,
    /// Where keys of connections go.
    key_log: Option<Arc<dyn KeyLog>>,
}

#[derive(Default)]
struct TlsShared {
    /// One that could not be kept, or that nobody keeps.
    unkept: Option<Authority>,
    /// Built on first use, for the authorities of ours there were then.
    trust: Option<(Vec<String>, Trust)>,
}

/// What a client asks of the TLS of one connection.
#[derive(Debug, Clone)]
pub(crate) struct AskedTls<'a> {
    pub(crate) accepted: Acceptance,
    /// Protocols to offer (ALPN).
    pub(crate) alpn: &'a [&'a [u8]],
    pub(crate) choices: &'a TlsChoices,
}

/// A listener's configuration, and what is to be said of the authority behind it.
pub(crate) struct GeneratedTls {
    pub(crate) config: ServerConfig,
    pub(crate) news: Vec<Result<String, Failure>>,
}

/// Longest PEM file; the whole trust store of a system has 220 KB.
pub(super) const PEM_LIMIT: u64 = 4 * 1024 * 1024;
static TLS12_ALONE: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS12];
static TLS13_ALONE: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS13];
/// The one application protocol our listeners speak.
const ALPN: &[u8] = b"http/1.1";

impl TlsStore {
    /// `named` is a file of certificates to trust as they are.
    pub(crate) fn new(keeper: Option<Arc<dyn AuthorityKeeper>>, named: Option<PathBuf>) -> Self {
        TlsStore {
            shared: Arc::default(),
            provider: Arc::new(aws_lc_rs::default_provider()),
            keeper,
            named: named.map(Arc::from),
            key_log: None,
        }
    }

    /// The same, which tells the keys of its connections.
    pub(crate) fn with_key_log(self, key_log: Option<Arc<KeyLogFile>>) -> Self {
        TlsStore { key_log: key_log.map(|it| it as Arc<dyn KeyLog>), ..self }
    }

    /// Where keys of connections go that others make a configuration for.
    pub(crate) fn key_log(&self) -> Option<Arc<dyn KeyLog>> {
        self.key_log.clone()
    }

    fn lock(&self) -> MutexGuard<'_, TlsShared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A configuration for one connection, whose peer's chain will be `seen`.
    pub(crate) fn client(
        &self,
        asked: AskedTls<'_>,
        seen: Arc<Mutex<TlsFacts>>,
    ) -> Result<ClientConfig, Failure> {
        let AskedTls { accepted, alpn, choices } = asked;
        let provider = Arc::clone(&self.provider);
        let trust = match &*choices.ca {
            "" => self.trust(),
            file => Ok(client_files::authorities(file, &provider)?),
        };
        let own = client_files::own_certificate(choices, &provider)?;
        let asked = Arc::new(CertificateRequest { seen: Arc::clone(&seen), own });
        let verifier = RecordingVerifier { trust, accepted, seen, provider };
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(match choices.versions {
                TlsVersions::Any => rustls::DEFAULT_VERSIONS,
                TlsVersions::Only12 => &TLS12_ALONE,
                TlsVersions::Only13 => &TLS13_ALONE,
            })
            .map_err(|error| internal(&error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_cert_resolver(asked);
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        // Every connection shows its own full handshake with the whole chain.
        config.resumption = rustls::client::Resumption::disabled();
        config.key_log = self.key_log().unwrap_or(config.key_log);
        Ok(config)
    }

    /// The system's roots and our own authority as it is kept now: another program may have made
    /// it. `SSL_CERT_FILE` and `SSL_CERT_DIR` take the place of the system's roots; a server's own
    /// certificate in that file is trusted, too.
    fn trust(&self) -> Trust {
        let kept = self.keeper.as_ref().and_then(|keeper| keeper.kept());
        let mut shared = self.lock();
        let own = kept.iter().chain(&shared.unkept);
        let own: Vec<String> = own.map(|authority| authority.certificate_pem.clone()).collect();
        if let Some((known, trust)) = &shared.trust
            && *known == own
        {
            return trust.clone();
        }
        if let Some(named) = &self.named
            && let Err(error) = named_file::regular_or_none(named)
        {
            // The platform's verifier would wait for it.
            let reason = format!("SSL_CERT_FILE, {}: {error}", named.display());
            let refused = OtherError(Box::<dyn Error + Send + Sync>::from(reason).into());
            return Err(refused);
        }
        let roots =
            own.iter().filter_map(|pem| CertificateDer::from_pem_slice(pem.as_bytes()).ok());
        let provider = Arc::clone(&self.provider);
        let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(roots, provider);
        let trust = verifier.map_err(|_| {
            let reason = "this machine has no trusted authorities installed";
            OtherError(Box::<dyn Error + Send + Sync>::from(reason).into())
        });
        let named = self.named.as_deref();
        let trust = trust.map(|verifier| Arc::new(ServerTrust::new(Arc::new(verifier), named)));
        shared.trust = Some((own, trust.clone()));
        trust
    }

    /// A listener's configuration with a leaf for these addresses, signed by the installation's
    /// authority; that is made, widened or renewed where it will not do. Reads and writes files.
    pub(crate) fn generated(&self, addresses: &[SocketAddr]) -> Result<GeneratedTls, Failure> {
        let (authority, news) = self.authority(addresses)?;
        let (chain, key) = authority::leaf(&authority, addresses).map_err(|cause| {
            Failure::new(Stage::Tls, "certificate", FailureKind::Certificate, cause)
                .hint("wirebench authority remove; a new one is made on the next start")
        })?;
        let config = self.server(chain, key).map_err(|error| internal(&error))?;
        Ok(GeneratedTls { config, news })
    }

    /// The authority for a listener, kept before anybody hears of the listener.
    fn authority(&self, addresses: &[SocketAddr]) -> Result<MadeAuthority, Failure> {
        let mut why = None;
        let mut choose = |kept: Option<&Authority>| {
            let made = authority::renewed(kept, addresses).map_err(|error| internal(&error))?;
            Ok(made.map(|(made, words)| {
                why = Some(words);
                made
            }))
        };
        let kept = self.keeper.as_ref().map(|keeper| keeper.keep(&mut choose));
        let failure = match kept {
            Some(Ok(kept)) => {
                let file = kept.certificate.display();
                let made = why.map(|why| format!("{why}; clients can trust it by {file}"));
                let news = kept.remarks.into_iter().chain(made).map(Ok).collect();
                return Ok((kept.authority, news));
            }
            Some(Err(failure)) => Some(failure),
            None => None,
        };
        let mut shared = self.lock();
        let made = choose(shared.unkept.as_ref())?;
        let authority = made.or_else(|| shared.unkept.clone()).ok_or_else(|| {
            Failure::new(Stage::Tls, "", FailureKind::Internal, "no authority was made")
        })?;
        shared.unkept = Some(authority.clone());
        Ok((authority, failure.map(|failure| Err(unkept(&failure))).into_iter().collect()))
    }

    /// A listener's configuration from PEM files.
    pub(crate) fn files(&self, chain: &str, key: &str) -> Result<ServerConfig, Failure> {
        let unfit = |file: &str, error: &dyn Error| unreadable(file, &error.to_string());
        let pem = pem(chain)?;
        let certificates = CertificateDer::pem_slice_iter(&pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| unfit(chain, &error))?;
        if certificates.is_empty() {
            return Err(unreadable(chain, "it holds no certificate in PEM form"));
        }
        let private =
            PrivateKeyDer::from_pem_slice(&self::pem(key)?).map_err(|error| unfit(key, &error))?;
        let server = self.server(certificates, private);
        server.map_err(|error| unfit(&format!("{chain} with {key}"), &error))
    }

    fn server(
        &self,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<ServerConfig, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.key_log = self.key_log().unwrap_or(config.key_log);
        Ok(config)
    }
}

/// A file of certificates or of a key.
fn pem(path: &str) -> Result<Vec<u8>, Failure> {
    named_file::read(Path::new(path), PEM_LIMIT)
        .map_err(|error| unreadable(path, &error.to_string()))
}

/// An authority and what is to be said of it.
type MadeAuthority = (Authority, Vec<Result<String, Failure>>);

/// Why the authority is not kept, and what that means.
fn unkept(failure: &Failure) -> Failure {
    let cause = format!(
        "the certificate authority cannot be kept: {}; the listener's certificate is good for \
         clients inside this program alone, until it ends",
        failure.cause
    );
    Failure { cause, ..failure.clone() }
}

/// Before anybody shakes hands: the file is not what was asked for.
fn unreadable(path: &str, cause: &str) -> Failure {
    Failure::new(Stage::ComposeListener, path, FailureKind::Usage, cause)
        .hint("name PEM files of a certificate chain and its private key")
}

fn internal(error: &dyn Error) -> Failure {
    Failure::new(Stage::Tls, "", FailureKind::Internal, error.to_string())
}

#[cfg(test)]
mod store_tests;
