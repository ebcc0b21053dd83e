//! Why a certificate was refused, in words: one sentence for each error the library knows, and for
//! an unknown issuer one of three, by what the chain shows.
//!
//! Called by the verifier, which has the chain, and by `tls_words` for what is found later. A name
//! of the library's own never reaches the user.

use rustls::CertificateError;
use x509_parser::asn1_rs::{FromDer as _, Oid};

use super::certificate_facts::date;
use crate::model::tls::CertificateFacts;

/// Names of a certificate told at most.
const NAMES: usize = 6;

/// Why a certificate was refused that stands first in this chain, if there is one.
pub(super) fn certificate(error: &CertificateError, chain: &[CertificateFacts]) -> String {
    match error {
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("it expired on {}", date(not_after.as_secs()))
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("it is not valid before {}", date(not_before.as_secs()))
        }
        CertificateError::UnknownIssuer => unknown_issuer(chain),
        // Somebody who is trusted has the same name as the one who signed it: itself.
        error if is_others_signature(error) && chain.first().is_some_and(is_self_signed) => {
            unknown_issuer(chain)
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names = chain.first().map(|leaf| leaf.names.clone()).filter(|it| !it.is_empty());
            let names = names.unwrap_or_else(|| presented.iter().map(|it| bare(it)).collect());
            wrong_name(&expected.to_str(), &names)
        }
        CertificateError::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id, ..
        } => signed_with(&algorithm(signature_algorithm_id)),
        CertificateError::Other(other) => match other.to_string() {
            text if text == "CaUsedAsEndEntity" => authority_as_server(chain),
            text => library_words(&text),
        },
        other => plain(other).to_owned(),
    }
}

/// The errors that tell nothing besides themselves.
fn plain(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::BadEncoding => "it is not well-formed",
        CertificateError::Expired => "it has expired, or its dates make no sense",
        CertificateError::NotValidYet => "it is not valid yet",
        CertificateError::Revoked => "it was revoked",
        CertificateError::UnhandledCriticalExtension => CRITICAL,
        CertificateError::UnknownRevocationStatus => "whether it was revoked is not known",
        CertificateError::ExpiredRevocationList
        | CertificateError::ExpiredRevocationListContext { .. } => {
            "the list that says whether it was revoked is too old"
        }
        error if is_others_signature(error) => OTHERS_SIGNATURE,
        CertificateError::NotValidForName => "it is for another name",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            PURPOSE
        }
        CertificateError::InvalidOcspResponse => {
            "the statement sent along, that it was not revoked, is not valid (OCSP)"
        }
        CertificateError::ApplicationVerificationFailure => "it was refused",
        // What is left has to do with the signature: the older form of the one above.
        _ => "it is signed in a way that proves nothing here",
    }
}

/// Whether a signature is not of the key it was looked at with. One for another kind of key is none
/// of it either: who has that key could not have made it.
pub(super) fn is_others_signature(error: &CertificateError) -> bool {
    matches!(
        error,
        CertificateError::BadSignature
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
    )
}

const OTHERS_SIGNATURE: &str = "its signature was not made by the issuer it names, or by another \
                                of that name than the trusted one";

pub(super) const OLD_VERSION: &str =
    "it is of X.509 version 1 or 2, which does not say what it is for";
const CRITICAL: &str = "it has an extension marked critical that is not understood here";
pub(super) const PURPOSE: &str = "it may not be used for servers (extended key usage)";

/// What the library calls its other errors, and what they mean.
const LIBRARY: [(&str, &str); 21] = [
    ("CertDistrusted", "it is no longer trusted"),
    ("EmptyEkuExtension", "its list of purposes is empty (extended key usage)"),
    ("EndEntityUsedAsCa", "its issuer is no authority: it may not issue certificates"),
    ("ExtensionValueInvalid", "one of its extensions is not well-formed"),
    ("InvalidNetworkMaskConstraint", "an issuer of it limits names to a network that is none"),
    ("InvalidSerialNumber", "its serial number is not well-formed"),
    ("MalformedDnsIdentifier", "it holds a host name that is none"),
    ("MalformedExtensions", "its extensions are not well-formed"),
    ("MalformedNameConstraint", "an issuer of it limits names in a way that is not well-formed"),
    (
        "MaximumNameConstraintComparisonsExceeded",
        "its chain has more names and limits of names than are compared",
    ),
    ("MaximumPathBuildCallsExceeded", "its chain leads more ways than are looked at"),
    ("MaximumPathDepthExceeded", "its chain is longer than is looked at"),
    ("MaximumSignatureChecksExceeded", "its chain has more signatures than are checked"),
    ("NameConstraintViolation", "an issuer of it may not issue for this name (name constraints)"),
    ("PathLenConstraintViolated", "an issuer of it may have no authority below it (path length)"),
    ("RequiredEkuNotFound", PURPOSE),
    ("SignatureAlgorithmMismatch", "it names two algorithms for its one signature"),
    ("UnsupportedCertVersion", OLD_VERSION),
    ("UnsupportedCriticalExtension", CRITICAL),
    ("UnsupportedNameType", "it holds a name of an unknown kind"),
    // As the verifier of the platform says it.
    ("certificate had invalid extensions", PURPOSE),
];

