//! Files that a client names for TLS: authorities it trusts in place of the system's, a certificate of its own and
//! its key. Read for every connection, as another program may have written them anew.

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::store::PEM_LIMIT;
use super::verifier::ServerTrust;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::tls::TlsChoices;
use crate::named_file;

/// What tells a key that nobody can read without its password.
const ENCRYPTED: [&[u8]; 2] = [b"BEGIN ENCRYPTED PRIVATE KEY", b"Proc-Type: 4,ENCRYPTED"];

/// Whom this file says to trust, and a server whose own certificate is in it.
///
/// # Errors
/// It cannot be read, or holds none.
pub(super) fn authorities(
    file: &str,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<ServerTrust>, Failure> {
    let certificates = certificates(file, &read(file, "authorities")?, "authorities")?;
    let mut roots = RootCertStore::empty();
    let (taken, _) = roots.add_parsable_certificates(certificates);
    if taken == 0 {
        return Err(unfit(file, "it holds no certificate of an authority that can be read"));
    }
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
    let verifier = verifier.map_err(|error| unfit(file, &error.to_string()))?;
    Ok(Arc::new(ServerTrust::new(verifier, Some(Path::new(file)))))
}

/// The certificate of ours with its key, if there is one.
///
/// # Errors
/// A file cannot be read, holds something else, or the two do not belong together.
pub(super) fn own_certificate(
    choices: &TlsChoices,
    provider: &CryptoProvider,
) -> Result<Option<Arc<CertifiedKey>>, Failure> {
    let file = &*choices.certificate;
    if file.is_empty() {
        return Ok(None);
    }
    let pem = read(file, "a client certificate")?;
    let chain = certificates(file, &pem, "a client certificate")?;
    let (key_file, key_pem) = match &*choices.key {
        "" => (file, pem),
        key => (key, read(key, "the key of a client certificate")?),
    };
    let key = key(key_file, &key_pem, choices.key.is_empty())?;
    let own = CertifiedKey::from_der(chain, key, provider).map_err(|error| {
        let both =
            if file == key_file { file.to_owned() } else { format!("{file} with {key_file}") };
        unfit(
            &both,
            &match error {
                rustls::Error::InconsistentKeys(_) => {
                    "the key is not that of the certificate".to_owned()
                }
                error => error.to_string(),
            },
        )
    })?;
    Ok(Some(Arc::new(own)))
}

fn read(file: &str, what: &str) -> Result<Vec<u8>, Failure> {
    named_file::read(Path::new(file), PEM_LIMIT)
        .map_err(|error| unfit(file, &format!("{what} cannot be read of it: {error}")))
}

fn certificates(
    file: &str,
    pem: &[u8],
    what: &str,
) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|error| unfit(file, &error.to_string()))?;
    if found.is_empty() {
        // The beginning of DER, which PKCS#12 is, too.
        let is_binary = pem.first() == Some(&0x30);
        let hint = format!("make PEM of it: openssl pkcs12 -in {file} -nodes -out FILE.pem");
        let why = format!("it holds no {what} in PEM form");
        let failure = unfit(file, &why);
        return Err(if is_binary { failure.hint(hint) } else { failure });
    }
    Ok(found)
}

fn key(file: &str, pem: &[u8], is_shared: bool) -> Result<PrivateKeyDer<'static>, Failure> {
    if ENCRYPTED.iter().any(|mark| memchr::memmem::find(pem, mark).is_some()) {
        let why = "its key is encrypted, and no password is asked for";
        let hint = format!("write it without one: openssl pkey -in {file} -out FILE.pem");
        return Err(unfit(file, why).hint(hint));
    }
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| {
        let failure = unfit(file, &format!("it holds no private key in PEM form: {error}"));
        let hint = "name the file of the key, too (tls.key, --key)";
        if is_shared { failure.hint(hint) } else { failure }
    })
}

/// Before anybody shakes hands: the file is not what was asked for.
fn unfit(file: &str, cause: &str) -> Failure {
    Failure::new(Stage::Compose, file, FailureKind::Usage, cause)
}
