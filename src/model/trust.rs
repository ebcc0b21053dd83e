//! What a user accepts of servers whose certificates do not verify. Consent holds for one origin,
//! and at best for one certificate of it, named by its SHA-256.
//!
//! Specs and plans hold it as written (`verify`, `tls.trust`); whoever connects asks what of it holds
//! there. At another origin than the address's own (a redirect) only what names that origin does.

use std::fmt;
use std::str::FromStr;

use super::endpoint::Endpoint;

/// The SHA-256 of a certificate in DER. As text 64 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256(pub [u8; 32]);

/// A certificate a client accepts although it does not verify. As text `sha256:HEX`, at another
/// origin than the address's own `sha256:HEX@host:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedCertificate {
    pub sha256: Sha256,
    /// Where it is accepted; `None` = where the address leads.
    pub at: Option<Endpoint>,
}

/// The certificates of `tls.trust`. As text one after the other with spaces between.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrustedCertificates(pub Vec<TrustedCertificate>);

/// Whether the peer's certificate chain must verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, strum::Display, strum::EnumString)]
#[strum(serialize_all = "lowercase")]
pub enum Verify {
    #[default]
    On,
    /// Connect anyway; badged wherever it is in force.
    Off,
}

/// What of a chain that does not verify is accepted on one connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Acceptance {
    #[default]
    Nothing,
    /// A leaf that is one of these.
    These(Vec<Sha256>),
    Anything,
}

impl Acceptance {
    /// What a client accepts at `endpoint`, where its address leads.
    #[must_use]
    pub fn at(endpoint: &Endpoint, verify: Verify, trusted: &TrustedCertificates) -> Self {
        match (verify, trusted.at(endpoint)) {
            (Verify::Off, _) => Acceptance::Anything,
            (Verify::On, these) if these.is_empty() => Acceptance::Nothing,
            (Verify::On, these) => Acceptance::These(these),
        }
    }

    /// Whether a leaf is accepted.
    #[must_use]
    pub(crate) fn covers(&self, leaf: Sha256) -> bool {
        match self {
            Acceptance::Nothing => false,
            Acceptance::These(these) => these.contains(&leaf),
            Acceptance::Anything => true,
        }
    }
}

impl TrustedCertificates {
    /// Those accepted at an origin that the address does not lead to: it has to be named.
    #[must_use]
    pub fn elsewhere(&self) -> Self {
        let named = self.0.iter().filter(|certificate| certificate.at.is_some());
        TrustedCertificates(named.cloned().collect())
    }

    /// The hashes accepted at `endpoint`, where the address leads.
    fn at(&self, endpoint: &Endpoint) -> Vec<Sha256> {
        let holds = |certificate: &&TrustedCertificate| {
            certificate.at.as_ref().is_none_or(|at| at.is_same(endpoint))
        };
        self.0.iter().filter(holds).map(|found| found.sha256).collect()
    }

    /// Accepts one certificate more, in place of an earlier one of the same origin: whoever accepts
    /// a server's new certificate is done with its old one.
    pub fn accept(&mut self, certificate: TrustedCertificate) {
        self.0.retain(|earlier| earlier.at != certificate.at);
        self.0.push(certificate);
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Sha256 {
    type Err = ();

    /// Hex digits in any case, also with colons between the bytes.
    fn from_str(text: &str) -> Result<Self, ()> {
        let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b':').collect();
        let value = |digit: u8| char::from(digit).to_digit(16).and_then(|n| u8::try_from(n).ok());
        let mut bytes = [0; 32];
        if digits.len() != 2 * bytes.len() {
            return Err(());
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let both = pair.iter().map(|digit| value(*digit)).collect::<Option<Vec<u8>>>();
            *byte = both.ok_or(())?.iter().fold(0, |byte, digit| (byte << 4) | digit);
        }
        Ok(Sha256(bytes))
    }
}

impl fmt::Display for TrustedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.sha256)?;
        self.at.as_ref().map_or(Ok(()), |at| write!(f, "@{at}"))
    }
}

impl FromStr for TrustedCertificate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (hash, at) = text.split_once('@').map_or((text, None), |(hash, at)| (hash, Some(at)));
        let hash = hash.strip_prefix("sha256:").and_then(|hash| hash.parse().ok());
        let sha256 = hash.ok_or_else(|| {
            format!(
                "'{text}' is no certificate: write sha256: and the 64 hex digits of its SHA-256"
            )
        })?;
        let at = at.map(Endpoint::from_str).transpose().map_err(|error| error.to_string())?;
        Ok(TrustedCertificate { sha256, at })
    }
}

impl fmt::Display for TrustedCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, certificate) in self.0.iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            write!(f, "{space}{certificate}")?;
        }
        Ok(())
    }
}

impl FromStr for TrustedCertificates {
    type Err = String;

    /// Between certificates may stand spaces and commas.
    fn from_str(text: &str) -> Result<Self, String> {
        let words = text.split(|c: char| c.is_whitespace() || c == ',').filter(|w| !w.is_empty());
        words.map(str::parse).collect::<Result<_, _>>().map(TrustedCertificates)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(byte: u8) -> Sha256 {
        Sha256([byte; 32])
    }

    fn parsed(text: &str) -> TrustedCertificates {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_shown_is_taken_back_and_so_is_what_other_tools_show() {
        let text = format!("sha256:{} sha256:{}@[::1]:443", hash(0xab), hash(1));
        assert_eq!(parsed(&text).to_string(), text);
        let colons = vec!["AB"; 32].join(":");
        assert_eq!(parsed(&format!(" sha256:{colons}, ")).0[0].sha256, hash(0xab));
        assert_eq!(parsed(""), TrustedCertificates::default());
    }

    #[test]
    fn what_is_no_hash_is_refused_in_words() {
        for text in ["sha256:", "sha1:00", &format!("{}", hash(1)), "sha256:zz", "off", "*"] {
            let refused = text.parse::<TrustedCertificates>().unwrap_err();
            assert!(refused.contains("64 hex digits"), "{refused}");
        }
        let no_port = format!("sha256:{}@host", hash(1)).parse::<TrustedCertificates>();
        assert!(no_port.unwrap_err().contains("no port"));
    }

    #[test]
    fn consent_holds_for_its_origin_alone() {
        let (own, other) = (Endpoint::new("a", 443), Endpoint::new("B", 8443));
        let trusted = parsed(&format!("sha256:{} sha256:{}@b:8443", hash(1), hash(2)));
        let at = |endpoint, verify, trusted| Acceptance::at(endpoint, verify, trusted);
        assert_eq!(at(&own, Verify::Off, &trusted), Acceptance::Anything);
        assert_eq!(at(&own, Verify::On, &trusted), Acceptance::These(vec![hash(1)]));
        let elsewhere = trusted.elsewhere();
        assert_eq!(at(&other, Verify::On, &elsewhere), Acceptance::These(vec![hash(2)]));
        assert_eq!(at(&Endpoint::new("c", 443), Verify::On, &elsewhere), Acceptance::Nothing);
        assert!(Acceptance::These(vec![hash(1)]).covers(hash(1)));
        assert!(!Acceptance::These(vec![hash(1)]).covers(hash(2)));
    }

    #[test]
    fn a_new_certificate_of_an_origin_takes_the_place_of_the_old() {
        let mut trusted = parsed(&format!("sha256:{} sha256:{}@b:1", hash(1), hash(2)));
        trusted.accept(TrustedCertificate { sha256: hash(3), at: None });
        let expected = format!("sha256:{}@b:1 sha256:{}", hash(2), hash(3));
        assert_eq!(trusted.to_string(), expected);
    }
}
