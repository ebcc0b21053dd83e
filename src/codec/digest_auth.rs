//! Digest access authentication (RFC 7616): reads what a server asks for, works out the answer.
//!
//! Called by the HTTP client. Pure: the nonce of the client comes in. Of several challenges the
//! strongest that is understood is answered, as RFC 7616, section 3.7 asks of clients.

use md5::Md5;
use sha2::{Digest as _, Sha256, Sha512, Sha512_256};

use super::hex::written;

/// Parameters read of one challenge; what a hostile server sends beyond is not looked at.
const PARAMETERS: usize = 64;

/// What a server asks for in a `WWW-Authenticate` of the scheme Digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DigestChallenge {
    pub(crate) realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// As it was written; `None` = it was not.
    algorithm_written: Option<String>,
    quality: Quality,
    hashes_user: bool,
    /// The credentials were right and the nonce too old.
    pub(crate) is_stale: bool,
}

/// What is hashed, and with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Algorithm {
    hash: Hash,
    /// The secret is bound to the nonces of both sides (`-sess`).
    has_session: bool,
}

/// In the order of their strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hash {
    Md5,
    Sha256,
    Sha512_256,
    /// Of no RFC, but servers and `requests` know it.
    Sha512,
}

/// Quality of protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quality {
    /// That of RFC 2069, which servers that say nothing of it mean.
    None,
    Auth,
    /// The body is hashed too; `auth` was not offered.
    AuthInt,
}

/// Who is asking for what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DigestRequest<'a> {
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    pub(crate) method: &'a str,
    /// The request target, as it stands in the request line.
    pub(crate) target: &'a str,
    /// Nobody has used it before.
    pub(crate) client_nonce: &'a str,
    /// How often the nonce of the server was used, this time included.
    pub(crate) count: u32,
    /// The body, hashed; for who asks (see [`DigestChallenge::hashes_body`]).
    pub(crate) body: Option<&'a str>,
}

