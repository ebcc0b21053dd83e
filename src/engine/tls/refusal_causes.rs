//! Everything that is wrong with a server's certificate, not only what the library found first: it
//! stops at the first error, and whoever mends that would meet the next one.
//!
//! Called by the verifier when a chain was refused. In the order in which causes outlive the mending
//! of others: who vouches for it, for whom it is, what it is, its key, its dates.

use std::collections::BTreeMap;

use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error};
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Version};
use x509_parser::public_key::PublicKey;

use super::certificate_facts::date;
use super::certificate_words::{
    OLD_VERSION, PURPOSE, authority_as_server, certificate, is_others_signature, is_self_signed,
    old_algorithm,
};
use super::tls_words::why_refused;
use super::weak_key;
use crate::model::tls::CertificateFacts;

/// Kinds of causes, the lasting ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    /// Nobody who is trusted vouches for it.
    Trust,
    Name,
    Authority,
    Purpose,
    /// What the library alone knows of.
    Other,
    Version,
    Key,
    Signature,
    Dates,
}

/// A refused chain, and what it was refused for.
pub(super) struct RefusedChain<'a> {
    pub(super) leaf: &'a CertificateDer<'a>,
    pub(super) facts: &'a [CertificateFacts],
    pub(super) name: &'a ServerName<'a>,
    pub(super) now: UnixTime,
    /// What stands against the issuer of the leaf, however the leaf itself is.
    pub(super) issuer: Option<CertificateError>,
}

impl RefusedChain<'_> {
    /// All causes in words, the library's among them.
    pub(super) fn causes(&self, first: &Error) -> String {
        let mut found = BTreeMap::new();
        let kind = kind(first);
        let own = X509Certificate::from_der(self.leaf).ok();
        let own = own.map_or_else(Vec::new, |(_, leaf)| self.own(&leaf));
        let mut words = why_refused(first, self.facts);
        if kind == Cause::Dates && !own.iter().any(|(cause, _)| *cause == kind) {
            // The library does not say whose they are.
            words = words.replacen("it ", "an issuer of it ", 1);
        }
        found.insert(kind, words);
        for (cause, words) in own {
            found.entry(cause).or_insert(words);
        }
        // That an authority's certificate signed itself is said there.
        if found.contains_key(&Cause::Authority) && self.facts.first().is_some_and(is_self_signed) {
            found.remove(&Cause::Trust);
        }
        found.into_values().collect::<Vec<_>>().join("; ")
    }

    /// What can be told of the leaf alone and of its issuer.
    fn own(&self, leaf: &X509Certificate<'_>) -> Vec<(Cause, String)> {
        let mut found = Vec::new();
        if let Some(error) = &self.issuer {
            found.push((Cause::Trust, certificate(error, self.facts)));
        }
        if let Ok(parsed) = ParsedCertificate::try_from(self.leaf)
            && let Err(error) = verify_server_name(&parsed, self.name)
        {
            found.push((Cause::Name, why_refused(&error, self.facts)));
        }
        if let Ok(Some(limits)) = leaf.basic_constraints()
            && limits.value.ca
        {
            found.push((Cause::Authority, authority_as_server(self.facts)));
        }
        if let Ok(Some(uses)) = leaf.extended_key_usage()
            && !(uses.value.server_auth || uses.value.any)
        {
            found.push((Cause::Purpose, PURPOSE.to_owned()));
        }
        if leaf.version() != X509Version::V3 {
            found.push((Cause::Version, OLD_VERSION.to_owned()));
        }
        if let Ok(PublicKey::RSA(rsa)) = leaf.public_key().parsed()
            && let Some(words) = weak_key::rsa(rsa.key_size())
        {
            found.push((Cause::Key, words));
        }
        let algorithm = old_algorithm(&leaf.signature_algorithm.algorithm.to_id_string());
        // Its own signature proves nothing anyway.
        if let Some(words) = algorithm.filter(|_| leaf.subject() != leaf.issuer()) {
            found.push((Cause::Signature, words));
        }
        let (from, until) = (leaf.validity().not_before, leaf.validity().not_after);
        let told = |seconds: i64| date(u64::try_from(seconds).unwrap_or(0));
        let now = i64::try_from(self.now.as_secs()).unwrap_or(i64::MAX);
        if now > until.timestamp() {
            found.push((Cause::Dates, format!("it expired on {}", told(until.timestamp()))));
        } else if now < from.timestamp() {
            found
                .push((Cause::Dates, format!("it is not valid before {}", told(from.timestamp()))));
        }
        found
    }
}

/// Of which kind the first error of the library is.
fn kind(error: &Error) -> Cause {
    use CertificateError as E;
    let Error::InvalidCertificate(error) = error else { return Cause::Other };
    match error {
        E::UnknownIssuer => Cause::Trust,
        error if is_others_signature(error) => Cause::Trust,
        E::NotValidForName | E::NotValidForNameContext { .. } => Cause::Name,
        E::Expired | E::ExpiredContext { .. } | E::NotValidYet | E::NotValidYetContext { .. } => {
            Cause::Dates
        }
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => Cause::Purpose,
        E::UnsupportedSignatureAlgorithmContext { .. } => Cause::Signature,
        E::Other(other) => match other.to_string().as_str() {
            "CaUsedAsEndEntity" => Cause::Authority,
            "UnsupportedCertVersion" => Cause::Version,
            "certificate had invalid extensions" => Cause::Purpose,
            _ => Cause::Other,
        },
        _ => Cause::Other,
    }
}