/// An error told as text: a sentence if it is known, else its name in words.
fn library_words(text: &str) -> String {
    let name = text.split(['(', ' ', '{']).next().unwrap_or(text);
    let known = LIBRARY.iter().find(|(known, _)| *known == name || *known == text);
    match known {
        Some((_, words)) => (*words).to_owned(),
        None if is_code(name) => format!("it was refused: {}", spaced(name)),
        None => text.to_owned(),
    }
}

/// Whether a word is a name of code: `EndEntityUsedAsCa`.
fn is_code(word: &str) -> bool {
    word.chars().zip(word.chars().skip(1)).any(|(c, next)| c.is_lowercase() && next.is_uppercase())
}

/// `HandshakeFailure` as `handshake failure`; what it carries is left out.
pub(super) fn spaced(name: &str) -> String {
    let name = name.split(['(', ' ', '{']).next().unwrap_or(name);
    let mut text = String::new();
    let mut last_was_lower = false;
    for c in name.chars() {
        if c.is_uppercase() && last_was_lower {
            text.push(' ');
        }
        last_was_lower = c.is_lowercase();
        text.extend(c.to_lowercase());
    }
    text
}

/// The issuer is nobody we trust. Three cases that are mended in three ways.
fn unknown_issuer(chain: &[CertificateFacts]) -> String {
    let Some(leaf) = chain.first() else {
        return "its issuer is not a trusted authority".to_owned();
    };
    if is_self_signed(leaf) {
        return format!("{SELF_SIGNED}, and nobody else vouches for it");
    }
    let above = |it: &CertificateFacts| chain.iter().find(|other| other.subject == it.issuer);
    let mut last = leaf;
    for _ in chain {
        last = above(last).unwrap_or(last);
    }
    let issuer = &last.issuer;
    if is_self_signed(last) {
        return format!("its chain ends in the authority '{issuer}', which is not trusted here");
    }
    format!(
        "its issuer '{issuer}' was not sent along and is not trusted here: the server lacks an \
         intermediate certificate, or its authority is not among the trusted ones"
    )
}

const SELF_SIGNED: &str = "it is self-signed";

/// Whether a certificate names itself as its issuer.
pub(super) fn is_self_signed(certificate: &CertificateFacts) -> bool {
    certificate.subject == certificate.issuer && !certificate.subject.is_empty()
}

/// That the first of the chain is an authority's.
pub(super) fn authority_as_server(chain: &[CertificateFacts]) -> String {
    let is_own = chain.first().is_some_and(is_self_signed);
    let what = "an authority's certificate, not a server's";
    if is_own { format!("{SELF_SIGNED}, and {what}") } else { format!("it is {what}") }
}

fn wrong_name(expected: &str, names: &[String]) -> String {
    if names.is_empty() {
        return format!(
            "it names no server (subject alternative name), so it is not for {expected}"
        );
    }
    let list = names.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", ");
    let more = match names.len().saturating_sub(NAMES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("it is for {list}{more}, not for {expected}")
}

/// `DnsName("h")` as `h`.
fn bare(name: &str) -> String {
    let inside = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.unwrap_or(name).trim_matches('"').to_owned()
}

/// Signature algorithms that are no longer, or not yet, accepted.
const ALGORITHMS: [(&str, &str); 8] = [
    ("1.2.840.113549.1.1.2", "MD2 and RSA"),
    ("1.2.840.113549.1.1.4", "MD5 and RSA"),
    ("1.2.840.113549.1.1.5", "SHA-1 and RSA"),
    ("1.2.840.113549.1.1.14", "SHA-224 and RSA"),
    ("1.2.840.10045.4.1", "SHA-1 and ECDSA"),
    ("1.2.840.10040.4.3", "SHA-1 and DSA"),
    ("1.3.101.113", "Ed448"),
    ("1.2.156.10197.1.501", "SM2"),
];

/// An algorithm by the DER of its identifier.
fn algorithm(der: &[u8]) -> String {
    let Ok((_, oid)) = Oid::from_der(der) else { return "an unknown algorithm".to_owned() };
    let number = oid.to_id_string();
    known(&number).map_or_else(|| format!("the algorithm {number}"), str::to_owned)
}

fn known(number: &str) -> Option<&'static str> {
    ALGORITHMS.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

/// That the algorithm of this number proves nothing.
pub(super) fn old_algorithm(number: &str) -> Option<String> {
    known(number).map(signed_with)
}

