//! What the handshake over HTTP asks and answers (RFC 6455, section 4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

/// What is appended to a key before it is hashed (section 1.3).
const MAGIC: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// Bytes of a key.
pub(crate) const KEY: usize = 16;
/// The version that is spoken.
pub(crate) const VERSION: &str = "13";

/// The value of `Sec-WebSocket-Accept` that answers this key.
pub(crate) fn accept(key: &str) -> String {
    let hash = Sha1::digest(format!("{}{MAGIC}", key.trim()));
    STANDARD.encode(hash)
}

/// A key as a header holds it.
pub(crate) fn key(bytes: [u8; KEY]) -> String {
    STANDARD.encode(bytes)
}

/// Whether a header holds a key: 16 bytes in base64.
pub(crate) fn is_key(text: &str) -> bool {
    STANDARD.decode(text.trim()).is_ok_and(|bytes| bytes.len() == KEY)
}

/// Whether one of the words of such headers is this one, in whatever letters.
pub(crate) fn has_word<T: AsRef<[u8]>>(mut headers: impl Iterator<Item = T>, word: &str) -> bool {
    headers.any(|header| {
        header
            .as_ref()
            .split(|byte| *byte == b',')
            .any(|it| it.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_answered_as_in_the_rfc() {
        assert_eq!(accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(is_key(&key([7; KEY])) && !is_key("dGhl") && !is_key("???"));
        assert!(has_word([&b"keep-alive, Upgrade"[..]].into_iter(), "upgrade"));
        assert!(!has_word([&b"upgraded"[..]].into_iter(), "upgrade"));
    }
}