impl DigestChallenge {
    /// The strongest challenge of Digest in these values of `WWW-Authenticate`; `Err` = there are
    /// some, and none of them can be answered, with the reason; `Ok(None)` = there is none.
    pub(crate) fn of<'v>(
        values: impl Iterator<Item = &'v [u8]>,
    ) -> Result<Option<DigestChallenge>, String> {
        let (mut best, mut why) = (None::<DigestChallenge>, None);
        for value in values {
            for (scheme, parameters) in challenges(&String::from_utf8_lossy(value)) {
                if !scheme.eq_ignore_ascii_case("digest") {
                    continue;
                }
                match DigestChallenge::read(&parameters) {
                    Ok(found) => {
                        let is_better = best
                            .as_ref()
                            .is_none_or(|best| found.algorithm.hash > best.algorithm.hash);
                        best = if is_better { Some(found) } else { best };
                    }
                    Err(reason) => why = why.or(Some(reason)),
                }
            }
        }
        match (best, why) {
            (None, Some(why)) => Err(why),
            (best, _) => Ok(best),
        }
    }

    fn read(parameters: &[(String, String)]) -> Result<Self, String> {
        let of = |name: &str| {
            let found = parameters.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.clone())
        };
        let is_true = |name: &str| of(name).is_some_and(|it| it.eq_ignore_ascii_case("true"));
        let algorithm_written = of("algorithm");
        let algorithm = match &algorithm_written {
            None => Algorithm { hash: Hash::Md5, has_session: false },
            Some(name) => Algorithm::named(name)
                .ok_or_else(|| format!("its algorithm '{name}' is not known"))?,
        };
        let quality = match of("qop") {
            None => Quality::None,
            Some(offered) => {
                let offers =
                    |word: &str| offered.split(',').any(|it| it.trim().eq_ignore_ascii_case(word));
                if offers("auth") {
                    Quality::Auth
                } else if offers("auth-int") {
                    Quality::AuthInt
                } else {
                    return Err(format!("its qop '{offered}' is not known"));
                }
            }
        };
        Ok(DigestChallenge {
            realm: of("realm").ok_or("it names no realm")?,
            nonce: of("nonce").ok_or("it has no nonce")?,
            opaque: of("opaque"),
            algorithm,
            algorithm_written,
            quality,
            hashes_user: is_true("userhash"),
            is_stale: is_true("stale"),
        })
    }

    /// Whether the answer holds a hash of the body (`auth-int`).
    pub(crate) fn hashes_body(&self) -> bool {
        self.quality == Quality::AuthInt
    }

    /// The body as [`DigestRequest::body`] wants it, of its pieces.
    pub(crate) fn body_hash(&self) -> BodyHash {
        match self.algorithm.hash {
            Hash::Md5 => BodyHash::Md5(Md5::new()),
            Hash::Sha256 => BodyHash::Sha256(Sha256::new()),
            Hash::Sha512_256 => BodyHash::Sha512_256(Sha512_256::new()),
            Hash::Sha512 => BodyHash::Sha512(Sha512::new()),
        }
    }

    /// Whether it is about the same nonce.
    pub(crate) fn is_same_nonce(&self, other: &DigestChallenge) -> bool {
        self.nonce == other.nonce
    }

    /// The value of `Authorization` (RFC 7616, section 3.4).
    pub(crate) fn answer(&self, request: &DigestRequest<'_>) -> String {
        let DigestRequest { user, password, method, target, client_nonce, count, body } = *request;
        let hash = |parts: &[&str]| self.algorithm.hash.of(parts);
        let realm = &*self.realm;
        let mut secret = hash(&[user, realm, password]);
        if self.algorithm.has_session {
            secret = hash(&[&secret, &self.nonce, client_nonce]);
        }
        let empty = hash(&[""]);
        let request = match self.quality {
            Quality::AuthInt => hash(&[method, target, body.unwrap_or(&empty)]),
            Quality::None | Quality::Auth => hash(&[method, target]),
        };
        let count = format!("{count:08x}");
        let (word, response) = match self.quality {
            Quality::None => (None, hash(&[&secret, &self.nonce, &request])),
            Quality::Auth | Quality::AuthInt => {
                let word = if self.hashes_body() { "auth-int" } else { "auth" };
                let parts = [&*secret, &self.nonce, &count, client_nonce, word, &request];
                (Some(word), hash(&parts))
            }
        };
        let name = if self.hashes_user {
            format!("username={}", quoted(&hash(&[user, realm])))
        } else if user.is_ascii() {
            format!("username={}", quoted(user))
        } else {
            format!("username*=UTF-8''{}", extended(user))
        };
        let mut fields = vec![
            name,
            format!("realm={}", quoted(realm)),
            format!("nonce={}", quoted(&self.nonce)),
            format!("uri={}", quoted(target)),
            format!("response=\"{response}\""),
        ];
        fields.extend(self.algorithm_written.as_ref().map(|name| format!("algorithm={name}")));
        fields.extend(self.opaque.as_ref().map(|opaque| format!("opaque={}", quoted(opaque))));
        if let Some(word) = word {
            fields.push(format!("qop={word}"));
            fields.push(format!("nc={count}"));
        }
        if word.is_some() || self.algorithm.has_session {
            fields.push(format!("cnonce={}", quoted(client_nonce)));
        }
        if self.hashes_user {
            fields.push("userhash=true".into());
        }
        format!("Digest {}", fields.join(", "))
    }
}

/// A body that is being hashed.
#[derive(Debug, Clone)]
pub(crate) enum BodyHash {
    Md5(Md5),
    Sha256(Sha256),
    Sha512_256(Sha512_256),
    Sha512(Sha512),
}

impl BodyHash {
    /// The next bytes.
    pub(crate) fn push(&mut self, piece: &[u8]) {
        match self {
            BodyHash::Md5(hash) => hash.update(piece),
            BodyHash::Sha256(hash) => hash.update(piece),
            BodyHash::Sha512_256(hash) => hash.update(piece),
            BodyHash::Sha512(hash) => hash.update(piece),
        }
    }