fn signed_with(name: &str) -> String {
    format!("it or an issuer of it is signed with {name}, which proves nothing here")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::pki_types::{ServerName, UnixTime};
    use rustls::{ExtendedKeyPurpose, OtherError};

    use super::*;

    /// What the library's other errors are called, all of them.
    const NAMES_OF_OTHERS: [&str; 33] = [
        "BadDer",
        "BadDerTime",
        "CaUsedAsEndEntity",
        "CertDistrusted",
        "EmptyEkuExtension",
        "EndEntityUsedAsCa",
        "ExtensionValueInvalid",
        "InvalidCrlNumber",
        "InvalidNetworkMaskConstraint",
        "InvalidSerialNumber",
        "IssuerNotCrlSigner",
        "MalformedDnsIdentifier",
        "MalformedExtensions",
        "MalformedNameConstraint",
        "MaximumNameConstraintComparisonsExceeded",
        "MaximumPathBuildCallsExceeded",
        "MaximumPathDepthExceeded",
        "MaximumSignatureChecksExceeded",
        "NameConstraintViolation",
        "PathLenConstraintViolated",
        "RequiredEkuNotFound",
        "RequiredEkuNotFoundContext(RequiredEkuNotFoundContext { present: [] })",
        "SignatureAlgorithmMismatch",
        "TrailingData(Certificate)",
        "UnsupportedCertVersion",
        "UnsupportedCriticalExtension",
        "UnsupportedCrlIssuingDistributionPoint",
        "UnsupportedCrlVersion",
        "UnsupportedDeltaCrl",
        "UnsupportedIndirectCrl",
        "UnsupportedNameType",
        "UnsupportedRevocationReason",
        "UnsupportedRevocationReasonsPartitioning",
    ];

    fn other(text: &'static str) -> CertificateError {
        let error: Box<dyn std::error::Error + Send + Sync> = text.into();
        CertificateError::Other(OtherError(Arc::from(error)))
    }

    fn all() -> Vec<CertificateError> {
        use CertificateError as E;
        let (time, id) = (UnixTime::since_unix_epoch(std::time::Duration::ZERO), vec![6, 1, 42]);
        let expected = ServerName::try_from("h.test").unwrap();
        #[expect(deprecated, reason = "it can still come")]
        let older = E::UnsupportedSignatureAlgorithm;
        let known = [
            E::BadEncoding,
            E::Expired,
            E::ExpiredContext { time, not_after: time },
            E::NotValidYet,
            E::NotValidYetContext { time, not_before: time },
            E::Revoked,
            E::UnhandledCriticalExtension,
            E::UnknownIssuer,
            E::UnknownRevocationStatus,
            E::ExpiredRevocationList,
            E::ExpiredRevocationListContext { time, next_update: time },
            E::BadSignature,
            older,
            E::UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id: id.clone(),
                supported_algorithms: Vec::new(),
            },
            E::UnsupportedSignatureAlgorithmForPublicKeyContext {
                signature_algorithm_id: id.clone(),
                public_key_algorithm_id: id,
            },
            E::NotValidForName,
            E::NotValidForNameContext {
                expected: expected.clone(),
                presented: vec!["DnsName(\"a.test\")".into(), "IpAddress(10.0.0.1)".into()],
            },
            E::NotValidForNameContext { expected, presented: Vec::new() },
            E::InvalidPurpose,
            E::InvalidPurposeContext {
                required: ExtendedKeyPurpose::ServerAuth,
                presented: vec![ExtendedKeyPurpose::ClientAuth],
            },
            E::InvalidOcspResponse,
            E::ApplicationVerificationFailure,
            other("certificate had invalid extensions"),
        ];
        known.into_iter().chain(NAMES_OF_OTHERS.map(other)).collect()
    }

    #[test]
    fn every_error_is_a_sentence_of_words() {
        for error in all() {
            let said = certificate(&error, &[]);
            let is_words = !said.contains(['{', '[', '"', '_']) && said.contains(' ');
            assert!(is_words && !said.split(' ').any(is_code), "{error:?}: {said}");
        }
        let said = certificate(&all()[16], &[]);
        assert_eq!(said, "it is for a.test, 10.0.0.1, not for h.test");
        let md5 = vec![6, 9, 42, 134, 72, 134, 247, 13, 1, 1, 4, 5, 0];
        let error = CertificateError::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id: md5,
            supported_algorithms: Vec::new(),
        };
        assert!(certificate(&error, &[]).contains("signed with MD5 and RSA"));
    }

    fn facts(subject: &str, issuer: &str) -> CertificateFacts {
        let (subject, issuer) = (subject.to_owned(), issuer.to_owned());
        CertificateFacts { subject, issuer, ..CertificateFacts::default() }
    }

    #[test]
    fn who_is_not_trusted_and_why_are_three_sentences() {
        let said =
            |chain: &[CertificateFacts]| certificate(&CertificateError::UnknownIssuer, chain);
        let (leaf, own) = (facts("CN=h", "CN=i"), facts("CN=h", "CN=h"));
        let (inter, root) = (facts("CN=i", "CN=r"), facts("CN=r", "CN=r"));
        assert!(said(&[own]).starts_with("it is self-signed"));
        assert!(
            said(std::slice::from_ref(&leaf)).starts_with("its issuer 'CN=i' was not sent along")
        );
        let chain = [leaf, inter, root];
        assert!(said(&chain[..2]).starts_with("its issuer 'CN=r' was not sent along"));
        assert!(said(&chain).starts_with("its chain ends in the authority 'CN=r', which is not"));
        // A circle ends.
        said(&[facts("CN=a", "CN=b"), facts("CN=b", "CN=a")]);
    }
}
