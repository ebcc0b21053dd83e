//! TLS errors and alerts in words (alerts: RFC 8446, section 6).

use std::io;

use rustls::{AlertDescription, CertificateError, Error, PeerMisbehaved};

use super::certificate_facts::date;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::tls::TlsFacts;
use crate::model::trust::Sha256;

type FailureWords = (FailureKind, String, &'static str);

const CONNECT_ANYWAY: &str = "look at its chain";

/// The TLS error an I/O error of a TLS stream carries.
pub(crate) fn error_inside(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// A TLS error as a failure; `leaf` = what the peer showed.
pub(crate) fn failure(target: &str, error: &rustls::Error, leaf: Option<Sha256>) -> Failure {
    let (kind, cause, hint) = explain(error);
    match (error, leaf) {
        // Whether a verdict was on the leaf or one above it: who accepts, accepts the leaf.
        (Error::InvalidCertificate(_), Some(leaf)) => {
            let hint = format!("{hint}; tls.trust=sha256:{leaf}@{target} accepts this one there");
            Failure::new(Stage::Tls, target, FailureKind::Distrusted(leaf), cause).hint(hint)
        }
        _ => Failure::new(Stage::Tls, target, kind, cause).hint(hint),
    }
}

/// The same, seen from the listener's side.
pub(crate) fn listener_failure(target: &str, error: &rustls::Error) -> Failure {
    let (kind, cause, hint) = explain_to_listener(error);
    Failure::new(Stage::Tls, target, kind, cause).hint(hint)
}

/// Why a chain was refused, without the rest of the sentence.
pub(crate) fn why_refused(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(error) => certificate(error),
        other => other.to_string(),
    }
}

/// What a TLS layer agreed on, in a line: of the peer the name of its certificate, or as a listener
/// the name it asked for.
pub(crate) fn secured(tls: &TlsFacts) -> String {
    let took = tls.handshake.as_secs_f64() * 1000.0;
    let name = match tls.chain.first() {
        Some(leaf) => format!(", peer is {}", leaf.subject),
        None if tls.sni.is_empty() => String::new(),
        None => format!(", name {}", tls.sni),
    };
    let refused = match &*tls.unverified {
        "" => String::new(),
        why => format!(", NOT VERIFIED: {why}"),
    };
    let unproven = match &*tls.unproven {
        "" => String::new(),
        why => format!(", IDENTITY UNPROVEN: {why}"),
    };
    format!("{} {} {} in {took:.1} ms{name}{refused}{unproven}", tls.version, tls.cipher, tls.group)
}

/// A client's view of an error.
fn explain(error: &Error) -> FailureWords {
    match error {
        Error::InvalidCertificate(error) => (
            FailureKind::Certificate,
            format!("the certificate is not trusted: {}", certificate(error)),
            CONNECT_ANYWAY,
        ),
        Error::AlertReceived(alert) => (
            FailureKind::TlsAlert,
            format!("the peer refused with alert '{}': {}", name(*alert), meaning(*alert)),
            hint(*alert),
        ),
        Error::InvalidMessage(_)
        | Error::InappropriateMessage { .. }
        | Error::PeerSentOversizedRecord => (
            FailureKind::Malformed,
            "the peer does not speak TLS on this port".to_owned(),
            "try it without TLS",
        ),
        Error::PeerIncompatible(reason) => (
            FailureKind::TlsAlert,
            format!("no common ground with the peer: {}", spaced(&format!("{reason:?}"))),
            "TLS 1.2 and 1.3 are spoken here",
        ),
        Error::PeerMisbehaved(PeerMisbehaved::SelectedUnofferedApplicationProtocol) => (
            FailureKind::Malformed,
            "the peer chose an application protocol (ALPN) that was not offered".to_owned(),
            "",
        ),
        Error::PeerMisbehaved(reason) => (
            FailureKind::Malformed,
            format!("the peer broke the rules of TLS: {}", spaced(&format!("{reason:?}"))),
            "",
        ),
        Error::NoApplicationProtocol => {
            (FailureKind::TlsAlert, "no common application protocol (ALPN)".to_owned(), "")
        }
        Error::DecryptError => {
            (FailureKind::Malformed, "a record could not be decrypted".to_owned(), "")
        }
        Error::General(cause) => (FailureKind::Malformed, cause.clone(), ""),
        other => (FailureKind::Malformed, other.to_string(), ""),
    }
}

fn explain_to_listener(error: &Error) -> FailureWords {
    match error {
        Error::AlertReceived(
            alert @ (AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown),
        ) => (
            FailureKind::TlsAlert,
            format!("the client does not trust our certificate (alert '{}')", name(*alert)),
            "let the client trust this installation's authority, or switch its verification off",
        ),
        Error::AlertReceived(alert) => (
            FailureKind::TlsAlert,
            format!("the client gave up with alert '{}': {}", name(*alert), meaning(*alert)),
            "",
        ),
        Error::InvalidMessage(_) | Error::InappropriateMessage { .. } => (
            FailureKind::Malformed,
            "the client does not speak TLS".to_owned(),
            "it may have used the plain protocol on a TLS port",
        ),
        other => explain(other),
    }
}

/// Why a certificate was refused.
fn certificate(error: &CertificateError) -> String {
    match error {
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("it expired on {}", date(not_after.as_secs()))
        }
        CertificateError::Expired => "it has expired".to_owned(),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("it is not valid before {}", date(not_before.as_secs()))
        }
        CertificateError::NotValidYet => "it is not valid yet".to_owned(),
        CertificateError::Revoked => "it was revoked".to_owned(),
        CertificateError::UnknownIssuer => {
            "its issuer is not among the trusted authorities".to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => format!(
            "it is for {}, not for {}",
            if presented.is_empty() { "no name".to_owned() } else { presented.join(", ") },
            expected.to_str()
        ),
        CertificateError::NotValidForName => "it is for another name".to_owned(),
        CertificateError::BadSignature => "its signature is wrong".to_owned(),
        CertificateError::BadEncoding => "it is not well-formed".to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "it may not be used for servers".to_owned()
        }
        CertificateError::Other(other) => match other.to_string() {
            text if text.contains("CaUsedAsEndEntity") => {
                "it is an authority's certificate (self-signed), not a server's".to_owned()
            }
            text if text.contains("EKU") => "it may not be used for servers".to_owned(),
            text => text,
        },
        other => other.to_string(),
    }
}

