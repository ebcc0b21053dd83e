//! TLS errors and alerts in words (alerts: RFC 8446, section 6).

use std::io;

use rustls::{AlertDescription, Error, PeerMisbehaved};

use super::certificate_words::{certificate, spaced};
use crate::engine::event::{NOT_VERIFIED, UNPROVEN};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::tls::{CertificateFacts, TlsFacts};
use crate::model::trust::Sha256;

type FailureWords = (FailureKind, String, &'static str);

const CONNECT_ANYWAY: &str = "look at its chain";

/// The TLS error an I/O error of a TLS stream carries.
pub(crate) fn error_inside(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// A TLS error as a failure; `shown` = what the peer showed until then.
pub(crate) fn failure(target: &str, error: &rustls::Error, shown: Option<&TlsFacts>) -> Failure {
    let leaf = shown.and_then(|shown| shown.chain.first()?.sha256.parse::<Sha256>().ok());
    let (kind, cause, hint) = explain(error);
    match (error, leaf, shown) {
        (Error::AlertReceived(alert), _, Some(shown))
            if shown.wants_certificate && may_mean_certificate(*alert) =>
        {
            let alert = name(*alert);
            let cause = format!("the peer refused with alert '{alert}': {WANTS_CERTIFICATE}");
            Failure::new(Stage::Tls, target, kind, cause)
        }
        (Error::AlertReceived(alert), _, Some(TlsFacts { shown: Some(own), .. }))
            if may_mean_certificate(*alert) =>
        {
            let alert = name(*alert);
            let own = &own.subject;
            let cause = format!(
                "the peer refused with alert '{alert}': it was shown our certificate {own}"
            );
            Failure::new(Stage::Tls, target, kind, cause)
                .hint("is it one of an authority that the server trusts?")
        }
        // Whether a verdict was on the leaf or one above it: who accepts, accepts the leaf.
        (Error::InvalidCertificate(error), Some(leaf), Some(shown)) => {
            // What was found when the chain was refused is more than its first error.
            let all = Some(&shown.unverified).filter(|all| !all.is_empty()).cloned();
            let cause = not_trusted(&all.unwrap_or_else(|| certificate(error, &shown.chain)));
            Failure::new(Stage::Tls, target, FailureKind::Distrusted(leaf), cause).hint(hint)
        }
        _ => Failure::new(Stage::Tls, target, kind, cause).hint(hint),
    }
}

/// The same with what accepts this certificate, where one was shown: `section` is where the options of
/// this TLS stand, `target-tls` of what a relay connects to.
pub(crate) fn with_way_out(failure: Failure, section: &str) -> Failure {
    let Some(leaf) = failure.distrusted() else { return failure };
    let (hint, target) = (&failure.hint, &failure.target);
    let hint = format!("{hint}; {section}.trust=sha256:{leaf}@{target} accepts this one there");
    failure.hint(hint)
}

/// What a server wants that asks for what we do not have.
pub(super) const WANTS_CERTIFICATE: &str = "it wants a client certificate, and got none";

/// Whether a server that asked for a certificate and got none may say it so.
fn may_mean_certificate(alert: AlertDescription) -> bool {
    use AlertDescription as A;
    matches!(
        alert,
        A::HandshakeFailure
            | A::CertificateRequired
            | A::NoCertificate
            | A::BadCertificate
            | A::CertificateUnknown
            | A::UnknownCA
            | A::AccessDenied
    )
}

fn not_trusted(why: &str) -> String {
    format!("the certificate is not trusted: {why}")
}

/// The same, seen from the listener's side.
pub(crate) fn listener_failure(target: &str, error: &rustls::Error) -> Failure {
    let (kind, cause, hint) = explain_to_listener(error);
    Failure::new(Stage::Tls, target, kind, cause).hint(hint)
}

/// Why a chain was refused, without the rest of the sentence.
pub(crate) fn why_refused(error: &rustls::Error, chain: &[CertificateFacts]) -> String {
    match error {
        rustls::Error::InvalidCertificate(error) => certificate(error, chain),
        other => explain(other).1,
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
        why => format!(", {NOT_VERIFIED}: {why}"),
    };
    let unproven = match &*tls.unproven {
        "" => String::new(),
        why => format!(", {UNPROVEN}: {why}"),
    };
    let own = match &tls.shown {
        Some(own) => format!(", was shown our certificate {}", own.subject),
        None if tls.wants_certificate => ", asked for a certificate and got none".to_owned(),
        None => String::new(),
    };
    let TlsFacts { version, cipher, group, .. } = tls;
    format!("{version} {cipher} {group} in {took:.1} ms{name}{own}{refused}{unproven}")
}

/// A client's view of an error.
fn explain(error: &Error) -> FailureWords {
    match error {
        Error::InvalidCertificate(error) => {
            (FailureKind::Certificate, not_trusted(&certificate(error, &[])), CONNECT_ANYWAY)
        }
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
        Error::General(cause) => (FailureKind::Malformed, cause.clone(), ""),
        Error::Other(other) => (FailureKind::Malformed, other.to_string(), ""),
        other => (FailureKind::Malformed, plain(other).to_owned(), ""),
    }
}

/// The errors that tell nothing besides themselves.
fn plain(error: &Error) -> &'static str {
    match error {
        Error::DecryptError => "a record could not be decrypted",
        Error::EncryptError => "a record could not be encrypted",
        Error::InappropriateHandshakeMessage { .. } => {
            "the peer sent a message of the handshake out of turn"
        }
        Error::NoCertificatesPresented => "the peer showed no certificate",
        Error::UnsupportedNameType => "a name of this kind cannot be verified",
        Error::InvalidEncryptedClientHello(_) => "the encrypted greeting (ECH) was refused",
        Error::InvalidCertRevocationList(_) => "a list of revoked certificates cannot be used",
        Error::FailedToGetCurrentTime => "the system does not tell the time",
        Error::FailedToGetRandomBytes => "the system gives no random numbers",
        Error::HandshakeNotComplete => "the handshake was not finished",
        Error::BadMaxFragmentSize => "the size of records is out of range",
        Error::InconsistentKeys(_) => "the key does not belong to the certificate",
        _ => "TLS failed in a way that is not known here",
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

fn name(alert: AlertDescription) -> String {
    alert.as_str().map_or_else(|| format!("number {}", u8::from(alert)), spaced)
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
    fn every_error_is_said_in_words() {
        use rustls::internal::msgs::handshake::EchConfigPayload;
        use rustls::{
            CertRevocationListError, CertificateError, ContentType, EncryptedClientHelloError,
            HandshakeType, InconsistentKeys, InvalidMessage, PeerIncompatible,
        };
        let others = [
            Error::InappropriateMessage {
                expect_types: vec![ContentType::Alert],
                got_type: ContentType::Handshake,
            },
            Error::InappropriateHandshakeMessage {
                expect_types: vec![HandshakeType::ClientHello],
                got_type: HandshakeType::Finished,
            },
            Error::InvalidEncryptedClientHello(EncryptedClientHelloError::NoCompatibleConfig),
            Error::InvalidMessage(InvalidMessage::InvalidContentType),
            Error::NoCertificatesPresented,
            Error::UnsupportedNameType,
            Error::DecryptError,
            Error::EncryptError,
            Error::PeerIncompatible(PeerIncompatible::NoSignatureSchemesInCommon),
            Error::PeerIncompatible(PeerIncompatible::ServerRejectedEncryptedClientHello(Some(
                Vec::<EchConfigPayload>::new(),
            ))),
            Error::PeerMisbehaved(PeerMisbehaved::ServerNameMustContainOneHostName),
            Error::AlertReceived(AlertDescription::UnknownCA),
            Error::InvalidCertificate(CertificateError::UnknownIssuer),
            Error::InvalidCertRevocationList(CertRevocationListError::BadSignature),
            Error::General("in words".into()),
            Error::FailedToGetCurrentTime,
            Error::FailedToGetRandomBytes,
            Error::HandshakeNotComplete,
            Error::PeerSentOversizedRecord,
            Error::NoApplicationProtocol,
            Error::BadMaxFragmentSize,
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch),
        ];
        for error in others {
            for said in [explain(&error).1, explain_to_listener(&error).1] {
                let pairs = said.chars().zip(said.chars().skip(1));
                let is_code =
                    pairs.into_iter().any(|(c, next)| c.is_lowercase() && next.is_uppercase());
                assert!(!is_code && !said.contains(['{', '[', '"']), "{error:?}: {said}");
            }
        }
    }
}
