//! What nobody shall read in texts that leave this program's own screen: values of secrets, and
//! credentials that were typed in place.
//!
//! [`Secrets`] knows values by themselves and hides them wherever they stand. `is_credential` knows
//! headers by name. Bytes on the timeline and drafts keep what they are.

mod hidden_value;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::failure::Failure;
use hidden_value::HiddenValue;

/// Stands for a credential.
pub(crate) const MASK: &str = "********";

/// Headers whose values are credentials by definition.
const CREDENTIALS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "set-cookie"];
/// Words in the names of headers that people keep keys in.
const KEY_WORDS: [&str; 12] = [
    "api-key",
    "apikey",
    "api_key",
    "access-key",
    "private-key",
    "x-auth",
    "token",
    "secret",
    "password",
    "passwd",
    "credential",
    "session",
];

/// Values that are hidden. Clones share them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    /// Longest first, so that none leaves a part of another.
    values: Arc<[HiddenValue]>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.values.len())
    }
}

/// How much of what happened an output tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disclosure {
    /// All of it: the user asked for secrets.
    Everything,
    /// Neither these values nor headers that hold credentials.
    Hiding(Secrets),
}

impl Default for Disclosure {
    fn default() -> Self {
        Disclosure::Hiding(Secrets::default())
    }
}

impl Disclosure {
    /// The values that are hidden.
    #[must_use]
    pub fn hidden(&self) -> Secrets {
        match self {
            Disclosure::Everything => Secrets::default(),
            Disclosure::Hiding(secrets) => secrets.clone(),
        }
    }

    /// Bytes as they may be told.
    #[must_use]
    pub fn bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        match self {
            Disclosure::Everything => Cow::Borrowed(bytes),
            Disclosure::Hiding(secrets) => secrets.hide(bytes),
        }
    }

    /// The value of a header as it may be told.
    #[must_use]
    pub fn value<'a>(&self, name: &[u8], value: &'a [u8]) -> Cow<'a, [u8]> {
        let name = String::from_utf8_lossy(name);
        if *self != Disclosure::Everything && is_credential(&name) {
            let masked = masked_value(&name, &String::from_utf8_lossy(value));
            return Cow::Owned(masked.into_bytes());
        }
        self.bytes(value)
    }

    /// The bytes of a head as they may be told.
    #[must_use]
    pub fn head(&self, head: &[u8]) -> Vec<u8> {
        match self {
            Disclosure::Everything => head.to_vec(),
            Disclosure::Hiding(secrets) => secrets.hide(&without_credentials(head)).into_owned(),
        }
    }

    /// Words as they may be told.
    #[must_use]
    pub fn words(&self, text: &str) -> String {
        match self {
            Disclosure::Everything => text.to_owned(),
            Disclosure::Hiding(secrets) => secrets.hide_words(text),
        }
    }
}

/// Whether a header of this name holds a credential.
#[must_use]
pub(crate) fn is_credential(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    CREDENTIALS.contains(&&*name) || KEY_WORDS.iter().any(|word| name.contains(word))
}

/// A credential as it is shown: the scheme of an `Authorization` is none and tells what is meant.
#[must_use]
pub(crate) fn masked_value(name: &str, value: &str) -> String {
    let scheme = value.trim().split_once(' ').map(|(scheme, _)| scheme);
    let scheme = scheme.filter(|_| name.to_ascii_lowercase().ends_with("authorization"));
    scheme.map_or(MASK.into(), |scheme| format!("{scheme} {MASK}"))
}