fn name(alert: AlertDescription) -> String {
    alert.as_str().map_or_else(|| format!("number {}", u8::from(alert)), spaced)
}

/// `HandshakeFailure` as `handshake failure`.
fn spaced(name: &str) -> String {
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

fn meaning(alert: AlertDescription) -> &'static str {
    use AlertDescription as A;
    match alert {
        A::HandshakeFailure => "no cipher suite, group or signature suits both sides",
        A::ProtocolVersion => "it speaks another TLS version",
        A::UnrecognisedName => "it has no certificate for the server name sent",
        A::UnknownCA => "it does not trust the issuer of the certificate",
        A::BadCertificate => "it found the certificate corrupt or badly signed",
        A::CertificateExpired => "it found the certificate expired",
        A::CertificateRevoked => "the certificate was revoked",
        A::CertificateUnknown => "it did not accept the certificate",
        A::UnsupportedCertificate => "it does not support this type of certificate",
        A::CertificateRequired => "it wants a client certificate",
        A::AccessDenied => "it knows who we are and denies access",
        A::NoApplicationProtocol => "it speaks none of the offered protocols (ALPN)",
        A::InsufficientSecurity => "it wants stronger ciphers than were offered",
        A::DecodeError => "it could not decode a message",
        A::DecryptError => "a signature or key check failed on its side",
        A::IllegalParameter => "it found a field out of range",
        A::UnexpectedMessage => "it did not expect that message",
        A::BadRecordMac => "a record was damaged on the way",
        A::RecordOverflow => "a record was too long",
        A::InternalError => "something failed on its side that is not our fault",
        A::UserCanceled => "somebody cancelled the handshake there",
        A::CloseNotify => "it closed the connection",
        A::MissingExtension | A::UnsupportedExtension => "an extension is missing or unwanted",
        _ => "no further meaning is defined",
    }
}

fn hint(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::UnrecognisedName => "check the server name (SNI)",
        AlertDescription::HandshakeFailure | AlertDescription::ProtocolVersion => {
            "the server may be too old, or want a server name (SNI)"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_named_and_explained() {
        let (kind, cause, _) = explain(&Error::AlertReceived(AlertDescription::HandshakeFailure));
        assert_eq!(kind, FailureKind::TlsAlert);
        assert_eq!(
            cause,
            "the peer refused with alert 'handshake failure': \
             no cipher suite, group or signature suits both sides"
        );
        assert_eq!(name(AlertDescription::UnknownCA), "unknown ca");
        assert_eq!(name(AlertDescription::from(200)), "number 200");
    }

    #[test]
    fn what_a_peer_does_against_the_rules_is_said_in_words() {
        let cause = |reason| explain(&Error::PeerMisbehaved(reason)).1;
        assert_eq!(
            cause(PeerMisbehaved::SelectedUnofferedApplicationProtocol),
            "the peer chose an application protocol (ALPN) that was not offered"
        );
        assert_eq!(
            cause(PeerMisbehaved::ServerNameMustContainOneHostName),
            "the peer broke the rules of TLS: server name must contain one host name"
        );
    }

    #[test]
    fn a_refused_certificate_says_why() {
        let error = Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let (kind, cause, hint) = explain(&error);
        assert_eq!(kind, FailureKind::Certificate);
        assert!(cause.ends_with("its issuer is not among the trusted authorities"), "{cause}");
        assert!(!hint.is_empty());
    }
}