    /// All came; in hex.
    pub(crate) fn finish(self) -> String {
        match self {
            BodyHash::Md5(hash) => written(&hash.finalize()),
            BodyHash::Sha256(hash) => written(&hash.finalize()),
            BodyHash::Sha512_256(hash) => written(&hash.finalize()),
            BodyHash::Sha512(hash) => written(&hash.finalize()),
        }
    }
}

impl Algorithm {
    fn named(name: &str) -> Option<Self> {
        let upper = name.to_ascii_uppercase();
        let (name, has_session) =
            upper.strip_suffix("-SESS").map_or((&*upper, false), |name| (name, true));
        let hash = match name {
            "MD5" => Hash::Md5,
            "SHA-256" => Hash::Sha256,
            "SHA-512-256" => Hash::Sha512_256,
            "SHA-512" => Hash::Sha512,
            _ => return None,
        };
        Some(Algorithm { hash, has_session })
    }
}

impl Hash {
    /// Of the parts with a colon between them, in hex.
    fn of(self, parts: &[&str]) -> String {
        let text = parts.join(":");
        match self {
            Hash::Md5 => written(&Md5::digest(text)),
            Hash::Sha256 => written(&Sha256::digest(text)),
            Hash::Sha512_256 => written(&Sha512_256::digest(text)),
            Hash::Sha512 => written(&Sha512::digest(text)),
        }
    }
}

/// A quoted string (RFC 9110, section 5.6.4).
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The value of an extended parameter (RFC 8187, section 3.2).
fn extended(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte);
    let encode = |byte: u8| {
        if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(encode).collect::<Vec<_>>().concat()
}

/// The challenges of a field value with their parameters (RFC 9110, section 11.6.1): schemes and parameters are
/// separated by the same commas, a scheme is a word that no `=` follows.
fn challenges(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut found: Vec<(String, Vec<(String, String)>)> = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        let word_end = rest.find(['=', ' ', '\t', ',']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(word_end);
        if rest.is_empty() || found.len() > PARAMETERS {
            return found;
        }
        if let Some(value) = after.trim_start_matches([' ', '\t']).strip_prefix('=') {
            let (value, after) = parameter(value.trim_start_matches([' ', '\t']));
            rest = after;
            if let Some((_, parameters)) = found.last_mut()
                && parameters.len() < PARAMETERS
            {
                parameters.push((word.to_owned(), value));
            }
        } else {
            found.push((word.to_owned(), Vec::new()));
            rest = after;
        }
    }
}