/// A certificate with nothing wrong about it but its signature, of the same issuer: how a verifier
/// refuses it tells whether that issuer is known. `None` = the leaf cannot be read.
pub(super) fn probe(leaf: &CertificateDer<'_>) -> Option<CertificateDer<'static>> {
    /// `ecdsa-with-SHA256` (RFC 5758, section 3.2).
    const ALGORITHM: &[u8] = &[0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    /// Version 3 and the number 1.
    const START: &[u8] = &[0xa0, 3, 2, 1, 2, 2, 1, 1];
    let (_, leaf) = X509Certificate::from_der(leaf).ok()?;
    let validity = [der(0x17, b"700101000000Z"), der(0x18, b"99991231235959Z")].concat();
    let fields = [
        START,
        ALGORITHM,
        leaf.issuer().as_raw(),
        &der(0x30, &validity),
        leaf.subject().as_raw(),
        leaf.public_key().raw,
    ];
    let signature = der(3, &[0, 0x30, 6, 2, 1, 1, 2, 1, 1]);
    let whole = [&der(0x30, &fields.concat()), ALGORITHM, &signature].concat();
    Some(CertificateDer::from(der(0x30, &whole)))
}

/// A value of this type in DER (X.690, section 8.1).
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let digits = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut out = vec![tag];
    match (digits, u8::try_from(digits.len())) {
        ([], _) => out.push(0),
        ([short @ ..0x80], _) => out.push(*short),
        (_, Ok(count)) => {
            out.push(0x80 | count);
            out.extend_from_slice(digits);
        }
        (_, Err(_)) => {}
    }
    out.extend_from_slice(content);
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use rcgen::{
        BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
        date_time_ymd,
    };
    use rustls::RootCertStore;
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier as _;

    use super::*;
    use crate::engine::tls::certificate_facts::describe_chain;

    const NOW: Duration = Duration::from_secs(1_720_000_000);

    fn authority() -> (CertificateDer<'static>, Issuer<'static, KeyPair>) {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "root");
        let key = KeyPair::generate().unwrap();
        let made = params.self_signed(&key).unwrap().der().clone();
        (made, Issuer::new(params, key))
    }

    /// What is said of a leaf for `h.test` that is so, signed by an authority or by itself.
    fn said(is_trusted: bool, change: impl Fn(&mut CertificateParams)) -> String {
        let (root, issuer) = authority();
        let (other, _) = authority();
        let mut params = CertificateParams::new(vec!["h.test".to_owned()]).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, "leaf");
        change(&mut params);
        let leaf = params.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap().der().clone();
        let mut roots = RootCertStore::empty();
        if is_trusted {
            roots.add(root).unwrap();
        } else {
            let mut params = CertificateParams::default();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.distinguished_name.push(rcgen::DnType::CommonName, "another");
            let key = KeyPair::generate().unwrap();
            roots.add(params.self_signed(&key).unwrap().der().clone()).unwrap();
            drop(other);
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        let verifier = verifier.build().unwrap();
        let name = ServerName::try_from("h.test").unwrap();
        let now = UnixTime::since_unix_epoch(NOW);
        let first = verifier.verify_server_cert(&leaf, &[], &name, &[], now).unwrap_err();
        let probe = probe(&leaf).unwrap();
        let asked = verifier.verify_server_cert(&probe, &[], &name, &[], now).unwrap_err();
        let issuer = matches!(asked, Error::InvalidCertificate(CertificateError::UnknownIssuer))
            .then_some(CertificateError::UnknownIssuer);
        let facts = describe_chain([&leaf]);
        RefusedChain { leaf: &leaf, facts: &facts, name: &name, now, issuer }.causes(&first)
    }

    #[test]
    fn every_cause_is_said_and_the_lasting_ones_first() {
        let old = |params: &mut CertificateParams| {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2021, 1, 1);
        };
        let other = |params: &mut CertificateParams| {
            params.subject_alt_names =
                CertificateParams::new(vec!["o.test".to_owned()]).unwrap().subject_alt_names;
        };
        assert_eq!(said(true, old), "it expired on 2021-01-01T00:00:00Z");
        let both = "it is for o.test, not for h.test; it expired on 2021-01-01T00:00:00Z";
        let twice = |params: &mut CertificateParams| {
            old(params);
            other(params);
        };
        assert_eq!(said(true, twice), both);
        let untrusted = said(false, twice);
        assert!(untrusted.starts_with("its issuer 'CN=root' was not sent along"), "{untrusted}");
        assert!(untrusted.ends_with(both), "{untrusted}");
        let client = |params: &mut CertificateParams| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            params.not_before = date_time_ymd(2030, 1, 1);
            params.not_after = date_time_ymd(2031, 1, 1);
        };
        let words = format!("{PURPOSE}; it is not valid before 2030-01-01T00:00:00Z");
        assert_eq!(said(true, client), words);
    }

    #[test]
    fn lengths_of_der_have_a_short_and_a_long_form() {
        assert_eq!(der(4, &[]), [4, 0]);
        assert_eq!(der(4, &[7; 127])[..2], [4, 127]);
        assert_eq!(der(4, &[7; 128])[..3], [4, 0x81, 128]);
        assert_eq!(der(4, &[7; 300])[..4], [4, 0x82, 1, 44]);
    }
}