/// A text without user and password in its URLs (RFC 3986, section 3.2.1).
#[must_use]
pub(crate) fn without_userinfo(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        let end = after.find(|c: char| c.is_whitespace() || "/?#\"'<>\\".contains(c));
        let (authority, _) = after.split_at(end.unwrap_or(after.len()));
        out.push_str(before);
        out.push_str("://");
        rest = match authority.rfind('@') {
            Some(at) => {
                out.push_str(MASK);
                after.split_at(at).1
            }
            None => after,
        };
    }
    if out.is_empty() {
        return Cow::Borrowed(text);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The head of a message without the values of its credentials, lines folded under them included.
#[must_use]
pub(crate) fn without_credentials(head: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(head.len());
    let mut hidden = false;
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        let folded = line.starts_with(b" ") || line.starts_with(b"\t");
        let end = line.iter().rposition(|byte| !b"\r\n".contains(byte)).map_or(0, |at| at + 1);
        let (text, ending) = line.split_at_checked(end).unwrap_or((line, b""));
        let mut halves = text.splitn(2, |byte| *byte == b':').map(String::from_utf8_lossy);
        let (name, value) = (halves.next().unwrap_or_default(), halves.next());
        hidden = if folded { hidden } else { value.is_some() && is_credential(name.trim()) };
        match (hidden, value.filter(|_| !folded)) {
            (true, Some(value)) => {
                let value = masked_value(name.trim(), &value);
                out.extend_from_slice(format!("{name}: {value}").as_bytes());
            }
            (true, None) => out.extend_from_slice(format!(" {MASK}").as_bytes()),
            _ => out.extend_from_slice(text),
        }
        out.extend_from_slice(ending);
    }
    out
}

impl Secrets {
    /// Hides these values, also as they stand in URLs, forms and JSON, and in base64.
    #[must_use]
    pub fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let values = values.into_iter().filter(|value| !value.trim().is_empty());
        Secrets::of(values.flat_map(HiddenValue::all_of).collect())
    }

    fn of(mut values: Vec<HiddenValue>) -> Self {
        values.sort_by(|a, b| a.key().cmp(&b.key()));
        values.dedup();
        Secrets { values: values.into() }
    }

    /// Hides the others too.
    #[must_use]
    pub fn and(&self, others: &Secrets) -> Secrets {
        Secrets::of(self.values.iter().chain(others.values.iter()).cloned().collect())
    }

    /// Whether there is nothing to hide.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Bytes without the values.
    #[must_use]
    pub(crate) fn hide<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        self.values.iter().fold(Cow::Borrowed(bytes), |bytes, needle| match needle.find(&bytes) {
            found if found.is_empty() => bytes,
            found => Cow::Owned(masked(&bytes, &found)),
        })
    }

    /// Words without the values, and without user and password of a URL.
    #[must_use]
    pub(crate) fn hide_words(&self, text: &str) -> String {
        let hidden = self.hide(text.as_bytes());
        without_userinfo(&String::from_utf8_lossy(&hidden)).into_owned()
    }

    /// A failure as it may be told.
    #[must_use]
    pub(crate) fn hide_failure(&self, failure: Failure) -> Failure {
        let Failure { stage, target, kind, cause, hint } = failure;
        let [target, cause, hint] = [target, cause, hint].map(|words| self.hide_words(&words));
        Failure { stage, target, kind, cause, hint }
    }
}