/// A token or a quoted string, and what is behind it.
fn parameter(text: &str) -> (String, &str) {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.to_owned(), rest);
    };
    let (mut value, mut is_escaped) = (String::new(), false);
    for (at, c) in inner.char_indices() {
        match c {
            _ if is_escaped => {
                value.push(c);
                is_escaped = false;
            }
            '\\' => is_escaped = true,
            '"' => return (value, inner.split_at(at + 1).1),
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

    fn challenge(value: &str) -> DigestChallenge {
        DigestChallenge::of([value.as_bytes()].into_iter()).unwrap().unwrap()
    }

    fn request<'a>() -> DigestRequest<'a> {
        DigestRequest {
            user: "Mufasa",
            password: "Circle of Life",
            method: "GET",
            target: "/dir/index.html",
            client_nonce: NONCE,
            count: 1,
            body: None,
        }
    }

    /// The examples of RFC 7616, section 3.9.1, of RFC 2617, section 3.5 and RFC 2069 as corrected.
    #[test]
    fn the_examples_of_the_rfcs_come_out() {
        let asked = |algorithm: &str| {
            format!(
                "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
                 nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                 opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
            )
        };
        for (algorithm, response) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let answer = challenge(&asked(algorithm)).answer(&request());
            assert!(answer.contains(&format!("response=\"{response}\"")), "{answer}");
            assert!(answer.contains("nc=00000001") && answer.contains("qop=auth,"), "{answer}");
        }
        let old = "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
                   opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
        let asked =
            DigestRequest { password: "Circle Of Life", client_nonce: "0a4f113b", ..request() };
        let answer = challenge(old).answer(&asked);
        assert!(answer.contains("response=\"670fd8c2df070c60b045671b8b24ff02\""), "{answer}");
        assert!(!answer.contains("qop") && !answer.contains("cnonce"), "{answer}");
        let answer = challenge(&format!("{old}, qop=\"auth\"")).answer(&asked);
        assert!(answer.contains("response=\"6629fae49393a05397450978507c4ef1\""), "{answer}");
    }

    /// RFC 7616, section 3.9.2.
    #[test]
    fn a_user_beyond_ascii_is_hashed_where_the_server_asks_so() {
        let asked = "Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, \
                     nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", \
                     opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", charset=UTF-8, userhash=true";
        let request = DigestRequest {
            user: "J\u{e4}s\u{f8}n Doe",
            password: "Secret, or not?",
            target: "/doe.json",
            client_nonce: "NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm",
            ..request()
        };
        let answer = challenge(asked).answer(&request);
        // SHA-512/256 is computed as FIPS 180-4 says; the RFC's own figures cut SHA-512 off, which its erratum 4897 mends.
        let name = "username=\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b\"";
        assert!(answer.contains(name), "{answer}");
        assert!(answer.contains("userhash=true"), "{answer}");
        let plain = challenge(&asked.replace("userhash=true", "userhash=false")).answer(&request);
        assert!(plain.contains("username*=UTF-8''J%C3%A4s%C3%B8n%20Doe"), "{plain}");
    }

    #[test]
    fn the_strongest_challenge_that_is_known_is_answered() {
        let values = [
            &b"Basic realm=\"a, b\", Digest realm=\"x\", nonce=\"1\", algorithm=MD5"[..],
            b"Digest realm=\"x\", nonce=\"2\", algorithm=SHA-256-sess, qop=\"auth\", Negotiate",
            b"Digest realm=\"x\", nonce=\"3\", algorithm=SHA-999",
        ];
        let found = DigestChallenge::of(values.into_iter()).unwrap().unwrap();
        assert_eq!((&*found.nonce, found.algorithm.has_session), ("2", true));
        let answer = found.answer(&request());
        assert!(answer.contains("algorithm=SHA-256-sess"), "{answer}");
        let none = DigestChallenge::of([&b"Basic realm=x"[..]].into_iter());
        assert_eq!(none, Ok(None));
        let unknown = DigestChallenge::of([values[2]].into_iter()).unwrap_err();
        assert_eq!(unknown, "its algorithm 'SHA-999' is not known");
        let unknown = "Digest realm=\"x\", nonce=\"3\", qop=\"new\"";
        let unknown = DigestChallenge::of([unknown.as_bytes()].into_iter()).unwrap_err();
        assert_eq!(unknown, "its qop 'new' is not known");
    }

    #[test]
    fn a_body_is_hashed_where_nothing_else_is_offered() {
        let asked = challenge("Digest realm=\"a\\\"b\", nonce=\"n\", qop=\"auth-int\", stale=TRUE");
        assert!(asked.hashes_body() && asked.is_stale);
        assert_eq!(asked.realm, "a\"b");
        let hashed = |body: &[u8]| {
            let mut hash = asked.body_hash();
            for byte in body {
                hash.push(&[*byte]);
            }
            asked.answer(&DigestRequest { body: Some(&hash.finish()), ..request() })
        };
        assert!(hashed(b"").contains("qop=auth-int") && hashed(b"").contains("realm=\"a\\\"b\""));
        assert_eq!(hashed(b""), asked.answer(&request()));
        assert_ne!(hashed(b"x"), hashed(b""));
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]
        #[test]
        fn any_value_is_read(value in ".{0,80}", digest in "[ -~]{0,80}") {
            let values = [value, format!("Digest {digest}"), format!("Digest realm=\"{digest}, nonce=")];
            for value in values {
                if let Ok(Some(challenge)) = DigestChallenge::of([value.as_bytes()].into_iter()) {
                    prop_assert!(challenge.answer(&request()).starts_with("Digest username="));
                }
            }
        }
    }
}