/// The bytes with a mask in place of these parts.
fn masked(bytes: &[u8], parts: &[Range<usize>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for part in parts {
        out.extend_from_slice(bytes.get(from..part.start).unwrap_or_default());
        out.extend_from_slice(MASK.as_bytes());
        from = part.end;
    }
    out.extend_from_slice(bytes.get(from..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::failure::{FailureKind, Stage};

    fn hidden(secrets: &Secrets, text: &str) -> String {
        secrets.hide_words(text)
    }

    #[test]
    fn values_are_hidden_however_they_are_spelled() {
        let secrets = Secrets::new(["pa ss\"w/rd", "hunter2", "hunter2-long", ""]);
        for text in
            ["x=pa ss\"w/rd!", "x=pa%20ss%22w%2Frd!", "x=pa+ss%22w%2Frd!", "x=pa ss\\\"w/rd!"]
        {
            assert_eq!(hidden(&secrets, text), format!("x={MASK}!"));
        }
        assert_eq!(hidden(&secrets, "hunter2-long hunter2"), format!("{MASK} {MASK}"));
        assert!(!format!("{secrets:?}").contains("hunter"));
        assert_eq!(Secrets::new([" "]), Secrets::default());
    }

    #[test]
    fn values_are_hidden_in_any_mixture_of_escapes() {
        let secrets = Secrets::new(["p@s/é\"1 x"]);
        for text in [
            "p@s%2fé%221%20x",
            "p%40s/%C3%A9\"1+x",
            "p@s\\/\\u00E9\\\"1 x",
            "p@s\\/é\\u00221\\u0020x",
            "%70%40%73%2F%c3%a9%22%31%20%78",
        ] {
            assert_eq!(hidden(&secrets, &format!("<{text}>")), format!("<{MASK}>"));
        }
        for text in ["p@s/é%221", "%", "\\", "%zz\\q", "p@s\\u00", "+x"] {
            assert_eq!(hidden(&secrets, text), text);
        }
    }

    #[test]
    fn values_are_hidden_in_base64_wherever_they_begin() {
        use base64::Engine as _;
        use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
        let secrets = Secrets::new(["hunter2?>~x"]);
        for before in ["", "u:", "an:", "ann:", "some longer text:"] {
            for after in ["", "&", "&b=c", "d and more"] {
                let text = format!("{before}hunter2?>~x{after}");
                for coded in [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                    let told = hidden(&secrets, &format!("Basic {coded} "));
                    assert!(told.contains(MASK), "{text}: {coded}");
                    // What is left tells nothing of it.
                    let left = told.replace(MASK, "").replace("Basic", "").replace('=', "");
                    assert!(left.trim().len() * 3 / 4 <= before.len() + after.len(), "{told}");
                }
            }
        }
    }

    #[test]
    fn a_short_value_is_hidden_where_it_is_a_whole_value() {
        let secrets = Secrets::new(["abc", "1", "a"]);
        assert_eq!(
            hidden(&secrets, "abcdef key=abc; \"k\":\"a\" u:abc@h /1?x=1&b=%61#"),
            format!("abcdef key={MASK}; \"k\":\"{MASK}\" u:{MASK}@h /{MASK}?x={MASK}&b={MASK}#")
        );
        for text in ["HTTP/1.1 200 OK", "a11 1abc banana", "1.5 s after 11 bytes", "127.0.0.1:80"] {
            assert_eq!(hidden(&secrets, text), text);
        }
    }

    #[test]
    fn secrets_come_together() {
        let both = Secrets::new(["first"]).and(&Secrets::new(["second", "first"]));
        assert_eq!(hidden(&both, "first second"), format!("{MASK} {MASK}"));
        assert_eq!(both, Secrets::new(["second", "first"]));
    }

    #[test]
    fn a_url_is_told_without_its_user() {
        for (text, told) in [
            ("http://u:p@h/x", "http://********@h/x"),
            ("see http://u@h and tcp://a:b@c@h:1", "see http://********@h and tcp://********@h:1"),
            ("http://h/a@b", "http://h/a@b"),
            ("no url, a@b", "no url, a@b"),
        ] {
            assert_eq!(without_userinfo(text), told);
        }
    }

    #[test]
    fn heads_are_told_without_credentials() {
        let head =
            b"GET / HTTP/1.1\r\nHost: h\r\nauthorization: Bearer abc\r\n  def\r\nX-Api-Key:k\r\n\
                     cookie: a=b\nAccept: */*\r\n\r\n";
        let told = String::from_utf8(without_credentials(head)).unwrap();
        let expected = format!(
            "GET / HTTP/1.1\r\nHost: h\r\nauthorization: Bearer {MASK}\r\n {MASK}\r\nX-Api-Key: {MASK}\r\n\
             cookie: {MASK}\nAccept: */*\r\n\r\n"
        );
        assert_eq!(told, expected);
    }

    #[test]
    fn names_of_keys_are_known() {
        for name in
            ["Authorization", "proxy-authorization", "Set-Cookie", "X-API-Key", "X-Auth-Token"]
        {
            assert!(is_credential(name), "{name}");
        }
        for name in ["X-Amz-Security-Token", "X-Vault-Token", "Apikey", "Client-Secret"] {
            assert!(is_credential(name), "{name}");
        }
        for name in
            ["Host", "Accept", "Content-Type", "ETag", "Idempotency-Key", "Sec-WebSocket-Key"]
        {
            assert!(!is_credential(name), "{name}");
        }
    }

    #[test]
    fn every_word_of_a_failure_is_told_without_them() {
        let secrets = Secrets::new(["s3cret"]);
        let failure = Failure::new(Stage::Connect, "s3cret:1", FailureKind::Refused, "no s3cret");
        let told = secrets.hide_failure(failure.hint("s3cret?")).to_string();
        assert!(!told.contains("s3cret"), "{told}");
    }
}
